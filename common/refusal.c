/* refusal.c: one table of the codes, one of the statuses. */
#include "refusal.h"

#include <stdio.h>

/* Every code that the platform's API declares for all its operations, and the errors of RFC 6749 section 5.2. Three unlike causes share 401
 * and six share 403, so the code comes first. */
static const struct {
        const char *code;
        enum cause cause;
} api_codes[] =
        {
                {"authentication.required", CAUSE_BEARER_LOST},
                {"bad.credentials", CAUSE_BAD_TOKEN},
                {"ip.not.authorized", CAUSE_IP_NOT_AUTHORIZED},
                {"missing.permissions", CAUSE_PERMISSION_MISSING},
                {"missing.any.permissions", CAUSE_PERMISSION_MISSING},
                {"missing.division.permission", CAUSE_DIVISION_PERMISSION_MISSING},
                {"missing.any.division.permissions", CAUSE_DIVISION_PERMISSION_MISSING},
                {"app.not.authorized.for.scope", CAUSE_PLATFORM_SCOPE_DENIAL},
                {"authz.policy.denied", CAUSE_POLICY_DENIED},
                {"not.authorized", CAUSE_PLATFORM_FORBIDDEN},
                {"too.many.requests", CAUSE_RATE_LIMITED},
                {"too.many.requests.retry.after", CAUSE_RATE_LIMITED},
                {"not.found", CAUSE_ENDPOINT_ABSENT},
                {"client.timeout", CAUSE_PLATFORM_TIMEOUT},
                {"request.timeout", CAUSE_PLATFORM_TIMEOUT},
                {"authentication.request.timeout", CAUSE_PLATFORM_TIMEOUT},
                {"request.conflict", CAUSE_REQUEST_CONFLICT},
                {"request.entity.too.large", CAUSE_REQUEST_ALTERED},
                {"unsupported.media.type", CAUSE_REQUEST_ALTERED},
                {"bad.request", CAUSE_REQUEST_INVALID},
                {"invalid.value", CAUSE_REQUEST_INVALID},
                {"invalid.query.param.value", CAUSE_REQUEST_INVALID},
                {"invalid.date", CAUSE_REQUEST_INVALID},
                {"response.entity.too.large", CAUSE_REQUEST_INVALID},
                {"constraint.validation", CAUSE_REQUEST_INVALID},
                {"internal.server.error", CAUSE_PLATFORM_ERROR},
                {"service.unavailable", CAUSE_PLATFORM_UNAVAILABLE},
},
  login_codes[] = {
          {"invalid_client", CAUSE_INVALID_CLIENT},
          {"unauthorized_client", CAUSE_GRANT_REFUSED},
          {"unsupported_grant_type", CAUSE_GRANT_REFUSED},
          {"invalid_scope", CAUSE_SCOPE_UNKNOWN},
          {"ip.not.authorized", CAUSE_LOGIN_IP_NOT_AUTHORIZED},
};

static enum cause cause_of_status(enum platform_part part, int status) {
        bool login = part == PLATFORM_LOGIN;
        if (status >= 300 && status < 400)
                return CAUSE_PLATFORM_REDIRECTED;
        switch (status) {
        case 400:
                return login ? CAUSE_TOKEN_REFUSED : CAUSE_REQUEST_INVALID;
        case 401:
                return login ? CAUSE_TOKEN_REFUSED : CAUSE_BAD_TOKEN;
        case 403:
                return login ? CAUSE_TOKEN_REFUSED : CAUSE_PLATFORM_FORBIDDEN;
        case 404:
                return CAUSE_ENDPOINT_ABSENT;
        case 408:
        case 504:
                return CAUSE_PLATFORM_TIMEOUT;
        case 409:
                return CAUSE_REQUEST_CONFLICT;
        case 413:
        case 415:
                return CAUSE_REQUEST_ALTERED;
        case 429:
                return login ? CAUSE_LOGIN_RATE_LIMITED : CAUSE_RATE_LIMITED;
        case 503:
                return CAUSE_PLATFORM_UNAVAILABLE;
        default:
                return status >= 500 ? CAUSE_PLATFORM_ERROR : login ? CAUSE_TOKEN_REFUSED : CAUSE_PLATFORM_REFUSED;
        }
}

