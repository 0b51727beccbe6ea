/* carrier_clock.c: intervals of the offset, and what is made of them. */
#include "carrier_clock.h"

#include <stdio.h>

#define SECOND ((int64_t)USEC_PER_SEC)
#define SECONDS(usec) ((double)(usec) / (double)USEC_PER_SEC)

/* The offset is in [low, high]. Nothing known: any; a contradiction: low > high. */
struct interval {
        bool known;
        int64_t low, high;
};

static struct interval intersect(struct interval a, struct interval b) {
        if (!a.known || !b.known)
                return a.known ? a : b;
        return (struct interval){true, a.low > b.low ? a.low : b.low, a.high < b.high ? a.high : b.high};
}

static bool is_possible(struct interval i) {
        return i.known && i.low <= i.high;
}

static int64_t received_usec(const struct exchange *x) {
        return (int64_t)(x->sent_usec + x->rtt_usec);
}

/* The carrier's clock showed [time, time + resolution) when the response was made. */
static struct interval shown(const struct exchange *x, int64_t time_usec, int64_t resolution_usec) {
        return (struct interval){true, time_usec - received_usec(x), time_usec + resolution_usec - (int64_t)x->sent_usec};
}

static struct interval shown_by_date(const struct exchange *x) {
        return shown(x, x->date_sec * SECOND, SECOND);
}

static bool is_accepted(const struct exchange *x) {
        return x->credentialed && x->status >= 200 && x->status < 300;
}

/* What one address responded: clocks of different ones do not mix. */
struct readings {
        struct interval date, nonce;
        const struct exchange *asked;  /* the challenge of the last answer, else the last challenge */
        const struct exchange *answer; /* to it; NULL = none */
};

static struct readings take_readings(const struct evidence *e) {
        struct readings r = {0};
        size_t last = e->n_exchanges;
        while (last > 0 && e->exchanges[last - 1].end != EXCHANGE_RESPONDED)
                last--;
        for (size_t i = 0; i < last; i++) {
                const struct exchange *x = &e->exchanges[i];
                if (x->end != EXCHANGE_RESPONDED || x->target != e->exchanges[last - 1].target)
                        continue;
                if (x->has_date)
                        r.date = intersect(r.date, shown_by_date(x));
                if (x->has_challenge && x->nonce.has_issued)
                        r.nonce = intersect(r.nonce, shown(x, x->nonce.issued_usec, (int64_t)x->nonce.resolution_usec));
                if (x->credentialed && i > 0 && x[-1].has_challenge) {
                        r.asked = &x[-1];
                        r.answer = x;
                } else if (x->has_challenge && !r.answer) {
                        r.asked = x;
                }
        }
        return r;
}

/* Nonces alone. One from the future was made by a fast clock. One from the past may have been made by a slow clock, or earlier: only one
 * that serves once is surely new. When a nonce that names its expiry was accepted, the carrier's clock had not passed that yet. */
static struct interval read_nonces(const struct readings *r, uint64_t limit_usec, enum carrier_clock_source *ret_source,
                                   uint64_t *ret_past_usec) {
        static const struct interval unknown = {0};
        struct interval i = r->nonce;
        if (!is_possible(i))
                return unknown;
        *ret_source = CARRIER_CLOCK_NONCE;
        if (i.high >= -(int64_t)limit_usec || r->asked->nonce.one_time)
                return i;
        *ret_past_usec = (uint64_t)-i.high;
        if (!r->answer || !is_accepted(r->answer) || !r->asked->nonce.has_expires)
                return unknown;
        *ret_source = CARRIER_CLOCK_EXPIRY;
        i.high = r->asked->nonce.expires_usec + (int64_t)r->asked->nonce.resolution_usec - (int64_t)r->answer->sent_usec;
        return i.low <= i.high ? i : unknown;
}

/* Between issue and arrival lies the answer's round trip (the way down of the challenge in place of that of the response). Whole seconds on
 * the carrier's side can stretch a lifetime by up to one; another one is allowed between the judging and the stamp of the refusal. */
bool carrier_clock_outlived(const struct exchange *asked, const struct exchange *answer) {
        const struct nonce_facts *f = &asked->nonce;
        if (f->has_lifetime && ((uint64_t)f->lifetime_sec + 1) * USEC_PER_SEC < answer->rtt_usec)
                return true;
        int64_t dead_usec = f->expires_usec + 2 * SECOND;
        return f->has_expires && ((answer->has_date && answer->date_sec * SECOND >= dead_usec) ||
                                  (answer->has_challenge && answer->nonce.has_issued && answer->nonce.issued_usec >= dead_usec));
}

