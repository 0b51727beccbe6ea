/* resolver.c: host name → addresses, NAPTR and SRV records, by c-ares on the loop.
 *
 * c-ares may call back from inside its own functions, also from the one that starts a query, and it cannot cancel a single query. So its
 * callback only keeps the answer, which the loop delivers by the query's own event source; and between the two stands a struct lookup,
 * which c-ares holds until its callback and which a query that is freed earlier simply leaves. */
#include "resolver.h"

#include <ares.h>
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/epoll.h>

#define RESOLVER_HOST_MAX 256      /* bytes of a name, RFC 1035 section 2.3.4, with the final NUL */
#define RESOLVER_SERVERS_TEXT 1024 /* bytes of the configured name servers, as one line */
/* Two rounds over the name servers, the second with twice the patience: 4.5 s when all are dead, however many they are. */
#define RESOLVER_ROUND_MSEC 1500
#define RESOLVER_ROUNDS 2
#define RESOLVER_ACCURACY_USEC USEC_PER_MSEC

/* One of c-ares' sockets; it opens and closes them. */
struct resolver_socket {
        struct resolver *resolver;
        struct resolver_socket *next;
        sd_event_source *io;
        int fd;
};

struct resolver {
        sd_event *event;
        ares_channel channel; /* a pointer */
        bool library;         /* counted by c-ares */
        sd_event_source *timer;
        struct resolver_socket *sockets;
};

struct lookup {
        struct resolver_query *query; /* NULL once nobody waits */
};

enum query_kind { QUERY_ADDRESSES, QUERY_NAPTR, QUERY_SRV };

struct resolver_query {
        struct lookup *lookup;   /* NULL when c-ares has nothing of ours */
        sd_event_source *source; /* off until there is something to deliver */
        int outcome;
        const char *why;
        uint16_t port;
        struct resolver_address addresses[RESOLVER_ADDRESSES_MAX];
        struct naptr_record *naptr; /* allocated for the n that came, as is srv */
        struct srv_record *srv;
        size_t n;
        void *reply; /* c-ares' list, which has the texts of the records */
        enum query_kind kind;
        union {
                resolver_done_fn *addresses;
                resolver_naptr_fn *naptr;
                resolver_srv_fn *srv;
        } done; /* by kind */
        void *user;
};

/* -- c-ares on the loop ---------------------------------------------------------------------------------------------- */

/* Sets the one timer to c-ares' next deadline; after everything that may have moved it. */
static int resolver_arm(struct resolver *r) {
        struct timeval buffer, *tv = ares_timeout(r->channel, NULL, &buffer);
        if (!tv)
                return sd_event_source_set_enabled(r->timer, SD_EVENT_OFF);
        int e = sd_event_source_set_time_relative(r->timer, (uint64_t)tv->tv_sec * USEC_PER_SEC + (uint64_t)tv->tv_usec);
        return e < 0 ? e : sd_event_source_set_enabled(r->timer, SD_EVENT_ONESHOT);
}

