/* test_nonce.c: nonces of real servers with known dates, near misses of every form, and random ones. */
#include <check.h>
#include <stdio.h>

#include "common/nonce.h"
#include "share.h"

#define NOW 1795408367
#define YEAR_SEC (366 * INT64_C(86400))
#define NONE INT64_C(-1)

/* Seen in public threads (with their dates), sent by a Kamailio of our own, or made by the rule of their form. */
static const struct {
        const char *nonce;
        int64_t now;
        enum nonce_family family; /* opaque: nothing may be read from it */
        int64_t issued, expires, lifetime, assumed;
        const char *policy; /* of "one-time", "counted", "bound" */
} samples[] = {
#define OPAQUE NONCE_OPAQUE, NONE, NONE, NONE, 0, ""
        /* Kamailio: two sums and id; one sum */
        {"XVFR6V1RUL1T0eCKhebkSTLBUAIK921RhPJjWWVykMP/p8bowB9uPElsF3CA", 1565610173, NONCE_KAMAILIO, 1565610173, 1565610473, 300, 0,
         "counted bound"},
        {"awPDG2sDwe8n8V4aQ1h2Rkz0PHOIOakd", NOW, NONCE_KAMAILIO, NOW, NOW + 300, 300, 0, ""},
        {"awPDG2sDwe8n8V4aQ1h2Rkz0PHOIOakd", NOW + 300, NONCE_KAMAILIO, NOW, NOW + 300, 300, 0, ""},
        /* sizes: 24, 29, 40 and 45 bytes are Kamailio's; one more or less is not */
        {"awPDG2sDwe8AAQIDBAUGBwgJCgsMDQ4PAAAAB4A=", NOW, NONCE_KAMAILIO, NOW, NOW + 300, 300, 0, "counted"},
        {"awPDG2sDwe8AAQIDBAUGBwgJCgsMDQ4PEBESEw==", NOW, OPAQUE},
        {"awPDG2sDwe8AAQIDBAUGBwgJCgsMDQ4PEBESExQV", NOW, OPAQUE},
        {"awPDG2sDwe8AAQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHw==", NOW, NONCE_KAMAILIO, NOW, NOW + 300, 300, 0, "bound"},
        {"awPDG2sDwe8AAQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=", NOW, OPAQUE},
        {"awPDG2sDwe8AAQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAhIiMkJSYn", NOW, OPAQUE},
        /* flags: there is an id only for one of them */
        {"awPDG2sDwe8AAQIDBAUGBwgJCgsMDQ4PAAAAB0A=", NOW, NONCE_KAMAILIO, NOW, NOW + 300, 300, 0, "one-time"},
        {"awPDG2sDwe8AAQIDBAUGBwgJCgsMDQ4PAAAAB8U=", NOW, NONCE_KAMAILIO, NOW, NOW + 300, 300, 0, "one-time counted"},
        {"awPDG2sDwe8AAQIDBAUGBwgJCgsMDQ4PAAAABz8=", NOW, OPAQUE},
        {"awPDG2sDwe8AAQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHwAAAAdA", NOW, NONCE_KAMAILIO, NOW, NOW + 300, 300, 0, "one-time bound"},
        {"awPDG2sDwe8AAQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHwAAAAcA", NOW, OPAQUE},
        /* lifetimes: none, a day, more, backwards */
        {"awPB72sDwe8n8V4aQ1h2Rkz0PHOIOakd", NOW, NONCE_KAMAILIO, NOW, NOW, 0, 0, ""},
        {"awUTb2sDwe8n8V4aQ1h2Rkz0PHOIOakd", NOW, NONCE_KAMAILIO, NOW, NOW + 86400, 86400, 0, ""},
        {"awUTcGsDwe8n8V4aQ1h2Rkz0PHOIOakd", NOW, OPAQUE},
        {"awPB7msDwe8n8V4aQ1h2Rkz0PHOIOakd", NOW, OPAQUE},
        /* dates: a year from now either way, and further */
        {"awPDG2sDwe8n8V4aQ1h2Rkz0PHOIOakd", NOW + YEAR_SEC, NONCE_KAMAILIO, NOW, NOW + 300, 300, 0, ""},
        {"awPDG2sDwe8n8V4aQ1h2Rkz0PHOIOakd", NOW - YEAR_SEC, NONCE_KAMAILIO, NOW, NOW + 300, 300, 0, ""},
        {"awPDG2sDwe8n8V4aQ1h2Rkz0PHOIOakd", NOW + YEAR_SEC + 1, OPAQUE},
        {"awPDG2sDwe8n8V4aQ1h2Rkz0PHOIOakd", NOW - YEAR_SEC - 1, OPAQUE},
        {"awPDG2sDwe8n8V4aQ1h2Rkz0PHOIOakd", 0, OPAQUE},
        /* of the same length, at random; an MD5 in hexadecimal whose first bytes would be two times */
        {"Vp0c9qzT2mYw3hRk7LxJ1bEoSgNfU5Ad", NOW, OPAQUE},
        {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", NOW, OPAQUE},
        {"////////////////////////////////", NOW, OPAQUE},
        {"bba00222a00000000000000000000000", 1840671565, OPAQUE},
        /* not base64 */
        {"awPDG2sDwe8n8V4aQ1h2Rkz0PHOIOak", NOW, OPAQUE},
        {"awPDG2sDwe8n8V4aQ1h2Rkz0PHOIOak-", NOW, OPAQUE},
        {"awPDG2sDwe8n8V4a=1h2Rkz0PHOIOakd", NOW, OPAQUE},
        {"awPDG2sDwe8n8V4aQ1h2Rkz0PHOIO===", NOW, OPAQUE},
        {"================================", NOW, OPAQUE},
        {"====", NOW, OPAQUE},
        {"", NOW, OPAQUE},

        {"1729103338/662d65a084b88c6d2a745a9de086fa91", 1729103338, NONCE_ASTERISK, 1729103338, NONE, NONE, 32, ""},
        {"1729103338/662d65a084b88c6d2a745a9de086fa9", 1729103338, OPAQUE},
        {"1729103338/662d65a084b88c6d2a745a9de086fa911", 1729103338, OPAQUE},
        {"1729103338/662d65a084b88c6d2a745a9de086fa9g", 1729103338, OPAQUE},
        {"1729103338/662D65a084b88c6d2a745a9de086fa91", 1729103338, OPAQUE},
        {"172910333a/662d65a084b88c6d2a745a9de086fa91", 1729103338, OPAQUE},
        {"1729103338:662d65a084b88c6d2a745a9de086fa91", 1729103338, OPAQUE},
        {"0729103338/662d65a084b88c6d2a745a9de086fa91", 729103338, OPAQUE},
        {"1729103338/662d65a084b88c6d2a745a9de086fa91", NOW, OPAQUE},
        {"1729103338/", 1729103338, OPAQUE},
        {"1729103338", 1729103338, OPAQUE},

        {"1600943072:be7c5159fe11dde4d027fa91537909a03497440e", 1600943072, NONCE_PORTASIP, 1600943072, NONE, NONE, 0, ""},
        {"1600943072:be7c5159fe11dde4d027fa91537909a03497440", 1600943072, OPAQUE},
        {"1600943072:be7c5159fe11dde4d027fa91537909a03497440e0", 1600943072, OPAQUE},
        {"1600943072:be7c5159fe11dde4d027fa91537909a03497440x", 1600943072, OPAQUE},
        {"1600943072/be7c5159fe11dde4d027fa91537909a03497440e", 1600943072, OPAQUE},
        {"MTU3MTY5Mzg2MTrbrxRPWP0AIkC7fowq+nZn", 1571693861, NONCE_PORTASIP, 1571693861, NONE, NONE, 0, ""},
        {"MTU3MTY5Mzg2MTvbrxRPWP0AIkC7fowq+nZn", 1571693861, OPAQUE}, /* ";" */
        {"MTU3MTY5Mzg2MTrbrxRPWP0AIkC7fowq+nZn", NOW, OPAQUE},
        {"MTc5NTQwODM2NzrIycrLzM3Oz9DR0tPU1dbX", NOW, NONCE_PORTASIP, NOW, NONE, NONE, 0, ""},
        {"MTc5NTQwODM2NzrIycrLzM3Oz9DR0tPU1dbX2A==", NOW, OPAQUE},
        {"MTc5NTQwODM2NzrIycrLzM3Oz9DR0tPU1dbX2Nna2w==", NOW, NONCE_PORTASIP, NOW, NONE, NONE, 0, ""},
        {"MTc5NTQwODM2NzowMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZg==", NOW, NONCE_PORTASIP, NOW, NONE, NONE, 0, ""},
        {"MTc5NTQwODM2NzowMTIzNDU2Nzg5YWJjZGVYMDEyMzQ1Njc4OWFiY2RlWA==", NOW, OPAQUE},
        {"MTc5NTQwODM2NzowMTIzNDU2Nzg5YWJjZGVmMDEyMzAxMjM0NTY3ODlhYmNkZWYwMTIz", NOW, NONCE_PORTASIP, NOW, NONE, NONE, 0, ""},

        {"54c4396800000005190003864ba737f2e5ce35a2b9dbd461", 1422145866, NONCE_OPENSIPS, NONE, 1422145896, NONE, 0, ""},
        {"54c4396800000005190003864ba737f2e5ce35a2b9dbd46", 1422145866, OPAQUE},
        {"54c4396800000005190003864ba737f2e5ce35a2b9dbd4611", 1422145866, OPAQUE},
        {"54c4396800000005190003864ba737f2e5ce35a2b9dbd46g", 1422145866, OPAQUE},
        {"54C4396800000005190003864ba737f2e5ce35a2b9dbd461", 1422145866, OPAQUE},
        {"54c4396800000005190003864ba737f2e5ce35a2b9dbd461", NOW, OPAQUE},
        {"6b03c20d000186a00123456789abcdef0123456789abcdef", NOW, NONCE_OPENSIPS, NONE, NOW + 30, NONE, 0, ""},
        {"6b03c20d000186a10123456789abcdef0123456789abcdef", NOW, OPAQUE},

        {"6b03c31b0123456789abcdef0123456789abcdef", NOW, NONCE_SER, NONE, NOW + 300, NONE, 0, ""},
        {"6b03c8f70123456789abcdef0123456789abcdef", NOW, NONCE_SER, NONE, NOW + 1800, NONE, 0, ""},
        {"6b03c8f80123456789abcdef0123456789abcdef", NOW, OPAQUE},
        {"6b03c1ef0123456789abcdef0123456789abcdef", NOW, NONCE_SER, NONE, NOW, NONE, 0, ""},
        {"6b03c1ee0123456789abcdef0123456789abcdef", NOW, OPAQUE},
        {"6b03c31b0123456789abcdef0123456789abcde", NOW, OPAQUE},
        {"6b03c31b0123456789abcdef0123456789abcdeg", NOW, OPAQUE},
        {"6b03c31b0123456789abcdef0123456789abcdef0", NOW, OPAQUE},

        {"0123456789abcdef0123456789abcdef000000006b03c1ef", NOW, NONCE_LIBRE, NOW, NONE, NONE, 300, ""},
        {"0123456789abcdef0123456789abcdef0000000068f469ef", NOW, OPAQUE},
        {"0123456789abcdef0123456789abcdef000000016b03c1ef", NOW, OPAQUE},
        {"0123456789abcdef0123456789abcdeg000000006b03c1ef", NOW, OPAQUE},
        {"0123456789abcdef0123456789abcdef000000006b03c1eg", NOW, OPAQUE},
        {"6b03c20d000000010123456789abcdef000000006b03c1ef", NOW, NONCE_LIBRE, NOW, NONE, NONE, 300, ""}, /* OpenSIPS' form, too */

        {"fsZS4gAAAAAMuwl4AAAt4vD7FUEAAAAA", 1588086782, NONCE_SOFIA, 1588086782, NONE, NONE, 0, ""},
        {"fsZS4gAAAAAMuwl4AAAt4vD7FUEAAAAA", NOW, OPAQUE},
        {"b0Cu7gAAAAAFAAAAAAAAAQIDBAUAAAAA", NOW, NONCE_SOFIA, NOW, NONE, NONE, 0, ""},
        {"b0Cu7gAAAAAFAAAAAQAAAQIDBAUAAAAA", NOW, NONCE_SOFIA, NOW, NONE, NONE, 0, ""}, /* a next nonce */
        {"b0Cu7gAAAAAFAAAAAAAAAQIDBAUAAAAB", NOW, OPAQUE},
        {"b0Cu7gEAAAAFAAAAAAAAAQIDBAUAAAAA", NOW, OPAQUE},

        {"BroadWorksXihql39gtTi2cq07BW", 1449167798, NONCE_BROADWORKS, 1449167798, NONE, NONE, 0, ""},
        {"BroadWorksXihql39gtTi2cq07BW", NOW, OPAQUE},
        {"BroadWorksXmwsrsac5Tabc123BW", NOW, NONCE_BROADWORKS, NOW, NONE, NONE, 0, ""},
        {"BroadWorksXmwsrsac5Tabc123B", NOW, OPAQUE},
        {"BroadWorksXmwsrsac5TBW", NOW, OPAQUE},
        {"BroadWorksXmwsrsac5Tabc123456789aBW", NOW, OPAQUE},
        {"BroadWorksXmwsrsac5tabc123BW", NOW, OPAQUE},
        {"BroadWorksXmwsrsaC5Tabc123BW", NOW, OPAQUE},
        {"broadWorksXmwsrsac5Tabc123BW", NOW, OPAQUE},
        {"BroadWorksXmwsrsac5Tab-123BW", NOW, OPAQUE},

        {"634df9bc-54d5-431f-8dc7-66cb556fe12e", 1666054588, NONCE_FREESWITCH, NONE, NONE, NONE, 60, ""},
        {"634df9bc-54d5-131f-8dc7-66cb556fe12e", 1666054588, OPAQUE},
        {"634df9bc-54d5-431f-7dc7-66cb556fe12e", 1666054588, OPAQUE},
        {"634df9bc-54d5-431f-8dc7-66cb556fe12", 1666054588, OPAQUE},
        {"634df9bc-54d5-431f-8dc7-66cb556fe12g", 1666054588, OPAQUE},
        {"634df9bc+54d5-431f-8dc7-66cb556fe12e", 1666054588, OPAQUE},
        {"634DF9bc-54d5-431f-8dc7-66cb556fe12e", 1666054588, OPAQUE},

        /* others: RFC 2617's example, a newer OpenSIPS, chan_sip */
        {"dcd98b7102dd2f0e8b11d0f600bfb0c093", NOW, OPAQUE},
        {"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", NOW, OPAQUE},
        {"6b03c1ef", NOW, OPAQUE},
};

static void ck_read(struct nonce_facts *ret, const char *nonce, int64_t now) {
        size_t n = strlen(nonce);
        char *exact = malloc(n > 0 ? n : 1);
        ck_assert_ptr_nonnull(exact);
        memcpy(exact, nonce, n);
        nonce_read(ret, (struct span){exact, n}, now);
        free(exact);
}

START_TEST(reads_what_nonces_give_away) {
        struct nonce_facts f;
        ck_read(&f, samples[_i].nonce, samples[_i].now);
        ck_assert_int_eq(f.family, samples[_i].family);
        ck_assert(f.has_issued == (samples[_i].issued != NONE) && f.has_expires == (samples[_i].expires != NONE));
        ck_assert(f.has_lifetime == (samples[_i].lifetime != NONE));
        if (f.has_issued && f.family != NONCE_BROADWORKS)
                ck_assert(f.issued_usec == samples[_i].issued * (int64_t)USEC_PER_SEC && f.resolution_usec == USEC_PER_SEC);
        if (f.family == NONCE_BROADWORKS)
                ck_assert(f.issued_usec == samples[_i].issued * (int64_t)USEC_PER_SEC + 189000 && f.resolution_usec == USEC_PER_MSEC);
        if (f.has_expires)
                ck_assert(f.expires_usec == samples[_i].expires * (int64_t)USEC_PER_SEC && f.resolution_usec == USEC_PER_SEC);
        if (f.has_lifetime)
                ck_assert_int_eq(f.lifetime_sec, samples[_i].lifetime);
        ck_assert_int_eq(f.assumed_lifetime_sec, samples[_i].assumed);
        ck_assert_int_eq(f.one_time, strstr(samples[_i].policy, "one-time") != NULL);
        ck_assert_int_eq(f.counted, strstr(samples[_i].policy, "counted") != NULL);
        ck_assert_int_eq(f.bound, strstr(samples[_i].policy, "bound") != NULL);
        ck_assert((nonce_family_name(f.family) == NULL) == (f.family == NONCE_OPAQUE));
}
END_TEST

/* Nothing is read into a nonce that is random in the alphabet and length of a form. The generator is splitmix64: every run sees the
 * same strings. */
START_TEST(random_nonces_stay_opaque) {
        static const struct {
                const char *alphabet;
                size_t n;
                const char *padding;
        } shapes[] = {
#define BASE64 "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
#define HEX "0123456789abcdef"
                {BASE64, 32, ""},   {BASE64, 39, "="}, {BASE64, 54, "=="},     {BASE64, 60, ""},  {BASE64, 36, ""},
                {BASE64, 42, "=="}, {HEX, 8, ""},      {HEX, 16, ""},          {HEX, 32, ""},     {HEX, 40, ""},
                {HEX, 48, ""},      {HEX, 64, ""},     {"0123456789", 10, ""}, {HEX "-", 36, ""}, {HEX "ghijklmnopqrstuvwxyz", 28, ""},
        };
        uint64_t state = (uint64_t)_i;
        for (int i = 0; i < share_of(50000); i++) {
                char nonce[70];
                size_t n = strlen(shapes[_i].alphabet);
                for (size_t k = 0; k < shapes[_i].n; k++) {
                        uint64_t z = state += UINT64_C(0x9E3779B97F4A7C15);
                        z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
                        z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
                        nonce[k] = shapes[_i].alphabet[(z ^ z >> 31) % n];
                }
                (void)snprintf(nonce + shapes[_i].n, sizeof nonce - shapes[_i].n, "%s", shapes[_i].padding);
                struct nonce_facts f;
                nonce_read(&f, span_of(nonce), NOW);
                ck_assert_msg(f.family == NONCE_OPAQUE, "%s is taken for %s", nonce, nonce_family_name(f.family));
        }
}
END_TEST

int main(void) {
        Suite *suite = suite_create("nonce");
        TCase *tc = tcase_create("nonce");
        tcase_add_loop_test(tc, reads_what_nonces_give_away, 0, (int)ELEMENTS(samples));
        tcase_add_loop_test(tc, random_nonces_stay_opaque, 0, 15);
        suite_add_tcase(suite, tc);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed != 0;
}
