/* explain.c: explains the answers of explain.py, one line each: the end, then the words of the findings, the verdict first.
 *
 * A record (record.h) has the fields of enum field. */
#include "common/explain.h"
#include "record.h"

enum field { CHALLENGE, AUTHORIZATION, METHOD, REQUEST_URI, BODY, USERNAME, REALM, PASSWORD, HA1, FIELDS };

static const char *const ends[] = {
        [EXPLAIN_RIGHT] = "right",
        [EXPLAIN_MISTAKE] = "mistake",
        [EXPLAIN_UNEXPLAINED] = "unexplained",
        [EXPLAIN_UNCHECKED] = "unchecked",
};

int main(void) {
        static char line[RECORD_MAX];
        while (fgets(line, sizeof line, stdin)) {
                struct span f[FIELDS];
                if (!read_record(line, f, FIELDS)) {
                        (void)fputs("explain: a record cannot be read\n", stderr);
                        return 1;
                }
                const struct explain_question q = {
                        .challenge = f[CHALLENGE],
                        .authorization = f[AUTHORIZATION],
                        .method = f[METHOD],
                        .request_uri = f[REQUEST_URI],
                        .body = f[BODY],
                        .username = f[USERNAME],
                        .realm = f[REALM],
                        .password = f[PASSWORD],
                        .ha1 = f[HA1],
                };
                _cleanup_(explanation_freep) struct explanation *e = NULL;
                int r = explain(&e, &q);
                if (r < 0) {
                        (void)printf("cannot: %s\n", strerror(-r));
                } else {
                        (void)printf("%s %d", ends[e->end], e->reproduced);
                        for (size_t i = 0; i < e->n_findings; i++)
                                (void)printf(" %s", cause_info(e->findings[i].cause)->word);
                        (void)putchar('\n');
                }
                if (fflush(stdout) != 0)
                        return 1;
        }
        return 0;
}
