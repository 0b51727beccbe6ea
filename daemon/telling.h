/* telling.h: what a run changed, told to the journal: once for each change, and a summary where there are many. */
#pragma once

#include "../common/config.h"
#include "../common/store.h"
#include "backlog.h"
#include "changes.h"
#include "journal.h"

/* A run that is stored, or goes into the backlog. Everything borrowed. */
struct telling {
        struct store *store;
        struct journal *journal;
        const struct config *config;
        const struct run *run;
        const struct refusal_list *refusals; /* requests to the platform that failed */
        const struct changes *changes;       /* what was changed there before a trunk turned bad; NULL = nothing is known */
        struct backlog *backlog;             /* NULL = none */
        bool is_kept;                        /* it is not stored: it goes into the backlog, and has no number yet */
        bool is_unread;                      /* the store cannot be read */
        bool asks_platform;
        struct result *results; /* change is set */
        size_t n;
};

/* Tells what changed, and remembers that it was told. Returns 0, -ENOMEM, or -EIO (store_error()). */
int telling(const struct telling *t);

/* The end of the run, with its counts. */
void telling_end(const struct telling *t);
