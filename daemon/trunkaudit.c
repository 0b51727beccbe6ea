/* trunkaudit.c: the command line: one audit now, and reading what audits left behind. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "../common/duration.h"
#include "audit.h"
#include "backup_command.h"
#include "command.h"
#include "doctor_command.h"
#include "drift_report.h"
#include "dumps.h"
#include "journal.h"
#include "nagios_command.h"
#include "now.h"
#include "tape.h"
#include "usage.h"
#include "view_command.h"

#define LIMIT_DEFAULT 50             /* rows of history and clock */
#define WAIT_RETRY_USEC USEC_PER_SEC /* another process audits: tried again then, with --wait */

enum { FOR_PROBE = 1, FOR_EXPLAIN = 2, FOR_OTHERS = 4 };

/* -- run ------------------------------------------------------------------------------------------------------------------- */

struct command_run {
        const struct command_line *line;
        struct audit_context context;
        struct store *store;
        bool progress; /* shown on the terminal */
        struct audit *audit;
        sd_event_source *retry;      /* another process audits */
        uint64_t waiting_since_usec; /* CLOCK_MONOTONIC; 0 = it never had to wait */
        int code;
};

static void on_progress(size_t done, size_t total, void *user) {
        const struct command_run *c = user;
        if (c->progress)
                (void)fprintf(stderr, "\r\033[K%zu of %zu trunks", done, total);
}

static int worse(int a, int b) {
        return a == EXIT_FAILED || b == EXIT_FAILED ? EXIT_FAILED : a > b ? a : b;
}

static int exit_of_run(const struct run *run) {
        int code = run->n_fail > 0 ? EXIT_FAILED : run->n_untested > 0 ? EXIT_UNTESTED : EXIT_PASSED;
        const enum outcome parts[] = {verdict_outcome(&run->platform), verdict_outcome(&run->clock)};
        for (size_t i = 0; i < ELEMENTS(parts); i++)
                code = worse(code, parts[i] == OUTCOME_FAIL ? EXIT_FAILED : parts[i] == OUTCOME_UNTESTED ? EXIT_UNTESTED : EXIT_PASSED);
        return run->state == RUN_DONE ? code : worse(code, EXIT_UNTESTED);
}

static void print_part(const char *name, const struct verdict *v) {
        const struct cause_info *info = cause_info(v->cause);
        (void)printf("%s: %s%s%s\n", name, info->word, v->detail[0] ? ": " : "", v->detail);
        if (info->outcome != OUTCOME_PASS)
                (void)printf("  %s %s\n", info->sentence, info->remedy);
}

static int print_run(struct command_run *c, const struct run *run) {
        static const struct report_column refresh_columns[] = {
                {"trunk", "REFRESHED", 24}, {"outcome", "WRITTEN", 0}, {"detail", "SEEN", 80}};
        _cleanup_(table_freep) struct table *results = NULL, *runs = NULL, *refreshes = NULL;
        _cleanup_(drift_report_clear) struct drift_report beside = {0};
        const struct report_options options = command_terminal();
        char id[24];
        (void)snprintf(id, sizeof id, "%lld", (long long)run->id);
        int r = store_read(c->store, STORE_VIEW_RUN, id, 0, &results);
        if (r == 0)
                r = store_read(c->store, STORE_VIEW_RUNS, id, 0, &runs);
        if (r == 0)
                r = drift_report_read(&beside, c->store, id);
        if (r == 0)
                r = store_read(c->store, STORE_VIEW_REFRESHES, id, 0, &refreshes);
        if (r != 0)
                return complain(EXIT_BROKEN, "unable to read the results back from %s: %s", store_path(c->store), store_error(c->store));
        if (c->line->json) {
                r = command_print_json(runs, "{\"runs\": ", ",\n");
                r = r ? r : command_print_json(refreshes, " \"refreshes\": ", ",\n");
                r = r ? r : command_print_json(results, " \"results\": ", ",\n");
                r = r ? r : command_print_json(beside.listing, " \"listing_changes\": ", ",\n");
                return r ? r : command_print_json(beside.drift, " \"drift\": ", "}\n");
        }
        r = command_print_results(results);
        if (r == 0 && refreshes->rows > 0)
                (void)fputc('\n', stdout);
        if (r == 0 && refreshes->rows > 0)
                r = command_print_table(refreshes, refresh_columns, ELEMENTS(refresh_columns));
        if (r != 0)
                return r;
        double seconds = (double)(run->finished_usec - run->started_usec) / (double)USEC_PER_SEC;
        (void)printf("\nRun %lld: %u trunks in %.1f s: %u pass, %u warn, %u fail, %u untested\n", (long long)run->id, run->n_trunks,
                     seconds, run->n_pass, run->n_warn, run->n_fail, run->n_untested);
        print_part("Platform", &run->platform);
        print_part("Clock", &run->clock);
        (void)printf("Database: %s\n", store_path(c->store));
        r = drift_report_print(&beside, run, &options);
        return r < 0 ? complain(EXIT_BROKEN, "unable to print: %s", strerror(-r)) : 0;
}

