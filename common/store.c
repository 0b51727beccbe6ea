/* store.c: opening the database: creating, recognising and migrating it; its views and causes; the audit lock. */
#include "store_private.h"

#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define STORE_APPLICATION_ID 1413567812      /* "TAUD", see PRAGMA application_id */
#define LOCK_LINE_MAX 256                    /* bytes of a line of /proc/locks */
#define STORE_FILE_MODE 0640                 /* the group may read */
#define STORE_JOURNAL_LIMIT_BYTES "16777216" /* a long reader lets the write-ahead log grow; this is what it shrinks back to */

static const char initial[] =
#include "sql/001_initial.inc"
        ;
static const char transports[] =
#include "sql/002_transports.inc"
        ;
static const char guard[] =
#include "sql/003_guard.inc"
        ;
static const char carrier_clock[] =
#include "sql/004_carrier_clock.inc"
        ;
static const char verdicts[] =
#include "sql/005_verdicts.inc"
        ;
static const char platform_view[] =
#include "sql/006_platform_view.inc"
        ;
static const char platform_request[] =
#include "sql/007_platform_request.inc"
        ;
static const char drift[] =
#include "sql/008_drift.inc"
        ;
static const char changes[] =
#include "sql/009_changes.inc"
        ;
static const char standing[] =
#include "sql/010_standing.inc"
        ;
static const char incidents[] =
#include "sql/011_incidents.inc"
        ;
static const char missed[] =
#include "sql/012_missed.inc"
        ;
static const char care[] =
#include "sql/013_care.inc"
        ;
static const char damage[] =
#include "sql/014_damage.inc"
        ;
static const char telling[] =
#include "sql/015_telling.inc"
        ;
static const char views[] =
#include "sql/views.inc"
        ;

/* Migration N makes a database of version N out of one of version N - 1. */
static const char *const migrations[] = {initial, transports, guard,     carrier_clock, verdicts, platform_view, platform_request, drift,
                                         changes, standing,   incidents, missed,        care,     damage,        telling};
#define STORE_VERSION ((int)ELEMENTS(migrations))

static void closep(int *fd) {
        if (*fd >= 0)
                (void)close(*fd);
}

const char *store_error(const struct store *s) {
        return s->error;
}

const char *store_path(const struct store *s) {
        return s->path;
}

const char *store_notice(const struct store *s) {
        return s->notice;
}

/* Makes what was just created durable, and, when we are root, a thing of the directory's owner. */
static int adopt(int fd, const char *path) {
        _cleanup_(freep) char *copy = strdup(path);
        if (!copy)
                return -ENOMEM;
        _cleanup_(closep) int directory = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        struct stat st;
        if (directory < 0 || fstat(directory, &st) < 0)
                return -errno;
        if (fchmod(fd, STORE_FILE_MODE) < 0) /* whatever the umask */
                return -errno;
        if (geteuid() == 0 && fchown(fd, st.st_uid, st.st_gid) < 0)
                return -errno;
        return fsync(directory) < 0 ? -errno : 0;
}

int store_create_file(const char *path, int *ret_fd) {
        int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, STORE_FILE_MODE);
        if (fd < 0)
                return -errno;
        int r = adopt(fd, path);
        if (r < 0) {
                (void)unlink(path);
                (void)close(fd);
                return r;
        }
        *ret_fd = fd;
        return 0;
}

static int find_or_create(struct store *s, enum store_mode mode) {
        if (mode != STORE_READ) {
                _cleanup_(closep) int fd = -1;
                int r = store_create_file(s->path, &fd);
                if (r < 0 && r != -EEXIST)
                        return store_complain(s, r, "unable to create %s: %s", s->path, strerror(-r));
        }
        struct stat st;
        if (stat(s->path, &st) < 0) {
                int error = errno;
                if (error == ENOENT || error == ENOTDIR)
                        return store_complain(s, STORE_ABSENT, "there is no database %s: no audit has run yet, or it is kept elsewhere",
                                              s->path);
                return store_complain(s, -error, "unable to open %s: %s", s->path, strerror(error));
        }
        if (!S_ISREG(st.st_mode))
                return store_complain(s, STORE_NOT_OURS, "%s is not a file", s->path);
        return 0;
}

