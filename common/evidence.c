/* evidence.c: a response as evidence, and the life of what a probe saw. */
#include "evidence.h"

#include <openssl/crypto.h>
#include <stdio.h>

#include "sip_date.h"

#define RETRY_AFTER_DIGITS_MAX 9

/* Room for one more item of that size behind n: for two, the usual number, then doubled whenever it is full, that is at powers of two. */
static void *grow(void *items, size_t n, size_t max, size_t size) {
        if (n >= max)
                return NULL;
        return n == 1 || n & (n - 1) ? items : reallocarray(items, n ? 2 * n : 2, size);
}

struct exchange *evidence_add_exchange(struct evidence *e) {
        struct exchange *grown = grow(e->exchanges, e->n_exchanges, EVIDENCE_EXCHANGES_MAX, sizeof *grown);
        if (!grown)
                return NULL;
        e->exchanges = grown;
        e->exchanges[e->n_exchanges] = (struct exchange){0};
        return &e->exchanges[e->n_exchanges++];
}

struct attempt *evidence_add_target(struct evidence *e) {
        struct attempt *grown = grow(e->targets, e->n_targets, EVIDENCE_TARGETS_MAX, sizeof *grown);
        if (!grown)
                return NULL;
        e->targets = grown;
        e->targets[e->n_targets] = (struct attempt){0};
        return &e->targets[e->n_targets++];
}

void evidence_clear(struct evidence *e) {
        for (size_t i = 0; i < e->n_exchanges; i++) {
                (void)sip_wire_free(e->exchanges[i].request);
                (void)sip_wire_free(e->exchanges[i].response);
                free(e->exchanges[i].response_raw);
        }
        for (size_t i = 0; i < e->n_targets; i++)
                free(e->targets[i].tls);
        free(e->exchanges);
        free(e->targets);
        *e = (struct evidence){0};
}

const char *exchange_changed(const struct exchange *x) {
        if (x->credentialed)
                return x->hypothesis != HYPOTHESIS_NONE ? hypothesis_word(x->hypothesis) : NULL;
        return x->named ? hypothesis_word(HYPOTHESIS_USER_NAMED) : x->other_method ? "method" : NULL;
}

unsigned evidence_credentialed(const struct evidence *e) {
        unsigned n = 0;
        for (size_t i = 0; i < e->n_exchanges; i++)
                n += e->exchanges[i].credentialed;
        return n;
}

static void read_challenges(struct exchange *x, const struct sip_response *response, const struct challenge_policy *policy) {
        struct challenge all[CHALLENGES_MAX];
        size_t kept = 0;
        bool proxy = x->status == 407;
        const struct sip_header *h;
        while ((h = sip_header(response, proxy ? "Proxy-Authenticate" : "WWW-Authenticate", x->n_challenges))) {
                if (kept < CHALLENGES_MAX)
                        challenge_parse(&all[kept++], proxy, h->value);
                x->n_challenges++;
        }
        for (size_t i = 0; i < kept; i++)
                if (all[i].is_digest && !all[i].malformed && all[i].algorithm_known)
                        x->algorithms |= 1U << all[i].algorithm;
        const struct challenge *chosen = challenge_choose(all, kept, policy);
        if (!chosen)
                return;
        x->has_challenge = true;
        x->challenge = *chosen;
        const struct challenge *other = challenge_other(all, kept, chosen, policy);
        if (other) {
                x->has_other_algorithm = true;
                x->other_algorithm = other->algorithm;
        }
        if (chosen->has_nonce)
                nonce_read(&x->nonce, chosen->nonce, (int64_t)(x->sent_usec / USEC_PER_SEC));
}

/* What an accepted answer may get back (RFC 7616 section 3.5). */
static const char *const info_headers[] = {"Authentication-Info", "Proxy-Authentication-Info"};

