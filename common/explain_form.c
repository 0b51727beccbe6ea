/* explain_form.c: what shows in an answer's text: quotes, what is missing, what was not sent back. Needs no secret. */
#include "explain_private.h"

#define CNONCE_USUAL_MAX 63 /* bytes that small buffers hold */

/* Whether the question's challenge is one to compare with. */
static bool has_challenge(const struct explanation *e) {
        return e->challenge.text.p != NULL;
}

static void check_presence(struct explanation *e) {
        const struct authorization *a = &e->answer;
        const struct {
                const char *name;
                const struct authorization_value *value;
        } wanted[] = {
                {"username", &a->username}, {"realm", &a->realm}, {"nonce", &a->nonce}, {"uri", &a->uri}, {"response", &a->response},
        };
        for (size_t i = 0; i < ELEMENTS(wanted); i++)
                if (!wanted[i].value->present)
                        explain_add(e, verdict_of(CAUSE_ANSWER_INCOMPLETE, "there is no %s", wanted[i].name));
}

/* A whole list sent as qop is a mistake of its own, and needs its quotes. */
static bool is_list(const struct authorization_value *v) {
        return v->quoted && v->text.n > 0 && memchr(v->text.p, ',', v->text.n);
}

/* RFC 7616 section 3.4 says which values are between quotes. */
static void check_quotes(struct explanation *e) {
        const struct authorization *a = &e->answer;
        const struct {
                const char *name;
                const struct authorization_value *value;
                enum cause cause; /* when its quotes are not as they must be */
                bool quoted;
        } rules[] = {
                {"qop", &a->qop, CAUSE_QUOTED_QOP, false},
                {"algorithm", &a->algorithm, CAUSE_QUOTED_ALGORITHM, false},
                {"nc", &a->nc, CAUSE_QUOTED_NC, false},
                {"username", &a->username, CAUSE_UNQUOTED_VALUE, true},
                {"realm", &a->realm, CAUSE_UNQUOTED_VALUE, true},
                {"nonce", &a->nonce, CAUSE_UNQUOTED_VALUE, true},
                {"uri", &a->uri, CAUSE_UNQUOTED_VALUE, true},
                {"response", &a->response, CAUSE_UNQUOTED_VALUE, true},
                {"cnonce", &a->cnonce, CAUSE_UNQUOTED_VALUE, true},
                {"opaque", &a->opaque, CAUSE_UNQUOTED_VALUE, true},
        };
        for (size_t i = 0; i < ELEMENTS(rules); i++)
                if (rules[i].value->present && rules[i].value->quoted != rules[i].quoted &&
                    !(rules[i].value == &a->qop && is_list(&a->qop)))
                        explain_add(e, verdict_of(rules[i].cause, "%s=" SPAN_FMT, rules[i].name, SPAN_ARG(rules[i].value->text)));
}

