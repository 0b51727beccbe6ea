/* platform_call.c: a bearer, then the request, again after each wait; a bearer that is refused is renewed once. */
#include "platform_call.h"

#include <curl/curl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <time.h>

#include "platform_reply.h"

#define TIMER_ACCURACY_USEC (1 * USEC_PER_MSEC)

struct platform_call {
        struct platform_context context;
        struct page *page;
        const char *method; /* a constant */
        char *url;
        char *body; /* NULL = none */
        size_t body_n;
        struct platform_patience patience;
        struct token_request *token_request;
        bool renewed;
        struct secret *authorization; /* the header, with a final NUL */
        struct http_call *call;
        sd_event_source *timer;
        bool held; /* the rate limit's share is taken for longer than there is time */
        platform_call_done_fn *done;
        void *user;
};

uint64_t platform_now_usec(const struct platform_context *context) {
        uint64_t usec = 0;
        (void)sd_event_now(context->event, CLOCK_MONOTONIC, &usec);
        return usec;
}

/* -- the request ---------------------------------------------------------------------------------------------------------- */

static void on_reply(struct http_call *call, const struct http_reply *reply, void *user);

static bool wait_for(struct platform_call *c, uint64_t wait_usec) {
        return sd_event_source_set_time_relative(c->timer, wait_usec) >= 0 && sd_event_source_set_enabled(c->timer, SD_EVENT_ONESHOT) >= 0;
}

/* Waits first when the audit's share of the rate limit is taken; a request whose turn comes too late is concluded at once. */
static int send_request(struct platform_call *c) {
        struct allowance *allowance = token_allowance(c->context.token);
        uint64_t now = platform_now_usec(&c->context);
        uint64_t turn = c->context.config->platform.page_dir ? now : allowance_next_usec(allowance, now);
        c->held = turn > now && turn >= c->patience.deadline_usec;
        if (turn > now)
                return wait_for(c, c->held ? 0 : turn - now) ? 0 : -EIO;
        allowance_take(allowance, now);
        const char *const headers[] = {secret_bytes(c->authorization).p, "Accept: application/json",
                                       c->body ? "Content-Type: application/json" : NULL, NULL};
        const struct http_request request = {
                .url = c->url,
                .method = c->method,
                .headers = headers,
                .body = {c->body, c->body_n},
                .ca_file = c->context.config->platform.ca_file,
                .proxy = c->context.config->platform.proxy,
                .proxy_credentials = c->context.config->platform.proxy_credentials.secret,
                .user_agent = "trunkauditd/" TRUNKAUDIT_VERSION,
                .timeout_usec = platform_timeout_usec(&c->patience, c->context.config, now),
        };
        c->call = http_call_free(c->call);
        return http_start(&c->call, c->context.http, &request, on_reply, c);
}

static void finish(struct platform_call *c, const struct http_reply *reply, const struct page_problem *problem) {
        struct platform_answer a = {.status = reply->status, .body = reply->body};
        if (reply->failure == HTTP_FAILED_NOT && reply->status / 100 == 2)
                a.verdict = verdict_of(CAUSE_PLATFORM_OK, "%s", "");
        else
                a.verdict = platform_reply_verdict(PLATFORM_API, reply, problem, &c->patience, platform_now_usec(&c->context),
                                                   c->context.config);
        (void)snprintf(a.correlation_id, sizeof a.correlation_id, "%s", platform_reply_correlation_id(reply, problem));
        c->done(c, &a, c->user);
}

static void fail(struct platform_call *c, int error) {
        const struct http_reply reply = {.failure = HTTP_FAILED_NETWORK, .error = strerror(error), .retry_after_sec = -1};
        finish(c, &reply, &(struct page_problem){0});
}

static int on_timer(sd_event_source *source, uint64_t usec, void *user) {
        struct platform_call *c = user;
        (void)source;
        (void)usec;
        if (c->held) {
                const struct http_reply reply = {.failure = HTTP_FAILED_HELD, .retry_after_sec = -1};
                finish(c, &reply, &(struct page_problem){0});
                return 0;
        }
        int r = send_request(c);
        if (r < 0)
                fail(c, -r);
        return 0;
}

static void on_token(struct token_request *r, const struct verdict *verdict, const char *bearer, int status, const char *correlation_id,
                     void *user);

static int ask_token(struct platform_call *c, bool renew) {
        c->token_request = token_request_free(c->token_request);
        return token_start(&c->token_request, c->context.token, renew, c->patience.deadline_usec, on_token, c);
}

