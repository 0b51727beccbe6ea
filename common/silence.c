/* silence.c: times and weekly windows from text, and which of the configuration's silences are in force. */
#include "silence.h"

#include <stdio.h>
#include <time.h>

#include "config.h"
#include "trunk.h"
#include "utc_time.h"

#define MINUTE_USEC (60 * (int64_t)USEC_PER_SEC)
#define DAY_MIN 1440
#define THURSDAY 3 /* 1970-01-01, from Monday */

/* -- from text ------------------------------------------------------------------------------------------------------------ */

struct cursor {
        const char *p, *end;
};

static bool take(struct cursor *c, const char *characters) {
        bool there = c->p < c->end && *c->p && strchr(characters, *c->p);
        c->p += there;
        return there;
}

static bool take_digits(struct cursor *c, size_t n, int max, int *ret) {
        int value = 0;
        for (size_t i = 0; i < n; i++, c->p++) {
                if (c->p >= c->end || *c->p < '0' || *c->p > '9')
                        return false;
                value = value * 10 + (*c->p - '0');
        }
        *ret = value;
        return value <= max;
}

/* Seconds east of UTC. */
static bool take_zone(struct cursor *c, int *ret_sec) {
        int hours = 0, minutes = 0;
        *ret_sec = 0;
        if (take(c, "Zz"))
                return true;
        int sign = c->p < c->end && *c->p == '-' ? -1 : 1;
        if (!take(c, "+-") || !take_digits(c, 2, 23, &hours) || !take(c, ":") || !take_digits(c, 2, 59, &minutes))
                return false;
        *ret_sec = sign * (hours * 3600 + minutes * 60);
        return true;
}

const char *silence_read_time(int64_t *ret_usec, struct span text) {
        static const char wrong[] = "is not a time (write for example 2026-12-24T18:00:00Z)";
        struct cursor c = {text.p, text.p + text.n};
        struct tm tm = {0};
        int year, month, zone_sec;
        if (!take_digits(&c, 4, 9999, &year) || !take(&c, "-") || !take_digits(&c, 2, 12, &month) || !take(&c, "-") ||
            !take_digits(&c, 2, 31, &tm.tm_mday) || !take(&c, "Tt ") || !take_digits(&c, 2, 23, &tm.tm_hour) || !take(&c, ":") ||
            !take_digits(&c, 2, 59, &tm.tm_min) || (take(&c, ":") && !take_digits(&c, 2, 59, &tm.tm_sec)))
                return wrong;
        if (c.p == c.end)
                return "has no time zone (write Z behind it for UTC, or an offset such as +11:00)";
        if (!take_zone(&c, &zone_sec) || c.p != c.end || year < 1970)
                return wrong;
        tm.tm_year = year - 1900;
        tm.tm_mon = month - 1;
        int day = tm.tm_mday;
        time_t sec = timegm(&tm); /* turns the 31st of June into the 1st of July */
        if (tm.tm_mon != month - 1 || tm.tm_mday != day)
                return "is a day that the calendar does not have (look at month and day)";
        *ret_usec = ((int64_t)sec - zone_sec) * (int64_t)USEC_PER_SEC;
        return NULL;
}

static bool take_day(struct cursor *c, unsigned *ret) {
        static const char days[7][4] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
        for (unsigned i = 0; i < 7; i++)
                if (c->end - c->p >= 3 && span_ieq((struct span){c->p, 3}, span_of(days[i]))) {
                        c->p += 3;
                        *ret = i;
                        return true;
                }
        return false;
}

static bool take_days(struct cursor *c, unsigned *ret) {
        *ret = 0;
        if (c->end - c->p >= 5 && span_ieq((struct span){c->p, 5}, SPAN("daily"))) {
                c->p += 5;
                *ret = 0x7f;
                return true;
        }
        do {
                unsigned first, last;
                if (!take_day(c, &first))
                        return false;
                last = first;
                if (take(c, ".") && (!take(c, ".") || !take_day(c, &last)))
                        return false;
                for (unsigned day = first;; day = (day + 1) % 7) {
                        *ret |= 1u << day;
                        if (day == last)
                                break;
                }
        } while (take(c, ","));
        return true;
}

