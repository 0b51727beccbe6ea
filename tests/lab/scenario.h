/* scenario.h: a scenario file as values. One directive a line, words key=value (a value with spaces in double quotes), # comments:
 *
 *   api key=…                            the platform (OAuth and trunk API); without this line the configuration has no platform
 *   ntp key=…                            one NTP server; several lines are several servers
 *   sip client_cert=yes                  the configuration has a certificate for TLS towards carriers
 *   names answer=…                       a name server, which knows no name
 *   limit files=N                        open files of the command
 *   latency MS                           response delay of all carriers
 *   config SECTION.KEY=VALUE             further keys of trunkauditd.yaml, or other values
 *   trunk NAME key=… [-> OUTCOME CAUSE]  a trunk, its carrier, and the verdict expected for it. With proxies=N there are N carriers
 *                                        for one account; proxyK.KEY=VALUE is for the Kth alone (as NAME#K in violations)
 *   expect [platform=CAUSE] [clock=CAUSE] [exit=N] [says=TEXT, which is in the platform's detail]
 *   phase N                              what follows holds from the Nth run on: it changes keys of what exists (ntp by its name)
 *
 * The keys and their values are the tables of scenario.c; their meaning is beside the fields below. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum listing { LISTING_FULL, LISTING_BARE, LISTING_SPARSE };

enum listing_status {
        LISTING_OK,
        LISTING_400,
        LISTING_403,
        LISTING_401_IP,
        LISTING_401_BAD,
        LISTING_404,
        LISTING_429,
        LISTING_500,
        LISTING_MALFORMED, /* not JSON */
        LISTING_ENDLESS,   /* always one page more */
        LISTING_TRUNCATED, /* cut inside the body */
};

enum token_mode { TOKEN_OK, TOKEN_INVALID_CLIENT, TOKEN_RATE_LIMIT, TOKEN_REFUSED, TOKEN_500 };

enum profile { PROFILE_TRUNK_CONNECTIONS, PROFILE_EDGES };
/* The audit log: succeeds at the first look, after two; never; fails; may not be read. */
enum audits { AUDITS_OK, AUDITS_SLOW, AUDITS_ENDLESS, AUDITS_FAILED, AUDITS_403 };
enum writes { WRITES_OK, WRITES_CONFLICT /* somebody else is faster */, WRITES_403 };

struct api_spec {
        bool present;
        enum profile profile; /* of edges listing=sparse leaves out the settings of bases, which are then in their details */
        enum listing listing;
        enum listing_status listing_status;
        unsigned page_size; /* entities of a page, whatever the client asks for; 0 = what it asks for */
        char *path;
        unsigned fail_first[2]; /* that many API requests get that status */
        char *refuse; /* "STATUS:CODE": what the listing says; the message is that of the code, as the platform has it; "" = nothing */
        char *token_refuse;   /* the same for a token request, as an OAuth error */
        char *token_words;    /* its description in place of "authentication failed" */
        unsigned allowed;     /* inin-ratelimit-allowed; more than a third of it in a minute is a violation */
        unsigned connections; /* more of them in a phase are a violation; 0 = not counted */
        unsigned slow;        /* milliseconds that each reply of the API comes late */
        bool proxy;           /* the server is the HTTP proxy to itself as well, and wants credentials for that */
        bool gzip;            /* replies are compressed when the client takes that */
        unsigned token[2];    /* enum token_mode, and how many token requests it is true of (TOKEN_RATE_LIMIT) */
        unsigned token_life_sec;
        bool expire_token_once; /* the first bearer gets 401 bad.credentials */
        int64_t date_offset_usec;
        bool down;           /* the port is closed */
        bool trusted;        /* no = ca.pem is of somebody else */
        bool secret;         /* no = the file of the client secret is absent */
        bool correlation_id; /* no = X-Request-Id in its place */
        bool leak;           /* edges: the bases have passwords in them */
        unsigned audits;     /* enum audits */
        unsigned writes[2];  /* enum writes, and how many writes it is true of (0 = all) */
        bool identity;       /* no = tokens/me gets 403 */
        bool audit_view;     /* no = the audit log gets 403 */
};

