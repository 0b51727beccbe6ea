/* test_ntp_message.c: SNTP replies, eras, refusals, the intersection and the judgement. */
#include <check.h>

#include "common/ntp_message.h"

#define SEC INT64_C(1000000000)
#define YEAR (INT64_C(365) * 86400 * SEC + 6 * 3600 * SEC) /* 365.25 days */
#define UNIX_EPOCH UINT64_C(2208988800)
#define ERA_1 (INT64_C(2085978496) * SEC) /* 2036-02-07T06:28:16Z, when the seconds wrap */
#define NOW (INT64_C(1790000000) * SEC)   /* 2026-09-21 */
#define RANDOM UINT64_C(0x0123456789ABCDEF)

/* A server's reply, in the terms of a test: the tests write the bytes themselves. */
struct reply {
        unsigned leap, version, mode, stratum;
        int precision;
        uint32_t root_delay, root_dispersion, reference_id;
        uint64_t originate, receive, transmit;
};

static void put(unsigned char *p, uint64_t v, unsigned n) {
        while (n-- > 0) {
                p[n] = (unsigned char)v;
                v >>= 8;
        }
}

/* Seconds and fraction since 1900 of nanoseconds since 1970, worked out in 128 bits and wrapped only at the end. */
static uint64_t stamp(ntp_nsec t) {
        __int128 since_1900 = (__int128)t + (__int128)UNIX_EPOCH * SEC;
        __int128 era = ((__int128)1 << 32) * SEC;
        since_1900 = (since_1900 % era + era) % era;
        return (uint64_t)((since_1900 << 32) / SEC);
}

static struct reply good_reply(ntp_nsec receive, ntp_nsec transmit) {
        return (struct reply){
                .version = 4,
                .mode = 4,
                .stratum = 2,
                .precision = -24,
                .root_delay = 0x10000 / 100,      /* 10 ms */
                .root_dispersion = 0x10000 / 500, /* 2 ms */
                .reference_id = 0xC0000201,
                .originate = RANDOM,
                .receive = stamp(receive),
                .transmit = stamp(transmit),
        };
}

static void write_reply(unsigned char *p, const struct reply *r) {
        memset(p, 0, NTP_PACKET_SIZE);
        p[0] = (unsigned char)(r->leap << 6 | r->version << 3 | r->mode);
        p[1] = (unsigned char)r->stratum;
        p[3] = (unsigned char)r->precision;
        put(p + 4, r->root_delay, 4);
        put(p + 8, r->root_dispersion, 4);
        put(p + 12, r->reference_id, 4);
        put(p + 24, r->originate, 8);
        put(p + 32, r->receive, 8);
        put(p + 40, r->transmit, 8);
}

static int read_reply(struct ntp_sample *ret, const struct reply *r, ntp_nsec sent, ntp_nsec received) {
        unsigned char packet[NTP_PACKET_SIZE];
        write_reply(packet, r);
        return ntp_reply_read(ret, packet, sizeof packet, RANDOM, sent, received);
}

/* A round trip of 30 ms, 10 ms there and 20 ms back with 4 ms held between, with a server that is `off` ahead of us. */
static void check_offset(ntp_nsec sent, int64_t off) {
        struct ntp_sample s;
        struct reply r = good_reply(sent + off + SEC / 100, sent + off + SEC / 100 + SEC / 250);
        ck_assert_int_eq(read_reply(&s, &r, sent, sent + SEC * 34 / 1000), 0);
        /* The two ways differ by 10 ms, so the estimate is 5 ms away; the bound must cover that. */
        ck_assert_int_le(llabs(s.offset_nsec - off + SEC / 200), 2);
        ck_assert_int_le(llabs(s.delay_nsec - SEC * 30 / 1000), 2);
        ck_assert_int_le(llabs(s.offset_nsec - off), s.bound_nsec);
}

