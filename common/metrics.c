/* metrics.c: families of metrics, one after the other: a family's lines stand together. */
#include "metrics.h"

#include <inttypes.h>
#include <stdio.h>

#include "utf8.h"

#define PREFIX "trunkaudit_"

static void begin_family(FILE *out, const char *name, const char *type, const char *help) {
        (void)fprintf(out, "# HELP " PREFIX "%s %s\n# TYPE " PREFIX "%s %s\n", name, help, name, type);
}

/* A value of a label: three characters are escaped, and what is not UTF-8 would make the whole file unreadable. */
static void put_escaped(FILE *out, const char *text) {
        for (const char *p = text, *end = text + strlen(text); p < end;) {
                const char *from = p;
                uint32_t code = utf8_next(&p, end);
                if (code == UTF8_INVALID)
                        (void)fputs("\xEF\xBF\xBD", out);
                else if (code == '\\' || code == '"')
                        (void)fprintf(out, "\\%c", (char)code);
                else if (code == '\n')
                        (void)fputs("\\n", out);
                else
                        (void)fwrite(from, 1, (size_t)(p - from), out);
        }
}

static void put_label(FILE *out, const char *name, const char *value) {
        (void)fprintf(out, ",%s=\"", name);
        put_escaped(out, value);
        (void)fputc('"', out);
}

/* Microseconds as seconds, exactly. */
static void put_seconds(FILE *out, int64_t usec) {
        uint64_t magnitude = usec < 0 ? 0 - (uint64_t)usec : (uint64_t)usec;
        (void)fprintf(out, "%s%" PRIu64, usec < 0 ? "-" : "", magnitude / USEC_PER_SEC);
        if (magnitude % USEC_PER_SEC != 0)
                (void)fprintf(out, ".%06" PRIu64, magnitude % USEC_PER_SEC);
}

static void put_seconds_metric(FILE *out, const char *name, int64_t usec, const char *help) {
        begin_family(out, name, "gauge", help);
        (void)fprintf(out, PREFIX "%s ", name);
        put_seconds(out, usec);
        (void)fputc('\n', out);
}

static void put_count_metric(FILE *out, const char *name, const char *type, int64_t value, const char *help) {
        begin_family(out, name, type, help);
        (void)fprintf(out, PREFIX "%s %" PRId64 "\n", name, value);
}

/* -- the service and its runs --------------------------------------------------------------------------------------------- */

static void put_service(FILE *out, const struct metrics *m) {
        begin_family(out, "build_info", "gauge", "The program that wrote this; the value is always 1.");
        (void)fputs(PREFIX "build_info{version=\"" TRUNKAUDIT_VERSION "\"} 1\n", out);
        put_seconds_metric(out, "start_timestamp_seconds", m->started_usec, "When the service started.");
        put_seconds_metric(out, "schedule_interval_seconds", (int64_t)m->interval_usec, "Time between two slots.");
        put_count_metric(out, "config_last_load_successful", "gauge", m->config_good,
                         "Whether the newest configuration file is in force; 0: it was refused, and an older one is.");
        put_seconds_metric(out, "config_timestamp_seconds", m->config_usec, "When the configuration that is in force was loaded.");
        put_count_metric(out, "journal_messages_lost_total", "counter", (int64_t)m->messages_lost,
                         "Messages that journald did not take since the service started; alerts may be among them.");
}

static void put_runs(FILE *out, const struct metrics *m) {
        put_count_metric(out, "runs_total", "counter", m->day.newest, "Runs begun, and slots missed, since the database was made.");
        begin_family(out, "runs_last_day", "gauge",
                     "Runs that started in the last 24 hours, by how they ended, and slots that were missed.");
        for (enum run_state state = 0; state < RUN_STATES; state++)
                (void)fprintf(out, PREFIX "runs_last_day{state=\"%s\"} %u\n", run_state_word(state), m->day.of[state]);
        if (!m->run)
                return;
        put_count_metric(out, "last_complete_run", "gauge", m->run->id,
                         "Id of the newest complete run: every trunk was audited, as far as it could be. The next metrics are of it.");
        put_seconds_metric(out, "last_complete_run_start_timestamp_seconds", m->run->started_usec, "When it started.");
        put_seconds_metric(out, "last_complete_run_end_timestamp_seconds", m->run->finished_usec, "When it ended.");
        put_seconds_metric(out, "last_complete_run_duration_seconds", m->run->finished_usec - m->run->started_usec, "How long it took.");
}

