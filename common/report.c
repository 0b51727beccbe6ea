/* report.c: tables as text with aligned columns, and as JSON (RFC 8259). */
#include "report.h"

#include <stdio.h>

#include "utc_time.h"
#include "utf8.h"

#define COLUMN_GAP 2        /* spaces between columns */
#define COLUMN_WIDTH_MIN 12 /* what a column is not shrunk below, unless all of it is narrower */

/* -- display width ------------------------------------------------------------------------------------------------------ */

struct range {
        uint32_t first, last;
};

static bool in_ranges(uint32_t code, const struct range *ranges, size_t n) {
        for (size_t i = 0; i < n; i++)
                if (code >= ranges[i].first && code <= ranges[i].last)
                        return true;
        return false;
}

/* What a terminal obeys instead of showing: C0, DEL, C1, line separators, directional overrides and isolates. */
static bool is_control(uint32_t code) {
        static const struct range ranges[] = {{0, 0x1F}, {0x7F, 0x9F}, {0x2028, 0x202E}, {0x2066, 0x2069}, {UTF8_INVALID, UTF8_INVALID}};
        return in_ranges(code, ranges, ELEMENTS(ranges));
}

/* Columns that a character takes: none for combining marks, two for East Asian wide ones and pictographs. The C library's wcwidth()
 * would need a locale. */
static size_t character_width(uint32_t code) {
        static const struct range wide[] = {{0x1100, 0x115F}, {0x2E80, 0x303E},   {0x3041, 0xA4CF},   {0xA960, 0xA97F},
                                            {0xAC00, 0xD7A3}, {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},
                                            {0xFFE0, 0xFFE6}, {0x1F300, 0x1F64F}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD}};
        if (code >= 0x300 && code <= 0x36F)
                return 0;
        return in_ranges(code, wide, ELEMENTS(wide)) ? 2 : 1;
}

static size_t text_width(struct span text) {
        size_t width = 0;
        for (const char *p = text.p, *end = text.p + text.n; p < end;) {
                uint32_t code = utf8_next(&p, end);
                width += is_control(code) ? 1 : character_width(code);
        }
        return width;
}

static void put_text(FILE *out, struct span text) {
        for (const char *p = text.p, *end = text.p + text.n; p < end;) {
                const char *from = p;
                if (is_control(utf8_next(&p, end)))
                        (void)fputc('?', out);
                else
                        (void)fwrite(from, 1, (size_t)(p - from), out);
        }
}

/* Cuts the first line off the text: up to the last space that lets it fit, else as many characters as fit, and at least one. The
 * spaces at the cut belong to no line. */
static struct span next_line(struct span *text, size_t width) {
        const char *end = text->p + text->n, *p = text->p, *fits = text->p, *space = NULL;
        for (size_t used = 0; p < end;) {
                const char *from = p;
                uint32_t code = utf8_next(&p, end);
                used += is_control(code) ? 1 : character_width(code);
                if (code == ' ' && from > text->p)
                        space = from;
                if (used > width && fits > text->p)
                        break;
                fits = p;
        }
        const char *cut = fits < end && space ? space : fits;
        struct span line = {text->p, (size_t)(cut - text->p)};
        while (line.n > 0 && line.p[line.n - 1] == ' ')
                line.n--;
        while (cut < end && *cut == ' ')
                cut++;
        *text = (struct span){cut, (size_t)(end - cut)};
        return line;
}

/* -- the table ------------------------------------------------------------------------------------------------------------ */

struct layout {
        const struct table *table;
        const struct report_column *columns;
        size_t n;
        bool colour;
        size_t *widths;
        struct span *rests; /* of the row that is being written: what is still to come of each cell */
};

static size_t larger(size_t a, size_t b) {
        return a > b ? a : b;
}

static void measure(const struct layout *l) {
        for (size_t c = 0; c < l->n; c++) {
                size_t title = text_width(span_of(l->columns[c].title)), width = title;
                for (size_t row = 0; row < l->table->rows; row++)
                        width = larger(width, text_width(span_of(table_text(l->table, row, l->columns[c].name))));
                if (l->columns[c].width_max > 0 && width > l->columns[c].width_max)
                        width = larger(l->columns[c].width_max, title);
                l->widths[c] = width;
        }
}

