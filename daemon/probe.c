/* probe.c: the client transactions of one probe (RFC 3261 section 17.1.2).
 *
 * Every request of a probe keeps Call-ID and From tag and goes to the same address and port; each has a new branch and the next CSeq
 * (section 8.1.3.5). A probe registers nothing: REGISTER without Contact only asks (section 10.2.3). */
#include "probe.h"

#include <netinet/in.h>
#include <stdio.h>
#include <time.h>

#include "../common/answer.h"
#include "../common/sip_message.h"
#include "../common/target.h"
#include "now.h"
#include "route.h"

#define T2_USEC (4 * USEC_PER_SEC) /* RFC 3261 table 4 */
#define TOKEN_HEX 33               /* 128 random bits, and the final NUL */
#define UDP_SIZE_MAX 1300          /* bytes of a request that may go by UDP (RFC 3261 section 18.1.1) */
#define AUTHORIZATION_MAX 2048     /* bytes of one Authorization value */
#define USER_AGENT "trunkauditd/" TRUNKAUDIT_VERSION

struct probe {
        struct probe_context context;
        const struct trunk *trunk;
        struct diagnosis_history history;
        probe_done_fn *done;
        void *user;

        bool starting, ended;       /* inside probe_start(); the end came there */
        sd_event_source *later;     /* tells such an end */
        struct route *route;        /* while names are looked up */
        struct location *locations; /* of evidence.targets, by index */
        struct target_uris uris;    /* of the target that the flow leads to */
        size_t target;
        const char *method;
        bool has_algorithm; /* the next challenge chooses this one among several */
        enum digest_algorithm algorithm;
        char call_id[TOKEN_HEX], from_tag[TOKEN_HEX];
        uint32_t cseq;
        bool challenge_told; /* to on_challenge */
        struct flow *flow;   /* NULL, or to evidence.targets[target] */
        struct evidence evidence;

        /* the transaction under way: that of evidence.exchanges[n_exchanges - 1] */
        bool waiting;
        uint64_t started_usec;              /* CLOCK_MONOTONIC */
        uint64_t interval_usec;             /* timer E */
        uint64_t resend_usec, give_up_usec; /* when timers E and F fire */
        bool proceeding;                    /* a provisional response came */
        struct answer answer;               /* what the last credentials were made of; spans into older exchanges */
};

static void step(struct probe *p);

static uint64_t now_usec(const struct probe *p) {
        uint64_t now = 0;
        (void)sd_event_now(p->context.event, CLOCK_MONOTONIC, &now);
        return now;
}

static int random_hex(const struct probe *p, char ret[static TOKEN_HEX]) {
        unsigned char bytes[(TOKEN_HEX - 1) / 2];
        int r = transport_random(p->context.transport, bytes, sizeof bytes);
        if (r < 0)
                return r;
        hex_write(ret, bytes, sizeof bytes);
        ret[TOKEN_HEX - 1] = '\0';
        return 0;
}

/* -- the end --------------------------------------------------------------------------------------------------------- */

static void finish(struct probe *p) {
        p->waiting = false;
        p->later = sd_event_source_disable_unref(p->later);
        p->route = route_free(p->route);
        p->flow = flow_free(p->flow);
        if (p->starting) {
                p->ended = true;
                return;
        }
        struct probe_result result = {.verdict = diagnosis_verdict(p->trunk, &p->history, &p->evidence), .evidence = p->evidence};
        p->evidence = (struct evidence){0};
        p->done(p, &result, p->user);
        evidence_clear(&result.evidence);
}

static int on_later(sd_event_source *source, void *user) {
        (void)source;
        finish(user);
        return 0;
}

static void broken(struct probe *p, const char *where, int error) {
        p->evidence.broken = error;
        (void)snprintf(p->evidence.broken_where, sizeof p->evidence.broken_where, "%s", where);
        finish(p);
}

static struct exchange *current(struct probe *p) {
        return &p->evidence.exchanges[p->evidence.n_exchanges - 1];
}

/* No byte of it was sent: it is no evidence of one. */
static void take_back(struct exchange *x) {
        x->credentialed = false;
        x->request = sip_wire_free(x->request);
}

static void note_tls(struct probe *p);

/* Closes the transaction under way and goes on. */
static void end_exchange(struct probe *p, enum exchange_end end) {
        p->waiting = false;
        current(p)->end = end;
        note_tls(p);
        if (p->context.on_exchange)
                p->context.on_exchange(&p->evidence, p->context.exchange_user);
        if (p->flow)
                (void)flow_wake_at(p->flow, FLOW_NEVER); /* never fails */
        step(p);
}

