/* audit_log.c: a query of the audit log is a job on the platform: it is submitted, looked after until it is done, and its results are
 * read page by page. All of it ends with the limit, whatever the platform says. */
#include "audit_log.h"

#include <stdio.h>
#include <time.h>

#include "../common/report.h"
#include "../common/utc_time.h"

#define QUERY_PATH "/api/v2/audits/query"
#define RESULTS_PAGE 100
#define TIMER_ACCURACY_USEC (1 * USEC_PER_MSEC)
#define LOOK_FIRST_USEC (250 * USEC_PER_MSEC) /* doubled from look to look */
#define LOOK_LAST_USEC (4 * USEC_PER_SEC)
#define BODY_MAX 1024 /* bytes of a query */

struct audit_log {
        struct platform_context context;
        struct page *page;
        struct platform_call *call;
        sd_event_source *timer;
        uint64_t deadline_usec, look_usec;
        struct edit_query query;
        char cursor[EDIT_CURSOR_MAX + 1];
        unsigned pages;
        struct audit_log_result result;
        audit_log_done_fn *done;
        void *user;
};

static void finish(struct audit_log *l, enum audit_log_state state, const char *why) {
        l->call = platform_call_free(l->call);
        l->result.state = state;
        (void)snprintf(l->result.why, sizeof l->result.why, "%s", why);
        l->done(l, &l->result, l->user);
}

/* -- requests -------------------------------------------------------------------------------------------------------------- */

static int ask(struct audit_log *l, const char *method, const char *path, const char *query, struct span body,
               platform_call_done_fn *done) {
        _cleanup_(freep) char *url = NULL;
        if (asprintf(&url, "%s" QUERY_PATH "%s%s", l->context.config->platform.api_url, path, query) < 0) {
                url = NULL;
                return -ENOMEM;
        }
        l->call = platform_call_free(l->call);
        return platform_call_start(&l->call, &l->context, l->page, method, url, body, l->deadline_usec, done, l);
}

/* False when it has finished with why. */
static bool is_answered(struct audit_log *l, const struct platform_answer *a) {
        if (a->verdict.cause == CAUSE_PLATFORM_OK)
                return true;
        (void)snprintf(l->result.correlation_id, sizeof l->result.correlation_id, "%s", a->correlation_id);
        finish(l, a->status == 403 ? AUDIT_LOG_DENIED : AUDIT_LOG_UNREAD, a->verdict.detail);
        return false;
}

static void on_results(struct platform_call *call, const struct platform_answer *a, void *user);

static int ask_results(struct audit_log *l) {
        static const char hex[] = "0123456789ABCDEF";
        char path[EDIT_TRANSACTION_MAX + 16], query[3 * EDIT_CURSOR_MAX + 40];
        (void)snprintf(path, sizeof path, "/%s/results", l->query.id);
        int n = snprintf(query, sizeof query, "?pageSize=%d%s", RESULTS_PAGE, l->cursor[0] ? "&cursor=" : "");
        char *to = query + n;
        for (const char *c = l->cursor; *c; c++) {
                *to++ = '%';
                *to++ = hex[(unsigned char)*c >> 4];
                *to++ = hex[(unsigned char)*c & 15];
        }
        *to = '\0';
        return ask(l, "GET", path, query, (struct span){0}, on_results);
}

static void on_results(struct platform_call *call, const struct platform_answer *a, void *user) {
        struct audit_log *l = user;
        char cursor[EDIT_CURSOR_MAX + 1];
        (void)call;
        if (!is_answered(l, a))
                return;
        int r = edit_read_results(l->page, a->body, &l->result.edits, cursor);
        if (r != 0) {
                finish(l, AUDIT_LOG_UNREAD, r < 0 ? strerror(-r) : "its results are not of the shape that is known");
                return;
        }
        bool more = cursor[0] && !text_eq(cursor, l->cursor) && ++l->pages < AUDIT_LOG_PAGES_MAX && !l->result.edits.cut;
        if (!more) {
                finish(l, AUDIT_LOG_READ, "");
                return;
        }
        memcpy(l->cursor, cursor, sizeof cursor);
        r = ask_results(l);
        if (r < 0)
                finish(l, AUDIT_LOG_UNREAD, strerror(-r));
}

/* -- how it stands --------------------------------------------------------------------------------------------------------- */

