/* test_trunk_base.c: settings of trunk bases into their trunks, from the pages on. */
#include <check.h>
#include <stdio.h>

#include "common/page.h"
#include "common/trunk_base.h"

static struct page *reader;
static struct trunk_list trunks, bases;

static void setup(void) {
        ck_assert_int_eq(page_new(&reader), 0);
        trunks = bases = (struct trunk_list){0};
}

static void teardown(void) {
        trunk_list_clear(&trunks);
        trunk_list_clear(&bases);
        reader = page_free(reader);
}

static void read_pages(const char *trunk_page, const char *base_page) {
        struct page_facts facts;
        ck_assert_int_eq(page_read_listing(reader, PAGE_EDGES_TRUNKS, span_of(trunk_page), &trunks, &facts), 0);
        ck_assert_int_eq(page_read_listing(reader, PAGE_EDGES_BASES, span_of(base_page), &bases, &facts), 0);
}

#define CARRIER "\"trunkMetabase\":{\"id\":\"external_sip_pcv_byoc_carrier.json\",\"name\":\"Generic BYOC Carrier\"}"
#define TRUNK(id, base) "{\"id\":\"" id "\",\"name\":\"T-" id "\",\"trunkBase\":{\"id\":\"" base "\",\"name\":\"old name\"}}"
#define VALUE(name, json) "\"" name "\":{\"type\":\"string\",\"value\":{\"default\":\"d\",\"instance\":" json "}}"
#define USERNAME "trunk_sip_authentication_credentials_username"
#define PROXIES "trunk_transport_serverProxyList"

START_TEST(settings_go_into_every_trunk) {
        read_pages("[" TRUNK("1", "b") "," TRUNK("2", "a") "," TRUNK("3", "b") "]",
                   "[{\"id\":\"b\",\"name\":\"Base\",\"managed\":false," CARRIER
                   ",\"properties\":{" VALUE(USERNAME, "\"u\"") "," VALUE(PROXIES, "[\"sbc1:5060\",\"sbc2\"]") "," VALUE(
                           "trunk_transport_protocolVariant",
                           "\"tls\"") "," VALUE("trunk_sip_authentication_credentials_realm",
                                                "\"r\"") "}},"
                                                         "{\"id\":\"unused\"," CARRIER "},{\"id\":\"a\"," CARRIER
                                                         ",\"properties\":{" VALUE(USERNAME, "\"\"") "," VALUE(PROXIES, "[\"x\"]") "}}]");
        ck_assert_int_eq(trunk_base_select(&bases, &trunks), 0);
        ck_assert_uint_eq(bases.n, 2);
        ck_assert(!trunk_base_is_bare(&bases.items[0]) && !trunk_base_is_bare(&bases.items[1]));
        size_t others = 9;
        ck_assert_int_eq(trunk_base_join(&trunks, &bases, &others), 0);
        ck_assert_uint_eq(others, 0);
        ck_assert_uint_eq(trunks.n, 3);
        for (size_t i = 0; i < 3; i += 2) {
                const struct trunk *t = &trunks.items[i];
                ck_assert_str_eq(t->name, i == 0 ? "T-1" : "T-3");
                ck_assert_str_eq(t->base_id, "b");
                ck_assert_str_eq(t->base_name, "Base");
                ck_assert_str_eq(t->proxies, "sbc1:5060 sbc2");
                ck_assert_str_eq(t->transport, "tls");
                ck_assert_str_eq(t->realm, "r");
                ck_assert_str_eq(t->username, "u");
                ck_assert_str_eq(t->managed, "no");
                ck_assert_int_eq(trunk_kind(t), TRUNK_DIGEST);
        }
        ck_assert_str_eq(trunks.items[1].proxies, "x");
        ck_assert_ptr_null(trunks.items[1].username);
        ck_assert_int_eq(trunk_kind(&trunks.items[1]), TRUNK_ADDRESS); /* credentials that are left empty */
}
END_TEST

