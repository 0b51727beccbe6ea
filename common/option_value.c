/* option_value.c: texts of the configuration become values. */
#include "option_value.h"

#include <inttypes.h>

#include "duration.h"

#define HINT_LENGTH_MAX 32 /* bytes of a mistyped word that a near one is looked for */

static void *field(const struct option *o, void *object) {
        return (char *)object + o->offset;
}

bool option_has_control(struct span text) {
        for (size_t i = 0; i < text.n; i++) {
                unsigned char c = (unsigned char)text.p[i];
                if (c < 0x20 || c == 0x7F)
                        return true;
                /* U+0080..U+009F in UTF-8 */
                if (c == 0xC2 && i + 1 < text.n && (unsigned char)text.p[i + 1] < 0xA0)
                        return true;
        }
        return false;
}

void option_quote(char ret[static OPTION_QUOTE_MAX], struct span text) {
        static const char cut_mark[] = "...";
        size_t room = OPTION_QUOTE_MAX - 2 - sizeof cut_mark, n = text.n;
        bool cut = n > room;
        if (cut)
                for (n = room; n > 0 && ((unsigned char)text.p[n] & 0xC0) == 0x80;)
                        n--;
        char *p = ret;
        *p++ = '"';
        for (size_t i = 0; i < n; i++) {
                bool c1 = (unsigned char)text.p[i] == 0xC2 && i + 1 < n && (unsigned char)text.p[i + 1] < 0xA0;
                *p++ = c1 || (unsigned char)text.p[i] < 0x20 || text.p[i] == 0x7F ? '?' : text.p[i];
                i += c1;
        }
        (void)snprintf(p, sizeof cut_mark + 1, "%s\"", cut ? cut_mark : "");
}

/* Two spellings of a word are the same without regard to case, and to '-' or '_' (the platform's own tools write both in regions). */
static bool same_word(struct span text, const char *word) {
        size_t i = 0;
        for (; i < text.n && word[i] != '\0'; i++) {
                char c = text.p[i] == '_' ? '-' : text.p[i], known = word[i] == '_' ? '-' : word[i];
                if (strncasecmp(&c, &known, 1) != 0)
                        return false;
        }
        return i == text.n && word[i] == '\0';
}

static size_t min3(size_t a, size_t b, size_t c) {
        size_t m = a < b ? a : b;
        return m < c ? m : c;
}

/* Levenshtein's distance; both at most HINT_LENGTH_MAX bytes. */
static size_t edit_distance(struct span a, struct span b) {
        size_t row[HINT_LENGTH_MAX + 1];
        for (size_t j = 0; j <= b.n; j++)
                row[j] = j;
        for (size_t i = 1; i <= a.n; i++) {
                size_t diagonal = row[0];
                row[0] = i;
                for (size_t j = 1; j <= b.n; j++) {
                        size_t above = row[j];
                        row[j] = min3(row[j] + 1, row[j - 1] + 1, diagonal + (a.p[i - 1] != b.p[j - 1]));
                        diagonal = above;
                }
        }
        return row[b.n];
}

bool option_is_nearer(struct span text, const char *known, size_t *best) {
        struct span word = span_of(known);
        if (text.n > HINT_LENGTH_MAX || word.n > HINT_LENGTH_MAX)
                return false;
        size_t distance = edit_distance(text, word);
        if (distance >= *best || distance >= word.n)
                return false;
        *best = distance;
        return true;
}

void option_range(const struct option *o, char *ret, size_t size) {
        char min[DURATION_TEXT_MAX], max[DURATION_TEXT_MAX];
        ret[0] = '\0';
        if (o->kind == OPTION_NUMBER)
                (void)snprintf(ret, size, "%" PRIu64 " to %" PRIu64, o->min, o->max);
        if (o->kind == OPTION_DURATION) {
                duration_format(min, o->min);
                duration_format(max, o->max);
                (void)snprintf(ret, size, "%s to %s", min, max);
        }
        size_t n = 0;
        for (const struct option_word *w = o->words; w && w->word && n < size; w++)
                n += (size_t)snprintf(ret + n, size - n, "%s%s", w == o->words ? "" : ", ", w->word);
}

static int replace_text(char **text, struct span value) {
        char *copy = strndup(value.p, value.n);
        if (!copy)
                return -ENOMEM;
        free(*text);
        *text = copy;
        return 0;
}

static int append_text(struct text_list *list, struct span value) {
        char **items = reallocarray(list->items, list->n + 1, sizeof *items);
        if (!items)
                return -ENOMEM;
        list->items = items;
        items[list->n] = strndup(value.p, value.n);
        if (!items[list->n])
                return -ENOMEM;
        list->n++;
        return 0;
}

/* Says what is wrong behind the quoted value. */
static int wrong(char *why, struct span text, const char *what) {
        char quoted[OPTION_QUOTE_MAX];
        option_quote(quoted, text);
        /* A URL may hold a password before its '@'. */
        bool hide = memmem(text.p, text.n, "://", 3) && memchr(text.p, '@', text.n);
        (void)snprintf(why, OPTION_WHY_MAX, "%s %s", hide ? "the URL" : quoted, what);
        return 1;
}

static int judge_text(const struct option *o, struct span text, char *why) {
        char what[OPTION_QUOTE_MAX];
        if (option_has_control(text))
                return wrong(why, text, "has a control character in it (write it without)");
        if (o->kind == OPTION_TEXT && text.n > o->max) {
                (void)snprintf(what, sizeof what, "is too long (%" PRIu64 " bytes at most)", o->max);
                return wrong(why, text, what);
        }
        const char *verdict = o->judge ? o->judge(text) : NULL;
        return verdict ? wrong(why, text, verdict) : 0;
}

