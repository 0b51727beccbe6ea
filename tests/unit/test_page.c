/* test_page.c: pages as the platform writes them, and as nobody should. */
#include <check.h>
#include <stdio.h>

#include "common/page.h"
#include "share.h"

static struct page *reader;
static struct trunk_list list;
static struct page_facts facts;

static void setup(void) {
        ck_assert_int_eq(page_new(&reader), 0);
        list = (struct trunk_list){0};
        facts = (struct page_facts){0};
}

static void teardown(void) {
        trunk_list_clear(&list);
        free(facts.next_uri);
        reader = page_free(reader);
}

static int listing(const char *json) {
        free(facts.next_uri);
        facts = (struct page_facts){0};
        return page_read_listing(reader, PAGE_TRUNK_CONNECTIONS, span_of(json), &list, &facts);
}

/* The page is refused, the sentence says why, and the list is as before. */
static void refused(struct span json, const char *why) {
        size_t before = list.n;
        ck_assert_int_eq(page_read_listing(reader, PAGE_TRUNK_CONNECTIONS, json, &list, &facts), PAGE_MALFORMED);
        ck_assert_msg(strstr(page_error(reader), why) != NULL, "\"%s\" does not say \"%s\"", page_error(reader), why);
        ck_assert_uint_eq(list.n, before);
}

static const char full[] =
        "{ \"pageSize\": 25, \"pageNumber\": 1, \"pageCount\": 2, \"total\": 15, \"nextUri\": \"/api/v2/x?pageNumber=2\",\n"
        "  \"entities\": [\n"
        "    { \"id\": \"6f1d\", \"name\": \"SYD-Secondary\", \"state\": \"active\", \"role\": \"secondary\", \"region\": "
        "\"ap-southeast-2\",\n"
        "      \"authentication\": \"digest\", \"selfUri\": \"/api/v2/x/6f1d\",\n"
        "      \"sip\": { \"domain\": \"sip.carrier.example\", \"proxies\": [\"sbc1.carrier.example:5061\", \"[2001:db8::1]:5061\"],\n"
        "               \"transport\": \"tls\", \"requestUri\": \"sip:sip.carrier.example\", \"realm\": \"carrier example\",\n"
        "               \"username\": \"byoc_user\" },\n"
        "      \"digest\": { \"algorithm\": \"MD5\", \"qop\": \"auth\" },\n"
        "      \"lastValidation\": { \"time\": \"2026-11-23T04:00:00Z\", \"status\": 401, \"code\": \"digest.mismatch\",\n"
        "        \"message\": \"response digest mismatch\", \"challenge\": \"Digest realm=\\\"carrier.example\\\", qop=\\\"auth\\\"\",\n"
        "        \"authorization\": \"Digest username=\\\"byoc_user\\\", response=\\\"00\\\"\" },\n"
        "      \"unknown\": [ { \"id\": \"not mine\" } ] } ] }\n";

START_TEST(reads_every_field) {
        static const struct {
                enum trunk_text field;
                const char *value;
        } expected[] = {
                {TRUNK_TEXT_id, "6f1d"},
                {TRUNK_TEXT_name, "SYD-Secondary"},
                {TRUNK_TEXT_state, "active"},
                {TRUNK_TEXT_role, "secondary"},
                {TRUNK_TEXT_region, "ap-southeast-2"},
                {TRUNK_TEXT_authentication, "digest"},
                {TRUNK_TEXT_domain, "sip.carrier.example"},
                {TRUNK_TEXT_proxies, "sbc1.carrier.example:5061 [2001:db8::1]:5061"},
                {TRUNK_TEXT_transport, "tls"},
                {TRUNK_TEXT_request_uri, "sip:sip.carrier.example"},
                {TRUNK_TEXT_realm, "carrier example"},
                {TRUNK_TEXT_username, "byoc_user"},
                {TRUNK_TEXT_algorithm, "MD5"},
                {TRUNK_TEXT_qop, "auth"},
                {TRUNK_TEXT_self_uri, "/api/v2/x/6f1d"},
                {TRUNK_TEXT_validation_time, "2026-11-23T04:00:00Z"},
                {TRUNK_TEXT_validation_status, "401"},
                {TRUNK_TEXT_validation_code, "digest.mismatch"},
                {TRUNK_TEXT_validation_message, "response digest mismatch"},
                {TRUNK_TEXT_validation_challenge, "Digest realm=\"carrier.example\", qop=\"auth\""},
                {TRUNK_TEXT_validation_authorization, "Digest username=\"byoc_user\", response=\"00\""},
        };
        ck_assert_uint_eq(ELEMENTS(expected), TRUNK_TEXT_base_id);
        ck_assert_int_eq(listing(full), 0);
        ck_assert_uint_eq(list.n, 1);
        for (size_t i = 0; i < ELEMENTS(expected); i++)
                ck_assert_pstr_eq(trunk_get(&list.items[0], expected[i].field), expected[i].value);
        ck_assert_int_eq(list.items[0].origin, TRUNK_LISTED);
        ck_assert_uint_eq(facts.page_number, 1);
        ck_assert_uint_eq(facts.page_count, 2);
        ck_assert_uint_eq(facts.entities, 1);
        ck_assert_pstr_eq(facts.next_uri, "/api/v2/x?pageNumber=2");
}
END_TEST

