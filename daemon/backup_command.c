/* backup_command.c: `trunkaudit backup FILE`. */
#include "backup_command.h"

#include <stdio.h>
#include <unistd.h>

#include "now.h"

static int refuse(const struct store *store, int code, const char *remedy) {
        return complain(code, "backup: %s%s", store_error(store), remedy);
}

/* Who may write to the database records the backup in it; for others it is made all the same. */
static void record(const char *database, const char *file) {
        _cleanup_(store_closep) struct store *store = NULL;
        _cleanup_(freep) char *full = realpath(file, NULL);
        if (full && access(database, W_OK) == 0 && store_open(&store, database, STORE_WRITE, NULL) == 0)
                (void)store_put_deed(store, STORE_DEED_BACKUP, now_realtime(), full);
}

int backup_command(const struct command_line *l) {
        _cleanup_(store_closep) struct store *store = NULL;
        struct store_copy copy;
        if (l->argc != 1)
                return complain(EXIT_USAGE, "backup: name the file to make");
        int code = command_open_for_reading(l, &store);
        if (code)
                return code;
        int r = store_copy(store, l->argv[0], l->overwrite ? STORE_COPY_REPLACE : 0, &copy);
        if (r == STORE_EXISTS)
                return refuse(store, EXIT_USAGE,
                              l->overwrite ? " (name another file)" : " (name another file, or replace it with --overwrite)");
        if (r == STORE_DAMAGED)
                return refuse(store, EXIT_FAILED, " (keep the last good backup; the manual says how it is restored)");
        if (r == -ENOSPC)
                return refuse(store, EXIT_BROKEN, " (free some, or name a file elsewhere)");
        if (r == -EACCES || r == -EPERM || r == -EROFS || r == -ENOENT || r == -ENOTDIR)
                return refuse(store, EXIT_BROKEN, " (name a file in a directory that this user may write)");
        if (r != 0)
                return refuse(store, EXIT_BROKEN, "");
        if (copy.current)
                record(store_path(store), l->argv[0]);
        (void)printf("%s: %lld runs, %lld results, %.1f MB, schema version %lld; checked\n", l->argv[0], (long long)copy.runs,
                     (long long)copy.results, (double)copy.bytes / 1e6, (long long)copy.version);
        return EXIT_PASSED;
}
