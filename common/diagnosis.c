/* diagnosis.c: what exchanges were, and evidence → next step.
 *
 * The procedure: ask for a challenge; answer it; answer a signalled stale nonce once more; after a refusal change one input on a fresh
 * challenge (hypothesis.h), and when that is accepted send the first form once more, so that nothing but the input can explain it. Never
 * more credentialed requests or failures than the policy allows, and never the same refused credentials twice without a reason
 * (RFC 3261 section 22.1). */
#include "diagnosis_private.h"

#include "carrier_clock.h"
#include "target.h"

/* -- what an exchange was ---------------------------------------------------------------------------------------------- */

bool is_accepted(const struct exchange *x) {
        return x->credentialed && x->end == EXCHANGE_RESPONDED && x->status >= 200 && x->status < 300;
}

/* A 401 by the registrar after a proxy's 407 was answered (or the other way round) is the next door, not a refusal
 * (RFC 3261 section 22.3). */
bool is_next_door(const struct evidence *e, size_t i) {
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
bool is_stale(const struct evidence *e, size_t i) {
        const struct exchange *x = &e->exchanges[i];
        return x->credentialed && is_challenge_status(x->status) && x->has_challenge && x->challenge.stale && !is_next_door(e, i);
}

/* Answered, understood and turned down: neither stale nor the next door. */
bool is_refusal(const struct evidence *e, size_t i) {
        const struct exchange *x = &e->exchanges[i];
        return x->credentialed && x->end == EXCHANGE_RESPONDED && (is_challenge_status(x->status) || x->status == 403) && !is_stale(e, i) &&
               !is_next_door(e, i);
}

/* The challenge that exchange i answered: that of the exchange before it. */
const struct exchange *challenge_of(const struct evidence *e, size_t i) {
        return i > 0 && e->exchanges[i - 1].has_challenge ? &e->exchanges[i - 1] : NULL;
}

/* Its nonce's lifetime was over: stale, though the carrier does not say so. */
bool is_outlived(const struct evidence *e, size_t i) {
        const struct exchange *asked = challenge_of(e, i);
        return asked && carrier_clock_outlived(asked, &e->exchanges[i]);
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
bool is_proof(const struct evidence *e, size_t i) {
        return e->exchanges[i].retransmissions == 0 && (e->exchanges[i].status == 403 || !is_age_possible(e, i));
}

/* Stale, and stale again when answered at once with the nonce that came with it. */
bool is_stale_again(const struct evidence *e, size_t i) {
        return i > 0 && is_stale(e, i) && is_stale(e, i - 1);
}

/* The target does not serve: RFC 3263 section 4.3, RFC 3261 section 8.1.2. */
bool is_failed_target(const struct exchange *x) {
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

bool is_follow_up(const struct exchange *x) {
        return !x->credentialed && (x->named || x->other_method);
}

bool was_refused_before(const struct diagnosis_history *h) {
        static const enum cause refusals[] = {CAUSE_WRONG_PASSWORD, CAUSE_FORBIDDEN, CAUSE_REFUSAL_UNPROVEN, CAUSE_LOCKOUT_SUSPECTED,
                                              CAUSE_HELD};
        for (size_t i = 0; h->known && i < ELEMENTS(refusals); i++)
                if (h->last_cause == refusals[i])
                        return true;
        return false;
}

bool diagnosis_is_failure(const struct evidence *e, size_t i) {
        const struct exchange *x = &e->exchanges[i];
        bool unheard = x->end == EXCHANGE_NO_RESPONSE || x->end == EXCHANGE_CLOSED || x->end == EXCHANGE_CUT;
        return is_refusal(e, i) || (x->credentialed && unheard);
}

unsigned diagnosis_failures(const struct evidence *e) {
        unsigned n = 0;
        for (size_t i = 0; i < e->n_exchanges; i++)
                n += diagnosis_is_failure(e, i);
        return n;
}

static bool has_accepted(const struct evidence *e) {
        for (size_t i = 0; i < e->n_exchanges; i++)
                if (is_accepted(&e->exchanges[i]))
                        return true;
        return false;
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
bool can_answer(const struct trunk *t, const struct exchange *x, enum digest_qop *ret_qop, struct verdict *ret) {
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

/* -- hypotheses ------------------------------------------------------------------------------------------------------------ */

/* What speaks against the nonce of a refused answer: it was sent again or long on its way; weakly, that the refusal came with another
 * nonce, or with none. */
static enum suspicion suspect_nonce(const struct evidence *e, size_t i) {
        const struct exchange *x = &e->exchanges[i], *asked = challenge_of(e, i);
        if (!is_proof(e, i))
                return SUSPICION_STRONG;
        bool same = asked && x->has_challenge && span_eq(asked->challenge.nonce, x->challenge.nonce);
        return same || x->status == 403 ? SUSPICION_NONE : SUSPICION_WEAK;
}

bool refused_answer_of(const struct trunk *t, const struct diagnosis_history *h, const struct evidence *e, size_t i,
                       struct refused_answer *ret) {
        const struct exchange *asked = challenge_of(e, i);
        if (!asked)
                return false;
        *ret = (struct refused_answer){
                .trunk = t,
                .challenge = &asked->challenge,
                .transport = asked->target < e->n_targets ? e->targets[asked->target].transport : TARGET_UDP,
                .has_other_algorithm = asked->has_other_algorithm,
                .other_algorithm = asked->other_algorithm,
                .nonce = suspect_nonce(e, i),
                .winner = h->winner,
        };
        return true;
}

hypotheses hypotheses_refuted(const struct diagnosis_history *h, const struct evidence *e) {
        hypotheses set = h->tried;
        for (size_t i = 0; i < e->n_exchanges; i++) {
                const struct exchange *x = &e->exchanges[i];
                if (is_refusal(e, i) && is_proof(e, i) && x->hypothesis != HYPOTHESIS_NONE)
                        set |= HYPOTHESIS_BIT(x->hypothesis);
                if (x->named && x->end == EXCHANGE_RESPONDED && !is_challenge_status(x->status))
                        set |= HYPOTHESIS_BIT(HYPOTHESIS_USER_NAMED);
        }
        return set;
}

/* The first answer as it should be that was refused; SIZE_MAX when there is none. */
static size_t first_plain_refusal(const struct evidence *e) {
        for (size_t i = 0; i < e->n_exchanges; i++)
                if (is_refusal(e, i) && e->exchanges[i].hypothesis == HYPOTHESIS_NONE)
                        return i;
        return SIZE_MAX;
}

hypotheses diagnosis_untried(const struct trunk *t, const struct diagnosis_history *history, const struct evidence *e) {
        const struct exchange *x = e->exchanges;
        while (x < e->exchanges + e->n_exchanges && !x->has_challenge)
                x++;
        if (x == e->exchanges + e->n_exchanges)
                return 0;
        const struct refused_answer r = {
                .trunk = t,
                .challenge = &x->challenge,
                .transport = x->target < e->n_targets ? e->targets[x->target].transport : TARGET_UDP,
                .has_other_algorithm = x->has_other_algorithm,
        };
        return hypotheses_possible(&r) & ~hypotheses_refuted(history, e);
}

void diagnosis_learn(const struct verdict *v, const struct evidence *e, struct diagnosis_history *history) {
        enum hypothesis accepted = HYPOTHESIS_COUNT;
        for (size_t i = 0; i < e->n_exchanges; i++)
                if (is_accepted(&e->exchanges[i]))
                        accepted = e->exchanges[i].hypothesis; /* the last one, which may be the control */
        if (accepted == HYPOTHESIS_COUNT) {
                history->tried = hypotheses_refuted(history, e);
                return;
        }
        size_t refused = first_plain_refusal(e);
        history->tried = 0;
        if (refused == SIZE_MAX && accepted != HYPOTHESIS_NONE && accepted == history->winner)
                return; /* sent first, accepted again */
        if (refused == SIZE_MAX || verdict_confidence(v) != CONFIDENCE_PROVEN) {
                history->winner = HYPOTHESIS_NONE;
                return;
        }
        history->winner = accepted == HYPOTHESIS_NONE ? HYPOTHESIS_FRESH_NONCE : accepted;
        history->winner_usec = (int64_t)e->exchanges[refused].sent_usec;
}

/* -- the next step --------------------------------------------------------------------------------------------------------- */

static struct diagnosis_step done(void) {
        return (struct diagnosis_step){.step = STEP_DONE};
}

static bool was_named(const struct evidence *e) {
        for (size_t i = 0; i < e->n_exchanges; i++)
                if (e->exchanges[i].named)
                        return true;
        return false;
}

/* Asking again leads to answering at every door (proxy, registrar) once more: not begun when the policy does not allow that. */
static bool may_ask_again(const struct diagnosis_policy *policy, const struct evidence *e) {
        unsigned doors = 1;
        for (size_t i = 0; i < e->n_exchanges; i++)
                doors = is_next_door(e, i) ? 2 : doors;
        return evidence_credentialed(e) + doors <= policy->budget && diagnosis_failures(e) < policy->failures;
}

static struct diagnosis_step ask_again(const struct diagnosis_policy *policy, struct evidence *e, enum hypothesis h) {
        if (!may_ask_again(policy, e)) {
                e->budget_spent = true;
                return done();
        }
        return (struct diagnosis_step){
                .step = STEP_ASK, .target = e->exchanges[e->n_exchanges - 1].target, .hypothesis = h, .named = was_named(e)};
}

/* What the answer changes: what its challenge was asked for, or in the first answer what is known to be accepted. */
static enum hypothesis form_to_send(const struct trunk *t, const struct diagnosis_history *h, const struct evidence *e,
                                    const struct exchange *x) {
        const struct refused_answer r = {
                .trunk = t,
                .challenge = &x->challenge,
                .transport = x->target < e->n_targets ? e->targets[x->target].transport : TARGET_UDP,
        };
        bool first = x->hypothesis == HYPOTHESIS_NONE && evidence_credentialed(e) == 0;
        return first && h->winner_first && (hypotheses_possible(&r) & HYPOTHESIS_BIT(h->winner)) ? h->winner : x->hypothesis;
}

static struct diagnosis_step answer(const struct trunk *t, const struct diagnosis_policy *policy, const struct diagnosis_history *h,
                                    struct evidence *e) {
        const struct exchange *x = &e->exchanges[e->n_exchanges - 1];
        struct verdict unused;
        enum digest_qop qop;
        if (!can_answer(t, x, &qop, &unused))
                return done();
        if (evidence_credentialed(e) >= policy->budget || diagnosis_failures(e) >= policy->failures) {
                e->budget_spent = true;
                return done();
        }
        enum hypothesis form = form_to_send(t, h, e, x);
        if (form == HYPOTHESIS_QOP)
                qop = DIGEST_QOP_AUTH;
        return (struct diagnosis_step){.step = STEP_ANSWER, .hypothesis = form, .qop = qop};
}

/* The exchange before asked for this one for a reason: did an answer go unheard? */
static bool is_check_after_silence(const struct evidence *e, size_t i) {
        return i > 0 && !e->exchanges[i].credentialed && e->exchanges[i - 1].credentialed &&
               e->exchanges[i - 1].end == EXCHANGE_NO_RESPONSE;
}

/* One input is changed; the nonce's turn may be followed by another's where the policy has room for that. */
static struct diagnosis_step after_refusal(const struct trunk *t, const struct diagnosis_policy *policy, const struct diagnosis_history *h,
                                           struct evidence *e) {
        size_t last = e->n_exchanges - 1, first = first_plain_refusal(e);
        const struct exchange *x = &e->exchanges[last];
        struct refused_answer refused;
        bool in_doubt = !is_proof(e, last), one_more = x->hypothesis == HYPOTHESIS_NONE || x->hypothesis == HYPOTHESIS_FRESH_NONCE;
        if (has_accepted(e) || is_outlived(e, last))
                return done();
        if (in_doubt && x->hypothesis != HYPOTHESIS_NONE && x->hypothesis != HYPOTHESIS_FRESH_NONCE)
                return ask_again(policy, e, x->hypothesis);
        if (first == SIZE_MAX && x->hypothesis == h->winner) /* sent first: it no longer wins */
                return ask_again(policy, e, HYPOTHESIS_NONE);
        if (!one_more || first == SIZE_MAX || !refused_answer_of(t, h, e, first, &refused))
                return done();
        if (x->hypothesis == HYPOTHESIS_FRESH_NONCE)
                refused.nonce = SUSPICION_NONE;
        enum hypothesis next = hypothesis_next(&refused, hypotheses_refuted(h, e));
        if (next == HYPOTHESIS_NONE)
                return done();
        struct diagnosis_step s = ask_again(policy, e, next);
        if (s.step == STEP_ASK && next == HYPOTHESIS_ALGORITHM) {
                s.has_algorithm = true;
                s.algorithm = refused.other_algorithm;
        }
        return s;
}

/* A changed input was accepted. That may be the fresh nonce's doing: the first form once more tells. */
static struct diagnosis_step after_acceptance(const struct diagnosis_policy *policy, const struct diagnosis_history *h,
                                              struct evidence *e) {
        enum hypothesis won = e->exchanges[e->n_exchanges - 1].hypothesis;
        bool known = won == HYPOTHESIS_NONE || won == HYPOTHESIS_FRESH_NONCE || won == h->winner;
        if (known || first_plain_refusal(e) == SIZE_MAX || !may_ask_again(policy, e))
                return done();
        return ask_again(policy, e, HYPOTHESIS_NONE);
}

/* Some carriers call every answer without qop stale: only worth a try when the nonce was not long on its way. */
static struct diagnosis_step after_stale_again(const struct trunk *t, const struct diagnosis_policy *policy,
                                               const struct diagnosis_history *h, struct evidence *e) {
        size_t last = e->n_exchanges - 1;
        const struct exchange *x = &e->exchanges[last];
        struct refused_answer refused;
        if (x->hypothesis != HYPOTHESIS_NONE || x->qop != DIGEST_QOP_NONE || x->rtt_usec > USEC_PER_SEC || is_outlived(e, last) ||
            !refused_answer_of(t, h, e, last, &refused) || !(hypotheses_possible(&refused) & ~h->tried & HYPOTHESIS_BIT(HYPOTHESIS_QOP)) ||
            !may_ask_again(policy, e))
                return done();
        return ask_again(policy, e, HYPOTHESIS_QOP);
}

/* Too large for UDP: a new challenge by TCP at the same address, once. */
static struct diagnosis_step after_too_large(const struct evidence *e, const struct exchange *x) {
        bool by_udp = x->target < e->n_targets && e->targets[x->target].transport == TARGET_UDP;
        if (!by_udp || e->n_targets >= EVIDENCE_TARGETS_MAX)
                return done();
        return (struct diagnosis_step){
                .step = STEP_ASK, .target = x->target, .over_tcp = true, .hypothesis = x->hypothesis, .named = was_named(e)};
}

static bool has_followed(const struct evidence *e) {
        for (size_t i = 0; i + 1 < e->n_exchanges; i++)
                if (e->exchanges[i].status >= 300 && e->exchanges[i].status < 400)
                        return true;
        return false;
}

static bool has_other_method(const struct evidence *e) {
        for (size_t i = 0; i < e->n_exchanges; i++)
                if (e->exchanges[i].other_method)
                        return true;
        return false;
}

/* Neither success nor challenge to a request without credentials: another method may be served (RFC 3261 section 21.4.6), or an IMS core
 * may want the user named (3GPP TS 24.229 section 5.1.1.2). Neither costs a credentialed request. */
static struct diagnosis_step after_other_status(const struct trunk *t, const struct diagnosis_history *h, const struct evidence *e) {
        const struct exchange *x = &e->exchanges[e->n_exchanges - 1];
        const struct diagnosis_step again = {.step = STEP_ASK, .target = x->target};
        struct diagnosis_step s = again;
        if (evidence_credentialed(e) > 0)
                return done();
        s.other_method = (x->status == 405 || x->status == 501) && !t->method && !has_other_method(e);
        bool may_want_name = (x->status == 400 || x->status == 403 || x->status == 500) && x->retry_after_sec < 0;
        s.named = may_want_name && trunk_kind(t) != TRUNK_ADDRESS && t->username && !was_named(e) && !was_refused_before(h) &&
                  !(h->tried & HYPOTHESIS_BIT(HYPOTHESIS_USER_NAMED));
        return s.other_method || s.named ? s : done();
}

struct diagnosis_step diagnosis_next(const struct trunk *t, const struct diagnosis_policy *policy, const struct diagnosis_history *history,
                                     struct evidence *e) {
        if (e->broken || e->cut || e->n_exchanges >= EVIDENCE_EXCHANGES_MAX)
                return done();
        if (policy->requests > 0 && e->n_exchanges >= policy->requests) {
                e->budget_spent = true;
                return done();
        }
        if (e->n_exchanges == 0)
                return (struct diagnosis_step){.step = STEP_ASK};

        size_t last = e->n_exchanges - 1;
        const struct exchange *x = &e->exchanges[last];
        /* The next target is for a new challenge: once one was answered, everything stays at its address. */
        if (is_failed_target(x) && !is_follow_up(x) && evidence_credentialed(e) == 0 && x->target + 1 < e->n_targets)
                return (struct diagnosis_step){.step = STEP_ASK, .target = x->target + 1};
        if (x->end == EXCHANGE_NO_RESPONSE && x->credentialed) /* is it the answer that is dropped, or everything? */
                return (struct diagnosis_step){.step = STEP_ASK, .target = x->target, .named = was_named(e)};
        if (x->end == EXCHANGE_TOO_LARGE)
                return after_too_large(e, x);
        if (x->end != EXCHANGE_RESPONDED)
                return done();
        if (x->status >= 300 && x->status < 400 && policy->follow_redirects && evidence_credentialed(e) == 0 && !has_followed(e) &&
            e->n_targets < EVIDENCE_TARGETS_MAX)
                return (struct diagnosis_step){.step = STEP_FOLLOW};

        if (!x->credentialed) {
                if (x->status >= 300 && !is_challenge_status(x->status))
                        return after_other_status(t, history, e);
                bool unwanted = !is_challenge_status(x->status) || trunk_kind(t) == TRUNK_ADDRESS || is_check_after_silence(e, last);
                return unwanted ? done() : answer(t, policy, history, e);
        }
        if (is_accepted(x))
                return after_acceptance(policy, history, e);
        if (is_stale_again(e, last))
                return after_stale_again(t, policy, history, e);
        if (is_stale(e, last) || is_next_door(e, last))
                return answer(t, policy, history, e);
        if (is_refusal(e, last))
                return after_refusal(t, policy, history, e);
        return done();
}

/* -- before a probe --------------------------------------------------------------------------------------------------------- */

bool diagnosis_before(const struct trunk *t, struct verdict *ret) {
        if (trunk_inactive(t)) {
                *ret = verdict_of(CAUSE_INACTIVE, "state \"%s\"%s", t->state ? t->state : "",
                                  text_ieq(t->in_service, "no") ? ", taken out of service in its trunk base" : "");
                return true;
        }
        if (t->maintenance) {
                *ret = verdict_of(CAUSE_MAINTENANCE, "%s", t->maintenance);
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
                                  t->detail_denied              ? "; the platform denied the trunk's details"
                                  : text_ieq(t->managed, "yes") ? "; the trunk base is managed by the provider, and its settings are hidden"
                                                                : "");
        else if (trunk_kind(t) != TRUNK_ADDRESS && (!t->username || !(t->password || t->ha1)))
                *ret = verdict_of(CAUSE_SECRET_MISSING, "%s",
                                  !t->username ? "no username is known" : "no password or ha1 could be read here");
        else
                return false;
        return true;
}
