/* config_table.c: every key of the configuration, the words and forms its values have, and what several keys must be together. */
#include "config_table.h"

#include "duration.h"
#include "host_port.h"

#define MILLISECOND USEC_PER_MSEC
#define SECOND USEC_PER_SEC
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

#define TRUNKS_MAX 30000
#define ITEMS_MAX 16 /* of a list of hosts or scopes */
#define TEXT_MAX 256 /* bytes of what goes into a SIP or HTTP header */
#define PATH_TEXT_MAX 4000
#define LIMIT_MAX 1000000 /* of what the guard counts */
#define SILENCES_MAX 100

/* -- words ---------------------------------------------------------------------------------------------------------------- */

/* The platform's regions: AWS name and domain, as its own SDKs have them. */
static const struct option_word regions[] = {
        {"us-east-1", "mypurecloud.com"},
        {"us-east-2", "use2.us-gov-pure.cloud"}, /* FedRAMP */
        {"us-west-2", "usw2.pure.cloud"},
        {"ca-central-1", "cac1.pure.cloud"},
        {"sa-east-1", "sae1.pure.cloud"},
        {"mx-central-1", "mxc1.pure.cloud"},
        {"eu-west-1", "mypurecloud.ie"},
        {"eu-west-2", "euw2.pure.cloud"},
        {"eu-central-1", "mypurecloud.de"},
        {"eu-central-2", "euc2.pure.cloud"},
        {"eusc-de-east-1", "edee1.eusc-pure.cloud"},
        {"me-central-1", "mec1.pure.cloud"},
        {"ap-northeast-1", "mypurecloud.jp"},
        {"ap-northeast-2", "apne2.pure.cloud"},
        {"ap-northeast-3", "apne3.pure.cloud"},
        {"ap-south-1", "aps1.pure.cloud"},
        {"ap-southeast-1", "apse1.pure.cloud"},
        {"ap-southeast-2", "mypurecloud.com.au"},
        {0},
};
static const struct option_word profiles[] = {{.word = "trunk_connections"}, {.word = "edges"}, {0}};
static const struct option_word methods[] = {{.word = "REGISTER"}, {.word = "OPTIONS"}, {0}};
static const struct option_word transports[] = {{.word = "udp"}, {.word = "tcp"}, {.word = "tls"}, {0}};
static const struct option_word authentications[] = {{.word = "digest"}, {.word = "none"}, {0}};
static const struct option_word qops[] = {{.word = "auth"}, {.word = "auth-int"}, {.word = "none"}, {0}};
static const struct option_word algorithms[] = {
        {.word = "MD5"},         {.word = "MD5-sess"},         {.word = "SHA-256"},   {.word = "SHA-256-sess"},
        {.word = "SHA-512-256"}, {.word = "SHA-512-256-sess"}, {.word = "strongest"}, {0},
};

/* -- forms of texts ------------------------------------------------------------------------------------------------------- */

static bool has_prefix(struct span text, struct span prefix) {
        return text.n >= prefix.n && memcmp(text.p, prefix.p, prefix.n) == 0;
}

/* Space, quotes and brackets have no place in a URI (RFC 3986 appendix C), nor has a second one behind them. */
static bool has_any(struct span text, const char *characters) {
        for (size_t i = 0; i < text.n; i++)
                if (strchr(characters, text.p[i]))
                        return true;
        return false;
}

static const char *judge_host_port(struct span text) {
        struct host_port hp;
        return host_port_parse(&hp, text);
}

static const char *judge_address_port(struct span text) {
        struct host_port hp;
        const char *wrong = host_port_parse(&hp, text);
        if (!wrong && !hp.literal)
                return "is a name (a name server is given by address: 192.0.2.53 or [2001:db8::53])";
        return wrong;
}

static const char *judge_domain(struct span text) {
        struct host_port hp;
        const char *wrong = host_port_parse(&hp, text);
        if (!wrong && hp.port != 0)
                return "has a port (write the domain alone; a port belongs to proxies)";
        return wrong;
}

static const char *judge_url(struct span text) {
        if (!has_prefix(text, SPAN("https://")))
                return "does not begin with https:// (the platform is asked over https alone)";
        if (has_any(text, " \"<>\\?#"))
                return "has a character that is not part of it (write https://HOST, with a path if there is one)";
        struct span rest = {text.p + 8, text.n - 8};
        if (has_any(rest, "@"))
                return "names a user (write https://HOST; credentials are client_id and client_secret)";
        const char *slash = memchr(rest.p, '/', rest.n);
        struct host_port hp;
        return host_port_parse(&hp, slash ? (struct span){rest.p, (size_t)(slash - rest.p)} : rest) ? "has no host (write https://HOST)"
                                                                                                    : NULL;
}

