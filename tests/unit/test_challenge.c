/* test_challenge.c: challenges as carriers write them, and answers read back by a reader of the test's own. */
#include <check.h>
#include <stdio.h>

#include "common/challenge.h"

/* What a challenge must be read as. NULL = the parameter is absent. */
struct reading {
        const char *text;
        const char *malformed; /* NULL = well formed */
        const char *realm, *nonce, *opaque;
        bool stale, userhash, utf8;
        const char *algorithm_text;
        bool algorithm_known;
        enum digest_algorithm algorithm;
        const char *qop_text;
        bool auth, auth_int;
};

#define R .realm = "r", .nonce = "n"
#define MD5_ABSENT .algorithm_known = true, .algorithm = DIGEST_MD5

static const struct reading digests[] = {
        {"Digest realm=\"r\", nonce=\"n\"", R, MD5_ABSENT},
        /* order, case, spaces, empty elements */
        {"DIGEST NONCE=\"n\",REALM=\"r\"", R, MD5_ABSENT},
        {"digest\tnonce = \"n\" ,\t realm =\"r\" ", R, MD5_ABSENT},
        {"  Digest realm=\"r\",, ,nonce=\"n\",", R, MD5_ABSENT},
        {"Digest ,realm=\"r\",nonce=\"n\"", R, MD5_ABSENT},
        /* unknown parameters, quoted and not, and a name that only begins like a known one */
        {"Digest x=\"realm=\\\"evil\\\", y\", realm=\"r\", auth-param=1, nonce=\"n\", realms=\"z\", nonce2=\"z\"", R, MD5_ABSENT},
        /* unquoted values */
        {"Digest realm=r, nonce=n, opaque=o, qop=auth", R, MD5_ABSENT, .opaque = "o", .qop_text = "auth", .auth = true},
        {"Digest realm=r, nonce=a/b+c==", .realm = "r", .nonce = "a/b+c==", MD5_ABSENT},
        {"Digest realm=\"r\", nonce=a:b/c=,opaque=\"\"", .realm = "r", .nonce = "a:b/c=", .opaque = "", MD5_ABSENT},
        {"Digest realm=\"r\", nonce=\"awPDG2sD/we8n8V4+Q1h==\"", .realm = "r", .nonce = "awPDG2sD/we8n8V4+Q1h==", MD5_ABSENT},
        /* commas, escaped quotes, empty values: raw */
        {"Digest realm=\"acme, inc\", nonce=\"n\"", .realm = "acme, inc", .nonce = "n", MD5_ABSENT},
        {"Digest realm=\"My \\\"quoted\\\", realm\", nonce=\"n\"", .realm = "My \\\"quoted\\\", realm", .nonce = "n", MD5_ABSENT},
        {"Digest realm=\"a\\\\\", nonce=\"n\"", .realm = "a\\\\", .nonce = "n", MD5_ABSENT},
        {"Digest realm=\"a\tb\", nonce=\"n\"", .realm = "a\tb", .nonce = "n", MD5_ABSENT}, /* linear white space */
        {"Digest realm=\"\", nonce=\"\", opaque=\"\"", .realm = "", .nonce = "", .opaque = "", MD5_ABSENT},
        {"Digest realm=\"J\303\244s\303\270n\", nonce=\"n\"", .realm = "J\303\244s\303\270n", .nonce = "n", MD5_ABSENT},
        /* qop lists */
        {"Digest realm=\"r\", nonce=\"n\", qop=\"auth,auth-int\"", R, MD5_ABSENT, .qop_text = "auth,auth-int", .auth = true,
         .auth_int = true},
        {"Digest realm=\"r\", nonce=\"n\", qop=\" auth-int , AUTH \"", R, MD5_ABSENT, .qop_text = " auth-int , AUTH ", .auth = true,
         .auth_int = true},
        {"Digest realm=\"r\", nonce=\"n\", qop=\"auth auth-int\"", R, MD5_ABSENT, .qop_text = "auth auth-int", .auth = true,
         .auth_int = true},
        {"Digest realm=\"r\", nonce=\"n\", qop=\"auth-int\"", R, MD5_ABSENT, .qop_text = "auth-int", .auth_int = true},
        {"Digest realm=\"r\", nonce=\"n\", qop=\"auth-conf\"", R, MD5_ABSENT, .qop_text = "auth-conf"},
        {"Digest realm=\"r\", nonce=\"n\", qop=\"auth-conf,auth\"", R, MD5_ABSENT, .qop_text = "auth-conf,auth", .auth = true},
        {"Digest realm=\"r\", nonce=\"n\", qop=\"authentic,xauth\"", R, MD5_ABSENT, .qop_text = "authentic,xauth"},
        {"Digest realm=\"r\", nonce=\"n\", qop=\"\"", R, MD5_ABSENT, .qop_text = ""},
        /* flags */
        {"Digest realm=\"r\", nonce=\"n\", stale=TRUE", R, MD5_ABSENT, .stale = true},
        {"Digest realm=\"r\", nonce=\"n\", stale=\"true\"", R, MD5_ABSENT, .stale = true},
        {"Digest realm=\"r\", nonce=\"n\", stale=false", R, MD5_ABSENT},
        {"Digest realm=\"r\", nonce=\"n\", stale=\"FALSE\"", R, MD5_ABSENT},
        {"Digest realm=\"r\", nonce=\"n\", stale=1", R, MD5_ABSENT},
        {"Digest realm=\"r\", nonce=\"n\", stale=", R, MD5_ABSENT},
        {"Digest realm=\"r\", nonce=\"n\", userhash=true, charset=utf-8", R, MD5_ABSENT, .userhash = true, .utf8 = true},
        {"Digest realm=\"r\", nonce=\"n\", userhash=\"false\", charset=\"UTF-8\"", R, MD5_ABSENT, .utf8 = true},
        {"Digest realm=\"r\", nonce=\"n\", charset=ISO-8859-1", R, MD5_ABSENT},
        /* algorithms */
        {"Digest realm=\"r\", nonce=\"n\", algorithm=MD5", R, MD5_ABSENT, .algorithm_text = "MD5"},
        {"Digest realm=\"r\", nonce=\"n\", algorithm=\"md5\"", R, MD5_ABSENT, .algorithm_text = "md5"},
        {"Digest realm=\"r\", nonce=\"n\", algorithm=SHA-256", R, .algorithm_text = "SHA-256", .algorithm_known = true,
         .algorithm = DIGEST_SHA_256},
        {"Digest realm=\"r\", nonce=\"n\", algorithm=MD5-sess", R, .algorithm_text = "MD5-sess", .algorithm_known = true,
         .algorithm = DIGEST_MD5_SESS},
        {"Digest realm=\"r\", nonce=\"n\", algorithm=AKAv1-MD5", R, .algorithm_text = "AKAv1-MD5"},
        {"Digest realm=\"r\", nonce=\"n\", algorithm=\"\"", R, .algorithm_text = ""},
        /* what is wrong */
        {"Digest realm=\"r\", realm=\"r\", nonce=\"n\"", .malformed = "the realm is there twice"},
        {"Digest realm=\"r\", nonce=\"n\", Nonce=\"n\"", .malformed = "the nonce is there twice"},
        {"Digest realm=\"r\" nonce=\"n\"", .malformed = "a comma is missing between parameters"},
        {"Digest realm=r nonce=n", .malformed = "a comma is missing between parameters"},
        {"Digest realm=\"r\"nonce=\"n\"", .malformed = "a comma is missing between parameters"},
        {"Digest realm=\"My \"quoted\" realm\", nonce=\"n\"", .malformed = "a comma is missing between parameters"},
        {"Digest realm=\"r\", nonce=\"n", .malformed = "a quoted value does not end"},
        {"Digest realm=\"r\", nonce=\"n\\\"", .malformed = "a quoted value does not end"},
        {"Digest realm=\"r\", nonce=\"n\\", .malformed = "a quoted value does not end"},
        {"Digest realm=\"r\", nonce=\"", .malformed = "a quoted value does not end"},
        {"Digest realm, nonce=\"n\"", .malformed = "a parameter has no '='"},
        {"Digest realm=\"r\", nonce", .malformed = "a parameter has no '='"},
        {"Digest \"r\"", .malformed = "a parameter has no name"},
        {"Digest =\"r\"", .malformed = "a parameter has no name"},
        {"Digest realm=a\"b, nonce=\"n\"", .malformed = "an unquoted value holds a quote or a backslash"},
        {"Digest realm=\"r\", nonce=n\\", .malformed = "an unquoted value holds a quote or a backslash"},
        {"Digest realm=\"r\", nonce=\"a\1b\"", .malformed = "a value holds a control character"},
        {"Digest realm=\"r\", nonce=\"n\", opaque=\"\177\"", .malformed = "a value holds a control character"},
        {"Digest realm=\"a\rb\", nonce=\"n\"", .malformed = "a value holds a control character"},
        {"Digest", .malformed = "there is no realm"},
        {"Digest ", .malformed = "there is no realm"},
        {"Digest nonce=\"n\"", .malformed = "there is no realm"},
        {"Digest realm=\"r\"", .malformed = "there is no nonce"},
};

