/* alert.h: what is told, and when: a failure when it begins, when its cause changes, when it ends, and again after the reminder interval.
 */
#pragma once

#include "base.h"
#include "store.h"
#include "verdict.h"

/* True for a cause that is worth waking somebody: priority warning or worse, and not a pass. */
bool alert_is_bad(enum cause cause);

/* told: what was last told of the subject (known = false: nothing ever, so all was well). A cause that is neither good nor bad (the trunk
 * is out of service) changes nothing. reminder_usec 0 = never. */
enum change alert_change(bool known, enum cause told, int64_t told_usec, enum cause now, int64_t now_usec, uint64_t reminder_usec);

/* The cause that the incident goes on under: a trunk to which no credentials were sent still has the failure that was told. */
enum cause alert_cause(bool known, enum cause told, enum cause now);
