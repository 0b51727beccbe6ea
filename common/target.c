/* target.c: host and port of a carrier, and the forms of its URIs. */
#include "target.h"

#include <stdio.h>

#include "host_port.h"

/* The host[:port] part of a SIP URI: after the scheme and the user, before parameters and headers. */
static struct span uri_hostport(struct span uri) {
        const char *colon = uri.n > 0 ? memchr(uri.p, ':', uri.n) : NULL;
        if (!colon)
                return (struct span){NULL, 0};
        struct span s = {colon + 1, uri.n - (size_t)(colon + 1 - uri.p)};
        const char *at = s.n > 0 ? memchr(s.p, '@', s.n) : NULL;
        if (at)
                s = (struct span){at + 1, s.n - (size_t)(at + 1 - s.p)};
        for (size_t i = 0; i < s.n; i++)
                if (s.p[i] == ';' || s.p[i] == '?' || s.p[i] == '>') {
                        s.n = i;
                        break;
                }
        return s;
}

static struct span first_proxy(const struct trunk *t) {
        struct span s = span_of(t->proxies);
        const char *space = s.n > 0 ? memchr(s.p, ' ', s.n) : NULL;
        return space ? (struct span){s.p, (size_t)(space - s.p)} : s;
}

static bool read_transport(const char *word, enum target_transport *ret) {
        if (!word || text_ieq(word, "udp"))
                *ret = TARGET_UDP;
        else if (text_ieq(word, "tcp"))
                *ret = TARGET_TCP;
        else if (text_ieq(word, "tls"))
                *ret = TARGET_TLS;
        else
                return false;
        return true;
}

int target_of(struct target *ret, const struct trunk *t) {
        struct target target = {0};
        if (!read_transport(t->transport, &target.transport))
                return TARGET_NO_TRANSPORT;
        target.port = target.transport == TARGET_TLS ? 5061 : 5060;

        struct span from = first_proxy(t);
        if (from.n == 0)
                from = span_of(t->domain);
        if (from.n == 0)
                from = uri_hostport(span_of(t->request_uri));
        if (from.n == 0)
                return TARGET_NONE;
        struct host_port hp;
        if (host_port_parse(&hp, from) || hp.host.n >= sizeof target.host)
                return TARGET_UNREADABLE;
        memcpy(target.host, hp.host.p, hp.host.n);
        if (hp.port)
                target.port = hp.port;
        bool v6 = strchr(target.host, ':') != NULL;
        (void)snprintf(target.text, sizeof target.text, "%s%s%s:%u", v6 ? "[" : "", target.host, v6 ? "]" : "", target.port);
        *ret = target;
        return 0;
}

/* The same URI with the port added after its host, or taken away. */
static bool toggle_port(const char *uri, uint16_t port, char ret[static TARGET_URI_MAX]) {
        struct span whole = span_of(uri), hostport = uri_hostport(whole);
        if (hostport.n == 0)
                return false;
        size_t before = (size_t)(hostport.p - whole.p), host = hostport.n;
        size_t from = 0;
        if (hostport.p[0] == '[') {
                const char *close = memchr(hostport.p, ']', hostport.n);
                if (!close)
                        return false;
                from = (size_t)(close - hostport.p);
        }
        const char *colon = memchr(hostport.p + from, ':', hostport.n - from);
        if (colon)
                host = (size_t)(colon - hostport.p);
        const char *after = hostport.p + hostport.n;
        char digits[8] = "";
        if (!colon)
                (void)snprintf(digits, sizeof digits, ":%u", port);
        int n = snprintf(ret, TARGET_URI_MAX, SPAN_FMT "%s%s", SPAN_ARG(((struct span){uri, before + host})), digits, after);
        return n > 0 && n < TARGET_URI_MAX;
}

/* The user part of a URI from a digest username: what stands before '@', other octets than unreserved ones escaped. */
static bool write_user(const char *username, char *buffer, size_t size) {
        static const char digits[] = "0123456789ABCDEF";
        size_t at = 0;
        for (const char *p = username; *p && *p != '@'; p++) {
                bool plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') ||
                             strchr("-_.!~*'()&=+$,", *p);
                if (at + 4 > size)
                        return false;
                if (plain) {
                        buffer[at++] = *p;
                } else {
                        buffer[at++] = '%';
                        buffer[at++] = digits[(unsigned char)*p >> 4];
                        buffer[at++] = digits[(unsigned char)*p & 15];
                }
        }
        buffer[at] = '\0';
        return true;
}

static bool is_hostport(struct span s) {
        struct host_port unused;
        return !host_port_parse(&unused, s);
}

/* A sip or sips URI without what would end it in a request line, in <> or in a quoted digest-uri. */
static bool is_sip_uri(const char *uri) {
        if (strncasecmp(uri, "sip:", 4) != 0 && strncasecmp(uri, "sips:", 5) != 0)
                return false;
        for (const char *p = uri; *p; p++)
                if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 127 || strchr("<>\"\\", *p))
                        return false;
        return is_hostport(uri_hostport(span_of(uri)));
}

int target_uris_of(struct target_uris *ret, const struct trunk *t, const struct target *target) {
        struct target_uris u;
        struct span domain = span_of(t->domain);
        char bracketed[TARGET_HOST_MAX + 2];
        if (domain.n == 0)
                domain = uri_hostport(span_of(t->request_uri));
        if (domain.n == 0) {
                bool v6 = strchr(target->host, ':') != NULL;
                (void)snprintf(bracketed, sizeof bracketed, "%s%s%s", v6 ? "[" : "", target->host, v6 ? "]" : "");
                domain = span_of(bracketed);
        }
        bool own = t->request_uri && t->request_uri[0];
        if (!is_hostport(domain) || (own && !is_sip_uri(t->request_uri)))
                return TARGET_UNREADABLE;
        int n;
        if (own)
                n = snprintf(u.request, sizeof u.request, "%s", t->request_uri);
        else
                n = snprintf(u.request, sizeof u.request, "sip:" SPAN_FMT, SPAN_ARG(domain));
        if (n < 0 || (size_t)n >= sizeof u.request)
                return -ENOBUFS;
        if (!toggle_port(u.request, target->port, u.other_port))
                return -ENOBUFS;
        char user[TARGET_URI_MAX] = "";
        if (t->username && !write_user(t->username, user, sizeof user))
                return -ENOBUFS;
        n = snprintf(u.aor, sizeof u.aor, "sip:%s%s" SPAN_FMT, user, user[0] ? "@" : "", SPAN_ARG(domain));
        if (n < 0 || (size_t)n >= sizeof u.aor)
                return -ENOBUFS;
        *ret = u;
        return 0;
}
