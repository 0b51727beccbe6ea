/* record.h: how the drivers read their cases: a line of fields separated by spaces, each "-" when absent, else "x" and the bytes in hex. */
#pragma once

#include <stdio.h>

#include "common/base.h"

#define RECORD_MAX (64 * 1024) /* characters of a record */

static int digit(char c) {
        if (c >= '0' && c <= '9')
                return c - '0';
        return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Undoes the hex in place. */
static bool read_field(char *text, struct span *ret) {
        size_t n = strlen(text);
        *ret = (struct span){NULL, 0};
        if (strcmp(text, "-") == 0)
                return true;
        if (n % 2 == 0 || text[0] != 'x')
                return false;
        for (size_t i = 1; i < n; i += 2) {
                int high = digit(text[i]), low = digit(text[i + 1]);
                if (high < 0 || low < 0)
                        return false;
                text[i / 2] = (char)(high << 4 | low);
        }
        *ret = (struct span){text, n / 2};
        return true;
}

static bool read_record(char *line, struct span *fields, size_t n) {
        line[strcspn(line, "\n")] = '\0';
        for (size_t i = 0; i < n; i++) {
                char *text = strsep(&line, " ");
                if (!text || !read_field(text, &fields[i]))
                        return false;
        }
        return !line;
}
