/* doctor_host.c: files, sockets and processes of this host, looked at and left as they are. */
#include "doctor_host.h"

#include <dirent.h>
#include <fcntl.h>
#include <libgen.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../common/utc_time.h"
#include "journal.h"

#define SERVICE "trunkauditd" /* the program, its user, its state directory */
#define STATE_DIRECTORY "/var/lib/" SERVICE
#define PREFIX "secret_" /* of a credential that comes from the directory: see the unit */
#define NAMES_SHOWN_MAX 400
#define COMMAND_LINE_MAX 4096
#define OLD_AFTER_INTERVALS 2 /* of the schedule: then the last run should have been followed by another */

static void closep(int *fd) {
        if (*fd >= 0)
                (void)close(*fd);
}

static void closedirp(DIR **d) {
        if (*d)
                (void)closedir(*d);
}

/* -- credentials --------------------------------------------------------------------------------------------------------- */

int doctor_host_credentials_directory(char **ret, const char *config_file) {
        _cleanup_(freep) char *copy = strdup(config_file);
        if (!copy || asprintf(ret, "%s/credentials", dirname(copy)) < 0)
                return -ENOMEM;
        return 0;
}

/* What may be wrong with the credentials, each with the names it is true of. */
struct credentials {
        const char *directory;
        bool inside; /* the directory is what systemd made for the unit */
        unsigned named, elsewhere;
        char absent[NAMES_SHOWN_MAX], exposed[NAMES_SHOWN_MAX];
};

static void add_name(char names[static NAMES_SHOWN_MAX], const char *name) {
        size_t n = strlen(names);
        int more = snprintf(names + n, NAMES_SHOWN_MAX - n, "%s%s", n > 0 ? ", " : "", name);
        if (more >= (int)(NAMES_SHOWN_MAX - n))
                (void)snprintf(names + NAMES_SHOWN_MAX - sizeof "...", sizeof "...", "...");
}

/* Of root, who alone hands them out, and nobody else's to read or write. */
static bool is_exposed(const struct stat *st) {
        return st->st_uid != 0 || (st->st_mode & (S_IRWXG | S_IRWXO));
}

static void look_at(struct credentials *c, const struct secret_ref *ref) {
        _cleanup_(freep) char *path = NULL;
        struct stat st;
        if (ref->kind != SECRET_REF_CREDENTIAL)
                return;
        c->named++;
        const char *file = ref->name;
        if (!c->inside && strncmp(file, PREFIX, sizeof PREFIX - 1) != 0) {
                c->elsewhere++; /* a drop-in of the unit's says where it is from */
                return;
        }
        if (!c->inside)
                file += sizeof PREFIX - 1;
        if (asprintf(&path, "%s/%s", c->directory, file) < 0) {
                path = NULL;
                return;
        }
        if (stat(path, &st) < 0 || !S_ISREG(st.st_mode))
                add_name(c->absent, file);
        else if (!c->inside && is_exposed(&st))
                add_name(c->exposed, file);
}

static void look_at_all(struct credentials *c, const struct config *config) {
        look_at(c, &config->platform.client_secret);
        for (size_t i = 0; i < config->n_trunks; i++) {
                look_at(c, &config->trunks[i].password);
                look_at(c, &config->trunks[i].ha1);
        }
}

static struct finding judge_credentials(const char *check, const struct credentials *c) {
        struct finding f;
        if (c->absent[0]) {
                f = finding_of(check, FINDING_FAIL, "%s does not have, of %u credentials that the configuration names: %s", c->directory,
                               c->named, c->absent);
                if (c->inside)
                        finding_advise(&f, "Have the unit load them (LoadCredential=), and restart it.");
                else
                        finding_advise(&f, "Write each secret into its file: systemd-ask-password -n | install -m 0600 /dev/stdin %s/NAME",
                                       c->directory);
        } else if (c->exposed[0]) {
                f = finding_of(check, FINDING_FAIL, "others than root can read or write, in %s: %s", c->directory, c->exposed);
                finding_advise(&f, "chown root:root and chmod 0600 these files.");
        } else {
                f = finding_of(check, FINDING_OK, "%s %u credentials%s%s", c->inside ? "the unit has loaded" : "the unit would load",
                               c->named - c->elsewhere, c->inside ? "" : " from ", c->inside ? "" : c->directory);
        }
        return f;
}

