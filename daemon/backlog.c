/* backlog.c: ended runs in a row, and a timer that tries to store them. */
#include "backlog.h"

#include <search.h>
#include <stdarg.h>
#include <stdio.h>

#include "guard_clock.h"
#include "now.h"
#include "trunk_audit.h"

#define RETRY_FIRST_USEC (5 * USEC_PER_SEC)
#define RETRY_MAX_USEC (600 * USEC_PER_SEC)
#define ACCURACY_USEC USEC_PER_SEC
#define AGAIN_USEC (10 * USEC_PER_SEC) /* an attempt that is younger is not repeated at the end */
#define WHY_MAX 1200

#define REMEDY                                                                                                                           \
        "Look at the free space, the permissions and locks of its directory (df -h, ls -la, lsof); what is kept in memory is stored as " \
        "soon as it can be, and is lost if the service ends before"

/* What the journal was told, and the store does not know yet. */
struct told {
        struct announcement announcement;
        int64_t told_usec;
        char subject[];
};

struct backlog {
        sd_event *event;
        struct store *store;
        struct journal *journal;
        sd_event_source *timer;
        uint64_t delay_usec, reminder_usec;
        struct ended_run *runs[BACKLOG_RUNS_MAX + 1];
        size_t n, n_results;
        size_t stored, given_up;     /* since the failure began */
        int64_t first_run, last_run; /* of those that were stored */
        bool failing, counted;
        uint64_t told_usec, tried_usec; /* CLOCK_MONOTONIC */
        void *announced;                /* tree of struct told, by subject */
};

void ended_run_clear(struct ended_run *e) {
        for (size_t i = 0; i < e->n; i++)
                e->items[i] = trunk_audit_free(e->items[i]);
        free(e->items);
        free(e->results);
        (void)guard_free(e->guard);
        trunk_list_clear(&e->trunks);
        refusal_list_clear(&e->refusals);
        *e = (struct ended_run){0};
}

/* -- what the journal is told ------------------------------------------------------------------------------------------------ */

void backlog_trouble(struct backlog *b, const char *doing, const char *why) {
        uint64_t now = now_usec_of(CLOCK_MONOTONIC);
        bool reminder = b->failing && b->reminder_usec > 0 && now - b->told_usec >= b->reminder_usec;
        if (b->failing && !reminder)
                return;
        journal_event(b->journal, EVENT_STORE_FAILED, LOG_ERR, NULL, "Unable to %s%s: %s. " REMEDY ". %zu runs wait there", doing,
                      reminder ? ", still" : "", why ? why : store_error(b->store), b->n);
        b->failing = true;
        b->told_usec = now;
}

static void tell_well(struct backlog *b) {
        char given_up[80] = "", stored[120] = "nothing was kept in memory";
        if (!b->failing)
                return;
        if (b->stored > 0)
                (void)snprintf(stored, sizeof stored, "%zu runs that were kept in memory are stored (runs %lld to %lld)", b->stored,
                               (long long)b->first_run, (long long)b->last_run);
        if (b->given_up > 0)
                (void)snprintf(given_up, sizeof given_up, "; %zu older ones were given up and have no results", b->given_up);
        journal_event(b->journal, EVENT_STORE_RECOVERED, LOG_NOTICE, NULL, "The database %s can be written again: %s%s",
                      store_path(b->store), stored, given_up);
        b->failing = false;
        b->stored = b->given_up = 0;
}

/* -- storing ------------------------------------------------------------------------------------------------------------------ */

static void forget_first(struct backlog *b) {
        struct ended_run *e = b->runs[0];
        b->n_results -= e->n;
        memmove(b->runs, b->runs + 1, --b->n * sizeof(*b->runs));
        ended_run_clear(e);
        free(e);
}

/* No row of what waits is in a new database, and no run that an announcement names. */
static void forget_row(const void *node, VISIT visit, void *user) {
        struct told *t = *(struct told *const *)node;
        (void)user;
        if (visit == leaf || visit == postorder)
                t->announcement.run = 0;
}

