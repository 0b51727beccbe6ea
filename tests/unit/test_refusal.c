/* test_refusal.c: every code of the platform has its cause, an unknown one that of its status; waits in their order; what is kept. */
#include <check.h>
#include <stdio.h>

#include "common/refusal.h"

#define LOGIN PLATFORM_LOGIN
#define API PLATFORM_API

static const struct {
        enum platform_part part;
        int status;
        const char *code, *message;
        enum cause cause;
} refusals[] = {
        {API, 401, "authentication.required", "", CAUSE_BEARER_LOST},
        {API, 401, "bad.credentials", "", CAUSE_BAD_TOKEN},
        {API, 401, "ip.not.authorized", "", CAUSE_IP_NOT_AUTHORIZED},
        {API, 403, "ip.not.authorized", "", CAUSE_IP_NOT_AUTHORIZED},
        {API, 401, "of.tomorrow", "", CAUSE_BAD_TOKEN},
        {API, 401, "", "", CAUSE_BAD_TOKEN},
        {API, 403, "missing.permissions", "", CAUSE_PERMISSION_MISSING},
        {API, 403, "missing.any.permissions", "", CAUSE_PERMISSION_MISSING},
        {API, 403, "missing.any.permission", "", CAUSE_PLATFORM_FORBIDDEN},
        {API, 403, "missing.division.permission", "", CAUSE_DIVISION_PERMISSION_MISSING},
        {API, 403, "missing.any.division.permissions", "", CAUSE_DIVISION_PERMISSION_MISSING},
        {API, 403, "app.not.authorized.for.scope", "", CAUSE_PLATFORM_SCOPE_DENIAL},
        {API, 403, "authz.policy.denied", "", CAUSE_POLICY_DENIED},
        {API, 403, "not.authorized", "", CAUSE_PLATFORM_FORBIDDEN},
        {API, 403, "", "", CAUSE_PLATFORM_FORBIDDEN},
        {API, 429, "too.many.requests", "", CAUSE_RATE_LIMITED},
        {API, 429, "", "", CAUSE_RATE_LIMITED},
        {API, 404, "not.found", "", CAUSE_ENDPOINT_ABSENT},
        {API, 404, "", "", CAUSE_ENDPOINT_ABSENT},
        {API, 408, "client.timeout", "", CAUSE_PLATFORM_TIMEOUT},
        {API, 409, "", "", CAUSE_REQUEST_CONFLICT},
        {API, 413, "", "", CAUSE_REQUEST_ALTERED},
        {API, 415, "", "", CAUSE_REQUEST_ALTERED},
        {API, 400, "constraint.validation", "", CAUSE_REQUEST_INVALID},
        {API, 400, "", "", CAUSE_REQUEST_INVALID},
        {API, 400, "invalid_client", "", CAUSE_REQUEST_INVALID}, /* an error of the login */
        {API, 418, "", "", CAUSE_PLATFORM_REFUSED},
        {API, 500, "internal.server.error", "", CAUSE_PLATFORM_ERROR},
        {API, 502, "", "", CAUSE_PLATFORM_ERROR},
        {API, 503, "service.unavailable", "", CAUSE_PLATFORM_UNAVAILABLE},
        {API, 504, "request.timeout", "", CAUSE_PLATFORM_TIMEOUT},
        {API, 504, "", "", CAUSE_PLATFORM_TIMEOUT},
        {API, 301, "", "", CAUSE_PLATFORM_REDIRECTED},
        {LOGIN, 400, "invalid_client", "authentication failed", CAUSE_INVALID_CLIENT},
        {LOGIN, 401, "invalid_client", "authentication failed", CAUSE_INVALID_CLIENT},
        {LOGIN, 401, "invalid_client", "this ip address is not allowed", CAUSE_LOGIN_IP_NOT_AUTHORIZED},
        {LOGIN, 401, "ip.not.authorized", "", CAUSE_LOGIN_IP_NOT_AUTHORIZED},
        {LOGIN, 400, "unauthorized_client", "", CAUSE_GRANT_REFUSED},
        {LOGIN, 400, "unsupported_grant_type", "", CAUSE_GRANT_REFUSED},
        {LOGIN, 400, "invalid_scope", "", CAUSE_SCOPE_UNKNOWN},
        {LOGIN, 400, "invalid_request", "Rate limit exceeded; …", CAUSE_LOGIN_RATE_LIMITED},
        {LOGIN, 400, "invalid_request", "no rate limit exceeded", CAUSE_TOKEN_REFUSED},
        {LOGIN, 400, "invalid_grant", "rate limit exceeded", CAUSE_TOKEN_REFUSED},
        {LOGIN, 429, "", "", CAUSE_LOGIN_RATE_LIMITED},
        {LOGIN, 401, "", "", CAUSE_TOKEN_REFUSED},
        {LOGIN, 403, "missing.permissions", "", CAUSE_TOKEN_REFUSED},
        {LOGIN, 404, "", "", CAUSE_ENDPOINT_ABSENT},
        {LOGIN, 500, "invalid_client", "", CAUSE_PLATFORM_ERROR},
        {LOGIN, 503, "", "", CAUSE_PLATFORM_UNAVAILABLE},
        {LOGIN, 302, "", "", CAUSE_PLATFORM_REDIRECTED},
};

