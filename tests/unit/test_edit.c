/* test_edit.c: the audit log's pages as edits, and what of them may be secret. */
#include <check.h>
#include <stdio.h>

#include "common/edit.h"

static struct page *page;
static struct edit_list list;

static void setup(void) {
        ck_assert_int_eq(page_new(&page), 0);
}

static void teardown(void) {
        edit_list_clear(&list);
        page = page_free(page);
}

static int read_results(const char *json, char *ret_cursor) {
        return edit_read_results(page, span_of(json), &list, ret_cursor);
}

START_TEST(every_field) {
        char cursor[EDIT_CURSOR_MAX + 1] = "x";
        ck_assert_int_eq(
                read_results(
                        "{\"id\":\"q\",\"cursor\":\"a/b+c\",\"entities\":[{\"id\":\"e\",\"user\":{\"id\":\"u-1\",\"name\":\"Jane \\u0007"
                        "Doe\"},\"client\":{\"id\":\"c-1\"},\"remoteIp\":[\"203.0.113.9\",\"10.0.0.1\"],\"eventDate\":"
                        "\"2026-11-26T00:11:22.123Z\",\"action\":\"Update\",\"status\":\"SUCCESS\",\"entity\":{\"id\":\"b-1\","
                        "\"name\":\"Base\"},\"propertyChanges\":[{\"property\":\"trunk_maxCallRate\",\"oldValues\":[\"40/5s\",7],"
                        "\"newValues\":[]},{\"property\":\"trunk_enabled\",\"oldValues\":[true],\"newValues\":[false]}]}]}",
                        cursor),
                0);
        ck_assert_str_eq(cursor, "a/b+c");
        ck_assert_uint_eq(list.n, 2);
        const struct edit *e = &list.items[0];
        ck_assert_str_eq(e->entity_id, "b-1");
        ck_assert_str_eq(e->entity_name, "Base");
        ck_assert_str_eq(e->action, "Update");
        ck_assert_str_eq(e->status, "SUCCESS");
        ck_assert_str_eq(e->user_id, "u-1");
        ck_assert_str_eq(e->user_name, "Jane  Doe");
        ck_assert_str_eq(e->client_id, "c-1");
        ck_assert_ptr_null(e->client_name);
        ck_assert_str_eq(e->remote_ip, "203.0.113.9, 10.0.0.1");
        ck_assert_str_eq(e->property, "trunk_maxCallRate");
        ck_assert_str_eq(e->old, "40/5s, 7");
        ck_assert_ptr_null(e->new);
        ck_assert_int_eq(e->time_usec, INT64_C(1795651882000000));
        ck_assert_str_eq(edit_who(e), "Jane  Doe");
        ck_assert_str_eq(list.items[1].property, "trunk_enabled");
        ck_assert_str_eq(list.items[1].entity_id, "b-1");
}
END_TEST

START_TEST(little_is_known) {
        char cursor[EDIT_CURSOR_MAX + 1] = "x";
        ck_assert_int_eq(
                read_results("{\"entities\":[{\"eventDate\":\"now\"},{\"user\":7,\"entity\":[],\"eventDate\":3,\"propertyChanges\":7},"
                             "\"text\",null,{\"client\":{\"id\":\"c\"},\"propertyChanges\":[\"x\",{}]}]}",
                             cursor),
                0);
        ck_assert_str_eq(cursor, "");
        ck_assert_uint_eq(list.n, 4);
        for (size_t i = 0; i < list.n; i++) {
                ck_assert_int_eq(list.items[i].time_usec, 0);
                ck_assert_ptr_null(list.items[i].property);
                ck_assert_int_eq(list.items[i].withheld, false);
        }
        ck_assert_str_eq(edit_who(&list.items[0]), "somebody");
        ck_assert_str_eq(edit_who(&list.items[3]), "c");
}
END_TEST

/* A property with the value "hush"; none may be kept, wherever it says what it is. */
static const char *const secrets[] = {
        "{\"property\":\"trunk_sip_authentication_credentials_password\",\"oldValues\":[\"hush\"],\"newValues\":[\"hush\"]}",
        "{\"property\":\"trunk_sip_authentication_credentials_realm\",\"oldValues\":[\"hush\"],\"newValues\":[]}",
        "{\"property\":\"PassWord\",\"oldValues\":[\"hush\"]}",
        "{\"property\":\"pass_word\",\"oldValues\":[\"hush\"]}",
        "{\"property\":\"pass-word\",\"newValues\":[\"hush\"]}",
        "{\"property\":\"p\\u0061ssword\",\"newValues\":[\"hush\"]}",
        "{\"property\":\"clientSecret\",\"newValues\":[\"hush\"]}",
        "{\"property\":\"api.key\",\"newValues\":[\"hush\"]}",
        "{\"property\":\"accessToken\",\"newValues\":[\"hush\"]}",
        "{\"property\":\"HA1\",\"newValues\":[\"hush\"]}",
        "{\"property\":\"properties\",\"newValues\":[\"{\\\"password\\\":\\\"hush\\\"}\"]}",
        "{\"property\":\"properties\",\"newValues\":[{\"password\":\"hush\"}]}",
        "{\"property\":\"properties\",\"oldValues\":[\"hush\"],\"newValues\":[{\"a\":{\"Passwd\":\"x\"}}]}",
        "{\"property\":{\"password\":1},\"newValues\":[\"hush\"]}",
};

