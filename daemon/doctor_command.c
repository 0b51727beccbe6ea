/* doctor_command.c: findings as they come. */
#include "doctor_command.h"

#include <stdio.h>
#include <unistd.h>

#include "doctor.h"

enum { EXIT_PASSED = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_UNTESTED = 3, EXIT_BROKEN = 4 };

struct command {
        const struct doctor_options *options;
        sd_event *event;
        bool progress; /* on the terminal */
        size_t told;
        enum finding_state worst;
        int code;
};

static void clear_progress(const struct command *c) {
        if (c->progress)
                (void)fputs("\r\033[K", stderr);
}

static void on_begin(const char *check, void *user) {
        const struct command *c = user;
        if (c->progress)
                (void)fprintf(stderr, "\r\033[K%s ...", check);
}

static void on_tell(const struct finding *f, void *user) {
        struct command *c = user;
        _cleanup_(freep) char *text = NULL;
        c->worst = c->told == 0 ? f->state : finding_worse(c->worst, f->state);
        clear_progress(c);
        if ((c->options->json ? finding_json(&text, f) : finding_text(&text, f)) < 0) {
                c->code = EXIT_BROKEN;
                return;
        }
        if (c->options->json)
                (void)printf("%s%s", c->told > 0 ? ",\n " : "[", text);
        else
                (void)fputs(text, stdout);
        c->told++;
        (void)fflush(stdout);
}

static void on_done(struct doctor *d, bool configured, void *user) {
        static const int codes[FINDING_STATES] = {[FINDING_OK] = EXIT_PASSED,
                                                  [FINDING_WARN] = EXIT_UNTESTED,
                                                  [FINDING_FAIL] = EXIT_FAILED,
                                                  [FINDING_SKIPPED] = EXIT_UNTESTED};
        struct command *c = user;
        (void)d;
        clear_progress(c);
        if (c->options->json)
                (void)fputs("]\n", stdout);
        if (c->code == EXIT_PASSED)
                c->code = configured ? codes[c->worst] : EXIT_USAGE;
        (void)sd_event_exit(c->event, 0);
}

int doctor_command(const struct doctor_options *o) {
        _cleanup_(sd_event_unrefp) sd_event *event = NULL;
        struct doctor *doctor = NULL;
        int r = sd_event_default(&event);
        struct command c = {.options = o, .event = event, .progress = isatty(STDERR_FILENO) && !o->json};
        const struct doctor_request request = {
                .event = event,
                .config_file = o->config_file,
                .begin = on_begin,
                .tell = on_tell,
                .done = on_done,
                .user = &c,
        };
        if (r >= 0)
                r = doctor_start(&doctor, &request);
        if (r >= 0)
                r = sd_event_loop(event);
        (void)doctor_free(doctor);
        if (r < 0) {
                (void)fprintf(stderr, "trunkaudit: doctor: %s\n", strerror(-r));
                return EXIT_BROKEN;
        }
        return c.code;
}
