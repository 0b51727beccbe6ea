/* base.h: what every file may assume. The cleanup attribute, spans, digits, checked arithmetic; nothing else. */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define _cleanup_(f) __attribute__((cleanup(f)))
#define _printf_(fmt, args) __attribute__((format(printf, fmt, args)))
#define ELEMENTS(a) (sizeof(a) / sizeof((a)[0]))

/* Hands a pointer on and forgets it, so that its cleanup does nothing. */
#define TAKE_PTR(p)                   \
        __extension__({               \
                __auto_type _p = (p); \
                (p) = NULL;           \
                _p;                   \
        })

/* Defines NAMEp(), the cleanup function of a type whose destructor is NAME(). */
#define DEFINE_CLEANUP(type, name)            \
        static inline void name##p(type *p) { \
                if (*p)                       \
                        (void)name(*p);       \
        }

static inline void freep(void *p) {
        free(*(void **)p);
}

#define USEC_PER_SEC UINT64_C(1000000)
#define USEC_PER_MSEC UINT64_C(1000)
#define NSEC_PER_USEC UINT64_C(1000)

/* Bytes that somebody else owns; not terminated. {NULL, 0} means absent, {p, 0} present and empty. */
struct span {
        const char *p;
        size_t n;
};

#define SPAN(literal) ((struct span){(literal), sizeof(literal) - 1})
#define SPAN_FMT "%.*s"
#define SPAN_ARG(s) ((int)((s).n > INT32_MAX ? INT32_MAX : (s).n)), ((s).p ? (s).p : "")

static inline struct span span_of(const char *s) {
        return (struct span){s, s ? strlen(s) : 0};
}

static inline bool span_eq(struct span a, struct span b) {
        return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool span_ieq(struct span a, struct span b) {
        return a.n == b.n && (a.n == 0 || strncasecmp(a.p, b.p, a.n) == 0);
}

/* Appends spans to a text of *at bytes, with a NUL behind. False when they do not all fit; the text is of no use then. */
static inline bool span_append(char *buffer, size_t size, size_t *at, const struct span *spans, size_t n) {
        for (size_t i = 0; i < n; i++) {
                if (spans[i].n >= size - *at)
                        return false;
                if (spans[i].n > 0)
                        memcpy(buffer + *at, spans[i].p, spans[i].n);
                *at += spans[i].n;
        }
        buffer[*at] = '\0';
        return true;
}

#define NUMBER_DIGITS 10 /* of a uint32_t */

/* The decimal digits of n, at the end of the buffer. */
static inline struct span span_of_number(uint32_t n, char buffer[static NUMBER_DIGITS]) {
        size_t at = NUMBER_DIGITS;
        do
                buffer[--at] = (char)('0' + n % 10);
        while (n /= 10);
        return (struct span){buffer + at, NUMBER_DIGITS - at};
}

/* Two lower-case digits for each byte, without a NUL. */
static inline void hex_write(char *ret, const unsigned char *bytes, size_t n) {
        static const char digits[] = "0123456789abcdef";
        for (size_t i = 0; i < n; i++) {
                ret[2 * i] = digits[bytes[i] >> 4];
                ret[2 * i + 1] = digits[bytes[i] & 15];
        }
}

static inline bool text_eq(const char *a, const char *b) {
        return a == b || (a && b && strcmp(a, b) == 0);
}

static inline bool text_ieq(const char *a, const char *b) {
        return a == b || (a && b && strcasecmp(a, b) == 0);
}

/* Checked arithmetic on sizes: true when the result does not fit. */
static inline bool add_overflows(size_t a, size_t b, size_t *ret) {
        return __builtin_add_overflow(a, b, ret);
}

static inline bool mul_overflows(size_t a, size_t b, size_t *ret) {
        return __builtin_mul_overflow(a, b, ret);
}
