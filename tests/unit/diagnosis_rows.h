/* diagnosis_rows.h: scripts of exchanges, and the verdict that each must lead to; test_diagnosis.c replays them. */
#pragma once

#include "common/diagnosis.h"

#define NOW_SEC 1795408367 /* when the Kamailio nonces below were issued */

#define D_A "Digest realm=\"r\", nonce=\"a\", qop=\"auth\""
#define D_B "Digest realm=\"r\", nonce=\"b\", qop=\"auth\""
#define D_STALE "Digest realm=\"r\", nonce=\"c\", qop=\"auth\", stale=true"
#define D_NO_QOP "Digest realm=\"r\", nonce=\"a\""
#define D_OTHER_REALM "Digest realm=\"other\", nonce=\"a\", qop=\"auth\""
#define D_SHA_256 "Digest realm=\"r\", nonce=\"a\", qop=\"auth\", algorithm=SHA-256"
#define D_UTF8 "Digest realm=\"r\", nonce=\"a\", qop=\"auth\", charset=UTF-8"
#define D_STALE_NO_QOP "Digest realm=\"r\", nonce=\"c\", stale=true"
#define D_INT "Digest realm=\"r\", nonce=\"a\", qop=\"auth-int\""
#define D_LIVES_1_S "Digest realm=\"r\", nonce=\"awPB8GsDwe8AAQIDBAUGBwgJCgsMDQ4P\", qop=\"auth\""
#define D_LIVES_30_S "Digest realm=\"r\", nonce=\"awPCDWsDwe8AAQIDBAUGBwgJCgsMDQ4P\", qop=\"auth\""
#define D_MINUTE_LATER "Digest realm=\"r\", nonce=\"awPCSWsDwisAAQIDBAUGBwgJCgsMDQ4P\", qop=\"auth\""
#define BROKEN "Digest realm=\"r\""
#define BASIC "Basic realm=\"r\""

/* One exchange. n 0 ends a script. */
struct saw {
        enum {
                NOTHING,
                ASK,       /* without credentials */
                ASK_NAMED, /* the same, naming the user */
                ASK_OTHER, /* by the other method */
                PLAIN,     /* an answer as it should be; after it the hypotheses, OTHER is the other form of the digest-uri */
                FRESH,
                OTHER,
                TRANSPORT,
                SCHEME,
                WITH_QOP,
                ALGORITHM,
                WITH_ALGORITHM,
                USERNAME,
                LATIN1,
        } sent;
        int status;            /* 0 = see end */
        const char *challenge; /* with 407 it is Proxy-Authenticate */
        unsigned again;        /* retransmissions */
        unsigned rtt_msec;     /* 0 = 20 */
        enum exchange_end end;
        bool proof_wrong; /* rspauth */
};

#define SAW_MAX 10

/* Shorthands for exchanges. */
#define ASKED(challenge) \
        { ASK, 401, challenge, 0, 0, EXCHANGE_RESPONDED, false }
#define ASKED_BY_PROXY \
        { ASK, 407, D_A, 0, 0, EXCHANGE_RESPONDED, false }
#define ASK_GOT(status) \
        { ASK, status, NULL, 0, 0, EXCHANGE_RESPONDED, false }
#define ASK_ENDED(end) \
        { ASK, 0, NULL, 10, 0, end, false }
#define NAMED_GOT(status) \
        { ASK_NAMED, status, NULL, 0, 0, EXCHANGE_RESPONDED, false }
#define NAMED_ASKED(challenge) \
        { ASK_NAMED, 401, challenge, 0, 0, EXCHANGE_RESPONDED, false }
#define OTHER_GOT(status) \
        { ASK_OTHER, status, NULL, 0, 0, EXCHANGE_RESPONDED, false }
#define OTHER_ASKED(challenge) \
        { ASK_OTHER, 401, challenge, 0, 0, EXCHANGE_RESPONDED, false }
#define GOT(form, status) \
        { form, status, NULL, 0, 0, EXCHANGE_RESPONDED, false }
#define GOT_CHALLENGE(form, status, challenge) \
        { form, status, challenge, 0, 0, EXCHANGE_RESPONDED, false }
#define REFUSED(form) \
        { form, 401, D_B, 0, 0, EXCHANGE_RESPONDED, false }
#define REFUSED_IN_DOUBT(form) \
        { form, 401, D_B, 1, 700, EXCHANGE_RESPONDED, false }
#define REFUSED_AFTER(form, msec) \
        { form, 401, D_B, 0, msec, EXCHANGE_RESPONDED, false }
#define STALE(form) \
        { form, 401, D_STALE, 0, 0, EXCHANGE_RESPONDED, false }
#define STALE_NO_QOP(form) \
        { form, 401, D_STALE_NO_QOP, 0, 0, EXCHANGE_RESPONDED, false }
#define ENDED(form, end) \
        { form, 0, NULL, 10, 0, end, false }
#define ACCEPTED(form) \
        { form, 200, NULL, 0, 0, EXCHANGE_RESPONDED, false }
#define SILENCE EXCHANGE_NO_RESPONSE
#define TOO_LARGE EXCHANGE_TOO_LARGE

struct row {
        enum cause expected;
        unsigned budget; /* 0 = 3 */
        struct saw saw[SAW_MAX];
        /* the trunk; NULL authentication = digest */
        const char *authentication, *realm, *algorithm, *qop, *ha1, *validation_status, *validation_code;
        bool detail_denied;
        bool known; /* history */
        enum cause last_cause;
        const char *last_algorithm; /* of the last accepted answer; NULL = none */
        hypotheses tried;
        enum hypothesis winner;
        bool winner_first;
        unsigned failures; /* 0 = 2 */
        bool doubtful;     /* less is shown than the cause may claim */
        const char *username, *password, *method, *validation_time;
        const char *seen_as[2]; /* of every exchange without, and of every one with credentials */
        const char *other;      /* algorithm beside that of each challenge */
        /* where requests can go */
        size_t n_targets;     /* 0 = 1 */
        const char *to;       /* the index of the target of each exchange, a digit each; NULL = all to the first */
        bool connected;       /* the first target is by TLS; else by UDP */
        bool follows;         /* redirections */
        size_t unasked;       /* index of an exchange that stands for an answer of which nothing was sent; 0 = none */
        enum tls_trust trust; /* of the certificate of the first target, when it is by TLS */
        int64_t tls_left_sec;
        int retry_after_sec; /* in every response; 0 = none */
};

/* An HA1 of the length of MD5. */
#define HA1_MD5 "41a2f569d4f4283a802115c74c87f146"
#define HA1_SHA "87853512e234e740a5a95fe0d9349f8591d42a617bdf733fb568fb7d235457cd"
#define BY_ADDRESS .authentication = "none"
#define TLS_AT(sec) .connected = true, .trust = TLS_TRUST_GOOD, .tls_left_sec = (sec)
#define TLS_BAD(why) .connected = true, .trust = (why)
#define DAY INT64_C(86400)
#define LAST(cause) .known = true, .last_cause = cause

