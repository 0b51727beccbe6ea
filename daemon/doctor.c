/* doctor.c: the checks in their order. Each either tells what it found at once, or starts an agent whose done tells it; what an agent does
 * not find within the check's limit is told as that. A check whose ground is missing is skipped, and says what it stands on. */
#include "doctor_private.h"

#include <stdio.h>

#include "doctor_host.h"
#include "now.h"

#define TIMER_ACCURACY_USEC (10 * USEC_PER_MSEC)
#define PLATFORM_TIMEOUT_USEC (3 * USEC_PER_SEC) /* of one request; shorter than the limits of the checks, since it says more */
#define LISTING_DEADLINE_USEC (8 * USEC_PER_SEC) /* of all its requests */

/* -- the order of things ------------------------------------------------------------------------------------------------- */

static void drop_agents(struct doctor *d) {
        d->clock = clock_check_free(d->clock);
        d->handshake = handshake_free(d->handshake);
        d->tls = tls_free(d->tls);
        d->token_request = token_request_free(d->token_request);
        d->call = platform_call_free(d->call);
        d->poll = trunk_poll_free(d->poll);
        d->names = carrier_names_free(d->names);
        for (size_t i = 0; i < ELEMENTS(d->servers); i++) {
                d->servers[i].query = resolver_query_free(d->servers[i].query);
                d->servers[i].resolver = resolver_free(d->servers[i].resolver);
        }
}

static void tell(struct doctor *d, const struct finding *f) {
        d->request.tell(f, d->request.user);
}

int doctor_over(struct doctor *d, const struct finding *f) {
        tell(d, f);
        return CHECK_OVER;
}

int doctor_skipped(struct doctor *d, const char *why) {
        const struct finding f = finding_of(d->check->name, FINDING_SKIPPED, "%s", why);
        return doctor_over(d, &f);
}

/* The end of a check that was under way; the last statement of an agent's done. */
static void go_on(struct doctor *d) {
        (void)sd_event_source_set_enabled(d->limit, SD_EVENT_OFF);
        drop_agents(d);
        (void)sd_event_source_set_enabled(d->turn, SD_EVENT_ONESHOT);
}

void doctor_conclude(struct doctor *d, const struct finding *f) {
        tell(d, f);
        go_on(d);
}

static void broke(struct doctor *d, int r) {
        struct finding f = finding_of(d->check->name, FINDING_FAIL, "cannot be checked: %s", strerror(-r));
        finding_advise(&f, "This is a fault of this host or of trunkaudit; report it if it repeats.");
        doctor_conclude(d, &f);
}

/* -- configuration and secrets ------------------------------------------------------------------------------------------- */

static size_t tell_complaints(struct doctor *d, const struct complaints *c,
                              bool (*is_told)(const struct doctor *, const struct complaint *)) {
        size_t told = 0;
        for (size_t i = 0; i < c->n; i++) {
                if (is_told && !is_told(d, &c->items[i]))
                        continue;
                const struct finding f = finding_of_complaint(d->check->name, &c->items[i]);
                tell(d, &f);
                told++;
        }
        return told;
}

static uint64_t at_most(uint64_t value, uint64_t limit) {
        return value < limit ? value : limit;
}

static int open_ground(struct doctor *d) {
        struct config *config = d->config;
        /* An audit may wait longer for the platform than somebody at a terminal. */
        config->platform.timeout_usec = at_most(config->platform.timeout_usec, PLATFORM_TIMEOUT_USEC);
        config->platform.deadline_usec = at_most(config->platform.deadline_usec, LISTING_DEADLINE_USEC);
        int r = resolver_new(&d->resolver, d->request.event, config->dns.servers.items, config->dns.servers.n);
        if (r >= 0 && config->has_platform)
                r = resolver_new(&d->system, d->request.event, NULL, 0);
        if (r >= 0 && config->has_platform)
                r = http_new(&d->http, d->request.event);
        if (r >= 0 && config->has_platform)
                r = token_new(&d->token, d->request.event, d->http, config);
        if (r >= 0 && config->has_platform)
                r = page_new(&d->page);
        if (r >= 0 && config->has_platform && config->platform.page_dir)
                http_replay(d->http, config->platform.page_dir);
        return r;
}

