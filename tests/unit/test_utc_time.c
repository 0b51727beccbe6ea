/* test_utc_time.c: instants as text. */
#include <check.h>

#include "common/utc_time.h"

START_TEST(instants) {
        static const struct {
                int64_t usec;
                const char *text;
        } rows[] = {
                {0, "1970-01-01T00:00:00Z"},
                {INT64_C(1798128000000000), "2026-12-24T16:00:00Z"},
                {INT64_C(1798128000999999), "2026-12-24T16:00:00Z"},
                {INT64_C(951782400000000), "2000-02-29T00:00:00Z"},
                {-1, "1969-12-31T23:59:59Z"},
                {-1000000, "1969-12-31T23:59:59Z"},
                {INT64_MAX, "294247-01-10T04:00:54Z"},
                {INT64_MIN, "-290308-12-21T19:59:05Z"},
        };
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                char text[UTC_TIME_MAX];
                ck_assert_str_eq(utc_time_format(text, rows[i].usec), rows[i].text);
                ck_assert_ptr_eq(utc_time_format(text, rows[i].usec), text);
        }
}
END_TEST

int main(void) {
        Suite *suite = suite_create("utc_time");
        TCase *group = tcase_create("utc_time");
        tcase_add_test(group, instants);
        suite_add_tcase(suite, group);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed != 0;
}
