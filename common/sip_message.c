/* sip_message.c: the part of RFC 3261's grammar that a client needs: it writes requests without body and reads responses.
 *
 * Tolerant where peers differ without harm (bare LF, spaces before the colon, folding, compact names), strict where a guess would decide a
 * verdict (status line, Content-Length larger than what came). */
#include "sip_message.h"

#include <openssl/crypto.h>

#include "utf8.h"

static bool is_space(char c) {
        return c == ' ' || c == '\t';
}

static bool is_digit(char c) {
        return c >= '0' && c <= '9';
}

static struct span trim(struct span s) {
        while (s.n > 0 && (is_space(*s.p) || *s.p == '\r' || *s.p == '\n')) {
                s.p++;
                s.n--;
        }
        while (s.n > 0 && (is_space(s.p[s.n - 1]) || s.p[s.n - 1] == '\r' || s.p[s.n - 1] == '\n'))
                s.n--;
        return s;
}

/* -- reading ------------------------------------------------------------------------------------------------------- */

/* Takes one line off, its end not included. Folded continuation lines belong to it; their line ends become spaces in place
 * (RFC 3261 section 7.3.1). False at the end of the message. */
static bool take_line(char **at, char *end, bool folds, struct span *ret) {
        char *start = *at, *p = start;
        if (p >= end)
                return false;
        for (;;) {
                char *lf = memchr(p, '\n', (size_t)(end - p));
                if (!lf) {
                        *ret = (struct span){start, (size_t)(end - start)};
                        *at = end;
                        return true;
                }
                size_t n = (size_t)(lf - start);
                if (n > 0 && start[n - 1] == '\r')
                        n--;
                /* An empty line ends the headers: what follows it is body, not folding. */
                if (!folds || n == 0 || lf + 1 >= end || !is_space(lf[1])) {
                        *ret = (struct span){start, n};
                        *at = lf + 1;
                        return true;
                }
                *lf = ' ';
                if (lf > start && lf[-1] == '\r')
                        lf[-1] = ' ';
                p = lf + 1;
        }
}

static bool read_status_line(struct sip_response *r, struct span line) {
        if (line.n < 11 || strncasecmp(line.p, "SIP/2.0 ", 8) != 0)
                return false;
        const char *d = line.p + 8;
        if (!is_digit(d[0]) || !is_digit(d[1]) || !is_digit(d[2]) || (line.n > 11 && !is_space(d[3])))
                return false;
        r->status = (d[0] - '0') * 100 + (d[1] - '0') * 10 + (d[2] - '0');
        r->reason = trim((struct span){d + 3, line.n - 11});
        return r->status >= 100 && r->status <= 699;
}

/* Method SP Request-URI SP SIP/2.0 */
static bool is_request_line(struct span line) {
        return line.n > 8 && line.p[line.n - 1] == '0' && strncasecmp(line.p + line.n - 8, " SIP/2.0", 8) == 0;
}

static bool read_number(struct span s, uint32_t *ret) {
        uint64_t value = 0;
        if (s.n == 0 || s.n > 10)
                return false;
        for (size_t i = 0; i < s.n; i++) {
                if (!is_digit(s.p[i]))
                        return false;
                value = value * 10 + (uint64_t)(s.p[i] - '0');
        }
        if (value > UINT32_MAX)
                return false;
        *ret = (uint32_t)value;
        return true;
}

static bool read_header(struct sip_header *h, struct span line) {
        const char *colon = memchr(line.p, ':', line.n);
        if (!colon || colon == line.p)
                return false;
        h->name = trim((struct span){line.p, (size_t)(colon - line.p)});
        h->value = trim((struct span){colon + 1, line.n - (size_t)(colon + 1 - line.p)});
        if (h->name.n == 0)
                return false;
        for (size_t i = 0; i < h->name.n; i++)
                if ((unsigned char)h->name.p[i] <= ' ' || h->name.p[i] == 127)
                        return false;
        return true;
}

