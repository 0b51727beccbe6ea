/* platform_reply.c: every decision about the platform's replies in one place; its agents only ask and wait. */
#include "platform_reply.h"

#include <stdio.h>
#include <sys/random.h>

#define SCOPES_SHOWN_MAX 80 /* bytes of the list of scopes in a detail: the platform's own words need the room */

static const char *or_none(const char *text) {
        return text[0] ? text : "none";
}

static void note(const struct http_reply *reply, const struct page_problem *problem) {
        struct refusal r = {.method = reply->method, .status = reply->status, .sent_usec = reply->sent_usec};
        if (!reply->refusals)
                return;
        refusal_path(r.path, sizeof r.path, reply->url);
        (void)snprintf(r.code, sizeof r.code, "%s", problem->code);
        (void)snprintf(r.message, sizeof r.message, "%s", reply->failure == HTTP_FAILED_NOT ? problem->message : reply->error);
        (void)snprintf(r.correlation_id, sizeof r.correlation_id, "%s", reply->correlation_id);
        (void)snprintf(r.context_id, sizeof r.context_id, "%s", problem->context_id);
        (void)snprintf(r.cf_id, sizeof r.cf_id, "%s", reply->cf_id);
        r.duration_usec = reply->duration_usec;
        (void)refusal_list_add(reply->refusals, &r); /* without memory for it, it is missing */
}

void platform_reply_problem(struct page *page, const struct http_reply *reply, struct page_problem *ret) {
        struct page_problem problem = {0};
        bool came = reply->failure == HTTP_FAILED_NOT;
        if (came && reply->status / 100 != 2)
                (void)page_read_problem(page, reply->body, &problem);
        if (!came || reply->status / 100 != 2)
                note(reply, &problem);
        *ret = problem;
}

const char *platform_reply_correlation_id(const struct http_reply *reply, const struct page_problem *problem) {
        return reply->correlation_id[0] ? reply->correlation_id : problem->context_id;
}

static enum cause cause_of(enum platform_part part, const struct http_reply *reply, const struct page_problem *problem) {
        return refusal_cause(part, reply->status, problem->code, problem->message);
}

bool platform_reply_refuses_bearer(const struct http_reply *reply, const struct page_problem *problem) {
        return reply->failure == HTTP_FAILED_NOT && reply->status == 401 && cause_of(PLATFORM_API, reply, problem) == CAUSE_BAD_TOKEN;
}

/* -- patience ---------------------------------------------------------------------------------------------------------- */

static bool is_limited(enum platform_part part, const struct http_reply *reply, const struct page_problem *problem) {
        if (reply->failure != HTTP_FAILED_NOT)
                return false;
        enum cause cause = cause_of(part, reply, problem);
        return cause == CAUSE_RATE_LIMITED || cause == CAUSE_LOGIN_RATE_LIMITED;
}

static bool is_failing(const struct http_reply *reply) {
        if (reply->failure == HTTP_FAILED_NETWORK || reply->failure == HTTP_FAILED_BROKEN)
                return true;
        return reply->failure == HTTP_FAILED_NOT && reply->status >= 500 && reply->status != 501;
}

/* Uniform in [0, limit); 0 when there is no randomness, which costs the spread and nothing else. */
static uint64_t random_below(uint64_t limit) {
        uint64_t n = 0;
        if (getrandom(&n, sizeof n, GRND_NONBLOCK) != (ssize_t)sizeof n)
                return 0;
        return n % limit;
}

/* Half of the doubled wait is fixed and half random, so that many hosts do not come back together. */
static uint64_t backoff_usec(unsigned before) {
        uint64_t wait_usec = PLATFORM_WAIT_MIN_USEC << (before < 5 ? before : 5);
        if (wait_usec > PLATFORM_WAIT_MAX_USEC)
                wait_usec = PLATFORM_WAIT_MAX_USEC;
        return wait_usec / 2 + random_below(wait_usec / 2);
}

