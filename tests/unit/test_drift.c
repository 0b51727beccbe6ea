/* test_drift.c: when two ways to say something of a trunk are the same, and what is read of trunk and evidence. */
#include <check.h>
#include <stdio.h>

#include "common/config.h"
#include "common/drift.h"

/* -- comparing -------------------------------------------------------------------------------------------------------- */

#define EIGHT "a.example b.example c.example d.example e.example f.example g.example h.example "
#define SIXTY_FOUR EIGHT EIGHT EIGHT EIGHT EIGHT EIGHT EIGHT EIGHT

static const struct {
        enum drift_field field;
        const char *platform, *config, *carrier;
        bool differs;
        const char *transport, *config_transport;
} cases[] = {
        /* nothing is said, or by one alone */
        {DRIFT_REALM, NULL, NULL, NULL, false, NULL, NULL},
        {DRIFT_REALM, "a", NULL, NULL, false, NULL, NULL},
        {DRIFT_REALM, NULL, NULL, "a", false, NULL, NULL},
        /* each pair, and the bytes of a realm */
        {DRIFT_REALM, "a", "a", "a", false, NULL, NULL},
        {DRIFT_REALM, "a", "b", NULL, true, NULL, NULL},
        {DRIFT_REALM, "a", NULL, "b", true, NULL, NULL},
        {DRIFT_REALM, NULL, "a", "b", true, NULL, NULL},
        {DRIFT_REALM, "a", "b", "b", true, NULL, NULL},
        {DRIFT_REALM, "a", "a", "b", true, NULL, NULL},
        {DRIFT_REALM, "Carrier.example", "carrier.example", NULL, true, NULL, NULL},
        {DRIFT_REALM, "carrier.example", "carrier.example ", NULL, true, NULL, NULL},
        {DRIFT_REALM, "carrier.example", "carrier.example.", NULL, true, NULL, NULL},
        {DRIFT_USERNAME, "alice", "alice", NULL, false, NULL, NULL},
        {DRIFT_USERNAME, "alice", "Alice", NULL, true, NULL, NULL},
        {DRIFT_USERNAME, "alice", "alice@carrier.example", NULL, true, NULL, NULL},
        /* servers: case, order, repetition, default port, final dot */
        {DRIFT_SERVERS, "sbc.example", "SBC.Example", NULL, false, NULL, NULL},
        {DRIFT_SERVERS, "a.example b.example", "b.example a.example", NULL, false, NULL, NULL},
        {DRIFT_SERVERS, "a.example a.example", "a.example", NULL, false, NULL, NULL},
        {DRIFT_SERVERS, "a.example", "a.example:5060", NULL, false, NULL, NULL},
        {DRIFT_SERVERS, "a.example", "a.example:5060", NULL, false, "udp", NULL},
        {DRIFT_SERVERS, "a.example", "a.example:5061", NULL, true, "udp", NULL},
        {DRIFT_SERVERS, "a.example", "a.example:5061", NULL, false, "TLS", NULL},
        {DRIFT_SERVERS, "a.example", "a.example:5061", NULL, false, NULL, "tls"},
        {DRIFT_SERVERS, "a.example:5060", "a.example", NULL, true, "udp", "tls"},
        {DRIFT_SERVERS, "a.example.", "a.example", NULL, false, NULL, NULL},
        {DRIFT_SERVERS, "[2001:DB8::1]", "[2001:db8::1]:5060", NULL, false, NULL, NULL},
        {DRIFT_SERVERS, "a.example", "a.example b.example", NULL, true, NULL, NULL},
        {DRIFT_SERVERS, "a.example b.example", "a.example", NULL, true, NULL, NULL},
        {DRIFT_SERVERS, "a.example", "b.example", NULL, true, NULL, NULL},
        {DRIFT_SERVERS, "192.0.2.1", "192.0.2.10", NULL, true, NULL, NULL},
        {DRIFT_SERVERS, "no/host", "NO/host", NULL, false, NULL, NULL},
        {DRIFT_SERVERS, "no/host", "no/hosts", NULL, true, NULL, NULL},
        {DRIFT_SERVERS, SIXTY_FOUR, "A.example b.example c.example d.example e.example f.example g.example h.example", NULL, false, NULL,
         NULL},
        {DRIFT_SERVERS, SIXTY_FOUR "a.example", SIXTY_FOUR, NULL, true, NULL, NULL},
        {DRIFT_SERVERS, SIXTY_FOUR "a.example", SIXTY_FOUR "a.example", NULL, false, NULL, NULL},
        {DRIFT_TRANSPORT, "UDP", "udp", NULL, false, NULL, NULL},
        {DRIFT_TRANSPORT, "tcp", "tls", NULL, true, NULL, NULL},
        {DRIFT_TRANSPORT, "udp", "udp4", NULL, true, NULL, NULL},
        {DRIFT_STATE, "active", "in service", NULL, false, NULL, NULL},
        {DRIFT_STATE, "resting", "in service", NULL, false, NULL, NULL},
        {DRIFT_STATE, "Inactive", "in service", NULL, true, NULL, NULL},
        {DRIFT_STATE, "deleted", "in service", NULL, true, NULL, NULL},
        {DRIFT_STATE, "inactive", NULL, NULL, false, NULL, NULL},
        /* one of those that are offered */
        {DRIFT_ALGORITHM, "md5", "MD5", "MD5", false, NULL, NULL},
        {DRIFT_ALGORITHM, "MD5", NULL, "SHA-256, MD5", false, NULL, NULL},
        {DRIFT_ALGORITHM, "MD5", NULL, "SHA-256", true, NULL, NULL},
        {DRIFT_ALGORITHM, "MD5", NULL, "MD5-sess", true, NULL, NULL},
        {DRIFT_ALGORITHM, "SHA-256", "MD5", "SHA-256, MD5", true, NULL, NULL},
        {DRIFT_QOP, "auth", NULL, "auth,auth-int", false, NULL, NULL},
        {DRIFT_QOP, "AUTH", "auth", "auth-int, auth", false, NULL, NULL},
        {DRIFT_QOP, "auth", NULL, "auth-int", true, NULL, NULL},
        {DRIFT_QOP, "auth", NULL, "none", true, NULL, NULL},
        {DRIFT_QOP, "none", NULL, "none", false, NULL, NULL},
};

