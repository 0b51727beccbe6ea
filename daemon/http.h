/* http.h: HTTPS requests by libcurl's multi interface on the loop. Retry, paging and authorisation live above it. */
#pragma once

#include <systemd/sd-event.h>

#include "../common/allowance.h"
#include "../common/base.h"
#include "../common/refusal.h"
#include "../common/secret.h"

#define HTTP_BODY_MAX (16 * 1024 * 1024) /* bytes of one reply */

struct http;
struct http_call;

struct http_request {
        const char *url;
        const char *method;                     /* "GET", "POST"; static */
        const char *const *headers;             /* "Name: value" items, NULL-terminated; copied; may be NULL */
        struct span body;                       /* copied, and wiped after use; {NULL} = none */
        const char *ca_file;                    /* NULL = the system's */
        const char *proxy;                      /* URL; NULL = as the environment says (https_proxy, no_proxy) */
        const struct secret *proxy_credentials; /* USER:PASSWORD for it; NULL = none */
        const char *user_agent;
        uint64_t timeout_usec; /* of the whole call */
};

enum http_failure {
        HTTP_FAILED_NOT,       /* a reply came, whatever its status */
        HTTP_FAILED_NETWORK,   /* name, connection, timeout */
        HTTP_FAILED_TRUST,     /* certificate */
        HTTP_FAILED_TOO_LARGE, /* more than HTTP_BODY_MAX */
        HTTP_FAILED_BROKEN,    /* a reply that is not HTTP, or was cut short */
        HTTP_FAILED_HELD,      /* not sent: the rate limit's share is taken (never of http itself) */
        HTTP_FAILED_ABSENT,    /* nothing was recorded of it */
        HTTP_FAILED_PROXY,     /* the proxy refused, or cannot be reached */
};

struct http_reply {
        enum http_failure failure;
        const char *error; /* text of a failure */
        int status;        /* HTTP status; 0 = none */
        struct span body;
        char correlation_id[80];          /* ININ-Correlation-Id, else X-Request-Id; "" = none; printable ASCII only */
        char cf_id[120];                  /* X-Amz-Cf-Id, the same way */
        int retry_after_sec;              /* Retry-After in seconds; -1 = none */
        struct allowance_told told;       /* the headers inin-ratelimit-*; -1 = none */
        const char *method, *url;         /* of the request */
        struct refusal_list *refusals;    /* where its failure is noted; NULL = nowhere */
        int64_t date_usec;                /* Date, microseconds since 1970; 0 = none */
        int64_t sent_usec, received_usec; /* CLOCK_REALTIME just before the request's bytes left, and when the headers came */
        uint64_t duration_usec;           /* of the whole call */
};

typedef void http_done_fn(struct http_call *call, const struct http_reply *reply, void *user);

int http_new(struct http **ret, sd_event *event);
struct http *http_free(struct http *h); /* all calls must be freed before */
DEFINE_CLEANUP(struct http *, http_free)

/* From now on every reply is written into a directory (tape.h), or read from there in place of the network. Borrowed, outlive it. */
void http_record(struct http *h, const char *directory);
void http_replay(struct http *h, const char *directory);
int http_record_error(const struct http *h); /* 0, or -errno: a reply could not be written */

/* The requests that failed since it was last asked; the caller's from then on. */
struct refusal_list http_take_refusals(struct http *h);

/* The reply is valid inside done only. */
int http_start(struct http_call **ret, struct http *h, const struct http_request *request, http_done_fn *done, void *user);
struct http_call *http_call_free(struct http_call *call); /* before done: cancels */
