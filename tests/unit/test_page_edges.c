/* test_page_edges.c: trunks and trunk bases as the platform's telephony writes them, and as nobody should. What all pages have in common is
 * in test_page.c. */
#include <check.h>
#include <stdio.h>

#include "common/page.h"

static struct page *reader;
static struct trunk_list list;

static void setup(void) {
        ck_assert_int_eq(page_new(&reader), 0);
        list = (struct trunk_list){0};
}

static void teardown(void) {
        trunk_list_clear(&list);
        reader = page_free(reader);
}

/* The only entity of a page. */
static const struct trunk *read_one(enum page_shape shape, const char *json) {
        struct page_facts facts;
        trunk_list_clear(&list);
        ck_assert_int_eq(page_read_listing(reader, shape, span_of(json), &list, &facts), 0);
        ck_assert_uint_eq(list.n, 1);
        return &list.items[0];
}

struct expected {
        enum trunk_text field;
        const char *value;
};

/* Exactly these texts. */
static void expect(const struct trunk *t, const struct expected *expected, size_t n) {
        for (unsigned i = 0; i < TRUNK_TEXT_COUNT; i++) {
                const char *value = NULL, *got = trunk_get(t, (enum trunk_text)i);
                for (size_t k = 0; k < n; k++)
                        value = expected[k].field == (enum trunk_text)i ? expected[k].value : value;
                ck_assert_msg(text_eq(value, got), "%s is %s, not %s", trunk_text_name((enum trunk_text)i), got ? got : "absent",
                              value ? value : "absent");
        }
}

static const char trunk_page[] =
        "{\"pageSize\":100,\"pageNumber\":1,\"pageCount\":3,\"total\":250,\"entities\":[{\"id\":\"t\",\"name\":\"SYD\",\"state\":"
        "\"active\","
        "\"trunkType\":\"EXTERNAL\",\"version\":7,\"edge\":{\"id\":\"e\"},\"trunkBase\":{\"id\":\"b\",\"name\":\"Base\",\"selfUri\":\"/"
        "b\"},"
        "\"trunkMetabase\":{\"id\":\"external_sip_pcv_byoc_carrier.json\",\"name\":\"Generic BYOC Carrier\"},"
        "\"inService\":true,\"enabled\":false,\"connectedStatus\":{\"connected\":true,\"connectedStateTime\":\"2026-11-23T04:00:00Z\"},"
        "\"optionsEnabledStatus\":\"ENABLED\",\"registersEnabledStatus\":\"ENABLED\",\"family\":2,\"proxyAddressList\":[\"sbc1:5060\","
        "\"sbc2\"],"
        "\"optionsStatus\":[{\"proxyAddress\":\"sbc1:5060\",\"optionState\":true,\"optionStateTime\":\"2026-11-23T04:01:00Z\"},"
        "{\"proxyAddress\":\"sbc2\",\"optionState\":false,\"optionStateTime\":\"2026-11-23T04:02:00Z\",\"errorInfo\":{\"text\":\"Request "
        "Timeout\",\"code\":\"408\",\"details\":{\"code\":\"x\",\"message\":\"no answer\",\"hostname\":\"edge-1\"}}}],"
        "\"registersStatus\":[{\"proxyAddress\":\"sbc1:5060\",\"registerState\":false,\"registerStateTime\":\"2026-11-23T04:03:00Z\","
        "\"errorInfo\":{\"text\":\"Unauthorized\",\"code\":401}}],\"selfUri\":\"/api/v2/telephony/providers/edges/trunks/t\"}]}";

