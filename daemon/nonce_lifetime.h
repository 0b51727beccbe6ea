/* nonce_lifetime.h: how long a carrier's nonces live, found by letting them age: several at a time, each with a probe of its own that waits
 * between challenge and answer. One refused answer at most (common/age_search.h); that its age was the reason is confirmed by a fresh
 * answer. */
#pragma once

#include "../common/age_search.h"
#include "../common/carrier_clock.h"
#include "probe.h"

#define NONCE_LIFETIME_ANSWERS 40 /* of the search, by default; one more before it, and one after a refusal */

struct nonce_lifetime;

enum nonce_lifetime_end {
        NONCE_LIFETIME_FOUND,        /* it ends between alive and dead */
        NONCE_LIFETIME_LONGER,       /* than alive: no dead nonce was met */
        NONCE_LIFETIME_INCONCLUSIVE, /* detail says why; alive and dead as far as they were found */
        NONCE_LIFETIME_UNTESTED,     /* the first, fresh answer was not accepted: its verdict says why */
};

struct nonce_lifetime_result {
        enum nonce_lifetime_end end;
        int64_t alive_usec; /* a nonce of that age was accepted; 0 = none */
        int64_t dead_usec;  /* one of that age was not; INT64_MAX = none */
        bool signalled;     /* it was called stale */
        bool confirmed;     /* after a refusal a fresh answer was accepted */
        unsigned challenges, answers, failures;
        struct verdict verdict;     /* of the first probe */
        struct carrier_clock clock; /* what its nonce says */
        char detail[VERDICT_DETAIL_MAX];
};

typedef void nonce_lifetime_done_fn(struct nonce_lifetime *l, const struct nonce_lifetime_result *result, void *user);

/* One nonce's end, for somebody who watches. */
typedef void nonce_lifetime_progress_fn(enum age_outcome outcome, int64_t age_usec, void *user);

struct nonce_lifetime_request {
        const struct probe_context *context; /* copied; its config must have a probe.budget of 1 */
        const struct trunk *trunk;           /* borrowed */
        unsigned from_sec, to_sec, answers_max;
        nonce_lifetime_progress_fn *progress; /* may be NULL */
        nonce_lifetime_done_fn *done;
        void *user;
};

int nonce_lifetime_start(struct nonce_lifetime **ret, const struct nonce_lifetime_request *request);
void nonce_lifetime_cut(struct nonce_lifetime *l);                    /* ends it now with what is known: calls done, from inside */
struct nonce_lifetime *nonce_lifetime_free(struct nonce_lifetime *l); /* before done: cancels */