static void check_text(const char *what, const char *of, bool has, struct span got, const char *expected) {
        ck_assert_msg(has == (expected != NULL), "%s of %s", what, of);
        ck_assert_msg(!expected || span_eq(got, span_of(expected)), "%s of %s: " SPAN_FMT, what, of, SPAN_ARG(got));
}

START_TEST(reads_digest_challenges) {
        const struct reading *want = &digests[_i];
        struct challenge c;
        challenge_parse(&c, _i % 2 == 0, span_of(want->text));
        ck_assert(c.is_digest && !c.is_basic && c.proxy == (_i % 2 == 0));
        ck_assert(span_eq(c.text, span_of(want->text)));
        ck_assert_msg(text_eq(c.malformed, want->malformed), "%s: %s, not %s", want->text, c.malformed ? c.malformed : "well formed",
                      want->malformed ? want->malformed : "well formed");
        if (want->malformed)
                return;
        check_text("realm", want->text, c.has_realm, c.realm, want->realm);
        check_text("nonce", want->text, c.has_nonce, c.nonce, want->nonce);
        check_text("opaque", want->text, c.has_opaque, c.opaque, want->opaque);
        check_text("algorithm", want->text, c.algorithm_text.p != NULL, c.algorithm_text, want->algorithm_text);
        check_text("qop", want->text, c.has_qop, c.qop_text, want->qop_text);
        ck_assert_msg(c.stale == want->stale && c.userhash == want->userhash && c.utf8 == want->utf8, "flags of %s", want->text);
        ck_assert_msg(c.qop_auth == want->auth && c.qop_auth_int == want->auth_int, "qop of %s", want->text);
        ck_assert_msg(c.algorithm_known == want->algorithm_known, "algorithm of %s", want->text);
        if (want->algorithm_known)
                ck_assert_int_eq(c.algorithm, want->algorithm);
}
END_TEST

