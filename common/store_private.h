/* store_private.h: what the files of the store share: the connection, its statements, transactions. */
#pragma once

#include <sqlite3.h>

#include "store.h"

#define STORE_ERROR_MAX 1024 /* bytes of store_error() */

/* Every statement of the program; the SQL is in store_query.c. Each is prepared at its first use and kept. */
enum statement {
        STATEMENT_BREAK_RUNS,
        STATEMENT_REFRESH_CAUSE,
        STATEMENT_SLOT_RECORD,
        STATEMENT_PUT_MISSED,
        STATEMENT_PUT_CONFIG_LOAD,
        STATEMENT_BEGIN_RUN,
        STATEMENT_END_RUN,
        STATEMENT_LAST_RUN,
        STATEMENT_PUT_REFUSAL,
        STATEMENT_PUT_CARRIER,
        STATEMENT_PUT_RESULT,
        STATEMENT_PUT_TARGET,
        STATEMENT_PUT_EVIDENCE,
        STATEMENT_PUT_PROXY,
        STATEMENT_PUT_MEMORY,
        STATEMENT_MEMORY,
        STATEMENT_PUT_STANDING,
        STATEMENT_LAST_RESULT,
        STATEMENT_ANNOUNCED,
        STATEMENT_PUT_ANNOUNCEMENT,
        STATEMENT_DROP_ANNOUNCEMENT,
        STATEMENT_PUT_TELLING,
        STATEMENT_DROP_TELLING,
        STATEMENT_ALERT_STATE,
        STATEMENT_OPEN_INCIDENT,
        STATEMENT_KEEP_INCIDENT,
        STATEMENT_END_INCIDENT,
        STATEMENT_LAST_INCIDENT,
        STATEMENT_INCIDENT_TOLD,
        STATEMENT_END_INCIDENTS,
        STATEMENT_PUT_WATCH,
        STATEMENT_DROP_WATCH,
        STATEMENT_WATCH_TOLD,
        STATEMENT_END_WATCHES,
        STATEMENT_LAST_TESTED,
        STATEMENT_KEEP_TRUNK,
        STATEMENT_UNLIST_TRUNKS,
        STATEMENT_PUT_TRUNK,
        STATEMENT_PUT_LISTING,
        STATEMENT_LISTING,
        STATEMENT_KNOWN_TRUNKS,
        STATEMENT_PUT_LISTING_CHANGES,
        STATEMENT_LISTING_CHANGES_TOLD,
        STATEMENT_KNOWN_DIFFERENCES,
        STATEMENT_PUT_DIFFERENCE,
        STATEMENT_KEEP_DIFFERENCE,
        STATEMENT_END_DIFFERENCE,
        STATEMENT_END_DIFFERENCES,
        STATEMENT_DIFFERENCE_TOLD,
        STATEMENT_GUARD_SALT,
        STATEMENT_CARRIER_SPENDING,
        STATEMENT_TRUNK_SPENDING,
        STATEMENT_LAST_CARRIER,
        STATEMENT_REJECTION,
        STATEMENT_PUT_REJECTION,
        STATEMENT_END_REJECTION,
        STATEMENT_STAMP_LEDGER,
        STATEMENT_TRIM_LEDGER,
        STATEMENT_OPEN_LEDGER,
        STATEMENT_SETTLE_LEDGER,
        STATEMENT_PUT_LIMIT,
        STATEMENT_PUT_TRUNK_SPENDING,
        STATEMENT_PUT_CARRIER_SPENDING,
        STATEMENT_DROP_TRUNK_SPENDING,
        STATEMENT_DROP_CARRIER_SPENDING,
        STATEMENT_ASK_EDITS,
        STATEMENT_QUESTIONS,
        STATEMENT_ANSWER,
        STATEMENT_PUT_EDIT,
        STATEMENT_AUDIT_LOG,
        STATEMENT_PUT_AUDIT_LOG,
        STATEMENT_PUT_REFRESH,
        STATEMENT_LAST_REFRESH,
        STATEMENT_FIRST_KEPT,
        STATEMENT_OLD_EVIDENCE,
        STATEMENT_OLD_RESULTS,
        STATEMENT_DROP_EVIDENCE,
        STATEMENT_DROP_TARGETS,
        STATEMENT_DROP_PROXIES,
        STATEMENT_DROP_EDITS,
        STATEMENT_DROP_QUESTION,
        STATEMENT_DROP_RESULT,
        STATEMENT_SWEEP_REQUESTS,
        STATEMENT_SWEEP_DIFFERENCES,
        STATEMENT_SWEEP_LISTING_CHANGES,
        STATEMENT_SWEEP_REFRESHES,
        STATEMENT_SIZE,
        STATEMENT_PUT_CARE,
        STATEMENT_CARE_NEWS,
        STATEMENT_CARE_TOLD,
        STATEMENT_LAST_CARE,
        STATEMENT_LAST_CHECK,
        STATEMENT_FIND_RUN,
        STATEMENT_FIND_TRUNK,
        STATEMENT_READ_RUN,
        STATEMENT_READ_LATEST,
        STATEMENT_READ_HISTORY,
        STATEMENT_READ_CLOCK,
        STATEMENT_READ_RUNS,
        STATEMENT_READ_DRIFT,
        STATEMENT_READ_DRIFT_NEWS,
        STATEMENT_READ_LISTING,
        STATEMENT_READ_LISTING_NEWS,
        STATEMENT_READ_DROPPED_NEWS,
        STATEMENT_READ_REFRESHES,
        STATEMENT_READ_STANDING,
        STATEMENT_COUNT_RUNS,
        STATEMENT_READ_UNTESTED_NEWS,
        STATEMENT_PUT_DAMAGE,
        STATEMENT_DAMAGE,
        STATEMENT_COUNT
};

