/* diagnosis.c: evidence → next step, evidence → verdict.
 *
 * The procedure: ask for a challenge; answer it; answer a signalled stale nonce once more; after a refusal change one input, the form of
 * the digest-uri, on a fresh challenge. Never more credentialed requests than the budget, never the same refused credentials twice unless
 * the refusal has another explanation (RFC 3261 section 22.1). */
#include "diagnosis.h"

#include "target.h"

#define DAY_SEC INT64_C(86400)
#define TLS_WARNING_SEC (30 * DAY_SEC)

/* -- what an exchange was ---------------------------------------------------------------------------------------------- */

static bool is_challenge_status(int status) {
        return status == 401 || status == 407;
}

static bool is_accepted(const struct exchange *x) {
        return x->credentialed && x->end == EXCHANGE_RESPONDED && x->status >= 200 && x->status < 300;
}

/* A 401 by the registrar after a proxy's 407 was answered (or the other way round) is the next door, not a refusal
 * (RFC 3261 section 22.3). */
static bool is_next_door(const struct evidence *e, size_t i) {
        const struct exchange *x = &e->exchanges[i];
        if (!x->credentialed || !is_challenge_status(x->status) || !x->has_challenge || i == 0)
                return false;
        for (size_t k = i; k-- > 0;) {
                const struct exchange *earlier = &e->exchanges[k];
                if (earlier->has_challenge && earlier->challenge.proxy == x->challenge.proxy)
                        return false;
                if (!earlier->credentialed)
                        break;
        }
        return true;
}

/* What a challenge to an earlier answer says; in a door's first challenge the word means nothing. */
static bool is_stale(const struct evidence *e, size_t i) {
        const struct exchange *x = &e->exchanges[i];
        return x->credentialed && is_challenge_status(x->status) && x->has_challenge && x->challenge.stale && !is_next_door(e, i);
}

/* Answered, understood and turned down: neither stale nor the next door. */
static bool is_refusal(const struct evidence *e, size_t i) {
        const struct exchange *x = &e->exchanges[i];
        return x->credentialed && x->end == EXCHANGE_RESPONDED && (is_challenge_status(x->status) || x->status == 403) && !is_stale(e, i) &&
               !is_next_door(e, i);
}

/* The challenge that exchange i answered: that of the exchange before it. */
static const struct exchange *challenge_of(const struct evidence *e, size_t i) {
        return i > 0 && e->exchanges[i - 1].has_challenge ? &e->exchanges[i - 1] : NULL;
}

/* A nonce whose lifetime can be read, and was over when the answer arrived: stale, though the carrier does not say so. Between issue and
 * arrival lies the answer's round trip (the way down of the challenge in place of that of the response). Whole seconds on the carrier's
 * side can stretch a lifetime by up to one. */
static bool is_outlived(const struct evidence *e, size_t i) {
        const struct exchange *asked = challenge_of(e, i);
        return asked && asked->nonce.has_lifetime && ((uint64_t)asked->nonce.lifetime_sec + 1) * USEC_PER_SEC < e->exchanges[i].rtt_usec;
}

/* An answer that took longer than its nonce lives may have been refused for the nonce's age alone. Where the nonce does not tell its
 * lifetime, the shortest that servers are configured with, one second, is assumed. */
#define LIFETIME_MIN_SEC 1

static bool is_age_possible(const struct evidence *e, size_t i) {
        const struct exchange *asked = challenge_of(e, i);
        int64_t lifetime_sec = asked && asked->nonce.has_lifetime ? asked->nonce.lifetime_sec : LIFETIME_MIN_SEC;
        return e->exchanges[i].rtt_usec > (uint64_t)lifetime_sec * USEC_PER_SEC;
}

/* A refusal that only the credentials or the digest-uri explain: the answer was neither sent again, so that it could meet its own one-time
 * nonce (the first copy's response was lost), nor long on its way. */
static bool is_proof(const struct evidence *e, size_t i) {
        return e->exchanges[i].retransmissions == 0 && (e->exchanges[i].status == 403 || !is_age_possible(e, i));
}

static size_t count_refusals(const struct evidence *e) {
        size_t n = 0;
        for (size_t i = 0; i < e->n_exchanges; i++)
                n += is_refusal(e, i);
        return n;
}

