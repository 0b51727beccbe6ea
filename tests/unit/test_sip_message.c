/* test_sip_message.c: responses, requests byte by byte, and what evidence may show. */
#include <check.h>
#include <stdio.h>

#include "common/sip_message.h"

#define STATUS "SIP/2.0 401 Unauthorized\r\n"
#define END "\r\n"

/* Reads a copy that has a block of its exact size: reading past it is seen by sanitizers. */
struct reading {
        char *bytes;
        int outcome;
        const char *why;
        struct sip_response r;
};

static void read_bytes(struct reading *ret, struct span text) {
        *ret = (struct reading){.bytes = malloc(text.n > 0 ? text.n : 1)};
        ck_assert_ptr_nonnull(ret->bytes);
        memcpy(ret->bytes, text.p, text.n);
        ret->outcome = sip_response_read(&ret->r, ret->bytes, text.n, &ret->why);
}

static void check_header(const struct sip_response *r, const char *name, size_t i, const char *value) {
        const struct sip_header *h = sip_header(r, name, i);
        ck_assert_msg((h != NULL) == (value != NULL), "%s %zu", name, i);
        if (h)
                ck_assert_msg(span_eq(h->value, span_of(value)), "%s: " SPAN_FMT, name, SPAN_ARG(h->value));
}

/* -- what must be read ------------------------------------------------------------------------------------------------- */

static const struct {
        struct span text;
        int status;
        const char *reason, *header, *value, *body;
} good[] = {
        {SPAN(STATUS "Call-ID: a\r\n" END), 401, "Unauthorized", "Call-ID", "a", ""},
        /* reasons: other letters, none, none and no space */
        {SPAN("SIP/2.0 200 = 2**3 * 5**2 \320\275\320\276 - \321\201\r\nCall-ID: a\r\n" END), 200,
         "= 2**3 * 5**2 \320\275\320\276 - \321\201", "Call-ID", "a", ""},
        {SPAN("SIP/2.0 100 \r\nCall-ID: a\r\n" END), 100, "", "Call-ID", "a", ""},
        {SPAN("SIP/2.0 699\r\nCall-ID: a\r\n" END), 699, "", "Call-ID", "a", ""},
        {SPAN("sip/2.0 200 OK\r\nCall-ID: a\r\n" END), 200, "OK", "Call-ID", "a", ""},
        /* folding, spaces, case */
        {SPAN(STATUS "WWW-Authenticate  :  Digest\r\n realm=\"a\",\r\n\tnonce=\"b\"  \r\n" END), 401, "Unauthorized", "www-authenticate",
         "Digest   realm=\"a\",  \tnonce=\"b\"", ""},
        {SPAN(STATUS "TO :\r\n sip:a@b ;  tag = x\r\nfrom:y\r\n" END), 401, "Unauthorized", "To", "sip:a@b ;  tag = x", ""},
        {SPAN(STATUS "Subject:\r\nCall-ID:a\r\n" END), 401, "Unauthorized", "Subject", "", ""},
        {SPAN(STATUS "X: a\r\n \r\nCall-ID: b\r\n" END), 401, "Unauthorized", "Call-ID", "b", ""},
        /* compact forms */
        {SPAN(STATUS "i: a\r\nl: 3\r\n" END "abcdef"), 401, "Unauthorized", "Call-ID", "a", "abc"},
        {SPAN(STATUS "V: SIP/2.0/UDP h;branch=z9hG4bKx\r\n" END), 401, "Unauthorized", "Via", "SIP/2.0/UDP h;branch=z9hG4bKx", ""},
        {SPAN(STATUS "f: x\r\nt: y\r\nM: <sip:z>\r\nc: a/b\r\n" END), 401, "Unauthorized", "Contact", "<sip:z>", ""},
        /* bare LF, keep-alives before, octets after the body, header names that nobody knows, a colon in the value */
        {SPAN("SIP/2.0 401 Unauthorized\nCall-ID: a\n\nbody"), 401, "Unauthorized", "Call-ID", "a", "body"},
        {SPAN("\r\n\r\n" STATUS "Call-ID: a\r\n" END), 401, "Unauthorized", "Call-ID", "a", ""},
        {SPAN(STATUS "Content-Length: 4\r\n" END "bodySIP/2.0 200 OK\r\n\r\n"), 401, "Unauthorized", "Content-Length", "4", "body"},
        {SPAN(STATUS "Content-Length: 0\r\n" END " x"), 401, "Unauthorized", "Content-Length", "0", ""},
        {SPAN(STATUS "l: 1\r\nCall-ID: a\r\nContent-Length: 01\r\n" END "xyz"), 401, "Unauthorized", "Call-ID", "a", "x"},
        {SPAN(STATUS "Content-Length: 0000000004\r\n" END "body"), 401, "Unauthorized", "content-length", "0000000004", "body"},
        {SPAN(STATUS "!interesting-Token%*_+`'~: ;:,\r\n" END), 401, "Unauthorized", "!interesting-Token%*_+`'~", ";:,", ""},
        /* the body is not folded into the headers */
        {SPAN(STATUS "Call-ID: a\r\n" END " body\r\n more"), 401, "Unauthorized", "Call-ID", "a", " body\r\n more"},
        {SPAN(STATUS "Call-ID: a\r\n" END "Call-ID: b\r\n"), 401, "Unauthorized", "Call-ID", "a", "Call-ID: b\r\n"},
        {SPAN(STATUS "X: a\0b\r\n" END), 401, "Unauthorized", "Call-ID", NULL, ""},
};

