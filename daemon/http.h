/* http.h: HTTPS requests by libcurl's multi interface on the loop. Retry, paging and authorisation live above it. */
#pragma once

#include <systemd/sd-event.h>

#include "../common/base.h"

#define HTTP_BODY_MAX (16 * 1024 * 1024) /* bytes of one reply */

struct http;
struct http_call;

struct http_request {
        const char *url;
        const char *method;         /* "GET", "POST" */
        const char *const *headers; /* "Name: value" items, NULL-terminated; copied; may be NULL */
        struct span body;           /* copied, and wiped after use; {NULL} = none */
        const char *ca_file;        /* NULL = the system's */
        const char *user_agent;
        uint64_t timeout_usec; /* of the whole call */
};

enum http_failure {
        HTTP_FAILED_NOT,       /* a reply came, whatever its status */
        HTTP_FAILED_NETWORK,   /* name, connection, timeout */
        HTTP_FAILED_TRUST,     /* certificate */
        HTTP_FAILED_TOO_LARGE, /* more than HTTP_BODY_MAX */
        HTTP_FAILED_BROKEN,    /* a reply that is not HTTP, or was cut short */
};

struct http_reply {
        enum http_failure failure;
        const char *error; /* text of a failure */
        int status;        /* HTTP status; 0 = none */
        struct span body;
        char correlation_id[80];          /* ININ-Correlation-Id, else X-Request-Id; "" = none; printable ASCII only */
        int retry_after_sec;              /* Retry-After in seconds; -1 = none */
        int64_t date_usec;                /* Date, microseconds since 1970; 0 = none */
        int64_t sent_usec, received_usec; /* CLOCK_REALTIME just before the request's bytes left, and when the headers came */
};

typedef void http_done_fn(struct http_call *call, const struct http_reply *reply, void *user);

int http_new(struct http **ret, sd_event *event);
struct http *http_free(struct http *h); /* all calls must be freed before */
DEFINE_CLEANUP(struct http *, http_free)

/* The reply is valid inside done only. */
int http_start(struct http_call **ret, struct http *h, const struct http_request *request, http_done_fn *done, void *user);
struct http_call *http_call_free(struct http_call *call); /* before done: cancels */
