/* utf8.h: texts from peers and files, which may be anything but UTF-8 (RFC 3629). */
#pragma once

#include "base.h"

#define UTF8_INVALID UINT32_MAX

/* The code point at *p, which moves past it; p < end. A byte that starts no well-formed sequence (overlong forms, surrogates and what
 * is above U+10FFFF included) gives UTF8_INVALID and is passed alone. */
uint32_t utf8_next(const char **p, const char *end);

bool utf8_valid(const char *text);

/* A copy with U+FFFD in place of every invalid byte. Returns 0 or -ENOMEM. */
int utf8_repair(char **ret, const char *text);

/* Takes what may be the beginning of a character off the end of a text that was cut there. */
void utf8_trim(char *text);
