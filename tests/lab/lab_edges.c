/* lab_edges.c: the platform's telephony pages: trunks, which tell how they are, and the trunk bases that hold their settings. A base is of
 * one trunk, unless others name it. */
#include <stdlib.h>
#include <string.h>

#include "lab_api.h"
#include "lab_carrier.h"

#define TIME "2026-11-23T04:00:00.000Z"

/* -- who is listed ---------------------------------------------------------------------------------------------------- */

static bool trunk_listed(const struct carrier *c) {
        unsigned served = c->lab->trunk_pages;
        const struct trunk_spec *t = c->trunk;
        return page_lists(c) && served >= t->after_pages && (t->until_pages == 0 || served < t->until_pages);
}

/* Trunks that use another one's base have none of their own. */
static bool base_listed(const struct carrier *c) {
        return page_lists(c) && !c->trunk->base;
}

static size_t count_listed(const struct lab *lab, bool (*listed)(const struct carrier *c)) {
        size_t n = 0;
        for (size_t i = 0; i < lab->n_carriers; i++)
                n += listed(&lab->carriers[i]);
        return n;
}

const struct carrier *edges_base(const struct carrier *c) {
        if (!c->trunk->base)
                return c;
        for (size_t i = 0; i < c->lab->n_carriers; i++) {
                const struct carrier *other = &c->lab->carriers[i];
                if (other->place == 0 && strcmp(other->trunk->name, c->trunk->base) == 0)
                        return other;
        }
        lab_fail("%s: there is no trunk %s", c->trunk->name, c->trunk->base);
}

char *edges_base_id(const struct carrier *base) {
        return lab_text("b45e0000-1ab0-4000-8000-%012zx", base->index + 1);
}

/* -- a trunk ---------------------------------------------------------------------------------------------------------- */

static void write_metabase(FILE *f, const struct carrier *base) {
        const char *metabase = base->trunk->metabase ? base->trunk->metabase : "external_sip_pcv_byoc_carrier.json";
        (void)fprintf(f, ",\"trunkMetabase\":{\"id\":\"%s\",\"name\":\"%s\",\"selfUri\":\"/m/%s\"}", metabase,
                      base->trunk->metabase ? "Another" : "Generic BYOC Carrier", metabase);
}

/* What the platform's own OPTIONS got from each proxy. */
static void write_options(FILE *f, const struct carrier *c) {
        (void)fputs(",\"optionsEnabledStatus\":\"ENABLED\",\"optionsStatus\":[", f);
        for (unsigned place = 0; place < c->trunk->proxies; place++) {
                bool up = c[place].spec->answer == ANSWER_OK;
                char *address = carrier_address(&c[place]);
                (void)fprintf(f, "%s{\"proxyAddress\":\"%s\",\"optionState\":%s,\"optionStateTime\":\"" TIME "\"", place > 0 ? "," : "",
                              address, up ? "true" : "false");
                if (!up)
                        (void)fputs(",\"errorInfo\":{\"text\":\"Request "
                                    "Timeout\",\"code\":\"408\",\"details\":{\"code\":\"timeout\",\"message\":"
                                    "\"no response\",\"hostname\":\"edge-1\"}}",
                                    f);
                (void)fputs("}", f);
                free(address);
        }
        (void)fputs("]", f);
}

/* The platform registers where the scenario says what it thinks of the credentials. */
static void write_registers(FILE *f, const struct carrier *c) {
        if (c->trunk->validation == VALIDATION_NONE) {
                (void)fputs(",\"registersEnabledStatus\":\"NOT_SUPPORTED\",\"registersStatus\":[]", f);
                return;
        }
        bool good = c->trunk->validation != VALIDATION_MISMATCH;
        char *address = carrier_address(c), time[32];
        page_hour(time, c->trunk->validation == VALIDATION_OLD ? 2 * LAB_DAY : 0);
        (void)fprintf(f,
                      ",\"registersEnabledStatus\":\"ENABLED\",\"registersStatus\":[{\"proxyAddress\":\"%s\",\"registerState\":%s,"
                      "\"registerStateTime\":\"%s\"%s}]",
                      address, good ? "true" : "false", time, good ? "" : ",\"errorInfo\":{\"text\":\"Unauthorized\",\"code\":\"401\"}");
        free(address);
}