static void on_done(struct audit *a, const struct audit_result *result, void *user) {
        struct command_run *c = user;
        (void)a;
        if (c->progress)
                (void)fputs("\r\033[K", stderr);
        int r = result->stored == 0 ? print_run(c, result->run) : EXIT_BROKEN;
        c->code = r ? r : exit_of_run(result->run);
        if (result->unknown_name)
                c->code = complain(EXIT_USAGE, "no trunk has the id or name \"%s\" (see trunkaudit status)", result->unknown_name);
        (void)sd_event_exit(c->context.event, 0);
}

static int on_stop(sd_event_source *source, const struct signalfd_siginfo *info, void *user) {
        struct command_run *c = user;
        (void)source;
        (void)info;
        if (c->audit) {
                audit_abort(c->audit);
                return 0;
        }
        if (c->progress)
                (void)fputs("\r\033[K", stderr);
        c->code = complain(EXIT_UNTESTED, "stopped while it waited for another process that audits %s", store_path(c->store));
        return sd_event_exit(c->context.event, 0);
}

static void show_waiting(const struct command_run *c, uint64_t waited_usec) {
        pid_t holder = 0;
        char who[40] = "";
        if (waited_usec > 0 && !c->progress)
                return;
        if (store_lock_holder(store_path(c->store), &holder) == 0 && holder > 0)
                (void)snprintf(who, sizeof who, " (%d)", (int)holder);
        (void)fprintf(stderr, "%sanother process%s audits %s; waiting for it, %llu s%s", c->progress ? "\r\033[K" : "trunkaudit: ", who,
                      store_path(c->store), (unsigned long long)(waited_usec / USEC_PER_SEC), c->progress ? "" : "\n");
}

static int begin_audit(struct command_run *c);

static int on_retry(sd_event_source *source, uint64_t usec, void *user) {
        struct command_run *c = user;
        (void)source;
        (void)usec;
        int r = begin_audit(c);
        return r < 0 ? sd_event_exit(c->context.event, 0) : 0;
}

/* Returns 0, or < 0 when it is over: c->code says how. */
static int wait_for_lock(struct command_run *c) {
        uint64_t now = now_usec_of(CLOCK_MONOTONIC);
        c->waiting_since_usec = c->waiting_since_usec ? c->waiting_since_usec : now;
        uint64_t waited = now - c->waiting_since_usec;
        if (waited >= c->line->wait_usec) {
                if (waited > 0 && c->progress)
                        (void)fputs("\r\033[K", stderr);
                c->code = complain(EXIT_UNTESTED,
                                   "another process audits %s at this moment; try again when it is done, or wait with --wait",
                                   store_path(c->store));
                return -EBUSY;
        }
        show_waiting(c, waited);
        uint64_t pause = c->line->wait_usec - waited < WAIT_RETRY_USEC ? c->line->wait_usec - waited : WAIT_RETRY_USEC;
        c->retry = sd_event_source_disable_unref(c->retry);
        return sd_event_add_time_relative(c->context.event, &c->retry, CLOCK_MONOTONIC, pause, USEC_PER_MSEC, on_retry, c);
}

static int begin_audit(struct command_run *c) {
        const struct audit_request request = {
                .trigger = RUN_TRIGGER_COMMAND,
                .names = c->line->names[0] ? c->line->names : NULL,
                .force = c->line->force,
                .dry_run = c->line->dry_run,
                .progress = on_progress,
        };
        c->code = EXIT_BROKEN;
        int r = audit_start(&c->audit, &c->context, &request, on_done, c);
        if (r == STORE_BUSY)
                return wait_for_lock(c);
        if (r == 0 && c->waiting_since_usec && c->progress)
                (void)fputs("\r\033[K", stderr);
        return r;
}

