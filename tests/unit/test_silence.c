/* test_silence.c: times and weekly windows, which silences are in force, and what is said of wrong ones. */
#include "common/silence.h"

#include <check.h>

#include "common/trunk.h"
#include "config_text.h"

#define SEC INT64_C(1000000)
#define NOON (INT64_C(1798027200) * SEC) /* 2026-12-23T12:00:00Z, a Wednesday */
#define HOURS(n) ((n)*INT64_C(3600) * SEC)

static const struct {
        const char *text;
        int64_t sec; /* -1 = wrong */
} times[] = {
        {"2026-12-23T12:00:00Z", 1798027200},
        {"2026-12-23t12:00z", 1798027200},
        {"2026-12-23 12:00:00Z", 1798027200},
        {"2026-12-23T23:00:00+11:00", 1798027200},
        {"2026-12-23T08:30:00-03:30", 1798027200},
        {"1970-01-01T00:00:00Z", 0},
        {"2028-02-29T00:00:00Z", 1835395200},
        {"2026-02-29T00:00:00Z", -1},
        {"2026-06-31T00:00:00Z", -1},
        {"2026-13-01T00:00:00Z", -1},
        {"2026-00-01T00:00:00Z", -1},
        {"2026-12-23T24:00:00Z", -1},
        {"2026-12-23T12:60:00Z", -1},
        {"2026-12-23T12:00:00", -1},
        {"2026-12-23T12:00:00+1100", -1},
        {"2026-12-23T12:00:00Z ", -1},
        {"2026-12-23", -1},
        {"1969-12-31T23:59:59Z", -1},
        {"tomorrow", -1},
        {"", -1},
};

START_TEST(reads_times) {
        int64_t usec = -1;
        const char *wrong = silence_read_time(&usec, span_of(times[_i].text));
        ck_assert_msg((wrong != NULL) == (times[_i].sec < 0), "%s: %s", times[_i].text, wrong ? wrong : "right");
        ck_assert_int_eq(usec, times[_i].sec < 0 ? -1 : times[_i].sec * SEC);
}
END_TEST

static const struct {
        const char *text;
        unsigned days, begin_min, span_min; /* days 0 = wrong */
} weeks[] = {
        {"Sun 02:00-04:00", 0x40, 120, 120},
        {"mon 00:00-24:00", 0x01, 0, 1440},
        {"Mon..Fri 22:00-02:00", 0x1f, 1320, 240},
        {"Sat,Sun 12:30-12:31", 0x60, 750, 1},
        {"Fri..Mon 01:00-02:00", 0x71, 60, 60},
        {"daily 01:00-01:30", 0x7f, 60, 30},
        {"Daily 23:00-24:00", 0x7f, 1380, 60},
        {"Sun 02:00-02:00", 0, 0, 0},
        {"Sun 24:00-02:00", 0, 0, 0},
        {"Sun 02:00", 0, 0, 0},
        {"Sun 2:00-4:00", 0, 0, 0},
        {"Sun 02:00-25:00", 0, 0, 0},
        {"Sun 02:00-24:01", 0, 0, 0},
        {"Sunday 02:00-04:00", 0, 0, 0},
        {"Sun. 02:00-04:00", 0, 0, 0},
        {"Sun, 02:00-04:00", 0, 0, 0},
        {"02:00-04:00", 0, 0, 0},
        {"Sun 02:00-04:00 UTC", 0, 0, 0},
        {"Su", 0, 0, 0},
        {"", 0, 0, 0},
};

START_TEST(reads_weeks) {
        struct silence_week w = {0};
        const char *wrong = silence_read_week(&w, span_of(weeks[_i].text));
        ck_assert_msg((wrong != NULL) == (weeks[_i].days == 0), "%s: %s", weeks[_i].text, wrong ? wrong : "right");
        ck_assert_uint_eq(w.days, weeks[_i].days);
        ck_assert_uint_eq(w.begin_min, weeks[_i].begin_min);
        ck_assert_uint_eq(w.span_min, weeks[_i].span_min);
}
END_TEST

#define SILENCES(text) "platform: {region: us-east-1, " OAUTH "}\ntrunks: [{name: a, id: id-a}, {name: b}]\nsilences:\n" text

