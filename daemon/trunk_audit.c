/* trunk_audit.c: one trunk in one run. It decides whether the trunk is probed at all, goes through its proxies one after the other, and
 * gathers what the next run must know. Owner of the probe and its evidence. */
#include "trunk_audit.h"

#include <stdio.h>

#include "../common/diagnosis.h"
#include "now.h"

#define WINNER_FIRST_USEC (23 * INT64_C(3600000000)) /* a run less than a day */
#define RETRY_AFTER_MAX_SEC (24 * 3600)              /* a carrier that asks for more is asked again after a day */

struct trunk_audit {
        const struct trunk *trunk;
        struct probe_context context;
        struct probe *probe;
        struct verdict verdict;
        struct evidence evidence;
        struct diagnosis_history history;
        struct trunk_memory memory;
        int64_t settings; /* fingerprint of the trunk's; 0 = unknown */
        struct guard *guard;
        struct guard_trunk spending;
        bool is_counted; /* by the guard: it can be probed */
        struct proxy {   /* of a trunk that is probed on each */
                char target[TARGET_HOST_MAX + 16];
                struct verdict verdict;
                struct evidence evidence;
        } * proxies;
        struct proxy_result *proxy_results; /* as they are stored */
        size_t n_proxies, proxy, worst;     /* proxy: the one under way; worst: the one whose evidence is the trunk's */
        trunk_audit_done_fn *done;
        void *user;
};

/* -- the result --------------------------------------------------------------------------------------------------------- */

static uint64_t latency_of(const struct evidence *e) {
        for (size_t i = 0; i < e->n_exchanges; i++)
                if (e->exchanges[i].rtt_usec)
                        return e->exchanges[i].rtt_usec;
        return 0;
}

/* What the next run must know; NULL when this one learned nothing. */
static const struct trunk_memory *remember(struct trunk_audit *t) {
        const struct evidence *e = &t->evidence;
        bool learned = false;
        for (size_t i = 0; i < e->n_exchanges; i++) {
                const struct exchange *x = &e->exchanges[i];
                if (x->end != EXCHANGE_RESPONDED)
                        continue;
                learned = true;
                if (x->credentialed && x->status < 300) {
                        t->memory.has_algorithm = true;
                        t->memory.algorithm = x->algorithm;
                }
                int64_t wait_sec = x->retry_after_sec < RETRY_AFTER_MAX_SEC ? x->retry_after_sec : RETRY_AFTER_MAX_SEC;
                t->memory.hold_until_usec = wait_sec > 0 ? (int64_t)x->sent_usec + wait_sec * (int64_t)USEC_PER_SEC : 0;
        }
        t->memory.tried = t->history.tried;
        t->memory.winner = t->history.winner;
        t->memory.winner_usec = t->history.winner == HYPOTHESIS_NONE ? 0 : t->history.winner_usec;
        t->memory.settings = t->memory.tried || t->memory.winner != HYPOTHESIS_NONE ? t->settings : 0;
        return learned ? &t->memory : NULL;
}

void trunk_audit_result(struct trunk_audit *t, const struct carrier_clock_policy *policy, struct result *ret) {
        const struct evidence *e = &t->evidence;
        struct carrier_clock clock;
        carrier_clock_read(&clock, e, policy->limit_usec);
        *ret = (struct result){
                .trunk = t->trunk,
                .verdict = t->verdict,
                .evidence = e->target[0] ? e : NULL,
                .requests = (unsigned)e->n_exchanges,
                .credentialed = evidence_credentialed(e),
                .latency_usec = latency_of(e),
                .clock = clock,
                .memory = remember(t),
                .guard = t->is_counted ? &t->spending : NULL,
                .proxies = t->proxy_results,
                .n_proxies = t->n_proxies,
        };
        for (size_t i = 0; i < t->n_proxies; i++)
                t->proxy_results[i] = (struct proxy_result){
                        .target = t->proxies[i].target,
                        .verdict = t->proxies[i].verdict,
                        .latency_usec = latency_of(i == t->worst ? e : &t->proxies[i].evidence),
                        .evidence = i == t->worst ? e : &t->proxies[i].evidence,
                };
        carrier_clock_judge(&clock, policy, &ret->verdict);
        /* Kept for what did not pass, and for the first pass after a change. */
        ret->keep_evidence = verdict_outcome(&ret->verdict) != OUTCOME_PASS || !t->history.known ||
                             t->history.last_cause != ret->verdict.cause;
}

/* -- its probes --------------------------------------------------------------------------------------------------------- */

static int begin_probe(struct trunk_audit *t);

/* Once credentials were refused at one proxy they go to no other: all of them may count against one account. */
static bool is_refused(const struct verdict *v) {
        return guard_is_rejection(v->cause) || v->cause == CAUSE_LOCKOUT_SUSPECTED || v->cause == CAUSE_REFUSAL_UNPROVEN ||
               v->cause == CAUSE_ANSWER_DROPPED;
}

