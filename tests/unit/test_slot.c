/* test_slot.c: the scheduled instants. */
#include <check.h>

#include "common/slot.h"

#define MINUTE (60 * INT64_C(1000000))
#define HOUR (60 * MINUTE)

static const struct {
        int64_t now;
        uint64_t interval, offset;
        int64_t before, after;
} slots[] = {
        {0, HOUR, 0, 0, HOUR},
        {1, HOUR, 0, 0, HOUR},
        {HOUR - 1, HOUR, 0, 0, HOUR},
        {HOUR, HOUR, 0, HOUR, 2 * HOUR}, /* an instant is its own slot, and the next one is later */
        {INT64_C(1795408367123456), HOUR, 0, INT64_C(1795406400000000), INT64_C(1795410000000000)},
        {INT64_C(1795408367123456), HOUR, 5 * MINUTE, INT64_C(1795406700000000), INT64_C(1795410300000000)},
        {INT64_C(1795408367123456), HOUR, 59 * MINUTE, INT64_C(1795406340000000), INT64_C(1795409940000000)},
        {INT64_C(1795408367123456), 24 * HOUR, 0, INT64_C(1795392000000000), INT64_C(1795478400000000)},
        {0, HOUR, MINUTE, MINUTE - HOUR, MINUTE},
        {MINUTE, HOUR, MINUTE, MINUTE, MINUTE + HOUR},
        {MINUTE - 1, HOUR, MINUTE, MINUTE - HOUR, MINUTE},
        {-1, HOUR, 0, -HOUR, 0},
        {-HOUR, HOUR, 0, -HOUR, 0},
        {-HOUR - 1, HOUR, 0, -2 * HOUR, -HOUR},
        {-1, HOUR, MINUTE, MINUTE - HOUR, MINUTE},
        {7, 1, 0, 7, 8},
};

START_TEST(finds_slots) {
        ck_assert_int_eq(slot_before(slots[_i].now, slots[_i].interval, slots[_i].offset), slots[_i].before);
        ck_assert_int_eq(slot_after(slots[_i].now, slots[_i].interval, slots[_i].offset), slots[_i].after);
}
END_TEST

/* No instant is without a slot, and none has two. */
START_TEST(slots_follow_each_other) {
        static const uint64_t intervals[] = {1, 7, MINUTE, 17 * MINUTE, HOUR, 24 * HOUR};
        uint64_t interval = intervals[_i], offset = interval / 3;
        int64_t slot = slot_before(-3 * (int64_t)interval, interval, offset);
        for (int k = 0; k < 10; k++) {
                int64_t next = slot_after(slot, interval, offset);
                ck_assert_int_eq(next - slot, (int64_t)interval);
                ck_assert_int_eq(slot_before(next, interval, offset), next);
                ck_assert_int_eq(slot_before(next - 1, interval, offset), slot);
                ck_assert_int_eq(slot_after(next - 1, interval, offset), next);
                slot = next;
        }
}
END_TEST

/* A host keeps its offset: this one must not change from version to version. */
START_TEST(offsets_are_stable) {
        ck_assert_uint_eq(slot_offset("", 0, 1000), slot_offset("x", 0, 1000));
        ck_assert_uint_eq(slot_offset("host-a", 6, 5 * MINUTE), slot_offset("host-a", 6, 5 * MINUTE));
        ck_assert_uint_eq(slot_offset("host-a", 6, UINT64_MAX), UINT64_C(7420691336315177681));
        ck_assert_uint_eq(slot_offset("host-a", 6, 0), 0);
        ck_assert_uint_eq(slot_offset("host-a", 6, 1), 0);
}
END_TEST

/* Hosts that differ in one octet are spread over the whole of the splay. */
START_TEST(offsets_are_spread) {
        enum { HOSTS = 4096, BINS = 16 };
        unsigned bins[BINS] = {0};
        for (unsigned i = 0; i < HOSTS; i++) {
                const unsigned char seed[] = {'h', (unsigned char)(i >> 8), (unsigned char)i};
                uint64_t offset = slot_offset(seed, sizeof seed, BINS * MINUTE);
                ck_assert_uint_lt(offset, BINS * MINUTE);
                bins[offset / MINUTE]++;
        }
        for (unsigned i = 0; i < BINS; i++)
                ck_assert_msg(bins[i] > HOSTS / BINS / 2 && bins[i] < HOSTS / BINS * 2, "minute %u: %u of %u hosts", i, bins[i], HOSTS);
}
END_TEST

int main(void) {
        Suite *suite = suite_create("slot");
        TCase *tc = tcase_create("slot");
        tcase_add_loop_test(tc, finds_slots, 0, (int)ELEMENTS(slots));
        tcase_add_loop_test(tc, slots_follow_each_other, 0, 6);
        tcase_add_test(tc, offsets_are_stable);
        tcase_add_test(tc, offsets_are_spread);
        suite_add_tcase(suite, tc);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed != 0;
}