/* Stale, and stale again when answered at once with the nonce that came with it. */
static bool is_stale_again(const struct evidence *e, size_t i) {
        return i > 0 && is_stale(e, i) && is_stale(e, i - 1);
}

/* -- can the challenge be answered? -------------------------------------------------------------------------------------- */

static bool choose_qop(const struct trunk *t, const struct challenge *c, enum digest_qop *ret) {
        bool only_none = text_ieq(t->qop, "none"), only_auth = text_ieq(t->qop, "auth"), only_int = text_ieq(t->qop, "auth-int");
        if (only_none || (!c->has_qop && !only_int))
                *ret = DIGEST_QOP_NONE;
        else if (c->qop_auth && !only_int)
                *ret = DIGEST_QOP_AUTH;
        else if (c->qop_auth_int && !only_auth)
                *ret = DIGEST_QOP_AUTH_INT;
        else
                return false;
        /* A session key needs a cnonce, which needs a qop (RFC 7616 section 3.4.2). */
        return *ret != DIGEST_QOP_NONE || !digest_is_session(c->algorithm);
}

static struct verdict qop_mismatch(const struct trunk *t, const struct challenge *c) {
        if (!c->has_qop && text_ieq(t->qop, "auth-int"))
                return verdict_of(CAUSE_QOP_MISMATCH, "the carrier offers no qop, the trunk is set to \"auth-int\"");
        if (!c->has_qop)
                return verdict_of(CAUSE_QOP_MISMATCH, "the carrier offers %s without a qop, and a session algorithm needs one",
                                  digest_algorithm_name(c->algorithm));
        return verdict_of(CAUSE_QOP_MISMATCH, "the carrier offers qop \"" SPAN_FMT "\", the trunk is set to \"%s\"", SPAN_ARG(c->qop_text),
                          t->qop ? t->qop : "auth or auth-int");
}

/* True when the exchange's challenge can be answered with what the trunk has; else the verdict that says why not. */
static bool can_answer(const struct trunk *t, const struct exchange *x, enum digest_qop *ret_qop, struct verdict *ret) {
        if (!x->has_challenge) {
                *ret = verdict_of(CAUSE_CHALLENGE_MALFORMED, "%d %s without a challenge", x->status, x->reason);
                return false;
        }
        const struct challenge *c = &x->challenge;
        if (c->is_basic) {
                *ret = verdict_of(CAUSE_BASIC_CHALLENGE, SPAN_FMT, SPAN_ARG(c->text));
                return false;
        }
        if (!c->is_digest || c->malformed) {
                *ret = verdict_of(CAUSE_CHALLENGE_MALFORMED, "%s in: " SPAN_FMT, c->malformed ? c->malformed : "an unknown scheme",
                                  SPAN_ARG(c->text));
                return false;
        }
        if (t->realm && !challenge_realm_is(c, t->realm)) {
                *ret = verdict_of(CAUSE_REALM_MISMATCH, "the carrier's realm is \"" SPAN_FMT "\", the trunk is set to \"%s\"",
                                  SPAN_ARG(c->realm), t->realm);
                return false;
        }
        enum digest_algorithm wanted;
        bool fixed = t->algorithm && digest_algorithm_from(span_of(t->algorithm), &wanted);
        if (!c->algorithm_known || (fixed && c->algorithm != wanted)) {
                *ret = verdict_of(CAUSE_ALGORITHM_MISMATCH, "the carrier offers " SPAN_FMT "%s, the trunk is set to %s",
                                  SPAN_ARG(c->algorithm_text), c->algorithm_text.p ? "" : "MD5", t->algorithm ? t->algorithm : "none");
                return false;
        }
        if (t->ha1 && secret_bytes(t->ha1).n != digest_hex_length(c->algorithm)) {
                *ret = verdict_of(CAUSE_ALGORITHM_MISMATCH, "the carrier offers %s, and the stored HA1 has %zu digits where it needs %zu",
                                  digest_algorithm_name(c->algorithm), secret_bytes(t->ha1).n, digest_hex_length(c->algorithm));
                return false;
        }
        if (!choose_qop(t, c, ret_qop)) {
                *ret = qop_mismatch(t, c);
                return false;
        }
        return true;
}

/* -- the next step --------------------------------------------------------------------------------------------------------- */

