/* refresh.c: read, put the credentials in, write; once more when somebody else wrote in between. The secret is put into the body outside
 * of SQLite, which would leave copies of it, and every body is wiped. */
#include "refresh.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <sys/random.h>

#include "../common/utf8.h"
#include "now.h"

#define BASES_PATH "/api/v2/telephony/providers/edges/trunkbasesettings/"
#define EDGES_PATH "/telephony/providers/edges/"
#define TRIES_MAX 2
#define MARK_BYTES 16
#define VERSION_MAX 24

struct refresh {
        struct platform_context context;
        struct store *store;
        struct journal *journal;
        struct refresh_request request;
        struct page *page;
        uint64_t deadline_usec;
        sd_event_source *begin;
        size_t next; /* item */
        const struct trunk *trunk;
        const char *base_id; /* NULL = a trunk connection */
        char *url;
        struct refresh_row row;
        char before[VERSION_MAX], after[VERSION_MAX], correlation_id[80], detail[VERDICT_DETAIL_MAX];
        struct platform_call *call;
        refresh_done_fn *done;
        void *user;
};

static void next_trunk(struct refresh *r);

/* -- rows ------------------------------------------------------------------------------------------------------------------ */

static int put_row(struct refresh *r, enum refresh_outcome outcome, const char *detail) {
        (void)snprintf(r->detail, sizeof r->detail, "%s", detail);
        r->row.outcome = outcome;
        r->row.detail = r->detail;
        r->row.version_before = r->before;
        r->row.version_after = r->after;
        r->row.correlation_id = r->correlation_id;
        int e = store_put_refresh(r->store, &r->row);
        if (e < 0)
                journal_event(r->journal, EVENT_STORE_FAILED, LOG_ERR, NULL, "Unable to keep what was written to the platform in %s: %s",
                              store_path(r->store), store_error(r->store));
        return e;
}

/* Told when it ended otherwise the time before. */
static void tell_trunk(struct refresh *r, enum refresh_outcome outcome, const char *detail) {
        enum refresh_outcome before = REFRESH_WRITTEN;
        (void)store_last_refresh(r->store, r->trunk->id, r->request.run, &before);
        (void)put_row(r, outcome, detail);
        const struct journal_fields f = {
                .run = r->request.run, .trunk = r->trunk->name, .trunk_id = r->trunk->id, .correlation_id = r->correlation_id};
        if (outcome != before && outcome != REFRESH_DRY_RUN)
                journal_event(r->journal, EVENT_REFRESH, outcome == REFRESH_WRITTEN ? LOG_INFO : LOG_WARNING, &f,
                              "%s: credentials written to the platform: %s%s%s", r->trunk->name ? r->trunk->name : r->trunk->id,
                              refresh_outcome_word(outcome), r->detail[0] ? ": " : "", r->detail);
}

static void end_trunk(struct refresh *r, enum refresh_outcome outcome, const char *detail) {
        tell_trunk(r, outcome, detail);
        next_trunk(r);
}

static void end_with_answer(struct refresh *r, const struct platform_answer *a) {
        end_trunk(r, a->status / 100 == 4 && a->status != 429 ? REFRESH_REFUSED : REFRESH_FAILED, a->verdict.detail);
}

static void note_answer(struct refresh *r, const struct platform_answer *a) {
        r->row.status = a->status;
        (void)snprintf(r->correlation_id, sizeof r->correlation_id, "%s", a->correlation_id);
}

/* -- what is written ------------------------------------------------------------------------------------------------------- */

static int take_version(const struct span *columns, void *user) {
        (void)snprintf(user, VERSION_MAX, SPAN_FMT, SPAN_ARG(columns[0]));
        return 0;
}

static int take_body(const struct span *columns, void *user) {
        char **body = user;
        *body = columns[0].p ? strndup(columns[0].p, columns[0].n) : NULL;
        return columns[0].p && !*body ? -ENOMEM : 0;
}

static void wipe_text(char **text) {
        if (*text)
                OPENSSL_cleanse(*text, strlen(*text));
        free(*text);
}

/* The inside of a JSON string (RFC 8259 section 7). Returns its length; to has room for six times as many bytes. */
static size_t escape(char *to, struct span text) {
        static const char hex[] = "0123456789abcdef";
        size_t n = 0;
        for (size_t i = 0; i < text.n; i++) {
                unsigned char c = (unsigned char)text.p[i];
                if (c == '"' || c == '\\') {
                        to[n++] = '\\';
                        to[n++] = (char)c;
                } else if (c < ' ') {
                        memcpy(to + n, "\\u00", 4);
                        to[n + 4] = hex[c >> 4];
                        to[n + 5] = hex[c & 15];
                        n += 6;
                } else {
                        to[n++] = (char)c;
                }
        }
        return n;
}

/* The secret in the place of the mark. Wipe it. */
static int put_secret(char **ret, const char *body, const char *mark, struct span secret) {
        const char *at = strstr(body, mark);
        if (!at || strstr(at + 1, mark))
                return -EINVAL;
        char *whole = malloc(strlen(body) + 6 * secret.n + 1);
        if (!whole)
                return -ENOMEM;
        char *to = mempcpy(whole, body, (size_t)(at - body));
        to += escape(to, secret);
        const char *rest = at + strlen(mark);
        memcpy(to, rest, strlen(rest) + 1);
        *ret = whole;
        return 0;
}

