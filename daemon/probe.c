/* probe.c: the client transactions of one probe (RFC 3261 section 17.1.2, over UDP).
 *
 * Every request of a probe keeps Call-ID and From tag and goes to the same address and port; each has a new branch and the next CSeq
 * (section 8.1.3.5). A probe registers nothing: REGISTER without Contact only asks (section 10.2.3). */
#include "probe.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <sys/random.h>
#include <time.h>

#include "../common/challenge.h"
#include "../common/sip_message.h"
#include "../common/target.h"

#define T2_USEC (4 * USEC_PER_SEC) /* RFC 3261 table 4 */
#define ACCURACY_USEC USEC_PER_MSEC
#define TOKEN_HEX 33           /* 128 random bits, and the final NUL */
#define AUTHORIZATION_MAX 2048 /* bytes of one Authorization value */
#define USER_AGENT "trunkauditd/" TRUNKAUDIT_VERSION

struct probe {
        struct probe_context context;
        const struct trunk *trunk;
        struct diagnosis_history history;
        probe_done_fn *done;
        void *user;

        struct target target;
        struct target_uris uris;
        const char *method;
        char call_id[TOKEN_HEX], from_tag[TOKEN_HEX];
        uint32_t cseq;
        struct resolver_query *query;
        struct flow *flow;
        struct evidence evidence;

        /* the transaction under way: that of evidence.exchanges[n_exchanges - 1] */
        bool waiting;
        sd_event_source *timer;
        uint64_t started_usec;              /* CLOCK_MONOTONIC */
        uint64_t interval_usec;             /* timer E */
        uint64_t resend_usec, give_up_usec; /* when timers E and F fire */
        bool proceeding;                    /* a provisional response came */
        char request[SIP_REQUEST_MAX];
        size_t request_size;
        struct digest_input answer; /* what the request's credentials were made of; spans into older exchanges and below */
        char cnonce[TOKEN_HEX], nc[9];
        struct nonce_use {
                struct span nonce; /* in an exchange's response */
                unsigned n;
        } uses[EVIDENCE_EXCHANGES_MAX];
        size_t n_uses;
};

static void step(struct probe *p);

static uint64_t now_usec(const struct probe *p) {
        uint64_t now = 0;
        (void)sd_event_now(p->context.event, CLOCK_MONOTONIC, &now);
        return now;
}

static uint64_t clock_usec(clockid_t id) {
        struct timespec t = {0};
        (void)clock_gettime(id, &t);
        return (uint64_t)t.tv_sec * USEC_PER_SEC + (uint64_t)t.tv_nsec / NSEC_PER_USEC;
}

static int random_hex(char ret[static TOKEN_HEX]) {
        unsigned char bytes[(TOKEN_HEX - 1) / 2];
        if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
                return -EIO;
        for (size_t i = 0; i < sizeof bytes; i++)
                (void)snprintf(ret + 2 * i, 3, "%02x", bytes[i]);
        return 0;
}

/* -- the end --------------------------------------------------------------------------------------------------------- */

static void finish(struct probe *p) {
        p->waiting = false;
        p->timer = sd_event_source_disable_unref(p->timer);
        p->query = resolver_query_free(p->query);
        p->flow = flow_free(p->flow);
        struct probe_result result = {.verdict = diagnosis_verdict(p->trunk, &p->history, &p->evidence), .evidence = p->evidence};
        p->evidence = (struct evidence){0};
        p->done(p, &result, p->user);
        evidence_clear(&result.evidence);
}

static void broken(struct probe *p, const char *where, int error) {
        p->evidence.broken = error;
        (void)snprintf(p->evidence.broken_where, sizeof p->evidence.broken_where, "%s", where);
        finish(p);
}

static struct exchange *current(struct probe *p) {
        return &p->evidence.exchanges[p->evidence.n_exchanges - 1];
}

/* Closes the transaction under way and goes on. */
static void end_exchange(struct probe *p, enum exchange_end end) {
        p->waiting = false;
        current(p)->end = end;
        int r = sd_event_source_set_enabled(p->timer, SD_EVENT_OFF);
        if (r < 0)
                broken(p, "timer", r);
        else
                step(p);
}

/* -- timers E and F (section 17.1.2.2) ---------------------------------------------------------------------------------- */

