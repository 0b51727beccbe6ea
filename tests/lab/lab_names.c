/* lab_names.c: the same answer to every question: the name does not exist, or the server is broken (RFC 1035 section 4.1.1). */
#include "lab_names.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEADER_SIZE 12
#define RESPONSE 0x80
#define RECURSION_AVAILABLE 0x80

static void readable(void *user) {
        const struct lab *lab = user;
        static const unsigned char codes[] = {[NAMES_UNKNOWN] = 3, [NAMES_BROKEN] = 2};
        for (;;) {
                unsigned char packet[512];
                struct sockaddr_storage from;
                socklen_t size = sizeof from;
                ssize_t n = recvfrom(lab->names_fd, packet, sizeof packet, 0, (struct sockaddr *)&from, &size);
                if (n < 0 && errno == EAGAIN)
                        return;
                if (n < HEADER_SIZE) /* an ICMP error of something we sent, or no question */
                        continue;
                packet[2] |= RESPONSE;
                packet[3] = RECURSION_AVAILABLE | codes[lab->scenario->names];
                (void)sendto(lab->names_fd, packet, (size_t)n, 0, (struct sockaddr *)&from, size); /* UDP may lose it */
        }
}

void names_open(struct lab *lab) {
        lab->names_fd = -1;
        if (lab->scenario->names == NAMES_NONE)
                return;
        lab->names_fd = lab_socket(SOCK_DGRAM, INADDR_LOOPBACK, 0, &lab->names_port);
        loop_watch(lab->loop, lab->names_fd, readable, lab);
}

void names_close(struct lab *lab) {
        if (lab->names_fd >= 0)
                (void)close(lab->names_fd);
}

char *names_address(const struct lab *lab) {
        return lab->names_fd >= 0 ? lab_text("127.0.0.1:%u", lab->names_port) : NULL;
}
