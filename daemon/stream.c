/* stream.c: a connection's life: connecting, handshake, open, over. One descriptor, one event source; reading and writing are the same for
 * TCP and TLS behind transfer(). */
#include "stream.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <time.h>
#include <unistd.h>

#include "../common/sip_frame.h"

#define NAMES_MAX 4
#define OUT_MAX (64 * 1024) /* bytes that wait for the peer */
#define READ_SIZE 4096
#define TURNS_PER_WAKE_UP 64 /* reads before other sources get their turn */

enum state { CONNECTING, HANDSHAKE, OPEN, OVER };

struct stream {
        enum state state;
        int fd;
        sd_event_source *source, *later;
        SSL *ssl;
        struct tls *tls;
        char *server_name;
        char *names[NAMES_MAX + 1];
        bool has_facts;
        struct tls_facts facts;
        char *in, *out;
        size_t in_n, in_size, out_n, out_size;
        int connect_error;
        bool *gone; /* set by stream_free() while a message is handed out */
        stream_message_fn *on_message;
        stream_end_fn *on_end;
        void *user;
};

/* -- the end ------------------------------------------------------------------------------------------------------------ */

static void hang_up(struct stream *s) {
        s->state = OVER;
        s->source = sd_event_source_disable_unref(s->source);
        s->later = sd_event_source_disable_unref(s->later);
        SSL_free(s->ssl);
        s->ssl = NULL;
        if (s->fd >= 0)
                (void)close(s->fd);
        s->fd = -1;
}

/* Last statement of its callers: the owner may free the stream. */
static void end(struct stream *s, enum stream_end why, int error, const char *text) {
        hang_up(s);
        s->on_end(s, why, error, text, s->user);
}

static void end_connecting(struct stream *s, int error) {
        enum stream_end why = error == ECONNREFUSED ? STREAM_REFUSED : error == ECONNRESET ? STREAM_CLOSED : STREAM_UNREACHABLE;
        end(s, why, error, strerror(error));
}

/* The connection broke while it was used. With TLS 1.3 a server refuses our certificate only after the handshake, by an alert. */
static void end_transfer(struct stream *s, int error) {
        char text[160];
        if (s->ssl && ERR_peek_last_error() != 0) {
                tls_error_text(text, sizeof text);
                end(s, STREAM_TLS_FAILED, 0, text);
        } else {
                end(s, STREAM_CLOSED, error, error ? strerror(error) : "closed by the peer");
        }
}

/* -- bytes ---------------------------------------------------------------------------------------------------------------- */

/* Edges: each change is told once, so that one connection that is ready costs nothing while others have their turn, and waiting for the
 * other direction needs no call. Reading and writing therefore go on until the kernel has no more, or ask to be called again. */
#define EVENTS (EPOLLIN | EPOLLOUT | EPOLLRDHUP | (uint32_t)EPOLLET)
#define CLOSING (EPOLLRDHUP | EPOLLHUP | EPOLLERR)

/* Tells again what the connection is ready for. */
static int call_again(struct stream *s) {
        return sd_event_source_set_io_events(s->source, EVENTS);
}

/* Room for `more` bytes behind n. */
static int reserve(char **buffer, size_t n, size_t *size, size_t more, size_t max) {
        size_t needed;
        if (add_overflows(n, more, &needed) || needed > max)
                return -ENOBUFS;
        if (needed <= *size)
                return 0;
        size_t grown = needed < 2 * *size ? 2 * *size : needed;
        char *p = realloc(*buffer, grown);
        if (!p)
                return -ENOMEM;
        *buffer = p;
        *size = grown;
        return 0;
}

/* Moves bytes one way. Returns how many, 0 when it has to wait, -1 at the end (*ret_error). */
static ssize_t transfer(struct stream *s, bool writes, char *bytes, size_t n, int *ret_error) {
        *ret_error = 0;
        if (!s->ssl) {
                ssize_t r = TEMP_FAILURE_RETRY(writes ? send(s->fd, bytes, n, MSG_NOSIGNAL) : recv(s->fd, bytes, n, 0));
                if (r < 0 && errno == EAGAIN)
                        return 0;
                *ret_error = r < 0 ? errno : 0;
                return r <= 0 ? -1 : r;
        }
        ERR_clear_error();
        int size = n > INT32_MAX ? INT32_MAX : (int)n, r = writes ? SSL_write(s->ssl, bytes, size) : SSL_read(s->ssl, bytes, size);
        if (r > 0)
                return r;
        int saved = errno, error = SSL_get_error(s->ssl, r);
        if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
                return 0;
        *ret_error = error == SSL_ERROR_SYSCALL ? saved : 0;
        return -1;
}

