/* secret.h: bytes that are wiped when freed, compared in constant time, and never printed. */
#pragma once

#include "base.h"

#define SECRET_MAX 4096 /* bytes */

struct secret;

/* Positive outcomes of secret_read(). */
enum {
        SECRET_ABSENT = 1, /* no such file */
        SECRET_EXPOSED,    /* not a regular file, or open to others than owner and group, or writable by the group */
        SECRET_EMPTY,
        SECRET_TOO_LONG,   /* more than SECRET_MAX */
        SECRET_UNREADABLE, /* no permission, or an I/O error; errno value in ret_error */
};

/* Copies n bytes. Returns 0 or -ENOMEM, -EINVAL (n == 0 or n > SECRET_MAX). */
int secret_new(struct secret **ret, const void *bytes, size_t n);

/* Reads PATH; one trailing newline (or CR LF) is not part of the secret. The file is opened once (O_NOFOLLOW is not set:
 * a symbolic link is followed, and what it leads to is what is judged). Returns 0, a positive outcome above, or -errno. */
int secret_read(struct secret **ret, const char *path, int *ret_error);

/* What a positive outcome means to whoever owns the file, a constant text. */
const char *secret_problem(int outcome);

/* Wipes and frees; NULL-safe; returns NULL. */
struct secret *secret_free(struct secret *s);
DEFINE_CLEANUP(struct secret *, secret_free)

/* The bytes; owned by the secret. */
struct span secret_bytes(const struct secret *s);

/* Constant time for equal lengths. */
bool secret_equal(const struct secret *a, const struct secret *b);