START_TEST(differs_or_not) {
        struct drift d[DRIFT_FIELD_COUNT] = {0};
        d[DRIFT_TRANSPORT].says[DRIFT_PLATFORM] = (char *)(uintptr_t)cases[_i].transport;
        d[DRIFT_TRANSPORT].says[DRIFT_CONFIG] = (char *)(uintptr_t)cases[_i].config_transport;
        d[cases[_i].field] = (struct drift){
                .says = {(char *)(uintptr_t)cases[_i].platform, (char *)(uintptr_t)cases[_i].config, (char *)(uintptr_t)cases[_i].carrier}};
        ck_assert_msg(drift_differs(d, cases[_i].field) == cases[_i].differs, "%s: %s | %s | %s", drift_field_word(cases[_i].field),
                      cases[_i].platform, cases[_i].config, cases[_i].carrier);
}
END_TEST

/* -- reading ------------------------------------------------------------------------------------------------------------ */

/* platform, configuration and carrier as "a|b|c", "?" where it was not heard. */
static void expect(const struct drift *d, const char *expected) {
        char text[400] = "";
        for (size_t i = 0; i < DRIFT_SOURCE_COUNT; i++) {
                size_t at = strlen(text);
                (void)snprintf(text + at, sizeof text - at, "%s%s%s", i > 0 ? "|" : "", d->says[i] ? d->says[i] : "",
                               d->unheard[i] ? "?" : "");
        }
        ck_assert_str_eq(text, expected);
}

#define TRUNK                                                                                                                            \
        "trunks:\n- {id: '1', username: bob, realm: new.example, algorithm: strongest, qop: auth, transport: TCP, proxies: [b.example, " \
        "'a.example:5070']}\n"

static struct trunk_list merged(const char *yaml, bool denied) {
        struct complaints complaints = {0};
        _cleanup_(config_freep) struct config *c = NULL;
        struct trunk_list l = {0};
        struct trunk *t;
        ck_assert_int_eq(config_parse(&c, "t.yaml", span_of(yaml), &complaints), 0);
        ck_assert_int_eq(trunk_list_append(&l, &t), 0);
        t->detail_denied = denied;
        ck_assert_int_eq(trunk_set(t, TRUNK_TEXT_id, SPAN("1")), 0);
        static const enum trunk_text texts[] = {TRUNK_TEXT_username, TRUNK_TEXT_realm,     TRUNK_TEXT_algorithm, TRUNK_TEXT_qop,
                                                TRUNK_TEXT_state,    TRUNK_TEXT_transport, TRUNK_TEXT_proxies};
        for (size_t i = 0; !denied && i < ELEMENTS(texts); i++)
                ck_assert_int_eq(trunk_set(t, texts[i], span_of(trunk_text_name(texts[i]))), 0);
        for (int twice = 0; twice < 2; twice++)
                ck_assert_int_eq(trunk_list_merge(&l, c), 0);
        complaints_clear(&complaints);
        return l;
}

static struct exchange *add_challenge(struct evidence *e, const char *value, bool second) {
        struct exchange *x = second ? &e->exchanges[e->n_exchanges - 1] : evidence_add_exchange(e);
        struct challenge c;
        challenge_parse(&c, false, span_of(value));
        if (!second) {
                x->end = EXCHANGE_RESPONDED;
                x->status = 401;
                x->has_challenge = true;
                x->challenge = c;
        }
        if (c.algorithm_known)
                x->algorithms |= 1U << c.algorithm;
        return x;
}

