/* trunk_audit.h: one trunk's part of a run: what earlier runs left to know, its probe (or one for each proxy), and its result. */
#pragma once

#include "../common/store.h"
#include "probe.h"

struct trunk_audit;

typedef void trunk_audit_done_fn(struct trunk_audit *t, void *user);

/* Reads what the store remembers of the trunk (NULL: nothing), which is borrowed, as the guard is. forced: an operator lifts its hold.
 * Until it is done its verdict is run_ended, or why it is not going to be probed. */
int trunk_audit_new(struct trunk_audit **ret, struct store *store, struct guard *guard, const struct trunk *trunk, bool forced);

/* Before trunk_audit_reserve(), oldest first: what a run found that the store does not have yet. age_usec: since it spent. Returns 0 or
 * -ENOMEM. */
int trunk_audit_follow(struct trunk_audit *t, const struct result *earlier, int64_t age_usec);

/* Plans with the guard what it may spend. Returns 0 or -ENOMEM. */
int trunk_audit_reserve(struct trunk_audit *t);

struct trunk_audit *trunk_audit_free(struct trunk_audit *t); /* cancels */

/* Positive outcomes of trunk_audit_start(). */
enum {
        TRUNK_AUDIT_DONE = 1, /* it needs no probe, and has its verdict */
        TRUNK_AUDIT_WAIT,     /* it may begin when another trunk of its host is done: start it again then */
};

/* Probes the trunk. Returns 0 when it is under way (done is called from the loop), or a positive outcome. context is borrowed until done.
 * now_usec: CLOCK_REALTIME. */
int trunk_audit_start(struct trunk_audit *t, const struct probe_context *context, int64_t now_usec, trunk_audit_done_fn *done, void *user);

/* Ends it now with what is known: calls done, from inside, when it is under way. */
void trunk_audit_cut(struct trunk_audit *t);

/* The row for the store; its pointers are valid while the audit lives and is not started again. */
void trunk_audit_result(struct trunk_audit *t, const struct carrier_clock_policy *policy, struct result *ret);

const struct trunk *trunk_audit_trunk(const struct trunk_audit *t);

/* What it may spend, for store_reserve(); NULL when it is not going to be probed. */
struct guard_trunk *trunk_audit_guard(struct trunk_audit *t);

/* The host where it will be asked: trunks with the same one keep a distance; NULL when it is not going to be probed. */
const char *trunk_audit_host(const struct trunk_audit *t);
