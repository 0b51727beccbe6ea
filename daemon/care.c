/* care.c: care of the database between runs. */
#include "care.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "now.h"

#define DAY_USEC (86400 * (int64_t)USEC_PER_SEC)
#define CHECK_AFTER_USEC (7 * DAY_USEC)
#define CHECK_SOON_USEC DAY_USEC /* after damage, or where there may be some */
#define MEGABYTE INT64_C(1000000)
#define CLOCK_SLACK_USEC DAY_USEC /* a clock that is so right can tell months and years */
#define DAMAGE_MAX 512            /* bytes of what a check prints */

enum { CHECK_WHOLE = 0, CHECK_DAMAGED = 1, CHECK_FAILED = 4 };

struct care {
        sd_event *event;
        struct store *store;
        struct journal *journal;
        sd_event_source *step;
        struct store_care work;
        int64_t told_day, recorded_day;           /* since 1970; what is done once a day */
        bool told_large, told_log, told_no_check; /* each is told once, until it was otherwise */
        sd_event_source *check;
        int check_output; /* -1 = no check is under way */
        uint64_t check_began_usec;
};

/* -- the weekly check ------------------------------------------------------------------------------------------------------- */

int care_check(const char *file) {
        _cleanup_(store_closep) struct store *store = NULL;
        _cleanup_(freep) char *error = NULL;
        char damage[DAMAGE_MAX] = "";
        int r = store_open(&store, file, STORE_READ, &error);
        if (r == 0)
                r = store_check(store, damage, sizeof damage);
        if (r == STORE_DAMAGED)
                (void)puts(damage);
        else if (r != 0)
                (void)fprintf(stderr, "trunkauditd: %s\n", store ? store_error(store) : error ? error : strerror(r < 0 ? -r : EIO));
        return r == 0 ? CHECK_WHOLE : r == STORE_DAMAGED ? CHECK_DAMAGED : CHECK_FAILED;
}

static void check_ended(struct care *c) {
        c->check = sd_event_source_disable_unref(c->check);
        if (c->check_output >= 0)
                (void)close(c->check_output);
        c->check_output = -1;
}

static void no_check(struct care *c, const char *why) {
        if (!c->told_no_check)
                journal_log(c->journal, LOG_WARNING, "The database %s cannot be looked through: %s; it is tried after each run",
                            store_path(c->store), why);
        c->told_no_check = true;
}

static int on_checked(sd_event_source *source, const siginfo_t *info, void *user) {
        struct care *c = user;
        char damage[DAMAGE_MAX];
        (void)source;
        ssize_t n = read(c->check_output, damage, sizeof damage - 1);
        damage[n > 0 ? n : 0] = '\0';
        damage[strcspn(damage, "\n")] = '\0';
        check_ended(c);
        int code = info->si_code == CLD_EXITED ? info->si_status : CHECK_FAILED;
        double seconds = (double)(now_usec_of(CLOCK_MONOTONIC) - c->check_began_usec) / (double)USEC_PER_SEC;
        if (code != CHECK_WHOLE && code != CHECK_DAMAGED) {
                no_check(c, "the process that does it failed");
                return 0;
        }
        c->told_no_check = false;
        if (code == CHECK_WHOLE)
                journal_event(c->journal, EVENT_STORE_CHECKED, LOG_INFO, NULL, "The database %s was looked through in %.1f s and is whole",
                              store_path(c->store), seconds);
        else
                journal_event(c->journal, EVENT_STORE_DAMAGED, LOG_CRIT, NULL,
                              "The database %s is damaged: %s. Restore the last good backup (journalctl -x says how)", store_path(c->store),
                              damage);
        int r = store_put_deed(c->store, STORE_DEED_CHECK, now_realtime(), code == CHECK_WHOLE ? "ok" : damage);
        if (r != 0)
                journal_log(c->journal, LOG_WARNING, "The check of the database is not recorded: %s", store_error(c->store));
        return 0;
}