/* What the name server says of every name. */
enum names { NAMES_NONE, NAMES_UNKNOWN, NAMES_BROKEN };

enum ntp_mode { NTP_OK, NTP_SILENT, NTP_UNSYNC, NTP_KOD, NTP_BAD_ORIGIN, NTP_MODE3, NTP_DELAY };

struct ntp_spec {
        char *name;
        int64_t offset_usec, dispersion_usec;
        unsigned stratum;
        enum ntp_mode answer;
        int64_t delay_usec; /* with answer=delay: the reply waits that long after its timestamps were made */
        bool v6;
};

/* What the audit log says was changed two seconds before it is asked: its password; secrets under other names; something, 250 times. */
enum edited { EDITED_NOT, EDITED_PASSWORD, EDITED_HIDDEN, EDITED_MANY };
enum detail { DETAIL_OK, DETAIL_403 };
enum validation { VALIDATION_NONE, VALIDATION_OK, VALIDATION_MISMATCH, VALIDATION_OLD /* ok, two days ago */ };
enum knows { KNOWS_SIP, KNOWS_NOTHING };
enum secret_mode { SECRET_PASSWORD, SECRET_HA1, SECRET_NONE, SECRET_WRONG, SECRET_WRONG_HA1 };
enum sip_transport { OVER_UDP, OVER_TCP, OVER_TLS };
enum challenge_mode {
        CHALLENGE_401,
        CHALLENGE_407,
        CHALLENGE_BOTH, /* a proxy's 407, then the registrar's 401: the last request carries an answer to each */
        CHALLENGE_NONE, /* 200 at once */
        CHALLENGE_BASIC,
        CHALLENGE_MALFORMED,
        CHALLENGE_MISSING, /* 401 without a header */
};
enum nonce_mode {
        NONCE_RANDOM,
        NONCE_KAMAILIO,      /* issue time and expiry in it, in Kamailio's form */
        NONCE_KAMAILIO_ONCE, /* and its flag for one-time nonces */
};
enum date_mode { DATE_NONE, DATE_GMT, DATE_EST /* a zone that RFC 3261 section 20.17 does not allow */ };
enum stale_mode { STALE_SIGNALLED, STALE_SILENT, STALE_BARE /* 401 without a challenge */ };
enum uri_mode {
        URI_ANY,
        URI_EXACT, /* digest-uri must be the Request-URI, else 403 */
        /* What the digest-uri must be, else 401 as for a wrong password: */
        URI_PORT,      /* with the carrier's port */
        URI_BARE,      /* without a port */
        URI_TRANSPORT, /* with a transport parameter */
        URI_SIP,       /* sip: */
        URI_SIPS,      /* sips: */
};
enum wrong_mode { WRONG_401, WRONG_403, WRONG_DROP, WRONG_400, WRONG_STALE /* 401 with stale=true, for ever */ };

/* A carrier of two nodes: the first challenge of a run comes from the one that nothing is sent to, and its nonce is unknown to the other.
 */
