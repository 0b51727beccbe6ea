/* explain_search.c: which combination of forms gives the observed response. HA1 and HA2 are computed once for each combination of their
 * own inputs and then combined, so that a hypothesis costs one hash (RFC 7616 section 3.4.1). Combinations are tried in the order of the
 * number of mistakes in them. */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>

#include "explain_private.h"

#define HASH_BYTES_MAX 64
#define JOINED_MAX (16 * 1024) /* bytes of what a response is the hash of */

struct hasher {
        EVP_MD *md;
        EVP_MD_CTX *ctx;
        size_t size; /* bytes that are used of its value */
};

/* Inputs that are hashed together, and the value: HA1 or HA2 as it is hashed on. */
struct candidate {
        uint8_t form[4];
        uint8_t n;
        char text[DIGEST_HEX_MAX];
};

/* By the number of mistakes in them. */
struct candidates {
        bool done[EXPLAIN_MISTAKES_MAX + 1];
        struct candidate *items[EXPLAIN_MISTAKES_MAX + 1];
        size_t n[EXPLAIN_MISTAKES_MAX + 1], size[EXPLAIN_MISTAKES_MAX + 1];
};

static const enum explain_input key_inputs[] = {INPUT_USERNAME, INPUT_REALM, INPUT_PASSWORD, INPUT_KEY},
                                a2_inputs[] = {INPUT_METHOD, INPUT_URI, INPUT_BODY, INPUT_HA2},
                                tail_inputs[] = {INPUT_NONCE, INPUT_NC, INPUT_CNONCE};

enum part { PART_KEY, PART_A2, PART_A2_BODY, PART_TAIL, PARTS };

struct explain_search {
        const struct explain_inputs *inputs;
        unsigned char target[HASH_BYTES_MAX];
        size_t target_n;
        struct hasher hashers[HASHES];
        struct candidates parts[HASHES][PARTS]; /* a tail does not depend on the hash: it is with the first */
        enum explain_hash hash;                 /* of what is computed now */
        unsigned algorithm, qop;
        uint64_t count;
        char joined[JOINED_MAX];
};

/* -- hashing -------------------------------------------------------------------------------------------------------------- */

enum explain_hash explain_hash_of(enum digest_algorithm a) {
        return (enum explain_hash)(a / 2);
}

size_t explain_hash_size(enum explain_hash h) {
        return h == HASH_MD5 ? 16 : 32;
}

static const struct form *form(const struct explain_search *s, const struct choice *h, enum explain_input input) {
        return &s->inputs->forms[input].items[h->form[input]];
}

static int hash(struct explain_search *s, enum explain_hash which, const struct span *pieces, size_t n,
                unsigned char ret[static HASH_BYTES_MAX]) {
        EVP_MD_CTX *ctx = s->hashers[which].ctx;
        bool ok = EVP_DigestInit_ex2(ctx, NULL, NULL) == 1;
        for (size_t i = 0; ok && i < n; i++)
                ok = (i == 0 || EVP_DigestUpdate(ctx, ":", 1) == 1) && EVP_DigestUpdate(ctx, pieces[i].p, pieces[i].n) == 1;
        return ok && EVP_DigestFinal_ex(ctx, ret, NULL) == 1 ? 0 : -EIO;
}

/* Writes a hash as it is hashed on; returns its length. */
static size_t write_hash(const unsigned char *bytes, size_t n, unsigned style, char *ret) {
        const char *digits = style == HEX_UPPER ? "0123456789ABCDEF" : "0123456789abcdef";
        if (style == HEX_NONE) {
                memcpy(ret, bytes, n);
                return n;
        }
        for (size_t i = 0; i < n; i++) {
                ret[2 * i] = digits[bytes[i] >> 4];
                ret[2 * i + 1] = digits[bytes[i] & 15];
        }
        return 2 * n;
}

