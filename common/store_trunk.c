/* store_trunk.c: what the platform says of its trunks, kept for the runs in which it cannot be asked. */
#include "store_private.h"

#define REDACTED "redacted"
#define QUOTED_REDACTED "\"" REDACTED "\""

/* -- the authorization line ------------------------------------------------------------------------------------------------ */

static bool is_space(char c) {
        return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static size_t skip_spaces(struct span text, size_t i) {
        while (i < text.n && is_space(text.p[i]))
                i++;
        return i;
}

/* The end of the word at i: a parameter's name, a token, a scheme. */
static size_t word_end(struct span text, size_t i) {
        while (i < text.n && !is_space(text.p[i]) && !strchr(",=\"", text.p[i]))
                i++;
        return i;
}

/* The end of the value at i: behind the closing quote (or the end, when there is none), or at the end of the token. */
static size_t value_end(struct span text, size_t i) {
        if (i >= text.n || text.p[i] != '"') {
                while (i < text.n && !is_space(text.p[i]) && text.p[i] != ',')
                        i++;
                return i;
        }
        for (i++; i < text.n && text.p[i] != '"'; i++)
                if (text.p[i] == '\\' && i + 1 < text.n)
                        i++;
        return i < text.n ? i + 1 : i;
}

/* Where the parameters begin; false when the scheme is not Digest. A header name in front is passed over. */
static bool find_parameters(struct span text, size_t *ret) {
        size_t begin = skip_spaces(text, 0), end = word_end(text, begin);
        if (end > begin && text.p[end - 1] == ':') {
                begin = skip_spaces(text, end);
                end = word_end(text, begin);
        }
        *ret = end;
        return span_ieq((struct span){text.p + begin, end - begin}, SPAN("Digest"));
}

/* The line without what could be attacked offline: the value of `response` (RFC 7616 section 3.4.1). Of a line that is not Digest
 * nothing is kept: it may hold a password (RFC 7617). */
static int redact_authorization(char **ret, const char *authorization) {
        struct span text = span_of(authorization);
        size_t i, size;
        if (!find_parameters(text, &i)) {
                char *copy = strdup(REDACTED);
                *ret = copy ? copy : *ret;
                return copy ? 0 : -ENOMEM;
        }
        /* A name of eight bytes and "=" grow by no more than the word and its quotes. */
        if (mul_overflows(text.n, 2, &size) || add_overflows(size, sizeof QUOTED_REDACTED, &size))
                return -ENOMEM;
        char *copy = malloc(size);
        if (!copy)
                return -ENOMEM;
        char *to = mempcpy(copy, text.p, i);
        while (i < text.n) {
                size_t end = word_end(text, i), value = skip_spaces(text, end);
                if (end == i || value >= text.n || text.p[value] != '=') { /* a separator, or a word without a value */
                        end = end == i ? i + 1 : end;
                        to = mempcpy(to, text.p + i, end - i);
                        i = end;
                        continue;
                }
                bool is_response = span_ieq((struct span){text.p + i, end - i}, SPAN("response"));
                value = skip_spaces(text, value + 1);
                to = mempcpy(to, text.p + i, value - i);
                i = value_end(text, value);
                to = is_response ? mempcpy(to, QUOTED_REDACTED, sizeof QUOTED_REDACTED - 1) : mempcpy(to, text.p + value, i - value);
        }
        *to = '\0';
        *ret = copy;
        return 0;
}

/* -- the list -------------------------------------------------------------------------------------------------------------- */

static int put_trunk(struct store *s, const struct trunk *t, int64_t now_usec) {
        _cleanup_(freep) char *authorization = NULL;
        if (t->validation_authorization) {
                int r = redact_authorization(&authorization, t->validation_authorization);
                if (r < 0)
                        return store_complain(s, r, "unable to store a trunk: out of memory");
        }
        _cleanup_(query_end) struct query q = query_begin(s, STATEMENT_PUT_TRUNK, "store a trunk");
#define X(field) bind_text(&q, ":" #field, TRUNK_TEXT_##field == TRUNK_TEXT_validation_authorization ? authorization : t->field);
        TRUNK_TEXTS(X)
#undef X
        bind_integer(&q, ":denied", t->detail_denied);
        bind_integer(&q, ":now", now_usec);
        return query_run(&q);
}

static int put_trunks(struct store *s, const struct trunk_list *list, int64_t now_usec) {
        _cleanup_(query_end) struct query unlist = query_begin(s, STATEMENT_UNLIST_TRUNKS, "store the listing");
        bind_integer(&unlist, ":now", now_usec);
        int r = query_run(&unlist);
        size_t listed = 0;
        for (size_t i = 0; r == 0 && i < list->n; i++) {
                if (list->items[i].origin != TRUNK_LISTED)
                        continue;
                r = put_trunk(s, &list->items[i], now_usec);
                listed++;
        }
        if (r < 0)
                return r;
        _cleanup_(query_end) struct query changes = query_begin(s, STATEMENT_PUT_LISTING_CHANGES, "store what the listing changed");
        bind_integer(&changes, ":now", now_usec);
        r = query_run(&changes);
        if (r < 0)
                return r;
        _cleanup_(query_end) struct query listing = query_begin(s, STATEMENT_PUT_LISTING, "store the listing");
        bind_integer(&listing, ":now", now_usec);
        bind_integer(&listing, ":trunks", (int64_t)listed);
        return query_run(&listing);
}

int store_put_trunks(struct store *s, const struct trunk_list *list, int64_t now_usec) {
        int r = transaction_begin(s);
        return r < 0 ? r : transaction_end(s, put_trunks(s, list, now_usec));
}

static int read_trunk(const struct query *q, struct trunk_list *list) {
        struct trunk *t;
        int r = trunk_list_append(list, &t);
        for (int i = 0; r == 0 && i < TRUNK_TEXT_COUNT; i++)
                r = trunk_set(t, (enum trunk_text)i, span_of((const char *)sqlite3_column_text(q->statement, i)));
        if (r < 0)
                return store_complain(q->store, r, "unable to read the trunks: %s", strerror(-r));
        t->origin = TRUNK_REMEMBERED;
        return 0;
}

int store_known_trunks(struct store *s, struct trunk_list *ret, int64_t *ret_usec) {
        _cleanup_(query_end) struct query listing = query_begin(s, STATEMENT_LISTING, "read the listing");
        int r = query_step(&listing);
        if (r != 0)
                return r;
        int64_t listed_usec = sqlite3_column_int64(listing.statement, 0);
        _cleanup_(query_end) struct query q = query_begin(s, STATEMENT_KNOWN_TRUNKS, "read the trunks");
        _cleanup_(trunk_list_clear) struct trunk_list list = {0};
        while ((r = query_step(&q)) == 0) {
                r = read_trunk(&q, &list);
                if (r < 0)
                        return r;
        }
        if (r < 0)
                return r;
        *ret = list;
        list = (struct trunk_list){0};
        *ret_usec = listed_usec;
        return 0;
}

int store_listing_told(struct store *s) {
        _cleanup_(query_end) struct query q = query_begin(s, STATEMENT_LISTING_CHANGES_TOLD, "note what was told");
        return query_run(&q);
}
