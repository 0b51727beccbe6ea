/* lab_watch.c: what no client may do (RFC 3261 sections 10.2.3, 18, 22; RFC 7616; RFC 8760): each is a violation. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lab_carrier.h"

static in_port_t port_of(const struct sockaddr_storage *a) {
        return a->ss_family == AF_INET6 ? ((const struct sockaddr_in6 *)a)->sin6_port : ((const struct sockaddr_in *)a)->sin_port;
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

void watch_credential(struct carrier *c, const char *value, struct credential *ret) {
        if (!take(c, value, "username", true, ret->username) || !take(c, value, "realm", true, ret->realm) ||
            !take(c, value, "nonce", true, ret->nonce) || !take(c, value, "uri", true, ret->uri) ||
            !take(c, value, "response", true, ret->response))
                lab_violation(c->lab, c->spec->name, "the answer lacks a required parameter");
        ret->has_cnonce = take(c, value, "cnonce", true, ret->cnonce);
        ret->has_opaque = take(c, value, "opaque", true, ret->opaque);
        ret->has_algorithm = take(c, value, "algorithm", false, ret->algorithm);
        ret->has_qop = take(c, value, "qop", false, ret->qop);
        ret->has_nc = take(c, value, "nc", false, ret->nc);
        ret->has_userhash = take(c, value, "userhash", false, ret->userhash);
}

/* The Via must name the transport that the request came by (section 18.1.1). */
static void watch_via(struct carrier *c, const struct lab_request *r, const struct source *source) {
        static const char *const wanted[] = {[OVER_UDP] = "SIP/2.0/UDP ", [OVER_TCP] = "SIP/2.0/TCP ", [OVER_TLS] = "SIP/2.0/TLS "};
        const char *via = lab_header(r, "Via", 0);
        const char *want = wanted[c->spec->transport == OVER_UDP && source->connection > 0 ? OVER_TCP : c->spec->transport];
        if (strncasecmp(via, want, strlen(want)) != 0)
                lab_violation(c->lab, c->spec->name, "the Via says %.*s, and the request came by %s", (int)strcspn(via, " "), via,
                              want + 8);
}

void watch_request(struct carrier *c, const struct lab_request *r, const struct source *source) {
        struct lab *lab = c->lab;
        const char *who = c->spec->name;
        if (c->trunk->unwanted)
                lab_violation(lab, who, "a request for a trunk that is not to be audited");
        if (strcmp(r->method, "REGISTER") == 0 && lab_header(r, "Contact", 0))
                lab_violation(lab, who, "REGISTER with a Contact header: it would change a binding");
        if (strcmp(r->method, "REGISTER") != 0 && strcmp(r->method, "OPTIONS") != 0)
                lab_violation(lab, who, "a %s request", r->method);
        watch_via(c, r, source);
        if (source->connection == 0 && !r->rport)
                lab_violation(lab, who, "no rport in Via (RFC 3581)");
        for (size_t i = 0; i < r->n_headers; i++) {
                if (strncasecmp(r->headers[i].value, "Basic ", 6) == 0)
                        lab_violation(lab, who, "Basic credentials in %s", r->headers[i].name);
                if (strstr(r->headers[i].value, c->password))
                        lab_violation(lab, who, "the password in %s", r->headers[i].name);
        }
}

static struct conversation *conversation_of(struct carrier *c, const char *call_id) {
        for (size_t i = 0; i < c->n_conversations && i < CARRIER_CONVERSATIONS; i++)
                if (strcmp(c->conversations[i].call_id, call_id) == 0)
                        return &c->conversations[i];
        struct conversation *new = &c->conversations[c->n_conversations++ % CARRIER_CONVERSATIONS];
        *new = (struct conversation){0};
        (void)snprintf(new->call_id, sizeof new->call_id, "%s", call_id);
        return new;
}

/* The budget holds for the whole run, whatever Call-IDs it used, and for all proxies of a trunk. */
static const struct carrier *first_proxy(const struct carrier *c) {
        return c - c->place;
}

void watch_budget(struct carrier *c, const struct lab_request *r) {
        c->credentialed++;
        c->answers = ++conversation_of(c, r->call_id)->answers;
        if (c->answers > CARRIER_ANSWERS_MAX)
                lab_violation(c->lab, c->spec->name, "%u credentialed requests in one probe", c->answers);
        unsigned n = 0;
        for (const struct carrier *p = first_proxy(c); p < first_proxy(c) + c->trunk->proxies; p++)
                n += p->credentialed;
        if (c->lab->one_run && n > CARRIER_ANSWERS_MAX)
                lab_violation(c->lab, c->spec->name, "%u credentialed requests in one run", n);
}

