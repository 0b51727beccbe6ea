/* probe.h: one trunk's challenge and answer. The probe sends and waits; diagnosis decides what is sent next and what it meant. */
#pragma once

#include <systemd/sd-event.h>

#include "../common/config.h"
#include "../common/diagnosis.h"
#include "../common/evidence.h"
#include "../common/trunk.h"
#include "resolver.h"
#include "transport.h"

struct probe;

/* What every probe of a run uses; borrowed. */
struct probe_context {
        sd_event *event;
        struct transport *transport;
        struct resolver *resolver;
        struct tls *tls; /* towards carriers */
        /* Told when an exchange has ended, the last of the evidence; may be NULL. Also from inside probe_start(). */
        void (*on_exchange)(const struct evidence *e, void *user);
        void *exchange_user;
        /* Lowers what the next step may spend; may be NULL. */
        void (*restrict_policy)(struct diagnosis_policy *policy, const struct evidence *e, void *user);
        void *restrict_user;
        const struct config *config;
        /* When set, the first answer waits for probe_answer(), which may be called from inside. */
        void (*on_challenge)(struct probe *p, void *user);
        void *challenge_user;
};

struct probe_result {
        struct verdict verdict;
        struct evidence evidence; /* move it away (take the struct and zero this one) to keep it */
};

typedef void probe_done_fn(struct probe *p, struct probe_result *result, void *user);

#define PROBE_EVERY_PROXY SIZE_MAX /* in order, until one serves */

/* context and trunk are borrowed until done or free. proxy: only that one of the trunk's targets (target_list()), or PROBE_EVERY_PROXY. */
int probe_start(struct probe **ret, const struct probe_context *context, const struct trunk *trunk, size_t proxy,
                const struct diagnosis_history *history, probe_done_fn *done, void *user);

/* Answers the challenge that on_challenge told of. */
void probe_answer(struct probe *p);

/* Ends it now with what is known: calls done, from inside. */
void probe_cut(struct probe *p);
struct probe *probe_free(struct probe *p); /* before done: cancels */
