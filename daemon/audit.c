/* audit.c: clock and platform at once, then every trunk's probe within the limits, then rows, then the telling.
 *
 * Owner of the run's trunks, results and agents. The platform decides which trunks there are; when it cannot be asked, those of the last
 * listing are audited: the carriers' audit does not depend on the platform being up. */
#include "audit.h"

#include <stdio.h>
#include <systemd/sd-id128.h>
#include <time.h>

#include "../common/pace.h"
#include "../common/silence.h"
#include "../common/target.h"
#include "backlog.h"
#include "changes.h"
#include "clock_check.h"
#include "guard_clock.h"
#include "now.h"
#include "refresh.h"
#include "resolver.h"
#include "telling.h"
#include "trunk_audit.h"
#include "trunk_poll.h"

#define ACCURACY_USEC USEC_PER_MSEC

struct audit {
        struct audit_context context;
        struct audit_request request;
        audit_done_fn *done;
        void *user;

        struct run run;
        const char *unknown_name;
        struct refusal_list refusals; /* of the platform */
        struct resolver *resolver;    /* one for each run: it reads resolv.conf when it is made */
        struct clock_check *clock;
        struct trunk_poll *poll;
        sd_event_source *begin, *limit, *pacer;
        bool clock_done, trunks_known, ended;
        struct trunk_list trunks;
        struct trunk_audit **items; /* the trunks of this run: all, or those named */
        size_t n_items, n_finished, n_active;
        struct pace *pace;
        struct guard *guard;
        struct trunk_audit **waiting; /* items whose turn came while others of their host might still fail */
        size_t n_waiting;

        struct refresh *refresh; /* before the probes */
        struct result *results;  /* one for each item, once they are stored */
        bool unlocked;           /* the audit lock could not be taken */
        bool unwritten;          /* the database cannot be written, so that the run will be kept */
        bool unread;             /* it cannot even be read */
        int stored;              /* as in struct audit_result */
        struct changes *changes; /* between storing and telling */
};

/* The database failed. A service goes on, and says it once; returns false where nothing can be kept. */
static bool trouble(struct audit *a, const char *doing, int r) {
        const char *why = r == -ENOMEM ? strerror(ENOMEM) : store_error(a->context.store);
        if (a->context.backlog)
                backlog_trouble(a->context.backlog, doing, why);
        else
                journal_event(a->context.journal, EVENT_STORE_FAILED, LOG_ERR, &(struct journal_fields){.run = a->run.id},
                              "Unable to %s: %s", doing, why);
        return a->context.backlog;
}

/* -- the end ----------------------------------------------------------------------------------------------------------- */

static void count_outcomes(struct run *run, const struct result *results, size_t n) {
        unsigned *const counts[] = {[OUTCOME_PASS] = &run->n_pass,
                                    [OUTCOME_WARN] = &run->n_warn,
                                    [OUTCOME_FAIL] = &run->n_fail,
                                    [OUTCOME_UNTESTED] = &run->n_untested};
        run->n_trunks = (unsigned)n;
        for (size_t i = 0; i < n; i++)
                ++*counts[verdict_outcome(&results[i].verdict)];
}

static void stop_agents(struct audit *a) {
        a->begin = sd_event_source_disable_unref(a->begin);
        a->limit = sd_event_source_disable_unref(a->limit);
        a->pacer = sd_event_source_disable_unref(a->pacer);
        a->clock = clock_check_free(a->clock);
        a->poll = trunk_poll_free(a->poll);
        a->refresh = refresh_free(a->refresh);
        if (a->context.http && a->refusals.n == 0)
                a->refusals = http_take_refusals(a->context.http);
}

/* By the end of the run, which the telling goes by. */
static int64_t silenced_until(const struct audit *a, const char *id, const char *name) {
        struct silence silence;
        return silence_find(a->context.config, id, name, a->run.finished_usec, &silence) ? silence.until_usec : 0;
}

