/* test_store_guard.c: counts that survive restarts, crashes and clocks that are set; the fingerprints' row; the view. */
#include "store_fixture.h"

#define MINUTE INT64_C(60000000)
#define DAY (24 * HOUR)

/* -- runs that spend --------------------------------------------------------------------------------------------------------- */

static struct guard_time at(int64_t wall_usec, const char *boot, int64_t boot_usec) {
        struct guard_time t = {.wall_usec = wall_usec, .boot_usec = boot_usec};
        (void)snprintf(t.boot, sizeof t.boot, "%s", boot);
        return t;
}

static const struct guard_policy policy = {
        .run = {{0, 3, 2}}, .trunk = {{[GUARD_HOUR] = {{60, 12, 4}}}}, .carrier = {{[GUARD_TEN_MINUTES] = {{0, 0, 4}}}}};

/* A run that reserves, and, unless it dies, spends two requests, one answer and one failure, and settles them. */
static void run_at(struct store *s, struct guard_time begins, struct guard_time ends, bool dies) {
        struct trunk trunk = make_trunk("id-a", "A", TRUNK_EXTRA);
        struct guard_trunk t = {.trunk = &trunk, .probes = 1}, *spenders[] = {&t};
        struct guard *g;
        struct run run = make_run(0);
        ck_assert_int_eq(store_begin_run(s, &run), 0);
        ck_assert_int_eq(guard_new(&g, &policy, &begins), 0);
        ck_assert_int_eq(store_guard(s, g), 0);
        ck_assert_int_eq(store_guard_trunk(s, g, "Sbc.example:5060", &t), 0);
        ck_assert_int_eq(guard_reserve(g, &t), 0);
        ck_assert_msg(store_reserve(s, run.id, g, spenders, 1) == 0, "%s", store_error(s));
        t.account.now = (struct guard_count){{2, 1, 1}};
        t.carrier->account.now = t.account.now;
        run.guard = g;
        run.spent_until = ends;
        struct result result = make_result(&trunk, CAUSE_WRONG_PASSWORD, NULL);
        result.guard = &t;
        if (!dies)
                ck_assert_msg(store_end_run(s, &run, &result, 1) == 0, "%s", store_error(s));
        guard_trunk_clear(&t);
        guard_free(g);
        trunk_clear(&trunk);
}

/* What a run would read then: "age/requests/credentialed/failures", of the trunk and of its host. */
static void expect_spent(struct store *s, struct guard_time now, const char *expected) {
        struct trunk trunk = make_trunk("id-a", "A", TRUNK_EXTRA);
        struct guard_trunk t = {.trunk = &trunk};
        struct guard_carrier *c;
        struct guard *g;
        char text[600] = "";
        ck_assert_int_eq(guard_new(&g, &policy, &now), 0);
        ck_assert_int_eq(store_guard(s, g), 0);
        ck_assert_int_eq(store_guard_trunk(s, g, "sbc.example:5060", &t), 0);
        ck_assert_str_eq(t.host, "sbc.example");
        ck_assert_int_eq(guard_carrier(g, t.host, &c), 0);
        ck_assert_uint_eq(c->account.n, t.account.n);
        for (size_t i = 0; i < t.account.n; i++) {
                const struct guard_entry *e = &t.account.entries[i];
                ck_assert_int_eq(c->account.entries[i].age_usec, e->age_usec);
                ck_assert_uint_eq(c->account.entries[i].count.of[GUARD_FAILURES], e->count.of[GUARD_FAILURES]);
                size_t n = strlen(text);
                (void)snprintf(text + n, sizeof text - n, "%s%lldm/%u/%u/%u", i > 0 ? " " : "", (long long)(e->age_usec / MINUTE),
                               e->count.of[0], e->count.of[1], e->count.of[2]);
        }
        ck_assert_str_eq(text, expected);
        guard_trunk_clear(&t);
        guard_free(g);
        trunk_clear(&trunk);
}

/* -- restarts and crashes ------------------------------------------------------------------------------------------------------ */

