/* alert.c: two causes and two times → a change; the last runs → whether a subject flaps. */
#include "alert.h"

#include <syslog.h>

bool alert_is_bad(enum cause cause) {
        const struct cause_info *info = cause_info(cause);
        return info->outcome != OUTCOME_PASS && info->priority <= LOG_WARNING;
}

bool alert_is_neutral(enum cause cause) {
        return !alert_is_bad(cause) && cause_info(cause)->outcome != OUTCOME_PASS;
}

bool alert_is_deliberate(enum cause cause) {
        return cause == CAUSE_INACTIVE || cause == CAUSE_MAINTENANCE;
}

enum cause alert_cause(bool known, enum cause told, enum cause now) {
        bool unsent = now == CAUSE_HELD || now == CAUSE_UNCOUNTED || now == CAUSE_BUDGET_SPENT;
        return known && unsent && alert_is_bad(told) ? told : now;
}

static bool is_due(int64_t told_usec, int64_t now_usec, uint64_t reminder_usec) {
        return reminder_usec > 0 && now_usec > told_usec && (uint64_t)(now_usec - told_usec) >= reminder_usec;
}

enum change alert_change(bool known, enum cause told, int64_t told_usec, enum cause now, int64_t now_usec, uint64_t reminder_usec) {
        bool was_bad = known && alert_is_bad(told);
        if (!alert_is_bad(now))
                return was_bad && !alert_is_neutral(now) ? CHANGE_ENDED : CHANGE_NONE;
        if (!was_bad)
                return CHANGE_BEGAN;
        if (told != alert_cause(known, told, now))
                return CHANGE_CHANGED;
        return is_due(told_usec, now_usec, reminder_usec) ? CHANGE_REMINDER : CHANGE_NONE;
}

enum change alert_next(const struct alert_state *s, bool damped, enum cause now, int64_t now_usec, uint64_t reminder_usec) {
        bool flapping = damped && s->flapping_usec != 0;
        if (flapping)
                return !s->flapping_told || is_due(s->told_usec, now_usec, reminder_usec) ? CHANGE_FLAPPING : CHANGE_NONE;
        if (damped && s->flapping_told)
                return CHANGE_SETTLED;
        enum change change = alert_change(s->known, s->told, s->told_usec, now, now_usec, reminder_usec);
        if (change != CHANGE_NONE || !s->uncertain || alert_is_neutral(now))
                return change;
        return alert_is_bad(now) ? CHANGE_CHANGED : CHANGE_ENDED;
}

enum change alert_incident(bool open, enum cause had, enum cause now) {
        enum change change = alert_change(open, had, 0, now, 0, 0);
        return change == CHANGE_NONE && alert_is_bad(now) ? CHANGE_REMINDER : change; /* it goes on */
}

uint32_t alert_history(uint32_t changes, bool changed) {
        return (changes << 1 | changed) & ((1u << ALERT_HISTORY) - 1);
}

/* The weights of ALERT_HISTORY runs, 80, 82, ... 118 hundredths, are 1980 in sum. As Icinga 2 does it, the sum is divided by the number of
 * runs all the same. */
unsigned alert_flaps(uint32_t changes) {
        unsigned sum = 0;
        for (unsigned age = 0; age < ALERT_HISTORY; age++)
                if (changes >> age & 1)
                        sum += 80 + 2 * (ALERT_HISTORY - 1 - age);
        return sum * 10 / ALERT_HISTORY;
}

bool alert_is_flapping(bool was, uint32_t changes) {
        return alert_flaps(changes) >= (was ? ALERT_FLAPS_BELOW : ALERT_FLAPS_FROM);
}

const char *change_word(enum change change) {
        static const char *const words[CHANGE_COUNT] = {
                [CHANGE_NONE] = "",          [CHANGE_BEGAN] = "began",       [CHANGE_CHANGED] = "changed",
                [CHANGE_ENDED] = "ended",    [CHANGE_REMINDER] = "reminder", [CHANGE_FLAPPING] = "flapping",
                [CHANGE_SETTLED] = "settled"};
        return words[change];
}