/* Octets after the Content-Length in a datagram are discarded, RFC 3261 section 18.3. Returns NULL, or what is wrong. */
static const char *cut_body(struct sip_response *r) {
        const struct sip_header *length;
        uint32_t first = 0, declared;
        size_t n = 0;
        for (; (length = sip_header(r, "Content-Length", n)); n++) {
                if (!read_number(length->value, &declared))
                        return "Content-Length is not a number";
                if (declared > r->body.n)
                        return "it is shorter than its Content-Length";
                if (n > 0 && declared != first)
                        return "it has two Content-Lengths that differ";
                first = declared;
        }
        if (n > 0)
                r->body.n = first;
        return NULL;
}

int sip_response_read(struct sip_response *ret, char *bytes, size_t n, const char **ret_why) {
        struct sip_response *r = ret;
        r->status = 0;
        r->n_headers = 0;
        r->reason = r->body = (struct span){NULL, 0};

        char *at = bytes, *end = bytes + n;
        /* Keep-alive line ends before a message (RFC 3261 section 7.5). */
        while (at < end && (*at == '\r' || *at == '\n'))
                at++;

        struct span line;
        if (n > SIP_MESSAGE_MAX || !take_line(&at, end, false, &line)) {
                *ret_why = n > SIP_MESSAGE_MAX ? "it is too long" : "it is empty";
                return SIP_MALFORMED;
        }
        if (!read_status_line(r, line)) {
                if (is_request_line(line))
                        return SIP_IS_REQUEST;
                *ret_why = "the first line is not a SIP/2.0 status line";
                return SIP_MALFORMED;
        }
        for (;;) {
                if (!take_line(&at, end, true, &line)) {
                        *ret_why = "its header fields do not end"; /* cut short: the missing ones could decide a verdict */
                        return SIP_MALFORMED;
                }
                if (line.n == 0)
                        break;
                if (r->n_headers == SIP_HEADERS_MAX) {
                        *ret_why = "it has too many header fields";
                        return SIP_MALFORMED;
                }
                if (!read_header(&r->headers[r->n_headers++], line)) {
                        *ret_why = "a header field has no name or no colon";
                        return SIP_MALFORMED;
                }
        }
        r->body = (struct span){at, (size_t)(end - at)};

        const char *why = cut_body(r);
        if (why)
                *ret_why = why;
        return why ? SIP_MALFORMED : 0;
}

/* RFC 3261 section 7.3.3 */
static bool is_compact_form(char letter, struct span name) {
        static const struct {
                char letter;
                const char *name;
        } forms[] = {{'f', "From"},           {'t', "To"},      {'v', "Via"},         {'i', "Call-ID"},
                     {'l', "Content-Length"}, {'m', "Contact"}, {'c', "Content-Type"}};
        for (size_t i = 0; i < ELEMENTS(forms); i++)
                if (forms[i].letter == (letter | 0x20))
                        return span_ieq(span_of(forms[i].name), name);
        return false;
}

const struct sip_header *sip_header(const struct sip_response *r, const char *name, size_t i) {
        struct span full = span_of(name);
        for (size_t k = 0; k < r->n_headers; k++) {
                const struct sip_header *h = &r->headers[k];
                bool named = h->name.n == 1 && full.n > 1 ? is_compact_form(*h->name.p, full) : span_ieq(h->name, full);
                if (named && i-- == 0)
                        return h;
        }
        return NULL;
}

/* "name=value" or "name": true when it is the one that is wanted. */
static bool read_parameter(struct span parameter, struct span wanted, struct span *ret) {
        parameter = trim(parameter);
        if (parameter.n < wanted.n || strncasecmp(parameter.p, wanted.p, wanted.n) != 0)
                return false;
        const char *equals = memchr(parameter.p, '=', parameter.n);
        size_t n = equals ? (size_t)(equals - parameter.p) : parameter.n;
        if (trim((struct span){parameter.p, n}).n != wanted.n)
                return false;
        *ret = equals ? trim((struct span){equals + 1, parameter.n - n - 1}) : (struct span){parameter.p + n, 0};
        return true;
}

