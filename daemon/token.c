/* token.c: the login, and the bearer that came of it (RFC 6749 section 4.4). */
#include "token.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <time.h>

#include "../common/page.h"
#include "platform_reply.h"

#define TIMER_ACCURACY_USEC (1 * USEC_PER_MSEC)
#define RENEWAL_MARGIN_SEC 60 /* a bearer is not used in the last minute of its life, or the second half of a short one */
#define LIFE_MAX_SEC (10 * 365 * 24 * 3600)

struct token {
        sd_event *event;
        struct http *http;
        const struct config *config;
        struct page *page;
        struct secret *bearer;      /* with a final NUL; NULL = none */
        uint64_t usable_until_usec; /* CLOCK_BOOTTIME */
        struct allowance allowance; /* CLOCK_MONOTONIC */
};

struct token_request {
        struct token *token;
        struct http_call *call;
        sd_event_source *timer; /* start, and each wait between tries */
        struct platform_patience patience;
        token_done_fn *done;
        void *user;
};

int token_new(struct token **ret, sd_event *event, struct http *http, const struct config *config) {
        _cleanup_(token_freep) struct token *t = calloc(1, sizeof *t);
        if (!t)
                return -ENOMEM;
        *t = (struct token){.event = sd_event_ref(event), .http = http, .config = config};
        int r = page_new(&t->page);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(t);
        return 0;
}

struct token *token_free(struct token *t) {
        if (!t)
                return NULL;
        (void)secret_free(t->bearer);
        (void)page_free(t->page);
        (void)sd_event_unref(t->event);
        free(t);
        return NULL;
}

struct allowance *token_allowance(struct token *t) {
        return &t->allowance;
}

static void wipe_text(char **text) {
        if (*text)
                OPENSSL_cleanse(*text, strlen(*text));
        free(*text);
}

/* -- the request -------------------------------------------------------------------------------------------------------- */

/* "Authorization: Basic base64(id:secret)"; wipe it. */
static int basic_header(char **ret, const char *id, struct span secret) {
        static const char name[] = "Authorization: Basic ";
        size_t id_n = strlen(id), n = id_n + 1 + secret.n;
        if (n > INT32_MAX / 2)
                return -EINVAL;
        char *plain = malloc(n);
        char *header = malloc(sizeof name + (n + 2) / 3 * 4);
        if (!plain || !header) {
                free(plain);
                free(header);
                return -ENOMEM;
        }
        memcpy(plain, id, id_n);
        plain[id_n] = ':';
        memcpy(plain + id_n + 1, secret.p, secret.n);
        memcpy(header, name, sizeof name);
        (void)EVP_EncodeBlock((unsigned char *)header + sizeof name - 1, (const unsigned char *)plain, (int)n);
        OPENSSL_cleanse(plain, n);
        free(plain);
        *ret = header;
        return 0;
}

static char *append_encoded(char *to, const char *text) {
        static const char hex[] = "0123456789ABCDEF";
        for (; *text; text++) {
                unsigned char c = (unsigned char)*text;
                bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || strchr("-._*", c);
                if (plain) {
                        *to++ = *text;
                } else {
                        *to++ = '%';
                        *to++ = hex[c >> 4];
                        *to++ = hex[c & 15];
                }
        }
        return to;
}

/* application/x-www-form-urlencoded: the scopes are one value, their separating spaces are "+". */
static int form_body(char **ret, const struct text_list *scopes) {
        static const char grant[] = "grant_type=client_credentials", name[] = "&scope=";
        size_t size = sizeof grant + sizeof name;
        for (size_t i = 0; i < scopes->n; i++)
                size += 3 * strlen(scopes->items[i]) + 1;
        char *body = malloc(size), *to = body;
        if (!body)
                return -ENOMEM;
        to = mempcpy(to, grant, sizeof grant - 1);
        if (scopes->n > 0)
                to = mempcpy(to, name, sizeof name - 1);
        for (size_t i = 0; i < scopes->n; i++) {
                if (i > 0)
                        *to++ = '+';
                to = append_encoded(to, scopes->items[i]);
        }
        *to = '\0';
        *ret = body;
        return 0;
}

static void on_reply(struct http_call *call, const struct http_reply *reply, void *user);

static uint64_t now_usec(struct token *t, clockid_t clock) {
        uint64_t usec = 0;
        (void)sd_event_now(t->event, clock, &usec);
        return usec;
}

static int ask(struct token_request *r) {
        const struct config *config = r->token->config;
        _cleanup_(freep) char *url = NULL, *body = NULL;
        _cleanup_(wipe_text) char *authorization = NULL;
        if (asprintf(&url, "%s/oauth/token", config->platform.login_url) < 0) {
                url = NULL;
                return -ENOMEM;
        }
        int e = basic_header(&authorization, config->platform.client_id, secret_bytes(config->platform.client_secret.secret));
        if (e == 0)
                e = form_body(&body, &config->platform.scopes);
        if (e < 0)
                return e;
        const char *const headers[] = {authorization, "Content-Type: application/x-www-form-urlencoded", "Accept: application/json", NULL};
        struct http_request request = {
                .url = url,
                .method = "POST",
                .headers = headers,
                .body = span_of(body),
                .ca_file = config->platform.ca_file,
                .proxy = config->platform.proxy,
                .proxy_credentials = config->platform.proxy_credentials.secret,
                .user_agent = "trunkauditd/" TRUNKAUDIT_VERSION,
                .timeout_usec = platform_timeout_usec(&r->patience, config, now_usec(r->token, CLOCK_MONOTONIC)),
        };
        r->call = http_call_free(r->call);
        return http_start(&r->call, r->token->http, &request, on_reply, r);
}