static int run_audit(struct command_run *c, const struct config *config, struct journal *journal, sd_event *event) {
        int r = audit_context_open(&c->context, event, config, c->store, journal);
        if (r < 0)
                return complain(EXIT_BROKEN, "unable to set up the run: %s", strerror(-r));
        if (c->line->record && c->context.http)
                http_record(c->context.http, c->line->record);
        if (begin_audit(c) == 0) {
                r = sd_event_add_signal(event, NULL, SIGINT | SD_EVENT_SIGNAL_PROCMASK, on_stop, c);
                if (r >= 0)
                        r = sd_event_add_signal(event, NULL, SIGTERM | SD_EVENT_SIGNAL_PROCMASK, on_stop, c);
                if (r >= 0)
                        r = sd_event_loop(event);
                if (r < 0)
                        c->code = complain(EXIT_BROKEN, "the event loop failed: %s", strerror(-r));
        }
        c->audit = audit_free(c->audit);
        c->retry = sd_event_source_disable_unref(c->retry);
        r = c->line->record && c->context.http ? http_record_error(c->context.http) : 0;
        if (r < 0)
                c->code = complain(EXIT_BROKEN, "unable to save what the platform said in %s: %s", c->line->record, strerror(-r));
        audit_context_close(&c->context);
        return c->code;
}

/* Returns 0 or the exit code. */
static int begin_record(const struct command_line *l, const struct config *config) {
        if (!l->record)
                return 0;
        if (!config->has_platform || config->platform.page_dir)
                return complain(EXIT_USAGE, "run: --record: the configuration has no platform to ask");
        int r = tape_begin(l->record);
        if (r == -ENOTEMPTY)
                return complain(EXIT_USAGE, "run: --record: %s is not empty (name a new directory)", l->record);
        return r < 0 ? complain(EXIT_USAGE, "run: --record: unable to make %s: %s", l->record, strerror(-r)) : 0;
}

static int command_run(const struct command_line *l) {
        _cleanup_(config_freep) struct config *config = NULL;
        _cleanup_(store_closep) struct store *store = NULL;
        _cleanup_(journal_freep) struct journal *journal = NULL;
        _cleanup_(sd_event_unrefp) sd_event *event = NULL;
        if (l->argc > 0)
                return complain(EXIT_USAGE, "run: unexpected argument \"%s\" (name a trunk with --trunk)", l->argv[0]);
        if (l->force && !l->names[0])
                return complain(EXIT_USAGE, "run: --force needs --trunk (it is for a trunk whose credentials were looked at)");
        if (l->database)
                return complain(EXIT_USAGE, "run: --database is for reading; the configuration's store.path says where a run is stored");
        int code = command_load_config(l, true, &config);
        if (code)
                return code;
        bool refreshes = !l->dry_run;
        for (size_t i = 0; i < config->n_trunks; i++)
                refreshes |= config->trunks[i].refresh;
        if (!refreshes)
                return complain(EXIT_USAGE, "run: --dry-run shows what would be written to the platform, and no trunk has refresh: true");
        code = begin_record(l, config);
        if (code == 0)
                code = command_open_database(config->store.path, STORE_WRITE, &store);
        if (code)
                return code;
        int r = journal_new(&journal, JOURNAL_STDERR);
        if (r >= 0)
                r = sd_event_default(&event);
        if (r < 0)
                return complain(EXIT_BROKEN, "unable to set up the run: %s", strerror(-r));
        struct command_run c = {.line = l, .store = store, .progress = isatty(STDERR_FILENO) && !l->json};
        return run_audit(&c, config, journal, event);
}

/* -- check-config, doctor --------------------------------------------------------------------------------------------------- */

static int command_check_config(const struct command_line *l) {
        _cleanup_(config_freep) struct config *config = NULL;
        if (l->argc > 0)
                return complain(EXIT_USAGE, "check-config: unexpected argument \"%s\" (give the file with --config)", l->argv[0]);
        int code = command_load_config(l, true, &config);
        if (code)
                return code;
        struct complaints over = {0};
        int r = config_check_time(config, now_realtime(), &over);
        for (size_t i = 0; i < over.n; i++)
                (void)fprintf(stderr, "%s (warning)\n", over.items[i].text);
        complaints_clear(&over);
        if (r < 0)
                return complain(EXIT_BROKEN, "unable to check %s: %s", l->config_file, strerror(-r));
        (void)printf("%s: good\n", l->config_file);
        return 0;
}

static int command_doctor(const struct command_line *l) {
        if (l->argc > 0)
                return complain(EXIT_USAGE, "doctor: unexpected argument \"%s\" (give the file with --config)", l->argv[0]);
        if (l->database)
                return complain(EXIT_USAGE, "doctor: --database is for reading; the configuration names the database");
        return doctor_command(&(struct doctor_options){.config_file = l->config_file, .json = l->json});
}

