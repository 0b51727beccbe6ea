/* nagios.c: from the newest run and how the trunks stand to a state, a line and performance data. */
#include "nagios.h"

#include <inttypes.h>
#include <stdio.h>

#include "utf8.h"

#define LINES_MAX 30        /* trunks that get a line of their own: what reads this takes some thousand bytes */
#define DETAIL_MAX 160      /* bytes of what was seen, in such a line */
#define PRIORITY_CRITICAL 3 /* syslog's "err": causes up to it are critical, milder ones are warnings */

static const char *state_word(enum nagios_state state) {
        static const char *const words[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};
        return words[state];
}

/* UNKNOWN is milder than WARNING, as the plugins have it. */
static enum nagios_state worse(enum nagios_state a, enum nagios_state b) {
        static const int order[] = {[NAGIOS_OK] = 0, [NAGIOS_UNKNOWN] = 1, [NAGIOS_WARNING] = 2, [NAGIOS_CRITICAL] = 3};
        return order[a] >= order[b] ? a : b;
}

static enum nagios_state state_of(enum cause cause) {
        const struct cause_info *info = cause_info(cause);
        if (info->outcome == OUTCOME_PASS)
                return NAGIOS_OK;
        return info->priority <= PRIORITY_CRITICAL ? NAGIOS_CRITICAL : NAGIOS_WARNING;
}

/* '|' would begin performance data, and a control character a line. */
static void put_text(FILE *out, const char *text, size_t max) {
        size_t n = strlen(text);
        for (const char *p = text, *end = text + n; p < end;) {
                const char *from = p;
                uint32_t code = utf8_next(&p, end);
                if ((size_t)(p - text) > max) {
                        (void)fputs("...", out);
                        return;
                }
                if (code == '|')
                        (void)fputc('/', out);
                else if (code < ' ' || (code >= 0x7F && code < 0xA0) || code == UTF8_INVALID)
                        (void)fputc('?', out);
                else
                        (void)fwrite(from, 1, (size_t)(p - from), out);
        }
}

/* "40 s", "12 min", "3 h", "4 days" */
static void put_age(FILE *out, int64_t usec) {
        int64_t seconds = usec > 0 ? usec / (int64_t)USEC_PER_SEC : 0;
        if (seconds < 120)
                (void)fprintf(out, "%" PRId64 " s", seconds);
        else if (seconds < 7200)
                (void)fprintf(out, "%" PRId64 " min", seconds / 60);
        else if (seconds < 172800)
                (void)fprintf(out, "%" PRId64 " h", seconds / 3600);
        else
                (void)fprintf(out, "%" PRId64 " days", seconds / 86400);
}

/* -- what is judged -------------------------------------------------------------------------------------------------------- */

struct judged {
        enum nagios_state state;
        unsigned of[OUTCOME_UNTESTED + 1];
        size_t trunks;
        const char *unknown_name; /* that no trunk has */
        int64_t slowest_usec;
        int64_t age_usec, warning_usec, critical_usec; /* of the newest run */
};

static bool is_wanted(const struct nagios *n, size_t row) {
        const char *id = table_text(n->trunks, row, "trunk_id"), *name = table_text(n->trunks, row, "trunk");
        bool wanted = !n->names || !n->names[0];
        for (size_t i = 0; !wanted && n->names[i]; i++)
                wanted = text_eq(n->names[i], id) || text_eq(n->names[i], name);
        return wanted;
}

/* A word that this program does not know was stored by a newer one: not good, and not to be passed over. */
static enum nagios_state state_of_row(const struct table *t, size_t row) {
        enum cause cause;
        return cause_from_word(table_text(t, row, "cause"), &cause) == 0 ? state_of(cause) : NAGIOS_WARNING;
}

static const char *find_unknown(const struct nagios *n) {
        for (size_t i = 0; n->names && n->names[i]; i++) {
                size_t row = 0;
                while (row < n->trunks->rows && !text_eq(n->names[i], table_text(n->trunks, row, "trunk_id")) &&
                       !text_eq(n->names[i], table_text(n->trunks, row, "trunk")))
                        row++;
                if (row == n->trunks->rows)
                        return n->names[i];
        }
        return NULL;
}

static struct judged judge(const struct nagios *n) {
        struct judged j = {
                .unknown_name = find_unknown(n),
                .age_usec = n->now_usec - n->run->finished_usec,
                .warning_usec = (int64_t)(n->interval_usec + n->run_limit_usec), /* a slot has passed without a complete run */
                .critical_usec = 2 * (int64_t)n->interval_usec,
        };
        for (size_t row = 0; row < n->trunks->rows; row++) {
                if (!is_wanted(n, row))
                        continue;
                int64_t latency_usec = strtoll(table_text(n->trunks, row, "latency_usec"), NULL, 10);
                j.trunks++;
                for (enum outcome o = OUTCOME_PASS; o <= OUTCOME_UNTESTED; o++)
                        j.of[o] += text_eq(table_text(n->trunks, row, "outcome"), outcome_word(o));
                j.state = worse(j.state, state_of_row(n->trunks, row));
                j.slowest_usec = latency_usec > j.slowest_usec ? latency_usec : j.slowest_usec;
        }
        j.state = worse(j.state, state_of(n->run->platform.cause));
        j.state = worse(j.state, state_of(n->run->clock.cause));
        if (j.age_usec > j.critical_usec)
                j.state = NAGIOS_CRITICAL;
        else if (j.age_usec > j.warning_usec)
                j.state = worse(j.state, NAGIOS_WARNING);
        if (j.unknown_name)
                j.state = worse(j.state, NAGIOS_UNKNOWN);
        return j;
}