START_TEST(request_tells_nothing) {
        unsigned char p[NTP_PACKET_SIZE];
        memset(p, 0xFF, sizeof p);
        ntp_request_write(p, RANDOM);
        ck_assert_uint_eq(p[0], 0x23); /* no leap, version 4, client */
        for (size_t i = 1; i < 40; i++)
                ck_assert_uint_eq(p[i], 0);
        ck_assert_mem_eq(p + 40, "\x01\x23\x45\x67\x89\xAB\xCD\xEF", 8);
}
END_TEST

/* A literal packet: 2004-09-27T03:18:04Z (NTP 0xC50204EC). */
START_TEST(literal_packet) {
        static const unsigned char packet[NTP_PACKET_SIZE] = "\x24\x02\x00\xE9\x00\x00\x06\x60\x00\x00\x06\x2D\x40\x51\x02\x10"
                                                             "\xC5\x02\x04\xCE\xEB\x9B\x25\x94\x01\x23\x45\x67\x89\xAB\xCD\xEF"
                                                             "\xC5\x02\x04\xEC\x40\x00\x00\x00\xC5\x02\x04\xEC\x80\x00\x00\x00";
        struct ntp_sample s;
        ntp_nsec second = INT64_C(1096255084) * SEC;
        ck_assert_int_eq(ntp_reply_read(&s, packet, sizeof packet, RANDOM, second, second + SEC / 2), 0);
        ck_assert_int_eq(s.offset_nsec, SEC / 8); /* ((0.25 - 0) + (0.5 - 0.5)) / 2 */
        ck_assert_int_eq(s.delay_nsec, SEC / 4);  /* 0.5 - 0.25 */
        ck_assert_uint_eq(s.stratum, 2);
        ck_assert_uint_eq(s.reference_id, 0x40510210);
        /* delay / 2 + root delay (0x660 / 65536 s) / 2 + root dispersion (0x62D / 65536 s), and a little for reading. */
        int64_t formula = SEC / 8 + 0x660 * SEC / 65536 / 2 + 0x62D * SEC / 65536;
        ck_assert_int_ge(s.bound_nsec, formula);
        ck_assert_int_le(s.bound_nsec, formula + 20000);
}
END_TEST

static const int64_t offsets[] = {
        0,          1000,      -1000,      SEC * 5 / 2,         -SEC * 5 / 2,         3600 * SEC,       -3600 * SEC,         34 * YEAR,
        -34 * YEAR, 60 * YEAR, -60 * YEAR, 68 * YEAR - 9 * SEC, -68 * YEAR + 9 * SEC, INT64_C(1) << 60, -(INT64_C(1) << 60),
};

START_TEST(offset_of_any_size) {
        check_offset(NOW, offsets[_i]);
        check_offset(0, offsets[_i]);
        check_offset(-2 * SEC, offsets[_i]);
        check_offset(ERA_1 - 20 * YEAR, offsets[_i]);
        check_offset(ERA_1 + 90 * YEAR, offsets[_i]);
}
END_TEST

/* Every order of the four times around the moment when the seconds wrap; 7 ns beside it, see era_zero_itself. */
START_TEST(era_boundary) {
        for (ntp_nsec t = ERA_1 - 60 * SEC / 1000 + 7; t <= ERA_1 + 60 * SEC / 1000; t += SEC / 1000) {
                check_offset(t, 0);
                check_offset(t, 1);
                check_offset(t, -SEC / 50);
                check_offset(t, SEC / 50);
                check_offset(t, 34 * YEAR);
                check_offset(t, -34 * YEAR);
        }
        ck_assert_uint_eq(stamp(ERA_1), 0);
}
END_TEST

/* 2036-02-07T06:28:16Z is timestamp 0 exactly, which means "none": that one reply is lost, and no other. */
START_TEST(era_zero_itself) {
        struct ntp_sample s;
        struct reply r = good_reply(ERA_1, ERA_1 + 1000);
        ck_assert_int_eq(read_reply(&s, &r, ERA_1, ERA_1 + 2000), NTP_BAD_TIME);
        r = good_reply(ERA_1 + 1, ERA_1 + 1000);
        ck_assert_int_eq(read_reply(&s, &r, ERA_1, ERA_1 + 2000), 0);
}
END_TEST