START_TEST(reads_a_trunk) {
        static const struct expected expected[] = {
                {TRUNK_TEXT_id, "t"},
                {TRUNK_TEXT_name, "SYD"},
                {TRUNK_TEXT_state, "active"},
                {TRUNK_TEXT_proxies, "sbc1:5060 sbc2"},
                {TRUNK_TEXT_self_uri, "/api/v2/telephony/providers/edges/trunks/t"},
                {TRUNK_TEXT_base_id, "b"},
                {TRUNK_TEXT_base_name, "Base"},
                {TRUNK_TEXT_metabase, "external_sip_pcv_byoc_carrier.json"},
                {TRUNK_TEXT_in_service, "yes"},
                {TRUNK_TEXT_edge_in_service, "no"},
                {TRUNK_TEXT_connected, "yes"},
                {TRUNK_TEXT_connected_time, "2026-11-23T04:00:00Z"},
                {TRUNK_TEXT_options, "ENABLED"},
                {TRUNK_TEXT_options_status,
                 "sbc1:5060 up since 2026-11-23T04:01:00Z; sbc2 down since 2026-11-23T04:02:00Z: 408 Request Timeout "
                 "(edge-1: no answer)"},
                {TRUNK_TEXT_registers, "ENABLED"},
                {TRUNK_TEXT_registers_status, "sbc1:5060 down since 2026-11-23T04:03:00Z: 401 Unauthorized"},
                {TRUNK_TEXT_validation_status, "401"},
                {TRUNK_TEXT_validation_time, "2026-11-23T04:03:00Z"},
                {TRUNK_TEXT_validation_message, "REGISTER to sbc1:5060: Unauthorized"},
        };
        const struct trunk *t = read_one(PAGE_EDGES_TRUNKS, trunk_page);
        expect(t, expected, ELEMENTS(expected));
        ck_assert(trunk_validation_failed(t));
        ck_assert(!trunk_inactive(t));
}
END_TEST

/* What the platform's REGISTER says of the credentials: a refusal of theirs before a success elsewhere; other failures say nothing. */
START_TEST(registers_as_validation) {
        static const struct {
                const char *statuses, *status, *time;
        } known[] = {
                {"{\"registerState\":true,\"registerStateTime\":\"A\"}", "200", "A"},
                {"{\"registerState\":true,\"registerStateTime\":\"A\"},{\"registerState\":false,\"registerStateTime\":\"B\",\"errorInfo\":"
                 "{\"code\":\"403\"}}",
                 "403", "B"},
                {"{\"registerState\":false,\"registerStateTime\":\"A\",\"errorInfo\":{\"code\":\"408\"}}", NULL, NULL},
                {"{\"registerState\":false,\"registerStateTime\":\"A\"}", NULL, NULL},
                {"{\"registerState\":\"false\",\"errorInfo\":{\"code\":401}}", NULL, NULL},
                {"7,null,\"401\",[]", NULL, NULL},
                {"", NULL, NULL},
        };
        for (size_t i = 0; i < ELEMENTS(known); i++) {
                char json[600];
                (void)snprintf(json, sizeof json, "[{\"id\":\"t\",\"registersStatus\":[%s]}]", known[i].statuses);
                const struct trunk *t = read_one(PAGE_EDGES_TRUNKS, json);
                ck_assert_pstr_eq(t->validation_status, known[i].status);
                ck_assert_pstr_eq(t->validation_time, known[i].time);
        }
}
END_TEST

/* A trunk with n proxies, numbered, in as many digits as width says. */
static char *with_statuses(size_t n, int width) {
        char *json = NULL;
        size_t size;
        FILE *f = open_memstream(&json, &size);
        ck_assert_ptr_nonnull(f);
        (void)fputs("[{\"id\":\"t\",\"optionsStatus\":[", f);
        for (size_t i = 0; i < n; i++)
                (void)fprintf(f, "%s{\"proxyAddress\":\"%0*zu\",\"errorInfo\":{\"text\":\"%0*d\"}}", i > 0 ? "," : "", width, i, width, 1);
        (void)fputs("]}]", f);
        ck_assert_int_eq(fclose(f), 0);
        return json;
}

