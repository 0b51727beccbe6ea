/* authorization.h: one parsed Authorization or Proxy-Authorization value (RFC 3261 section 25.1, RFC 7616 section 3.4): somebody's answer.
 */
#pragma once

#include "base.h"

struct authorization_value {
        struct span text; /* raw: without its quotes, with its quoted-pairs */
        bool present, quoted;
};

/* Every parameter that is read, in one list. */
/* clang-format off */
#define AUTHORIZATION_VALUES(X) \
        X(username) X(realm) X(nonce) X(uri) X(response) X(algorithm) X(cnonce) X(opaque) X(qop) X(nc) X(userhash)
/* clang-format on */

/* All spans lie in the value. */
struct authorization {
        bool proxy;       /* Proxy-Authorization */
        struct span text; /* the whole value */
        struct span scheme;
        bool is_digest;
        const char *malformed; /* what cannot be read, a constant text; NULL = well formed */
#define X(name) struct authorization_value name;
        AUTHORIZATION_VALUES(X)
#undef X
};

/* Parses one header value, in the tolerance that real carriers have: values may be quoted or not. Never fails: what is wrong is named in
 * ret->malformed. */
void authorization_parse(struct authorization *ret, bool proxy, struct span value);