static bool replace_if_damaged(struct backlog *b) {
        const struct guard_time now = guard_clock();
        char kept[STORE_NAME_MAX], why[WHY_MAX];
        (void)snprintf(why, sizeof why, "%s", store_error(b->store));
        if (!store_is_damaged(b->store))
                return false;
        if (store_replace(b->store, &now, kept) < 0) {
                backlog_trouble(b, "set the damaged database aside", NULL);
                return false;
        }
        for (size_t i = 0; i < b->n; i++)
                b->runs[i]->run.id = b->runs[i]->run.config = 0;
        twalk_r(b->announced, forget_row, NULL);
        journal_event(
                b->journal, EVENT_STORE_REPLACED, LOG_CRIT, NULL,
                "The database %s is damaged (%s). It is kept as %s, and a new one is begun. No credentials are sent for a day, because "
                "what was spent is unknown. Save what can be read: sqlite3 %s .recover | sqlite3 recovered.db; or put a backup in its "
                "place while the service is stopped",
                store_path(b->store), why, kept, kept);
        return true;
}

/* Those that were told at one time, which goes on to the next one. */
struct gathered {
        struct announcement *items;
        size_t n, room;
        int64_t told_usec, next_usec;
};

static void count_node(const void *node, VISIT visit, void *user) {
        struct gathered *g = user;
        (void)node;
        g->room += visit == leaf || visit == postorder;
}

static void gather_node(const void *node, VISIT visit, void *user) {
        const struct told *t = *(struct told *const *)node;
        struct gathered *g = user;
        if (visit != leaf && visit != postorder)
                return;
        if (t->told_usec == g->told_usec)
                g->items[g->n++] = t->announcement;
        else if (t->told_usec > g->told_usec && (g->next_usec == 0 || t->told_usec < g->next_usec))
                g->next_usec = t->told_usec;
}

static int store_announcements(struct backlog *b) {
        struct gathered g = {0};
        int r = 0;
        if (!b->announced)
                return 0;
        twalk_r(b->announced, count_node, &g);
        _cleanup_(freep) struct announcement *items = calloc(g.room, sizeof *items);
        if (!items)
                return -ENOMEM;
        g.items = items;
        do {
                g.n = 0;
                g.next_usec = 0;
                twalk_r(b->announced, gather_node, &g);
                if (g.n > 0)
                        r = store_put_announcements(b->store, items, g.n, g.told_usec);
                g.told_usec = g.next_usec;
        } while (r == 0 && g.told_usec > 0);
        if (r == 0) {
                tdestroy(b->announced, free);
                b->announced = NULL;
        }
        return r;
}

/* Returns 0 or -errno; of what failed the store has the error. */
static int store_runs(struct backlog *b) {
        int r = 0;
        while (r == 0 && b->n > 0) {
                struct ended_run *e = b->runs[0];
                r = store_end_run(b->store, &e->run, e->results, e->n);
                if (r < 0)
                        break;
                b->first_run = b->stored++ == 0 ? e->run.id : b->first_run;
                b->last_run = e->run.id;
                forget_first(b);
        }
        return r == 0 ? store_announcements(b) : r;
}

int backlog_store(struct backlog *b) {
        (void)replace_if_damaged(b);
        int r = store_runs(b);
        if (r < 0 && replace_if_damaged(b))
                r = store_runs(b);
        b->tried_usec = now_usec_of(CLOCK_MONOTONIC);
        if (r < 0)
                backlog_trouble(b, "store what is kept in memory", r == -ENOMEM ? strerror(ENOMEM) : NULL);
        return r;
}

void backlog_counted(struct backlog *b) {
        b->counted = true;
}

static void be_well(struct backlog *b) {
        b->counted = true;
        b->timer = sd_event_source_disable_unref(b->timer);
        b->delay_usec = 0;
        tell_well(b);
}

