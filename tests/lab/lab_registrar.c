/* lab_registrar.c: what a carrier does with a request: challenge, and check the answer (RFC 3261 section 22, RFC 7616, RFC 8760). */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "lab_carrier.h"
#include "lab_digest.h"

static struct reply reply_with(unsigned status, char *extra) {
        return (struct reply){.status = status, .extra = extra};
}

/* -- challenges ------------------------------------------------------------------------------------------------------- */

static void put_32(unsigned char *p, int64_t value) {
        for (int i = 0; i < 4; i++)
                p[i] = (unsigned char)(value >> (24 - 8 * i));
}

/* In Kamailio's form: expiry, issue time, what would be an MD5, and with one-time nonces an id and flags. */
static void make_nonce(const struct trunk_spec *spec, char ret[static 48]) {
        static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        unsigned char b[30] = {0};
        char sum[33];
        size_t n = spec->nonce == NONCE_KAMAILIO_ONCE ? 29 : 24, at = 0;
        lab_random_hex(sum, 16);
        if (spec->nonce == NONCE_RANDOM) {
                (void)snprintf(ret, 33, "%s", sum);
                return;
        }
        int64_t now = (int64_t)time(NULL) + spec->nonce_clock_usec / (int64_t)USEC_PER_SEC;
        put_32(b, now + spec->nonce_life_usec / (int64_t)USEC_PER_SEC);
        put_32(b + 4, now);
        memcpy(b + 8, sum, 16);
        memcpy(b + 24, sum + 16, 4);
        b[28] = 0x40;
        for (size_t i = 0; i < n; i += 3) {
                unsigned bits = (unsigned)b[i] << 16 | (unsigned)b[i + 1] << 8 | b[i + 2];
                for (size_t k = 0; k < 4; k++)
                        ret[at++] = k == 3 && i + 2 >= n ? '=' : digits[bits >> (18 - 6 * k) & 63];
        }
        ret[at] = '\0';
}

static struct given *remember(struct carrier *c, enum door door, const struct lab_request *r, const struct source *source) {
        struct given *g = &c->given[c->n_given++ % CARRIER_MEMORY];
        in_port_t port = source->address.ss_family == AF_INET6 ? ((const struct sockaddr_in6 *)&source->address)->sin6_port
                                                               : ((const struct sockaddr_in *)&source->address)->sin_port;
        *g = (struct given){.door = door, .given_usec = loop_now(), .source_port = port, .connection = source->connection, .cseq = r->cseq};
        bool first = c->challenges++ == 0;
        g->other_node = first && c->spec->nodes != NODES_ONE;
        g->moves = first && c->spec->moves;
        struct trunk_spec maker = *c->spec;
        if (g->other_node && c->spec->nodes == NODES_NONCES) {
                maker.nonce = NONCE_KAMAILIO;
                maker.nonce_life_usec = INT64_C(300) * (int64_t)USEC_PER_SEC;
        }
        make_nonce(&maker, g->nonce);
        (void)snprintf(g->call_id, sizeof g->call_id, "%s", r->call_id);
        (void)snprintf(g->from_tag, sizeof g->from_tag, "%s", r->from_tag);
        return g;
}

static const char *realm_of(const struct carrier *c, enum door door) {
        return door == DOOR_PROXY && c->spec->proxy_realm ? c->spec->proxy_realm : c->realm;
}

static void write_quoted(FILE *f, const char *name, const char *value) {
        (void)fprintf(f, "%s=\"", name);
        for (; *value; value++)
                (void)fprintf(f, "%s%c", *value == '"' || *value == '\\' ? "\\" : "", *value);
        (void)fputc('"', f);
}

static const char *header_of(enum door door) {
        return door == DOOR_PROXY ? "Proxy-Authenticate" : "WWW-Authenticate";
}

