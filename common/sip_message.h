/* sip_message.h: write a request, read a response (RFC 3261). Spans into the caller's buffer, hard limits, no allocation. */
#pragma once

#include "base.h"

#define SIP_MESSAGE_MAX 65535 /* bytes of a message we read */
#define SIP_REQUEST_MAX 4096  /* bytes of a request we write */
#define SIP_HEADERS_MAX 128   /* header fields of a message we read */

struct sip_header {
        struct span name;  /* as written */
        struct span value; /* trimmed; folding undone in place */
};

struct sip_response {
        int status;         /* 100..699 */
        struct span reason; /* may be empty */
        struct sip_header headers[SIP_HEADERS_MAX];
        size_t n_headers;
        struct span body;
};

/* Positive outcomes of sip_response_read() and sip_response_match(). */
enum {
        SIP_MALFORMED = 1, /* *ret_why says what, a constant text */
        SIP_IS_REQUEST,    /* well-formed start line of a request */
        SIP_IS_FOREIGN,    /* a response to another request */
};

/* Reads one response from a datagram of n bytes. The buffer is changed: folded lines are joined by spaces. */
int sip_response_read(struct sip_response *ret, char *bytes, size_t n, const char **ret_why);

/* The i-th header of that name (long or compact form, any case); NULL when there is none. */
const struct sip_header *sip_header(const struct sip_response *r, const char *name, size_t i);

/* Value of a parameter of a header value (";name=value" after the first ';' outside quotes and <>): {NULL} when absent. */
struct span sip_parameter(struct span value, const char *name);

/* CSeq number and method; false when malformed. */
bool sip_cseq(struct span value, uint32_t *ret_number, struct span *ret_method);

/* Whether a response is one to the request with that branch and CSeq (RFC 3261 section 17.1.3). Returns 0, SIP_IS_FOREIGN, or SIP_MALFORMED
 * when it lacks one of the fields that a response takes over from its request, or has one of them twice. */
int sip_response_match(const struct sip_response *r, const char *branch, uint32_t cseq, const char *method, const char **ret_why);

/* A request without body. Texts must hold no control characters: -EINVAL. */
struct sip_request {
        const char *method;
        const char *request_uri;
        const char *transport; /* "UDP", "TCP", "TLS" of the Via */
        const char *sent_by;   /* host:port of the Via */
        const char *branch;
        const char *from_uri, *from_tag;
        const char *to_uri;
        const char *call_id;
        uint32_t cseq;
        const char *user_agent;
        const char *authorization;       /* whole value ("Digest …") or NULL */
        const char *proxy_authorization; /* the same for a 407 */
};

/* Writes the request. Returns 0, -ENOBUFS, -EINVAL. */
int sip_request_write(const struct sip_request *r, char *buffer, size_t size, size_t *ret_n);

/* Copies a message with the digest response values replaced by "redacted". Returns a malloc'ed, NUL-terminated text; NULL = no memory.
 * Bytes that are not UTF-8 or are control characters other than CR LF TAB are written as \xNN. */
char *sip_redact(struct span message);

/* A message as it went over the wire, with the secrets that are in it. Opaque, so that none is stored or shown as it is: sip_wire_text().
 */
struct sip_wire;
struct sip_wire *sip_wire_new(struct span message);   /* copied; NULL = no memory */
struct sip_wire *sip_wire_free(struct sip_wire *w);   /* wipes; NULL-safe; returns NULL */
struct span sip_wire_bytes(const struct sip_wire *w); /* to be sent */
DEFINE_CLEANUP(struct sip_wire *, sip_wire_free)

/* What may be stored and shown of it, as by sip_redact(); *ret is NULL when w is. Returns 0 or -ENOMEM. */
int sip_wire_text(char **ret, const struct sip_wire *w);
