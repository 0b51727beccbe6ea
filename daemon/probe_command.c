/* probe_command.c: a trunk made of the command line, one probe of it, and what it showed. */
#include "probe_command.h"

#include <stdarg.h>
#include <stdio.h>
#include <systemd/sd-event.h>

#include "../common/config.h"
#include "../common/host_port.h"
#include "../common/report.h"
#include "nonce_lifetime.h"
#include "probe.h"
#include "tls.h"

enum { EXIT_PASSED = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_UNTESTED = 3, EXIT_BROKEN = 4 };

struct command {
        const struct probe_options *options;
        sd_event *event;
        struct config *config;
        struct resolver *resolver;
        struct transport *transport;
        struct tls *tls;
        struct secret *secret;
        struct trunk trunk;
        struct probe *probe;
        struct nonce_lifetime *lifetime;
        unsigned from_sec, to_sec; /* where the end of a nonce's life is looked for */
        unsigned answers;          /* at most, in that search */
        int code;
};

static int complain(int code, const char *format, ...) _printf_(2, 3);
static int complain(int code, const char *format, ...) {
        va_list args;
        va_start(args, format);
        (void)fputs("trunkaudit: probe: ", stderr);
        (void)vfprintf(stderr, format, args);
        (void)fputc('\n', stderr);
        va_end(args);
        return code;
}

/* -- the command line ------------------------------------------------------------------------------------------------- */

static bool is_one_of(const char *word, const char *const *words) {
        for (; *words; words++)
                if (strcmp(word, *words) == 0)
                        return true;
        return false;
}

/* "A-B" in seconds, within what the search can. */
static bool read_range(const char *text, unsigned *ret_from, unsigned *ret_to) {
        unsigned from, to;
        int end = 0;
        if (sscanf(text, "%3u-%3u%n", &from, &to, &end) != 2 || text[end] != '\0' || from > to || to > AGE_SEARCH_SEC_MAX ||
            strspn(text, "0123456789-") != strlen(text))
                return false;
        *ret_from = from;
        *ret_to = to;
        return true;
}

static bool read_answers(const char *text, unsigned *ret) {
        int end = 0;
        return sscanf(text, "%3u%n", ret, &end) == 1 && text[end] == '\0' && strspn(text, "0123456789") == strlen(text) && *ret > 0 &&
               *ret <= AGE_SEARCH_SEC_MAX + 1;
}

static int read_lifetime_options(struct command *c) {
        const struct probe_options *o = c->options;
        c->to_sec = AGE_SEARCH_SEC_MAX;
        if (o->range && !read_range(o->range, &c->from_sec, &c->to_sec))
                return complain(EXIT_USAGE, "--measure-nonce-lifetime: \"%s\" is not A-B, seconds up to %d", o->range, AGE_SEARCH_SEC_MAX);
        c->answers = NONCE_LIFETIME_ANSWERS;
        if (o->answers_text && !read_answers(o->answers_text, &c->answers))
                return complain(EXIT_USAGE, "--answers: \"%s\" is not a number from 1 to %d", o->answers_text, AGE_SEARCH_SEC_MAX + 1);
        if (o->measures_lifetime && !o->user)
                return complain(EXIT_USAGE, "--measure-nonce-lifetime needs --user: nonces are tried by answering them");
        if (o->answers_text && !o->measures_lifetime)
                return complain(EXIT_USAGE, "--answers is for --measure-nonce-lifetime");
        return 0;
}

/* Returns 0 or the exit code. */
static int check_options(struct command *c) {
        static const char *const transports[] = {"udp", "tcp", "tls", NULL}, *const methods[] = {"REGISTER", "OPTIONS", NULL};
        const struct probe_options *o = c->options;
        if (o->transport && !is_one_of(o->transport, transports))
                return complain(EXIT_USAGE, "--transport: \"%s\" is not udp, tcp or tls", o->transport);
        if (o->method && !is_one_of(o->method, methods))
                return complain(EXIT_USAGE, "--method: \"%s\" is not REGISTER or OPTIONS", o->method);
        if (o->password_file && o->ha1_file)
                return complain(EXIT_USAGE, "give --password-file or --ha1-file, not both");
        if (o->user && !o->password_file && !o->ha1_file)
                return complain(EXIT_USAGE, "--user needs --password-file or --ha1-file");
        return read_lifetime_options(c);
}

/* -- text ------------------------------------------------------------------------------------------------------------ */