/* The widest column that may still lose a character; NULL when there is none. */
static size_t *widest(const struct layout *l) {
        size_t *found = NULL;
        for (size_t c = 0; c < l->n; c++) {
                size_t least = larger(COLUMN_WIDTH_MIN, text_width(span_of(l->columns[c].title)));
                if (l->columns[c].width_max > 0 && l->widths[c] > least && (!found || l->widths[c] > *found))
                        found = &l->widths[c];
        }
        return found;
}

static void fit(const struct layout *l, size_t width) {
        size_t total = l->n > 0 ? COLUMN_GAP * (l->n - 1) : 0;
        for (size_t c = 0; c < l->n; c++)
                total += l->widths[c];
        size_t *column;
        while (total > width && (column = widest(l))) {
                (*column)--;
                total--;
        }
}

static const char *colour_of(const char *outcome) {
        static const struct {
                const char *outcome, *colour;
        } colours[] = {{"pass", "\033[32m"}, {"warn", "\033[33m"}, {"fail", "\033[31m"}, {"untested", "\033[36m"}};
        for (size_t i = 0; i < ELEMENTS(colours); i++)
                if (text_eq(colours[i].outcome, outcome))
                        return colours[i].colour;
        return NULL;
}

static bool anything_left(const struct layout *l) {
        for (size_t c = 0; c < l->n; c++)
                if (l->rests[c].n > 0)
                        return true;
        return false;
}

/* Writes what is in l->rests, in as many lines as it takes and at least one. Spaces are only written before something that follows:
 * lines do not end with them. colour: of the outcome column, or NULL. */
static void put_row(const struct layout *l, FILE *out, const char *colour) {
        do {
                size_t pending = 0;
                for (size_t c = 0; c < l->n; c++) {
                        struct span line = next_line(&l->rests[c], l->widths[c]);
                        const char *on = colour && line.n > 0 && text_eq(l->columns[c].name, "outcome") ? colour : NULL;
                        if (line.n > 0) {
                                (void)fprintf(out, "%*s%s", (int)pending, "", on ? on : "");
                                pending = 0;
                        }
                        put_text(out, line);
                        if (on)
                                (void)fputs("\033[0m", out);
                        size_t used = text_width(line);
                        pending += (l->widths[c] > used ? l->widths[c] - used : 0) + COLUMN_GAP;
                }
                (void)fputc('\n', out);
        } while (anything_left(l));
}

/* Ends a stream of open_memstream(). Returns 0 with its text, or -ENOMEM. */
static int finish(FILE *out, char **buffer, char **ret) {
        bool failed = ferror(out) != 0;
        failed |= fclose(out) != 0;
        if (failed) {
                free(*buffer);
                return -ENOMEM;
        }
        *ret = *buffer;
        return 0;
}

static int put_table(const struct layout *l, char **ret) {
        char *buffer = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&buffer, &size);
        if (!out)
                return -ENOMEM;
        for (size_t c = 0; c < l->n; c++)
                l->rests[c] = span_of(l->columns[c].title);
        put_row(l, out, NULL);
        for (size_t row = 0; row < l->table->rows; row++) {
                for (size_t c = 0; c < l->n; c++)
                        l->rests[c] = span_of(table_text(l->table, row, l->columns[c].name));
                put_row(l, out, l->colour ? colour_of(table_text(l->table, row, "outcome")) : NULL);
        }
        return finish(out, &buffer, ret);
}

int report_text(char **ret, const struct table *t, const struct report_column *columns, size_t n, const struct report_options *o) {
        _cleanup_(freep) size_t *widths = calloc(n + 1, sizeof *widths);
        _cleanup_(freep) struct span *rests = calloc(n + 1, sizeof *rests);
        if (!widths || !rests)
                return -ENOMEM;
        struct layout l = {.table = t, .columns = columns, .n = n, .colour = o->colour, .widths = widths, .rests = rests};
        measure(&l);
        if (o->width > 0)
                fit(&l, o->width);
        return put_table(&l, ret);
}

/* -- JSON ----------------------------------------------------------------------------------------------------------------- */

