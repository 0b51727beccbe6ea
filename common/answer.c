/* answer.c: from a challenge and a trunk's credentials to a header value. */
#include "answer.h"

#include <endian.h>
#include <openssl/crypto.h>

static void wipe(char **text, size_t n) {
        if (*text)
                OPENSSL_cleanse(*text, n);
        free(*text);
        *text = NULL;
}

static void forget_forms(struct answer *a) {
        wipe(&a->username, a->username ? strlen(a->username) : 0);
        wipe(&a->password, a->input.password.n);
}

void answer_clear(struct answer *a) {
        forget_forms(a);
        *a = (struct answer){0};
}

/* How often that nonce was answered, this time included: RFC 7616 section 3.4, nc. */
static unsigned count_use(struct answer *a, struct span nonce) {
        for (size_t i = 0; i < a->n_uses; i++)
                if (span_eq(a->uses[i].nonce, nonce))
                        return ++a->uses[i].n;
        if (a->n_uses < ELEMENTS(a->uses))
                a->uses[a->n_uses++] = (struct nonce_use){nonce, 1};
        return 1;
}

static struct span secret_span(const struct secret *s) {
        return s ? secret_bytes(s) : (struct span){NULL, 0};
}

/* Username and password as they are configured, or as the hypothesis has them. */
static int take_credentials(struct answer *a, const struct trunk *t, enum hypothesis h) {
        size_t n = 0;
        forget_forms(a);
        a->input.username = span_of(t->username);
        a->input.password = secret_span(t->password);
        a->input.ha1 = secret_span(t->ha1);
        if (h != HYPOTHESIS_USERNAME && h != HYPOTHESIS_ENCODING)
                return 0;
        int r = h == HYPOTHESIS_USERNAME ? hypothesis_username(t, &a->username) : hypothesis_latin1(a->input.username, &a->username, &n);
        if (r < 0)
                return r;
        a->input.username = span_of(a->username);
        if (h == HYPOTHESIS_ENCODING) {
                r = hypothesis_latin1(a->input.password, &a->password, &n);
                if (r == 0)
                        a->input.password = (struct span){a->password, n};
        }
        return r;
}

int answer_write(struct answer *a, const struct answer_request *r, char *buffer, size_t size) {
        char response[DIGEST_HEX_MAX + 1];
        struct challenge c = *r->challenge;
        int error = hypothesis_uri(r->hypothesis, r->uris, r->transport, a->digest_uri);
        if (error == 0)
                error = take_credentials(a, r->trunk, r->hypothesis);
        if (error < 0)
                return error;
        if (r->hypothesis == HYPOTHESIS_ALGORITHM_NAMED)
                c.algorithm_text = SPAN("MD5");
        uint32_t n = htobe32(count_use(a, c.nonce));
        hex_write(a->nc, (const unsigned char *)&n, sizeof n);
        memcpy(a->cnonce, r->cnonce, sizeof a->cnonce);
        a->input.algorithm = c.algorithm;
        a->input.qop = r->qop;
        a->input.realm = c.realm;
        a->input.method = span_of(r->method);
        a->input.uri = span_of(a->digest_uri);
        a->input.nonce = c.nonce;
        a->input.nc = span_of(a->nc);
        a->input.cnonce = span_of(a->cnonce);
        a->input.body = SPAN("");
        error = digest_response(&a->input, response);
        return error < 0 ? error : challenge_answer_write(&c, &a->input, response, buffer, size);
}
