/* nonce_lifetime.c: first a fresh answer, which must be accepted; then the search; then, after a refusal, a fresh answer again.
 *
 * Ages are bounded by this host's CLOCK_MONOTONIC: a nonce is made between the sending of its request and the arrival of the challenge, and
 * judged between the sending of its answer and the arrival of the response. */
#include "nonce_lifetime.h"

#include <stdio.h>
#include <time.h>

#include "now.h"

#define ACCURACY_USEC USEC_PER_MSEC

struct aging {
        struct probe *probe; /* NULL = this place is free */
        int64_t age_usec;    /* to be reached */
        uint64_t told_usec;  /* when the challenge had come; 0 = not yet. CLOCK_MONOTONIC, like the others */
        uint64_t answered_usec;
};

struct nonce_lifetime {
        struct nonce_lifetime_request request;
        struct probe_context context;
        struct diagnosis_history history;
        enum { STAGE_FIRST, STAGE_SEARCH, STAGE_CONFIRM } stage;
        struct age_search search;
        struct aging agings[AGE_SEARCH_AT_ONCE];
        sd_event_source *timer;
        uint64_t next_ask_usec; /* requests keep the distance of probe.spacing */
        struct nonce_lifetime_result result;
};

static void go_on(struct nonce_lifetime *l);

/* -- the end --------------------------------------------------------------------------------------------------------- */

static void drop_agings(struct nonce_lifetime *l) {
        for (size_t i = 0; i < ELEMENTS(l->agings); i++) {
                (void)probe_free(l->agings[i].probe);
                l->agings[i] = (struct aging){0};
        }
}

static void finish(struct nonce_lifetime *l, enum nonce_lifetime_end end) {
        struct nonce_lifetime_result *r = &l->result;
        drop_agings(l);
        l->timer = sd_event_source_disable_unref(l->timer);
        r->end = end;
        r->alive_usec = l->search.alive_usec;
        r->dead_usec = l->search.dead_usec;
        r->signalled = l->search.signalled;
        l->request.done(l, r, l->request.user);
}

static void finish_search(struct nonce_lifetime *l) {
        if (l->search.dead_usec < INT64_MAX)
                finish(l, NONCE_LIFETIME_FOUND);
        else
                finish(l, l->search.alive_usec > 0 ? NONCE_LIFETIME_LONGER : NONCE_LIFETIME_INCONCLUSIVE);
}

static void broken(struct nonce_lifetime *l, int r) {
        (void)snprintf(l->result.detail, sizeof l->result.detail, "%s", strerror(-r));
        finish(l, NONCE_LIFETIME_INCONCLUSIVE);
}

/* -- what an answer shows ------------------------------------------------------------------------------------------------ */

/* The only answer of a probe; NULL = it came to none. */
static const struct exchange *answer_of(const struct evidence *e) {
        for (size_t i = 1; i < e->n_exchanges; i++)
                if (e->exchanges[i].credentialed)
                        return &e->exchanges[i];
        return NULL;
}

static bool is_refusal(const struct exchange *x) {
        return x && x->end == EXCHANGE_RESPONDED && (x->status == 401 || x->status == 403 || x->status == 407);
}

static enum age_outcome outcome_of(struct nonce_lifetime *l, const struct probe_result *r, const struct exchange *x) {
        char *detail = l->result.detail;
        size_t size = sizeof l->result.detail;
        if (x && x->end == EXCHANGE_RESPONDED && x->status >= 200 && x->status < 300)
                return AGE_ALIVE;
        bool next_door = x && x->has_challenge && x->challenge.proxy != x[-1].challenge.proxy;
        if (is_refusal(x) && !next_door) {
                if (x->has_challenge && x->challenge.stale)
                        return AGE_STALE;
                l->result.failures++;
                if (x->retransmissions == 0)
                        return AGE_REFUSED;
                (void)snprintf(detail, size, "%d %s to an answer that was sent %u times", x->status, x->reason, x->retransmissions + 1);
                return AGE_INCONCLUSIVE;
        }
        if (next_door)
                (void)snprintf(detail, size, "proxy and registrar both challenge: which nonce died cannot be told");
        else
                (void)snprintf(detail, size, "%s", r->verdict.detail);
        return AGE_INCONCLUSIVE;
}

