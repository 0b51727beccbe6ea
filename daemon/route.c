/* route.c: one locator for each target, when one of them is a name; done when the last of them is. */
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
        r->n_all = 0;
        free(r->all);
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

static struct locator_request request_for(const struct target *t) {
        return (struct locator_request){.host = t->host, .port = t->port, .has_transport = t->has_transport, .transport = t->transport};
}

/* False when a target is a name. */
static bool take_literals(struct route *r, const struct target *targets, size_t n) {
        for (r->n_all = 0; r->n_all < n; r->n_all++) {
                const struct locator_request request = request_for(&targets[r->n_all]);
                if (!locator_literal(&r->all[r->n_all], &request))
                        break;
        }
        return r->n_all == n;
}

int route_start(struct route **ret, struct resolver *resolver, const struct target *targets, size_t n, route_done_fn *done, void *user) {
        _cleanup_(route_freep) struct route *r = calloc(1, sizeof *r);
        if (!r)
                return -ENOMEM;
        if (n > TARGETS_MAX)
                n = TARGETS_MAX;
        r->all = calloc(n, sizeof *r->all);
        if (!r->all)
                return -ENOMEM;
        if (take_literals(r, targets, n)) {
                *ret = TAKE_PTR(r);
                return ROUTE_KNOWN;
        }
        r->done = done;
        r->user = user;
        for (; r->n < n; r->n++) {
                const struct locator_request request = request_for(&targets[r->n]);
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

const struct location *route_locations(const struct route *r, size_t *ret_n) {
        *ret_n = r->n_all;
        return r->all;
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