/* A value cut short anywhere is read within its bounds, and never as more than it was: each prefix lies in a block of its own size. */
START_TEST(prefixes_stay_within_bounds) {
        struct span whole = span_of(digests[_i].text);
        for (size_t n = 0; n <= whole.n; n++) {
                char *part = malloc(n > 0 ? n : 1);
                ck_assert_ptr_nonnull(part);
                memcpy(part, whole.p, n);
                struct challenge c;
                challenge_parse(&c, false, (struct span){part, n});
                ck_assert(c.malformed || !c.is_digest || (c.has_realm && c.has_nonce));
                free(part);
        }
}
END_TEST

static const struct {
        const char *text, *scheme, *malformed;
        bool is_basic;
} others[] = {
        {"Basic realm=\"r\"", "Basic", NULL, true},
        {"BASIC", "BASIC", NULL, true},
        {"Bearer authz_server=\"https://a.example\", scope=\"x y\"", "Bearer", NULL, false},
        {"NoOneKnowsThisScheme opaque-data=here", "NoOneKnowsThisScheme", NULL, false},
        {"Digestive realm=\"r\", nonce=\"n\"", "Digestive", NULL, false},
        {"", "", "there is no scheme", false},
        {"   ", "", "there is no scheme", false},
        {"=\"r\"", "", "there is no scheme", false},
        {"\"Digest\" realm=\"r\"", "", "there is no scheme", false},
        {"realm=\"r\", nonce=\"n\"", "realm", "there is no scheme", false},
        {"Digest, realm=\"r\"", "Digest", "there is no scheme", false},
};

START_TEST(knows_other_schemes) {
        struct challenge c;
        challenge_parse(&c, false, span_of(others[_i].text));
        ck_assert(span_eq(c.scheme, span_of(others[_i].scheme)));
        ck_assert(text_eq(c.malformed, others[_i].malformed));
        ck_assert_int_eq(c.is_basic, others[_i].is_basic);
        ck_assert(!c.is_digest || c.malformed);
}
END_TEST

