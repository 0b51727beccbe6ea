/* test_store_copy.c: copies of a database that is in use, and the one that is made before an upgrade. */
#include "store_fixture.h"

#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/wait.h>

static const char v1[] =
#include "sql/001_initial.inc"
        ;
static const char v2[] =
#include "sql/002_transports.inc"
        ;
static const char v3[] =
#include "sql/003_guard.inc"
        ;
static const char v4[] =
#include "sql/004_carrier_clock.inc"
        ;
static const char v5[] =
#include "sql/005_verdicts.inc"
        ;
static const char v6[] =
#include "sql/006_platform_view.inc"
        ;
static const char v7[] =
#include "sql/007_platform_request.inc"
        ;
static const char v8[] =
#include "sql/008_drift.inc"
        ;
static const char v9[] =
#include "sql/009_changes.inc"
        ;
static const char v10[] =
#include "sql/010_standing.inc"
        ;
static const char v11[] =
#include "sql/011_incidents.inc"
        ;
static const char v12[] =
#include "sql/012_missed.inc"
        ;
static const char v13[] =
#include "sql/013_care.inc"
        ;
static const char v14[] =
#include "sql/014_damage.inc"
        ;
static const char *const versions[] = {v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, v11, v12, v13, v14};

static char copy_path[200];

static void make_copy_path(void) {
        make_directory();
        (void)snprintf(copy_path, sizeof copy_path, "%s/copy.db", directory);
}

static struct store *three_runs(void) {
        struct store *s = open_writer();
        struct trunk t = make_trunk("id-a", "A", TRUNK_LISTED);
        struct evidence e = make_evidence();
        put_listing(s, &t, 1, START);
        for (int i = 0; i < 3; i++) {
                struct run run = make_run(i);
                const struct result result = make_result(&t, CAUSE_WRONG_PASSWORD, &e);
                store_run(s, &run, &result, 1);
        }
        evidence_clear(&e);
        trunk_clear(&t);
        return s;
}

static bool is_there(const char *name) {
        return access(name, F_OK) == 0;
}

static void expect_no_copy(void) {
        char partial[220];
        (void)snprintf(partial, sizeof partial, "%s.partial", copy_path);
        ck_assert(!is_there(copy_path) && !is_there(partial));
}

/* A query of the file FILE. */
static void expect_rows_of(const char *file, const char *sql, const char *expected) {
        char own[sizeof path];
        memcpy(own, path, sizeof own);
        (void)snprintf(path, sizeof path, "%s", file);
        expect_rows(sql, expected);
        memcpy(path, own, sizeof own);
}

static void expect_refusal(struct store *s, const char *file, unsigned flags, int expected, const char *words) {
        int r = store_copy(s, file, flags, NULL);
        ck_assert_msg(r == expected && strstr(store_error(s), words), "%d: %s", r, r ? store_error(s) : "made");
}

START_TEST(a_copy_is_a_plain_file) {
        struct store *s = three_runs();
        struct store_copy copy;
        ck_assert_msg(store_copy(s, copy_path, 0, &copy) == 0, "%s", store_error(s));
        ck_assert_int_eq(copy.runs, 3);
        ck_assert_int_eq(copy.results, 3);
        ck_assert_int_eq(copy.version, strtol(SCHEMA_VERSION, NULL, 10));
        struct stat st;
        ck_assert_int_eq(stat(copy_path, &st), 0);
        ck_assert_int_eq(st.st_mode & 07777, 0640);
        ck_assert_int_eq(st.st_size, copy.bytes);
        expect_rows_of(copy_path, "SELECT journal_mode FROM pragma_journal_mode", "delete");
        expect_rows_of(copy_path, "SELECT count(*), sum(cause = 'wrong_password') FROM history", "3|3");
        expect_rows_of(copy_path, "SELECT auto_vacuum FROM pragma_auto_vacuum", "2"); /* incremental */

        /* Nothing but the database itself: not even the files that a reader would make. */
        char *names = NULL;
        ck_assert_int_gt(asprintf(&names, "%s-wal", copy_path), 0);
        ck_assert(!is_there(names));
        free(names);
        store_close(s);
}
END_TEST

