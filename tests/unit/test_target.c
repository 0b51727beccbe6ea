/* test_target.c: where a carrier is, and the URIs of a request to it. */
#include <check.h>

#include "common/target.h"

static void make_trunk(struct trunk *t, const char *proxies, const char *domain, const char *request_uri, const char *transport,
                       const char *username) {
        *t = (struct trunk){0};
        ck_assert_int_eq(trunk_set(t, TRUNK_TEXT_proxies, span_of(proxies)), 0);
        ck_assert_int_eq(trunk_set(t, TRUNK_TEXT_domain, span_of(domain)), 0);
        ck_assert_int_eq(trunk_set(t, TRUNK_TEXT_request_uri, span_of(request_uri)), 0);
        ck_assert_int_eq(trunk_set(t, TRUNK_TEXT_transport, span_of(transport)), 0);
        ck_assert_int_eq(trunk_set(t, TRUNK_TEXT_username, span_of(username)), 0);
}

static const struct {
        const char *proxies, *domain, *request_uri, *transport;
        int outcome;
        const char *host;
        uint16_t port;
        enum target_transport via;
        const char *text;
} targets[] = {
        {"sbc1:5070 sbc2", "d", "sip:r", NULL, 0, "sbc1", 5070, TARGET_UDP, "sbc1:5070"},
        {"sbc1 sbc2:5070", "d", "sip:r", "udp", 0, "sbc1", 5060, TARGET_UDP, "sbc1:5060"},
        {"192.0.2.1", NULL, NULL, "TCP", 0, "192.0.2.1", 5060, TARGET_TCP, "192.0.2.1:5060"},
        {"192.0.2.1", NULL, NULL, "tls", 0, "192.0.2.1", 5061, TARGET_TLS, "192.0.2.1:5061"},
        {"192.0.2.1:5060", NULL, NULL, "TLS", 0, "192.0.2.1", 5060, TARGET_TLS, "192.0.2.1:5060"},
        {"[2001:db8::1]", NULL, NULL, NULL, 0, "2001:db8::1", 5060, TARGET_UDP, "[2001:db8::1]:5060"},
        {"[2001:db8::1]:65535 x", NULL, NULL, NULL, 0, "2001:db8::1", 65535, TARGET_UDP, "[2001:db8::1]:65535"},
        {NULL, "carrier.example", "sip:r", NULL, 0, "carrier.example", 5060, TARGET_UDP, "carrier.example:5060"},
        {"", "carrier.example:5080", NULL, NULL, 0, "carrier.example", 5080, TARGET_UDP, "carrier.example:5080"},
        {NULL, NULL, "sip:carrier.example", NULL, 0, "carrier.example", 5060, TARGET_UDP, "carrier.example:5060"},
        {NULL, NULL, "sip:alice@carrier.example:5080;transport=udp?x=y", NULL, 0, "carrier.example", 5080, TARGET_UDP,
         "carrier.example:5080"},
        {NULL, "", "sips:[2001:db8::1]:5081", NULL, 0, "2001:db8::1", 5081, TARGET_UDP, "[2001:db8::1]:5081"},
        {NULL, NULL, NULL, NULL, TARGET_NONE, NULL, 0, TARGET_UDP, NULL},
        {"", "", "", "udp", TARGET_NONE, NULL, 0, TARGET_UDP, NULL},
        {NULL, NULL, "no-scheme", NULL, TARGET_NONE, NULL, 0, TARGET_UDP, NULL},
        {"sbc:0", NULL, NULL, NULL, TARGET_UNREADABLE, NULL, 0, TARGET_UDP, NULL},
        {"sbc:65536", NULL, NULL, NULL, TARGET_UNREADABLE, NULL, 0, TARGET_UDP, NULL},
        {"sbc:", NULL, NULL, NULL, TARGET_UNREADABLE, NULL, 0, TARGET_UDP, NULL},
        {":5060", NULL, NULL, NULL, TARGET_UNREADABLE, NULL, 0, TARGET_UDP, NULL},
        {"sbc:port", NULL, NULL, NULL, TARGET_UNREADABLE, NULL, 0, TARGET_UDP, NULL},
        {"[2001:db8::1", NULL, NULL, NULL, TARGET_UNREADABLE, NULL, 0, TARGET_UDP, NULL},
        {"[2001:db8::1]5060", NULL, NULL, NULL, TARGET_UNREADABLE, NULL, 0, TARGET_UDP, NULL},
        {"2001:db8::1", NULL, NULL, NULL, TARGET_UNREADABLE, NULL, 0, TARGET_UDP, NULL},
        {"sip:sbc", "d", NULL, NULL, TARGET_UNREADABLE, NULL, 0, TARGET_UDP, NULL}, /* and the domain does not hide it */
        {"a/b", NULL, NULL, NULL, TARGET_UNREADABLE, NULL, 0, TARGET_UDP, NULL},
        {NULL, "a@b", NULL, NULL, TARGET_UNREADABLE, NULL, 0, TARGET_UDP, NULL},
        {"sbc", NULL, NULL, "sctp", TARGET_NO_TRANSPORT, NULL, 0, TARGET_UDP, NULL},
        {NULL, NULL, NULL, "", TARGET_NO_TRANSPORT, NULL, 0, TARGET_UDP, NULL},
};

