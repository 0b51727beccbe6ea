/* evidence.h: what one probe saw, exchange by exchange. Plain data: the probe fills it, diagnosis decides from it alone, the store
 * keeps it. Owner: the probe's result; evidence_clear() frees the messages. */
#pragma once

#include "base.h"
#include "challenge.h"
#include "digest.h"
#include "hypothesis.h"
#include "nonce.h"
#include "sip_message.h"
#include "target.h"
#include "tls_facts.h"

#define EVIDENCE_EXCHANGES_MAX 12
#define EVIDENCE_TARGETS_MAX 8

enum exchange_end {
        EXCHANGE_RESPONDED,   /* a final response came */
        EXCHANGE_NO_RESPONSE, /* timer F */
        EXCHANGE_REFUSED,     /* ICMP port unreachable, ECONNREFUSED */
        EXCHANGE_UNREACHABLE, /* no route, host or network unreachable; or sending failed (error) */
        EXCHANGE_CLOSED,      /* the connection was closed or reset before a final response */
        EXCHANGE_TLS_FAILED,  /* the handshake failed: text */
        EXCHANGE_UNTRUSTED,   /* the server's certificate is not good: the target's TLS facts; nothing was sent */
        EXCHANGE_TOO_LARGE,   /* not sent: more than 1300 bytes do not go by UDP (RFC 3261 section 18.1.1) */
        EXCHANGE_MALFORMED,   /* only something unreadable came */
        EXCHANGE_CUT,         /* the run ended first */
};

/* One address that requests were sent to, or could have been. */
struct attempt {
        enum target_transport transport;
        char address[80];      /* "192.0.2.1:5060", "[2001:db8::1]:5061" */
        char how[160];         /* the DNS records that led there; "" = an address as configured */
        struct tls_facts *tls; /* owned; NULL = no handshake was completed */
};

/* One request, with its retransmissions, and what came of it. */
struct exchange {
        size_t target; /* index of evidence.targets */
        bool credentialed;
        enum hypothesis hypothesis; /* the input that this answer changes, or the answer that this challenge was asked for */
        bool named;                 /* a request without credentials that names its user */
        bool other_method;          /* OPTIONS for REGISTER, or the other way round */
        char digest_uri[TARGET_URI_MAX];
        enum digest_algorithm algorithm; /* used in the answer */
        enum digest_qop qop;
        uint64_t sent_usec; /* CLOCK_REALTIME of the first sending */
        uint64_t rtt_usec;  /* first sending to final response; 0 = none */
        unsigned retransmissions;
        enum exchange_end end;
        int error;  /* errno value for REFUSED and UNREACHABLE */
        int status; /* 0 = none */
        char reason[80];
        const char *malformed;      /* EXCHANGE_MALFORMED: why, a constant text */
        char failure[120];          /* EXCHANGE_CLOSED, EXCHANGE_TLS_FAILED: the connection's own words */
        size_t n_challenges;        /* that the response carried */
        bool has_challenge;         /* `challenge` is the one to answer: the topmost digest one, else the topmost */
        struct challenge challenge; /* spans into response_raw */
        unsigned algorithms;        /* bits of enum digest_algorithm: those of the digest challenges that can be read */
        bool has_other_algorithm;   /* the next one that is offered, beside that of `challenge` */
        enum digest_algorithm other_algorithm;
        struct nonce_facts nonce;
        bool has_date;    /* the response has one Date, and it is readable */
        int64_t date_sec; /* since 1970, by the carrier's clock */
        char seen_as[64]; /* where the carrier saw the request come from: received and rport of the Via (RFC 3581), of a challenge or
                             refusal; "" = not said */
        enum { RSPAUTH_ABSENT, RSPAUTH_RIGHT, RSPAUTH_WRONG } rspauth;
        bool has_nextnonce;        /* the carrier names the nonce to answer next; every probe asks for a fresh one instead */
        int retry_after_sec;       /* -1 = none */
        char contact[200];         /* of a 3xx */
        struct sip_wire *request;  /* as sent; owned */
        struct sip_wire *response; /* as received; owned */
        char *response_raw;        /* as read; owned; never stored */
};

enum resolution { RESOLUTION_NONE, RESOLUTION_DONE, RESOLUTION_NOT_FOUND, RESOLUTION_FAILED };

struct evidence {
        char target[300];        /* "sbc1.carrier.example:5061" as configured */
        char address[300];       /* "192.0.2.1:5061": where the last request went; "" = nowhere */
        struct attempt *targets; /* owned; in order of preference; those that no exchange names were not tried */
        size_t n_targets;
        char call_id[80];
        enum resolution resolution;
        char resolution_error[120];
        int broken; /* -errno: the probe failed here; 0 = not */
        char broken_where[40];
        struct exchange *exchanges; /* owned */
        size_t n_exchanges;
        bool budget_spent; /* a further credentialed request was wanted and not allowed */
        bool cut;          /* the run ended first */
};

/* Reads what a final response says into its exchange: status, challenges (the one that the policy chooses), proof, Retry-After, Contact.
 * The response's bytes are the exchange's response_raw. answer: what the request's credentials were made of; its body becomes the
 * response's. */
void exchange_read(struct exchange *x, const struct sip_response *response, const struct challenge_policy *policy,
                   struct digest_input *answer);

/* The word for what this request has otherwise than the first of its kind; NULL = nothing. */
const char *exchange_changed(const struct exchange *x);

/* A peer's text, cut to size, control characters replaced. */
void exchange_copy_text(char *buffer, size_t size, struct span s);

/* Appends a zeroed one. Returns NULL when there is no memory or the limit is reached; pointers to earlier ones may then be stale. */
struct exchange *evidence_add_exchange(struct evidence *e);
struct attempt *evidence_add_target(struct evidence *e);

void evidence_clear(struct evidence *e);

/* Sum of requests with credentials, retransmissions not counted. */
unsigned evidence_credentialed(const struct evidence *e);