uint64_t platform_reply_wait_usec(struct platform_patience *patience, enum platform_part part, const struct http_reply *reply,
                                  const struct page_problem *problem, uint64_t now_usec) {
        bool limited = is_limited(part, reply, problem);
        if (!limited && (!is_failing(reply) || patience->failures + 1 >= PLATFORM_TRIES_MAX))
                return 0;

        uint64_t wait_usec = backoff_usec(limited ? patience->limits : patience->failures);
        const struct refusal_wait said = {
                .retry_after_sec = reply->retry_after_sec,
                .message = limited ? problem->message : "",
                .ratelimit_reset_sec = limited ? reply->told.reset_sec : -1,
        };
        int asked_sec = refusal_wait_sec(&said);
        if (asked_sec > 0) {
                uint64_t asked_usec = (uint64_t)asked_sec * USEC_PER_SEC;
                wait_usec = asked_usec + random_below(asked_usec / 8);
        }
        if (now_usec >= patience->deadline_usec || wait_usec >= patience->deadline_usec - now_usec)
                return 0;
        if (limited)
                patience->limits++;
        else
                patience->failures++;
        return wait_usec;
}

uint64_t platform_timeout_usec(const struct platform_patience *patience, const struct config *config, uint64_t now_usec) {
        uint64_t left_usec = now_usec < patience->deadline_usec ? patience->deadline_usec - now_usec : 0;
        if (left_usec > config->platform.timeout_usec)
                left_usec = config->platform.timeout_usec;
        return left_usec > USEC_PER_MSEC ? left_usec : USEC_PER_MSEC;
}

/* -- verdicts ----------------------------------------------------------------------------------------------------------- */

static void scopes_text(const struct config *config, char *to, size_t size) {
        const struct text_list *scopes = &config->platform.scopes;
        size_t length = 0;
        to[0] = '\0';
        for (size_t i = 0; i < scopes->n && length < size; i++) {
                int n = snprintf(to + length, size - length, "%s%s", i > 0 ? " " : "", scopes->items[i]);
                length += n > 0 ? (size_t)n : 0;
        }
}

struct verdict platform_reply_denial(enum cause cause, const struct http_reply *reply, const struct page_problem *problem,
                                     const struct config *config) {
        char scopes[SCOPES_SHOWN_MAX];
        scopes_text(config, scopes, sizeof scopes);
        return verdict_of(cause, "HTTP %d %s: %s (scopes asked for: %s; correlation id: %s)", reply->status, problem->code,
                          problem->message, or_none(scopes), or_none(platform_reply_correlation_id(reply, problem)));
}

static struct verdict failure_verdict(const char *where, const struct http_reply *reply, bool out_of_time) {
        switch (reply->failure) {
        case HTTP_FAILED_TRUST:
                return verdict_of(CAUSE_PLATFORM_UNTRUSTED, "%s: %s", where, reply->error);
        case HTTP_FAILED_TOO_LARGE:
                return verdict_of(CAUSE_PAGE_MALFORMED, "%s: the reply is longer than %d bytes", where, HTTP_BODY_MAX);
        case HTTP_FAILED_BROKEN:
                return verdict_of(CAUSE_PAGE_MALFORMED, "%s: the reply is broken: %s", where, reply->error);
        case HTTP_FAILED_HELD:
                return verdict_of(CAUSE_ALLOWANCE_SPENT, "%s: the next request would have to wait beyond the deadline", where);
        case HTTP_FAILED_PROXY:
                return verdict_of(CAUSE_PROXY_REFUSED, "%s: %s", where, reply->error);
        case HTTP_FAILED_NETWORK:
        case HTTP_FAILED_ABSENT:
        case HTTP_FAILED_NOT:
                break;
        }
        return verdict_of(CAUSE_PLATFORM_UNREACHABLE, "%s: %s%s", where, reply->error,
                          out_of_time ? "; the time that a run allows for the platform is used up" : "");
}

struct verdict platform_reply_verdict(enum platform_part part, const struct http_reply *reply, const struct page_problem *problem,
                                      const struct platform_patience *patience, uint64_t now_usec, const struct config *config) {
        const char *where = part == PLATFORM_LOGIN ? config->platform.login_url : config->platform.api_url;
        if (reply->failure != HTTP_FAILED_NOT)
                return failure_verdict(where, reply, now_usec >= patience->deadline_usec);
        enum cause cause = cause_of(part, reply, problem);
        if (reply->status == 403 && part == PLATFORM_API)
                return platform_reply_denial(cause, reply, problem, config);
        if (cause == CAUSE_INVALID_CLIENT)
                return verdict_of(cause, "%s (region %s): HTTP %d %s: %s", where,
                                  config->platform.region ? config->platform.region : "not stated", reply->status, problem->code,
                                  problem->message);
        return verdict_of(cause, "%s: HTTP %d%s%s%s%s", where, reply->status, problem->code[0] ? " " : "", problem->code,
                          problem->message[0] ? ": " : "", problem->message);
}
