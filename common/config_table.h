/* config_table.h: the tables that config.c reads, frees and describes a configuration by. */
#pragma once

#include "option.h"

extern const struct option_mapping config_mapping;         /* of a struct config */
extern const struct option_mapping config_trunk_mapping;   /* of a struct config_trunk */
extern const struct option_mapping config_silence_mapping; /* of a struct config_silence */

/* Of the list of silences (config_silence.c): a new one, and what they must be together with each other and the trunks. */
void *config_append_silence(void *object);
void config_check_silences(struct option_reader *r, const struct config *c);

/* The platform's domain in a region of the table, behind "login." and "api."; NULL when there is no such region. */
const char *config_region_domain(const char *region);
