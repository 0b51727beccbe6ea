/* test_hypothesis.c: which inputs may be changed, in which order, and into what. */
#include <check.h>

#include "common/challenge.h"
#include "common/hypothesis.h"

#define FRESH HYPOTHESIS_BIT(HYPOTHESIS_FRESH_NONCE)
#define PORT HYPOTHESIS_BIT(HYPOTHESIS_URI_PORT)
#define TRANSPORT HYPOTHESIS_BIT(HYPOTHESIS_URI_TRANSPORT)
#define SCHEME HYPOTHESIS_BIT(HYPOTHESIS_URI_SCHEME)
#define QOP HYPOTHESIS_BIT(HYPOTHESIS_QOP)
#define ALGORITHM HYPOTHESIS_BIT(HYPOTHESIS_ALGORITHM)
#define NAMED HYPOTHESIS_BIT(HYPOTHESIS_ALGORITHM_NAMED)
#define USERNAME HYPOTHESIS_BIT(HYPOTHESIS_USERNAME)
#define ENCODING HYPOTHESIS_BIT(HYPOTHESIS_ENCODING)

/* -- words -------------------------------------------------------------------------------------------------------------- */

START_TEST(words_round_trip) {
        char text[200];
        for (hypotheses set = 0; set < HYPOTHESIS_BIT(HYPOTHESIS_COUNT); set += 2) { /* without HYPOTHESIS_NONE */
                hypotheses_write(set, " ", text, sizeof text);
                ck_assert_msg(hypotheses_read(text) == set, "%#x: %s", set, text);
        }
        ck_assert_str_eq(hypothesis_word(HYPOTHESIS_NONE), "none");
        for (enum hypothesis h = 0; h < HYPOTHESIS_COUNT; h++)
                for (enum hypothesis k = 0; k < h; k++)
                        ck_assert_str_ne(hypothesis_word(h), hypothesis_word(k));
}
END_TEST

START_TEST(odd_words_are_passed_over) {
        char text[12];
        ck_assert_uint_eq(hypotheses_read(NULL), 0);
        ck_assert_uint_eq(hypotheses_read(""), 0);
        ck_assert_uint_eq(hypotheses_read("none of_tomorrow qo qopp  qop   "), QOP);
        ck_assert_uint_eq(hypotheses_read("uri_port,qop"), 0);
        hypotheses_write(PORT | QOP, ", ", text, sizeof text);
        ck_assert_str_eq(text, "uri_port, q"); /* cut */
        hypotheses_write(0, ", ", text, sizeof text);
        ck_assert_str_eq(text, "");
}
END_TEST

START_TEST(each_proves_a_cause) {
        for (enum hypothesis h = 1; h < HYPOTHESIS_COUNT; h++) {
                const struct cause_info *info = cause_info(hypothesis_cause(h));
                ck_assert_msg(info->kind == CAUSE_KIND_TRUNK && info->confidence == CONFIDENCE_PROVEN, "%s", info->word);
                ck_assert_msg(info->outcome == OUTCOME_FAIL || info->outcome == OUTCOME_WARN, "%s", info->word);
        }
}
END_TEST

/* -- which, in which order -------------------------------------------------------------------------------------------------- */

#define D "Digest realm=\"r\", nonce=\"n\""
#define MAX HYPOTHESIS_COUNT

