/* lab_sip.h: as much SIP as a carrier needs: read a request, write a response, take an Authorization value apart. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define LAB_SIP_HEADERS_MAX 64
#define LAB_SIP_VALUE_MAX 512 /* bytes of one parameter of a credential */

struct lab_request {
        char *text; /* owned; every pointer below goes into it */
        const char *method, *uri;
        struct {
                const char *name, *value;
        } headers[LAB_SIP_HEADERS_MAX];
        size_t n_headers;
        const char *body;
        size_t body_size;
        uint32_t cseq;
        char branch[128], from_tag[128], call_id[128];
        bool rport;
};

/* Returns NULL, or what cannot be read (a constant text; nothing to clear then). */
const char *lab_request_read(struct lab_request *ret, const char *bytes, size_t n);
void lab_request_clear(struct lab_request *r);

/* The i-th header of that name, or NULL. */
const char *lab_header(const struct lab_request *r, const char *name, size_t i);

/* Value of a parameter behind the scheme, quotes and quoted-pairs undone. False when it is absent or too long. */
bool lab_auth_parameter(const char *value, const char *name, char ret[static LAB_SIP_VALUE_MAX], bool *ret_quoted);

/* What may be odd about a response. */
struct lab_oddity {
        const char *branch; /* in place of the request's; NULL = as it must be */
        const char *length; /* in place of Content-Length: 0; NULL = as it must be, "" = no such header */
};

/* A response to r with `extra` header lines (each ending in CRLF). The first Via gets received and rport (RFC 3581). malloc'ed. */
char *lab_response_write(const struct lab_request *r, unsigned status, const char *to_tag, const char *extra,
                         const struct sockaddr_storage *source, const struct lab_oddity *odd);

const char *lab_reason(unsigned status);
