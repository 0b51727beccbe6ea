/* challenge.c: the grammar of a challenge: scheme, then auth-params separated by commas (RFC 3261 section 25.1). Unlike in HTTP a header
 * field holds one challenge, so a comma never starts another. Reads all of it or names what is wrong. */
#include "challenge.h"

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

/* What is wrong with a value's bytes: a control character could not be sent back, and in an unquoted value neither could
 * what ends or escapes in a quoted one. NULL = nothing. */
static const char *judge_value(struct span s, bool quoted) {
        for (size_t i = 0; i < s.n; i++) {
                bool tab = quoted && s.p[i] == '\t'; /* linear white space, RFC 3261 section 25.1 */
                if (((unsigned char)s.p[i] < ' ' && !tab) || s.p[i] == 127)
                        return "a value holds a control character";
                if (!quoted && (s.p[i] == '"' || s.p[i] == '\\'))
                        return "an unquoted value holds a quote or a backslash";
        }
        return NULL;
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

const char *auth_param_take(struct span *rest, struct auth_param *ret) {
        *ret = (struct auth_param){0};
        /* Empty list elements are allowed to a tolerant reader: ", ," and a comma at the end occur. */
        while (rest->n > 0 && (*rest->p == ',' || is_space(*rest->p))) {
                rest->p++;
                rest->n--;
        }
        if (rest->n == 0)
                return NULL;
        ret->name = take_token(rest);
        if (ret->name.n == 0)
                return "a parameter has no name";
        skip_space(rest);
        if (rest->n == 0 || *rest->p != '=')
                return "a parameter has no '='";
        rest->p++;
        rest->n--;
        skip_space(rest);
        ret->quoted = rest->n > 0 && *rest->p == '"';
        if (!ret->quoted)
                ret->value = take_loose(rest);
        else if (!take_quoted(rest, &ret->value))
                return "a quoted value does not end";
        const char *wrong = judge_value(ret->value, ret->quoted);
        if (wrong)
                return wrong;
        skip_space(rest);
        return rest->n > 0 && *rest->p != ',' ? "a comma is missing between parameters" : NULL;
}

bool auth_scheme_take(struct span *rest, struct span *ret) {
        skip_space(rest);
        *ret = take_token(rest);
        return ret->n > 0 && (rest->n == 0 || is_space(*rest->p));
}

void challenge_parse(struct challenge *ret, bool proxy, struct span value) {
        struct challenge *c = ret;
        *c = (struct challenge){.proxy = proxy, .text = value, .algorithm = DIGEST_MD5, .algorithm_known = true};

        struct span rest = value;
        bool has_scheme = auth_scheme_take(&rest, &c->scheme);
        c->is_digest = span_ieq(c->scheme, SPAN("Digest"));
        c->is_basic = span_ieq(c->scheme, SPAN("Basic"));
        if (!has_scheme) {
                c->malformed = "there is no scheme";
                return;
        }
        if (!c->is_digest)
                return;

        for (size_t i = 0; i < AUTH_PARAMS_MAX && rest.n > 0; i++) {
                struct auth_param parameter;
                const char *wrong = auth_param_take(&rest, &parameter);
                if (!wrong && parameter.name.n > 0)
                        read_parameter(c, parameter.name, parameter.value);
                if (wrong)
                        c->malformed = wrong;
                if (c->malformed)
                        return;
        }
        if (rest.n > 0)
                c->malformed = "there are too many parameters";
        else if (!c->has_realm)
                c->malformed = "there is no realm";
        else if (!c->has_nonce)
                c->malformed = "there is no nonce";
        else if (c->realm.n + c->nonce.n + c->opaque.n > CHALLENGE_ECHO_MAX)
                c->malformed = "its values are too long to be echoed";
}

bool challenge_realm_is(const struct challenge *c, const char *realm) {
        if (!c->has_realm)
                return false;
        const char *p = c->realm.p, *end = p + c->realm.n;
        for (; p < end && *realm; p++, realm++) {
                if (*p == '\\' && p + 1 < end)
                        p++;
                if (*p != *realm)
                        return false;
        }
        return p == end && *realm == '\0';
}

static bool is_allowed(const struct challenge *c, const struct challenge_policy *policy) {
        return c->is_digest && !c->malformed && c->algorithm_known && (!policy->has_wanted || c->algorithm == policy->wanted) &&
               (policy->hex_digits == 0 || digest_hex_length(c->algorithm) == policy->hex_digits);
}

const struct challenge *challenge_choose(const struct challenge *c, size_t n, const struct challenge_policy *policy) {
        const struct challenge *best = NULL, *digest = NULL;
        for (size_t i = n; i-- > 0;) {
                if (c[i].is_digest)
                        digest = &c[i];
                bool weaker = best && policy->strongest && digest_strength(c[i].algorithm) < digest_strength(best->algorithm);
                if (is_allowed(&c[i], policy) && !weaker)
                        best = &c[i];
        }
        return best ? best : digest ? digest : n > 0 ? &c[0] : NULL;
}

const struct challenge *challenge_other(const struct challenge *c, size_t n, const struct challenge *chosen,
                                        const struct challenge_policy *policy) {
        for (size_t i = 0; i < n; i++)
                if (is_allowed(&c[i], policy) && c[i].algorithm != chosen->algorithm)
                        return &c[i];
        return NULL;
}

/* A header value under way. */
struct value {
        char *buffer;
        size_t size, at;
        bool full;
};

static void put(struct value *v, const struct span *spans, size_t n) {
        v->full = v->full || !span_append(v->buffer, v->size, &v->at, spans, n);
}

#define PUT(v, ...) put(v, (const struct span[]){__VA_ARGS__}, ELEMENTS(((const struct span[]){__VA_ARGS__})))

/* The inside of a quoted-string from plain octets: quotes and backslashes become quoted-pairs. */
static void put_quoted(struct value *v, struct span s) {
        while (s.n > 0) {
                size_t plain = 0;
                while (plain < s.n && s.p[plain] != '"' && s.p[plain] != '\\')
                        plain++;
                PUT(v, {s.p, plain});
                s = (struct span){s.p + plain, s.n - plain};
                if (s.n > 0) {
                        PUT(v, SPAN("\\"), {s.p, 1});
                        s = (struct span){s.p + 1, s.n - 1};
                }
        }
}

int challenge_answer_write(const struct challenge *c, const struct digest_input *in, const char *response, char *buffer, size_t size) {
        char hashed[DIGEST_HEX_MAX + 1];
        struct span username = in->username;
        if (c->userhash) {
                int r = digest_userhash(in, hashed);
                if (r < 0)
                        return r;
                username = span_of(hashed);
        }
        struct value v = {.buffer = buffer, .size = size};
        PUT(&v, SPAN("Digest username=\""));
        put_quoted(&v, username);
        PUT(&v, SPAN("\", realm=\""), c->realm, SPAN("\", nonce=\""), c->nonce, SPAN("\", uri=\""), in->uri, SPAN("\", response=\""),
            span_of(response), SPAN("\""));
        if (c->algorithm_text.p)
                PUT(&v, SPAN(", algorithm="), c->algorithm_text);
        if (c->has_opaque)
                PUT(&v, SPAN(", opaque=\""), c->opaque, SPAN("\""));
        /* RFC 3261 section 22.4: cnonce and nc only with qop. */
        if (in->qop != DIGEST_QOP_NONE)
                PUT(&v, SPAN(", qop="), span_of(digest_qop_name(in->qop)), SPAN(", nc="), in->nc, SPAN(", cnonce=\""), in->cnonce,
                    SPAN("\""));
        if (c->userhash)
                PUT(&v, SPAN(", userhash=true"));
        return v.full ? -ENOBUFS : 0;
}

int challenge_user_write(const char *username, const char *realm, const char *uri, char *buffer, size_t size) {
        struct value v = {.buffer = buffer, .size = size};
        PUT(&v, SPAN("Digest username=\""));
        put_quoted(&v, span_of(username));
        PUT(&v, SPAN("\", realm=\""));
        put_quoted(&v, span_of(realm));
        PUT(&v, SPAN("\", nonce=\"\", uri=\""), span_of(uri), SPAN("\", response=\"\""));
        return v.full ? -ENOBUFS : 0;
}

bool authentication_info_get(struct span value, const char *name, struct span *ret) {
        for (size_t i = 0; i < AUTH_PARAMS_MAX && value.n > 0; i++) {
                struct auth_param found;
                if (auth_param_take(&value, &found))
                        return false;
                if (found.name.n > 0 && span_ieq(found.name, span_of(name))) {
                        *ret = found.value;
                        return true;
                }
        }
        return false;
}