/* Stores the results and the end of the run. */
static int store_results(struct audit *a) {
        a->results = calloc(a->n_items + 1, sizeof *a->results);
        if (!a->results)
                return -ENOMEM;
        const struct carrier_clock_policy policy = {
                .host_measured = a->run.clock_measured,
                .host_offset_usec = a->run.clock_offset_usec,
                .host_bound_usec = a->run.clock_bound_usec,
                .limit_usec = a->context.config->clock.carrier_limit_usec,
        };
        a->run.finished_usec = now_realtime();
        for (size_t i = 0; i < a->n_items; i++) {
                trunk_audit_result(a->items[i], &policy, &a->results[i]);
                a->results[i].silenced_until_usec = silenced_until(a, a->results[i].trunk->id, a->results[i].trunk->name);
        }
        a->run.silenced_until_usec = silenced_until(a, NULL, NULL);
        count_outcomes(&a->run, a->results, a->n_items);
        a->run.guard = a->guard;
        a->run.refusals = &a->refusals;
        a->run.spent_until = guard_clock();
        if (!a->context.backlog)
                return store_end_run(a->context.store, &a->run, a->results, a->n_items);
        if (a->unlocked && store_lock(a->context.store, NULL) != 0)
                return -ENOLCK;
        return backlog_end_run(a->context.backlog, &a->run, a->results, a->n_items);
}

/* What its rows are made of goes to the backlog; the rest of the run goes with it. */
static void keep(struct audit *a) {
        struct ended_run e = {
                .run = a->run,
                .results = TAKE_PTR(a->results),
                .items = TAKE_PTR(a->items),
                .n = a->n_items,
                .guard = TAKE_PTR(a->guard),
                .trunks = a->trunks,
                .refusals = a->refusals,
        };
        a->n_items = 0;
        a->trunks = (struct trunk_list){0};
        a->refusals = (struct refusal_list){0};
        backlog_keep(a->context.backlog, &e);
}

static void conclude(struct audit *a) {
        const struct telling t = {
                .store = a->context.store,
                .journal = a->context.journal,
                .config = a->context.config,
                .run = &a->run,
                .refusals = &a->refusals,
                .changes = a->changes,
                .backlog = a->context.backlog,
                .is_kept = a->stored != 0,
                .is_unread = a->unread,
                .asks_platform = a->context.token != NULL,
                .results = a->results,
                .n = a->n_items,
        };
        bool is_kept = a->stored != 0 && a->context.backlog && a->results;
        int r = a->request.announce && (a->stored == 0 || is_kept) ? telling(&t) : a->stored;
        if (r != 0 && !is_kept)
                (void)trouble(a, "store a run", r);
        else if (a->request.announce)
                telling_end(&t);
        if (is_kept)
                keep(a);
        store_unlock(a->context.store);
        const struct audit_result result = {.run = &a->run, .stored = a->stored != 0 ? a->stored : r, .unknown_name = a->unknown_name};
        a->done(a, &result, a->user);
}

static void on_changes(struct changes *c, void *user) {
        (void)c;
        conclude(user);
}

static struct platform_context platform_context(const struct audit *a) {
        return (struct platform_context){a->context.event, a->context.http, a->context.token, a->context.config};
}

/* The results are safe before anybody is asked what was changed; the telling waits for the answer, within its limit. */
static void finish(struct audit *a, enum run_state state) {
        if (a->ended)
                return;
        a->ended = true;
        stop_agents(a);
        a->run.state = state;
        a->stored = store_results(a);
        const struct platform_context platform = platform_context(a);
        int r = CHANGES_NONE;
        if (a->stored == 0 && state == RUN_DONE)
                r = changes_start(&a->changes, &platform, a->context.store, a->context.journal, a->run.id, &a->trunks, on_changes, a);
        if (r != 0)
                conclude(a);
}

static void finish_when_complete(struct audit *a) {
        if (a->clock_done && a->trunks_known && a->n_finished == a->n_items)
                finish(a, RUN_DONE);
}

/* -- the probes ---------------------------------------------------------------------------------------------------------- */

static void start_probes(struct audit *a);

static void count_item(struct audit *a) {
        a->n_finished++;
        if (a->request.progress)
                a->request.progress(a->n_finished, a->n_items, a->user);
}

static void on_trunk(struct trunk_audit *t, void *user) {
        struct audit *a = user;
        (void)t;
        a->n_active--;
        count_item(a);
        if (!a->ended && a->pace)
                start_probes(a);
}