struct store {
        sqlite3 *db;
        char *path;
        int lock_fd;  /* -1 = the audit lock is not ours */
        bool unready; /* it is open, and could not be made ready to be written */
        bool damaged; /* SQLite called it malformed */
        int failed;   /* SQLite's primary code of the last failure */
        sqlite3_stmt *statements[STATEMENT_COUNT];
        char error[STORE_ERROR_MAX];
        char *notice; /* NULL = none */
};

/* Keeps "unable to DOING in PATH: why" for store_error(). Returns -ENOMEM or -EIO. */
int store_fail(struct store *s, const char *doing);

/* Keeps a sentence of our own. Returns r. */
int store_complain(struct store *s, int r, const char *format, ...) _printf_(3, 4);

/* One use of a statement. The first failure sticks and is returned by query_step(), so that binding needs no checks. Times and ids
 * that are 0 for "none" are bound by bind_optional(). Texts are copied, invalid UTF-8 repaired, NULL is NULL. */
struct query {
        struct store *store;
        sqlite3_stmt *statement;
        const char *doing;
        int bound;
        int result;
};

/* doing: the verb and object of the error sentence, a constant. */
struct query query_begin(struct store *s, enum statement which, const char *doing);
void bind_integer(struct query *q, const char *name, int64_t value);
void bind_optional(struct query *q, const char *name, int64_t value);
void bind_null(struct query *q, const char *name);
void bind_text(struct query *q, const char *name, const char *text);
void bind_text_or_null(struct query *q, const char *name, const char *text); /* "" is NULL too */

/* The next row: 0, STORE_NONE when there is no further one, or < 0. An unknown or forgotten parameter is an error. */
int query_step(struct query *q);
int query_run(struct query *q); /* to the end; 0 or < 0 */
void query_end(struct query *q);

/* A row of a cause and a time: 0, STORE_NONE (also when this program no longer knows the word), < 0. */
int query_cause(struct query *q, enum cause *ret_cause, int64_t *ret_usec);

/* A column of the current row as a cause; `otherwise` when it is NULL or a word that this program does not know. */
enum cause column_cause(const struct query *q, int column, enum cause otherwise);

/* Opens s->path, or closes it; the lock stays. */
int store_connect(struct store *s, enum store_mode mode);
void store_disconnect(struct store *s);

int transaction_begin(struct store *s);
int transaction_end(struct store *s, int r); /* r < 0: rolls back and returns r; else commits, and rolls back when that fails */

/* A new empty file, readable for the group and, when we are root, a thing of its directory's owner. Returns 0, -EEXIST, -errno. An existing
 * file is not even opened: closing it would drop the locks of other connections that this process has on it. */
int store_create_file(const char *path, int *ret_fd);

/* Looks through all of a database. Returns 0, STORE_DAMAGED with the first damage in words, or < 0 (sqlite3_errmsg() says why). It may
 * take minutes. */
int store_examine(sqlite3 *db, char *damage, size_t size);

/* The copy that is made before an upgrade: PATH.schema-VERSION, checked; the oldest ones of more than STORE_KEPT_COPIES go. ret: its
 * name, malloc'ed. */
#define STORE_KEPT_COPIES 3
int store_keep_version(struct store *s, int64_t version, int64_t next, char **ret);

bool store_is_current(int64_t version);

/* The row that a result refers to, inside a transaction. */
int store_keep_trunk(struct store *s, const struct trunk *t);

/* When its trunk was last tested, and what that showed, inside the transaction that ends the run. */
int store_put_standing(struct store *s, const struct run *run, const struct result *result);

/* What the run reserved becomes what it spent, inside the transaction that ends it. */
int store_settle(struct store *s, const struct run *run, const struct result *results, size_t n);

/* What platform, configuration and carrier say of a result's trunk, inside the same transaction. */
int store_put_drift(struct store *s, const struct run *run, const struct result *result);

/* Incidents and what the next run must know, from a run's results, the platform and the clock, inside the same transaction. */
int store_put_incidents(struct store *s, const struct run *run, const struct result *results, size_t n);

/* Differences of trunks that are not audited any more end with a complete run, untold: that the trunk is gone says it. */
int store_end_drift(struct store *s, const struct run *run);
