/* lab_api.c: the platform's two services on one port: POST /oauth/token (client credentials), and the trunk API. Every reply carries
 * ININ-Correlation-Id and a Date; errors have the platform's shapes. */
#include "lab_api.h"

#include <microhttpd.h>
#include <netinet/in.h>
#include <nettle/base64.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "lab_tls.h"

#define BODY_MAX 4096 /* bytes of a request's body */
#define BEARERS_MAX 32
#define GZIP_BLOCK 65535
#define RECENT_MAX 4096 /* API requests in a minute */
#define PAGE_SIZE_MAX 100
#define TURNS_MAX 64 /* of libmicrohttpd, one after another */
#define TURN_AGAIN_USEC 1000

struct bearer {
        char text[65];
        uint64_t expires_usec;
        bool revoked;
};

struct lab_api {
        struct lab *lab;
        struct MHD_Daemon *daemon; /* NULL = the port is closed */
        int epoll_fd;              /* the daemon's */
        uint16_t port;
        struct lab_certificate certificate;
        char *basic; /* the one right Authorization of a token request */
        unsigned token_requests, api_requests;
        bool expired_once;
        unsigned connections;
        struct incoming *waiting, **waiting_end; /* the requests that wait */
        uint64_t recent[RECENT_MAX];             /* when the newest API requests came, a ring */
        unsigned n_recent;                       /* of them within the last minute */
        size_t next_recent;
        struct bearer bearers[BEARERS_MAX];
        size_t n_bearers;
};

/* One request while it arrives. */
struct incoming {
        char body[BODY_MAX + 1];
        size_t body_size;
        bool waited;
        struct MHD_Connection *connection; /* while it waits */
        struct incoming *next;
};

struct answer {
        unsigned status;
        char *body; /* owned */
        size_t size;
        bool retry_after, truncated;
};

/* -- answers ---------------------------------------------------------------------------------------------------------- */

static struct answer answer_text(unsigned status, char *body) {
        return (struct answer){.status = status, .body = body, .size = strlen(body)};
}

/* The platform's words for its codes, as its definition has them. */
static const struct {
        const char *code, *message;
} messages[] = {
        {"authentication.required", "No authentication bearer token specified in authorization header."},
        {"bad.credentials", "Invalid login credentials."},
        {"ip.not.authorized", "Requests originating from this IP address are not authorized: [192.0.2.9]"},
        {"missing.any.permissions",
         "Unable to perform the requested action. You must have at least one of the following permissions assigned: "
         "[telephony:plugin:all, telephony:trunk:view]"},
        {"missing.permissions",
         "Unable to perform the requested action. You are missing the following permission(s): [telephony:plugin:all]"},
        {"missing.division.permission",
         "Unable to perform the requested action. You are missing the following permission(s) in the provided "
         "division(s): [telephony:plugin:all]"},
        {"missing.any.division.permissions",
         "Unable to perform the requested action. You must have at least one of the following permissions "
         "assigned in the provided division(s): [telephony:plugin:all]"},
        {"app.not.authorized.for.scope", "App not authorized to use scope sip_trunk:read"},
        {"authz.policy.denied", "Unable to perform the requested action. Your organization's security policies have denied access. Policy "
                                "ID(s): [4f0c9c61-31f5-4a52-a51c-8d38a2e3b6b2]"},
        {"not.authorized", "You are not authorized to perform the requested action."},
        {"too.many.requests.retry.after", "Rate limit exceeded the maximum. Retry the request in [1] seconds"},
        {"too.many.requests", "Rate limit exceeded the maximum [300] requests within [60] seconds"},
        {"not.found", "The requested resource was not found."},
        {"internal.server.error", "The server encountered an unexpected condition."},
};

static struct answer answer_problem(unsigned status, const char *code, const char *message) {
        char context[37];
        lab_random_uuid(context);
        return answer_text(status,
                           lab_text("{\"message\":\"%s\",\"code\":\"%s\",\"status\":%u,\"contextId\":\"%s\",\"details\":[],\"errors\":[]}",
                                    message, code, status, context));
}

static struct answer answer_error(unsigned status, const char *code) {
        const char *message = "The request was refused.";
        for (size_t i = 0; i < ELEMENTS(messages); i++)
                if (strcmp(messages[i].code, code) == 0)
                        message = messages[i].message;
        return answer_problem(status, code, message);
}

