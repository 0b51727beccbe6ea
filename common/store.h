/* store.h: the only file that knows the database. A run's row is opened before any work and closed, in one transaction with its
 * results, after all of it. Every function returns 0, a positive outcome named here, or -errno (-EIO with a text from
 * store_error()). Times are microseconds since 1970, UTC. One writer audits at a time (store_lock()); readers never wait. */
#pragma once

#include <sys/types.h>

#include "base.h"
#include "carrier_clock.h"
#include "edit.h"
#include "evidence.h"
#include "guard.h"
#include "refusal.h"
#include "slot.h"
#include "trunk.h"
#include "verdict.h"

#define STORE_BUSY_MSEC 2000 /* how long a locked database is waited for; far below the watchdog */

/* Positive outcomes. */
enum {
        STORE_TOO_NEW = 1, /* store_open: the schema is newer than this program */
        STORE_ABSENT,      /* store_open, STORE_READ: no such file */
        STORE_NOT_OURS,    /* store_open: a database of another program, or not one */
        STORE_BUSY,        /* store_lock: another process audits this database */
        STORE_NONE,        /* nothing to return */
        STORE_EXISTS,      /* store_copy: a file of that name is there */
        STORE_DAMAGED,     /* the database is not what SQLite wrote; store_open: and it is ours, and the mode is not STORE_SERVE */
        STORE_UNWRITTEN,   /* store_lock: the lock is ours, and the database cannot be written */
};

struct store;

enum store_mode {
        STORE_READ,  /* for reports; nothing is created or migrated */
        STORE_WRITE, /* creates and migrates; refreshes the table `cause` from verdict.def */
        STORE_SERVE, /* the same; one that is there and cannot be written or read at this moment is opened all the same, and each
                        store_lock() tries again to make it ready; one of ours that is damaged waits for store_replace() */
};

/* A new file gets mode 0640 and, when we are root, the owner and group of its directory, so that the service can write it.
 * ret_error (may be NULL): a malloc'ed sentence for what failed, on any non-zero return. */
int store_open(struct store **ret, const char *path, enum store_mode mode, char **ret_error);
struct store *store_close(struct store *s);
DEFINE_CLEANUP(struct store *, store_close)
const char *store_error(const struct store *s);
const char *store_path(const struct store *s);

/* A sentence for people on what opening did beside opening: an upgrade, and where the copy is that was made before it. NULL = nothing. */
const char *store_notice(const struct store *s);

/* Takes the audit lock (PATH.lock, released also when the process dies). While it is held, runs left open by a process that died
 * are marked `broken`: ret_broken (may be NULL) counts them. Returns 0, STORE_BUSY, STORE_UNWRITTEN, -EALREADY (it is ours already). */
int store_lock(struct store *s, unsigned *ret_broken);
void store_unlock(struct store *s);

/* Gives back the pages that were read; what is needed of them is read again. */
void store_release_memory(struct store *s);

/* -- damage (store_damage.c) --------------------------------------------------------------------------------------------- */

#define STORE_NAME_MAX 4096 /* bytes of a file's name */

/* True once SQLite called the open database malformed. */
bool store_is_damaged(const struct store *s);

/* Under the audit lock: the damaged database keeps existing as PATH.damaged-N, with its write-ahead log, and a new one is in its place. The
 * new one knows since when counts are unknown: store_guard() says so for a day. A crash in between leaves the old one or the new one. */
int store_replace(struct store *s, const struct guard_time *now, char ret_kept[static STORE_NAME_MAX]);

/* Which process audits the database at this moment, by the kernel's list of locks: to try the lock, even for an instant, could keep an
 * audit from starting. ret is 0 for a process that cannot be seen from here. Returns 0, STORE_NONE, -errno (-ENOENT: no such list). */
int store_lock_holder(const char *path, pid_t *ret);

/* A copy of the database in FILE, of one moment, while others may write: mode 0640, not in WAL mode and so without a file beside it. It is
 * looked through, counted and on the disk before it gets its name; until then it is FILE.partial. The store may be open for reading only.
 * Returns 0, STORE_EXISTS, STORE_DAMAGED, -ENOSPC, -errno, each with a sentence in store_error(). It takes as long as reading all of the
 * database three times. */