static int hash_written(struct explain_search *s, enum explain_hash which, const struct span *pieces, size_t n, unsigned style, char *ret,
                        size_t *ret_n) {
        unsigned char bytes[HASH_BYTES_MAX];
        int r = hash(s, which, pieces, n, bytes);
        if (r >= 0)
                *ret_n = write_hash(bytes, s->hashers[which].size, style, ret);
        OPENSSL_cleanse(bytes, sizeof bytes);
        return r;
}

int explain_search_hash(struct explain_search *s, enum explain_hash which, struct span text, char ret[static DIGEST_HEX_MAX + 1]) {
        size_t n = 0;
        int r = hash_written(s, which, &text, 1, HEX_LOWER, ret, &n);
        ret[n] = '\0';
        return r;
}

/* -- HA1 and HA2 -------------------------------------------------------------------------------------------------------------- */

/* HA1 that was given, in the style of the form; false when it cannot be of this hash. */
static bool given_key(const struct explain_search *s, const struct choice *h, char *ret, size_t *ret_n) {
        struct span ha1 = form(s, h, INPUT_PASSWORD)->value;
        unsigned code = form(s, h, INPUT_KEY)->code;
        enum explain_hash made = code >= KEY_OF_HASH ? (enum explain_hash)(code - KEY_OF_HASH) : s->hash;
        bool fits = ha1.n == 2 * explain_hash_size(made);
        /* It was not made of these: to vary them changes nothing. */
        if (!fits || h->form[INPUT_USERNAME] != 0 || h->form[INPUT_REALM] != 0)
                return false;
        if (code >= KEY_OF_HASH && explain_hash_size(made) == explain_hash_size(s->hash))
                return false;
        unsigned char bytes[DIGEST_HEX_MAX / 2];
        for (size_t i = 0; i < ha1.n / 2; i++) {
                const char pair[] = {ha1.p[2 * i], ha1.p[2 * i + 1], '\0'};
                bytes[i] = (unsigned char)strtoul(pair, NULL, 16);
        }
        *ret_n = write_hash(bytes, ha1.n / 2, code >= KEY_OF_HASH ? HEX_LOWER : code, ret);
        OPENSSL_cleanse(bytes, sizeof bytes);
        return true;
}

/* Returns 1 when this combination is another one written twice. */
static int make_key(struct explain_search *s, const struct choice *h, char *ret, size_t *ret_n) {
        if (form(s, h, INPUT_PASSWORD)->code == PASSWORD_IS_HA1)
                return given_key(s, h, ret, ret_n) ? 0 : 1;
        unsigned code = form(s, h, INPUT_KEY)->code;
        enum explain_hash made = code >= KEY_OF_HASH ? (enum explain_hash)(code - KEY_OF_HASH) : s->hash;
        if (code >= KEY_OF_HASH && made == s->hash)
                return 1;
        const struct span a1[] = {form(s, h, INPUT_USERNAME)->value, form(s, h, INPUT_REALM)->value, form(s, h, INPUT_PASSWORD)->value};
        return hash_written(s, made, a1, ELEMENTS(a1), code >= KEY_OF_HASH ? HEX_LOWER : code, ret, ret_n);
}

/* The third piece of A2 with auth-int; hex has room for it. */
static int make_body(struct explain_search *s, const struct choice *h, char *hex, struct span *ret) {
        const struct form *body = form(s, h, INPUT_BODY);
        size_t n = 0;
        if (body->code == BODY_NOTHING || body->code == BODY_ITSELF) {
                *ret = body->code == BODY_ITSELF ? body->value : SPAN("");
                return 0;
        }
        int r = hash_written(s, s->hash, &body->value, 1, HEX_LOWER, hex, &n);
        *ret = (struct span){hex, n};
        return r;
}

static int make_ha2(struct explain_search *s, const struct choice *h, bool has_body, char *ret, size_t *ret_n) {
        char hex[DIGEST_HEX_MAX];
        struct span a2[3] = {form(s, h, INPUT_METHOD)->value, form(s, h, INPUT_URI)->value};
        if (!has_body && h->form[INPUT_BODY] != 0)
                return 1;
        int r = has_body ? make_body(s, h, hex, &a2[2]) : 0;
        return r < 0 ? r : hash_written(s, s->hash, a2, has_body ? 3 : 2, form(s, h, INPUT_HA2)->code, ret, ret_n);
}

