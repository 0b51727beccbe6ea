/* test_store_transports.c: the second schema: targets and their TLS facts, proxies, memory, and the way there from the first. */
#include "store_fixture.h"

static const char version_1[] =
#include "sql/001_initial.inc"
        ;

/* -- migration ----------------------------------------------------------------------------------------------------- */

#define KEPT_EVIDENCE                                                                                                               \
        "SELECT run, trunk, seq, sent_usec, rtt_usec, credentialed, digest_uri, algorithm, qop, retransmissions, ending, problem, " \
        "status, reason, request, response FROM evidence ORDER BY run, trunk, seq"

static const char *const kept[] = {
        KEPT_EVIDENCE,
        "SELECT id, program, slot_usec, started_usec, finished_usec, state, trigger, partial, clock_cause, trunks FROM run ORDER BY id",
        "SELECT key, trunk_id, name, state, role, region, authentication, domain, proxies, transport, request_uri, realm, username, "
        "algorithm, qop, self_uri, validation_time, validation_status, validation_code, validation_message, validation_challenge, "
        "validation_authorization, first_listed_usec, last_listed_usec, listed, extra FROM trunk ORDER BY key",
        "SELECT * FROM listing",
        "SELECT * FROM carrier ORDER BY id",
        "SELECT run, trunk, outcome, cause, carrier, requests, credentialed, latency_usec, detail FROM result ORDER BY run, trunk",
        "SELECT * FROM announcement",
        "SELECT * FROM mine",
        "SELECT id, word FROM cause WHERE id IN (1, 2, 901) ORDER BY id",
};

/* Every ending of the first schema; a trunk whose target was not found; one that passed. Somebody has a view of his own. */
static void make_version_1(void) {
        change("PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL");
        change(version_1);
        change("PRAGMA application_id = 1413567812; PRAGMA user_version = 1;"
               "INSERT INTO cause VALUES (1, 'ok', 'trunk', 'pass', 6, 'x', 'x'), (2, 'wrong_password', 'trunk', 'fail', 3, 'x', 'x'),"
               "  (901, 'of_yesterday', 'trunk', 'fail', 3, 'Gone.', 'None.');"
               "INSERT INTO run (id, program, slot_usec, started_usec, finished_usec, state, trigger, partial)"
               "  VALUES (4, '0.1.0', 1, 1795410000000000, 3, 'done', 'slot', 0), (5, '0.1.0', 2, 3, NULL, 'broken', 'start', 1);"
               "INSERT INTO trunk (key, trunk_id, name, listed, extra) VALUES (1, 'id-a', 'A', 1, 0), (2, 'id-b', NULL, 1, 0),"
               "  (3, 'local:c', 'c', 0, 1);"
               "INSERT INTO listing VALUES (1, 2, 3);"
               "INSERT INTO carrier VALUES (7, 'a.example', '192.0.2.1:5060'), (8, 'b.example', '');"
               "INSERT INTO result VALUES (4, 1, 3, 2, 7, 6, 1, 150250, 'seen'), (4, 2, 3, 901, 8, 0, 0, NULL, NULL),"
               "  (4, 3, 0, 1, 7, 2, 1, 9, NULL);"
               "INSERT INTO evidence VALUES"
               "  (4, 1, 1, 1795410000250000, 150250, 0, NULL, NULL, NULL, 0, 'responded', NULL, 401, 'Unauthorized', 'R 1', 'S 1'),"
               "  (4, 1, 2, 12, NULL, 1, 'sip:a', 'MD5', 'auth', 3, 'no_response', NULL, NULL, NULL, 'R 2', NULL),"
               "  (4, 1, 3, 13, NULL, 0, NULL, NULL, NULL, 0, 'refused', 'Connection refused', NULL, NULL, 'R 3', NULL),"
               "  (4, 1, 4, 14, NULL, 0, NULL, NULL, NULL, 0, 'unreachable', 'No route to host', NULL, NULL, NULL, NULL),"
               "  (4, 1, 5, 15, NULL, 0, NULL, NULL, NULL, 0, 'malformed', 'no status line', NULL, NULL, 'R 5', 'x'),"
               "  (4, 1, 6, 16, NULL, 0, NULL, NULL, NULL, 0, 'cut', NULL, NULL, NULL, 'R 6', NULL),"
               "  (4, 2, 1, 17, NULL, 0, NULL, NULL, NULL, 0, 'cut', NULL, NULL, NULL, NULL, NULL);"
               "INSERT INTO announcement VALUES ('id-a', 2, 4, 99);"
               "CREATE VIEW mine AS SELECT count(*) AS n, max(request) AS last FROM evidence");
}

