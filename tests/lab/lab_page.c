/* lab_page.c: the platform's pages: what it has stored about each trunk, and what it last thought of its credentials. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lab_api.h"
#include "lab_carrier.h"
#include "lab_digest.h"

void page_string(FILE *f, const char *text) {
        (void)fputc('"', f);
        for (const unsigned char *p = (const unsigned char *)text; *p; p++)
                if (*p == '"' || *p == '\\')
                        (void)fprintf(f, "\\%c", *p);
                else if (*p < 0x20)
                        (void)fprintf(f, "\\u%04x", *p);
                else
                        (void)fputc(*p, f);
        (void)fputc('"', f);
}

void page_member(FILE *f, const char *name, const char *value) {
        if (!value)
                return;
        (void)fprintf(f, ",\"%s\":", name);
        page_string(f, value);
}

static const char *first_member(FILE *f, const char *name, const char *value) {
        if (value) {
                (void)fprintf(f, "\"%s\":", name);
                page_string(f, value);
        }
        return value;
}

void page_id(char ret[static 40], const struct carrier *c) {
        if (c->trunk->id)
                (void)snprintf(ret, 40, "%s", c->trunk->id);
        else
                (void)snprintf(ret, 40, "6f1d0000-1ab0-4000-8000-%012zx", c->index + 1);
}

/* What an administrator entered on the platform: the same as in our configuration, unless the scenario says otherwise. */
static const char *stored(const char *page, const char *otherwise) {
        return !page ? otherwise : strcmp(page, "none") == 0 ? NULL : page;
}

static const char *stored_qop(const struct trunk_spec *t) {
        if (t->cfg_qop)
                return strcmp(t->cfg_qop, "none") == 0 ? NULL : t->cfg_qop;
        const char *qop = t->qop ? t->qop : "auth";
        size_t n = strcspn(qop, ",");
        return strncmp(qop, "auth", n) == 0 && n == 4 ? "auth" : strcmp(qop, "auth-int") == 0 ? "auth-int" : NULL;
}

/* "a b" as ["a", "b"]. */
static char *page_list(const char *words) {
        char *list = lab_copy("["), *longer;
        while (*words) {
                size_t n = strcspn(words, " ");
                longer = lab_text("%s%s\"%.*s\"", list, list[1] ? ", " : "", (int)n, words);
                free(list);
                list = longer;
                words += n + (words[n] == ' ');
        }
        longer = lab_text("%s]", list);
        free(list);
        return longer;
}

static void write_sip(FILE *f, const struct carrier *c, bool digest) {
        const struct trunk_spec *t = c->trunk;
        const char *domain = carrier_told_domain(c);
        (void)fputs(",\"sip\":{", f);
        (void)first_member(f, "domain", domain);
        if (t->cfg_proxies) {
                char *proxies = t->page_proxies ? page_list(t->page_proxies) : carrier_proxies(c);
                (void)fprintf(f, ",\"proxies\":%s", proxies);
                free(proxies);
        }
        static const char *const transports[] = {[OVER_UDP] = "udp", [OVER_TCP] = "tcp", [OVER_TLS] = "tls"};
        page_member(f, "transport", t->page_transport ? t->page_transport : t->cfg_transport ? t->cfg_transport : transports[t->transport]);
        char *uri = t->cfg_request_uri ? lab_copy(t->cfg_request_uri) : lab_text("sip:%s", domain);
        page_member(f, "requestUri", uri);
        free(uri);
        if (digest) {
                page_member(f, "realm", stored(t->page_realm, carrier_told_realm(c)));
                page_member(f, "username", stored(t->page_user, c->user));
        }
        (void)fputs("}", f);
        /* With several algorithms on offer the administrator leaves the choice open. */
        const char *algorithm = t->cfg_algorithm ? t->cfg_algorithm : t->algorithm && !strchr(t->algorithm, ',') ? t->algorithm : NULL;
        algorithm = stored(t->page_algorithm, algorithm);
        const char *qop = stored(t->page_qop, stored_qop(t));
        if (digest && (algorithm || qop)) {
                (void)fputs(",\"digest\":{", f);
                if (first_member(f, "algorithm", algorithm))
                        page_member(f, "qop", qop);
                else
                        (void)first_member(f, "qop", qop);
                (void)fputs("}", f);
        }
}

/* The users' case: the platform hashed the digest-uri with the port while the request goes to the bare domain. */
static void write_mismatch(FILE *f, const struct carrier *c) {
        const char *algorithm = c->trunk->algorithm ? c->trunk->algorithm : "MD5";
        char nonce[33], cnonce[17], response[LAB_HEX_SIZE] = "";
        lab_random_hex(nonce, 16);
        lab_random_hex(cnonce, 8);
        char *uri = lab_text("sip:%s:%u", c->domain, c->port);
        struct lab_answer a = {.algorithm = algorithm,
                               .username = c->user,
                               .realm = c->realm,
                               .password = c->password,
                               .nonce = nonce,
                               .method = "REGISTER",
                               .uri = uri,
                               .qop = "auth",
                               .nc = "00000001",
                               .cnonce = cnonce};
        (void)lab_response(&a, response); /* "" for an algorithm that only its name exists of */
        char *challenge = lab_text("Digest realm=\"%s\", nonce=\"%s\", algorithm=%s, qop=\"auth\"", c->realm, nonce, algorithm);
        char *authorization = lab_text("Digest username=\"%s\", realm=\"%s\", nonce=\"%s\", uri=\"%s\", response=\"%s\", algorithm=%s, "
                                       "qop=auth, nc=00000001, cnonce=\"%s\"",
                                       c->user, c->realm, nonce, uri, response, algorithm, cnonce);
        (void)fputs("\"status\":401,\"code\":\"digest.mismatch\",\"message\":\"response digest mismatch\"", f);
        page_member(f, "challenge", challenge);
        page_member(f, "authorization", authorization);
        free(uri);
        free(challenge);
        free(authorization);
}

