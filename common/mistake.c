/* mistake.c: which rewritings are tried on which input. What comes first explains first, so the plainer mistakes are on top. */
#include "mistake.h"

#include <openssl/crypto.h>
#include <stdio.h>

#include "rewrite.h"

#define GROWTH 8 /* no rewriting makes a byte more than this many */

/* -- lists of forms ---------------------------------------------------------------------------------------------------- */

static size_t find(const struct forms *f, struct span value, unsigned code) {
        size_t i = 0;
        while (i < f->n && !(f->items[i].code == code && span_eq(f->items[i].value, value)))
                i++;
        return i;
}

int forms_add(struct forms *f, enum cause cause, const char *what, struct span value, unsigned code) {
        if (find(f, value, code) < f->n)
                return 0;
        if (f->n == FORMS_MAX)
                return -ENOBUFS;
        char *copy = malloc(value.n + 1);
        if (!copy)
                return -ENOMEM;
        if (value.n > 0)
                memcpy(copy, value.p, value.n);
        copy[value.n] = '\0';
        f->items[f->n] = (struct form){cause, what, {copy, value.n}, code, f->n == 0 ? 0 : 1, CAUSE_COUNT};
        f->n++;
        return 0;
}

int forms_sent(struct forms *f, enum cause other, struct span value, unsigned code) {
        size_t i = find(f, value, code);
        if (i == f->n) {
                int r = forms_add(f, other, "as it was sent", value, code);
                if (r < 0)
                        return r;
        }
        f->sent = i;
        f->items[i].cost = 0;
        return 0;
}

void forms_clear(struct forms *f) {
        for (size_t i = 0; i < f->n; i++) {
                OPENSSL_cleanse((char *)(uintptr_t)f->items[i].value.p, f->items[i].value.n);
                free((char *)(uintptr_t)f->items[i].value.p);
        }
        f->n = f->sent = 0;
}

/* -- rules ----------------------------------------------------------------------------------------------------------------- */

struct rule {
        enum cause cause;
        const char *what;
        rewrite_fn *rewrite;
};

static int apply(struct forms *f, const struct rule *rules, size_t n, struct span from) {
        size_t size;
        if (mul_overflows(from.n, GROWTH, &size) || add_overflows(size, GROWTH, &size))
                return -ENOMEM;
        struct rewritten to = {.p = malloc(size), .size = size};
        int r = to.p ? 0 : -ENOMEM;
        for (size_t i = 0; i < n && r >= 0; i++) {
                to.n = 0;
                rules[i].rewrite(&to, from);
                if (to.n <= to.size)
                        r = forms_add(f, rules[i].cause, rules[i].what, (struct span){to.p, to.n}, 0);
        }
        if (to.p)
                OPENSSL_cleanse(to.p, size);
        free(to.p);
        return r;
}

/* before + text + after */
static int add_joined(struct forms *f, enum cause cause, const char *what, struct span before, struct span text, struct span after) {
        size_t n;
        if (add_overflows(before.n, text.n, &n) || add_overflows(n, after.n, &n))
                return -ENOMEM;
        struct rewritten to = {.p = malloc(n + 1), .size = n};
        if (!to.p)
                return -ENOMEM;
        rewritten_put(&to, before.p, before.n);
        rewritten_put(&to, text.p, text.n);
        rewritten_put(&to, after.p, after.n);
        int r = forms_add(f, cause, what, (struct span){to.p, to.n}, 0);
        OPENSSL_cleanse(to.p, n);
        free(to.p);
        return r;
}

