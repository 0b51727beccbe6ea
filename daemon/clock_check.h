/* clock_check.h: is this host's clock right? SNTP to several servers at once; offset ± bound, or why unknown. */
#pragma once

#include <systemd/sd-event.h>

#include "../common/config.h"
#include "../common/verdict.h"
#include "resolver.h"

struct clock_check;

struct clock_result {
        struct verdict verdict; /* CLOCK_OK, CLOCK_OFF, CLOCK_CANNOT_TELL, CLOCK_UNKNOWN, CLOCK_DISAGREEMENT, CLOCK_UNUSED */
        bool measured;
        int64_t offset_usec; /* servers minus us */
        int64_t bound_usec;
        unsigned servers, servers_used;
};

typedef void clock_check_done_fn(struct clock_check *c, const struct clock_result *result, void *user);

/* Ends by itself after the names are resolved and at most three attempts of config->clock.timeout_usec each. The first NTP_SERVERS_MAX
 * servers are asked. config is borrowed until done or free; resolver until free. done may free the check. */
int clock_check_start(struct clock_check **ret, sd_event *event, struct resolver *resolver, const struct config *config,
                      clock_check_done_fn *done, void *user);
struct clock_check *clock_check_free(struct clock_check *c); /* before done: cancels */
DEFINE_CLEANUP(struct clock_check *, clock_check_free)
