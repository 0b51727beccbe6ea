/* transport.c: flows over the UDP sockets and over connections of their own. A branch holds the number of its flow, so a response is given
 * to it without a search; 64 random bits behind it keep strangers from guessing. */
#include "transport.h"

#include <arpa/inet.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <sys/random.h>
#include <unistd.h>

#include "datagram.h"

#define BATCH 16           /* datagrams read by one system call */
#define DATAGRAM_MAX 16384 /* bytes; a longer one is cut, and then shorter than its Content-Length */
#define BRANCH_PREFIX "z9hG4bK"
#define BRANCH_DIGITS 24                   /* 8 of the flow's number, 16 random */
#define TURNS_PER_WAKE_UP 8                /* batches read before other sources get their turn */
#define SENT_BY_MAX (INET6_ADDRSTRLEN + 9) /* "[2001:db8::1]:5060" */
#define ACCURACY_USEC USEC_PER_MSEC

/* Our own address towards a host, remembered for a moment: many trunks share a carrier, and asking the kernel takes four calls. */
#define ROUTES_MAX 64
#define ROUTE_USEC (5 * USEC_PER_SEC) /* routes change */

struct remembered {
        struct in6_addr host;      /* an IPv4 address as IPv4-mapped */
        uint64_t until_usec;       /* CLOCK_MONOTONIC */
        char sent_by[SENT_BY_MAX]; /* with the socket's port */
};

struct transport {
        sd_event *event;
        struct remembered *routes; /* ROUTES_MAX, by hash of the host */
        unsigned char pool[256];   /* random; what is given out is wiped */
        size_t pool_left;
        struct datagram_socket *v4, *v6; /* NULL = this host has no such family */
        sd_event_source *io4, *io6;
        sd_event_source *flush; /* on while a datagram waits, or a flow's error to be told */
        /* One timer for all flows. It is seldom moved: most transactions end long before their time, and the few that do not are found by
         * looking at each. */
        sd_event_source *timer;
        uint64_t armed_usec; /* FLOW_NEVER = off; not later than any flow's */
        struct flow **flows; /* by number; NULL = free */
        size_t n_flows;
        char *buffers; /* BATCH × DATAGRAM_MAX */
};

struct flow {
        struct transport *transport;
        struct datagram_socket *socket;
        uint32_t number;
        char branch[TRANSPORT_BRANCH_MAX];
        struct sockaddr_storage peer;
        socklen_t peer_length;
        char sent_by[SENT_BY_MAX];
        struct stream *stream; /* NULL = UDP */
        bool over;
        int send_error;    /* errno value that is not told yet */
        uint64_t due_usec; /* FLOW_NEVER = not */
        flow_message_fn *on_message;
        flow_end_fn *on_end;
        flow_due_fn *on_due;
        void *user;
};

/* -- which flow ------------------------------------------------------------------------------------------------------- */

static bool read_hex(const char *p, size_t n, uint64_t *ret) {
        *ret = 0;
        for (size_t i = 0; i < n; i++) {
                int digit = p[i] >= '0' && p[i] <= '9' ? p[i] - '0' : p[i] >= 'a' && p[i] <= 'f' ? p[i] - 'a' + 10 : -1;
                if (digit < 0)
                        return false;
                *ret = *ret << 4 | (uint64_t)digit;
        }
        return true;
}

/* The flow whose branch is the first in the message: the top Via's. *ret_foreign: there is a branch, and it is nobody's. */
static struct flow *flow_by_branch(const struct transport *t, struct span message, bool *ret_foreign) {
        const char *at = memmem(message.p, message.n, BRANCH_PREFIX, sizeof BRANCH_PREFIX - 1);
        *ret_foreign = at != NULL;
        if (!at)
                return NULL;
        const char *digits = at + sizeof BRANCH_PREFIX - 1;
        uint64_t number;
        if ((size_t)(message.p + message.n - digits) < BRANCH_DIGITS || !read_hex(digits, 8, &number) || number >= t->n_flows)
                return NULL;
        struct flow *f = t->flows[number];
        if (!f || strncmp(f->branch, at, strlen(f->branch)) != 0 || f->branch[0] == '\0')
                return NULL;
        *ret_foreign = false;
        return f;
}

