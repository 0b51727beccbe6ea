/* explain.c: one question from its texts to its findings: what differs, in words. */
#include "explain.h"

#include "explain_private.h"
#include "transcript.h"
#include "utf8.h"

#define RESPONSE_BYTES_MIN 8 /* fewer could be met by chance */
#define SHOWN_MAX 100        /* bytes of a value in a detail */

static struct explain_work *work_free(struct explain_work *w) {
        for (size_t i = 0; w && i < INPUTS; i++)
                forms_clear(&w->inputs.forms[i]);
        if (!w)
                return NULL;
        (void)explain_search_free(w->search);
        char *const texts[] = {w->realm,      w->nonce,      w->username, w->sent_username,
                               w->sent_realm, w->sent_nonce, w->sent_uri, w->sent_cnonce};
        for (size_t i = 0; i < ELEMENTS(texts); i++)
                free(texts[i]);
        free(w);
        return NULL;
}
DEFINE_CLEANUP(struct explain_work *, work_free)

/* -- findings ------------------------------------------------------------------------------------------------------------------------ */

/* Details are text for the database and the terminal, whatever bytes a peer sent. */
static struct verdict cleaned(struct verdict v) {
        for (char *p = v.detail, *end = p + strlen(p); p < end;) {
                const char *next = p;
                if (utf8_next(&next, end) == UTF8_INVALID || (unsigned char)*p < ' ' || *p == 127)
                        *p = '?';
                p += next - p;
        }
        return v;
}

void explain_add(struct explanation *e, struct verdict finding) {
        for (size_t i = 0; i < e->n_findings; i++)
                if (e->findings[i].cause == finding.cause)
                        return;
        if (e->n_findings < EXPLAIN_FINDINGS_MAX)
                e->findings[e->n_findings++] = cleaned(finding);
}

static const char *const names[INPUTS] = {
        [INPUT_USERNAME] = "username",   [INPUT_REALM] = "realm",    [INPUT_PASSWORD] = "password", [INPUT_KEY] = "HA1",
        [INPUT_METHOD] = "method",       [INPUT_URI] = "digest-uri", [INPUT_BODY] = "body",         [INPUT_HA2] = "HA2",
        [INPUT_NONCE] = "nonce",         [INPUT_NC] = "nc",          [INPUT_CNONCE] = "cnonce",     [INPUT_QOP] = "qop",
        [INPUT_ALGORITHM] = "algorithm",
};

/* A value for a detail, cut to what fits. */
static struct span shown(const struct form *f) {
        return (struct span){f->value.p, f->value.n < SHOWN_MAX ? f->value.n : SHOWN_MAX};
}

/* One input: hashed and sent are its forms; the answer may not show it at all. */
static void tell_form(struct explain_work *w, enum explain_input input, size_t hashed, bool is_hashed_known) {
        const struct forms *f = &w->inputs.forms[input];
        if (f->items[hashed].cause == CAUSE_COUNT)
                hashed = 0; /* another right one */
        const struct form *form = &f->items[is_hashed_known && hashed > 0 ? hashed : f->sent];
        if (input == INPUT_QOP && is_hashed_known && hashed != f->sent && f->items[f->sent].cause == CAUSE_QOP_OMITTED) {
                explain_add(w->e, verdict_of(CAUSE_QOP_HASHED, "hashed \"" SPAN_FMT "\", sent none", SPAN_ARG(f->items[hashed].value)));
                if (form->cause == CAUSE_QOP_HASHED || form->cause == CAUSE_QOP_OMITTED)
                        return;
        }
        if (form->also != CAUSE_COUNT)
                explain_add(w->e, verdict_of(form->also, "H(body) is in A2 without auth-int, or missing in it"));
        if (form->cause == CAUSE_COUNT)
                return;
        if (input == INPUT_PASSWORD || input == INPUT_KEY || input == INPUT_HA2 || input == INPUT_BODY) {
                explain_add(w->e, verdict_of(form->cause, "%s %s", names[input], form->what));
                return;
        }
        const struct span right = shown(&f->items[0]), wrong = shown(form), sent = shown(&f->items[f->sent]);
        const char *verbs = !is_hashed_known || hashed == 0 ? "sent" : f->sent == hashed ? "sent and hashed" : "hashed";
        const char *is_right = is_hashed_known && hashed == 0 ? "hashed" : "right is";
        explain_add(w->e, verdict_of(form->cause, "%s %s: %s \"" SPAN_FMT "\", %s \"" SPAN_FMT "\"", names[input], form->what, verbs,
                                     SPAN_ARG(wrong), is_right, SPAN_ARG(right)));
        /* What was sent is then a mistake of its own. */
        if (is_hashed_known && hashed > 0 && f->sent > 0 && f->sent != hashed)
                explain_add(w->e, verdict_of(f->items[f->sent].cause, "%s %s: sent \"" SPAN_FMT "\", right is \"" SPAN_FMT "\"",
                                             names[input], f->items[f->sent].what, SPAN_ARG(sent), SPAN_ARG(right)));
}

