/* age_search.c: the ascent, and the division after it. Ages lie half a second off whole ones: a lifetime of whole seconds is then in the
 * middle of its second, whatever side of it the carrier counts from. */
#include "age_search.h"

#define SECOND ((int64_t)USEC_PER_SEC)
#define HALF (SECOND / 2)

static void plan(struct age_search *s, int64_t second) {
        int64_t age = second * SECOND + HALF;
        bool in_range = second >= (int64_t)s->from_sec && second <= (int64_t)s->to_sec;
        if (in_range && s->n < ELEMENTS(s->ages_usec) && s->n < s->answers_max && (s->n == 0 || age > s->ages_usec[s->n - 1]))
                s->ages_usec[s->n++] = age;
}

/* Around what servers are usually set to: a second before, and up to two after, since a carrier that counts whole seconds lets a nonce live
 * one longer. */
static void plan_usual(struct age_search *s, int64_t above_sec) {
        static const unsigned usual[] = {2, 5, 10, 15, 20, 30, 32, 60, 90, 120, 180, 300};
        for (size_t i = 0; i < ELEMENTS(usual); i++)
                for (int64_t k = -1; k <= 1; k++)
                        if ((int64_t)usual[i] + k > above_sec)
                                plan(s, (int64_t)usual[i] + k);
}

void age_search_begin(struct age_search *s, unsigned from_sec, unsigned to_sec, unsigned answers_max, const struct nonce_facts *f) {
        *s = (struct age_search){.from_sec = from_sec, .to_sec = to_sec, .answers_max = answers_max, .dead_usec = INT64_MAX};
        unsigned range = to_sec - from_sec + 1;
        if (range <= answers_max) {
                for (unsigned second = from_sec; second <= to_sec; second++)
                        plan(s, second);
        } else if (from_sec > 0 || to_sec < AGE_SEARCH_SEC_MAX) { /* somebody knows better than the usual: even steps */
                for (unsigned i = 0; i < answers_max; i++)
                        plan(s, from_sec + (int64_t)i * (range - 1) / (answers_max > 1 ? answers_max - 1 : 1));
        } else {
                if (f->has_lifetime)
                        for (int64_t k = -1; k <= 1; k++)
                                plan(s, f->lifetime_sec + k);
                plan_usual(s, f->has_lifetime ? f->lifetime_sec + 1 : -1);
        }
        if (s->n == 0) /* it says to live longer than anybody wants to wait */
                plan(s, to_sec);
        s->over = s->n == 0;
}

/* How many answers one after the other would settle that many open ages: each halves them. */
static int64_t halvings(int64_t ages) {
        int64_t n = 0;
        for (; ages > 0; ages /= 2)
                n++;
        return n;
}

/* Even steps through what is left between alive and dead: many at once save time, and leave answers enough to end to the second. */
static void divide(struct age_search *s) {
        int64_t first = (s->alive_usec + HALF) / SECOND, last = (s->dead_usec - HALF - 1) / SECOND; /* of whole seconds */
        while (first * SECOND + HALF < s->alive_usec + HALF / 2)
                first++;
        while (last * SECOND + HALF > s->dead_usec - HALF / 2)
                last--;
        s->n = s->next = 0;
        int64_t left = s->answers_max - s->answers, steps = last - first + 1;
        int64_t n = steps < AGE_SEARCH_AT_ONCE ? steps : AGE_SEARCH_AT_ONCE;
        n = n < left ? n : left;
        while (n > 1 && halvings(steps / (n + 1)) > left - n)
                n--;
        for (int64_t i = 0; i < n; i++)
                plan(s, first + (i + 1) * (steps + 1) / (n + 1) - 1);
}

bool age_search_next(struct age_search *s, size_t n_aging, int64_t *ret_usec) {
        if (!s->over && s->next == s->n && n_aging == 0) {
                if (s->signalled)
                        divide(s);
                s->over = s->next == s->n;
        }
        if (s->over || s->next == s->n || n_aging >= AGE_SEARCH_AT_ONCE || s->answers + n_aging >= s->answers_max)
                return false;
        *ret_usec = s->ages_usec[s->next++];
        return true;
}

bool age_search_note(struct age_search *s, enum age_outcome outcome, int64_t young_usec, int64_t old_usec) {
        s->answers++;
        switch (outcome) {
        case AGE_ALIVE:
                s->alive_usec = young_usec > s->alive_usec ? young_usec : s->alive_usec;
                return false;
        case AGE_STALE:
                s->signalled = true;
                s->dead_usec = old_usec < s->dead_usec ? old_usec : s->dead_usec;
                s->next = s->n; /* the rest would be older still */
                return true;
        case AGE_REFUSED:
                s->refused++;
                s->dead_usec = old_usec < s->dead_usec ? old_usec : s->dead_usec;
                break;
        case AGE_INCONCLUSIVE:
                break;
        }
        s->over = true;
        return true;
}
