/* test_age_search.c: the search against carriers of every lifetime, in simulated time. What must hold for all of them: never more than one
 * refusal, never more answers than allowed, and what is found is true. */
#include <check.h>

#include "common/age_search.h"
#include "share.h"

#define SEC INT64_C(1000000)
#define MSEC INT64_C(1000)

struct carrier {
        int64_t life_usec; /* a nonce that is not older is accepted */
        bool signals, whole_seconds;
        int64_t rtt_usec;
};

struct aging {
        int64_t ready_usec, asked_usec;
};

/* Runs the search as the agent does: nonces in the order of their ages, one answer at a time. Returns how long it took. */
static int64_t simulate(struct age_search *s, const struct carrier *c) {
        struct aging agings[AGE_SEARCH_AT_ONCE];
        size_t n = 0;
        int64_t now = 0;
        for (int i = 0; i < 2000; i++) {
                int64_t age;
                while (age_search_next(s, n, &age)) {
                        ck_assert_uint_lt(n, AGE_SEARCH_AT_ONCE);
                        agings[n++] = (struct aging){now + c->rtt_usec + age, now};
                }
                if (n == 0) {
                        ck_assert(s->over);
                        return now;
                }
                size_t first = 0;
                for (size_t k = 1; k < n; k++)
                        if (agings[k].ready_usec < agings[first].ready_usec)
                                first = k;
                struct aging a = agings[first];
                agings[first] = agings[--n];
                now = now > a.ready_usec ? now : a.ready_usec;
                int64_t made = a.asked_usec + c->rtt_usec / 2, judged = now + c->rtt_usec / 2;
                int64_t lives = c->whole_seconds ? (made / SEC + 1) * SEC + c->life_usec - made : c->life_usec;
                enum age_outcome outcome = judged - made <= lives ? AGE_ALIVE : c->signals ? AGE_STALE : AGE_REFUSED;
                if (age_search_note(s, outcome, now - (a.asked_usec + c->rtt_usec), now + c->rtt_usec - a.asked_usec))
                        n = 0;
                now += c->rtt_usec;
        }
        ck_abort_msg("it does not end");
        return 0;
}

static int64_t width(const struct age_search *s) {
        return s->dead_usec - s->alive_usec;
}

static void ck_true(const struct age_search *s, const struct carrier *c, unsigned answers_max) {
        int64_t slack = c->whole_seconds ? SEC : 0;
        ck_assert_uint_le(s->refused, c->signals ? 0 : 1);
        ck_assert_uint_le(s->answers, answers_max);
        ck_assert_msg(s->alive_usec <= c->life_usec + slack && s->dead_usec >= c->life_usec, "%lld is not from %lld to %lld",
                      (long long)c->life_usec, (long long)s->alive_usec, (long long)s->dead_usec);
}

/* Lifetimes from 0.1 s to 310 s, every tenth of them of whole seconds, for carriers near and far. */
START_TEST(is_true_and_refused_once) {
        static const int64_t rtts[] = {0, 20 * MSEC, 400 * MSEC, 3 * SEC};
        static const struct nonce_facts opaque = {0};
        static const unsigned limits[] = {1, 7, 40, 301};
        for (int64_t life = 100 * MSEC; life < 310 * SEC; life += 1300 * MSEC * (10000 / share_of(10000)))
                for (size_t i = 0; i < ELEMENTS(rtts) * ELEMENTS(limits); i++) {
                        struct carrier c = {.life_usec = life, .signals = _i & 1, .whole_seconds = _i & 2, .rtt_usec = rtts[i % 4]};
                        unsigned limit = limits[i / 4];
                        struct age_search s;
                        age_search_begin(&s, 0, 300, limit, &opaque);
                        (void)simulate(&s, &c);
                        ck_true(&s, &c, limit);
                        bool found = s.dead_usec < INT64_MAX;
                        int64_t most = 1100 * MSEC + 2 * c.rtt_usec + (c.whole_seconds ? SEC : 0);
                        if (life < 299 * SEC && limit >= 40 && c.signals && c.rtt_usec < SEC / 2)
                                ck_assert_msg(found && width(&s) <= most, "%lld: %lld", (long long)life, (long long)width(&s));
                        if (life < 299 * SEC && limit == 301 && c.rtt_usec < SEC / 2) /* a second wide throughout */
                                ck_assert_msg(found && width(&s) <= most, "%lld: %lld", (long long)life, (long long)width(&s));
                        if (life > 302 * SEC + c.rtt_usec && limit >= 40)
                                ck_assert_msg(!found && s.alive_usec >= 300 * SEC, "%lld", (long long)s.alive_usec);
                }
}
END_TEST

