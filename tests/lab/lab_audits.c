/* lab_audits.c: what the platform remembers: who changed which trunk (the audit log: a query is a job with states, its results have
 * cursors), and the credentials that are written to it, with a version against writes that cross. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lab_api.h"
#include "lab_carrier.h"

#define QUERY_PATH "/api/v2/audits/query"
#define PAGE 100
#define MANY 250 /* entries of a trunk with edited=many */
#define DAYS_MAX 30
#define OLD_DAYS 10 /* the age of an entry that every edited trunk has besides */

#define QUERIES_MAX 16 /* several programs may ask at once */

struct audit_query {
        char id[37]; /* "" = none yet */
        unsigned looks;
        time_t since, until;
};

struct lab_audits {
        struct audit_query queries[QUERIES_MAX];
        size_t n_queries;   /* ever */
        unsigned *versions; /* one for each carrier */
        unsigned writes;
};

static struct lab_audits *audits_of(struct lab *lab) {
        if (!lab->audits) {
                lab->audits = lab_alloc(1, sizeof *lab->audits);
                lab->audits->versions = lab_alloc(lab->n_carriers + 1, sizeof *lab->audits->versions);
                for (size_t i = 0; i < lab->n_carriers; i++)
                        lab->audits->versions[i] = 7;
        }
        return lab->audits;
}

void audits_begin_phase(struct lab *lab) {
        audits_of(lab)->writes = 0;
}

void audits_close(struct lab *lab) {
        if (!lab->audits)
                return;
        free(lab->audits->versions);
        free(lab->audits);
        lab->audits = NULL;
}

unsigned audits_version(struct lab *lab, const struct carrier *c) {
        return audits_of(lab)->versions[c - lab->carriers];
}

/* -- errors ----------------------------------------------------------------------------------------------------------- */

static unsigned refuse(char **ret, unsigned status, const char *code, const char *message) {
        char context[37];
        lab_random_uuid(context);
        *ret = lab_text("{\"message\":\"%s\",\"code\":\"%s\",\"status\":%u,\"contextId\":\"%s\",\"details\":[],\"errors\":[]}", message,
                        code, status, context);
        return status;
}

static unsigned refuse_unknown(struct lab *lab, const char *method, const char *url, char **ret) {
        lab_violation(lab, "platform", "%s %s", method, url);
        return refuse(ret, 404, "not.found", "The requested resource was not found.");
}

/* -- entries ---------------------------------------------------------------------------------------------------------- */

static void write_time(FILE *f, time_t when) {
        char text[32];
        struct tm tm;
        if (!gmtime_r(&when, &tm) || strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm) == 0)
                lab_fail("unable to write a time");
        (void)fprintf(f, "\"%s.250Z\"", text);
}

static void write_text(FILE *f, const char *text) {
        (void)fputc('"', f);
        for (; *text; text++)
                (void)fprintf(f, "%s%c", *text == '"' || *text == '\\' ? "\\" : "", *text);
        (void)fputc('"', f);
}

static void write_property(FILE *f, const char *name, const char *old, const char *new) {
        (void)fprintf(f, "{\"property\":\"%s\",\"oldValues\":[", name);
        write_text(f, old);
        (void)fputs("],\"newValues\":[", f);
        write_text(f, new);
        (void)fputs("]}", f);
}

static void write_properties(FILE *f, const struct carrier *c, bool old) {
        char *nested = lab_text("{\"trunk_sip_authentication_credentials_password\":{\"value\":{\"instance\":\"%s\"}}}", c->password);
        const char *held = c->trunk->secret == SECRET_WRONG ? c->wrong_password : c->password;
        if (old)
                write_property(f, "trunk_old", "1", "2");
        else
                switch (c->trunk->edited) {
                case EDITED_NOT:
                        break;
                case EDITED_PASSWORD:
                        write_property(f, "trunk_sip_authentication_credentials_password", c->wrong_password, c->password);
                        (void)fputc(',', f);
                        write_property(f, "trunk_transport_protocolVariant", "udp", "tls");
                        break;
                case EDITED_HIDDEN: /* under names and in shapes that say little or nothing */
                        write_property(f, "properties", nested, nested);
                        (void)fputc(',', f);
                        write_property(f, "trunk_sip_Pass\\u0057ord", c->wrong_password, c->wrong_password);
                        (void)fputc(',', f);
                        write_property(f, "trunk_label", "carrier", held);
                        break;
                case EDITED_MANY:
                        write_property(f, "trunk_maxCallRate", "40/5s", "41/5s");
                        break;
                }
        free(nested);
}

