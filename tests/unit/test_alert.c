/* test_alert.c: what is told, and when. */
#include <check.h>
#include <syslog.h>

#include "common/alert.h"

#define HOUR_USEC (3600 * USEC_PER_SEC)
#define NOW (INT64_C(1795408367) * INT64_C(1000000))
#define AGO(usec) (NOW - (int64_t)(usec))

static const struct {
        bool known;
        enum cause told;
        int64_t told_usec;
        enum cause now;
        uint64_t reminder_usec;
        enum change change;
} changes[] = {
        /* nothing was ever told */
        {false, CAUSE_OK, 0, CAUSE_OK, HOUR_USEC, CHANGE_NONE},
        {false, CAUSE_OK, 0, CAUSE_WRONG_PASSWORD, HOUR_USEC, CHANGE_BEGAN},
        {false, CAUSE_WRONG_PASSWORD, 0, CAUSE_WRONG_PASSWORD, HOUR_USEC, CHANGE_BEGAN}, /* told is not known */
        {false, CAUSE_WRONG_PASSWORD, 0, CAUSE_OK, HOUR_USEC, CHANGE_NONE},
        {false, CAUSE_OK, 0, CAUSE_INACTIVE, HOUR_USEC, CHANGE_NONE},
        {false, CAUSE_OK, 0, CAUSE_NO_ANSWER, HOUR_USEC, CHANGE_BEGAN},
        /* begins, changes, ends */
        {true, CAUSE_OK, AGO(1), CAUSE_STALE_NONCE, 0, CHANGE_BEGAN},
        {true, CAUSE_OK, AGO(1), CAUSE_PLATFORM_DISAGREES, 0, CHANGE_BEGAN},
        {true, CAUSE_OK, AGO(1), CAUSE_NO_CHALLENGE, 0, CHANGE_BEGAN},
        {true, CAUSE_OK, AGO(1), CAUSE_ADDRESS_ACCEPTED, 0, CHANGE_NONE},
        {true, CAUSE_STALE_NONCE, AGO(1), CAUSE_QOP_MISMATCH, HOUR_USEC, CHANGE_CHANGED},
        {true, CAUSE_NO_ANSWER, AGO(1), CAUSE_WRONG_PASSWORD, HOUR_USEC, CHANGE_CHANGED},
        {true, CAUSE_STALE_NONCE, AGO(1), CAUSE_OK, HOUR_USEC, CHANGE_ENDED},
        {true, CAUSE_PLATFORM_ERROR, AGO(1), CAUSE_PLATFORM_OK, HOUR_USEC, CHANGE_ENDED},
        {true, CAUSE_CLOCK_OFF, AGO(1), CAUSE_CLOCK_UNUSED, HOUR_USEC, CHANGE_ENDED},
        /* no credentials sent after a refusal: the incident goes on, under the cause that was told */
        {true, CAUSE_WRONG_PASSWORD, AGO(1), CAUSE_HELD, HOUR_USEC, CHANGE_NONE},
        {true, CAUSE_WRONG_PASSWORD, AGO(HOUR_USEC), CAUSE_HELD, HOUR_USEC, CHANGE_REMINDER},
        {true, CAUSE_WRONG_PASSWORD, AGO(1), CAUSE_BUDGET_SPENT, HOUR_USEC, CHANGE_NONE},
        {true, CAUSE_OK, AGO(1), CAUSE_HELD, HOUR_USEC, CHANGE_BEGAN},
        {false, CAUSE_OK, 0, CAUSE_HELD, HOUR_USEC, CHANGE_BEGAN},
        {true, CAUSE_HELD, AGO(1), CAUSE_WRONG_PASSWORD, HOUR_USEC, CHANGE_CHANGED},
        {true, CAUSE_HELD, AGO(1), CAUSE_OK, HOUR_USEC, CHANGE_ENDED},
        /* neither good nor bad */
        {true, CAUSE_STALE_NONCE, AGO(1), CAUSE_INACTIVE, HOUR_USEC, CHANGE_NONE},
        {true, CAUSE_STALE_NONCE, AGO(1), CAUSE_RUN_ENDED, HOUR_USEC, CHANGE_NONE},
        {true, CAUSE_PLATFORM_ERROR, AGO(1), CAUSE_PLATFORM_UNFINISHED, HOUR_USEC, CHANGE_NONE},
        {true, CAUSE_INACTIVE, AGO(1), CAUSE_OK, HOUR_USEC, CHANGE_NONE},
        {true, CAUSE_INACTIVE, AGO(1), CAUSE_STALE_NONCE, HOUR_USEC, CHANGE_BEGAN},
        /* stays */
        {true, CAUSE_OK, AGO(HOUR_USEC), CAUSE_OK, HOUR_USEC, CHANGE_NONE},
        {true, CAUSE_STALE_NONCE, AGO(HOUR_USEC - 1), CAUSE_STALE_NONCE, HOUR_USEC, CHANGE_NONE},
        {true, CAUSE_STALE_NONCE, AGO(HOUR_USEC), CAUSE_STALE_NONCE, HOUR_USEC, CHANGE_REMINDER},
        {true, CAUSE_STALE_NONCE, AGO(100 * HOUR_USEC), CAUSE_STALE_NONCE, 0, CHANGE_NONE},
        {true, CAUSE_STALE_NONCE, AGO(100 * HOUR_USEC), CAUSE_QOP_MISMATCH, HOUR_USEC, CHANGE_CHANGED},
        {true, CAUSE_STALE_NONCE, NOW + INT64_C(7200000000), CAUSE_STALE_NONCE, HOUR_USEC, CHANGE_NONE}, /* the clock was set back */
        {true, CAUSE_STALE_NONCE, NOW, CAUSE_STALE_NONCE, HOUR_USEC, CHANGE_NONE},
};