static const struct {
        const char *challenge;
        const char *username, *password, *qop, *domain, *request_uri;
        enum target_transport transport;
        enum suspicion nonce;
        enum hypothesis winner;
        bool ha1, other_algorithm;
        enum hypothesis order[MAX]; /* until HYPOTHESIS_NONE */
} refusals[] = {
        /* as most of them are: by UDP, ASCII, qop and algorithm as they should be */
        {D ", qop=\"auth\", algorithm=MD5", "u", "p", .order = {HYPOTHESIS_URI_PORT}},
        {D ", qop=\"auth\", algorithm=MD5", "u", "p", .domain = "d", .order = {HYPOTHESIS_URI_PORT, HYPOTHESIS_USERNAME}},
        {D ", qop=\"auth\", algorithm=MD5", "u@d", "p", .order = {HYPOTHESIS_USERNAME, HYPOTHESIS_URI_PORT}},
        {D ", qop=\"auth\"", "u", "p", .order = {HYPOTHESIS_URI_PORT, HYPOTHESIS_ALGORITHM_NAMED}},
        {D ", qop=\"auth\", algorithm=MD5", "u", "p", .nonce = SUSPICION_WEAK, .order = {HYPOTHESIS_URI_PORT, HYPOTHESIS_FRESH_NONCE}},
        {D ", qop=\"auth\", algorithm=MD5", "u", "p", .nonce = SUSPICION_STRONG, .order = {HYPOTHESIS_FRESH_NONCE, HYPOTHESIS_URI_PORT}},
        /* connections have a transport to name, TLS a scheme; so has a Request-URI that does */
        {D ", qop=\"auth\", algorithm=MD5", "u", "p", .transport = TARGET_TCP, .order = {HYPOTHESIS_URI_PORT, HYPOTHESIS_URI_TRANSPORT}},
        {D ", qop=\"auth\", algorithm=MD5", "u", "p", .transport = TARGET_TLS,
         .order = {HYPOTHESIS_URI_PORT, HYPOTHESIS_URI_TRANSPORT, HYPOTHESIS_URI_SCHEME}},
        {D ", qop=\"auth\", algorithm=MD5", "u", "p", .request_uri = "sip:d;Transport=tcp",
         .order = {HYPOTHESIS_URI_PORT, HYPOTHESIS_URI_TRANSPORT, HYPOTHESIS_USERNAME}},
        {D ", qop=\"auth\", algorithm=MD5", "u", "p", .request_uri = "SIPS:d",
         .order = {HYPOTHESIS_URI_PORT, HYPOTHESIS_URI_SCHEME, HYPOTHESIS_USERNAME}},
        /* qop */
        {D ", algorithm=MD5", "u", "p", .order = {HYPOTHESIS_URI_PORT, HYPOTHESIS_QOP}},
        {D ", algorithm=MD5", "u", "p", .qop = "none", .order = {HYPOTHESIS_URI_PORT}},
        {D ", qop=\"auth-int\", algorithm=MD5", "u", "p", .order = {HYPOTHESIS_QOP, HYPOTHESIS_URI_PORT}},
        {D ", qop=\"auth,auth-int\", algorithm=MD5", "u", "p", .order = {HYPOTHESIS_URI_PORT}},
        /* algorithms, encodings */
        {D ", qop=\"auth\", algorithm=MD5", "u", "p", .other_algorithm = true, .order = {HYPOTHESIS_ALGORITHM, HYPOTHESIS_URI_PORT}},
        {D ", qop=\"auth\", algorithm=MD5", "u", "p\303\244", .order = {HYPOTHESIS_ENCODING, HYPOTHESIS_URI_PORT}},
        {D ", qop=\"auth\", algorithm=MD5", "\303\274", "p", .order = {HYPOTHESIS_ENCODING, HYPOTHESIS_URI_PORT}},
        {D ", qop=\"auth\", algorithm=MD5, charset=UTF-8", "u", "p\303\244", .order = {HYPOTHESIS_URI_PORT, HYPOTHESIS_ENCODING}},
        {D ", qop=\"auth\", algorithm=MD5", "u", "p\342\202\254", .order = {HYPOTHESIS_URI_PORT}}, /* not in Latin-1 */
        /* an HA1 is bound to what it was made from */
        {D ", qop=\"auth\", algorithm=MD5", "\303\274@d", "p", .ha1 = true, .domain = "d", .order = {HYPOTHESIS_URI_PORT}},
        /* what came true before is the first */
        {D, "u", "p", .domain = "d", .nonce = SUSPICION_STRONG, .winner = HYPOTHESIS_ALGORITHM_NAMED,
         .order = {HYPOTHESIS_ALGORITHM_NAMED, HYPOTHESIS_FRESH_NONCE, HYPOTHESIS_URI_PORT, HYPOTHESIS_QOP, HYPOTHESIS_USERNAME}},
        {D ", qop=\"auth\", algorithm=MD5", "u", "p", .winner = HYPOTHESIS_QOP, .order = {HYPOTHESIS_URI_PORT}}, /* no longer possible */
        /* all of them */
        {D, "\303\274@d", "p", .transport = TARGET_TLS, .nonce = SUSPICION_WEAK, .other_algorithm = true,
         .order = {HYPOTHESIS_ENCODING, HYPOTHESIS_ALGORITHM, HYPOTHESIS_USERNAME, HYPOTHESIS_URI_PORT, HYPOTHESIS_QOP,
                   HYPOTHESIS_URI_TRANSPORT, HYPOTHESIS_URI_SCHEME, HYPOTHESIS_FRESH_NONCE, HYPOTHESIS_ALGORITHM_NAMED}},
};

