/* store_guard.c: what runs spent, in the last day; what a run reserves before its probes; and credentials that were refused. */
#include "store_private.h"

/* The age of a row of `ledger`, the same for all that read it. What was reserved and never settled may have been spent until now. Across
 * a boot only the wall clock tells, which may have been set meanwhile: as long as this boot is young, the ten minutes that ban lists look
 * at are measured from its beginning, the one thing that is sure. */
static void bind_now(struct query *q, const struct guard_time *now) {
        bind_integer(q, ":wall", now->wall_usec);
        bind_integer(q, ":boot_usec", now->boot_usec);
        bind_text(q, ":boot", now->boot);
}

static struct guard_count read_count(const struct query *q, int column) {
        struct guard_count c;
        for (int k = 0; k < GUARD_KINDS; k++)
                c.of[k] = (unsigned)sqlite3_column_int64(q->statement, column + k);
        return c;
}

static void bind_count(struct query *q, const struct guard_count *c) {
        bind_integer(q, ":requests", c->of[GUARD_REQUESTS]);
        bind_integer(q, ":credentialed", c->of[GUARD_CREDENTIALED]);
        bind_integer(q, ":failures", c->of[GUARD_FAILURES]);
}

/* -- reading ---------------------------------------------------------------------------------------------------------------- */

static int read_salt(struct store *s, struct guard *g) {
        _cleanup_(query_end) struct query q = query_begin(s, STATEMENT_GUARD_SALT, "read the guard's salt");
        int r = query_step(&q);
        if (r < 0)
                return r;
        if (r != 0 || sqlite3_column_bytes(q.statement, 0) != GUARD_SALT_SIZE)
                return store_complain(s, -EIO, "unable to read the guard's salt in %s: it is not there", s->path);
        guard_set_salt(g, sqlite3_column_blob(q.statement, 0));
        return 0;
}

static int no_memory(struct store *s) {
        return store_complain(s, -ENOMEM, "unable to read what was spent: out of memory");
}

/* STORE_NONE when no database was set aside in the last day. */
static int read_damage(struct store *s, const struct guard *g) {
        _cleanup_(query_end) struct query q = query_begin(s, STATEMENT_DAMAGE, "read when counts were lost");
        bind_now(&q, guard_now(g));
        return query_step(&q);
}

int store_guard(struct store *s, struct guard *g) {
        int r = read_salt(s, g);
        if (r < 0)
                return r;
        int damage = read_damage(s, g);
        if (damage < 0)
                return damage;
        _cleanup_(query_end) struct query q = query_begin(s, STATEMENT_CARRIER_SPENDING, "read what was spent");
        bind_now(&q, guard_now(g));
        while ((r = query_step(&q)) == 0) {
                struct guard_carrier *c;
                const char *host = (const char *)sqlite3_column_text(q.statement, 0);
                const struct guard_count count = read_count(&q, 2);
                if (guard_has_taken_over(g, sqlite3_column_int64(q.statement, 5)))
                        continue;
                if (!host || guard_carrier(g, host, &c) < 0 ||
                    guard_account_add(&c->account, sqlite3_column_int64(q.statement, 1), &count) < 0)
                        return no_memory(s);
        }
        return r < 0 ? r : damage == STORE_NONE ? 0 : STORE_NONE;
}

static int read_spending(struct store *s, const struct guard *g, struct guard_trunk *t) {
        int r;
        _cleanup_(query_end) struct query q = query_begin(s, STATEMENT_TRUNK_SPENDING, "read what was spent");
        bind_now(&q, guard_now(g));
        bind_text(&q, ":trunk", t->trunk->id);
        while ((r = query_step(&q)) == 0) {
                const struct guard_count count = read_count(&q, 1);
                if (guard_has_taken_over(g, sqlite3_column_int64(q.statement, 4)))
                        continue;
                if (guard_account_add(&t->account, sqlite3_column_int64(q.statement, 0), &count) < 0)
                        return no_memory(s);
        }
        return r < 0 ? r : 0;
}

static int read_rejection(struct store *s, struct guard_trunk *t) {
        _cleanup_(query_end) struct query q = query_begin(s, STATEMENT_REJECTION, "read a trunk's rejection");
        bind_text(&q, ":trunk", t->trunk->id);
        int r = query_step(&q);
        if (r != 0)
                return r < 0 ? r : 0;
        t->rejection = (struct guard_rejection){
                .runs = (unsigned)sqlite3_column_int64(q.statement, 0),
                .cause = column_cause(&q, 1, CAUSE_WRONG_PASSWORD),
                .since_usec = sqlite3_column_int64(q.statement, 2),
                .last_usec = sqlite3_column_int64(q.statement, 3),
                .credentials = (unsigned)sqlite3_column_int64(q.statement, 4),
                .circumstances = sqlite3_column_int64(q.statement, 5),
        };
        return 0;
}

/* The address of the last run, when the trunk is asked at the same name; else the name. */
static int read_host(struct store *s, const char *target, struct guard_trunk *t) {
        _cleanup_(query_end) struct query q = query_begin(s, STATEMENT_LAST_CARRIER, "read a trunk's carrier");
        bind_text(&q, ":trunk", t->trunk->id);
        int r = query_step(&q);
        if (r < 0)
                return r;
        const char *address = r == 0 ? (const char *)sqlite3_column_text(q.statement, 1) : NULL;
        bool same = address && *address && text_eq((const char *)sqlite3_column_text(q.statement, 0), target);
        guard_host_of(same ? address : target, t->host);
        return 0;
}

int store_guard_trunk(struct store *s, const struct guard *g, const char *target, struct guard_trunk *t) {
        int r = read_spending(s, g, t);
        if (r == 0)
                r = read_rejection(s, t);
        return r == 0 ? read_host(s, target, t) : r;
}

