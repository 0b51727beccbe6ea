/* test_explain.c: published answers are right, each in every way that it is given; mistakes made by the digest module are named; what shows
 * in the text; what no mistake explains. The thousands of combinations are in tests/property/explain.py. */
#include <check.h>
#include <stdio.h>

#include "common/explain.h"
#include "digest_vectors.h"

#define TEXT_MAX 2048

/* A challenge and an answer to it, as a client writes them. */
struct exchange {
        char challenge[TEXT_MAX], authorization[TEXT_MAX];
};

static void write_challenge(const struct digest_input *in, const char *more, char *to) {
        const char *qop = in->qop == DIGEST_QOP_NONE ? "" : in->qop == DIGEST_QOP_AUTH ? ", qop=\"auth\"" : ", qop=\"auth-int\"";
        (void)snprintf(to, TEXT_MAX, "Digest realm=\"" SPAN_FMT "\", nonce=\"" SPAN_FMT "\", algorithm=%s%s%s", SPAN_ARG(in->realm),
                       SPAN_ARG(in->nonce), digest_algorithm_name(in->algorithm), qop, more);
}

/* The answer to that challenge, with the response of the given input, which may be another. */
static void write_answer(struct exchange *x, const struct digest_input *sent, const struct digest_input *hashed) {
        struct challenge c;
        char response[DIGEST_HEX_MAX + 1];
        challenge_parse(&c, false, span_of(x->challenge));
        ck_assert_ptr_null(c.malformed);
        ck_assert_int_eq(digest_response(hashed, response), 0);
        ck_assert_int_eq(challenge_answer_write(&c, sent, response, x->authorization, TEXT_MAX), 0);
}

static struct digest_input input_of(const struct digest_vector *v) {
        return (struct digest_input){
                .algorithm = v->algorithm,
                .qop = v->qop,
                .username = span_of(v->username),
                .realm = span_of(v->realm),
                .password = span_of(v->password),
                .method = span_of(v->method),
                .uri = span_of(v->uri),
                .nonce = span_of(v->nonce),
                .nc = span_of(v->nc),
                .cnonce = span_of(v->cnonce),
                .body = span_of(v->body),
        };
}

static struct explain_question question(const struct exchange *x, const struct digest_input *in) {
        return (struct explain_question){
                .challenge = span_of(x->challenge),
                .authorization = span_of(x->authorization),
                .method = in->method,
                .request_uri = in->uri,
                .body = in->body,
                .username = in->username,
                .password = in->password,
        };
}

static struct explanation *ask(const struct explain_question *q) {
        struct explanation *e = NULL;
        ck_assert_int_eq(explain(&e, q), 0);
        ck_assert_uint_gt(e->n_findings, 0);
        return e;
}

/* -- right answers ------------------------------------------------------------------------------------------------------------ */

START_TEST(published_answers_are_right) {
        const struct digest_vector *v = &digest_vectors[_i];
        const struct digest_input in = input_of(v);
        struct exchange x;
        write_challenge(&in, "", x.challenge);
        write_answer(&x, &in, &in);
        ck_assert_msg(strstr(x.authorization, v->response) != NULL, "%s", v->name);
        struct explain_question q = question(&x, &in);
        struct explanation *e = ask(&q);
        ck_assert_msg(e->end == EXPLAIN_RIGHT && e->hypotheses == 1, "%s: %s %s", v->name, cause_info(e->findings[0].cause)->word,
                      e->findings[0].detail);
        ck_assert(e->has_steps);
        ck_assert_str_eq(e->right.response, v->response);
        ck_assert_str_eq(e->right.ha1, v->ha1);
        ck_assert_uint_eq(e->right.a1_n, in.username.n + in.realm.n + in.password.n + 2);
        e = explanation_free(e);

        /* The same from HA1, in either case, and with nothing but the two lines. */
        char upper[DIGEST_HEX_MAX + 1] = "";
        for (size_t i = 0; v->ha1[i]; i++)
                upper[i] = v->ha1[i] >= 'a' ? (char)(v->ha1[i] - 32) : v->ha1[i];
        q.password = (struct span){NULL, 0};
        q.ha1 = span_of(upper);
        e = ask(&q);
        ck_assert_int_eq(e->end, EXPLAIN_RIGHT);
        ck_assert_ptr_null(e->right.a1);
        e = explanation_free(e);
        q.method = q.request_uri = q.username = (struct span){NULL, 0};
        e = ask(&q);
        bool known = strcmp(v->method, "REGISTER") == 0 || strcmp(v->method, "INVITE") == 0 || strcmp(v->method, "GET") == 0;
        ck_assert_msg(!known || e->end == EXPLAIN_RIGHT, "%s: %s", v->name, e->findings[0].detail);
        e = explanation_free(e);
}
END_TEST

