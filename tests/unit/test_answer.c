/* test_answer.c: what the credentials of a request say, and which of it each hypothesis changes. */
#include <check.h>
#include <stdio.h>

#include "common/answer.h"
#include "digest_vectors.h"

#define CNONCE "0123456789abcdef0123456789abcdef"

static const struct target_uris uris = {.request = "sip:d.example", .other_port = "sip:d.example:5070", .aor = "sip:u@d.example"};

static void set(struct trunk *t, enum trunk_text field, const char *value) {
        ck_assert_int_eq(trunk_set(t, field, span_of(value)), 0);
}

static struct trunk trunk_of(const char *username, const char *password, struct secret **ret) {
        struct trunk t = {0};
        set(&t, TRUNK_TEXT_username, username);
        set(&t, TRUNK_TEXT_domain, "d.example");
        ck_assert_int_eq(secret_new(ret, password, strlen(password)), 0);
        t.password = *ret;
        return t;
}

/* Appends "NAME=VALUE;" to text when both have the parameter and not the same value, "NAME;" when one has it alone. */
static void compare(const char *a, const char *b, const char *name, char *text, size_t size) {
        struct span x, y;
        bool in_a = authentication_info_get(span_of(a), name, &x), in_b = authentication_info_get(span_of(b), name, &y);
        size_t at = strlen(text);
        if (in_a != in_b)
                (void)snprintf(text + at, size - at, "%s;", name);
        else if (in_a && !span_eq(x, y))
                (void)snprintf(text + at, size - at, "%s=" SPAN_FMT ";", name, SPAN_ARG(y));
}

static const struct {
        enum hypothesis hypothesis;
        const char *changes; /* besides the response */
        bool same_response;
} changes[] = {
        {HYPOTHESIS_NONE, "", true},
        {HYPOTHESIS_FRESH_NONCE, "", true}, /* the nonce is the carrier's */
        {HYPOTHESIS_USER_NAMED, "", true},
        {HYPOTHESIS_ALGORITHM, "", true}, /* is another challenge's */
        {HYPOTHESIS_URI_PORT, "uri=sip:d.example:5070;", false},
        {HYPOTHESIS_URI_TRANSPORT, "uri=sip:d.example;transport=tcp;", false},
        {HYPOTHESIS_URI_SCHEME, "uri=sips:d.example;", false},
        {HYPOTHESIS_QOP, "qop;nc;cnonce;", false},
        {HYPOTHESIS_ALGORITHM_NAMED, "algorithm;", true},
        {HYPOTHESIS_USERNAME, "username=u@d.example;", false},
        {HYPOTHESIS_ENCODING, "", false}, /* the password's */
};

START_TEST(one_input_is_changed) {
        static const char *const names[] = {"username", "realm", "nonce", "uri", "algorithm", "opaque", "userhash", "qop", "nc", "cnonce"};
        struct secret *secret = NULL;
        struct trunk t = trunk_of("u", "p\303\244ss", &secret);
        struct challenge c;
        struct answer a = {0};
        char plain[2048], changed[2048], text[200] = "";
        challenge_parse(&c, false, span_of("Digest realm=\"r\", nonce=\"n\", opaque=\"o\""));
        struct answer_request r = {.trunk = &t,
                                   .challenge = &c,
                                   .uris = &uris,
                                   .transport = TARGET_TCP,
                                   .method = "REGISTER",
                                   .qop = DIGEST_QOP_NONE,
                                   .cnonce = CNONCE};
        ck_assert_int_eq(answer_write(&a, &r, plain, sizeof plain), 0);
        r.hypothesis = changes[_i].hypothesis;
        r.qop = r.hypothesis == HYPOTHESIS_QOP ? DIGEST_QOP_AUTH : DIGEST_QOP_NONE;
        ck_assert_int_eq(answer_write(&a, &r, changed, sizeof changed), 0);
        for (size_t i = 0; i < ELEMENTS(names); i++)
                compare(plain + strlen("Digest "), changed + strlen("Digest "), names[i], text, sizeof text);
        ck_assert_str_eq(text, changes[_i].changes);
        text[0] = '\0';
        compare(plain + strlen("Digest "), changed + strlen("Digest "), "response", text, sizeof text);
        ck_assert_msg(!text[0] == changes[_i].same_response, "%s", changed);
        ck_assert_ptr_null(strstr(changed, "p\303\244ss"));
        answer_clear(&a);
        trunk_clear(&t);
        (void)secret_free(secret);
}
END_TEST

START_TEST(every_hypothesis_has_a_row) {
        ck_assert_uint_eq(ELEMENTS(changes), HYPOTHESIS_COUNT);
}
END_TEST

/* The form that a hypothesis leaves is gone with the next answer. */
START_TEST(forms_do_not_stay) {
        struct secret *secret = NULL;
        struct trunk t = trunk_of("\303\274", "p\303\244ss", &secret);
        struct challenge c;
        struct answer a = {0};
        char text[2048];
        challenge_parse(&c, false, span_of("Digest realm=\"r\", nonce=\"n\""));
        struct answer_request r = {
                .trunk = &t, .challenge = &c, .uris = &uris, .method = "REGISTER", .hypothesis = HYPOTHESIS_ENCODING, .cnonce = CNONCE};
        ck_assert_int_eq(answer_write(&a, &r, text, sizeof text), 0);
        ck_assert(span_eq(a.input.username, SPAN("\374")) && span_eq(a.input.password, SPAN("p\344ss")));
        r.hypothesis = HYPOTHESIS_NONE;
        ck_assert_int_eq(answer_write(&a, &r, text, sizeof text), 0);
        ck_assert(span_eq(a.input.username, SPAN("\303\274")) && span_eq(a.input.password, SPAN("p\303\244ss")));
        ck_assert_ptr_null(a.username);
        ck_assert_ptr_null(a.password);
        answer_clear(&a);
        trunk_clear(&t);
        (void)secret_free(secret);
}
END_TEST