static struct answer answer_status(unsigned status) {
        struct answer a = answer_error(status, status == 401   ? "bad.credentials"
                                               : status == 403 ? "app.not.authorized.for.scope"
                                               : status == 404 ? "not.found"
                                               : status == 429 ? "too.many.requests.retry.after"
                                                               : "internal.server.error");
        a.retry_after = status == 429;
        return a;
}

/* "STATUS:CODE" */
static unsigned parse_refusal(const char *refusal, const char **ret_code) {
        char *end;
        unsigned long status = strtoul(refusal, &end, 10);
        if (*end != ':' || status < 300 || status > 599)
                lab_fail("%s is not STATUS:CODE", refusal);
        *ret_code = end + 1;
        return (unsigned)status;
}

struct cut_body {
        size_t size;
        char bytes[];
};

static ssize_t read_cut(void *user, uint64_t at, char *buffer, size_t room) {
        const struct cut_body *cut = user;
        if (at >= cut->size)
                return MHD_CONTENT_READER_END_WITH_ERROR;
        size_t n = cut->size - (size_t)at < room ? cut->size - (size_t)at : room;
        memcpy(buffer, cut->bytes + at, n);
        return (ssize_t)n;
}

static struct MHD_Response *make_response(struct answer *a) {
        struct MHD_Response *response;
        if (!a->truncated)
                response = MHD_create_response_from_buffer(a->size, a->body, MHD_RESPMEM_MUST_FREE);
        else {
                struct cut_body *cut = lab_alloc(1, sizeof *cut + a->size);
                cut->size = a->size / 2;
                memcpy(cut->bytes, a->body, cut->size);
                response = MHD_create_response_from_callback(a->size, 1024, read_cut, cut, free);
                free(a->body);
        }
        if (!response)
                lab_fail("unable to make a reply");
        a->body = NULL;
        return response;
}

static uint32_t crc32(const char *bytes, size_t n) {
        uint32_t crc = ~0U;
        for (size_t i = 0; i < n; i++) {
                crc ^= (uint8_t)bytes[i];
                for (int bit = 0; bit < 8; bit++)
                        crc = crc >> 1 ^ (crc & 1 ? 0xedb88320U : 0);
        }
        return ~crc;
}

static void put(char **at, size_t n, uint32_t number) {
        for (; n > 0; n--, number >>= 8)
                *(*at)++ = (char)(number & 0xff);
}

/* gzip (RFC 1952) of stored blocks (RFC 1951 section 3.2.4): the form without the search. */
static void compress_answer(struct answer *a) {
        static const char header[10] = {'\x1f', '\x8b', 8, 0, 0, 0, 0, 0, 0, '\xff'};
        size_t blocks = a->size / GZIP_BLOCK + 1;
        char *bytes = lab_alloc(1, sizeof header + blocks * 5 + a->size + 8), *at = bytes;
        memcpy(at, header, sizeof header);
        at += sizeof header;
        for (size_t i = 0, from = 0; i < blocks; i++, from += GZIP_BLOCK) {
                uint32_t n = (uint32_t)(a->size - from < GZIP_BLOCK ? a->size - from : GZIP_BLOCK);
                put(&at, 1, i + 1 == blocks);
                put(&at, 2, n);
                put(&at, 2, ~n);
                memcpy(at, a->body + from, n);
                at += n;
        }
        put(&at, 4, crc32(a->body, a->size));
        put(&at, 4, (uint32_t)a->size);
        free(a->body);
        a->body = bytes;
        a->size = (size_t)(at - bytes);
}

static void add_header(struct MHD_Response *response, const char *name, const char *value) {
        if (MHD_add_response_header(response, name, value) != MHD_YES)
                lab_fail("unable to make a reply");
}

static void add_limits(const struct lab_api *api, struct MHD_Response *response) {
        const struct {
                const char *name;
                unsigned value;
        } headers[] = {{"inin-ratelimit-count", api->n_recent},
                       {"inin-ratelimit-allowed", api->lab->scenario->api.allowed},
                       {"inin-ratelimit-reset", 60}};
        for (size_t i = 0; i < ELEMENTS(headers); i++) {
                char *value = lab_text("%u", headers[i].value);
                add_header(response, headers[i].name, value);
                free(value);
        }
}

