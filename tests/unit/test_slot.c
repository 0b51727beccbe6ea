/* test_slot.c: the scheduled instants. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "common/slot.h"
#include "share.h"

#define MINUTE (60 * INT64_C(1000000))
#define HOUR (60 * MINUTE)

static const struct {
        int64_t now;
        uint64_t interval, offset;
        int64_t before, after;
} slots[] = {
        {0, HOUR, 0, 0, HOUR},
        {1, HOUR, 0, 0, HOUR},
        {HOUR - 1, HOUR, 0, 0, HOUR},
        {HOUR, HOUR, 0, HOUR, 2 * HOUR}, /* an instant is its own slot, and the next one is later */
        {INT64_C(1795408367123456), HOUR, 0, INT64_C(1795406400000000), INT64_C(1795410000000000)},
        {INT64_C(1795408367123456), HOUR, 5 * MINUTE, INT64_C(1795406700000000), INT64_C(1795410300000000)},
        {INT64_C(1795408367123456), HOUR, 59 * MINUTE, INT64_C(1795406340000000), INT64_C(1795409940000000)},
        {INT64_C(1795408367123456), 24 * HOUR, 0, INT64_C(1795392000000000), INT64_C(1795478400000000)},
        {0, HOUR, MINUTE, MINUTE - HOUR, MINUTE},
        {MINUTE, HOUR, MINUTE, MINUTE, MINUTE + HOUR},
        {MINUTE - 1, HOUR, MINUTE, MINUTE - HOUR, MINUTE},
        {-1, HOUR, 0, -HOUR, 0},
        {-HOUR, HOUR, 0, -HOUR, 0},
        {-HOUR - 1, HOUR, 0, -2 * HOUR, -HOUR},
        {-1, HOUR, MINUTE, MINUTE - HOUR, MINUTE},
        {7, 1, 0, 7, 8},
};

START_TEST(finds_slots) {
        const struct slot_grid grid = {slots[_i].interval, slots[_i].offset};
        ck_assert_int_eq(slot_before(slots[_i].now, &grid), slots[_i].before);
        ck_assert_int_eq(slot_after(slots[_i].now, &grid), slots[_i].after);
}
END_TEST

/* No instant is without a slot, and none has two. */
START_TEST(slots_follow_each_other) {
        static const uint64_t intervals[] = {1, 7, MINUTE, 17 * MINUTE, HOUR, 24 * HOUR};
        const struct slot_grid grid = {intervals[_i], intervals[_i] / 3};
        int64_t slot = slot_before(-3 * (int64_t)grid.interval_usec, &grid);
        for (int k = 0; k < 10; k++) {
                int64_t next = slot_after(slot, &grid);
                ck_assert_int_eq(next - slot, (int64_t)grid.interval_usec);
                ck_assert_int_eq(slot_before(next, &grid), next);
                ck_assert_int_eq(slot_before(next - 1, &grid), slot);
                ck_assert_int_eq(slot_after(next - 1, &grid), next);
                slot = next;
        }
}
END_TEST

/* A host keeps its offset: this one must not change from version to version. */
START_TEST(offsets_are_stable) {
        ck_assert_uint_eq(slot_offset("", 0, 1000), slot_offset("x", 0, 1000));
        ck_assert_uint_eq(slot_offset("host-a", 6, 5 * MINUTE), slot_offset("host-a", 6, 5 * MINUTE));
        ck_assert_uint_eq(slot_offset("host-a", 6, UINT64_MAX), UINT64_C(7420691336315177681));
        ck_assert_uint_eq(slot_offset("host-a", 6, 0), 0);
        ck_assert_uint_eq(slot_offset("host-a", 6, 1), 0);
}
END_TEST

