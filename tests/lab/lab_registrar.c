/* lab_registrar.c: what a carrier does with a request: challenge, check the answer (RFC 3261 section 22, RFC 7616), and watch for
 * what a client must not do. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lab_carrier.h"
#include "lab_digest.h"

/* The parameters of an Authorization or Proxy-Authorization value; "" when absent. */
struct credential {
        char username[LAB_SIP_VALUE_MAX], realm[LAB_SIP_VALUE_MAX], nonce[LAB_SIP_VALUE_MAX], uri[LAB_SIP_VALUE_MAX];
        char response[LAB_SIP_VALUE_MAX], algorithm[LAB_SIP_VALUE_MAX], cnonce[LAB_SIP_VALUE_MAX], opaque[LAB_SIP_VALUE_MAX];
        char qop[LAB_SIP_VALUE_MAX], nc[LAB_SIP_VALUE_MAX];
        bool has_qop, has_cnonce, has_nc, has_opaque, has_algorithm;
};

static in_port_t port_of(const struct sockaddr_storage *a) {
        return a->ss_family == AF_INET6 ? ((const struct sockaddr_in6 *)a)->sin6_port : ((const struct sockaddr_in *)a)->sin_port;
}

static struct reply reply_with(unsigned status, char *extra) {
        return (struct reply){status, extra};
}

/* The parameter, with a complaint when its quoting is not that of RFC 7616 section 3.4. */
static bool take(struct carrier *c, const char *value, const char *name, bool want_quoted, char ret[static LAB_SIP_VALUE_MAX]) {
        bool quoted;
        if (!lab_auth_parameter(value, name, ret, &quoted)) {
                ret[0] = '\0';
                return false;
        }
        if (quoted != want_quoted)
                lab_violation(c->lab, c->spec->name, "%s %s in the answer", name, quoted ? "is quoted" : "is not quoted");
        return true;
}

static void read_credential(struct carrier *c, const char *value, struct credential *ret) {
        if (!take(c, value, "username", true, ret->username) || !take(c, value, "realm", true, ret->realm) ||
            !take(c, value, "nonce", true, ret->nonce) || !take(c, value, "uri", true, ret->uri) ||
            !take(c, value, "response", true, ret->response))
                lab_violation(c->lab, c->spec->name, "the answer lacks a required parameter");
        ret->has_cnonce = take(c, value, "cnonce", true, ret->cnonce);
        ret->has_opaque = take(c, value, "opaque", true, ret->opaque);
        ret->has_algorithm = take(c, value, "algorithm", false, ret->algorithm);
        ret->has_qop = take(c, value, "qop", false, ret->qop);
        ret->has_nc = take(c, value, "nc", false, ret->nc);
}

/* -- challenges ------------------------------------------------------------------------------------------------------- */

static struct given *remember(struct carrier *c, const struct lab_request *r, const struct sockaddr_storage *source) {
        struct given *g = &c->given[c->n_given++ % CARRIER_MEMORY];
        *g = (struct given){.given_usec = loop_now(), .source_port = port_of(source), .cseq = r->cseq};
        lab_random_hex(g->nonce, 16);
        (void)snprintf(g->call_id, sizeof g->call_id, "%s", r->call_id);
        (void)snprintf(g->from_tag, sizeof g->from_tag, "%s", r->from_tag);
        return g;
}

static void write_quoted(FILE *f, const char *name, const char *value) {
        (void)fprintf(f, "%s=\"", name);
        for (; *value; value++)
                (void)fprintf(f, "%s%c", *value == '"' || *value == '\\' ? "\\" : "", *value);
        (void)fputc('"', f);
}

/* One challenge; algorithm of n bytes, 0 = the parameter is absent. */
static void write_challenge(FILE *f, const struct carrier *c, const char *nonce, const char *algorithm, size_t n, bool stale) {
        const struct trunk_spec *spec = c->spec;
        (void)fprintf(f, "%s: Digest ", spec->challenge == CHALLENGE_407 ? "Proxy-Authenticate" : "WWW-Authenticate");
        write_quoted(f, "realm", c->realm);
        (void)fputs(", ", f);
        write_quoted(f, "nonce", nonce);
        if (spec->opaque) {
                (void)fputs(", ", f);
                write_quoted(f, "opaque", spec->opaque);
        }
        if (n > 0)
                (void)fprintf(f, ", algorithm=%.*s", (int)n, algorithm);
        if (!spec->qop || strcmp(spec->qop, "none") != 0)
                (void)fprintf(f, ", qop=\"%s\"", spec->qop ? spec->qop : "auth");
        (void)fprintf(f, "%s\r\n", stale ? ", stale=true" : "");
}

