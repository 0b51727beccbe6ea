/* nagios.h: what the audit found, as a monitoring plugin says it: one line with performance data, more lines for what is not good, and an
 * exit status (Monitoring Plugins guidelines). Values in, text out. */
#pragma once

#include "base.h"
#include "store.h"

/* The exit status, too. */
enum nagios_state { NAGIOS_OK, NAGIOS_WARNING, NAGIOS_CRITICAL, NAGIOS_UNKNOWN };

struct nagios {
        const struct run *run; /* the newest complete one; NULL = there is none */
        int64_t now_usec;
        uint64_t interval_usec, run_limit_usec; /* of the schedule: a run that ended before 2 intervals is critical */
        const struct table *trunks;             /* STORE_VIEW_STANDING, of all */
        const char *const *names;               /* only these trunks, by id or name; NULL-terminated; NULL or none = all */
};

/* malloc'ed, with a newline at the end. Returns 0 or -ENOMEM. */
int nagios_text(char **ret, enum nagios_state *ret_state, const struct nagios *n);

/* The line when there is nothing to judge; text is a sentence. */
int nagios_unknown(char **ret, const char *text);
