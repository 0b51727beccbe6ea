/* config_text.h: a configuration from text, and all that is said about it as one text. */
#pragma once

#include <check.h>
#include <stdio.h>

#include "common/config.h"

/* All complaints, each on a line, without "f:"; warnings with "W". malloc'ed. */
static inline char *joined(const struct complaints *k) {
        char *text = NULL;
        size_t n;
        FILE *out = open_memstream(&text, &n);
        ck_assert_ptr_nonnull(out);
        for (size_t i = 0; i < k->n; i++)
                (void)fprintf(out, "%s%s\n", k->items[i].warning ? "W" : "",
                              k->items[i].text + (strncmp(k->items[i].text, "f:", 2) == 0 ? 2 : 0));
        ck_assert_int_eq(fclose(out), 0);
        return text;
}

static inline struct config *parse_span(struct span yaml, const char *expected) {
        struct config *c = NULL;
        struct complaints k = {0};
        int r = config_parse(&c, "f", yaml, &k);
        _cleanup_(freep) char *text = joined(&k);
        ck_assert_int_eq(r, k.errors > 0);
        ck_assert_int_eq(c == NULL, k.errors > 0);
        complaints_clear(&k);
        ck_assert_str_eq(text, expected);
        return c;
}

static inline struct config *parse(const char *yaml, const char *expected) {
        return parse_span(span_of(yaml), expected);
}

/* Said of every configuration that has neither. */
#define NOTHING "W leaves nothing to audit (write platform, or trunks with extra: true)\n"

/* What a platform section needs at least. */
#define OAUTH "client_id: x, client_secret: {credential: c}"