static struct diagnosis_step done(void) {
        return (struct diagnosis_step){.step = STEP_DONE};
}

/* Asking again leads to answering at every door (proxy, registrar) once more: not begun when the budget does not allow that. */
static struct diagnosis_step ask_again(const struct diagnosis_policy *policy, struct evidence *e) {
        unsigned doors = 1;
        for (size_t i = 0; i < e->n_exchanges; i++)
                doors = is_next_door(e, i) ? 2 : doors;
        if (evidence_credentialed(e) + doors > policy->budget) {
                e->budget_spent = true;
                return done();
        }
        return (struct diagnosis_step){.step = STEP_ASK, .target = e->exchanges[e->n_exchanges - 1].target};
}

static struct diagnosis_step answer(const struct trunk *t, const struct diagnosis_policy *policy, struct evidence *e, enum uri_form form) {
        struct verdict unused;
        enum digest_qop qop;
        if (!can_answer(t, &e->exchanges[e->n_exchanges - 1], &qop, &unused))
                return done();
        if (evidence_credentialed(e) >= policy->budget) {
                e->budget_spent = true;
                return done();
        }
        return (struct diagnosis_step){.step = STEP_ANSWER, .uri_form = form, .qop = qop};
}

/* The exchange before asked for this one for a reason: did an answer go unheard? */
static bool is_check_after_silence(const struct evidence *e, size_t i) {
        return i > 0 && !e->exchanges[i].credentialed && e->exchanges[i - 1].credentialed &&
               e->exchanges[i - 1].end == EXCHANGE_NO_RESPONSE;
}

static struct diagnosis_step after_refusal(const struct diagnosis_policy *policy, struct evidence *e) {
        size_t last = e->n_exchanges - 1;
        bool tried_all = e->exchanges[last].uri_form == URI_OTHER_PORT && is_proof(e, last);
        return is_outlived(e, last) || tried_all ? done() : ask_again(policy, e);
}

/* The target does not serve: RFC 3263 section 4.3, RFC 3261 section 8.1.2. */
static bool is_failed_target(const struct exchange *x) {
        switch (x->end) {
        case EXCHANGE_RESPONDED:
                return x->status == 503;
        case EXCHANGE_NO_RESPONSE:
        case EXCHANGE_REFUSED:
        case EXCHANGE_UNREACHABLE:
        case EXCHANGE_CLOSED:
        case EXCHANGE_TLS_FAILED:
        case EXCHANGE_UNTRUSTED:
        case EXCHANGE_MALFORMED:
                return true;
        case EXCHANGE_TOO_LARGE:
        case EXCHANGE_CUT:
                break;
        }
        return false;
}

/* Too large for UDP: a new challenge by TCP at the same address, once. */
static struct diagnosis_step after_too_large(const struct evidence *e, const struct exchange *x) {
        bool by_udp = x->target < e->n_targets && e->targets[x->target].transport == TARGET_UDP;
        if (!by_udp || e->n_targets >= EVIDENCE_TARGETS_MAX)
                return done();
        return (struct diagnosis_step){.step = STEP_ASK, .target = x->target, .over_tcp = true};
}

static bool has_followed(const struct evidence *e) {
        for (size_t i = 0; i + 1 < e->n_exchanges; i++)
                if (e->exchanges[i].status >= 300 && e->exchanges[i].status < 400)
                        return true;
        return false;
}

struct diagnosis_step diagnosis_next(const struct trunk *t, const struct diagnosis_policy *policy, struct evidence *e) {
        if (e->broken || e->cut || e->n_exchanges >= EVIDENCE_EXCHANGES_MAX)
                return done();
        if (e->n_exchanges == 0)
                return (struct diagnosis_step){.step = STEP_ASK};

        size_t last = e->n_exchanges - 1;
        const struct exchange *x = &e->exchanges[last];
        /* The next target is for a new challenge: once one was answered, everything stays at its address. */
        if (is_failed_target(x) && evidence_credentialed(e) == 0 && x->target + 1 < e->n_targets)
                return (struct diagnosis_step){.step = STEP_ASK, .target = x->target + 1};
        if (x->end == EXCHANGE_NO_RESPONSE && x->credentialed) /* is it the answer that is dropped, or everything? */
                return (struct diagnosis_step){.step = STEP_ASK, .target = x->target};
        if (x->end == EXCHANGE_TOO_LARGE)
                return after_too_large(e, x);
        if (x->end != EXCHANGE_RESPONDED)
                return done();
        if (x->status >= 300 && x->status < 400 && policy->follow_redirects && evidence_credentialed(e) == 0 && !has_followed(e) &&
            e->n_targets < EVIDENCE_TARGETS_MAX)
                return (struct diagnosis_step){.step = STEP_FOLLOW};

