/* slot.c: which slots were missed and why, and which one runs now. */
#include "slot.h"

#include <stdio.h>

#include "duration.h"
#include "utc_time.h"

int64_t slot_before(int64_t now_usec, const struct slot_grid *grid) {
        int64_t interval = (int64_t)grid->interval_usec, since = now_usec - (int64_t)grid->offset_usec;
        int64_t past = since % interval;
        return now_usec - (past < 0 ? past + interval : past);
}

int64_t slot_after(int64_t now_usec, const struct slot_grid *grid) {
        return slot_before(now_usec, grid) + (int64_t)grid->interval_usec;
}

uint64_t slot_offset(const void *seed, size_t n, uint64_t splay_usec) {
        /* FNV-1a: spread is all that is asked of it. */
        const unsigned char *p = seed;
        uint64_t h = UINT64_C(0xcbf29ce484222325);
        for (size_t i = 0; i < n; i++)
                h = (h ^ p[i]) * UINT64_C(0x100000001b3);
        return splay_usec ? (h ^ h >> 32) % splay_usec : 0;
}

const char *slot_reason_word(enum slot_reason r) {
        static const char *const words[SLOT_REASON_COUNT] = {
                [SLOT_NOT_RUNNING] = "not_running", [SLOT_SUSPENDED] = "suspended", [SLOT_CLOCK_STEPPED] = "clock_stepped",
                [SLOT_OVERRAN] = "overran",         [SLOT_BUSY] = "busy",           [SLOT_STORE_FAILED] = "store_failed",
                [SLOT_STALLED] = "stalled",
        };
        return r < SLOT_REASON_COUNT ? words[r] : NULL;
}

/* -- where the time went ---------------------------------------------------------------------------------------------------- */

static int64_t awake(const struct slot_plan *p) {
        return p->now.monotonic_usec - p->since.monotonic_usec;
}

static int64_t asleep(const struct slot_plan *p) {
        return p->now.boot_usec - p->since.boot_usec - awake(p);
}

static int64_t stepped(const struct slot_plan *p) {
        return p->now.wall_usec - p->since.wall_usec - (p->now.boot_usec - p->since.boot_usec);
}

#define NOTHING_USEC ((int64_t)USEC_PER_SEC) /* clocks are read one after the other, and the wall clock is slewed */

/* A process that nothing holds up is awake until the next slot at most. So of sleep, step, and what was awake beyond that, the largest is
 * the reason. */
static enum slot_reason reason_of(const struct slot_watch *w, const struct slot_plan *p) {
        int64_t late = awake(p) - (slot_after(p->since.wall_usec, &w->grid) - p->since.wall_usec);
        if (w->held == SLOT_STORE_FAILED)
                return w->held;
        if (stepped(p) > NOTHING_USEC && stepped(p) >= asleep(p) && stepped(p) >= late)
                return SLOT_CLOCK_STEPPED;
        if (asleep(p) > NOTHING_USEC && asleep(p) >= late)
                return SLOT_SUSPENDED;
        return w->held != SLOT_NO_REASON ? w->held : SLOT_STALLED;
}

/* -- the watch -------------------------------------------------------------------------------------------------------------- */

void slot_watch_begin(struct slot_watch *w, const struct slot_grid *grid, const struct slot_clocks *now) {
        *w = (struct slot_watch){.grid = *grid, .fresh = true, .since = *now, .attended_usec = INT64_MIN, .audited_boot_usec = INT64_MIN};
}

void slot_watch_regrid(struct slot_watch *w, const struct slot_grid *grid, int64_t now_wall_usec) {
        if (w->grid.interval_usec == grid->interval_usec && w->grid.offset_usec == grid->offset_usec)
                return;
        w->grid = *grid;
        if (w->attended_usec != INT64_MIN)
                w->attended_usec = slot_before(now_wall_usec, grid);
}

/* Between the newest slot that has a row and the one that is due. A slot of another schedule was followed by that one's next. */
static void find_missed(const struct slot_watch *w, const struct slot_record *record, struct slot_plan *p) {
        if (!record->known || record->newest_usec >= p->slot_usec)
                return;
        uint64_t step = record->interval_usec ? record->interval_usec : w->grid.interval_usec;
        int64_t first = slot_after(record->newest_usec + (int64_t)step - 1, &w->grid);
        if (first >= p->slot_usec)
                return;
        p->first_usec = first;
        p->last_usec = p->slot_usec - (int64_t)w->grid.interval_usec;
        p->n_missed = (uint64_t)(p->last_usec - first) / w->grid.interval_usec + 1;
        p->reason = w->fresh ? SLOT_NOT_RUNNING : reason_of(w, p);
}

