/* test_store_slot.c: rows for slots that had no run, what the views say with them in between, and readings of the configuration. */
#include "store_fixture.h"

static const struct slot_plan gap = {
        .n_missed = 3,
        .first_usec = START + HOUR,
        .last_usec = START + 3 * HOUR,
        .reason = SLOT_SUSPENDED,
        .since = {START, HOUR, HOUR},
        .now = {START + 4 * HOUR, 5 * HOUR, 2 * HOUR},
};

static struct slot_record record_at(struct store *s, int64_t due) {
        struct slot_record r = {.due = 99};
        ck_assert_int_eq(store_slot_record(s, due, &r), 0);
        return r;
}

static uint64_t put_missed(struct store *s, const struct slot_plan *p) {
        uint64_t n = 0;
        ck_assert_msg(store_put_missed(s, p, (uint64_t)HOUR, 0, &n) == 0, "%s", store_error(s));
        return n;
}

START_TEST(knows_the_slots) {
        struct store *s = open_writer();
        struct slot_record r = record_at(s, START);
        ck_assert(!r.known && r.due == SLOT_ABSENT && r.audited_usec == 0);
        struct run run = make_run(0);
        run.interval_usec = (uint64_t)HOUR;
        ck_assert_int_eq(store_begin_run(s, &run), 0);
        r = record_at(s, START);
        ck_assert(r.known && r.newest_usec == START && r.interval_usec == (uint64_t)HOUR && r.due == SLOT_BEGUN);
        ck_assert_int_eq(r.audited_usec, run.started_usec);
        ck_assert_int_eq(store_end_run(s, &run, NULL, 0), 0);
        r = record_at(s, START);
        ck_assert(r.due == SLOT_DONE && r.audited_usec == run.finished_usec);
        ck_assert(record_at(s, START - 1).known == false);
        r = record_at(s, START + 4 * HOUR);
        ck_assert(r.known && r.newest_usec == START && r.due == SLOT_ABSENT);

        ck_assert_uint_eq(put_missed(s, &gap), 3);
        r = record_at(s, START + 2 * HOUR);
        ck_assert(r.newest_usec == START + 2 * HOUR && r.due == SLOT_MISSED && r.audited_usec == run.finished_usec);
        ck_assert_uint_eq(put_missed(s, &gap), 0); /* one row is enough */
        run = make_run(2);
        run.state = RUN_ABORTED;
        store_run(s, &run, NULL, 0);
        ck_assert_int_eq(record_at(s, START + 2 * HOUR).due, SLOT_BEGUN); /* the best of its rows */

        struct run partial = make_run(9);
        partial.partial = true;
        partial.slot_usec = 0;
        store_run(s, &partial, NULL, 0);
        ck_assert_int_eq(record_at(s, START + 9 * HOUR).audited_usec, run.finished_usec);
        store_close(s);
}
END_TEST

START_TEST(a_gap_has_a_limit) {
        struct store *s = open_writer();
        struct slot_plan years = gap;
        years.n_missed = 30000;
        years.first_usec = years.last_usec - 29999 * HOUR;
        years.reason = SLOT_NOT_RUNNING;
        ck_assert_uint_eq(put_missed(s, &years), SLOT_MISSED_MAX);
        char *newest = rows("SELECT count(*), max(slot_usec) - min(slot_usec), max(slot_usec) FROM run");
        char expected[100];
        (void)snprintf(expected, sizeof expected, "%d|%lld|%lld", SLOT_MISSED_MAX, (long long)((SLOT_MISSED_MAX - 1) * HOUR),
                       (long long)(START + 3 * HOUR));
        ck_assert_str_eq(newest, expected);
        free(newest);
        store_close(s);
}
END_TEST

START_TEST(views_know_missed_slots) {
        struct store *s = open_writer();
        struct trunk a = make_trunk("id-a", "A", TRUNK_LISTED);
        put_listing(s, &a, 1, START);
        struct result bad = make_result(&a, CAUSE_WRONG_PASSWORD, NULL);
        struct run first = make_run(0), last = make_run(4), again = make_run(2), extra = make_run(5);
        store_run(s, &first, &bad, 1);
        ck_assert_uint_eq(put_missed(s, &gap), 3);
        expect_rows("SELECT trunk, run FROM latest", "A|1");
        expect_rows("SELECT trunk, run FROM failures", "A|1");
        store_run(s, &last, &bad, 1);
        store_run(s, &again, &bad, 1); /* the clock was set back, and the slot came again */
        extra.slot_usec = 0;
        extra.reason = SLOT_CLOCK_STEPPED;
        extra.reason_detail = "set back";
        store_run(s, &extra, &bad, 1);

        expect_rows("SELECT id, slot, started, finished, state, reason FROM runs WHERE state = 'missed'",
                    "4|2026-11-23T08:00:00Z|||missed|suspended\n3|2026-11-23T07:00:00Z|||missed|suspended\n"
                    "2|2026-11-23T06:00:00Z|||missed|suspended");
        expect_rows("SELECT reason_detail FROM runs WHERE id = 2", "from 2026-11-23T05:00:00Z to 2026-11-23T09:00:00Z by the wall clock: "
                                                                   "awake for 1h, asleep for 3h, clock set forward by 0s");
        expect_rows("SELECT state, slot IS NULL, reason, reason_detail FROM runs LIMIT 1", "done|1|clock_stepped|set back");
        expect_rows("SELECT slot, state, run, reason, late_s FROM slots",
                    "2026-11-23T09:00:00Z|done|5||1\n2026-11-23T08:00:00Z|missed|4|suspended|\n2026-11-23T07:00:00Z|done|6||1\n"
                    "2026-11-23T06:00:00Z|missed|2|suspended|\n2026-11-23T05:00:00Z|done|1||1");
        expect_rows("SELECT runs, tested, failed, missed, last_tested FROM coverage", "4|4|4|2|2026-11-23T10:00:01Z");
        expect_rows("SELECT run FROM latest", "7");
        expect_rows("SELECT run FROM failures", "7");
        expect_rows("SELECT group_concat(run) FROM history", "7,6,5,1");
        expect_rows("SELECT count(*) FROM clock", "4");
        expect_rows("SELECT times, last_seen FROM causes WHERE cause = 'clock_ok'", "4|2026-11-23T10:00:01Z");
        struct run got;
        ck_assert_int_eq(store_last_run(s, RUN_DONE, &got), 0);
        ck_assert_int_eq(got.id, 7);
        unsigned broken = 9;
        ck_assert_int_eq(store_lock(s, &broken), 0);
        ck_assert_uint_eq(broken, 0); /* missed rows are closed */
        struct table *t = NULL;
        ck_assert_int_eq(store_read(s, STORE_VIEW_RUN, "3", 0, &t), 0);
        ck_assert_uint_eq(t->rows, 0);
        table_free(t);
        store_close(s);
        free(a.id);
        free(a.name);
}
END_TEST

