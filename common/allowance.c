/* allowance.c: a window that slides, so that two halves of a minute never add up to more than the share. */
#include "allowance.h"

unsigned allowance_share(const struct allowance *a) {
        unsigned share = (a->allowed > 0 ? a->allowed : ALLOWANCE_DEFAULT) / 3;
        return share == 0 ? 1 : share > ALLOWANCE_SHARE_MAX ? ALLOWANCE_SHARE_MAX : share;
}

uint64_t allowance_next_usec(const struct allowance *a, uint64_t now_usec) {
        size_t share = allowance_share(a);
        uint64_t next = a->hold_usec;
        if (a->n >= share) { /* the request that has to be a minute old by then */
                uint64_t oldest = a->sent_usec[(a->next + ALLOWANCE_SHARE_MAX - share) % ALLOWANCE_SHARE_MAX];
                if (oldest + ALLOWANCE_WINDOW_USEC > next)
                        next = oldest + ALLOWANCE_WINDOW_USEC;
        }
        return next > now_usec ? next : now_usec;
}

void allowance_take(struct allowance *a, uint64_t now_usec) {
        a->sent_usec[a->next] = now_usec;
        a->next = (a->next + 1) % ALLOWANCE_SHARE_MAX;
        if (a->n < ALLOWANCE_SHARE_MAX)
                a->n++;
}

void allowance_heard(struct allowance *a, const struct allowance_told *told, uint64_t now_usec) {
        if (told->allowed > 0)
                a->allowed = (unsigned)told->allowed;
        if (told->allowed > 0 && told->count >= told->allowed && told->reset_sec >= 0 && told->reset_sec <= 3600)
                a->hold_usec = now_usec + ((uint64_t)told->reset_sec + 1) * USEC_PER_SEC;
}
