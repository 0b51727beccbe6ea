/* store_copy.c: a copy of the database, taken while others read and write it. It is a plain file without a log, it is checked, and only
 * then it gets its name. */
#include "store_private.h"

#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define COPY_STEP_PAGES 1024 /* copied at once; between two such steps a signal is heard */
#define COPY_SUFFIX ".partial"
#define DAMAGE_TEXT_MAX 300 /* bytes of the first damage that is found */

static void closep(int *fd) {
        if (*fd >= 0)
                (void)close(*fd);
}

static void db_closep(sqlite3 **db) {
        (void)sqlite3_close(*db);
}

/* -- what is in a database ----------------------------------------------------------------------------------------------- */

/* Three tables that every version has. */
static const char facts_sql[] = "SELECT (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version),"
                                " (SELECT count(*) FROM run), (SELECT count(*) FROM result), (SELECT count(*) FROM evidence),"
                                " (SELECT page_count FROM pragma_page_count) * (SELECT page_size FROM pragma_page_size)";

struct facts {
        int64_t application, version, runs, results, messages, bytes;
};

static int read_facts(sqlite3 *db, struct facts *ret) {
        sqlite3_stmt *statement = NULL;
        int rc = sqlite3_prepare_v2(db, facts_sql, -1, &statement, NULL);
        if (rc == SQLITE_OK)
                rc = sqlite3_step(statement);
        if (rc == SQLITE_ROW)
                *ret = (struct facts){sqlite3_column_int64(statement, 0), sqlite3_column_int64(statement, 1),
                                      sqlite3_column_int64(statement, 2), sqlite3_column_int64(statement, 3),
                                      sqlite3_column_int64(statement, 4), sqlite3_column_int64(statement, 5)};
        (void)sqlite3_finalize(statement);
        return rc == SQLITE_ROW ? SQLITE_OK : rc;
}

int store_examine(sqlite3 *db, char *damage, size_t size) {
        static const char *const checks[] = {
                "SELECT integrity_check FROM pragma_integrity_check(1) WHERE integrity_check <> 'ok'",
                "SELECT format('a row of %s refers to one that is not there', \"table\") FROM pragma_foreign_key_check LIMIT 1",
        };
        damage[0] = '\0';
        for (size_t i = 0; i < ELEMENTS(checks) && !damage[0]; i++) {
                sqlite3_stmt *statement = NULL;
                int rc = sqlite3_prepare_v2(db, checks[i], -1, &statement, NULL);
                if (rc == SQLITE_OK)
                        rc = sqlite3_step(statement);
                const char *text = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(statement, 0) : NULL;
                bool damaged = rc == SQLITE_NOTADB || (rc & 0xFF) == SQLITE_CORRUPT; /* extended codes too */
                if (rc == SQLITE_ROW || damaged)
                        (void)snprintf(damage, size, "%s", text ? text : sqlite3_errmsg(db));
                (void)sqlite3_finalize(statement);
                if (rc != SQLITE_ROW && rc != SQLITE_DONE && !damaged)
                        return -EIO;
        }
        for (char *p = damage; *p; p++) /* SQLite's own sentence may have several lines */
                if (*p == '\n')
                        *p = ' ';
        return damage[0] ? STORE_DAMAGED : 0;
}

/* -- copying -------------------------------------------------------------------------------------------------------------- */

struct copy {
        struct store *store;
        const char *file;
        char *partial;
        int fd;        /* of the partial file; holds a lock against a second copy under the same name */
        int directory; /* of both */
        bool made;     /* the partial file is ours to remove */
        struct facts facts;
};

static void copy_clear(struct copy *c) {
        if (c->made && c->partial)
                (void)unlink(c->partial);
        closep(&c->fd); /* after every connection to it is gone: closing drops their locks */
        closep(&c->directory);
        free(c->partial);
}

static int cannot(struct copy *c, int r, const char *why) {
        return store_complain(c->store, r, "unable to make the copy %s: %s", c->file, why);
}

static int open_directory(struct copy *c) {
        _cleanup_(freep) char *copy = strdup(c->file);
        if (!copy || asprintf(&c->partial, "%s" COPY_SUFFIX, c->file) < 0) {
                c->partial = NULL;
                return -ENOMEM;
        }
        c->directory = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return c->directory < 0 ? cannot(c, -errno, strerror(errno)) : 0;
}