static bool same_address(const struct flow *f, const struct sockaddr_storage *a) {
        if (f->peer.ss_family != a->ss_family)
                return false;
        if (a->ss_family == AF_INET) {
                const struct sockaddr_in *x = (const struct sockaddr_in *)&f->peer, *y = (const struct sockaddr_in *)a;
                return x->sin_port == y->sin_port && x->sin_addr.s_addr == y->sin_addr.s_addr;
        }
        const struct sockaddr_in6 *x = (const struct sockaddr_in6 *)&f->peer, *y = (const struct sockaddr_in6 *)a;
        return x->sin6_port == y->sin6_port && memcmp(&x->sin6_addr, &y->sin6_addr, sizeof x->sin6_addr) == 0;
}

static bool is_waiting_for(const struct flow *f, const struct sockaddr_storage *from) {
        return f && !f->stream && f->branch[0] && same_address(f, from);
}

static void take_message(struct transport *t, struct span message, const struct sockaddr_storage *from) {
        bool foreign;
        struct flow *f = flow_by_branch(t, message, &foreign);
        if (f && !f->stream) {
                f->on_message(f, message, f->user);
                return;
        }
        if (foreign || f)
                return; /* late, duplicate or somebody else's */
        /* No branch at all: for the first flow that waits for something from there, which can tell what is wrong with it. */
        for (size_t i = 0; i < t->n_flows; i++)
                if (is_waiting_for(t->flows[i], from)) {
                        t->flows[i]->on_message(t->flows[i], message, t->flows[i]->user);
                        return;
                }
}

/* -- reading ------------------------------------------------------------------------------------------------------------ */

/* ICMP: nothing listens there, or there is no way. */
static void tell_error(struct flow *f, int error) {
        f->on_end(f, error == ECONNREFUSED ? STREAM_REFUSED : STREAM_UNREACHABLE, error, strerror(error), f->user);
}

static void take_error(struct transport *t, struct span packet, const struct sockaddr_storage *to, int error) {
        bool foreign;
        struct flow *f = flow_by_branch(t, packet, &foreign);
        if (f) {
                tell_error(f, error);
                return;
        }
        /* Some ICMP messages quote too little of the packet: then everybody who waits for that address is told. */
        for (size_t i = 0; !foreign && i < t->n_flows; i++)
                if (is_waiting_for(t->flows[i], to))
                        tell_error(t->flows[i], error);
}

/* ICMP errors (IP_RECVERR): the address is the one we sent to, the payload what we sent. Returns false when there is none. */
static bool read_error(struct transport *t, int fd) {
        struct sockaddr_storage to = {0};
        char control[512];
        struct iovec iov = {t->buffers, DATAGRAM_MAX};
        struct msghdr m = {.msg_name = &to,
                           .msg_namelen = sizeof to,
                           .msg_iov = &iov,
                           .msg_iovlen = 1,
                           .msg_control = control,
                           .msg_controllen = sizeof control};
        ssize_t n = recvmsg(fd, &m, MSG_ERRQUEUE | MSG_DONTWAIT);
        if (n < 0)
                return false;
        for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
                bool v4 = c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR;
                bool v6 = c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR;
                if (!v4 && !v6)
                        continue;
                struct sock_extended_err e;
                memcpy(&e, CMSG_DATA(c), sizeof e);
                if (e.ee_origin == SO_EE_ORIGIN_ICMP || e.ee_origin == SO_EE_ORIGIN_ICMP6 || e.ee_origin == SO_EE_ORIGIN_LOCAL)
                        take_error(t, (struct span){t->buffers, (size_t)n}, &to, (int)e.ee_errno);
        }
        return true;
}

/* Returns how many datagrams were read, or -errno. */
static int read_batch(struct transport *t, int fd) {
        struct sockaddr_storage from[BATCH];
        struct iovec iov[BATCH];
        struct mmsghdr m[BATCH];
        for (size_t i = 0; i < BATCH; i++) {
                iov[i] = (struct iovec){t->buffers + i * DATAGRAM_MAX, DATAGRAM_MAX};
                m[i] = (struct mmsghdr){
                        .msg_hdr = {.msg_name = &from[i], .msg_namelen = sizeof from[i], .msg_iov = &iov[i], .msg_iovlen = 1}};
        }
        int n = recvmmsg(fd, m, BATCH, MSG_DONTWAIT, NULL);
        if (n < 0)
                return -errno;
        for (int i = 0; i < n; i++)
                take_message(t, (struct span){t->buffers + (size_t)i * DATAGRAM_MAX, m[i].msg_len}, &from[i]);
        return n;
}