/* First what no answer shows, the reason for all the rest. */
static void tell(struct explain_work *w, const struct choice *h) {
        for (unsigned visible = 0; visible <= 1; visible++)
                for (enum explain_input i = 0; i < INPUTS; i++) {
                        size_t hashed = h ? h->form[i] : 0;
                        const struct forms *f = &w->inputs.forms[i];
                        bool given = w->q->ha1.p && h && h->form[INPUT_PASSWORD] == 0 && (i == INPUT_USERNAME || i == INPUT_REALM);
                        bool shows = !h || hashed == 0 || hashed == f->sent;
                        if (shows == (visible == 1))
                                tell_form(w, i, hashed, h && !given);
                }
}

/* The verdict comes first: what is a mistake before what is a remark, and the end that neither names. */
static void conclude(struct explanation *e, bool has_secret) {
        struct verdict sorted[EXPLAIN_FINDINGS_MAX], first = {.cause = CAUSE_COUNT};
        size_t n = 0, mistakes = 0;
        for (unsigned outcome = 0; outcome < 2; outcome++)
                for (size_t i = 0; i < e->n_findings; i++)
                        if ((verdict_outcome(&e->findings[i]) == OUTCOME_FAIL) == (outcome == 0))
                                sorted[n++] = e->findings[i];
        while (mistakes < n && verdict_outcome(&sorted[mistakes]) == OUTCOME_FAIL)
                mistakes++;
        if (has_secret && !e->reproduced) {
                e->end = EXPLAIN_UNEXPLAINED;
                first = e->hypotheses == 0 ? verdict_of(CAUSE_ANSWER_UNEXPLAINED, "the response has too few hex digits to be looked for")
                                           : verdict_of(CAUSE_ANSWER_UNEXPLAINED,
                                                        "none of %llu responses, with up to %d mistakes at once, is \"%.8s...\"",
                                                        (unsigned long long)e->hypotheses, EXPLAIN_MISTAKES_MAX, e->answer.response.text.p);
        } else if (mistakes > 0) {
                e->end = EXPLAIN_MISTAKE;
        } else if (has_secret) {
                e->end = EXPLAIN_RIGHT;
                first = verdict_of(CAUSE_ANSWER_RIGHT, "%s, recomputed", digest_algorithm_name(e->challenge.algorithm));
        } else {
                e->end = EXPLAIN_UNCHECKED;
                first = verdict_of(CAUSE_ANSWER_UNCHECKED, "%s", n > 0 ? "only remarks" : "nothing shows in the text");
        }
        e->n_findings = 0;
        if (first.cause != CAUSE_COUNT)
                e->findings[e->n_findings++] = first;
        for (size_t i = 0; i < n && e->n_findings < EXPLAIN_FINDINGS_MAX; i++)
                e->findings[e->n_findings++] = sorted[i];
}

/* -- the whole ------------------------------------------------------------------------------------------------------------------------- */

/* A challenge of which only what the answer repeats is known. */
static void assume_challenge(struct challenge *c, const struct authorization *a) {
        *c = (struct challenge){.proxy = a->proxy,
                                .scheme = a->scheme,
                                .is_digest = true,
                                .realm = a->realm.text,
                                .nonce = a->nonce.text,
                                .opaque = a->opaque.text,
                                .has_realm = true,
                                .has_nonce = true,
                                .has_opaque = a->opaque.present,
                                .algorithm_text = a->algorithm.text,
                                .algorithm = DIGEST_MD5};
        c->algorithm_known = !a->algorithm.present || digest_algorithm_from(a->algorithm.text, &c->algorithm);
        c->has_qop = a->qop.present;
        c->qop_text = a->qop.text;
        c->qop_auth_int = span_ieq(a->qop.text, SPAN("auth-int"));
        c->qop_auth = a->qop.present && !c->qop_auth_int;
}

/* The bytes of the response as far as they are hex digits. */
static size_t read_response(struct span text, unsigned char *ret, size_t size) {
        size_t n = 0;
        while (n < size && 2 * n + 1 < text.n) {
                char pair[] = {text.p[2 * n], text.p[2 * n + 1], '\0'}, *end;
                unsigned long value = strtoul(pair, &end, 16);
                if (end != pair + 2 || pair[0] == '+' || pair[0] == '-' || pair[0] == ' ')
                        break;
                ret[n++] = (unsigned char)value;
        }
        return n;
}

