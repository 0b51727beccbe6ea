/* diagnosis_verdict.c: evidence → verdict. */
#include "diagnosis_private.h"

#include <stdio.h>

#include "explain.h"
#include "target.h"

#define DAY_SEC INT64_C(86400)
#define TLS_WARNING_SEC (30 * DAY_SEC)

static size_t count_refusals(const struct evidence *e) {
        size_t n = 0;
        for (size_t i = 0; i < e->n_exchanges; i++)
                n += is_refusal(e, i);
        return n;
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
        if (is_follow_up(last)) /* what came before it was a decision */
                return last - 1;
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

/* The platform answered a nonce that was over by then. "" = nothing says so. */
static void write_nonce_age(const struct trunk *t, char *buffer, size_t size) {
        struct challenge c;
        struct nonce_facts nonce;
        int64_t validated_sec;
        buffer[0] = '\0';
        if (!t->validation_challenge || !trunk_validation_time(t, &validated_sec))
                return;
        struct span value = span_of(t->validation_challenge);
        const char *colon = memchr(value.p, ':', strcspn(value.p, " \t\"")); /* the header field's name may stand before it */
        if (colon)
                value = (struct span){colon + 1, value.n - (size_t)(colon + 1 - value.p)};
        challenge_parse(&c, false, value);
        nonce_read(&nonce, c.nonce, validated_sec);
        int64_t age_sec = validated_sec - nonce.issued_usec / (int64_t)USEC_PER_SEC;
        if (c.has_nonce && nonce.has_issued && nonce.has_lifetime && age_sec > nonce.lifetime_sec + 1)
                (void)snprintf(buffer, size, "; its nonce was %lld s old by the carrier's clock, and lives %lld s", (long long)age_sec,
                               (long long)nonce.lifetime_sec);
}

/* The users' case: the platform calls its own answer a mismatch, and the carrier takes ours. Its header lines, where it gives them, are
 * recomputed with the secret held here: which input of its answer differs? */
static struct verdict platform_disagrees(const struct trunk *t) {
        struct verdict mistake;
        char age[120];
        write_nonce_age(t, age, sizeof age);
        if (explain_validation(&mistake, t, NULL) == 0)
                return verdict_of(CAUSE_PLATFORM_DISAGREES, "%s%s%s: %s (%s)%s", t->validation_status ? t->validation_status : "failed",
                                  t->validation_time ? ", at " : "", t->validation_time ? t->validation_time : "",
                                  cause_info(mistake.cause)->word, mistake.detail, age);
        return verdict_of(CAUSE_PLATFORM_DISAGREES, "the platform says: %s%s%s%s%s%s",
                          t->validation_status ? t->validation_status : "failed", t->validation_message ? " " : "",
                          t->validation_message ? t->validation_message : "", t->validation_time ? ", at " : "",
                          t->validation_time ? t->validation_time : "", age);
}

/* -- accepted --------------------------------------------------------------------------------------------------------------- */

static size_t first_accepted(const struct evidence *e) {
        size_t i = 0;
        while (i < e->n_exchanges && !is_accepted(&e->exchanges[i]))
                i++;
        return i;
}

/* The last answer before exchange i that was refused with nothing changed but the nonce; SIZE_MAX when none was. */
static size_t refusal_before(const struct evidence *e, size_t i) {
        while (i-- > 0) {
                enum hypothesis h = e->exchanges[i].hypothesis;
                if (is_refusal(e, i) && (h == HYPOTHESIS_NONE || h == HYPOTHESIS_FRESH_NONCE))
                        return i;
        }
        return SIZE_MAX;
}

/* How far the clocks that made two nonces are apart at least: each was made between the sending of its request and the response's coming.
 */
static int64_t clocks_apart_sec(const struct exchange *a, const struct exchange *b) {
        if (!a->nonce.has_issued || !b->nonce.has_issued)
                return 0;
        int64_t low[2], high[2];
        for (int i = 0; i < 2; i++) {
                const struct exchange *x = i == 0 ? a : b;
                low[i] = x->nonce.issued_usec - (int64_t)(x->sent_usec + x->rtt_usec);
                high[i] = x->nonce.issued_usec + (int64_t)x->nonce.resolution_usec - (int64_t)x->sent_usec;
        }
        int64_t apart_usec = low[0] - high[1] > low[1] - high[0] ? low[0] - high[1] : low[1] - high[0];
        return apart_usec > 0 ? apart_usec / (int64_t)USEC_PER_SEC : 0;
}

/* Refused, then accepted with nothing but another nonce. What made the first one bad, as far as the evidence tells? */
static struct verdict judge_nonce(const struct evidence *e, size_t refused, size_t accepted) {
        const struct exchange *r = &e->exchanges[refused], *before = challenge_of(e, refused), *after = challenge_of(e, accepted);
        if (before && after && !span_eq(before->challenge.realm, after->challenge.realm))
                return verdict_of(CAUSE_NODES_DIFFER, "realm \"" SPAN_FMT "\", then \"" SPAN_FMT "\"", SPAN_ARG(before->challenge.realm),
                                  SPAN_ARG(after->challenge.realm));
        if (before && after && before->nonce.family != after->nonce.family)
                return verdict_of(CAUSE_NODES_DIFFER, "nonces of two makes: \"" SPAN_FMT "\", then \"" SPAN_FMT "\"",
                                  SPAN_ARG(before->challenge.nonce), SPAN_ARG(after->challenge.nonce));
        int64_t apart_sec = before && after ? clocks_apart_sec(before, after) : 0;
        if (apart_sec > 0)
                return verdict_of(CAUSE_NODES_DIFFER, "nonces whose clocks are at least %lld s apart", (long long)apart_sec);
        if (r->retransmissions > 0)
                return verdict_of(CAUSE_RETRANSMISSION_REFUSED, "%d %s to an answer that was sent %u times", r->status, r->reason,
                                  r->retransmissions + 1);
        if (before && before->seen_as[0] && r->seen_as[0] && !text_eq(before->seen_as, r->seen_as))
                return verdict_of(CAUSE_SOURCE_CHANGED, "the challenge went to %s, the answer came from %s: %d %s", before->seen_as,
                                  r->seen_as, r->status, r->reason);
        return verdict_of(CAUSE_STALE_UNSIGNALLED, "%d %s%s, then accepted with the next nonce", r->status, r->reason,
                          is_challenge_status(r->status) && !r->has_challenge ? " without a challenge" : "");
}

/* What an answer was made with, of the input that a hypothesis changes. */
static const char *form_of(const struct trunk *t, const struct exchange *x, enum hypothesis changed, char **ret_owned) {
        switch (changed) {
        case HYPOTHESIS_QOP:
                return x->qop == DIGEST_QOP_NONE ? "no qop" : digest_qop_name(x->qop);
        case HYPOTHESIS_ALGORITHM:
                return digest_algorithm_name(x->algorithm);
        case HYPOTHESIS_ALGORITHM_NAMED:
                return x->hypothesis == changed ? "algorithm=MD5" : "no algorithm";
        case HYPOTHESIS_USERNAME:
                return x->hypothesis == changed && hypothesis_username(t, ret_owned) == 0 ? *ret_owned : t->username;
        case HYPOTHESIS_ENCODING:
                return x->hypothesis == changed ? "Latin-1" : "UTF-8";
        case HYPOTHESIS_NONE:
        case HYPOTHESIS_FRESH_NONCE:
        case HYPOTHESIS_URI_PORT:
        case HYPOTHESIS_URI_TRANSPORT:
        case HYPOTHESIS_URI_SCHEME:
        case HYPOTHESIS_USER_NAMED:
        case HYPOTHESIS_COUNT:
                break;
        }
        return x->digest_uri;
}

/* What the accepted answer proves of the input that it changes. */
static enum cause cause_of_input(const struct evidence *e, size_t accepted) {
        enum hypothesis h = e->exchanges[accepted].hypothesis;
        const struct exchange *asked = challenge_of(e, accepted);
        return h == HYPOTHESIS_QOP && asked && asked->challenge.qop_auth_int ? CAUSE_AUTH_INT_UNVERIFIABLE : hypothesis_cause(h);
}

/* Known to be accepted, and sent first. */
static struct verdict judge_winner(const struct trunk *t, const struct evidence *e, size_t accepted) {
        const struct exchange *a = &e->exchanges[accepted];
        _cleanup_(freep) char *owned = NULL;
        return verdict_of(cause_of_input(e, accepted), "accepted with \"%s\"; the form that it should have was refused less than a day ago",
                          form_of(t, a, a->hypothesis, &owned));
}

/* Refused as it should be, accepted with one input changed. Proven when the first form was refused once more after that, now or in an
 * earlier run. */
static struct verdict judge_input(const struct trunk *t, const struct diagnosis_history *h, const struct evidence *e, size_t refused,
                                  size_t accepted, bool refused_again) {
        const struct exchange *r = &e->exchanges[refused], *a = &e->exchanges[accepted];
        _cleanup_(freep) char *owned = NULL;
        const char *without = form_of(t, r, a->hypothesis, &owned), *with = form_of(t, a, a->hypothesis, &owned);
        struct verdict v = verdict_of(cause_of_input(e, accepted), "refused with \"%s\" (%d %s), accepted with \"%s\"%s", without,
                                      r->status, r->reason, with, refused_again ? ", refused again with the first" : "");
        v.doubtful = !refused_again && h->winner != a->hypothesis;
        return v;
}

/* How the answer came to be accepted: false when at once. */
static bool judge_detour(const struct trunk *t, const struct diagnosis_history *h, const struct evidence *e, struct verdict *ret) {
        size_t accepted = first_accepted(e), refused = refusal_before(e, accepted), last = e->n_exchanges - 1;
        const struct exchange *a = &e->exchanges[accepted];
        size_t stale = 0;
        for (size_t i = 0; i < accepted; i++)
                stale += is_stale(e, i);
        if (a->hypothesis == HYPOTHESIS_QOP && refused == SIZE_MAX && stale > 1) {
                *ret = verdict_of(CAUSE_QOP_REQUIRED, "two answers without qop were called stale, one with qop=auth was accepted");
                return true;
        }
        if (refused == SIZE_MAX && a->hypothesis != HYPOTHESIS_NONE && a->hypothesis != HYPOTHESIS_FRESH_NONCE) {
                *ret = judge_winner(t, e, accepted);
                return true;
        }
        if (refused != SIZE_MAX) {
                bool plain = a->hypothesis == HYPOTHESIS_NONE || a->hypothesis == HYPOTHESIS_FRESH_NONCE;
                bool again = last > accepted && is_accepted(&e->exchanges[last]);
                *ret = plain || again
                               ? judge_nonce(e, refused, again ? last : accepted)
                               : judge_input(t, h, e, refused, accepted, last > accepted && is_refusal(e, last) && is_proof(e, last));
                return true;
        }
        for (size_t i = 0; i < accepted; i++)
                if (e->exchanges[i].named) {
                        const struct exchange *plain = &e->exchanges[i > 0 ? i - 1 : 0];
                        *ret = verdict_of(CAUSE_USER_MUST_BE_NAMED, "%d %s to the plain request", plain->status, plain->reason);
                        return true;
                }
        if (stale > 0)
                *ret = verdict_of(CAUSE_STALE_ONCE, "stale=true %zu times, then %d %s", stale, a->status, a->reason);
        return stale > 0;
}

static struct verdict judge_accepted(const struct trunk *t, const struct diagnosis_history *h, const struct evidence *e,
                                     const struct exchange *x) {
        struct verdict detour;
        bool direct = !judge_detour(t, h, e, &detour);
        if (!direct && verdict_outcome(&detour) == OUTCOME_FAIL)
                return detour;
        if (x->rspauth == RSPAUTH_WRONG)
                return verdict_of(CAUSE_RSPAUTH_WRONG, "%d %s with a rspauth that another secret makes", x->status, x->reason);
        if (t->detail_denied)
                return t->detail;
        if (trunk_validation_failed(t))
                return platform_disagrees(t);
        if (!direct)
                return detour;
        if (warns_of_way(e, x, &detour))
                return detour;
        if (h->has_algorithm && digest_strength(x->algorithm) < digest_strength(h->algorithm))
                return verdict_of(CAUSE_ALGORITHM_WEAKER, "%s now, %s before", digest_algorithm_name(x->algorithm),
                                  digest_algorithm_name(h->algorithm));
        return verdict_of(CAUSE_OK, "%d %s to %s%s%s%s%s%s", x->status, x->reason, digest_algorithm_name(x->algorithm),
                          x->qop == DIGEST_QOP_NONE ? " without qop" : ", qop ", x->qop == DIGEST_QOP_NONE ? "" : digest_qop_name(x->qop),
                          x->rspauth == RSPAUTH_RIGHT ? ", rspauth right" : "", x->has_nextnonce ? ", nextnonce given" : "",
                          e->exchanges[0].status == 405 || e->exchanges[0].status == 501 ? ", by the other method" : "");
}

/* -- refused ---------------------------------------------------------------------------------------------------------------- */

/* The platform's own validation, with its own copy of the secret, succeeded within a day of this refusal. */
static bool is_fine_on_platform(const struct trunk *t, const struct exchange *x) {
        int64_t validated_sec, age_sec;
        if (!trunk_validated_at(t, &validated_sec))
                return false;
        age_sec = (int64_t)(x->sent_usec / USEC_PER_SEC) - validated_sec;
        return age_sec > -DAY_SEC && age_sec < DAY_SEC;
}

/* Refused in the form that it should have, and nothing else explains it so far. */
static struct verdict judge_secret(const struct trunk *t, const struct evidence *e, size_t i, hypotheses refuted, hypotheses left) {
        const struct exchange *x = &e->exchanges[i];
        char too[120], yet[120], where[160] = "";
        hypotheses_write(refuted, ", ", too, sizeof too);
        hypotheses_write(left, ", ", yet, sizeof yet);
        bool forbidden = false, fine = is_fine_on_platform(t, x);
        for (size_t k = 0; k <= i; k++)
                forbidden |= is_refusal(e, k) && e->exchanges[k].status == 403;
        if (fine || trunk_validation_failed(t))
                (void)snprintf(where, sizeof where, "; the platform's own validation %s%s%s", fine ? "succeeded" : "fails too",
                               t->validation_time ? " at " : "", t->validation_time ? t->validation_time : "");
        enum cause cause = fine ? CAUSE_SECRET_OUTDATED : forbidden ? CAUSE_FORBIDDEN : t->ha1 ? CAUSE_HA1_REFUSED : CAUSE_WRONG_PASSWORD;
        return verdict_of(cause, "%d %s to the answer with digest-uri \"%s\"%s%s%s%s%s", x->status, x->reason, x->digest_uri,
                          too[0] ? "; changed and refused too: " : "", too, yet[0] ? "; not tried yet: " : "", yet, where);
}

/* Without a doubt, and with no input changed but the nonce. */
static bool is_refused_plainly(const struct evidence *e) {
        for (size_t i = 0; i < e->n_exchanges; i++) {
                enum hypothesis h = e->exchanges[i].hypothesis;
                if (is_refusal(e, i) && is_proof(e, i) && (h == HYPOTHESIS_NONE || h == HYPOTHESIS_FRESH_NONCE))
                        return true;
        }
        return false;
}

/* Exchange i was refused. */
static struct verdict judge_refused(const struct trunk *t, const struct diagnosis_history *h, const struct evidence *e, size_t i) {
        const struct exchange *last = &e->exchanges[i];
        const hypotheses nonce = HYPOTHESIS_BIT(HYPOTHESIS_FRESH_NONCE) | HYPOTHESIS_BIT(HYPOTHESIS_USER_NAMED);
        struct refused_answer refused;
        if (!is_proof(e, i) || !is_refused_plainly(e)) {
                struct verdict v = verdict_of(CAUSE_REFUSAL_UNPROVEN,
                                              "%d %s to the answer with digest-uri \"%s\", which was sent %u times; round trip %llu ms",
                                              last->status, last->reason, last->digest_uri, last->retransmissions + 1,
                                              (unsigned long long)(last->rtt_usec / USEC_PER_MSEC));
                return v;
        }
        hypotheses refuted = hypotheses_refuted(h, e) & ~nonce;
        hypotheses left = refused_answer_of(t, h, e, i, &refused) ? hypotheses_possible(&refused) & ~hypotheses_refuted(h, e) : 0;
        if (refuted == 0 && (left & ~nonce))
                return verdict_of(CAUSE_BUDGET_SPENT, "%d %s to the answer with digest-uri \"%s\"; no other input could be tried",
                                  last->status, last->reason, last->digest_uri);
        if (last->qop == DIGEST_QOP_AUTH_INT && !(refuted & HYPOTHESIS_BIT(HYPOTHESIS_QOP)) && last->status != 403)
                return verdict_of(CAUSE_REFUSAL_UNPROVEN, "%d %s to the answers with auth-int, which some carriers offer and cannot verify",
                                  last->status, last->reason);
        return judge_secret(t, e, i, refuted, left);
}

static struct verdict judge_stale(const struct evidence *e, size_t i) {
        const struct exchange *asked = challenge_of(e, i);
        unsigned long long msec = (unsigned long long)(e->exchanges[i].rtt_usec / USEC_PER_MSEC);
        if (asked && asked->nonce.has_lifetime)
                return verdict_of(CAUSE_STALE_NONCE, "the nonce lives %lld s, and was %s; round trip %llu ms",
                                  (long long)asked->nonce.lifetime_sec, is_stale(e, i) ? "called stale" : "outlived", msec);
        if (!is_stale(e, i))
                return verdict_of(CAUSE_STALE_NONCE, "by the carrier's own clock the nonce had expired; round trip %llu ms", msec);
        struct verdict v = verdict_of(CAUSE_STALE_NONCE,
                                      "two answers in a row were called stale; round trip %llu ms. Nodes that do not share their nonces or "
                                      "their time would look the same",
                                      msec);
        v.doubtful = true;
        return v;
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
        size_t last = e->n_exchanges - 1, i = first_accepted(e);
        if (i <= last)
                return judge_accepted(t, h, e, &e->exchanges[i]);
        i = last;
        while (i > 0 && !e->exchanges[i].credentialed)
                i--;
        const struct exchange *x = &e->exchanges[i], *after = i < last ? &e->exchanges[last] : NULL;

        if (x->end == EXCHANGE_NO_RESPONSE)
                return judge_silence(h, e, after);
        if (x->end != EXCHANGE_RESPONDED)
                return no_response(e, x);
        for (size_t k = i; k > 0; k--)
                if (is_stale(e, i) && is_stale_again(e, k))
                        return judge_stale(e, k);
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
                return judge_refused(t, h, e, i);
        }
        if (x->status == 400)
                return verdict_of(CAUSE_ANSWER_MALFORMED, "%d %s", x->status, x->reason);
        return other_status(x, x->status == 404 || x->status == 604 ? CAUSE_USER_NOT_FOUND : CAUSE_UNEXPECTED_STATUS);
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