static int on_pacer(sd_event_source *source, uint64_t usec, void *user) {
        (void)source;
        (void)usec;
        start_probes(user);
        return 0;
}

/* False when it has to wait for others of its host. */
static bool start_probe(struct audit *a, struct trunk_audit *item) {
        const struct probe_context context = {
                .event = a->context.event,
                .transport = a->context.transport,
                .resolver = a->resolver,
                .tls = a->context.tls,
                .config = a->context.config,
        };
        switch (trunk_audit_start(item, &context, now_realtime(), on_trunk, a)) {
        case 0:
                a->n_active++;
                return true;
        case TRUNK_AUDIT_WAIT:
                return false;
        default:
                count_item(a);
                return true;
        }
}

/* In their order: where one still has to wait, those behind it have to, too. */
static void start_waiting(struct audit *a) {
        const struct guard_carrier *full = NULL;
        size_t kept = 0;
        for (size_t i = 0; i < a->n_waiting; i++) {
                struct trunk_audit *item = a->waiting[i];
                const struct guard_carrier *carrier = trunk_audit_guard(item)->carrier;
                if (carrier != full && a->n_active < a->context.config->probe.concurrency && start_probe(a, item))
                        continue;
                full = carrier;
                a->waiting[kept++] = item;
        }
        a->n_waiting = kept;
}

/* Starts what may start now; the pacer wakes us for the rest. */
static void start_probes(struct audit *a) {
        uint64_t now = 0, at = 0;
        (void)sd_event_now(a->context.event, CLOCK_MONOTONIC, &now);
        start_waiting(a);
        while (a->n_active < a->context.config->probe.concurrency) {
                size_t i = 0;
                int r = pace_next(a->pace, now, &i, &at);
                if (r == 0) {
                        if (!start_probe(a, a->items[i]))
                                a->waiting[a->n_waiting++] = a->items[i];
                        continue;
                }
                if (r == 1) {
                        r = sd_event_source_set_time(a->pacer, at);
                        if (r >= 0)
                                r = sd_event_source_set_enabled(a->pacer, SD_EVENT_ONESHOT);
                        if (r < 0)
                                journal_log(a->context.journal, LOG_ERR, "Unable to set the pacing timer: %s", strerror(-r));
                }
                break;
        }
        finish_when_complete(a);
}

/* -- the trunks ---------------------------------------------------------------------------------------------------------- */

static bool is_named(const struct audit *a, const struct trunk *t) {
        bool named = !a->request.names;
        for (size_t k = 0; !named && a->request.names[k]; k++)
                named = text_eq(t->id, a->request.names[k]) || text_eq(t->name, a->request.names[k]);
        return named;
}

/* Trunks at one host keep their distance; a trunk that is not probed needs none. */
static int make_pace(struct audit *a) {
        _cleanup_(freep) const char **keys = calloc(a->n_items + 1, sizeof *keys);
        if (!keys)
                return -ENOMEM;
        for (size_t i = 0; i < a->n_items; i++)
                keys[i] = trunk_audit_host(a->items[i]);
        return pace_new(&a->pace, keys, a->n_items, a->context.config->probe.spacing_usec);
}

/* It is not asked again in this run: each time may have to wait for a lock. */
static int go_on_unread(struct audit *a, int r) {
        if (!trouble(a, "read what was spent", r))
                return r;
        a->unread = true;
        guard_mistrust(a->guard, "the database cannot be read, and what was spent before is not known", false);
        return 0;
}

static int make_guard(struct audit *a) {
        const struct config *c = a->context.config;
        const struct guard_policy policy = {
                .run = {{[GUARD_CREDENTIALED] = c->probe.budget, [GUARD_FAILURES] = c->probe.failures}},
                .trunk = c->guard.trunk,
                .carrier = c->guard.carrier,
                .hold_after = c->guard.hold_after,
                .print_rounds = GUARD_PRINT_ROUNDS,
        };
        const struct guard_time now = guard_clock();
        const struct ended_run *e;
        int r = guard_new(&a->guard, &policy, &now);
        for (size_t i = 0; r == 0 && (e = backlog_at(a->context.backlog, i)); i++)
                r = guard_take_over(a->guard, e->run.id, e->guard, now.boot_usec - e->run.spent_until.boot_usec);
        if (r < 0)
                return r;
        r = store_guard(a->context.store, a->guard);
        if (r == STORE_NONE)
                guard_mistrust(a->guard, "the counts of the last day are in a database that was damaged and set aside", false);
        else if (r < 0)
                return go_on_unread(a, r);
        return 0;
}