static void write_trunk(FILE *f, const struct carrier *c) {
        const struct trunk_spec *t = c->trunk;
        const struct carrier *base = edges_base(c);
        char id[40], *own_base = edges_base_id(base), *proxies = carrier_proxies(base);
        page_id(id, c);
        (void)fprintf(f, "{\"id\":\"%s\"", id);
        page_member(f, "name", t->name);
        page_member(f, "state", t->state ? t->state : "active");
        (void)fprintf(f, ",\"version\":3,\"trunkType\":\"EXTERNAL\",\"trunkBase\":{\"id\":\"%s\",\"selfUri\":\"" LAB_EDGES_BASES "/%s\"}",
                      own_base, own_base);
        write_metabase(f, base);
        (void)fprintf(f, ",\"inService\":%s,\"enabled\":true,\"connectedStatus\":{\"connected\":true,\"connectedStateTime\":\"" TIME "\"}",
                      t->in_service ? "true" : "false");
        write_options(f, c);
        write_registers(f, c);
        if (t->cfg_proxies)
                (void)fprintf(f, ",\"proxyAddressList\":%s", proxies);
        (void)fprintf(f, ",\"family\":2,\"selfUri\":\"" LAB_EDGES_TRUNKS "/%s\"}", id);
        free(own_base);
        free(proxies);
}

/* -- a base ------------------------------------------------------------------------------------------------------------ */

static void write_property(FILE *f, const char *name, const char *value) {
        (void)fprintf(f, "\"%s\":{\"type\":\"string\",\"value\":{\"default\":\"\",\"instance\":", name);
        page_string(f, value ? value : "");
        (void)fputs("}}", f);
}

/* password: as it is written back; NULL = as it is told. */
static void write_properties(FILE *f, const struct carrier *c, const char *password) {
        static const char *const transports[] = {[OVER_UDP] = "udp", [OVER_TCP] = "tcp", [OVER_TLS] = "tls"};
        const struct trunk_spec *t = c->trunk;
        bool digest = !t->auth || strcmp(t->auth, "digest") == 0;
        char *proxies = carrier_proxies(c);
        (void)fputs(",\"properties\":{", f);
        write_property(f, "trunk_type", t->metabase ? "external.other" : "external.pcv.byoc.carrier");
        (void)fputs(",\"trunk_enabled\":{\"type\":\"boolean\",\"value\":{\"default\":true,\"instance\":true}},", f);
        write_property(f, "trunk_sip_routingAddress", "Request-URI");
        (void)fputc(',', f);
        write_property(f, "trunk_sip_authentication_credentials_realm", digest ? carrier_told_realm(c) : NULL);
        (void)fputc(',', f);
        write_property(f, "trunk_sip_authentication_credentials_username", digest ? c->user : NULL);
        if (c->lab->scenario->api.leak) {
                (void)fputc(',', f);
                write_property(f, "trunk_sip_authentication_credentials_password", password ? password : c->password);
                lab_append_line(c->lab, "leaked", c->password);
        }
        (void)fputc(',', f);
        write_property(f, "trunk_transport_protocolVariant",
                       t->page_transport  ? t->page_transport
                       : t->cfg_transport ? t->cfg_transport
                                          : transports[t->transport]);
        (void)fprintf(
                f,
                ",\"trunk_transport_serverProxyList\":{\"type\":\"array\",\"items\":{\"type\":\"string\"},\"value\":{\"default\":null,"
                "\"instance\":%s}}",
                t->cfg_proxies ? proxies : "[]");
        if (password && !c->lab->scenario->api.leak) { /* new to the base */
                (void)fputc(',', f);
                (void)fputs("\"trunk_sip_authentication_credentials_password\":{\"value\":{\"instance\":", f);
                page_string(f, password);
                (void)fputs("}}", f);
        }
        (void)fputs("}", f);
        free(proxies);
}

