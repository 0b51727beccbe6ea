/* test_evidence.c: what a probe saw is handed on whole. */
#include <check.h>
#include <stdio.h>

#include "common/evidence.h"
#include "common/verdict.h"

struct handed_on {
        struct verdict verdict;
        struct evidence evidence;
};

static struct verdict some_verdict(int n) {
        return verdict_of(CAUSE_OK, "%d", n);
}

/* As a probe hands its result on: gcc 12 with -ftrivial-auto-var-init wrote zeros into texts of this copy. */
static struct handed_on __attribute__((noinline)) hand_on(const struct evidence *e, int n) {
        struct handed_on r = {.verdict = some_verdict(n), .evidence = *e};
        return r;
}

START_TEST(evidence_is_copied_whole) {
        struct evidence e = {.n_exchanges = EVIDENCE_EXCHANGES_MAX};
        for (size_t i = 0; i < EVIDENCE_EXCHANGES_MAX; i++) {
                struct exchange *x = &e.exchanges[i];
                memset(x->digest_uri, 'u', sizeof x->digest_uri - 1);
                memset(x->reason, 'r', sizeof x->reason - 1);
                memset(x->contact, 'c', sizeof x->contact - 1);
        }
        struct handed_on r = hand_on(&e, _i);
        for (size_t i = 0; i < EVIDENCE_EXCHANGES_MAX; i++) {
                ck_assert_str_eq(r.evidence.exchanges[i].digest_uri, e.exchanges[i].digest_uri);
                ck_assert_str_eq(r.evidence.exchanges[i].reason, e.exchanges[i].reason);
                ck_assert_str_eq(r.evidence.exchanges[i].contact, e.exchanges[i].contact);
        }
}
END_TEST

int main(void) {
        Suite *suite = suite_create("evidence");
        TCase *tc = tcase_create("evidence");
        tcase_add_loop_test(tc, evidence_is_copied_whole, 0, 2);
        suite_add_tcase(suite, tc);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed != 0;
}
