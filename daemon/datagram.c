/* datagram.c: the queue before sendmmsg(). */
#include "datagram.h"

#include <netinet/in.h>
#include <openssl/crypto.h>
#include <unistd.h>

#define BATCH 16 /* datagrams of one system call */
#define QUEUE_BYTES 16384
#define SEND_TRIES 3

struct datagram_socket {
        int fd;
        uint16_t port;
        bool failed; /* an *error was set since the last flush */
        size_t n, used;
        struct waiting {
                struct sockaddr *to;
                socklen_t length;
                int *error;
                struct iovec message; /* into bytes */
        } queue[BATCH];
        char bytes[QUEUE_BYTES];
};

/* What has to be known of a datagram that did not leave: nothing when the kernel had no room, as a retransmission makes up for it; and
 * refusal is never known at once without a connection. */
static int error_to_tell(int error) {
        return error == EAGAIN || error == ENOBUFS || error == EINTR || error == ECONNREFUSED ? 0 : error;
}

static void send_queued(struct datagram_socket *s) {
        struct mmsghdr m[BATCH];
        for (size_t i = 0; i < s->n; i++) {
                struct waiting *w = &s->queue[i];
                m[i] = (struct mmsghdr){.msg_hdr = {.msg_name = w->to, .msg_namelen = w->length, .msg_iov = &w->message, .msg_iovlen = 1}};
        }
        int tries = 0;
        for (size_t i = 0; i < s->n;) {
                int n = sendmmsg(s->fd, m + i, (unsigned)(s->n - i), MSG_DONTWAIT | MSG_NOSIGNAL);
                /* A pending ICMP error of another datagram is reported once by the next call; this one was not sent yet. */
                bool foreign = n < 0 && (errno == ECONNREFUSED || errno == EHOSTUNREACH || errno == ENETUNREACH);
                if (foreign && ++tries < SEND_TRIES)
                        continue;
                int error = n < 0 ? error_to_tell(errno) : 0;
                if (error > 0) {
                        *s->queue[i].error = error;
                        s->failed = true;
                }
                i += n > 0 ? (size_t)n : 1;
                tries = 0;
        }
        OPENSSL_cleanse(s->bytes, s->used);
        s->n = s->used = 0;
}

bool datagram_flush(struct datagram_socket *s) {
        if (!s)
                return false;
        send_queued(s);
        bool failed = s->failed;
        s->failed = false;
        return failed;
}

void datagram_forget(struct datagram_socket *s, const int *error) {
        for (size_t i = 0; i < s->n; i++)
                if (s->queue[i].error == error) {
                        send_queued(s);
                        return;
                }
}

int datagram_queue(struct datagram_socket *s, struct span message, struct sockaddr *to, socklen_t length, int *error) {
        if (message.n > sizeof s->bytes)
                return -EMSGSIZE;
        if (s->n == BATCH || message.n > sizeof s->bytes - s->used)
                send_queued(s);
        char *bytes = s->bytes + s->used;
        memcpy(bytes, message.p, message.n);
        s->queue[s->n++] = (struct waiting){.to = to, .length = length, .error = error, .message = {bytes, message.n}};
        s->used += message.n;
        return 0;
}

/* -- life ---------------------------------------------------------------------------------------------------------------- */

static int set_options(const struct datagram_socket *s, int family) {
        const int on = 1, room = 4 * 1024 * 1024;
        /* More room than the default for many carriers that answer at once; the kernel gives what it may. */
        (void)setsockopt(s->fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
        if (family == AF_INET)
                return setsockopt(s->fd, IPPROTO_IP, IP_RECVERR, &on, sizeof on) < 0 ? -errno : 0;
        if (setsockopt(s->fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) < 0)
                return -errno;
        return setsockopt(s->fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof on) < 0 ? -errno : 0;
}

int datagram_new(struct datagram_socket **ret, int family) {
        _cleanup_(datagram_freep) struct datagram_socket *s = calloc(1, sizeof *s);
        if (!s)
                return -ENOMEM;
        s->fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (s->fd < 0)
                return -errno;
        union {
                struct sockaddr any;
                struct sockaddr_in v4;
                struct sockaddr_in6 v6;
        } a = {0};
        socklen_t length = family == AF_INET ? sizeof a.v4 : sizeof a.v6;
        a.any.sa_family = (sa_family_t)family;
        int r = set_options(s, family);
        if (r < 0)
                return r;
        if (bind(s->fd, &a.any, length) < 0 || getsockname(s->fd, &a.any, &length) < 0)
                return family == AF_INET6 && errno == EADDRNOTAVAIL ? -EAFNOSUPPORT : -errno;
        s->port = ntohs(family == AF_INET ? a.v4.sin_port : a.v6.sin6_port);
        *ret = TAKE_PTR(s);
        return 0;
}

struct datagram_socket *datagram_free(struct datagram_socket *s) {
        if (s) {
                if (s->fd >= 0)
                        (void)close(s->fd);
                OPENSSL_cleanse(s->bytes, s->used);
                free(s);
        }
        return NULL;
}

int datagram_fd(const struct datagram_socket *s) {
        return s->fd;
}

uint16_t datagram_port(const struct datagram_socket *s) {
        return s->port;
}
