/* drift_report.c: reads and prints what is beside the verdicts. */
#include "drift_report.h"

#include <stdio.h>

int drift_report_read(struct drift_report *ret, struct store *store, const char *run) {
        _cleanup_(table_freep) struct table *listing = NULL;
        int r = store_read(store, STORE_VIEW_LISTING, run, 0, &listing);
        if (r == 0)
                r = store_read(store, STORE_VIEW_DRIFT, NULL, 0, &ret->drift);
        if (r == 0)
                ret->listing = TAKE_PTR(listing);
        return r;
}

int drift_report_print(const struct drift_report *report, const struct run *run, const struct report_options *o) {
        _cleanup_(freep) char *text = NULL;
        char age[REPORT_AGE_MAX];
        int r = report_drift(&text, report->listing, report->drift, o);
        if (r < 0)
                return r;
        report_age(age, run->trunks_known_usec, run->started_usec);
        if (run->platform.cause != CAUSE_PLATFORM_UNUSED)
                (void)printf("Trunks: %s\n", age);
        (void)fputs(text, stdout);
        return 0;
}

int drift_report_print_newest(struct store *store, const struct report_options *o) {
        _cleanup_(drift_report_clear) struct drift_report report = {0};
        struct run run;
        if (store_last_run(store, RUN_DONE, &run) != 0 || drift_report_read(&report, store, NULL) != 0)
                return 0;
        (void)fputc('\n', stdout);
        return drift_report_print(&report, &run, o);
}

void drift_report_clear(struct drift_report *r) {
        r->listing = table_free(r->listing);
        r->drift = table_free(r->drift);
}
