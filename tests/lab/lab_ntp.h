/* lab_ntp.h: NTP servers that lie as told (RFC 5905). */
#pragma once

#include "lab.h"

struct ntp_server {
        struct lab *lab;
        const struct ntp_spec *spec;
        int fd;
        uint16_t port;
};

void ntp_open(struct lab *lab);
void ntp_begin_run(struct lab *lab);
void ntp_close(struct lab *lab);

/* "127.0.0.1:PORT" or "[::1]:PORT"; malloc'ed. */
char *ntp_address(const struct ntp_server *s);
