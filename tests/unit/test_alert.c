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

START_TEST(what_may_have_been_told_is_told) {
        /* The service died while it told something else than "told", which it had noted before. */
        static const struct {
                bool known;
                enum cause told, now;
                enum change change;
        } rows[] = {
                {true, CAUSE_OK, CAUSE_OK, CHANGE_ENDED},
                {false, CAUSE_OK, CAUSE_OK, CHANGE_ENDED},
                {true, CAUSE_NO_ANSWER, CAUSE_NO_ANSWER, CHANGE_CHANGED},
                {true, CAUSE_OK, CAUSE_NO_ANSWER, CHANGE_BEGAN},
                {true, CAUSE_NO_ANSWER, CAUSE_WRONG_PASSWORD, CHANGE_CHANGED},
                {true, CAUSE_NO_ANSWER, CAUSE_OK, CHANGE_ENDED},
                {true, CAUSE_OK, CAUSE_INACTIVE, CHANGE_NONE}, /* says nothing; the next that does is told */
        };
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                struct alert_state s = {.known = rows[i].known, .told = rows[i].told, .told_usec = NOW, .uncertain = true};
                ck_assert_int_eq(alert_next(&s, true, rows[i].now, NOW, HOUR_USEC), rows[i].change);
        }
}
END_TEST

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

/* -- flapping ----------------------------------------------------------------------------------------------------------------- */

/* Runs as letters, the oldest first: good, bad. */
static uint32_t history_of(const char *runs) {
        uint32_t bits = 0;
        for (size_t i = 1; runs[i]; i++)
                bits = alert_history(bits, runs[i] != runs[i - 1]);
        return bits;
}

/* Computed by hand: 0.80 for the oldest of twenty runs to 1.18 for the newest, divided by twenty. */
static const struct {
        const char *runs;
        unsigned per_mille;
        bool begins, goes_on;
} flaps[] = {
        {"gggggggggggggggggggggggg", 0, false, false},
        {"b", 0, false, false},
        {"gb", 59, false, false},
        {"gbg", 117, false, false},
        {"gbgbgb", 285, false, true},       /* 1.18 + 1.16 + 1.14 + 1.12 + 1.10 = 5.70 */
        {"gbgbgbg", 339, true, true},       /* + 1.08 = 6.78 */
        {"gbgbgbggggggg", 303, true, true}, /* six runs later each has lost 0.12 */
        {"gbgbgbgggggggggggggg", 261, false, true},
        {"gbgbgbgggggggggggggggg", 210, false, false},       /* the oldest of them has left: 5 bits, 0.80 to 0.88 */
        {"gbgbgbgbgbgbgbgbgbgbgbgbgbgbgb", 990, true, true}, /* 19.80 */
        {"gggggggggbggggggggbggggggggb", 243, false, false},
};

START_TEST(flapping_is_judged_by_twenty_runs) {
        uint32_t bits = history_of(flaps[_i].runs);
        ck_assert_uint_eq(alert_flaps(bits), flaps[_i].per_mille);
        ck_assert_int_eq(alert_is_flapping(false, bits), flaps[_i].begins);
        ck_assert_int_eq(alert_is_flapping(true, bits), flaps[_i].goes_on);
}
END_TEST

