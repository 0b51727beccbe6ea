/* drift.h: what the platform, the configuration and the carrier say of one trunk, field by field, and whether they differ.
 *
 * A difference never changes the trunk's verdict, which is about its credentials: it is a warning of its own, stored and told beside it.
 * What a source does not say differs from nothing. */
#pragma once

#include "evidence.h"
#include "trunk.h"

#define DRIFT_SERVERS_MAX 64 /* of one list; longer ones are compared as they are written */

/* Their words are those of the table `difference`; where a cause of a trunk is about the same thing it is called FIELD_mismatch. */
enum drift_field {
        DRIFT_REALM,     /* the same bytes: an HA1 is made of them (RFC 7616 section 3.4.2) */
        DRIFT_USERNAME,  /* the same bytes; no challenge names it */
        DRIFT_SERVERS,   /* host[:port] as a set (all may be asked), names in any case, the default port written or not */
        DRIFT_TRANSPORT, /* udp, tcp, tls in any case */
        DRIFT_STATE,     /* the platform has it out of service, the configuration has an entry for it */
        DRIFT_ALGORITHM, /* one of those that the carrier offers; none in the challenge is MD5 (RFC 7616 section 3.3) */
        DRIFT_QOP,       /* one of those that the carrier offers; none there is "none" */
        DRIFT_FIELD_COUNT
};

enum drift_source { DRIFT_PLATFORM, DRIFT_CONFIG, DRIFT_CARRIER, DRIFT_SOURCE_COUNT };

struct drift {
        char *says[DRIFT_SOURCE_COUNT];   /* owned; NULL = nothing */
        bool unheard[DRIFT_SOURCE_COUNT]; /* not asked in this run, or it did not come to an answer: what it said before holds */
};

const char *drift_field_word(enum drift_field field);

/* Fills ret from a merged trunk (trunk_list_merge()) and what its probe saw (NULL = it was not probed). Returns 0 or -ENOMEM. */
int drift_read(struct drift ret[static DRIFT_FIELD_COUNT], const struct trunk *t, const struct evidence *e);

/* What was not heard is taken from what an earlier run knew. Returns 0 or -ENOMEM. */
int drift_recall(struct drift *d, const struct drift *known);

/* True when two of the sources differ. All fields are needed: the default port depends on the transport. */
bool drift_differs(const struct drift d[static DRIFT_FIELD_COUNT], enum drift_field field);

void drift_clear(struct drift d[static DRIFT_FIELD_COUNT]);
