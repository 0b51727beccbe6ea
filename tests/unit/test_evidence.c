/* test_evidence.c: what a probe saw grows to its limits, and a response is read into it. */
#include <check.h>
#include <stdio.h>

#include "common/evidence.h"

START_TEST(grows_to_its_limits) {
        struct evidence e = {0};
        for (size_t i = 0; i < EVIDENCE_EXCHANGES_MAX; i++) {
                struct exchange *x = evidence_add_exchange(&e);
                ck_assert_ptr_nonnull(x);
                ck_assert_ptr_eq(x, &e.exchanges[i]);
                ck_assert_int_eq(x->status, 0);
                x->status = (int)i + 1;
                x->credentialed = i % 2;
        }
        for (size_t i = 0; i < EVIDENCE_TARGETS_MAX; i++) {
                struct attempt *a = evidence_add_target(&e);
                ck_assert_ptr_nonnull(a);
                a->tls = calloc(1, sizeof *a->tls);
        }
        ck_assert_ptr_null(evidence_add_exchange(&e));
        ck_assert_ptr_null(evidence_add_target(&e));
        for (size_t i = 0; i < EVIDENCE_EXCHANGES_MAX; i++)
                ck_assert_int_eq(e.exchanges[i].status, (int)i + 1);
        ck_assert_uint_eq(evidence_credentialed(&e), EVIDENCE_EXCHANGES_MAX / 2);
        evidence_clear(&e);
        ck_assert_uint_eq(e.n_exchanges, 0);
        ck_assert_uint_eq(e.n_targets, 0);
}
END_TEST

#define HEAD "SIP/2.0 "
#define TAIL "Content-Length: 0\r\n\r\n"
#define MD5_HEADER "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", algorithm=MD5\r\n"
#define SHA_HEADER "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", algorithm=SHA-256\r\n"

static const struct {
        const char *text;
        bool strongest;
        int status;
        const char *reason;
        size_t n_challenges;
        bool has_challenge;
        enum digest_algorithm algorithm;
        int retry_after_sec;
        const char *contact;
} responses[] = {
        {HEAD "200 OK\r\n" TAIL, false, 200, "OK", 0, false, DIGEST_MD5, -1, ""},
        {HEAD "401 Not\x01 you\r\n" MD5_HEADER SHA_HEADER TAIL, false, 401, "Not? you", 2, true, DIGEST_MD5, -1, ""},
        {HEAD "401 U\r\n" MD5_HEADER SHA_HEADER TAIL, true, 401, "U", 2, true, DIGEST_SHA_256, -1, ""},
        {HEAD "401 U\r\nProxy-Authenticate: Digest realm=\"r\", nonce=\"n\"\r\n" TAIL, false, 401, "U", 0, false, DIGEST_MD5, -1, ""},
        {HEAD "407 P\r\nProxy-Authenticate: Digest realm=\"r\", nonce=\"n\"\r\n" TAIL, false, 407, "P", 1, true, DIGEST_MD5, -1, ""},
        {HEAD "403 F\r\n" MD5_HEADER TAIL, false, 403, "F", 0, false, DIGEST_MD5, -1, ""},
        {HEAD "503 S\r\nRetry-After: 18 (soon)\r\n" TAIL, false, 503, "S", 0, false, DIGEST_MD5, 18, ""},
        {HEAD "503 S\r\nRetry-After: soon\r\n" TAIL, false, 503, "S", 0, false, DIGEST_MD5, -1, ""},
        {HEAD "503 S\r\nRetry-After: 99999999999999\r\n" TAIL, false, 503, "S", 0, false, DIGEST_MD5, 999999999, ""},
        {HEAD "302 M\r\nm: <sip:a>\r\n" TAIL, false, 302, "M", 0, false, DIGEST_MD5, -1, "<sip:a>"},
        {HEAD "200 OK\r\nm: <sip:a>\r\n" TAIL, false, 200, "OK", 0, false, DIGEST_MD5, -1, ""},
};

START_TEST(reads_responses) {
        char *bytes = strdup(responses[_i].text);
        ck_assert_ptr_nonnull(bytes);
        struct sip_response response;
        const char *why = NULL;
        ck_assert_int_eq(sip_response_read(&response, bytes, strlen(bytes), &why), 0);
        struct exchange x = {.retry_after_sec = -1};
        struct digest_input answer = {0};
        const struct challenge_policy policy = {.strongest = responses[_i].strongest};
        exchange_read(&x, &response, &policy, &answer);
        ck_assert_int_eq(x.status, responses[_i].status);
        ck_assert_str_eq(x.reason, responses[_i].reason);
        ck_assert_uint_eq(x.n_challenges, responses[_i].n_challenges);
        ck_assert_int_eq(x.has_challenge, responses[_i].has_challenge);
        if (x.has_challenge)
                ck_assert_int_eq(x.challenge.algorithm, responses[_i].algorithm);
        ck_assert_int_eq(x.retry_after_sec, responses[_i].retry_after_sec);
        ck_assert_str_eq(x.contact, responses[_i].contact);
        free(bytes);
}
END_TEST