START_TEST(reads_responses) {
        struct reading got;
        read_bytes(&got, good[_i].text);
        ck_assert_msg(got.outcome == 0, "%s: %s", good[_i].text.p, got.why ? got.why : "a request");
        ck_assert_int_eq(got.r.status, good[_i].status);
        ck_assert(span_eq(got.r.reason, span_of(good[_i].reason)));
        check_header(&got.r, good[_i].header, 0, good[_i].value);
        check_header(&got.r, good[_i].header, 1, NULL);
        ck_assert(span_eq(got.r.body, span_of(good[_i].body)));
        free(got.bytes);
}
END_TEST

START_TEST(finds_headers_in_order) {
        struct reading got;
        read_bytes(&got,
                   SPAN(STATUS "Via: a\r\nWWW-Authenticate: Digest 1\r\nv: b\r\nVIA: c\r\nwww-authenticate: Digest 2\r\nViam: d\r\n" END));
        ck_assert_int_eq(got.outcome, 0);
        check_header(&got.r, "Via", 0, "a");
        check_header(&got.r, "Via", 1, "b");
        check_header(&got.r, "Via", 2, "c");
        check_header(&got.r, "Via", 3, NULL);
        check_header(&got.r, "WWW-Authenticate", 1, "Digest 2");
        check_header(&got.r, "WWW-Authenticate", 2, NULL);
        check_header(&got.r, "Proxy-Authenticate", 0, NULL);
        free(got.bytes);
}
END_TEST

/* Values of thousands of bytes, as many headers as are allowed. */
START_TEST(reads_long_responses) {
        _cleanup_(freep) char *text = malloc(SIP_MESSAGE_MAX + 1), *value = malloc(8001);
        ck_assert_ptr_nonnull(text);
        ck_assert_ptr_nonnull(value);
        memset(value, 'x', 8000);
        value[8000] = '\0';
        size_t n = (size_t)snprintf(text, SIP_MESSAGE_MAX, STATUS "Long: %s\r\n", value);
        for (int i = 1; i < SIP_HEADERS_MAX; i++)
                n += (size_t)snprintf(text + n, SIP_MESSAGE_MAX - n, "X-%d: %d\r\n", i, i);
        n += (size_t)snprintf(text + n, SIP_MESSAGE_MAX - n, "\r\n");
        memset(text + n, 'b', SIP_MESSAGE_MAX + 1 - n);

        struct reading got;
        read_bytes(&got, (struct span){text, SIP_MESSAGE_MAX});
        ck_assert_int_eq(got.outcome, 0);
        ck_assert_uint_eq(got.r.n_headers, SIP_HEADERS_MAX);
        check_header(&got.r, "Long", 0, value);
        check_header(&got.r, "X-127", 0, "127");
        ck_assert_uint_eq(got.r.body.n, SIP_MESSAGE_MAX - n);
        free(got.bytes);

        read_bytes(&got, (struct span){text, SIP_MESSAGE_MAX + 1});
        ck_assert_int_eq(got.outcome, SIP_MALFORMED);
        ck_assert_str_eq(got.why, "it is too long");
        free(got.bytes);

        memcpy(text + n - 2, "X:\r\n\r\n", 6);
        read_bytes(&got, (struct span){text, SIP_MESSAGE_MAX});
        ck_assert_int_eq(got.outcome, SIP_MALFORMED);
        ck_assert_str_eq(got.why, "it has too many header fields");
        free(got.bytes);
}
END_TEST

