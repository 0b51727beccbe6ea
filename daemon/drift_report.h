/* drift_report.h: what a report prints beside the verdicts: how old the list of trunks is, what it changed, and differences. */
#pragma once

#include "../common/report.h"

struct drift_report {
        struct table *listing; /* STORE_VIEW_LISTING */
        struct table *drift;   /* STORE_VIEW_DRIFT */
};

/* run: its id as text, or NULL = of the last day. Returns what store_read() returns. */
int drift_report_read(struct drift_report *ret, struct store *store, const char *run);

/* To standard output. Returns 0 or -ENOMEM. */
int drift_report_print(const struct drift_report *r, const struct run *run, const struct report_options *o);

/* The same of the newest complete run, as far as the database has it: an earlier version may have left it. */
int drift_report_print_newest(struct store *store, const struct report_options *o);

void drift_report_clear(struct drift_report *r);
