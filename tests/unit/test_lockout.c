/* test_lockout.c: a year of hourly runs against carriers that lock, which never do: the real guard, store and diagnosis; the carriers, the
 * clocks and the operators are played here. Between the hours an operator runs by hand in bursts, the process dies between reservation and
 * settlement, the host is rebooted, and the wall clock is set forth and back. TEST_SHARE makes the year shorter, LOCKOUT_SEED another.
 */
#include <limits.h>

#include "common/config.h"
#include "share.h"
#include "store_fixture.h"

#define SECOND_USEC INT64_C(1000000)
#define MINUTE_USEC (60 * SECOND_USEC)
#define HOUR_USEC (60 * MINUTE_USEC)
#define YEAR_HOURS 8760
#define AT_ONCE 8 /* probes */

#define LOCK_FAILURES 5   /* in ten minutes: the usual ban list */
#define LOCK_REQUESTS 120 /* in an hour: twice what a trunk may spend, because a reboot with a wrong clock may free the hour once */
#define TIMES_MAX 512

/* An assertion that check writes nothing of while it holds: a year has a million. */
#define must(condition)                                 \
        do {                                            \
                if (!(condition))                       \
                        ck_abort_msg("%s", #condition); \
        } while (0)

/* -- the world -------------------------------------------------------------------------------------------------------------- */

enum habit { WORKS, WRONG, NEW_WRONGS, PORT, FLIPS, NEW_REALMS, DROPS, HABITS };

/* What a carrier's ban list sees: the true times of the last failures and requests. */
struct banner {
        const char *address;
        bool counts_requests; /* and locks for them; else for failures */
        int64_t times[TIMES_MAX];
        size_t n;
        unsigned most; /* ever within its window */
        bool locked;
};

struct account {
        struct trunk trunk;
        enum habit habit;
        struct banner *banner;
        struct secret *secret;
        struct diagnosis_history history;
        unsigned realm;
        bool is_right;
        unsigned tested, held;
};

struct world {
        struct store *store;
        struct guard_policy policy;
        int64_t now_usec, skew_usec, boot_at_usec; /* true time; the wall clock is ahead by skew */
        unsigned boots;
        struct banner banners[2];
        struct account accounts[48];
        size_t n_accounts;
        unsigned runs, crashes, by_hand, steps;
        uint64_t seed;
};

static unsigned dice(struct world *w, unsigned sides) {
        w->seed = w->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        return (unsigned)(w->seed >> 33) % sides;
}

static struct guard_time clocks(const struct world *w) {
        struct guard_time t = {.wall_usec = w->now_usec + w->skew_usec, .boot_usec = w->now_usec - w->boot_at_usec};
        (void)snprintf(t.boot, sizeof t.boot, "boot-%u", w->boots);
        return t;
}

/* The list never forgets sooner than its window, and tells the most it ever held. */
static void ban_list(struct world *w, struct banner *b) {
        int64_t window = b->counts_requests ? HOUR_USEC : 10 * MINUTE_USEC;
        unsigned recent = 1;
        for (size_t i = 0; i < b->n && i < TIMES_MAX; i++)
                recent += w->now_usec - b->times[i] < window;
        b->times[b->n++ % TIMES_MAX] = w->now_usec;
        b->most = recent > b->most ? recent : b->most;
        b->locked |= recent >= (b->counts_requests ? LOCK_REQUESTS : LOCK_FAILURES);
}

/* -- a probe ------------------------------------------------------------------------------------------------------------------ */

struct probing {
        struct account *account;
        struct guard_trunk guard;
        struct evidence evidence;
        struct verdict verdict;
        bool begun, done;
};

static void challenge(const struct account *a, struct exchange *x) {
        char text[100];
        (void)snprintf(text, sizeof text, "Digest realm=\"%u\", nonce=\"n\", qop=\"auth\"", a->realm);
        x->status = 401;
        x->response_raw = strdup(text);
        x->has_challenge = true;
        challenge_parse(&x->challenge, false, span_of(x->response_raw));
}

static bool is_accepted(const struct account *a, const struct exchange *x) {
        return a->habit == PORT ? x->hypothesis == HYPOTHESIS_URI_PORT : a->is_right;
}

/* The carrier's side of one request. */
static void respond(struct world *w, const struct account *a, struct exchange *x) {
        bool refused = x->credentialed && !is_accepted(a, x);
        w->now_usec += dice(w, 1000) == 0 ? dice(w, 540) * SECOND_USEC : 30000; /* now and then somebody is slow */
        if (a->banner->counts_requests || refused)
                ban_list(w, a->banner);
        x->rtt_usec = 20000;
        if (refused && a->habit == DROPS) {
                x->end = EXCHANGE_NO_RESPONSE;
                w->now_usec += 32 * SECOND_USEC;
        } else if (!x->credentialed || refused) {
                challenge(a, x);
        } else {
                x->status = 200;
        }
}

/* One step, as the probe takes it. */
static void step(struct world *w, struct guard *g, struct probing *p) {
        struct diagnosis_policy policy = {.budget = 3, .failures = 2};
        struct evidence *e = &p->evidence;
        p->guard.untried = diagnosis_untried(&p->account->trunk, &p->account->history, e) != 0;
        guard_restrict(g, &p->guard, e, &policy);
        struct diagnosis_step s = diagnosis_next(&p->account->trunk, &policy, &p->account->history, e);
        if (s.step == STEP_DONE) {
                p->done = true;
                p->verdict = diagnosis_verdict(&p->account->trunk, &p->account->history, e);
                diagnosis_learn(&p->verdict, e, &p->account->history);
                must(guard_spend(g, &p->guard, e) == 0);
                guard_end(g, &p->guard, e, &p->verdict, clocks(w).wall_usec);
                return;
        }
        struct exchange *x = evidence_add_exchange(e);
        must(x);
        *x = (struct exchange){.retry_after_sec = -1,
                               .sent_usec = (uint64_t)clocks(w).wall_usec,
                               .credentialed = s.step == STEP_ANSWER,
                               .hypothesis = s.hypothesis,
                               .named = s.named,
                               .other_method = s.other_method,
                               .qop = s.qop};
        respond(w, p->account, x);
}

static void begin(struct guard *g, struct probing *p) {
        int r = guard_begin(g, &p->guard);
        if (r == GUARD_WAIT)
                return;
        p->begun = true;
        p->done = r == GUARD_REFUSE;
        p->verdict = p->guard.withheld;
        (void)snprintf(p->evidence.target, sizeof p->evidence.target, "%s", p->account->banner->address);
        (void)snprintf(p->evidence.address, sizeof p->evidence.address, "%s", p->account->banner->address);
        struct attempt *a = evidence_add_target(&p->evidence);
        must(a);
        (void)snprintf(a->address, sizeof a->address, "%s", p->account->banner->address);
        p->evidence.resolution = RESOLUTION_DONE;
}

/* Several at once, a step each in turn. Returns false when the process died on the way: after so many steps. */
static bool probe_all(struct world *w, struct guard *g, struct probing *all, size_t n, unsigned dies_after) {
        for (size_t left = n; left > 0;) {
                size_t active = 0;
                left = 0;
                for (size_t i = 0; i < n; i++) {
                        struct probing *p = &all[i];
                        if (!p->begun && active < AT_ONCE)
                                begin(g, p);
                        if (p->begun && !p->done) {
                                if (dies_after-- == 0)
                                        return false;
                                active++;
                                step(w, g, p);
                        }
                        left += !p->done;
                }
                must(active > 0 || left == 0); /* else everything waits */
        }
        return true;
}

/* -- a run -------------------------------------------------------------------------------------------------------------------- */

static void prepare(struct world *w, struct guard *g, struct probing *p, struct account *a) {
        enum cause last = CAUSE_HELD;
        int64_t when;
        *p = (struct probing){.account = a, .guard = {.trunk = &a->trunk, .probes = 1}};
        (void)store_last_result(w->store, a->trunk.id, &last, &when);
        p->guard.passed = cause_info(last)->outcome == OUTCOME_PASS || cause_info(last)->outcome == OUTCOME_WARN;
        must(store_guard_trunk(w->store, g, a->banner->address, &p->guard) == 0);
        must(guard_reserve(g, &p->guard) == 0);
}

static void count(struct account *a, const struct probing *p) {
        a->tested += verdict_outcome(&p->verdict) != OUTCOME_UNTESTED;
        a->held += p->verdict.cause == CAUSE_HELD;
}

/* dies_after UINT_MAX: it lives. */
static void run_once(struct world *w, unsigned dies_after) {
        const struct guard_time now = clocks(w);
        struct run run = {.started_usec = now.wall_usec,
                          .trigger = RUN_TRIGGER_SLOT,
                          .state = RUN_DONE,
                          .clock = verdict_of(CAUSE_CLOCK_OK, "x"),
                          .platform = verdict_of(CAUSE_PLATFORM_UNUSED, "x")};
        struct probing all[ELEMENTS(w->accounts)];
        struct guard_trunk *spenders[ELEMENTS(w->accounts)];
        struct result results[ELEMENTS(w->accounts)];
        struct guard *g;
        must(store_begin_run(w->store, &run) == 0);
        must(guard_new(&g, &w->policy, &now) == 0);
        must(store_guard(w->store, g) == 0);
        for (size_t i = 0; i < w->n_accounts; i++) {
                prepare(w, g, &all[i], &w->accounts[i]);
                spenders[i] = &all[i].guard;
        }
        must(store_reserve(w->store, run.id, g, spenders, w->n_accounts) == 0);
        w->runs++;
        if (probe_all(w, g, all, w->n_accounts, dies_after)) {
                run.guard = g;
                run.spent_until = clocks(w);
                run.finished_usec = run.spent_until.wall_usec;
                for (size_t i = 0; i < w->n_accounts; i++) {
                        results[i] = (struct result){.trunk = &w->accounts[i].trunk,
                                                     .verdict = all[i].verdict,
                                                     .guard = &all[i].guard,
                                                     .evidence = &all[i].evidence};
                        count(&w->accounts[i], &all[i]);
                }
                must(store_end_run(w->store, &run, results, w->n_accounts) == 0);
        } else {
                w->crashes++;
                store_unlock(w->store); /* as the system does */
                must(store_lock(w->store, NULL) == 0);
        }
        for (size_t i = 0; i < w->n_accounts; i++) {
                evidence_clear(&all[i].evidence);
                guard_trunk_clear(&all[i].guard);
        }
        guard_free(g);
}

/* -- what happens in an hour -------------------------------------------------------------------------------------------------------- */

static void set_secret(struct account *a, unsigned number) {
        char text[40];
        (void)snprintf(text, sizeof text, "secret-%u", number);
        secret_free(a->secret);
        ck_assert_int_eq(secret_new(&a->secret, text, strlen(text)), 0);
        a->trunk.password = a->secret;
}

static void add_account(struct world *w, enum habit habit, struct banner *b) {
        struct account *a = &w->accounts[w->n_accounts++];
        char id[20];
        (void)snprintf(id, sizeof id, "trunk-%zu", w->n_accounts);
        *a = (struct account){
                .trunk = make_trunk(id, id, TRUNK_EXTRA), .habit = habit, .banner = b, .is_right = habit == WORKS || habit == FLIPS};
        a->trunk.authentication = text_of("digest");
        a->trunk.username = text_of("u");
        a->trunk.proxies = text_of(b->address);
        set_secret(a, 0);
}

static void change_accounts(struct world *w) {
        for (size_t i = 0; i < w->n_accounts; i++) {
                struct account *a = &w->accounts[i];
                if (a->habit == NEW_WRONGS && dice(w, 40) == 0)
                        set_secret(a, dice(w, 1000000));
                if (a->habit == NEW_REALMS && dice(w, 100) == 0)
                        a->realm++;
                if (a->habit == FLIPS && dice(w, 60) == 0) {
                        a->is_right = !a->is_right;
                        set_secret(a, dice(w, 1000000));
                }
        }
}

/* Up to two days, either way. */
static void set_clock(struct world *w) {
        w->skew_usec += ((int64_t)dice(w, 5761) - 2880) * MINUTE_USEC;
        w->steps++;
}

static void reboot(struct world *w) {
        w->now_usec += (1 + dice(w, 120)) * SECOND_USEC;
        w->boot_at_usec = w->now_usec;
        w->boots++;
        w->now_usec += dice(w, 30) * SECOND_USEC;
}

static void live_an_hour(struct world *w) {
        int64_t end = w->now_usec + HOUR_USEC;
        change_accounts(w);
        unsigned happens = dice(w, 100);
        run_once(w, happens < 4 ? dice(w, 40) : UINT_MAX);
        if (happens < 1) { /* an operator tries again and again */
                for (unsigned n = dice(w, 100); n > 0; n--, w->by_hand++) {
                        w->now_usec += dice(w, 30) * SECOND_USEC;
                        run_once(w, UINT_MAX);
                }
        } else if (happens < 3) { /* a crash loop */
                for (unsigned n = 20; n > 0; n--) {
                        w->now_usec += 5 * SECOND_USEC;
                        run_once(w, dice(w, 60));
                }
        } else if (happens < 5) {
                set_clock(w);
                w->now_usec += dice(w, 600) * SECOND_USEC;
                run_once(w, UINT_MAX);
        } else if (happens < 7) {
                reboot(w);
                if (dice(w, 2) == 0)
                        set_clock(w);
                run_once(w, UINT_MAX);
                w->now_usec += dice(w, 1200) * SECOND_USEC;
                run_once(w, UINT_MAX);
        }
        w->now_usec = w->now_usec < end ? end : w->now_usec;
}

/* -- the world begins and ends -------------------------------------------------------------------------------------------------------- */

static unsigned seed_of(unsigned otherwise) {
        const char *text = getenv("LOCKOUT_SEED");
        return text ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

static struct guard_policy default_policy(void) {
        _cleanup_(config_freep) struct config *config = NULL;
        struct complaints complaints = {0};
        ck_assert_int_eq(config_parse(&config, "x", SPAN("trunks: [{name: x, extra: true}]"), &complaints), 0);
        complaints_clear(&complaints);
        return (struct guard_policy){
                .run = {{[GUARD_CREDENTIALED] = config->probe.budget, [GUARD_FAILURES] = config->probe.failures}},
                .trunk = config->guard.trunk,
                .carrier = config->guard.carrier,
                .hold_after = config->guard.hold_after,
                .print_rounds = 1,
        };
}

static void begin_world(struct world *w, bool guarded) {
        make_directory();
        *w = (struct world){.store = open_writer(),
                            .now_usec = START,
                            .boot_at_usec = START - HOUR_USEC,
                            .seed = seed_of(1),
                            .banners = {{.address = "192.0.2.1:5060"}, {.address = "192.0.2.2:5060", .counts_requests = true}}};
        ck_assert_int_eq(store_lock(w->store, NULL), 0);
        w->policy = default_policy();
        if (!guarded) {
                w->policy.trunk = w->policy.carrier = (struct guard_limits){0};
                w->policy.hold_after = 0;
        }
}

static void end_world(struct world *w) {
        for (size_t i = 0; i < w->n_accounts; i++) {
                trunk_clear(&w->accounts[i].trunk);
                secret_free(w->accounts[i].secret);
        }
        store_close(w->store);
}

static void add_every_habit(struct world *w) {
        for (enum habit h = 0; h < HABITS; h++)
                add_account(w, h, &w->banners[0]);
        add_account(w, FLIPS, &w->banners[1]);
}

START_TEST(no_carrier_locks_in_a_year) {
        struct world w;
        unsigned hours = (unsigned)share_of(YEAR_HOURS);
        begin_world(&w, true);
        add_every_habit(&w);
        for (unsigned hour = 0; hour < hours && !w.banners[0].locked && !w.banners[1].locked; hour++)
                live_an_hour(&w);
        (void)printf("# %u hours: %u runs, %u by hand, %u crashes, %u reboots, %u steps of the clock; at most %u failures in ten minutes"
                     " (%d lock), %u requests in an hour (%d lock)\n",
                     hours, w.runs, w.by_hand, w.crashes, w.boots, w.steps, w.banners[0].most, LOCK_FAILURES, w.banners[1].most,
                     LOCK_REQUESTS);
        ck_assert(!w.banners[0].locked && !w.banners[1].locked);
        for (size_t i = 0; i < w.n_accounts; i++)
                (void)printf("# habit %d: tested in %u runs, held in %u\n", (int)w.accounts[i].habit, w.accounts[i].tested,
                             w.accounts[i].held);
        ck_assert_uint_gt(w.accounts[WRONG].held, hours / 2);
        ck_assert_uint_gt(w.accounts[WORKS].tested, hours / 2);
        end_world(&w);
}
END_TEST

/* The proof that the year proves something. */
START_TEST(without_the_guard_both_lock) {
        struct world w;
        begin_world(&w, false);
        add_every_habit(&w);
        for (unsigned hour = 0; hour < 1000 && !(w.banners[0].locked && w.banners[1].locked); hour++)
                live_an_hour(&w);
        ck_assert(w.banners[0].locked && w.banners[1].locked);
        end_world(&w);
}
END_TEST

START_TEST(trunks_that_work_are_never_throttled) {
        struct world w;
        begin_world(&w, true);
        for (size_t i = 0; i < 40; i++)
                add_account(&w, WORKS, &w.banners[0]);
        unsigned hours = 12 + (unsigned)share_of(48000) / 1000;
        for (unsigned hour = 0; hour < hours; hour++) {
                w.now_usec += HOUR_USEC;
                run_once(&w, UINT_MAX);
                if (hour % 10 == 0) /* a manual run now and then */
                        run_once(&w, UINT_MAX);
        }
        for (size_t i = 0; i < w.n_accounts; i++)
                ck_assert_uint_eq(w.accounts[i].tested, w.runs);
        end_world(&w);
}
END_TEST

/* In memory where there is such a place: a year of commits need not reach a disk. */
static void make_quick_base(void) {
        (void)snprintf(base, sizeof base, "/dev/shm/test_lockout.XXXXXX");
        if (!mkdtemp(base))
                make_base();
        ck_assert_int_eq(chmod(base, 0755), 0);
}

int main(void) {
        Suite *suite = suite_create("lockout");
        TCase *tc = tcase_create("lockout");
        tcase_set_timeout(tc, 0);
        tcase_add_unchecked_fixture(tc, make_quick_base, remove_base);
        tcase_add_test(tc, no_carrier_locks_in_a_year);
        tcase_add_test(tc, without_the_guard_both_lock);
        tcase_add_test(tc, trunks_that_work_are_never_throttled);
        suite_add_tcase(suite, tc);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed != 0;
}
