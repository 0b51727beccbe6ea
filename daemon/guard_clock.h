/* guard_clock.h: now, as the lock-out guard measures it. */
#pragma once

#include <stdio.h>
#include <systemd/sd-id128.h>

#include "../common/guard.h"
#include "now.h"

static inline struct guard_time guard_clock(void) {
        struct guard_time t = {.wall_usec = now_realtime(), .boot_usec = (int64_t)now_usec_of(CLOCK_BOOTTIME)};
        sd_id128_t boot;
        if (sd_id128_get_boot(&boot) >= 0)
                (void)snprintf(t.boot, sizeof t.boot, SD_ID128_FORMAT_STR, SD_ID128_FORMAT_VAL(boot));
        return t;
}
