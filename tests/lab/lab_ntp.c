/* lab_ntp.c: one UDP socket for each server; a reply is the request's origin with the time moved by the wanted offset. */
#include "lab_ntp.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PACKET_SIZE 48
#define SECONDS_1900_TO_1970 UINT64_C(2208988800)

enum {
        AT_STRATUM = 1,
        AT_POLL,
        AT_PRECISION,
        AT_DELAY = 4,
        AT_DISPERSION = 8,
        AT_ID = 12,
        AT_REFERENCE = 16,
        AT_ORIGIN = 24,
        AT_RECEIVE = 32,
        AT_TRANSMIT = 40
};

static void put(unsigned char *at, uint64_t value, size_t n) {
        for (size_t i = n; i-- > 0; value >>= 8)
                at[i] = (unsigned char)value;
}

static uint64_t ntp_time(int64_t offset_usec) {
        struct timespec ts;
        if (clock_gettime(CLOCK_REALTIME, &ts) < 0)
                lab_fail("unable to read the clock");
        int64_t usec = (int64_t)ts.tv_sec * (int64_t)USEC_PER_SEC + ts.tv_nsec / 1000 + offset_usec;
        uint64_t fraction = ((uint64_t)(usec % (int64_t)USEC_PER_SEC) << 32) / USEC_PER_SEC;
        return ((uint64_t)(usec / (int64_t)USEC_PER_SEC) + SECONDS_1900_TO_1970) << 32 | fraction;
}

static void write_reply(const struct ntp_spec *spec, const unsigned char *request, unsigned char reply[static PACKET_SIZE]) {
        unsigned version = request[0] >> 3 & 7, mode = spec->answer == NTP_MODE3 ? 3 : 4, leap = spec->answer == NTP_UNSYNC ? 3 : 0;
        uint64_t now = ntp_time(spec->offset_usec);
        memset(reply, 0, PACKET_SIZE);
        reply[0] = (unsigned char)(leap << 6 | version << 3 | mode);
        reply[AT_STRATUM] = (unsigned char)(spec->answer == NTP_KOD ? 0 : spec->answer == NTP_UNSYNC ? 16 : spec->stratum);
        reply[AT_POLL] = request[AT_POLL];
        reply[AT_PRECISION] = (unsigned char)-20;
        put(reply + AT_DELAY, 1, 4); /* 15 microseconds: units of 2^-16 s */
        put(reply + AT_DISPERSION, (uint64_t)spec->dispersion_usec * 65536 / USEC_PER_SEC + 1, 4);
        memcpy(reply + AT_ID, spec->answer == NTP_KOD ? "RATE" : "LAB", 4);
        put(reply + AT_REFERENCE, now - (UINT64_C(8) << 32), 8);
        memcpy(reply + AT_ORIGIN, request + AT_TRANSMIT, 8);
        if (spec->answer == NTP_BAD_ORIGIN)
                reply[AT_ORIGIN] ^= 1;
        put(reply + AT_RECEIVE, now, 8);
        put(reply + AT_TRANSMIT, now, 8);
}

static void watch_packet(const struct ntp_server *s, const unsigned char *packet) {
        static const unsigned char nothing[PACKET_SIZE];
        if ((packet[0] & 7) != 3 || (packet[0] >> 3 & 7) < 3 || (packet[0] >> 3 & 7) > 4)
                lab_violation(s->lab, "ntp", "a request of mode %u, version %u", packet[0] & 7U, packet[0] >> 3 & 7U);
        if (memcmp(packet + AT_TRANSMIT, nothing, 8) == 0)
                lab_violation(s->lab, "ntp", "a request whose transmit timestamp is zero: its reply can be forged");
        if (memcmp(packet + AT_DELAY, nothing, AT_TRANSMIT - AT_DELAY) != 0)
                lab_violation(s->lab, "ntp", "a request that tells about its host");
}

struct delayed_reply {
        struct ntp_server *server;
        struct sockaddr_storage to;
        socklen_t to_size;
        unsigned char packet[PACKET_SIZE];
};

static void deliver(void *user) {
        struct delayed_reply *d = user;
        (void)sendto(d->server->fd, d->packet, sizeof d->packet, 0, (struct sockaddr *)&d->to, d->to_size); /* UDP may lose it */
        free(d);
}

static void readable(void *user) {
        struct ntp_server *s = user;
        for (;;) {
                unsigned char packet[512];
                struct delayed_reply reply = {.server = s, .to_size = sizeof reply.to};
                ssize_t n = recvfrom(s->fd, packet, sizeof packet, 0, (struct sockaddr *)&reply.to, &reply.to_size);
                if (n < 0 && errno == EAGAIN)
                        return;
                if (n < 0) /* an ICMP error of something we sent */
                        continue;
                if (n < PACKET_SIZE) {
                        lab_violation(s->lab, "ntp", "a packet of %zd bytes", n);
                        continue;
                }
                watch_packet(s, packet);
                if (s->spec->answer == NTP_SILENT)
                        continue;
                write_reply(s->spec, packet, reply.packet);
                struct delayed_reply *d = lab_alloc(1, sizeof *d);
                *d = reply;
                if (s->spec->answer == NTP_DELAY)
                        loop_after(s->lab->loop, (uint64_t)s->spec->delay_usec, deliver, free, d);
                else
                        deliver(d);
        }
}

void ntp_open(struct lab *lab) {
        lab->n_ntp = lab->scenario->n_ntp;
        lab->ntp = lab_alloc(lab->n_ntp + 1, sizeof *lab->ntp);
        for (size_t i = 0; i < lab->n_ntp; i++) {
                struct ntp_server *s = &lab->ntp[i];
                *s = (struct ntp_server){.lab = lab, .spec = &lab->scenario->ntp[i]};
                s->fd = lab_socket(SOCK_DGRAM, s->spec->v6 ? 0 : INADDR_LOOPBACK, 0, &s->port);
                loop_watch(lab->loop, s->fd, readable, s);
        }
}

void ntp_begin_run(struct lab *lab) {
        for (size_t i = 0; i < lab->n_ntp; i++)
                lab->ntp[i].spec = &lab->scenario->ntp[i];
}

void ntp_close(struct lab *lab) {
        for (size_t i = 0; i < lab->n_ntp; i++)
                (void)close(lab->ntp[i].fd);
        free(lab->ntp);
        lab->ntp = NULL;
        lab->n_ntp = 0;
}

char *ntp_address(const struct ntp_server *s) {
        return s->spec->v6 ? lab_text("[::1]:%u", s->port) : lab_text("127.0.0.1:%u", s->port);
}
