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

#define UDP true, TARGET_UDP
#define TCP true, TARGET_TCP
#define TLS true, TARGET_TLS
#define ANY false, TARGET_UDP
#define NOWHERE 0, NULL, 0, ANY, NULL

static const struct {
        const char *proxies, *domain, *request_uri, *transport;
        int outcome;
        size_t n;
        const char *host; /* of the first */
        uint16_t port;
        bool has_transport;
        enum target_transport via;
        const char *text;
} targets[] = {
        {"sbc1:5070 sbc2", "d", "sip:r", NULL, 0, 2, "sbc1", 5070, ANY, "sbc1:5070"},
        {"sbc1 sbc2:5070", "d", "sip:r", "udp", 0, 2, "sbc1", 0, UDP, "sbc1"},
        {"192.0.2.1", NULL, NULL, "TCP", 0, 1, "192.0.2.1", 0, TCP, "192.0.2.1"},
        {"192.0.2.1", NULL, NULL, "tls", 0, 1, "192.0.2.1", 0, TLS, "192.0.2.1"},
        {"192.0.2.1:5060", NULL, NULL, "TLS", 0, 1, "192.0.2.1", 5060, TLS, "192.0.2.1:5060"},
        {"[2001:db8::1]", NULL, NULL, NULL, 0, 1, "2001:db8::1", 0, ANY, "[2001:db8::1]"},
        {"[2001:db8::1]:65535 x", NULL, NULL, NULL, 0, 2, "2001:db8::1", 65535, ANY, "[2001:db8::1]:65535"},
        {"s1 s2 s3 s4 s5 s6 s7 s8", NULL, NULL, NULL, 0, 8, "s1", 0, ANY, "s1"},
        {"s1 s2 s3 s4 s5 s6 s7 s8 s9", NULL, NULL, NULL, 0, TARGETS_MAX, "s1", 0, ANY, "s1"},
        {NULL, "carrier.example", "sip:r", NULL, 0, 1, "carrier.example", 0, ANY, "carrier.example"},
        {"", "carrier.example:5080", NULL, NULL, 0, 1, "carrier.example", 5080, ANY, "carrier.example:5080"},
        {NULL, NULL, "sip:carrier.example", "", 0, 1, "carrier.example", 0, ANY, "carrier.example"},
        {NULL, NULL, "sip:alice@carrier.example:5080;transport=udp?x=y", NULL, 0, 1, "carrier.example", 5080, UDP, "carrier.example:5080"},
        /* the transport of the request URI, where the trunk says nothing */
        {"sbc", "d", "sip:r;x=y;Transport=TLS", NULL, 0, 1, "sbc", 0, TLS, "sbc"},
        {"sbc", "d", "sip:r;transport=tcp", "udp", 0, 1, "sbc", 0, UDP, "sbc"},
        {"sbc", "d", "sip:r;transport=sctp", "udp", 0, 1, "sbc", 0, UDP, "sbc"},
        {"sbc", "d", "sip:r;transport=sctp", NULL, TARGET_NO_TRANSPORT, NOWHERE},
        {"sbc", "d", "sip:r;transport=", NULL, 0, 1, "sbc", 0, ANY, "sbc"},
        {"sbc", "d", "sip:r;xtransport=tcp;transporting=tcp", NULL, 0, 1, "sbc", 0, ANY, "sbc"},
        {"sbc", "d", "sip:r?x=;transport=tcp", NULL, 0, 1, "sbc", 0, ANY, "sbc"}, /* of its headers */
        {"sbc", "d", "sip:u;transport=tcp@r", NULL, 0, 1, "sbc", 0, ANY, "sbc"},  /* of its user */
        {NULL, "", "sips:[2001:db8::1]:5081", NULL, 0, 1, "2001:db8::1", 5081, TLS, "[2001:db8::1]:5081"},
        {NULL, "d", "SIPS:r;transport=tcp", NULL, 0, 1, "d", 0, TLS, "d"}, /* RFC 3261 section 26.2.2: TLS over TCP */
        {NULL, "d", "sips:r;transport=sctp", NULL, TARGET_NO_TRANSPORT, NOWHERE},
        {NULL, "d", "sips:r", "udp", 0, 1, "d", 0, UDP, "d"},
        /* its maddr, where no proxy is named; its port goes with it */
        {NULL, "d:1", "sip:r:5080;maddr=192.0.2.9", NULL, 0, 1, "192.0.2.9", 5080, ANY, "192.0.2.9"},
        {NULL, "d:1", "sip:r;maddr=192.0.2.9", NULL, 0, 1, "192.0.2.9", 0, ANY, "192.0.2.9"},
        {NULL, NULL, "sip:r;maddr=[2001:db8::9];transport=tcp", NULL, 0, 1, "2001:db8::9", 0, TCP, "[2001:db8::9]"},
        {"sbc", "d", "sip:r:5080;maddr=192.0.2.9", NULL, 0, 1, "sbc", 0, ANY, "sbc"},
        {NULL, "d", "sip:r:5080", NULL, 0, 1, "d", 0, ANY, "d"},
        {NULL, "d", "sip:r;maddr=", NULL, 0, 1, "d", 0, ANY, "d"},
        {NULL, NULL, NULL, NULL, TARGET_NONE, NOWHERE},
        {"", "", "", "udp", TARGET_NONE, NOWHERE},
        {NULL, NULL, NULL, "", TARGET_NONE, NOWHERE},
        {NULL, NULL, "no-scheme", NULL, TARGET_NONE, NOWHERE},
        {"sbc:0", NULL, NULL, NULL, TARGET_UNREADABLE, NOWHERE},
        {"sbc:65536", NULL, NULL, NULL, TARGET_UNREADABLE, NOWHERE},
        {"sbc:", NULL, NULL, NULL, TARGET_UNREADABLE, NOWHERE},
        {":5060", NULL, NULL, NULL, TARGET_UNREADABLE, NOWHERE},
        {"sbc:port", NULL, NULL, NULL, TARGET_UNREADABLE, NOWHERE},
        {"[2001:db8::1", NULL, NULL, NULL, TARGET_UNREADABLE, NOWHERE},
        {"[2001:db8::1]5060", NULL, NULL, NULL, TARGET_UNREADABLE, NOWHERE},
        {"2001:db8::1", NULL, NULL, NULL, TARGET_UNREADABLE, NOWHERE},
        {"sip:sbc", "d", NULL, NULL, TARGET_UNREADABLE, NOWHERE}, /* and the domain does not hide it */
        {"sbc 2001:db8::1", "d", NULL, NULL, TARGET_UNREADABLE, NOWHERE},
        {"a/b", NULL, NULL, NULL, TARGET_UNREADABLE, NOWHERE},
        {NULL, "a@b", NULL, NULL, TARGET_UNREADABLE, NOWHERE},
        {NULL, "d", "sip:r;maddr=a/b", NULL, TARGET_UNREADABLE, NOWHERE},
        {"sbc", NULL, NULL, "sctp", TARGET_NO_TRANSPORT, NOWHERE},
};