START_TEST(a_first_database_keeps_everything) {
        make_version_1();
        char *before[ELEMENTS(kept)];
        for (size_t i = 0; i < ELEMENTS(kept); i++)
                before[i] = rows(kept[i]);
        store_close(open_writer());
        for (int again = 0; again < 2; again++) {
                expect_rows("SELECT user_version FROM pragma_user_version", SCHEMA_VERSION);
                expect_rows("SELECT integrity_check FROM pragma_integrity_check", "ok");
                expect_rows("SELECT * FROM pragma_foreign_key_check", "");
                for (size_t i = 0; i < ELEMENTS(kept); i++)
                        expect_rows(kept[i], before[i]);
                expect_rows("SELECT run, trunk, seq, transport, address, how FROM evidence_target", "4|1|1|udp|192.0.2.1:5060|");
                expect_rows("SELECT trunk, seq, target FROM evidence", "1|1|1\n1|2|1\n1|3|1\n1|4|1\n1|5|1\n1|6|1\n2|1|");

                char *schema = rows("SELECT schema_version FROM pragma_schema_version");
                store_close(open_writer());
                expect_rows("SELECT schema_version FROM pragma_schema_version", schema);
                free(schema);
        }
        expect_rows("SELECT * FROM messages LIMIT 1",
                    "2026-11-23T05:00:00.250Z|4|A|1|192.0.2.1:5060|udp|R 1|S 1|401|150.3|0||responded||id-a|");
        for (size_t i = 0; i < ELEMENTS(kept); i++)
                free(before[i]);
}
END_TEST

START_TEST(a_migrated_database_is_like_a_new_one) {
        static const char schema[] = "SELECT type, name, sql FROM sqlite_schema WHERE name <> 'mine' ORDER BY type, name";
        store_close(open_writer());
        char *fresh = rows(schema);
        make_directory();
        make_version_1();
        store_close(open_writer());
        expect_rows(schema, fresh);
        free(fresh);
}
END_TEST

START_TEST(a_migration_is_done_whole_or_not_at_all) {
        make_version_1();
        change("CREATE TABLE trunk_memory (theirs)"); /* the last one that the migration makes */
        char *before = rows("SELECT name, sql FROM sqlite_schema");
        struct store *s = NULL;
        char *error = NULL;
        ck_assert_int_eq(store_open(&s, path, STORE_WRITE, &error), -EIO);
        ck_assert_msg(strstr(error, "unable to migrate the database") && strstr(error, "trunk_memory"), "%s", error);
        free(error);
        expect_rows("SELECT user_version FROM pragma_user_version", "1");
        expect_rows("SELECT name, sql FROM sqlite_schema", before);
        expect_rows("SELECT * FROM mine", "7|R 6");
        free(before);

        change("DROP TABLE trunk_memory");
        store_close(open_writer());
        expect_rows("SELECT * FROM mine", "7|R 6");
}
END_TEST

START_TEST(a_reader_takes_a_first_database_as_it_is) {
        make_version_1();
        struct store *s = NULL;
        ck_assert_int_eq(store_open(&s, path, STORE_READ, NULL), 0);
        store_close(s);
        expect_rows("SELECT user_version FROM pragma_user_version", "1");
}
END_TEST

/* -- evidence ------------------------------------------------------------------------------------------------------ */

static struct tls_facts make_tls(const char *wanted, int64_t not_after_sec) {
        struct tls_facts tls = {.present = true,
                                .protocol = "TLSv1.3",
                                .cipher = "TLS_AES_256_GCM_SHA384",
                                .trust = TLS_TRUST_GOOD,
                                .subject = "CN=sbc1.carrier.example",
                                .names = "DNS:carrier.example, URI:sip:carrier.example",
                                .chain_end = "CN=Root",
                                .not_after_sec = not_after_sec};
        (void)snprintf(tls.wanted, sizeof tls.wanted, "%s", wanted);
        return tls;
}

