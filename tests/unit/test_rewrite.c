/* test_rewrite.c: each way of changing a text, on one that it changes; and what it must leave alone. */
#include <check.h>

#include "common/rewrite.h"

#define SIZE 256

static const struct {
        rewrite_fn *rewrite;
        const char *from, *to;
} samples[] = {
        {rewrite_lower, "aB1-\xC3\x84", "ab1-\xC3\x84"},
        {rewrite_upper, "aB1-\xC3\xA4", "AB1-\xC3\xA4"},
        {rewrite_swapped_case, "aB1", "Ab1"},
        {rewrite_trimmed, " a b\t\r\n", "a b"},
        {rewrite_left_trimmed, " \ta ", "a "},
        {rewrite_right_trimmed, " a\n ", " a"},
        {rewrite_trimmed, " ", ""},
        {rewrite_lf, "a\r\nb\rc\r", "a\nb\rc\r"},
        {rewrite_crlf, "\na\r\nb", "\r\na\r\nb"},
        {rewrite_quoted, "a", "\"a\""},
        {rewrite_single_quoted, "", "''"},
        {rewrite_angled, "sip:a", "<sip:a>"},
        {rewrite_unquoted, "\"a\"", "a"},
        {rewrite_unquoted, "'a'", "a"},
        {rewrite_unquoted, "\"a'", "\"a'"},
        {rewrite_unquoted, "\"", "\""},
        {rewrite_pairs, "a\"b\\c", "a\\\"b\\\\c"},
        {rewrite_without_pairs, "a\\\"b\\\\c\\", "a\"b\\c\\"},
        {rewrite_without_backslashes, "a\\\"b\\\\c", "a\"bc"},
        {rewrite_doubled_backslashes, "a\\b", "a\\\\b"},
        {rewrite_percent, "a b~@!\xC3\xA9", "a%20b~%40%21%C3%A9"},
        {rewrite_percent_lower, "\xC3\xA9", "%c3%a9"},
        {rewrite_percent_component, "a!@'", "a!%40'"},
        {rewrite_percent_user, "+1&a b@", "+1&a%20b%40"},
        {rewrite_form, "a b+~", "a+b%2B%7E"},
        {rewrite_without_form, "a+b%2B", "a b+"},
        {rewrite_without_percent, "a%40b%4", "a@b%4"},
        {rewrite_without_percent, "%zz%4g+%", "%zz%4g+%"},
        {rewrite_plus_as_space, "a+b%2B", "a b%2B"},
        {rewrite_entities, "<a&b>\"'", "&lt;a&amp;b&gt;&quot;&apos;"},
        {rewrite_entities_numeric, "'", "&#39;"},
        {rewrite_entities_basic, "<\"'&", "&lt;\"'&amp;"},
        {rewrite_without_entities, "&lt;&amp;lt;&#39;&quot;&x;&", "<&lt;'\"&x;&"},
        {rewrite_dollars_doubled, "a$b$$", "a$$b$$$$"},
        {rewrite_dollars_halved, "a$$b$$$", "a$b$$"},
        {rewrite_expanded, "a$HOME-b${x_1}c$1d$", "a-bcd$"},
        {rewrite_expanded, "${}${x$.$-", "${}${x$.$-"},
        {rewrite_percents_doubled, "a%b", "a%%b"},
        {rewrite_percents_halved, "a%%b%", "a%b%"},
        {rewrite_latin1, "p\xC3\xA4\xE2\x82\xAC", "p\xE4\xE2\x82\xAC"},
        {rewrite_windows1252, "p\xC3\xA4\xE2\x82\xAC", "p\xE4\x80"},
        {rewrite_utf8_again, "\xC3\xA4", "\xC3\x83\xC2\xA4"},
        {rewrite_utf8_again_1252, "\xE2\x82\xAC", "\xC3\xA2\xE2\x80\x9A\xC2\xAC"},
        {rewrite_ascii_only,
         "a\xC3\xA4"
         "b",
         "ab"},
        {rewrite_question_marks,
         "a\xC3\xA4"
         "b",
         "a?b"},
        {rewrite_composed, "O\xCC\x88z\xCC\x88", "\xC3\x96z\xCC\x88"},
        {rewrite_decomposed, "\xC3\xA9x\xC5\xA1", "e\xCC\x81xs\xCC\x8C"},
};

START_TEST(rewrites) {
        char buffer[SIZE];
        struct rewritten to = {.p = buffer, .size = sizeof buffer};
        samples[_i].rewrite(&to, span_of(samples[_i].from));
        ck_assert_msg(to.n <= to.size && span_eq((struct span){buffer, to.n}, span_of(samples[_i].to)), "%s: %.*s, not %s",
                      samples[_i].from, (int)to.n, buffer, samples[_i].to);
        /* What does not fit is told, and nothing is written beyond the end. */
        struct rewritten little = {.p = malloc(to.n), .size = to.n > 0 ? to.n - 1 : 0};
        samples[_i].rewrite(&little, span_of(samples[_i].from));
        ck_assert(to.n == 0 ? little.n == 0 : little.n > little.size);
        free(little.p);
}
END_TEST

int main(void) {
        Suite *suite = suite_create("rewrite");
        TCase *tc = tcase_create("rewrite");
        tcase_add_loop_test(tc, rewrites, 0, (int)ELEMENTS(samples));
        suite_add_tcase(suite, tc);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed != 0;
}
