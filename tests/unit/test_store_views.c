/* test_store_views.c: what is kept of trunks and announcements, and the database as its readers meet it. */
#include "store_fixture.h"

/* -- trunks -------------------------------------------------------------------------------------------------------- */

START_TEST(known_trunks_come_back_as_listed) {
        struct store *s = open_writer();
        struct trunk_list got = {0};
        int64_t when = 0;
        ck_assert_int_eq(store_known_trunks(s, &got, &when), STORE_NONE);

        struct trunk listed[3] = {make_trunk("id-a", "A", TRUNK_LISTED), make_trunk("id-b", NULL, TRUNK_LISTED),
                                  make_trunk("id-c", "C", TRUNK_EXTRA)};
        for (int i = TRUNK_TEXT_state; i < TRUNK_TEXT_COUNT; i++) {
                char value[40];
                (void)snprintf(value, sizeof value, "Digest %s", trunk_text_name((enum trunk_text)i));
                ck_assert_int_eq(trunk_set(&listed[0], (enum trunk_text)i, span_of(value)), 0);
        }
        put_listing(s, listed, 3, START);
        ck_assert_int_eq(store_known_trunks(s, &got, &when), 0);
        ck_assert_int_eq(when, START);
        ck_assert_uint_eq(got.n, 2); /* the extra one is not the platform's */
        for (int i = 0; i < TRUNK_TEXT_COUNT; i++)
                ck_assert_pstr_eq(trunk_get(&got.items[0], (enum trunk_text)i), trunk_get(&listed[0], (enum trunk_text)i));
        ck_assert_int_eq(got.items[0].origin, TRUNK_REMEMBERED);
        ck_assert_str_eq(got.items[1].id, "id-b");
        ck_assert_ptr_null(got.items[1].name);
        trunk_list_clear(&got);

        /* The next listing has no B; what it says of A replaces what was said, except where it was denied. */
        put_listing(s, listed, 1, START + HOUR);
        ck_assert_int_eq(store_known_trunks(s, &got, &when), 0);
        ck_assert_uint_eq(got.n, 1);
        ck_assert_int_eq(when, START + HOUR);
        trunk_list_clear(&got);
        expect_rows("SELECT listed, first_listed_usec, last_listed_usec FROM trunk ORDER BY key",
                    "1|1795410000000000|1795413600000000\n0|1795410000000000|1795410000000000");
        struct trunk sparse = make_trunk("id-a", "A2", TRUNK_LISTED);
        sparse.detail_denied = true;
        put_listing(s, &sparse, 1, START + 2 * HOUR);
        expect_rows("SELECT name, domain FROM trunk WHERE trunk_id = 'id-a'", "A2|Digest domain");
        sparse.detail_denied = false;
        put_listing(s, &sparse, 1, START + 3 * HOUR);
        expect_rows("SELECT name, domain FROM trunk WHERE trunk_id = 'id-a'", "A2|");
        trunk_clear(&sparse);

        put_listing(s, listed, 0, START + 4 * HOUR); /* an empty listing is one, too */
        ck_assert_int_eq(store_known_trunks(s, &got, &when), 0);
        ck_assert_uint_eq(got.n, 0);
        ck_assert_int_eq(when, START + 4 * HOUR);
        for (size_t i = 0; i < ELEMENTS(listed); i++)
                trunk_clear(&listed[i]);
        store_close(s);
}
END_TEST

START_TEST(a_response_digest_is_not_kept) {
        static const struct {
                const char *line, *kept;
        } cases[] = {
                {"Digest username=\"u\", nonce=\"n\", response=\"0123456789abcdef\", qop=auth",
                 "Digest username=\"u\", nonce=\"n\", response=\"redacted\", qop=auth"},
                {"Authorization: DIGEST Response = 0123456789abcdef,uri=\"sip:a\"",
                 "Authorization: DIGEST Response = \"redacted\",uri=\"sip:a\""},
                {"Digest response=\"0123", "Digest response=\"redacted\""},
                {"Digest username=\"response=\\\"x\", response=\"a\\\"b\"", "Digest username=\"response=\\\"x\", response=\"redacted\""},
                {"Digest response=,response=", "Digest response=\"redacted\",response=\"redacted\""},
                {"Digest xresponse=\"1\", response", "Digest xresponse=\"1\", response"},
                {"Basic dXNlcjpwYXNzd29yZA==", "redacted"},
                {"dXNlcjpwYXNzd29yZA==", "redacted"},
                {"Digest", "Digest"},
                {"", "redacted"},
        };
        struct store *s = open_writer();
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct trunk t = make_trunk("id-a", "A", TRUNK_LISTED);
                ck_assert_int_eq(trunk_set(&t, TRUNK_TEXT_validation_authorization, span_of(cases[i].line)), 0);
                put_listing(s, &t, 1, START);
                expect_rows("SELECT validation_authorization FROM trunk", cases[i].kept);
                trunk_clear(&t);
        }
        store_close(s);
}
END_TEST