/* Hosts that differ in one octet are spread over the whole of the splay. */
START_TEST(offsets_are_spread) {
        enum { HOSTS = 4096, BINS = 16 };
        unsigned bins[BINS] = {0};
        for (unsigned i = 0; i < HOSTS; i++) {
                const unsigned char seed[] = {'h', (unsigned char)(i >> 8), (unsigned char)i};
                uint64_t offset = slot_offset(seed, sizeof seed, BINS * MINUTE);
                ck_assert_uint_lt(offset, BINS * MINUTE);
                bins[offset / MINUTE]++;
        }
        for (unsigned i = 0; i < BINS; i++)
                ck_assert_msg(bins[i] > HOSTS / BINS / 2 && bins[i] < HOSTS / BINS * 2, "minute %u: %u of %u hosts", i, bins[i], HOSTS);
}
END_TEST

/* -- what to do at an instant ---------------------------------------------------------------------------------------------- */

#define NOON INT64_C(1795435200000000) /* 2026-11-23T12:00:00Z */
#define NEVER INT64_MIN

/* Times are minutes after noon, the slots are the full hours, and NOON's is the one that was attended to last, unless said otherwise. */
static const struct situation {
        const char *name;
        int wall, awake, asleep; /* now; the last two since noon */
        bool fresh;              /* a new process */
        enum slot_reason held;
        int newest; /* hours: the newest slot that has a row, at or before the one that is due; -99 = none */
        enum slot_row due;
        int audited; /* minutes: when the last run ended */
        enum slot_action action;
        unsigned missed;
        enum slot_reason reason;
} situations[] = {
        {"the next slot", 60, 60, 0, false, 0, 0, SLOT_ABSENT, 1, SLOT_RUN, 0, 0},
        {"too early", 59, 59, 0, false, 0, 0, SLOT_DONE, 1, SLOT_WAIT, 0, 0},
        {"asleep over two slots", 190, 10, 180, false, 0, 0, SLOT_ABSENT, 1, SLOT_RUN, 2, SLOT_SUSPENDED},
        {"asleep over one slot", 125, 10, 115, false, 0, 0, SLOT_ABSENT, 1, SLOT_RUN, 1, SLOT_SUSPENDED},
        {"asleep, but over no slot's end", 118, 59, 59, false, 0, 0, SLOT_ABSENT, 1, SLOT_RUN, 0, 0},
        {"set forward by hours", 185, 5, 0, false, 0, 0, SLOT_ABSENT, 1, SLOT_RUN, 2, SLOT_CLOCK_STEPPED},
        {"set forward by minutes", 61, 50, 0, false, 0, 0, SLOT_ABSENT, 1, SLOT_RUN, 0, 0},
        {"asleep for three hours, set forward by one", 245, 5, 180, false, 0, 0, SLOT_ABSENT, 1, SLOT_RUN, 3, SLOT_SUSPENDED},
        {"overran", 130, 130, 0, false, SLOT_OVERRAN, 0, SLOT_ABSENT, 130, SLOT_RUN, 1, SLOT_OVERRAN},
        {"overran, but no second slot came", 110, 110, 0, false, SLOT_OVERRAN, 0, SLOT_ABSENT, 110, SLOT_RUN, 0, 0},
        {"another process audits for hours", 250, 250, 0, false, SLOT_BUSY, 0, SLOT_ABSENT, 1, SLOT_RUN, 3, SLOT_BUSY},
        {"no run could be stored", 121, 121, 0, false, SLOT_STORE_FAILED, 0, SLOT_ABSENT, 1, SLOT_RUN, 1, SLOT_STORE_FAILED},
        {"stopped for hours", 250, 250, 0, false, 0, 0, SLOT_ABSENT, 1, SLOT_RUN, 3, SLOT_STALLED},
        {"busy, and asleep most of it", 250, 70, 180, false, SLOT_OVERRAN, 0, SLOT_ABSENT, 1, SLOT_RUN, 3, SLOT_SUSPENDED},
        {"set back by hours, soon after a run", -125, 5, 0, false, 0, -3, SLOT_DONE, 1, SLOT_WAIT, 0, 0},
        {"set back by hours, long after a run", -125, 45, 0, false, 0, -3, SLOT_DONE, 1, SLOT_EXTRA, 0, 0},
        {"set back, and a slot comes again", -120, 60, 0, false, 0, -2, SLOT_DONE, 1, SLOT_EXTRA, 0, 0},
        {"set back, and a missed slot comes again", -120, 60, 0, false, 0, -2, SLOT_MISSED, 1, SLOT_RUN, 0, 0},
        {"set back, and a broken one comes again", -120, 60, 0, false, 0, -2, SLOT_BEGUN, 1, SLOT_RUN, 0, 0},
        {"set back to before the first row", -600, 5, 0, false, 0, -99, SLOT_ABSENT, 1, SLOT_RUN, 0, 0},
        {"set back by a second over a slot's edge", -1, 0, 0, false, 0, -1, SLOT_DONE, 0, SLOT_WAIT, 0, 0},
        {"set back within the hour", 5, 20, 0, false, 0, 0, SLOT_DONE, 1, SLOT_WAIT, 0, 0},
        {"set back within the hour again and again", 5, 90, 0, false, 0, 0, SLOT_DONE, 1, SLOT_EXTRA, 0, 0},
        {"the first start", 20, 0, 0, true, 0, -99, SLOT_ABSENT, 0, SLOT_RUN, 0, 0},
        {"started again within the hour", 20, 0, 0, true, 0, 0, SLOT_DONE, 1, SLOT_WAIT, 0, 0},
        {"started again after a broken run", 20, 0, 0, true, 0, 0, SLOT_BEGUN, 1, SLOT_RUN, 0, 0},
        {"started after the next slot", 70, 0, 0, true, 0, 0, SLOT_ABSENT, 1, SLOT_RUN, 0, 0},
        {"started after hours", 200, 0, 0, true, 0, 0, SLOT_ABSENT, 1, SLOT_RUN, 2, SLOT_NOT_RUNNING},
        {"started after the clock was set back", -130, 0, 0, true, 0, -3, SLOT_DONE, 1, SLOT_EXTRA, 0, 0},
        {"started after years", 60 * 24 * 800, 0, 0, true, 0, 0, SLOT_ABSENT, 1, SLOT_RUN, 24 * 800 - 1, SLOT_NOT_RUNNING},
};

