/* http.c: libcurl's multi interface on sd-event. A call owns its easy handle and a disabled defer source; whatever ends the call (curl,
 * its own deadline, a broken multi) fills the reply and enables that source, so that done is never called from inside curl. */
#include "http.h"

#include <curl/curl.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <time.h>

#include "now.h"
#include "tape.h"

#define TIMER_ACCURACY_USEC (1 * USEC_PER_MSEC)
#define DEADLINE_GRACE_USEC (500 * USEC_PER_MSEC) /* curl's own timeout comes first and says more */
#define CONNECTIONS_PER_HOST_MAX 8L
#define BODY_STEP 16384 /* bytes of the first buffer of a body */
#define RETRY_AFTER_MAX (7 * 24 * 3600)

struct http {
        sd_event *event;
        CURLM *multi;
        sd_event_source *timer;
        struct http_call *calls; /* those that curl works on */
        struct refusal_list refusals;
        const char *record_directory, *replay_directory; /* NULL = neither */
        int record_error;
};

struct http_call {
        struct http *http;
        struct http_call *previous, *next;
        bool running;          /* in http->calls and in the multi */
        uint64_t started_usec; /* CLOCK_MONOTONIC */
        CURL *easy;
        struct curl_slist *headers;
        char *url, *request_body;
        size_t request_body_n;
        sd_event_source *deadline, *delivery;
        char error[CURL_ERROR_SIZE];
        char *body;
        size_t body_n, body_size;
        bool too_large;
        bool headers_complete;
        bool has_own_id; /* ININ-Correlation-Id came, the alias no longer counts */
        char retry_after[64];
        struct http_reply reply;
        http_done_fn *done;
        void *user;
};

static void wipe_text(char **text) {
        if (*text)
                OPENSSL_cleanse(*text, strlen(*text));
        free(*text);
}

/* -- the end of a call ------------------------------------------------------------------------------------------------ */

static enum http_failure failure_of(const struct http_call *call, CURLcode code) {
        if (code == CURLE_OK)
                return call->reply.status > 0 ? HTTP_FAILED_NOT : HTTP_FAILED_BROKEN;
        if (call->too_large || code == CURLE_FILESIZE_EXCEEDED)
                return HTTP_FAILED_TOO_LARGE;
        long connect_status = 0;
        (void)curl_easy_getinfo(call->easy, CURLINFO_HTTP_CONNECTCODE, &connect_status);
        if (code == CURLE_COULDNT_RESOLVE_PROXY || code == CURLE_PROXY || connect_status >= 300)
                return HTTP_FAILED_PROXY;
        if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE || code == CURLE_SSL_CRL_BADFILE ||
            code == CURLE_SSL_ISSUER_ERROR || code == CURLE_SSL_INVALIDCERTSTATUS)
                return HTTP_FAILED_TRUST;
        if (code == CURLE_PARTIAL_FILE || code == CURLE_WEIRD_SERVER_REPLY || code == CURLE_GOT_NOTHING ||
            code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_BAD_CONTENT_ENCODING || code == CURLE_HTTP2 || code == CURLE_HTTP2_STREAM)
                return HTTP_FAILED_BROKEN;
        if (code == CURLE_RECV_ERROR && call->headers_complete)
                return HTTP_FAILED_BROKEN;
        return HTTP_FAILED_NETWORK;
}

/* Retry-After is seconds or a date (RFC 9110 section 10.2.3); a date counts from the reply's own. */
static int retry_after_seconds(const struct http_call *call) {
        const char *text = call->retry_after;
        int64_t seconds = 0;
        if (!text[0])
                return -1;
        if (text[strspn(text, "0123456789")] == '\0') {
                for (; *text && seconds < RETRY_AFTER_MAX; text++)
                        seconds = seconds * 10 + (*text - '0');
        } else {
                time_t until = curl_getdate(text, NULL);
                if (until == -1)
                        return -1;
                int64_t from = call->reply.date_usec > 0 ? call->reply.date_usec : call->reply.received_usec;
                seconds = until - from / (int64_t)USEC_PER_SEC;
        }
        return seconds < 0 ? 0 : seconds > RETRY_AFTER_MAX ? RETRY_AFTER_MAX : (int)seconds;
}