START_TEST(announcements_are_remembered) {
        struct store *s = open_writer();
        struct run run = make_run(0);
        store_run(s, &run, NULL, 0);
        enum cause cause = CAUSE_OK;
        int64_t when = 0;
        ck_assert_int_eq(store_announced(s, "id-a", &cause, &when), STORE_NONE);
        const struct announcement first[] = {{"id-a", CAUSE_STALE_NONCE, run.id, false}, {"clock", CAUSE_CLOCK_OFF, run.id, false}};
        ck_assert_int_eq(store_put_announcements(s, first, 2, START), 0);
        const struct announcement second = {"id-a", CAUSE_OK, 0, false};
        ck_assert_int_eq(store_put_announcements(s, &second, 1, START + 1), 0);
        ck_assert_int_eq(store_announced(s, "id-a", &cause, &when), 0);
        ck_assert_int_eq(cause, CAUSE_OK);
        ck_assert_int_eq(when, START + 1);
        ck_assert_int_eq(store_announced(s, "clock", &cause, &when), 0);
        ck_assert_int_eq(cause, CAUSE_CLOCK_OFF);
        ck_assert_int_eq(when, START);

        const struct announcement bad[] = {{"id-b", CAUSE_OK, run.id, false}, {"id-c", CAUSE_OK, 4711, false}}; /* no such run */
        ck_assert_int_eq(store_put_announcements(s, bad, 2, START), -EIO);
        ck_assert_int_eq(store_announced(s, "id-b", &cause, &when), STORE_NONE);
        change("INSERT INTO cause VALUES (901, 'of_yesterday', 'trunk', 'fail', 'proven', 3, 'Gone.', 'None.', 'None.', 'none');"
               "UPDATE announcement SET cause = 901 WHERE subject = 'clock'");
        ck_assert_int_eq(store_announced(s, "clock", &cause, &when), STORE_NONE);
        store_close(s);
}
END_TEST

/* -- views --------------------------------------------------------------------------------------------------------- */

/* Hour 0: A ok, B stale nonce, C (extra) untested. Hour 1: the platform no longer lists B, and lists D; A warns, C passes. Hour 2, only A
 * was asked for: it fails. */
static void tell_a_story(struct store *s) {
        struct evidence e = make_evidence();
        struct trunk a = make_trunk("id-a", "Alpha", TRUNK_LISTED), b = make_trunk("id-b", "beta", TRUNK_LISTED),
                     c = make_trunk("local:gamma", "gamma", TRUNK_EXTRA), d = make_trunk("id-d", "Delta", TRUNK_LISTED);
        enum cause cause;
        int64_t when;
        ck_assert_int_eq(store_last_result(s, "id-a", &cause, &when), STORE_NONE);
        const struct trunk first[] = {a, b}, second[] = {a, d};
        put_listing(s, first, 2, START);
        const struct result hour0[] = {make_result(&a, CAUSE_OK, &e), make_result(&b, CAUSE_STALE_NONCE, &e),
                                       make_result(&c, CAUSE_SECRET_MISSING, NULL)};
        struct run run = make_run(0);
        store_run(s, &run, hour0, 3);
        ck_assert_int_eq(store_last_result(s, "id-b", &cause, &when), 0);
        ck_assert_int_eq(cause, CAUSE_STALE_NONCE);
        ck_assert_int_eq(when, run.started_usec);
        expect_rows("SELECT trunk, outcome, cause FROM latest", "Alpha|pass|ok\nbeta|fail|stale_nonce\ngamma|untested|secret_missing");
        expect_rows("SELECT trunk, outcome FROM failures", "beta|fail\ngamma|untested");

        put_listing(s, second, 2, START + HOUR);
        const struct result hour1[] = {make_result(&a, CAUSE_PLATFORM_DISAGREES, &e), make_result(&d, CAUSE_NO_ANSWER, &e),
                                       make_result(&c, CAUSE_OK, &e)};
        struct run run1 = make_run(1);
        store_run(s, &run1, hour1, 3);
        const struct result hour2[] = {make_result(&a, CAUSE_WRONG_PASSWORD, &e)};
        struct run run2 = make_run(2);
        run2.partial = true;
        store_run(s, &run2, hour2, 1);
        struct run running = make_run(3);
        ck_assert_int_eq(store_begin_run(s, &running), 0);
        trunk_clear(&a);
        trunk_clear(&b);
        trunk_clear(&c);
        trunk_clear(&d);
        evidence_clear(&e);
}