START_TEST(plans) {
        const struct situation *s = &situations[_i];
        const struct slot_grid grid = {HOUR, 0};
        const struct slot_clocks noon = {NOON, 1000 * HOUR, 900 * HOUR};
        const struct slot_clocks now = {.wall_usec = NOON + s->wall * MINUTE,
                                        .boot_usec = noon.boot_usec + (s->awake + s->asleep) * MINUTE,
                                        .monotonic_usec = noon.monotonic_usec + s->awake * MINUTE};
        const struct slot_record record = {.known = s->newest != -99,
                                           .newest_usec = NOON + s->newest * HOUR,
                                           .due = s->due,
                                           .audited_usec = NOON + s->audited * MINUTE};
        struct slot_watch w;
        struct slot_plan p;
        slot_watch_begin(&w, &grid, s->fresh ? &now : &noon);
        if (!s->fresh)
                slot_attended(&w, &(struct slot_plan){.action = SLOT_RUN, .slot_usec = NOON, .now = noon});
        w.held = s->held;
        slot_plan_make(&w, &record, &now, &p);
        ck_assert_msg(p.action == s->action, "%s: action %d, not %d", s->name, (int)p.action, (int)s->action);
        ck_assert_msg(p.n_missed == s->missed, "%s: %u missed, not %u", s->name, (unsigned)p.n_missed, s->missed);
        ck_assert_msg(p.reason == s->reason, "%s: %s", s->name, p.reason ? slot_reason_word(p.reason) : "no reason");
        ck_assert_int_eq(p.first, s->fresh);
        ck_assert_int_eq(p.slot_usec, slot_before(now.wall_usec, &grid));
        if (p.n_missed > 0) {
                ck_assert_int_eq(p.first_usec, record.newest_usec + HOUR);
                ck_assert_int_eq(p.last_usec, p.slot_usec - HOUR);
        }
}
END_TEST

