/* telling.c: from a run's results to events. */
#include "telling.h"

#include <stdio.h>

#include "../common/alert.h"
#include "../common/report.h"
#include "../common/silence.h"
#include "news.h"

/* Changes of this run, gathered before anything is told. */
struct gathered {
        struct announcement *announcements;
        char (*subjects)[STORE_SUBJECT_MAX];
        struct result *results; /* change is set */
        enum change clock, platform;
        struct table *untested; /* rows are told, unless they are silenced */
        bool *untested_told;
        size_t n_announcements, n_trunk_changes, n_untested;
};

static void announce(const struct telling *t, struct gathered *g, const char *subject, enum cause cause, bool ends) {
        (void)snprintf(g->subjects[g->n_announcements], STORE_SUBJECT_MAX, "%s", subject);
        g->announcements[g->n_announcements] = (struct announcement){
                .subject = g->subjects[g->n_announcements], .cause = cause, .run = t->is_kept ? 0 : t->run->id, .ends = ends};
        g->n_announcements++;
}

static enum change note(const struct telling *t, struct gathered *g, const char *subject, enum cause now, int64_t silenced_usec) {
        struct alert_state state = {0};
        if (silenced_usec != 0)
                return CHANGE_NONE; /* what is silent now is told when it no longer is */
        int r = t->is_unread ? -EIO : store_alert_state(t->store, subject, &state);
        if (r != 0 && !t->is_kept)
                return CHANGE_NONE;
        state.known |= backlog_announced(t->backlog, subject, &state.told, &state.told_usec) == 0;
        enum change change = alert_next(&state, t->config->alerts.flap_detection, now, t->run->finished_usec,
                                        t->config->alerts.reminder_usec);
        if (change != CHANGE_NONE)
                announce(t, g, subject, alert_cause(state.known, state.told, now), false);
        return change;
}

static int64_t incident_of(const struct telling *t, const char *kind, const char *id) {
        char subject[STORE_SUBJECT_MAX];
        int64_t alert_id = 0;
        (void)snprintf(subject, sizeof subject, "%s%s", kind, id);
        if (!t->is_unread)
                (void)store_alert_id(t->store, subject, &alert_id);
        return alert_id;
}

static const char *const change_phrases[CHANGE_COUNT] = {
        [CHANGE_NONE] = "",
        [CHANGE_BEGAN] = "",
        [CHANGE_CHANGED] = "now ",
        [CHANGE_ENDED] = "again ",
        [CHANGE_REMINDER] = "still ",
        [CHANGE_FLAPPING] = "changes all the time; now ",
        [CHANGE_SETTLED] = "no longer changes all the time; now ",
};

static void tell_trunk(const struct telling *t, const struct result *r) {
        static const enum event events[CHANGE_COUNT] = {
                [CHANGE_BEGAN] = EVENT_TRUNK_FAILED,      [CHANGE_CHANGED] = EVENT_TRUNK_CHANGED,   [CHANGE_ENDED] = EVENT_TRUNK_RECOVERED,
                [CHANGE_REMINDER] = EVENT_TRUNK_REMINDER, [CHANGE_FLAPPING] = EVENT_TRUNK_FLAPPING, [CHANGE_SETTLED] = EVENT_TRUNK_SETTLED,
        };
        const struct cause_info *info = cause_info(r->verdict.cause);
        const char *name = r->trunk->name ? r->trunk->name : r->trunk->id;
        const struct journal_fields f = {
                .run = t->is_kept ? 0 : t->run->id,
                .incident = incident_of(t, STORE_SUBJECT_TRUNK, r->trunk->id),
                .change = change_word(r->change),
                .subject = name,
                .trunk = r->trunk->name,
                .trunk_id = r->trunk->id,
                .carrier = r->evidence ? r->evidence->target : NULL,
                .verdict = &r->verdict,
                .correlation_id = r->trunk->correlation_id,
        };
        int priority = r->change == CHANGE_FLAPPING && info->priority > LOG_WARNING ? LOG_WARNING : -1;
        if (info->outcome == OUTCOME_PASS)
                journal_event(t->journal, events[r->change], priority, &f, "%s: %s%s: %s", name, change_phrases[r->change],
                              outcome_word(info->outcome), info->sentence);
        else
                journal_event(t->journal, events[r->change], priority, &f, "%s: %s%s, %s: %s (%s) %s%s", name, change_phrases[r->change],
                              outcome_word(info->outcome), info->word, info->sentence, r->verdict.detail, info->remedy,
                              changes_text(t->changes, r->trunk->id));
}