/* The directory as such, when the unit is yet to load it; true when its files can be looked at. */
static bool directory_is_good(struct finding *f, const char *check, const struct credentials *c) {
        struct stat st;
        if (stat(c->directory, &st) < 0 && errno != EACCES) {
                *f = finding_of(check, FINDING_FAIL, "%s: %s, and the configuration names %u credentials", c->directory, strerror(errno),
                                c->named);
                finding_advise(f, "install -d -m 0700 %s, and write each secret into a file there.", c->directory);
                return false;
        }
        if (access(c->directory, R_OK | X_OK) < 0) {
                *f = finding_of(check, FINDING_SKIPPED, "%s: %s to this user", c->directory, strerror(errno));
                finding_advise(f, "Run trunkaudit doctor as root.");
                return false;
        }
        if (!S_ISDIR(st.st_mode) || is_exposed(&st)) {
                *f = finding_of(check, FINDING_FAIL, "%s is no directory of root's alone (owner %u, mode %04o)", c->directory,
                                (unsigned)st.st_uid, (unsigned)st.st_mode & 07777);
                finding_advise(f, "chown root:root %s && chmod 0700 %s", c->directory, c->directory);
                return false;
        }
        return true;
}

struct finding doctor_host_credentials(const char *check, const struct config *config, const char *credentials_directory) {
        _cleanup_(freep) char *beside = NULL;
        struct credentials c = {.directory = credentials_directory, .inside = credentials_directory != NULL};
        struct finding f;
        if (!c.inside) {
                if (doctor_host_credentials_directory(&beside, config->file) < 0)
                        return finding_of(check, FINDING_FAIL, "%s", strerror(ENOMEM));
                c.directory = beside;
        }
        look_at_all(&c, config);
        if (c.named == c.elsewhere && !c.inside)
                return finding_of(check, FINDING_OK, "the configuration names no credential of %s", c.directory);
        if (!c.inside && !directory_is_good(&f, check, &c))
                return f;
        return judge_credentials(check, &c);
}

/* -- journal --------------------------------------------------------------------------------------------------------------- */

struct finding doctor_host_journal(const char *check) {
        int r = journal_reachable();
        if (r == 0)
                return finding_of(check, FINDING_OK, "journald takes messages");
        struct finding f = finding_of(check, FINDING_FAIL, "journald cannot be reached: %s", strerror(-r));
        finding_advise(&f, "systemctl status systemd-journald.socket systemd-journald; without it the service's events are lost.");
        return f;
}

/* -- database -------------------------------------------------------------------------------------------------------------- */

struct identity {
        char name[64];
        uid_t uid;
        gid_t gid;
        bool is_self;
};

/* The service's user, or ourselves where that account does not exist. */
static struct identity service_identity(void) {
        const struct passwd *p = getpwnam(SERVICE);
        struct identity i = {.uid = p ? p->pw_uid : geteuid(), .gid = p ? p->pw_gid : getegid()};
        i.is_self = i.uid == geteuid();
        if (!p)
                p = getpwuid(i.uid);
        if (p)
                (void)snprintf(i.name, sizeof i.name, "%s", p->pw_name);
        else
                (void)snprintf(i.name, sizeof i.name, "%u", (unsigned)i.uid);
        return i;
}

/* 0, or the errno value that the user would get. Of ourselves the kernel knows best; whatever the user, nobody writes to what is mounted
 * for reading. */
static int denied(const char *path, bool directory, const struct identity *i) {
        struct stat st;
        int mode = directory ? W_OK | X_OK : W_OK;
        if (access(path, mode) < 0 && (i->is_self || errno == EROFS || errno == ENOENT || errno == ENOTDIR))
                return errno;
        if (i->is_self || i->uid == 0)
                return 0;
        if (stat(path, &st) < 0)
                return errno;
        unsigned needed = directory ? 3U : 2U;
        unsigned shift = st.st_uid == i->uid ? 6U : st.st_gid == i->gid ? 3U : 0U;
        return ((unsigned)st.st_mode >> shift & needed) == needed ? 0 : EACCES;
}

static struct finding directory_missing(const char *check, const char *directory) {
        bool made = strcmp(directory, STATE_DIRECTORY) == 0;
        struct finding f = finding_of(check, made ? FINDING_WARN : FINDING_FAIL, "the directory %s does not exist", directory);
        if (made)
                finding_advise(&f, "Nothing to do by hand: systemd makes it when the service starts (StateDirectory=).");
        else
                finding_advise(&f, "install -d -o %s -g %s -m 0750 %s, and name it in ReadWritePaths= of the unit.", SERVICE, SERVICE,
                               directory);
        return f;
}