START_TEST(finds_the_target) {
        struct trunk t;
        struct target got = {.port = 77};
        make_trunk(&t, targets[_i].proxies, targets[_i].domain, targets[_i].request_uri, targets[_i].transport, NULL);
        ck_assert_int_eq(target_of(&got, &t), targets[_i].outcome);
        if (targets[_i].outcome == 0) {
                ck_assert_str_eq(got.host, targets[_i].host);
                ck_assert_uint_eq(got.port, targets[_i].port);
                ck_assert_int_eq(got.transport, targets[_i].via);
                ck_assert_str_eq(got.text, targets[_i].text);
        } else {
                ck_assert_uint_eq(got.port, 77);
        }
        trunk_clear(&t);
}
END_TEST

static const struct {
        const char *proxies, *domain, *request_uri, *username;
        const char *request, *other_port, *aor;
} uris[] = {
        {"sbc:5070", "carrier.example", NULL, "alice", "sip:carrier.example", "sip:carrier.example:5070", "sip:alice@carrier.example"},
        {"sbc", "carrier.example", NULL, NULL, "sip:carrier.example", "sip:carrier.example:5060", "sip:carrier.example"},
        {NULL, "carrier.example:5080", NULL, "a", "sip:carrier.example:5080", "sip:carrier.example", "sip:a@carrier.example:5080"},
        {"sbc:5070", NULL, NULL, "a", "sip:sbc", "sip:sbc:5070", "sip:a@sbc"},
        {"[2001:db8::1]:5070", NULL, NULL, "a", "sip:[2001:db8::1]", "sip:[2001:db8::1]:5070", "sip:a@[2001:db8::1]"},
        {NULL, "[2001:db8::1]:5070", NULL, "a", "sip:[2001:db8::1]:5070", "sip:[2001:db8::1]", "sip:a@[2001:db8::1]:5070"},
        {"sbc:5070", "d", "sip:r.example;transport=udp", "a", "sip:r.example;transport=udp", "sip:r.example:5070;transport=udp", "sip:a@d"},
        {"sbc", "d", "sip:r.example:5080;x=y?h=v", "a", "sip:r.example:5080;x=y?h=v", "sip:r.example;x=y?h=v", "sip:a@d"},
        {"sbc", NULL, "sip:u@r.example", "a", "sip:u@r.example", "sip:u@r.example:5060", "sip:a@r.example"},
        {"sbc", NULL, "sip:u:p@r.example:1", "a", "sip:u:p@r.example:1", "sip:u:p@r.example", "sip:a@r.example:1"},
        {"sbc", "d", "sip:[2001:db8::1]:5070;x", "a", "sip:[2001:db8::1]:5070;x", "sip:[2001:db8::1];x", "sip:a@d"},
        {"sbc", "d", "sips:r", "a", "sips:r", "sips:r:5060", "sip:a@d"},
        /* users: the part before '@'; what is not unreserved is escaped */
        {"sbc", "d", NULL, "alice@other.example", "sip:d", "sip:d:5060", "sip:alice@d"},
        {"sbc", "d", NULL, "+61 2\"<>;:%/\303\244", "sip:d", "sip:d:5060", "sip:+61%202%22%3C%3E%3B%3A%25%2F%C3%A4@d"},
        {"sbc", "d", NULL, "a\r\nX: y", "sip:d", "sip:d:5060", "sip:a%0D%0AX%3A%20y@d"},
        {"sbc", "d", NULL, "-_.!~*'()&=+$,", "sip:d", "sip:d:5060", "sip:-_.!~*'()&=+$,@d"},
        {"sbc", "d", NULL, "", "sip:d", "sip:d:5060", "sip:d"},
        {"sbc", "d", NULL, "@d", "sip:d", "sip:d:5060", "sip:d"},
};

