/* overdue.c: the run that does not come. A database that another process keeps locked, a disk that takes nothing, a run that hangs: no run
 * ends, and so nothing that is told at its end is. */
#include "overdue.h"

#include <stdio.h>
#include <time.h>

#include "../common/duration.h"
#include "../common/utc_time.h"
#include "now.h"

#define INTERVALS 2
#define ACCURACY_USEC USEC_PER_SEC

struct overdue {
        sd_event *event;
        struct store *store;
        struct journal *journal;
        uint64_t limit_usec;
        sd_event_source *timer;
        int64_t since_usec; /* the last end of a run, or the start; CLOCK_REALTIME */
        bool told;          /* by this process; an earlier one's word is in the store */
};

static void note(struct overdue *o, bool ends) {
        const struct announcement a = {.subject = STORE_SUBJECT_RUNS, .cause = CAUSE_COUNT, .ends = ends};
        int r = store_put_announcements(o->store, &a, 1, now_realtime());
        if (r < 0)
                journal_log(o->journal, LOG_WARNING, "Unable to note what was told of overdue runs: %s", store_error(o->store));
}

/* An alert is one to the database as well, if that can be written at all. */
static void tell(struct overdue *o, bool ends) {
        char since[UTC_TIME_MAX], limit[DURATION_TEXT_MAX];
        struct journal_fields f = {.change = ends ? "ended" : "began", .subject = "the audit"};
        (void)utc_time_format(since, o->since_usec);
        duration_format(limit, o->limit_usec);
        if (!ends)
                (void)store_open_incident(o->store, STORE_SUBJECT_RUNS, CAUSE_COUNT, 0, o->since_usec, now_realtime());
        (void)store_alert_id(o->store, STORE_SUBJECT_RUNS, &f.incident);
        if (ends)
                journal_event(o->journal, EVENT_RUNS_RESUMED, LOG_INFO, &f, "A run has ended again: trunks are audited");
        else
                journal_event(o->journal, EVENT_RUNS_OVERDUE, LOG_CRIT, &f,
                              "No run has ended since %s, that is for two intervals (%s): no trunk is audited", since, limit);
        note(o, ends);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *user) {
        struct overdue *o = user;
        struct alert_state state = {0};
        (void)source;
        (void)usec;
        bool known = o->told || (store_alert_state(o->store, STORE_SUBJECT_RUNS, &state) == 0 && state.known);
        if (!known)
                tell(o, false);
        o->told = true;
        return 0;
}

/* Time that the host sleeps does not count: no run can end then, and one follows at once. */
static int arm(struct overdue *o) {
        int r = sd_event_source_set_time_relative(o->timer, o->limit_usec);
        return r < 0 ? r : sd_event_source_set_enabled(o->timer, SD_EVENT_ONESHOT);
}

int overdue_new(struct overdue **ret, sd_event *event, struct store *store, struct journal *journal, uint64_t interval_usec) {
        struct overdue *o = calloc(1, sizeof *o);
        if (!o)
                return -ENOMEM;
        *o = (struct overdue){
                .event = event, .store = store, .journal = journal, .limit_usec = INTERVALS * interval_usec, .since_usec = now_realtime()};
        int r = sd_event_add_time_relative(event, &o->timer, CLOCK_MONOTONIC, o->limit_usec, ACCURACY_USEC, on_timer, o);
        if (r < 0) {
                free(o);
                return r;
        }
        (void)sd_event_source_set_description(o->timer, "overdue");
        *ret = o;
        return 0;
}

struct overdue *overdue_free(struct overdue *o) {
        if (o) {
                (void)sd_event_source_disable_unref(o->timer);
                free(o);
        }
        return NULL;
}

void overdue_run_ended(struct overdue *o) {
        struct alert_state state = {0};
        /* The incident is opened before it is told: a process that died in between may have told it. */
        bool known = o->told || (store_alert_state(o->store, STORE_SUBJECT_RUNS, &state) == 0 && (state.known || state.incident));
        if (known)
                tell(o, true);
        o->told = false;
        o->since_usec = now_realtime();
        int r = arm(o);
        if (r < 0)
                journal_log(o->journal, LOG_ERR, "Unable to set the timer that looks for overdue runs: %s", strerror(-r));
}
