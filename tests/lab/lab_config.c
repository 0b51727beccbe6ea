/* lab_config.c: the configuration under test, as an administrator would write it: what the platform knows is not repeated. */
#include "lab_config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lab_api.h"
#include "lab_carrier.h"
#include "lab_digest.h"
#include "lab_names.h"
#include "lab_ntp.h"
#include "lab_tls.h"

bool config_tells_all(const struct trunk_spec *t) {
        return t->extra || t->platform_knows == KNOWS_NOTHING || t->detail == DETAIL_403;
}

struct settings {
        struct setting *items;
        size_t n;
};

/* Takes ownership of value. A later setting replaces an earlier one. */
static void set(struct settings *s, const char *section, const char *key, char *value) {
        for (size_t i = 0; i < s->n; i++)
                if (strcmp(s->items[i].section, section) == 0 && strcmp(s->items[i].key, key) == 0) {
                        free(s->items[i].value);
                        s->items[i].value = value;
                        return;
                }
        s->items = lab_room(s->items, s->n, sizeof *s->items);
        s->items[s->n++] = (struct setting){lab_copy(section), lab_copy(key), value};
}

static void settings_free(struct settings *s) {
        for (size_t i = 0; i < s->n; i++) {
                free(s->items[i].section);
                free(s->items[i].key);
                free(s->items[i].value);
        }
        free(s->items);
}

static void set_platform(struct settings *s, const struct lab *lab) {
        const struct api_spec *api = &lab->scenario->api;
        /* Two names for one server: the certificate holds both. */
        set(s, "platform", "login_url", lab_text("\"https://localhost:%u\"", api_port(lab->api)));
        set(s, "platform", "api_url", lab_text("\"https://127.0.0.1:%u\"", api_port(lab->api)));
        set(s, "platform", "ca_file", lab_text("\"%s/ca.pem\"", lab->dir));
        set(s, "platform", "client_id", lab_text("\"%s\"", lab->client_id));
        set(s, "platform", "client_secret", lab_text("{file: \"%s/secrets/client_secret\"}", lab->dir));
        if (api->profile == PROFILE_EDGES)
                set(s, "platform", "profile", lab_copy("edges"));
        if (strcmp(api->path, LAB_API_PATH) != 0)
                set(s, "platform", "path", lab_text("\"%s\"", api->path));
        if (api->proxy)
                set(s, "platform", "proxy", lab_text("\"https://127.0.0.1:%u\"", api_port(lab->api)));
        if (api->secret)
                lab_write_file(lab, "secrets/client_secret", 0600, lab->client_secret, strlen(lab->client_secret));
}

/* Trust in the carriers' certificates, for those that have one; and a certificate of our own. */
static void set_sip(struct settings *s, const struct lab *lab) {
        const char *ca = ca_pem(lab->ca, true);
        lab_write_file(lab, "sip-ca.pem", 0644, ca, strlen(ca));
        set(s, "sip", "ca_file", lab_text("\"%s/sip-ca.pem\"", lab->dir));
        if (!lab->scenario->client_cert)
                return;
        struct lab_certificate client;
        certificate_make(&client, lab->ca,
                         &(struct lab_certificate_request){
                                 .trusted = true, .client = true, .dns = "audit.lab.invalid", .from = -LAB_DAY, .until = 400 * LAB_DAY});
        lab_write_file(lab, "client.pem", 0644, client.certificate, strlen(client.certificate));
        lab_write_file(lab, "client.key", 0600, client.key, strlen(client.key));
        set(s, "sip", "certificate_file", lab_text("\"%s/client.pem\"", lab->dir));
        set(s, "sip", "key_file", lab_text("\"%s/client.key\"", lab->dir));
        certificate_clear(&client);
}

