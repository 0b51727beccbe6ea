/* explain_inputs.c: the inputs of an answer: the right form of each from what is known, what the answer shows, and the mistaken forms. */
#include <openssl/crypto.h>
#include <stdio.h>

#include "explain_private.h"
#include "rewrite.h"

/* A copy without quoted-pairs. */
static int plain(char **ret, struct span raw) {
        struct rewritten to = {.p = malloc(raw.n + 1), .size = raw.n};
        if (!to.p)
                return -ENOMEM;
        rewrite_without_pairs(&to, raw);
        to.p[to.n] = '\0';
        free(*ret);
        *ret = to.p;
        return 0;
}

static struct span host_of(struct span uri) {
        const char *end = uri.p + uri.n, *at = uri.n > 0 ? memrchr(uri.p, '@', uri.n) : NULL;
        const char *colon = !at && uri.n > 0 ? memchr(uri.p, ':', uri.n) : NULL;
        const char *p = at ? at + 1 : colon ? colon + 1 : uri.p;
        size_t n = 0;
        bool literal = p < end && *p == '[';
        while (p + n < end && p[n] != ';' && p[n] != '?' && p[n] != '>' && (literal || p[n] != ':'))
                literal &= p[n++] != ']';
        return (struct span){p, n};
}

int explain_read_texts(struct explain_work *w) {
        const struct authorization *a = &w->e->answer;
        const struct challenge *c = &w->e->challenge;
        struct {
                char **to;
                struct span raw;
        } const texts[] = {
                {&w->realm, c->realm},
                {&w->nonce, c->nonce},
                {&w->sent_username, a->username.text},
                {&w->sent_realm, a->realm.text},
                {&w->sent_nonce, a->nonce.text},
                {&w->sent_uri, a->uri.text},
                {&w->sent_cnonce, a->cnonce.text},
        };
        int r = 0;
        for (size_t i = 0; i < ELEMENTS(texts) && r >= 0; i++)
                r = plain(texts[i].to, texts[i].raw);
        if (r < 0)
                return r;
        struct span user = w->q->username.p ? w->q->username : span_of(w->sent_username);
        w->username = strndup(user.p, user.n);
        w->host = host_of(w->q->request_uri.p ? w->q->request_uri : span_of(w->sent_uri));
        return w->username ? 0 : -ENOMEM;
}

/* The forms of an input that the answer shows: the right one first, then the mistaken ones, then what was sent. A value that begins like
 * the right one was cut. */
static int show(struct forms *f, bool present, struct span sent, enum cause cut, enum cause other) {
        struct span right = f->items[0].value;
        bool is_cut = sent.n > 0 && sent.n < right.n && memcmp(sent.p, right.p, sent.n) == 0;
        return present ? forms_sent(f, is_cut ? cut : other, sent, 0) : 0;
}

static int fill_username(struct explain_work *w, const struct mistake_source *s) {
        const struct authorization *a = &w->e->answer;
        struct forms *f = &w->inputs.forms[INPUT_USERNAME];
        char hashed[DIGEST_HEX_MAX + 1], *joined = NULL;
        int r = forms_add(f, CAUSE_COUNT, "", s->username, 0);
        if (r < 0)
                return r;
        if (asprintf(&joined, "%s:%s", w->username, w->realm) < 0)
                return -ENOMEM;
        r = explain_search_hash(w->search, explain_hash_of(w->e->challenge.algorithm), span_of(joined), hashed);
        free(joined);
        if (r >= 0)
                r = mistake_usernames(f, s);
        if (r >= 0)
                r = forms_add(f, CAUSE_USERNAME_HASHED, "as userhash", span_of(hashed), 0);
        bool hash_said = span_ieq(a->userhash.text, SPAN("true"));
        if (r < 0 || (hash_said && text_eq(w->sent_username, hashed)))
                return r;
        if (hash_said)
                explain_add(w->e, verdict_of(CAUSE_USERHASH_PLAIN, "userhash=true with the username \"%.60s\"", w->sent_username));
        return show(f, a->username.present, span_of(w->sent_username), CAUSE_USERNAME_OTHER, CAUSE_USERNAME_OTHER);
}

