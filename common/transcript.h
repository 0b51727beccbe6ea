/* transcript.h: SIP messages as people paste them: out of captures and logs, indented, with other line ends, several in a row, or a header
 * field alone. Only what the digest is about is read: who was challenged how, and what was answered. */
#pragma once

#include "base.h"

#define TRANSCRIPT_BYTES_MAX (1024 * 1024)
#define TRANSCRIPT_HEADERS_MAX 256 /* challenges and answers; further ones are counted, not kept */

/* One challenge or answer, and what its message says. {NULL} = not known. */
struct transcript_header {
        bool is_answer;
        bool proxy;       /* Proxy-Authenticate, Proxy-Authorization */
        bool has_name;    /* there was a header field's name, and not only a value */
        unsigned line;    /* in the text, from 1 */
        unsigned message; /* which of the messages, from 1; 0 = it stands alone */
        struct span value;
        struct span method, request_uri, call_id; /* of the message; of a response the method of its CSeq */
        bool has_cseq;
        uint32_t cseq;
        struct span body; /* with CR LF where the whole message was given with bare LF */
};

struct transcript {
        struct transcript_header headers[TRANSCRIPT_HEADERS_MAX];
        size_t n, n_found;
        unsigned messages;
        char *bodies; /* owned: bodies whose line ends were restored */
};

/* Reads a text; its bytes are changed (continuation lines are joined) and must outlive the transcript. Returns 0, -ENOMEM, -E2BIG. */
int transcript_read(struct transcript **ret, char *bytes, size_t n);

/* The challenge that an answer is to: the one with its nonce, else with its realm, else the nearest before it; NULL when there is none. */
const struct transcript_header *transcript_challenge(const struct transcript *t, const struct transcript_header *answer);

struct transcript *transcript_free(struct transcript *t);
DEFINE_CLEANUP(struct transcript *, transcript_free)
