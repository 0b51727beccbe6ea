/* changes.c: questions, one query, and its entries split by trunk. */
#include "changes.h"

#include <stdio.h>

#include "../common/utc_time.h"
#include "audit_log.h"
#include "now.h"

#define DAY_USEC (24 * INT64_C(3600000000))
#define OLDEST_USEC (30 * DAY_USEC - INT64_C(3600000000)) /* the platform takes 30 days; an hour for clocks and the query's own time */
#define DENIED_USEC DAY_USEC                              /* a denial is taken for granted that long */
#define MARGIN_USEC (60 * INT64_C(1000000))               /* the platform's clock against ours */
#define SENTENCE_MAX 400

struct changes {
        struct store *store;
        struct journal *journal;
        const struct trunk_list *trunks;
        int64_t run;
        struct edit_questions questions;
        char (*sentences)[SENTENCE_MAX]; /* one for each question; "" = no answer */
        struct audit_log *log;
        changes_done_fn *done;
        void *user;
};

static void tell_store(const struct changes *c) {
        journal_event(c->journal, EVENT_STORE_FAILED, LOG_ERR, NULL, "Unable to keep what was changed in %s: %s", store_path(c->store),
                      store_error(c->store));
}

/* -- whose an entry is ----------------------------------------------------------------------------------------------------- */

/* The audit log calls it an entity. */
static const char *base_of(const struct trunk_list *trunks, const char *trunk_id) {
        const struct trunk *t = trunk_list_find(trunks, trunk_id);
        return t ? trunk_base_id(t) : NULL;
}

static bool is_of(const struct edit *e, const struct edit_question *q, const char *base_id) {
        if (e->time_usec && (e->time_usec < q->since_usec - MARGIN_USEC || e->time_usec > q->until_usec + MARGIN_USEC))
                return false;
        if (base_id)
                return text_eq(e->entity_id, base_id);
        return text_eq(e->entity_id, q->trunk_id) || (q->name && text_eq(e->entity_name, q->name));
}

static bool has_secret(const char *value, const struct trunk *t) {
        const struct secret *secret = !t ? NULL : t->password ? t->password : t->ha1;
        struct span s = secret ? secret_bytes(secret) : (struct span){0};
        return value && s.n > 0 && memmem(value, strlen(value), s.p, s.n);
}

/* The last guard: a value that holds the secret of a trunk in question is not kept, whatever its property is called. */
static void withhold(const struct changes *c, struct edit *e) {
        for (size_t i = 0; i < c->questions.n && !e->withheld; i++) {
                const struct trunk *t = trunk_list_find(c->trunks, c->questions.items[i].trunk_id);
                e->withheld = has_secret(e->old, t) || has_secret(e->new, t);
        }
        if (!e->withheld)
                return;
        free(e->old);
        free(e->new);
        e->old = e->new = NULL;
}

/* -- the answer ------------------------------------------------------------------------------------------------------------ */

static const char *time_text(char ret[static UTC_TIME_MAX], int64_t usec) {
        return usec == 0 ? "at an unknown time" : utc_time_format(ret, usec);
}

static void write_sentence(char ret[static SENTENCE_MAX], const struct edit_question *q, const struct edit *const *edits, size_t n) {
        char when[UTC_TIME_MAX];
        if (n == 0) {
                (void)snprintf(ret, SENTENCE_MAX, " The platform's audit log has no change of it since %s.",
                               time_text(when, q->since_usec));
                return;
        }
        const struct edit *e = edits[0];
        char more[60] = "";
        if (n > 1)
                (void)snprintf(more, sizeof more, "; %zu changes in all, see the view changes", n);
        (void)snprintf(ret, SENTENCE_MAX, " Changed before, %s: %.40s by %.80s%s%.50s%s%.100s%s.", time_text(when, e->time_usec),
                       e->action ? e->action : "change", edit_who(e), e->remote_ip ? " from " : "", e->remote_ip ? e->remote_ip : "",
                       e->property ? ": " : "", e->property ? e->property : "", more);
}

static void answer(struct changes *c, size_t i, struct edit_list *list) {
        const struct edit_question *q = &c->questions.items[i];
        const char *base_id = base_of(c->trunks, q->trunk_id);
        _cleanup_(freep) const struct edit **own = calloc(list->n + 1, sizeof(*own));
        size_t n = 0;
        if (!own) {
                journal_log(c->journal, LOG_ERR, "Unable to keep what was changed: %s", strerror(ENOMEM));
                return;
        }
        for (size_t k = 0; k < list->n; k++) {
                if (!is_of(&list->items[k], q, base_id))
                        continue;
                withhold(c, &list->items[k]);
                own[n++] = &list->items[k];
        }
        if (store_answer(c->store, q, own, n, now_realtime()) < 0)
                tell_store(c);
        else
                write_sentence(c->sentences[i], q, own, n);
}

