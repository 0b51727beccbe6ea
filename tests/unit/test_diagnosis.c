/* test_diagnosis.c: from scripted exchanges to a verdict. Each row is replayed step by step: what it did next must be what diagnosis asked
 * for, so that a verdict cannot be reached by a probe that would never have happened. */
#include <check.h>
#include <stdio.h>
#include <sys/random.h>

#include "common/diagnosis.h"
#include "diagnosis_rows.h"
#include "share.h"

/* -- from rows to evidence -------------------------------------------------------------------------------------------- */

static struct secret *secret;

static void set(struct trunk *t, enum trunk_text field, const char *value) {
        ck_assert_int_eq(trunk_set(t, field, span_of(value)), 0);
}

static void make_trunk(struct trunk *t, const struct row *row) {
        *t = (struct trunk){.detail_denied = row->detail_denied};
        set(t, TRUNK_TEXT_id, "t1");
        set(t, TRUNK_TEXT_proxies, "sbc.example");
        set(t, TRUNK_TEXT_domain, "carrier.example");
        set(t, TRUNK_TEXT_authentication, row->authentication ? row->authentication : "digest");
        set(t, TRUNK_TEXT_username, row->username ? row->username : "alice");
        set(t, TRUNK_TEXT_validation_time, row->validation_time);
        t->method = row->method ? strdup(row->method) : NULL;
        set(t, TRUNK_TEXT_realm, row->realm);
        set(t, TRUNK_TEXT_algorithm, row->algorithm);
        set(t, TRUNK_TEXT_qop, row->qop);
        set(t, TRUNK_TEXT_validation_status, row->validation_status);
        set(t, TRUNK_TEXT_validation_code, row->validation_code);
        if (row->detail_denied)
                t->detail = verdict_of(CAUSE_SCOPE_DENIAL, "403");
        const char *text = row->ha1 ? row->ha1 : row->password ? row->password : "secret";
        ck_assert_int_eq(secret_new(&secret, text, strlen(text)), 0);
        *(row->ha1 ? &t->ha1 : &t->password) = secret;
}

static void clear(struct trunk *t, struct evidence *e) {
        trunk_clear(t);
        evidence_clear(e);
        secret = secret_free(secret);
}

static void add_target(struct evidence *e, enum target_transport transport) {
        struct attempt *a = evidence_add_target(e);
        ck_assert_ptr_nonnull(a);
        a->transport = transport;
        (void)snprintf(a->address, sizeof a->address, "192.0.2.%zu:5060", e->n_targets);
}

static void make_evidence(struct evidence *e, const struct row *row) {
        *e = (struct evidence){.resolution = RESOLUTION_DONE, .address = "192.0.2.1:5060"};
        for (size_t i = 0; i < (row->n_targets ? row->n_targets : 1); i++)
                add_target(e, row->connected ? TARGET_TLS : TARGET_UDP);
        if (!row->connected)
                return;
        struct tls_facts *tls = calloc(1, sizeof *tls);
        ck_assert_ptr_nonnull(tls);
        *tls = (struct tls_facts){.present = true, .trust = row->trust, .not_after_sec = NOW_SEC + row->tls_left_sec};
        e->targets[0].tls = tls;
}

/* The target that a step sends to; what it adds is added. */
static size_t target_of_step(struct evidence *e, const struct diagnosis_step *s) {
        if (s->step == STEP_ANSWER)
                return e->exchanges[e->n_exchanges - 1].target;
        ck_assert(s->step == STEP_FOLLOW || s->target < e->n_targets);
        if (s->step == STEP_ASK && !s->over_tcp)
                return s->target;
        add_target(e, s->over_tcp ? TARGET_TCP : TARGET_UDP);
        return e->n_targets - 1;
}

static bool is_ask(const struct saw *saw) {
        return saw->sent < PLAIN;
}

static enum hypothesis hypothesis_of(const struct saw *saw) {
        return is_ask(saw) ? HYPOTHESIS_NONE : (enum hypothesis)(saw->sent - PLAIN);
}

