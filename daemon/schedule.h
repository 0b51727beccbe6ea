/* schedule.h: when the next run starts, and rows for the slots that had none. It sleeps until the wall clock reaches the next slot, or
 * until somebody sets that clock. */
#pragma once

#include <systemd/sd-event.h>

#include "../common/store.h"
#include "backlog.h"
#include "journal.h"

struct schedule;

/* A slot has come, or the clock was set: look. */
typedef void schedule_wake_fn(void *user);

/* splay_usec: this host's slots lie up to that after the interval's start, always by the same amount. store, backlog and journal are
 * borrowed. */
int schedule_new(struct schedule **ret, sd_event *event, struct store *store, struct backlog *backlog, struct journal *journal,
                 uint64_t interval_usec, uint64_t splay_usec, schedule_wake_fn *on_wake, void *user);
struct schedule *schedule_free(struct schedule *s);
DEFINE_CLEANUP(struct schedule *, schedule_free)

/* Other slots from now on. Look before. */
void schedule_change(struct schedule *s, uint64_t interval_usec, uint64_t splay_usec);

int64_t schedule_next_usec(const struct schedule *s); /* CLOCK_REALTIME */

bool schedule_is_due(const struct schedule *s); /* a slot has come that was not attended to */

/* Stores and tells which slots were missed, and says what to start now. What it says is to be started is said again until
 * schedule_begun(). config: as in struct run. */
void schedule_look(struct schedule *s, int64_t config, struct slot_plan *ret);

/* What keeps the slot that is due from being attended to. */
void schedule_hold(struct schedule *s, enum slot_reason reason);

/* The plan's run has begun, or (begun = false) cannot, and is given up. */
void schedule_begun(struct schedule *s, const struct slot_plan *plan, bool begun);

/* Another run of all trunks has begun. */
void schedule_audited(struct schedule *s);