#define RUN_NAME_MAX 60

static const char *run_name(const struct telling *t, char ret[static RUN_NAME_MAX]) {
        if (t->is_kept)
                return "a run that is kept in memory";
        (void)snprintf(ret, RUN_NAME_MAX, "run %lld", (long long)t->run->id);
        return ret;
}

static void tell_summary(const struct telling *t, const struct gathered *g, size_t n_results) {
        char name[RUN_NAME_MAX];
        size_t counts[CHANGE_COUNT] = {0};
        for (size_t i = 0; i < n_results; i++)
                counts[g->results[i].change]++;
        const struct journal_fields f = {.run = t->is_kept ? 0 : t->run->id, .change = "summary", .subject = "many trunks"};
        journal_event(t->journal, EVENT_TRUNKS_SUMMARY, counts[CHANGE_BEGAN] + counts[CHANGE_CHANGED] > 0 ? LOG_ERR : LOG_WARNING, &f,
                      "%zu trunks changed in %s: %zu failed, %zu failed for another cause, %zu recovered, %zu reminders, %zu began and "
                      "%zu ceased to change all the time; see the view failures",
                      g->n_trunk_changes, run_name(t, name), counts[CHANGE_BEGAN], counts[CHANGE_CHANGED], counts[CHANGE_ENDED],
                      counts[CHANGE_REMINDER], counts[CHANGE_FLAPPING], counts[CHANGE_SETTLED]);
}

/* more: what follows the verdict, "" = nothing. */
static void tell_part(const struct telling *t, enum change change, const struct verdict *v, const char *subject, enum event bad,
                      enum event good, const char *correlation_id, const char *more) {
        if (change == CHANGE_NONE)
                return;
        const struct cause_info *info = cause_info(v->cause);
        /* The last request that failed is the one that decided. */
        const struct refusal *last = v == &t->run->platform && t->refusals->n > 0 ? &t->refusals->items[t->refusals->n - 1] : NULL;
        const struct journal_fields f = {
                .run = t->is_kept ? 0 : t->run->id,
                .incident = incident_of(t, subject, ""),
                .change = change_word(change),
                .subject = subject,
                .verdict = v,
                .correlation_id = correlation_id,
                .context_id = last ? last->context_id : NULL,
                .cf_id = last ? last->cf_id : NULL,
        };
        const char *phrase = change == CHANGE_FLAPPING  ? "It changes all the time; now: "
                             : change == CHANGE_SETTLED ? "It no longer changes all the time; now: "
                                                        : "";
        journal_event(t->journal, info->outcome == OUTCOME_PASS ? good : bad, -1, &f, "%s%s%s%s%s%s", phrase, info->sentence,
                      v->detail[0] ? " (" : "", v->detail, v->detail[0] ? ")" : "", more);
}

/* How old the list of trunks is, in brackets, when it was not read in this run; "" else. */
static const char *known_since(const struct telling *t, char ret[static REPORT_AGE_MAX + 16]) {
        char age[REPORT_AGE_MAX];
        ret[0] = '\0';
        report_age(age, t->run->trunks_known_usec, t->run->started_usec);
        if (t->asks_platform && t->run->trunks_known_usec < t->run->started_usec)
                (void)snprintf(ret, REPORT_AGE_MAX + 16, " (trunks %s)", age);
        return ret;
}