/* -- the reply ---------------------------------------------------------------------------------------------------------- */

static void keep(struct token *t, const char *bearer, int64_t life_sec) {
        if (life_sec > LIFE_MAX_SEC)
                life_sec = LIFE_MAX_SEC;
        life_sec = life_sec < 2 * RENEWAL_MARGIN_SEC ? life_sec / 2 : life_sec - RENEWAL_MARGIN_SEC;
        t->bearer = secret_free(t->bearer);
        /* Without memory for it the next run logs in again. */
        (void)secret_new(&t->bearer, bearer, strlen(bearer) + 1);
        t->usable_until_usec = now_usec(t, CLOCK_BOOTTIME) + (uint64_t)life_sec * USEC_PER_SEC;
}

static void conclude(struct token_request *r, const struct http_reply *reply, const struct page_problem *problem) {
        struct token *t = r->token;
        _cleanup_(wipe_text) char *bearer = NULL;
        struct verdict verdict;
        if (reply->failure != HTTP_FAILED_NOT || reply->status / 100 != 2) {
                verdict = platform_reply_verdict(PLATFORM_LOGIN, reply, problem, &r->patience, now_usec(t, CLOCK_MONOTONIC), t->config);
        } else {
                int64_t life_sec;
                int e = page_read_token(t->page, reply->body, &bearer, &life_sec);
                if (e == 0) {
                        keep(t, bearer, life_sec);
                        verdict = verdict_of(CAUSE_PLATFORM_OK, "%s", "");
                } else {
                        verdict = verdict_of(CAUSE_PAGE_MALFORMED, "%s: token reply: %s", t->config->platform.login_url,
                                             e < 0 ? strerror(-e) : page_error(t->page));
                }
        }
        r->done(r, &verdict, bearer, reply->status, platform_reply_correlation_id(reply, problem), r->user);
}

static void fail(struct token_request *r, int error) {
        struct http_reply reply = {.failure = HTTP_FAILED_NETWORK, .error = strerror(error), .retry_after_sec = -1};
        conclude(r, &reply, &(struct page_problem){0});
}

static void on_reply(struct http_call *call, const struct http_reply *reply, void *user) {
        struct token_request *r = user;
        struct page_problem problem;
        uint64_t now = now_usec(r->token, CLOCK_MONOTONIC);
        (void)call;
        platform_reply_problem(r->token->page, reply, &problem);
        uint64_t wait_usec = platform_reply_wait_usec(&r->patience, PLATFORM_LOGIN, reply, &problem, now);
        if (wait_usec > 0 && sd_event_source_set_time(r->timer, now + wait_usec) >= 0 &&
            sd_event_source_set_enabled(r->timer, SD_EVENT_ONESHOT) >= 0)
                return;
        conclude(r, reply, &problem);
}

/* At once after the start, and after each wait. */
static int on_timer(sd_event_source *source, uint64_t usec, void *user) {
        struct token_request *r = user;
        struct token *t = r->token;
        (void)source;
        (void)usec;
        if (t->config->platform.page_dir) { /* nobody will see it */
                struct verdict verdict = verdict_of(CAUSE_PLATFORM_OK, "%s", "");
                r->done(r, &verdict, "replayed", 0, "", r->user);
                return 0;
        }
        if (!t->config->platform.client_secret.secret) {
                struct verdict verdict = verdict_of(CAUSE_CLIENT_SECRET_MISSING, "client_id %s", t->config->platform.client_id);
                r->done(r, &verdict, NULL, 0, "", r->user);
                return 0;
        }
        if (t->bearer && now_usec(t, CLOCK_BOOTTIME) < t->usable_until_usec) {
                struct verdict verdict = verdict_of(CAUSE_PLATFORM_OK, "%s", "");
                r->done(r, &verdict, secret_bytes(t->bearer).p, 0, "", r->user);
                return 0;
        }
        int e = ask(r);
        if (e < 0)
                fail(r, -e);
        return 0;
}

int token_start(struct token_request **ret, struct token *t, bool renew, uint64_t deadline_usec, token_done_fn *done, void *user) {
        struct token_request *r = calloc(1, sizeof *r);
        if (!r)
                return -ENOMEM;
        *r = (struct token_request){.token = t, .patience.deadline_usec = deadline_usec, .done = done, .user = user};
        int e = sd_event_add_time_relative(t->event, &r->timer, CLOCK_MONOTONIC, 0, TIMER_ACCURACY_USEC, on_timer, r);
        if (e < 0) {
                (void)token_request_free(r);
                return e;
        }
        if (renew)
                t->bearer = secret_free(t->bearer);
        *ret = r;
        return 0;
}

int token_authorization(struct secret **ret, const char *bearer) {
        static const char name[] = "Authorization: Bearer ";
        char header[sizeof name + PAGE_TOKEN_MAX];
        int n = snprintf(header, sizeof header, "%s%s", name, bearer);
        int r = n < 0 || (size_t)n >= sizeof header ? -EINVAL : secret_new(ret, header, (size_t)n + 1);
        OPENSSL_cleanse(header, sizeof header);
        return r;
}

struct token_request *token_request_free(struct token_request *r) {
        if (!r)
                return NULL;
        (void)http_call_free(r->call);
        (void)sd_event_source_disable_unref(r->timer);
        free(r);
        return NULL;
}