/* Writes what waits; false when the stream is over. */
static bool flush(struct stream *s) {
        while (s->out_n > 0) {
                int error;
                ssize_t r = transfer(s, true, s->out, s->out_n, &error);
                if (r < 0) {
                        end_transfer(s, error);
                        return false;
                }
                if (r == 0)
                        break;
                memmove(s->out, s->out + r, s->out_n - (size_t)r);
                s->out_n -= (size_t)r;
        }
        return true;
}

/* Hands out the whole messages received so far. False when the stream is over or gone. */
static bool take_messages(struct stream *s) {
        while (s->in_n > 0) {
                size_t skip, size;
                const char *why;
                int r = sip_frame((struct span){s->in, s->in_n}, &skip, &size, &why);
                if (r == SIP_FRAME_INCOMPLETE)
                        return true;
                if (r == SIP_FRAME_MALFORMED) {
                        end(s, STREAM_MALFORMED, 0, why);
                        return false;
                }
                /* The owner may free us: the message goes out of a buffer of its own. */
                _cleanup_(freep) char *message = malloc(size);
                if (!message) {
                        end(s, STREAM_CLOSED, ENOMEM, strerror(ENOMEM));
                        return false;
                }
                memcpy(message, s->in + skip, size);
                memmove(s->in, s->in + skip + size, s->in_n - skip - size);
                s->in_n -= skip + size;
                bool gone = false;
                s->gone = &gone;
                s->on_message(s, (struct span){message, size}, s->user);
                if (gone)
                        return false;
                s->gone = NULL;
                if (s->state == OVER)
                        return false;
        }
        return true;
}

/* A peer that sends byte by byte must not hold the loop; what the TLS layer holds already is no event for it, and is taken. What the
 * messages are answered with is written at once. closing: the peer has said its last word, which is behind what can be read. */
static void receive(struct stream *s, bool closing) {
        for (size_t turn = 0; turn < TURNS_PER_WAKE_UP || (s->ssl && SSL_pending(s->ssl) > 0); turn++) {
                int error, r = reserve(&s->in, s->in_n, &s->in_size, READ_SIZE, 2 * SIP_FRAME_MAX);
                if (r < 0) {
                        end(s, STREAM_MALFORMED, -r, "more bytes than a message may have");
                        return;
                }
                ssize_t n = transfer(s, false, s->in + s->in_n, READ_SIZE, &error);
                if (n == 0)
                        return;
                if (n < 0) {
                        end_transfer(s, error);
                        return;
                }
                s->in_n += (size_t)n;
                if (!take_messages(s) || !flush(s))
                        return;
                if (!s->ssl && n < READ_SIZE && !closing)
                        return; /* there was no more; what comes next is told */
        }
        int r = call_again(s);
        if (r < 0)
                end(s, STREAM_CLOSED, -r, strerror(-r));
}

/* -- connecting ------------------------------------------------------------------------------------------------------------ */

/* What the last event told of reading is told no more, and a TLS layer may have read more than the handshake. */
static void opened(struct stream *s, uint32_t events) {
        s->state = OPEN;
        if (flush(s) && (s->ssl || events != EPOLLOUT))
                receive(s, events & CLOSING);
}

static void shake_hands(struct stream *s, uint32_t events) {
        ERR_clear_error();
        int r = SSL_do_handshake(s->ssl), error = r == 1 ? SSL_ERROR_NONE : SSL_get_error(s->ssl, r);
        if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
                return;
        if (r != 1) {
                char text[160];
                tls_error_text(text, sizeof text);
                end(s, STREAM_TLS_FAILED, 0, text);
                return;
        }
        struct timespec now = {0};
        (void)clock_gettime(CLOCK_REALTIME, &now);
        tls_read_facts(&s->facts, s->ssl, (const char *const *)s->names, now.tv_sec);
        s->has_facts = true;
        if (s->facts.trust != TLS_TRUST_GOOD)
                end(s, STREAM_UNTRUSTED, 0, s->facts.error);
        else
                opened(s, events);
}