/* -- mistakes ------------------------------------------------------------------------------------------------------------------- */

static const struct digest_input plain = {
        .algorithm = DIGEST_MD5,
        .qop = DIGEST_QOP_AUTH,
        .username = {"alice", 5},
        .realm = {"Carrier", 7},
        .password = {"se%cret ", 8},
        .method = {"REGISTER", 8},
        .uri = {"sip:carrier.example:5060", 24},
        .nonce = {"abc/123==", 9},
        .nc = {"0000000a", 8},
        .cnonce = {"0A4f113b", 8},
        .body = {"", 0},
};

/* What is hashed in place of the right input; the answer shows it or not. */
static const struct {
        size_t input; /* offset */
        const char *value;
        bool shows;
        enum cause cause;
} mistakes[] = {
#define AT(name) offsetof(struct digest_input, name)
        {AT(username), "alice@carrier.example", false, CAUSE_USERNAME_DOMAIN},
        {AT(username), "ALICE", true, CAUSE_USERNAME_CASE},
        {AT(username), "bob", true, CAUSE_USERNAME_OTHER},
        {AT(realm), "carrier", false, CAUSE_REALM_CASE},
        {AT(realm), "carrier.example", false, CAUSE_REALM_DOMAIN},
        {AT(password), "se%cret", false, CAUSE_PASSWORD_BLANKS},
        {AT(password), "se%cret \n", false, CAUSE_PASSWORD_LINE_END},
        {AT(password), "se%25cret%20", false, CAUSE_PASSWORD_PERCENT},
        {AT(password), "", false, CAUSE_PASSWORD_EMPTY},
        {AT(method), "INVITE", false, CAUSE_METHOD_OTHER},
        {AT(uri), "sip:carrier.example", true, CAUSE_URI_PORT},
        {AT(uri), "sip:carrier.example", false, CAUSE_URI_PORT},
        {AT(uri), "sip:carrier.example:5060;transport=tcp", false, CAUSE_URI_PARAMETERS},
        {AT(uri), "sip:elsewhere.example", true, CAUSE_URI_OTHER},
        {AT(nonce), "abc/123", false, CAUSE_NONCE_CUT},
        {AT(nc), "a", false, CAUSE_NC_MALFORMED},
        {AT(nc), "00000010", false, CAUSE_NC_DECIMAL},
        {AT(nc), "00000001", false, CAUSE_NC_COUNT},
        {AT(cnonce), "", false, CAUSE_CNONCE_LEFT_OUT},
#undef AT
};

START_TEST(one_mistake_is_named) {
        struct digest_input wrong = plain;
        *(struct span *)(void *)((char *)&wrong + mistakes[_i].input) = span_of(mistakes[_i].value);
        struct exchange x;
        write_challenge(&plain, "", x.challenge);
        write_answer(&x, mistakes[_i].shows ? &wrong : &plain, &wrong);
        const struct explain_question q = question(&x, &plain);
        struct explanation *e = ask(&q);
        ck_assert_int_eq(e->end, EXPLAIN_MISTAKE);
        ck_assert_msg(e->reproduced && e->n_findings == 1 && e->findings[0].cause == mistakes[_i].cause, "%s: %s %s", mistakes[_i].value,
                      cause_info(e->findings[0].cause)->word, e->findings[0].detail);
        ck_assert_ptr_null(strstr(e->findings[0].detail, "cret"));
        ck_assert(strcmp(e->right.response, e->observed.response) != 0);
        ck_assert_ptr_nonnull(strstr(x.authorization, e->observed.response));
        e = explanation_free(e);
}
END_TEST

