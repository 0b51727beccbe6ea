/* lab_carrier.c: the carriers: server transactions matched by branch (RFC 3261 section 17.2.3), latency, loss, relays, UDP sockets. */
#include "lab_carrier.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define DATAGRAM_MAX 65535
#define OWN_HOSTS UINT32_C(0x7F010000)    /* 127.1.0.0: one for each carrier */
#define SHARED_HOSTS UINT32_C(0x7F020000) /* 127.2.0.0: host=N */
#define DATAGRAM_REQUEST_MAX 1300
#define DISCARD_PORT 9
#define HUGE_LINE 256 /* bytes of one header */
#define HUGE_HEADERS (300 * HUGE_LINE)

/* Whether loss takes the next datagram: splitmix64, so that it is the same ones in each run. */
static bool loses(struct carrier *c) {
        uint64_t z = c->dice += UINT64_C(0x9e3779b97f4a7c15);
        z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
        return (z ^ (z >> 31)) % 100 < c->spec->loss;
}

/* Bytes on their way. */
struct delayed {
        struct carrier *carrier;
        int fd;           /* of a relay; -1 = the carrier's own */
        struct source to; /* size 0 = the socket is connected */
        enum stream_end end;
        size_t n;
        unsigned copies;
        char bytes[];
};

static void deliver(void *user) {
        struct delayed *d = user;
        int fd = d->fd >= 0 ? d->fd : d->carrier->fd;
        for (unsigned i = 0; i < d->copies; i++)
                if (d->to.connection > 0)
                        stream_send(d->carrier, d->to.connection, d->bytes, d->n, i + 1 == d->copies ? d->end : STREAM_STAYS);
                else if (d->fd >= 0 || !loses(d->carrier)) /* UDP may lose it */
                        (void)sendto(fd, d->bytes, d->n, 0, d->to.size > 0 ? (struct sockaddr *)&d->to.address : NULL, d->to.size);
        free(d);
}

static void send_later(struct carrier *c, int fd, const char *bytes, size_t n, uint64_t delay_usec, const struct source *to,
                       enum stream_end end) {
        struct delayed *d = lab_alloc(1, sizeof *d + n);
        *d = (struct delayed){.carrier = c, .fd = fd, .end = end, .n = n, .copies = c->spec->duplicate ? 2 : 1};
        if (to)
                d->to = *to;
        memcpy(d->bytes, bytes, n);
        if (delay_usec == 0)
                deliver(d);
        else
                loop_after(c->lab->loop, delay_usec, deliver, free, d);
}

/* -- transactions ------------------------------------------------------------------------------------------------------- */

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

static char *joined(char *a, char *b) {
        char *text = lab_text("%s%s", a, b);
        free(a);
        free(b);
        return text;
}

/* Adds headers until the message is longer than any that a client must read. */
static char *enlarge(char *extra) {
        char *filler = lab_alloc(1, HUGE_HEADERS + 1);
        for (size_t n = 0; n + HUGE_LINE <= HUGE_HEADERS; n += HUGE_LINE)
                (void)snprintf(filler + n, HUGE_LINE + 1, "X-Filler: %0*d\r\n", HUGE_LINE - 12, 0);
        return joined(extra ? extra : lab_copy(""), filler);
}

/* RFC 3261 section 20.17, or in a zone that it does not allow. */
static char *add_date(const struct trunk_spec *spec, char *extra) {
        char date[64];
        struct tm tm;
        time_t now = time(NULL) + (time_t)(spec->date_clock_usec / (int64_t)USEC_PER_SEC);
        (void)strftime(date, sizeof date, "Date: %a, %d %b %Y %H:%M:%S ", gmtime_r(&now, &tm));
        return joined(extra ? extra : lab_copy(""), lab_text("%s%s\r\n", date, spec->date == DATE_EST ? "EST" : "GMT"));
}

