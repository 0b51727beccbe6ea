/* test_digest.c: published answers, quoted-pairs, and what cannot be computed. */
#include <check.h>

#include "digest_vectors.h"

static struct digest_input input_of(const struct digest_vector *v, bool by_ha1) {
        return (struct digest_input){
                .algorithm = v->algorithm,
                .qop = v->qop,
                .username = span_of(v->username),
                .realm = span_of(v->realm),
                .password = by_ha1 ? span_of(NULL) : span_of(v->password),
                .ha1 = by_ha1 ? span_of(v->ha1) : span_of(NULL),
                .method = span_of(v->method),
                .uri = span_of(v->uri),
                .nonce = span_of(v->nonce),
                .nc = span_of(v->nc),
                .cnonce = span_of(v->cnonce),
                .body = span_of(v->body),
        };
}

START_TEST(answers_as_published) {
        const struct digest_vector *v = &digest_vectors[_i];
        for (int by_ha1 = 0; by_ha1 <= 1; by_ha1++) {
                struct digest_input in = input_of(v, by_ha1);
                char got[DIGEST_HEX_MAX + 1];
                ck_assert_msg(digest_response(&in, got) == 0, "%s", v->name);
                ck_assert_msg(strcmp(got, v->response) == 0, "%s: response %s, not %s", v->name, got, v->response);
                ck_assert_msg(digest_rspauth(&in, got) == 0, "%s", v->name);
                ck_assert_msg(strcmp(got, v->rspauth) == 0, "%s: rspauth %s, not %s", v->name, got, v->rspauth);
        }
}
END_TEST

/* Every input but the body (without auth-int) changes the answer: none is forgotten. */
START_TEST(every_input_counts) {
        const struct digest_vector *v = &digest_vectors[_i];
        struct digest_input in = input_of(v, false);
        struct span *const parts[] = {&in.username, &in.realm, &in.password, &in.method, &in.uri, &in.nonce, &in.nc, &in.cnonce, &in.body};
        for (size_t i = 0; i < ELEMENTS(parts); i++) {
                bool used = true;
                if (parts[i] == &in.nc)
                        used = v->qop != DIGEST_QOP_NONE;
                else if (parts[i] == &in.cnonce)
                        used = v->qop != DIGEST_QOP_NONE || digest_is_session(v->algorithm);
                else if (parts[i] == &in.body)
                        used = v->qop == DIGEST_QOP_AUTH_INT;
                struct span kept = *parts[i];
                *parts[i] = SPAN("other");
                char got[DIGEST_HEX_MAX + 1];
                ck_assert_int_eq(digest_response(&in, got), 0);
                ck_assert_msg((strcmp(got, v->response) != 0) == used, "%s: input %zu", v->name, i);
                *parts[i] = kept;
        }
}
END_TEST

static const struct digest_vector *vector(const char *name) {
        for (size_t i = 0; i < ELEMENTS(digest_vectors); i++)
                if (strcmp(digest_vectors[i].name, name) == 0)
                        return &digest_vectors[i];
        ck_abort_msg("there is no vector %s", name);
}

/* The values that RFC 7616 section 3.9.2 prints are SHA-512 cut short; erratum 4897 has those of SHA-512/256. */
START_TEST(sha_512_256_is_not_sha_512_cut_short) {
        struct digest_input in = input_of(vector("RFC 7616 section 3.9.2, erratum 4897"), false);
        char got[DIGEST_HEX_MAX + 1];
        ck_assert_int_eq(digest_userhash(&in, got), 0);
        ck_assert_str_eq(got, "793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b");
        ck_assert(strncmp(got, "48886947", 8) != 0);
        ck_assert_int_eq(digest_response(&in, got), 0);
        ck_assert(strncmp(got, "ae66e67d", 8) != 0);
}
END_TEST

/* RFC 7616 section 3.9.1 as first printed has the password "Circle Of Life", which does not give its answers (erratum 4495). */
START_TEST(erratum_4495) {
        const struct digest_vector *v = vector("RFC 7616 section 3.9.1, SHA-256, erratum 4495");
        struct digest_input in = input_of(v, false);
        in.password = SPAN("Circle Of Life");
        char got[DIGEST_HEX_MAX + 1];
        ck_assert_int_eq(digest_response(&in, got), 0);
        ck_assert_str_ne(got, v->response);
}
END_TEST