static void append(struct evidence *e, const struct saw *saw, const struct diagnosis_step *s, size_t target) {
        struct exchange *x = evidence_add_exchange(e);
        ck_assert_ptr_nonnull(x);
        *x = (struct exchange){
                .target = target,
                .credentialed = !is_ask(saw),
                .hypothesis = s->hypothesis,
                .named = s->named,
                .other_method = s->other_method,
                .sent_usec = NOW_SEC * USEC_PER_SEC,
                .retransmissions = saw->again,
                .end = saw->end,
                .status = saw->status,
                .retry_after_sec = -1,
        };
        (void)snprintf(x->digest_uri, sizeof x->digest_uri, "%s", saw->sent == OTHER ? "sip:carrier.example:5060" : "sip:carrier.example");
        if (saw->status == 0)
                return;
        x->rtt_usec = (saw->rtt_msec ? saw->rtt_msec : 20) * USEC_PER_MSEC;
        (void)snprintf(x->reason, sizeof x->reason, "Reason");
        if (!is_ask(saw) && saw->status < 300)
                x->rspauth = saw->proof_wrong ? RSPAUTH_WRONG : RSPAUTH_ABSENT;
        if (saw->challenge) {
                x->n_challenges = 1;
                x->has_challenge = true;
                challenge_parse(&x->challenge, saw->status == 407, span_of(saw->challenge));
                nonce_read(&x->nonce, x->challenge.nonce, NOW_SEC);
        }
}

static const char *describe(const struct evidence *e) {
        static char text[512];
        size_t at = 0;
        text[0] = '\0';
        for (size_t i = 0; i < e->n_exchanges && at < sizeof text; i++) {
                const struct exchange *x = &e->exchanges[i];
                int n = snprintf(text + at, sizeof text - at, " %s%s-%s%s=%d/%d", x->credentialed ? "answer" : "ask",
                                 x->named          ? "-named"
                                 : x->other_method ? "-other-method"
                                                   : "",
                                 hypothesis_word(x->hypothesis), x->retransmissions ? "-again" : "", x->status, (int)x->end);
                at += n > 0 ? (size_t)n : 0;
        }
        return text;
}

static struct diagnosis_history history_of(const struct row *row) {
        struct diagnosis_history history = {.known = row->known,
                                            .last_cause = row->last_cause,
                                            .tried = row->tried,
                                            .winner = row->winner,
                                            .winner_first = row->winner_first};
        if (row->last_algorithm)
                history.has_algorithm = digest_algorithm_from(span_of(row->last_algorithm), &history.algorithm);
        return history;
}

static struct verdict judge(const struct row *row, const struct trunk *t, const struct evidence *e) {
        const struct diagnosis_history history = history_of(row);
        return diagnosis_verdict(t, &history, e);
}

/* Plays one exchange of a row: diagnosis must ask for it. */
static void play(const struct row *row, const struct trunk *t, const struct diagnosis_policy *policy, struct evidence *e,
                 const struct saw *saw, int number) {
        size_t n = (size_t)(saw - row->saw);
        const struct diagnosis_history history = history_of(row);
        struct diagnosis_step s = diagnosis_next(t, policy, &history, e);
        bool unsent = n > 0 && n == row->unasked;
        bool asks = s.step == STEP_ASK || (s.step == STEP_FOLLOW && row->follows);
        ck_assert_msg(is_ask(saw) && !unsent ? asks : s.step == STEP_ANSWER, "row %d, after%s: step %d", number, describe(e), (int)s.step);
        if (s.step == STEP_ANSWER && !unsent)
                ck_assert_msg(s.hypothesis == hypothesis_of(saw), "row %d, after%s: %s", number, describe(e),
                              hypothesis_word(s.hypothesis));
        if (s.step == STEP_ASK && saw->status > 0)
                ck_assert_msg(s.named == (saw->sent == ASK_NAMED) && s.other_method == (saw->sent == ASK_OTHER), "row %d, after%s: ask",
                              number, describe(e));
        size_t target = target_of_step(e, &s), expected = row->to ? (size_t)(row->to[n] - '0') : 0;
        ck_assert_msg(target == expected, "row %d, after%s: to target %zu, not %zu", number, describe(e), target, expected);
        append(e, saw, &s, target);
        struct exchange *x = &e->exchanges[e->n_exchanges - 1];
        (void)snprintf(x->seen_as, sizeof x->seen_as, "%s", row->seen_as[x->credentialed] ? row->seen_as[x->credentialed] : "");
        x->has_other_algorithm = x->has_challenge && row->other;
        if (row->other)
                ck_assert(digest_algorithm_from(span_of(row->other), &x->other_algorithm));
        x->retry_after_sec = row->retry_after_sec ? row->retry_after_sec : -1;
        if (s.step != STEP_ANSWER)
                return;
        x->qop = s.qop;
        x->algorithm = x[-1].challenge.algorithm;
}