static void tell_untested(const struct telling *t, const struct table *rows, size_t i) {
        const char *name = table_text(rows, i, "trunk"), *id = table_text(rows, i, "trunk_id"), *since = table_text(rows, i, "since");
        bool began = text_eq(table_text(rows, i, "change"), "began");
        struct verdict v = {.cause = CAUSE_RUN_ENDED};
        (void)cause_from_word(table_text(rows, i, "cause"), &v.cause);
        (void)snprintf(v.detail, sizeof v.detail, "%s", table_text(rows, i, "detail"));
        const struct journal_fields f = {
                .run = t->is_kept ? 0 : t->run->id,
                .incident = incident_of(t, STORE_SUBJECT_UNTESTED, id),
                .change = change_word(began ? CHANGE_BEGAN : CHANGE_ENDED),
                .subject = name,
                .trunk = name,
                .trunk_id = id,
                .verdict = &v,
        };
        const struct cause_info *info = cause_info(v.cause);
        if (began)
                journal_event(t->journal, EVENT_TRUNK_UNTESTED, LOG_ERR, &f,
                              "%s: its credentials were not tested since %s; now %s: %s (%s) %s", name, since, info->word, info->sentence,
                              v.detail, info->remedy);
        else
                journal_event(t->journal, EVENT_TRUNK_TESTED, LOG_INFO, &f, "%s: %s; now %s: %s", name,
                              alert_is_deliberate(v.cause) ? "no longer meant to be tested" : "its credentials are tested again",
                              info->word, info->sentence);
}

static void tell_untested_summary(const struct telling *t, const struct gathered *g) {
        size_t began = 0;
        for (size_t i = 0; i < g->untested->rows; i++)
                began += g->untested_told[i] && text_eq(table_text(g->untested, i, "change"), "began");
        const struct journal_fields f = {.run = t->run->id, .change = "summary", .subject = "many trunks"};
        journal_event(t->journal, EVENT_TRUNKS_SUMMARY, began > 0 ? LOG_ERR : LOG_INFO, &f,
                      "%zu trunks were not tested for too long by run %lld, and %zu are tested again; see the view incidents", began,
                      (long long)t->run->id, g->n_untested - began);
}

static void tell_all_untested(const struct telling *t, const struct gathered *g) {
        if (g->n_untested > t->config->alerts.summary_above) {
                tell_untested_summary(t, g);
                return;
        }
        for (size_t i = 0; g->untested && i < g->untested->rows; i++)
                if (g->untested_told[i])
                        tell_untested(t, g->untested, i);
}

/* Tells what changed, then remembers that it was told: a crash in between tells it twice, or what has become of it by then. */
static void tell(const struct telling *t, struct gathered *g, size_t n_results) {
        char age[REPORT_AGE_MAX + 16];
        if (!t->is_kept) /* should this fail, so does the note below, and that is told */
                (void)store_begin_telling(t->store, g->announcements, g->n_announcements);
        if (g->n_trunk_changes > t->config->alerts.summary_above)
                tell_summary(t, g, n_results);
        else
                for (size_t i = 0; i < n_results; i++)
                        if (g->results[i].change != CHANGE_NONE)
                                tell_trunk(t, &g->results[i]);
        tell_all_untested(t, g);
        tell_part(t, g->platform, &t->run->platform, STORE_SUBJECT_PLATFORM, EVENT_PLATFORM_FAILED, EVENT_PLATFORM_RECOVERED,
                  t->run->correlation_id, known_since(t, age));
        tell_part(t, g->clock, &t->run->clock, STORE_SUBJECT_CLOCK, EVENT_CLOCK_OFF, EVENT_CLOCK_RECOVERED, NULL, "");
        int r = t->is_kept ? -EIO : store_put_announcements(t->store, g->announcements, g->n_announcements, t->run->finished_usec);
        if (r != 0 && t->backlog)
                backlog_announce(t->backlog, g->announcements, g->n_announcements, t->run->finished_usec);
        if (t->is_kept) /* differences wait until they are stored */
                return;
        if (r == 0)
                r = news_tell(t->journal, t->store, t->run, t->config->alerts.summary_above);
        if (r != 0 && t->backlog)
                backlog_trouble(t->backlog, "note what was told", NULL);
        else if (r != 0)
                journal_event(t->journal, EVENT_STORE_FAILED, LOG_ERR, NULL, "Unable to note in %s what was told: %s", store_path(t->store),
                              store_error(t->store));
}

/* How long a trunk may be untested: an interval longer than that would make every run an alert. */
static int64_t untested_before(const struct telling *t) {
        uint64_t after_usec = t->config->alerts.untested_after_usec, intervals_usec = 2 * t->config->schedule.interval_usec;
        return t->run->finished_usec - (int64_t)(after_usec > intervals_usec ? after_usec : intervals_usec);
}

