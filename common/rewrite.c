/* rewrite.c: each function is one habit of real programs; which of them are tried on what is in mistake.c. */
#include "rewrite.h"

#include "utf8.h"

void rewritten_put(struct rewritten *to, const char *bytes, size_t n) {
        if (n > 0 && to->n <= to->size && n <= to->size - to->n) {
                memcpy(to->p + to->n, bytes, n);
                to->n += n;
        } else if (n > 0) {
                to->n = to->size + 1;
        }
}

static void put_char(struct rewritten *to, char c) {
        rewritten_put(to, &c, 1);
}

static void put_span(struct rewritten *to, struct span s) {
        rewritten_put(to, s.p, s.n);
}

static struct span tail(struct span s, size_t from) {
        return (struct span){s.p + from, s.n - from};
}

/* -- case, blanks, line ends ----------------------------------------------------------------------------------------- */

static bool is_lower(char c) {
        return c >= 'a' && c <= 'z';
}

static bool is_upper(char c) {
        return c >= 'A' && c <= 'Z';
}

static bool is_alnum(char c) {
        return is_lower(c) || is_upper(c) || (c >= '0' && c <= '9');
}

static bool is_blank(char c) {
        return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

void rewrite_lower(struct rewritten *to, struct span from) {
        for (size_t i = 0; i < from.n; i++)
                put_char(to, is_upper(from.p[i]) ? (char)(from.p[i] | 32) : from.p[i]);
}

void rewrite_upper(struct rewritten *to, struct span from) {
        for (size_t i = 0; i < from.n; i++)
                put_char(to, is_lower(from.p[i]) ? (char)(from.p[i] & ~32) : from.p[i]);
}

void rewrite_swapped_case(struct rewritten *to, struct span from) {
        for (size_t i = 0; i < from.n; i++)
                put_char(to, is_lower(from.p[i]) || is_upper(from.p[i]) ? (char)(from.p[i] ^ 32) : from.p[i]);
}

void rewrite_left_trimmed(struct rewritten *to, struct span from) {
        while (from.n > 0 && is_blank(from.p[0]))
                from = tail(from, 1);
        put_span(to, from);
}

void rewrite_right_trimmed(struct rewritten *to, struct span from) {
        while (from.n > 0 && is_blank(from.p[from.n - 1]))
                from.n--;
        put_span(to, from);
}

void rewrite_trimmed(struct rewritten *to, struct span from) {
        while (from.n > 0 && is_blank(from.p[from.n - 1]))
                from.n--;
        rewrite_left_trimmed(to, from);
}

void rewrite_lf(struct rewritten *to, struct span from) {
        for (size_t i = 0; i < from.n; i++)
                if (from.p[i] != '\r' || i + 1 == from.n || from.p[i + 1] != '\n')
                        put_char(to, from.p[i]);
}

void rewrite_crlf(struct rewritten *to, struct span from) {
        for (size_t i = 0; i < from.n; i++) {
                if (from.p[i] == '\n' && (i == 0 || from.p[i - 1] != '\r'))
                        put_char(to, '\r');
                put_char(to, from.p[i]);
        }
}

/* -- quotes and backslashes ---------------------------------------------------------------------------------------------- */

static void put_between(struct rewritten *to, struct span from, char before, char after) {
        put_char(to, before);
        put_span(to, from);
        put_char(to, after);
}

void rewrite_quoted(struct rewritten *to, struct span from) {
        put_between(to, from, '"', '"');
}

void rewrite_single_quoted(struct rewritten *to, struct span from) {
        put_between(to, from, '\'', '\'');
}

void rewrite_angled(struct rewritten *to, struct span from) {
        put_between(to, from, '<', '>');
}

void rewrite_unquoted(struct rewritten *to, struct span from) {
        bool quotes = from.n >= 2 && from.p[0] == from.p[from.n - 1] && (from.p[0] == '"' || from.p[0] == '\'');
        put_span(to, quotes ? (struct span){from.p + 1, from.n - 2} : from);
}

void rewrite_pairs(struct rewritten *to, struct span from) {
        for (size_t i = 0; i < from.n; i++) {
                if (from.p[i] == '"' || from.p[i] == '\\')
                        put_char(to, '\\');
                put_char(to, from.p[i]);
        }
}

void rewrite_without_pairs(struct rewritten *to, struct span from) {
        for (size_t i = 0; i < from.n; i++) {
                if (from.p[i] == '\\' && i + 1 < from.n)
                        i++;
                put_char(to, from.p[i]);
        }
}

void rewrite_without_backslashes(struct rewritten *to, struct span from) {
        for (size_t i = 0; i < from.n; i++)
                if (from.p[i] != '\\')
                        put_char(to, from.p[i]);
}

static void put_doubled(struct rewritten *to, struct span from, char c) {
        for (size_t i = 0; i < from.n; i++) {
                put_char(to, from.p[i]);
                if (from.p[i] == c)
                        put_char(to, c);
        }
}

static void put_halved(struct rewritten *to, struct span from, char c) {
        for (size_t i = 0; i < from.n; i++) {
                put_char(to, from.p[i]);
                if (from.p[i] == c && i + 1 < from.n && from.p[i + 1] == c)
                        i++;
        }
}

void rewrite_doubled_backslashes(struct rewritten *to, struct span from) {
        put_doubled(to, from, '\\');
}

/* -- percent, forms, entities, dollars ------------------------------------------------------------------------------------- */

static void put_percent(struct rewritten *to, struct span from, const char *kept, bool lower, bool form) {
        const char *digits = lower ? "0123456789abcdef" : "0123456789ABCDEF";
        for (size_t i = 0; i < from.n; i++) {
                unsigned char c = (unsigned char)from.p[i];
                if (is_alnum((char)c) || (c && strchr(kept, c))) {
                        put_char(to, (char)c);
                } else if (form && c == ' ') {
                        put_char(to, '+');
                } else {
                        const char escape[] = {'%', digits[c >> 4], digits[c & 15]};
                        rewritten_put(to, escape, sizeof escape);
                }
        }
}

void rewrite_percent(struct rewritten *to, struct span from) {
        put_percent(to, from, "-._~", false, false);
}

void rewrite_percent_lower(struct rewritten *to, struct span from) {
        put_percent(to, from, "-._~", true, false);
}

void rewrite_percent_component(struct rewritten *to, struct span from) {
        put_percent(to, from, "-._~!*'()", false, false);
}

void rewrite_percent_user(struct rewritten *to, struct span from) {
        put_percent(to, from, "-_.!~*'()&=+$,;?/", false, false);
}

void rewrite_form(struct rewritten *to, struct span from) {
        put_percent(to, from, "-._*", false, true);
}

static int hex_digit(char c) {
        return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static void put_without_percent(struct rewritten *to, struct span from, bool form) {
        for (size_t i = 0; i < from.n; i++) {
                int high = i + 2 < from.n && from.p[i] == '%' ? hex_digit(from.p[i + 1]) : -1;
                int low = high >= 0 ? hex_digit(from.p[i + 2]) : -1;
                if (low >= 0) {
                        put_char(to, (char)(high << 4 | low));
                        i += 2;
                } else {
                        put_char(to, form && from.p[i] == '+' ? ' ' : from.p[i]);
                }
        }
}

void rewrite_without_percent(struct rewritten *to, struct span from) {
        put_without_percent(to, from, false);
}

void rewrite_without_form(struct rewritten *to, struct span from) {
        put_without_percent(to, from, true);
}

void rewrite_plus_as_space(struct rewritten *to, struct span from) {
        for (size_t i = 0; i < from.n; i++)
                put_char(to, from.p[i] == '+' ? ' ' : from.p[i]);
}

struct entity {
        const char *text;
        char c;
};

static const struct entity entities[] = {
        {"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}, {"&#39;", '\''}, {"&#34;", '"'}, {"&#x27;", '\''},
};

/* apostrophe: how one is written; NULL = left as it is. quotes: whether double ones are escaped. */
static void put_entities(struct rewritten *to, struct span from, const char *apostrophe, bool quotes) {
        for (size_t i = 0; i < from.n; i++) {
                char c = from.p[i];
                const char *text = c == '\'' ? apostrophe : NULL;
                for (size_t k = 0; !text && c != '\'' && (c != '"' || quotes) && k < ELEMENTS(entities); k++)
                        if (entities[k].c == c)
                                text = entities[k].text;
                if (text)
                        put_span(to, span_of(text));
                else
                        put_char(to, c);
        }
}

void rewrite_entities(struct rewritten *to, struct span from) {
        put_entities(to, from, "&apos;", true);
}

void rewrite_entities_numeric(struct rewritten *to, struct span from) {
        put_entities(to, from, "&#39;", true);
}

void rewrite_entities_basic(struct rewritten *to, struct span from) {
        put_entities(to, from, NULL, false);
}

void rewrite_without_entities(struct rewritten *to, struct span from) {
        for (size_t i = 0; i < from.n; i++) {
                const struct entity *found = NULL;
                for (const struct entity *e = entities; !found && e < entities + ELEMENTS(entities); e++) {
                        size_t n = strlen(e->text);
                        if (from.n - i >= n && memcmp(from.p + i, e->text, n) == 0)
                                found = e;
                }
                put_char(to, found ? found->c : from.p[i]);
                if (found)
                        i += strlen(found->text) - 1;
        }
}

void rewrite_dollars_doubled(struct rewritten *to, struct span from) {
        put_doubled(to, from, '$');
}

void rewrite_dollars_halved(struct rewritten *to, struct span from) {
        put_halved(to, from, '$');
}

void rewrite_percents_doubled(struct rewritten *to, struct span from) {
        put_doubled(to, from, '%');
}

void rewrite_percents_halved(struct rewritten *to, struct span from) {
        put_halved(to, from, '%');
}

/* Length of the name after a '$' at the start of s, the braces included; 0 = none. */
static size_t variable_length(struct span s) {
        bool braces = s.n > 1 && s.p[1] == '{';
        size_t start = braces ? 2 : 1, i = start;
        while (i < s.n && (is_alnum(s.p[i]) || s.p[i] == '_') && (i > start || s.p[i] < '0' || s.p[i] > '9'))
                i++;
        if (i == start && !braces && i < s.n && s.p[i] >= '0' && s.p[i] <= '9')
                return 2; /* $0 to $9 are one digit long */
        if (i == start || (braces && (i >= s.n || s.p[i] != '}')))
                return 0;
        return i + braces;
}

void rewrite_expanded(struct rewritten *to, struct span from) {
        for (size_t i = 0; i < from.n;) {
                size_t n = from.p[i] == '$' ? variable_length(tail(from, i)) : 0;
                if (n == 0)
                        put_char(to, from.p[i]);
                i += n ? n : 1;
        }
}

/* -- encodings --------------------------------------------------------------------------------------------------------------- */

/* Windows-1252, bytes 0x80 to 0x9F; 0 = none. */
static const uint16_t windows[32] = {0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
                                     0x2039, 0x0152, 0,      0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
                                     0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178};

static void put_utf8(struct rewritten *to, uint32_t code) {
        if (code < 0x80) {
                put_char(to, (char)code);
        } else if (code < 0x800) {
                const char bytes[] = {(char)(0xC0 | code >> 6), (char)(0x80 | (code & 63))};
                rewritten_put(to, bytes, sizeof bytes);
        } else {
                const char bytes[] = {(char)(0xE0 | code >> 12), (char)(0x80 | (code >> 6 & 63)), (char)(0x80 | (code & 63))};
                rewritten_put(to, bytes, sizeof bytes);
        }
}

static void put_single_byte(struct rewritten *to, struct span from, bool is_windows) {
        for (const char *p = from.p, *end = p + from.n; p < end;) {
                const char *start = p;
                uint32_t code = utf8_next(&p, end);
                int byte = code < 0x80 || (code >= 0xA0 && code < 0x100) || (!is_windows && code < 0xA0) ? (int)code : -1;
                for (int i = 0; byte < 0 && is_windows && i < 32; i++)
                        if (windows[i] && windows[i] == code)
                                byte = 0x80 + i;
                if (byte >= 0)
                        put_char(to, (char)byte);
                else
                        rewritten_put(to, start, (size_t)(p - start));
        }
}

void rewrite_latin1(struct rewritten *to, struct span from) {
        put_single_byte(to, from, false);
}

void rewrite_windows1252(struct rewritten *to, struct span from) {
        put_single_byte(to, from, true);
}

static void put_utf8_again(struct rewritten *to, struct span from, bool is_windows) {
        for (size_t i = 0; i < from.n; i++) {
                unsigned char c = (unsigned char)from.p[i];
                uint32_t code = is_windows && c >= 0x80 && c < 0xA0 && windows[c - 0x80] ? windows[c - 0x80] : c;
                put_utf8(to, code);
        }
}

void rewrite_utf8_again(struct rewritten *to, struct span from) {
        put_utf8_again(to, from, false);
}

void rewrite_utf8_again_1252(struct rewritten *to, struct span from) {
        put_utf8_again(to, from, true);
}

static void put_ascii(struct rewritten *to, struct span from, const char *other) {
        for (const char *p = from.p, *end = p + from.n; p < end;) {
                uint32_t code = utf8_next(&p, end);
                if (code < 0x80)
                        put_char(to, (char)code);
                else
                        put_span(to, span_of(other));
        }
}

void rewrite_ascii_only(struct rewritten *to, struct span from) {
        put_ascii(to, from, "");
}

void rewrite_question_marks(struct rewritten *to, struct span from) {
        put_ascii(to, from, "?");
}

/* Letters of Latin-1 and Latin Extended-A with one accent: letter, accent, code point (Unicode, UnicodeData.txt). */
static const struct {
        char letter;
        uint16_t accent, code;
} accented[] = {
#define GRAVE(l, c) \
        { l, 0x300, c }
#define ACUTE(l, c) \
        { l, 0x301, c }
#define CIRCUMFLEX(l, c) \
        { l, 0x302, c }
#define TILDE(l, c) \
        { l, 0x303, c }
#define DIAERESIS(l, c) \
        { l, 0x308, c }
#define RING(l, c) \
        { l, 0x30A, c }
#define CARON(l, c) \
        { l, 0x30C, c }
#define CEDILLA(l, c) \
        { l, 0x327, c }
        GRAVE('A', 0xC0),      GRAVE('E', 0xC8),      GRAVE('I', 0xCC),      GRAVE('O', 0xD2),      GRAVE('U', 0xD9),
        GRAVE('a', 0xE0),      GRAVE('e', 0xE8),      GRAVE('i', 0xEC),      GRAVE('o', 0xF2),      GRAVE('u', 0xF9),
        ACUTE('A', 0xC1),      ACUTE('E', 0xC9),      ACUTE('I', 0xCD),      ACUTE('O', 0xD3),      ACUTE('U', 0xDA),
        ACUTE('Y', 0xDD),      ACUTE('a', 0xE1),      ACUTE('e', 0xE9),      ACUTE('i', 0xED),      ACUTE('o', 0xF3),
        ACUTE('u', 0xFA),      ACUTE('y', 0xFD),      CIRCUMFLEX('A', 0xC2), CIRCUMFLEX('E', 0xCA), CIRCUMFLEX('I', 0xCE),
        CIRCUMFLEX('O', 0xD4), CIRCUMFLEX('U', 0xDB), CIRCUMFLEX('a', 0xE2), CIRCUMFLEX('e', 0xEA), CIRCUMFLEX('i', 0xEE),
        CIRCUMFLEX('o', 0xF4), CIRCUMFLEX('u', 0xFB), TILDE('A', 0xC3),      TILDE('N', 0xD1),      TILDE('O', 0xD5),
        TILDE('a', 0xE3),      TILDE('n', 0xF1),      TILDE('o', 0xF5),      DIAERESIS('A', 0xC4),  DIAERESIS('E', 0xCB),
        DIAERESIS('I', 0xCF),  DIAERESIS('O', 0xD6),  DIAERESIS('U', 0xDC),  DIAERESIS('a', 0xE4),  DIAERESIS('e', 0xEB),
        DIAERESIS('i', 0xEF),  DIAERESIS('o', 0xF6),  DIAERESIS('u', 0xFC),  DIAERESIS('y', 0xFF),  RING('A', 0xC5),
        RING('a', 0xE5),       CEDILLA('C', 0xC7),    CEDILLA('c', 0xE7),    CARON('C', 0x10C),     CARON('c', 0x10D),
        CARON('S', 0x160),     CARON('s', 0x161),     CARON('Z', 0x17D),     CARON('z', 0x17E),
};

static bool same_letter(size_t i, uint32_t letter, uint32_t accent) {
        return (uint32_t)(unsigned char)accented[i].letter == letter && accented[i].accent == accent;
}

void rewrite_composed(struct rewritten *to, struct span from) {
        for (const char *p = from.p, *end = p + from.n; p < end;) {
                const char *start = p;
                uint32_t letter = utf8_next(&p, end);
                const char *after = p;
                uint32_t accent = p < end ? utf8_next(&after, end) : 0;
                size_t i = 0;
                while (i < ELEMENTS(accented) && !same_letter(i, letter, accent))
                        i++;
                if (i < ELEMENTS(accented)) {
                        put_utf8(to, accented[i].code);
                        p = after;
                } else {
                        rewritten_put(to, start, (size_t)(p - start));
                }
        }
}

void rewrite_decomposed(struct rewritten *to, struct span from) {
        for (const char *p = from.p, *end = p + from.n; p < end;) {
                const char *start = p;
                uint32_t code = utf8_next(&p, end);
                size_t i = 0;
                while (i < ELEMENTS(accented) && accented[i].code != code)
                        i++;
                if (i < ELEMENTS(accented)) {
                        put_char(to, accented[i].letter);
                        put_utf8(to, accented[i].accent);
                } else {
                        rewritten_put(to, start, (size_t)(p - start));
                }
        }
}