enum {
        STORE_COPY_REPLACE = 1, /* a file of that name is replaced, at the end and at once */
        STORE_COPY_RESERVE = 2, /* as much room as the copy takes must stay free beside it */
};
struct store_copy {
        int64_t version, runs, results, bytes; /* what is in it */
        bool current;                          /* the version is this program's */
};
int store_copy(struct store *s, const char *file, unsigned flags, struct store_copy *ret);

enum run_state { RUN_RUNNING, RUN_DONE, RUN_ABORTED, RUN_BROKEN, RUN_MISSED, RUN_STATES };
enum run_trigger { RUN_TRIGGER_SLOT, RUN_TRIGGER_START, RUN_TRIGGER_SIGNAL, RUN_TRIGGER_COMMAND };
const char *run_state_word(enum run_state s);
const char *run_trigger_word(enum run_trigger t);

/* A row of `run`. */
struct run {
        int64_t id;
        int64_t slot_usec; /* the scheduled instant it belongs to; 0 = none (a command) */
        int64_t started_usec, finished_usec;
        enum run_state state;
        enum run_trigger trigger;
        bool partial;              /* only named trunks were asked for */
        uint64_t interval_usec;    /* of the schedule; 0 = none (a command) */
        int64_t config;            /* id of the configuration in force, see store_put_config_load(); 0 = unknown */
        enum slot_reason reason;   /* why it belongs to no slot though the schedule began it */
        const char *reason_detail; /* a constant; NULL = none */
        bool late;                 /* it could not be stored when it ended, and may have been marked broken meanwhile; not stored */

        struct verdict clock;
        bool clock_measured;
        int64_t clock_offset_usec; /* servers minus us */
        int64_t clock_bound_usec;
        unsigned clock_servers, clock_servers_used;
        bool witness_measured; /* the Date of the API's reply */
        int64_t witness_offset_usec, witness_bound_usec;

        struct verdict platform;
        int platform_status; /* HTTP; 0 = none */
        char correlation_id[80];
        int64_t trunks_known_usec; /* when the list of trunks was last read from the platform; 0 = never */

        unsigned n_trunks, n_pass, n_warn, n_fail, n_untested;

        int64_t silenced_until_usec; /* the platform and the clock: nothing is told of them before; 0 = all is */

        const struct refusal_list *refusals; /* borrowed: requests to the platform that failed; NULL = none */

        const struct guard *guard; /* borrowed; what was reserved is settled by it and by the results'; NULL = nothing was */
        struct guard_time spent_until;
};

/* What a run means for a subject's alert (see announcements below). FLAPPING: it changes so often that it is told no more. SETTLED: that
 * is over. */
enum change { CHANGE_NONE, CHANGE_BEGAN, CHANGE_CHANGED, CHANGE_ENDED, CHANGE_REMINDER, CHANGE_FLAPPING, CHANGE_SETTLED, CHANGE_COUNT };

/* What the next run has to know of a trunk. */
struct trunk_memory {
        bool has_algorithm;
        enum digest_algorithm algorithm; /* of the last answer that was accepted */
        int64_t hold_until_usec;         /* the carrier asked not to be asked before (Retry-After); 0 = it did not */
        hypotheses tried;                /* as in struct diagnosis_history */
        enum hypothesis winner;
        int64_t winner_usec;
        int64_t settings; /* guard_circumstances_print() of the trunk, which both hold for; 0 = unknown */
};

/* One proxy of a trunk that is probed on each: a row of `proxy_result`. Borrowed texts. */
struct proxy_result {
        const char *target; /* as configured */
        struct verdict verdict;
        uint64_t latency_usec;           /* 0 = none */
        const struct evidence *evidence; /* its address; not stored a second time */
};