static int execute(struct store *s, const char *sql, const char *doing) {
        return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : store_fail(s, doing);
}

static int connect_file(struct store *s, enum store_mode mode) {
        int r = 0;
        int flags = (mode != STORE_READ ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY) | SQLITE_OPEN_NOMUTEX;
        if (sqlite3_open_v2(s->path, &s->db, flags, NULL) != SQLITE_OK)
                return s->db ? store_fail(s, "open the database") : -ENOMEM;
        (void)sqlite3_extended_result_codes(s->db, 1);
        (void)sqlite3_busy_timeout(s->db, STORE_BUSY_MSEC);
        if (mode != STORE_READ && sqlite3_db_readonly(s->db, "main")) {
                if (access(s->path, W_OK) < 0 && errno == EROFS)
                        r = store_complain(s, -EROFS, "unable to write %s: its file system is read-only", s->path);
                else
                        return store_complain(s, -EACCES, "unable to write %s: its permissions allow this user only to read it", s->path);
        }

        /* Without its -wal and -shm files a database in WAL mode cannot be read by users who may not create them. */
        int persist = 1;
        (void)sqlite3_file_control(s->db, "main", SQLITE_FCNTL_PERSIST_WAL, &persist);
        int e = execute(s, "PRAGMA trusted_schema = OFF", "set up the connection");
        return r < 0 ? r : e;
}

struct identity {
        int64_t application, version, objects;
};

static int identify(struct store *s, struct identity *ret) {
        static const char query[] = "SELECT (SELECT application_id FROM pragma_application_id),"
                                    " (SELECT user_version FROM pragma_user_version), (SELECT count(*) FROM sqlite_schema)";
        sqlite3_stmt *statement;
        int r = 0;
        if (sqlite3_prepare_v2(s->db, query, -1, &statement, NULL) == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW)
                *ret = (struct identity){sqlite3_column_int64(statement, 0), sqlite3_column_int64(statement, 1),
                                         sqlite3_column_int64(statement, 2)};
        else if (sqlite3_errcode(s->db) == SQLITE_NOTADB)
                r = store_complain(s, STORE_NOT_OURS, "%s is not a database", s->path);
        else
                r = store_fail(s, "read the database");
        (void)sqlite3_finalize(statement);
        return r;
}

static bool is_empty(const struct identity *id) {
        return id->application == 0 && id->version == 0 && id->objects == 0;
}

static int judge(struct store *s, const struct identity *id) {
        if (is_empty(id))
                return 0;
        if (id->application != STORE_APPLICATION_ID)
                return store_complain(s, STORE_NOT_OURS, "%s is a database of another program", s->path);
        if (id->version > STORE_VERSION)
                return store_complain(s, STORE_TOO_NEW,
                                      "%s has schema version %lld, and this program (" TRUNKAUDIT_VERSION
                                      ") knows up to %d: use the newer program that wrote it",
                                      s->path, (long long)id->version, STORE_VERSION);
        return 0;
}

/* auto_vacuum is only taken by a database that has no table yet and is not yet in WAL mode. FULL: a run that was reported as stored
 * survives a power cut. */
static int set_journal(struct store *s, const struct identity *id) {
        int r = is_empty(id) ? execute(s, "PRAGMA auto_vacuum = INCREMENTAL", "create the database") : 0;
        if (r < 0)
                return r;
        sqlite3_stmt *statement;
        if (sqlite3_prepare_v2(s->db, "PRAGMA journal_mode = WAL", -1, &statement, NULL) != SQLITE_OK ||
            sqlite3_step(statement) != SQLITE_ROW)
                r = store_fail(s, "set up the write-ahead log");
        else if (!text_eq((const char *)sqlite3_column_text(statement, 0), "wal"))
                r = store_complain(s, -EIO, "unable to keep a write-ahead log for %s: its file system cannot share memory", s->path);
        (void)sqlite3_finalize(statement);
        if (r < 0)
                return r;
        return execute(s, "PRAGMA synchronous = FULL; PRAGMA journal_size_limit = " STORE_JOURNAL_LIMIT_BYTES, "set up the connection");
}

