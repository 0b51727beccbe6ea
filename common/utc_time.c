/* utc_time.c: an instant as text. */
#include "utc_time.h"

#include <time.h>

const char *utc_time_format(char ret[static UTC_TIME_MAX], int64_t usec) {
        time_t sec = (time_t)(usec / (int64_t)USEC_PER_SEC - (usec % (int64_t)USEC_PER_SEC < 0)); /* the second that has begun */
        struct tm tm;
        if (!gmtime_r(&sec, &tm) || strftime(ret, UTC_TIME_MAX, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
                ret[0] = '\0';
        return ret;
}