/* -- the command line -------------------------------------------------------------------------------------------------------- */

static bool read_limit(const char *text, unsigned *ret) {
        char *end;
        errno = 0;
        unsigned long value = strtoul(text, &end, 10);
        if (errno || end == text || *end || *text == '-' || value > 1000000)
                return false;
        *ret = (unsigned)value;
        return true;
}

static int command_probe(const struct command_line *l) {
        struct probe_options o = l->probe;
        if (l->argc != 1)
                return complain(EXIT_USAGE, "probe: name one carrier, host[:port]");
        o.target = l->argv[0];
        o.json = l->json;
        return probe_command(&o);
}

static int command_explain(const struct command_line *l) {
        struct explain_options o = l->explain;
        if (l->argc > 0)
                return complain(EXIT_USAGE, "explain: unexpected argument \"%s\" (give messages with --message)", l->argv[0]);
        if (o.password_file && o.ha1_file)
                return complain(EXIT_USAGE, "explain: give --password-file or --ha1-file, not both");
        o.json = l->json;
        return explain_command(&o);
}

/* Without a value: for ever. */
static bool read_wait(const char *text, uint64_t *ret_usec) {
        *ret_usec = UINT64_MAX;
        return !text || (duration_parse(ret_usec, span_of(text)) == 0 && *ret_usec > 0);
}

static int dispatch(const char *command, const struct command_line *l) {
        if (l->nagios && strcmp(command, "status") != 0)
                return complain(EXIT_USAGE, "%s: --nagios is for status", command);
        if (l->names[0] && strcmp(command, "run") != 0 && !l->nagios)
                return complain(EXIT_USAGE, "%s: --trunk is for run and for status --nagios", command);
        const char *run_only = l->force ? "--force" : l->record ? "--record" : l->dry_run ? "--dry-run" : l->wait_usec ? "--wait" : NULL;
        if (run_only && strcmp(command, "run") != 0)
                return complain(EXIT_USAGE, "%s: %s is for run", command, run_only);
        if (l->overwrite && strcmp(command, "backup") != 0)
                return complain(EXIT_USAGE, "%s: --overwrite is for backup", command);
        bool probe = strcmp(command, "probe") == 0, explain = strcmp(command, "explain") == 0;
        if (!(l->allowed & (probe ? FOR_PROBE : explain ? FOR_EXPLAIN : FOR_OTHERS)))
                return complain(EXIT_USAGE, "%s: an option is for another command (see trunkaudit --help)", command);
        if (probe)
                return command_probe(l);
        if (explain)
                return command_explain(l);
        if (strcmp(command, "run") == 0)
                return command_run(l);
        if (strcmp(command, "status") == 0)
                return l->nagios ? nagios_command(l) : view_command_status(l);
        if (strcmp(command, "history") == 0)
                return view_command_history(l);
        if (strcmp(command, "clock") == 0)
                return view_command_clock(l);
        if (strcmp(command, "check-config") == 0)
                return command_check_config(l);
        if (strcmp(command, "doctor") == 0)
                return command_doctor(l);
        if (strcmp(command, "backup") == 0)
                return backup_command(l);
        return complain(EXIT_USAGE, "unknown command \"%s\". See trunkaudit --help.", command);
}

/* The commands that have an option which not all have; 0 when it is none of them. */
static unsigned take_option(struct probe_options *p, struct explain_options *e, int option) {
        switch (option) {
        case 'T':
                p->transport = optarg;
                return FOR_PROBE;
        case 'D':
                p->domain = optarg;
                return FOR_PROBE;
        case 'A':
                p->ca_file = optarg;
                return FOR_PROBE;
        case 'L':
                p->measures_lifetime = true;
                p->range = optarg;
                return FOR_PROBE;
        case 'N':
                p->answers_text = optarg;
                return FOR_PROBE;
        case 'v':
                p->verbose = true;
                return FOR_PROBE;
        case 'M':
                p->method = e->method = optarg;
                return FOR_PROBE | FOR_EXPLAIN;
        case 'U':
                p->user = e->user = optarg;
                return FOR_PROBE | FOR_EXPLAIN;
        case 'R':
                p->realm = e->realm = optarg;
                return FOR_PROBE | FOR_EXPLAIN;
        case 'P':
                p->password_file = e->password_file = optarg;
                return FOR_PROBE | FOR_EXPLAIN;
        case 'H':
                p->ha1_file = e->ha1_file = optarg;
                return FOR_PROBE | FOR_EXPLAIN;
        case 'C':
                e->challenge = optarg;
                return FOR_EXPLAIN;
        case 'a':
                e->authorization = optarg;
                return FOR_EXPLAIN;
        case 'u':
                e->request_uri = optarg;
                return FOR_EXPLAIN;
        case 'm':
                e->message = optarg;
                return FOR_EXPLAIN;
        case 's':
                e->show_secrets = true;
                return FOR_EXPLAIN;
        default:
                return 0;
        }
}

