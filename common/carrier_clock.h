/* carrier_clock.h: the carrier's clock against this host's, and its nonces, as far as one probe's evidence shows them. Pure functions.
 *
 * A response was made between the sending of its request and its arrival. Its Date header, or the issue time of its nonce, is the
 * carrier's clock at such an instant, in [time, time + resolution): an interval for the offset. Those of a probe are intersected. */
#pragma once

#include "evidence.h"
#include "verdict.h"

enum carrier_clock_source {
        CARRIER_CLOCK_UNKNOWN,
        CARRIER_CLOCK_NONCE,  /* issue times of nonces alone */
        CARRIER_CLOCK_EXPIRY, /* a nonce from the past that was accepted: between its issue time and its expiry */
        CARRIER_CLOCK_DATE,   /* Date headers alone, or against nonces that were made earlier */
        CARRIER_CLOCK_BOTH,
};

struct carrier_clock {
        enum carrier_clock_source source;
        int64_t offset_usec, bound_usec; /* the carrier's clock minus this host's lies within offset +- bound */
        struct nonce_facts nonce;        /* of the challenge that was answered, else of the last one */
        uint64_t nonce_age_usec;         /* at most so old when its answer was judged; 0 = no answer, or it cannot be told */
        uint64_t nonce_past_usec;        /* the nonce was made that long before its challenge, or the carrier's clock is slow; 0 = not */
};

/* limit_usec: a nonce from further in the past may also be one that the carrier hands out again, and alone tells no time. */
void carrier_clock_read(struct carrier_clock *ret, const struct evidence *e, uint64_t limit_usec);

/* True when the challenge's nonce was surely dead when its answer was judged: the answer's round trip is longer than the lifetime that the
 * nonce says, or the carrier's own clock had passed the expiry that the nonce says when it refused. Assumed lifetimes prove nothing. */
bool carrier_clock_outlived(const struct exchange *asked, const struct exchange *answer);

/* This host's own clock, as the run's NTP servers say, and the limit for carriers'. */
struct carrier_clock_policy {
        bool host_measured;
        int64_t host_offset_usec, host_bound_usec; /* true time minus this host's lies within offset +- bound */
        uint64_t limit_usec;
};

/* An accepted answer's verdict becomes carrier_clock_off when the carrier's clock is proven off by more than the limit, whatever this
 * host's own is within its bound. Where only the host's own clock could not be measured, the detail says so. */
void carrier_clock_judge(const struct carrier_clock *c, const struct carrier_clock_policy *policy, struct verdict *v);

const char *carrier_clock_source_word(enum carrier_clock_source source); /* NULL = unknown */

/* "+0.4 s +- 0.5 s", "Kamailio, lives 300 s, one-time"; "" = nothing is known. */
#define CARRIER_CLOCK_TEXT_MAX 160
void carrier_clock_text(const struct carrier_clock *c, char ret[static CARRIER_CLOCK_TEXT_MAX]);
void carrier_clock_nonce_text(const struct carrier_clock *c, char ret[static CARRIER_CLOCK_TEXT_MAX]);
