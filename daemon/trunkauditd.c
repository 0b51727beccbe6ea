/* trunkauditd.c: the service. The life of the process from top to bottom: options, configuration, store, loop, signals, end.
 *
 * Type=notify: READY only when a run can be done; RELOADING and READY around a reload; STOPPING on every way out. */
#include <getopt.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>
#include <time.h>

#include "../common/config.h"
#include "../common/store.h"
#include "audit.h"
#include "dumps.h"
#include "journal.h"
#include "metrics_file.h"
#include "now.h"
#include "overdue.h"
#include "schedule.h"

#define BUSY_RETRY_USEC (10 * USEC_PER_SEC) /* another process audits this database: tried again then */
#define OPEN_LIMIT_USEC (30 * 60 * USEC_PER_SEC)

enum { EXIT_CONFIG = 2, EXIT_BROKEN = 4 };

struct service {
        sd_event *event;
        const char *config_file;
        struct config *config;
        struct config *next_config; /* loaded while a run was under way: in force after it */
        struct journal *journal;
        struct store *store;
        bool has_context;
        struct audit_context context;
        struct schedule *schedule;
        struct overdue *overdue;
        struct audit *audit;
        bool waiting; /* a run could not start yet: this one */
        enum run_trigger waiting_trigger;
        int64_t waiting_slot_usec;
        sd_event_source *retry; /* it waits for another process */
        sd_event_source *after; /* a run has ended, and something waited for that */
        bool stopping;
        struct metrics_file metrics;
};

/* -- the configuration ----------------------------------------------------------------------------------------------- */

static void tell_complaints(struct service *s, const struct complaints *c) {
        for (size_t i = 0; i < c->n; i++)
                journal_log(s->journal, c->items[i].warning ? LOG_WARNING : LOG_ERR, "%s", c->items[i].text);
        if (c->errors > c->n)
                journal_log(s->journal, LOG_ERR, "%zu further mistakes are not shown", c->errors - c->n);
}

/* Returns 0, 1 when the file has mistakes (told), or -errno. */
static int load_config(struct service *s, struct config **ret) {
        struct complaints complaints = {0};
        _cleanup_(config_freep) struct config *config = NULL;
        int r = config_load(&config, s->config_file, &complaints);
        if (r == 0)
                r = config_read_secrets(config, getenv("CREDENTIALS_DIRECTORY"), &complaints);
        if (r == 0)
                r = config_check_time(config, now_realtime(), &complaints);
        tell_complaints(s, &complaints);
        complaints_clear(&complaints);
        if (r == 0)
                *ret = TAKE_PTR(config);
        return r;
}

static void on_slot(struct schedule *schedule, int64_t slot_usec, void *user);

static void write_metrics(struct service *s) {
        metrics_file_write(&s->metrics, s->config, s->store, s->journal);
}

/* A newer configuration cannot be used. */
static void keep_config(struct service *s) {
        s->metrics.config_good = false;
        write_metrics(s);
}

/* Makes what depends on the configuration. No run is under way. */
static int put_in_force(struct service *s, struct config *config) {
        struct audit_context context;
        struct schedule *schedule = NULL;
        struct overdue *overdue = NULL;
        int r = audit_context_open(&context, s->event, config, s->store, s->journal);
        if (r < 0)
                return r;
        r = schedule_new(&schedule, s->event, config->schedule.interval_usec, config->schedule.splay_usec, on_slot, s);
        if (r >= 0)
                r = overdue_new(&overdue, s->event, s->store, s->journal, config->schedule.interval_usec);
        if (r < 0) {
                (void)schedule_free(schedule);
                audit_context_close(&context);
                return r;
        }
        int64_t old_next_usec = s->schedule ? schedule_next_usec(s->schedule) : INT64_MAX;
        if (s->has_context)
                audit_context_close(&s->context);
        s->context = context;
        s->has_context = true;
        (void)schedule_free(s->schedule);
        s->schedule = schedule;
        (void)overdue_free(s->overdue);
        s->overdue = overdue;
        journal_spool(s->journal, config->alerts.spool_dir);
        (void)config_free(s->config);
        s->config = config;
        journal_event(s->journal, EVENT_CONFIG_LOADED, LOG_INFO, NULL, "Configuration %s is in force: %zu trunks configured",
                      s->config_file, config->n_trunks);
        s->metrics.config_good = true;
        s->metrics.config_usec = now_realtime();
        write_metrics(s);
        if (old_next_usec <= now_realtime())
                on_slot(schedule, old_next_usec, s); /* it came while the old schedule's timer was late */
        return 0;
}

/* -- runs ---------------------------------------------------------------------------------------------------------------- */

