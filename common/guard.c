/* guard.c: counts, limits and ages → what may be spent. */
#include "guard.h"

#include <limits.h>
#include <stdio.h>

#include <openssl/evp.h>

#include "host_port.h"
#include "utc_time.h"

#define TURN_USEC (23 * INT64_C(3600000000)) /* a day, less a run: how often a held trunk tries an input that is left */
#define SIGN_MAX 200
#define MISTRUST_MAX 200

struct guard {
        struct guard_policy policy;
        struct guard_time now; /* when the run began to count */
        unsigned char salt[GUARD_SALT_SIZE];
        struct guard_carrier **carriers; /* by host */
        size_t n_carriers;
        int64_t *taken_over; /* runs */
        size_t n_taken_over;
        char mistrust[MISTRUST_MAX]; /* why answers are withheld; "" = they are not */
        bool trust_passed;
};

static const int64_t windows_usec[GUARD_WINDOWS] = {
        [GUARD_TEN_MINUTES] = INT64_C(600) * 1000000, [GUARD_HOUR] = INT64_C(3600) * 1000000, [GUARD_DAY] = GUARD_MEMORY_USEC};

static unsigned least(unsigned a, unsigned b) {
        return a < b ? a : b;
}

static void add_count(struct guard_count *to, const struct guard_count *c) {
        for (size_t k = 0; k < GUARD_KINDS; k++)
                to->of[k] += c->of[k];
}

/* -- accounts ------------------------------------------------------------------------------------------------------------- */

int guard_account_add(struct guard_account *a, int64_t age_usec, const struct guard_count *c) {
        if ((a->n & (a->n - 1)) == 0) { /* full at powers of two */
                struct guard_entry *grown = reallocarray(a->entries, a->n ? 2 * a->n : 1, sizeof *grown);
                if (!grown)
                        return -ENOMEM;
                a->entries = grown;
        }
        a->entries[a->n++] = (struct guard_entry){age_usec > 0 ? age_usec : 0, *c};
        return 0;
}

void guard_account_clear(struct guard_account *a) {
        free(a->entries);
        *a = (struct guard_account){0};
}

/* Of that kind, what is younger than AGE. What this run's probes may still spend counts as spent. */
static unsigned spent_within(const struct guard_account *a, enum guard_kind kind, int64_t age_usec) {
        unsigned n = a->now.of[kind] + a->planned.of[kind];
        for (size_t i = 0; i < a->n; i++)
                n += a->entries[i].age_usec < age_usec ? a->entries[i].count.of[kind] : 0;
        return n;
}

/* How long until no more than ROOM of it is in the window. */
static int64_t wait_for(const struct guard_account *a, enum guard_kind kind, int64_t window_usec, unsigned room) {
        int64_t wait = window_usec;         /* then all of it is gone, what is spent now, too */
        for (size_t i = 0; i < a->n; i++) { /* would it be enough that this one is gone, and all that are as old? */
                int64_t age = a->entries[i].age_usec;
                if (age < window_usec && window_usec - age < wait && spent_within(a, kind, age) <= room)
                        wait = window_usec - age;
        }
        return wait;
}

bool guard_lacks(const struct guard_account *a, const struct guard_limits *l, const struct guard_count *need, struct guard_shortage *ret) {
        bool found = false;
        for (enum guard_window w = 0; w < GUARD_WINDOWS; w++)
                for (enum guard_kind k = 0; k < GUARD_KINDS; k++) {
                        unsigned limit = l->in[w].of[k], spent = spent_within(a, k, windows_usec[w]);
                        if (limit == 0 || need->of[k] == 0 || spent + need->of[k] <= limit)
                                continue;
                        int64_t wait = need->of[k] > limit ? INT64_MAX : wait_for(a, k, windows_usec[w], limit - need->of[k]);
                        if (!found || wait > ret->wait_usec)
                                *ret = (struct guard_shortage){k, w, spent, need->of[k], limit, wait};
                        found = true;
                }
        return found;
}

unsigned guard_left(const struct guard_account *a, const struct guard_limits *l, enum guard_kind kind) {
        unsigned left = UINT_MAX;
        for (enum guard_window w = 0; w < GUARD_WINDOWS; w++) {
                unsigned limit = l->in[w].of[kind], spent = spent_within(a, kind, windows_usec[w]);
                if (limit > 0)
                        left = least(left, spent < limit ? limit - spent : 0);
        }
        return left;
}

/* -- fingerprints ----------------------------------------------------------------------------------------------------------- */