/* HA1 as it was given, in lower case. */
static int fill_ha1(struct forms *f, struct span ha1) {
        char text[DIGEST_HEX_MAX];
        if (ha1.n != 32 && ha1.n != 64)
                return -EINVAL;
        for (size_t i = 0; i < ha1.n; i++) {
                char c = ha1.p[i];
                text[i] = c >= 'A' && c <= 'F' ? (char)(c | 32) : c;
                if (!(c >= '0' && c <= '9') && !(text[i] >= 'a' && text[i] <= 'f'))
                        return -EINVAL;
        }
        int r = forms_add(f, CAUSE_COUNT, "", (struct span){text, ha1.n}, PASSWORD_IS_HA1);
        if (r >= 0)
                r = forms_add(f, CAUSE_PASSWORD_HASHED, "replaced by HA1, which was hashed once more", (struct span){text, ha1.n}, 0);
        OPENSSL_cleanse(text, sizeof text);
        return r;
}

static int fill_password(struct explain_work *w, const struct mistake_source *s) {
        struct forms *f = &w->inputs.forms[INPUT_PASSWORD];
        if (w->q->ha1.p)
                return fill_ha1(f, w->q->ha1);
        char hashed[DIGEST_HEX_MAX + 1];
        int r = forms_add(f, CAUSE_COUNT, "", s->password, PASSWORD_PLAIN);
        if (r >= 0)
                r = mistake_passwords(f, s);
        if (r >= 0)
                r = explain_search_hash(w->search, HASH_MD5, s->password, hashed);
        if (r >= 0)
                r = forms_add(f, CAUSE_PASSWORD_HASHED, "replaced by its own MD5", span_of(hashed), 0);
        struct rewritten to = {.p = malloc(s->username.n + s->realm.n + s->password.n + 2)};
        if (r < 0 || !to.p) {
                free(to.p);
                return r < 0 ? r : -ENOMEM;
        }
        const struct span pieces[] = {s->username, SPAN(":"), s->realm, SPAN(":"), s->password};
        to.size = s->username.n + s->realm.n + s->password.n + 2;
        for (size_t i = 0; i < ELEMENTS(pieces); i++)
                rewritten_put(&to, pieces[i].p, pieces[i].n);
        for (enum explain_hash h = HASH_MD5; h <= HASH_SHA_512_256 && r >= 0; h++) {
                r = explain_search_hash(w->search, h, (struct span){to.p, to.n}, hashed);
                if (r >= 0)
                        r = forms_add(f, CAUSE_PASSWORD_HASHED, "replaced by HA1, which was hashed once more", span_of(hashed), 0);
        }
        OPENSSL_clear_free(to.p, to.size);
        OPENSSL_cleanse(hashed, sizeof hashed);
        return r;
}

static int fill_method(struct explain_work *w) {
        struct forms *f = &w->inputs.forms[INPUT_METHOD];
        bool known = w->q->method.p != NULL;
        int r = forms_add(f, CAUSE_COUNT, "", known ? w->q->method : SPAN("REGISTER"), 0);
        if (r >= 0)
                r = mistake_methods(f);
        for (size_t i = 0; i < f->n && !known; i++)
                if (f->items[i].cause == CAUSE_METHOD_OTHER) {
                        f->items[i].cause = CAUSE_COUNT;
                        f->items[i].cost = 0;
                }
        return r;
}

static int fill_uri(struct explain_work *w, struct mistake_source *s) {
        struct forms *f = &w->inputs.forms[INPUT_URI];
        s->request_uri = w->q->request_uri.p ? w->q->request_uri : span_of(w->sent_uri);
        int r = forms_add(f, CAUSE_COUNT, "", s->request_uri, 0);
        if (r >= 0)
                r = mistake_uris(f, s);
        return r < 0 ? r : show(f, w->e->answer.uri.present, span_of(w->sent_uri), CAUSE_URI_OTHER, CAUSE_URI_OTHER);
}

static int fill_body(struct explain_work *w) {
        struct forms *f = &w->inputs.forms[INPUT_BODY];
        struct span body = w->q->body.p ? w->q->body : SPAN("");
        int r = forms_add(f, CAUSE_COUNT, "", body, BODY_HASHED);
        if (r >= 0)
                r = mistake_bodies(f);
        if (r >= 0)
                r = forms_add(f, CAUSE_BODY_UNHASHED, "left out after its colon", SPAN(""), BODY_NOTHING);
        return r < 0 ? r : forms_add(f, CAUSE_BODY_UNHASHED, "itself in place of its hash", body, BODY_ITSELF);
}

