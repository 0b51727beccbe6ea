/* lab_sip.c: SIP messages of the lab's carriers (RFC 3261 section 7, RFC 3581). */
#include "lab_sip.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lab.h"

static const char *long_name(const char *name) {
        static const char *const compact[][2] = {
                {"v", "Via"},     {"f", "From"},           {"t", "To"},           {"i", "Call-ID"},
                {"m", "Contact"}, {"l", "Content-Length"}, {"c", "Content-Type"}, {"e", "Content-Encoding"}};
        for (size_t i = 0; i < ELEMENTS(compact); i++)
                if (strcasecmp(name, compact[i][0]) == 0)
                        return compact[i][1];
        return name;
}

const char *lab_header(const struct lab_request *r, const char *name, size_t i) {
        for (size_t h = 0; h < r->n_headers; h++)
                if (strcasecmp(r->headers[h].name, name) == 0 && i-- == 0)
                        return r->headers[h].value;
        return NULL;
}

/* The parameter of a header value, to the next separator. */
static bool parameter(const char *value, const char *name, char *ret, size_t size) {
        size_t n = strlen(name);
        for (const char *p = strchr(value, ';'); p; p = strchr(p + 1, ';')) {
                if (strncasecmp(p + 1, name, n) != 0 || !strchr("=;, \t", p[1 + n]))
                        continue;
                p += 1 + n;
                size_t length = *p == '=' ? strcspn(++p, ";, \t>") : 0;
                return snprintf(ret, size, "%.*s", (int)length, p) < (int)size;
        }
        return false;
}

static char *trim(char *text) {
        text += strspn(text, " \t");
        for (size_t n = strlen(text); n > 0 && strchr(" \t", text[n - 1]); n--)
                text[n - 1] = '\0';
        return text;
}

/* Cuts the next line off *rest; a line that begins with a blank belongs to the one before (section 7.3.1). */
static char *next_line(char **rest) {
        char *line = *rest, *end = strstr(line, "\r\n");
        while (end && end != line && (end[2] == ' ' || end[2] == '\t')) {
                end[0] = end[1] = ' ';
                end = strstr(end, "\r\n");
        }
        if (!end)
                return NULL;
        *end = '\0';
        *rest = end + 2;
        return line;
}

static const char *read_start_line(struct lab_request *r, char *line) {
        char *uri = strchr(line, ' ');
        char *version = uri ? strchr(uri + 1, ' ') : NULL;
        if (!version || strcmp(version, " SIP/2.0") != 0)
                return "no request line";
        *uri = *version = '\0';
        r->method = line;
        r->uri = uri + 1;
        return NULL;
}

static const char *read_headers(struct lab_request *r, char **rest) {
        for (char *line; (line = next_line(rest));) {
                if (*line == '\0')
                        return NULL;
                char *colon = strchr(line, ':');
                if (!colon)
                        return "a header without a colon";
                if (r->n_headers == LAB_SIP_HEADERS_MAX)
                        return "too many headers";
                *colon = '\0';
                r->headers[r->n_headers].name = long_name(trim(line));
                r->headers[r->n_headers++].value = trim(colon + 1);
        }
        return "no blank line after the headers";
}

static const char *read_required(struct lab_request *r) {
        const char *via = lab_header(r, "Via", 0), *from = lab_header(r, "From", 0), *to = lab_header(r, "To", 0);
        const char *call_id = lab_header(r, "Call-ID", 0), *cseq = lab_header(r, "CSeq", 0);
        char *end;
        char value[128];
        if (!via || !from || !to || !call_id || !cseq || !lab_header(r, "Max-Forwards", 0))
                return "a required header is absent (section 8.1.1)";
        if (!parameter(via, "branch", r->branch, sizeof r->branch) || strncmp(r->branch, "z9hG4bK", 7) != 0)
                return "no branch of RFC 3261";
        if (!parameter(from, "tag", r->from_tag, sizeof r->from_tag) || r->from_tag[0] == '\0')
                return "no From tag";
        if (snprintf(r->call_id, sizeof r->call_id, "%s", call_id) >= (int)sizeof r->call_id)
                return "Call-ID too long";
        r->rport = parameter(via, "rport", value, sizeof value);
        r->cseq = (uint32_t)strtoul(cseq, &end, 10);
        if (end == cseq || *end != ' ' || strcmp(end + strspn(end, " "), r->method) != 0)
                return "CSeq is not a number and the method";
        const char *length = lab_header(r, "Content-Length", 0);
        if (length && strtoul(length, NULL, 10) != r->body_size)
                return "Content-Length is not the body's";
        return NULL;
}

const char *lab_request_read(struct lab_request *ret, const char *bytes, size_t n) {
        struct lab_request r = {.text = lab_alloc(1, n + 1)};
        memcpy(r.text, bytes, n);
        char *rest = r.text;
        char *line = strlen(r.text) == n ? next_line(&rest) : NULL;
        const char *why = line ? read_start_line(&r, line) : "no line, or a NUL";
        if (!why)
                why = read_headers(&r, &rest);
        r.body = rest;
        r.body_size = n - (size_t)(rest - r.text);
        if (!why)
                why = read_required(&r);
        if (why)
                free(r.text);
        else
                *ret = r;
        return why;
}

void lab_request_clear(struct lab_request *r) {
        free(r->text);
        *r = (struct lab_request){0};
}

