/* spool.h: alerts that wait for the hook: one file each, in a directory that trunkauditd-alert.path watches. */
#pragma once

#include <sys/uio.h>

#include "../common/base.h"

#define SPOOL_FILES_MAX 1000 /* alerts that wait; further ones are only in the journal */

enum { SPOOL_FULL = 1 };

/* Writes the texts "NAME=value", a line each, into a file of their own, which appears complete and durable or not at all. It is named by
 * the incident and the order in it: "INCIDENT.NUMBER", in digits. The directory is made when it is not there. The texts have no control
 * characters. Returns 0, SPOOL_FULL, or -errno. */
int spool_put(const char *directory, int64_t incident, const struct iovec *texts, size_t n);