/* From the making of the nonce, not before its request was sent unless the Date headers show that, to the response to its answer. */
static uint64_t age_of(const struct readings *r, const struct carrier_clock *c) {
        if (!r->answer)
                return 0;
        int64_t age = received_usec(r->answer) - (int64_t)r->asked->sent_usec;
        if (c->nonce_past_usec && c->source != CARRIER_CLOCK_DATE)
                return 0;
        return (uint64_t)(age + (int64_t)c->nonce_past_usec);
}

void carrier_clock_read(struct carrier_clock *ret, const struct evidence *e, uint64_t limit_usec) {
        struct readings r = take_readings(e);
        struct carrier_clock c = {.source = CARRIER_CLOCK_UNKNOWN};
        struct interval i = intersect(r.date, r.nonce);
        if (is_possible(r.date) && r.nonce.known) {
                c.source = is_possible(i) ? CARRIER_CLOCK_BOTH : CARRIER_CLOCK_DATE;
                if (!is_possible(i)) {
                        i = r.date;
                        int64_t past = r.date.high - r.nonce.low;
                        c.nonce_past_usec = past > 0 ? (uint64_t)past : 0;
                }
        } else if (is_possible(r.date)) {
                c.source = CARRIER_CLOCK_DATE;
        } else {
                i = read_nonces(&r, limit_usec, &c.source, &c.nonce_past_usec);
        }
        if (r.asked)
                c.nonce = r.asked->nonce;
        if (is_possible(i)) {
                c.offset_usec = i.low + (i.high - i.low) / 2;
                c.bound_usec = (i.high - i.low + 1) / 2;
        } else {
                c.source = CARRIER_CLOCK_UNKNOWN;
        }
        c.nonce_age_usec = age_of(&r, &c);
        *ret = c;
}

void carrier_clock_judge(const struct carrier_clock *c, const struct carrier_clock_policy *policy, struct verdict *v) {
        if (v->cause != CAUSE_OK || c->source == CARRIER_CLOCK_UNKNOWN)
                return;
        int64_t offset = c->offset_usec, bound = c->bound_usec;
        if (policy->host_measured) {
                offset -= policy->host_offset_usec;
                bound += policy->host_bound_usec;
        }
        if (llabs(offset) - bound <= (int64_t)policy->limit_usec)
                return;
        const char *ahead = offset > 0 ? "ahead" : "behind";
        if (policy->host_measured)
                *v = verdict_of(CAUSE_CARRIER_CLOCK_OFF, "its clock is %.1f s %s, +- %.1f s, by %s; the limit is %.1f s",
                                SECONDS(llabs(offset)), ahead, SECONDS(bound), carrier_clock_source_word(c->source),
                                SECONDS(policy->limit_usec));
        else
                *v = verdict_of(v->cause, "%s; its clock is %.1f s %s of this host's, whose own was not measured", v->detail,
                                SECONDS(llabs(offset)), ahead);
}

const char *carrier_clock_source_word(enum carrier_clock_source source) {
        static const char *const words[] = {
                [CARRIER_CLOCK_UNKNOWN] = NULL, [CARRIER_CLOCK_NONCE] = "nonce", [CARRIER_CLOCK_EXPIRY] = "expiry",
                [CARRIER_CLOCK_DATE] = "date",  [CARRIER_CLOCK_BOTH] = "both",
        };
        return words[source];
}

void carrier_clock_text(const struct carrier_clock *c, char ret[static CARRIER_CLOCK_TEXT_MAX]) {
        ret[0] = '\0';
        if (c->source != CARRIER_CLOCK_UNKNOWN)
                (void)snprintf(ret, CARRIER_CLOCK_TEXT_MAX, "%+.1f s +- %.1f s against this host's, by %s", SECONDS(c->offset_usec),
                               SECONDS(c->bound_usec), carrier_clock_source_word(c->source));
        else if (c->nonce_past_usec)
                (void)snprintf(ret, CARRIER_CLOCK_TEXT_MAX, "unknown: its nonce was made %.1f s before, or its clock is slow",
                               SECONDS(c->nonce_past_usec));
}

void carrier_clock_nonce_text(const struct carrier_clock *c, char ret[static CARRIER_CLOCK_TEXT_MAX]) {
        const struct nonce_facts *f = &c->nonce;
        char life[64] = "";
        ret[0] = '\0';
        if (f->family == NONCE_OPAQUE)
                return;
        if (f->has_lifetime)
                (void)snprintf(life, sizeof life, ", lives %lld s", (long long)f->lifetime_sec);
        else if (f->assumed_lifetime_sec)
                (void)snprintf(life, sizeof life, ", lives %lld s by default", (long long)f->assumed_lifetime_sec);
        const char *policy = nonce_policy_word(f);
        (void)snprintf(ret, CARRIER_CLOCK_TEXT_MAX, "%s%s%s%s%s", nonce_family_name(f->family), life, policy ? ", " : "",
                       policy ? policy : "", f->bound ? ", bound to its request" : "");
}