START_TEST(rows_lead_to_their_verdict) {
        const struct row *row = &rows[_i];
        const struct diagnosis_policy policy = {
                .budget = row->budget ? row->budget : 3, .failures = row->failures ? row->failures : 2, .follow_redirects = row->follows};
        const struct diagnosis_history history = history_of(row);
        struct trunk t;
        struct evidence e;
        make_trunk(&t, row);
        make_evidence(&e, row);
        struct verdict v;
        ck_assert(!diagnosis_before(&t, &v));

        for (const struct saw *saw = row->saw; saw->sent != NOTHING; saw++)
                play(row, &t, &policy, &e, saw, _i);
        ck_assert_msg(diagnosis_next(&t, &policy, &history, &e).step == STEP_DONE, "row %d: not done after%s", _i, describe(&e));
        v = judge(row, &t, &e);
        ck_assert_msg(v.cause == row->expected, "row %d,%s: %s (%s), not %s", _i, describe(&e), cause_info(v.cause)->word, v.detail,
                      cause_info(row->expected)->word);
        enum confidence confidence = row->doubtful ? CONFIDENCE_INDICATED : cause_info(row->expected)->confidence;
        ck_assert_msg(verdict_confidence(&v) == confidence, "row %d,%s: %s", _i, describe(&e), confidence_word(verdict_confidence(&v)));
        clear(&t, &e);
}
END_TEST

/* -- what the next run has to know -------------------------------------------------------------------------------------- */

#define BIT HYPOTHESIS_BIT

static const struct {
        struct row row;
        hypotheses tried;
        enum hypothesis winner;
} lessons[] = {
        /* nothing accepted: what was refused in place of it, beside what was before */
        {{.saw = {ASKED(D_A), REFUSED(PLAIN), ASKED(D_B), REFUSED(OTHER)}}, BIT(HYPOTHESIS_URI_PORT), HYPOTHESIS_NONE},
        {{.saw = {ASKED(D_A), REFUSED(PLAIN), ASKED(D_B), REFUSED(FRESH)}, .tried = BIT(HYPOTHESIS_URI_PORT)},
         BIT(HYPOTHESIS_URI_PORT) | BIT(HYPOTHESIS_FRESH_NONCE),
         HYPOTHESIS_NONE},
        {{.saw = {ASKED(D_A), REFUSED(PLAIN), ASKED(D_B), REFUSED_IN_DOUBT(OTHER)}}, 0, HYPOTHESIS_NONE},
        {{.saw = {ASK_GOT(403), NAMED_GOT(403)}}, BIT(HYPOTHESIS_USER_NAMED), HYPOTHESIS_NONE},
        /* accepted, and the first form refused once more */
        {{.saw = {ASKED(D_A), REFUSED(PLAIN), ASKED(D_B), ACCEPTED(OTHER), ASKED(D_A), REFUSED(PLAIN)}, .tried = BIT(HYPOTHESIS_USERNAME)},
         0,
         HYPOTHESIS_URI_PORT},
        /* the first form accepted after all: it was the nonce */
        {{.saw = {ASKED(D_A), REFUSED(PLAIN), ASKED(D_B), ACCEPTED(OTHER), ASKED(D_A), ACCEPTED(PLAIN)}}, 0, HYPOTHESIS_FRESH_NONCE},
        /* no control: nothing is proven */
        {{.saw = {ASKED(D_A), REFUSED(PLAIN), ASKED(D_B), ACCEPTED(OTHER)}}, 0, HYPOTHESIS_NONE},
        /* accepted at once: nothing is wrong any more */
        {{.saw = {ASKED(D_A), ACCEPTED(PLAIN)}, .tried = BIT(HYPOTHESIS_USERNAME), .winner = HYPOTHESIS_URI_PORT}, 0, HYPOTHESIS_NONE},
        /* silence teaches nothing, and nothing is forgotten */
        {{.saw = {ASK_ENDED(SILENCE)}, .tried = BIT(HYPOTHESIS_USERNAME), .winner = HYPOTHESIS_URI_PORT},
         BIT(HYPOTHESIS_USERNAME),
         HYPOTHESIS_URI_PORT},
};

START_TEST(learns_for_the_next_run) {
        const struct row *row = &lessons[_i].row;
        struct trunk t;
        struct evidence e;
        make_trunk(&t, row);
        make_evidence(&e, row);
        for (const struct saw *saw = row->saw; saw->sent != NOTHING; saw++) {
                struct diagnosis_step s = {.step = is_ask(saw) ? STEP_ASK : STEP_ANSWER,
                                           .hypothesis = is_ask(saw) ? HYPOTHESIS_NONE : hypothesis_of(saw),
                                           .named = saw->sent == ASK_NAMED};
                append(&e, saw, &s, 0);
        }
        struct diagnosis_history history = history_of(row);
        struct verdict v = judge(row, &t, &e);
        diagnosis_learn(&v, &e, &history);
        ck_assert_msg(history.tried == lessons[_i].tried, "row %d,%s: tried %#x", _i, describe(&e), history.tried);
        ck_assert_msg(history.winner == lessons[_i].winner, "row %d,%s: %s", _i, describe(&e), hypothesis_word(history.winner));
        clear(&t, &e);
}
END_TEST