static void set(struct trunk *t, enum trunk_text field, const char *value) {
        ck_assert_int_eq(trunk_set(t, field, span_of(value)), 0);
}

START_TEST(the_likeliest_first) {
        struct trunk t = {0};
        struct challenge c;
        struct secret *secret = NULL;
        challenge_parse(&c, false, span_of(refusals[_i].challenge));
        set(&t, TRUNK_TEXT_username, refusals[_i].username);
        set(&t, TRUNK_TEXT_qop, refusals[_i].qop);
        set(&t, TRUNK_TEXT_domain, refusals[_i].domain);
        set(&t, TRUNK_TEXT_request_uri, refusals[_i].request_uri);
        ck_assert_int_eq(secret_new(&secret, refusals[_i].password, strlen(refusals[_i].password)), 0);
        *(refusals[_i].ha1 ? &t.ha1 : &t.password) = secret;
        const struct refused_answer r = {.trunk = &t,
                                         .challenge = &c,
                                         .transport = refusals[_i].transport,
                                         .has_other_algorithm = refusals[_i].other_algorithm,
                                         .nonce = refusals[_i].nonce,
                                         .winner = refusals[_i].winner};
        hypotheses tried = 0;
        for (size_t i = 0; i < MAX; i++) {
                enum hypothesis next = hypothesis_next(&r, tried), expected = refusals[_i].order[i];
                ck_assert_msg(next == expected, "row %d, place %zu: %s, not %s", _i, i, hypothesis_word(next), hypothesis_word(expected));
                if (next == HYPOTHESIS_NONE)
                        break;
                tried |= HYPOTHESIS_BIT(next);
        }
        ck_assert_uint_eq(hypotheses_possible(&r), tried);
        ck_assert_int_eq(hypothesis_next(&r, ~(hypotheses)0), HYPOTHESIS_NONE);
        trunk_clear(&t);
        (void)secret_free(secret);
}
END_TEST

/* -- the inputs --------------------------------------------------------------------------------------------------------------- */

static const struct {
        const char *request_uri, *port, *tcp, *scheme; /* the forms, at port 5070 and by TCP */
} uris[] = {
        {"sip:d", "sip:d:5070", "sip:d;transport=tcp", "sips:d"},
        {"sips:d", "sips:d:5070", "sips:d;transport=tcp", "sip:d"},
        {"SIP:d:5080", "SIP:d", "SIP:d:5080;transport=tcp", "sips:d:5080"},
        {"sip:u@d", "sip:u@d:5070", "sip:u@d;transport=tcp", "sips:u@d"},
        {"sip:[2001:db8::1]", "sip:[2001:db8::1]:5070", "sip:[2001:db8::1];transport=tcp", "sips:[2001:db8::1]"},
        {"sip:[2001:db8::1]:5080", "sip:[2001:db8::1]", "sip:[2001:db8::1]:5080;transport=tcp", "sips:[2001:db8::1]:5080"},
        {"sip:d;lr", "sip:d:5070;lr", "sip:d;lr;transport=tcp", "sips:d;lr"},
        {"sip:d;transport=udp", "sip:d:5070;transport=udp", "sip:d", "sips:d;transport=udp"},
        {"sip:d;Transport=tls;lr", "sip:d:5070;Transport=tls;lr", "sip:d;lr", "sips:d;Transport=tls;lr"},
        {"sip:d;lr;transport=udp?x=y", "sip:d:5070;lr;transport=udp?x=y", "sip:d;lr?x=y", "sips:d;lr;transport=udp?x=y"},
        {"sip:d?x=y", "sip:d:5070?x=y", "sip:d;transport=tcp?x=y", "sips:d?x=y"},
};

START_TEST(forms_of_the_digest_uri) {
        struct trunk t = {0};
        struct target_uris u;
        char got[TARGET_URI_MAX];
        set(&t, TRUNK_TEXT_request_uri, uris[_i].request_uri);
        ck_assert_int_eq(target_uris_of(&u, &t, "192.0.2.1", 5070), 0);
        const char *const expected[HYPOTHESIS_COUNT] = {[HYPOTHESIS_URI_PORT] = uris[_i].port,
                                                        [HYPOTHESIS_URI_TRANSPORT] = uris[_i].tcp,
                                                        [HYPOTHESIS_URI_SCHEME] = uris[_i].scheme};
        for (enum hypothesis h = 0; h < HYPOTHESIS_COUNT; h++) {
                ck_assert_int_eq(hypothesis_uri(h, &u, TARGET_TCP, got), 0);
                ck_assert_str_eq(got, expected[h] ? expected[h] : uris[_i].request_uri);
        }
        trunk_clear(&t);
}
END_TEST

