/* nagios_command.h: trunkaudit status --nagios. */
#pragma once

#include "command.h"

/* Returns the exit status of a monitoring plugin: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN. Everything it says is on standard output. */
int nagios_command(const struct command_line *l);
