/* command.c: what the commands of trunkaudit share. */
#include "command.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

int complain(int code, const char *format, ...) {
        va_list args;
        va_start(args, format);
        (void)fputs("trunkaudit: ", stderr);
        (void)vfprintf(stderr, format, args);
        (void)fputc('\n', stderr);
        va_end(args);
        return code;
}

/* -- configuration and database ------------------------------------------------------------------------------------------ */

int command_load_config(const struct command_line *l, bool secrets, struct config **ret) {
        struct complaints complaints = {0};
        _cleanup_(config_freep) struct config *config = NULL;
        int r = config_load(&config, l->config_file, &complaints);
        if (r == 0 && secrets)
                r = config_read_secrets(config, getenv("CREDENTIALS_DIRECTORY"), &complaints);
        for (size_t i = 0; i < complaints.n; i++)
                (void)fprintf(stderr, "%s%s\n", complaints.items[i].text, complaints.items[i].warning ? " (warning)" : "");
        if (complaints.errors > complaints.n)
                (void)fprintf(stderr, "%zu further mistakes are not shown\n", complaints.errors - complaints.n);
        complaints_clear(&complaints);
        if (r < 0)
                return complain(EXIT_BROKEN, "unable to read %s: %s", l->config_file, strerror(-r));
        if (r > 0)
                return EXIT_USAGE;
        *ret = TAKE_PTR(config);
        return 0;
}

int command_open_database(const char *path, enum store_mode mode, struct store **ret) {
        _cleanup_(freep) char *error = NULL;
        int r = store_open(ret, path, mode, &error);
        if (r == 0 && store_notice(*ret))
                (void)fprintf(stderr, "trunkaudit: %s\n", store_notice(*ret));
        if (r == 0)
                return 0;
        return complain(r == STORE_ABSENT ? EXIT_UNTESTED : EXIT_BROKEN, "%s", error ? error : strerror(r < 0 ? -r : EIO));
}

int command_open_for_reading(const struct command_line *l, struct store **ret) {
        _cleanup_(config_freep) struct config *config = NULL;
        if (l->database)
                return command_open_database(l->database, STORE_READ, ret);
        int code = command_load_config(l, false, &config);
        return code ? code : command_open_database(config->store.path, STORE_READ, ret);
}

/* -- printing ------------------------------------------------------------------------------------------------------------- */

static unsigned terminal_width(int fd) {
        struct winsize w;
        return isatty(fd) && ioctl(fd, TIOCGWINSZ, &w) == 0 ? w.ws_col : 0;
}

struct report_options command_terminal(void) {
        return (struct report_options){
                .colour = isatty(STDOUT_FILENO) && !getenv("NO_COLOR"),
                .width = terminal_width(STDOUT_FILENO),
        };
}

int command_print_table(const struct table *t, const struct report_column *columns, size_t n) {
        const struct report_options options = command_terminal();
        _cleanup_(freep) char *text = NULL;
        int r = report_text(&text, t, columns, n, &options);
        if (r < 0)
                return complain(EXIT_BROKEN, "unable to print: %s", strerror(-r));
        (void)fputs(text, stdout);
        return 0;
}

int command_print_json(const struct table *t, const char *before, const char *after) {
        _cleanup_(freep) char *text = NULL;
        int r = report_json(&text, t);
        if (r < 0)
                return complain(EXIT_BROKEN, "unable to print: %s", strerror(-r));
        (void)printf("%s%s%s", before, text, after);
        return 0;
}

int command_print_results(const struct table *t) {
        static const struct report_column columns[] = {
                {"trunk", "TRUNK", 24}, {"carrier", "CARRIER", 24}, {"outcome", "OUTCOME", 0},
                {"cause", "CAUSE", 0},  {"detail", "SEEN", 44},     {"remedy", "REMEDY", 48},
        };
        return command_print_table(t, columns, ELEMENTS(columns));
}

int command_exit_of(const struct table *t) {
        int code = EXIT_PASSED;
        for (size_t i = 0; i < t->rows; i++) {
                const char *outcome = table_text(t, i, "outcome");
                if (text_eq(outcome, "fail"))
                        return EXIT_FAILED;
                if (text_eq(outcome, "untested"))
                        code = EXIT_UNTESTED;
        }
        return code;
}