/* The slots of an old schedule are not those of the new one. */
START_TEST(follows_a_new_schedule) {
        static const struct {
                int64_t interval, offset, old_interval, newest, now; /* minutes after noon */
                int64_t first, last;                                 /* missed; 0 = none */
        } cases[] = {
                {60, 0, 60, 0, 200, 60, 120}, {15, 0, 60, 0, 50, 0, 0}, /* one an hour was due until now */
                {15, 0, 60, 0, 100, 60, 75},                            /* ... and the next at 13:00 */
                {60, 0, 15, 45, 130, 60, 60}, {60, 4, 60, 2, 70, 0, 0}, /* another splay: 12:04 was never due, 13:04 is now */
                {60, 4, 60, 2, 130, 64, 64},  {60, 0, 1440, -720, 210, 0, 0}, {1440, 0, 60, 0, 725, 0, 0},
        };
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                const struct slot_grid grid = {(uint64_t)(cases[i].interval * MINUTE), (uint64_t)(cases[i].offset * MINUTE)};
                const struct slot_clocks now = {NOON + cases[i].now * MINUTE, HOUR, HOUR};
                const struct slot_record record = {.known = true,
                                                   .newest_usec = NOON + cases[i].newest * MINUTE,
                                                   .interval_usec = (uint64_t)(cases[i].old_interval * MINUTE)};
                struct slot_watch w;
                struct slot_plan p;
                slot_watch_begin(&w, &grid, &now);
                slot_plan_make(&w, &record, &now, &p);
                ck_assert_msg(p.n_missed == 0 ? cases[i].first == 0 : p.first_usec == NOON + cases[i].first * MINUTE, "case %zu", i);
                ck_assert_msg(p.n_missed == 0 || p.last_usec == NOON + cases[i].last * MINUTE, "case %zu", i);
        }

        /* While a process watches, the new schedule's slots come from then on; the same schedule once more changes nothing. */
        const struct slot_grid hourly = {HOUR, 0}, often = {10 * MINUTE, 0};
        struct slot_clocks now = {NOON, HOUR, HOUR};
        struct slot_record record = {.known = true, .newest_usec = NOON, .interval_usec = HOUR, .due = SLOT_DONE, .audited_usec = NOON};
        struct slot_watch w;
        struct slot_plan p;
        slot_watch_begin(&w, &hourly, &now);
        slot_plan_make(&w, &record, &now, &p);
        slot_attended(&w, &p);
        now.wall_usec += 61 * MINUTE;
        slot_watch_regrid(&w, &hourly, now.wall_usec);
        record.due = SLOT_ABSENT;
        slot_plan_make(&w, &record, &now, &p);
        ck_assert_int_eq(p.action, SLOT_RUN);
        now.wall_usec = NOON + 50 * MINUTE;
        slot_watch_regrid(&w, &often, now.wall_usec);
        slot_plan_make(&w, &record, &now, &p);
        ck_assert_int_eq(p.action, SLOT_WAIT);
        now.wall_usec = NOON + 60 * MINUTE;
        slot_plan_make(&w, &record, &now, &p);
        ck_assert_int_eq(p.action, SLOT_RUN);
        ck_assert_uint_eq(p.n_missed, 0);
}
END_TEST

/* Slots are UTC: a day with 23 or 25 hours has 24 of them, wherever the host is. */
START_TEST(knows_no_summer_time) {
        static const struct {
                const char *zone;
                int64_t day; /* seconds, 00:00Z of the day of the change */
        } changes[] = {{"America/New_York", 1793491200}, {"Australia/Sydney", 1791072000}, {"Europe/Berlin", 1774742400}};
        char text[SLOT_GAP_TEXT_MAX];
        for (size_t i = 0; i < ELEMENTS(changes); i++) {
                ck_assert_int_eq(setenv("TZ", changes[i].zone, 1), 0);
                tzset();
                const struct slot_grid grid = {HOUR, 0};
                int64_t slot = changes[i].day * 1000000;
                for (int k = 0; k < 24; k++)
                        slot = slot_after(slot, &grid);
                ck_assert_int_eq(slot, (changes[i].day + 86400) * 1000000);
        }
        const struct slot_plan p = {
                .reason = SLOT_CLOCK_STEPPED, .since = {NOON, HOUR, HOUR}, .now = {NOON + 3 * HOUR, 2 * HOUR, HOUR + MINUTE}};
        slot_gap_text(text, &p);
        ck_assert_str_eq(text, "from 2026-11-23T12:00:00Z to 2026-11-23T15:00:00Z by the wall clock: awake for 1m, asleep for 59m, "
                               "clock set forward by 2h");
        (void)unsetenv("TZ");
        tzset();
}
END_TEST

