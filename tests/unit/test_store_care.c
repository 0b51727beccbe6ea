/* test_store_care.c: what is removed from a database, in which order and how much at once, and what never is. */
#include "store_fixture.h"

#define DAY (24 * HOUR)
#define RUNS 40 /* one a day; the newest is START + 39 days */
#define NOW (START + RUNS * DAY)

static struct trunk failing, passing, gone;

static void make_trunks(void) {
        make_directory();
        failing = make_trunk("id-f", "F", TRUNK_LISTED);
        passing = make_trunk("id-p", "P", TRUNK_LISTED);
        gone = make_trunk("id-g", "G", TRUNK_LISTED);
}

static void clear_trunks(void) {
        trunk_clear(&failing);
        trunk_clear(&passing);
        trunk_clear(&gone);
}

/* A run a day. One trunk fails in each and has messages; one passes; one is there in the first three only and fails. */
static struct store *forty_runs(void) {
        struct store *s = open_writer();
        struct evidence e = make_evidence();
        struct proxy_result proxy = {.target = "a", .verdict = verdict_of(CAUSE_OK, "%s", ""), .evidence = &e};
        for (int i = 0; i < RUNS; i++) {
                struct run run = make_run(24 * i);
                struct result results[3] = {make_result(&failing, CAUSE_WRONG_PASSWORD, &e), make_result(&passing, CAUSE_OK, NULL),
                                            make_result(&gone, CAUSE_WRONG_PASSWORD, &e)};
                results[0].proxies = &proxy;
                results[0].n_proxies = 1;
                store_run(s, &run, results, i < 3 ? 3 : 2);
        }
        evidence_clear(&e);
        return s;
}

static struct store_care care_of(int64_t results_usec, int64_t evidence_usec, int64_t size_bytes) {
        return (struct store_care){
                .keep = {.now_usec = NOW, .results_usec = results_usec, .evidence_usec = evidence_usec, .size_bytes = size_bytes}};
}

/* To the end. Returns the number of steps. */
static unsigned take_care(struct store *s, struct store_care *c) {
        unsigned steps = 0;
        int r;
        while ((r = store_care_step(s, c)) == 0)
                ck_assert_uint_lt(++steps, 10000);
        ck_assert_msg(r == STORE_NONE, "%d: %s", r, store_error(s));
        expect_rows("SELECT integrity_check FROM pragma_integrity_check", "ok");
        expect_rows("SELECT * FROM pragma_foreign_key_check", "");
        return steps;
}

#define COUNTS                                                                                                                          \
        "SELECT (SELECT count(*) FROM run), (SELECT count(*) FROM result), (SELECT count(DISTINCT run || ' ' || trunk) FROM evidence)," \
        " (SELECT count(DISTINCT run || ' ' || trunk) FROM evidence_target), (SELECT count(*) FROM proxy_result)"

START_TEST(without_limits_all_stays) {
        struct store *s = forty_runs();
        struct store_care c = care_of(0, 0, 0);
        ck_assert_uint_eq(take_care(s, &c), 0);
        expect_rows(COUNTS, "40|83|43|43|40");
        expect_rows("SELECT count(*) FROM upkeep", "0");
        struct store_care_news news;
        ck_assert_int_eq(store_care_news(s, &news), STORE_NONE);
        store_close(s);
}
END_TEST

