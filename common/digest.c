/* digest.c: HA1, HA2 and the response (RFC 7616 section 3.4, RFC 2069 section 2.1.2 without qop). Every intermediate value that could
 * stand in for the password is wiped. */
#include "digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

/* One element of a hash input; elements are joined by ":". Quoted ones lose their quoted-pairs first (RFC 7616 "unq"). */
struct part {
        struct span text;
        bool quoted;
};

static const char *const algorithm_names[] = {
        [DIGEST_MD5] = "MD5",
        [DIGEST_MD5_SESS] = "MD5-sess",
        [DIGEST_SHA_256] = "SHA-256",
        [DIGEST_SHA_256_SESS] = "SHA-256-sess",
        [DIGEST_SHA_512_256] = "SHA-512-256",
        [DIGEST_SHA_512_256_SESS] = "SHA-512-256-sess",
};

const char *digest_algorithm_name(enum digest_algorithm a) {
        return algorithm_names[a];
}

bool digest_algorithm_from(struct span name, enum digest_algorithm *ret) {
        for (size_t i = 0; i < ELEMENTS(algorithm_names); i++)
                if (span_ieq(name, span_of(algorithm_names[i]))) {
                        *ret = (enum digest_algorithm)i;
                        return true;
                }
        return false;
}

bool digest_is_session(enum digest_algorithm a) {
        return a == DIGEST_MD5_SESS || a == DIGEST_SHA_256_SESS || a == DIGEST_SHA_512_256_SESS;
}

static const EVP_MD *hash_of(enum digest_algorithm a) {
        switch (a) {
        case DIGEST_MD5:
        case DIGEST_MD5_SESS:
                return EVP_md5();
        case DIGEST_SHA_256:
        case DIGEST_SHA_256_SESS:
                return EVP_sha256();
        case DIGEST_SHA_512_256:
        case DIGEST_SHA_512_256_SESS:
                return EVP_sha512_256();
        }
        return NULL;
}

size_t digest_hex_length(enum digest_algorithm a) {
        return a == DIGEST_MD5 || a == DIGEST_MD5_SESS ? 32 : 64;
}

unsigned digest_strength(enum digest_algorithm a) {
        switch (a) {
        case DIGEST_MD5:
        case DIGEST_MD5_SESS:
                return 0;
        case DIGEST_SHA_256:
        case DIGEST_SHA_256_SESS:
                return 1;
        case DIGEST_SHA_512_256:
        case DIGEST_SHA_512_256_SESS:
                return 2;
        }
        return 0;
}

const char *digest_qop_name(enum digest_qop q) {
        switch (q) {
        case DIGEST_QOP_NONE:
                return "none";
        case DIGEST_QOP_AUTH:
                return "auth";
        case DIGEST_QOP_AUTH_INT:
                return "auth-int";
        }
        return "";
}

static bool update(EVP_MD_CTX *ctx, const struct part *part) {
        struct span s = part->text;
        while (part->quoted && s.n > 0) {
                const char *backslash = memchr(s.p, '\\', s.n);
                if (!backslash)
                        break;
                size_t before = (size_t)(backslash - s.p);
                if (EVP_DigestUpdate(ctx, s.p, before) != 1)
                        return false;
                s.p += before + 1;
                s.n -= before + 1;
                /* The escaped octet itself, also when it is a backslash. */
                if (s.n > 0) {
                        if (EVP_DigestUpdate(ctx, s.p, 1) != 1)
                                return false;
                        s.p++;
                        s.n--;
                }
        }
        return s.n == 0 || EVP_DigestUpdate(ctx, s.p, s.n) == 1;
}

/* The hash of one answer, looked up once for all its values. */
struct hasher {
        enum digest_algorithm algorithm;
        EVP_MD_CTX *ctx; /* owned */
};

static int hasher_begin(struct hasher *ret, enum digest_algorithm a) {
        *ret = (struct hasher){.algorithm = a, .ctx = EVP_MD_CTX_new()};
        return ret->ctx ? 0 : -ENOMEM;
}

static void hasher_end(struct hasher *h) {
        EVP_MD_CTX_free(h->ctx);
}