        if (!x->credentialed) {
                if (!is_challenge_status(x->status) || trunk_kind(t) == TRUNK_ADDRESS || is_check_after_silence(e, last))
                        return done();
                bool plain_refused = false;
                for (size_t i = 0; i < last; i++)
                        plain_refused |= is_refusal(e, i) && e->exchanges[i].uri_form == URI_AS_REQUESTED && is_proof(e, i);
                return answer(t, policy, e, plain_refused ? URI_OTHER_PORT : URI_AS_REQUESTED);
        }
        if (is_stale_again(e, last))
                return done();
        if (is_stale(e, last) || is_next_door(e, last))
                return answer(t, policy, e, x->uri_form);
        if (is_refusal(e, last))
                return after_refusal(policy, e);
        return done();
}

/* -- the verdict ----------------------------------------------------------------------------------------------------------- */

bool diagnosis_before(const struct trunk *t, struct verdict *ret) {
        if (trunk_inactive(t)) {
                *ret = verdict_of(CAUSE_INACTIVE, "state \"%s\"", t->state);
                return true;
        }
        struct target targets[TARGETS_MAX];
        struct target_uris uris;
        size_t n;
        int r = target_list(targets, &n, t);
        int written = r == 0 ? target_uris_of(&uris, t, targets[0].host, UINT16_MAX) : 0;
        if (written != 0) {
                *ret = written < 0
                               ? verdict_of(CAUSE_TARGET_UNKNOWN, "the trunk's URIs are longer than %d bytes", TARGET_URI_MAX - 1)
                               : verdict_of(CAUSE_TARGET_UNKNOWN, "no SIP URI can be made of the domain \"%s\" and the request URI \"%s\"",
                                            t->domain ? t->domain : "", t->request_uri ? t->request_uri : "");
                return true;
        }
        if (r == TARGET_NO_TRANSPORT)
                *ret = verdict_of(CAUSE_TRANSPORT_UNSUPPORTED, "transport \"%s\"", t->transport);
        else if (r == TARGET_UNREADABLE)
                *ret = verdict_of(CAUSE_TARGET_UNKNOWN, "\"%s\" is not host[:port]",
                                  t->proxies  ? t->proxies
                                  : t->domain ? t->domain
                                              : t->request_uri);
        else if (r != 0)
                *ret = verdict_of(CAUSE_TARGET_UNKNOWN, "no proxies, no domain%s",
                                  t->detail_denied ? "; the platform denied the trunk's details" : "");
        else if (trunk_kind(t) != TRUNK_ADDRESS && (!t->username || !(t->password || t->ha1)))
                *ret = verdict_of(CAUSE_SECRET_MISSING, "%s",
                                  !t->username ? "no username is known" : "no password or ha1 could be read here");
        else
                return false;
        return true;
}

static bool was_refused_before(const struct diagnosis_history *h) {
        static const enum cause refusals[] = {CAUSE_WRONG_PASSWORD, CAUSE_FORBIDDEN, CAUSE_REFUSAL_UNPROVEN, CAUSE_LOCKOUT_SUSPECTED};
        for (size_t i = 0; h->known && i < ELEMENTS(refusals); i++)
                if (h->last_cause == refusals[i])
                        return true;
        return false;
}

static const struct attempt *attempt_of(const struct evidence *e, const struct exchange *x) {
        static const struct attempt none = {0};
        return x->target < e->n_targets ? &e->targets[x->target] : &none;
}

static const char *address_of(const struct evidence *e, const struct exchange *x) {
        const struct attempt *attempt = attempt_of(e, x);
        return attempt->address[0] ? attempt->address : e->address;
}

