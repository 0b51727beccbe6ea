/* finding.c: findings as values, lines and JSON. */
#include "finding.h"

#include <stdarg.h>
#include <stdio.h>

#include "report.h"
#include "utf8.h"

_printf_(2, 0) static void write_text(char to[static FINDING_TEXT_MAX], const char *format, va_list args) {
        if (vsnprintf(to, FINDING_TEXT_MAX, format, args) >= FINDING_TEXT_MAX)
                utf8_trim(to);
}

struct finding finding_of(const char *check, enum finding_state state, const char *format, ...) {
        struct finding f = {.check = check, .state = state};
        va_list args;
        va_start(args, format);
        write_text(f.seen, format, args);
        va_end(args);
        return f;
}

void finding_advise(struct finding *f, const char *format, ...) {
        va_list args;
        va_start(args, format);
        write_text(f->remedy, format, args);
        va_end(args);
}

struct finding finding_of_verdict(const char *check, const struct verdict *v) {
        static const enum finding_state states[] = {[OUTCOME_PASS] = FINDING_OK,
                                                    [OUTCOME_WARN] = FINDING_WARN,
                                                    [OUTCOME_FAIL] = FINDING_FAIL,
                                                    [OUTCOME_UNTESTED] = FINDING_FAIL};
        const struct cause_info *info = cause_info(v->cause);
        struct finding f = finding_of(check, states[info->outcome], "%s: %s%s%s%s", info->word, info->sentence, v->detail[0] ? " (" : "",
                                      v->detail, v->detail[0] ? ")" : "");
        if (f.state != FINDING_OK)
                finding_advise(&f, "%s", info->remedy);
        return f;
}

struct finding finding_of_complaint(const char *check, const struct complaint *c) {
        size_t n = strlen(c->text);
        const char *remedy = n > 0 && c->text[n - 1] == ')' ? strrchr(c->text, '(') : NULL;
        size_t seen = remedy && remedy > c->text && remedy[-1] == ' ' ? (size_t)(remedy - c->text) - 1 : n;
        struct finding f = finding_of(check, c->warning ? FINDING_WARN : FINDING_FAIL, "%.*s", (int)seen, c->text);
        if (seen < n)
                finding_advise(&f, "%.*s", (int)(n - seen - 3), remedy + 1);
        return f;
}

enum finding_state finding_worse(enum finding_state a, enum finding_state b) {
        static const unsigned urgency[FINDING_STATES] = {[FINDING_OK] = 0, [FINDING_SKIPPED] = 1, [FINDING_WARN] = 2, [FINDING_FAIL] = 3};
        return urgency[a] >= urgency[b] ? a : b;
}

static void put_line(FILE *out, const char *text) {
        for (; *text; text++)
                (void)fputc((unsigned char)*text < ' ' || *text == 127 ? ' ' : *text, out);
        (void)fputc('\n', out);
}

static int end_text(FILE *out, char **text, char **ret) {
        bool failed = ferror(out) != 0;
        if (fclose(out) != 0 || failed) {
                free(*text);
                return -ENOMEM;
        }
        *ret = *text;
        return 0;
}

int finding_text(char **ret, const struct finding *f) {
        static const char *const words[FINDING_STATES] = {
                [FINDING_OK] = "ok", [FINDING_WARN] = "warn", [FINDING_FAIL] = "FAIL", [FINDING_SKIPPED] = "skipped"};
        char *text = NULL;
        size_t n;
        FILE *out = open_memstream(&text, &n);
        if (!out)
                return -ENOMEM;
        (void)fprintf(out, "%-8s %s: ", words[f->state], f->check);
        put_line(out, f->seen);
        if (f->remedy[0]) {
                (void)fprintf(out, "%-8s ", "");
                put_line(out, f->remedy);
        }
        return end_text(out, &text, ret);
}

int finding_json(char **ret, const struct finding *f) {
        static const char *const words[FINDING_STATES] = {
                [FINDING_OK] = "ok", [FINDING_WARN] = "warn", [FINDING_FAIL] = "fail", [FINDING_SKIPPED] = "skipped"};
        _cleanup_(freep) char *check = NULL, *seen = NULL, *remedy = NULL;
        int r = report_json_string(&check, f->check);
        if (r == 0)
                r = report_json_string(&seen, f->seen);
        if (r == 0 && f->remedy[0])
                r = report_json_string(&remedy, f->remedy);
        if (r < 0)
                return r;
        char *text;
        if (asprintf(&text, "{\"check\": %s, \"state\": \"%s\", \"seen\": %s, \"remedy\": %s}", check, words[f->state], seen,
                     remedy ? remedy : "null") < 0)
                return -ENOMEM;
        *ret = text;
        return 0;
}
