/* store_edit.c: what was changed on the platform before a trunk turned bad, and what was written to it. */
#include "store_private.h"

void edit_questions_clear(struct edit_questions *q) {
        for (size_t i = 0; i < q->n; i++) {
                free(q->items[i].trunk_id);
                free(q->items[i].name);
        }
        free(q->items);
        *q = (struct edit_questions){0};
}

int store_ask_edits(struct store *s, int64_t run, int64_t oldest_usec) {
        _cleanup_(query_end) struct query q = query_begin(s, STATEMENT_ASK_EDITS, "note the trunks that turned bad");
        bind_integer(&q, ":run", run);
        bind_integer(&q, ":oldest", oldest_usec);
        return query_run(&q);
}

static int read_question(const struct query *q, struct edit_question *ret) {
        const char *id = (const char *)sqlite3_column_text(q->statement, 1), *name = (const char *)sqlite3_column_text(q->statement, 2);
        *ret = (struct edit_question){
                .run = sqlite3_column_int64(q->statement, 0),
                .trunk_id = id ? strdup(id) : NULL,
                .name = name ? strdup(name) : NULL,
                .since_usec = sqlite3_column_int64(q->statement, 3),
                .until_usec = sqlite3_column_int64(q->statement, 4),
        };
        return ret->trunk_id && (ret->name || !name) ? 0 : -ENOMEM;
}

int store_questions(struct store *s, int64_t oldest_usec, struct edit_questions *ret) {
        _cleanup_(edit_questions_clear) struct edit_questions list = {.items = calloc(STORE_QUESTIONS_MAX, sizeof *list.items)};
        if (!list.items)
                return store_complain(s, -ENOMEM, "unable to read the trunks that turned bad: out of memory");
        _cleanup_(query_end) struct query q = query_begin(s, STATEMENT_QUESTIONS, "read the trunks that turned bad");
        bind_integer(&q, ":oldest", oldest_usec);
        bind_integer(&q, ":limit", STORE_QUESTIONS_MAX);
        int r;
        while ((r = query_step(&q)) == 0)
                if (read_question(&q, &list.items[list.n++]) < 0)
                        return store_complain(s, -ENOMEM, "unable to read the trunks that turned bad: out of memory");
        if (r < 0)
                return r;
        *ret = list;
        list = (struct edit_questions){0};
        return 0;
}

static int put_edit(struct store *s, const struct edit_question *question, size_t seq, const struct edit *e) {
        _cleanup_(query_end) struct query q = query_begin(s, STATEMENT_PUT_EDIT, "store a change");
        bind_integer(&q, ":run", question->run);
        bind_text(&q, ":trunk", question->trunk_id);
        bind_integer(&q, ":seq", (int64_t)seq);
        bind_optional(&q, ":time", e->time_usec);
        bind_integer(&q, ":withheld", e->withheld);
#define X(field) bind_text(&q, ":" #field, e->field);
        EDIT_TEXTS(X)
#undef X
        return query_run(&q);
}

static int answer(struct store *s, const struct edit_question *question, const struct edit *const *edits, size_t n, int64_t now_usec) {
        _cleanup_(query_end) struct query q = query_begin(s, STATEMENT_ANSWER, "store changes");
        bind_integer(&q, ":run", question->run);
        bind_text(&q, ":trunk", question->trunk_id);
        bind_integer(&q, ":now", now_usec);
        int r = query_run(&q);
        for (size_t i = 0; r == 0 && i < n; i++)
                r = put_edit(s, question, i + 1, edits[i]);
        return r;
}

int store_answer(struct store *s, const struct edit_question *q, const struct edit *const *edits, size_t n, int64_t now_usec) {
        int r = transaction_begin(s);
        return r < 0 ? r : transaction_end(s, answer(s, q, edits, n, now_usec));
}

/* -- the audit log -------------------------------------------------------------------------------------------------------- */

static const char *const audit_log_words[] = {[AUDIT_LOG_READ] = "read", [AUDIT_LOG_DENIED] = "denied", [AUDIT_LOG_UNREAD] = "unread"};

/* The place of a word that is always one of them. */
static unsigned place_of(const char *word, const char *const *words, unsigned n) {
        unsigned i = 0;
        while (i + 1 < n && !text_eq(word, words[i]))
                i++;
        return i;
}

int store_audit_log(struct store *s, enum audit_log_state *ret, int64_t *ret_asked_usec) {
        _cleanup_(query_end) struct query q = query_begin(s, STATEMENT_AUDIT_LOG, "read how the audit log was found");
        int r = query_step(&q);
        if (r != 0)
                return r;
        const char *word = (const char *)sqlite3_column_text(q.statement, 0);
        *ret = (enum audit_log_state)place_of(word, audit_log_words, ELEMENTS(audit_log_words));
        *ret_asked_usec = sqlite3_column_int64(q.statement, 1);
        return 0;
}

int store_put_audit_log(struct store *s, enum audit_log_state state, int64_t asked_usec, const char *detail, const char *correlation_id) {
        _cleanup_(query_end) struct query q = query_begin(s, STATEMENT_PUT_AUDIT_LOG, "store how the audit log was found");
        bind_text(&q, ":state", audit_log_words[state]);
        bind_integer(&q, ":asked", asked_usec);
        bind_text_or_null(&q, ":detail", detail);
        bind_text_or_null(&q, ":correlation_id", correlation_id);
        return query_run(&q);
}

/* -- writes --------------------------------------------------------------------------------------------------------------- */

static const char *const refresh_words[] = {
        [REFRESH_BEGUN] = "begun",   [REFRESH_WRITTEN] = "written",   [REFRESH_CONFLICT] = "conflict", [REFRESH_REFUSED] = "refused",
        [REFRESH_FAILED] = "failed", [REFRESH_WITHHELD] = "withheld", [REFRESH_DRY_RUN] = "dry_run",
};

const char *refresh_outcome_word(enum refresh_outcome o) {
        return refresh_words[o];
}

int store_put_refresh(struct store *s, const struct refresh_row *row) {
        _cleanup_(query_end) struct query q = query_begin(s, STATEMENT_PUT_REFRESH, "store a write to the platform");
        bind_integer(&q, ":run", row->run);
        bind_text(&q, ":trunk", row->trunk_id);
        bind_integer(&q, ":seq", row->seq);
        bind_integer(&q, ":begun", row->begun_usec);
        bind_text(&q, ":outcome", refresh_words[row->outcome]);
        bind_text_or_null(&q, ":detail", row->detail);
        bind_text_or_null(&q, ":before", row->version_before);
        bind_text_or_null(&q, ":after", row->version_after);
        bind_optional(&q, ":status", row->status);
        bind_text_or_null(&q, ":correlation_id", row->correlation_id);
        return query_run(&q);
}

int store_last_refresh(struct store *s, const char *trunk_id, int64_t run, enum refresh_outcome *ret) {
        _cleanup_(query_end) struct query q = query_begin(s, STATEMENT_LAST_REFRESH, "read the last write to the platform");
        bind_text(&q, ":trunk", trunk_id);
        bind_integer(&q, ":run", run);
        int r = query_step(&q);
        if (r != 0)
                return r;
        *ret = (enum refresh_outcome)place_of((const char *)sqlite3_column_text(q.statement, 0), refresh_words, ELEMENTS(refresh_words));
        return 0;
}