static int on_timer(sd_event_source *source, uint64_t now_usec, void *user) {
        (void)source, (void)now_usec;
        struct resolver *r = user;
        ares_process_fd(r->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
        (void)resolver_arm(r); /* without memory; the next event tries again */
        return 0;
}

static int on_socket(sd_event_source *source, int fd, uint32_t events, void *user) {
        (void)source;
        struct resolver *r = ((struct resolver_socket *)user)->resolver; /* c-ares may close the socket below */
        bool failed = events & (EPOLLERR | EPOLLHUP);
        ares_process_fd(r->channel, failed || events & EPOLLIN ? fd : ARES_SOCKET_BAD, failed || events & EPOLLOUT ? fd : ARES_SOCKET_BAD);
        (void)resolver_arm(r); /* without memory; the next event tries again */
        return 0;
}

static void socket_free(struct resolver_socket *s) {
        sd_event_source_disable_unref(s->io);
        free(s);
}

static void socket_watch(struct resolver *r, int fd, uint32_t events) {
        for (struct resolver_socket *s = r->sockets; s; s = s->next)
                if (s->fd == fd) {
                        (void)sd_event_source_set_io_events(s->io, events);
                        return;
                }

        struct resolver_socket *s = calloc(1, sizeof *s);
        if (!s)
                return;
        *s = (struct resolver_socket){.resolver = r, .next = r->sockets, .fd = fd};
        if (sd_event_add_io(r->event, &s->io, fd, events, on_socket, s) < 0) {
                free(s);
                return;
        }
        (void)sd_event_source_set_description(s->io, "resolver");
        r->sockets = s;
}

static void socket_unwatch(struct resolver *r, int fd) {
        for (struct resolver_socket **p = &r->sockets; *p; p = &(*p)->next)
                if ((*p)->fd == fd) {
                        struct resolver_socket *s = *p;
                        *p = s->next;
                        socket_free(s);
                        return;
                }
}

/* A socket that we fail to watch only stays silent: c-ares then runs into its timeout. */
static void on_socket_state(void *user, ares_socket_t fd, int readable, int writable) {
        struct resolver *r = user;
        if (readable || writable)
                socket_watch(r, fd, (readable ? EPOLLIN : 0U) | (writable ? EPOLLOUT : 0U));
        else
                socket_unwatch(r, fd);
}

static int errno_of_ares(int status) {
        return status == ARES_ENOMEM ? -ENOMEM : status == ARES_EBADSTR ? -EINVAL : -EIO;
}

static int channel_set_servers(ares_channel channel, char *const *servers, size_t n) {
        char line[RESOLVER_SERVERS_TEXT];
        size_t used = 0;
        for (size_t i = 0; i < n; i++) {
                int k = snprintf(line + used, sizeof line - used, "%s%s", i > 0 ? "," : "", servers[i]);
                if (k < 0 || (size_t)k >= sizeof line - used)
                        return -EINVAL;
                used += (size_t)k;
        }
        int status = ares_set_servers_ports_csv(channel, line);
        return status == ARES_SUCCESS ? 0 : errno_of_ares(status);
}

static int channel_count_servers(ares_channel channel, size_t *ret) {
        struct ares_addr_port_node *list;
        int status = ares_get_servers_ports(channel, &list);
        if (status != ARES_SUCCESS)
                return errno_of_ares(status);
        size_t n = 0;
        for (const struct ares_addr_port_node *s = list; s; s = s->next)
                n++;
        ares_free_data(list);
        *ret = n;
        return 0;
}

static int channel_open(struct resolver *r, char *const *servers, size_t n, size_t try_msec) {
        /* /etc/hosts first, as everywhere. No search domains: a carrier's name that does not exist must not be found below one
         * (ARES_FLAG_NOSEARCH is not heeded by ares_getaddrinfo of c-ares 1.18). */
        char lookups[] = "fb";
        struct ares_options options = {
                .timeout = (int)try_msec,
                .tries = RESOLVER_ROUNDS,
                .ndomains = 0,
                .lookups = lookups,
                .sock_state_cb = on_socket_state,
                .sock_state_cb_data = r,
        };
        int status = ares_init_options(&r->channel, &options,
                                       ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_DOMAINS | ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB);
        if (status != ARES_SUCCESS) {
                r->channel = NULL;
                return errno_of_ares(status);
        }
        return n > 0 ? channel_set_servers(r->channel, servers, n) : 0;
}

int resolver_new(struct resolver **ret, sd_event *event, char *const *servers, size_t n) {
        _cleanup_(resolver_freep) struct resolver *r = calloc(1, sizeof *r);
        if (!r)
                return -ENOMEM;
        r->event = sd_event_ref(event);

        int e = sd_event_add_time(event, &r->timer, CLOCK_MONOTONIC, UINT64_MAX, RESOLVER_ACCURACY_USEC, on_timer, r);
        if (e < 0)
                return e;
        (void)sd_event_source_set_description(r->timer, "resolver-timeout");

        if (ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS)
                return -EIO;
        r->library = true;

        /* Only an open channel tells how many name servers the system has, and only a new one takes another timeout. */
        size_t count = 0;
        e = channel_open(r, servers, n, RESOLVER_ROUND_MSEC);
        if (e >= 0)
                e = channel_count_servers(r->channel, &count);
        if (e >= 0 && count > 1) {
                ares_destroy(r->channel);
                e = channel_open(r, servers, n, RESOLVER_ROUND_MSEC / count);
        }
        if (e < 0)
                return e;
        *ret = TAKE_PTR(r);
        return 0;
}

struct resolver *resolver_free(struct resolver *r) {
        if (!r)
                return NULL;
        if (r->channel)
                ares_destroy(r->channel); /* ends every lookup that a query has left, and closes the sockets */
        if (r->library)
                ares_library_cleanup();
        while (r->sockets)
                socket_unwatch(r, r->sockets->fd);
        sd_event_source_disable_unref(r->timer);
        sd_event_unref(r->event);
        free(r);
        return NULL;
}

/* -- queries --------------------------------------------------------------------------------------------------------- */

static int on_deliver(sd_event_source *source, void *user) {
        (void)source;
        struct resolver_query *q = user;
        switch (q->kind) {
        case QUERY_ADDRESSES:
                q->done.addresses(q, q->outcome, q->addresses, q->n, q->why, q->user);
                break;
        case QUERY_NAPTR:
                q->done.naptr(q, q->outcome, q->naptr, q->n, q->why, q->user);
                break;
        case QUERY_SRV:
                q->done.srv(q, q->outcome, q->srv, q->n, q->why, q->user);
                break;
        }
        return 0;
}

static void deliver_soon(struct resolver_query *q, int outcome, const char *why) {
        q->outcome = outcome;
        q->why = why;
        (void)sd_event_source_set_enabled(q->source, SD_EVENT_ONESHOT);
}

static void fill_address(struct resolver_address *ret, const void *address, socklen_t length, uint16_t port) {
        memcpy(&ret->storage, address, length);
        ret->length = length;
        if (ret->storage.ss_family == AF_INET)
                ((struct sockaddr_in *)&ret->storage)->sin_port = htons(port);
        else
                ((struct sockaddr_in6 *)&ret->storage)->sin6_port = htons(port);
}

static void put_address(struct resolver_query *q, const struct sockaddr *address, socklen_t length) {
        if (q->n < ELEMENTS(q->addresses) && length <= sizeof q->addresses[0].storage)
                fill_address(&q->addresses[q->n++], address, length, q->port);
}

static int outcome_of_ares(int status) {
        switch (status) {
        case ARES_SUCCESS:
                return 0;
        case ARES_ENOTFOUND:
        case ARES_ENODATA:
        case ARES_EBADNAME: /* what cannot be written in DNS cannot exist there */
                return RESOLVER_NOT_FOUND;
        case ARES_ENOMEM:
                return -ENOMEM;
        default:
                return RESOLVER_FAILED;
        }
}

static void on_answer(void *user, int status, int timeouts, struct ares_addrinfo *answer) {
        (void)timeouts;
        struct lookup *lookup = user;
        struct resolver_query *q = lookup->query;
        free(lookup);
        if (q) {
                q->lookup = NULL;
                if (status == ARES_SUCCESS)
                        for (const struct ares_addrinfo_node *node = answer->nodes; node; node = node->ai_next)
                                if (node->ai_family == AF_INET || node->ai_family == AF_INET6)
                                        put_address(q, node->ai_addr, node->ai_addrlen);
                if (q->n == 0 && status == ARES_SUCCESS)
                        status = ARES_ENODATA;
                deliver_soon(q, outcome_of_ares(status), status == ARES_SUCCESS ? NULL : ares_strerror(status));
        }
        ares_freeaddrinfo(answer);
}

int resolver_literal(struct resolver_address *ret, const char *host, uint16_t port) {
        char text[INET6_ADDRSTRLEN];
        size_t n = strlen(host);
        bool bracketed = host[0] == '[';
        struct sockaddr_in v4 = {.sin_family = AF_INET};
        struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};

        if (inet_pton(AF_INET, host, &v4.sin_addr) == 1) {
                fill_address(ret, &v4, sizeof v4, port);
                return 0;
        }
        if (!strchr(host, ':') && !bracketed)
                return RESOLVER_NAME;
        if (bracketed && (n < 2 || host[n - 1] != ']'))
                return RESOLVER_NOT_FOUND;
        if (bracketed)
                host++, n -= 2;
        if (n >= sizeof text)
                return RESOLVER_NOT_FOUND;
        memcpy(text, host, n);
        text[n] = '\0';
        if (inet_pton(AF_INET6, text, &v6.sin6_addr) != 1)
                return RESOLVER_NOT_FOUND;
        fill_address(ret, &v6, sizeof v6, port);
        return 0;
}

