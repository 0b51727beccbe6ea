/* store_run.c: runs, their results and evidence, and what the next run must know. */
#include "store_private.h"

#include <stdio.h>

const char *run_state_word(enum run_state state) {
        switch (state) {
        case RUN_RUNNING:
                return "running";
        case RUN_DONE:
                return "done";
        case RUN_ABORTED:
                return "aborted";
        case RUN_BROKEN:
                return "broken";
        case RUN_MISSED:
                return "missed";
        case RUN_STATES:
                break;
        }
        return "";
}

const char *run_trigger_word(enum run_trigger trigger) {
        switch (trigger) {
        case RUN_TRIGGER_SLOT:
                return "slot";
        case RUN_TRIGGER_START:
                return "start";
        case RUN_TRIGGER_SIGNAL:
                return "signal";
        case RUN_TRIGGER_COMMAND:
                return "command";
        }
        return "";
}

static enum run_trigger trigger_from(const char *word) {
        for (enum run_trigger trigger = RUN_TRIGGER_SLOT; trigger < RUN_TRIGGER_COMMAND; trigger++)
                if (text_eq(word, run_trigger_word(trigger)))
                        return trigger;
        return RUN_TRIGGER_COMMAND;
}

static const char *ending_word(enum exchange_end end) {
        switch (end) {
        case EXCHANGE_RESPONDED:
                return "responded";
        case EXCHANGE_NO_RESPONSE:
                return "no_response";
        case EXCHANGE_REFUSED:
                return "refused";
        case EXCHANGE_UNREACHABLE:
                return "unreachable";
        case EXCHANGE_CLOSED:
                return "closed";
        case EXCHANGE_TLS_FAILED:
                return "tls_failed";
        case EXCHANGE_UNTRUSTED:
                return "untrusted";
        case EXCHANGE_TOO_LARGE:
                return "too_large";
        case EXCHANGE_MALFORMED:
                return "malformed";
        case EXCHANGE_CUT:
                return "cut";
        }
        return "";
}

int store_begin_run(struct store *s, struct run *run) {
        _cleanup_(query_end) struct query q = query_begin(s, STATEMENT_BEGIN_RUN, "open the run");
        bind_text(&q, ":program", TRUNKAUDIT_VERSION);
        bind_optional(&q, ":slot", run->slot_usec);
        bind_integer(&q, ":started", run->started_usec);
        bind_text(&q, ":trigger", run_trigger_word(run->trigger));
        bind_integer(&q, ":partial", run->partial);
        bind_optional(&q, ":interval", (int64_t)run->interval_usec);
        bind_optional(&q, ":config", run->config);
        bind_text(&q, ":reason", slot_reason_word(run->reason));
        bind_text(&q, ":detail", run->reason_detail);
        int r = query_run(&q);
        if (r < 0)
                return r;
        run->id = sqlite3_last_insert_rowid(s->db);
        return 0;
}

static void bind_if(struct query *q, bool known, const char *name, int64_t value) {
        if (known)
                bind_integer(q, name, value);
        else
                bind_null(q, name);
}

static int put_run(struct store *s, const struct run *run) {
        _cleanup_(query_end) struct query q = query_begin(s, STATEMENT_END_RUN, "close the run");
        bind_integer(&q, ":id", run->id);
        bind_integer(&q, ":late", run->late);
        bind_if(&q, run->state != RUN_BROKEN, ":finished", run->finished_usec);
        bind_text(&q, ":state", run_state_word(run->state));
        bind_text(&q, ":clock_cause", cause_info(run->clock.cause)->word);
        bind_text_or_null(&q, ":clock_detail", run->clock.detail);
        bind_if(&q, run->clock_measured, ":clock_offset", run->clock_offset_usec);
        bind_if(&q, run->clock_measured, ":clock_bound", run->clock_bound_usec);
        bind_integer(&q, ":clock_servers", run->clock_servers);
        bind_integer(&q, ":clock_servers_used", run->clock_servers_used);
        bind_if(&q, run->witness_measured, ":witness_offset", run->witness_offset_usec);
        bind_if(&q, run->witness_measured, ":witness_bound", run->witness_bound_usec);
        bind_text(&q, ":platform_cause", cause_info(run->platform.cause)->word);
        bind_text_or_null(&q, ":platform_detail", run->platform.detail);
        bind_optional(&q, ":platform_status", run->platform_status);
        bind_text_or_null(&q, ":correlation_id", run->correlation_id);
        bind_optional(&q, ":trunks_known", run->trunks_known_usec);
        bind_integer(&q, ":trunks", run->n_trunks);
        bind_integer(&q, ":passed", run->n_pass);
        bind_integer(&q, ":warned", run->n_warn);
        bind_integer(&q, ":failed", run->n_fail);
        bind_integer(&q, ":untested", run->n_untested);
        int r = query_run(&q);
        if (r < 0)
                return r;
        if (sqlite3_changes(s->db) != 1)
                return store_complain(s, -EIO, "unable to close the run in %s: run %lld is not open", s->path, (long long)run->id);
        return 0;
}