START_TEST(two_mistakes_are_named) {
        struct digest_input wrong = plain;
        wrong.password = SPAN("se%cret");
        wrong.uri = SPAN("sips:carrier.example:5060");
        struct exchange x;
        write_challenge(&plain, "", x.challenge);
        write_answer(&x, &plain, &wrong);
        struct explain_question q = question(&x, &plain);
        struct explanation *e = ask(&q);
        ck_assert(e->end == EXPLAIN_MISTAKE && e->n_findings == 2);
        ck_assert(e->findings[0].cause == CAUSE_PASSWORD_BLANKS && e->findings[1].cause == CAUSE_URI_SCHEME);
        e = explanation_free(e);

        /* What the answer shows does not count as one of them. */
        struct digest_input shown = plain;
        shown.realm = wrong.realm = SPAN("elsewhere");
        write_challenge(&shown, "", x.challenge);
        write_answer(&x, &shown, &wrong);
        write_challenge(&plain, "", x.challenge);
        q = question(&x, &plain);
        e = ask(&q);
        ck_assert(e->reproduced && e->n_findings == 3);
        e = explanation_free(e);

        /* Three that it does not show are one too many. */
        wrong.username = SPAN("alice@carrier.example");
        write_challenge(&shown, "", x.challenge);
        write_answer(&x, &shown, &wrong);
        e = ask(&q);
        ck_assert(!e->reproduced && e->end == EXPLAIN_UNEXPLAINED);
        e = explanation_free(e);
}
END_TEST

START_TEST(another_password_stays_unexplained) {
        static const char *const others[] = {"se%cret1", "SE%CRET", "se%crfet ", "secret", "s", "se%cret se%cret ", "password"};
        for (size_t i = 0; i < ELEMENTS(others); i++) {
                struct digest_input wrong = plain;
                wrong.password = span_of(others[i]);
                struct exchange x;
                write_challenge(&plain, "", x.challenge);
                write_answer(&x, &plain, &wrong);
                struct explain_question q = question(&x, &plain);
                struct explanation *e = ask(&q);
                ck_assert_msg(e->end == EXPLAIN_UNEXPLAINED && e->findings[0].cause == CAUSE_ANSWER_UNEXPLAINED, "%s", others[i]);
                ck_assert_uint_gt(e->hypotheses, 1000);
                e = explanation_free(e);
        }
}
END_TEST

/* -- what shows ------------------------------------------------------------------------------------------------------------------- */

#define CHALLENGE "Digest realm=\"r\", nonce=\"n\", qop=\"auth,auth-int\", opaque=\"\", algorithm=MD5"
#define NO_QOP "Digest realm=\"r\", nonce=\"n\""
#define RESPONSE "response=\"0123456789abcdef0123456789abcdef\""
#define BASE "Digest username=\"u\", realm=\"r\", nonce=\"n\", uri=\"sip:h\", " RESPONSE
#define REST ", algorithm=MD5, opaque=\"\""