static void stop(struct http_call *call) {
        if (!call->running)
                return;
        call->running = false;
        (void)curl_multi_remove_handle(call->http->multi, call->easy);
        if (call->previous)
                call->previous->next = call->next;
        else
                call->http->calls = call->next;
        if (call->next)
                call->next->previous = call->previous;
        (void)sd_event_source_set_enabled(call->deadline, SD_EVENT_OFF);
}

static void finish(struct http_call *call, enum http_failure failure, const char *error) {
        stop(call);
        call->reply.failure = failure;
        call->reply.error = failure == HTTP_FAILED_NOT ? NULL : error;
        call->reply.body = (struct span){call->body ? call->body : "", call->body_n};
        call->reply.retry_after_sec = retry_after_seconds(call);
        call->reply.duration_usec = now_usec_of(CLOCK_MONOTONIC) - call->started_usec;
        if (call->reply.sent_usec == 0) /* it did not come to that */
                call->reply.sent_usec = now_realtime() - (int64_t)call->reply.duration_usec;
        if (call->http->record_directory && failure == HTTP_FAILED_NOT) {
                int r = tape_write(call->http->record_directory, call->reply.method, call->url, call->reply.status, call->reply.body);
                if (r < 0)
                        call->http->record_error = r;
        }
        (void)sd_event_source_set_enabled(call->delivery, SD_EVENT_ONESHOT);
}

static int on_delivery(sd_event_source *source, void *user) {
        struct http_call *call = user;
        (void)source;
        call->done(call, &call->reply, call->user);
        return 0;
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *user) {
        struct http_call *call = user;
        (void)source;
        (void)usec;
        finish(call, HTTP_FAILED_NETWORK, "no complete reply in time");
        return 0;
}

/* Every finished transfer at each turn: curl reports several at once, and does not wake us again for the rest. */
static void drain(struct http *h) {
        CURLMsg *message;
        int left;
        while ((message = curl_multi_info_read(h->multi, &left))) {
                struct http_call *call = NULL;
                long status = 0;
                if (message->msg != CURLMSG_DONE || curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &call) != CURLE_OK)
                        continue;
                CURLcode code = message->data.result; /* the message is gone once its handle is removed */
                if (curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK)
                        call->reply.status = (int)status;
                finish(call, failure_of(call, code), call->error[0] ? call->error : curl_easy_strerror(code));
        }
}

/* -- curl on the loop ------------------------------------------------------------------------------------------------- */

static int multi_new(CURLM **ret, struct http *h);

/* After an error of curl_multi_socket_action() nothing in that multi moves again: its calls fail, and the next one gets a new multi. */
static void act(struct http *h, curl_socket_t fd, int events) {
        int running;
        if (curl_multi_socket_action(h->multi, fd, events, &running) == CURLM_OK) {
                drain(h);
                return;
        }
        while (h->calls)
                finish(h->calls, HTTP_FAILED_NETWORK, "libcurl cannot go on with its transfers");
        (void)curl_multi_cleanup(h->multi);
        h->multi = NULL;
}

static int on_socket_ready(sd_event_source *source, int fd, uint32_t events, void *user) {
        (void)source;
        int action = 0;
        if (events & EPOLLIN)
                action |= CURL_CSELECT_IN;
        if (events & EPOLLOUT)
                action |= CURL_CSELECT_OUT;
        if (events & (EPOLLERR | EPOLLHUP))
                action |= CURL_CSELECT_ERR;
        act(user, fd, action);
        return 0;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *user) {
        (void)source;
        (void)usec;
        struct http *h = user;
        if (h->multi)
                act(h, CURL_SOCKET_TIMEOUT, 0);
        return 0;
}

