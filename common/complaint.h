/* complaint.h: what is wrong with the configuration, and where. Complaints are collected, in the order of the file, and never stop the
 * reading. */
#pragma once

#include "base.h"

#define CONFIG_COMPLAINTS_MAX 100 /* further ones are counted, not kept */

struct complaint {
        bool warning; /* the configuration can be used all the same */
        unsigned line, column;
        char *text; /* "FILE:LINE:COLUMN: key: what is wrong (what would be right)" */
};

struct complaints {
        struct complaint *items;
        size_t n;
        size_t errors; /* all of them, kept or not */
};

/* line 0 = not about a place in the file; key NULL = not about a key. Returns 0 or -ENOMEM. */
int complaint_add(struct complaints *c, bool warning, const char *file, unsigned line, unsigned column, const char *key, const char *format,
                  ...) _printf_(7, 8);

void complaints_clear(struct complaints *complaints);
