/* fuzz_page.c: replies of a hostile platform, each read as every kind of page there is. */
#include "common/page.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void must(bool condition) {
        if (!condition)
                __builtin_trap();
}

static void listing(struct page *p, struct span json) {
        struct trunk_list list = {0};
        struct page_facts facts = {0};
        int r = page_read_listing(p, json, &list, &facts);
        must(r >= 0);
        if (r != 0) {
                must(list.n == 0 && !facts.next_uri);
                must(r != PAGE_MALFORMED || page_error(p)[0]);
        } else {
                must(list.n <= facts.entities && (list.n > 0) == (facts.entities > 0));
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
                must(page_read_listing(p, json, &list, &facts) == 0 && list.n == before);
        }
        free(facts.next_uri);
        trunk_list_clear(&list);
}

static void detail(struct page *p, struct span json) {
        struct trunk t = {0};
        must(trunk_set(&t, TRUNK_TEXT_id, SPAN("t")) == 0);
        int r = page_read_detail(p, json, &t);
        must(r == 0 || r == PAGE_MALFORMED);
        must(text_eq(t.id, "t") && (r == 0 || !t.name));
        trunk_clear(&t);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size) {
        struct span json = {(const char *)data, size};
        struct page *p;
        must(page_new(&p) == 0);
        listing(p, json);
        detail(p, json);

        struct page_problem problem = {0};
        if (page_read_problem(p, json, &problem))
                must(strlen(problem.message) < sizeof problem.message && !strpbrk(problem.message, "\r\n"));

        char *token = NULL;
        int64_t expires_sec = 0;
        int r = page_read_token(p, json, &token, &expires_sec);
        must(r == (token ? 0 : PAGE_MALFORMED) && expires_sec >= 0);
        must(!token || (token[0] && !strpbrk(token, " \r\n")));
        free(token);
        (void)page_free(p);
        return 0;
}
