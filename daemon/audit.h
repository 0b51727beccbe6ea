/* audit.h: one run, from the clock to the rows. The only file that knows the order of things. */
#pragma once

#include <systemd/sd-event.h>

#include "../common/config.h"
#include "../common/store.h"
#include "http.h"
#include "journal.h"
#include "token.h"
#include "transport.h"

/* What runs share. The first four are borrowed and outlive it; the agents' ground below belongs to it and follows the configuration. */
struct audit_context {
        sd_event *event;
        const struct config *config;
        struct store *store;
        struct journal *journal;
        struct backlog *backlog; /* NULL = a run that cannot be stored is not made; borrowed, set by the caller */
        struct http *http;       /* NULL when no platform is configured */
        struct token *token;     /* NULL when no platform is configured */
        struct transport *transport;
        struct tls *tls; /* towards carriers */
};

/* Returns 0 or -errno. */
int audit_context_open(struct audit_context *ret, sd_event *event, const struct config *config, struct store *store,
                       struct journal *journal);
void audit_context_close(struct audit_context *c); /* no run may be under way */

/* Told while a run works: how many probes are done of how many. */
typedef void audit_progress_fn(size_t done, size_t total, void *user);

struct audit_request {
        enum run_trigger trigger;
        int64_t slot_usec;      /* 0 = none */
        uint64_t interval_usec; /* of the schedule; this and the next three are for the run's row, see struct run */
        int64_t config;
        enum slot_reason reason;
        const char *reason_detail; /* a constant */
        const char *const *names;  /* only these trunks, by id or name; NULL-terminated; borrowed until done; NULL = all */
        bool force;                /* the trunks that are named are not held for credentials that were refused before */
        bool dry_run;              /* credentials are not written to the platform, only what would be written is stored */
        bool announce;             /* tell the journal what changed, and remember that it was told */
        audit_progress_fn *progress;
};

struct audit;

struct audit_result {
        const struct run *run;
        int stored;               /* 0, or -errno: the results could not be stored */
        const char *unknown_name; /* of request.names: no trunk has it; NULL = all were found */
};

typedef void audit_done_fn(struct audit *a, const struct audit_result *result, void *user);

/* Takes the audit lock and opens the run's row. Returns 0, STORE_BUSY (another process audits), or -errno (told to the journal). */
int audit_start(struct audit **ret, const struct audit_context *context, const struct audit_request *request, audit_done_fn *done,
                void *user);

/* Tells of runs that were found open and marked broken; n 0 = nothing to tell. */
void audit_tell_broken(struct journal *journal, unsigned n);

/* The results are in the database, and only the telling is left, which waits for the platform's audit log. */
bool audit_is_stored(const struct audit *a);

/* Ends the run now: what is known is stored, the rest is `untested` (run_ended). Calls done, from inside. */
void audit_abort(struct audit *a);
struct audit *audit_free(struct audit *a); /* before done: cancels; the run's row stays open and is `broken` from the next lock on */