/* A row of `result`, for one trunk. Everything borrowed. */
struct result {
        const struct trunk *trunk;
        struct verdict verdict;
        uint64_t latency_usec; /* of the first request that was answered; 0 = none */
        unsigned requests, credentialed;
        const struct evidence *evidence; /* NULL = not probed */
        struct carrier_clock clock;      /* the carrier's */
        bool keep_evidence;
        const struct trunk_memory *memory; /* NULL = as it was */
        const struct guard_trunk *guard;   /* NULL = nothing was reserved */
        const struct proxy_result *proxies;
        size_t n_proxies;            /* 0 = the trunk was probed once */
        int64_t silenced_until_usec; /* nothing is told of it before; 0 = all is */
        enum change change;          /* set by the audit, for the journal; not stored */
};

/* Opens the run's row (state `running`) from slot_usec to reason_detail; committed at once. run->id is set. */
int store_begin_run(struct store *s, struct run *run);

/* Results, evidence and the closing of the run's row, in one transaction: all of it or nothing, so that it can be tried again. A trunk
 * that was never listed gets a row with its id and name. Texts that are not UTF-8 are stored with U+FFFD for what cannot be read.
 * A run without a row (id 0: the database could not be written then) gets it in the same transaction, and its id. */
int store_end_run(struct store *s, struct run *run, const struct result *results, size_t n);

/* Writes what the platform said of its trunks (never the merged configuration: call it before trunk_list_merge()), so that a later run
 * can go on without it. One transaction; trunks that are no longer listed stay, with their last_listed. Only those of origin
 * TRUNK_LISTED are written; one whose detail was denied keeps what an earlier listing said of it. Of the platform's own authorization
 * line the response value is not kept. */
int store_put_trunks(struct store *s, const struct trunk_list *list, int64_t now_usec);

/* The trunks of the last complete listing, origin TRUNK_REMEMBERED, and when that was. STORE_NONE when there never was one. */
int store_known_trunks(struct store *s, struct trunk_list *ret, int64_t *ret_usec);

/* The last run with that state that was not partial (finished_usec of it). STORE_NONE when there is none. */
int store_last_run(struct store *s, enum run_state state, struct run *ret);

/* Of the runs that started after since_usec, and the slots missed after it: how many ended in each state, and the newest id; 0 = none. */
struct run_counts {
        unsigned of[RUN_STATES];
        int64_t newest;
};
int store_count_runs(struct store *s, int64_t since_usec, struct run_counts *ret);

/* The trunk's last stored result, and when its run started; runs that ended before the trunk's probe did do not count. STORE_NONE: none. */
int store_last_result(struct store *s, const char *trunk_id, enum cause *ret_cause, int64_t *ret_usec);

/* STORE_NONE: nothing is remembered. */
int store_memory(struct store *s, const char *trunk_id, struct trunk_memory *ret);

/* Into the guard: the fingerprints' salt, and what the runs of the last day spent at carriers' hosts. STORE_NONE: the counts of the last
 * day are in a database that was set aside. */
int store_guard(struct store *s, struct guard *g);

/* The same of one trunk: t->trunk is set, t's second group is filled. target: "host[:port]", where it will be asked. */
int store_guard_trunk(struct store *s, const struct guard *g, const char *target, struct guard_trunk *t);

/* Counts what the trunks (guard_reserve()) may spend as spent by this run, until store_end_run() puts what was really spent in its place:
 * a crash in between leaves it counted. One transaction, before the first probe. */
int store_reserve(struct store *s, int64_t run, const struct guard *g, struct guard_trunk *const *trunks, size_t n);

/* -- alerts (store_alert.c) -------------------------------------------------------------------------------------------- */

/* A subject is "trunk:" and a trunk's id, "untested:" and the same (not tested for long), "platform", "clock", or "runs" (none finishes).
 */
#define STORE_SUBJECT_TRUNK "trunk:"
#define STORE_SUBJECT_UNTESTED "untested:"
#define STORE_SUBJECT_PLATFORM "platform"
#define STORE_SUBJECT_CLOCK "clock"
#define STORE_SUBJECT_RUNS "runs"
#define STORE_SUBJECT_MAX 300 /* bytes, with the final NUL */