static const char *end_text(const struct exchange *x) {
        switch (x->end) {
        case EXCHANGE_RESPONDED:
                return "";
        case EXCHANGE_NO_RESPONSE:
                return "no response";
        case EXCHANGE_REFUSED:
        case EXCHANGE_UNREACHABLE:
                return strerror(x->error);
        case EXCHANGE_CLOSED:
        case EXCHANGE_TLS_FAILED:
                return x->failure;
        case EXCHANGE_UNTRUSTED:
                return "the certificate is not good; nothing was sent";
        case EXCHANGE_TOO_LARGE:
                return "too large for UDP";
        case EXCHANGE_MALFORMED:
                return x->malformed ? x->malformed : "unreadable";
        case EXCHANGE_CUT:
                return "interrupted";
        }
        return "";
}

static void print_tls(const struct tls_facts *t, int64_t now_sec) {
        (void)printf("  %s %s, certificate of %s, for %s, issued under %s, %lld days left\n", t->protocol, t->cipher, t->subject,
                     t->names[0] ? t->names : "no names", t->chain_end, (long long)((t->not_after_sec - now_sec) / 86400));
}

static void on_exchange(const struct evidence *e, void *user) {
        const struct command *c = user;
        const struct exchange *x = &e->exchanges[e->n_exchanges - 1];
        const struct attempt *a = x->target < e->n_targets ? &e->targets[x->target] : NULL;
        if (c->options->json)
                return;
        (void)printf("%s %s to %s by %s", x->credentialed ? "answer" : "ask", c->config->probe.method, e->address,
                     a ? target_transport_name(a->transport) : "");
        if (exchange_changed(x))
                (void)printf(", changed: %s", exchange_changed(x));
        if (x->credentialed)
                (void)printf(", digest-uri \"%s\", %s, qop %s", x->digest_uri, digest_algorithm_name(x->algorithm),
                             digest_qop_name(x->qop));
        if (x->status)
                (void)printf(": %d %s after %.1f ms", x->status, x->reason, (double)x->rtt_usec / (double)USEC_PER_MSEC);
        else
                (void)printf(": %s", end_text(x));
        if (x->retransmissions)
                (void)printf(", sent %u times", x->retransmissions + 1);
        (void)putchar('\n');
        if (a && a->how[0] && !x->credentialed)
                (void)printf("  found by %s\n", a->how);
        if (a && a->tls && !x->credentialed)
                print_tls(a->tls, (int64_t)(x->sent_usec / USEC_PER_SEC));
        if (x->has_challenge)
                (void)printf("  challenge: " SPAN_FMT "\n", SPAN_ARG(x->challenge.text));
        if (c->options->verbose && x->request) {
                _cleanup_(freep) char *request = NULL, *response = NULL;
                if (sip_wire_text(&request, x->request) == 0 && sip_wire_text(&response, x->response) == 0)
                        (void)printf("\n%s%s\n", request, response ? response : "");
        }
        (void)fflush(stdout);
}

/* -- JSON ------------------------------------------------------------------------------------------------------------ */

static void json_text(const char *before, const char *name, const char *value) {
        _cleanup_(freep) char *text = NULL;
        if (value && value[0] && report_json_string(&text, value) == 0)
                (void)printf("%s\"%s\": %s", before, name, text);
        else
                (void)printf("%s\"%s\": null", before, name);
}

static void json_message(const char *name, const struct sip_wire *message) {
        _cleanup_(freep) char *text = NULL;
        (void)sip_wire_text(&text, message);
        json_text(", ", name, text);
}

static void json_exchange(const struct evidence *e, const struct exchange *x) {
        const struct attempt *a = x->target < e->n_targets ? &e->targets[x->target] : NULL;
        (void)printf("{\"credentialed\": %s", x->credentialed ? "true" : "false");
        json_text(", ", "address", a ? a->address : NULL);
        json_text(", ", "transport", a ? target_transport_name(a->transport) : NULL);
        json_text(", ", "found_by", a ? a->how : NULL);
        json_text(", ", "changed", exchange_changed(x));
        json_text(", ", "digest_uri", x->digest_uri);
        json_text(", ", "algorithm", x->credentialed ? digest_algorithm_name(x->algorithm) : NULL);
        json_text(", ", "qop", x->credentialed ? digest_qop_name(x->qop) : NULL);
        (void)printf(", \"status\": %d, \"rtt_ms\": %.1f, \"retransmissions\": %u", x->status, (double)x->rtt_usec / (double)USEC_PER_MSEC,
                     x->retransmissions);
        json_text(", ", "reason", x->reason);
        json_text(", ", "problem", end_text(x));
        if (a && a->tls) {
                json_text(", ", "tls_protocol", a->tls->protocol);
                json_text(", ", "tls_cipher", a->tls->cipher);
                json_text(", ", "tls_subject", a->tls->subject);
                json_text(", ", "tls_names", a->tls->names);
                json_text(", ", "tls_chain_end", a->tls->chain_end);
                json_text(", ", "tls_error", a->tls->error);
                (void)printf(", \"tls_not_after\": %lld", (long long)a->tls->not_after_sec);
        }
        json_message("request", x->request);
        json_message("response", x->response);
        (void)putchar('}');
}

