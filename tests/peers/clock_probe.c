/* clock_probe.c: one clock check, alone.
 *
 *   clock_probe LIMIT_USEC TIMEOUT_USEC [SERVER...]
 *
 * Prints "WORD OFFSET_USEC BOUND_USEC USED/SERVERS DETAIL"; offset and bound are "-" when nothing was measured. With --cancel as the first
 * argument the check is freed right after its start. */
#include <inttypes.h>
#include <stdio.h>

#include "daemon/clock_check.h"

struct probe {
        sd_event *event;
        struct clock_result result;
        unsigned calls;
};

static void on_done(struct clock_check *c, const struct clock_result *result, void *user) {
        struct probe *o = user;
        o->result = *result;
        o->calls++;
        (void)clock_check_free(c);
        (void)sd_event_exit(o->event, 0);
}

static void print_result(const struct clock_result *r) {
        printf("%s ", cause_info(r->verdict.cause)->word);
        if (r->measured)
                printf("%" PRId64 " %" PRId64, r->offset_usec, r->bound_usec);
        else
                printf("- -");
        printf(" %u/%u %s\n", r->servers_used, r->servers, r->verdict.detail);
}

static int run(struct probe *o, const struct config *config, bool cancel) {
        _cleanup_(resolver_freep) struct resolver *resolver = NULL;
        int r = resolver_new(&resolver, o->event, NULL, 0);
        if (r < 0)
                return r;
        struct clock_check *check;
        r = clock_check_start(&check, o->event, resolver, config, on_done, o);
        if (r < 0)
                return r;
        if (o->calls > 0)
                return -EPROTO; /* done came from inside start */
        if (cancel) {
                (void)clock_check_free(check);
                return sd_event_run(o->event, 0);
        }
        return sd_event_loop(o->event);
}

int main(int argc, char **argv) {
        bool cancel = argc > 1 && strcmp(argv[1], "--cancel") == 0;
        argc -= cancel, argv += cancel;
        if (argc < 3) {
                fprintf(stderr, "usage: clock_probe [--cancel] LIMIT_USEC TIMEOUT_USEC [SERVER...]\n");
                return 2;
        }
        struct config config = {.n_trunks = 0};
        config.clock.limit_usec = strtoull(argv[1], NULL, 10);
        config.clock.timeout_usec = strtoull(argv[2], NULL, 10);
        config.clock.servers.items = argv + 3;
        config.clock.servers.n = (size_t)(argc - 3);

        struct probe o = {.calls = 0};
        int r = sd_event_new(&o.event);
        if (r >= 0)
                r = run(&o, &config, cancel);
        sd_event_unref(o.event);
        if (r >= 0 && o.calls != (cancel ? 0U : 1U))
                r = -EPROTO;
        if (r < 0)
                fprintf(stderr, "clock_probe: %s\n", strerror(-r));
        else if (!cancel)
                print_result(&o.result);
        return r < 0 ? 1 : 0;
}
