/* age_search.h: at which ages to answer a carrier's nonces to find how long they live, with one refused answer at most. Pure: the ages and
 * what came of them go in, the next age comes out.
 *
 * An answer to a live nonce costs nothing but a request, so ages are tried in ascending order, and the first dead nonce ends the ascent.
 * One that is called stale is no failed authentication: from then on the search divides what is left, for as long as it must. A refusal
 * without that word may count as one, and nothing is tried after it. So where the word does not come, only the steps of the ascent decide
 * how narrow the result is. They are a second wide around what the nonce itself says, else around the lifetimes that servers are usually
 * set to; a second wide throughout when the range is not wider than there are answers. */
#pragma once

#include "nonce.h"

#define AGE_SEARCH_SEC_MAX 300
#define AGE_SEARCH_AT_ONCE 8 /* nonces that age at the same time: a challenge that is not answered is not free either */

enum age_outcome {
        AGE_ALIVE,        /* accepted */
        AGE_STALE,        /* stale=true */
        AGE_REFUSED,      /* a challenge without that word, or 403 */
        AGE_INCONCLUSIVE, /* no response, another status, or a refusal that a retransmission may explain */
};

struct age_search {
        unsigned from_sec, to_sec;
        unsigned answers, answers_max; /* those of the search */
        int64_t alive_usec;            /* a nonce was accepted at this age; 0 = none yet */
        int64_t dead_usec;             /* one was dead at this age; INT64_MAX = none yet */
        bool signalled;                /* a dead one was called stale */
        bool over;
        unsigned refused;
        size_t n, next;
        int64_t ages_usec[AGE_SEARCH_SEC_MAX + 1]; /* the plan, ascending */
};

/* The lifetime is looked for from from_sec up to to_sec. f: what the carrier's nonces say. */
void age_search_begin(struct age_search *s, unsigned from_sec, unsigned to_sec, unsigned answers_max, const struct nonce_facts *f);

/* The age that the next nonce is to reach. False: none for now, or for ever when s->over. n_aging: nonces taken and not yet noted. */
bool age_search_next(struct age_search *s, size_t n_aging, int64_t *ret_usec);

/* What came of an answer: its nonce was between young and old when it was judged. True: drop the other nonces that are aging. */
bool age_search_note(struct age_search *s, enum age_outcome outcome, int64_t young_usec, int64_t old_usec);