/* How long ago the last audit began; INT64_MAX when that cannot be told. */
static int64_t unaudited_for(const struct slot_watch *w, const struct slot_record *record, const struct slot_clocks *now) {
        if (w->audited_boot_usec != INT64_MIN)
                return now->boot_usec - w->audited_boot_usec;
        bool past = record->audited_usec != 0 && record->audited_usec <= now->wall_usec;
        return past ? now->wall_usec - record->audited_usec : INT64_MAX;
}

void slot_plan_make(const struct slot_watch *w, const struct slot_record *record, const struct slot_clocks *now, struct slot_plan *ret) {
        int64_t interval = (int64_t)w->grid.interval_usec, since = unaudited_for(w, record, now);
        struct slot_plan p = {
                .action = SLOT_WAIT,
                .first = w->attended_usec == INT64_MIN,
                .slot_usec = slot_before(now->wall_usec, &w->grid),
                .since = w->since,
                .now = *now,
                .audited_boot_usec = since == INT64_MAX ? now->boot_usec : now->boot_usec - since,
        };
        if (w->fresh && record->audited_usec)
                p.since.wall_usec = record->audited_usec;
        if (!p.first && p.slot_usec == w->attended_usec) {
                /* The clock is set back again and again, and no new slot ever comes. */
                if (since >= interval + interval / 2)
                        p.action = SLOT_EXTRA;
                *ret = p;
                return;
        }
        find_missed(w, record, &p);
        if (record->due != SLOT_DONE)
                p.action = SLOT_RUN;
        else if (p.first ? since == INT64_MAX : since >= interval / 2)
                p.action = SLOT_EXTRA; /* a real hour of its own; less than half of one is only the edge of a slot that is met twice */
        *ret = p;
}

void slot_accounted(struct slot_watch *w, const struct slot_plan *p) {
        w->fresh = false;
        w->since = p->now;
}

void slot_attended(struct slot_watch *w, const struct slot_plan *p) {
        slot_accounted(w, p);
        w->attended_usec = p->slot_usec;
        w->audited_boot_usec = p->action == SLOT_WAIT ? p->audited_boot_usec : p->now.boot_usec;
        w->held = SLOT_NO_REASON;
}

void slot_audited(struct slot_watch *w, int64_t now_boot_usec) {
        w->audited_boot_usec = now_boot_usec;
}

int64_t slot_latest_boot_usec(const struct slot_watch *w, int64_t now_boot_usec) {
        int64_t interval = (int64_t)w->grid.interval_usec, soonest = now_boot_usec + interval / 2;
        int64_t latest = w->audited_boot_usec == INT64_MIN ? soonest : w->audited_boot_usec + interval + interval / 2;
        return latest > soonest ? latest : soonest;
}

/* -- in words --------------------------------------------------------------------------------------------------------------- */

/* To the second: what is finer is not known. */
static void seconds_text(char ret[static DURATION_TEXT_MAX], int64_t usec) {
        int64_t seconds = (usec < 0 ? -usec : usec) / (int64_t)USEC_PER_SEC;
        duration_format(ret, (uint64_t)seconds * USEC_PER_SEC);
}

void slot_gap_text(char ret[static SLOT_GAP_TEXT_MAX], const struct slot_plan *p) {
        char from[UTC_TIME_MAX], to[UTC_TIME_MAX], booted[UTC_TIME_MAX], awake_for[DURATION_TEXT_MAX], slept[DURATION_TEXT_MAX],
                set[DURATION_TEXT_MAX];
        (void)utc_time_format(from, p->since.wall_usec);
        (void)utc_time_format(to, p->now.wall_usec);
        if (p->reason == SLOT_NOT_RUNNING) {
                (void)utc_time_format(booted, p->now.wall_usec - p->now.boot_usec);
                (void)snprintf(ret, SLOT_GAP_TEXT_MAX,
                               "the last run before ended at %s, this process began at %s, the host was booted at %s", from, to, booted);
                return;
        }
        seconds_text(awake_for, awake(p));
        seconds_text(slept, asleep(p));
        seconds_text(set, stepped(p));
        (void)snprintf(ret, SLOT_GAP_TEXT_MAX, "from %s to %s by the wall clock: awake for %s, asleep for %s, clock set %s by %s", from, to,
                       awake_for, slept, stepped(p) < 0 ? "back" : "forward", set);
}
