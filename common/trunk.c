/* trunk.c: trunks, and what the configuration adds to them. */
#include "trunk.h"

#include <time.h>

#include <stdio.h>

#include "config.h"

#define LOCAL_PREFIX "local:" /* before the name: the id of a trunk that only the configuration knows */

static const struct {
        const char *name;
        size_t offset;
} texts[TRUNK_TEXT_COUNT] = {
#define X(field) {#field, offsetof(struct trunk, field)},
        TRUNK_TEXTS(X)
#undef X
};

static char **text_of(struct trunk *t, enum trunk_text field) {
        return (char **)(void *)((char *)t + texts[field].offset);
}

void trunk_clear(struct trunk *t) {
        for (size_t i = 0; i < TRUNK_TEXT_COUNT; i++) {
                free(*text_of(t, (enum trunk_text)i));
                free(t->platform[i]);
        }
        free(t->method);
        free(t->maintenance);
        *t = (struct trunk){0};
}

void trunk_list_clear(struct trunk_list *l) {
        for (size_t i = 0; i < l->n; i++)
                trunk_clear(&l->items[i]);
        free(l->items);
        *l = (struct trunk_list){0};
}

/* Doubles the room whenever it is full, that is at powers of two. */
int trunk_list_append(struct trunk_list *l, struct trunk **ret) {
        if (l->n >= TRUNK_LIST_MAX)
                return -E2BIG;
        if ((l->n & (l->n - 1)) == 0) {
                struct trunk *items = reallocarray(l->items, l->n == 0 ? 1 : 2 * l->n, sizeof *items);
                if (!items)
                        return -ENOMEM;
                l->items = items;
        }
        l->items[l->n] = (struct trunk){0};
        *ret = &l->items[l->n++];
        return 0;
}

int trunk_set(struct trunk *t, enum trunk_text field, struct span value) {
        char *copy = NULL;
        if (value.p) {
                copy = strndup(value.p, value.n);
                if (!copy)
                        return -ENOMEM;
        }
        char **text = text_of(t, field);
        free(*text);
        *text = copy;
        return 0;
}

const char *trunk_get(const struct trunk *t, enum trunk_text field) {
        return *(char *const *)(const void *)((const char *)t + texts[field].offset);
}

const char *trunk_text_name(enum trunk_text field) {
        return texts[field].name;
}

static bool is_configured(const struct trunk *t, enum trunk_text field) {
        return t->configured & UINT64_C(1) << field;
}

const char *trunk_platform_text(const struct trunk *t, enum trunk_text field) {
        return is_configured(t, field) ? t->platform[field] : trunk_get(t, field);
}

const char *trunk_config_text(const struct trunk *t, enum trunk_text field) {
        return is_configured(t, field) ? trunk_get(t, field) : NULL;
}

const char *trunk_base_id(const struct trunk *t) {
        return t->base_id;
}

struct trunk *trunk_list_find(const struct trunk_list *l, const char *id_or_name) {
        for (size_t i = 0; i < l->n; i++)
                if (l->items[i].id && text_eq(l->items[i].id, id_or_name))
                        return &l->items[i];
        for (size_t i = 0; i < l->n; i++)
                if (l->items[i].name && text_eq(l->items[i].name, id_or_name))
                        return &l->items[i];
        return NULL;
}

enum trunk_kind trunk_kind(const struct trunk *t) {
        if (text_ieq(t->authentication, "digest"))
                return TRUNK_DIGEST;
        if (text_ieq(t->authentication, "basic") || text_ieq(t->authentication, "none"))
                return TRUNK_ADDRESS;
        return t->username || t->password || t->ha1 ? TRUNK_DIGEST : TRUNK_UNKNOWN;
}

bool trunk_state_inactive(const char *state) {
        return text_ieq(state, "inactive") || text_ieq(state, "deleted");
}

bool trunk_inactive(const struct trunk *t) {
        return trunk_state_inactive(t->state) || text_ieq(t->in_service, "no");
}

bool trunk_validation_failed(const struct trunk *t) {
        static const char suffix[] = "mismatch";
        size_t n = t->validation_code ? strlen(t->validation_code) : 0;
        if (n >= sizeof suffix - 1 && strcasecmp(t->validation_code + n - (sizeof suffix - 1), suffix) == 0)
                return true;
        const char *status = t->validation_status;
        return status && strlen(status) == 3 && strspn(status, "0123456789") == 3 && status[0] >= '4';
}

bool trunk_validation_time(const struct trunk *t, int64_t *ret_sec) {
        struct tm tm = {0};
        if (!t->validation_time || !strptime(t->validation_time, "%Y-%m-%dT%H:%M:%S", &tm))
                return false;
        *ret_sec = timegm(&tm);
        return true;
}

bool trunk_validated_at(const struct trunk *t, int64_t *ret_sec) {
        const char *status = t->validation_status;
        bool good = status ? strlen(status) == 3 && status[0] == '2' : text_ieq(t->validation_code, "ok");
        return good && !trunk_validation_failed(t) && trunk_validation_time(t, ret_sec);
}

/* -- merge ---------------------------------------------------------------------------------------------------------------- */

/* The configuration's entries in order of what they are found by: those with an id before those with a name alone. */
struct entry {
        const struct config_trunk *trunk;
        bool used;
};

static int compare_keys(const struct config_trunk *a, const struct config_trunk *b) {
        if (!a->id != !b->id)
                return a->id ? -1 : 1;
        const char *x = a->id ? a->id : a->name, *y = b->id ? b->id : b->name;
        return x && y ? strcmp(x, y) : (x != NULL) - (y != NULL);
}

