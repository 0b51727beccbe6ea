/* guard.h: the lock-out guard: what a trunk's probe may spend, on the trunk and at its carrier's host, and when it is held.
 *
 * Many carriers lock an account or a host out after a few refused answers, and some count challenges too. So every request, every answer
 * (credentialed request) and every failure is counted, and bounded in each run, hour and day; failures at one host in ten minutes, too,
 * which is what ban lists look at. The store keeps the counts; here is the decision, from counts and their ages alone.
 *
 * A failure is an answer that was refused, or that nothing came back for. A host is an address without its port: who bans, bans all. */
#pragma once

#include "base.h"
#include "diagnosis.h"
#include "evidence.h"
#include "trunk.h"
#include "verdict.h"

enum guard_kind { GUARD_REQUESTS, GUARD_CREDENTIALED, GUARD_FAILURES, GUARD_KINDS };
enum guard_window { GUARD_TEN_MINUTES, GUARD_HOUR, GUARD_DAY, GUARD_WINDOWS };

#define GUARD_MEMORY_USEC INT64_C(86400000000) /* older counts are in no window */
#define GUARD_SALT_SIZE 16
#define GUARD_HOST_MAX 256
#define GUARD_BOOT_MAX 40

struct guard_count {
        unsigned of[GUARD_KINDS];
};

struct guard_limits {
        struct guard_count in[GUARD_WINDOWS]; /* 0 = no limit */
};

struct guard_policy {
        struct guard_count run; /* credentialed and failures of a trunk in one run */
        struct guard_limits trunk, carrier;
        unsigned hold_after;   /* runs in which the same credentials were refused; 0 = never */
        unsigned print_rounds; /* GUARD_PRINT_ROUNDS */
};

/* Now, by the wall clock, which can be set, and since the boot, which can not. Ages within one boot are taken from the latter, so that a
 * step of the clock neither frees a budget nor holds it. Across boots only the wall clock is left: a stamp from its future counts as now,
 * and is made now when the next run reserves, so that it ages from there. */
struct guard_time {
        int64_t wall_usec;         /* since 1970, UTC */
        int64_t boot_usec;         /* CLOCK_BOOTTIME */
        char boot[GUARD_BOOT_MAX]; /* id of the boot; "" = unknown: boots are then not told apart from each other by anything */
};

/* What one earlier run spent. */
struct guard_entry {
        int64_t age_usec;
        struct guard_count count;
};

/* Of a trunk, or of a host. */
struct guard_account {
        struct guard_entry *entries; /* owned */
        size_t n;
        struct guard_count now;     /* of this run */
        struct guard_count planned; /* of this run's probes under way: what they may still spend */
};

/* Returns 0 or -ENOMEM. A negative age counts as none. */
int guard_account_add(struct guard_account *a, int64_t age_usec, const struct guard_count *c);
void guard_account_clear(struct guard_account *a);

/* The first limit that NEED would exceed: the one that is longest in the way. */
struct guard_shortage {
        enum guard_kind kind;
        enum guard_window window;
        unsigned spent, need, limit;
        int64_t wait_usec; /* until enough of it is older than the window; INT64_MAX: the need is larger than the limit */
};
bool guard_lacks(const struct guard_account *a, const struct guard_limits *l, const struct guard_count *need, struct guard_shortage *ret);

/* What is left of a kind, in every window; UINT_MAX without a limit. */
unsigned guard_left(const struct guard_account *a, const struct guard_limits *l, enum guard_kind kind);

/* Credentials that a carrier refuses, run after run. Whether they changed is told by two fingerprints, never by the secret.
 *
 * Members of the group may read the database, so the first one must not help to guess: PBKDF2 over the secret, salted with the database's
 * own random bytes, the trunk and the username, and cut to 12 bits. So one wrong guess in 4096 fits as well as the right one, each try
 * costs the full PBKDF2, a secret of decent length stays out of reach, and there is nothing to learn but of a secret that is refused: the
 * row goes with the first success. The price: one change of a secret in 4096 goes unseen, and needs --force.
 *
 * The second is over what is no secret: the trunk's settings, and who challenges: realm, algorithm, scheme, qop, proxy or registrar. */
bool guard_is_rejection(enum cause cause); /* a verdict that they are refused */

struct guard_rejection {
        unsigned runs; /* that were refused; 0 = none */
        enum cause cause;
        int64_t since_usec, last_usec; /* CLOCK_REALTIME of the first and the last one */
        unsigned credentials;
        int64_t circumstances;
};

#define GUARD_CREDENTIALS_BITS 12
#define GUARD_PRINT_ROUNDS 10000 /* of PBKDF2: some milliseconds, and only for trunks whose credentials were refused */

