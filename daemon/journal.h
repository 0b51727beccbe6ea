/* journal.h: the one voice. Events go to journald with MESSAGE_ID and fields when the service runs under it, else as plain lines to
 * stderr. Nothing else in the program logs. */
#pragma once

#include <syslog.h>

#include "../common/base.h"
#include "../common/verdict.h"
#include "event_ids.h"

enum event {
#define EVENT(name, id) EVENT_##name,
        EVENTS(EVENT)
#undef EVENT
                EVENT_COUNT
};

enum journal_sink {
        JOURNAL_AUTO, /* journald when stderr is its stream ($JOURNAL_STREAM), else stderr */
        JOURNAL_STDERR,
        JOURNAL_SILENT,
        JOURNAL_NATIVE, /* journald, whatever stderr is */
};

struct journal;

/* Slots that were missed. */
struct journal_gap {
        uint64_t slots;
        const char *first, *last, *reason;
};

/* Fields of an event: TRUNKAUDIT_RUN, _TRUNK, _TRUNK_ID, _CARRIER, _OUTCOME, _CAUSE, _CONFIDENCE, _SENTENCE, _DETAIL, _REMEDY,
 * _CORRELATION_ID, _CONTEXT_ID, _CF_ID; of an alert _INCIDENT, _CHANGE, _SUBJECT; of a difference _FIELD, _PLATFORM_VALUE, _CONFIG_VALUE,
 * _CARRIER_VALUE; of missed slots _SLOTS, _FIRST_SLOT, _LAST_SLOT, _REASON. */
struct journal_fields {
        int64_t run;         /* 0 = none */
        int64_t incident;    /* of an alert; 0 = none, or many */
        const char *change;  /* began, changed, ...; NULL = no alert */
        const char *subject; /* of an alert, in words: the trunk's name, "the platform", ... */
        const char *trunk, *trunk_id, *carrier;
        const struct verdict *verdict;                   /* outcome, cause, detail, remedy */
        const char *correlation_id, *context_id, *cf_id; /* of the platform's reply */
        const char *field; /* NULL = no difference; the next three are its values, NULL or "" = nothing is said */
        const char *platform_value, *config_value, *carrier_value;
        const struct journal_gap *gap; /* NULL = none */
};

int journal_new(struct journal **ret, enum journal_sink sink);
struct journal *journal_free(struct journal *j);
DEFINE_CLEANUP(struct journal *, journal_free)

/* priority: syslog level, or -1 = that of the verdict's cause (LOG_INFO without one). Control characters in texts become spaces. */
void journal_event(struct journal *j, enum event event, int priority, const struct journal_fields *fields, const char *format, ...)
        _printf_(5, 6);

/* From now on alerts (events with a change) are left for the hook in that directory, too; NULL: no more. Borrowed. */
void journal_spool(struct journal *j, const char *directory);

/* A line without an event: what goes wrong in the machinery. */
void journal_log(struct journal *j, int priority, const char *format, ...) _printf_(3, 4);

/* Messages that journald did not take: since it took the last one (0 = it takes them), and since the beginning. */
uint64_t journal_lost(const struct journal *j);
uint64_t journal_lost_total(const struct journal *j);

/* Whether journald takes messages; none is sent. Returns 0 or -errno. */
int journal_reachable(void);
