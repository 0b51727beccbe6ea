/* lab_config.h: writes DIR/trunkauditd.yaml and DIR/secrets for the scenario's present phase. */
#pragma once

#include "lab.h"

void config_write(struct lab *lab);

/* True when the configuration, and not the platform, says where the trunk's carrier is and how it authenticates. */
bool config_tells_all(const struct trunk_spec *t);
