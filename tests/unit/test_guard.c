/* test_guard.c: what may be spent, from counts, ages and limits; what is held, and what ends that. */
#include <check.h>
#include <limits.h>
#include <stdio.h>

#include "common/guard.h"

#define SECOND INT64_C(1000000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define NEVER INT64_MAX

static const unsigned char salt[GUARD_SALT_SIZE] = "0123456789abcdef";

/* -- accounts --------------------------------------------------------------------------------------------------------------- */

/* Failures only: two an hour and a half ago, one 50 minutes ago, three 9 minutes ago. */
static struct guard_account make_account(void) {
        struct guard_account a = {0};
        ck_assert_int_eq(guard_account_add(&a, 90 * MINUTE, &(struct guard_count){{4, 3, 2}}), 0);
        ck_assert_int_eq(guard_account_add(&a, 50 * MINUTE, &(struct guard_count){{2, 2, 1}}), 0);
        ck_assert_int_eq(guard_account_add(&a, 9 * MINUTE, &(struct guard_count){{6, 4, 3}}), 0);
        return a;
}

static const struct {
        unsigned limits[GUARD_WINDOWS]; /* of failures */
        unsigned need, now, planned;
        bool lacks;
        enum guard_window window;
        unsigned spent;
        int64_t wait_usec;
        unsigned left;
} shortages[] = {
        {{0, 0, 0}, 1000, 0, 0, false, 0, 0, 0, UINT_MAX},
        {{4, 0, 0}, 1, 0, 0, false, 0, 0, 0, 1},
        {{4, 0, 0}, 2, 0, 0, true, GUARD_TEN_MINUTES, 3, MINUTE, 1},
        {{3, 0, 0}, 1, 0, 0, true, GUARD_TEN_MINUTES, 3, MINUTE, 0},
        {{3, 0, 0}, 0, 0, 0, false, 0, 0, 0, 0},
        {{2, 0, 0}, 1, 0, 0, true, GUARD_TEN_MINUTES, 3, MINUTE, 0}, /* a limit that was made smaller */
        {{2, 0, 0}, 3, 0, 0, true, GUARD_TEN_MINUTES, 3, NEVER, 0},
        {{0, 5, 0}, 1, 0, 0, false, 0, 0, 0, 1},
        {{0, 5, 0}, 2, 0, 0, true, GUARD_HOUR, 4, 10 * MINUTE, 1}, /* when the oldest is gone */
        {{0, 5, 0}, 4, 0, 0, true, GUARD_HOUR, 4, 51 * MINUTE, 1}, /* when all are */
        {{0, 0, 7}, 2, 0, 0, true, GUARD_DAY, 6, 24 * HOUR - 90 * MINUTE, 1},
        {{4, 5, 0}, 2, 0, 0, true, GUARD_HOUR, 4, 10 * MINUTE, 1},   /* the longer wait counts */
        {{4, 0, 0}, 1, 1, 0, true, GUARD_TEN_MINUTES, 4, MINUTE, 0}, /* this run's count as now */
        {{4, 0, 0}, 1, 0, 1, true, GUARD_TEN_MINUTES, 4, MINUTE, 0}, /* and what its probes may still spend */
        {{4, 0, 0}, 4, 1, 0, true, GUARD_TEN_MINUTES, 4, 10 * MINUTE, 0},
};

START_TEST(what_does_not_fit_has_to_wait) {
        struct guard_account a = make_account();
        struct guard_limits l = {0};
        struct guard_shortage s = {0};
        for (enum guard_window w = 0; w < GUARD_WINDOWS; w++)
                l.in[w].of[GUARD_FAILURES] = shortages[_i].limits[w];
        a.now.of[GUARD_FAILURES] = shortages[_i].now;
        a.planned.of[GUARD_FAILURES] = shortages[_i].planned;
        const struct guard_count need = {{0, 0, shortages[_i].need}};
        ck_assert_int_eq(guard_lacks(&a, &l, &need, &s), shortages[_i].lacks);
        ck_assert_uint_eq(guard_left(&a, &l, GUARD_FAILURES), shortages[_i].left);
        if (shortages[_i].lacks) {
                ck_assert_int_eq(s.kind, GUARD_FAILURES);
                ck_assert_int_eq(s.window, shortages[_i].window);
                ck_assert_uint_eq(s.spent, shortages[_i].spent);
                ck_assert_int_eq(s.wait_usec, shortages[_i].wait_usec);
        }
        guard_account_clear(&a);
}
END_TEST

