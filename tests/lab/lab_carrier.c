/* lab_carrier.c: the carriers' sockets: server transactions matched by branch (RFC 3261 section 17.2.3), latency, loss, relays. */
#include "lab_carrier.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DATAGRAM_MAX 65535
#define DISCARD_PORT 9

/* A datagram on its way. */
struct delayed {
        struct carrier *carrier;
        int fd; /* of a relay; -1 = the carrier's own */
        struct sockaddr_storage to;
        socklen_t to_size; /* 0 = the socket is connected */
        size_t n;
        unsigned copies;
        char bytes[];
};

static void deliver(void *user) {
        struct delayed *d = user;
        int fd = d->fd >= 0 ? d->fd : d->carrier->fd;
        for (unsigned i = 0; i < d->copies; i++)
                (void)sendto(fd, d->bytes, d->n, 0, d->to_size > 0 ? (struct sockaddr *)&d->to : NULL, d->to_size); /* UDP may lose it */
        free(d);
}

static void send_later(struct carrier *c, int fd, const char *bytes, size_t n, uint64_t delay_usec, const struct sockaddr_storage *to,
                       socklen_t to_size) {
        struct delayed *d = lab_alloc(1, sizeof *d + n);
        *d = (struct delayed){.carrier = c, .fd = fd, .to_size = to_size, .n = n, .copies = c->spec->duplicate ? 2 : 1};
        if (to_size > 0)
                d->to = *to;
        memcpy(d->bytes, bytes, n);
        if (delay_usec == 0)
                deliver(d);
        else
                loop_after(c->lab->loop, delay_usec, deliver, free, d);
}

static struct transaction *find_transaction(struct carrier *c, const struct lab_request *r) {
        for (size_t i = 0; i < c->n_transactions && i < CARRIER_MEMORY; i++)
                if (strcmp(c->transactions[i].branch, r->branch) == 0 && strcmp(c->transactions[i].method, r->method) == 0)
                        return &c->transactions[i];
        return NULL;
}

static struct transaction *add_transaction(struct carrier *c, const struct lab_request *r) {
        struct transaction *t = &c->transactions[c->n_transactions++ % CARRIER_MEMORY];
        free(t->response);
        *t = (struct transaction){0};
        (void)snprintf(t->branch, sizeof t->branch, "%s", r->branch);
        (void)snprintf(t->method, sizeof t->method, "%s", r->method);
        return t;
}

static void respond(struct carrier *c, const struct lab_request *r, struct transaction *t, const struct sockaddr_storage *source,
                    socklen_t source_size) {
        struct reply reply = registrar_decide(c, r, source);
        t->decided = true;
        if (reply.status == 0)
                return;
        char tag[17];
        lab_random_hex(tag, 8);
        if (c->spec->provisional) {
                char *trying = lab_response_write(r, 100, tag, NULL, source);
                send_later(c, -1, trying, strlen(trying), 0, source, source_size);
                free(trying);
        }
        t->response = lab_response_write(r, reply.status, tag, reply.extra, source);
        send_later(c, -1, t->response, strlen(t->response), (uint64_t)c->spec->latency_usec, source, source_size);
        free(reply.extra);
}

static void handle(struct carrier *c, const char *bytes, size_t n, const struct sockaddr_storage *source, socklen_t source_size) {
        struct lab_request r;
        const char *why = lab_request_read(&r, bytes, n);
        if (why) {
                lab_violation(c->lab, c->spec->name, "unreadable request: %s", why);
                return;
        }
        struct transaction *t = find_transaction(c, &r);
        if (t)
                c->retransmissions++;
        else {
                c->requests++;
                t = add_transaction(c, &r);
        }
        if (c->lost < c->spec->lose)
                c->lost++;
        else if (c->spec->answer == ANSWER_GARBAGE)
                send_later(c, -1, "\x16\x03\x01 not SIP\r\n", 13, (uint64_t)c->spec->latency_usec, source, source_size);
        else if (t->response)
                send_later(c, -1, t->response, strlen(t->response), (uint64_t)c->spec->latency_usec, source, source_size);
        else if (c->spec->answer == ANSWER_OK && !t->decided)
                respond(c, &r, t, source, source_size);
        lab_request_clear(&r);
}

