/* resolve_probe.c: asks the resolver for some names at once and prints, for each, what came.
 *
 *   resolve_probe NAMESERVERS HOST...        NAMESERVERS: items separated by commas, or "-" for the system's
 *   resolve_probe --cancel NAMESERVERS HOST...   frees every query before it is answered
 *
 * One line for each HOST in the order given: "HOST: ADDRESS#PORT ...", "HOST: not found: WHY" or "HOST: failed: WHY". */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>

#include "daemon/resolver.h"

#define HOSTS_MAX 16
#define SERVERS_MAX 8
#define PORT 5060

struct asked {
        struct resolver_query *query;
        char line[1024];
        unsigned calls;
};

struct probe {
        sd_event *event;
        struct asked asked[HOSTS_MAX];
        size_t n, open;
};

static size_t print_addresses(char *line, size_t size, const struct resolver_address *addresses, size_t n) {
        size_t used = 0;
        for (size_t i = 0; i < n && used < size; i++) {
                char host[NI_MAXHOST], port[NI_MAXSERV];
                if (getnameinfo((const struct sockaddr *)&addresses[i].storage, addresses[i].length, host, sizeof host, port, sizeof port,
                                NI_NUMERICHOST | NI_NUMERICSERV) != 0)
                        return 0;
                used += (size_t)snprintf(line + used, size - used, " %s#%s", host, port);
        }
        return used;
}

static void on_done(struct resolver_query *q, int outcome, const struct resolver_address *addresses, size_t n, const char *why,
                    void *user) {
        struct probe *p = user;
        struct asked *a = p->asked;
        while (a->query != q)
                a++;
        a->calls++;
        if (outcome == 0)
                (void)print_addresses(a->line, sizeof a->line, addresses, n);
        else
                (void)snprintf(a->line, sizeof a->line, " %s: %s",
                               outcome == RESOLVER_NOT_FOUND ? "not found"
                               : outcome == RESOLVER_FAILED  ? "failed"
                                                             : strerror(-outcome),
                               why);
        a->query = resolver_query_free(q);
        if (--p->open == 0)
                (void)sd_event_exit(p->event, 0);
}

static int run(struct probe *p, bool cancel, char *nameservers, char **hosts) {
        char *servers[SERVERS_MAX], *rest = strcmp(nameservers, "-") == 0 ? NULL : nameservers, *s;
        size_t n_servers = 0;
        while (n_servers < SERVERS_MAX && (s = strsep(&rest, ",")))
                servers[n_servers++] = s;

        _cleanup_(resolver_freep) struct resolver *resolver = NULL;
        int r = resolver_new(&resolver, p->event, servers, n_servers);
        if (r < 0) {
                fprintf(stderr, "resolve_probe: unable to read the name servers: %s\n", strerror(-r));
                return r;
        }
        for (size_t i = 0; i < p->n && r >= 0; i++) {
                r = resolver_start(&p->asked[i].query, resolver, hosts[i], PORT, on_done, p);
                if (r >= 0 && p->asked[i].calls > 0)
                        r = -EPROTO; /* done came from inside start */
                p->open++;
        }
        /* One turn, so that the questions are on their way. */
        if (r >= 0 && cancel)
                r = sd_event_run(p->event, 0);
        if (r >= 0 && !cancel)
                r = sd_event_loop(p->event);
        for (size_t i = 0; i < p->n; i++)
                p->asked[i].query = resolver_query_free(p->asked[i].query);
        return r;
}

int main(int argc, char **argv) {
        bool cancel = argc > 1 && strcmp(argv[1], "--cancel") == 0;
        argc -= cancel, argv += cancel;
        if (argc < 3 || argc - 2 > HOSTS_MAX) {
                fprintf(stderr, "usage: resolve_probe [--cancel] NAMESERVERS HOST...\n");
                return 2;
        }
        struct probe p = {.n = (size_t)(argc - 2)};
        int r = sd_event_new(&p.event);
        if (r >= 0)
                r = run(&p, cancel, argv[1], argv + 2);
        for (size_t i = 0; i < p.n && r >= 0 && !cancel; i++)
                printf("%s:%s\n", argv[2 + i], p.asked[i].line);
        sd_event_unref(p.event);
        if (r < 0)
                fprintf(stderr, "resolve_probe: %s\n", strerror(-r));
        return r < 0 ? 1 : 0;
}
