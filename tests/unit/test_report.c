/* test_report.c: tables for a terminal, JSON, and the UTF-8 under both. */
#include <check.h>

#include "common/report.h"
#include "common/utf8.h"

#define RED "\033[31m"
#define GREEN "\033[32m"
#define YELLOW "\033[33m"
#define CYAN "\033[36m"
#define PLAIN "\033[0m"
#define BAD "\xEF\xBF\xBD"

/* A table of texts, NULL is NULL; numbers are marked by a leading '#'. Its cells borrow. */
static struct table make_table(size_t columns, const char **names, size_t rows, const char **texts, struct cell *cells) {
        for (size_t i = 0; i < columns * rows; i++) {
                cells[i].type = !texts[i] ? CELL_NULL : texts[i][0] != '#' ? CELL_TEXT : strchr(texts[i], '.') ? CELL_REAL : CELL_INTEGER;
                cells[i].text = texts[i] ? strdup(texts[i] + (texts[i][0] == '#')) : NULL;
        }
        char **copies = calloc(columns, sizeof *copies);
        for (size_t i = 0; i < columns; i++)
                copies[i] = strdup(names[i]);
        return (struct table){.columns = columns, .rows = rows, .names = copies, .cells = cells};
}

static void clear_table(struct table *t) {
        for (size_t i = 0; i < t->columns * t->rows; i++)
                free(t->cells[i].text);
        for (size_t i = 0; i < t->columns; i++)
                free(t->names[i]);
        free(t->names);
}

static const char *names[] = {"trunk", "outcome", "remedy"};

static void expect_text(const char **texts, size_t rows, unsigned remedy_max, struct report_options o, const char *expected) {
        struct cell cells[30];
        struct table t = make_table(3, names, rows, texts, cells);
        const struct report_column columns[] = {{"trunk", "TRUNK", 0}, {"outcome", "OUTCOME", 0}, {"remedy", "REMEDY", remedy_max}};
        char *text = NULL;
        ck_assert_int_eq(report_text(&text, &t, columns, ELEMENTS(columns), &o), 0);
        ck_assert_msg(strcmp(text, expected) == 0, "got\n%s\nexpected\n%s", text, expected);
        free(text);
        clear_table(&t);
}

START_TEST(columns_are_aligned) {
        const char *texts[] = {"SYD-Primary", "pass", "Nothing to do.", "MEL", "untested", NULL, NULL, NULL, "x"};
        expect_text(texts, 3, 0, (struct report_options){0},
                    "TRUNK        OUTCOME   REMEDY\n"
                    "SYD-Primary  pass      Nothing to do.\n"
                    "MEL          untested\n"
                    "                       x\n");
        expect_text(texts, 0, 0, (struct report_options){0}, "TRUNK  OUTCOME  REMEDY\n");
}
END_TEST

START_TEST(long_cells_wrap_at_spaces) {
        const char *texts[] = {"A", "fail", "one two  three four-and-twenty five", "B", "pass", "ok"};
        expect_text(texts, 2, 8, (struct report_options){0},
                    "TRUNK  OUTCOME  REMEDY\n"
                    "A      fail     one two\n"
                    "                three\n"
                    "                four-and\n"
                    "                -twenty\n"
                    "                five\n"
                    "B      pass     ok\n");
}
END_TEST

START_TEST(two_columns_wrap_side_by_side) {
        const char *texts[] = {"aaaa bbbb cccc", "x", "dddd eeee"};
        struct cell cells[3];
        struct table t = make_table(3, names, 1, texts, cells);
        const struct report_column columns[] = {{"trunk", "T", 4}, {"absent", "N", 0}, {"remedy", "R", 4}};
        const struct report_options o = {0};
        char *text = NULL;
        ck_assert_int_eq(report_text(&text, &t, columns, ELEMENTS(columns), &o), 0);
        ck_assert_str_eq(text, "T     N  R\n"
                               "aaaa     dddd\n"
                               "bbbb     eeee\n"
                               "cccc\n");
        free(text);
        clear_table(&t);
}
END_TEST