/* More than 32 parameters are too many, also when what matters came first. */
START_TEST(limits_parameters) {
        for (int n = 28; n <= 40; n++) {
                char text[512];
                size_t at = (size_t)snprintf(text, sizeof text, "Digest realm=\"r\", nonce=\"n\"");
                for (int i = 2; i < n; i++)
                        at += (size_t)snprintf(text + at, sizeof text - at, ", x%d=1", i);
                struct challenge c;
                challenge_parse(&c, false, span_of(text));
                ck_assert_msg((c.malformed != NULL) == (n > 32), "%d parameters: %s", n, c.malformed ? c.malformed : "well formed");
                ck_assert(text_eq(c.malformed, n > 32 ? "there are too many parameters" : NULL));
        }
}
END_TEST

/* A NUL ends no value. */
START_TEST(refuses_nul_in_values) {
        static const char text[] = "Digest realm=\"a\0b\", nonce=\"n\"";
        struct challenge c;
        challenge_parse(&c, false, SPAN(text));
        ck_assert(text_eq(c.malformed, "a value holds a control character"));
}
END_TEST

/* What is echoed must fit the request: a carrier that sends more is at fault, not the probe. */
START_TEST(limits_what_is_echoed) {
        char value[CHALLENGE_ECHO_MAX], text[4 * CHALLENGE_ECHO_MAX];
        for (size_t n = sizeof value - 4; n < sizeof value; n++) {
                memset(value, 'x', n);
                value[n] = '\0';
                (void)snprintf(text, sizeof text, "Digest realm=\"%s\", nonce=\"%s\", opaque=\"%s\"", _i == 0 ? value : "r",
                               _i == 1 ? value : "n", _i == 2 ? value : "o");
                struct challenge c;
                challenge_parse(&c, false, span_of(text));
                ck_assert(text_eq(c.malformed, n + 2 > CHALLENGE_ECHO_MAX ? "its values are too long to be echoed" : NULL));
        }
}
END_TEST

/* -- several challenges (RFC 8760 section 2.4) ---------------------------------------------------------------------- */

#define MD5_CHALLENGE "Digest realm=\"r\", nonce=\"n\", algorithm=MD5"
#define SHA_CHALLENGE "Digest realm=\"r\", nonce=\"n\", algorithm=SHA-256"
#define SHA_512_CHALLENGE "Digest realm=\"r\", nonce=\"n\", algorithm=SHA-512-256"
#define SHA_SESSION_CHALLENGE "Digest realm=\"r\", nonce=\"n\", algorithm=SHA-256-sess, qop=\"auth\""
#define UNKNOWN_CHALLENGE "Digest realm=\"r\", nonce=\"n\", algorithm=SHA-384"
#define BROKEN_CHALLENGE "Digest realm=\"r\", algorithm=MD5"

