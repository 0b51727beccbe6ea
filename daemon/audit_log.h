/* audit_log.h: asks the platform's audit log who changed which trunk base, when and from where. */
#pragma once

#include "../common/store.h"
#include "platform_call.h"

#define AUDIT_LOG_LIMIT_USEC (30 * USEC_PER_SEC) /* of a whole query; less when platform.deadline is */
#define AUDIT_LOG_PAGES_MAX 50                   /* of 100 entries; what is behind them is left out */

struct audit_log;

struct audit_log_result {
        enum audit_log_state state; /* DENIED: the client may not read it */
        char why[VERDICT_DETAIL_MAX];
        char correlation_id[80];
        struct edit_list edits; /* newest first; move it away to keep it; complete only when READ */
};

typedef void audit_log_done_fn(struct audit_log *l, struct audit_log_result *result, void *user);

/* since_usec, until_usec: CLOCK_REALTIME, the interval; the platform takes at most 30 days. entity_id: of one trunk base; NULL = of all. */
int audit_log_start(struct audit_log **ret, const struct platform_context *context, int64_t since_usec, int64_t until_usec,
                    const char *entity_id, audit_log_done_fn *done, void *user);
struct audit_log *audit_log_free(struct audit_log *l); /* before done: cancels */