int backlog_end_run(struct backlog *b, struct run *run, const struct result *results, size_t n) {
        int r = backlog_store(b);
        if (r == 0)
                r = store_end_run(b->store, run, results, n);
        if (r < 0 && replace_if_damaged(b)) {
                run->id = run->config = 0;
                r = store_end_run(b->store, run, results, n);
        }
        if (r == 0)
                be_well(b);
        else
                backlog_trouble(b, "store a run", r == -ENOMEM ? strerror(ENOMEM) : NULL);
        return r;
}

/* -- the timer ------------------------------------------------------------------------------------------------------------------ */

static void set_timer(struct backlog *b);

/* A run that is under way has the lock, and stores all at its end. */
static int on_timer(sd_event_source *source, uint64_t usec, void *user) {
        struct backlog *b = user;
        (void)source;
        (void)usec;
        int r = store_lock(b->store, NULL);
        if (r == 0 && backlog_store(b) == 0)
                be_well(b);
        else if (r == STORE_UNWRITTEN && replace_if_damaged(b) && backlog_store(b) == 0)
                be_well(b);
        if (r != -EALREADY)
                store_unlock(b->store);
        if (b->n > 0 || b->announced)
                set_timer(b);
        return 0;
}

static void set_timer(struct backlog *b) {
        b->delay_usec = b->delay_usec == 0 ? RETRY_FIRST_USEC : b->delay_usec >= RETRY_MAX_USEC / 2 ? RETRY_MAX_USEC : 2 * b->delay_usec;
        b->timer = sd_event_source_disable_unref(b->timer);
        int r = sd_event_add_time_relative(b->event, &b->timer, CLOCK_MONOTONIC, b->delay_usec, ACCURACY_USEC, on_timer, b);
        if (r < 0)
                journal_log(b->journal, LOG_ERR, "Unable to set the timer that stores what is kept in memory; the next run does: %s",
                            strerror(-r));
}

/* -- what is kept ----------------------------------------------------------------------------------------------------------------- */

/* What it spent goes on counting, by the one that followed it. */
static void give_up_first(struct backlog *b) {
        struct ended_run *old = b->runs[0], *next = b->runs[1];
        int r = guard_absorb(next->guard, old->guard);
        for (size_t i = 0; i < old->n; i++) {
                const struct result *to = ended_run_find(next, old->results[i].trunk->id, i);
                struct guard_trunk *t = to && to->guard ? trunk_audit_guard(next->items[to - next->results]) : NULL;
                if (t && old->results[i].guard)
                        guard_trunk_absorb(t, old->results[i].guard);
        }
        if (r < 0)
                guard_mistrust(next->guard, "out of memory", false);
        if (b->given_up++ == 0)
                journal_event(
                        b->journal, EVENT_STORE_FAILED, LOG_CRIT, NULL,
                        "%zu runs wait in memory for the database %s. That is the limit: the oldest are given up, and their results lost",
                        b->n, store_path(b->store));
        forget_first(b);
}

void backlog_keep(struct backlog *b, struct ended_run *e) {
        struct ended_run *kept = malloc(sizeof *kept);
        if (!kept) {
                journal_event(b->journal, EVENT_STORE_FAILED, LOG_CRIT, NULL, "The results of a run are lost: %s", strerror(ENOMEM));
                ended_run_clear(e);
                return;
        }
        *kept = *e;
        *e = (struct ended_run){0};
        kept->run.late = true;
        kept->run.guard = kept->guard;
        kept->run.refusals = &kept->refusals;
        /* Secrets belong to the configuration, and no row needs them. */
        for (size_t i = 0; i < kept->trunks.n; i++)
                kept->trunks.items[i].password = kept->trunks.items[i].ha1 = NULL;
        b->runs[b->n++] = kept;
        b->n_results += kept->n;
        while (b->n > 1 && (b->n > BACKLOG_RUNS_MAX || b->n_results > BACKLOG_RESULTS_MAX))
                give_up_first(b);
        if (!b->timer)
                set_timer(b);
}