static const struct {
        const char *texts[4];
        const char *wanted; /* NULL = any */
        int chosen;         /* -1 = none */
        size_t hex_digits;  /* of a stored HA1 */
        bool strongest;
} choices[] = {
        {{NULL}, NULL, -1, 0, false},
        {{NULL}, "MD5", -1, 0, false},
        {{MD5_CHALLENGE}, NULL, 0, 0, false},
        {{SHA_CHALLENGE, MD5_CHALLENGE}, NULL, 0, 0, false},
        {{MD5_CHALLENGE, SHA_CHALLENGE}, NULL, 0, 0, false}, /* the topmost, not the strongest: local policy decides by `wanted` */
        {{SHA_CHALLENGE, MD5_CHALLENGE}, "MD5", 1, 0, false},
        {{MD5_CHALLENGE, SHA_CHALLENGE}, "SHA-256", 1, 0, false},
        {{UNKNOWN_CHALLENGE, MD5_CHALLENGE}, NULL, 1, 0, false},
        {{UNKNOWN_CHALLENGE, BROKEN_CHALLENGE, SHA_CHALLENGE, MD5_CHALLENGE}, NULL, 2, 0, false},
        {{"Bearer x=1", "Basic realm=\"r\"", MD5_CHALLENGE}, NULL, 2, 0, false},
        {{"Bearer x=1", "Basic realm=\"r\""}, NULL, 0, 0, false},
        {{"Basic realm=\"r\"", BROKEN_CHALLENGE}, NULL, 1, 0, false},
        {{MD5_CHALLENGE}, "SHA-256", 0, 0, false}, /* evidence of the mismatch */
        {{BROKEN_CHALLENGE, UNKNOWN_CHALLENGE}, NULL, 0, 0, false},
        {{UNKNOWN_CHALLENGE, MD5_CHALLENGE}, "SHA-256", 0, 0, false},
        /* local policy: the strongest; of equals the topmost */
        {{MD5_CHALLENGE, SHA_CHALLENGE}, NULL, 1, 0, true},
        {{SHA_CHALLENGE, MD5_CHALLENGE}, NULL, 0, 0, true},
        {{MD5_CHALLENGE, SHA_512_CHALLENGE, SHA_CHALLENGE}, NULL, 1, 0, true},
        {{MD5_CHALLENGE, SHA_512_CHALLENGE, SHA_CHALLENGE}, NULL, 0, 0, false},
        {{MD5_CHALLENGE, MD5_CHALLENGE}, NULL, 0, 0, true},
        {{SHA_CHALLENGE, SHA_SESSION_CHALLENGE}, NULL, 0, 0, true},
        {{SHA_SESSION_CHALLENGE, SHA_CHALLENGE}, NULL, 0, 0, true},
        {{MD5_CHALLENGE, UNKNOWN_CHALLENGE, BROKEN_CHALLENGE, "Basic realm=\"r\""}, NULL, 0, 0, true},
        {{MD5_CHALLENGE, SHA_CHALLENGE}, "MD5", 0, 0, true}, /* the trunk's word counts more */
        /* a stored HA1 fits algorithms of its length only */
        {{SHA_CHALLENGE, MD5_CHALLENGE}, NULL, 1, 32, false},
        {{SHA_CHALLENGE, MD5_CHALLENGE}, NULL, 1, 32, true},
        {{MD5_CHALLENGE, SHA_CHALLENGE}, NULL, 1, 64, false},
        {{MD5_CHALLENGE, SHA_CHALLENGE, SHA_512_CHALLENGE}, NULL, 2, 64, true},
        {{SHA_CHALLENGE, MD5_CHALLENGE}, "SHA-256", 0, 32, false}, /* evidence of the mismatch */
        {{SHA_CHALLENGE}, NULL, 0, 32, true},
        {{"Basic realm=\"r\"", SHA_CHALLENGE}, NULL, 1, 32, false},
};

START_TEST(chooses_among_several) {
        struct challenge all[4];
        size_t n = 0;
        while (n < ELEMENTS(all) && choices[_i].texts[n]) {
                challenge_parse(&all[n], false, span_of(choices[_i].texts[n]));
                n++;
        }
        struct challenge_policy policy = {
                .has_wanted = choices[_i].wanted != NULL,
                .hex_digits = choices[_i].hex_digits,
                .strongest = choices[_i].strongest,
        };
        if (choices[_i].wanted)
                ck_assert(digest_algorithm_from(span_of(choices[_i].wanted), &policy.wanted));
        const struct challenge *chosen = challenge_choose(all, n, &policy);
        ck_assert_ptr_eq(chosen, choices[_i].chosen < 0 ? NULL : &all[choices[_i].chosen]);
}
END_TEST

/* What may be tried when the answer to the chosen one was refused. */
static const struct {
        const char *texts[4];
        const char *wanted; /* NULL = any */
        int other;          /* -1 = none */
        size_t hex_digits;
} others_to_try[] = {
        {{MD5_CHALLENGE}, NULL, -1, 0},
        {{SHA_CHALLENGE, MD5_CHALLENGE}, NULL, 1, 0},
        {{MD5_CHALLENGE, SHA_CHALLENGE, SHA_512_CHALLENGE}, NULL, 1, 0},
        {{MD5_CHALLENGE, MD5_CHALLENGE, SHA_CHALLENGE}, NULL, 2, 0},
        {{SHA_CHALLENGE, UNKNOWN_CHALLENGE, BROKEN_CHALLENGE, "Basic realm=\"r\""}, NULL, -1, 0},
        {{SHA_CHALLENGE, MD5_CHALLENGE}, "SHA-256", -1, 0}, /* the trunk's word */
        {{SHA_CHALLENGE, MD5_CHALLENGE}, NULL, -1, 32},
        {{SHA_CHALLENGE, MD5_CHALLENGE, SHA_512_CHALLENGE}, NULL, 2, 64},
};

