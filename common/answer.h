/* answer.h: the credentials of a request: our digest response to a challenge, with one input changed when a hypothesis says so. */
#pragma once

#include "challenge.h"
#include "hypothesis.h"
#include "trunk.h"

#define ANSWER_NONCES_MAX 12

/* What the last credentials were made of, for the proof that may come back, and how often each nonce was answered. A zeroed one is new;
 * it must not be moved while `input` is used. */
struct answer {
        struct digest_input input; /* spans into the trunk, the challenge's message, and below */
        char digest_uri[TARGET_URI_MAX], cnonce[33], nc[9];
        char *username, *password; /* in another form; owned, wiped */
        struct nonce_use {
                struct span nonce; /* in a challenge's message */
                unsigned n;
        } uses[ANSWER_NONCES_MAX];
        size_t n_uses;
};

void answer_clear(struct answer *a);

/* What to answer, and with what. All borrowed; trunk and challenge must live as long as the answer is used. */
struct answer_request {
        const struct trunk *trunk;
        const struct challenge *challenge;
        const struct target_uris *uris;
        enum target_transport transport;
        const char *method;
        enum digest_qop qop;
        enum hypothesis hypothesis;
        const char *cnonce; /* 32 hex digits, never used before */
};

/* Writes the header value ("Digest ..."). Returns 0, -ENOBUFS, -ENOENT or -EILSEQ (the hypothesis is not possible for that trunk), and what
 * digest_response() returns. */
int answer_write(struct answer *a, const struct answer_request *r, char *buffer, size_t size);