bool store_is_current(int64_t version) {
        return version == STORE_VERSION;
}

static int apply_migrations(struct store *s, int64_t version) {
        for (; version < STORE_VERSION; version++) {
                int r = execute(s, migrations[version], "migrate the database");
                if (r < 0)
                        return r;
                char pragma[100];
                (void)snprintf(pragma, sizeof pragma, "PRAGMA application_id = %d; PRAGMA user_version = %d", STORE_APPLICATION_ID,
                               (int)version + 1);
                r = execute(s, pragma, "migrate the database");
                if (r < 0)
                        return r;
        }
        return 0;
}

/* The database keeps the text of each view: when all those of views.sql are there unchanged, nothing is written. */
static int refresh_views(struct store *s) {
        static const char query[] =
                "SELECT (SELECT count(*) FROM sqlite_schema WHERE type = 'view' AND instr(:views, sql || ';'))"
                " = (length(:views) - length(replace(:views, char(10) || 'CREATE VIEW ', ''))) / length(char(10) || 'CREATE VIEW ')";
        sqlite3_stmt *statement;
        int r = 0;
        bool current = false;
        if (sqlite3_prepare_v2(s->db, query, -1, &statement, NULL) == SQLITE_OK &&
            sqlite3_bind_text(statement, 1, views, sizeof views - 1, SQLITE_STATIC) == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW)
                current = sqlite3_column_int(statement, 0);
        else
                r = store_fail(s, "compare the views");
        (void)sqlite3_finalize(statement);
        if (r < 0 || current)
                return r;
        return execute(s, views, "make the views");
}