/* Whatever the caller wants to replace, it is no file of the database itself. */
static bool is_own(const struct store *s, const struct stat *there) {
        static const char *const suffixes[] = {"", "-wal", "-shm", ".lock"};
        for (size_t i = 0; i < ELEMENTS(suffixes); i++) {
                _cleanup_(freep) char *name = NULL;
                struct stat own;
                if (asprintf(&name, "%s%s", s->path, suffixes[i]) < 0)
                        name = NULL;
                if (!name || (stat(name, &own) == 0 && own.st_dev == there->st_dev && own.st_ino == there->st_ino))
                        return true;
        }
        return false;
}

static int look_at_name(struct copy *c, bool replace) {
        struct stat there;
        if (lstat(c->file, &there) < 0)
                return errno == ENOENT ? 0 : cannot(c, -errno, strerror(errno));
        if (is_own(c->store, &there))
                return store_complain(c->store, STORE_EXISTS, "%s is a file of the database itself", c->file);
        if (!S_ISREG(there.st_mode))
                return store_complain(c->store, STORE_EXISTS, "%s is there already, and is not a file", c->file);
        return replace ? 0 : store_complain(c->store, STORE_EXISTS, "%s is there already", c->file);
}

static int make_partial(struct copy *c) {
        int r = store_create_file(c->partial, &c->fd);
        if (r == -EEXIST) { /* left behind, or somebody's who works on it */
                c->fd = open(c->partial, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
                r = c->fd < 0 ? -errno : 0;
        }
        if (r < 0)
                return cannot(c, r, strerror(-r));
        if (flock(c->fd, LOCK_EX | LOCK_NB) < 0)
                return cannot(c, -errno, errno == EWOULDBLOCK ? "another process is making it" : strerror(errno));
        c->made = true;
        return ftruncate(c->fd, 0) < 0 ? cannot(c, -errno, strerror(errno)) : 0;
}

/* With reserve, as much again must stay free beside the copy. */
static int look_for_room(struct copy *c, bool reserve) {
        struct statvfs fs;
        if (fstatvfs(c->directory, &fs) < 0)
                return cannot(c, -errno, strerror(errno));
        uint64_t free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize, needed = (uint64_t)c->facts.bytes * (reserve ? 2 : 1);
        if (free_bytes >= needed)
                return 0;
        return store_complain(c->store, -ENOSPC, "unable to make the copy %s: it needs %.1f MB, and %.1f MB are free there", c->file,
                              (double)needed / 1e6, (double)free_bytes / 1e6);
}

/* Between the two statements that keep one view of the database from the counts to the last page. */
static int copy_pages(struct copy *c, sqlite3 *to) {
        sqlite3_backup *backup = sqlite3_backup_init(to, "main", c->store->db, "main");
        if (!backup)
                return cannot(c, -EIO, sqlite3_errmsg(to));
        int rc;
        do
                rc = sqlite3_backup_step(backup, COPY_STEP_PAGES);
        while (rc == SQLITE_OK);
        (void)sqlite3_backup_finish(backup);
        if (rc == SQLITE_DONE)
                return 0;
        int error = sqlite3_system_errno(to);
        if (rc == SQLITE_FULL || error == ENOSPC || error == EDQUOT || error == EFBIG)
                return cannot(c, -ENOSPC, strerror(error ? error : ENOSPC));
        return cannot(c, rc == SQLITE_NOMEM ? -ENOMEM : -EIO, rc == SQLITE_CORRUPT ? "the database is damaged" : sqlite3_errstr(rc));
}

static int open_partial(struct copy *c, int flags, sqlite3 **ret) {
        if (sqlite3_open_v2(c->partial, ret, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW, NULL) == SQLITE_OK)
                return 0;
        return cannot(c, -EIO, *ret ? sqlite3_errmsg(*ret) : strerror(ENOMEM));
}

/* It is made durable at the end, at once. Out of WAL mode it needs no file beside it, and a reader may not write there. */
static int fill_partial(struct copy *c) {
        _cleanup_(db_closep) sqlite3 *to = NULL;
        int r = open_partial(c, SQLITE_OPEN_READWRITE, &to);
        if (r == 0 && sqlite3_exec(to, "PRAGMA synchronous = OFF; PRAGMA journal_mode = OFF", NULL, NULL, NULL) != SQLITE_OK)
                r = cannot(c, -EIO, sqlite3_errmsg(to));
        if (r == 0)
                r = copy_pages(c, to);
        if (r == 0 && sqlite3_exec(to, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL) != SQLITE_OK)
                r = cannot(c, -EIO, sqlite3_errmsg(to));
        return r;
}

static int check_partial(struct copy *c) {
        _cleanup_(db_closep) sqlite3 *copy = NULL;
        struct facts facts;
        char damage[DAMAGE_TEXT_MAX];
        int r = open_partial(c, SQLITE_OPEN_READONLY, &copy);
        if (r < 0)
                return r;
        r = store_examine(copy, damage, sizeof damage);
        if (r < 0)
                return cannot(c, r, sqlite3_errmsg(copy));
        if (r == STORE_DAMAGED)
                return store_complain(c->store, r, "the copy of %s is not good, so the database is damaged: %s", c->store->path, damage);
        if (read_facts(copy, &facts) != SQLITE_OK)
                return cannot(c, -EIO, sqlite3_errmsg(copy));
        c->facts.bytes = facts.bytes;
        return memcmp(&facts, &c->facts, sizeof facts) == 0 ? 0 : cannot(c, -EIO, "it has not the rows that the database has");
}

static int name_partial(struct copy *c, bool replace) {
        if (fsync(c->fd) < 0)
                return cannot(c, -errno, strerror(errno));
        int r = renameat2(AT_FDCWD, c->partial, AT_FDCWD, c->file, replace ? 0 : RENAME_NOREPLACE);
        if (r < 0 && errno == EINVAL) /* a file system that cannot refuse; it was looked at above */
                r = rename(c->partial, c->file);
        if (r < 0 && errno == EEXIST)
                return store_complain(c->store, STORE_EXISTS, "%s is there already", c->file);
        if (r < 0)
                return cannot(c, -errno, strerror(errno));
        c->made = false;
        return fsync(c->directory) < 0 ? cannot(c, -errno, strerror(errno)) : 0;
}

/* The counts and the pages are of one moment: the transaction holds it. */
static int fill(struct copy *c, bool reserve) {
        sqlite3 *db = c->store->db;
        if (sqlite3_exec(db, "BEGIN", NULL, NULL, NULL) != SQLITE_OK)
                return store_fail(c->store, "copy the database");
        int r = read_facts(db, &c->facts) == SQLITE_OK ? 0 : store_fail(c->store, "copy the database");
        if (r == 0)
                r = look_for_room(c, reserve);
        if (r == 0)
                r = make_partial(c);
        if (r == 0)
                r = fill_partial(c);
        (void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
        return r;
}

int store_copy(struct store *s, const char *file, unsigned flags, struct store_copy *ret) {
        _cleanup_(copy_clear) struct copy c = {.store = s, .file = file, .fd = -1, .directory = -1};
        int r = open_directory(&c);
        if (r == 0)
                r = look_at_name(&c, flags & STORE_COPY_REPLACE);
        if (r == 0)
                r = fill(&c, flags & STORE_COPY_RESERVE);
        if (r == 0)
                r = check_partial(&c);
        if (r == 0)
                r = name_partial(&c, flags & STORE_COPY_REPLACE);
        if (r == 0 && ret)
                *ret = (struct store_copy){.version = c.facts.version,
                                           .runs = c.facts.runs,
                                           .results = c.facts.results,
                                           .bytes = c.facts.bytes,
                                           .current = store_is_current(c.facts.version)};
        return r;
}

/* -- before an upgrade ------------------------------------------------------------------------------------------------------ */

static char *kept_name(const struct store *s, int64_t version) {
        char *name;
        return asprintf(&name, "%s.schema-%lld", s->path, (long long)version) < 0 ? NULL : name;
}

/* The newest ones stay, whatever their versions. */
static void remove_old(const struct store *s, int64_t version) {
        for (unsigned kept = 0; version > 0; version--) {
                _cleanup_(freep) char *name = kept_name(s, version);
                struct stat st;
                if (name && lstat(name, &st) == 0 && kept++ >= STORE_KEPT_COPIES)
                        (void)unlink(name);
        }
}

int store_keep_version(struct store *s, int64_t version, int64_t next, char **ret) {
        _cleanup_(freep) char *name = kept_name(s, version);
        if (!name)
                return -ENOMEM;
        int r = store_copy(s, name, STORE_COPY_REPLACE | STORE_COPY_RESERVE, NULL);
        if (r == 0) {
                remove_old(s, version);
                *ret = TAKE_PTR(name);
                return 0;
        }
        char why[STORE_ERROR_MAX];
        (void)snprintf(why, sizeof why, "%s", s->error);
        return store_complain(s, r,
                              "unable to upgrade %s from schema version %lld to %lld, because a copy is made first: %s. The database is as "
                              "it was.",
                              s->path, (long long)version, (long long)next, why);
}