static int badness(const struct verdict *v) {
        static const int order[] = {[OUTCOME_PASS] = 0, [OUTCOME_WARN] = 1, [OUTCOME_UNTESTED] = 2, [OUTCOME_FAIL] = 3};
        return order[verdict_outcome(v)];
}

/* The trunk's verdict and evidence are those of its worst proxy. */
static void choose_worst(struct trunk_audit *t) {
        for (size_t i = 1; i < t->n_proxies; i++)
                if (badness(&t->proxies[i].verdict) > badness(&t->proxies[t->worst].verdict))
                        t->worst = i;
        struct proxy *worst = &t->proxies[t->worst];
        t->verdict = verdict_of(worst->verdict.cause, "%s: %s", worst->target, worst->verdict.detail);
        t->evidence = worst->evidence;
        worst->evidence = (struct evidence){0};
}

/* Goes on with the next proxy; false when there is none left, and the trunk has its verdict. */
static bool next_proxy(struct trunk_audit *t, const struct probe_result *result) {
        struct proxy *done = &t->proxies[t->proxy];
        done->verdict = result->verdict;
        done->evidence = result->evidence;
        bool stop = is_refused(&done->verdict) || result->evidence.cut;
        while (++t->proxy < t->n_proxies) {
                struct proxy *next = &t->proxies[t->proxy];
                if (!stop && begin_probe(t) == 0)
                        return true;
                next->verdict = verdict_of(CAUSE_BUDGET_SPENT, "not probed after %s at %s", cause_info(done->verdict.cause)->word,
                                           done->target);
        }
        choose_worst(t);
        return false;
}

static void on_probe(struct probe *p, struct probe_result *result, void *user) {
        struct trunk_audit *t = user;
        struct probe_result r = *result;
        result->evidence = (struct evidence){0};
        diagnosis_learn(&r.verdict, &r.evidence, &t->history);
        t->probe = probe_free(p);
        if (guard_spend(t->guard, &t->spending, &r.evidence) < 0)
                r.verdict = verdict_of(CAUSE_PROBE_BROKEN, "unable to count what it spent: %s", strerror(ENOMEM));
        if (t->n_proxies == 0) {
                t->verdict = r.verdict;
                t->evidence = r.evidence;
        } else if (next_proxy(t, &r)) {
                return;
        }
        guard_end(t->guard, &t->spending, &t->evidence, &t->verdict, now_realtime());
        t->done(t, t->user);
}

static void restrict_policy(struct diagnosis_policy *policy, const struct evidence *e, void *user) {
        struct trunk_audit *t = user;
        t->spending.untried = diagnosis_untried(t->trunk, &t->history, e) != 0;
        guard_restrict(t->guard, &t->spending, e, policy);
}

static int begin_probe(struct trunk_audit *t) {
        return probe_start(&t->probe, &t->context, t->trunk, t->n_proxies > 0 ? t->proxy : PROBE_EVERY_PROXY, &t->history, on_probe, t);
}

static int prepare_proxies(struct trunk_audit *t) {
        struct target targets[TARGETS_MAX];
        size_t n = 0;
        if (!t->trunk->probe_all_proxies || target_list(targets, &n, t->trunk) != 0 || n < 2)
                return 0;
        t->proxies = calloc(n, sizeof *t->proxies);
        t->proxy_results = calloc(n, sizeof *t->proxy_results);
        if (!t->proxies || !t->proxy_results)
                return -ENOMEM;
        t->n_proxies = n;
        for (size_t i = 0; i < n; i++) {
                (void)snprintf(t->proxies[i].target, sizeof t->proxies[i].target, "%s", targets[i].text);
                t->proxies[i].verdict = verdict_of(CAUSE_RUN_ENDED, "not begun");
        }
        return 0;
}

/* The carrier's own word counts for more than our schedule. More than it may ask for is a clock that was set back. */
static bool is_held(const struct trunk_audit *t, int64_t now_usec, struct verdict *ret) {
        int64_t left_usec = t->memory.hold_until_usec - now_usec;
        if (left_usec <= 0 || left_usec > RETRY_AFTER_MAX_SEC * (int64_t)USEC_PER_SEC)
                return false;
        *ret = verdict_of(CAUSE_CARRIER_UNAVAILABLE, "the carrier asked not to be asked for another %lld s (Retry-After)",
                          (long long)(left_usec / (int64_t)USEC_PER_SEC) + 1);
        return true;
}

int trunk_audit_start(struct trunk_audit *t, const struct probe_context *context, int64_t now_usec, trunk_audit_done_fn *done, void *user) {
        t->context = *context;
        t->context.restrict_policy = restrict_policy;
        t->context.restrict_user = t;
        t->done = done;
        t->user = user;
        if (!t->is_counted || is_held(t, now_usec, &t->verdict))
                return TRUNK_AUDIT_DONE;
        int r = guard_begin(t->guard, &t->spending);
        if (r == GUARD_WAIT)
                return TRUNK_AUDIT_WAIT;
        if (r == GUARD_REFUSE) {
                t->verdict = t->spending.withheld;
                return TRUNK_AUDIT_DONE;
        }
        r = begin_probe(t);
        if (r < 0) {
                t->verdict = verdict_of(CAUSE_PROBE_BROKEN, "unable to start: %s", strerror(-r));
                guard_end(t->guard, &t->spending, &t->evidence, &t->verdict, now_usec);
        }
        return r < 0 ? TRUNK_AUDIT_DONE : 0;
}