/* -- candidates --------------------------------------------------------------------------------------------------------------- */

static int append(struct candidates *c, unsigned mistakes, const struct candidate *new) {
        if (c->n[mistakes] == c->size[mistakes]) {
                /* Not realloc(), which would leave a copy of HA1s behind. */
                size_t size = c->size[mistakes] ? 2 * c->size[mistakes] : 64;
                struct candidate *items = malloc(size * sizeof *items);
                if (!items)
                        return -ENOMEM;
                if (c->n[mistakes] > 0)
                        memcpy(items, c->items[mistakes], c->n[mistakes] * sizeof *items);
                OPENSSL_clear_free(c->items[mistakes], c->n[mistakes] * sizeof *items);
                c->items[mistakes] = items;
                c->size[mistakes] = size;
        }
        c->items[mistakes][c->n[mistakes]++] = *new;
        return 0;
}

/* Makes one candidate of a hypothesis about the part's inputs. */
static int make(struct explain_search *s, enum part part, unsigned mistakes, const struct choice *h) {
        struct candidate new = {0};
        size_t n = 0;
        int r = part == PART_KEY    ? make_key(s, h, new.text, &n)
                : part == PART_TAIL ? 0
                                    : make_ha2(s, h, part == PART_A2_BODY, new.text, &n);
        if (r != 0)
                return r < 0 ? r : 0;
        const enum explain_input *inputs = part == PART_KEY ? key_inputs : part == PART_TAIL ? tail_inputs : a2_inputs;
        for (size_t i = 0; i < (part == PART_TAIL ? ELEMENTS(tail_inputs) : ELEMENTS(new.form)); i++)
                new.form[i] = h->form[inputs[i]];
        new.n = (uint8_t)n;
        struct candidates *list = &s->parts[part == PART_TAIL ? HASH_MD5 : s->hash][part];
        r = append(list, mistakes, &new);
        OPENSSL_cleanse(&new, sizeof new);
        return r;
}

/* Every choice of forms for the inputs from `at` on that has exactly as many mistakes as are left. */
static int choose(struct explain_search *s, enum part part, unsigned mistakes, struct choice *h, size_t at, unsigned left) {
        const enum explain_input *inputs = part == PART_KEY ? key_inputs : part == PART_TAIL ? tail_inputs : a2_inputs;
        size_t n = part == PART_TAIL ? ELEMENTS(tail_inputs) : 4;
        if (at == n)
                return left == 0 ? make(s, part, mistakes, h) : 0;
        const struct forms *forms = &s->inputs->forms[inputs[at]];
        int r = 0;
        for (size_t i = 0; i < forms->n && r >= 0; i++) {
                unsigned cost = forms->items[i].cost;
                if (cost > left)
                        continue;
                h->form[inputs[at]] = (uint8_t)i;
                r = choose(s, part, mistakes, h, at + 1, left - cost);
        }
        h->form[inputs[at]] = 0;
        return r;
}

/* The part's candidates with that many mistakes, made when they are first wanted. */
static int want(struct explain_search *s, enum part part, unsigned mistakes, const struct candidates **ret) {
        struct candidates *c = &s->parts[part == PART_TAIL ? HASH_MD5 : s->hash][part];
        *ret = c;
        if (c->done[mistakes])
                return 0;
        c->done[mistakes] = true;
        struct choice h = {0};
        return choose(s, part, mistakes, &h, 0, mistakes);
}

/* -- combining ------------------------------------------------------------------------------------------------------------------ */

static char *put(char *to, struct span s) {
        to = mempcpy(to, s.p, s.n);
        *to = ':';
        return to + 1;
}