static const struct {
        const char *challenge, *authorization;
        enum cause causes[3];
} forms[] = {
        {CHALLENGE, BASE REST ", qop=auth, nc=00000001, cnonce=\"c\"", {CAUSE_ANSWER_UNCHECKED}},
        {NULL, BASE REST ", qop=auth, nc=00000001, cnonce=\"c\"", {CAUSE_ANSWER_UNCHECKED}},
        {NO_QOP, BASE, {CAUSE_ANSWER_UNCHECKED}},
        {NO_QOP, BASE ", qop=auth, nc=00000001, cnonce=\"c\"", {CAUSE_QOP_NOT_OFFERED}},
        {NO_QOP, BASE ", cnonce=\"c\"", {CAUSE_QOP_NOT_OFFERED}},
        {NO_QOP, BASE ", opaque=\"\"", {CAUSE_OPAQUE_CHANGED}},
        {CHALLENGE, BASE ", algorithm=MD5, qop=auth, nc=00000001, cnonce=\"c\"", {CAUSE_OPAQUE_MISSING}},
        {CHALLENGE, BASE REST ", qop=\"auth\", nc=00000001, cnonce=\"c\"", {CAUSE_QUOTED_QOP}},
        {CHALLENGE, BASE REST ", qop=auth, nc=\"00000001\", cnonce=\"c\"", {CAUSE_QUOTED_NC}},
        {CHALLENGE, BASE ", algorithm=\"MD5\", opaque=\"\", qop=auth, nc=00000001, cnonce=\"c\"", {CAUSE_QUOTED_ALGORITHM}},
        {CHALLENGE, BASE REST ", qop=auth, nc=00000001, cnonce=c", {CAUSE_UNQUOTED_VALUE}},
        {CHALLENGE, BASE REST ", qop=auth, nc=1, cnonce=\"c\"", {CAUSE_NC_MALFORMED}},
        {CHALLENGE, BASE REST ", qop=auth, nc=0000000A, cnonce=\"c\"", {CAUSE_NC_MALFORMED}},
        {CHALLENGE, BASE REST ", qop=auth, cnonce=\"c\"", {CAUSE_NC_MISSING}},
        {CHALLENGE, BASE REST ", qop=auth, nc=00000001", {CAUSE_CNONCE_MISSING}},
        {CHALLENGE, BASE REST ", qop=\"auth,auth-int\", nc=00000001, cnonce=\"c\"", {CAUSE_QOP_LIST_HASHED}},
        {CHALLENGE, BASE REST ", qop=auth,auth-int, nc=00000001, cnonce=\"c\"", {CAUSE_QOP_LIST_HASHED}},
        {CHALLENGE, BASE REST ", qop=undefined, nc=00000001, cnonce=\"c\"", {CAUSE_QOP_UNKNOWN}},
        {CHALLENGE, BASE ", opaque=\"\", qop=auth, nc=00000001, cnonce=\"c\"", {CAUSE_ANSWER_UNCHECKED, CAUSE_ALGORITHM_UNECHOED}},
        {CHALLENGE, BASE REST, {CAUSE_ANSWER_UNCHECKED, CAUSE_QOP_OMITTED}},
        {"Digest realm=\"R\", nonce=\"nn\"", BASE, {CAUSE_REALM_CASE, CAUSE_NONCE_CUT}},
        {"Digest realm=\"r\", nonce=\"n\", algorithm=SHA-256", BASE, {CAUSE_ALGORITHM_MISSING}},
        {"Digest realm=\"r\", nonce=\"n\", algorithm=SHA-256", BASE ", algorithm=MD5", {CAUSE_ALGORITHM_OTHER}},
        {NO_QOP, "Digest username=\"u\", realm=\"r\", nonce=\"n\", " RESPONSE, {CAUSE_ANSWER_INCOMPLETE}},
        {NO_QOP, "Digest username=\"u\", realm=\"r\", nonce=\"n\", uri=\"sip:h\", response=\"0123456789abcdef\"", {CAUSE_RESPONSE_CUT}},
        {NO_QOP, "Digest username=\"u", {CAUSE_ANSWER_UNREADABLE}},
        {NO_QOP, "Basic dTpw", {CAUSE_ANSWER_UNREADABLE}},
        {NO_QOP, "", {CAUSE_ANSWER_UNREADABLE}},
        {NO_QOP, BASE ", realm=\"r\"", {CAUSE_ANSWER_UNREADABLE}},
};

START_TEST(shows_in_the_text) {
        const struct explain_question q = {
                .challenge = span_of(forms[_i].challenge), .authorization = span_of(forms[_i].authorization), .request_uri = SPAN("sip:h")};
        struct explanation *e = ask(&q);
        size_t n = 0;
        while (n < ELEMENTS(forms[_i].causes) && (n == 0 || forms[_i].causes[n]))
                n++;
        ck_assert_msg(e->n_findings == n, "%s: %zu findings", forms[_i].authorization, e->n_findings);
        for (size_t i = 0; i < n; i++)
                ck_assert_msg(e->findings[i].cause == forms[_i].causes[i], "%s: %s", forms[_i].authorization,
                              cause_info(e->findings[i].cause)->word);
        ck_assert_int_eq(e->end, e->findings[0].cause == CAUSE_ANSWER_UNCHECKED ? EXPLAIN_UNCHECKED : EXPLAIN_MISTAKE);
        e = explanation_free(e);
}
END_TEST