/* Nearly always it is there already. */
int store_keep_trunk(struct store *s, const struct trunk *t) {
        _cleanup_(query_end) struct query q = query_begin(s, STATEMENT_KEEP_TRUNK, "store a trunk");
        bind_text(&q, ":trunk", t->id);
        bind_text(&q, ":name", t->name);
        bind_integer(&q, ":extra", t->origin == TRUNK_EXTRA);
        return query_run(&q);
}

static int put_carrier(struct store *s, const struct evidence *e) {
        _cleanup_(query_end) struct query q = query_begin(s, STATEMENT_PUT_CARRIER, "store a carrier");
        bind_text(&q, ":target", e->target);
        bind_text(&q, ":address", e->address);
        return query_run(&q);
}

static int put_target(struct store *s, int64_t run, const char *trunk_id, size_t seq, const struct attempt *a) {
        static const struct tls_facts none;
        const struct tls_facts *tls = a->tls ? a->tls : &none;
        _cleanup_(query_end) struct query q = query_begin(s, STATEMENT_PUT_TARGET, "store a target");
        bind_integer(&q, ":run", run);
        bind_text(&q, ":trunk", trunk_id);
        bind_integer(&q, ":seq", (int64_t)seq);
        bind_text(&q, ":transport", target_transport_name(a->transport));
        bind_text(&q, ":address", a->address);
        bind_text_or_null(&q, ":how", a->how);
        bind_text_or_null(&q, ":protocol", tls->protocol);
        bind_text_or_null(&q, ":cipher", tls->cipher);
        bind_text_or_null(&q, ":subject", tls->subject);
        bind_text_or_null(&q, ":names", tls->names);
        bind_text_or_null(&q, ":chain_end", tls->chain_end);
        bind_optional(&q, ":not_after", tls->not_after_sec);
        bind_text_or_null(&q, ":error", tls->error);
        bind_text_or_null(&q, ":wanted", tls->wanted);
        return query_run(&q);
}

/* In words, the most exact there are; NULL = none. */
static const char *problem_of(const struct exchange *x) {
        if (x->malformed)
                return x->malformed;
        if (x->failure[0])
                return x->failure;
        return x->error ? strerrordesc_np(x->error) : NULL;
}

static int put_exchange(struct store *s, int64_t run, const char *trunk_id, size_t seq, const struct evidence *e) {
        const struct exchange *x = &e->exchanges[seq - 1];
        _cleanup_(freep) char *request = NULL, *response = NULL;
        if (sip_wire_text(&request, x->request) < 0 || sip_wire_text(&response, x->response) < 0)
                return store_complain(s, -ENOMEM, "unable to store evidence: out of memory");
        _cleanup_(query_end) struct query q = query_begin(s, STATEMENT_PUT_EVIDENCE, "store evidence");
        bind_integer(&q, ":run", run);
        bind_text(&q, ":trunk", trunk_id);
        bind_integer(&q, ":seq", (int64_t)seq);
        bind_if(&q, x->target < e->n_targets, ":target", (int64_t)x->target + 1);
        bind_optional(&q, ":sent", (int64_t)x->sent_usec);
        bind_optional(&q, ":rtt", (int64_t)x->rtt_usec);
        bind_integer(&q, ":credentialed", x->credentialed);
        bind_text(&q, ":digest_uri", x->credentialed ? x->digest_uri : NULL);
        bind_text(&q, ":algorithm", x->credentialed ? digest_algorithm_name(x->algorithm) : NULL);
        bind_text(&q, ":qop", x->credentialed ? digest_qop_name(x->qop) : NULL);
        bind_text(&q, ":changed", exchange_changed(x));
        bind_integer(&q, ":retransmissions", x->retransmissions);
        bind_text(&q, ":ending", ending_word(x->end));
        bind_text(&q, ":problem", problem_of(x));
        bind_optional(&q, ":status", x->status);
        bind_text_or_null(&q, ":reason", x->reason);
        bind_text(&q, ":request", request);
        bind_text(&q, ":response", response);
        return query_run(&q);
}

