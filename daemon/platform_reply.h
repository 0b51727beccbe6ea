/* platform_reply.h: what a reply of the platform (its login, its API) means: ask again after a while, or which verdict. */
#pragma once

#include "../common/config.h"
#include "../common/page.h"
#include "../common/refusal.h"
#include "../common/verdict.h"
#include "http.h"

#define PLATFORM_TRIES_MAX 5 /* of one request, when the platform fails or cannot be reached; rate limits do not count */
#define PLATFORM_WAIT_MIN_USEC (1 * USEC_PER_SEC)
#define PLATFORM_WAIT_MAX_USEC (30 * USEC_PER_SEC)

/* The tries of one request so far. Start with zeros and a deadline. */
struct platform_patience {
        uint64_t deadline_usec;    /* CLOCK_MONOTONIC */
        unsigned failures, limits; /* replies so far that asked for patience */
};

/* Reads the problem that a reply other than 2xx describes; all "" when it describes none. A request that failed is noted with it among the
 * refusals of its http. */
void platform_reply_problem(struct page *page, const struct http_reply *reply, struct page_problem *ret);

/* How long to wait before the same request is made again; 0 = this reply is final, also because tries or time are used up. The
 * platform's own time is honoured (Retry-After, the seconds in its text, inin-ratelimit-reset); else the wait doubles. Both get some
 * jitter. */
uint64_t platform_reply_wait_usec(struct platform_patience *patience, enum platform_part part, const struct http_reply *reply,
                                  const struct page_problem *problem, uint64_t now_usec);

/* The time limit of a request: the configuration's, or less when the deadline is near; at least a millisecond. */
uint64_t platform_timeout_usec(const struct platform_patience *patience, const struct config *config, uint64_t now_usec);

/* 401 for the bearer's sake, and not for that of the address it came from, or of a bearer that was lost. */
bool platform_reply_refuses_bearer(const struct http_reply *reply, const struct page_problem *problem);

/* The verdict on a final reply other than 2xx. */
struct verdict platform_reply_verdict(enum platform_part part, const struct http_reply *reply, const struct page_problem *problem,
                                      const struct platform_patience *patience, uint64_t now_usec, const struct config *config);

/* "HTTP 403 CODE: MESSAGE (scopes asked for: …; correlation id …)", the detail of a denial: lists in the message are quoted as they are. */
struct verdict platform_reply_denial(enum cause cause, const struct http_reply *reply, const struct page_problem *problem,
                                     const struct config *config);

/* The id to quote to the platform's support: the header's, else the body's context id; "" = none. */
const char *platform_reply_correlation_id(const struct http_reply *reply, const struct page_problem *problem);