/* Also called from inside curl_multi_cleanup(). */
static int socket_wanted(CURL *easy, curl_socket_t fd, int what, void *user, void *socket_user) {
        struct http *h = user;
        sd_event_source *source = socket_user;
        (void)easy;
        if (what == CURL_POLL_REMOVE) {
                (void)curl_multi_assign(h->multi, fd, NULL);
                (void)sd_event_source_disable_unref(source);
                return 0;
        }
        uint32_t events = (what & CURL_POLL_IN ? EPOLLIN : 0U) | (what & CURL_POLL_OUT ? EPOLLOUT : 0U);
        if (source)
                return sd_event_source_set_io_events(source, events) < 0 ? -1 : 0;
        if (sd_event_add_io(h->event, &source, fd, events, on_socket_ready, h) < 0)
                return -1;
        if (curl_multi_assign(h->multi, fd, source) != CURLM_OK) {
                (void)sd_event_source_disable_unref(source);
                return -1;
        }
        return 0;
}

/* Only arms the timer, also for 0 ms: curl must not be entered from its own callback. */
static int timer_wanted(CURLM *multi, long timeout_msec, void *user) {
        struct http *h = user;
        (void)multi;
        if (timeout_msec < 0)
                return sd_event_source_set_enabled(h->timer, SD_EVENT_OFF) < 0 ? -1 : 0;
        if (sd_event_source_set_time_relative(h->timer, (uint64_t)timeout_msec * USEC_PER_MSEC) < 0 ||
            sd_event_source_set_enabled(h->timer, SD_EVENT_ONESHOT) < 0)
                return -1;
        return 0;
}

static int multi_new(CURLM **ret, struct http *h) {
        CURLM *multi = curl_multi_init();
        if (!multi)
                return -ENOMEM;
        if (curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, socket_wanted) != CURLM_OK ||
            curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, h) != CURLM_OK ||
            curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, timer_wanted) != CURLM_OK ||
            curl_multi_setopt(multi, CURLMOPT_TIMERDATA, h) != CURLM_OK ||
            curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, CONNECTIONS_PER_HOST_MAX) != CURLM_OK) {
                (void)curl_multi_cleanup(multi);
                return -EIO;
        }
        *ret = multi;
        return 0;
}

int http_new(struct http **ret, sd_event *event) {
        if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
                return -EIO;
        _cleanup_(http_freep) struct http *h = calloc(1, sizeof *h);
        if (!h) {
                curl_global_cleanup();
                return -ENOMEM;
        }
        h->event = sd_event_ref(event);
        int r = sd_event_add_time_relative(event, &h->timer, CLOCK_MONOTONIC, 0, TIMER_ACCURACY_USEC, on_timer, h);
        if (r < 0)
                return r;
        r = sd_event_source_set_enabled(h->timer, SD_EVENT_OFF);
        if (r < 0)
                return r;
        r = multi_new(&h->multi, h);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(h);
        return 0;
}

struct http *http_free(struct http *h) {
        if (!h)
                return NULL;
        /* The multi first: while it closes its connections it still calls back for sockets and the timer. */
        if (h->multi)
                (void)curl_multi_cleanup(h->multi);
        (void)sd_event_source_disable_unref(h->timer);
        (void)sd_event_unref(h->event);
        refusal_list_clear(&h->refusals);
        free(h);
        curl_global_cleanup();
        return NULL;
}

void http_record(struct http *h, const char *directory) {
        h->record_directory = directory;
}

void http_replay(struct http *h, const char *directory) {
        h->replay_directory = directory;
}

int http_record_error(const struct http *h) {
        return h->record_error;
}

struct refusal_list http_take_refusals(struct http *h) {
        struct refusal_list taken = h->refusals;
        h->refusals = (struct refusal_list){0};
        return taken;
}

/* -- what a call hears from curl --------------------------------------------------------------------------------------- */

/* Not realloc(): the body may hold a token, and every copy of it is wiped. */
static bool grow(struct http_call *call, size_t needed) {
        size_t size = call->body_size ? call->body_size : BODY_STEP;
        while (size < needed)
                size *= 2;
        if (size == call->body_size)
                return true;
        char *body = malloc(size);
        if (!body)
                return false;
        if (call->body) {
                memcpy(body, call->body, call->body_n);
                OPENSSL_cleanse(call->body, call->body_size);
                free(call->body);
        }
        call->body = body;
        call->body_size = size;
        return true;
}

