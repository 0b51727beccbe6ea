/* refusal.h: what a reply of the platform other than 2xx says: which cause it is, how long it asks to wait, and what is kept of it. */
#pragma once

#include "base.h"
#include "verdict.h"

#define REFUSALS_MAX 200       /* kept of one run; the rest is counted */
#define REFUSAL_PATH_MAX 300   /* bytes with the final NUL; longer ones are cut */
#define REFUSAL_WAIT_MAX 86400 /* seconds */

enum platform_part { PLATFORM_LOGIN, PLATFORM_API };

/* By its code, then by its status. code, message: of its body, "" = none. */
enum cause refusal_cause(enum platform_part part, int status, const char *code, const char *message);

/* What is known of the time to wait; -1 = not said. */
struct refusal_wait {
        int retry_after_sec;     /* the header Retry-After */
        const char *message;     /* of the body: "… in [N] seconds" */
        int ratelimit_reset_sec; /* the header inin-ratelimit-reset */
};

/* Seconds to wait after a rate limit, by the first of the three that says it; -1 when none does. */
int refusal_wait_sec(const struct refusal_wait *w);

/* A request that failed, for the record and for the platform's support. */
struct refusal {
        const char *method; /* static */
        char path[REFUSAL_PATH_MAX];
        int status; /* HTTP; 0 = no reply came */
        char code[80], message[400];
        char correlation_id[80], context_id[80], cf_id[120];
        int64_t sent_usec; /* since 1970 */
        uint64_t duration_usec;
};

struct refusal_list {
        struct refusal *items;
        size_t n;
        size_t more; /* that were not kept */
};

/* Past REFUSALS_MAX it only counts. Returns 0 or -ENOMEM. */
int refusal_list_add(struct refusal_list *l, const struct refusal *r);
void refusal_list_clear(struct refusal_list *l);

/* A URL as it is kept: path and query, without host, and without the values of a query's items but those of the paging. */
void refusal_path(char *to, size_t size, const char *url);