const struct ended_run *backlog_at(const struct backlog *b, size_t i) {
        return b && i < b->n ? b->runs[i] : NULL;
}

unsigned backlog_rows(const struct backlog *b) {
        unsigned n = 0;
        for (size_t i = 0; b && i < b->n; i++)
                n += b->runs[i]->run.id != 0;
        return n;
}

bool backlog_has_counted(const struct backlog *b) {
        return b->counted;
}

const struct result *ended_run_find(const struct ended_run *e, const char *trunk_id, size_t near) {
        if (near < e->n && text_eq(e->results[near].trunk->id, trunk_id))
                return &e->results[near];
        for (size_t i = 0; i < e->n; i++)
                if (text_eq(e->results[i].trunk->id, trunk_id))
                        return &e->results[i];
        return NULL;
}

/* In a struct told the announcement stands first. */
static int by_subject(const void *a, const void *b) {
        return strcmp(((const struct announcement *)a)->subject, ((const struct announcement *)b)->subject);
}

int backlog_announced(const struct backlog *b, const char *subject, enum cause *ret_cause, int64_t *ret_usec) {
        const struct announcement wanted = {.subject = subject};
        struct told *const *found = b ? tfind(&wanted, &b->announced, by_subject) : NULL;
        if (!found)
                return STORE_NONE;
        *ret_cause = (*found)->announcement.cause;
        *ret_usec = (*found)->told_usec;
        return 0;
}

/* What cannot be kept is told again by the next run. */
static void announce(struct backlog *b, const struct announcement *a, int64_t told_usec) {
        struct told **found = tfind(a, &b->announced, by_subject);
        if (!found) {
                size_t size = strlen(a->subject) + 1;
                struct told *made = calloc(1, sizeof *made + size);
                if (!made)
                        return;
                memcpy(made->subject, a->subject, size);
                made->announcement.subject = made->subject;
                found = tsearch(made, &b->announced, by_subject);
                if (!found) {
                        free(made);
                        return;
                }
        }
        const char *subject = (*found)->subject;
        (*found)->announcement = *a;
        (*found)->told_usec = told_usec;
        (*found)->announcement.subject = subject;
}

void backlog_announce(struct backlog *b, const struct announcement *a, size_t n, int64_t told_usec) {
        for (size_t i = 0; i < n; i++)
                announce(b, &a[i], told_usec);
        if (n > 0 && !b->timer)
                set_timer(b);
}

/* -- life --------------------------------------------------------------------------------------------------------------------------- */

int backlog_new(struct backlog **ret, sd_event *event, struct store *store, struct journal *journal) {
        struct backlog *b = calloc(1, sizeof *b);
        if (!b)
                return -ENOMEM;
        b->event = event;
        b->store = store;
        b->journal = journal;
        *ret = b;
        return 0;
}

void backlog_set_reminder(struct backlog *b, uint64_t reminder_usec) {
        b->reminder_usec = reminder_usec;
}

struct backlog *backlog_free(struct backlog *b) {
        if (!b)
                return NULL;
        bool tried = b->tried_usec > 0 && now_usec_of(CLOCK_MONOTONIC) - b->tried_usec < AGAIN_USEC;
        if ((b->n > 0 || b->announced) && !tried) {
                if (store_lock(b->store, NULL) == 0 && backlog_store(b) == 0)
                        be_well(b);
                store_unlock(b->store);
        }
        if (b->n > 0)
                journal_event(b->journal, EVENT_STORE_FAILED, LOG_CRIT, NULL,
                              "%zu runs could not be stored in %s before the service ended, and their results are lost", b->n,
                              store_path(b->store));
        while (b->n > 0)
                forget_first(b);
        tdestroy(b->announced, free);
        b->timer = sd_event_source_disable_unref(b->timer);
        free(b);
        return NULL;
}