static enum MHD_Result send_answer(const struct lab_api *api, struct MHD_Connection *connection, struct answer a) {
        const struct api_spec *spec = &api->lab->scenario->api;
        char correlation[37], date[64];
        struct tm tm;
        time_t now = time(NULL) + (time_t)(spec->date_offset_usec / (int64_t)USEC_PER_SEC);
        lab_random_uuid(correlation);
        if (!gmtime_r(&now, &tm) || strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &tm) == 0)
                lab_fail("unable to write a date");
        const char *encodings = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Accept-Encoding");
        if (spec->gzip && !(encodings && strstr(encodings, "gzip")))
                lab_violation(api->lab, "platform", "a request that does not accept gzip");
        if (spec->gzip)
                compress_answer(&a);
        struct MHD_Response *response = make_response(&a);
        add_header(response, "Date", date);
        add_header(response, "Content-Type", "application/json");
        add_header(response, "X-Amz-Cf-Id", "lab-cf-id==");
        if (spec->gzip)
                add_header(response, "Content-Encoding", "gzip");
        add_header(response, spec->correlation_id ? "ININ-Correlation-Id" : "X-Request-Id", correlation);
        add_limits(api, response);
        if (a.retry_after)
                add_header(response, "Retry-After", "1");
        enum MHD_Result r = MHD_queue_response(connection, a.status, response);
        MHD_destroy_response(response);
        return r;
}

/* -- token ------------------------------------------------------------------------------------------------------------ */

static struct answer answer_oauth_error(unsigned status, const char *error, const char *description) {
        return answer_text(status, lab_text("{\"error\":\"%s\",\"description\":\"%s\",\"error_description\":\"%s\"}", error, description,
                                            description));
}

/* The form must ask for the client credentials grant, and may name scopes, which by profile edges there are none of. */
static bool form_is_right(const struct api_spec *spec, const char *body) {
        const char *grant = "grant_type=client_credentials";
        size_t n = strlen(grant);
        if (spec->profile == PROFILE_EDGES)
                return strcmp(body, grant) == 0;
        if (strncmp(body, grant, n) == 0)
                return body[n] == '\0' || (strncmp(body + n, "&scope=", 7) == 0 && !strchr(body + n + 7, '&'));
        return strncmp(body, "scope=", 6) == 0 && strstr(body, "&grant_type=client_credentials") == strchr(body, '&');
}

static struct answer answer_token(struct lab_api *api, struct MHD_Connection *connection, const char *method, const struct incoming *in) {
        const struct api_spec *spec = &api->lab->scenario->api;
        const char *authorization = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Authorization");
        const char *type = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Content-Type");
        if (strcmp(method, "POST") != 0) {
                lab_violation(api->lab, "platform", "%s /oauth/token", method);
                return answer_status(404);
        }
        if (!type || strncasecmp(type, "application/x-www-form-urlencoded", 33) != 0 || !form_is_right(spec, in->body))
                lab_violation(api->lab, "platform", "a token request whose form is not that of the client credentials grant");
        if (!authorization || strcmp(authorization, api->basic) != 0) {
                lab_violation(api->lab, "platform", "a token request without the client's Basic header");
                return answer_oauth_error(401, "invalid_client", "authentication failed");
        }
        unsigned asked = ++api->token_requests;
        if (spec->token_refuse && spec->token_refuse[0]) {
                const char *error;
                unsigned status = parse_refusal(spec->token_refuse, &error);
                return answer_oauth_error(status, error, spec->token_words ? spec->token_words : "authentication failed");
        }
        switch ((enum token_mode)spec->token[0]) {
        case TOKEN_INVALID_CLIENT:
                return answer_oauth_error(401, "invalid_client", "authentication failed");
        case TOKEN_RATE_LIMIT:
                if (spec->token[1] == 0 || asked <= spec->token[1])
                        return answer_oauth_error(400, "invalid_request", "rate limit exceeded; try again later");
                break;
        case TOKEN_REFUSED:
                return answer_oauth_error(400, "unauthorized_client", "grant type not authorized for this client");
        case TOKEN_500:
                return answer_status(500);
        case TOKEN_OK:
                break;
        }
        struct bearer *b = &api->bearers[api->n_bearers++ % BEARERS_MAX];
        *b = (struct bearer){.expires_usec = loop_now() + spec->token_life_sec * USEC_PER_SEC};
        lab_random_hex(b->text, 32);
        lab_append_line(api->lab, "tokens", b->text);
        return answer_text(
                200, lab_text("{\"access_token\":\"%s\",\"token_type\":\"bearer\",\"expires_in\":%u}", b->text, spec->token_life_sec));
}

