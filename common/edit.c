/* edit.c: the audit log's pages as edits. The columns are those of sql/pages/edits.sql, which leaves secrets out. */
#include "edit.h"

enum column {
        ENTITY_ID,
        ENTITY_NAME,
        TIME,
        ACTION,
        STATUS,
        USER_ID,
        USER_NAME,
        CLIENT_ID,
        CLIENT_NAME,
        REMOTE_IP,
        PROPERTY,
        OLD,
        NEW,
        WITHHELD
};
_Static_assert(WITHHELD < PAGE_COLUMNS_MAX, "page_read_rows() hands over every column");

static void edit_clear(struct edit *e) {
#define X(field) free(e->field);
        EDIT_TEXTS(X)
#undef X
        *e = (struct edit){0};
}

void edit_list_clear(struct edit_list *l) {
        for (size_t i = 0; i < l->n; i++)
                edit_clear(&l->items[i]);
        free(l->items);
        *l = (struct edit_list){0};
}

/* -- how a query stands --------------------------------------------------------------------------------------------------- */

/* It goes into a path as it is. */
static bool is_transaction(struct span s) {
        for (size_t i = 0; i < s.n; i++)
                if (!((s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'A' && s.p[i] <= 'Z') || (s.p[i] >= 'a' && s.p[i] <= 'z') ||
                      s.p[i] == '-' || s.p[i] == '_'))
                        return false;
        return s.n > 0 && s.n <= EDIT_TRANSACTION_MAX;
}

static int take_query(const struct span *columns, void *user) {
        struct edit_query *q = user;
        struct span state = columns[1];
        if (is_transaction(columns[0])) {
                memcpy(q->id, columns[0].p, columns[0].n);
                q->id[columns[0].n] = '\0';
        }
        if (span_ieq(state, SPAN("Succeeded")))
                q->state = EDIT_QUERY_SUCCEEDED;
        else if (span_ieq(state, SPAN("Failed")) || span_ieq(state, SPAN("Cancelled")))
                q->state = EDIT_QUERY_FAILED;
        return 0;
}

int edit_read_query(struct page *p, struct span json, struct edit_query *ret) {
        *ret = (struct edit_query){.state = EDIT_QUERY_RUNNING};
        return page_read_rows(p, PAGE_AUDIT_QUERY, json, NULL, 0, take_query, ret);
}

/* -- results -------------------------------------------------------------------------------------------------------------- */

static int copy(char **ret, struct span text) {
        char shown[EDIT_TEXT_MAX + 1];
        if (text.n == 0)
                return 0;
        page_copy_shown(shown, sizeof shown, text);
        *ret = strdup(shown);
        return *ret ? 0 : -ENOMEM;
}

/* The seconds that SQLite made of the date. */
static int64_t time_of(struct span seconds) {
        int64_t n = 0;
        for (size_t i = 0; i < seconds.n && i < 12; i++) {
                if (seconds.p[i] < '0' || seconds.p[i] > '9')
                        return 0;
                n = n * 10 + (seconds.p[i] - '0');
        }
        return n * (int64_t)USEC_PER_SEC;
}

/* Doubles the room whenever it is full, that is at powers of two. */
static int take_edit(const struct span *columns, void *user) {
        struct edit_list *l = user;
        if (l->n == EDIT_LIST_MAX) {
                l->cut = true;
                return 0;
        }
        if ((l->n & (l->n - 1)) == 0) {
                struct edit *items = reallocarray(l->items, l->n == 0 ? 1 : 2 * l->n, sizeof *items);
                if (!items)
                        return -ENOMEM;
                l->items = items;
        }
        struct edit *e = &l->items[l->n++];
        *e = (struct edit){.time_usec = time_of(columns[TIME]), .withheld = columns[WITHHELD].n > 0};
        char **const texts[] = {
                [ENTITY_ID] = &e->entity_id,
                [ENTITY_NAME] = &e->entity_name,
                [ACTION] = &e->action,
                [STATUS] = &e->status,
                [USER_ID] = &e->user_id,
                [USER_NAME] = &e->user_name,
                [CLIENT_ID] = &e->client_id,
                [CLIENT_NAME] = &e->client_name,
                [REMOTE_IP] = &e->remote_ip,
                [PROPERTY] = &e->property,
                [OLD] = &e->old,
                [NEW] = &e->new,
        };
        int r = 0;
        for (size_t i = 0; r == 0 && i < ELEMENTS(texts); i++)
                r = texts[i] ? copy(texts[i], columns[i]) : 0;
        return r;
}

static int take_cursor(const struct span *columns, void *user) {
        struct span entities = columns[0], cursor = columns[1];
        if (!span_eq(entities, SPAN("array")) || cursor.n > EDIT_CURSOR_MAX)
                return PAGE_MALFORMED;
        char *to = user;
        if (cursor.n > 0)
                memcpy(to, cursor.p, cursor.n);
        to[cursor.n] = '\0';
        return 0;
}

int edit_read_results(struct page *p, struct span json, struct edit_list *l, char ret_cursor[static EDIT_CURSOR_MAX + 1]) {
        char cursor[EDIT_CURSOR_MAX + 1] = "";
        int r = page_read_rows(p, PAGE_AUDIT_RESULTS, json, NULL, 0, take_cursor, cursor);
        if (r == 0)
                r = page_read_rows(p, PAGE_EDITS, json, NULL, 0, take_edit, l);
        if (r == 0)
                memcpy(ret_cursor, cursor, sizeof cursor);
        return r;
}

const char *edit_who(const struct edit *e) {
        const char *const names[] = {e->user_name, e->client_name, e->user_id, e->client_id};
        for (size_t i = 0; i < ELEMENTS(names); i++)
                if (names[i])
                        return names[i];
        return "somebody";
}