/* RFC 8259 section 7. */
static void put_json_string(FILE *out, const char *text) {
        static const char short_escapes[] = "\"\"\\\\\bb\ff\nn\rr\tt"; /* pairs: the character, its escape */
        (void)fputc('"', out);
        for (const char *p = text, *end = text + strlen(text); p < end;) {
                const char *from = p, *escape = NULL;
                uint32_t code = utf8_next(&p, end);
                for (size_t i = 0; i + 1 < sizeof short_escapes && code != UTF8_INVALID; i += 2)
                        if (code == (unsigned char)short_escapes[i])
                                escape = &short_escapes[i + 1];
                if (escape)
                        (void)fprintf(out, "\\%c", *escape);
                else if (code < 0x20)
                        (void)fprintf(out, "\\u%04x", (unsigned)code);
                else if (code == UTF8_INVALID)
                        (void)fputs("\xEF\xBF\xBD", out);
                else
                        (void)fwrite(from, 1, (size_t)(p - from), out);
        }
        (void)fputc('"', out);
}

/* SQL has infinities, JSON has not: they become null. */
static void put_json_cell(FILE *out, const struct cell *cell) {
        bool number = cell->type == CELL_INTEGER || cell->type == CELL_REAL;
        if (!cell->text || (number && !strchr("0123456789", cell->text[cell->text[0] == '-'])))
                (void)fputs("null", out);
        else if (number)
                (void)fputs(cell->text, out);
        else
                put_json_string(out, cell->text);
}

int report_json(char **ret, const struct table *t) {
        char *buffer = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&buffer, &size);
        if (!out)
                return -ENOMEM;
        (void)fputc('[', out);
        for (size_t row = 0; row < t->rows; row++) {
                (void)fputs(row == 0 ? "{" : ",\n {", out);
                for (size_t c = 0; c < t->columns; c++) {
                        if (c > 0)
                                (void)fputs(", ", out);
                        put_json_string(out, t->names[c]);
                        (void)fputs(": ", out);
                        put_json_cell(out, &t->cells[row * t->columns + c]);
                }
                (void)fputc('}', out);
        }
        (void)fputc(']', out);
        return finish(out, &buffer, ret);
}

int report_json_string(char **ret, const char *text) {
        char *buffer = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&buffer, &size);
        if (!out)
                return -ENOMEM;
        put_json_string(out, text);
        return finish(out, &buffer, ret);
}

/* -- what is beside the verdicts ------------------------------------------------------------------------------------------- */

int report_drift(char **ret, const struct table *listing, const struct table *drift, const struct report_options *o) {
        static const struct report_column came_and_went[] = {{"time", "LIST OF", 0}, {"change", "CHANGE", 0}, {"trunk", "TRUNK", 24}};
        static const struct report_column differences[] = {{"trunk", "TRUNK", 24},       {"field", "FIELD", 0},
                                                           {"platform", "PLATFORM", 32}, {"config", "CONFIGURATION", 32},
                                                           {"carrier", "CARRIER", 32},   {"first_seen", "SINCE", 0}};
        _cleanup_(freep) char *first = NULL, *second = NULL;
        int r = report_text(&first, listing, came_and_went, ELEMENTS(came_and_went), o);
        if (r == 0)
                r = report_text(&second, drift, differences, ELEMENTS(differences), o);
        if (r == 0 &&
            asprintf(ret, "%s%s%s%s", listing->rows > 0 ? "\nOn the platform's list of trunks:\n" : "", listing->rows > 0 ? first : "",
                     drift->rows > 0 ? "\nNot all say the same (the verdicts do not count it):\n" : "", drift->rows > 0 ? second : "") < 0)
                r = -ENOMEM;
        return r;
}

/* -- the age of what is known --------------------------------------------------------------------------------------------- */

void report_age(char ret[static REPORT_AGE_MAX], int64_t known_usec, int64_t started_usec) {
        /* Twice the next unit, so that it is never off by more than a half. */
        static const struct {
                int64_t sec, below_sec;
                const char *name;
        } units[] = {{1, 120, "s"}, {60, INT64_C(2) * 3600, "min"}, {3600, INT64_C(48) * 3600, "h"}, {86400, INT64_MAX, "days"}};
        char as_of[UTC_TIME_MAX];
        int64_t age_sec = (started_usec - known_usec) / (int64_t)USEC_PER_SEC;
        (void)utc_time_format(as_of, known_usec);
        size_t unit = 0;
        while (age_sec >= units[unit].below_sec)
                unit++;
        if (known_usec == 0)
                (void)snprintf(ret, REPORT_AGE_MAX, "never read");
        else if (known_usec >= started_usec)
                (void)snprintf(ret, REPORT_AGE_MAX, "as of %s", as_of);
        else
                (void)snprintf(ret, REPORT_AGE_MAX, "as of %s: %lld %s old", as_of, (long long)(age_sec / units[unit].sec),
                               units[unit].name);
}
