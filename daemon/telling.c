/* telling.c: from a run's results to events. */
#include "telling.h"

#include <stdio.h>

#include "../common/alert.h"
#include "../common/report.h"
#include "news.h"

#define SUBJECT_CLOCK "clock"
#define SUBJECT_PLATFORM "platform"
#define SUBJECT_MAX 300

/* Changes of this run, gathered before anything is told. */
struct gathered {
        struct announcement *announcements;
        char (*subjects)[SUBJECT_MAX];
        struct result *results; /* change is set */
        enum change clock, platform;
        size_t n_announcements, n_trunk_changes;
};

static enum change note(const struct telling *t, struct gathered *g, const char *subject, enum cause now) {
        enum cause told = now;
        int64_t told_usec = 0;
        bool known = store_announced(t->store, subject, &told, &told_usec) == 0;
        enum change change = alert_change(known, told, told_usec, now, t->run->finished_usec, t->config->alerts.reminder_usec);
        if (change == CHANGE_NONE)
                return change;
        (void)snprintf(g->subjects[g->n_announcements], SUBJECT_MAX, "%s", subject);
        g->announcements[g->n_announcements] = (struct announcement){
                .subject = g->subjects[g->n_announcements], .cause = alert_cause(known, told, now), .run = t->run->id};
        g->n_announcements++;
        return change;
}

static void tell_trunk(const struct telling *t, const struct result *r) {
        static const enum event events[] = {
                [CHANGE_BEGAN] = EVENT_TRUNK_FAILED,
                [CHANGE_CHANGED] = EVENT_TRUNK_CHANGED,
                [CHANGE_ENDED] = EVENT_TRUNK_RECOVERED,
                [CHANGE_REMINDER] = EVENT_TRUNK_REMINDER,
        };
        static const char *const words[] = {
                [CHANGE_BEGAN] = "", [CHANGE_CHANGED] = "now ", [CHANGE_ENDED] = "again ", [CHANGE_REMINDER] = "still "};
        const struct cause_info *info = cause_info(r->verdict.cause);
        const struct journal_fields f = {
                .run = t->run->id,
                .trunk = r->trunk->name,
                .trunk_id = r->trunk->id,
                .carrier = r->evidence ? r->evidence->target : NULL,
                .verdict = &r->verdict,
                .correlation_id = r->trunk->correlation_id,
        };
        const char *name = r->trunk->name ? r->trunk->name : r->trunk->id;
        if (info->outcome == OUTCOME_PASS)
                journal_event(t->journal, events[r->change], -1, &f, "%s: %s%s: %s", name, words[r->change], outcome_word(info->outcome),
                              info->sentence);
        else
                journal_event(t->journal, events[r->change], -1, &f, "%s: %s%s, %s: %s (%s) %s%s", name, words[r->change],
                              outcome_word(info->outcome), info->word, info->sentence, r->verdict.detail, info->remedy,
                              changes_text(t->changes, r->trunk->id));
}

static void tell_summary(const struct telling *t, const struct gathered *g, size_t n_results) {
        size_t counts[CHANGE_REMINDER + 1] = {0};
        for (size_t i = 0; i < n_results; i++)
                counts[g->results[i].change]++;
        const struct journal_fields f = {.run = t->run->id};
        journal_event(t->journal, EVENT_TRUNKS_SUMMARY, counts[CHANGE_BEGAN] + counts[CHANGE_CHANGED] > 0 ? LOG_ERR : LOG_WARNING, &f,
                      "%zu trunks changed in run %lld: %zu failed, %zu failed for another cause, %zu recovered, %zu reminders; see the "
                      "view failures",
                      g->n_trunk_changes, (long long)t->run->id, counts[CHANGE_BEGAN], counts[CHANGE_CHANGED], counts[CHANGE_ENDED],
                      counts[CHANGE_REMINDER]);
}

