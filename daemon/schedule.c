/* schedule.c: the clocks, a timer on the wall clock for the next slot, and one that is told when that clock is set.
 *
 * A timer on the wall clock follows the clock: set back by hours, it would sleep for hours more. So whoever sets the clock wakes us, and
 * should that fail, a timer on CLOCK_BOOTTIME does, half an interval after the slot should have come. */
#include "schedule.h"

#include <stdio.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <systemd/sd-id128.h>
#include <time.h>
#include <unistd.h>

#include "../common/utc_time.h"
#include "now.h"

#define ACCURACY_USEC USEC_PER_SEC
#define STEP_TOLD_USEC USEC_PER_SEC        /* a smaller one is no news */
#define STEP_RACE_USEC (10 * USEC_PER_SEC) /* of the timer on the wall clock, which a step makes due, and the news of that step */
#define GAPS_MAX 64                        /* that wait for a database which cannot be written */

/* Makes the splay this program's own, without telling the machine id (machine-id(5)). */
static const sd_id128_t application = SD_ID128_MAKE(6d, 0b, 5c, 7e, 91, 3f, 4b, 44, a2, 58, 0c, d4, 4f, 7a, 1e, 93);

struct schedule {
        struct store *store;
        struct backlog *backlog;
        struct journal *journal;
        struct slot_watch watch;
        struct slot_clocks woken, before; /* the last time, and the one before */
        int64_t next_usec;
        int64_t begun_usec;              /* the newest slot whose run has begun here; INT64_MIN = none */
        struct slot_plan gaps[GAPS_MAX]; /* missed slots that have no rows yet */
        size_t n_gaps;
        sd_event_source *slot, *latest, *step;
        int step_fd;
        schedule_wake_fn *on_wake;
        void *user;
};

static struct slot_clocks clocks(void) {
        return (struct slot_clocks){
                .wall_usec = now_realtime(),
                .boot_usec = (int64_t)now_usec_of(CLOCK_BOOTTIME),
                .monotonic_usec = (int64_t)now_usec_of(CLOCK_MONOTONIC),
        };
}

static uint64_t host_offset(uint64_t splay_usec) {
        sd_id128_t id;
        char name[256] = "";
        if (sd_id128_get_machine_app_specific(application, &id) >= 0)
                return slot_offset(&id, sizeof id, splay_usec);
        (void)gethostname(name, sizeof name - 1);
        return slot_offset(name, strlen(name), splay_usec);
}

static struct slot_grid grid_of(uint64_t interval_usec, uint64_t splay_usec) {
        return (struct slot_grid){interval_usec, host_offset(splay_usec)};
}

/* -- waking ------------------------------------------------------------------------------------------------------------------ */