/* Writes what comes before HA2 in the text that is hashed; NULL when it is too long. */
static int write_before(struct explain_search *s, struct span key, const struct choice *h, char **ret) {
        struct span nonce = form(s, h, INPUT_NONCE)->value, nc = form(s, h, INPUT_NC)->value, cnonce = form(s, h, INPUT_CNONCE)->value;
        const struct form *qop = form(s, h, INPUT_QOP);
        if (key.n + nonce.n + nc.n + cnonce.n + qop->value.n + DIGEST_HEX_MAX + 5 > sizeof s->joined)
                return -E2BIG;
        char *to = put(put(s->joined, key), nonce);
        if (!(qop->code & QOP_RFC_2069))
                to = put(put(put(to, nc), cnonce), qop->value);
        *ret = to;
        return 0;
}

/* The session's key (RFC 7616 section 3.4.2), else the key itself; hex has room for it. */
static int session_key(struct explain_search *s, const struct choice *h, struct span key, char *hex, struct span *ret) {
        size_t n = 0;
        *ret = key;
        if (!(form(s, h, INPUT_ALGORITHM)->code & ALGORITHM_SESSION))
                return 0;
        const struct span session[] = {key, form(s, h, INPUT_NONCE)->value, form(s, h, INPUT_CNONCE)->value};
        int r = hash_written(s, s->hash, session, ELEMENTS(session), HEX_LOWER, hex, &n);
        *ret = (struct span){hex, n};
        return r;
}

/* Whether what the tail varies is in the text at all. */
static bool counts(const struct explain_search *s, const struct choice *h) {
        if (!(form(s, h, INPUT_QOP)->code & QOP_RFC_2069))
                return true;
        bool session = form(s, h, INPUT_ALGORITHM)->code & ALGORITHM_SESSION;
        return h->form[INPUT_NC] == 0 && (session || h->form[INPUT_CNONCE] == 0);
}

/* One key and one tail with every HA2 of as many mistakes. Returns 0 when found, 1 when not. */
static int try_ha2s(struct explain_search *s, struct choice *h, struct span key, const struct candidates *a2s, unsigned mistakes) {
        char hex[DIGEST_HEX_MAX], *end = NULL;
        unsigned char bytes[HASH_BYTES_MAX];
        struct span used;
        if (!counts(s, h))
                return 1;
        int r = session_key(s, h, key, hex, &used);
        if (r >= 0)
                r = write_before(s, used, h, &end);
        for (size_t i = 0; i < a2s->n[mistakes] && r >= 0; i++) {
                const struct candidate *a2 = &a2s->items[mistakes][i];
                memcpy(end, a2->text, a2->n);
                const struct span joined = {s->joined, (size_t)(end - s->joined) + a2->n};
                r = hash(s, s->hash, &joined, 1, bytes);
                s->count++;
                if (r >= 0 && memcmp(bytes, s->target, s->target_n) == 0) {
                        for (size_t k = 0; k < ELEMENTS(a2_inputs); k++)
                                h->form[a2_inputs[k]] = a2->form[k];
                        return 0;
                }
        }
        return r < 0 ? r : 1;
}

/* One algorithm and qop with so many mistakes in each part. */
static int try_parts(struct explain_search *s, struct choice *h, unsigned in_key, unsigned in_tail, unsigned in_a2) {
        const struct candidates *keys, *tails, *a2s;
        bool has_body = form(s, h, INPUT_QOP)->code & QOP_BODY;
        int r = want(s, PART_KEY, in_key, &keys);
        if (r >= 0)
                r = want(s, PART_TAIL, in_tail, &tails);
        if (r >= 0)
                r = want(s, has_body ? PART_A2_BODY : PART_A2, in_a2, &a2s);
        if (r < 0)
                return r;
        for (size_t k = 0; k < keys->n[in_key]; k++) {
                const struct candidate *key = &keys->items[in_key][k];
                for (size_t i = 0; i < ELEMENTS(key_inputs); i++)
                        h->form[key_inputs[i]] = key->form[i];
                for (size_t t = 0; t < tails->n[in_tail]; t++) {
                        for (size_t i = 0; i < ELEMENTS(tail_inputs); i++)
                                h->form[tail_inputs[i]] = tails->items[in_tail][t].form[i];
                        r = try_ha2s(s, h, (struct span){key->text, key->n}, a2s, in_a2);
                        if (r <= 0)
                                return r;
                }
        }
        return 1;
}