/* -- trunks ----------------------------------------------------------------------------------------------------------- */

static bool bearer_is_good(struct lab_api *api, const char *authorization) {
        if (strncasecmp(authorization, "Bearer ", 7) != 0)
                return false;
        for (size_t i = 0; i < api->n_bearers && i < BEARERS_MAX; i++) {
                struct bearer *b = &api->bearers[i];
                if (strcmp(authorization + 7, b->text) != 0)
                        continue;
                if (api->lab->scenario->api.expire_token_once && !api->expired_once)
                        api->expired_once = b->revoked = true;
                return !b->revoked && loop_now() < b->expires_usec;
        }
        return false;
}

struct query {
        struct lab_api *api;
        const char *more;       /* "name=value" that must be there besides the page; NULL = nothing */
        unsigned number, size;  /* 0 = not said */
        unsigned mores, others; /* how often it was said; how many arguments were neither */
};

static enum MHD_Result read_argument(void *user, enum MHD_ValueKind kind, const char *name, const char *value) {
        struct query *q = user;
        char *end = NULL;
        (void)kind;
        unsigned long n = value ? strtoul(value, &end, 10) : 0;
        bool number = end && end != value && *end == '\0';
        if (strcmp(name, "pageNumber") == 0 && number && n >= 1 && n < 100000)
                q->number = (unsigned)n;
        else if (strcmp(name, "pageSize") == 0 && number && n >= 1 && n <= PAGE_SIZE_MAX)
                q->size = (unsigned)n;
        else if (q->more && value && strncmp(q->more, name, strlen(name)) == 0 && strcmp(q->more + strlen(name) + 1, value) == 0)
                q->mores++;
        else if (q->more || (strcmp(name, "sortBy") != 0 && strcmp(name, "sortOrder") != 0))
                lab_violation(q->api->lab, "platform", "query %s=%s", name, value ? value : "");
        return MHD_YES;
}

/* What the scenario makes of every listing; false when the listing is as it should be. */
static bool answer_instead(const struct lab_api *api, struct answer *ret) {
        const struct api_spec *spec = &api->lab->scenario->api;
        if (spec->refuse && spec->refuse[0]) {
                const char *code;
                unsigned status = parse_refusal(spec->refuse, &code);
                *ret = answer_error(status, code);
                return true;
        }
        switch (spec->listing_status) {
        case LISTING_400:
                *ret = answer_error(400, "bad.request");
                return true;
        case LISTING_403:
                *ret = answer_status(403);
                return true;
        case LISTING_401_IP:
                *ret = answer_error(401, "ip.not.authorized");
                return true;
        case LISTING_401_BAD:
                *ret = answer_status(401);
                return true;
        case LISTING_404:
                *ret = answer_status(404);
                return true;
        case LISTING_429:
                *ret = answer_status(429);
                return true;
        case LISTING_500:
                *ret = answer_status(500);
                return true;
        case LISTING_MALFORMED:
                *ret = answer_text(200, lab_text("{\"entities\": [ {\"id\": \"6f1d\", \"name\": }"));
                return true;
        case LISTING_OK:
        case LISTING_ENDLESS:
        case LISTING_TRUNCATED:
                break;
        }
        return false;
}

static struct answer answer_listing(struct lab_api *api, struct MHD_Connection *connection) {
        const struct api_spec *spec = &api->lab->scenario->api;
        struct query q = {.api = api, .number = 1, .size = 25};
        struct answer instead;
        (void)MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, read_argument, &q);
        if (spec->page_size > 0)
                q.size = spec->page_size;
        if (answer_instead(api, &instead))
                return instead;
        struct answer a = {.status = 200, .truncated = spec->listing_status == LISTING_TRUNCATED};
        FILE *f = open_memstream(&a.body, &a.size);
        if (!f)
                lab_fail("unable to write a page");
        page_write_listing(f, api->lab, q.number, q.size);
        if (fclose(f) != 0)
                lab_fail("unable to write a page");
        return a;
}