/* -- what must be refused, and why --------------------------------------------------------------------------------------- */

#define NOT_STATUS "the first line is not a SIP/2.0 status line"
#define NO_COLON "a header field has no name or no colon"
#define NOT_NUMBER "Content-Length is not a number"
#define NO_END "its header fields do not end"
#define TOO_SHORT "it is shorter than its Content-Length"

static const struct {
        struct span text;
        int outcome;
        const char *why;
} bad[] = {
        {SPAN(""), SIP_MALFORMED, "it is empty"},
        {SPAN("\r\n\r\n"), SIP_MALFORMED, "it is empty"},
        {SPAN("\r\n\r\n\0"), SIP_MALFORMED, NOT_STATUS},
        {SPAN("SIP/2.0 4294967301 better not break the receiver\r\n" END), SIP_MALFORMED, NOT_STATUS},
        {SPAN("SIP/2.0 2000 OK\r\n" END), SIP_MALFORMED, NOT_STATUS},
        {SPAN("SIP/2.0 20 OK\r\n" END), SIP_MALFORMED, NOT_STATUS},
        {SPAN("SIP/2.0 099 OK\r\n" END), SIP_MALFORMED, NOT_STATUS},
        {SPAN("SIP/2.0 700 OK\r\n" END), SIP_MALFORMED, NOT_STATUS},
        {SPAN("SIP/2.0 -20 OK\r\n" END), SIP_MALFORMED, NOT_STATUS},
        {SPAN("SIP/2.0  200 OK\r\n" END), SIP_MALFORMED, NOT_STATUS},
        {SPAN("SIP/2.0 200OK\r\n" END), SIP_MALFORMED, NOT_STATUS},
        {SPAN("SIP/7.0 200 OK\r\n" END), SIP_MALFORMED, NOT_STATUS},
        {SPAN("SIP/2.00 200 OK\r\n" END), SIP_MALFORMED, NOT_STATUS},
        {SPAN("HTTP/1.1 401 Unauthorized\r\n" END), SIP_MALFORMED, NOT_STATUS},
        {SPAN("garbage"), SIP_MALFORMED, NOT_STATUS},
        {SPAN("OPTIONS sip:a@b SIP/2.0\r\nCall-ID: a\r\n" END), SIP_IS_REQUEST, NULL},
        {SPAN("OPTIONS sip:a@b SIP/7.0\r\n" END), SIP_MALFORMED, NOT_STATUS},
        {SPAN(STATUS "no colon here\r\n" END), SIP_MALFORMED, NO_COLON},
        {SPAN(STATUS ": no name\r\n" END), SIP_MALFORMED, NO_COLON},
        {SPAN(STATUS "  : no name\r\n" END), SIP_MALFORMED, NO_COLON},
        {SPAN(STATUS "two words: x\r\n" END), SIP_MALFORMED, NO_COLON},
        {SPAN(STATUS "nul\0: x\r\n" END), SIP_MALFORMED, NO_COLON},
        {SPAN("SIP/2.0 401 Unauthorized"), SIP_MALFORMED, NO_END},
        {SPAN(STATUS), SIP_MALFORMED, NO_END},
        {SPAN(STATUS "Call-ID: a"), SIP_MALFORMED, NO_END},
        {SPAN(STATUS "Call-ID: a\r\n"), SIP_MALFORMED, NO_END},
        {SPAN(STATUS "Call-ID: a\r\n "), SIP_MALFORMED, NO_END},
        {SPAN(STATUS "Content-Length: 9999\r\n" END "body"), SIP_MALFORMED, TOO_SHORT},
        {SPAN(STATUS "l: 5\r\n" END "body"), SIP_MALFORMED, TOO_SHORT},
        {SPAN(STATUS "Content-Length: 4294967295\r\n" END "body"), SIP_MALFORMED, TOO_SHORT},
        {SPAN(STATUS "Content-Length: 4294967296\r\n" END "body"), SIP_MALFORMED, NOT_NUMBER},
        {SPAN(STATUS "Content-Length: -999\r\n" END "body"), SIP_MALFORMED, NOT_NUMBER},
        {SPAN(STATUS "Content-Length: +4\r\n" END "body"), SIP_MALFORMED, NOT_NUMBER},
        {SPAN(STATUS "Content-Length: 4 bytes\r\n" END "body"), SIP_MALFORMED, NOT_NUMBER},
        {SPAN(STATUS "Content-Length: 0x4\r\n" END "body"), SIP_MALFORMED, NOT_NUMBER},
        {SPAN(STATUS "Content-Length:\r\n" END "body"), SIP_MALFORMED, NOT_NUMBER},
        {SPAN(STATUS "Content-Length: 4\r\nl: four\r\n" END "body"), SIP_MALFORMED, NOT_NUMBER},
        {SPAN(STATUS "Content-Length: 4\r\nl: 5\r\n" END "body"), SIP_MALFORMED, TOO_SHORT},
        {SPAN(STATUS "Content-Length: 4\r\nl: 3\r\n" END "body"), SIP_MALFORMED, "it has two Content-Lengths that differ"},
        {SPAN(STATUS "Content-Length: 0\r\nl: 3\r\n" END "body"), SIP_MALFORMED, "it has two Content-Lengths that differ"},
};