/* Keeps the records of a NAPTR answer. Returns a status of c-ares. */
static int take_naptr(struct resolver_query *q, const unsigned char *answer, int size) {
        struct ares_naptr_reply *list = NULL;
        int status = ares_parse_naptr_reply(answer, size, &list);
        if (status != ARES_SUCCESS)
                return status;
        q->reply = list;
        size_t n = 0;
        for (const struct ares_naptr_reply *r = list; r && n < SRV_RECORDS_MAX; r = r->next)
                n++;
        q->naptr = calloc(n + 1, sizeof *q->naptr);
        if (!q->naptr)
                return ARES_ENOMEM;
        for (const struct ares_naptr_reply *r = list; q->n < n; r = r->next)
                q->naptr[q->n++] = (struct naptr_record){
                        .order = r->order,
                        .preference = r->preference,
                        .flags = (const char *)r->flags,
                        .service = (const char *)r->service,
                        .regexp = (const char *)r->regexp,
                        .replacement = r->replacement,
                };
        return n > 0 ? ARES_SUCCESS : ARES_ENODATA;
}

static int take_srv(struct resolver_query *q, const unsigned char *answer, int size) {
        struct ares_srv_reply *list = NULL;
        int status = ares_parse_srv_reply(answer, size, &list);
        if (status != ARES_SUCCESS)
                return status;
        q->reply = list;
        size_t n = 0;
        for (const struct ares_srv_reply *r = list; r && n < SRV_RECORDS_MAX; r = r->next)
                n++;
        q->srv = calloc(n + 1, sizeof *q->srv);
        if (!q->srv)
                return ARES_ENOMEM;
        for (const struct ares_srv_reply *r = list; q->n < n; r = r->next)
                q->srv[q->n++] = (struct srv_record){.priority = r->priority, .weight = r->weight, .port = r->port, .target = r->host};
        return n > 0 ? ARES_SUCCESS : ARES_ENODATA;
}

