/* changes.h: what was changed before it broke: asks the audit log about the trunks that turned bad, and stores the answer with them. */
#pragma once

#include "../common/store.h"
#include "journal.h"
#include "platform_call.h"

struct changes;

typedef void changes_done_fn(struct changes *c, void *user);

enum { CHANGES_NONE = 1 }; /* changes_start: there is nothing to ask, or it may not be asked now */

/* Call it when the run's results are stored. One query serves all trunks that turned bad in this run, and those of earlier runs that have
 * no answer yet. trunks, which knows their bases, is borrowed until done. Returns 0, CHANGES_NONE, -errno (told to the journal). */
int changes_start(struct changes **ret, const struct platform_context *context, struct store *store, struct journal *journal, int64_t run,
                  const struct trunk_list *trunks, changes_done_fn *done, void *user);
struct changes *changes_free(struct changes *c); /* before done: cancels; what was not answered is asked with the next run */

/* What was changed on a trunk that turned bad in this run, a sentence with a space in front; "" when it is not known (yet). c may be NULL.
 */
const char *changes_text(const struct changes *c, const char *trunk_id);
