/* host_port.c: hosts and ports as they stand in SIP URIs (RFC 3261 section 25.1: hostport). */
#include "host_port.h"

#define LABEL_MAX 63 /* bytes between two dots (RFC 1035 section 2.3.4) */

static bool is_digit(char c) {
        return c >= '0' && c <= '9';
}

static bool is_hex(char c) {
        return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_label_char(char c) {
        return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}

/* A number of at most `digits` digits without a leading zero, at most max. */
static bool read_number(struct span s, size_t digits, unsigned max, unsigned *ret) {
        if (s.n == 0 || s.n > digits || (s.n > 1 && s.p[0] == '0'))
                return false;
        unsigned n = 0;
        for (size_t i = 0; i < s.n; i++) {
                if (!is_digit(s.p[i]))
                        return false;
                n = n * 10 + (unsigned)(s.p[i] - '0');
        }
        if (n > max)
                return false;
        *ret = n;
        return true;
}

static bool is_ipv4(struct span s) {
        unsigned parts = 0, value;
        size_t start = 0;
        for (size_t i = 0; i <= s.n; i++)
                if (i == s.n || s.p[i] == '.') {
                        if (!read_number((struct span){s.p + start, i - start}, 3, 255, &value))
                                return false;
                        parts++;
                        start = i + 1;
                }
        return parts == 4;
}

/* RFC 4291 section 2.2: eight groups; one "::" stands for one or more; the last two may be an IPv4 address. */
static bool is_ipv6(struct span s) {
        unsigned groups = 0;
        bool gap = false;
        size_t i = 0;
        if (s.n >= 2 && s.p[0] == ':' && s.p[1] == ':') {
                gap = true;
                i = 2;
        }
        while (i < s.n) {
                size_t start = i;
                while (i < s.n && is_hex(s.p[i]))
                        i++;
                if (i < s.n && s.p[i] == '.')
                        return is_ipv4((struct span){s.p + start, s.n - start}) && (gap ? groups <= 5 : groups == 6);
                if (i == start || i - start > 4)
                        return false;
                groups++;
                if (i == s.n)
                        break;
                if (s.p[i++] != ':' || i == s.n)
                        return false;
                if (s.p[i] == ':') {
                        if (gap)
                                return false;
                        gap = true;
                        i++;
                }
        }
        return gap ? groups <= 7 : groups == 8;
}

static bool is_name(struct span s) {
        if (s.n == 0 || s.n > HOST_MAX)
                return false;
        size_t label = 0;
        for (size_t i = 0; i < s.n; i++)
                if (s.p[i] == '.') {
                        if (label == 0)
                                return false;
                        label = 0;
                } else if (!is_label_char(s.p[i]) || ++label > LABEL_MAX)
                        return false;
        /* All digits and dots: an address with a mistake in it, not a name (RFC 1123 section 2.1). */
        for (size_t i = 0; i < s.n; i++)
                if (!is_digit(s.p[i]) && s.p[i] != '.')
                        return true;
        return false;
}

const char *host_port_parse(struct host_port *ret, struct span text) {
        struct host_port hp = {0};
        struct span port = {0};
        if (text.n > 0 && text.p[0] == '[') {
                const char *end = memchr(text.p, ']', text.n);
                if (!end)
                        return "has no closing bracket (write [2001:db8::1]:5060)";
                hp.host = (struct span){text.p + 1, (size_t)(end - text.p) - 1};
                if (!is_ipv6(hp.host))
                        return "has no IPv6 address in its brackets (write [2001:db8::1]:5060)";
                hp.literal = true;
                port = (struct span){end + 1, text.n - hp.host.n - 2};
                if (port.n > 0 && port.p[0] != ':')
                        return "goes on after its bracket (write [2001:db8::1]:5060)";
        } else {
                if (is_ipv6(text))
                        return "is an IPv6 address without brackets (write [2001:db8::1]:5060)";
                const char *colon = text.n > 0 ? memchr(text.p, ':', text.n) : NULL;
                hp.host = colon ? (struct span){text.p, (size_t)(colon - text.p)} : text;
                hp.literal = is_ipv4(hp.host);
                if (!hp.literal && !is_name(hp.host))
                        return "is not a host (write sbc.example.net, 192.0.2.1 or [2001:db8::1], and :5060 for a port)";
                if (colon)
                        port = (struct span){colon, text.n - hp.host.n};
        }
        if (port.n > 0) {
                unsigned number;
                if (!read_number((struct span){port.p + 1, port.n - 1}, 5, UINT16_MAX, &number) || number == 0)
                        return "has no port after its colon (1 to 65535)";
                hp.port = (uint16_t)number;
        }
        *ret = hp;
        return NULL;
}