/* Returns 0, -ENOMEM, or what store_untested_news() does. */
static int note_untested(const struct telling *t, struct gathered *g) {
        if (t->config->alerts.untested_after_usec == 0 || t->is_kept)
                return 0;
        int r = store_untested_news(t->store, t->run->id, untested_before(t), &g->untested);
        if (r < 0)
                return r;
        g->untested_told = calloc(g->untested->rows + 1, sizeof *g->untested_told);
        if (!g->untested_told)
                return -ENOMEM;
        for (size_t i = 0; r == 0 && i < g->untested->rows; i++) {
                const char *id = table_text(g->untested, i, "trunk_id"), *name = table_text(g->untested, i, "trunk");
                char subject[STORE_SUBJECT_MAX];
                struct silence silence;
                enum cause cause = CAUSE_RUN_ENDED;
                if (silence_find(t->config, id, name, t->run->finished_usec, &silence))
                        continue;
                bool began = text_eq(table_text(g->untested, i, "change"), "began");
                (void)snprintf(subject, sizeof subject, STORE_SUBJECT_UNTESTED "%s", id);
                (void)cause_from_word(table_text(g->untested, i, "cause"), &cause);
                if (began)
                        r = store_open_incident(t->store, subject, cause, t->run->id,
                                                strtoll(table_text(g->untested, i, "since_usec"), NULL, 10), t->run->finished_usec);
                g->untested_told[i] = true;
                g->n_untested++;
                announce(t, g, subject, cause, !began);
        }
        return r;
}

static int gather(const struct telling *t, struct gathered *g) {
        for (size_t i = 0; i < t->n; i++) {
                struct result *r = &g->results[i];
                char subject[STORE_SUBJECT_MAX];
                (void)snprintf(subject, sizeof subject, STORE_SUBJECT_TRUNK "%s", r->trunk->id);
                r->change = note(t, g, subject, r->verdict.cause, r->silenced_until_usec);
                g->n_trunk_changes += r->change != CHANGE_NONE;
        }
        g->platform = note(t, g, STORE_SUBJECT_PLATFORM, t->run->platform.cause, t->run->silenced_until_usec);
        g->clock = note(t, g, STORE_SUBJECT_CLOCK, t->run->clock.cause, t->run->silenced_until_usec);
        return note_untested(t, g);
}

int telling(const struct telling *t) {
        struct gathered g = {.results = t->results};
        /* A trunk may be told of twice: its cause, and that it was not tested for long. */
        size_t room = 2 * t->n + 2;
        g.announcements = calloc(room, sizeof *g.announcements);
        g.subjects = calloc(room, sizeof *g.subjects);
        int r = !g.announcements || !g.subjects ? -ENOMEM : gather(t, &g);
        if (r >= 0)
                tell(t, &g, t->n);
        free(g.announcements);
        free(g.subjects);
        free(g.untested_told);
        (void)table_free(g.untested);
        return r;
}

void telling_end(const struct telling *t) {
        const struct run *run = t->run;
        const struct journal_fields f = {.run = t->is_kept ? 0 : run->id};
        bool done = run->state == RUN_DONE;
        char age[REPORT_AGE_MAX + 16], name[RUN_NAME_MAX];
        enum event event = t->is_kept ? EVENT_RUN_KEPT : done ? EVENT_RUN_DONE : EVENT_RUN_ENDED_EARLY;
        if (t->is_kept)
                (void)snprintf(name, sizeof name, "A run that is kept in memory, not stored yet,");
        else
                (void)snprintf(name, sizeof name, "Run %lld", (long long)run->id);
        journal_event(t->journal, event, done && !t->is_kept ? LOG_INFO : LOG_WARNING, &f,
                      "%s %s: %u trunks, %u pass, %u warn, %u fail, %u untested; platform %s%s, clock %s", name,
                      done ? "done" : "ended early", run->n_trunks, run->n_pass, run->n_warn, run->n_fail, run->n_untested,
                      cause_info(run->platform.cause)->word, known_since(t, age), cause_info(run->clock.cause)->word);
}
