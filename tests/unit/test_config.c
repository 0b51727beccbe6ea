/* test_config.c: what is read, and what is said about every mistake. Runs in the root of the tree. */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/config.h"
#include "common/duration.h"
#include "common/host_port.h"

#define SAMPLE "conf/trunkauditd.yaml"

/* All complaints, each on a line, without "f:"; warnings with "W". malloc'ed. */
static char *joined(const struct complaints *k) {
        char *text = NULL;
        size_t n;
        FILE *out = open_memstream(&text, &n);
        ck_assert_ptr_nonnull(out);
        for (size_t i = 0; i < k->n; i++)
                (void)fprintf(out, "%s%s\n", k->items[i].warning ? "W" : "",
                              k->items[i].text + (strncmp(k->items[i].text, "f:", 2) == 0 ? 2 : 0));
        ck_assert_int_eq(fclose(out), 0);
        return text;
}

static struct config *parse_span(struct span yaml, const char *expected) {
        struct config *c = NULL;
        struct complaints k = {0};
        int r = config_parse(&c, "f", yaml, &k);
        _cleanup_(freep) char *text = joined(&k);
        ck_assert_int_eq(r, k.errors > 0);
        ck_assert_int_eq(c == NULL, k.errors > 0);
        complaints_clear(&k);
        ck_assert_str_eq(text, expected);
        return c;
}

static struct config *parse(const char *yaml, const char *expected) {
        return parse_span(span_of(yaml), expected);
}

#define NOTHING "W leaves nothing to audit (write platform, or trunks with extra: true)\n"
#define OAUTH "client_id: x, client_secret: {credential: c}"
#define REFERENCE "is not a reference to a secret (write {credential: NAME} or {file: PATH}; a secret itself never stands here)\n"
#define ANCHOR "anchors (&) and aliases (*) are not used here (write the value out; quote a text that begins so)\n"
#define NO_DURATION "is not a duration (write for example 5m)\n"
#define NOT_A_HOST "is not a host (write sbc.example.net, 192.0.2.1 or [2001:db8::1], and :5060 for a port)\n"
#define METHODS "is not known here (write one of: REGISTER, OPTIONS)\n"
#define REGIONS                                                                                                                      \
        "us-east-1, us-east-2, us-west-2, ca-central-1, sa-east-1, mx-central-1, eu-west-1, eu-west-2, eu-central-1, eu-central-2, " \
        "eusc-de-east-1, me-central-1, ap-northeast-1, ap-northeast-2, ap-northeast-3, ap-south-1, ap-southeast-1, ap-southeast-2"

/* A section of `platform` around a key; a trunk around a key: the key's value begins at a known column. */
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
        {TRUNK("qop: auth-conf"), "1:38: trunks.qop: \"auth-conf\" is not known here (write one of: auth, auth-int, none)\n"},
        {TRUNK("authentication: basic"), "1:49: trunks.authentication: \"basic\" is not known here (write one of: digest, none)\n"},
        {TRUNK("algorithm: SHA-1"),
         "1:44: trunks.algorithm: \"SHA-1\" is not known here (write one of: MD5, MD5-sess, SHA-256, SHA-256-sess, "
         "SHA-512-256, SHA-512-256-sess)\n"},
        {"platform: {region: ap-southeast-9, " OAUTH "}",
         "1:20: platform.region: \"ap-southeast-9\" is not known here (write one of: " REGIONS ")\n"},

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
         "1:23: platform.login_url: stands alone (write api_url too, or region in place of both)\n"},
        {PLATFORM("api_url: 'https://a'"), "1:86: platform.api_url: stands alone (write login_url too, or region in place of both)\n"},
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
        {"clock: {zebra: 1}", NOTHING "1:9: clock: \"zebra\" is not a key (known here: servers, limit, timeout)\n"},
        {"clock: {? [a] : 1}", NOTHING "1:11: clock: has a key that is not one word (write KEY: VALUE)\n"},
        {"clock: {\"a\\nb\": 1}", NOTHING "1:9: clock: \"a?b\" is not a key (known here: servers, limit, timeout)\n"},
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

