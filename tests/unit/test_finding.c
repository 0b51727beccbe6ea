/* test_finding.c: what a check of a set-up found, as lines and as JSON. */
#include <check.h>

#include "common/finding.h"

static void expect(const struct finding *f, const char *text, const char *json) {
        char *got = NULL;
        ck_assert_int_eq(finding_text(&got, f), 0);
        ck_assert_str_eq(got, text);
        free(got);
        ck_assert_int_eq(finding_json(&got, f), 0);
        ck_assert_str_eq(got, json);
        free(got);
}

START_TEST(lines_and_json) {
        struct finding f = finding_of("clock", FINDING_OK, "%d of %d", 3, 3);
        expect(&f, "ok       clock: 3 of 3\n", "{\"check\": \"clock\", \"state\": \"ok\", \"seen\": \"3 of 3\", \"remedy\": null}");
        f = finding_of("a lock", FINDING_SKIPPED, "why");
        expect(&f, "skipped  a lock: why\n", "{\"check\": \"a lock\", \"state\": \"skipped\", \"seen\": \"why\", \"remedy\": null}");
        f = finding_of("token", FINDING_FAIL, "it said \"no\"\r\nok       token: forged\033[2J");
        finding_advise(&f, "do %s\n", "this");
        expect(&f,
               "FAIL     token: it said \"no\"  ok       token: forged [2J\n"
               "         do this \n",
               "{\"check\": \"token\", \"state\": \"fail\", \"seen\": \"it said \\\"no\\\"\\r\\nok       token: forged\\u001b[2J\", "
               "\"remedy\": \"do this\\n\"}");
        f = finding_of("b", FINDING_WARN, "%s", "");
        expect(&f, "warn     b: \n", "{\"check\": \"b\", \"state\": \"warn\", \"seen\": \"\", \"remedy\": null}");
}
END_TEST

START_TEST(long_texts_are_cut_at_a_character) {
        char text[FINDING_TEXT_MAX + 8];
        memset(text, 'x', sizeof text);
        text[sizeof text - 1] = '\0';
        memcpy(text + FINDING_TEXT_MAX - 2, "\xE2\x82\xAC", 3); /* one byte of it fits */
        struct finding f = finding_of("a", FINDING_OK, "%s", text);
        finding_advise(&f, "%s", text);
        ck_assert_uint_eq(strlen(f.seen), FINDING_TEXT_MAX - 2);
        ck_assert_int_eq(f.seen[FINDING_TEXT_MAX - 3], 'x');
        ck_assert_str_eq(f.remedy, f.seen);
}
END_TEST

START_TEST(verdicts) {
        static const struct {
                enum cause cause;
                enum finding_state state;
        } rows[] = {
                {CAUSE_PLATFORM_OK, FINDING_OK},         {CAUSE_CLOCK_OK, FINDING_OK}, {CAUSE_CLOCK_OFF, FINDING_FAIL},
                {CAUSE_CLOCK_UNKNOWN, FINDING_FAIL}, /* untested in an audit; in a set-up it is to be mended */
                {CAUSE_CARRIER_CLOCK_OFF, FINDING_WARN},
        };
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                const struct cause_info *info = cause_info(rows[i].cause);
                const struct verdict v = verdict_of(rows[i].cause, "%s", "what was seen");
                struct finding f = finding_of_verdict("check", &v);
                ck_assert_int_eq(f.state, rows[i].state);
                ck_assert_str_eq(f.remedy, f.state == FINDING_OK ? "" : info->remedy);
                ck_assert_ptr_nonnull(strstr(f.seen, info->word));
                ck_assert_ptr_nonnull(strstr(f.seen, " (what was seen)"));
        }
        const struct verdict bare = verdict_of(CAUSE_PLATFORM_OK, "%s", "");
        ck_assert_ptr_null(strchr(finding_of_verdict("check", &bare).seen, '('));
}
END_TEST

static void complains(bool warning, char *text, const char *seen, const char *remedy) {
        const struct complaint c = {.warning = warning, .text = text};
        struct finding f = finding_of_complaint("configuration", &c);
        ck_assert_int_eq(f.state, warning ? FINDING_WARN : FINDING_FAIL);
        ck_assert_str_eq(f.seen, seen);
        ck_assert_str_eq(f.remedy, remedy);
}

START_TEST(complaints) {
        complains(false, (char[]){"f:1:2: key: is wrong (write it right)"}, "f:1:2: key: is wrong", "write it right");
        complains(true, (char[]){"f:1:2: key: is (very) wrong"}, "f:1:2: key: is (very) wrong", "");
        complains(true, (char[]){"f:1:2: key: is wrong (a) (b)"}, "f:1:2: key: is wrong (a)", "b");
        complains(false, (char[]){"(all)"}, "(all)", "");
        complains(false, (char[]){"f()"}, "f()", "");
        complains(false, (char[]){"f ()"}, "f", "");
        complains(false, (char[]){""}, "", "");
}
END_TEST

START_TEST(the_more_urgent) {
        static const enum finding_state order[] = {FINDING_OK, FINDING_SKIPPED, FINDING_WARN, FINDING_FAIL};
        for (size_t a = 0; a < ELEMENTS(order); a++)
                for (size_t b = 0; b < ELEMENTS(order); b++)
                        ck_assert_int_eq(finding_worse(order[a], order[b]), order[a > b ? a : b]);
}
END_TEST

int main(void) {
        Suite *suite = suite_create("finding");
        TCase *tests = tcase_create("finding");
        tcase_add_test(tests, lines_and_json);
        tcase_add_test(tests, long_texts_are_cut_at_a_character);
        tcase_add_test(tests, verdicts);
        tcase_add_test(tests, complaints);
        tcase_add_test(tests, the_more_urgent);
        suite_add_tcase(suite, tests);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed > 0;
}