static void on_reply(struct http_call *call, const struct http_reply *reply, void *user) {
        struct platform_call *c = user;
        struct page_problem problem;
        (void)call;
        allowance_heard(token_allowance(c->context.token), &reply->told, platform_now_usec(&c->context));
        platform_reply_problem(c->page, reply, &problem);
        uint64_t wait_usec = platform_reply_wait_usec(&c->patience, PLATFORM_API, reply, &problem, platform_now_usec(&c->context));
        if (wait_usec > 0 && wait_for(c, wait_usec))
                return;
        if (platform_reply_refuses_bearer(reply, &problem) && !c->renewed) {
                c->renewed = true;
                if (ask_token(c, true) >= 0)
                        return;
        }
        finish(c, reply, &problem);
}

/* -- the bearer ------------------------------------------------------------------------------------------------------------ */

static int set_authorization(struct platform_call *c, const char *bearer) {
        struct secret *authorization;
        int r = token_authorization(&authorization, bearer);
        if (r < 0)
                return r;
        (void)secret_free(c->authorization);
        c->authorization = authorization;
        return 0;
}

static void on_token(struct token_request *r, const struct verdict *verdict, const char *bearer, int status, const char *correlation_id,
                     void *user) {
        struct platform_call *c = user;
        (void)r;
        if (verdict->cause != CAUSE_PLATFORM_OK) {
                struct platform_answer a = {.verdict = *verdict, .status = status, .body = SPAN("")};
                (void)snprintf(a.correlation_id, sizeof a.correlation_id, "%s", correlation_id);
                c->done(c, &a, c->user);
                return;
        }
        int e = set_authorization(c, bearer);
        c->token_request = token_request_free(c->token_request);
        if (e == 0)
                e = send_request(c);
        if (e < 0)
                fail(c, -e);
}

/* -- addresses ------------------------------------------------------------------------------------------------------------- */

static bool same_part(CURLU *a, CURLU *b, CURLUPart part) {
        char *x = NULL, *y = NULL;
        bool same = curl_url_get(a, part, &x, CURLU_DEFAULT_PORT) == CURLUE_OK &&
                    curl_url_get(b, part, &y, CURLU_DEFAULT_PORT) == CURLUE_OK && strcasecmp(x, y) == 0;
        curl_free(x);
        curl_free(y);
        return same;
}

/* Whether a URL has the scheme, host and port of the API. */
static bool same_origin(const char *url, const char *api_url) {
        CURLU *a = curl_url(), *b = curl_url();
        bool same = a && b && curl_url_set(a, CURLUPART_URL, url, CURLU_DISALLOW_USER) == CURLUE_OK &&
                    curl_url_set(b, CURLUPART_URL, api_url, 0) == CURLUE_OK && same_part(a, b, CURLUPART_SCHEME) &&
                    same_part(a, b, CURLUPART_HOST) && same_part(a, b, CURLUPART_PORT);
        curl_url_cleanup(a);
        curl_url_cleanup(b);
        return same;
}

int platform_url(char **ret, const char *uri, const char *api_url) {
        char *url = NULL;
        bool is_path = uri[0] == '/' && uri[1] != '/';
        if (is_path ? asprintf(&url, "%s%s", api_url, uri) < 0 : !(url = strdup(uri)))
                return -ENOMEM;
        if (!same_origin(url, api_url)) {
                free(url);
                return 1;
        }
        *ret = url;
        return 0;
}

/* -- life ------------------------------------------------------------------------------------------------------------------ */

int platform_call_start(struct platform_call **ret, const struct platform_context *context, struct page *page, const char *method,
                        const char *url, struct span body, uint64_t deadline_usec, platform_call_done_fn *done, void *user) {
        struct platform_call *c = calloc(1, sizeof *c);
        if (!c)
                return -ENOMEM;
        *c = (struct platform_call){.context = *context,
                                    .page = page,
                                    .method = method,
                                    .url = strdup(url),
                                    .patience.deadline_usec = deadline_usec,
                                    .done = done,
                                    .user = user};
        int r = c->url ? 0 : -ENOMEM;
        if (r == 0 && body.p) {
                c->body = malloc(body.n + 1);
                c->body_n = c->body ? body.n : 0;
                r = c->body ? 0 : -ENOMEM;
                if (r == 0)
                        memcpy(c->body, body.p, body.n);
        }
        if (r == 0)
                r = sd_event_add_time_relative(context->event, &c->timer, CLOCK_MONOTONIC, 0, TIMER_ACCURACY_USEC, on_timer, c);
        if (r >= 0)
                r = sd_event_source_set_enabled(c->timer, SD_EVENT_OFF);
        if (r >= 0)
                r = ask_token(c, false);
        if (r < 0) {
                (void)platform_call_free(c);
                return r;
        }
        *ret = c;
        return 0;
}

struct platform_call *platform_call_free(struct platform_call *c) {
        if (!c)
                return NULL;
        (void)http_call_free(c->call);
        (void)token_request_free(c->token_request);
        (void)sd_event_source_disable_unref(c->timer);
        (void)secret_free(c->authorization);
        if (c->body)
                OPENSSL_cleanse(c->body, c->body_n);
        free(c->body);
        free(c->url);
        free(c);
        return NULL;
}
