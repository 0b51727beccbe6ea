/* challenge.c: the grammar of a challenge: scheme, then auth-params separated by commas (RFC 3261 section 25.1). Unlike in HTTP a header
 * field holds one challenge, so a comma never starts another. Reads all of it or names what is wrong. */
#include "challenge.h"

#define PARAMETERS_MAX 32

static bool is_space(char c) {
        return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* token of RFC 3261 section 25.1 */
static bool is_token(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c != '\0' && strchr("-.!%*_+`'~", c));
}

static void skip_space(struct span *s) {
        while (s->n > 0 && is_space(*s->p)) {
                s->p++;
                s->n--;
        }
}

static struct span take_token(struct span *s) {
        struct span t = {s->p, 0};
        while (s->n > 0 && is_token(*s->p)) {
                s->p++;
                s->n--;
                t.n++;
        }
        return t;
}

/* An unquoted value: wider than a token, since real nonces hold '/', '=' and ':'; parsers that stop there fail now and then. */
static struct span take_loose(struct span *s) {
        struct span t = {s->p, 0};
        while (s->n > 0 && *s->p != ',' && !is_space(*s->p)) {
                s->p++;
                s->n--;
                t.n++;
        }
        return t;
}

/* The inside of a quoted-string, raw. False when it does not end. */
static bool take_quoted(struct span *s, struct span *ret) {
        const char *p = s->p + 1, *end = s->p + s->n;
        while (p < end && *p != '"')
                p += *p == '\\' && p + 1 < end ? 2 : 1;
        if (p >= end)
                return false;
        *ret = (struct span){s->p + 1, (size_t)(p - s->p - 1)};
        s->n -= (size_t)(p + 1 - s->p);
        s->p = p + 1;
        return true;
}

/* qop-value list: words separated by commas and spaces; unknown words are no error (RFC 7616 section 3.3). */
static void read_qop(struct challenge *c, struct span list) {
        while (list.n > 0) {
                struct span word = take_token(&list);
                if (word.n == 0) {
                        list.p++;
                        list.n--;
                }
                if (span_ieq(word, SPAN("auth")))
                        c->qop_auth = true;
                else if (span_ieq(word, SPAN("auth-int")))
                        c->qop_auth_int = true;
        }
}

static void read_parameter(struct challenge *c, struct span name, struct span value) {
        if (span_ieq(name, SPAN("realm"))) {
                if (c->has_realm)
                        c->malformed = "the realm is there twice";
                c->has_realm = true;
                c->realm = value;
        } else if (span_ieq(name, SPAN("nonce"))) {
                if (c->has_nonce)
                        c->malformed = "the nonce is there twice";
                c->has_nonce = true;
                c->nonce = value;
        } else if (span_ieq(name, SPAN("opaque"))) {
                c->has_opaque = true;
                c->opaque = value;
        } else if (span_ieq(name, SPAN("domain"))) {
                c->domain = value;
        } else if (span_ieq(name, SPAN("stale"))) {
                c->stale = span_ieq(value, SPAN("true"));
        } else if (span_ieq(name, SPAN("userhash"))) {
                c->userhash = span_ieq(value, SPAN("true"));
        } else if (span_ieq(name, SPAN("charset"))) {
                c->utf8 = span_ieq(value, SPAN("UTF-8"));
        } else if (span_ieq(name, SPAN("algorithm"))) {
                c->algorithm_text = value;
                c->algorithm_known = digest_algorithm_from(value, &c->algorithm);
        } else if (span_ieq(name, SPAN("qop"))) {
                c->has_qop = true;
                c->qop_text = value;
                read_qop(c, value);
        }
}

/* One "name = value". Returns false with the reason in c->malformed. */
static bool take_parameter(struct challenge *c, struct span *rest) {
        struct span name = take_token(rest), value;
        if (name.n == 0) {
                c->malformed = "a parameter has no name";
                return false;
        }
        skip_space(rest);
        if (rest->n == 0 || *rest->p != '=') {
                c->malformed = "a parameter has no '='";
                return false;
        }
        rest->p++;
        rest->n--;
        skip_space(rest);
        if (rest->n > 0 && *rest->p == '"') {
                if (!take_quoted(rest, &value)) {
                        c->malformed = "a quoted value does not end";
                        return false;
                }
        } else {
                value = take_loose(rest);
        }
        read_parameter(c, name, value);
        return c->malformed == NULL;
}

void challenge_parse(struct challenge *ret, bool proxy, struct span value) {
        struct challenge *c = ret;
        *c = (struct challenge){.proxy = proxy, .text = value, .algorithm = DIGEST_MD5, .algorithm_known = true};

        struct span rest = value;
        skip_space(&rest);
        c->scheme = take_token(&rest);
        c->is_digest = span_ieq(c->scheme, SPAN("Digest"));
        c->is_basic = span_ieq(c->scheme, SPAN("Basic"));
        if (c->scheme.n == 0 || (rest.n > 0 && !is_space(*rest.p))) {
                c->malformed = "there is no scheme";
                return;
        }
        if (!c->is_digest)
                return;

        for (size_t i = 0; i < PARAMETERS_MAX; i++) {
                skip_space(&rest);
                /* Empty list elements are allowed to a tolerant reader: ", ," and a comma at the end occur. */
                while (rest.n > 0 && (*rest.p == ',' || is_space(*rest.p))) {
                        rest.p++;
                        rest.n--;
                }
                if (rest.n == 0)
                        break;
                if (!take_parameter(c, &rest))
                        return;
                skip_space(&rest);
                if (rest.n > 0 && *rest.p != ',') {
                        c->malformed = "a comma is missing between parameters";
                        return;
                }
        }
        if (rest.n > 0)
                c->malformed = "there are too many parameters";
        else if (!c->has_realm)
                c->malformed = "there is no realm";
        else if (!c->has_nonce)
                c->malformed = "there is no nonce";
}

bool challenge_realm_is(const struct challenge *c, const char *realm) {
        const char *p = c->realm.p, *end = p + c->realm.n;
        for (; p < end && *realm; p++, realm++) {
                if (*p == '\\' && p + 1 < end)
                        p++;
                if (*p != *realm)
                        return false;
        }
        return p == end && *realm == '\0';
}
