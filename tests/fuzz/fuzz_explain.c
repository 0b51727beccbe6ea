/* fuzz_explain.c: pasted messages and header lines of anybody, each answer in them explained with a password, an HA1 and without either.
 * Whatever comes, the result is one of the four ends, the details are text without the secret, and a right answer put in its place is found
 * right. */
#include "common/explain.h"
#include "common/transcript.h"
#include "common/utf8.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

#define PASSWORD "correct horse 27"
#define ANSWER_MAX 4096

static void require(bool b) {
        if (!b)
                abort();
}

/* told: the input itself has the password's letters. */
static void check_findings(const struct explanation *e, bool told) {
        require(e->n_findings > 0 && e->n_findings <= EXPLAIN_FINDINGS_MAX);
        for (size_t i = 0; i < e->n_findings; i++) {
                const struct verdict *v = &e->findings[i];
                require(cause_info(v->cause)->kind == CAUSE_KIND_ANSWER && utf8_valid(v->detail));
                require(told || !strstr(v->detail, PASSWORD));
                for (size_t k = 0; k < i; k++)
                        require(e->findings[k].cause != v->cause);
        }
        enum outcome first = verdict_outcome(&e->findings[0]);
        require((e->end == EXPLAIN_RIGHT) == (first == OUTCOME_PASS) && (e->end == EXPLAIN_MISTAKE) == (first == OUTCOME_FAIL));
}

/* How it ended; EXPLAIN_UNCHECKED also when the texts are too long. */
static enum explain_end ask(const struct explain_question *q, bool told) {
        _cleanup_(explanation_freep) struct explanation *e = NULL;
        int r = explain(&e, q);
        require(r == 0 || r == -E2BIG);
        if (r < 0)
                return EXPLAIN_UNCHECKED;
        check_findings(e, told);
        require(!e->reproduced || e->has_steps || q->ha1.p);
        return e->end;
}

/* The answer that we make to the same challenge is right. */
static void check_right(struct explain_question q, bool told) {
        struct challenge c;
        challenge_parse(&c, q.challenge_proxy, q.challenge);
        if (!c.is_digest || c.malformed || !c.algorithm_known)
                return;
        const struct digest_input in = {
                .algorithm = c.algorithm,
                .qop = c.qop_auth       ? DIGEST_QOP_AUTH
                       : c.qop_auth_int ? DIGEST_QOP_AUTH_INT
                                        : DIGEST_QOP_NONE,
                .username = SPAN("alice"),
                .realm = c.realm,
                .password = SPAN(PASSWORD),
                .method = SPAN("REGISTER"),
                .uri = SPAN("sip:carrier.example"),
                .nonce = c.nonce,
                .nc = SPAN("00000001"),
                .cnonce = SPAN("0a4f113b"),
                .body = SPAN(""),
        };
        char response[DIGEST_HEX_MAX + 1], text[ANSWER_MAX];
        if (digest_response(&in, response) != 0) /* -sess without qop has no cnonce */
                return;
        require(challenge_answer_write(&c, &in, response, text, sizeof text) == 0);
        q.authorization = span_of(text);
        q.username = in.username;
        q.password = in.password;
        q.ha1 = (struct span){NULL, 0};
        q.method = in.method;
        q.request_uri = in.uri;
        q.body = in.body;
        require(q.challenge.n > EXPLAIN_VALUE_MAX || ask(&q, told) == EXPLAIN_RIGHT);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size) {
        bool told = memmem(data, size, PASSWORD, strlen(PASSWORD)) != NULL;
        char *bytes = malloc(size + 1);
        require(bytes != NULL);
        if (size > 0)
                memcpy(bytes, data, size);
        _cleanup_(transcript_freep) struct transcript *t = NULL;
        int r = transcript_read(&t, bytes, size);
        require(r == 0 || (r == -E2BIG && size > TRANSCRIPT_BYTES_MAX));
        for (size_t i = 0; r == 0 && i < t->n && i < 4; i++) {
                const struct transcript_header *h = &t->headers[i], *challenge = h->is_answer ? transcript_challenge(t, h) : h;
                require(h->value.p >= bytes && h->value.p + h->value.n <= bytes + size);
                struct explain_question q = {
                        .challenge = challenge ? challenge->value : (struct span){NULL, 0},
                        .authorization = h->value,
                        .has_headers = challenge && challenge->has_name,
                        .challenge_proxy = challenge && challenge->proxy,
                        .authorization_proxy = h->proxy,
                        .method = h->method,
                        .request_uri = h->request_uri,
                        .body = h->body,
                        .realm = SPAN("carrier.example"),
                };
                require(ask(&q, told) != EXPLAIN_RIGHT);
                q.password = SPAN(PASSWORD);
                (void)ask(&q, told);
                q.password = (struct span){NULL, 0};
                q.ha1 = SPAN("939e7578ed9e3c518a452acee763bce9");
                (void)ask(&q, told);
                if (!h->is_answer)
                        check_right(q, told);
        }
        free(bytes);
        return 0;
}