/* What cannot be counted is not spent: what a crash would forget is risked only where it is not expected to fail. */
static int go_on_unreserved(struct audit *a) {
        a->unwritten = true;
        guard_mistrust(a->guard, "the database cannot be written, so that what answers cost would not be counted",
                       backlog_has_counted(a->context.backlog));
        return 0;
}

static int reserve(struct audit *a) {
        if (a->unwritten)
                return go_on_unreserved(a);
        _cleanup_(freep) struct guard_trunk **spenders = calloc(a->n_items + 1, sizeof(*spenders));
        size_t n = 0;
        if (!spenders)
                return -ENOMEM;
        for (size_t i = 0; i < a->n_items; i++)
                if (trunk_audit_guard(a->items[i]))
                        spenders[n++] = trunk_audit_guard(a->items[i]);
        int r = store_reserve(a->context.store, a->run.id, a->guard, spenders, n);
        if (r == 0 && a->context.backlog)
                backlog_counted(a->context.backlog);
        return r < 0 && trouble(a, "reserve what a run may spend", r) ? go_on_unreserved(a) : r;
}

/* What the runs that wait to be stored have learned counts for more than what is stored. */
static int new_item(struct audit *a, const struct trunk *trunk) {
        const struct ended_run *e;
        struct trunk_audit **item = &a->items[a->n_items];
        int r = trunk_audit_new(item, a->unread ? NULL : a->context.store, a->guard, trunk, a->request.force);
        if (r == -EIO && !a->unread) {
                r = go_on_unread(a, r);
                if (r == 0)
                        r = trunk_audit_new(item, NULL, a->guard, trunk, a->request.force);
        }
        for (size_t i = 0; r == 0 && (e = backlog_at(a->context.backlog, i)); i++) {
                const struct result *result = ended_run_find(e, trunk->id, a->n_items);
                if (result)
                        r = trunk_audit_follow(*item, result, guard_now(a->guard)->boot_usec - e->run.spent_until.boot_usec);
        }
        return r == 0 ? trunk_audit_reserve(*item) : r;
}

static int prepare_items(struct audit *a) {
        int r = trunk_list_merge(&a->trunks, a->context.config);
        if (r >= 0 && !a->request.force)
                r = silence_apply(&a->trunks, a->context.config, a->run.started_usec);
        if (r >= 0)
                r = make_guard(a);
        if (r < 0)
                return r;
        a->items = calloc(a->trunks.n + 1, sizeof *a->items);
        a->waiting = calloc(a->trunks.n + 1, sizeof(*a->waiting));
        if (!a->items || !a->waiting)
                return -ENOMEM;
        for (size_t i = 0; i < a->trunks.n; i++) {
                if (!is_named(a, &a->trunks.items[i]))
                        continue;
                r = new_item(a, &a->trunks.items[i]);
                if (r < 0)
                        return r;
                a->n_items++;
        }
        for (size_t k = 0; a->request.names && a->request.names[k]; k++)
                if (!trunk_list_find(&a->trunks, a->request.names[k]))
                        a->unknown_name = a->request.names[k];
        return make_pace(a);
}

static void on_refresh(struct refresh *r, void *user) {
        struct audit *a = user;
        a->refresh = refresh_free(r);
        start_probes(a);
}

/* The list of trunks is complete, as far as it will be. */
static void trunks_are_known(struct audit *a) {
        a->trunks_known = true;
        int r = prepare_items(a);
        if (r == 0)
                r = reserve(a);
        if (r < 0) {
                journal_log(a->context.journal, LOG_ERR, "Unable to prepare the trunks: %s",
                            r == -EIO ? store_error(a->context.store) : strerror(-r));
                finish(a, RUN_ABORTED);
                return;
        }
        const struct platform_context platform = platform_context(a);
        const struct refresh_request request = {.run = a->run.id, .items = a->items, .n = a->n_items, .dry_run = a->request.dry_run};
        if (a->unwritten || refresh_start(&a->refresh, &platform, a->context.store, a->context.journal, &request, on_refresh, a) != 0)
                start_probes(a);
}