START_TEST(bound_grows_with_its_parts) {
        struct ntp_sample base, s;
        struct reply r = good_reply(NOW + SEC / 100, NOW + SEC / 100);
        ck_assert_int_eq(read_reply(&base, &r, NOW, NOW + SEC / 50), 0);

        struct reply more = r;
        more.root_delay += 0x10000; /* 1 s */
        ck_assert_int_eq(read_reply(&s, &more, NOW, NOW + SEC / 50), 0);
        ck_assert_int_le(llabs(s.bound_nsec - base.bound_nsec - SEC / 2), 1);
        more = r;
        more.root_dispersion += 0x10000;
        ck_assert_int_eq(read_reply(&s, &more, NOW, NOW + SEC / 50), 0);
        ck_assert_int_eq(s.bound_nsec - base.bound_nsec, SEC);
        more = r;
        more.precision = -1; /* half a second */
        ck_assert_int_eq(read_reply(&s, &more, NOW, NOW + SEC / 50), 0);
        ck_assert_int_ge(s.bound_nsec - base.bound_nsec, SEC / 2 - 100);
        ck_assert_int_eq(read_reply(&s, &r, NOW, NOW + SEC + SEC / 50), 0);
        ck_assert_int_ge(s.bound_nsec - base.bound_nsec, SEC / 2);
}
END_TEST

/* A server's clock that ticks coarser than ours can make the round trip look negative. */
START_TEST(delay_is_never_negative) {
        struct ntp_sample s;
        struct reply r = good_reply(NOW, NOW + 5000);
        ck_assert_int_eq(read_reply(&s, &r, NOW, NOW + 3000), 0);
        ck_assert_int_eq(s.delay_nsec, 0);
        ck_assert_int_ge(s.bound_nsec, 1000);
        r = good_reply(NOW, NOW + 50 * SEC / 1000);
        ck_assert_int_eq(read_reply(&s, &r, NOW, NOW + 3000), NTP_BAD_TIME);
        r = good_reply(NOW, NOW);
        ck_assert_int_eq(read_reply(&s, &r, NOW, NOW - SEC), NTP_BAD_TIME);
}
END_TEST

static const struct {
        int outcome;
        const char *what;
        struct reply difference; /* fields that are not zero replace the good ones; ~0 means 0 */
} refusals[] = {
        {0, "nothing", {0}},
        {0, "version 3", {.version = 3}},
        {0, "leap second to come", {.leap = 1}},
        {0, "stratum 15", {.stratum = 15}},
        {NTP_BAD_MODE, "a client", {.mode = 3}},
        {NTP_BAD_MODE, "a broadcast", {.mode = 5}},
        {NTP_BAD_MODE, "control", {.mode = 6}},
        {NTP_BAD_MODE, "version 2", {.version = 2}},
        {NTP_BAD_MODE, "version 5", {.version = 5}},
        {NTP_BAD_ORIGIN, "one bit of the origin", {.originate = RANDOM ^ 1}},
        {NTP_BAD_ORIGIN, "no origin", {.originate = UINT64_MAX}},
        {NTP_KISS, "stratum 0 with a code", {.leap = 3, .stratum = ~0U, .reference_id = 0x52415445}},
        {NTP_UNSYNCHRONISED, "leap 3", {.leap = 3}},
        {NTP_UNSYNCHRONISED, "stratum 16", {.stratum = 16}},
        {NTP_UNSYNCHRONISED, "stratum 255", {.stratum = 255}},
        {NTP_UNSYNCHRONISED, "stratum 0 without a code", {.leap = 3, .stratum = ~0U, .reference_id = UINT32_MAX}},
        {NTP_UNSYNCHRONISED, "the same with leap 0", {.stratum = ~0U, .reference_id = UINT32_MAX}},
        {NTP_BAD_TIME, "no receive time", {.receive = UINT64_MAX}},
        {NTP_BAD_TIME, "no transmit time", {.transmit = UINT64_MAX}},
        {NTP_BAD_TIME, "transmit a second before receive", {.transmit = (UINT64_C(1790000000) + UNIX_EPOCH - 1) << 32}},
        {NTP_BAD_DISTANCE, "root delay 7 s", {.root_delay = 7 << 16}},
        {NTP_BAD_DISTANCE, "negative root delay", {.root_delay = 0xFFFFFF00}},
        {NTP_BAD_DISTANCE, "root dispersion 3 s", {.root_dispersion = 3 << 16}},
        {NTP_BAD_DISTANCE, "the largest of both", {.root_dispersion = UINT32_MAX - 1, .root_delay = UINT32_MAX - 1}},
        {NTP_BAD_DISTANCE, "precision 4 s", {.precision = 2}},
        {NTP_BAD_DISTANCE, "precision 2^127 s", {.precision = 127}},
        {0, "precision 2^-128 s", {.precision = -128}},
};

