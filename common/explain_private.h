/* explain_private.h: what the parts of explain share: the inputs of an answer with their forms, and the search among them. */
#pragma once

#include "explain.h"
#include "mistake.h"

enum explain_input {
        INPUT_USERNAME,
        INPUT_REALM,
        INPUT_PASSWORD,
        INPUT_KEY, /* how HA1 is hashed on */
        INPUT_METHOD,
        INPUT_URI,
        INPUT_BODY,
        INPUT_HA2, /* how HA2 is hashed on */
        INPUT_NONCE,
        INPUT_NC,
        INPUT_CNONCE,
        INPUT_QOP,
        INPUT_ALGORITHM,
        INPUTS
};

enum explain_hash { HASH_MD5, HASH_SHA_256, HASH_SHA_512_256, HASH_SHA_512_CUT, HASHES };

/* The codes of forms. */
enum { PASSWORD_PLAIN, PASSWORD_IS_HA1 };        /* of INPUT_PASSWORD: its value is HA1 in hex digits */
enum { HEX_LOWER, HEX_UPPER, HEX_NONE };         /* of INPUT_KEY and INPUT_HA2: HEX_NONE = the bytes themselves */
enum { KEY_OF_HASH = 8 };                        /* of INPUT_KEY, plus a hash: HA1 was made with that one */
enum { BODY_HASHED, BODY_NOTHING, BODY_ITSELF }; /* of INPUT_BODY: what stands at the end of A2 with auth-int */
enum { QOP_BODY = 1, QOP_RFC_2069 = 2 };         /* of INPUT_QOP, flags: H(body) is in A2; no nc, cnonce and qop in the response */
enum { ALGORITHM_SESSION = 1 };                  /* of INPUT_ALGORITHM: 2 * hash + this */

struct explain_inputs {
        struct forms forms[INPUTS];
};

/* Which form each input has. */
struct choice {
        uint8_t form[INPUTS];
};

struct explain_search;

/* target: the bytes of the observed response, at least 8; a hash that begins with them is taken for it. Returns 0 or -errno. */
int explain_search_new(struct explain_search **ret, const struct explain_inputs *inputs, struct span target);
struct explain_search *explain_search_free(struct explain_search *s);
DEFINE_CLEANUP(struct explain_search *, explain_search_free)

/* The hypothesis with the fewest mistakes that gives the target: 0, or 1 when there is none with at most EXPLAIN_MISTAKES_MAX; or -errno.
 */
int explain_search_run(struct explain_search *s, struct choice *ret, uint64_t *ret_count);

/* The steps of one choice; ret is cleared by explain_steps_clear() also after a failure. */
int explain_search_steps(struct explain_search *s, const struct choice *h, struct explain_steps *ret);
void explain_steps_clear(struct explain_steps *s);

/* Lower-case hex of the hash of a text. */
int explain_search_hash(struct explain_search *s, enum explain_hash hash, struct span text, char ret[static DIGEST_HEX_MAX + 1]);

enum explain_hash explain_hash_of(enum digest_algorithm a);
size_t explain_hash_size(enum explain_hash h); /* bytes */

/* What the work needs besides the result. */
struct explain_work {
        const struct explain_question *q;
        struct explanation *e;
        struct explain_inputs inputs;
        struct explain_search *search;
        size_t target_n;                /* bytes of the response */
        struct span host;               /* of the Request-URI */
        char *realm, *nonce, *username; /* without quoted-pairs */
        char *sent_username, *sent_realm, *sent_nonce, *sent_uri, *sent_cnonce;
};

/* The texts of challenge and answer without their quoted-pairs. Returns 0 or -ENOMEM. */
int explain_read_texts(struct explain_work *w);

/* The forms of every input; also adds the finding that only they show (userhash). Returns 0, -ENOMEM, -EINVAL (ha1), -EIO, -ENOBUFS. */
int explain_fill(struct explain_work *w);

/* Adds a finding, unless one with its cause is there. */
void explain_add(struct explanation *e, struct verdict finding);

/* What shows in the text alone: quoting, parameters that are missing or must not be there, what was not sent back. */
void explain_form(struct explanation *e, const struct explain_question *q);