static struct reply challenge(struct carrier *c, const struct lab_request *r, const struct sockaddr_storage *source, bool stale) {
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
                break;
        }
        const struct given *g = remember(c, r, source);
        char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);
        if (!f)
                lab_fail("unable to write a challenge");
        const char *algorithm = c->spec->algorithm ? c->spec->algorithm : "";
        for (;;) { /* one header for each algorithm, in order of preference (RFC 8760 section 2.3) */
                size_t n = strcspn(algorithm, ",");
                write_challenge(f, c, g->nonce, algorithm, n, stale);
                if (algorithm[n] == '\0')
                        break;
                algorithm += n + 1;
        }
        if (fclose(f) != 0)
                lab_fail("unable to write a challenge");
        return reply_with(c->spec->challenge == CHALLENGE_407 ? 407 : 401, text);
}

static struct reply refuse(const struct carrier *c, unsigned status) {
        if (status >= 300 && status < 400)
                return reply_with(status, lab_text("Contact: <sip:192.0.2.7:5060>\r\n"));
        if (status == 405)
                return reply_with(status, lab_text("Allow: INVITE, ACK, BYE\r\n"));
        if (status == 503)
                return reply_with(status, lab_text("Retry-After: 30\r\n"));
        if (status == 401 || status == 407) /* would be a challenge */
                lab_fail("trunk %s: %u is not a refusal", c->spec->name, status);
        return reply_with(status, NULL);
}

/* -- answers ---------------------------------------------------------------------------------------------------------- */

/* What no client may do, whatever it answers. */
static void watch_request(struct carrier *c, const struct lab_request *r) {
        struct lab *lab = c->lab;
        const char *who = c->spec->name;
        if (strcmp(r->method, "REGISTER") == 0 && lab_header(r, "Contact", 0))
                lab_violation(lab, who, "REGISTER with a Contact header: it would change a binding");
        if (strcmp(r->method, "REGISTER") != 0 && strcmp(r->method, "OPTIONS") != 0)
                lab_violation(lab, who, "a %s request", r->method);
        if (!r->rport)
                lab_violation(lab, who, "no rport in Via (RFC 3581)");
        for (size_t i = 0; i < r->n_headers; i++) {
                if (strncasecmp(r->headers[i].value, "Basic ", 6) == 0)
                        lab_violation(lab, who, "Basic credentials in %s", r->headers[i].name);
                if (strstr(r->headers[i].value, c->password))
                        lab_violation(lab, who, "the password in %s", r->headers[i].name);
        }
}

static void watch_answer(struct carrier *c, const struct lab_request *r, const struct credential *a, struct given *g,
                         const struct sockaddr_storage *source) {
        struct lab *lab = c->lab;
        const char *who = c->spec->name;
        c->credentialed++;
        if (strcmp(c->answers_call_id, r->call_id) != 0) {
                c->answers = 0;
                (void)snprintf(c->answers_call_id, sizeof c->answers_call_id, "%s", r->call_id);
        }
        if (++c->answers > CARRIER_ANSWERS_MAX)
                lab_violation(lab, who, "%u credentialed requests in one probe", c->answers);
        if (c->spec->cfg_realm && strcmp(c->spec->cfg_realm, c->realm) != 0)
                lab_violation(lab, who, "credentials sent to a realm that is not the configured one");
        if (a->has_qop != a->has_cnonce || a->has_qop != a->has_nc)
                lab_violation(lab, who, "qop, nc and cnonce do not come together");
        if (a->has_nc && strcmp(a->nc, "00000001") != 0)
                lab_violation(lab, who, "nc is %s on a fresh nonce", a->nc);
        if (a->has_algorithm != (c->spec->algorithm != NULL))
                lab_violation(lab, who, "algorithm is not echoed as it was given");
        if (!g)
                return;
        if (g->answered)
                lab_violation(lab, who, "a nonce answered twice");
        if (strcmp(g->call_id, r->call_id) != 0 || strcmp(g->from_tag, r->from_tag) != 0)
                lab_violation(lab, who, "the answer has another Call-ID or From tag than its challenge");
        if (g->source_port != port_of(source))
                lab_violation(lab, who, "the answer comes from another port than the request it belongs to");
        if (r->cseq != g->cseq + 1)
                lab_violation(lab, who, "CSeq %u answers a challenge to %u", r->cseq, g->cseq);
        if (strcmp(a->opaque, c->spec->opaque ? c->spec->opaque : "") != 0 || a->has_opaque != (c->spec->opaque != NULL))
                lab_violation(lab, who, "opaque is not echoed as it was given");
}

/* True when WORD is one of a list separated by commas; an absent list holds only the absent word. */
static bool offered(const char *list, const char *word, bool has_word) {
        if (!list || !has_word)
                return !list && !has_word;
        for (size_t n;; list += n + 1) {
                n = strcspn(list, ",");
                if (n == strlen(word) && strncasecmp(list, word, n) == 0)
                        return true;
                if (list[n] == '\0')
                        return false;
        }
}

