/* test_nonce.c: nonces of real servers with known dates, and near misses of the one form that is read. */
#include <check.h>

#include "common/nonce.h"

#define YEAR_SEC (366 * INT64_C(86400))

/* Seen in public threads, or sent by a Kamailio of our own. issued 0 = nothing may be read from it. */
static const struct {
        const char *nonce;
        int64_t now, issued, lifetime;
} samples[] = {
        /* Kamailio: two sums and id; one sum */
        {"XVFR6V1RUL1T0eCKhebkSTLBUAIK921RhPJjWWVykMP/p8bowB9uPElsF3CA", 1565610173, 1565610173, 300},
        {"awPDG2sDwe8n8V4aQ1h2Rkz0PHOIOakd", 1795408367, 1795408367, 300},
        {"awPDG2sDwe8n8V4aQ1h2Rkz0PHOIOakd", 1795408367 + 300, 1795408367, 300},
        /* sizes: 24, 29, 40 and 45 bytes are Kamailio's; one more or less is not */
        {"awPDG2sDwe8AAQIDBAUGBwgJCgsMDQ4PEBESExQ=", 1795408367, 1795408367, 300},
        {"awPDG2sDwe8AAQIDBAUGBwgJCgsMDQ4PEBESEw==", 1795408367, 0, 0},
        {"awPDG2sDwe8AAQIDBAUGBwgJCgsMDQ4PEBESExQV", 1795408367, 0, 0},
        {"awPDG2sDwe8AAQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHw==", 1795408367, 1795408367, 300},
        {"awPDG2sDwe8AAQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=", 1795408367, 0, 0},
        {"awPDG2sDwe8AAQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAhIiMkJSYn", 1795408367, 0, 0},
        /* lifetimes: none, a day, more, backwards */
        {"awPB72sDwe8n8V4aQ1h2Rkz0PHOIOakd", 1795408367, 1795408367, 0},
        {"awUTb2sDwe8n8V4aQ1h2Rkz0PHOIOakd", 1795408367, 1795408367, 86400},
        {"awUTcGsDwe8n8V4aQ1h2Rkz0PHOIOakd", 1795408367, 0, 0},
        {"awPB7msDwe8n8V4aQ1h2Rkz0PHOIOakd", 1795408367, 0, 0},
        /* dates: a year from now either way, and further */
        {"awPDG2sDwe8n8V4aQ1h2Rkz0PHOIOakd", 1795408367 + YEAR_SEC, 1795408367, 300},
        {"awPDG2sDwe8n8V4aQ1h2Rkz0PHOIOakd", 1795408367 - YEAR_SEC, 1795408367, 300},
        {"awPDG2sDwe8n8V4aQ1h2Rkz0PHOIOakd", 1795408367 + YEAR_SEC + 1, 0, 0},
        {"awPDG2sDwe8n8V4aQ1h2Rkz0PHOIOakd", 1795408367 - YEAR_SEC - 1, 0, 0},
        {"awPDG2sDwe8n8V4aQ1h2Rkz0PHOIOakd", 0, 0, 0},
        /* of the same length, at random */
        {"Vp0c9qzT2mYw3hRk7LxJ1bEoSgNfU5Ad", 1795408367, 0, 0},
        {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 1795408367, 0, 0},
        {"////////////////////////////////", 1795408367, 0, 0},
        /* not base64 */
        {"awPDG2sDwe8n8V4aQ1h2Rkz0PHOIOak", 1795408367, 0, 0},
        {"awPDG2sDwe8n8V4aQ1h2Rkz0PHOIOak-", 1795408367, 0, 0},
        {"awPDG2sDwe8n8V4a=1h2Rkz0PHOIOakd", 1795408367, 0, 0},
        {"awPDG2sDwe8n8V4aQ1h2Rkz0PHOIO===", 1795408367, 0, 0},
        {"================================", 1795408367, 0, 0},
        {"====", 1795408367, 0, 0},
        {"", 1795408367, 0, 0},
        /* other servers: Asterisk, decimal time and hash (plain, base64), OpenSIPS, Sofia-SIP, BroadWorks, FreeSWITCH */
        {"1729103338/662d65a084b88c6d2a745a9de086fa91", 1729103338, 0, 0},
        {"1600943072:be7c5159fe11dde4d027fa91537909a03497440e", 1600943072, 0, 0},
        {"MTU3MTY5Mzg2MTrbrxRPWP0AIkC7fowq+nZn", 1571693861, 0, 0},
        {"54c4396800000005190003864ba737f2e5ce35a2b9dbd461", 1422145896, 0, 0},
        {"fsZS4gAAAAAMuwl4AAAt4vD7FUEAAAAA", 1588086782, 0, 0},
        {"BroadWorksXihql39gtTi2cq07BW", 1449167798, 0, 0},
        {"634df9bc-54d5-431f-8dc7-66cb556fe12e", 1666054588, 0, 0},
        {"dcd98b7102dd2f0e8b11d0f600bfb0c093", 1795408367, 0, 0},
        {"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", 1795408367, 0, 0},
};

START_TEST(reads_what_nonces_give_away) {
        size_t n = strlen(samples[_i].nonce);
        char *exact = malloc(n > 0 ? n : 1);
        ck_assert_ptr_nonnull(exact);
        memcpy(exact, samples[_i].nonce, n);
        struct nonce_facts facts;
        nonce_read(&facts, (struct span){exact, n}, samples[_i].now);
        free(exact);
        bool known = samples[_i].issued != 0;
        ck_assert_int_eq(facts.family, known ? NONCE_KAMAILIO : NONCE_OPAQUE);
        ck_assert(facts.has_issued == known && facts.has_lifetime == known);
        if (known) {
                ck_assert_int_eq(facts.issued_sec, samples[_i].issued);
                ck_assert_int_eq(facts.lifetime_sec, samples[_i].lifetime);
        }
}
END_TEST

int main(void) {
        Suite *suite = suite_create("nonce");
        TCase *tc = tcase_create("nonce");
        tcase_add_loop_test(tc, reads_what_nonces_give_away, 0, (int)ELEMENTS(samples));
        suite_add_tcase(suite, tc);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed != 0;
}