void watch_failure(struct carrier *c) {
        unsigned n = 0;
        c->failed++;
        for (const struct carrier *p = first_proxy(c); p < first_proxy(c) + c->trunk->proxies; p++)
                n += p->failed;
        if (c->lab->one_run && n > CARRIER_FAILURES_MAX)
                lab_violation(c->lab, c->spec->name, "%u answers of one run came to nothing", n);
}

void watch_named(struct carrier *c, const struct lab_request *r, const char *value) {
        struct credential a = {0};
        watch_credential(c, value, &a);
        if (c->spec->refuse_unnamed == 0 && c->spec->refuse == 0)
                lab_violation(c->lab, c->spec->name, "a request that names its user, which was not wanted");
        if (strcmp(a.username, c->user) != 0 || strcmp(a.uri, r->uri) != 0 || a.nonce[0] || a.has_cnonce || a.has_nc || a.has_qop)
                lab_violation(c->lab, c->spec->name, "a request that tells more than its user");
}

/* A nonce that another carrier gave must not be answered here: the answer would tell it something about the password. */
static void watch_unknown_nonce(struct carrier *c, const char *nonce) {
        const struct lab *lab = c->lab;
        for (size_t i = 0; i < lab->n_carriers; i++)
                for (size_t k = 0; k < lab->carriers[i].n_given && k < CARRIER_MEMORY; k++)
                        if (strcmp(lab->carriers[i].given[k].nonce, nonce) == 0) {
                                lab_violation(c->lab, c->spec->name, "an answer to a challenge of %s", lab->carriers[i].spec->name);
                                return;
                        }
        lab_violation(c->lab, c->spec->name, "an answer to a nonce that no carrier gave");
}

/* The parameters that a challenge decides, whatever the request they come in. */
static void watch_parameters(struct carrier *c, const struct credential *a) {
        struct lab *lab = c->lab;
        const struct trunk_spec *spec = c->spec;
        const char *who = spec->name;
        if (a->has_qop != a->has_cnonce || a->has_qop != a->has_nc)
                lab_violation(lab, who, "qop, nc and cnonce do not come together");
        if (strcmp(a->opaque, spec->opaque ? spec->opaque : "") != 0 || a->has_opaque != (spec->opaque != NULL))
                lab_violation(lab, who, "opaque is not echoed as it was given");
        bool hashed = a->has_userhash && strcasecmp(a->userhash, "true") == 0;
        if (hashed && !spec->userhash)
                lab_violation(lab, who, "a hashed user name, which was not offered");
        if (spec->userhash && (!hashed || strcmp(a->username, c->user) == 0))
                lab_violation(lab, who, "the user name is not hashed");
}

/* -- the inputs of which one may be changed ------------------------------------------------------------------------------ */

struct uri_parts {
        char host[LAB_SIP_VALUE_MAX], port[LAB_SIP_VALUE_MAX], transport[LAB_SIP_VALUE_MAX], rest[LAB_SIP_VALUE_MAX];
        bool secure;
};

static void take_apart(const char *uri, struct uri_parts *ret) {
        const char *host = uri + strcspn(uri, ":"), *end = uri + strcspn(uri, ";?"), *transport = strcasestr(uri, ";transport=");
        const char *bracket = memchr(host, ']', (size_t)(end - host));
        const char *port = bracket ? bracket + 1 : host + (host < end);
        size_t n = transport ? 1 + strcspn(transport + 1, ";?") : 0;
        port += strcspn(port, ":;?");
        (void)snprintf(ret->host, sizeof ret->host, "%.*s", (int)(port - host), host);
        (void)snprintf(ret->port, sizeof ret->port, "%.*s", (int)(end - port), port);
        (void)snprintf(ret->transport, sizeof ret->transport, "%.*s", (int)n, transport ? transport : "");
        (void)snprintf(ret->rest, sizeof ret->rest, "%.*s%s", (int)((transport ? transport : end) - end), end,
                       transport ? transport + n : end);
        ret->secure = strncasecmp(uri, "sips:", 5) == 0;
}

static unsigned changes_of_uri(struct carrier *c, const char *uri, const char *wanted) {
        struct uri_parts is, was;
        take_apart(uri, &is);
        take_apart(wanted, &was);
        if (strcmp(is.host, was.host) != 0 || strcmp(is.rest, was.rest) != 0)
                lab_violation(c->lab, c->spec->name, "digest-uri %s in a request to %s", uri, wanted);
        unsigned n = strcmp(is.port, was.port) != 0;
        n += strcmp(is.transport, was.transport) != 0;
        return n + (is.secure != was.secure);
}

