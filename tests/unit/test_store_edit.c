/* test_store_edit.c: which trunks are asked about, and for what time; their answers; rows of writes. */
#include "store_fixture.h"

#define DAY (24 * HOUR)

/* A run of one trunk, an hour after the one before. */
static int64_t run_of(struct store *s, int hour, const struct trunk *t, enum cause cause) {
        struct run run = make_run(hour);
        struct result result = make_result(t, cause, NULL);
        store_run(s, &run, &result, 1);
        return run.id;
}

/* The questions as "run:trunk:since-until" in hours from START, one after another. */
static void expect_questions(struct store *s, int64_t oldest_usec, const char *expected) {
        struct edit_questions q = {0};
        char text[300] = "";
        ck_assert_msg(store_questions(s, oldest_usec, &q) == 0, "%s", store_error(s));
        for (size_t i = 0; i < q.n; i++) {
                size_t n = strlen(text);
                (void)snprintf(text + n, sizeof text - n, "%s%lld:%s:%lld-%lld", n > 0 ? " " : "", (long long)q.items[i].run,
                               q.items[i].name ? q.items[i].name : q.items[i].trunk_id, (long long)((q.items[i].since_usec - START) / HOUR),
                               (long long)((q.items[i].until_usec - START) / HOUR));
        }
        ck_assert_str_eq(text, expected);
        edit_questions_clear(&q);
}

START_TEST(who_turned_bad) {
        struct store *s = open_writer();
        struct trunk t = make_trunk("id-a", "A", TRUNK_LISTED), extra = make_trunk("id-x", "X", TRUNK_EXTRA);
        put_listing(s, &t, 1, START);
        static const struct {
                enum cause cause;
                const char *expected; /* all questions, the newest first */
        } runs[] = {
                {CAUSE_OK, ""},
                {CAUSE_OK, ""},
                {CAUSE_NO_ANSWER, ""}, /* untested is not bad */
                {CAUSE_WRONG_PASSWORD, "4:A:1-3"},
                {CAUSE_FORBIDDEN, "4:A:1-3"}, /* still bad */
                {CAUSE_RUN_ENDED, "4:A:1-3"},
                {CAUSE_FORBIDDEN, "4:A:1-3"}, /* a run that ended first says nothing */
                {CAUSE_FAILED_OVER, "4:A:1-3"},
                {CAUSE_URI_MISMATCH, "9:A:7-8 4:A:1-3"}, /* a warning is good enough */
        };
        for (size_t i = 0; i < ELEMENTS(runs); i++) {
                int64_t run = run_of(s, (int)i, &t, runs[i].cause);
                ck_assert_int_eq(store_ask_edits(s, run, START - 30 * DAY), 0);
                expect_questions(s, START - 30 * DAY, runs[i].expected);
        }
        expect_questions(s, START + 5 * HOUR, "9:A:7-8"); /* what is too old is let go */
        int64_t run = run_of(s, 20, &extra, CAUSE_WRONG_PASSWORD);
        ck_assert_int_eq(store_ask_edits(s, run, START), 0);
        expect_questions(s, START + 5 * HOUR, "9:A:7-8");
        trunk_clear(&t);
        trunk_clear(&extra);
        store_close(s);
}
END_TEST

START_TEST(never_good) {
        struct store *s = open_writer();
        struct trunk t = make_trunk("id-a", NULL, TRUNK_LISTED);
        put_listing(s, &t, 1, START);
        int64_t run = run_of(s, 0, &t, CAUSE_WRONG_PASSWORD);
        ck_assert_int_eq(store_ask_edits(s, run, START - 2 * HOUR), 0);
        expect_questions(s, START, "1:id-a:-2-0");
        trunk_clear(&t);
        store_close(s);
}
END_TEST

