/* carrier_names.c: each different name once, some at a time. */
#include "carrier_names.h"

#include <stdio.h>

#include "locator.h"

struct name {
        struct carrier_names *all;
        struct target target;
        const char *trunk; /* a trunk that has it */
        struct locator *locator;
};

struct carrier_names {
        struct resolver *resolver;
        struct name *names;
        size_t n, next, open;
        sd_event_source *finish; /* off until all are answered */
        struct carrier_names_result result;
        carrier_names_done_fn *done;
        void *user;
};

static int on_finish(sd_event_source *source, void *user) {
        struct carrier_names *c = user;
        (void)source;
        c->done(c, &c->result, c->user);
        return 0;
}

static void add_failure(struct carrier_names *c, const struct name *name, const char *why) {
        char *to = c->result.failures;
        size_t size = sizeof c->result.failures, n = strlen(to);
        int more = snprintf(to + n, size - n, "%s%s (%s): %s", n > 0 ? "; " : "", name->target.text, name->trunk, why);
        if (more >= (int)(size - n))
                (void)snprintf(to + size - sizeof "...", sizeof "...", "...");
}

static void start_lookups(struct carrier_names *c);

static void on_located(struct locator *l, int outcome, const struct location *locations, size_t n, const char *why, void *user) {
        struct name *name = user;
        struct carrier_names *c = name->all;
        (void)locations;
        (void)n;
        c->result.answered++;
        if (outcome == 0)
                c->result.found++;
        else
                add_failure(c, name, why ? why : strerror(-outcome));
        name->locator = locator_free(l);
        c->open--;
        start_lookups(c);
}

static void start_lookups(struct carrier_names *c) {
        while (c->next < c->n && c->open < CARRIER_NAMES_AT_ONCE) {
                struct name *name = &c->names[c->next++];
                const struct target *t = &name->target;
                const struct locator_request request = {
                        .host = t->host, .port = t->port, .has_transport = t->has_transport, .transport = t->transport};
                int r = locator_start(&name->locator, c->resolver, &request, on_located, name);
                if (r >= 0) {
                        c->open++;
                        continue;
                }
                c->result.answered++;
                add_failure(c, name, strerror(-r));
        }
        if (c->open == 0)
                (void)sd_event_source_set_enabled(c->finish, SD_EVENT_ONESHOT);
}

/* -- which names ---------------------------------------------------------------------------------------------------------- */

static int compare_names(const void *a, const void *b) {
        const struct target *x = &((const struct name *)a)->target, *y = &((const struct name *)b)->target;
        int r = strcasecmp(x->text, y->text);
        if (r == 0)
                r = (int)x->has_transport - (int)y->has_transport;
        return r != 0 ? r : (int)x->transport - (int)y->transport;
}

/* Sorts them, and keeps the first of those that are the same. */
static void drop_repeated(struct carrier_names *c) {
        size_t kept = 0;
        if (c->n > 0)
                qsort(c->names, c->n, sizeof *c->names, compare_names);
        for (size_t i = 0; i < c->n; i++)
                if (kept == 0 || compare_names(&c->names[kept - 1], &c->names[i]) != 0)
                        c->names[kept++] = c->names[i];
        c->n = kept;
}

static int add_name(struct carrier_names *c, const struct target *t, const char *trunk) {
        struct resolver_address address;
        if (resolver_literal(&address, t->host, t->port) == 0) {
                c->result.literals++;
                return 0;
        }
        if ((c->n & (c->n - 1)) == 0) { /* doubled whenever it is full, that is at powers of two */
                struct name *names = reallocarray(c->names, c->n == 0 ? 1 : 2 * c->n, sizeof *names);
                if (!names)
                        return -ENOMEM;
                c->names = names;
        }
        c->names[c->n++] = (struct name){.all = c, .target = *t, .trunk = trunk};
        return 0;
}

static int collect(struct carrier_names *c, const struct trunk_list *trunks) {
        for (size_t i = 0; i < trunks->n; i++) {
                const struct trunk *t = &trunks->items[i];
                struct target targets[TARGETS_MAX];
                size_t n = 0;
                if (trunk_inactive(t))
                        continue;
                const char *name = t->name ? t->name : t->id;
                if (target_list(targets, &n, t) != 0) {
                        if (c->result.without++ == 0)
                                c->result.first_without = name;
                        continue;
                }
                for (size_t k = 0; k < n; k++) {
                        int r = add_name(c, &targets[k], name);
                        if (r < 0)
                                return r;
                }
        }
        drop_repeated(c);
        c->result.names = c->n;
        if (c->n > CARRIER_NAMES_MAX)
                c->n = CARRIER_NAMES_MAX;
        return 0;
}

int carrier_names_start(struct carrier_names **ret, sd_event *event, struct resolver *resolver, const struct trunk_list *trunks,
                        carrier_names_done_fn *done, void *user) {
        _cleanup_(carrier_names_freep) struct carrier_names *c = calloc(1, sizeof *c);
        if (!c)
                return -ENOMEM;
        *c = (struct carrier_names){.resolver = resolver, .done = done, .user = user};
        int r = collect(c, trunks);
        if (r == 0)
                r = sd_event_add_defer(event, &c->finish, on_finish, c);
        if (r >= 0)
                r = sd_event_source_set_enabled(c->finish, SD_EVENT_OFF);
        if (r < 0)
                return r;
        start_lookups(c);
        *ret = TAKE_PTR(c);
        return 0;
}

const struct carrier_names_result *carrier_names_so_far(const struct carrier_names *c) {
        return &c->result;
}

struct carrier_names *carrier_names_free(struct carrier_names *c) {
        if (!c)
                return NULL;
        for (size_t i = 0; i < c->n; i++)
                (void)locator_free(c->names[i].locator);
        (void)sd_event_source_disable_unref(c->finish);
        free(c->names);
        free(c);
        return NULL;
}
