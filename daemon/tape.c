/* tape.c: a reply is the whole file: what a support person opens is what the platform said. */
#include "tape.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../common/recording.h"

static void close_file(FILE **f) {
        if (*f)
                (void)fclose(*f);
}

static int join(char **ret, const char *directory, const char *name) {
        char *path;
        if (asprintf(&path, "%s/%s", directory, name) < 0)
                return -ENOMEM;
        *ret = path;
        return 0;
}

int tape_begin(const char *directory) {
        if (mkdir(directory, 0700) == 0)
                return 0;
        if (errno != EEXIST)
                return -errno;
        DIR *d = opendir(directory);
        if (!d)
                return -errno;
        bool empty = true;
        for (const struct dirent *e = readdir(d); e; e = readdir(d))
                empty = empty && (text_eq(e->d_name, ".") || text_eq(e->d_name, ".."));
        (void)closedir(d);
        return empty ? 0 : -ENOTEMPTY;
}

int tape_write(const char *directory, const char *method, const char *url, int status, struct span body) {
        char name[RECORDING_NAME_MAX];
        _cleanup_(freep) char *path = NULL, *text = NULL;
        size_t n = 0;
        recording_name(name, method, url, status);
        int r = join(&path, directory, name);
        if (r == 0)
                r = recording_redact(&text, &n, body);
        if (r < 0)
                return r;
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
                return -errno;
        for (size_t done = 0; r == 0 && done < n;) {
                ssize_t more = write(fd, text + done, n - done);
                if (more < 0)
                        r = -errno;
                else
                        done += (size_t)more;
        }
        return close(fd) < 0 && r == 0 ? -errno : r;
}

/* Returns 0, -ENOENT, -errno. */
static int read_file(const char *path, char **ret_body, size_t *ret_n) {
        _cleanup_(close_file) FILE *f = fopen(path, "re");
        struct stat st;
        if (!f || fstat(fileno(f), &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode) || st.st_size > TAPE_SIZE_MAX)
                return -EFBIG;
        size_t size = (size_t)st.st_size;
        char *body = malloc(size + 1);
        if (!body)
                return -ENOMEM;
        *ret_n = fread(body, 1, size, f);
        *ret_body = body;
        return 0;
}

int tape_read(const char *directory, const char *method, const char *url, int *ret_status, char **ret_body, size_t *ret_n) {
        int r = -ENOENT;
        for (int status = 200; status < 600 && r == -ENOENT; status++) {
                char name[RECORDING_NAME_MAX];
                _cleanup_(freep) char *path = NULL;
                recording_name(name, method, url, status);
                r = join(&path, directory, name);
                if (r < 0)
                        return r;
                r = read_file(path, ret_body, ret_n);
                if (r == 0)
                        *ret_status = status;
        }
        return r;
}