START_TEST(reads_all_algorithms_that_are_offered) {
        char bytes[] = HEAD "401 U\r\n" SHA_HEADER MD5_HEADER "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", algorithm=SHA-384\r\n"
                            "WWW-Authenticate: Basic realm=\"r\"\r\nWWW-Authenticate: Digest nonce=\"n\", algorithm=MD5-sess\r\n" TAIL;
        struct sip_response response;
        const char *why = NULL;
        ck_assert_int_eq(sip_response_read(&response, bytes, strlen(bytes), &why), 0);
        struct exchange x = {0};
        exchange_read(&x, &response, &(struct challenge_policy){0}, &(struct digest_input){0});
        ck_assert_uint_eq(x.algorithms, 1U << DIGEST_MD5 | 1U << DIGEST_SHA_256);
}
END_TEST

static const struct {
        const char *headers;
        bool credentialed, given;
} nextnonces[] = {
        {"Authentication-Info: nextnonce=\"n2\"\r\n", true, true},
        {"Authentication-Info: qop=auth, cnonce=\"c\"\r\nProxy-Authentication-Info: NextNonce = n2\r\n", true, true},
        {"Authentication-Info: nextnonce=\"\"\r\n", true, false},
        {"Authentication-Info: rspauth=\"nextnonce=n2\"\r\n", true, false},
        {"Authentication-Info: qop=\"auth, nextnonce=\"n2\"\r\n", true, false},
        {"X-Authentication-Info: nextnonce=\"n2\"\r\n", true, false},
        {"Authentication-Info: nextnonce=\"n2\"\r\n", false, false},
        {"", true, false},
};

START_TEST(reads_nextnonce) {
        char bytes[512];
        struct sip_response response;
        const char *why = NULL;
        int n = snprintf(bytes, sizeof bytes, HEAD "200 OK\r\n%s" TAIL, nextnonces[_i].headers);
        ck_assert_int_eq(sip_response_read(&response, bytes, (size_t)n, &why), 0);
        struct exchange x = {.credentialed = nextnonces[_i].credentialed};
        struct digest_input answer = {0};
        exchange_read(&x, &response, &(struct challenge_policy){0}, &answer);
        ck_assert_msg(x.has_nextnonce == nextnonces[_i].given, "%s", nextnonces[_i].headers);
}
END_TEST

/* What the topmost Via and the challenges beside the chosen one say. */
static const struct {
        const char *text, *seen_as;
        bool has_other;
        enum digest_algorithm other;
        bool strongest, ha1;
} details[] = {
        {HEAD "401 U\r\nVia: SIP/2.0/UDP h;branch=b;received=192.0.2.7;rport=5099\r\n" MD5_HEADER TAIL, .seen_as = "192.0.2.7:5099"},
        {HEAD "401 U\r\nv: SIP/2.0/UDP h;rport=5099;branch=b\r\nVia: SIP/2.0/UDP i;received=192.0.2.9\r\n" MD5_HEADER TAIL,
         .seen_as = ":5099"},
        {HEAD "403 F\r\nVia: SIP/2.0/UDP h;received=192.0.2.7\r\n" TAIL, .seen_as = "192.0.2.7:"},
        {HEAD "403 F\r\nVia: SIP/2.0/UDP h;branch=b;rport\r\n" TAIL, .seen_as = ""},      /* as we sent it */
        {HEAD "200 OK\r\nVia: SIP/2.0/UDP h;received=192.0.2.7\r\n" TAIL, .seen_as = ""}, /* of no use */
        {HEAD "401 U\r\n" MD5_HEADER SHA_HEADER TAIL, .seen_as = "", .has_other = true, .other = DIGEST_SHA_256},
        {HEAD "401 U\r\n" SHA_HEADER MD5_HEADER TAIL, .seen_as = "", .has_other = true, .other = DIGEST_MD5},
        {HEAD "401 U\r\n" MD5_HEADER SHA_HEADER TAIL, .seen_as = "", .strongest = true, .has_other = true, .other = DIGEST_MD5},
        {HEAD "401 U\r\n" MD5_HEADER MD5_HEADER TAIL, .seen_as = ""},
        {HEAD "401 U\r\n" MD5_HEADER SHA_HEADER TAIL, .seen_as = "", .ha1 = true}, /* which fits one of them only */
};

START_TEST(reads_what_stands_beside) {
        char *bytes = strdup(details[_i].text);
        ck_assert_ptr_nonnull(bytes);
        struct sip_response response;
        const char *why = NULL;
        ck_assert_int_eq(sip_response_read(&response, bytes, strlen(bytes), &why), 0);
        struct exchange x = {.retry_after_sec = -1};
        struct digest_input answer = {0};
        const struct challenge_policy policy = {.strongest = details[_i].strongest, .hex_digits = details[_i].ha1 ? 32 : 0};
        exchange_read(&x, &response, &policy, &answer);
        ck_assert_str_eq(x.seen_as, details[_i].seen_as);
        ck_assert_int_eq(x.has_other_algorithm, details[_i].has_other);
        if (details[_i].has_other)
                ck_assert_int_eq(x.other_algorithm, details[_i].other);
        free(bytes);
}
END_TEST

int main(void) {
        Suite *suite = suite_create("evidence");
        TCase *tc = tcase_create("evidence");
        tcase_add_test(tc, grows_to_its_limits);
        tcase_add_loop_test(tc, reads_responses, 0, (int)ELEMENTS(responses));
        tcase_add_loop_test(tc, reads_what_stands_beside, 0, (int)ELEMENTS(details));
        tcase_add_test(tc, reads_all_algorithms_that_are_offered);
        tcase_add_loop_test(tc, reads_nextnonce, 0, (int)ELEMENTS(nextnonces));
        suite_add_tcase(suite, tc);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed != 0;
}
