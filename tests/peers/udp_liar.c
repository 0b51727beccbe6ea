/* udp_liar.c: a UDP server on 127.0.0.1 that misbehaves as it is told; it prints its port and runs until it is killed.
 *
 *   udp_liar WORD...     the n-th request gets the n-th word, all further ones the last
 *
 * Words: silent; good (NTP, the time of this host); origin (an hour off, to another request); stranger (the same hour off and the right
 * origin, but from another port); kiss; stratum16; two words joined by "+" answer one request twice. */
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PACKET 48
#define UNIX_EPOCH 2208988800U
#define HOUR 3600U

static void put32(unsigned char *p, uint32_t v) {
        for (int i = 0; i < 4; i++)
                p[i] = (unsigned char)(v >> (24 - 8 * i));
}

static void put_time(unsigned char *p, uint32_t ahead) {
        struct timespec t;
        (void)clock_gettime(CLOCK_REALTIME, &t);
        put32(p, (uint32_t)t.tv_sec + UNIX_EPOCH + ahead);
        put32(p + 4, (uint32_t)(((uint64_t)t.tv_nsec << 32) / 1000000000U));
}

static void answer(int fd, int other, const char *word, size_t n, const unsigned char *request, const struct sockaddr_in *to) {
        unsigned char p[PACKET] = {0x24, 1, 0, 0xE8}; /* version 4, server, stratum 1, 2^-24 s */
        bool is_origin = strncmp(word, "origin", n) == 0, is_stranger = strncmp(word, "stranger", n) == 0;
        if (strncmp(word, "silent", n) == 0)
                return;
        memcpy(p + 24, request + 40, 8);
        put_time(p + 32, is_origin || is_stranger ? HOUR : 0);
        put_time(p + 40, is_origin || is_stranger ? HOUR : 0);
        if (is_origin)
                p[31] ^= 1;
        if (strncmp(word, "stratum16", n) == 0)
                p[1] = 16;
        if (strncmp(word, "kiss", n) == 0) {
                p[0] |= 0xC0;
                p[1] = 0;
                memcpy(p + 12, "RATE", 4);
        }
        (void)sendto(is_stranger ? other : fd, p, sizeof p, 0, (const struct sockaddr *)to, sizeof *to);
}

int main(int argc, char **argv) {
        int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), other = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t length = sizeof a;
        if (argc < 2 || fd < 0 || other < 0 || bind(fd, (const struct sockaddr *)&a, sizeof a) < 0 ||
            getsockname(fd, (struct sockaddr *)&a, &length) < 0) {
                perror("udp_liar");
                return 1;
        }
        printf("%u\n", ntohs(a.sin_port));
        (void)fflush(stdout);
        for (int i = 1;; i += i < argc - 1) {
                unsigned char request[512] = {0};
                struct sockaddr_in from;
                length = sizeof from;
                if (recvfrom(fd, request, sizeof request, 0, (struct sockaddr *)&from, &length) < 0)
                        return 1;
                for (const char *word = argv[i]; word;) {
                        const char *plus = strchr(word, '+');
                        answer(fd, other, word, plus ? (size_t)(plus - word) : strlen(word), request, &from);
                        word = plus ? plus + 1 : NULL;
                }
        }
}
