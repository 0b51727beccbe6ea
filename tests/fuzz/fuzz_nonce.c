/* fuzz_nonce.c: nonces of hostile carriers. Input: the time (8 bytes), then a nonce. What is read from it must be near that time and of
 * one piece. */
#include "common/nonce.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

#define YEAR_USEC (366 * INT64_C(86400) * (int64_t)USEC_PER_SEC)
#define NOW_MASK UINT64_C(0x1FFFFFFFF) /* a time until 2242 */

static void require(bool b) {
        if (!b)
                abort();
}

static bool is_near(int64_t usec, int64_t now_usec) {
        return usec >= now_usec - YEAR_USEC && usec < now_usec + YEAR_USEC + (int64_t)USEC_PER_SEC;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size) {
        uint64_t now = 0;
        if (size < sizeof now)
                return 0;
        for (size_t i = 0; i < sizeof now; i++)
                now = now << 8 | data[i];
        int64_t now_sec = (int64_t)(now & NOW_MASK), now_usec = now_sec * (int64_t)USEC_PER_SEC;
        struct nonce_facts f;
        nonce_read(&f, (struct span){(const char *)data + sizeof now, size - sizeof now}, now_sec);
        require((nonce_family_name(f.family) == NULL) == (f.family == NONCE_OPAQUE));
        require(!f.has_issued || (is_near(f.issued_usec, now_usec) && f.resolution_usec > 0));
        require(f.has_lifetime == (f.has_issued && f.has_expires));
        if (f.has_lifetime)
                require(f.lifetime_sec >= 0 && f.expires_usec == f.issued_usec + f.lifetime_sec * (int64_t)USEC_PER_SEC);
        else
                require(!f.has_expires || is_near(f.expires_usec, now_usec));
        require(f.family != NONCE_OPAQUE || (!f.has_issued && !f.has_expires && f.assumed_lifetime_sec == 0));
        require(f.family == NONCE_KAMAILIO || (!f.one_time && !f.counted && !f.bound));
        return 0;
}