int main(int argc, char **argv) {
        static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                                {"database", required_argument, NULL, 'd'},
                                                {"json", no_argument, NULL, 'j'},
                                                {"limit", required_argument, NULL, 'l'},
                                                {"trunk", required_argument, NULL, 't'},
                                                {"force", no_argument, NULL, 'f'},
                                                {"record", required_argument, NULL, 'W'},
                                                {"dry-run", no_argument, NULL, 'n'},
                                                {"wait", optional_argument, NULL, 'w'},
                                                {"nagios", no_argument, NULL, 'g'},
                                                {"overwrite", no_argument, NULL, 'O'},
                                                {"help", no_argument, NULL, 'h'},
                                                {"version", no_argument, NULL, 'V'},
                                                {"transport", required_argument, NULL, 'T'},
                                                {"method", required_argument, NULL, 'M'},
                                                {"domain", required_argument, NULL, 'D'},
                                                {"user", required_argument, NULL, 'U'},
                                                {"realm", required_argument, NULL, 'R'},
                                                {"password-file", required_argument, NULL, 'P'},
                                                {"ha1-file", required_argument, NULL, 'H'},
                                                {"ca", required_argument, NULL, 'A'},
                                                {"measure-nonce-lifetime", optional_argument, NULL, 'L'},
                                                {"answers", required_argument, NULL, 'N'},
                                                {"challenge", required_argument, NULL, 'C'},
                                                {"authorization", required_argument, NULL, 'a'},
                                                {"request-uri", required_argument, NULL, 'u'},
                                                {"message", required_argument, NULL, 'm'},
                                                {"show-secrets", no_argument, NULL, 's'},
                                                {0}};
        struct command_line l = {
                .config_file = CONFIG_FILE_DEFAULT, .limit = LIMIT_DEFAULT, .allowed = FOR_PROBE | FOR_EXPLAIN | FOR_OTHERS};
        _cleanup_(freep) const char **names = calloc((size_t)argc + 1, sizeof *names);
        size_t n_names = 0;
        if (!names)
                return EXIT_BROKEN;
        int option;
        while ((option = getopt_long(argc, argv, "c:v", options, NULL)) != -1) {
                unsigned commands = take_option(&l.probe, &l.explain, option);
                if (commands) {
                        l.allowed &= commands;
                        continue;
                }
                switch (option) {
                case 'c':
                        l.config_file = optarg;
                        break;
                case 'd':
                        l.database = optarg;
                        break;
                case 'j':
                        l.json = true;
                        break;
                case 'l':
                        if (!read_limit(optarg, &l.limit))
                                return complain(EXIT_USAGE, "--limit: \"%s\" is not a number of rows", optarg);
                        break;
                case 'f':
                        l.force = true;
                        break;
                case 'W':
                        l.record = optarg;
                        break;
                case 'n':
                        l.dry_run = true;
                        break;
                case 'w':
                        if (!read_wait(optarg, &l.wait_usec))
                                return complain(EXIT_USAGE, "--wait: \"%s\" is not a length of time, as 90s or 5m", optarg);
                        break;
                case 'g':
                        l.nagios = true;
                        break;
                case 'O':
                        l.overwrite = true;
                        break;
                case 't':
                        names[n_names++] = optarg;
                        break;
                case 'h':
                        (void)fputs(help, stdout);
                        return EXIT_PASSED;
                case 'V':
                        (void)puts("trunkaudit " TRUNKAUDIT_VERSION);
                        return EXIT_PASSED;
                default:
                        return complain(EXIT_USAGE, "see trunkaudit --help");
                }
        }
        if (optind >= argc) {
                (void)fputs(help, stderr);
                return EXIT_USAGE;
        }
        l.names = names;
        l.argc = argc - optind - 1;
        l.argv = argv + optind + 1;

        forbid_dumps();
        (void)umask(0027); /* new databases are for the group's eyes only */
        int code = dispatch(argv[optind], &l);
        if (fflush(stdout) != 0 && code != EXIT_BROKEN)
                return complain(EXIT_BROKEN, "unable to write the output: %s", strerror(errno));
        return code;
}
