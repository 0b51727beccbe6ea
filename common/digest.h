/* digest.h: the answer to a challenge, and the carrier's own proof (RFC 2069, 2617, 7616, 8760; RFC 3261 section 22.4). */
#pragma once

#include "base.h"

enum digest_algorithm {
        DIGEST_MD5,
        DIGEST_MD5_SESS,
        DIGEST_SHA_256,
        DIGEST_SHA_256_SESS,
        DIGEST_SHA_512_256,
        DIGEST_SHA_512_256_SESS,
};

enum digest_qop { DIGEST_QOP_NONE, DIGEST_QOP_AUTH, DIGEST_QOP_AUTH_INT };

#define DIGEST_HEX_MAX 64 /* hex digits of SHA-256 and SHA-512/256; MD5 has 32 */

/* Everything that goes into an answer. Quoted values raw (with quoted-pairs): they are unquoted before they are hashed. */
struct digest_input {
        enum digest_algorithm algorithm;
        enum digest_qop qop;
        struct span username; /* plain, never a userhash */
        struct span realm;    /* raw */
        struct span password; /* plain octets; or */
        struct span ha1;      /* lower-case hex of H(username:realm:password), in place of the password ({NULL} = none) */
        struct span method;
        struct span uri;   /* digest-uri */
        struct span nonce; /* raw */
        struct span nc;    /* "00000001" */
        struct span cnonce;
        struct span body; /* hashed with auth-int; may be empty */
};

const char *digest_algorithm_name(enum digest_algorithm a);
bool digest_algorithm_from(struct span name, enum digest_algorithm *ret); /* case-insensitive */
bool digest_is_session(enum digest_algorithm a);
size_t digest_hex_length(enum digest_algorithm a);
unsigned digest_strength(enum digest_algorithm a); /* more is stronger; a session variant counts as its hash */
const char *digest_qop_name(enum digest_qop q);    /* "auth", "auth-int"; "none" */

/* The response value, NUL-terminated lower-case hex. Returns 0, -EINVAL (a -sess algorithm or a qop without cnonce, an HA1 of the
 * wrong length), -ENOMEM, -EIO (the crypto library failed). Intermediate values are wiped. */
int digest_response(const struct digest_input *in, char ret[static DIGEST_HEX_MAX + 1]);

/* The rspauth value that a peer who knows the secret sends back (RFC 7616 section 3.5): A2 = ":" uri. */
int digest_rspauth(const struct digest_input *in, char ret[static DIGEST_HEX_MAX + 1]);

/* RFC 7616 section 3.4.4: H(username ":" realm), for userhash=true. */
int digest_userhash(const struct digest_input *in, char ret[static DIGEST_HEX_MAX + 1]);
