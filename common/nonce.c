/* nonce.c: nonces that carry the server's clock.
 *
 * Kamailio (auth module): base64 of big-endian expiry and issue times (4 bytes each, Unix seconds), then one or two MD5 sums, then an
 * optional 4-byte id and a byte of flags: 24, 29, 40 or 45 bytes in all. */
#include "nonce.h"

#define DAY_SEC INT64_C(86400)
#define PLAUSIBLE_SEC (366 * DAY_SEC)
#define KAMAILIO_BYTES_MAX 45

/* Strict base64; returns the number of bytes, 0 when it is not base64 or does not fit. */
static size_t base64_decode(struct span s, unsigned char *ret, size_t size) {
        static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        if (s.n == 0 || s.n % 4 != 0 || s.n / 4 * 3 > size + 2)
                return 0;
        size_t padding = s.p[s.n - 1] != '=' ? 0 : s.p[s.n - 2] != '=' ? 1 : 2, n = 0;
        for (size_t i = 0; i < s.n; i += 4) {
                uint32_t bits = 0;
                for (size_t k = 0; k < 4; k++) {
                        char c = s.p[i + k];
                        const char *at = c != '\0' ? strchr(alphabet, c) : NULL;
                        if (!at && i + k < s.n - padding)
                                return 0;
                        bits = bits << 6 | (at ? (uint32_t)(at - alphabet) : 0);
                }
                for (size_t k = 0; k < 3 && n < s.n / 4 * 3 - padding; k++) {
                        if (n >= size)
                                return 0;
                        ret[n++] = (unsigned char)(bits >> (16 - 8 * k));
                }
        }
        return n;
}

static int64_t big_endian_32(const unsigned char *p) {
        return (int64_t)((uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]);
}

void nonce_read(struct nonce_facts *ret, struct span nonce, int64_t now_sec) {
        *ret = (struct nonce_facts){.family = NONCE_OPAQUE};

        unsigned char bytes[KAMAILIO_BYTES_MAX];
        size_t n = base64_decode(nonce, bytes, sizeof bytes);
        if (n != 24 && n != 29 && n != 40 && n != 45)
                return;
        int64_t expires = big_endian_32(bytes), issued = big_endian_32(bytes + 4);
        int64_t lifetime = expires - issued, age = now_sec - issued;
        if (lifetime < 0 || lifetime > DAY_SEC || age > PLAUSIBLE_SEC || age < -PLAUSIBLE_SEC)
                return;
        *ret = (struct nonce_facts){
                .family = NONCE_KAMAILIO, .has_issued = true, .issued_sec = issued, .has_lifetime = true, .lifetime_sec = lifetime};
}
