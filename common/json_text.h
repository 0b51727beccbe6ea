/* json_text.h: a JSON text before anything reads it: whether its brackets and its encoding are right, and passwords out of it. */
#pragma once

#include "base.h"

#define JSON_DEPTH_MAX 64 /* nesting */
#define JSON_WHY_MAX 200  /* bytes of a sentence about a text */

/* Brackets, nesting, encoding; the grammar between them is left to the reader. Returns NULL when all is right, else why with the sentence
 * in it. ret_password: a string in it contains "password", in whatever case and escaping. */
const char *json_scan(struct span json, char why[static JSON_WHY_MAX], bool *ret_password);

/* Overwrites the value of every member whose name contains "password", all strings and numbers in it, in place and without a change of
 * length or grammar: strings become asterisks, digits 1. For a text that json_scan() found right. */
void json_conceal(char *json, size_t n);