/* Mutual authentication. A proxy and a registrar may both add their proof to one response: the cnonce tells whose answer it is about. */
static void check_rspauth(struct exchange *x, const struct sip_response *response, struct digest_input *answer) {
        const struct sip_header *info;
        struct span theirs;
        char ours[DIGEST_HEX_MAX + 1];
        if (answer->qop == DIGEST_QOP_NONE || (!sip_header(response, info_headers[0], 0) && !sip_header(response, info_headers[1], 0)))
                return;
        answer->body = response->body;
        if (digest_rspauth(answer, ours) < 0)
                return;
        for (size_t k = 0; k < ELEMENTS(info_headers); k++)
                for (size_t i = 0; (info = sip_header(response, info_headers[k], i)) && x->rspauth != RSPAUTH_RIGHT; i++) {
                        if (authentication_info_get(info->value, "cnonce", &theirs) && !span_eq(theirs, answer->cnonce))
                                continue;
                        if (!authentication_info_get(info->value, "rspauth", &theirs))
                                continue;
                        bool right = theirs.n == strlen(ours) && CRYPTO_memcmp(theirs.p, ours, theirs.n) == 0;
                        x->rspauth = right ? RSPAUTH_RIGHT : RSPAUTH_WRONG;
                }
}

static void read_nextnonce(struct exchange *x, const struct sip_response *response) {
        const struct sip_header *info;
        struct span next;
        for (size_t k = 0; k < ELEMENTS(info_headers); k++)
                for (size_t i = 0; (info = sip_header(response, info_headers[k], i)); i++)
                        x->has_nextnonce |= authentication_info_get(info->value, "nextnonce", &next) && next.n > 0;
}

static void read_retry_after(struct exchange *x, struct span value) {
        int seconds = 0;
        size_t n = 0;
        for (; n < value.n && n < RETRY_AFTER_DIGITS_MAX && value.p[n] >= '0' && value.p[n] <= '9'; n++)
                seconds = seconds * 10 + (value.p[n] - '0');
        if (n > 0)
                x->retry_after_sec = seconds;
}

/* A carrier that sees no NAT on the way may leave both out. */
static void read_seen_as(struct exchange *x, const struct sip_response *response) {
        const struct sip_header *via = sip_header(response, "Via", 0);
        struct span received = via ? sip_parameter(via->value, "received") : (struct span){0};
        struct span rport = via ? sip_parameter(via->value, "rport") : (struct span){0};
        char text[sizeof x->seen_as];
        if (received.n == 0 && rport.n == 0)
                return;
        (void)snprintf(text, sizeof text, SPAN_FMT ":" SPAN_FMT, SPAN_ARG(received), SPAN_ARG(rport));
        exchange_copy_text(x->seen_as, sizeof x->seen_as, span_of(text));
}

void exchange_copy_text(char *buffer, size_t size, struct span s) {
        size_t n = s.n < size - 1 ? s.n : size - 1;
        for (size_t i = 0; i < n; i++)
                buffer[i] = (unsigned char)s.p[i] < ' ' || s.p[i] == 127 ? '?' : s.p[i];
        buffer[n] = '\0';
}

void exchange_read(struct exchange *x, const struct sip_response *response, const struct challenge_policy *policy,
                   struct digest_input *answer) {
        x->status = response->status;
        exchange_copy_text(x->reason, sizeof x->reason, response->reason);
        if (x->status >= 400)
                read_seen_as(x, response);
        if (x->status == 401 || x->status == 407)
                read_challenges(x, response, policy);
        if (x->credentialed && x->status < 300) {
                check_rspauth(x, response, answer);
                read_nextnonce(x, response);
        }
        const struct sip_header *h = sip_header(response, "Contact", 0);
        if (h && x->status >= 300 && x->status < 400)
                exchange_copy_text(x->contact, sizeof x->contact, h->value);
        h = sip_header(response, "Date", 0);
        x->has_date = h && !sip_header(response, "Date", 1) && sip_date_parse(h->value, &x->date_sec);
        h = sip_header(response, "Retry-After", 0);
        if (h)
                read_retry_after(x, h->value);
}