/* -- before and instead of a probe --------------------------------------------------------------------------------------- */

static const struct {
        const char *state, *authentication, *transport, *proxies, *domain, *username, *secret;
        bool decided;
        enum cause cause;
        const char *maintenance;
} befores[] = {
        {"active", "digest", "udp", "h", "d", "u", "s", false, CAUSE_OK, NULL},
        {NULL, NULL, NULL, NULL, "d", "u", "s", false, CAUSE_OK, NULL},
        {"resting", "digest", "UDP", "h:5080", NULL, "u", "s", false, CAUSE_OK, NULL},
        {"inactive", "digest", "udp", "h", "d", "u", "s", true, CAUSE_INACTIVE, NULL},
        {"Deleted", "none", "tls", NULL, NULL, NULL, NULL, true, CAUSE_INACTIVE, NULL},
        {"active", "digest", "tls", "h", "d", "u", "s", false, CAUSE_OK, NULL},
        {"active", "digest", "tcp", "h", "d", "u", "s", false, CAUSE_OK, NULL},
        {"active", "digest", "sctp", "h", "d", "u", "s", true, CAUSE_TRANSPORT_UNSUPPORTED, NULL},
        {"active", "digest", "udp", NULL, NULL, "u", "s", true, CAUSE_TARGET_UNKNOWN, NULL},
        {"active", "digest", "udp", "h1 h2:5080", NULL, "u", "s", false, CAUSE_OK, NULL},
        {"active", "digest", "udp", "h1 h2:port", "d", "u", "s", true, CAUSE_TARGET_UNKNOWN, NULL},
        {"active", "digest", "udp", "h:port", "d", "u", "s", true, CAUSE_TARGET_UNKNOWN, NULL},
        {"active", "digest", "udp", "h", "d>;x", "u", "s", true, CAUSE_TARGET_UNKNOWN, NULL},
        {"active", "digest", "udp", "h", "d", NULL, "s", true, CAUSE_SECRET_MISSING, NULL},
        {"active", "digest", "udp", "h", "d", "u", NULL, true, CAUSE_SECRET_MISSING, NULL},
        {"active", NULL, "udp", "h", "d", NULL, NULL, true, CAUSE_SECRET_MISSING, NULL},
        {"active", "none", "udp", "h", "d", NULL, NULL, false, CAUSE_OK, NULL},
        {"active", "basic", "udp", "h", "d", NULL, NULL, false, CAUSE_OK, NULL},
        {"active", "digest", "udp", "h", "d", "u", "s", true, CAUSE_MAINTENANCE, "until 2026-12-24T18:00:00Z: new cables"},
        {"inactive", "digest", "udp", "h", "d", "u", "s", true, CAUSE_INACTIVE, "until 2026-12-24T18:00:00Z"},
        {"active", "digest", "udp", NULL, NULL, NULL, NULL, true, CAUSE_MAINTENANCE, "until 2026-12-24T18:00:00Z"},
};

START_TEST(some_trunks_are_not_probed) {
        struct trunk t = {0};
        set(&t, TRUNK_TEXT_state, befores[_i].state);
        set(&t, TRUNK_TEXT_authentication, befores[_i].authentication);
        set(&t, TRUNK_TEXT_transport, befores[_i].transport);
        set(&t, TRUNK_TEXT_proxies, befores[_i].proxies);
        set(&t, TRUNK_TEXT_domain, befores[_i].domain);
        set(&t, TRUNK_TEXT_username, befores[_i].username);
        if (befores[_i].secret)
                ck_assert_int_eq(secret_new(&secret, befores[_i].secret, 1), 0);
        t.password = secret;
        t.maintenance = befores[_i].maintenance ? strdup(befores[_i].maintenance) : NULL;
        struct verdict v = {.cause = CAUSE_COUNT};
        ck_assert_int_eq(diagnosis_before(&t, &v), befores[_i].decided);
        if (v.cause == CAUSE_MAINTENANCE)
                ck_assert_str_eq(v.detail, befores[_i].maintenance);
        ck_assert_int_eq(v.cause, befores[_i].decided ? befores[_i].cause : CAUSE_COUNT);
        trunk_clear(&t);
        secret = secret_free(secret);
}
END_TEST