static bool take_clock(struct cursor *c, int *ret_min) {
        int hours, minutes;
        if (!take_digits(c, 2, 24, &hours) || !take(c, ":") || !take_digits(c, 2, 59, &minutes))
                return false;
        *ret_min = hours * 60 + minutes;
        return *ret_min <= DAY_MIN;
}

const char *silence_read_week(struct silence_week *ret, struct span text) {
        static const char wrong[] = "is not a weekly window (write for example Sun 02:00-04:00, Mon..Fri 22:00-23:30 or daily 01:00-01:30)";
        struct cursor c = {text.p, text.p + text.n};
        struct silence_week w;
        int begin, end;
        if (!take_days(&c, &w.days) || !take(&c, " ") || !take_clock(&c, &begin) || !take(&c, "-") || !take_clock(&c, &end) ||
            c.p != c.end || begin == DAY_MIN)
                return wrong;
        if (begin == end)
                return "is a window without length (write 00:00-24:00 for the whole day)";
        w.begin_min = (unsigned)begin;
        w.span_min = (unsigned)(end > begin ? end - begin : end + DAY_MIN - begin); /* over midnight */
        *ret = w;
        return NULL;
}

/* -- in force ------------------------------------------------------------------------------------------------------------- */

static bool in_week(const struct silence_week *w, int64_t now_usec, int64_t *ret_until_usec) {
        int64_t minute = now_usec / MINUTE_USEC, today = minute / DAY_MIN;
        for (int64_t day = today - 1; day <= today; day++) {
                int64_t begin = day * DAY_MIN + w->begin_min;
                if (!(w->days >> (day + THURSDAY) % 7 & 1) || minute < begin || minute >= begin + w->span_min)
                        continue;
                *ret_until_usec = (begin + w->span_min) * MINUTE_USEC;
                return true;
        }
        return false;
}

bool silence_active(const struct config_silence *s, int64_t now_usec, int64_t *ret_until_usec) {
        int64_t until_usec = s->until_usec;
        if (now_usec < s->from_usec || (s->until && now_usec >= s->until_usec))
                return false;
        if (s->weekly) {
                if (!in_week(&s->week, now_usec, &until_usec))
                        return false;
                if (s->until && s->until_usec < until_usec)
                        until_usec = s->until_usec;
        }
        *ret_until_usec = until_usec;
        return true;
}

static bool names(const struct config_silence *s, const char *id, const char *name) {
        bool named = s->trunks.n == 0;
        for (size_t i = 0; !named && i < s->trunks.n; i++)
                named = text_eq(s->trunks.items[i], id) || text_eq(s->trunks.items[i], name);
        return named;
}

bool silence_find(const struct config *config, const char *id, const char *name, int64_t now_usec, struct silence *ret) {
        bool found = false;
        for (size_t i = 0; i < config->n_silences; i++) {
                const struct config_silence *s = &config->silences[i];
                int64_t until_usec;
                if (!silence_active(s, now_usec, &until_usec) || !names(s, id, name))
                        continue;
                bool unprobed = text_eq(s->mode, "probe");
                if (found && (unprobed != ret->unprobed ? !unprobed : until_usec <= ret->until_usec))
                        continue;
                *ret = (struct silence){.unprobed = unprobed, .until_usec = until_usec, .reason = s->reason};
                found = true;
        }
        return found;
}

int silence_apply(struct trunk_list *trunks, const struct config *config, int64_t now_usec) {
        for (size_t i = 0; config->n_silences > 0 && i < trunks->n; i++) {
                struct trunk *t = &trunks->items[i];
                struct silence s;
                char until[UTC_TIME_MAX];
                if (!silence_find(config, t->id, t->name, now_usec, &s) || !s.unprobed)
                        continue;
                (void)utc_time_format(until, s.until_usec);
                free(t->maintenance);
                if (asprintf(&t->maintenance, "until %s%s%s", until, s.reason ? ": " : "", s.reason ? s.reason : "") < 0) {
                        t->maintenance = NULL;
                        return -ENOMEM;
                }
        }
        return 0;
}
