/* test_srv.c: the order of NAPTR and SRV records. The random numbers come from a fixed seed: every run sees the same ones. */
#include <check.h>

#include "common/srv.h"
#include "share.h"

#define ROUNDS 20000
#define PERCENT (ROUNDS / 100)
#define LOWEST UINT32_C(0)
#define HIGHEST UINT32_MAX

/* xorshift64* */
static uint32_t next_random(uint64_t *state) {
        *state ^= *state >> 12;
        *state ^= *state << 25;
        *state ^= *state >> 27;
        return (uint32_t)(*state * UINT64_C(0x2545f4914f6cdd1d) >> 32);
}

static void fill(uint32_t *random, size_t n, uint64_t *state) {
        for (size_t i = 0; i < n; i++)
                random[i] = next_random(state);
}

START_TEST(services) {
        static const char *const none[] = {"", "SIP", "SIPS+D2U", "SIP+D2S", "SIP+D2W", "SIP+D2UX", "E2U+sip"};
        for (size_t i = 0; i < SRV_SERVICES; i++)
                ck_assert_uint_eq(srv_services[i].transport, i);
        ck_assert_ptr_eq(srv_service_named("SIP+D2U"), &srv_services[TARGET_UDP]);
        ck_assert_ptr_eq(srv_service_named("sip+d2t"), &srv_services[TARGET_TCP]);
        ck_assert_ptr_eq(srv_service_named("Sips+D2t"), &srv_services[TARGET_TLS]);
        for (size_t i = 0; i < ELEMENTS(none); i++)
                ck_assert_msg(srv_service_named(none[i]) == NULL, "%s", none[i]);
}
END_TEST

START_TEST(priorities_before_weights) {
        static const uint32_t numbers[] = {LOWEST, UINT32_C(1) << 31, HIGHEST};
        for (size_t i = 0; i < ELEMENTS(numbers); i++) {
                struct srv_record r[] = {{65535, 9, 5060, "d"}, {20, 65535, 5060, "c"}, {0, 0, 5060, "a"}, {10, 1, 5060, "b"}};
                uint32_t random[] = {numbers[i], numbers[i], numbers[i], numbers[i]};
                ck_assert_uint_eq(srv_order(r, ELEMENTS(r), random), 4);
                for (size_t j = 0; j < ELEMENTS(r); j++)
                        ck_assert_int_eq(r[j].target[0], (char)('a' + (int)j));
        }
}
END_TEST

/* The first target for a random number that is `eighths` of the whole range. */
static char first_of(uint16_t a, uint16_t b, uint16_t c, unsigned eighths) {
        struct srv_record r[] = {{1, a, 5060, "a"}, {1, b, 5060, "b"}, {1, c, 5060, "c"}};
        uint32_t at = eighths == 8 ? HIGHEST : (uint32_t)eighths << 29;
        uint32_t random[] = {at, 0, 0};
        ck_assert_uint_eq(srv_order(r, ELEMENTS(r), random), 3);
        return r[0].target[0];
}

START_TEST(shares) {
        static const struct {
                uint16_t a, b, c;
                const char *first; /* at 0/8, 1/8 ... 7/8 and the highest number */
        } cases[] = {
                {1, 1, 2, "aabbccccc"}, {2, 1, 5, "aabcccccc"}, {0, 0, 7, "acccccccc"}, /* 0 is chosen by the number 0 only, one in eight */
                {7, 0, 0, "baaaaaaaa"}, {0, 0, 0, "aaabbbccc"}, {65535, 65535, 65535, "aaabbbccc"},
        };
        for (size_t i = 0; i < ELEMENTS(cases); i++)
                for (unsigned j = 0; j <= 8; j++)
                        ck_assert_msg(first_of(cases[i].a, cases[i].b, cases[i].c, j) == cases[i].first[j], "case %zu at %u", i, j);
}
END_TEST