/* -- relay ------------------------------------------------------------------------------------------------------------ */

static void relay_back(void *user) {
        struct relay *relay = user;
        struct carrier *c = relay->carrier;
        char bytes[DATAGRAM_MAX];
        ssize_t n = recv(relay->fd, bytes, sizeof bytes, 0);
        if (n > 0)
                send_later(c, -1, bytes, (size_t)n, (uint64_t)c->spec->latency_usec / 2, &relay->client, relay->client_size);
}

static int connect_to(const char *host_port) {
        char host[256];
        const char *colon = strrchr(host_port, ':');
        if (!colon || colon - host_port >= (ptrdiff_t)sizeof host)
                lab_fail("relay: \"%s\" is not HOST:PORT", host_port);
        (void)snprintf(host, sizeof host, "%.*s", (int)(colon - host_port), host_port);
        struct addrinfo hints = {.ai_socktype = SOCK_DGRAM, .ai_family = AF_INET}, *found;
        if (getaddrinfo(host, colon + 1, &hints, &found) != 0)
                lab_fail("relay: unable to look up %s", host_port);
        int fd = socket(found->ai_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0 || connect(fd, found->ai_addr, found->ai_addrlen) < 0)
                lab_fail("relay: unable to reach %s", host_port);
        freeaddrinfo(found);
        return fd;
}

/* The relay of this client; the oldest gives way to a new one. */
static struct relay *relay_of(struct carrier *c, const struct sockaddr_storage *client, socklen_t size) {
        for (size_t i = 0; i < c->n_relays && i < CARRIER_RELAYS_MAX; i++)
                if (c->relays[i].client_size == size && memcmp(&c->relays[i].client, client, size) == 0)
                        return &c->relays[i];
        struct relay *relay = &c->relays[c->n_relays++ % CARRIER_RELAYS_MAX];
        int fd = connect_to(c->spec->relay);
        if (relay->client_size > 0) {
                /* Keep the number, so that a datagram already on its way never leaves through a foreign descriptor. */
                loop_unwatch(c->lab->loop, relay->fd);
                if (dup3(fd, relay->fd, O_CLOEXEC) < 0)
                        lab_fail("relay: unable to replace a client");
                (void)close(fd);
                fd = relay->fd;
        }
        *relay = (struct relay){.carrier = c, .client_size = size, .fd = fd};
        memcpy(&relay->client, client, size);
        loop_watch(c->lab->loop, fd, relay_back, relay);
        return relay;
}

/* -- sockets ---------------------------------------------------------------------------------------------------------- */

static void readable(void *user) {
        struct carrier *c = user;
        for (;;) {
                char bytes[DATAGRAM_MAX];
                struct sockaddr_storage source = {0};
                socklen_t size = sizeof source;
                ssize_t n = recvfrom(c->fd, bytes, sizeof bytes, 0, (struct sockaddr *)&source, &size);
                if (n < 0 && errno == EAGAIN)
                        return;
                if (n <= 0) /* an ICMP error of something we sent, or an empty keep-alive */
                        continue;
                if (!c->spec->relay)
                        handle(c, bytes, (size_t)n, &source, size);
                else {
                        c->requests++;
                        send_later(c, relay_of(c, &source, size)->fd, bytes, (size_t)n, (uint64_t)c->spec->latency_usec / 2, NULL, 0);
                }
        }
}