static void json_clock(const struct carrier_clock *c) {
        json_text(", ", "nonce_family", nonce_family_name(c->nonce.family));
        json_text(", ", "nonce_policy", nonce_policy_word(&c->nonce));
        if (c->nonce.has_lifetime)
                (void)printf(", \"nonce_lifetime_s\": %lld", (long long)c->nonce.lifetime_sec);
        if (c->source != CARRIER_CLOCK_UNKNOWN)
                (void)printf(", \"carrier_offset_ms\": %.1f, \"carrier_bound_ms\": %.1f", (double)c->offset_usec / (double)USEC_PER_MSEC,
                             (double)c->bound_usec / (double)USEC_PER_MSEC);
        json_text(", ", "carrier_source", carrier_clock_source_word(c->source));
}

static void print_clock(const struct carrier_clock *c) {
        char text[CARRIER_CLOCK_TEXT_MAX];
        carrier_clock_text(c, text);
        if (text[0])
                (void)printf("clock: %s\n", text);
        carrier_clock_nonce_text(c, text);
        if (text[0])
                (void)printf("nonce: %s\n", text);
}

static void print_json(const struct command *c, const struct probe_result *r, const struct carrier_clock *clock) {
        const struct cause_info *info = cause_info(r->verdict.cause);
        json_text("{", "target", c->options->target);
        json_text(", ", "outcome", outcome_word(info->outcome));
        json_text(", ", "cause", info->word);
        json_text(", ", "confidence", confidence_word(verdict_confidence(&r->verdict)));
        json_text(", ", "detail", r->verdict.detail);
        json_text(", ", "sentence", info->sentence);
        json_text(", ", "remedy", info->outcome == OUTCOME_PASS ? NULL : info->remedy);
        json_clock(clock);
        (void)fputs(", \"evidence\": [", stdout);
        for (size_t i = 0; i < r->evidence.n_exchanges; i++) {
                (void)fputs(i ? ",\n  " : "\n  ", stdout);
                json_exchange(&r->evidence, &r->evidence.exchanges[i]);
        }
        (void)fputs("]}\n", stdout);
}

/* -- the probe ----------------------------------------------------------------------------------------------------------- */

static int exit_of(enum outcome outcome) {
        switch (outcome) {
        case OUTCOME_PASS:
        case OUTCOME_WARN:
                return EXIT_PASSED;
        case OUTCOME_FAIL:
                return EXIT_FAILED;
        case OUTCOME_UNTESTED:
                break;
        }
        return EXIT_UNTESTED;
}

static void on_done(struct probe *p, struct probe_result *result, void *user) {
        struct command *c = user;
        const struct cause_info *info = cause_info(result->verdict.cause);
        struct carrier_clock clock;
        carrier_clock_read(&clock, &result->evidence, c->config->clock.carrier_limit_usec);
        if (c->options->json) {
                print_json(c, result, &clock);
        } else {
                (void)printf("%s %s%s: %s (%s)\n", outcome_word(info->outcome), info->word,
                             verdict_confidence(&result->verdict) == CONFIDENCE_PROVEN ? "" : ", indicated", info->sentence,
                             result->verdict.detail);
                if (info->outcome != OUTCOME_PASS)
                        (void)printf("%s\n", info->remedy);
                print_clock(&clock);
        }
        c->code = exit_of(info->outcome);
        c->probe = probe_free(p);
        (void)sd_event_exit(c->event, 0);
}

static int on_stop(sd_event_source *source, const struct signalfd_siginfo *info, void *user) {
        struct command *c = user;
        (void)source;
        (void)info;
        if (c->probe)
                probe_cut(c->probe);
        else if (c->lifetime)
                nonce_lifetime_cut(c->lifetime);
        return 0;
}

static int read_secret(struct command *c) {
        const struct probe_options *o = c->options;
        const char *file = o->password_file ? o->password_file : o->ha1_file;
        int error = 0;
        if (!file)
                return 0;
        int r = secret_read(&c->secret, file, &error);
        if (r < 0)
                return complain(EXIT_BROKEN, "%s: %s", file, strerror(-r));
        if (r > 0)
                return complain(EXIT_USAGE, "%s: %s%s%s", file, secret_problem(r), error ? ": " : "", error ? strerror(error) : "");
        if (o->password_file)
                c->trunk.password = c->secret;
        else
                c->trunk.ha1 = c->secret;
        return 0;
}

