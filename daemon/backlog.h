/* backlog.h: runs that have ended and wait for the database, which cannot be written: full, read-only, locked, damaged. They are stored in
 * their order, with their times, as soon as it can be; until then the runs that follow know of them from here. It also keeps what the
 * journal was told of them, so that nothing is told twice, and says once that the database fails, and that it is well again. */
#pragma once

#include <systemd/sd-event.h>

#include "../common/store.h"
#include "journal.h"

#define BACKLOG_RUNS_MAX 168      /* a week of hourly ones; beyond it the oldest is given up */
#define BACKLOG_RESULTS_MAX 50000 /* of all of them together */

struct trunk_audit;

/* A run that has ended, with all that its rows are made of. Owned. */
struct ended_run {
        struct run run;
        struct result *results;
        struct trunk_audit **items; /* one for each result; what the results refer to */
        size_t n;
        struct guard *guard;
        struct trunk_list trunks;
        struct refusal_list refusals;
};

void ended_run_clear(struct ended_run *e);

struct backlog;

/* store and journal are borrowed. Returns 0 or -errno. */
int backlog_new(struct backlog **ret, sd_event *event, struct store *store, struct journal *journal);

/* A last attempt to store; what cannot be stored is told to be lost. */
struct backlog *backlog_free(struct backlog *b);

/* How often the failure is told again while it lasts; 0 = never. */
void backlog_set_reminder(struct backlog *b, uint64_t reminder_usec);

/* Under the audit lock. Stores what waits. Returns 0 when nothing waits any more, or -errno (told when it is news). A damaged database is
 * replaced by a new one. */
int backlog_store(struct backlog *b);

/* The same of the run that ends, after those that wait. */
int backlog_end_run(struct backlog *b, struct run *run, const struct result *results, size_t n);

/* Takes the run over (the struct becomes zero); that it is kept was told. */
void backlog_keep(struct backlog *b, struct ended_run *e);

/* The database failed: told when it is news. doing: "begin a run". why NULL = the store's error. */
void backlog_trouble(struct backlog *b, const char *doing, const char *why);

/* A run's reservation is stored. Since then all that was spent is known here, if not in the database: before it, an earlier process may
 * have spent what nobody has counted. */
void backlog_counted(struct backlog *b);
bool backlog_has_counted(const struct backlog *b);

/* Those that wait, oldest first; NULL behind the last one. b may be NULL. */
const struct ended_run *backlog_at(const struct backlog *b, size_t i);

/* How many of them have a row in the database, which others take for broken. */
unsigned backlog_rows(const struct backlog *b);

/* The result of a trunk; near: its place in another run, where it is looked for first. NULL = there is none. */
const struct result *ended_run_find(const struct ended_run *e, const char *trunk_id, size_t near);

/* As store_announced() and store_put_announcements(), of what is not stored. b may be NULL for the first. */
int backlog_announced(const struct backlog *b, const char *subject, enum cause *ret_cause, int64_t *ret_usec);
void backlog_announce(struct backlog *b, const struct announcement *a, size_t n, int64_t told_usec);
