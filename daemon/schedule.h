/* schedule.h: when the next run starts. */
#pragma once

#include <systemd/sd-event.h>

#include "../common/base.h"

struct schedule;

/* A slot has come; the schedule has moved on to the next one. */
typedef void schedule_slot_fn(struct schedule *s, int64_t slot_usec, void *user);

/* splay_usec: this host's slots lie up to that after the interval's start, always by the same amount. */
int schedule_new(struct schedule **ret, sd_event *event, uint64_t interval_usec, uint64_t splay_usec, schedule_slot_fn *on_slot,
                 void *user);
struct schedule *schedule_free(struct schedule *s);
DEFINE_CLEANUP(struct schedule *, schedule_free)

int64_t schedule_next_usec(const struct schedule *s); /* CLOCK_REALTIME */

/* The slot that now belongs to. */
int64_t schedule_slot_usec(const struct schedule *s);