/* One value at *p, quoted or a token; *p is left behind it. False when it does not fit. */
static bool read_value(const char **p, char *ret, bool *ret_quoted) {
        size_t n = 0;
        *ret_quoted = **p == '"';
        if (*ret_quoted) {
                for ((*p)++; **p && **p != '"' && n + 1 < LAB_SIP_VALUE_MAX; (*p)++) {
                        if (**p == '\\' && (*p)[1] != '\0')
                                (*p)++;
                        ret[n++] = **p;
                }
                if (**p != '"')
                        return false;
                (*p)++;
        } else
                for (; **p && !strchr(", \t", **p) && n + 1 < LAB_SIP_VALUE_MAX; (*p)++)
                        ret[n++] = **p;
        ret[n] = '\0';
        return true;
}

bool lab_auth_parameter(const char *value, const char *name, char ret[static LAB_SIP_VALUE_MAX], bool *ret_quoted) {
        const char *p = value + strcspn(value, " \t"); /* behind the scheme */
        while (*p) {
                p += strspn(p, ", \t");
                size_t n = strcspn(p, "=");
                if (p[n] != '=')
                        return false;
                bool wanted = n == strlen(name) && strncasecmp(p, name, n) == 0;
                p += n + 1;
                if (!read_value(&p, ret, ret_quoted))
                        return false;
                if (wanted)
                        return true;
        }
        return false;
}

const char *lab_reason(unsigned status) {
        static const struct {
                unsigned status;
                const char *reason;
        } reasons[] = {{100, "Trying"},
                       {200, "OK"},
                       {301, "Moved Permanently"},
                       {302, "Moved Temporarily"},
                       {400, "Bad Request"},
                       {401, "Unauthorized"},
                       {403, "Forbidden"},
                       {404, "Not Found"},
                       {405, "Method Not Allowed"},
                       {407, "Proxy Authentication Required"},
                       {480, "Temporarily Unavailable"},
                       {488, "Not Acceptable Here"},
                       {500, "Server Internal Error"},
                       {501, "Not Implemented"},
                       {503, "Service Unavailable"},
                       {600, "Busy Everywhere"},
                       {603, "Decline"}};
        for (size_t i = 0; i < ELEMENTS(reasons); i++)
                if (reasons[i].status == status)
                        return reasons[i].reason;
        return "Other";
}

/* VIA with another branch in place of its own. malloc'ed. */
static char *foreign_via(const char *via, const char *branch, const char *foreign) {
        const char *place = strstr(via, branch);
        return place ? lab_text("%.*s%s%s", (int)(place - via), via, foreign, place + strlen(branch)) : lab_copy(via);
}

static void write_first_via(FILE *f, const char *via, const struct sockaddr_storage *source) {
        char host[INET6_ADDRSTRLEN] = "";
        unsigned port;
        if (source->ss_family == AF_INET6) {
                const struct sockaddr_in6 *a = (const struct sockaddr_in6 *)source;
                (void)inet_ntop(AF_INET6, &a->sin6_addr, host, sizeof host);
                port = ntohs(a->sin6_port);
        } else {
                const struct sockaddr_in *a = (const struct sockaddr_in *)source;
                (void)inet_ntop(AF_INET, &a->sin_addr, host, sizeof host);
                port = ntohs(a->sin_port);
        }
        const char *rport = strcasestr(via, ";rport");
        if (rport && strchr(";, ", rport[6]))
                (void)fprintf(f, "Via: %.*s;rport=%u;received=%s%s\r\n", (int)(rport - via), via, port, host, rport + 6);
        else
                (void)fprintf(f, "Via: %s;received=%s\r\n", via, host);
}

char *lab_response_write(const struct lab_request *r, unsigned status, const char *to_tag, const char *extra,
                         const struct sockaddr_storage *source, const struct lab_oddity *odd) {
        char *text = NULL, tag[128];
        size_t size;
        FILE *f = open_memstream(&text, &size);
        if (!f)
                lab_fail("unable to write a response");
        (void)fprintf(f, "SIP/2.0 %u %s\r\n", status, lab_reason(status));
        char *via = odd->branch ? foreign_via(lab_header(r, "Via", 0), r->branch, odd->branch) : lab_copy(lab_header(r, "Via", 0));
        write_first_via(f, via, source);
        free(via);
        for (size_t i = 1; lab_header(r, "Via", i); i++)
                (void)fprintf(f, "Via: %s\r\n", lab_header(r, "Via", i));
        const char *to = lab_header(r, "To", 0);
        bool tagged = status == 100 || parameter(to, "tag", tag, sizeof tag);
        (void)fprintf(f, "From: %s\r\nTo: %s%s%s\r\nCall-ID: %s\r\nCSeq: %s\r\n", lab_header(r, "From", 0), to,
                      tagged ? "" : ";tag=", tagged ? "" : to_tag, r->call_id, lab_header(r, "CSeq", 0));
        (void)fprintf(f, "%sServer: lab carrier\r\n", extra ? extra : "");
        const char *length = odd->length ? odd->length : "0";
        if (*length)
                (void)fprintf(f, "Content-Length: %s\r\n", length);
        (void)fputs("\r\n", f);
        if (fclose(f) != 0)
                lab_fail("unable to write a response");
        return text;
}