static int make_trunk(struct command *c) {
        const struct probe_options *o = c->options;
        const struct {
                enum trunk_text field;
                const char *value;
        } texts[] = {
                {TRUNK_TEXT_id, "probe"},
                {TRUNK_TEXT_authentication, o->user ? "digest" : "none"},
                {TRUNK_TEXT_proxies, o->target},
                {TRUNK_TEXT_domain, o->domain},
                {TRUNK_TEXT_username, o->user},
                {TRUNK_TEXT_realm, o->realm},
                {TRUNK_TEXT_transport, o->transport},
        };
        for (size_t i = 0; i < ELEMENTS(texts); i++)
                if (texts[i].value && trunk_set(&c->trunk, texts[i].field, span_of(texts[i].value)) < 0)
                        return complain(EXIT_BROKEN, "%s", strerror(ENOMEM));
        struct host_port hp;
        const char *wrong = host_port_parse(&hp, span_of(o->target));
        if (wrong)
                return complain(EXIT_USAGE, "\"%s\" %s", o->target, wrong);
        struct verdict v;
        int code = read_secret(c);
        if (!code && diagnosis_before(&c->trunk, &v))
                code = complain(EXIT_USAGE, "%s (%s)", cause_info(v.cause)->sentence, v.detail);
        return code;
}

/* The defaults of the configuration, with what the command line says. */
static int make_config(struct command *c) {
        struct complaints complaints = {0};
        int r = config_parse(&c->config, "command line", SPAN("probe: {}\n"), &complaints);
        complaints_clear(&complaints);
        if (r != 0)
                return complain(EXIT_BROKEN, "unable to make the defaults: %s", strerror(r < 0 ? -r : EINVAL));
        if (c->options->method) {
                char *method = strdup(c->options->method);
                if (!method)
                        return complain(EXIT_BROKEN, "%s", strerror(ENOMEM));
                free(c->config->probe.method);
                c->config->probe.method = method;
        }
        if (c->options->measures_lifetime)
                c->config->probe.budget = 1; /* each probe ages one nonce */
        return 0;
}

static int set_up(struct command *c) {
        _cleanup_(freep) char *why = NULL;
        int r = sd_event_default(&c->event);
        if (r >= 0)
                r = resolver_new(&c->resolver, c->event, NULL, 0);
        if (r >= 0)
                r = transport_new(&c->transport, c->event);
        if (r >= 0)
                r = tls_new(&c->tls, c->options->ca_file, NULL, NULL, &why);
        if (r > 0)
                return complain(EXIT_USAGE, "%s", why ? why : "the CA file cannot be used");
        if (r >= 0)
                r = sd_event_add_signal(c->event, NULL, SIGINT | SD_EVENT_SIGNAL_PROCMASK, on_stop, c);
        if (r >= 0)
                r = sd_event_add_signal(c->event, NULL, SIGTERM | SD_EVENT_SIGNAL_PROCMASK, on_stop, c);
        return r < 0 ? complain(EXIT_BROKEN, "unable to set up: %s", strerror(-r)) : 0;
}

/* -- the lifetime of its nonces --------------------------------------------------------------------------------------------- */

#define SECONDS(usec) ((double)(usec) / (double)USEC_PER_SEC)

static void on_age(enum age_outcome outcome, int64_t age_usec, void *user) {
        static const char *const words[] = {
                [AGE_ALIVE] = "accepted", [AGE_STALE] = "stale", [AGE_REFUSED] = "refused", [AGE_INCONCLUSIVE] = "inconclusive"};
        const struct command *c = user;
        if (!c->options->json)
                (void)printf("nonce %.1f s old: %s\n", SECONDS(age_usec), words[outcome]);
        (void)fflush(stdout);
}