/* The trunks of the last listing. How old that is, the run says. */
static int remember_trunks(struct audit *a) {
        int r = store_known_trunks(a->context.store, &a->trunks, &a->run.trunks_known_usec);
        return r == STORE_NONE ? 0 : r;
}

static void on_poll(struct trunk_poll *p, struct trunk_poll_result *result, void *user) {
        struct audit *a = user;
        a->run.platform = result->verdict;
        a->run.platform_status = result->status;
        (void)snprintf(a->run.correlation_id, sizeof a->run.correlation_id, "%s", result->correlation_id);
        a->run.witness_measured = result->witness_measured;
        a->run.witness_offset_usec = result->witness_offset_usec;
        a->run.witness_bound_usec = result->witness_bound_usec;

        int r = 0;
        if (result->verdict.cause == CAUSE_PLATFORM_OK) {
                a->trunks = result->trunks;
                result->trunks = (struct trunk_list){0};
                a->run.trunks_known_usec = now_realtime();
                r = a->unwritten ? 0 : store_put_trunks(a->context.store, &a->trunks, a->run.trunks_known_usec);
        } else {
                r = remember_trunks(a);
        }
        a->poll = trunk_poll_free(p);
        if (r != 0)
                (void)trouble(a, "keep the list of trunks", r);
        trunks_are_known(a);
}

static void on_clock(struct clock_check *c, const struct clock_result *result, void *user) {
        struct audit *a = user;
        a->run.clock = result->verdict;
        a->run.clock_measured = result->measured;
        a->run.clock_offset_usec = result->offset_usec;
        a->run.clock_bound_usec = result->bound_usec;
        a->run.clock_servers = result->servers;
        a->run.clock_servers_used = result->servers_used;
        a->clock_done = true;
        a->clock = clock_check_free(c);
        finish_when_complete(a);
}

/* -- the beginning ------------------------------------------------------------------------------------------------------- */

static int on_limit(sd_event_source *source, uint64_t usec, void *user) {
        (void)source;
        (void)usec;
        audit_abort(user);
        return 0;
}

/* Runs once from the loop, so that nothing is finished inside audit_start(). */
static int on_begin(sd_event_source *source, void *user) {
        struct audit *a = user;
        (void)source;
        a->begin = sd_event_source_disable_unref(a->begin);
        int r = clock_check_start(&a->clock, a->context.event, a->resolver, a->context.config, on_clock, a);
        if (r < 0) {
                a->run.clock = verdict_of(CAUSE_CLOCK_UNKNOWN, "unable to start: %s", strerror(-r));
                a->clock_done = true;
        }
        if (!a->context.token) {
                a->run.platform = verdict_of(CAUSE_PLATFORM_UNUSED, "%s", "");
                trunks_are_known(a);
                return 0;
        }
        r = trunk_poll_start(&a->poll, a->context.event, a->context.http, a->context.token, a->context.config, on_poll, a);
        if (r < 0) {
                a->run.platform = verdict_of(CAUSE_PLATFORM_UNREACHABLE, "unable to start: %s", strerror(-r));
                (void)remember_trunks(a);
                trunks_are_known(a);
        }
        return 0;
}

void audit_tell_broken(struct journal *journal, unsigned n) {
        if (n > 0)
                journal_event(journal, EVENT_RUN_BROKEN, LOG_WARNING, NULL, "%u earlier run(s) ended without results and are marked broken",
                              n);
}

static int begin_run(struct audit *a) {
        int r = a->context.backlog ? backlog_store(a->context.backlog) : 0;
        return r == 0 ? store_begin_run(a->context.store, &a->run) : r;
}