static int set_timer(sd_event_source *source, int64_t usec) {
        int r = sd_event_source_set_time(source, (uint64_t)usec);
        return r < 0 ? r : sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int arm(struct schedule *s) {
        struct slot_clocks now = clocks();
        s->next_usec = slot_after(now.wall_usec, &s->watch.grid);
        int r = set_timer(s->slot, s->next_usec);
        return r < 0 ? r : set_timer(s->latest, slot_latest_boot_usec(&s->watch, now.boot_usec));
}

/* An error ends the loop: a daemon without its timer must not seem alive. */
static int wake(struct schedule *s) {
        s->before = s->woken;
        s->woken = clocks();
        int r = arm(s);
        if (r >= 0)
                s->on_wake(s->user);
        return r;
}

static int on_time(sd_event_source *source, uint64_t usec, void *user) {
        (void)source;
        (void)usec;
        return wake(user);
}

/* A timer that never ends, except when the clock is set: timerfd_create(2), ECANCELED. */
static int watch_steps(const struct schedule *s) {
        const struct itimerspec never = {.it_value.tv_sec = INT64_MAX / (int64_t)USEC_PER_SEC};
        return timerfd_settime(s->step_fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL) < 0 ? -errno : 0;
}

static int on_step(sd_event_source *source, int fd, uint32_t events, void *user) {
        struct schedule *s = user;
        uint64_t expirations;
        (void)source;
        (void)events;
        if (read(fd, &expirations, sizeof expirations) < 0 && errno != ECANCELED)
                return errno == EAGAIN ? 0 : -errno;
        int r = watch_steps(s);
        if (r < 0)
                return r;
        struct slot_clocks now = clocks();
        bool raced = now.monotonic_usec - s->woken.monotonic_usec < (int64_t)STEP_RACE_USEC;
        const struct slot_clocks *unset = raced ? &s->before : &s->woken;
        int64_t step = now.wall_usec - unset->wall_usec - (now.boot_usec - unset->boot_usec);
        if (step >= (int64_t)STEP_TOLD_USEC || step <= -(int64_t)STEP_TOLD_USEC)
                journal_log(s->journal, LOG_NOTICE, "The wall clock was set %s by %.1f s", step < 0 ? "back" : "forward",
                            (double)(step < 0 ? -step : step) / (double)USEC_PER_SEC);
        s->woken = now; /* this step is told */
        return wake(s);
}

/* -- looking ----------------------------------------------------------------------------------------------------------------- */

static void tell_missed(const struct schedule *s, const struct slot_plan *p, uint64_t rows) {
        char first[UTC_TIME_MAX], last[UTC_TIME_MAX], detail[SLOT_GAP_TEXT_MAX], limit[80] = "";
        const struct journal_gap gap = {p->n_missed, first, last, slot_reason_word(p->reason)};
        (void)utc_time_format(first, p->first_usec);
        (void)utc_time_format(last, p->last_usec);
        slot_gap_text(detail, p);
        if (p->n_missed > SLOT_MISSED_MAX)
                (void)snprintf(limit, sizeof limit, "; only the newest %d of them get a row", SLOT_MISSED_MAX);
        if (rows > 0)
                journal_event(s->journal, EVENT_SLOTS_MISSED, LOG_WARNING, &(struct journal_fields){.gap = &gap},
                              "%" PRIu64 " slot(s) missed, %s to %s: %s (%s)%s", p->n_missed, first, last, gap.reason, detail, limit);
}

/* A run that waits in memory for the database has no row there yet, and its slot was not missed. */
static void know_begun(const struct schedule *s, int64_t due_usec, struct slot_record *record) {
        if (s->begun_usec == INT64_MIN || s->begun_usec > due_usec || (record->known && record->newest_usec >= s->begun_usec))
                return;
        record->known = true;
        record->newest_usec = s->begun_usec;
        record->interval_usec = s->watch.grid.interval_usec;
        if (s->begun_usec == due_usec)
                record->due = SLOT_DONE;
}

static void keep_gap(struct schedule *s, const struct slot_plan *p) {
        if (s->n_gaps < GAPS_MAX)
                s->gaps[s->n_gaps++] = *p;
        else
                journal_log(s->journal, LOG_ERR,
                            "%d gaps of missed slots wait for the database; the newest of %" PRIu64 " slots gets no rows", GAPS_MAX,
                            p->n_missed);
}

/* Returns 0, or -errno: the rest is stored later. */
static int put_gaps(struct schedule *s, int64_t config) {
        while (s->n_gaps > 0) {
                const struct slot_plan *p = &s->gaps[0];
                /* The interval may have become another one since. */
                uint64_t rows = 0, steps = p->n_missed - 1;
                uint64_t interval_usec = steps > 0 ? (uint64_t)(p->last_usec - p->first_usec) / steps : s->watch.grid.interval_usec;
                int r = store_put_missed(s->store, p, interval_usec, config, &rows);
                if (r < 0)
                        return r;
                tell_missed(s, p, rows);
                memmove(s->gaps, s->gaps + 1, --s->n_gaps * sizeof *s->gaps);
        }
        return 0;
}

void schedule_look(struct schedule *s, int64_t config, struct slot_plan *ret) {
        struct slot_clocks now = clocks();
        struct slot_record record = {0}; /* unknown: the slot that is due gets its run */
        int64_t due_usec = slot_before(now.wall_usec, &s->watch.grid);
        struct slot_plan p;
        int r = store_slot_record(s->store, due_usec, &record);
        know_begun(s, due_usec, &record);
        slot_plan_make(&s->watch, &record, &now, &p);
        if (p.n_missed > 0) {
                keep_gap(s, &p);
                slot_accounted(&s->watch, &p);
        }
        if (r == 0)
                r = put_gaps(s, config);
        if (r < 0)
                backlog_trouble(s->backlog, "account for the slots", NULL);
        if (p.action == SLOT_WAIT)
                slot_attended(&s->watch, &p);
        *ret = p;
}

void schedule_hold(struct schedule *s, enum slot_reason reason) {
        s->watch.held = reason;
}

/* Timers that cannot be set are set again with the next slot. */
void schedule_begun(struct schedule *s, const struct slot_plan *plan, bool begun) {
        struct slot_plan p = *plan;
        if (!begun)
                p.action = SLOT_WAIT;
        else if (p.action == SLOT_RUN)
                s->begun_usec = p.slot_usec;
        slot_attended(&s->watch, &p);
        (void)arm(s);
}

void schedule_audited(struct schedule *s) {
        slot_audited(&s->watch, clocks().boot_usec);
        (void)arm(s);
}

void schedule_change(struct schedule *s, uint64_t interval_usec, uint64_t splay_usec) {
        const struct slot_grid grid = grid_of(interval_usec, splay_usec);
        slot_watch_regrid(&s->watch, &grid, now_realtime());
        (void)arm(s);
}

bool schedule_is_due(const struct schedule *s) {
        return slot_before(now_realtime(), &s->watch.grid) != s->watch.attended_usec;
}

int64_t schedule_next_usec(const struct schedule *s) {
        return s->next_usec;
}

/* -- life -------------------------------------------------------------------------------------------------------------------- */

static int make_sources(struct schedule *s, sd_event *event) {
        int r = sd_event_add_time(event, &s->slot, CLOCK_REALTIME, 0, ACCURACY_USEC, on_time, s);
        if (r >= 0)
                r = sd_event_add_time(event, &s->latest, CLOCK_BOOTTIME, 0, ACCURACY_USEC, on_time, s);
        if (r < 0)
                return r;
        s->step_fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
        if (s->step_fd < 0)
                return -errno;
        r = watch_steps(s);
        if (r >= 0)
                r = sd_event_add_io(event, &s->step, s->step_fd, EPOLLIN, on_step, s);
        if (r < 0)
                return r;
        (void)sd_event_source_set_description(s->slot, "slot");
        (void)sd_event_source_set_description(s->latest, "latest");
        (void)sd_event_source_set_description(s->step, "clock-set");
        return arm(s);
}

int schedule_new(struct schedule **ret, sd_event *event, struct store *store, struct backlog *backlog, struct journal *journal,
                 uint64_t interval_usec, uint64_t splay_usec, schedule_wake_fn *on_wake, void *user) {
        _cleanup_(schedule_freep) struct schedule *s = calloc(1, sizeof *s);
        if (!s)
                return -ENOMEM;
        s->step_fd = -1;
        s->begun_usec = INT64_MIN;
        s->store = store;
        s->backlog = backlog;
        s->journal = journal;
        s->on_wake = on_wake;
        s->user = user;
        s->woken = s->before = clocks();
        const struct slot_grid grid = grid_of(interval_usec, splay_usec);
        slot_watch_begin(&s->watch, &grid, &s->woken);
        int r = make_sources(s, event);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(s);
        return 0;
}

struct schedule *schedule_free(struct schedule *s) {
        if (s) {
                (void)sd_event_source_disable_unref(s->slot);
                (void)sd_event_source_disable_unref(s->latest);
                (void)sd_event_source_disable_unref(s->step);
                if (s->step_fd >= 0)
                        (void)close(s->step_fd);
                free(s);
        }
        return NULL;
}