static void tell_idle(struct service *s, const struct run *last) {
        char next[32] = "", summary[160] = "none yet";
        time_t at = (time_t)(schedule_next_usec(s->schedule) / (int64_t)USEC_PER_SEC);
        struct tm tm;
        if (gmtime_r(&at, &tm))
                (void)strftime(next, sizeof next, "%FT%TZ", &tm);
        if (last)
                (void)snprintf(summary, sizeof summary, "run %lld: %u pass, %u warn, %u fail, %u untested", (long long)last->id,
                               last->n_pass, last->n_warn, last->n_fail, last->n_untested);
        (void)sd_notifyf(false, "STATUS=Idle until %s; last: %s", next, summary);
}

static void start_run(struct service *s, enum run_trigger trigger, int64_t slot_usec);

static void keep_waiting(struct service *s, enum run_trigger trigger, int64_t slot_usec) {
        s->waiting = true;
        s->waiting_trigger = trigger;
        s->waiting_slot_usec = slot_usec;
}

static int on_after(sd_event_source *source, void *user) {
        struct service *s = user;
        (void)source;
        s->after = sd_event_source_disable_unref(s->after);
        struct config *config = s->audit ? NULL : TAKE_PTR(s->next_config);
        int r = config ? put_in_force(s, config) : 0;
        if (r < 0) {
                journal_event(s->journal, EVENT_CONFIG_REFUSED, LOG_ERR, NULL,
                              "The new configuration cannot be used (%s); the old one stays in force", strerror(-r));
                (void)config_free(config);
                keep_config(s);
        }
        if (s->waiting)
                start_run(s, s->waiting_trigger, s->waiting_slot_usec);
        return 0;
}

/* Between two runs, which is nearly always, the service keeps none of the memory that a run took. It would otherwise grow for days: the
 * database's cache to its limit, and the heap around what lives longer than a run. */
static void release_memory(struct service *s) {
        store_release_memory(s->store);
        (void)malloc_trim(0);
}

static void on_done(struct audit *a, const struct audit_result *result, void *user) {
        struct service *s = user;
        if (!s->stopping)
                tell_idle(s, result->run);
        if (result->stored == 0)
                overdue_run_ended(s->overdue);
        s->audit = audit_free(a);
        write_metrics(s);
        release_memory(s);
        if (s->stopping || (!s->next_config && !s->waiting))
                return;
        /* Not here: sockets of the old configuration may be further up the stack. */
        int r = sd_event_add_defer(s->event, &s->after, on_after, s);
        if (r < 0)
                journal_log(s->journal, LOG_ERR, "Unable to do what waited for the end of the run: %s", strerror(-r));
}

static int on_retry(sd_event_source *source, uint64_t usec, void *user) {
        struct service *s = user;
        (void)source;
        (void)usec;
        start_run(s, s->waiting_trigger, s->waiting_slot_usec);
        return 0;
}

/* The slot is not lost: it is tried again until the other process is done. */
static void try_again(struct service *s, enum run_trigger trigger, int64_t slot_usec) {
        if (!s->retry)
                journal_log(s->journal, LOG_NOTICE, "Another process audits %s; this run waits for it", store_path(s->store));
        (void)sd_notifyf(false, "STATUS=Waiting for another process that audits %s", store_path(s->store));
        keep_waiting(s, trigger, slot_usec);
        s->retry = sd_event_source_disable_unref(s->retry);
        int r = sd_event_add_time_relative(s->event, &s->retry, CLOCK_MONOTONIC, BUSY_RETRY_USEC, USEC_PER_SEC, on_retry, s);
        if (r < 0)
                journal_log(s->journal, LOG_ERR, "Unable to set a timer: %s", strerror(-r));
}

static void start_run(struct service *s, enum run_trigger trigger, int64_t slot_usec) {
        if (s->audit && trigger == RUN_TRIGGER_SIGNAL) {
                journal_log(s->journal, LOG_NOTICE, "A run is under way; no second one is started");
                return;
        }
        if (s->audit) {
                journal_log(s->journal, LOG_NOTICE, "A run is under way; that of the slot follows it");
                keep_waiting(s, trigger, slot_usec);
                return;
        }
        const struct audit_request request = {.trigger = trigger, .slot_usec = slot_usec, .announce = true};
        int r = audit_start(&s->audit, &s->context, &request, on_done, s);
        if (r == STORE_BUSY) {
                try_again(s, trigger, slot_usec);
                return;
        }
        s->waiting = false;
        s->retry = sd_event_source_disable_unref(s->retry);
        if (r == 0)
                (void)sd_notifyf(false, "STATUS=A run is under way (%s)", run_trigger_word(trigger));
}

