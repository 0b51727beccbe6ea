/* pace.c: a heap of carriers, ordered by the time their next trunk may start. */
#include "pace.h"

struct carrier {
        uint64_t next_usec;
        size_t at, end; /* its items left: order[at..end) */
};

struct pace {
        uint64_t spacing_usec;
        size_t *order; /* items, grouped by carrier */
        struct carrier *heap;
        size_t n;
};

struct keyed {
        const char *key;
        size_t item;
};

static int by_key(const void *a, const void *b) {
        const struct keyed *x = a, *y = b;
        int c = !x->key || !y->key ? (x->key != NULL) - (y->key != NULL) : strcmp(x->key, y->key);
        return c != 0 ? c : x->item < y->item ? -1 : 1;
}

static bool is_before(const struct carrier *a, const struct carrier *b) {
        /* Among equals the longer queue first: it decides when everything is done. */
        return a->next_usec != b->next_usec ? a->next_usec < b->next_usec : a->end - a->at > b->end - b->at;
}

static void sift_down(struct pace *p, size_t i) {
        for (;;) {
                size_t least = i;
                for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < p->n; child++)
                        if (is_before(&p->heap[child], &p->heap[least]))
                                least = child;
                if (least == i)
                        return;
                struct carrier moved = p->heap[i];
                p->heap[i] = p->heap[least];
                p->heap[least] = moved;
                i = least;
        }
}

int pace_new(struct pace **ret, const char *const *keys, size_t n, uint64_t spacing_usec) {
        _cleanup_(pace_freep) struct pace *p = calloc(1, sizeof *p);
        _cleanup_(freep) struct keyed *sorted = calloc(n + 1, sizeof *sorted);
        if (!p || !sorted)
                return -ENOMEM;
        p->spacing_usec = spacing_usec;
        p->order = calloc(n + 1, sizeof *p->order);
        p->heap = calloc(n + 1, sizeof *p->heap);
        if (!p->order || !p->heap)
                return -ENOMEM;

        for (size_t i = 0; i < n; i++)
                sorted[i] = (struct keyed){keys[i], i};
        qsort(sorted, n, sizeof *sorted, by_key);
        for (size_t i = 0; i < n; i++) {
                p->order[i] = sorted[i].item;
                bool same = i > 0 && sorted[i].key && text_eq(sorted[i].key, sorted[i - 1].key);
                if (same)
                        p->heap[p->n - 1].end++;
                else
                        p->heap[p->n++] = (struct carrier){.at = i, .end = i + 1};
        }
        for (size_t i = p->n; i-- > 0;)
                sift_down(p, i);
        *ret = TAKE_PTR(p);
        return 0;
}

struct pace *pace_free(struct pace *p) {
        if (p) {
                free(p->order);
                free(p->heap);
                free(p);
        }
        return NULL;
}

int pace_next(struct pace *p, uint64_t now_usec, size_t *ret_item, uint64_t *ret_usec) {
        if (p->n == 0)
                return 2;
        struct carrier *first = &p->heap[0];
        if (first->next_usec > now_usec) {
                *ret_usec = first->next_usec;
                return 1;
        }
        *ret_item = p->order[first->at++];
        first->next_usec = now_usec + p->spacing_usec;
        if (first->at == first->end)
                *first = p->heap[--p->n];
        sift_down(p, 0);
        return 0;
}