START_TEST(sparse_and_bare) {
        ck_assert_int_eq(listing("{\"entities\":[{\"id\":\"a\"}],\"nextUri\":null}"), 0);
        ck_assert_ptr_null(list.items[0].name);
        ck_assert_ptr_null(list.items[0].proxies);
        ck_assert_ptr_null(facts.next_uri);
        ck_assert_uint_eq(facts.page_count, 0);
        ck_assert_int_eq(listing(" [ {\"id\":\"b\",\"name\":\"B\"}, {\"id\":\"c\"} ] "), 0);
        ck_assert_uint_eq(list.n, 3);
        ck_assert_str_eq(list.items[1].name, "B");
        ck_assert_uint_eq(facts.entities, 2);
        ck_assert_int_eq(listing("{\"entities\":[],\"nextUri\":\"\"}"), 0);
        ck_assert_int_eq(listing("[]"), 0);
        ck_assert_uint_eq(list.n, 3);
        ck_assert_ptr_null(facts.next_uri);
}
END_TEST

START_TEST(wrong_types_are_absent) {
        ck_assert_int_eq(listing("[{\"id\":7,\"name\":[\"x\"],\"state\":{},\"role\":null,\"region\":true,\"authentication\":[],"
                                 "\"sip\":\"none\",\"digest\":[1],\"selfUri\":5,\"lastValidation\":{\"status\":\"x\",\"code\":{\"a\":1}}},"
                                 "{\"id\":\"p\",\"sip\":{\"proxies\":\"one:5060\",\"realm\":12.50,\"username\":\"\"}},"
                                 "{\"id\":\"q\",\"sip\":{\"proxies\":{\"a\":\"b\"},\"realm\":false}}]"),
                         0);
        const struct trunk *t = list.items;
        ck_assert_str_eq(t[0].id, "7");
        for (unsigned i = TRUNK_TEXT_id + 1; i < TRUNK_TEXT_COUNT; i++)
                if (i != TRUNK_TEXT_self_uri && i != TRUNK_TEXT_validation_status)
                        ck_assert_ptr_null(trunk_get(&t[0], (enum trunk_text)i));
        ck_assert_str_eq(t[0].self_uri, "5");
        ck_assert_str_eq(t[0].validation_status, "x");
        ck_assert_str_eq(t[1].proxies, "one:5060");
        ck_assert_str_eq(t[1].realm, "12.50");
        ck_assert_ptr_null(t[1].username);
        ck_assert_ptr_null(t[2].proxies);
        ck_assert_ptr_null(t[2].realm);
}
END_TEST

START_TEST(numbers_keep_their_digits) {
        ck_assert_int_eq(listing("{\"pageNumber\":-3,\"pageCount\":99999999999999999999999,\"entities\":["
                                 "{\"id\":123456789012345678901234567890,\"name\":1e999,\"sip\":{\"username\":6140000000000000000001}}]}"),
                         0);
        ck_assert_str_eq(list.items[0].id, "123456789012345678901234567890");
        ck_assert_str_eq(list.items[0].name, "1e999");
        ck_assert_str_eq(list.items[0].username, "6140000000000000000001");
        ck_assert_uint_eq(facts.page_number, 0);
        ck_assert_uint_eq(facts.page_count, UINT32_MAX);
}
END_TEST