START_TEST(what_flaps_is_told_twice) {
        struct alert_state s = {.known = true, .told = CAUSE_OK, .told_usec = AGO(1), .flapping_usec = AGO(1)};
        ck_assert_int_eq(alert_next(&s, true, CAUSE_NO_ANSWER, NOW, HOUR_USEC), CHANGE_FLAPPING);
        ck_assert_int_eq(alert_next(&s, true, CAUSE_OK, NOW, HOUR_USEC), CHANGE_FLAPPING);
        ck_assert_int_eq(alert_next(&s, false, CAUSE_NO_ANSWER, NOW, HOUR_USEC), CHANGE_BEGAN);
        s.flapping_told = true;
        s.told = CAUSE_NO_ANSWER;
        ck_assert_int_eq(alert_next(&s, true, CAUSE_OK, NOW, HOUR_USEC), CHANGE_NONE);
        ck_assert_int_eq(alert_next(&s, true, CAUSE_STALE_NONCE, NOW, HOUR_USEC), CHANGE_NONE);
        s.told_usec = AGO(HOUR_USEC);
        ck_assert_int_eq(alert_next(&s, true, CAUSE_OK, NOW, HOUR_USEC), CHANGE_FLAPPING); /* the reminder */
        ck_assert_int_eq(alert_next(&s, true, CAUSE_OK, NOW, 0), CHANGE_NONE);
        s.flapping_usec = 0;
        ck_assert_int_eq(alert_next(&s, true, CAUSE_OK, NOW, HOUR_USEC), CHANGE_SETTLED);
        ck_assert_int_eq(alert_next(&s, true, CAUSE_NO_ANSWER, NOW, HOUR_USEC), CHANGE_SETTLED);
        ck_assert_int_eq(alert_next(&s, false, CAUSE_OK, NOW, HOUR_USEC), CHANGE_ENDED); /* detection is off */
        s.flapping_told = false;
        ck_assert_int_eq(alert_next(&s, true, CAUSE_OK, NOW, HOUR_USEC), CHANGE_ENDED);
}
END_TEST

START_TEST(incidents_are_stretches_of_one_cause) {
        static const struct {
                bool open;
                enum cause had, now;
                enum change change;
        } steps[] = {
                {false, CAUSE_OK, CAUSE_OK, CHANGE_NONE},
                {false, CAUSE_OK, CAUSE_NO_ANSWER, CHANGE_BEGAN},
                {true, CAUSE_NO_ANSWER, CAUSE_NO_ANSWER, CHANGE_REMINDER},
                {true, CAUSE_NO_ANSWER, CAUSE_WRONG_PASSWORD, CHANGE_CHANGED},
                {true, CAUSE_WRONG_PASSWORD, CAUSE_HELD, CHANGE_REMINDER},
                {true, CAUSE_NO_ANSWER, CAUSE_OK, CHANGE_ENDED},
                {true, CAUSE_NO_ANSWER, CAUSE_RUN_ENDED, CHANGE_NONE},
                {true, CAUSE_NO_ANSWER, CAUSE_MAINTENANCE, CHANGE_NONE},
                {false, CAUSE_OK, CAUSE_MAINTENANCE, CHANGE_NONE},
        };
        for (size_t i = 0; i < ELEMENTS(steps); i++)
                ck_assert_msg(alert_incident(steps[i].open, steps[i].had, steps[i].now) == steps[i].change, "%zu", i);
}
END_TEST

START_TEST(changes_have_words) {
        for (enum change c = CHANGE_NONE; c < CHANGE_COUNT; c++)
                for (enum change d = CHANGE_NONE; d < c; d++)
                        ck_assert_str_ne(change_word(c), change_word(d));
}
END_TEST

int main(void) {
        Suite *suite = suite_create("alert");
        TCase *tc = tcase_create("alert");
        tcase_add_test(tc, what_may_have_been_told_is_told);
        tcase_add_loop_test(tc, tells_changes, 0, (int)ELEMENTS(changes));
        tcase_add_loop_test(tc, every_cause_begins_and_ends, 0, CAUSE_COUNT);
        tcase_add_test(tc, a_held_trunk_keeps_the_cause_that_was_told);
        tcase_add_loop_test(tc, flapping_is_judged_by_twenty_runs, 0, (int)ELEMENTS(flaps));
        tcase_add_test(tc, what_flaps_is_told_twice);
        tcase_add_test(tc, incidents_are_stretches_of_one_cause);
        tcase_add_test(tc, changes_have_words);
        suite_add_tcase(suite, tc);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed != 0;
}