START_TEST(counts_survive_a_restart) {
        struct store *s = open_writer();
        run_at(s, at(START, "b", HOUR), at(START + MINUTE, "b", HOUR + MINUTE), false);
        store_close(s);
        s = open_writer();
        expect_spent(s, at(START + 5 * MINUTE, "b", HOUR + 5 * MINUTE), "4m/2/1/1"); /* from the end of the run */
        store_close(s);
}
END_TEST

START_TEST(what_was_reserved_is_spent_until_it_is_settled) {
        struct store *s = open_writer();
        run_at(s, at(START, "b", HOUR), at(0, "", 0), true);
        expect_spent(s, at(START + 9 * MINUTE, "b", HOUR + 9 * MINUTE), "0m/6/3/2"); /* it may have died a moment ago */
        expect_rows("SELECT settled FROM ledger", "0");
        run_at(s, at(START + 9 * MINUTE, "b", HOUR + 9 * MINUTE), at(START + 9 * MINUTE, "b", HOUR + 9 * MINUTE), false);
        expect_spent(s, at(START + 12 * MINUTE, "b", HOUR + 12 * MINUTE), "3m/6/3/2 3m/2/1/1");
        expect_rows("SELECT settled FROM ledger", "1\n1");
        store_close(s);
}
END_TEST

/* Reservations fit in what is left, so that a crash loop cannot spend more than the budget. */
START_TEST(a_crash_loop_spends_a_budget_once) {
        struct store *s = open_writer();
        for (int i = 0; i < 9; i++)
                run_at(s, at(START + i, "b", HOUR + i), at(0, "", 0), true);
        expect_rows("SELECT sum(credentialed), sum(failures) FROM trunk_spending", "12|4");
        expect_rows("SELECT host, sum(failures) FROM carrier_spending", "sbc.example|4");
        store_close(s);
}
END_TEST

START_TEST(a_day_later_nothing_is_left) {
        struct store *s = open_writer();
        run_at(s, at(START, "b", HOUR), at(START, "b", HOUR), false);
        run_at(s, at(START + DAY - 1, "b", HOUR + DAY - 1), at(START + DAY - 1, "b", HOUR + DAY - 1), false);
        expect_rows("SELECT run FROM ledger", "1\n2");
        run_at(s, at(START + DAY, "b", HOUR + DAY), at(START + DAY, "b", HOUR + DAY), false);
        expect_rows("SELECT run FROM ledger", "2\n3");
        expect_rows("SELECT run FROM trunk_spending", "2\n3");
        expect_rows("SELECT run FROM carrier_spending", "2\n3");
        store_close(s);
}
END_TEST

/* -- clocks ---------------------------------------------------------------------------------------------------------------------- */

static const struct {
        int64_t wall_usec; /* since START */
        const char *boot;
        int64_t boot_usec;
        const char *spent;
} clocks[] = {
        /* one boot: the wall clock says nothing */
        {30 * MINUTE, "b", HOUR + 30 * MINUTE, "30m/2/1/1"},
        {-365 * DAY, "b", HOUR + 30 * MINUTE, "30m/2/1/1"},
        {365 * DAY, "b", HOUR + 30 * MINUTE, "30m/2/1/1"},
        {30 * MINUTE, "b", HOUR - 1, "0m/2/1/1"}, /* a snapshot of the host, taken before */
        /* another boot: the wall clock is all there is, and a future stamp counts as now */
        {30 * MINUTE, "c", 20 * MINUTE, "30m/2/1/1"},
        {-365 * DAY, "c", 20 * MINUTE, "0m/2/1/1"},
        /* and while that is young, not even a clock far ahead frees what ban lists look at */
        {365 * DAY, "c", 9 * MINUTE, "9m/2/1/1"},
        {5 * MINUTE, "c", 9 * MINUTE, "5m/2/1/1"},
        {365 * DAY, "c", 10 * MINUTE, "525600m/2/1/1"},
        /* nobody knows which boot */
        {30 * MINUTE, "", HOUR, "30m/2/1/1"},
};

START_TEST(ages_do_not_follow_a_clock_that_is_set) {
        struct store *s = open_writer();
        run_at(s, at(START, "b", HOUR), at(START, "b", HOUR), false);
        expect_spent(s, at(START + clocks[_i].wall_usec, clocks[_i].boot, clocks[_i].boot_usec), clocks[_i].spent);
        store_close(s);
}
END_TEST