START_TEST(refuses_what_a_guess_would_decide) {
        struct reading got;
        read_bytes(&got, bad[_i].text);
        ck_assert_msg(got.outcome == bad[_i].outcome, "%s: %d", bad[_i].text.p, got.outcome);
        ck_assert_msg(text_eq(got.why, bad[_i].why), "%s: %s", bad[_i].text.p, got.why ? got.why : "nothing");
        free(got.bytes);
}
END_TEST

/* -- parameters and CSeq --------------------------------------------------------------------------------------------------- */

static const struct {
        const char *value, *name, *parameter; /* NULL = absent */
} parameters[] = {
        {"<sip:a@b>;tag=x", "tag", "x"},
        {"<sip:a@b;tag=inner>;tag=outer", "tag", "outer"},
        {"<sip:a@b;tag=inner>", "tag", NULL},
        {"\"a;tag=quoted\" <sip:a@b>;tag=x", "tag", "x"},
        {"\"a\\\";tag=quoted\" <sip:a@b>;tag=x", "tag", "x"},
        {"sip:a@b ; TAG = x ;lr", "tag", "x"},
        {"SIP/2.0/UDP h:5060;branch=z9hG4bKa;rport;received=192.0.2.1", "rport", ""},
        {"SIP/2.0/UDP h:5060;branch=z9hG4bKa;rport;received=192.0.2.1", "received", "192.0.2.1"},
        {"SIP/2.0/UDP h;branch=a, SIP/2.0/UDP i;branch=b", "branch", "a"},
        {"SIP/2.0/UDP h, SIP/2.0/UDP i;branch=b", "branch", NULL},
        {"SIP/2.0/UDP h;rport,SIP/2.0/UDP i;branch=b", "branch", NULL},
        {"a;x=y;x=z", "x", "y"},
        {"a;text=\"b;tag=quoted\";tag=x", "tag", "x"},
        {"a;text=\"b\\\";tag=quoted\";tag=x", "tag", "x"},
        {"a;text=\"b, c\";tag=x", "tag", "x"},
        {"a;text=\"b;c, d\";tag=x", "text", "\"b;c, d\""},
        {"a;text=\"never ends;tag=x", "tag", NULL},
        {"a;xy=z", "x", NULL},
        {"a;x=", "x", ""},
        {"a;;x=y", "x", "y"},
        {"a;", "x", NULL},
        {";x=y", "x", "y"},
        {"\"never ends;x=y", "x", NULL},
        {"<never ends;x=y", "x", NULL},
        {"\"never ends\\", "x", NULL},
        {"", "x", NULL},
        {"x=y", "x", NULL},
};