START_TEST(answers) {
        struct store *s = open_writer();
        struct trunk t = make_trunk("id-a", "A", TRUNK_LISTED);
        put_listing(s, &t, 1, START);
        for (int i = 0; i < 3; i++)
                ck_assert_int_eq(store_ask_edits(s, run_of(s, i, &t, i == 1 ? CAUSE_OK : CAUSE_FORBIDDEN), START - HOUR), 0);
        struct edit_questions q = {0};
        ck_assert_int_eq(store_questions(s, 0, &q), 0);
        ck_assert_uint_eq(q.n, 2);
        char who[] = "Jane", what[] = "trunk_sip_authentication_credentials_password", call[] = "trunk_maxCallRate", a[] = "1", b[] = "2";
        const struct edit first = {.user_name = who, .property = what, .withheld = true, .time_usec = START + HOUR},
                          second = {.client_id = who, .property = call, .old = a, .new = b};
        const struct edit *const edits[] = {&first, &second};
        ck_assert_msg(store_answer(s, &q.items[0], edits, 2, START + DAY) == 0, "%s", store_error(s));
        ck_assert_msg(store_answer(s, &q.items[1], NULL, 0, START + DAY) == 0, "%s", store_error(s));
        expect_questions(s, 0, "");
        expect_rows(
                "SELECT trunk, time, who, property, old, new, run, since FROM changes",
                "A|2026-11-23T06:00:00Z|Jane|trunk_sip_authentication_credentials_password|(withheld)|(withheld)|3|2026-11-23T06:00:01Z\n"
                "A||Jane|trunk_maxCallRate|1|2|3|2026-11-23T06:00:01Z");
        expect_rows("SELECT count(*) FROM edit WHERE withheld AND coalesce(old, new) IS NOT NULL", "0");
        ck_assert_int_lt(store_answer(s, &q.items[0], edits, 2, START + DAY), 0); /* twice is a mistake, and changes nothing */
        expect_rows("SELECT count(*) FROM edit", "2");
        edit_questions_clear(&q);
        trunk_clear(&t);
        store_close(s);
}
END_TEST

START_TEST(the_audit_log) {
        struct store *s = open_writer();
        enum audit_log_state state = AUDIT_LOG_UNREAD;
        int64_t asked_usec = 0;
        ck_assert_int_eq(store_audit_log(s, &state, &asked_usec), STORE_NONE);
        for (enum audit_log_state i = AUDIT_LOG_READ; i <= AUDIT_LOG_UNREAD; i++) {
                ck_assert_int_eq(store_put_audit_log(s, i, START + (int)i, "why", "c-1"), 0);
                ck_assert_int_eq(store_audit_log(s, &state, &asked_usec), 0);
                ck_assert_int_eq((int)state, (int)i);
                ck_assert_int_eq(asked_usec, START + (int)i);
        }
        expect_rows("SELECT state, detail, correlation_id FROM audit_log", "unread|why|c-1");
        store_close(s);
}
END_TEST

START_TEST(writes) {
        struct store *s = open_writer();
        struct trunk t = make_trunk("id-a", "A", TRUNK_LISTED);
        put_listing(s, &t, 1, START);
        int64_t run = run_of(s, 0, &t, CAUSE_OK);
        enum refresh_outcome last;
        ck_assert_int_eq(store_last_refresh(s, "id-a", run, &last), STORE_NONE);
        for (enum refresh_outcome i = REFRESH_BEGUN; i <= REFRESH_DRY_RUN; i++) {
                const struct refresh_row row = {.run = run,
                                                .trunk_id = "id-a",
                                                .seq = (unsigned)i + 1,
                                                .begun_usec = START,
                                                .outcome = i,
                                                .detail = "why",
                                                .version_before = "7",
                                                .status = 200,
                                                .correlation_id = "c-1"};
                ck_assert_msg(store_put_refresh(s, &row) == 0, "%s", store_error(s));
        }
        ck_assert_int_eq(store_last_refresh(s, "id-a", run, &last), STORE_NONE); /* of runs before this one */
        ck_assert_int_eq(store_last_refresh(s, "id-a", run + 1, &last), 0);
        ck_assert_int_eq((int)last, REFRESH_WITHHELD); /* a dry run is none */

        const struct refresh_row ended = {
                .run = run, .trunk_id = "id-a", .seq = 1, .begun_usec = START + HOUR, .outcome = REFRESH_WRITTEN, .version_after = "8"};
        ck_assert_int_eq(store_put_refresh(s, &ended), 0);
        expect_rows("SELECT trunk, time, outcome, version_before, version_after, status, seq FROM refreshes LIMIT 2",
                    "A|2026-11-23T05:00:00Z|written|7|8||1\nA|2026-11-23T05:00:00Z|written|7||200|2");
        struct table *table = NULL;
        ck_assert_int_eq(store_read(s, STORE_VIEW_REFRESHES, "1", 0, &table), 0);
        ck_assert_uint_eq(table->rows, 7);
        ck_assert_str_eq(table_text(table, 2, "outcome"), "conflict");
        table_free(table);
        trunk_clear(&t);
        store_close(s);
}
END_TEST

int main(void) {
        Suite *suite = suite_create("store_edit");
        TCase *tests = tcase_create("store_edit");
        tcase_add_unchecked_fixture(tests, make_base, remove_base);
        tcase_add_checked_fixture(tests, make_directory, NULL);
        tcase_set_timeout(tests, 60); /* against a hang only */
        tcase_add_test(tests, who_turned_bad);
        tcase_add_test(tests, never_good);
        tcase_add_test(tests, answers);
        tcase_add_test(tests, the_audit_log);
        tcase_add_test(tests, writes);
        suite_add_tcase(suite, tests);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