START_TEST(gives_defaults) {
        static const char *const empty[] = {"", "# nothing\n", "---\n", "{}", "schedule:\ntrunks:\n"};
        for (size_t i = 0; i < ELEMENTS(empty); i++) {
                _cleanup_(config_freep) struct config *c = parse(empty[i], NOTHING);
                ck_assert_str_eq(c->file, "f");
                ck_assert_uint_eq(c->schedule.interval_usec, 3600 * USEC_PER_SEC);
                ck_assert_uint_eq(c->schedule.splay_usec, 300 * USEC_PER_SEC);
                ck_assert_uint_eq(c->schedule.run_limit_usec, 600 * USEC_PER_SEC);
                ck_assert(!c->has_platform);
                ck_assert_str_eq(c->platform.path, "/api/v2/architect/trunk-connections");
                ck_assert_uint_eq(c->platform.scopes.n, 1);
                ck_assert_str_eq(c->platform.scopes.items[0], "sip_trunk:read");
                ck_assert_uint_eq(c->platform.timeout_usec, 30 * USEC_PER_SEC);
                ck_assert_uint_eq(c->platform.deadline_usec, 180 * USEC_PER_SEC);
                ck_assert_uint_eq(c->clock.servers.n, 0);
                ck_assert_uint_eq(c->clock.limit_usec, USEC_PER_SEC);
                ck_assert_uint_eq(c->clock.timeout_usec, 2 * USEC_PER_SEC);
                ck_assert_uint_eq(c->dns.servers.n, 0);
                ck_assert_str_eq(c->probe.method, "REGISTER");
                ck_assert_uint_eq(c->probe.t1_usec, 500 * USEC_PER_MSEC);
                ck_assert_uint_eq(c->probe.timeout_usec, 32 * USEC_PER_SEC);
                ck_assert_uint_eq(c->probe.concurrency, 64);
                ck_assert_uint_eq(c->probe.spacing_usec, 100 * USEC_PER_MSEC);
                ck_assert_uint_eq(c->probe.budget, 3);
                ck_assert_uint_eq(c->alerts.reminder_usec, 86400 * USEC_PER_SEC);
                ck_assert_uint_eq(c->alerts.summary_above, 20);
                ck_assert_str_eq(c->store.path, "/var/lib/trunkauditd/audit.db");
                ck_assert_uint_eq(c->n_trunks, 0);
        }
}
END_TEST