/* Of a value without quotes and angle brackets, as a Via is. */
static struct span plain_parameter(struct span value, struct span wanted) {
        const char *comma = memchr(value.p, ',', value.n), *end = comma ? comma : value.p + value.n;
        struct span found = {NULL, 0};
        for (const char *p = memchr(value.p, ';', (size_t)(end - value.p)); p;) {
                const char *next = memchr(p + 1, ';', (size_t)(end - p - 1)), *stop = next ? next : end;
                if (read_parameter((struct span){p + 1, (size_t)(stop - p - 1)}, wanted, &found))
                        return found;
                p = next;
        }
        return found;
}

struct span sip_parameter(struct span value, const char *name) {
        struct span wanted = span_of(name), found;
        if (value.n == 0)
                return (struct span){NULL, 0};
        if (!memchr(value.p, '"', value.n) && !memchr(value.p, '<', value.n) && !memchr(value.p, '>', value.n))
                return plain_parameter(value, wanted);
        bool quoted = false, angled = false;
        size_t i = 0;
        while (i < value.n) {
                char c = value.p[i];
                if (quoted) {
                        if (c == '\\')
                                i++;
                        else if (c == '"')
                                quoted = false;
                } else if (c == '"') {
                        quoted = true;
                } else if (c == '<' || c == '>') {
                        angled = c == '<';
                } else if (c == ',' && !angled) {
                        break; /* the next element of a list */
                } else if (c == ';' && !angled) {
                        size_t start = i + 1, end = start;
                        bool in_value = false;
                        for (; end < value.n && (in_value || (value.p[end] != ';' && value.p[end] != ',')); end++) {
                                if (value.p[end] == '"')
                                        in_value = !in_value;
                                else if (in_value && value.p[end] == '\\' && end + 1 < value.n)
                                        end++;
                        }
                        if (read_parameter((struct span){value.p + start, end - start}, wanted, &found))
                                return found;
                        i = end;
                        continue;
                }
                i++;
        }
        return (struct span){NULL, 0};
}

bool sip_cseq(struct span value, uint32_t *ret_number, struct span *ret_method) {
        size_t n = 0;
        while (n < value.n && is_digit(value.p[n]))
                n++;
        uint32_t number;
        if (!read_number((struct span){value.p, n}, &number) || n == value.n || !is_space(value.p[n]))
                return false;
        struct span method = trim((struct span){value.p + n, value.n - n});
        if (method.n == 0)
                return false;
        *ret_number = number;
        *ret_method = method;
        return true;
}

/* What is wrong with the fields that a response takes over from its request (RFC 3261 section 8.2.6.2), and none may be there twice; NULL
 * and the CSeq when nothing is. */
static const char *judge_echo(const struct sip_response *r, struct span *ret_cseq) {
        static const struct {
                struct span name, compact;
                const char *absent, *twice;
        } once[] = {
                {SPAN("CSeq"), {NULL, 0}, "it has no CSeq", "it has two CSeqs"},
                {SPAN("Call-ID"), SPAN("i"), "it has no Call-ID", "it has two Call-IDs"},
                {SPAN("From"), SPAN("f"), "it has no From", "it has two Froms"},
                {SPAN("To"), SPAN("t"), "it has no To", "it has two Tos"},
        };
        const struct sip_header *found[ELEMENTS(once)] = {NULL};
        for (size_t k = 0; k < r->n_headers; k++) /* once for all of them: this is done for every response */
                for (size_t i = 0; i < ELEMENTS(once); i++)
                        if (span_ieq(r->headers[k].name, once[i].name) || span_ieq(r->headers[k].name, once[i].compact)) {
                                if (found[i])
                                        return once[i].twice;
                                found[i] = &r->headers[k];
                        }
        for (size_t i = 0; i < ELEMENTS(once); i++)
                if (!found[i])
                        return once[i].absent;
        *ret_cseq = found[0]->value;
        return NULL;
}