static int check_configuration(struct doctor *d) {
        struct complaints complaints = {0};
        int r = config_load(&d->config, d->request.config_file, &complaints);
        size_t told = tell_complaints(d, &complaints, NULL);
        if (complaints.errors > complaints.n) {
                const struct finding more = finding_of(d->check->name, FINDING_FAIL, "%zu further mistakes",
                                                       complaints.errors - complaints.n);
                tell(d, &more);
        }
        complaints_clear(&complaints);
        if (r < 0)
                return r;
        if (!d->config)
                return CHECK_OVER;
        if (told == 0) {
                const struct finding good = finding_of(d->check->name, FINDING_OK, "%s is good", d->request.config_file);
                tell(d, &good);
        }
        r = open_ground(d);
        return r < 0 ? r : CHECK_OVER;
}

bool doctor_is_inside_only(const struct doctor *d, const struct secret_ref *ref) {
        return ref->kind == SECRET_REF_CREDENTIAL && !d->credentials_directory;
}

/* The complaint that a credential is there only inside the service is as good for one as for all. */
static bool is_about_file(const struct doctor *d, const struct complaint *c) {
        const struct config *config = d->config;
        const struct secret_ref *client = &config->platform.client_secret;
        bool inside = doctor_is_inside_only(d, client) && client->line == c->line && client->column == c->column;
        for (size_t i = 0; i < config->n_trunks && !inside; i++) {
                const struct secret_ref *refs[] = {&config->trunks[i].password, &config->trunks[i].ha1};
                for (size_t k = 0; k < ELEMENTS(refs); k++)
                        inside |= doctor_is_inside_only(d, refs[k]) && refs[k]->line == c->line && refs[k]->column == c->column;
        }
        return !inside;
}

static void count_refs(const struct doctor *d, size_t *ret_read, size_t *ret_inside) {
        const struct config *config = d->config;
        *ret_read = config->platform.client_secret.secret != NULL;
        *ret_inside = doctor_is_inside_only(d, &config->platform.client_secret);
        for (size_t i = 0; i < config->n_trunks; i++) {
                const struct config_trunk *t = &config->trunks[i];
                *ret_read += (size_t)(t->password.secret != NULL) + (t->ha1.secret != NULL);
                *ret_inside += (size_t)doctor_is_inside_only(d, &t->password) + doctor_is_inside_only(d, &t->ha1);
        }
}

static void tell_inside_only(struct doctor *d, size_t n) {
        _cleanup_(freep) char *directory = NULL;
        struct finding f = finding_of(d->check->name, FINDING_WARN, "%zu credentials are there only inside the service", n);
        if (doctor_host_credentials_directory(&directory, d->request.config_file) == 0)
                finding_advise(&f, "Check " DOCTOR_AS_SERVICE "%s trunkaudit --config %s doctor", directory, d->request.config_file);
        tell(d, &f);
}

static int check_secrets(struct doctor *d) {
        struct complaints complaints = {0};
        size_t read, inside;
        int r = config_read_secrets(d->config, d->credentials_directory, &complaints);
        size_t told = tell_complaints(d, &complaints, is_about_file);
        complaints_clear(&complaints);
        if (r < 0)
                return r;
        count_refs(d, &read, &inside);
        if (inside > 0)
                tell_inside_only(d, inside);
        if (told > 0 || (inside > 0 && read == 0))
                return CHECK_OVER;
        const struct finding f = finding_of(d->check->name, FINDING_OK, "%zu secret%s can be read", read, read == 1 ? "" : "s");
        return doctor_over(d, &f);
}

static int check_credentials(struct doctor *d) {
        const struct finding f = doctor_host_credentials(d->check->name, d->config, d->credentials_directory);
        return doctor_over(d, &f);
}

/* -- clock --------------------------------------------------------------------------------------------------------------- */

