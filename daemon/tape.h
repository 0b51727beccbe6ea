/* tape.h: replies of the platform as files of a directory: written by trunkaudit run --record, read in place of the network. */
#pragma once

#include "../common/base.h"

#define TAPE_SIZE_MAX (16 * 1024 * 1024) /* bytes of one reply that is read */

/* Makes the directory, which must be new or empty. Returns 0, -ENOTEMPTY, -errno. */
int tape_begin(const char *directory);

/* Writes a reply without its secrets, over an earlier one of the same request and status. Returns 0 or -errno. */
int tape_write(const char *directory, const char *method, const char *url, int status, struct span body);

/* The reply to a request: that of status 200 when there are several. ret_body is malloc'ed. Returns 0, -ENOENT (nothing was recorded),
 * -errno. */
int tape_read(const char *directory, const char *method, const char *url, int *ret_status, char **ret_body, size_t *ret_n);
