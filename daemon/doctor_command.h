/* doctor_command.h: `trunkaudit doctor`: what the checks of the set-up found, line by line or as JSON. */
#pragma once

#include <stdbool.h>

struct doctor_options {
        const char *config_file;
        bool json;
};

/* Returns trunkaudit's exit code: 0 all is good, 1 something failed, 2 the configuration cannot be used, 3 warnings or skipped checks
 * only, 4 broken. */
int doctor_command(const struct doctor_options *o);
