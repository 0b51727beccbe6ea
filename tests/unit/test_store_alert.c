/* test_store_alert.c: incidents, what is watched from run to run, and what was told, in the database. */
#include "common/alert.h"
#include "store_fixture.h"

static struct store *s;
static struct trunk a, b;
static int hour;

static void setup(void) {
        make_directory();
        s = open_writer();
        a = make_trunk("id-a", "Alpha", TRUNK_EXTRA);
        b = make_trunk("id-b", "Beta", TRUNK_EXTRA);
        hour = 0;
}

static void teardown(void) {
        s = store_close(s);
        trunk_clear(&a);
        trunk_clear(&b);
}

static int64_t run_with(enum cause cause_a, enum cause cause_b, int64_t silenced_usec, enum run_state state) {
        struct run run = make_run(hour++);
        run.state = state;
        struct result results[] = {make_result(&a, cause_a, NULL), make_result(&b, cause_b, NULL)};
        results[0].silenced_until_usec = silenced_usec;
        store_run(s, &run, results, 2);
        return run.id;
}

static void tell(const char *subject, enum cause cause, bool ends) {
        const struct announcement told = {.subject = subject, .cause = cause, .run = hour, .ends = ends};
        ck_assert_msg(store_put_announcements(s, &told, 1, START + hour * HOUR) == 0, "%s", store_error(s));
}

#define INCIDENTS "SELECT trunk, cause, since, until, runs, told, alert_id = id, id, silenced_until FROM incidents ORDER BY id"

START_TEST(a_stretch_of_one_cause_is_one_incident) {
        run_with(CAUSE_OK, CAUSE_OK, 0, RUN_DONE);
        expect_rows(INCIDENTS, "");
        run_with(CAUSE_NO_ANSWER, CAUSE_OK, 0, RUN_DONE);
        tell("trunk:id-a", CAUSE_NO_ANSWER, false);
        run_with(CAUSE_NO_ANSWER, CAUSE_OK, START + 99 * HOUR, RUN_DONE);
        run_with(CAUSE_INACTIVE, CAUSE_OK, 0, RUN_DONE); /* says nothing */
        expect_rows(INCIDENTS, "Alpha|no_answer|2026-11-23T06:00:04Z||2|1|1|1|2026-11-27T08:00:00Z");
        run_with(CAUSE_NO_ANSWER, CAUSE_OK, 0, RUN_DONE);
        run_with(CAUSE_WRONG_PASSWORD, CAUSE_OK, 0, RUN_DONE);
        run_with(CAUSE_HELD, CAUSE_OK, 0, RUN_DONE);
        expect_rows(INCIDENTS, "Alpha|no_answer|2026-11-23T06:00:04Z|2026-11-23T10:00:04Z|3|1|1|1|\n"
                               "Alpha|wrong_password|2026-11-23T10:00:04Z||2|0|0|2|");
        int64_t alert_id = 0;
        ck_assert_int_eq(store_alert_id(s, "trunk:id-a", &alert_id), 0);
        ck_assert_int_eq(alert_id, 1); /* kept while the trunk is not in order */
        run_with(CAUSE_OK, CAUSE_OK, 0, RUN_DONE);
        run_with(CAUSE_NO_ANSWER, CAUSE_OK, 0, RUN_DONE);
        expect_rows("SELECT id, alert_id, until IS NULL, kind, hours > 0 FROM incidents",
                    "3|3|1|failing|1\n2|1|0|failing|1\n1|1|0|failing|1");
        ck_assert_int_eq(store_alert_id(s, "trunk:id-b", &alert_id), 0);
        ck_assert_int_eq(alert_id, 0);
}
END_TEST

static bool is_uncertain(const char *subject) {
        struct alert_state state;
        ck_assert_int_eq(store_alert_state(s, subject, &state), 0);
        return state.uncertain;
}

static void begin(const char *subject, enum cause cause) {
        const struct announcement telling = {.subject = subject, .cause = cause, .run = hour};
        ck_assert_msg(store_begin_telling(s, &telling, 1) == 0, "%s", store_error(s));
}

START_TEST(what_was_being_told_stays_until_it_was) {
        run_with(CAUSE_NO_ANSWER, CAUSE_NO_ANSWER, 0, RUN_DONE);
        ck_assert_int_eq(store_begin_telling(s, NULL, 0), 0);
        begin("trunk:id-a", CAUSE_NO_ANSWER);
        ck_assert(is_uncertain("trunk:id-a"));
        ck_assert(!is_uncertain("trunk:id-b"));
        tell("trunk:id-a", CAUSE_NO_ANSWER, false);
        ck_assert(!is_uncertain("trunk:id-a"));
        begin("trunk:id-a", CAUSE_NO_ANSWER); /* a reminder says what was told */
        ck_assert(!is_uncertain("trunk:id-a"));
        begin("trunk:id-a", CAUSE_OK);
        begin("trunk:id-a", CAUSE_NO_ANSWER); /* the next run, which dies, too: the first may have been told */
        ck_assert(is_uncertain("trunk:id-a"));
        tell("trunk:id-b", CAUSE_NO_ANSWER, false);
        ck_assert(is_uncertain("trunk:id-a"));
        tell("trunk:id-a", CAUSE_OK, false);
        ck_assert(!is_uncertain("trunk:id-a"));
        expect_rows("SELECT * FROM telling", "");
}
END_TEST