/* Ten days: the runs of the days 30 to 39. The trunk that is gone keeps its last. */
START_TEST(evidence_goes_before_results) {
        struct store *s = forty_runs();
        struct store_care c = care_of(20 * DAY, 10 * DAY, 0);
        (void)take_care(s, &c);
        expect_rows(COUNTS, "40|41|11|11|20");
        expect_rows("SELECT min(run) FROM evidence WHERE trunk = (SELECT key FROM trunk WHERE name = 'F')", "31");
        expect_rows("SELECT run, count(*) FROM evidence WHERE trunk = (SELECT key FROM trunk WHERE name = 'G') GROUP BY run", "3|2");
        expect_rows("SELECT run FROM history WHERE trunk = 'G'", "3");
        expect_rows("SELECT min(run), count(*) FROM history WHERE trunk = 'P'", "21|20");
        expect_rows("SELECT deed, reason, removed, up_to_run FROM upkeep ORDER BY deed", "evidence|age|32|30\nresults|age|42|20");
        ck_assert_uint_eq(c.probes, 32);
        ck_assert_uint_eq(c.results, 42);

        /* Told once; what comes later on the same day is news again. */
        struct store_care_news news;
        ck_assert_int_eq(store_care_news(s, &news), 0);
        ck_assert_int_eq(news.probes, 32);
        ck_assert_int_eq(news.results, 42);
        ck_assert_int_eq(news.results_run, 20);
        ck_assert(!news.results_by_size);
        ck_assert_int_eq(store_care_told(s), 0);
        ck_assert_int_eq(store_care_news(s, &news), STORE_NONE);
        c = care_of(20 * DAY, 9 * DAY, 0);
        (void)take_care(s, &c);
        ck_assert_int_eq(store_care_news(s, &news), 0);
        ck_assert_int_eq(news.probes, 1);
        expect_rows("SELECT removed, times FROM upkeep WHERE deed = 'evidence'", "33|2");

        /* Nothing is left to do. */
        c = care_of(20 * DAY, 9 * DAY, 0);
        ck_assert_uint_eq(take_care(s, &c), 0);
        store_close(s);
}
END_TEST

START_TEST(the_newest_always_stays) {
        struct store *s = forty_runs();
        struct store_care c = care_of(1, 1, 1); /* nothing is young enough, and one byte is too much */
        (void)take_care(s, &c);
        expect_rows("SELECT count(*) FROM run", "40");
        expect_rows("SELECT trunk, run FROM history ORDER BY trunk", "F|40\nG|3\nP|40");
        expect_rows("SELECT DISTINCT trunk, run FROM messages ORDER BY trunk", "F|40\nG|3");
        expect_rows("SELECT trunk, run FROM latest ORDER BY trunk", "");
        ck_assert(c.over);
        enum cause cause;
        int64_t usec;
        ck_assert_int_eq(store_last_result(s, "id-g", &cause, &usec), 0);
        store_close(s);
}
END_TEST

START_TEST(what_is_open_stays) {
        struct store *s = forty_runs();
        change("INSERT INTO difference (id, trunk, field, first_run, first_usec, last_run, last_usec, ended_usec, told)"
               " VALUES (1, 1, 'realm', 1, 1, 2, 2, NULL, 1), (2, 1, 'qop', 1, 1, 2, 2, 3, 2), (3, 1, 'state', 1, 1, 2, 2, 3, 1);"
               "INSERT INTO listing_change (id, trunk, change, listed_usec, told) VALUES (1, 1, 'appeared', 5, 1), (2, 1, 'vanished', 5, "
               "0);"
               "INSERT INTO platform_request (run, seq, sent_usec, duration_usec, method, path) VALUES (1, 1, 1, 1, 'GET', '/'),"
               " (40, 1, 1, 1, 'GET', '/');"
               "INSERT INTO refresh (run, trunk, seq, begun_usec, outcome) VALUES (1, 1, 1, 1, 'written'), (2, 1, 1, 1, 'written'),"
               " (1, 2, 1, 1, 'written');"
               "INSERT INTO edit_question (run, trunk, since_usec, until_usec) VALUES (1, 1, 1, 2), (40, 1, 1, 2);"
               "INSERT INTO edit (run, trunk, seq, withheld) VALUES (1, 1, 1, 0), (40, 1, 1, 0);"
               "INSERT INTO rejection VALUES (1, 3, 2, 1, 2, 3, 4);"
               "INSERT INTO ledger VALUES (1, 1, 'b', 1, 1); INSERT INTO trunk_spending VALUES (1, 1, 1, 1, 1)");
        struct store_care c = care_of(20 * DAY, 20 * DAY, 0);
        (void)take_care(s, &c);
        expect_rows("SELECT id FROM difference", "1\n3");
        expect_rows("SELECT id FROM listing_change", "2");
        expect_rows("SELECT run FROM platform_request", "40");
        expect_rows("SELECT run, trunk FROM refresh ORDER BY run, trunk", "1|2\n2|1");
        expect_rows("SELECT run FROM edit", "40");
        expect_rows("SELECT run FROM edit_question", "40");
        expect_rows("SELECT count(*) FROM rejection JOIN ledger JOIN trunk_spending", "1");
        expect_rows("SELECT count(*) > 0 FROM announcement UNION ALL SELECT count(*) FROM trunk_standing", "0\n3");
        store_close(s);
}
END_TEST

