/* ntp_message.c: SNTP packets (RFC 5905 section 7.3), offset and bound (section 8), and the intersection (section 11.2.1).
 *
 * An NTP timestamp is 32 bits of seconds and 32 of fraction, modulo 2^32 s (an era, 136 years). Two of them are only ever subtracted
 * as whole 64-bit numbers, and the difference read as signed: it is right across the end of an era (2036-02-07) and for clocks up to
 * 68 years apart. */
#include "ntp_message.h"

#define NSEC_PER_SEC INT64_C(1000000000)
#define NTP_UNIX_EPOCH UINT64_C(2208988800) /* 1970 in seconds since 1900 */

#define NTP_VERSION 4U
#define NTP_MODE_CLIENT 3U
#define NTP_MODE_SERVER 4U
#define NTP_LEAP_UNKNOWN 3U
#define NTP_STRATUM_MAX 15U

/* The places of the fields, RFC 5905 figure 8. */
enum {
        AT_STRATUM = 1,
        AT_PRECISION = 3,
        AT_ROOT_DELAY = 4,
        AT_ROOT_DISPERSION = 8,
        AT_REFERENCE_ID = 12,
        AT_ORIGINATE = 24,
        AT_RECEIVE = 32,
        AT_TRANSMIT = 40,
};

/* How exactly we read our own clock: far finer than a scheduler's delay, and those delays lie inside the round trip. */
#define NTP_OUR_PRECISION_NSEC INT64_C(1000)
/* RFC 5905 PHI: both clocks may drift apart by 15 ppm while we wait. */
#define NTP_DRIFT_PER_MILLION 15
/* A round trip may look negative by what the clocks cannot resolve; beyond that the server's two timestamps cannot be true. */
#define NTP_NEGATIVE_DELAY_MAX_NSEC INT64_C(1000000)
/* A server's precision is 2^n seconds; beyond 8 s the root distance is out of range anyway. */
#define NTP_PRECISION_MAX 3
#define NTP_PRECISION_MIN (-30)

