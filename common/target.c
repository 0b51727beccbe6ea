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

/* A parameter of a SIP URI: ";name=value" after its host, before its headers. {NULL} = absent. */
static struct span uri_parameter(struct span uri, const char *name) {
        struct span wanted = span_of(name), hostport = uri_hostport(uri);
        if (hostport.n == 0)
                return hostport;
        const char *end = uri.p + uri.n;
        for (const char *p = hostport.p + hostport.n; p < end && *p == ';';) {
                const char *start = ++p;
                while (p < end && *p != ';' && *p != '?' && *p != '>')
                        p++;
                const char *equals = p > start ? memchr(start, '=', (size_t)(p - start)) : NULL;
                if (equals && span_ieq((struct span){start, (size_t)(equals - start)}, wanted))
                        return (struct span){equals + 1, (size_t)(p - equals - 1)};
        }
        return (struct span){NULL, 0};
}

static bool has_scheme(struct span uri, const char *scheme) {
        size_t n = strlen(scheme);
        return uri.n > n && strncasecmp(uri.p, scheme, n) == 0 && uri.p[n] == ':';
}

static bool read_transport(struct span word, struct target *ret) {
        static const char *const words[] = {[TARGET_UDP] = "udp", [TARGET_TCP] = "tcp", [TARGET_TLS] = "tls"};
        ret->has_transport = word.n > 0;
        ret->transport = TARGET_UDP;
        for (size_t i = 0; i < ELEMENTS(words); i++)
                if (span_ieq(word, span_of(words[i]))) {
                        ret->transport = (enum target_transport)i;
                        return true;
                }
        return word.n == 0;
}

/* What a URI says of the transport: its parameter; and "sips" is TLS, also with transport=tcp (RFC 3261 section 26.2.2). */
static bool read_uri_transport(struct span uri, struct target *ret) {
        if (!read_transport(uri_parameter(uri, "transport"), ret))
                return false;
        if (has_scheme(uri, "sips")) {
                ret->has_transport = true;
                ret->transport = TARGET_TLS;
        }
        return true;
}

const char *target_transport_name(enum target_transport transport) {
        switch (transport) {
        case TARGET_UDP:
                return "UDP";
        case TARGET_TCP:
                return "TCP";
        case TARGET_TLS:
                return "TLS";
        }
        return "";
}

uint16_t target_default_port(enum target_transport transport) {
        return transport == TARGET_TLS ? 5061 : 5060;
}

static bool read_target(struct target *ret, struct span text) {
        struct host_port hp;
        if (host_port_parse(&hp, text) || hp.host.n >= sizeof ret->host || text.n >= sizeof ret->text)
                return false;
        memcpy(ret->host, hp.host.p, hp.host.n);
        ret->host[hp.host.n] = '\0';
        memcpy(ret->text, text.p, text.n);
        ret->text[text.n] = '\0';
        ret->port = hp.port;
        return true;
}

/* Where requests go when no proxy is named. *port: what the request URI writes beside its maddr (RFC 3263 section 4.2), else 0. */
static struct span own_target(const struct trunk *t, uint16_t *port) {
        struct span uri = span_of(t->request_uri), maddr = uri_parameter(uri, "maddr");
        struct host_port hp;
        if (maddr.n > 0) {
                *port = host_port_parse(&hp, uri_hostport(uri)) ? 0 : hp.port;
                return maddr;
        }
        return t->domain && t->domain[0] ? span_of(t->domain) : uri_hostport(uri);
}

