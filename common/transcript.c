/* transcript.c: finds start lines and the header fields of digest in a text that may have anything around them. A guess here decides no
 * verdict: what is read is shown beside it. */
#include "transcript.h"

#include "authorization.h"
#include "challenge.h"

struct reader {
        struct transcript *t;
        char *at, *end;
        unsigned line;
        size_t first;    /* header of the message that is being read */
        bool in_message; /* after a start line */
        bool crlf;       /* its start line ended in CR LF */
        bool has_length;
        size_t length;
        char *bodies; /* where the next restored body goes */
        struct span method, request_uri, call_id;
        bool has_cseq;
        uint32_t cseq;
        struct transcript_header *open; /* whose value the next line may continue */
};

static bool is_blank(char c) {
        return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_word(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

static struct span trim(struct span s) {
        while (s.n > 0 && is_blank(*s.p)) {
                s.p++;
                s.n--;
        }
        while (s.n > 0 && is_blank(s.p[s.n - 1]))
                s.n--;
        return s;
}

/* What printers of captures put at the end of a line: "\r\n" in letters, a dot for the CR, a bar of a frame. */
static struct span undecorated(struct span s) {
        static const char *const ends[] = {"\\r\\n", "\\r", "\\n"};
        s = trim(s);
        for (size_t i = 0; i < ELEMENTS(ends); i++) {
                size_t n = strlen(ends[i]);
                if (s.n >= n && memcmp(s.p + s.n - n, ends[i], n) == 0)
                        s.n -= n;
        }
        if (s.n > 0 && (s.p[s.n - 1] == '.' || s.p[s.n - 1] == '|'))
                s.n--;
        return trim(s);
}

/* Where a text stands as a word of its own, in any case; NULL = nowhere. */
static const char *find_word(struct span s, const char *word) {
        size_t n = strlen(word);
        for (size_t i = 0; i + n <= s.n; i++)
                if (strncasecmp(s.p + i, word, n) == 0 && (i == 0 || !is_word(s.p[i - 1])))
                        return s.p + i;
        return NULL;
}

static struct span after(struct span s, const char *p) {
        return (struct span){p, (size_t)(s.p + s.n - p)};
}

/* The value of a header field of that name in a line, whatever is before it. */
static bool field(struct span line, const char *name, struct span *ret) {
        const char *at = find_word(line, name);
        if (!at)
                return false;
        struct span rest = trim(after(line, at + strlen(name)));
        if (rest.n == 0 || *rest.p != ':')
                return false;
        *ret = undecorated(after(rest, rest.p + 1));
        return true;
}

/* -- lines ------------------------------------------------------------------------------------------------------------------ */

static void begin_message(struct reader *r, bool crlf) {
        r->first = r->t->n;
        r->in_message = true;
        r->crlf = crlf;
        r->has_length = r->has_cseq = false;
        r->method = r->request_uri = r->call_id = (struct span){NULL, 0};
        r->t->messages++;
}

/* METHOD SP Request-URI SP SIP/2.0, or SIP/2.0 SP status; anything may be before it. */
static bool start_line(struct reader *r, struct span line, bool crlf) {
        struct span s = undecorated(line);
        const char *version = find_word(s, "SIP/2.0");
        if (!version)
                return false;
        struct span rest = after(s, version + strlen("SIP/2.0"));
        if (rest.n >= 4 && rest.p[0] == ' ' && rest.p[1] >= '1' && rest.p[1] <= '6') {
                begin_message(r, crlf);
                return true;
        }
        struct span before = trim((struct span){s.p, (size_t)(version - s.p)});
        const char *space = before.n > 0 ? memrchr(before.p, ' ', before.n) : NULL;
        if (rest.n > 0 || !space)
                return false;
        struct span uri = after(before, space + 1), method = trim((struct span){before.p, (size_t)(space - before.p)});
        size_t n = 0;
        while (n < method.n && method.p[method.n - n - 1] >= 'A' && method.p[method.n - n - 1] <= 'Z')
                n++;
        if (n < 2 || uri.n == 0 || !memchr(uri.p, ':', uri.n))
                return false;
        begin_message(r, crlf);
        r->request_uri = uri;
        r->method = (struct span){method.p + method.n - n, n};
        return true;
}

static void add(struct reader *r, bool is_answer, bool proxy, bool has_name, struct span value) {
        struct transcript *t = r->t;
        t->n_found++;
        if (t->n == TRANSCRIPT_HEADERS_MAX)
                return;
        r->open = &t->headers[t->n++];
        *r->open = (struct transcript_header){.is_answer = is_answer,
                                              .proxy = proxy,
                                              .has_name = has_name,
                                              .line = r->line,
                                              .message = r->in_message ? r->t->messages : 0,
                                              .value = value};
}

static bool auth_line(struct reader *r, struct span line) {
        static const struct {
                const char *name;
                bool is_answer, proxy;
        } fields[] = {
                {"Authorization", true, false},
                {"Proxy-Authorization", true, true},
                {"WWW-Authenticate", false, false},
                {"Proxy-Authenticate", false, true},
        };
        struct span value;
        for (size_t i = 0; i < ELEMENTS(fields); i++)
                if (field(line, fields[i].name, &value)) {
                        add(r, fields[i].is_answer, fields[i].proxy, true, value);
                        return true;
                }
        value = undecorated(line);
        if (value.n < 8 || strncasecmp(value.p, "Digest ", 7) != 0)
                return false;
        add(r, find_word(value, "response") != NULL, false, false, value);
        return true;
}

static void other_line(struct reader *r, struct span line) {
        struct span value;
        if (field(line, "Call-ID", &value)) {
                r->call_id = value;
        } else if (field(line, "CSeq", &value)) {
                char number[11] = "";
                size_t n = 0;
                while (n < value.n && value.p[n] >= '0' && value.p[n] <= '9')
                        n++;
                r->has_cseq = n > 0 && n < sizeof number;
                if (r->has_cseq)
                        memcpy(number, value.p, n);
                r->cseq = (uint32_t)strtoul(number, NULL, 10);
                struct span method = trim(after(value, value.p + n));
                if (!r->method.p && method.n > 0)
                        r->method = method;
        } else if (field(line, "Content-Length", &value) && value.n > 0 && value.n < 8) {
                char number[8] = "", *end;
                memcpy(number, value.p, value.n);
                r->length = strtoul(number, &end, 10);
                r->has_length = *end == '\0';
        }
}

/* Whether a line goes on with the parameters of the one before it: "name=...", or after a comma anything but a header field. */
static bool continues(const struct reader *r, struct span line) {
        struct span s = trim(line), value = r->open->value;
        size_t n = 0;
        while (n < s.n && is_word(s.p[n]))
                n++;
        if (n == 0)
                return s.n > 0 && *s.p == ',';
        size_t k = n;
        while (k < s.n && is_blank(s.p[k]))
                k++;
        return (k < s.n && s.p[k] == '=') || (value.n > 0 && value.p[value.n - 1] == ',' && (k == s.n || s.p[k] != ':'));
}

/* The value gets the line too; what was between them becomes blanks. */
static void join(struct reader *r, struct span line) {
        struct span *value = &r->open->value, s = undecorated(line);
        char *from = (char *)(uintptr_t)value->p + value->n;
        memset(from, ' ', (size_t)(s.p - from));
        value->n = (size_t)(s.p + s.n - value->p);
}

/* -- messages ------------------------------------------------------------------------------------------------------------------ */

/* What its message says goes to each of its challenges and answers. */
static void end_message(struct reader *r, struct span body) {
        for (size_t i = r->first; i < r->t->n; i++) {
                struct transcript_header *h = &r->t->headers[i];
                h->method = r->method;
                h->request_uri = r->request_uri;
                h->call_id = r->call_id;
                h->has_cseq = r->has_cseq;
                h->cseq = r->cseq;
                h->body = body;
        }
        r->in_message = false;
        r->open = NULL;
        r->first = r->t->n;
}

static bool next_line(struct reader *r, struct span *ret, bool *ret_crlf) {
        if (r->at >= r->end)
                return false;
        char *lf = memchr(r->at, '\n', (size_t)(r->end - r->at)), *stop = lf ? lf : r->end;
        *ret_crlf = stop > r->at && stop[-1] == '\r';
        *ret = (struct span){r->at, (size_t)(stop - r->at) - *ret_crlf};
        r->at = lf ? lf + 1 : r->end;
        r->line++;
        return true;
}

/* The body is what its length says; without one, what is there until the next start line. */
static void read_body(struct reader *r) {
        char *start = r->at, *stop = r->at;
        size_t as_sent = 0;
        while (r->at < r->end && !(r->has_length && as_sent >= r->length)) {
                struct span line;
                bool crlf;
                struct reader kept = *r;
                unsigned messages = r->t->messages;
                (void)next_line(r, &line, &crlf);
                if (!r->has_length &&
                    (start_line(r, line, crlf) || find_word(line, "Authorization") || find_word(line, "WWW-Authenticate"))) {
                        r->t->messages = messages;
                        *r = kept;
                        break;
                }
                bool whole = r->at > line.p + line.n + crlf;
                as_sent += line.n + (whole ? 2 : crlf);
                stop = r->at;
        }
        struct span body = {start, (size_t)(stop - start)};
        if (r->crlf || body.n == 0) {
                if (r->has_length && body.n > r->length)
                        body.n = r->length;
                end_message(r, body);
                return;
        }
        char *to = r->bodies;
        for (size_t i = 0; i < body.n; i++) {
                if (body.p[i] == '\n' && (i == 0 || body.p[i - 1] != '\r'))
                        *to++ = '\r';
                *to++ = body.p[i];
        }
        body = (struct span){r->bodies, (size_t)(to - r->bodies)};
        if (r->has_length && body.n > r->length)
                body.n = r->length;
        r->bodies = to;
        end_message(r, body);
}

static void read_line(struct reader *r, struct span line, bool crlf) {
        struct span none = {NULL, 0};
        if (r->open && continues(r, line)) {
                join(r, line);
                return;
        }
        r->open = NULL;
        struct reader kept = *r;
        if (start_line(r, line, crlf)) {
                /* The message before it ended without an empty line. */
                struct reader begun = *r;
                if (kept.in_message) {
                        *r = kept;
                        end_message(r, none);
                        begun.first = r->first;
                        *r = begun;
                }
                return;
        }
        if (auth_line(r, line))
                return;
        if (!r->in_message)
                return;
        if (undecorated(line).n == 0)
                read_body(r);
        else
                other_line(r, line);
}

int transcript_read(struct transcript **ret, char *bytes, size_t n) {
        if (n > TRANSCRIPT_BYTES_MAX)
                return -E2BIG;
        _cleanup_(transcript_freep) struct transcript *t = calloc(1, sizeof *t);
        if (!t || !(t->bodies = malloc(2 * n + 1)))
                return -ENOMEM;
        struct reader r = {.t = t, .at = bytes, .end = bytes + n, .bodies = t->bodies};
        struct span line;
        bool crlf;
        while (next_line(&r, &line, &crlf))
                read_line(&r, line, crlf);
        if (r.in_message)
                end_message(&r, (struct span){NULL, 0});
        *ret = TAKE_PTR(t);
        return 0;
}

const struct transcript_header *transcript_challenge(const struct transcript *t, const struct transcript_header *answer) {
        const struct transcript_header *best = NULL;
        unsigned best_score = 0;
        struct authorization a;
        authorization_parse(&a, answer->proxy, answer->value);
        for (size_t i = 0; i < t->n; i++) {
                const struct transcript_header *h = &t->headers[i];
                struct challenge c;
                if (h->is_answer)
                        continue;
                challenge_parse(&c, h->proxy, h->value);
                bool algorithm = a.algorithm.present ? span_ieq(a.algorithm.text, c.algorithm_text) : c.algorithm == DIGEST_MD5;
                unsigned score = (unsigned)(1 + 32 * (c.has_nonce && span_eq(a.nonce.text, c.nonce)) +
                                            16 * (c.has_realm && span_eq(a.realm.text, c.realm)) + 8 * c.is_digest + 4 * algorithm +
                                            2 * (h < answer) + (h->proxy == answer->proxy));
                if (score > best_score || (score == best_score && h < answer)) {
                        best = h;
                        best_score = score;
                }
        }
        return best;
}

struct transcript *transcript_free(struct transcript *t) {
        if (t)
                free(t->bodies);
        free(t);
        return NULL;
}