static void write_entry(FILE *f, const struct carrier *c, time_t when, bool old) {
        char id[37];
        lab_random_uuid(id);
        (void)fprintf(f,
                      "{\"id\":\"%s\",\"user\":{\"id\":\"u-1\",\"name\":\"Jane Doe\"},\"client\":{\"id\":\"c-1\"},\"remoteIp\":"
                      "[\"203.0.113.9\"],\"serviceName\":\"Telephony\",\"level\":\"USER\",\"eventDate\":",
                      id);
        write_time(f, when);
        /* Of profile edges the base is known by its id, else by the trunk's name. */
        bool edges = c->lab->scenario->api.profile == PROFILE_EDGES;
        char *entity = edges ? edges_base_id(c) : lab_copy("b-1");
        (void)fprintf(f, ",\"action\":\"Update\",\"entityType\":\"TrunkBase\",\"status\":\"SUCCESS\",\"entity\":{\"id\":\"%s\",\"name\":",
                      entity);
        free(entity);
        write_text(f, edges ? "a base" : c->trunk->name);
        (void)fputs("},\"propertyChanges\":[", f);
        write_properties(f, c, old);
        (void)fputs("]}", f);
}

/* The entries [from, to) of the query, newest first: of each edited trunk one, or many, and then the old ones. */
static size_t write_entries(FILE *f, const struct lab *lab, const struct audit_query *a, size_t from, size_t to) {
        size_t n = 0;
        for (unsigned old = 0; old <= 1; old++)
                for (size_t i = 0; i < lab->n_carriers; i++) {
                        const struct carrier *c = &lab->carriers[i];
                        size_t entries = c->place > 0 || c->trunk->edited == EDITED_NOT ? 0
                                         : c->trunk->edited == EDITED_MANY && !old      ? MANY
                                                                                        : 1;
                        time_t when = old ? a->until - OLD_DAYS * LAB_DAY : a->until - 2;
                        for (size_t k = 0; k < entries && when >= a->since; k++, n++)
                                if (n >= from && n < to) {
                                        (void)fputs(n > from ? "," : "", f);
                                        write_entry(f, c, when, old);
                                }
                }
        return n;
}

/* -- the query -------------------------------------------------------------------------------------------------------- */

static bool read_interval(struct audit_query *a, const char *text, size_t *ret_n) {
        struct tm since = {0}, until = {0};
        const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ/", &since);
        end = end ? strptime(end, "%Y-%m-%dT%H:%M:%SZ", &until) : NULL;
        if (!end)
                return false;
        a->since = timegm(&since);
        a->until = timegm(&until);
        *ret_n = (size_t)(end - text);
        return a->since < a->until && a->until - a->since <= DAYS_MAX * LAB_DAY;
}

/* The filter for one base, when the platform has bases. Returns its length, 0 = there is none. */
static size_t entity_filter(const struct lab *lab, const char *text) {
        static const char before[] = ",{\"property\":\"EntityId\",\"value\":\"", after[] = "\"}";
        size_t n = sizeof before - 1, id = strspn(text + (strncmp(text, before, n) == 0 ? n : 0), "0123456789abcdef-");
        bool named = strncmp(text, before, n) == 0 && id == 36 && strncmp(text + n + id, after, sizeof after - 1) == 0;
        return named && lab->scenario->api.profile == PROFILE_EDGES ? n + id + sizeof after - 1 : 0;
}

/* The body to the letter, but for the interval and the base. */
static bool is_query(const struct lab *lab, struct audit_query *a, const char *body) {
        static const char before[] = "{\"interval\":\"",
                          filter[] = "\",\"serviceName\":\"Telephony\",\"filters\":[{\"property\":\"EntityType\",\"value\":\"TrunkBase\"}",
                          after[] = "],\"sort\":[{\"name\":\"Timestamp\",\"sortOrder\":\"descending\"}]}";
        size_t n;
        if (strncmp(body, before, sizeof before - 1) != 0 || !read_interval(a, body + sizeof before - 1, &n))
                return false;
        const char *at = body + sizeof before - 1 + n;
        if (strncmp(at, filter, sizeof filter - 1) != 0)
                return false;
        at += sizeof filter - 1;
        return strcmp(at + entity_filter(lab, at), after) == 0;
}

static unsigned answer_state(const struct lab *lab, struct audit_query *a, unsigned status, char **ret) {
        static const char *const slow[] = {"Queued", "Running", "Succeeded"};
        const char *state = "Queued";
        switch ((enum audits)lab->scenario->api.audits) {
        case AUDITS_OK:
                state = a->looks == 0 ? "Queued" : "Succeeded";
                break;
        case AUDITS_SLOW:
                state = slow[a->looks < 2 ? a->looks : 2];
                break;
        case AUDITS_FAILED:
                state = a->looks == 0 ? "Queued" : "Failed";
                break;
        case AUDITS_ENDLESS:
        case AUDITS_403:
                break;
        }
        a->looks++;
        *ret = lab_text("{\"id\":\"%s\",\"state\":\"%s\",\"serviceName\":\"Telephony\"}", a->id, state);
        return status;
}

