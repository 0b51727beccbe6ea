/* test_trunk.c: texts of trunks, and the merge with the configuration. */
#include <check.h>
#include <stdio.h>

#include "common/config.h"
#include "common/trunk.h"

static struct trunk *add(struct trunk_list *l, enum trunk_origin origin, const char *id, const char *name) {
        struct trunk *t = NULL;
        ck_assert_int_eq(trunk_list_append(l, &t), 0);
        t->origin = origin;
        ck_assert_int_eq(trunk_set(t, TRUNK_TEXT_id, span_of(id)), 0);
        ck_assert_int_eq(trunk_set(t, TRUNK_TEXT_name, span_of(name)), 0);
        return t;
}

static struct config *parse(const char *yaml) {
        struct config *c = NULL;
        struct complaints complaints = {0};
        int r = config_parse(&c, "t.yaml", span_of(yaml), &complaints);
        ck_assert_msg(r == 0, "%s", complaints.n > 0 ? complaints.items[0].text : "broken");
        complaints_clear(&complaints);
        return c;
}

START_TEST(every_text_has_a_name_and_a_place) {
        struct trunk t = {0};
        for (int i = 0; i < TRUNK_TEXT_COUNT; i++) {
                enum trunk_text field = (enum trunk_text)i;
                ck_assert_ptr_null(trunk_get(&t, field));
                ck_assert_int_eq(trunk_set(&t, field, span_of(trunk_text_name(field))), 0);
        }
        for (int i = 0; i < TRUNK_TEXT_COUNT; i++)
                ck_assert_str_eq(trunk_get(&t, (enum trunk_text)i), trunk_text_name((enum trunk_text)i));
        ck_assert_str_eq(t.id, "id");
        ck_assert_str_eq(t.validation_authorization, "validation_authorization");
        ck_assert_int_eq(trunk_set(&t, TRUNK_TEXT_realm, (struct span){"", 0}), 0);
        ck_assert_str_eq(t.realm, "");
        ck_assert_int_eq(trunk_set(&t, TRUNK_TEXT_realm, (struct span){NULL, 0}), 0);
        ck_assert_ptr_null(t.realm);
        trunk_clear(&t);
        ck_assert_ptr_null(t.id);
}
END_TEST

START_TEST(finds_by_id_before_name) {
        struct trunk_list l = {0};
        add(&l, TRUNK_LISTED, "1", "2");
        add(&l, TRUNK_LISTED, "2", "two");
        add(&l, TRUNK_LISTED, "3", NULL);
        ck_assert_ptr_eq(trunk_list_find(&l, "2"), &l.items[1]);
        ck_assert_ptr_eq(trunk_list_find(&l, "two"), &l.items[1]);
        ck_assert_ptr_null(trunk_list_find(&l, "Two"));
        trunk_list_clear(&l);
        ck_assert_uint_eq(l.n, 0);
}
END_TEST

START_TEST(has_a_limit) {
        struct trunk_list l = {0};
        struct trunk *t;
        for (size_t i = 0; i < TRUNK_LIST_MAX; i++)
                ck_assert_int_eq(trunk_list_append(&l, &t), 0);
        ck_assert_int_eq(trunk_list_append(&l, &t), -E2BIG);
        ck_assert_uint_eq(l.n, TRUNK_LIST_MAX);
        trunk_list_clear(&l);
}
END_TEST

static char text_digest[] = "Digest", text_basic[] = "basic", text_none[] = "none", text_other[] = "oauth", text_user[] = "u";

static const struct {
        char *authentication, *username;
        enum trunk_kind kind;
} kinds[] = {
        {text_digest, NULL, TRUNK_DIGEST},     {text_basic, text_user, TRUNK_ADDRESS}, {text_none, NULL, TRUNK_ADDRESS},
        {NULL, NULL, TRUNK_UNKNOWN},           {text_other, NULL, TRUNK_UNKNOWN},      {NULL, text_user, TRUNK_DIGEST},
        {text_other, text_user, TRUNK_DIGEST},
};

START_TEST(kind_of_a_trunk) {
        struct trunk t = {.authentication = kinds[_i].authentication, .username = kinds[_i].username};
        ck_assert_int_eq(trunk_kind(&t), kinds[_i].kind);
}
END_TEST

START_TEST(a_secret_makes_an_unknown_kind_digest) {
        _cleanup_(secret_freep) struct secret *s = NULL;
        ck_assert_int_eq(secret_new(&s, "x", 1), 0);
        ck_assert_int_eq(trunk_kind(&(struct trunk){.password = s}), TRUNK_DIGEST);
        ck_assert_int_eq(trunk_kind(&(struct trunk){.ha1 = s}), TRUNK_DIGEST);
        ck_assert_int_eq(trunk_kind(&(struct trunk){.authentication = text_none, .password = s}), TRUNK_ADDRESS);
}
END_TEST

