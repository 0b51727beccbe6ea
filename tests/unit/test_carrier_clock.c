/* test_carrier_clock.c: what the exchanges of a probe show of the carrier's clock, and when that is a verdict. */
#include <check.h>
#include <stdio.h>

#include "common/carrier_clock.h"

#define T0 INT64_C(1795408367000000) /* when the first request was sent, by this host's clock; a whole second */
#define SEC INT64_C(1000000)
#define LIMIT (5 * SEC)

/* A response to a request sent `sent` after T0. Times of the carrier's clock are seconds against T0; NO = it does not tell. */
#define NO INT64_MIN
struct saw {
        int64_t sent_msec, rtt_msec;
        int64_t date, issued;
        int64_t expires;
        int status;
        bool credentialed, one_time, other_target;
};
#define ASK(sent, rtt, date, issued, expires) \
        { sent, rtt, date, issued, expires, 401, false, false, false }
#define TAKEN(sent, rtt, date) \
        { sent, rtt, date, NO, NO, 200, true, false, false }
#define REFUSED(sent, rtt, date, issued, expires) \
        { sent, rtt, date, issued, expires, 401, true, false, false }

static const struct {
        const char *name;
        struct saw saw[4];
        size_t n;
        enum carrier_clock_source source;
        int64_t low_msec, high_msec; /* of the offset */
        int64_t past_msec, age_msec;
} cases[] = {
        {"nothing", {ASK(0, 100, NO, NO, NO)}, 1, CARRIER_CLOCK_UNKNOWN, 0, 0, 0, 0},
        {"a nonce", {ASK(0, 100, NO, 0, NO)}, 1, CARRIER_CLOCK_NONCE, -100, 1000, 0, 0},
        {"a date", {ASK(0, 100, 0, NO, NO)}, 1, CARRIER_CLOCK_DATE, -100, 1000, 0, 0},
        {"both", {ASK(0, 100, 1, 0, NO)}, 1, CARRIER_CLOCK_BOTH, 900, 1000, 0, 0},
        {"ahead", {ASK(0, 100, NO, 3600, NO)}, 1, CARRIER_CLOCK_NONCE, 3599900, 3601000, 0, 0},
        {"two dates narrow it", {ASK(0, 100, 0, NO, NO), TAKEN(300, 100, 1)}, 2, CARRIER_CLOCK_DATE, 600, 1000, 0, 400},
        {"as do two nonces", {ASK(0, 100, NO, 0, NO), REFUSED(300, 100, NO, 1, NO)}, 2, CARRIER_CLOCK_NONCE, 600, 1000, 0, 400},
        /* nonces that are handed out again */
        {"far in the past: reused, or a slow clock", {ASK(0, 100, NO, -3600, NO)}, 1, CARRIER_CLOCK_UNKNOWN, 0, 0, 3599000, 0},
        {"just within the limit", {ASK(0, 100, NO, -6, NO)}, 1, CARRIER_CLOCK_NONCE, -6100, -5000, 0, 0},
        {"just beyond it", {ASK(0, 100, NO, -7, NO)}, 1, CARRIER_CLOCK_UNKNOWN, 0, 0, 6000, 0},
        {"date wins", {ASK(0, 100, 0, -3600, NO), TAKEN(200, 100, NO)}, 2, CARRIER_CLOCK_DATE, -100, 1000, 3601100, 3601400},
        {"also over one from the future", {ASK(0, 100, 0, 3600, NO)}, 1, CARRIER_CLOCK_DATE, -100, 1000, 0, 0},
        {"the same one, later", {ASK(0, 100, NO, 0, NO), REFUSED(3000, 100, NO, 0, NO)}, 2, CARRIER_CLOCK_UNKNOWN, 0, 0, 0, 3100},
        {"dates that contradict", {ASK(0, 100, 0, NO, NO), TAKEN(200, 100, 900)}, 2, CARRIER_CLOCK_UNKNOWN, 0, 0, 0, 300},
        {"slow, and dates agree", {ASK(0, 100, -3600, -3600, NO)}, 1, CARRIER_CLOCK_BOTH, -3600100, -3599000, 0, 0},
        /* an accepted nonce had not expired */
        {"accepted", {ASK(0, 100, NO, -3600, -3300), TAKEN(200, 100, NO)}, 2, CARRIER_CLOCK_EXPIRY, -3600100, -3299200, 3599000, 0},
        {"refused", {ASK(0, 100, NO, -3600, -3300), REFUSED(200, 100, NO, -3600, -3300)}, 2, CARRIER_CLOCK_UNKNOWN, 0, 0, 3599200, 0},
        {"not answered", {ASK(0, 100, NO, -3600, -3300)}, 1, CARRIER_CLOCK_UNKNOWN, 0, 0, 3599000, 0},
        {"its expiry alone", {ASK(0, 100, NO, NO, 300), TAKEN(200, 100, NO)}, 2, CARRIER_CLOCK_UNKNOWN, 0, 0, 0, 300},
        {"one that serves once is new",
         {{0, 100, NO, -3600, -3300, 401, false, true, false}, TAKEN(200, 100, NO)},
         2,
         CARRIER_CLOCK_NONCE,
         -3600100,
         -3599000,
         0,
         300},
        /* clocks of two addresses do not mix */
        {"another address",
         {{0, 100, 500, NO, NO, 503, false, false, true}, ASK(200, 100, 0, NO, NO), TAKEN(400, 100, 0)},
         3,
         CARRIER_CLOCK_DATE,
         -300,
         600,
         0,
         300},
};

