/* route.h: the addresses that a probe may use: every configured target looked up at once, their locations one after the other. */
#pragma once

#include <systemd/sd-event.h>

#include "locator.h"

struct route;

/* outcome: 0 with n >= 1 locations (valid until the route is freed); RESOLVER_NOT_FOUND or RESOLVER_FAILED when no target has an address,
 * with a constant text; -errno. */
typedef void route_done_fn(struct route *r, int outcome, const struct location *locations, size_t n, const char *why, void *user);

/* Positive outcome. */
enum { ROUTE_KNOWN = 1 }; /* every target is a literal address: nobody is asked, and done is not called */

/* n >= 1, at most TARGETS_MAX; targets are copied. Returns 0, ROUTE_KNOWN (see route_locations()), or -errno. */
int route_start(struct route **ret, struct resolver *resolver, const struct target *targets, size_t n, route_done_fn *done, void *user);
/* Valid until the route is freed. */
const struct location *route_locations(const struct route *r, size_t *ret_n);
struct route *route_free(struct route *r); /* before done: cancels */
DEFINE_CLEANUP(struct route *, route_free)