/* A verdict that is not a trunk's. */
static void put_verdict(FILE *out, const char *what, const char *help_severity, const char *help_info, const struct verdict *v) {
        static const int severities[] = {[OUTCOME_PASS] = 0, [OUTCOME_WARN] = 1, [OUTCOME_UNTESTED] = 2, [OUTCOME_FAIL] = 3};
        const struct cause_info *info = cause_info(v->cause);
        char name[64];
        (void)snprintf(name, sizeof name, "%s_severity", what);
        put_count_metric(out, name, "gauge", severities[info->outcome], help_severity);
        (void)snprintf(name, sizeof name, "%s_info", what);
        begin_family(out, name, "gauge", help_info);
        (void)fprintf(out, PREFIX "%s{outcome=\"%s\",cause=\"%s\"} 1\n", name, outcome_word(info->outcome), info->word);
}

static void put_surroundings(FILE *out, const struct run *run) {
        put_verdict(out, "platform", "The platform's verdict: 0 pass, 1 warn, 2 untested, 3 fail.", "Its outcome and cause; always 1.",
                    &run->platform);
        if (run->trunks_known_usec > 0)
                put_seconds_metric(out, "platform_trunks_timestamp_seconds", run->trunks_known_usec,
                                   "When the list of trunks was read from the platform.");
        put_verdict(out, "clock", "The verdict on this host's clock: 0 pass, 1 warn, 2 untested, 3 fail.",
                    "Its outcome and cause; always 1.", &run->clock);
        put_count_metric(out, "clock_servers_used", "gauge", run->clock_servers_used, "Time servers that the offset comes from.");
        if (!run->clock_measured)
                return;
        put_seconds_metric(out, "clock_offset_seconds", run->clock_offset_usec, "Time servers minus this host.");
        put_seconds_metric(out, "clock_bound_seconds", run->clock_bound_usec, "The true offset lies within offset plus or minus bound.");
}

/* -- the trunks ----------------------------------------------------------------------------------------------------------- */

/* Which column of the table has that name; the number of columns when none has. */
static size_t find_column(const struct table *t, const char *name) {
        size_t i = 0;
        while (i < t->columns && !text_eq(t->names[i], name))
                i++;
        return i;
}

static const char *text_at(const struct table *t, size_t row, size_t column) {
        const char *text = column < t->columns ? t->cells[row * t->columns + column].text : NULL;
        return text ? text : "";
}

/* The labels that every metric of a trunk has, of all rows: row i's lie at[i]..at[i + 1]. */
struct identities {
        char *text;
        size_t *at;
};

static void identities_clear(struct identities *who) {
        free(who->text);
        free(who->at);
}

/* Names may be changed and given twice; ids may not. Returns 0 or -ENOMEM. */
static int identities_make(struct identities *who, const struct table *t) {
        size_t trunk = find_column(t, "trunk"), id = find_column(t, "trunk_id"), n = 0;
        FILE *out = open_memstream(&who->text, &n);
        who->at = calloc(t->rows + 1, sizeof *who->at);
        bool failed = !out || !who->at;
        for (size_t row = 0; !failed && row < t->rows; row++) {
                (void)fputs("{trunk_id=\"", out);
                put_escaped(out, text_at(t, row, id));
                (void)fputc('"', out);
                put_label(out, "trunk", text_at(t, row, trunk));
                failed = fflush(out) != 0; /* n is right after it */
                who->at[row + 1] = n;
        }
        if (out && fclose(out) != 0)
                failed = true;
        return failed ? -ENOMEM : 0;
}

static void put_identity(FILE *out, const char *name, const struct identities *who, size_t row) {
        (void)fprintf(out, PREFIX "%s", name);
        (void)fwrite(who->text + who->at[row], 1, who->at[row + 1] - who->at[row], out);
}