static uint32_t read32(const unsigned char *p) {
        return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint64_t read64(const unsigned char *p) {
        return (uint64_t)read32(p) << 32 | read32(p + 4);
}

static uint64_t timestamp_of(ntp_nsec t) {
        int64_t seconds = t / NSEC_PER_SEC, nsec = t % NSEC_PER_SEC;
        if (nsec < 0) {
                nsec += NSEC_PER_SEC;
                seconds--;
        }
        return ((uint64_t)seconds + NTP_UNIX_EPOCH) << 32 | ((uint64_t)nsec << 32) / (uint64_t)NSEC_PER_SEC;
}

/* a - b in the era that puts them nearest: within 2^31 s, so the result is less than 2.2e18. */
static int64_t difference_nsec(uint64_t a, uint64_t b) {
        int64_t units = (int64_t)(a - b);
        int64_t fraction = (int64_t)((uint64_t)units & UINT32_MAX);
        int64_t seconds = (units - fraction) / (INT64_C(1) << 32);
        return seconds * NSEC_PER_SEC + (fraction * NSEC_PER_SEC >> 32);
}

/* NTP short format, unsigned 16.16 seconds. A negative root delay (RFC 4330 allowed one) reads as an enormous one and is refused. */
static int64_t short_nsec(uint32_t v) {
        return (int64_t)v * NSEC_PER_SEC >> 16;
}

static int64_t precision_nsec(unsigned char byte) {
        int exponent = byte < 128 ? byte : byte - 256;
        if (exponent < NTP_PRECISION_MIN)
                exponent = NTP_PRECISION_MIN;
        if (exponent > NTP_PRECISION_MAX)
                exponent = NTP_PRECISION_MAX;
        return exponent < 0 ? (NSEC_PER_SEC >> -exponent) + 1 : NSEC_PER_SEC << exponent;
}

void ntp_request_write(unsigned char ret[static NTP_PACKET_SIZE], uint64_t random_transmit) {
        memset(ret, 0, NTP_PACKET_SIZE);
        ret[0] = NTP_VERSION << 3 | NTP_MODE_CLIENT;
        for (unsigned i = 0; i < 8; i++)
                ret[AT_TRANSMIT + i] = (unsigned char)(random_transmit >> (56 - 8 * i));
}

const char *ntp_outcome_text(int outcome) {
        switch (outcome) {
        case 0:
                return "usable";
        case NTP_SHORT:
                return "packet too short";
        case NTP_BAD_MODE:
                return "not a server's reply of NTP version 3 or 4";
        case NTP_BAD_ORIGIN:
                return "reply to a request that is not ours";
        case NTP_KISS:
                return "kiss code";
        case NTP_UNSYNCHRONISED:
                return "unsynchronised";
        case NTP_BAD_TIME:
                return "timestamps that cannot be true";
        case NTP_BAD_DISTANCE:
                return "root distance above 3 s";
        default:
                return "unknown outcome";
        }
}

/* RFC 5905 section 7.4: the reference id of a stratum 0 packet is the code. Without one, stratum 0 only means "unspecified": that is how
 * chrony answers before it is synchronised. */
static int check_header(const unsigned char *packet, uint64_t random_transmit) {
        unsigned leap = packet[0] >> 6, version = packet[0] >> 3 & 7U, mode = packet[0] & 7U, stratum = packet[AT_STRATUM];

        if (mode != NTP_MODE_SERVER || (version != 3 && version != 4))
                return NTP_BAD_MODE;
        if (read64(packet + AT_ORIGINATE) != random_transmit)
                return NTP_BAD_ORIGIN;
        if (stratum == 0 && read32(packet + AT_REFERENCE_ID) != 0)
                return NTP_KISS;
        /* RFC 4330 section 5 says to discard LI 0, which every healthy server sends; 3 is what it must mean (RFC 5905 figure 9). */
        if (leap == NTP_LEAP_UNKNOWN || stratum == 0 || stratum > NTP_STRATUM_MAX)
                return NTP_UNSYNCHRONISED;
        return 0;
}

int ntp_reply_read(struct ntp_sample *ret, const unsigned char *packet, size_t n, uint64_t random_transmit, ntp_nsec sent,
                   ntp_nsec received) {
        if (n < NTP_PACKET_SIZE)
                return NTP_SHORT;
        int r = check_header(packet, random_transmit);
        if (r != 0)
                return r;

        uint64_t t2 = read64(packet + AT_RECEIVE), t3 = read64(packet + AT_TRANSMIT);
        int64_t held = difference_nsec(t3, t2), elapsed;
        if (t2 == 0 || t3 == 0 || held < 0 || __builtin_sub_overflow(received, sent, &elapsed) || elapsed < -NTP_NEGATIVE_DELAY_MAX_NSEC)
                return NTP_BAD_TIME;

        /* delay = (T4 - T1) - (T3 - T2), RFC 5905 section 8. */
        int64_t delay = elapsed - held;
        if (delay < -NTP_NEGATIVE_DELAY_MAX_NSEC)
                return NTP_BAD_TIME;
        if (delay > 2 * NTP_DISTANCE_MAX_NSEC)
                return NTP_BAD_DISTANCE;

        /* The reply may have spent its whole delay on one of the two ways, so the offset is uncertain by half of it; by as much as a
         * negative delay shows the clocks to be wrong; by what the server says of its own time (root delay / 2 + root dispersion); and by
         * reading: the precision of the server's clock, of ours, and the drift of both in between. */
        int64_t bound = (delay < 0 ? -delay : delay + 1) / 2 + short_nsec(read32(packet + AT_ROOT_DELAY)) / 2 +
                        short_nsec(read32(packet + AT_ROOT_DISPERSION)) + precision_nsec(packet[AT_PRECISION]) + NTP_OUR_PRECISION_NSEC +
                        (elapsed / 1000000 + 1) * NTP_DRIFT_PER_MILLION;
        if (bound > NTP_DISTANCE_MAX_NSEC)
                return NTP_BAD_DISTANCE;

        /* offset = ((T2 - T1) + (T3 - T4)) / 2 = (T2 - T1) - delay / 2: the same, with one difference between the two clocks instead of
         * two that could fall to different sides of the 68 years. */
        ret->offset_nsec = difference_nsec(t2, timestamp_of(sent)) - delay / 2;
        ret->delay_nsec = delay < 0 ? 0 : delay;
        ret->bound_nsec = bound;
        ret->stratum = packet[AT_STRATUM];
        ret->reference_id = read32(packet + AT_REFERENCE_ID);
        return 0;
}

void ntp_kiss_code(char ret[static 5], const unsigned char packet[static NTP_PACKET_SIZE]) {
        for (size_t i = 0; i < 4; i++) {
                unsigned char c = packet[AT_REFERENCE_ID + i];
                ret[i] = c > 0x20 && c < 0x7F ? (char)c : '?';
        }
        ret[4] = '\0';
}

struct edge {
        int64_t at;
        int type; /* -1 low end, 0 middle, +1 high end, as in RFC 5905 */
};

static int edge_compare(const void *a, const void *b) {
        const struct edge *x = a, *y = b;
        return x->at != y->at ? (x->at > y->at ? 1 : -1) : x->type - y->type;
}

/* Goes inwards from one end (step +1 from the lowest, -1 from the highest) to the first edge where at least `needed` intervals hold, and
 * counts the middles it passes. False when there is none. */
static bool edge_find(const struct edge *edges, size_t n, int step, int needed, int64_t *ret, size_t *ret_passed) {
        int holding = 0;
        for (size_t i = 0; i < n; i++) {
                const struct edge *e = step > 0 ? &edges[i] : &edges[n - 1 - i];
                holding -= step * e->type;
                if (holding >= needed) {
                        *ret = e->at;
                        return true;
                }
                if (e->type == 0)
                        (*ret_passed)++;
        }
        return false;
}

/* Allows one falseticker more at a time, as long as they are fewer than half. With middles, one that lies outside the interval counts as a
 * falseticker's. */
static bool intersect(const struct edge *edges, size_t n, bool middles, int64_t *ret_low, int64_t *ret_high) {
        for (size_t allowed = 0; 2 * allowed < n; allowed++) {
                int64_t low, high;
                size_t outside = 0;
                int needed = (int)(n - allowed);
                if (!edge_find(edges, 3 * n, 1, needed, &low, &outside) || !edge_find(edges, 3 * n, -1, needed, &high, &outside))
                        continue;
                if ((middles && outside > allowed) || high <= low)
                        continue;
                *ret_low = low;
                *ret_high = high;
                return true;
        }
        return false;
}

int ntp_intersection(struct ntp_interval *ret, const struct ntp_sample *samples, size_t n) {
        struct edge edges[3 * NTP_SERVERS_MAX];
        int64_t low, high;
        if (n > NTP_SERVERS_MAX)
                n = NTP_SERVERS_MAX;
        for (size_t i = 0; i < n; i++) {
                edges[3 * i] = (struct edge){samples[i].offset_nsec - samples[i].bound_nsec, -1};
                edges[3 * i + 1] = (struct edge){samples[i].offset_nsec, 0};
                edges[3 * i + 2] = (struct edge){samples[i].offset_nsec + samples[i].bound_nsec, 1};
        }
        qsort(edges, 3 * n, sizeof edges[0], edge_compare);

        /* The RFC's rule about middles prefers a wider interval. When nothing satisfies it, intervals of a majority that overlap still do
         * not contradict each other: it would be wrong to say that these servers disagree. */
        if (!intersect(edges, n, true, &low, &high) && !intersect(edges, n, false, &low, &high))
                return 1;

        struct ntp_interval interval = {.offset_nsec = low + (high - low) / 2, .bound_nsec = (high - low + 1) / 2};
        for (size_t i = 0; i < n; i++)
                interval.used += ntp_supports(&interval, &samples[i]);
        *ret = interval;
        return 0;
}

bool ntp_supports(const struct ntp_interval *interval, const struct ntp_sample *sample) {
        int64_t distance = sample->offset_nsec - interval->offset_nsec;
        return (distance < 0 ? -distance : distance) < sample->bound_nsec + interval->bound_nsec;
}

enum ntp_judgement ntp_judge(int64_t offset_nsec, int64_t bound_nsec, int64_t limit_nsec) {
        /* Magnitudes as unsigned, so that no sum of two can overflow. */
        uint64_t offset = offset_nsec < 0 ? 0 - (uint64_t)offset_nsec : (uint64_t)offset_nsec;
        uint64_t bound = bound_nsec < 0 ? 0 : (uint64_t)bound_nsec, limit = limit_nsec < 0 ? 0 : (uint64_t)limit_nsec;

        if (offset + bound <= limit)
                return NTP_WITHIN;
        if (offset > bound && offset - bound > limit)
                return NTP_OUTSIDE;
        return NTP_STRADDLES;
}