START_TEST(refusal) {
        struct reply r = good_reply(NOW, NOW), d = refusals[_i].difference;
#define REPLACE(field, none) r.field = d.field == (none) ? 0 : d.field ? d.field : r.field
        REPLACE(leap, ~0U);
        REPLACE(version, ~0U);
        REPLACE(mode, ~0U);
        REPLACE(stratum, ~0U);
        REPLACE(precision, INT32_MAX);
        REPLACE(root_delay, UINT32_MAX);
        REPLACE(root_dispersion, UINT32_MAX);
        REPLACE(reference_id, UINT32_MAX);
        REPLACE(originate, UINT64_MAX);
        REPLACE(receive, UINT64_MAX);
        REPLACE(transmit, UINT64_MAX);
#undef REPLACE
        const struct ntp_sample untouched = {.offset_nsec = 42};
        struct ntp_sample s = untouched;
        ck_assert_msg(read_reply(&s, &r, NOW, NOW + 1000) == refusals[_i].outcome, "%s", refusals[_i].what);
        if (refusals[_i].outcome != 0)
                ck_assert_mem_eq(&s, &untouched, sizeof s);
}
END_TEST

START_TEST(length) {
        unsigned char packet[NTP_PACKET_SIZE + 20];
        struct reply r = good_reply(NOW, NOW);
        struct ntp_sample s;
        write_reply(packet, &r);
        memset(packet + NTP_PACKET_SIZE, 0xFF, 20); /* a MAC */
        ck_assert_int_eq(ntp_reply_read(&s, packet, sizeof packet, RANDOM, NOW, NOW), 0);
        ck_assert_int_eq(ntp_reply_read(&s, packet, NTP_PACKET_SIZE, RANDOM, NOW, NOW), 0);
        ck_assert_int_eq(ntp_reply_read(&s, packet, NTP_PACKET_SIZE - 1, RANDOM, NOW, NOW), NTP_SHORT);
        ck_assert_int_eq(ntp_reply_read(&s, NULL, 0, RANDOM, NOW, NOW), NTP_SHORT);
}
END_TEST

START_TEST(round_trip_too_long) {
        struct ntp_sample s;
        struct reply r = good_reply(NOW, NOW);
        ck_assert_int_eq(read_reply(&s, &r, NOW, NOW + 5 * SEC), 0);
        ck_assert_int_eq(read_reply(&s, &r, NOW, NOW + 6 * SEC), NTP_BAD_DISTANCE);
        ck_assert_int_eq(read_reply(&s, &r, NOW, INT64_MAX), NTP_BAD_DISTANCE);
        ck_assert_int_eq(read_reply(&s, &r, INT64_MIN, INT64_MAX), NTP_BAD_TIME);
}
END_TEST

