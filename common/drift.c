/* drift.c: what is said of a trunk, and when two ways to write it mean the same. */
#include "drift.h"

#include "host_port.h"

#define IN_SERVICE "in service" /* what an entry of the configuration says of the trunk's state */
#define SEPARATORS ", "

static const char *const words[DRIFT_FIELD_COUNT] = {
        [DRIFT_REALM] = "realm", [DRIFT_USERNAME] = "username",   [DRIFT_SERVERS] = "servers", [DRIFT_TRANSPORT] = "transport",
        [DRIFT_STATE] = "state", [DRIFT_ALGORITHM] = "algorithm", [DRIFT_QOP] = "qop",
};

const char *drift_field_word(enum drift_field field) {
        return words[field];
}

/* -- reading ---------------------------------------------------------------------------------------------------------------- */

static int say(struct drift *d, enum drift_source source, const char *text) {
        if (!text || !*text)
                return 0;
        d->says[source] = strdup(text);
        return d->says[source] ? 0 : -ENOMEM;
}

static bool is_answerable(const struct exchange *x) {
        return x->end == EXCHANGE_RESPONDED && x->has_challenge && x->challenge.is_digest && !x->challenge.malformed;
}

/* A carrier with several nodes or doors (a proxy before the registrar) says what fits the trunk best. NULL = it challenged nothing. */
static const struct challenge *challenge_of(const struct evidence *e, const char *realm) {
        const struct challenge *first = NULL;
        for (size_t i = 0; e && i < e->n_exchanges; i++) {
                const struct challenge *c = &e->exchanges[i].challenge;
                if (!is_answerable(&e->exchanges[i]))
                        continue;
                if (realm && challenge_realm_is(c, realm))
                        return c;
                first = first ? first : c;
        }
        return first;
}

/* It let a request without an answer pass: there is nothing that it says. */
static bool is_silent(const struct evidence *e) {
        for (size_t i = 0; e && i < e->n_exchanges; i++) {
                const struct exchange *x = &e->exchanges[i];
                if (x->end == EXCHANGE_RESPONDED && !x->credentialed && x->status >= 200 && x->status < 300)
                        return true;
        }
        return false;
}

/* Without the quoted-pairs that it came with (RFC 3261 section 25.1). */
static int say_realm(struct drift *d, struct span raw) {
        char *p = malloc(raw.n + 1);
        if (!p)
                return -ENOMEM;
        d->says[DRIFT_CARRIER] = p;
        for (size_t i = 0; i < raw.n; i++) {
                if (raw.p[i] == '\\' && i + 1 < raw.n)
                        i++;
                *p++ = raw.p[i];
        }
        *p = '\0';
        return 0;
}

static int say_span(struct drift *d, struct span text) {
        d->says[DRIFT_CARRIER] = text.n > 0 ? strndup(text.p, text.n) : NULL;
        return text.n > 0 && !d->says[DRIFT_CARRIER] ? -ENOMEM : 0;
}

/* All that are offered; the text of the challenge where none of them is known. */
static int say_algorithms(struct drift *d, const struct evidence *e, const struct challenge *c) {
        char text[120] = "";
        size_t at = 0;
        unsigned offered = 0;
        for (size_t i = 0; i < e->n_exchanges; i++)
                offered |= e->exchanges[i].algorithms;
        for (enum digest_algorithm a = DIGEST_MD5; a <= DIGEST_SHA_512_256_SESS; a++)
                if (offered & 1U << a) {
                        const struct span parts[] = {span_of(at > 0 ? SEPARATORS : ""), span_of(digest_algorithm_name(a))};
                        (void)span_append(text, sizeof text, &at, parts, ELEMENTS(parts)); /* it holds all six */
                }
        return at > 0 ? say(d, DRIFT_CARRIER, text) : say_span(d, c->algorithm_text);
}

static int read_carrier(struct drift ret[static DRIFT_FIELD_COUNT], const struct trunk *t, const struct evidence *e) {
        static const enum drift_field asked[] = {DRIFT_REALM, DRIFT_ALGORITHM, DRIFT_QOP};
        const struct challenge *c = challenge_of(e, t->realm);
        if (!c) {
                for (size_t i = 0; i < ELEMENTS(asked); i++)
                        ret[asked[i]].unheard[DRIFT_CARRIER] = !is_silent(e);
                return 0;
        }
        int r = say_realm(&ret[DRIFT_REALM], c->realm);
        if (r == 0)
                r = say_algorithms(&ret[DRIFT_ALGORITHM], e, c);
        if (r == 0)
                r = say_span(&ret[DRIFT_QOP], c->has_qop ? c->qop_text : SPAN("none"));
        return r;
}

