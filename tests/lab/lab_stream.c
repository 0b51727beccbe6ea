/* lab_stream.c: a carrier's TCP port and the connections to it, in the clear or with TLS (GnuTLS): requests are framed by Content-Length
 * (RFC 3261 section 18.3), and connections end in the ways that a scenario asks for. */
#include <errno.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "lab_carrier.h"

#define REQUEST_MAX 65536 /* bytes of a request; a client writes far less */
#define BACKLOG 128
#define TCP_STEP 1 /* bytes at a time with frame=bytes */
#define TLS_STEP 7 /* cuts records where nobody expects it, and costs less */

struct bytes {
        char *p;
        size_t n, room;
};

struct connection {
        struct carrier *carrier;
        struct connection *next;
        uint64_t number;
        struct source source;
        int fd;
        gnutls_session_t session; /* NULL = TCP */
        bool handshake_done, wants_write;
        bool busy;        /* inside ready(), which settles it at the end */
        bool shut;        /* our end is told: what still comes is thrown away */
        bool client_gone; /* nothing more will come */
        enum stream_end end;
        struct bytes in, out;
};

struct stream_secrets {
        gnutls_certificate_credentials_t credentials;
        bool good; /* a client may talk to the owner of this certificate */
};

static void check(int r, const char *what) {
        if (r < 0)
                lab_fail("unable to %s: %s", what, gnutls_strerror(r));
}

static void append(struct bytes *b, const void *p, size_t n) {
        if (b->n + n > b->room) {
                b->room = 2 * (b->n + n);
                b->p = lab_resize(b->p, b->room, 1);
        }
        if (n > 0)
                memcpy(b->p + b->n, p, n);
        b->n += n;
}

static void remove_first(struct bytes *b, size_t n) {
        if (n == 0)
                return;
        b->n -= n;
        memmove(b->p, b->p + n, b->n);
}

/* -- TLS ---------------------------------------------------------------------------------------------------------------- */

static struct stream_secrets *secrets_new(const struct carrier *c) {
        const char *domain = carrier_told_domain(c), *parent = strchr(domain, '.');
        const enum tls_cert kind = c->spec->tls_cert;
        struct lab_certificate_request request = {
                .trusted = kind != CERT_UNTRUSTED, .dns = domain, .from = -100 * LAB_DAY, .until = 400 * LAB_DAY};
        char *made = NULL;
        if (kind == CERT_EXPIRED)
                request.until = -LAB_HOUR;
        else if (kind == CERT_NOT_YET)
                request.from = LAB_HOUR;
        else if (kind == CERT_SOON)
                request.until = 10 * LAB_DAY;
        else if (kind == CERT_OTHER_NAME)
                request.dns = "sip.somebody-else.invalid";
        else if (kind == CERT_WILDCARD)
                request.dns = made = lab_text("*%s", parent ? parent : ".invalid");
        else if (kind == CERT_URI) {
                request.dns = NULL;
                request.uri = made = lab_text("sip:%s", domain);
        }
        struct lab_certificate own;
        certificate_make(&own, c->lab->ca, &request);
        free(made);

        struct stream_secrets *s = lab_alloc(1, sizeof *s);
        s->good = kind == CERT_GOOD || kind == CERT_SOON || kind == CERT_URI;
        char *ca = lab_copy(ca_pem(c->lab->ca, true));
        const gnutls_datum_t certificate = {(unsigned char *)own.certificate, (unsigned)strlen(own.certificate)};
        const gnutls_datum_t key = {(unsigned char *)own.key, (unsigned)strlen(own.key)};
        const gnutls_datum_t trust = {(unsigned char *)ca, (unsigned)strlen(ca)};
        check(gnutls_certificate_allocate_credentials(&s->credentials), "make credentials");
        check(gnutls_certificate_set_x509_key_mem(s->credentials, &certificate, &key, GNUTLS_X509_FMT_PEM), "use a certificate");
        check(gnutls_certificate_set_x509_trust_mem(s->credentials, &trust, GNUTLS_X509_FMT_PEM), "trust a CA");
        free(ca);
        certificate_clear(&own);
        return s;
}

static struct stream_secrets *secrets_free(struct stream_secrets *s) {
        if (s) {
                gnutls_certificate_free_credentials(s->credentials);
                free(s);
        }
        return NULL;
}

static ssize_t push(gnutls_transport_ptr_t user, const void *bytes, size_t n) {
        struct connection *k = user;
        append(&k->out, bytes, n);
        return (ssize_t)n;
}