static int on_socket(sd_event_source *source, int fd, uint32_t events, void *user) {
        struct transport *t = user;
        (void)source;
        if (events & EPOLLERR)
                while (read_error(t, fd))
                        continue;
        for (int i = 0; i < TURNS_PER_WAKE_UP; i++)
                if (read_batch(t, fd) < BATCH)
                        break;
        return 0;
}

/* -- sending ------------------------------------------------------------------------------------------------------------ */

static int on_flush(sd_event_source *source, void *user) {
        struct transport *t = user;
        (void)source;
        bool failed4 = datagram_flush(t->v4), failed6 = datagram_flush(t->v6);
        for (size_t i = 0; (failed4 || failed6) && i < t->n_flows; i++) {
                struct flow *f = t->flows[i];
                int error = f ? f->send_error : 0;
                if (error == 0)
                        continue;
                f->send_error = 0;
                tell_error(f, error);
        }
        return 0;
}

/* -- timers -------------------------------------------------------------------------------------------------------------- */

static int arm(struct transport *t, uint64_t usec) {
        if (usec >= t->armed_usec)
                return 0;
        int r = sd_event_source_set_time(t->timer, usec);
        if (r >= 0)
                r = sd_event_source_set_enabled(t->timer, SD_EVENT_ONESHOT);
        if (r >= 0)
                t->armed_usec = usec;
        return r;
}

int flow_wake_at(struct flow *f, uint64_t usec) {
        f->due_usec = usec;
        return arm(f->transport, usec);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *user) {
        struct transport *t = user;
        uint64_t now = usec, next = FLOW_NEVER;
        (void)source;
        (void)sd_event_now(t->event, CLOCK_MONOTONIC, &now);
        t->armed_usec = FLOW_NEVER;
        for (size_t i = 0; i < t->n_flows; i++) {
                struct flow *f = t->flows[i];
                if (f && f->due_usec <= now) {
                        f->due_usec = FLOW_NEVER;
                        f->on_due(f, f->user);
                } else if (f && f->due_usec < next) {
                        next = f->due_usec;
                }
        }
        return arm(t, next);
}

/* -- life ---------------------------------------------------------------------------------------------------------------- */

static int open_socket(struct transport *t, int family, struct datagram_socket **ret, sd_event_source **ret_io) {
        int r = datagram_new(ret, family);
        if (r == -EAFNOSUPPORT)
                return 0;
        if (r >= 0)
                r = sd_event_add_io(t->event, ret_io, datagram_fd(*ret), EPOLLIN, on_socket, t);
        if (r >= 0)
                (void)sd_event_source_set_description(*ret_io, family == AF_INET ? "sip-udp4" : "sip-udp6");
        return r;
}

int transport_new(struct transport **ret, sd_event *event) {
        _cleanup_(transport_freep) struct transport *t = calloc(1, sizeof *t);
        if (!t)
                return -ENOMEM;
        t->event = sd_event_ref(event);
        t->buffers = malloc((size_t)BATCH * DATAGRAM_MAX);
        t->routes = calloc(ROUTES_MAX, sizeof *t->routes);
        if (!t->buffers || !t->routes)
                return -ENOMEM;
        int r = sd_event_add_defer(event, &t->flush, on_flush, t);
        if (r >= 0)
                r = sd_event_source_set_enabled(t->flush, SD_EVENT_OFF);
        if (r < 0)
                return r;
        (void)sd_event_source_set_description(t->flush, "sip-flush");
        t->armed_usec = FLOW_NEVER;
        r = sd_event_add_time(event, &t->timer, CLOCK_MONOTONIC, FLOW_NEVER, ACCURACY_USEC, on_timer, t);
        if (r < 0)
                return r;
        (void)sd_event_source_set_description(t->timer, "sip-transactions");
        r = open_socket(t, AF_INET, &t->v4, &t->io4);
        if (r >= 0)
                r = open_socket(t, AF_INET6, &t->v6, &t->io6);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(t);
        return 0;
}

struct transport *transport_free(struct transport *t) {
        if (t) {
                sd_event_source_disable_unref(t->io4);
                sd_event_source_disable_unref(t->io6);
                (void)datagram_free(t->v4);
                (void)datagram_free(t->v6);
                sd_event_source_disable_unref(t->flush);
                sd_event_source_disable_unref(t->timer);
                sd_event_unref(t->event);
                free(t->flows);
                free(t->buffers);
                free(t->routes);
                free(t);
        }
        return NULL;
}

