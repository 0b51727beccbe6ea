/* locator.c: where a request may go (RFC 3263 section 4): which transports (NAPTR), which hosts (SRV), which addresses (A, AAAA).
 *
 * Each of the three stages asks its questions at once and goes on when all are answered. The queries are kept until the end, because they
 * own the records and addresses that the locations are made of. */
#include "locator.h"

#include <stdio.h>
#include <sys/random.h>

#define LOCATOR_SERVICES_MAX 6 /* SRV questions: more than one for a transport when NAPTR says so */
#define LOCATOR_HOSTS_MAX 16   /* hosts whose addresses are looked up; more than locations, as some may have none */
#define SRV_NAME_MAX 256       /* bytes of a name, RFC 1035 section 2.3.4, with the final NUL */

/* One SRV question. */
struct service {
        struct locator *locator;
        const struct srv_service *kind;
        bool naptr; /* a NAPTR record led here */
        char name[SRV_NAME_MAX];
        struct resolver_query *query;
        int outcome;
        const char *why;
        struct srv_record *records; /* the query's */
        size_t n;
};

/* One host to be looked up. */
struct candidate {
        struct locator *locator;
        enum target_transport transport;
        const char *host;
        const struct service *service;   /* NULL: neither NAPTR nor SRV led here */
        const struct srv_record *record; /* NULL: the host itself, for want of records */
        struct resolver_query *query;
        int outcome;
        const char *why;
        const struct resolver_address *addresses; /* the query's */
        size_t n;
};

struct locator {
        struct resolver *resolver;
        char *host;
        uint16_t port;
        bool has_transport;
        enum target_transport transport;
        const char *way; /* how the host itself came to be looked up */
        locator_done_fn *done;
        void *user;

        struct resolver_query *naptr;
        struct service services[LOCATOR_SERVICES_MAX];
        size_t n_services;
        struct candidate candidates[LOCATOR_HOSTS_MAX];
        size_t n_candidates;
        size_t open; /* queries of this stage that are not answered */
        struct location *locations;
        size_t n_locations;
};

static const char literal_way[] = "literal address";

/* -- the end --------------------------------------------------------------------------------------------------------- */

static void drop_queries(struct locator *l) {
        l->naptr = resolver_query_free(l->naptr);
        for (size_t i = 0; i < l->n_services; i++)
                l->services[i].query = resolver_query_free(l->services[i].query);
        for (size_t i = 0; i < l->n_candidates; i++)
                l->candidates[i].query = resolver_query_free(l->candidates[i].query);
}

/* The last statement of whoever calls it. */
static void finish(struct locator *l, int outcome, const char *why) {
        drop_queries(l); /* so that nothing comes after */
        l->done(l, outcome, l->locations, l->n_locations, why, l->user);
}

static void finish_broken(struct locator *l, int error) {
        finish(l, error, "unable to ask a name server");
}

/* -- addresses ------------------------------------------------------------------------------------------------------- */

static void write_how(const struct locator *l, const struct candidate *c, sa_family_t family, struct location *ret) {
        const struct service *s = c->service;
        bool naptr = s && s->naptr;
        int n;
        if (c->record)
                n = snprintf(ret->how, sizeof ret->how, "%s%s%sSRV %s %u %u %u %s", naptr ? "NAPTR " : "", naptr ? s->kind->naptr : "",
                             naptr ? ", " : "", s->name, c->record->priority, c->record->weight, c->record->port, c->record->target);
        else if (l->way == literal_way)
                n = snprintf(ret->how, sizeof ret->how, "%s", literal_way);
        else
                n = snprintf(ret->how, sizeof ret->how, "%s%s%s%s, %s %s", naptr ? "NAPTR " : "", naptr ? s->kind->naptr : "",
                             naptr ? ", " : "", l->way, family == AF_INET6 ? "AAAA" : "A", c->host);
        if (n < 0 || (size_t)n >= sizeof ret->how)
                memcpy(ret->how + sizeof ret->how - sizeof "...", "...", sizeof "...");
}

static void add_location(struct locator *l, const struct candidate *c, const struct resolver_address *address) {
        size_t host_size = strlen(c->host) + 1;
        if (l->n_locations == LOCATOR_TARGETS_MAX || host_size > sizeof l->locations->host)
                return;
        struct location *location = &l->locations[l->n_locations++];
        location->transport = c->transport;
        location->address = address->storage;
        location->length = address->length;
        memcpy(location->host, c->host, host_size);
        write_how(l, c, address->storage.ss_family, location);
}

