/* test_sip_torture.c: the torture messages of RFC 4475 that matter to a client, as files. What the RFC shows as a request is there as the
 * RFC means it and, where its idea can hit a client, once more in a response (NAME-response).
 *
 * The files are seeds of the fuzzer too; this table says what must become of each, and why. */
#include <check.h>
#include <dirent.h>
#include <stdio.h>

#include "common/challenge.h"
#include "common/sip_message.h"

#define FOLDER "tests/fuzz/corpus/sip"
#define PREFIX "rfc4475-"

/* The request that waits. */
#define OURS .branch = "z9hG4bKours", .cseq = 7, .method = "REGISTER"
#define INVITED(of) .branch = (of), .cseq = 35, .method = "INVITE"

#define A_REQUEST .outcome = SIP_IS_REQUEST, .cseq = 1
#define FOREIGN .outcome = SIP_IS_FOREIGN, OURS
#define MALFORMED(text) .outcome = SIP_MALFORMED, .why = (text), OURS
#define READ(code, text) .status = (code), .reason = (text)

#define NOT_STATUS "the first line is not a SIP/2.0 status line"

static const struct torture {
        const char *file, *because; /* section of RFC 4475, and what the message is about */
        int outcome;                /* of sip_response_read(), or when that is 0 of sip_response_match() */
        const char *why;            /* of SIP_MALFORMED */
        /* the request it is matched with */
        const char *branch, *method;
        uint32_t cseq;
        /* what was read */
        int status;
        const char *reason; /* NULL = any */
        size_t body;
        const char *header, *value;
        const char *challenge; /* "" = can be answered, else what is wrong with the one that is chosen; NULL = there is none */
} messages[] = {
        /* -- what must be read ------------------------------------------------------------------------------------------ */
        {"wsinv", "3.1.1.1: folding, spaces and cases; a good request", A_REQUEST},
        {"wsinv-response", "3.1.1.1: folding, spaces and cases; a good response", OURS, READ(401, "Unauthorized"),
         .header = "UnknownHeaderWithUnusualValue", .value = ";;,,;;,;", .challenge = ""},
        {"intmeth", "3.1.1.2: odd characters, NUL among them; a good request", A_REQUEST},
        {"intmeth-response", "3.1.1.2: odd characters, NUL among them; a good response", .branch = "z9hG4bK-.!%66*_+`'~", .cseq = 139122385,
         .method = "!interesting-Method0123456789_*+`.%indeed'~", READ(200, "OK"), .header = "extensionHeader-!.%*+_`'~",
         .value = "\xef\xbb\xbf\xe5\xa4\xa7\xe5\x81\x9c\xe9\x9b\xbb"},
        {"longreq", "3.1.1.7: long values and many of them; a good request", A_REQUEST},
        {"longreq-response", "3.1.1.7: long values and many of them; a good response", OURS, READ(401, NULL), .body = 150, .header = "l",
         .value = "150", .challenge = ""},
        {"dblreq", "3.1.1.8: a second request in the datagram is not looked at", A_REQUEST},
        {"dblreq-response", "3.1.1.8: a second response in the datagram is not looked at", OURS, READ(401, "Unauthorized"),
         .challenge = ""},
        {"transports", "3.1.1.10: unknown transports in the Vias below ours; a good request", A_REQUEST},
        {"transports-response", "3.1.1.10: unknown transports in the Vias below ours; a good response", OURS, READ(200, "OK")},
        {"unreason", "3.1.1.12: the reason is UTF-8", INVITED("z9hG4bK1324923"),
         READ(200,
              "= 2**3 * 5**2 \xd0\xbd\xd0\xbe \xd1\x81\xd1\x82\xd0\xbe \xd0\xb4\xd0\xb5\xd0\xb2\xd1\x8f\xd0\xbd\xd0\xbe\xd1\x81\xd1\x82"
              "\xd0\xbe \xd0\xb4\xd0\xb5\xd0\xb2\xd1\x8f\xd1\x82\xd1\x8c - \xd0\xbf\xd1\x80\xd0\xbe\xd1\x81\xd1\x82\xd0\xbe\xd0\xb5"),
         .body = 154, .header = "Content-Type", .value = "application/sdp"},
        {"noreason", "3.1.1.13: the reason is empty", INVITED("z9hG4bK2398ndaoe"), READ(100, ""), .header = "Call-ID",
         .value = "noreason.asndj203insdf99223ndf"},
        {"bcast", "3.3.10: the second Via is a broadcast address, and no business of a client", INVITED("z9hG4bK1324923"), READ(200, "OK"),
         .body = 154, .header = "Contact", .value = "<sip:user@host28.example.com>"},

        /* -- what must be rejected, or do no harm --------------------------------------------------------------------------- */
        {"badinv01", "3.1.2.1: separators without parameters in the Via; a request is not for us", A_REQUEST},
        {"badinv01-response", "3.1.2.1: separators without parameters in the Via, so no branch", MALFORMED("it has no Via with a branch")},
        {"clerr", "3.1.2.2: Content-Length is larger than the body; a request is not for us", A_REQUEST},
        {"clerr-response", "3.1.2.2: Content-Length is larger than the body", MALFORMED("it is shorter than its Content-Length")},
        {"ncl", "3.1.2.3: Content-Length is negative; a request is not for us", A_REQUEST},
        {"ncl-response", "3.1.2.3: Content-Length is negative", MALFORMED("Content-Length is not a number")},
        {"scalar02", "3.1.2.4: numbers beyond 32 and 64 bits; a request is not for us", A_REQUEST},
        {"scalarlg", "3.1.2.5: numbers beyond 32 and 64 bits", SIP_MALFORMED, "its CSeq is malformed", .branch = "z9hG4bKzzxdiwo34sw",
         .method = "OPTIONS"},
        {"quotbal", "3.1.2.6: the quote in To does not end; a request is not for us", A_REQUEST},
        {"quotbal-response", "3.1.2.6: the quotes in To and in the challenge do not end: kept, and not answered", OURS,
         READ(401, "Unauthorized"), .challenge = "a quoted value does not end"},
        {"baddate", "3.1.2.12: Date is not in GMT; a request is not for us", A_REQUEST},
        {"baddate-response", "3.1.2.12: Date is not in GMT, and nothing is made of it", OURS, READ(401, "Unauthorized"), .header = "Date",
         .value = "Fri, 01 Jan 2010 16:00:00 EST", .challenge = ""},
        {"badvers", "3.1.2.16: a request of a version that is not known", MALFORMED(NOT_STATUS)},
        {"badvers-response", "3.1.2.16: a response of a version that is not known", MALFORMED(NOT_STATUS)},
        {"mismatch01", "3.1.2.17: CSeq names another method; a request is not for us", A_REQUEST},
        {"mismatch01-response", "3.1.2.17: CSeq names another method", FOREIGN},
        {"mismatch02", "3.1.2.18: CSeq names another method than an unknown one; a request is not for us", A_REQUEST},
        {"mismatch02-response", "3.1.2.18: CSeq names an unknown method", FOREIGN},
        {"bigcode", "3.1.2.19: a status beyond 32 bits", MALFORMED(NOT_STATUS)},
        {"badbranch", "3.2.1: a branch that is the magic cookie alone; a request is not for us", A_REQUEST},
        {"badbranch-response", "3.2.1: a branch that is the magic cookie alone", FOREIGN},
        {"insuf", "3.3.1: no Call-ID, From, To; a request is not for us", A_REQUEST},
        {"insuf-response", "3.3.1: no Call-ID, From, To", MALFORMED("it has no Call-ID")},
        {"regaut01", "3.3.7: an unknown scheme; a request is not for us", A_REQUEST},
        {"regaut01-response", "3.3.7: only a challenge of an unknown scheme: kept, and not answered", OURS, READ(401, "Unauthorized"),
         .challenge = "an unknown scheme"},
        {"regaut01-beside", "3.3.7: an unknown scheme above Digest", OURS, READ(401, "Unauthorized"), .challenge = ""},
        {"multi01", "3.3.8: fields twice that must be there once; a request is not for us", A_REQUEST},
        {"multi01-response", "3.3.8: fields twice that must be there once", MALFORMED("it has two CSeqs")},
        {"mcl01", "3.3.9: two Content-Lengths; a request is not for us", A_REQUEST},
        {"mcl01-response", "3.3.9: two Content-Lengths", MALFORMED("it has two Content-Lengths that differ")},
};

