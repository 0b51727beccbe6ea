/* store_damage.c: a database that SQLite calls malformed is kept under another name, and a new one takes its place. */
#include "store_private.h"

#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <unistd.h>

#define KEPT_MAX 1000 /* damaged files beside the database */

static const char *const parts[] = {"", "-wal", "-shm"}; /* of a database */

bool store_is_damaged(const struct store *s) {
        return s->damaged;
}

static int part_name(char ret[static STORE_NAME_MAX], const char *path, size_t part) {
        int n = snprintf(ret, STORE_NAME_MAX, "%s%s", path, parts[part]);
        return n < 0 || n >= STORE_NAME_MAX ? -ENAMETOOLONG : 0;
}

/* A second name for each part; the first ones go later. */
static int keep(struct store *s, char ret_kept[static STORE_NAME_MAX]) {
        char from[STORE_NAME_MAX], to[STORE_NAME_MAX];
        int r = -EEXIST;
        for (unsigned n = 1; r == -EEXIST && n <= KEPT_MAX; n++) {
                int length = snprintf(ret_kept, STORE_NAME_MAX, "%s.damaged-%u", s->path, n);
                if (length < 0 || length >= STORE_NAME_MAX)
                        r = -ENAMETOOLONG;
                else
                        r = link(s->path, ret_kept) < 0 ? -errno : 0;
        }
        for (size_t i = 1; r == 0 && i < ELEMENTS(parts); i++) {
                r = part_name(from, s->path, i);
                if (r == 0)
                        r = part_name(to, ret_kept, i);
                if (r == 0 && link(from, to) < 0 && errno != ENOENT)
                        r = -errno;
        }
        return r < 0 ? store_complain(s, r, "unable to keep %s as %s: %s", s->path, ret_kept, strerror(-r)) : 0;
}

static void remove_parts(const char *path, size_t first) {
        char name[STORE_NAME_MAX];
        for (size_t i = first; i < ELEMENTS(parts); i++)
                if (part_name(name, path, i) == 0)
                        (void)unlink(name);
}

static int note_damage(struct store *fresh, const struct guard_time *now, const char *kept, const char *error) {
        _cleanup_(query_end) struct query q = query_begin(fresh, STATEMENT_PUT_DAMAGE, "note the damage");
        bind_integer(&q, ":wall", now->wall_usec);
        bind_integer(&q, ":boot_usec", now->boot_usec);
        bind_text(&q, ":boot", now->boot);
        bind_text(&q, ":kept", kept);
        bind_text(&q, ":error", error);
        return query_run(&q);
}

/* A new database that already knows of the damage, complete under a name of its own. */
static int make_fresh(struct store *s, const char *path, const struct guard_time *now, const char *kept) {
        _cleanup_(store_closep) struct store *fresh = NULL;
        _cleanup_(freep) char *why = NULL;
        remove_parts(path, 0);
        int r = store_open(&fresh, path, STORE_WRITE, &why);
        if (r == 0) {
                r = note_damage(fresh, now, kept, s->error);
                if (r < 0)
                        why = strdup(store_error(fresh));
        }
        return r == 0 ? 0 : store_complain(s, r < 0 ? r : -EIO, "unable to begin a new database: %s", why ? why : "out of memory");
}

static int sync_directory(const char *path) {
        _cleanup_(freep) char *copy = strdup(path);
        int fd = copy ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
        int r = fd < 0 || fsync(fd) < 0 ? -errno : 0;
        if (fd >= 0)
                (void)close(fd);
        return r;
}

/* The old log goes first: SQLite would write it into whatever database it finds beside it. All of it has its second name by then. */
static int put_in_place(struct store *s, const char *fresh) {
        remove_parts(s->path, 1);
        int r = rename(fresh, s->path) < 0 ? -errno : 0;
        remove_parts(fresh, 1);
        if (r == 0)
                r = sync_directory(s->path);
        return r < 0 ? store_complain(s, r, "unable to put a new database in the place of %s: %s", s->path, strerror(-r)) : 0;
}

int store_replace(struct store *s, const struct guard_time *now, char ret_kept[static STORE_NAME_MAX]) {
        _cleanup_(freep) char *fresh = NULL;
        if (s->lock_fd < 0)
                return store_complain(s, -ENOLCK, "unable to replace %s: the audit lock is not ours", s->path);
        if (asprintf(&fresh, "%s.new", s->path) < 0) {
                fresh = NULL;
                return -ENOMEM;
        }
        store_disconnect(s);
        s->unready = true;
        int r = keep(s, ret_kept);
        if (r == 0)
                r = make_fresh(s, fresh, now, ret_kept);
        if (r < 0) { /* tried again, under the same name */
                remove_parts(fresh, 0);
                remove_parts(ret_kept, 0);
        } else {
                r = put_in_place(s, fresh);
        }
        if (r == 0)
                r = store_connect(s, STORE_SERVE);
        s->damaged |= r != 0;
        return r > 0 ? -EIO : r;
}