START_TEST(proxies_are_chosen) {
        ck_assert_int_eq(
                listing("[{\"id\":\"a\",\"sip\":{\"proxies\":[\"ok1\",\"has space\",7,\"tab\\there\",\"esc\\u001b\",\"\",null,[\"x\"],"
                        "\"line\\nfeed\",\"ok2:5061\"]}}]"),
                0);
        ck_assert_str_eq(list.items[0].proxies, "ok1 ok2:5061");

        char json[400] = "[{\"id\":\"b\",\"sip\":{\"proxies\":[";
        for (int i = 0; i < PAGE_PROXIES_MAX + 4; i++)
                (void)snprintf(json + strlen(json), sizeof json - strlen(json), "%s\"h%d\"", i > 0 ? "," : "", i);
        (void)snprintf(json + strlen(json), sizeof json - strlen(json), "]}}]");
        ck_assert_int_eq(listing(json), 0);
        ck_assert_str_eq(list.items[1].proxies, "h0 h1 h2 h3 h4 h5 h6 h7 h8 h9 h10 h11 h12 h13 h14 h15");
}
END_TEST

START_TEST(characters) {
        ck_assert_int_eq(
                listing("[{\"id\":\"a\",\"name\":\"\\ud83d\\ude00 \\u00e9 \\/\",\"state\":\"half \\ud83d.\",\"role\":\"a\\u0001b\\nc\","
                        "\"region\":\"\\u009b1m\",\"sip\":{\"realm\":\"x\\r\\nVia: y\",\"username\":\"\\ude00\",\"domain\":\"d\\u007f\"},"
                        "\"selfUri\":\"/a b\"}]"),
                0);
        const struct trunk *t = list.items;
        ck_assert_str_eq(t->name, "\xF0\x9F\x98\x80 \xC3\xA9 /");
        ck_assert_ptr_nonnull(strstr(t->state, "\xEF\xBF\xBD"));
        ck_assert_str_eq(t->state + strlen(t->state) - 1, ".");
        ck_assert_str_eq(t->role, "a b c");
        ck_assert_str_eq(t->region, " 1m");
        /* What could not be sent or compared as it is, is not used at all. */
        ck_assert_ptr_null(t->realm);
        ck_assert_ptr_null(t->username);
        ck_assert_ptr_null(t->domain);
        ck_assert_ptr_null(t->self_uri);
}
END_TEST

/* [{"id":ID,"FIELD":"eee…"}] with n two-byte characters. */
static char *with_long(const char *id, const char *field, size_t n) {
        char *json = malloc(100 + 2 * n);
        ck_assert_ptr_nonnull(json);
        size_t length = (size_t)snprintf(json, 100, "[{\"id\":\"%s\",%s:\"x", id, field);
        for (size_t i = 0; i < n; i++)
                memcpy(json + length + 2 * i, "\xC3\xA9", 2);
        memcpy(json + length + 2 * n, "\"}]", 4);
        return json;
}

START_TEST(long_texts) {
        _cleanup_(freep) char *name = with_long("a", "\"name\"", 1000), *state = with_long("b", "\"state\"", 5000),
                              *word = with_long("c", "\"authentication\"", 5000);
        ck_assert_int_eq(listing(name), 0);
        ck_assert_int_eq(listing(state), 0);
        ck_assert_int_eq(listing(word), 0);
        ck_assert_uint_eq(strlen(list.items[0].name), PAGE_NAME_MAX - 1); /* x, and whole characters only */
        ck_assert_uint_eq(strlen(list.items[1].state), PAGE_TEXT_MAX - 1);
        ck_assert_ptr_null(list.items[2].authentication);
}
END_TEST

START_TEST(ids) {
        refused(SPAN("[{\"name\":\"a\"}]"), "entity 1: no id");
        refused(SPAN("[{\"id\":\"a\"},{\"id\":null}]"), "entity 2: no id");
        refused(SPAN("[{\"id\":\"a\"},{\"id\":\"\"}]"), "entity 2: no id");
        refused(SPAN("[{\"id\":[\"a\"]}]"), "no id");
        refused(SPAN("[{\"id\":\"a\"},\"b\",3]"), "entity 2: no id");
        refused(SPAN("[{\"id\":\"a\\nb\"}]"), "entity 1: id is longer");

        char json[PAGE_NAME_MAX + 20];
        (void)snprintf(json, sizeof json, "[{\"id\":\"%0*d\"}]", PAGE_NAME_MAX + 1, 7);
        refused(span_of(json), "entity 1: id is longer");
        (void)snprintf(json, sizeof json, "[{\"id\":\"%0*d\"}]", PAGE_NAME_MAX, 7);
        ck_assert_int_eq(listing(json), 0);
}
END_TEST

