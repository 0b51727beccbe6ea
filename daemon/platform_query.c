/* platform_query.c: a bearer, a request, and its repetitions as platform_reply wants them. */
#include "platform_query.h"

#include <stdio.h>
#include <time.h>

#include "../common/page.h"
#include "platform_reply.h"

#define TIMER_ACCURACY_USEC (1 * USEC_PER_MSEC)

struct platform_query {
        struct platform_query_request request; /* its path is not kept */
        char *url;
        struct page *page;
        struct token_request *token_request;
        struct secret *authorization;
        struct http_call *call;
        sd_event_source *timer; /* off but for the waits between tries */
        struct platform_patience patience;
        platform_query_done_fn *done;
        void *user;
};

static uint64_t now_usec(const struct platform_query *q) {
        uint64_t usec = 0;
        (void)sd_event_now(q->request.event, CLOCK_MONOTONIC, &usec);
        return usec;
}

static void conclude(struct platform_query *q, const struct http_reply *reply, const struct page_problem *problem) {
        struct verdict verdict = verdict_of(CAUSE_PLATFORM_OK, "%s", "");
        if (reply->failure != HTTP_FAILED_NOT || reply->status / 100 != 2)
                verdict = platform_reply_verdict(PLATFORM_API, reply, problem, &q->patience, now_usec(q), q->request.config);
        q->done(q, &verdict, reply, q->user);
}

static void on_reply(struct http_call *call, const struct http_reply *reply, void *user) {
        struct platform_query *q = user;
        struct page_problem problem;
        uint64_t now = now_usec(q);
        (void)call;
        platform_reply_problem(q->page, reply, &problem);
        uint64_t wait_usec = platform_reply_wait_usec(&q->patience, PLATFORM_API, reply, &problem, now);
        if (wait_usec > 0 && sd_event_source_set_time(q->timer, now + wait_usec) >= 0 &&
            sd_event_source_set_enabled(q->timer, SD_EVENT_ONESHOT) >= 0)
                return;
        conclude(q, reply, &problem);
}

static void ask(struct platform_query *q) {
        const struct config *config = q->request.config;
        const char *const headers[] = {secret_bytes(q->authorization).p, "Accept: application/json", NULL};
        const struct http_request request = {
                .url = q->url,
                .method = "GET",
                .headers = headers,
                .ca_file = config->platform.ca_file,
                .user_agent = "trunkauditd/" TRUNKAUDIT_VERSION,
                .timeout_usec = platform_timeout_usec(&q->patience, config, now_usec(q)),
        };
        q->call = http_call_free(q->call);
        int r = http_start(&q->call, q->request.http, &request, on_reply, q);
        if (r >= 0)
                return;
        const struct http_reply reply = {.failure = HTTP_FAILED_NETWORK, .error = strerror(-r), .retry_after_sec = -1};
        conclude(q, &reply, &(struct page_problem){0});
}

static int on_wait_over(sd_event_source *source, uint64_t usec, void *user) {
        (void)source;
        (void)usec;
        ask(user);
        return 0;
}

static void on_token(struct token_request *r, const struct verdict *verdict, const char *bearer, int status, const char *correlation_id,
                     void *user) {
        struct platform_query *q = user;
        struct verdict why = *verdict;
        (void)status;
        (void)correlation_id;
        int e = why.cause == CAUSE_PLATFORM_OK ? token_header(&q->authorization, bearer) : 0;
        q->token_request = token_request_free(r);
        if (e < 0)
                why = verdict_of(CAUSE_PLATFORM_UNREACHABLE, "%s", strerror(-e));
        if (why.cause == CAUSE_PLATFORM_OK)
                ask(q);
        else
                q->done(q, &why, &(struct http_reply){.retry_after_sec = -1}, q->user);
}

int platform_query_start(struct platform_query **ret, const struct platform_query_request *request, platform_query_done_fn *done,
                         void *user) {
        _cleanup_(platform_query_freep) struct platform_query *q = calloc(1, sizeof *q);
        if (!q)
                return -ENOMEM;
        *q = (struct platform_query){.request = *request, .patience.deadline_usec = request->deadline_usec, .done = done, .user = user};
        q->request.path = NULL;
        (void)sd_event_ref(request->event);
        if (asprintf(&q->url, "%s%s", request->config->platform.api_url, request->path) < 0) {
                q->url = NULL;
                return -ENOMEM;
        }
        int r = page_new(&q->page);
        if (r == 0)
                r = sd_event_add_time(request->event, &q->timer, CLOCK_MONOTONIC, UINT64_MAX, TIMER_ACCURACY_USEC, on_wait_over, q);
        if (r >= 0)
                r = token_start(&q->token_request, request->token, false, request->deadline_usec, on_token, q);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(q);
        return 0;
}

struct platform_query *platform_query_free(struct platform_query *q) {
        if (!q)
                return NULL;
        (void)http_call_free(q->call);
        (void)token_request_free(q->token_request);
        (void)sd_event_source_disable_unref(q->timer);
        (void)secret_free(q->authorization);
        (void)page_free(q->page);
        (void)sd_event_unref(q->request.event);
        free(q->url);
        free(q);
        return NULL;
}