static void begin_tls(struct connection *k) {
        static const char *const priorities[] = {[TLS_ANY] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2",
                                                 [TLS_OLD] = "NORMAL:-VERS-ALL:+VERS-TLS1.1:+VERS-TLS1.0",
                                                 [TLS_12] = "NORMAL:-VERS-ALL:+VERS-TLS1.2",
                                                 [TLS_13] = "NORMAL:-VERS-ALL:+VERS-TLS1.3"};
        const struct carrier *c = k->carrier;
        check(gnutls_init(&k->session, GNUTLS_SERVER | GNUTLS_NONBLOCK), "begin a TLS session");
        check(gnutls_priority_set_direct(k->session, priorities[c->spec->tls_version], NULL), "choose a TLS version");
        check(gnutls_credentials_set(k->session, GNUTLS_CRD_CERTIFICATE, c->secrets->credentials), "use a certificate");
        if (c->spec->tls_client == TLS_CLIENT_REQUIRE)
                gnutls_certificate_server_set_request(k->session, GNUTLS_CERT_REQUIRE);
        gnutls_transport_set_int2(k->session, k->fd, k->fd);
        gnutls_transport_set_ptr2(k->session, (gnutls_transport_ptr_t)(intptr_t)k->fd, k);
        gnutls_transport_set_push_function(k->session, push);
}

/* RFC 5922 section 7.3: the client says which domain it wants to talk to. */
static void watch_server_name(struct connection *k) {
        struct carrier *c = k->carrier;
        char name[256] = "";
        size_t size = sizeof name;
        unsigned type;
        const char *domain = carrier_told_domain(c);
        if (gnutls_server_name_get(k->session, name, &size, &type, 0) < 0)
                lab_violation(c->lab, c->spec->name, "no server name in the TLS handshake");
        else if (strcasecmp(name, domain) != 0)
                lab_violation(c->lab, c->spec->name, "the server name in the TLS handshake is %s, the domain %s", name, domain);
}

static void watch_client_certificate(struct connection *k) {
        struct carrier *c = k->carrier;
        unsigned status = 0;
        if (c->spec->tls_client != TLS_CLIENT_REQUIRE)
                return;
        if (gnutls_certificate_verify_peers2(k->session, &status) < 0 || status != 0) {
                lab_violation(c->lab, c->spec->name, "a client certificate that is not the one of the configuration");
                k->end = STREAM_RST;
        }
}

/* Goes on with the handshake. */
static void shake_hands(struct connection *k) {
        if (k->carrier->spec->tls_break == TLS_BREAK_HANDSHAKE) {
                char hello[4096];
                (void)recv(k->fd, hello, sizeof hello, 0);
                k->end = STREAM_FIN;
                return;
        }
        int r = gnutls_handshake(k->session);
        if (r == 0) {
                k->handshake_done = true;
                watch_server_name(k);
                watch_client_certificate(k);
        } else if (gnutls_error_is_fatal(r)) {
                (void)gnutls_alert_send_appropriate(k->session, r);
                k->end = STREAM_FIN;
        }
}

/* -- output and end ----------------------------------------------------------------------------------------------------- */

static void destroy(struct connection *k) {
        struct carrier *c = k->carrier;
        struct connection **place = &c->connections;
        while (*place != k)
                place = &(*place)->next;
        *place = k->next;
        if (k->session)
                gnutls_deinit(k->session);
        loop_unwatch(c->lab->loop, k->fd);
        (void)close(k->fd);
        free(k->in.p);
        free(k->out.p);
        free(k);
}

static void reset(struct connection *k) {
        const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
        if (setsockopt(k->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) < 0)
                lab_fail("unable to reset a connection");
        destroy(k);
}

/* Sends what can be sent now; with frame=bytes only a step of it, and the rest in the next turns of the loop. */
static bool flush(struct connection *k) {
        size_t n = k->out.n;
        if (k->carrier->spec->frame == FRAME_BYTES && (!k->session || k->handshake_done)) {
                size_t step = k->session ? TLS_STEP : TCP_STEP;
                n = n < step ? n : step;
        }
        ssize_t sent = n > 0 ? send(k->fd, k->out.p, n, MSG_NOSIGNAL) : 0;
        if (sent < 0)
                return errno == EAGAIN;
        remove_first(&k->out, (size_t)sent);
        return true;
}

/* Sends, ends, or waits. The connection may be gone afterwards. */
static void settle(struct connection *k) {
        if (k->busy)
                return;
        if (k->end == STREAM_RST) {
                reset(k);
                return;
        }
        if (k->client_gone || !flush(k)) {
                destroy(k);
                return;
        }
        if (k->end == STREAM_FIN && k->out.n == 0 && !k->shut) {
                /* Closing with something unread would be a reset, which takes an alert on its way with it. */
                k->shut = true;
                (void)shutdown(k->fd, SHUT_WR);
        }
        if (k->wants_write != (k->out.n > 0)) {
                k->wants_write = k->out.n > 0;
                loop_want_write(k->carrier->lab->loop, k->fd, k->wants_write);
        }
}

static void write_out(struct connection *k, const char *bytes, size_t n) {
        if (!k->session)
                append(&k->out, bytes, n);
        for (size_t at = 0; k->session && at < n;) {
                ssize_t sent = gnutls_record_send(k->session, bytes + at, n - at);
                check((int)sent, "send a TLS record"); /* push() takes everything */
                at += (size_t)sent;
        }
}

void stream_send(struct carrier *c, uint64_t connection, const char *bytes, size_t n, enum stream_end end) {
        struct connection *k = c->connections;
        while (k && k->number != connection)
                k = k->next;
        if (!k || k->end != STREAM_STAYS)
                return;
        write_out(k, bytes, n);
        if (end == STREAM_FIN && k->session)
                (void)gnutls_bye(k->session, GNUTLS_SHUT_WR);
        k->end = end;
        settle(k);
}