START_TEST(sequence_and_header) {
        const struct explain_earlier earlier[] = {{SPAN("n"), SPAN("00000001"), SPAN("call"), true, 2}};
        struct explain_question q = {
                .challenge = SPAN(CHALLENGE),
                .authorization = SPAN(BASE REST ", qop=auth, nc=00000001, cnonce=\"c\""),
                .method = SPAN("INVITE"),
                .request_uri = SPAN("sip:h"),
                .call_id = SPAN("call"),
                .has_cseq = true,
                .cseq = 3,
                .earlier = earlier,
                .n_earlier = 1,
        };
        struct explanation *e = ask(&q);
        ck_assert_int_eq(e->findings[0].cause, CAUSE_NC_REPLAYED);
        e = explanation_free(e);
        q.method = SPAN("ACK");
        e = ask(&q);
        ck_assert_int_eq(e->findings[0].cause, CAUSE_ANSWER_UNCHECKED);
        e = explanation_free(e);
        q.method = SPAN("INVITE");
        q.cseq = 2; /* a retransmission */
        e = ask(&q);
        ck_assert_int_eq(e->findings[0].cause, CAUSE_ANSWER_UNCHECKED);
        e = explanation_free(e);
        const struct explain_earlier old[] = {{SPAN("m"), SPAN("00000001"), SPAN("call"), true, 1}};
        q.earlier = old;
        q.authorization = SPAN(BASE REST ", qop=auth, nc=00000002, cnonce=\"c\"");
        e = ask(&q);
        ck_assert_int_eq(e->findings[0].cause, CAUSE_NC_CARRIED_OVER);
        e = explanation_free(e);
        q.n_earlier = 0;
        q.has_headers = q.challenge_proxy = true;
        e = ask(&q);
        ck_assert_int_eq(e->findings[0].cause, CAUSE_WRONG_HEADER);
        e = explanation_free(e);
}
END_TEST

/* A malformed nc that was sent and hashed is in the text: two more may hide. */
START_TEST(what_is_sent_costs_nothing) {
        struct digest_input wrong = plain;
        struct exchange x;
        wrong.nc = SPAN("a");
        wrong.password = SPAN("se%cret");
        wrong.method = SPAN("INVITE");
        write_challenge(&plain, "", x.challenge);
        write_answer(&x, &wrong, &wrong);
        const struct explain_question q = question(&x, &plain);
        struct explanation *e = ask(&q);
        ck_assert(e->reproduced && e->n_findings == 3);
        e = explanation_free(e);
}
END_TEST

/* The first digits of the right response could be met by chance when they are few; eight bytes of it are it, cut. */
START_TEST(a_cut_response) {
        static const struct {
                int digits;
                bool reproduced;
        } cuts[] = {{0, false}, {6, false}, {15, false}, {16, true}, {31, true}};
        for (size_t i = 0; i < ELEMENTS(cuts); i++) {
                struct exchange x;
                char cut[TEXT_MAX];
                write_challenge(&plain, "", x.challenge);
                write_answer(&x, &plain, &plain);
                const char *response = strstr(x.authorization, "response=\"") + strlen("response=\"");
                (void)snprintf(cut, sizeof cut, "%.*s%s", (int)(response - x.authorization) + cuts[i].digits, x.authorization,
                               response + 32);
                struct explain_question q = question(&x, &plain);
                q.authorization = span_of(cut);
                struct explanation *e = ask(&q);
                ck_assert_msg(e->reproduced == cuts[i].reproduced, "%d digits", cuts[i].digits);
                ck_assert_int_eq(e->end, cuts[i].reproduced ? EXPLAIN_MISTAKE : EXPLAIN_UNEXPLAINED);
                ck_assert_int_eq(e->findings[cuts[i].reproduced ? 0 : 1].cause, CAUSE_RESPONSE_CUT);
                e = explanation_free(e);
        }
}
END_TEST

