/* mistake.h: the forms that an input of an answer takes in programs that are wrong: each with the cause that names the mistake. */
#pragma once

#include "base.h"
#include "challenge.h"
#include "verdict.h"

#define FORMS_MAX 160 /* of one input; the rules in mistake.c are fewer */

/* One value that an input may have had. items[0] of a list is the right one. */
struct form {
        enum cause cause;
        const char *what;  /* how it differs from the right one, a constant text that fits after the input's name */
        struct span value; /* owned */
        unsigned code;     /* what a value cannot say: see each input in explain_private.h */
        unsigned cost;     /* mistakes in it: none in the right one, nor in hashing what was sent */
        enum cause also;   /* the second mistake, when there are two; else CAUSE_COUNT */
};

struct forms {
        struct form items[FORMS_MAX];
        size_t n;
        size_t sent; /* which one the answer shows; 0 also when it shows none */
};

/* Adds a copy of a value, unless the list has it with this code. Returns 0, -ENOMEM, -ENOBUFS. */
int forms_add(struct forms *f, enum cause cause, const char *what, struct span value, unsigned code);

/* Says what the answer shows: the form of that value and code, or a new one with this cause. Returns as forms_add(). */
int forms_sent(struct forms *f, enum cause other, struct span value, unsigned code);

/* Wipes and frees the values. */
void forms_clear(struct forms *f);

/* What the forms are made of, texts without quotes; an absent one is {NULL}. */
struct mistake_source {
        struct span username, realm_raw, realm, configured_realm, password, host, request_uri;
};

/* Each adds what its input is mistaken for, after the right form, which is there already. Returns 0, -ENOMEM, -ENOBUFS. */
int mistake_usernames(struct forms *f, const struct mistake_source *s);
int mistake_realms(struct forms *f, const struct mistake_source *s);
int mistake_passwords(struct forms *f, const struct mistake_source *s);
int mistake_methods(struct forms *f);
int mistake_uris(struct forms *f, const struct mistake_source *s);
int mistake_bodies(struct forms *f);
int mistake_nonces(struct forms *f, struct span raw);
int mistake_counts(struct forms *f);
int mistake_cnonces(struct forms *f, struct span raw);