START_TEST(tables_shrink_to_the_terminal) {
        const char *texts[] = {"SYD", "fail", "Check username and password with the carrier."};
        expect_text(texts, 1, 60, (struct report_options){.width = 40},
                    "TRUNK  OUTCOME  REMEDY\n"
                    "SYD    fail     Check username and\n"
                    "                password with the\n"
                    "                carrier.\n");
        expect_text(texts, 1, 60, (struct report_options){.width = 200},
                    "TRUNK  OUTCOME  REMEDY\n"
                    "SYD    fail     Check username and password with the carrier.\n");
        /* Narrower than is readable: as narrow as is. */
        expect_text(texts, 1, 60, (struct report_options){.width = 5},
                    "TRUNK  OUTCOME  REMEDY\n"
                    "SYD    fail     Check\n"
                    "                username and\n"
                    "                password\n"
                    "                with the\n"
                    "                carrier.\n");
        /* A column without width_max never shrinks. */
        expect_text(texts, 1, 0, (struct report_options){.width = 30},
                    "TRUNK  OUTCOME  REMEDY\n"
                    "SYD    fail     Check username and password with the carrier.\n");
}
END_TEST

START_TEST(only_the_outcome_is_coloured) {
        const char *texts[] = {"fail", "pass", "fail", "B", "warn", "2", "C", "fail", "3", "D", "untested", "4", "E", "else", "5"};
        expect_text(texts, 5, 0, (struct report_options){.colour = true},
                    "TRUNK  OUTCOME   REMEDY\n"
                    "fail   " GREEN "pass" PLAIN "      fail\n"
                    "B      " YELLOW "warn" PLAIN "      2\n"
                    "C      " RED "fail" PLAIN "      3\n"
                    "D      " CYAN "untested" PLAIN "  4\n"
                    "E      else      5\n");
}
END_TEST

START_TEST(width_is_that_of_the_terminal) {
        const char *texts[] = {"東京", "a", "1", "Zu\xCC\x88rich", "b", "2", "café", "c", "3", "\xF0\x9F\x93\x9E", "d", "4"};
        expect_text(texts, 4, 0, (struct report_options){0},
                    "TRUNK   OUTCOME  REMEDY\n"
                    "東京    a        1\n"
                    "Zu\xCC\x88rich  b        2\n"
                    "café    c        3\n"
                    "\xF0\x9F\x93\x9E      d        4\n");
        const char *wide[] = {"A", "b", "東京東京東"};
        expect_text(wide, 1, 7, (struct report_options){0},
                    "TRUNK  OUTCOME  REMEDY\n"
                    "A      b        東京東\n"
                    "                京東\n");
}
END_TEST

START_TEST(nothing_commands_the_terminal) {
        const char *texts[] = {"a\033[31mb", "c\nd\te\177", "\xC2\x9B[2J \xE2\x80\xAE \xFF\xC3|"};
        expect_text(texts, 1, 0, (struct report_options){0},
                    "TRUNK    OUTCOME  REMEDY\n"
                    "a?[31mb  c?d?e?   ?[2J ? ??|\n");
}
END_TEST

START_TEST(json_is_rfc_8259) {
        static const char *columns[] = {"a \"b\"", "n"};
        const char *texts[] = {"x\"\\/\b\f\n\r\t\001\x1F\x7F é 東 \xFF", "#-12", NULL, "#1.5", "7", "#Inf.", "", "#-Inf."};
        struct cell cells[8];
        struct table t = make_table(2, columns, 4, texts, cells);
        char *json = NULL;
        ck_assert_int_eq(report_json(&json, &t), 0);
        ck_assert_str_eq(json, "[{\"a \\\"b\\\"\": \"x\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7F é 東 " BAD "\", \"n\": -12},\n"
                               " {\"a \\\"b\\\"\": null, \"n\": 1.5},\n"
                               " {\"a \\\"b\\\"\": \"7\", \"n\": null},\n"
                               " {\"a \\\"b\\\"\": \"\", \"n\": null}]");
        free(json);
        clear_table(&t);
        const struct table empty = {0};
        ck_assert_int_eq(report_json(&json, &empty), 0);
        ck_assert_str_eq(json, "[]");
        free(json);
        ck_assert_int_eq(report_json_string(&json, "a\"\xC0\x80"), 0);
        ck_assert_str_eq(json, "\"a\\\"" BAD BAD "\"");
        free(json);
}
END_TEST

