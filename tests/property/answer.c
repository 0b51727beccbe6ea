/* answer.c: answers challenges for answer.py, one line each: "RSPAUTH Authorization-value" or "cannot: reason".
 *
 * A record (record.h) has the fields of enum field. RSPAUTH is right,
 * wrong or absent: what the Authentication-Info value of the record is to a client that sent this answer. */
#include "common/challenge.h"
#include "record.h"

#define ANSWER_MAX 4096 /* bytes of an Authorization value */

enum field { CHALLENGE, USERNAME, PASSWORD, HA1, METHOD, URI, QOP, NC, CNONCE, BODY, INFO, INFO_BODY, FIELDS };

static bool read_qop(const struct challenge *c, struct span word, enum digest_qop *ret) {
        for (enum digest_qop q = DIGEST_QOP_NONE; q <= DIGEST_QOP_AUTH_INT; q++) {
                if (!span_eq(word, span_of(digest_qop_name(q))))
                        continue;
                *ret = q;
                return q == DIGEST_QOP_NONE || (c->has_qop && (q == DIGEST_QOP_AUTH ? c->qop_auth : c->qop_auth_int));
        }
        return false;
}

static const char *judge_proof(const struct digest_input *in, struct span info, struct span body) {
        struct digest_input proof = *in;
        char ours[DIGEST_HEX_MAX + 1];
        struct span theirs;
        proof.body = body;
        if (!authentication_info_get(info, "rspauth", &theirs))
                return "absent";
        return digest_rspauth(&proof, ours) == 0 && span_eq(theirs, span_of(ours)) ? "right" : "wrong";
}

/* Returns what is in the way, NULL when the answer was printed. */
static const char *answer(const struct span f[static FIELDS]) {
        struct challenge c;
        challenge_parse(&c, false, f[CHALLENGE]);
        if (c.malformed)
                return c.malformed;
        if (!c.is_digest)
                return "not a digest challenge";
        if (!c.algorithm_known)
                return "unknown algorithm";

        struct digest_input in = {
                .algorithm = c.algorithm,
                .username = f[USERNAME],
                .realm = c.realm,
                .password = f[PASSWORD],
                .ha1 = f[HA1],
                .method = f[METHOD],
                .uri = f[URI],
                .nonce = c.nonce,
                .nc = f[NC],
                .body = f[BODY],
        };
        if (!read_qop(&c, f[QOP], &in.qop))
                return "the qop is not offered";
        if (in.qop != DIGEST_QOP_NONE)
                in.cnonce = f[CNONCE];

        char response[DIGEST_HEX_MAX + 1], text[ANSWER_MAX];
        int r = digest_response(&in, response);
        if (r >= 0)
                r = challenge_answer_write(&c, &in, response, text, sizeof text);
        if (r < 0)
                return strerror(-r);
        (void)printf("%s %s\n", judge_proof(&in, f[INFO], f[INFO_BODY]), text);
        return NULL;
}

int main(void) {
        static char line[RECORD_MAX];
        while (fgets(line, sizeof line, stdin)) {
                struct span fields[FIELDS];
                if (!read_record(line, fields, FIELDS)) {
                        (void)fputs("answer: a record cannot be read\n", stderr);
                        return 1;
                }
                const char *cannot = answer(fields);
                if (cannot)
                        (void)printf("cannot: %s\n", cannot);
                if (fflush(stdout) != 0)
                        return 1;
        }
        return 0;
}