static const char *judge_url_path(struct span text) {
        if (text.p[0] != '/')
                return "does not begin with / (write for example /api/v2/architect/trunk-connections)";
        return has_any(text, " \"<>\\?#") ? "has a character that is not part of a path (write it without query)" : NULL;
}

static const char *judge_file(struct span text) {
        if (text.p[0] != '/')
                return "does not begin with / (write the whole path)";
        return text.p[text.n - 1] == '/' ? "is a directory (write the path of a file)" : NULL;
}

static const char *judge_directory(struct span text) {
        return text.p[0] != '/' ? "does not begin with / (write the whole path)" : NULL;
}

static const char *judge_proxy(struct span text) {
        struct span rest = text, http = SPAN("http://"), https = SPAN("https://");
        if (!has_prefix(text, http) && !has_prefix(text, https))
                return "is not the URL of a proxy (write http://HOST:PORT or https://HOST:PORT)";
        rest.p += has_prefix(text, http) ? http.n : https.n;
        rest.n -= (size_t)(rest.p - text.p);
        struct host_port hp;
        if (has_any(rest, "@"))
                return "names a user (write http://HOST:PORT; credentials are proxy_credentials)";
        return host_port_parse(&hp, rest) ? "is not the URL of a proxy (write http://HOST:PORT or https://HOST:PORT)" : NULL;
}

static const char *judge_sip_uri(struct span text) {
        struct span scheme = has_prefix(text, SPAN("sips:")) ? SPAN("sips:") : SPAN("sip:");
        if (!has_prefix(text, scheme) || text.n == scheme.n)
                return "is not a SIP URI (write for example sip:carrier.example or sip:carrier.example:5060)";
        return has_any(text, " \"<>\\") ? "has a character that is not part of a SIP URI (write it without spaces, quotes and <>)" : NULL;
}

static const char *judge_client_id(struct span text) {
        return has_any(text, ": ") ? "has a colon or a space in it (write the id of the OAuth client)" : NULL; /* RFC 7617 section 2 */
}

static const char *judge_scope(struct span text) {
        return has_any(text, " \"\\") ? "is not one scope (write each as an item of its own)" : NULL; /* RFC 6749 section 3.3 */
}

/* -- what keys must be together ------------------------------------------------------------------------------------------- */

static void check_below_interval(struct option_reader *r, const struct option_found *found, const char *key, uint64_t usec,
                                 uint64_t interval_usec) {
        char value[DURATION_TEXT_MAX], interval[DURATION_TEXT_MAX];
        const struct option_place *own = option_place(found, key);
        if (own->state == OPTION_WRONG || usec < interval_usec)
                return;
        duration_format(value, usec);
        duration_format(interval, interval_usec);
        if (own->state == OPTION_RIGHT)
                option_complain(r, found, key, "%s is not less than the interval of %s (write a shorter one)", value, interval);
        else
                option_complain(r, found, "interval", "%s is not more than the default %s of %s (write a shorter %s too)", interval, key,
                                value, key);
}

static void check_schedule(struct option_reader *r, void *object, const struct option_found *found) {
        const struct config *c = object;
        if (option_place(found, "interval")->state == OPTION_WRONG)
                return;
        char interval[DURATION_TEXT_MAX];
        duration_format(interval, c->schedule.interval_usec);
        if (DAY % c->schedule.interval_usec != 0)
                option_complain(r, found, "interval", "%s does not divide a day (write for example 15m, 30m, 1h or 2h)", interval);
        check_below_interval(r, found, "splay", c->schedule.splay_usec, c->schedule.interval_usec);
        check_below_interval(r, found, "run_limit", c->schedule.run_limit_usec, c->schedule.interval_usec);
}

