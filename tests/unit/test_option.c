/* test_option.c: what is said about every mistake of a configuration, and at which place. */
#include "config_text.h"

#define REFERENCE "is not a reference to a secret (write {credential: NAME} or {file: PATH}; a secret itself never stands here)\n"
#define ANCHOR "anchors (&) and aliases (*) are not used here (write the value out; quote a text that begins so)\n"
#define NO_DURATION "is not a duration (write for example 5m)\n"
#define NOT_A_HOST "is not a host (write sbc.example.net, 192.0.2.1 or [2001:db8::1], and :5060 for a port)\n"
#define METHODS "is not known here (write one of: REGISTER, OPTIONS)\n"
#define REGIONS                                                                                                                      \
        "us-east-1, us-east-2, us-west-2, ca-central-1, sa-east-1, mx-central-1, eu-west-1, eu-west-2, eu-central-1, eu-central-2, " \
        "eusc-de-east-1, me-central-1, ap-northeast-1, ap-northeast-2, ap-northeast-3, ap-south-1, ap-southeast-1, ap-southeast-2"

/* A section or a trunk around one pair, so that its column is known. */
#define PLATFORM(pair) "platform: {region: us-east-1, " OAUTH ", " pair "}"
#define TRUNK(pair) "trunks: [{extra: true, name: n, " pair "}]"