START_TEST(impossible_forms_are_told) {
        struct secret *secret = NULL;
        struct trunk t = trunk_of("u", "p\342\202\254", &secret);
        struct challenge c;
        struct answer a = {0};
        char text[2048];
        challenge_parse(&c, false, span_of("Digest realm=\"r\", nonce=\"n\""));
        struct answer_request r = {
                .trunk = &t, .challenge = &c, .uris = &uris, .method = "REGISTER", .hypothesis = HYPOTHESIS_ENCODING, .cnonce = CNONCE};
        ck_assert_int_eq(answer_write(&a, &r, text, sizeof text), -EILSEQ);
        set(&t, TRUNK_TEXT_domain, NULL);
        r.hypothesis = HYPOTHESIS_USERNAME;
        ck_assert_int_eq(answer_write(&a, &r, text, sizeof text), -ENOENT);
        r.hypothesis = HYPOTHESIS_NONE;
        ck_assert_int_eq(answer_write(&a, &r, text, 20), -ENOBUFS);
        answer_clear(&a);
        trunk_clear(&t);
        (void)secret_free(secret);
}
END_TEST

/* RFC 7616 section 3.4: nc counts the requests with that nonce. */
START_TEST(each_nonce_is_counted) {
        static const struct {
                const char *nonce, *nc;
        } answers[] = {{"a", "00000001"}, {"b", "00000001"}, {"a", "00000002"}, {"a", "00000003"}, {"b", "00000002"}, {"ab", "00000001"}};
        struct secret *secret = NULL;
        struct trunk t = trunk_of("u", "p", &secret);
        struct answer a = {0};
        char challenges[ELEMENTS(answers)][80], text[2048];
        for (size_t i = 0; i < ELEMENTS(answers); i++) {
                struct challenge c;
                struct span nc;
                (void)snprintf(challenges[i], sizeof challenges[i], "Digest realm=\"r\", nonce=\"%s\", qop=\"auth\"", answers[i].nonce);
                challenge_parse(&c, false, span_of(challenges[i]));
                const struct answer_request r = {
                        .trunk = &t, .challenge = &c, .uris = &uris, .method = "REGISTER", .qop = DIGEST_QOP_AUTH, .cnonce = CNONCE};
                ck_assert_int_eq(answer_write(&a, &r, text, sizeof text), 0);
                ck_assert(authentication_info_get(span_of(text + strlen("Digest ")), "nc", &nc));
                ck_assert_msg(span_eq(nc, span_of(answers[i].nc)), "%zu: " SPAN_FMT, i, SPAN_ARG(nc));
        }
        answer_clear(&a);
        ck_assert_uint_eq(a.n_uses, 0);
        trunk_clear(&t);
        (void)secret_free(secret);
}
END_TEST

/* Published answers, and the proof that comes back to them. What has a longer cnonce than ours is left to test_digest.c. */
START_TEST(published_answers) {
        const struct digest_vector *v = &digest_vectors[_i];
        char challenge[400], text[2048], rspauth[DIGEST_HEX_MAX + 1], cnonce[33] = "";
        if (v->body[0] || (v->cnonce && strlen(v->cnonce) >= sizeof cnonce) || (v->nc && strcmp(v->nc, "00000001") != 0))
                return;
        struct secret *secret = NULL;
        struct trunk t = trunk_of(v->username, v->password, &secret);
        struct target_uris own = {0};
        struct challenge c;
        struct span response;
        struct answer a = {0};
        (void)snprintf(own.request, sizeof own.request, "%s", v->uri);
        (void)snprintf(cnonce, sizeof cnonce, "%s", v->cnonce ? v->cnonce : CNONCE);
        (void)snprintf(challenge, sizeof challenge, "Digest realm=\"%s\", nonce=\"%s\", algorithm=%s", v->realm, v->nonce,
                       digest_algorithm_name(v->algorithm));
        challenge_parse(&c, false, span_of(challenge));
        const struct answer_request r = {.trunk = &t, .challenge = &c, .uris = &own, .method = v->method, .qop = v->qop, .cnonce = cnonce};
        ck_assert_int_eq(answer_write(&a, &r, text, sizeof text), 0);
        ck_assert(authentication_info_get(span_of(text + strlen("Digest ")), "response", &response));
        ck_assert_msg(span_eq(response, span_of(v->response)), "%s", v->name);
        ck_assert_int_eq(digest_rspauth(&a.input, rspauth), 0);
        ck_assert_msg(strcmp(rspauth, v->rspauth) == 0, "%s", v->name);
        answer_clear(&a);
        trunk_clear(&t);
        (void)secret_free(secret);
}
END_TEST

int main(void) {
        Suite *suite = suite_create("answer");
        TCase *tc = tcase_create("answer");
        tcase_add_loop_test(tc, one_input_is_changed, 0, (int)ELEMENTS(changes));
        tcase_add_test(tc, every_hypothesis_has_a_row);
        tcase_add_test(tc, forms_do_not_stay);
        tcase_add_test(tc, impossible_forms_are_told);
        tcase_add_test(tc, each_nonce_is_counted);
        tcase_add_loop_test(tc, published_answers, 0, (int)ELEMENTS(digest_vectors));
        suite_add_tcase(suite, tc);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed != 0;
}