START_TEST(kiss_codes) {
        unsigned char packet[NTP_PACKET_SIZE];
        char code[5];
        struct reply r = good_reply(NOW, NOW);
        r.reference_id = 0x52415445;
        write_reply(packet, &r);
        ntp_kiss_code(code, packet);
        ck_assert_str_eq(code, "RATE");
        r.reference_id = 0x58001B80;
        write_reply(packet, &r);
        ntp_kiss_code(code, packet);
        ck_assert_str_eq(code, "X???");
}
END_TEST

START_TEST(outcomes_have_words) {
        const char *unknown = ntp_outcome_text(99);
        for (int i = 0; i <= NTP_BAD_DISTANCE; i++)
                ck_assert_str_ne(ntp_outcome_text(i), unknown);
}
END_TEST

/* -- the intersection -------------------------------------------------------------------------------------------- */

#define SERVERS(...) ((const struct ntp_sample[]){__VA_ARGS__})
#define AT(offset, bound) \
        { .offset_nsec = (offset), .bound_nsec = (bound) }

static void check_agree(const struct ntp_sample *samples, size_t n, int64_t low, int64_t high, size_t used) {
        struct ntp_interval i;
        ck_assert_int_eq(ntp_intersection(&i, samples, n), 0);
        /* All of [low, high], and at most a nanosecond more. */
        ck_assert(i.offset_nsec - i.bound_nsec == low || i.offset_nsec - i.bound_nsec == low - 1);
        ck_assert(i.offset_nsec + i.bound_nsec == high || i.offset_nsec + i.bound_nsec == high + 1);
        ck_assert_int_le(2 * i.bound_nsec, high - low + 1);
        ck_assert_uint_eq(i.used, used);
}

START_TEST(they_agree) {
        check_agree(SERVERS(AT(100, 10)), 1, 90, 110, 1);
        check_agree(SERVERS(AT(-7, 3)), 1, -10, -4, 1);
        check_agree(SERVERS(AT(100, 10), AT(104, 10)), 2, 94, 110, 2);
        /* one within the other */
        check_agree(SERVERS(AT(100, 50), AT(110, 20)), 2, 90, 130, 2);
        check_agree(SERVERS(AT(100, 10), AT(104, 10), AT(98, 10)), 3, 94, 108, 3);
        /* a falseticker on either side, and two among five */
        check_agree(SERVERS(AT(100, 10), AT(900, 10), AT(104, 10)), 3, 94, 110, 2);
        check_agree(SERVERS(AT(-900, 10), AT(100, 10), AT(104, 10)), 3, 94, 110, 2);
        check_agree(SERVERS(AT(0, 5), AT(500, 5), AT(1, 5), AT(-500, 5), AT(2, 5)), 5, -3, 5, 3);
        /* clocks 60 years away agree as others do */
        check_agree(SERVERS(AT(60 * YEAR, 10), AT(60 * YEAR + 2, 10), AT(-60 * YEAR, 10)), 3, 60 * YEAR - 8, 60 * YEAR + 10, 2);
}
END_TEST

/* RFC 5905 section 11.2.1: a middle outside the intersection counts as a falseticker's, so that the interval widens: not [9, 10]. */
START_TEST(middles_count) {
        check_agree(SERVERS(AT(5, 5), AT(7, 5), AT(15, 6)), 3, 2, 12, 3);
}
END_TEST

/* Where that leaves no majority, overlapping intervals still do not contradict each other. */
START_TEST(overlap_is_enough) {
        check_agree(SERVERS(AT(0, 10), AT(19, 10)), 2, 9, 10, 2);
        check_agree(SERVERS(AT(2500000, 44), AT(-11, 15), AT(1, 10)), 3, -9, 4, 2);
}
END_TEST

static void check_disagree(const struct ntp_sample *samples, size_t n) {
        struct ntp_interval i = {.used = 42};
        ck_assert_int_eq(ntp_intersection(&i, samples, n), 1);
        ck_assert_uint_eq(i.used, 42);
}