/* The file, in a block of its exact size: reading past it is seen by sanitizers. */
static char *load(const char *name, size_t *ret_n) {
        char path[128], bytes[SIP_MESSAGE_MAX];
        (void)snprintf(path, sizeof path, "%s/%s%s", FOLDER, PREFIX, name);
        FILE *in = fopen(path, "re");
        ck_assert_msg(in != NULL, "%s (the test runs at the root of the tree)", path);
        *ret_n = fread(bytes, 1, sizeof bytes, in);
        ck_assert(feof(in) && *ret_n > 0);
        ck_assert_int_eq(fclose(in), 0);
        char *exact = malloc(*ret_n);
        ck_assert_ptr_nonnull(exact);
        memcpy(exact, bytes, *ret_n);
        return exact;
}

/* "" = the challenge that is chosen can be answered; NULL = there is none; else what is wrong. */
static const char *judge_challenge(const struct sip_response *r) {
        struct challenge all[CHALLENGES_MAX];
        const struct sip_header *h;
        size_t n = 0;
        for (; n < CHALLENGES_MAX && (h = sip_header(r, "WWW-Authenticate", n)); n++)
                challenge_parse(&all[n], false, h->value);
        const struct challenge *chosen = challenge_choose(all, n, &(struct challenge_policy){0});
        if (!chosen)
                return NULL;
        ck_assert_uint_gt(chosen->text.n, 0); /* kept as evidence, whatever it is */
        return chosen->malformed ? chosen->malformed : chosen->is_digest ? "" : "an unknown scheme";
}