/* -- timers E and F (section 17.1.2.2) ---------------------------------------------------------------------------------- */

static int arm(struct probe *p) {
        return flow_wake_at(p->flow, p->resend_usec < p->give_up_usec ? p->resend_usec : p->give_up_usec);
}

static void on_due(struct flow *f, void *user) {
        struct probe *p = user;
        (void)f;
        uint64_t now = now_usec(p);
        if (now >= p->give_up_usec) {
                end_exchange(p, current(p)->malformed ? EXCHANGE_MALFORMED : EXCHANGE_NO_RESPONSE);
                return;
        }
        current(p)->retransmissions++;
        p->interval_usec = p->proceeding || 2 * p->interval_usec > T2_USEC ? T2_USEC : 2 * p->interval_usec;
        p->resend_usec = now + p->interval_usec;
        int r = flow_send(p->flow, sip_wire_bytes(current(p)->request));
        if (r < 0) {
                current(p)->error = -r;
                end_exchange(p, EXCHANGE_UNREACHABLE);
                return;
        }
        r = arm(p);
        if (r < 0)
                broken(p, "timer", r);
}

/* -- sending ------------------------------------------------------------------------------------------------------------ */

/* Makes the header value that answers a challenge. */
static int make_answer(struct probe *p, const struct challenge *c, enum digest_qop qop, enum hypothesis h, char *buffer, size_t size) {
        char cnonce[TOKEN_HEX];
        int r = random_hex(p, cnonce);
        const struct answer_request request = {
                .trunk = p->trunk,
                .challenge = c,
                .uris = &p->uris,
                .transport = p->evidence.targets[p->target].transport,
                .method = p->method,
                .qop = qop,
                .hypothesis = h,
                .cnonce = cnonce,
        };
        return r < 0 ? r : answer_write(&p->answer, &request, buffer, size);
}

/* Of a request without credentials that names its user: the realm that is known, else the domain. */
static int name_user(const struct probe *p, char *buffer, size_t size) {
        char domain[TARGET_HOST_MAX] = "";
        if (!p->trunk->realm && !target_domain(p->trunk, domain))
                (void)snprintf(domain, sizeof domain, "%s", p->locations[p->target].host);
        return challenge_user_write(p->trunk->username, p->trunk->realm ? p->trunk->realm : domain, p->uris.request, buffer, size);
}

