/* page.c: pages of JSON, read by SQLite's JSON functions on a connection that holds no data.
 * Before SQLite sees a page, its size, nesting, encoding and brackets are checked here; what SQLite returns is checked again, because
 * escapes (control characters, half of a surrogate pair) bring back what the first check kept out. A page with passwords is not shown to
 * SQLite at all, whose copies nobody wipes, but a copy without them. */
#include "page.h"

#include "page_sql.h"
#include "utf8.h"

#include <openssl/crypto.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>

#define SQL_LENGTH_MAX 8192
#define QUOTED_MAX 40 /* bytes of a page that is no JSON, quoted in the error */

struct page {
        sqlite3 *db;
        sqlite3_stmt *statements[QUERY_COUNT];
        char error[JSON_WHY_MAX];
};

int page_new(struct page **ret) {
        _cleanup_(page_freep) struct page *p = calloc(1, sizeof *p);
        if (!p)
                return -ENOMEM;
        if (sqlite3_open_v2(":memory:", &p->db,
                            SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MEMORY | SQLITE_OPEN_PRIVATECACHE |
                                    SQLITE_OPEN_NOMUTEX,
                            NULL) != SQLITE_OK)
                return p->db && sqlite3_errcode(p->db) != SQLITE_NOMEM ? -EIO : -ENOMEM;

        (void)sqlite3_limit(p->db, SQLITE_LIMIT_LENGTH, PAGE_SIZE_MAX + 1024);
        (void)sqlite3_limit(p->db, SQLITE_LIMIT_SQL_LENGTH, SQL_LENGTH_MAX);
        (void)sqlite3_limit(p->db, SQLITE_LIMIT_ATTACHED, 0);
        if (sqlite3_db_config(p->db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, (int *)NULL) != SQLITE_OK ||
            sqlite3_db_config(p->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, (int *)NULL) != SQLITE_OK ||
            sqlite3_db_config(p->db, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)NULL) != SQLITE_OK)
                return -EIO;

        for (size_t i = 0; i < QUERY_COUNT; i++) {
                int r = sqlite3_prepare_v3(p->db, queries[i], -1, SQLITE_PREPARE_PERSISTENT, &p->statements[i], NULL);
                if (r != SQLITE_OK)
                        return r == SQLITE_NOMEM ? -ENOMEM : -ENOTSUP; /* an SQLite without JSON */
        }
        *ret = TAKE_PTR(p);
        return 0;
}

struct page *page_free(struct page *p) {
        if (!p)
                return NULL;
        for (size_t i = 0; i < QUERY_COUNT; i++)
                (void)sqlite3_finalize(p->statements[i]);
        (void)sqlite3_close(p->db);
        free(p);
        return NULL;
}

const char *page_error(const struct page *p) {
        return p->error;
}

_printf_(2, 3) static int malformed(struct page *p, const char *format, ...) {
        va_list args;
        va_start(args, format);
        (void)vsnprintf(p->error, sizeof p->error, format, args);
        va_end(args);
        return PAGE_MALFORMED;
}

/* -- characters ---------------------------------------------------------------------------------------------------- */

/* C0, DEL, and C1, which terminals obey as well. */
static bool is_control(uint32_t code) {
        return code < 0x20 || (code >= 0x7F && code < 0xA0);
}

/* Whether a text can be used in an address, a header or a comparison exactly as it is. */
static bool is_exact(struct span s, size_t max, bool spaces) {
        if (s.n == 0 || s.n > max)
                return false;
        for (const char *c = s.p, *end = s.p + s.n; c < end;) {
                uint32_t code = utf8_next(&c, end);
                if (code == UTF8_INVALID || is_control(code) || (code == ' ' && !spaces))
                        return false;
        }
        return true;
}

void page_copy_shown(char *to, size_t size, struct span from) {
        size_t length = 0;
        for (const char *c = from.p, *end = from.p + from.n; c < end;) {
                const char *start = c;
                uint32_t code = utf8_next(&c, end);
                struct span shown = code == UTF8_INVALID ? SPAN("\xEF\xBF\xBD")
                                    : is_control(code)   ? SPAN(" ")
                                                         : (struct span){start, (size_t)(c - start)};
                if (shown.n >= size - length)
                        break;
                memcpy(to + length, shown.p, shown.n);
                length += shown.n;
        }
        to[length] = '\0';
}

