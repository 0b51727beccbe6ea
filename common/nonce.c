/* nonce.c: nonces that carry the server's clock.
 *
 * Every form is exact in length and alphabet. Where that leaves too much to chance something else must fit: a time near now, a lifetime
 * below a day, an index below the server's limit, bytes that are always zero. Of random nonces of the same length and alphabet less than
 * one in two million is taken for any of them. Where two forms overlap the stricter one is tried first. */
#include "nonce.h"

#define DAY_SEC INT64_C(86400)
#define PLAUSIBLE_SEC (366 * DAY_SEC)
#define SER_AHEAD_SEC INT64_C(1800) /* the form of SER's is that of any SHA-1 in hexadecimal: only a near expiry tells it from one */
#define NTP_TO_UNIX_SEC INT64_C(2208988800)
#define DECODED_MAX 51 /* bytes of the longest that is base64: decimal time, ':', 40 hexadecimal digits */

/* -- alphabets ---------------------------------------------------------------------------------------------------------- */

/* RFC 4648 section 4; -1 = none of its characters. */
static int base64_value(char c) {
        if (c >= 'A' && c <= 'Z')
                return c - 'A';
        if (c >= 'a' && c <= 'z')
                return c - 'a' + 26;
        if (c >= '0' && c <= '9')
                return c - '0' + 52;
        return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Strict base64; returns the number of bytes, 0 when it is not base64 or does not fit. */
static size_t base64_decode(struct span s, unsigned char *ret, size_t size) {
        if (s.n == 0 || s.n % 4 != 0 || s.n / 4 * 3 > size + 2)
                return 0;
        size_t padding = s.p[s.n - 1] != '=' ? 0 : s.p[s.n - 2] != '=' ? 1 : 2, n = 0;
        for (size_t i = 0; i < s.n; i += 4) {
                uint32_t bits = 0;
                for (size_t k = 0; k < 4; k++) {
                        int value = base64_value(s.p[i + k]);
                        if (value < 0 && i + k < s.n - padding)
                                return 0;
                        bits = bits << 6 | (value > 0 ? (uint32_t)value : 0);
                }
                for (size_t k = 0; k < 3 && n < s.n / 4 * 3 - padding; k++) {
                        if (n >= size)
                                return 0;
                        ret[n++] = (unsigned char)(bits >> (16 - 8 * k));
                }
        }
        return n;
}

static struct span part(struct span s, size_t from, size_t n) {
        return (struct span){s.p + from, n};
}

/* A number in lower-case digits of that base, all of them; at most 13 fit. */
static bool number(struct span s, int64_t base, int64_t *ret) {
        static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";
        int64_t n = 0;
        for (size_t i = 0; i < s.n; i++) {
                const char *at = memchr(digits, s.p[i], (size_t)base);
                if (!at)
                        return false;
                n = n * base + (at - digits);
        }
        *ret = n;
        return s.n > 0;
}

static bool is_hex(struct span s) {
        int64_t unused;
        for (size_t i = 0; i < s.n; i++)
                if (!number(part(s, i, 1), 16, &unused))
                        return false;
        return true;
}

static int64_t big_endian_32(const unsigned char *p) {
        return (int64_t)((uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]);
}

static bool is_near(int64_t sec, int64_t now_sec) {
        return sec >= now_sec - PLAUSIBLE_SEC && sec <= now_sec + PLAUSIBLE_SEC;
}

/* -- families: each fills what it can and returns true, or returns false --------------------------------------------------- */

static bool issued(struct nonce_facts *f, int64_t sec, int64_t now_sec) {
        if (!is_near(sec, now_sec))
                return false;
        f->has_issued = true;
        f->issued_usec = sec * (int64_t)USEC_PER_SEC;
        f->resolution_usec = USEC_PER_SEC;
        return true;
}

static void expires(struct nonce_facts *f, int64_t sec) {
        f->has_expires = true;
        f->expires_usec = sec * (int64_t)USEC_PER_SEC;
        f->resolution_usec = USEC_PER_SEC;
}

/* "BroadWorksX", milliseconds since 1970 in base 36 (8 digits until 2059), "T", more of that, "BW". */
static bool read_broadworks(struct nonce_facts *f, struct span s, int64_t now_sec) {
        static const struct span head = {"BroadWorksX", 11};
        enum { TIME = 8, MORE_MAX = 12 };
        size_t more = head.n + TIME + 1;
        int64_t msec, unused;
        if (s.n < more + 3 || s.n > more + MORE_MAX + 2 || !span_eq(part(s, 0, head.n), head) || s.p[more - 1] != 'T' ||
            !span_eq(part(s, s.n - 2, 2), SPAN("BW")) || !number(part(s, head.n, TIME), 36, &msec) ||
            !number(part(s, more, s.n - 2 - more), 36, &unused) || !issued(f, msec / 1000, now_sec))
                return false;
        f->issued_usec = msec * (int64_t)USEC_PER_MSEC;
        f->resolution_usec = USEC_PER_MSEC;
        return true;
}

/* A random UUID (RFC 4122 section 4.4) and nothing else. */
static bool read_freeswitch(struct nonce_facts *f, struct span s, int64_t now_sec) {
        (void)now_sec;
        if (s.n != 36 || s.p[14] != '4' || !strchr("89ab", s.p[19]))
                return false;
        for (size_t i = 0; i < s.n; i++) {
                bool dash = i == 8 || i == 13 || i == 18 || i == 23;
                if (dash ? s.p[i] != '-' : !is_hex(part(s, i, 1)))
                        return false;
        }
        f->assumed_lifetime_sec = 60;
        return true;
}

/* Ten decimal digits, a mark, and what stands behind it. */
static bool read_decimal(struct nonce_facts *f, struct span s, char mark, int64_t now_sec, struct span *ret_hash) {
        enum { TIME = 10 };
        int64_t sec;
        if (s.n <= TIME || s.p[TIME] != mark || s.p[0] == '0' || !number(part(s, 0, TIME), 10, &sec))
                return false;
        *ret_hash = part(s, TIME + 1, s.n - TIME - 1);
        return issued(f, sec, now_sec);
}

/* res_pjsip: decimal time, "/", MD5. */
static bool read_asterisk(struct nonce_facts *f, struct span s, int64_t now_sec) {
        struct span hash;
        if (!read_decimal(f, s, '/', now_sec, &hash) || hash.n != 32 || !is_hex(hash))
                return false;
        f->assumed_lifetime_sec = 32;
        return true;
}

/* Decimal time, ":", SHA-1 in hexadecimal; or base64 of such, also with the bytes of an MD5 or SHA-1 themselves. */
static bool read_portasip(struct nonce_facts *f, struct span s, int64_t now_sec) {
        char bytes[DECODED_MAX];
        struct span hash;
        if (read_decimal(f, s, ':', now_sec, &hash))
                return hash.n == 40 && is_hex(hash);
        size_t n = base64_decode(s, (unsigned char *)bytes, sizeof bytes);
        return read_decimal(f, (struct span){bytes, n}, ':', now_sec, &hash) &&
               (hash.n == 16 || hash.n == 20 || ((hash.n == 32 || hash.n == 40) && is_hex(hash)));
}

/* The C structure in base64, as a 64-bit little-endian machine has it: NTP seconds (8 bytes), count (4), next-nonce flag (2), sum (6),
 * zeros (4). */
static bool read_sofia(struct nonce_facts *f, struct span s, int64_t now_sec) {
        unsigned char b[24];
        if (base64_decode(s, b, sizeof b) != sizeof b)
                return false;
        const unsigned char reversed[4] = {b[3], b[2], b[1], b[0]};
        return big_endian_32(b + 4) == 0 && big_endian_32(b + 20) == 0 && issued(f, big_endian_32(reversed) - NTP_TO_UNIX_SEC, now_sec);
}

/* MD5 in hexadecimal, then 16 digits of time. */
static bool read_libre(struct nonce_facts *f, struct span s, int64_t now_sec) {
        int64_t sec;
        if (s.n != 48 || !is_hex(part(s, 0, 32)) || !span_eq(part(s, 32, 8), SPAN("00000000")) || !number(part(s, 40, 8), 16, &sec) ||
            !issued(f, sec, now_sec))
                return false;
        f->assumed_lifetime_sec = 300;
        return true;
}

/* 8 hexadecimal digits of expiry, 8 of an index into its table of 100,000 nonces, MD5. */
static bool read_opensips(struct nonce_facts *f, struct span s, int64_t now_sec) {
        enum { INDEX_MAX = 100000 };
        int64_t sec, index;
        if (s.n != 48 || !is_hex(part(s, 16, 32)) || !number(part(s, 0, 8), 16, &sec) || !number(part(s, 8, 8), 16, &index) ||
            index > INDEX_MAX || !is_near(sec, now_sec))
                return false;
        expires(f, sec);
        return true;
}

/* 8 hexadecimal digits of expiry, MD5. */
static bool read_ser(struct nonce_facts *f, struct span s, int64_t now_sec) {
        int64_t sec;
        if (s.n != 40 || !is_hex(part(s, 8, 32)) || !number(part(s, 0, 8), 16, &sec) || sec < now_sec || sec > now_sec + SER_AHEAD_SEC)
                return false;
        expires(f, sec);
        return true;
}

/* Kamailio (auth module): base64 of big-endian expiry and issue times (4 bytes each), one MD5, with auth_checks a second one, with
 * nonce_count or one_time_nonce an id (4 bytes) and a byte of flags. An MD5 in hexadecimal is base64, too, and can pass for it. */
static bool read_kamailio(struct nonce_facts *f, struct span s, int64_t now_sec) {
        enum { PLAIN = 24, SECOND_SUM = 16, ID = 5, COUNTED = 0x80, ONE_TIME = 0x40 };
        unsigned char b[PLAIN + SECOND_SUM + ID];
        size_t n = base64_decode(s, b, sizeof b);
        bool bound = n >= PLAIN + SECOND_SUM, flagged = n == PLAIN + ID || n == PLAIN + SECOND_SUM + ID;
        if (!flagged && n != PLAIN && n != PLAIN + SECOND_SUM)
                return false;
        unsigned flags = flagged ? b[n - 1] : 0;
        int64_t lifetime = big_endian_32(b) - big_endian_32(b + 4);
        if (lifetime < 0 || lifetime > DAY_SEC || (flagged && !(flags & (COUNTED | ONE_TIME))) || is_hex(s) ||
            !issued(f, big_endian_32(b + 4), now_sec))
                return false;
        expires(f, big_endian_32(b));
        f->has_lifetime = true;
        f->lifetime_sec = lifetime;
        f->counted = flags & COUNTED;
        f->one_time = flags & ONE_TIME;
        f->bound = bound;
        return true;
}

void nonce_read(struct nonce_facts *ret, struct span nonce, int64_t now_sec) {
        static const struct {
                enum nonce_family family;
                bool (*read)(struct nonce_facts *f, struct span nonce, int64_t now_sec);
        } families[] = {
                /* strictest first: libre before OpenSIPS, Sofia-SIP before Kamailio; the others exclude each other */
                {NONCE_BROADWORKS, read_broadworks}, {NONCE_FREESWITCH, read_freeswitch},
                {NONCE_ASTERISK, read_asterisk},     {NONCE_PORTASIP, read_portasip},
                {NONCE_SOFIA, read_sofia},           {NONCE_LIBRE, read_libre},
                {NONCE_OPENSIPS, read_opensips},     {NONCE_SER, read_ser},
                {NONCE_KAMAILIO, read_kamailio},
        };
        for (size_t i = 0; i < ELEMENTS(families); i++) {
                struct nonce_facts f = {.family = families[i].family};
                if (families[i].read(&f, nonce, now_sec)) {
                        *ret = f;
                        return;
                }
        }
        *ret = (struct nonce_facts){.family = NONCE_OPAQUE};
}

const char *nonce_family_name(enum nonce_family family) {
        static const char *const names[] = {
                [NONCE_OPAQUE] = NULL,
                [NONCE_KAMAILIO] = "Kamailio",
                [NONCE_OPENSIPS] = "OpenSIPS",
                [NONCE_SER] = "SER",
                [NONCE_ASTERISK] = "Asterisk",
                [NONCE_PORTASIP] = "PortaSIP-like",
                [NONCE_SOFIA] = "Sofia-SIP",
                [NONCE_LIBRE] = "libre",
                [NONCE_BROADWORKS] = "BroadWorks",
                [NONCE_FREESWITCH] = "FreeSWITCH",
        };
        return names[family];
}

const char *nonce_policy_word(const struct nonce_facts *f) {
        if (f->one_time)
                return f->counted ? "one-time counted" : "one-time";
        return f->counted ? "counted" : NULL;
}
