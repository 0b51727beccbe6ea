/* challenge.h: one parsed WWW-Authenticate or Proxy-Authenticate value (RFC 3261 section 20.44, RFC 7616 section 3.3, RFC 8760). */
#pragma once

#include "base.h"
#include "digest.h"

#define CHALLENGES_MAX 8        /* of one response; further ones are counted, not kept */
#define CHALLENGE_ECHO_MAX 1024 /* bytes of realm, nonce and opaque together: an answer holds all of them, a request two answers */

/* One "name = value" of a list (RFC 3261 section 25.1): in a challenge, an answer or an Authentication-Info. */
struct auth_param {
        struct span name, value; /* raw: without its quotes, with its quoted-pairs */
        bool quoted;
};

#define AUTH_PARAMS_MAX 32 /* of one value */

/* Takes the scheme off a value; false when there is none. */
bool auth_scheme_take(struct span *rest, struct span *ret);

/* Takes one parameter and the comma after it off a list. Returns NULL, or what is wrong (a constant text); at the end name.n is 0. */
const char *auth_param_take(struct span *rest, struct auth_param *ret);

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

/* What may be answered. */
struct challenge_policy {
        bool has_wanted;
        enum digest_algorithm wanted; /* only this one */
        size_t hex_digits;            /* only algorithms of that length, for a stored HA1; 0 = any */
        bool strongest;               /* in place of the topmost */
};

/* The challenge to answer: among the digest ones that can be read and that the policy allows the topmost (RFC 8760 section 2.4) or the
 * strongest; without such a one the topmost digest one, else the topmost. NULL when n is 0. */
const struct challenge *challenge_choose(const struct challenge *c, size_t n, const struct challenge_policy *policy);

/* The topmost that the policy allows and whose algorithm is not that of `chosen`; NULL when there is none. */
const struct challenge *challenge_other(const struct challenge *c, size_t n, const struct challenge *chosen,
                                        const struct challenge_policy *policy);

/* True when the configured realm and the challenge's are the same bytes, quoted-pairs undone. */
bool challenge_realm_is(const struct challenge *c, const char *realm);

/* Writes the value of the Authorization (Proxy-Authorization) header for an answer: in, made from the challenge, and its response value.
 * Realm, nonce, opaque and algorithm are echoed as they came. Returns 0, -ENOBUFS, or what digest_userhash() returns. */
int challenge_answer_write(const struct challenge *c, const struct digest_input *in, const char *response, char *buffer, size_t size);

/* Writes the value of an Authorization that only names the user, with an empty nonce and response (3GPP TS 24.229 section 5.1.1.2).
 * Returns 0 or -ENOBUFS. */
int challenge_user_write(const char *username, const char *realm, const char *uri, char *buffer, size_t size);

/* A parameter of an Authentication-Info value (RFC 7616 section 3.5), raw; false when it is absent or the value cannot be read. */
bool authentication_info_get(struct span value, const char *name, struct span *ret);