START_TEST(reads_every_key) {
        _cleanup_(config_freep) struct config *c = parse(
                "\xef\xbb\xbf" /* a byte order mark */
                "schedule: {interval: 15m, splay: 0s, run_limit: 60s}\n"
                "platform:\n"
                "  login_url: https://login.example/l/\n"
                "  api_url: https://[::1]:8443\n"
                "  path: /trunks\n"
                "  client_id: id\n"
                "  client_secret: {file: /run/secret}\n"
                "  scopes: [a, 'b:c']\n"
                "  ca_file: /ca.pem\n"
                "  timeout: 250ms\n"
                "  deadline: 5s\n"
                "clock: {servers: ['a:1123', '[::1]'], limit: 2500us, timeout: 1s}\n"
                "dns: {servers: ['127.0.0.1:5353', '[::1]:53']}\n"
                "probe: {method: Options, t1: 100ms, timeout: 3s, concurrency: 7, spacing: 0s, budget: 1}\n"
                "alerts: {reminder: 2d, summary_above: 0}\n"
                "store: {path: /tmp/a.db}\n"
                "trunks:\n"
                "  - {id: i, name: n, extra: true, authentication: NONE, username: 'no', realm: \"r \\\"q\\\"\", algorithm: "
                "sha-512-256-SESS,\n"
                "     qop: AUTH, domain: d.example, proxies: ['p:1', '[2001:db8::1]:2'], transport: Tcp, request_uri: 'sips:d',\n"
                "     method: register, password: {credential: p}}\n"
                "  - name: '0123'\n"
                "    ha1: {file: /h}\n",
                "");
        ck_assert_uint_eq(c->schedule.interval_usec, 900 * USEC_PER_SEC);
        ck_assert_uint_eq(c->schedule.splay_usec, 0);
        ck_assert_uint_eq(c->schedule.run_limit_usec, 60 * USEC_PER_SEC);
        ck_assert(c->has_platform);
        ck_assert_str_eq(c->platform.login_url, "https://login.example/l");
        ck_assert_str_eq(c->platform.api_url, "https://[::1]:8443");
        ck_assert_str_eq(c->platform.path, "/trunks");
        ck_assert_str_eq(c->platform.client_id, "id");
        ck_assert_int_eq(c->platform.client_secret.kind, SECRET_REF_FILE);
        ck_assert_str_eq(c->platform.client_secret.name, "/run/secret");
        ck_assert_uint_eq(c->platform.client_secret.line, 7);
        ck_assert_uint_eq(c->platform.client_secret.column, 18);
        ck_assert_uint_eq(c->platform.scopes.n, 2);
        ck_assert_str_eq(c->platform.scopes.items[1], "b:c");
        ck_assert_str_eq(c->platform.ca_file, "/ca.pem");
        ck_assert_uint_eq(c->platform.timeout_usec, 250 * USEC_PER_MSEC);
        ck_assert_uint_eq(c->platform.deadline_usec, 5 * USEC_PER_SEC);
        ck_assert_uint_eq(c->clock.servers.n, 2);
        ck_assert_str_eq(c->clock.servers.items[0], "a:1123");
        ck_assert_uint_eq(c->clock.limit_usec, 2500);
        ck_assert_uint_eq(c->dns.servers.n, 2);
        ck_assert_str_eq(c->probe.method, "OPTIONS");
        ck_assert_uint_eq(c->probe.t1_usec, 100 * USEC_PER_MSEC);
        ck_assert_uint_eq(c->probe.concurrency, 7);
        ck_assert_uint_eq(c->probe.spacing_usec, 0);
        ck_assert_uint_eq(c->probe.budget, 1);
        ck_assert_uint_eq(c->alerts.reminder_usec, 2 * 86400 * USEC_PER_SEC);
        ck_assert_uint_eq(c->alerts.summary_above, 0);
        ck_assert_str_eq(c->store.path, "/tmp/a.db");
        ck_assert_uint_eq(c->n_trunks, 2);
        const struct config_trunk *t = &c->trunks[0];
        ck_assert_str_eq(t->id, "i");
        ck_assert_str_eq(t->name, "n");
        ck_assert(t->extra);
        ck_assert_str_eq(t->authentication, "none");
        ck_assert_str_eq(t->username, "no");
        ck_assert_str_eq(t->realm, "r \"q\"");
        ck_assert_str_eq(t->algorithm, "SHA-512-256-sess");
        ck_assert_str_eq(t->qop, "auth");
        ck_assert_str_eq(t->domain, "d.example");
        ck_assert_uint_eq(t->proxies.n, 2);
        ck_assert_str_eq(t->proxies.items[1], "[2001:db8::1]:2");
        ck_assert_str_eq(t->transport, "tcp");
        ck_assert_str_eq(t->request_uri, "sips:d");
        ck_assert_str_eq(t->method, "REGISTER");
        ck_assert_int_eq(t->password.kind, SECRET_REF_CREDENTIAL);
        ck_assert_int_eq(t->ha1.kind, SECRET_REF_NONE);
        ck_assert_uint_eq(t->line, 18);
        ck_assert_uint_eq(t->column, 5);
        ck_assert_str_eq(c->trunks[1].name, "0123");
        ck_assert(!c->trunks[1].extra);
        ck_assert_uint_eq(c->trunks[1].line, 21);

        ck_assert_ptr_eq(config_trunk_find(c, "i", "0123"), &c->trunks[0]);
        ck_assert_ptr_eq(config_trunk_find(c, "?", "0123"), &c->trunks[1]);
        ck_assert_ptr_null(config_trunk_find(c, "?", "n")); /* has an id, which decides */
        ck_assert_ptr_null(config_trunk_find(c, NULL, NULL));
}
END_TEST