static const struct row rows[] = {
        /* -- accepted ------------------------------------------------------------------------------------------------- */
        {.expected = CAUSE_OK, .saw = {ASKED(D_A), ACCEPTED(PLAIN)}},
        {.expected = CAUSE_OK, .saw = {ASKED(D_A), GOT(PLAIN, 202)}},
        {.expected = CAUSE_OK, .budget = 1, .saw = {ASKED(D_NO_QOP), ACCEPTED(PLAIN)}},
        {.expected = CAUSE_OK, .saw = {ASKED(D_SHA_256), ACCEPTED(PLAIN)}, .ha1 = HA1_SHA},
        {.expected = CAUSE_OK, .saw = {ASKED_BY_PROXY, ACCEPTED(PLAIN)}},
        {.expected = CAUSE_OK, .saw = {ASKED_BY_PROXY, GOT_CHALLENGE(PLAIN, 401, D_B), ACCEPTED(PLAIN)}},
        {.expected = CAUSE_OK, .saw = {ASKED(D_A), GOT_CHALLENGE(PLAIN, 407, D_B), ACCEPTED(PLAIN)}},
        {.expected = CAUSE_STALE_ONCE, .saw = {ASKED(D_A), STALE(PLAIN), ACCEPTED(PLAIN)}},
        {.expected = CAUSE_OK, .saw = {ASKED(D_STALE), ACCEPTED(PLAIN)}}, /* stale before any answer says nothing */
        {.expected = CAUSE_STALE_ONCE, .saw = {ASKED(D_STALE), STALE(PLAIN), ACCEPTED(PLAIN)}},
        {.expected = CAUSE_OK, .saw = {ASKED(D_A), {PLAIN, 200, NULL, 1, 700, EXCHANGE_RESPONDED, false}}},
        {.expected = CAUSE_OK, .saw = {ASKED(D_LIVES_1_S), {PLAIN, 200, NULL, 3, 3000, EXCHANGE_RESPONDED, false}}},
        {.expected = CAUSE_OK, .saw = {ASKED(D_A), ACCEPTED(PLAIN)}, .realm = "r", .algorithm = "MD5", .qop = "auth"},
        {.expected = CAUSE_OK, .saw = {ASKED(D_A), ACCEPTED(PLAIN)}, .validation_status = "200", .validation_code = "ok"},
        {.expected = CAUSE_OK, .saw = {ASKED(D_A), ACCEPTED(PLAIN)}, LAST(CAUSE_WRONG_PASSWORD)},
        {.expected = CAUSE_RSPAUTH_WRONG, .saw = {ASKED(D_A), {PLAIN, 200, NULL, 0, 0, EXCHANGE_RESPONDED, true}}},
        {.expected = CAUSE_PLATFORM_DISAGREES, .saw = {ASKED(D_A), ACCEPTED(PLAIN)}, .validation_code = "digest.mismatch"},
        {.expected = CAUSE_PLATFORM_DISAGREES, .saw = {ASKED(D_A), ACCEPTED(PLAIN)}, .validation_status = "401"},
        {.expected = CAUSE_SCOPE_DENIAL, .saw = {ASKED(D_A), ACCEPTED(PLAIN)}, .detail_denied = true},
        {.expected = CAUSE_SCOPE_DENIAL, .saw = {ASK_GOT(200)}, BY_ADDRESS, .detail_denied = true},
        {.expected = CAUSE_WRONG_PASSWORD, .saw = {ASKED(D_A), REFUSED(PLAIN), ASKED(D_A), REFUSED(OTHER)}, .detail_denied = true},

        /* -- identified by address -------------------------------------------------------------------------------------- */
        {.expected = CAUSE_ADDRESS_ACCEPTED, .saw = {ASK_GOT(200)}, BY_ADDRESS},
        {.expected = CAUSE_ADDRESS_ACCEPTED, .saw = {ASK_GOT(200)}, .authentication = "basic"},
        {.expected = CAUSE_NO_CHALLENGE, .saw = {ASK_GOT(200)}},
        {.expected = CAUSE_UNEXPECTED_CHALLENGE, .saw = {ASKED(D_A)}, BY_ADDRESS},
        {.expected = CAUSE_UNEXPECTED_CHALLENGE, .saw = {ASKED_BY_PROXY}, BY_ADDRESS},
        {.expected = CAUSE_BASIC_CHALLENGE, .saw = {ASKED(BASIC)}, BY_ADDRESS},
        {.expected = CAUSE_REFUSED_BEFORE_CHALLENGE, .saw = {ASK_GOT(403)}, BY_ADDRESS},

        /* -- stale ----------------------------------------------------------------------------------------------------- */
        {.expected = CAUSE_STALE_NONCE, .doubtful = true, .saw = {ASKED(D_A), STALE(PLAIN), STALE(PLAIN)}},
        {.expected = CAUSE_STALE_NONCE,
         .doubtful = true,
         .saw = {ASKED_BY_PROXY, GOT_CHALLENGE(PLAIN, 407, D_STALE), GOT_CHALLENGE(PLAIN, 407, D_STALE)}},
        /* a lifetime of a second is no reason at a round trip of 20 ms */
        {.expected = CAUSE_STALE_NONCE, .doubtful = true, .saw = {ASKED(D_LIVES_1_S), STALE(PLAIN), STALE(PLAIN)}},
        {.expected = CAUSE_BUDGET_SPENT, .budget = 1, .saw = {ASKED(D_A), STALE(PLAIN)}},
        {.expected = CAUSE_WRONG_PASSWORD, .saw = {ASKED(D_A), STALE(PLAIN), REFUSED(PLAIN), ASKED(D_A), REFUSED(OTHER)}},
        {.expected = CAUSE_BUDGET_SPENT, .budget = 2, .saw = {ASKED(D_A), STALE(PLAIN), REFUSED(PLAIN)}},
        /* stale twice, and not when answered at once with the new one */
        {.expected = CAUSE_BUDGET_SPENT, .saw = {ASKED(D_A), STALE(PLAIN), REFUSED(PLAIN), ASKED(D_A), STALE(OTHER)}},
        {.expected = CAUSE_BUDGET_SPENT,
         .saw = {ASKED_BY_PROXY, GOT_CHALLENGE(PLAIN, 407, D_STALE), GOT_CHALLENGE(PLAIN, 401, D_A), STALE(PLAIN)}},
        /* stale in a door's first challenge, before any answer to it */
        {.expected = CAUSE_STALE_ONCE, .saw = {ASKED_BY_PROXY, STALE(PLAIN), STALE(PLAIN), ACCEPTED(PLAIN)}},
        {.expected = CAUSE_STALE_ONCE, .saw = {ASKED_BY_PROXY, GOT_CHALLENGE(PLAIN, 407, D_STALE), STALE(PLAIN), ACCEPTED(PLAIN)}},
        /* stale, and the new challenge cannot be answered */
        {.expected = CAUSE_CHALLENGE_MALFORMED, .saw = {ASKED(D_A), GOT_CHALLENGE(PLAIN, 401, BROKEN ", stale=true")}},
        {.expected = CAUSE_REALM_MISMATCH, .saw = {ASKED(D_A), GOT_CHALLENGE(PLAIN, 401, D_OTHER_REALM ", stale=true")}, .realm = "r"},
        /* unsignalled: the lifetime can be read, and the answer's way was longer by more than the second's rounding */
        {.expected = CAUSE_STALE_NONCE, .saw = {ASKED(D_LIVES_1_S), REFUSED_AFTER(PLAIN, 2001)}},
        /* within the rounding it may have been either */
        {.expected = CAUSE_REFUSAL_UNPROVEN,
         .saw = {ASKED(D_LIVES_1_S), REFUSED_AFTER(PLAIN, 2000), ASKED(D_LIVES_1_S), REFUSED_AFTER(FRESH, 1001)}},
        {.expected = CAUSE_WRONG_PASSWORD,
         .saw = {ASKED(D_LIVES_1_S), REFUSED_AFTER(PLAIN, 1000), ASKED(D_LIVES_1_S), REFUSED_AFTER(OTHER, 1000)}},
        {.expected = CAUSE_WRONG_PASSWORD,
         .saw = {ASKED(D_LIVES_30_S), REFUSED_AFTER(PLAIN, 2001), ASKED(D_LIVES_30_S), REFUSED_AFTER(OTHER, 2001)}},
        /* the lifetime cannot be read, and one second is the shortest that there is */
        {.expected = CAUSE_REFUSAL_UNPROVEN, .saw = {ASKED(D_A), REFUSED_AFTER(PLAIN, 1001), ASKED(D_A), REFUSED_AFTER(FRESH, 1001)}},
        {.expected = CAUSE_STALE_UNSIGNALLED, .saw = {ASKED(D_A), REFUSED_AFTER(PLAIN, 1001), ASKED(D_A), ACCEPTED(FRESH)}},
        {.expected = CAUSE_WRONG_PASSWORD, .saw = {ASKED(D_A), REFUSED_AFTER(PLAIN, 1000), ASKED(D_A), REFUSED_AFTER(OTHER, 1000)}},

        /* -- refused --------------------------------------------------------------------------------------------------- */
        {.expected = CAUSE_WRONG_PASSWORD, .saw = {ASKED(D_A), REFUSED(PLAIN), ASKED(D_A), REFUSED(OTHER)}},
        /* some carriers offer auth-int and cannot verify it; a 403 is a decision all the same */
        {.expected = CAUSE_WRONG_PASSWORD, .saw = {ASKED(D_INT), REFUSED(PLAIN), ASKED(D_INT), REFUSED(WITH_QOP)}},
        {.expected = CAUSE_REFUSAL_UNPROVEN,
         .tried = HYPOTHESIS_BIT(HYPOTHESIS_URI_PORT),
         .budget = 1,
         .saw = {ASKED(D_INT), REFUSED(PLAIN)}},
        {.expected = CAUSE_AUTH_INT_UNVERIFIABLE,
         .saw = {ASKED(D_INT), REFUSED(PLAIN), ASKED(D_INT), ACCEPTED(WITH_QOP), ASKED(D_INT), REFUSED(PLAIN)}},
        {.expected = CAUSE_FORBIDDEN, .saw = {ASKED(D_INT), GOT(PLAIN, 403), ASKED(D_INT), GOT(WITH_QOP, 403)}},
        {.expected = CAUSE_WRONG_PASSWORD, .budget = 2, .saw = {ASKED(D_A), REFUSED(PLAIN), ASKED(D_A), REFUSED(OTHER)}},
        {.expected = CAUSE_BUDGET_SPENT, .budget = 1, .saw = {ASKED(D_A), REFUSED(PLAIN)}},
        {.expected = CAUSE_WRONG_PASSWORD, .saw = {ASKED(D_A), GOT(PLAIN, 401), ASKED(D_A), GOT(OTHER, 401)}}, /* without a challenge */
        {.expected = CAUSE_FORBIDDEN, .saw = {ASKED(D_A), GOT(PLAIN, 403), ASKED(D_A), GOT(OTHER, 403)}},
        {.expected = CAUSE_FORBIDDEN, .saw = {ASKED(D_A), REFUSED(PLAIN), ASKED(D_A), GOT(OTHER, 403)}},
        {.expected = CAUSE_BUDGET_SPENT, .budget = 1, .saw = {ASKED(D_A), GOT(PLAIN, 403)}},
        {.expected = CAUSE_URI_MISMATCH, .saw = {ASKED(D_A), REFUSED(PLAIN), ASKED(D_A), ACCEPTED(OTHER), ASKED(D_A), REFUSED(PLAIN)}},
        /* the first form once more: it was the nonce, it is not told, or it need not be asked again */
        {.expected = CAUSE_STALE_UNSIGNALLED,
         .saw = {ASKED(D_A), REFUSED(PLAIN), ASKED(D_A), ACCEPTED(OTHER), ASKED(D_A), ACCEPTED(PLAIN)}},
        {.expected = CAUSE_URI_MISMATCH,
         .doubtful = true,
         .saw = {ASKED(D_A), REFUSED(PLAIN), ASKED(D_A), ACCEPTED(OTHER), ASKED(D_A), REFUSED_IN_DOUBT(PLAIN)}},
        {.expected = CAUSE_URI_MISMATCH,
         .doubtful = true,
         .saw = {ASKED(D_A), REFUSED(PLAIN), ASKED(D_A), ACCEPTED(OTHER), ASKED(D_A), ENDED(PLAIN, SILENCE), ASKED(D_A)}},
        {.expected = CAUSE_URI_MISMATCH,
         .doubtful = true,
         .saw = {ASKED(D_A), REFUSED(PLAIN), ASKED(D_A), ACCEPTED(OTHER), ASK_ENDED(SILENCE)}},
        {.expected = CAUSE_URI_MISMATCH, .doubtful = true, .budget = 2, .saw = {ASKED(D_A), REFUSED(PLAIN), ASKED(D_A), ACCEPTED(OTHER)}},
        {.expected = CAUSE_URI_MISMATCH, .winner = HYPOTHESIS_URI_PORT, .saw = {ASKED(D_A), REFUSED(PLAIN), ASKED(D_A), ACCEPTED(OTHER)}},
        {.expected = CAUSE_OK, .winner = HYPOTHESIS_URI_PORT, .saw = {ASKED(D_A), ACCEPTED(PLAIN)}},
        /* known to win: sent first, at no failure; no longer */
        {.expected = CAUSE_URI_MISMATCH, .winner = HYPOTHESIS_URI_PORT, .winner_first = true, .saw = {ASKED(D_A), ACCEPTED(OTHER)}},
        {.expected = CAUSE_OK,
         .winner = HYPOTHESIS_URI_PORT,
         .winner_first = true,
         .saw = {ASKED(D_A), REFUSED(OTHER), ASKED(D_A), ACCEPTED(PLAIN)}},
        {.expected = CAUSE_WRONG_PASSWORD,
         .winner = HYPOTHESIS_URI_PORT,
         .winner_first = true,
         .saw = {ASKED(D_A), REFUSED(OTHER), ASKED(D_A), REFUSED(PLAIN)}},
        {.expected = CAUSE_STALE_ONCE,
         .winner = HYPOTHESIS_FRESH_NONCE,
         .winner_first = true,
         .saw = {ASKED(D_A), STALE(PLAIN), ACCEPTED(PLAIN)}},
        {.expected = CAUSE_URI_MISMATCH, .saw = {ASKED(D_A), GOT(PLAIN, 403), ASKED(D_A), ACCEPTED(OTHER), ASKED(D_A), GOT(PLAIN, 403)}},
        {.expected = CAUSE_URI_MISMATCH, .doubtful = true, .saw = {ASKED(D_A), REFUSED(PLAIN), ASKED(D_A), STALE(OTHER), ACCEPTED(OTHER)}},
        /* two doors need two answers each time: not begun again when the budget does not reach */
        {.expected = CAUSE_BUDGET_SPENT, .saw = {ASKED_BY_PROXY, GOT_CHALLENGE(PLAIN, 401, D_A), REFUSED(PLAIN)}},
        {.expected = CAUSE_BUDGET_SPENT, .budget = 1, .saw = {ASKED_BY_PROXY, GOT_CHALLENGE(PLAIN, 401, D_A)}},
        {.expected = CAUSE_WRONG_PASSWORD,
         .saw = {ASKED_BY_PROXY, GOT_CHALLENGE(PLAIN, 407, D_B), ASKED_BY_PROXY, GOT_CHALLENGE(OTHER, 407, D_B)}},
        /* an answer that was sent twice may have met its own used nonce: once more in the same form */
        {.expected = CAUSE_RETRANSMISSION_REFUSED, .saw = {ASKED(D_A), REFUSED_IN_DOUBT(PLAIN), ASKED(D_A), ACCEPTED(FRESH)}},
        {.expected = CAUSE_BUDGET_SPENT, .saw = {ASKED(D_A), REFUSED_IN_DOUBT(PLAIN), ASKED(D_A), REFUSED(FRESH)}},
        /* the next run need not try that again */
        {.expected = CAUSE_WRONG_PASSWORD,
         .tried = HYPOTHESIS_BIT(HYPOTHESIS_FRESH_NONCE),
         .saw = {ASKED(D_A), REFUSED(PLAIN), ASKED(D_A), REFUSED(OTHER)}},
        {.expected = CAUSE_REFUSAL_UNPROVEN,
         .tried = HYPOTHESIS_BIT(HYPOTHESIS_FRESH_NONCE),
         .saw = {ASKED(D_A), REFUSED_IN_DOUBT(PLAIN), ASKED(D_A), REFUSED(OTHER)}},
        /* more room, when the policy has it */
        {.expected = CAUSE_WRONG_PASSWORD,
         .failures = 3,
         .saw = {ASKED(D_A), REFUSED_IN_DOUBT(PLAIN), ASKED(D_A), REFUSED(FRESH), ASKED(D_A), REFUSED(OTHER)}},
        {.expected = CAUSE_URI_MISMATCH,
         .failures = 3,
         .budget = 4,
         .saw = {ASKED(D_A), REFUSED_IN_DOUBT(PLAIN), ASKED(D_A), REFUSED(FRESH), ASKED(D_A), ACCEPTED(OTHER), ASKED(D_A), REFUSED(PLAIN)}},
        {.expected = CAUSE_URI_MISMATCH,
         .failures = 3,
         .budget = 4,
         .saw = {ASKED(D_A), REFUSED(PLAIN), ASKED(D_A), REFUSED_IN_DOUBT(OTHER), ASKED(D_A), ACCEPTED(OTHER), ASKED(D_A), REFUSED(PLAIN)}},
        {.expected = CAUSE_WRONG_PASSWORD,
         .failures = 3,
         .saw = {ASKED(D_A), REFUSED(PLAIN), ASKED(D_A), REFUSED_IN_DOUBT(OTHER), ASKED(D_A), REFUSED(OTHER)}},
        /* and when the last refusal has another explanation too, nothing is proven */
        {.expected = CAUSE_REFUSAL_UNPROVEN, .saw = {ASKED(D_A), REFUSED_IN_DOUBT(PLAIN), ASKED(D_A), REFUSED_IN_DOUBT(FRESH)}},
        {.expected = CAUSE_REFUSAL_UNPROVEN, .saw = {ASKED(D_A), REFUSED(PLAIN), ASKED(D_A), REFUSED_IN_DOUBT(OTHER)}},
        {.expected = CAUSE_REFUSAL_UNPROVEN, .budget = 2, .saw = {ASKED(D_A), REFUSED(PLAIN), ASKED(D_A), REFUSED_IN_DOUBT(OTHER)}},
        {.expected = CAUSE_BUDGET_SPENT, .failures = 1, .saw = {ASKED(D_A), REFUSED(PLAIN)}},
        {.expected = CAUSE_REFUSAL_UNPROVEN, .budget = 1, .saw = {ASKED(D_A), REFUSED_IN_DOUBT(PLAIN)}},
        {.expected = CAUSE_REFUSAL_UNPROVEN, .budget = 1, .saw = {ASKED(D_A), {PLAIN, 403, NULL, 1, 700, EXCHANGE_RESPONDED, false}}},
        {.expected = CAUSE_REFUSAL_UNPROVEN, .budget = 2, .saw = {ASKED(D_A), REFUSED(PLAIN), ASKED(D_A), REFUSED_AFTER(OTHER, 1001)}},
        {.expected = CAUSE_FORBIDDEN,
         .saw = {ASKED(D_A), {PLAIN, 403, NULL, 0, 1001, EXCHANGE_RESPONDED, false}, ASKED(D_A), GOT(OTHER, 403)}},

        /* -- one input changed --------------------------------------------------------------------------------------------- */
        {.expected = CAUSE_QOP_REQUIRED,
         .tried = HYPOTHESIS_BIT(HYPOTHESIS_URI_PORT),
         .saw = {ASKED(D_NO_QOP), REFUSED(PLAIN), ASKED(D_NO_QOP), ACCEPTED(WITH_QOP), ASKED(D_NO_QOP), REFUSED(PLAIN)}},
        {.expected = CAUSE_QOP_REQUIRED,
         .saw = {ASKED(D_NO_QOP), STALE_NO_QOP(PLAIN), STALE_NO_QOP(PLAIN), ASKED(D_NO_QOP), ACCEPTED(WITH_QOP)}},
        {.expected = CAUSE_STALE_NONCE,
         .doubtful = true,
         .saw = {ASKED(D_NO_QOP), STALE_NO_QOP(PLAIN), STALE_NO_QOP(PLAIN), ASKED(D_NO_QOP), STALE_NO_QOP(WITH_QOP)}},
        {.expected = CAUSE_ALGORITHM_UNVERIFIABLE,
         .other = "SHA-256",
         .saw = {ASKED(D_A), REFUSED(PLAIN), ASKED(D_SHA_256), ACCEPTED(ALGORITHM), ASKED(D_A), REFUSED(PLAIN)}},
        {.expected = CAUSE_WRONG_PASSWORD, .other = "SHA-256", .saw = {ASKED(D_A), REFUSED(PLAIN), ASKED(D_SHA_256), REFUSED(ALGORITHM)}},
        {.expected = CAUSE_ALGORITHM_UNNAMED,
         .tried = HYPOTHESIS_BIT(HYPOTHESIS_URI_PORT) | HYPOTHESIS_BIT(HYPOTHESIS_USERNAME) | HYPOTHESIS_BIT(HYPOTHESIS_FRESH_NONCE),
         .saw = {ASKED(D_A), REFUSED(PLAIN), ASKED(D_A), ACCEPTED(WITH_ALGORITHM), ASKED(D_A), REFUSED(PLAIN)}},
        {.expected = CAUSE_USERNAME_MISMATCH,
         .username = "alice@carrier.example",
         .saw = {ASKED(D_A), REFUSED(PLAIN), ASKED(D_A), ACCEPTED(USERNAME), ASKED(D_A), REFUSED(PLAIN)}},
        {.expected = CAUSE_USERNAME_MISMATCH,
         .tried = HYPOTHESIS_BIT(HYPOTHESIS_URI_PORT) | HYPOTHESIS_BIT(HYPOTHESIS_FRESH_NONCE),
         .saw = {ASKED(D_A), REFUSED(PLAIN), ASKED(D_A), ACCEPTED(USERNAME), ASKED(D_A), REFUSED(PLAIN)}},
        {.expected = CAUSE_ENCODING_MISMATCH,
         .password = "P\xC3\xA4ssword",
         .saw = {ASKED(D_A), REFUSED(PLAIN), ASKED(D_A), ACCEPTED(LATIN1), ASKED(D_A), REFUSED(PLAIN)}},
        {.expected = CAUSE_WRONG_PASSWORD, /* charset=UTF-8 says what the carrier hashes */
         .password = "P\xC3\xA4ssword",
         .saw = {ASKED(D_UTF8), REFUSED(PLAIN), ASKED(D_UTF8), REFUSED(OTHER)}},
        {.expected = CAUSE_WRONG_PASSWORD, /* not in Latin-1 */
         .password = "P\xE2\x82\xACssword",
         .saw = {ASKED(D_A), REFUSED(PLAIN), ASKED(D_A), REFUSED(OTHER)}},
        {.expected = CAUSE_URI_MISMATCH,
         .tried = HYPOTHESIS_BIT(HYPOTHESIS_URI_PORT),
         TLS_AT(31 * DAY),
         .saw = {ASKED(D_A), REFUSED(PLAIN), ASKED(D_A), ACCEPTED(TRANSPORT), ASKED(D_A), REFUSED(PLAIN)}},
        {.expected = CAUSE_URI_MISMATCH,
         .tried = HYPOTHESIS_BIT(HYPOTHESIS_URI_PORT) | HYPOTHESIS_BIT(HYPOTHESIS_URI_TRANSPORT),
         TLS_AT(31 * DAY),
         .saw = {ASKED(D_A), REFUSED(PLAIN), ASKED(D_A), ACCEPTED(SCHEME), ASKED(D_A), REFUSED(PLAIN)}},
        /* nothing is left to try: the first answer alone */
        {.expected = CAUSE_WRONG_PASSWORD, .tried = UINT32_MAX, .saw = {ASKED(D_A), REFUSED(PLAIN)}},
        {.expected = CAUSE_HA1_REFUSED, .ha1 = HA1_MD5, .saw = {ASKED(D_A), REFUSED(PLAIN), ASKED(D_A), REFUSED(OTHER)}},
        {.expected = CAUSE_FORBIDDEN, .ha1 = HA1_MD5, .saw = {ASKED(D_A), GOT(PLAIN, 403), ASKED(D_A), GOT(OTHER, 403)}},

        /* -- it was the nonce: why, as far as the evidence tells ------------------------------------------------------------- */
        {.expected = CAUSE_STALE_UNSIGNALLED,
         .winner = HYPOTHESIS_FRESH_NONCE,
         .saw = {ASKED(D_A), REFUSED(PLAIN), ASKED(D_A), ACCEPTED(FRESH)}},
        {.expected = CAUSE_STALE_UNSIGNALLED,
         .saw = {ASKED(D_A), GOT(PLAIN, 401), ASKED(D_A), ACCEPTED(OTHER), ASKED(D_A), ACCEPTED(PLAIN)}},
        {.expected = CAUSE_NODES_DIFFER,
         .saw = {ASKED(D_A), REFUSED(PLAIN), ASKED(D_OTHER_REALM), ACCEPTED(OTHER), ASKED(D_OTHER_REALM), ACCEPTED(PLAIN)}},
        {.expected = CAUSE_NODES_DIFFER,
         .saw = {ASKED(D_A), REFUSED(PLAIN), ASKED(D_LIVES_30_S), ACCEPTED(OTHER), ASKED(D_LIVES_30_S), ACCEPTED(PLAIN)}},
        {.expected = CAUSE_NODES_DIFFER, /* of the same make, and by clocks that are a minute apart */
         .saw = {ASKED(D_LIVES_30_S), REFUSED(PLAIN), ASKED(D_MINUTE_LATER), ACCEPTED(OTHER), ASKED(D_MINUTE_LATER), ACCEPTED(PLAIN)}},
        {.expected = CAUSE_STALE_UNSIGNALLED,
         .saw = {ASKED(D_LIVES_30_S), REFUSED(PLAIN), ASKED(D_LIVES_30_S), ACCEPTED(OTHER), ASKED(D_LIVES_30_S), ACCEPTED(PLAIN)}},
        {.expected = CAUSE_SOURCE_CHANGED,
         .seen_as = {"192.0.2.7:5060", "192.0.2.8:5060"},
         .saw = {ASKED(D_A), REFUSED(PLAIN), ASKED(D_A), ACCEPTED(OTHER), ASKED(D_A), ACCEPTED(PLAIN)}},
        {.expected = CAUSE_STALE_UNSIGNALLED,
         .seen_as = {"192.0.2.7:5060", "192.0.2.7:5060"},
         .saw = {ASKED(D_A), REFUSED(PLAIN), ASKED(D_A), ACCEPTED(OTHER), ASKED(D_A), ACCEPTED(PLAIN)}},

        /* -- the platform's own validation beside a refusal ------------------------------------------------------------------ */
        {.expected = CAUSE_SECRET_OUTDATED,
         .validation_status = "200",
         .validation_time = "2026-11-23T04:30:00Z",
         .saw = {ASKED(D_A), REFUSED(PLAIN), ASKED(D_A), REFUSED(OTHER)}},
        {.expected = CAUSE_WRONG_PASSWORD, /* too long ago */
         .validation_status = "200",
         .validation_time = "2026-11-20T04:30:00Z",
         .saw = {ASKED(D_A), REFUSED(PLAIN), ASKED(D_A), REFUSED(OTHER)}},
        {.expected = CAUSE_WRONG_PASSWORD, /* both fail */
         .validation_status = "401",
         .validation_time = "2026-11-23T04:30:00Z",
         .saw = {ASKED(D_A), REFUSED(PLAIN), ASKED(D_A), REFUSED(OTHER)}},
        {.expected = CAUSE_URI_MISMATCH, /* the secret is not in question */
         .validation_status = "200",
         .validation_time = "2026-11-23T04:30:00Z",
         .saw = {ASKED(D_A), REFUSED(PLAIN), ASKED(D_A), ACCEPTED(OTHER), ASKED(D_A), REFUSED(PLAIN)}},

        /* -- rejected otherwise ------------------------------------------------------------------------------------------- */
        {.expected = CAUSE_ANSWER_MALFORMED, .saw = {ASKED(D_A), GOT(PLAIN, 400)}},
        {.expected = CAUSE_REFUSED_BEFORE_CHALLENGE, .saw = {ASK_GOT(400), NAMED_GOT(400)}},
        {.expected = CAUSE_USER_NOT_FOUND, .saw = {ASKED(D_A), GOT(PLAIN, 404)}},
        {.expected = CAUSE_USER_NOT_FOUND, .saw = {ASKED(D_A), GOT(PLAIN, 604)}},
        {.expected = CAUSE_REFUSED_BEFORE_CHALLENGE, .saw = {ASK_GOT(404)}},
        {.expected = CAUSE_UNEXPECTED_STATUS, .saw = {ASKED(D_A), GOT(PLAIN, 603)}},
        {.expected = CAUSE_REFUSED_BEFORE_CHALLENGE, .saw = {ASK_GOT(603)}},
        {.expected = CAUSE_REFUSED_BEFORE_CHALLENGE, .saw = {ASK_GOT(403), NAMED_GOT(403)}},
        {.expected = CAUSE_METHOD_NOT_ALLOWED, .saw = {ASK_GOT(405), OTHER_GOT(405)}},
        {.expected = CAUSE_METHOD_NOT_ALLOWED, .saw = {ASK_GOT(405), OTHER_GOT(501)}},
        {.expected = CAUSE_METHOD_NOT_ALLOWED, .saw = {ASK_GOT(405)}, .method = "REGISTER"}, /* so it was configured */
        {.expected = CAUSE_OK, .saw = {ASK_GOT(405), OTHER_ASKED(D_A), ACCEPTED(PLAIN)}},
        {.expected = CAUSE_WRONG_PASSWORD, .saw = {ASK_GOT(405), OTHER_ASKED(D_A), REFUSED(PLAIN), ASKED(D_A), REFUSED(OTHER)}},
        {.expected = CAUSE_NO_CHALLENGE, .saw = {ASK_GOT(405), OTHER_GOT(200)}},
        {.expected = CAUSE_ADDRESS_ACCEPTED, .saw = {ASK_GOT(405), OTHER_GOT(200)}, BY_ADDRESS},
        /* who wants the user named */
        {.expected = CAUSE_USER_MUST_BE_NAMED, .saw = {ASK_GOT(403), NAMED_ASKED(D_A), ACCEPTED(PLAIN)}},
        {.expected = CAUSE_USER_MUST_BE_NAMED, .saw = {ASK_GOT(500), NAMED_ASKED(D_A), STALE(PLAIN), ACCEPTED(PLAIN)}},
        {.expected = CAUSE_WRONG_PASSWORD, .saw = {ASK_GOT(403), NAMED_ASKED(D_A), REFUSED(PLAIN), NAMED_ASKED(D_A), REFUSED(OTHER)}},
        {.expected = CAUSE_REFUSED_BEFORE_CHALLENGE, .tried = HYPOTHESIS_BIT(HYPOTHESIS_USER_NAMED), .saw = {ASK_GOT(403)}},
        {.expected = CAUSE_NO_CHALLENGE, .saw = {ASK_GOT(403), NAMED_GOT(200)}},
        /* a second request that fails does not undo what the first was told, nor lead on to the next target */
        {.expected = CAUSE_REFUSED_BEFORE_CHALLENGE,
         .n_targets = 2,
         .saw = {ASK_GOT(403), {ASK_NAMED, 0, NULL, 0, 0, EXCHANGE_CLOSED, false}}},
        {.expected = CAUSE_METHOD_NOT_ALLOWED, .n_targets = 2, .saw = {ASK_GOT(405), OTHER_GOT(503)}},
        {.expected = CAUSE_METHOD_NOT_ALLOWED, .saw = {ASK_GOT(501), OTHER_GOT(405)}},
        {.expected = CAUSE_METHOD_NOT_ALLOWED, .saw = {ASKED(D_A), GOT(PLAIN, 405)}},
        {.expected = CAUSE_CARRIER_UNAVAILABLE, .saw = {ASK_GOT(503)}},
        {.expected = CAUSE_CARRIER_UNAVAILABLE, .saw = {ASK_GOT(480)}},
        {.expected = CAUSE_CARRIER_UNAVAILABLE, .saw = {ASK_GOT(500), NAMED_GOT(500)}},
        {.expected = CAUSE_CARRIER_UNAVAILABLE, .saw = {ASKED(D_A), GOT(PLAIN, 503)}},
        /* Retry-After makes any refusal one for a time, but a decision about credentials stays one */
        {.expected = CAUSE_CARRIER_UNAVAILABLE, .saw = {ASK_GOT(423)}, .retry_after_sec = 30},
        {.expected = CAUSE_CARRIER_UNAVAILABLE, .saw = {ASKED(D_A), GOT(PLAIN, 429)}, .retry_after_sec = 30},
        {.expected = CAUSE_REFUSED_BEFORE_CHALLENGE, .saw = {ASK_GOT(423)}},
        {.expected = CAUSE_UNEXPECTED_STATUS, .saw = {ASKED(D_A), GOT(PLAIN, 429)}},
        {.expected = CAUSE_FORBIDDEN, .saw = {ASKED(D_A), GOT(PLAIN, 403), ASKED(D_A), GOT(OTHER, 403)}, .retry_after_sec = 30},
        {.expected = CAUSE_OK, .saw = {ASKED(D_A), ACCEPTED(PLAIN)}, .retry_after_sec = 30},
        {.expected = CAUSE_REDIRECTED, .saw = {ASK_GOT(302)}},
        {.expected = CAUSE_REDIRECTED, .saw = {ASKED(D_A), GOT(PLAIN, 305)}},

        /* -- challenges that cannot be answered --------------------------------------------------------------------------- */
        {.expected = CAUSE_QOP_MISMATCH, .saw = {ASKED(D_A)}, .qop = "auth-int"},
        {.expected = CAUSE_QOP_MISMATCH, .saw = {ASKED("Digest realm=\"r\", nonce=\"a\", qop=\"auth-int\"")}, .qop = "auth"},
        {.expected = CAUSE_QOP_MISMATCH, .saw = {ASKED("Digest realm=\"r\", nonce=\"a\", qop=\"auth-conf\"")}},
        {.expected = CAUSE_QOP_MISMATCH, .saw = {ASKED("Digest realm=\"r\", nonce=\"a\", algorithm=MD5-sess")}},
        {.expected = CAUSE_OK, .saw = {ASKED("Digest realm=\"r\", nonce=\"a\", algorithm=MD5-sess, qop=auth"), ACCEPTED(PLAIN)}},
        {.expected = CAUSE_OK, .saw = {ASKED("Digest realm=\"r\", nonce=\"a\", qop=\"auth-conf,auth\""), ACCEPTED(PLAIN)}},
        {.expected = CAUSE_OK, .saw = {ASKED(D_A), ACCEPTED(PLAIN)}, .qop = "none"},
        {.expected = CAUSE_ALGORITHM_MISMATCH, .saw = {ASKED(D_A)}, .algorithm = "SHA-256"},
        {.expected = CAUSE_ALGORITHM_MISMATCH, .saw = {ASKED(D_SHA_256)}, .algorithm = "MD5"},
        {.expected = CAUSE_ALGORITHM_MISMATCH, .saw = {ASKED("Digest realm=\"r\", nonce=\"a\", algorithm=SHA-384")}},
        {.expected = CAUSE_ALGORITHM_MISMATCH, .saw = {ASKED(D_SHA_256)}, .ha1 = HA1_MD5},
        {.expected = CAUSE_ALGORITHM_MISMATCH, .saw = {ASKED(D_A)}, .ha1 = HA1_SHA},
        {.expected = CAUSE_OK, .saw = {ASKED(D_A), ACCEPTED(PLAIN)}, .ha1 = HA1_MD5},
        {.expected = CAUSE_OK, .saw = {ASKED(D_SHA_256), ACCEPTED(PLAIN)}, .algorithm = "sha-256"},
        {.expected = CAUSE_REALM_MISMATCH, .saw = {ASKED(D_OTHER_REALM)}, .realm = "r"},
        {.expected = CAUSE_REALM_MISMATCH, .saw = {ASKED(D_A)}, .realm = "R"},
        {.expected = CAUSE_OK, .saw = {ASKED(D_OTHER_REALM), ACCEPTED(PLAIN)}},
        {.expected = CAUSE_BASIC_CHALLENGE, .saw = {ASKED(BASIC)}},
        {.expected = CAUSE_BASIC_CHALLENGE, .saw = {ASKED_BY_PROXY, GOT_CHALLENGE(PLAIN, 401, BASIC)}},
        {.expected = CAUSE_REALM_MISMATCH, .saw = {ASKED_BY_PROXY, GOT_CHALLENGE(PLAIN, 401, D_OTHER_REALM)}, .realm = "r"},
        {.expected = CAUSE_CHALLENGE_MALFORMED, .saw = {ASKED(BROKEN)}},
        {.expected = CAUSE_CHALLENGE_MALFORMED, .saw = {ASKED("Bearer x=1")}},
        {.expected = CAUSE_CHALLENGE_MALFORMED, .saw = {ASK_GOT(401)}},
        {.expected = CAUSE_CHALLENGE_MALFORMED, .saw = {ASK_GOT(407)}},
        {.expected = CAUSE_CHALLENGE_MALFORMED, .saw = {ASK_GOT(401)}, BY_ADDRESS},

        /* -- silence ----------------------------------------------------------------------------------------------------- */
        {.expected = CAUSE_NO_ANSWER, .saw = {ASK_ENDED(SILENCE)}},
        {.expected = CAUSE_NO_ANSWER, .saw = {ASK_ENDED(SILENCE)}, LAST(CAUSE_OK)},
        {.expected = CAUSE_NO_ANSWER, .saw = {ASK_ENDED(SILENCE)}, LAST(CAUSE_NO_ANSWER)},
        {.expected = CAUSE_NO_ANSWER, .saw = {ASK_ENDED(SILENCE)}, LAST(CAUSE_ANSWER_DROPPED)},
        {.expected = CAUSE_LOCKOUT_SUSPECTED, .saw = {ASK_ENDED(SILENCE)}, LAST(CAUSE_WRONG_PASSWORD)},
        {.expected = CAUSE_LOCKOUT_SUSPECTED, .saw = {ASK_ENDED(SILENCE)}, LAST(CAUSE_FORBIDDEN)},
        {.expected = CAUSE_LOCKOUT_SUSPECTED, .saw = {ASK_ENDED(SILENCE)}, LAST(CAUSE_REFUSAL_UNPROVEN)},
        {.expected = CAUSE_LOCKOUT_SUSPECTED, .saw = {ASK_ENDED(SILENCE)}, LAST(CAUSE_LOCKOUT_SUSPECTED)},
        {.expected = CAUSE_LOCKOUT_SUSPECTED, .saw = {ASK_GOT(403)}, LAST(CAUSE_WRONG_PASSWORD)},
        {.expected = CAUSE_REFUSED_BEFORE_CHALLENGE, .saw = {ASK_GOT(403), NAMED_GOT(403)}, LAST(CAUSE_URI_MISMATCH)},
        {.expected = CAUSE_REFUSED_BEFORE_CHALLENGE, .saw = {ASK_GOT(404)}, LAST(CAUSE_WRONG_PASSWORD)},
        {.expected = CAUSE_ANSWER_DROPPED, .saw = {ASKED(D_A), ENDED(PLAIN, SILENCE), ASKED(D_A)}},
        {.expected = CAUSE_ANSWER_DROPPED, .saw = {ASKED(D_A), STALE(PLAIN), ENDED(PLAIN, SILENCE), ASKED(D_A)}},
        {.expected = CAUSE_ANSWER_DROPPED, .saw = {ASKED(D_A), ENDED(PLAIN, SILENCE), ASK_ENDED(SILENCE)}},
        {.expected = CAUSE_ANSWER_DROPPED, .saw = {ASKED(D_A), ENDED(PLAIN, SILENCE), ASK_GOT(503)}},
        {.expected = CAUSE_LOCKOUT_SUSPECTED, .saw = {ASKED(D_A), ENDED(PLAIN, SILENCE), ASK_ENDED(SILENCE)}, LAST(CAUSE_WRONG_PASSWORD)},
        {.expected = CAUSE_LOCKOUT_SUSPECTED, .saw = {ASKED(D_A), REFUSED(PLAIN), ASK_ENDED(SILENCE)}},
        {.expected = CAUSE_LOCKOUT_SUSPECTED, .saw = {ASKED(D_A), REFUSED(PLAIN), ASK_GOT(503)}},
        {.expected = CAUSE_BUDGET_SPENT, .saw = {ASKED(D_A), REFUSED(PLAIN), ASK_GOT(200)}}, /* no lock-out lets us in */
        {.expected = CAUSE_LOCKOUT_SUSPECTED, .saw = {ASKED(D_A), GOT(PLAIN, 403), ASK_GOT(403)}},
        {.expected = CAUSE_LOCKOUT_SUSPECTED, .saw = {ASKED(D_A), REFUSED(PLAIN), ASK_ENDED(EXCHANGE_REFUSED)}},
        {.expected = CAUSE_LOCKOUT_SUSPECTED, .saw = {ASKED(D_A), REFUSED(PLAIN), ASKED(D_A), ENDED(OTHER, SILENCE), ASKED(D_A)}},
        {.expected = CAUSE_LOCKOUT_SUSPECTED, .saw = {ASKED(D_A), REFUSED(PLAIN), ASKED(D_A), ENDED(OTHER, SILENCE), ASK_ENDED(SILENCE)}},

        /* -- the network --------------------------------------------------------------------------------------------------- */
        {.expected = CAUSE_CONNECTION_REFUSED, .saw = {ASK_ENDED(EXCHANGE_REFUSED)}},
        {.expected = CAUSE_CONNECTION_REFUSED, .saw = {ASK_ENDED(EXCHANGE_REFUSED)}, LAST(CAUSE_WRONG_PASSWORD)},
        {.expected = CAUSE_CONNECTION_REFUSED, .saw = {ASKED(D_A), ENDED(PLAIN, EXCHANGE_REFUSED)}},
        {.expected = CAUSE_UNREACHABLE, .saw = {ASK_ENDED(EXCHANGE_UNREACHABLE)}},
        {.expected = CAUSE_UNREACHABLE, .saw = {ASKED(D_A), ENDED(PLAIN, EXCHANGE_UNREACHABLE)}},
        {.expected = CAUSE_RESPONSE_MALFORMED, .saw = {ASK_ENDED(EXCHANGE_MALFORMED)}},
        {.expected = CAUSE_RESPONSE_MALFORMED, .saw = {ASKED(D_A), ENDED(PLAIN, EXCHANGE_MALFORMED)}},
        {.expected = CAUSE_RUN_ENDED, .saw = {ASK_ENDED(EXCHANGE_CUT)}},
        {.expected = CAUSE_CONNECTION_RESET, .saw = {ASK_ENDED(EXCHANGE_CLOSED)}},
        {.expected = CAUSE_CONNECTION_RESET, .saw = {ASK_ENDED(EXCHANGE_CLOSED)}, LAST(CAUSE_WRONG_PASSWORD)},
        {.expected = CAUSE_CONNECTION_RESET, .saw = {ASKED(D_A), ENDED(PLAIN, EXCHANGE_CLOSED)}},
        {.expected = CAUSE_LOCKOUT_SUSPECTED, .saw = {ASKED(D_A), REFUSED(PLAIN), ASK_ENDED(EXCHANGE_CLOSED)}},

        /* -- TLS ------------------------------------------------------------------------------------------------------------ */
        {.expected = CAUSE_TLS_FAILED, .saw = {ASK_ENDED(EXCHANGE_TLS_FAILED)}, .connected = true},
        {.expected = CAUSE_TLS_EXPIRED, .saw = {ASK_ENDED(EXCHANGE_UNTRUSTED)}, TLS_BAD(TLS_TRUST_EXPIRED)},
        {.expected = CAUSE_TLS_UNTRUSTED, .saw = {ASK_ENDED(EXCHANGE_UNTRUSTED)}, TLS_BAD(TLS_TRUST_UNTRUSTED)},
        {.expected = CAUSE_TLS_OTHER_NAME, .saw = {ASK_ENDED(EXCHANGE_UNTRUSTED)}, TLS_BAD(TLS_TRUST_OTHER_NAME)},
        {.expected = CAUSE_TLS_UNTRUSTED, .saw = {ASK_ENDED(EXCHANGE_UNTRUSTED)}, TLS_BAD(TLS_TRUST_UNKNOWN)},
        {.expected = CAUSE_TLS_EXPIRED, .saw = {ASK_ENDED(EXCHANGE_UNTRUSTED)}, TLS_BAD(TLS_TRUST_EXPIRED), LAST(CAUSE_WRONG_PASSWORD)},
        /* a new connection for the answer, and another certificate: no answer was sent */
        {.expected = CAUSE_TLS_UNTRUSTED, .saw = {ASKED(D_A), ASK_ENDED(EXCHANGE_UNTRUSTED)}, TLS_BAD(TLS_TRUST_UNTRUSTED), .unasked = 1},
        {.expected = CAUSE_TLS_EXPIRES_SOON, .saw = {ASKED(D_A), ACCEPTED(PLAIN)}, TLS_AT(29 * DAY)},
        {.expected = CAUSE_TLS_EXPIRES_SOON, .saw = {ASKED(D_A), ACCEPTED(PLAIN)}, TLS_AT(30 * DAY - 1)},
        {.expected = CAUSE_OK, .saw = {ASKED(D_A), ACCEPTED(PLAIN)}, TLS_AT(30 * DAY)},
        {.expected = CAUSE_OK, .saw = {ASKED(D_A), ACCEPTED(PLAIN)}, TLS_AT(31 * DAY)},
        {.expected = CAUSE_RSPAUTH_WRONG, .saw = {ASKED(D_A), {PLAIN, 200, NULL, 0, 0, EXCHANGE_RESPONDED, true}}, TLS_AT(DAY)},
        {.expected = CAUSE_WRONG_PASSWORD, .saw = {ASKED(D_A), REFUSED(PLAIN), ASKED(D_A), REFUSED(OTHER)}, TLS_AT(DAY)},

        /* -- several targets ------------------------------------------------------------------------------------------------- */
        {.expected = CAUSE_OK, .n_targets = 2, .saw = {ASKED(D_A), ACCEPTED(PLAIN)}},
        {.expected = CAUSE_FAILED_OVER, .n_targets = 2, .to = "011", .saw = {ASK_ENDED(SILENCE), ASKED(D_A), ACCEPTED(PLAIN)}},
        {.expected = CAUSE_FAILED_OVER, .n_targets = 2, .to = "011", .saw = {ASK_ENDED(EXCHANGE_REFUSED), ASKED(D_A), ACCEPTED(PLAIN)}},
        {.expected = CAUSE_FAILED_OVER, .n_targets = 2, .to = "011", .saw = {ASK_ENDED(EXCHANGE_UNREACHABLE), ASKED(D_A), ACCEPTED(PLAIN)}},
        {.expected = CAUSE_FAILED_OVER, .n_targets = 2, .to = "011", .saw = {ASK_ENDED(EXCHANGE_CLOSED), ASKED(D_A), ACCEPTED(PLAIN)}},
        {.expected = CAUSE_FAILED_OVER, .n_targets = 2, .to = "011", .saw = {ASK_ENDED(EXCHANGE_MALFORMED), ASKED(D_A), ACCEPTED(PLAIN)}},
        {.expected = CAUSE_FAILED_OVER, .n_targets = 2, .to = "011", .saw = {ASK_GOT(503), ASKED(D_A), ACCEPTED(PLAIN)}},
        {.expected = CAUSE_FAILED_OVER,
         .n_targets = 3,
         .to = "0122",
         .saw = {ASK_GOT(503), ASK_ENDED(SILENCE), ASKED(D_A), ACCEPTED(PLAIN)}},
        {.expected = CAUSE_FAILED_OVER,
         .n_targets = 2,
         .to = "011",
         .saw = {ASK_ENDED(EXCHANGE_TLS_FAILED), ASKED(D_A), ACCEPTED(PLAIN)},
         .connected = true},
        {.expected = CAUSE_FAILED_OVER,
         .n_targets = 2,
         .to = "011",
         .saw = {ASK_ENDED(EXCHANGE_UNTRUSTED), ASKED(D_A), ACCEPTED(PLAIN)},
         TLS_BAD(TLS_TRUST_OTHER_NAME)},
        /* by address, too; what is worse than that, or was no acceptance, comes first */
        {.expected = CAUSE_FAILED_OVER, .n_targets = 2, .to = "01", .saw = {ASK_GOT(503), ASK_GOT(200)}, BY_ADDRESS},
        {.expected = CAUSE_FAILED_OVER, .n_targets = 2, .to = "01", .saw = {ASK_ENDED(SILENCE), ASK_GOT(200)}, BY_ADDRESS},
        {.expected = CAUSE_ADDRESS_ACCEPTED, .n_targets = 2, .saw = {ASK_GOT(200)}, BY_ADDRESS},
        {.expected = CAUSE_TLS_EXPIRES_SOON, .saw = {ASK_GOT(200)}, BY_ADDRESS, TLS_AT(DAY)},
        {.expected = CAUSE_SCOPE_DENIAL,
         .n_targets = 2,
         .to = "01",
         .saw = {ASK_GOT(503), ASK_GOT(200)},
         BY_ADDRESS,
         .detail_denied = true},
        {.expected = CAUSE_UNEXPECTED_CHALLENGE, .n_targets = 2, .to = "01", .saw = {ASK_GOT(503), ASKED(D_A)}, BY_ADDRESS},
        {.expected = CAUSE_NO_CHALLENGE, .n_targets = 2, .to = "01", .saw = {ASK_GOT(503), ASK_GOT(200)}},
        /* only what does not serve is passed over: a decision is not */
        {.expected = CAUSE_REFUSED_BEFORE_CHALLENGE, .n_targets = 2, .saw = {ASK_GOT(403), NAMED_GOT(403)}},
        {.expected = CAUSE_CARRIER_UNAVAILABLE, .n_targets = 2, .saw = {ASK_GOT(500), NAMED_GOT(500)}},
        {.expected = CAUSE_CHALLENGE_MALFORMED, .n_targets = 2, .saw = {ASKED(BROKEN)}},
        {.expected = CAUSE_RUN_ENDED, .n_targets = 2, .saw = {ASK_ENDED(EXCHANGE_CUT)}},
        /* only for a new challenge: once one was answered, everything stays at its address */
        {.expected = CAUSE_CARRIER_UNAVAILABLE, .n_targets = 2, .saw = {ASKED(D_A), GOT(PLAIN, 503)}},
        {.expected = CAUSE_CONNECTION_RESET, .n_targets = 2, .saw = {ASKED(D_A), ENDED(PLAIN, EXCHANGE_CLOSED)}},
        {.expected = CAUSE_CONNECTION_REFUSED, .n_targets = 2, .saw = {ASKED(D_A), ENDED(PLAIN, EXCHANGE_REFUSED)}},
        {.expected = CAUSE_ANSWER_DROPPED, .n_targets = 2, .saw = {ASKED(D_A), ENDED(PLAIN, SILENCE), ASK_ENDED(SILENCE)}},
        {.expected = CAUSE_LOCKOUT_SUSPECTED, .n_targets = 2, .saw = {ASKED(D_A), REFUSED(PLAIN), ASK_ENDED(SILENCE)}},
        {.expected = CAUSE_LOCKOUT_SUSPECTED, .n_targets = 2, .saw = {ASKED(D_A), REFUSED(PLAIN), ASK_GOT(503)}},
        {.expected = CAUSE_WRONG_PASSWORD,
         .n_targets = 3,
         .to = "01111",
         .saw = {ASK_ENDED(SILENCE), ASKED(D_A), REFUSED(PLAIN), ASKED(D_A), REFUSED(OTHER)}},
        {.expected = CAUSE_URI_MISMATCH,
         .n_targets = 2,
         .to = "0111111",
         .saw = {ASK_ENDED(SILENCE), ASKED(D_A), REFUSED(PLAIN), ASKED(D_A), ACCEPTED(OTHER), ASKED(D_A), REFUSED(PLAIN)}},
        {.expected = CAUSE_ANSWER_DROPPED,
         .n_targets = 3,
         .to = "0111",
         .saw = {ASK_ENDED(SILENCE), ASKED(D_A), ENDED(PLAIN, SILENCE), ASKED(D_A)}},
        /* none serves: the first decides, or the one that spoke */
        {.expected = CAUSE_NO_ANSWER, .n_targets = 2, .to = "01", .saw = {ASK_ENDED(SILENCE), ASK_ENDED(EXCHANGE_REFUSED)}},
        {.expected = CAUSE_CONNECTION_REFUSED, .n_targets = 2, .to = "01", .saw = {ASK_ENDED(EXCHANGE_REFUSED), ASK_ENDED(SILENCE)}},
        {.expected = CAUSE_CARRIER_UNAVAILABLE, .n_targets = 2, .to = "01", .saw = {ASK_ENDED(SILENCE), ASK_GOT(503)}},
        {.expected = CAUSE_CARRIER_UNAVAILABLE,
         .n_targets = 3,
         .to = "012",
         .saw = {ASK_ENDED(EXCHANGE_REFUSED), ASK_GOT(503), ASK_ENDED(SILENCE)}},
        {.expected = CAUSE_TLS_EXPIRED,
         .n_targets = 2,
         .to = "01",
         .saw = {ASK_ENDED(EXCHANGE_UNTRUSTED), ASK_ENDED(SILENCE)},
         TLS_BAD(TLS_TRUST_EXPIRED)},
        {.expected = CAUSE_REFUSED_BEFORE_CHALLENGE, .n_targets = 2, .to = "011", .saw = {ASK_GOT(503), ASK_GOT(403), NAMED_GOT(403)}},
        {.expected = CAUSE_ADDRESS_ACCEPTED, .n_targets = 2, .saw = {ASK_GOT(200)}, BY_ADDRESS},

        /* -- too large for a datagram (the answer was not sent, so it counts as none) ------------------------------------------ */
        {.expected = CAUSE_OK, .to = "0011", .unasked = 1, .saw = {ASKED(D_A), ASK_ENDED(TOO_LARGE), ASKED(D_A), ACCEPTED(PLAIN)}},
        {.expected = CAUSE_OK,
         .to = "0022",
         .n_targets = 2,
         .unasked = 1,
         .saw = {ASKED(D_A), ASK_ENDED(TOO_LARGE), ASKED(D_A), ACCEPTED(PLAIN)}},
        {.expected = CAUSE_OK,
         .to = "0011",
         .budget = 1,
         .unasked = 1,
         .saw = {ASKED(D_A), ASK_ENDED(TOO_LARGE), ASKED(D_A), ACCEPTED(PLAIN)}},
        {.expected = CAUSE_OK, .to = "011", .saw = {ASK_ENDED(TOO_LARGE), ASKED(D_A), ACCEPTED(PLAIN)}},
        {.expected = CAUSE_WRONG_PASSWORD,
         .to = "001111",
         .unasked = 1,
         .saw = {ASKED(D_A), ASK_ENDED(TOO_LARGE), ASKED(D_A), REFUSED(PLAIN), ASKED(D_A), REFUSED(OTHER)}},
        {.expected = CAUSE_REQUEST_TOO_LARGE,
         .to = "001",
         .unasked = 1,
         .saw = {ASKED(D_A), ASK_ENDED(TOO_LARGE), ASK_ENDED(EXCHANGE_REFUSED)}},
        {.expected = CAUSE_REQUEST_TOO_LARGE, .to = "001", .unasked = 1, .saw = {ASKED(D_A), ASK_ENDED(TOO_LARGE), ASK_ENDED(SILENCE)}},
        {.expected = CAUSE_REQUEST_TOO_LARGE, .to = "01", .saw = {ASK_ENDED(TOO_LARGE), ASK_ENDED(EXCHANGE_CLOSED)}},
        {.expected = CAUSE_CARRIER_UNAVAILABLE, .to = "001", .unasked = 1, .saw = {ASKED(D_A), ASK_ENDED(TOO_LARGE), ASK_GOT(503)}},
        {.expected = CAUSE_REQUEST_TOO_LARGE,
         .to = "001",
         .unasked = 1,
         .saw = {ASKED(D_A), ASK_ENDED(TOO_LARGE), ASK_ENDED(TOO_LARGE)}}, /* once */

        /* and no lock-out is suspected where nothing was sent */
        {.expected = CAUSE_REQUEST_TOO_LARGE,
         .to = "00001",
         .unasked = 3,
         .saw = {ASKED(D_A), REFUSED(PLAIN), ASKED(D_A), ASK_ENDED(TOO_LARGE), ASK_ENDED(EXCHANGE_REFUSED)}},
        {.expected = CAUSE_TLS_UNTRUSTED, .saw = {ASKED(D_A), REFUSED(PLAIN), ASK_ENDED(EXCHANGE_UNTRUSTED)}, TLS_BAD(TLS_TRUST_UNTRUSTED)},

        /* -- redirected: followed only when configured, and once ---------------------------------------------------------------- */
        {.expected = CAUSE_OK, .to = "011", .follows = true, .saw = {ASK_GOT(302), ASKED(D_A), ACCEPTED(PLAIN)}},
        {.expected = CAUSE_OK, .to = "022", .n_targets = 2, .follows = true, .saw = {ASK_GOT(302), ASKED(D_A), ACCEPTED(PLAIN)}},
        {.expected = CAUSE_REDIRECTED, .to = "01", .follows = true, .saw = {ASK_GOT(302), ASK_GOT(305)}},
        {.expected = CAUSE_NO_ANSWER, .to = "01", .follows = true, .saw = {ASK_GOT(302), ASK_ENDED(SILENCE)}},
        {.expected = CAUSE_REDIRECTED, .follows = true, .saw = {ASKED(D_A), GOT(PLAIN, 302)}}, /* credentials stay where they are */
        {.expected = CAUSE_LOCKOUT_SUSPECTED, .follows = true, .saw = {ASKED(D_A), REFUSED(PLAIN), ASK_GOT(302)}},
        {.expected = CAUSE_ANSWER_DROPPED, .follows = true, .saw = {ASKED(D_A), ENDED(PLAIN, SILENCE), ASK_GOT(302)}},

        /* -- weaker than the last time ------------------------------------------------------------------------------------------- */
        {.expected = CAUSE_ALGORITHM_WEAKER, .saw = {ASKED(D_A), ACCEPTED(PLAIN)}, .last_algorithm = "SHA-256"},
        {.expected = CAUSE_ALGORITHM_WEAKER, .saw = {ASKED(D_SHA_256), ACCEPTED(PLAIN)}, .last_algorithm = "SHA-512-256"},
        {.expected = CAUSE_OK, .saw = {ASKED(D_A), ACCEPTED(PLAIN)}, .last_algorithm = "MD5"},
        {.expected = CAUSE_OK, .saw = {ASKED(D_A), ACCEPTED(PLAIN)}, .last_algorithm = "MD5-sess"},
        {.expected = CAUSE_OK, .saw = {ASKED(D_SHA_256), ACCEPTED(PLAIN)}, .last_algorithm = "MD5"},
        {.expected = CAUSE_OK, .saw = {ASKED(D_SHA_256), ACCEPTED(PLAIN)}, .last_algorithm = "SHA-256"},
        {.expected = CAUSE_WRONG_PASSWORD, .saw = {ASKED(D_A), REFUSED(PLAIN), ASKED(D_A), REFUSED(OTHER)}, .last_algorithm = "SHA-256"},
};
