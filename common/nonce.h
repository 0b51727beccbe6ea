/* nonce.h: what a nonce gives away. Families are recognised by form and plausibility alone; the form of each stands in nonce.c. What can be
 * read is kept apart from what is only usual for the family. */
#pragma once

#include "base.h"

enum nonce_family {
        NONCE_OPAQUE,
        NONCE_KAMAILIO,
        NONCE_OPENSIPS, /* 1.x and 2.x; later ones are opaque */
        NONCE_SER,
        NONCE_ASTERISK, /* res_pjsip */
        NONCE_PORTASIP, /* or like it: decimal time and hash */
        NONCE_SOFIA,    /* Sofia-SIP, Flexisip */
        NONCE_LIBRE,
        NONCE_BROADWORKS,
        NONCE_FREESWITCH, /* a UUID: others may use it, too */
};

struct nonce_facts {
        enum nonce_family family;
        bool has_issued;
        int64_t issued_usec;      /* Unix time of the carrier's clock: the nonce was made in [issued, issued + resolution) */
        uint64_t resolution_usec; /* of both times */
        bool has_expires;
        int64_t expires_usec; /* likewise; the nonce says so */
        bool has_lifetime;    /* the nonce says both times */
        int64_t lifetime_sec;
        int64_t assumed_lifetime_sec; /* the family's default, where the nonce does not say; proves nothing; 0 = none is known */
        bool one_time;                /* the server says that it accepts the nonce once */
        bool counted;                 /* the server checks that nc grows */
        bool bound;                   /* the server checks that the answer's request resembles the one that was challenged */
};

/* now_sec: a decoded time further than a year from it is taken for chance. */
void nonce_read(struct nonce_facts *ret, struct span nonce, int64_t now_sec);

const char *nonce_family_name(enum nonce_family family);    /* NULL = opaque */
const char *nonce_policy_word(const struct nonce_facts *f); /* "one-time", "counted", "one-time counted"; NULL = it says neither */