/* Counts which of three records comes first and which second, over ROUNDS orders. */
static void count_places(const uint16_t weights[3], size_t first[3], size_t second[3]) {
        uint64_t state = 3263;
        memset(first, 0, 3 * sizeof *first);
        memset(second, 0, 3 * sizeof *second);
        for (size_t i = 0; i < ROUNDS; i++) {
                struct srv_record r[] = {{1, weights[0], 1, "a"}, {1, weights[1], 2, "b"}, {1, weights[2], 3, "c"}};
                uint32_t random[3];
                fill(random, 3, &state);
                ck_assert_uint_eq(srv_order(r, 3, random), 3);
                first[r[0].port - 1]++;
                second[r[1].port - 1]++;
        }
}

START_TEST(weights_are_probabilities) {
        /* Second place is the sum over the two ways to it: P(a) P(b | a gone) + ... Two percent are five standard deviations. */
        static const struct {
                uint16_t weights[3];
                size_t first[3], second[3]; /* percent */
        } cases[] = {
                {{10, 30, 60}, {10, 30, 60}, {19, 48, 32}},    {{1, 1, 2}, {25, 25, 50}, {33, 33, 33}},
                {{5, 5, 5}, {33, 33, 33}, {33, 33, 33}},       {{0, 0, 0}, {33, 33, 33}, {33, 33, 33}},
                {{0, 60000, 40000}, {0, 60, 40}, {0, 40, 60}},
        };
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                size_t first[3], second[3];
                count_places(cases[i].weights, first, second);
                for (size_t j = 0; j < 3; j++) {
                        ck_assert_msg(first[j] + 2 * PERCENT >= cases[i].first[j] * PERCENT, "case %zu record %zu: %zu", i, j, first[j]);
                        ck_assert_msg(first[j] <= (cases[i].first[j] + 2) * PERCENT, "case %zu record %zu: %zu", i, j, first[j]);
                        ck_assert_msg(second[j] + 2 * PERCENT >= cases[i].second[j] * PERCENT, "case %zu record %zu: %zu", i, j, second[j]);
                        ck_assert_msg(second[j] <= (cases[i].second[j] + 2) * PERCENT, "case %zu record %zu: %zu", i, j, second[j]);
                }
        }
}
END_TEST

START_TEST(order_is_a_permutation) {
        uint64_t state = 2782;
        for (size_t round = 0; round < (size_t)share_of(3000); round++) {
                size_t n = next_random(&state) % (SRV_RECORDS_MAX + 1);
                struct srv_record r[SRV_RECORDS_MAX];
                uint32_t random[SRV_RECORDS_MAX], wide = next_random(&state) % 3;
                bool seen[SRV_RECORDS_MAX + 1] = {false};
                uint16_t weights[SRV_RECORDS_MAX + 1] = {0};
                for (size_t i = 0; i < n; i++) {
                        uint32_t x = next_random(&state);
                        r[i] = (struct srv_record){(uint16_t)(x % 4), (uint16_t)(wide ? x >> 16 : x >> 16 & 1), (uint16_t)(i + 1), "t"};
                        weights[i + 1] = r[i].weight;
                }
                fill(random, n, &state);
                if (wide == 2) /* the ends of the range */
                        for (size_t i = 0; i < n; i++)
                                random[i] = random[i] & 1 ? HIGHEST : LOWEST;
                ck_assert_uint_eq(srv_order(r, n, random), n);
                for (size_t i = 0; i < n; i++) {
                        ck_assert(r[i].port >= 1 && r[i].port <= n && !seen[r[i].port]);
                        seen[r[i].port] = true;
                        ck_assert_uint_eq(r[i].weight, weights[r[i].port]);
                        ck_assert(i == 0 || r[i - 1].priority <= r[i].priority);
                }
        }
}
END_TEST

