/* test_allowance.c: no minute ever holds more than a third of what the platform allows. */
#include <check.h>
#include <stdio.h>

#include "common/allowance.h"

#define SECOND USEC_PER_SEC

static struct allowance a; /* large */

static void clear(void) {
        memset(&a, 0, sizeof a);
}

/* Sends as fast as it may; returns the requests of [from, until). */
static unsigned send_all(uint64_t from, uint64_t until) {
        unsigned n = 0;
        for (uint64_t now = from; (now = allowance_next_usec(&a, now)) < until; n++)
                allowance_take(&a, now);
        return n;
}

static const struct {
        int allowed;
        unsigned share;
} shares[] = {{-1, 100}, {0, 100}, {300, 100}, {180, 60}, {10, 3}, {2, 1}, {1, 1}, {100000, ALLOWANCE_SHARE_MAX}};

START_TEST(a_share_is_a_third) {
        allowance_heard(&a, &(struct allowance_told){-1, shares[_i].allowed, -1}, 0);
        ck_assert_uint_eq(allowance_share(&a), shares[_i].share);
        ck_assert_uint_eq(send_all(5 * SECOND, 65 * SECOND), shares[_i].share);
        ck_assert_uint_eq(send_all(65 * SECOND, 125 * SECOND), shares[_i].share);
}
END_TEST

START_TEST(a_window_slides) {
        /* Half of the share late in one minute, and then never more than the rest early in the next. */
        allowance_heard(&a, &(struct allowance_told){-1, 30, -1}, 0);
        for (int i = 0; i < 5; i++)
                allowance_take(&a, 55 * SECOND);
        ck_assert_uint_eq(send_all(61 * SECOND, 115 * SECOND), 5);
        ck_assert_uint_eq(allowance_next_usec(&a, 62 * SECOND), 115 * SECOND);
        ck_assert_uint_eq(send_all(115 * SECOND, 121 * SECOND), 5);
        ck_assert_uint_eq(allowance_next_usec(&a, 300 * SECOND), 300 * SECOND);
}
END_TEST

START_TEST(a_share_that_shrinks_counts_what_was_sent) {
        ck_assert_uint_eq(send_all(1 * SECOND, 2 * SECOND), 100);
        allowance_heard(&a, &(struct allowance_told){40, 30, 20}, 2 * SECOND);
        /* Others, or we, are past what is allowed: the platform's window has to end first. */
        ck_assert_uint_eq(a.hold_usec, 23 * SECOND);
        ck_assert_uint_eq(allowance_next_usec(&a, 30 * SECOND), 61 * SECOND);
}
END_TEST

START_TEST(what_others_used_up_is_waited_for) {
        allowance_heard(&a, &(struct allowance_told){299, 300, 20}, SECOND);
        ck_assert_uint_eq(allowance_next_usec(&a, SECOND), SECOND);
        allowance_heard(&a, &(struct allowance_told){300, 300, 20}, SECOND);
        ck_assert_uint_eq(allowance_next_usec(&a, SECOND), 22 * SECOND);
        /* Nonsense holds nothing. */
        clear();
        allowance_heard(&a, &(struct allowance_told){300, 300, 1 << 30}, SECOND);
        allowance_heard(&a, &(struct allowance_told){300, -1, 20}, SECOND);
        ck_assert_uint_eq(allowance_next_usec(&a, SECOND), SECOND);
}
END_TEST

int main(void) {
        Suite *s = suite_create("allowance");
        TCase *c = tcase_create("all");
        tcase_add_checked_fixture(c, clear, NULL);
        tcase_add_loop_test(c, a_share_is_a_third, 0, ELEMENTS(shares));
        tcase_add_test(c, a_window_slides);
        tcase_add_test(c, a_share_that_shrinks_counts_what_was_sent);
        tcase_add_test(c, what_others_used_up_is_waited_for);
        suite_add_tcase(s, c);
        SRunner *r = srunner_create(s);
        srunner_run_all(r, CK_ENV);
        int failed = srunner_ntests_failed(r);
        srunner_free(r);
        return failed > 0;
}
