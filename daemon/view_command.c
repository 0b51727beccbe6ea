/* view_command.c: the commands that show what audits left behind. */
#include "view_command.h"

#include <stdio.h>

#include "../common/silence.h"
#include "../common/utc_time.h"
#include "drift_report.h"
#include "now.h"

static int read_view(const struct command_line *l, enum store_view view, const char *argument, unsigned limit, struct table **ret) {
        _cleanup_(store_closep) struct store *store = NULL;
        int code = command_open_for_reading(l, &store);
        if (code)
                return code;
        int r = store_read(store, view, argument, limit, ret);
        if (r == STORE_NONE)
                return complain(EXIT_USAGE, "no trunk has the id or name \"%s\" (see trunkaudit status)", argument ? argument : "");
        if (r != 0)
                return complain(EXIT_BROKEN, "unable to read %s: %s", store_path(store), store_error(store));
        return 0;
}

static int print_view(const struct command_line *l, const struct table *t, const struct report_column *columns, size_t n) {
        return l->json ? command_print_json(t, "", "\n") : command_print_table(t, columns, n);
}

/* The silences that are in force, by the configuration: a change of it shows at once. */
static void print_silences(const struct config *config, int64_t now_usec) {
        bool any = false;
        for (size_t i = 0; i < config->n_silences; i++) {
                const struct config_silence *s = &config->silences[i];
                char until[UTC_TIME_MAX];
                int64_t until_usec;
                if (!silence_active(s, now_usec, &until_usec))
                        continue;
                (void)printf("%sSilenced until %s%s: ", any ? "" : "\n", utc_time_format(until, until_usec),
                             text_eq(s->mode, "probe") ? ", not probed" : "");
                for (size_t k = 0; k < s->trunks.n; k++)
                        (void)printf("%s%s", k > 0 ? ", " : "", s->trunks.items[k]);
                (void)printf("%s%s%s%s\n", s->trunks.n == 0 ? "everything" : "", s->reason ? " (" : "", s->reason ? s->reason : "",
                             s->reason ? ")" : "");
                any = true;
        }
}

int view_command_status(const struct command_line *l) {
        _cleanup_(table_freep) struct table *latest = NULL;
        _cleanup_(store_closep) struct store *store = NULL;
        _cleanup_(config_freep) struct config *config = NULL;
        const struct report_options options = command_terminal();
        if (l->argc > 0)
                return complain(EXIT_USAGE, "status: unexpected argument \"%s\"", l->argv[0]);
        int code = l->database ? 0 : command_load_config(l, false, &config);
        if (!code)
                code = command_open_database(l->database ? l->database : config->store.path, STORE_READ, &store);
        if (code)
                return code;
        if (store_read(store, STORE_VIEW_LATEST, NULL, 0, &latest) != 0)
                return complain(EXIT_BROKEN, "unable to read %s: %s", store_path(store), store_error(store));
        code = l->json ? command_print_json(latest, "", "\n") : command_print_results(latest);
        if (!code && !l->json && drift_report_print_newest(store, &options) < 0)
                return complain(EXIT_BROKEN, "unable to print: %s", strerror(ENOMEM));
        if (!code && !l->json && config)
                print_silences(config, now_realtime());
        if (!code && latest->rows == 0) {
                (void)fputs("trunkaudit: no run has finished yet\n", stderr);
                return EXIT_UNTESTED;
        }
        return code ? code : command_exit_of(latest);
}

int view_command_history(const struct command_line *l) {
        static const struct report_column columns[] = {
                {"time", "TIME", 0},    {"outcome", "OUTCOME", 0},       {"cause", "CAUSE", 0},
                {"detail", "SEEN", 60}, {"latency_ms", "LATENCY MS", 0}, {"carrier_clock", "CARRIER CLOCK", 0},
                {"run", "RUN", 0}};
        _cleanup_(table_freep) struct table *rows = NULL;
        if (l->argc != 1)
                return complain(EXIT_USAGE, "history: name one trunk, by id or name");
        int code = read_view(l, STORE_VIEW_HISTORY, l->argv[0], l->limit, &rows);
        return code ? code : print_view(l, rows, columns, ELEMENTS(columns));
}

int view_command_clock(const struct command_line *l) {
        static const struct report_column columns[] = {{"time", "TIME", 0},           {"cause", "CAUSE", 0},
                                                       {"offset_ms", "OFFSET MS", 0}, {"bound_ms", "BOUND MS", 0},
                                                       {"servers", "SERVERS", 0},     {"detail", "SEEN", 60}};
        _cleanup_(table_freep) struct table *rows = NULL;
        if (l->argc > 0)
                return complain(EXIT_USAGE, "clock: unexpected argument \"%s\"", l->argv[0]);
        int code = read_view(l, STORE_VIEW_CLOCK, NULL, l->limit, &rows);
        if (!code)
                code = print_view(l, rows, columns, ELEMENTS(columns));
        if (code)
                return code;
        enum cause newest = CAUSE_CLOCK_UNFINISHED;
        if (rows->rows > 0)
                (void)cause_from_word(table_text(rows, 0, "cause"), &newest);
        enum outcome outcome = cause_info(newest)->outcome;
        return outcome == OUTCOME_FAIL ? EXIT_FAILED : outcome == OUTCOME_UNTESTED ? EXIT_UNTESTED : EXIT_PASSED;
}