/* Lengths of buffers that are met: sizes less a NUL, limits of forms and of other systems. */
static int add_cut(struct forms *f, enum cause cause, const char *what, struct span text) {
        static const size_t lengths[] = {6,  7,  8,  10, 12, 14, 15, 16, 20, 24, 25, 28,  30,  31,  32,  36,  39,  40,
                                         47, 48, 49, 50, 54, 60, 63, 64, 72, 80, 99, 100, 127, 128, 199, 200, 255, 256};
        int r = 0;
        for (size_t i = ELEMENTS(lengths); i-- > 0 && r >= 0;)
                if (lengths[i] < text.n)
                        r = forms_add(f, cause, what, (struct span){text.p, lengths[i]}, 0);
        return r;
}

/* Before the first of each of these characters. */
static int add_cut_at(struct forms *f, enum cause cause, const char *what, struct span text, const char *characters) {
        int r = 0;
        for (const char *c = characters; *c && r >= 0; c++) {
                const char *at = text.n > 0 ? memchr(text.p, *c, text.n) : NULL;
                if (at && at > text.p)
                        r = forms_add(f, cause, what, (struct span){text.p, (size_t)(at - text.p)}, 0);
        }
        return r;
}

/* -- credentials -------------------------------------------------------------------------------------------------------------- */

int mistake_usernames(struct forms *f, const struct mistake_source *s) {
        static const struct rule rules[] = {
                {CAUSE_USERNAME_CASE, "in lower case", rewrite_lower},
                {CAUSE_USERNAME_CASE, "in upper case", rewrite_upper},
                {CAUSE_USERNAME_BLANKS, "without the blanks around it", rewrite_trimmed},
                {CAUSE_USERNAME_ESCAPED, "with escapes of a URI", rewrite_percent_user},
                {CAUSE_USERNAME_ESCAPED, "with %-escapes", rewrite_percent},
                {CAUSE_USERNAME_ESCAPED, "with its escapes of a URI undone", rewrite_without_percent},
                {CAUSE_USERNAME_ESCAPED, "with quoted-pairs", rewrite_pairs},
                {CAUSE_USERNAME_QUOTES, "with quotes around it", rewrite_quoted},
        };
        struct span user = s->username, none = SPAN("");
        const char *at = user.n > 0 ? memrchr(user.p, '@', user.n) : NULL;
        struct span domains[] = {s->host, s->realm, s->configured_realm};
        int r = at ? forms_add(f, CAUSE_USERNAME_DOMAIN, "without its domain", (struct span){user.p, (size_t)(at - user.p)}, 0) : 0;
        for (size_t i = 0; i < ELEMENTS(domains) && r >= 0; i++) {
                if (!domains[i].p || domains[i].n == 0)
                        continue;
                _cleanup_(freep) char *domain = NULL;
                if (asprintf(&domain, "@" SPAN_FMT, SPAN_ARG(domains[i])) < 0)
                        return -ENOMEM;
                struct span after = span_of(domain);
                r = add_joined(f, CAUSE_USERNAME_DOMAIN, "with a domain", none, user, after);
                if (r >= 0 && at)
                        r = add_joined(f, CAUSE_USERNAME_DOMAIN, "with another domain", none, (struct span){user.p, (size_t)(at - user.p)},
                                       after);
                if (r >= 0)
                        r = add_joined(f, CAUSE_USERNAME_SCHEME, "as a SIP URI", SPAN("sip:"), user, after);
        }
        if (r >= 0)
                r = apply(f, rules, ELEMENTS(rules), user);
        if (r >= 0)
                r = add_joined(f, CAUSE_USERNAME_SCHEME, "with sip: in front", SPAN("sip:"), user, none);
        if (r >= 0 && user.n > 0 && user.p[0] == '+')
                r = forms_add(f, CAUSE_USERNAME_PLUS, "without its +", (struct span){user.p + 1, user.n - 1}, 0);
        else if (r >= 0)
                r = add_joined(f, CAUSE_USERNAME_PLUS, "with a + in front", SPAN("+"), user, none);
        if (r >= 0)
                r = add_joined(f, CAUSE_USERNAME_BLANKS, "with a blank after it", none, user, SPAN(" "));
        if (r >= 0)
                r = add_joined(f, CAUSE_USERNAME_BLANKS, "with a line end after it", none, user, SPAN("\n"));
        return r < 0 ? r : forms_add(f, CAUSE_USERNAME_EMPTY, "empty", none, 0);
}