static const struct {
        const char *state, *status, *code;
        bool inactive, failed;
} claims[] = {
        {"active", "200", "ok", false, false},
        {"inactive", NULL, NULL, true, false},
        {"Deleted", NULL, NULL, true, false},
        {NULL, "401", NULL, false, true},
        {NULL, "400", NULL, false, true},
        {NULL, "399", NULL, false, false},
        {"reactive", NULL, "digest.mismatch", false, true},
        {NULL, "200", "MISMATCH", false, true},
        {NULL, NULL, "mismatched", false, false},
        {NULL, "4xx", "", false, false},
        {NULL, "", "match", false, false},
        {NULL, "5000", NULL, false, false},
};

START_TEST(what_the_platform_claims) {
        struct trunk t = {0};
        trunk_set(&t, TRUNK_TEXT_state, span_of(claims[_i].state));
        trunk_set(&t, TRUNK_TEXT_validation_status, span_of(claims[_i].status));
        trunk_set(&t, TRUNK_TEXT_validation_code, span_of(claims[_i].code));
        bool inactive = trunk_inactive(&t), failed = trunk_validation_failed(&t);
        trunk_clear(&t);
        ck_assert_int_eq(inactive, claims[_i].inactive);
        ck_assert_int_eq(failed, claims[_i].failed);
}
END_TEST

START_TEST(configuration_overrides_the_platform) {
        _cleanup_(config_freep) struct config *c = parse("trunks:\n"
                                                         "- id: '1'\n"
                                                         "  username: alice\n"
                                                         "  realm: carrier.example\n"
                                                         "  algorithm: sha-256\n"
                                                         "  qop: AUTH-INT\n"
                                                         "  domain: sip.example\n"
                                                         "  proxies: [a.example, '[2001:db8::1]:5061']\n"
                                                         "  transport: TLS\n"
                                                         "  request_uri: sip:sip.example:5060\n"
                                                         "  method: options\n"
                                                         "  authentication: Digest\n"
                                                         "- {name: Two, username: bob}\n"
                                                         "- {name: One, username: wrong}\n");
        ck_assert_int_eq(secret_new(&c->trunks[0].password.secret, "pw", 2), 0);
        struct trunk_list l = {0};
        struct trunk *t = add(&l, TRUNK_LISTED, "1", "One");
        trunk_set(t, TRUNK_TEXT_realm, SPAN("platform"));
        trunk_set(t, TRUNK_TEXT_proxies, SPAN("old.example"));
        trunk_set(t, TRUNK_TEXT_state, SPAN("active"));
        t = add(&l, TRUNK_LISTED, "2", "Two");
        trunk_set(t, TRUNK_TEXT_realm, SPAN("platform"));
        add(&l, TRUNK_LISTED, "3", "Three")->password = c->trunks[0].password.secret;
        for (int twice = 0; twice < 2; twice++)
                ck_assert_int_eq(trunk_list_merge(&l, c), 0);

        ck_assert_uint_eq(l.n, 3);
        ck_assert_str_eq(l.items[0].username, "alice");
        ck_assert_str_eq(l.items[0].realm, "carrier.example");
        ck_assert_str_eq(l.items[0].algorithm, "SHA-256");
        ck_assert_str_eq(l.items[0].qop, "auth-int");
        ck_assert_str_eq(l.items[0].domain, "sip.example");
        ck_assert_str_eq(l.items[0].proxies, "a.example [2001:db8::1]:5061");
        ck_assert_str_eq(l.items[0].transport, "tls");
        ck_assert_str_eq(l.items[0].request_uri, "sip:sip.example:5060");
        ck_assert_str_eq(l.items[0].method, "OPTIONS");
        ck_assert_str_eq(l.items[0].authentication, "digest");
        ck_assert_str_eq(l.items[0].state, "active");
        ck_assert_ptr_eq(l.items[0].password, c->trunks[0].password.secret);
        ck_assert_ptr_null(l.items[0].ha1);

        /* What the platform says is still there; of what the configuration does not say it is the text itself. */
        ck_assert_str_eq(trunk_platform_text(&l.items[0], TRUNK_TEXT_realm), "platform");
        ck_assert_str_eq(trunk_platform_text(&l.items[0], TRUNK_TEXT_proxies), "old.example");
        ck_assert_str_eq(trunk_config_text(&l.items[0], TRUNK_TEXT_proxies), "a.example [2001:db8::1]:5061");
        ck_assert_ptr_null(trunk_platform_text(&l.items[0], TRUNK_TEXT_username));
        ck_assert_str_eq(trunk_platform_text(&l.items[0], TRUNK_TEXT_state), "active");
        ck_assert_ptr_null(trunk_config_text(&l.items[0], TRUNK_TEXT_state));
        ck_assert(l.items[0].is_configured && !l.items[2].is_configured);

        ck_assert_str_eq(l.items[1].username, "bob");
        ck_assert_str_eq(l.items[1].realm, "platform");
        ck_assert_ptr_null(l.items[1].method);
        ck_assert_ptr_null(l.items[1].domain);
        ck_assert_ptr_null(l.items[2].username);
        ck_assert_ptr_null(l.items[2].password); /* no longer configured */
        trunk_list_clear(&l);
}
END_TEST