static struct verdict judge_certificate(const char *address, const struct tls_facts *tls) {
        static const struct tls_facts none = {0};
        const struct tls_facts *f = tls ? tls : &none;
        switch (f->trust) {
        case TLS_TRUST_EXPIRED:
                return verdict_of(CAUSE_TLS_EXPIRED, "%s: %s: %s", address, f->error[0] ? f->error : "certificate has expired", f->subject);
        case TLS_TRUST_OTHER_NAME:
                return verdict_of(CAUSE_TLS_OTHER_NAME, "%s: the certificate is for %s, wanted is %s", address,
                                  f->names[0] ? f->names : f->subject, f->wanted);
        case TLS_TRUST_UNTRUSTED:
        case TLS_TRUST_UNKNOWN:
        case TLS_TRUST_GOOD:
                break;
        }
        return verdict_of(CAUSE_TLS_UNTRUSTED, "%s: %s; the chain ends at %s", address, f->error, f->chain_end);
}

/* An exchange that ended without a response to judge. */
static struct verdict no_response(const struct evidence *e, const struct exchange *x) {
        const char *address = address_of(e, x);
        switch (x->end) {
        case EXCHANGE_REFUSED:
                return verdict_of(CAUSE_CONNECTION_REFUSED, "%s: %s", address, strerror(x->error));
        case EXCHANGE_UNREACHABLE:
                return verdict_of(CAUSE_UNREACHABLE, "%s: %s", address, strerror(x->error));
        case EXCHANGE_CLOSED:
                return verdict_of(CAUSE_CONNECTION_RESET, "%s, %s: %s", address,
                                  x->credentialed ? "between challenge and response to the answer" : "before a challenge", x->failure);
        case EXCHANGE_TLS_FAILED:
                return verdict_of(CAUSE_TLS_FAILED, "%s: %s", address, x->failure);
        case EXCHANGE_UNTRUSTED:
                return judge_certificate(address, attempt_of(e, x)->tls);
        case EXCHANGE_TOO_LARGE:
                return verdict_of(CAUSE_REQUEST_TOO_LARGE, "%s: no connection for it", address);
        case EXCHANGE_MALFORMED:
                return verdict_of(CAUSE_RESPONSE_MALFORMED, "%s: %s", address, x->malformed ? x->malformed : "unreadable");
        case EXCHANGE_CUT:
                return verdict_of(CAUSE_RUN_ENDED, "waiting for %s", address);
        case EXCHANGE_NO_RESPONSE:
        case EXCHANGE_RESPONDED:
                break;
        }
        if (attempt_of(e, x)->transport == TARGET_TLS && !attempt_of(e, x)->tls)
                return verdict_of(CAUSE_NO_ANSWER, "no TLS handshake with %s; nothing was sent", address);
        return verdict_of(CAUSE_NO_ANSWER, "no response from %s to %u requests", address, x->retransmissions + 1);
}

/* A status that is neither success, challenge nor 403: means the same before and after credentials. */
static struct verdict other_status(const struct exchange *x, enum cause client_error) {
        if (x->status >= 300 && x->status < 400)
                return verdict_of(CAUSE_REDIRECTED, "%d %s%s%s", x->status, x->reason, x->contact[0] ? " to " : "", x->contact);
        if (x->status == 405 || x->status == 501)
                return verdict_of(CAUSE_METHOD_NOT_ALLOWED, "%d %s", x->status, x->reason);
        /* Retry-After says of any status that it is for a time (RFC 3261 section 20.33). */
        if (x->retry_after_sec >= 0)
                return verdict_of(CAUSE_CARRIER_UNAVAILABLE, "%d %s, retry after %d s", x->status, x->reason, x->retry_after_sec);
        if (x->status == 480 || (x->status >= 500 && x->status < 600))
                return verdict_of(CAUSE_CARRIER_UNAVAILABLE, "%d %s", x->status, x->reason);
        return verdict_of(client_error, "%d %s", x->status, x->reason);
}

/* Of several targets' exchanges the one that decides: the last one that was not passed over, else the first that responded at all (503),
 * else a request that was too large, else the first target's failure. A challenge before it decides nothing. */