static void set_clock(struct settings *s, const struct lab *lab) {
        char *list = lab_copy("[");
        for (size_t i = 0; i < lab->n_ntp; i++) {
                char *address = ntp_address(&lab->ntp[i]);
                char *longer = lab_text("%s%s\"%s\"", list, i > 0 ? ", " : "", address);
                free(list);
                free(address);
                list = longer;
        }
        set(s, "clock", "servers", lab_text("%s]", list));
        set(s, "clock", "timeout", lab_copy("500ms"));
        free(list);
}

static void write_settings(FILE *f, const struct lab *lab) {
        struct settings s = {0};
        set(&s, "schedule", "interval", lab_copy("1h"));
        set(&s, "store", "path", lab_text("\"%s/audit.db\"", lab->dir));
        set(&s, "probe", "timeout", lab_copy("2s"));
        if (lab->api)
                set_platform(&s, lab);
        if (lab->n_ntp > 0)
                set_clock(&s, lab);
        char *names = names_address(lab);
        if (names)
                set(&s, "dns", "servers", lab_text("[\"%s\"]", names));
        free(names);
        bool tls = false;
        for (size_t i = 0; i < lab->n_carriers; i++)
                tls = tls || lab->carriers[i].spec->transport == OVER_TLS;
        if (tls)
                set_sip(&s, lab);
        for (size_t i = 0; i < lab->scenario->n_settings; i++) {
                const struct setting *more = &lab->scenario->settings[i];
                set(&s, more->section, more->key, lab_copy(more->value));
        }
        for (size_t i = 0; i < s.n; i++) { /* each section once, where its first key stands */
                bool seen = false;
                for (size_t k = 0; k < i; k++)
                        seen = seen || strcmp(s.items[k].section, s.items[i].section) == 0;
                if (seen)
                        continue;
                (void)fprintf(f, "%s:\n", s.items[i].section);
                for (size_t k = i; k < s.n; k++)
                        if (strcmp(s.items[k].section, s.items[i].section) == 0)
                                (void)fprintf(f, "  %s: %s\n", s.items[k].key, s.items[k].value);
        }
        settings_free(&s);
}

/* A key of a trunk; the name is the first one. */
static void write_text(FILE *f, const char *key, const char *value) {
        (void)fprintf(f, "  %s %s: \"", strcmp(key, "name") == 0 ? "-" : " ", key);
        for (; *value; value++)
                (void)fprintf(f, "%s%c", *value == '"' || *value == '\\' ? "\\" : "", *value);
        (void)fputs("\"\n", f);
}

static void write_optional(FILE *f, const char *key, const char *value) {
        if (value)
                write_text(f, key, value);
}

static void write_secret(FILE *f, const struct carrier *c) {
        const struct trunk_spec *t = c->trunk;
        char ha1[LAB_HEX_SIZE];
        const char *secret = t->secret == SECRET_WRONG || t->secret == SECRET_WRONG_HA1 ? c->wrong_password : c->password;
        if (t->secret == SECRET_NONE)
                return;
        bool ha1_wanted = t->secret == SECRET_HA1 || t->secret == SECRET_WRONG_HA1;
        if (ha1_wanted) {
                const char *algorithm = t->cfg_algorithm ? t->cfg_algorithm : t->algorithm;
                const char *realm = carrier_told_realm(c);
                lab_ha1(algorithm, c->user, realm ? realm : c->trunk_realm, secret, ha1);
                secret = ha1;
        }
        char *name = lab_text("secrets/trunk-%04zu", c->index + 1);
        lab_write_file(c->lab, name, 0600, secret, strlen(secret));
        (void)fprintf(f, "    %s: {file: \"%s/%s\"}\n", ha1_wanted ? "ha1" : "password", c->lab->dir, name);
        free(name);
}

/* What the page says is not repeated, only corrected. */
static void write_transport(FILE *f, const struct trunk_spec *t, bool all) {
        static const char *const transports[] = {[OVER_TCP] = "tcp", [OVER_TLS] = "tls"};
        if (t->cfg_transport && (all || t->page_transport))
                write_text(f, "transport", t->cfg_transport);
        else if (all && t->transport != OVER_UDP)
                write_text(f, "transport", transports[t->transport]);
}