START_TEST(finds_parameters) {
        struct span got = sip_parameter(span_of(parameters[_i].value), parameters[_i].name);
        ck_assert_msg((got.p != NULL) == (parameters[_i].parameter != NULL), "%s", parameters[_i].value);
        if (got.p)
                ck_assert_msg(span_eq(got, span_of(parameters[_i].parameter)), "%s: " SPAN_FMT, parameters[_i].value, SPAN_ARG(got));
}
END_TEST

static const struct {
        const char *value;
        bool good;
        uint32_t number;
        const char *method;
} cseqs[] = {
        {"1 REGISTER", true, 1, "REGISTER"},
        {"0009  \t OPTIONS ", true, 9, "OPTIONS"},
        {"0 X", true, 0, "X"},
        {"4294967295 REGISTER", true, UINT32_MAX, "REGISTER"},
        {"4294967296 REGISTER", false, 0, NULL},
        {"36893488147419103232 REGISTER", false, 0, NULL},
        {"-1 REGISTER", false, 0, NULL},
        {"REGISTER", false, 0, NULL},
        {"1", false, 0, NULL},
        {"1 ", false, 0, NULL},
        {"1REGISTER", false, 0, NULL},
        {" 1 REGISTER", false, 0, NULL},
        {"", false, 0, NULL},
};

START_TEST(reads_cseq) {
        uint32_t number = 77;
        struct span method = SPAN("untouched");
        ck_assert_msg(sip_cseq(span_of(cseqs[_i].value), &number, &method) == cseqs[_i].good, "%s", cseqs[_i].value);
        ck_assert_uint_eq(number, cseqs[_i].good ? cseqs[_i].number : 77);
        ck_assert(span_eq(method, cseqs[_i].good ? span_of(cseqs[_i].method) : SPAN("untouched")));
}
END_TEST

#define VIA "Via: SIP/2.0/UDP h;rport;branch=z9hG4bKours\r\nv: SIP/2.0/UDP i;branch=z9hG4bKother\r\n"
#define REST "f: a\r\nt: b\r\ni: c\r\n"

static const struct {
        const char *headers;
        int outcome;
        const char *why;
} matches[] = {
        {VIA REST "CSeq: 7 REGISTER\r\n", 0, NULL},
        {"CSeq:0007\r\n  REGISTER\r\n" REST VIA, 0, NULL},
        {VIA REST "CSeq: 8 REGISTER\r\n", SIP_IS_FOREIGN, NULL},
        {VIA REST "CSeq: 7 OPTIONS\r\n", SIP_IS_FOREIGN, NULL},
        {VIA REST "CSeq: 7 register\r\n", SIP_IS_FOREIGN, NULL}, /* methods have a case, RFC 3261 section 7.1 */
        {"Via: SIP/2.0/UDP h;branch=z9hG4bKourselves\r\n" REST "CSeq: 7 REGISTER\r\n", SIP_IS_FOREIGN, NULL},
        {"Via: SIP/2.0/UDP h;branch=z9hG4bKother, SIP/2.0/UDP h;branch=z9hG4bKours\r\n" REST "CSeq: 7 REGISTER\r\n", SIP_IS_FOREIGN, NULL},
        {"Via: SIP/2.0/UDP h;branch=z9hG4bKother\r\nCSeq: 8\r\n", SIP_IS_FOREIGN, NULL}, /* no complaint about what is not ours */
        {REST "CSeq: 7 REGISTER\r\n", SIP_MALFORMED, "it has no Via with a branch"},
        {"Via: SIP/2.0/UDP h;rport\r\n" REST "CSeq: 7 REGISTER\r\n", SIP_MALFORMED, "it has no Via with a branch"},
        {VIA REST "X: z9hG4bKours\r\n", SIP_MALFORMED, "it has no CSeq"},
        {VIA REST "CSeq: 7\r\n", SIP_MALFORMED, "its CSeq is malformed"},
        {VIA "CSeq: 7 REGISTER\r\nFrom: a\r\nTo: b\r\n", SIP_MALFORMED, "it has no Call-ID"},
        {VIA "CSeq: 7 REGISTER\r\nCall-ID: c\r\nTo: b\r\n", SIP_MALFORMED, "it has no From"},
        {VIA "CSeq: 7 REGISTER\r\nCall-ID: c\r\nFrom: a\r\n", SIP_MALFORMED, "it has no To"},
        {VIA REST "CSeq: 7 REGISTER\r\ncseq: 7 REGISTER\r\n", SIP_MALFORMED, "it has two CSeqs"},
        {VIA REST "CSeq: 7 REGISTER\r\nCall-ID: c\r\n", SIP_MALFORMED, "it has two Call-IDs"},
        {VIA REST "CSeq: 7 REGISTER\r\nFrom: a\r\n", SIP_MALFORMED, "it has two Froms"},
        {VIA REST "CSeq: 7 REGISTER\r\nTo: a\r\n", SIP_MALFORMED, "it has two Tos"},
};

