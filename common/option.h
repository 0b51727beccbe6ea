/* option.h: tables of keys, and the reading of a YAML file by them. Every mistake becomes a complaint; none stops the reading.
 * One row of a table says all about a key: how its value is read, where it goes, its default, and its line in the manual. */
#pragma once

#include <stdio.h>

#include "base.h"
#include "complaint.h"
#include "config.h"

#define OPTIONS_MAX 24      /* keys of one mapping */
#define OPTION_DEPTH_MAX 16 /* nesting of the file */

enum option_kind {
        OPTION_TEXT,     /* char *; max = bytes */
        OPTION_WORD,     /* char *: one of words, in their spelling */
        OPTION_TRUTH,    /* bool */
        OPTION_NUMBER,   /* unsigned; min..max */
        OPTION_DURATION, /* uint64_t microseconds; min..max */
        OPTION_SECRET,   /* struct secret_ref */
        OPTION_TEXTS,    /* struct text_list; max = items */
        OPTION_MAPPING,  /* a section; its keys go into the same object */
        OPTION_MAPPINGS, /* a list of mappings; append makes the object of each; max = items */
};

struct option_word {
        const char *word; /* NULL ends the list */
        const char *meaning;
};

struct option_mapping;
struct option_reader;

/* Looks at a text: NULL = right, else what is wrong with it and, in parentheses, what would be right. A constant text. */
typedef const char *option_judge_fn(struct span text);

/* A new zeroed object for an item of OPTION_MAPPINGS; NULL = no memory. */
typedef void *option_append_fn(void *object);

struct option {
        const char *key;
        enum option_kind kind;
        bool required;
        size_t offset; /* of the value in the object */
        uint64_t min, max;
        const char *preset; /* as it would be written; NULL = none */
        const struct option_word *words;
        option_judge_fn *judge;               /* TEXT, TEXTS */
        const struct option_mapping *mapping; /* MAPPING, MAPPINGS */
        option_append_fn *append;             /* MAPPINGS */
        const char *help;                     /* a sentence, for the manual */
};

struct option_place {
        unsigned line, column; /* of the value */
        enum { OPTION_ABSENT, OPTION_WRONG, OPTION_RIGHT } state;
};

/* A mapping as it was found in the file. */
struct option_found {
        const struct option_mapping *mapping;
        struct option_place place;           /* of the mapping */
        struct option_place of[OPTIONS_MAX]; /* by row of the table */
};

/* Runs after the keys of a mapping have been read: what several keys must be together. */
typedef void option_check_fn(struct option_reader *r, void *object, const struct option_found *found);

struct option_mapping {
        const char *name; /* stands before its keys in complaints; "" for the root */
        const struct option *options;
        size_t n; /* <= OPTIONS_MAX */
        option_check_fn *check;
        const char *help;
};

/* Fills object (zeroed by the caller, freed by the caller also after a failure) with the defaults, then with what the file says.
 * Returns 0 (mistakes are in complaints), or -errno when we are broken. */
int option_read(const struct option_mapping *root, void *object, const char *file, struct span text, struct complaints *complaints);

/* Frees the values of a mapping's keys, those of its sections too; items of OPTION_MAPPINGS are their owner's to free. */
void option_free_values(const struct option_mapping *mapping, void *object);

/* For checks. The key must be in the table. */
const struct option_place *option_place(const struct option_found *found, const char *key);

/* For checks: an error at the key's value, or at the mapping when the key is absent. key NULL: about the mapping. */
void option_complain(struct option_reader *r, const struct option_found *found, const char *key, const char *format, ...) _printf_(4, 5);

/* For checks of things that were found elsewhere in the file. key is the whole path. */
void option_complain_at(struct option_reader *r, bool warning, unsigned line, unsigned column, const char *key, const char *format, ...)
        _printf_(6, 7);

/* For checks: what was read, or the default, is dropped. */
void option_clear_texts(struct text_list *list);

/* For checks: we are broken; option_read() returns the first such -errno. */
void option_fail(struct option_reader *r, int error);

/* The manual's tables, in roff with the man macros. */
void option_describe(const struct option_mapping *root, FILE *out);
