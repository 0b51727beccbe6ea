/* nonce.h: what a nonce gives away. Families are recognised by form alone; see the reference of each in nonce.c. */
#pragma once

#include "base.h"

enum nonce_family { NONCE_OPAQUE, NONCE_KAMAILIO };

struct nonce_facts {
        enum nonce_family family;
        bool has_issued;
        int64_t issued_sec; /* Unix time of the carrier's clock */
        bool has_lifetime;
        int64_t lifetime_sec;
};

/* now_sec: a decoded time further than a year from it is taken for chance. */
void nonce_read(struct nonce_facts *ret, struct span nonce, int64_t now_sec);
