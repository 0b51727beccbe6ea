/* slot.h: the scheduled instants, and what to do when one has come. Slots are an interval apart, counted from 1970 UTC, and moved by a
 * host's own offset, so that a fleet does not ask the platform at the same second. Wall-clock microseconds; UTC knows no summer time.
 *
 * The promise: every slot from the one of the first run on gets a row, one that was completed or one that says why not; none is completed
 * twice; and while the host is awake, no two audits begin more than two intervals apart, whatever is done to its clock. */
#pragma once

#include "base.h"

#define SLOT_MISSED_MAX 8784 /* rows for one gap, the newest slots of it: a year of hourly ones */
#define SLOT_GAP_TEXT_MAX 320

struct slot_grid {
        uint64_t interval_usec; /* > 0 */
        uint64_t offset_usec;   /* < interval_usec */
};

/* The first slot after now. */
int64_t slot_after(int64_t now_usec, const struct slot_grid *grid);

/* The last slot at or before now. */
int64_t slot_before(int64_t now_usec, const struct slot_grid *grid);

/* A host's offset: stable, spread over [0, splay_usec). seed: bytes that belong to this host alone. */
uint64_t slot_offset(const void *seed, size_t n, uint64_t splay_usec);

/* -- why a slot was missed ------------------------------------------------------------------------------------------------- */

enum slot_reason {
        SLOT_NO_REASON,
        SLOT_NOT_RUNNING,   /* no process was there */
        SLOT_SUSPENDED,     /* the host slept */
        SLOT_CLOCK_STEPPED, /* the wall clock was set forward over it */
        SLOT_OVERRAN,       /* the run before it was still under way when the next slot came */
        SLOT_BUSY,          /* another process audited all the time */
        SLOT_STORE_FAILED,  /* no run could be begun in the database */
        SLOT_STALLED,       /* the process was there, but stopped or without a processor */
        SLOT_REASON_COUNT,
};
const char *slot_reason_word(enum slot_reason r); /* NULL for SLOT_NO_REASON */

/* -- the watch -------------------------------------------------------------------------------------------------------------- */

/* Three clocks at one instant. Since boot both others run alike, but monotonic stands still while the host sleeps; wall is what slots are
 * told by, and may be set. */
struct slot_clocks {
        int64_t wall_usec, boot_usec, monotonic_usec;
};

/* What the database knows, when a slot is due (slot_before() of now). */
enum slot_row { SLOT_ABSENT, SLOT_MISSED, SLOT_BEGUN, SLOT_DONE }; /* the best of its rows; BEGUN: under way, aborted or broken */

struct slot_record {
        bool known;             /* a slot at or before the one that is due has a row */
        int64_t newest_usec;    /* the newest of these */
        uint64_t interval_usec; /* of the schedule that it belonged to; 0 = unknown */
        enum slot_row due;
        int64_t audited_usec; /* when the newest run of all trunks ended, or began; 0 = never */
};

/* What one process knows of its slots; plain data. */
struct slot_watch {
        struct slot_grid grid;
        bool fresh;                /* the slots before this process are not accounted for yet */
        struct slot_clocks since;  /* up to then all slots are accounted for; of a fresh watch its beginning */
        int64_t attended_usec;     /* the slot that was attended to last; INT64_MIN = none yet */
        int64_t audited_boot_usec; /* when the last audit began; INT64_MIN = not known */
        enum slot_reason held;     /* what keeps this process from attending to a slot that is due */
};

enum slot_action {
        SLOT_WAIT,  /* nothing to do before the next slot */
        SLOT_RUN,   /* the run of slot_usec */
        SLOT_EXTRA, /* a run that belongs to no slot: the clock was set back, and this slot has been completed before */
};

struct slot_plan {
        enum slot_action action;
        bool first; /* of this process */
        int64_t slot_usec;

        uint64_t n_missed; /* slots from first_usec to last_usec, which need rows */
        int64_t first_usec, last_usec;
        enum slot_reason reason;
        struct slot_clocks since, now; /* what is known of the gap; since.wall_usec = the last audit before it for SLOT_NOT_RUNNING */

        int64_t audited_boot_usec; /* for slot_attended() */
};

void slot_watch_begin(struct slot_watch *w, const struct slot_grid *grid, const struct slot_clocks *now);

/* Another schedule is in force from now on; of its slots only later ones come. */
void slot_watch_regrid(struct slot_watch *w, const struct slot_grid *grid, int64_t now_wall_usec);

/* What to do now. Changes nothing. */
void slot_plan_make(const struct slot_watch *w, const struct slot_record *record, const struct slot_clocks *now, struct slot_plan *ret);

/* The plan's missed slots have their rows. */
void slot_accounted(struct slot_watch *w, const struct slot_plan *p);

/* The plan was carried out: its run has begun, or there was none. */
void slot_attended(struct slot_watch *w, const struct slot_plan *p);

/* A run of all trunks has begun for another reason. */
void slot_audited(struct slot_watch *w, int64_t now_boot_usec);

/* When to look again, by CLOCK_BOOTTIME, should no slot have come by the wall clock until then. */
int64_t slot_latest_boot_usec(const struct slot_watch *w, int64_t now_boot_usec);

/* What is known of a gap, in words: since when, until when, and where the time went. */
void slot_gap_text(char ret[static SLOT_GAP_TEXT_MAX], const struct slot_plan *p);