/* -- the stages ------------------------------------------------------------------------------------------------------------- */

static void note_first(struct nonce_lifetime *l, enum age_outcome outcome, int64_t young_usec) {
        if (outcome == AGE_STALE) { /* no nonce survives the way */
                l->search.signalled = true;
                finish(l, NONCE_LIFETIME_FOUND);
        } else if (outcome != AGE_ALIVE) {
                finish(l, NONCE_LIFETIME_UNTESTED);
        } else {
                const struct nonce_lifetime_request *r = &l->request;
                age_search_begin(&l->search, r->from_sec, r->to_sec, r->answers_max, &l->result.clock.nonce);
                l->search.alive_usec = young_usec;
                l->stage = STAGE_SEARCH;
                go_on(l);
        }
}

static void note_aged(struct nonce_lifetime *l, enum age_outcome outcome, int64_t young_usec, int64_t old_usec) {
        if (l->request.progress)
                l->request.progress(outcome, young_usec, l->request.user);
        if (age_search_note(&l->search, outcome, young_usec, old_usec))
                drop_agings(l);
        if (outcome == AGE_REFUSED)
                l->stage = STAGE_CONFIRM;
        if (outcome == AGE_INCONCLUSIVE)
                finish(l, NONCE_LIFETIME_INCONCLUSIVE);
        else
                go_on(l);
}

static void note_confirmation(struct nonce_lifetime *l, enum age_outcome outcome) {
        l->result.confirmed = outcome == AGE_ALIVE;
        if (!l->result.confirmed && l->result.detail[0] == '\0')
                (void)snprintf(l->result.detail, sizeof l->result.detail,
                               "a fresh answer was not accepted either, so age need not be the reason");
        finish(l, l->result.confirmed ? NONCE_LIFETIME_FOUND : NONCE_LIFETIME_INCONCLUSIVE);
}

/* That of a probe of ours; of NULL: a free one, which there must be. */
static struct aging *find(struct nonce_lifetime *l, const struct probe *p) {
        size_t i = 0;
        while (i + 1 < ELEMENTS(l->agings) && l->agings[i].probe != p)
                i++;
        return &l->agings[i];
}

static void on_probe(struct probe *p, struct probe_result *result, void *user) {
        struct nonce_lifetime *l = user;
        struct aging a = *find(l, p);
        const struct exchange *x = answer_of(&result->evidence);
        *find(l, p) = (struct aging){0};
        l->result.answers += evidence_credentialed(&result->evidence);
        enum age_outcome outcome = outcome_of(l, result, x);
        if (l->stage == STAGE_FIRST) {
                l->result.verdict = result->verdict;
                carrier_clock_read(&l->result.clock, &result->evidence, l->context.config->clock.carrier_limit_usec);
                if (outcome == AGE_STALE)
                        l->search.dead_usec = (int64_t)(x->rtt_usec + x[-1].rtt_usec);
        }
        int64_t young_usec = (int64_t)(a.answered_usec - a.told_usec);
        int64_t old_usec = x ? young_usec + (int64_t)(x->rtt_usec + x[-1].rtt_usec) : young_usec;
        (void)probe_free(p);
        switch (l->stage) {
        case STAGE_FIRST:
                note_first(l, outcome, young_usec);
                return;
        case STAGE_SEARCH:
                note_aged(l, outcome, young_usec, old_usec);
                return;
        case STAGE_CONFIRM:
                note_confirmation(l, outcome);
                return;
        }
}

/* -- asking, ageing, answering ---------------------------------------------------------------------------------------------- */

static void on_challenge(struct probe *p, void *user) {
        struct nonce_lifetime *l = user;
        find(l, p)->told_usec = now_usec_of(CLOCK_MONOTONIC);
        int r = sd_event_source_set_time(l->timer, 0); /* not from inside: its outcome may end other probes */
        if (r >= 0)
                r = sd_event_source_set_enabled(l->timer, SD_EVENT_ONESHOT);
        if (r < 0)
                probe_cut(p);
}

