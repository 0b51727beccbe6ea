/* edit.h: what somebody changed on the platform, as its audit log tells it. Values of secret properties are in none of it. */
#pragma once

#include "base.h"
#include "page.h"

#define EDIT_TEXT_MAX 500       /* bytes of a text; a longer one is cut */
#define EDIT_LIST_MAX 5000      /* further ones are dropped */
#define EDIT_CURSOR_MAX 1000    /* bytes of a page's cursor; a longer one is PAGE_MALFORMED */
#define EDIT_TRANSACTION_MAX 80 /* bytes of a query's id */

/* clang-format off */
#define EDIT_TEXTS(X) \
        X(entity_id) X(entity_name) X(action) X(status) X(user_id) X(user_name) X(client_id) X(client_name) X(remote_ip) \
        X(property) X(old) X(new)
/* clang-format on */

/* One property of one change; all texts are owned and may be NULL. */
struct edit {
#define X(field) char *field;
        EDIT_TEXTS(X)
#undef X
        int64_t time_usec; /* since 1970; 0 = not told */
        bool withheld;     /* old and new speak of a secret, and were not kept */
};

struct edit_list {
        struct edit *items;
        size_t n;
        bool cut; /* there were more than EDIT_LIST_MAX */
};

void edit_list_clear(struct edit_list *l);

/* How a query of the audit log stands. */
struct edit_query {
        char id[EDIT_TRANSACTION_MAX + 1];                                          /* fit for a path; "" = none */
        enum { EDIT_QUERY_RUNNING, EDIT_QUERY_SUCCEEDED, EDIT_QUERY_FAILED } state; /* a word that we do not know: running */
};
int edit_read_query(struct page *p, struct span json, struct edit_query *ret);

/* A page of results: appends to the list, and the next page's cursor, "" at the end. Returns 0, PAGE_MALFORMED, -errno. */
int edit_read_results(struct page *p, struct span json, struct edit_list *l, char ret_cursor[static EDIT_CURSOR_MAX + 1]);

/* Who, for people: the user's or client's name, else its id, else "somebody". */
const char *edit_who(const struct edit *e);