START_TEST(a_window_ends_with_its_last_microsecond) {
        struct guard_limits l = {0};
        struct guard_account a = {0};
        l.in[GUARD_HOUR].of[GUARD_REQUESTS] = 10;
        ck_assert_int_eq(guard_account_add(&a, HOUR, &(struct guard_count){{3, 0, 0}}), 0);
        ck_assert_uint_eq(guard_left(&a, &l, GUARD_REQUESTS), 10);
        ck_assert_int_eq(guard_account_add(&a, HOUR - 1, &(struct guard_count){{3, 0, 0}}), 0);
        ck_assert_uint_eq(guard_left(&a, &l, GUARD_REQUESTS), 7);
        ck_assert_int_eq(guard_account_add(&a, -5 * HOUR, &(struct guard_count){{4, 0, 0}}), 0); /* from the future: now */
        ck_assert_uint_eq(guard_left(&a, &l, GUARD_REQUESTS), 3);
        guard_account_clear(&a);
}
END_TEST

/* -- fingerprints --------------------------------------------------------------------------------------------------------------- */

static unsigned print_of(const char *id, const char *user, const char *password, const char *ha1, unsigned char salted) {
        struct secret *secret = NULL;
        const char *text = password ? password : ha1;
        unsigned char own[GUARD_SALT_SIZE];
        unsigned print = UINT_MAX;
        memcpy(own, salt, sizeof own);
        own[0] = salted;
        ck_assert_int_eq(secret_new(&secret, text, strlen(text)), 0);
        const struct trunk t = {.id = (char *)(uintptr_t)id,
                                .username = (char *)(uintptr_t)user,
                                .password = password ? secret : NULL,
                                .ha1 = ha1 ? secret : NULL};
        ck_assert_int_eq(guard_credentials_print(own, 10, &t, &print), 0);
        ck_assert_uint_lt(print, 1U << GUARD_CREDENTIALS_BITS);
        secret_free(secret);
        return print;
}

/* A change of any of them is seen, and one that is none is not. 12 bits: these do not collide. */
START_TEST(a_fingerprint_follows_the_credentials) {
        unsigned print = print_of("a", "u", "p", NULL, 'x');
        ck_assert_uint_eq(print_of("a", "u", "p", NULL, 'x'), print);
        ck_assert_uint_ne(print_of("a", "u", "q", NULL, 'x'), print);
        ck_assert_uint_ne(print_of("a", "v", "p", NULL, 'x'), print);
        ck_assert_uint_ne(print_of("b", "u", "p", NULL, 'x'), print); /* one password at two trunks does not show */
        ck_assert_uint_ne(print_of("a", "u", NULL, "p", 'x'), print);
        ck_assert_uint_ne(print_of("a", "u", "p", NULL, 'y'), print); /* nor in two databases */
}
END_TEST

/* One wrong guess in 4096 must fit as well as the right secret. */
START_TEST(a_fingerprint_does_not_single_out_a_secret) {
        unsigned print = print_of("a", "u", "p", NULL, 'x'), fits = 0;
        for (unsigned i = 0; i < 16384; i++) {
                char guess[20];
                (void)snprintf(guess, sizeof guess, "guess-%u", i);
                fits += print_of("a", "u", guess, NULL, 'x') == print;
        }
        ck_assert_uint_ge(fits, 1);
        ck_assert_uint_le(fits, 15);
}
END_TEST

static int64_t circumstances(const char *domain, const char *challenge_text) {
        struct challenge c;
        int64_t print = 0;
        const struct trunk t = {.domain = (char *)(uintptr_t)domain};
        if (challenge_text)
                challenge_parse(&c, false, span_of(challenge_text));
        ck_assert_int_eq(guard_circumstances_print(&t, challenge_text ? &c : NULL, &print), 0);
        return print;
}

