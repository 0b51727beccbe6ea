/* route.c: one locator for each target; done when the last of them is. */
#include "route.h"

struct leg {
        struct route *route;
        struct locator *locator;
        struct location *found; /* owned */
        size_t n;
};

struct route {
        struct leg legs[TARGETS_MAX];
        size_t n, open;
        int outcome; /* the worst of those without an address: a failed lookup before a missing name */
        const char *why;
        struct location *all; /* owned */
        size_t n_all;
        route_done_fn *done;
        void *user;
};

static int join(struct route *r) {
        size_t n = 0;
        for (size_t i = 0; i < r->n; i++)
                n += r->legs[i].n;
        r->all = calloc(n + 1, sizeof *r->all);
        if (!r->all)
                return -ENOMEM;
        for (size_t i = 0; i < r->n; i++)
                for (size_t k = 0; k < r->legs[i].n; k++)
                        r->all[r->n_all++] = r->legs[i].found[k];
        return 0;
}

static void finish(struct route *r) {
        int error = join(r);
        if (error < 0)
                r->done(r, error, NULL, 0, "out of memory", r->user);
        else if (r->n_all > 0)
                r->done(r, 0, r->all, r->n_all, NULL, r->user);
        else
                r->done(r, r->outcome, NULL, 0, r->why, r->user);
}

static void on_located(struct locator *l, int outcome, const struct location *locations, size_t n, const char *why, void *user) {
        struct leg *leg = user;
        struct route *r = leg->route;
        if (outcome == 0) {
                leg->found = calloc(n, sizeof *leg->found);
                if (leg->found) {
                        memcpy(leg->found, locations, n * sizeof *leg->found);
                        leg->n = n;
                } else {
                        outcome = -ENOMEM;
                        why = "out of memory";
                }
        }
        leg->locator = locator_free(l);
        if (outcome != 0 && (r->outcome == 0 || r->outcome == RESOLVER_NOT_FOUND)) {
                r->outcome = outcome;
                r->why = why;
        }
        if (--r->open == 0)
                finish(r);
}

int route_start(struct route **ret, struct resolver *resolver, const struct target *targets, size_t n, route_done_fn *done, void *user) {
        _cleanup_(route_freep) struct route *r = calloc(1, sizeof *r);
        if (!r)
                return -ENOMEM;
        r->done = done;
        r->user = user;
        for (; r->n < n && r->n < TARGETS_MAX; r->n++) {
                const struct target *t = &targets[r->n];
                const struct locator_request request = {
                        .host = t->host, .port = t->port, .has_transport = t->has_transport, .transport = t->transport};
                struct leg *leg = &r->legs[r->n];
                leg->route = r;
                int e = locator_start(&leg->locator, resolver, &request, on_located, leg);
                if (e < 0)
                        return e;
                r->open++;
        }
        *ret = TAKE_PTR(r);
        return 0;
}

struct route *route_free(struct route *r) {
        if (r) {
                for (size_t i = 0; i < ELEMENTS(r->legs); i++) {
                        (void)locator_free(r->legs[i].locator);
                        free(r->legs[i].found);
                }
                free(r->all);
                free(r);
        }
        return NULL;
}
