/* recording.h: what is kept of a reply of the platform for tests and support: under which name, and without secrets. */
#pragma once

#include "base.h"

#define RECORDING_NAME_MAX 200 /* bytes with the final NUL; a longer name is cut, and a hash of the whole takes the place of the rest */

/* "architect_trunk-connections_pageSize=100_pageNumber=1.json" of GET …/api/v2/architect/trunk-connections?pageSize=100&pageNumber=1; the
 * method in front when it is another, the status behind the name when it is not 200 (".403.json"). The host is not in it. */
void recording_name(char ret[static RECORDING_NAME_MAX], const char *method, const char *url, int status);

/* A body (JSON; other bytes do no harm) in which "removed" stands in place of every text and 0 in place of every number under a key that
 * tells of a secret, and of the response of every Digest line, and of every Basic or Bearer line. What remains reads as before.
 * malloc'ed; returns 0 or -ENOMEM. */
int recording_redact(char **ret, size_t *ret_n, struct span body);
