/* trunk_base.h: on the platform a trunk base holds the settings of the trunks that are made of it (profile `edges`). A base is read into
 * a struct trunk of its own: the texts are the same. */
#pragma once

#include "trunk.h"

/* Leaves in bases those that a trunk is made of, each once, sorted by id, with an empty one for each that is not among them. Returns 0 or
 * -errno. */
int trunk_base_select(struct trunk_list *bases, const struct trunk_list *trunks);

/* The page told nothing of the base's settings, and it may be a BYOC carrier's: ask for it by its id. */
bool trunk_base_is_bare(const struct trunk *base);

/* Writes the settings of each base, as trunk_base_select() left them, into its trunks, and takes out the trunks that are no BYOC carrier's:
 * those whose base is of another metabase and of another trunk type. Where neither is known the trunk stays. Returns 0 or -errno. */
int trunk_base_join(struct trunk_list *trunks, const struct trunk_list *bases, size_t *ret_others);