int mistake_realms(struct forms *f, const struct mistake_source *s) {
        static const struct rule rules[] =
                {
                        {CAUSE_REALM_CASE, "in lower case", rewrite_lower},
                        {CAUSE_REALM_CASE, "in upper case", rewrite_upper},
                        {CAUSE_REALM_BLANKS, "without the blanks around it", rewrite_trimmed},
                        {CAUSE_REALM_BLANKS, "without the blanks after it", rewrite_right_trimmed},
                        {CAUSE_REALM_BLANKS, "without the blanks before it", rewrite_left_trimmed},
                        {CAUSE_REALM_QUOTES, "with quotes around it", rewrite_quoted},
                },
                                 raw_rules[] = {
                                         {CAUSE_REALM_ESCAPES, "with its quoted-pairs", rewrite_trimmed},
                                         {CAUSE_REALM_ESCAPES, "without any backslash", rewrite_without_backslashes},
                                         {CAUSE_REALM_QUOTES, "with quotes around it and its quoted-pairs", rewrite_quoted},
                                 };
        struct span none = SPAN("");
        int r = 0;
        if (s->configured_realm.p)
                r = forms_add(f, CAUSE_REALM_CONFIGURED, "as it is configured", s->configured_realm, 0);
        if (r >= 0)
                r = apply(f, rules, ELEMENTS(rules), s->realm);
        if (r >= 0)
                r = forms_add(f, CAUSE_REALM_ESCAPES, "with its quoted-pairs", s->realm_raw, 0);
        if (r >= 0)
                r = apply(f, raw_rules, ELEMENTS(raw_rules), s->realm_raw);
        if (r >= 0 && s->host.n > 0)
                r = forms_add(f, CAUSE_REALM_DOMAIN, "replaced by the Request-URI's host", s->host, 0);
        const char *at = s->username.n > 0 ? memrchr(s->username.p, '@', s->username.n) : NULL;
        if (r >= 0 && at)
                r = forms_add(f, CAUSE_REALM_DOMAIN, "replaced by the username's domain",
                              (struct span){at + 1, s->username.n - (size_t)(at + 1 - s->username.p)}, 0);
        if (r >= 0)
                r = add_joined(f, CAUSE_REALM_BLANKS, "with a blank after it", none, s->realm, SPAN(" "));
        if (r >= 0)
                r = add_cut_at(f, CAUSE_REALM_CUT, "cut at one of its characters", s->realm, ", \";:=@");
        if (r >= 0)
                r = add_cut_at(f, CAUSE_REALM_CUT, "cut at one of its characters", s->realm_raw, "\"\\");
        if (r >= 0)
                r = add_cut(f, CAUSE_REALM_CUT, "cut at a length", s->realm);
        return r < 0 ? r : forms_add(f, CAUSE_REALM_EMPTY, "empty", none, 0);
}

