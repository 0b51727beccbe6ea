/* store_care.c: care of the database: what is old or too much goes, in small steps; the files stay small; what was done is recorded. */
#include "store_private.h"

#include <stdio.h>
#include <sys/stat.h>

#define STEP_PROBES 64            /* of which the messages are removed in one transaction: some hundred rows */
#define STEP_RESULTS 256          /* removed in one transaction */
#define STEP_PAGES "64"           /* given back to the file system at once */
#define SLACK_PAGES 256           /* free pages that stay in the file: the next runs need them */
#define LOG_KEPT_BYTES 16777216   /* a log of this size is left as it is */
#define FILE_LONGER_BYTES 1000000 /* than the database in it: then it is made shorter */
#define ANALYSIS_ROWS "400"       /* looked at for each index */

static const char *deed_word(enum store_deed deed) {
        switch (deed) {
        case STORE_DEED_CHECK:
                return "check";
        case STORE_DEED_BACKUP:
                return "backup";
        case STORE_DEED_SIZE:
                return "size";
        }
        return "";
}

/* -- what may go -------------------------------------------------------------------------------------------------------------- */

/* The first run that is younger than that. */
static int first_kept(struct store *s, int64_t cut_usec, int64_t *ret) {
        _cleanup_(query_end) struct query q = query_begin(s, STATEMENT_FIRST_KEPT, "find old runs");
        bind_integer(&q, ":cut", cut_usec);
        int r = query_step(&q);
        if (r == 0)
                *ret = sqlite3_column_int64(q.statement, 0);
        return r;
}

int store_size(struct store *s, struct store_size *ret) {
        _cleanup_(freep) char *log = NULL;
        struct stat st;
        _cleanup_(query_end) struct query q = query_begin(s, STATEMENT_SIZE, "look at the size");
        int r = query_step(&q);
        if (r != 0)
                return r < 0 ? r : -EIO;
        if (asprintf(&log, "%s-wal", s->path) < 0) {
                log = NULL;
                return -ENOMEM;
        }
        *ret = (struct store_size){.used_bytes = sqlite3_column_int64(q.statement, 0),
                                   .free_pages = sqlite3_column_int64(q.statement, 1),
                                   .bytes = sqlite3_column_int64(q.statement, 2),
                                   .log_bytes = stat(log, &st) == 0 ? (int64_t)st.st_size : 0};
        return 0;
}

/* An age is 0 for ever; at most: so far back a limit of the size may reach. */
static int64_t cut_of(const struct store_keep *k, int64_t age_usec) {
        return age_usec > 0 && age_usec < k->now_usec ? k->now_usec - age_usec : 0;
}

/* -- removing ----------------------------------------------------------------------------------------------------------------- */

struct pair {
        int64_t run, trunk;
};

static int find_old(struct store *s, const struct store_care *c, enum statement which, int64_t end, struct pair *pairs, size_t max,
                    size_t *ret_n) {
        size_t n = 0;
        _cleanup_(query_end) struct query q = query_begin(s, which, "find what is old");
        bind_integer(&q, ":end", end);
        bind_integer(&q, ":run", c->run);
        bind_integer(&q, ":trunk", c->trunk);
        bind_integer(&q, ":n", (int64_t)max);
        int r;
        while ((r = query_step(&q)) == 0 && n < max)
                pairs[n++] = (struct pair){sqlite3_column_int64(q.statement, 0), sqlite3_column_int64(q.statement, 1)};
        *ret_n = n;
        return r < 0 ? r : 0;
}

/* Children first. */
static int drop(struct store *s, const struct pair *p, bool result) {
        static const enum statement order[] = {STATEMENT_DROP_EVIDENCE, STATEMENT_DROP_TARGETS,  STATEMENT_DROP_PROXIES,
                                               STATEMENT_DROP_EDITS,    STATEMENT_DROP_QUESTION, STATEMENT_DROP_RESULT};
        int r = 0;
        for (size_t i = 0; r == 0 && i < (result ? ELEMENTS(order) : 2); i++) {
                _cleanup_(query_end) struct query q = query_begin(s, order[i], "remove what is old");
                bind_integer(&q, ":run", p->run);
                bind_integer(&q, ":trunk", p->trunk);
                r = query_run(&q);
        }
        return r;
}

