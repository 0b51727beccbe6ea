/* diagnosis_private.h: what an exchange was, for diagnosis.c (what to do next) and diagnosis_verdict.c (what it meant). */
#pragma once

#include "diagnosis.h"

static inline bool is_challenge_status(int status) {
        return status == 401 || status == 407;
}

/* A 401 by the registrar after a proxy's 407 was answered (or the other way round): not a refusal (RFC 3261 section 22.3). */
bool is_next_door(const struct evidence *e, size_t i);

/* Answered, and called stale. */
bool is_stale(const struct evidence *e, size_t i);

/* Stale, and stale again when answered at once with the nonce that came with it. */
bool is_stale_again(const struct evidence *e, size_t i);

bool is_accepted(const struct exchange *x);

/* Answered, understood and turned down: neither stale nor the next door. */
bool is_refusal(const struct evidence *e, size_t i);

/* A refusal that only the credentials or the form of the answer explain. */
bool is_proof(const struct evidence *e, size_t i);

/* A nonce whose lifetime can be read, and was over when the answer arrived. */
bool is_outlived(const struct evidence *e, size_t i);

/* The challenge that exchange i answered: that of the exchange before it; NULL when that had none. */
const struct exchange *challenge_of(const struct evidence *e, size_t i);

/* The target does not serve: RFC 3263 section 4.3, RFC 3261 section 8.1.2. */
bool is_failed_target(const struct exchange *x);

/* A request without credentials that was changed after the target had decided on the first one. */
bool is_follow_up(const struct exchange *x);

/* Refusals in earlier runs make silence suspicious. */
bool was_refused_before(const struct diagnosis_history *h);

/* True when the exchange's challenge can be answered with what the trunk has; else the verdict that says why not. */
bool can_answer(const struct trunk *t, const struct exchange *x, enum digest_qop *ret_qop, struct verdict *ret);

/* The refused answer of exchange i, as far as it says which input may be wrong. False when its challenge is not there. */
bool refused_answer_of(const struct trunk *t, const struct diagnosis_history *h, const struct evidence *e, size_t i,
                       struct refused_answer *ret);

/* Those that were refused too: in this probe, with proof, and in earlier runs. */
hypotheses hypotheses_refuted(const struct diagnosis_history *h, const struct evidence *e);