/* RFC 3629 section 3 and 4: the borders of each form. */
START_TEST(utf8_is_rfc_3629) {
        static const struct {
                const char *text;
                uint32_t code;
                size_t length;
        } cases[] = {
                {"\x7F", 0x7F, 1},
                {"\xC2\x80", 0x80, 2},
                {"\xDF\xBF", 0x7FF, 2},
                {"\xE0\xA0\x80", 0x800, 3},
                {"\xED\x9F\xBF", 0xD7FF, 3},
                {"\xEE\x80\x80", 0xE000, 3},
                {"\xEF\xBF\xBF", 0xFFFF, 3},
                {"\xF0\x90\x80\x80", 0x10000, 4},
                {"\xF4\x8F\xBF\xBF", 0x10FFFF, 4},
                {"\x80", UTF8_INVALID, 1},
                {"\xC1\xBF", UTF8_INVALID, 1},
                {"\xC2", UTF8_INVALID, 1},
                {"\xC2\x41", UTF8_INVALID, 1},
                {"\xE0\x9F\xBF", UTF8_INVALID, 1},
                {"\xED\xA0\x80", UTF8_INVALID, 1},
                {"\xE2\x82", UTF8_INVALID, 1},
                {"\xF0\x8F\xBF\xBF", UTF8_INVALID, 1},
                {"\xF4\x90\x80\x80", UTF8_INVALID, 1},
                {"\xF5\x80\x80\x80", UTF8_INVALID, 1},
                {"\xFF", UTF8_INVALID, 1},
        };
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                const char *p = cases[i].text;
                ck_assert_uint_eq(utf8_next(&p, cases[i].text + strlen(cases[i].text)), cases[i].code);
                ck_assert_uint_eq((size_t)(p - cases[i].text), cases[i].length);
                ck_assert(utf8_valid(cases[i].text) == (cases[i].code != UTF8_INVALID));
        }
        char *repaired = NULL;
        ck_assert_int_eq(utf8_repair(&repaired, "a\x80\xC3\xA9\xE2\x82"), 0);
        ck_assert_str_eq(repaired, "a" BAD "\xC3\xA9" BAD BAD);
        free(repaired);
}
END_TEST

#define STARTED (INT64_C(1795410000) * INT64_C(1000000)) /* 2026-11-23T05:00:00Z */

static const struct {
        int64_t known_sec; /* before the start; INT64_MIN = never */
        const char *text;
} ages[] = {
        {INT64_MIN, "never read"},
        {-3, "as of 2026-11-23T05:00:03Z"},
        {0, "as of 2026-11-23T05:00:00Z"},
        {119, "as of 2026-11-23T04:58:01Z: 119 s old"},
        {120, "as of 2026-11-23T04:58:00Z: 2 min old"},
        {7199, "as of 2026-11-23T03:00:01Z: 119 min old"},
        {7200, "as of 2026-11-23T03:00:00Z: 2 h old"},
        {26 * 3600, "as of 2026-11-22T03:00:00Z: 26 h old"},
        {48 * 3600 - 1, "as of 2026-11-21T05:00:01Z: 47 h old"},
        {48 * 3600, "as of 2026-11-21T05:00:00Z: 2 days old"},
        {INT64_C(400) * 86400, "as of 2025-10-19T05:00:00Z: 400 days old"},
};

START_TEST(ages_are_in_the_unit_that_fits) {
        char text[REPORT_AGE_MAX];
        int64_t known_usec = ages[_i].known_sec == INT64_MIN ? 0 : STARTED - ages[_i].known_sec * INT64_C(1000000);
        report_age(text, known_usec, STARTED);
        ck_assert_str_eq(text, ages[_i].text);
}
END_TEST

int main(void) {
        Suite *suite = suite_create("report");
        TCase *tc = tcase_create("report");
        tcase_add_test(tc, columns_are_aligned);
        tcase_add_test(tc, long_cells_wrap_at_spaces);
        tcase_add_test(tc, two_columns_wrap_side_by_side);
        tcase_add_test(tc, tables_shrink_to_the_terminal);
        tcase_add_test(tc, only_the_outcome_is_coloured);
        tcase_add_test(tc, width_is_that_of_the_terminal);
        tcase_add_test(tc, nothing_commands_the_terminal);
        tcase_add_test(tc, json_is_rfc_8259);
        tcase_add_test(tc, utf8_is_rfc_3629);
        tcase_add_loop_test(tc, ages_are_in_the_unit_that_fits, 0, (int)ELEMENTS(ages));
        suite_add_tcase(suite, tc);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? 0 : 1;
}