/* Returns 0 with the body (wipe it), 1 when what was read cannot be written back, -errno. */
static int make_body(struct refresh *r, struct span read, char **ret) {
        _cleanup_(wipe_text) char *body = NULL; /* what was read may hold a password too */
        unsigned char random[MARK_BYTES];
        char mark[2 * MARK_BYTES + 1] = "";
        if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
                return -EIO;
        hex_write(mark, random, sizeof random);
        const struct page_argument arguments[] = {
                {":username", span_of(r->trunk->username)},
                {":realm", span_of(r->trunk->realm)},
                {":password", {mark, sizeof mark - 1}},
        };
        int e = page_read_rows(r->page, r->base_id ? PAGE_REFRESH_BASE : PAGE_REFRESH_CONNECTION, read, arguments, ELEMENTS(arguments),
                               take_body, &body);
        if (e == 0)
                e = body ? put_secret(ret, body, mark, secret_bytes(r->trunk->password)) : 1;
        return e;
}

/* -- reading and writing --------------------------------------------------------------------------------------------------- */

static void on_written(struct platform_call *call, const struct platform_answer *a, void *user);
static void on_read(struct platform_call *call, const struct platform_answer *a, void *user);

static int ask(struct refresh *r, const char *method, struct span body, platform_call_done_fn *done) {
        r->call = platform_call_free(r->call);
        return platform_call_start(&r->call, &r->context, r->page, method, r->url, body, r->deadline_usec, done, r);
}

/* Reads, and writes then; also after a conflict. */
static int begin_write(struct refresh *r) {
        r->row.seq++;
        r->row.begun_usec = now_realtime();
        r->row.status = 0;
        r->before[0] = r->after[0] = r->correlation_id[0] = '\0';
        return ask(r, "GET", (struct span){0}, on_read);
}

static void end_dry(struct refresh *r) {
        char detail[VERDICT_DETAIL_MAX];
        (void)snprintf(detail, sizeof detail, "would write username \"%.80s\"%s%.80s%s and the password that is held here with PUT %s",
                       r->trunk->username, r->trunk->realm ? ", realm \"" : "", r->trunk->realm ? r->trunk->realm : "",
                       r->trunk->realm ? "\"" : "", r->url);
        end_trunk(r, REFRESH_DRY_RUN, detail);
}

static void on_read(struct platform_call *call, const struct platform_answer *a, void *user) {
        struct refresh *r = user;
        _cleanup_(wipe_text) char *body = NULL;
        (void)call;
        note_answer(r, a);
        if (a->verdict.cause != CAUSE_PLATFORM_OK) {
                end_with_answer(r, a);
                return;
        }
        int e = page_read_rows(r->page, PAGE_VERSION, a->body, NULL, 0, take_version, r->before);
        if (e == 0)
                e = make_body(r, a->body, &body);
        if (e == 0 && r->request.dry_run) {
                end_dry(r);
                return;
        }
        if (e == 0) /* what is not in the database is not written */
                e = put_row(r, REFRESH_BEGUN, "");
        if (e == 0)
                e = ask(r, "PUT", span_of(body), on_written);
        if (e != 0)
                end_trunk(r, REFRESH_FAILED,
                          e < 0 ? strerror(-e) : "what the platform says of it has no version, or is not of the shape that is known");
}

static void on_written(struct platform_call *call, const struct platform_answer *a, void *user) {
        struct refresh *r = user;
        (void)call;
        note_answer(r, a);
        if (a->verdict.cause == CAUSE_PLATFORM_OK) {
                (void)page_read_rows(r->page, PAGE_VERSION, a->body, NULL, 0, take_version, r->after); /* as far as it says */
                end_trunk(r, REFRESH_WRITTEN, "");
                return;
        }
        if (a->status != 409) {
                end_with_answer(r, a);
                return;
        }
        bool again = r->row.seq < TRIES_MAX && put_row(r, REFRESH_CONFLICT, a->verdict.detail) == 0;
        int e = again ? begin_write(r) : 0;
        if (e < 0)
                end_trunk(r, REFRESH_FAILED, strerror(-e));
        else if (!again)
                end_trunk(r, REFRESH_CONFLICT, a->verdict.detail);
}

/* -- trunk after trunk ----------------------------------------------------------------------------------------------------- */

/* Perhaps refused, or refused for what is held here; plain refusals are in the guard's row. Writing them to the platform would spread what
 * may be wrong. */
static bool is_doubtful(enum cause cause) {
        return cause == CAUSE_BUDGET_SPENT || cause == CAUSE_UNCOUNTED || cause == CAUSE_LOCKOUT_SUSPECTED ||
               cause == CAUSE_REFUSAL_UNPROVEN || cause == CAUSE_ANSWER_DROPPED || cause == CAUSE_USER_NOT_FOUND ||
               cause == CAUSE_USERNAME_MISMATCH || cause == CAUSE_REALM_MISMATCH || cause == CAUSE_ENCODING_MISMATCH;
}