/* By metabase, in the trunk or in its base; by trunk type where the metabase is another; unknown is no reason to leave one out. */
START_TEST(only_carriers_stay) {
        read_pages(
                "[" TRUNK("carrier", "b1") "," TRUNK("premises", "b2") "," TRUNK(
                        "typed", "b3") ","
                                       "{\"id\":\"own\",\"trunkMetabase\":{\"id\":\"external_sip_pcv_aws.json\"}}," TRUNK(
                                               "pbx", "b4") "," TRUNK("unknown", "b5") "," TRUNK("later", "b6") ",{\"id\":\"baseless\"}]",
                "[{\"id\":\"b1\"," CARRIER "},{\"id\":\"b2\",\"trunkMetabase\":{\"id\":\"external_sip.json\"}},"
                "{\"id\":\"b3\",\"trunkMetabase\":{\"id\":\"external_sip_v9\"},\"properties\":{" VALUE(
                        "trunk_type",
                        "\"external.pcv.byoc.carrier\"") "}},"
                                                         "{\"id\":\"b4\",\"properties\":{" VALUE(
                                                                 "trunk_type",
                                                                 "\"external.pcv.byoc.pbx\"") "}},"
                                                                                              "{\"id\":\"b6\",\"trunkMetabase\":{\"id\":"
                                                                                              "\"External_SIP_PCV_BYOC_Carrier_v2.json\"}}"
                                                                                              "]");
        ck_assert_int_eq(trunk_base_select(&bases, &trunks), 0);
        ck_assert_uint_eq(bases.n, 6);
        /* b5 was not listed: it is known by its id, and asked for. */
        static const bool bare[] = {true, false, false, false, true, true};
        for (size_t i = 0; i < ELEMENTS(bare); i++) {
                char id[] = {'b', (char)('1' + i), '\0'};
                ck_assert_str_eq(bases.items[i].id, id);
                ck_assert_msg(trunk_base_is_bare(&bases.items[i]) == bare[i], "%s", id);
        }
        size_t others = 0;
        ck_assert_int_eq(trunk_base_join(&trunks, &bases, &others), 0);
        ck_assert_uint_eq(others, 3);
        static const char *const kept[] = {"carrier", "typed", "unknown", "later", "baseless"};
        ck_assert_uint_eq(trunks.n, ELEMENTS(kept));
        for (size_t i = 0; i < ELEMENTS(kept); i++)
                ck_assert_str_eq(trunks.items[i].id, kept[i]);
        struct trunk *t;
        ck_assert_int_eq(trunk_list_append(&trunks, &t), 0); /* a shorter list can grow again */
}
END_TEST

/* The settings of a managed base are hidden; where the carrier is, the trunk itself still tells. What the trunk says stays. */
START_TEST(hidden_settings_and_denials) {
        read_pages("[{\"id\":\"m\",\"trunkBase\":{\"id\":\"b\"}," CARRIER ",\"proxyAddressList\":[\"sbc:5061\"]}]",
                   "[{\"id\":\"b\",\"managed\":true}]");
        ck_assert_int_eq(trunk_base_select(&bases, &trunks), 0);
        ck_assert(trunk_base_is_bare(&bases.items[0]));
        bases.items[0].detail_denied = true;
        bases.items[0].detail = verdict_of(CAUSE_SCOPE_DENIAL, "HTTP 403");
        (void)snprintf(bases.items[0].correlation_id, sizeof bases.items[0].correlation_id, "c0ffee");
        size_t others = 0;
        ck_assert_int_eq(trunk_base_join(&trunks, &bases, &others), 0);
        const struct trunk *t = &trunks.items[0];
        ck_assert_str_eq(t->managed, "yes");
        ck_assert_str_eq(t->proxies, "sbc:5061");
        ck_assert_ptr_null(t->authentication);
        ck_assert(t->detail_denied);
        ck_assert_int_eq(t->detail.cause, CAUSE_SCOPE_DENIAL);
        ck_assert_str_eq(t->correlation_id, "c0ffee");
}
END_TEST

START_TEST(nothing_at_all) {
        size_t others = 1;
        ck_assert_int_eq(trunk_base_select(&bases, &trunks), 0);
        ck_assert_int_eq(trunk_base_join(&trunks, &bases, &others), 0);
        ck_assert_uint_eq(others, 0);
        read_pages("[]", "[{\"id\":\"b\"}]");
        ck_assert_int_eq(trunk_base_select(&bases, &trunks), 0);
        ck_assert_uint_eq(bases.n, 0);
}
END_TEST

int main(void) {
        Suite *suite = suite_create("trunk_base");
        TCase *tests = tcase_create("trunk_base");
        tcase_add_checked_fixture(tests, setup, teardown);
        tcase_add_test(tests, settings_go_into_every_trunk);
        tcase_add_test(tests, only_carriers_stay);
        tcase_add_test(tests, hidden_settings_and_denials);
        tcase_add_test(tests, nothing_at_all);
        suite_add_tcase(suite, tests);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