/* What the journal was last told of a subject. STORE_NONE: nothing yet, which means all is well. */
int store_announced(struct store *s, const char *subject, enum cause *ret_cause, int64_t *ret_usec);

/* The same, and what its runs were. */
struct alert_state {
        bool known; /* something was told: */
        enum cause told;
        int64_t told_usec;
        bool uncertain;        /* something else was going to be told when the service died: nobody knows whether it was */
        uint32_t changes;      /* the last runs, bit 0 the newest; 1 = other than in the run before */
        int64_t flapping_usec; /* since when it changes too often; 0 = it does not */
        bool flapping_told;
        int64_t untested_usec; /* the last run that tested its credentials; 0 = the newest */
        int64_t incident;      /* that is open; 0 = none */
        enum cause cause;      /* of the incident */
        int64_t alert_id;
};
int store_alert_state(struct store *s, const char *subject, struct alert_state *ret);

/* Opens an incident from outside a run: of "untested:" and "runs". It is there already: nothing is done. cause CAUSE_COUNT = none. */
int store_open_incident(struct store *s, const char *subject, enum cause cause, int64_t run, int64_t since_usec, int64_t now_usec);

/* The id of a subject's alerts: its newest incident's. 0 = it has had none. */
int store_alert_id(struct store *s, const char *subject, int64_t *ret);

struct announcement {
        const char *subject;
        enum cause cause; /* CAUSE_COUNT = none, for "runs" */
        int64_t run;      /* 0 = none */
        bool ends;        /* of "untested:" and "runs": it is over, and its incident ends */
};

/* What the journal is told is written down twice: before the events are sent, what may have been told when the service dies meanwhile; and
 * after it, what was. A crash in between tells it again, or what has become of it, and never loses it. One transaction each. */
int store_begin_telling(struct store *s, const struct announcement *a, size_t n);
int store_put_announcements(struct store *s, const struct announcement *a, size_t n, int64_t now_usec);

/* Trunks of the run of which it was not told yet that they are untested since before_usec (change "began"), or no more ("ended"). */
struct table;
int store_untested_news(struct store *s, int64_t run, int64_t before_usec, struct table **ret);

/* After their events were sent: the rows of STORE_VIEW_DRIFT_NEWS (by their column id), and all of STORE_VIEW_LISTING_NEWS. One transaction
 * each. */
struct table;
int store_drift_told(struct store *s, const struct table *news);
int store_listing_told(struct store *s);

/* -- slots and configurations (store_slot.c) ------------------------------------------------------------------------------ */

/* due_usec: the slot that is due. */
int store_slot_record(struct store *s, int64_t due_usec, struct slot_record *ret);

/* A row of state `missed` for each of the plan's missed slots that has none, the newest SLOT_MISSED_MAX at most; all of them or nothing.
 * config: as in struct run. ret_rows: how many were written. */
int store_put_missed(struct store *s, const struct slot_plan *p, uint64_t interval_usec, int64_t config, uint64_t *ret_rows);

/* A row of `config_load`: the configuration was read. Borrowed texts. */
struct config_load {
        int64_t read_usec;
        bool reload, accepted;
        const char *file;
        const char *sha256; /* of the file, in hex; NULL = it could not be read */
        size_t mistakes;
        const char *complaint; /* the first one; NULL = none */
        size_t trunks;
};

int store_put_config_load(struct store *s, const struct config_load *c, int64_t *ret_id);

/* -- what was changed on the platform (store_edit.c) ------------------------------------------------------------------- */

#define STORE_QUESTIONS_MAX 200 /* trunks that are asked for at once; the newest first */

/* A trunk that turned bad: what was changed on it in that time? */
struct edit_question {
        int64_t run;           /* in which it turned bad */
        char *trunk_id, *name; /* owned; the name may be NULL */
        int64_t since_usec;    /* start of the last good run, but not before the oldest time allowed */
        int64_t until_usec;
};

struct edit_questions {
        struct edit_question *items;
        size_t n;
};

void edit_questions_clear(struct edit_questions *q);

/* Asks for the trunks that failed in this run and not in their run before; extra ones are not the platform's. Committed at once. */
int store_ask_edits(struct store *s, int64_t run, int64_t oldest_usec);