/* In a process of its own: it may take minutes, SQLite cannot be interrupted in it and go on, and what is damaged can do harm. */
static int spawn_check(struct care *c, pid_t *ret, int *ret_output) {
        const char *const argv[] = {"trunkauditd", "--check-database", store_path(c->store), NULL};
        int ends[2];
        sigset_t none;
        posix_spawnattr_t attributes;
        posix_spawn_file_actions_t actions;
        if (pipe2(ends, O_CLOEXEC) < 0)
                return -errno;
        int r = posix_spawnattr_init(&attributes);
        if (r == 0) {
                r = posix_spawn_file_actions_init(&actions);
                if (r == 0) {
                        (void)sigemptyset(&none);
                        r = posix_spawnattr_setsigmask(&attributes, &none);
                        if (r == 0)
                                r = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
                        if (r == 0)
                                r = posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
                        if (r == 0)
                                r = posix_spawn(ret, "/proc/self/exe", &actions, &attributes, (char *const *)(uintptr_t)argv, environ);
                        (void)posix_spawn_file_actions_destroy(&actions);
                }
                (void)posix_spawnattr_destroy(&attributes);
        }
        (void)close(ends[1]);
        if (r != 0)
                (void)close(ends[0]);
        else
                *ret_output = ends[0];
        return -r;
}

/* suspect: something was wrong with it just now. */
static void check_when_due(struct care *c, bool suspect) {
        int64_t last_usec = 0, now_usec = now_realtime();
        bool good = true;
        pid_t pid = 0;
        if (c->check || store_last_check(c->store, &last_usec, &good) != 0)
                return;
        if (now_usec >= last_usec && now_usec - last_usec < (good && !suspect ? CHECK_AFTER_USEC : CHECK_SOON_USEC))
                return;
        c->check_began_usec = now_usec_of(CLOCK_MONOTONIC);
        int r = spawn_check(c, &pid, &c->check_output);
        if (r == 0) {
                r = sd_event_add_child(c->event, &c->check, pid, WEXITED, on_checked, c);
                if (r < 0) { /* then nobody else reaps it */
                        (void)kill(pid, SIGKILL);
                        (void)waitpid(pid, NULL, 0);
                } else {
                        (void)sd_event_source_set_child_process_own(c->check, true);
                }
        }
        if (r < 0) {
                check_ended(c);
                no_check(c, strerror(-r));
        }
}

/* -- what is told of the steps -------------------------------------------------------------------------------------------------- */

static void tell_removed(struct care *c) {
        struct store_care_news news;
        int64_t today = c->work.keep.now_usec / DAY_USEC;
        if (c->told_day == today || store_care_news(c->store, &news) != 0)
                return;
        journal_event(c->journal, EVENT_STORE_CARE, LOG_INFO, NULL,
                      "What was old was removed from the database: %" PRId64 " results (up to run %" PRId64 "), the messages of %" PRId64
                      " probes (up to run %" PRId64 ")",
                      news.results, news.results_run, news.probes, news.probes_run);
        c->told_day = today;
        (void)store_care_told(c->store);
        if (news.results_by_size)
                journal_event(c->journal, EVENT_STORE_LARGE, LOG_WARNING, NULL,
                              "The database has reached store.size_limit_mb: results were removed before store.keep_results");
}

static void tell_size(struct care *c) {
        struct store_size size;
        if (c->work.over && !c->told_large && store_size(c->store, &size) == 0)
                journal_event(c->journal, EVENT_STORE_LARGE, LOG_WARNING, NULL,
                              "The database has %.1f MB, more than store.size_limit_mb, and nothing more may be removed for that",
                              (double)size.used_bytes / (double)MEGABYTE);
        c->told_large = c->work.over;
}

