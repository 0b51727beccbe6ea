/* news.c: rows of the store that wait to be told → events. */
#include "news.h"

#include <stdio.h>
#include <stdlib.h>

#include "../common/alert.h"

/* -- the list of trunks -------------------------------------------------------------------------------------------------------- */

static size_t count(const struct table *t, const char *change) {
        size_t n = 0;
        for (size_t i = 0; i < t->rows; i++)
                n += text_eq(table_text(t, i, "change"), change);
        return n;
}

static void tell_listing(struct journal *journal, const struct run *run, const struct table *t, unsigned summary_above) {
        if (t->rows > summary_above) {
                journal_event(journal, EVENT_MANY_DIFFERENCES, LOG_WARNING, &(struct journal_fields){.run = run->id},
                              "%zu trunks appeared on the platform and %zu vanished by run %lld; see the view listing_changes",
                              count(t, "appeared"), count(t, "vanished"), (long long)run->id);
                return;
        }
        for (size_t i = 0; i < t->rows; i++) {
                const struct journal_fields f = {
                        .run = run->id, .trunk = table_text(t, i, "trunk"), .trunk_id = table_text(t, i, "trunk_id")};
                bool appeared = text_eq(table_text(t, i, "change"), "appeared");
                journal_event(journal, appeared ? EVENT_TRUNK_APPEARED : EVENT_TRUNK_VANISHED, appeared ? LOG_NOTICE : LOG_WARNING, &f,
                              "%s: %s in its complete list of %s", f.trunk,
                              appeared ? "new on the platform, first" : "gone from the platform, no longer", table_text(t, i, "time"));
        }
}

/* -- trunks that are no longer audited -------------------------------------------------------------------------------------- */

static bool is_open(const struct table *t, size_t row) {
        enum cause cause;
        bool untested = strncmp(table_text(t, row, "subject"), STORE_SUBJECT_UNTESTED, strlen(STORE_SUBJECT_UNTESTED)) == 0;
        return untested || (cause_from_word(table_text(t, row, "cause"), &cause) == 0 && alert_is_bad(cause));
}

static void tell_dropped(struct journal *journal, const struct run *run, const struct table *t, size_t row) {
        const char *name = table_text(t, row, "trunk"), *word = table_text(t, row, "cause");
        const struct journal_fields f = {
                .run = run->id,
                .incident = strtoll(table_text(t, row, "incident"), NULL, 10),
                .change = change_word(CHANGE_ENDED),
                .subject = name,
                .trunk = name,
                .trunk_id = table_text(t, row, "trunk_id"),
        };
        journal_event(journal, EVENT_TRUNK_DROPPED, LOG_NOTICE, &f,
                      "%s: no longer audited, neither the platform nor the configuration has it now; it was told before: %s", name, word);
}

/* What was told of them is over, as their incidents are, and whoever was told hears so. Returns 0 or -errno. */
static int tell_all_dropped(struct journal *journal, struct store *store, const struct run *run, unsigned summary_above) {
        _cleanup_(table_freep) struct table *t = NULL;
        char id[24];
        size_t n = 0;
        if (run->state != RUN_DONE || run->partial) /* it has not all trunks */
                return 0;
        (void)snprintf(id, sizeof id, "%lld", (long long)run->id);
        int r = store_read(store, STORE_VIEW_DROPPED_NEWS, id, 0, &t);
        if (r < 0)
                return r;
        _cleanup_(freep) struct announcement *ended = calloc(t->rows + 1, sizeof *ended);
        if (!ended)
                return -ENOMEM;
        for (size_t i = 0; i < t->rows; i++)
                if (is_open(t, i))
                        ended[n++] = (struct announcement){.subject = table_text(t, i, "subject"), .run = run->id, .ends = true};
        if (n > summary_above)
                journal_event(journal, EVENT_TRUNKS_SUMMARY, LOG_NOTICE,
                              &(struct journal_fields){.run = run->id, .change = "summary", .subject = "many trunks"},
                              "%zu alerts end with run %lld, because their trunks are no longer audited; see the view incidents", n,
                              (long long)run->id);
        for (size_t i = 0; n <= summary_above && i < t->rows; i++)
                if (is_open(t, i))
                        tell_dropped(journal, run, t, i);
        return n == 0 ? 0 : store_put_announcements(store, ended, n, run->finished_usec);
}

/* -- differences -------------------------------------------------------------------------------------------------------------- */

#define SHOWN(value) (value)[0] ? "\"" : "", (value)[0] ? (value) : "nothing", (value)[0] ? "\"" : ""

static void tell_difference(struct journal *journal, const struct run *run, const struct table *t, size_t row) {
        const struct journal_fields f = {
                .run = run->id,
                .trunk = table_text(t, row, "trunk"),
                .trunk_id = table_text(t, row, "trunk_id"),
                .field = table_text(t, row, "field"),
                .platform_value = table_text(t, row, "platform"),
                .config_value = table_text(t, row, "config"),
                .carrier_value = table_text(t, row, "carrier"),
        };
        const char *change = table_text(t, row, "change");
        bool ended = text_eq(change, "ended");
        journal_event(journal, ended ? EVENT_DRIFT_ENDED : EVENT_DRIFT_FOUND, ended ? LOG_INFO : LOG_WARNING, &f,
                      "%s: %s %s: the platform says %s%s%s, the configuration %s%s%s, the carrier %s%s%s", f.trunk, f.field,
                      ended                        ? "no longer differs; before"
                      : text_eq(change, "changed") ? "differs, with other values now"
                                                   : "differs",
                      SHOWN(f.platform_value), SHOWN(f.config_value), SHOWN(f.carrier_value));
}

static void tell_drift(struct journal *journal, const struct run *run, const struct table *t, unsigned summary_above) {
        if (t->rows > summary_above)
                journal_event(
                        journal, EVENT_MANY_DIFFERENCES, LOG_WARNING, &(struct journal_fields){.run = run->id},
                        "%zu values differ between platform, configuration and carrier since run %lld, %zu others changed, and %zu no "
                        "longer differ; see the view drift",
                        count(t, "began"), (long long)run->id, count(t, "changed"), count(t, "ended"));
        else
                for (size_t i = 0; i < t->rows; i++)
                        tell_difference(journal, run, t, i);
}

int news_tell(struct journal *journal, struct store *store, const struct run *run, unsigned summary_above) {
        _cleanup_(table_freep) struct table *listing = NULL, *drift = NULL;
        char id[24];
        (void)snprintf(id, sizeof id, "%lld", (long long)run->id);
        int r = store_read(store, STORE_VIEW_LISTING_NEWS, NULL, 0, &listing);
        if (r == 0)
                r = store_read(store, STORE_VIEW_DRIFT_NEWS, id, 0, &drift);
        if (r == 0) {
                tell_listing(journal, run, listing, summary_above);
                tell_drift(journal, run, drift, summary_above);
        }
        if (r == 0 && listing->rows > 0)
                r = store_listing_told(store);
        if (r == 0 && drift->rows > 0)
                r = store_drift_told(store, drift);
        return r == 0 ? tell_all_dropped(journal, store, run, summary_above) : r;
}
