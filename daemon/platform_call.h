/* platform_call.h: one request of the platform's API, with the bearer it needs, its tries and its waits. */
#pragma once

#include <systemd/sd-event.h>

#include "../common/config.h"
#include "../common/page.h"
#include "../common/verdict.h"
#include "http.h"
#include "token.h"

/* What the requests of one agent share; borrowed. */
struct platform_context {
        sd_event *event;
        struct http *http;
        struct token *token;
        const struct config *config;
};

struct platform_call;

/* verdict: PLATFORM_OK for a 2xx, else what the reply (or its absence) means. */
struct platform_answer {
        struct verdict verdict;
        int status; /* HTTP; 0 = no reply */
        struct span body;
        char correlation_id[80];
};

/* The answer is valid inside. */
typedef void platform_call_done_fn(struct platform_call *call, const struct platform_answer *answer, void *user);

/* body: JSON, copied, and wiped after use; {NULL} = none. page reads problems; borrowed. deadline_usec: CLOCK_MONOTONIC, tries and waits
 * included. A request that may have arrived is made again when its reply was lost. */
int platform_call_start(struct platform_call **ret, const struct platform_context *context, struct page *page, const char *method,
                        const char *url, struct span body, uint64_t deadline_usec, platform_call_done_fn *done, void *user);
struct platform_call *platform_call_free(struct platform_call *call); /* before done: cancels */

/* The URL that a path or URL from the platform means: a path is under the API's URL (which may have a path of its own), a whole URL must
 * lead there, because the bearer goes nowhere else. Returns 0, 1 when it leads elsewhere, -ENOMEM. */
int platform_url(char **ret, const char *uri, const char *api_url);

/* CLOCK_MONOTONIC of the loop. */
uint64_t platform_now_usec(const struct platform_context *context);