static void print_lifetime(const struct nonce_lifetime_result *r) {
        const char *found = r->signalled ? "was called stale" : "was refused, and a fresh one accepted after it";
        switch (r->end) {
        case NONCE_LIFETIME_FOUND:
                (void)printf("lifetime: from %.1f s to %.1f s: ", SECONDS(r->alive_usec), SECONDS(r->dead_usec));
                if (r->alive_usec > 0)
                        (void)printf("a nonce %.1f s old was accepted, ", SECONDS(r->alive_usec));
                (void)printf("one at most %.1f s old %s\n", SECONDS(r->dead_usec), found);
                break;
        case NONCE_LIFETIME_LONGER:
                (void)printf("lifetime: longer than %.1f s: a nonce of that age was accepted, and no older one was tried\n",
                             SECONDS(r->alive_usec));
                break;
        case NONCE_LIFETIME_INCONCLUSIVE:
                (void)printf("lifetime: not found: %s; a nonce %.1f s old was accepted\n", r->detail, SECONDS(r->alive_usec));
                break;
        case NONCE_LIFETIME_UNTESTED:
                (void)printf("lifetime: not looked for, since a fresh answer is not accepted: %s: %s (%s)\n",
                             cause_info(r->verdict.cause)->word, cause_info(r->verdict.cause)->sentence,
                             r->detail[0] ? r->detail : r->verdict.detail);
                break;
        }
        print_clock(&r->clock);
        (void)printf("%u challenges, %u answers, %u refused\n", r->challenges, r->answers, r->failures);
}

static void print_lifetime_json(const struct command *c, const struct nonce_lifetime_result *r) {
        static const char *const words[] = {[NONCE_LIFETIME_FOUND] = "found",
                                            [NONCE_LIFETIME_LONGER] = "longer",
                                            [NONCE_LIFETIME_INCONCLUSIVE] = "inconclusive",
                                            [NONCE_LIFETIME_UNTESTED] = "untested"};
        json_text("{", "target", c->options->target);
        json_text(", ", "lifetime", words[r->end]);
        if (r->alive_usec > 0)
                (void)printf(", \"alive_s\": %.3f", SECONDS(r->alive_usec));
        if (r->dead_usec < INT64_MAX)
                (void)printf(", \"dead_s\": %.3f", SECONDS(r->dead_usec));
        (void)printf(", \"stale_signalled\": %s, \"challenges\": %u, \"answers\": %u, \"refused\": %u", r->signalled ? "true" : "false",
                     r->challenges, r->answers, r->failures);
        json_text(", ", "detail", r->detail);
        json_text(", ", "cause", r->end == NONCE_LIFETIME_UNTESTED ? cause_info(r->verdict.cause)->word : NULL);
        json_clock(&r->clock);
        (void)fputs("}\n", stdout);
}

static void on_lifetime(struct nonce_lifetime *l, const struct nonce_lifetime_result *result, void *user) {
        struct command *c = user;
        if (c->options->json)
                print_lifetime_json(c, result);
        else
                print_lifetime(result);
        c->code = EXIT_UNTESTED;
        if (result->end == NONCE_LIFETIME_FOUND || result->end == NONCE_LIFETIME_LONGER)
                c->code = EXIT_PASSED;
        else if (result->end == NONCE_LIFETIME_UNTESTED)
                c->code = exit_of(verdict_outcome(&result->verdict));
        c->lifetime = nonce_lifetime_free(l);
        (void)sd_event_exit(c->event, 0);
}

static int start(struct command *c) {
        struct probe_context context = {
                .event = c->event,
                .transport = c->transport,
                .resolver = c->resolver,
                .tls = c->tls,
                .config = c->config,
        };
        if (c->options->measures_lifetime) {
                const struct nonce_lifetime_request request = {
                        .context = &context,
                        .trunk = &c->trunk,
                        .from_sec = c->from_sec,
                        .to_sec = c->to_sec,
                        .answers_max = c->answers,
                        .progress = on_age,
                        .done = on_lifetime,
                        .user = c,
                };
                return nonce_lifetime_start(&c->lifetime, &request);
        }
        const struct diagnosis_history history = {0};
        context.on_exchange = on_exchange;
        context.exchange_user = c;
        return probe_start(&c->probe, &context, &c->trunk, PROBE_EVERY_PROXY, &history, on_done, c);
}

static int run(struct command *c) {
        int code = check_options(c);
        if (!code)
                code = make_config(c);
        if (!code)
                code = make_trunk(c);
        if (!code)
                code = set_up(c);
        if (code)
                return code;
        c->code = EXIT_BROKEN;
        int r = start(c);
        if (r >= 0)
                r = sd_event_loop(c->event);
        return r < 0 ? complain(EXIT_BROKEN, "%s", strerror(-r)) : c->code;
}

int probe_command(const struct probe_options *o) {
        struct command c = {.options = o};
        int code = run(&c);
        c.probe = probe_free(c.probe);
        c.lifetime = nonce_lifetime_free(c.lifetime);
        c.tls = tls_free(c.tls);
        c.transport = transport_free(c.transport);
        c.resolver = resolver_free(c.resolver);
        trunk_clear(&c.trunk);
        c.secret = secret_free(c.secret);
        c.config = config_free(c.config);
        c.event = sd_event_unref(c.event);
        return code;
}