int guard_credentials_print(const unsigned char salt[static GUARD_SALT_SIZE], unsigned rounds, const struct trunk *t, unsigned *ret) {
        const struct secret *secret = t->password ? t->password : t->ha1;
        struct span bytes = secret ? secret_bytes(secret) : SPAN("");
        char salted[1024];
        unsigned char print[2];
        memcpy(salted, salt, GUARD_SALT_SIZE);
        int n = snprintf(salted + GUARD_SALT_SIZE, sizeof salted - GUARD_SALT_SIZE, "%s\n%s\n%s", t->password ? "password" : "ha1", t->id,
                         t->username ? t->username : "");
        size_t size = n < (int)(sizeof salted - GUARD_SALT_SIZE) ? GUARD_SALT_SIZE + (size_t)n : sizeof salted;
        if (n < 0 || PKCS5_PBKDF2_HMAC(bytes.p, (int)bytes.n, (const unsigned char *)salted, (int)size, (int)rounds, EVP_sha256(),
                                       sizeof print, print) != 1)
                return -EIO;
        *ret = ((unsigned)print[0] << 8 | print[1]) & ((1U << GUARD_CREDENTIALS_BITS) - 1);
        return 0;
}

/* Each field with its length, so that no two lists read alike. */
static void hash_field(EVP_MD_CTX *context, struct span s, int *ok) {
        *ok = *ok && EVP_DigestUpdate(context, &s.n, sizeof s.n) == 1 && EVP_DigestUpdate(context, s.p ? s.p : "", s.n) == 1;
}

int guard_circumstances_print(const struct trunk *t, const struct challenge *c, int64_t *ret) {
        static const struct challenge none;
        const char *settings[] = {t->authentication, t->domain,    t->proxies, t->transport, t->request_uri,
                                  t->realm,          t->algorithm, t->qop,     t->method};
        const struct challenge *seen = c ? c : &none;
        const struct span offered[] = {span_of(seen->proxy ? "proxy" : ""), seen->scheme, seen->realm, seen->algorithm_text,
                                       seen->qop_text};
        unsigned char hash[EVP_MAX_MD_SIZE];
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        int ok = context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1;
        for (size_t i = 0; i < ELEMENTS(settings); i++)
                hash_field(context, span_of(settings[i]), &ok);
        for (size_t i = 0; i < ELEMENTS(offered); i++)
                hash_field(context, offered[i], &ok);
        ok = ok && EVP_DigestFinal_ex(context, hash, NULL) == 1;
        EVP_MD_CTX_free(context);
        if (!ok)
                return -EIO;
        memcpy(ret, hash, sizeof *ret);
        return 0;
}

bool guard_is_rejection(enum cause cause) {
        return cause == CAUSE_WRONG_PASSWORD || cause == CAUSE_HA1_REFUSED || cause == CAUSE_SECRET_OUTDATED || cause == CAUSE_FORBIDDEN;
}

static const struct challenge *first_challenge(const struct evidence *e) {
        for (size_t i = 0; i < e->n_exchanges; i++)
                if (e->exchanges[i].has_challenge)
                        return &e->exchanges[i].challenge;
        return NULL;
}

/* Is what would be sent now what was refused before? When it cannot be told it is: nothing is sent. */
static bool is_unchanged(const struct guard *g, const struct guard_trunk *t, const struct evidence *e) {
        int64_t circumstances;
        unsigned credentials;
        const struct guard_rejection *r = &t->rejection;
        if (guard_circumstances_print(t->trunk, first_challenge(e), &circumstances) < 0)
                return true;
        return circumstances == r->circumstances &&
               (guard_credentials_print(g->salt, g->policy.print_rounds, t->trunk, &credentials) < 0 || credentials == r->credentials);
}

/* -- hosts ------------------------------------------------------------------------------------------------------------------ */

int guard_new(struct guard **ret, const struct guard_policy *policy, const struct guard_time *now) {
        struct guard *g = calloc(1, sizeof *g);
        if (!g)
                return -ENOMEM;
        g->policy = *policy;
        g->now = *now;
        /* A trunk that must not fail more often at a host than that, must not fail more often at all. */
        unsigned *failures = &g->policy.run.of[GUARD_FAILURES];
        for (enum guard_window w = 0; w < GUARD_WINDOWS; w++) {
                unsigned limits[] = {policy->carrier.in[w].of[GUARD_FAILURES], policy->trunk.in[w].of[GUARD_FAILURES]};
                for (size_t i = 0; i < ELEMENTS(limits); i++)
                        *failures = limits[i] > 0 ? least(*failures, limits[i]) : *failures;
        }
        *ret = g;
        return 0;
}