static int arm(struct probe *p) {
        uint64_t next = p->resend_usec < p->give_up_usec ? p->resend_usec : p->give_up_usec;
        int r = sd_event_source_set_time(p->timer, next);
        return r < 0 ? r : sd_event_source_set_enabled(p->timer, SD_EVENT_ONESHOT);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *user) {
        struct probe *p = user;
        (void)source;
        (void)usec;
        uint64_t now = now_usec(p);
        if (now >= p->give_up_usec) {
                end_exchange(p, current(p)->malformed ? EXCHANGE_MALFORMED : EXCHANGE_NO_RESPONSE);
                return 0;
        }
        current(p)->retransmissions++;
        p->interval_usec = p->proceeding || 2 * p->interval_usec > T2_USEC ? T2_USEC : 2 * p->interval_usec;
        p->resend_usec = now + p->interval_usec;
        int r = flow_send(p->flow, (struct span){p->request, p->request_size});
        if (r < 0) {
                current(p)->error = -r;
                end_exchange(p, EXCHANGE_UNREACHABLE);
                return 0;
        }
        r = arm(p);
        if (r < 0)
                broken(p, "timer", r);
        return 0;
}

/* -- sending ------------------------------------------------------------------------------------------------------------ */

/* The span of what an answer needs from the configuration. */
static struct span secret_span(const struct secret *s) {
        return s ? secret_bytes(s) : (struct span){NULL, 0};
}

/* How often this probe has answered that nonce, this time included: RFC 7616 section 3.4, nc. */
static unsigned count_use(struct probe *p, struct span nonce) {
        for (size_t i = 0; i < p->n_uses; i++)
                if (span_eq(p->uses[i].nonce, nonce))
                        return ++p->uses[i].n;
        if (p->n_uses < ELEMENTS(p->uses))
                p->uses[p->n_uses++] = (struct nonce_use){nonce, 1};
        return 1;
}

/* Makes the header value that answers a challenge. */
static int make_answer(struct probe *p, const struct challenge *c, enum digest_qop qop, const char *digest_uri, char *buffer, size_t size) {
        char nc[9], response[DIGEST_HEX_MAX + 1];
        unsigned uses = count_use(p, c->nonce);
        (void)snprintf(nc, sizeof nc, "%08x", uses);
        int r = random_hex(p->cnonce);
        if (r < 0)
                return r;
        struct digest_input in = {
                .algorithm = c->algorithm,
                .qop = qop,
                .username = span_of(p->trunk->username),
                .realm = c->realm,
                .password = secret_span(p->trunk->password),
                .ha1 = secret_span(p->trunk->ha1),
                .method = span_of(p->method),
                .uri = span_of(digest_uri),
                .nonce = c->nonce,
                .nc = span_of(nc),
                .cnonce = span_of(p->cnonce),
                .body = SPAN(""),
        };
        r = digest_response(&in, response);
        if (r >= 0)
                r = challenge_answer_write(c, &in, response, buffer, size);
        p->answer = in;
        memcpy(p->nc, nc, sizeof p->nc);
        p->answer.nc = span_of(p->nc);
        return r;
}

static int write_request(struct probe *p, const char *authorization, const char *proxy_authorization) {
        char branch[TRANSPORT_BRANCH_MAX];
        int r = flow_new_branch(p->flow, branch);
        if (r < 0)
                return r;
        struct sip_request request = {
                .method = p->method,
                .request_uri = p->uris.request,
                .transport = "UDP",
                .sent_by = flow_sent_by(p->flow),
                .branch = branch,
                .from_uri = p->uris.aor,
                .from_tag = p->from_tag,
                .to_uri = p->uris.aor,
                .call_id = p->call_id,
                .cseq = ++p->cseq,
                .user_agent = USER_AGENT,
                .authorization = authorization,
                .proxy_authorization = proxy_authorization,
        };
        return sip_request_write(&request, p->request, sizeof p->request, &p->request_size);
}

/* Starts the transaction of the request that was written. */
static void send_request(struct probe *p) {
        struct exchange *x = current(p);
        x->request = sip_redact((struct span){p->request, p->request_size});
        if (!x->request) {
                broken(p, "request", -ENOMEM);
                return;
        }
        x->sent_usec = clock_usec(CLOCK_REALTIME);
        p->started_usec = clock_usec(CLOCK_MONOTONIC);
        p->interval_usec = p->context.config->probe.t1_usec;
        p->resend_usec = p->started_usec + p->interval_usec;
        p->give_up_usec = p->started_usec + p->context.config->probe.timeout_usec;
        p->proceeding = false;
        p->waiting = true;
        int r = flow_send(p->flow, (struct span){p->request, p->request_size});
        if (r < 0) {
                x->error = -r;
                end_exchange(p, EXCHANGE_UNREACHABLE);
                return;
        }
        r = arm(p);
        if (r < 0)
                broken(p, "timer", r);
}