START_TEST(circumstances_are_settings_and_challenge) {
        static const char *const others[] = {"Digest realm=\"s\", nonce=\"a\"", "Digest realm=\"r\", nonce=\"a\", qop=\"auth\"",
                                             "Digest realm=\"r\", nonce=\"a\", algorithm=MD5", "Basic realm=\"r\"", NULL};
        int64_t print = circumstances("d", "Digest realm=\"r\", nonce=\"a\"");
        ck_assert_int_eq(circumstances("d", "Digest realm=\"r\", nonce=\"b\", opaque=\"o\", stale=true"), print); /* new every time */
        ck_assert_int_ne(circumstances("e", "Digest realm=\"r\", nonce=\"a\""), print);
        for (size_t i = 0; i < ELEMENTS(others); i++)
                ck_assert_int_ne(circumstances("d", others[i]), print);
}
END_TEST

/* -- hosts ------------------------------------------------------------------------------------------------------------------------ */

START_TEST(a_host_has_no_port) {
        static const char *const hosts[][2] = {{"192.0.2.1:5060", "192.0.2.1"},
                                               {"192.0.2.1", "192.0.2.1"},
                                               {"[2001:DB8::1]:5061", "2001:db8::1"},
                                               {"[2001:db8::1]", "2001:db8::1"},
                                               {"SBC1.Carrier.example:5080", "sbc1.carrier.example"},
                                               {"", ""}};
        char host[GUARD_HOST_MAX];
        for (size_t i = 0; i < ELEMENTS(hosts); i++) {
                guard_host_of(hosts[i][0], host);
                ck_assert_str_eq(host, hosts[i][1]);
        }
}
END_TEST

START_TEST(hosts_are_kept_apart) {
        _cleanup_(guard_freep) struct guard *g = NULL;
        const struct guard_time now = {0};
        ck_assert_int_eq(guard_new(&g, &(struct guard_policy){0}, &now), 0);
        struct guard_carrier *first[50], *again;
        for (int i = 0; i < 50; i++) {
                char host[20];
                (void)snprintf(host, sizeof host, "h%d", i * 7 % 50);
                ck_assert_int_eq(guard_carrier(g, host, &first[i * 7 % 50]), 0);
        }
        for (int i = 0; i < 50; i++) {
                char host[20];
                (void)snprintf(host, sizeof host, "h%d", i);
                ck_assert_int_eq(guard_carrier(g, host, &again), 0);
                ck_assert_ptr_eq(again, first[i]);
        }
        ck_assert_ptr_nonnull(guard_carrier_at(g, 49));
        ck_assert_ptr_null(guard_carrier_at(g, 50));
        ck_assert_ptr_null(guard_free(NULL));
}
END_TEST

/* -- a trunk's part ------------------------------------------------------------------------------------------------------------------ */

#define D "Digest realm=\"r\", nonce=\"a\", qop=\"auth\""

struct stage {
        struct guard *g;
        struct secret *secret;
        struct trunk trunk;
        struct guard_trunk t;
        struct evidence e;
};

static void begin_stage(struct stage *s, const struct guard_policy *policy) {
        const struct guard_time now = {.wall_usec = INT64_C(1795410000000000), .boot_usec = HOUR, .boot = "b"};
        *s = (struct stage){
                .trunk = {.id = (char *)(uintptr_t) "id", .name = (char *)(uintptr_t) "N", .username = (char *)(uintptr_t) "u"}};
        ck_assert_int_eq(guard_new(&s->g, policy, &now), 0);
        guard_set_salt(s->g, salt);
        ck_assert_int_eq(secret_new(&s->secret, "p", 1), 0);
        s->trunk.password = s->secret;
        s->t = (struct guard_trunk){.trunk = &s->trunk, .probes = 1, .host = "192.0.2.1"};
        ck_assert_int_eq(guard_reserve(s->g, &s->t), 0);
        (void)snprintf(s->e.address, sizeof s->e.address, "192.0.2.1:5060");
}

