/* report.h: rows → table for a terminal, or JSON. Renders into memory; the main prints. */
#pragma once

#include "base.h"
#include "store.h"

struct report_column {
        const char *name;   /* column of the table */
        const char *title;  /* heading on a terminal */
        unsigned width_max; /* display columns; longer text wraps at spaces into further lines; 0 = no limit */
};

struct report_options {
        bool colour;
        unsigned width; /* of the terminal; 0 = no limit */
};

/* Text with aligned columns: UTF-8 aware, control characters shown as '?', long cells wrapped. When the table is wider than the
 * options allow, columns that have a width_max shrink, the widest first, as far as that leaves them readable. An outcome column
 * ("outcome") is coloured. A column that the table does not have stays empty. malloc'ed; returns 0 or -ENOMEM. */
int report_text(char **ret, const struct table *t, const struct report_column *columns, size_t n, const struct report_options *o);

/* Trunks that came to the platform's list or left it (STORE_VIEW_LISTING) and differences (STORE_VIEW_DRIFT), each with a heading and an
 * empty line before; "" when there are none of both. malloc'ed; returns 0 or -ENOMEM. */
int report_drift(char **ret, const struct table *listing, const struct table *drift, const struct report_options *o);

/* An array of objects, one a row, numbers as numbers, NULL as null; strings escaped by RFC 8259. No trailing newline. */
int report_json(char **ret, const struct table *t);

/* One JSON string with its quotes, for the mains' own objects; invalid UTF-8 becomes U+FFFD. malloc'ed; returns 0 or -ENOMEM. */
int report_json_string(char **ret, const char *text);

#define REPORT_AGE_MAX 64 /* bytes of what report_age() writes */

/* Since when the list of trunks is known: "as of 2026-11-23T05:00:00Z: 26 h old", without the age when it was read in the run that started
 * then; "never read" with known_usec 0. */
void report_age(char ret[static REPORT_AGE_MAX], int64_t known_usec, int64_t started_usec);