START_TEST(another_may_be_tried) {
        struct challenge all[4];
        size_t n = 0;
        for (; n < ELEMENTS(all) && others_to_try[_i].texts[n]; n++)
                challenge_parse(&all[n], false, span_of(others_to_try[_i].texts[n]));
        struct challenge_policy policy = {.has_wanted = others_to_try[_i].wanted != NULL, .hex_digits = others_to_try[_i].hex_digits};
        if (others_to_try[_i].wanted)
                ck_assert(digest_algorithm_from(span_of(others_to_try[_i].wanted), &policy.wanted));
        const struct challenge *other = challenge_other(all, n, challenge_choose(all, n, &policy), &policy);
        ck_assert_ptr_eq(other, others_to_try[_i].other < 0 ? NULL : &all[others_to_try[_i].other]);
}
END_TEST

/* 3GPP TS 24.229 section 5.1.1.2: nothing of the password. */
START_TEST(a_user_is_named) {
        static const char expected[] =
                "Digest username=\"o\\\"brien, \\\\ s\", realm=\"a \\\"b\\\"\", nonce=\"\", uri=\"sip:d\", response=\"\"";
        char text[sizeof expected];
        ck_assert_int_eq(challenge_user_write("o\"brien, \\ s", "a \"b\"", "sip:d", text, sizeof text), 0);
        ck_assert_str_eq(text, expected);
        ck_assert_int_eq(challenge_user_write("o\"brien, \\ s", "a \"b\"", "sip:d", text, sizeof text - 1), -ENOBUFS);
}
END_TEST

static const struct {
        const char *raw, *realm;
        bool same;
} realms[] = {
        {"a.example", "a.example", true},
        {"a.example", "A.example", false},
        {"a.example", "a.exampl", false},
        {"a.exampl", "a.example", false},
        {"a.example ", "a.example", false},
        {"", "", true},
        {"", "a", false},
        {"a", "", false},
        {"b, c", "b, c", true},
        {"a \\\"b\\\"", "a \"b\"", true},
        {"a \\\"b\\\"", "a \\\"b\\\"", false},
        {"\\a", "a", true},
        {"a\\\\", "a\\", true},
        {"a\\\\", "a", false},
};

START_TEST(compares_realms) {
        struct challenge c = {.has_realm = true, .realm = span_of(realms[_i].raw)};
        ck_assert_int_eq(challenge_realm_is(&c, realms[_i].realm), realms[_i].same);
}
END_TEST

START_TEST(no_realm_is_not_the_empty_one) {
        struct challenge c;
        challenge_parse(&c, false, SPAN("Digest nonce=\"n\""));
        ck_assert(!challenge_realm_is(&c, ""));
        ck_assert(!challenge_realm_is(&c, "r"));
}
END_TEST

/* -- answers --------------------------------------------------------------------------------------------------------- */

/* A reader of credentials that knows only what RFC 7616 section 3.4 prescribes: fields in any order, each either quoted or not. */
struct field {
        char name[16];
        char value[256]; /* quoted-pairs undone */
        bool quoted;
};

static size_t read_credentials(const char *p, struct field fields[static 16]) {
        size_t n = 0;
        ck_assert(strncmp(p, "Digest ", 7) == 0);
        p += 7;
        for (;;) {
                ck_assert_uint_lt(n, 16);
                struct field *f = &fields[n++];
                size_t at = strcspn(p, "=");
                ck_assert_uint_lt(at, sizeof f->name);
                memcpy(f->name, p, at);
                f->name[at] = '\0';
                ck_assert_msg(strspn(f->name, "abcdefghijklmnopqrstuvwxyz") == at && at > 0, "name in %s", p);
                p += at;
                ck_assert_int_eq(*p++, '=');
                f->quoted = *p == '"';
                at = 0;
                if (f->quoted) {
                        for (p++; *p != '"'; p++) {
                                if (*p == '\\')
                                        p++;
                                ck_assert_int_ne(*p, '\0');
                                ck_assert_uint_lt(at, sizeof f->value - 1);
                                f->value[at++] = *p;
                        }
                        p++;
                } else {
                        for (; *p && *p != ','; p++) {
                                ck_assert_msg(strchr(" \"\\;=", *p) == NULL, "unquoted %s", p);
                                f->value[at++] = *p;
                        }
                        ck_assert_uint_gt(at, 0);
                }
                f->value[at] = '\0';
                if (*p == '\0')
                        return n;
                ck_assert_msg(strncmp(p, ", ", 2) == 0, "separator at %s", p);
                p += 2;
        }
}