START_TEST(tells_changes) {
        enum change got = alert_change(changes[_i].known, changes[_i].told, changes[_i].told_usec, changes[_i].now, NOW,
                                       changes[_i].reminder_usec);
        ck_assert_int_eq(got, changes[_i].change);
}
END_TEST

/* Each cause tells its beginning exactly when it is bad, its end exactly when a pass follows. */
START_TEST(every_cause_begins_and_ends) {
        enum cause c = (enum cause)_i;
        const struct cause_info *info = cause_info(c);
        bool bad = alert_is_bad(c);
        ck_assert_msg(bad == (info->outcome != OUTCOME_PASS && info->priority <= LOG_WARNING), "%s", info->word);
        ck_assert_msg(info->outcome != OUTCOME_FAIL || bad || info->priority == LOG_NOTICE, "%s fails and is not told", info->word);
        ck_assert_int_eq(alert_change(true, CAUSE_OK, AGO(1), c, NOW, 0), bad ? CHANGE_BEGAN : CHANGE_NONE);
        ck_assert_int_eq(alert_change(true, c, AGO(1), CAUSE_OK, NOW, 0), bad ? CHANGE_ENDED : CHANGE_NONE);
        ck_assert_int_eq(alert_change(true, c, AGO(1), c, NOW, HOUR_USEC), CHANGE_NONE);
}
END_TEST

START_TEST(a_held_trunk_keeps_the_cause_that_was_told) {
        ck_assert_int_eq(alert_cause(true, CAUSE_FORBIDDEN, CAUSE_HELD), CAUSE_FORBIDDEN);
        ck_assert_int_eq(alert_cause(true, CAUSE_FORBIDDEN, CAUSE_BUDGET_SPENT), CAUSE_FORBIDDEN);
        ck_assert_int_eq(alert_cause(true, CAUSE_OK, CAUSE_HELD), CAUSE_HELD);
        ck_assert_int_eq(alert_cause(false, CAUSE_FORBIDDEN, CAUSE_HELD), CAUSE_HELD);
        ck_assert_int_eq(alert_cause(true, CAUSE_FORBIDDEN, CAUSE_WRONG_PASSWORD), CAUSE_WRONG_PASSWORD);
}
END_TEST

int main(void) {
        Suite *suite = suite_create("alert");
        TCase *tc = tcase_create("alert");
        tcase_add_loop_test(tc, tells_changes, 0, (int)ELEMENTS(changes));
        tcase_add_loop_test(tc, every_cause_begins_and_ends, 0, CAUSE_COUNT);
        tcase_add_test(tc, a_held_trunk_keeps_the_cause_that_was_told);
        suite_add_tcase(suite, tc);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed != 0;
}