/* -- statements ----------------------------------------------------------------------------------------------------- */

static void end_query(sqlite3_stmt **s) {
        if (!*s)
                return;
        (void)sqlite3_reset(*s);
        (void)sqlite3_clear_bindings(*s);
}

/* The caller's text stays where it is until end_query(). Returns 0, -ENOMEM, -EIO. */
static int begin_query(struct page *p, enum query which, struct span text, sqlite3_stmt **ret) {
        int r = sqlite3_bind_text64(p->statements[which], 1, text.p, text.n, SQLITE_STATIC, SQLITE_UTF8);
        if (r != SQLITE_OK)
                return r == SQLITE_NOMEM ? -ENOMEM : -EIO;
        *ret = p->statements[which];
        return 0;
}

/* Returns 1 with a row, 0 at the end, -errno. */
static int next_row(sqlite3_stmt *s) {
        switch (sqlite3_step(s)) {
        case SQLITE_ROW:
                return 1;
        case SQLITE_DONE:
                return 0;
        case SQLITE_NOMEM:
                return -ENOMEM;
        default:
                return -EIO;
        }
}

static struct span column(sqlite3_stmt *s, int i) {
        const char *text = (const char *)sqlite3_column_text(s, i);
        return (struct span){text, text ? (size_t)sqlite3_column_bytes(s, i) : 0};
}

/* A row of a shape: field, type, value. True when the value is a string or a number. */
static bool is_text(sqlite3_stmt *s) {
        struct span type = column(s, 1);
        return span_eq(type, SPAN("text")) || span_eq(type, SPAN("integer")) || span_eq(type, SPAN("real"));
}

/* -- what every page must be ------------------------------------------------------------------------------------------ */

/* json becomes ret_copy, the owner's to free, when it has passwords in it that are concealed. */
static int check(struct page *p, bool conceals, struct span *json, char **ret_copy) {
        bool password;
        p->error[0] = '\0';
        if (json->n == 0)
                return malformed(p, "empty");
        if (json->n > PAGE_SIZE_MAX)
                return malformed(p, "longer than %d bytes", PAGE_SIZE_MAX);
        if (json_scan(*json, p->error, &password))
                return PAGE_MALFORMED;
        if (password && conceals) {
                char *copy = malloc(json->n);
                if (!copy)
                        return -ENOMEM;
                memcpy(copy, json->p, json->n);
                json_conceal(copy, json->n);
                json->p = *ret_copy = copy;
        }

        _cleanup_(end_query) sqlite3_stmt *s = NULL;
        int r = begin_query(p, VALID, *json, &s);
        if (r < 0)
                return r;
        r = next_row(s);
        if (r < 0)
                return r;
        if (sqlite3_column_int(s, 0) != 1) {
                char start[QUOTED_MAX];
                page_copy_shown(start, sizeof start, *json);
                return malformed(p, "not JSON: begins with \"%s\"", start);
        }
        return 0;
}

/* -- a trunk --------------------------------------------------------------------------------------------------------- */

static bool field_of(struct span name, enum trunk_text *ret) {
        for (unsigned i = 0; i < TRUNK_TEXT_COUNT; i++)
                if (span_eq(name, span_of(trunk_text_name((enum trunk_text)i)))) {
                        *ret = (enum trunk_text)i;
                        return true;
                }
        return false;
}

/* Texts for people; all others are addresses, credentials and words of a protocol, which are used as they are or not at all. */
static const bool is_shown[TRUNK_TEXT_COUNT] = {
        [TRUNK_TEXT_name] = true,
        [TRUNK_TEXT_state] = true,
        [TRUNK_TEXT_role] = true,
        [TRUNK_TEXT_region] = true,
        [TRUNK_TEXT_validation_time] = true,
        [TRUNK_TEXT_validation_status] = true,
        [TRUNK_TEXT_validation_code] = true,
        [TRUNK_TEXT_validation_message] = true,
        [TRUNK_TEXT_validation_challenge] = true,
        [TRUNK_TEXT_validation_authorization] = true,
        [TRUNK_TEXT_base_name] = true,
        [TRUNK_TEXT_connected_time] = true,
        [TRUNK_TEXT_options] = true,
        [TRUNK_TEXT_options_status] = true,
        [TRUNK_TEXT_registers] = true,
        [TRUNK_TEXT_registers_status] = true,
};