START_TEST(duplicates) {
        ck_assert_int_eq(listing("[{\"id\":\"b\",\"name\":\"first\"},{\"id\":\"a\"},{\"id\":\"b\",\"name\":\"second\"},{\"id\":\"b\"}]"),
                         0);
        ck_assert_uint_eq(list.n, 2);
        ck_assert_str_eq(list.items[0].name, "first");
        ck_assert_str_eq(list.items[1].id, "a");
        ck_assert_uint_eq(facts.entities, 4);
        ck_assert_int_eq(listing("[{\"id\":\"c\"},{\"id\":\"b\",\"name\":\"third\"},{\"id\":\"0\"}]"), 0);
        ck_assert_uint_eq(list.n, 4);
        ck_assert_str_eq(list.items[0].name, "first");
        ck_assert_str_eq(list.items[2].id, "c");
        ck_assert_str_eq(list.items[3].id, "0");
}
END_TEST

START_TEST(not_a_page) {
        ck_assert_int_eq(listing("[{\"id\":\"kept\"}]"), 0);
        refused(SPAN(""), "empty");
        refused((struct span){0}, "empty");
        refused(SPAN("<!DOCTYPE html><html>Sign in"), "begins with \"<!DOCTYPE html>");
        refused(SPAN("{\"message\":\"x\"}"), "entities");
        refused(SPAN("{\"entities\":{\"id\":\"a\"}}"), "entities");
        refused(SPAN("3"), "entities");
        refused(SPAN("null"), "entities");
        refused(SPAN("[{\"id\":\"a\"}] x"), "not JSON");
        refused(SPAN("[{'id':'a'}]"), "not JSON");
        refused(SPAN("[{id:\"a\"}]"), "not JSON");
        refused(SPAN("[{\"id\":\"a\",}]"), "not JSON");
        refused(SPAN("[{\"id\":01}]"), "not JSON");
        refused(SPAN("[{\"id\":\"a\"}\0]"), "byte 11 is NUL");
        refused(SPAN("[{\"id\":\"a\xFF\"}]"), "byte 9 is not UTF-8");
        refused(SPAN("[{\"id\":\"\xED\xA0\x80\"}]"), "byte 8 is not UTF-8");
        refused(SPAN("[{\"id\":\"a\"]}"), "closes nothing");
        refused(SPAN("]"), "closes nothing");
        refused(SPAN("[{\"id\":\"a\"}],\"nextUri\":["), "cut off");
        refused(SPAN("{\"entities\":[],\"nextUri\":7}"), "nextUri");
        refused(SPAN("{\"entities\":[],\"nextUri\":\"/a b\"}"), "nextUri");
        refused(SPAN("{\"entities\":[],\"nextUri\":\"/a\\t\"}"), "nextUri");
        refused(SPAN("[{\"id\":\"a\\u0000b\"}]"), "byte 9 is an escaped NUL");
        ck_assert_int_eq(listing("[{\"id\":\"a\\\\u0000b\"}]"), 0);
        ck_assert_str_eq(list.items[1].id, "a\\u0000b");
}
END_TEST

START_TEST(nesting) {
        char json[600];
        for (int depth = PAGE_DEPTH_MAX - 1; depth <= PAGE_DEPTH_MAX + 100; depth++) {
                int arrays = depth - 2; /* the listing and the entity are levels too */
                size_t n = (size_t)snprintf(json, sizeof json, "[{\"id\":\"%d\",\"x\":", depth);
                memset(json + n, '[', (size_t)arrays);
                memset(json + n + arrays, ']', (size_t)arrays);
                memcpy(json + n + 2 * arrays, "}]", 3);
                if (depth <= PAGE_DEPTH_MAX)
                        ck_assert_int_eq(listing(json), 0);
                else
                        refused(span_of(json), "nested deeper");
        }
        ck_assert_uint_eq(list.n, 2);

        size_t n = 4 * 1024 * 1024;
        _cleanup_(freep) char *deep = malloc(n);
        ck_assert_ptr_nonnull(deep);
        memset(deep, '[', n);
        refused((struct span){deep, n}, "nested deeper");
}
END_TEST

