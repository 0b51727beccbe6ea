/* verdict.c: the words of verdict.def. */
#include "verdict.h"

#include <stdarg.h>
#include <stdio.h>
#include <syslog.h>

#include "utf8.h"

#define CAUSE(name, word, kind, outcome, confidence, priority, sentence, remedy, proof, reference)                                \
        [CAUSE_##name] = {word,  CAUSE_KIND_##kind, OUTCOME_##outcome, CONFIDENCE_##confidence, LOG_##priority, sentence, remedy, \
                          proof, reference},
static const struct cause_info causes[CAUSE_COUNT] = {
#include "verdict.def"
};
#undef CAUSE

const struct cause_info *cause_info(enum cause cause) {
        return &causes[cause];
}

int cause_from_word(const char *word, enum cause *ret) {
        for (size_t i = 0; i < ELEMENTS(causes); i++)
                if (strcmp(causes[i].word, word) == 0) {
                        *ret = (enum cause)i;
                        return 0;
                }
        return -ENOENT;
}

const char *outcome_word(enum outcome outcome) {
        switch (outcome) {
        case OUTCOME_PASS:
                return "pass";
        case OUTCOME_WARN:
                return "warn";
        case OUTCOME_FAIL:
                return "fail";
        case OUTCOME_UNTESTED:
                return "untested";
        }
        return "";
}

const char *cause_kind_word(enum cause_kind kind) {
        switch (kind) {
        case CAUSE_KIND_TRUNK:
                return "trunk";
        case CAUSE_KIND_PLATFORM:
                return "platform";
        case CAUSE_KIND_CLOCK:
                return "clock";
        case CAUSE_KIND_ANSWER:
                return "answer";
        }
        return "";
}

const char *confidence_word(enum confidence confidence) {
        return confidence == CONFIDENCE_PROVEN ? "proven" : "indicated";
}

struct verdict verdict_of(enum cause cause, const char *format, ...) {
        struct verdict v = {.cause = cause};
        va_list args;
        va_start(args, format);
        int n = vsnprintf(v.detail, sizeof v.detail, format, args);
        va_end(args);
        if (n >= (int)sizeof v.detail)
                utf8_trim(v.detail); /* STRICT columns and journald want valid text */
        return v;
}
