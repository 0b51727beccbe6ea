/* test_store.c: the database as its keepers meet it: files, locks, crashes, runs. */
#include <grp.h>
#include <sys/wait.h>

#include "store_fixture.h"

#define READER_ID 65534

/* -- files and schema ---------------------------------------------------------------------------------------------- */

START_TEST(a_new_database_has_our_marks) {
        mode_t mask = umask(0777);
        struct store *s = open_writer();
        (void)umask(mask);
        struct stat st;
        ck_assert_int_eq(stat(path, &st), 0);
        ck_assert_uint_eq(st.st_mode & 07777, 0640);
        ck_assert_str_eq(store_path(s), path);
        expect_rows("SELECT application_id FROM pragma_application_id", "1413567812");
        expect_rows("SELECT user_version FROM pragma_user_version", SCHEMA_VERSION);
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
               "INSERT INTO cause VALUES (901, 'of_yesterday', 'trunk', 'fail', 'proven', 3, 'Gone.', 'None.', 'None.', 'none')");
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
        expect_rows("SELECT user_version FROM pragma_user_version", SCHEMA_VERSION);
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

/* -- the lock ------------------------------------------------------------------------------------------------------ */

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
        pid_t holder = 0;
        ck_assert_int_eq(store_lock_holder(path, &holder), 0);
        ck_assert_int_eq(holder, getpid());
        expect_rows("SELECT state FROM run", "running"); /* the one who is refused breaks nothing */
        ck_assert_int_eq(store_end_run(s, &run, NULL, 0), 0);
        store_unlock(s);
        store_unlock(s);
        ck_assert_int_eq(store_lock_holder(path, &holder), STORE_NONE);
        ck_assert_int_eq(store_lock_holder("/nowhere/audit.db", &holder), STORE_NONE);
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

/* -- runs ---------------------------------------------------------------------------------------------------------- */

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
        evidence_clear(&e);
        store_close(s);
}
END_TEST

START_TEST(evidence_is_kept_on_demand) {
        struct store *s = open_writer();
        struct evidence e = make_evidence();
        e.exchanges[1].hypothesis = HYPOTHESIS_URI_PORT;
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
        expect_rows("SELECT request LIKE '%response=\"redacted\"%' FROM evidence WHERE seq = 2", "1");
        expect_rows("SELECT seq, changed FROM evidence ORDER BY seq", "1|\n2|uri_port");
        trunk_clear(&a);
        trunk_clear(&b);
        evidence_clear(&e);
        store_close(s);
}
END_TEST

START_TEST(invalid_utf8_becomes_readable) {
        struct store *s = open_writer();
        struct evidence e = make_evidence();
        (void)sip_wire_free(e.exchanges[0].response);
        e.exchanges[0].response = wire_of("SIP/2.0 401 \xC3\xA9\xFF\xC0\xAF\xED\xA0\x80.");
        struct trunk a = make_trunk("id-a", "caf\xE9", TRUNK_EXTRA);
        struct result result = make_result(&a, CAUSE_WRONG_PASSWORD, &e);
        (void)snprintf(result.verdict.detail, sizeof result.verdict.detail, "\xF4\x90\x80\x80|\xF0\x9F\x93\x9E|\xE2\x82");
        struct run run = make_run(0);
        store_run(s, &run, &result, 1);
#define BAD "\xEF\xBF\xBD"
        expect_rows("SELECT trunk, detail FROM latest", "caf" BAD "|" BAD BAD BAD BAD "|\xF0\x9F\x93\x9E|" BAD BAD);
        expect_rows("SELECT response FROM evidence WHERE seq = 1", "SIP/2.0 401 \xC3\xA9\\xff\\xc0\\xaf\\xed\\xa0\\x80.");
        trunk_clear(&a);
        evidence_clear(&e);
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
        evidence_clear(&e);
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
        suite_add_tcase(suite, tc);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? 0 : 1;
}