/* Forty answers and no word from the carrier: a second wide for what is usual. */
START_TEST(usual_lifetimes_are_found_to_the_second) {
        static const int64_t usual[] = {2, 5, 10, 15, 20, 30, 32, 60, 90, 120, 180};
        static const struct nonce_facts opaque = {0};
        for (size_t i = 0; i < ELEMENTS(usual) * 2; i++) {
                const struct carrier c = {.life_usec = usual[i / 2] * SEC, .whole_seconds = i % 2, .rtt_usec = 20 * MSEC};
                struct age_search s;
                age_search_begin(&s, 0, 300, 40, &opaque);
                int64_t took = simulate(&s, &c);
                ck_true(&s, &c, 40);
                ck_assert_msg(width(&s) <= 1100 * MSEC, "%lld: %lld", (long long)usual[i / 2], (long long)width(&s));
                ck_assert_int_le(took, 600 * SEC);
        }
}
END_TEST

/* What the nonce says is tried first: two or three answers. */
START_TEST(the_nonces_word_is_the_first_guess) {
        for (int64_t lifetime = 1; lifetime < 300; lifetime++)
                for (int whole = 0; whole < 2; whole++) {
                        const struct nonce_facts f = {.has_lifetime = true, .lifetime_sec = lifetime};
                        const struct carrier c = {.life_usec = lifetime * SEC, .whole_seconds = whole, .rtt_usec = 20 * MSEC};
                        struct age_search s;
                        age_search_begin(&s, 0, 300, 40, &f);
                        (void)simulate(&s, &c);
                        ck_true(&s, &c, 40);
                        ck_assert_uint_le(s.answers, 3);
                        ck_assert_msg(width(&s) <= 1100 * MSEC, "%lld: %lld", (long long)lifetime, (long long)width(&s));
                }
        const struct nonce_facts liar = {.has_lifetime = true, .lifetime_sec = 20};
        const struct carrier longer = {.life_usec = 60 * SEC, .rtt_usec = 20 * MSEC},
                             shorter = {.life_usec = 5 * SEC, .rtt_usec = 20 * MSEC};
        struct age_search s;
        age_search_begin(&s, 0, 300, 40, &liar);
        (void)simulate(&s, &longer);
        ck_true(&s, &longer, 40);
        ck_assert_int_le(width(&s), 1100 * MSEC);
        age_search_begin(&s, 0, 300, 40, &liar);
        (void)simulate(&s, &shorter);
        ck_true(&s, &shorter, 40);
        ck_assert_uint_eq(s.answers, 1); /* the one refusal */

        const struct nonce_facts for_hours = {.has_lifetime = true, .lifetime_sec = 86400};
        const struct carrier c = {.life_usec = 86400 * SEC, .rtt_usec = 20 * MSEC};
        age_search_begin(&s, 0, 300, 40, &for_hours);
        (void)simulate(&s, &c);
        ck_assert(s.dead_usec == INT64_MAX && s.alive_usec >= 300 * SEC && s.answers == 1);
}
END_TEST

/* A range that somebody gives: to the second when there are answers enough, else in even steps. */
START_TEST(a_range_is_searched_evenly) {
        static const struct nonce_facts opaque = {0};
        const struct carrier c = {.life_usec = 75 * SEC, .rtt_usec = 20 * MSEC};
        struct age_search s;
        age_search_begin(&s, 61, 90, 40, &opaque);
        (void)simulate(&s, &c);
        ck_true(&s, &c, 40);
        ck_assert_int_le(width(&s), 1100 * MSEC);
        age_search_begin(&s, 61, 90, 10, &opaque);
        (void)simulate(&s, &c);
        ck_true(&s, &c, 10);
        ck_assert_int_le(width(&s), 4100 * MSEC);
        age_search_begin(&s, 200, 300, 10, &opaque); /* below it: the first answer is the refusal */
        (void)simulate(&s, &c);
        ck_true(&s, &c, 10);
        ck_assert(s.answers == 1 && s.alive_usec == 0);
}
END_TEST

START_TEST(what_is_inconclusive_ends_it) {
        static const struct nonce_facts opaque = {0};
        struct age_search s;
        int64_t age;
        age_search_begin(&s, 0, 300, 40, &opaque);
        ck_assert(age_search_next(&s, 0, &age));
        ck_assert(age_search_note(&s, AGE_INCONCLUSIVE, age, age));
        ck_assert(s.over && !age_search_next(&s, 0, &age) && s.dead_usec == INT64_MAX && s.refused == 0);
}
END_TEST

int main(void) {
        Suite *suite = suite_create("age_search");
        TCase *tc = tcase_create("age_search");
        tcase_set_timeout(tc, 120);
        tcase_add_loop_test(tc, is_true_and_refused_once, 0, 4);
        tcase_add_test(tc, usual_lifetimes_are_found_to_the_second);
        tcase_add_test(tc, the_nonces_word_is_the_first_guess);
        tcase_add_test(tc, a_range_is_searched_evenly);
        tcase_add_test(tc, what_is_inconclusive_ends_it);
        suite_add_tcase(suite, tc);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed != 0;
}
