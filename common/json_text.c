/* json_text.c: JSON as bytes. */
#include "json_text.h"

#include "utf8.h"

#include <stdarg.h>
#include <stdio.h>

/* -- strings ---------------------------------------------------------------------------------------------------------- */

/* The byte that an escape of six, \u00XX, stands for; 0 when it is another escape. */
static char escaped_byte(struct span s) {
        unsigned code = 0;
        if (s.n < 6 || memcmp(s.p, "\\u00", 4) != 0)
                return 0;
        for (size_t i = 4; i < 6; i++) {
                static const char digits[] = "0123456789abcdef";
                const char *digit = memchr(digits, s.p[i] | 0x20, sizeof digits - 1); /* 0x20 makes letters small, and digits stay */
                if (!digit)
                        return 0;
                code = code << 4 | (unsigned)(digit - digits);
        }
        return (char)code;
}

/* On a mismatch only the first letter can begin the word anew: it stands in it once. */
static bool names_password(struct span string) {
        static const char word[] = "password";
        size_t matched = 0;
        for (size_t i = 0; i < string.n && matched < sizeof word - 1; i++) {
                char c = string.p[i], byte = c == '\\' ? escaped_byte((struct span){string.p + i, string.n - i}) : 0;
                if (byte) {
                        c = byte;
                        i += 5;
                }
                c = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
                matched = c == word[matched] ? matched + 1 : c == word[0];
        }
        return matched == sizeof word - 1;
}

/* -- the whole text --------------------------------------------------------------------------------------------------- */

static const char *tell(char why[static JSON_WHY_MAX], const char *format, ...) _printf_(2, 3);

static const char *tell(char why[static JSON_WHY_MAX], const char *format, ...) {
        va_list args;
        va_start(args, format);
        (void)vsnprintf(why, JSON_WHY_MAX, format, args);
        va_end(args);
        return why;
}

const char *json_scan(struct span json, char why[static JSON_WHY_MAX], bool *ret_password) {
        uint64_t objects = 0; /* one bit for each level: object or array */
        size_t depth = 0;
        const char *string = NULL; /* where the present one begins */
        bool escaped = false, password = false;
        _Static_assert(JSON_DEPTH_MAX <= 64, "a bit for each level");

        for (const char *next = json.p, *end = json.p + json.n; next < end;) {
                size_t at = (size_t)(next - json.p);
                uint32_t c = utf8_next(&next, end);
                if (c == UTF8_INVALID)
                        return tell(why, "byte %zu is not UTF-8", at);
                if (c == 0)
                        return tell(why, "byte %zu is NUL", at);
                if (escaped) {
                        escaped = false;
                        /* SQLite ends a text at an escaped NUL, and what is left would pass for the whole. */
                        if (c == 'u' && end - next >= 4 && memcmp(next, "0000", 4) == 0)
                                return tell(why, "byte %zu is an escaped NUL", at - 1);
                } else if (string) {
                        escaped = c == '\\';
                        if (c == '"') {
                                password |= names_password((struct span){string, (size_t)(next - 1 - string)});
                                string = NULL;
                        }
                } else if (c == '"') {
                        string = next;
                } else if (c == '{' || c == '[') {
                        if (depth == JSON_DEPTH_MAX)
                                return tell(why, "nested deeper than %d at byte %zu", JSON_DEPTH_MAX, at);
                        objects = objects << 1 | (c == '{');
                        depth++;
                } else if (c == '}' || c == ']') {
                        if (depth == 0 || (objects & 1) != (c == '}'))
                                return tell(why, "'%c' at byte %zu closes nothing", (char)c, at);
                        objects >>= 1;
                        depth--;
                }
        }
        if (string || depth > 0)
                return tell(why, "cut off after %zu bytes, %s", json.n, string ? "inside a string" : "before its brackets are closed");
        *ret_password = password;
        return NULL;
}

/* The end of the string whose first byte is at i: the place of its closing quote. */
static size_t string_end(const char *json, size_t n, size_t i) {
        while (i < n && json[i] != '"')
                i += json[i] == '\\' ? 2 : 1;
        return i < n ? i : n;
}

/* The end of the value that begins at i or behind spaces; on the way its strings and digits are overwritten. */
static size_t conceal_value(char *json, size_t n, size_t i) {
        for (size_t depth = 0; i < n; i++) {
                char c = json[i];
                if (c == '"') {
                        size_t end = string_end(json, n, i + 1);
                        memset(json + i + 1, '*', end - i - 1);
                        i = end;
                } else if (c == '{' || c == '[') {
                        depth++;
                } else if ((c == '}' || c == ']' || c == ',') && depth == 0) {
                        break;
                } else if (c == '}' || c == ']') {
                        depth--;
                } else if (c >= '0' && c <= '9') {
                        json[i] = '1';
                }
        }
        return i;
}

void json_conceal(char *json, size_t n) {
        for (size_t i = 0; i < n; i++) {
                if (json[i] != '"')
                        continue;
                struct span string = {json + i + 1, 0};
                i = string_end(json, n, i + 1);
                string.n = (size_t)(json + i - string.p);
                size_t colon = i + 1;
                while (colon < n && strchr(" \t\r\n", json[colon]))
                        colon++;
                if (colon < n && json[colon] == ':' && names_password(string))
                        i = conceal_value(json, n, colon + 1) - 1;
        }
}