static unsigned answer_results(struct lab *lab, const struct audit_query *a, const struct api_request *r, char **ret) {
        char *end = NULL;
        size_t size, from = r->cursor ? strtoul(r->cursor, &end, 10) : 0;
        if ((end && strcmp(end, "/+ next") != 0) || !r->page_size || strcmp(r->page_size, "100") != 0)
                lab_violation(lab, "platform", "results with cursor=%s pageSize=%s", r->cursor ? r->cursor : "",
                              r->page_size ? r->page_size : "");
        FILE *f = open_memstream(ret, &size);
        if (!f)
                lab_fail("unable to write a page");
        (void)fprintf(f, "{\"id\":\"%s\",\"pageSize\":100,\"entities\":[", a->id);
        size_t n = write_entries(f, lab, a, from, from + PAGE);
        (void)fputs("]", f);
        if (n > from + PAGE) /* with characters that a query must not hold as they are */
                (void)fprintf(f, ",\"cursor\":\"%zu/+ next\"", from + PAGE);
        (void)fputs("}", f);
        if (fclose(f) != 0)
                lab_fail("unable to write a page");
        return 200;
}

bool audits_is_path(const char *url) {
        return strncmp(url, QUERY_PATH, sizeof QUERY_PATH - 1) == 0;
}

unsigned audits_answer(struct lab *lab, const struct api_request *r, char **ret) {
        struct lab_audits *a = audits_of(lab);
        const char *rest = r->url + sizeof QUERY_PATH - 1;
        lab_append_line(lab, "audits", r->method);
        if (lab->scenario->api.audits == AUDITS_403)
                return refuse(ret, 403, "missing.permissions",
                              "Unable to perform the requested action. You are missing the following permission(s): audits:audit:view");
        if (strcmp(r->method, "POST") == 0 && *rest == '\0') {
                struct audit_query *q = &a->queries[a->n_queries++ % QUERIES_MAX];
                if (!r->content_type || strcmp(r->content_type, "application/json") != 0 || !is_query(lab, q, r->body))
                        lab_violation(lab, "platform", "a query of the audit log that is not one: %s: %s",
                                      r->content_type ? r->content_type : "no type", r->body);
                lab_random_uuid(q->id);
                q->looks = 0;
                return answer_state(lab, q, 202, ret);
        }
        for (size_t i = 0; i < QUERIES_MAX && strcmp(r->method, "GET") == 0 && *rest == '/'; i++) {
                struct audit_query *q = &a->queries[i];
                size_t n = strlen(q->id);
                if (n == 0 || strncmp(rest + 1, q->id, n) != 0)
                        continue;
                if (rest[n + 1] == '\0')
                        return answer_state(lab, q, 200, ret);
                if (strcmp(rest + n + 1, "/results") == 0)
                        return answer_results(lab, q, r, ret);
        }
        return refuse_unknown(lab, r->method, r->url, ret);
}

/* -- writes ----------------------------------------------------------------------------------------------------------- */

static char *expected_body(const struct carrier *c, unsigned version) {
        const char *password = c->trunk->secret == SECRET_WRONG ? c->wrong_password : c->password;
        if (c->lab->scenario->api.profile == PROFILE_EDGES)
                return edges_written(c, version, password);
        char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);
        if (!f)
                lab_fail("unable to write a body");
        (void)fprintf(f, "{\"version\":%u,\"sip\":{\"username\":", version);
        write_text(f, c->user);
        (void)fputs(",\"realm\":", f);
        write_text(f, carrier_told_realm(c));
        (void)fputs("},\"digest\":{\"password\":", f);
        write_text(f, password);
        (void)fputs("}}", f);
        if (fclose(f) != 0)
                lab_fail("unable to write a body");
        return text;
}

unsigned audits_write(struct lab *lab, const struct api_request *r, const struct carrier *c, char **ret) {
        struct lab_audits *a = audits_of(lab);
        unsigned *version = &a->versions[c - lab->carriers];
        const unsigned *writes = lab->scenario->api.writes;
        lab_append_line(lab, "writes", c->trunk->name);
        if (writes[0] == WRITES_403)
                return refuse(ret, 403, "app.not.authorized.for.scope", "App not authorized to use scope sip_trunk:write");
        a->writes++;
        if (writes[0] == WRITES_CONFLICT && (writes[1] == 0 || a->writes <= writes[1]))
                ++*version; /* somebody else was faster */
        char *now = expected_body(c, *version), *before = expected_body(c, *version - 1);
        bool right = strcmp(r->body, now) == 0, outdated = strcmp(r->body, before) == 0;
        free(now);
        free(before);
        if (!r->content_type || strcmp(r->content_type, "application/json") != 0 || (!right && !outdated))
                lab_violation(lab, c->trunk->name, "what is written is not its credentials and version");
        if (!right)
                return refuse(ret, 409, "request.conflict", "The version is not the current one.");
        ++*version;
        *ret = lab_text("{\"version\":%u,\"digest\":{\"password\":\"%s\"}}", *version, "echoed");
        return 200;
}