/* Bytes after the end are out of bounds to the sanitizer. */
START_TEST(cut_at_every_byte) {
        size_t whole = sizeof full - 2; /* without the newline: the last byte that matters is the bracket */
        for (size_t n = 0; n < whole; n += whole / (size_t)share_of((int)whole)) {
                _cleanup_(freep) char *cut = malloc(n + 1);
                ck_assert_ptr_nonnull(cut);
                memmove(cut + 1, full, n);
                refused((struct span){cut + 1, n}, "");
                ck_assert_str_ne(page_error(reader), "");
        }
        ck_assert_uint_eq(list.n, 0);
        ck_assert_int_eq(page_read_listing(reader, PAGE_TRUNK_CONNECTIONS, (struct span){full, whole}, &list, &facts), 0);
        ck_assert_uint_eq(list.n, 1);
}
END_TEST

/* A listing of n small trunks, numbered from first. */
static char *many(size_t first, size_t n) {
        char *json = malloc(n * 32 + 4);
        ck_assert_ptr_nonnull(json);
        size_t length = 0;
        for (size_t i = first; i < first + n; i++)
                length += (size_t)snprintf(json + length, 32, "%s{\"id\":\"t%zu\"}", i == first ? "[" : ",", i);
        memcpy(json + length, "]", 2);
        return json;
}

START_TEST(large_listings) {
        _cleanup_(freep) char *page = many(0, 10000), *again = many(5000, 10000), *last = many(15000, TRUNK_LIST_MAX - 15000),
                              *one = many(TRUNK_LIST_MAX, 1), *known = many(3, 3), *over = many(0, TRUNK_LIST_MAX + 1);
        ck_assert_int_eq(listing(over), PAGE_TOO_MANY);
        ck_assert_uint_eq(list.n, 0);
        ck_assert_int_eq(listing(page), 0);
        ck_assert_uint_eq(list.n, 10000);
        ck_assert_str_eq(list.items[9999].id, "t9999");
        ck_assert_int_eq(listing(again), 0);
        ck_assert_uint_eq(list.n, 15000);
        ck_assert_int_eq(listing(last), 0);
        ck_assert_uint_eq(list.n, TRUNK_LIST_MAX);
        ck_assert_int_eq(listing(one), PAGE_TOO_MANY);
        ck_assert_uint_eq(list.n, TRUNK_LIST_MAX);
        ck_assert_int_eq(listing(known), 0);
}
END_TEST

START_TEST(too_long_a_page) {
        size_t n = PAGE_SIZE_MAX + 1;
        _cleanup_(freep) char *json = malloc(n);
        ck_assert_ptr_nonnull(json);
        memset(json, ' ', n);
        json[0] = '[';
        json[n - 1] = ']';
        refused((struct span){json, n}, "longer than");
        json[n - 2] = ']';
        ck_assert_int_eq(page_read_listing(reader, PAGE_TRUNK_CONNECTIONS, (struct span){json, n - 1}, &list, &facts), 0);
}
END_TEST

START_TEST(details) {
        ck_assert_int_eq(listing("[{\"id\":\"a\",\"name\":\"A\",\"state\":\"active\",\"selfUri\":\"/a\"}]"), 0);
        struct trunk *t = list.items;
        ck_assert_int_eq(page_read_detail(reader, PAGE_TRUNK_CONNECTIONS,
                                          SPAN(" {\"id\":\"a\",\"name\":\"A2\",\"sip\":{\"realm\":\"r\",\"proxies\":[\"p\"]}}"), t),
                         0);
        ck_assert_str_eq(t->id, "a");
        ck_assert_str_eq(t->name, "A2");
        ck_assert_str_eq(t->state, "active");
        ck_assert_str_eq(t->realm, "r");
        ck_assert_str_eq(t->proxies, "p");
        ck_assert_int_eq(page_read_detail(reader, PAGE_TRUNK_CONNECTIONS, SPAN("{\"authentication\":\"digest\"}"), t), 0);
        ck_assert_str_eq(t->id, "a");
        ck_assert_str_eq(t->authentication, "digest");
        ck_assert_int_eq(page_read_detail(reader, PAGE_TRUNK_CONNECTIONS, SPAN("{\"id\":\"b\",\"name\":\"B\"}"), t), PAGE_MALFORMED);
        ck_assert_ptr_nonnull(strstr(page_error(reader), "another id"));
        ck_assert_int_eq(page_read_detail(reader, PAGE_TRUNK_CONNECTIONS, SPAN("[{\"id\":\"a\",\"name\":\"B\"}]"), t), PAGE_MALFORMED);
        ck_assert_int_eq(page_read_detail(reader, PAGE_TRUNK_CONNECTIONS, SPAN("{\"id\":\"a\",\"name\":\"B\""), t), PAGE_MALFORMED);
        ck_assert_str_eq(t->name, "A2");
}
END_TEST