static size_t text_max(enum trunk_text field) {
        bool name = field == TRUNK_TEXT_id || field == TRUNK_TEXT_name || field == TRUNK_TEXT_base_id || field == TRUNK_TEXT_base_name;
        return name ? PAGE_NAME_MAX : field == TRUNK_TEXT_proxies ? PAGE_PROXY_MAX : PAGE_TEXT_MAX;
}

static int set_proxies(struct page *p, struct span array, struct trunk *t) {
        _cleanup_(end_query) sqlite3_stmt *s = NULL;
        char joined[PAGE_PROXIES_MAX * (PAGE_PROXY_MAX + 1)];
        size_t length = 0;
        int r = begin_query(p, PROXIES, array, &s);
        if (r < 0)
                return r;
        for (size_t n = 0; n < PAGE_PROXIES_MAX && (r = next_row(s)) > 0;) {
                struct span item = column(s, 0);
                if (!is_exact(item, PAGE_PROXY_MAX, false))
                        continue;
                if (n++ > 0)
                        joined[length++] = ' ';
                memcpy(joined + length, item.p, item.n);
                length += item.n;
        }
        if (r < 0)
                return r;
        return length > 0 ? trunk_set(t, TRUNK_TEXT_proxies, (struct span){joined, length}) : 0;
}

/* The row s of the shape into one text of the trunk; a text of the wrong type or form is as good as absent. */
static int set_field(struct page *p, sqlite3_stmt *s, enum trunk_text field, struct trunk *t) {
        struct span value = column(s, 2);
        if (field == TRUNK_TEXT_proxies && span_eq(column(s, 1), SPAN("array")))
                return set_proxies(p, value, t);
        if (!is_text(s) || value.n == 0)
                return 0;
        if (is_shown[field]) {
                char shown[PAGE_TEXT_MAX + 1];
                page_copy_shown(shown, text_max(field) + 1, value);
                return trunk_set(t, field, span_of(shown));
        }
        if (!is_exact(value, text_max(field), field != TRUNK_TEXT_self_uri && field != TRUNK_TEXT_proxies))
                return field == TRUNK_TEXT_id ? malformed(p, "id is longer than %d bytes or has control characters", PAGE_NAME_MAX) : 0;
        return trunk_set(t, field, value);
}

static int read_trunk(struct page *p, enum page_shape shape, struct span entity, struct trunk *t) {
        _cleanup_(end_query) sqlite3_stmt *s = NULL;
        int r = begin_query(p, shapes[shape], entity, &s);
        while (r == 0 && (r = next_row(s)) > 0) {
                enum trunk_text field;
                r = field_of(column(s, 0), &field) ? set_field(p, s, field, t) : -EIO;
        }
        return r;
}

int page_read_detail(struct page *p, enum page_shape shape, struct span json, struct trunk *t) {
        _cleanup_(trunk_clear) struct trunk detail = {0};
        _cleanup_(freep) char *copy = NULL;
        int r = check(p, true, &json, &copy);
        if (r != 0)
                return r;
        size_t blanks = 0;
        while (json.p[blanks] != '{' && strchr(" \t\r\n", json.p[blanks]))
                blanks++;
        if (json.p[blanks] != '{')
                return malformed(p, "the detail is not an object");
        r = read_trunk(p, shape, json, &detail);
        if (r != 0)
                return r;
        if (detail.id && !text_eq(detail.id, t->id))
                return malformed(p, "the detail is of another id, \"%s\"", detail.id);

#define X(field)                         \
        if (detail.field) {              \
                free(t->field);          \
                t->field = detail.field; \
                detail.field = NULL;     \
        }
        TRUNK_TEXTS(X)
#undef X
        return 0;
}

/* -- a listing ------------------------------------------------------------------------------------------------------- */

struct envelope {
        char path[16];
        struct page_facts facts;
};

static void envelope_clear(struct envelope *e) {
        free(e->facts.next_uri);
}