/* -- reserving and settling --------------------------------------------------------------------------------------------------- */

static int put_spending(struct store *s, enum statement which, int64_t run, const char *subject, const struct guard_count *c) {
        static const struct guard_count none;
        if (memcmp(c, &none, sizeof none) == 0)
                return 0;
        _cleanup_(query_end) struct query q = query_begin(s, which, "store what is spent");
        bind_integer(&q, ":run", run);
        bind_text(&q, ":subject", subject);
        bind_count(&q, c);
        return query_run(&q);
}

static int put_limits(struct store *s, const char *subject, const struct guard_limits *l) {
        static const char *const periods[GUARD_WINDOWS] = {[GUARD_TEN_MINUTES] = "10 minutes", [GUARD_HOUR] = "hour", [GUARD_DAY] = "day"};
        int r = 0;
        for (size_t i = 0; r == 0 && i < GUARD_WINDOWS; i++) {
                _cleanup_(query_end) struct query q = query_begin(s, STATEMENT_PUT_LIMIT, "store the limits");
                bind_text(&q, ":subject", subject);
                bind_text(&q, ":period", periods[i]);
                bind_optional(&q, ":requests", l->in[i].of[GUARD_REQUESTS]);
                bind_optional(&q, ":credentialed", l->in[i].of[GUARD_CREDENTIALED]);
                bind_optional(&q, ":failures", l->in[i].of[GUARD_FAILURES]);
                r = query_run(&q);
        }
        return r;
}

/* The stamps follow the clocks, what is too old goes, and the run's row opens. */
static int open_ledger(struct store *s, int64_t run, const struct guard_time *now) {
        static const enum statement order[] = {STATEMENT_STAMP_LEDGER, STATEMENT_TRIM_LEDGER};
        for (size_t i = 0; i < ELEMENTS(order); i++) {
                _cleanup_(query_end) struct query q = query_begin(s, order[i], "keep the ledger");
                bind_now(&q, now);
                int r = query_run(&q);
                if (r < 0)
                        return r;
        }
        _cleanup_(query_end) struct query q = query_begin(s, STATEMENT_OPEN_LEDGER, "keep the ledger");
        bind_integer(&q, ":run", run);
        bind_now(&q, now);
        return query_run(&q);
}

static int reserve(struct store *s, int64_t run, const struct guard *g, struct guard_trunk *const *trunks, size_t n) {
        const struct guard_carrier *c;
        int r = open_ledger(s, run, guard_now(g));
        if (r == 0)
                r = put_limits(s, "trunk", &guard_policy(g)->trunk);
        if (r == 0)
                r = put_limits(s, "carrier", &guard_policy(g)->carrier);
        for (size_t i = 0; r == 0 && i < n; i++) {
                r = store_keep_trunk(s, trunks[i]->trunk);
                if (r == 0)
                        r = put_spending(s, STATEMENT_PUT_TRUNK_SPENDING, run, trunks[i]->trunk->id, &trunks[i]->reserved);
        }
        for (size_t i = 0; r == 0 && (c = guard_carrier_at(g, i)); i++)
                r = put_spending(s, STATEMENT_PUT_CARRIER_SPENDING, run, c->host, &c->reserved);
        return r;
}

int store_reserve(struct store *s, int64_t run, const struct guard *g, struct guard_trunk *const *trunks, size_t n) {
        int r = transaction_begin(s);
        return r < 0 ? r : transaction_end(s, reserve(s, run, g, trunks, n));
}

static int put_rejection(struct store *s, const struct guard_trunk *t) {
        const struct guard_rejection *j = &t->rejection;
        _cleanup_(query_end) struct query q = query_begin(s, j->runs > 0 ? STATEMENT_PUT_REJECTION : STATEMENT_END_REJECTION,
                                                          "store a trunk's rejection");
        bind_text(&q, ":trunk", t->trunk->id);
        if (j->runs > 0) {
                bind_integer(&q, ":runs", j->runs);
                bind_text(&q, ":cause", cause_info(j->cause)->word);
                bind_integer(&q, ":since", j->since_usec);
                bind_integer(&q, ":last", j->last_usec);
                bind_integer(&q, ":credentials", j->credentials);
                bind_integer(&q, ":circumstances", j->circumstances);
        }
        return query_run(&q);
}

static int settle_ledger(struct store *s, const struct run *run) {
        _cleanup_(query_end) struct query q = query_begin(s, STATEMENT_SETTLE_LEDGER, "settle what was spent");
        bind_integer(&q, ":run", run->id);
        bind_now(&q, &run->spent_until);
        return query_run(&q);
}

int store_settle(struct store *s, const struct run *run, const struct result *results, size_t n) {
        const struct guard_carrier *c;
        static const enum statement order[] = {STATEMENT_DROP_TRUNK_SPENDING, STATEMENT_DROP_CARRIER_SPENDING};
        int r = settle_ledger(s, run);
        for (size_t i = 0; r == 0 && i < ELEMENTS(order); i++) {
                _cleanup_(query_end) struct query q = query_begin(s, order[i], "settle what was spent");
                bind_integer(&q, ":run", run->id);
                r = query_run(&q);
        }
        for (size_t i = 0; r == 0 && i < n; i++) {
                const struct guard_trunk *t = results[i].guard;
                if (t)
                        r = put_spending(s, STATEMENT_PUT_TRUNK_SPENDING, run->id, t->trunk->id, &t->account.now);
                if (r == 0 && t && t->rejection_changed)
                        r = put_rejection(s, t);
        }
        for (size_t i = 0; r == 0 && (c = guard_carrier_at(run->guard, i)); i++)
                r = put_spending(s, STATEMENT_PUT_CARRIER_SPENDING, run->id, c->host, &c->account.now);
        return r;
}