void page_hour(char ret[static 32], int64_t ago_sec) {
        struct tm tm;
        time_t hour = time(NULL) / 3600 * 3600 - (time_t)ago_sec;
        if (!gmtime_r(&hour, &tm) || strftime(ret, 32, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
                lab_fail("unable to write a time");
}

static void write_validation(FILE *f, const struct carrier *c) {
        if (c->trunk->validation == VALIDATION_NONE)
                return;
        char text[32];
        page_hour(text, c->trunk->validation == VALIDATION_OLD ? 2 * LAB_DAY : 0);
        (void)fprintf(f, ",\"lastValidation\":{\"time\":\"%s\",", text);
        if (c->trunk->validation == VALIDATION_OK || c->trunk->validation == VALIDATION_OLD)
                (void)fputs("\"status\":200,\"code\":\"ok\"", f);
        else
                write_mismatch(f, c);
        (void)fputs("}", f);
}

static void write_entity(FILE *f, const struct carrier *c, bool sparse) {
        const struct trunk_spec *t = c->trunk;
        char id[40];
        page_id(id, c);
        (void)fprintf(f, "{\"id\":\"%s\"", id);
        page_member(f, "name", t->name);
        page_member(f, "state", t->state ? t->state : "active");
        if (!sparse) {
                const char *auth = t->auth ? t->auth : "digest";
                page_member(f, "role", t->role ? t->role : "secondary");
                page_member(f, "region", t->region ? t->region : "ap-southeast-2");
                if (t->platform_knows == KNOWS_SIP) {
                        page_member(f, "authentication", auth);
                        write_sip(f, c, strcmp(auth, "digest") == 0);
                }
                write_validation(f, c);
        }
        (void)fprintf(f, ",\"version\":%u", audits_version(c->lab, c));
        (void)fprintf(f, ",\"selfUri\":\"%s/%s\"}", c->lab->scenario->api.path, id);
}

bool page_lists(const struct carrier *c) {
        return c->place == 0 && c->trunk->listed && !c->trunk->extra;
}

size_t page_listed(const struct lab *lab) {
        size_t n = 0;
        for (size_t i = 0; i < lab->n_carriers; i++)
                n += page_lists(&lab->carriers[i]);
        return n;
}

static void write_entities(FILE *f, const struct lab *lab, size_t from, size_t to) {
        size_t n = 0;
        for (size_t i = 0; i < lab->n_carriers; i++) {
                if (!page_lists(&lab->carriers[i]))
                        continue;
                if (n >= from && n < to) {
                        if (n > from)
                                (void)fputc(',', f);
                        write_entity(f, &lab->carriers[i], lab->scenario->api.listing == LISTING_SPARSE);
                }
                n++;
        }
}

void page_envelope(FILE *f, const char *path, const char *more, size_t total, unsigned number, unsigned size) {
        unsigned pages = (unsigned)((total + size - 1) / size);
        (void)fprintf(f, "{\"pageSize\":%u,\"pageNumber\":%u,\"pageCount\":%u,\"total\":%zu,\"nextUri\":", size, number,
                      pages > 0 ? pages : 1, total);
        if (number < pages)
                (void)fprintf(f, "\"%s?pageSize=%u&pageNumber=%u%s\"", path, size, number + 1, more);
        else
                (void)fputs("null", f);
        (void)fputs(",\"entities\":[", f);
}

void page_write_listing(FILE *f, const struct lab *lab, unsigned number, unsigned size) {
        size_t total = page_listed(lab);
        if (lab->scenario->api.listing == LISTING_BARE) {
                (void)fputc('[', f);
                write_entities(f, lab, 0, total);
                (void)fputc(']', f);
                return;
        }
        bool endless = lab->scenario->api.listing_status == LISTING_ENDLESS;
        page_envelope(f, lab->scenario->api.path, "", endless ? (size_t)(number + 1) * size : total, number, size);
        write_entities(f, lab, endless ? 0 : (size_t)(number - 1) * size, endless ? size : (size_t)number * size);
        (void)fputs("]}", f);
}

const struct carrier *page_find(const struct lab *lab, const char *id) {
        for (size_t i = 0; i < lab->n_carriers; i++) {
                char own[40];
                page_id(own, &lab->carriers[i]);
                if (page_lists(&lab->carriers[i]) && strcmp(own, id) == 0)
                        return &lab->carriers[i];
        }
        return NULL;
}

bool page_write_detail(FILE *f, const struct lab *lab, const char *id, bool *ret_denied) {
        const struct carrier *c = page_find(lab, id);
        *ret_denied = c && c->trunk->detail == DETAIL_403;
        if (!c || *ret_denied)
                return false;
        write_entity(f, c, false);
        return true;
}