static bool was_tried(const struct evidence *e, size_t target) {
        for (size_t i = 0; i < e->n_exchanges; i++)
                if (e->exchanges[i].target == target)
                        return true;
        return false;
}

/* The targets first: the messages refer to them. */
static int put_evidence(struct store *s, int64_t run, const char *trunk_id, const struct evidence *e) {
        int r = 0;
        for (size_t i = 0; r == 0 && i < e->n_targets; i++)
                if (was_tried(e, i))
                        r = put_target(s, run, trunk_id, i + 1, &e->targets[i]);
        for (size_t i = 0; r == 0 && i < e->n_exchanges; i++)
                r = put_exchange(s, run, trunk_id, i + 1, e);
        return r;
}

static int put_proxy(struct store *s, int64_t run, const char *trunk_id, size_t seq, const struct proxy_result *p) {
        _cleanup_(query_end) struct query q = query_begin(s, STATEMENT_PUT_PROXY, "store a proxy's result");
        bind_integer(&q, ":run", run);
        bind_text(&q, ":trunk", trunk_id);
        bind_integer(&q, ":seq", (int64_t)seq);
        bind_text(&q, ":target", p->target);
        bind_text_or_null(&q, ":address", p->evidence ? p->evidence->address : NULL);
        bind_text(&q, ":outcome", outcome_word(verdict_outcome(&p->verdict)));
        bind_text(&q, ":cause", cause_info(p->verdict.cause)->word);
        bind_text_or_null(&q, ":detail", p->verdict.detail);
        bind_optional(&q, ":latency", (int64_t)p->latency_usec);
        return query_run(&q);
}

static int put_memory(struct store *s, const char *trunk_id, const struct trunk_memory *m) {
        char tried[200];
        hypotheses_write(m->tried, " ", tried, sizeof tried);
        _cleanup_(query_end) struct query q = query_begin(s, STATEMENT_PUT_MEMORY, "store a trunk's memory");
        bind_text(&q, ":trunk", trunk_id);
        bind_text(&q, ":algorithm", m->has_algorithm ? digest_algorithm_name(m->algorithm) : NULL);
        bind_optional(&q, ":hold_until", m->hold_until_usec);
        bind_text_or_null(&q, ":tried", tried);
        bind_text(&q, ":winner", m->winner != HYPOTHESIS_NONE ? hypothesis_word(m->winner) : NULL);
        bind_optional(&q, ":winner_usec", m->winner_usec);
        bind_optional(&q, ":settings", m->settings);
        return query_run(&q);
}

static void bind_clock(struct query *q, const struct carrier_clock *c) {
        bool known = c->source != CARRIER_CLOCK_UNKNOWN;
        bind_if(q, known, ":offset", c->offset_usec);
        bind_if(q, known, ":bound", c->bound_usec);
        bind_text(q, ":source", carrier_clock_source_word(c->source));
        bind_text(q, ":family", nonce_family_name(c->nonce.family));
        bind_if(q, c->nonce.has_lifetime, ":lifetime", c->nonce.lifetime_sec);
        bind_text(q, ":policy", nonce_policy_word(&c->nonce));
        bind_optional(q, ":age", (int64_t)c->nonce_age_usec);
}

