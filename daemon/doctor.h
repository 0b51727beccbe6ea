/* doctor.h: from zero to a working set-up: one check after the other, each with a time limit, and nothing is changed anywhere: no database
 * is made, no row written, no carrier contacted. What the platform is asked is what every audit asks it, and who the bearer is. */
#pragma once

#include <systemd/sd-event.h>

#include "../common/finding.h"

struct doctor;

struct doctor_request {
        sd_event *event;
        const char *config_file;                      /* borrowed until free, as is the event */
        void (*begin)(const char *check, void *user); /* a check begins; NULL = nobody wants to know */
        void (*tell)(const struct finding *f, void *user);
        void (*done)(struct doctor *d, bool configured, void *user); /* configured: the configuration can be used */
        void *user;
};

/* Returns 0 or -errno. */
int doctor_start(struct doctor **ret, const struct doctor_request *request);
struct doctor *doctor_free(struct doctor *d); /* before done: cancels */
DEFINE_CLEANUP(struct doctor *, doctor_free)