static void add_target(struct evidence *e, enum target_transport transport, const char *address, const char *how,
                       const struct tls_facts *tls) {
        struct attempt *a = evidence_add_target(e);
        ck_assert_ptr_nonnull(a);
        a->transport = transport;
        (void)snprintf(a->address, sizeof a->address, "%s", address);
        (void)snprintf(a->how, sizeof a->how, "%s", how);
        if (!tls)
                return;
        a->tls = malloc(sizeof *a->tls);
        ck_assert_ptr_nonnull(a->tls);
        *a->tls = *tls;
}

static struct exchange *add_exchange(struct evidence *e, size_t target, enum exchange_end end) {
        struct exchange *x = evidence_add_exchange(e);
        ck_assert_ptr_nonnull(x);
        *x = (struct exchange){.target = target, .end = end, .sent_usec = (uint64_t)START, .request = wire_of("REGISTER\r\n")};
        return x;
}

START_TEST(every_ending_has_its_word) {
        static const struct {
                enum exchange_end end;
                const char *word;
        } endings[] = {
                {EXCHANGE_RESPONDED, "responded"}, {EXCHANGE_NO_RESPONSE, "no_response"},
                {EXCHANGE_REFUSED, "refused"},     {EXCHANGE_UNREACHABLE, "unreachable"},
                {EXCHANGE_CLOSED, "closed"},       {EXCHANGE_TLS_FAILED, "tls_failed"},
                {EXCHANGE_UNTRUSTED, "untrusted"}, {EXCHANGE_TOO_LARGE, "too_large"},
                {EXCHANGE_MALFORMED, "malformed"}, {EXCHANGE_CUT, "cut"},
        };
        struct store *s = open_writer();
        struct trunk t = make_trunk("id-a", "A", TRUNK_EXTRA);
        for (size_t i = 0; i < ELEMENTS(endings); i++) {
                struct evidence e = {.target = "a.example"};
                add_target(&e, TARGET_TCP, "192.0.2.1:5060", "", NULL);
                add_exchange(&e, 0, endings[i].end);
                const struct result result = make_result(&t, CAUSE_WRONG_PASSWORD, &e);
                struct run run = make_run((int)i);
                store_run(s, &run, &result, 1);
                evidence_clear(&e);
                expect_rows("SELECT ending FROM messages LIMIT 1", endings[i].word);
        }
        expect_rows("SELECT count(DISTINCT ending) FROM evidence", "10");
        trunk_clear(&t);
        store_close(s);
}
END_TEST

START_TEST(problems_are_in_the_most_exact_words) {
        struct store *s = open_writer();
        struct trunk t = make_trunk("id-a", "A", TRUNK_EXTRA);
        struct evidence e = {.target = "a.example"};
        struct tls_facts tls = make_tls("carrier.example", 0);
        (void)snprintf(tls.error, sizeof tls.error, "self-signed certificate");
        add_target(&e, TARGET_TLS, "192.0.2.1:5061", "", &tls);
        add_exchange(&e, 0, EXCHANGE_CLOSED)->error = ECONNRESET;
        struct exchange *x = add_exchange(&e, 0, EXCHANGE_TLS_FAILED);
        x->error = EPROTO;
        (void)snprintf(x->failure, sizeof x->failure, "no shared cipher");
        x = add_exchange(&e, 0, EXCHANGE_MALFORMED);
        x->malformed = "no length";
        (void)snprintf(x->failure, sizeof x->failure, "ignored");
        x = add_exchange(&e, 0, EXCHANGE_UNTRUSTED);
        x->sent_usec = 0;
        add_exchange(&e, 0, EXCHANGE_RESPONDED); /* what is wrong with the certificate is not its problem */
        const struct result result = make_result(&t, CAUSE_WRONG_PASSWORD, &e);
        struct run run = make_run(0);
        store_run(s, &run, &result, 1);
        expect_rows("SELECT step, time IS NULL, ending, problem FROM messages",
                    "1|0|closed|Connection reset by peer\n2|0|tls_failed|no shared cipher\n3|0|malformed|no length\n"
                    "4|1|untrusted|self-signed certificate\n5|0|responded|");
        evidence_clear(&e);
        trunk_clear(&t);
        store_close(s);
}
END_TEST

