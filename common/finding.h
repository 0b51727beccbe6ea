/* finding.h: what one check of a set-up found: how it is, what was seen, what to do. */
#pragma once

#include "base.h"
#include "complaint.h"
#include "verdict.h"

#define FINDING_TEXT_MAX 1200 /* bytes of a text, with the final NUL; longer ones are cut at a character boundary */

enum finding_state {
        FINDING_OK,
        FINDING_WARN,
        FINDING_FAIL,
        FINDING_SKIPPED, /* what it stands on failed, or cannot be looked at from here */
        FINDING_STATES
};

struct finding {
        const char *check; /* its name, a constant */
        enum finding_state state;
        char seen[FINDING_TEXT_MAX];
        char remedy[FINDING_TEXT_MAX]; /* "" = nothing to do */
};

struct finding finding_of(const char *check, enum finding_state state, const char *format, ...) _printf_(3, 4);

/* What to do, by a finding that is not good. */
void finding_advise(struct finding *f, const char *format, ...) _printf_(2, 3);

/* A verdict that the audit would give, with its remedy. In a set-up, what cannot be tested has to be mended too: it is FINDING_FAIL. */
struct finding finding_of_verdict(const char *check, const struct verdict *v);

/* What is right stands in parentheses behind what is wrong. */
struct finding finding_of_complaint(const char *check, const struct complaint *c);

/* Of two findings about one thing the more urgent: it failed, is a warning, was skipped, is good. */
enum finding_state finding_worse(enum finding_state a, enum finding_state b);

/* "FAIL     clock: what was seen\n         what to do\n"; control characters become spaces. malloc'ed; returns 0 or -ENOMEM. */
int finding_text(char **ret, const struct finding *f);

/* {"check": …, "state": "ok", "warn", "fail" or "skipped", "seen": …, "remedy": … or null}, without a line's end. malloc'ed; returns 0 or
 * -ENOMEM. */
int finding_json(char **ret, const struct finding *f);