/* Returns 0, or -EIO when the crypto library fails. c NULL = no challenge. */
int guard_credentials_print(const unsigned char salt[static GUARD_SALT_SIZE], unsigned rounds, const struct trunk *t, unsigned *ret);
int guard_circumstances_print(const struct trunk *t, const struct challenge *c, int64_t *ret);

/* A host where carriers are, in this run. */
struct guard_carrier {
        char *host;
        struct guard_account account;
        struct guard_count reserved; /* what a crash would leave counted */
        char *sign;                  /* the trunk that showed signs of a lock-out, and which; NULL = none did */
};

struct guard;

int guard_new(struct guard **ret, const struct guard_policy *policy, const struct guard_time *now);
struct guard *guard_free(struct guard *g);
DEFINE_CLEANUP(struct guard *, guard_free)
const struct guard_policy *guard_policy(const struct guard *g);
const struct guard_time *guard_now(const struct guard *g);
void guard_set_salt(struct guard *g, const unsigned char salt[static GUARD_SALT_SIZE]);

/* "192.0.2.1:5060", "[2001:db8::1]:5061" or "sbc1.Carrier.example" → what counts are kept under; a text that is none stays as it is. */
void guard_host_of(const char *text, char ret[static GUARD_HOST_MAX]);

/* The host's, made when it is not there yet. Returns 0 or -ENOMEM. */
int guard_carrier(struct guard *g, const char *host, struct guard_carrier **ret);
const struct guard_carrier *guard_carrier_at(const struct guard *g, size_t i); /* NULL behind the last one */

/* An earlier run that the store does not have yet: what it spent comes from its own guard, and what the store has under that id, a
 * reservation, is not counted beside it. Before store_guard(). age_usec: since it spent. Returns 0 or -ENOMEM. */
int guard_take_over(struct guard *g, int64_t run, const struct guard *earlier, int64_t age_usec);
bool guard_has_taken_over(const struct guard *g, int64_t run);

/* What an earlier run spent counts as spent by this one, which is younger: when the earlier one is given up before it was stored. */
int guard_absorb(struct guard *g, const struct guard *earlier);

/* What this run spends cannot be counted for the next process, or what was spent is unknown: why is the detail of the verdict. Answers are
 * withheld from all trunks, or, trust_passed, from those whose last answer was not accepted: those that can lock an account. So a crash
 * forgets one failed run of a trunk at most. */
void guard_mistrust(struct guard *g, const char *why, bool trust_passed);

/* One trunk's part. The caller sets the first group, the store the second. */
struct guard_trunk {
        const struct trunk *trunk;
        unsigned probes; /* in this run: 1, or one for each proxy */
        bool forced;     /* an operator lifts the hold */
        bool untried;    /* another input of the refused answer is left to try: the hold is lifted for one run a day */

        bool passed; /* the last run's answer was accepted */
        struct guard_account account;
        struct guard_rejection rejection;
        char host[GUARD_HOST_MAX]; /* where its requests went the last time, else the configured one */

        bool rejection_changed; /* to be stored */
        struct guard_count reserved;
        struct guard_carrier *carrier; /* of host */
        bool is_withheld;
        struct verdict withheld; /* why no credentials are sent */
};

void guard_trunk_clear(struct guard_trunk *t);

/* The same for one trunk, after store_guard_trunk(). Returns 0 or -ENOMEM. */
int guard_trunk_take_over(struct guard_trunk *t, const struct guard_trunk *earlier, int64_t age_usec);
void guard_trunk_absorb(struct guard_trunk *t, const struct guard_trunk *earlier);

/* Before any probe: what the run may spend at most, for the reservation. Returns 0 or -ENOMEM. */
int guard_reserve(struct guard *g, struct guard_trunk *t);

/* May its probe begin? Returns 0: yes, with or without credentials; or */
enum {
        GUARD_WAIT = 1, /* when another probe at its host has ended */
        GUARD_REFUSE,   /* not even to ask: withheld is the verdict */
};
int guard_begin(struct guard *g, struct guard_trunk *t);

/* Lowers what the probe's next step may spend. */
void guard_restrict(struct guard *g, struct guard_trunk *t, const struct evidence *e, struct diagnosis_policy *policy);

/* A probe has ended: counts what it spent, where it went. Returns 0 or -ENOMEM. */
int guard_spend(struct guard *g, struct guard_trunk *t, const struct evidence *e);

/* The trunk is done: says in its verdict what the guard withheld, notes signs of a lock-out, and what the next run must know. */
void guard_end(struct guard *g, struct guard_trunk *t, const struct evidence *e, struct verdict *v, int64_t wall_usec);
