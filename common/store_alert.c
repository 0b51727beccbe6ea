/* store_alert.c: incidents, what the next run must know of a subject, and what the journal was told. */
#include <stdio.h>

#include "alert.h"
#include "store_private.h"

int store_announced(struct store *s, const char *subject, enum cause *ret_cause, int64_t *ret_usec) {
        struct alert_state state;
        int r = store_alert_state(s, subject, &state);
        if (r < 0)
                return r;
        if (!state.known)
                return STORE_NONE;
        *ret_cause = state.told;
        *ret_usec = state.told_usec;
        return 0;
}

/* A cause that this program no longer knows counts as nothing told; an incident of it ends. */
int store_alert_state(struct store *s, const char *subject, struct alert_state *ret) {
        _cleanup_(query_end) struct query q = query_begin(s, STATEMENT_ALERT_STATE, "read what was told");
        bind_text(&q, ":subject", subject);
        int r = query_step(&q);
        if (r != 0)
                return r < 0 ? r : store_complain(s, -EIO, "unable to read what was told in %s", s->path);
        enum cause told = column_cause(&q, 0, CAUSE_COUNT), had = column_cause(&q, 7, CAUSE_COUNT);
        *ret = (struct alert_state){
                .known = told != CAUSE_COUNT,
                .told = told == CAUSE_COUNT ? CAUSE_OK : told,
                .told_usec = sqlite3_column_int64(q.statement, 1),
                .changes = (uint32_t)sqlite3_column_int64(q.statement, 2),
                .flapping_usec = sqlite3_column_int64(q.statement, 3),
                .flapping_told = sqlite3_column_int(q.statement, 4),
                .untested_usec = sqlite3_column_int64(q.statement, 5),
                .incident = sqlite3_column_int64(q.statement, 6),
                .cause = had == CAUSE_COUNT ? CAUSE_OK : had,
                .alert_id = sqlite3_column_int64(q.statement, 8),
                .uncertain = sqlite3_column_int(q.statement, 9),
        };
        return 0;
}

/* -- incidents ------------------------------------------------------------------------------------------------------------ */

struct opening {
        const char *subject;
        enum cause cause;
        int64_t alert_id; /* 0 = its own */
        int64_t run, since_usec, now_usec, silenced_usec;
};

static int open_incident(struct store *s, const struct opening *o) {
        _cleanup_(query_end) struct query q = query_begin(s, STATEMENT_OPEN_INCIDENT, "open an incident");
        bind_text(&q, ":subject", o->subject);
        bind_text(&q, ":cause", o->cause == CAUSE_COUNT ? NULL : cause_info(o->cause)->word);
        bind_optional(&q, ":alert", o->alert_id);
        bind_optional(&q, ":run", o->run);
        bind_integer(&q, ":since", o->since_usec);
        bind_integer(&q, ":now", o->now_usec);
        bind_integer(&q, ":runs", o->run != 0);
        bind_optional(&q, ":silenced", o->silenced_usec);
        return query_run(&q);
}

static int end_incident(struct store *s, const char *subject, int64_t run, int64_t now_usec) {
        _cleanup_(query_end) struct query q = query_begin(s, STATEMENT_END_INCIDENT, "end an incident");
        bind_text(&q, ":subject", subject);
        bind_optional(&q, ":run", run);
        bind_integer(&q, ":now", now_usec);
        return query_run(&q);
}

static int keep_incident(struct store *s, int64_t id, int64_t run, int64_t now_usec, int64_t silenced_usec) {
        _cleanup_(query_end) struct query q = query_begin(s, STATEMENT_KEEP_INCIDENT, "go on with an incident");
        bind_integer(&q, ":id", id);
        bind_integer(&q, ":run", run);
        bind_integer(&q, ":now", now_usec);
        bind_optional(&q, ":silenced", silenced_usec);
        return query_run(&q);
}

int store_open_incident(struct store *s, const char *subject, enum cause cause, int64_t run, int64_t since_usec, int64_t now_usec) {
        struct alert_state state;
        int r = store_alert_state(s, subject, &state);
        if (r < 0 || state.incident)
                return r;
        return open_incident(s, &(struct opening){subject, cause, 0, run, since_usec, now_usec, 0});
}

