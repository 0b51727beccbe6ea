/* store_drift.c: differences between platform, configuration and carrier: a row for each stretch of runs with the same values. */
#include "drift.h"
#include "store_private.h"
#include "utf8.h"

static void driftsp(struct drift (*d)[DRIFT_FIELD_COUNT]) {
        drift_clear(*d);
}

/* The differences that are there until now; of the other fields nothing is known. */
static int read_known(struct store *s, const char *trunk_id, struct drift ret[static DRIFT_FIELD_COUNT]) {
        _cleanup_(query_end) struct query q = query_begin(s, STATEMENT_KNOWN_DIFFERENCES, "read differences");
        bind_text(&q, ":trunk", trunk_id);
        int r;
        while ((r = query_step(&q)) == 0)
                for (enum drift_field f = DRIFT_REALM; f < DRIFT_FIELD_COUNT; f++) {
                        if (!text_eq((const char *)sqlite3_column_text(q.statement, 0), drift_field_word(f)))
                                continue;
                        for (int i = 0; i < DRIFT_SOURCE_COUNT; i++) {
                                const char *value = (const char *)sqlite3_column_text(q.statement, i + 1);
                                if (value && !(ret[f].says[i] = strdup(value)))
                                        return store_complain(s, -ENOMEM, "unable to read differences: out of memory");
                        }
                }
        return r < 0 ? r : 0;
}

static int run_change(struct store *s, enum statement which, const struct run *run, const char *trunk_id, enum drift_field field) {
        _cleanup_(query_end) struct query q = query_begin(s, which, "store a difference");
        bind_text(&q, ":trunk", trunk_id);
        bind_text(&q, ":field", drift_field_word(field));
        bind_integer(&q, ":now", run->finished_usec);
        if (which == STATEMENT_KEEP_DIFFERENCE)
                bind_integer(&q, ":run", run->id);
        return query_run(&q);
}

static int put_difference(struct store *s, const struct run *run, const char *trunk_id, enum drift_field field, const struct drift *d) {
        _cleanup_(query_end) struct query q = query_begin(s, STATEMENT_PUT_DIFFERENCE, "store a difference");
        bind_text(&q, ":trunk", trunk_id);
        bind_text(&q, ":field", drift_field_word(field));
        bind_text(&q, ":platform", d->says[DRIFT_PLATFORM]);
        bind_text(&q, ":config", d->says[DRIFT_CONFIG]);
        bind_text(&q, ":carrier", d->says[DRIFT_CARRIER]);
        bind_integer(&q, ":run", run->id);
        bind_integer(&q, ":now", run->finished_usec);
        return query_run(&q);
}

static bool is_known(const struct drift *known) {
        for (size_t i = 0; i < DRIFT_SOURCE_COUNT; i++)
                if (known->says[i])
                        return true;
        return false;
}

/* What is not UTF-8 was kept repaired, see bind_text(). */
static int is_kept(const char *text, const char *kept) {
        _cleanup_(freep) char *repaired = NULL;
        if (!text || !kept || utf8_valid(text))
                return text_eq(text, kept);
        int r = utf8_repair(&repaired, text);
        return r < 0 ? r : text_eq(repaired, kept);
}

/* 1, 0, or -ENOMEM. */
static int is_as_known(const struct drift *d, const struct drift *known) {
        int r = 1;
        for (size_t i = 0; r > 0 && i < DRIFT_SOURCE_COUNT; i++)
                r = is_kept(d->says[i], known->says[i]);
        return r;
}

int store_put_drift(struct store *s, const struct run *run, const struct result *result) {
        _cleanup_(driftsp) struct drift known[DRIFT_FIELD_COUNT] = {0}, d[DRIFT_FIELD_COUNT] = {0};
        const char *trunk_id = result->trunk->id;
        int r = read_known(s, trunk_id, known);
        if (r < 0)
                return r;
        r = drift_read(d, result->trunk, result->evidence);
        for (size_t i = 0; r == 0 && i < DRIFT_FIELD_COUNT; i++)
                r = drift_recall(&d[i], &known[i]);
        for (enum drift_field f = DRIFT_REALM; r == 0 && f < DRIFT_FIELD_COUNT; f++) {
                bool was = is_known(&known[f]), is = drift_differs(d, f);
                int same = was && is ? is_as_known(&d[f], &known[f]) : 0;
                if (same < 0)
                        r = same;
                else if (was)
                        r = run_change(s, same ? STATEMENT_KEEP_DIFFERENCE : STATEMENT_END_DIFFERENCE, run, trunk_id, f);
                if (r == 0 && is && !same)
                        r = put_difference(s, run, trunk_id, f, &d[f]);
        }
        return r == -ENOMEM ? store_complain(s, r, "unable to compare what is said of a trunk: out of memory") : r;
}

int store_end_drift(struct store *s, const struct run *run) {
        _cleanup_(query_end) struct query q = query_begin(s, STATEMENT_END_DIFFERENCES, "store a difference");
        bind_integer(&q, ":run", run->id);
        bind_integer(&q, ":now", run->finished_usec);
        return query_run(&q);
}

static int put_told(struct store *s, const struct table *news) {
        int r = 0;
        for (size_t i = 0; r == 0 && i < news->rows; i++) {
                _cleanup_(query_end) struct query q = query_begin(s, STATEMENT_DIFFERENCE_TOLD, "note what was told");
                bind_integer(&q, ":id", strtoll(table_text(news, i, "id"), NULL, 10));
                r = query_run(&q);
        }
        return r;
}

int store_drift_told(struct store *s, const struct table *news) {
        int r = transaction_begin(s);
        return r < 0 ? r : transaction_end(s, put_told(s, news));
}
