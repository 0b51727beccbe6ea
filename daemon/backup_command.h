/* backup_command.h: `trunkaudit backup FILE`: a checked copy of the database, taken while the service writes it. */
#pragma once

#include "command.h"

/* Prints what is in the copy, or why there is none. Returns the exit code: 0 done, 1 the database is damaged, 2 usage, or FILE is there
 * already, 3 there is no database, 4 the copy could not be made. */
int backup_command(const struct command_line *l);