/* RFC 3261 section 25.1: LHEX */
static bool is_digit(char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

static void check_response(struct explanation *e) {
        struct span text = e->answer.response.text;
        size_t n = 0, wanted = e->reproduced ? strlen(e->observed.response) : digest_hex_length(e->challenge.algorithm);
        bool upper = false;
        for (; n < text.n; n++) {
                bool capital = text.p[n] >= 'A' && text.p[n] <= 'F';
                if (!capital && !is_digit(text.p[n]))
                        break;
                upper |= capital;
        }
        if (upper)
                explain_add(e, verdict_of(CAUSE_RESPONSE_CASE, "the response has upper-case digits"));
        bool usual = n == text.n && (n == 32 || n == 64);
        if (e->answer.response.present && (e->reproduced ? n != wanted || n != text.n : !usual))
                explain_add(e, verdict_of(CAUSE_RESPONSE_CUT, "%zu hex digits, not %zu", n, wanted));
}

static bool is_count(struct span nc) {
        for (size_t i = 0; i < nc.n; i++)
                if (!is_digit(nc.p[i]))
                        return false;
        return nc.n == 8;
}

static void check_counts(struct explanation *e) {
        const struct authorization *a = &e->answer;
        bool session = digest_is_session(e->challenge.algorithm);
        if (a->nc.present && !is_count(a->nc.text))
                explain_add(e, verdict_of(CAUSE_NC_MALFORMED, "nc=" SPAN_FMT, SPAN_ARG(a->nc.text)));
        if (a->qop.present && !a->nc.present)
                explain_add(e, verdict_of(CAUSE_NC_MISSING, "qop=" SPAN_FMT " without nc", SPAN_ARG(a->qop.text)));
        if ((a->qop.present || session) && (!a->cnonce.present || a->cnonce.text.n == 0))
                explain_add(e, verdict_of(CAUSE_CNONCE_MISSING, "%s", a->cnonce.present ? "the cnonce is empty" : "there is no cnonce"));
        if (has_challenge(e) && !e->challenge.has_qop && (a->nc.present || (a->cnonce.present && !session)))
                explain_add(e, verdict_of(CAUSE_QOP_NOT_OFFERED, "%s%s%s", a->qop.present ? "qop " : "", a->nc.present ? "nc " : "",
                                          a->cnonce.present ? "cnonce" : ""));
        bool usual = a->cnonce.text.n <= CNONCE_USUAL_MAX;
        for (size_t i = 0; i < a->cnonce.text.n; i++) {
                char c = a->cnonce.text.p[i];
                usual &= (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || (c && strchr("+/=", c));
        }
        if (!usual)
                explain_add(e, verdict_of(CAUSE_CNONCE_UNUSUAL, "%zu bytes", a->cnonce.text.n));
}

static void check_echo(struct explanation *e) {
        const struct authorization *a = &e->answer;
        const struct challenge *c = &e->challenge;
        if (c->has_opaque && !a->opaque.present)
                explain_add(e, verdict_of(CAUSE_OPAQUE_MISSING, "opaque=\"" SPAN_FMT "\" was not sent back", SPAN_ARG(c->opaque)));
        else if (a->opaque.present && (!c->has_opaque || !span_eq(a->opaque.text, c->opaque)))
                explain_add(e, verdict_of(CAUSE_OPAQUE_CHANGED, "sent \"" SPAN_FMT "\", right is \"" SPAN_FMT "\"%s",
                                          SPAN_ARG(a->opaque.text), SPAN_ARG(c->opaque), c->has_opaque ? "" : " (none)"));
        if (!c->algorithm_text.p)
                return;
        if (!a->algorithm.present && c->algorithm_known)
                explain_add(e, verdict_of(c->algorithm == DIGEST_MD5 ? CAUSE_ALGORITHM_UNECHOED : CAUSE_ALGORITHM_MISSING,
                                          "the challenge has algorithm=" SPAN_FMT, SPAN_ARG(c->algorithm_text)));
        else if (a->algorithm.present && !span_eq(a->algorithm.text, c->algorithm_text) && span_ieq(a->algorithm.text, c->algorithm_text))
                explain_add(e, verdict_of(CAUSE_ALGORITHM_CASE, "sent " SPAN_FMT ", the challenge has " SPAN_FMT,
                                          SPAN_ARG(a->algorithm.text), SPAN_ARG(c->algorithm_text)));
}

/* RFC 7616 section 3.4: nc counts the requests with a nonce, from 1 on. An ACK has the credentials of its INVITE (RFC 3261 22.1). */
static void check_sequence(struct explanation *e, const struct explain_question *q) {
        const struct authorization *a = &e->answer;
        bool is_new = true;
        if (!a->nc.present || !q->has_cseq || span_eq(q->method, SPAN("ACK")) || span_eq(q->method, SPAN("CANCEL")))
                return;
        for (size_t i = 0; i < q->n_earlier; i++) {
                const struct explain_earlier *other = &q->earlier[i];
                bool same_request = other->has_cseq && other->cseq == q->cseq && span_eq(other->call_id, q->call_id);
                if (!span_eq(other->nonce, a->nonce.text) || !other->has_cseq || same_request)
                        continue;
                is_new = false;
                if (span_eq(other->nc, a->nc.text))
                        explain_add(e,
                                    verdict_of(CAUSE_NC_REPLAYED, "nc=" SPAN_FMT " also with CSeq %u", SPAN_ARG(a->nc.text), other->cseq));
        }
        if (is_new && q->n_earlier > 0 && is_count(a->nc.text) && !span_eq(a->nc.text, SPAN("00000001")) &&
            !span_eq(q->earlier[q->n_earlier - 1].nonce, a->nonce.text))
                explain_add(e, verdict_of(CAUSE_NC_CARRIED_OVER, "nc=" SPAN_FMT " with a new nonce", SPAN_ARG(a->nc.text)));
}

void explain_form(struct explanation *e, const struct explain_question *q) {
        const struct authorization *a = &e->answer;
        enum digest_algorithm known;
        check_presence(e);
        check_quotes(e);
        check_response(e);
        check_counts(e);
        check_sequence(e, q);
        if (a->algorithm.present && !digest_algorithm_from(a->algorithm.text, &known))
                explain_add(e, verdict_of(CAUSE_ALGORITHM_OTHER, "algorithm " SPAN_FMT " is not known", SPAN_ARG(a->algorithm.text)));
        if (!has_challenge(e))
                return;
        check_echo(e);
        if (q->has_headers && q->challenge_proxy != q->authorization_proxy)
                explain_add(e, verdict_of(CAUSE_WRONG_HEADER, "%s-Authenticate was answered in %sAuthorization",
                                          q->challenge_proxy ? "Proxy" : "WWW", q->authorization_proxy ? "Proxy-" : ""));
}