static void end_stage(struct stage *s) {
        evidence_clear(&s->e);
        guard_trunk_clear(&s->t);
        secret_free(s->secret);
        guard_free(s->g);
}

/* status 0: end; a 401 is a challenge. */
static void saw(struct stage *s, bool credentialed, int status, enum exchange_end end) {
        struct exchange *x = evidence_add_exchange(&s->e);
        ck_assert_ptr_nonnull(x);
        *x = (struct exchange){.credentialed = credentialed, .status = status, .end = end, .retry_after_sec = -1};
        if (status == 401) {
                x->has_challenge = true;
                challenge_parse(&x->challenge, false, SPAN(D));
        }
}

static const struct guard_policy usual = {.run = {{0, 3, 2}},
                                          .trunk = {{[GUARD_HOUR] = {{60, 12, 4}}}},
                                          .carrier = {{[GUARD_TEN_MINUTES] = {{0, 0, 4}}}},
                                          .hold_after = 2,
                                          .print_rounds = 1};

static struct diagnosis_policy restricted(struct stage *s) {
        struct diagnosis_policy p = {.budget = 3, .failures = 2};
        guard_restrict(s->g, &s->t, &s->e, &p);
        return p;
}

/* The carrier refused so many runs. */
static void refuse_before(struct stage *s, unsigned runs) {
        saw(s, false, 401, EXCHANGE_RESPONDED);
        for (unsigned i = 0; i < runs; i++) {
                struct verdict v = verdict_of(CAUSE_WRONG_PASSWORD, "x");
                guard_end(s->g, &s->t, &s->e, &v, INT64_C(1795410000000000) - (runs - i) * HOUR);
        }
        ck_assert_uint_eq(s->t.rejection.runs, runs);
        ck_assert(s->t.rejection_changed);
}

enum change { NOTHING, FORCE, SECRET, USER, DOMAIN, REALM, EARLIER };

START_TEST(refused_credentials_are_held_until_something_changes) {
        struct stage s;
        begin_stage(&s, &usual);
        refuse_before(&s, _i == EARLIER ? 1 : 2);
        s.t.forced = _i == FORCE;
        if (_i == SECRET) {
                secret_free(s.secret);
                ck_assert_int_eq(secret_new(&s.secret, "q", 1), 0);
                s.trunk.password = s.secret;
        }
        s.trunk.username = _i == USER ? (char *)(uintptr_t) "v" : s.trunk.username;
        s.trunk.domain = _i == DOMAIN ? (char *)(uintptr_t) "d" : NULL;
        if (_i == REALM)
                challenge_parse(&s.e.exchanges[0].challenge, false, SPAN("Digest realm=\"other\", nonce=\"a\", qop=\"auth\""));
        ck_assert_int_eq(guard_begin(s.g, &s.t), 0);
        ck_assert_uint_eq(restricted(&s).budget, _i == NOTHING ? 0 : 3);
        struct verdict v = verdict_of(CAUSE_BUDGET_SPENT, "no credentialed request was allowed");
        ck_assert_int_eq(guard_spend(s.g, &s.t, &s.e), 0);
        guard_end(s.g, &s.t, &s.e, &v, 0);
        ck_assert_int_eq(v.cause, _i == NOTHING ? CAUSE_HELD : CAUSE_BUDGET_SPENT);
        if (_i == NOTHING)
                ck_assert_str_eq(v.detail, "not sent again: 2 runs in a row were refused, the last cause was wrong_password on "
                                           "2026-11-23T04:00:00Z; nothing changed since");
        ck_assert_uint_eq(s.t.rejection.runs, _i == EARLIER ? 1 : 2); /* only a refusal or a success changes that */
        end_stage(&s);
}
END_TEST