struct guard *guard_free(struct guard *g) {
        if (g) {
                for (size_t i = 0; i < g->n_carriers; i++) {
                        guard_account_clear(&g->carriers[i]->account);
                        free(g->carriers[i]->host);
                        free(g->carriers[i]->sign);
                        free(g->carriers[i]);
                }
                free(g->carriers);
                free(g->taken_over);
                free(g);
        }
        return NULL;
}

const struct guard_policy *guard_policy(const struct guard *g) {
        return &g->policy;
}

const struct guard_time *guard_now(const struct guard *g) {
        return &g->now;
}

void guard_set_salt(struct guard *g, const unsigned char salt[static GUARD_SALT_SIZE]) {
        memcpy(g->salt, salt, GUARD_SALT_SIZE);
}

void guard_host_of(const char *text, char ret[static GUARD_HOST_MAX]) {
        struct host_port hp;
        struct span host = host_port_parse(&hp, span_of(text)) ? span_of(text) : hp.host;
        size_t n = host.n < GUARD_HOST_MAX - 1 ? host.n : GUARD_HOST_MAX - 1;
        for (size_t i = 0; i < n; i++)
                ret[i] = (char)(host.p[i] >= 'A' && host.p[i] <= 'Z' ? host.p[i] + ('a' - 'A') : host.p[i]);
        ret[n] = '\0';
}