static const struct {
        const char *yaml;
        int64_t hours; /* from NOON */
        const char *trunk;
        int64_t until_hours; /* from NOON; 0 = it is not silenced */
        bool unprobed;
} cases[] = {
        {"- {until: 2026-12-23T13:00:00Z}", 0, "a", 1, false},
        {"- {until: 2026-12-23T13:00:00Z}", 0, NULL, 1, false}, /* the platform and the clock */
        {"- {until: 2026-12-23T13:00:00Z}", 1, "a", 0, false},  /* the end itself is over */
        {"- {trunks: [b], until: 2026-12-23T13:00:00Z}", 0, "a", 0, false},
        {"- {trunks: [b], until: 2026-12-23T13:00:00Z}", 0, NULL, 0, false},
        {"- {trunks: [b, a], until: 2026-12-23T13:00:00Z, mode: probe}", 0, "a", 1, true},
        {"- {trunks: [id-a], until: 2026-12-23T13:00:00Z}", 0, "a", 1, false},
        {"- {from: 2026-12-23T12:00:01Z, until: 2026-12-23T13:00:00Z}", 0, "a", 0, false},
        {"- {from: 2026-12-23T12:00:00Z, until: 2026-12-23T13:00:00Z}", 0, "a", 1, false},
        {"- {weekly: \"Wed 11:00-14:00\"}", 0, "a", 2, false},
        {"- {weekly: \"Wed 11:00-14:00\"}", 2, "a", 0, false},
        {"- {weekly: \"Tue 11:00-14:00\"}", 0, "a", 0, false},
        {"- {weekly: \"Wed 22:00-02:00\"}", 13, "a", 14, false}, /* Thursday 01:00 */
        {"- {weekly: \"Thu 22:00-02:00\"}", 13, "a", 0, false},
        {"- {weekly: \"Sun 23:00-02:00\"}", 109, "a", 110, false}, /* Monday 01:00 */
        {"- {weekly: \"daily 11:00-14:00\", until: 2026-12-23T13:00:00Z}", 0, "a", 1, false},
        {"- {weekly: \"daily 11:00-14:00\", until: 2026-12-23T12:00:00Z}", 0, "a", 0, false},
        {"- {weekly: \"daily 11:00-14:00\", from: 2026-12-23T12:00:01Z}", 0, "a", 0, false},
        /* of several, the one that keeps it from being probed, then the one that ends last */
        {"- {until: 2026-12-23T15:00:00Z}\n- {weekly: \"Wed 11:00-14:00\", mode: probe}", 0, "a", 2, true},
        {"- {weekly: \"Wed 11:00-14:00\", mode: probe}\n- {until: 2026-12-23T15:00:00Z}", 0, "a", 2, true},
        {"- {weekly: \"Wed 11:00-14:00\"}\n- {until: 2026-12-23T15:00:00Z}", 0, "a", 3, false},
        {"- {until: 2026-12-23T15:00:00Z}\n- {weekly: \"Wed 11:00-14:00\"}", 0, "a", 3, false},
};

START_TEST(finds_what_is_in_force) {
        _cleanup_(freep) char *yaml = NULL;
        ck_assert_int_gt(asprintf(&yaml, SILENCES("%s\n"), cases[_i].yaml), 0);
        struct config *c = parse(yaml, "");
        struct silence s = {0};
        bool is_a = text_eq(cases[_i].trunk, "a");
        bool found = silence_find(c, is_a ? "id-a" : NULL, cases[_i].trunk, NOON + HOURS(cases[_i].hours), &s);
        ck_assert_int_eq(found, cases[_i].until_hours != 0);
        if (found)
                ck_assert_int_eq(s.until_usec, NOON + HOURS(cases[_i].until_hours));
        ck_assert_int_eq(s.unprobed, cases[_i].unprobed);
        config_free(c);
}
END_TEST

START_TEST(trunks_in_maintenance_say_why) {
        struct config *c = parse(SILENCES("- {trunks: [a], until: 2026-12-23T23:30+11:00, mode: probe, reason: new cables}\n"
                                          "- {trunks: [b], until: 2026-12-23T13:00:00Z}\n"),
                                 "");
        struct trunk_list list = {0};
        struct trunk *t;
        ck_assert_int_eq(trunk_list_append(&list, &t), 0);
        ck_assert_int_eq(trunk_set(t, TRUNK_TEXT_name, SPAN("a")), 0);
        ck_assert_int_eq(trunk_list_append(&list, &t), 0);
        ck_assert_int_eq(trunk_set(t, TRUNK_TEXT_name, SPAN("b")), 0);
        ck_assert_int_eq(silence_apply(&list, c, NOON), 0);
        ck_assert_str_eq(list.items[0].maintenance, "until 2026-12-23T12:30:00Z: new cables");
        ck_assert_ptr_null(list.items[1].maintenance);
        trunk_list_clear(&list);
        config_free(c);
}
END_TEST