static const struct {
        const char *region, *api, *login;
} urls[] = {
        {"us-east-1", "https://api.mypurecloud.com", "https://login.mypurecloud.com"},
        {"us-east-2", "https://api.use2.us-gov-pure.cloud", "https://login.use2.us-gov-pure.cloud"},
        {"AP-Southeast-2", "https://api.mypurecloud.com.au", "https://login.mypurecloud.com.au"},
        {"me_central_1", "https://api.mec1.pure.cloud", "https://login.mec1.pure.cloud"},
};

START_TEST(region_gives_urls) {
        char yaml[200];
        (void)snprintf(yaml, sizeof yaml, "platform: {region: %s, " OAUTH "}", urls[_i].region);
        _cleanup_(config_freep) struct config *c = parse(yaml, "");
        ck_assert_str_eq(c->platform.api_url, urls[_i].api);
        ck_assert_str_eq(c->platform.login_url, urls[_i].login);
}
END_TEST

START_TEST(urls_override_the_region) {
        _cleanup_(config_freep) struct config *c = parse(PLATFORM("login_url: 'https://l/', api_url: 'https://a//'"), "");
        ck_assert_str_eq(c->platform.login_url, "https://l");
        ck_assert_str_eq(c->platform.api_url, "https://a");
        ck_assert_str_eq(c->platform.region, "us-east-1");
}
END_TEST

START_TEST(sample_is_right) {
        _cleanup_(config_freep) struct config *c = NULL;
        struct complaints k = {0};
        int r = config_load(&c, SAMPLE, &k);
        ck_assert_msg(r == 0 && k.n == 0, "%s", k.n > 0 ? k.items[0].text : "");
        ck_assert(c->has_platform);
        ck_assert_uint_eq(c->clock.servers.n, 3);
        ck_assert_int_eq(config_read_secrets(c, NULL, &k), 0);
        ck_assert_uint_eq(k.n, 1);
        ck_assert(k.items[0].warning);
        ck_assert_ptr_nonnull(strstr(k.items[0].text, "credential secret_client is there only inside the service"));
        complaints_clear(&k);
}
END_TEST

/* What is behind "#" is right as well: the sample is read once more with every such key in force. */
START_TEST(sample_is_right_where_it_is_commented_out) {
        FILE *in = fopen(SAMPLE, "re"), *out;
        ck_assert_ptr_nonnull(in);
        char line[400], *yaml = NULL;
        size_t n, keys = 0;
        out = open_memstream(&yaml, &n);
        ck_assert_ptr_nonnull(out);
        while (fgets(line, sizeof line, in)) {
                char *mark = line + strspn(line, " ");
                bool trunk = strncmp(mark, "#- ", 3) == 0 || strncmp(mark, "#  ", 3) == 0;
                bool key = mark > line && *mark == '#' && (trunk || (mark[1] >= 'a' && mark[1] <= 'z'));
                keys += key;
                (void)fprintf(out, "%.*s%s", (int)(mark - line), line, mark + key);
        }
        ck_assert_int_eq(fclose(in), 0);
        ck_assert_int_eq(fclose(out), 0);
        _cleanup_(config_freep) struct config *c = parse_span((struct span){yaml, n}, "");
        free(yaml);
        ck_assert_uint_gt(keys, 30);
        ck_assert_uint_eq(c->n_trunks, 2);
        ck_assert_str_eq(c->trunks[1].method, "OPTIONS");
        ck_assert_uint_eq(c->probe.budget, 3);
        ck_assert_str_eq(c->platform.login_url, "https://login.example.com");
}
END_TEST