static const struct exchange *deciding_ask(const struct evidence *e) {
        const struct exchange *last = &e->exchanges[e->n_exchanges - 1], *large = NULL, *failed = last;
        if (!is_failed_target(last))
                return last;
        for (size_t i = e->n_exchanges - 1; i-- > 0;) {
                const struct exchange *x = &e->exchanges[i];
                if (x->end == EXCHANGE_TOO_LARGE)
                        large = x;
                else if (is_failed_target(x) && (x->end == EXCHANGE_RESPONDED || failed->end != EXCHANGE_RESPONDED))
                        failed = x;
        }
        return failed->end != EXCHANGE_RESPONDED && large ? large : failed;
}

/* What an acceptance has to say about the way to it, which is worth a warning. */
static bool warns_of_way(const struct evidence *e, const struct exchange *x, struct verdict *ret) {
        const struct exchange *first = &e->exchanges[0];
        const struct tls_facts *tls = attempt_of(e, x)->tls;
        int64_t left_sec = tls ? tls->not_after_sec - (int64_t)(x->sent_usec / USEC_PER_SEC) : INT64_MAX;
        if (left_sec < TLS_WARNING_SEC)
                *ret = verdict_of(CAUSE_TLS_EXPIRES_SOON, "%lld days left: %s", (long long)(left_sec / DAY_SEC), tls->subject);
        else if (!is_failed_target(first))
                return false;
        else if (first->end == EXCHANGE_RESPONDED)
                *ret = verdict_of(CAUSE_FAILED_OVER, "%s: %d %s; accepted at %s", attempt_of(e, first)->address, first->status,
                                  first->reason, attempt_of(e, x)->address);
        else
                *ret = verdict_of(CAUSE_FAILED_OVER, "%s; accepted at %s", no_response(e, first).detail, attempt_of(e, x)->address);
        return true;
}

/* Accepted without a challenge. */
static struct verdict judge_unchallenged(const struct trunk *t, const struct evidence *e, const struct exchange *x) {
        struct verdict v;
        if (trunk_kind(t) != TRUNK_ADDRESS)
                return verdict_of(CAUSE_NO_CHALLENGE, "%d %s at once", x->status, x->reason);
        if (t->detail_denied)
                return t->detail;
        return warns_of_way(e, x, &v) ? v : verdict_of(CAUSE_ADDRESS_ACCEPTED, "%d %s", x->status, x->reason);
}

/* The requests without credentials decided. */
static struct verdict judge_ask(const struct trunk *t, const struct diagnosis_history *h, const struct evidence *e) {
        const struct exchange *x = deciding_ask(e);
        bool by_address = trunk_kind(t) == TRUNK_ADDRESS;
        if (x->end != EXCHANGE_RESPONDED) {
                if (x->end == EXCHANGE_NO_RESPONSE && was_refused_before(h))
                        return verdict_of(CAUSE_LOCKOUT_SUSPECTED, "no response from %s, after answers were refused in an earlier run",
                                          address_of(e, x));
                return no_response(e, x);
        }
        if (x->status < 300)
                return judge_unchallenged(t, e, x);
        if (is_challenge_status(x->status)) {
                struct verdict v;
                enum digest_qop qop;
                if (by_address && x->has_challenge && x->challenge.is_digest)
                        return verdict_of(CAUSE_UNEXPECTED_CHALLENGE, "%d %s, realm \"" SPAN_FMT "\"", x->status, x->reason,
                                          SPAN_ARG(x->challenge.realm));
                if (!can_answer(t, x, &qop, &v))
                        return v;
                return verdict_of(CAUSE_BUDGET_SPENT, "no credentialed request was allowed");
        }
        if (x->status == 403 && was_refused_before(h))
                return verdict_of(CAUSE_LOCKOUT_SUSPECTED, "%d %s before any challenge, after answers were refused in an earlier run",
                                  x->status, x->reason);
        return other_status(x, CAUSE_REFUSED_BEFORE_CHALLENGE);
}

static struct verdict platform_disagrees(const struct trunk *t) {
        return verdict_of(CAUSE_PLATFORM_DISAGREES, "the platform says: %s%s%s%s%s", t->validation_status ? t->validation_status : "failed",
                          t->validation_message ? " " : "", t->validation_message ? t->validation_message : "",
                          t->validation_time ? ", at " : "", t->validation_time ? t->validation_time : "");
}