/* -- years of it ----------------------------------------------------------------------------------------------------------- */

/* A host whose clocks are ours, a database in memory, and a service as daemon/schedule.c and trunkauditd.c make one of the watch. */
#define ROWS_MAX 20000

struct row {
        int64_t slot_usec; /* NEVER = none */
        enum slot_row state;
};

struct world {
        uint64_t seed;
        int64_t monotonic, slept, step; /* boot = monotonic + slept; wall = NOON + boot + step */
        struct slot_grid grid;
        struct row rows[ROWS_MAX];
        size_t n_rows;
        int64_t audited; /* wall */

        bool up;
        struct slot_watch watch;
        struct slot_clocks began;
        int64_t slot_timer, boot_timer;   /* wall; boot */
        size_t running;                   /* row of the run under way; SIZE_MAX = none */
        int64_t run_end, lock_end, retry; /* monotonic; the lock is another process's */
        int64_t unaudited_since, blocked; /* monotonic: the last audit; how long it could not be since */
        int64_t worst;
        unsigned extras, doubles, missed, runs;
};

static uint64_t draw(struct world *w, uint64_t below) {
        w->seed ^= w->seed << 13;
        w->seed ^= w->seed >> 7;
        w->seed ^= w->seed << 17;
        return w->seed % below;
}

static struct slot_clocks clocks(const struct world *w) {
        int64_t boot = w->monotonic + w->slept;
        return (struct slot_clocks){NOON + boot + w->step, boot, w->monotonic};
}

static struct slot_record record_of(const struct world *w, int64_t due) {
        struct slot_record r = {.newest_usec = NEVER, .interval_usec = w->grid.interval_usec, .audited_usec = w->audited};
        for (size_t i = 0; i < w->n_rows; i++) {
                int64_t slot = w->rows[i].slot_usec;
                if (slot == NEVER || slot > due)
                        continue;
                r.known = true;
                if (slot > r.newest_usec)
                        r.newest_usec = slot;
                if (slot == due && w->rows[i].state > r.due)
                        r.due = w->rows[i].state;
        }
        return r;
}

static size_t add_row(struct world *w, int64_t slot, enum slot_row state) {
        if (w->n_rows >= ROWS_MAX)
                ck_abort_msg("too many rows");
        w->rows[w->n_rows] = (struct row){slot, state};
        return w->n_rows++;
}

static void arm(struct world *w) {
        struct slot_clocks now = clocks(w);
        w->slot_timer = slot_after(now.wall_usec, &w->grid);
        w->boot_timer = slot_latest_boot_usec(&w->watch, now.boot_usec);
}