START_TEST(finds_the_targets) {
        struct trunk t;
        struct target got[TARGETS_MAX];
        size_t n = 77;
        make_trunk(&t, targets[_i].proxies, targets[_i].domain, targets[_i].request_uri, targets[_i].transport, NULL);
        ck_assert_int_eq(target_list(got, &n, &t), targets[_i].outcome);
        if (targets[_i].outcome == 0) {
                ck_assert_uint_eq(n, targets[_i].n);
                ck_assert_str_eq(got[0].host, targets[_i].host);
                ck_assert_uint_eq(got[0].port, targets[_i].port);
                ck_assert_int_eq(got[0].has_transport, targets[_i].has_transport);
                ck_assert_int_eq(got[0].transport, targets[_i].via);
                ck_assert_str_eq(got[0].text, targets[_i].text);
        } else {
                ck_assert_uint_eq(n, 77);
        }
        trunk_clear(&t);
}
END_TEST

START_TEST(keeps_the_order_of_proxies) {
        static const char *const texts[] = {"sbc1:5070", "192.0.2.1", "[2001:db8::1]:5080"}, *const hosts[] = {"sbc1", "192.0.2.1",
                                                                                                               "2001:db8::1"};
        static const uint16_t ports[] = {5070, 0, 5080};
        struct trunk t;
        struct target got[TARGETS_MAX];
        size_t n;
        make_trunk(&t, "sbc1:5070 192.0.2.1 [2001:db8::1]:5080", NULL, NULL, "tls", NULL);
        ck_assert_int_eq(target_list(got, &n, &t), 0);
        ck_assert_uint_eq(n, ELEMENTS(texts));
        for (size_t i = 0; i < n; i++) {
                ck_assert_str_eq(got[i].text, texts[i]);
                ck_assert_str_eq(got[i].host, hosts[i]);
                ck_assert_uint_eq(got[i].port, ports[i]);
                ck_assert(got[i].has_transport && got[i].transport == TARGET_TLS);
        }
        trunk_clear(&t);
}
END_TEST