/* Eight lower-case hex digits of what was sent; at a loss the first count. */
static void right_count(struct span sent, char ret[static 9]) {
        uint64_t count = sent.n > 0 ? 0 : 1;
        size_t n = sent.n;
        for (size_t i = 0; i < n && n <= 8; i++) {
                char c = sent.p[i];
                bool decimal = c >= '0' && c <= '9', letter = (c | 32) >= 'a' && (c | 32) <= 'f';
                if (!decimal && !letter)
                        n = 9;
                else
                        count = count << 4 | (uint64_t)(decimal ? c - '0' : (c | 32) - 'a' + 10);
        }
        (void)snprintf(ret, 9, "%08x", (unsigned)(n > 8 ? 1 : count));
}

static int fill_tail(struct explain_work *w) {
        const struct authorization *a = &w->e->answer;
        struct forms *nonce = &w->inputs.forms[INPUT_NONCE], *nc = &w->inputs.forms[INPUT_NC], *cnonce = &w->inputs.forms[INPUT_CNONCE];
        char count[9];
        int r = forms_add(nonce, CAUSE_COUNT, "", span_of(w->nonce), 0);
        if (r >= 0)
                r = mistake_nonces(nonce, w->e->challenge.nonce);
        if (r >= 0)
                r = show(nonce, a->nonce.present, span_of(w->sent_nonce), CAUSE_NONCE_CUT, CAUSE_NONCE_OTHER);
        right_count(a->nc.text, count);
        if (r >= 0)
                r = forms_add(nc, CAUSE_COUNT, "", span_of(count), 0);
        if (r >= 0)
                r = mistake_counts(nc);
        if (r >= 0 && a->nc.present)
                r = forms_sent(nc, CAUSE_NC_MALFORMED, a->nc.text, 0);
        if (r >= 0 && nc->sent > 0)
                nc->items[nc->sent].cause = CAUSE_NC_MALFORMED; /* whatever it comes from, that is what it is on the wire */
        if (r >= 0 && !a->nc.present && a->qop.present) {
                r = forms_sent(nc, CAUSE_NC_MISSING, SPAN(""), 0);
                nc->items[nc->sent].cause = CAUSE_NC_MISSING;
        }
        if (r >= 0)
                r = forms_add(cnonce, CAUSE_COUNT, "", span_of(w->sent_cnonce), 0);
        return r < 0 ? r : mistake_cnonces(cnonce, a->cnonce.text);
}

/* -- qop and algorithm ----------------------------------------------------------------------------------------------------------- */

static int add_qop(struct forms *f, enum cause cause, const char *what, const char *text, unsigned code) {
        return forms_add(f, cause, what, span_of(text), code);
}

static int fill_sent_qop(struct explain_work *w, struct forms *f) {
        const struct authorization_value *sent = &w->e->answer.qop;
        bool rfc_2069 = f->items[0].code & QOP_RFC_2069,
             list = sent->present && sent->text.n > 0 && memchr(sent->text.p, ',', sent->text.n);
        bool known = span_ieq(sent->text, SPAN("auth")) || span_ieq(sent->text, SPAN("auth-int"));
        if (!sent->present)
                return forms_sent(f, CAUSE_QOP_OMITTED, SPAN(""), QOP_RFC_2069);
        enum cause other = list ? CAUSE_QOP_LIST_HASHED : rfc_2069 ? CAUSE_QOP_NOT_OFFERED : known ? CAUSE_QOP_CASE : CAUSE_QOP_UNKNOWN;
        if (known && !rfc_2069 && (span_eq(sent->text, SPAN("auth")) || span_eq(sent->text, SPAN("auth-int"))))
                other = CAUSE_QOP_UNKNOWN;
        bool body = span_ieq(sent->text, SPAN("auth-int"));
        int r = forms_sent(f, other, sent->text, body ? QOP_BODY : 0);
        if (r < 0 || known)
                return r;
        /* Nothing says whether it was taken for auth-int, nor which of two that are offered was meant. */
        size_t shows = f->sent;
        r = forms_sent(f, other, sent->text, QOP_BODY);
        if (r >= 0 && w->e->challenge.qop_auth && w->e->challenge.qop_auth_int)
                r = forms_sent(f, CAUSE_COUNT, SPAN("auth-int"), QOP_BODY);
        f->sent = shows;
        return r;
}