/* One challenge; algorithm of n bytes, 0 = the parameter is absent. */
static void write_challenge(FILE *f, const struct carrier *c, const struct given *g, const char *algorithm, size_t n, bool stale) {
        const struct trunk_spec *spec = c->spec;
        (void)fprintf(f, "%s: Digest ", header_of(g->door));
        write_quoted(f, "realm", g->other_node && spec->nodes == NODES_REALMS ? "node-2.lab.invalid" : realm_of(c, g->door));
        (void)fputs(", ", f);
        write_quoted(f, "nonce", g->nonce);
        if (spec->opaque) {
                (void)fputs(", ", f);
                write_quoted(f, "opaque", spec->opaque);
        }
        if (n > 0)
                (void)fprintf(f, ", algorithm=%.*s", (int)n, algorithm);
        if (!spec->qop || strcmp(spec->qop, "none") != 0)
                (void)fprintf(f, ", qop=\"%s\"", spec->qop ? spec->qop : "auth");
        if (spec->charset)
                (void)fprintf(f, ", charset=%s", spec->charset);
        (void)fprintf(f, "%s%s\r\n", spec->userhash ? ", userhash=true" : "", stale ? ", stale=true" : "");
}

/* Challenges of schemes that this project does not speak (RFC 8898 puts Bearer beside Digest). */
static void write_schemes(FILE *f, const struct carrier *c, enum door door) {
        for (const char *scheme = c->spec->schemes; scheme;) {
                size_t n = strcspn(scheme, ",");
                if (n == 4 && strncasecmp(scheme, "NTLM", n) == 0) /* Microsoft's, with a token in place of parameters */
                        (void)fprintf(f, "%s: NTLM realm=\"SIP Communications Service\", targetname=\"lab\", version=4\r\n",
                                      header_of(door));
                else
                        (void)fprintf(f, "%s: %.*s authz_server=\"https://login.lab.invalid/\", scope=\"sip\"\r\n", header_of(door), (int)n,
                                      scheme);
                scheme = scheme[n] == ',' ? scheme + n + 1 : NULL;
        }
}

static struct reply challenge_at(struct carrier *c, enum door door, const struct lab_request *r, const struct source *source, bool stale) {
        const struct given *g = remember(c, door, r, source);
        char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);
        if (!f)
                lab_fail("unable to write a challenge");
        write_schemes(f, c, door);
        const char *algorithm = c->spec->algorithm ? c->spec->algorithm : "";
        for (;;) { /* one header for each algorithm, in order of preference (RFC 8760 section 2.3) */
                size_t n = strcspn(algorithm, ",");
                write_challenge(f, c, g, algorithm, n, stale);
                if (algorithm[n] == '\0')
                        break;
                algorithm += n + 1;
        }
        if (fclose(f) != 0)
                lab_fail("unable to write a challenge");
        return reply_with(door == DOOR_PROXY ? 407 : 401, text);
}

static struct reply challenge(struct carrier *c, enum door door, const struct lab_request *r, const struct source *source) {
        switch (c->spec->challenge) {
        case CHALLENGE_NONE:
                return reply_with(200, NULL);
        case CHALLENGE_BASIC:
                return reply_with(401, lab_text("WWW-Authenticate: Basic realm=\"%s\"\r\n", c->realm));
        case CHALLENGE_MALFORMED:
                return reply_with(401, lab_text("WWW-Authenticate: Digest realm=\"%s, nonce=\r\n", c->realm));
        case CHALLENGE_MISSING:
                return reply_with(401, NULL);
        case CHALLENGE_401:
        case CHALLENGE_407:
        case CHALLENGE_BOTH:
                break;
        }
        return challenge_at(c, door, r, source, false);
}