static struct finding not_writable(const char *check, const char *path, int error, const struct identity *i) {
        struct finding f = finding_of(check, FINDING_FAIL, "%s cannot be written by %s: %s", path, i->name, strerror(error));
        if (error == EROFS)
                finding_advise(&f, "The unit writes in %s alone: name another directory in ReadWritePaths=, or mount it for writing.",
                               STATE_DIRECTORY);
        else
                finding_advise(&f, "chown %s %s", i->name, path);
        return f;
}

static struct finding opened(const char *check, const char *path, enum store_mode mode, struct store **ret) {
        _cleanup_(freep) char *error = NULL;
        int r = store_open(ret, path, mode, &error);
        const char *why = error ? error : strerror(r < 0 ? -r : EIO);
        if (r == 0)
                return finding_of(check, FINDING_OK, "%s can be read and written", path);
        if (r == STORE_ABSENT)
                return finding_of(check, FINDING_OK, "%s: the first run will make it", path);
        struct finding f = finding_of(check, FINDING_FAIL, "%s", why);
        if (r == STORE_TOO_NEW)
                finding_advise(&f, "Install the newer trunkauditd again, or name another file in store.path.");
        else
                finding_advise(&f, "Name another file in store.path, or move this one away.");
        return f;
}

struct finding doctor_host_database(const char *check, const struct config *config, struct store **ret) {
        const char *path = config->store.path;
        _cleanup_(freep) char *copy = strdup(path);
        const struct identity i = service_identity();
        struct stat st;
        *ret = NULL;
        if (!copy)
                return finding_of(check, FINDING_FAIL, "%s", strerror(ENOMEM));
        const char *directory = dirname(copy);
        int error = denied(directory, true, &i);
        if (error == ENOENT || error == ENOTDIR)
                return directory_missing(check, directory);
        bool exists = stat(path, &st) == 0;
        const char *place = directory;
        if (!error && exists) {
                place = path;
                error = denied(path, false, &i);
        }
        if (exists && access(path, R_OK) < 0) {
                struct finding f = finding_of(check, FINDING_SKIPPED, "%s cannot be read by this user: %s", path, strerror(errno));
                finding_advise(&f, "Run trunkaudit doctor as root, or as a member of the group %s.", SERVICE);
                return f;
        }
        struct finding f = opened(check, path, STORE_READ, ret);
        return error && f.state == FINDING_OK ? not_writable(check, place, error, &i) : f;
}

/* How many days ago, or that it never was. */
static void when(char ret[static 40], int r, int64_t then_usec, int64_t now_usec) {
        if (r != 0)
                (void)snprintf(ret, 40, "never");
        else
                (void)snprintf(ret, 40, "%.1f days ago", (double)(now_usec - then_usec) / (86400.0 * (double)USEC_PER_SEC));
}

struct finding doctor_host_upkeep(const char *check, struct store *store, int64_t now_usec) {
        struct store_size size;
        _cleanup_(freep) char *damage = NULL, *file = NULL;
        char checked[40], copied[40];
        int64_t check_usec = 0, backup_usec = 0;
        if (!store)
                return finding_of(check, FINDING_OK, "there is no database yet");
        if (store_size(store, &size) != 0)
                return finding_of(check, FINDING_SKIPPED, "%s", store_error(store));
        int r = store_last_deed(store, STORE_DEED_CHECK, &check_usec, &damage);
        if (r < 0)
                return finding_of(check, FINDING_SKIPPED, "%s", store_error(store));
        bool damaged = damage && strcmp(damage, "ok") != 0;
        when(checked, r, check_usec, now_usec);
        when(copied, store_last_deed(store, STORE_DEED_BACKUP, &backup_usec, &file), backup_usec, now_usec);
        struct finding f = finding_of(check, damaged ? FINDING_FAIL : FINDING_OK,
                                      "%.1f MB, log %.1f MB; looked through %s%s%s; last recorded backup %s%s%s", (double)size.bytes / 1e6,
                                      (double)size.log_bytes / 1e6, checked, damaged ? " and damaged: " : "", damaged ? damage : "", copied,
                                      file ? ": " : "", file ? file : "");
        if (damaged)
                finding_advise(&f, "Stop the service, move the database and its log away, and put the last good backup in their place.");
        return f;
}