static void make(struct evidence *e, const struct saw *saw, size_t n) {
        for (size_t i = 0; i < n; i++) {
                struct exchange *x = evidence_add_exchange(e);
                ck_assert_ptr_nonnull(x);
                *x = (struct exchange){
                        .target = saw[i].other_target ? 0 : 1,
                        .credentialed = saw[i].credentialed,
                        .sent_usec = (uint64_t)(T0 + saw[i].sent_msec * 1000),
                        .rtt_usec = (uint64_t)saw[i].rtt_msec * 1000,
                        .status = saw[i].status,
                        .has_challenge = saw[i].status == 401,
                        .has_date = saw[i].date != NO,
                        .date_sec = saw[i].date != NO ? T0 / SEC + saw[i].date : 0,
                };
                struct nonce_facts *f = &x->nonce;
                f->has_issued = saw[i].issued != NO;
                f->has_expires = saw[i].expires != NO;
                f->issued_usec = f->has_issued ? T0 + saw[i].issued * SEC : 0;
                f->expires_usec = f->has_expires ? T0 + saw[i].expires * SEC : 0;
                f->resolution_usec = (uint64_t)SEC;
                f->one_time = saw[i].one_time;
        }
}

START_TEST(reads_the_clock) {
        struct evidence e = {0};
        struct carrier_clock c;
        make(&e, cases[_i].saw, cases[_i].n);
        carrier_clock_read(&c, &e, (uint64_t)LIMIT);
        evidence_clear(&e);
        ck_assert_msg(c.source == cases[_i].source, "%s: %d", cases[_i].name, c.source);
        int64_t middle = (cases[_i].low_msec + cases[_i].high_msec) * 500, half = (cases[_i].high_msec - cases[_i].low_msec) * 500;
        ck_assert_msg(c.offset_usec == middle && c.bound_usec == half, "%s: %lld +- %lld, not %lld +- %lld", cases[_i].name,
                      (long long)c.offset_usec, (long long)c.bound_usec, (long long)middle, (long long)half);
        ck_assert_msg(c.nonce_past_usec == (uint64_t)cases[_i].past_msec * 1000, "%s: %llu", cases[_i].name,
                      (unsigned long long)c.nonce_past_usec);
        ck_assert_msg(c.nonce_age_usec == (uint64_t)cases[_i].age_msec * 1000, "%s: %llu", cases[_i].name,
                      (unsigned long long)c.nonce_age_usec);
}
END_TEST

static const struct {
        enum cause cause;
        enum carrier_clock_source source;
        int64_t offset, bound; /* ms */
        bool measured;
        int64_t host, host_bound;
        bool off;
        const char *detail; /* found in it */
} verdicts[] = {
        {CAUSE_OK, CARRIER_CLOCK_DATE, 5600, 500, true, 0, 50, true, "5.6 s ahead, +- 0.6 s, by date; the limit is 5.0 s"},
        {CAUSE_OK, CARRIER_CLOCK_DATE, 5550, 500, true, 0, 50, false, "seen"}, /* the interval touches the limit */
        {CAUSE_OK, CARRIER_CLOCK_NONCE, -3600000, 500, true, 0, 50, true, "3600.0 s behind"},
        {CAUSE_OK, CARRIER_CLOCK_DATE, -300000, 500, true, -300000, 50, false, "seen"},   /* it is this host's own */
        {CAUSE_OK, CARRIER_CLOCK_DATE, 0, 500, true, -300000, 50, true, "300.0 s ahead"}, /* proven although this host's is off */
        {CAUSE_OK, CARRIER_CLOCK_DATE, 300000, 500, true, 0, 299000, false, "seen"},      /* nearly nothing is known of this host's */
        {CAUSE_OK, CARRIER_CLOCK_DATE, 300000, 500, false, 0, 0, false, "300.0 s ahead of this host's, whose own was not measured"},
        {CAUSE_OK, CARRIER_CLOCK_DATE, 300, 500, false, 0, 0, false, "seen"},
        {CAUSE_OK, CARRIER_CLOCK_UNKNOWN, 0, 0, true, 0, 50, false, "seen"},
        {CAUSE_WRONG_PASSWORD, CARRIER_CLOCK_DATE, 300000, 500, true, 0, 50, false, "seen"},
        {CAUSE_NO_CHALLENGE, CARRIER_CLOCK_DATE, 300000, 500, true, 0, 50, false, "seen"},
};

