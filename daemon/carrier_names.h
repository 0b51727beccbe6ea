/* carrier_names.h: have the carriers of all trunks an address? Lookups by RFC 3263 alone: nothing is sent to a carrier. */
#pragma once

#include "../common/trunk.h"
#include "resolver.h"

#define CARRIER_NAMES_MAX 2000 /* different ones; further ones are not looked up */
#define CARRIER_NAMES_AT_ONCE 16

struct carrier_names;

struct carrier_names_result {
        size_t names, answered, found; /* different names; looked up so far; of them with an address */
        size_t literals;               /* addresses, which need no lookup */
        size_t without;                /* trunks that have no readable place at all */
        const char *first_without;     /* name of the first of them */
        char failures[600];            /* "NAME (TRUNK): why; …", cut with "..." */
};

typedef void carrier_names_done_fn(struct carrier_names *c, const struct carrier_names_result *result, void *user);

/* trunks are borrowed until free; those out of service are passed over. done may free it. */
int carrier_names_start(struct carrier_names **ret, sd_event *event, struct resolver *resolver, const struct trunk_list *trunks,
                        carrier_names_done_fn *done, void *user);
struct carrier_names *carrier_names_free(struct carrier_names *c); /* before done: cancels */
DEFINE_CLEANUP(struct carrier_names *, carrier_names_free)

/* What is known so far, for a caller who gives up. */
const struct carrier_names_result *carrier_names_so_far(const struct carrier_names *c);