/* A socket connected elsewhere keeps its port and is deaf to everybody else: they get "port unreachable". */
static void make_deaf(struct carrier *c) {
        struct sockaddr_in discard = {.sin_family = AF_INET, .sin_port = htons(DISCARD_PORT), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        struct sockaddr_in6 discard6 = {.sin6_family = AF_INET6, .sin6_port = htons(DISCARD_PORT), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
        int r = c->spec->v6 ? connect(c->fd, (struct sockaddr *)&discard6, sizeof discard6)
                            : connect(c->fd, (struct sockaddr *)&discard, sizeof discard);
        if (r < 0)
                lab_fail("unable to close the port of a carrier");
        c->closed = true;
}

static void open_socket(struct carrier *c) {
        c->fd = lab_udp_socket(c->spec->v6, c->port, &c->port);
        loop_watch(c->lab->loop, c->fd, readable, c);
        c->closed = false;
}

static char *slug(const char *prefix, const char *name) {
        char *text = lab_text("%s%s", prefix, name);
        for (char *p = text; *p; p++)
                if (*p >= 'A' && *p <= 'Z')
                        *p = (char)(*p - 'A' + 'a');
                else if (!((*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9')))
                        *p = *p == '_' ? '_' : '-';
        return text;
}

static void carrier_open(struct carrier *c) {
        const struct trunk_spec *spec = c->spec;
        c->fd = -1;
        for (size_t i = 0; i < CARRIER_RELAYS_MAX; i++)
                c->relays[i].fd = -1;
        char *name = slug("", spec->name);
        c->user = spec->user ? lab_copy(spec->user) : lab_text("byoc_%s", name);
        c->domain = spec->domain ? lab_copy(spec->domain) : lab_text("sip.%s.lab.invalid", name);
        c->realm = spec->realm ? lab_copy(spec->realm) : lab_text("%s.lab.invalid", name);
        c->password = lab_alloc(1, 33);
        lab_random_hex(c->password, 16);
        lab_random_hex(c->wrong_password, 16);
        if (spec->password) {
                free(c->password);
                c->password = lab_copy(spec->password);
        }
        free(name);
        if (!spec->target)
                open_socket(c);
}

void carriers_open(struct lab *lab) {
        lab->n_carriers = lab->scenario->n_trunks;
        lab->carriers = lab_alloc(lab->n_carriers + 1, sizeof *lab->carriers);
        for (size_t i = 0; i < lab->n_carriers; i++) {
                lab->carriers[i] = (struct carrier){.lab = lab, .index = i, .spec = &lab->scenario->trunks[i]};
                carrier_open(&lab->carriers[i]);
        }
}

void carriers_begin_run(struct lab *lab) {
        for (size_t i = 0; i < lab->n_carriers; i++) {
                struct carrier *c = &lab->carriers[i];
                c->spec = &lab->scenario->trunks[i];
                c->requests = c->credentialed = c->refused = c->retransmissions = c->lost = c->stale_given = 0;
                bool closed = c->spec->answer == ANSWER_CLOSED;
                if (c->fd < 0 || closed == c->closed)
                        continue;
                if (closed)
                        make_deaf(c);
                else {
                        loop_unwatch(lab->loop, c->fd);
                        (void)close(c->fd);
                        open_socket(c);
                }
        }
}

void carriers_close(struct lab *lab) {
        for (size_t i = 0; i < lab->n_carriers; i++) {
                struct carrier *c = &lab->carriers[i];
                if (c->fd >= 0)
                        (void)close(c->fd);
                for (size_t k = 0; k < CARRIER_RELAYS_MAX; k++)
                        if (c->relays[k].fd >= 0)
                                (void)close(c->relays[k].fd);
                for (size_t k = 0; k < CARRIER_MEMORY; k++)
                        free(c->transactions[k].response);
                free(c->user);
                free(c->password);
                free(c->domain);
                free(c->realm);
        }
        free(lab->carriers);
        lab->carriers = NULL;
        lab->n_carriers = 0;
}

void carriers_report(const struct lab *lab) {
        char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);
        if (!f)
                lab_fail("unable to write the report");
        for (size_t i = 0; i < lab->n_carriers; i++) {
                const struct carrier *c = &lab->carriers[i];
                (void)fprintf(f, "%s\t%u\t%u\t%u\t%u\n", c->spec->name, c->requests, c->credentialed, c->refused, c->retransmissions);
        }
        if (fclose(f) != 0)
                lab_fail("unable to write the report");
        lab_write_file(lab, "carriers.tsv", 0644, text, size);
        free(text);
}

char *carrier_proxy(const struct carrier *c) {
        if (c->spec->target)
                return lab_copy(c->spec->target);
        return c->spec->v6 ? lab_text("[::1]:%u", c->port) : lab_text("127.0.0.1:%u", c->port);
}
