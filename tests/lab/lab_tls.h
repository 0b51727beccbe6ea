/* lab_tls.h: a throw-away CA, another one that nobody trusts, and what they sign. Made in memory by GnuTLS; texts are PEM. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct lab_ca;

struct lab_ca *ca_new(void);
struct lab_ca *ca_free(struct lab_ca *ca);
const char *ca_pem(const struct lab_ca *ca, bool trusted);

struct lab_certificate {
        char *certificate, *key; /* owned */
};

struct lab_certificate_request {
        bool trusted;          /* no = the other CA signs */
        bool client;           /* of a TLS client, else of a server */
        bool loopback;         /* the address 127.0.0.1 besides */
        const char *dns, *uri; /* subjectAltNames; NULL = none of that kind */
        int64_t from, until;   /* seconds from now */
};

#define LAB_HOUR INT64_C(3600)
#define LAB_DAY (24 * LAB_HOUR)

void certificate_make(struct lab_certificate *ret, const struct lab_ca *ca, const struct lab_certificate_request *request);
void certificate_clear(struct lab_certificate *c);