static struct reply refuse(const struct carrier *c, unsigned status) {
        if (status >= 300 && status < 400)
                return reply_with(status, lab_text("Contact: <sip:192.0.2.7:5060>\r\n"));
        if (status == 405)
                return reply_with(status, lab_text("Allow: INVITE, ACK, BYE%s\r\n", c->spec->refuse_register ? ", OPTIONS" : ""));
        if (status == 503 || c->spec->retry_after > 0)
                return reply_with(status, lab_text("Retry-After: %u\r\n", c->spec->retry_after > 0 ? c->spec->retry_after : 30));
        if (status == 401 || status == 407) /* would be a challenge */
                lab_fail("trunk %s: %u is not a refusal", c->spec->name, status);
        return reply_with(status, NULL);
}

/* -- answers ---------------------------------------------------------------------------------------------------------- */

/* True when WORD is one of a list separated by commas; an absent list holds only the absent word. */
static bool offered(const char *list, const char *word, bool has_word) {
        if (!list || !has_word)
                return !list && !has_word;
        for (size_t n;; list += n + 1) {
                list += strspn(list, " ");
                n = strcspn(list, ",");
                size_t length = n;
                while (length > 0 && list[length - 1] == ' ')
                        length--;
                if (length == strlen(word) && strncasecmp(list, word, length) == 0)
                        return true;
                if (list[n] == '\0')
                        return false;
        }
}

static struct lab_answer answer_of(const struct carrier *c, enum door door, const struct lab_request *r, const struct credential *a) {
        return (struct lab_answer){
                .algorithm = a->has_algorithm ? a->algorithm : NULL,
                .username = c->account,
                .realm = realm_of(c, door),
                .password = c->account_password,
                .nonce = a->nonce,
                .method = r->method,
                .uri = a->uri,
                .qop = a->has_qop ? a->qop : NULL,
                .nc = a->nc,
                .cnonce = a->cnonce,
                .body = r->body,
                .body_size = r->body_size,
        };
}

/* RFC 7616 section 3.4.4. */
static bool right_user(const struct carrier *c, enum door door, const struct credential *a) {
        char hash[LAB_HEX_SIZE];
        if (!c->spec->userhash)
                return strcmp(a->username, c->account) == 0;
        return lab_userhash(a->has_algorithm ? a->algorithm : NULL, c->account, realm_of(c, door), hash) && strcmp(a->username, hash) == 0;
}

static bool right(const struct carrier *c, enum door door, const struct lab_request *r, const struct credential *a) {
        const struct trunk_spec *spec = c->spec;
        const char *qop = spec->takes_qop ? spec->takes_qop : spec->qop ? spec->qop : "auth";
        const char *algorithm = spec->takes_algorithm ? spec->takes_algorithm : spec->algorithm;
        struct lab_answer answer = answer_of(c, door, r, a);
        char response[LAB_HEX_SIZE];
        return right_user(c, door, a) && strcmp(a->realm, realm_of(c, door)) == 0 && offered(algorithm, a->algorithm, a->has_algorithm) &&
               offered(strcmp(qop, "none") == 0 ? NULL : qop, a->qop, a->has_qop) && lab_response(&answer, response) &&
               strcmp(response, a->response) == 0;
}

static bool right_uri(const struct carrier *c, const char *uri) {
        char port[16];
        (void)snprintf(port, sizeof port, ":%u", c->port);
        const char *found = strstr(uri, port), *scheme_end = strchr(uri, ':');
        switch (c->spec->uri) {
        case URI_PORT:
                return found && strchr(";?", found[strlen(port)]);
        case URI_BARE:
                return scheme_end && !strchr(scheme_end + 1, ':');
        case URI_TRANSPORT:
                return strstr(uri, ";transport=") != NULL;
        case URI_SIP:
                return strncasecmp(uri, "sip:", 4) == 0;
        case URI_SIPS:
                return strncasecmp(uri, "sips:", 5) == 0;
        case URI_ANY:
        case URI_EXACT:
                break;
        }
        return true;
}