START_TEST(hostile_statuses) {
        const struct trunk *t = read_one(
                PAGE_EDGES_TRUNKS,
                "[{\"id\":\"t\",\"optionsStatus\":[{\"proxyAddress\":[1,2],\"optionState\":7,\"optionStateTime\":{\"a\":1},"
                "\"errorInfo\":\"text\"},{},{\"proxyAddress\":\"a\\u001b[2J\\n\\ud83d\",\"errorInfo\":{\"text\":[],"
                "\"code\":{\"b\":2},\"details\":7}}],\"registersStatus\":{\"0\":{\"registerState\":true}},"
                "\"connectedStatus\":[true],\"inService\":\"no\",\"enabled\":null,\"optionsEnabledStatus\":[\"ENABLED\"]}]");
        ck_assert_ptr_nonnull(t->options_status);
        ck_assert_ptr_null(strpbrk(t->options_status, "\x1b\n"));
        ck_assert_ptr_nonnull(strstr(t->options_status, "; ? unknown; a [2J "));
        ck_assert_ptr_null(t->registers_status);
        ck_assert_ptr_null(t->validation_status);
        ck_assert_ptr_null(t->connected);
        ck_assert_ptr_null(t->edge_in_service);
        ck_assert_ptr_null(t->options);
        ck_assert(trunk_inactive(t));

        /* As many and as long as a page can hold: cut, and no larger than any other text. */
        _cleanup_(freep) char *many = with_statuses(200000, 1), *wide = with_statuses(16, 9000);
        t = read_one(PAGE_EDGES_TRUNKS, many);
        ck_assert_ptr_nonnull(strstr(t->options_status, "; 15 unknown: 1"));
        ck_assert_ptr_null(strstr(t->options_status, "; 16"));
        t = read_one(PAGE_EDGES_TRUNKS, wide);
        ck_assert_uint_eq(strlen(t->options_status), PAGE_TEXT_MAX);
}
END_TEST

#define PROPERTY(name, json) "\"" name "\":{\"type\":\"string\",\"value\":{\"default\":\"never\",\"instance\":" json "}}"

START_TEST(reads_a_base) {
        static const struct expected expected[] = {
                {TRUNK_TEXT_id, "b"},
                {TRUNK_TEXT_name, "Base"},
                {TRUNK_TEXT_metabase, "external_sip_pcv_byoc_carrier.json"},
                {TRUNK_TEXT_managed, "no"},
                {TRUNK_TEXT_self_uri, "/b"},
                {TRUNK_TEXT_authentication, "digest"},
                {TRUNK_TEXT_realm, "carrier-b.example"},
                {TRUNK_TEXT_username, "byoc_user"},
                {TRUNK_TEXT_proxies, "sbc1.carrier-b.example:5060 sbc2"},
                {TRUNK_TEXT_transport, "udp"},
                {TRUNK_TEXT_trunk_type, "external.pcv.byoc.carrier"},
        };
        /* The same in the form of the schema, and with the outer layers left out. */
        static const char *const pages[] = {
                "{\"entities\":[{\"id\":\"b\",\"name\":\"Base\",\"state\":\"active\",\"trunkType\":"
                "\"EXTERNAL\",\"managed\":false,\"selfUri\":\"/b\","
                "\"trunkMetabase\":{\"id\":\"external_sip_pcv_byoc_carrier.json\"},\"properties\":"
                "{" PROPERTY("trunk_sip_authentication_credentials_realm", "\"carrier-b.example\"") "," PROPERTY(
                        "trunk_sip_authentication_credentials_username",
                        "\"byoc_user\"") "," PROPERTY("trunk_sip_authentication_credentials_password",
                                                      "\"hunter2\"") "," PROPERTY("trunk_transport_"
                                                                                  "serverProxyList",
                                                                                  "[\"sbc1.carrier-b."
                                                                                  "example:5060\","
                                                                                  "\"sbc2\"]") "," PROPERTY("trunk_transport_"
                                                                                                            "protocolVariant",
                                                                                                            "\"udp\"") "," PROPERTY("trunk_"
                                                                                                                                    "sip_"
                                                                                                                                    "routin"
                                                                                                                                    "gAddre"
                                                                                                                                    "ss",
                                                                                                                                    "\"Requ"
                                                                                                                                    "est-"
                                                                                                                                    "URI\"") "," PROPERTY("trunk_type",
                                                                                                                                                          "\"external.pcv.byoc.carrier\"") "}}]}",
                "[{\"id\":\"b\",\"name\":\"Base\",\"managed\":false,\"selfUri\":\"/"
                "b\",\"trunkMetabase\":{\"id\":\"external_sip_pcv_byoc_carrier."
                "json\"},\"properties\":{\"trunk_sip_authentication_credentials_realm\":\"carrier-b."
                "example\","
                "\"trunk_sip_authentication_credentials_username\":{\"value\":\"byoc_user\"},"
                "\"trunk_sip_authentication_credentials_password\":\"hunter2\",\"trunk_transport_"
                "serverProxyList\":"
                "[\"sbc1.carrier-b.example:5060\",\"sbc2\"],\"trunk_transport_protocolVariant\":{\"value\":"
                "{\"instance\":\"udp\"}},"
                "\"trunk_type\":\"external.pcv.byoc.carrier\"}}]",
        };
        for (size_t i = 0; i < ELEMENTS(pages); i++)
                expect(read_one(PAGE_EDGES_BASES, pages[i]), expected, ELEMENTS(expected));
}
END_TEST