int drift_read(struct drift ret[static DRIFT_FIELD_COUNT], const struct trunk *t, const struct evidence *e) {
        static const enum trunk_text texts[DRIFT_FIELD_COUNT] = {
                [DRIFT_REALM] = TRUNK_TEXT_realm,     [DRIFT_USERNAME] = TRUNK_TEXT_username,
                [DRIFT_SERVERS] = TRUNK_TEXT_proxies, [DRIFT_TRANSPORT] = TRUNK_TEXT_transport,
                [DRIFT_STATE] = TRUNK_TEXT_state,     [DRIFT_ALGORITHM] = TRUNK_TEXT_algorithm,
                [DRIFT_QOP] = TRUNK_TEXT_qop,
        };
        struct drift d[DRIFT_FIELD_COUNT] = {0};
        int r = 0;
        for (size_t i = 0; r == 0 && i < DRIFT_FIELD_COUNT; i++) {
                const char *config = i == DRIFT_STATE ? t->is_configured ? IN_SERVICE : NULL : trunk_config_text(t, texts[i]);
                if (i == DRIFT_ALGORITHM && text_ieq(config, "strongest"))
                        config = NULL; /* a rule for choosing, and no algorithm */
                d[i].unheard[DRIFT_PLATFORM] = t->detail_denied;
                r = say(&d[i], DRIFT_PLATFORM, trunk_platform_text(t, texts[i]));
                if (r == 0)
                        r = say(&d[i], DRIFT_CONFIG, config);
        }
        if (r == 0)
                r = read_carrier(d, t, e);
        if (r < 0)
                drift_clear(d);
        else
                memcpy(ret, d, sizeof d);
        return r;
}

int drift_recall(struct drift *d, const struct drift *known) {
        for (enum drift_source s = DRIFT_PLATFORM; s < DRIFT_SOURCE_COUNT; s++)
                if (d->unheard[s] && !d->says[s] && say(d, s, known->says[s]) < 0)
                        return -ENOMEM;
        return 0;
}

void drift_clear(struct drift d[static DRIFT_FIELD_COUNT]) {
        for (size_t i = 0; i < DRIFT_FIELD_COUNT; i++) {
                for (size_t s = 0; s < DRIFT_SOURCE_COUNT; s++)
                        free(d[i].says[s]);
                d[i] = (struct drift){0};
        }
}

/* -- comparing -------------------------------------------------------------------------------------------------------------- */

/* The next word of a list; {.n = 0} at its end. */
static struct span take_word(const char **list) {
        const char *start = *list + strspn(*list, SEPARATORS);
        *list = start + strcspn(start, SEPARATORS);
        return (struct span){start, (size_t)(*list - start)};
}

static bool has_word(const char *list, struct span word) {
        struct span w;
        while ((w = take_word(&list)).n > 0)
                if (span_ieq(w, word))
                        return true;
        return false;
}

static bool share_a_word(const char *a, const char *b) {
        struct span w;
        while ((w = take_word(&a)).n > 0)
                if (has_word(b, w))
                        return true;
        return false;
}

/* A list of servers, as it is compared. */
struct servers {
        struct host_port items[DRIFT_SERVERS_MAX];
        size_t n;
};

/* False when there are too many of them. What cannot be read is a host with a strange name. */
static bool read_servers(struct servers *ret, const char *list, uint16_t default_port) {
        struct span w;
        ret->n = 0;
        while ((w = take_word(&list)).n > 0) {
                if (ret->n == DRIFT_SERVERS_MAX)
                        return false;
                struct host_port *hp = &ret->items[ret->n++];
                if (host_port_parse(hp, w))
                        *hp = (struct host_port){.host = w};
                if (hp->port == 0)
                        hp->port = default_port;
                if (hp->host.n > 1 && hp->host.p[hp->host.n - 1] == '.') /* the root's (RFC 1034 section 3.1) */
                        hp->host.n--;
        }
        return true;
}

static bool has_all(const struct servers *of, const struct servers *in) {
        for (size_t i = 0; i < of->n; i++) {
                bool found = false;
                for (size_t k = 0; k < in->n && !found; k++)
                        found = of->items[i].port == in->items[k].port && span_ieq(of->items[i].host, in->items[k].host);
                if (!found)
                        return false;
        }
        return true;
}

static uint16_t default_port(const char *transport) {
        return target_default_port(text_ieq(transport, "tls") ? TARGET_TLS : TARGET_UDP);
}

static bool same_servers(const struct drift *transport, const char *platform, const char *config) {
        const char *said = transport->says[DRIFT_PLATFORM], *configured = transport->says[DRIFT_CONFIG];
        struct servers a, b;
        if (!read_servers(&a, platform, default_port(said ? said : configured)) ||
            !read_servers(&b, config, default_port(configured ? configured : said)))
                return strcmp(platform, config) == 0;
        return has_all(&a, &b) && has_all(&b, &a);
}

static bool same(const struct drift d[static DRIFT_FIELD_COUNT], enum drift_field field, const char *a, const char *b) {
        switch (field) {
        case DRIFT_SERVERS:
                return same_servers(&d[DRIFT_TRANSPORT], a, b);
        case DRIFT_TRANSPORT:
                return text_ieq(a, b);
        case DRIFT_STATE:
                return trunk_state_inactive(a) == trunk_state_inactive(b);
        case DRIFT_ALGORITHM:
        case DRIFT_QOP:
                return share_a_word(a, b);
        case DRIFT_REALM:
        case DRIFT_USERNAME:
        case DRIFT_FIELD_COUNT:
                break;
        }
        return strcmp(a, b) == 0;
}

bool drift_differs(const struct drift d[static DRIFT_FIELD_COUNT], enum drift_field field) {
        char *const *says = d[field].says;
        for (size_t i = 0; i < DRIFT_SOURCE_COUNT; i++)
                for (size_t k = i + 1; k < DRIFT_SOURCE_COUNT; k++)
                        if (says[i] && says[k] && !same(d, field, says[i], says[k]))
                                return true;
        return false;
}
