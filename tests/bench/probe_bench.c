/* probe_bench.c udp|tcp PORT AUDITS CONCURRENCY TRUNKS: the product's probes alone, without configuration file, pacing and database. Keeps
 * CONCURRENCY of them in flight over TRUNKS trunks in memory until AUDITS are done. The loop is the only thing that is added. Prints what
 * the loop took and, when not all passed, the verdicts; exits with 1 then. */
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

#include "common/secret.h"
#include "common/verdict.h"
#include "daemon/probe.h"

#define PASSWORD "open-sesame"
#define T1_USEC (500 * USEC_PER_MSEC)
#define TIMEOUT_USEC (32 * USEC_PER_SEC)

struct bench {
        struct probe_context context;
        struct trunk_list trunks;
        unsigned long wanted, started, done, passed, retransmissions;
        unsigned concurrency, flying;
        int error;
};

static void fill(struct bench *b);

static void on_probe(struct probe *p, struct probe_result *result, void *user) {
        struct bench *b = user;
        b->flying--;
        b->done++;
        if (verdict_outcome(&result->verdict) == OUTCOME_PASS)
                b->passed++;
        else
                fprintf(stderr, "probe_bench: %s %s\n", cause_info(result->verdict.cause)->word, result->verdict.detail);
        for (size_t i = 0; i < result->evidence.n_exchanges; i++)
                b->retransmissions += result->evidence.exchanges[i].retransmissions;
        (void)probe_free(p);
        fill(b);
}

static void fill(struct bench *b) {
        const struct diagnosis_history history = {.known = true, .last_cause = CAUSE_OK};
        while (b->error == 0 && b->flying < b->concurrency && b->started < b->wanted) {
                struct probe *p;
                const struct trunk *t = &b->trunks.items[b->started % b->trunks.n];
                int r = probe_start(&p, &b->context, t, PROBE_EVERY_PROXY, &history, on_probe, b);
                if (r < 0) {
                        b->error = r;
                        break;
                }
                b->flying++;
                b->started++;
        }
        if (b->error != 0 || b->done == b->wanted)
                (void)sd_event_exit(b->context.event, b->error);
}

static int set(struct trunk *t, enum trunk_text field, const char *value) {
        return trunk_set(t, field, span_of(value));
}

static int make_trunks(struct trunk_list *l, size_t n, const char *transport, const char *proxy, const struct secret *password) {
        int r = 0;
        for (size_t i = 0; i < n && r == 0; i++) {
                struct trunk *t;
                char name[32];
                (void)snprintf(name, sizeof name, "trunk-%05zu", i);
                r = trunk_list_append(l, &t);
                if (r < 0)
                        break;
                t->origin = TRUNK_EXTRA;
                t->password = password;
                r = set(t, TRUNK_TEXT_id, name);
                if (r == 0)
                        r = set(t, TRUNK_TEXT_name, name);
                if (r == 0)
                        r = set(t, TRUNK_TEXT_authentication, "digest");
                if (r == 0)
                        r = set(t, TRUNK_TEXT_username, name);
                if (r == 0)
                        r = set(t, TRUNK_TEXT_domain, "bench.example");
                if (r == 0)
                        r = set(t, TRUNK_TEXT_proxies, proxy);
                if (r == 0)
                        r = set(t, TRUNK_TEXT_transport, transport);
        }
        return r;
}

static double seconds(struct timeval t) {
        return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static double wall(void) {
        struct timespec t = {0};
        (void)clock_gettime(CLOCK_MONOTONIC, &t);
        return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int run(struct bench *b) {
        struct rusage before = {0}, after = {0};
        double begin = wall();
        (void)getrusage(RUSAGE_SELF, &before);
        int r = 0;
        if (b->wanted > 0) {
                fill(b);
                r = sd_event_loop(b->context.event);
        }
        double took = wall() - begin;
        (void)getrusage(RUSAGE_SELF, &after);
        printf("audits %lu passed %lu retransmissions %lu wall %.4f user %.4f system %.4f peak_kib %ld\n", b->done, b->passed,
               b->retransmissions, took, seconds(after.ru_utime) - seconds(before.ru_utime),
               seconds(after.ru_stime) - seconds(before.ru_stime), after.ru_maxrss);
        return r;
}

int main(int argc, char *argv[]) {
        if (argc != 6) {
                fprintf(stderr, "Usage: probe_bench udp|tcp PORT AUDITS CONCURRENCY TRUNKS\n");
                return 2;
        }
        char proxy[64], method[] = "REGISTER";
        (void)snprintf(proxy, sizeof proxy, "127.0.0.1:%s", argv[2]);
        struct config config = {
                .probe = {
                        .method = method, .t1_usec = T1_USEC, .timeout_usec = TIMEOUT_USEC, .concurrency = 1, .budget = 3, .failures = 2}};
        struct bench b = {
                .wanted = strtoul(argv[3], NULL, 10), .concurrency = (unsigned)strtoul(argv[4], NULL, 10), .context = {.config = &config}};
        struct secret *password = NULL;
        int r = secret_new(&password, PASSWORD, sizeof PASSWORD - 1);
        if (r == 0)
                r = make_trunks(&b.trunks, strtoul(argv[5], NULL, 10), argv[1], proxy, password);
        if (r == 0)
                r = sd_event_new(&b.context.event);
        if (r >= 0)
                r = transport_new(&b.context.transport, b.context.event);
        if (r >= 0)
                r = resolver_new(&b.context.resolver, b.context.event, NULL, 0);
        if (r >= 0)
                r = run(&b);
        if (r < 0)
                fprintf(stderr, "probe_bench: %s\n", strerror(-r));
        if (b.flying == 0) {
                b.context.resolver = resolver_free(b.context.resolver);
                b.context.transport = transport_free(b.context.transport);
        }
        trunk_list_clear(&b.trunks);
        (void)sd_event_unref(b.context.event);
        (void)secret_free(password);
        return r >= 0 && b.passed == b.wanted ? 0 : 1;
}
