/* test_duration.c: durations with units, read and written. */
#include <check.h>

#include "common/duration.h"

START_TEST(durations) {
        static const struct {
                const char *text;
                uint64_t usec;
                const char *again;
        } right[] = {
                {"1us", 1, "1us"},
                {"1000us", 1000, "1ms"},
                {"1500ms", 1500000, "1500ms"},
                {"90s", 90 * USEC_PER_SEC, "90s"},
                {"120s", 120 * USEC_PER_SEC, "2m"},
                {"24h", 86400 * USEC_PER_SEC, "1d"},
                {"0h", 0, "0s"},
                {"18446744073709551615us", UINT64_MAX, "18446744073709551615us"},
        };
        for (size_t i = 0; i < ELEMENTS(right); i++) {
                uint64_t usec = 7;
                char text[DURATION_TEXT_MAX];
                ck_assert_int_eq(duration_parse(&usec, span_of(right[i].text)), 0);
                ck_assert_uint_eq(usec, right[i].usec);
                duration_format(text, usec);
                ck_assert_str_eq(text, right[i].again);
        }
        uint64_t untouched = 7;
        ck_assert_int_eq(duration_parse(&untouched, SPAN("")), DURATION_MALFORMED);
        ck_assert_int_eq(duration_parse(&untouched, SPAN("7")), DURATION_NO_UNIT);
        ck_assert_int_eq(duration_parse(&untouched, SPAN("18446744073709552s")), DURATION_TOO_LONG);
        ck_assert_uint_eq(untouched, 7);
}
END_TEST

int main(void) {
        Suite *suite = suite_create("duration");
        TCase *tc = tcase_create("duration");
        tcase_add_test(tc, durations);
        suite_add_tcase(suite, tc);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed != 0;
}