/* The response as this carrier frames it. Takes ownership of extra. */
static char *frame_response(const struct carrier *c, const struct lab_request *r, unsigned status, char *extra,
                            const struct source *source) {
        char tag[17];
        struct lab_oddity odd = {0};
        if (c->spec->wrong_branch)
                odd.branch = "z9hG4bK-of-somebody-else";
        if (c->spec->frame == FRAME_NO_LENGTH)
                odd.length = "";
        if (c->spec->frame == FRAME_BAD_LENGTH)
                odd.length = "-1";
        if (c->spec->frame == FRAME_HUGE)
                extra = enlarge(extra);
        if (c->spec->date != DATE_NONE)
                extra = add_date(c->spec, extra);
        lab_random_hex(tag, 8);
        char *text = c->spec->frame == FRAME_GARBAGE ? lab_copy("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
                                                     : lab_response_write(r, status, tag, extra, &source->address, &odd);
        free(extra);
        if (c->spec->frame == FRAME_EXTRA_CRLF)
                text = joined(lab_copy("\r\n\r\n\r\n"), text);
        if (c->spec->frame == FRAME_TRUNCATED)
                text[strlen(text) / 2] = '\0';
        return text;
}

/* What a NAT does that gives the next packet another port. */
static void move(struct sockaddr_storage *a) {
        in_port_t *port = a->ss_family == AF_INET6 ? &((struct sockaddr_in6 *)a)->sin6_port : &((struct sockaddr_in *)a)->sin_port;
        *port = htons((uint16_t)(ntohs(*port) ^ 1));
}

static void respond(struct carrier *c, const struct lab_request *r, struct transaction *t, const struct source *source) {
        const struct trunk_spec *spec = c->spec;
        free(t->response);
        t->response = NULL;
        bool answered = lab_header(r, "Authorization", 0) || lab_header(r, "Proxy-Authorization", 0);
        struct reply reply = registrar_decide(c, r, source);
        t->decided = true;
        struct source seen = *source;
        if (reply.moved)
                move(&seen.address);
        if (spec->reset == (answered ? RESET_ANSWER : RESET_CHALLENGE)) {
                stream_send(c, source->connection, "", 0, STREAM_RST);
                free(reply.extra);
                return;
        }
        if (reply.status == 0)
                return;
        bool over = spec->frame == FRAME_TRUNCATED || (spec->reset == RESET_IDLE_CLOSE && !answered);
        char *trying = lab_response_write(r, 100, "", NULL, &source->address, &(struct lab_oddity){0});
        t->response = frame_response(c, r, reply.status, reply.extra, &seen);
        if (spec->frame == FRAME_MERGED) {
                t->response = joined(trying, t->response);
                trying = NULL;
        } else if (spec->provisional)
                send_later(c, -1, trying, strlen(trying), 0, source, STREAM_STAYS);
        free(trying);
        size_t n = strlen(t->response);
        if (answered && c->unheard < spec->unheard) {
                c->unheard++;
                return;
        }
        send_later(c, -1, t->response, n, (uint64_t)spec->latency_usec, source, over ? STREAM_FIN : STREAM_STAYS);
        if (spec->late_usec > 0)
                send_later(c, -1, t->response, n, (uint64_t)(spec->latency_usec + spec->late_usec), source, STREAM_STAYS);
}

void carrier_handle(struct carrier *c, const char *bytes, size_t n, const struct source *source) {
        static const char garbage[] = "\x16\x03\x01 not SIP\r\n\r\n";
        struct lab_request r;
        const char *why = lab_request_read(&r, bytes, n);
        if (why) {
                lab_violation(c->lab, c->spec->name, "unreadable request: %s", why);
                return;
        }
        if (source->connection == 0 && n > DATAGRAM_REQUEST_MAX)
                lab_violation(c->lab, c->spec->name, "a request of %zu bytes in a datagram (RFC 3261 section 18.1.1)", n);
        struct transaction *t = find_transaction(c, &r);
        c->is_repeated = t != NULL;
        if (t) {
                c->retransmissions++;
                if (source->connection > 0)
                        lab_violation(c->lab, c->spec->name, "a retransmission over a connection (RFC 3261 section 17.1.2.2)");
        } else {
                c->requests++;
                t = add_transaction(c, &r);
        }
        uint64_t latency_usec = (uint64_t)c->spec->latency_usec;
        if (c->lost < c->spec->lose)
                c->lost++;
        else if (c->spec->answer == ANSWER_GARBAGE)
                send_later(c, -1, garbage, sizeof garbage - 1, latency_usec, source, STREAM_STAYS);
        else if (t->response && !c->spec->stateless)
                send_later(c, -1, t->response, strlen(t->response), latency_usec, source, STREAM_STAYS);
        else if (c->spec->answer == ANSWER_OK && (!t->decided || c->spec->stateless))
                respond(c, &r, t, source);
        lab_request_clear(&r);
}

/* -- relay ------------------------------------------------------------------------------------------------------------ */

static void relay_back(void *user) {
        struct relay *relay = user;
        struct carrier *c = relay->carrier;
        char bytes[DATAGRAM_MAX];
        ssize_t n = recv(relay->fd, bytes, sizeof bytes, 0);
        struct source client = {.address = relay->client, .size = relay->client_size};
        if (n > 0)
                send_later(c, -1, bytes, (size_t)n, (uint64_t)c->spec->latency_usec / 2, &client, STREAM_STAYS);
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
                struct source source = {.size = sizeof source.address};
                ssize_t n = recvfrom(c->fd, bytes, sizeof bytes, 0, (struct sockaddr *)&source.address, &source.size);
                if (n < 0 && errno == EAGAIN)
                        return;
                if (n <= 0) /* an ICMP error of something we sent, or an empty keep-alive */
                        continue;
                if (loses(c))
                        c->unseen++;
                else if (!c->spec->relay)
                        carrier_handle(c, bytes, (size_t)n, &source);
                else {
                        int fd = relay_of(c, &source.address, source.size)->fd;
                        c->requests++;
                        send_later(c, fd, bytes, (size_t)n, (uint64_t)c->spec->latency_usec / 2, NULL, STREAM_STAYS);
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
}

uint32_t carrier_host(const struct carrier *c) {
        if (c->spec->v6)
                return 0;
        return c->spec->host > 0 ? SHARED_HOSTS + c->spec->host : OWN_HOSTS + (uint32_t)(c - c->lab->carriers) + 1;
}

static void open_socket(struct carrier *c, bool closed) {
        c->transport = c->spec->transport;
        c->closed = closed;
        if (c->transport == OVER_UDP && c->spec->also_tcp && c->port == 0)
                c->port = lab_common_port(carrier_host(c));
        if (c->transport == OVER_UDP) {
                c->fd = lab_socket(SOCK_DGRAM, carrier_host(c), c->port, &c->port);
                loop_watch(c->lab->loop, c->fd, readable, c);
                if (closed)
                        make_deaf(c);
        }
        if (c->transport != OVER_UDP || c->spec->also_tcp)
                stream_open(c, closed);
}

static void close_socket(struct carrier *c) {
        if (c->listen_fd >= 0)
                stream_close(c);
        if (c->fd < 0)
                return;
        loop_unwatch(c->lab->loop, c->fd);
        (void)close(c->fd);
        c->fd = -1;
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

/* A copy, in Latin-1 when the carrier has it so; what is not UTF-8 of Latin-1 is left out. */
static char *account_text(const struct carrier *c, const char *text) {
        char *copy = lab_copy(text), *out = copy;
        if (!c->spec->latin1)
                return copy;
        for (const unsigned char *p = (const unsigned char *)copy; *p; p++)
                if (*p < 0x80)
                        *out++ = (char)*p;
                else if ((*p & 0xFC) == 0xC0 && (p[1] & 0xC0) == 0x80) {
                        *out++ = (char)(unsigned char)((*p & 3U) << 6 | (p[1] & 0x3FU));
                        p++;
                }
        *out = '\0';
        return copy;
}

static void carrier_open(struct carrier *c) {
        const struct trunk_spec *trunk = c->trunk;
        c->fd = c->listen_fd = -1;
        for (size_t i = 0; i < CARRIER_RELAYS_MAX; i++)
                c->relays[i].fd = -1;
        char *name = slug("", trunk->name);
        c->user = trunk->user ? lab_copy(trunk->user) : lab_text("byoc_%s", name);
        c->domain = trunk->domain ? lab_copy(trunk->domain) : lab_text("sip.%s.lab.invalid", name);
        c->trunk_realm = trunk->realm ? lab_copy(trunk->realm) : lab_text("%s.lab.invalid", name);
        c->realm = lab_copy(c->spec->realm ? c->spec->realm : c->trunk_realm);
        lab_random_hex(c->wrong_password, 16);
        free(name);
        if (c->place > 0) /* one account */
                c->password = lab_copy(c[-1].password);
        else if (trunk->password)
                c->password = lab_copy(trunk->password);
        else {
                c->password = lab_alloc(1, 33);
                lab_random_hex(c->password, 16);
        }
        c->account = account_text(c, trunk->account ? trunk->account : c->user);
        c->account_password = account_text(c, c->password);
        if (!c->spec->target)
                open_socket(c, false);
}

static const struct trunk_spec *spec_of(const struct trunk_spec *trunk, unsigned place) {
        return trunk->proxy ? &trunk->proxy[place] : trunk;
}

static size_t count_carriers(const struct scenario *s) {
        size_t n = 0;
        for (size_t i = 0; i < s->n_trunks; i++)
                n += s->trunks[i].proxies;
        return n;
}

void carriers_open(struct lab *lab) {
        const struct scenario *s = lab->scenario;
        lab->n_carriers = count_carriers(s);
        lab->carriers = lab_alloc(lab->n_carriers + 1, sizeof *lab->carriers);
        struct carrier *c = lab->carriers;
        for (size_t i = 0; i < s->n_trunks; i++)
                for (unsigned place = 0; place < s->trunks[i].proxies; place++, c++) {
                        *c = (struct carrier){
                                .lab = lab, .index = i, .place = place, .trunk = &s->trunks[i], .spec = spec_of(&s->trunks[i], place)};
                        carrier_open(c);
                }
}

void carriers_begin_run(struct lab *lab) {
        if (count_carriers(lab->scenario) != lab->n_carriers)
                lab_fail("the number of proxies holds for all phases");
        for (size_t i = 0; i < lab->n_carriers; i++) {
                struct carrier *c = &lab->carriers[i];
                c->trunk = &lab->scenario->trunks[c->index];
                c->spec = spec_of(c->trunk, c->place);
                c->base_read = false;
                c->requests = c->credentialed = c->refused = c->retransmissions = c->lost = c->stale_given = c->unseen = 0;
                c->unheard = c->challenges = c->failed = 0;
                c->dice = (uint64_t)c->spec->seed << 32 | i;
                bool closed = c->spec->answer == ANSWER_CLOSED;
                bool same = c->transport == c->spec->transport && c->transport != OVER_TLS; /* the certificate may be another one */
                if (c->spec->target || (same && closed == c->closed))
                        continue;
                close_socket(c);
                open_socket(c, closed);
        }
}

void carriers_close(struct lab *lab) {
        for (size_t i = 0; i < lab->n_carriers; i++) {
                struct carrier *c = &lab->carriers[i];
                close_socket(c);
                for (size_t k = 0; k < CARRIER_RELAYS_MAX; k++)
                        if (c->relays[k].fd >= 0)
                                (void)close(c->relays[k].fd);
                for (size_t k = 0; k < CARRIER_MEMORY; k++)
                        free(c->transactions[k].response);
                free(c->user);
                free(c->password);
                free(c->account);
                free(c->account_password);
                free(c->domain);
                free(c->realm);
                free(c->trunk_realm);
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
                (void)fprintf(f, "%s\t%u\t%u\t%u\t%u\t%u\n", c->spec->name, c->requests, c->credentialed, c->refused, c->retransmissions,
                              c->unseen);
        }
        if (fclose(f) != 0)
                lab_fail("unable to write the report");
        lab_write_file(lab, "carriers.tsv", 0644, text, size);
        free(text);
}

char *carrier_address(const struct carrier *c) {
        if (c->spec->target)
                return lab_copy(c->spec->target);
        uint32_t host = carrier_host(c);
        return host == 0 ? lab_text("[::1]:%u", c->port)
                         : lab_text("%u.%u.%u.%u:%u", host >> 24, host >> 16 & 255, host >> 8 & 255, host & 255, c->port);
}

char *carrier_proxies(const struct carrier *c) {
        char *list = lab_copy("[");
        for (unsigned place = 0; place < c->trunk->proxies; place++) {
                char *address = carrier_address(c + place);
                list = joined(list, lab_text("%s\"%s\"", place > 0 ? ", " : "", address));
                free(address);
        }
        return joined(list, lab_copy("]"));
}

const char *carrier_told_domain(const struct carrier *c) {
        return c->trunk->cfg_domain ? c->trunk->cfg_domain : c->domain;
}

const char *carrier_told_realm(const struct carrier *c) {
        const char *realm = c->trunk->cfg_realm;
        if (realm)
                return strcmp(realm, "none") == 0 ? NULL : realm;
        return c->trunk_realm;
}
