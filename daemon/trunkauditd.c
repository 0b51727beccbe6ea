/* trunkauditd.c: the service. The life of the process from top to bottom: options, configuration, store, loop, signals, end.
 *
 * Type=notify: READY only when a run can be done; RELOADING and READY around a reload; STOPPING on every way out. */
#include <getopt.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>
#include <time.h>

#include "../common/config.h"
#include "../common/store.h"
#include "../common/utc_time.h"
#include "audit.h"
#include "backlog.h"
#include "care.h"
#include "dumps.h"
#include "journal.h"
#include "metrics_file.h"
#include "now.h"
#include "overdue.h"
#include "schedule.h"

#define BUSY_RETRY_USEC (10 * USEC_PER_SEC) /* another process audits this database: tried again then */
#define OPEN_LIMIT_USEC (30 * 60 * USEC_PER_SEC)

enum { EXIT_CONFIG = 2, EXIT_BROKEN = 4 };

/* A configuration that was read, and the row that says so. */
struct loaded {
        struct config *config; /* NULL = refused */
        char sha256[CONFIG_SHA256_MAX];
        int64_t read_usec;
        bool reload;
        size_t mistakes;
        char *complaint; /* the first; NULL = none */
};

struct service {
        sd_event *event;
        const char *config_file;
        struct config *config;
        int64_t config_id;  /* of its row */
        struct loaded next; /* good, and read while a run was under way: in force after it */
        struct journal *journal;
        struct store *store;
        struct backlog *backlog;
        bool has_context;
        struct audit_context context;
        struct schedule *schedule;
        struct overdue *overdue;
        struct audit *audit;
        struct care *care;      /* of the database, between runs */
        struct run last;        /* id 0 = none yet */
        struct slot_plan owed;  /* a slot of the schedule before, which came during the last run of it */
        bool asked;             /* SIGUSR1 came, and its run could not begin yet */
        sd_event_source *retry; /* what is due waits for another process */
        sd_event_source *after; /* a run has ended */
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

static void loaded_clear(struct loaded *l) {
        (void)config_free(l->config);
        free(l->complaint);
        *l = (struct loaded){0};
}

static void keep_complaint(struct loaded *l, const struct complaints *c) {
        l->mistakes = c->errors;
        for (size_t i = 0; i < c->n && !l->complaint; i++)
                if (!c->items[i].warning)
                        l->complaint = strdup(c->items[i].text);
}

/* Returns 0, 1 when the file has mistakes (told), or -errno. ret is to be cleared in any case. */
static int load_config(struct service *s, bool reload, struct loaded *ret) {
        struct complaints complaints = {0};
        _cleanup_(config_freep) struct config *config = NULL;
        *ret = (struct loaded){.read_usec = now_realtime(), .reload = reload};
        int r = config_load_digested(&config, s->config_file, &complaints, ret->sha256);
        if (r == 0)
                r = config_read_secrets(config, getenv("CREDENTIALS_DIRECTORY"), &complaints);
        if (r == 0)
                r = config_check_time(config, now_realtime(), &complaints);
        tell_complaints(s, &complaints);
        keep_complaint(ret, &complaints);
        complaints_clear(&complaints);
        if (r == 0)
                ret->config = TAKE_PTR(config);
        return r;
}

/* Whatever became of it is on record: who reads the database sees which run had which configuration. */
static void note_config(struct service *s, const struct loaded *l, int error) {
        const struct config_load row = {
                .read_usec = l->read_usec,
                .reload = l->reload,
                .accepted = l->config && error == 0,
                .file = s->config_file,
                .sha256 = l->sha256,
                .mistakes = l->mistakes,
                .complaint = error < 0 ? strerror(-error) : l->complaint,
                .trunks = l->config ? l->config->n_trunks : 0,
        };
        int64_t id = 0;
        if (store_put_config_load(s->store, &row, &id) < 0)
                backlog_trouble(s->backlog, "note the reading of the configuration", NULL);
        if (row.accepted)
                s->config_id = id;
}

static void write_metrics(struct service *s) {
        metrics_file_write(&s->metrics, s->config, s->store, s->journal);
}

/* A newer configuration cannot be used. */
static void keep_config(struct service *s) {
        s->metrics.config_good = false;
        write_metrics(s);
}

static void on_wake(void *user);

/* Makes what depends on the configuration, and takes it out of l. No run is under way. All of it or nothing. */
static int put_in_force(struct service *s, struct loaded *l) {
        struct audit_context context;
        struct overdue *overdue = NULL;
        const struct config *c = l->config;
        int r = audit_context_open(&context, s->event, c, s->store, s->journal);
        bool opened = r >= 0;
        if (r >= 0)
                r = overdue_new(&overdue, s->event, s->store, s->journal, c->schedule.interval_usec);
        if (r >= 0 && !s->schedule)
                r = schedule_new(&s->schedule, s->event, s->store, s->backlog, s->journal, c->schedule.interval_usec,
                                 c->schedule.splay_usec, on_wake, s);
        else if (r >= 0)
                schedule_change(s->schedule, c->schedule.interval_usec, c->schedule.splay_usec);
        note_config(s, l, r < 0 ? r : 0);
        if (r < 0) {
                (void)overdue_free(overdue);
                if (opened)
                        audit_context_close(&context);
                return r;
        }
        if (s->has_context)
                audit_context_close(&s->context);
        s->context = context;
        s->context.backlog = s->backlog;
        backlog_set_reminder(s->backlog, c->alerts.reminder_usec);
        s->has_context = true;
        (void)overdue_free(s->overdue);
        s->overdue = overdue;
        journal_spool(s->journal, c->alerts.spool_dir);
        (void)config_free(s->config);
        s->config = TAKE_PTR(l->config);
        journal_event(s->journal, EVENT_CONFIG_LOADED, LOG_INFO, NULL, "Configuration %s is in force: %zu trunks configured",
                      s->config_file, s->config->n_trunks);
        s->metrics.config_good = true;
        s->metrics.config_usec = now_realtime();
        write_metrics(s);
        return 0;
}

/* -- runs ---------------------------------------------------------------------------------------------------------------- */

static void tell_idle(struct service *s) {
        char next[UTC_TIME_MAX], summary[160] = "none yet", unheard[80] = "";
        uint64_t lost = journal_lost(s->journal);
        if (s->last.id)
                (void)snprintf(summary, sizeof summary, "run %lld: %u pass, %u warn, %u fail, %u untested", (long long)s->last.id,
                               s->last.n_pass, s->last.n_warn, s->last.n_fail, s->last.n_untested);
        if (lost)
                (void)snprintf(unheard, sizeof unheard, "; journald does not take messages, %" PRIu64 " were lost", lost);
        (void)sd_notifyf(false, "STATUS=Idle until %s; last: %s%s", utc_time_format(next, schedule_next_usec(s->schedule)), summary,
                         unheard);
}

static void advance(struct service *s);

/* Between two runs, which is nearly always, the service keeps none of the memory that a run took. It would otherwise grow for days: the
 * database's cache to its limit, and the heap around what lives longer than a run. */
static void release_memory(struct service *s) {
        store_release_memory(s->store);
        (void)malloc_trim(0);
}

static int on_after(sd_event_source *source, void *user) {
        struct service *s = user;
        (void)source;
        s->after = sd_event_source_disable_unref(s->after);
        if (s->next.config && !s->audit) {
                schedule_look(s->schedule, s->config_id, &s->owed);
                int r = put_in_force(s, &s->next);
                if (r < 0) {
                        journal_event(s->journal, EVENT_CONFIG_REFUSED, LOG_ERR, NULL,
                                      "The new configuration cannot be used (%s); the old one stays in force", strerror(-r));
                        keep_config(s);
                }
                loaded_clear(&s->next);
        }
        advance(s);
        if (!s->audit)
                release_memory(s);
        return 0;
}

static void on_done(struct audit *a, const struct audit_result *result, void *user) {
        struct service *s = user;
        if (result->stored == 0)
                overdue_run_ended(s->overdue);
        s->last = *result->run;
        if (!s->stopping && result->stored == 0)
                care_begin(s->care, s->config, result->run);
        s->audit = audit_free(a);
        write_metrics(s);
        if (s->stopping)
                return;
        /* Not here: sockets of the old configuration may be further up the stack. */
        int r = sd_event_add_defer(s->event, &s->after, on_after, s);
        if (r < 0)
                journal_log(s->journal, LOG_ERR, "Unable to do what waited for the end of the run: %s", strerror(-r));
}

static int on_retry(sd_event_source *source, uint64_t usec, void *user) {
        (void)source;
        (void)usec;
        advance(user);
        return 0;
}

/* What is due is not lost: it is tried again until the other process is done. */
static void wait_for_lock(struct service *s, bool waited) {
        if (!waited)
                journal_log(s->journal, LOG_NOTICE, "Another process audits %s; this run waits for it", store_path(s->store));
        (void)sd_notifyf(false, "STATUS=Waiting for another process that audits %s", store_path(s->store));
        int r = sd_event_add_time_relative(s->event, &s->retry, CLOCK_MONOTONIC, BUSY_RETRY_USEC, USEC_PER_SEC, on_retry, s);
        if (r < 0)
                journal_log(s->journal, LOG_ERR, "Unable to set a timer: %s", strerror(-r));
}

static int begin(struct service *s, struct audit_request request) {
        request.interval_usec = s->config->schedule.interval_usec;
        request.config = s->config_id;
        request.announce = true;
        int r = audit_start(&s->audit, &s->context, &request, on_done, s);
        if (r != 0)
                return r;
        care_pause(s->care);
        (void)sd_notifyf(false, "STATUS=A run is under way (%s)", run_trigger_word(request.trigger));
        return r;
}

/* The run of a slot that is due. Returns 0, STORE_BUSY, -errno (told). */
static int begin_due(struct service *s, const struct slot_plan *plan, bool owed) {
        bool extra = plan->action == SLOT_EXTRA;
        const struct audit_request request = {
                .trigger = plan->first ? RUN_TRIGGER_START : RUN_TRIGGER_SLOT,
                .slot_usec = extra ? 0 : plan->slot_usec,
                .reason = extra ? SLOT_CLOCK_STEPPED : SLOT_NO_REASON,
                .reason_detail = extra ? "the clock was set back, and its slot had been completed before" : NULL,
        };
        int r = begin(s, request);
        if (r == STORE_BUSY) {
                schedule_hold(s->schedule, SLOT_BUSY);
                return r;
        }
        if (!owed)
                schedule_begun(s->schedule, plan, r == 0);
        else if (r == 0)
                schedule_audited(s->schedule);
        if (r < 0)
                schedule_hold(s->schedule, SLOT_STORE_FAILED);
        return r;
}

/* Starts what is due now. While a run is under way that waits for its end; this is called then, too. */
static void advance(struct service *s) {
        if (s->audit) {
                schedule_hold(s->schedule, SLOT_OVERRAN);
                return;
        }
        struct slot_plan plan;
        bool waited = s->retry != NULL;
        s->retry = sd_event_source_disable_unref(s->retry);
        schedule_look(s->schedule, s->config_id, &plan);
        bool owed = plan.action == SLOT_WAIT && s->owed.action != SLOT_WAIT;
        if (owed)
                plan = s->owed;
        int r = plan.action == SLOT_WAIT ? 0 : begin_due(s, &plan, owed);
        if (r != STORE_BUSY)
                s->owed = (struct slot_plan){.action = SLOT_WAIT};
        if (r != STORE_BUSY && s->asked && !s->audit) {
                r = begin(s, (struct audit_request){.trigger = RUN_TRIGGER_SIGNAL});
                if (r == 0)
                        schedule_audited(s->schedule);
                s->asked = r == STORE_BUSY;
        }
        if (r == STORE_BUSY)
                wait_for_lock(s, waited);
        else if (!s->audit)
                tell_idle(s);
}

static void on_wake(void *user) {
        struct service *s = user;
        if (s->audit && schedule_is_due(s->schedule))
                journal_log(s->journal, LOG_NOTICE, "A run is under way; that of the slot follows it");
        advance(s);
}

/* -- signals ------------------------------------------------------------------------------------------------------------- */

static void reload(struct service *s) {
        struct loaded l;
        int r = load_config(s, true, &l);
        if (r == 0 && !text_eq(l.config->store.path, s->config->store.path))
                journal_log(s->journal, LOG_WARNING, "store.path changed: that takes effect at the next start");
        if (r == 0 && !s->audit)
                advance(s); /* a slot may have come this very moment: it is of the old schedule */
        if (r == 0)
                loaded_clear(&s->next); /* what waited is not the newest any more */
        if (r == 0 && s->audit) {
                s->next = l;
                journal_log(s->journal, LOG_INFO, "The new configuration is good; it is in force after this run");
                return;
        }
        if (r == 0)
                r = put_in_force(s, &l);
        else
                note_config(s, &l, r < 0 ? r : 0);
        loaded_clear(&l);
        if (r != 0) {
                journal_event(s->journal, EVENT_CONFIG_REFUSED, LOG_ERR, NULL,
                              "Configuration %s is refused (%s); the old one stays in force", s->config_file,
                              r < 0 ? strerror(-r) : "see the mistakes above");
                keep_config(s);
        } else if (!s->retry) {
                tell_idle(s);
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
        if (s->audit && !audit_is_stored(s->audit)) {
                journal_log(s->journal, LOG_NOTICE, "A run is under way; no second one is started");
                return 0;
        }
        if (s->audit)
                journal_log(s->journal, LOG_NOTICE, "A run is stored and still asks the audit log; the one that is asked for follows it");
        /* A slot's run that waits is the one that is asked for. */
        s->asked |= s->audit || !s->retry;
        if (!s->audit)
                advance(s);
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

static int open_store(struct service *s, const char *path) {
        _cleanup_(freep) char *error = NULL;
        /* An upgrade of a large database, and the copy before it, may take longer than a start usually does. */
        (void)sd_notifyf(false, "EXTEND_TIMEOUT_USEC=%llu\nSTATUS=Opening the database", (unsigned long long)OPEN_LIMIT_USEC);
        int r = store_open(&s->store, path, STORE_SERVE, &error);
        if (r != 0) {
                journal_event(s->journal, EVENT_STORE_FAILED, LOG_ERR, NULL, "%s", error ? error : "Unable to open the database");
                return EXIT_BROKEN;
        }
        if (store_notice(s->store))
                journal_event(s->journal, EVENT_STORE_UPGRADED, LOG_NOTICE, NULL, "%s", store_notice(s->store));
        /* A run that died with its process is marked now, not only when the next one begins. */
        unsigned broken_runs = 0;
        (void)store_lock(s->store, &broken_runs);
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

        struct loaded l;
        r = load_config(s, false, &l);
        if (r > 0)
                journal_event(s->journal, EVENT_CONFIG_REFUSED, LOG_ERR, NULL, "Configuration %s is refused; not started", s->config_file);
        int code = r > 0 ? EXIT_CONFIG : r < 0 ? broken(s, "read the configuration", r) : open_store(s, l.config->store.path);
        if (code == 0) {
                r = care_new(&s->care, s->event, s->store, s->journal);
                if (r == 0)
                        r = backlog_new(&s->backlog, s->event, s->store, s->journal);
                if (r == 0)
                        r = put_in_force(s, &l);
                code = r < 0 ? broken(s, "set up what runs need", r) : 0;
        }
        loaded_clear(&l);
        if (code != 0)
                return code;

        r = sd_event_set_watchdog(s->event, true);
        if (r < 0)
                return broken(s, "set the watchdog", r);
        journal_event(s->journal, EVENT_STARTED, LOG_INFO, NULL, "trunkauditd %s started; database %s", TRUNKAUDIT_VERSION,
                      store_path(s->store));
        (void)sd_notify(false, "READY=1");
        if (store_last_run(s->store, RUN_DONE, &s->last) != 0)
                s->last.id = 0;
        advance(s); /* a run at once, unless that of the present slot is done: what came while the service was stopped is not lost */
        r = sd_event_loop(s->event);
        if (r < 0)
                return broken(s, "run the event loop", r);
        journal_event(s->journal, EVENT_STOPPED, LOG_INFO, NULL, "trunkauditd stopped");
        return 0;
}

static void clear_service(struct service *s) {
        s->audit = audit_free(s->audit);
        s->care = care_free(s->care);
        s->retry = sd_event_source_disable_unref(s->retry);
        s->after = sd_event_source_disable_unref(s->after);
        s->schedule = schedule_free(s->schedule);
        s->overdue = overdue_free(s->overdue);
        journal_spool(s->journal, NULL); /* it is the configuration's */
        if (s->has_context)
                audit_context_close(&s->context);
        s->backlog = backlog_free(s->backlog);
        if (s->store)
                (void)store_optimize(s->store);
        s->store = store_close(s->store);
        s->config = config_free(s->config);
        loaded_clear(&s->next);
        s->event = sd_event_unref(s->event);
}

static const char help[] =
        "Usage: trunkauditd [--config FILE]\n"
        "       trunkauditd --check-database FILE\n"
        "\n"
        "Audits the SIP digest credentials of every BYOC trunk each hour.\n"
        "\n"
        "  -c, --config FILE  configuration (default " CONFIG_FILE_DEFAULT ")\n"
        "      --check-database FILE  look through a database: 0 whole, 1 damaged (the first damage is printed), 4 neither\n"
        "      --help         this text\n"
        "      --version      the version\n"
        "\n"
        "Signals: HUP reloads the configuration, USR1 starts a run now, TERM stores what is known and stops.\n"
        "Exit: 0 stopped as told, 2 usage or configuration, 4 broken.\n";

int main(int argc, char **argv) {
        static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                                {"check-database", required_argument, NULL, 'C'},
                                                {"help", no_argument, NULL, 'h'},
                                                {"version", no_argument, NULL, 'v'},
                                                {0}};
        const char *database = NULL;
        struct service s = {.config_file = CONFIG_FILE_DEFAULT, .metrics.started_usec = now_realtime()};
        int option;
        while ((option = getopt_long(argc, argv, "c:", options, NULL)) != -1) {
                switch (option) {
                case 'c':
                        s.config_file = optarg;
                        break;
                case 'C':
                        database = optarg;
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
        if (database)
                return care_check(database);
        if (journal_new(&s.journal, JOURNAL_AUTO) < 0)
                return EXIT_BROKEN;
        int code = run_service(&s);
        (void)sd_notify(false, "STOPPING=1");
        clear_service(&s);
        s.journal = journal_free(s.journal);
        return code;
}