static const struct {
        const char *yaml, *complaints;
} mistakes[] = {
        /* durations */
        {"schedule:\n  interval: 5x\n", NOTHING "2:13: schedule.interval: \"5x\" " NO_DURATION},
        {"schedule: {interval: 1h30m}", NOTHING "1:22: schedule.interval: \"1h30m\" " NO_DURATION},
        {"schedule: {interval: 5 m}", NOTHING "1:22: schedule.interval: \"5 m\" " NO_DURATION},
        {"schedule: {interval: -5m}", NOTHING "1:22: schedule.interval: \"-5m\" " NO_DURATION},
        {"schedule: {interval: 1.5h}", NOTHING "1:22: schedule.interval: \"1.5h\" " NO_DURATION},
        {"schedule: {interval: 5M}", NOTHING "1:22: schedule.interval: \"5M\" " NO_DURATION},
        {"schedule: {interval: h}", NOTHING "1:22: schedule.interval: \"h\" " NO_DURATION},
        {"schedule: {interval: 3600}", NOTHING "1:22: schedule.interval: \"3600\" has no unit (write for example 3600s)\n"},
        {"alerts: {reminder: 0}", NOTHING "1:20: alerts.reminder: \"0\" has no unit (write for example 0s)\n"},
        {"schedule: {interval: 5s, splay: 1s, run_limit: 1s}", NOTHING "1:22: schedule.interval: \"5s\" is too short (10s at least)\n"},
        {"schedule: {interval: 2d}", NOTHING "1:22: schedule.interval: \"2d\" is too long (1d at most)\n"},
        {"schedule: {interval: 99999999999999999999h}",
         NOTHING "1:22: schedule.interval: \"99999999999999999999h\" is too long (1d at most)\n"},
        {"probe: {t1: 18446744073709551616us}", NOTHING "1:13: probe.t1: \"18446744073709551616us\" is too long (10s at most)\n"},
        {"guard: {trunk_answers_per_hour: 0, trunk_answers_per_day: 1, carrier_failures_per_day: 0}", NOTHING},
        {"guard: {trunk_answers_per_day: 11}", NOTHING "1:32: guard.trunk_answers_per_day: 11 is less than trunk_answers_per_hour of 12 "
                                                       "(write a larger one, or 0 for no limit)\n"},
        {"guard: {carrier_failures_per_10m: 9}", NOTHING "1:35: guard.carrier_failures_per_10m: 9 is more than carrier_failures_per_hour "
                                                         "of 8 (write a smaller one, or a larger one there)\n"},
        {"schedule: {interval: 7h}", NOTHING "1:22: schedule.interval: 7h does not divide a day (write for example 15m, 30m, 1h or 2h)\n"},
        {"schedule: {interval: 1h, splay: 1h}",
         NOTHING "1:33: schedule.splay: 1h is not less than the interval of 1h (write a shorter one)\n"},
        {"schedule: {interval: 30m, run_limit: 40m}",
         NOTHING "1:38: schedule.run_limit: 40m is not less than the interval of 30m (write a shorter one)\n"},
        {"schedule: {splay: 2h}", NOTHING "1:19: schedule.splay: 2h is not less than the interval of 1h (write a shorter one)\n"},
        {"schedule: {interval: 5m, run_limit: 1m}",
         NOTHING "1:22: schedule.interval: 5m is not more than the default splay of 5m (write a shorter splay too)\n"},

        /* numbers, truth values, words */
        {"probe: {budget: 4}", NOTHING "1:17: probe.budget: \"4\" is out of range (write 1 to 3)\n"},
        {"probe: {budget: 0}", NOTHING "1:17: probe.budget: \"0\" is out of range (write 1 to 3)\n"},
        {"probe: {budget: 18446744073709551617}", NOTHING "1:17: probe.budget: \"18446744073709551617\" is out of range (write 1 to 3)\n"},
        {"probe: {budget: 0x1}", NOTHING "1:17: probe.budget: \"0x1\" is not a whole number (write 1 to 3)\n"},
        {"probe: {budget: -1}", NOTHING "1:17: probe.budget: \"-1\" is not a whole number (write 1 to 3)\n"},
        {"trunks: [{name: n, extra: yes}]", "1:27: trunks.extra: \"yes\" is not a truth value here (write true)\n"},
        {"trunks: [{name: n, extra: On}]", "1:27: trunks.extra: \"On\" is not a truth value here (write true)\n"},
        {"trunks: [{name: n, extra: True}]", "1:27: trunks.extra: \"True\" is not a truth value here (write true)\n"},
        {"trunks: [{name: n, extra: no}]", "1:27: trunks.extra: \"no\" is not a truth value here (write false)\n"},
        {"trunks: [{name: n, extra: OFF}]", "1:27: trunks.extra: \"OFF\" is not a truth value here (write false)\n"},
        {"trunks: [{name: n, extra: 1}]", "1:27: trunks.extra: \"1\" is not a truth value (write true or false)\n"},
        {"probe: {method: INVITE}", NOTHING "1:17: probe.method: \"INVITE\" " METHODS},
        {TRUNK("method: register2"), "1:41: trunks.method: \"register2\" " METHODS},
        {TRUNK("transport: ws"), "1:44: trunks.transport: \"ws\" is not known here (write one of: udp, tcp, tls)\n"},
        {TRUNK("qop: auth-conf"),
         "1:38: trunks.qop: \"auth-conf\" is not known here (did you mean auth-int? else write one of: auth, auth-int, none)\n"},
        {TRUNK("authentication: basic"), "1:49: trunks.authentication: \"basic\" is not known here (write one of: digest, none)\n"},
        {TRUNK("algorithm: SHA-1"),
         "1:44: trunks.algorithm: \"SHA-1\" is not known here (write one of: MD5, MD5-sess, SHA-256, SHA-256-sess, "
         "SHA-512-256, SHA-512-256-sess, strongest)\n"},
        {"platform: {region: ap-southeast-9, " OAUTH "}",
         "1:20: platform.region: \"ap-southeast-9\" is not known here (did you mean ap-southeast-1? else write one of: " REGIONS ")\n"},

        /* texts */
        {TRUNK("realm: \"a\\nb\""), "1:40: trunks.realm: \"a?b\" has a control character in it (write it without)\n"},
        {TRUNK("realm: \"a\\0b\""), "1:40: trunks.realm: \"a?b\" has a control character in it (write it without)\n"},
        {TRUNK("realm: \"a\\x9bb\""), "1:40: trunks.realm: \"a?b\" has a control character in it (write it without)\n"},
        {TRUNK("realm: \"a\\x7fb\""), "1:40: trunks.realm: \"a?b\" has a control character in it (write it without)\n"},
        {TRUNK("realm: ''"), "1:40: trunks.realm: is empty (write a value, or leave the key out)\n"},
        {TRUNK("realm: ~"), "1:40: trunks.realm: is empty (write a value, or leave the key out)\n"},
        {TRUNK("realm: null"), "1:40: trunks.realm: is empty (write a value, or leave the key out)\n"},
        {"trunks:\n- name:\n", "2:8: trunks.name: is empty (write a value, or leave the key out)\n"},
        {TRUNK("realm: [a]"), "1:40: trunks.realm: is a list where one value is expected (write realm: VALUE)\n"},
        {TRUNK("realm: {a: b}"), "1:40: trunks.realm: is a mapping where one value is expected (write realm: VALUE)\n"},
        {"schedule: {interval: [1h]}", NOTHING "1:22: schedule.interval: is a list where one value is expected (write interval: 1h)\n"},
        {"store: {path: audit.db}", NOTHING "1:15: store.path: \"audit.db\" does not begin with / (write the whole path)\n"},
        {"store: {path: /var/lib/}", NOTHING "1:15: store.path: \"/var/lib/\" is a directory (write the path of a file)\n"},
        {PLATFORM("ca_file: ca.pem"), "1:86: platform.ca_file: \"ca.pem\" does not begin with / (write the whole path)\n"},
        {PLATFORM("path: api"),
         "1:83: platform.path: \"api\" does not begin with / (write for example /api/v2/architect/trunk-connections)\n"},
        {PLATFORM("path: /a?b"), "1:83: platform.path: \"/a?b\" has a character that is not part of a path (write it without query)\n"},
        {PLATFORM("scopes: [a b]"), "1:86: platform.scopes: \"a b\" is not one scope (write each as an item of its own)\n"},
        {TRUNK("request_uri: https://x"),
         "1:46: trunks.request_uri: \"https://x\" is not a SIP URI (write for example sip:carrier.example or sip:carrier.example:5060)\n"},
        {TRUNK("request_uri: '<sip:x>'"),
         "1:46: trunks.request_uri: \"<sip:x>\" is not a SIP URI (write for example sip:carrier.example or sip:carrier.example:5060)\n"},
        {TRUNK("request_uri: 'sip:a b'"),
         "1:46: trunks.request_uri: \"sip:a b\" has a character that is not part of a SIP URI (write it without spaces, quotes and <>)\n"},
        {TRUNK("domain: 'a:5060'"), "1:41: trunks.domain: \"a:5060\" has a port (write the domain alone; a port belongs to proxies)\n"},

        /* hosts */
        {TRUNK("proxies: [a b]"), "1:43: trunks.proxies: \"a b\" " NOT_A_HOST},
        {TRUNK("proxies: [a, 'b:0']"), "1:46: trunks.proxies: \"b:0\" has no port after its colon (1 to 65535)\n"},
        {TRUNK("proxies: ['a:65536']"), "1:43: trunks.proxies: \"a:65536\" has no port after its colon (1 to 65535)\n"},
        {TRUNK("proxies: ['a:']"), "1:43: trunks.proxies: \"a:\" has no port after its colon (1 to 65535)\n"},
        {TRUNK("proxies: ['2001:db8::1']"),
         "1:43: trunks.proxies: \"2001:db8::1\" is an IPv6 address without brackets (write [2001:db8::1]:5060)\n"},
        {TRUNK("proxies: ['[::1']"), "1:43: trunks.proxies: \"[::1\" has no closing bracket (write [2001:db8::1]:5060)\n"},
        {TRUNK("proxies: ['[::1::2]']"),
         "1:43: trunks.proxies: \"[::1::2]\" has no IPv6 address in its brackets (write [2001:db8::1]:5060)\n"},
        {TRUNK("proxies: ['[::1]5060']"), "1:43: trunks.proxies: \"[::1]5060\" goes on after its bracket (write [2001:db8::1]:5060)\n"},
        {TRUNK("proxies: [192.0.2.256]"), "1:43: trunks.proxies: \"192.0.2.256\" " NOT_A_HOST},
        {TRUNK("proxies: a.example"),
         "1:42: trunks.proxies: is one value where a list is expected (write [VALUE, VALUE], or [] for none)\n"},
        {"clock: {servers: ~}", NOTHING "1:18: clock.servers: is empty where a list is expected (write [VALUE, VALUE], or [] for none)\n"},
        {"clock: {servers: [~]}", NOTHING "1:19: clock.servers: is empty (write a value, or leave the key out)\n"},
        {"clock: {servers: [[a]]}", NOTHING "1:19: clock.servers: is a list where one value is expected (write servers: VALUE)\n"},
        {"clock: {servers: [a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a]}", NOTHING "1:18: clock.servers: has 17 items (16 at most)\n"},
        {"dns: {servers: [ns.example]}",
         NOTHING "1:17: dns.servers: \"ns.example\" is a name (a name server is given by address: 192.0.2.53 or [2001:db8::53])\n"},

        /* the platform's URLs */
        {"platform: {" OAUTH "}", "1:11: platform.region: is missing (write region, or login_url and api_url)\n"},
        {"platform: {login_url: 'https://l', " OAUTH "}",
         "1:23: platform.login_url: stands alone (write api_url too, or region, which gives it)\n"},
        {"platform: {api_url: 'https://a', " OAUTH "}",
         "1:21: platform.api_url: stands alone (write login_url too, or region, which gives it)\n"},
        {PLATFORM("api_url: 'https://a'"), ""},
        {PLATFORM("profile: edge"),
         "1:86: platform.profile: \"edge\" is not known here (did you mean edges? else write one of: trunk_connections, edges)\n"},
        {PLATFORM("profile: edges, path: /x"), "1:99: platform.path: stands beside profile edges, whose paths are fixed (leave it out)\n"},
        {PLATFORM("login_url: 'http://l', api_url: 'https://a'"),
         "1:88: platform.login_url: \"http://l\" does not begin with https:// (the platform is asked over https alone)\n"},
        {PLATFORM("login_url: 'https://', api_url: 'https://a/?b'"),
         "1:88: platform.login_url: \"https://\" has no host (write https://HOST)\n"
         "1:109: platform.api_url: \"https://a/?b\" has a character that is not part of it (write https://HOST, with a path if there is "
         "one)\n"},
        {PLATFORM("login_url: 'https://u:hunter2@l', api_url: 'https://a'"),
         "1:88: platform.login_url: the URL names a user (write https://HOST; credentials are client_id and client_secret)\n"},
        {"platform:\n  region: us-east-1\n", "2:3: platform.client_id: is missing (it is required)\n"
                                             "2:3: platform.client_secret: is missing (it is required)\n"},
        {"platform:\n", "1:10: platform.client_id: is missing (it is required)\n1:10: platform.client_secret: is missing (it is required)\n"
                        "1:10: platform.region: is missing (write region, or login_url and api_url)\n"},
        {"platform: {region: us-east-1, client_id: '', client_secret: {file: /s}}",
         "1:42: platform.client_id: is empty (write a value, or leave the key out)\n"},
        {"platform: {region: us-east-1, client_id: 'a:b', client_secret: {file: /s}}",
         "1:42: platform.client_id: \"a:b\" has a colon or a space in it (write the id of the OAuth client)\n"},

        /* secrets: nothing of them is repeated */
        {TRUNK("password: hunter2"), "1:43: trunks.password: " REFERENCE},
        {TRUNK("password: {hunter2}"), "1:43: trunks.password: " REFERENCE},
        {TRUNK("password: [hunter2]"), "1:43: trunks.password: " REFERENCE},
        {TRUNK("password: {}"), "1:43: trunks.password: " REFERENCE},
        {TRUNK("password: ~"), "1:43: trunks.password: " REFERENCE},
        {TRUNK("password: {credential: ''}"), "1:43: trunks.password: " REFERENCE},
        {TRUNK("password: {credential: ~}"), "1:43: trunks.password: " REFERENCE},
        {TRUNK("password: {credential: [a]}"), "1:43: trunks.password: " REFERENCE},
        {TRUNK("password: {credential: a, file: /b}"), "1:43: trunks.password: " REFERENCE},
        {TRUNK("password: {credentials: hunter2}"), "1:43: trunks.password: " REFERENCE},
        {TRUNK("password: {credential: a/b}"),
         "1:43: trunks.password: names a credential by a path (write {credential: NAME}, or {file: PATH} for a path)\n"},
        {TRUNK("password: {credential: ..}"),
         "1:43: trunks.password: names a credential by a path (write {credential: NAME}, or {file: PATH} for a path)\n"},
        {TRUNK("password: {file: hunter2}"),
         "1:43: trunks.password: has a path that does not begin with / (write {file: /DIRECTORY/NAME})\n"},
        {TRUNK("password: {file: \"/a\\tb\"}"), "1:43: trunks.password: has a control character in it (write it without)\n"},
        {TRUNK("password: {file: /a}, ha1: {file: /b}"), "1:60: trunks.ha1: stands beside password (keep one of the two)\n"},

        /* trunks */
        {TRUNK("refresh: true"),
         "1:42: trunks.refresh: has no password to write (write password; a hash cannot be written to the platform)\n"},
        {TRUNK("refresh: true, ha1: {file: /b}"),
         "1:42: trunks.refresh: has no password to write (write password; a hash cannot be written to the platform)\n"},
        {TRUNK("refresh: true, password: {file: /b}"),
         "1:42: trunks.refresh: is for trunks that the platform lists (leave extra or refresh out)\n"},
        {"trunks: [{extra: true, name: n}, {name: m, refresh: true, password: {file: /b}, authentication: none}]",
         "1:53: trunks.refresh: is for digest (leave refresh out, or authentication: none)\n"},
        {"trunks:\n- extra: true\n", "2:3: trunks: has neither id nor name (write the one that the platform shows)\n"},
        {"trunks: [{extra: true, id: a}, {id: b}, {id: a}]",
         "1:41: trunks.id: is the same as in line 1 (write one entry for each trunk)\n"},
        {"trunks:\n- {extra: true, name: a}\n- {id: b, name: b}\n- {id: c, name: a}\n- {name: a}\n",
         "4:3: trunks.name: is the same as in line 2 (write one entry for each trunk)\n"
         "5:3: trunks.name: is the same as in line 4 (write one entry for each trunk)\n"},
        {"trunks: {a: b}", "1:9: trunks: is a mapping where a list is expected (begin each item with \"- \")\n"},
        {"trunks: [a]", "1:10: trunks: is one value where keys are expected (write KEY: VALUE)\n"},

        /* keys */
        {"schedule:\n  intervall: 5m\n", NOTHING "2:3: schedule: \"intervall\" is not a key (did you mean interval?)\n"},
        {"scheduler: {}", NOTHING "1:1: \"scheduler\" is not a key (did you mean schedule?)\n"},
        {"clock: {zebra: 1}", NOTHING "1:9: clock: \"zebra\" is not a key (known here: servers, limit, carrier_limit, timeout)\n"},
        {"clock: {? [a] : 1}", NOTHING "1:11: clock: has a key that is not one word (write KEY: VALUE)\n"},
        {"clock: {\"a\\nb\": 1}", NOTHING "1:9: clock: \"a?b\" is not a key (known here: servers, limit, carrier_limit, timeout)\n"},
        {"clock:\n  limit: 1s\n  timeout: 1s\n  limit: 2s\n",
         NOTHING "4:3: clock.limit: is there twice (keep one; the other is in line 2)\n"},
        {"store: {}\nclock: {}\nstore: {}\n", NOTHING "3:1: store: is there twice (keep one; the other is in line 1)\n"},
        {"schedule: 5", NOTHING "1:11: schedule: is one value where keys are expected (write KEY: VALUE)\n"},
        {"schedule: [5]", NOTHING "1:11: schedule: is a list where keys are expected (write KEY: VALUE)\n"},
        {"hello", "1:1: is one value where keys are expected (write KEY: VALUE)\n"},
        {"[a]", "1:1: is a list where keys are expected (write KEY: VALUE)\n"},

        /* YAML */
        {"clock: &a {limit: 1s}\n", NOTHING "1:8: " ANCHOR},
        {"clock: &a {limit: 1s}\nstore: *a\n", NOTHING "1:8: " ANCHOR "2:8: " ANCHOR},
        {"clock: &a {servers: [*a]}\n", NOTHING "1:8: " ANCHOR "1:22: " ANCHOR},
        {"&a clock: *a\n", NOTHING "1:1: " ANCHOR "1:11: " ANCHOR},
        {"trunks: &a [*a]\n", "1:9: " ANCHOR "1:13: " ANCHOR},
        {"store: *a\n", "1:8: " ANCHOR},
        {"a: &x 1\nb: &x 2\n", "1:4: " ANCHOR "2:4: " ANCHOR},
        {"clock: {limit: !!str 1s}", NOTHING "1:16: tags (!) are not used here (leave it out; quote a text that begins so)\n"},
        {"clock: {limit: ! 1s}", NOTHING "1:16: tags (!) are not used here (leave it out; quote a text that begins so)\n"},
        {"clock: {limit: 1s}\n---\nclock: {limit: 1s}\n", NOTHING "2:1: begins a second document (a configuration is one document)\n"},
        {"clock: {limit: 1s}\n...\n---\n", NOTHING "3:1: begins a second document (a configuration is one document)\n"},
        {"clock: {limit: 1s", "2:1: is not YAML: did not find expected ',' or '}' (while parsing a flow mapping that begins in line 1)\n"},
        {"clock:\n\tlimit: 1s\n",
         "2:1: is not YAML: found character that cannot start any token (while scanning for the next token that begins in line 2)\n"},
        {"[[[[[[[[[[[[[[[[[[[[", "1:17: is nested too deep (16 levels at most)\n"},
        {"store:\n  path: /\xc3\xa4\xff\n", "2:11: cannot be read: invalid leading UTF-8 octet (write UTF-8 text)\n"},
        {"store: {path: /a\001}", "1:17: cannot be read: control characters are not allowed (write UTF-8 text)\n"},
        {"\xff\xfe"
         "a",
         "1:1: cannot be read: invalid leading UTF-8 octet (write UTF-8 text)\n"},

        /* columns count characters; a long value is cut at one */
        {"trunks: [{name: \xc3\xa4\xc3\xb6\xc3\xbc, extra: ja}]",
         "1:29: trunks.extra: \"ja\" is not a truth value (write true or false)\n"},
        {TRUNK("qop: "
               "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xc3\xa4\xc3\xa4\xc3\xa4"),
         "1:38: trunks.qop: \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...\" "
         "is not known "
         "here (write one of: auth, auth-int, none)\n"},
};

