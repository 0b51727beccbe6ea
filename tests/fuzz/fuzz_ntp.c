/* fuzz_ntp.c: replies of hostile servers. Input: our clock at sending and the time we waited (8 bytes each), then packets of 48
 * bytes. Each is read twice: as it is, and as an answer to our request, so that what follows the origin check is reached. */
#include "common/ntp_message.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

#define RANDOM UINT64_C(0x0123456789ABCDEF)
#define ORIGINATE 24

static uint64_t take64(const unsigned char *p) {
        uint64_t v = 0;
        for (size_t i = 0; i < 8; i++)
                v = v << 8 | p[i];
        return v;
}

static void require(bool b) {
        if (!b)
                abort();
}

static bool read_packet(struct ntp_sample *ret, const unsigned char *packet, size_t n, ntp_nsec sent, ntp_nsec received) {
        char code[5];
        int r = ntp_reply_read(ret, packet, n, RANDOM, sent, received);
        require(r >= 0 && r <= NTP_BAD_DISTANCE && ntp_outcome_text(r)[0] != '\0');
        if (n >= NTP_PACKET_SIZE) {
                ntp_kiss_code(code, packet);
                require(strlen(code) == 4);
        }
        if (r == 0)
                require(ret->delay_nsec >= 0 && ret->bound_nsec > 0 && ret->bound_nsec <= NTP_DISTANCE_MAX_NSEC && ret->stratum >= 1 &&
                        ret->stratum <= 15);
        return r == 0;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size) {
        if (size < 16)
                return 0;
        ntp_nsec sent = (ntp_nsec)take64(data), received = (ntp_nsec)(take64(data) + take64(data + 8));
        int64_t limit = (int64_t)take64(data + 8);
        struct ntp_sample samples[NTP_SERVERS_MAX];
        size_t n = 0;

        for (data += 16, size -= 16; size > 0 && n < NTP_SERVERS_MAX;) {
                unsigned char packet[NTP_PACKET_SIZE];
                size_t length = size < sizeof packet ? size : sizeof packet;
                memcpy(packet, data, length);
                (void)read_packet(&samples[n], packet, length, sent, received);
                if (length == sizeof packet) {
                        for (unsigned i = 0; i < 8; i++)
                                packet[ORIGINATE + i] = (unsigned char)(RANDOM >> (56 - 8 * i));
                        n += read_packet(&samples[n], packet, length, sent, received);
                }
                data += length, size -= length;
        }

        struct ntp_interval interval;
        if (ntp_intersection(&interval, samples, n) == 0) {
                require(interval.used > n / 2 && interval.used <= n && interval.bound_nsec > 0 &&
                        interval.bound_nsec <= NTP_DISTANCE_MAX_NSEC);
                (void)ntp_judge(interval.offset_nsec, interval.bound_nsec, limit);
        }
        return 0;
}
