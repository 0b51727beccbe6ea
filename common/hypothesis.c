/* hypothesis.c: the table of inputs that may be changed, in the order of their likelihood.
 *
 * Order: what came true before; what the evidence of this refusal points at; the digest-uri, on which carriers are strict most often; then
 * what remains. */
#include "hypothesis.h"

#include <openssl/crypto.h>
#include <stdio.h>

#include "challenge.h"
#include "utf8.h"

static const struct {
        const char *word;
        enum cause cause;
} names[HYPOTHESIS_COUNT] = {
        [HYPOTHESIS_NONE] = {"none", CAUSE_OK},
        [HYPOTHESIS_FRESH_NONCE] = {"fresh_nonce", CAUSE_STALE_UNSIGNALLED},
        [HYPOTHESIS_URI_PORT] = {"uri_port", CAUSE_URI_MISMATCH},
        [HYPOTHESIS_URI_TRANSPORT] = {"uri_transport", CAUSE_URI_MISMATCH},
        [HYPOTHESIS_URI_SCHEME] = {"uri_scheme", CAUSE_URI_MISMATCH},
        [HYPOTHESIS_QOP] = {"qop", CAUSE_QOP_REQUIRED},
        [HYPOTHESIS_ALGORITHM] = {"algorithm", CAUSE_ALGORITHM_UNVERIFIABLE},
        [HYPOTHESIS_ALGORITHM_NAMED] = {"algorithm_named", CAUSE_ALGORITHM_UNNAMED},
        [HYPOTHESIS_USERNAME] = {"username", CAUSE_USERNAME_MISMATCH},
        [HYPOTHESIS_ENCODING] = {"encoding", CAUSE_ENCODING_MISMATCH},
        [HYPOTHESIS_USER_NAMED] = {"user_named", CAUSE_USER_MUST_BE_NAMED},
};

const char *hypothesis_word(enum hypothesis h) {
        return names[h].word;
}

enum cause hypothesis_cause(enum hypothesis h) {
        return names[h].cause;
}

void hypotheses_write(hypotheses set, const char *separator, char *buffer, size_t size) {
        size_t at = 0;
        buffer[0] = '\0';
        for (enum hypothesis h = 1; h < HYPOTHESIS_COUNT && at < size; h++) {
                if (!(set & HYPOTHESIS_BIT(h)))
                        continue;
                int n = snprintf(buffer + at, size - at, "%s%s", at > 0 ? separator : "", names[h].word);
                at += n > 0 ? (size_t)n : 0;
        }
}

hypotheses hypotheses_read(const char *words) {
        hypotheses set = 0;
        for (const char *p = words; p && *p;) {
                size_t n = strcspn(p, " ");
                for (enum hypothesis h = 1; h < HYPOTHESIS_COUNT; h++)
                        if (span_eq((struct span){p, n}, span_of(names[h].word)))
                                set |= HYPOTHESIS_BIT(h);
                p += n + strspn(p + n, " ");
        }
        return set;
}

/* -- which are possible, and how likely ------------------------------------------------------------------------------------- */

static bool has_transport_parameter(const char *uri) {
        return uri && strcasestr(uri, ";transport=");
}

static bool is_secure(const char *uri) {
        return uri && strncasecmp(uri, "sips:", 5) == 0;
}

static bool is_ascii(struct span s) {
        for (size_t i = 0; i < s.n; i++)
                if ((unsigned char)s.p[i] >= 0x80)
                        return false;
        return true;
}

static bool is_latin1(struct span s) {
        for (const char *p = s.p, *end = s.p + s.n; p < end;)
                if (utf8_next(&p, end) > 0xFF)
                        return false;
        return true;
}

static bool nonce_is_suspect(const struct refused_answer *r) {
        return r->nonce == SUSPICION_STRONG;
}

static bool nonce_may_be(const struct refused_answer *r) {
        return r->nonce != SUSPICION_NONE;
}

static bool qop_cannot_be_verified(const struct refused_answer *r) {
        return r->challenge->qop_auth_int && !r->challenge->qop_auth;
}

static bool qop_is_not_offered(const struct refused_answer *r) {
        return !r->challenge->has_qop && !text_ieq(r->trunk->qop, "none");
}

/* An HA1 is bound to its username and to the bytes it was made from. */
static bool has_two_encodings(const struct refused_answer *r) {
        if (!r->trunk->password)
                return false;
        struct span user = span_of(r->trunk->username), password = secret_bytes(r->trunk->password);
        return !(is_ascii(user) && is_ascii(password)) && is_latin1(user) && is_latin1(password);
}

static bool has_unsaid_encoding(const struct refused_answer *r) {
        return !r->challenge->utf8 && has_two_encodings(r);
}

static bool has_other_algorithm(const struct refused_answer *r) {
        return r->has_other_algorithm;
}

static bool has_unnamed_algorithm(const struct refused_answer *r) {
        return !r->challenge->algorithm_text.p;
}

static bool has_user_at_domain(const struct refused_answer *r) {
        return r->trunk->password && r->trunk->username && strchr(r->trunk->username, '@');
}

static bool has_other_username(const struct refused_answer *r) {
        char domain[TARGET_HOST_MAX];
        return has_user_at_domain(r) || (r->trunk->password && r->trunk->username && target_domain(r->trunk, domain));
}