static size_t body_came(char *bytes, size_t one, size_t n, void *user) {
        struct http_call *call = user;
        (void)one;
        if (n > HTTP_BODY_MAX - call->body_n) {
                call->too_large = true;
                return 0;
        }
        if (!grow(call, call->body_n + n))
                return 0;
        if (n > 0)
                memcpy(call->body + call->body_n, bytes, n);
        call->body_n += n;
        return n;
}

static void copy_header(char *to, size_t size, struct span value) {
        size_t n = 0;
        for (size_t i = 0; i < value.n && n + 1 < size; i++)
                if (value.p[i] >= ' ' && value.p[i] <= '~')
                        to[n++] = value.p[i];
        to[n] = '\0';
}

/* A status line begins a response anew: what an interim one (1xx) said is not the reply's. */
static void response_began(struct http_call *call) {
        call->headers_complete = call->has_own_id = false;
        call->retry_after[0] = call->reply.correlation_id[0] = call->reply.cf_id[0] = '\0';
        call->reply.told = (struct allowance_told){-1, -1, -1};
        call->reply.date_usec = 0;
        call->reply.received_usec = now_realtime();
}

/* -1 when it is no number that can be meant. */
static int small_number(struct span value) {
        int n = 0;
        for (size_t i = 0; i < value.n; i++) {
                if (value.p[i] < '0' || value.p[i] > '9' || n > INT_MAX / 100)
                        return -1;
                n = n * 10 + (value.p[i] - '0');
        }
        return value.n > 0 ? n : -1;
}

static void header_said(struct http_call *call, struct span name, struct span value) {
        if (span_ieq(name, SPAN("ININ-Correlation-Id"))) {
                copy_header(call->reply.correlation_id, sizeof call->reply.correlation_id, value);
                call->has_own_id = call->reply.correlation_id[0] != '\0';
        } else if (span_ieq(name, SPAN("X-Request-Id"))) {
                if (!call->has_own_id)
                        copy_header(call->reply.correlation_id, sizeof call->reply.correlation_id, value);
        } else if (span_ieq(name, SPAN("Retry-After"))) {
                copy_header(call->retry_after, sizeof call->retry_after, value);
        } else if (span_ieq(name, SPAN("X-Amz-Cf-Id"))) {
                copy_header(call->reply.cf_id, sizeof call->reply.cf_id, value);
        } else if (span_ieq(name, SPAN("inin-ratelimit-count"))) {
                call->reply.told.count = small_number(value);
        } else if (span_ieq(name, SPAN("inin-ratelimit-allowed"))) {
                call->reply.told.allowed = small_number(value);
        } else if (span_ieq(name, SPAN("inin-ratelimit-reset"))) {
                call->reply.told.reset_sec = small_number(value);
        } else if (span_ieq(name, SPAN("Date"))) {
                char text[64];
                copy_header(text, sizeof text, value);
                time_t date = curl_getdate(text, NULL);
                if (date > 0)
                        call->reply.date_usec = (int64_t)date * (int64_t)USEC_PER_SEC;
        }
}

static size_t header_came(char *bytes, size_t one, size_t n, void *user) {
        struct http_call *call = user;
        struct span line = {bytes, n};
        (void)one;
        while (line.n > 0 && strchr("\r\n\t ", line.p[line.n - 1]))
                line.n--;
        if (line.n >= 5 && memcmp(line.p, "HTTP/", 5) == 0) {
                response_began(call);
        } else if (line.n == 0) {
                call->headers_complete = true; /* what follows the body are trailers */
        } else if (!call->headers_complete) {
                const char *colon = memchr(line.p, ':', line.n);
                if (!colon)
                        return n;
                struct span value = {colon + 1, (size_t)(line.p + line.n - colon - 1)};
                while (value.n > 0 && (value.p[0] == ' ' || value.p[0] == '\t'))
                        value = (struct span){value.p + 1, value.n - 1};
                header_said(call, (struct span){line.p, (size_t)(colon - line.p)}, value);
        }
        return n;
}