START_TEST(a_refusal_has_its_cause) {
        enum cause cause = refusal_cause(refusals[_i].part, refusals[_i].status, refusals[_i].code, refusals[_i].message);
        ck_assert_msg(cause == refusals[_i].cause, "%d %s: %s", refusals[_i].status, refusals[_i].code, cause_info(cause)->word);
}
END_TEST

static const struct {
        int retry_after;
        const char *message;
        int reset, wait;
} waits[] = {
        {7, "Retry the request in [8] seconds", 9, 7},
        {0, "Retry the request in [8] seconds", 9, 0},
        {-1, "Rate limit exceeded the maximum. Retry the request in [8] seconds", 9, 8},
        {-1, "Rate limit exceeded the maximum [300] requests within [60] seconds", 9, 60},
        {-1, "in [x] seconds", 9, 10},
        {-1, "in [] seconds", 9, 10},
        {-1, "8] seconds", 9, 10},
        {-1, "", 0, 1},
        {-1, "", -1, -1},
        {-1, "in [99999999999999999999] seconds", -1, REFUSAL_WAIT_MAX},
};

START_TEST(a_wait_is_what_was_said_first) {
        const struct refusal_wait w = {waits[_i].retry_after, waits[_i].message, waits[_i].reset};
        ck_assert_int_eq(refusal_wait_sec(&w), waits[_i].wait);
}
END_TEST

static const struct {
        const char *url, *path;
} paths[] = {
        {"https://api.example:8443/api/v2/x", "/api/v2/x"},
        {"https://api.example", "/"},
        {"https://a/x?pageSize=100&pageNumber=3", "/x?pageSize=100&pageNumber=3"},
        {"https://a/x?pageNumber=3&token=hush&pageSize=7#part", "/x?pageNumber=3&token=&pageSize=7"},
        {"https://a/x?cursor=a=b?c&d", "/x?cursor=&d"},
        {"https://a/b c\x7f\xc3\xa9", "/bc"},
};

START_TEST(a_path_keeps_no_values) {
        char path[REFUSAL_PATH_MAX], cut[5];
        refusal_path(path, sizeof path, paths[_i].url);
        ck_assert_str_eq(path, paths[_i].path);
        refusal_path(cut, sizeof cut, paths[_i].url);
        ck_assert_uint_le(strlen(cut), 4);
        ck_assert_int_eq(strncmp(cut, path, strlen(cut)), 0);
}
END_TEST

START_TEST(a_list_is_bounded) {
        struct refusal_list l = {0};
        for (int i = 0; i < REFUSALS_MAX + 3; i++)
                ck_assert_int_eq(refusal_list_add(&l, &(struct refusal){.status = i}), 0);
        ck_assert_uint_eq(l.n, REFUSALS_MAX);
        ck_assert_uint_eq(l.more, 3);
        ck_assert_int_eq(l.items[REFUSALS_MAX - 1].status, REFUSALS_MAX - 1);
        refusal_list_clear(&l);
        ck_assert(!l.items && l.n == 0 && l.more == 0);
}
END_TEST

int main(void) {
        Suite *s = suite_create("refusal");
        TCase *c = tcase_create("all");
        tcase_add_loop_test(c, a_refusal_has_its_cause, 0, ELEMENTS(refusals));
        tcase_add_loop_test(c, a_wait_is_what_was_said_first, 0, ELEMENTS(waits));
        tcase_add_loop_test(c, a_path_keeps_no_values, 0, ELEMENTS(paths));
        tcase_add_test(c, a_list_is_bounded);
        suite_add_tcase(s, c);
        SRunner *r = srunner_create(s);
        srunner_run_all(r, CK_ENV);
        int failed = srunner_ntests_failed(r);
        srunner_free(r);
        return failed > 0;
}