static void look(struct world *w) {
        struct slot_clocks now = clocks(w);
        struct slot_plan p;
        arm(w);
        if (w->running != SIZE_MAX) {
                w->watch.held = SLOT_OVERRAN;
                return;
        }
        struct slot_record record = record_of(w, slot_before(now.wall_usec, &w->grid));
        slot_plan_make(&w->watch, &record, &now, &p);
        for (uint64_t k = 0; k < p.n_missed; k++) {
                if (p.reason == SLOT_NO_REASON)
                        ck_abort_msg("missed without a reason");
                (void)add_row(w, p.first_usec + (int64_t)(k * w->grid.interval_usec), SLOT_MISSED);
                w->missed++;
        }
        if (p.n_missed > 0)
                slot_accounted(&w->watch, &p);
        if (p.action == SLOT_WAIT) {
                w->retry = 0;
                slot_attended(&w->watch, &p);
                return;
        }
        if (w->monotonic < w->lock_end) {
                w->watch.held = SLOT_BUSY;
                w->retry = w->monotonic + 10 * 1000000;
                return;
        }
        w->retry = 0;
        slot_attended(&w->watch, &p);
        arm(w);
        if (w->monotonic - w->unaudited_since - w->blocked > w->worst)
                w->worst = w->monotonic - w->unaudited_since - w->blocked;
        w->unaudited_since = w->monotonic;
        w->blocked = 0;
        w->audited = now.wall_usec;
        w->runs++;
        w->extras += p.action == SLOT_EXTRA;
        w->running = add_row(w, p.action == SLOT_RUN ? p.slot_usec : NEVER, SLOT_BEGUN);
        /* One run in thirty overruns, up to three intervals. */
        int64_t lasts = draw(w, 30) == 0 ? (int64_t)draw(w, 3 * w->grid.interval_usec) : (int64_t)draw(w, w->grid.interval_usec / 10);
        w->run_end = w->monotonic + lasts;
        if (lasts > (int64_t)w->grid.interval_usec / 10)
                w->blocked += lasts;
}

/* What ought to hold whenever nothing is under way: every slot from that of the first row on has one, and none is completed twice. */
static void check_slots(struct world *w) {
        int64_t first = w->rows[0].slot_usec, due = slot_before(clocks(w).wall_usec, &w->grid);
        if (first > due)
                return;
        size_t n = (size_t)((due - first) / (int64_t)w->grid.interval_usec) + 1;
        unsigned char *have = calloc(n, 1), *done = calloc(n, 1);
        ck_assert(have && done);
        for (size_t i = 0; i < w->n_rows; i++) {
                int64_t slot = w->rows[i].slot_usec;
                if (slot == NEVER || slot < first || slot > due)
                        continue;
                size_t k = (size_t)((slot - first) / (int64_t)w->grid.interval_usec);
                have[k] = 1;
                w->doubles += w->rows[i].state == SLOT_DONE && done[k]++;
        }
        size_t lost = 0; /* each assertion is a write to a file: one for all */
        for (size_t k = 0; k < n; k++)
                lost += !have[k];
        ck_assert_uint_eq(lost, 0);
        ck_assert_uint_eq(w->doubles, 0);
        free(have);
        free(done);
}

static void boot_process(struct world *w) {
        struct slot_clocks now = clocks(w);
        if (w->running != SIZE_MAX && draw(w, 2) == 0)
                w->rows[w->running].state = SLOT_BEGUN; /* it stays broken */
        w->running = SIZE_MAX;
        w->retry = w->lock_end = 0;
        w->unaudited_since = w->monotonic;
        w->blocked = 0;
        slot_watch_begin(&w->watch, &w->grid, &now);
        look(w);
}

/* Lives until then. */
static void live(struct world *w, int64_t until) {
        while (w->monotonic < until) {
                struct slot_clocks now = clocks(w);
                int64_t next = until;
                const int64_t ends[] = {w->monotonic + (w->slot_timer - now.wall_usec), w->monotonic + (w->boot_timer - now.boot_usec),
                                        w->running != SIZE_MAX ? w->run_end : INT64_MAX,
                                        w->retry && w->running == SIZE_MAX ? w->retry : INT64_MAX};
                for (size_t i = 0; i < ELEMENTS(ends); i++)
                        if (ends[i] < next)
                                next = ends[i];
                w->monotonic = next > w->monotonic ? next : w->monotonic;
                now = clocks(w);
                bool due = now.wall_usec >= w->slot_timer || now.boot_usec >= w->boot_timer || (w->retry && w->monotonic >= w->retry);
                if (w->running != SIZE_MAX && w->monotonic >= w->run_end) {
                        bool aborted = draw(w, 40) == 0;
                        w->rows[w->running].state = aborted ? SLOT_BEGUN : SLOT_DONE;
                        w->running = SIZE_MAX;
                        w->audited = now.wall_usec;
                        due |= w->watch.held != SLOT_NO_REASON;
                }
                if (due)
                        look(w);
                if (next == until)
                        break;
        }
        if (w->running == SIZE_MAX && !w->retry)
                check_slots(w);
}