static void on_slot(struct schedule *schedule, int64_t slot_usec, void *user) {
        (void)schedule;
        start_run(user, RUN_TRIGGER_SLOT, slot_usec);
}

/* A run at once when there is no complete one of the present slot: what came while the service was stopped is not lost. */
static void start_if_due(struct service *s) {
        struct run last;
        int r = store_last_run(s->store, RUN_DONE, &last);
        int64_t slot_usec = schedule_slot_usec(s->schedule);
        if (r != 0 || last.started_usec < slot_usec || last.finished_usec > now_realtime())
                start_run(s, RUN_TRIGGER_START, slot_usec);
        else
                tell_idle(s, &last);
}

/* -- signals ------------------------------------------------------------------------------------------------------------- */

static void reload(struct service *s) {
        struct config *config = NULL;
        int r = load_config(s, &config);
        if (r == 0 && !text_eq(config->store.path, s->config->store.path))
                journal_log(s->journal, LOG_WARNING, "store.path changed: that takes effect at the next start");
        if (r == 0)
                s->next_config = config_free(s->next_config); /* what waited is not the newest any more */
        if (r == 0 && s->audit) {
                s->next_config = config;
                journal_log(s->journal, LOG_INFO, "The new configuration is good; it is in force after this run");
                return;
        }
        if (r == 0)
                r = put_in_force(s, config);
        if (r != 0) {
                (void)config_free(config == s->config ? NULL : config);
                journal_event(s->journal, EVENT_CONFIG_REFUSED, LOG_ERR, NULL,
                              "Configuration %s is refused (%s); the old one stays in force", s->config_file,
                              r < 0 ? strerror(-r) : "see the mistakes above");
                keep_config(s);
        } else if (!s->audit && !s->waiting) {
                struct run last;
                tell_idle(s, store_last_run(s->store, RUN_DONE, &last) == 0 ? &last : NULL);
        }
}

static int on_hup(sd_event_source *source, const struct signalfd_siginfo *info, void *user) {
        struct service *s = user;
        struct timespec t = {0};
        (void)source;
        (void)info;
        (void)clock_gettime(CLOCK_MONOTONIC, &t);
        (void)sd_notifyf(false, "RELOADING=1\nMONOTONIC_USEC=%llu",
                         (unsigned long long)t.tv_sec * USEC_PER_SEC + (unsigned long long)t.tv_nsec / NSEC_PER_USEC);
        reload(s);
        (void)sd_notify(false, "READY=1");
        return 0;
}

static int on_usr1(sd_event_source *source, const struct signalfd_siginfo *info, void *user) {
        struct service *s = user;
        (void)source;
        (void)info;
        if (s->waiting && !s->audit)
                start_run(s, s->waiting_trigger, s->waiting_slot_usec); /* in its slot's name, which would be lost else */
        else
                start_run(s, RUN_TRIGGER_SIGNAL, 0);
        return 0;
}

static int on_term(sd_event_source *source, const struct signalfd_siginfo *info, void *user) {
        struct service *s = user;
        (void)source;
        (void)info;
        s->stopping = true;
        (void)sd_notify(false, "STOPPING=1\nSTATUS=Stopping");
        if (s->audit)
                audit_abort(s->audit);
        return sd_event_exit(s->event, 0);
}

