/* lab_carrier.h: a carrier: one UDP socket, one account, one set of habits (struct trunk_spec). lab_carrier.c moves datagrams and
 * matches transactions; lab_registrar.c decides what a request gets. */
#pragma once

#include <netinet/in.h>
#include <stdio.h>

#include "lab.h"
#include "lab_sip.h"

#define CARRIER_MEMORY 32     /* transactions and nonces that a carrier remembers */
#define CARRIER_RELAYS_MAX 8  /* clients that a relay tells apart */
#define CARRIER_ANSWERS_MAX 3 /* credentialed requests of one probe, which is one Call-ID */

/* A challenge that was given, and what an answer to it must match. */
struct given {
        char nonce[33];
        uint64_t given_usec;
        char call_id[128], from_tag[128];
        in_port_t source_port;
        uint32_t cseq;
        bool answered;
};

struct transaction {
        char branch[128], method[32];
        bool decided;
        char *response; /* NULL = the request was lost, or met with silence */
};

struct carrier;

/* One client of a relay: its address, and the socket that stands for it on the other side. */
struct relay {
        struct carrier *carrier;
        struct sockaddr_storage client;
        socklen_t client_size;
        int fd; /* -1 = unused */
};

struct carrier {
        struct lab *lab;
        const struct trunk_spec *spec;
        size_t index;
        int fd; /* -1 = none (target=) */
        uint16_t port;
        bool closed; /* bound, but deaf: the kernel answers that nothing listens */

        /* what both sides know, and what this carrier calls itself; owned */
        char *user, *password, *domain, *realm;
        char wrong_password[33];

        unsigned requests, credentialed, refused, retransmissions; /* of this run */
        unsigned lost, stale_given;
        unsigned refused_ever; /* for lock_after: a lock does not end with a run */
        char answers_call_id[128];
        unsigned answers; /* credentialed requests with that Call-ID */
        struct given given[CARRIER_MEMORY];
        size_t n_given;
        struct transaction transactions[CARRIER_MEMORY];
        size_t n_transactions;
        struct relay relays[CARRIER_RELAYS_MAX];
        size_t n_relays;
};

void carriers_open(struct lab *lab);

/* A new run begins: counters start again, and the carriers take on the habits of the scenario's present phase. */
void carriers_begin_run(struct lab *lab);
void carriers_close(struct lab *lab);

/* Writes DIR/carriers.tsv: name, requests, credentialed, refused, retransmissions. */
void carriers_report(const struct lab *lab);

/* "127.0.0.1:PORT": where the platform and the configuration say that the carrier is. malloc'ed. */
char *carrier_proxy(const struct carrier *c);

/* What a request gets. */
struct reply {
        unsigned status; /* 0 = silence */
        char *extra;     /* header lines; owned; NULL = none */
};
struct reply registrar_decide(struct carrier *c, const struct lab_request *r, const struct sockaddr_storage *source);
