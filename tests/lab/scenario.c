/* scenario.c: reads a scenario file. One table of keys for each kind of line. */
#include "scenario.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab.h"

#define WORDS_MAX 64
#define COUNT_MAX 30000
#define PHASES_MAX 9
#define PROXIES_MAX 9

enum kind {
        KIND_TEXT,
        KIND_BOOL,
        KIND_COUNT,
        KIND_SECONDS,    /* with a fraction and a sign; stored in microseconds */
        KIND_MSEC,       /* milliseconds; stored in microseconds */
        KIND_WORD,       /* one of `words`; stored as its place */
        KIND_WORD_COUNT, /* WORD[:N]; stored as two unsigned */
        KIND_TWO_COUNTS, /* N:M */
};

struct key {
        const char *name;
        enum kind kind;
        size_t offset;
        const char *words; /* "a|b|c" */
};

#define K(type, field, kind, words) \
        { #field, kind, offsetof(struct type, field), words }

static const struct key api_keys[] = {
        K(api_spec, profile, KIND_WORD, "trunk_connections|edges"),
        K(api_spec, listing, KIND_WORD, "full|bare|sparse"),
        K(api_spec, listing_status, KIND_WORD, "ok|400|403|401ip|401bad|404|429|500|malformed|endless|truncated"),
        K(api_spec, page_size, KIND_COUNT, NULL),
        K(api_spec, path, KIND_TEXT, NULL),
        K(api_spec, fail_first, KIND_TWO_COUNTS, NULL),
        K(api_spec, refuse, KIND_TEXT, NULL),
        K(api_spec, token_refuse, KIND_TEXT, NULL),
        K(api_spec, token_words, KIND_TEXT, NULL),
        K(api_spec, allowed, KIND_COUNT, NULL),
        K(api_spec, connections, KIND_COUNT, NULL),
        K(api_spec, slow, KIND_COUNT, NULL),
        K(api_spec, proxy, KIND_BOOL, NULL),
        K(api_spec, gzip, KIND_BOOL, NULL),
        K(api_spec, token, KIND_WORD_COUNT, "ok|invalid_client|rate_limit|refused|500"),
        {"token_life", KIND_COUNT, offsetof(struct api_spec, token_life_sec), NULL},
        K(api_spec, expire_token_once, KIND_BOOL, NULL),
        {"date_offset", KIND_SECONDS, offsetof(struct api_spec, date_offset_usec), NULL},
        K(api_spec, down, KIND_BOOL, NULL),
        K(api_spec, trusted, KIND_BOOL, NULL),
        K(api_spec, secret, KIND_BOOL, NULL),
        K(api_spec, correlation_id, KIND_BOOL, NULL),
        K(api_spec, leak, KIND_BOOL, NULL),
        K(api_spec, audits, KIND_WORD, "ok|slow|endless|failed|403"),
        K(api_spec, writes, KIND_WORD_COUNT, "ok|conflict|403"),
        K(api_spec, identity, KIND_BOOL, NULL),
        K(api_spec, audit_view, KIND_BOOL, NULL),
};

static const struct key ntp_keys[] = {
        K(ntp_spec, name, KIND_TEXT, NULL),
        {"offset", KIND_SECONDS, offsetof(struct ntp_spec, offset_usec), NULL},
        {"dispersion", KIND_SECONDS, offsetof(struct ntp_spec, dispersion_usec), NULL},
        K(ntp_spec, stratum, KIND_COUNT, NULL),
        K(ntp_spec, answer, KIND_WORD, "ok|silent|unsync|kod|bad_origin|mode3|delay"),
        {"delay", KIND_MSEC, offsetof(struct ntp_spec, delay_usec), NULL},
        K(ntp_spec, v6, KIND_BOOL, NULL),
};

static const struct key trunk_keys[] = {
        K(trunk_spec, id, KIND_TEXT, NULL),
        K(trunk_spec, role, KIND_TEXT, NULL),
        K(trunk_spec, region, KIND_TEXT, NULL),
        K(trunk_spec, auth, KIND_TEXT, NULL),
        K(trunk_spec, state, KIND_TEXT, NULL),
        K(trunk_spec, page_transport, KIND_TEXT, NULL),
        K(trunk_spec, page_realm, KIND_TEXT, NULL),
        K(trunk_spec, page_user, KIND_TEXT, NULL),
        K(trunk_spec, page_algorithm, KIND_TEXT, NULL),
        K(trunk_spec, page_qop, KIND_TEXT, NULL),
        K(trunk_spec, page_proxies, KIND_TEXT, NULL),
        K(trunk_spec, configured, KIND_BOOL, NULL),
        K(trunk_spec, drift, KIND_TEXT, NULL),
        K(trunk_spec, change, KIND_TEXT, NULL),
        K(trunk_spec, listed, KIND_BOOL, NULL),
        K(trunk_spec, detail, KIND_WORD, "ok|403"),
        K(trunk_spec, validation, KIND_WORD, "none|ok|mismatch|old"),
        K(trunk_spec, platform_knows, KIND_WORD, "sip|nothing"),
        K(trunk_spec, base, KIND_TEXT, NULL),
        K(trunk_spec, metabase, KIND_TEXT, NULL),
        K(trunk_spec, in_service, KIND_BOOL, NULL),
        K(trunk_spec, after_pages, KIND_COUNT, NULL),
        K(trunk_spec, until_pages, KIND_COUNT, NULL),
        K(trunk_spec, unwanted, KIND_BOOL, NULL),
        K(trunk_spec, extra, KIND_BOOL, NULL),
        K(trunk_spec, cfg_realm, KIND_TEXT, NULL),
        K(trunk_spec, cfg_qop, KIND_TEXT, NULL),
        K(trunk_spec, cfg_algorithm, KIND_TEXT, NULL),
        K(trunk_spec, cfg_domain, KIND_TEXT, NULL),
        K(trunk_spec, cfg_request_uri, KIND_TEXT, NULL),
        K(trunk_spec, cfg_method, KIND_TEXT, NULL),
        K(trunk_spec, cfg_transport, KIND_TEXT, NULL),
        K(trunk_spec, cfg_proxies, KIND_BOOL, NULL),
        K(trunk_spec, edited, KIND_WORD, "not|password|hidden|many"),
        K(trunk_spec, refresh, KIND_BOOL, NULL),
        K(trunk_spec, silence, KIND_WORD, "none|alert|probe|over|later|weekly"),
        K(trunk_spec, secret, KIND_WORD, "password|ha1|none|wrong|wrong_ha1"),
        K(trunk_spec, user, KIND_TEXT, NULL),
        K(trunk_spec, password, KIND_TEXT, NULL),
        K(trunk_spec, transport, KIND_WORD, "udp|tcp|tls"),
        K(trunk_spec, domain, KIND_TEXT, NULL),
        K(trunk_spec, realm, KIND_TEXT, NULL),
        K(trunk_spec, proxy_realm, KIND_TEXT, NULL),
        K(trunk_spec, opaque, KIND_TEXT, NULL),
        K(trunk_spec, account, KIND_TEXT, NULL),
        K(trunk_spec, latin1, KIND_BOOL, NULL),
        K(trunk_spec, algorithm, KIND_TEXT, NULL),
        K(trunk_spec, want_algorithm, KIND_TEXT, NULL),
        K(trunk_spec, schemes, KIND_TEXT, NULL),
        K(trunk_spec, qop, KIND_TEXT, NULL),
        K(trunk_spec, takes_algorithm, KIND_TEXT, NULL),
        K(trunk_spec, takes_qop, KIND_TEXT, NULL),
        K(trunk_spec, charset, KIND_TEXT, NULL),
        K(trunk_spec, userhash, KIND_BOOL, NULL),
        K(trunk_spec, nextnonce, KIND_BOOL, NULL),
        K(trunk_spec, challenge, KIND_WORD, "401|407|407+401|none|basic|malformed|missing"),
        {"nonce_life", KIND_SECONDS, offsetof(struct trunk_spec, nonce_life_usec), NULL},
        K(trunk_spec, nonce, KIND_WORD, "random|kamailio|kamailio-once"),
        {"nonce_clock", KIND_SECONDS, offsetof(struct trunk_spec, nonce_clock_usec), NULL},
        K(trunk_spec, date, KIND_WORD, "none|gmt|est"),
        {"date_clock", KIND_SECONDS, offsetof(struct trunk_spec, date_clock_usec), NULL},
        K(trunk_spec, stale_first, KIND_COUNT, NULL),
        K(trunk_spec, stale, KIND_WORD, "signalled|silent|bare"),
        K(trunk_spec, uri, KIND_WORD, "any|exact|port|bare|transport|sip|sips"),
        K(trunk_spec, wrong, KIND_WORD, "401|403|drop|400|stale"),
        K(trunk_spec, nodes, KIND_WORD, "one|twins|realms|nonces"),
        K(trunk_spec, moves, KIND_BOOL, NULL),
        K(trunk_spec, refuse, KIND_COUNT, NULL),
        K(trunk_spec, refuse_register, KIND_COUNT, NULL),
        K(trunk_spec, refuse_unnamed, KIND_COUNT, NULL),
        K(trunk_spec, retry_after, KIND_COUNT, NULL),
        K(trunk_spec, answer, KIND_WORD, "ok|silent|closed|garbage"),
        K(trunk_spec, after, KIND_COUNT, NULL),
        K(trunk_spec, lock_after, KIND_COUNT, NULL),
        K(trunk_spec, lock_status, KIND_COUNT, NULL),
        K(trunk_spec, rspauth, KIND_WORD, "none|right|wrong"),
        K(trunk_spec, provisional, KIND_BOOL, NULL),
        K(trunk_spec, lose, KIND_COUNT, NULL),
        K(trunk_spec, loss, KIND_COUNT, NULL),
        K(trunk_spec, seed, KIND_COUNT, NULL),
        K(trunk_spec, unheard, KIND_COUNT, NULL),
        K(trunk_spec, stateless, KIND_BOOL, NULL),
        K(trunk_spec, duplicate, KIND_BOOL, NULL),
        {"late", KIND_MSEC, offsetof(struct trunk_spec, late_usec), NULL},
        K(trunk_spec, wrong_branch, KIND_BOOL, NULL),
        K(trunk_spec, one_time, KIND_BOOL, NULL),
        {"latency", KIND_MSEC, offsetof(struct trunk_spec, latency_usec), NULL},
        K(trunk_spec, relay, KIND_TEXT, NULL),
        K(trunk_spec, target, KIND_TEXT, NULL),
        K(trunk_spec, v6, KIND_BOOL, NULL),
        K(trunk_spec, host, KIND_COUNT, NULL),
        K(trunk_spec, also_tcp, KIND_BOOL, NULL),
        K(trunk_spec, frame, KIND_WORD, "whole|bytes|merged|extra_crlf|no_length|bad_length|huge|garbage|truncated"),
        K(trunk_spec, reset, KIND_WORD, "never|accept|challenge|answer|idle_close"),
        K(trunk_spec, tls_cert, KIND_WORD, "good|expired|not_yet|untrusted|other_name|wildcard|soon|uri"),
        K(trunk_spec, tls_version, KIND_WORD, "any|1.1-|1.2|1.3"),
        K(trunk_spec, tls_client, KIND_WORD, "any|require"),
        K(trunk_spec, tls_break, KIND_WORD, "none|handshake"),
        K(trunk_spec, proxies, KIND_COUNT, NULL),
};

static const struct key sip_keys[] = {
        K(scenario, client_cert, KIND_BOOL, NULL),
};

static const struct key names_keys[] = {
        {"answer", KIND_WORD, offsetof(struct scenario, names), "none|unknown|broken"},
};

static const struct key limit_keys[] = {
        K(scenario, files, KIND_COUNT, NULL),
};

static const struct key expect_keys[] = {
        {"platform", KIND_TEXT, offsetof(struct scenario, expect_platform), NULL},
        {"clock", KIND_TEXT, offsetof(struct scenario, expect_clock), NULL},
        {"exit", KIND_COUNT, offsetof(struct scenario, expect_exit), NULL},
        {"says", KIND_TEXT, offsetof(struct scenario, expect_says), NULL},
};

struct reader {
        struct scenario *s;
        const char *file;
        unsigned line;
        unsigned phase;         /* wanted */
        unsigned phase_now;     /* of this line */
        int64_t latency_usec;   /* the default of later trunks */
        char *words[WORDS_MAX]; /* of this line */
        size_t n_words;
        unsigned mistakes;
};

static void _printf_(2, 3) complain(struct reader *r, const char *format, ...) {
        (void)fprintf(stderr, "%s:%u: ", r->file, r->line);
        va_list args;
        va_start(args, format);
        (void)vfprintf(stderr, format, args);
        va_end(args);
        (void)fputc('\n', stderr);
        r->mistakes++;
}

/* Cuts a line into words in place. Quotes may stand anywhere in a word and are taken off; a # outside them begins a comment. */
static void split(struct reader *r, char *line) {
        r->n_words = 0;
        char *in = line;
        for (;;) {
                in += strspn(in, " \t\r\n");
                if (*in == '\0' || *in == '#')
                        return;
                char *out = in, *word = in;
                bool quoted = false, end = false;
                while (!end && *in) {
                        if (*in == '"')
                                quoted = !quoted;
                        else if (!quoted && strchr(" \t\r\n", *in))
                                end = true;
                        else if (quoted && *in == '\\' && in[1] != '\0')
                                *out++ = *++in;
                        else
                                *out++ = *in;
                        in++;
                }
                *out = '\0';
                if (quoted)
                        complain(r, "a quote is not closed");
                if (r->n_words == WORDS_MAX) {
                        complain(r, "more than %d words", WORDS_MAX);
                        return;
                }
                r->words[r->n_words++] = word;
        }
}

static bool number(const char *text, double scale, int64_t *ret) {
        char *end;
        errno = 0;
        double value = strtod(text, &end);
        if (end == text || *end != '\0' || errno != 0 || value * scale > 1e15 || value * scale < -1e15)
                return false;
        *ret = (int64_t)(value * scale + (value < 0 ? -0.5 : 0.5));
        return true;
}

static bool count(const char *text, unsigned *ret) {
        int64_t value;
        if (!number(text, 1, &value) || value < 0 || value > 1000000)
                return false;
        *ret = (unsigned)value;
        return true;
}

/* The place of a word in "a|b|c"; -1 when it is not there. */
static int word_place(const char *words, const char *word, size_t n) {
        for (int place = 0;; place++) {
                size_t length = strcspn(words, "|");
                if (length == n && strncmp(words, word, n) == 0)
                        return place;
                if (words[length] == '\0')
                        return -1;
                words += length + 1;
        }
}

static bool set_word(const struct key *key, void *field, const char *value) {
        size_t n = key->kind == KIND_WORD_COUNT ? strcspn(value, ":") : strlen(value);
        int place = word_place(key->words, value, n);
        if (place < 0)
                return false;
        unsigned *numbers = field;
        numbers[0] = (unsigned)place;
        if (key->kind != KIND_WORD_COUNT)
                return true;
        numbers[1] = 0;
        return value[n] == '\0' || count(value + n + 1, &numbers[1]);
}

static bool set_two_counts(unsigned *field, const char *value) {
        char first[16];
        size_t n = strcspn(value, ":");
        if (value[n] != ':' || n >= sizeof first)
                return false;
        (void)snprintf(first, sizeof first, "%.*s", (int)n, value);
        return count(first, &field[0]) && count(value + n + 1, &field[1]);
}

static bool set_value(const struct key *key, void *object, const char *value) {
        void *field = (char *)object + key->offset;
        switch (key->kind) {
        case KIND_TEXT:
                free(*(char **)field);
                *(char **)field = lab_copy(value);
                return true;
        case KIND_BOOL:
                *(bool *)field = strcmp(value, "yes") == 0;
                return *(bool *)field || strcmp(value, "no") == 0;
        case KIND_COUNT:
                return count(value, field);
        case KIND_SECONDS:
                return number(value, 1e6, field);
        case KIND_MSEC:
                return number(value, 1e3, field);
        case KIND_WORD:
        case KIND_WORD_COUNT:
                return set_word(key, field, value);
        case KIND_TWO_COUNTS:
                return set_two_counts(field, value);
        }
        return false;
}

/* Sets the keys of words [from, n_words). */
static void set_keys(struct reader *r, const struct key *keys, size_t n, void *object, size_t from) {
        for (size_t w = from; w < r->n_words; w++) {
                char *equals = strchr(r->words[w], '=');
                if (!equals) {
                        complain(r, "\"%s\" is not key=value", r->words[w]);
                        continue;
                }
                *equals = '\0';
                const struct key *key = NULL;
                for (size_t i = 0; i < n && !key; i++)
                        if (strcmp(keys[i].name, r->words[w]) == 0)
                                key = &keys[i];
                if (!key)
                        complain(r, "unknown key \"%s\"", r->words[w]);
                else if (!set_value(key, object, equals + 1))
                        complain(r, "%s: \"%s\" is not a value of it%s%s", key->name, equals + 1, key->words ? " (want " : "",
                                 key->words ? key->words : "");
                *equals = '='; /* the words may serve again */
        }
}

static void free_texts(const struct key *keys, size_t n, void *object) {
        for (size_t i = 0; i < n; i++)
                if (keys[i].kind == KIND_TEXT)
                        free(*(char **)((char *)object + keys[i].offset));
}

static void read_ntp(struct reader *r) {
        struct ntp_spec *spec = NULL;
        for (size_t w = 1; w < r->n_words; w++)
                for (size_t i = 0; i < r->s->n_ntp && !spec; i++)
                        if (r->s->ntp[i].name && strncmp(r->words[w], "name=", 5) == 0 && strcmp(r->words[w] + 5, r->s->ntp[i].name) == 0)
                                spec = &r->s->ntp[i];
        if (!spec) {
                if (r->phase_now > 1) {
                        complain(r, "no ntp server of that name in phase 1");
                        return;
                }
                r->s->ntp = lab_room(r->s->ntp, r->s->n_ntp, sizeof *r->s->ntp);
                spec = &r->s->ntp[r->s->n_ntp++];
                *spec = (struct ntp_spec){.stratum = 2};
        }
        set_keys(r, ntp_keys, ELEMENTS(ntp_keys), spec, 1);
}

static void read_config(struct reader *r) {
        char *dot = r->n_words == 2 ? strchr(r->words[1], '.') : NULL;
        char *equals = dot ? strchr(dot, '=') : NULL;
        if (!equals) {
                complain(r, "want config SECTION.KEY=VALUE");
                return;
        }
        *dot = *equals = '\0';
        r->s->settings = lab_room(r->s->settings, r->s->n_settings, sizeof *r->s->settings);
        r->s->settings[r->s->n_settings++] = (struct setting){lab_copy(r->words[1]), lab_copy(dot + 1), lab_copy(equals + 1)};
}

static struct trunk_spec *find_trunk(struct scenario *s, const char *name) {
        for (size_t i = 0; i < s->n_trunks; i++)
                if (strcmp(s->trunks[i].name, name) == 0)
                        return &s->trunks[i];
        return NULL;
}

static struct trunk_spec *trunk_by_name(struct reader *r, const char *name) {
        struct trunk_spec *old = find_trunk(r->s, name);
        if (old || r->phase_now > 1) {
                if (!old || r->phase_now == 1)
                        complain(r, old ? "a second trunk of that name" : "no trunk of that name in phase 1");
                return r->phase_now > 1 ? old : NULL;
        }
        r->s->trunks = lab_room(r->s->trunks, r->s->n_trunks, sizeof *r->s->trunks);
        struct trunk_spec *t = &r->s->trunks[r->s->n_trunks++];
        *t = (struct trunk_spec){.name = lab_copy(name),
                                 .line = r->line,
                                 .listed = true,
                                 .in_service = true,
                                 .configured = true,
                                 .cfg_proxies = true,
                                 .proxies = 1,
                                 .latency_usec = r->latency_usec};
        return t;
}

/* Moves "proxyK.KEY=VALUE" behind the other words of this line. Returns how many there are. */
static size_t set_overrides_aside(struct reader *r) {
        char *aside[WORDS_MAX];
        size_t n = 0, kept = 2;
        for (size_t w = 2; w < r->n_words; w++) {
                char *word = r->words[w];
                if (strncmp(word, "proxy", 5) == 0 && word[5] >= '1' && word[5] <= '0' + PROXIES_MAX && word[6] == '.')
                        aside[n++] = word;
                else
                        r->words[kept++] = word;
        }
        r->n_words = kept;
        memcpy(r->words + kept, aside, n * sizeof *aside);
        return n;
}

/* They wait until the trunk is complete. */
static void keep_overrides(const struct reader *r, size_t n, struct trunk_spec *t) {
        t->overrides = lab_resize(t->overrides, t->n_overrides + n + 1, sizeof *t->overrides);
        for (size_t i = 0; i < n; i++)
                t->overrides[t->n_overrides++] = lab_copy(r->words[r->n_words + i] + strlen("proxy"));
}

/* Takes "count=N" and "-> OUTCOME CAUSE" off the words. */
static unsigned take_trunk_words(struct reader *r, char **ret_outcome, char **ret_cause) {
        unsigned n = 1;
        if (r->n_words >= 5 && strcmp(r->words[r->n_words - 3], "->") == 0) {
                *ret_outcome = r->words[r->n_words - 2];
                *ret_cause = r->words[r->n_words - 1];
                r->n_words -= 3;
        }
        for (size_t w = 2; w < r->n_words; w++)
                if (strncmp(r->words[w], "count=", 6) == 0) {
                        if (!count(r->words[w] + 6, &n) || n < 1 || n > COUNT_MAX)
                                complain(r, "count: want 1 to %d", COUNT_MAX);
                        r->words[w] = r->words[--r->n_words];
                        break;
                }
        return n;
}

/* NAME with its %d replaced. */
static char *numbered(const char *name, unsigned i) {
        const char *place = strstr(name, "%d");
        return place ? lab_text("%.*s%u%s", (int)(place - name), name, i, place + 2) : lab_copy(name);
}

static void read_trunk(struct reader *r) {
        if (r->n_words < 2) {
                complain(r, "want trunk NAME");
                return;
        }
        char *outcome = NULL, *cause = NULL;
        unsigned n = take_trunk_words(r, &outcome, &cause);
        if (n > 1 && !strstr(r->words[1], "%d"))
                complain(r, "count: the name needs a %%d");
        unsigned before = r->mistakes;
        size_t n_overrides = set_overrides_aside(r);
        for (unsigned i = 1; i <= n && r->mistakes == before; i++) {
                char *name = numbered(r->words[1], i);
                struct trunk_spec *t = trunk_by_name(r, name);
                free(name);
                if (!t)
                        return;
                set_keys(r, trunk_keys, ELEMENTS(trunk_keys), t, 2);
                keep_overrides(r, n_overrides, t);
                if (outcome) {
                        free(t->outcome);
                        free(t->cause);
                        t->outcome = lab_copy(outcome);
                        t->cause = lab_copy(cause);
                }
        }
}

static void read_line(struct reader *r, char *line) {
        split(r, line);
        if (r->n_words == 0)
                return;
        const char *word = r->words[0];
        unsigned milliseconds;
        if (strcmp(word, "phase") == 0) {
                unsigned n;
                if (r->n_words != 2 || !count(r->words[1], &n) || n != r->phase_now + 1 || n > PHASES_MAX)
                        complain(r, "want phase %u", r->phase_now + 1);
                else
                        r->s->phases = r->phase_now = n;
                return;
        }
        if (r->phase_now > r->phase)
                return;
        if (strcmp(word, "api") == 0) {
                if (r->phase_now > 1 && !r->s->api.present)
                        complain(r, "phase 1 has no platform");
                r->s->api.present = true;
                set_keys(r, api_keys, ELEMENTS(api_keys), &r->s->api, 1);
        } else if (strcmp(word, "ntp") == 0)
                read_ntp(r);
        else if (strcmp(word, "sip") == 0)
                set_keys(r, sip_keys, ELEMENTS(sip_keys), r->s, 1);
        else if (strcmp(word, "names") == 0)
                set_keys(r, names_keys, ELEMENTS(names_keys), r->s, 1);
        else if (strcmp(word, "limit") == 0)
                set_keys(r, limit_keys, ELEMENTS(limit_keys), r->s, 1);
        else if (strcmp(word, "config") == 0)
                read_config(r);
        else if (strcmp(word, "trunk") == 0)
                read_trunk(r);
        else if (strcmp(word, "expect") == 0)
                set_keys(r, expect_keys, ELEMENTS(expect_keys), r->s, 1);
        else if (strcmp(word, "latency") != 0)
                complain(r, "unknown directive \"%s\"", word);
        else if (r->n_words != 2 || !count(r->words[1], &milliseconds))
                complain(r, "want latency MILLISECONDS");
        else
                r->latency_usec = (int64_t)milliseconds * (int64_t)USEC_PER_MSEC;
}

/* -- trunks, when all is read ------------------------------------------------------------------------------------------- */

static void free_trunk(struct trunk_spec *t) {
        free_texts(trunk_keys, ELEMENTS(trunk_keys), t);
        free(t->name);
        free(t->outcome);
        free(t->cause);
        for (size_t i = 0; i < t->n_overrides; i++)
                free(t->overrides[i]);
        free(t->overrides);
        for (unsigned k = 0; t->proxy && k < t->proxies; k++)
                free_trunk(&t->proxy[k]);
        free(t->proxy);
}

/* Mistakes that no single key shows. */
static void check_carrier(struct reader *r, const struct trunk_spec *t) {
        bool stream = t->frame != FRAME_WHOLE || t->reset != RESET_NEVER;
        bool tls = t->tls_cert != CERT_GOOD || t->tls_version != TLS_ANY || t->tls_client != TLS_CLIENT_ANY || t->tls_break != TLS_UNBROKEN;
        if (t->transport == OVER_UDP && !t->also_tcp && stream)
                complain(r, "trunk %s: frame and reset want transport=tcp or tls", t->name);
        if (t->transport != OVER_TLS && tls)
                complain(r, "trunk %s: a tls_ key wants transport=tls", t->name);
        if (t->transport != OVER_UDP && (t->relay || t->loss > 0))
                complain(r, "trunk %s: a relay and loss are for UDP", t->name);
        if (t->loss > 100)
                complain(r, "trunk %s: loss wants a percentage", t->name);
}

static void make_proxy(struct reader *r, const struct trunk_spec *t, unsigned place, struct trunk_spec *ret) {
        *ret = *t;
        for (size_t i = 0; i < ELEMENTS(trunk_keys); i++)
                if (trunk_keys[i].kind == KIND_TEXT) {
                        char **field = (char **)((char *)ret + trunk_keys[i].offset);
                        *field = lab_copy(*field);
                }
        ret->name = lab_text("%s#%u", t->name, place);
        ret->proxy = NULL;
        ret->overrides = NULL;
        ret->n_overrides = 0;
        ret->outcome = ret->cause = NULL;
        for (size_t i = 0; i < t->n_overrides; i++) {
                if (t->overrides[i][0] != (char)('0' + place))
                        continue;
                r->words[0] = t->overrides[i] + 2;
                r->n_words = 1;
                set_keys(r, trunk_keys, ELEMENTS(trunk_keys), ret, 0);
        }
}

static void finish_trunk(struct reader *r, struct trunk_spec *t) {
        r->line = t->line;
        if (t->proxies < 1 || t->proxies > PROXIES_MAX) {
                complain(r, "proxies: want 1 to %d", PROXIES_MAX);
                t->proxies = 1;
        }
        for (size_t i = 0; i < t->n_overrides; i++)
                if (t->proxies == 1 || (unsigned)(t->overrides[i][0] - '0') > t->proxies)
                        complain(r, "proxy%s: there are not so many proxies", t->overrides[i]);
        if (t->proxies == 1) {
                check_carrier(r, t);
                return;
        }
        t->proxy = lab_alloc(t->proxies, sizeof *t->proxy);
        for (unsigned k = 0; k < t->proxies; k++) {
                make_proxy(r, t, k + 1, &t->proxy[k]);
                t->proxy[k].proxies = 1;
                check_carrier(r, &t->proxy[k]);
        }
}

static char *name_of(const char *file) {
        const char *slash = strrchr(file, '/');
        const char *base = slash ? slash + 1 : file;
        return lab_text("%.*s", (int)strcspn(base, "."), base);
}

struct scenario *scenario_load(const char *file, unsigned phase) {
        FILE *f = fopen(file, "re");
        if (!f) {
                (void)fprintf(stderr, "lab: unable to open %s: %s\n", file, strerror(errno));
                return NULL;
        }
        struct scenario *s = lab_alloc(1, sizeof *s);
        s->name = name_of(file);
        s->phases = 1;
        s->expect_exit = -1;
        s->api = (struct api_spec){.path = lab_copy(LAB_API_PATH),
                                   .allowed = 300,
                                   .token_life_sec = 86400,
                                   .trusted = true,
                                   .secret = true,
                                   .correlation_id = true,
                                   .identity = true,
                                   .audit_view = true};
        struct reader r = {.s = s, .file = file, .phase = phase, .phase_now = 1};
        char *line = NULL;
        size_t size = 0;
        while (getline(&line, &size, f) >= 0) {
                r.line++;
                read_line(&r, line);
        }
        free(line);
        if (ferror(f))
                complain(&r, "unable to read on");
        (void)fclose(f);
        for (size_t i = 0; i < s->n_trunks; i++)
                finish_trunk(&r, &s->trunks[i]);
        return r.mistakes > 0 ? scenario_free(s) : s;
}

struct scenario *scenario_free(struct scenario *s) {
        if (!s)
                return NULL;
        free_texts(api_keys, ELEMENTS(api_keys), &s->api);
        free_texts(expect_keys, ELEMENTS(expect_keys), s);
        for (size_t i = 0; i < s->n_ntp; i++)
                free_texts(ntp_keys, ELEMENTS(ntp_keys), &s->ntp[i]);
        for (size_t i = 0; i < s->n_trunks; i++)
                free_trunk(&s->trunks[i]);
        for (size_t i = 0; i < s->n_settings; i++) {
                free(s->settings[i].section);
                free(s->settings[i].key);
                free(s->settings[i].value);
        }
        free(s->ntp);
        free(s->trunks);
        free(s->settings);
        free(s->name);
        free(s);
        return NULL;
}