START_TEST(views_show_the_story) {
        struct store *s = open_writer();
        tell_a_story(s);
        expect_rows("SELECT trunk, trunk_id, carrier, outcome, cause, detail, run, time, latency_ms FROM latest",
                    "Alpha|id-a|sbc1.carrier.example:5061|fail|wrong_password|wrong_password seen|3|2026-11-23T07:00:01Z|150.3\n"
                    "Delta|id-d|sbc1.carrier.example:5061|untested|no_answer|no_answer seen|2|2026-11-23T06:00:01Z|150.3\n"
                    "gamma|local:gamma|sbc1.carrier.example:5061|pass|ok|ok seen|2|2026-11-23T06:00:01Z|150.3");
        expect_rows("SELECT remedy LIKE 'Check username%', sentence LIKE 'The carrier refused%' FROM latest LIMIT 1", "1|1");
        expect_rows("SELECT trunk, outcome, run FROM failures", "Delta|untested|2\nAlpha|warn|2");
        expect_rows("SELECT trunk, time, outcome, cause, detail, latency_ms, run FROM history LIMIT 2",
                    "Alpha|2026-11-23T07:00:01Z|fail|wrong_password|wrong_password seen|150.3|3\n"
                    "Alpha|2026-11-23T06:00:01Z|warn|platform_disagrees|platform_disagrees seen|150.3|2");
        expect_rows("SELECT carrier, address, latency_ms, requests FROM history WHERE cause = 'secret_missing'", "|||0");
        expect_rows("SELECT cause, kind, outcome, times, last_seen FROM causes WHERE times > 0",
                    "ok|trunk|pass|2|2026-11-23T06:00:01Z\n"
                    "platform_disagrees|trunk|warn|1|2026-11-23T06:00:01Z\n"
                    "stale_nonce|trunk|fail|1|2026-11-23T05:00:01Z\n"
                    "wrong_password|trunk|fail|1|2026-11-23T07:00:01Z\n"
                    "no_answer|trunk|untested|1|2026-11-23T06:00:01Z\n"
                    "secret_missing|trunk|untested|1|2026-11-23T05:00:01Z\n"
                    "platform_ok|platform|pass|3|2026-11-23T07:00:01Z\n"
                    "clock_ok|clock|pass|3|2026-11-23T07:00:01Z");
        expect_rows("SELECT run, time, cause, offset_ms, bound_ms, servers, used, witness_ms, detail FROM clock LIMIT 1",
                    "3|2026-11-23T07:00:01Z|clock_ok|2.5|10.25|3|2||offset 2.5 ms");
        expect_rows("SELECT count(*) FROM clock", "3");
        expect_rows("SELECT * FROM coverage", "Alpha|id-a|3|3|1|1|0|2026-11-23T07:00:01Z|2026-11-23T05:00:01Z|0\n"
                                              "beta|id-b|1|1|0|1|0|2026-11-23T05:00:01Z||0\n"
                                              "Delta|id-d|1|0|0|0|1|||0\n"
                                              "gamma|local:gamma|2|1|1|0|1|2026-11-23T06:00:01Z|2026-11-23T06:00:01Z|0");
        expect_rows("SELECT id, slot, started, finished, state, trigger, partial, clock_cause, platform_cause, platform_detail,"
                    " correlation_id, trunks, passed, warned, failed, untested, seconds FROM runs WHERE id IN (2, 4)",
                    "4|2026-11-23T08:00:00Z|2026-11-23T08:00:01Z||running|slot|0||||||||||\n"
                    "2|2026-11-23T06:00:00Z|2026-11-23T06:00:01Z|2026-11-23T06:00:04Z|done|slot|0|clock_ok|platform_ok|15 trunks|c-1|"
                    "3|1|1|0|1|2.5");

        struct run without = make_run(5); /* a complete run without the extra trunk: it is gone from the configuration */
        struct trunk a = make_trunk("id-a", "Alpha", TRUNK_REMEMBERED);
        const struct result result = make_result(&a, CAUSE_OK, NULL);
        store_run(s, &without, &result, 1);
        expect_rows("SELECT trunk, run FROM latest", "Alpha|5\nDelta|2");
        trunk_clear(&a);
        store_close(s);
}
END_TEST