static const struct rule password_rules[] = {
        {CAUSE_PASSWORD_BLANKS, "without the blanks around it", rewrite_trimmed},
        {CAUSE_PASSWORD_BLANKS, "without the blanks after it", rewrite_right_trimmed},
        {CAUSE_PASSWORD_BLANKS, "without the blanks before it", rewrite_left_trimmed},
        {CAUSE_PASSWORD_QUOTES, "without the quotes around it", rewrite_unquoted},
        {CAUSE_PASSWORD_QUOTES, "with quotes around it", rewrite_quoted},
        {CAUSE_PASSWORD_QUOTES, "with single quotes around it", rewrite_single_quoted},
        {CAUSE_PASSWORD_CHARSET, "in ISO 8859-1", rewrite_latin1},
        {CAUSE_PASSWORD_CHARSET, "in Windows-1252", rewrite_windows1252},
        {CAUSE_PASSWORD_CHARSET, "made UTF-8 a second time, from ISO 8859-1", rewrite_utf8_again},
        {CAUSE_PASSWORD_CHARSET, "made UTF-8 a second time, from Windows-1252", rewrite_utf8_again_1252},
        {CAUSE_PASSWORD_CHARSET, "with ? for what is not ASCII", rewrite_question_marks},
        {CAUSE_PASSWORD_CHARSET, "without what is not ASCII", rewrite_ascii_only},
        {CAUSE_PASSWORD_COMPOSITION, "with its accents apart (NFD)", rewrite_decomposed},
        {CAUSE_PASSWORD_COMPOSITION, "with its accents joined (NFC)", rewrite_composed},
        {CAUSE_PASSWORD_PERCENT, "with %-escapes", rewrite_percent},
        {CAUSE_PASSWORD_PERCENT, "with %-escapes in lower case", rewrite_percent_lower},
        {CAUSE_PASSWORD_PERCENT, "with the %-escapes of a script", rewrite_percent_component},
        {CAUSE_PASSWORD_PERCENT, "with the %-escapes of a SIP URI", rewrite_percent_user},
        {CAUSE_PASSWORD_PERCENT, "escaped as in a form", rewrite_form},
        {CAUSE_PASSWORD_PERCENT, "with its %-escapes undone", rewrite_without_percent},
        {CAUSE_PASSWORD_PERCENT, "unescaped as from a form", rewrite_without_form},
        {CAUSE_PASSWORD_PERCENT, "with a blank for each +", rewrite_plus_as_space},
        {CAUSE_PASSWORD_PERCENT, "with each % doubled", rewrite_percents_doubled},
        {CAUSE_PASSWORD_PERCENT, "with each %% halved", rewrite_percents_halved},
        {CAUSE_PASSWORD_ENTITIES, "with entities", rewrite_entities},
        {CAUSE_PASSWORD_ENTITIES, "with entities, apostrophes by number", rewrite_entities_numeric},
        {CAUSE_PASSWORD_ENTITIES, "with entities, quotes as they are", rewrite_entities_basic},
        {CAUSE_PASSWORD_ENTITIES, "with its entities undone", rewrite_without_entities},
        {CAUSE_PASSWORD_DOLLAR, "with each $ doubled", rewrite_dollars_doubled},
        {CAUSE_PASSWORD_DOLLAR, "with each $$ halved", rewrite_dollars_halved},
        {CAUSE_PASSWORD_DOLLAR, "with a $NAME in it expanded to nothing", rewrite_expanded},
        {CAUSE_PASSWORD_BACKSLASH, "with quoted-pairs", rewrite_pairs},
        {CAUSE_PASSWORD_BACKSLASH, "with its quoted-pairs undone", rewrite_without_pairs},
        {CAUSE_PASSWORD_BACKSLASH, "with each backslash doubled", rewrite_doubled_backslashes},
        {CAUSE_PASSWORD_BACKSLASH, "without any backslash", rewrite_without_backslashes},
        {CAUSE_PASSWORD_CASE, "in lower case", rewrite_lower},
        {CAUSE_PASSWORD_CASE, "in upper case", rewrite_upper},
        {CAUSE_PASSWORD_CASE, "in the other case, as with Caps Lock", rewrite_swapped_case},
};