/* One algorithm and qop with so many mistakes in the rest. */
static int try_rest(struct explain_search *s, struct choice *h, unsigned left) {
        for (unsigned in_key = 0; in_key <= left; in_key++)
                for (unsigned in_a2 = 0; in_a2 <= left - in_key; in_a2++) {
                        int r = try_parts(s, h, in_key, left - in_key - in_a2, in_a2);
                        if (r <= 0)
                                return r;
                }
        return 1;
}

static int try_mistakes(struct explain_search *s, struct choice *h, unsigned mistakes) {
        const struct forms *algorithms = &s->inputs->forms[INPUT_ALGORITHM], *qops = &s->inputs->forms[INPUT_QOP];
        for (size_t a = 0; a < algorithms->n; a++)
                for (size_t q = 0; q < qops->n; q++) {
                        unsigned cost = algorithms->items[a].cost + qops->items[q].cost;
                        s->hash = (enum explain_hash)(algorithms->items[a].code / 2);
                        if (cost > mistakes || s->target_n > s->hashers[s->hash].size)
                                continue;
                        *h = (struct choice){0};
                        h->form[INPUT_ALGORITHM] = (uint8_t)a;
                        h->form[INPUT_QOP] = (uint8_t)q;
                        int r = try_rest(s, h, mistakes - cost);
                        if (r <= 0)
                                return r;
                }
        return 1;
}

int explain_search_run(struct explain_search *s, struct choice *ret, uint64_t *ret_count) {
        int r = 1;
        struct choice h;
        for (unsigned mistakes = 0; mistakes <= EXPLAIN_MISTAKES_MAX && r > 0; mistakes++)
                r = try_mistakes(s, &h, mistakes);
        if (r == 0)
                *ret = h;
        *ret_count = s->count;
        return r;
}

/* -- steps ------------------------------------------------------------------------------------------------------------------------ */

static char *join(const struct span *pieces, size_t n, size_t *ret_n) {
        size_t size = n;
        for (size_t i = 0; i < n; i++)
                size += pieces[i].n;
        char *text = malloc(size), *to = text;
        for (size_t i = 0; i < n && text; i++)
                to = put(to, pieces[i]);
        if (text)
                to[-1] = '\0';
        *ret_n = size - 1;
        return text;
}

/* Room for text and bytes in hex digits. */
static char *hex_of(struct span key, bool is_text) {
        char *text = calloc(1, 2 * key.n + 1);
        if (text && is_text)
                memcpy(text, key.p, key.n);
        else if (text)
                (void)write_hash((const unsigned char *)key.p, key.n, HEX_LOWER, text);
        return text;
}