static const struct field *field(const struct field *fields, size_t n, const char *name) {
        const struct field *found = NULL;
        for (size_t i = 0; i < n; i++)
                if (strcmp(fields[i].name, name) == 0) {
                        ck_assert_msg(found == NULL, "%s is there twice", name);
                        found = &fields[i];
                }
        return found;
}

static void check_field(const struct field *fields, size_t n, const char *name, const char *value, bool quoted) {
        const struct field *f = field(fields, n, name);
        ck_assert_msg((f != NULL) == (value != NULL), "%s", name);
        if (f) {
                ck_assert_str_eq(f->value, value);
                ck_assert_msg(f->quoted == quoted, "%s %s be quoted", name, quoted ? "must" : "must not");
        }
}

static const struct {
        const char *challenge, *username;
        enum digest_qop qop;
        const char *realm, *nonce, *opaque, *algorithm, *wire_username;
} answers[] = {
        {"Digest realm=\"r\", nonce=\"n\"", "alice", DIGEST_QOP_NONE, "r", "n", NULL, NULL, "alice"},
        {"Digest realm=\"r\", nonce=\"n\", qop=\"auth,auth-int\"", "alice", DIGEST_QOP_AUTH, "r", "n", NULL, NULL, "alice"},
        {"Digest realm=\"r\", nonce=\"n\", qop=\"auth-int\"", "alice", DIGEST_QOP_AUTH_INT, "r", "n", NULL, NULL, "alice"},
        {"Digest realm=\"r\", nonce=\"n\", opaque=\"\"", "alice", DIGEST_QOP_NONE, "r", "n", "", NULL, "alice"},
        {"Digest realm=\"r\", nonce=\"n\", opaque=o/=, algorithm=md5", "alice", DIGEST_QOP_NONE, "r", "n", "o/=", "md5", "alice"},
        {"Digest realm=\"r\", nonce=n=, algorithm=\"SHA-256\", qop=auth", "a\"l\\ice", DIGEST_QOP_AUTH, "r", "n=", NULL, "SHA-256",
         "a\"l\\ice"},
        {"Digest realm=\"a \\\"b\\\", c\\\\\", nonce=\"\\n\", opaque=\"\\\"\"", "u@d", DIGEST_QOP_NONE, "a \"b\", c\\", "n", "\"", NULL,
         "u@d"},
        {"Digest realm=\"api@example.org\", nonce=\"n\", userhash=true, algorithm=SHA-512-256, qop=auth", "J\303\244s\303\270n Doe",
         DIGEST_QOP_AUTH, "api@example.org", "n", NULL, "SHA-512-256", "793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b"},
        {"Digest realm=\"r\", nonce=\"n\", userhash=false", "alice", DIGEST_QOP_NONE, "r", "n", NULL, NULL, "alice"},
};

static struct digest_input input_of(const struct challenge *c, const char *username, enum digest_qop qop) {
        return (struct digest_input){
                .algorithm = c->algorithm,
                .qop = qop,
                .username = span_of(username),
                .realm = c->realm,
                .password = SPAN("secret"),
                .method = SPAN("REGISTER"),
                .uri = SPAN("sip:carrier.example:5060;transport=udp"),
                .nonce = c->nonce,
                .nc = SPAN("00000001"),
                .cnonce = SPAN("0a4f113b"),
        };
}

START_TEST(answers_read_back) {
        struct challenge c;
        challenge_parse(&c, false, span_of(answers[_i].challenge));
        ck_assert_ptr_null(c.malformed);
        struct digest_input in = input_of(&c, answers[_i].username, answers[_i].qop);
        char response[DIGEST_HEX_MAX + 1], text[1024];
        ck_assert_int_eq(digest_response(&in, response), 0);
        ck_assert_int_eq(challenge_answer_write(&c, &in, response, text, sizeof text), 0);

        struct field fields[16];
        size_t n = read_credentials(text, fields), expected = 5;
        bool with_qop = in.qop != DIGEST_QOP_NONE;
        check_field(fields, n, "username", answers[_i].wire_username, true);
        check_field(fields, n, "realm", answers[_i].realm, true);
        check_field(fields, n, "nonce", answers[_i].nonce, true);
        check_field(fields, n, "uri", "sip:carrier.example:5060;transport=udp", true);
        check_field(fields, n, "response", response, true);
        check_field(fields, n, "opaque", answers[_i].opaque, true);
        check_field(fields, n, "algorithm", answers[_i].algorithm, false);
        check_field(fields, n, "qop", with_qop ? digest_qop_name(in.qop) : NULL, false);
        check_field(fields, n, "nc", with_qop ? "00000001" : NULL, false);
        check_field(fields, n, "cnonce", with_qop ? "0a4f113b" : NULL, true);
        check_field(fields, n, "userhash", c.userhash ? "true" : NULL, false);
        expected += answers[_i].opaque ? 1 : 0;
        expected += answers[_i].algorithm ? 1 : 0;
        expected += with_qop ? 3 : 0;
        expected += c.userhash ? 1 : 0;
        ck_assert_uint_eq(n, expected);
}
END_TEST