int sip_response_match(const struct sip_response *r, const char *branch, uint32_t cseq, const char *method, const char **ret_why) {
        const struct sip_header *via = sip_header(r, "Via", 0);
        struct span theirs = via ? sip_parameter(via->value, "branch") : (struct span){NULL, 0}, their_cseq = {NULL, 0},
                    their_method = {NULL, 0};
        uint32_t number = 0;
        if (theirs.p && !span_eq(theirs, span_of(branch)))
                return SIP_IS_FOREIGN;
        const char *why = theirs.p ? judge_echo(r, &their_cseq) : "it has no Via with a branch";
        if (!why && !sip_cseq(their_cseq, &number, &their_method))
                why = "its CSeq is malformed";
        if (why) {
                *ret_why = why;
                return SIP_MALFORMED;
        }
        return number == cseq && span_eq(their_method, span_of(method)) ? 0 : SIP_IS_FOREIGN;
}

/* -- writing ------------------------------------------------------------------------------------------------------- */

#define EVERY_BYTE(b) (UINT64_C(0x0101010101010101) * (b))

/* No control characters; a tab may stand in a quoted value that is echoed. */
static bool is_clean(struct span text, bool tabs) {
        size_t i = 0;
        for (uint64_t word; text.n - i >= sizeof word; i += sizeof word) {
                memcpy(&word, text.p + i, sizeof word);
                /* A byte below 32 or equal to 127 borrows or carries into its top bit; some others do, too, and are looked at below. */
                if ((((word - EVERY_BYTE(' ')) | (word + EVERY_BYTE(1))) & EVERY_BYTE(0x80)) != 0)
                        break;
        }
        for (; i < text.n; i++)
                if (((unsigned char)text.p[i] < ' ' && !(tabs && text.p[i] == '\t')) || text.p[i] == 127)
                        return false;
        return true;
}

int sip_request_write(const struct sip_request *r, char *buffer, size_t size, size_t *ret_n) {
        const struct span method = span_of(r->method), uri = span_of(r->request_uri), transport = span_of(r->transport),
                          sent_by = span_of(r->sent_by), branch = span_of(r->branch), from = span_of(r->from_uri),
                          tag = span_of(r->from_tag), to = span_of(r->to_uri), call_id = span_of(r->call_id),
                          agent = span_of(r->user_agent), answer = span_of(r->authorization),
                          proxy_answer = span_of(r->proxy_authorization), none = {NULL, 0};
        const struct span texts[] = {method, uri, transport, sent_by, branch, from, tag, to, call_id, agent};
        for (size_t i = 0; i < ELEMENTS(texts); i++)
                if (!is_clean(texts[i], false))
                        return -EINVAL;
        if (!is_clean(answer, true) || !is_clean(proxy_answer, true))
                return -EINVAL;

        char cseq[NUMBER_DIGITS];
        const struct span line_end = SPAN("\r\n"), space = SPAN(" ");
        const struct span pieces[] = {
                method,
                space,
                uri,
                SPAN(" SIP/2.0\r\nVia: SIP/2.0/"),
                transport,
                space,
                sent_by,
                SPAN(";branch="),
                branch,
                SPAN(";rport\r\n" /* RFC 3581 */
                     "Max-Forwards: 70\r\n"
                     "From: <"),
                from,
                SPAN(">;tag="),
                tag,
                SPAN("\r\nTo: <"),
                to,
                SPAN(">\r\nCall-ID: "),
                call_id,
                SPAN("\r\nCSeq: "),
                span_of_number(r->cseq, cseq),
                space,
                method,
                line_end,
                answer.p ? SPAN("Authorization: ") : none,
                answer,
                answer.p ? line_end : none,
                proxy_answer.p ? SPAN("Proxy-Authorization: ") : none,
                proxy_answer,
                proxy_answer.p ? line_end : none,
                agent.p ? SPAN("User-Agent: ") : none,
                agent,
                agent.p ? line_end : none,
                SPAN("Content-Length: 0\r\n\r\n"),
        };
        size_t at = 0;
        if (!span_append(buffer, size, &at, pieces, ELEMENTS(pieces)))
                return -ENOBUFS;
        *ret_n = at;
        return 0;
}

/* -- evidence ------------------------------------------------------------------------------------------------------ */