static struct verdict judge_accepted(const struct trunk *t, const struct diagnosis_history *h, const struct evidence *e,
                                     const struct exchange *x) {
        if (x->uri_form == URI_OTHER_PORT) {
                for (size_t i = 0; i < e->n_exchanges; i++)
                        if (is_refusal(e, i) && e->exchanges[i].uri_form == URI_AS_REQUESTED)
                                return verdict_of(CAUSE_URI_MISMATCH, "refused with \"%s\" (%d %s), accepted with \"%s\"",
                                                  e->exchanges[i].digest_uri, e->exchanges[i].status, e->exchanges[i].reason,
                                                  x->digest_uri);
        }
        if (x->rspauth == RSPAUTH_WRONG)
                return verdict_of(CAUSE_RSPAUTH_WRONG, "%d %s with a rspauth that another secret makes", x->status, x->reason);
        if (t->detail_denied)
                return t->detail;
        if (trunk_validation_failed(t))
                return platform_disagrees(t);
        struct verdict v;
        if (warns_of_way(e, x, &v))
                return v;
        if (h->has_algorithm && digest_strength(x->algorithm) < digest_strength(h->algorithm))
                return verdict_of(CAUSE_ALGORITHM_WEAKER, "%s now, %s before", digest_algorithm_name(x->algorithm),
                                  digest_algorithm_name(h->algorithm));
        return verdict_of(CAUSE_OK, "%d %s to %s%s%s", x->status, x->reason, digest_algorithm_name(x->algorithm),
                          x->qop == DIGEST_QOP_NONE ? " without qop" : ", qop ", x->qop == DIGEST_QOP_NONE ? "" : digest_qop_name(x->qop));
}

/* Exchange i was refused. The other form is tried only after proof against the first. */
static struct verdict judge_refused(const struct evidence *e, size_t i) {
        const struct exchange *last = &e->exchanges[i], *first = last;
        bool forbidden = false;
        for (size_t k = i + 1; k-- > 0;)
                if (is_refusal(e, k)) {
                        first = &e->exchanges[k];
                        forbidden |= first->status == 403;
                }
        if (!is_proof(e, i))
                return verdict_of(CAUSE_REFUSAL_UNPROVEN,
                                  "%d %s to the answer with digest-uri \"%s\", which was sent %u times; round trip %llu ms", last->status,
                                  last->reason, last->digest_uri, last->retransmissions + 1,
                                  (unsigned long long)(last->rtt_usec / USEC_PER_MSEC));
        if (last->uri_form != URI_OTHER_PORT)
                return verdict_of(CAUSE_BUDGET_SPENT, "%d %s to the answer with digest-uri \"%s\"; no further form could be tried",
                                  last->status, last->reason, last->digest_uri);
        if (last->qop == DIGEST_QOP_AUTH_INT && !forbidden)
                return verdict_of(CAUSE_REFUSAL_UNPROVEN, "%d %s to the answers with auth-int, which some carriers offer and cannot verify",
                                  last->status, last->reason);
        return verdict_of(forbidden ? CAUSE_FORBIDDEN : CAUSE_WRONG_PASSWORD, "%d %s to the answers with digest-uri \"%s\" and \"%s\"",
                          last->status, last->reason, first->digest_uri, last->digest_uri);
}

static struct verdict judge_stale(const struct evidence *e, size_t i) {
        const struct exchange *asked = challenge_of(e, i);
        unsigned long long msec = (unsigned long long)(e->exchanges[i].rtt_usec / USEC_PER_MSEC);
        if (asked && asked->nonce.has_lifetime)
                return verdict_of(CAUSE_STALE_NONCE, "the nonce lives %lld s, and was %s; round trip %llu ms",
                                  (long long)asked->nonce.lifetime_sec, is_stale(e, i) ? "called stale" : "outlived", msec);
        return verdict_of(CAUSE_STALE_NONCE, "two answers in a row were called stale; round trip %llu ms", msec);
}

/* A new challenge in place of a verdict on the answer, and it was not answered. */
static struct verdict judge_unanswered(const struct trunk *t, const struct exchange *x, bool stale) {
        struct verdict v;
        enum digest_qop qop;
        if (!can_answer(t, x, &qop, &v))
                return v;
        return verdict_of(CAUSE_BUDGET_SPENT, "%d %s with %s; no further answer was allowed", x->status, x->reason,
                          stale ? "stale=true" : "a second challenge");
}

