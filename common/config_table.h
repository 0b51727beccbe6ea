/* config_table.h: the tables that config.c reads, frees and describes a configuration by. */
#pragma once

#include "option.h"

extern const struct option_mapping config_mapping;       /* of a struct config */
extern const struct option_mapping config_trunk_mapping; /* of a struct config_trunk */

/* The platform's domain in a region of the table, behind "login." and "api."; NULL when there is no such region. */
const char *config_region_domain(const char *region);