START_TEST(tells_each_mistake) {
        (void)config_free(parse(mistakes[_i].yaml, mistakes[_i].complaints));
}
END_TEST

START_TEST(tells_all_mistakes_at_once) {
        (void)config_free(
                parse("schedule:\n"
                      "  interval: 5x\n"
                      "  splay: 5\n"
                      "platform:\n"
                      "  region: mars\n"
                      "  client_secret: hunter2\n"
                      "clock: &c {limt: 1s}\n"
                      "probe:\n"
                      "  budget: 9\n"
                      "  budget: 1\n"
                      "trunks:\n"
                      "  - qop: x\n"
                      "    extra: on\n"
                      "  - {name: a, proxies: ['b:x', 'c d']}\n",
                      "2:13: schedule.interval: \"5x\" " NO_DURATION "3:10: schedule.splay: \"5\" has no unit (write for example 5s)\n"
                      "5:3: platform.client_id: is missing (it is required)\n"
                      "5:11: platform.region: \"mars\" is not known here (write one of: " REGIONS ")\n"
                      "6:18: platform.client_secret: " REFERENCE "7:8: " ANCHOR "7:12: clock: \"limt\" is not a key (did you mean limit?)\n"
                      "9:11: probe.budget: \"9\" is out of range (write 1 to 3)\n"
                      "10:3: probe.budget: is there twice (keep one; the other is in line 9)\n"
                      "12:5: trunks: has neither id nor name (write the one that the platform shows)\n"
                      "12:10: trunks.qop: \"x\" is not known here (write one of: auth, auth-int, none)\n"
                      "13:12: trunks.extra: \"on\" is not a truth value here (write true)\n"
                      "14:25: trunks.proxies: \"b:x\" has no port after its colon (1 to 65535)\n"
                      "14:32: trunks.proxies: \"c d\" " NOT_A_HOST));
}
END_TEST

