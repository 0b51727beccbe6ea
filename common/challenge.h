/* challenge.h: one parsed WWW-Authenticate or Proxy-Authenticate value (RFC 3261 section 20.44, RFC 7616 section 3.3, RFC 8760). */
#pragma once

#include "base.h"
#include "digest.h"

#define CHALLENGES_MAX 8 /* of one response; further ones are counted, not kept */

/* All spans lie in the message. Quoted values are kept raw (without the quotes, with their quoted-pairs), because they are
 * echoed raw; digest.c takes the quoted-pairs off before it hashes. */
struct challenge {
        bool proxy;       /* Proxy-Authenticate */
        struct span text; /* the whole value: evidence */
        struct span scheme;
        bool is_digest, is_basic;
        const char *malformed; /* what cannot be read, a constant text; NULL = well formed */
        struct span realm, nonce, opaque, domain;
        bool has_realm, has_nonce, has_opaque;
        bool stale;
        bool userhash;
        bool utf8;                  /* charset="UTF-8" */
        struct span algorithm_text; /* {NULL} = absent: MD5 */
        bool algorithm_known;
        enum digest_algorithm algorithm;
        bool has_qop; /* the parameter is there */
        struct span qop_text;
        bool qop_auth, qop_auth_int; /* what it offers of what we know */
};

/* Parses one header value. Never fails: what is wrong is named in ret->malformed. */
void challenge_parse(struct challenge *ret, bool proxy, struct span value);

/* True when the configured realm and the challenge's are the same bytes, quoted-pairs undone. */
bool challenge_realm_is(const struct challenge *c, const char *realm);