int guard_carrier(struct guard *g, const char *host, struct guard_carrier **ret) {
        size_t low = 0, high = g->n_carriers;
        while (low < high) {
                size_t middle = (low + high) / 2;
                int order = strcmp(g->carriers[middle]->host, host);
                if (order == 0) {
                        *ret = g->carriers[middle];
                        return 0;
                }
                if (order < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        if ((g->n_carriers & (g->n_carriers - 1)) == 0) { /* full at powers of two */
                struct guard_carrier **grown = reallocarray(g->carriers, g->n_carriers ? 2 * g->n_carriers : 1, sizeof(*grown));
                if (!grown)
                        return -ENOMEM;
                g->carriers = grown;
        }
        struct guard_carrier *c = calloc(1, sizeof *c);
        if (c)
                c->host = strdup(host);
        if (!c || !c->host) {
                free(c);
                return -ENOMEM;
        }
        memmove(&g->carriers[low + 1], &g->carriers[low], (g->n_carriers - low) * sizeof(*g->carriers));
        g->carriers[low] = c;
        g->n_carriers++;
        *ret = c;
        return 0;
}

const struct guard_carrier *guard_carrier_at(const struct guard *g, size_t i) {
        return i < g->n_carriers ? g->carriers[i] : NULL;
}

int guard_take_over(struct guard *g, int64_t run, const struct guard *earlier, int64_t age_usec) {
        int64_t *grown = reallocarray(g->taken_over, g->n_taken_over + 1, sizeof *grown);
        if (!grown)
                return -ENOMEM;
        g->taken_over = grown;
        g->taken_over[g->n_taken_over++] = run;
        for (size_t i = 0; i < earlier->n_carriers; i++) {
                struct guard_carrier *c;
                int r = guard_carrier(g, earlier->carriers[i]->host, &c);
                if (r == 0)
                        r = guard_account_add(&c->account, age_usec, &earlier->carriers[i]->account.now);
                if (r < 0)
                        return r;
        }
        return 0;
}

int guard_absorb(struct guard *g, const struct guard *earlier) {
        for (size_t i = 0; i < earlier->n_carriers; i++) {
                struct guard_carrier *c;
                int r = guard_carrier(g, earlier->carriers[i]->host, &c);
                if (r < 0)
                        return r;
                add_count(&c->account.now, &earlier->carriers[i]->account.now);
        }
        return 0;
}

void guard_trunk_absorb(struct guard_trunk *t, const struct guard_trunk *earlier) {
        add_count(&t->account.now, &earlier->account.now);
        if (!t->rejection_changed && earlier->rejection_changed) {
                t->rejection = earlier->rejection;
                t->rejection_changed = true;
        }
}

bool guard_has_taken_over(const struct guard *g, int64_t run) {
        for (size_t i = 0; i < g->n_taken_over; i++)
                if (g->taken_over[i] == run)
                        return true;
        return false;
}

void guard_mistrust(struct guard *g, const char *why, bool trust_passed) {
        if (g->mistrust[0] && (!g->trust_passed || trust_passed)) /* the stricter one stays */
                return;
        g->trust_passed = trust_passed;
        (void)snprintf(g->mistrust, sizeof g->mistrust, "%s", why);
}

void guard_trunk_clear(struct guard_trunk *t) {
        guard_account_clear(&t->account);
}

int guard_trunk_take_over(struct guard_trunk *t, const struct guard_trunk *earlier, int64_t age_usec) {
        if (earlier->rejection_changed)
                t->rejection = earlier->rejection;
        return guard_account_add(&t->account, age_usec, &earlier->account.now);
}

/* -- before the probe --------------------------------------------------------------------------------------------------------- */

/* Answers of a run: a proxy more is an answer more, even where the budget for finding a cause is small. */
static unsigned run_budget(const struct guard *g, const struct guard_trunk *t) {
        unsigned budget = g->policy.run.of[GUARD_CREDENTIALED];
        return t->probes > budget ? t->probes : budget;
}

int guard_reserve(struct guard *g, struct guard_trunk *t) {
        int r = guard_carrier(g, t->host, &t->carrier);
        if (r < 0)
                return r;
        unsigned answers = run_budget(g, t);
        const struct guard_count most = {{2 * answers, answers, g->policy.run.of[GUARD_FAILURES]}};
        struct guard_count *host = &t->carrier->reserved;
        for (enum guard_kind k = 0; k < GUARD_KINDS; k++) {
                t->reserved.of[k] = least(most.of[k], guard_left(&t->account, &g->policy.trunk, k));
                host->of[k] = least(host->of[k] + t->reserved.of[k], guard_left(&t->carrier->account, &g->policy.carrier, k));
        }
        return 0;
}

static void withhold(struct guard_trunk *t, struct verdict why) {
        t->is_withheld = true;
        t->withheld = why;
}

/* subject: "this trunk", or a host. */
static struct verdict shortage_verdict(const struct guard *g, const struct guard_shortage *s, const char *subject) {
        static const char *const kinds[] = {"requests", "answers", "failures"}, *const windows[] = {"ten minutes", "hour", "day"};
        char when[UTC_TIME_MAX] = "";
        if (s->wait_usec < INT64_MAX)
                (void)utc_time_format(when, g->now.wall_usec + s->wait_usec);
        return verdict_of(CAUSE_BUDGET_SPENT, "%u %s of %s in the last %s, %u more could follow, and %u are allowed; %s%s", s->spent,
                          kinds[s->kind], subject, windows[s->window], s->need, s->limit, when[0] ? "again after " : "no probe fits", when);
}

static struct verdict sign_verdict(const struct guard_carrier *c) {
        return verdict_of(CAUSE_HELD, "no more credentials go to %s in this run: %s", c->host, c->sign);
}

/* Does it fit at the host? Returns 0, GUARD_WAIT (when probes under way there have spent less than planned it may), or GUARD_REFUSE. */
static int fits_at_host(const struct guard *g, const struct guard_carrier *c, const struct guard_count *need, struct guard_shortage *s) {
        if (!guard_lacks(&c->account, &g->policy.carrier, need, s))
                return 0;
        struct guard_account ended = c->account;
        ended.planned = (struct guard_count){0};
        return guard_lacks(&ended, &g->policy.carrier, need, s) ? GUARD_REFUSE : GUARD_WAIT;
}

int guard_begin(struct guard *g, struct guard_trunk *t) {
        static const struct guard_count one = {{1, 0, 0}};
        /* What is in doubt may fail as often as a run allows; what worked is expected to work, and asks for more when it does not. */
        const struct guard_count need = {{1, 1, t->passed ? 1 : g->policy.run.of[GUARD_FAILURES]}};
        struct guard_carrier *c = t->carrier;
        struct guard_shortage s;
        int r = GUARD_REFUSE;
        if (g->mistrust[0] && !(g->trust_passed && t->passed))
                withhold(t, verdict_of(CAUSE_UNCOUNTED, "%s", g->mistrust));
        else if (c->sign)
                withhold(t, sign_verdict(c));
        else if (guard_lacks(&t->account, &g->policy.trunk, &need, &s))
                withhold(t, shortage_verdict(g, &s, "this trunk"));
        else if ((r = fits_at_host(g, c, &need, &s)) == GUARD_REFUSE)
                withhold(t, shortage_verdict(g, &s, c->host));
        else if (r == GUARD_WAIT)
                return r;
        if (t->is_withheld) {
                if (guard_lacks(&t->account, &g->policy.trunk, &one, &s))
                        return GUARD_REFUSE;
                r = fits_at_host(g, c, &one, &s);
        }
        if (r != 0)
                return r;
        t->account.planned = t->is_withheld ? one : need;
        add_count(&c->account.planned, &t->account.planned);
        return 0;
}

/* -- during and after it ---------------------------------------------------------------------------------------------------- */

/* One failure more is planned, when both budgets have it. */
static bool plan_failure(struct guard *g, struct guard_trunk *t) {
        struct guard_account *trunk = &t->account, *host = &t->carrier->account;
        if (guard_left(trunk, &g->policy.trunk, GUARD_FAILURES) == 0 || guard_left(host, &g->policy.carrier, GUARD_FAILURES) == 0)
                return false;
        trunk->planned.of[GUARD_FAILURES]++;
        host->planned.of[GUARD_FAILURES]++;
        return true;
}

static void hold(struct guard_trunk *t) {
        const struct guard_rejection *r = &t->rejection;
        char when[UTC_TIME_MAX];
        withhold(t, verdict_of(CAUSE_HELD,
                               "not sent again: %u runs in a row were refused, the last cause was %s on %s; nothing changed since%s",
                               r->runs, cause_info(r->cause)->word, utc_time_format(when, r->last_usec),
                               t->untried ? "; once a day another form of the answer is tried" : ""));
}

/* The host that is really asked may be another one than was expected. Its failures count; probes under way there do not. */
static void check_host(struct guard *g, struct guard_trunk *t, const struct evidence *e) {
        static const struct guard_count one = {{0, 1, 1}};
        struct guard_carrier *c;
        struct guard_shortage s;
        char host[GUARD_HOST_MAX];
        guard_host_of(e->address, host);
        if (!e->address[0] || strcmp(host, t->carrier->host) == 0) {
                if (t->carrier->sign)
                        withhold(t, sign_verdict(t->carrier));
                return;
        }
        if (guard_carrier(g, host, &c) < 0)
                return;
        if (c->sign)
                withhold(t, sign_verdict(c));
        else if (fits_at_host(g, c, &one, &s) == GUARD_REFUSE)
                withhold(t, shortage_verdict(g, &s, c->host));
}

void guard_restrict(struct guard *g, struct guard_trunk *t, const struct evidence *e, struct diagnosis_policy *policy) {
        const struct guard_count *spent = &t->account.now; /* by the probes of this run before this one */
        unsigned budget = run_budget(g, t), requests = guard_left(&t->account, &g->policy.trunk, GUARD_REQUESTS);
        unsigned failed = spent->of[GUARD_FAILURES] + diagnosis_failures(e);
        if (!t->is_withheld)
                check_host(g, t, e);
        /* Also where a budget is in the way: that passes by itself, this does not. */
        int64_t rested_usec = g->now.wall_usec - t->rejection.last_usec;
        bool has_turn = t->untried && rested_usec >= TURN_USEC;
        bool may_hold = !t->forced && !has_turn && (!t->is_withheld || t->withheld.cause == CAUSE_BUDGET_SPENT);
        if (may_hold && g->policy.hold_after > 0 && t->rejection.runs >= g->policy.hold_after && evidence_credentialed(e) == 0 &&
            first_challenge(e) && is_unchanged(g, t, e))
                hold(t);
        policy->failures = least(policy->failures, g->policy.run.of[GUARD_FAILURES]);
        policy->requests = requests == UINT_MAX ? 0 : requests + t->account.planned.of[GUARD_REQUESTS];
        policy->budget = t->is_withheld ? 0
                                        : least(policy->budget,
                                                budget > spent->of[GUARD_CREDENTIALED] ? budget - spent->of[GUARD_CREDENTIALED] : 0);
        bool more = failed < g->policy.run.of[GUARD_FAILURES];
        if (!t->is_withheld && more && failed > 0 && failed >= spent->of[GUARD_FAILURES] + t->account.planned.of[GUARD_FAILURES])
                more = plan_failure(g, t);
        if (!more)
                policy->budget = least(policy->budget, evidence_credentialed(e));
}

/* What exchange i spent; nothing when no byte of it was sent. A retransmission is a request more to those who count them. */
static struct guard_count spent_by(const struct evidence *e, size_t i) {
        const struct exchange *x = &e->exchanges[i];
        if (x->end == EXCHANGE_TOO_LARGE || x->end == EXCHANGE_UNTRUSTED)
                return (struct guard_count){0};
        return (struct guard_count){{1 + x->retransmissions, x->credentialed, diagnosis_is_failure(e, i)}};
}

/* What is spent is no longer planned. */
static void take_planned(struct guard_trunk *t, const struct guard_count *c) {
        for (enum guard_kind k = 0; k < GUARD_KINDS; k++) {
                unsigned n = least(t->account.planned.of[k], c->of[k]);
                t->account.planned.of[k] -= n;
                t->carrier->account.planned.of[k] -= n;
        }
}

int guard_spend(struct guard *g, struct guard_trunk *t, const struct evidence *e) {
        for (size_t i = 0; i < e->n_exchanges; i++) {
                struct guard_count c = spent_by(e, i);
                struct guard_carrier *carrier = t->carrier;
                size_t target = e->exchanges[i].target;
                char host[GUARD_HOST_MAX];
                add_count(&t->account.now, &c);
                take_planned(t, &c);
                guard_host_of(target < e->n_targets ? e->targets[target].address : e->address, host);
                int r = host[0] ? guard_carrier(g, host, &carrier) : 0;
                if (r < 0)
                        return r;
                add_count(&carrier->account.now, &c);
        }
        return 0;
}

/* Silence or a refusal where answers failed within the hour. */
static bool is_sign(const struct guard_carrier *c, const struct evidence *e, const struct verdict *v) {
        bool failed = spent_within(&c->account, GUARD_FAILURES, windows_usec[GUARD_HOUR]) > c->account.planned.of[GUARD_FAILURES];
        if (v->cause == CAUSE_LOCKOUT_SUSPECTED)
                return true;
        if (v->cause == CAUSE_ANSWER_DROPPED)
                return e->n_exchanges > 0 && e->exchanges[e->n_exchanges - 1].end != EXCHANGE_RESPONDED;
        return failed && (v->cause == CAUSE_NO_ANSWER || v->cause == CAUSE_REFUSED_BEFORE_CHALLENGE);
}

static void note_sign(struct guard *g, struct guard_trunk *t, const struct evidence *e, const struct verdict *v) {
        struct guard_carrier *c = t->carrier;
        char host[GUARD_HOST_MAX], sign[SIGN_MAX];
        guard_host_of(e->address, host);
        if ((e->address[0] && guard_carrier(g, host, &c) < 0) || c->sign || !is_sign(c, e, v))
                return;
        (void)snprintf(sign, sizeof sign, "%s shows signs of a lock-out (%s)", t->trunk->name ? t->trunk->name : t->trunk->id,
                       cause_info(v->cause)->word);
        c->sign = strdup(sign);
}

static bool is_accepted(const struct evidence *e) {
        for (size_t i = 0; i < e->n_exchanges; i++)
                if (e->exchanges[i].credentialed && e->exchanges[i].status >= 200 && e->exchanges[i].status < 300)
                        return true;
        return false;
}

static void note_rejection(struct guard *g, struct guard_trunk *t, const struct evidence *e, const struct verdict *v, int64_t wall_usec) {
        struct guard_rejection *old = &t->rejection, now = {.cause = v->cause, .since_usec = wall_usec, .last_usec = wall_usec};
        if (is_accepted(e)) {
                t->rejection_changed = old->runs > 0;
                *old = (struct guard_rejection){0};
                return;
        }
        if (!guard_is_rejection(v->cause))
                return;
        if (guard_credentials_print(g->salt, g->policy.print_rounds, t->trunk, &now.credentials) < 0 ||
            guard_circumstances_print(t->trunk, first_challenge(e), &now.circumstances) < 0)
                return; /* counted another time */
        bool same = old->runs > 0 && now.credentials == old->credentials && now.circumstances == old->circumstances;
        now.runs = same ? old->runs + 1 : 1;
        now.since_usec = same ? old->since_usec : wall_usec;
        *old = now;
        t->rejection_changed = true;
}

void guard_end(struct guard *g, struct guard_trunk *t, const struct evidence *e, struct verdict *v, int64_t wall_usec) {
        const struct guard_count rest = t->account.planned;
        if (t->carrier)
                take_planned(t, &rest);
        if (t->is_withheld && v->cause == CAUSE_BUDGET_SPENT)
                *v = t->withheld;
        if (t->carrier)
                note_sign(g, t, e, v);
        note_rejection(g, t, e, v, wall_usec);
}