static struct exchange *new_exchange(struct probe *p) {
        struct exchange *x = &p->evidence.exchanges[p->evidence.n_exchanges++];
        *x = (struct exchange){.retry_after_sec = -1, .end = EXCHANGE_CUT};
        return x;
}

static void ask(struct probe *p) {
        (void)new_exchange(p);
        int r = write_request(p, NULL, NULL);
        if (r < 0)
                broken(p, "request", r);
        else
                send_request(p);
}

/* The answer already given at the other door of this chain: its credentials stay in the request (RFC 3261 section 22.3). */
static const struct exchange *other_door(const struct probe *p, const struct exchange *asked, const struct exchange **ret_answered) {
        const struct exchange *first = p->evidence.exchanges;
        for (const struct exchange *x = asked; x->credentialed && x > first; x--) {
                if (x[-1].has_challenge && x[-1].challenge.proxy != asked->challenge.proxy) {
                        *ret_answered = x;
                        return &x[-1];
                }
        }
        return NULL;
}

static void answer(struct probe *p, const struct diagnosis_step *s) {
        const struct exchange *asked = current(p), *answered = NULL, *other = other_door(p, asked, &answered);
        const struct challenge *c = &asked->challenge;
        const char *digest_uri = s->uri_form == URI_OTHER_PORT ? p->uris.other_port : p->uris.request;
        char values[2][AUTHORIZATION_MAX]; /* by challenge.proxy */
        int r = 0;
        if (other)
                r = make_answer(p, &other->challenge, answered->qop, digest_uri, values[!c->proxy], sizeof values[0]);
        if (r >= 0)
                r = make_answer(p, c, s->qop, digest_uri, values[c->proxy], sizeof values[0]);

        struct exchange *x = new_exchange(p);
        x->credentialed = true;
        x->uri_form = s->uri_form;
        x->qop = s->qop;
        x->algorithm = c->algorithm;
        (void)snprintf(x->digest_uri, sizeof x->digest_uri, "%s", digest_uri);
        p->answer.uri = span_of(x->digest_uri);
        if (r >= 0)
                r = write_request(p, other || !c->proxy ? values[false] : NULL, other || c->proxy ? values[true] : NULL);
        if (r < 0)
                broken(p, "answer", r);
        else
                send_request(p);
}

static void step(struct probe *p) {
        const struct diagnosis_policy policy = {.budget = p->context.config->probe.budget};
        struct diagnosis_step s = diagnosis_next(p->trunk, &policy, &p->evidence);
        switch (s.step) {
        case STEP_DONE:
                finish(p);
                return;
        case STEP_ASK:
                ask(p);
                return;
        case STEP_ANSWER:
                answer(p, &s);
                return;
        }
}

/* -- receiving ------------------------------------------------------------------------------------------------------------ */

static void read_challenges(struct probe *p, struct exchange *x, const struct sip_response *response) {
        struct challenge all[CHALLENGES_MAX];
        size_t kept = 0;
        bool proxy = x->status == 407;
        const char *name = proxy ? "Proxy-Authenticate" : "WWW-Authenticate";
        const struct sip_header *h;
        while ((h = sip_header(response, name, x->n_challenges))) {
                if (kept < CHALLENGES_MAX)
                        challenge_parse(&all[kept++], proxy, h->value);
                x->n_challenges++;
        }
        enum digest_algorithm wanted;
        bool fixed = p->trunk->algorithm && digest_algorithm_from(span_of(p->trunk->algorithm), &wanted);
        const struct challenge *chosen = challenge_choose(all, kept, fixed ? &wanted : NULL);
        if (!chosen)
                return;
        x->has_challenge = true;
        x->challenge = *chosen;
        if (chosen->has_nonce)
                nonce_read(&x->nonce, chosen->nonce, (int64_t)(x->sent_usec / USEC_PER_SEC));
}