/* A longer time with a smaller limit: one of the two was not meant. */
static void check_guard(struct option_reader *r, void *object, const struct option_found *found) {
        static const struct {
                const char *shorter, *longer;
                bool carrier;
                enum guard_window windows[2];
                enum guard_kind kind;
        } pairs[] = {
                {"trunk_requests_per_hour", "trunk_requests_per_day", false, {GUARD_HOUR, GUARD_DAY}, GUARD_REQUESTS},
                {"trunk_answers_per_hour", "trunk_answers_per_day", false, {GUARD_HOUR, GUARD_DAY}, GUARD_CREDENTIALED},
                {"trunk_failures_per_hour", "trunk_failures_per_day", false, {GUARD_HOUR, GUARD_DAY}, GUARD_FAILURES},
                {"carrier_requests_per_hour", "carrier_requests_per_day", true, {GUARD_HOUR, GUARD_DAY}, GUARD_REQUESTS},
                {"carrier_answers_per_hour", "carrier_answers_per_day", true, {GUARD_HOUR, GUARD_DAY}, GUARD_CREDENTIALED},
                {"carrier_failures_per_10m", "carrier_failures_per_hour", true, {GUARD_TEN_MINUTES, GUARD_HOUR}, GUARD_FAILURES},
                {"carrier_failures_per_hour", "carrier_failures_per_day", true, {GUARD_HOUR, GUARD_DAY}, GUARD_FAILURES},
        };
        const struct config *c = object;
        for (size_t i = 0; i < ELEMENTS(pairs); i++) {
                const struct guard_limits *l = pairs[i].carrier ? &c->guard.carrier : &c->guard.trunk;
                unsigned less = l->in[pairs[i].windows[0]].of[pairs[i].kind], more = l->in[pairs[i].windows[1]].of[pairs[i].kind];
                bool wrong = option_place(found, pairs[i].shorter)->state == OPTION_WRONG ||
                             option_place(found, pairs[i].longer)->state == OPTION_WRONG;
                if (wrong || more == 0 || less <= more) /* 0 is no limit */
                        continue;
                bool own = option_place(found, pairs[i].longer)->state == OPTION_RIGHT;
                option_complain(r, found, own ? pairs[i].longer : pairs[i].shorter, "%u is %s than %s of %u (write %s)", own ? more : less,
                                own ? "less" : "more", own ? pairs[i].shorter : pairs[i].longer, own ? less : more,
                                own ? "a larger one, or 0 for no limit" : "a smaller one, or a larger one there");
        }
}

static void check_sip(struct option_reader *r, void *object, const struct option_found *found) {
        const struct config *c = object;
        if (!c->sip.certificate_file != !c->sip.key_file)
                option_complain(r, found, c->sip.certificate_file ? "certificate_file" : "key_file",
                                "stands alone (write certificate_file and key_file, or neither)");
}

static void check_platform(struct option_reader *r, void *object, const struct option_found *found) {
        struct config *c = object;
        c->has_platform = true;
        bool login = option_place(found, "login_url")->state != OPTION_ABSENT, api = option_place(found, "api_url")->state != OPTION_ABSENT;
        bool region = option_place(found, "region")->state != OPTION_ABSENT;
        if (login != api && !region)
                option_complain(r, found, login ? "login_url" : "api_url", "stands alone (write %s too, or region, which gives it)",
                                login ? "api_url" : "login_url");
        else if (!login && !region)
                option_complain(r, found, "region", "is missing (write region, or login_url and api_url)");
        if (!config_profile_edges(c))
                return;
        if (option_place(found, "path")->state != OPTION_ABSENT)
                option_complain(r, found, "path", "stands beside profile edges, whose paths are fixed (leave it out)");
        /* Those of trunk_connections do not exist there, and the roles of the client decide. */
        if (option_place(found, "scopes")->state == OPTION_ABSENT)
                option_clear_texts(&c->platform.scopes);
}

static void check_refresh(struct option_reader *r, const struct config_trunk *t, const struct option_found *found) {
        if (!t->refresh)
                return;
        if (option_place(found, "password")->state == OPTION_ABSENT)
                option_complain(r, found, "refresh", "has no password to write (write password; a hash cannot be written to the platform)");
        else if (t->extra)
                option_complain(r, found, "refresh", "is for trunks that the platform lists (leave extra or refresh out)");
        else if (text_eq(t->authentication, "none"))
                option_complain(r, found, "refresh", "is for digest (leave refresh out, or authentication: none)");
}

static void check_trunk(struct option_reader *r, void *object, const struct option_found *found) {
        struct config_trunk *t = object;
        t->line = found->place.line;
        t->column = found->place.column;
        if (option_place(found, "id")->state == OPTION_ABSENT && option_place(found, "name")->state == OPTION_ABSENT)
                option_complain(r, found, NULL, "has neither id nor name (write the one that the platform shows)");
        if (option_place(found, "password")->state != OPTION_ABSENT && option_place(found, "ha1")->state != OPTION_ABSENT)
                option_complain(r, found, "ha1", "stands beside password (keep one of the two)");
        check_refresh(r, t, found);
}