START_TEST(targets_that_were_tried_are_kept) {
        struct store *s = open_writer();
        struct trunk a = make_trunk("id-a", "a", TRUNK_EXTRA), b = make_trunk("id-b", "B", TRUNK_EXTRA);
        struct evidence e = {.target = "carrier.example", .address = "[2001:db8::1]:5061"};
        const struct tls_facts tls = make_tls("carrier.example", START / 1000000 + 864000);
        add_target(&e, TARGET_UDP, "192.0.2.1:5060", "SRV _sip._udp.carrier.example", NULL);
        add_target(&e, TARGET_TCP, "192.0.2.2:5060", "", NULL); /* never tried */
        add_target(&e, TARGET_TLS, "[2001:db8::1]:5061", "AAAA \xFF", &tls);
        add_exchange(&e, 0, EXCHANGE_NO_RESPONSE)->retransmissions = 6;
        struct exchange *x = add_exchange(&e, 2, EXCHANGE_RESPONDED);
        x->rtt_usec = 150250;
        x->status = 403;
        x->response = wire_of("SIP/2.0 403 Forbidden\r\nX: y\r\n\r\n");
        add_exchange(&e, 99, EXCHANGE_CUT); /* names none */
        const struct result results[] = {make_result(&b, CAUSE_OK, &e), make_result(&a, CAUSE_FORBIDDEN, &e)};
        struct run run = make_run(0);
        store_run(s, &run, results, 2);
        expect_rows("SELECT t.name, e.seq, e.transport, e.address, e.how, tls_protocol, tls_cipher, tls_subject, tls_names, tls_chain_end,"
                    " tls_not_after_sec, tls_error, tls_wanted FROM evidence_target AS e JOIN trunk AS t ON t.key = e.trunk",
                    "a|1|udp|192.0.2.1:5060|SRV _sip._udp.carrier.example||||||||\n"
                    "a|3|tls|[2001:db8::1]:5061|AAAA \xEF\xBF\xBD|TLSv1.3|TLS_AES_256_GCM_SHA384|CN=sbc1.carrier.example|"
                    "DNS:carrier.example, URI:sip:carrier.example|CN=Root|1796274000||carrier.example");
        expect_rows(
                "SELECT time, run, trunk, step, address, transport, request, response, status, rtt_ms, retransmissions, ending"
                " FROM messages",
                "2026-11-23T05:00:00.000Z|1|a|1|192.0.2.1:5060|udp|REGISTER\n||||6|no_response\n"
                "2026-11-23T05:00:00.000Z|1|a|2|[2001:db8::1]:5061|tls|REGISTER\n|SIP/2.0 403 Forbidden\nX: y\n\n|403|150.3|0|responded\n"
                "2026-11-23T05:00:00.000Z|1|a|3|||REGISTER\n||||0|cut");

        struct run next = make_run(1); /* the next run's come first, whatever the trunk's name */
        const struct result later = make_result(&b, CAUSE_FORBIDDEN, &e);
        store_run(s, &next, &later, 1);
        expect_rows("SELECT run, trunk, step FROM messages", "2|B|1\n2|B|2\n2|B|3\n1|a|1\n1|a|2\n1|a|3");
        evidence_clear(&e);
        trunk_clear(&a);
        trunk_clear(&b);
        store_close(s);
}
END_TEST

/* One run with one trunk over TLS. */
static void see_certificate(struct store *s, int hour, const struct trunk *t, const char *address, const struct tls_facts *tls) {
        struct evidence e = {.target = "carrier.example"};
        add_target(&e, TARGET_TLS, address, "", tls);
        add_exchange(&e, 0, EXCHANGE_UNTRUSTED);
        const struct result result = make_result(t, CAUSE_WRONG_PASSWORD, &e);
        struct run run = make_run(hour);
        store_run(s, &run, &result, 1);
        evidence_clear(&e);
}

