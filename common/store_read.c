/* store_read.c: the views as tables in memory, for reports. */
#include "store_private.h"

static const enum statement reads[] = {
        [STORE_VIEW_RUN] = STATEMENT_READ_RUN,
        [STORE_VIEW_LATEST] = STATEMENT_READ_LATEST,
        [STORE_VIEW_HISTORY] = STATEMENT_READ_HISTORY,
        [STORE_VIEW_CLOCK] = STATEMENT_READ_CLOCK,
        [STORE_VIEW_RUNS] = STATEMENT_READ_RUNS,
        [STORE_VIEW_DRIFT] = STATEMENT_READ_DRIFT,
        [STORE_VIEW_LISTING] = STATEMENT_READ_LISTING,
        [STORE_VIEW_DRIFT_NEWS] = STATEMENT_READ_DRIFT_NEWS,
        [STORE_VIEW_LISTING_NEWS] = STATEMENT_READ_LISTING_NEWS,
        [STORE_VIEW_DROPPED_NEWS] = STATEMENT_READ_DROPPED_NEWS,
        [STORE_VIEW_STANDING] = STATEMENT_READ_STANDING,
        [STORE_VIEW_REFRESHES] = STATEMENT_READ_REFRESHES,
};

/* Returns 0, STORE_NONE, < 0. */
static int find_run(struct store *s, const char *argument, int64_t *ret) {
        if (!argument || !*argument || argument[strspn(argument, "0123456789")])
                return STORE_NONE;
        errno = 0;
        long long id = strtoll(argument, NULL, 10);
        if (errno != 0)
                return STORE_NONE;
        _cleanup_(query_end) struct query q = query_begin(s, STATEMENT_FIND_RUN, "find a run");
        bind_integer(&q, ":run", id);
        int r = query_step(&q);
        if (r == 0)
                *ret = id;
        return r;
}

static int find_trunk(struct store *s, const char *argument, char **ret) {
        if (!argument)
                return STORE_NONE;
        _cleanup_(query_end) struct query q = query_begin(s, STATEMENT_FIND_TRUNK, "find a trunk");
        bind_text(&q, ":trunk", argument);
        int r = query_step(&q);
        if (r != 0)
                return r;
        const char *id = (const char *)sqlite3_column_text(q.statement, 0);
        char *copy = id ? strdup(id) : NULL;
        if (!copy)
                return store_complain(s, -ENOMEM, "unable to find a trunk: out of memory");
        *ret = copy;
        return 0;
}

static int bind_argument(struct store *s, struct query *q, enum store_view view, const char *argument) {
        _cleanup_(freep) char *trunk_id = NULL;
        int64_t run = 0;
        int r = 0;
        switch (view) {
        case STORE_VIEW_RUN:
        case STORE_VIEW_DRIFT_NEWS:
        case STORE_VIEW_DROPPED_NEWS:
        case STORE_VIEW_REFRESHES:
                r = find_run(s, argument, &run);
                if (r == 0)
                        bind_integer(q, ":argument", run);
                break;
        case STORE_VIEW_HISTORY:
                r = find_trunk(s, argument, &trunk_id);
                if (r == 0)
                        bind_text(q, ":argument", trunk_id);
                break;
        case STORE_VIEW_STANDING:
                r = argument ? find_trunk(s, argument, &trunk_id) : 0;
                if (r == 0)
                        bind_text(q, ":argument", trunk_id);
                break;
        case STORE_VIEW_RUNS:
        case STORE_VIEW_LISTING:
                r = argument ? find_run(s, argument, &run) : 0;
                if (r == 0)
                        bind_integer(q, ":argument", run);
                break;
        case STORE_VIEW_LATEST:
        case STORE_VIEW_CLOCK:
        case STORE_VIEW_DRIFT:
        case STORE_VIEW_LISTING_NEWS:
                break;
        }
        return r;
}