/* The next look, or the end when there is no time for one. */
static int look_later(struct audit_log *l) {
        uint64_t now = platform_now_usec(&l->context);
        if (now + l->look_usec >= l->deadline_usec)
                return -ETIME;
        int r = sd_event_source_set_time(l->timer, now + l->look_usec);
        if (r >= 0)
                r = sd_event_source_set_enabled(l->timer, SD_EVENT_ONESHOT);
        l->look_usec = 2 * l->look_usec < LOOK_LAST_USEC ? 2 * l->look_usec : LOOK_LAST_USEC;
        return r < 0 ? r : 0;
}

static void on_state(struct platform_call *call, const struct platform_answer *a, void *user) {
        struct audit_log *l = user;
        struct edit_query query;
        (void)call;
        if (!is_answered(l, a))
                return;
        int r = edit_read_query(l->page, a->body, &query);
        if (r != 0 || !query.id[0] || (l->query.id[0] && !text_eq(query.id, l->query.id))) {
                finish(l, AUDIT_LOG_UNREAD, r < 0 ? strerror(-r) : "what it says of the query cannot be used");
                return;
        }
        l->query = query;
        if (query.state == EDIT_QUERY_FAILED) {
                finish(l, AUDIT_LOG_UNREAD, "the platform says that the query failed");
                return;
        }
        r = query.state == EDIT_QUERY_SUCCEEDED ? ask_results(l) : look_later(l);
        if (r < 0)
                finish(l, AUDIT_LOG_UNREAD, r == -ETIME ? "the query was not done in time" : strerror(-r));
}

static int on_timer(sd_event_source *source, uint64_t usec, void *user) {
        struct audit_log *l = user;
        char path[EDIT_TRANSACTION_MAX + 2];
        (void)source;
        (void)usec;
        (void)snprintf(path, sizeof path, "/%s", l->query.id);
        int r = ask(l, "GET", path, "", (struct span){0}, on_state);
        if (r < 0)
                finish(l, AUDIT_LOG_UNREAD, strerror(-r));
        return 0;
}

/* -- the beginning --------------------------------------------------------------------------------------------------------- */

static int submit(struct audit_log *l, int64_t since_usec, int64_t until_usec, const char *entity_id) {
        _cleanup_(freep) char *id = NULL;
        char since[UTC_TIME_MAX], until[UTC_TIME_MAX], body[BODY_MAX];
        int r = entity_id ? report_json_string(&id, entity_id) : 0;
        if (r < 0)
                return r;
        int n = snprintf(body, sizeof body,
                         "{\"interval\":\"%s/%s\",\"serviceName\":\"Telephony\",\"filters\":[{\"property\":\"EntityType\",\"value\":"
                         "\"TrunkBase\"}%s%s%s],\"sort\":[{\"name\":\"Timestamp\",\"sortOrder\":\"descending\"}]}",
                         utc_time_format(since, since_usec), utc_time_format(until, until_usec + (int64_t)USEC_PER_SEC - 1),
                         id ? ",{\"property\":\"EntityId\",\"value\":" : "", id ? id : "", id ? "}" : "");
        if (n < 0 || (size_t)n >= sizeof body)
                return -EINVAL;
        return ask(l, "POST", "", "", (struct span){body, (size_t)n}, on_state);
}

int audit_log_start(struct audit_log **ret, const struct platform_context *context, int64_t since_usec, int64_t until_usec,
                    const char *entity_id, audit_log_done_fn *done, void *user) {
        struct audit_log *l = calloc(1, sizeof *l);
        if (!l)
                return -ENOMEM;
        *l = (struct audit_log){.context = *context, .look_usec = LOOK_FIRST_USEC, .done = done, .user = user};
        uint64_t limit_usec = context->config->platform.deadline_usec;
        l->deadline_usec = platform_now_usec(context) + (limit_usec < AUDIT_LOG_LIMIT_USEC ? limit_usec : AUDIT_LOG_LIMIT_USEC);
        int r = page_new(&l->page);
        if (r == 0)
                r = sd_event_add_time(context->event, &l->timer, CLOCK_MONOTONIC, 0, TIMER_ACCURACY_USEC, on_timer, l);
        if (r >= 0)
                r = sd_event_source_set_enabled(l->timer, SD_EVENT_OFF);
        if (r >= 0)
                r = submit(l, since_usec, until_usec, entity_id);
        if (r < 0) {
                (void)audit_log_free(l);
                return r;
        }
        *ret = l;
        return 0;
}

struct audit_log *audit_log_free(struct audit_log *l) {
        if (!l)
                return NULL;
        (void)platform_call_free(l->call);
        (void)sd_event_source_disable_unref(l->timer);
        (void)page_free(l->page);
        edit_list_clear(&l->result.edits);
        free(l);
        return NULL;
}