static int put_verdict(struct store *s, int64_t run, const struct result *result) {
        const struct evidence *e = result->evidence;
        bool has_carrier = e && e->target[0];
        int r = has_carrier ? put_carrier(s, e) : 0;
        if (r < 0)
                return r;
        _cleanup_(query_end) struct query q = query_begin(s, STATEMENT_PUT_RESULT, "store a result");
        bind_integer(&q, ":run", run);
        bind_text(&q, ":trunk", result->trunk->id);
        bind_text(&q, ":outcome", outcome_word(verdict_outcome(&result->verdict)));
        bind_text(&q, ":cause", cause_info(result->verdict.cause)->word);
        bind_text(&q, ":confidence", confidence_word(verdict_confidence(&result->verdict)));
        bind_text(&q, ":target", has_carrier ? e->target : NULL);
        bind_text(&q, ":address", has_carrier ? e->address : NULL);
        bind_integer(&q, ":requests", result->requests);
        bind_integer(&q, ":credentialed", result->credentialed);
        bind_optional(&q, ":latency", (int64_t)result->latency_usec);
        bind_text_or_null(&q, ":detail", result->verdict.detail);
        bind_clock(&q, &result->clock);
        return query_run(&q);
}

static int put_result(struct store *s, int64_t run, const struct result *result) {
        const char *trunk_id = result->trunk->id;
        int r = store_keep_trunk(s, result->trunk);
        if (r == 0)
                r = put_verdict(s, run, result);
        if (r == 0 && result->evidence && result->keep_evidence)
                r = put_evidence(s, run, trunk_id, result->evidence);
        for (size_t i = 0; r == 0 && i < result->n_proxies; i++)
                r = put_proxy(s, run, trunk_id, i + 1, &result->proxies[i]);
        if (r == 0 && result->memory)
                r = put_memory(s, trunk_id, result->memory);
        return r;
}

static int put_refusal(struct store *s, int64_t run, size_t seq, const struct refusal *r) {
        _cleanup_(query_end) struct query q = query_begin(s, STATEMENT_PUT_REFUSAL, "store a failed request");
        bind_integer(&q, ":run", run);
        bind_integer(&q, ":seq", (int64_t)seq);
        bind_integer(&q, ":sent", r->sent_usec);
        bind_integer(&q, ":duration", (int64_t)r->duration_usec);
        bind_text(&q, ":method", r->method);
        bind_text(&q, ":path", r->path);
        bind_optional(&q, ":status", r->status);
        bind_text_or_null(&q, ":code", r->code);
        bind_text_or_null(&q, ":message", r->message);
        bind_text_or_null(&q, ":correlation_id", r->correlation_id);
        bind_text_or_null(&q, ":context_id", r->context_id);
        bind_text_or_null(&q, ":cf_id", r->cf_id);
        return query_run(&q);
}

static int put_results(struct store *s, struct run *run, const struct result *results, size_t n) {
        int r = run->id == 0 ? store_begin_run(s, run) : 0;
        if (r == 0)
                r = put_run(s, run);
        for (size_t i = 0; r == 0 && i < n; i++) {
                r = put_result(s, run->id, &results[i]);
                if (r == 0)
                        r = store_put_standing(s, run, &results[i]);
                if (r == 0)
                        r = store_put_drift(s, run, &results[i]);
        }
        if (r == 0)
                r = store_put_incidents(s, run, results, n);
        if (r == 0 && run->state == RUN_DONE && !run->partial)
                r = store_end_drift(s, run);
        for (size_t i = 0; r == 0 && run->refusals && i < run->refusals->n; i++)
                r = put_refusal(s, run->id, i + 1, &run->refusals->items[i]);
        return r == 0 && run->guard ? store_settle(s, run, results, n) : r;
}

int store_end_run(struct store *s, struct run *run, const struct result *results, size_t n) {
        const int64_t id = run->id;
        int r = transaction_begin(s);
        if (r == 0)
                r = transaction_end(s, put_results(s, run, results, n));
        if (r < 0)
                run->id = id; /* a row that was made is gone again */
        return r;
}

static struct verdict column_verdict(const struct query *q, int column, enum cause otherwise) {
        struct verdict v = {.cause = column_cause(q, column, otherwise)};
        const char *detail = (const char *)sqlite3_column_text(q->statement, column + 1);
        (void)snprintf(v.detail, sizeof v.detail, "%s", detail ? detail : "");
        return v;
}

static unsigned column_unsigned(const struct query *q, int column) {
        return (unsigned)sqlite3_column_int64(q->statement, column);
}