static struct reply refuse_answer(struct carrier *c, enum door door, const struct lab_request *r, const struct source *source) {
        c->refused++;
        c->refused_ever++;
        switch (c->spec->wrong) {
        case WRONG_401:
                return challenge(c, door, r, source);
        case WRONG_403:
                return reply_with(403, NULL);
        case WRONG_DROP:
                return reply_with(0, NULL);
        case WRONG_400:
                return reply_with(400, NULL);
        case WRONG_STALE:
                return challenge_at(c, door, r, source, true);
        }
        return reply_with(0, NULL);
}

static bool too_old(struct carrier *c, const struct given *g) {
        if (c->stale_given < c->spec->stale_first) {
                c->stale_given++;
                return true;
        }
        return c->spec->nonce_life_usec > 0 && loop_now() - g->given_usec > (uint64_t)c->spec->nonce_life_usec;
}

/* The carrier's own proof (RFC 7616 section 3.5; SIP has one name of the header for both doors), and the nonce it would like to see next.
 */
static void write_info(FILE *f, struct carrier *c, enum door door, const struct lab_request *r, const struct credential *a,
                       const struct source *source) {
        const char *between = "";
        if (c->spec->rspauth == RSPAUTH_NONE && !c->spec->nextnonce)
                return;
        (void)fputs("Authentication-Info: ", f);
        if (c->spec->nextnonce) {
                (void)fprintf(f, "nextnonce=\"%s\"", remember(c, door, r, source)->nonce);
                between = ", ";
        }
        if (c->spec->rspauth != RSPAUTH_NONE) {
                struct lab_answer answer = answer_of(c, door, r, a);
                char rspauth[LAB_HEX_SIZE] = "";
                if (c->spec->rspauth == RSPAUTH_WRONG)
                        answer.password = "somebody else's";
                (void)lab_rspauth(&answer, rspauth); /* the algorithm was known a moment ago */
                (void)fprintf(f, "%srspauth=\"%s\"", between, rspauth);
                if (a->has_qop)
                        (void)fprintf(f, ", qop=%s, cnonce=\"%s\", nc=%s", a->qop, a->cnonce, a->nc);
        }
        (void)fputs("\r\n", f);
}

/* True when the credentials open this door; else *ret is the reply. */
static bool decide_answer(struct carrier *c, enum door door, const struct lab_request *r, const struct credential *a,
                          const struct source *source, struct reply *ret) {
        struct given *g = NULL;
        for (size_t i = 0; i < c->n_given && i < CARRIER_MEMORY; i++)
                if (strcmp(c->given[i].nonce, a->nonce) == 0 && c->given[i].door == door)
                        g = &c->given[i];
        if (!c->is_repeated)
                watch_answer(c, r, a, g, source);
        bool used = g && g->answers > 0, called_stale = false;
        if (g)
                g->answers++;
        if (c->spec->uri == URI_EXACT && strcmp(a->uri, r->uri) != 0) {
                c->refused++;
                c->refused_ever++;
                *ret = reply_with(403, NULL);
        } else if (!g || g->other_node || g->moves || (used && c->spec->one_time) || !right(c, door, r, a) || !right_uri(c, a->uri)) {
                *ret = refuse_answer(c, door, r, source);
                ret->moved = g && g->moves;
                called_stale = c->spec->wrong == WRONG_STALE;
        } else if (too_old(c, g)) {
                called_stale = c->spec->stale == STALE_SIGNALLED;
                c->refused += !called_stale; /* to whoever counts failures, it is one */
                *ret = c->spec->stale == STALE_BARE ? reply_with(401, NULL) : challenge_at(c, door, r, source, called_stale);
        } else {
                c->changed_taken |= c->changed;
                return true;
        }
        if (!called_stale && !c->is_repeated)
                watch_failure(c);
        return false;
}

