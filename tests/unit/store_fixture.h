/* store_fixture.h: what the tests of the store share: a directory that goes away, a connection of our own, rows to write. */
#pragma once

#include <check.h>
#include <fcntl.h>
#include <ftw.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/store.h"

#define START INT64_C(1795410000000000) /* 2026-11-23T05:00:00Z */
#define HOUR INT64_C(3600000000)
#define SCHEMA_VERSION "15" /* the number of migrations */

/* -- fixture: one directory for the whole case, removed also after a failure; one subdirectory a test -------------- */

static char base[64], directory[128], path[160];

static inline void make_base(void) {
        (void)snprintf(base, sizeof base, "/tmp/test_store.XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(base));
        ck_assert_int_eq(chmod(base, 0755), 0);
}

static inline int remove_one(const char *name, const struct stat *st, int type, struct FTW *ftw) {
        (void)st;
        (void)type;
        (void)ftw;
        return remove(name);
}

static inline void remove_base(void) {
        (void)nftw(base, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static inline void make_directory(void) {
        (void)snprintf(directory, sizeof directory, "%s/t.XXXXXX", base);
        ck_assert_ptr_nonnull(mkdtemp(directory));
        ck_assert_int_eq(chmod(directory, 0755), 0);
        (void)snprintf(path, sizeof path, "%s/audit.db", directory);
}

static inline struct store *open_writer(void) {
        struct store *s = NULL;
        char *error = NULL;
        int r = store_open(&s, path, STORE_WRITE, &error);
        ck_assert_msg(r == 0, "%d: %s", r, error ? error : "");
        return s;
}

/* -- a connection of our own, as a plain sqlite3 shell is one ------------------------------------------------------ */

/* The rows of a query: columns joined by '|', rows by newline; NULL is "". */
static inline char *rows(const char *sql) {
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

static inline void expect_rows(const char *sql, const char *expected) {
        char *got = rows(sql);
        ck_assert_msg(strcmp(got, expected) == 0, "%s\n gives    %s\n expected %s", sql, got, expected);
        free(got);
}

static inline void change(const char *sql) {
        sqlite3 *db;
        ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
        int on = 1;
        (void)sqlite3_file_control(db, "main", SQLITE_FCNTL_PERSIST_WAL, &on);
        ck_assert_msg(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
        (void)sqlite3_close(db);
}

/* -- rows to write ------------------------------------------------------------------------------------------------- */

#define SECRET32 "0123456789abcdef0123456789abcdef"

static inline struct sip_wire *wire_of(const char *s) {
        struct sip_wire *w = sip_wire_new(span_of(s));
        ck_assert_ptr_nonnull(w);
        return w;
}

static inline char *text_of(const char *s) {
        return s ? strdup(s) : NULL;
}

static inline struct trunk make_trunk(const char *id, const char *name, enum trunk_origin origin) {
        return (struct trunk){.id = text_of(id), .name = text_of(name), .origin = origin};
}

static inline struct run make_run(int hour) {
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

static inline struct result make_result(const struct trunk *t, enum cause cause, const struct evidence *e) {
        return (struct result){.trunk = t,
                               .verdict = verdict_of(cause, "%s seen", cause_info(cause)->word),
                               .latency_usec = e ? 150250 : 0,
                               .requests = e ? 2 : 0,
                               .credentialed = e ? 1 : 0,
                               .evidence = e,
                               .keep_evidence = e && cause != CAUSE_OK};
}

static inline struct evidence make_evidence(void) {
        struct evidence e = {.target = "sbc1.carrier.example:5061", .address = "192.0.2.1:5061"};
        struct attempt *a = evidence_add_target(&e);
        ck_assert_ptr_nonnull(a);
        (void)snprintf(a->address, sizeof a->address, "192.0.2.1:5061");
        ck_assert_ptr_nonnull(evidence_add_exchange(&e));
        ck_assert_ptr_nonnull(evidence_add_exchange(&e));
        e.exchanges[0] = (struct exchange){.sent_usec = (uint64_t)START,
                                           .rtt_usec = 150250,
                                           .status = 401,
                                           .reason = "Unauthorized",
                                           .request = wire_of("REGISTER sip:a SIP/2.0\r\n"),
                                           .response = wire_of("SIP/2.0 401 Unauthorized\r\n")};
        e.exchanges[1] = (struct exchange){
                .sent_usec = (uint64_t)START + 1,
                .credentialed = true,
                .digest_uri = "sip:a",
                .algorithm = DIGEST_SHA_256,
                .qop = DIGEST_QOP_AUTH,
                .retransmissions = 3,
                .end = EXCHANGE_REFUSED,
                .error = ECONNREFUSED,
                .request = wire_of("REGISTER sip:a SIP/2.0\r\nAuthorization: Digest response=\"" SECRET32 "\"\r\n\r\n")};
        return e;
}

static inline void store_run(struct store *s, struct run *run, const struct result *results, size_t n) {
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

static inline void put_listing(struct store *s, const struct trunk *trunks, size_t n, int64_t now_usec) {
        struct trunk copies[8];
        for (size_t i = 0; i < n; i++)
                copies[i] = trunks[i];
        struct trunk_list list = {copies, n};
        ck_assert_msg(store_put_trunks(s, &list, now_usec) == 0, "%s", store_error(s));
}