static void connected(struct stream *s, uint32_t events) {
        int error = 0;
        socklen_t size = sizeof error;
        if (events & (EPOLLERR | EPOLLHUP) && getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
                error = errno;
        if (error) {
                end_connecting(s, error);
                return;
        }
        if (!s->tls) {
                opened(s, events);
                return;
        }
        int r = tls_connect(&s->ssl, s->tls, s->fd, s->server_name);
        if (r < 0) {
                end(s, STREAM_TLS_FAILED, -r, strerror(-r));
                return;
        }
        s->state = HANDSHAKE;
        shake_hands(s, events);
}

static int on_socket(sd_event_source *source, int fd, uint32_t events, void *user) {
        struct stream *s = user;
        (void)source;
        (void)fd;
        switch (s->state) {
        case CONNECTING:
                connected(s, events);
                break;
        case HANDSHAKE:
                shake_hands(s, events);
                break;
        case OPEN:
                if (flush(s))
                        receive(s, events & CLOSING);
                break;
        case OVER:
                break;
        }
        return 0;
}

/* connect() failed at once: told from the loop, as every end is. */
static int on_later(sd_event_source *source, void *user) {
        struct stream *s = user;
        (void)source;
        end_connecting(s, s->connect_error);
        return 0;
}

static int copy_names(struct stream *s, const struct stream_request *request) {
        for (size_t i = 0; request->names && request->names[i] && i < NAMES_MAX; i++) {
                s->names[i] = strdup(request->names[i]);
                if (!s->names[i])
                        return -ENOMEM;
        }
        s->server_name = request->server_name ? strdup(request->server_name) : NULL;
        return request->server_name && !s->server_name ? -ENOMEM : 0;
}

int stream_open(struct stream **ret, sd_event *event, const struct stream_request *request, stream_message_fn *on_message,
                stream_end_fn *on_end, void *user) {
        _cleanup_(stream_freep) struct stream *s = calloc(1, sizeof *s);
        if (!s)
                return -ENOMEM;
        *s = (struct stream){.fd = -1, .tls = request->tls, .on_message = on_message, .on_end = on_end, .user = user};
        int r = request->tls ? copy_names(s, request) : 0;
        if (r < 0)
                return r;
        s->fd = socket(request->address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (s->fd < 0)
                return -errno;
        const int on = 1;
        (void)setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (connect(s->fd, request->address, request->length) < 0 && errno != EINPROGRESS) {
                s->connect_error = errno;
                r = sd_event_add_defer(event, &s->later, on_later, s);
        } else {
                r = sd_event_add_io(event, &s->source, s->fd, EVENTS, on_socket, s);
        }
        if (r < 0)
                return r;
        *ret = TAKE_PTR(s);
        return 0;
}

struct stream *stream_free(struct stream *s) {
        if (s) {
                if (s->gone)
                        *s->gone = true;
                hang_up(s);
                for (size_t i = 0; i < NAMES_MAX; i++)
                        free(s->names[i]);
                free(s->server_name);
                free(s->in);
                free(s->out);
                free(s);
        }
        return NULL;
}

int stream_send(struct stream *s, struct span message) {
        if (s->state == OVER)
                return -ENOTCONN;
        int r = reserve(&s->out, s->out_n, &s->out_size, message.n, OUT_MAX);
        if (r < 0)
                return r;
        memcpy(s->out + s->out_n, message.p, message.n);
        s->out_n += message.n;
        /* Written from the loop, after the message that is handed out now if there is one: an error is told there, never from inside this
         * call. */
        return s->state == OPEN && !s->gone ? call_again(s) : 0;
}

const struct tls_facts *stream_facts(const struct stream *s) {
        return s->has_facts ? &s->facts : NULL;
}

bool stream_local(const struct stream *s, struct sockaddr_storage *ret) {
        socklen_t length = sizeof *ret;
        return s->fd >= 0 && getsockname(s->fd, (struct sockaddr *)ret, &length) == 0;
}