/* -- input -------------------------------------------------------------------------------------------------------------- */

/* The end of the first request in b: 0 = not there yet. Complains about what cannot be framed. */
static size_t request_end(struct connection *k) {
        struct carrier *c = k->carrier;
        const char *end = memmem(k->in.p, k->in.n, "\r\n\r\n", 4);
        if (!end) {
                if (k->in.n > REQUEST_MAX)
                        lab_fail("%s: a request without an end", c->spec->name);
                return 0;
        }
        size_t headers = (size_t)(end - k->in.p) + 4;
        char *text = lab_text("%.*s", (int)headers, k->in.p), *last;
        const char *field = strcasestr(text, "\r\nContent-Length:");
        unsigned long length = field ? strtoul(field + strlen("\r\nContent-Length:"), &last, 10) : 0;
        if (!field || strncmp(last, "\r\n", 2) != 0)
                lab_violation(c->lab, c->spec->name, "a request over a connection without a Content-Length (RFC 3261 section 18.3)");
        free(text);
        size_t size = headers + (length < REQUEST_MAX ? length : 0);
        return size <= k->in.n ? size : 0;
}

/* Hands on each whole request, as long as the connection stays. */
static void take_requests(struct connection *k) {
        while (k->end == STREAM_STAYS) {
                while (k->in.n > 0 && (k->in.p[0] == '\r' || k->in.p[0] == '\n')) /* keep-alive */
                        remove_first(&k->in, 1);
                size_t n = k->in.n > 0 ? request_end(k) : 0;
                if (n == 0)
                        return;
                carrier_handle(k->carrier, k->in.p, n, &k->source);
                remove_first(&k->in, n);
        }
}

static void take_bytes(struct connection *k) {
        for (;;) {
                char bytes[16384];
                ssize_t n = k->session ? gnutls_record_recv(k->session, bytes, sizeof bytes) : recv(k->fd, bytes, sizeof bytes, 0);
                bool wait = k->session ? n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED : n < 0 && errno == EAGAIN;
                if (wait)
                        return;
                if (n <= 0) { /* the client's end, or its alert */
                        k->client_gone = true;
                        return;
                }
                struct carrier *c = k->carrier;
                if (k->session && !c->secrets->good && k->in.n == 0)
                        lab_violation(c->lab, c->spec->name, "bytes of SIP for a peer whose certificate is not good");
                append(&k->in, bytes, (size_t)n);
                take_requests(k);
        }
}

static void throw_away(struct connection *k) {
        char bytes[16384];
        ssize_t n;
        while ((n = recv(k->fd, bytes, sizeof bytes, 0)) > 0)
                ;
        k->client_gone = n == 0 || errno != EAGAIN;
}

static void ready(void *user) {
        struct connection *k = user;
        k->busy = true;
        if (k->shut)
                throw_away(k);
        if (k->session && !k->handshake_done && k->end == STREAM_STAYS)
                shake_hands(k);
        if ((!k->session || k->handshake_done) && k->end == STREAM_STAYS)
                take_bytes(k);
        k->busy = false;
        settle(k);
}

/* -- the port ----------------------------------------------------------------------------------------------------------- */

static void accept_all(void *user) {
        struct carrier *c = user;
        for (;;) {
                struct source source = {.size = sizeof source.address};
                int on = 1, fd = accept4(c->listen_fd, (struct sockaddr *)&source.address, &source.size, SOCK_NONBLOCK | SOCK_CLOEXEC);
                if (fd < 0 && errno == EAGAIN)
                        return;
                if (fd < 0 && errno == ECONNABORTED) /* gone before it was accepted */
                        continue;
                if (fd < 0)
                        lab_fail("unable to accept a connection");
                if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0)
                        lab_fail("unable to set up a connection");
                struct connection *k = lab_alloc(1, sizeof *k);
                source.connection = ++c->n_connections;
                *k = (struct connection){.carrier = c, .next = c->connections, .number = source.connection, .source = source, .fd = fd};
                c->connections = k;
                loop_watch(c->lab->loop, fd, ready, k);
                if (c->spec->reset == RESET_ACCEPT)
                        reset(k);
                else if (c->spec->transport == OVER_TLS)
                        begin_tls(k);
        }
}

void stream_open(struct carrier *c, bool closed) {
        c->listen_fd = lab_socket(SOCK_STREAM, carrier_host(c), c->port, &c->port);
        if (c->spec->transport == OVER_TLS)
                c->secrets = secrets_new(c);
        if (closed)
                return;
        if (listen(c->listen_fd, BACKLOG) < 0)
                lab_fail("unable to listen");
        loop_watch(c->lab->loop, c->listen_fd, accept_all, c);
}

void stream_close(struct carrier *c) {
        while (c->connections)
                destroy(c->connections);
        if (!c->closed)
                loop_unwatch(c->lab->loop, c->listen_fd);
        (void)close(c->listen_fd);
        c->listen_fd = -1;
        c->secrets = secrets_free(c->secrets);
}