static int refresh_causes(struct store *s) {
        for (enum cause cause = 0; cause < CAUSE_COUNT; cause++) {
                const struct cause_info *info = cause_info(cause);
                _cleanup_(query_end) struct query q = query_begin(s, STATEMENT_REFRESH_CAUSE, "refresh the causes");
                bind_text(&q, ":word", info->word);
                bind_text(&q, ":kind", cause_kind_word(info->kind));
                bind_text(&q, ":outcome", outcome_word(info->outcome));
                bind_integer(&q, ":priority", info->priority);
                bind_text(&q, ":sentence", info->sentence);
                bind_text(&q, ":remedy", info->remedy);
                bind_text(&q, ":confidence", confidence_word(info->confidence));
                bind_text(&q, ":proof", info->proof);
                bind_text(&q, ":reference", info->reference);
                int r = query_run(&q);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* A migration that makes a table anew needs foreign keys to be off, and leaves none that leads nowhere. */
static int check_foreign_keys(struct store *s) {
        sqlite3_stmt *statement;
        int r = 0, stepped = SQLITE_ERROR;
        if (sqlite3_prepare_v2(s->db, "PRAGMA foreign_key_check", -1, &statement, NULL) == SQLITE_OK)
                stepped = sqlite3_step(statement);
        if (stepped == SQLITE_ROW)
                r = store_complain(s, -EIO, "unable to migrate %s: a row of its table %s refers to one that is not there", s->path,
                                   (const char *)sqlite3_column_text(statement, 0));
        else if (stepped != SQLITE_DONE)
                r = store_fail(s, "migrate the database");
        (void)sqlite3_finalize(statement);
        return r;
}

/* Inside the transaction everything is read again: another process may have migrated in between. */
static int migrate(struct store *s) {
        struct identity id;
        int r = identify(s, &id);
        if (r == 0)
                r = judge(s, &id);
        if (r == 0)
                r = apply_migrations(s, id.version);
        if (r == 0 && id.version < STORE_VERSION)
                r = check_foreign_keys(s);
        if (r == 0)
                r = refresh_views(s);
        if (r == 0)
                r = refresh_causes(s);
        return r;
}

/* An older database is upgraded all at once or not at all, and a copy of it is made before. */
static int upgrade(struct store *s, const struct identity *id) {
        _cleanup_(freep) char *copy = NULL;
        bool older = !is_empty(id) && id->version < STORE_VERSION;
        int r = older ? store_keep_version(s, id->version, STORE_VERSION, &copy) : 0;
        if (r == 0)
                r = transaction_begin(s);
        if (r != 0)
                return r;
        r = transaction_end(s, migrate(s));
        if (r != 0 && older) {
                char why[STORE_ERROR_MAX];
                (void)snprintf(why, sizeof why, "%s", s->error);
                return store_complain(s, r,
                                      "%s. The upgrade from schema version %lld to %d is undone: the program that wrote the database can "
                                      "still use it, and %s is a copy of it",
                                      why, (long long)id->version, STORE_VERSION, copy);
        }
        if (r == 0 && older &&
            asprintf(&s->notice, "The database %s was upgraded from schema version %lld to %d; as it was it is kept in %s", s->path,
                     (long long)id->version, STORE_VERSION, copy) < 0)
                s->notice = NULL;
        return r;
}

static int open_database(struct store *s, enum store_mode mode) {
        int r = find_or_create(s, mode);
        if (r != 0)
                return r;
        r = connect_file(s, mode);
        if (r != 0)
                return r;
        struct identity id;
        r = identify(s, &id);
        if (r != 0)
                return r;
        r = judge(s, &id);
        if (r != 0)
                return r;
        if (mode == STORE_READ)
                return is_empty(&id) ? store_complain(s, STORE_ABSENT, "the database %s is empty: no audit has run yet", s->path) : 0;
        r = set_journal(s, &id);
        if (r != 0)
                return r;
        r = upgrade(s, &id);
        return r != 0 ? r : execute(s, "PRAGMA foreign_keys = ON", "set up the connection");
}

/* By its first bytes: "SQLite format 3" and, at 68, the application id (sqlite.org/fileformat2.html, section 1.3). */
static bool has_our_header(const char *path) {
        unsigned char header[72];
        _cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0 || read(fd, header, sizeof header) != sizeof header || memcmp(header, "SQLite format 3", 16) != 0)
                return false;
        return ((uint32_t)header[68] << 24 | (uint32_t)header[69] << 16 | (uint32_t)header[70] << 8 | header[71]) == STORE_APPLICATION_ID;
}

/* What may be over by itself, or once an operator has made room: no mistake in the database or in us. */
static bool may_pass(const struct store *s, int r) {
        switch (s->failed) {
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
        case SQLITE_PROTOCOL:
        case SQLITE_FULL:
        case SQLITE_IOERR:
        case SQLITE_READONLY:
        case SQLITE_CANTOPEN:
                return true;
        default:
                return r == -EROFS;
        }
}

int store_connect(struct store *s, enum store_mode mode) {
        s->failed = 0;
        int r = open_database(s, mode);
        s->unready = r < 0;
        if (r == 0 || mode == STORE_READ || !s->db)
                return r;
        if (s->damaged) { /* closed first: to close a file drops all locks that this process has on it */
                store_disconnect(s);
                s->damaged = has_our_header(s->path);
                s->unready = s->damaged;
                return !s->damaged ? r : mode == STORE_SERVE ? 0 : STORE_DAMAGED;
        }
        return mode == STORE_SERVE && r < 0 && may_pass(s, r) ? 0 : r;
}

void store_disconnect(struct store *s) {
        for (size_t i = 0; i < ELEMENTS(s->statements); i++) {
                (void)sqlite3_finalize(s->statements[i]); /* repeats the failure of its last step */
                s->statements[i] = NULL;
        }
        (void)sqlite3_close(s->db);
        s->db = NULL;
        s->damaged = false;
}

int store_open(struct store **ret, const char *path, enum store_mode mode, char **ret_error) {
        struct store *s = calloc(1, sizeof *s);
        if (!s)
                return -ENOMEM;
        s->lock_fd = -1;
        s->path = strdup(path);
        int r = s->path ? store_connect(s, mode) : -ENOMEM;
        if (r != 0) {
                if (ret_error)
                        *ret_error = strdup(s->error[0] ? s->error : strerror(r < 0 ? -r : EIO));
                store_close(s);
                return r;
        }
        *ret = s;
        return 0;
}

struct store *store_close(struct store *s) {
        if (!s)
                return NULL;
        store_disconnect(s);
        store_unlock(s);
        free(s->path);
        free(s->notice);
        free(s);
        return NULL;
}

static int break_runs(struct store *s, unsigned *ret_broken) {
        _cleanup_(query_end) struct query q = query_begin(s, STATEMENT_BREAK_RUNS, "mark broken runs");
        int r = query_run(&q);
        if (r == 0 && ret_broken)
                *ret_broken = (unsigned)sqlite3_changes(s->db);
        return r;
}

int store_lock(struct store *s, unsigned *ret_broken) {
        if (s->lock_fd >= 0)
                return store_complain(s, -EALREADY, "the audit lock of %s is held already", s->path);
        _cleanup_(freep) char *path = NULL;
        if (asprintf(&path, "%s.lock", s->path) < 0) {
                path = NULL;
                return -ENOMEM;
        }
        _cleanup_(closep) int fd = -1;
        int r = store_create_file(path, &fd);
        if (r == -EEXIST) {
                fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
                if (fd < 0 && errno == EROFS)
                        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
                r = fd < 0 ? -errno : 0;
        }
        if (r == 0 && flock(fd, LOCK_EX | LOCK_NB) < 0)
                r = -errno;
        if (r == -EWOULDBLOCK)
                return store_complain(s, STORE_BUSY, "another process audits %s", s->path);
        if (r < 0)
                return store_complain(s, r, "unable to lock %s: %s", path, strerror(-r));
        s->lock_fd = fd;
        fd = -1;
        if (s->unready && !s->damaged) {
                store_disconnect(s);
                (void)store_connect(s, STORE_SERVE);
        }
        return s->unready || break_runs(s, ret_broken) < 0 ? STORE_UNWRITTEN : 0;
}

void store_unlock(struct store *s) {
        if (s->lock_fd < 0)
                return;
        (void)flock(s->lock_fd, LOCK_UN); /* also for a child that has not yet called exec */
        (void)close(s->lock_fd);
        s->lock_fd = -1;
}

void store_release_memory(struct store *s) {
        if (s->db)
                (void)sqlite3_db_release_memory(s->db);
}

/* "1: FLOCK  ADVISORY  WRITE 1234 08:01:131 0 EOF", device numbers in hex: proc(5). */
static bool is_lock_of(const char *line, const struct stat *st, pid_t *ret) {
        int pid;
        unsigned device_major, device_minor;
        unsigned long long inode;
        if (sscanf(line, "%*u: FLOCK %*s WRITE %d %x:%x:%llu ", &pid, &device_major, &device_minor, &inode) != 4 ||
            device_major != major(st->st_dev) || device_minor != minor(st->st_dev) || inode != st->st_ino)
                return false;
        *ret = pid > 0 ? pid : 0;
        return true;
}

static void fclosep(FILE **f) {
        if (*f)
                (void)fclose(*f);
}

int store_lock_holder(const char *path, pid_t *ret) {
        _cleanup_(freep) char *lock = NULL;
        _cleanup_(fclosep) FILE *f = NULL;
        struct stat st;
        char line[LOCK_LINE_MAX];
        if (asprintf(&lock, "%s.lock", path) < 0) {
                lock = NULL;
                return -ENOMEM;
        }
        if (stat(lock, &st) < 0)
                return errno == ENOENT || errno == ENOTDIR ? STORE_NONE : -errno;
        f = fopen("/proc/locks", "re");
        if (!f)
                return -errno;
        while (fgets(line, sizeof line, f))
                if (is_lock_of(line, &st, ret))
                        return 0;
        return ferror(f) ? -EIO : STORE_NONE;
}