START_TEST(writes_uris) {
        struct trunk t;
        struct target target;
        struct target_uris got;
        make_trunk(&t, uris[_i].proxies, uris[_i].domain, uris[_i].request_uri, NULL, uris[_i].username);
        ck_assert_int_eq(target_of(&target, &t), 0);
        ck_assert_int_eq(target_uris_of(&got, &t, &target), 0);
        ck_assert_str_eq(got.request, uris[_i].request);
        ck_assert_str_eq(got.other_port, uris[_i].other_port);
        ck_assert_str_eq(got.aor, uris[_i].aor);
        trunk_clear(&t);
}
END_TEST

/* What the platform wrote must not become part of a request's grammar. */
static const struct {
        const char *domain, *request_uri;
} unreadable[] = {
        {"d>;tag=x", NULL},        {"d\r\nX: y", NULL},       {"a b", NULL},          {"u@d", NULL},        {"d;x=y", NULL},
        {"d:port", NULL},          {"d", "no-scheme"},        {"d", "sip:"},          {"d", "sip:u@"},      {"d", "sip:[2001:db8::1"},
        {"d", "tel:+61299999999"}, {"d", "http://r.example"}, {"d", "sip:r SIP/2.0"}, {"d", "sip:r;x=\"y"}, {"d", "sip:r;x=\\"},
        {"d", "<sip:r>"},          {"d", "sip:r;x=<y>"},      {"d", "sip:r\r\nX: y"}, {"d", "sip:r;\177"},  {"d", "sip:r;\303\244"},
        {NULL, "sip:r;x=<y>"},
};

START_TEST(refuses_what_is_no_uri) {
        struct trunk t;
        struct target target;
        struct target_uris got = {.aor = "untouched"};
        make_trunk(&t, "sbc", unreadable[_i].domain, unreadable[_i].request_uri, NULL, "a");
        ck_assert_int_eq(target_of(&target, &t), 0);
        ck_assert_int_eq(target_uris_of(&got, &t, &target), TARGET_UNREADABLE);
        ck_assert_str_eq(got.aor, "untouched");
        trunk_clear(&t);
}
END_TEST

/* Every length around the limit: written whole or not at all. */
START_TEST(uris_have_a_limit) {
        char text[2 * TARGET_URI_MAX] = "sip:d;x=";
        for (size_t n = strlen(text); n < sizeof text - 1; n++) {
                text[n] = 'y';
                struct trunk t;
                struct target target;
                struct target_uris got;
                make_trunk(&t, "sbc", "d", _i == 0 ? text : NULL, NULL, _i == 1 ? text + 8 : "a");
                ck_assert_int_eq(target_of(&target, &t), 0);
                size_t longest = _i == 0 ? n + 1 + 5 : n + 1 - 8 + 6; /* with ":5060"; with "sip:" and "@d" */
                int r = target_uris_of(&got, &t, &target);
                /* The user's own buffer keeps room for a last escaped octet. */
                if (_i == 0 || longest >= TARGET_URI_MAX)
                        ck_assert_int_eq(r, longest < TARGET_URI_MAX ? 0 : -ENOBUFS);
                trunk_clear(&t);
        }
}
END_TEST

int main(void) {
        Suite *suite = suite_create("target");
        TCase *tc = tcase_create("target");
        tcase_add_loop_test(tc, finds_the_target, 0, (int)ELEMENTS(targets));
        tcase_add_loop_test(tc, writes_uris, 0, (int)ELEMENTS(uris));
        tcase_add_loop_test(tc, refuses_what_is_no_uri, 0, (int)ELEMENTS(unreadable));
        tcase_add_loop_test(tc, uris_have_a_limit, 0, 2);
        suite_add_tcase(suite, tc);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed != 0;
}
