/* config.h: the configuration file (YAML) as values; every complaint at once, with file:line:column.
 * One table of keys in config_table.c drives reading, the complaints, and the option tables of the manual. */
#pragma once

#include "base.h"
#include "complaint.h"
#include "guard.h"
#include "secret.h"
#include "silence.h"

#define CONFIG_SHA256_MAX 65 /* bytes of a digest in hex, with the final NUL */
#define CONFIG_FILE_DEFAULT "/etc/trunkauditd/trunkauditd.yaml"
#define CONFIG_SIZE_MAX (4 * 1024 * 1024) /* bytes of the file */

/* Where a secret is: the name of a systemd credential, or a path. */
struct secret_ref {
        enum { SECRET_REF_NONE, SECRET_REF_CREDENTIAL, SECRET_REF_FILE } kind;
        char *name;
        unsigned line, column; /* 1-based place in the file */
        struct secret *secret; /* set by config_read_secrets() when it could be read */
};

struct text_list {
        char **items;
        size_t n;
};

struct config_trunk {
        char *id;             /* matched first */
        char *name;           /* matched when id is NULL */
        bool extra;           /* audited although the platform does not list it; its id is then "local:NAME" */
        char *authentication; /* "digest" or "none" */
        char *username;
        struct secret_ref password, ha1; /* at most one */
        char *realm;                     /* the realm expected in the challenge */
        char *algorithm;                 /* MD5, MD5-sess, SHA-256, SHA-256-sess, SHA-512-256, SHA-512-256-sess, strongest */
        char *qop;                       /* auth, auth-int, none */
        char *domain;                    /* SIP domain: Request-URI, To and From */
        struct text_list proxies;        /* host[:port], [IPv6]:port */
        char *transport;                 /* udp, tcp, tls */
        char *request_uri;               /* in place of sip:DOMAIN */
        char *method;                    /* REGISTER, OPTIONS */
        bool probe_all_proxies;          /* a verdict for each proxy, and one for the trunk */
        bool refresh;                    /* username, realm and password are written to the platform before the probe */
        unsigned line, column;
};

/* A time in which nothing is told of some trunks, or in which they are not probed either. */
struct config_silence {
        struct text_list trunks; /* ids or names; none = everything */
        char *from, *until;      /* as written; NULL = always, for ever (only with weekly) */
        int64_t from_usec, until_usec;
        char *weekly; /* as written; NULL = all of the time between the two */
        struct silence_week week;
        char *mode; /* alert (probed, not told), probe (neither) */
        char *reason;
        unsigned line, column;
};

