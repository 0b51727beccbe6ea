/* now.h: the clocks, read in one place. Stamps are CLOCK_REALTIME, intervals CLOCK_MONOTONIC; both in microseconds. */
#pragma once

#include <time.h>

#include "../common/base.h"

static inline uint64_t now_usec_of(clockid_t clock) {
        struct timespec t = {0};
        (void)clock_gettime(clock, &t);
        return (uint64_t)t.tv_sec * USEC_PER_SEC + (uint64_t)t.tv_nsec / NSEC_PER_USEC;
}

/* Since 1970, UTC. */
static inline int64_t now_realtime(void) {
        return (int64_t)now_usec_of(CLOCK_REALTIME);
}
