/* diagnosis.h: the heart. From evidence alone it says what is still missing (the next step of a probe) and, when nothing is, the verdict.
 * Pure functions: the same evidence gives the same answer, today and in an auditor's replay. */
#pragma once

#include "base.h"
#include "evidence.h"
#include "trunk.h"
#include "verdict.h"

struct diagnosis_policy {
        unsigned budget;       /* credentialed requests per trunk and run */
        bool follow_redirects; /* a 3xx is followed, once */
};

/* What earlier runs say. */
struct diagnosis_history {
        bool known;
        enum cause last_cause; /* of the trunk's last result */
        bool has_algorithm;
        enum digest_algorithm algorithm; /* of the last answer that was accepted */
};

/* True when the trunk cannot or need not be probed at all; the verdict says why. */
bool diagnosis_before(const struct trunk *t, struct verdict *ret);

enum step {
        STEP_DONE,   /* the evidence is complete, or no more may be gathered */
        STEP_ASK,    /* send the request without credentials, for a fresh challenge */
        STEP_ANSWER, /* answer the challenge of the last exchange */
        STEP_FOLLOW, /* ask at the address that the last exchange redirects to, added to the targets */
};

struct diagnosis_step {
        enum step step;
        size_t target;          /* of STEP_ASK: index of evidence.targets */
        bool over_tcp;          /* of STEP_ASK: at that target's address by TCP, added to the targets */
        enum uri_form uri_form; /* of STEP_ANSWER */
        enum digest_qop qop;
};

/* Marks e->budget_spent when the next step would need a credentialed request that the budget does not allow. */
struct diagnosis_step diagnosis_next(const struct trunk *t, const struct diagnosis_policy *policy, struct evidence *e);

struct verdict diagnosis_verdict(const struct trunk *t, const struct diagnosis_history *history, const struct evidence *e);
