/* explain_command.c: header lines and pasted messages in, each answer recomputed step by step, the difference named. */
#include "explain_command.h"

#include <openssl/crypto.h>
#include <stdarg.h>
#include <stdio.h>

#include "../common/explain.h"
#include "../common/nonce.h"
#include "../common/report.h"
#include "../common/secret.h"
#include "../common/transcript.h"
#include "../common/utc_time.h"
#include "now.h"

enum { EXIT_RIGHT = 0, EXIT_MISTAKE = 1, EXIT_USAGE = 2, EXIT_UNEXPLAINED = 3, EXIT_BROKEN = 4 };

struct command {
        const struct explain_options *options;
        struct secret *secret;
        char *bytes; /* of the messages, changed by the reader */
        size_t n;
        char *lines[2];                  /* of --challenge and --authorization, the same */
        struct transcript *messages;     /* NULL = none were given */
        struct transcript *given[2];     /* of --challenge and --authorization */
        struct explain_earlier *earlier; /* answers before the one that is explained */
        size_t n_earlier;
        size_t printed;
};

static int complain(int code, const char *format, ...) _printf_(2, 3);
static int complain(int code, const char *format, ...) {
        va_list args;
        va_start(args, format);
        (void)fputs("trunkaudit: explain: ", stderr);
        (void)vfprintf(stderr, format, args);
        (void)fputc('\n', stderr);
        va_end(args);
        return code;
}

/* -- text ------------------------------------------------------------------------------------------------------------------- */

/* A text of a peer on a terminal: control characters become '?'. */
static void show(const char *before, const char *text, size_t n) {
        (void)fputs(before, stdout);
        for (size_t i = 0; i < n; i++)
                (void)putchar((unsigned char)text[i] < ' ' || text[i] == 127 ? '?' : text[i]);
        (void)putchar('\n');
}

static void show_hidden(const struct explain_steps *s) {
        _cleanup_(freep) char *text = NULL;
        int n = asprintf(&text, "%.*s(password hidden)", (int)s->a1_open, s->a1);
        show("  A1        ", n < 0 ? "(hidden)" : text, n < 0 ? strlen("(hidden)") : (size_t)n);
}

static void show_steps(const struct command *c, const struct explain_steps *s) {
        bool secrets = c->options->show_secrets;
        if (s->a1 && secrets)
                show("  A1        ", s->a1, s->a1_n);
        else if (s->a1)
                show_hidden(s);
        else
                (void)puts("  A1        (unknown: HA1 was given)");
        (void)printf("  HA1       %s\n", secrets ? s->ha1 : "(hidden)");
        if (strcmp(s->key, s->ha1) != 0)
                (void)printf("  key       %s\n", secrets ? s->key : "(hidden)");
        show("  A2        ", s->a2, s->a2_n);
        (void)printf("  HA2       %s\n", s->ha2);
        show("  hashed    ", s->hashed, strlen(s->hashed));
        (void)printf("  response  %s\n", s->response);
}

static void show_nonce(struct span nonce) {
        struct nonce_facts facts;
        nonce_read(&facts, nonce, now_realtime() / (int64_t)USEC_PER_SEC);
        char text[UTC_TIME_MAX];
        const char *family = nonce_family_name(facts.family), *policy = nonce_policy_word(&facts);
        if (!facts.has_issued || !*utc_time_format(text, facts.issued_usec))
                (void)printf("nonce: %s\n", family ? family : "it gives nothing away");
        else if (facts.has_lifetime)
                (void)printf("nonce: %s, issued %s by the carrier's clock, good for %lld s%s%s\n", family, text,
                             (long long)facts.lifetime_sec, policy ? ", " : "", policy ? policy : "");
        else
                (void)printf("nonce: %s, issued %s by the carrier's clock%s%s\n", family, text, policy ? ", " : "", policy ? policy : "");
}

static void show_finding(const struct verdict *v) {
        const struct cause_info *info = cause_info(v->cause);
        (void)printf("%s %s: %s (%s)\n", outcome_word(info->outcome), info->word, info->sentence, v->detail);
        if (info->outcome != OUTCOME_PASS)
                (void)printf("  %s (%s)\n", info->remedy, info->reference);
}