START_TEST(a_reader_may_copy) {
        store_close(three_runs());
        struct store *s = NULL;
        ck_assert_int_eq(store_open(&s, path, STORE_READ, NULL), 0);
        struct store *writer = open_writer();
        struct run run = make_run(4);
        ck_assert_int_eq(store_begin_run(writer, &run), 0);
        struct store_copy copy;
        ck_assert_msg(store_copy(s, copy_path, 0, &copy) == 0, "%s", store_error(s));
        ck_assert_int_eq(copy.runs, 4); /* with what is only in the log */
        store_close(writer);
        store_close(s);
}
END_TEST

START_TEST(nothing_is_overwritten) {
        struct store *s = three_runs();
        FILE *f = fopen(copy_path, "w");
        (void)fputs("precious", f);
        (void)fclose(f);
        expect_refusal(s, copy_path, 0, STORE_EXISTS, "is there already");
        char text[20] = "";
        f = fopen(copy_path, "r");
        ck_assert_ptr_nonnull(fgets(text, sizeof text, f));
        (void)fclose(f);
        ck_assert_str_eq(text, "precious");
        ck_assert_int_eq(store_copy(s, copy_path, STORE_COPY_REPLACE, NULL), 0);
        expect_rows_of(copy_path, "SELECT count(*) FROM run", "3");

        static const char *const own[] = {"", "-wal", "-shm"};
        for (size_t i = 0; i < ELEMENTS(own); i++) {
                char name[200];
                (void)snprintf(name, sizeof name, "%s%s", path, own[i]);
                expect_refusal(s, name, STORE_COPY_REPLACE, STORE_EXISTS, "of the database itself");
        }
        expect_refusal(s, directory, STORE_COPY_REPLACE, STORE_EXISTS, "not a file");
        ck_assert_int_eq(unlink(copy_path), 0);
        ck_assert_int_eq(symlink(path, copy_path), 0);
        expect_refusal(s, copy_path, STORE_COPY_REPLACE, STORE_EXISTS, "not a file");
        expect_rows("SELECT count(*) FROM run", "3");
        store_close(s);
}
END_TEST

START_TEST(a_place_without_room_is_told) {
        struct store *s = three_runs();
        expect_refusal(s, "/proc/absent/copy.db", 0, -ENOENT, "No such file");
        (void)signal(SIGXFSZ, SIG_IGN);
        struct rlimit limit = {.rlim_cur = 16384, .rlim_max = RLIM_INFINITY};
        ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
        expect_refusal(s, copy_path, 0, -ENOSPC, "unable to make the copy");
        limit.rlim_cur = RLIM_INFINITY;
        ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
        expect_no_copy();
        ck_assert_int_eq(store_copy(s, copy_path, 0, NULL), 0);
        store_close(s);
}
END_TEST

