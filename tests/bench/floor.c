/* floor.c udp|tcp PORT AUDITS WINDOW: what the kernel asks for the packets alone, against a registrar that echoes. udp: two exchanges per
 * audit, WINDOW in flight, by sendmmsg and recvmmsg. tcp: one connection per audit with two exchanges in it, one audit after the other. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define PACKET 500 /* bytes, each way */
#define BATCH 32
#define LOST_USEC 200000 /* nothing came for so long: what is in flight is lost */

static int udp(const struct sockaddr_in *to, unsigned long exchanges, unsigned window) {
        static char bytes[PACKET], room[BATCH][2 * PACKET];
        struct iovec iov = {bytes, PACKET}, rooms[BATCH];
        struct mmsghdr out[BATCH] = {0}, in[BATCH] = {0};
        struct sockaddr_in address = *to, from[BATCH];
        const struct timeval lost = {.tv_usec = LOST_USEC};
        const int size = 4 * 1024 * 1024;
        int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &lost, sizeof lost) < 0)
                return 1;
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
        for (size_t i = 0; i < BATCH; i++) {
                rooms[i] = (struct iovec){room[i], sizeof room[i]};
                out[i].msg_hdr = (struct msghdr){.msg_name = &address, .msg_namelen = sizeof address, .msg_iov = &iov, .msg_iovlen = 1};
                in[i].msg_hdr = (struct msghdr){.msg_name = &from[i], .msg_namelen = sizeof from[i], .msg_iov = &rooms[i], .msg_iovlen = 1};
        }
        unsigned flying = 0, lost_times = 0;
        while (exchanges > 0) {
                unsigned room_left = window - flying;
                unsigned long wanted = exchanges > flying ? exchanges - flying : 0;
                unsigned n = room_left < BATCH ? room_left : BATCH;
                if (wanted < n)
                        n = (unsigned)wanted;
                int sent = n > 0 ? sendmmsg(fd, out, n, 0) : 0;
                flying += sent > 0 ? (unsigned)sent : 0;
                if (flying < window && wanted > n)
                        continue;
                int got = recvmmsg(fd, in, BATCH, MSG_WAITFORONE, NULL);
                if (got <= 0) {
                        flying = 0;
                        if (++lost_times == 100)
                                return 1;
                        continue;
                }
                flying -= (unsigned)got < flying ? (unsigned)got : flying;
                exchanges -= (unsigned long)got < exchanges ? (unsigned long)got : exchanges;
        }
        (void)close(fd);
        return 0;
}

static bool exchange(int fd) {
        char bytes[PACKET] = {0};
        if (send(fd, bytes, sizeof bytes, MSG_NOSIGNAL) != (ssize_t)sizeof bytes)
                return false;
        for (size_t n = 0; n < sizeof bytes;) {
                ssize_t got = recv(fd, bytes, sizeof bytes - n, 0);
                if (got <= 0)
                        return false;
                n += (size_t)got;
        }
        return true;
}

static int tcp(const struct sockaddr_in *to, unsigned long audits) {
        for (; audits > 0; audits--) {
                int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
                if (fd < 0 || connect(fd, (const struct sockaddr *)to, sizeof *to) < 0 || !exchange(fd) || !exchange(fd))
                        return 1;
                (void)close(fd);
        }
        return 0;
}

int main(int argc, char *argv[]) {
        if (argc != 5) {
                fprintf(stderr, "Usage: floor udp|tcp PORT AUDITS WINDOW\n");
                return 2;
        }
        const struct sockaddr_in to = {
                .sin_family = AF_INET, .sin_port = htons((uint16_t)strtoul(argv[2], NULL, 10)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        unsigned long audits = strtoul(argv[3], NULL, 10);
        int r = strcmp(argv[1], "tcp") == 0 ? tcp(&to, audits) : udp(&to, 2 * audits, (unsigned)strtoul(argv[4], NULL, 10));
        if (r != 0)
                perror("floor");
        return r;
}
