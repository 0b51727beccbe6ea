/* allowance.h: the platform's rate limit of a token, and the third of it that the audit takes. */
#pragma once

#include "base.h"

#define ALLOWANCE_DEFAULT 300 /* requests in a minute, until the platform has told */
#define ALLOWANCE_WINDOW_USEC (60 * USEC_PER_SEC)
#define ALLOWANCE_SHARE_MAX 1024 /* requests in a minute, however much is allowed */

/* Of one token. Start with zeros. Times of any one monotonic clock. */
struct allowance {
        unsigned allowed;                        /* as told; 0 = not yet */
        uint64_t hold_usec;                      /* others have used it up: until then */
        uint64_t sent_usec[ALLOWANCE_SHARE_MAX]; /* the newest requests, a ring */
        size_t next, n;
};

/* What the headers of a reply say, -1 = nothing: inin-ratelimit-count, -allowed, -reset (seconds). */
struct allowance_told {
        int count, allowed, reset_sec;
};

/* Requests in any minute: a third, at least one. */
unsigned allowance_share(const struct allowance *a);

/* When the next request may leave; not after now_usec = now. */
uint64_t allowance_next_usec(const struct allowance *a, uint64_t now_usec);

void allowance_take(struct allowance *a, uint64_t now_usec); /* one leaves */
void allowance_heard(struct allowance *a, const struct allowance_told *told, uint64_t now_usec);
