/* lab_digest.c: digest authentication by RFC 2069, 2617, 7616 on nettle's hashes. */
#include "lab_digest.h"

#include <nettle/md5.h>
#include <nettle/nettle-meta.h>
#include <nettle/sha2.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct family {
        const char *name, *session;
        const struct nettle_hash *hash;
};

static const struct family *family_of(const char *algorithm, bool *ret_session) {
        static const struct family families[] = {
                {"MD5", "MD5-sess", &nettle_md5},
                {"SHA-256", "SHA-256-sess", &nettle_sha256},
                {"SHA-512-256", "SHA-512-256-sess", &nettle_sha512_256},
        };
        if (!algorithm)
                algorithm = "MD5"; /* RFC 7616 section 3.3 */
        for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
                *ret_session = strcasecmp(algorithm, families[i].session) == 0;
                if (*ret_session || strcasecmp(algorithm, families[i].name) == 0)
                        return &families[i];
        }
        return NULL;
}

bool lab_algorithm_known(const char *algorithm) {
        bool session;
        return family_of(algorithm, &session) != NULL;
}

/* One hash over texts joined by colons. */
struct hashing {
        const struct nettle_hash *hash;
        union {
                struct md5_ctx md5;
                struct sha256_ctx sha256;
                struct sha512_ctx sha512;
        } context;
        bool begun;
};

static void hash_bytes(struct hashing *h, const void *bytes, size_t n) {
        if (h->begun)
                h->hash->update(&h->context, 1, (const uint8_t *)":");
        h->begun = true;
        h->hash->update(&h->context, n, bytes);
}

static void hash_text(struct hashing *h, const char *text) {
        hash_bytes(h, text ? text : "", text ? strlen(text) : 0);
}

static struct hashing hash_begin(const struct nettle_hash *hash) {
        struct hashing h = {.hash = hash};
        hash->init(&h.context);
        return h;
}

static void hash_end(struct hashing *h, char ret[static LAB_HEX_SIZE]) {
        uint8_t digest[32];
        h->hash->digest(&h->context, h->hash->digest_size, digest);
        for (unsigned i = 0; i < h->hash->digest_size; i++)
                (void)snprintf(ret + 2 * (size_t)i, 3, "%02x", digest[i]);
}

void lab_ha1(const char *algorithm, const char *username, const char *realm, const char *password, char ret[static LAB_HEX_SIZE]) {
        bool session;
        const struct family *f = family_of(algorithm, &session);
        struct hashing h = hash_begin(f ? f->hash : &nettle_md5);
        hash_text(&h, username);
        hash_text(&h, realm);
        hash_text(&h, password);
        hash_end(&h, ret);
}

bool lab_userhash(const char *algorithm, const char *username, const char *realm, char ret[static LAB_HEX_SIZE]) {
        bool session;
        const struct family *f = family_of(algorithm, &session);
        if (!f)
                return false;
        struct hashing h = hash_begin(f->hash);
        hash_text(&h, username);
        hash_text(&h, realm);
        hash_end(&h, ret);
        return true;
}

static bool compute(const struct lab_answer *a, const char *method, char ret[static LAB_HEX_SIZE]) {
        bool session;
        const struct family *f = family_of(a->algorithm, &session);
        if (!f)
                return false;
        char ha1[LAB_HEX_SIZE], ha2[LAB_HEX_SIZE], body[LAB_HEX_SIZE];
        if (a->ha1)
                (void)snprintf(ha1, sizeof ha1, "%s", a->ha1);
        else
                lab_ha1(a->algorithm, a->username, a->realm, a->password, ha1);

        struct hashing h;
        if (session) {
                h = hash_begin(f->hash);
                hash_text(&h, ha1);
                hash_text(&h, a->nonce);
                hash_text(&h, a->cnonce);
                hash_end(&h, ha1);
        }

        h = hash_begin(f->hash);
        hash_text(&h, method);
        hash_text(&h, a->uri);
        if (a->qop && strcmp(a->qop, "auth-int") == 0) {
                struct hashing b = hash_begin(f->hash);
                hash_bytes(&b, a->body ? a->body : "", a->body_size);
                hash_end(&b, body);
                hash_text(&h, body);
        }
        hash_end(&h, ha2);

        h = hash_begin(f->hash);
        hash_text(&h, ha1);
        hash_text(&h, a->nonce);
        if (a->qop) {
                hash_text(&h, a->nc);
                hash_text(&h, a->cnonce);
                hash_text(&h, a->qop);
        }
        hash_text(&h, ha2);
        hash_end(&h, ret);
        return true;
}

bool lab_response(const struct lab_answer *a, char ret[static LAB_HEX_SIZE]) {
        return compute(a, a->method, ret);
}

bool lab_rspauth(const struct lab_answer *a, char ret[static LAB_HEX_SIZE]) {
        return compute(a, "", ret);
}