int mistake_passwords(struct forms *f, const struct mistake_source *s) {
        static const struct {
                enum cause cause;
                const char *what;
                struct span before, after;
        } added[] = {
                {CAUSE_PASSWORD_LINE_END, "with a newline after it", {"", 0}, {"\n", 1}},
                {CAUSE_PASSWORD_LINE_END, "with CR LF after it", {"", 0}, {"\r\n", 2}},
                {CAUSE_PASSWORD_LINE_END, "with a CR after it", {"", 0}, {"\r", 1}},
                {CAUSE_PASSWORD_LINE_END, "with a NUL after it", {"", 0}, {"\0", 1}},
                {CAUSE_PASSWORD_BLANKS, "with a blank after it", {"", 0}, {" ", 1}},
                {CAUSE_PASSWORD_BLANKS, "with a blank before it", {" ", 1}, {"", 0}},
                {CAUSE_PASSWORD_BLANKS, "with blanks around it", {" ", 1}, {" ", 1}},
                {CAUSE_PASSWORD_BLANKS, "with a tab after it", {"", 0}, {"\t", 1}},
                {CAUSE_PASSWORD_CHARSET, "with a byte order mark before it", {"\xEF\xBB\xBF", 3}, {"", 0}},
        };
        struct span password = s->password, none = SPAN("");
        int r = 0;
        for (size_t i = 0; i < ELEMENTS(added) && r >= 0; i++)
                r = add_joined(f, added[i].cause, added[i].what, added[i].before, password, added[i].after);
        if (r >= 0)
                r = apply(f, password_rules, ELEMENTS(password_rules), password);
        if (r >= 0)
                r = add_cut_at(f, CAUSE_PASSWORD_CUT, "cut at one of its characters", password, "#;,: \"'@%&$\\/?=<>|+!`");
        if (r >= 0)
                r = add_cut(f, CAUSE_PASSWORD_CUT, "cut at a length", password);
        if (r >= 0 && password.n > 1)
                r = forms_add(f, CAUSE_PASSWORD_CUT, "without its last character", (struct span){password.p, password.n - 1}, 0);
        if (r >= 0 && password.n > 1)
                r = forms_add(f, CAUSE_PASSWORD_CUT, "without its first character", (struct span){password.p + 1, password.n - 1}, 0);
        if (r >= 0 && s->username.p)
                r = forms_add(f, CAUSE_PASSWORD_USERNAME, "replaced by the username", s->username, 0);
        if (r >= 0)
                r = forms_add(f, CAUSE_PASSWORD_USERNAME, "replaced by the realm", s->realm, 0);
        return r < 0 ? r : forms_add(f, CAUSE_PASSWORD_EMPTY, "empty", none, 0);
}

/* -- request ------------------------------------------------------------------------------------------------------------------- */

int mistake_methods(struct forms *f) {
        static const char *const methods[] = {"REGISTER",  "INVITE", "OPTIONS", "ACK",  "BYE",   "CANCEL",  "PRACK", "UPDATE",
                                              "SUBSCRIBE", "NOTIFY", "MESSAGE", "INFO", "REFER", "PUBLISH", "GET",   "POST"};
        static const struct rule rules[] = {
                {CAUSE_METHOD_CASE, "in lower case", rewrite_lower},
                {CAUSE_METHOD_CASE, "in upper case", rewrite_upper},
        };
        int r = apply(f, rules, ELEMENTS(rules), f->items[0].value);
        for (size_t i = 0; i < ELEMENTS(methods) && r >= 0; i++)
                r = forms_add(f, CAUSE_METHOD_OTHER, "of another request", span_of(methods[i]), 0);
        return r < 0 ? r : forms_add(f, CAUSE_METHOD_EMPTY, "left out", SPAN(""), 0);
}

/* A SIP URI in its pieces, separators included: "sip:" "user@" "host" ":port" ";parameters". */
struct uri_pieces {
        struct span scheme, user, host, port, parameters;
};