START_TEST(matches_responses) {
        char text[512];
        struct reading got;
        int n = snprintf(text, sizeof text, STATUS "%s" END, matches[_i].headers);
        read_bytes(&got, (struct span){text, (size_t)n});
        ck_assert_int_eq(got.outcome, 0);
        const char *why = NULL;
        ck_assert_msg(sip_response_match(&got.r, "z9hG4bKours", 7, "REGISTER", &why) == matches[_i].outcome, "%s", text);
        ck_assert_msg(text_eq(why, matches[_i].why), "%s: %s", text, why ? why : "nothing");
        free(got.bytes);
}
END_TEST

/* -- requests ------------------------------------------------------------------------------------------------------------ */

static const struct sip_request request = {
        .method = "REGISTER",
        .request_uri = "sip:carrier.example",
        .transport = "UDP",
        .sent_by = "192.0.2.7:40001",
        .branch = "z9hG4bKabc",
        .from_uri = "sip:alice@carrier.example",
        .from_tag = "f1",
        .to_uri = "sip:alice@carrier.example",
        .call_id = "c0ffee",
        .cseq = 4294967295,
        .user_agent = "tester/1",
        .authorization = "Digest username=\"alice\"",
        .proxy_authorization = "Digest username=\"proxy\"",
};

static const char written[] = "REGISTER sip:carrier.example SIP/2.0\r\n"
                              "Via: SIP/2.0/UDP 192.0.2.7:40001;branch=z9hG4bKabc;rport\r\n"
                              "Max-Forwards: 70\r\n"
                              "From: <sip:alice@carrier.example>;tag=f1\r\n"
                              "To: <sip:alice@carrier.example>\r\n"
                              "Call-ID: c0ffee\r\n"
                              "CSeq: 4294967295 REGISTER\r\n"
                              "Authorization: Digest username=\"alice\"\r\n"
                              "Proxy-Authorization: Digest username=\"proxy\"\r\n"
                              "User-Agent: tester/1\r\n"
                              "Content-Length: 0\r\n"
                              "\r\n";

START_TEST(writes_requests_byte_by_byte) {
        char buffer[SIP_REQUEST_MAX];
        size_t n = 0;
        ck_assert_int_eq(sip_request_write(&request, buffer, sizeof buffer, &n), 0);
        ck_assert_uint_eq(n, sizeof written - 1);
        ck_assert_int_eq(memcmp(buffer, written, n), 0);

        struct sip_request bare = request;
        bare.authorization = bare.proxy_authorization = bare.user_agent = NULL;
        ck_assert_int_eq(sip_request_write(&bare, buffer, sizeof buffer, &n), 0);
        ck_assert_ptr_null(memmem(buffer, n, "uthorization", 12));
        ck_assert_ptr_null(memmem(buffer, n, "User-Agent", 10));
        /* RFC 3261 section 10.2.3: without a Contact nothing is registered. */
        ck_assert_ptr_null(memmem(buffer, n, "Contact", 7));
}
END_TEST