START_TEST(they_disagree) {
        check_disagree(NULL, 0);
        check_disagree(SERVERS(AT(0, 10), AT(100, 10)), 2);
        check_disagree(SERVERS(AT(0, 10), AT(100, 10), AT(200, 10)), 3);
        /* half is not a majority */
        check_disagree(SERVERS(AT(0, 10), AT(1, 10), AT(100, 10), AT(101, 10)), 4);
}
END_TEST

/* Intervals that only touch do not agree; a third server between them decides. */
START_TEST(touching) {
        check_disagree(SERVERS(AT(0, 10), AT(20, 10)), 2);
        check_agree(SERVERS(AT(0, 10), AT(20, 10), AT(10, 10)), 3, 0, 20, 3);
}
END_TEST

START_TEST(sixteen_servers) {
        struct ntp_sample samples[NTP_SERVERS_MAX];
        for (size_t i = 0; i < NTP_SERVERS_MAX; i++)
                samples[i] = (struct ntp_sample)AT(i < 7 ? (int64_t)(1000 * (i + 1)) : (int64_t)i, 50);
        check_agree(samples, NTP_SERVERS_MAX, 15 - 50, 7 + 50, 9);
        samples[8].offset_nsec = samples[9].offset_nsec = -5000; /* seven are left */
        check_disagree(samples, NTP_SERVERS_MAX);
}
END_TEST

static const struct {
        int64_t offset, bound, limit;
        enum ntp_judgement judgement;
} judgements[] = {
        {0, 0, 0, NTP_WITHIN},
        {10, 5, 15, NTP_WITHIN},
        {-10, 5, 15, NTP_WITHIN},
        {10, 6, 15, NTP_STRADDLES},
        {-10, 6, 15, NTP_STRADDLES},
        {20, 5, 15, NTP_STRADDLES}, /* its low end is still within */
        {21, 5, 15, NTP_OUTSIDE},
        {-21, 5, 15, NTP_OUTSIDE},
        {0, 16, 15, NTP_STRADDLES},
        {20, 100, 15, NTP_STRADDLES}, /* beyond the limit on both sides */
        {INT64_MAX, INT64_MAX, 1, NTP_STRADDLES},
        {INT64_MIN, INT64_MAX, 0, NTP_OUTSIDE},
        {INT64_MIN, 0, INT64_MAX, NTP_OUTSIDE},
        {INT64_MAX, 0, INT64_MAX, NTP_WITHIN},
};

START_TEST(judgement) {
        ck_assert_int_eq((int)ntp_judge(judgements[_i].offset, judgements[_i].bound, judgements[_i].limit), (int)judgements[_i].judgement);
}
END_TEST

int main(void) {
        Suite *suite = suite_create("ntp_message");
        TCase *packets = tcase_create("packets"), *servers = tcase_create("servers");
        tcase_add_test(packets, request_tells_nothing);
        tcase_add_test(packets, literal_packet);
        tcase_add_loop_test(packets, offset_of_any_size, 0, (int)ELEMENTS(offsets));
        tcase_add_test(packets, era_boundary);
        tcase_add_test(packets, era_zero_itself);
        tcase_add_test(packets, bound_grows_with_its_parts);
        tcase_add_test(packets, delay_is_never_negative);
        tcase_add_loop_test(packets, refusal, 0, (int)ELEMENTS(refusals));
        tcase_add_test(packets, length);
        tcase_add_test(packets, round_trip_too_long);
        tcase_add_test(packets, kiss_codes);
        tcase_add_test(packets, outcomes_have_words);
        tcase_add_test(servers, they_agree);
        tcase_add_test(servers, middles_count);
        tcase_add_test(servers, overlap_is_enough);
        tcase_add_test(servers, they_disagree);
        tcase_add_test(servers, touching);
        tcase_add_test(servers, sixteen_servers);
        tcase_add_loop_test(servers, judgement, 0, (int)ELEMENTS(judgements));
        suite_add_tcase(suite, packets);
        suite_add_tcase(suite, servers);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed > 0;
}
