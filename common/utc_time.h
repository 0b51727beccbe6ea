/* utc_time.h: an instant as people and programs read it: RFC 3339, in UTC, to the second ("2026-12-24T18:00:00Z"). */
#pragma once

#include "base.h"

#define UTC_TIME_MAX 24 /* bytes of a written time, with the final NUL; room for every year that 64 bits of microseconds reach */

/* usec: since 1970. Returns ret, which is empty where there is no such time. */
const char *utc_time_format(char ret[static UTC_TIME_MAX], int64_t usec);
