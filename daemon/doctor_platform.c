/* doctor_platform.c: the platform, as an audit meets it: its two hosts, the token, whose token it is, and what it may read. */
#include "doctor_private.h"

#include <stdio.h>
#include <time.h>

#include "../common/host_port.h"
#include "../common/page.h"

#define HTTPS_PORT 443
#define AUDIT_LOG_PATH "/api/v2/audits/query/servicemapping"
#define IDENTITY_PATH "/api/v2/tokens/me"
#define REPLAYED "page_dir is read in place of the platform"
#define GRACE_USEC (500 * USEC_PER_MSEC) /* before the limit of a check, at which less is known */

/* -- the platform's hosts --------------------------------------------------------------------------------------------------- */

/* curl takes a proxy from these, and then neither looks the name up nor connects itself. */
static const char *proxy_of_environment(void) {
        static const char *const names[] = {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"};
        for (size_t i = 0; i < ELEMENTS(names); i++) {
                const char *value = getenv(names[i]);
                if (value && value[0])
                        return names[i];
        }
        return NULL;
}

struct finding doctor_handshake_finding(const char *check, const struct handshake_result *r) {
        struct finding f;
        char until[32] = "?";
        switch (r->end) {
        case HANDSHAKE_NO_ADDRESS:
                f = finding_of(check, FINDING_FAIL, "its name has no address: %s", r->text);
                finding_advise(&f, "Check region, login_url and api_url, and this host's name servers.");
                return f;
        case HANDSHAKE_NO_CONNECTION:
                f = finding_of(check, FINDING_FAIL, "no connection to %s: %s", r->address, r->text);
                finding_advise(&f, "Check the port of login_url and api_url, and that firewalls let this host out.");
                return f;
        case HANDSHAKE_NO_TLS:
                f = finding_of(check, FINDING_FAIL, "no TLS 1.2 or later with %s: %s", r->address, r->text);
                finding_advise(&f, "Check login_url and api_url; something between may be answering.");
                return f;
        case HANDSHAKE_DONE:
                break;
        }
        time_t end = (time_t)r->facts.not_after_sec;
        struct tm tm;
        if (gmtime_r(&end, &tm))
                (void)strftime(until, sizeof until, "%Y-%m-%d", &tm);
        bool good = r->facts.trust == TLS_TRUST_GOOD || r->facts.trust == TLS_TRUST_OTHER_NAME;
        f = finding_of(check, good ? FINDING_OK : FINDING_FAIL, "%s, %s, certificate for %s until %s%s%s", r->address, r->facts.protocol,
                       r->facts.names[0] ? r->facts.names : r->facts.subject, until,
                       good ? "" : ", which cannot be verified: ", good ? "" : r->facts.error);
        if (!good)
                finding_advise(&f, "%s", cause_info(CAUSE_PLATFORM_UNTRUSTED)->remedy);
        return f;
}

static bool *reached_by(struct doctor *d) {
        return strcmp(d->check->name, "login") == 0 ? &d->login_reached : &d->api_reached;
}

static void on_handshake(struct handshake *h, const struct handshake_result *result, void *user) {
        struct doctor *d = user;
        const struct finding f = doctor_handshake_finding(d->check->name, result);
        (void)h;
        *reached_by(d) = f.state == FINDING_OK;
        doctor_conclude(d, &f);
}

static int check_host(struct doctor *d, const char *url) {
        static const char scheme[] = "https://";
        struct host_port hp;
        char host[HOST_MAX + 1];
        _cleanup_(freep) char *why = NULL;
        if (!d->config->has_platform)
                return doctor_skipped(d, "no platform is configured");
        const char *variable = proxy_of_environment();
        if (d->config->platform.page_dir || d->config->platform.proxy || variable) {
                *reached_by(d) = true; /* as far as can be told */
                if (d->config->platform.page_dir)
                        return doctor_skipped(d, REPLAYED);
                if (d->config->platform.proxy)
                        return doctor_skipped(d, "requests go by platform.proxy");
                const struct finding f = finding_of(d->check->name, FINDING_SKIPPED, "requests go by the proxy of $%s", variable);
                return doctor_over(d, &f);
        }
        url += strncasecmp(url, scheme, sizeof scheme - 1) == 0 ? sizeof scheme - 1 : 0;
        if (host_port_parse(&hp, (struct span){url, strcspn(url, "/")}))
                return -EINVAL;
        memcpy(host, hp.host.p, hp.host.n);
        host[hp.host.n] = '\0';
        int r = tls_new(&d->tls, d->config->platform.ca_file, NULL, NULL, &why);
        if (r > 0) {
                struct finding f = finding_of(d->check->name, FINDING_FAIL, "%s", why ? why : "ca_file cannot be used");
                finding_advise(&f, "Check platform.ca_file.");
                return doctor_over(d, &f);
        }
        if (r < 0)
                return r;
        return handshake_start(&d->handshake, d->request.event, d->system, d->tls, host, hp.port ? hp.port : HTTPS_PORT, on_handshake, d);
}

int doctor_check_login(struct doctor *d) {
        return check_host(d, d->config->platform.login_url);
}

int doctor_check_api(struct doctor *d) {
        return check_host(d, d->config->platform.api_url);
}

/* -- the platform's answers ------------------------------------------------------------------------------------------------- */

static uint64_t deadline_usec(const struct doctor *d) {
        uint64_t usec = 0;
        (void)sd_event_now(d->request.event, CLOCK_MONOTONIC, &usec);
        return usec + d->check->limit_sec * USEC_PER_SEC - GRACE_USEC;
}

static void on_token(struct token_request *r, const struct verdict *verdict, const char *bearer, int status, const char *correlation_id,
                     void *user) {
        struct doctor *d = user;
        (void)r;
        (void)bearer;
        (void)status;
        (void)correlation_id;
        d->has_token = verdict->cause == CAUSE_PLATFORM_OK;
        const struct finding f = d->has_token ? finding_of(d->check->name, FINDING_OK, "the login gave a token")
                                              : finding_of_verdict(d->check->name, verdict);
        doctor_conclude(d, &f);
}

int doctor_check_token(struct doctor *d) {
        if (!d->config->has_platform)
                return doctor_skipped(d, "no platform is configured");
        d->has_token = d->config->platform.page_dir != NULL; /* none is needed */
        if (d->has_token)
                return doctor_skipped(d, REPLAYED);
        if (doctor_is_inside_only(d, &d->config->platform.client_secret))
                return doctor_skipped(d, "the client secret is there only inside the service");
        if (!d->login_reached)
                return doctor_skipped(d, "the login is not reached");
        return token_start(&d->token_request, d->token, false, deadline_usec(d), on_token, d);
}

/* Why the API cannot be asked; NULL = it can. */
static const char *api_is_mute(const struct doctor *d) {
        if (!d->config->has_platform)
                return "no platform is configured";
        return !d->has_token ? "there is no token" : !d->api_reached ? "the API is not reached" : NULL;
}

static int ask(struct doctor *d, const char *path, platform_call_done_fn *done) {
        const char *mute = api_is_mute(d);
        if (mute || d->config->platform.page_dir)
                return doctor_skipped(d, mute ? mute : REPLAYED);
        const struct platform_context context = {d->request.event, d->http, d->token, d->config};
        _cleanup_(freep) char *url = NULL;
        int r = platform_url(&url, path, d->config->platform.api_url);
        if (r != 0)
                return r < 0 ? r : -EINVAL;
        return platform_call_start(&d->call, &context, d->page, "GET", url, (struct span){0}, deadline_usec(d), done, d);
}

static void or_none(const char **text) {
        if (!(*text)[0])
                *text = "none";
}

static struct finding finding_of_identity(const struct doctor *d, struct span body) {
        struct page_identity who;
        struct finding f;
        int r = page_read_identity(d->page, body, &who);
        if (r == 0) {
                const char *scopes = who.scopes, *roles = who.roles;
                or_none(&scopes);
                or_none(&roles);
                f = finding_of(d->check->name, FINDING_OK, "%s (%s), OAuth client %s (%s), scopes: %s, roles: %s", who.organisation,
                               who.organisation_id, who.client, who.client_id, scopes, roles);
        } else {
                f = finding_of(d->check->name, FINDING_WARN, IDENTITY_PATH ": %s", r < 0 ? strerror(-r) : page_error(d->page));
                finding_advise(&f, "%s", cause_info(CAUSE_PAGE_MALFORMED)->remedy);
        }
        return f;
}

/* No audit needs the answer: that it is denied or absent is a warning. */
static void on_identity(struct platform_call *c, const struct platform_answer *answer, void *user) {
        struct doctor *d = user;
        (void)c;
        struct finding f = answer->verdict.cause == CAUSE_PLATFORM_OK ? finding_of_identity(d, answer->body)
                                                                      : finding_of_verdict(d->check->name, &answer->verdict);
        if (answer->status == 403 || answer->status == 404)
                f.state = FINDING_WARN;
        doctor_conclude(d, &f);
}

int doctor_check_identity(struct doctor *d) {
        return ask(d, IDENTITY_PATH, on_identity);
}

static void on_audit_log(struct platform_call *c, const struct platform_answer *answer, void *user) {
        struct doctor *d = user;
        (void)c;
        if (answer->verdict.cause == CAUSE_PLATFORM_OK) {
                const struct finding f = finding_of(d->check->name, FINDING_OK, "the audit log can be asked (audits:audit:view)");
                doctor_conclude(d, &f);
                return;
        }
        struct finding f = finding_of(d->check->name, FINDING_WARN, "the audit log cannot be asked: %s", answer->verdict.detail);
        finding_advise(&f, "Optional: with the permission audits:audit:view the platform can be asked what changed before a trunk failed.");
        doctor_conclude(d, &f);
}

int doctor_check_audit_log(struct doctor *d) {
        return ask(d, AUDIT_LOG_PATH, on_audit_log);
}

static void on_listing(struct trunk_poll *p, struct trunk_poll_result *result, void *user) {
        struct doctor *d = user;
        (void)p;
        struct finding f = finding_of_verdict(d->check->name, &result->verdict);
        d->listed = result->verdict.cause == CAUSE_PLATFORM_OK;
        if (d->listed) {
                d->trunks = result->trunks;
                result->trunks = (struct trunk_list){0};
                f = finding_of(d->check->name, FINDING_OK, "the platform lists %zu trunks%s%s", d->trunks.n,
                               result->verdict.detail[0] ? "; " : "", result->verdict.detail);
        }
        doctor_conclude(d, &f);
}

int doctor_check_listing(struct doctor *d) {
        const char *mute = api_is_mute(d);
        if (mute)
                return doctor_skipped(d, mute);
        return trunk_poll_start(&d->poll, d->request.event, d->http, d->token, d->config, on_listing, d);
}
