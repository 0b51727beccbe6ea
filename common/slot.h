/* slot.h: the scheduled instants. Slots are interval apart, counted from 1970 UTC, and moved by a host's own offset, so that a fleet does
 * not ask the platform at the same second. Wall-clock microseconds. */
#pragma once

#include "base.h"

/* The first slot after now. interval_usec > 0, offset_usec < interval_usec. */
int64_t slot_after(int64_t now_usec, uint64_t interval_usec, uint64_t offset_usec);

/* The last slot at or before now. */
int64_t slot_before(int64_t now_usec, uint64_t interval_usec, uint64_t offset_usec);

/* A host's offset: stable, spread over [0, splay_usec). seed: bytes that belong to this host alone. */
uint64_t slot_offset(const void *seed, size_t n, uint64_t splay_usec);