/* The login tells its rate limit as an invalid request, and of the refusal of an address no code is known: its words decide. A 5xx is a
 * failure, whatever it says. */
static enum cause login_cause(int status, const char *code, const char *message) {
        static const char limit[] = "rate limit exceeded";
        if (status >= 500)
                return cause_of_status(PLATFORM_LOGIN, status);
        if (text_eq(code, "invalid_request") && strncasecmp(message, limit, sizeof limit - 1) == 0)
                return CAUSE_LOGIN_RATE_LIMITED;
        if (strcasestr(message, "IP address"))
                return CAUSE_LOGIN_IP_NOT_AUTHORIZED;
        for (size_t i = 0; i < ELEMENTS(login_codes); i++)
                if (text_eq(code, login_codes[i].code))
                        return login_codes[i].cause;
        return cause_of_status(PLATFORM_LOGIN, status);
}

enum cause refusal_cause(enum platform_part part, int status, const char *code, const char *message) {
        if (part == PLATFORM_LOGIN)
                return login_cause(status, code, message);
        for (size_t i = 0; i < ELEMENTS(api_codes); i++)
                if (text_eq(code, api_codes[i].code))
                        return api_codes[i].cause;
        return cause_of_status(PLATFORM_API, status);
}

/* "Retry the request in [7] seconds"; of "[300] requests within [60] seconds" it is the 60. */
static int seconds_in(const char *message) {
        static const char unit[] = "] seconds";
        const char *end = strcasestr(message, unit);
        const char *begin = end;
        int seconds = 0;
        while (begin && begin > message && begin[-1] >= '0' && begin[-1] <= '9')
                begin--;
        if (!begin || begin == end || begin == message || begin[-1] != '[')
                return -1;
        for (; begin < end && seconds < REFUSAL_WAIT_MAX; begin++)
                seconds = seconds * 10 + (*begin - '0');
        return seconds;
}

int refusal_wait_sec(const struct refusal_wait *w) {
        int seconds = w->retry_after_sec;
        if (seconds < 0)
                seconds = seconds_in(w->message);
        if (seconds < 0 && w->ratelimit_reset_sec >= 0)
                seconds = w->ratelimit_reset_sec + 1; /* it is rounded down */
        return seconds < REFUSAL_WAIT_MAX ? seconds : REFUSAL_WAIT_MAX;
}

/* -- the record --------------------------------------------------------------------------------------------------------- */

int refusal_list_add(struct refusal_list *l, const struct refusal *r) {
        if (l->n == REFUSALS_MAX) {
                l->more++;
                return 0;
        }
        struct refusal *items = reallocarray(l->items, l->n + 1, sizeof *items);
        if (!items)
                return -ENOMEM;
        l->items = items;
        l->items[l->n++] = *r;
        return 0;
}

void refusal_list_clear(struct refusal_list *l) {
        free(l->items);
        *l = (struct refusal_list){0};
}

static bool value_is_shown(struct span name) {
        return span_eq(name, SPAN("pageNumber")) || span_eq(name, SPAN("pageSize"));
}

void refusal_path(char *to, size_t size, const char *url) {
        const char *host = strstr(url, "://"), *at = strchr(host ? host + 3 : url, '/');
        size_t n = 0;
        bool shown = true;
        const char *item = NULL; /* name of the query's item that we are in */
        for (at = at ? at : "/"; *at && *at != '#' && n + 1 < size; at++) {
                if ((*at == '?' && !item) || (*at == '&' && item)) {
                        item = at + 1;
                        shown = true;
                }
                if (shown && *at > ' ' && *at <= '~')
                        to[n++] = *at;
                if (item && *at == '=' && shown)
                        shown = value_is_shown((struct span){item, (size_t)(at - item)});
        }
        to[n] = '\0';
}
