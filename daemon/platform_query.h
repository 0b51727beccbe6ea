/* platform_query.h: one question to the platform's API (GET), with the bearer and the patience of all its requests. */
#pragma once

#include <systemd/sd-event.h>

#include "../common/config.h"
#include "../common/verdict.h"
#include "http.h"
#include "token.h"

struct platform_query;

/* verdict: PLATFORM_OK for a reply of 2xx, else why there is none. The reply is valid inside done; status 0 when none came. */
typedef void platform_query_done_fn(struct platform_query *q, const struct verdict *verdict, const struct http_reply *reply, void *user);

struct platform_query_request {
        sd_event *event;
        struct http *http;
        struct token *token;
        const struct config *config; /* borrowed until free, as are the three above */
        const char *path;            /* behind the API's URL; copied */
        uint64_t deadline_usec;      /* CLOCK_MONOTONIC: when to give up */
};

int platform_query_start(struct platform_query **ret, const struct platform_query_request *request, platform_query_done_fn *done,
                         void *user);
struct platform_query *platform_query_free(struct platform_query *q); /* before done: cancels */
DEFINE_CLEANUP(struct platform_query *, platform_query_free)