START_TEST(describes_every_key_of_the_sample) {
        _cleanup_(freep) char *text = NULL;
        ck_assert_int_eq(config_describe(&text), 0);
        static const char *const lines[] = {".SS schedule\n",
                                            "\\fBinterval\\fR (duration 10s to 1d; default 1h)\n",
                                            ".SS trunks\n",
                                            "\\fBclient_secret\\fR (secret; required)\n",
                                            "default /api/v2/architect/trunk\\-connections",
                                            "\\fBbudget\\fR (number 1 to 3; default 3)\n"};
        for (size_t i = 0; i < ELEMENTS(lines); i++)
                ck_assert_ptr_nonnull(strstr(text, lines[i]));
        FILE *in = fopen(SAMPLE, "re");
        ck_assert_ptr_nonnull(in);
        char line[400], needle[80];
        while (fgets(line, sizeof line, in)) {
                char *key = line + strspn(line, " #-");
                size_t n = strspn(key, "abcdefghijklmnopqrstuvwxyz_0123456789");
                if (key[n] != ':' || key - line > 8 || n == 0 || line[0] == '#')
                        continue;
                (void)snprintf(needle, sizeof needle, line[0] == ' ' ? "\\fB%.*s\\fR (" : ".SS %.*s\n", (int)n, key);
                ck_assert_msg(strstr(text, needle) != NULL, "%s", needle);
        }
        ck_assert_int_eq(fclose(in), 0);
}
END_TEST

START_TEST(files_that_cannot_be_read) {
        static const struct {
                const char *file, *complaint;
        } files[] = {
                {"/nonexistent/f.yaml", "/nonexistent/f.yaml: cannot be read: No such file or directory"},
                {"/", "/: cannot be read: Is a directory"},
                {"/dev/null", "/dev/null: cannot be read: Not a regular file"},
        };
        for (size_t i = 0; i < ELEMENTS(files); i++) {
                struct config *c = NULL;
                struct complaints k = {0};
                ck_assert_int_eq(config_load(&c, files[i].file, &k), 1);
                ck_assert_ptr_null(c);
                ck_assert_uint_eq(k.errors, 1);
                ck_assert_str_eq(k.items[0].text, files[i].complaint);
                complaints_clear(&k);
        }
}
END_TEST

/* -- secrets -------------------------------------------------------------------------------------------------------------- */

static char directory[] = "/tmp/test-config-XXXXXX";
#define MD5_HEX "0123456789ABCDEF0123456789abcdef"

static const struct {
        const char *name, *bytes;
        mode_t mode;
} secrets[] = {
        {"password", "hunter2\n", 0600},
        {"open", "x", 0644},
        {"group", "x", 0660},
        {"empty", "\n", 0600},
        {"md5", MD5_HEX "\n", 0400},
        {"sha", MD5_HEX MD5_HEX, 0400},
        {"nohex", "0123456789ABCDEF0123456789abcdeg", 0400},
        {"short", "0123", 0400},
};

static void setup(void) {
        ck_assert_ptr_nonnull(mkdtemp(directory));
        for (size_t i = 0; i < ELEMENTS(secrets); i++) {
                char path[80];
                (void)snprintf(path, sizeof path, "%s/%s", directory, secrets[i].name);
                int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
                size_t n = strlen(secrets[i].bytes);
                ck_assert_int_ge(fd, 0);
                ck_assert_int_eq(write(fd, secrets[i].bytes, n), (ssize_t)n);
                ck_assert_int_eq(fchmod(fd, secrets[i].mode), 0);
                ck_assert_int_eq(close(fd), 0);
        }
}