static void on_records(void *user, int status, int timeouts, unsigned char *answer, int size) {
        (void)timeouts;
        struct lookup *lookup = user;
        struct resolver_query *q = lookup->query;
        free(lookup);
        if (!q)
                return;
        q->lookup = NULL;
        if (status == ARES_SUCCESS)
                status = q->kind == QUERY_NAPTR ? take_naptr(q, answer, size) : take_srv(q, answer, size);
        deliver_soon(q, outcome_of_ares(status), status == ARES_SUCCESS ? NULL : ares_strerror(status));
}

static int query_new(struct resolver_query **ret, struct resolver *r, enum query_kind kind, void *user) {
        _cleanup_(resolver_query_freep) struct resolver_query *q = calloc(1, sizeof *q);
        if (!q)
                return -ENOMEM;
        q->kind = kind;
        q->user = user;

        int e = sd_event_add_defer(r->event, &q->source, on_deliver, q);
        if (e >= 0)
                e = sd_event_source_set_enabled(q->source, SD_EVENT_OFF);
        if (e < 0)
                return e;
        (void)sd_event_source_set_description(q->source, "resolver-query");
        *ret = TAKE_PTR(q);
        return 0;
}

/* Asks the name servers, or the host's own file, for a name; what cannot be a name is answered here. */
static int query_send(struct resolver_query *q, struct resolver *r, const char *name) {
        if (name[0] == '\0' || strlen(name) >= RESOLVER_HOST_MAX) {
                deliver_soon(q, RESOLVER_NOT_FOUND, ares_strerror(ARES_EBADNAME));
                return 0;
        }
        struct lookup *lookup = calloc(1, sizeof *lookup);
        if (!lookup)
                return -ENOMEM;
        lookup->query = q;
        q->lookup = lookup;
        if (q->kind == QUERY_ADDRESSES) {
                struct ares_addrinfo_hints hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM};
                ares_getaddrinfo(r->channel, name, NULL, &hints, on_answer, lookup);
        } else
                ares_query(r->channel, name, ns_c_in, q->kind == QUERY_NAPTR ? ns_t_naptr : ns_t_srv, on_records, lookup);
        return resolver_arm(r);
}