static int compare_texts(const char *a, const char *b) {
        return a && b ? strcmp(a, b) : (a != NULL) - (b != NULL);
}

static int compare_places(const struct config_trunk *a, const struct config_trunk *b) {
        return a->line != b->line ? (a->line > b->line ? 1 : -1) : (a->column > b->column) - (a->column < b->column);
}

static int compare_ids(const void *a, const void *b) {
        const struct config_trunk *x = *(const struct config_trunk *const *)a, *y = *(const struct config_trunk *const *)b;
        int order = compare_texts(x->id, y->id);
        return order != 0 ? order : compare_places(x, y);
}

static int compare_names(const void *a, const void *b) {
        const struct config_trunk *x = *(const struct config_trunk *const *)a, *y = *(const struct config_trunk *const *)b;
        int order = compare_texts(x->name, y->name);
        return order != 0 ? order : compare_places(x, y);
}

static void check_config(struct option_reader *r, void *object, const struct option_found *found) {
        const struct config *c = object;
        bool extra = false;
        const struct config_trunk **sorted = reallocarray(NULL, c->n_trunks + 1, sizeof *sorted);
        if (!sorted) {
                option_fail(r, -ENOMEM);
                return;
        }
        for (size_t i = 0; i < c->n_trunks; i++) {
                sorted[i] = &c->trunks[i];
                extra |= c->trunks[i].extra;
        }
        qsort(sorted, c->n_trunks, sizeof *sorted, compare_ids);
        for (size_t i = 1; i < c->n_trunks; i++)
                if (sorted[i]->id && text_eq(sorted[i - 1]->id, sorted[i]->id))
                        option_complain_at(r, false, sorted[i]->line, sorted[i]->column, "trunks.id",
                                           "is the same as in line %u (write one entry for each trunk)", sorted[i - 1]->line);
        qsort(sorted, c->n_trunks, sizeof *sorted, compare_names);
        for (size_t i = 1; i < c->n_trunks; i++)
                if (sorted[i]->name && text_eq(sorted[i - 1]->name, sorted[i]->name))
                        option_complain_at(r, false, sorted[i]->line, sorted[i]->column, "trunks.name",
                                           "is the same as in line %u (write one entry for each trunk)", sorted[i - 1]->line);
        free(sorted);
        config_check_silences(r, c);
        if (option_place(found, "platform")->state == OPTION_ABSENT && option_place(found, "trunks")->state != OPTION_WRONG && !extra)
                option_complain_at(r, true, 0, 0, NULL, "leaves nothing to audit (write platform, or trunks with extra: true)");
}

/* Doubles the room whenever it is full, that is at powers of two. */
static void *append_trunk(void *object) {
        struct config *c = object;
        if ((c->n_trunks & (c->n_trunks - 1)) == 0) {
                struct config_trunk *trunks = reallocarray(c->trunks, c->n_trunks == 0 ? 1 : 2 * c->n_trunks, sizeof *trunks);
                if (!trunks)
                        return NULL;
                c->trunks = trunks;
        }
        c->trunks[c->n_trunks] = (struct config_trunk){0};
        return &c->trunks[c->n_trunks++];
}

/* -- the table of keys ---------------------------------------------------------------------------------------------------- */

#define AT(member) .offset = offsetof(struct config, member)
#define TRUNK_AT(member) .offset = offsetof(struct config_trunk, member)

static const struct option schedule_options[] = {
        {"interval", OPTION_DURATION, AT(schedule.interval_usec), .min = 10 * SECOND, .max = DAY, .preset = "1h",
         .help = "Time between two runs. It divides a day, so that runs fall on the same times every day."},
        {"splay", OPTION_DURATION, AT(schedule.splay_usec), .max = DAY, .preset = "5m",
         .help = "Each host adds a part of this time, always the same, so that many hosts do not ask at once. Less than the interval."},
        {"run_limit", OPTION_DURATION, AT(schedule.run_limit_usec), .min = SECOND, .max = DAY, .preset = "10m",
         .help = "A run that is not done by then is ended, and what is known is stored. Less than the interval."},
};

