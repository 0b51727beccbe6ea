/* metrics_file.c: from the database to the textfile. */
#include "metrics_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../common/metrics.h"
#include "now.h"

#define DAY_USEC (INT64_C(86400) * (int64_t)USEC_PER_SEC)
#define FILE_MODE 0644 /* the exporter runs as a user of its own; names of trunks and carriers are no secret of this host's users */

/* Returns 0, -ENOMEM, or -EIO with a text from store_error(). */
static int make_text(const struct metrics_file *f, const struct config *config, struct store *store, const struct journal *journal,
                     char **ret, size_t *ret_n) {
        _cleanup_(table_freep) struct table *trunks = NULL;
        struct metrics m = {
                .interval_usec = config->schedule.interval_usec,
                .started_usec = f->started_usec,
                .config_good = f->config_good,
                .config_usec = f->config_usec,
                .messages_lost = journal_lost_total(journal),
        };
        struct run run;
        int r = store_last_run(store, RUN_DONE, &run);
        if (r < 0)
                return r;
        if (r == 0)
                m.run = &run;
        r = store_count_runs(store, now_realtime() - DAY_USEC, &m.day);
        if (r == 0)
                r = store_read(store, STORE_VIEW_STANDING, NULL, 0, &trunks);
        if (r < 0)
                return r;
        m.trunks = trunks;
        return metrics_text(ret, ret_n, &m);
}

static int write_all(int fd, const char *text, size_t n) {
        while (n > 0) {
                ssize_t written = write(fd, text, n);
                if (written < 0 && errno == EINTR)
                        continue;
                if (written < 0)
                        return -errno;
                text += written;
                n -= (size_t)written;
        }
        return 0;
}

/* Not synchronised to the disk: the next run, or the next start, writes it anew. Its name does not end in .prom, so that no exporter takes
 * it for metrics before it is whole. */
static int replace(const char *path, const char *text, size_t n) {
        _cleanup_(freep) char *temporary = NULL;
        if (asprintf(&temporary, "%s.new", path) < 0) {
                temporary = NULL;
                return -ENOMEM;
        }
        int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
        if (fd < 0)
                return -errno;
        int r = fchmod(fd, FILE_MODE) < 0 ? -errno : write_all(fd, text, n); /* whatever the umask */
        if (close(fd) < 0 && r == 0)
                r = -errno;
        if (r == 0 && rename(temporary, path) < 0)
                r = -errno;
        if (r < 0)
                (void)unlink(temporary);
        return r;
}

void metrics_file_write(struct metrics_file *f, const struct config *config, struct store *store, struct journal *journal) {
        const char *path = config->metrics.file;
        _cleanup_(freep) char *text = NULL;
        size_t n = 0;
        if (!path)
                return;
        int made = make_text(f, config, store, journal, &text, &n);
        int r = made < 0 ? made : replace(path, text, n);
        if (r < 0 && !f->failing)
                journal_event(journal, EVENT_METRICS_FAILED, LOG_WARNING, NULL, "Unable to write the metrics to %s: %s", path,
                              made == -EIO ? store_error(store) : strerror(-r));
        else if (r == 0 && f->failing)
                journal_log(journal, LOG_NOTICE, "The metrics are written to %s again", path);
        f->failing = r < 0;
}