/* Takes the lock and opens the run's row. Returns 0, STORE_BUSY, or -errno (told). A service goes on without the row. */
static int open_run(struct audit *a) {
        unsigned broken_runs = 0, kept = backlog_rows(a->context.backlog);
        int r = store_lock(a->context.store, &broken_runs);
        if (r == STORE_BUSY)
                return r;
        a->unlocked = r < 0;
        audit_tell_broken(a->context.journal, broken_runs > kept ? broken_runs - kept : 0);
        a->run = (struct run){
                .state = RUN_RUNNING,
                .trigger = a->request.trigger,
                .slot_usec = a->request.slot_usec,
                .started_usec = now_realtime(),
                .partial = a->request.names != NULL,
                .interval_usec = a->request.interval_usec,
                .config = a->request.config,
                .reason = a->request.reason,
                .reason_detail = a->request.reason_detail,
                .clock = verdict_of(CAUSE_CLOCK_UNFINISHED, "%s", ""),
                .platform = verdict_of(CAUSE_PLATFORM_UNFINISHED, "%s", ""),
        };
        if (r == 0 || (r == STORE_UNWRITTEN && store_is_damaged(a->context.store)))
                r = begin_run(a);
        if (r == 0)
                return 0;
        a->unwritten = true;
        if (trouble(a, "begin a run", r))
                return 0;
        store_unlock(a->context.store);
        return r < 0 ? r : -EIO;
}

int audit_start(struct audit **ret, const struct audit_context *context, const struct audit_request *request, audit_done_fn *done,
                void *user) {
        struct audit *a = calloc(1, sizeof *a);
        if (!a)
                return -ENOMEM;
        a->context = *context;
        a->request = *request;
        a->done = done;
        a->user = user;
        uint64_t now = 0;
        int r = sd_event_now(context->event, CLOCK_MONOTONIC, &now);
        if (r >= 0)
                r = sd_event_add_defer(context->event, &a->begin, on_begin, a);
        if (r >= 0)
                r = sd_event_add_time(context->event, &a->limit, CLOCK_MONOTONIC, now + context->config->schedule.run_limit_usec,
                                      ACCURACY_USEC, on_limit, a);
        if (r >= 0)
                r = sd_event_add_time(context->event, &a->pacer, CLOCK_MONOTONIC, 0, ACCURACY_USEC, on_pacer, a);
        if (r >= 0)
                r = sd_event_source_set_enabled(a->pacer, SD_EVENT_OFF);
        if (r >= 0)
                r = resolver_new(&a->resolver, context->event, context->config->dns.servers.items, context->config->dns.servers.n);
        if (r < 0)
                journal_log(context->journal, LOG_ERR, "Unable to set up a run: %s", strerror(-r));
        else
                r = open_run(a);
        if (r != 0) {
                a->ended = true;
                (void)audit_free(a);
                return r;
        }
        if (request->announce && a->run.id != 0)
                journal_event(context->journal, EVENT_RUN_STARTED, LOG_INFO, &(struct journal_fields){.run = a->run.id},
                              "Run %lld started (%s)", (long long)a->run.id, run_trigger_word(request->trigger));
        *ret = a;
        return 0;
}

bool audit_is_stored(const struct audit *a) {
        return a->changes != NULL;
}

void audit_abort(struct audit *a) {
        if (a->changes) { /* all is stored; only the telling waits */
                a->changes = changes_free(a->changes);
                conclude(a);
                return;
        }
        /* The platform had not answered yet: the trunks of its last listing get their rows all the same. */
        if (!a->trunks_known && remember_trunks(a) == 0 && prepare_items(a) < 0)
                journal_log(a->context.journal, LOG_ERR, "Unable to list the trunks of the run that ends: %s", strerror(ENOMEM));
        a->pace = pace_free(a->pace); /* no new probe starts while the old ones end */
        for (size_t i = 0; i < a->n_items; i++)
                trunk_audit_cut(a->items[i]);
        finish(a, RUN_ABORTED);
}

struct audit *audit_free(struct audit *a) {
        if (a) {
                if (!a->ended || a->changes)
                        store_unlock(a->context.store);
                stop_agents(a);
                a->changes = changes_free(a->changes);
                for (size_t i = 0; i < a->n_items; i++)
                        a->items[i] = trunk_audit_free(a->items[i]);
                a->resolver = resolver_free(a->resolver);
                free(a->items);
                free(a->waiting);
                free(a->results);
                (void)guard_free(a->guard);
                (void)pace_free(a->pace);
                trunk_list_clear(&a->trunks);
                refusal_list_clear(&a->refusals);
                free(a);
        }
        return NULL;
}