static int request_leaves(void *user, char *remote, char *local, int remote_port, int local_port) {
        struct http_call *call = user;
        (void)remote;
        (void)local;
        (void)remote_port;
        (void)local_port;
        call->reply.sent_usec = now_realtime();
        return CURL_PREREQFUNC_OK;
}

/* -- calls ------------------------------------------------------------------------------------------------------------- */

#define SET(option, value)                                               \
        do {                                                             \
                CURLcode code = curl_easy_setopt(easy, option, (value)); \
                if (code != CURLE_OK)                                    \
                        return code;                                     \
        } while (0)

static CURLcode set_safety(CURL *easy, const struct http_request *request) {
        SET(CURLOPT_NOSIGNAL, 1L);
        SET(CURLOPT_PROTOCOLS_STR, "https");
        SET(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
        SET(CURLOPT_FOLLOWLOCATION, 0L);
        SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
        SET(CURLOPT_PROXY_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
        SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
        SET(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)HTTP_BODY_MAX);
        /* Else giving up on a name would wait for the resolver's thread, and the loop with it. */
        SET(CURLOPT_QUICK_EXIT, 1L);
        if (request->proxy)
                SET(CURLOPT_PROXY, request->proxy);
        if (request->ca_file) {
                SET(CURLOPT_CAINFO, request->ca_file);
                SET(CURLOPT_CAPATH, (char *)NULL); /* in place of the system's, not beside them */
                SET(CURLOPT_PROXY_CAINFO, request->ca_file);
                SET(CURLOPT_PROXY_CAPATH, (char *)NULL);
        }
        return CURLE_OK;
}

static CURLcode set_request(struct http_call *call, CURL *easy, const struct http_request *request) {
        uint64_t timeout_msec = request->timeout_usec / USEC_PER_MSEC;
        SET(CURLOPT_URL, request->url);
        SET(CURLOPT_ACCEPT_ENCODING, "");
        SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
        SET(CURLOPT_TIMEOUT_MS, timeout_msec == 0 ? 1L : timeout_msec > LONG_MAX ? LONG_MAX : (long)timeout_msec);
        if (request->user_agent)
                SET(CURLOPT_USERAGENT, request->user_agent);
        if (request->body.p) {
                SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->request_body_n);
                SET(CURLOPT_POSTFIELDS, call->request_body);
        }
        SET(CURLOPT_CUSTOMREQUEST, request->method);
        SET(CURLOPT_HTTPHEADER, call->headers);
        return CURLE_OK;
}

static CURLcode set_callbacks(struct http_call *call, CURL *easy) {
        SET(CURLOPT_PRIVATE, call);
        SET(CURLOPT_ERRORBUFFER, call->error);
        SET(CURLOPT_WRITEFUNCTION, body_came);
        SET(CURLOPT_WRITEDATA, call);
        SET(CURLOPT_HEADERFUNCTION, header_came);
        SET(CURLOPT_HEADERDATA, call);
        SET(CURLOPT_PREREQFUNCTION, request_leaves);
        SET(CURLOPT_PREREQDATA, call);
        return CURLE_OK;
}

/* curl keeps a copy of its own, which it does not wipe; core dumps have none of our memory. */
static CURLcode set_proxy_credentials(CURL *easy, const struct secret *credentials) {
        _cleanup_(wipe_text) char *text = strndup(secret_bytes(credentials).p, secret_bytes(credentials).n);
        if (!text)
                return CURLE_OUT_OF_MEMORY;
        SET(CURLOPT_PROXYUSERPWD, text);
        return CURLE_OK;
}

static int copy_request(struct http_call *call, const struct http_request *request) {
        call->url = strdup(request->url);
        if (!call->url)
                return -ENOMEM;
        call->reply.method = request->method;
        call->reply.url = call->url;
        for (size_t i = 0; request->headers && request->headers[i]; i++) {
                struct curl_slist *headers = curl_slist_append(call->headers, request->headers[i]);
                if (!headers)
                        return -ENOMEM;
                call->headers = headers;
        }
        if (request->body.p) {
                call->request_body = malloc(request->body.n + 1);
                if (!call->request_body)
                        return -ENOMEM;
                memcpy(call->request_body, request->body.p, request->body.n);
                call->request_body_n = request->body.n;
        }
        return 0;
}