/* RFC 8259 section 8.1 */
static bool is_json_text(struct span text) {
        for (const char *p = text.p, *end = text.p + text.n; p < end;)
                if (utf8_next(&p, end) == UTF8_INVALID)
                        return false;
        return true;
}

/* Why the credentials are not written; NULL = they are. */
static const char *obstacle(struct refresh *r, const struct guard_trunk *guard) {
        const struct trunk *t = r->trunk;
        enum cause last;
        int64_t when;
        if (t->ha1 || !t->password)
                return "only a hash of the password is held here, or nothing";
        if (!guard)
                return "it is not going to be probed";
        if (t->origin != TRUNK_LISTED)
                return "the platform did not list it in this run";
        if (!t->username)
                return "its user name is not known";
        if (!is_json_text(secret_bytes(t->password)))
                return "its password is not UTF-8, as JSON must be";
        if (guard->rejection.runs > 0)
                return "the carrier refused its credentials, and has accepted none since";
        int e = store_last_result(r->store, t->id, &last, &when);
        if (e < 0)
                return "the database does not tell how the last probe ended";
        if (e == 0 && is_doubtful(last))
                return "the carrier did not accept the credentials that are held here the last time";
        return NULL;
}

/* Where it is written. Returns 0, 1 when that is not known, -errno. */
static int find_url(struct refresh *r) {
        const char *api_url = r->context.config->platform.api_url, *self_uri = r->trunk->self_uri;
        free(r->url);
        r->url = NULL;
        r->base_id = trunk_base_id(r->trunk);
        if (r->base_id) {
                if (r->base_id[strspn(r->base_id, "0123456789-ABCDEFabcdef")]) /* a UUID */
                        return 1;
                if (asprintf(&r->url, "%s" BASES_PATH "%s", api_url, r->base_id) >= 0)
                        return 0;
                r->url = NULL;
                return -ENOMEM;
        }
        /* The selfUri of an edge's trunk is its state, not its settings. */
        return !self_uri || strstr(self_uri, EDGES_PATH) ? 1 : platform_url(&r->url, self_uri, api_url);
}

/* Returns 0 when it is under way; else it has ended. */
static int begin_trunk(struct refresh *r, struct trunk_audit *item) {
        r->trunk = trunk_audit_trunk(item);
        r->row = (struct refresh_row){.run = r->request.run, .trunk_id = r->trunk->id};
        const char *why = obstacle(r, trunk_audit_guard(item));
        int e = why ? 1 : find_url(r);
        if (!why && e > 0)
                why = "the platform does not tell where it is written";
        if (!why && e == 0)
                e = begin_write(r);
        if (e == 0)
                return 0;
        r->row.seq = 1;
        r->row.begun_usec = now_realtime();
        r->before[0] = r->after[0] = r->correlation_id[0] = '\0';
        tell_trunk(r, why ? REFRESH_WITHHELD : REFRESH_FAILED, why ? why : strerror(-e));
        return 1;
}

/* Ends with a request, or with done when no trunk is left. */
static void next_trunk(struct refresh *r) {
        r->call = platform_call_free(r->call);
        while (r->next < r->request.n) {
                struct trunk_audit *item = r->request.items[r->next++];
                if (trunk_audit_trunk(item)->refresh && begin_trunk(r, item) == 0)
                        return;
        }
        r->done(r, r->user);
}

static int on_begin(sd_event_source *source, void *user) {
        struct refresh *r = user;
        (void)source;
        r->begin = sd_event_source_disable_unref(r->begin);
        next_trunk(r);
        return 0;
}

int refresh_start(struct refresh **ret, const struct platform_context *context, struct store *store, struct journal *journal,
                  const struct refresh_request *request, refresh_done_fn *done, void *user) {
        bool wanted = false;
        for (size_t i = 0; i < request->n; i++)
                wanted |= trunk_audit_trunk(request->items[i])->refresh;
        if (!wanted || !context->token)
                return REFRESH_NONE;
        struct refresh *r = calloc(1, sizeof *r);
        if (!r)
                return -ENOMEM;
        *r = (struct refresh){.context = *context,
                              .store = store,
                              .journal = journal,
                              .request = *request,
                              .deadline_usec = platform_now_usec(context) + context->config->platform.deadline_usec,
                              .done = done,
                              .user = user};
        int e = page_new(&r->page);
        if (e == 0)
                e = sd_event_add_defer(context->event, &r->begin, on_begin, r);
        if (e < 0) {
                journal_log(journal, LOG_ERR, "Unable to write credentials to the platform: %s", strerror(-e));
                (void)refresh_free(r);
                return e;
        }
        *ret = r;
        return 0;
}

struct refresh *refresh_free(struct refresh *r) {
        if (!r)
                return NULL;
        (void)platform_call_free(r->call);
        (void)sd_event_source_disable_unref(r->begin);
        (void)page_free(r->page);
        free(r->url);
        free(r);
        return NULL;
}