START_TEST(judges_the_clock) {
        struct verdict v = verdict_of(verdicts[_i].cause, "seen");
        const struct carrier_clock c = {
                .source = verdicts[_i].source, .offset_usec = verdicts[_i].offset * 1000, .bound_usec = verdicts[_i].bound * 1000};
        const struct carrier_clock_policy policy = {
                .host_measured = verdicts[_i].measured,
                .host_offset_usec = verdicts[_i].host * 1000,
                .host_bound_usec = verdicts[_i].host_bound * 1000,
                .limit_usec = (uint64_t)LIMIT,
        };
        carrier_clock_judge(&c, &policy, &v);
        ck_assert_int_eq(v.cause, verdicts[_i].off ? CAUSE_CARRIER_CLOCK_OFF : verdicts[_i].cause);
        ck_assert_msg(strstr(v.detail, verdicts[_i].detail) != NULL, "%s", v.detail);
}
END_TEST

static const struct {
        int64_t lifetime, expires; /* of the challenge's nonce; NO = it does not say. Times in seconds after T0 */
        int64_t rtt_msec;          /* of the answer */
        int64_t date, issued;      /* of the refusal */
        bool outlived;
} outlived[] = {
        {2, 2, 3001, NO, NO, true},      {2, 2, 3000, NO, NO, false}, /* whole seconds may have stretched it */
        {NO, NO, 900000, NO, NO, false}, {2, 2, 100, NO, 4, true},    /* it was old already when it was given */
        {2, 2, 100, NO, 3, false},       {NO, 30, 100, 32, NO, true}, /* OpenSIPS and SER say the expiry alone */
        {NO, 30, 100, 31, NO, false},    {NO, NO, 100, 3200, NO, false},
};

START_TEST(knows_what_is_outlived) {
        const int64_t lifetime = outlived[_i].lifetime, expires = outlived[_i].expires, date = outlived[_i].date, new = outlived[_i].issued;
        struct exchange challenge = {
                .has_challenge = true,
                .nonce = {.has_lifetime = lifetime != NO, .has_expires = expires != NO, .assumed_lifetime_sec = 1},
        };
        struct exchange answer = {
                .credentialed = true,
                .rtt_usec = (uint64_t)outlived[_i].rtt_msec * 1000,
                .has_challenge = true,
                .has_date = date != NO,
                .date_sec = date != NO ? T0 / SEC + date : 0,
                .nonce = {.has_issued = new != NO},
        };
        challenge.nonce.lifetime_sec = lifetime != NO ? lifetime : 0;
        challenge.nonce.expires_usec = expires != NO ? T0 + expires * SEC : 0;
        answer.nonce.issued_usec = new != NO ? T0 + new *SEC : 0;
        ck_assert_int_eq(carrier_clock_outlived(&challenge, &answer), outlived[_i].outlived);
}
END_TEST

START_TEST(says_what_it_knows) {
        char text[CARRIER_CLOCK_TEXT_MAX];
        struct carrier_clock c = {.source = CARRIER_CLOCK_BOTH, .offset_usec = 440000, .bound_usec = 550000};
        carrier_clock_text(&c, text);
        ck_assert_str_eq(text, "+0.4 s +- 0.6 s against this host's, by both");
        c = (struct carrier_clock){.nonce_past_usec = 3600000000};
        carrier_clock_text(&c, text);
        ck_assert_str_eq(text, "unknown: its nonce was made 3600.0 s before, or its clock is slow");
        carrier_clock_nonce_text(&c, text);
        ck_assert_str_eq(text, "");
        nonce_read(&c.nonce, SPAN("XVFR6V1RUL1T0eCKhebkSTLBUAIK921RhPJjWWVykMP/p8bowB9uPElsF3CA"), 1565610173);
        carrier_clock_nonce_text(&c, text);
        ck_assert_str_eq(text, "Kamailio, lives 300 s, counted, bound to its request");
        nonce_read(&c.nonce, SPAN("1729103338/662d65a084b88c6d2a745a9de086fa91"), 1729103338);
        carrier_clock_nonce_text(&c, text);
        ck_assert_str_eq(text, "Asterisk, lives 32 s by default");
}
END_TEST

int main(void) {
        Suite *suite = suite_create("carrier_clock");
        TCase *tc = tcase_create("carrier_clock");
        tcase_add_loop_test(tc, reads_the_clock, 0, (int)ELEMENTS(cases));
        tcase_add_loop_test(tc, judges_the_clock, 0, (int)ELEMENTS(verdicts));
        tcase_add_loop_test(tc, knows_what_is_outlived, 0, (int)ELEMENTS(outlived));
        tcase_add_test(tc, says_what_it_knows);
        suite_add_tcase(suite, tc);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed != 0;
}