struct config {
        char *file;
        struct {
                uint64_t interval_usec;  /* default 1h, 10s..1d, must divide a day */
                uint64_t splay_usec;     /* default 5m, less than interval */
                uint64_t run_limit_usec; /* default 10m, less than interval: a run is ended then */
        } schedule;
        bool has_platform;
        struct {
                char *region;    /* AWS region name; gives both URLs */
                char *login_url; /* https://login.DOMAIN, no trailing slash */
                char *api_url;   /* https://api.DOMAIN */
                char *profile;   /* trunk_connections (default), edges */
                char *path;      /* of trunk_connections; default /api/v2/architect/trunk-connections */
                char *client_id;
                struct secret_ref client_secret;
                struct text_list scopes;             /* asked for and named in messages; default sip_trunk:read, with profile edges none */
                char *ca_file;                       /* NULL = the system's */
                char *proxy;                         /* URL of an HTTP proxy; NULL = as the environment says */
                struct secret_ref proxy_credentials; /* USER:PASSWORD */
                char *page_dir;                      /* recorded replies to read in place of the network; NULL = none */
                uint64_t timeout_usec;               /* of one request; default 30s */
                uint64_t deadline_usec;              /* of everything asked in one run, waits included; default 3m */
                bool audit_log;                      /* asked what was changed when a trunk turns bad; default true */
        } platform;
        struct {
                struct text_list servers;    /* host[:port]; none = the clock is not checked */
                uint64_t limit_usec;         /* default 1s */
                uint64_t carrier_limit_usec; /* of a carrier's clock; default 5s */
                uint64_t timeout_usec;       /* default 2s, per attempt; three attempts */
        } clock;
        struct {
                struct text_list servers; /* address[:port] of name servers in place of the system's */
        } dns;
        struct {
                char *ca_file;          /* trust anchors of carriers' certificates; NULL = the system's */
                char *certificate_file; /* ours, for carriers that ask for one; with key_file */
                char *key_file;
                bool follow_redirects; /* a 3xx, once; default false */
        } sip;
        struct {
                char *method;          /* REGISTER (default), OPTIONS */
                uint64_t t1_usec;      /* RFC 3261 T1, default 500ms */
                uint64_t timeout_usec; /* of one transaction, timer F; default 32s */
                unsigned concurrency;  /* probes in flight; default 64 */
                uint64_t spacing_usec; /* between requests that start a probe at one host; default 100ms */
                unsigned budget;       /* credentialed requests per trunk and run; default 3, 1..3 */
                unsigned failures;     /* of them refused or unheard; default 2, 1..2 */
        } probe;
        struct {
                unsigned hold_after; /* runs with refused credentials; default 3; 0 = never */
                struct guard_limits trunk, carrier;
        } guard;
        struct {
                uint64_t reminder_usec;       /* default 24h; 0 = never */
                unsigned summary_above;       /* default 20: more changes than that in a run are told as one summary */
                uint64_t untested_after_usec; /* default 6h, at least two intervals; 0 = never */
                bool flap_detection;          /* default true */
                char *spool_dir;              /* alerts wait here for trunkauditd-alert.path; NULL = nobody does */
        } alerts;
        struct {
                char *path;                  /* default /var/lib/trunkauditd/audit.db */
                uint64_t keep_results_usec;  /* default 730d; 0 = for ever */
                uint64_t keep_evidence_usec; /* default 90d; 0 = as long as the results */
                unsigned size_limit_mb;      /* default 10000; 0 = none */
        } store;
        struct {
                char *file; /* for Prometheus' node exporter; NULL = none */
        } metrics;
        struct config_trunk *trunks;
        size_t n_trunks;
        struct config_silence *silences;
        size_t n_silences;
};

/* Reads FILE. Every mistake found is in complaints (also when the file cannot be opened). Returns 0 with a config when there is no
 * error among them, 1 when there is (ret untouched), or -errno when we are broken. */
int config_load(struct config **ret, const char *file, struct complaints *complaints);

/* The same, with the SHA-256 of the bytes that were read, in hex; "" when the file could not be. */
int config_load_digested(struct config **ret, const char *file, struct complaints *complaints, char ret_sha256[static CONFIG_SHA256_MAX]);

/* The same for bytes in memory; file is the name used in complaints. */
int config_parse(struct config **ret, const char *file, struct span text, struct complaints *complaints);

/* Reads every secret the configuration refers to. credentials_directory: $CREDENTIALS_DIRECTORY or NULL. A secret that others can
 * read is an error; one that is absent is a warning (that trunk is then `untested`). Returns 0, 1 when there was an error, -errno. */
int config_read_secrets(struct config *config, const char *credentials_directory, struct complaints *complaints);

/* What can only be said at a time: a warning for each silence that is over. Returns 0 or -ENOMEM. */
int config_check_time(const struct config *config, int64_t now_usec, struct complaints *complaints);

/* Wipes the secrets too; NULL-safe; returns NULL. */
struct config *config_free(struct config *config);
DEFINE_CLEANUP(struct config *, config_free)

/* Whether the trunks are read from the endpoints of real organisations: edges/trunks and edges/trunkbasesettings. */
bool config_profile_edges(const struct config *config);

/* The configuration of a trunk by its id, else by its name; NULL when there is none. */
const struct config_trunk *config_trunk_find(const struct config *config, const char *id, const char *name);

/* The option table of the manual, in roff with the man macros: from the same table that reads the file. malloc'ed; returns 0 or -ENOMEM. */
int config_describe(char **ret);
