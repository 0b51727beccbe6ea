/* refresh.h: before the probes: writes the credentials that are held here to the platform, for trunks with "refresh: true".
 *
 * It writes the same user name, realm and password that the probe will use; it changes no password, and it renews no nonce, which is the
 * carrier's alone. A trunk whose credentials the carrier refused the last time is left alone. Of a trunk whose base is known, the base is
 * read, and written back with the credentials in it and the version it had. A trunk connection is written with
 * {"version", "sip": {"username", "realm"}, "digest": {"password"}} at its selfUri: nothing public says how that endpoint is written, so
 * this is an assumption. */
#pragma once

#include "journal.h"
#include "platform_call.h"
#include "trunk_audit.h"

struct refresh;

struct refresh_request {
        int64_t run;
        struct trunk_audit *const *items; /* borrowed until done */
        size_t n;
        bool dry_run; /* reads, and stores what would be written */
};

typedef void refresh_done_fn(struct refresh *r, void *user);

enum { REFRESH_NONE = 1 }; /* refresh_start: no trunk wants it */

/* One trunk after the other, within platform.deadline. Each write is a row of `refresh` before it is sent, and again when it has ended.
 * Returns 0, REFRESH_NONE, -errno (told to the journal). */
int refresh_start(struct refresh **ret, const struct platform_context *context, struct store *store, struct journal *journal,
                  const struct refresh_request *request, refresh_done_fn *done, void *user);
struct refresh *refresh_free(struct refresh *r); /* before done: cancels */