int explain_search_steps(struct explain_search *s, const struct choice *h, struct explain_steps *ret) {
        char key[DIGEST_HEX_MAX], session[DIGEST_HEX_MAX], hex[DIGEST_HEX_MAX], *end = NULL;
        size_t n = 0;
        struct span used;
        s->hash = (enum explain_hash)(form(s, h, INPUT_ALGORITHM)->code / 2);
        bool given = form(s, h, INPUT_PASSWORD)->code == PASSWORD_IS_HA1, has_body = form(s, h, INPUT_QOP)->code & QOP_BODY;
        int r = make_key(s, h, key, &n);
        if (r != 0)
                return r < 0 ? r : -EINVAL;
        const struct span a1[] = {form(s, h, INPUT_USERNAME)->value, form(s, h, INPUT_REALM)->value, form(s, h, INPUT_PASSWORD)->value};
        ret->a1 = given ? NULL : join(a1, ELEMENTS(a1), &ret->a1_n);
        ret->a1_open = a1[0].n + a1[1].n + 2;
        bool is_text = form(s, h, INPUT_KEY)->code != HEX_NONE;
        r = session_key(s, h, (struct span){key, n}, session, &used);
        if (r >= 0) {
                char *ha1 = hex_of((struct span){key, n}, is_text);
                if (ha1)
                        (void)snprintf(ret->ha1, sizeof ret->ha1, "%s", ha1);
                OPENSSL_clear_free(ha1, ha1 ? strlen(ha1) : 0);
                ret->key = hex_of(used, is_text || used.p == session);
        }

        struct span a2[3] = {form(s, h, INPUT_METHOD)->value, form(s, h, INPUT_URI)->value};
        if (r >= 0 && has_body)
                r = make_body(s, h, hex, &a2[2]);
        if (r >= 0) {
                ret->a2 = join(a2, has_body ? 3 : 2, &ret->a2_n);
                r = hash_written(s, s->hash, a2, has_body ? 3 : 2, HEX_LOWER, ret->ha2, &n);
        }
        if (r >= 0)
                r = write_before(s, SPAN("HA1"), h, &end);
        if (r >= 0 && asprintf(&ret->hashed, "%.*sHA2", (int)(end - s->joined), s->joined) < 0)
                ret->hashed = NULL;
        if (r >= 0)
                r = write_before(s, used, h, &end);
        if (r >= 0)
                r = make_ha2(s, h, has_body, end, &n);
        if (r >= 0) {
                const struct span joined = {s->joined, (size_t)(end - s->joined) + n};
                r = explain_search_hash(s, s->hash, joined, ret->response);
        }
        OPENSSL_cleanse(key, sizeof key);
        OPENSSL_cleanse(session, sizeof session);
        return r < 0 ? r : (given || ret->a1) && ret->a2 && ret->key && ret->hashed ? 0 : -ENOMEM;
}

void explain_steps_clear(struct explain_steps *s) {
        OPENSSL_clear_free(s->a1, s->a1 ? s->a1_n : 0);
        free(s->a2);
        OPENSSL_clear_free(s->key, s->key ? strlen(s->key) : 0);
        free(s->hashed);
        OPENSSL_cleanse(s, sizeof *s);
}

/* -- life --------------------------------------------------------------------------------------------------------------------------- */

int explain_search_new(struct explain_search **ret, const struct explain_inputs *inputs, struct span target) {
        static const char *const names[HASHES] = {"MD5", "SHA2-256", "SHA2-512/256", "SHA2-512"};
        _cleanup_(explain_search_freep) struct explain_search *s = calloc(1, sizeof *s);
        if (!s)
                return -ENOMEM;
        if (target.n > sizeof s->target)
                return -EINVAL;
        s->inputs = inputs;
        s->target_n = target.n;
        if (target.n > 0)
                memcpy(s->target, target.p, target.n);
        for (size_t i = 0; i < HASHES; i++) {
                struct hasher *h = &s->hashers[i];
                h->size = explain_hash_size((enum explain_hash)i);
                h->ctx = EVP_MD_CTX_new();
                if (!h->ctx)
                        return -ENOMEM;
                h->md = EVP_MD_fetch(NULL, names[i], NULL);
                if (!h->md || EVP_DigestInit_ex2(h->ctx, h->md, NULL) != 1)
                        return -EIO;
        }
        *ret = TAKE_PTR(s);
        return 0;
}

struct explain_search *explain_search_free(struct explain_search *s) {
        if (!s)
                return NULL;
        for (size_t i = 0; i < HASHES; i++) {
                EVP_MD_CTX_free(s->hashers[i].ctx);
                EVP_MD_free(s->hashers[i].md);
                for (size_t p = 0; p < PARTS; p++)
                        for (size_t m = 0; m <= EXPLAIN_MISTAKES_MAX; m++)
                                OPENSSL_clear_free(s->parts[i][p].items[m], s->parts[i][p].size[m] * sizeof(struct candidate));
        }
        OPENSSL_clear_free(s, sizeof *s);
        return NULL;
}