/* Lower-case hex of H(parts joined by ":"). */
static int hash(struct hasher *h, const struct part *parts, size_t n, char ret[static DIGEST_HEX_MAX + 1]) {
        unsigned char bytes[EVP_MAX_MD_SIZE];
        unsigned size = 0;
        /* NULL: the one of the hash before, which is not fetched again. */
        bool ok = EVP_DigestInit_ex(h->ctx, EVP_MD_CTX_get0_md(h->ctx) ? NULL : hash_of(h->algorithm), NULL) == 1;
        for (size_t i = 0; ok && i < n; i++)
                ok = (i == 0 || EVP_DigestUpdate(h->ctx, ":", 1) == 1) && update(h->ctx, &parts[i]);
        ok = ok && EVP_DigestFinal_ex(h->ctx, bytes, &size) == 1 && size * 2 == digest_hex_length(h->algorithm);
        if (ok)
                hex_write(ret, bytes, size);
        OPENSSL_cleanse(bytes, sizeof bytes);
        if (!ok)
                return -EIO;
        ret[2 * size] = '\0';
        return 0;
}

/* HA1, the session variant included. */
static int hash_a1(struct hasher *h, const struct digest_input *in, char ret[static DIGEST_HEX_MAX + 1]) {
        if (in->ha1.p) {
                if (in->ha1.n != digest_hex_length(in->algorithm))
                        return -EINVAL;
                memcpy(ret, in->ha1.p, in->ha1.n);
                ret[in->ha1.n] = '\0';
        } else {
                const struct part a1[] = {{in->username, false}, {in->realm, true}, {in->password, false}};
                int r = hash(h, a1, ELEMENTS(a1), ret);
                if (r < 0)
                        return r;
        }
        if (!digest_is_session(in->algorithm))
                return 0;

        const struct part session[] = {{span_of(ret), false}, {in->nonce, true}, {in->cnonce, false}};
        return hash(h, session, ELEMENTS(session), ret);
}

static int hash_a2(struct hasher *h, const struct digest_input *in, struct span method, char ret[static DIGEST_HEX_MAX + 1]) {
        if (in->qop != DIGEST_QOP_AUTH_INT) {
                const struct part a2[] = {{method, false}, {in->uri, false}};
                return hash(h, a2, ELEMENTS(a2), ret);
        }
        char body[DIGEST_HEX_MAX + 1];
        const struct part content = {in->body, false};
        int r = hash(h, &content, 1, body);
        if (r < 0)
                return r;
        const struct part a2[] = {{method, false}, {in->uri, false}, {span_of(body), false}};
        return hash(h, a2, ELEMENTS(a2), ret);
}

static int respond(const struct digest_input *in, struct span method, char ret[static DIGEST_HEX_MAX + 1]) {
        /* RFC 7616 sections 3.4.2 and 3.4.3: a session key and any qop need a cnonce. */
        if (!in->cnonce.p && (in->qop != DIGEST_QOP_NONE || digest_is_session(in->algorithm)))
                return -EINVAL;

        char ha1[DIGEST_HEX_MAX + 1] = "", ha2[DIGEST_HEX_MAX + 1] = "";
        _cleanup_(hasher_end) struct hasher h;
        int r = hasher_begin(&h, in->algorithm);
        if (r >= 0)
                r = hash_a1(&h, in, ha1);
        if (r >= 0)
                r = hash_a2(&h, in, method, ha2);
        if (r >= 0 && in->qop == DIGEST_QOP_NONE) {
                const struct part parts[] = {{span_of(ha1), false}, {in->nonce, true}, {span_of(ha2), false}};
                r = hash(&h, parts, ELEMENTS(parts), ret);
        } else if (r >= 0) {
                const struct part parts[] = {
                        {span_of(ha1), false},
                        {in->nonce, true},
                        {in->nc, false},
                        {in->cnonce, false},
                        {span_of(digest_qop_name(in->qop)), false},
                        {span_of(ha2), false},
                };
                r = hash(&h, parts, ELEMENTS(parts), ret);
        }
        OPENSSL_cleanse(ha1, sizeof ha1);
        return r;
}

int digest_response(const struct digest_input *in, char ret[static DIGEST_HEX_MAX + 1]) {
        return respond(in, in->method, ret);
}

int digest_rspauth(const struct digest_input *in, char ret[static DIGEST_HEX_MAX + 1]) {
        return respond(in, SPAN(""), ret);
}

int digest_userhash(const struct digest_input *in, char ret[static DIGEST_HEX_MAX + 1]) {
        const struct part parts[] = {{in->username, false}, {in->realm, true}};
        _cleanup_(hasher_end) struct hasher h;
        int r = hasher_begin(&h, in->algorithm);
        return r < 0 ? r : hash(&h, parts, ELEMENTS(parts), ret);
}