void trunk_audit_cut(struct trunk_audit *t) {
        if (t->probe)
                probe_cut(t->probe);
}

/* -- life ------------------------------------------------------------------------------------------------------------------ */

static bool has_passed(const struct trunk_audit *t) {
        enum outcome last = t->history.known ? cause_info(t->history.last_cause)->outcome : OUTCOME_UNTESTED;
        return last == OUTCOME_PASS || last == OUTCOME_WARN;
}

/* What the guard must know before anything is sent. */
static int prepare_guard(struct trunk_audit *t, struct store *store, bool forced) {
        struct target targets[TARGETS_MAX];
        size_t n = 0;
        if (diagnosis_before(t->trunk, &t->verdict))
                return 0;
        int r = prepare_proxies(t);
        if (r == 0 && target_list(targets, &n, t->trunk) != 0)
                r = -EINVAL; /* diagnosis_before() has looked at it */
        if (r < 0)
                return r;
        t->spending = (struct guard_trunk){
                .trunk = t->trunk,
                .probes = t->n_proxies > 0 ? (unsigned)t->n_proxies : 1,
                .forced = forced,
                .passed = has_passed(t),
        };
        if (store)
                r = store_guard_trunk(store, t->guard, targets[0].text, &t->spending);
        else
                guard_host_of(targets[0].text, t->spending.host);
        t->is_counted = r == 0;
        return r;
}

/* What was learned of the inputs of a refused answer. Once a day the answer as it should be has its turn first: it may be accepted again.
 */
static void recall(struct trunk_audit *t, int64_t now_usec) {
        int64_t age_usec = now_usec - t->memory.winner_usec;
        t->history.tried = t->memory.tried;
        t->history.winner = t->memory.winner;
        t->history.winner_usec = t->memory.winner_usec;
        t->history.winner_first = t->memory.winner != HYPOTHESIS_NONE && age_usec >= 0 && age_usec < WINNER_FIRST_USEC;
}

static void take_memory(struct trunk_audit *t, const struct trunk_memory *memory) {
        t->memory = *memory;
        t->history.has_algorithm = memory->has_algorithm;
        t->history.algorithm = memory->algorithm;
        if (t->settings != 0 && t->settings == memory->settings)
                recall(t, now_realtime());
}

int trunk_audit_new(struct trunk_audit **ret, struct store *store, struct guard *guard, const struct trunk *trunk, bool forced) {
        struct trunk_audit *t = calloc(1, sizeof *t);
        if (!t)
                return -ENOMEM;
        int64_t when;
        struct trunk_memory memory;
        t->trunk = trunk;
        t->guard = guard;
        t->verdict = verdict_of(CAUSE_RUN_ENDED, "not begun");
        if (guard_circumstances_print(trunk, NULL, &t->settings) < 0)
                t->settings = 0;
        t->history.known = store && store_last_result(store, trunk->id, &t->history.last_cause, &when) == 0;
        if (store && store_memory(store, trunk->id, &memory) == 0)
                take_memory(t, &memory);
        int r = prepare_guard(t, store, forced);
        if (r < 0)
                (void)trunk_audit_free(t);
        else
                *ret = t;
        return r < 0 ? r : 0;
}

int trunk_audit_follow(struct trunk_audit *t, const struct result *earlier, int64_t age_usec) {
        if (earlier->verdict.cause != CAUSE_RUN_ENDED) {
                t->history.known = true;
                t->history.last_cause = earlier->verdict.cause;
        }
        if (earlier->memory)
                take_memory(t, earlier->memory);
        t->spending.passed = has_passed(t);
        return t->is_counted && earlier->guard ? guard_trunk_take_over(&t->spending, earlier->guard, age_usec) : 0;
}

int trunk_audit_reserve(struct trunk_audit *t) {
        return t->is_counted ? guard_reserve(t->guard, &t->spending) : 0;
}

struct trunk_audit *trunk_audit_free(struct trunk_audit *t) {
        if (t) {
                (void)probe_free(t->probe);
                evidence_clear(&t->evidence);
                guard_trunk_clear(&t->spending);
                for (size_t i = 0; i < t->n_proxies; i++)
                        evidence_clear(&t->proxies[i].evidence);
                free(t->proxies);
                free(t->proxy_results);
                free(t);
        }
        return NULL;
}

const struct trunk *trunk_audit_trunk(const struct trunk_audit *t) {
        return t->trunk;
}

struct guard_trunk *trunk_audit_guard(struct trunk_audit *t) {
        return t->is_counted ? &t->spending : NULL;
}

const char *trunk_audit_host(const struct trunk_audit *t) {
        return t->is_counted ? t->spending.host : NULL;
}