static void write_trunk(FILE *f, const struct carrier *own) {
        const struct carrier *c = edges_base(own); /* whose account it is */
        const struct trunk_spec *t = own->trunk;
        bool digest = !t->auth || strcmp(t->auth, "digest") == 0, all = config_tells_all(t);
        if (!t->configured)
                return;
        if (!digest && !all && !t->cfg_domain && !t->cfg_request_uri && !t->cfg_method && !t->page_transport)
                return; /* the platform says it all */
        write_text(f, "name", t->name);
        if (t->extra)
                (void)fputs("    extra: true\n", f);
        if (all) {
                write_text(f, "authentication", digest ? "digest" : "none");
                if (t->cfg_proxies) {
                        char *proxies = carrier_proxies(c);
                        (void)fprintf(f, "    proxies: %s\n", proxies);
                        free(proxies);
                        write_text(f, "domain", carrier_told_domain(c));
                }
        } else {
                write_optional(f, "domain", t->cfg_domain);
                if (t->page_proxies) {
                        char *proxies = carrier_proxies(c);
                        (void)fprintf(f, "    proxies: %s\n", proxies);
                        free(proxies);
                }
        }
        write_transport(f, t, all);
        if (digest) {
                write_text(f, "username", c->user);
                write_optional(f, "realm", carrier_told_realm(c));
                write_secret(f, c);
                write_optional(f, "algorithm", t->cfg_algorithm);
                write_optional(f, "qop", t->cfg_qop);
        }
        write_optional(f, "request_uri", t->cfg_request_uri);
        write_optional(f, "method", t->cfg_method);
        if (t->refresh)
                (void)fputs("    refresh: true\n", f);
}

static void write_silences(FILE *f, const struct lab *lab) {
        static const char *const times[] = {
                [SILENCE_ALERT] = "mode: alert, until: 2099-12-31T00:00:00Z",
                [SILENCE_PROBE] = "mode: probe, from: 2020-01-01T00:00:00+11:00, until: 2099-12-31T00:00:00Z, reason: \"new cables\"",
                [SILENCE_OVER] = "mode: probe, until: 2020-01-01T00:00:00Z",
                [SILENCE_LATER] = "mode: probe, from: 2099-01-01T00:00:00Z, until: 2099-12-31T00:00:00Z",
                [SILENCE_WEEKLY] = "mode: probe, weekly: \"daily 00:00-24:00\"",
        };
        bool any = false;
        for (size_t i = 0; i < lab->n_carriers; i++) {
                const struct trunk_spec *t = lab->carriers[i].trunk;
                if (lab->carriers[i].place != 0 || t->silence == SILENCE_NONE)
                        continue;
                (void)fprintf(f, "%s  - {trunks: [\"%s\"], %s}\n", any ? "" : "silences:\n", t->name, times[t->silence]);
                any = true;
        }
}

void config_write(struct lab *lab) {
        char *directory = lab_text("%s/secrets", lab->dir);
        if (mkdir(directory, 0700) < 0 && errno != EEXIST)
                lab_fail("unable to make %s", directory);
        free(directory);
        char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);
        if (!f)
                lab_fail("unable to write the configuration");
        write_settings(f, lab);
        write_silences(f, lab);
        long before = ftell(f);
        (void)fputs("trunks:\n", f);
        long after = ftell(f);
        for (size_t i = 0; i < lab->n_carriers; i++)
                if (lab->carriers[i].place == 0)
                        write_trunk(f, &lab->carriers[i]);
        bool none = ftell(f) == after;
        if (fclose(f) != 0)
                lab_fail("unable to write the configuration");
        lab_write_file(lab, "trunkauditd.yaml", 0644, text, none ? (size_t)before : size);
        free(text);
}
