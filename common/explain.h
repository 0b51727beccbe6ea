/* explain.h: the offline oracle: given a challenge, somebody's answer to it and the credentials, which input of the answer differs? It
 * recomputes the response from the right inputs, and then from the mistakes that real programs make, one and two at a time. */
#pragma once

#include "authorization.h"
#include "base.h"
#include "challenge.h"
#include "trunk.h"
#include "verdict.h"

#define EXPLAIN_VALUE_MAX 4096  /* bytes of a challenge, an answer, and of each other input but the body */
#define EXPLAIN_FINDINGS_MAX 32 /* further ones are not kept */
#define EXPLAIN_MISTAKES_MAX 2  /* at once; what the answer itself shows (another realm, another uri) does not count */

/* An answer that was seen before the one in question. */
struct explain_earlier {
        struct span nonce, nc, call_id; /* raw */
        bool has_cseq;
        uint32_t cseq;
};

/* What is known. The texts are borrowed and must outlive the explanation; {NULL} = not known. */
struct explain_question {
        struct span challenge;     /* value of WWW-Authenticate or Proxy-Authenticate; unknown: what the answer repeats of it is taken */
        struct span authorization; /* value of Authorization or Proxy-Authorization */
        bool has_headers;          /* it is known in which header fields they were: */
        bool challenge_proxy, authorization_proxy;
        struct span method;      /* unknown: any */
        struct span request_uri; /* unknown: the answer's uri */
        struct span body;        /* unknown: empty */
        struct span username;    /* plain; unknown: the answer's */
        struct span realm;       /* the configured one */
        struct span password;    /* at most one of the two; */
        struct span ha1;         /* hex; without both only the form is checked */
        struct span call_id;     /* of the request, to compare with earlier ones */
        bool has_cseq;
        uint32_t cseq;
        const struct explain_earlier *earlier; /* the oldest first */
        size_t n_earlier;
};

enum explain_end {
        EXPLAIN_RIGHT,       /* the response is reproduced, and nothing else is against the rules (remarks aside) */
        EXPLAIN_MISTAKE,     /* a mistake is named: it reproduces the response, or it shows in the text */
        EXPLAIN_UNEXPLAINED, /* nothing that was tried reproduces the response; findings may name what shows in the text */
        EXPLAIN_UNCHECKED,   /* without a secret; nothing shows in the text */
};

/* How a response is computed, step by step. a1, ha1 and key are secrets; all is wiped. */
struct explain_steps {
        char *a1;       /* username:realm:password; NULL when HA1 was given */
        size_t a1_n;    /* bytes of it; NUL may be among them */
        size_t a1_open; /* bytes of it before the password */
        char *a2;       /* method:uri, with auth-int also the body's hash */
        size_t a2_n;
        char *key;    /* HA1 as it is hashed on; with -sess the session's */
        char *hashed; /* what the response is the hash of, with the names HA1 and HA2 in it */
        char ha1[DIGEST_HEX_MAX + 1], ha2[DIGEST_HEX_MAX + 1], response[DIGEST_HEX_MAX + 1];
};

struct explanation {
        enum explain_end end;
        /* What was found, the first being the verdict: its cause is of the kind ANSWER. No detail holds a secret. */
        struct verdict findings[EXPLAIN_FINDINGS_MAX];
        size_t n_findings;
        bool reproduced;            /* the response is known to come from the secret */
        uint64_t hypotheses;        /* how many responses were computed */
        struct challenge challenge; /* of the question; when it is unknown, what the answer repeats of it */
        struct authorization answer;
        bool has_steps;                       /* there is a secret, and the answer can be read */
        struct explain_steps right, observed; /* from the right inputs; as reproduced (only when it is) */
};

/* Returns 0, -ENOMEM, -E2BIG (a text is longer than EXPLAIN_VALUE_MAX), -EINVAL (ha1 is not hex digits of a known length), -EIO (the
 * crypto library failed). The caller frees the explanation. */
int explain(struct explanation **ret, const struct explain_question *q);

/* Positive outcome of explain_validation(). */
enum { EXPLAIN_NO_ANSWER = 1 }; /* the platform gave no answer that could be explained */

/* What was wrong with the answer that the platform reports as its last validation, by the trunk's own settings and secret. ret: the first
 * finding; further mistakes stand in its detail with their words. method: of the platform's request, NULL = not known. Returns 0, a
 * positive outcome above, or what explain() returns. */
int explain_validation(struct verdict *ret, const struct trunk *t, const char *method);

/* Wipes and frees; NULL-safe; returns NULL. */
struct explanation *explanation_free(struct explanation *e);
DEFINE_CLEANUP(struct explanation *, explanation_free)