static unsigned column_unsigned(sqlite3_stmt *s, int i) {
        int64_t n = sqlite3_column_int64(s, i);
        return n < 0 ? 0 : n > UINT32_MAX ? UINT32_MAX : (unsigned)n;
}

static int read_envelope(struct page *p, struct span json, struct envelope *e) {
        _cleanup_(end_query) sqlite3_stmt *s = NULL;
        int r = begin_query(p, ENVELOPE, json, &s);
        if (r < 0)
                return r;
        r = next_row(s);
        if (r <= 0)
                return r < 0 ? r : -EIO;
        if (!column(s, 0).p)
                return malformed(p, "neither an array nor an object with an array \"entities\"");
        (void)snprintf(e->path, sizeof e->path, "%s", column(s, 0).p);
        e->facts.entities = (size_t)sqlite3_column_int64(s, 1);
        e->facts.page_number = column_unsigned(s, 2);
        e->facts.page_count = column_unsigned(s, 3);
        e->facts.total = column_unsigned(s, 4);

        struct span type = column(s, 5), next = column(s, 6);
        if (!type.p || span_eq(type, SPAN("null")) || (span_eq(type, SPAN("text")) && next.n == 0))
                return 0;
        /* Unlike other fields a next page that cannot be followed is no small matter: trunks would be missing. */
        if (!span_eq(type, SPAN("text")) || !is_exact(next, PAGE_TEXT_MAX, false))
                return malformed(p, "nextUri cannot be used");
        e->facts.next_uri = strndup(next.p, next.n);
        return e->facts.next_uri ? 0 : -ENOMEM;
}

static int read_entities(struct page *p, enum page_shape shape, struct span json, const char *path, struct trunk_list *list) {
        _cleanup_(end_query) sqlite3_stmt *s = NULL;
        int r = begin_query(p, ENTITIES, json, &s);
        if (r < 0)
                return r;
        if (sqlite3_bind_text(s, 2, path, -1, SQLITE_STATIC) != SQLITE_OK)
                return -ENOMEM;
        while ((r = next_row(s)) > 0) {
                struct trunk *t;
                r = trunk_list_append(list, &t);
                if (r < 0)
                        return r;
                t->origin = TRUNK_LISTED;
                r = read_trunk(p, shape, column(s, 0), t);
                if (r < 0)
                        return r;
                if (r == PAGE_MALFORMED || !t->id) {
                        char why[sizeof p->error];
                        memcpy(why, p->error, sizeof why);
                        return malformed(p, "entity %zu: %.150s", list->n, r == PAGE_MALFORMED ? why : "no id");
                }
        }
        return r;
}

/* A trunk of the page, on the way to the list. */
struct candidate {
        struct trunk *trunk;
        bool known; /* the list has its id already */
};

static int compare_candidates(const void *a, const void *b) {
        const struct candidate *x = a, *y = b;
        int r = strcmp(x->trunk->id, y->trunk->id);
        return r != 0 ? r : x->trunk < y->trunk ? -1 : x->trunk > y->trunk;
}

static int compare_id(const void *id, const void *candidate) {
        return strcmp(id, ((const struct candidate *)candidate)->trunk->id);
}

/* Clears those of fresh that the list has already, and all but the first of those with the same id. Sorting the page and searching it for
 * each trunk of the list keeps both a large page and many pages cheap. Returns how many are left, or -ENOMEM. */
static int64_t drop_duplicates(const struct trunk_list *list, struct trunk_list *fresh) {
        if (fresh->n == 0)
                return 0;
        _cleanup_(freep) struct candidate *sorted = calloc(fresh->n, sizeof *sorted);
        if (!sorted)
                return -ENOMEM;
        for (size_t i = 0; i < fresh->n; i++)
                sorted[i].trunk = &fresh->items[i];
        qsort(sorted, fresh->n, sizeof *sorted, compare_candidates);

        size_t distinct = 0;
        for (size_t i = 0; i < fresh->n; i++)
                if (distinct > 0 && text_eq(sorted[distinct - 1].trunk->id, sorted[i].trunk->id))
                        trunk_clear(sorted[i].trunk);
                else
                        sorted[distinct++] = sorted[i];
        for (size_t i = 0; i < list->n; i++) {
                struct candidate *same = bsearch(list->items[i].id, sorted, distinct, sizeof *sorted, compare_id);
                if (same)
                        same->known = true;
        }
        int64_t left = 0;
        for (size_t i = 0; i < distinct; i++)
                if (sorted[i].known)
                        trunk_clear(sorted[i].trunk);
                else
                        left++;
        return left;
}

