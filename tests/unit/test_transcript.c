/* test_transcript.c: challenges and answers found in what people paste. */
#include <check.h>

#include "common/transcript.h"

#define CHALLENGE "Digest realm=\"r\", nonce=\"n\""
#define ANSWER "Digest username=\"u\", realm=\"r\", nonce=\"n\", response=\"0\""
#define REQUEST "REGISTER sip:h SIP/2.0\r\nCSeq: 2 REGISTER\r\nCall-ID: a@b\r\n"

/* The first answer that is found, and the challenge to it. */
static const struct {
        const char *name, *text;
        size_t n;
        const char *value, *method, *request_uri, *body, *challenge;
        unsigned line;
        bool proxy;
} samples[] = {
        {"a message", REQUEST "Authorization: " ANSWER "\r\nContent-Length: 2\r\n\r\nabc", 1, ANSWER, "REGISTER", "sip:h", "ab", NULL, 4,
         false},
        {"bare LF, the body's line ends as they were", "INVITE sip:h SIP/2.0\nProxy-Authorization: " ANSWER "\nContent-Length: 6\n\na\nb\n",
         1, ANSWER, "INVITE", "sip:h", "a\r\nb\r\n", NULL, 2, true},
        {"a body that ends within a line", "INVITE sip:h SIP/2.0\nAuthorization: " ANSWER "\nContent-Length: 4\n\na\nbcd\n", 1, ANSWER,
         "INVITE", "sip:h", "a\r\nb", NULL, 2, false},
        {"no length", REQUEST "Authorization: " ANSWER "\r\n\r\nabc\r\n", 1, ANSWER, "REGISTER", "sip:h", "abc\r\n", NULL, 4, false},
        {"no empty line", REQUEST "Authorization: " ANSWER, 1, ANSWER, "REGISTER", "sip:h", NULL, NULL, 4, false},
        {"header lines", "WWW-Authenticate: " CHALLENGE "\nauthorization : " ANSWER, 2, ANSWER, NULL, NULL, NULL, CHALLENGE, 2, false},
        {"values alone", "  " ANSWER "\n" CHALLENGE "\n", 2, ANSWER, NULL, NULL, NULL, CHALLENGE, 1, false},
        {"folded", "Authorization: Digest username=\"u\",\r\n realm=\"r\"\r\n\t, nonce=\"n\"", 1,
         "Digest username=\"u\",   realm=\"r\"   , nonce=\"n\"", NULL, NULL, NULL, NULL, 1, false},
        {"wrapped, its comma lost", "Authorization: Digest username=\"u\"\nrealm=\"r\"\nExpires: 0\n", 1,
         "Digest username=\"u\" realm=\"r\"", NULL, NULL, NULL, NULL, 1, false},
        {"indented, as a printer of captures does it",
         "10:00:01 10.0.0.1:5060 -> 10.0.0.2:5060\n    REGISTER sip:h SIP/2.0\\r\\n\n    Authorization: " ANSWER
         "\\r\\n\n    CSeq: 2 REGISTER\\r\\n\n",
         1, ANSWER, "REGISTER", "sip:h", NULL, NULL, 3, false},
        {"dots for CR", "U 10.0.0.1:5060 -> 10.0.0.2:5060\nOPTIONS sip:h SIP/2.0.\nAuthorization: " ANSWER ".\n.\n", 1, ANSWER, "OPTIONS",
         "sip:h", "", NULL, 3, false},
        {"response first",
         "SIP/2.0 401 Unauthorized\nCSeq: 1 REGISTER\nWWW-Authenticate: " CHALLENGE "\n\n" REQUEST "Authorization: " ANSWER "\r\n\r\n", 2,
         ANSWER, "REGISTER", "sip:h", "", CHALLENGE, 8, false},
        {"response last, not separated",
         "Authorization: " ANSWER
         "\nSIP/2.0 401 Unauthorized\nWWW-Authenticate: Digest realm=\"r\", nonce=\"m\"\nWWW-Authenticate: " CHALLENGE "\n",
         3, ANSWER, NULL, NULL, NULL, CHALLENGE, 1, false},
        {"several challenges",
         "WWW-Authenticate: " CHALLENGE ", algorithm=SHA-256\nWWW-Authenticate: " CHALLENGE "\nAuthorization: " ANSWER, 3, ANSWER, NULL,
         NULL, NULL, CHALLENGE, 3, false},
        {"nothing", "REGISTER sip:h SIP/2.0\r\nX-Authorization: no\r\nAuthentication-Info: rspauth=\"1\"\r\n\r\n", 0, NULL, NULL, NULL,
         NULL, NULL, 0, false},
        {"empty", "", 0, NULL, NULL, NULL, NULL, NULL, 0, false},
};