/* -- what is said ---------------------------------------------------------------------------------------------------------- */

static void put_summary(FILE *out, const struct nagios *n, const struct judged *j) {
        (void)fprintf(out, "%s - ", state_word(j->state));
        if (j->age_usec > j->warning_usec) {
                (void)fputs("no run has finished for ", out);
                put_age(out, j->age_usec);
                (void)fputs("; ", out);
        }
        if (j->unknown_name) {
                (void)fputs("no trunk has the id or name \"", out);
                put_text(out, j->unknown_name, DETAIL_MAX);
                (void)fputs("\"; ", out);
        }
        (void)fprintf(out, "%zu trunk%s: %u pass, %u warn, %u fail, %u untested; platform %s, clock %s; run %" PRId64 " ended ", j->trunks,
                      j->trunks == 1 ? "" : "s", j->of[OUTCOME_PASS], j->of[OUTCOME_WARN], j->of[OUTCOME_FAIL], j->of[OUTCOME_UNTESTED],
                      cause_info(n->run->platform.cause)->word, cause_info(n->run->clock.cause)->word, n->run->id);
        put_age(out, j->age_usec);
        (void)fputs(" ago", out);
}

static double seconds_of(int64_t usec) {
        return (double)usec / (double)USEC_PER_SEC;
}

/* 'label'=value[unit];[warning];[critical];[minimum];[maximum] */
static void put_performance(FILE *out, const struct nagios *n, const struct judged *j) {
        const struct run *run = n->run;
        (void)fprintf(out, " | pass=%u;;;0;%zu warn=%u;0;;0;%zu fail=%u;;0;0;%zu untested=%u;0;;0;%zu", j->of[OUTCOME_PASS], j->trunks,
                      j->of[OUTCOME_WARN], j->trunks, j->of[OUTCOME_FAIL], j->trunks, j->of[OUTCOME_UNTESTED], j->trunks);
        (void)fprintf(out, " age=%" PRId64 "s;%" PRId64 ";%" PRId64 ";0 duration=%.3fs;;;0;%" PRIu64,
                      j->age_usec > 0 ? j->age_usec / (int64_t)USEC_PER_SEC : 0, j->warning_usec / (int64_t)USEC_PER_SEC,
                      j->critical_usec / (int64_t)USEC_PER_SEC, seconds_of(run->finished_usec - run->started_usec),
                      n->run_limit_usec / USEC_PER_SEC);
        if (j->slowest_usec > 0)
                (void)fprintf(out, " slowest=%.6fs;;;0", seconds_of(j->slowest_usec));
        if (run->clock_measured)
                (void)fprintf(out, " clock_offset=%.6fs clock_bound=%.6fs;;;0", seconds_of(run->clock_offset_usec),
                              seconds_of(run->clock_bound_usec));
}

static void put_part(FILE *out, const char *what, const struct verdict *v) {
        enum nagios_state state = state_of(v->cause);
        if (state == NAGIOS_OK)
                return;
        (void)fprintf(out, "%s: %s: %s", state_word(state), what, cause_info(v->cause)->word);
        if (v->detail[0]) {
                (void)fputs(": ", out);
                put_text(out, v->detail, DETAIL_MAX);
        }
        (void)fputc('\n', out);
}

/* The worst first: those that are critical, then the others. */
static void put_trunks(FILE *out, const struct nagios *n) {
        size_t lines = 0, left = 0;
        for (enum nagios_state state = NAGIOS_CRITICAL; state > NAGIOS_OK; state--)
                for (size_t row = 0; row < n->trunks->rows; row++) {
                        if (state_of_row(n->trunks, row) != state || !is_wanted(n, row))
                                continue;
                        if (lines == LINES_MAX) {
                                left++;
                                continue;
                        }
                        lines++;
                        (void)fprintf(out, "%s: ", state_word(state));
                        put_text(out, table_text(n->trunks, row, "trunk"), DETAIL_MAX);
                        (void)fprintf(out, ": %s, %s: ", table_text(n->trunks, row, "outcome"), table_text(n->trunks, row, "cause"));
                        put_text(out, table_text(n->trunks, row, "detail"), DETAIL_MAX);
                        (void)fputc('\n', out);
                }
        if (left > 0)
                (void)fprintf(out, "and %zu more: see trunkaudit status\n", left);
}

int nagios_text(char **ret, enum nagios_state *ret_state, const struct nagios *n) {
        if (!n->run) {
                *ret_state = NAGIOS_UNKNOWN;
                return nagios_unknown(ret, "no complete run has finished yet");
        }
        char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);
        if (!out)
                return -ENOMEM;
        const struct judged j = judge(n);
        put_summary(out, n, &j);
        put_performance(out, n, &j);
        (void)fputc('\n', out);
        put_part(out, "platform", &n->run->platform);
        put_part(out, "clock", &n->run->clock);
        put_trunks(out, n);
        bool failed = ferror(out);
        if (fclose(out) != 0 || failed) {
                free(text);
                return -ENOMEM;
        }
        *ret_state = j.state;
        *ret = text;
        return 0;
}

int nagios_unknown(char **ret, const char *text) {
        char *line = NULL;
        size_t size;
        FILE *out = open_memstream(&line, &size);
        if (!out)
                return -ENOMEM;
        (void)fprintf(out, "%s - ", state_word(NAGIOS_UNKNOWN));
        put_text(out, text, SIZE_MAX);
        (void)fputc('\n', out);
        if (fclose(out) != 0) {
                free(line);
                return -ENOMEM;
        }
        *ret = line;
        return 0;
}
