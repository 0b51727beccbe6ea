/* verdict.h: outcome + cause + the words that go with them. The list itself is verdict.def. */
#pragma once

#include "base.h"

enum outcome { OUTCOME_PASS, OUTCOME_WARN, OUTCOME_FAIL, OUTCOME_UNTESTED };

enum cause_kind { CAUSE_KIND_TRUNK, CAUSE_KIND_PLATFORM, CAUSE_KIND_CLOCK, CAUSE_KIND_ANSWER };

/* How much was shown: by recomputing or by changing one input alone; or the evidence fits, and alternatives are named. */
enum confidence { CONFIDENCE_INDICATED, CONFIDENCE_PROVEN };

enum cause {
#define CAUSE(name, word, kind, outcome, confidence, priority, sentence, remedy, proof, reference) CAUSE_##name,
#include "verdict.def"
#undef CAUSE
        CAUSE_COUNT
};

struct cause_info {
        const char *word;
        enum cause_kind kind;
        enum outcome outcome;
        enum confidence confidence; /* the most that it may claim */
        int priority;               /* syslog level, 0..7 */
        const char *sentence;
        const char *remedy;
        const char *proof;     /* what evidence it stands on */
        const char *reference; /* where the rule is written; "none" = nowhere */
};

#define VERDICT_DETAIL_MAX 600 /* bytes of detail, with the final NUL; longer ones are cut at a character boundary */

/* A cause, and what was seen this time: both values of what differs, the status line, the error. Plain data. */
struct verdict {
        enum cause cause;
        bool doubtful; /* less was shown this time than the cause may claim */
        char detail[VERDICT_DETAIL_MAX];
};

const struct cause_info *cause_info(enum cause cause);

/* Returns 0, or -ENOENT when no cause has that word. */
int cause_from_word(const char *word, enum cause *ret);

const char *outcome_word(enum outcome outcome);
const char *cause_kind_word(enum cause_kind kind);
const char *confidence_word(enum confidence confidence);

static inline enum outcome verdict_outcome(const struct verdict *v) {
        return cause_info(v->cause)->outcome;
}

/* Never more than the cause may claim. */
static inline enum confidence verdict_confidence(const struct verdict *v) {
        return v->doubtful ? CONFIDENCE_INDICATED : cause_info(v->cause)->confidence;
}

struct verdict verdict_of(enum cause cause, const char *format, ...) _printf_(2, 3);