/* Moves what is left of fresh to the end of the list; on failure the list is as before. */
static int move_trunks(struct trunk_list *list, struct trunk_list *fresh) {
        size_t before = list->n;
        for (size_t i = 0; i < fresh->n; i++) {
                struct trunk *t;
                if (!fresh->items[i].id)
                        continue;
                int r = trunk_list_append(list, &t);
                if (r < 0) {
                        while (list->n > before)
                                trunk_clear(&list->items[--list->n]);
                        return r;
                }
                *t = fresh->items[i];
                fresh->items[i] = (struct trunk){0};
        }
        return 0;
}

int page_read_listing(struct page *p, enum page_shape shape, struct span json, struct trunk_list *list, struct page_facts *ret) {
        _cleanup_(envelope_clear) struct envelope e = {0};
        _cleanup_(trunk_list_clear) struct trunk_list fresh = {0};
        _cleanup_(freep) char *copy = NULL;
        int r = check(p, true, &json, &copy);
        if (r != 0)
                return r;
        r = read_envelope(p, json, &e);
        if (r != 0)
                return r;
        if (e.facts.entities > TRUNK_LIST_MAX)
                return PAGE_TOO_MANY;
        r = read_entities(p, shape, json, e.path, &fresh);
        if (r != 0)
                return r;
        int64_t n = drop_duplicates(list, &fresh);
        if (n < 0)
                return (int)n;
        if ((size_t)n > TRUNK_LIST_MAX - list->n)
                return PAGE_TOO_MANY;
        r = move_trunks(list, &fresh);
        if (r < 0)
                return r;
        *ret = e.facts;
        e.facts.next_uri = NULL;
        return 0;
}

/* -- problems and tokens ---------------------------------------------------------------------------------------------- */

bool page_read_problem(struct page *p, struct span json, struct page_problem *ret) {
        _cleanup_(freep) char *copy = NULL;
        _cleanup_(end_query) sqlite3_stmt *s = NULL;
        struct page_problem problem = {0};
        if (check(p, true, &json, &copy) != 0 || begin_query(p, PROBLEM, json, &s) < 0)
                return false;
        while (next_row(s) > 0) {
                struct span field = column(s, 0), value = column(s, 2);
                if (!is_text(s))
                        continue;
                if (span_eq(field, SPAN("code")) && !problem.code[0])
                        page_copy_shown(problem.code, sizeof problem.code, value);
                else if (span_eq(field, SPAN("message")) && !problem.message[0])
                        page_copy_shown(problem.message, sizeof problem.message, value);
                else if (span_eq(field, SPAN("context_id")) && !problem.context_id[0])
                        page_copy_shown(problem.context_id, sizeof problem.context_id, value);
        }
        *ret = problem;
        return true;
}

/* Visible ASCII: it goes into a header (RFC 6750 section 2.1). */
static bool is_token(struct span s) {
        for (size_t i = 0; i < s.n; i++)
                if (s.p[i] <= ' ' || s.p[i] > '~')
                        return false;
        return s.n > 0 && s.n <= PAGE_TOKEN_MAX;
}

static void wipe_text(char **text) {
        if (*text)
                OPENSSL_cleanse(*text, strlen(*text));
        free(*text);
}

/* Whole seconds of a number, 0 when it has none. */
static int64_t seconds(struct span number) {
        int64_t n = 0;
        for (size_t i = 0; i < number.n && number.p[i] >= '0' && number.p[i] <= '9'; i++)
                if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, number.p[i] - '0', &n))
                        return 0;
        return n;
}

