/* test_recording.c: names that say what was asked, and bodies that hold no secret and mean the same. */
#include <check.h>
#include <stdio.h>

#include "common/page.h"
#include "common/recording.h"

static const struct {
        const char *method, *url;
        int status;
        const char *name;
} names[] = {
        {"GET", "https://api.example/api/v2/architect/trunk-connections?pageSize=100&pageNumber=1", 200,
         "architect_trunk-connections_pageSize=100_pageNumber=1.json"},
        {"GET", "https://api.example:8443/gate/api/v2/architect/trunk-connections/6f1d-01", 403,
         "architect_trunk-connections_6f1d-01.403.json"},
        {"POST", "https://login.example/oauth/token", 200, "POST_oauth_token.json"},
        {"GET", "https://a/x/../../etc/passwd", 200, "x_.._.._etc_passwd.json"},
        {"GET", "https://a", 200, ".json"},
};

START_TEST(a_name_says_what_was_asked) {
        char name[RECORDING_NAME_MAX];
        recording_name(name, names[_i].method, names[_i].url, names[_i].status);
        ck_assert_str_eq(name, names[_i].name);
        ck_assert_ptr_null(strchr(name, '/'));
}
END_TEST

START_TEST(long_names_stay_apart) {
        char a[RECORDING_NAME_MAX], b[RECORDING_NAME_MAX], url[600] = "https://a/api/v2/";
        memset(url + strlen(url), 'x', 400);
        recording_name(a, "GET", url, 200);
        url[strlen(url) - 1] = 'y';
        recording_name(b, "GET", url, 200);
        ck_assert_str_ne(a, b);
        ck_assert_uint_lt(strlen(a), RECORDING_NAME_MAX);
        ck_assert_str_eq(a + strlen(a) - 5, ".json");
}
END_TEST

static const struct {
        const char *body, *kept;
} bodies[] = {
        {"{\"access_token\":\"hush\",\"token_type\":\"bearer\",\"expires_in\":86400}",
         "{\"access_token\":\"removed\",\"token_type\":\"bearer\",\"expires_in\":86400}"},
        {"{ \"trunk_sip_authentication_credentials_password\" : "
         "{\"type\":\"string\",\"value\":{\"instance\":\"hush\",\"n\":[\"hush\",77]}},"
         "\"realm\":\"r\",\"n\":77}",
         "{ \"trunk_sip_authentication_credentials_password\" : "
         "{\"type\":\"removed\",\"value\":{\"instance\":\"removed\",\"n\":[\"removed\",0]}},"
         "\"realm\":\"r\",\"n\":77}"},
        {"{\"p\\u0061ssword\":\"hush\",\"a\":\"b\"}", "{\"p\\u0061ssword\":\"removed\",\"a\":\"b\"}"},
        {"{\"line\":\"Digest username=\\\"u\\\", response=\\\"0123abcd\\\", uri=\\\"sip:a\\\"\"}",
         "{\"line\":\"Digest username=\\\"u\\\", response=removed, uri=\\\"sip:a\\\"\"}"},
        {"{\"line\":\"Digest a=b, RESPONSE = 0123abcd\",\"response\":\"fine\"}",
         "{\"line\":\"Digest a=b, RESPONSE =removed\",\"response\":\"fine\"}"},
        {"{\"line\":\"Authorization: Basic aHVzaA==\"}", "{\"line\":\"removed\"}"},
        {"{\"secret\":-12.5e3,\"passwordSet\":true,\"password\":null}", "{\"secret\":-0,\"passwordSet\":true,\"password\":null}"},
        {"{\"password\":\"hu\\\"sh\",\"a\":\"b\"}", "{\"password\":\"removed\",\"a\":\"b\"}"},
        {"[{\"a\":{\"password\":[]}},\"b\"]", "[{\"a\":{\"password\":[]}},\"b\"]"},
        {"{\"password\":\"hush", "{\"password\":\"removed"},
        {"{\"password\":\"hush\\", "{\"password\":\"removed"},
        {"<html>\"a\"</html>]]}}", "<html>\"a\"</html>]]}}"},
        {"\"", "\""},
        {"", ""},
};

START_TEST(a_body_holds_no_secret) {
        char *kept = NULL;
        size_t n = 0;
        ck_assert_int_eq(recording_redact(&kept, &n, span_of(bodies[_i].body)), 0);
        ck_assert_str_eq(kept, bodies[_i].kept);
        ck_assert_uint_eq(n, strlen(bodies[_i].kept));
        /* A recording of a recording is the same. */
        char *again = NULL;
        ck_assert_int_eq(recording_redact(&again, &n, (struct span){kept, n}), 0);
        ck_assert_str_eq(again, kept);
        free(kept);
        free(again);
}
END_TEST

int main(void) {
        Suite *s = suite_create("recording");
        TCase *c = tcase_create("all");
        tcase_add_loop_test(c, a_name_says_what_was_asked, 0, ELEMENTS(names));
        tcase_add_test(c, long_names_stay_apart);
        tcase_add_loop_test(c, a_body_holds_no_secret, 0, ELEMENTS(bodies));
        suite_add_tcase(s, c);
        SRunner *r = srunner_create(s);
        srunner_run_all(r, CK_ENV);
        int failed = srunner_ntests_failed(r);
        srunner_free(r);
        return failed > 0;
}