START_TEST(problems) {
        static const struct {
                const char *json, *code, *message, *context_id;
        } known[] = {
                {"{\"message\":\"Requests originating from this IP address are not authorized: "
                 "[203.0.113.7]\",\"code\":\"ip.not.authorized\","
                 "\"status\":401,\"contextId\":\"39e6254f\",\"details\":[],\"errors\":[]}",
                 "ip.not.authorized", "Requests originating from this IP address are not authorized: [203.0.113.7]", "39e6254f"},
                {"{\"error\":\"invalid_client\",\"description\":\"authentication failed\",\"error_description\":\"x\"}", "invalid_client",
                 "authentication failed", ""},
                {"{\"error\":\"invalid_request\",\"error_description\":\"rate limit exceeded;\\nwait\"}", "invalid_request",
                 "rate limit exceeded; wait", ""},
                {"{\"error\":{\"code\":1},\"code\":403}", "403", "", ""},
                {"{}", "", "", ""},
                {"[1]", "", "", ""},
        };
        for (size_t i = 0; i < ELEMENTS(known); i++) {
                struct page_problem problem;
                ck_assert(page_read_problem(reader, span_of(known[i].json), &problem));
                ck_assert_str_eq(problem.code, known[i].code);
                ck_assert_str_eq(problem.message, known[i].message);
                ck_assert_str_eq(problem.context_id, known[i].context_id);
        }
        struct page_problem untouched = {.code = "before"};
        ck_assert(!page_read_problem(reader, SPAN("<html>"), &untouched));
        ck_assert(!page_read_problem(reader, SPAN(""), &untouched));
        ck_assert_str_eq(untouched.code, "before");

        char json[1000];
        (void)snprintf(json, sizeof json, "{\"code\":\"%0*d\",\"message\":\"%0*d\"}", 300, 1, 600, 2);
        ck_assert(page_read_problem(reader, span_of(json), &untouched));
        ck_assert_uint_eq(strlen(untouched.code), sizeof untouched.code - 1);
        ck_assert_uint_eq(strlen(untouched.message), sizeof untouched.message - 1);
}
END_TEST

START_TEST(tokens) {
        static const struct {
                const char *json;
                int64_t expires_sec;
        } good[] = {
                {"{\"access_token\":\"T-1.x_y~z+/=\",\"token_type\":\"bearer\",\"expires_in\":86400}", 86400},
                {"{\"access_token\":\"T-1.x_y~z+/=\"}", 0},
                {"{\"access_token\":\"T-1.x_y~z+/=\",\"expires_in\":\"300\"}", 300},
                {"{\"access_token\":\"T-1.x_y~z+/=\",\"expires_in\":299.9}", 299},
                {"{\"access_token\":\"T-1.x_y~z+/=\",\"expires_in\":-5}", 0},
                {"{\"access_token\":\"T-1.x_y~z+/=\",\"expires_in\":99999999999999999999}", 0},
                {"{\"access_token\":\"T-1.x_y~z+/=\",\"expires_in\":[1]}", 0},
        };
        static const char *const bad[] = {
                "{\"access_token\":\"\"}",
                "{\"access_token\":null}",
                "{\"access_token\":[\"x\"]}",
                "{\"expires_in\":86400}",
                "{\"access_token\":\"a b\"}",
                "{\"access_token\":\"a\\r\\nX: y\"}",
                "[\"x\"]",
                "{\"access_token\":\"\\u00e9\"}",
                "{\"access_token\":\"a\\u0000\"}",
                "<html>",
                "{\"access_token\":\"x\"",
        };
        char *token = NULL;
        int64_t expires_sec = -1;
        for (size_t i = 0; i < ELEMENTS(bad); i++)
                ck_assert_int_eq(page_read_token(reader, span_of(bad[i]), &token, &expires_sec), PAGE_MALFORMED);
        ck_assert_ptr_null(token);
        ck_assert_int_eq(expires_sec, -1);
        for (size_t i = 0; i < ELEMENTS(good); i++) {
                ck_assert_int_eq(page_read_token(reader, span_of(good[i].json), &token, &expires_sec), 0);
                ck_assert_str_eq(token, "T-1.x_y~z+/=");
                ck_assert_int_eq(expires_sec, good[i].expires_sec);
                free(token);
                token = NULL;
        }
}
END_TEST

