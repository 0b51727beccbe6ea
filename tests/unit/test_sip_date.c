/* test_sip_date.c: Date headers as RFC 3261 section 20.17 wants them, and others. */
#include <check.h>
#include <time.h>

#include "common/sip_date.h"
#include "share.h"

static const struct {
        const char *text;
        int64_t sec; /* -1 = no date */
} dates[] = {
        {"Sat, 13 Nov 2010 23:29:00 GMT", 1289690940}, /* the RFC's own */
        {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
        {"Tue, 29 Feb 2000 23:59:59 GMT", 951868799},
        {"Thu, 29 Feb 2024 12:00:00 GMT", 1709208000},
        {"Fri, 01 Mar 2024 00:00:00 GMT", 1709251200},
        {"Sat, 31 Dec 2016 23:59:60 GMT", 1483228800},
        {"Wed, 25 Nov 2026 23:33:12 GMT", 1795649592},
        {"Fri, 31 Dec 9999 23:59:59 GMT", INT64_C(253402300799)},
        {"wed, 25 NOV 2026 23:33:12 gmt", 1795649592},
        /* baddate of RFC 4475 section 3.1.2.12, and other zones */
        {"Fri, 01 Jan 2010 16:00:00 EST", -1},
        {"Wed, 25 Nov 2026 23:33:12 UTC", -1},
        {"Wed, 25 Nov 2026 23:33:12 +0000", -1},
        {"Wed, 25 Nov 2026 23:33:12", -1},
        /* days that are not */
        {"Tue, 25 Nov 2026 23:33:12 GMT", -1},
        {"Sun, 29 Feb 2026 12:00:00 GMT", -1},
        {"Mon, 29 Feb 2100 12:00:00 GMT", -1},
        {"Tue, 31 Nov 2026 12:00:00 GMT", -1},
        {"Sun, 00 Nov 2026 12:00:00 GMT", -1},
        {"Wed, 31 Dec 1969 23:59:59 GMT", -1},
        /* times that are not */
        {"Wed, 25 Nov 2026 24:00:00 GMT", -1},
        {"Wed, 25 Nov 2026 23:60:00 GMT", -1},
        {"Wed, 25 Nov 2026 23:33:61 GMT", -1},
        {"Wed, 25 Nov 2026 -1:33:12 GMT", -1},
        /* forms that are not: asctime, RFC 850, one digit, words, room */
        {"Wed Nov 25 23:33:12 2026", -1},
        {"Wednesday, 25-Nov-26 23:33:12 GMT", -1},
        {"Wed, 5 Nov 2026 23:33:12 GMT", -1},
        {"Wed, 25 Now 2026 23:33:12 GMT", -1},
        {"Wen, 25 Nov 2026 23:33:12 GMT", -1},
        {"Wed; 25 Nov 2026 23:33:12 GMT", -1},
        {"Wed,25 Nov 2026 23:33:12 GMT ", -1},
        {"Wed, 25-Nov-2026 23:33:12 GMT", -1},
        {"Wed, 25 Nov 2026 23.33.12 GMT", -1},
        {"Wed, 25 Nov 2026 23:33:12 GMT ", -1},
        {" Wed, 25 Nov 2026 23:33:12 GMT", -1},
        {"Wed, 25 Nov 2026 23:33:1x GMT", -1},
        {"Wed, 25 Nov 20x6 23:33:12 GMT", -1},
        {"Wed, 25 Nov 2026 23:33:12 GM", -1},
        {"", -1},
};

START_TEST(reads_dates) {
        size_t n = strlen(dates[_i].text);
        char *exact = malloc(n > 0 ? n : 1);
        ck_assert_ptr_nonnull(exact);
        memcpy(exact, dates[_i].text, n);
        int64_t got = -2;
        bool ok = sip_date_parse((struct span){exact, n}, &got);
        free(exact);
        ck_assert_int_eq(ok, dates[_i].sec >= 0);
        ck_assert_int_eq(got, ok ? dates[_i].sec : -2);
}
END_TEST

/* Every 7th hour or so from 1970 to 2100, as the C library writes them. */
START_TEST(agrees_with_the_c_library) {
        for (time_t t = 0; t < INT64_C(4102444800); t += 25201 * (100000 / share_of(100000))) {
                char text[40];
                struct tm tm;
                size_t n = strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&t, &tm));
                int64_t got = -1;
                ck_assert_msg(sip_date_parse((struct span){text, n}, &got) && got == t, "%s", text);
        }
}
END_TEST

int main(void) {
        Suite *suite = suite_create("sip_date");
        TCase *tc = tcase_create("sip_date");
        tcase_add_loop_test(tc, reads_dates, 0, (int)ELEMENTS(dates));
        tcase_add_test(tc, agrees_with_the_c_library);
        suite_add_tcase(suite, tc);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed != 0;
}
