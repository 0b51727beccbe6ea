/* test_config.c: what is read from a configuration, the sample that ships, and the secrets. Runs in the root of the tree. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config_text.h"

#define SAMPLE "conf/trunkauditd.yaml"

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
                ck_assert_uint_eq(c->clock.carrier_limit_usec, 5 * USEC_PER_SEC);
                ck_assert_uint_eq(c->clock.timeout_usec, 2 * USEC_PER_SEC);
                ck_assert_uint_eq(c->dns.servers.n, 0);
                ck_assert_str_eq(c->probe.method, "REGISTER");
                ck_assert_uint_eq(c->probe.t1_usec, 500 * USEC_PER_MSEC);
                ck_assert_uint_eq(c->probe.timeout_usec, 32 * USEC_PER_SEC);
                ck_assert_uint_eq(c->probe.concurrency, 64);
                ck_assert_uint_eq(c->probe.spacing_usec, 100 * USEC_PER_MSEC);
                ck_assert_uint_eq(c->probe.budget, 3);
                ck_assert_uint_eq(c->probe.failures, 2);
                ck_assert_uint_eq(c->guard.hold_after, 3);
                ck_assert_uint_lt(c->guard.carrier.in[GUARD_TEN_MINUTES].of[GUARD_FAILURES], 5);
                ck_assert_uint_gt(c->guard.carrier.in[GUARD_TEN_MINUTES].of[GUARD_FAILURES], 0);
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
                "  audit_log: false\n"
                "clock: {servers: ['a:1123', '[::1]'], limit: 2500us, timeout: 1s}\n"
                "dns: {servers: ['127.0.0.1:5353', '[::1]:53']}\n"
                "probe: {method: Options, t1: 100ms, timeout: 3s, concurrency: 7, spacing: 0s, budget: 1, failures: 1}\n"
                "guard: {hold_after: 9, trunk_requests_per_hour: 11, trunk_requests_per_day: 12, trunk_answers_per_hour: 13,\n"
                "  trunk_answers_per_day: 14, trunk_failures_per_hour: 15, trunk_failures_per_day: 16, carrier_requests_per_hour: 17,\n"
                "  carrier_requests_per_day: 18, carrier_answers_per_hour: 19, carrier_answers_per_day: 20, carrier_failures_per_10m: 21,\n"
                "  carrier_failures_per_hour: 22, carrier_failures_per_day: 0}\n"
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
        ck_assert(!c->platform.audit_log);
        ck_assert_uint_eq(c->clock.servers.n, 2);
        ck_assert_str_eq(c->clock.servers.items[0], "a:1123");
        ck_assert_uint_eq(c->clock.limit_usec, 2500);
        ck_assert_uint_eq(c->dns.servers.n, 2);
        ck_assert_str_eq(c->probe.method, "OPTIONS");
        ck_assert_uint_eq(c->probe.t1_usec, 100 * USEC_PER_MSEC);
        ck_assert_uint_eq(c->probe.concurrency, 7);
        ck_assert_uint_eq(c->probe.spacing_usec, 0);
        ck_assert_uint_eq(c->probe.budget, 1);
        ck_assert_uint_eq(c->probe.failures, 1);
        static const struct guard_limits trunk = {{[GUARD_HOUR] = {{11, 13, 15}}, [GUARD_DAY] = {{12, 14, 16}}}},
                                         carrier = {{{{0, 0, 21}}, {{17, 19, 22}}, {{18, 20, 0}}}};
        ck_assert_uint_eq(c->guard.hold_after, 9);
        ck_assert_mem_eq(&c->guard.trunk, &trunk, sizeof trunk);
        ck_assert_mem_eq(&c->guard.carrier, &carrier, sizeof carrier);
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
        ck_assert_uint_eq(t->line, 23);
        ck_assert_uint_eq(t->column, 5);
        ck_assert_str_eq(c->trunks[1].name, "0123");
        ck_assert(!c->trunks[1].extra);
        ck_assert_uint_eq(c->trunks[1].line, 26);

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
        {"ap_northeast_3", "https://api.apne3.pure.cloud", "https://login.apne3.pure.cloud"},
        {"eu_central_2", "https://api.euc2.pure.cloud", "https://login.euc2.pure.cloud"},
        {"us_east_2", "https://api.use2.us-gov-pure.cloud", "https://login.use2.us-gov-pure.cloud"},
        {"eusc-de-east-1", "https://api.edee1.eusc-pure.cloud", "https://login.edee1.eusc-pure.cloud"},
        {"ap-northeast-1", "https://api.mypurecloud.jp", "https://login.mypurecloud.jp"},
        {"ap-northeast-2", "https://api.apne2.pure.cloud", "https://login.apne2.pure.cloud"},
        {"us-west-2", "https://api.usw2.pure.cloud", "https://login.usw2.pure.cloud"},
        {"ca-central-1", "https://api.cac1.pure.cloud", "https://login.cac1.pure.cloud"},
        {"ap-south-1", "https://api.aps1.pure.cloud", "https://login.aps1.pure.cloud"},
        {"sa-east-1", "https://api.sae1.pure.cloud", "https://login.sae1.pure.cloud"},
        {"ap-southeast-1", "https://api.apse1.pure.cloud", "https://login.apse1.pure.cloud"},
        {"mx-central-1", "https://api.mxc1.pure.cloud", "https://login.mxc1.pure.cloud"},
        {"eu-west-1", "https://api.mypurecloud.ie", "https://login.mypurecloud.ie"},
        {"eu-west-2", "https://api.euw2.pure.cloud", "https://login.euw2.pure.cloud"},
        {"eu-central-1", "https://api.mypurecloud.de", "https://login.mypurecloud.de"},
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
        _cleanup_(config_freep) struct config *c = parse(
                "platform: {region: us-east-1, " OAUTH ", login_url: 'https://l/', api_url: 'https://a//'}", "");
        ck_assert_str_eq(c->platform.login_url, "https://l");
        ck_assert_str_eq(c->platform.api_url, "https://a");
        ck_assert_str_eq(c->platform.region, "us-east-1");

        _cleanup_(config_freep) struct config *one = parse("platform: {region: us-east-1, " OAUTH ", api_url: 'https://gateway/genesys/'}",
                                                           "");
        ck_assert_str_eq(one->platform.login_url, "https://login.mypurecloud.com");
        ck_assert_str_eq(one->platform.api_url, "https://gateway/genesys");
}
END_TEST

START_TEST(profiles) {
        _cleanup_(config_freep) struct config *preset = parse("platform: {region: us-east-1, " OAUTH "}", "");
        ck_assert(!config_profile_edges(preset));
        ck_assert_uint_eq(preset->platform.scopes.n, 1);
        _cleanup_(config_freep) struct config *edges = parse("platform: {region: us-east-1, profile: Edges, " OAUTH "}", "");
        ck_assert(config_profile_edges(edges));
        ck_assert_uint_eq(edges->platform.scopes.n, 0);
        _cleanup_(config_freep) struct config *scopes = parse(
                "platform: {region: us-east-1, profile: edges, scopes: ['telephony:readonly'], " OAUTH "}", "");
        ck_assert_uint_eq(scopes->platform.scopes.n, 1);
        _cleanup_(config_freep) struct config *dashes = parse("platform: {region: us-east-1, profile: trunk-connections, " OAUTH "}", "");
        ck_assert_str_eq(dashes->platform.profile, "trunk_connections");
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
        ck_assert_uint_eq(c->n_trunks, 3);
        ck_assert(c->trunks[2].refresh && !c->trunks[1].refresh);
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

int main(void) {
        Suite *suite = suite_create("config");
        TCase *tc = tcase_create("reading"), *with_files = tcase_create("secrets");
        tcase_add_test(tc, gives_defaults);
        tcase_add_test(tc, reads_every_key);
        tcase_add_loop_test(tc, region_gives_urls, 0, (int)ELEMENTS(urls));
        tcase_add_test(tc, urls_override_the_region);
        tcase_add_test(tc, profiles);
        tcase_add_test(tc, sample_is_right);
        tcase_add_test(tc, sample_is_right_where_it_is_commented_out);
        tcase_add_test(tc, describes_every_key_of_the_sample);
        tcase_add_test(tc, files_that_cannot_be_read);
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