/* The platform's lastValidation, as a trunk has it. */
START_TEST(validations) {
        struct digest_input wrong = plain;
        struct exchange x;
        struct trunk t = {0};
        struct secret *password = NULL;
        struct verdict v;
        ck_assert_int_eq(explain_validation(&v, &t, NULL), EXPLAIN_NO_ANSWER);
        wrong.uri = SPAN("sip:carrier.example");
        wrong.password = SPAN("se%cret");
        write_challenge(&plain, "", x.challenge);
        write_answer(&x, &wrong, &wrong);
        ck_assert_int_eq(secret_new(&password, plain.password.p, plain.password.n), 0);
        t.password = password;
        ck_assert_int_eq(trunk_set(&t, TRUNK_TEXT_username, plain.username), 0);
        ck_assert_int_eq(trunk_set(&t, TRUNK_TEXT_request_uri, plain.uri), 0);
        ck_assert_int_eq(trunk_set(&t, TRUNK_TEXT_validation_challenge, span_of(x.challenge)), 0);
        ck_assert_int_eq(trunk_set(&t, TRUNK_TEXT_validation_authorization, span_of(x.authorization)), 0);
        ck_assert_int_eq(explain_validation(&v, &t, NULL), 0);
        ck_assert_int_eq(v.cause, CAUSE_PASSWORD_BLANKS);
        ck_assert_ptr_nonnull(strstr(v.detail, "; uri_port: digest-uri "));
        /* The method is not the one that was hashed. */
        ck_assert_int_eq(explain_validation(&v, &t, "OPTIONS"), 0);
        ck_assert_int_eq(v.cause, CAUSE_PASSWORD_BLANKS);
        ck_assert_ptr_nonnull(strstr(v.detail, "; method_other: "));
        /* What the platform wrote need not be an answer. */
        ck_assert_int_eq(trunk_set(&t, TRUNK_TEXT_validation_authorization, SPAN("redacted")), 0);
        ck_assert_int_eq(explain_validation(&v, &t, NULL), EXPLAIN_NO_ANSWER);
        trunk_clear(&t);
        password = secret_free(password);
}
END_TEST

START_TEST(refuses) {
        static char text[EXPLAIN_VALUE_MAX + 1];
        memset(text, 'x', sizeof text);
        struct explanation *e = NULL;
        struct explain_question q = {.authorization = SPAN(BASE), .username = {text, sizeof text}};
        ck_assert_int_eq(explain(&e, &q), -E2BIG);
        q.username.n--;
        q.ha1 = SPAN("0123");
        ck_assert_int_eq(explain(&e, &q), -EINVAL);
        q.ha1 = SPAN("0123456789abcdef0123456789abcdeg");
        ck_assert_int_eq(explain(&e, &q), -EINVAL);
        ck_assert_ptr_null(e);
        q.ha1 = SPAN("0123456789abcdef0123456789abcdef");
        ck_assert_int_eq(explain(&e, &q), 0);
        e = explanation_free(e);
        ck_assert_ptr_null(explanation_free(NULL));
}
END_TEST

int main(void) {
        Suite *suite = suite_create("explain");
        TCase *tc = tcase_create("explain");
        tcase_add_loop_test(tc, published_answers_are_right, 0, (int)ELEMENTS(digest_vectors));
        tcase_add_loop_test(tc, one_mistake_is_named, 0, (int)ELEMENTS(mistakes));
        tcase_add_test(tc, two_mistakes_are_named);
        tcase_add_test(tc, another_password_stays_unexplained);
        tcase_add_loop_test(tc, shows_in_the_text, 0, (int)ELEMENTS(forms));
        tcase_add_test(tc, sequence_and_header);
        tcase_add_test(tc, what_is_sent_costs_nothing);
        tcase_add_test(tc, a_cut_response);
        tcase_add_test(tc, validations);
        tcase_add_test(tc, refuses);
        suite_add_tcase(suite, tc);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed != 0;
}