/* more: what follows the verdict, "" = nothing. */
static void tell_part(const struct telling *t, enum change change, const struct verdict *v, enum event bad, enum event good,
                      const char *correlation_id, const char *more) {
        const struct cause_info *info = cause_info(v->cause);
        /* The last request that failed is the one that decided. */
        const struct refusal *last = v == &t->run->platform && t->refusals->n > 0 ? &t->refusals->items[t->refusals->n - 1] : NULL;
        const struct journal_fields f = {
                .run = t->run->id,
                .verdict = v,
                .correlation_id = correlation_id,
                .context_id = last ? last->context_id : NULL,
                .cf_id = last ? last->cf_id : NULL,
        };
        if (change != CHANGE_NONE)
                journal_event(t->journal, change == CHANGE_ENDED ? good : bad, -1, &f, "%s%s%s%s%s", info->sentence,
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

/* Tells what changed, then remembers that it was told: a crash in between tells it twice, never loses it. */
static void tell(const struct telling *t, struct gathered *g, size_t n_results) {
        char age[REPORT_AGE_MAX + 16];
        if (g->n_trunk_changes > t->config->alerts.summary_above)
                tell_summary(t, g, n_results);
        else
                for (size_t i = 0; i < n_results; i++)
                        if (g->results[i].change != CHANGE_NONE)
                                tell_trunk(t, &g->results[i]);
        tell_part(t, g->platform, &t->run->platform, EVENT_PLATFORM_FAILED, EVENT_PLATFORM_RECOVERED, t->run->correlation_id,
                  known_since(t, age));
        tell_part(t, g->clock, &t->run->clock, EVENT_CLOCK_OFF, EVENT_CLOCK_RECOVERED, NULL, "");
        int r = store_put_announcements(t->store, g->announcements, g->n_announcements, t->run->finished_usec);
        if (r == 0)
                r = news_tell(t->journal, t->store, t->run, t->config->alerts.summary_above);
        if (r != 0)
                journal_event(t->journal, EVENT_STORE_FAILED, LOG_ERR, NULL, "Unable to note in %s what was told: %s", store_path(t->store),
                              store_error(t->store));
}

int telling(const struct telling *t) {
        struct gathered g = {.results = t->results};
        _cleanup_(freep) struct announcement *announcements = calloc(t->n + 2, sizeof *announcements);
        _cleanup_(freep) char(*subjects)[SUBJECT_MAX] = calloc(t->n + 2, sizeof *subjects);
        if (!announcements || !subjects)
                return -ENOMEM;
        g.announcements = announcements;
        g.subjects = subjects;
        for (size_t i = 0; i < t->n; i++) {
                char subject[SUBJECT_MAX];
                (void)snprintf(subject, sizeof subject, "trunk:%s", g.results[i].trunk->id);
                g.results[i].change = note(t, &g, subject, g.results[i].verdict.cause);
                g.n_trunk_changes += g.results[i].change != CHANGE_NONE;
        }
        g.platform = note(t, &g, SUBJECT_PLATFORM, t->run->platform.cause);
        g.clock = note(t, &g, SUBJECT_CLOCK, t->run->clock.cause);
        tell(t, &g, t->n);
        return 0;
}

void telling_end(const struct telling *t) {
        const struct run *run = t->run;
        const struct journal_fields f = {.run = run->id};
        bool done = run->state == RUN_DONE;
        char age[REPORT_AGE_MAX + 16];
        journal_event(t->journal, done ? EVENT_RUN_DONE : EVENT_RUN_ENDED_EARLY, done ? LOG_INFO : LOG_WARNING, &f,
                      "Run %lld %s: %u trunks, %u pass, %u warn, %u fail, %u untested; platform %s%s, clock %s", (long long)run->id,
                      done ? "done" : "ended early", run->n_trunks, run->n_pass, run->n_warn, run->n_fail, run->n_untested,
                      cause_info(run->platform.cause)->word, known_since(t, age), cause_info(run->clock.cause)->word);
}