static const struct option platform_options[] = {
        {"region", OPTION_WORD, AT(platform.region), .words = regions,
         .help = "AWS region of the organisation; it gives login_url and api_url."},
        {"login_url", OPTION_TEXT, AT(platform.login_url), .max = TEXT_MAX, .judge = judge_url,
         .help = "Where tokens are asked for, in place of the region's. Without region together with api_url."},
        {"api_url", OPTION_TEXT, AT(platform.api_url), .max = TEXT_MAX, .judge = judge_url,
         .help = "Where the API is, in place of the region's. Without region together with login_url."},
        {"profile", OPTION_WORD, AT(platform.profile), .words = profiles, .preset = "trunk_connections",
         .help = "Which endpoints the trunks are read from. edges: trunks and trunk bases of Genesys Cloud's telephony; only those of BYOC "
                 "carriers are taken."},
        {"path", OPTION_TEXT, AT(platform.path), .max = TEXT_MAX, .judge = judge_url_path, .preset = "/api/v2/architect/trunk-connections",
         .help = "The listing of the trunks, of profile trunk_connections."},
        {"client_id", OPTION_TEXT, .required = true, AT(platform.client_id), .max = TEXT_MAX, .judge = judge_client_id,
         .help = "Id of the OAuth client (grant type client credentials)."},
        {"client_secret", OPTION_SECRET, .required = true, AT(platform.client_secret), .help = "Secret of the OAuth client."},
        {"scopes", OPTION_TEXTS, AT(platform.scopes), .max = ITEMS_MAX, .judge = judge_scope, .preset = "sip_trunk:read",
         .help = "Scopes that are asked for, and named when the platform denies access. With profile edges none, unless written."},
        {"ca_file", OPTION_TEXT, AT(platform.ca_file), .max = PATH_TEXT_MAX, .judge = judge_file,
         .help = "Certificates (PEM) that the platform's is checked against, in place of the system's."},
        {"proxy", OPTION_TEXT, AT(platform.proxy), .max = TEXT_MAX, .judge = judge_proxy,
         .help = "HTTP proxy towards the platform, http://HOST:PORT or https://HOST:PORT, in place of https_proxy in the environment. "
                 "Hosts "
                 "of no_proxy are asked directly."},
        {"proxy_credentials", OPTION_SECRET, AT(platform.proxy_credentials), .help = "What the proxy asks for: USER:PASSWORD."},
        {"page_dir", OPTION_TEXT, AT(platform.page_dir), .max = PATH_TEXT_MAX, .judge = judge_directory,
         .help = "Read the replies that trunkaudit run --record left here in place of asking the platform: no token, no network."},
        {"timeout", OPTION_DURATION, AT(platform.timeout_usec), .min = 10 * MILLISECOND, .max = 10 * MINUTE, .preset = "30s",
         .help = "Of one request."},
        {"deadline", OPTION_DURATION, AT(platform.deadline_usec), .min = 10 * MILLISECOND, .max = HOUR, .preset = "3m",
         .help = "Of everything asked in one run, retries and waits included."},
        {"audit_log", OPTION_TRUTH, AT(platform.audit_log), .preset = "true",
         .help = "When a trunk turns bad, ask the platform's audit log what was changed on it since the last good run."},
};

static const struct option clock_options[] = {
        {"servers", OPTION_TEXTS, AT(clock.servers), .max = ITEMS_MAX, .judge = judge_host_port,
         .help = "NTP servers, host[:port]. Three or more can outvote a wrong one; none: the clock is not checked."},
        {"limit", OPTION_DURATION, AT(clock.limit_usec), .min = MILLISECOND, .max = HOUR, .preset = "1s",
         .help = "The largest difference from the servers that still counts as right."},
        {"carrier_limit", OPTION_DURATION, AT(clock.carrier_limit_usec), .min = SECOND, .max = DAY, .preset = "5s",
         .help = "The same for a carrier's clock, which its Date headers and nonces tell to a second; beyond it, carrier_clock_off."},
        {"timeout", OPTION_DURATION, AT(clock.timeout_usec), .min = 10 * MILLISECOND, .max = MINUTE, .preset = "2s",
         .help = "Of one attempt; there are three."},
};

static const struct option dns_options[] = {
        {"servers", OPTION_TEXTS, AT(dns.servers), .max = ITEMS_MAX, .judge = judge_address_port,
         .help = "Name servers, address[:port], in place of the system's."},
};