START_TEST(platform_and_clock_have_incidents) {
        struct run run = make_run(0);
        run.platform = verdict_of(CAUSE_PLATFORM_ERROR, "500");
        run.clock = verdict_of(CAUSE_CLOCK_OFF, "2 s");
        run.silenced_until_usec = START + HOUR;
        store_run(s, &run, NULL, 0);
        expect_rows("SELECT trunk, cause, silenced_until, trunk_id FROM incidents ORDER BY id",
                    "platform|platform_error|2026-11-23T06:00:00Z|\nclock|clock_off|2026-11-23T06:00:00Z|");
        run = make_run(1);
        store_run(s, &run, NULL, 0);
        expect_rows("SELECT count(*) FROM incidents WHERE until IS NULL", "0");
}
END_TEST

START_TEST(a_trunk_that_is_gone_has_no_open_incident) {
        run_with(CAUSE_NO_ANSWER, CAUSE_NO_ANSWER, 0, RUN_DONE);
        struct run run = make_run(hour++);
        struct result result = make_result(&b, CAUSE_NO_ANSWER, NULL);
        run.partial = true;
        store_run(s, &run, &result, 1);
        expect_rows("SELECT count(*) FROM incidents WHERE until IS NULL", "2");
        run = make_run(hour++);
        store_run(s, &run, &result, 1);
        expect_rows("SELECT trunk FROM incidents WHERE until IS NULL", "Beta");
        expect_rows("SELECT subject FROM watch", "trunk:id-b");
}
END_TEST

START_TEST(flapping_is_watched) {
        struct alert_state state;
        for (int i = 0; i < 6; i++)
                run_with(i % 2 == 0 ? CAUSE_NO_ANSWER : CAUSE_OK, CAUSE_OK, 0, RUN_DONE);
        ck_assert_int_eq(store_alert_state(s, "trunk:id-a", &state), 0);
        ck_assert_int_ne(state.flapping_usec, 0);
        ck_assert(!state.flapping_told);
        ck_assert_int_eq(alert_next(&state, true, CAUSE_OK, START + 6 * HOUR, 0), CHANGE_FLAPPING);
        tell("trunk:id-a", CAUSE_OK, false);
        run_with(CAUSE_NO_ANSWER, CAUSE_OK, 0, RUN_DONE);
        expect_rows("SELECT trunk, flapping FROM incidents WHERE until IS NULL", "Alpha|2026-11-23T10:00:04Z");
        ck_assert_int_eq(store_alert_state(s, "trunk:id-a", &state), 0);
        ck_assert(state.flapping_told);
        int runs = 0;
        do {
                run_with(CAUSE_NO_ANSWER, CAUSE_OK, 0, RUN_DONE);
                ck_assert_int_eq(store_alert_state(s, "trunk:id-a", &state), 0);
        } while (state.flapping_usec != 0 && ++runs < 30);
        ck_assert_int_lt(runs, 20);
        ck_assert_int_eq(alert_next(&state, true, CAUSE_NO_ANSWER, START + hour * HOUR, 0), CHANGE_SETTLED);
        tell("trunk:id-a", CAUSE_NO_ANSWER, false);
        for (int i = 0; i < 20; i++)
                run_with(CAUSE_NO_ANSWER, CAUSE_OK, 0, RUN_DONE);
        expect_rows("SELECT subject, changes, flapping_told FROM watch", "trunk:id-a|0|0"); /* it is untested */
        run_with(CAUSE_OK, CAUSE_OK, 0, RUN_DONE);
        for (int i = 0; i < 20; i++)
                run_with(CAUSE_OK, CAUSE_OK, 0, RUN_DONE);
        expect_rows("SELECT count(*) FROM watch", "0");
}
END_TEST

static void expect_untested(int64_t run, int64_t before_usec, const char *expected) {
        struct table *t = NULL;
        ck_assert_msg(store_untested_news(s, run, before_usec, &t) == 0, "%s", store_error(s));
        char text[400] = "";
        for (size_t i = 0; i < t->rows; i++)
                (void)snprintf(text + strlen(text), sizeof text - strlen(text), "%s %s %s %s;", table_text(t, i, "trunk"),
                               table_text(t, i, "change"), table_text(t, i, "cause"), table_text(t, i, "since"));
        ck_assert_str_eq(text, expected);
        t = table_free(t);
}