static void show_explanation(const struct command *c, const struct explain_question *q, const struct explanation *e, unsigned line) {
        if (c->printed > 0)
                (void)putchar('\n');
        if (line > 0)
                (void)printf("line %u\n", line);
        if (q->method.p)
                show("method: ", q->method.p, q->method.n);
        if (q->request_uri.p)
                show("Request-URI: ", q->request_uri.p, q->request_uri.n);
        if (q->challenge.p)
                show("challenge: ", q->challenge.p, q->challenge.n);
        else
                (void)puts("challenge: not given; what the answer repeats of it is taken");
        show("answer: ", e->answer.text.p, e->answer.text.n);
        show_nonce(e->challenge.nonce);
        if (e->has_steps) {
                (void)puts("from the right inputs:");
                show_steps(c, &e->right);
        }
        if (e->reproduced && e->end != EXPLAIN_RIGHT) {
                (void)puts("as it was made:");
                show_steps(c, &e->observed);
        }
        if (e->has_steps)
                show("observed    ", e->answer.response.text.p, e->answer.response.text.n);
        for (size_t i = 0; i < e->n_findings; i++)
                show_finding(&e->findings[i]);
}

/* -- JSON --------------------------------------------------------------------------------------------------------------------- */

/* One member of an object; n bytes of value, NULL = null. */
static void member(const char *before, const char *name, const char *value, size_t n) {
        _cleanup_(freep) char *copy = value ? strndup(value, n) : NULL, *text = NULL;
        bool known = copy && report_json_string(&text, copy) == 0;
        (void)printf("%s\"%s\": %s", before, name, known ? text : "null");
        if (copy)
                OPENSSL_cleanse(copy, strlen(copy));
        if (text)
                OPENSSL_cleanse(text, strlen(text));
}

static void text_member(const char *before, const char *name, const char *value) {
        member(before, name, value, value ? strlen(value) : 0);
}

static void span_member(const char *before, const char *name, struct span value) {
        member(before, name, value.p, value.n);
}

static void json_steps(const struct command *c, const char *name, const struct explain_steps *s) {
        bool secrets = c->options->show_secrets;
        (void)printf(",\n  \"%s\": {", name);
        member("", "a1", secrets ? s->a1 : NULL, s->a1_n);
        text_member(", ", "ha1", secrets ? s->ha1 : NULL);
        member(", ", "a2", s->a2, s->a2_n);
        text_member(", ", "ha2", s->ha2);
        text_member(", ", "hashed", s->hashed);
        text_member(", ", "response", s->response);
        (void)putchar('}');
}

static void json_nonce(struct span nonce) {
        struct nonce_facts facts;
        nonce_read(&facts, nonce, now_realtime() / (int64_t)USEC_PER_SEC);
        (void)fputs(",\n  \"nonce\": {", stdout);
        text_member("", "family", nonce_family_name(facts.family));
        text_member(", ", "policy", nonce_policy_word(&facts));
        if (facts.has_issued)
                (void)printf(", \"issued\": %lld", (long long)(facts.issued_usec / (int64_t)USEC_PER_SEC));
        else
                (void)fputs(", \"issued\": null", stdout);
        if (facts.has_lifetime)
                (void)printf(", \"lifetime\": %lld}", (long long)facts.lifetime_sec);
        else
                (void)fputs(", \"lifetime\": null}", stdout);
}

static void json_explanation(const struct command *c, const struct explain_question *q, const struct explanation *e, unsigned line) {
        static const char *const ends[] = {
                [EXPLAIN_RIGHT] = "right",
                [EXPLAIN_MISTAKE] = "mistake",
                [EXPLAIN_UNEXPLAINED] = "unexplained",
                [EXPLAIN_UNCHECKED] = "unchecked",
        };
        text_member(c->printed > 0 ? ",\n {" : "\n {", "result", ends[e->end]);
        text_member(", ", "cause", cause_info(e->findings[0].cause)->word);
        (void)printf(", \"line\": %u, \"hypotheses\": %llu", line, (unsigned long long)e->hypotheses);
        span_member(",\n  ", "method", q->method);
        span_member(", ", "request_uri", q->request_uri);
        span_member(",\n  ", "challenge", q->challenge);
        span_member(",\n  ", "authorization", e->answer.text);
        json_nonce(e->challenge.nonce);
        if (e->has_steps)
                json_steps(c, "right", &e->right);
        if (e->reproduced)
                json_steps(c, "reproduced", &e->observed);
        (void)fputs(",\n  \"findings\": [", stdout);
        for (size_t i = 0; i < e->n_findings; i++) {
                const struct cause_info *info = cause_info(e->findings[i].cause);
                text_member(i > 0 ? ",\n   {" : "\n   {", "cause", info->word);
                text_member(", ", "outcome", outcome_word(info->outcome));
                text_member(", ", "detail", e->findings[i].detail);
                text_member(", ", "sentence", info->sentence);
                text_member(", ", "remedy", info->outcome == OUTCOME_PASS ? NULL : info->remedy);
                text_member(", ", "reference", info->reference);
                (void)putchar('}');
        }
        (void)fputs("]}", stdout);
}