static void equal(struct span got, const char *wanted, const char *name, const char *what) {
        bool same = wanted ? got.p && span_eq(got, span_of(wanted)) : !got.p;
        ck_assert_msg(same, "%s: %s is \"" SPAN_FMT "\", not \"%s\"", name, what, SPAN_ARG(got), wanted ? wanted : "(none)");
}

START_TEST(finds) {
        const char *name = samples[_i].name;
        char *bytes = strdup(samples[_i].text);
        struct transcript *t = NULL;
        ck_assert_int_eq(transcript_read(&t, bytes, strlen(bytes)), 0);
        ck_assert_msg(t->n == samples[_i].n && t->n_found == t->n, "%s: %zu", name, t->n);
        size_t i = 0;
        while (i < t->n && !t->headers[i].is_answer)
                i++;
        if (samples[_i].value) {
                ck_assert_uint_lt(i, t->n);
                const struct transcript_header *h = &t->headers[i], *c = transcript_challenge(t, h);
                equal(h->value, samples[_i].value, name, "the value");
                equal(h->method, samples[_i].method, name, "the method");
                equal(h->request_uri, samples[_i].request_uri, name, "the Request-URI");
                equal(h->body, samples[_i].body, name, "the body");
                equal(c ? c->value : (struct span){NULL, 0}, samples[_i].challenge, name, "the challenge");
                ck_assert_uint_eq(h->line, samples[_i].line);
                ck_assert(h->proxy == samples[_i].proxy);
        }
        t = transcript_free(t);
        free(bytes);
}
END_TEST

START_TEST(several_messages) {
        char text[] = REQUEST "Authorization: " ANSWER "\r\nContent-Length: 0\r\n\r\nINVITE sip:b@h SIP/2.0\r\nAuthorization: " ANSWER
                              "\r\nCSeq: 3 INVITE\r\n\r\n";
        struct transcript *t = NULL;
        ck_assert_int_eq(transcript_read(&t, text, sizeof text - 1), 0);
        ck_assert(t->n == 2 && t->messages == 2);
        ck_assert(t->headers[0].message == 1 && t->headers[1].message == 2);
        ck_assert(t->headers[0].has_cseq && t->headers[0].cseq == 2 && t->headers[1].cseq == 3);
        equal(t->headers[0].call_id, "a@b", "first", "the Call-ID");
        equal(t->headers[1].call_id, NULL, "second", "the Call-ID");
        equal(t->headers[1].request_uri, "sip:b@h", "second", "the Request-URI");
        t = transcript_free(t);
}
END_TEST

START_TEST(limits) {
        static char text[TRANSCRIPT_BYTES_MAX + 1];
        struct transcript *t = NULL;
        memset(text, ' ', sizeof text);
        ck_assert_int_eq(transcript_read(&t, text, sizeof text), -E2BIG);
        for (size_t i = 0; i < TRANSCRIPT_HEADERS_MAX + 3; i++)
                memcpy(text + 10 * i, "Digest x=\n", 10);
        ck_assert_int_eq(transcript_read(&t, text, 10 * (TRANSCRIPT_HEADERS_MAX + 3)), 0);
        ck_assert(t->n == TRANSCRIPT_HEADERS_MAX && t->n_found == TRANSCRIPT_HEADERS_MAX + 3);
        t = transcript_free(t);
        ck_assert_ptr_null(transcript_free(NULL));
}
END_TEST

int main(void) {
        Suite *suite = suite_create("transcript");
        TCase *tc = tcase_create("transcript");
        tcase_add_loop_test(tc, finds, 0, (int)ELEMENTS(samples));
        tcase_add_test(tc, several_messages);
        tcase_add_test(tc, limits);
        suite_add_tcase(suite, tc);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed != 0;
}
