/* lab_digest.h: the carrier's side of digest, computed with nettle and shared with nobody: a peer must not check itself. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define LAB_HEX_SIZE 65 /* 64 hex digits and the final NUL */

struct lab_answer {
        const char *algorithm; /* "MD5", "SHA-256-sess", …; NULL = absent: MD5 */
        const char *username, *realm, *password;
        const char *ha1; /* in place of the three; NULL = none */
        const char *nonce, *method, *uri;
        const char *qop; /* NULL = the form of RFC 2069 */
        const char *nc, *cnonce;
        const char *body;
        size_t body_size;
};

bool lab_algorithm_known(const char *algorithm);
void lab_ha1(const char *algorithm, const char *username, const char *realm, const char *password, char ret[static LAB_HEX_SIZE]);

/* The user name as userhash=true wants it (RFC 7616 section 3.4.4). False when the algorithm is not known. */
bool lab_userhash(const char *algorithm, const char *username, const char *realm, char ret[static LAB_HEX_SIZE]);

/* The response, and the rspauth that proves the carrier (RFC 7616 section 3.5). False when the algorithm is not known. */
bool lab_response(const struct lab_answer *a, char ret[static LAB_HEX_SIZE]);
bool lab_rspauth(const struct lab_answer *a, char ret[static LAB_HEX_SIZE]);

/* Checks the above against published values; complaints go to stderr. Returns how many are wrong. */
int lab_digest_self_test(void);
