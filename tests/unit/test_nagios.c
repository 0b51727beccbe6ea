/* test_nagios.c: the line of a monitoring plugin. */
#include <check.h>
#include <stdio.h>

#include "common/nagios.h"

#define MINUTE INT64_C(60000000)
#define NOW INT64_C(1795410000000000)

static const char *const columns[] = {"trunk", "trunk_id", "outcome", "cause", "detail", "latency_usec"};

/* Rows of {name, id, outcome, cause, detail, latency}. */
static struct table *make_table(const char *const (*texts)[ELEMENTS(columns)], size_t n) {
        struct table *t = calloc(1, sizeof *t);
        *t = (struct table){.columns = ELEMENTS(columns), .rows = n};
        t->names = calloc(ELEMENTS(columns), sizeof *t->names);
        t->cells = calloc(n * ELEMENTS(columns) + 1, sizeof *t->cells);
        for (size_t i = 0; i < ELEMENTS(columns); i++)
                t->names[i] = strdup(columns[i]);
        for (size_t i = 0; i < n * ELEMENTS(columns); i++) {
                const char *text = texts[i / ELEMENTS(columns)][i % ELEMENTS(columns)];
                t->cells[i] = (struct cell){text ? CELL_TEXT : CELL_NULL, text ? strdup(text) : NULL};
        }
        return t;
}

static struct run make_run(int64_t age_usec) {
        return (struct run){.id = 7,
                            .started_usec = NOW - age_usec - 4200000,
                            .finished_usec = NOW - age_usec,
                            .platform = verdict_of(CAUSE_PLATFORM_OK, "%s", ""),
                            .clock = verdict_of(CAUSE_CLOCK_OK, "%s", ""),
                            .clock_measured = true,
                            .clock_offset_usec = -2500,
                            .clock_bound_usec = 10250};
}

static void expect(const struct run *run, const struct table *t, const char *const *names, enum nagios_state state, const char *expected) {
        const struct nagios n = {
                .run = run, .now_usec = NOW, .interval_usec = 60 * MINUTE, .run_limit_usec = 10 * MINUTE, .trunks = t, .names = names};
        char *text = NULL;
        enum nagios_state got = NAGIOS_UNKNOWN;
        ck_assert_int_eq(nagios_text(&text, &got, &n), 0);
        ck_assert_msg(strcmp(text, expected) == 0, "got\n%s\nexpected\n%s", text, expected);
        ck_assert_int_eq(got, state);
        free(text);
}

#define PERFORMANCE(pass, warn, fail, untested, n) \
        " | pass=" pass ";;;0;" n " warn=" warn ";0;;0;" n " fail=" fail ";;0;0;" n " untested=" untested ";0;;0;" n

static const char *const good[][ELEMENTS(columns)] = {{"A", "id-a", "pass", "ok", NULL, "150250"}, {"B", "id-b", "pass", "ok", NULL, "90"}};
static const char *const mixed[][ELEMENTS(columns)] = {
        {"A", "id-a", "warn", "carrier_clock_off", "7 s", "150250"},
        {"B|\n\xFF", "id-b", "fail", "wrong_password", "seen | this", NULL},
        {"C", "id-c", "untested", "secret_missing", NULL, NULL},
        {"D", "id-d", "pass", "ok", NULL, "1000000"},
};

START_TEST(all_is_well) {
        struct table *t = make_table(good, 2);
        struct run run = make_run(12 * MINUTE);
        expect(&run, t, NULL, NAGIOS_OK,
               "OK - 2 trunks: 2 pass, 0 warn, 0 fail, 0 untested; platform platform_ok, clock clock_ok; run 7 ended 12 min "
               "ago" PERFORMANCE("2", "0", "0", "0", "2") " age=720s;4200;7200;0 duration=4.200s;;;0;600 slowest=0.150250s;;;0"
                                                          " clock_offset=-0.002500s clock_bound=0.010250s;;;0\n");
        table_free(t);
}
END_TEST