static struct uri_pieces split_uri(struct span uri) {
        struct uri_pieces u = {{"", 0}, {"", 0}, uri, {"", 0}, {"", 0}};
        const char *colon = uri.n > 0 ? memchr(uri.p, ':', uri.n) : NULL;
        if (colon && (span_ieq((struct span){uri.p, (size_t)(colon - uri.p)}, SPAN("sip")) ||
                      span_ieq((struct span){uri.p, (size_t)(colon - uri.p)}, SPAN("sips")))) {
                size_t n = (size_t)(colon + 1 - uri.p);
                u.scheme = (struct span){uri.p, n};
                u.host = (struct span){uri.p + n, uri.n - n};
        }
        const char *at = u.host.n > 0 ? memrchr(u.host.p, '@', u.host.n) : NULL;
        if (at) {
                u.user = (struct span){u.host.p, (size_t)(at + 1 - u.host.p)};
                u.host = (struct span){at + 1, u.host.n - u.user.n};
        }
        size_t end = 0;
        while (end < u.host.n && u.host.p[end] != ';' && u.host.p[end] != '?')
                end++;
        u.parameters = (struct span){u.host.p + end, u.host.n - end};
        u.host.n = end;
        const char *port = end > 0 ? memrchr(u.host.p, ':', end) : NULL;
        if (port && !memchr(port, ']', (size_t)(u.host.p + end - port))) {
                u.port = (struct span){port, (size_t)(u.host.p + end - port)};
                u.host.n = (size_t)(port - u.host.p);
        }
        return u;
}

static int add_uri(struct forms *f, enum cause cause, const char *what, const struct uri_pieces *u) {
        _cleanup_(freep) char *text = NULL;
        int n = asprintf(&text, SPAN_FMT SPAN_FMT SPAN_FMT SPAN_FMT SPAN_FMT, SPAN_ARG(u->scheme), SPAN_ARG(u->user), SPAN_ARG(u->host),
                         SPAN_ARG(u->port), SPAN_ARG(u->parameters));
        return n < 0 ? -ENOMEM : forms_add(f, cause, what, (struct span){text, (size_t)n}, 0);
}

static int add_uri_pieces(struct forms *f, const struct uri_pieces *right) {
        static const struct span ports[] = {{":5060", 5}, {":5061", 5}}, schemes[] = {{"sip:", 4}, {"sips:", 5}, {"", 0}};
        static const char *const parameters[] = {
                ";transport=udp", ";transport=tcp", ";transport=tls", ";transport=UDP", ";transport=TCP", ";transport=TLS", ";lr",
                ";user=phone",    ";maddr="};
        struct uri_pieces u = *right;
        u.port = (struct span){"", 0};
        int r = add_uri(f, CAUSE_URI_PORT, "without its port", &u);
        for (size_t i = 0; i < ELEMENTS(ports) && r >= 0; i++) {
                u.port = ports[i];
                r = add_uri(f, CAUSE_URI_PORT, right->port.n > 0 ? "with another port" : "with a port", &u);
        }
        u = *right;
        u.parameters = (struct span){"", 0};
        if (r >= 0)
                r = add_uri(f, CAUSE_URI_PARAMETERS, "without its parameters", &u);
        for (size_t i = 0; i < ELEMENTS(parameters) && r >= 0; i++) {
                u.parameters = span_of(parameters[i]);
                r = add_uri(f, CAUSE_URI_PARAMETERS, "with a parameter", &u);
        }
        u = *right;
        for (size_t i = 0; i < ELEMENTS(schemes) && r >= 0; i++) {
                u.scheme = schemes[i];
                r = add_uri(f, CAUSE_URI_SCHEME, schemes[i].n > 0 ? "with another scheme" : "without its scheme", &u);
        }
        u = *right;
        u.user = (struct span){"", 0};
        return r < 0 ? r : add_uri(f, CAUSE_URI_USER, "without its user part", &u);
}

/* With the user part that the username would give. */
static int add_uri_users(struct forms *f, const struct uri_pieces *right, struct span username) {
        const char *at = username.n > 0 ? memchr(username.p, '@', username.n) : NULL;
        struct span user = {username.p, at ? (size_t)(at - username.p) : username.n};
        _cleanup_(freep) char *text = NULL;
        if (user.n == 0)
                return 0;
        int n = asprintf(&text, SPAN_FMT "@", SPAN_ARG(user));
        if (n < 0)
                return -ENOMEM;
        struct uri_pieces u = *right;
        u.user = (struct span){text, (size_t)n};
        return add_uri(f, CAUSE_URI_USER, "with the username", &u);
}