START_TEST(certificates_are_the_newest) {
        enum { DAY = 86400 };
        const int64_t start_sec = START / 1000000;
        struct store *s = open_writer();
        struct trunk t = make_trunk("id-a", "A", TRUNK_EXTRA);
        struct tls_facts tls = make_tls("carrier.example", start_sec - DAY / 2 + 1);
        (void)snprintf(tls.error, sizeof tls.error, "expired");
        see_certificate(s, 0, &t, "192.0.2.1:5061", &tls); /* is renewed */
        see_certificate(s, 0, &t, "192.0.2.2:5061", &tls); /* is not */
        tls = make_tls("carrier.example", start_sec + 3600 + 10 * DAY + 1);
        see_certificate(s, 1, &t, "192.0.2.1:5061", &tls);
        tls = make_tls("other.example", start_sec + 7200 + 5 * DAY + 1); /* chosen by server name at the same address */
        see_certificate(s, 2, &t, "192.0.2.1:5061", &tls);
        tls = make_tls("", 0);                             /* a handshake that showed no certificate ... */
        see_certificate(s, 3, &t, "192.0.2.3:5061", &tls); /* ... and hides none */
        tls = make_tls("carrier.example", 0);
        see_certificate(s, 3, &t, "192.0.2.1:5061", &tls);
        see_certificate(s, 4, &t, "192.0.2.1:5061", NULL);
        expect_rows("SELECT address, wanted, not_after, days_left, problem, run, time FROM certificates",
                    "192.0.2.2:5061|carrier.example|2026-11-22T17:00:01Z|-0.5|expired|2|2026-11-23T05:00:01Z\n"
                    "192.0.2.1:5061|other.example|2026-11-28T07:00:01Z|5.0||4|2026-11-23T07:00:01Z\n"
                    "192.0.2.1:5061|carrier.example|2026-12-03T06:00:01Z|10.0||3|2026-11-23T06:00:01Z");
        expect_rows("SELECT subject, names, chain_end, protocol, cipher FROM certificates LIMIT 1",
                    "CN=sbc1.carrier.example|DNS:carrier.example, URI:sip:carrier.example|CN=Root|TLSv1.3|TLS_AES_256_GCM_SHA384");
        trunk_clear(&t);
        store_close(s);
}
END_TEST

/* -- proxies ------------------------------------------------------------------------------------------------------- */

START_TEST(proxies_are_the_newest) {
        struct store *s = open_writer();
        struct evidence e = make_evidence(), nowhere = {.target = "b.example"};
        struct trunk a = make_trunk("id-a", "A", TRUNK_EXTRA), b = make_trunk("id-b", "B", TRUNK_EXTRA);
        const struct proxy_result first[] = {{"a.example:5061", verdict_of(CAUSE_OK, "200 OK"), 150250, &e},
                                             {"b.example", verdict_of(CAUSE_NO_ANSWER, "silence"), 0, &nowhere},
                                             {"c.example", {.cause = CAUSE_STALE_NONCE}, 0, NULL}};
        struct result results[] = {make_result(&b, CAUSE_OK, &e), make_result(&a, CAUSE_STALE_NONCE, &e)};
        results[1].proxies = first;
        results[1].n_proxies = ELEMENTS(first);
        struct run run = make_run(0);
        store_run(s, &run, results, 2);
        expect_rows("SELECT trunk, seq, proxy, address, outcome, cause, detail, latency_ms, run, time FROM proxies",
                    "A|1|a.example:5061|192.0.2.1:5061|pass|ok|200 OK|150.3|1|2026-11-23T05:00:01Z\n"
                    "A|2|b.example||untested|no_answer|silence||1|2026-11-23T05:00:01Z\n"
                    "A|3|c.example||fail|stale_nonce|||1|2026-11-23T05:00:01Z");
        expect_rows("SELECT remedy IS NULL FROM proxies", "1\n0\n0");

        /* The configuration has other proxies now, in another order. */
        const struct proxy_result second[] = {{"c.example", verdict_of(CAUSE_OK, "200 OK"), 7000, &e},
                                              {"a.example:5061", verdict_of(CAUSE_OK, "200 OK"), 8000, &e}};
        results[0].proxies = second;
        results[0].n_proxies = 1;
        results[1].proxies = second;
        results[1].n_proxies = 2;
        results[1].evidence = NULL; /* also where the trunk's own verdict has none */
        struct run run1 = make_run(1);
        store_run(s, &run1, results, 2);
        static const char newest[] = "SELECT trunk, seq, proxy, latency_ms, run FROM proxies";
        expect_rows(newest, "A|1|c.example|7.0|2\nA|2|a.example:5061|8.0|2\nB|1|c.example|7.0|2");

        /* A run that does not probe changes nothing; one that probes once ends it. */
        results[0] = make_result(&b, CAUSE_SECRET_MISSING, NULL);
        results[1] = make_result(&a, CAUSE_OK, &e);
        struct run run2 = make_run(2);
        store_run(s, &run2, results, 2);
        expect_rows(newest, "B|1|c.example|7.0|2");

        struct run run3 = make_run(3); /* B is gone from the configuration */
        store_run(s, &run3, &results[1], 1);
        expect_rows(newest, "");
        expect_rows("SELECT count(*) FROM proxy_result", "6");
        evidence_clear(&e);
        trunk_clear(&a);
        trunk_clear(&b);
        store_close(s);
}
END_TEST

