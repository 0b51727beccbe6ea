/* ntp_message.h: SNTP packets (RFC 5905, RFC 4330), offset and bound, and the intersection over servers. */
#pragma once

#include "base.h"

#define NTP_PACKET_SIZE 48 /* bytes, without extension fields */
#define NTP_SERVERS_MAX 16

/* Times are nanoseconds since 1970, UTC. */
typedef int64_t ntp_nsec;

/* Writes a client request. All fields but version and mode are zero (nothing about us leaves the host), and the transmit timestamp
 * is the caller's random number, which the reply must bring back as its originate timestamp. */
void ntp_request_write(unsigned char ret[static NTP_PACKET_SIZE], uint64_t random_transmit);

struct ntp_sample {
        int64_t offset_nsec; /* server minus us */
        int64_t delay_nsec;
        int64_t bound_nsec; /* root distance: |true offset - offset| is at most this */
        unsigned stratum;
        uint32_t reference_id;
};

/* Why a reply cannot be used; positive outcomes of ntp_reply_read(). */
enum {
        NTP_SHORT = 1,
        NTP_BAD_MODE,       /* not 4, or version not 3 or 4 */
        NTP_BAD_ORIGIN,     /* not our request: spoofed, stale or duplicate */
        NTP_KISS,           /* stratum 0 with a kiss code; ntp_kiss_code() */
        NTP_UNSYNCHRONISED, /* leap indicator 3, stratum 16 and above, or 0 without a code */
        NTP_BAD_TIME,       /* transmit or receive timestamp zero, transmit before receive, or held for longer than the round trip */
        NTP_BAD_DISTANCE,   /* root delay/dispersion out of range, or root distance above NTP_DISTANCE_MAX_NSEC */
};
#define NTP_DISTANCE_MAX_NSEC INT64_C(3000000000) /* chrony's maxdistance */
const char *ntp_outcome_text(int outcome);

/* sent, received: our clock when the request left and the reply came. The era is the one that puts the server's time nearest to
 * ours (RFC 5905 section 6: right while the clocks are within 68 years). */
int ntp_reply_read(struct ntp_sample *ret, const unsigned char *packet, size_t n, uint64_t random_transmit, ntp_nsec sent,
                   ntp_nsec received);

/* The kiss code of a stratum 0 packet (RFC 5905 section 7.4), e.g. "RATE"; unprintable bytes as '?'. */
void ntp_kiss_code(char ret[static 5], const unsigned char packet[static NTP_PACKET_SIZE]);

struct ntp_interval {
        int64_t offset_nsec, bound_nsec; /* the middle of the intersection, and half its length */
        size_t used;                     /* servers that support it; always more than half */
};

/* RFC 5905 section 11.2.1: the largest agreement of [offset - bound, offset + bound] with fewer than half falsetickers; where the RFC's
 * rule about the middles of the intervals rejects every one, the same without that rule. Returns 0, or 1 when there is no majority (or n
 * is 0). n <= NTP_SERVERS_MAX. */
int ntp_intersection(struct ntp_interval *ret, const struct ntp_sample *samples, size_t n);

/* Whether the sample's own interval overlaps that one. */
bool ntp_supports(const struct ntp_interval *interval, const struct ntp_sample *sample);

enum ntp_judgement { NTP_WITHIN, NTP_OUTSIDE, NTP_STRADDLES };

/* offset ± bound against ±limit: WITHIN and OUTSIDE only when the whole interval is. */
enum ntp_judgement ntp_judge(int64_t offset_nsec, int64_t bound_nsec, int64_t limit_nsec);
