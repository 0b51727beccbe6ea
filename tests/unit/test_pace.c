/* test_pace.c: trunks of one carrier keep their distance, carriers do not wait for each other. */
#include <check.h>
#include <stdio.h>
#include <sys/random.h>

#include "common/pace.h"

enum { DONE = 2, WAIT = 1 };

static void expect_item(struct pace *p, uint64_t now, size_t item) {
        size_t got = 77;
        uint64_t at = 77;
        ck_assert_int_eq(pace_next(p, now, &got, &at), 0);
        ck_assert_uint_eq(got, item);
        ck_assert_uint_eq(at, 77);
}

static void expect_wait(struct pace *p, uint64_t now, uint64_t until) {
        size_t got = 77;
        uint64_t at = 77;
        ck_assert_int_eq(pace_next(p, now, &got, &at), WAIT);
        ck_assert_uint_eq(at, until);
        ck_assert_uint_eq(got, 77);
}

static void expect_done(struct pace *p) {
        size_t got = 77;
        uint64_t at = 77;
        ck_assert_int_eq(pace_next(p, UINT64_MAX / 2, &got, &at), DONE);
        ck_assert(got == 77 && at == 77);
}

START_TEST(nothing_is_done_at_once) {
        _cleanup_(pace_freep) struct pace *p = NULL;
        ck_assert_int_eq(pace_new(&p, NULL, 0, 100), 0);
        expect_done(p);
        ck_assert_ptr_null(pace_free(NULL));
}
END_TEST

START_TEST(one_carrier_keeps_its_distance_and_order) {
        static const char *const keys[] = {"a", "a", "a"};
        _cleanup_(pace_freep) struct pace *p = NULL;
        ck_assert_int_eq(pace_new(&p, keys, 3, 100), 0);
        expect_item(p, 1000, 0);
        expect_wait(p, 1000, 1100);
        expect_wait(p, 1099, 1100);
        expect_item(p, 1150, 1); /* late: the distance counts from here */
        expect_wait(p, 1200, 1250);
        expect_item(p, 1250, 2);
        expect_done(p);
}
END_TEST

START_TEST(carriers_do_not_wait_for_each_other) {
        static const char *const keys[] = {"a", "b", "a", NULL, "b", NULL, "c"};
        _cleanup_(pace_freep) struct pace *p = NULL;
        ck_assert_int_eq(pace_new(&p, keys, ELEMENTS(keys), 100), 0);
        bool seen[ELEMENTS(keys)] = {false};
        size_t item = 0;
        uint64_t at = 0;
        for (int i = 0; i < 5; i++) { /* a, b, c, and each without a key is one of its own */
                ck_assert_int_eq(pace_next(p, 5, &item, &at), 0);
                seen[item] = true;
        }
        ck_assert(seen[0] && seen[1] && !seen[2] && seen[3] && !seen[4] && seen[5] && seen[6]);
        expect_wait(p, 5, 105);
        ck_assert_int_eq(pace_next(p, 105, &item, &at), 0);
        ck_assert_int_eq(pace_next(p, 105, &item, &at), 0);
        expect_done(p);
}
END_TEST

START_TEST(without_spacing_nothing_waits) {
        static const char *const keys[] = {"a", "a", "b", "a"};
        _cleanup_(pace_freep) struct pace *p = NULL;
        ck_assert_int_eq(pace_new(&p, keys, ELEMENTS(keys), 0), 0);
        size_t item = 0;
        uint64_t at = 0;
        for (size_t i = 0; i < ELEMENTS(keys); i++)
                ck_assert_int_eq(pace_next(p, 0, &item, &at), 0);
        expect_done(p);
}
END_TEST

/* The longest queue decides when everything is done: it goes first. */
START_TEST(the_longest_queue_goes_first) {
        static const char *const keys[] = {"a", "b", "b", "b", "c", "c"};
        _cleanup_(pace_freep) struct pace *p = NULL;
        ck_assert_int_eq(pace_new(&p, keys, ELEMENTS(keys), 100), 0);
        expect_item(p, 0, 1);
        expect_item(p, 0, 4);
        expect_item(p, 0, 0);
}
END_TEST

/* -- any list of carriers -------------------------------------------------------------------------------------------- */

static uint64_t seed;

static size_t random_below(size_t n) {
        seed ^= seed << 13; /* xorshift */
        seed ^= seed >> 7;
        seed ^= seed << 17;
        return (size_t)(seed >> 33) % n;
}

enum { ITEMS_MAX = 60, CARRIERS = 8, RUNS = 2000 };

static bool keeps_its_promises(void) {
        static const char *const names[CARRIERS] = {"a:1", "b:1", "c:1", "d:1", "e:1", "f:1", "a:2", NULL};
        const char *keys[ITEMS_MAX];
        size_t n = random_below(ITEMS_MAX + 1), queue[CARRIERS] = {0}, longest = 0;
        uint64_t spacing = random_below(50), now = random_below(1000), last[CARRIERS], start = now;
        size_t last_item[CARRIERS];
        bool begun[CARRIERS] = {false}, seen[ITEMS_MAX] = {false}, late = random_below(2);
        for (size_t i = 0; i < n; i++) {
                keys[i] = names[random_below(CARRIERS)];
                for (size_t c = 0; c < CARRIERS; c++)
                        queue[c] += keys[i] && names[c] == keys[i];
        }
        for (size_t c = 0; c < CARRIERS; c++)
                longest = queue[c] > longest ? queue[c] : longest;

        _cleanup_(pace_freep) struct pace *p = NULL;
        if (pace_new(&p, keys, n, spacing) < 0)
                return false;
        for (size_t left = n; left > 0;) {
                size_t item = ITEMS_MAX;
                uint64_t at = 0;
                int r = pace_next(p, now, &item, &at);
                if (r == WAIT) {
                        if (at <= now)
                                return false;
                        now = at + (late ? random_below(20) : 0);
                        continue;
                }
                if (r != 0 || item >= n || seen[item])
                        return false;
                seen[item] = true;
                left--;
                size_t c = 0;
                while (names[c] != keys[item])
                        c++;
                if (keys[item] && begun[c] && (now - last[c] < spacing || item < last_item[c]))
                        return false;
                begun[c] = true;
                last[c] = now;
                last_item[c] = item;
        }
        size_t item = 0;
        uint64_t at = 0;
        /* Nobody waits for another carrier: without delays all is done when the longest queue is. */
        return pace_next(p, now, &item, &at) == DONE && (late || now == start + (longest > 0 ? longest - 1 : 0) * spacing);
}

START_TEST(any_list_of_carriers_is_paced) {
        const char *given = getenv("TEST_SEED");
        ck_assert(given || getrandom(&seed, sizeof seed, 0) == sizeof seed);
        seed = given ? strtoull(given, NULL, 0) : seed | 1;
        for (int i = 0; i < RUNS; i++) {
                unsigned long long from = seed;
                ck_assert_msg(keeps_its_promises(), "TEST_SEED=%#llx", from);
        }
}
END_TEST

int main(void) {
        Suite *suite = suite_create("pace");
        TCase *tc = tcase_create("pace");
        tcase_add_test(tc, nothing_is_done_at_once);
        tcase_add_test(tc, one_carrier_keeps_its_distance_and_order);
        tcase_add_test(tc, carriers_do_not_wait_for_each_other);
        tcase_add_test(tc, without_spacing_nothing_waits);
        tcase_add_test(tc, the_longest_queue_goes_first);
        tcase_add_test(tc, any_list_of_carriers_is_paced);
        suite_add_tcase(suite, tc);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed != 0;
}
