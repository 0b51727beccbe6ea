/* duration.c: durations with units. */
#include "duration.h"

#include <inttypes.h>
#include <stdio.h>

static const struct {
        const char *word;
        uint64_t usec;
} units[] = {
        {"d", 86400 * USEC_PER_SEC}, {"h", 3600 * USEC_PER_SEC}, {"m", 60 * USEC_PER_SEC},
        {"s", USEC_PER_SEC},         {"ms", USEC_PER_MSEC},      {"us", 1},
};

int duration_parse(uint64_t *ret_usec, struct span text) {
        uint64_t number = 0;
        bool overflow = false;
        size_t i = 0;
        for (; i < text.n && text.p[i] >= '0' && text.p[i] <= '9'; i++)
                overflow |= __builtin_mul_overflow(number, 10, &number) ||
                            __builtin_add_overflow(number, (uint64_t)(text.p[i] - '0'), &number);
        if (i == 0)
                return DURATION_MALFORMED;
        if (i == text.n)
                return DURATION_NO_UNIT;

        struct span unit = {text.p + i, text.n - i};
        for (size_t k = 0; k < ELEMENTS(units); k++)
                if (span_eq(unit, span_of(units[k].word))) {
                        overflow |= __builtin_mul_overflow(number, units[k].usec, &number);
                        if (overflow)
                                return DURATION_TOO_LONG;
                        *ret_usec = number;
                        return 0;
                }
        return DURATION_MALFORMED;
}

void duration_format(char ret[static DURATION_TEXT_MAX], uint64_t usec) {
        size_t k = 0;
        if (usec == 0)
                k = 3; /* "0s" */
        else
                while (usec % units[k].usec != 0)
                        k++;
        (void)snprintf(ret, DURATION_TEXT_MAX, "%" PRIu64 "%s", usec / units[k].usec, units[k].word);
}