START_TEST(requests_need_room) {
        for (size_t size = 0; size <= sizeof written; size++) {
                char *exact = malloc(size > 0 ? size : 1);
                ck_assert_ptr_nonnull(exact);
                size_t n = 77;
                ck_assert_int_eq(sip_request_write(&request, exact, size, &n), size == sizeof written ? 0 : -ENOBUFS);
                ck_assert_uint_eq(n, size == sizeof written ? size - 1 : 77);
                free(exact);
        }
}
END_TEST

/* Nothing that is put into a request can add a header to it. */
START_TEST(requests_hold_no_control_characters) {
        static const char *const texts[] = {"a\r\nX: y", "a\n", "\r", "a\tb", "\1", "\177"};
        struct sip_request r = request;
        const char **const fields[] = {&r.method,   &r.request_uri, &r.transport, &r.sent_by,    &r.branch,        &r.from_uri,
                                       &r.from_tag, &r.to_uri,      &r.call_id,   &r.user_agent, &r.authorization, &r.proxy_authorization};
        char buffer[SIP_REQUEST_MAX];
        for (size_t f = 0; f < ELEMENTS(fields); f++)
                for (size_t i = 0; i < ELEMENTS(texts); i++) {
                        const char *kept = *fields[f];
                        size_t n = 77;
                        *fields[f] = texts[i];
                        /* What is echoed in a quoted value may hold a tab. */
                        bool echoed = fields[f] == &r.authorization || fields[f] == &r.proxy_authorization;
                        bool refused = !echoed || !strchr(texts[i], '\t');
                        ck_assert_int_eq(sip_request_write(&r, buffer, sizeof buffer, &n), refused ? -EINVAL : 0);
                        ck_assert(refused == (n == 77));
                        *fields[f] = kept;
                }
}
END_TEST

START_TEST(finds_control_characters_anywhere) {
        struct sip_request r = request;
        char buffer[SIP_REQUEST_MAX], text[24];
        size_t n;
        r.call_id = text;
        for (size_t at = 0; at < sizeof text - 1; at++)
                for (int c = 1; c < 256; c++) {
                        memcpy(text, "abcdefgh~ \303\251\377\200 xyz12345", sizeof text);
                        text[at] = (char)c;
                        ck_assert_int_eq(sip_request_write(&r, buffer, sizeof buffer, &n), c < ' ' || c == 127 ? -EINVAL : 0);
                }
}
END_TEST

/* -- evidence -------------------------------------------------------------------------------------------------------------- */

#define SECRET32 "6629fae49393a05397450978507c4ef1"
#define SECRET64 "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"

static const struct {
        struct span text;
        const char *redacted;
} redactions[] = {
        {SPAN("a, response=\"" SECRET32 "\", b"), "a, response=\"redacted\", b"},
        {SPAN("rspauth=\"" SECRET64 "\""), "rspauth=\"redacted\""},
        {SPAN("RESPONSE = \"" SECRET32 "\""), "RESPONSE = \"redacted\""},
        {SPAN("Response=" SECRET32 ", x"), "Response=redacted, x"},
        {SPAN("response\t=\t\" " SECRET32), "response\t=\t\" redacted"},
        {SPAN("response=\"6629FAE49393A05397450978507C4EF1\""), "response=\"redacted\""},
        {SPAN("response=\"" SECRET32 "\", response=\"" SECRET64 "\""), "response=\"redacted\", response=\"redacted\""},
        {SPAN("response=\r\n \"" SECRET32 "\""), "response=\r\n \"redacted\""},
        {SPAN("rspauth\r\n\t= " SECRET32), "rspauth\r\n\t= redacted"},
        {SPAN("Warning: 399 h \"sent response=\\\"" SECRET32 "\\\"\""), "Warning: 399 h \"sent response=\\\"redacted\\\"\""},
        {SPAN("response='" SECRET32 "'"), "response='redacted'"},
        {SPAN("realm=\"the response is here\", response=\"" SECRET32 "\""), "realm=\"the response is here\", response=\"redacted\""},
        {SPAN("realm=\"response\", nonce=\"n\""), "realm=\"response\", nonce=\"n\""},
        {SPAN("realm=\"response=abc\""), "realm=\"response=abc\""},
        {SPAN("nonce=\"" SECRET32 "\""), "nonce=\"" SECRET32 "\""},
        {SPAN("response="), "response="},
        {SPAN("response"), "response"},
        {SPAN("response=\""), "response=\""},
        {SPAN(""), ""},
        /* bytes */
        {SPAN("a\0b\x01\x7f\r\n\tc"), "a\\x00b\\x01\\x7f\r\n\tc"},
        {SPAN("J\303\244s \342\202\254 \360\237\230\200"), "J\303\244s \342\202\254 \360\237\230\200"},
        {SPAN("\303"), "\\xc3"},
        {SPAN("\303("), "\\xc3("},
        {SPAN("\300\257"), "\\xc0\\xaf"},                   /* overlong */
        {SPAN("\340\200\257"), "\\xe0\\x80\\xaf"},          /* overlong */
        {SPAN("\355\240\200"), "\\xed\\xa0\\x80"},          /* surrogate */
        {SPAN("\364\220\200\200"), "\\xf4\\x90\\x80\\x80"}, /* above U+10FFFF */
        {SPAN("\342\202"), "\\xe2\\x82"},
        {SPAN("\377\376"), "\\xff\\xfe"},
};

