/* authorization.c: the parameters of an answer, by the grammar that challenge.c has. */
#include "authorization.h"

#include "challenge.h"

static struct authorization_value *find(struct authorization *a, struct span name) {
#define X(parameter)                          \
        if (span_ieq(name, SPAN(#parameter))) \
                return &a->parameter;
        AUTHORIZATION_VALUES(X)
#undef X
        return NULL;
}

/* Some send the challenge's whole list as qop without quotes: its second word looks like a parameter without a value. */
static bool continues_qop(const struct authorization *a, struct span *rest) {
        static const char *const words[] = {"auth-int", "auth"};
        const char *end = rest->p + rest->n, *p = rest->p;
        if (!a->qop.present || a->qop.quoted)
                return false;
        while (p < end && (*p == ',' || *p == ' '))
                p++;
        for (size_t i = 0; i < ELEMENTS(words); i++) {
                size_t n = strlen(words[i]);
                if ((size_t)(end - p) < n || strncasecmp(p, words[i], n) != 0)
                        continue;
                const char *after = p + n;
                if (after < end && *after != ',' && *after != ' ')
                        continue;
                *rest = (struct span){after, (size_t)(end - after)};
                return true;
        }
        return false;
}

static const char *read_parameters(struct authorization *a, struct span rest) {
        const struct authorization_value *last = NULL;
        for (size_t i = 0; i < AUTH_PARAMS_MAX && rest.n > 0; i++) {
                struct auth_param parameter;
                if (last == &a->qop && continues_qop(a, &rest)) {
                        a->qop.text.n = (size_t)(rest.p - a->qop.text.p);
                        continue;
                }
                const char *wrong = auth_param_take(&rest, &parameter);
                if (wrong)
                        return wrong;
                struct authorization_value *v = find(a, parameter.name);
                if (v && v->present)
                        return "a parameter is there twice";
                if (v)
                        *v = (struct authorization_value){parameter.value, true, parameter.quoted};
                last = v;
        }
        return rest.n > 0 ? "there are too many parameters" : NULL;
}

void authorization_parse(struct authorization *ret, bool proxy, struct span value) {
        *ret = (struct authorization){.proxy = proxy, .text = value};
        struct span rest = value;
        if (!auth_scheme_take(&rest, &ret->scheme)) {
                ret->malformed = "there is no scheme";
                return;
        }
        ret->is_digest = span_ieq(ret->scheme, SPAN("Digest"));
        if (ret->is_digest)
                ret->malformed = read_parameters(ret, rest);
}