/* A proxy and a registrar may both add their proof to one response: the cnonce tells whose answer it is about (RFC 7616 section 3.5). */
static void check_rspauth(struct probe *p, struct exchange *x, const struct sip_response *response) {
        const struct sip_header *info;
        struct span theirs;
        char ours[DIGEST_HEX_MAX + 1];
        if (p->answer.qop != DIGEST_QOP_AUTH || digest_rspauth(&p->answer, ours) < 0)
                return;
        for (size_t i = 0; (info = sip_header(response, "Authentication-Info", i)) && x->rspauth != RSPAUTH_RIGHT; i++) {
                if (authentication_info_get(info->value, "cnonce", &theirs) && !span_eq(theirs, p->answer.cnonce))
                        continue;
                if (!authentication_info_get(info->value, "rspauth", &theirs))
                        continue;
                bool right = theirs.n == strlen(ours) && CRYPTO_memcmp(theirs.p, ours, theirs.n) == 0;
                x->rspauth = right ? RSPAUTH_RIGHT : RSPAUTH_WRONG;
        }
}

static void copy_text(char *buffer, size_t size, struct span s) {
        size_t n = s.n < size - 1 ? s.n : size - 1;
        for (size_t i = 0; i < n; i++)
                buffer[i] = (unsigned char)s.p[i] < ' ' || s.p[i] == 127 ? '?' : s.p[i];
        buffer[n] = '\0';
}

static void take_final(struct probe *p, struct exchange *x, const struct sip_response *response) {
        x->rtt_usec = clock_usec(CLOCK_MONOTONIC) - p->started_usec;
        x->status = response->status;
        copy_text(x->reason, sizeof x->reason, response->reason);
        if (x->status == 401 || x->status == 407)
                read_challenges(p, x, response);
        if (x->credentialed && x->status < 300)
                check_rspauth(p, x, response);
        const struct sip_header *h = sip_header(response, "Contact", 0);
        if (h && x->status >= 300 && x->status < 400)
                copy_text(x->contact, sizeof x->contact, h->value);
        h = sip_header(response, "Retry-After", 0);
        if (h) {
                char digits[10];
                size_t n = strspn(h->value.p, "0123456789");
                copy_text(digits, sizeof digits, (struct span){h->value.p, n < h->value.n ? n : h->value.n});
                if (digits[0])
                        x->retry_after_sec = (int)strtol(digits, NULL, 10);
        }
        end_exchange(p, EXCHANGE_RESPONDED);
}

/* Keeps the message and reads it. What cannot be read waits for a better one until timer F: a stray datagram must not end a probe. */
static void on_message(struct flow *f, struct span message, void *user) {
        struct probe *p = user;
        if (!p->waiting)
                return;
        struct exchange *x = current(p);
        _cleanup_(freep) char *text = sip_redact(message);
        _cleanup_(freep) char *raw = malloc(message.n + 1);
        if (!raw || !text) {
                broken(p, "response", -ENOMEM);
                return;
        }
        memcpy(raw, message.p, message.n);
        raw[message.n] = '\0';

        struct sip_response response;
        const char *why = NULL;
        uint32_t number = 0;
        struct span method = {NULL, 0};
        int r = sip_response_read(&response, raw, message.n, &why);
        if (r == 0) {
                const struct sip_header *cseq = sip_header(&response, "CSeq", 0), *via = sip_header(&response, "Via", 0);
                if (via && !span_eq(sip_parameter(via->value, "branch"), span_of(flow_branch(f))))
                        return; /* the branch stood elsewhere in the message */
                if (!cseq || !sip_cseq(cseq->value, &number, &method))
                        why = "CSeq is missing or malformed";
                else if (number != p->cseq || !span_eq(method, span_of(p->method)))
                        return; /* not this transaction (section 17.1.3) */
        } else if (r == SIP_IS_REQUEST) {
                return; /* a carrier may send OPTIONS of its own */
        }
        free(x->response);
        free(x->response_raw);
        x->response = TAKE_PTR(text);
        x->response_raw = TAKE_PTR(raw);
        if (why) {
                x->malformed = why;
                return;
        }
        x->malformed = NULL;
        if (response.status >= 200) {
                take_final(p, x, &response);
                return;
        }
        if (!p->proceeding) {
                p->proceeding = true;
                p->interval_usec = T2_USEC;
                p->resend_usec = now_usec(p) + T2_USEC;
                r = arm(p);
                if (r < 0)
                        broken(p, "timer", r);
        }
}