/* A stamp from the future is made now by the next run, and ages from there: it does not hold for ever. */
START_TEST(a_clock_that_was_ahead_holds_for_no_longer_than_it_must) {
        const int64_t up_usec = _i == 0 ? HOUR : 5 * MINUTE;
        struct store *s = open_writer();
        run_at(s, at(START + 365 * DAY, "b", HOUR), at(START + 365 * DAY, "b", HOUR), false);
        expect_spent(s, at(START, "c", up_usec), "0m/2/1/1");
        run_at(s, at(START, "c", up_usec), at(START, "c", up_usec), false);
        expect_spent(s, at(START + 20 * MINUTE, "c", up_usec + 20 * MINUTE), "20m/2/1/1 20m/2/1/1");
        expect_spent(s, at(START + 20 * MINUTE, "d", 20 * MINUTE), "20m/2/1/1 20m/2/1/1");
        store_close(s);
}
END_TEST

/* The clock of a host without a battery is put right within the boot: what was counted before must not be old after the next one. */
START_TEST(stamps_follow_a_step_within_a_boot) {
        struct store *s = open_writer();
        run_at(s, at(START - 365 * DAY, "b", HOUR), at(START - 365 * DAY, "b", HOUR), false);
        run_at(s, at(START, "b", HOUR + MINUTE), at(START, "b", HOUR + MINUTE), false);
        expect_spent(s, at(START + 20 * MINUTE, "c", 19 * MINUTE), "21m/2/1/1 20m/2/1/1");
        store_close(s);
}
END_TEST

/* -- rejections, limits, host ------------------------------------------------------------------------------------------------------ */

static void put_rejection(struct store *s, const struct guard_rejection *r) {
        const struct guard_time now = at(START, "b", HOUR);
        struct trunk trunk = make_trunk("id-a", "A", TRUNK_EXTRA);
        struct guard_trunk t = {.trunk = &trunk, .rejection = *r, .rejection_changed = true};
        struct guard *g;
        struct run run = make_run(0);
        ck_assert_int_eq(guard_new(&g, &policy, &now), 0);
        ck_assert_int_eq(store_begin_run(s, &run), 0);
        run.guard = g;
        run.spent_until = now;
        struct result result = make_result(&trunk, CAUSE_FORBIDDEN, NULL);
        result.guard = &t;
        ck_assert_msg(store_end_run(s, &run, &result, 1) == 0, "%s", store_error(s));
        guard_free(g);
        trunk_clear(&trunk);
}

static struct guard_rejection get_rejection(struct store *s) {
        const struct guard_time now = at(START, "b", HOUR);
        struct trunk trunk = make_trunk("id-a", "A", TRUNK_EXTRA);
        struct guard_trunk t = {.trunk = &trunk};
        struct guard *g;
        ck_assert_int_eq(guard_new(&g, &policy, &now), 0);
        ck_assert_int_eq(store_guard_trunk(s, g, "x", &t), 0);
        guard_trunk_clear(&t);
        guard_free(g);
        trunk_clear(&trunk);
        return t.rejection;
}

START_TEST(a_rejection_is_kept_until_it_ends) {
        struct store *s = open_writer();
        ck_assert_uint_eq(get_rejection(s).runs, 0);
        const struct guard_rejection put = {3, CAUSE_FORBIDDEN, START, START + HOUR, 4095, INT64_MIN};
        put_rejection(s, &put);
        struct guard_rejection got = get_rejection(s);
        ck_assert_uint_eq(got.runs, 3);
        ck_assert_int_eq(got.cause, CAUSE_FORBIDDEN);
        ck_assert_int_eq(got.since_usec, START);
        ck_assert_int_eq(got.last_usec, START + HOUR);
        ck_assert_uint_eq(got.credentials, 4095);
        ck_assert_int_eq(got.circumstances, INT64_MIN);
        expect_rows("SELECT trunk, refused_since, held, why FROM guard", "A|2026-11-23T05:00:00Z||3 runs: forbidden");
        put_rejection(s, &(struct guard_rejection){0});
        ck_assert_uint_eq(get_rejection(s).runs, 0);
        expect_rows("SELECT count(*) FROM rejection", "0");
        store_close(s);
}
END_TEST