static struct answer answer_detail(struct lab_api *api, const char *id) {
        struct answer a = {.status = 200};
        bool denied;
        FILE *f = open_memstream(&a.body, &a.size);
        if (!f)
                lab_fail("unable to write a page");
        bool found = page_write_detail(f, api->lab, id, &denied);
        if (fclose(f) != 0)
                lab_fail("unable to write a page");
        if (found)
                return a;
        free(a.body);
        if (!denied)
                lab_violation(api->lab, "platform", "the detail of %s, which is no trunk", id);
        return answer_status(denied ? 403 : 404);
}

/* Profile edges: the query is exactly that of the reference, and the page is as large as the client wants it, which is the most. */
static struct answer answer_edges_listing(struct lab_api *api, struct MHD_Connection *connection, bool bases) {
        const struct api_spec *spec = &api->lab->scenario->api;
        struct query q = {.api = api, .more = bases ? "expand=properties" : "trunkType=EXTERNAL"};
        struct answer a = {.status = 200, .truncated = spec->listing_status == LISTING_TRUNCATED};
        (void)MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, read_argument, &q);
        if (q.number == 0 || q.size != (spec->page_size > 0 && q.number > 1 ? spec->page_size : PAGE_SIZE_MAX) || q.mores != 1)
                lab_violation(api->lab, "platform", "a page %u of %u %s, %s said %u times", q.number, q.size, bases ? "bases" : "trunks",
                              q.more, q.mores);
        if (answer_instead(api, &a))
                return a;
        FILE *f = open_memstream(&a.body, &a.size);
        if (!f)
                lab_fail("unable to write a page");
        edges_write_listing(f, api->lab, bases, q.number > 0 ? q.number : 1, spec->page_size > 0 ? spec->page_size : PAGE_SIZE_MAX);
        if (fclose(f) != 0)
                lab_fail("unable to write a page");
        return a;
}

static struct answer answer_edges_base(struct lab_api *api, struct MHD_Connection *connection, const char *id) {
        struct answer a = {.status = 200};
        FILE *f = open_memstream(&a.body, &a.size);
        if (!f)
                lab_fail("unable to write a page");
        if (MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, NULL, NULL) > 0)
                lab_violation(api->lab, "platform", "a query for the base %s", id);
        enum edges_detail found = edges_write_base(f, api->lab, id);
        if (fclose(f) != 0)
                lab_fail("unable to write a page");
        if (found == EDGES_FOUND)
                return a;
        free(a.body);
        if (found == EDGES_UNKNOWN)
                lab_violation(api->lab, "platform", "the base %s, which is none", id);
        return found == EDGES_DENIED ? answer_error(403, "missing.any.permissions") : answer_status(404);
}

static bool is_under(const char *url, const char *path) {
        size_t n = strlen(path);
        return strncmp(url, path, n) == 0 && url[n] == '/' && url[n + 1] != '\0';
}

static bool is_served(const struct api_spec *spec, const char *url) {
        if (spec->profile == PROFILE_EDGES)
                return strcmp(url, LAB_EDGES_TRUNKS) == 0 || strcmp(url, LAB_EDGES_BASES) == 0 || is_under(url, LAB_EDGES_BASES);
        return strcmp(url, spec->path) == 0 || is_under(url, spec->path);
}

static struct answer answer_resource(struct lab_api *api, struct MHD_Connection *connection, const char *url) {
        const struct api_spec *spec = &api->lab->scenario->api;
        if (spec->profile == PROFILE_EDGES)
                return is_under(url, LAB_EDGES_BASES) ? answer_edges_base(api, connection, url + strlen(LAB_EDGES_BASES) + 1)
                                                      : answer_edges_listing(api, connection, strcmp(url, LAB_EDGES_BASES) == 0);
        return is_under(url, spec->path) ? answer_detail(api, url + strlen(spec->path) + 1) : answer_listing(api, connection);
}

/* Every API request counts, whatever it gets. */
static void count_request(struct lab_api *api) {
        uint64_t now = loop_now();
        api->recent[api->next_recent] = now;
        api->next_recent = (api->next_recent + 1) % RECENT_MAX;
        api->n_recent = 0;
        for (size_t i = 0; i < RECENT_MAX; i++)
                api->n_recent += api->recent[i] > 0 && now - api->recent[i] < 60 * USEC_PER_SEC;
        if (api->n_recent > api->lab->scenario->api.allowed / 3)
                lab_violation(api->lab, "platform", "%u requests in a minute, of %u allowed", api->n_recent,
                              api->lab->scenario->api.allowed);
}