static bool is_always(const struct refused_answer *r) {
        (void)r;
        return true;
}

static bool may_name_transport(const struct refused_answer *r) {
        return r->transport != TARGET_UDP || has_transport_parameter(r->trunk->request_uri);
}

static bool may_be_secure(const struct refused_answer *r) {
        return r->transport == TARGET_TLS || is_secure(r->trunk->request_uri);
}

/* One may stand twice: likely when its first condition holds, possible when its second does. */
static const struct {
        enum hypothesis hypothesis;
        bool (*is_possible)(const struct refused_answer *r);
} order[] = {
        {HYPOTHESIS_FRESH_NONCE, nonce_is_suspect}, {HYPOTHESIS_QOP, qop_cannot_be_verified},
        {HYPOTHESIS_ENCODING, has_unsaid_encoding}, {HYPOTHESIS_ALGORITHM, has_other_algorithm},
        {HYPOTHESIS_USERNAME, has_user_at_domain},  {HYPOTHESIS_URI_PORT, is_always},
        {HYPOTHESIS_QOP, qop_is_not_offered},       {HYPOTHESIS_URI_TRANSPORT, may_name_transport},
        {HYPOTHESIS_URI_SCHEME, may_be_secure},     {HYPOTHESIS_FRESH_NONCE, nonce_may_be},
        {HYPOTHESIS_USERNAME, has_other_username},  {HYPOTHESIS_ALGORITHM_NAMED, has_unnamed_algorithm},
        {HYPOTHESIS_ENCODING, has_two_encodings},
};

hypotheses hypotheses_possible(const struct refused_answer *r) {
        hypotheses set = 0;
        for (size_t i = 0; i < ELEMENTS(order); i++)
                if (order[i].is_possible(r))
                        set |= HYPOTHESIS_BIT(order[i].hypothesis);
        return set;
}

enum hypothesis hypothesis_next(const struct refused_answer *r, hypotheses tried) {
        hypotheses left = hypotheses_possible(r) & ~tried;
        if (r->winner != HYPOTHESIS_NONE && (left & HYPOTHESIS_BIT(r->winner)))
                return r->winner;
        for (size_t i = 0; i < ELEMENTS(order); i++)
                if ((left & HYPOTHESIS_BIT(order[i].hypothesis)) && order[i].is_possible(r))
                        return order[i].hypothesis;
        return HYPOTHESIS_NONE;
}

/* -- the inputs ------------------------------------------------------------------------------------------------------------- */

static int toggle_transport(const char *uri, enum target_transport transport, char ret[static TARGET_URI_MAX]) {
        static const char *const words[] = {[TARGET_UDP] = "udp", [TARGET_TCP] = "tcp", [TARGET_TLS] = "tls"};
        const char *at = strcasestr(uri, ";transport=");
        size_t headers = strcspn(uri, "?");
        int n;
        if (at)
                n = snprintf(ret, TARGET_URI_MAX, SPAN_FMT "%s", SPAN_ARG(((struct span){uri, (size_t)(at - uri)})),
                             at + 1 + strcspn(at + 1, ";?"));
        else
                n = snprintf(ret, TARGET_URI_MAX, SPAN_FMT ";transport=%s%s", SPAN_ARG(((struct span){uri, headers})), words[transport],
                             uri + headers);
        return n < 0 || n >= TARGET_URI_MAX ? -ENOBUFS : 0;
}

int hypothesis_uri(enum hypothesis h, const struct target_uris *uris, enum target_transport transport, char ret[static TARGET_URI_MAX]) {
        if (h == HYPOTHESIS_URI_TRANSPORT)
                return toggle_transport(uris->request, transport, ret);
        if (h == HYPOTHESIS_URI_SCHEME) {
                int n = snprintf(ret, TARGET_URI_MAX, "%s%s", is_secure(uris->request) ? "sip" : "sips", strchr(uris->request, ':'));
                return n < 0 || n >= TARGET_URI_MAX ? -ENOBUFS : 0;
        }
        memcpy(ret, h == HYPOTHESIS_URI_PORT ? uris->other_port : uris->request, TARGET_URI_MAX);
        return 0;
}

int hypothesis_username(const struct trunk *t, char **ret) {
        char domain[TARGET_HOST_MAX];
        if (!t->username)
                return -ENOENT;
        const char *at = strchr(t->username, '@');
        char *made = NULL;
        if (at)
                made = strndup(t->username, (size_t)(at - t->username));
        else if (!target_domain(t, domain))
                return -ENOENT;
        else if (asprintf(&made, "%s@%s", t->username, domain) < 0)
                return -ENOMEM;
        if (!made)
                return -ENOMEM;
        *ret = made;
        return 0;
}

int hypothesis_latin1(struct span text, char **ret, size_t *ret_n) {
        char *bytes = malloc(text.n + 1);
        if (!bytes)
                return -ENOMEM;
        size_t n = 0;
        for (const char *p = text.p, *end = text.p + text.n; p < end;) {
                uint32_t code = utf8_next(&p, end);
                if (code > 0xFF) {
                        OPENSSL_cleanse(bytes, n);
                        free(bytes);
                        return -EILSEQ;
                }
                bytes[n++] = (char)(unsigned char)code;
        }
        bytes[n] = '\0';
        *ret = bytes;
        *ret_n = n;
        return 0;
}