int store_alert_id(struct store *s, const char *subject, int64_t *ret) {
        _cleanup_(query_end) struct query q = query_begin(s, STATEMENT_LAST_INCIDENT, "find an incident");
        bind_text(&q, ":subject", subject);
        int r = query_step(&q);
        if (r < 0)
                return r;
        *ret = r == STORE_NONE ? 0 : sqlite3_column_int64(q.statement, 1);
        return 0;
}

/* -- what the next run must know ---------------------------------------------------------------------------------------------- */

static int put_watch(struct store *s, const char *subject, const struct alert_state *w) {
        bool steady = w->changes == 0 && w->flapping_usec == 0 && !w->flapping_told && w->untested_usec == 0;
        _cleanup_(query_end) struct query q = query_begin(s, steady ? STATEMENT_DROP_WATCH : STATEMENT_PUT_WATCH, "watch a subject");
        bind_text(&q, ":subject", subject);
        if (!steady) {
                bind_integer(&q, ":changes", w->changes);
                bind_optional(&q, ":flapping", w->flapping_usec);
                bind_integer(&q, ":told", w->flapping_told);
                bind_optional(&q, ":untested", w->untested_usec);
        }
        return query_run(&q);
}

/* When the trunk was last tested, or was not meant to be: before this run, which is its first when there is no other. */
static int last_tested(struct store *s, const struct run *run, const char *trunk_id, int64_t *ret) {
        _cleanup_(query_end) struct query q = query_begin(s, STATEMENT_LAST_TESTED, "find the last test");
        bind_text(&q, ":trunk", trunk_id);
        bind_integer(&q, ":run", run->id);
        int r = query_step(&q);
        if (r < 0)
                return r;
        *ret = r == STORE_NONE ? run->started_usec : sqlite3_column_int64(q.statement, 0);
        return 0;
}

struct finding_now {
        const char *subject;
        const char *trunk_id; /* NULL = no trunk */
        enum cause cause;
        int64_t silenced_usec;
};

static int step_incident(struct store *s, const struct run *run, const struct finding_now *f, const struct alert_state *was,
                         enum change change) {
        struct opening o = {f->subject, f->cause, 0, run->id, run->finished_usec, run->finished_usec, f->silenced_usec};
        int r = 0;
        switch (change) {
        case CHANGE_BEGAN:
                return open_incident(s, &o);
        case CHANGE_CHANGED:
                r = end_incident(s, f->subject, run->id, run->finished_usec);
                o.alert_id = was->alert_id;
                return r < 0 ? r : open_incident(s, &o);
        case CHANGE_ENDED:
                return end_incident(s, f->subject, run->id, run->finished_usec);
        case CHANGE_REMINDER:
                return keep_incident(s, was->incident, run->id, run->finished_usec, f->silenced_usec);
        case CHANGE_NONE:
        case CHANGE_FLAPPING:
        case CHANGE_SETTLED:
        case CHANGE_COUNT:
                break;
        }
        return r;
}

static int put_finding(struct store *s, const struct run *run, const struct finding_now *f) {
        struct alert_state was;
        int r = store_alert_state(s, f->subject, &was);
        if (r < 0)
                return r;
        enum change change = alert_incident(was.incident != 0, was.cause, f->cause);
        r = step_incident(s, run, f, &was, change);
        struct alert_state now = was;
        if (!alert_is_neutral(f->cause)) {
                now.changes = alert_history(was.changes, change == CHANGE_BEGAN || change == CHANGE_CHANGED || change == CHANGE_ENDED);
                bool flapping = alert_is_flapping(was.flapping_usec != 0, now.changes);
                now.flapping_usec = !flapping ? 0 : was.flapping_usec ? was.flapping_usec : run->finished_usec;
        }
        if (f->trunk_id && (cause_info(f->cause)->outcome != OUTCOME_UNTESTED || alert_is_deliberate(f->cause)))
                now.untested_usec = 0;
        else if (r == 0 && f->trunk_id && was.untested_usec == 0)
                r = last_tested(s, run, f->trunk_id, &now.untested_usec);
        bool same = now.changes == was.changes && now.flapping_usec == was.flapping_usec && now.untested_usec == was.untested_usec;
        return r < 0 || same ? r : put_watch(s, f->subject, &now);
}