static const struct {
        const char *contact;
        int outcome;
        const char *host;
        uint16_t port;
        bool has_transport;
        enum target_transport via;
} contacts[] = {
        {"<sip:sbc2.example>", 0, "sbc2.example", 0, ANY},
        {"sip:sbc2.example:5070", 0, "sbc2.example", 5070, ANY},
        {"\"SBC, 2\" <sip:alice@192.0.2.2:5070;transport=tcp>;q=0.7", 0, "192.0.2.2", 5070, TCP},
        {"<SIP:[2001:db8::2];transport=TLS;lr>;expires=3600", 0, "2001:db8::2", 0, TLS},
        {"<sip:sbc2.example>;transport=tcp", 0, "sbc2.example", 0, ANY}, /* a parameter of the header */
        {"<sips:sbc2.example:5061>", 0, "sbc2.example", 5061, TLS},
        {"<sips:sbc2.example;transport=tcp>", 0, "sbc2.example", 0, TLS},
        {"<sip:sbc2.example:5080;maddr=192.0.2.3>", 0, "192.0.2.3", 5080, ANY},
        {"<sip:sbc2.example?subject=x>", 0, "sbc2.example", 0, ANY},
        {"<sip:sbc2.example;transport=sctp>", TARGET_NO_TRANSPORT, NULL, 0, ANY},
        {"<sip:sbc2.example:port>", TARGET_UNREADABLE, NULL, 0, ANY},
        {"<sip:>", TARGET_UNREADABLE, NULL, 0, ANY},
        {"<sip:alice@>", TARGET_UNREADABLE, NULL, 0, ANY},
        {"sip:", TARGET_UNREADABLE, NULL, 0, ANY},
        {"<tel:112>", TARGET_NONE, NULL, 0, ANY},
        {"<mailto:alice@sbc2.example>", TARGET_NONE, NULL, 0, ANY},
        {"*", TARGET_NONE, NULL, 0, ANY},
        {"", TARGET_NONE, NULL, 0, ANY},
};

START_TEST(reads_contacts) {
        struct target got = {.port = 77};
        /* A copy of its own size: a byte read behind it is found. */
        size_t n = strlen(contacts[_i].contact);
        char *exact = malloc(n > 0 ? n : 1);
        ck_assert_ptr_nonnull(exact);
        memcpy(exact, contacts[_i].contact, n);
        ck_assert_int_eq(target_of_contact(&got, (struct span){exact, n}), contacts[_i].outcome);
        free(exact);
        if (contacts[_i].outcome == 0) {
                ck_assert_str_eq(got.host, contacts[_i].host);
                ck_assert_uint_eq(got.port, contacts[_i].port);
                ck_assert_int_eq(got.has_transport, contacts[_i].has_transport);
                ck_assert_int_eq(got.transport, contacts[_i].via);
        } else {
                ck_assert_uint_eq(got.port, 77);
        }
}
END_TEST

