/* fuzz_page.c: replies of a hostile platform, each read as every kind of page there is. */
#include "common/edit.h"
#include "common/page.h"
#include "common/trunk_base.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void must(bool condition) {
        if (!condition)
                __builtin_trap();
}

/* Twice is once, and brackets, strings and encoding stay as right as they were. */
static void conceal(struct span json) {
        char why[JSON_WHY_MAX], *copy = malloc(json.n + 1), *again = malloc(json.n + 1);
        bool password;
        must(copy && again);
        memcpy(copy, json.p, json.n);
        if (!json_scan(json, why, &password)) {
                json_conceal(copy, json.n);
                must(password || memcmp(copy, json.p, json.n) == 0);
                must(!json_scan((struct span){copy, json.n}, why, &password));
                memcpy(again, copy, json.n);
                json_conceal(again, json.n);
                must(memcmp(again, copy, json.n) == 0);
        }
        free(copy);
        free(again);
}

/* The list as its own bases: nothing is lost but what is no carrier's. */
static void join(struct trunk_list *list) {
        struct trunk_list bases = {0}, trunks = {0};
        for (size_t i = 0; i < list->n; i++) {
                struct trunk *t, *base;
                must(trunk_list_append(&trunks, &t) == 0);
                must(trunk_list_append(&bases, &base) == 0);
                must(trunk_set(t, TRUNK_TEXT_id, span_of(list->items[i].id)) == 0);
                must(trunk_set(t, TRUNK_TEXT_base_id, span_of(list->items[i].base_id ? list->items[i].base_id : list->items[0].id)) == 0);
                must(trunk_set(base, TRUNK_TEXT_id, span_of(list->items[i].id)) == 0);
        }
        size_t n = trunks.n, others = 0;
        must(trunk_base_select(&bases, &trunks) == 0 && bases.n <= n);
        must(trunk_base_join(&trunks, &bases, &others) == 0 && trunks.n + others == n);
        trunk_list_clear(&bases);
        trunk_list_clear(&trunks);
}

static void listing(struct page *p, enum page_shape shape, struct span json) {
        struct trunk_list list = {0};
        struct page_facts facts = {0};
        int r = page_read_listing(p, shape, json, &list, &facts);
        must(r >= 0);
        if (r != 0) {
                must(list.n == 0 && !facts.next_uri);
                must(r != PAGE_MALFORMED || page_error(p)[0]);
        } else {
                must(list.n <= facts.entities && (list.n > 0) == (facts.entities > 0));
                join(&list);
                for (size_t i = 0; i < list.n; i++) {
                        must(list.items[i].id && list.items[i].id[0] && strlen(list.items[i].id) <= PAGE_NAME_MAX);
                        must(list.items[i].origin == TRUNK_LISTED && !list.items[i].detail_denied);
                        must(!list.items[i].proxies || (!strstr(list.items[i].proxies, "  ") && !strpbrk(list.items[i].proxies, "\r\n\t")));
                        must(!list.items[i].username || !strpbrk(list.items[i].username, "\r\n"));
                }
                /* The same page again brings nothing new. */
                size_t before = list.n;
                free(facts.next_uri);
                facts.next_uri = NULL;
                must(page_read_listing(p, shape, json, &list, &facts) == 0 && list.n == before);
        }
        free(facts.next_uri);
        trunk_list_clear(&list);
}

static void detail(struct page *p, enum page_shape shape, struct span json) {
        struct trunk t = {0};
        must(trunk_set(&t, TRUNK_TEXT_id, SPAN("t")) == 0);
        int r = page_read_detail(p, shape, json, &t);
        must(r == 0 || r == PAGE_MALFORMED);
        must(text_eq(t.id, "t") && (r == 0 || !t.name));
        trunk_clear(&t);
}

/* The audit log: nothing that may be secret, and nothing that a terminal or a path would obey. */
static void edits(struct page *p, struct span json) {
        struct edit_list list = {0};
        struct edit_query query;
        char cursor[EDIT_CURSOR_MAX + 1] = "";
        int r = edit_read_results(p, json, &list, cursor);
        must(r >= 0 && strlen(cursor) <= EDIT_CURSOR_MAX && (r == 0 || list.n == 0));
        for (size_t i = 0; i < list.n; i++) {
                const struct edit *e = &list.items[i];
                const char *const texts[] = {e->property, e->old, e->new};
                must(!e->withheld || (!e->old && !e->new));
                for (size_t k = 0; k < ELEMENTS(texts); k++)
                        must(!texts[k] || (!strpbrk(texts[k], "\r\n\033") && strlen(texts[k]) <= EDIT_TEXT_MAX));
                for (size_t k = 0; k < ELEMENTS(texts); k++) /* the name or a value: then no value is there */
                        must(!texts[k] || strlen(texts[k]) == EDIT_TEXT_MAX || !strcasestr(texts[k], "password") || (!e->old && !e->new));
        }
        edit_list_clear(&list);
        r = edit_read_query(p, json, &query);
        must(r >= 0 && !strpbrk(query.id, "/?#% .") && strlen(query.id) <= EDIT_TRANSACTION_MAX);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size) {
        struct span json = {(const char *)data, size};
        struct page *p;
        must(page_new(&p) == 0);
        conceal(json);
        for (enum page_shape shape = PAGE_TRUNK_CONNECTIONS; shape <= PAGE_EDGES_BASES; shape++) {
                listing(p, shape, json);
                detail(p, shape, json);
        }
        edits(p, json);

        struct page_problem problem = {0};
        if (page_read_problem(p, json, &problem))
                must(strlen(problem.message) < sizeof problem.message && !strpbrk(problem.message, "\r\n"));

        char *token = NULL;
        int64_t expires_sec = 0;
        int r = page_read_token(p, json, &token, &expires_sec);
        must(r == (token ? 0 : PAGE_MALFORMED) && expires_sec >= 0);
        must(!token || (token[0] && !strpbrk(token, " \r\n")));
        free(token);

        struct page_identity who = {0};
        r = page_read_identity(p, json, &who);
        must(r == 0 ? who.organisation_id[0] && !strpbrk(who.organisation, "\r\n") : r == PAGE_MALFORMED && !who.client[0]);
        (void)page_free(p);
        return 0;
}