static int64_t signed_draw(struct world *w, int64_t most) {
        return (int64_t)draw(w, (uint64_t)(2 * most)) - most;
}

static void disturb(struct world *w) {
        int64_t interval = (int64_t)w->grid.interval_usec;
        switch (draw(w, 9)) {
        case 0: /* set by hours, or by a little */
                w->step += signed_draw(w, 6 * interval);
                break;
        case 1:
        case 2:
                w->step += signed_draw(w, 2 * 1000000);
                break;
        case 3: /* to the very edge of a slot */
                w->step += slot_after(clocks(w).wall_usec, &w->grid) - clocks(w).wall_usec + signed_draw(w, 3) -
                           2 * (int64_t)draw(w, 2) * interval;
                break;
        case 4:
                w->slept += (int64_t)draw(w, (uint64_t)(5 * interval));
                break;
        case 5: /* down; the clock may be set meanwhile */
                w->monotonic += (int64_t)draw(w, (uint64_t)(5 * interval));
                if (draw(w, 3) == 0)
                        w->step += signed_draw(w, 4 * interval);
                boot_process(w);
                return;
        case 6: { /* stopped */
                int64_t d = (int64_t)draw(w, (uint64_t)(3 * interval));
                w->monotonic += d;
                w->blocked += d;
                break;
        }
        case 7: { /* another process audits */
                int64_t d = (int64_t)draw(w, (uint64_t)(3 * interval));
                w->lock_end = w->monotonic + d;
                w->blocked += d + 10 * 1000000;
                break;
        }
        default: /* a leap second, wherever */
                w->step -= 1000000;
                break;
        }
        /* A step is told at once, and after a sleep timers are due at once. One in three is not told: then CLOCK_BOOTTIME has to do. */
        if (draw(w, 3) != 0 && (w->watch.held == SLOT_NO_REASON || w->running != SIZE_MAX))
                look(w);
}

/* Thousands of disturbances; the seed is the case's number. */
START_TEST(no_slot_is_lost_or_doubled) {
        struct world *w = calloc(1, sizeof *w);
        ck_assert_ptr_nonnull(w);
        w->seed = (uint64_t)_i * UINT64_C(0x9e3779b97f4a7c15) + 1;
        w->grid = (struct slot_grid){_i % 3 == 0 ? (uint64_t)(10 * MINUTE) : (uint64_t)HOUR, (uint64_t)(_i % 5) * MINUTE};
        w->running = SIZE_MAX;
        w->monotonic = HOUR;
        boot_process(w);
        for (int k = 0; k < 400; k++) {
                live(w, w->monotonic + (int64_t)draw(w, 3 * w->grid.interval_usec));
                disturb(w);
        }
        live(w, w->monotonic + 10 * (int64_t)w->grid.interval_usec);
        ck_assert_msg(w->worst <= 2 * (int64_t)w->grid.interval_usec, "%lld s without an audit", (long long)(w->worst / 1000000));
        ck_assert_uint_gt(w->runs, 200);
        ck_assert_uint_gt(w->extras, 5);
        ck_assert_uint_gt(w->missed, 20);
        free(w);
}
END_TEST

int main(void) {
        Suite *suite = suite_create("slot");
        TCase *tc = tcase_create("slot");
        tcase_add_loop_test(tc, finds_slots, 0, (int)ELEMENTS(slots));
        tcase_add_loop_test(tc, slots_follow_each_other, 0, 6);
        tcase_add_test(tc, offsets_are_stable);
        tcase_add_test(tc, offsets_are_spread);
        tcase_add_loop_test(tc, plans, 0, (int)ELEMENTS(situations));
        tcase_add_test(tc, follows_a_new_schedule);
        tcase_add_test(tc, knows_no_summer_time);
        tcase_add_loop_test(tc, no_slot_is_lost_or_doubled, 0, share_of(300));
        suite_add_tcase(suite, tc);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed != 0;
}
