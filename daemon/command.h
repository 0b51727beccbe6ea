/* command.h: what the commands of trunkaudit share: the command line, exit codes, configuration and database, printing. */
#pragma once

#include "../common/config.h"
#include "../common/report.h"
#include "../common/store.h"
#include "explain_command.h"
#include "probe_command.h"

/* What a script can rely on. */
enum { EXIT_PASSED = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_UNTESTED = 3, EXIT_BROKEN = 4 };

struct command_line {
        const char *config_file;
        const char *database; /* NULL = the configuration's */
        bool json, force, dry_run, nagios, overwrite;
        uint64_t wait_usec;       /* for another process that audits; 0 = not at all, UINT64_MAX = for ever */
        const char *record;       /* directory for the platform's replies; NULL = none */
        const char *const *names; /* trunks, by id or name; NULL-terminated */
        unsigned limit;           /* rows; 0 = all */
        struct probe_options probe;
        struct explain_options explain;
        unsigned allowed; /* the commands that have all the options given: flags FOR_ */
        int argc;
        char **argv; /* what follows the command's name */
};

/* A sentence on standard error. Returns the code. */
int complain(int code, const char *format, ...) _printf_(2, 3);

/* Each returns 0, or the exit code when there are mistakes (printed). */
int command_load_config(const struct command_line *l, bool secrets, struct config **ret);
int command_open_database(const char *path, enum store_mode mode, struct store **ret);
int command_open_for_reading(const struct command_line *l, struct store **ret);

/* To standard output; each returns 0 or EXIT_BROKEN. */
int command_print_table(const struct table *t, const struct report_column *columns, size_t n);
int command_print_json(const struct table *t, const char *before, const char *after);
int command_print_results(const struct table *t);

struct report_options command_terminal(void);

/* What a script may conclude from rows with an outcome each. */
int command_exit_of(const struct table *t);