START_TEST(what_was_left_behind_is_taken) {
        struct store *s = three_runs();
        char partial[220];
        (void)snprintf(partial, sizeof partial, "%s.partial", copy_path);
        int fd = open(partial, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(write(fd, "half of a copy", 14), 14);
        ck_assert_int_eq(flock(fd, LOCK_EX), 0);
        expect_refusal(s, copy_path, 0, -EWOULDBLOCK, "another process is making it");
        ck_assert(is_there(partial));
        ck_assert_int_eq(close(fd), 0);
        ck_assert_int_eq(store_copy(s, copy_path, 0, NULL), 0);
        ck_assert(!is_there(partial));
        store_close(s);
}
END_TEST

/* Zeros in the middle of the file, in a page of the table that fills it. */
START_TEST(a_damaged_database_gives_no_copy) {
        store_close(three_runs());
        change("INSERT INTO trunk (trunk_id, listed, extra) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)"
               " SELECT format('%050d', i), 0, 1 FROM n; PRAGMA wal_checkpoint(TRUNCATE)");
        static const char zeros[4096];
        struct stat st;
        int fd = open(path, O_WRONLY | O_CLOEXEC);
        ck_assert_int_eq(fstat(fd, &st), 0);
        ck_assert_int_eq(pwrite(fd, zeros, sizeof zeros, st.st_size / 2 / 4096 * 4096), sizeof zeros);
        ck_assert_int_eq(close(fd), 0);
        struct store *s = NULL;
        ck_assert_int_eq(store_open(&s, path, STORE_READ, NULL), 0);
        expect_refusal(s, copy_path, 0, STORE_DAMAGED, "the database is damaged");
        expect_no_copy();
        store_close(s);
}
END_TEST

#define OLDER ((int)strtol(SCHEMA_VERSION, NULL, 10) - 1) /* versions before this program's */

/* -- upgrades --------------------------------------------------------------------------------------------------------- */

/* A database as the program with so many migrations left it, with rows. */
static void make_version(size_t n) {
        char marks[200];
        change("PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL");
        for (size_t i = 0; i < n; i++)
                change(versions[i]);
        (void)snprintf(marks, sizeof marks, "PRAGMA application_id = 1413567812; PRAGMA user_version = %zu", n);
        change(marks);
        if (n < 5)
                change("INSERT INTO cause VALUES (1, 'ok', 'trunk', 'pass', 6, 'x', 'x'), (2, 'wrong_password', 'trunk', 'fail', 3, 'x', "
                       "'x')");
        else
                change("INSERT INTO cause VALUES (1, 'ok', 'trunk', 'pass', 'proven', 6, 'x', 'x', 'x', 'x'),"
                       " (2, 'wrong_password', 'trunk', 'fail', 'indicated', 3, 'x', 'x', 'x', 'x')");
        change("INSERT INTO run (id, program, slot_usec, started_usec, finished_usec, state, trigger, partial)"
               " VALUES (4, '0.1.0', 1, 1795410000000000, 1795410001000000, 'done', 'slot', 0);"
               "INSERT INTO trunk (key, trunk_id, name, listed, extra) VALUES (1, 'id-a', 'A', 1, 0), (2, 'id-b', NULL, 1, 0);"
               "INSERT INTO carrier VALUES (7, 'a.example', '192.0.2.1:5060');"
               "INSERT INTO result (run, trunk, outcome, cause, carrier, requests, credentialed, latency_usec, detail)"
               " VALUES (4, 1, 3, 2, 7, 6, 1, 150250, 'seen'), (4, 2, 0, 1, 7, 2, 1, 9, NULL);"
               "INSERT INTO evidence (run, trunk, seq, sent_usec, credentialed, retransmissions, ending, request)"
               " VALUES (4, 1, 1, 1795410000250000, 0, 0, 'no_response', 'R 1')");
}

static void kept_path(char ret[static 200], size_t version) {
        (void)snprintf(ret, 200, "%s.schema-%zu", path, version);
}

static const char rows_kept[] = "SELECT (SELECT group_concat(id || state) FROM run), (SELECT group_concat(trunk || cause) FROM result),"
                                " (SELECT group_concat(request) FROM evidence), (SELECT count(*) FROM trunk)";

START_TEST(every_older_version_is_upgraded_behind_a_copy) {
        size_t version = (size_t)_i + 1;
        ck_assert_msg(version <= ELEMENTS(versions), "version %zu is not among those that this test makes", version);
        char kept[200], number[8], notice[300];
        make_version(version);
        kept_path(kept, version);
        struct store *s = open_writer();
        (void)snprintf(notice, sizeof notice, "The database %s was upgraded from schema version %zu to " SCHEMA_VERSION, path, version);
        ck_assert_msg(store_notice(s) && strstr(store_notice(s), notice) && strstr(store_notice(s), kept), "%s", store_notice(s));
        store_close(s);
        (void)snprintf(number, sizeof number, "%zu", version);
        expect_rows_of(kept, "SELECT user_version FROM pragma_user_version", number);
        expect_rows_of(kept, "SELECT integrity_check FROM pragma_integrity_check", "ok");
        expect_rows_of(kept, rows_kept, "4done|12,21|R 1|2");
        expect_rows("SELECT user_version FROM pragma_user_version", SCHEMA_VERSION);
        expect_rows("SELECT integrity_check FROM pragma_integrity_check", "ok");
        expect_rows("SELECT * FROM pragma_foreign_key_check", "");
        expect_rows(rows_kept, "4done|12,21|R 1|2");
        expect_rows("SELECT trunk, outcome, cause FROM history ORDER BY trunk", "A|fail|wrong_password\nid-b|pass|ok");

        /* The second time there is nothing to do, and no copy is made. */
        ck_assert_int_eq(unlink(kept), 0);
        s = open_writer();
        ck_assert_ptr_null(store_notice(s));
        store_close(s);
        ck_assert(!is_there(kept));

        /* And it works. */
        s = open_writer();
        struct trunk t = make_trunk("id-a", "A", TRUNK_LISTED);
        struct run run = make_run(5);
        const struct result result = make_result(&t, CAUSE_OK, NULL);
        store_run(s, &run, &result, 1);
        trunk_clear(&t);
        store_close(s);
        expect_rows("SELECT count(*) FROM history", "3");
}
END_TEST

START_TEST(a_few_copies_are_kept) {
        char kept[200];
        for (size_t version = 1; version <= 4; version++) {
                kept_path(kept, version);
                FILE *f = fopen(kept, "w");
                (void)fclose(f);
        }
        make_version(5);
        store_close(open_writer());
        static const bool stays[] = {false, false, true, true};
        for (size_t version = 1; version <= 4; version++) {
                kept_path(kept, version);
                ck_assert_msg(is_there(kept) == stays[version - 1], "%s", kept);
        }
}
END_TEST

static void expect_failure(int expected, const char *const *words, size_t n) {
        struct store *s = NULL;
        char *error = NULL;
        ck_assert_int_eq(store_open(&s, path, STORE_WRITE, &error), expected);
        for (size_t i = 0; i < n; i++)
                ck_assert_msg(strstr(error, words[i]), "%s", error);
        free(error);
}

START_TEST(an_upgrade_that_fails_changes_nothing) {
        char kept[200];
        make_version(7);
        change("CREATE TABLE listing_change (theirs)"); /* the next migration makes a table of that name */
        char *before = rows("SELECT name, sql FROM sqlite_schema");
        kept_path(kept, 7);
        const char *const words[] = {"unable to migrate the database", "listing_change", "from schema version 7", "is undone", kept};
        expect_failure(-EIO, words, ELEMENTS(words));
        expect_rows("SELECT user_version FROM pragma_user_version", "7");
        expect_rows("SELECT name, sql FROM sqlite_schema", before);
        expect_rows(rows_kept, "4done|12,21|R 1|2");
        expect_rows_of(kept, rows_kept, "4done|12,21|R 1|2");
        free(before);
        change("DROP TABLE listing_change");
        store_close(open_writer());
        expect_rows(rows_kept, "4done|12,21|R 1|2");
}
END_TEST

START_TEST(without_a_copy_there_is_no_upgrade) {
        char kept[200];
        make_version(5);
        kept_path(kept, 5);
        ck_assert_int_eq(mkdir(kept, 0755), 0);
        const char *const words[] = {"unable to upgrade", "from schema version 5", "not a file", "is as it was"};
        expect_failure(STORE_EXISTS, words, ELEMENTS(words));
        expect_rows("SELECT user_version FROM pragma_user_version", "5");
        expect_rows(rows_kept, "4done|12,21|R 1|2");
}
END_TEST

int main(void) {
        Suite *suite = suite_create("store_copy");
        TCase *copies = tcase_create("copies"), *upgrades = tcase_create("upgrades");
        tcase_set_timeout(copies, 30); /* each commit waits for the disk */
        tcase_set_timeout(upgrades, 30);
        tcase_add_unchecked_fixture(copies, make_base, remove_base);
        tcase_add_unchecked_fixture(upgrades, make_base, remove_base);
        tcase_add_checked_fixture(copies, make_copy_path, NULL);
        tcase_add_checked_fixture(upgrades, make_copy_path, NULL);
        tcase_add_test(copies, a_copy_is_a_plain_file);
        tcase_add_test(copies, a_reader_may_copy);
        tcase_add_test(copies, nothing_is_overwritten);
        tcase_add_test(copies, a_place_without_room_is_told);
        tcase_add_test(copies, what_was_left_behind_is_taken);
        tcase_add_test(copies, a_damaged_database_gives_no_copy);
        tcase_add_loop_test(upgrades, every_older_version_is_upgraded_behind_a_copy, 0, OLDER);
        tcase_add_test(upgrades, a_few_copies_are_kept);
        tcase_add_test(upgrades, an_upgrade_that_fails_changes_nothing);
        tcase_add_test(upgrades, without_a_copy_there_is_no_upgrade);
        suite_add_tcase(suite, copies);
        suite_add_tcase(suite, upgrades);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? 0 : 1;
}
