/* platform_reply.c: every decision about the platform's replies in one place; its agents only ask and wait. */
#include "platform_reply.h"

#include <stdio.h>
#include <sys/random.h>

#define SCOPES_SHOWN_MAX 80 /* bytes of the list of scopes in a detail: the platform's own words need the room */

static const char *or_none(const char *text) {
        return text[0] ? text : "none";
}

void platform_reply_problem(struct page *page, const struct http_reply *reply, struct page_problem *ret) {
        struct page_problem problem = {0};
        if (reply->failure == HTTP_FAILED_NOT && reply->status / 100 != 2)
                (void)page_read_problem(page, reply->body, &problem);
        *ret = problem;
}

const char *platform_reply_correlation_id(const struct http_reply *reply, const struct page_problem *problem) {
        return reply->correlation_id[0] ? reply->correlation_id : problem->context_id;
}

static bool is_address_refusal(const struct page_problem *problem) {
        return text_eq(problem->code, "ip.not.authorized");
}

bool platform_reply_refuses_bearer(const struct http_reply *reply, const struct page_problem *problem) {
        return reply->failure == HTTP_FAILED_NOT && reply->status == 401 && !is_address_refusal(problem);
}

/* -- patience ---------------------------------------------------------------------------------------------------------- */

/* The login tells its rate limit as an invalid request. */
static bool is_limited(enum platform_part part, const struct http_reply *reply, const struct page_problem *problem) {
        static const char words[] = "rate limit exceeded";
        if (reply->failure != HTTP_FAILED_NOT)
                return false;
        return reply->status == 429 || (part == PLATFORM_LOGIN && reply->status == 400 && text_eq(problem->code, "invalid_request") &&
                                        strncasecmp(problem->message, words, sizeof words - 1) == 0);
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
        if (reply->retry_after_sec > 0) {
                uint64_t asked_usec = (uint64_t)reply->retry_after_sec * USEC_PER_SEC;
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
        return verdict_of(cause, "HTTP %d %s (scopes asked for: %s; correlation id: %s): %s", reply->status, problem->code, or_none(scopes),
                          or_none(platform_reply_correlation_id(reply, problem)), problem->message);
}

static struct verdict failure_verdict(const char *where, const struct http_reply *reply, bool out_of_time) {
        switch (reply->failure) {
        case HTTP_FAILED_TRUST:
                return verdict_of(CAUSE_PLATFORM_UNTRUSTED, "%s: %s", where, reply->error);
        case HTTP_FAILED_TOO_LARGE:
                return verdict_of(CAUSE_PAGE_MALFORMED, "%s: the reply is longer than %d bytes", where, HTTP_BODY_MAX);
        case HTTP_FAILED_BROKEN:
                return verdict_of(CAUSE_PAGE_MALFORMED, "%s: the reply is broken: %s", where, reply->error);
        case HTTP_FAILED_NETWORK:
        case HTTP_FAILED_NOT:
                break;
        }
        return verdict_of(CAUSE_PLATFORM_UNREACHABLE, "%s: %s%s", where, reply->error,
                          out_of_time ? "; the time that a run allows for the platform is used up" : "");
}

static enum cause login_cause(const struct http_reply *reply, const struct page_problem *problem) {
        if (is_limited(PLATFORM_LOGIN, reply, problem))
                return CAUSE_RATE_LIMITED;
        if (reply->status >= 500)
                return CAUSE_PLATFORM_ERROR;
        if (is_address_refusal(problem))
                return CAUSE_IP_NOT_AUTHORIZED;
        if ((reply->status == 400 || reply->status == 401) && text_eq(problem->code, "invalid_client"))
                return CAUSE_INVALID_CLIENT;
        return CAUSE_TOKEN_REFUSED;
}

/* Three unlike causes share 401, so its code decides; an unknown code belongs to its status. */
static enum cause api_cause(const struct http_reply *reply, const struct page_problem *problem) {
        switch (reply->status) {
        case 401:
                return is_address_refusal(problem) ? CAUSE_IP_NOT_AUTHORIZED : CAUSE_BAD_TOKEN;
        case 403:
                return CAUSE_PLATFORM_SCOPE_DENIAL;
        case 404:
                return CAUSE_ENDPOINT_ABSENT;
        case 429:
                return CAUSE_RATE_LIMITED;
        default:
                return reply->status >= 500 ? CAUSE_PLATFORM_ERROR : CAUSE_PLATFORM_REFUSED;
        }
}

struct verdict platform_reply_verdict(enum platform_part part, const struct http_reply *reply, const struct page_problem *problem,
                                      const struct platform_patience *patience, uint64_t now_usec, const struct config *config) {
        const char *where = part == PLATFORM_LOGIN ? config->platform.login_url : config->platform.api_url;
        if (reply->failure != HTTP_FAILED_NOT)
                return failure_verdict(where, reply, now_usec >= patience->deadline_usec);
        enum cause cause = part == PLATFORM_LOGIN ? login_cause(reply, problem) : api_cause(reply, problem);
        if (cause == CAUSE_PLATFORM_SCOPE_DENIAL)
                return platform_reply_denial(cause, reply, problem, config);
        return verdict_of(cause, "%s: HTTP %d%s%s%s%s", where, reply->status, problem->code[0] ? " " : "", problem->code,
                          problem->message[0] ? ": " : "", problem->message);
}
