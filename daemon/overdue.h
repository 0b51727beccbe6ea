/* overdue.h: says so when no run has ended for two intervals although the service is alive, and when one does again. */
#pragma once

#include <systemd/sd-event.h>

#include "../common/store.h"
#include "journal.h"

struct overdue;

/* One timer, armed now and at each end of a run. What was told is kept in the store, so that a later process knows it. */
int overdue_new(struct overdue **ret, sd_event *event, struct store *store, struct journal *journal, uint64_t interval_usec);
struct overdue *overdue_free(struct overdue *o);

/* A run has ended and is stored. */
void overdue_run_ended(struct overdue *o);
