/* trunk_poll.h: reads all trunks from the platform: pages, then details where the listing holds none. */
#pragma once

#include <systemd/sd-event.h>

#include "../common/config.h"
#include "../common/trunk.h"
#include "../common/verdict.h"
#include "http.h"
#include "token.h"

#define TRUNK_POLL_PAGES_MAX 1000
#define TRUNK_POLL_DETAILS_AT_ONCE 8

struct trunk_poll;

struct trunk_poll_result {
        struct verdict verdict; /* a CAUSE_KIND_PLATFORM cause; PLATFORM_OK: trunks is the complete listing */
        int status;             /* HTTP status of the reply that decided; 0 = none */
        char correlation_id[80];
        struct trunk_list trunks; /* move it away (take the struct and zero this one) to keep it; empty unless PLATFORM_OK */
        bool witness_measured;    /* the Date header of an API reply as a coarse second clock: offset = theirs minus ours, ± bound */
        int64_t witness_offset_usec, witness_bound_usec;
};

typedef void trunk_poll_done_fn(struct trunk_poll *p, struct trunk_poll_result *result, void *user);

/* Gives up after config->platform.deadline_usec. A 403 on one trunk's detail marks that trunk (detail_denied), not the listing. */
int trunk_poll_start(struct trunk_poll **ret, sd_event *event, struct http *http, struct token *token, const struct config *config,
                     trunk_poll_done_fn *done, void *user);
struct trunk_poll *trunk_poll_free(struct trunk_poll *p); /* before done: cancels */