START_TEST(reads_all_three) {
        struct trunk_list l = merged(TRUNK, false);
        struct drift d[DRIFT_FIELD_COUNT];
        struct evidence e = {0};
        ck_assert_int_eq(drift_read(d, &l.items[0], NULL), 0);
        expect(&d[DRIFT_REALM], "realm|new.example|?");
        expect(&d[DRIFT_USERNAME], "username|bob|");
        expect(&d[DRIFT_SERVERS], "proxies|b.example a.example:5070|");
        expect(&d[DRIFT_TRANSPORT], "transport|tcp|");
        expect(&d[DRIFT_STATE], "state|in service|");
        expect(&d[DRIFT_ALGORITHM], "algorithm||?"); /* "strongest" is none */
        expect(&d[DRIFT_QOP], "qop|auth|?");
        drift_clear(d);

        add_challenge(&e, "Digest realm=\"edge\", nonce=\"n\"", false);
        add_challenge(&e, "Digest realm=\"n\\\"ew\", nonce=\"n\", algorithm=SHA-256, qop=\"auth,auth-int\"", false);
        add_challenge(&e, "Digest realm=\"x\", nonce=\"n\", algorithm=MD5-sess", true);
        ck_assert_int_eq(drift_read(d, &l.items[0], &e), 0);
        expect(&d[DRIFT_REALM], "realm|new.example|edge");
        expect(&d[DRIFT_ALGORITHM], "algorithm||MD5, MD5-sess, SHA-256");
        expect(&d[DRIFT_QOP], "qop|auth|none");
        drift_clear(d);
        /* The challenge that fits the trunk is the one that speaks. */
        free(l.items[0].realm);
        l.items[0].realm = strdup("n\"ew");
        ck_assert_int_eq(drift_read(d, &l.items[0], &e), 0);
        expect(&d[DRIFT_REALM], "realm|n\"ew|n\"ew");
        expect(&d[DRIFT_QOP], "qop|auth|auth,auth-int");
        drift_clear(d);
        evidence_clear(&e);
        trunk_list_clear(&l);
}
END_TEST

START_TEST(what_is_no_statement) {
        struct trunk_list l = merged("trunks: []\n", false);
        struct drift d[DRIFT_FIELD_COUNT];
        struct evidence e = {0};
        static const char *const unreadable[] = {"Basic realm=\"r\"", "Digest nonce=\"n\""};
        for (size_t i = 0; i < ELEMENTS(unreadable); i++)
                add_challenge(&e, unreadable[i], false);
        add_challenge(&e, "Digest realm=\"late\", nonce=\"n\"", false)->end = EXCHANGE_NO_RESPONSE;
        ck_assert_int_eq(drift_read(d, &l.items[0], &e), 0);
        expect(&d[DRIFT_REALM], "realm||?");
        expect(&d[DRIFT_STATE], "state||"); /* no entry: the configuration does not care */
        drift_clear(d);
        /* Accepted with an answer: a challenge was there, and not seen here. Without one: there is none. */
        struct exchange *x = evidence_add_exchange(&e);
        *x = (struct exchange){.end = EXCHANGE_RESPONDED, .status = 200, .credentialed = true};
        ck_assert_int_eq(drift_read(d, &l.items[0], &e), 0);
        expect(&d[DRIFT_REALM], "realm||?");
        drift_clear(d);
        x->credentialed = false;
        ck_assert_int_eq(drift_read(d, &l.items[0], &e), 0);
        expect(&d[DRIFT_REALM], "realm||");
        expect(&d[DRIFT_QOP], "qop||");
        drift_clear(d);
        evidence_clear(&e);
        add_challenge(&e, "Digest realm=\"r\", nonce=\"n\", algorithm=SHA-384, qop=\"\"", false);
        ck_assert_int_eq(drift_read(d, &l.items[0], &e), 0);
        expect(&d[DRIFT_ALGORITHM], "algorithm||SHA-384");
        expect(&d[DRIFT_QOP], "qop||");
        drift_clear(d);
        evidence_clear(&e);
        trunk_list_clear(&l);
}
END_TEST

START_TEST(what_was_not_heard_holds) {
        struct trunk_list l = merged(TRUNK, true);
        char old[] = "old", configured[] = "configured", carrier[] = "carrier";
        struct drift d[DRIFT_FIELD_COUNT], known = {.says = {old, configured, carrier}};
        ck_assert_int_eq(drift_read(d, &l.items[0], NULL), 0);
        expect(&d[DRIFT_REALM], "?|new.example|?");
        ck_assert_int_eq(drift_recall(&d[DRIFT_REALM], &known), 0);
        expect(&d[DRIFT_REALM], "old?|new.example|carrier?");
        ck_assert_int_eq(drift_recall(&d[DRIFT_USERNAME], &known), 0);
        expect(&d[DRIFT_USERNAME], "old?|bob|"); /* a challenge never names it */
        drift_clear(d);
        trunk_list_clear(&l);
}
END_TEST

int main(void) {
        Suite *suite = suite_create("drift");
        TCase *tc = tcase_create("drift");
        tcase_add_loop_test(tc, differs_or_not, 0, (int)ELEMENTS(cases));
        tcase_add_test(tc, reads_all_three);
        tcase_add_test(tc, what_is_no_statement);
        tcase_add_test(tc, what_was_not_heard_holds);
        suite_add_tcase(suite, tc);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed != 0;
}