static int fill_qop_lists(struct explain_work *w, struct forms *f) {
        const char *const lists[] = {"auth,auth-int", "auth, auth-int", "auth-int,auth", "auth-int, auth"};
        struct span offered = w->e->challenge.qop_text;
        int r = 0;
        for (unsigned body = 0; body <= QOP_BODY && r >= 0; body += QOP_BODY) {
                if (offered.n > 0)
                        r = forms_add(f, CAUSE_QOP_LIST_HASHED, "as the challenge's whole list", offered, body);
                for (size_t i = 0; i < ELEMENTS(lists) && r >= 0; i++)
                        r = add_qop(f, CAUSE_QOP_LIST_HASHED, "as a list", lists[i], body);
        }
        return r;
}

/* Each qop also with the other A2: one mistake more. */
static int fill_other_a2(struct forms *f) {
        size_t n = f->n;
        int r = 0;
        for (size_t i = 1; i < n && r >= 0; i++) {
                const struct form *one = &f->items[i];
                size_t before = f->n;
                if (one->cause == CAUSE_COUNT || one->cause == CAUSE_AUTH_INT_BODY)
                        continue;
                r = forms_add(f, one->cause, one->what, one->value, one->code ^ QOP_BODY);
                if (f->n > before) {
                        f->items[before].cost = one->cost + 1;
                        f->items[before].also = CAUSE_AUTH_INT_BODY;
                }
        }
        return r;
}

static int fill_qop(struct explain_work *w) {
        const struct challenge *c = &w->e->challenge;
        const struct authorization_value *sent = &w->e->answer.qop;
        struct forms *f = &w->inputs.forms[INPUT_QOP];
        bool sends_auth = span_eq(sent->text, SPAN("auth")), sends_int = span_eq(sent->text, SPAN("auth-int"));
        const char *right = sends_int && c->qop_auth_int ? "auth-int"
                            : c->qop_auth                ? "auth"
                            : c->qop_auth_int            ? "auth-int"
                            : c->has_qop && sends_auth   ? "auth"
                                                         : "";
        unsigned body = strcmp(right, "auth-int") == 0 ? QOP_BODY : 0;
        int r = add_qop(f, CAUSE_COUNT, "", right, *right ? body : QOP_RFC_2069);
        if (r >= 0)
                r = fill_sent_qop(w, f);
        if (r < 0)
                return r;
        body = f->items[f->sent].code & QOP_BODY;
        enum cause other = sent->present ? CAUSE_QOP_OTHER : CAUSE_QOP_HASHED;
        const struct {
                enum cause cause;
                const char *what, *text;
                unsigned code;
        } forms[] = {
                {CAUSE_QOP_IGNORED, "left out (RFC 2069's formula)", "", QOP_RFC_2069},
                {other, "as auth", "auth", 0},
                {other, "as auth-int", "auth-int", QOP_BODY},
                {CAUSE_AUTH_INT_BODY, "as auth, with H(body) in A2", "auth", QOP_BODY},
                {CAUSE_AUTH_INT_BODY, "as auth-int, without H(body) in A2", "auth-int", 0},
                {CAUSE_QOP_QUOTES, "with its quotes", "\"auth\"", 0},
                {CAUSE_QOP_QUOTES, "with its quotes", "\"auth-int\"", QOP_BODY},
                {CAUSE_QOP_QUOTES, "as a list with its quotes", "\"auth,auth-int\"", body},
                {CAUSE_QOP_CASE, "in upper case", "AUTH", 0},
                {CAUSE_QOP_CASE, "in upper case", "AUTH-INT", QOP_BODY},
                {CAUSE_QOP_LEFT_OUT, "empty", "", body},
        };
        for (size_t i = 0; i < ELEMENTS(forms) && r >= 0; i++)
                r = add_qop(f, forms[i].cause, forms[i].what, forms[i].text, forms[i].code);
        if (r >= 0)
                r = fill_qop_lists(w, f);
        return r < 0 ? r : fill_other_a2(f);
}