/* Two trunks of one carrier, one of another; the second run saw other clocks, and none at all in a trunk that was not probed. */
START_TEST(carriers_clocks_are_kept) {
        struct store *s = open_writer();
        struct trunk a = make_trunk("id-a", "Alpha", TRUNK_LISTED), b = make_trunk("id-b", "Beta", TRUNK_LISTED),
                     c = make_trunk("id-c", "Gamma", TRUNK_LISTED);
        const struct trunk all[] = {a, b, c};
        put_listing(s, all, 3, START);
        struct evidence near = make_evidence(), far = make_evidence();
        (void)snprintf(far.target, sizeof far.target, "far.example");
        struct result results[] = {make_result(&a, CAUSE_OK, &near), make_result(&b, CAUSE_OK, &near), make_result(&c, CAUSE_OK, &far)};
        results[0].clock = (struct carrier_clock){.source = CARRIER_CLOCK_DATE, .offset_usec = -2440000, .bound_usec = 500000};
        results[2].clock = (struct carrier_clock){
                .source = CARRIER_CLOCK_BOTH,
                .offset_usec = 61000000,
                .bound_usec = 250000,
                .nonce = {.family = NONCE_KAMAILIO, .has_lifetime = true, .lifetime_sec = 300, .one_time = true, .counted = true},
                .nonce_age_usec = 31500,
        };
        struct run first = make_run(0), second = make_run(1);
        store_run(s, &first, results, 3);
        expect_rows("SELECT trunk, carrier_clock, carrier_offset_ms, carrier_bound_ms, carrier_source, nonce_family, nonce_lifetime_s,"
                    " nonce_policy, nonce_age_ms FROM history",
                    "Alpha|-2.4 s +-0.5|-2440.0|500.0|date||||\n"
                    "Beta||||||||\n"
                    "Gamma|+61.0 s +-0.3|61000.0|250.0|both|Kamailio|300|one-time counted|31.5");
        results[0].clock = (struct carrier_clock){.nonce = {.family = NONCE_ASTERISK, .assumed_lifetime_sec = 32}};
        results[2] = make_result(&c, CAUSE_INACTIVE, NULL);
        const struct result later[] = {results[0], results[2]};
        store_run(s, &second, later, 2);
        expect_rows("SELECT carrier, address, trunks, run, time, carrier_clock, nonce_family, nonce_lifetime_s, nonce_policy FROM carriers",
                    "far.example|192.0.2.1:5061|1|1|2026-11-23T05:00:01Z|+61.0 s +-0.3|Kamailio|300|one-time counted\n"
                    "sbc1.carrier.example:5061|192.0.2.1:5061|2|2|2026-11-23T06:00:01Z||Asterisk||");
        evidence_clear(&near);
        evidence_clear(&far);
        trunk_clear(&a);
        trunk_clear(&b);
        trunk_clear(&c);
        store_close(s);
}
END_TEST

static struct table *expect_table(struct store *s, enum store_view view, const char *argument, unsigned limit, size_t n) {
        struct table *t = NULL;
        ck_assert_msg(store_read(s, view, argument, limit, &t) == 0, "%s", store_error(s));
        ck_assert_uint_eq(t->rows, n);
        return t;
}