/* Those that have no answer yet, of runs that ended after oldest_usec. */
int store_questions(struct store *s, int64_t oldest_usec, struct edit_questions *ret);

/* The answer: these edits, none being an answer too. One transaction. */
int store_answer(struct store *s, const struct edit_question *q, const struct edit *const *edits, size_t n, int64_t now_usec);

/* How the audit log was found the last time. */
enum audit_log_state { AUDIT_LOG_READ, AUDIT_LOG_DENIED, AUDIT_LOG_UNREAD };

/* STORE_NONE: it was never asked. */
int store_audit_log(struct store *s, enum audit_log_state *ret, int64_t *ret_asked_usec);
int store_put_audit_log(struct store *s, enum audit_log_state state, int64_t asked_usec, const char *detail, const char *correlation_id);

/* -- credentials written to the platform --------------------------------------------------------------------------------- */

enum refresh_outcome {
        REFRESH_BEGUN,    /* on its way; in the database for good when the process died then */
        REFRESH_WRITTEN,  /* the platform has taken them */
        REFRESH_CONFLICT, /* somebody else wrote in between */
        REFRESH_REFUSED,  /* the platform did not take them */
        REFRESH_FAILED,   /* it could not be reached, or what it says cannot be used */
        REFRESH_WITHHELD, /* not written: the detail says why */
        REFRESH_DRY_RUN,  /* the detail says what would be written */
};
const char *refresh_outcome_word(enum refresh_outcome o);

/* A row of `refresh`: one write, or why there was none. Everything borrowed; no secret. */
struct refresh_row {
        int64_t run;
        const char *trunk_id;
        unsigned seq; /* 1; 2 after a conflict */
        int64_t begun_usec;
        enum refresh_outcome outcome;
        const char *detail;
        const char *version_before, *version_after; /* NULL = unknown */
        int status;                                 /* HTTP; 0 = none */
        const char *correlation_id;
};

/* Committed at once. A second one with the same run, trunk and seq says how the first one ended. */
int store_put_refresh(struct store *s, const struct refresh_row *row);

/* The trunk's newest outcome before that run. STORE_NONE: none. */
int store_last_refresh(struct store *s, const char *trunk_id, int64_t run, enum refresh_outcome *ret);

/* -- care of the database (store_care.c) --------------------------------------------------------------------------------- */

/* How long what is kept. Times are since 1970; 0 = for ever, or no limit. */
struct store_keep {
        int64_t now_usec;
        int64_t results_usec, evidence_usec; /* ages; evidence is kept as long as its result at most */
        int64_t size_bytes;                  /* of the database: beyond it the oldest evidence goes, then the oldest results */
};

/* However small the limit: so much is not removed for it. */
#define STORE_EVIDENCE_FLOOR_USEC (7 * 86400 * INT64_C(1000000))
#define STORE_RESULTS_FLOOR_USEC (400 * 86400 * INT64_C(1000000))

enum store_care_phase {
        STORE_CARE_EVIDENCE_AGE,
        STORE_CARE_RESULTS_AGE,
        STORE_CARE_SWEEP,
        STORE_CARE_EVIDENCE_SIZE,
        STORE_CARE_RESULTS_SIZE,
        STORE_CARE_SHRINK,
        STORE_CARE_DONE,
};

/* Zeroed but for keep; what it did is in the table `care` at once. */
struct store_care {
        struct store_keep keep;
        enum store_care_phase phase;
        int64_t run, trunk;       /* how far the phase is */
        uint64_t probes, results; /* of which the messages, or all, were removed */
        bool over;                /* the size is still beyond the limit, and nothing more may go */
};

/* One small step: a transaction with a bounded number of rows, or so many pages given back to the file system. It does not wait: when
 * another process writes it returns STORE_BUSY. Runs stay for ever, and so do each trunk's newest result and newest messages, what
 * is still different or still to be told, and the guard's ledger. Returns 0 (there is more to do), STORE_NONE (done), STORE_BUSY, < 0. */