int resolver_start(struct resolver_query **ret, struct resolver *r, const char *host, uint16_t port, resolver_done_fn *done, void *user) {
        _cleanup_(resolver_query_freep) struct resolver_query *q = NULL;
        int e = query_new(&q, r, QUERY_ADDRESSES, user);
        if (e < 0)
                return e;
        q->port = port;
        q->done.addresses = done;
        int outcome = resolver_literal(&q->addresses[0], host, port);
        q->n = outcome == 0;
        if (outcome == RESOLVER_NAME)
                e = query_send(q, r, host);
        else
                deliver_soon(q, outcome, outcome == 0 ? NULL : "not an address that can be used");
        if (e < 0)
                return e;
        *ret = TAKE_PTR(q);
        return 0;
}

int resolver_start_naptr(struct resolver_query **ret, struct resolver *r, const char *name, resolver_naptr_fn *done, void *user) {
        _cleanup_(resolver_query_freep) struct resolver_query *q = NULL;
        int e = query_new(&q, r, QUERY_NAPTR, user);
        if (e < 0)
                return e;
        q->done.naptr = done;
        e = query_send(q, r, name);
        if (e < 0)
                return e;
        *ret = TAKE_PTR(q);
        return 0;
}

int resolver_start_srv(struct resolver_query **ret, struct resolver *r, const char *name, resolver_srv_fn *done, void *user) {
        _cleanup_(resolver_query_freep) struct resolver_query *q = NULL;
        int e = query_new(&q, r, QUERY_SRV, user);
        if (e < 0)
                return e;
        q->done.srv = done;
        e = query_send(q, r, name);
        if (e < 0)
                return e;
        *ret = TAKE_PTR(q);
        return 0;
}

struct resolver_query *resolver_query_free(struct resolver_query *q) {
        if (!q)
                return NULL;
        if (q->lookup)
                q->lookup->query = NULL;
        sd_event_source_disable_unref(q->source);
        ares_free_data(q->reply);
        free(q->naptr);
        free(q->srv);
        free(q);
        return NULL;
}

bool resolver_in_hosts_file(struct resolver *r, const char *host) {
        struct hostent *entry = NULL;
        if (ares_gethostbyname_file(r->channel, host, AF_UNSPEC, &entry) != ARES_SUCCESS)
                return false;
        ares_free_hostent(entry);
        return true;
}
