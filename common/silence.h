/* silence.h: when nothing is told of a trunk, and when it is not even probed: once, until an end date, or every week. */
#pragma once

#include "base.h"

struct config;
struct config_silence;
struct trunk_list;

/* A window of every week, in UTC. */
struct silence_week {
        unsigned days;                /* on which it begins; bit 0 = Monday */
        unsigned begin_min, span_min; /* after midnight; how long, 1..1440 */
};

/* RFC 3339, seconds may be left out: "2026-12-24T18:00:00Z", "2026-12-24T18:00+11:00". Returns NULL, or what is wrong (a constant). */
const char *silence_read_time(int64_t *ret_usec, struct span text);

/* "Sun 02:00-04:00", "Mon..Fri,Sun 22:00-02:00", "daily 01:00-01:30". The same. */
const char *silence_read_week(struct silence_week *ret, struct span text);

/* Whether it is in force, and until when; an end that nobody wrote is not there: a weekly one ends with its window. */
bool silence_active(const struct config_silence *s, int64_t now_usec, int64_t *ret_until_usec);

/* What is in force for a trunk. */
struct silence {
        bool unprobed; /* neither probed nor told; else only not told */
        int64_t until_usec;
        const char *reason; /* borrowed from the configuration; NULL = none is given */
};

/* id and name NULL: of what is no trunk (the platform, the clock), which only a silence of everything covers. Of several the one that
 * keeps the trunk from being probed counts, then the one that ends last. */
bool silence_find(const struct config *config, const char *id, const char *name, int64_t now_usec, struct silence *ret);

/* Sets `maintenance` of the trunks that are not to be probed now. Returns 0 or -ENOMEM. */
int silence_apply(struct trunk_list *trunks, const struct config *config, int64_t now_usec);
