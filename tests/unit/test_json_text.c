/* test_json_text.c: what a JSON text must be, and that no password stays in it. Its grammar, size and nesting are in test_page.c. */
#include <check.h>

#include "common/json_text.h"

static const struct {
        const char *json, *concealed; /* NULL: as it was */
        bool password;                /* a string with the word is in it */
} texts[] = {
        {"{\"password\":\"s3cret\"}", "{\"password\":\"******\"}", true},
        {"{\"trunk_sip_authentication_credentials_password\":{\"type\":\"string\",\"value\":{\"default\":\"\",\"instance\":\"s\"}},\"a\":"
         "\"b\"}",
         "{\"trunk_sip_authentication_credentials_password\":{\"****\":\"******\",\"*****\":{\"*******\":\"\",\"********\":\"*\"}},\"a\":"
         "\"b\"}",
         true},
        {"{\"passWord\" : [\"a\\\"b\", 12.5e-3, {\"c\":[true]}] , \"n\":7}",
         "{\"passWord\" : [\"****\", 11.1e-1, {\"*\":[true]}] , \"n\":7}", true},
        {"[{\"x\":1,\"oldPasswords\":[[\"a,b}\"]]},\"c\"]", "[{\"x\":1,\"oldPasswords\":[[\"****\"]]},\"c\"]", true},
        {"{\"a\\u0070assword\":\"s\",\"p\\u0041SSWORD\":\"\xC3\xA9\\\\\"}", "{\"a\\u0070assword\":\"*\",\"p\\u0041SSWORD\":\"****\"}",
         true},
        {"{\"ppassword\":\"s\",\"papassword\":\"t\"}", "{\"ppassword\":\"*\",\"papassword\":\"*\"}", true},
        {"{\"message\":\"wrong password: s\"}", NULL, true}, /* no member's name */
        {"{\"passwor\":\"s\",\"pass word\":\"t\",\"p\\\\u0061ssword\":1}", NULL, false},
        {"{\"p\\u0061\\u0073sword\\u00\":\"s\"}", "{\"p\\u0061\\u0073sword\\u00\":\"*\"}", true},
        {"[]", NULL, false},
};

START_TEST(conceals) {
        char why[JSON_WHY_MAX];
        bool password = !texts[_i].password;
        size_t n = strlen(texts[_i].json);
        _cleanup_(freep) char *copy = malloc(n + 1); /* what is written or read beyond it is seen by the sanitizer */
        ck_assert_ptr_nonnull(copy);
        memcpy(copy, texts[_i].json, n + 1);
        ck_assert_ptr_null(json_scan((struct span){copy, n}, why, &password));
        ck_assert_int_eq(password, texts[_i].password);
        json_conceal(copy, n);
        ck_assert_str_eq(copy, texts[_i].concealed ? texts[_i].concealed : texts[_i].json);
}
END_TEST

START_TEST(a_wrong_text_says_why) {
        char why[JSON_WHY_MAX];
        bool password = false;
        ck_assert_ptr_eq(json_scan(SPAN("[\"password\"}"), why, &password), why);
        ck_assert_str_eq(why, "'}' at byte 11 closes nothing");
        ck_assert(!password);
        ck_assert_ptr_eq(json_scan(SPAN("[\"password"), why, &password), why);
        ck_assert_str_eq(why, "cut off after 10 bytes, inside a string");
}
END_TEST

int main(void) {
        Suite *suite = suite_create("json_text");
        TCase *tests = tcase_create("json_text");
        tcase_add_loop_test(tests, conceals, 0, (int)ELEMENTS(texts));
        tcase_add_test(tests, a_wrong_text_says_why);
        suite_add_tcase(suite, tests);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
