/* nagios_command.c: reads, and lets common/nagios.c judge. */
#include "nagios_command.h"

#include <stdio.h>

#include "../common/nagios.h"
#include "now.h"

/* With --database there is no configuration to tell them: its defaults. */
#define INTERVAL_DEFAULT_USEC (3600 * USEC_PER_SEC)
#define RUN_LIMIT_DEFAULT_USEC (600 * USEC_PER_SEC)

static int tell_unknown(const char *sentence) {
        _cleanup_(freep) char *text = NULL;
        (void)fputs(nagios_unknown(&text, sentence) == 0 ? text : "UNKNOWN - out of memory\n", stdout);
        return NAGIOS_UNKNOWN;
}

static int judge(const struct command_line *l, struct store *store, struct nagios *n) {
        _cleanup_(table_freep) struct table *trunks = NULL;
        _cleanup_(freep) char *text = NULL;
        enum nagios_state state = NAGIOS_UNKNOWN;
        struct run run;
        int r = store_last_run(store, RUN_DONE, &run);
        if (r == 0)
                n->run = &run;
        if (r >= 0)
                r = store_read(store, STORE_VIEW_STANDING, NULL, 0, &trunks);
        if (r < 0)
                return tell_unknown(store_error(store));
        n->trunks = trunks;
        n->names = l->names;
        n->now_usec = now_realtime();
        if (nagios_text(&text, &state, n) < 0)
                return tell_unknown("out of memory");
        (void)fputs(text, stdout);
        return (int)state;
}

int nagios_command(const struct command_line *l) {
        _cleanup_(config_freep) struct config *config = NULL;
        _cleanup_(store_closep) struct store *store = NULL;
        _cleanup_(freep) char *error = NULL;
        struct nagios n = {.interval_usec = INTERVAL_DEFAULT_USEC, .run_limit_usec = RUN_LIMIT_DEFAULT_USEC};
        if (l->json || l->argc > 0)
                return tell_unknown("usage: trunkaudit status --nagios [--trunk NAME]...");
        if (!l->database) {
                if (command_load_config(l, false, &config) != 0)
                        return tell_unknown("the configuration cannot be used: see trunkaudit check-config");
                n.interval_usec = config->schedule.interval_usec;
                n.run_limit_usec = config->schedule.run_limit_usec;
        }
        int r = store_open(&store, l->database ? l->database : config->store.path, STORE_READ, &error);
        if (r != 0)
                return tell_unknown(error ? error : strerror(r < 0 ? -r : EIO));
        return judge(l, store, &n);
}
