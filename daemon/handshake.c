/* handshake.c: a stream that accepts no name ends, and tells so, as soon as the handshake is done. */
#include "handshake.h"

#include <stdio.h>

#include "stream.h"
#include "transport.h"

struct handshake {
        sd_event *event;
        struct tls *tls;
        char *host;
        struct resolver_query *query;
        struct resolver_address addresses[RESOLVER_ADDRESSES_MAX];
        size_t n, next;
        struct stream *stream;
        struct handshake_result result;
        handshake_done_fn *done;
        void *user;
};

static void end_with(struct handshake *h, enum handshake_end end, const char *text) {
        h->result.end = end;
        (void)snprintf(h->result.text, sizeof h->result.text, "%s", text);
}

static void on_message(struct stream *s, struct span message, void *user) {
        (void)s;
        (void)message;
        (void)user; /* none comes: the stream ends before it is open */
}

static void on_end(struct stream *s, enum stream_end why, int error, const char *text, void *user);

static void try_next(struct handshake *h) {
        while (h->next < h->n) {
                const struct resolver_address *a = &h->addresses[h->next++];
                const struct stream_request request = {
                        .address = (const struct sockaddr *)&a->storage,
                        .length = a->length,
                        .tls = h->tls,
                        .server_name = h->host,
                };
                transport_address_text(&a->storage, h->result.address, sizeof h->result.address);
                int r = stream_open(&h->stream, h->event, &request, on_message, on_end, h);
                if (r >= 0)
                        return;
                end_with(h, HANDSHAKE_NO_CONNECTION, strerror(-r));
        }
        h->done(h, &h->result, h->user);
}

static void on_end(struct stream *s, enum stream_end why, int error, const char *text, void *user) {
        struct handshake *h = user;
        (void)error;
        const struct tls_facts *facts = stream_facts(s);
        if (facts) {
                h->result.facts = *facts;
                end_with(h, HANDSHAKE_DONE, "");
        } else
                end_with(h, why == STREAM_TLS_FAILED ? HANDSHAKE_NO_TLS : HANDSHAKE_NO_CONNECTION, text);
        h->stream = stream_free(s);
        if (h->result.end == HANDSHAKE_NO_CONNECTION)
                try_next(h);
        else
                h->done(h, &h->result, h->user);
}

static void on_resolved(struct resolver_query *q, int outcome, const struct resolver_address *addresses, size_t n, const char *why,
                        void *user) {
        struct handshake *h = user;
        if (outcome == 0) {
                memcpy(h->addresses, addresses, n * sizeof *addresses);
                h->n = n;
                end_with(h, HANDSHAKE_NO_CONNECTION, "no answer");
        } else
                end_with(h, HANDSHAKE_NO_ADDRESS, why ? why : strerror(-outcome));
        h->query = resolver_query_free(q);
        try_next(h);
}

int handshake_start(struct handshake **ret, sd_event *event, struct resolver *resolver, struct tls *tls, const char *host, uint16_t port,
                    handshake_done_fn *done, void *user) {
        _cleanup_(handshake_freep) struct handshake *h = calloc(1, sizeof *h);
        if (!h)
                return -ENOMEM;
        *h = (struct handshake){.event = sd_event_ref(event), .tls = tls, .done = done, .user = user};
        end_with(h, HANDSHAKE_NO_ADDRESS, "no answer");
        h->host = strdup(host);
        int r = h->host ? resolver_start(&h->query, resolver, host, port, on_resolved, h) : -ENOMEM;
        if (r < 0)
                return r;
        *ret = TAKE_PTR(h);
        return 0;
}

const struct handshake_result *handshake_so_far(const struct handshake *h) {
        return &h->result;
}

struct handshake *handshake_free(struct handshake *h) {
        if (!h)
                return NULL;
        (void)resolver_query_free(h->query);
        (void)stream_free(h->stream);
        (void)sd_event_unref(h->event);
        free(h->host);
        free(h);
        return NULL;
}
