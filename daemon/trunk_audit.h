/* trunk_audit.h: one trunk's part of a run: what earlier runs left to know, its probe (or one for each proxy), and its result. */
#pragma once

#include "../common/store.h"
#include "probe.h"

struct trunk_audit;

typedef void trunk_audit_done_fn(struct trunk_audit *t, void *user);

/* Reads what the store remembers of the trunk, which is borrowed. Until it is done its verdict is run_ended. */
int trunk_audit_new(struct trunk_audit **ret, struct store *store, const struct trunk *trunk);
struct trunk_audit *trunk_audit_free(struct trunk_audit *t); /* cancels */

/* Probes the trunk. Returns 0 when it is under way (done is called from the loop), 1 when it needs no probe and has its verdict. context is
 * borrowed until done. now_usec: CLOCK_REALTIME. */
int trunk_audit_start(struct trunk_audit *t, const struct probe_context *context, int64_t now_usec, trunk_audit_done_fn *done, void *user);

/* Ends it now with what is known: calls done, from inside, when it is under way. */
void trunk_audit_cut(struct trunk_audit *t);

/* The row for the store; its pointers are valid while the audit lives and is not started again. */
void trunk_audit_result(struct trunk_audit *t, const struct carrier_clock_policy *policy, struct result *ret);

const struct trunk *trunk_audit_trunk(const struct trunk_audit *t);