static const struct option sip_options[] = {
        {"ca_file", OPTION_TEXT, AT(sip.ca_file), .max = PATH_TEXT_MAX, .judge = judge_file,
         .help = "Certificates (PEM) that carriers' are checked against, in place of the system's."},
        {"certificate_file", OPTION_TEXT, AT(sip.certificate_file), .max = PATH_TEXT_MAX, .judge = judge_file,
         .help = "Our certificate and its chain (PEM), for carriers that ask for one. Together with key_file."},
        {"key_file", OPTION_TEXT, AT(sip.key_file), .max = PATH_TEXT_MAX, .judge = judge_file,
         .help = "The private key (PEM) of certificate_file."},
        {"follow_redirects", OPTION_TRUTH, AT(sip.follow_redirects), .preset = "false",
         .help = "Follow a carrier's 3xx, once. Else it is reported."},
};

static const struct option probe_options[] = {
        {"method", OPTION_WORD, AT(probe.method), .words = methods, .preset = "REGISTER",
         .help = "REGISTER goes out without a contact, which asks and changes nothing (RFC 3261 section 10.2.3)."},
        {"t1", OPTION_DURATION, AT(probe.t1_usec), .min = MILLISECOND, .max = 10 * SECOND, .preset = "500ms",
         .help = "Time before the first retransmission (RFC 3261 section 17.1.2.2)."},
        {"timeout", OPTION_DURATION, AT(probe.timeout_usec), .min = 10 * MILLISECOND, .max = 5 * MINUTE, .preset = "32s",
         .help = "Of one request, with its retransmissions."},
        {"concurrency", OPTION_NUMBER, AT(probe.concurrency), .min = 1, .max = 4096, .preset = "64", .help = "Probes at one time."},
        {"spacing", OPTION_DURATION, AT(probe.spacing_usec), .max = MINUTE, .preset = "100ms",
         .help = "Time between the first requests of two probes at the same host."},
        {"budget", OPTION_NUMBER, AT(probe.budget), .min = 1, .max = 3, .preset = "3",
         .help = "Requests with credentials for each trunk and run. Fewer than the refusals after which the carrier locks an account."},
        {"failures", OPTION_NUMBER, AT(probe.failures), .min = 1, .max = 2, .preset = "2",
         .help = "After so many of them that were refused or unheard, no more are sent for that trunk in the run."},
};

#define LIMIT(subject, window, kind, name, value, text) \
        { name, OPTION_NUMBER, AT(guard.subject.in[window].of[kind]), .max = LIMIT_MAX, .preset = value, .help = text }
static const struct option guard_options[] = {
        {"hold_after", OPTION_NUMBER, AT(guard.hold_after), .max = 100, .preset = "3",
         .help = "After so many runs that refused the same credentials of a trunk they are no longer sent; 0: they always are."},
        LIMIT(trunk, GUARD_HOUR, GUARD_REQUESTS, "trunk_requests_per_hour", "60", "Requests for one trunk; 0: no limit, here and below."),
        LIMIT(trunk, GUARD_DAY, GUARD_REQUESTS, "trunk_requests_per_day", "600", "The same in a day."),
        LIMIT(trunk, GUARD_HOUR, GUARD_CREDENTIALED, "trunk_answers_per_hour", "12", "Requests with credentials for one trunk."),
        LIMIT(trunk, GUARD_DAY, GUARD_CREDENTIALED, "trunk_answers_per_day", "120", "The same in a day."),
        LIMIT(trunk, GUARD_HOUR, GUARD_FAILURES, "trunk_failures_per_hour", "4", "Answers refused or unheard for one trunk."),
        LIMIT(trunk, GUARD_DAY, GUARD_FAILURES, "trunk_failures_per_day", "30", "The same in a day."),
        LIMIT(carrier, GUARD_HOUR, GUARD_REQUESTS, "carrier_requests_per_hour", "0", "Requests to one host, for all its trunks."),
        LIMIT(carrier, GUARD_DAY, GUARD_REQUESTS, "carrier_requests_per_day", "0", "The same in a day."),
        LIMIT(carrier, GUARD_HOUR, GUARD_CREDENTIALED, "carrier_answers_per_hour", "0", "Requests with credentials to one host."),
        LIMIT(carrier, GUARD_DAY, GUARD_CREDENTIALED, "carrier_answers_per_day", "0", "The same in a day."),
        LIMIT(carrier, GUARD_TEN_MINUTES, GUARD_FAILURES, "carrier_failures_per_10m", "4",
              "Answers refused or unheard at one host in ten minutes. Less than what the carrier's ban list allows, which is often five."),
        LIMIT(carrier, GUARD_HOUR, GUARD_FAILURES, "carrier_failures_per_hour", "8", "The same in an hour."),
        LIMIT(carrier, GUARD_DAY, GUARD_FAILURES, "carrier_failures_per_day", "96", "The same in a day."),
};