/* The doors of this carrier, the outer one first. */
static size_t doors_of(const struct carrier *c, enum door ret[static 2]) {
        size_t n = 0;
        if (c->spec->challenge == CHALLENGE_407 || c->spec->challenge == CHALLENGE_BOTH)
                ret[n++] = DOOR_PROXY;
        if (c->spec->challenge != CHALLENGE_407)
                ret[n++] = DOOR_REGISTRAR;
        return n;
}

/* An Authorization with an empty response only names a user (3GPP TS 24.229 section 5.1.1.2). */
static bool only_names(const char *value) {
        char response[LAB_SIP_VALUE_MAX];
        bool quoted;
        return value && lab_auth_parameter(value, "response", response, &quoted) && response[0] == '\0';
}

static const char *credentials_at(const struct lab_request *r, enum door door) {
        const char *value = lab_header(r, door == DOOR_PROXY ? "Proxy-Authorization" : "Authorization", 0);
        return only_names(value) ? NULL : value;
}

static bool names_user(const struct carrier *c, const struct lab_request *r) {
        const char *const values[] = {lab_header(r, "Authorization", 0), lab_header(r, "Proxy-Authorization", 0)};
        char user[LAB_SIP_VALUE_MAX];
        bool quoted, found = false;
        for (size_t i = 0; i < ELEMENTS(values); i++)
                found |= values[i] && lab_auth_parameter(values[i], "username", user, &quoted) && strcmp(user, c->account) == 0;
        return found;
}

/* Passes the request from door to door; the headers of those it passed are in *f. */
static struct reply decide_doors(struct carrier *c, const struct lab_request *r, const struct source *source, FILE *f) {
        enum door doors[2];
        size_t n = doors_of(c, doors);
        for (size_t i = 0; i < n; i++) {
                struct credential a = {0};
                struct reply reply;
                const char *value = credentials_at(r, doors[i]);
                if (!value || strncasecmp(value, "Digest ", 7) != 0)
                        return challenge(c, doors[i], r, source);
                watch_credential(c, value, &a);
                if (!decide_answer(c, doors[i], r, &a, source, &reply))
                        return reply;
                write_info(f, c, doors[i], r, &a, source);
        }
        return c->spec->after > 0 ? refuse(c, c->spec->after) : reply_with(200, NULL);
}

struct reply registrar_decide(struct carrier *c, const struct lab_request *r, const struct source *source) {
        watch_request(c, r, source);
        bool registrar = credentials_at(r, DOOR_REGISTRAR), proxy = credentials_at(r, DOOR_PROXY);
        if ((registrar && c->spec->challenge == CHALLENGE_407) ||
            (proxy && c->spec->challenge != CHALLENGE_407 && c->spec->challenge != CHALLENGE_BOTH))
                lab_violation(c->lab, c->spec->name, "%s, which was not asked for", registrar ? "Authorization" : "Proxy-Authorization");
        if (c->spec->lock_after > 0 && c->refused_ever >= c->spec->lock_after)
                return c->spec->lock_status ? refuse(c, c->spec->lock_status) : reply_with(0, NULL);
        if (only_names(lab_header(r, "Authorization", 0)))
                watch_named(c, r, lab_header(r, "Authorization", 0));
        if (c->spec->refuse > 0)
                return refuse(c, c->spec->refuse);
        if (c->spec->refuse_register > 0 && strcmp(r->method, "REGISTER") == 0)
                return refuse(c, c->spec->refuse_register);
        if (c->spec->refuse_unnamed > 0 && !names_user(c, r))
                return refuse(c, c->spec->refuse_unnamed);
        if ((registrar || proxy) && !c->is_repeated)
                watch_budget(c, r);
        char *info = NULL;
        size_t size;
        FILE *f = open_memstream(&info, &size);
        if (!f)
                lab_fail("unable to write a response");
        struct reply reply = decide_doors(c, r, source, f);
        if (fclose(f) != 0)
                lab_fail("unable to write a response");
        if (reply.status == 200 && !reply.extra)
                reply.extra = info;
        else
                free(info);
        return reply;
}