static int end_absent(struct store *s, const struct run *run) {
        _cleanup_(query_end) struct query incidents = query_begin(s, STATEMENT_END_INCIDENTS, "end incidents");
        bind_integer(&incidents, ":run", run->id);
        bind_integer(&incidents, ":now", run->finished_usec);
        int r = query_run(&incidents);
        _cleanup_(query_end) struct query watches = query_begin(s, STATEMENT_END_WATCHES, "end watches");
        bind_integer(&watches, ":run", run->id);
        return r < 0 ? r : query_run(&watches);
}

int store_put_incidents(struct store *s, const struct run *run, const struct result *results, size_t n) {
        int r = put_finding(s, run, &(struct finding_now){STORE_SUBJECT_PLATFORM, NULL, run->platform.cause, run->silenced_until_usec});
        if (r == 0)
                r = put_finding(s, run, &(struct finding_now){STORE_SUBJECT_CLOCK, NULL, run->clock.cause, run->silenced_until_usec});
        for (size_t i = 0; r == 0 && i < n; i++) {
                char subject[STORE_SUBJECT_MAX];
                const struct result *result = &results[i];
                (void)snprintf(subject, sizeof subject, STORE_SUBJECT_TRUNK "%s", result->trunk->id);
                r = put_finding(s, run,
                                &(struct finding_now){subject, result->trunk->id, result->verdict.cause, result->silenced_until_usec});
        }
        return r == 0 && run->state == RUN_DONE && !run->partial ? end_absent(s, run) : r;
}

/* -- what was told -------------------------------------------------------------------------------------------------------------- */

static const char *announced_word(const struct announcement *a) {
        return cause_info(a->cause == CAUSE_COUNT ? CAUSE_RUN_ENDED : a->cause)->word;
}

static int put_telling(struct store *s, const struct announcement *a, size_t n) {
        int r = 0;
        for (size_t i = 0; r == 0 && i < n; i++) {
                _cleanup_(query_end) struct query q = query_begin(s, STATEMENT_PUT_TELLING, "store what is being told");
                bind_text(&q, ":subject", a[i].subject);
                bind_text(&q, ":cause", announced_word(&a[i]));
                r = query_run(&q);
        }
        return r;
}

int store_begin_telling(struct store *s, const struct announcement *a, size_t n) {
        if (n == 0)
                return 0;
        int r = transaction_begin(s);
        return r < 0 ? r : transaction_end(s, put_telling(s, a, n));
}

static int drop_telling(struct store *s, const char *subject) {
        _cleanup_(query_end) struct query q = query_begin(s, STATEMENT_DROP_TELLING, "note what was told");
        bind_text(&q, ":subject", subject);
        return query_run(&q);
}

static int put_announcement(struct store *s, const struct announcement *a, int64_t now_usec) {
        _cleanup_(query_end) struct query q = query_begin(s, a->ends ? STATEMENT_DROP_ANNOUNCEMENT : STATEMENT_PUT_ANNOUNCEMENT,
                                                          "store an announcement");
        bind_text(&q, ":subject", a->subject);
        if (!a->ends) {
                bind_text(&q, ":cause", announced_word(a));
                bind_optional(&q, ":run", a->run);
                bind_integer(&q, ":told", now_usec);
        }
        int r = query_run(&q);
        return r == 0 && a->ends ? end_incident(s, a->subject, a->run, now_usec) : r;
}

static int count_told(struct store *s, const char *subject, int64_t now_usec) {
        _cleanup_(query_end) struct query incident = query_begin(s, STATEMENT_INCIDENT_TOLD, "count an alert");
        bind_text(&incident, ":subject", subject);
        bind_integer(&incident, ":now", now_usec);
        int r = query_run(&incident);
        _cleanup_(query_end) struct query watch = query_begin(s, STATEMENT_WATCH_TOLD, "note an alert");
        bind_text(&watch, ":subject", subject);
        return r < 0 ? r : query_run(&watch);
}

static int put_announcements(struct store *s, const struct announcement *a, size_t n, int64_t now_usec) {
        int r = 0;
        for (size_t i = 0; r == 0 && i < n; i++) {
                r = put_announcement(s, &a[i], now_usec);
                if (r == 0)
                        r = drop_telling(s, a[i].subject);
                if (r == 0)
                        r = count_told(s, a[i].subject, now_usec);
        }
        return r;
}

int store_put_announcements(struct store *s, const struct announcement *a, size_t n, int64_t now_usec) {
        int r = transaction_begin(s);
        return r < 0 ? r : transaction_end(s, put_announcements(s, a, n, now_usec));
}
