/* host_port.h: "host", "host:port", "192.0.2.1:port", "[IPv6]", "[IPv6]:port". */
#pragma once

#include "base.h"

#define HOST_MAX 253 /* bytes of a domain name (RFC 1035 section 3.1) */

struct host_port {
        struct span host; /* without brackets; in the caller's text */
        bool literal;     /* an IPv4 or IPv6 address */
        uint16_t port;    /* 0 = not written */
};

/* NULL when it can be read, else what is wrong with it, with what would be right in parentheses: a constant text. */
const char *host_port_parse(struct host_port *ret, struct span text);