/* What is no exchange: it decides before any of them. */
static const struct {
        enum resolution resolution;
        int broken;
        bool cut, asked;
        enum cause cause;
} instead[] = {
        {RESOLUTION_NOT_FOUND, 0, false, false, CAUSE_NAME_NOT_FOUND},
        {RESOLUTION_FAILED, 0, false, false, CAUSE_NAME_UNRESOLVED},
        {RESOLUTION_NONE, 0, false, false, CAUSE_RUN_ENDED},
        {RESOLUTION_DONE, 0, true, false, CAUSE_RUN_ENDED},
        {RESOLUTION_DONE, 0, true, true, CAUSE_RUN_ENDED},
        {RESOLUTION_DONE, -ENOMEM, false, true, CAUSE_PROBE_BROKEN},
        {RESOLUTION_DONE, -EIO, true, true, CAUSE_PROBE_BROKEN},
        {RESOLUTION_DONE, 0, false, true, CAUSE_NO_CHALLENGE},
};

START_TEST(what_decides_without_exchanges) {
        static const struct row row = {.saw = {ASK_GOT(200)}};
        static const struct diagnosis_policy policy = {.budget = 3, .failures = 2};
        static const struct diagnosis_history none = {0};
        struct trunk t;
        struct evidence e = {.resolution = instead[_i].resolution, .broken = instead[_i].broken, .cut = instead[_i].cut};
        make_trunk(&t, &row);
        if (instead[_i].asked)
                append(&e, &row.saw[0], &(struct diagnosis_step){.step = STEP_ASK}, 0);
        if (e.broken || e.cut)
                ck_assert_int_eq(diagnosis_next(&t, &policy, &none, &e).step, STEP_DONE);
        struct verdict v = judge(&row, &t, &e);
        ck_assert_msg(v.cause == instead[_i].cause, "%s", cause_info(v.cause)->word);
        clear(&t, &e);
}
END_TEST

/* The platform's own answer beside an acceptance: its header lines are recomputed, and its nonce is read. */
static const struct {
        const char *challenge, *hashed_uri, *time, *detail; /* part of the detail */
} validations[] = {
        {D_A, "sip:carrier.example:5060", "2026-11-23T04:33:47Z", "401, at 2026-11-23T04:33:47Z: uri_port ("},
        {D_A, "sip:carrier.example", "2026-11-23T04:33:47Z", "answer_right"},
        {D_LIVES_1_S, "sip:carrier.example", "2026-11-23T04:33:47Z", "; its nonce was 60 s old by the carrier's clock, and lives 1 s"},
        {"WWW-Authenticate: " D_LIVES_1_S, "sip:carrier.example", "2026-11-23T04:33:47Z", "was 60 s old"},
        {D_A, NULL, "2026-11-23T04:33:47Z", "the platform says: 401, at 2026-11-23T04:33:47Z"},
};

START_TEST(says_what_was_wrong_with_the_platforms_answer) {
        struct row row = {.saw = {ASKED(D_A), ACCEPTED(PLAIN)}, .validation_status = "401", .validation_time = validations[_i].time};
        struct trunk t;
        struct evidence e;
        char line[1024], response[DIGEST_HEX_MAX + 1];
        make_trunk(&t, &row);
        make_evidence(&e, &row);
        struct challenge c;
        const char *colon = strstr(validations[_i].challenge, ": ");
        challenge_parse(&c, false, span_of(colon ? colon + 2 : validations[_i].challenge));
        const struct digest_input in = {.qop = DIGEST_QOP_AUTH,
                                        .username = SPAN("alice"),
                                        .realm = c.realm,
                                        .password = SPAN("secret"),
                                        .method = SPAN("REGISTER"),
                                        .uri = span_of(validations[_i].hashed_uri ? validations[_i].hashed_uri : ""),
                                        .nonce = c.nonce,
                                        .nc = SPAN("00000001"),
                                        .cnonce = SPAN("0a4f113b0a4f113b")};
        ck_assert_int_eq(digest_response(&in, response), 0);
        (void)snprintf(line, sizeof line,
                       "Digest username=\"alice\", realm=\"r\", nonce=\"" SPAN_FMT "\", uri=\"sip:carrier.example\", response=\"%s\", "
                       "qop=auth, nc=00000001, cnonce=\"0a4f113b0a4f113b\"",
                       SPAN_ARG(c.nonce), response);
        set(&t, TRUNK_TEXT_validation_challenge, validations[_i].challenge);
        if (validations[_i].hashed_uri)
                set(&t, TRUNK_TEXT_validation_authorization, line);
        static const struct diagnosis_policy policy = {.budget = 3, .failures = 2};
        for (const struct saw *saw = row.saw; saw->sent != NOTHING; saw++)
                play(&row, &t, &policy, &e, saw, _i);
        struct verdict v = judge(&row, &t, &e);
        ck_assert_int_eq(v.cause, CAUSE_PLATFORM_DISAGREES);
        ck_assert_msg(strstr(v.detail, validations[_i].detail), "%s", v.detail);
        ck_assert_ptr_null(strstr(v.detail, "secret"));
        clear(&t, &e);
}
END_TEST