/* The last answer got no response. A lock-out is suspected where something was refused, not where a carrier only fell silent. */
static struct verdict judge_silence(const struct diagnosis_history *h, const struct evidence *e, const struct exchange *after) {
        size_t refused = count_refusals(e);
        if (refused > 0)
                return verdict_of(CAUSE_LOCKOUT_SUSPECTED, "%zu answers were refused, then one got no response", refused);
        if (after && after->end == EXCHANGE_RESPONDED)
                return verdict_of(CAUSE_ANSWER_DROPPED, "no response from %s to the answer; a request without one still gets %d %s",
                                  e->address, after->status, after->reason);
        if (was_refused_before(h))
                return verdict_of(CAUSE_LOCKOUT_SUSPECTED,
                                  "%s challenged, and fell silent after an answer; in an earlier run it refused answers", e->address);
        return verdict_of(CAUSE_ANSWER_DROPPED, "no response from %s to the answer, nor to a request without one after it", e->address);
}

/* After exchange i, one of which nothing was sent: that it got no response says nothing of the carrier's mood. NULL = none. */
static const struct exchange *find_unsent(const struct evidence *e, size_t i) {
        while (++i < e->n_exchanges)
                if (e->exchanges[i].end == EXCHANGE_TOO_LARGE || e->exchanges[i].end == EXCHANGE_UNTRUSTED)
                        return &e->exchanges[i];
        return NULL;
}

/* At least one answer was sent; the last exchange decides. */
static struct verdict judge_answers(const struct trunk *t, const struct diagnosis_history *h, const struct evidence *e) {
        size_t last = e->n_exchanges - 1, i = last;
        while (i > 0 && !e->exchanges[i].credentialed)
                i--;
        const struct exchange *x = &e->exchanges[i], *after = i < last ? &e->exchanges[last] : NULL;

        if (x->end == EXCHANGE_NO_RESPONSE)
                return judge_silence(h, e, after);
        if (x->end != EXCHANGE_RESPONDED)
                return no_response(e, x);
        if (is_accepted(x))
                return judge_accepted(t, h, e, x);
        if (is_stale_again(e, i))
                return judge_stale(e, i);
        if (is_stale(e, i) || is_next_door(e, i))
                return judge_unanswered(t, x, is_stale(e, i));
        if (is_refusal(e, i)) {
                if (is_outlived(e, i))
                        return judge_stale(e, i);
                const struct exchange *unsent = find_unsent(e, i);
                if (unsent && after && after->end != EXCHANGE_RESPONDED)
                        return no_response(e, unsent);
                if (after && after->end != EXCHANGE_RESPONDED)
                        return verdict_of(CAUSE_LOCKOUT_SUSPECTED, "%s refused an answer (%d %s) and no longer responds", e->address,
                                          x->status, x->reason);
                if (after && after->status >= 300 && !is_challenge_status(after->status))
                        return verdict_of(CAUSE_LOCKOUT_SUSPECTED, "%s refused an answer (%d %s) and no longer challenges: %d %s",
                                          e->address, x->status, x->reason, after->status, after->reason);
                return judge_refused(e, i);
        }
        if (x->status == 400)
                return verdict_of(CAUSE_ANSWER_MALFORMED, "%d %s", x->status, x->reason);
        return other_status(x, CAUSE_UNEXPECTED_STATUS);
}

struct verdict diagnosis_verdict(const struct trunk *t, const struct diagnosis_history *history, const struct evidence *e) {
        if (e->broken)
                return verdict_of(CAUSE_PROBE_BROKEN, "%s: %s", e->broken_where, strerror(-e->broken));
        if (e->resolution == RESOLUTION_NOT_FOUND)
                return verdict_of(CAUSE_NAME_NOT_FOUND, "%s: %s", e->target, e->resolution_error);
        if (e->resolution == RESOLUTION_FAILED)
                return verdict_of(CAUSE_NAME_UNRESOLVED, "%s: %s", e->target, e->resolution_error);
        if (e->cut || e->n_exchanges == 0)
                return verdict_of(CAUSE_RUN_ENDED, "%s", e->n_exchanges == 0 ? "not begun" : "begun and not finished");
        return evidence_credentialed(e) == 0 ? judge_ask(t, history, e) : judge_answers(t, history, e);
}