static void tell_log(struct care *c) {
        int64_t bytes = 0;
        int r = store_shrink_log(c->store, &bytes);
        bool large = bytes > STORE_LOG_LARGE_BYTES;
        if (r == STORE_BUSY && large && !c->told_log)
                journal_event(c->journal, EVENT_STORE_LOG_LARGE, LOG_WARNING, NULL,
                              "The write-ahead log of %s has %.0f MB: a reader has kept a transaction open for long", store_path(c->store),
                              (double)bytes / (double)MEGABYTE);
        c->told_log = large;
}

/* -- steps ------------------------------------------------------------------------------------------------------------------------ */

static void finish(struct care *c) {
        c->step = sd_event_source_disable_unref(c->step);
        tell_removed(c);
        tell_size(c);
        tell_log(c);
        int64_t today = c->work.keep.now_usec / DAY_USEC;
        if (c->recorded_day != today) {
                (void)store_optimize(c->store);
                if (store_put_deed(c->store, STORE_DEED_SIZE, c->work.keep.now_usec, NULL) == 0)
                        c->recorded_day = today;
        }
        check_when_due(c, false);
        store_release_memory(c->store); /* nothing is kept between two runs */
}

static int on_step(sd_event_source *source, void *user) {
        struct care *c = user;
        (void)source;
        int r = store_care_step(c->store, &c->work);
        if (r == 0)
                return 0; /* it comes again when nothing else is to be done */
        if (r < 0) {
                journal_log(c->journal, LOG_WARNING, "Care of the database stops until the next run has ended: %s", store_error(c->store));
                check_when_due(c, true);
        }
        if (r == STORE_NONE)
                finish(c);
        else
                c->step = sd_event_source_disable_unref(c->step);
        return 0;
}

/* What is old is told by the clock: one that stands in the wrong year would remove everything. */
static bool clock_tells(const struct run *run) {
        if (run->clock.cause == CAUSE_CLOCK_OK)
                return true;
        if (run->clock_measured)
                return llabs(run->clock_offset_usec) < CLOCK_SLACK_USEC;
        if (run->witness_measured)
                return llabs(run->witness_offset_usec) < CLOCK_SLACK_USEC;
        return run->clock.cause == CAUSE_CLOCK_UNUSED;
}

void care_begin(struct care *c, const struct config *config, const struct run *run) {
        care_pause(c);
        if (!clock_tells(run))
                return;
        c->work = (struct store_care){.keep = {.now_usec = now_realtime(),
                                               .results_usec = (int64_t)config->store.keep_results_usec,
                                               .evidence_usec = (int64_t)config->store.keep_evidence_usec,
                                               .size_bytes = (int64_t)config->store.size_limit_mb * MEGABYTE}};
        int r = sd_event_add_defer(c->event, &c->step, on_step, c);
        if (r >= 0)
                r = sd_event_source_set_priority(c->step, SD_EVENT_PRIORITY_IDLE);
        if (r >= 0)
                r = sd_event_source_set_enabled(c->step, SD_EVENT_ON);
        if (r < 0) {
                care_pause(c);
                journal_log(c->journal, LOG_WARNING, "Unable to take care of the database: %s", strerror(-r));
        }
}

void care_pause(struct care *c) {
        c->step = sd_event_source_disable_unref(c->step);
}

int care_new(struct care **ret, sd_event *event, struct store *store, struct journal *journal) {
        sigset_t child;
        struct care *c = calloc(1, sizeof *c);
        if (!c)
                return -ENOMEM;
        *c = (struct care){.event = event, .store = store, .journal = journal, .told_day = -1, .recorded_day = -1, .check_output = -1};
        (void)sigemptyset(&child);
        (void)sigaddset(&child, SIGCHLD);
        (void)sigprocmask(SIG_BLOCK, &child, NULL);
        *ret = c;
        return 0;
}

struct care *care_free(struct care *c) {
        if (!c)
                return NULL;
        care_pause(c);
        check_ended(c);
        free(c);
        return NULL;
}
