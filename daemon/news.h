/* news.h: what the journal is told beside the verdicts: trunks that came to the platform's list or left it, alerts of trunks
 * that are no longer audited, and differences between platform, configuration and carrier. */
#pragma once

#include "../common/store.h"
#include "journal.h"

/* Tells what was not told yet, then notes that it was: a crash in between tells it twice, never loses it. More than summary_above of a
 * kind are counted in one event. Returns 0 or -errno (store_error()). */
int news_tell(struct journal *journal, struct store *store, const struct run *run, unsigned summary_above);