/* Told when it changes: a denial that lasts is old news. */
static void note_state(struct changes *c, const struct audit_log_result *result) {
        enum audit_log_state before = AUDIT_LOG_READ;
        int64_t asked_usec;
        int r = store_audit_log(c->store, &before, &asked_usec);
        if (r >= 0)
                r = store_put_audit_log(c->store, result->state, now_realtime(), result->why, result->correlation_id);
        if (r < 0)
                tell_store(c);
        const struct journal_fields f = {.run = c->run, .correlation_id = result->correlation_id};
        if (result->state == before)
                return;
        if (result->state == AUDIT_LOG_READ)
                journal_event(c->journal, EVENT_AUDIT_LOG, LOG_INFO, &f, "The platform's audit log can be read again");
        else if (result->state == AUDIT_LOG_DENIED)
                journal_event(c->journal, EVENT_AUDIT_LOG, LOG_NOTICE, &f,
                              "The platform's audit log may not be read, so what was changed before a trunk turned bad stays unknown: %s. "
                              "Give the client the permission audits:audit:view (scope audits:readonly), or set platform.audit_log to "
                              "false. It is asked again after a day.",
                              result->why);
        else
                journal_event(c->journal, EVENT_AUDIT_LOG, LOG_WARNING, &f,
                              "The platform's audit log could not be read; it is asked again with the next run: %s", result->why);
}

static void on_log(struct audit_log *l, struct audit_log_result *result, void *user) {
        struct changes *c = user;
        (void)l;
        note_state(c, result);
        for (size_t i = 0; result->state == AUDIT_LOG_READ && i < c->questions.n; i++)
                answer(c, i, &result->edits);
        c->log = audit_log_free(c->log);
        c->done(c, c->user);
}

/* -- the question ---------------------------------------------------------------------------------------------------------- */

static bool is_denied(struct store *s, int64_t now_usec) {
        enum audit_log_state state;
        int64_t asked_usec;
        return store_audit_log(s, &state, &asked_usec) == 0 && state == AUDIT_LOG_DENIED && asked_usec <= now_usec &&
               now_usec - asked_usec < DENIED_USEC;
}

/* The one base that all questions are about; NULL when there are several, or one is not known. */
static const char *only_base(const struct changes *c) {
        const char *only = NULL;
        for (size_t i = 0; i < c->questions.n; i++) {
                const char *base_id = base_of(c->trunks, c->questions.items[i].trunk_id);
                if (!base_id || (only && !text_eq(only, base_id)))
                        return NULL;
                only = base_id;
        }
        return only;
}

static int ask(struct changes *c, const struct platform_context *context, int64_t now_usec) {
        int64_t since_usec = now_usec;
        int r = store_ask_edits(c->store, c->run, now_usec - OLDEST_USEC);
        if (r >= 0 && is_denied(c->store, now_usec))
                return CHANGES_NONE;
        if (r >= 0)
                r = store_questions(c->store, now_usec - OLDEST_USEC, &c->questions);
        if (r < 0) {
                tell_store(c);
                return r;
        }
        if (c->questions.n == 0)
                return CHANGES_NONE;
        c->sentences = calloc(c->questions.n, sizeof *c->sentences);
        if (!c->sentences)
                return -ENOMEM;
        for (size_t i = 0; i < c->questions.n; i++)
                if (c->questions.items[i].since_usec < since_usec)
                        since_usec = c->questions.items[i].since_usec;
        if (since_usec < now_usec - OLDEST_USEC) /* that of an earlier run has grown older */
                since_usec = now_usec - OLDEST_USEC;
        return audit_log_start(&c->log, context, since_usec - MARGIN_USEC, now_usec, only_base(c), on_log, c);
}

int changes_start(struct changes **ret, const struct platform_context *context, struct store *store, struct journal *journal, int64_t run,
                  const struct trunk_list *trunks, changes_done_fn *done, void *user) {
        if (!context->token || !context->config->platform.audit_log)
                return CHANGES_NONE;
        struct changes *c = calloc(1, sizeof *c);
        if (!c)
                return -ENOMEM;
        *c = (struct changes){.store = store, .journal = journal, .trunks = trunks, .run = run, .done = done, .user = user};
        int r = ask(c, context, now_realtime());
        if (r == 0)
                *ret = c;
        else
                (void)changes_free(c);
        return r;
}

struct changes *changes_free(struct changes *c) {
        if (!c)
                return NULL;
        (void)audit_log_free(c->log);
        edit_questions_clear(&c->questions);
        free(c->sentences);
        free(c);
        return NULL;
}

const char *changes_text(const struct changes *c, const char *trunk_id) {
        for (size_t i = 0; c && i < c->questions.n; i++)
                if (c->questions.items[i].run == c->run && text_eq(c->questions.items[i].trunk_id, trunk_id))
                        return c->sentences[i];
        return "";
}