START_TEST(refusals_are_kept_with_their_ids) {
        struct store *s = open_writer();
        struct refusal_list l = {0};
        struct refusal r = {.method = "GET",
                            .path = "/api/v2/x?pageNumber=1",
                            .status = 403,
                            .code = "missing.any.permissions",
                            .message = "assigned: [a:b:c]",
                            .correlation_id = "c-1",
                            .context_id = "x-1",
                            .cf_id = "cf-1",
                            .sent_usec = START + 1500,
                            .duration_usec = 12340};
        ck_assert_int_eq(refusal_list_add(&l, &r), 0);
        r = (struct refusal){.method = "POST", .path = "/oauth/token", .message = "connection refused", .sent_usec = START};
        ck_assert_int_eq(refusal_list_add(&l, &r), 0);
        struct run run = make_run(0);
        run.platform = verdict_of(CAUSE_PERMISSION_MISSING, "[a:b:c]");
        run.refusals = &l;
        store_run(s, &run, NULL, 0);
        expect_rows("SELECT run, time, method, path, status, code, message, correlation_id, context_id, cf_id, duration_ms, cause FROM "
                    "refusals",
                    "1|2026-11-23T05:00:00.002Z|GET|/api/v2/x?pageNumber=1|403|missing.any.permissions|assigned: [a:b:c]|c-1|x-1|cf-1|12.3|"
                    "permission_missing\n"
                    "1|2026-11-23T05:00:00.000Z|POST|/oauth/token|||connection refused||||0.0|permission_missing");
        refusal_list_clear(&l);
        store_close(s);
}
END_TEST

START_TEST(views_are_read_as_tables) {
        struct store *s = open_writer();
        tell_a_story(s);
        store_close(s);
        ck_assert_int_eq(store_open(&s, path, STORE_READ, NULL), 0);

        struct table *t = expect_table(s, STORE_VIEW_RUN, "1", 0, 3);
        ck_assert_str_eq(table_text(t, 1, "trunk"), "beta");
        ck_assert_str_eq(table_text(t, 1, "cause"), "stale_nonce");
        ck_assert_str_eq(table_text(t, 1, "no such column"), "");
        ck_assert_str_eq(table_text(t, 3, "trunk"), "");
        ck_assert_str_eq(table_text(t, 2, "carrier"), "");
        for (size_t i = 0; i < t->columns; i++) {
                const struct cell *cell = &t->cells[2 * t->columns + i];
                if (text_eq(t->names[i], "run"))
                        ck_assert_int_eq(cell->type, CELL_INTEGER);
                if (text_eq(t->names[i], "trunk"))
                        ck_assert_int_eq(cell->type, CELL_TEXT);
                if (text_eq(t->names[i], "latency_ms"))
                        ck_assert(cell->type == CELL_NULL && cell->text == NULL);
                if (text_eq(t->names[i], "latency_ms"))
                        ck_assert_int_eq(t->cells[i].type, CELL_REAL);
        }
        table_free(t);

        t = expect_table(s, STORE_VIEW_HISTORY, "id-a", 0, 3);
        ck_assert_str_eq(table_text(t, 0, "cause"), "wrong_password");
        ck_assert_str_eq(table_text(t, 2, "cause"), "ok");
        table_free(t);
        t = expect_table(s, STORE_VIEW_HISTORY, "Alpha", 2, 2);
        ck_assert_str_eq(table_text(t, 0, "cause"), "wrong_password");
        table_free(t);
        table_free(expect_table(s, STORE_VIEW_LATEST, NULL, 0, 3));
        table_free(expect_table(s, STORE_VIEW_CLOCK, NULL, 2, 2));
        table_free(expect_table(s, STORE_VIEW_RUNS, NULL, 0, 4));
        struct table *one = expect_table(s, STORE_VIEW_RUNS, "2", 0, 1);
        ck_assert_str_eq(table_text(one, 0, "id"), "2");
        table_free(one);
        t = expect_table(s, STORE_VIEW_RUN, "4", 0, 0); /* a run without results is an empty table with its columns */
        ck_assert_uint_gt(t->columns, 0);
        table_free(t);

        static const char *const no_runs[] = {NULL, "", "0", "99", "-1", "1x", " 1", "99999999999999999999999"};
        struct table *untouched = NULL;
        for (size_t i = 0; i < ELEMENTS(no_runs); i++)
                ck_assert_int_eq(store_read(s, STORE_VIEW_RUN, no_runs[i], 0, &untouched), STORE_NONE);
        ck_assert_int_eq(store_read(s, STORE_VIEW_HISTORY, "nobody", 0, &untouched), STORE_NONE);
        ck_assert_int_eq(store_read(s, STORE_VIEW_HISTORY, NULL, 0, &untouched), STORE_NONE);
        ck_assert_ptr_null(untouched);
        store_close(s);
}
END_TEST