static void put_outcomes(FILE *out, const struct table *t) {
        size_t column = find_column(t, "outcome");
        begin_family(out, "trunks", "gauge", "Trunks by the outcome of their newest audit.");
        for (enum outcome o = OUTCOME_PASS; o <= OUTCOME_UNTESTED; o++) {
                size_t n = 0;
                for (size_t row = 0; row < t->rows; row++)
                        n += text_eq(text_at(t, row, column), outcome_word(o));
                (void)fprintf(out, PREFIX "trunks{outcome=\"%s\"} %zu\n", outcome_word(o), n);
        }
}

static void put_infos(FILE *out, const struct table *t, const struct identities *who) {
        static const char *const labels[] = {"carrier", "outcome", "cause"};
        size_t columns[ELEMENTS(labels)];
        for (size_t i = 0; i < ELEMENTS(labels); i++)
                columns[i] = find_column(t, labels[i]);
        begin_family(out, "trunk_info", "gauge", "Where the trunk was asked, and what its newest audit found; always 1.");
        for (size_t row = 0; row < t->rows; row++) {
                put_identity(out, "trunk_info", who, row);
                for (size_t i = 0; i < ELEMENTS(labels); i++)
                        put_label(out, labels[i], text_at(t, row, columns[i]));
                (void)fputs("} 1\n", out);
        }
}

/* A number of each trunk that has it. */
struct family {
        const char *name, *column;
        bool is_time; /* microseconds */
        const char *help;
};

static void put_numbers(FILE *out, const struct table *t, const struct identities *who, const struct family *f) {
        size_t column = find_column(t, f->column);
        bool begun = false;
        for (size_t row = 0; row < t->rows; row++) {
                const char *text = text_at(t, row, column);
                if (!*text)
                        continue;
                if (!begun)
                        begin_family(out, f->name, "gauge", f->help);
                begun = true;
                put_identity(out, f->name, who, row);
                (void)fputs("} ", out);
                if (f->is_time)
                        put_seconds(out, strtoll(text, NULL, 10));
                else
                        (void)fputs(text, out);
                (void)fputc('\n', out);
        }
}

static void put_trunks(FILE *out, const struct table *t, const struct identities *who) {
        static const struct family families[] = {
                {"trunk_severity", "severity", false, "Outcome of the trunk's newest audit: 0 pass, 1 warn, 2 untested, 3 fail."},
                {"trunk_latency_seconds", "latency_usec", true, "How long the carrier took for the first request that it answered."},
                {"trunk_tested_timestamp_seconds", "tested_usec", true, "Start of the newest run that tested the trunk."},
                {"trunk_passed_timestamp_seconds", "passed_usec", true,
                 "Start of the newest run in which the carrier accepted the trunk: its credentials were good then."},
                {"trunk_credentials_refused_since_timestamp_seconds", "refused_since_usec", true,
                 "Start of the first run in a row that refused these very credentials."},
                {"trunk_carrier_clock_offset_seconds", "carrier_offset_usec", true, "The carrier's clock minus this host's."},
                {"trunk_carrier_clock_bound_seconds", "carrier_bound_usec", true,
                 "The true difference of the clocks lies within offset plus or minus bound."},
                {"trunk_certificate_end_timestamp_seconds", "certificate_ends_usec", true,
                 "When the carrier's TLS certificate ends, as the newest test saw it."},
        };
        put_outcomes(out, t);
        if (t->rows > 0)
                put_infos(out, t, who);
        for (size_t i = 0; i < ELEMENTS(families); i++)
                put_numbers(out, t, who, &families[i]);
}

int metrics_text(char **ret, size_t *ret_n, const struct metrics *m) {
        _cleanup_(identities_clear) struct identities who = {0};
        char *text = NULL;
        size_t n = 0;
        int r = identities_make(&who, m->trunks);
        if (r < 0)
                return r;
        FILE *out = open_memstream(&text, &n);
        if (!out)
                return -ENOMEM;
        put_service(out, m);
        put_runs(out, m);
        if (m->run)
                put_surroundings(out, m->run);
        put_trunks(out, m->trunks, &who);
        bool failed = ferror(out);
        if (fclose(out) != 0 || failed) {
                free(text);
                return -ENOMEM;
        }
        *ret = text;
        *ret_n = n;
        return 0;
}
