/* view_command.h: trunkaudit status, history and clock. Each returns the exit code. */
#pragma once

#include "command.h"

int view_command_status(const struct command_line *l);
int view_command_history(const struct command_line *l);
int view_command_clock(const struct command_line *l);