START_TEST(identities) {
        static const char *const bad[] = {"{}",
                                          "[]",
                                          "\"x\"",
                                          "{\"organization\":{\"name\":\"N\"}}",
                                          "{\"organization\":{\"id\":[1]}}",
                                          "{\"organization\":{\"id\":\"o\"}",
                                          "<html>"};
        struct page_identity who = {.client = "untouched"};
        for (size_t i = 0; i < ELEMENTS(bad); i++)
                ck_assert_int_eq(page_read_identity(reader, span_of(bad[i]), &who), PAGE_MALFORMED);
        ck_assert_str_eq(who.client, "untouched");

        static const char everything[] =
                "{\"organization\":{\"id\":\"o-1\",\"name\":\"A\\nB\"},\"authorizedScope\":[\"telephony\",7,\"a:view\"],"
                "\"OAuthClient\":{\"id\":\"c-1\",\"name\":\"C\",\"scope\":[\"telephony\",\"z\"],"
                "\"roleDivisions\":[{\"roleId\":\"r1\"},5,{\"roleId\":[]},{\"roleId\":\"r2\"},{\"roleId\":\"r1\"}]}}";
        ck_assert_int_eq(page_read_identity(reader, span_of(everything), &who), 0);
        ck_assert_str_eq(who.organisation, "A B");
        ck_assert_str_eq(who.organisation_id, "o-1");
        ck_assert_str_eq(who.client, "C");
        ck_assert_str_eq(who.client_id, "c-1");
        ck_assert_str_eq(who.scopes, "a:view telephony z");
        ck_assert_str_eq(who.roles, "r1 r2");

        ck_assert_int_eq(
                page_read_identity(reader, SPAN("{\"organization\":{\"id\":\"o\"},\"OAuthClient\":7,\"authorizedScope\":\"x\"}"), &who), 0);
        ck_assert_str_eq(who.organisation, "");
        ck_assert_str_eq(who.client_id, "");
        ck_assert_str_eq(who.scopes, "x");
        ck_assert_str_eq(who.roles, "");
}
END_TEST

START_TEST(many_scopes_are_cut_between_two) {
        char json[4096];
        size_t n = (size_t)snprintf(json, sizeof json, "{\"organization\":{\"id\":\"o\"},\"authorizedScope\":[");
        for (unsigned i = 100; i < 200; i++)
                n += (size_t)snprintf(json + n, sizeof json - n, "%s\"scope%u\"", i > 100 ? "," : "", i);
        (void)snprintf(json + n, sizeof json - n, "]}");
        struct page_identity who;
        ck_assert_int_eq(page_read_identity(reader, span_of(json), &who), 0);
        ck_assert_uint_eq(strlen(who.scopes), 33 * sizeof "scope100" - 1); /* of nine bytes each with its space */
        ck_assert_str_eq(who.scopes + strlen(who.scopes) - 8, "scope132");
}
END_TEST

int main(void) {
        Suite *suite = suite_create("page");
        TCase *tests = tcase_create("page");
        tcase_add_checked_fixture(tests, setup, teardown);
        tcase_set_timeout(tests, 120); /* against a hang only */
        tcase_add_test(tests, reads_every_field);
        tcase_add_test(tests, sparse_and_bare);
        tcase_add_test(tests, wrong_types_are_absent);
        tcase_add_test(tests, numbers_keep_their_digits);
        tcase_add_test(tests, proxies_are_chosen);
        tcase_add_test(tests, characters);
        tcase_add_test(tests, long_texts);
        tcase_add_test(tests, ids);
        tcase_add_test(tests, duplicates);
        tcase_add_test(tests, not_a_page);
        tcase_add_test(tests, nesting);
        tcase_add_test(tests, cut_at_every_byte);
        tcase_add_test(tests, large_listings);
        tcase_add_test(tests, too_long_a_page);
        tcase_add_test(tests, details);
        tcase_add_test(tests, problems);
        tcase_add_test(tests, tokens);
        tcase_add_test(tests, identities);
        tcase_add_test(tests, many_scopes_are_cut_between_two);
        suite_add_tcase(suite, tests);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
