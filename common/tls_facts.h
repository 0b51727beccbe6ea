/* tls_facts.h: what a TLS handshake showed. Plain data; the transport fills it, diagnosis judges it, the store keeps it. */
#pragma once

#include "base.h"

enum tls_trust {
        TLS_TRUST_UNKNOWN, /* no certificate was seen */
        TLS_TRUST_GOOD,
        TLS_TRUST_EXPIRED,   /* a certificate of the chain is expired, or not valid yet */
        TLS_TRUST_UNTRUSTED, /* no chain to a trusted root, revoked, or not fit for a server */
        TLS_TRUST_OTHER_NAME /* the certificate is for other names (RFC 5922 section 7.2: no wildcards) */
};

struct tls_facts {
        bool present;      /* the handshake was completed */
        char protocol[16]; /* "TLSv1.3" */
        char cipher[64];
        enum tls_trust trust;
        char error[160];       /* of the verification, or of the handshake */
        char subject[160];     /* of the server's certificate */
        char names[256];       /* its subjectAltNames, "DNS:a, URI:sip:b" */
        char chain_end[160];   /* issuer of the last certificate of the chain */
        int64_t not_after_sec; /* when the server's certificate expires, Unix time */
        char wanted[256];      /* the names that were accepted */
};