struct record {
        int64_t now_usec, removed, run;
        const char *deed, *reason, *detail;
        const struct store_size *size;
};

static int put_record(struct store *s, const struct record *c) {
        _cleanup_(query_end) struct query q = query_begin(s, STATEMENT_PUT_CARE, "record the care of the database");
        bind_integer(&q, ":now", c->now_usec);
        bind_text(&q, ":deed", c->deed);
        bind_text(&q, ":reason", c->reason);
        bind_optional(&q, ":removed", c->removed);
        bind_optional(&q, ":run", c->run);
        bind_text_or_null(&q, ":detail", c->detail);
        bind_optional(&q, ":bytes", c->size ? c->size->bytes : 0);
        bind_optional(&q, ":log_bytes", c->size ? c->size->log_bytes : 0);
        return query_run(&q);
}

/* It does not wait for another writer. */
static int begin_now(struct store *s) {
        if (!s->db)
                return -EIO;
        (void)sqlite3_busy_timeout(s->db, 0);
        int rc = sqlite3_exec(s->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
        (void)sqlite3_busy_timeout(s->db, STORE_BUSY_MSEC);
        if ((rc & 0xFF) == SQLITE_BUSY)
                return STORE_BUSY;
        return rc == SQLITE_OK ? 0 : store_fail(s, "remove what is old");
}

/* One transaction. ret_n 0: there was nothing. */
static int remove_some(struct store *s, struct store_care *c, bool results, const char *reason, int64_t end, size_t *ret_n) {
        struct pair pairs[STEP_RESULTS];
        size_t n = 0;
        int r = find_old(s, c, results ? STATEMENT_OLD_RESULTS : STATEMENT_OLD_EVIDENCE, end, pairs, results ? STEP_RESULTS : STEP_PROBES,
                         &n);
        *ret_n = n;
        if (r < 0 || n == 0)
                return r;
        r = begin_now(s);
        if (r != 0)
                return r;
        for (size_t i = 0; r == 0 && i < n; i++)
                r = drop(s, &pairs[i], results);
        const struct record record = {.now_usec = c->keep.now_usec,
                                      .removed = (int64_t)n,
                                      .run = pairs[n - 1].run,
                                      .deed = results ? "results" : "evidence",
                                      .reason = reason};
        r = transaction_end(s, r == 0 ? put_record(s, &record) : r);
        if (r < 0)
                return r;
        c->run = pairs[n - 1].run;
        c->trunk = pairs[n - 1].trunk;
        *(results ? &c->results : &c->probes) += n;
        return 0;
}

static int remove_by_age(struct store *s, struct store_care *c, bool results, size_t *ret_n) {
        int64_t cut_usec = cut_of(&c->keep, results ? c->keep.results_usec : c->keep.evidence_usec), end = 0;
        *ret_n = 0;
        int r = cut_usec > 0 ? first_kept(s, cut_usec, &end) : 0;
        return r == 0 && cut_usec > 0 ? remove_some(s, c, results, "age", end, ret_n) : r;
}

static int remove_by_size(struct store *s, struct store_care *c, bool results, size_t *ret_n) {
        int64_t end = 0;
        struct store_size size;
        *ret_n = 0;
        if (c->keep.size_bytes == 0)
                return 0;
        int r = store_size(s, &size);
        c->over = r == 0 && size.used_bytes > c->keep.size_bytes;
        if (r < 0 || !c->over)
                return r;
        r = first_kept(s, cut_of(&c->keep, results ? STORE_RESULTS_FLOOR_USEC : STORE_EVIDENCE_FLOOR_USEC), &end);
        return r == 0 ? remove_some(s, c, results, "size", end, ret_n) : r;
}

/* What has no part in a verdict, so many rows of each table: requests go with the evidence, the others with the results. */
static int sweep(struct store *s, struct store_care *c, size_t *ret_n) {
        static const struct {
                enum statement which;
                bool results;
        } tables[] = {{STATEMENT_SWEEP_REQUESTS, false},
                      {STATEMENT_SWEEP_DIFFERENCES, true},
                      {STATEMENT_SWEEP_LISTING_CHANGES, true},
                      {STATEMENT_SWEEP_REFRESHES, true}};
        int r = begin_now(s);
        if (r != 0)
                return r;
        *ret_n = 0;
        for (size_t i = 0; r == 0 && i < ELEMENTS(tables); i++) {
                int64_t end = 0, cut_usec = cut_of(&c->keep, tables[i].results ? c->keep.results_usec : c->keep.evidence_usec);
                r = cut_usec > 0 ? first_kept(s, cut_usec, &end) : 0;
                if (r < 0 || cut_usec == 0)
                        continue;
                _cleanup_(query_end) struct query q = query_begin(s, tables[i].which, "remove what is old");
                bind_integer(&q, ":end", end);
                bind_integer(&q, ":n", STEP_RESULTS);
                r = query_run(&q);
                *ret_n += r == 0 ? (size_t)sqlite3_changes(s->db) : 0;
        }
        return transaction_end(s, r);
}

/* Frees one page with each step of the statement; sqlite3_exec() makes all of them. */
static int shrink(struct store *s, size_t *ret_n) {
        struct store_size size;
        *ret_n = 0;
        int r = store_size(s, &size);
        if (r < 0 || size.free_pages <= SLACK_PAGES)
                return r;
        (void)sqlite3_busy_timeout(s->db, 0);
        int rc = sqlite3_exec(s->db, "PRAGMA incremental_vacuum(" STEP_PAGES ")", NULL, NULL, NULL);
        (void)sqlite3_busy_timeout(s->db, STORE_BUSY_MSEC);
        if ((rc & 0xFF) == SQLITE_BUSY)
                return STORE_BUSY;
        if (rc != SQLITE_OK)
                return store_fail(s, "shrink the database");
        struct store_size now;
        r = store_size(s, &now);
        *ret_n = r == 0 && now.free_pages < size.free_pages ? 1 : 0; /* else it cannot shrink */
        return r;
}

int store_care_step(struct store *s, struct store_care *c) {
        size_t n = 0;
        int r = 0;
        while (r == 0 && n == 0 && c->phase != STORE_CARE_DONE) {
                switch (c->phase) {
                case STORE_CARE_EVIDENCE_AGE:
                case STORE_CARE_RESULTS_AGE:
                        r = remove_by_age(s, c, c->phase == STORE_CARE_RESULTS_AGE, &n);
                        break;
                case STORE_CARE_SWEEP:
                        r = sweep(s, c, &n);
                        break;
                case STORE_CARE_EVIDENCE_SIZE:
                case STORE_CARE_RESULTS_SIZE:
                        r = remove_by_size(s, c, c->phase == STORE_CARE_RESULTS_SIZE, &n);
                        break;
                case STORE_CARE_SHRINK:
                        r = shrink(s, &n);
                        break;
                case STORE_CARE_DONE:
                        break;
                }
                if (r == 0 && n == 0) {
                        c->phase++;
                        c->run = c->trunk = 0;
                }
        }
        return r != 0 ? r : c->phase == STORE_CARE_DONE ? STORE_NONE : 0;
}

/* -- what is told of it -------------------------------------------------------------------------------------------------------- */

int store_care_news(struct store *s, struct store_care_news *ret) {
        struct store_care_news news = {0};
        int r;
        _cleanup_(query_end) struct query q = query_begin(s, STATEMENT_CARE_NEWS, "read what care did");
        while ((r = query_step(&q)) == 0) {
                bool results = text_eq((const char *)sqlite3_column_text(q.statement, 0), "results");
                *(results ? &news.results : &news.probes) = sqlite3_column_int64(q.statement, 1);
                *(results ? &news.results_run : &news.probes_run) = sqlite3_column_int64(q.statement, 2);
                news.results_by_size |= results && sqlite3_column_int64(q.statement, 3) > 0;
        }
        if (r < 0 || (news.results == 0 && news.probes == 0))
                return r < 0 ? r : STORE_NONE;
        *ret = news;
        return 0;
}

int store_care_told(struct store *s) {
        _cleanup_(query_end) struct query q = query_begin(s, STATEMENT_CARE_TOLD, "record the care of the database");
        return query_run(&q);
}

int store_put_deed(struct store *s, enum store_deed deed, int64_t now_usec, const char *detail) {
        struct store_size size;
        int r = store_size(s, &size);
        const struct record record = {.now_usec = now_usec, .deed = deed_word(deed), .reason = "", .detail = detail, .size = &size};
        return r == 0 ? put_record(s, &record) : r;
}

int store_last_deed(struct store *s, enum store_deed deed, int64_t *ret_usec, char **ret_detail) {
        _cleanup_(query_end) struct query q = query_begin(s, STATEMENT_LAST_CARE, "read what care did");
        bind_text(&q, ":deed", deed_word(deed));
        int r = query_step(&q);
        if (r != 0)
                return r;
        const char *detail = (const char *)sqlite3_column_text(q.statement, 1);
        char *copy = detail ? strdup(detail) : NULL;
        if (detail && !copy)
                return -ENOMEM;
        *ret_usec = sqlite3_column_int64(q.statement, 0);
        *ret_detail = copy;
        return 0;
}

/* -- files ---------------------------------------------------------------------------------------------------------------------- */

int store_optimize(struct store *s) {
        if (!s->db) /* it could not be opened again; the error says why */
                return -EIO;
        (void)sqlite3_busy_timeout(s->db, 0);
        int rc = sqlite3_exec(s->db, "PRAGMA analysis_limit = " ANALYSIS_ROWS "; PRAGMA optimize", NULL, NULL, NULL);
        (void)sqlite3_busy_timeout(s->db, STORE_BUSY_MSEC);
        return rc == SQLITE_OK ? 0 : (rc & 0xFF) == SQLITE_BUSY ? STORE_BUSY : store_fail(s, "keep the statistics");
}

int store_shrink_log(struct store *s, int64_t *ret_bytes) {
        struct store_size size;
        int r = store_size(s, &size);
        if (r < 0)
                return r;
        int rc = SQLITE_OK;
        struct stat st;
        /* What the file has lost is first known to the log alone. */
        bool longer = stat(s->path, &st) == 0 && st.st_size > size.bytes + FILE_LONGER_BYTES;
        if (size.log_bytes > LOG_KEPT_BYTES || longer) {
                (void)sqlite3_busy_timeout(s->db, 0);
                rc = sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
                (void)sqlite3_busy_timeout(s->db, STORE_BUSY_MSEC);
                r = store_size(s, &size);
        }
        if (r < 0)
                return r;
        *ret_bytes = size.log_bytes;
        return rc == SQLITE_OK ? 0 : (rc & 0xFF) == SQLITE_BUSY ? STORE_BUSY : store_fail(s, "shrink the log");
}

int store_check(struct store *s, char *damage, size_t size) {
        int r = store_examine(s->db, damage, size);
        return r < 0 ? store_fail(s, "look through the database") : r;
}

int store_last_check(struct store *s, int64_t *ret_usec, bool *ret_good) {
        _cleanup_(query_end) struct query q = query_begin(s, STATEMENT_LAST_CHECK, "read what care did");
        int r = query_step(&q);
        if (r != 0 || sqlite3_column_type(q.statement, 0) == SQLITE_NULL)
                return r != 0 ? r : STORE_NONE;
        *ret_usec = sqlite3_column_int64(q.statement, 0);
        *ret_good = sqlite3_column_int64(q.statement, 1);
        return 0;
}