static int take_number(struct transport *t, struct flow *f) {
        size_t i = 0;
        while (i < t->n_flows && t->flows[i])
                i++;
        if (i == t->n_flows) {
                size_t n = t->n_flows ? 2 * t->n_flows : 64;
                struct flow **grown = reallocarray(t->flows, n, sizeof *grown);
                if (!grown)
                        return -ENOMEM;
                memset(grown + t->n_flows, 0, (n - t->n_flows) * sizeof *grown);
                t->flows = grown;
                t->n_flows = n;
        }
        t->flows[i] = f;
        f->number = (uint32_t)i;
        return 0;
}

static void write_address(const struct sockaddr_storage *a, uint16_t port, char *buffer, size_t size) {
        char digits[5][NUMBER_DIGITS];
        const struct span colon = SPAN(":"), dot = SPAN("."), number = span_of_number(port, digits[4]);
        size_t at = 0;
        buffer[0] = '\0';
        if (a->ss_family == AF_INET) {
                unsigned char o[4];
                memcpy(o, &((const struct sockaddr_in *)a)->sin_addr, sizeof o);
                const struct span pieces[] = {span_of_number(o[0], digits[0]),
                                              dot,
                                              span_of_number(o[1], digits[1]),
                                              dot,
                                              span_of_number(o[2], digits[2]),
                                              dot,
                                              span_of_number(o[3], digits[3]),
                                              colon,
                                              number};
                (void)span_append(buffer, size, &at, pieces, ELEMENTS(pieces));
        } else if (a->ss_family == AF_INET6) {
                char host[INET6_ADDRSTRLEN] = "";
                (void)inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)a)->sin6_addr, host, sizeof host);
                const struct span pieces[] = {SPAN("["), span_of(host), SPAN("]"), colon, number};
                (void)span_append(buffer, size, &at, pieces, ELEMENTS(pieces));
        }
}

static uint16_t port_of(const struct sockaddr_storage *a) {
        return ntohs(a->ss_family == AF_INET ? ((const struct sockaddr_in *)a)->sin_port : ((const struct sockaddr_in6 *)a)->sin6_port);
}

void transport_address_text(const struct sockaddr_storage *a, char *buffer, size_t size) {
        write_address(a, port_of(a), buffer, size);
}

/* -- flows --------------------------------------------------------------------------------------------------------------- */

