/* config_silence.c: the section `silences`: its keys, and what several of them must be together. */
#include "config_table.h"
#include "option_value.h"

#define TRUNKS_MAX 200 /* of one silence */
#define TEXT_MAX 256   /* bytes */

static const struct option_word silence_modes[] = {{.word = "alert"}, {.word = "probe"}, {0}};

static const char *judge_time(struct span text) {
        int64_t usec;
        return silence_read_time(&usec, text);
}

static const char *judge_week(struct span text) {
        struct silence_week week;
        return silence_read_week(&week, text);
}

/* The times once more, now that they are known to be right. */
static void check_silence(struct option_reader *r, void *object, const struct option_found *found) {
        struct config_silence *s = object;
        s->line = found->place.line;
        s->column = found->place.column;
        if (s->from)
                (void)silence_read_time(&s->from_usec, span_of(s->from));
        if (s->until)
                (void)silence_read_time(&s->until_usec, span_of(s->until));
        if (s->weekly)
                (void)silence_read_week(&s->week, span_of(s->weekly));
        bool wrong = option_place(found, "from")->state == OPTION_WRONG || option_place(found, "until")->state == OPTION_WRONG;
        if (option_place(found, "until")->state == OPTION_ABSENT && option_place(found, "weekly")->state == OPTION_ABSENT)
                option_complain(r, found, "until", "is missing (write when the silence ends; only a weekly one may last for ever)");
        else if (!wrong && s->from && s->until && s->until_usec <= s->from_usec)
                option_complain(r, found, "until", "is not after from (look at both, and at their time zones)");
        if (option_place(found, "trunks")->state == OPTION_RIGHT && s->trunks.n == 0)
                option_complain(r, found, "trunks", "names no trunk (leave it out for a silence of everything)");
}

static bool knows_trunk(const struct config *c, const char *name) {
        for (size_t i = 0; i < c->n_trunks; i++)
                if (text_eq(c->trunks[i].id, name) || text_eq(c->trunks[i].name, name))
                        return true;
        return false;
}

static const char *near_trunk(const struct config *c, const char *name) {
        const char *nearest = NULL;
        size_t best = strlen(name) / 3 + 1;
        for (size_t i = 0; i < c->n_trunks; i++)
                if (c->trunks[i].name && option_is_nearer(span_of(name), c->trunks[i].name, &best))
                        nearest = c->trunks[i].name;
        return nearest;
}

static bool share_trunk(const struct config_silence *a, const struct config_silence *b) {
        bool shared = a->trunks.n == 0 || b->trunks.n == 0;
        for (size_t i = 0; !shared && i < a->trunks.n; i++)
                for (size_t k = 0; !shared && k < b->trunks.n; k++)
                        shared = text_eq(a->trunks.items[i], b->trunks.items[k]);
        return shared;
}

/* Of two that are not weekly one was probably meant to replace the other. */
static bool overlap(const struct config_silence *a, const struct config_silence *b) {
        return !a->weekly && !b->weekly && text_eq(a->mode, b->mode) && a->from_usec < b->until_usec && b->from_usec < a->until_usec &&
               share_trunk(a, b);
}

/* Warnings: the platform may list trunks that the file has no entry for, and what overlaps is silent all the same. */
void config_check_silences(struct option_reader *r, const struct config *c) {
        for (size_t i = 0; i < c->n_silences; i++) {
                const struct config_silence *s = &c->silences[i];
                for (size_t k = 0; k < s->trunks.n; k++) {
                        const char *name = s->trunks.items[k], *near = knows_trunk(c, name) ? NULL : near_trunk(c, name);
                        char quoted[OPTION_QUOTE_MAX];
                        option_quote(quoted, span_of(name));
                        if (!knows_trunk(c, name))
                                option_complain_at(
                                        r, true, s->line, s->column, "silences.trunks",
                                        "%s is no trunk of this file (%s%s%sright only if the platform lists a trunk of that name or id)",
                                        quoted, near ? "did you mean " : "", near ? near : "", near ? "? else " : "");
                }
                for (size_t k = 0; k < i; k++)
                        if (overlap(&c->silences[k], s))
                                option_complain_at(r, true, s->line, s->column, "silences",
                                                   "overlaps with the one of line %u (one may be enough)", c->silences[k].line);
        }
}

void *config_append_silence(void *object) {
        struct config *c = object;
        struct config_silence *silences = reallocarray(c->silences, c->n_silences + 1, sizeof *silences);
        if (!silences)
                return NULL;
        c->silences = silences;
        c->silences[c->n_silences] = (struct config_silence){0};
        return &c->silences[c->n_silences++];
}

#define SILENCE_AT(member) .offset = offsetof(struct config_silence, member)

static const struct option silence_options[] = {
        {"trunks", OPTION_TEXTS, SILENCE_AT(trunks), .max = TRUNKS_MAX,
         .help = "Names or ids. Without it: all trunks, the platform and the clock."},
        {"from", OPTION_TEXT, SILENCE_AT(from), .max = TEXT_MAX, .judge = judge_time,
         .help = "When it begins, with a time zone: 2026-12-24T18:00:00Z. Without it: it has begun."},
        {"until", OPTION_TEXT, SILENCE_AT(until), .max = TEXT_MAX, .judge = judge_time,
         .help = "When it ends. Required, unless it is weekly."},
        {"weekly", OPTION_TEXT, SILENCE_AT(weekly), .max = TEXT_MAX, .judge = judge_week,
         .help = "Only in this window of every week, in UTC: Sun 02:00-04:00, Mon..Fri 22:00-23:30, daily 01:00-01:30."},
        {"mode", OPTION_WORD, SILENCE_AT(mode), .words = silence_modes, .preset = "alert",
         .help = "alert: probed, and nothing is told; what is still bad at the end is told then. probe: not probed either (maintenance)."},
        {"reason", OPTION_TEXT, SILENCE_AT(reason), .max = TEXT_MAX, .help = "Shown beside it."},
};

const struct option_mapping config_silence_mapping = {
        .name = "silences",
        .options = silence_options,
        .n = ELEMENTS(silence_options),
        .check = check_silence,
        .help = "Times in which nothing is told of some trunks, or in which they are not probed either.",
};