static void addresses_answered(struct locator *l) {
        l->locations = calloc(LOCATOR_TARGETS_MAX, sizeof *l->locations);
        if (!l->locations) {
                finish_broken(l, -ENOMEM);
                return;
        }
        int outcome = RESOLVER_NOT_FOUND;
        const char *why = "no target of the SRV records has an address";
        for (size_t i = 0; i < l->n_candidates; i++) {
                const struct candidate *c = &l->candidates[i];
                for (size_t j = 0; j < c->n; j++)
                        add_location(l, c, &c->addresses[j]);
                /* Only a failed lookup, or that of the host itself, says more than the sentence above. */
                if (c->outcome != 0 && outcome == RESOLVER_NOT_FOUND && (c->outcome != RESOLVER_NOT_FOUND || !c->record)) {
                        outcome = c->outcome;
                        why = c->why;
                }
        }
        if (l->n_locations > 0)
                finish(l, 0, NULL);
        else
                finish(l, outcome, why);
}

static void on_addresses(struct resolver_query *q, int outcome, const struct resolver_address *addresses, size_t n, const char *why,
                         void *user) {
        (void)q;
        struct candidate *c = user;
        c->outcome = outcome;
        c->why = why;
        if (outcome == 0) {
                c->addresses = addresses;
                c->n = n;
        }
        if (--c->locator->open == 0)
                addresses_answered(c->locator);
}

static int ask_address(struct locator *l, struct candidate *c, uint16_t port) {
        c->locator = l;
        int r = resolver_start(&c->query, l->resolver, c->host, port, on_addresses, c);
        if (r >= 0)
                l->open++;
        return r;
}

/* The host itself; service: the NAPTR record that chose the transport, or NULL. */
static int ask_host(struct locator *l, const char *way, const struct service *service) {
        enum target_transport transport = service ? service->kind->transport : l->transport;
        l->way = way;
        struct candidate *c = &l->candidates[l->n_candidates++];
        *c = (struct candidate){.transport = transport, .host = l->host, .service = service};
        return ask_address(l, c, l->port ? l->port : target_default_port(transport));
}

static bool has_candidate(const struct locator *l, enum target_transport transport, const struct srv_record *record) {
        for (size_t i = 0; i < l->n_candidates; i++) {
                const struct candidate *c = &l->candidates[i];
                if (c->transport == transport && c->record->port == record->port && text_ieq(c->host, record->target))
                        return true;
        }
        return false;
}

static int ask_targets(struct locator *l) {
        int r = 0;
        for (size_t i = 0; i < l->n_candidates && r >= 0; i++)
                r = ask_address(l, &l->candidates[i], l->candidates[i].record->port);
        return r;
}

/* -- SRV ------------------------------------------------------------------------------------------------------------- */

/* Adds the targets of one answer in their order. */
static int add_targets(struct locator *l, struct service *s) {
        uint32_t random[SRV_RECORDS_MAX];
        if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
                return -EIO;
        s->n = srv_order(s->records, s->n, random);
        for (size_t i = 0; i < s->n && l->n_candidates < LOCATOR_HOSTS_MAX; i++)
                if (!has_candidate(l, s->kind->transport, &s->records[i]))
                        l->candidates[l->n_candidates++] = (struct candidate){
                                .transport = s->kind->transport,
                                .host = s->records[i].target,
                                .service = s,
                                .record = &s->records[i],
                        };
        return 0;
}

static void services_answered(struct locator *l) {
        const struct service *failed = NULL;
        bool refused = false;
        int r = 0;
        for (size_t i = 0; i < l->n_services && r >= 0; i++) {
                struct service *s = &l->services[i];
                if (s->outcome == 0) {
                        r = add_targets(l, s);
                        refused = refused || s->n == 0;
                } else if (s->outcome != RESOLVER_NOT_FOUND && !failed)
                        failed = s;
        }
        if (r >= 0 && l->n_candidates > 0)
                r = ask_targets(l);
        else if (r >= 0 && failed) {
                finish(l, failed->outcome, failed->why);
                return;
        } else if (r >= 0 && refused) {
                finish(l, RESOLVER_NOT_FOUND, "the SRV records say that the service is not available");
                return;
        } else if (r >= 0)
                /* RFC 3263 section 4.2: no SRV record, so the host itself, with the transport chosen before. */
                r = ask_host(l, l->has_transport || l->services[0].naptr ? "no SRV" : "no NAPTR for SIP, no SRV",
                             l->services[0].naptr ? &l->services[0] : NULL);
        if (r < 0)
                finish_broken(l, r);
}

