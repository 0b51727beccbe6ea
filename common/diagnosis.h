/* diagnosis.h: the heart. From evidence alone it says what is still missing (the next step of a probe) and, when nothing is, the verdict.
 * Pure functions: the same evidence gives the same answer, today and in an auditor's replay. */
#pragma once

#include "base.h"
#include "evidence.h"
#include "trunk.h"
#include "verdict.h"

struct diagnosis_policy {
        unsigned budget;       /* credentialed requests per trunk and run */
        unsigned failures;     /* of them, how many may be refused or stay unheard: none is sent when that many were */
        unsigned requests;     /* of any kind; 0 = no such limit */
        bool follow_redirects; /* a 3xx is followed, once */
};

/* What earlier runs say. */
struct diagnosis_history {
        bool known;
        enum cause last_cause; /* of the trunk's last result */
        bool has_algorithm;
        enum digest_algorithm algorithm; /* of the last answer that was accepted */
        hypotheses tried;                /* refused too, since the answer as it should be is refused */
        enum hypothesis winner;          /* accepted in place of it, and proven; HYPOTHESIS_NONE = none */
        int64_t winner_usec;             /* CLOCK_REALTIME when the answer as it should be was last refused beside it */
        bool winner_first;               /* that is not long ago: the winner is sent first, which costs no failure */
};

/* True when the trunk cannot or need not be probed at all; the verdict says why. */
bool diagnosis_before(const struct trunk *t, struct verdict *ret);

enum step {
        STEP_DONE,   /* the evidence is complete, or no more may be gathered */
        STEP_ASK,    /* send the request without credentials, for a fresh challenge */
        STEP_ANSWER, /* answer the challenge of the last exchange, with one input changed when `hypothesis` says so */
        STEP_FOLLOW, /* ask at the address that the last exchange redirects to, added to the targets */
};

struct diagnosis_step {
        enum step step;
        size_t target;     /* of STEP_ASK: index of evidence.targets */
        bool over_tcp;     /* of STEP_ASK: at that target's address by TCP, added to the targets */
        bool other_method; /* of STEP_ASK: from now on OPTIONS in place of REGISTER, or the other way round */
        bool named;        /* of STEP_ASK: the request names its user */
        bool has_algorithm;
        enum digest_algorithm algorithm; /* of STEP_ASK: choose this one among several challenges */
        enum hypothesis hypothesis;      /* of STEP_ANSWER, and of the STEP_ASK that leads to it */
        enum digest_qop qop;             /* of STEP_ANSWER */
};

/* Marks e->budget_spent when the next step would need a credentialed request that the budget does not allow. */
struct diagnosis_step diagnosis_next(const struct trunk *t, const struct diagnosis_policy *policy, const struct diagnosis_history *history,
                                     struct evidence *e);

/* Exchange i was an answer that a carrier may count against the account: refused (neither stale nor the next door), or unheard. */
bool diagnosis_is_failure(const struct evidence *e, size_t i);
unsigned diagnosis_failures(const struct evidence *e);

struct verdict diagnosis_verdict(const struct trunk *t, const struct diagnosis_history *history, const struct evidence *e);

/* Inputs of an answer to the first challenge of the evidence that were never tried; without a challenge none. */
hypotheses diagnosis_untried(const struct trunk *t, const struct diagnosis_history *history, const struct evidence *e);

/* What the evidence and its verdict add to `tried` and `winner` for the next run. */
void diagnosis_learn(const struct verdict *v, const struct evidence *e, struct diagnosis_history *history);