/* -- processes -------------------------------------------------------------------------------------------------------------- */

/* A file of /proc/PID; what is too long is cut. Returns the number of bytes, 0 when it cannot be read. */
static size_t read_process(char *buffer, size_t size, pid_t pid, const char *file) {
        char path[64];
        (void)snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
        _cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t n = fd < 0 ? -1 : read(fd, buffer, size - 1);
        buffer[n < 0 ? 0 : n] = '\0';
        return n < 0 ? 0 : (size_t)n;
}

/* The program's name without the line's end. */
static void program_of(char ret[static 32], pid_t pid) {
        (void)read_process(ret, 32, pid, "comm");
        ret[strcspn(ret, "\n")] = '\0';
}

struct finding doctor_host_lock(const char *check, const struct config *config) {
        pid_t pid = 0;
        char program[32];
        struct finding f;
        int r = store_lock_holder(config->store.path, &pid);
        if (r == STORE_NONE)
                return finding_of(check, FINDING_OK, "nobody audits %s at this moment", config->store.path);
        if (r < 0)
                return finding_of(check, FINDING_SKIPPED, "who holds the audit lock cannot be seen from here: %s", strerror(-r));
        if (pid == 0) {
                f = finding_of(check, FINDING_WARN, "a process that cannot be seen from here audits %s", config->store.path);
        } else {
                program_of(program, pid);
                bool ours = strcmp(program, SERVICE) == 0;
                bool command = strcmp(program, "trunkaudit") == 0;
                f = finding_of(check,
                               ours      ? FINDING_OK
                               : command ? FINDING_WARN
                                         : FINDING_FAIL,
                               "%s (process %d) audits %s at this moment", program, (int)pid, config->store.path);
                if (ours)
                        return f;
        }
        finding_advise(&f, "Until that process ends, the service stores no run.");
        return f;
}

/* Whether a command line names the configuration: as its --config, or as the one that is meant without. */
static bool names_config(const char *line, size_t n, const char *config_file) {
        const char *named = CONFIG_FILE_DEFAULT;
        struct stat a, b;
        for (const char *p = line, *end = line + n; p < end; p += strlen(p) + 1) {
                const char *next = p + strlen(p) + 1;
                if (strncmp(p, "--config=", 9) == 0)
                        named = p + 9;
                else if ((strcmp(p, "--config") == 0 || strcmp(p, "-c") == 0) && next < end)
                        named = next;
        }
        return stat(named, &a) == 0 && stat(config_file, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* The service that runs with this configuration; 0 = none that can be seen. */
static pid_t find_service(const char *config_file) {
        _cleanup_(closedirp) DIR *processes = opendir("/proc");
        char program[32], line[COMMAND_LINE_MAX];
        for (const struct dirent *e; processes && (e = readdir(processes));) {
                pid_t pid = (pid_t)strtol(e->d_name, NULL, 10);
                if (pid <= 0)
                        continue;
                program_of(program, pid);
                if (strcmp(program, SERVICE) != 0)
                        continue;
                size_t n = read_process(line, sizeof line, pid, "cmdline");
                if (names_config(line, n, config_file))
                        return pid;
        }
        return 0;
}

struct finding doctor_host_service(const char *check, const struct config *config, struct store *store, int64_t now_usec) {
        struct run run = {0};
        char last[120] = "no run has finished yet", stamp[UTC_TIME_MAX];
        bool old = false;
        if (store && store_last_run(store, RUN_DONE, &run) == 0) {
                (void)snprintf(last, sizeof last, "the last complete run, %lld, ended %s", (long long)run.id,
                               utc_time_format(stamp, run.finished_usec));
                old = now_usec - run.finished_usec > OLD_AFTER_INTERVALS * (int64_t)config->schedule.interval_usec;
        }
        pid_t pid = find_service(config->file);
        struct finding f = finding_of(check, pid > 0 && !old ? FINDING_OK : FINDING_WARN, "%s; %s",
                                      pid > 0 ? "the service is running" : "the service is not running", last);
        if (pid == 0)
                finding_advise(&f, "When the rest is good: systemctl enable --now %s", SERVICE);
        else if (old)
                finding_advise(&f, "That is long ago: journalctl -u %s tells why.", SERVICE);
        return f;
}
