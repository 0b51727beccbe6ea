/* schedule.c: one wall-clock timer for the next slot. */
#include "schedule.h"

#include <systemd/sd-id128.h>
#include <time.h>
#include <unistd.h>

#include "../common/slot.h"
#include "now.h"

#define ACCURACY_USEC USEC_PER_SEC

/* Makes the splay this program's own, without telling the machine id (machine-id(5)). */
static const sd_id128_t application = SD_ID128_MAKE(6d, 0b, 5c, 7e, 91, 3f, 4b, 44, a2, 58, 0c, d4, 4f, 7a, 1e, 93);

struct schedule {
        uint64_t interval_usec, offset_usec;
        int64_t next_usec;
        sd_event_source *timer;
        schedule_slot_fn *on_slot;
        void *user;
};

static int on_timer(sd_event_source *source, uint64_t usec, void *user) {
        struct schedule *s = user;
        int64_t slot = s->next_usec, now = now_realtime();
        (void)usec;
        s->next_usec = slot_after(now, s->interval_usec, s->offset_usec);
        int r = sd_event_source_set_time(source, (uint64_t)s->next_usec);
        if (r >= 0)
                r = sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
        if (r < 0)
                return r; /* ends the loop: a daemon without its timer must not seem alive */
        if (now >= slot)
                s->on_slot(s, slot, s->user);
        return 0;
}

static uint64_t host_offset(uint64_t splay_usec) {
        sd_id128_t id;
        char name[256] = "";
        if (sd_id128_get_machine_app_specific(application, &id) >= 0)
                return slot_offset(&id, sizeof id, splay_usec);
        (void)gethostname(name, sizeof name - 1);
        return slot_offset(name, strlen(name), splay_usec);
}

int schedule_new(struct schedule **ret, sd_event *event, uint64_t interval_usec, uint64_t splay_usec, schedule_slot_fn *on_slot,
                 void *user) {
        struct schedule *s = calloc(1, sizeof *s);
        if (!s)
                return -ENOMEM;
        s->interval_usec = interval_usec;
        s->offset_usec = host_offset(splay_usec);
        s->on_slot = on_slot;
        s->user = user;
        s->next_usec = slot_after(now_realtime(), s->interval_usec, s->offset_usec);
        int r = sd_event_add_time(event, &s->timer, CLOCK_REALTIME, (uint64_t)s->next_usec, ACCURACY_USEC, on_timer, s);
        if (r < 0) {
                free(s);
                return r;
        }
        (void)sd_event_source_set_description(s->timer, "schedule");
        *ret = s;
        return 0;
}

struct schedule *schedule_free(struct schedule *s) {
        if (s) {
                (void)sd_event_source_disable_unref(s->timer);
                free(s);
        }
        return NULL;
}

int64_t schedule_next_usec(const struct schedule *s) {
        return s->next_usec;
}

int64_t schedule_slot_usec(const struct schedule *s) {
        return slot_before(now_realtime(), s->interval_usec, s->offset_usec);
}
