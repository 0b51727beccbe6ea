/* secret.c: bytes that are wiped when freed. */
#include "secret.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <unistd.h>

struct secret {
        size_t n;
        char bytes[];
};

int secret_new(struct secret **ret, const void *bytes, size_t n) {
        if (n == 0 || n > SECRET_MAX)
                return -EINVAL;
        struct secret *s = malloc(sizeof *s + n);
        if (!s)
                return -ENOMEM;
        s->n = n;
        memcpy(s->bytes, bytes, n);
        *ret = s;
        return 0;
}

static void closep(int *fd) {
        if (*fd >= 0)
                (void)close(*fd);
}

/* What a failed open or read means: somebody else's doing is an outcome, our own exhaustion is not. */
static int failure(int error, int *ret_error) {
        switch (error) {
        case ENOENT:
        case ENOTDIR:
                return SECRET_ABSENT;
        case EMFILE:
        case ENFILE:
        case ENOMEM:
                return -error;
        default:
                *ret_error = error;
                return SECRET_UNREADABLE;
        }
}

/* Without the newline that an editor or `echo` leaves at the end. */
static size_t without_newline(const char *bytes, size_t n) {
        if (n > 0 && bytes[n - 1] == '\n') {
                n--;
                if (n > 0 && bytes[n - 1] == '\r')
                        n--;
        }
        return n;
}

/* Reads until the end or until the buffer is full. Returns 0 or an errno value. */
static int read_all(int fd, char *buffer, size_t size, size_t *ret) {
        size_t n = 0;
        while (n < size) {
                ssize_t r = read(fd, buffer + n, size - n);
                if (r < 0 && errno == EINTR)
                        continue;
                if (r < 0)
                        return errno;
                if (r == 0)
                        break;
                n += (size_t)r;
        }
        *ret = n;
        return 0;
}

int secret_read(struct secret **ret, const char *path, int *ret_error) {
        /* O_NONBLOCK: opening a FIFO must not wait for its writer. */
        _cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        if (fd < 0)
                return failure(errno, ret_error);
        struct stat st;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode) || (st.st_mode & (S_IRWXO | S_IWGRP)) != 0)
                return SECRET_EXPOSED;

        char buffer[SECRET_MAX + 3]; /* room for CR LF, and for one byte that tells "too long" */
        size_t n = 0;
        int error = read_all(fd, buffer, sizeof buffer, &n), r;
        size_t length = without_newline(buffer, n);
        if (error != 0)
                r = failure(error, ret_error);
        else if (length == 0)
                r = SECRET_EMPTY;
        else if (length > SECRET_MAX)
                r = SECRET_TOO_LONG;
        else
                r = secret_new(ret, buffer, length);
        OPENSSL_cleanse(buffer, sizeof buffer);
        return r;
}

const char *secret_problem(int outcome) {
        static const char *const texts[] = {
                [SECRET_ABSENT] = "there is no such file",
                [SECRET_EXPOSED] = "others can read or write it (chmod 600)",
                [SECRET_EMPTY] = "it is empty",
                [SECRET_TOO_LONG] = "it is too long",
                [SECRET_UNREADABLE] = "it cannot be read",
        };
        return texts[outcome];
}

struct secret *secret_free(struct secret *s) {
        if (s) {
                OPENSSL_cleanse(s->bytes, s->n);
                free(s);
        }
        return NULL;
}

struct span secret_bytes(const struct secret *s) {
        return (struct span){s->bytes, s->n};
}

bool secret_equal(const struct secret *a, const struct secret *b) {
        return a->n == b->n && CRYPTO_memcmp(a->bytes, b->bytes, a->n) == 0;
}
