/* registrar.c: the peer of the bench. One thread answers REGISTER over UDP and TCP with constant work: without credentials a challenge,
 * with credentials a verdict after all hashes are computed again (nettle, not the product's code). Every nonce is made and checked by a
 * keyed hash, so nothing is remembered between requests. Prints its port; on SIGTERM what it counted. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <nettle/md5.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define REALM "bench.example"
#define PASSWORD "open-sesame"
#define NONCE_KEY "of one run of the bench"
#define HEX_SIZE (2 * MD5_DIGEST_SIZE)
#define NONCE_SIZE (16 + HEX_SIZE) /* a counter, and the keyed hash over it */
#define BATCH 64                   /* datagrams of one system call */
#define MESSAGE_MAX 2048           /* bytes of a request or response */
#define STREAM_MAX 16384           /* bytes of requests that wait in one connection */
#define DELAYED_MAX 65536          /* responses that wait for their time; more are dropped */
#define ADDRESSES_MAX 64
#define EVENTS 64

struct text {
        const char *p;
        size_t n;
};

enum kind { DATAGRAMS, LISTENER, STREAM, SIGNALS };

struct source {
        enum kind kind;
        int fd; /* -1: closed, and kept for the responses that wait */
        unsigned delayed;
        size_t n; /* bytes in buffer */
        char *buffer;
        struct source *next, **link; /* among all; link points to what points here */
};

struct delayed {
        uint64_t due_usec;
        struct source *to;
        struct sockaddr_in address;
        size_t n;
        char bytes[MESSAGE_MAX];
};

struct registrar {
        int epoll;
        bool echo, stop;
        uint64_t delay_usec;
        uint64_t connections, nonces, challenged, accepted, refused, malformed, dropped;
        struct delayed *delayed; /* a ring */
        size_t first, n_delayed;
        struct source *sources;
};

struct request {
        struct text uri, via, from, to, call_id, cseq, authorization;
};

/* -- texts ---------------------------------------------------------------------------------------------------------------- */

static struct text text_of(const char *s) {
        return (struct text){s, strlen(s)};
}

static bool same(struct text a, struct text b) {
        return a.n == b.n && memcmp(a.p, b.p, a.n) == 0;
}

struct out {
        char *p;
        size_t n, size;
};

static void add(struct out *o, struct text t) {
        if (t.n > o->size - o->n)
                t.n = o->size - o->n;
        if (t.n > 0)
                memcpy(o->p + o->n, t.p, t.n);
        o->n += t.n;
}

static void add_line(struct out *o, const char *name, struct text value) {
        add(o, text_of(name));
        add(o, value);
        add(o, text_of("\r\n"));
}

/* Value of NAME: when the line has that name. */
static bool header(struct text line, const char *name, struct text *ret) {
        size_t n = strlen(name);
        if (line.n <= n || line.p[n] != ':' || strncasecmp(line.p, name, n) != 0)
                return false;
        line.p += n + 1;
        line.n -= n + 1;
        while (line.n > 0 && *line.p == ' ') {
                line.p++;
                line.n--;
        }
        *ret = line;
        return true;
}

static bool read_request(struct request *r, struct text message) {
        const char *p = message.p, *end = p + message.n;
        *r = (struct request){0};
        while (p < end) {
                const char *lf = memchr(p, '\n', (size_t)(end - p));
                struct text line = {p, (size_t)((lf ? lf : end) - p)};
                p = lf ? lf + 1 : end;
                if (line.n > 0 && line.p[line.n - 1] == '\r')
                        line.n--;
                if (!r->uri.p) {
                        const char *last = memrchr(line.p, ' ', line.n);
                        if (line.n < 9 || memcmp(line.p, "REGISTER ", 9) != 0 || !last || last < line.p + 9)
                                return false;
                        r->uri = (struct text){line.p + 9, (size_t)(last - line.p - 9)};
                        continue;
                }
                (void)(header(line, "Via", &r->via) || header(line, "From", &r->from) || header(line, "To", &r->to) ||
                       header(line, "Call-ID", &r->call_id) || header(line, "CSeq", &r->cseq) ||
                       header(line, "Authorization", &r->authorization));
        }
        return r->via.p && r->from.p && r->to.p && r->call_id.p && r->cseq.p;
}

