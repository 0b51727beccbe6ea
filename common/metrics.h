/* metrics.h: what the audit found, as text for Prometheus (exposition format 0.0.4, as its node exporter reads from a file). Values in,
 * text out. Times are seconds since 1970, durations seconds; what is not known has no line. */
#pragma once

#include "base.h"
#include "store.h"

struct metrics {
        uint64_t interval_usec;     /* between two slots */
        int64_t started_usec;       /* of the service */
        bool config_good;           /* the newest configuration file is in force */
        int64_t config_usec;        /* since when the one in force is */
        uint64_t messages_lost;     /* that journald did not take since the service started */
        const struct run *run;      /* the newest complete one; NULL = there is none */
        struct run_counts day;      /* of the last 24 hours */
        const struct table *trunks; /* STORE_VIEW_STANDING, of all */
};

/* malloc'ed, with its size. Returns 0 or -ENOMEM. */
int metrics_text(char **ret, size_t *ret_n, const struct metrics *m);
