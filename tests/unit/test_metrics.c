/* test_metrics.c: the text for Prometheus, and how trunks stand, of which it is made. */
#include "common/metrics.h"
#include "store_fixture.h"

static const char migration[] =
#include "sql/010_standing.inc"
        ;

static struct table *standing(struct store *s, const char *who) {
        struct table *t = NULL;
        ck_assert_int_eq(store_read(s, STORE_VIEW_STANDING, who, 0, &t), 0);
        return t;
}

static char *text_of_metrics(const struct metrics *m) {
        char *text = NULL;
        size_t n = 0;
        ck_assert_int_eq(metrics_text(&text, &n, m), 0);
        ck_assert_uint_eq(strlen(text), n);
        return text;
}

static void expect_line(const char *text, const char *line) {
        char between[400];
        (void)snprintf(between, sizeof between, "\n%s\n", line);
        ck_assert_msg(strstr(text, between) != NULL, "no line\n%s\nin\n%s", line, text);
}

/* -- how trunks stand ------------------------------------------------------------------------------------------------ */

START_TEST(what_was_last_known_stays) {
        struct store *s = open_writer();
        struct trunk t = make_trunk("id-a", "A", TRUNK_LISTED);
        put_listing(s, &t, 1, START);
        static const enum cause causes[] = {CAUSE_OK, CAUSE_WRONG_PASSWORD, CAUSE_CARRIER_UNAVAILABLE};
        struct tls_facts tls = {.present = true, .not_after_sec = 1900000000};
        for (int hour = 0; hour < 3; hour++) {
                struct evidence e = make_evidence();
                e.targets[0].tls = hour == 0 ? &tls : NULL;
                struct run run = make_run(hour);
                struct result result = make_result(&t, causes[hour], &e);
                store_run(s, &run, &result, 1);
                e.targets[0].tls = NULL;
                evidence_clear(&e);
                if (hour == 0) /* of a trunk that passes no evidence was kept, and its certificate is known all the same */
                        expect_rows("SELECT certificate_ends, (SELECT count(*) FROM evidence) FROM standing", "2030-03-17T17:46:40Z|0");
        }
        expect_rows("SELECT outcome, last_tested, last_passed, certificate_ends FROM standing",
                    "untested|2026-11-23T06:00:01Z|2026-11-23T05:00:01Z|"); /* the second test was without TLS */
        struct table *got = standing(s, "A");
        ck_assert_uint_eq(got->rows, 1);
        ck_assert_str_eq(table_text(got, 0, "tested_usec"), "1795413601500000");
        ck_assert_str_eq(table_text(got, 0, "severity"), "2");
        table_free(got);
        ck_assert_int_eq(store_read(s, STORE_VIEW_STANDING, "nobody", 0, &got), STORE_NONE);
        struct run_counts counts = {0};
        ck_assert_int_eq(store_count_runs(s, START + HOUR, &counts), 0);
        ck_assert_uint_eq(counts.of[RUN_DONE], 2);
        ck_assert_uint_eq(counts.of[RUN_BROKEN], 0);
        ck_assert_int_eq(counts.newest, 3);
        trunk_clear(&t);
        store_close(s);
}
END_TEST

START_TEST(an_older_database_gets_what_its_results_tell) {
        struct store *s = open_writer();
        struct trunk t = make_trunk("id-a", "A", TRUNK_LISTED), never = make_trunk("id-b", "B", TRUNK_LISTED);
        struct trunk both[] = {t, never};
        put_listing(s, both, 2, START);
        static const enum cause causes[] = {CAUSE_CARRIER_CLOCK_OFF, CAUSE_WRONG_PASSWORD, CAUSE_CARRIER_UNAVAILABLE};
        for (int hour = 0; hour < 3; hour++) {
                struct run run = make_run(hour);
                struct result results[] = {make_result(&t, causes[hour], NULL), make_result(&never, CAUSE_SECRET_MISSING, NULL)};
                store_run(s, &run, results, 2);
        }
        store_close(s);
        char *before = rows("SELECT trunk, last_tested, last_passed FROM standing");
        change("DROP TABLE trunk_standing");
        change(migration);
        s = open_writer();
        expect_rows("SELECT trunk, last_tested, last_passed FROM standing", before);
        ck_assert_str_eq(before, "A|2026-11-23T06:00:01Z|2026-11-23T05:00:01Z\nB||");
        free(before);
        trunk_clear(&t);
        trunk_clear(&never);
        store_close(s);
}
END_TEST