/* Asks for one more nonce. Returns 0 or -errno. */
static int ask(struct nonce_lifetime *l, int64_t age_usec) {
        struct aging *a = find(l, NULL);
        int r = probe_start(&a->probe, &l->context, l->request.trunk, PROBE_EVERY_PROXY, &l->history, on_probe, l);
        if (r < 0)
                return r;
        a->age_usec = age_usec;
        l->result.challenges++;
        l->next_ask_usec = now_usec_of(CLOCK_MONOTONIC) + l->context.config->probe.spacing_usec;
        return 0;
}

/* The next nonce to answer, which is the one that is due first; NULL while an answer is under way: its outcome decides whether there is
 * another one. */
static struct aging *next_due(struct nonce_lifetime *l, size_t *ret_n, uint64_t *ret_due_usec) {
        struct aging *first = NULL;
        bool under_way = false;
        *ret_n = 0;
        for (size_t i = 0; i < ELEMENTS(l->agings); i++) {
                struct aging *a = &l->agings[i];
                *ret_n += a->probe != NULL;
                under_way |= a->answered_usec > 0;
                if (a->told_usec == 0 || (first && a->told_usec + (uint64_t)a->age_usec >= *ret_due_usec))
                        continue;
                first = a;
                *ret_due_usec = a->told_usec + (uint64_t)a->age_usec;
        }
        return under_way ? NULL : first;
}

/* Does what may be done now, and sets the timer for the rest. */
static void go_on(struct nonce_lifetime *l) {
        for (;;) {
                size_t n;
                uint64_t now = now_usec_of(CLOCK_MONOTONIC), due = UINT64_MAX;
                struct aging *a = next_due(l, &n, &due);
                if (a && due <= now) {
                        a->answered_usec = now;
                        probe_answer(a->probe); /* may end it, and us */
                        return;
                }
                int64_t age = 0;
                bool asks = n < ELEMENTS(l->agings) && (l->stage == STAGE_SEARCH || n == 0);
                if (asks && now >= l->next_ask_usec) {
                        if (l->stage != STAGE_SEARCH || age_search_next(&l->search, n, &age)) {
                                int r = ask(l, age);
                                if (r < 0) {
                                        broken(l, r);
                                        return;
                                }
                                continue;
                        }
                        if (l->search.over) {
                                finish_search(l);
                                return;
                        }
                        asks = false;
                }
                uint64_t at = a ? due : UINT64_MAX;
                if (asks && l->next_ask_usec < at)
                        at = l->next_ask_usec;
                int r = at == UINT64_MAX ? 0 : sd_event_source_set_time(l->timer, at);
                if (r >= 0)
                        r = sd_event_source_set_enabled(l->timer, at == UINT64_MAX ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
                if (r < 0)
                        broken(l, r);
                return;
        }
}

static int on_timer(sd_event_source *source, uint64_t usec, void *user) {
        (void)source;
        (void)usec;
        go_on(user);
        return 0;
}

/* -- life ------------------------------------------------------------------------------------------------------------------ */

int nonce_lifetime_start(struct nonce_lifetime **ret, const struct nonce_lifetime_request *request) {
        struct nonce_lifetime *l = calloc(1, sizeof *l);
        if (!l)
                return -ENOMEM;
        l->request = *request;
        l->context = *request->context;
        l->context.on_challenge = on_challenge;
        l->context.challenge_user = l;
        l->search.dead_usec = INT64_MAX;
        l->result.verdict = verdict_of(CAUSE_RUN_ENDED, "not begun");
        int r = sd_event_add_time(l->context.event, &l->timer, CLOCK_MONOTONIC, 0, ACCURACY_USEC, on_timer, l);
        if (r >= 0)
                r = sd_event_source_set_enabled(l->timer, SD_EVENT_ONESHOT);
        if (r < 0) {
                (void)nonce_lifetime_free(l);
                return r;
        }
        (void)sd_event_source_set_description(l->timer, "nonce-lifetime");
        *ret = l;
        return 0;
}

void nonce_lifetime_cut(struct nonce_lifetime *l) {
        (void)snprintf(l->result.detail, sizeof l->result.detail, "it was interrupted");
        finish(l, NONCE_LIFETIME_INCONCLUSIVE);
}

struct nonce_lifetime *nonce_lifetime_free(struct nonce_lifetime *l) {
        if (l) {
                drop_agings(l);
                (void)sd_event_source_disable_unref(l->timer);
                free(l);
        }
        return NULL;
}