static const struct option alerts_options[] = {
        {"reminder", OPTION_DURATION, AT(alerts.reminder_usec), .max = 365 * DAY, .preset = "24h",
         .help = "A failure that lasts is told again after this time; 0s: never."},
        {"summary_above", OPTION_NUMBER, AT(alerts.summary_above), .max = 100000, .preset = "20",
         .help = "More changes than that in one run are told as one summary."},
        {"untested_after", OPTION_DURATION, AT(alerts.untested_after_usec), .max = 365 * DAY, .preset = "6h",
         .help = "A trunk whose credentials could not be tested for so long, whatever the reason, is told of once, and again when they "
                 "were. At least two intervals; 0s: never."},
        {"flap_detection", OPTION_TRUTH, AT(alerts.flap_detection), .preset = "true",
         .help = "A trunk that changes in 30 percent of its last twenty runs, newer ones counted more, is told of as flapping, and not "
                 "again until it is below 25 percent."},
        {"spool_dir", OPTION_TEXT, AT(alerts.spool_dir), .max = PATH_TEXT_MAX, .judge = judge_directory,
         .help = "Where alerts wait for the hook, trunkauditd-alert@.service. Without it there are none."},
};

static const struct option store_options[] = {
        {"path", OPTION_TEXT, AT(store.path), .max = PATH_TEXT_MAX, .judge = judge_file, .preset = "/var/lib/trunkauditd/audit.db",
         .help = "The database. The service may write in /var/lib/trunkauditd alone."},
        {"keep_results", OPTION_DURATION, AT(store.keep_results_usec), .max = 36500 * DAY, .preset = "730d",
         .help = "Results are kept so long; 0d: for ever. The newest of each trunk and the record of all runs stay."},
        {"keep_evidence", OPTION_DURATION, AT(store.keep_evidence_usec), .max = 36500 * DAY, .preset = "90d",
         .help = "Messages of probes, and requests to the platform that failed, are kept so long; 0d: as long as the results. The newest "
                 "of "
                 "each trunk stay."},
        {"size_limit_mb", OPTION_NUMBER, AT(store.size_limit_mb), .max = 1000000000, .preset = "10000",
         .help = "Megabytes that the database may have; beyond, the oldest messages go, but not of the last 7 days, then the oldest "
                 "results, "
                 "but not of the last 400. 0: no limit."},
};

static const struct option metrics_options[] = {
        {"file", OPTION_TEXT, AT(metrics.file), .max = PATH_TEXT_MAX, .judge = judge_file,
         .help = "A textfile for Prometheus' node exporter, written at the start and after each run. The usual place is "
                 "/run/trunkauditd/metrics.prom."},
};

static const struct option trunk_options[] = {
        {"id", OPTION_TEXT, TRUNK_AT(id), .max = TEXT_MAX, .help = "The platform's id of the trunk; decides before the name."},
        {"name", OPTION_TEXT, TRUNK_AT(name), .max = TEXT_MAX, .help = "The platform's name of the trunk, to the letter."},
        {"extra", OPTION_TRUTH, TRUNK_AT(extra), .preset = "false", .help = "Audit the trunk although the platform does not list it."},
        {"authentication", OPTION_WORD, TRUNK_AT(authentication), .words = authentications,
         .help = "none: the carrier identifies the trunk by address."},
        {"username", OPTION_TEXT, TRUNK_AT(username), .max = TEXT_MAX, .help = "User name of the digest."},
        {"password", OPTION_SECRET, TRUNK_AT(password), .help = "Password of the digest; or ha1."},
        {"ha1", OPTION_SECRET, TRUNK_AT(ha1),
         .help = "In place of the password: the hash of USERNAME:REALM:PASSWORD by the trunk's algorithm, in hex digits."},
        {"realm", OPTION_TEXT, TRUNK_AT(realm), .max = TEXT_MAX,
         .help = "The realm expected in the challenge; another one gets no answer."},
        {"algorithm", OPTION_WORD, TRUNK_AT(algorithm), .words = algorithms,
         .help = "The one algorithm that may be used; strongest: of those offered, in place of the topmost."},
        {"qop", OPTION_WORD, TRUNK_AT(qop), .words = qops,
         .help = "The one quality of protection that may be used; none: an answer without qop."},
        {"domain", OPTION_TEXT, TRUNK_AT(domain), .max = TEXT_MAX, .judge = judge_domain,
         .help = "SIP domain, in Request-URI, To and From."},
        {"proxies", OPTION_TEXTS, TRUNK_AT(proxies), .max = ITEMS_MAX, .judge = judge_host_port,
         .help = "Where the carrier is: host[:port], the preferred one first."},
        {"transport", OPTION_WORD, TRUNK_AT(transport), .words = transports, .help = "Transport of SIP."},
        {"request_uri", OPTION_TEXT, TRUNK_AT(request_uri), .max = TEXT_MAX, .judge = judge_sip_uri,
         .help = "In place of sip:DOMAIN, for a carrier that wants another form."},
        {"method", OPTION_WORD, TRUNK_AT(method), .words = methods, .help = "In place of the probe section's."},
        {"probe_all_proxies", OPTION_TRUTH, TRUNK_AT(probe_all_proxies), .preset = "false",
         .help = "A verdict for each proxy, and the worst of them for the trunk. Else the first proxy that serves decides."},
        {"refresh", OPTION_TRUTH, TRUNK_AT(refresh), .preset = "false",
         .help = "Before each probe, write username, realm and password, as they are held here, to the platform. Needs a write scope. It "
                 "renews no nonce: those are the carrier's."},
};