static const struct {
        const char *proxies, *domain, *request_uri, *name; /* NULL = none */
} domains[] = {
        {"sbc", "carrier.example", "sip:r", "carrier.example"},
        {"sbc", "carrier.example:5080", NULL, "carrier.example"},
        {"sbc", "[2001:db8::1]:5080", NULL, "2001:db8::1"},
        {"sbc", NULL, "sips:alice@r.example:5061;x", "r.example"},
        {"sbc", "", "sip:r.example;maddr=192.0.2.1", "r.example"},
        {"sbc", NULL, NULL, NULL},
        {"sbc", "a b", "sip:r", NULL},
        {"sbc", NULL, "no-scheme", NULL},
};

START_TEST(knows_the_domain) {
        struct trunk t;
        char got[TARGET_HOST_MAX] = "untouched";
        make_trunk(&t, domains[_i].proxies, domains[_i].domain, domains[_i].request_uri, NULL, NULL);
        ck_assert_int_eq(target_domain(&t, got), domains[_i].name != NULL);
        ck_assert_str_eq(got, domains[_i].name ? domains[_i].name : "untouched");
        trunk_clear(&t);
}
END_TEST

START_TEST(names_transports_and_ports) {
        ck_assert_str_eq(target_transport_name(TARGET_UDP), "UDP");
        ck_assert_str_eq(target_transport_name(TARGET_TCP), "TCP");
        ck_assert_str_eq(target_transport_name(TARGET_TLS), "TLS");
        ck_assert_uint_eq(target_default_port(TARGET_UDP), 5060);
        ck_assert_uint_eq(target_default_port(TARGET_TCP), 5060);
        ck_assert_uint_eq(target_default_port(TARGET_TLS), 5061);
}
END_TEST

/* The URIs for the first target, at the port that is written or else 5060. */
static int uris_of(struct target_uris *ret, const struct trunk *t) {
        struct target all[TARGETS_MAX];
        size_t n;
        ck_assert_int_eq(target_list(all, &n, t), 0);
        return target_uris_of(ret, t, all[0].host, all[0].port ? all[0].port : target_default_port(TARGET_UDP));
}

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
        struct target_uris got;
        make_trunk(&t, uris[_i].proxies, uris[_i].domain, uris[_i].request_uri, NULL, uris[_i].username);
        ck_assert_int_eq(uris_of(&got, &t), 0);
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
        struct target_uris got = {.aor = "untouched"};
        make_trunk(&t, "sbc", unreadable[_i].domain, unreadable[_i].request_uri, NULL, "a");
        ck_assert_int_eq(uris_of(&got, &t), TARGET_UNREADABLE);
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
                struct target_uris got;
                make_trunk(&t, "sbc", "d", _i == 0 ? text : NULL, NULL, _i == 1 ? text + 8 : "a");
                size_t longest = _i == 0 ? n + 1 + 5 : n + 1 - 8 + 6; /* with ":5060"; with "sip:" and "@d" */
                int r = uris_of(&got, &t);
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
        tcase_add_loop_test(tc, finds_the_targets, 0, (int)ELEMENTS(targets));
        tcase_add_test(tc, keeps_the_order_of_proxies);
        tcase_add_loop_test(tc, reads_contacts, 0, (int)ELEMENTS(contacts));
        tcase_add_loop_test(tc, knows_the_domain, 0, (int)ELEMENTS(domains));
        tcase_add_test(tc, names_transports_and_ports);
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