START_TEST(a_trunk_is_found_by_id_before_name) {
        struct store *s = open_writer();
        struct trunk a = make_trunk("id-a", "twin", TRUNK_LISTED), b = make_trunk("id-b", "id-a", TRUNK_LISTED);
        const struct trunk both[] = {a, b};
        put_listing(s, both, 2, START);
        const struct result results[] = {make_result(&a, CAUSE_OK, NULL), make_result(&b, CAUSE_FORBIDDEN, NULL)};
        struct run run = make_run(0);
        store_run(s, &run, results, 2);
        struct table *t = expect_table(s, STORE_VIEW_HISTORY, "id-a", 0, 1);
        ck_assert_str_eq(table_text(t, 0, "cause"), "ok");
        table_free(t);
        trunk_clear(&a);
        trunk_clear(&b);
        store_close(s);
}
END_TEST

START_TEST(the_platform_s_view_stands_beside_ours) {
        struct store *s = open_writer();
        struct trunk listed[] = {make_trunk("id-a", "A", TRUNK_LISTED), make_trunk("id-b", "B", TRUNK_LISTED)};
        static const struct {
                enum trunk_text field;
                const char *value;
        } said[] = {
                {TRUNK_TEXT_base_id, "base-1"},
                {TRUNK_TEXT_base_name, "Base"},
                {TRUNK_TEXT_in_service, "yes"},
                {TRUNK_TEXT_connected, "no"},
                {TRUNK_TEXT_connected_time, "T1"},
                {TRUNK_TEXT_options_status, "sbc1 up since T2; sbc2 down since T3: 408 Request Timeout"},
                {TRUNK_TEXT_registers, "NOT_SUPPORTED"},
        };
        for (size_t i = 0; i < ELEMENTS(said); i++)
                ck_assert_int_eq(trunk_set(&listed[0], said[i].field, span_of(said[i].value)), 0);
        put_listing(s, listed, 2, START);
        struct run run = make_run(0);
        const struct result results[] = {make_result(&listed[0], CAUSE_WRONG_PASSWORD, NULL), make_result(&listed[1], CAUSE_OK, NULL)};
        store_run(s, &run, results, 2);
        /* B has no trunk base: it was not read by profile edges. */
        expect_rows("SELECT trunk, outcome, cause, in_service, edge_in_service, connected, connected_since, base, said FROM platform_view",
                    "A|fail|wrong_password|yes||no|T1|Base|2026-11-23T05:00:00Z");
        expect_rows("SELECT options_status, registers, registers_status, trunk_id, base_id FROM platform_view",
                    "sbc1 up since T2; sbc2 down since T3: 408 Request Timeout|NOT_SUPPORTED||id-a|base-1");
        for (size_t i = 0; i < ELEMENTS(listed); i++)
                trunk_clear(&listed[i]);
        store_close(s);
}
END_TEST

int main(void) {
        Suite *suite = suite_create("store_views");
        TCase *tc = tcase_create("store_views");
        tcase_add_unchecked_fixture(tc, make_base, remove_base);
        tcase_add_checked_fixture(tc, make_directory, NULL);
        tcase_set_timeout(tc, 120);
        tcase_add_test(tc, known_trunks_come_back_as_listed);
        tcase_add_test(tc, a_response_digest_is_not_kept);
        tcase_add_test(tc, announcements_are_remembered);
        tcase_add_test(tc, views_show_the_story);
        tcase_add_test(tc, the_platform_s_view_stands_beside_ours);
        tcase_add_test(tc, carriers_clocks_are_kept);
        tcase_add_test(tc, refusals_are_kept_with_their_ids);
        tcase_add_test(tc, views_are_read_as_tables);
        tcase_add_test(tc, a_trunk_is_found_by_id_before_name);
        suite_add_tcase(suite, tc);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? 0 : 1;
}