/* No credentials, hidden ones, and ones that are no text. */
START_TEST(kinds_of_credentials) {
        static const struct {
                const char *property, *authentication, *username;
        } known[] = {
                {"\"instance\":\"u\"", "digest", "u"},      {"\"instance\":\"\"", "none", NULL},
                {"\"instance\":\" \"", "none", " "},        {"\"default\":\"\"", NULL, NULL},
                {"\"instance\":null", NULL, NULL},          {"\"instance\":{\"a\":\"b\"}", NULL, NULL},
                {"\"instance\":[\"u\"]", NULL, NULL},       {"\"instance\":61400", "digest", "61400"},
                {"\"instance\":\"a\\nb\"", "digest", NULL},
        };
        for (size_t i = 0; i < ELEMENTS(known); i++) {
                char json[300];
                (void)snprintf(json, sizeof json,
                               "[{\"id\":\"b\",\"properties\":{\"trunk_sip_authentication_credentials_username\":{\"value\":{%s}}}}]",
                               known[i].property);
                const struct trunk *t = read_one(PAGE_EDGES_BASES, json);
                ck_assert_pstr_eq(t->authentication, known[i].authentication);
                ck_assert_pstr_eq(t->username, known[i].username);
        }
}
END_TEST

START_TEST(wrong_types) {
        static const struct expected expected[] = {{TRUNK_TEXT_id, "1"}, {TRUNK_TEXT_trunk_type, "yes"}};
        expect(read_one(PAGE_EDGES_BASES, "[{\"id\":1,\"name\":[],\"managed\":null,\"trunkMetabase\":\"x\",\"properties\":{"
                                          "\"trunk_transport_serverProxyList\":{\"value\":{\"instance\":{\"a\":\"sbc\"}}},"
                                          "\"trunk_transport_protocolVariant\":{\"value\":[]},\"trunk_type\":true}}]"),
               expected, ELEMENTS(expected));
        static const struct expected bare[] = {{TRUNK_TEXT_id, "2"}};
        expect(read_one(PAGE_EDGES_BASES, "[{\"id\":\"2\",\"properties\":[{\"trunk_type\":\"x\"}]}]"), bare, 1);
        expect(read_one(PAGE_EDGES_TRUNKS, "[{\"id\":\"2\",\"trunkBase\":\"b\",\"trunkMetabase\":[],\"proxyAddressList\":{\"a\":\"b\"}}]"),
               bare, 1);
}
END_TEST

/* What is quoted of a page is what SQLite was given of it. */
START_TEST(passwords_are_gone_before_queries) {
        struct page_facts facts;
        ck_assert_int_eq(page_read_listing(reader, PAGE_EDGES_BASES, SPAN("{\"password\":\"hunter2\",}"), &list, &facts), PAGE_MALFORMED);
        ck_assert_str_eq(page_error(reader), "not JSON: begins with \"{\"password\":\"*******\",}\"");
}
END_TEST

int main(void) {
        Suite *suite = suite_create("page_edges");
        TCase *tests = tcase_create("page_edges");
        tcase_add_checked_fixture(tests, setup, teardown);
        tcase_set_timeout(tests, 120); /* against a hang only */
        tcase_add_test(tests, reads_a_trunk);
        tcase_add_test(tests, registers_as_validation);
        tcase_add_test(tests, hostile_statuses);
        tcase_add_test(tests, reads_a_base);
        tcase_add_test(tests, kinds_of_credentials);
        tcase_add_test(tests, wrong_types);
        tcase_add_test(tests, passwords_are_gone_before_queries);
        suite_add_tcase(suite, tests);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
