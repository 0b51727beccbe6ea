/* alert.h: what is told, and when: a failure when it begins, when its cause changes, when it ends, and again after the reminder interval;
 * of what changes all the time, that it does and when that is over. */
#pragma once

#include "base.h"
#include "store.h"
#include "verdict.h"

#define ALERT_HISTORY 20      /* runs that flapping is judged by */
#define ALERT_FLAPS_FROM 300  /* per mille of them that changed, newer ones counted more: it flaps */
#define ALERT_FLAPS_BELOW 250 /* ... and goes on to flap until it is below this */

/* True for a cause that is worth waking somebody: priority warning or worse, and not a pass. */
bool alert_is_bad(enum cause cause);

/* True for a cause that says nothing of a subject: it is out of service, or the run ended before it was known. */
bool alert_is_neutral(enum cause cause);

/* True for a trunk that was not meant to be tested. */
bool alert_is_deliberate(enum cause cause);

/* told: what was last told of the subject (known = false: nothing ever, so all was well). A cause that is neither good nor bad (the trunk
 * is out of service) changes nothing. reminder_usec 0 = never. */
enum change alert_change(bool known, enum cause told, int64_t told_usec, enum cause now, int64_t now_usec, uint64_t reminder_usec);

/* The same, with flapping counted: between FLAPPING and SETTLED there is nothing but the reminder, which is FLAPPING once more. damped =
 * false: as if it never flapped. Where nobody knows what was told last, what is now is told in any case.
 */
enum change alert_next(const struct alert_state *s, bool damped, enum cause now, int64_t now_usec, uint64_t reminder_usec);

/* The cause that the incident goes on under: a trunk to which no credentials were sent still has the failure that was told. */
enum cause alert_cause(bool known, enum cause told, enum cause now);

/* What a run means for the subject's incident; had: the cause of the one that is open. */
enum change alert_incident(bool open, enum cause had, enum cause now);

/* The history (struct alert_state) after one more run, the share of changes in it in per mille (the oldest of ALERT_HISTORY counts 0.8,
 * the newest 1.18), and whether that is flapping, given that it was so before. */
uint32_t alert_history(uint32_t changes, bool changed);
unsigned alert_flaps(uint32_t changes);
bool alert_is_flapping(bool was, uint32_t changes);

const char *change_word(enum change change);
