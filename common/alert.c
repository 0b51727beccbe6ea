/* alert.c: two causes and two times → a change. */
#include "alert.h"

#include <syslog.h>

bool alert_is_bad(enum cause cause) {
        const struct cause_info *info = cause_info(cause);
        return info->outcome != OUTCOME_PASS && info->priority <= LOG_WARNING;
}

enum cause alert_cause(bool known, enum cause told, enum cause now) {
        bool unsent = now == CAUSE_HELD || now == CAUSE_BUDGET_SPENT;
        return known && unsent && alert_is_bad(told) ? told : now;
}

enum change alert_change(bool known, enum cause told, int64_t told_usec, enum cause now, int64_t now_usec, uint64_t reminder_usec) {
        bool was_bad = known && alert_is_bad(told), is_bad = alert_is_bad(now);
        if (!is_bad)
                return was_bad && cause_info(now)->outcome == OUTCOME_PASS ? CHANGE_ENDED : CHANGE_NONE;
        if (!was_bad)
                return CHANGE_BEGAN;
        if (told != alert_cause(known, told, now))
                return CHANGE_CHANGED;
        bool due = reminder_usec > 0 && now_usec > told_usec && (uint64_t)(now_usec - told_usec) >= reminder_usec;
        return due ? CHANGE_REMINDER : CHANGE_NONE;
}