START_TEST(each_database_has_a_salt_of_its_own) {
        struct store *s = open_writer();
        char *first = rows("SELECT hex(salt) FROM guard_salt");
        store_close(s);
        s = open_writer(); /* is kept */
        expect_rows("SELECT hex(salt) FROM guard_salt", first);
        store_close(s);
        make_directory();
        s = open_writer();
        char *second = rows("SELECT hex(salt) FROM guard_salt");
        ck_assert_uint_eq(strlen(first), 2 * GUARD_SALT_SIZE);
        ck_assert_str_ne(first, second);
        store_close(s);
        free(first);
        free(second);
}
END_TEST

START_TEST(a_host_is_where_the_last_requests_went) {
        struct store *s = open_writer();
        struct trunk trunk = make_trunk("id-a", "A", TRUNK_EXTRA);
        struct evidence e = make_evidence(); /* sbc1.carrier.example:5061 at 192.0.2.1:5061 */
        const struct guard_time now = at(START, "b", HOUR);
        static const char *const targets[][2] = {{"sbc1.carrier.example:5061", "192.0.2.1"},
                                                 {"Sbc2.carrier.example:5061", "sbc2.carrier.example"}};
        struct run runs[] = {make_run(0), make_run(1)};
        const struct result results[] = {make_result(&trunk, CAUSE_OK, &e), make_result(&trunk, CAUSE_INACTIVE, NULL)};
        store_run(s, &runs[0], &results[0], 1);
        store_run(s, &runs[1], &results[1], 1); /* was not asked */
        for (size_t i = 0; i < ELEMENTS(targets); i++) {
                struct guard_trunk t = {.trunk = &trunk};
                struct guard *g;
                ck_assert_int_eq(guard_new(&g, &policy, &now), 0);
                ck_assert_int_eq(store_guard_trunk(s, g, targets[i][0], &t), 0);
                ck_assert_str_eq(t.host, targets[i][1]);
                guard_free(g);
        }
        expect_rows("SELECT carrier FROM guard", "192.0.2.1");
        evidence_clear(&e);
        trunk_clear(&trunk);
        store_close(s);
}
END_TEST

START_TEST(the_view_shows_counts_and_limits) {
        struct store *s = open_writer();
        run_at(s, at(START, "b", HOUR), at(START, "b", HOUR), false);
        run_at(s, at(START, "b", HOUR), at(START, "b", HOUR), true);
        change("UPDATE ledger SET wall_usec = unixepoch() * 1000000 - 7200000000 WHERE run = 1");
        expect_rows("SELECT trunk, hour, day FROM guard", "A|6/60, 3/12, 2/4|8, 4, 3");
        expect_rows("SELECT subject, period, requests, credentialed, failures FROM guard_limit WHERE failures IS NOT NULL",
                    "carrier|10 minutes|||4\ntrunk|hour|60|12|4");
        store_close(s);
}
END_TEST

int main(void) {
        Suite *suite = suite_create("store_guard");
        TCase *tc = tcase_create("store_guard");
        tcase_add_unchecked_fixture(tc, make_base, remove_base);
        tcase_add_checked_fixture(tc, make_directory, NULL);
        tcase_add_test(tc, counts_survive_a_restart);
        tcase_add_test(tc, what_was_reserved_is_spent_until_it_is_settled);
        tcase_add_test(tc, a_crash_loop_spends_a_budget_once);
        tcase_add_test(tc, a_day_later_nothing_is_left);
        tcase_add_loop_test(tc, ages_do_not_follow_a_clock_that_is_set, 0, ELEMENTS(clocks));
        tcase_add_loop_test(tc, a_clock_that_was_ahead_holds_for_no_longer_than_it_must, 0, 2);
        tcase_add_test(tc, stamps_follow_a_step_within_a_boot);
        tcase_add_test(tc, a_rejection_is_kept_until_it_ends);
        tcase_add_test(tc, each_database_has_a_salt_of_its_own);
        tcase_add_test(tc, a_host_is_where_the_last_requests_went);
        tcase_add_test(tc, the_view_shows_counts_and_limits);
        suite_add_tcase(suite, tc);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed != 0;
}