/* Many results a run, and messages of some size, so that there is something to shrink. */
static struct store *a_large_database(int runs) {
        struct store *s = open_writer();
        char sql[1600];
        (void)snprintf(sql, sizeof sql,
                       "BEGIN; CREATE TEMP TABLE n (i); INSERT INTO n WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
                       " WHERE i < 500) SELECT i FROM n;"
                       "INSERT INTO trunk (key, trunk_id, listed, extra) SELECT i, 'id-' || i, 1, 0 FROM n WHERE i <= 120;"
                       "INSERT INTO run (id, program, slot_usec, started_usec, finished_usec, state, trigger, partial)"
                       " SELECT i, 'x', 1, %lld + (i - 1) * 86400000000, %lld + (i - 1) * 86400000000 + 1, 'done', 'slot', 0 FROM n"
                       " WHERE i <= %d;"
                       "INSERT INTO result (run, trunk, outcome, cause, requests, credentialed)"
                       " SELECT run.id, key, 3, 2, 2, 1 FROM run CROSS JOIN trunk;"
                       "INSERT INTO evidence (run, trunk, seq, credentialed, retransmissions, ending, request)"
                       " SELECT run.id, key, 1, 0, 0, 'no_response', hex(zeroblob(500)) FROM run CROSS JOIN trunk WHERE key <= 40; COMMIT",
                       (long long)START, (long long)START, runs);
        change(sql);
        return s;
}

START_TEST(steps_are_small) {
        struct store *s = a_large_database(RUNS);
        struct store_size before, after;
        ck_assert_int_eq(store_size(s, &before), 0);
        struct store_care c = care_of(10 * DAY, 5 * DAY, 0);
        int64_t results = 120 * RUNS, messages = 40 * RUNS;
        int r;
        unsigned steps = 0;
        while ((r = store_care_step(s, &c)) == 0) {
                char *now = rows("SELECT (SELECT count(*) FROM result), (SELECT count(*) FROM evidence)");
                long long results_now, messages_now;
                ck_assert_int_eq(sscanf(now, "%lld|%lld", &results_now, &messages_now), 2);
                free(now);
                ck_assert_int_le(results - results_now, 256);
                ck_assert_int_le(messages - messages_now, 64 + 256);
                results = results_now;
                messages = messages_now;
                steps++;
        }
        ck_assert_int_eq(r, STORE_NONE);
        ck_assert_uint_gt(steps, 40 * 35 / 64 + 120 * 30 / 256);
        ck_assert_int_eq(results, 120 * 10);
        ck_assert_int_eq(messages, 40 * 5);
        ck_assert_int_eq(store_size(s, &after), 0);
        ck_assert_int_le(after.free_pages, 256);
        ck_assert_msg(after.bytes < before.bytes * 3 / 4, "%lld of %lld", (long long)after.bytes, (long long)before.bytes);
        store_close(s);
}
END_TEST

/* Five hundred runs, one a day: the limit takes the messages older than a week first, then results older than 400 days. */
START_TEST(a_limit_of_the_size_takes_the_oldest) {
        struct store *s = a_large_database(500);
        struct store_size size;
        ck_assert_int_eq(store_size(s, &size), 0);
        struct store_care c = care_of(0, 0, size.used_bytes * 9 / 10);
        c.keep.now_usec = START + 500 * DAY;
        (void)take_care(s, &c);
        ck_assert(!c.over);
        expect_rows("SELECT count(*) FROM result", "60000");
        expect_rows("SELECT min(run) > 1, max(run), max(run) - min(run) > 100 FROM evidence", "1|500|1");
        expect_rows("SELECT deed, reason FROM upkeep", "evidence|size");
        ck_assert_int_eq(store_size(s, &size), 0);
        ck_assert_int_le(size.used_bytes, c.keep.size_bytes);

        c = care_of(0, 0, 1000000);
        c.keep.now_usec = START + 500 * DAY;
        (void)take_care(s, &c);
        ck_assert(c.over);
        expect_rows("SELECT min(run), count(DISTINCT run) FROM evidence", "494|7");
        expect_rows("SELECT min(run), count(*) FROM result", "101|48000");
        struct store_care_news news;
        ck_assert_int_eq(store_care_news(s, &news), 0);
        ck_assert(news.results_by_size);
        store_close(s);
}
END_TEST