int target_list(struct target ret[static TARGETS_MAX], size_t *ret_n, const struct trunk *t) {
        struct span rest = span_of(t->proxies), word = span_of(t->transport);
        struct target common = {0};
        if (word.n > 0 ? !read_transport(word, &common) : !read_uri_transport(span_of(t->request_uri), &common))
                return TARGET_NO_TRANSPORT;
        uint16_t port = 0;
        if (rest.n == 0)
                rest = own_target(t, &port);
        if (rest.n == 0)
                return TARGET_NONE;
        size_t n = 0;
        while (rest.n > 0 && n < TARGETS_MAX) {
                const char *space = memchr(rest.p, ' ', rest.n);
                struct span item = {rest.p, space ? (size_t)(space - rest.p) : rest.n};
                ret[n] = common;
                if (!read_target(&ret[n], item))
                        return TARGET_UNREADABLE;
                if (ret[n].port == 0)
                        ret[n].port = port;
                n++;
                size_t used = item.n + (space != NULL);
                rest = (struct span){rest.p + used, rest.n - used};
        }
        *ret_n = n;
        return 0;
}

int target_of_contact(struct target *ret, struct span contact) {
        const char *open = contact.n ? memchr(contact.p, '<', contact.n) : NULL;
        struct span uri = contact;
        if (open)
                uri = (struct span){open + 1, contact.n - (size_t)(open + 1 - contact.p)};
        struct target t = {0};
        if (!has_scheme(uri, "sip") && !has_scheme(uri, "sips"))
                return TARGET_NONE;
        if (!read_uri_transport(uri, &t))
                return TARGET_NO_TRANSPORT;
        struct span maddr = uri_parameter(uri, "maddr"), own = uri_hostport(uri);
        struct host_port hp;
        if (!read_target(&t, maddr.n > 0 ? maddr : own))
                return TARGET_UNREADABLE;
        if (t.port == 0 && !host_port_parse(&hp, own))
                t.port = hp.port;
        *ret = t;
        return 0;
}

bool target_domain(const struct trunk *t, char ret[static TARGET_HOST_MAX]) {
        struct host_port hp;
        struct span text = t->domain && t->domain[0] ? span_of(t->domain) : uri_hostport(span_of(t->request_uri));
        if (text.n == 0 || host_port_parse(&hp, text) || hp.host.n >= TARGET_HOST_MAX)
                return false;
        memcpy(ret, hp.host.p, hp.host.n);
        ret[hp.host.n] = '\0';
        return true;
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
        char digits[NUMBER_DIGITS];
        const struct span none = {NULL, 0}, pieces[] = {
                                                    {uri, before + host},
                                                    colon ? none : SPAN(":"),
                                                    colon ? none : span_of_number(port, digits),
                                                    span_of(after),
                                            };
        size_t at = 0;
        return span_append(ret, TARGET_URI_MAX, &at, pieces, ELEMENTS(pieces));
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

int target_uris_of(struct target_uris *ret, const struct trunk *t, const char *host, uint16_t port) {
        struct target_uris u;
        struct span domain = span_of(t->domain);
        char bracketed[TARGET_HOST_MAX + 2];
        if (domain.n == 0)
                domain = uri_hostport(span_of(t->request_uri));
        if (domain.n == 0) {
                bool v6 = strchr(host, ':') != NULL;
                (void)snprintf(bracketed, sizeof bracketed, "%s%s%s", v6 ? "[" : "", host, v6 ? "]" : "");
                domain = span_of(bracketed);
        }
        bool own = t->request_uri && t->request_uri[0];
        if (!is_hostport(domain) || (own && !is_sip_uri(t->request_uri)))
                return TARGET_UNREADABLE;
        const struct span scheme = SPAN("sip:"), request[] = {own ? span_of(t->request_uri) : scheme, {domain.p, own ? 0 : domain.n}};
        size_t at = 0;
        if (!span_append(u.request, sizeof u.request, &at, request, ELEMENTS(request)))
                return -ENOBUFS;
        if (!toggle_port(u.request, port, u.other_port))
                return -ENOBUFS;
        char user[TARGET_URI_MAX];
        user[0] = '\0';
        if (t->username && !write_user(t->username, user, sizeof user))
                return -ENOBUFS;
        const struct span aor[] = {scheme, span_of(user), span_of(user[0] ? "@" : ""), domain};
        at = 0;
        if (!span_append(u.aor, sizeof u.aor, &at, aor, ELEMENTS(aor)))
                return -ENOBUFS;
        *ret = u;
        return 0;
}