/* -- memory -------------------------------------------------------------------------------------------------------- */

static void remember(struct store *s, int hour, const struct trunk *t, const struct trunk_memory *m) {
        struct result result = make_result(t, CAUSE_OK, NULL);
        result.memory = m;
        struct run run = make_run(hour);
        store_run(s, &run, &result, 1);
}

static void expect_memory(struct store *s, const struct trunk_memory *expected) {
        struct trunk_memory got = {.hold_until_usec = -1};
        ck_assert_int_eq(store_memory(s, "id-a", &got), 0);
        ck_assert_int_eq(got.has_algorithm, expected->has_algorithm);
        if (expected->has_algorithm)
                ck_assert_int_eq(got.algorithm, expected->algorithm);
        ck_assert_int_eq(got.hold_until_usec, expected->hold_until_usec);
        ck_assert_uint_eq(got.tried, expected->tried);
        ck_assert_int_eq(got.winner, expected->winner);
}

static void expect_nothing_remembered(struct store *s, const char *trunk_id) {
        struct trunk_memory got = {.hold_until_usec = -1};
        ck_assert_int_eq(store_memory(s, trunk_id, &got), STORE_NONE);
        ck_assert_int_eq(got.hold_until_usec, -1);
}

START_TEST(memory_is_read_as_it_was_written) {
        struct store *s = open_writer();
        struct trunk t = make_trunk("id-a", "A", TRUNK_EXTRA), other = make_trunk("id-b", "B", TRUNK_EXTRA);
        int hour = 0;
        expect_nothing_remembered(s, "id-a");
        remember(s, hour++, &t, NULL);
        expect_nothing_remembered(s, "id-a");
        for (enum digest_algorithm a = DIGEST_MD5; a <= DIGEST_SHA_512_256_SESS; a++) {
                const struct trunk_memory m = {.has_algorithm = true, .algorithm = a, .hold_until_usec = a % 2 ? START + a : 0};
                remember(s, hour++, &t, &m);
                expect_memory(s, &m);
                remember(s, hour++, &t, NULL);
                expect_memory(s, &m);
        }
        for (enum hypothesis h = 1; h < HYPOTHESIS_COUNT; h++) {
                const struct trunk_memory tried = {.tried = HYPOTHESIS_BIT(h) | HYPOTHESIS_BIT(1)}, won = {.winner = h};
                remember(s, hour++, &t, &tried);
                expect_memory(s, &tried);
                remember(s, hour++, &t, NULL);
                expect_memory(s, &tried);
                remember(s, hour++, &t, &won);
                expect_memory(s, &won);
        }
        expect_rows("SELECT tried, winner FROM trunk_memory", "|user_named");
        change("UPDATE trunk_memory SET tried = 'of_tomorrow qop', winner = 'of_tomorrow'");
        expect_memory(s, &(const struct trunk_memory){.tried = HYPOTHESIS_BIT(HYPOTHESIS_QOP)});
        const struct trunk_memory hold = {.hold_until_usec = START + 7}, none = {0};
        remember(s, hour++, &t, &hold);
        expect_memory(s, &hold);
        remember(s, hour++, &other, &none);
        expect_memory(s, &hold);
        expect_nothing_remembered(s, "id-b");
        remember(s, hour++, &t, &none);
        expect_nothing_remembered(s, "id-a");
        trunk_clear(&t);
        trunk_clear(&other);
        store_close(s);
}
END_TEST