static void teardown(void) {
        for (size_t i = 0; i < ELEMENTS(secrets); i++) {
                char path[80];
                (void)snprintf(path, sizeof path, "%s/%s", directory, secrets[i].name);
                (void)unlink(path);
        }
        (void)rmdir(directory);
        memcpy(directory + sizeof directory - 7, "XXXXXX", 6);
}

static void expect_secret(const struct secret_ref *ref, const char *expected) {
        ck_assert_int_eq(ref->secret != NULL, expected != NULL);
        if (expected)
                ck_assert(span_eq(secret_bytes(ref->secret), span_of(expected)));
}

static const struct {
        const char *pair; /* DIRECTORY stands for the temporary one */
        const char *complaint, *password, *ha1;
} references[] = {
        {"password: {credential: password}", "", "hunter2", NULL},
        {"password: {file: DIRECTORY/password}", "", "hunter2", NULL},
        {"ha1: {credential: md5}", "", NULL, "0123456789abcdef0123456789abcdef"},
        {"algorithm: MD5-sess, ha1: {credential: md5}", "", NULL, "0123456789abcdef0123456789abcdef"},
        {"algorithm: SHA-256, ha1: {credential: sha}", "", NULL, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"},
        {"password: {credential: absent}",
         "W1:43: trunks.password: credential absent is not there (have the unit load it with LoadCredential=)\n", NULL, NULL},
        {"password: {file: /nonexistent/secret}", "W1:43: trunks.password: file /nonexistent/secret is not there (write it, mode 0600)\n",
         NULL, NULL},
        {"password: {credential: open}",
         "1:43: trunks.password: credential open is open to others, or is no regular file (have it belong to the service, mode 0600 or "
         "0400)\n",
         NULL, NULL},
        {"password: {credential: group}",
         "1:43: trunks.password: credential group is open to others, or is no regular file (have it belong to the service, mode 0600 or "
         "0400)\n",
         NULL, NULL},
        {"password: {credential: empty}", "1:43: trunks.password: credential empty is empty (write the secret into it)\n", NULL, NULL},
        {"ha1: {credential: nohex}",
         "1:38: trunks.ha1: credential nohex holds no HA1 for any algorithm (32 hex digits for MD5, 64 for the others)\n", NULL, NULL},
        {"ha1: {credential: short}",
         "1:38: trunks.ha1: credential short holds no HA1 for any algorithm (32 hex digits for MD5, 64 for the others)\n", NULL, NULL},
        {"ha1: {credential: sha}, algorithm: MD5",
         "1:38: trunks.ha1: credential sha holds no HA1 for MD5 (32 hex digits for MD5, 64 for the others)\n", NULL, NULL},
        {"ha1: {credential: md5}, algorithm: SHA-512-256",
         "1:38: trunks.ha1: credential md5 holds no HA1 for SHA-512-256 (32 hex digits for MD5, 64 for the others)\n", NULL, NULL},
};

START_TEST(reads_secrets) {
        char yaml[300], pair[200];
        const char *mark = strstr(references[_i].pair, "DIRECTORY");
        if (mark)
                (void)snprintf(pair, sizeof pair, "%.*s%s%s", (int)(mark - references[_i].pair), references[_i].pair, directory, mark + 9);
        else
                (void)snprintf(pair, sizeof pair, "%s", references[_i].pair);
        (void)snprintf(yaml, sizeof yaml, "trunks: [{extra: true, name: n, %s}]", pair);
        _cleanup_(config_freep) struct config *c = parse(yaml, "");
        struct complaints k = {0};
        int r = config_read_secrets(c, directory, &k);
        _cleanup_(freep) char *text = joined(&k);
        ck_assert_int_eq(r, k.errors > 0);
        complaints_clear(&k);
        ck_assert_str_eq(text, references[_i].complaint);
        expect_secret(&c->trunks[0].password, references[_i].password);
        expect_secret(&c->trunks[0].ha1, references[_i].ha1);
}
END_TEST

START_TEST(reads_secrets_of_all) {
        _cleanup_(config_freep) struct config *c = parse(
                "platform: {region: us-east-1, client_id: x, client_secret: {credential: password}}\n"
                "trunks:\n"
                "- {name: a, password: {credential: open}}\n"
                "- {name: b, password: {credential: absent}}\n"
                "- {name: c, password: {credential: password}}\n",
                "");
        for (int twice = 0; twice < 2; twice++) {
                struct complaints k = {0};
                ck_assert_int_eq(config_read_secrets(c, directory, &k), 1);
                ck_assert_uint_eq(k.errors, 1);
                ck_assert_uint_eq(k.n, 2);
                complaints_clear(&k);
                expect_secret(&c->platform.client_secret, "hunter2");
                expect_secret(&c->trunks[2].password, "hunter2");
        }
}
END_TEST

/* -- parts ---------------------------------------------------------------------------------------------------------------- */

START_TEST(durations) {
        static const struct {
                const char *text;
                uint64_t usec;
                const char *again;
        } right[] = {
                {"1us", 1, "1us"},
                {"1000us", 1000, "1ms"},
                {"1500ms", 1500000, "1500ms"},
                {"90s", 90 * USEC_PER_SEC, "90s"},
                {"120s", 120 * USEC_PER_SEC, "2m"},
                {"24h", 86400 * USEC_PER_SEC, "1d"},
                {"0h", 0, "0s"},
                {"18446744073709551615us", UINT64_MAX, "18446744073709551615us"},
        };
        for (size_t i = 0; i < ELEMENTS(right); i++) {
                uint64_t usec = 7;
                char text[DURATION_TEXT_MAX];
                ck_assert_int_eq(duration_parse(&usec, span_of(right[i].text)), 0);
                ck_assert_uint_eq(usec, right[i].usec);
                duration_format(text, usec);
                ck_assert_str_eq(text, right[i].again);
        }
        uint64_t untouched = 7;
        ck_assert_int_eq(duration_parse(&untouched, SPAN("")), DURATION_MALFORMED);
        ck_assert_int_eq(duration_parse(&untouched, SPAN("7")), DURATION_NO_UNIT);
        ck_assert_int_eq(duration_parse(&untouched, SPAN("18446744073709552s")), DURATION_TOO_LONG);
        ck_assert_uint_eq(untouched, 7);
}
END_TEST

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
        Suite *suite = suite_create("config");
        TCase *tc = tcase_create("reading"), *with_files = tcase_create("secrets");
        tcase_add_loop_test(tc, tells_each_mistake, 0, (int)ELEMENTS(mistakes));
        tcase_add_test(tc, tells_all_mistakes_at_once);
        tcase_add_test(tc, counts_what_it_does_not_keep);
        tcase_add_test(tc, has_a_limit);
        tcase_add_test(tc, gives_defaults);
        tcase_add_test(tc, reads_every_key);
        tcase_add_loop_test(tc, region_gives_urls, 0, (int)ELEMENTS(urls));
        tcase_add_test(tc, urls_override_the_region);
        tcase_add_test(tc, sample_is_right);
        tcase_add_test(tc, sample_is_right_where_it_is_commented_out);
        tcase_add_test(tc, describes_every_key_of_the_sample);
        tcase_add_test(tc, files_that_cannot_be_read);
        tcase_add_test(tc, durations);
        tcase_add_test(tc, hosts);
        tcase_add_checked_fixture(with_files, setup, teardown);
        tcase_add_loop_test(with_files, reads_secrets, 0, (int)ELEMENTS(references));
        tcase_add_test(with_files, reads_secrets_of_all);
        suite_add_tcase(suite, tc);
        suite_add_tcase(suite, with_files);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed != 0;
}