/* A row that says less than it has to is refused. */
START_TEST(missed_rows_are_whole) {
#define INSERT "INSERT INTO run (program, trigger, partial, slot_usec, started_usec, state, reason) VALUES ('x', 'slot', 0, "
        static const char *const bad[] = {
                INSERT "1, NULL, 'missed', NULL)",   INSERT "NULL, NULL, 'missed', 'busy')", INSERT "1, 2, 'missed', 'busy')",
                INSERT "1, NULL, 'missed', 'lazy')", INSERT "1, NULL, 'running', NULL)",
        };
        store_close(open_writer());
        for (size_t i = 0; i < ELEMENTS(bad); i++) {
                sqlite3 *db;
                ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
                ck_assert_msg(sqlite3_exec(db, bad[i], NULL, NULL, NULL) == SQLITE_CONSTRAINT, "%s", bad[i]);
                (void)sqlite3_close(db);
        }
}
END_TEST

START_TEST(readings_of_the_configuration) {
        struct store *s = open_writer();
        struct config_load load = {.read_usec = START, .accepted = true, .file = "/etc/a.yaml", .sha256 = "ab", .trunks = 3};
        int64_t id = 0;
        ck_assert_int_eq(store_put_config_load(s, &load, &id), 0);
        struct run run = make_run(0);
        run.config = id;
        store_run(s, &run, NULL, 0);
        load = (struct config_load){
                .read_usec = START + HOUR, .reload = true, .file = "/etc/a.yaml", .sha256 = "", .mistakes = 2, .complaint = "a:1:2: x"};
        ck_assert_int_eq(store_put_config_load(s, &load, &id), 0);
        ck_assert_int_eq(id, 2);
        expect_rows(
                "SELECT time, occasion, outcome, trunks, mistakes, complaint, file, sha256 FROM config_loads",
                "2026-11-23T06:00:00Z|reload|refused||2|a:1:2: x|/etc/a.yaml|\n2026-11-23T05:00:00Z|start|accepted|3|0||/etc/a.yaml|ab");
        expect_rows("SELECT config_sha256 FROM runs", "ab");
        store_close(s);
}
END_TEST

/* SQLite counts a table's rows now and then, and keeps to a plan that was good for few of them. */
START_TEST(the_newest_run_is_found_without_reading_all_of_them) {
        struct store *store = open_writer();
        struct run run = make_run(0);
        store_run(store, &run, NULL, 0);
        store_close(store);
        change("ANALYZE; INSERT INTO run (program, started_usec, finished_usec, state, trigger, partial) WITH RECURSIVE n (i) AS"
               " (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 20000) SELECT 'x', i, i, 'done', 'slot', 0 FROM n");
        store = open_writer();
        struct slot_record record;
        store_release_memory(store);
        sqlite3_int64 before = sqlite3_memory_used();
        ck_assert_int_eq(store_slot_record(store, START, &record), 0);
        ck_assert_int_lt(sqlite3_memory_used() - before, 40 * 4096); /* pages and the statement; the table has more than 100 */
        ck_assert_int_eq(record.audited_usec, 20000);
        store_close(store);
}
END_TEST

int main(void) {
        Suite *suite = suite_create("store_slot");
        TCase *tc = tcase_create("store_slot");
        tcase_add_test(tc, the_newest_run_is_found_without_reading_all_of_them);
        tcase_add_unchecked_fixture(tc, make_base, remove_base);
        tcase_add_checked_fixture(tc, make_directory, NULL);
        tcase_add_test(tc, knows_the_slots);
        tcase_add_test(tc, a_gap_has_a_limit);
        tcase_add_test(tc, views_know_missed_slots);
        tcase_add_test(tc, missed_rows_are_whole);
        tcase_add_test(tc, readings_of_the_configuration);
        suite_add_tcase(suite, tc);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed != 0;
}
