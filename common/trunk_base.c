/* trunk_base.c: the settings of trunk bases, and the trunks that are made of them. */
#include "trunk_base.h"

#define CARRIER_METABASE "external_sip_pcv_byoc_carrier" /* with a suffix: ".json", or a version */
#define CARRIER_TYPE "external.pcv.byoc.carrier"

static int compare_bases(const void *a, const void *b) {
        return strcmp(((const struct trunk *)a)->id, ((const struct trunk *)b)->id);
}

static int compare_id(const void *id, const void *base) {
        return strcmp(id, ((const struct trunk *)base)->id);
}

static int compare_texts(const void *a, const void *b) {
        return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static struct trunk *find_base(const struct trunk_list *bases, const char *id) {
        return id && bases->n > 0 ? bsearch(id, bases->items, bases->n, sizeof *bases->items, compare_id) : NULL;
}

/* Moves the base with that id, or makes an empty one. */
static int select_base(struct trunk_list *to, const struct trunk_list *from, const char *id) {
        struct trunk *known = find_base(from, id), *t;
        int r = trunk_list_append(to, &t);
        if (r < 0)
                return r;
        if (!known)
                return trunk_set(t, TRUNK_TEXT_id, span_of(id));
        *t = *known;
        /* The search goes on by ids: this one stays, the rest is away. */
        *known = (struct trunk){0};
        return trunk_set(known, TRUNK_TEXT_id, span_of(id));
}

int trunk_base_select(struct trunk_list *bases, const struct trunk_list *trunks) {
        _cleanup_(trunk_list_clear) struct trunk_list selected = {0};
        _cleanup_(freep) const char **ids = calloc(trunks->n + 1, sizeof *ids);
        size_t n = 0;
        if (!ids)
                return -ENOMEM;
        for (size_t i = 0; i < trunks->n; i++)
                if (trunks->items[i].base_id)
                        ids[n++] = trunks->items[i].base_id;
        qsort(ids, n, sizeof *ids, compare_texts);
        if (bases->n > 0)
                qsort(bases->items, bases->n, sizeof *bases->items, compare_bases);
        for (size_t i = 0; i < n; i++) {
                int r = i > 0 && text_eq(ids[i], ids[i - 1]) ? 0 : select_base(&selected, bases, ids[i]);
                if (r < 0)
                        return r;
        }
        trunk_list_clear(bases);
        *bases = selected;
        selected = (struct trunk_list){0};
        return 0;
}

static bool is_carrier_metabase(const char *metabase) {
        return metabase && strncasecmp(metabase, CARRIER_METABASE, sizeof CARRIER_METABASE - 1) == 0;
}

bool trunk_base_is_bare(const struct trunk *b) {
        return !b->trunk_type && !b->proxies && !b->transport && !b->realm && !b->authentication &&
               (!b->metabase || is_carrier_metabase(b->metabase));
}

static bool is_carrier(const struct trunk *t) {
        return (!t->metabase && !t->trunk_type) || is_carrier_metabase(t->metabase) || text_ieq(t->trunk_type, CARRIER_TYPE);
}

static int copy_settings(struct trunk *t, const struct trunk *base) {
        static const enum trunk_text settings[] = {
                TRUNK_TEXT_authentication, TRUNK_TEXT_proxies,  TRUNK_TEXT_transport,  TRUNK_TEXT_realm,
                TRUNK_TEXT_username,       TRUNK_TEXT_metabase, TRUNK_TEXT_trunk_type, TRUNK_TEXT_managed,
        };
        for (size_t i = 0; i < ELEMENTS(settings); i++) {
                const char *value = trunk_get(base, settings[i]);
                int r = value ? trunk_set(t, settings[i], span_of(value)) : 0;
                if (r < 0)
                        return r;
        }
        t->detail_denied = base->detail_denied;
        t->detail = base->detail;
        memcpy(t->correlation_id, base->correlation_id, sizeof t->correlation_id);
        return base->name ? trunk_set(t, TRUNK_TEXT_base_name, span_of(base->name)) : 0;
}

int trunk_base_join(struct trunk_list *trunks, const struct trunk_list *bases, size_t *ret_others) {
        for (size_t i = 0; i < trunks->n; i++) {
                const struct trunk *base = find_base(bases, trunks->items[i].base_id);
                int r = base ? copy_settings(&trunks->items[i], base) : 0;
                if (r < 0)
                        return r;
        }
        size_t kept = 0, n = trunks->n;
        for (size_t i = 0; i < n; i++)
                if (!is_carrier(&trunks->items[i])) {
                        trunk_clear(&trunks->items[i]);
                } else if (kept++ < i) {
                        trunks->items[kept - 1] = trunks->items[i];
                        trunks->items[i] = (struct trunk){0};
                }
        trunks->n = kept;
        *ret_others = n - kept;
        return 0;
}