START_TEST(it_does_not_wait_for_another_writer) {
        struct store *s = forty_runs();
        sqlite3 *other;
        ck_assert_int_eq(sqlite3_open(path, &other), SQLITE_OK);
        ck_assert_int_eq(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
        struct store_care c = care_of(20 * DAY, 10 * DAY, 0);
        ck_assert_int_eq(store_care_step(s, &c), STORE_BUSY);
        ck_assert_int_eq(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
        (void)take_care(s, &c);
        expect_rows("SELECT count(*) FROM result", "41");
        (void)sqlite3_close(other);
        store_close(s);
}
END_TEST

START_TEST(a_log_shrinks_when_its_reader_is_gone) {
        struct store *s = forty_runs();
        sqlite3 *reader;
        int64_t bytes = 0;
        ck_assert_int_eq(sqlite3_open_v2(path, &reader, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
        ck_assert_int_eq(sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM run", NULL, NULL, NULL), SQLITE_OK);
        change("CREATE TABLE large AS SELECT zeroblob(20000000)");
        ck_assert_int_eq(store_shrink_log(s, &bytes), STORE_BUSY);
        ck_assert_int_gt(bytes, 20000000);
        ck_assert_int_eq(sqlite3_exec(reader, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
        ck_assert_int_eq(store_shrink_log(s, &bytes), 0);
        ck_assert_int_eq(bytes, 0);
        (void)sqlite3_close(reader);
        store_close(s);
}
END_TEST

START_TEST(checks_and_backups_are_recorded) {
        struct store *s = forty_runs();
        int64_t usec = 0;
        bool good = false;
        char *detail = NULL, damage[100];
        ck_assert_int_eq(store_last_check(s, &usec, &good), 0); /* none: the first run */
        ck_assert_int_eq(usec, START + 1500000);
        ck_assert(good);
        ck_assert_int_eq(store_last_deed(s, STORE_DEED_BACKUP, &usec, &detail), STORE_NONE);
        ck_assert_int_eq(store_put_deed(s, STORE_DEED_CHECK, NOW, "page 7 is torn"), 0);
        ck_assert_int_eq(store_last_check(s, &usec, &good), 0);
        ck_assert(usec == NOW && !good);
        ck_assert_int_eq(store_put_deed(s, STORE_DEED_CHECK, NOW + 1, "ok"), 0);
        ck_assert_int_eq(store_last_check(s, &usec, &good), 0);
        ck_assert(usec == NOW + 1 && good);
        ck_assert_int_eq(store_put_deed(s, STORE_DEED_BACKUP, NOW, "/b.db"), 0);
        ck_assert_int_eq(store_last_deed(s, STORE_DEED_BACKUP, &usec, &detail), 0);
        ck_assert_str_eq(detail, "/b.db");
        free(detail);
        expect_rows("SELECT day, deed, detail, times, megabytes > 0 FROM upkeep ORDER BY deed",
                    "2027-01-02|backup|/b.db|1|1\n2027-01-02|check|ok|2|1");
        ck_assert_int_eq(store_check(s, damage, sizeof damage), 0);
        ck_assert_int_eq(store_optimize(s), 0);
        store_close(s);
}
END_TEST

int main(void) {
        Suite *suite = suite_create("store_care");
        TCase *tc = tcase_create("store_care");
        tcase_set_timeout(tc, 60);
        tcase_add_unchecked_fixture(tc, make_base, remove_base);
        tcase_add_checked_fixture(tc, make_trunks, clear_trunks);
        tcase_add_test(tc, without_limits_all_stays);
        tcase_add_test(tc, evidence_goes_before_results);
        tcase_add_test(tc, the_newest_always_stays);
        tcase_add_test(tc, what_is_open_stays);
        tcase_add_test(tc, steps_are_small);
        tcase_add_test(tc, a_limit_of_the_size_takes_the_oldest);
        tcase_add_test(tc, it_does_not_wait_for_another_writer);
        tcase_add_test(tc, a_log_shrinks_when_its_reader_is_gone);
        tcase_add_test(tc, checks_and_backups_are_recorded);
        suite_add_tcase(suite, tc);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed != 0;
}