static const struct {
        const char *yaml, *complaints;
} wrongs[] = {
        {"- {trunks: [a]}\n", "4:3: silences.until: is missing (write when the silence ends; only a weekly one may last for ever)\n"},
        {"- {until: 2026-12-23}\n", "4:11: silences.until: \"2026-12-23\" is not a time (write for example 2026-12-24T18:00:00Z)\n"},
        {"- {until: 2026-12-23T12:00:00}\n",
         "4:11: silences.until: \"2026-12-23T12:00:00\" has no time zone (write Z behind it for UTC, or "
         "an offset such as +11:00)\n"},
        {"- {until: 2026-06-31T12:00:00Z}\n",
         "4:11: silences.until: \"2026-06-31T12:00:00Z\" is a day that the calendar does not have (look at month and day)\n"},
        {"- {from: 2026-12-23T12:00:00Z, until: 2026-12-23T12:00:00Z}\n",
         "4:39: silences.until: is not after from (look at both, and at their time zones)\n"},
        {"- {weekly: Sun 2-4}\n", "4:12: silences.weekly: \"Sun 2-4\" is not a weekly window (write for example Sun 02:00-04:00, Mon..Fri "
                                  "22:00-23:30 or daily 01:00-01:30)\n"},
        {"- {weekly: \"Sun 02:00-02:00\"}\n",
         "4:12: silences.weekly: \"Sun 02:00-02:00\" is a window without length (write 00:00-24:00 for the whole day)\n"},
        {"- {until: 2026-12-23T12:00:00Z, trunks: []}\n",
         "4:41: silences.trunks: names no trunk (leave it out for a silence of everything)\n"},
        {"- {until: 2026-12-23T12:00:00Z, mode: probes}\n",
         "4:39: silences.mode: \"probes\" is not known here (did you mean probe? else write one of: alert, probe)\n"},
};

START_TEST(says_what_is_wrong) {
        _cleanup_(freep) char *yaml = NULL;
        ck_assert_int_gt(asprintf(&yaml, SILENCES("%s"), wrongs[_i].yaml), 0);
        ck_assert_ptr_null(parse(yaml, wrongs[_i].complaints));
}
END_TEST

START_TEST(warns) {
        struct config *c = parse(
                "platform: {region: us-east-1, " OAUTH "}\n"
                "trunks: [{name: SYD-Primary}, {name: MEL-Primary}]\n"
                "silences:\n"
                "- {trunks: [SYD-Primry, 4711], until: 2026-12-23T12:00:00Z}\n"
                "- {trunks: [MEL-Primary, SYD-Primary], until: 2026-12-23T12:00:00Z}\n"
                "- {trunks: [SYD-Primary], from: 2026-12-23T11:59:59Z, until: 2026-12-24T12:00:00Z}\n"
                "- {trunks: [MEL-Primary], from: 2026-12-23T12:00:00Z, until: 2026-12-24T12:00:00Z}\n"
                "- {trunks: [SYD-Primary], until: 2026-12-24T12:00:00Z, mode: probe}\n",
                "W4:3: silences.trunks: \"SYD-Primry\" is no trunk of this file (did you mean SYD-Primary? else right only if "
                "the platform lists a trunk of that name or id)\n"
                "W4:3: silences.trunks: \"4711\" is no trunk of this file (right only if the platform lists a trunk of that "
                "name or id)\n"
                "W6:3: silences: overlaps with the one of line 5 (one may be enough)\n");
        struct complaints k = {0};
        ck_assert_int_eq(config_check_time(c, NOON - SEC, &k), 0);
        ck_assert_uint_eq(k.n, 0);
        ck_assert_int_eq(config_check_time(c, NOON, &k), 0);
        ck_assert_uint_eq(k.n, 2);
        ck_assert_uint_eq(k.errors, 0);
        ck_assert_str_eq(k.items[0].text, "f:4:3: silences: is over since 2026-12-23T12:00:00Z (take it out)");
        complaints_clear(&k);
        config_free(c);
}
END_TEST

int main(void) {
        Suite *suite = suite_create("silence");
        TCase *tc = tcase_create("silence");
        tcase_add_loop_test(tc, reads_times, 0, (int)ELEMENTS(times));
        tcase_add_loop_test(tc, reads_weeks, 0, (int)ELEMENTS(weeks));
        tcase_add_loop_test(tc, finds_what_is_in_force, 0, (int)ELEMENTS(cases));
        tcase_add_test(tc, trunks_in_maintenance_say_why);
        tcase_add_loop_test(tc, says_what_is_wrong, 0, (int)ELEMENTS(wrongs));
        tcase_add_test(tc, warns);
        suite_add_tcase(suite, tc);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed != 0;
}
