/* rewrite.h: the ways in which programs change a text on its way, unwanted: escapes, quotes, encodings, case, blanks. */
#pragma once

#include "base.h"

/* What has been written so far; n > size means that it did not fit. */
struct rewritten {
        char *p;
        size_t n, size;
};

/* Each writes the changed text to the end of `to`; when nothing is there to change, the text as it is. */
typedef void rewrite_fn(struct rewritten *to, struct span from);

void rewritten_put(struct rewritten *to, const char *bytes, size_t n);

rewrite_fn rewrite_lower, rewrite_upper, rewrite_swapped_case;           /* ASCII letters */
rewrite_fn rewrite_trimmed, rewrite_left_trimmed, rewrite_right_trimmed; /* blanks and line ends */
rewrite_fn rewrite_lf, rewrite_crlf;                                     /* line ends */
rewrite_fn rewrite_quoted, rewrite_single_quoted;                        /* put between quotes */
rewrite_fn rewrite_unquoted;                                             /* the quotes around it taken off */
rewrite_fn rewrite_angled;                                               /* put between < and > */
rewrite_fn rewrite_pairs, rewrite_without_pairs;                         /* quoted-pairs made or undone (RFC 3261 section 25.1) */
rewrite_fn rewrite_without_backslashes, rewrite_doubled_backslashes;     /* */
rewrite_fn rewrite_percent, rewrite_percent_lower;                       /* what RFC 3986 section 2.3 does not call unreserved */
rewrite_fn rewrite_percent_component;                                    /* as JavaScript's encodeURIComponent: !'()* stay too */
rewrite_fn rewrite_percent_user;                                         /* what RFC 3261 section 25.1 does not allow in userinfo */
rewrite_fn rewrite_form, rewrite_without_form;                           /* HTML forms: a space is '+' */
rewrite_fn rewrite_without_percent;                                      /* %XX undone */
rewrite_fn rewrite_plus_as_space;                                        /* only the '+' */
rewrite_fn rewrite_entities, rewrite_entities_numeric, rewrite_entities_basic, rewrite_without_entities;
rewrite_fn rewrite_dollars_doubled, rewrite_dollars_halved, rewrite_expanded; /* "$$"; $NAME and ${NAME} of a shell that knows none */
rewrite_fn rewrite_percents_doubled, rewrite_percents_halved;                 /* "%%" */
rewrite_fn rewrite_latin1;                                                    /* UTF-8 to ISO 8859-1; what it lacks is left as it is */
rewrite_fn rewrite_windows1252;                                               /* UTF-8 to Windows-1252 */
rewrite_fn rewrite_utf8_again;                                                /* each byte taken for ISO 8859-1 and made UTF-8 */
rewrite_fn rewrite_utf8_again_1252;                                           /* the same for Windows-1252 */
rewrite_fn rewrite_ascii_only, rewrite_question_marks;                        /* other characters left out, or '?' */
rewrite_fn rewrite_composed, rewrite_decomposed;                              /* NFC and NFD for the Latin letters with one accent */