/* What is left to try has its turn once a day. */
START_TEST(a_held_trunk_tries_another_input_a_day_later) {
        static const struct {
                bool untried;
                int64_t hours;
                unsigned budget;
        } cases[] = {{true, 1, 0}, {true, 22, 0}, {true, 23, 3}, {true, 48, 3}, {false, 48, 0}};
        struct stage s;
        begin_stage(&s, &usual);
        refuse_before(&s, 2);
        s.t.rejection.last_usec = INT64_C(1795410000000000) - cases[_i].hours * HOUR;
        s.t.untried = cases[_i].untried;
        ck_assert_int_eq(guard_begin(s.g, &s.t), 0);
        ck_assert_uint_eq(restricted(&s).budget, cases[_i].budget);
        end_stage(&s);
}
END_TEST

START_TEST(a_success_ends_a_rejection_and_another_refusal_begins_anew) {
        struct stage s;
        begin_stage(&s, &usual);
        refuse_before(&s, 2);
        struct verdict v = verdict_of(CAUSE_FORBIDDEN, "x");
        s.trunk.domain = (char *)(uintptr_t) "new";
        guard_end(s.g, &s.t, &s.e, &v, 77);
        ck_assert_uint_eq(s.t.rejection.runs, 1);
        ck_assert_int_eq(s.t.rejection.cause, CAUSE_FORBIDDEN);
        ck_assert_int_eq(s.t.rejection.since_usec, 77);
        saw(&s, true, 200, EXCHANGE_RESPONDED);
        v = verdict_of(CAUSE_OK, "x");
        guard_end(s.g, &s.t, &s.e, &v, 88);
        ck_assert_uint_eq(s.t.rejection.runs, 0);
        ck_assert(s.t.rejection_changed);
        end_stage(&s);
}
END_TEST

/* Each unheard or refused answer is planned for before it is sent. */
START_TEST(failures_are_planned_before_they_happen) {
        struct stage s;
        begin_stage(&s, &usual);
        s.t.passed = true;
        ck_assert_int_eq(guard_begin(s.g, &s.t), 0);
        ck_assert_uint_eq(s.t.carrier->account.planned.of[GUARD_FAILURES], 1);
        saw(&s, false, 401, EXCHANGE_RESPONDED);
        ck_assert_uint_eq(restricted(&s).budget, 3);
        saw(&s, true, 401, EXCHANGE_RESPONDED);
        s.t.carrier->account.now.of[GUARD_FAILURES] = (unsigned)_i; /* of others meanwhile */
        ck_assert_uint_eq(restricted(&s).budget, _i < 3 ? 3 : 1);   /* four at most: theirs, and both of ours */
        ck_assert_uint_eq(s.t.carrier->account.planned.of[GUARD_FAILURES], _i < 3 ? 2 : 1);
        ck_assert_int_eq(guard_spend(s.g, &s.t, &s.e), 0);
        struct verdict v = verdict_of(CAUSE_BUDGET_SPENT, "x");
        guard_end(s.g, &s.t, &s.e, &v, 0);
        ck_assert_uint_eq(s.t.carrier->account.planned.of[GUARD_FAILURES], 0);
        ck_assert_uint_eq(s.t.carrier->account.now.of[GUARD_FAILURES], (unsigned)_i + 1);
        ck_assert_int_eq(v.cause, CAUSE_BUDGET_SPENT);
        ck_assert_str_eq(v.detail, "x");
        end_stage(&s);
}
END_TEST

START_TEST(probes_at_a_host_wait_while_all_of_them_could_fail) {
        struct stage s;
        struct guard_trunk others[3];
        begin_stage(&s, &usual);
        for (size_t i = 0; i < 3; i++) {
                others[i] = (struct guard_trunk){.trunk = &s.trunk, .probes = 1, .host = "192.0.2.1", .passed = i == 0};
                ck_assert_int_eq(guard_reserve(s.g, &others[i]), 0);
        }
        ck_assert_uint_eq(s.t.carrier->reserved.of[GUARD_FAILURES], 4); /* not eight: more cannot happen */
        ck_assert_int_eq(guard_begin(s.g, &s.t), 0);                    /* two */
        ck_assert_int_eq(guard_begin(s.g, &others[0]), 0);              /* one, as it worked */
        ck_assert_int_eq(guard_begin(s.g, &others[1]), GUARD_WAIT);
        struct verdict v = verdict_of(CAUSE_OK, "x");
        guard_end(s.g, &others[0], &s.e, &v, 0);
        ck_assert_int_eq(guard_begin(s.g, &others[1]), 0);
        ck_assert_int_eq(guard_begin(s.g, &others[2]), GUARD_WAIT);
        s.t.carrier->account.now.of[GUARD_FAILURES] = 3; /* waiting helps no more */
        ck_assert_int_eq(guard_begin(s.g, &others[2]), 0);
        ck_assert(others[2].is_withheld);
        ck_assert_str_eq(others[2].withheld.detail,
                         "3 failures of 192.0.2.1 in the last ten minutes, 2 more could follow, and 4 are allowed; again after "
                         "2026-11-23T05:10:00Z");
        end_stage(&s);
}
END_TEST