static void on_clock(struct clock_check *c, const struct clock_result *result, void *user) {
        struct doctor *d = user;
        struct finding f = finding_of_verdict(d->check->name, &result->verdict);
        (void)c;
        if (f.state == FINDING_OK && (result->servers == 0 || result->servers_used < result->servers)) {
                f.state = FINDING_WARN;
                finding_advise(&f, "%s",
                               result->servers == 0 ? cause_info(result->verdict.cause)->remedy
                                                    : "See the detail for each server that is not used; check its name and UDP port 123.");
        }
        doctor_conclude(d, &f);
}

static int check_clock(struct doctor *d) {
        return clock_check_start(&d->clock, d->request.event, d->resolver, d->config, on_clock, d);
}

/* -- trunks --------------------------------------------------------------------------------------------------------------- */

struct trunk_counts {
        size_t digest, address, unknown, inactive, inside, missing;
        char names[DOCTOR_NAMES_SHOWN_MAX]; /* of those without a secret */
};

static void count_trunk(const struct doctor *d, struct trunk_counts *c, const struct trunk *t) {
        const struct config_trunk *entry = config_trunk_find(d->config, t->id, t->name);
        c->inactive += trunk_inactive(t);
        c->address += trunk_kind(t) == TRUNK_ADDRESS;
        c->unknown += trunk_kind(t) == TRUNK_UNKNOWN;
        c->digest += trunk_kind(t) == TRUNK_DIGEST;
        if (trunk_kind(t) != TRUNK_DIGEST || trunk_inactive(t) || t->password || t->ha1)
                return;
        if (entry && (doctor_is_inside_only(d, &entry->password) || doctor_is_inside_only(d, &entry->ha1))) {
                c->inside++;
                return;
        }
        size_t n = strlen(c->names);
        int more = snprintf(c->names + n, sizeof c->names - n, "%s%s", c->missing++ > 0 ? ", " : "", t->name ? t->name : t->id);
        if (more >= (int)(sizeof c->names - n))
                (void)snprintf(c->names + sizeof c->names - sizeof "...", sizeof "...", "...");
}

/* Where the platform could not be read, each trunk of the configuration stands for itself. */
static int check_trunks(struct doctor *d) {
        struct trunk_counts c = {0};
        for (size_t i = 0; i < d->config->n_trunks && !d->listed; i++)
                d->config->trunks[i].extra = true;
        int r = trunk_list_merge(&d->trunks, d->config);
        if (r < 0)
                return r;
        for (size_t i = 0; i < d->trunks.n; i++)
                count_trunk(d, &c, &d->trunks.items[i]);
        struct finding f = finding_of(d->check->name,
                                      c.missing > 0                               ? FINDING_FAIL
                                      : d->trunks.n == 0 || c.unknown || c.inside ? FINDING_WARN
                                                                                  : FINDING_OK,
                                      "%zu trunks%s: %zu digest, %zu by address, %zu of neither, %zu out of service", d->trunks.n,
                                      d->listed ? "" : " (of the configuration alone)", c.digest, c.address, c.unknown, c.inactive);
        size_t n = strlen(f.seen);
        if (c.missing > 0) {
                (void)snprintf(f.seen + n, sizeof f.seen - n, "; without a secret: %s", c.names);
                finding_advise(&f, "Give each a password or an ha1 under trunks in %s, and write the secret it names.", d->config->file);
        } else if (c.inside > 0) {
                (void)snprintf(f.seen + n, sizeof f.seen - n, "; %zu secrets are there only inside the service", c.inside);
                finding_advise(&f, "See the check of the secrets.");
        } else if (d->trunks.n == 0) {
                finding_advise(&f, "There is nothing to audit: configure the platform, or trunks with extra: true.");
        } else if (c.unknown > 0) {
                finding_advise(&f, "Set authentication to digest or none for these trunks.");
        }
        return doctor_over(d, &f);
}

/* -- this host -------------------------------------------------------------------------------------------------------------- */

static int check_journal(struct doctor *d) {
        const struct finding f = doctor_host_journal(d->check->name);
        return doctor_over(d, &f);
}

static int check_database(struct doctor *d) {
        const struct finding f = doctor_host_database(d->check->name, d->config, &d->store);
        return doctor_over(d, &f);
}

static int check_upkeep(struct doctor *d) {
        const struct finding f = doctor_host_upkeep(d->check->name, d->store, now_realtime());
        return doctor_over(d, &f);
}