/* Every smaller buffer is refused, and never written past its end. */
START_TEST(answers_need_room) {
        struct challenge c;
        challenge_parse(&c, false, span_of(answers[_i].challenge));
        struct digest_input in = input_of(&c, answers[_i].username, answers[_i].qop);
        char response[DIGEST_HEX_MAX + 1], text[1024];
        ck_assert_int_eq(digest_response(&in, response), 0);
        ck_assert_int_eq(challenge_answer_write(&c, &in, response, text, sizeof text), 0);
        size_t needed = strlen(text) + 1;
        for (size_t size = 0; size <= needed; size++) {
                char *exact = malloc(size > 0 ? size : 1);
                ck_assert_ptr_nonnull(exact);
                ck_assert_int_eq(challenge_answer_write(&c, &in, response, exact, size), size == needed ? 0 : -ENOBUFS);
                free(exact);
        }
}
END_TEST

static const struct {
        const char *text, *name, *value; /* NULL = absent */
} infos[] = {
        {"rspauth=\"abc\", nextnonce=\"n\"", "rspauth", "abc"},
        {"qop=auth, RSPAUTH = \"abc\" , nc=00000001", "rspauth", "abc"},
        {"nextnonce=\"a, rspauth=\\\"x\\\"\"", "rspauth", NULL},
        {"nextnonce=\"a, rspauth=\\\"x\\\"\", rspauth=\"y\"", "rspauth", "y"},
        {"rspauth=abc", "rspauth", "abc"},
        {"rspauth=\"\"", "rspauth", ""},
        {"", "rspauth", NULL},
        {"rspauth", "rspauth", NULL},
        {"xrspauth=\"abc\"", "rspauth", NULL},
        {"qop=auth rspauth=\"abc\"", "rspauth", NULL},
        {"qop=\"auth, rspauth=abc", "rspauth", NULL},
};

START_TEST(reads_authentication_info) {
        struct span got = SPAN("untouched");
        bool found = authentication_info_get(span_of(infos[_i].text), infos[_i].name, &got);
        ck_assert_int_eq(found, infos[_i].value != NULL);
        ck_assert(span_eq(got, found ? span_of(infos[_i].value) : SPAN("untouched")));
}
END_TEST

int main(void) {
        Suite *suite = suite_create("challenge");
        TCase *tc = tcase_create("challenge");
        tcase_add_loop_test(tc, reads_digest_challenges, 0, (int)ELEMENTS(digests));
        tcase_add_loop_test(tc, prefixes_stay_within_bounds, 0, (int)ELEMENTS(digests));
        tcase_add_loop_test(tc, knows_other_schemes, 0, (int)ELEMENTS(others));
        tcase_add_test(tc, limits_parameters);
        tcase_add_test(tc, refuses_nul_in_values);
        tcase_add_loop_test(tc, limits_what_is_echoed, 0, 3);
        tcase_add_loop_test(tc, chooses_among_several, 0, (int)ELEMENTS(choices));
        tcase_add_loop_test(tc, another_may_be_tried, 0, (int)ELEMENTS(others_to_try));
        tcase_add_test(tc, a_user_is_named);
        tcase_add_loop_test(tc, compares_realms, 0, (int)ELEMENTS(realms));
        tcase_add_test(tc, no_realm_is_not_the_empty_one);
        tcase_add_loop_test(tc, answers_read_back, 0, (int)ELEMENTS(answers));
        tcase_add_loop_test(tc, answers_need_room, 0, (int)ELEMENTS(answers));
        tcase_add_loop_test(tc, reads_authentication_info, 0, (int)ELEMENTS(infos));
        suite_add_tcase(suite, tc);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed != 0;
}