static void on_srv(struct resolver_query *q, int outcome, struct srv_record *records, size_t n, const char *why, void *user) {
        (void)q;
        struct service *s = user;
        s->outcome = outcome;
        s->why = why;
        s->records = records;
        s->n = n;
        if (--s->locator->open == 0)
                services_answered(s->locator);
}

/* name: where NAPTR leads, or NULL for the name made of the service and the host. */
static void add_service(struct locator *l, const struct srv_service *kind, const char *name) {
        struct service *s = &l->services[l->n_services];
        int n = name ? snprintf(s->name, sizeof s->name, "%s", name) : snprintf(s->name, sizeof s->name, "%s.%s", kind->label, l->host);
        if (n < 0 || (size_t)n >= sizeof s->name)
                s->name[0] = '\0'; /* longer than any name: it is not found */
        s->locator = l;
        s->kind = kind;
        s->naptr = name != NULL;
        l->n_services++;
}

static int ask_services(struct locator *l) {
        if (l->n_services == 0 && l->has_transport)
                add_service(l, &srv_services[l->transport], NULL);
        else if (l->n_services == 0)
                for (size_t i = 0; i < SRV_SERVICES; i++)
                        add_service(l, &srv_services[i], NULL);
        int r = 0;
        for (size_t i = 0; i < l->n_services && r >= 0; i++) {
                struct service *s = &l->services[i];
                r = resolver_start_srv(&s->query, l->resolver, s->name, on_srv, s);
                if (r >= 0)
                        l->open++;
        }
        return r;
}

/* -- NAPTR ----------------------------------------------------------------------------------------------------------- */

static void on_naptr(struct resolver_query *q, int outcome, struct naptr_record *records, size_t n, const char *why, void *user) {
        (void)q;
        struct locator *l = user;
        if (outcome != 0 && outcome != RESOLVER_NOT_FOUND) {
                finish(l, outcome, why);
                return;
        }
        n = naptr_order(records, n);
        for (size_t i = 0; i < n && i < LOCATOR_SERVICES_MAX; i++)
                add_service(l, srv_service_named(records[i].service), records[i].replacement);
        int r = ask_services(l);
        if (r < 0)
                finish_broken(l, r);
}

/* -- the beginning --------------------------------------------------------------------------------------------------- */

static enum target_transport transport_of(const struct locator_request *request) {
        return request->has_transport ? request->transport : TARGET_UDP;
}

static uint16_t port_of(const struct locator_request *request) {
        return request->port ? request->port : target_default_port(transport_of(request));
}

bool locator_literal(struct location *ret, const struct locator_request *request) {
        struct resolver_address address;
        size_t host_size = strlen(request->host) + 1;
        if (host_size > sizeof ret->host || resolver_literal(&address, request->host, port_of(request)) != 0)
                return false;
        ret->transport = transport_of(request);
        ret->address = address.storage;
        ret->length = address.length;
        memcpy(ret->host, request->host, host_size);
        memcpy(ret->how, literal_way, sizeof literal_way);
        return true;
}

static int ask_first(struct locator *l) {
        struct resolver_address unused;
        if (l->host[0] == '\0' || resolver_literal(&unused, l->host, l->port) != RESOLVER_NAME)
                return ask_host(l, literal_way, NULL);
        if (l->port != 0)
                return ask_host(l, "explicit port", NULL);
        if (resolver_in_hosts_file(l->resolver, l->host))
                return ask_host(l, "hosts file", NULL);
        return l->has_transport ? ask_services(l) : resolver_start_naptr(&l->naptr, l->resolver, l->host, on_naptr, l);
}

int locator_start(struct locator **ret, struct resolver *resolver, const struct locator_request *request, locator_done_fn *done,
                  void *user) {
        _cleanup_(locator_freep) struct locator *l = calloc(1, sizeof *l);
        if (!l)
                return -ENOMEM;
        l->resolver = resolver;
        l->port = request->port;
        l->has_transport = request->has_transport;
        l->transport = transport_of(request);
        l->done = done;
        l->user = user;
        l->host = strdup(request->host);
        if (!l->host)
                return -ENOMEM;
        int r = ask_first(l);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(l);
        return 0;
}

struct locator *locator_free(struct locator *l) {
        if (!l)
                return NULL;
        drop_queries(l);
        free(l->locations);
        free(l->host);
        free(l);
        return NULL;
}
