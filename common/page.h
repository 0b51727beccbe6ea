/* page.h: one API page (JSON) → trunks, by the queries of sql/pages/ on an in-memory SQLite. Hostile bytes welcome. */
#pragma once

#include "base.h"
#include "json_text.h"
#include "trunk.h"

#define PAGE_SIZE_MAX (16 * 1024 * 1024) /* bytes of a page */
#define PAGE_DEPTH_MAX JSON_DEPTH_MAX    /* nesting of JSON */
#define PAGE_TEXT_MAX 4096               /* bytes of a text; a longer one is cut, a longer address, credential or URI is ignored */
#define PAGE_NAME_MAX 256                /* bytes of an id (a longer one is PAGE_MALFORMED) or a name (a longer one is cut) */
#define PAGE_PROXY_MAX 300               /* bytes of one proxy; longer ones are dropped */
#define PAGE_PROXIES_MAX 16              /* further ones are dropped */
#define PAGE_TOKEN_MAX 4000              /* bytes of an access token */

struct page; /* the reader: its connection and prepared statements, used for one page after another */

/* Positive outcomes. */
enum {
        PAGE_MALFORMED = 1, /* not JSON, or not the shape; page_error() says what and where */
        PAGE_TOO_MANY,      /* more than TRUNK_LIST_MAX trunks in all */
};

/* Whose entities a page has: the shapes of sql/pages/. */
enum page_shape { PAGE_TRUNK_CONNECTIONS, PAGE_EDGES_TRUNKS, PAGE_EDGES_BASES };

struct page_facts {
        unsigned page_number, page_count, total; /* 0 = absent */
        char *next_uri;                          /* owned; NULL = absent */
        size_t entities;                         /* in this page */
};

int page_new(struct page **ret);
struct page *page_free(struct page *p);
DEFINE_CLEANUP(struct page *, page_free)
const char *page_error(const struct page *p);

/* Passwords, should a page have any, are dropped from it before it is read (json_conceal()); the caller wipes its own buffer. */

/* A listing: an envelope with "entities", or a bare array. Appends its trunks (origin TRUNK_LISTED); a second entity with an id that the
 * list has already replaces nothing and is not appended. An entity without id is PAGE_MALFORMED. On any outcome but 0 the list is as
 * before. */
int page_read_listing(struct page *p, enum page_shape shape, struct span json, struct trunk_list *list, struct page_facts *ret);

/* One entity's own detail: fills the texts that it has; the id must be the same or absent. */
int page_read_detail(struct page *p, enum page_shape shape, struct span json, struct trunk *t);

/* A text to be shown: control characters become spaces, bytes of no character U+FFFD; cut to size between characters. */
void page_copy_shown(char *to, size_t size, struct span from);

/* Further shapes, read by those who know what they are of: the rows of sql/pages/. */
enum page_rows {
        PAGE_AUDIT_QUERY,
        PAGE_AUDIT_RESULTS,
        PAGE_EDITS,
        PAGE_VERSION,
        PAGE_REFRESH_BASE,
        PAGE_REFRESH_CONNECTION,
        PAGE_ROWS_COUNT
};
#define PAGE_COLUMNS_MAX 16

/* A value that the query wants besides the page: ":name". {NULL} = none. */
struct page_argument {
        const char *name;
        struct span value;
};

/* The columns of a row, valid inside; {NULL} = none. Returns 0, or what page_read_rows() returns then. */
typedef int page_row_fn(const struct span *columns, void *user);

/* Returns 0, PAGE_MALFORMED (not JSON), -errno, or what row returned. */
int page_read_rows(struct page *p, enum page_rows rows, struct span json, const struct page_argument *arguments, size_t n, page_row_fn *row,
                   void *user);

/* An ErrorBody or an OAuth error: code (or error), message (or description, error_description), each "" when absent; cut to size. False
 * when it is not JSON. */
struct page_problem {
        char code[80], message[400], context_id[80];
};
bool page_read_problem(struct page *p, struct span json, struct page_problem *ret);

/* A token reply: access_token into ret_token (malloc'ed; wipe it), expires_in seconds (0 = absent). Returns 0 or PAGE_MALFORMED. */
int page_read_token(struct page *p, struct span json, char **ret_token, int64_t *ret_expires_sec);

/* What /api/v2/tokens/me says of the bearer, for people: "" when absent; lists separated by spaces, cut to size. Returns 0 or
 * PAGE_MALFORMED (also without an organisation's id). */
struct page_identity {
        char organisation[120], organisation_id[80], client[120], client_id[80];
        char scopes[300];
        char roles[300]; /* ids: names are another endpoint's */
};
int page_read_identity(struct page *p, struct span json, struct page_identity *ret);