#define MAPPING(what, checked, text) \
        { .name = #what, .options = what##_options, .n = ELEMENTS(what##_options), .check = (checked), .help = (text) }
static const struct option_mapping schedule = MAPPING(schedule, check_schedule, "When runs are."),
                                   platform = MAPPING(platform, check_platform,
                                                      "Where the trunks are listed. Without this section, only extra trunks are audited."),
                                   clock_mapping = MAPPING(clock, NULL, "The check of this host's clock."),
                                   dns = MAPPING(dns, NULL, "How names of carriers and time servers are looked up."),
                                   sip = MAPPING(sip, check_sip, "How carriers are reached."),
                                   probe = MAPPING(probe, NULL, "How carriers are asked."),
                                   guard = MAPPING(guard, check_guard,
                                                   "What may be spent before a carrier would lock an account or this host out: over the "
                                                   "runs of the last ten minutes, hour and day. A host is an address, whatever the port."),
                                   alerts = MAPPING(alerts, NULL, "When the journal is told."),
                                   store = MAPPING(store, NULL, "Where results are kept."),
                                   metrics = MAPPING(metrics, NULL, "What is told to Prometheus.");
_Static_assert(ELEMENTS(trunk_options) <= OPTIONS_MAX, "struct option_found has room for every key");

const struct option_mapping config_trunk_mapping = {
        .name = "trunks",
        .options = trunk_options,
        .n = ELEMENTS(trunk_options),
        .check = check_trunk,
        .help = "What the platform does not say of a trunk, or says wrong: one entry for each trunk, found by id or name. All keys are "
                "optional.",
};

static const struct option config_options[] = {
        {"schedule", OPTION_MAPPING, .mapping = &schedule},
        {"platform", OPTION_MAPPING, .mapping = &platform},
        {"clock", OPTION_MAPPING, .mapping = &clock_mapping},
        {"dns", OPTION_MAPPING, .mapping = &dns},
        {"sip", OPTION_MAPPING, .mapping = &sip},
        {"probe", OPTION_MAPPING, .mapping = &probe},
        {"guard", OPTION_MAPPING, .mapping = &guard},
        {"alerts", OPTION_MAPPING, .mapping = &alerts},
        {"store", OPTION_MAPPING, .mapping = &store},
        {"metrics", OPTION_MAPPING, .mapping = &metrics},
        {"trunks", OPTION_MAPPINGS, .max = TRUNKS_MAX, .mapping = &config_trunk_mapping, .append = append_trunk},
        {"silences", OPTION_MAPPINGS, .max = SILENCES_MAX, .mapping = &config_silence_mapping, .append = config_append_silence},
};

const struct option_mapping config_mapping = {
        .name = "",
        .options = config_options,
        .n = ELEMENTS(config_options),
        .check = check_config,
        .help = "",
};

const char *config_region_domain(const char *region) {
        const struct option_word *w = regions;
        while (w->word && !text_eq(w->word, region))
                w++;
        return w->meaning;
}