START_TEST(the_worst_decides_and_each_has_a_line) {
        struct table *t = make_table(mixed, 4);
        struct run run = make_run(30000000);
        run.clock_measured = false;
        run.clock = verdict_of(CAUSE_CLOCK_UNKNOWN, "no server | answered");
        expect(&run, t, NULL, NAGIOS_CRITICAL,
               "CRITICAL - 4 trunks: 1 pass, 1 warn, 1 fail, 1 untested; platform platform_ok, clock clock_unknown; run 7 ended 30 s "
               "ago" PERFORMANCE("1", "1", "1", "1", "4") " age=30s;4200;7200;0 duration=4.200s;;;0;600 slowest=1.000000s;;;0\n"
                                                          "WARNING: clock: clock_unknown: no server / answered\n"
                                                          "CRITICAL: B/??: fail, wrong_password: seen / this\n"
                                                          "WARNING: A: warn, carrier_clock_off: 7 s\n"
                                                          "WARNING: C: untested, secret_missing: \n");
        static const char *const one[] = {"id-d", NULL};
        run = make_run(30000000);
        run.clock_measured = false;
        expect(&run, t, one, NAGIOS_OK,
               "OK - 1 trunk: 1 pass, 0 warn, 0 fail, 0 untested; platform platform_ok, clock clock_ok; run 7 ended 30 s ago" PERFORMANCE(
                       "1", "0", "0", "0", "1") " age=30s;4200;7200;0 duration=4.200s;;;0;600 slowest=1.000000s;;;0\n");
        static const char *const two[] = {"C", "no|body", NULL};
        expect(&run, t, two, NAGIOS_WARNING,
               "WARNING - no trunk has the id or name \"no/body\"; 1 trunk: 0 pass, 0 warn, 0 fail, 1 untested; platform platform_ok, clock"
               " clock_ok; run 7 ended 30 s ago" PERFORMANCE("0", "0", "0", "1", "1") " age=30s;4200;7200;0 duration=4.200s;;;0;600\n"
                                                                                      "WARNING: C: untested, secret_missing: \n");
        static const char *const none[] = {"nobody", NULL};
        expect(&run, t, none, NAGIOS_UNKNOWN,
               "UNKNOWN - no trunk has the id or name \"nobody\"; 0 trunks: 0 pass, 0 warn, 0 fail, 0 untested; platform platform_ok, clock"
               " clock_ok; run 7 ended 30 s ago" PERFORMANCE("0", "0", "0", "0", "0") " age=30s;4200;7200;0 duration=4.200s;;;0;600\n");
        table_free(t);
}
END_TEST

static const struct {
        int64_t age_usec;
        enum nagios_state state;
        const char *said;
} ages[] = {
        {-MINUTE, NAGIOS_OK, "run 7 ended 0 s ago |"}, /* the clock was set back */
        {70 * MINUTE, NAGIOS_OK, "run 7 ended 70 min ago |"},
        {71 * MINUTE, NAGIOS_WARNING, "WARNING - no run has finished for 71 min; "},
        {120 * MINUTE, NAGIOS_WARNING, "WARNING - no run has finished for 2 h; "},
        {121 * MINUTE, NAGIOS_CRITICAL, "CRITICAL - no run has finished for 2 h; "},
        {72 * 60 * MINUTE, NAGIOS_CRITICAL, "CRITICAL - no run has finished for 3 days; "},
};

START_TEST(a_run_that_is_missing_is_told) {
        struct table *t = make_table(good, 2);
        struct run run = make_run(ages[_i].age_usec);
        const struct nagios n = {.run = &run, .now_usec = NOW, .interval_usec = 60 * MINUTE, .run_limit_usec = 10 * MINUTE, .trunks = t};
        char *text = NULL;
        enum nagios_state state = NAGIOS_UNKNOWN;
        ck_assert_int_eq(nagios_text(&text, &state, &n), 0);
        ck_assert_int_eq(state, ages[_i].state);
        ck_assert_msg(strstr(text, ages[_i].said) != NULL, "%s", text);
        free(text);
        table_free(t);
}
END_TEST

START_TEST(without_a_run_nothing_is_known) {
        struct table *t = make_table(good, 0);
        expect(NULL, t, NULL, NAGIOS_UNKNOWN, "UNKNOWN - no complete run has finished yet\n");
        table_free(t);
        char *text = NULL;
        ck_assert_int_eq(nagios_unknown(&text, "a | b\nc"), 0);
        ck_assert_str_eq(text, "UNKNOWN - a / b?c\n");
        free(text);
}
END_TEST

START_TEST(many_lines_are_counted) {
        static const char *texts[500][ELEMENTS(columns)];
        for (size_t i = 0; i < ELEMENTS(texts); i++)
                memcpy(texts[i], (const char *[]){"T", "id", i < 100 ? "fail" : "pass", i < 100 ? "wrong_password" : "ok", "x", NULL},
                       sizeof texts[i]);
        struct table *t = make_table(texts, ELEMENTS(texts));
        struct run run = make_run(0);
        const struct nagios n = {.run = &run, .now_usec = NOW, .interval_usec = 60 * MINUTE, .run_limit_usec = 10 * MINUTE, .trunks = t};
        char *text = NULL;
        enum nagios_state state = NAGIOS_UNKNOWN;
        ck_assert_int_eq(nagios_text(&text, &state, &n), 0);
        ck_assert_ptr_nonnull(strstr(text, "\nand 70 more: see trunkaudit status\n"));
        ck_assert_uint_lt(strlen(text), 8000); /* what monitoring systems take */
        free(text);
        table_free(t);
}
END_TEST

int main(void) {
        Suite *suite = suite_create("nagios");
        TCase *tc = tcase_create("nagios");
        tcase_add_test(tc, all_is_well);
        tcase_add_test(tc, the_worst_decides_and_each_has_a_line);
        tcase_add_loop_test(tc, a_run_that_is_missing_is_told, 0, (int)ELEMENTS(ages));
        tcase_add_test(tc, without_a_run_nothing_is_known);
        tcase_add_test(tc, many_lines_are_counted);
        suite_add_tcase(suite, tc);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? 0 : 1;
}