static int add_sources(struct http_call *call, uint64_t timeout_usec) {
        sd_event *event = call->http->event;
        uint64_t limit_usec;
        if (__builtin_add_overflow(timeout_usec, DEADLINE_GRACE_USEC, &limit_usec))
                return -EINVAL;
        int r = sd_event_add_time_relative(event, &call->deadline, CLOCK_MONOTONIC, limit_usec, TIMER_ACCURACY_USEC, on_deadline, call);
        if (r < 0)
                return r;
        r = sd_event_add_defer(event, &call->delivery, on_delivery, call);
        if (r < 0)
                return r;
        return sd_event_source_set_enabled(call->delivery, SD_EVENT_OFF);
}

/* The reply from the directory; as with the network, done is called later. */
static void replay(struct http_call *call) {
        const char *directory = call->http->replay_directory;
        call->started_usec = now_usec_of(CLOCK_MONOTONIC);
        int r = tape_read(directory, call->reply.method, call->url, &call->reply.status, &call->body, &call->body_n);
        call->body_size = call->body_n;
        if (r < 0)
                (void)snprintf(call->error, sizeof call->error, "%s: %s", directory,
                               r == -ENOENT ? "no such reply was recorded" : strerror(-r));
        finish(call, r == 0 ? HTTP_FAILED_NOT : HTTP_FAILED_ABSENT, call->error);
}

/* Hands the call to curl. */
static int send_call(struct http_call *call, const struct http_request *request) {
        struct http *h = call->http;
        int r = 0;
        if (!h->multi)
                r = multi_new(&h->multi, h);
        if (r == 0 && !(call->easy = curl_easy_init()))
                r = -ENOMEM;
        if (r == 0 && (set_safety(call->easy, request) != CURLE_OK || set_request(call, call->easy, request) != CURLE_OK ||
                       set_callbacks(call, call->easy) != CURLE_OK ||
                       (request->proxy_credentials && set_proxy_credentials(call->easy, request->proxy_credentials) != CURLE_OK)))
                r = -EINVAL;
        if (r == 0 && curl_multi_add_handle(h->multi, call->easy) != CURLM_OK)
                r = -EIO;
        if (r < 0)
                return r;
        call->running = true;
        call->started_usec = now_usec_of(CLOCK_MONOTONIC);
        call->next = h->calls;
        if (h->calls)
                h->calls->previous = call;
        h->calls = call;
        return 0;
}

int http_start(struct http_call **ret, struct http *h, const struct http_request *request, http_done_fn *done, void *user) {
        struct http_call *call = calloc(1, sizeof *call);
        if (!call)
                return -ENOMEM;
        *call = (struct http_call){
                .http = h, .done = done, .user = user, .reply = {.retry_after_sec = -1, .told = {-1, -1, -1}, .refusals = &h->refusals}};
        int r = copy_request(call, request);
        if (r == 0)
                r = add_sources(call, request->timeout_usec);
        if (r == 0 && !h->replay_directory)
                r = send_call(call, request);
        if (r < 0) {
                (void)http_call_free(call);
                return r;
        }
        if (h->replay_directory)
                replay(call);
        *ret = call;
        return 0;
}

struct http_call *http_call_free(struct http_call *call) {
        if (!call)
                return NULL;
        stop(call);
        curl_easy_cleanup(call->easy);
        for (struct curl_slist *s = call->headers; s; s = s->next)
                OPENSSL_cleanse(s->data, strlen(s->data));
        curl_slist_free_all(call->headers);
        if (call->request_body)
                OPENSSL_cleanse(call->request_body, call->request_body_n);
        free(call->request_body);
        free(call->url);
        if (call->body)
                OPENSSL_cleanse(call->body, call->body_size);
        free(call->body);
        (void)sd_event_source_disable_unref(call->deadline);
        (void)sd_event_source_disable_unref(call->delivery);
        free(call);
        return NULL;
}