static int compare_entries(const void *a, const void *b) {
        return compare_keys(((const struct entry *)a)->trunk, ((const struct entry *)b)->trunk);
}

static struct entry *find_entry(struct entry *entries, size_t n, const struct trunk *t) {
        const struct config_trunk by_id = {.id = t->id}, by_name = {.name = t->name};
        const struct entry id = {.trunk = &by_id}, name = {.trunk = &by_name};
        struct entry *found = t->id ? bsearch(&id, entries, n, sizeof *entries, compare_entries) : NULL;
        if (!found && t->name)
                found = bsearch(&name, entries, n, sizeof *entries, compare_entries);
        return found;
}

_Static_assert(TRUNK_TEXT_COUNT <= 64, "struct trunk has a bit for each text");

/* Takes ownership of value. */
static void replace_with(struct trunk *t, enum trunk_text field, char *value) {
        char **text = text_of(t, field);
        if (is_configured(t, field))
                free(*text);
        else
                t->platform[field] = *text;
        *text = value;
        t->configured |= UINT64_C(1) << field;
}

static int replace(struct trunk *t, enum trunk_text field, const char *value) {
        if (!value)
                return 0;
        char *copy = strdup(value);
        if (!copy)
                return -ENOMEM;
        replace_with(t, field, copy);
        return 0;
}

static int replace_proxies(struct trunk *t, const struct text_list *proxies) {
        if (proxies->n == 0)
                return 0;
        size_t size = 0;
        for (size_t i = 0; i < proxies->n; i++)
                size += strlen(proxies->items[i]) + 1;
        char *joined = malloc(size), *p = joined;
        if (!joined)
                return -ENOMEM;
        for (size_t i = 0; i < proxies->n; i++) {
                p = stpcpy(p, proxies->items[i]);
                *p++ = i + 1 < proxies->n ? ' ' : '\0';
        }
        replace_with(t, TRUNK_TEXT_proxies, joined);
        return 0;
}

static int replace_method(struct trunk *t, const char *method) {
        char *copy = method ? strdup(method) : NULL;
        if (method && !copy)
                return -ENOMEM;
        free(t->method);
        t->method = copy;
        return 0;
}

/* entry NULL: nothing is configured for this trunk (any longer). */
static int apply(struct trunk *t, const struct config_trunk *entry) {
        t->password = entry ? entry->password.secret : NULL;
        t->ha1 = entry ? entry->ha1.secret : NULL;
        t->is_configured = entry != NULL;
        t->probe_all_proxies = entry && entry->probe_all_proxies;
        t->refresh = entry && entry->refresh;
        int r = replace_method(t, entry ? entry->method : NULL);
        if (r < 0 || !entry)
                return r;
        const struct {
                enum trunk_text field;
                const char *value;
        } settings[] = {
                {TRUNK_TEXT_authentication, entry->authentication},
                {TRUNK_TEXT_username, entry->username},
                {TRUNK_TEXT_realm, entry->realm},
                {TRUNK_TEXT_algorithm, entry->algorithm},
                {TRUNK_TEXT_qop, entry->qop},
                {TRUNK_TEXT_domain, entry->domain},
                {TRUNK_TEXT_transport, entry->transport},
                {TRUNK_TEXT_request_uri, entry->request_uri},
        };
        for (size_t i = 0; i < ELEMENTS(settings); i++) {
                r = replace(t, settings[i].field, settings[i].value);
                if (r < 0)
                        return r;
        }
        return replace_proxies(t, &entry->proxies);
}

static int append_extra(struct trunk_list *l, const struct config_trunk *entry) {
        _cleanup_(freep) char *local = NULL;
        if (!entry->id && asprintf(&local, LOCAL_PREFIX "%s", entry->name) < 0) {
                local = NULL;
                return -ENOMEM;
        }
        struct trunk t = {.origin = TRUNK_EXTRA}, *place;
        int r = trunk_set(&t, TRUNK_TEXT_id, span_of(entry->id ? entry->id : local));
        if (r == 0)
                r = trunk_set(&t, TRUNK_TEXT_name, span_of(entry->name ? entry->name : entry->id));
        if (r == 0)
                r = apply(&t, entry);
        if (r == 0)
                r = trunk_list_append(l, &place);
        if (r < 0) {
                trunk_clear(&t);
                return r;
        }
        *place = t;
        return 0;
}

static bool is_local(const struct trunk *t) {
        return t->id && strncmp(t->id, LOCAL_PREFIX, sizeof LOCAL_PREFIX - 1) == 0;
}

int trunk_list_merge(struct trunk_list *l, const struct config *config) {
        size_t n = config->n_trunks;
        _cleanup_(freep) struct entry *entries = calloc(n + 1, sizeof *entries);
        if (!entries)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++)
                entries[i].trunk = &config->trunks[i];
        qsort(entries, n, sizeof *entries, compare_entries);

        for (size_t i = 0; i < l->n; i++) {
                struct trunk *t = &l->items[i];
                struct entry *entry = find_entry(entries, n, t);
                if (entry) {
                        entry->used = true;
                        /* Remembered from a run that had it from the configuration alone, as this one has. */
                        if (entry->trunk->extra && t->origin == TRUNK_REMEMBERED && is_local(t))
                                t->origin = TRUNK_EXTRA;
                }
                int r = apply(t, entry ? entry->trunk : NULL);
                if (r < 0)
                        return r;
        }
        for (size_t i = 0; i < n; i++)
                if (entries[i].trunk->extra && !entries[i].used) {
                        int r = append_extra(l, entries[i].trunk);
                        if (r < 0)
                                return r;
                }
        return 0;
}