int store_last_run(struct store *s, enum run_state state, struct run *ret) {
        _cleanup_(query_end) struct query q = query_begin(s, STATEMENT_LAST_RUN, "read the last run");
        bind_text(&q, ":state", run_state_word(state));
        int r = query_step(&q);
        if (r != 0)
                return r;
        sqlite3_stmt *row = q.statement;
        /* Of a run that was never closed there are no verdicts. */
        struct run run = {
                .id = sqlite3_column_int64(row, 0),
                .slot_usec = sqlite3_column_int64(row, 1),
                .started_usec = sqlite3_column_int64(row, 2),
                .finished_usec = sqlite3_column_int64(row, 3),
                .state = state,
                .trigger = trigger_from((const char *)sqlite3_column_text(row, 4)),
                .clock = column_verdict(&q, 5, CAUSE_CLOCK_UNFINISHED),
                .clock_measured = sqlite3_column_type(row, 7) != SQLITE_NULL,
                .clock_offset_usec = sqlite3_column_int64(row, 7),
                .clock_bound_usec = sqlite3_column_int64(row, 8),
                .clock_servers = column_unsigned(&q, 9),
                .clock_servers_used = column_unsigned(&q, 10),
                .witness_measured = sqlite3_column_type(row, 11) != SQLITE_NULL,
                .witness_offset_usec = sqlite3_column_int64(row, 11),
                .witness_bound_usec = sqlite3_column_int64(row, 12),
                .platform = column_verdict(&q, 13, CAUSE_PLATFORM_UNFINISHED),
                .platform_status = sqlite3_column_int(row, 15),
                .trunks_known_usec = sqlite3_column_int64(row, 17),
                .n_trunks = column_unsigned(&q, 18),
                .n_pass = column_unsigned(&q, 19),
                .n_warn = column_unsigned(&q, 20),
                .n_fail = column_unsigned(&q, 21),
                .n_untested = column_unsigned(&q, 22),
        };
        const char *correlation_id = (const char *)sqlite3_column_text(row, 16);
        (void)snprintf(run.correlation_id, sizeof run.correlation_id, "%s", correlation_id ? correlation_id : "");
        *ret = run;
        return 0;
}

int query_cause(struct query *q, enum cause *ret_cause, int64_t *ret_usec) {
        int r = query_step(q);
        if (r != 0)
                return r;
        enum cause cause = column_cause(q, 0, CAUSE_COUNT);
        if (cause == CAUSE_COUNT)
                return STORE_NONE;
        *ret_cause = cause;
        *ret_usec = sqlite3_column_int64(q->statement, 1);
        return 0;
}

int store_last_result(struct store *s, const char *trunk_id, enum cause *ret_cause, int64_t *ret_usec) {
        _cleanup_(query_end) struct query q = query_begin(s, STATEMENT_LAST_RESULT, "read the last result");
        bind_text(&q, ":trunk", trunk_id);
        return query_cause(&q, ret_cause, ret_usec);
}

int store_memory(struct store *s, const char *trunk_id, struct trunk_memory *ret) {
        _cleanup_(query_end) struct query q = query_begin(s, STATEMENT_MEMORY, "read a trunk's memory");
        bind_text(&q, ":trunk", trunk_id);
        int r = query_step(&q);
        if (r != 0)
                return r;
        struct trunk_memory m = {
                .hold_until_usec = sqlite3_column_int64(q.statement, 1),
                .tried = hypotheses_read((const char *)sqlite3_column_text(q.statement, 2)),
                .winner_usec = sqlite3_column_int64(q.statement, 4),
                .settings = sqlite3_column_int64(q.statement, 5),
        };
        hypotheses winner = hypotheses_read((const char *)sqlite3_column_text(q.statement, 3));
        m.winner = winner ? (enum hypothesis)__builtin_ctz(winner) : HYPOTHESIS_NONE;
        const char *algorithm = (const char *)sqlite3_column_text(q.statement, 0);
        m.has_algorithm = algorithm && digest_algorithm_from(span_of(algorithm), &m.algorithm);
        if (!m.has_algorithm && m.hold_until_usec == 0 && m.tried == 0 && m.winner == HYPOTHESIS_NONE)
                return STORE_NONE;
        *ret = m;
        return 0;
}