/* The hashes are those of the plain text, computed with another program. */
static const struct {
        const char *raw, *userhash, *response;
} quoted[] = {
        {"a \\\"b\\\" c", "75f1a65a672ba4d456d9973f1f7263a7", "c9c01392b4936b0784efb0ecb7cfe9a2"},
        {"\\a\\b", "2a04c8d2facf1ed0c1f752b4b6e0e688", "2afc1fa9293f03e6ceac39cec622a1eb"},
        {"a\\\\b", "e7b0ce4e0b5073d1241330d23865a8b0", "ed66793ea373cd55adf1e1b65321cf22"},
        {"\\\\\\\\", "0c0bb40471c7d8149500101105ae54bb", "914b49cd944f437100b344025431496e"},
        {"\\\"", "5239e143dd4d63a3ca0ef11944d90dcf", "2f4c914695c5dc9284468c1fd7f4927e"},
        {"a\\\\", "0c7911f63addd039008eb6d6c1d10655", "8b584dba943198314227989ad5cb2700"},
        {"plain", "8b91ca41a616a7683abbc8608ba668d2", "7cb5ac6b275349cde229feac5c613832"},
        {"", "770553c33dfa3a641da8312d60b3b9ef", "85e73f56330d7675ed8cc17bd6409030"},
};

START_TEST(quoted_pairs_are_undone) {
        struct digest_input in = input_of(vector("REGISTER, MD5-sess auth"), false);
        in.realm = in.nonce = span_of(quoted[_i].raw);
        char got[DIGEST_HEX_MAX + 1];
        ck_assert_int_eq(digest_userhash(&in, got), 0);
        ck_assert_str_eq(got, quoted[_i].userhash);
        ck_assert_int_eq(digest_response(&in, got), 0);
        ck_assert_str_eq(got, quoted[_i].response);
}
END_TEST

/* What we choose ourselves is not quoted yet. */
START_TEST(plain_inputs_keep_their_backslashes) {
        struct digest_input in = input_of(vector("REGISTER, MD5 auth"), false);
        char with[DIGEST_HEX_MAX + 1], without[DIGEST_HEX_MAX + 1];
        struct span *const parts[] = {&in.username, &in.password, &in.uri, &in.cnonce};
        for (size_t i = 0; i < ELEMENTS(parts); i++) {
                struct span kept = *parts[i];
                *parts[i] = SPAN("a\\b");
                ck_assert_int_eq(digest_response(&in, with), 0);
                *parts[i] = SPAN("ab");
                ck_assert_int_eq(digest_response(&in, without), 0);
                *parts[i] = kept;
                ck_assert_str_ne(with, without);
        }
}
END_TEST

static const struct {
        enum digest_algorithm algorithm;
        enum digest_qop qop;
        const char *cnonce;
        const char *ha1; /* NULL = password */
        int outcome;
} impossible[] = {
        {DIGEST_MD5, DIGEST_QOP_NONE, NULL, NULL, 0},
        {DIGEST_MD5, DIGEST_QOP_AUTH, NULL, NULL, -EINVAL},
        {DIGEST_MD5, DIGEST_QOP_AUTH_INT, NULL, NULL, -EINVAL},
        {DIGEST_MD5, DIGEST_QOP_AUTH, "", NULL, 0}, /* empty is not absent */
        {DIGEST_MD5_SESS, DIGEST_QOP_NONE, NULL, NULL, -EINVAL},
        {DIGEST_SHA_256_SESS, DIGEST_QOP_NONE, NULL, NULL, -EINVAL},
        {DIGEST_SHA_512_256_SESS, DIGEST_QOP_AUTH, NULL, NULL, -EINVAL},
        {DIGEST_MD5_SESS, DIGEST_QOP_NONE, "0a4f113b", NULL, 0},
        {DIGEST_MD5, DIGEST_QOP_NONE, NULL, "41a2f569d4f4283a802115c74c87f146", 0},
        {DIGEST_MD5_SESS, DIGEST_QOP_AUTH, "0a4f113b", "41a2f569d4f4283a802115c74c87f146", 0},
        {DIGEST_MD5, DIGEST_QOP_NONE, NULL, "41a2f569d4f4283a802115c74c87f14", -EINVAL},
        {DIGEST_MD5, DIGEST_QOP_NONE, NULL, "41a2f569d4f4283a802115c74c87f1466", -EINVAL},
        {DIGEST_MD5, DIGEST_QOP_NONE, NULL, "", -EINVAL},
        {DIGEST_SHA_256, DIGEST_QOP_NONE, NULL, "41a2f569d4f4283a802115c74c87f146", -EINVAL},
        {DIGEST_SHA_256, DIGEST_QOP_NONE, NULL, "87853512e234e740a5a95fe0d9349f8591d42a617bdf733fb568fb7d235457cd", 0},
        {DIGEST_MD5, DIGEST_QOP_NONE, NULL, "87853512e234e740a5a95fe0d9349f8591d42a617bdf733fb568fb7d235457cd", -EINVAL},
};

