/* locate_probe.c: asks the locator for some hosts at once and prints, for each, the locations in their order.
 *
 *   locate_probe NAMESERVERS TARGET...            NAMESERVERS: items separated by commas
 *   locate_probe --cancel NAMESERVERS TARGET...   frees every locator before it is done
 *
 * TARGET is [TRANSPORT/]HOST[#PORT]. One line for each location, "TRANSPORT ADDRESS#PORT HOST (HOW)", else one line for the target,
 * "not found: WHY" or "failed: WHY". */
#include <netdb.h>
#include <stdio.h>

#include "daemon/locator.h"

#define ASKED_MAX 16
#define SERVERS_MAX 8

struct asked {
        struct probe *probe;
        struct locator *locator;
        struct locator_request request;
        char lines[8192];
        unsigned calls;
};

struct probe {
        sd_event *event;
        struct asked asked[ASKED_MAX];
        size_t n, open;
};

static const char *const transports[] = {[TARGET_UDP] = "udp", [TARGET_TCP] = "tcp", [TARGET_TLS] = "tls"};

static void print_location(struct asked *a, const struct location *location) {
        char address[NI_MAXHOST] = "?", port[NI_MAXSERV] = "?";
        size_t used = strlen(a->lines);
        (void)getnameinfo((const struct sockaddr *)&location->address, location->length, address, sizeof address, port, sizeof port,
                          NI_NUMERICHOST | NI_NUMERICSERV);
        (void)snprintf(a->lines + used, sizeof a->lines - used, "%s %s#%s %s (%s)\n", transports[location->transport], address, port,
                       location->host, location->how);
}

static void on_done(struct locator *l, int outcome, const struct location *locations, size_t n, const char *why, void *user) {
        struct asked *a = user;
        a->calls++;
        for (size_t i = 0; i < n; i++)
                print_location(a, &locations[i]);
        if (outcome != 0)
                (void)snprintf(a->lines, sizeof a->lines, "%s: %s\n",
                               outcome == RESOLVER_NOT_FOUND ? "not found"
                               : outcome == RESOLVER_FAILED  ? "failed"
                                                             : strerror(-outcome),
                               why);
        a->locator = locator_free(l);
        if (--a->probe->open == 0)
                (void)sd_event_exit(a->probe->event, 0);
}

static void read_target(struct locator_request *ret, char *text) {
        char *slash = strchr(text, '/'), *hash = strchr(text, '#');
        for (size_t i = 0; slash && i < ELEMENTS(transports); i++)
                if (strncmp(text, transports[i], (size_t)(slash - text)) == 0) {
                        ret->has_transport = true;
                        ret->transport = (enum target_transport)i;
                }
        if (hash) {
                *hash = '\0';
                ret->port = (uint16_t)strtoul(hash + 1, NULL, 10);
        }
        ret->host = slash ? slash + 1 : text;
}

static int run(struct probe *p, bool cancel, char *nameservers) {
        char *servers[SERVERS_MAX], *rest = nameservers, *s;
        size_t n_servers = 0;
        while (n_servers < SERVERS_MAX && (s = strsep(&rest, ",")))
                servers[n_servers++] = s;

        _cleanup_(resolver_freep) struct resolver *resolver = NULL;
        int r = resolver_new(&resolver, p->event, servers, n_servers);
        for (size_t i = 0; i < p->n && r >= 0; i++) {
                struct asked *a = &p->asked[i];
                a->probe = p;
                r = locator_start(&a->locator, resolver, &a->request, on_done, a);
                if (r >= 0 && a->calls > 0)
                        r = -EPROTO; /* done came from inside start */
                p->open++;
        }
        /* One turn, so that the questions are on their way. */
        if (r >= 0 && cancel)
                r = sd_event_run(p->event, 0);
        if (r >= 0 && !cancel)
                r = sd_event_loop(p->event);
        for (size_t i = 0; i < p->n; i++)
                p->asked[i].locator = locator_free(p->asked[i].locator);
        return r;
}

int main(int argc, char **argv) {
        bool cancel = argc > 1 && strcmp(argv[1], "--cancel") == 0;
        argc -= cancel, argv += cancel;
        if (argc < 3 || argc - 2 > ASKED_MAX) {
                fprintf(stderr, "usage: locate_probe [--cancel] NAMESERVERS TARGET...\n");
                return 2;
        }
        struct probe p = {.n = (size_t)(argc - 2)};
        for (size_t i = 0; i < p.n; i++)
                read_target(&p.asked[i].request, argv[2 + i]);
        int r = sd_event_new(&p.event);
        if (r >= 0)
                r = run(&p, cancel, argv[1]);
        for (size_t i = 0; i < p.n && r >= 0 && !cancel; i++)
                fputs(p.asked[i].lines, stdout);
        sd_event_unref(p.event);
        if (r < 0)
                fprintf(stderr, "locate_probe: %s\n", strerror(-r));
        return r < 0 ? 1 : 0;
}
