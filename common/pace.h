/* pace.h: which trunk may be probed next. Trunks of one carrier keep a distance in time; carriers do not wait for each other. */
#pragma once

#include "base.h"

struct pace;

/* keys[i]: the carrier of item i ("host:port"; NULL = one of its own); borrowed during the call. Items of one carrier keep their order. */
int pace_new(struct pace **ret, const char *const *keys, size_t n, uint64_t spacing_usec);
struct pace *pace_free(struct pace *p);
DEFINE_CLEANUP(struct pace *, pace_free)

/* Takes the next item that may start at now_usec (any monotonic clock). Returns 0 with ret_item; 1 when one must wait, with its time in
 * ret_usec; 2 when none is left. */
int pace_next(struct pace *p, uint64_t now_usec, size_t *ret_item, uint64_t *ret_usec);