/* A cause without a row above is not proven to be reachable. */
START_TEST(every_cause_has_a_row) {
        bool seen[CAUSE_COUNT] = {false};
        for (size_t i = 0; i < ELEMENTS(rows); i++)
                seen[rows[i].expected] = true;
        for (size_t i = 0; i < ELEMENTS(befores); i++)
                seen[befores[i].cause] |= befores[i].decided;
        for (size_t i = 0; i < ELEMENTS(instead); i++)
                seen[instead[i].cause] = true;
        seen[CAUSE_CARRIER_CLOCK_OFF] = true; /* test_carrier_clock.c */
        for (enum cause c = 0; c < CAUSE_COUNT; c++)
                if (c != CAUSE_HELD && c != CAUSE_UNCOUNTED) /* the guard's */
                        ck_assert_msg(seen[c] == (cause_info(c)->kind == CAUSE_KIND_TRUNK), "%s", cause_info(c)->word);
}
END_TEST

static const struct {
        const char *challenge, *trunk;
        enum digest_qop qop;
} qops[] = {
        {"Digest realm=\"r\", nonce=\"a\"", NULL, DIGEST_QOP_NONE},
        {"Digest realm=\"r\", nonce=\"a\"", "auth", DIGEST_QOP_NONE},
        {"Digest realm=\"r\", nonce=\"a\", qop=\"auth,auth-int\"", NULL, DIGEST_QOP_AUTH},
        {"Digest realm=\"r\", nonce=\"a\", qop=\"auth-int,auth\"", NULL, DIGEST_QOP_AUTH},
        {"Digest realm=\"r\", nonce=\"a\", qop=\"auth-int\"", NULL, DIGEST_QOP_AUTH_INT},
        {"Digest realm=\"r\", nonce=\"a\", qop=\"auth,auth-int\"", "auth-int", DIGEST_QOP_AUTH_INT},
        {"Digest realm=\"r\", nonce=\"a\", qop=\"auth,auth-int\"", "AUTH", DIGEST_QOP_AUTH},
        {"Digest realm=\"r\", nonce=\"a\", qop=\"auth,auth-int\"", "none", DIGEST_QOP_NONE},
};

START_TEST(chooses_the_qop) {
        const struct row row = {.saw = {ASKED(qops[_i].challenge)}, .qop = qops[_i].trunk};
        static const struct diagnosis_policy policy = {.budget = 1, .failures = 1};
        static const struct diagnosis_history none = {0};
        struct trunk t;
        struct evidence e = {.resolution = RESOLUTION_DONE};
        make_trunk(&t, &row);
        append(&e, &row.saw[0], &(struct diagnosis_step){.step = STEP_ASK}, 0);
        struct diagnosis_step s = diagnosis_next(&t, &policy, &none, &e);
        ck_assert_int_eq(s.step, STEP_ANSWER);
        ck_assert_int_eq(s.qop, qops[_i].qop);
        clear(&t, &e);
}
END_TEST

/* -- whatever a carrier does -------------------------------------------------------------------------------------------- */

static uint64_t seed;

static unsigned random_below(unsigned n) {
        seed ^= seed << 13; /* xorshift */
        seed ^= seed >> 7;
        seed ^= seed << 17;
        return (unsigned)(seed >> 32) % n;
}

static struct saw random_saw(const struct diagnosis_step *s) {
        static const int statuses[] = {200, 202, 300, 302, 400, 401, 401, 401, 401, 401, 403, 404, 407, 407, 407, 480, 500, 503, 603};
        static const char *const challenges[] = {D_A,       D_A,         D_B,          D_STALE, D_STALE, D_NO_QOP, D_OTHER_REALM,
                                                 D_SHA_256, D_LIVES_1_S, D_LIVES_30_S, BROKEN,  BASIC,   NULL};
        static const unsigned rtts[] = {0, 0, 0, 900, 1500, 2500, 31500};
        struct saw saw = {.sent = s->step != STEP_ANSWER ? ASK : PLAIN};
        saw.sent += s->hypothesis * (s->step == STEP_ANSWER);
        if (random_below(12) == 0) {
                saw.end = (enum exchange_end)(1 + random_below(EXCHANGE_CUT));
                saw.again = 10;
                return saw;
        }
        /* Mostly what keeps a probe going. */
        bool going = random_below(4) > 0;
        saw.status = going ? (random_below(3) ? 401 : 407) : statuses[random_below(ELEMENTS(statuses))];
        if (saw.status == 401 || saw.status == 407)
                saw.challenge = going ? challenges[random_below(5)] : challenges[random_below(ELEMENTS(challenges))];
        saw.rtt_msec = rtts[random_below(ELEMENTS(rtts))];
        saw.again = random_below(3) == 0 ? 1 + random_below(3) : 0;
        saw.proof_wrong = random_below(4) == 0;
        return saw;
}