static int check_lock(struct doctor *d) {
        const struct finding f = doctor_host_lock(d->check->name, d->config);
        return doctor_over(d, &f);
}

static int check_service(struct doctor *d) {
        const struct finding f = doctor_host_service(d->check->name, d->config, d->store, now_realtime());
        return doctor_over(d, &f);
}

/* -- names ------------------------------------------------------------------------------------------------------------------ */

static void conclude_servers(struct doctor *d) {
        size_t n = d->config->dns.servers.n;
        struct finding f;
        if (d->servers_failed == 0) {
                f = n > 0 ? finding_of(d->check->name, FINDING_OK, "dns.servers answer")
                          : finding_of(d->check->name, FINDING_OK, "the system's name servers answer");
        } else {
                f = finding_of(d->check->name, FINDING_FAIL, "%s", d->failures);
                finding_advise(&f, n > 0 ? "Check dns.servers, and that UDP port 53 is open to them." : "Check /etc/resolv.conf.");
        }
        doctor_conclude(d, &f);
}

/* That a name does not exist is an answer. */
static void on_server(struct resolver_query *q, int outcome, struct naptr_record *records, size_t n, const char *why, void *user) {
        struct name_server *s = user;
        struct doctor *d = s->doctor;
        size_t i = (size_t)(s - d->servers), at = strlen(d->failures);
        (void)q;
        (void)records;
        (void)n;
        if (outcome != 0 && outcome != RESOLVER_NOT_FOUND) {
                (void)snprintf(d->failures + at, sizeof d->failures - at, "%s%s: %s", d->servers_failed++ > 0 ? "; " : "",
                               d->config->dns.servers.n > 0 ? d->config->dns.servers.items[i] : "the system's name servers",
                               why ? why : strerror(-outcome));
        }
        if (--d->servers_open == 0)
                conclude_servers(d);
}

/* "invalid" is a name that exists nowhere, and that every name server may be asked about (RFC 6761 section 6.4). */
static int check_name_servers(struct doctor *d) {
        const struct text_list *servers = &d->config->dns.servers;
        size_t n = servers->n == 0 ? 1 : servers->n < DOCTOR_NAME_SERVERS_MAX ? servers->n : DOCTOR_NAME_SERVERS_MAX;
        for (size_t i = 0; i < n; i++) {
                struct name_server *s = &d->servers[i];
                s->doctor = d;
                int r = resolver_new(&s->resolver, d->request.event, servers->n > 0 ? &servers->items[i] : NULL, servers->n > 0);
                if (r >= 0)
                        r = resolver_start_naptr(&s->query, s->resolver, "invalid", on_server, s);
                if (r < 0)
                        return r;
                d->servers_open++;
        }
        return CHECK_UNDER_WAY;
}

/* Where the platform could not be read, the trunks' places may be known to it alone. */
static struct finding finding_of_names(const struct doctor *d, const struct carrier_names_result *r) {
        bool bad = r->found < r->answered,
             unfinished = r->answered<r->names, without = r->without> 0 && (d->listed || !d->config->has_platform);
        struct finding f = finding_of(d->check->name,
                                      bad                     ? FINDING_FAIL
                                      : unfinished || without ? FINDING_WARN
                                                              : FINDING_OK,
                                      "%zu of %zu names have addresses; %zu addresses%s%s%s%s", r->found, r->names, r->literals,
                                      bad ? "; " : "", r->failures, without ? "; nowhere to be found: " : "",
                                      without ? r->first_without : "");
        if (bad)
                finding_advise(&f, "Check the trunks' proxies and domains, and the name servers.");
        else if (without)
                finding_advise(&f, "Set proxies or domain of the %zu trunks that have neither.", r->without);
        else if (unfinished)
                finding_advise(&f, "The rest was not asked within the limit.");
        return f;
}

static void on_names(struct carrier_names *c, const struct carrier_names_result *result, void *user) {
        struct doctor *d = user;
        const struct finding f = finding_of_names(d, result);
        (void)c;
        doctor_conclude(d, &f);
}

static int check_carriers(struct doctor *d) {
        return carrier_names_start(&d->names, d->request.event, d->resolver, &d->trunks, on_names, d);
}