static struct answer answer_memory(struct lab_api *api, struct MHD_Connection *connection, const char *method, const char *url,
                                   const struct incoming *in, const struct carrier *written) {
        const struct api_request r = {
                .method = method,
                .url = url,
                .body = in->body,
                .content_type = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Content-Type"),
                .cursor = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "cursor"),
                .page_size = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "pageSize"),
        };
        char *body;
        unsigned status = written ? audits_write(api->lab, &r, written, &body) : audits_answer(api->lab, &r, &body);
        return answer_text(status, body);
}

/* A trunk connection or a base that is written; NULL = the request is something else. */
static const struct carrier *find_written(const struct lab_api *api, const char *method, const char *url) {
        const struct api_spec *spec = &api->lab->scenario->api;
        const char *path = spec->profile == PROFILE_EDGES ? LAB_EDGES_BASES : spec->path;
        if (strcmp(method, "PUT") != 0 || !is_under(url, path))
                return NULL;
        const char *id = url + strlen(path) + 1;
        return spec->profile == PROFILE_EDGES ? edges_find_base(api->lab, id) : page_find(api->lab, id);
}

/* -- who asks, and what it may see ---------------------------------------------------------------------------------------- */

static struct answer answer_identity(const struct lab_api *api) {
        if (!api->lab->scenario->api.identity)
                return answer_error(403, "not.authorized");
        return answer_text(200,
                           lab_text("{\"organization\":{\"id\":\"0a6f0000-1ab0-4000-8000-000000000001\",\"name\":\"Lab Organisation\"},"
                                    "\"homeOrganization\":{\"id\":\"0a6f0000-1ab0-4000-8000-000000000001\",\"name\":\"Lab Organisation\"},"
                                    "\"authorizedScope\":[\"telephony:readonly\",\"audits:readonly\"],\"clonedUser\":null,"
                                    "\"OAuthClient\":{\"id\":\"%s\",\"name\":\"Lab audit\",\"authorizedGrantType\":\"CLIENT_CREDENTIALS\","
                                    "\"scope\":[\"telephony:readonly\"],\"state\":\"active\","
                                    "\"roleDivisions\":[{\"roleId\":\"0a6f0000-1ab0-4000-8000-000000000002\",\"divisionId\":\"*\"}]}}",
                                    api->lab->client_id));
}

static struct answer answer_service_mapping(const struct lab_api *api) {
        if (!api->lab->scenario->api.audit_view)
                return answer_problem(403, "missing.permissions",
                                      "Unable to perform the requested action. You are missing the following permission(s): "
                                      "[audits:audit:view]");
        return answer_text(200, lab_text("{\"services\":[{\"name\":\"Telephony\",\"entities\":[{\"name\":\"TrunkBase\","
                                         "\"actions\":[\"Create\",\"Update\",\"Delete\"]}]}]}"));
}

static struct answer answer_api(struct lab_api *api, struct MHD_Connection *connection, const char *method, const char *url,
                                const struct incoming *in) {
        const struct api_spec *spec = &api->lab->scenario->api;
        const char *authorization = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Authorization");
        const char *accept = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Accept");
        bool identity = strcmp(url, "/api/v2/tokens/me") == 0, mapping = strcmp(url, "/api/v2/audits/query/servicemapping") == 0;
        const struct carrier *written = find_written(api, method, url);
        bool audits = !mapping && audits_is_path(url);
        count_request(api);
        if (!audits && !written && (strcmp(method, "GET") != 0 || (!is_served(spec, url) && !identity && !mapping))) {
                lab_violation(api->lab, "platform", "%s %s", method, url);
                return answer_status(404);
        }
        if (!accept || strcmp(accept, "application/json") != 0)
                lab_violation(api->lab, "platform", "%s with Accept: %s", url, accept ? accept : "");
        if (!authorization) {
                lab_violation(api->lab, "platform", "%s without a bearer", url);
                return answer_error(401, "authentication.required");
        }
        if (!bearer_is_good(api, authorization))
                return answer_status(401);
        if (api->api_requests++ < spec->fail_first[0])
                return answer_status(spec->fail_first[1]);
        if (audits || written)
                return answer_memory(api, connection, method, url, in, written);
        if (identity)
                return answer_identity(api);
        if (mapping)
                return answer_service_mapping(api);
        return answer_resource(api, connection, url);
}