START_TEST(srv_dropped) {
        static const uint32_t random[SRV_RECORDS_MAX] = {0};
        struct srv_record root[] = {{0, 0, 5060, "."}};
        ck_assert_uint_eq(srv_order(root, 1, random), 0);
        struct srv_record empty[] = {{0, 0, 5060, ""}, {0, 0, 0, "a"}};
        ck_assert_uint_eq(srv_order(empty, 2, random), 0);
        ck_assert_uint_eq(srv_order(NULL, 0, NULL), 0);

        struct srv_record mixed[] = {{0, 0, 5060, "."}, {1, 0, 5060, "a"}, {2, 0, 5060, "A"},
                                     {3, 0, 5062, "a"}, {4, 0, 5060, "b"}, {1, 0, 5060, "a"}};
        ck_assert_uint_eq(srv_order(mixed, ELEMENTS(mixed), random), 3);
        ck_assert_str_eq(mixed[0].target, "a");
        ck_assert_uint_eq(mixed[0].priority, 1);
        ck_assert_uint_eq(mixed[1].port, 5062);
        ck_assert_str_eq(mixed[2].target, "b");
}
END_TEST

START_TEST(srv_limit) {
        struct srv_record r[SRV_RECORDS_MAX + 1];
        uint32_t random[SRV_RECORDS_MAX] = {0};
        for (size_t i = 0; i < ELEMENTS(r); i++)
                r[i] = (struct srv_record){(uint16_t)(ELEMENTS(r) - i), 0, (uint16_t)(i + 1), "t"};
        ck_assert_uint_eq(srv_order(r, ELEMENTS(r), random), SRV_RECORDS_MAX);
        ck_assert_uint_eq(r[0].port, SRV_RECORDS_MAX); /* the best of those looked at */
}
END_TEST

START_TEST(naptr_sorted) {
        struct naptr_record r[] = {
                {20, 1, "s", "SIP+D2U", "", "f"},   {10, 30, "s", "SIP+D2U", "", "c"}, {10, 20, "S", "sips+d2t", "", "a"},
                {10, 30, "s", "SIP+D2T", "", "d"},  {15, 0, "s", "SIP+D2T", "", "e"},  {10, 20, "s", "SIP+D2U", "", "b"},
                {30, 0, "s", "SIPS+D2T", "", "A"},  {10, 40, "s", "sip+d2t", "", "D"}, {1, 0, "s", "SIP+D2S", "", "x"},
                {1, 0, "u", "E2U+sip", "!x!", ""},  {1, 0, "a", "SIP+D2U", "", "x"},   {1, 0, "", "SIP+D2U", "", "x"},
                {1, 0, "s", "SIP+D2U", "!x!", "x"}, {1, 0, "s", "SIP+D2U", "", "."},   {1, 0, "s", "SIP+D2U", "", ""},
                {1, 0, "sa", "SIP+D2U", "", "x"},   {1, 0, "s", "SIPS+D2U", "", "x"},
        };
        ck_assert_uint_eq(naptr_order(r, ELEMENTS(r)), 6);
        for (size_t i = 0; i < 6; i++)
                ck_assert_int_eq(r[i].replacement[0], (char)('a' + (int)i));
        ck_assert_uint_eq(naptr_order(r, 0), 0);
}
END_TEST

START_TEST(naptr_limit) {
        struct naptr_record r[SRV_RECORDS_MAX + 1];
        for (size_t i = 0; i < ELEMENTS(r); i++)
                r[i] = (struct naptr_record){(uint16_t)i, 0, "s", "SIP+D2S", "", "x"};
        r[SRV_RECORDS_MAX].service = "SIP+D2U";
        ck_assert_uint_eq(naptr_order(r, ELEMENTS(r)), 0);
        r[SRV_RECORDS_MAX - 1].service = "SIP+D2U";
        ck_assert_uint_eq(naptr_order(r, ELEMENTS(r)), 1);
}
END_TEST

int main(void) {
        Suite *suite = suite_create("srv");
        TCase *tc = tcase_create("srv");
        tcase_add_test(tc, services);
        tcase_add_test(tc, priorities_before_weights);
        tcase_add_test(tc, shares);
        tcase_add_test(tc, weights_are_probabilities);
        tcase_add_test(tc, order_is_a_permutation);
        tcase_add_test(tc, srv_dropped);
        tcase_add_test(tc, srv_limit);
        tcase_add_test(tc, naptr_sorted);
        tcase_add_test(tc, naptr_limit);
        suite_add_tcase(suite, tc);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed != 0;
}
