/* handshake.h: is there an HTTPS server at a name? Its address, the connection, the TLS handshake; not a byte is sent after it. */
#pragma once

#include <systemd/sd-event.h>

#include "../common/tls_facts.h"
#include "resolver.h"
#include "tls.h"

struct handshake;

enum handshake_end {
        HANDSHAKE_DONE,          /* facts; whether the certificate is for the name is not judged, see below */
        HANDSHAKE_NO_ADDRESS,    /* text: what the lookup of the name said */
        HANDSHAKE_NO_CONNECTION, /* to any address of the name; text: the last error */
        HANDSHAKE_NO_TLS,        /* text: why */
};

struct handshake_result {
        enum handshake_end end;
        char address[80]; /* the last one tried; "" = none */
        char text[160];
        /* TLS_TRUST_OTHER_NAME: the chain is good. Names are compared by the rules of HTTPS where requests are made, since those for SIP
         * that the tls module knows allow no wildcards. */
        struct tls_facts facts;
};

typedef void handshake_done_fn(struct handshake *h, const struct handshake_result *result, void *user);

/* The addresses are tried one after the other; the kernel's patience with a silent one is long, the caller's limit ends it. done may free
 * the handshake. */
int handshake_start(struct handshake **ret, sd_event *event, struct resolver *resolver, struct tls *tls, const char *host, uint16_t port,
                    handshake_done_fn *done, void *user);
struct handshake *handshake_free(struct handshake *h); /* before done: cancels */
DEFINE_CLEANUP(struct handshake *, handshake_free)

/* What is known so far, for a caller who gives up. */
const struct handshake_result *handshake_so_far(const struct handshake *h);
