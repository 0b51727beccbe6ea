/* test_store.c: the database as its users meet it: files, locks, crashes, rows and views. */
#include <check.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/store.h"
#include "common/utf8.h"

#define START INT64_C(1795410000000000) /* 2026-11-23T05:00:00Z */
#define HOUR INT64_C(3600000000)
#define READER_ID 65534

/* -- fixture: one directory for the whole case, removed also after a failure; one subdirectory a test --------------------------- */

static char base[64], directory[128], path[160];

static void make_base(void) {
        (void)snprintf(base, sizeof base, "/tmp/test_store.XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(base));
        ck_assert_int_eq(chmod(base, 0755), 0);
}

static int remove_one(const char *name, const struct stat *st, int type, struct FTW *ftw) {
        (void)st;
        (void)type;
        (void)ftw;
        return remove(name);
}

static void remove_base(void) {
        (void)nftw(base, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void make_directory(void) {
        (void)snprintf(directory, sizeof directory, "%s/t.XXXXXX", base);
        ck_assert_ptr_nonnull(mkdtemp(directory));
        ck_assert_int_eq(chmod(directory, 0755), 0);
        (void)snprintf(path, sizeof path, "%s/audit.db", directory);
}

static struct store *open_writer(void) {
        struct store *s = NULL;
        char *error = NULL;
        int r = store_open(&s, path, STORE_WRITE, &error);
        ck_assert_msg(r == 0, "%d: %s", r, error ? error : "");
        return s;
}

/* -- a connection of our own, as a plain sqlite3 shell is one ----------------------------------------------------------------------- */

/* The rows of a query: columns joined by '|', rows by newline; NULL is "". */
static char *rows(const char *sql) {
        sqlite3 *db;
        sqlite3_stmt *statement;
        ck_assert_int_eq(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
        ck_assert_msg(sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK, "%s: %s", sql, sqlite3_errmsg(db));
        char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);
        int rc;
        while ((rc = sqlite3_step(statement)) == SQLITE_ROW) {
                (void)fputs(ftell(out) > 0 ? "\n" : "", out);
                for (int i = 0; i < sqlite3_column_count(statement); i++) {
                        const char *value = (const char *)sqlite3_column_text(statement, i);
                        (void)fprintf(out, "%s%s", i > 0 ? "|" : "", value ? value : "");
                }
        }
        ck_assert_msg(rc == SQLITE_DONE, "%s: %s", sql, sqlite3_errmsg(db));
        (void)fclose(out);
        (void)sqlite3_finalize(statement);
        (void)sqlite3_close(db);
        return text;
}

static void expect_rows(const char *sql, const char *expected) {
        char *got = rows(sql);
        ck_assert_msg(strcmp(got, expected) == 0, "%s\n gives    %s\n expected %s", sql, got, expected);
        free(got);
}

static void change(const char *sql) {
        sqlite3 *db;
        ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
        int on = 1;
        (void)sqlite3_file_control(db, "main", SQLITE_FCNTL_PERSIST_WAL, &on);
        ck_assert_msg(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
        (void)sqlite3_close(db);
}

/* -- rows to write ------------------------------------------------------------------------------------------------------------------- */

static char *text_of(const char *s) {
        return s ? strdup(s) : NULL;
}

static struct trunk make_trunk(const char *id, const char *name, enum trunk_origin origin) {
        return (struct trunk){.id = text_of(id), .name = text_of(name), .origin = origin};
}

static struct run make_run(int hour) {
        return (struct run){
                .slot_usec = START + hour * HOUR,
                .started_usec = START + hour * HOUR + 1500000,
                .finished_usec = START + hour * HOUR + 4000000,
                .trigger = RUN_TRIGGER_SLOT,
                .state = RUN_DONE,
                .clock = verdict_of(CAUSE_CLOCK_OK, "offset 2.5 ms"),
                .clock_measured = true,
                .clock_offset_usec = 2500,
                .clock_bound_usec = 10250,
                .clock_servers = 3,
                .clock_servers_used = 2,
                .platform = verdict_of(CAUSE_PLATFORM_OK, "15 trunks"),
                .platform_status = 200,
                .correlation_id = "c-1",
                .trunks_known_usec = START,
        };
}

static struct result make_result(const struct trunk *t, enum cause cause, const struct evidence *e) {
        return (struct result){.trunk = t,
                               .verdict = verdict_of(cause, "%s seen", cause_info(cause)->word),
                               .latency_usec = e ? 150250 : 0,
                               .requests = e ? 2 : 0,
                               .credentialed = e ? 1 : 0,
                               .evidence = e,
                               .keep_evidence = e && cause != CAUSE_OK};
}

static struct evidence make_evidence(void) {
        struct evidence e = {.target = "sbc1.carrier.example:5061", .address = "192.0.2.1:5061", .n_exchanges = 2};
        e.exchanges[0] = (struct exchange){.sent_usec = (uint64_t)START,
                                           .rtt_usec = 150250,
                                           .status = 401,
                                           .reason = "Unauthorized",
                                           .request = text_of("REGISTER sip:a SIP/2.0\r\n"),
                                           .response = text_of("SIP/2.0 401 Unauthorized\r\n")};
        e.exchanges[1] = (struct exchange){.sent_usec = (uint64_t)START + 1,
                                           .credentialed = true,
                                           .digest_uri = "sip:a",
                                           .algorithm = DIGEST_SHA_256,
                                           .qop = DIGEST_QOP_AUTH,
                                           .retransmissions = 3,
                                           .end = EXCHANGE_REFUSED,
                                           .error = ECONNREFUSED,
                                           .request = text_of("REGISTER sip:a SIP/2.0\r\n\r\n")};
        return e;
}

static void free_evidence(struct evidence *e) {
        for (size_t i = 0; i < e->n_exchanges; i++) {
                free(e->exchanges[i].request);
                free(e->exchanges[i].response);
        }
}

static void store_run(struct store *s, struct run *run, const struct result *results, size_t n) {
        ck_assert_int_eq(store_begin_run(s, run), 0);
        for (size_t i = 0; i < n; i++) {
                unsigned *counts[] = {[OUTCOME_PASS] = &run->n_pass,
                                      [OUTCOME_WARN] = &run->n_warn,
                                      [OUTCOME_FAIL] = &run->n_fail,
                                      [OUTCOME_UNTESTED] = &run->n_untested};
                ++*counts[verdict_outcome(&results[i].verdict)];
                run->n_trunks++;
        }
        ck_assert_msg(store_end_run(s, run, results, n) == 0, "%s", store_error(s));
}

static void put_listing(struct store *s, const struct trunk *trunks, size_t n, int64_t now_usec) {
        struct trunk copies[8];
        for (size_t i = 0; i < n; i++)
                copies[i] = trunks[i];
        struct trunk_list list = {copies, n};
        ck_assert_msg(store_put_trunks(s, &list, now_usec) == 0, "%s", store_error(s));
}

/* -- files and schema ------------------------------------------------------------------------------------------------------------------ */

START_TEST(a_new_database_has_our_marks) {
        mode_t mask = umask(0777);
        struct store *s = open_writer();
        (void)umask(mask);
        struct stat st;
        ck_assert_int_eq(stat(path, &st), 0);
        ck_assert_uint_eq(st.st_mode & 07777, 0640);
        ck_assert_str_eq(store_path(s), path);
        expect_rows("SELECT application_id FROM pragma_application_id", "1413567812");
        expect_rows("SELECT user_version FROM pragma_user_version", "1");
        expect_rows("SELECT auto_vacuum FROM pragma_auto_vacuum", "2");
        expect_rows("SELECT journal_mode FROM pragma_journal_mode", "wal");
        expect_rows("SELECT word FROM outcome ORDER BY id", "pass\nwarn\nuntested\nfail");
        expect_rows("SELECT count(*) FROM pragma_table_list WHERE type = 'table' AND NOT strict AND name NOT LIKE 'sqlite_%'", "0");
        store_close(s);
}
END_TEST

START_TEST(opening_again_writes_nothing) {
        store_close(open_writer());
        char *before = rows("SELECT schema_version, data_version FROM pragma_schema_version, pragma_data_version");
        char *causes = rows("SELECT * FROM cause ORDER BY id");
        struct stat a, b;
        ck_assert_int_eq(stat(path, &a), 0);
        char wal[200];
        (void)snprintf(wal, sizeof wal, "%s-wal", path);
        for (int i = 0; i < 3; i++) {
                struct store *s = open_writer();
                ck_assert_int_eq(stat(wal, &b), 0);
                ck_assert_int_eq(b.st_size, 0);
                store_close(s);
        }
        ck_assert_int_eq(stat(path, &b), 0);
        ck_assert_int_eq(a.st_mtim.tv_nsec, b.st_mtim.tv_nsec);
        expect_rows("SELECT schema_version, data_version FROM pragma_schema_version, pragma_data_version", before);
        expect_rows("SELECT * FROM cause ORDER BY id", causes);
        free(before);
        free(causes);
}
END_TEST

START_TEST(causes_keep_their_ids) {
        store_close(open_writer());
        char count[20];
        (void)snprintf(count, sizeof count, "%d", CAUSE_COUNT);
        expect_rows("SELECT count(*) FROM cause", count);
        change("UPDATE cause SET sentence = 'old', outcome = 'pass' WHERE word = 'stale_nonce';"
               "UPDATE cause SET id = 900 WHERE word = 'qop_mismatch';"
               "INSERT INTO cause VALUES (901, 'of_yesterday', 'trunk', 'fail', 3, 'Gone.', 'None.')");
        char *id = rows("SELECT id FROM cause WHERE word = 'stale_nonce'");
        store_close(open_writer());
        expect_rows("SELECT id FROM cause WHERE word = 'stale_nonce'", id);
        free(id);
        expect_rows("SELECT outcome FROM cause WHERE word = 'stale_nonce' AND sentence <> 'old'", "fail");
        expect_rows("SELECT word FROM cause WHERE id >= 900 ORDER BY id", "qop_mismatch\nof_yesterday");
}
END_TEST

START_TEST(views_are_made_anew_when_they_differ) {
        store_close(open_writer());
        char *views = rows("SELECT sql FROM sqlite_schema WHERE type = 'view' ORDER BY name");
        change("DROP VIEW latest; CREATE VIEW latest AS SELECT 1 AS one; CREATE VIEW mine AS SELECT 2");
        struct store *s = open_writer();
        store_close(s);
        expect_rows("SELECT sql FROM sqlite_schema WHERE type = 'view' AND name <> 'mine' ORDER BY name", views);
        expect_rows("SELECT * FROM mine", "2"); /* a view of somebody else stays */
        free(views);
}
END_TEST

static void expect_open(enum store_mode mode, int expected, const char *word) {
        struct store *s = NULL;
        char *error = NULL;
        int r = store_open(&s, path, mode, &error);
        ck_assert_msg(r == expected, "%d: %s", r, error ? error : "");
        ck_assert_ptr_null(s);
        ck_assert_ptr_nonnull(error);
        ck_assert_msg(strstr(error, word) != NULL, "%s", error);
        ck_assert_msg(strstr(error, path) != NULL, "%s", error);
        free(error);
        ck_assert_int_eq(store_open(&s, path, mode, NULL), expected);
}

START_TEST(what_is_not_ours_is_refused) {
        expect_open(STORE_READ, STORE_ABSENT, "there is no database");

        change("CREATE TABLE theirs (a)");
        expect_open(STORE_READ, STORE_NOT_OURS, "another program");
        expect_open(STORE_WRITE, STORE_NOT_OURS, "another program");
        expect_rows("SELECT count(*) FROM sqlite_schema", "1");

        FILE *f = fopen(path, "w");
        for (int i = 0; i < 100; i++)
                (void)fputs("this is a text, and not a short one\n", f);
        (void)fclose(f);
        expect_open(STORE_READ, STORE_NOT_OURS, "not a database");
        expect_open(STORE_WRITE, STORE_NOT_OURS, "not a database");

        ck_assert_int_eq(unlink(path), 0);
        ck_assert_int_eq(mkdir(path, 0755), 0);
        expect_open(STORE_READ, STORE_NOT_OURS, "not a file");
        expect_open(STORE_WRITE, STORE_NOT_OURS, "not a file");
}
END_TEST

START_TEST(an_empty_file_is_a_new_database) {
        FILE *f = fopen(path, "w");
        (void)fclose(f);
        expect_open(STORE_READ, STORE_ABSENT, "is empty");
        store_close(open_writer());
        expect_rows("SELECT user_version FROM pragma_user_version", "1");
}
END_TEST

START_TEST(a_newer_schema_is_refused) {
        store_close(open_writer());
        change("PRAGMA user_version = 99");
        expect_open(STORE_READ, STORE_TOO_NEW, "version 99");
        expect_open(STORE_WRITE, STORE_TOO_NEW, "version 99");
}
END_TEST

/* Ends a child as a crash does: the kernel closes its files, and nobody else does anything. It is not a signal because a leak checker
 * would count what the child has inherited. */
static void vanish(void) {
        (void)execl("/bin/true", "true", (char *)NULL);
        _exit(98);
}

/* What body returns in a child; as a user who is neither root nor the owner when a group is given. */
static int in_child(int (*body)(void), gid_t group) {
        int ends[2], result = 0;
        ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
        pid_t pid = fork();
        ck_assert_int_ge(pid, 0);
        if (pid == 0) {
                bool ready = group == 0 || (setgroups(0, NULL) == 0 && setresgid(group, group, group) == 0 &&
                                            setresuid(READER_ID, READER_ID, READER_ID) == 0);
                result = ready ? body() : 99;
                (void)!write(ends[1], &result, sizeof result);
                vanish();
        }
        (void)close(ends[1]);
        ck_assert_int_eq(read(ends[0], &result, sizeof result), sizeof result);
        (void)close(ends[0]);
        ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
        return result;
}

static int open_to_write(void) {
        struct store *s = NULL;
        char *error = NULL;
        int r = store_open(&s, path, STORE_WRITE, &error);
        bool said = error && strstr(error, path) && strstr(error, "unable to");
        free(error);
        store_close(s);
        return r < 0 && said ? 0 : 1;
}

static int read_rows(void) {
        struct store *s = NULL;
        struct table *t = NULL;
        int r = store_open(&s, path, STORE_READ, NULL);
        if (r == 0)
                r = store_read(s, STORE_VIEW_RUNS, NULL, 0, &t);
        int seen = r == 0 ? (int)t->rows : 90;
        table_free(t);
        store_close(s);
        return seen;
}

START_TEST(a_place_that_cannot_be_written_is_told) {
        char *error = NULL;
        struct store *s = NULL;
        char nowhere[200];
        (void)snprintf(nowhere, sizeof nowhere, "%s/absent/audit.db", directory);
        ck_assert_int_eq(store_open(&s, nowhere, STORE_WRITE, &error), -ENOENT);
        ck_assert_msg(strstr(error, "unable to create") && strstr(error, nowhere), "%s", error);
        free(error);
        if (geteuid() != 0)
                return;
        ck_assert_int_eq(in_child(open_to_write, READER_ID), 0); /* cannot create */
        store_close(open_writer());
        ck_assert_int_eq(chmod(path, 0644), 0);
        ck_assert_int_eq(in_child(open_to_write, READER_ID), 0); /* cannot write */
        ck_assert_int_eq(chmod(path, 0600), 0);
        ck_assert_int_eq(in_child(open_to_write, READER_ID), 0); /* cannot even read */
}
END_TEST

START_TEST(root_gives_new_files_to_the_directorys_owner) {
        if (geteuid() != 0)
                return;
        ck_assert_int_eq(chown(directory, READER_ID, READER_ID), 0);
        struct store *s = open_writer();
        ck_assert_int_eq(store_lock(s, NULL), 0);
        static const char *const suffixes[] = {"", "-wal", "-shm", ".lock"};
        for (size_t i = 0; i < ELEMENTS(suffixes); i++) {
                char name[200];
                (void)snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
                struct stat st;
                ck_assert_int_eq(stat(name, &st), 0);
                ck_assert_msg(st.st_uid == READER_ID && st.st_gid == READER_ID, "%s", name);
                ck_assert_msg((st.st_mode & 07777) == 0640, "%s", name);
        }
        store_close(s);
}
END_TEST

/* In a child, which dies with an open run, or with a transaction just done and the log not checkpointed. */
static void crash_in_a_run(void) {
        pid_t pid = fork();
        ck_assert_int_ge(pid, 0);
        if (pid == 0) {
                struct store *s = NULL;
                struct run run = make_run(9);
                if (store_open(&s, path, STORE_WRITE, NULL) != 0 || store_lock(s, NULL) != 0 || store_begin_run(s, &run) != 0)
                        _exit(1);
                vanish();
        }
        int status;
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert_int_eq(status, 0);
}

START_TEST(a_group_member_can_read_at_any_time) {
        if (geteuid() != 0)
                return;
        ck_assert_int_eq(chmod(directory, 0750), 0);
        ck_assert_int_eq(chown(directory, 0, 4242), 0);
        struct store *s = open_writer();
        struct run run = make_run(0);
        store_run(s, &run, NULL, 0);
        ck_assert_int_eq(in_child(read_rows, 4242), 1); /* while the writer is open */
        store_close(s);
        ck_assert_int_eq(in_child(read_rows, 4242), 1); /* after a clean stop */
        crash_in_a_run();
        ck_assert_int_eq(in_child(read_rows, 4242), 2); /* after a crash */
        ck_assert_int_eq(in_child(read_rows, READER_ID), 90);
}
END_TEST

START_TEST(a_reader_writes_nothing) {
        store_close(open_writer());
        struct store *s = NULL;
        ck_assert_int_eq(store_open(&s, path, STORE_READ, NULL), 0);
        struct run run = make_run(0);
        ck_assert_int_eq(store_begin_run(s, &run), -EIO);
        ck_assert_msg(strstr(store_error(s), "readonly") != NULL, "%s", store_error(s));
        ck_assert_msg(strstr(store_error(s), "unable to open the run") != NULL, "%s", store_error(s));
        store_close(s);
}
END_TEST

/* -- the lock ---------------------------------------------------------------------------------------------------------------------------
 */

static int try_lock(void) {
        struct store *s = NULL;
        if (store_open(&s, path, STORE_WRITE, NULL) != 0)
                return 90;
        unsigned broken = 7;
        int r = store_lock(s, &broken);
        store_close(s);
        return r != 0 && broken != 7 ? 91 : r;
}

START_TEST(one_process_audits) {
        struct store *s = open_writer();
        ck_assert_int_eq(in_child(try_lock, 0), 0);
        ck_assert_int_eq(store_lock(s, NULL), 0);
        ck_assert_int_eq(store_lock(s, NULL), -EALREADY);
        struct run run = make_run(0);
        ck_assert_int_eq(store_begin_run(s, &run), 0);
        ck_assert_int_eq(in_child(try_lock, 0), STORE_BUSY);
        expect_rows("SELECT state FROM run", "running"); /* the one who is refused breaks nothing */
        ck_assert_int_eq(store_end_run(s, &run, NULL, 0), 0);
        store_unlock(s);
        store_unlock(s);
        ck_assert_int_eq(in_child(try_lock, 0), 0);
        store_close(s);
}
END_TEST

START_TEST(a_crash_leaves_a_broken_run) {
        struct store *s = open_writer();
        struct run done = make_run(0);
        store_run(s, &done, NULL, 0);
        store_close(s);
        crash_in_a_run();
        expect_rows("SELECT id, state, finished_usec FROM run ORDER BY id DESC LIMIT 1", "2|running|");

        s = open_writer();
        unsigned broken = 0;
        ck_assert_int_eq(store_lock(s, &broken), 0);
        ck_assert_uint_eq(broken, 1);
        store_unlock(s);
        ck_assert_int_eq(store_lock(s, &broken), 0);
        ck_assert_uint_eq(broken, 0);
        expect_rows("SELECT id, state FROM run ORDER BY id", "1|done\n2|broken");

        struct run run;
        ck_assert_int_eq(store_last_run(s, RUN_BROKEN, &run), 0);
        ck_assert_int_eq(run.id, 2);
        ck_assert_int_eq(run.finished_usec, 0);
        ck_assert_int_eq(run.clock.cause, CAUSE_CLOCK_UNFINISHED);
        ck_assert_int_eq(run.platform.cause, CAUSE_PLATFORM_UNFINISHED);
        ck_assert(!run.clock_measured && !run.witness_measured);

        run.state = RUN_DONE; /* a broken run is not closed after the fact */
        ck_assert_int_eq(store_end_run(s, &run, NULL, 0), -EIO);
        ck_assert_msg(strstr(store_error(s), "run 2 is not open") != NULL, "%s", store_error(s));
        store_close(s);
}
END_TEST

/* -- runs
 * ---------------------------------------------------------------------------------------------------------------------------------- */

START_TEST(a_run_is_read_as_it_was_written) {
        struct store *s = open_writer();
        struct run run = make_run(0), got = {.id = 77};
        ck_assert_int_eq(store_last_run(s, RUN_DONE, &got), STORE_NONE);
        ck_assert_int_eq(got.id, 77);
        run.witness_measured = true;
        run.witness_offset_usec = -1500000;
        run.witness_bound_usec = 1000000;
        run.n_trunks = 4, run.n_pass = 1, run.n_warn = 1, run.n_fail = 1, run.n_untested = 1;
        ck_assert_int_eq(store_begin_run(s, &run), 0);
        ck_assert_int_gt(run.id, 0);
        expect_rows("SELECT state, trigger, partial, slot_usec, started_usec, finished_usec FROM run",
                    "running|slot|0|1795410000000000|1795410001500000|");
        ck_assert_int_eq(store_last_run(s, RUN_DONE, &got), STORE_NONE);
        ck_assert_int_eq(store_end_run(s, &run, NULL, 0), 0);
        ck_assert_int_eq(store_last_run(s, RUN_DONE, &got), 0);
        ck_assert_int_eq(got.id, run.id);
        ck_assert_int_eq(got.slot_usec, run.slot_usec);
        ck_assert_int_eq(got.started_usec, run.started_usec);
        ck_assert_int_eq(got.finished_usec, run.finished_usec);
        ck_assert_int_eq(got.state, RUN_DONE);
        ck_assert_int_eq(got.trigger, RUN_TRIGGER_SLOT);
        ck_assert(!got.partial && got.clock_measured && got.witness_measured);
        ck_assert_int_eq(got.clock.cause, CAUSE_CLOCK_OK);
        ck_assert_str_eq(got.clock.detail, "offset 2.5 ms");
        ck_assert_int_eq(got.clock_offset_usec, 2500);
        ck_assert_int_eq(got.clock_bound_usec, 10250);
        ck_assert_uint_eq(got.clock_servers, 3);
        ck_assert_uint_eq(got.clock_servers_used, 2);
        ck_assert_int_eq(got.witness_offset_usec, -1500000);
        ck_assert_int_eq(got.witness_bound_usec, 1000000);
        ck_assert_int_eq(got.platform.cause, CAUSE_PLATFORM_OK);
        ck_assert_str_eq(got.platform.detail, "15 trunks");
        ck_assert_int_eq(got.platform_status, 200);
        ck_assert_str_eq(got.correlation_id, "c-1");
        ck_assert_int_eq(got.trunks_known_usec, START);
        ck_assert(got.n_trunks == 4 && got.n_pass == 1 && got.n_warn == 1 && got.n_fail == 1 && got.n_untested == 1);

        ck_assert_int_eq(store_end_run(s, &run, NULL, 0), -EIO); /* closed once */
        struct run partial = make_run(1);
        partial.partial = true;
        partial.slot_usec = 0;
        partial.trigger = RUN_TRIGGER_COMMAND;
        store_run(s, &partial, NULL, 0);
        ck_assert_int_eq(store_last_run(s, RUN_DONE, &got), 0);
        ck_assert_int_eq(got.id, run.id);
        expect_rows("SELECT slot, trigger, partial, seconds FROM runs WHERE id = 2", "|command|1|2.5");
        store_close(s);
}
END_TEST

START_TEST(words_are_those_of_the_schema) {
        static const enum run_state states[] = {RUN_RUNNING, RUN_DONE, RUN_ABORTED, RUN_BROKEN};
        static const enum run_trigger triggers[] = {RUN_TRIGGER_SLOT, RUN_TRIGGER_START, RUN_TRIGGER_SIGNAL, RUN_TRIGGER_COMMAND};
        struct store *s = open_writer();
        for (size_t i = 0; i < ELEMENTS(triggers); i++) {
                struct run run = make_run((int)i), got;
                run.trigger = triggers[i];
                run.state = i == 0 ? RUN_ABORTED : RUN_DONE;
                store_run(s, &run, NULL, 0);
                ck_assert_int_eq(store_last_run(s, run.state, &got), 0);
                ck_assert_int_eq(got.trigger, triggers[i]);
        }
        expect_rows("SELECT state, trigger FROM run ORDER BY id", "aborted|slot\ndone|start\ndone|signal\ndone|command");
        ck_assert_str_eq(run_state_word(states[0]), "running");
        ck_assert_str_eq(run_state_word(states[3]), "broken");
        store_close(s);
}
END_TEST

START_TEST(a_runs_results_are_stored_together_or_not_at_all) {
        struct store *s = open_writer();
        struct evidence e = make_evidence();
        struct trunk a = make_trunk("id-a", "A", TRUNK_EXTRA), b = make_trunk("id-b", "B", TRUNK_EXTRA);
        struct result twice[] = {make_result(&a, CAUSE_WRONG_PASSWORD, &e), make_result(&b, CAUSE_OK, &e), make_result(&a, CAUSE_OK, &e)};
        struct run run = make_run(0);
        ck_assert_int_eq(store_begin_run(s, &run), 0);
        ck_assert_int_eq(store_end_run(s, &run, twice, 3), -EIO);
        ck_assert_msg(strstr(store_error(s), "unable to store a result") && strstr(store_error(s), "UNIQUE"), "%s", store_error(s));
        expect_rows("SELECT (SELECT count(*) FROM result), (SELECT count(*) FROM evidence), (SELECT count(*) FROM trunk),"
                    " (SELECT count(*) FROM carrier), (SELECT state FROM run)",
                    "0|0|0|0|running");
        ck_assert_msg(store_end_run(s, &run, twice, 2) == 0, "%s", store_error(s)); /* and can be tried again */
        expect_rows("SELECT (SELECT count(*) FROM result), (SELECT count(*) FROM evidence), (SELECT count(*) FROM trunk),"
                    " (SELECT count(*) FROM carrier), (SELECT state FROM run)",
                    "2|2|2|1|done");
        trunk_clear(&a);
        trunk_clear(&b);
        free_evidence(&e);
        store_close(s);
}
END_TEST

START_TEST(evidence_is_kept_on_demand) {
        struct store *s = open_writer();
        struct evidence e = make_evidence();
        struct trunk a = make_trunk("id-a", "A", TRUNK_EXTRA), b = make_trunk("id-b", NULL, TRUNK_EXTRA);
        struct result results[] = {make_result(&a, CAUSE_CONNECTION_REFUSED, &e), make_result(&b, CAUSE_OK, &e)};
        struct run run = make_run(0);
        store_run(s, &run, results, 2);
        expect_rows("SELECT trunk.trunk_id, seq, sent_usec, rtt_usec, credentialed, digest_uri, evidence.algorithm, evidence.qop,"
                    " retransmissions, ending, problem, status, reason FROM evidence JOIN trunk ON key = trunk ORDER BY seq",
                    "id-a|1|1795410000000000|150250|0||||0|responded||401|Unauthorized\n"
                    "id-a|2|1795410000000001||1|sip:a|SHA-256|auth|3|refused|Connection refused||");
        expect_rows("SELECT request = 'REGISTER sip:a SIP/2.0' || char(13, 10), response LIKE 'SIP/2.0 401%' FROM evidence WHERE seq = 1",
                    "1|1");
        trunk_clear(&a);
        trunk_clear(&b);
        free_evidence(&e);
        store_close(s);
}
END_TEST

START_TEST(invalid_utf8_becomes_readable) {
        struct store *s = open_writer();
        struct evidence e = make_evidence();
        free(e.exchanges[0].response);
        e.exchanges[0].response = text_of("SIP/2.0 401 \xC3\xA9\xFF\xC0\xAF\xED\xA0\x80.");
        struct trunk a = make_trunk("id-a", "caf\xE9", TRUNK_EXTRA);
        struct result result = make_result(&a, CAUSE_WRONG_PASSWORD, &e);
        (void)snprintf(result.verdict.detail, sizeof result.verdict.detail, "\xF4\x90\x80\x80|\xF0\x9F\x93\x9E|\xE2\x82");
        struct run run = make_run(0);
        store_run(s, &run, &result, 1);
#define BAD "\xEF\xBF\xBD"
        expect_rows("SELECT trunk, detail FROM latest", "caf" BAD "|" BAD BAD BAD BAD "|\xF0\x9F\x93\x9E|" BAD BAD);
        expect_rows("SELECT response FROM evidence WHERE seq = 1", "SIP/2.0 401 \xC3\xA9" BAD BAD BAD BAD BAD BAD ".");
        trunk_clear(&a);
        free_evidence(&e);
        store_close(s);
}
END_TEST

START_TEST(a_thousand_trunks_in_one_run) {
        enum { N = 1000 };
        struct store *s = open_writer();
        struct evidence e = make_evidence();
        struct trunk *trunks = calloc(N, sizeof *trunks);
        struct result *results = calloc(N, sizeof *results);
        for (int i = 0; i < N; i++) {
                char id[20];
                (void)snprintf(id, sizeof id, "id-%04d", i);
                trunks[i] = make_trunk(id, id, TRUNK_EXTRA);
                results[i] = make_result(&trunks[i], i % 100 == 0 ? CAUSE_STALE_NONCE : CAUSE_OK, &e);
                if (i % 100)
                        results[i].verdict.detail[0] = '\0';
        }
        for (int hour = 0; hour < 3; hour++) {
                struct run run = make_run(hour);
                store_run(s, &run, results, N);
        }
        expect_rows("SELECT trunks, passed, failed FROM runs WHERE id = 3", "1000|990|10");
        expect_rows("SELECT count(*) FROM failures", "10");
        expect_rows("SELECT count(*) FROM evidence", "60");
        expect_rows("SELECT integrity_check FROM pragma_integrity_check", "ok");
        struct table *t = NULL;
        ck_assert_int_eq(store_read(s, STORE_VIEW_LATEST, NULL, 0, &t), 0);
        ck_assert_uint_eq(t->rows, N);
        table_free(t);
        for (int i = 0; i < N; i++)
                trunk_clear(&trunks[i]);
        free(trunks);
        free(results);
        free_evidence(&e);
        store_close(s);
}
END_TEST

/* -- trunks
 * -------------------------------------------------------------------------------------------------------------------------------- */

START_TEST(known_trunks_come_back_as_listed) {
        struct store *s = open_writer();
        struct trunk_list got = {0};
        int64_t when = 0;
        ck_assert_int_eq(store_known_trunks(s, &got, &when), STORE_NONE);

        struct trunk listed[3] = {make_trunk("id-a", "A", TRUNK_LISTED), make_trunk("id-b", NULL, TRUNK_LISTED),
                                  make_trunk("id-c", "C", TRUNK_EXTRA)};
        for (int i = TRUNK_TEXT_state; i < TRUNK_TEXT_COUNT; i++) {
                char value[40];
                (void)snprintf(value, sizeof value, "Digest %s", trunk_text_name((enum trunk_text)i));
                ck_assert_int_eq(trunk_set(&listed[0], (enum trunk_text)i, span_of(value)), 0);
        }
        put_listing(s, listed, 3, START);
        ck_assert_int_eq(store_known_trunks(s, &got, &when), 0);
        ck_assert_int_eq(when, START);
        ck_assert_uint_eq(got.n, 2); /* the extra one is not the platform's */
        for (int i = 0; i < TRUNK_TEXT_COUNT; i++)
                ck_assert_pstr_eq(trunk_get(&got.items[0], (enum trunk_text)i), trunk_get(&listed[0], (enum trunk_text)i));
        ck_assert_int_eq(got.items[0].origin, TRUNK_REMEMBERED);
        ck_assert_str_eq(got.items[1].id, "id-b");
        ck_assert_ptr_null(got.items[1].name);
        trunk_list_clear(&got);

        /* The next listing has no B; what it says of A replaces what was said, except where it was denied. */
        put_listing(s, listed, 1, START + HOUR);
        ck_assert_int_eq(store_known_trunks(s, &got, &when), 0);
        ck_assert_uint_eq(got.n, 1);
        ck_assert_int_eq(when, START + HOUR);
        trunk_list_clear(&got);
        expect_rows("SELECT listed, first_listed_usec, last_listed_usec FROM trunk ORDER BY key",
                    "1|1795410000000000|1795413600000000\n0|1795410000000000|1795410000000000");
        struct trunk sparse = make_trunk("id-a", "A2", TRUNK_LISTED);
        sparse.detail_denied = true;
        put_listing(s, &sparse, 1, START + 2 * HOUR);
        expect_rows("SELECT name, domain FROM trunk WHERE trunk_id = 'id-a'", "A2|Digest domain");
        sparse.detail_denied = false;
        put_listing(s, &sparse, 1, START + 3 * HOUR);
        expect_rows("SELECT name, domain FROM trunk WHERE trunk_id = 'id-a'", "A2|");
        trunk_clear(&sparse);

        put_listing(s, listed, 0, START + 4 * HOUR); /* an empty listing is one, too */
        ck_assert_int_eq(store_known_trunks(s, &got, &when), 0);
        ck_assert_uint_eq(got.n, 0);
        ck_assert_int_eq(when, START + 4 * HOUR);
        for (size_t i = 0; i < ELEMENTS(listed); i++)
                trunk_clear(&listed[i]);
        store_close(s);
}
END_TEST

START_TEST(a_response_digest_is_not_kept) {
        static const struct {
                const char *line, *kept;
        } cases[] = {
                {"Digest username=\"u\", nonce=\"n\", response=\"0123456789abcdef\", qop=auth",
                 "Digest username=\"u\", nonce=\"n\", response=\"redacted\", qop=auth"},
                {"Authorization: DIGEST Response = 0123456789abcdef,uri=\"sip:a\"",
                 "Authorization: DIGEST Response = \"redacted\",uri=\"sip:a\""},
                {"Digest response=\"0123", "Digest response=\"redacted\""},
                {"Digest username=\"response=\\\"x\", response=\"a\\\"b\"", "Digest username=\"response=\\\"x\", response=\"redacted\""},
                {"Digest response=,response=", "Digest response=\"redacted\",response=\"redacted\""},
                {"Digest xresponse=\"1\", response", "Digest xresponse=\"1\", response"},
                {"Basic dXNlcjpwYXNzd29yZA==", "redacted"},
                {"dXNlcjpwYXNzd29yZA==", "redacted"},
                {"Digest", "Digest"},
                {"", "redacted"},
        };
        struct store *s = open_writer();
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct trunk t = make_trunk("id-a", "A", TRUNK_LISTED);
                ck_assert_int_eq(trunk_set(&t, TRUNK_TEXT_validation_authorization, span_of(cases[i].line)), 0);
                put_listing(s, &t, 1, START);
                expect_rows("SELECT validation_authorization FROM trunk", cases[i].kept);
                trunk_clear(&t);
        }
        store_close(s);
}
END_TEST

START_TEST(announcements_are_remembered) {
        struct store *s = open_writer();
        struct run run = make_run(0);
        store_run(s, &run, NULL, 0);
        enum cause cause = CAUSE_OK;
        int64_t when = 0;
        ck_assert_int_eq(store_announced(s, "id-a", &cause, &when), STORE_NONE);
        const struct announcement first[] = {{"id-a", CAUSE_STALE_NONCE, run.id}, {"clock", CAUSE_CLOCK_OFF, run.id}};
        ck_assert_int_eq(store_put_announcements(s, first, 2, START), 0);
        const struct announcement second = {"id-a", CAUSE_OK, 0};
        ck_assert_int_eq(store_put_announcements(s, &second, 1, START + 1), 0);
        ck_assert_int_eq(store_announced(s, "id-a", &cause, &when), 0);
        ck_assert_int_eq(cause, CAUSE_OK);
        ck_assert_int_eq(when, START + 1);
        ck_assert_int_eq(store_announced(s, "clock", &cause, &when), 0);
        ck_assert_int_eq(cause, CAUSE_CLOCK_OFF);
        ck_assert_int_eq(when, START);

        const struct announcement bad[] = {{"id-b", CAUSE_OK, run.id}, {"id-c", CAUSE_OK, 4711}}; /* no such run */
        ck_assert_int_eq(store_put_announcements(s, bad, 2, START), -EIO);
        ck_assert_int_eq(store_announced(s, "id-b", &cause, &when), STORE_NONE);
        change("INSERT INTO cause VALUES (901, 'of_yesterday', 'trunk', 'fail', 3, 'Gone.', 'None.');"
               "UPDATE announcement SET cause = 901 WHERE subject = 'clock'");
        ck_assert_int_eq(store_announced(s, "clock", &cause, &when), STORE_NONE);
        store_close(s);
}
END_TEST

/* -- views
 * ---------------------------------------------------------------------------------------------------------------------------------- */

/* Hour 0: A ok, B stale nonce, C (extra) untested. Hour 1: the platform no longer lists B, and lists D; A warns, C passes. Hour 2, only A
 * was asked for: it fails. */
static void tell_a_story(struct store *s) {
        struct evidence e = make_evidence();
        struct trunk a = make_trunk("id-a", "Alpha", TRUNK_LISTED), b = make_trunk("id-b", "beta", TRUNK_LISTED),
                     c = make_trunk("local:gamma", "gamma", TRUNK_EXTRA), d = make_trunk("id-d", "Delta", TRUNK_LISTED);
        enum cause cause;
        int64_t when;
        ck_assert_int_eq(store_last_result(s, "id-a", &cause, &when), STORE_NONE);
        const struct trunk first[] = {a, b}, second[] = {a, d};
        put_listing(s, first, 2, START);
        const struct result hour0[] = {make_result(&a, CAUSE_OK, &e), make_result(&b, CAUSE_STALE_NONCE, &e),
                                       make_result(&c, CAUSE_SECRET_MISSING, NULL)};
        struct run run = make_run(0);
        store_run(s, &run, hour0, 3);
        ck_assert_int_eq(store_last_result(s, "id-b", &cause, &when), 0);
        ck_assert_int_eq(cause, CAUSE_STALE_NONCE);
        ck_assert_int_eq(when, run.started_usec);
        expect_rows("SELECT trunk, outcome, cause FROM latest", "Alpha|pass|ok\nbeta|fail|stale_nonce\ngamma|untested|secret_missing");
        expect_rows("SELECT trunk, outcome FROM failures", "beta|fail\ngamma|untested");

        put_listing(s, second, 2, START + HOUR);
        const struct result hour1[] = {make_result(&a, CAUSE_PLATFORM_DISAGREES, &e), make_result(&d, CAUSE_NO_ANSWER, &e),
                                       make_result(&c, CAUSE_OK, &e)};
        struct run run1 = make_run(1);
        store_run(s, &run1, hour1, 3);
        const struct result hour2[] = {make_result(&a, CAUSE_WRONG_PASSWORD, &e)};
        struct run run2 = make_run(2);
        run2.partial = true;
        store_run(s, &run2, hour2, 1);
        struct run running = make_run(3);
        ck_assert_int_eq(store_begin_run(s, &running), 0);
        trunk_clear(&a);
        trunk_clear(&b);
        trunk_clear(&c);
        trunk_clear(&d);
        free_evidence(&e);
}

START_TEST(views_show_the_story) {
        struct store *s = open_writer();
        tell_a_story(s);
        expect_rows("SELECT trunk, trunk_id, carrier, outcome, cause, detail, run, time, latency_ms FROM latest",
                    "Alpha|id-a|sbc1.carrier.example:5061|fail|wrong_password|wrong_password seen|3|2026-11-23T07:00:01Z|150.3\n"
                    "Delta|id-d|sbc1.carrier.example:5061|untested|no_answer|no_answer seen|2|2026-11-23T06:00:01Z|150.3\n"
                    "gamma|local:gamma|sbc1.carrier.example:5061|pass|ok|ok seen|2|2026-11-23T06:00:01Z|150.3");
        expect_rows("SELECT remedy LIKE 'Check username%', sentence LIKE 'The carrier refused%' FROM latest LIMIT 1", "1|1");
        expect_rows("SELECT trunk, outcome, run FROM failures", "Delta|untested|2\nAlpha|warn|2");
        expect_rows("SELECT trunk, time, outcome, cause, detail, latency_ms, run FROM history LIMIT 2",
                    "Alpha|2026-11-23T07:00:01Z|fail|wrong_password|wrong_password seen|150.3|3\n"
                    "Alpha|2026-11-23T06:00:01Z|warn|platform_disagrees|platform_disagrees seen|150.3|2");
        expect_rows("SELECT carrier, address, latency_ms, requests FROM history WHERE cause = 'secret_missing'", "|||0");
        expect_rows("SELECT cause, kind, outcome, times, last_seen FROM causes WHERE times > 0",
                    "ok|trunk|pass|2|2026-11-23T06:00:01Z\n"
                    "platform_disagrees|trunk|warn|1|2026-11-23T06:00:01Z\n"
                    "stale_nonce|trunk|fail|1|2026-11-23T05:00:01Z\n"
                    "wrong_password|trunk|fail|1|2026-11-23T07:00:01Z\n"
                    "no_answer|trunk|untested|1|2026-11-23T06:00:01Z\n"
                    "secret_missing|trunk|untested|1|2026-11-23T05:00:01Z\n"
                    "platform_ok|platform|pass|3|2026-11-23T07:00:01Z\n"
                    "clock_ok|clock|pass|3|2026-11-23T07:00:01Z");
        expect_rows("SELECT run, time, cause, offset_ms, bound_ms, servers, used, witness_ms, detail FROM clock LIMIT 1",
                    "3|2026-11-23T07:00:01Z|clock_ok|2.5|10.25|3|2||offset 2.5 ms");
        expect_rows("SELECT count(*) FROM clock", "3");
        expect_rows("SELECT * FROM coverage", "Alpha|id-a|3|3|1|1|0|2026-11-23T07:00:01Z|2026-11-23T05:00:01Z\n"
                                              "beta|id-b|1|1|0|1|0|2026-11-23T05:00:01Z|\n"
                                              "Delta|id-d|1|0|0|0|1||\n"
                                              "gamma|local:gamma|2|1|1|0|1|2026-11-23T06:00:01Z|2026-11-23T06:00:01Z");
        expect_rows("SELECT id, slot, started, finished, state, trigger, partial, clock_cause, platform_cause, platform_detail,"
                    " correlation_id, trunks, passed, warned, failed, untested, seconds FROM runs WHERE id IN (2, 4)",
                    "4|2026-11-23T08:00:00Z|2026-11-23T08:00:01Z||running|slot|0||||||||||\n"
                    "2|2026-11-23T06:00:00Z|2026-11-23T06:00:01Z|2026-11-23T06:00:04Z|done|slot|0|clock_ok|platform_ok|15 trunks|c-1|"
                    "3|1|1|0|1|2.5");

        struct run without = make_run(5); /* a complete run without the extra trunk: it is gone from the configuration */
        struct trunk a = make_trunk("id-a", "Alpha", TRUNK_REMEMBERED);
        const struct result result = make_result(&a, CAUSE_OK, NULL);
        store_run(s, &without, &result, 1);
        expect_rows("SELECT trunk, run FROM latest", "Alpha|5\nDelta|2");
        trunk_clear(&a);
        store_close(s);
}
END_TEST

static struct table *expect_table(struct store *s, enum store_view view, const char *argument, unsigned limit, size_t n) {
        struct table *t = NULL;
        ck_assert_msg(store_read(s, view, argument, limit, &t) == 0, "%s", store_error(s));
        ck_assert_uint_eq(t->rows, n);
        return t;
}

START_TEST(views_are_read_as_tables) {
        struct store *s = open_writer();
        tell_a_story(s);
        store_close(s);
        ck_assert_int_eq(store_open(&s, path, STORE_READ, NULL), 0);

        struct table *t = expect_table(s, STORE_VIEW_RUN, "1", 0, 3);
        ck_assert_str_eq(table_text(t, 1, "trunk"), "beta");
        ck_assert_str_eq(table_text(t, 1, "cause"), "stale_nonce");
        ck_assert_str_eq(table_text(t, 1, "no such column"), "");
        ck_assert_str_eq(table_text(t, 3, "trunk"), "");
        ck_assert_str_eq(table_text(t, 2, "carrier"), "");
        for (size_t i = 0; i < t->columns; i++) {
                const struct cell *cell = &t->cells[2 * t->columns + i];
                if (text_eq(t->names[i], "run"))
                        ck_assert_int_eq(cell->type, CELL_INTEGER);
                if (text_eq(t->names[i], "trunk"))
                        ck_assert_int_eq(cell->type, CELL_TEXT);
                if (text_eq(t->names[i], "latency_ms"))
                        ck_assert(cell->type == CELL_NULL && cell->text == NULL);
                if (text_eq(t->names[i], "latency_ms"))
                        ck_assert_int_eq(t->cells[i].type, CELL_REAL);
        }
        table_free(t);

        t = expect_table(s, STORE_VIEW_HISTORY, "id-a", 0, 3);
        ck_assert_str_eq(table_text(t, 0, "cause"), "wrong_password");
        ck_assert_str_eq(table_text(t, 2, "cause"), "ok");
        table_free(t);
        t = expect_table(s, STORE_VIEW_HISTORY, "Alpha", 2, 2);
        ck_assert_str_eq(table_text(t, 0, "cause"), "wrong_password");
        table_free(t);
        table_free(expect_table(s, STORE_VIEW_LATEST, NULL, 0, 3));
        table_free(expect_table(s, STORE_VIEW_CLOCK, NULL, 2, 2));
        table_free(expect_table(s, STORE_VIEW_RUNS, NULL, 0, 4));
        t = expect_table(s, STORE_VIEW_RUN, "4", 0, 0); /* a run without results is an empty table with its columns */
        ck_assert_uint_gt(t->columns, 0);
        table_free(t);

        static const char *const no_runs[] = {NULL, "", "0", "99", "-1", "1x", " 1", "99999999999999999999999"};
        struct table *untouched = NULL;
        for (size_t i = 0; i < ELEMENTS(no_runs); i++)
                ck_assert_int_eq(store_read(s, STORE_VIEW_RUN, no_runs[i], 0, &untouched), STORE_NONE);
        ck_assert_int_eq(store_read(s, STORE_VIEW_HISTORY, "nobody", 0, &untouched), STORE_NONE);
        ck_assert_int_eq(store_read(s, STORE_VIEW_HISTORY, NULL, 0, &untouched), STORE_NONE);
        ck_assert_ptr_null(untouched);
        store_close(s);
}
END_TEST

START_TEST(a_trunk_is_found_by_id_before_name) {
        struct store *s = open_writer();
        struct trunk a = make_trunk("id-a", "twin", TRUNK_LISTED), b = make_trunk("id-b", "id-a", TRUNK_LISTED);
        const struct trunk both[] = {a, b};
        put_listing(s, both, 2, START);
        const struct result results[] = {make_result(&a, CAUSE_OK, NULL), make_result(&b, CAUSE_FORBIDDEN, NULL)};
        struct run run = make_run(0);
        store_run(s, &run, results, 2);
        struct table *t = expect_table(s, STORE_VIEW_HISTORY, "id-a", 0, 1);
        ck_assert_str_eq(table_text(t, 0, "cause"), "ok");
        table_free(t);
        trunk_clear(&a);
        trunk_clear(&b);
        store_close(s);
}
END_TEST

int main(void) {
        Suite *suite = suite_create("store");
        TCase *tc = tcase_create("store");
        tcase_add_unchecked_fixture(tc, make_base, remove_base);
        tcase_add_checked_fixture(tc, make_directory, NULL);
        tcase_set_timeout(tc, 120);
        tcase_add_test(tc, a_new_database_has_our_marks);
        tcase_add_test(tc, opening_again_writes_nothing);
        tcase_add_test(tc, causes_keep_their_ids);
        tcase_add_test(tc, views_are_made_anew_when_they_differ);
        tcase_add_test(tc, what_is_not_ours_is_refused);
        tcase_add_test(tc, an_empty_file_is_a_new_database);
        tcase_add_test(tc, a_newer_schema_is_refused);
        tcase_add_test(tc, a_place_that_cannot_be_written_is_told);
        tcase_add_test(tc, root_gives_new_files_to_the_directorys_owner);
        tcase_add_test(tc, a_group_member_can_read_at_any_time);
        tcase_add_test(tc, a_reader_writes_nothing);
        tcase_add_test(tc, one_process_audits);
        tcase_add_test(tc, a_crash_leaves_a_broken_run);
        tcase_add_test(tc, a_run_is_read_as_it_was_written);
        tcase_add_test(tc, words_are_those_of_the_schema);
        tcase_add_test(tc, a_runs_results_are_stored_together_or_not_at_all);
        tcase_add_test(tc, evidence_is_kept_on_demand);
        tcase_add_test(tc, invalid_utf8_becomes_readable);
        tcase_add_test(tc, a_thousand_trunks_in_one_run);
        tcase_add_test(tc, known_trunks_come_back_as_listed);
        tcase_add_test(tc, a_response_digest_is_not_kept);
        tcase_add_test(tc, announcements_are_remembered);
        tcase_add_test(tc, views_show_the_story);
        tcase_add_test(tc, views_are_read_as_tables);
        tcase_add_test(tc, a_trunk_is_found_by_id_before_name);
        suite_add_tcase(suite, tc);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? 0 : 1;
}