static int search_and_tell(struct explain_work *w) {
        struct explanation *e = w->e;
        bool has_secret = w->q->password.p || w->q->ha1.p;
        struct choice h = {0};
        int r = explain_fill(w);
        if (r < 0)
                return r;
        if (has_secret) {
                const struct choice right = {0};
                r = explain_search_steps(w->search, &right, &e->right);
                e->has_steps = r >= 0;
                if (r == -EINVAL) /* an HA1 of another length than the algorithm's gives no right response */
                        r = 0;
        }
        if (r >= 0 && has_secret && w->target_n >= RESPONSE_BYTES_MIN) {
                r = explain_search_run(w->search, &h, &e->hypotheses);
                e->reproduced = r == 0;
        }
        if (r >= 0 && e->reproduced)
                r = explain_search_steps(w->search, &h, &e->observed);
        if (r < 0)
                return r;
        tell(w, e->reproduced ? &h : NULL);
        explain_form(e, w->q);
        conclude(e, has_secret);
        return 0;
}

static int check_question(const struct explain_question *q) {
        const struct span texts[] = {q->challenge, q->authorization, q->method, q->request_uri, q->username, q->realm, q->password, q->ha1};
        for (size_t i = 0; i < ELEMENTS(texts); i++)
                if (texts[i].n > EXPLAIN_VALUE_MAX)
                        return -E2BIG;
        return 0;
}

int explain(struct explanation **ret, const struct explain_question *q) {
        _cleanup_(explanation_freep) struct explanation *e = calloc(1, sizeof *e);
        _cleanup_(work_freep) struct explain_work *w = calloc(1, sizeof *w);
        unsigned char target[DIGEST_HEX_MAX / 2];
        int r = check_question(q);
        if (r < 0)
                return r;
        if (!e || !w)
                return -ENOMEM;
        *w = (struct explain_work){.q = q, .e = e};
        authorization_parse(&e->answer, q->has_headers && q->authorization_proxy, q->authorization);
        if (q->challenge.p)
                challenge_parse(&e->challenge, q->has_headers && q->challenge_proxy, q->challenge);
        if (!q->challenge.p || !e->challenge.is_digest || e->challenge.malformed)
                assume_challenge(&e->challenge, &e->answer);
        else if (!e->challenge.algorithm_known)
                e->challenge.algorithm = DIGEST_MD5;
        if (!e->answer.is_digest || e->answer.malformed) {
                explain_add(e, verdict_of(CAUSE_ANSWER_UNREADABLE, "%s",
                                          e->answer.malformed ? e->answer.malformed : "the scheme is not Digest"));
                conclude(e, false);
                *ret = TAKE_PTR(e);
                return 0;
        }
        w->target_n = read_response(e->answer.response.text, target, sizeof target);
        r = explain_search_new(&w->search, &w->inputs, (struct span){(char *)target, w->target_n});
        if (r >= 0)
                r = explain_read_texts(w);
        if (r >= 0)
                r = search_and_tell(w);
        if (r >= 0)
                *ret = TAKE_PTR(e);
        return r;
}

/* The value of a header line, whose name may be left out; text is changed. {NULL} when it is none. */
static int header_value(struct transcript **ret, char *text, bool is_answer, struct span *ret_value) {
        int r = text ? transcript_read(ret, text, strlen(text)) : -ENOMEM;
        if (r >= 0 && (*ret)->n > 0 && (*ret)->headers[0].is_answer == is_answer)
                *ret_value = (*ret)->headers[0].value;
        return r;
}

int explain_validation(struct verdict *ret, const struct trunk *t, const char *method) {
        if (!t->validation_authorization)
                return EXPLAIN_NO_ANSWER;
        _cleanup_(freep) char *answer = strdup(t->validation_authorization),
                              *asked = strdup(t->validation_challenge ? t->validation_challenge : "");
        _cleanup_(transcript_freep) struct transcript *of_answer = NULL, *of_challenge = NULL;
        _cleanup_(explanation_freep) struct explanation *e = NULL;
        struct explain_question q = {
                .method = span_of(method),
                .request_uri = span_of(t->request_uri),
                .username = span_of(t->username),
                .realm = span_of(t->realm),
        };
        int r = header_value(&of_answer, answer, true, &q.authorization);
        if (r >= 0)
                r = header_value(&of_challenge, asked, false, &q.challenge);
        if (r >= 0 && !q.authorization.p)
                return EXPLAIN_NO_ANSWER;
        if (t->password)
                q.password = secret_bytes(t->password);
        else if (t->ha1)
                q.ha1 = secret_bytes(t->ha1);
        if (r >= 0)
                r = explain(&e, &q);
        if (r < 0)
                return r;
        struct verdict v = e->findings[0];
        for (size_t i = 1; i < e->n_findings; i++) {
                const struct verdict *more = &e->findings[i];
                if (verdict_outcome(more) == OUTCOME_FAIL)
                        v = verdict_of(v.cause, "%s; %s: %s", v.detail, cause_info(more->cause)->word, more->detail);
        }
        *ret = v;
        return 0;
}

struct explanation *explanation_free(struct explanation *e) {
        if (!e)
                return NULL;
        explain_steps_clear(&e->right);
        explain_steps_clear(&e->observed);
        free(e);
        return NULL;
}
