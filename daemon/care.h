/* care.h: care of the database between runs: what is old goes in small steps from the loop, its files stay small, and once a week a process
 * of its own looks through all of it. Nothing is done while nothing runs. */
#pragma once

#include <systemd/sd-event.h>

#include "../common/config.h"
#include "../common/store.h"
#include "journal.h"

struct care;

/* All are borrowed. SIGCHLD is blocked from now on. */
int care_new(struct care **ret, sd_event *event, struct store *store, struct journal *journal);

/* A run has ended: there may be something to do. Nothing is removed when the run could not tell that the clock is right. */
void care_begin(struct care *c, const struct config *config, const struct run *run);

/* A run begins: what is not done waits for its end. */
void care_pause(struct care *c);
struct care *care_free(struct care *c); /* ends a check that is under way */

/* In that process: looks through FILE, prints the first damage. Returns its exit code: 0 whole, 1 damaged, 4 it could not be looked at. */
int care_check(const char *file);
