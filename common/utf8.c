/* utf8.c: one decoder, and what follows from it. */
#include "utf8.h"

static const char replacement[] = "\xEF\xBF\xBD"; /* U+FFFD */

uint32_t utf8_next(const char **p, const char *end) {
        const unsigned char *s = (const unsigned char *)*p;
        size_t left = (size_t)(end - *p);
        unsigned char first = s[0];
        size_t n = first < 0x80 ? 1 : first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;
        if (n == 0 || n > left) {
                *p += 1;
                return UTF8_INVALID;
        }
        uint32_t code = n == 1 ? first : first & (0xFFU >> (n + 1));
        for (size_t i = 1; i < n; i++) {
                if ((s[i] & 0xC0) != 0x80) {
                        *p += 1;
                        return UTF8_INVALID;
                }
                code = code << 6 | (s[i] & 0x3FU);
        }
        bool overlong = (n == 3 && code < 0x800) || (n == 4 && code < 0x10000);
        if (overlong || (code >= 0xD800 && code <= 0xDFFF) || code > 0x10FFFF) {
                *p += 1;
                return UTF8_INVALID;
        }
        *p += n;
        return code;
}

bool utf8_valid(const char *text) {
        for (const char *p = text, *end = text + strlen(text); p < end;)
                if (utf8_next(&p, end) == UTF8_INVALID)
                        return false;
        return true;
}

int utf8_repair(char **ret, const char *text) {
        size_t n = strlen(text), size;
        if (mul_overflows(n, sizeof replacement - 1, &size) || add_overflows(size, 1, &size))
                return -ENOMEM;
        char *copy = malloc(size);
        if (!copy)
                return -ENOMEM;
        char *to = copy;
        for (const char *p = text, *end = text + n; p < end;) {
                const char *from = p;
                if (utf8_next(&p, end) == UTF8_INVALID)
                        to = mempcpy(to, replacement, sizeof replacement - 1);
                else
                        to = mempcpy(to, from, (size_t)(p - from));
        }
        *to = '\0';
        *ret = copy;
        return 0;
}

void utf8_trim(char *text) {
        size_t end = strlen(text);
        while (end > 0 && ((unsigned char)text[end - 1] & 0xC0) == 0x80)
                end--;
        if (end > 0 && (unsigned char)text[end - 1] >= 0xC0)
                end--;
        text[end] = '\0';
}