START_TEST(secrets_end_here) {
        char json[400], cursor[EDIT_CURSOR_MAX + 1];
        (void)snprintf(json, sizeof json, "{\"entities\":[{\"propertyChanges\":[%s]}]}", secrets[_i]);
        ck_assert_int_eq(read_results(json, cursor), 0);
        ck_assert_uint_eq(list.n, 1);
        ck_assert_int_eq(list.items[0].withheld, true);
        ck_assert_ptr_null(list.items[0].old);
        ck_assert_ptr_null(list.items[0].new);
}
END_TEST

START_TEST(not_results) {
        static const char *const bad[] = {"", "[]", "{}", "{\"entities\":{}}", "{\"entities\":[", "{\"entities\":null}", "7"};
        char cursor[EDIT_CURSOR_MAX + 1] = "as it was";
        for (size_t i = 0; i < ELEMENTS(bad); i++)
                ck_assert_int_eq(read_results(bad[i], cursor), PAGE_MALFORMED);
        char json[2 * EDIT_CURSOR_MAX];
        (void)snprintf(json, sizeof json, "{\"entities\":[],\"cursor\":\"%0*d\"}", EDIT_CURSOR_MAX + 1, 1);
        ck_assert_int_eq(read_results(json, cursor), PAGE_MALFORMED);
        (void)snprintf(json, sizeof json, "{\"entities\":[],\"cursor\":\"%0*d\"}", EDIT_CURSOR_MAX, 1);
        ck_assert_uint_eq(list.n, 0);
        ck_assert_str_eq(cursor, "as it was");
        ck_assert_int_eq(read_results(json, cursor), 0);
        ck_assert_uint_eq(strlen(cursor), EDIT_CURSOR_MAX);
}
END_TEST

START_TEST(limits) {
        char cursor[EDIT_CURSOR_MAX + 1], *json = NULL;
        size_t size;
        FILE *f = open_memstream(&json, &size);
        (void)fputs("{\"entities\":[", f);
        for (int i = 0; i <= EDIT_LIST_MAX; i++)
                (void)fprintf(f, "%s{\"action\":\"%0*d\"}", i > 0 ? "," : "", EDIT_TEXT_MAX + 1, 7);
        (void)fputs("]}", f);
        (void)fclose(f);
        ck_assert_int_eq(read_results(json, cursor), 0);
        ck_assert_uint_eq(list.n, EDIT_LIST_MAX);
        ck_assert_int_eq(list.cut, true);
        ck_assert_uint_eq(strlen(list.items[0].action), EDIT_TEXT_MAX);
        free(json);
}
END_TEST

START_TEST(queries) {
        static const struct {
                const char *json, *id;
                int state;
        } cases[] = {
                {"{\"id\":\"a1-B_2\",\"state\":\"Queued\"}", "a1-B_2", EDIT_QUERY_RUNNING},
                {"{\"id\":\"a\",\"state\":\"Running\"}", "a", EDIT_QUERY_RUNNING},
                {"{\"id\":\"a\",\"state\":\"Paused\"}", "a", EDIT_QUERY_RUNNING},
                {"{\"id\":\"a\",\"state\":\"Succeeded\"}", "a", EDIT_QUERY_SUCCEEDED},
                {"{\"id\":\"a\",\"state\":\"Failed\"}", "a", EDIT_QUERY_FAILED},
                {"{\"id\":\"a\",\"state\":\"Cancelled\"}", "a", EDIT_QUERY_FAILED},
                {"{\"id\":\"../a\",\"state\":\"Succeeded\"}", "", EDIT_QUERY_SUCCEEDED},
                {"{\"id\":\"a?b\"}", "", EDIT_QUERY_RUNNING},
                {"{\"id\":\"\"}", "", EDIT_QUERY_RUNNING},
                {"[]", "", EDIT_QUERY_RUNNING},
        };
        struct edit_query q;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                ck_assert_int_eq(edit_read_query(page, span_of(cases[i].json), &q), 0);
                ck_assert_str_eq(q.id, cases[i].id);
                ck_assert_int_eq((int)q.state, cases[i].state);
        }
        ck_assert_int_eq(edit_read_query(page, SPAN("{"), &q), PAGE_MALFORMED);
}
END_TEST

