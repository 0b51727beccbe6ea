/* fuzz_challenge.c: challenges of hostile carriers, one on each line. Whatever can be answered is answered in every way, and the answer
 * must be a header value that says the same, however the challenge was written. */
#include "common/challenge.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

#define ANSWER_MAX 2048

static void require(bool b) {
        if (!b)
                abort();
}

/* The value of a parameter of our answer, raw. */
static struct span answered(const char *answer, const char *name) {
        struct span value = {NULL, 0};
        require(authentication_info_get(span_of(answer + strlen("Digest ")), name, &value));
        return value;
}

static void answer(const struct challenge *c, enum digest_qop qop) {
        const struct digest_input in = {
                .algorithm = c->algorithm,
                .qop = qop,
                .username = SPAN("al\"ice"),
                .realm = c->realm,
                .password = SPAN("secret"),
                .method = SPAN("REGISTER"),
                .uri = SPAN("sip:carrier.example"),
                .nonce = c->nonce,
                .nc = SPAN("00000001"),
                .cnonce = SPAN("0a4f113b"),
                .body = SPAN(""),
        };
        char response[DIGEST_HEX_MAX + 1], text[ANSWER_MAX];
        int r = digest_response(&in, response);
        require(r == 0 && strlen(response) == digest_hex_length(c->algorithm));
        require(challenge_answer_write(c, &in, response, text, sizeof text) == 0);
        require(strncmp(text, "Digest ", 7) == 0);
        for (const char *p = text; *p; p++)
                require(((unsigned char)*p >= ' ' || *p == '\t') && *p != 127); /* no header can be added */
        require(span_eq(answered(text, "realm"), c->realm) && span_eq(answered(text, "nonce"), c->nonce));
        require(span_eq(answered(text, "response"), span_of(response)));
        require(span_eq(answered(text, "uri"), in.uri));
        if (c->has_opaque)
                require(span_eq(answered(text, "opaque"), c->opaque));
        if (c->algorithm_text.p)
                require(span_eq(answered(text, "algorithm"), c->algorithm_text));
        if (qop != DIGEST_QOP_NONE)
                require(span_eq(answered(text, "qop"), span_of(digest_qop_name(qop))) && span_eq(answered(text, "nc"), in.nc));

        /* A reader of challenges reads it as the same. */
        struct challenge back;
        challenge_parse(&back, c->proxy, span_of(text));
        require(!back.malformed && span_eq(back.realm, c->realm) && span_eq(back.nonce, c->nonce) && span_eq(back.opaque, c->opaque));
}

/* What may be answered is chosen before what may not, and nothing of it is above the choice or stronger. */
static void check_choice(const struct challenge *all, size_t n, const struct challenge_policy *policy) {
        const struct challenge *chosen = challenge_choose(all, n, policy);
        require((chosen != NULL) == (n > 0));
        for (const struct challenge *c = all; c < all + n; c++) {
                if (!c->is_digest || c->malformed || !c->algorithm_known || (policy->has_wanted && c->algorithm != policy->wanted) ||
                    (policy->hex_digits > 0 && digest_hex_length(c->algorithm) != policy->hex_digits))
                        continue;
                require(chosen->is_digest && !chosen->malformed && chosen->algorithm_known);
                require(!policy->has_wanted || chosen->algorithm == policy->wanted);
                require(policy->hex_digits == 0 || digest_hex_length(chosen->algorithm) == policy->hex_digits);
                unsigned strength = digest_strength(chosen->algorithm), other = digest_strength(c->algorithm);
                require(policy->strongest ? strength > other || (strength == other && chosen <= c) : chosen <= c);
        }
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size) {
        struct challenge all[CHALLENGES_MAX];
        size_t n = 0;
        struct span rest = {(const char *)data, size};
        while (rest.n > 0 && n < CHALLENGES_MAX) {
                const char *end = memchr(rest.p, '\n', rest.n);
                size_t length = end ? (size_t)(end - rest.p) : rest.n;
                challenge_parse(&all[n], n % 2 == 1, (struct span){rest.p, length});
                n++;
                rest.p += length + (end ? 1 : 0);
                rest.n -= length + (end ? 1 : 0);
        }

        for (size_t i = 0; i < n; i++) {
                const struct challenge *c = &all[i];
                (void)challenge_realm_is(c, "carrier.example");
                if (!c->is_digest || c->malformed || !c->algorithm_known)
                        continue;
                require(c->has_realm && c->has_nonce);
                if (!digest_is_session(c->algorithm))
                        answer(c, DIGEST_QOP_NONE);
                answer(c, DIGEST_QOP_AUTH);
                answer(c, DIGEST_QOP_AUTH_INT);
        }

        check_choice(all, n, &(struct challenge_policy){0});
        check_choice(all, n, &(struct challenge_policy){.strongest = true});
        check_choice(all, n, &(struct challenge_policy){.hex_digits = digest_hex_length(DIGEST_MD5), .strongest = true});
        check_choice(all, n, &(struct challenge_policy){.has_wanted = true, .wanted = DIGEST_SHA_256});
        return 0;
}