static int table_new(struct table **ret, sqlite3_stmt *statement) {
        _cleanup_(table_freep) struct table *t = calloc(1, sizeof *t);
        size_t columns = (size_t)sqlite3_column_count(statement);
        if (!t || !(t->names = calloc(columns, sizeof *t->names)))
                return -ENOMEM;
        for (; t->columns < columns; t->columns++) {
                const char *name = sqlite3_column_name(statement, (int)t->columns);
                if (!name || !(t->names[t->columns] = strdup(name)))
                        return -ENOMEM;
        }
        *ret = TAKE_PTR(t);
        return 0;
}

static enum cell_type type_of(int sqlite_type) {
        switch (sqlite_type) {
        case SQLITE_NULL:
                return CELL_NULL;
        case SQLITE_INTEGER:
                return CELL_INTEGER;
        case SQLITE_FLOAT:
                return CELL_REAL;
        default:
                return CELL_TEXT;
        }
}

/* Doubles the room whenever it is full, that is at powers of two. */
static int add_row(struct table *t, sqlite3_stmt *statement) {
        if ((t->rows & (t->rows - 1)) == 0) {
                size_t room = t->rows == 0 ? 1 : 2 * t->rows, n;
                struct cell *cells = mul_overflows(room, t->columns, &n) ? NULL : reallocarray(t->cells, n, sizeof *cells);
                if (!cells)
                        return -ENOMEM;
                t->cells = cells;
        }
        struct cell *row = t->cells + t->rows * t->columns;
        memset(row, 0, t->columns * sizeof *row);
        t->rows++;
        for (int i = 0; i < (int)t->columns; i++) {
                row[i].type = type_of(sqlite3_column_type(statement, i));
                if (row[i].type == CELL_NULL)
                        continue;
                const char *text = (const char *)sqlite3_column_text(statement, i);
                row[i].text = text ? strdup(text) : NULL;
                if (!row[i].text)
                        return -ENOMEM;
        }
        return 0;
}

static int read_rows(struct query *q, struct table **ret) {
        _cleanup_(table_freep) struct table *t = NULL;
        int r;
        while ((r = query_step(q)) == 0) {
                r = t ? 0 : table_new(&t, q->statement);
                if (r == 0)
                        r = add_row(t, q->statement);
                if (r < 0)
                        return store_complain(q->store, r, "unable to read a view: out of memory");
        }
        if (r < 0)
                return r;
        if (!t && table_new(&t, q->statement) < 0)
                return store_complain(q->store, -ENOMEM, "unable to read a view: out of memory");
        *ret = TAKE_PTR(t);
        return 0;
}

int store_read(struct store *s, enum store_view view, const char *argument, unsigned limit, struct table **ret) {
        _cleanup_(query_end) struct query q = query_begin(s, reads[view], "read a view");
        int r = bind_argument(s, &q, view, argument);
        if (r != 0)
                return r;
        bind_integer(&q, ":limit", limit == 0 ? -1 : (int64_t)limit);
        return read_rows(&q, ret);
}

int store_untested_news(struct store *s, int64_t run, int64_t before_usec, struct table **ret) {
        _cleanup_(query_end) struct query q = query_begin(s, STATEMENT_READ_UNTESTED_NEWS, "read what is untested");
        bind_integer(&q, ":argument", run);
        bind_integer(&q, ":before", before_usec);
        bind_integer(&q, ":limit", -1);
        return read_rows(&q, ret);
}

struct table *table_free(struct table *t) {
        if (!t)
                return NULL;
        for (size_t i = 0; i < t->rows * t->columns; i++)
                free(t->cells[i].text);
        free(t->cells);
        for (size_t i = 0; i < t->columns; i++)
                free(t->names[i]);
        free(t->names);
        free(t);
        return NULL;
}

const char *table_text(const struct table *t, size_t row, const char *column) {
        for (size_t i = 0; row < t->rows && i < t->columns; i++)
                if (text_eq(t->names[i], column)) {
                        const char *text = t->cells[row * t->columns + i].text;
                        return text ? text : "";
                }
        return "";
}