START_TEST(a_digest_uri_has_its_limit) {
        struct target_uris u;
        char got[TARGET_URI_MAX] = "untouched";
        memset(&u, 'd', sizeof u);
        memcpy(u.request, "sip:", 4);
        u.request[TARGET_URI_MAX - 1] = u.other_port[TARGET_URI_MAX - 1] = '\0';
        ck_assert_int_eq(hypothesis_uri(HYPOTHESIS_NONE, &u, TARGET_UDP, got), 0);
        ck_assert_int_eq(hypothesis_uri(HYPOTHESIS_URI_SCHEME, &u, TARGET_UDP, got), -ENOBUFS);
        ck_assert_int_eq(hypothesis_uri(HYPOTHESIS_URI_TRANSPORT, &u, TARGET_UDP, got), -ENOBUFS);
}
END_TEST

static const struct {
        const char *username, *domain, *request_uri, *other; /* NULL = there is none */
} usernames[] = {
        {"u", "d.example", NULL, "u@d.example"},
        {"u", "d.example:5080", NULL, "u@d.example"},
        {"u", NULL, "sip:d.example:5080;lr", "u@d.example"},
        {"u", NULL, NULL, NULL},
        {"u@d.example", NULL, NULL, "u"},
        {"u@other.example", "d.example", NULL, "u"},
        {"u@a@b", "d.example", NULL, "u"},
        {NULL, "d.example", NULL, NULL},
};

START_TEST(forms_of_the_username) {
        struct trunk t = {0};
        char *got = NULL;
        set(&t, TRUNK_TEXT_username, usernames[_i].username);
        set(&t, TRUNK_TEXT_domain, usernames[_i].domain);
        set(&t, TRUNK_TEXT_request_uri, usernames[_i].request_uri);
        ck_assert_int_eq(hypothesis_username(&t, &got), usernames[_i].other ? 0 : -ENOENT);
        ck_assert_pstr_eq(got, usernames[_i].other);
        free(got);
        trunk_clear(&t);
}
END_TEST

static const struct {
        const char *utf8, *latin1; /* NULL = it cannot be written so */
} encodings[] = {
        {"", ""},
        {"ascii", "ascii"},
        {"P\303\244ssw\303\266rd", "P\344ssw\366rd"},
        {"\302\200\303\277", "\200\377"},
        {"\304\200", NULL},         /* U+0100 */
        {"\342\202\254", NULL},     /* the euro sign */
        {"\360\237\246\230", NULL}, /* U+1F998 */
        {"P\344", NULL},            /* Latin-1 already: not UTF-8 */
        {"\303", NULL},             /* cut off */
        {"\300\257", NULL},         /* overlong */
        {"\355\240\200", NULL},     /* a surrogate */
};

START_TEST(text_in_latin1) {
        char *got = NULL;
        size_t n = 0;
        int r = hypothesis_latin1(span_of(encodings[_i].utf8), &got, &n);
        ck_assert_int_eq(r, encodings[_i].latin1 ? 0 : -EILSEQ);
        ck_assert_pstr_eq(got, encodings[_i].latin1);
        ck_assert_uint_eq(n, encodings[_i].latin1 ? strlen(encodings[_i].latin1) : 0);
        free(got);
}
END_TEST

int main(void) {
        Suite *suite = suite_create("hypothesis");
        TCase *tc = tcase_create("hypothesis");
        tcase_add_test(tc, words_round_trip);
        tcase_add_test(tc, odd_words_are_passed_over);
        tcase_add_test(tc, each_proves_a_cause);
        tcase_add_loop_test(tc, the_likeliest_first, 0, (int)ELEMENTS(refusals));
        tcase_add_loop_test(tc, forms_of_the_digest_uri, 0, (int)ELEMENTS(uris));
        tcase_add_test(tc, a_digest_uri_has_its_limit);
        tcase_add_loop_test(tc, forms_of_the_username, 0, (int)ELEMENTS(usernames));
        tcase_add_loop_test(tc, text_in_latin1, 0, (int)ELEMENTS(encodings));
        suite_add_tcase(suite, tc);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed != 0;
}
