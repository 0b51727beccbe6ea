/* test_host_port.c: hosts, addresses and ports. */
#include <check.h>

#include "common/host_port.h"

START_TEST(hosts) {
        static const struct {
                const char *text, *host;
                bool literal;
                uint16_t port;
        } right[] = {
                {"a", "a", false, 0},
                {"sbc-1.carrier_x.example:65535", "sbc-1.carrier_x.example", false, 65535},
                {"3com.example:1", "3com.example", false, 1},
                {"192.0.2.1", "192.0.2.1", true, 0},
                {"192.0.2.1:5061", "192.0.2.1", true, 5061},
                {"[::]", "::", true, 0},
                {"[::1]:5060", "::1", true, 5060},
                {"[1:2:3:4:5:6:7:8]", "1:2:3:4:5:6:7:8", true, 0},
                {"[1:2:3:4:5:6:7::]", "1:2:3:4:5:6:7::", true, 0},
                {"[::ffff:192.0.2.1]:1", "::ffff:192.0.2.1", true, 1},
                {"[1:2:3:4:5:6:192.0.2.1]", "1:2:3:4:5:6:192.0.2.1", true, 0},
                {"[2001:DB8::a:0]", "2001:DB8::a:0", true, 0},
        };
        static const char *const wrong[] = {
                "",
                ":1",
                "a..b",
                ".a",
                "a/b",
                "a b",
                "a@b",
                "1.2.3",
                "1.2.3.4.5",
                "01.2.3.4",
                "a:-1",
                "a:1:2",
                "a:005060",
                "a:99999",
                "[]",
                "[:]",
                "[:::]",
                "[1:2:3:4:5:6:7]",
                "[1:2:3:4:5:6:7:8:9]",
                "[1::2::3]",
                "[12345::]",
                "[1:2:3:4:5:6:7:8::]",
                "[::1%eth0]",
                "[1:]",
                "[::1.2.3]",
                "[1:2:3:4:5:6:7:1.2.3.4]",
                "[::1]:",
                "[::1]x",
                "[a]",
                "\xc3\xa4.example",
                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example",
        };
        for (size_t i = 0; i < ELEMENTS(right); i++) {
                struct host_port hp;
                ck_assert_msg(host_port_parse(&hp, span_of(right[i].text)) == NULL, "%s", right[i].text);
                ck_assert(span_eq(hp.host, span_of(right[i].host)));
                ck_assert_int_eq(hp.literal, right[i].literal);
                ck_assert_uint_eq(hp.port, right[i].port);
        }
        for (size_t i = 0; i < ELEMENTS(wrong); i++) {
                struct host_port hp = {.port = 7};
                ck_assert_msg(host_port_parse(&hp, span_of(wrong[i])) != NULL, "%s", wrong[i]);
                ck_assert_uint_eq(hp.port, 7);
        }
}
END_TEST

int main(void) {
        Suite *suite = suite_create("host_port");
        TCase *tc = tcase_create("host_port");
        tcase_add_test(tc, hosts);
        suite_add_tcase(suite, tc);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed != 0;
}