static unsigned changes_of_algorithm(struct carrier *c, const struct credential *a) {
        const struct trunk_spec *spec = c->spec;
        if (a->has_algorithm && !spec->algorithm && strcasecmp(a->algorithm, "MD5") == 0)
                return 1;
        if (a->has_algorithm != (spec->algorithm != NULL))
                lab_violation(c->lab, spec->name, "algorithm is not echoed as it was given");
        if (!spec->want_algorithm || strcasecmp(a->algorithm, spec->want_algorithm) == 0)
                return 0;
        if (c->answers <= 1 || !a->has_algorithm || !strcasestr(spec->algorithm, a->algorithm))
                lab_violation(c->lab, spec->name, "answered with %s, where %s was the one to choose", a->algorithm, spec->want_algorithm);
        return 1;
}

/* The user without its domain or with it; or in Latin-1, which is no UTF-8. */
static unsigned changes_of_username(struct carrier *c, const struct credential *a) {
        size_t n = strcspn(c->user, "@");
        if (c->spec->userhash || strcmp(a->username, c->user) == 0)
                return 0;
        bool shorter = c->user[n] == '@' && strlen(a->username) == n && strncmp(a->username, c->user, n) == 0;
        bool longer = c->user[n] != '@' && strncmp(a->username, c->user, n) == 0 && a->username[n] == '@' &&
                      strcmp(a->username + n + 1, carrier_told_domain(c)) == 0;
        bool latin1 = c->spec->latin1 && strcmp(a->username, c->account) == 0;
        if (!shorter && !longer && !latin1)
                lab_violation(c->lab, c->spec->name, "an answer for %s", a->username);
        return 1;
}

/* Nothing may differ from what the challenge and the configuration say but one input, and that only after a refusal, or once it was taken.
 */
static void watch_inputs(struct carrier *c, const struct lab_request *r, const struct credential *a) {
        const char *qop = c->spec->qop ? c->spec->qop : "auth";
        bool other_qop = a->has_qop && strcmp(a->qop, "auth") == 0 && (strcmp(qop, "none") == 0 || strcmp(qop, "auth-int") == 0);
        unsigned n = changes_of_uri(c, a->uri, r->uri) + changes_of_algorithm(c, a) + changes_of_username(c, a) + other_qop;
        if (n > 1)
                lab_violation(c->lab, c->spec->name, "an answer with %u changed inputs", n);
        c->changed = n > 0;
        if (n > 0 && c->answers <= 1 && !c->changed_taken)
                lab_violation(c->lab, c->spec->name, "a first answer with a changed input");
}

void watch_answer(struct carrier *c, const struct lab_request *r, const struct credential *a, const struct given *g,
                  const struct source *source) {
        struct lab *lab = c->lab;
        const char *who = c->spec->name, *told = carrier_told_realm(c);
        if (told && strcmp(told, a->realm) != 0)
                lab_violation(lab, who, "credentials sent to a realm that is not the configured one");
        watch_parameters(c, a);
        watch_inputs(c, r, a);
        if (!g) {
                watch_unknown_nonce(c, a->nonce);
                return;
        }
        /* A proxy's challenge stays answered while the registrar asks: the same nonce, and a count that grows (RFC 7616 section 3.4). */
        char nc[9];
        (void)snprintf(nc, sizeof nc, "%08x", g->answers + 1);
        bool again = g->answers > 0 && c->spec->challenge == CHALLENGE_BOTH && g->door == DOOR_PROXY;
        if (g->answers > 0 && !again)
                lab_violation(lab, who, "a nonce answered twice");
        else if (a->has_nc && strcmp(a->nc, nc) != 0)
                lab_violation(lab, who, "nc is %s in use %u of its nonce", a->nc, g->answers + 1);
        if (strcmp(g->call_id, r->call_id) != 0 || strcmp(g->from_tag, r->from_tag) != 0)
                lab_violation(lab, who, "the answer has another Call-ID or From tag than its challenge");
        if (g->connection != source->connection)
                lab_violation(lab, who, "the answer comes on another connection than its challenge went by");
        else if (g->source_port != port_of(&source->address))
                lab_violation(lab, who, "the answer comes from another port than the request it belongs to");
        if (r->cseq != g->cseq + g->answers + 1)
                lab_violation(lab, who, "CSeq %u answers a challenge to %u", r->cseq, g->cseq);
}