START_TEST(untested_trunks_are_found) {
        run_with(CAUSE_WRONG_PASSWORD, CAUSE_OK, 0, RUN_DONE); /* that is a test */
        run_with(CAUSE_HELD, CAUSE_INACTIVE, 0, RUN_DONE);
        run_with(CAUSE_RUN_ENDED, CAUSE_MAINTENANCE, 0, RUN_ABORTED);
        int64_t run = run_with(CAUSE_NO_ANSWER, CAUSE_RUN_ENDED, 0, RUN_DONE);
        expect_untested(run, START, "");
        expect_untested(run, START + 2 * HOUR, "Alpha began no_answer 2026-11-23T05:00:01Z;");
        /* the time in which it was not meant to be tested does not count */
        expect_untested(run, START + 3 * HOUR, "Alpha began no_answer 2026-11-23T05:00:01Z;Beta began run_ended 2026-11-23T07:00:01Z;");
        begin("untested:id-a", CAUSE_NO_ANSWER); /* and the service dies: it is told again */
        expect_untested(run, START + 2 * HOUR, "Alpha began no_answer 2026-11-23T05:00:01Z;");
        ck_assert_int_eq(store_open_incident(s, "untested:id-a", CAUSE_NO_ANSWER, run, START, START + 4 * HOUR), 0);
        ck_assert_int_eq(store_open_incident(s, "untested:id-a", CAUSE_NO_ANSWER, run, START, START + 4 * HOUR), 0);
        tell("untested:id-a", CAUSE_NO_ANSWER, false);
        expect_rows("SELECT trunk, cause, kind, told, since FROM incidents WHERE kind = 'untested'",
                    "Alpha|no_answer|untested|1|2026-11-23T05:00:00Z");
        run = run_with(CAUSE_NO_ANSWER, CAUSE_OK, 0, RUN_DONE);
        expect_untested(run, START + 4 * HOUR, ""); /* it is told once */
        run = run_with(CAUSE_OK, CAUSE_OK, 0, RUN_DONE);
        expect_untested(run, START + 4 * HOUR, "Alpha ended ok ;");
        tell("untested:id-a", CAUSE_OK, true);
        expect_untested(run, START + 4 * HOUR, "");
        expect_rows("SELECT told, until FROM incidents WHERE kind = 'untested'", "2|2026-11-23T11:00:00Z");
        begin("untested:id-b", CAUSE_RUN_ENDED); /* nobody knows whether it was told, and it is over by now */
        expect_untested(run, START + 4 * HOUR, "Beta ended ok ;");
        tell("untested:id-b", CAUSE_OK, true);
        expect_untested(run, START + 4 * HOUR, "");
}
END_TEST

START_TEST(a_new_trunk_is_untested_since_its_first_run) {
        int64_t run = run_with(CAUSE_NO_ANSWER, CAUSE_OK, 0, RUN_DONE);
        expect_untested(run, START + HOUR, "Alpha began no_answer 2026-11-23T05:00:01Z;");
}
END_TEST

START_TEST(overdue_runs_are_an_incident_without_a_cause) {
        int64_t alert_id = 0;
        ck_assert_int_eq(store_open_incident(s, "runs", CAUSE_COUNT, 0, START, START + HOUR), 0);
        tell("runs", CAUSE_COUNT, false);
        ck_assert_int_eq(store_alert_id(s, "runs", &alert_id), 0);
        ck_assert_int_eq(alert_id, 1);
        expect_rows("SELECT trunk, cause, runs, told, until IS NULL FROM incidents", "runs|no_run|0|1|1");
        struct alert_state state;
        ck_assert_int_eq(store_alert_state(s, "runs", &state), 0);
        ck_assert(state.known);
        tell("runs", CAUSE_COUNT, true);
        ck_assert_int_eq(store_alert_state(s, "runs", &state), 0);
        ck_assert(!state.known);
        ck_assert_int_eq(state.incident, 0);
}
END_TEST

int main(void) {
        Suite *suite = suite_create("store_alert");
        TCase *tc = tcase_create("store_alert");
        tcase_add_unchecked_fixture(tc, make_base, remove_base);
        tcase_add_checked_fixture(tc, setup, teardown);
        tcase_add_test(tc, a_stretch_of_one_cause_is_one_incident);
        tcase_add_test(tc, what_was_being_told_stays_until_it_was);
        tcase_add_test(tc, platform_and_clock_have_incidents);
        tcase_add_test(tc, a_trunk_that_is_gone_has_no_open_incident);
        tcase_add_test(tc, flapping_is_watched);
        tcase_add_test(tc, untested_trunks_are_found);
        tcase_add_test(tc, a_new_trunk_is_untested_since_its_first_run);
        tcase_add_test(tc, overdue_runs_are_an_incident_without_a_cause);
        suite_add_tcase(suite, tc);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed != 0;
}