static int write_request(struct probe *p, const char *authorization, const char *proxy_authorization) {
        char branch[TRANSPORT_BRANCH_MAX];
        int r = flow_new_branch(p->flow, branch);
        if (r < 0)
                return r;
        struct sip_request request = {
                .method = p->method,
                .request_uri = p->uris.request,
                .transport = target_transport_name(p->evidence.targets[p->target].transport),
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
        char buffer[SIP_REQUEST_MAX];
        size_t size;
        r = sip_request_write(&request, buffer, sizeof buffer, &size);
        if (r < 0)
                return r;
        current(p)->request = sip_wire_new((struct span){buffer, size});
        return current(p)->request ? 0 : -ENOMEM;
}

/* Starts the transaction of the request that was written. */
static void send_request(struct probe *p) {
        struct exchange *x = current(p);
        struct span request = sip_wire_bytes(x->request);
        x->sent_usec = now_usec_of(CLOCK_REALTIME);
        p->started_usec = now_usec_of(CLOCK_MONOTONIC);
        p->interval_usec = p->context.config->probe.t1_usec;
        p->resend_usec = flow_is_reliable(p->flow) ? UINT64_MAX : p->started_usec + p->interval_usec;
        p->give_up_usec = p->started_usec + p->context.config->probe.timeout_usec;
        p->proceeding = false;
        p->waiting = true;
        if (request.n > UDP_SIZE_MAX && !flow_is_reliable(p->flow)) {
                take_back(x);
                end_exchange(p, EXCHANGE_TOO_LARGE);
                return;
        }
        int r = flow_send(p->flow, request);
        if (r < 0) {
                x->error = -r;
                end_exchange(p, flow_is_over(p->flow) ? EXCHANGE_CLOSED : EXCHANGE_UNREACHABLE);
                return;
        }
        r = arm(p);
        if (r < 0)
                broken(p, "timer", r);
}

static struct exchange *new_exchange(struct probe *p) {
        struct exchange *x = evidence_add_exchange(&p->evidence);
        if (x) {
                x->target = p->target;
                x->retry_after_sec = -1;
                x->end = EXCHANGE_CUT;
        }
        return x;
}

/* -- where to ---------------------------------------------------------------------------------------------------------- */

static void on_message(struct flow *f, struct span message, void *user);
static void on_end(struct flow *f, enum stream_end end, int error, const char *text, void *user);

static uint16_t port_of(const struct location *l) {
        return ntohs(l->address.ss_family == AF_INET ? ((const struct sockaddr_in *)&l->address)->sin_port
                                                     : ((const struct sockaddr_in6 *)&l->address)->sin6_port);
}

/* Adds a target behind the others; false when there is no room. */
static bool add_target(struct probe *p, const struct location *l) {
        struct evidence *e = &p->evidence;
        struct location *grown = reallocarray(p->locations, e->n_targets + 1, sizeof *grown);
        if (!grown)
                return false;
        p->locations = grown;
        struct attempt *a = evidence_add_target(e);
        if (!a)
                return false;
        a->transport = l->transport;
        transport_address_text(&l->address, a->address, sizeof a->address);
        memcpy(a->how, l->how, sizeof l->how);
        p->locations[e->n_targets - 1] = *l;
        return true;
}

/* Opens the way to a target. Returns 0 or -errno. */
static int open_flow(struct probe *p, size_t target) {
        const struct location *l = &p->locations[target];
        char domain[TARGET_HOST_MAX];
        const char *names[3] = {NULL};
        size_t n = 0;
        if (target_domain(p->trunk, domain))
                names[n++] = domain;
        if (n == 0 || strcasecmp(domain, l->host) != 0)
                names[n++] = l->host;
        const struct flow_request request = {
                .transport = l->transport,
                .address = (const struct sockaddr *)&l->address,
                .length = l->length,
                .tls = p->context.tls,
                .server_name = names[0],
                .names = names,
        };
        p->flow = flow_free(p->flow);
        p->target = target;
        memcpy(p->evidence.address, p->evidence.targets[target].address, sizeof p->evidence.targets->address);
        int r = target_uris_of(&p->uris, p->trunk, l->host, port_of(l));
        return r < 0 ? r : flow_open(&p->flow, p->context.transport, &request, on_message, on_end, on_due, p);
}

/* Keeps what the handshake showed, once it has. */
static void note_tls(struct probe *p) {
        const struct tls_facts *facts = p->flow ? flow_tls_facts(p->flow) : NULL;
        struct attempt *a = &p->evidence.targets[p->target];
        if (!facts || a->tls)
                return;
        a->tls = malloc(sizeof *a->tls);
        if (a->tls)
                *a->tls = *facts;
}

/* -- asking and answering --------------------------------------------------------------------------------------------------- */

/* A new challenge may come over a new connection; an answer never does. */
static void ask(struct probe *p, size_t target, const struct diagnosis_step *s) {
        char value[AUTHORIZATION_MAX];
        int r = 0;
        if (!p->flow || p->target != target || flow_is_over(p->flow))
                r = open_flow(p, target);
        struct exchange *x = new_exchange(p);
        if (!x)
                r = -ENOMEM;
        if (r == -ENOMEM || r == -EMFILE || r == -ENFILE || r == -EINVAL) {
                broken(p, "socket", r);
                return;
        }
        if (r < 0) {
                x->error = -r;
                end_exchange(p, EXCHANGE_UNREACHABLE);
                return;
        }
        if (s->other_method)
                p->method = text_eq(p->method, "OPTIONS") ? "REGISTER" : "OPTIONS";
        p->has_algorithm = s->has_algorithm;
        p->algorithm = s->algorithm;
        x->hypothesis = s->hypothesis;
        x->other_method = s->other_method;
        x->named = s->named;
        r = s->named ? name_user(p, value, sizeof value) : 0;
        if (r >= 0)
                r = write_request(p, s->named ? value : NULL, NULL);
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
        char values[2][AUTHORIZATION_MAX]; /* by challenge.proxy */
        int r = 0;
        if (other)
                r = make_answer(p, &other->challenge, answered->qop, s->hypothesis, values[!c->proxy], sizeof values[0]);
        if (r >= 0)
                r = make_answer(p, c, s->qop, s->hypothesis, values[c->proxy], sizeof values[0]);

        bool proxy = other || c->proxy, www = other || !c->proxy;
        enum digest_algorithm algorithm = c->algorithm;
        struct exchange *x = new_exchange(p); /* asked and c may be stale from here */
        if (!x) {
                broken(p, "answer", -ENOMEM);
                return;
        }
        x->credentialed = true;
        x->hypothesis = s->hypothesis;
        x->qop = s->qop;
        x->algorithm = algorithm;
        memcpy(x->digest_uri, p->answer.digest_uri, sizeof x->digest_uri);
        if (r >= 0)
                r = write_request(p, www ? values[false] : NULL, proxy ? values[true] : NULL);
        if (r < 0)
                broken(p, "answer", r);
        else
                send_request(p);
}

static void ask_over_tcp(struct probe *p, const struct diagnosis_step *s) {
        struct location l = p->locations[s->target];
        l.transport = TARGET_TCP;
        (void)snprintf(l.how, sizeof l.how, "TCP for a request of more than %d bytes", UDP_SIZE_MAX);
        size_t added = p->evidence.n_targets;
        if (add_target(p, &l))
                ask(p, added, s);
        else
                finish(p);
}

static void follow(struct probe *p);

static void step(struct probe *p) {
        struct diagnosis_policy policy = {
                .budget = p->context.config->probe.budget,
                .failures = p->context.config->probe.failures,
                .follow_redirects = p->context.config->sip.follow_redirects,
        };
        if (p->context.restrict_policy)
                p->context.restrict_policy(&policy, &p->evidence, p->context.restrict_user);
        struct diagnosis_step s = diagnosis_next(p->trunk, &policy, &p->history, &p->evidence);
        switch (s.step) {
        case STEP_DONE:
                finish(p);
                return;
        case STEP_ASK:
                if (s.over_tcp)
                        ask_over_tcp(p, &s);
                else
                        ask(p, s.target, &s);
                return;
        case STEP_ANSWER:
                if (p->context.on_challenge && !p->challenge_told) {
                        p->challenge_told = true;
                        p->context.on_challenge(p, p->context.challenge_user);
                        return;
                }
                answer(p, &s);
                return;
        case STEP_FOLLOW:
                follow(p);
                return;
        }
}

/* -- receiving ------------------------------------------------------------------------------------------------------------ */

static void take_final(struct probe *p, struct exchange *x, const struct sip_response *response) {
        x->rtt_usec = now_usec_of(CLOCK_MONOTONIC) - p->started_usec;
        struct challenge_policy policy = {
                .strongest = text_ieq(p->trunk->algorithm, "strongest"),
                .hex_digits = p->trunk->ha1 ? secret_bytes(p->trunk->ha1).n : 0,
        };
        policy.has_wanted = digest_algorithm_from(span_of(p->trunk->algorithm), &policy.wanted);
        if (p->has_algorithm) {
                policy.has_wanted = true;
                policy.wanted = p->algorithm;
        }
        exchange_read(x, response, &policy, &p->answer.input);
        end_exchange(p, EXCHANGE_RESPONDED);
}

/* Keeps the message and reads it. What cannot be read waits for a better one until timer F: a stray datagram must not end a probe. */
static void on_message(struct flow *f, struct span message, void *user) {
        struct probe *p = user;
        if (!p->waiting)
                return;
        struct exchange *x = current(p);
        _cleanup_(sip_wire_freep) struct sip_wire *wire = sip_wire_new(message);
        _cleanup_(freep) char *raw = malloc(message.n + 1);
        if (!raw || !wire) {
                broken(p, "response", -ENOMEM);
                return;
        }
        memcpy(raw, message.p, message.n);
        raw[message.n] = '\0';

        struct sip_response response;
        const char *why = NULL;
        int r = sip_response_read(&response, raw, message.n, &why);
        if (r == 0)
                r = sip_response_match(&response, flow_branch(f), p->cseq, p->method, &why);
        if (r == SIP_IS_FOREIGN || r == SIP_IS_REQUEST) /* a carrier may send OPTIONS of its own */
                return;
        (void)sip_wire_free(x->response);
        free(x->response_raw);
        x->response = TAKE_PTR(wire);
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
        if (!p->proceeding && !flow_is_reliable(p->flow)) {
                p->proceeding = true;
                p->interval_usec = T2_USEC;
                p->resend_usec = now_usec(p) + T2_USEC;
                r = arm(p);
                if (r < 0)
                        broken(p, "timer", r);
        }
}

static void on_end(struct flow *f, enum stream_end end, int error, const char *text, void *user) {
        static const enum exchange_end ends[] = {
                [STREAM_REFUSED] = EXCHANGE_REFUSED,     [STREAM_UNREACHABLE] = EXCHANGE_UNREACHABLE,
                [STREAM_CLOSED] = EXCHANGE_CLOSED,       [STREAM_TLS_FAILED] = EXCHANGE_TLS_FAILED,
                [STREAM_UNTRUSTED] = EXCHANGE_UNTRUSTED, [STREAM_MALFORMED] = EXCHANGE_MALFORMED,
        };
        struct probe *p = user;
        if (!p->waiting)
                return; /* told when the flow is used again */
        struct exchange *x = current(p);
        x->error = error;
        exchange_copy_text(x->failure, sizeof x->failure, span_of(text));
        if (end == STREAM_MALFORMED)
                x->malformed = "its messages cannot be told apart in the stream";
        if (end == STREAM_UNTRUSTED || (end == STREAM_TLS_FAILED && !flow_tls_facts(f)))
                take_back(x);
        end_exchange(p, ends[end]);
}

/* -- the beginning -------------------------------------------------------------------------------------------------------- */

/* Names are looked up: at the beginning, and again to follow a redirection. */
static void on_route(struct route *route, int outcome, const struct location *locations, size_t n, const char *why, void *user) {
        struct probe *p = user;
        size_t before = p->evidence.n_targets;
        for (size_t i = 0; i < n; i++)
                (void)add_target(p, &locations[i]);
        p->route = route_free(route);
        if (outcome < 0) {
                broken(p, "name lookup", outcome);
        } else if (before > 0) {
                if (p->evidence.n_targets > before)
                        ask(p, before, &(const struct diagnosis_step){.step = STEP_ASK});
                else
                        finish(p); /* the redirection leads nowhere */
        } else if (outcome > 0) {
                p->evidence.resolution = outcome == RESOLVER_NOT_FOUND ? RESOLUTION_NOT_FOUND : RESOLUTION_FAILED;
                (void)snprintf(p->evidence.resolution_error, sizeof p->evidence.resolution_error, "%s", why);
                finish(p);
        } else if (n > 0 && p->evidence.n_targets == 0) {
                broken(p, "targets", -ENOMEM); /* there was room for the first */
        } else {
                p->evidence.resolution = RESOLUTION_DONE;
                step(p);
        }
}

/* Addresses need no lookup: then it goes on at once. */
static int look_up(struct probe *p, const struct target *targets, size_t n) {
        int r = route_start(&p->route, p->context.resolver, targets, n, on_route, p);
        if (r == ROUTE_KNOWN) {
                size_t found;
                const struct location *locations = route_locations(p->route, &found);
                on_route(p->route, 0, locations, found, NULL, p);
        }
        return r;
}

/* A redirection (RFC 3261 section 8.1.3.4), when the configuration allows it. */
static void follow(struct probe *p) {
        struct target t;
        if (target_of_contact(&t, span_of(current(p)->contact)) != 0 || look_up(p, &t, 1) < 0)
                finish(p);
}

static int start_route(struct probe *p, size_t proxy) {
        struct target targets[TARGETS_MAX];
        size_t n = 0;
        if (target_list(targets, &n, p->trunk) != 0 || (proxy != PROBE_EVERY_PROXY && proxy >= n))
                return -EINVAL;
        const struct target *first = proxy == PROBE_EVERY_PROXY ? targets : &targets[proxy];
        exchange_copy_text(p->evidence.target, sizeof p->evidence.target, span_of(first->text));
        return look_up(p, first, proxy == PROBE_EVERY_PROXY ? n : 1);
}

int probe_start(struct probe **ret, const struct probe_context *context, const struct trunk *trunk, size_t proxy,
                const struct diagnosis_history *history, probe_done_fn *done, void *user) {
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
        int r = random_hex(p, p->call_id);
        if (r == 0)
                r = random_hex(p, p->from_tag);
        if (r == 0)
                r = transport_random(context->transport, &first, sizeof first);
        p->cseq = first % 100000; /* RFC 3261 section 8.1.1.5: below 2**31 */
        memcpy(p->evidence.call_id, p->call_id, sizeof p->call_id);
        p->starting = true;
        if (r >= 0)
                r = start_route(p, proxy);
        p->starting = false;
        if (r >= 0 && p->ended)
                r = sd_event_add_defer(context->event, &p->later, on_later, p);
        if (r < 0) {
                (void)probe_free(p);
                return r;
        }
        *ret = p;
        return 0;
}

void probe_answer(struct probe *p) {
        step(p);
}

void probe_cut(struct probe *p) {
        p->evidence.cut = true;
        finish(p);
}

struct probe *probe_free(struct probe *p) {
        if (p) {
                (void)sd_event_source_disable_unref(p->later);
                (void)route_free(p->route);
                (void)flow_free(p->flow);
                answer_clear(&p->answer);
                evidence_clear(&p->evidence);
                free(p->locations);
                free(p);
        }
        return NULL;
}
