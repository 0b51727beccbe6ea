/* complaint.c: complaints in the order of the file. */
#include "complaint.h"

#include <stdarg.h>
#include <stdio.h>

/* "FILE:LINE:COLUMN: key: WHAT", without the parts that are absent. malloc'ed; NULL = no memory. */
static char *complaint_text(const char *file, unsigned line, unsigned column, const char *key, const char *what) {
        char place[32] = "";
        if (line > 0)
                (void)snprintf(place, sizeof place, ":%u:%u", line, column);
        char *text;
        if (asprintf(&text, "%s%s: %s%s%s", file, place, key ? key : "", key ? ": " : "", what) < 0)
                return NULL;
        return text;
}

/* Keeps the order of line and column; equal places keep the order of arrival. */
static int insert(struct complaints *c, struct complaint item) {
        struct complaint *items = reallocarray(c->items, c->n + 1, sizeof *items);
        if (!items)
                return -ENOMEM;
        c->items = items;
        size_t at = c->n;
        for (; at > 0 && (items[at - 1].line > item.line || (items[at - 1].line == item.line && items[at - 1].column > item.column)); at--)
                items[at] = items[at - 1];
        items[at] = item;
        c->n++;
        return 0;
}

int complaint_add(struct complaints *c, bool warning, const char *file, unsigned line, unsigned column, const char *key, const char *format,
                  ...) {
        if (!warning)
                c->errors++;
        if (c->n >= CONFIG_COMPLAINTS_MAX)
                return 0;

        _cleanup_(freep) char *what = NULL;
        va_list args;
        va_start(args, format);
        int n = vasprintf(&what, format, args);
        va_end(args);
        if (n < 0) {
                what = NULL; /* undefined after a failure */
                return -ENOMEM;
        }
        _cleanup_(freep) char *text = complaint_text(file, line, column, key, what);
        if (!text)
                return -ENOMEM;
        int r = insert(c, (struct complaint){.warning = warning, .line = line, .column = column, .text = text});
        if (r < 0)
                return r;
        text = NULL; /* now in the list */
        return 0;
}

void complaints_clear(struct complaints *complaints) {
        for (size_t i = 0; i < complaints->n; i++)
                free(complaints->items[i].text);
        free(complaints->items);
        *complaints = (struct complaints){0};
}