static int set_word(const struct option *o, char **word, struct span text, char *why) {
        const char *nearest = NULL;
        size_t best = text.n / 3 + 1;
        for (const struct option_word *w = o->words; w->word; w++) {
                if (same_word(text, w->word))
                        return replace_text(word, span_of(w->word));
                if (option_is_nearer(text, w->word, &best))
                        nearest = w->word;
        }
        char words[OPTION_WHY_MAX / 2], what[OPTION_WHY_MAX / 2 + 100];
        option_range(o, words, sizeof words);
        (void)snprintf(what, sizeof what, "is not known here (%s%s%swrite one of: %s)", nearest ? "did you mean " : "",
                       nearest ? nearest : "", nearest ? "? else " : "", words);
        return wrong(why, text, what);
}

static int set_truth(bool *truth, struct span text, char *why) {
        static const char *const yes[] = {"true", "yes", "on", "y"}, *const no[] = {"false", "no", "off", "n"};
        if (span_eq(text, SPAN("true")) || span_eq(text, SPAN("false"))) {
                *truth = text.p[0] == 't';
                return 0;
        }
        for (size_t i = 0; i < ELEMENTS(yes); i++) {
                if (span_ieq(text, span_of(yes[i])))
                        return wrong(why, text, "is not a truth value here (write true)");
                if (span_ieq(text, span_of(no[i])))
                        return wrong(why, text, "is not a truth value here (write false)");
        }
        return wrong(why, text, "is not a truth value (write true or false)");
}

static int set_number(const struct option *o, unsigned *number, struct span text, char *why) {
        char what[OPTION_QUOTE_MAX], range[OPTION_QUOTE_MAX / 2];
        uint64_t n = 0;
        bool whole = text.n > 0, overflow = false;
        for (size_t i = 0; whole && i < text.n; i++) {
                whole = text.p[i] >= '0' && text.p[i] <= '9';
                overflow |= __builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, (uint64_t)(text.p[i] - '0'), &n);
        }
        if (whole && !overflow && n >= o->min && n <= o->max) {
                *number = (unsigned)n;
                return 0;
        }
        option_range(o, range, sizeof range);
        (void)snprintf(what, sizeof what, "is %s (write %s)", whole ? "out of range" : "not a whole number", range);
        return wrong(why, text, what);
}

static int set_duration(const struct option *o, uint64_t *usec, struct span text, char *why) {
        char what[OPTION_WHY_MAX / 2], bound[DURATION_TEXT_MAX];
        uint64_t value;
        switch (duration_parse(&value, text)) {
        case 0:
                if (value >= o->min && value <= o->max) {
                        *usec = value;
                        return 0;
                }
                duration_format(bound, value < o->min ? o->min : o->max);
                (void)snprintf(what, sizeof what, "is too %s (%s at %s)", value < o->min ? "short" : "long", bound,
                               value < o->min ? "least" : "most");
                return wrong(why, text, what);
        case DURATION_NO_UNIT:
                (void)snprintf(what, sizeof what, "has no unit (write for example " SPAN_FMT "s)", (int)(text.n < 10 ? text.n : 10),
                               text.p);
                return wrong(why, text, what);
        case DURATION_TOO_LONG:
                duration_format(bound, o->max);
                (void)snprintf(what, sizeof what, "is too long (%s at most)", bound);
                return wrong(why, text, what);
        default:
                return wrong(why, text, "is not a duration (write for example 5m)");
        }
}

int option_value_set(const struct option *o, void *object, struct span text, char why[static OPTION_WHY_MAX]) {
        int r;
        switch (o->kind) {
        case OPTION_TEXT:
                r = judge_text(o, text, why);
                return r != 0 ? r : replace_text(field(o, object), text);
        case OPTION_TEXTS:
                r = judge_text(o, text, why);
                return r != 0 ? r : append_text(field(o, object), text);
        case OPTION_WORD:
                return set_word(o, field(o, object), text, why);
        case OPTION_TRUTH:
                return set_truth(field(o, object), text, why);
        case OPTION_NUMBER:
                return set_number(o, field(o, object), text, why);
        case OPTION_DURATION:
                return set_duration(o, field(o, object), text, why);
        case OPTION_SECRET:
        case OPTION_MAPPING:
        case OPTION_MAPPINGS:
                break;
        }
        return -EINVAL;
}

void option_clear_texts(struct text_list *list) {
        for (size_t i = 0; i < list->n; i++)
                free(list->items[i]);
        free(list->items);
        *list = (struct text_list){0};
}

void option_value_free(const struct option *o, void *object) {
        switch (o->kind) {
        case OPTION_TEXT:
        case OPTION_WORD: {
                char **text = field(o, object);
                free(*text);
                *text = NULL;
                break;
        }
        case OPTION_TEXTS:
                option_clear_texts(field(o, object));
                break;
        case OPTION_SECRET: {
                struct secret_ref *ref = field(o, object);
                free(ref->name);
                (void)secret_free(ref->secret);
                *ref = (struct secret_ref){0};
                break;
        }
        case OPTION_TRUTH:
        case OPTION_NUMBER:
        case OPTION_DURATION:
        case OPTION_MAPPING:
        case OPTION_MAPPINGS:
                break;
        }
}