/* Asks the routing table, by a connected socket that sends nothing, which address we have towards the peer. */
static int find_datagram_address(const struct flow *f, struct sockaddr_storage *ret) {
        int fd = socket(f->peer.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return -errno;
        socklen_t length = sizeof *ret;
        int r = connect(fd, (const struct sockaddr *)&f->peer, f->peer_length);
        if (r == 0)
                r = getsockname(fd, (struct sockaddr *)ret, &length);
        r = r < 0 ? -errno : 0;
        (void)close(fd);
        return r;
}

static struct in6_addr host_of(const struct sockaddr_storage *a) {
        if (a->ss_family == AF_INET6)
                return ((const struct sockaddr_in6 *)a)->sin6_addr;
        struct in6_addr mapped = {.s6_addr = {[10] = 0xFF, [11] = 0xFF}};
        memcpy(&mapped.s6_addr[12], &((const struct sockaddr_in *)a)->sin_addr, sizeof(struct in_addr));
        return mapped;
}

static int find_own_address(struct flow *f) {
        struct in6_addr host = host_of(&f->peer);
        uint64_t now = 0;
        size_t slot = 0;
        for (size_t i = 0; i < sizeof host.s6_addr; i++)
                slot = slot * 31 + host.s6_addr[i];
        struct remembered *r = &f->transport->routes[slot % ROUTES_MAX];
        (void)sd_event_now(f->transport->event, CLOCK_MONOTONIC, &now);
        if (r->until_usec <= now || memcmp(&r->host, &host, sizeof host) != 0) {
                struct sockaddr_storage ours;
                int error = find_datagram_address(f, &ours);
                if (error < 0)
                        return error;
                *r = (struct remembered){.host = host, .until_usec = now + ROUTE_USEC};
                write_address(&ours, datagram_port(f->socket), r->sent_by, sizeof r->sent_by);
        }
        memcpy(f->sent_by, r->sent_by, sizeof f->sent_by);
        return 0;
}

static int write_addresses(struct flow *f) {
        struct sockaddr_storage ours;
        if (!f->stream || !stream_local(f->stream, &ours))
                return find_own_address(f);
        write_address(&ours, port_of(&ours), f->sent_by, sizeof f->sent_by);
        return 0;
}

/* A stream may carry responses of an older request of this flow, too: only the current branch counts. */
static void on_stream_message(struct stream *stream, struct span message, void *user) {
        struct flow *f = user;
        bool foreign;
        (void)stream;
        struct flow *named = flow_by_branch(f->transport, message, &foreign);
        if (named == f || (!named && !foreign))
                f->on_message(f, message, f->user);
}

static void on_stream_end(struct stream *stream, enum stream_end end, int error, const char *text, void *user) {
        struct flow *f = user;
        (void)stream;
        f->over = true;
        f->on_end(f, end, error, text, f->user);
}

static int open_stream(struct flow *f, const struct flow_request *request) {
        const struct stream_request s = {
                .address = request->address,
                .length = request->length,
                .tls = request->transport == TARGET_TLS ? request->tls : NULL,
                .server_name = request->server_name,
                .names = request->names,
        };
        if (request->transport == TARGET_TLS && !request->tls)
                return -EINVAL;
        return stream_open(&f->stream, f->transport->event, &s, on_stream_message, on_stream_end, f);
}

int flow_open(struct flow **ret, struct transport *t, const struct flow_request *request, flow_message_fn *on_message, flow_end_fn *on_end,
              flow_due_fn *on_due, void *user) {
        sa_family_t family = request->address->sa_family;
        struct datagram_socket *s = family == AF_INET ? t->v4 : family == AF_INET6 ? t->v6 : NULL;
        if (!s)
                return -EAFNOSUPPORT;
        if (request->length > sizeof(struct sockaddr_storage))
                return -EINVAL;
        struct flow *made = calloc(1, sizeof *made);
        if (!made)
                return -ENOMEM;
        *made = (struct flow){.transport = t,
                              .socket = s,
                              .due_usec = FLOW_NEVER,
                              .on_message = on_message,
                              .on_end = on_end,
                              .on_due = on_due,
                              .user = user};
        memcpy(&made->peer, request->address, request->length);
        made->peer_length = request->length;
        int r = take_number(t, made);
        if (r < 0) {
                free(made);
                return r;
        }
        _cleanup_(flow_freep) struct flow *f = made;
        if (request->transport != TARGET_UDP)
                r = open_stream(f, request);
        if (r >= 0)
                r = write_addresses(f);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(f);
        return 0;
}

struct flow *flow_free(struct flow *f) {
        if (f) {
                datagram_forget(f->socket, &f->send_error);
                (void)stream_free(f->stream);
                f->transport->flows[f->number] = NULL;
                free(f);
        }
        return NULL;
}

bool flow_is_reliable(const struct flow *f) {
        return f->stream != NULL;
}

bool flow_is_over(const struct flow *f) {
        return f->over;
}

const struct tls_facts *flow_tls_facts(const struct flow *f) {
        return f->stream ? stream_facts(f->stream) : NULL;
}

const char *flow_sent_by(const struct flow *f) {
        return f->sent_by;
}

int transport_random(struct transport *t, void *bytes, size_t n) {
        unsigned char *to = bytes;
        for (size_t i = 0; i < n; i++) {
                if (t->pool_left == 0) {
                        if (getrandom(t->pool, sizeof t->pool, 0) != (ssize_t)sizeof t->pool)
                                return -EIO;
                        t->pool_left = sizeof t->pool;
                }
                to[i] = t->pool[--t->pool_left];
                t->pool[t->pool_left] = 0;
        }
        return 0;
}

const char *flow_branch(const struct flow *f) {
        return f->branch;
}

int flow_new_branch(struct flow *f, char ret[static TRANSPORT_BRANCH_MAX]) {
        unsigned char bytes[BRANCH_DIGITS / 2];
        const uint32_t number = htonl(f->number);
        int r = transport_random(f->transport, bytes + sizeof number, sizeof bytes - sizeof number);
        if (r < 0)
                return r;
        memcpy(bytes, &number, sizeof number);
        memcpy(f->branch, BRANCH_PREFIX, sizeof BRANCH_PREFIX - 1);
        hex_write(f->branch + sizeof BRANCH_PREFIX - 1, bytes, sizeof bytes);
        memcpy(ret, f->branch, sizeof f->branch);
        return 0;
}

int flow_send(struct flow *f, struct span message) {
        if (f->stream)
                return stream_send(f->stream, message);
        int r = datagram_queue(f->socket, message, (struct sockaddr *)&f->peer, f->peer_length, &f->send_error);
        return r < 0 ? r : sd_event_source_set_enabled(f->transport->flush, SD_EVENT_ONESHOT);
}