int page_read_token(struct page *p, struct span json, char **ret_token, int64_t *ret_expires_sec) {
        _cleanup_(freep) char *copy = NULL;
        _cleanup_(end_query) sqlite3_stmt *s = NULL;
        _cleanup_(wipe_text) char *token = NULL;
        int64_t expires_sec = 0;
        int r = check(p, true, &json, &copy);
        if (r != 0)
                return r;
        r = begin_query(p, TOKEN, json, &s);
        while (r == 0 && (r = next_row(s)) > 0) {
                struct span value = column(s, 2);
                r = 0;
                if (!is_text(s))
                        continue;
                if (span_eq(column(s, 0), SPAN("expires_in")))
                        expires_sec = seconds(value);
                else if (is_token(value) && !(token = strndup(value.p, value.n)))
                        r = -ENOMEM;
        }
        if (r < 0)
                return r;
        if (!token)
                return malformed(p, "no access_token that can be used");
        *ret_token = TAKE_PTR(token);
        *ret_expires_sec = expires_sec;
        return 0;
}

/* -- further shapes ---------------------------------------------------------------------------------------------------- */

static int bind_arguments(sqlite3_stmt *s, const struct page_argument *arguments, size_t n) {
        for (size_t i = 0; i < n; i++) {
                int r = sqlite3_bind_text64(s, sqlite3_bind_parameter_index(s, arguments[i].name), arguments[i].value.p,
                                            arguments[i].value.n, SQLITE_STATIC, SQLITE_UTF8);
                if (r != SQLITE_OK)
                        return r == SQLITE_NOMEM ? -ENOMEM : -EIO;
        }
        return 0;
}

int page_read_rows(struct page *p, enum page_rows rows, struct span json, const struct page_argument *arguments, size_t n, page_row_fn *row,
                   void *user) {
        _cleanup_(end_query) sqlite3_stmt *s = NULL;
        _cleanup_(freep) char *copy = NULL;
        struct span columns[PAGE_COLUMNS_MAX];
        /* What is written back must be what was read. */
        bool conceals = rows != PAGE_REFRESH_BASE && rows != PAGE_REFRESH_CONNECTION;
        int r = check(p, conceals, &json, &copy);
        if (r == 0)
                r = begin_query(p, ROWS + rows, json, &s);
        if (r == 0)
                r = bind_arguments(s, arguments, n);
        while (r == 0 && (r = next_row(s)) > 0) {
                int count = sqlite3_column_count(s);
                for (int i = 0; i < count && i < PAGE_COLUMNS_MAX; i++)
                        columns[i] = column(s, i);
                r = row(columns, user);
        }
        return r;
}

/* -- who we are -------------------------------------------------------------------------------------------------------- */

/* The first value of a field; a list's further ones behind it, as many as fit whole. */
static void add_shown(char *to, size_t size, bool list, struct span value) {
        size_t n = strlen(to);
        if (n > 0 && (!list || size - n <= value.n + 1))
                return;
        if (n > 0)
                to[n++] = ' ';
        page_copy_shown(to + n, size - n, value);
}

int page_read_identity(struct page *p, struct span json, struct page_identity *ret) {
        _cleanup_(freep) char *copy = NULL;
        _cleanup_(end_query) sqlite3_stmt *s = NULL;
        struct page_identity identity = {0};
        const struct {
                const char *field;
                char *to;
                size_t size;
                bool list;
        } fields[] = {
                {"organisation", identity.organisation, sizeof identity.organisation, false},
                {"organisation_id", identity.organisation_id, sizeof identity.organisation_id, false},
                {"client", identity.client, sizeof identity.client, false},
                {"client_id", identity.client_id, sizeof identity.client_id, false},
                {"scopes", identity.scopes, sizeof identity.scopes, true},
                {"roles", identity.roles, sizeof identity.roles, true},
        };
        int r = check(p, true, &json, &copy);
        if (r != 0)
                return r;
        r = begin_query(p, IDENTITY, json, &s);
        while (r == 0 && (r = next_row(s)) > 0) {
                r = 0;
                for (size_t i = 0; i < ELEMENTS(fields); i++)
                        if (is_text(s) && span_eq(column(s, 0), span_of(fields[i].field)))
                                add_shown(fields[i].to, fields[i].size, fields[i].list, column(s, 2));
        }
        if (r < 0)
                return r;
        if (!identity.organisation_id[0])
                return malformed(p, "no organization.id");
        *ret = identity;
        return 0;
}