START_TEST(what_cannot_be_computed_is_an_error) {
        struct digest_input in = input_of(vector("REGISTER, MD5 auth"), false);
        in.algorithm = impossible[_i].algorithm;
        in.qop = impossible[_i].qop;
        in.cnonce = span_of(impossible[_i].cnonce);
        in.ha1 = span_of(impossible[_i].ha1);
        char got[DIGEST_HEX_MAX + 1] = "untouched";
        ck_assert_int_eq(digest_response(&in, got), impossible[_i].outcome);
        if (impossible[_i].outcome < 0)
                ck_assert_str_eq(got, "untouched");
        ck_assert_int_eq(digest_rspauth(&in, got), impossible[_i].outcome);
        if (impossible[_i].outcome < 0)
                ck_assert_str_eq(got, "untouched");
        else
                ck_assert_uint_eq(strlen(got), digest_hex_length(in.algorithm));
}
END_TEST

static const struct {
        const char *name;
        bool known;
        enum digest_algorithm algorithm;
} names[] = {
        {"MD5", true, DIGEST_MD5},
        {"md5", true, DIGEST_MD5},
        {"MD5-sess", true, DIGEST_MD5_SESS},
        {"MD5-SESS", true, DIGEST_MD5_SESS},
        {"SHA-256", true, DIGEST_SHA_256},
        {"sha-256-Sess", true, DIGEST_SHA_256_SESS},
        {"SHA-512-256", true, DIGEST_SHA_512_256},
        {"SHA-512-256-sess", true, DIGEST_SHA_512_256_SESS},
        {"", false, DIGEST_MD5},
        {"MD", false, DIGEST_MD5},
        {"MD5 ", false, DIGEST_MD5},
        {"MD5-ses", false, DIGEST_MD5},
        {"SHA256", false, DIGEST_MD5},
        {"SHA-512", false, DIGEST_MD5},
        {"AKAv1-MD5", false, DIGEST_MD5},
};

START_TEST(knows_algorithms_by_name) {
        enum digest_algorithm got = DIGEST_SHA_512_256_SESS;
        ck_assert_int_eq(digest_algorithm_from(span_of(names[_i].name), &got), names[_i].known);
        if (!names[_i].known) {
                ck_assert_int_eq(got, DIGEST_SHA_512_256_SESS);
                return;
        }
        ck_assert_int_eq(got, names[_i].algorithm);
        ck_assert(strcasecmp(digest_algorithm_name(got), names[_i].name) == 0);
        ck_assert_int_eq(digest_is_session(got), strcasestr(names[_i].name, "-sess") != NULL);
        ck_assert_uint_eq(digest_hex_length(got), strncasecmp(names[_i].name, "MD5", 3) == 0 ? 32 : 64);
}
END_TEST

START_TEST(names_qops) {
        ck_assert_str_eq(digest_qop_name(DIGEST_QOP_NONE), "none");
        ck_assert_str_eq(digest_qop_name(DIGEST_QOP_AUTH), "auth");
        ck_assert_str_eq(digest_qop_name(DIGEST_QOP_AUTH_INT), "auth-int");
}
END_TEST

int main(void) {
        Suite *suite = suite_create("digest");
        TCase *tc = tcase_create("digest");
        tcase_add_loop_test(tc, answers_as_published, 0, (int)ELEMENTS(digest_vectors));
        tcase_add_loop_test(tc, every_input_counts, 0, (int)ELEMENTS(digest_vectors));
        tcase_add_test(tc, sha_512_256_is_not_sha_512_cut_short);
        tcase_add_test(tc, erratum_4495);
        tcase_add_loop_test(tc, quoted_pairs_are_undone, 0, (int)ELEMENTS(quoted));
        tcase_add_test(tc, plain_inputs_keep_their_backslashes);
        tcase_add_loop_test(tc, what_cannot_be_computed_is_an_error, 0, (int)ELEMENTS(impossible));
        tcase_add_loop_test(tc, knows_algorithms_by_name, 0, (int)ELEMENTS(names));
        tcase_add_test(tc, names_qops);
        suite_add_tcase(suite, tc);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed != 0;
}