/* The settings of a managed base are in neither; of others they may be in the detail alone. */
static bool base_is_sparse(const struct carrier *c) {
        return c->lab->scenario->api.listing == LISTING_SPARSE || c->trunk->detail == DETAIL_403 ||
               c->trunk->platform_knows == KNOWS_NOTHING;
}

static void write_base(FILE *f, const struct carrier *c, bool whole, unsigned version, const char *password) {
        char *id = edges_base_id(c);
        (void)fprintf(
                f, "{\"id\":\"%s\",\"name\":\"base of %s\",\"state\":\"active\",\"version\":%u,\"trunkType\":\"EXTERNAL\",\"managed\":%s",
                id, c->trunk->name, version, c->trunk->platform_knows == KNOWS_NOTHING ? "true" : "false");
        write_metabase(f, c);
        if (whole && c->trunk->platform_knows == KNOWS_SIP)
                write_properties(f, c, password);
        (void)fprintf(f, ",\"selfUri\":\"" LAB_EDGES_BASES "/%s\"}", id);
        free(id);
}

/* -- pages -------------------------------------------------------------------------------------------------------------- */

void edges_write_listing(FILE *f, struct lab *lab, bool bases, unsigned number, unsigned size) {
        bool (*listed)(const struct carrier *c) = bases ? base_listed : trunk_listed;
        size_t total = count_listed(lab, listed), n = 0, from = (size_t)(number - 1) * size;
        page_envelope(f, bases ? LAB_EDGES_BASES : LAB_EDGES_TRUNKS, bases ? "&expand=properties" : "&trunkType=EXTERNAL", total, number,
                      size);
        for (size_t i = 0; i < lab->n_carriers; i++) {
                const struct carrier *c = &lab->carriers[i];
                if (!listed(c) || n++ < from || n > from + size)
                        continue;
                if (n - 1 > from)
                        (void)fputc(',', f);
                if (bases)
                        write_base(f, c, !base_is_sparse(c), audits_version(lab, c), NULL);
                else
                        write_trunk(f, c);
        }
        (void)fputs("]}", f);
        lab->trunk_pages += !bases;
}

enum edges_detail edges_write_base(FILE *f, struct lab *lab, const char *id) {
        for (size_t i = 0; i < lab->n_carriers; i++) {
                struct carrier *c = &lab->carriers[i];
                char *own = edges_base_id(c);
                bool same = base_listed(c) && strcmp(own, id) == 0;
                free(own);
                if (!same)
                        continue;
                if ((!base_is_sparse(c) || c->base_read) && !c->trunk->refresh)
                        lab_violation(lab, "platform", "the base of %s, which was told already", c->trunk->name);
                if (c->trunk->detail == DETAIL_403)
                        return EDGES_DENIED;
                c->base_read = true;
                write_base(f, c, true, audits_version(lab, c), NULL);
                return EDGES_FOUND;
        }
        return EDGES_UNKNOWN;
}

const struct carrier *edges_find_base(const struct lab *lab, const char *id) {
        for (size_t i = 0; i < lab->n_carriers; i++) {
                char *own = edges_base_id(&lab->carriers[i]);
                bool same = base_listed(&lab->carriers[i]) && strcmp(own, id) == 0;
                free(own);
                if (same)
                        return &lab->carriers[i];
        }
        return NULL;
}

char *edges_written(const struct carrier *c, unsigned version, const char *password) {
        char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);
        if (!f)
                lab_fail("unable to write a body");
        write_base(f, c, true, version, password);
        if (fclose(f) != 0)
                lab_fail("unable to write a body");
        return text;
}