START_TEST(what_no_longer_may_be_asked_is_not) {
        struct stage s;
        begin_stage(&s, &usual);
        ck_assert_int_eq(guard_account_add(&s.t.account, MINUTE, &(struct guard_count){{60, 1, 0}}), 0);
        ck_assert_int_eq(guard_begin(s.g, &s.t), GUARD_REFUSE);
        ck_assert_int_eq(s.t.withheld.cause, CAUSE_BUDGET_SPENT);
        s.t.account.entries[0].count.of[GUARD_REQUESTS] = 57;
        s.t.is_withheld = false;
        ck_assert_int_eq(guard_begin(s.g, &s.t), 0);
        ck_assert_uint_eq(restricted(&s).requests, 3);
        end_stage(&s);
}
END_TEST

static const struct {
        enum cause cause;
        unsigned failed_before; /* there */
        bool answered_at_last;
        bool is_sign;
} signs[] = {
        {CAUSE_LOCKOUT_SUSPECTED, 0, false, true},
        {CAUSE_ANSWER_DROPPED, 0, false, true},
        {CAUSE_ANSWER_DROPPED, 0, true, false},
        {CAUSE_NO_ANSWER, 0, false, false},
        {CAUSE_NO_ANSWER, 1, false, true},
        {CAUSE_REFUSED_BEFORE_CHALLENGE, 0, true, false},
        {CAUSE_REFUSED_BEFORE_CHALLENGE, 1, true, true},
        {CAUSE_WRONG_PASSWORD, 1, true, false},
};

START_TEST(signs_of_a_lockout_stop_a_host) {
        struct stage s;
        begin_stage(&s, &usual);
        struct guard_trunk other = {.trunk = &s.trunk, .probes = 1, .host = "192.0.2.1"};
        struct guard_trunk elsewhere = {.trunk = &s.trunk, .probes = 1, .host = "192.0.2.2"};
        ck_assert_int_eq(guard_reserve(s.g, &other), 0);
        ck_assert_int_eq(guard_reserve(s.g, &elsewhere), 0);
        ck_assert_int_eq(guard_account_add(&s.t.carrier->account, 5 * MINUTE, &(struct guard_count){{1, 1, signs[_i].failed_before}}), 0);
        ck_assert_int_eq(guard_begin(s.g, &s.t), 0);
        saw(&s, false, signs[_i].answered_at_last ? 401 : 0, signs[_i].answered_at_last ? EXCHANGE_RESPONDED : EXCHANGE_NO_RESPONSE);
        struct verdict v = verdict_of(signs[_i].cause, "x");
        guard_end(s.g, &s.t, &s.e, &v, 0);
        ck_assert_int_eq(guard_begin(s.g, &other), 0);
        ck_assert_int_eq(other.is_withheld, signs[_i].is_sign);
        if (signs[_i].is_sign) {
                ck_assert_int_eq(other.withheld.cause, CAUSE_HELD);
                ck_assert_ptr_nonnull(strstr(other.withheld.detail, "192.0.2.1 in this run: N shows signs of a lock-out"));
        }
        ck_assert_int_eq(guard_begin(s.g, &elsewhere), 0);
        ck_assert(!elsewhere.is_withheld);
        /* It comes there after all, by another name. */
        struct diagnosis_policy p = {.budget = 3, .failures = 2};
        guard_restrict(s.g, &elsewhere, &s.e, &p);
        ck_assert_uint_eq(p.budget, signs[_i].is_sign ? 0 : 3);
        end_stage(&s);
}
END_TEST

