/* stream.h: one TCP or TLS connection to a carrier, which carries whole SIP messages (RFC 3261 section 18.3). */
#pragma once

#include <sys/socket.h>
#include <systemd/sd-event.h>

#include "../common/base.h"
#include "../common/tls_facts.h"
#include "tls.h"

struct stream;

enum stream_end {
        STREAM_REFUSED,     /* ECONNREFUSED while connecting */
        STREAM_UNREACHABLE, /* any other error of connecting */
        STREAM_CLOSED,      /* the peer closed or reset the connection */
        STREAM_TLS_FAILED,  /* the handshake failed */
        STREAM_UNTRUSTED,   /* the handshake was done, and the certificate cannot be accepted: stream_facts() */
        STREAM_MALFORMED,   /* its messages cannot be told apart any more */
};

/* A whole message; valid inside the call. The callback may free the stream. */
typedef void stream_message_fn(struct stream *s, struct span message, void *user);

/* The end, told once. error: errno value or 0; text: valid inside the call. The callback may free the stream. */
typedef void stream_end_fn(struct stream *s, enum stream_end end, int error, const char *text, void *user);

struct stream_request {
        const struct sockaddr *address;
        socklen_t length;
        struct tls *tls;          /* NULL = TCP */
        const char *server_name;  /* SNI */
        const char *const *names; /* the SIP domains that the certificate may be for; NULL-terminated; copied */
};

/* Connects; what is sent meanwhile waits for the connection, and with TLS for a certificate that is good. Returns 0 or -errno. */
int stream_open(struct stream **ret, sd_event *event, const struct stream_request *request, stream_message_fn *on_message,
                stream_end_fn *on_end, void *user);
struct stream *stream_free(struct stream *s);
DEFINE_CLEANUP(struct stream *, stream_free)

/* Queues a message. Returns 0 or -errno (-ENOBUFS: more than the peer takes). */
int stream_send(struct stream *s, struct span message);

/* Of a TLS stream whose handshake is done; NULL else. */
const struct tls_facts *stream_facts(const struct stream *s);

/* Our own address and port in the connection; false when it is over. */
bool stream_local(const struct stream *s, struct sockaddr_storage *ret);