START_TEST(extra_trunks_are_appended_once) {
        _cleanup_(config_freep) struct config *c = parse("trunks:\n"
                                                         "- {name: Local, extra: true, proxies: [a.example]}\n"
                                                         "- {id: x-9, extra: true}\n"
                                                         "- {id: x-8, name: Eight, extra: true}\n"
                                                         "- {name: Listed, extra: true}\n"
                                                         "- {name: Elsewhere}\n");
        struct trunk_list l = {0};
        add(&l, TRUNK_LISTED, "7", "Listed");
        ck_assert_int_eq(trunk_list_merge(&l, c), 0);
        ck_assert_uint_eq(l.n, 4);
        struct trunk *local = trunk_list_find(&l, "Local"), *nine = trunk_list_find(&l, "x-9"), *eight = trunk_list_find(&l, "Eight");
        ck_assert_str_eq(local->id, "local:Local");
        ck_assert_int_eq(local->origin, TRUNK_EXTRA);
        ck_assert_str_eq(local->proxies, "a.example");
        ck_assert_str_eq(nine->name, "x-9");
        ck_assert_str_eq(eight->id, "x-8");
        ck_assert_int_eq(l.items[0].origin, TRUNK_LISTED);
        ck_assert_int_eq(trunk_list_merge(&l, c), 0);
        ck_assert_uint_eq(l.n, 4);
        trunk_list_clear(&l);
}
END_TEST

START_TEST(a_remembered_local_trunk_is_extra_again) {
        _cleanup_(config_freep) struct config *c = parse("trunks: [{name: Local, extra: true}, {name: Far, extra: true}]");
        struct trunk_list l = {0};
        add(&l, TRUNK_REMEMBERED, "local:Local", "Local");
        add(&l, TRUNK_REMEMBERED, "9", "Far");
        ck_assert_int_eq(trunk_list_merge(&l, c), 0);
        ck_assert_uint_eq(l.n, 2);
        ck_assert_int_eq(l.items[0].origin, TRUNK_EXTRA);
        ck_assert_int_eq(l.items[1].origin, TRUNK_REMEMBERED);
        trunk_list_clear(&l);
}
END_TEST

/* As many as there may be, against the order of the entries. */
START_TEST(merges_the_largest_listing) {
        char *yaml = NULL;
        size_t size;
        FILE *out = open_memstream(&yaml, &size);
        ck_assert_ptr_nonnull(out);
        (void)fputs("trunks:\n", out);
        for (unsigned i = 0; i < TRUNK_LIST_MAX; i++)
                (void)fprintf(out, "- {%s: '%05u', username: u%u}\n", i % 2 ? "id" : "name", i, i);
        ck_assert_int_eq(fclose(out), 0);
        _cleanup_(config_freep) struct config *c = parse(yaml);
        free(yaml);
        struct trunk_list l = {0};
        for (unsigned i = TRUNK_LIST_MAX; i-- > 0;) {
                char text[16], expected[16];
                (void)snprintf(text, sizeof text, "%05u", i);
                (void)snprintf(expected, sizeof expected, "n%05u", i);
                add(&l, TRUNK_LISTED, i % 2 ? text : expected, i % 2 ? expected : text);
        }
        ck_assert_int_eq(trunk_list_merge(&l, c), 0);
        for (unsigned i = 0; i < TRUNK_LIST_MAX; i++) {
                char expected[16];
                (void)snprintf(expected, sizeof expected, "u%u", TRUNK_LIST_MAX - 1 - i);
                ck_assert_str_eq(l.items[i].username, expected);
        }
        trunk_list_clear(&l);
}
END_TEST

int main(void) {
        Suite *suite = suite_create("trunk");
        TCase *tc = tcase_create("trunk");
        tcase_add_test(tc, every_text_has_a_name_and_a_place);
        tcase_add_test(tc, finds_by_id_before_name);
        tcase_add_test(tc, has_a_limit);
        tcase_add_loop_test(tc, kind_of_a_trunk, 0, (int)ELEMENTS(kinds));
        tcase_add_test(tc, a_secret_makes_an_unknown_kind_digest);
        tcase_add_loop_test(tc, what_the_platform_claims, 0, (int)ELEMENTS(claims));
        tcase_add_test(tc, configuration_overrides_the_platform);
        tcase_add_test(tc, extra_trunks_are_appended_once);
        tcase_add_test(tc, a_remembered_local_trunk_is_extra_again);
        tcase_add_test(tc, merges_the_largest_listing);
        suite_add_tcase(suite, tc);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed != 0;
}