static enum cause algorithm_cause(unsigned right, unsigned code) {
        if (code / 2 == HASH_SHA_512_CUT)
                return CAUSE_SHA_CUT;
        if (right / 2 != code / 2)
                return CAUSE_ALGORITHM_OTHER;
        return code & ALGORITHM_SESSION ? CAUSE_SESSION_UNASKED : CAUSE_SESSION_LEFT_OUT;
}

static int fill_algorithm(struct explain_work *w) {
        static const char *const names[] = {"MD5",
                                            "MD5-sess",
                                            "SHA-256",
                                            "SHA-256-sess",
                                            "SHA-512-256",
                                            "SHA-512-256-sess",
                                            "SHA-512 cut to 256",
                                            "SHA-512-sess cut to 256"};
        struct forms *f = &w->inputs.forms[INPUT_ALGORITHM], *keys = &w->inputs.forms[INPUT_KEY];
        const struct authorization_value *sent = &w->e->answer.algorithm;
        enum digest_algorithm right = w->e->challenge.algorithm, shown = DIGEST_MD5;
        int r = forms_add(f, CAUSE_COUNT, "", span_of(names[right]), right);
        bool readable = sent->present && digest_algorithm_from(sent->text, &shown);
        if (r >= 0 && readable)
                r = forms_sent(f, algorithm_cause(right, shown), span_of(names[shown]), shown);
        for (unsigned i = 0; i < ELEMENTS(names) && r >= 0; i++)
                r = forms_add(f, algorithm_cause(right, i), "replaced", span_of(names[i]), i);

        static const struct {
                enum cause cause;
                const char *what;
                unsigned code;
        } ways[] =
                {
                        {CAUSE_COUNT, "", HEX_LOWER},
                        {CAUSE_HA1_CASE, "in upper-case hex digits", HEX_UPPER},
                        {CAUSE_HA1_BINARY, "as bytes, not as hex digits", HEX_NONE},
                        {CAUSE_HA1_ALGORITHM, "made with MD5", KEY_OF_HASH + HASH_MD5},
                        {CAUSE_HA1_ALGORITHM, "made with SHA-256", KEY_OF_HASH + HASH_SHA_256},
                        {CAUSE_HA1_ALGORITHM, "made with SHA-512-256", KEY_OF_HASH + HASH_SHA_512_256},
                },
          ha2_ways[] = {
                  {CAUSE_COUNT, "", HEX_LOWER},
                  {CAUSE_HA2_CASE, "in upper-case hex digits", HEX_UPPER},
                  {CAUSE_HA2_BINARY, "as bytes, not as hex digits", HEX_NONE},
          };
        for (size_t i = 0; i < ELEMENTS(ways) && r >= 0; i++)
                r = forms_add(keys, ways[i].cause, ways[i].what, SPAN(""), ways[i].code);
        for (size_t i = 0; i < ELEMENTS(ha2_ways) && r >= 0; i++)
                r = forms_add(&w->inputs.forms[INPUT_HA2], ha2_ways[i].cause, ha2_ways[i].what, SPAN(""), ha2_ways[i].code);
        return r;
}

int explain_fill(struct explain_work *w) {
        struct mistake_source s = {
                .username = span_of(w->username),
                .realm_raw = w->e->challenge.realm,
                .realm = span_of(w->realm),
                .configured_realm = w->q->realm,
                .password = w->q->password.p ? w->q->password : SPAN(""),
                .host = w->host,
        };
        struct forms *realm = &w->inputs.forms[INPUT_REALM];
        int r = fill_username(w, &s);
        if (r >= 0)
                r = forms_add(realm, CAUSE_COUNT, "", s.realm, 0);
        if (r >= 0)
                r = mistake_realms(realm, &s);
        if (r >= 0)
                r = show(realm, w->e->answer.realm.present, span_of(w->sent_realm), CAUSE_REALM_CUT, CAUSE_REALM_OTHER);
        if (r >= 0)
                r = fill_password(w, &s);
        if (r >= 0)
                r = fill_method(w);
        if (r >= 0)
                r = fill_uri(w, &s);
        if (r >= 0)
                r = fill_body(w);
        if (r >= 0)
                r = fill_tail(w);
        if (r >= 0)
                r = fill_qop(w);
        return r < 0 ? r : fill_algorithm(w);
}