/* NAME=value or NAME="value" of a Digest header. */
static struct text parameter(struct text credentials, const char *name) {
        const char *p = credentials.p, *end = p + credentials.n;
        size_t length = strlen(name);
        p = memchr(p, ' ', credentials.n);
        while (p && p < end) {
                while (p < end && (*p == ' ' || *p == ','))
                        p++;
                const char *equals = memchr(p, '=', (size_t)(end - p));
                if (!equals || equals + 1 >= end)
                        break;
                bool quoted = equals[1] == '"';
                const char *value = equals + 1 + quoted, *stop = memchr(value, quoted ? '"' : ',', (size_t)(end - value));
                if (!stop)
                        stop = end;
                if ((size_t)(equals - p) == length && strncasecmp(p, name, length) == 0)
                        return (struct text){value, (size_t)(stop - value)};
                p = stop < end ? stop + 1 : end;
        }
        return (struct text){NULL, 0};
}

/* -- digest (RFC 2617, MD5, qop=auth) --------------------------------------------------------------------------------------- */

static struct text hash(const struct text *parts, size_t n, char ret[static HEX_SIZE]) {
        struct md5_ctx ctx;
        uint8_t bytes[MD5_DIGEST_SIZE];
        md5_init(&ctx);
        for (size_t i = 0; i < n; i++) {
                if (i > 0)
                        md5_update(&ctx, 1, (const uint8_t *)":");
                md5_update(&ctx, parts[i].n, (const uint8_t *)parts[i].p);
        }
        md5_digest(&ctx, sizeof bytes, bytes);
        for (size_t i = 0; i < sizeof bytes; i++) {
                ret[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
                ret[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
        }
        return (struct text){ret, HEX_SIZE};
}

static void seal(char nonce[static NONCE_SIZE]) {
        const struct text parts[] = {text_of(NONCE_KEY), {nonce, 16}};
        (void)hash(parts, 2, nonce + 16);
}

static void make_nonce(struct registrar *r, char nonce[static NONCE_SIZE + 1]) {
        (void)snprintf(nonce, NONCE_SIZE + 1, "%016llx", (unsigned long long)++r->nonces);
        seal(nonce);
        nonce[NONCE_SIZE] = '\0';
}

static bool is_right(const struct request *q) {
        struct text nonce = parameter(q->authorization, "nonce"), uri = parameter(q->authorization, "uri");
        struct text nc = parameter(q->authorization, "nc"), cnonce = parameter(q->authorization, "cnonce");
        char sealed[NONCE_SIZE], ha1[HEX_SIZE], ha2[HEX_SIZE], response[HEX_SIZE];
        if (nonce.n != NONCE_SIZE || !nc.p || !cnonce.p || !same(uri, q->uri))
                return false;
        memcpy(sealed, nonce.p, NONCE_SIZE);
        seal(sealed);
        const struct text a1[] = {parameter(q->authorization, "username"), text_of(REALM), text_of(PASSWORD)};
        const struct text a2[] = {text_of("REGISTER"), uri};
        const struct text all[] = {hash(a1, 3, ha1), nonce, nc, cnonce, text_of("auth"), hash(a2, 2, ha2)};
        return same(nonce, (struct text){sealed, NONCE_SIZE}) && same(parameter(q->authorization, "realm"), text_of(REALM)) &&
               same(parameter(q->authorization, "qop"), text_of("auth")) &&
               same(parameter(q->authorization, "response"), hash(all, 6, response));
}

/* -- the answer to one request ---------------------------------------------------------------------------------------------- */

static size_t respond(struct registrar *r, struct text message, char buffer[static MESSAGE_MAX]) {
        if (r->echo) {
                memcpy(buffer, message.p, message.n);
                return message.n;
        }
        struct request q;
        if (!read_request(&q, message)) {
                r->malformed++;
                return 0;
        }
        struct out o = {buffer, 0, MESSAGE_MAX};
        bool right = q.authorization.p && is_right(&q);
        (void)(!q.authorization.p ? r->challenged++ : right ? r->accepted++ : r->refused++);
        add(&o, text_of(!q.authorization.p ? "SIP/2.0 401 Unauthorized\r\n" : right ? "SIP/2.0 200 OK\r\n" : "SIP/2.0 403 Forbidden\r\n"));
        add_line(&o, "Via: ", q.via);
        add_line(&o, "From: ", q.from);
        add(&o, text_of("To: "));
        add(&o, q.to);
        add(&o, text_of(";tag=5b6c1f0a77\r\n"));
        add_line(&o, "Call-ID: ", q.call_id);
        add_line(&o, "CSeq: ", q.cseq);
        if (!q.authorization.p) {
                char nonce[NONCE_SIZE + 1];
                make_nonce(r, nonce);
                add(&o, text_of("WWW-Authenticate: Digest realm=\"" REALM "\", nonce=\""));
                add(&o, text_of(nonce));
                add(&o, text_of("\", algorithm=MD5, qop=\"auth\"\r\n"));
        }
        add(&o, text_of("Server: bench registrar\r\nContent-Length: 0\r\n\r\n"));
        return o.n;
}

/* -- delay ------------------------------------------------------------------------------------------------------------------ */

static uint64_t now_usec(void) {
        struct timespec t = {0};
        (void)clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void delay(struct registrar *r, struct source *to, const struct sockaddr_in *address, const char *bytes, size_t n) {
        if (r->n_delayed == DELAYED_MAX) {
                r->dropped++;
                return;
        }
        struct delayed *d = &r->delayed[(r->first + r->n_delayed++) % DELAYED_MAX];
        d->due_usec = now_usec() + r->delay_usec;
        d->to = to;
        d->n = n;
        if (address)
                d->address = *address;
        memcpy(d->bytes, bytes, n);
        to->delayed++;
}

static void free_source(struct source *s) {
        *s->link = s->next;
        if (s->next)
                s->next->link = s->link;
        free(s->buffer);
        free(s);
}

static void release(struct source *s) {
        if (s->fd < 0 && s->delayed == 0)
                free_source(s);
}

static void send_due(struct registrar *r) {
        uint64_t now = now_usec();
        while (r->n_delayed > 0 && r->delayed[r->first].due_usec <= now) {
                struct delayed *d = &r->delayed[r->first];
                if (d->to->kind == STREAM)
                        r->dropped += d->to->fd < 0 || send(d->to->fd, d->bytes, d->n, MSG_NOSIGNAL) < 0;
                else
                        r->dropped += sendto(d->to->fd, d->bytes, d->n, 0, (struct sockaddr *)&d->address, sizeof d->address) < 0;
                d->to->delayed--;
                release(d->to);
                r->first = (r->first + 1) % DELAYED_MAX;
                r->n_delayed--;
        }
}

/* Until the first response is due; -1 = for ever. */
static int wait_msec(const struct registrar *r) {
        if (r->n_delayed == 0)
                return -1;
        uint64_t now = now_usec(), due = r->delayed[r->first].due_usec;
        return due <= now ? 0 : (int)((due - now + 999) / 1000);
}

/* -- datagrams -------------------------------------------------------------------------------------------------------------- */

static void read_datagrams(struct registrar *r, struct source *s) {
        char in[BATCH][MESSAGE_MAX], out[BATCH][MESSAGE_MAX];
        struct sockaddr_in from[BATCH];
        struct iovec in_iov[BATCH], out_iov[BATCH];
        struct mmsghdr requests[BATCH] = {0}, responses[BATCH] = {0};
        for (size_t i = 0; i < BATCH; i++) {
                in_iov[i] = (struct iovec){in[i], MESSAGE_MAX};
                requests[i].msg_hdr = (struct msghdr){
                        .msg_name = &from[i], .msg_namelen = sizeof from[i], .msg_iov = &in_iov[i], .msg_iovlen = 1};
        }
        int got = recvmmsg(s->fd, requests, BATCH, MSG_DONTWAIT, NULL);
        unsigned n = 0;
        for (int i = 0; i < got; i++) {
                size_t length = respond(r, (struct text){in[i], requests[i].msg_len}, out[n]);
                if (length == 0)
                        continue;
                if (r->delay_usec > 0) {
                        delay(r, s, &from[i], out[n], length);
                        continue;
                }
                out_iov[n] = (struct iovec){out[n], length};
                responses[n].msg_hdr = (struct msghdr){
                        .msg_name = &from[i], .msg_namelen = sizeof from[i], .msg_iov = &out_iov[n], .msg_iovlen = 1};
                n++;
        }
        for (unsigned done = 0; done < n;) {
                int sent = sendmmsg(s->fd, responses + done, n - done, 0);
                r->dropped += sent < 0;
                done += sent < 0 ? 1U : (unsigned)sent;
        }
}

/* -- connections ------------------------------------------------------------------------------------------------------------ */

static struct source *add_source(struct registrar *r, enum kind kind, int fd) {
        struct source *s = calloc(1, sizeof *s);
        char *buffer = kind == STREAM ? malloc(STREAM_MAX) : NULL;
        struct epoll_event e = {.events = EPOLLIN, .data.ptr = s};
        if (!s || (kind == STREAM && !buffer) || epoll_ctl(r->epoll, EPOLL_CTL_ADD, fd, &e) < 0) {
                perror("registrar: a socket");
                exit(1);
        }
        *s = (struct source){.kind = kind, .fd = fd, .buffer = buffer, .next = r->sources, .link = &r->sources};
        if (s->next)
                s->next->link = &s->next;
        r->sources = s;
        return s;
}

static void accept_all(struct registrar *r, struct source *s) {
        const int on = 1;
        int fd;
        while ((fd = accept4(s->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
                r->connections++;
                (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
                (void)add_source(r, STREAM, fd);
        }
}

/* Bytes of the first request in the connection, 0 while it is incomplete. No request of ours has a body. */
static size_t whole_request(const struct registrar *r, const struct source *s) {
        if (r->echo)
                return s->n < MESSAGE_MAX ? s->n : MESSAGE_MAX;
        const char *end = memmem(s->buffer, s->n, "\r\n\r\n", 4);
        return end ? (size_t)(end - s->buffer) + 4 : 0;
}

static void read_stream(struct registrar *r, struct source *s) {
        ssize_t got = recv(s->fd, s->buffer + s->n, STREAM_MAX - s->n, 0);
        if (got < 0 && (errno == EAGAIN || errno == EINTR))
                return;
        if (got <= 0) {
                (void)close(s->fd);
                s->fd = -1;
                release(s);
                return;
        }
        s->n += (size_t)got;
        size_t n;
        while ((n = whole_request(r, s)) > 0) {
                char out[MESSAGE_MAX];
                size_t length = respond(r, (struct text){s->buffer, n}, out);
                if (length > 0 && r->delay_usec > 0)
                        delay(r, s, NULL, out, length);
                else if (length > 0)
                        r->dropped += send(s->fd, out, length, MSG_NOSIGNAL) != (ssize_t)length;
                s->n -= n;
                memmove(s->buffer, s->buffer + n, s->n);
        }
}

/* -- life ------------------------------------------------------------------------------------------------------------------- */

static int bound_socket(int type, unsigned address, uint16_t *port) {
        struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(*port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK + address)};
        socklen_t length = sizeof a;
        const int room = 16 * 1024 * 1024, on = 1;
        int fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return -1;
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        /* Without the privilege for as much, as much as there may be. */
        if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) < 0)
                (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
        if (bind(fd, (struct sockaddr *)&a, length) < 0 || getsockname(fd, (struct sockaddr *)&a, &length) < 0 ||
            (type == SOCK_STREAM && listen(fd, SOMAXCONN) < 0)) {
                (void)close(fd);
                return -1;
        }
        *port = ntohs(a.sin_port);
        return fd;
}

static bool listen_on(struct registrar *r, unsigned addresses, uint16_t *port) {
        int fds[2 * ADDRESSES_MAX];
        unsigned n = 0;
        while (n < 2 * addresses) {
                fds[n] = bound_socket(n % 2 ? SOCK_STREAM : SOCK_DGRAM, n / 2, port);
                if (fds[n] < 0)
                        break;
                n++;
        }
        for (unsigned i = 0; i < n && n < 2 * addresses; i++)
                (void)close(fds[i]);
        for (unsigned i = 0; i < n && n == 2 * addresses; i++)
                (void)add_source(r, i % 2 ? LISTENER : DATAGRAMS, fds[i]);
        return n == 2 * addresses;
}

static void serve(struct registrar *r) {
        struct epoll_event events[EVENTS];
        while (!r->stop) {
                int n = epoll_wait(r->epoll, events, EVENTS, wait_msec(r));
                for (int i = 0; i < n; i++) {
                        struct source *s = events[i].data.ptr;
                        switch (s->kind) {
                        case DATAGRAMS:
                                read_datagrams(r, s);
                                break;
                        case LISTENER:
                                accept_all(r, s);
                                break;
                        case STREAM:
                                read_stream(r, s);
                                break;
                        case SIGNALS:
                                r->stop = true;
                                break;
                        }
                }
                send_due(r);
        }
}

static unsigned number(const char *text, unsigned max) {
        char *end;
        errno = 0;
        unsigned long n = strtoul(text, &end, 10);
        if (errno != 0 || end == text || *end != '\0' || n > max) {
                fprintf(stderr, "registrar: '%s' is not a number up to %u\n", text, max);
                exit(2);
        }
        return (unsigned)n;
}

int main(int argc, char *argv[]) {
        static const struct option options[] = {{"echo", no_argument, NULL, 'e'},
                                                {"delay-msec", required_argument, NULL, 'd'},
                                                {"addresses", required_argument, NULL, 'a'},
                                                {0}};
        struct registrar r = {.epoll = epoll_create1(EPOLL_CLOEXEC)};
        unsigned addresses = 1;
        int c;
        while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
                if (c == 'e')
                        r.echo = true;
                else if (c == 'd')
                        r.delay_usec = number(optarg, 60000) * UINT64_C(1000);
                else if (c == 'a')
                        addresses = number(optarg, ADDRESSES_MAX);
                else
                        return 2;
        }
        r.delayed = calloc(DELAYED_MAX, sizeof *r.delayed);
        sigset_t signals;
        (void)sigemptyset(&signals);
        (void)sigaddset(&signals, SIGTERM);
        (void)sigaddset(&signals, SIGINT);
        (void)sigprocmask(SIG_BLOCK, &signals, NULL);
        int fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
        if (r.epoll < 0 || !r.delayed || fd < 0) {
                perror("registrar");
                return 1;
        }
        (void)add_source(&r, SIGNALS, fd);

        /* The port is free for UDP; another program may have it for TCP, or at another address. */
        uint16_t port = 0;
        for (int tries = 0; tries < 20 && !listen_on(&r, addresses, &port); tries++)
                port = 0;
        if (port == 0) {
                perror("registrar: no port");
                return 1;
        }
        printf("%u\n", port);
        (void)fflush(stdout);
        serve(&r);

        struct rusage usage = {0};
        (void)getrusage(RUSAGE_SELF, &usage);
        double cpu = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                     (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
        printf("connections %llu challenged %llu accepted %llu refused %llu malformed %llu dropped %llu cpu %.2f\n",
               (unsigned long long)r.connections, (unsigned long long)r.challenged, (unsigned long long)r.accepted,
               (unsigned long long)r.refused, (unsigned long long)r.malformed, (unsigned long long)r.dropped, cpu);
        while (r.sources)
                free_source(r.sources);
        free(r.delayed);
        return 0;
}
