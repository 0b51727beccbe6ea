/* hypothesis.h: which input of a refused answer may be wrong: the closed list of inputs that a probe may change, one at a time and never
 * the password. Facts: the catalogue of causes in verdict.def, whose proof is a hypothesis that came true. */
#pragma once

#include "digest.h"
#include "target.h"
#include "verdict.h"

enum hypothesis {
        HYPOTHESIS_NONE,            /* the answer as it should be */
        HYPOTHESIS_FRESH_NONCE,     /* the same once more: the nonce was no longer good */
        HYPOTHESIS_URI_PORT,        /* the digest-uri with the target's port added, or with its port taken off */
        HYPOTHESIS_URI_TRANSPORT,   /* the same of its transport parameter */
        HYPOTHESIS_URI_SCHEME,      /* sips: for sip:, or the other way round */
        HYPOTHESIS_QOP,             /* qop=auth, where none is offered or only auth-int */
        HYPOTHESIS_ALGORITHM,       /* the next of the algorithms that are offered */
        HYPOTHESIS_ALGORITHM_NAMED, /* algorithm=MD5, where the challenge names none */
        HYPOTHESIS_USERNAME,        /* user@domain for user, or the other way round */
        HYPOTHESIS_ENCODING,        /* username and password in Latin-1 */
        HYPOTHESIS_USER_NAMED,      /* the request without credentials names its user (3GPP TS 24.229 section 5.1.1.2) */
        HYPOTHESIS_COUNT
};

/* A set of them, as bits. */
typedef uint32_t hypotheses;
#define HYPOTHESIS_BIT(h) (UINT32_C(1) << (h))

/* "uri_port", ...; "none". Words are for ever: the database keeps them. */
const char *hypothesis_word(enum hypothesis h);

/* The words of a set, separated by ", " (or by " "); cut at the buffer's end. */
void hypotheses_write(hypotheses set, const char *separator, char *buffer, size_t size);

/* Words separated by spaces; unknown ones are passed over. */
hypotheses hypotheses_read(const char *words);

/* What it proves when it comes true. */
enum cause hypothesis_cause(enum hypothesis h);

struct challenge;

enum suspicion { SUSPICION_NONE, SUSPICION_WEAK, SUSPICION_STRONG };

/* A refused answer, as far as it says which input may be wrong. */
struct refused_answer {
        const struct trunk *trunk;
        const struct challenge *challenge; /* that was answered */
        enum target_transport transport;
        bool has_other_algorithm; /* the response with the challenge offered another one that may be answered: the next */
        enum digest_algorithm other_algorithm;
        enum suspicion nonce;   /* how much speaks against the nonce */
        enum hypothesis winner; /* came true in an earlier run; HYPOTHESIS_NONE = none did */
};

/* All that are possible for it. */
hypotheses hypotheses_possible(const struct refused_answer *r);

/* The likeliest of those that are possible and not in `tried`; HYPOTHESIS_NONE when none is left. */
enum hypothesis hypothesis_next(const struct refused_answer *r, hypotheses tried);

/* -- the inputs ------------------------------------------------------------------------------------------------------------- */

/* The digest-uri. uris: of the target. Returns 0 or -ENOBUFS. */
int hypothesis_uri(enum hypothesis h, const struct target_uris *uris, enum target_transport transport, char ret[static TARGET_URI_MAX]);

/* The username of HYPOTHESIS_USERNAME, malloc'ed. Returns 0, -ENOENT (there is no other form), -ENOMEM. */
int hypothesis_username(const struct trunk *t, char **ret);

/* The bytes in Latin-1, NUL-terminated, malloc'ed; the caller wipes them. Returns 0, -EILSEQ (not UTF-8, or not in Latin-1), -ENOMEM. */
int hypothesis_latin1(struct span text, char **ret, size_t *ret_n);