/* What the answers of a probe came to. Counted here without diagnosis' own words. */
struct tally {
        bool rspauth_wrong, first_failed;
        size_t accepted, accepted_plainly, accepted_changed; /* with another input than the nonce */
        size_t refused, refused_plainly, refused_changed;    /* the latter two without a doubt */
        size_t refused_after;                                /* plainly, after an acceptance */
        size_t stale, stale_in_a_row;
};

static struct tally tally_of(const struct evidence *e) {
        struct tally t = {.first_failed = e->n_exchanges > 0 &&
                                          (e->exchanges[0].end != EXCHANGE_RESPONDED || e->exchanges[0].status == 503)};
        for (size_t i = 0; i < e->n_exchanges; i++) {
                const struct exchange *x = &e->exchanges[i], *before = x - 1;
                if (!x->credentialed || x->end != EXCHANGE_RESPONDED)
                        continue;
                bool turned_down = x->status == 401 || x->status == 407 || x->status == 403;
                bool stale = turned_down && x->has_challenge && x->challenge.stale, sure = turned_down && x->retransmissions == 0;
                bool plain = x->hypothesis == HYPOTHESIS_NONE || x->hypothesis == HYPOTHESIS_FRESH_NONCE;
                bool accepted = x->status >= 200 && x->status < 300;
                t.rspauth_wrong |= x->rspauth == RSPAUTH_WRONG;
                t.refused_after += sure && plain && t.accepted > 0;
                t.accepted += accepted;
                t.accepted_plainly += accepted && plain;
                t.accepted_changed += accepted && !plain;
                t.refused += turned_down;
                t.refused_plainly += sure && plain;
                t.refused_changed += sure && !plain;
                t.stale += stale;
                t.stale_in_a_row += stale && before->credentialed && before->has_challenge && before->challenge.stale;
        }
        return t;
}

static bool is_cause_of_hypothesis(enum cause c) {
        for (enum hypothesis h = HYPOTHESIS_URI_PORT; h < HYPOTHESIS_USER_NAMED; h++)
                if (c == hypothesis_cause(h))
                        return true;
        return c == CAUSE_AUTH_INT_UNVERIFIABLE;
}

/* Whether the evidence holds what the verdict needs. */
static bool is_honest(const struct evidence *e, const struct verdict *v) {
        const struct tally t = tally_of(e);
        enum cause c = v->cause;
        enum outcome outcome = verdict_outcome(v);
        bool proven = verdict_confidence(v) == CONFIDENCE_PROVEN;
        if (is_cause_of_hypothesis(c))
                return t.accepted_changed > 0 && t.accepted_plainly == 0 && t.refused + t.stale > 0 &&
                       (!proven || t.refused_after > 0 || t.stale_in_a_row > 0);
        if (c == CAUSE_STALE_UNSIGNALLED || c == CAUSE_RETRANSMISSION_REFUSED || c == CAUSE_NODES_DIFFER || c == CAUSE_SOURCE_CHANGED)
                return t.accepted_plainly > 0 && t.refused > 0;
        if (c == CAUSE_STALE_ONCE)
                return t.accepted_plainly > 0 && t.stale > 0;
        if (t.accepted > 0)
                return (c == CAUSE_RSPAUTH_WRONG && t.rspauth_wrong) || (c == CAUSE_FAILED_OVER && t.first_failed) ||
                       (c != CAUSE_FAILED_OVER && (outcome == OUTCOME_PASS || outcome == OUTCOME_WARN));
        if (c == CAUSE_WRONG_PASSWORD || c == CAUSE_FORBIDDEN)
                return !proven && t.refused_plainly > 0 && t.refused_changed > 0;
        if (c == CAUSE_STALE_NONCE)
                return t.stale_in_a_row > 0 || (strstr(v->detail, "outlived") && t.refused > 0);
        if (c == CAUSE_LOCKOUT_SUSPECTED)
                return t.refused > 0;
        return outcome != OUTCOME_PASS && outcome != OUTCOME_WARN;
}