/* -- requests --------------------------------------------------------------------------------------------------------- */

struct search {
        struct lab_api *api;
        bool token; /* a token request: its Basic header holds the secret by right */
};

static enum MHD_Result search_value(void *user, enum MHD_ValueKind kind, const char *name, const char *value) {
        const struct search *s = user;
        const struct lab_api *api = s->api;
        if (!value)
                return MHD_YES;
        bool own_header = s->token && kind == MHD_HEADER_KIND && strcasecmp(name, "Authorization") == 0;
        if (strstr(value, api->lab->client_secret) || (!own_header && strstr(value, api->basic + strlen("Basic "))))
                lab_violation(api->lab, "platform", "the client secret in %s", name);
        for (size_t i = 0; kind == MHD_GET_ARGUMENT_KIND && i < api->n_bearers && i < BEARERS_MAX; i++)
                if (strstr(value, api->bearers[i].text))
                        lab_violation(api->lab, "platform", "a bearer in the query");
        return MHD_YES;
}

static void run_daemon(void *user);

/* The one that waits longest; all wait for the same time. */
static void resume_first(struct lab_api *api) {
        struct incoming *in = api->waiting;
        if (!in)
                return;
        api->waiting = in->next;
        if (!api->waiting)
                api->waiting_end = &api->waiting;
        MHD_resume_connection(in->connection);
}

static void resume(void *user) {
        struct lab_api *api = user;
        resume_first(api);
        run_daemon(api);
}

static enum MHD_Result on_request(void *user, struct MHD_Connection *connection, const char *url, const char *method, const char *version,
                                  const char *upload, size_t *upload_size, void **request) {
        struct lab_api *api = user;
        struct incoming *in = *request;
        (void)version;
        if (!in) { /* the headers have come; the body follows */
                *request = lab_alloc(1, sizeof *in);
                return MHD_YES;
        }
        if (*upload_size > 0) {
                size_t n = *upload_size < BODY_MAX - in->body_size ? *upload_size : BODY_MAX - in->body_size;
                memcpy(in->body + in->body_size, upload, n);
                in->body_size += n;
                *upload_size = 0;
                return MHD_YES;
        }
        if (api->lab->scenario->api.slow > 0 && !in->waited && strcmp(url, "/oauth/token") != 0) {
                in->waited = true;
                in->connection = connection;
                *api->waiting_end = in;
                api->waiting_end = &in->next;
                MHD_suspend_connection(connection);
                loop_after(api->lab->loop, api->lab->scenario->api.slow * USEC_PER_MSEC, resume, NULL, api);
                return MHD_YES;
        }
        if (api->lab->scenario->api.proxy && strcmp(method, "CONNECT") == 0)
                return send_answer(api, connection, answer_error(407, "credentials.wanted"));
        struct search search = {api, strcmp(url, "/oauth/token") == 0};
        (void)MHD_get_connection_values(connection, MHD_HEADER_KIND, search_value, &search);
        (void)MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, search_value, &search);
        if (strstr(in->body, api->lab->client_secret) || strstr(url, api->lab->client_secret))
                lab_violation(api->lab, "platform", "the client secret in the body or path of %s", url);
        struct answer a = search.token ? answer_token(api, connection, method, in) : answer_api(api, connection, method, url, in);
        return send_answer(api, connection, a);
}

static void on_connection(void *user, struct MHD_Connection *connection, void **memory, enum MHD_ConnectionNotificationCode what) {
        struct lab_api *api = user;
        unsigned most = api->lab->scenario->api.connections;
        (void)connection;
        (void)memory;
        if (what == MHD_CONNECTION_NOTIFY_STARTED && ++api->connections > most && most > 0)
                lab_violation(api->lab, "platform", "connection %u of %u", api->connections, most);
}

static void on_completed(void *user, struct MHD_Connection *connection, void **request, enum MHD_RequestTerminationCode why) {
        (void)user;
        (void)connection;
        (void)why;
        free(*request);
        *request = NULL;
}