static struct lab_answer answer_of(const struct carrier *c, const struct lab_request *r, const struct credential *a) {
        return (struct lab_answer){
                .algorithm = a->has_algorithm ? a->algorithm : NULL,
                .username = c->user,
                .realm = c->realm,
                .password = c->password,
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

static bool right(const struct carrier *c, const struct lab_request *r, const struct credential *a) {
        const char *qop = c->spec->qop ? c->spec->qop : "auth";
        struct lab_answer answer = answer_of(c, r, a);
        char response[LAB_HEX_SIZE];
        return strcmp(a->username, c->user) == 0 && strcmp(a->realm, c->realm) == 0 &&
               offered(c->spec->algorithm, a->algorithm, a->has_algorithm) &&
               offered(strcmp(qop, "none") == 0 ? NULL : qop, a->qop, a->has_qop) && lab_response(&answer, response) &&
               strcmp(response, a->response) == 0;
}

static bool holds_port(const struct carrier *c, const char *uri) {
        char port[16];
        (void)snprintf(port, sizeof port, ":%u", c->port);
        const char *found = strstr(uri, port);
        return found && strchr(";?", found[strlen(port)]);
}

static struct reply refuse_answer(struct carrier *c, const struct lab_request *r, const struct sockaddr_storage *source) {
        c->refused++;
        c->refused_ever++;
        switch (c->spec->wrong) {
        case WRONG_401:
                return challenge(c, r, source, false);
        case WRONG_403:
                return reply_with(403, NULL);
        case WRONG_DROP:
                return reply_with(0, NULL);
        case WRONG_400:
                return reply_with(400, NULL);
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

static struct reply accepted(const struct carrier *c, const struct lab_request *r, const struct credential *a) {
        if (c->spec->after > 0)
                return refuse(c, c->spec->after);
        if (c->spec->rspauth == RSPAUTH_NONE)
                return reply_with(200, NULL);
        struct lab_answer answer = answer_of(c, r, a);
        char rspauth[LAB_HEX_SIZE] = "";
        if (c->spec->rspauth == RSPAUTH_WRONG)
                answer.password = "somebody else's";
        (void)lab_rspauth(&answer, rspauth); /* the algorithm was known a moment ago */
        char *qop = a->has_qop ? lab_text(", qop=%s, cnonce=\"%s\", nc=%s", a->qop, a->cnonce, a->nc) : lab_copy("");
        struct reply reply = reply_with(200, lab_text("Authentication-Info: rspauth=\"%s\"%s\r\n", rspauth, qop));
        free(qop);
        return reply;
}

static struct reply decide_answer(struct carrier *c, const struct lab_request *r, const char *value,
                                  const struct sockaddr_storage *source) {
        struct credential a = {0};
        read_credential(c, value, &a);
        struct given *g = NULL;
        for (size_t i = 0; i < c->n_given && i < CARRIER_MEMORY; i++)
                if (strcmp(c->given[i].nonce, a.nonce) == 0)
                        g = &c->given[i];
        watch_answer(c, r, &a, g, source);
        bool used = g && g->answered;
        if (g)
                g->answered = true;
        if (c->spec->uri == URI_EXACT && strcmp(a.uri, r->uri) != 0) {
                c->refused++;
                c->refused_ever++;
                return reply_with(403, NULL);
        }
        if (!g || (used && c->spec->one_time) || !right(c, r, &a) || (c->spec->uri == URI_PORT && !holds_port(c, a.uri)))
                return refuse_answer(c, r, source);
        if (too_old(c, g))
                return challenge(c, r, source, c->spec->stale == STALE_SIGNALLED);
        return accepted(c, r, &a);
}

struct reply registrar_decide(struct carrier *c, const struct lab_request *r, const struct sockaddr_storage *source) {
        watch_request(c, r);
        const char *header = c->spec->challenge == CHALLENGE_407 ? "Proxy-Authorization" : "Authorization";
        const char *other = c->spec->challenge == CHALLENGE_407 ? "Authorization" : "Proxy-Authorization";
        if (lab_header(r, other, 0))
                lab_violation(c->lab, c->spec->name, "%s, which was not asked for", other);
        if (c->spec->lock_after > 0 && c->refused_ever >= c->spec->lock_after)
                return c->spec->lock_status ? refuse(c, c->spec->lock_status) : reply_with(0, NULL);
        if (c->spec->refuse > 0)
                return refuse(c, c->spec->refuse);
        const char *value = lab_header(r, header, 0);
        if (value && strncasecmp(value, "Digest ", 7) == 0)
                return decide_answer(c, r, value, source);
        return challenge(c, r, source, false);
}