START_TEST(an_unknown_algorithm_is_no_memory_of_one) {
        struct store *s = open_writer();
        struct trunk t = make_trunk("id-a", "A", TRUNK_EXTRA);
        const struct trunk_memory m = {.has_algorithm = true, .algorithm = DIGEST_SHA_256, .hold_until_usec = START};
        remember(s, 0, &t, &m);
        change("UPDATE trunk_memory SET algorithm = 'SHA3-256'");
        const struct trunk_memory hold = {.hold_until_usec = START};
        expect_memory(s, &hold);
        change("UPDATE trunk_memory SET hold_until_usec = NULL");
        expect_nothing_remembered(s, "id-a");
        trunk_clear(&t);
        store_close(s);
}
END_TEST

START_TEST(all_of_a_result_is_stored_or_nothing) {
        struct store *s = open_writer();
        struct evidence e = make_evidence();
        struct trunk t = make_trunk("id-a", "A", TRUNK_EXTRA), u = make_trunk("id-b", "B", TRUNK_EXTRA);
        const struct trunk_memory m = {.hold_until_usec = START};
        struct proxy_result proxies[] = {{"a.example", verdict_of(CAUSE_OK, "200 OK"), 0, &e},
                                         {NULL, verdict_of(CAUSE_OK, "200 OK"), 0, &e}};
        struct result results[] = {make_result(&u, CAUSE_WRONG_PASSWORD, &e), make_result(&t, CAUSE_WRONG_PASSWORD, &e)};
        for (size_t i = 0; i < 2; i++) {
                results[i].memory = &m;
                results[i].proxies = proxies;
                results[i].n_proxies = i + 1;
        }
        struct run run = make_run(0);
        ck_assert_int_eq(store_begin_run(s, &run), 0);
        static const char counts[] = "SELECT (SELECT count(*) FROM result), (SELECT count(*) FROM evidence),"
                                     " (SELECT count(*) FROM evidence_target), (SELECT count(*) FROM proxy_result),"
                                     " (SELECT count(*) FROM trunk_memory), (SELECT state FROM run)";
        ck_assert_int_eq(store_end_run(s, &run, results, 2), -EIO);
        ck_assert_msg(strstr(store_error(s), "unable to store a proxy's result") != NULL, "%s", store_error(s));
        expect_rows(counts, "0|0|0|0|0|running");
        proxies[1].target = "b.example";
        ck_assert_int_eq(store_end_run(s, &run, results, 2), 0);
        expect_rows(counts, "2|4|2|3|2|done");
        evidence_clear(&e);
        trunk_clear(&t);
        trunk_clear(&u);
        store_close(s);
}
END_TEST

int main(void) {
        Suite *suite = suite_create("store_transports");
        TCase *tc = tcase_create("store_transports");
        tcase_add_unchecked_fixture(tc, make_base, remove_base);
        tcase_add_checked_fixture(tc, make_directory, NULL);
        tcase_set_timeout(tc, 120);
        tcase_add_test(tc, a_first_database_keeps_everything);
        tcase_add_test(tc, a_migrated_database_is_like_a_new_one);
        tcase_add_test(tc, a_migration_is_done_whole_or_not_at_all);
        tcase_add_test(tc, a_reader_takes_a_first_database_as_it_is);
        tcase_add_test(tc, every_ending_has_its_word);
        tcase_add_test(tc, problems_are_in_the_most_exact_words);
        tcase_add_test(tc, targets_that_were_tried_are_kept);
        tcase_add_test(tc, certificates_are_the_newest);
        tcase_add_test(tc, proxies_are_the_newest);
        tcase_add_test(tc, memory_is_read_as_it_was_written);
        tcase_add_test(tc, an_unknown_algorithm_is_no_memory_of_one);
        tcase_add_test(tc, all_of_a_result_is_stored_or_nothing);
        suite_add_tcase(suite, tc);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? 0 : 1;
}