START_TEST(counts_what_it_does_not_keep) {
        char *yaml = NULL;
        size_t n;
        FILE *out = open_memstream(&yaml, &n);
        ck_assert_ptr_nonnull(out);
        for (unsigned i = 0; i < 1000; i++)
                (void)fprintf(out, "key%u: 1\n", i);
        ck_assert_int_eq(fclose(out), 0);
        struct config *c = NULL;
        struct complaints k = {0};
        ck_assert_int_eq(config_parse(&c, "f", (struct span){yaml, n}, &k), 1);
        free(yaml);
        ck_assert_uint_eq(k.n, CONFIG_COMPLAINTS_MAX);
        ck_assert_uint_eq(k.errors, 1000);
        complaints_clear(&k);
        ck_assert_uint_eq(k.errors, 0);
}
END_TEST

START_TEST(has_a_limit) {
        size_t n = CONFIG_SIZE_MAX + 1;
        char *yaml = malloc(n);
        ck_assert_ptr_nonnull(yaml);
        memset(yaml, '\n', n);
        (void)config_free(parse_span((struct span){yaml, n - 1}, NOTHING));
        (void)config_free(parse_span((struct span){yaml, n}, " is too large (4194304 bytes at most)\n"));
        free(yaml);
}
END_TEST

int main(void) {
        Suite *suite = suite_create("option");
        TCase *tc = tcase_create("option");
        tcase_add_loop_test(tc, tells_each_mistake, 0, (int)ELEMENTS(mistakes));
        tcase_add_test(tc, tells_all_mistakes_at_once);
        tcase_add_test(tc, counts_what_it_does_not_keep);
        tcase_add_test(tc, has_a_limit);
        suite_add_tcase(suite, tc);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed != 0;
}