int mistake_uris(struct forms *f, const struct mistake_source *s) {
        static const struct rule rules[] = {
                {CAUSE_URI_CASE, "in lower case", rewrite_lower},
                {CAUSE_URI_CASE, "in upper case", rewrite_upper},
                {CAUSE_URI_BRACKETS, "in angle brackets", rewrite_angled},
                {CAUSE_URI_BRACKETS, "with quotes around it", rewrite_quoted},
                {CAUSE_URI_ESCAPED, "with its escapes undone", rewrite_without_percent},
                {CAUSE_URI_ESCAPED, "with escapes", rewrite_percent},
        };
        const struct uri_pieces right = split_uri(s->request_uri);
        const struct span nothing = {"", 0};
        int r = add_uri_pieces(f, &right);
        if (r >= 0)
                r = add_uri_users(f, &right, s->username);
        /* What several pieces at once leave: the address alone, or the host. */
        struct uri_pieces u = {right.scheme, nothing, right.host, nothing, nothing};
        if (r >= 0)
                r = add_uri(f, CAUSE_URI_HOST, "as scheme and host alone", &u);
        u.scheme = nothing;
        if (r >= 0)
                r = add_uri(f, CAUSE_URI_HOST, "as the host alone", &u);
        u.port = right.port;
        if (r >= 0)
                r = add_uri(f, CAUSE_URI_HOST, "as host and port alone", &u);
        u = (struct uri_pieces){right.scheme, nothing, s->realm, nothing, nothing};
        if (r >= 0)
                r = add_uri(f, CAUSE_URI_HOST, "with the realm as its host", &u);
        if (r >= 0)
                r = apply(f, rules, ELEMENTS(rules), s->request_uri);
        return r < 0 ? r : forms_add(f, CAUSE_URI_EMPTY, "empty", nothing, 0);
}

int mistake_bodies(struct forms *f) {
        static const struct rule rules[] = {
                {CAUSE_BODY_LINE_ENDS, "with LF as line ends", rewrite_lf},
                {CAUSE_BODY_LINE_ENDS, "with CR LF as line ends", rewrite_crlf},
                {CAUSE_BODY_LINE_ENDS, "without the line ends after it", rewrite_right_trimmed},
        };
        struct span body = f->items[0].value;
        int r = apply(f, rules, ELEMENTS(rules), body);
        if (r >= 0 && body.n > 0)
                r = add_joined(f, CAUSE_BODY_LINE_ENDS, "with one more line end", SPAN(""), body, SPAN("\r\n"));
        if (r >= 0)
                r = add_joined(f, CAUSE_BODY_LINE_ENDS, "with the empty line before it", SPAN("\r\n"), body, SPAN(""));
        return r < 0 ? r : forms_add(f, CAUSE_BODY_EMPTY, "empty", SPAN(""), 0);
}

/* -- nonce, nc, cnonce ---------------------------------------------------------------------------------------------------------- */

