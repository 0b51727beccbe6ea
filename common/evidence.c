/* evidence.c: the life of what a probe saw. */
#include "evidence.h"

void evidence_clear(struct evidence *e) {
        for (size_t i = 0; i < e->n_exchanges; i++) {
                free(e->exchanges[i].request);
                free(e->exchanges[i].response);
                free(e->exchanges[i].response_raw);
        }
        for (size_t i = 0; i < e->n_targets; i++)
                free(e->targets[i].tls);
        *e = (struct evidence){0};
}

unsigned evidence_credentialed(const struct evidence *e) {
        unsigned n = 0;
        for (size_t i = 0; i < e->n_exchanges; i++)
                n += e->exchanges[i].credentialed;
        return n;
}