/* -- what is written back -------------------------------------------------------------------------------------------------- */

static int take_text(const struct span *columns, void *user) {
        (void)snprintf(user, 1000, SPAN_FMT, SPAN_ARG(columns[0]));
        return 0;
}

static void expect_body(enum page_rows shape, const char *json, const char *realm, const char *expected) {
        char got[1000] = "";
        const struct page_argument arguments[] = {{":username", SPAN("us\"er")}, {":realm", span_of(realm)}, {":password", SPAN("MARK")}};
        ck_assert_int_eq(page_read_rows(page, shape, span_of(json), arguments, ELEMENTS(arguments), take_text, got), 0);
        ck_assert_str_eq(got, expected);
}

/* Everything but the three values goes back as it came, whatever it is called. */
START_TEST(refreshed_base) {
        expect_body(
                PAGE_REFRESH_BASE,
                "{\"id\":\"b\",\"version\":12,\"big\":12345678901234567890.10,\"properties\":{\"trunk_sip_authentication_credentials_"
                "password\":{\"type\":\"string\",\"value\":{\"default\":\"\",\"instance\":\"****\"}},\"trunk_other_password\":{\"value\":"
                "{\"instance\":\"kept\"}},\"trunk_sip_authentication_credentials_realm\":{\"value\":{\"instance\":\"old\"}}}}",
                "new",
                "{\"id\":\"b\",\"version\":12,\"big\":12345678901234567890.10,\"properties\":{\"trunk_sip_authentication_credentials_"
                "password\":{\"type\":\"string\",\"value\":{\"default\":\"\",\"instance\":\"MARK\"}},\"trunk_other_password\":{\"value\":"
                "{\"instance\":\"kept\"}},\"trunk_sip_authentication_credentials_realm\":{\"value\":{\"instance\":\"new\"}},"
                "\"trunk_sip_authentication_credentials_username\":{\"value\":{\"instance\":\"us\\\"er\"}}}}");
        expect_body(
                PAGE_REFRESH_BASE, "{\"version\":1,\"properties\":{}}", NULL,
                "{\"version\":1,\"properties\":{\"trunk_sip_authentication_credentials_username\":{\"value\":{\"instance\":\"us\\\"er\"}},"
                "\"trunk_sip_authentication_credentials_password\":{\"value\":{\"instance\":\"MARK\"}}}}");
        expect_body(PAGE_REFRESH_BASE, "{\"properties\":{}}", NULL, "");
        expect_body(PAGE_REFRESH_BASE, "{\"version\":\"1\",\"properties\":{}}", NULL, "");
        expect_body(PAGE_REFRESH_BASE, "{\"version\":1}", NULL, "");
}
END_TEST

START_TEST(refreshed_connection) {
        expect_body(PAGE_REFRESH_CONNECTION, "{\"id\":\"t\",\"version\":3,\"sip\":{\"domain\":\"d\"}}", "r",
                    "{\"version\":3,\"sip\":{\"username\":\"us\\\"er\",\"realm\":\"r\"},\"digest\":{\"password\":\"MARK\"}}");
        expect_body(PAGE_REFRESH_CONNECTION, "{}", NULL, "{\"sip\":{\"username\":\"us\\\"er\"},\"digest\":{\"password\":\"MARK\"}}");
}
END_TEST

START_TEST(versions) {
        char got[1000] = "";
        ck_assert_int_eq(page_read_rows(page, PAGE_VERSION, SPAN("{\"version\":41}"), NULL, 0, take_text, got), 0);
        ck_assert_str_eq(got, "41");
        ck_assert_int_eq(page_read_rows(page, PAGE_VERSION, SPAN("{\"version\":\"41\"}"), NULL, 0, take_text, got), 0);
        ck_assert_str_eq(got, "");
}
END_TEST

int main(void) {
        Suite *suite = suite_create("edit");
        TCase *tests = tcase_create("edit");
        tcase_add_checked_fixture(tests, setup, teardown);
        tcase_set_timeout(tests, 60); /* against a hang only */
        tcase_add_test(tests, every_field);
        tcase_add_test(tests, little_is_known);
        tcase_add_loop_test(tests, secrets_end_here, 0, (int)ELEMENTS(secrets));
        tcase_add_test(tests, not_results);
        tcase_add_test(tests, limits);
        tcase_add_test(tests, queries);
        tcase_add_test(tests, refreshed_base);
        tcase_add_test(tests, refreshed_connection);
        tcase_add_test(tests, versions);
        suite_add_tcase(suite, tests);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