int mistake_nonces(struct forms *f, struct span raw) {
        static const struct rule rules[] = {
                {CAUSE_NONCE_QUOTES, "with quotes around it", rewrite_quoted},
                {CAUSE_NONCE_ESCAPED, "with its %-escapes undone", rewrite_without_percent},
                {CAUSE_NONCE_ESCAPED, "with %-escapes", rewrite_percent},
                {CAUSE_NONCE_ESCAPED, "with a blank for each +", rewrite_plus_as_space},
                {CAUSE_NONCE_ESCAPED, "without blanks around it", rewrite_trimmed},
                {CAUSE_NONCE_CASE, "in lower case", rewrite_lower},
                {CAUSE_NONCE_CASE, "in upper case", rewrite_upper},
        };
        struct span nonce = f->items[0].value;
        int r = forms_add(f, CAUSE_NONCE_ESCAPED, "with its quoted-pairs", raw, 0);
        if (r >= 0)
                r = apply(f, rules, ELEMENTS(rules), nonce);
        if (r >= 0)
                r = add_cut_at(f, CAUSE_NONCE_CUT, "cut at one of its characters", nonce, "=/+,:; -.\"");
        if (r >= 0 && nonce.n > 1)
                r = forms_add(f, CAUSE_NONCE_CUT, "without its last character", (struct span){nonce.p, nonce.n - 1}, 0);
        if (r >= 0)
                r = add_cut(f, CAUSE_NONCE_CUT, "cut at a length", nonce);
        return r < 0 ? r : forms_add(f, CAUSE_NONCE_EMPTY, "empty", SPAN(""), 0);
}

int mistake_counts(struct forms *f) {
        struct span right = f->items[0].value;
        char digits[9] = "", texts[6][24];
        if (right.n == 8)
                memcpy(digits, right.p, 8);
        uint32_t count = (uint32_t)strtoul(digits, NULL, 16);
        (void)snprintf(texts[0], sizeof texts[0], "%x", count);
        (void)snprintf(texts[1], sizeof texts[1], "%08u", count);
        (void)snprintf(texts[2], sizeof texts[2], "%u", count);
        (void)snprintf(texts[3], sizeof texts[3], "%08X", count);
        (void)snprintf(texts[4], sizeof texts[4], "%08x", count - 1);
        (void)snprintf(texts[5], sizeof texts[5], "%08x", count + 1);
        const struct {
                enum cause cause;
                const char *what, *text;
        } counts[] = {
                {CAUSE_NC_MALFORMED, "without its zeros", texts[0]},
                {CAUSE_NC_DECIMAL, "in eight decimal digits", texts[1]},
                {CAUSE_NC_DECIMAL, "in decimal digits", texts[2]},
                {CAUSE_NC_MALFORMED, "in upper case", texts[3]},
                {CAUSE_NC_COUNT, "as 00000001", "00000001"},
                {CAUSE_NC_COUNT, "one lower", texts[4]},
                {CAUSE_NC_COUNT, "one higher", texts[5]},
                {CAUSE_NC_MALFORMED, "as 1", "1"},
                {CAUSE_NC_COUNT, "as 00000000", "00000000"},
        };
        int r = add_joined(f, CAUSE_NC_MALFORMED, "with quotes around it", SPAN("\""), right, SPAN("\""));
        for (size_t i = 0; i < ELEMENTS(counts) && r >= 0; i++)
                r = forms_add(f, counts[i].cause, counts[i].what, span_of(counts[i].text), 0);
        return r < 0 ? r : forms_add(f, CAUSE_NC_LEFT_OUT, "empty", SPAN(""), 0);
}

int mistake_cnonces(struct forms *f, struct span raw) {
        static const struct rule rules[] = {
                {CAUSE_CNONCE_OTHER, "with quotes around it", rewrite_quoted},
                {CAUSE_CNONCE_OTHER, "in lower case", rewrite_lower},
                {CAUSE_CNONCE_OTHER, "in upper case", rewrite_upper},
        };
        struct span cnonce = f->items[0].value;
        int r = forms_add(f, CAUSE_CNONCE_LEFT_OUT, "empty", SPAN(""), 0);
        if (r >= 0)
                r = forms_add(f, CAUSE_CNONCE_OTHER, "with its quoted-pairs", raw, 0);
        if (r >= 0)
                r = apply(f, rules, ELEMENTS(rules), cnonce);
        return r < 0 ? r : add_cut(f, CAUSE_CNONCE_OTHER, "cut at a length", cnonce);
}