START_TEST(redacts) {
        struct span text = redactions[_i].text;
        char *exact = malloc(text.n > 0 ? text.n : 1);
        ck_assert_ptr_nonnull(exact);
        memcpy(exact, text.p, text.n);
        char *got = sip_redact((struct span){exact, text.n});
        ck_assert_ptr_nonnull(got);
        ck_assert_str_eq(got, redactions[_i].redacted);
        free(exact);
        free(got);
}
END_TEST

/* Whatever stands between the name and the digits, none of them is left. */
START_TEST(redacts_every_spelling) {
        static const char *const names[] = {"response", "RESPONSE", "rspauth", "rspAuth"};
        static const char *const before[] = {"=\"", " = \"", "=", "\t=\t", " =  \" ", "\r\n =\r\n\t\"", "=\\\"", "='"};
        static const char *const after[] = {"\"", "", "\" ,", ";", "g", "\r\n", "\0"};
        for (size_t i = 0; i < ELEMENTS(names) * ELEMENTS(before) * ELEMENTS(after); i++) {
                char text[256];
                int n = snprintf(text, sizeof text, "Authorization: Digest x=y, %s%s%s%s, z=1", names[i % 4],
                                 before[i / 4 % ELEMENTS(before)], i % 2 ? SECRET32 : SECRET64, after[i / 4 / ELEMENTS(before)]);
                _cleanup_(freep) char *got = sip_redact((struct span){text, (size_t)n});
                ck_assert_ptr_nonnull(got);
                ck_assert_ptr_nonnull(strstr(got, "redacted"));
                for (size_t k = 0; k + 8 <= 32; k++) {
                        char part[9];
                        memcpy(part, (i % 2 ? SECRET32 : SECRET64) + k, 8);
                        part[8] = '\0';
                        ck_assert_msg(strstr(got, part) == NULL, "%s in %s", part, got);
                }
        }
}
END_TEST

int main(void) {
        Suite *suite = suite_create("sip_message");
        TCase *tc = tcase_create("sip_message");
        tcase_add_loop_test(tc, reads_responses, 0, (int)ELEMENTS(good));
        tcase_add_test(tc, finds_headers_in_order);
        tcase_add_test(tc, reads_long_responses);
        tcase_add_loop_test(tc, refuses_what_a_guess_would_decide, 0, (int)ELEMENTS(bad));
        tcase_add_loop_test(tc, finds_parameters, 0, (int)ELEMENTS(parameters));
        tcase_add_loop_test(tc, reads_cseq, 0, (int)ELEMENTS(cseqs));
        tcase_add_loop_test(tc, matches_responses, 0, (int)ELEMENTS(matches));
        tcase_add_test(tc, writes_requests_byte_by_byte);
        tcase_add_test(tc, requests_need_room);
        tcase_add_test(tc, requests_hold_no_control_characters);
        tcase_add_test(tc, finds_control_characters_anywhere);
        tcase_add_loop_test(tc, redacts, 0, (int)ELEMENTS(redactions));
        tcase_add_test(tc, redacts_every_spelling);
        suite_add_tcase(suite, tc);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed != 0;
}
