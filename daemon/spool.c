/* spool.c: a file for each alert, written beside its place and renamed. */
#include "spool.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "now.h"

#define DIRECTORY_MODE 0750 /* the hook belongs to the group */
#define FILE_MODE 0640
#define PART ".part" /* hidden from the watcher, and never two at a time */

static void closep(int *fd) {
        if (*fd >= 0)
                (void)close(*fd);
}

static int open_directory(const char *path, int *ret) {
        if (mkdir(path, DIRECTORY_MODE) < 0 && errno != EEXIST)
                return -errno;
        int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        *ret = fd;
        return 0;
}

/* How many files wait, and the highest number among those of the incident. */
static int look(int directory, int64_t incident, int *ret_files, unsigned long long *ret_number) {
        int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *d = fd < 0 ? NULL : fdopendir(fd);
        if (!d) {
                int error = errno;
                if (fd >= 0)
                        (void)close(fd);
                return -error;
        }
        *ret_files = 0;
        *ret_number = 0;
        errno = 0;
        for (struct dirent *e; (e = readdir(d));) {
                long long of;
                unsigned long long number;
                *ret_files += e->d_name[0] != '.';
                if (sscanf(e->d_name, "%lld.%llu", &of, &number) == 2 && of == incident && number > *ret_number)
                        *ret_number = number;
        }
        int error = errno;
        (void)closedir(d);
        return -error;
}

static int write_texts(int fd, const struct iovec *texts, size_t n) {
        for (size_t i = 0; i < n; i++) {
                struct iovec line[] = {texts[i], {(char[]){'\n'}, 1}};
                ssize_t written = writev(fd, line, 2);
                if (written < 0)
                        return -errno;
                if ((size_t)written != texts[i].iov_len + 1)
                        return -ENOSPC; /* of a regular file there is no other reason */
        }
        return fsync(fd) < 0 ? -errno : 0;
}

/* The number is the time, unless the clock was set back. link() does not replace: an alert that waits is never lost to a later one. */
static int name_it(int directory, int64_t incident, unsigned long long last) {
        unsigned long long number = (unsigned long long)now_realtime();
        if (number <= last)
                number = last + 1;
        for (;; number++) {
                char name[64];
                (void)snprintf(name, sizeof name, "%lld.%016llu", (long long)incident, number);
                if (linkat(directory, PART, directory, name, 0) == 0)
                        return 0;
                if (errno != EEXIST)
                        return -errno;
        }
}

int spool_put(const char *path, int64_t incident, const struct iovec *texts, size_t n) {
        _cleanup_(closep) int directory = -1, fd = -1;
        int r = open_directory(path, &directory);
        if (r < 0)
                return r;
        int files = 0;
        unsigned long long last = 0;
        r = look(directory, incident, &files, &last);
        if (r < 0 || files >= SPOOL_FILES_MAX)
                return r < 0 ? r : SPOOL_FULL;
        (void)unlinkat(directory, PART, 0); /* what a crash left */
        fd = openat(directory, PART, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
        if (fd < 0)
                return -errno;
        r = fchmod(fd, FILE_MODE) < 0 ? -errno : write_texts(fd, texts, n);
        if (r == 0)
                r = name_it(directory, incident, last);
        (void)unlinkat(directory, PART, 0);
        return r == 0 && fsync(directory) < 0 ? -errno : r;
}