/* Another target than before: only for a new challenge, before the first answer, and for a reason. */
static bool may_move(const struct evidence *e, const struct diagnosis_step *s) {
        const struct exchange *last = e->n_exchanges > 0 ? &e->exchanges[e->n_exchanges - 1] : NULL;
        if (!last || s->step == STEP_ANSWER)
                return last || (s->step == STEP_ASK && s->target == 0 && !s->over_tcp);
        if (s->step == STEP_FOLLOW)
                return evidence_credentialed(e) == 0 && last->status / 100 == 3;
        if (s->over_tcp)
                return s->target == last->target && last->end == EXCHANGE_TOO_LARGE && e->targets[s->target].transport == TARGET_UDP;
        bool failed = last->end != EXCHANGE_RESPONDED || last->status == 503;
        return s->target == last->target || (s->target == last->target + 1 && failed && evidence_credentialed(e) == 0);
}

/* A probe with a carrier that does anything. False when diagnosis asked for what it must not; the verdict is *ret. */
static bool probe_anything(const struct trunk *t, unsigned budget, struct evidence *e, struct verdict *ret) {
        static const struct diagnosis_history none = {0};
        static const struct row row = {.realm = "r"};
        const struct diagnosis_policy policy = {
                .budget = budget, .failures = 1 + random_below(3), .follow_redirects = random_below(2) == 0};
        const struct row place = {.n_targets = 1 + random_below(3)};
        make_evidence(e, &place);
        unsigned followed = 0;
        for (;;) {
                struct diagnosis_step s = diagnosis_next(t, &policy, &none, e);
                if (s.step == STEP_DONE)
                        break;
                if (e->n_exchanges == EVIDENCE_EXCHANGES_MAX)
                        return false;
                if (!may_move(e, &s) || (s.step == STEP_FOLLOW && (!policy.follow_redirects || followed++ > 0)))
                        return false;
                const struct exchange *last = e->n_exchanges > 0 ? &e->exchanges[e->n_exchanges - 1] : NULL;
                if (s.step == STEP_ANSWER &&
                    !(last && last->end == EXCHANGE_RESPONDED && last->has_challenge && last->challenge.is_digest &&
                      !last->challenge.malformed && challenge_realm_is(&last->challenge, row.realm)))
                        return false;
                struct saw saw = random_saw(&s);
                if (saw.end == EXCHANGE_TOO_LARGE || saw.end == EXCHANGE_UNTRUSTED) /* nothing was sent */
                        saw.sent = ASK;
                append(e, &saw, &s, target_of_step(e, &s));
                e->exchanges[e->n_exchanges - 1].qop = s.qop;
        }
        *ret = judge(&row, t, e);
        struct verdict again = judge(&row, t, e);
        return evidence_credentialed(e) <= budget && again.cause == ret->cause && strcmp(again.detail, ret->detail) == 0;
}

#define SEQUENCES 20000

/* TEST_SEED in the environment begins with the sequence that a failure names. */
START_TEST(any_carrier_is_left_unharmed_and_judged_honestly) {
        static const struct row row = {.realm = "r"};
        const char *given = getenv("TEST_SEED");
        ck_assert(given || getrandom(&seed, sizeof seed, 0) == sizeof seed);
        seed = given ? strtoull(given, NULL, 0) : seed | 1;
        struct trunk t;
        struct evidence e;
        make_trunk(&t, &row);
        for (int n = 0; n < share_of(SEQUENCES); n++) {
                unsigned long long from = seed;
                struct verdict v = {.cause = CAUSE_COUNT};
                ck_assert_msg(probe_anything(&t, (unsigned)_i, &e, &v), "TEST_SEED=%#llx, budget %d:%s", from, _i, describe(&e));
                ck_assert_msg(is_honest(&e, &v), "TEST_SEED=%#llx, budget %d:%s: %s (%s)", from, _i, describe(&e),
                              cause_info(v.cause)->word, v.detail);
                evidence_clear(&e);
        }
        clear(&t, &e);
}
END_TEST

int main(void) {
        Suite *suite = suite_create("diagnosis");
        TCase *tc = tcase_create("diagnosis");
        tcase_add_loop_test(tc, rows_lead_to_their_verdict, 0, (int)ELEMENTS(rows));
        tcase_add_loop_test(tc, learns_for_the_next_run, 0, (int)ELEMENTS(lessons));
        tcase_add_loop_test(tc, some_trunks_are_not_probed, 0, (int)ELEMENTS(befores));
        tcase_add_loop_test(tc, what_decides_without_exchanges, 0, (int)ELEMENTS(instead));
        tcase_add_loop_test(tc, says_what_was_wrong_with_the_platforms_answer, 0, (int)ELEMENTS(validations));
        tcase_add_test(tc, every_cause_has_a_row);
        tcase_add_loop_test(tc, chooses_the_qop, 0, (int)ELEMENTS(qops));
        tcase_add_loop_test(tc, any_carrier_is_left_unharmed_and_judged_honestly, 1, 4);
        suite_add_tcase(suite, tc);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed != 0;
}