START_TEST(what_was_sent_counts_where_it_went) {
        struct stage s;
        begin_stage(&s, &usual);
        for (int i = 0; i < 2; i++) {
                struct attempt *a = evidence_add_target(&s.e);
                ck_assert_ptr_nonnull(a);
                (void)snprintf(a->address, sizeof a->address, "192.0.2.%d:5060", i + 1);
        }
        saw(&s, false, 0, EXCHANGE_NO_RESPONSE);
        s.e.exchanges[0].retransmissions = 4;
        saw(&s, false, 401, EXCHANGE_RESPONDED);
        saw(&s, true, 401, EXCHANGE_RESPONDED);
        saw(&s, true, 0, EXCHANGE_NO_RESPONSE);
        saw(&s, false, 0, EXCHANGE_TOO_LARGE);
        for (size_t i = 1; i < s.e.n_exchanges; i++)
                s.e.exchanges[i].target = 1;
        ck_assert_int_eq(guard_spend(s.g, &s.t, &s.e), 0);
        static const unsigned spent[][GUARD_KINDS] = {{5, 0, 0}, {3, 2, 2}};
        for (size_t i = 0; i < 2; i++)
                for (size_t k = 0; k < GUARD_KINDS; k++)
                        ck_assert_uint_eq(guard_carrier_at(s.g, i)->account.now.of[k], spent[i][k]);
        for (size_t k = 0; k < GUARD_KINDS; k++)
                ck_assert_uint_eq(s.t.account.now.of[k], spent[0][k] + spent[1][k]);
        end_stage(&s);
}
END_TEST

/* Several proxies: an answer each, but not the failures of each. */
START_TEST(proxies_share_a_run) {
        struct stage s;
        begin_stage(&s, &usual);
        s.t.probes = 5;
        ck_assert_int_eq(guard_begin(s.g, &s.t), 0);
        s.t.account.now = (struct guard_count){{8, 4, 1}};
        ck_assert_uint_eq(restricted(&s).budget, 1);
        s.t.account.now.of[GUARD_FAILURES] = 2;
        ck_assert_uint_eq(restricted(&s).budget, 0);
        end_stage(&s);
}
END_TEST

int main(void) {
        Suite *suite = suite_create("guard");
        TCase *tc = tcase_create("guard");
        tcase_add_loop_test(tc, what_does_not_fit_has_to_wait, 0, ELEMENTS(shortages));
        tcase_add_test(tc, a_window_ends_with_its_last_microsecond);
        tcase_add_test(tc, a_fingerprint_follows_the_credentials);
        tcase_add_test(tc, a_fingerprint_does_not_single_out_a_secret);
        tcase_add_test(tc, circumstances_are_settings_and_challenge);
        tcase_add_test(tc, a_host_has_no_port);
        tcase_add_test(tc, hosts_are_kept_apart);
        tcase_add_loop_test(tc, refused_credentials_are_held_until_something_changes, 0, EARLIER + 1);
        tcase_add_loop_test(tc, a_held_trunk_tries_another_input_a_day_later, 0, 5);
        tcase_add_test(tc, a_success_ends_a_rejection_and_another_refusal_begins_anew);
        tcase_add_loop_test(tc, failures_are_planned_before_they_happen, 0, 5);
        tcase_add_test(tc, probes_at_a_host_wait_while_all_of_them_could_fail);
        tcase_add_test(tc, what_no_longer_may_be_asked_is_not);
        tcase_add_loop_test(tc, signs_of_a_lockout_stop_a_host, 0, ELEMENTS(signs));
        tcase_add_test(tc, what_was_sent_counts_where_it_went);
        tcase_add_test(tc, proxies_share_a_run);
        suite_add_tcase(suite, tc);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed != 0;
}