/* -- one answer ------------------------------------------------------------------------------------------------------------------ */

/* Where it came from, for a complaint. */
static const char *place(const struct command *c, bool of_message) {
        const char *file = c->options->message ? c->options->message : "-";
        return !of_message ? "--authorization" : strcmp(file, "-") == 0 ? "standard input" : file;
}

static int remember(struct command *c, const struct transcript_header *h, const struct authorization *a) {
        struct explain_earlier *more = realloc(c->earlier, (c->n_earlier + 1) * sizeof *more);
        if (!more)
                return -ENOMEM;
        c->earlier = more;
        c->earlier[c->n_earlier++] = (struct explain_earlier){
                .nonce = a->nonce.text, .nc = a->nc.text, .call_id = h->call_id, .has_cseq = h->has_cseq, .cseq = h->cseq};
        return 0;
}

static int explain_one(struct command *c, const struct transcript_header *h, bool of_message) {
        const struct explain_options *o = c->options;
        const struct transcript_header *challenge = c->given[0]   ? &c->given[0]->headers[0]
                                                    : c->messages ? transcript_challenge(c->messages, h)
                                                                  : NULL;
        struct explain_question q = {
                .challenge = challenge ? challenge->value : (struct span){NULL, 0},
                .authorization = h->value,
                .has_headers = challenge && challenge->has_name && h->has_name,
                .challenge_proxy = challenge && challenge->proxy,
                .authorization_proxy = h->proxy,
                .method = o->method ? span_of(o->method) : h->method,
                .request_uri = o->request_uri ? span_of(o->request_uri) : h->request_uri,
                .body = h->body,
                .username = span_of(o->user),
                .realm = span_of(o->realm),
                .earlier = c->earlier,
                .n_earlier = c->n_earlier,
                .call_id = h->call_id,
                .has_cseq = h->has_cseq,
                .cseq = h->cseq,
        };
        if (c->secret && o->password_file)
                q.password = secret_bytes(c->secret);
        else if (c->secret)
                q.ha1 = secret_bytes(c->secret);
        _cleanup_(explanation_freep) struct explanation *e = NULL;
        int r = explain(&e, &q);
        if (r == -E2BIG)
                return complain(EXIT_USAGE, "%s, line %u: a text is longer than %d bytes", place(c, of_message), h->line,
                                EXPLAIN_VALUE_MAX);
        if (r == -EINVAL)
                return complain(EXIT_USAGE, "%s: HA1 is 32 (MD5) or 64 hex digits", o->ha1_file);
        if (r >= 0)
                r = remember(c, h, &e->answer);
        if (r < 0)
                return complain(EXIT_BROKEN, "%s", strerror(-r));
        if (o->json)
                json_explanation(c, &q, e, of_message ? h->line : 0);
        else
                show_explanation(c, &q, e, of_message ? h->line : 0);
        c->printed++;
        return e->end == EXPLAIN_RIGHT ? EXIT_RIGHT : e->end == EXPLAIN_MISTAKE ? EXIT_MISTAKE : EXIT_UNEXPLAINED;
}

/* A retransmission says nothing new. */
static bool is_repeated(const struct transcript *t, size_t at) {
        const struct transcript_header *h = &t->headers[at];
        for (size_t i = 0; i < at; i++) {
                const struct transcript_header *other = &t->headers[i];
                if (other->is_answer && span_eq(other->value, h->value) && span_eq(other->method, h->method) && other->has_cseq &&
                    h->has_cseq && other->cseq == h->cseq && span_eq(other->call_id, h->call_id))
                        return true;
        }
        return false;
}

