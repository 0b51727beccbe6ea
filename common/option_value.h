/* option_value.h: one value of an option, from its text. Knows nothing of YAML. */
#pragma once

#include "option.h"

#define OPTION_WHY_MAX 640   /* bytes of what is wrong with a value, with the final NUL */
#define OPTION_QUOTE_MAX 100 /* bytes of a value quoted in a complaint, with quotes and NUL; longer ones are cut */

/* Text of a file, quoted for a message: control characters shown as '?', long texts cut at a character. */
void option_quote(char ret[static OPTION_QUOTE_MAX], struct span text);

/* Whether a known word is nearer to a mistyped one than best, which it then becomes; at first the distance that is near no more. */
bool option_is_nearer(struct span text, const char *known, size_t *best);

/* Sets a TEXT, WORD, TRUTH, NUMBER or DURATION, or appends to TEXTS. Returns 0, 1 with what is wrong in why, or -ENOMEM. */
int option_value_set(const struct option *o, void *object, struct span text, char why[static OPTION_WHY_MAX]);

/* True for C0, DEL and C1 characters, and for NUL. */
bool option_has_control(struct span text);

/* Frees the value; it becomes zero. */
void option_value_free(const struct option *o, void *object);

/* The range of a NUMBER or DURATION, the words of a WORD: "10s to 1d", "REGISTER, OPTIONS"; "" when there is none. */
void option_range(const struct option *o, char *ret, size_t size);
