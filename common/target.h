/* target.h: where a trunk's carrier is, and the URIs a request to it carries. (RFC 3263 lookup of NAPTR and SRV widens this file.) */
#pragma once

#include "base.h"
#include "trunk.h"

#define TARGET_HOST_MAX 256
#define TARGET_URI_MAX 300 /* bytes of a URI that we write, with the final NUL */

enum target_transport { TARGET_UDP, TARGET_TCP, TARGET_TLS };

struct target {
        char host[TARGET_HOST_MAX]; /* name or address; an IPv6 address without brackets */
        uint16_t port;              /* the explicit one, else 5060 (5061 for TLS) */
        enum target_transport transport;
        char text[TARGET_HOST_MAX + 16]; /* "host:port", an IPv6 address in brackets */
};

/* Positive outcomes. */
enum {
        TARGET_NONE = 1,    /* neither proxies nor domain nor request_uri */
        TARGET_UNREADABLE,  /* there is one, and it is not host[:port] */
        TARGET_NO_TRANSPORT /* the transport's word is not udp, tcp or tls */
};

/* The first proxy, else the host of the domain, else that of the request URI. */
int target_of(struct target *ret, const struct trunk *t);

/* The URIs of a request. Returns 0, TARGET_UNREADABLE (the domain or the request URI is none that a request may hold), or -ENOBUFS. */
struct target_uris {
        char request[TARGET_URI_MAX];    /* request_uri of the trunk, else "sip:DOMAIN" (RFC 3261 section 10.2: no user) */
        char other_port[TARGET_URI_MAX]; /* its other form: the target's port added, or its own port taken off */
        char aor[TARGET_URI_MAX];        /* "sip:USER@DOMAIN" for To and From; without a username "sip:DOMAIN" */
};
int target_uris_of(struct target_uris *ret, const struct trunk *t, const struct target *target);