enum nodes {
        NODES_ONE,
        NODES_TWINS,  /* which look the same */
        NODES_REALMS, /* of two realms */
        NODES_NONCES, /* of two makes of nonce */
};
enum answer_mode {
        ANSWER_OK,
        ANSWER_SILENT,
        ANSWER_CLOSED,  /* nothing listens */
        ANSWER_GARBAGE, /* bytes that are not SIP */
};
enum rspauth_mode { RSPAUTH_NONE, RSPAUTH_RIGHT, RSPAUTH_WRONG };
enum tls_cert {
        CERT_GOOD,
        CERT_EXPIRED,
        CERT_NOT_YET,
        CERT_UNTRUSTED,  /* signed by another CA */
        CERT_OTHER_NAME, /* for another domain */
        CERT_WILDCARD,   /* *.PARENT: RFC 5922 section 7.2 does not allow it */
        CERT_SOON,       /* expires in ten days */
        CERT_URI,        /* the domain as URI:sip:DOMAIN alone (RFC 5922 section 7.1) */
};
enum tls_version { TLS_ANY, TLS_OLD, TLS_12, TLS_13 };
enum tls_client { TLS_CLIENT_ANY, TLS_CLIENT_REQUIRE };
enum tls_break { TLS_UNBROKEN, TLS_BREAK_HANDSHAKE };
enum frame {
        FRAME_WHOLE,
        FRAME_BYTES,      /* a few bytes at a time (one, with TCP) */
        FRAME_MERGED,     /* 100 and the final response at once */
        FRAME_EXTRA_CRLF, /* empty lines before, as keep-alive */
        FRAME_NO_LENGTH,
        FRAME_BAD_LENGTH,
        FRAME_HUGE,      /* headers beyond 64 KiB */
        FRAME_GARBAGE,   /* another protocol's reply */
        FRAME_TRUNCATED, /* half a response, and the end of the connection */
};
enum reset {
        RESET_NEVER,
        RESET_ACCEPT,     /* as soon as the connection is there */
        RESET_CHALLENGE,  /* in place of the challenge */
        RESET_ANSWER,     /* when the answer comes */
        RESET_IDLE_CLOSE, /* an orderly end after the challenge */
};

/* In force: for alerts, for probes, for probes every minute of the week; and not: its time is over, or has not come. */
enum silence_mode { SILENCE_NONE, SILENCE_ALERT, SILENCE_PROBE, SILENCE_OVER, SILENCE_LATER, SILENCE_WEEKLY };

struct trunk_spec {
        char *name;
        unsigned line;

        /* the platform's side */
        char *id, *role, *region, *auth, *state;
        char *page_transport;                                     /* NULL = cfg_transport, and without that what the carrier uses */
        char *page_realm, *page_user, *page_algorithm, *page_qop; /* NULL = as in the configuration; "none" = the page has none */
        char *page_proxies;                                       /* separated by spaces; NULL = where the carrier is */
        bool listed;
        enum detail detail;
        enum validation validation;
        enum knows platform_knows; /* edges: nothing = the base is managed by the provider, its settings are hidden */
        /* edges alone: */
        char *base;     /* the trunk whose base it uses, and whose account; NULL = one of its own */
        char *metabase; /* NULL = that of a BYOC carrier */
        bool in_service;
        unsigned after_pages,
                until_pages; /* it is listed when the platform has given so many pages of trunks, until it has; 0 = for ever */
        bool unwanted;       /* the audit must not ask its carrier */

        /* the configuration's side; a cfg_ key is also what the platform has stored */
        bool extra;
        bool configured; /* no = the configuration does not know it */
        char *cfg_realm; /* "none" = neither side knows it */
        char *cfg_qop, *cfg_algorithm, *cfg_domain, *cfg_request_uri, *cfg_method, *cfg_transport;
        unsigned edited;  /* enum edited */
        bool refresh;     /* the configuration has it */
        unsigned silence; /* enum silence_mode: of the configuration */
        bool cfg_proxies; /* no = the configuration does not say where the carrier is */
        enum secret_mode secret;
        char *user, *password;

