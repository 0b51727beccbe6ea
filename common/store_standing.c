/* store_standing.c: how each trunk stands over all of its runs, and how many runs there were. */
#include "store_private.h"

/* The soonest end of the certificates that a probe saw; 0 = it saw none. */
static int64_t soonest_end(const struct evidence *e) {
        int64_t ends_sec = 0;
        for (size_t i = 0; e && i < e->n_targets; i++) {
                const struct tls_facts *tls = e->targets[i].tls;
                if (tls && tls->not_after_sec > 0 && (ends_sec == 0 || tls->not_after_sec < ends_sec))
                        ends_sec = tls->not_after_sec;
        }
        return ends_sec;
}

int store_put_standing(struct store *s, const struct run *run, const struct result *result) {
        enum outcome outcome = verdict_outcome(&result->verdict);
        bool tested = outcome != OUTCOME_UNTESTED, passed = outcome == OUTCOME_PASS || outcome == OUTCOME_WARN;
        int64_t ends_sec = soonest_end(result->evidence);
        if (!tested && ends_sec == 0)
                return 0;
        _cleanup_(query_end) struct query q = query_begin(s, STATEMENT_PUT_STANDING, "store how a trunk stands");
        bind_text(&q, ":trunk", result->trunk->id);
        bind_optional(&q, ":tested", tested ? run->started_usec : 0);
        bind_optional(&q, ":passed", passed ? run->started_usec : 0);
        bind_optional(&q, ":certificate", ends_sec);
        return query_run(&q);
}

int store_count_runs(struct store *s, int64_t since_usec, struct run_counts *ret) {
        struct run_counts counts = {0};
        _cleanup_(query_end) struct query q = query_begin(s, STATEMENT_COUNT_RUNS, "count runs");
        bind_integer(&q, ":since", since_usec);
        int r;
        while ((r = query_step(&q)) == 0) {
                const char *word = (const char *)sqlite3_column_text(q.statement, 0);
                int64_t newest = sqlite3_column_int64(q.statement, 2);
                for (enum run_state state = 0; state < RUN_STATES; state++)
                        if (text_eq(word, run_state_word(state)))
                                counts.of[state] += (unsigned)sqlite3_column_int64(q.statement, 1);
                counts.newest = newest > counts.newest ? newest : counts.newest;
        }
        if (r < 0)
                return r;
        *ret = counts;
        return 0;
}