static int explain_all(struct command *c) {
        if (c->given[1])
                return explain_one(c, &c->given[1]->headers[0], false);
        int worst = EXIT_RIGHT;
        for (size_t i = 0; c->messages && i < c->messages->n; i++) {
                if (!c->messages->headers[i].is_answer || is_repeated(c->messages, i))
                        continue;
                int code = explain_one(c, &c->messages->headers[i], true);
                if (code == EXIT_USAGE || code == EXIT_BROKEN)
                        return code;
                worst = code > worst ? code : worst;
        }
        if (c->printed == 0)
                return complain(EXIT_USAGE, "%s: there is no Authorization or Proxy-Authorization in it; paste the request that has one",
                                place(c, true));
        if (c->messages->n_found > c->messages->n)
                return complain(EXIT_USAGE, "%s: only the first %zu challenges and answers were read", place(c, true), c->messages->n);
        return worst;
}

/* -- reading ------------------------------------------------------------------------------------------------------------------------ */

static int read_secret(struct command *c) {
        const struct explain_options *o = c->options;
        const char *file = o->password_file ? o->password_file : o->ha1_file;
        int error = 0, r = file ? secret_read(&c->secret, file, &error) : 0;
        if (r < 0)
                return complain(EXIT_BROKEN, "%s: %s", file, strerror(-r));
        if (r > 0)
                return complain(EXIT_USAGE, "%s: %s%s%s", file, secret_problem(r), error ? ": " : "", error ? strerror(error) : "");
        return 0;
}

static void closep(FILE **f) {
        if (*f && *f != stdin)
                (void)fclose(*f);
}

static int read_messages(struct command *c) {
        const char *name = c->options->message;
        if (!name)
                return 0;
        bool is_stdin = strcmp(name, "-") == 0;
        _cleanup_(closep) FILE *f = is_stdin ? stdin : fopen(name, "re");
        if (!f)
                return complain(EXIT_USAGE, "--message: %s: %s", name, strerror(errno));
        c->bytes = malloc(TRANSCRIPT_BYTES_MAX + 1);
        if (!c->bytes)
                return complain(EXIT_BROKEN, "%s", strerror(ENOMEM));
        c->n = fread(c->bytes, 1, TRANSCRIPT_BYTES_MAX + 1, f);
        if (ferror(f))
                return complain(EXIT_USAGE, "%s: %s", place(c, true), strerror(errno));
        int r = transcript_read(&c->messages, c->bytes, c->n);
        if (r == -E2BIG)
                return complain(EXIT_USAGE, "%s: longer than %d bytes; cut out the messages of one call", place(c, true),
                                TRANSCRIPT_BYTES_MAX);
        return r < 0 ? complain(EXIT_BROKEN, "%s", strerror(-r)) : 0;
}

/* One header line of the command line: its name may be left out. */
static int read_line(struct command *c, size_t which, const char *option, const char *text) {
        if (!text)
                return 0;
        c->lines[which] = strdup(text);
        int r = c->lines[which] ? transcript_read(&c->given[which], c->lines[which], strlen(text)) : -ENOMEM;
        if (r < 0)
                return complain(EXIT_BROKEN, "%s", strerror(-r));
        if (c->given[which]->n != 1)
                return complain(EXIT_USAGE, "%s: it is no header line; give its name and value, or the value from \"Digest\" on", option);
        struct transcript_header *h = &c->given[which]->headers[0];
        if (h->has_name && h->is_answer != (which == 1))
                return complain(EXIT_USAGE, "%s: it is %s", option,
                                h->is_answer ? "an answer; give it to --authorization" : "a challenge; give it to --challenge");
        return 0;
}

static int run(struct command *c) {
        const struct explain_options *o = c->options;
        if (!o->authorization && !o->message)
                return complain(EXIT_USAGE,
                                "nothing to explain: give --authorization, or --message FILE with the request (- for standard input)");
        int code = read_secret(c);
        if (!code)
                code = read_messages(c);
        if (!code)
                code = read_line(c, 0, "--challenge", o->challenge);
        if (!code)
                code = read_line(c, 1, "--authorization", o->authorization);
        if (code)
                return code;
        if (o->json)
                (void)fputs("{\"answers\": [", stdout);
        code = explain_all(c);
        if (o->json)
                (void)puts("]}");
        return code;
}

int explain_command(const struct explain_options *o) {
        struct command c = {.options = o};
        int code = run(&c);
        for (size_t i = 0; i < ELEMENTS(c.lines); i++) {
                c.given[i] = transcript_free(c.given[i]);
                free(c.lines[i]);
        }
        c.messages = transcript_free(c.messages);
        free(c.bytes);
        free(c.earlier);
        c.secret = secret_free(c.secret);
        return code;
}