static int watch_signals(struct service *s) {
        static const struct {
                int number;
                sd_event_signal_handler_t handler;
        } signals[] = {{SIGHUP, on_hup}, {SIGUSR1, on_usr1}, {SIGTERM, on_term}, {SIGINT, on_term}};
        for (size_t i = 0; i < ELEMENTS(signals); i++) {
                int r = sd_event_add_signal(s->event, NULL, signals[i].number | SD_EVENT_SIGNAL_PROCMASK, signals[i].handler, s);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* -- life ---------------------------------------------------------------------------------------------------------------- */

static int broken(struct service *s, const char *what, int error) {
        journal_log(s->journal, LOG_ERR, "Unable to %s: %s", what, strerror(-error));
        return EXIT_BROKEN;
}

static int open_store(struct service *s) {
        _cleanup_(freep) char *error = NULL;
        /* An upgrade of a large database, and the copy before it, may take longer than a start usually does. */
        (void)sd_notifyf(false, "EXTEND_TIMEOUT_USEC=%llu\nSTATUS=Opening the database", (unsigned long long)OPEN_LIMIT_USEC);
        int r = store_open(&s->store, s->config->store.path, STORE_WRITE, &error);
        if (r != 0) {
                journal_event(s->journal, EVENT_STORE_FAILED, LOG_ERR, NULL, "%s", error ? error : "Unable to open the database");
                return EXIT_BROKEN;
        }
        if (store_notice(s->store))
                journal_event(s->journal, EVENT_STORE_UPGRADED, LOG_NOTICE, NULL, "%s", store_notice(s->store));
        /* A run that died with its process is marked now, not only when the next one begins. */
        unsigned broken_runs = 0;
        if (store_lock(s->store, &broken_runs) == 0)
                store_unlock(s->store);
        audit_tell_broken(s->journal, broken_runs);
        return 0;
}

static int run_service(struct service *s) {
        int r = sd_event_default(&s->event);
        if (r < 0)
                return broken(s, "make the event loop", r);
        r = watch_signals(s);
        if (r < 0)
                return broken(s, "watch signals", r);

        struct config *config = NULL;
        r = load_config(s, &config);
        if (r > 0) {
                journal_event(s->journal, EVENT_CONFIG_REFUSED, LOG_ERR, NULL, "Configuration %s is refused; not started", s->config_file);
                return EXIT_CONFIG;
        }
        if (r < 0)
                return broken(s, "read the configuration", r);
        s->config = config;
        r = open_store(s);
        if (r != 0)
                return r;
        s->config = NULL;
        r = put_in_force(s, config);
        if (r < 0) {
                (void)config_free(config);
                return broken(s, "set up what runs need", r);
        }

        r = sd_event_set_watchdog(s->event, true);
        if (r < 0)
                return broken(s, "set the watchdog", r);
        journal_event(s->journal, EVENT_STARTED, LOG_INFO, NULL, "trunkauditd %s started; database %s", TRUNKAUDIT_VERSION,
                      store_path(s->store));
        (void)sd_notify(false, "READY=1");
        start_if_due(s);
        r = sd_event_loop(s->event);
        if (r < 0)
                return broken(s, "run the event loop", r);
        journal_event(s->journal, EVENT_STOPPED, LOG_INFO, NULL, "trunkauditd stopped");
        return 0;
}

static void clear_service(struct service *s) {
        s->audit = audit_free(s->audit);
        s->retry = sd_event_source_disable_unref(s->retry);
        s->after = sd_event_source_disable_unref(s->after);
        s->schedule = schedule_free(s->schedule);
        s->overdue = overdue_free(s->overdue);
        journal_spool(s->journal, NULL); /* it is the configuration's */
        if (s->has_context)
                audit_context_close(&s->context);
        s->store = store_close(s->store);
        s->config = config_free(s->config);
        s->next_config = config_free(s->next_config);
        s->event = sd_event_unref(s->event);
}

static const char help[] = "Usage: trunkauditd [--config FILE]\n"
                           "\n"
                           "Audits the SIP digest credentials of every BYOC trunk each hour.\n"
                           "\n"
                           "  -c, --config FILE  configuration (default " CONFIG_FILE_DEFAULT ")\n"
                           "      --help         this text\n"
                           "      --version      the version\n"
                           "\n"
                           "Signals: HUP reloads the configuration, USR1 starts a run now, TERM stores what is known and stops.\n"
                           "Exit: 0 stopped as told, 2 usage or configuration, 4 broken.\n";

int main(int argc, char **argv) {
        static const struct option options[] = {
                {"config", required_argument, NULL, 'c'}, {"help", no_argument, NULL, 'h'}, {"version", no_argument, NULL, 'v'}, {0}};
        struct service s = {.config_file = CONFIG_FILE_DEFAULT, .metrics.started_usec = now_realtime()};
        int option;
        while ((option = getopt_long(argc, argv, "c:", options, NULL)) != -1) {
                switch (option) {
                case 'c':
                        s.config_file = optarg;
                        break;
                case 'h':
                        (void)fputs(help, stdout);
                        return 0;
                case 'v':
                        (void)puts("trunkauditd " TRUNKAUDIT_VERSION);
                        return 0;
                default:
                        (void)fputs("See trunkauditd --help.\n", stderr);
                        return EXIT_CONFIG;
                }
        }
        if (optind < argc) {
                (void)fprintf(stderr, "trunkauditd: unexpected argument \"%s\". See trunkauditd --help.\n", argv[optind]);
                return EXIT_CONFIG;
        }
        forbid_dumps();
        (void)umask(0027);
        if (journal_new(&s.journal, JOURNAL_AUTO) < 0)
                return EXIT_BROKEN;
        int code = run_service(&s);
        (void)sd_notify(false, "STOPPING=1");
        clear_service(&s);
        s.journal = journal_free(s.journal);
        return code;
}