/* How many of the bytes at p are among those of set. */
static size_t span_of_any(const char *p, const char *end, const char *set) {
        size_t n = 0;
        while (p + n < end && p[n] != '\0' && strchr(set, p[n]))
                n++;
        return n;
}

/* Length of the value to hide at p: that of response="…", response=…, rspauth=…, also when it is folded, or quoted once more as by a
 * carrier that repeats what it got in a Warning; 0 = nothing to hide here. ret_skip: what stays. */
static size_t hidden_length(const char *p, const char *end, size_t *ret_skip) {
        static const char *const names[] = {"response", "rspauth"};
        for (size_t i = 0; i < ELEMENTS(names); i++) {
                size_t n = strlen(names[i]);
                if ((size_t)(end - p) <= n || strncasecmp(p, names[i], n) != 0)
                        continue;
                const char *v = p + n;
                v += span_of_any(v, end, " \t\r\n");
                if (v == end || *v != '=')
                        continue;
                v++;
                v += span_of_any(v, end, " \t\r\n\"'\\");
                const char *stop = v;
                while (stop < end && ((*stop >= '0' && *stop <= '9') || (*stop >= 'a' && *stop <= 'f') || (*stop >= 'A' && *stop <= 'F')))
                        stop++;
                if (stop - v < 16)
                        continue;
                *ret_skip = (size_t)(v - p);
                return (size_t)(stop - v);
        }
        return 0;
}

/* Bytes that need a second look: what has to be written otherwise, and the first letter of words that may hide something. */
static const bool special[256] = {
        [0 ... '\t'] = true, [11 ... 12] = true, [14 ... 31] = true, [127 ... 255] = true, ['r'] = true, ['R'] = true,
};

char *sip_redact(struct span message) {
        static const char hidden[] = "redacted";
        size_t worst;
        if (mul_overflows(message.n, 4, &worst) || add_overflows(worst, 1, &worst))
                return NULL;
        char *text = malloc(worst), *out = text;
        if (!text)
                return NULL;

        const char *p = message.p, *end = p + message.n;
        while (p < end) {
                /* Most of a message is plain text that needs no second look. */
                const char *plain = p;
                while (p < end && !special[(unsigned char)*p])
                        p++;
                out = mempcpy(out, plain, (size_t)(p - plain));
                if (p == end)
                        break;
                size_t skip = 0, secret = hidden_length(p, end, &skip);
                if (secret > 0) {
                        memcpy(out, p, skip);
                        out += skip;
                        memcpy(out, hidden, sizeof hidden - 1);
                        out += sizeof hidden - 1;
                        p += skip + secret;
                        continue;
                }
                const char *next = p;
                bool valid = utf8_next(&next, end) != UTF8_INVALID;
                bool control = (unsigned char)*p < ' ' ? *p == '\0' || !strchr("\r\n\t", *p) : *p == 127;
                if (valid && !control) {
                        out = mempcpy(out, p, (size_t)(next - p));
                } else {
                        static const char digits[] = "0123456789abcdef";
                        const unsigned char byte = (unsigned char)*p;
                        const char escape[] = {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
                        out = mempcpy(out, escape, sizeof escape);
                }
                p = next;
        }
        *out = '\0';
        char *fit = realloc(text, (size_t)(out - text) + 1);
        return fit ? fit : text;
}

struct sip_wire {
        size_t n;
        char bytes[];
};

struct sip_wire *sip_wire_new(struct span message) {
        size_t size;
        struct sip_wire *w = add_overflows(sizeof *w, message.n, &size) ? NULL : malloc(size);
        if (w) {
                w->n = message.n;
                memcpy(w->bytes, message.p, message.n);
        }
        return w;
}

struct sip_wire *sip_wire_free(struct sip_wire *w) {
        if (w) {
                OPENSSL_cleanse(w->bytes, w->n);
                free(w);
        }
        return NULL;
}

struct span sip_wire_bytes(const struct sip_wire *w) {
        return (struct span){w->bytes, w->n};
}

int sip_wire_text(char **ret, const struct sip_wire *w) {
        *ret = w ? sip_redact(sip_wire_bytes(w)) : NULL;
        return w && !*ret ? -ENOMEM : 0;
}