START_TEST(each_message_ends_as_the_rfc_wants) {
        const struct torture *t = &messages[_i];
        size_t n;
        char *bytes = load(t->file, &n);
        struct sip_response r;
        const char *why = NULL;
        int outcome = sip_response_read(&r, bytes, n, &why);
        if (outcome == 0)
                outcome = sip_response_match(&r, t->branch, t->cseq, t->method, &why);
        ck_assert_msg(outcome == t->outcome, "%s (%s): %d, %s", t->file, t->because, outcome, why ? why : "no complaint");
        ck_assert_msg(text_eq(why, t->why), "%s (%s): %s", t->file, t->because, why ? why : "no complaint");
        if (outcome == 0) {
                ck_assert_int_eq(r.status, t->status);
                ck_assert_msg(!t->reason || span_eq(r.reason, span_of(t->reason)), "%s: " SPAN_FMT, t->file, SPAN_ARG(r.reason));
                ck_assert_uint_eq(r.body.n, t->body);
                const struct sip_header *h = t->value ? sip_header(&r, t->header, 0) : NULL;
                ck_assert_msg(!t->value || (h && span_eq(h->value, span_of(t->value))), "%s: %s", t->file, t->header);
                const char *challenge = judge_challenge(&r);
                ck_assert_msg(text_eq(challenge, t->challenge), "%s (%s): %s", t->file, t->because, challenge ? challenge : "no challenge");
        }
        free(bytes);
}
END_TEST

static bool is_in_table(const char *name) {
        for (size_t i = 0; i < ELEMENTS(messages); i++)
                if (strcmp(name, messages[i].file) == 0)
                        return true;
        return false;
}

START_TEST(no_file_is_without_a_row) {
        DIR *folder = opendir(FOLDER);
        ck_assert_ptr_nonnull(folder);
        const struct dirent *entry;
        size_t n = 0;
        while ((entry = readdir(folder)))
                if (strncmp(entry->d_name, PREFIX, sizeof PREFIX - 1) == 0) {
                        ck_assert_msg(is_in_table(entry->d_name + sizeof PREFIX - 1), "%s", entry->d_name);
                        n++;
                }
        (void)closedir(folder);
        ck_assert_uint_eq(n, ELEMENTS(messages));
}
END_TEST

int main(void) {
        Suite *suite = suite_create("sip_torture");
        TCase *tc = tcase_create("sip_torture");
        tcase_add_loop_test(tc, each_message_ends_as_the_rfc_wants, 0, (int)ELEMENTS(messages));
        tcase_add_test(tc, no_file_is_without_a_row);
        suite_add_tcase(suite, tc);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed != 0;
}
