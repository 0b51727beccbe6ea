/* sip_frame.c: the end of the headers, and Content-Length. */
#include "sip_frame.h"

static bool is_blank(char c) {
        return c == ' ' || c == '\t' || c == '\r';
}

/* Content-Length or its compact form "l", spaces before the colon allowed. Returns the value's span, {NULL} when it is another header. */
static struct span length_value(struct span line) {
        static const struct span names[] = {SPAN("Content-Length"), SPAN("l")};
        for (size_t i = 0; i < ELEMENTS(names); i++) {
                if (line.n <= names[i].n || !span_ieq((struct span){line.p, names[i].n}, names[i]))
                        continue;
                size_t at = names[i].n;
                while (at < line.n && is_blank(line.p[at]))
                        at++;
                if (at < line.n && line.p[at] == ':')
                        return (struct span){line.p + at + 1, line.n - at - 1};
        }
        return (struct span){NULL, 0};
}

/* Digits with blanks around them; more than SIP_FRAME_MAX is false too. */
static bool read_length(struct span s, size_t *ret) {
        size_t value = 0, i = 0;
        while (i < s.n && is_blank(s.p[i]))
                i++;
        size_t first = i;
        for (; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++) {
                value = value * 10 + (size_t)(s.p[i] - '0');
                if (value > SIP_FRAME_MAX)
                        return false;
        }
        if (i == first)
                return false;
        while (i < s.n && is_blank(s.p[i]))
                i++;
        *ret = value;
        return i == s.n;
}

int sip_frame(struct span bytes, size_t *ret_skip, size_t *ret_size, const char **ret_why) {
        size_t skip = 0;
        while (skip < bytes.n && (bytes.p[skip] == '\r' || bytes.p[skip] == '\n'))
                skip++;
        const char *start = bytes.p + skip, *end = bytes.p + bytes.n, *line = start;
        bool has_length = false;
        size_t length = 0;
        for (;;) {
                const char *lf = line < end ? memchr(line, '\n', (size_t)(end - line)) : NULL;
                /* Whether the end of the line is here already makes no difference: the same stream is refused for the same reason. */
                if ((lf ? lf + 1 : end) - start > SIP_FRAME_MAX) {
                        *ret_why = "its headers are too long";
                        return SIP_FRAME_MALFORMED;
                }
                if (!lf)
                        return SIP_FRAME_INCOMPLETE;
                struct span text = {line, (size_t)(lf - line)};
                if (text.n > 0 && text.p[text.n - 1] == '\r')
                        text.n--;
                line = lf + 1;
                if (text.n == 0)
                        break;
                struct span value = length_value(text);
                if (!value.p)
                        continue;
                /* A folded one goes on in the next line. */
                bool folded = line < end && (*line == ' ' || *line == '\t');
                size_t found;
                if (folded || !read_length(value, &found) || (has_length && found != length)) {
                        *ret_why = "its Content-Length cannot be read";
                        return SIP_FRAME_MALFORMED;
                }
                has_length = true;
                length = found;
        }
        if (!has_length) {
                *ret_why = "it has no Content-Length, so its end in the stream is not known";
                return SIP_FRAME_MALFORMED;
        }
        size_t size = (size_t)(line - start) + length;
        if (size > SIP_FRAME_MAX) {
                *ret_why = "it is too long";
                return SIP_FRAME_MALFORMED;
        }
        if (size > (size_t)(end - start))
                return SIP_FRAME_INCOMPLETE;
        *ret_skip = skip;
        *ret_size = size;
        return 0;
}
