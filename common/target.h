/* target.h: where a trunk's carrier is, and the URIs a request to it carries. What DNS adds is in srv.h and daemon/locator.h. */
#pragma once

#include "base.h"
#include "trunk.h"

#define TARGET_HOST_MAX 256
#define TARGET_URI_MAX 300 /* bytes of a URI that we write, with the final NUL */

enum target_transport { TARGET_UDP, TARGET_TCP, TARGET_TLS };

#define TARGETS_MAX 8 /* configured ones: proxies */

struct target {
        char host[TARGET_HOST_MAX]; /* name or address; an IPv6 address without brackets */
        uint16_t port;              /* the explicit one; 0 = none was written */
        bool has_transport;         /* a transport was written; else RFC 3263 section 4.1 chooses, and `transport` is UDP */
        enum target_transport transport;
        char text[TARGET_HOST_MAX + 16]; /* "host[:port]" as configured */
};

/* Positive outcomes. */
enum {
        TARGET_NONE = 1,    /* neither proxies nor domain nor request_uri */
        TARGET_UNREADABLE,  /* there is one, and it is not host[:port] */
        TARGET_NO_TRANSPORT /* the transport's word is not udp, tcp or tls */
};

/* The proxies, else the request URI's maddr, else the domain, else the host of the request URI. transport and port of the request URI count
 * where the trunk says nothing (RFC 3263 section 4). n >= 1 on success. */
int target_list(struct target ret[static TARGETS_MAX], size_t *ret_n, const struct trunk *t);

const char *target_transport_name(enum target_transport transport); /* "UDP", "TCP", "TLS": as in a Via */
uint16_t target_default_port(enum target_transport transport);

/* The URIs of a request. Returns 0, TARGET_UNREADABLE (the domain or the request URI is none that a request may hold), or -ENOBUFS. */
struct target_uris {
        char request[TARGET_URI_MAX];    /* request_uri of the trunk, else "sip:DOMAIN" (RFC 3261 section 10.2: no user) */
        char other_port[TARGET_URI_MAX]; /* its other form: the target's port added, or its own port taken off */
        char aor[TARGET_URI_MAX];        /* "sip:USER@DOMAIN" for To and From; without a username "sip:DOMAIN" */
};
/* host and port: of the address that the request goes to. */
int target_uris_of(struct target_uris *ret, const struct trunk *t, const char *host, uint16_t port);

/* The SIP domain of the trunk, without port or brackets: what a TLS certificate must be for. False when the trunk has none. */
bool target_domain(const struct trunk *t, char ret[static TARGET_HOST_MAX]);

/* The host, port and transport of a Contact value ("Name" <sip:host:port;transport=tcp>;params), for a redirection. */
int target_of_contact(struct target *ret, struct span contact);