/* -- the text -------------------------------------------------------------------------------------------------------- */

START_TEST(before_the_first_run_there_is_little) {
        struct store *s = open_writer();
        struct table *none = standing(s, NULL);
        const struct metrics m = {.interval_usec = 3600000000,
                                  .started_usec = START,
                                  .config_good = true,
                                  .config_usec = 1,
                                  .messages_lost = 7,
                                  .trunks = none};
        char *text = text_of_metrics(&m);
        expect_line(text, "trunkaudit_build_info{version=\"" TRUNKAUDIT_VERSION "\"} 1");
        expect_line(text, "trunkaudit_schedule_interval_seconds 3600");
        expect_line(text, "trunkaudit_start_timestamp_seconds 1795410000");
        expect_line(text, "trunkaudit_config_timestamp_seconds 0.000001");
        expect_line(text, "trunkaudit_journal_messages_lost_total 7");
        expect_line(text, "trunkaudit_runs_total 0");
        expect_line(text, "trunkaudit_trunks{outcome=\"untested\"} 0");
        ck_assert_ptr_null(strstr(text, "last_complete_run"));
        ck_assert_ptr_null(strstr(text, "platform"));
        ck_assert_ptr_null(strstr(text, "trunk_id"));
        free(text);
        table_free(none);
        store_close(s);
}
END_TEST

START_TEST(whatever_a_trunk_is_called_a_line_stays_a_line) {
        struct store *s = open_writer();
        struct trunk odd = make_trunk("id\"} 1", "a\\b\"c\nd\re {x=\"y\"} \xC3\xA4 \xFF", TRUNK_LISTED);
        put_listing(s, &odd, 1, START);
        struct run run = make_run(0);
        struct result result = make_result(&odd, CAUSE_URI_MISMATCH, NULL);
        store_run(s, &run, &result, 1);
        run.clock_offset_usec = -2500;
        struct table *t = standing(s, NULL);
        const struct metrics m = {.run = &run, .trunks = t, .day = {.of = {[RUN_DONE] = 1}, .newest = 1}};
        char *text = text_of_metrics(&m);
        expect_line(text,
                    "trunkaudit_trunk_severity{trunk_id=\"id\\\"} 1\",trunk=\"a\\\\b\\\"c\\nd\re {x=\\\"y\\\"} \xC3\xA4 \xEF\xBF\xBD\"} 3");
        expect_line(text, "trunkaudit_clock_offset_seconds -0.002500");
        expect_line(text, "trunkaudit_clock_bound_seconds 0.010250");
        expect_line(text, "trunkaudit_last_complete_run_duration_seconds 2.500000");
        expect_line(text, "trunkaudit_platform_info{outcome=\"pass\",cause=\"platform_ok\"} 1");
        ck_assert_ptr_null(strstr(text, "latency_seconds{")); /* what is not known has no line, and no family */
        ck_assert_ptr_null(strstr(text, "# TYPE trunkaudit_trunk_latency_seconds"));
        /* Every line is a comment or a metric. */
        for (const char *line = text; *line; line = strchr(line, '\n') + 1)
                ck_assert_msg(strncmp(line, "# HELP trunkaudit_", 18) == 0 || strncmp(line, "# TYPE trunkaudit_", 18) == 0 ||
                                      strncmp(line, "trunkaudit_", 11) == 0,
                              "%s", line);
        free(text);
        table_free(t);
        trunk_clear(&odd);
        store_close(s);
}
END_TEST

/* The causes are a closed list, so nothing that a peer says makes a new series. */
START_TEST(only_causes_of_the_table_are_labels) {
        for (enum cause cause = 0; cause < CAUSE_COUNT; cause++) {
                const char *word = cause_info(cause)->word;
                ck_assert_uint_eq(strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789_"), strlen(word));
        }
}
END_TEST

int main(void) {
        Suite *suite = suite_create("metrics");
        TCase *tc = tcase_create("metrics");
        tcase_add_unchecked_fixture(tc, make_base, remove_base);
        tcase_add_checked_fixture(tc, make_directory, NULL);
        tcase_set_timeout(tc, 120);
        tcase_add_test(tc, what_was_last_known_stays);
        tcase_add_test(tc, an_older_database_gets_what_its_results_tell);
        tcase_add_test(tc, before_the_first_run_there_is_little);
        tcase_add_test(tc, whatever_a_trunk_is_called_a_line_stays_a_line);
        tcase_add_test(tc, only_causes_of_the_table_are_labels);
        suite_add_tcase(suite, tc);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? 0 : 1;
}
