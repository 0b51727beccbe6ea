/* fuzz_exchange.c: a hostile carrier for a whole probe, without a network: whatever it sends, the probe ends within its limits and budget.
 *
 * The first byte chooses the trunk and the transport, the rest is what the carrier sends: as one stream, cut by its framing, or as
 * datagrams, each up to a 0x01 byte. "Z" alone for a datagram means that none came. */
#include <stdio.h>
#include <stdlib.h>

#include "common/answer.h"
#include "common/carrier_clock.h"
#include "common/diagnosis.h"
#include "common/evidence.h"
#include "common/sip_frame.h"
#include "common/sip_message.h"

#define BUDGET 3
#define NOW_SEC 1795000000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The carrier's next message; false when it has no more to say. */
static bool next_message(struct span *rest, bool stream, struct span *ret) {
        if (rest->n == 0)
                return false;
        if (!stream) {
                const char *end = memchr(rest->p, 1, rest->n);
                size_t n = end ? (size_t)(end - rest->p) : rest->n, used = n + (end != NULL);
                *ret = (struct span){rest->p, n};
                *rest = (struct span){rest->p + used, rest->n - used};
                return true;
        }
        size_t skip, n;
        const char *why = NULL;
        if (sip_frame(*rest, &skip, &n, &why) != 0)
                return false;
        *ret = (struct span){rest->p + skip, n};
        *rest = (struct span){rest->p + skip + n, rest->n - skip - n};
        return true;
}

static void answer(const struct trunk *t, const struct exchange *asked, struct exchange *x, const struct diagnosis_step *s,
                   struct answer *ret) {
        static const struct target_uris uris = {
                .request = "sip:carrier.example", .other_port = "sip:carrier.example:5060", .aor = "sip:alice@carrier.example"};
        const struct answer_request request = {
                .trunk = t,
                .challenge = &asked->challenge,
                .uris = &uris,
                .method = "REGISTER",
                .qop = s->qop,
                .hypothesis = s->hypothesis,
                .cnonce = "0a4f113b0a4f113b0a4f113b0a4f113b",
        };
        char header[2048];
        x->credentialed = true;
        x->qop = s->qop;
        x->algorithm = asked->challenge.algorithm;
        /* What diagnosis wants answered can be answered. */
        if (answer_write(ret, &request, header, sizeof header) != 0)
                abort();
}

static void receive(struct exchange *x, struct span message, const struct challenge_policy *policy, struct digest_input *in) {
        if (message.n == 1 && *message.p == 'Z')
                return;
        struct sip_response response;
        const char *why = NULL;
        x->response = sip_wire_new(message);
        x->response_raw = malloc(message.n + 1);
        if (!x->response || !x->response_raw)
                abort();
        memcpy(x->response_raw, message.p, message.n);
        x->response_raw[message.n] = '\0';
        if (sip_response_read(&response, x->response_raw, message.n, &why) != 0) {
                x->end = EXCHANGE_MALFORMED;
                x->malformed = why;
                return;
        }
        if (response.status < 200)
                return;
        x->rtt_usec = 20000;
        x->end = EXCHANGE_RESPONDED;
        exchange_read(x, &response, policy, in);
}

/* Whatever a carrier says of its time, what is made of it is of one piece, and no verdict without the host's own clock. */
static void read_clock(const struct evidence *e, const struct verdict *v) {
        char text[CARRIER_CLOCK_TEXT_MAX];
        struct carrier_clock c;
        struct verdict judged = *v;
        carrier_clock_read(&c, e, 5 * USEC_PER_SEC);
        carrier_clock_text(&c, text);
        carrier_clock_nonce_text(&c, text);
        if (c.bound_usec < 0 || (carrier_clock_source_word(c.source) == NULL) != (c.source == CARRIER_CLOCK_UNKNOWN))
                abort();
        carrier_clock_judge(&c, &(struct carrier_clock_policy){.limit_usec = 5 * USEC_PER_SEC}, &judged);
        if (judged.cause != v->cause)
                abort();
        carrier_clock_judge(&c, &(struct carrier_clock_policy){.host_measured = true, .limit_usec = 5 * USEC_PER_SEC}, &judged);
        if (judged.cause != v->cause && (v->cause != CAUSE_OK || c.source == CARRIER_CLOCK_UNKNOWN))
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        if (size == 0)
                return 0;
        struct secret *password = NULL;
        if (secret_new(&password, "open sesame", 11) != 0)
                return 0;
        struct trunk t = {.id = (char[]){"id"}, .username = (char[]){"alice"}, .password = password};
        char none[] = "none", digest[] = "digest", realm[] = "r", strongest[] = "strongest", domain[] = "carrier.example";
        t.domain = domain;
        t.authentication = data[0] & 1 ? none : digest;
        t.realm = data[0] & 2 ? realm : NULL;
        t.algorithm = data[0] & 4 ? strongest : NULL;
        const struct challenge_policy policy = {.strongest = data[0] & 4};
        const struct diagnosis_policy limits = {.budget = BUDGET, .failures = 2};
        const struct diagnosis_history history = {0};
        struct evidence e = {.resolution = RESOLUTION_DONE};
        if (!evidence_add_target(&e) || !evidence_add_target(&e))
                abort();
        struct span rest = {(const char *)data + 1, size - 1}, message;
        struct answer a = {0};
        struct diagnosis_step s;

        while ((s = diagnosis_next(&t, &limits, &history, &e)).step != STEP_DONE) {
                if (s.step == STEP_FOLLOW || s.over_tcp || e.n_exchanges == EVIDENCE_EXCHANGES_MAX)
                        abort(); /* not configured; nothing is too large here; no step beyond the limit */
                struct exchange *x = evidence_add_exchange(&e);
                if (!x)
                        abort();
                *x = (struct exchange){.retry_after_sec = -1,
                                       .end = EXCHANGE_NO_RESPONSE,
                                       .sent_usec = NOW_SEC * USEC_PER_SEC,
                                       .hypothesis = s.hypothesis,
                                       .named = s.named,
                                       .other_method = s.other_method};
                if (s.step == STEP_ANSWER) {
                        x->target = x[-1].target;
                        answer(&t, &x[-1], x, &s, &a);
                } else {
                        x->target = s.target;
                }
                if (next_message(&rest, data[0] & 8, &message))
                        receive(x, message, &policy, &a.input);
        }
        struct verdict v = diagnosis_verdict(&t, &history, &e);
        if (evidence_credentialed(&e) > BUDGET || memchr(v.detail, '\0', sizeof v.detail) == NULL)
                abort();
        read_clock(&e, &v);
        answer_clear(&a);
        evidence_clear(&e);
        secret_free(password);
        return 0;
}