static void on_error(struct flow *f, int error, void *user) {
        struct probe *p = user;
        (void)f;
        if (!p->waiting)
                return;
        current(p)->error = error;
        end_exchange(p, error == ECONNREFUSED ? EXCHANGE_REFUSED : EXCHANGE_UNREACHABLE);
}

/* -- the beginning -------------------------------------------------------------------------------------------------------- */

/* Opens the way to the carrier; false when the probe has ended. */
static bool open_flow(struct probe *p, const struct resolver_address *a) {
        int r = flow_open(&p->flow, p->context.transport, (const struct sockaddr *)&a->storage, a->length, on_message, on_error, p);
        if (r == 0) {
                (void)snprintf(p->evidence.address, sizeof p->evidence.address, "%s", flow_peer(p->flow));
                return true;
        }
        if (r == -ENOMEM || r == -EMFILE || r == -ENFILE) {
                broken(p, "socket", r);
                return false;
        }
        struct exchange *x = new_exchange(p);
        x->end = EXCHANGE_UNREACHABLE;
        x->error = -r;
        (void)snprintf(p->evidence.address, sizeof p->evidence.address, "%s", p->target.text);
        finish(p);
        return false;
}

static void on_resolved(struct resolver_query *q, int outcome, const struct resolver_address *addresses, size_t n, const char *why,
                        void *user) {
        struct probe *p = user;
        (void)n;
        if (outcome < 0) {
                broken(p, "name lookup", outcome);
                return;
        }
        if (outcome > 0) {
                p->evidence.resolution = outcome == RESOLVER_NOT_FOUND ? RESOLUTION_NOT_FOUND : RESOLUTION_FAILED;
                (void)snprintf(p->evidence.resolution_error, sizeof p->evidence.resolution_error, "%s", why);
                finish(p);
                return;
        }
        p->evidence.resolution = RESOLUTION_DONE;
        const struct resolver_address address = addresses[0]; /* the query owns them */
        p->query = resolver_query_free(q);
        if (open_flow(p, &address))
                step(p);
}

int probe_start(struct probe **ret, const struct probe_context *context, const struct trunk *trunk, const struct diagnosis_history *history,
                probe_done_fn *done, void *user) {
        struct probe *p = calloc(1, sizeof *p);
        if (!p)
                return -ENOMEM;
        p->context = *context;
        p->method = trunk->method ? trunk->method : context->config->probe.method;
        p->trunk = trunk;
        p->history = *history;
        p->done = done;
        p->user = user;
        uint32_t first = 0;
        int r = target_of(&p->target, trunk);
        if (r == 0)
                r = target_uris_of(&p->uris, trunk, &p->target);
        if (r == 0)
                r = random_hex(p->call_id);
        if (r == 0)
                r = random_hex(p->from_tag);
        if (r == 0)
                r = getrandom(&first, sizeof first, 0) == (ssize_t)sizeof first ? 0 : -EIO;
        if (r == 0)
                r = sd_event_add_time(context->event, &p->timer, CLOCK_MONOTONIC, 0, ACCURACY_USEC, on_timer, p);
        if (r >= 0)
                r = sd_event_source_set_enabled(p->timer, SD_EVENT_OFF);
        if (r >= 0)
                r = resolver_start(&p->query, context->resolver, p->target.host, p->target.port, on_resolved, p);
        if (r != 0) {
                (void)probe_free(p);
                return r > 0 ? -EINVAL : r;
        }
        (void)sd_event_source_set_description(p->timer, "sip-transaction");
        p->cseq = first % 100000; /* RFC 3261 section 8.1.1.5: below 2**31 */
        (void)snprintf(p->evidence.target, sizeof p->evidence.target, "%s", p->target.text);
        (void)snprintf(p->evidence.call_id, sizeof p->evidence.call_id, "%s", p->call_id);
        *ret = p;
        return 0;
}

void probe_cut(struct probe *p) {
        p->evidence.cut = true;
        finish(p);
}

struct probe *probe_free(struct probe *p) {
        if (p) {
                (void)sd_event_source_disable_unref(p->timer);
                (void)resolver_query_free(p->query);
                (void)flow_free(p->flow);
                evidence_clear(&p->evidence);
                OPENSSL_cleanse(p->request, sizeof p->request);
                free(p);
        }
        return NULL;
}