int store_care_step(struct store *s, struct store_care *c);

/* What care removed and the journal was not told yet. STORE_NONE: nothing. */
struct store_care_news {
        int64_t probes, results;         /* of how many probes the messages, and how many results */
        int64_t probes_run, results_run; /* up to this run */
        bool results_by_size;
};
int store_care_news(struct store *s, struct store_care_news *ret);
int store_care_told(struct store *s);

/* The statistics that queries are planned by, of what grew; bounded. */
int store_optimize(struct store *s);

/* Lets the write-ahead log shrink when it is large, and the file when it lost pages, without waiting for readers. Returns 0, STORE_BUSY (a
 * reader needs it), < 0. */
#define STORE_LOG_LARGE_BYTES (64 * INT64_C(1000000)) /* a reader keeps it from shrinking */
int store_shrink_log(struct store *s, int64_t *ret_bytes);

/* What else was done with the database, for the record; detail may be NULL. */
enum store_deed { STORE_DEED_CHECK, STORE_DEED_BACKUP, STORE_DEED_SIZE };
int store_put_deed(struct store *s, enum store_deed deed, int64_t now_usec, const char *detail);
/* The last time that was done, and its detail (malloc'ed, NULL = none). STORE_NONE: never. */
int store_last_deed(struct store *s, enum store_deed deed, int64_t *ret_usec, char **ret_detail);

/* Looks through all of the database; it may take minutes. Returns 0, STORE_DAMAGED with the first damage in words, < 0. */
int store_check(struct store *s, char *damage, size_t size);

/* The last check and whether all was well, or when the first run was; STORE_NONE: there is neither. */
int store_last_check(struct store *s, int64_t *ret_usec, bool *ret_good);

/* Sizes on the disk. */
struct store_size {
        int64_t bytes, used_bytes, free_pages, log_bytes;
};
int store_size(struct store *s, struct store_size *ret);

/* -- reading for people and machines ---------------------------------------------------------------------------------- */

enum store_view {
        STORE_VIEW_RUN,     /* the results of one run: argument = run id */
        STORE_VIEW_LATEST,  /* every trunk's newest result */
        STORE_VIEW_HISTORY, /* one trunk, newest first: argument = its id or name */
        STORE_VIEW_CLOCK,   /* clock verdicts, newest first */
        STORE_VIEW_RUNS,    /* runs, newest first; argument = one run's id, or NULL */
        STORE_VIEW_DRIFT,   /* differences that are there now */
        STORE_VIEW_LISTING, /* trunks that appeared or vanished: argument = the run whose listing showed it, or NULL = in the last day */

        /* For the journal: what it was not told yet. change: "began", "changed", "ended"; argument = the run. A difference that is itself
         * the cause of the trunk's verdict in that run waits: the trunk's own event says it. */
        STORE_VIEW_DRIFT_NEWS,
        STORE_VIEW_LISTING_NEWS, /* change: "appeared", "vanished"; in the order of the listings */
        STORE_VIEW_DROPPED_NEWS, /* what was told of trunks that the run does not have: subject, cause, incident; argument = the run */
        STORE_VIEW_STANDING,     /* of each trunk in `latest`, how it stands, with times in microseconds; argument = id or name, or NULL */
        STORE_VIEW_REFRESHES,    /* credentials written to the platform in one run: argument = run id */
};

enum cell_type { CELL_NULL, CELL_INTEGER, CELL_REAL, CELL_TEXT };

struct cell {
        enum cell_type type;
        char *text; /* the value as text, also of numbers; NULL for CELL_NULL */
};

/* The rows of a view: names[columns], cells[rows * columns]. */
struct table {
        size_t columns, rows;
        char **names;
        struct cell *cells;
};

/* limit 0 = all. STORE_NONE: the argument names nothing. */
int store_read(struct store *s, enum store_view view, const char *argument, unsigned limit, struct table **ret);
struct table *table_free(struct table *t);
DEFINE_CLEANUP(struct table *, table_free)
/* The cell's text, or "" ; column by name. */
const char *table_text(const struct table *t, size_t row, const char *column);