/* -- life ------------------------------------------------------------------------------------------------------------- */

/* Lets libmicrohttpd work until it waits for its sockets; what TLS holds back shows only in its timeout. */
static void run_daemon(void *user) {
        struct lab_api *api = user;
        MHD_UNSIGNED_LONG_LONG timeout = 0;
        for (unsigned i = 0; i < TURNS_MAX; i++) {
                if (!api->daemon)
                        return;
                if (MHD_run(api->daemon) != MHD_YES)
                        lab_fail("unable to serve HTTPS");
                if (MHD_get_timeout(api->daemon, &timeout) != MHD_YES || timeout > 0)
                        return;
        }
        loop_after(api->lab->loop, TURN_AGAIN_USEC, run_daemon, NULL, api);
}

static void start(struct lab_api *api) {
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(api->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        api->daemon = MHD_start_daemon(MHD_USE_TLS | MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_SUPPRESS_DATE_NO_CLOCK, 0, NULL,
                                       NULL, on_request, api, MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_LISTENING_ADDRESS_REUSE, 1U,
                                       MHD_OPTION_HTTPS_MEM_KEY, api->certificate.key, MHD_OPTION_HTTPS_MEM_CERT,
                                       api->certificate.certificate, MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL,
                                       MHD_OPTION_NOTIFY_CONNECTION, on_connection, api, MHD_OPTION_END);
        if (!api->daemon)
                lab_fail("unable to serve HTTPS");
        const union MHD_DaemonInfo *port = MHD_get_daemon_info(api->daemon, MHD_DAEMON_INFO_BIND_PORT);
        const union MHD_DaemonInfo *epoll = MHD_get_daemon_info(api->daemon, MHD_DAEMON_INFO_EPOLL_FD);
        if (!port || !epoll)
                lab_fail("unable to serve HTTPS");
        api->port = port->port;
        api->epoll_fd = epoll->epoll_fd;
        loop_watch(api->lab->loop, api->epoll_fd, run_daemon, api);
}

static void stop(struct lab_api *api) {
        if (!api->daemon)
                return;
        loop_unwatch(api->lab->loop, api->epoll_fd);
        while (api->waiting)
                resume_first(api);
        MHD_stop_daemon(api->daemon);
        api->daemon = NULL;
}

static char *basic_header(const struct lab *lab) {
        char *pair = lab_text("%s:%s", lab->client_id, lab->client_secret);
        size_t n = strlen(pair);
        char *base64 = lab_alloc(1, BASE64_ENCODE_RAW_LENGTH(n) + 1);
        base64_encode_raw(base64, n, (const uint8_t *)pair);
        char *header = lab_text("Basic %s", base64);
        free(pair);
        free(base64);
        return header;
}

void api_open(struct lab *lab) {
        if (!lab->scenario->api.present)
                return;
        struct lab_api *api = lab_alloc(1, sizeof *api);
        lab->api = api;
        api->lab = lab;
        api->waiting_end = &api->waiting;
        api->basic = basic_header(lab);
        certificate_make(&api->certificate, lab->ca,
                         &(struct lab_certificate_request){
                                 .trusted = true, .dns = "localhost", .loopback = true, .from = -LAB_DAY, .until = LAB_DAY});
        start(api);
        if (lab->scenario->api.down)
                stop(api);
}

void api_begin_run(struct lab *lab, bool new_phase) {
        struct lab_api *api = lab->api;
        if (!api)
                return;
        lab->trunk_pages = 0;
        if (new_phase) {
                api->token_requests = api->api_requests = api->connections = 0;
                api->n_recent = 0;
                memset(api->recent, 0, sizeof api->recent);
                api->expired_once = false;
                audits_begin_phase(lab);
        }
        const char *ca = ca_pem(lab->ca, lab->scenario->api.trusted);
        lab_write_file(lab, "ca.pem", 0644, ca, strlen(ca));
        if (lab->scenario->api.down)
                stop(api);
        else if (!api->daemon)
                start(api);
}

void api_close(struct lab *lab) {
        struct lab_api *api = lab->api;
        if (!api)
                return;
        stop(api);
        certificate_clear(&api->certificate);
        audits_close(lab);
        free(api->basic);
        free(api);
        lab->api = NULL;
}

uint16_t api_port(const struct lab_api *api) {
        return api->port;
}