        /* the carrier's side */
        enum sip_transport transport;
        char *domain, *realm, *opaque;
        char *account;                     /* the user as the carrier knows it; NULL = as the trunk does */
        bool latin1;                       /* the account's user and password are kept in Latin-1 */
        char *proxy_realm;                 /* of the proxy in challenge=407+401; NULL = the registrar's */
        char *algorithm;                   /* names separated by commas: one challenge for each; NULL = no algorithm parameter */
        char *want_algorithm;              /* the one that the client should choose; NULL = any of them */
        char *schemes;                     /* names separated by commas: challenges of these schemes stand first */
        char *qop;                         /* as offered; "none" = no qop parameter */
        char *takes_algorithm, *takes_qop; /* what it can verify, whatever it offers; NULL = what it offers */
        char *charset;                     /* as offered; NULL = none */
        bool userhash;                     /* the user name must come hashed */
        bool nextnonce;                    /* in Authentication-Info */
        enum challenge_mode challenge;
        int64_t nonce_life_usec; /* 0 = for ever */
        enum nonce_mode nonce;
        int64_t nonce_clock_usec; /* what its clock is ahead when it makes nonces */
        enum date_mode date;      /* a Date header in every response */
        int64_t date_clock_usec;  /* what its clock is ahead when it writes them */
        unsigned stale_first;     /* that many right answers are taken for late whatever their age */
        enum stale_mode stale;
        enum uri_mode uri;
        enum wrong_mode wrong;
        enum nodes nodes;
        bool moves;               /* says that the first answer came from another port than its request for a challenge, and refuses it */
        unsigned refuse;          /* status before any challenge; 0 = none */
        unsigned refuse_register; /* the same to REGISTER alone */
        unsigned refuse_unnamed;  /* the same to a request that does not name its user (3GPP TS 24.229 section 5.1.1.2) */
        unsigned retry_after;     /* seconds, with refuse and after; 0 = 30 with 503, else not said */
        enum answer_mode answer;
        unsigned after;       /* status for a right answer; 0 = 200 */
        unsigned lock_after;  /* silence after so many refused answers; 0 = never */
        unsigned lock_status; /* instead of silence; 0 = silence */
        enum rspauth_mode rspauth;
        bool provisional; /* 100 first */
        unsigned lose;    /* datagrams */
        unsigned loss;    /* percent of the datagrams of either direction, drawn by the trunk's place and the seed: the same in each run */
        unsigned seed;
        unsigned unheard;  /* that many responses to answers are lost */
        bool stateless;    /* a retransmitted request is decided anew */
        bool duplicate;    /* each response twice */
        int64_t late_usec; /* each response once more, that much later; 0 = not */
        bool wrong_branch; /* responses are for somebody else's request */
        bool one_time;     /* a nonce serves one answer */
        int64_t latency_usec;
        char *relay;  /* HOST:PORT: datagrams are forwarded both ways */
        char *target; /* HOST:PORT: no carrier of ours */
        bool v6;
        unsigned host; /* trunks with the same number have carriers on one host; 0 = each carrier has its own */
        bool also_tcp; /* with transport=udp: TCP at the same port, as RFC 3261 section 18.2.1 wants it */

        /* transport=tcp and tls, and also_tcp */
        enum frame frame;
        enum reset reset;

        /* transport=tls */
        enum tls_cert tls_cert;
        enum tls_version tls_version;
        enum tls_client tls_client;
        enum tls_break tls_break;

        unsigned proxies;         /* carriers */
        struct trunk_spec *proxy; /* one for each when there are several; else NULL */
        char **overrides;         /* "K.KEY=VALUE" */
        size_t n_overrides;

        char *outcome, *cause; /* expected; NULL = not stated */
        char *drift;  /* expected: fields that differ now, in the order of their names, separated by commas; "none"; NULL = not stated */
        char *change; /* expected of this listing: appeared, vanished, "none"; NULL = not stated */
};

struct setting {
        char *section, *key, *value;
};

struct scenario {
        char *name; /* the file's, without directory and suffix */
        unsigned phases;
        struct api_spec api;
        bool client_cert;
        unsigned files; /* that the command may have open; 0 = as many as the lab was given */
        unsigned names; /* enum names */
        struct ntp_spec *ntp;
        size_t n_ntp;
        struct setting *settings;
        size_t n_settings;
        struct trunk_spec *trunks;
        size_t n_trunks;
        char *expect_platform, *expect_clock;
        char *expect_says; /* part of the platform's detail */
        int expect_exit;   /* -1 = not stated */
};

/* Reads FILE as of a phase (1 is the first). Mistakes are told as FILE:LINE: TEXT on stderr, and NULL comes back. */
struct scenario *scenario_load(const char *file, unsigned phase);
struct scenario *scenario_free(struct scenario *s);
