/* duration.h: a length of time as people write it: a whole number and a unit (us, ms, s, m, h, d), "500ms", "5m". */
#pragma once

#include "base.h"

#define DURATION_TEXT_MAX 32 /* bytes of a written duration, with the final NUL */

/* Positive outcomes of duration_parse(). */
enum {
        DURATION_MALFORMED = 1, /* not a number and one of the units */
        DURATION_NO_UNIT,       /* a bare number */
        DURATION_TOO_LONG,      /* more microseconds than 64 bits hold */
};

/* Returns 0 or a positive outcome above. */
int duration_parse(uint64_t *ret_usec, struct span text);

/* In the largest unit that divides it. */
void duration_format(char ret[static DURATION_TEXT_MAX], uint64_t usec);