/* -- the story -------------------------------------------------------------------------------------------------------------- */

/* Those that wait take 56 s together at most, whatever does not answer; a lookup ends by itself within 5 s, and then says more. */
static const struct check checks[] = {
        {"configuration", 1, check_configuration, true},
        {"secrets", 1, check_secrets, false},
        {"unit credentials", 1, check_credentials, false},
        {"clock", 10, check_clock, false},
        {"login", 6, doctor_check_login, false},
        {"api", 6, doctor_check_api, false},
        {"token", 5, doctor_check_token, false},
        {"organisation", 4, doctor_check_identity, false},
        {"trunk listing", 9, doctor_check_listing, false},
        {"audit log", 4, doctor_check_audit_log, false},
        {"trunks", 1, check_trunks, false},
        {"journal", 1, check_journal, true},
        {"database", 3, check_database, false},
        {"database care", 1, check_upkeep, false},
        {"audit lock", 1, check_lock, false},
        {"name servers", 6, check_name_servers, false},
        {"carriers", 6, check_carriers, false},
        {"service", 3, check_service, false},
};

static int on_limit(sd_event_source *source, uint64_t usec, void *user) {
        struct doctor *d = user;
        (void)source;
        (void)usec;
        struct finding f = finding_of(d->check->name, FINDING_FAIL, "no answer within %u s", d->check->limit_sec);
        finding_advise(&f, "Check that firewalls let this host out, and what the configuration names for this.");
        if (d->handshake && handshake_so_far(d->handshake)->address[0])
                f = doctor_handshake_finding(d->check->name, handshake_so_far(d->handshake));
        else if (d->names) {
                f = finding_of_names(d, carrier_names_so_far(d->names));
                f.state = FINDING_FAIL;
        }
        doctor_conclude(d, &f);
        return 0;
}

static void start_check(struct doctor *d) {
        d->check = &checks[d->next++];
        if (d->request.begin)
                d->request.begin(d->check->name, d->request.user);
        if (!d->config && !d->check->unconfigured) {
                (void)doctor_skipped(d, "the configuration cannot be used");
                go_on(d);
                return;
        }
        int r = d->check->start(d);
        if (r == CHECK_UNDER_WAY) {
                r = sd_event_source_set_time_relative(d->limit, d->check->limit_sec * USEC_PER_SEC);
                if (r >= 0)
                        r = sd_event_source_set_enabled(d->limit, SD_EVENT_ONESHOT);
        }
        if (r < 0)
                broke(d, r);
        else if (r == CHECK_OVER)
                go_on(d);
}

static int on_turn(sd_event_source *source, void *user) {
        struct doctor *d = user;
        (void)source;
        if (d->next < ELEMENTS(checks))
                start_check(d);
        else
                d->request.done(d, d->config != NULL, d->request.user);
        return 0;
}

int doctor_start(struct doctor **ret, const struct doctor_request *request) {
        _cleanup_(doctor_freep) struct doctor *d = calloc(1, sizeof *d);
        if (!d)
                return -ENOMEM;
        *d = (struct doctor){.request = *request, .credentials_directory = getenv("CREDENTIALS_DIRECTORY")};
        int r = sd_event_add_defer(request->event, &d->turn, on_turn, d);
        if (r >= 0)
                r = sd_event_add_time(request->event, &d->limit, CLOCK_MONOTONIC, UINT64_MAX, TIMER_ACCURACY_USEC, on_limit, d);
        if (r >= 0)
                r = sd_event_source_set_enabled(d->limit, SD_EVENT_OFF);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(d);
        return 0;
}

struct doctor *doctor_free(struct doctor *d) {
        if (!d)
                return NULL;
        drop_agents(d);
        (void)sd_event_source_disable_unref(d->turn);
        (void)sd_event_source_disable_unref(d->limit);
        trunk_list_clear(&d->trunks);
        (void)store_close(d->store);
        (void)page_free(d->page);
        (void)token_free(d->token);
        (void)http_free(d->http);
        (void)resolver_free(d->system);
        (void)resolver_free(d->resolver);
        (void)config_free(d->config);
        free(d);
        return NULL;
}
