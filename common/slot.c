/* slot.c: arithmetic of slots. */
#include "slot.h"

int64_t slot_before(int64_t now_usec, uint64_t interval_usec, uint64_t offset_usec) {
        int64_t interval = (int64_t)interval_usec, since = now_usec - (int64_t)offset_usec;
        int64_t past = since % interval;
        return now_usec - (past < 0 ? past + interval : past);
}

int64_t slot_after(int64_t now_usec, uint64_t interval_usec, uint64_t offset_usec) {
        return slot_before(now_usec, interval_usec, offset_usec) + (int64_t)interval_usec;
}

uint64_t slot_offset(const void *seed, size_t n, uint64_t splay_usec) {
        /* FNV-1a: spread is all that is asked of it. */
        const unsigned char *p = seed;
        uint64_t h = UINT64_C(0xcbf29ce484222325);
        for (size_t i = 0; i < n; i++)
                h = (h ^ p[i]) * UINT64_C(0x100000001b3);
        return splay_usec ? (h ^ h >> 32) % splay_usec : 0;
}
