/* lab_carrier.h: a carrier: one UDP or TCP port, one account, one set of habits (struct trunk_spec). lab_carrier.c matches transactions
 * and moves datagrams, lab_stream.c connections; lab_registrar.c decides what a request gets, lab_watch.c what is wrong with it. */
#pragma once

#include <netinet/in.h>
#include <stdio.h>

#include "lab.h"
#include "lab_sip.h"
#include "lab_tls.h"

#define CARRIER_MEMORY 32       /* transactions and nonces that a carrier remembers */
#define CARRIER_CONVERSATIONS 8 /* Call-IDs whose answers it counts */
#define CARRIER_RELAYS_MAX 8    /* clients that a relay tells apart */
#define CARRIER_ANSWERS_MAX 3   /* credentialed requests of one run */
#define CARRIER_FAILURES_MAX 2  /* of them and of a run, how many may come to nothing */

/* Where a request came from, and where its response goes. */
struct source {
        struct sockaddr_storage address;
        socklen_t size;
        uint64_t connection; /* 0 = a datagram */
};

/* Who challenges: RFC 3261 sections 22.2 and 22.3. */
enum door { DOOR_REGISTRAR, DOOR_PROXY };

/* A challenge that was given, and what an answer to it must match. */
struct given {
        char nonce[48];
        enum door door;
        uint64_t given_usec;
        char call_id[128], from_tag[128];
        in_port_t source_port;
        uint64_t connection;
        uint32_t cseq;
        unsigned answers;
        bool other_node; /* this one's nodes do not know it */
        bool moves;      /* its answer will be said to come from elsewhere */
};

struct transaction {
        char branch[128], method[32];
        bool decided;
        char *response; /* NULL = the request was lost, or met with silence */
};

struct carrier;
struct connection;
struct stream_secrets;

/* One client of a relay: its address, and the socket that stands for it on the other side. */
struct relay {
        struct carrier *carrier;
        struct sockaddr_storage client;
        socklen_t client_size;
        int fd; /* -1 = unused */
};

/* Requests with one Call-ID. */
struct conversation {
        char call_id[128];
        unsigned answers; /* credentialed requests */
};

struct carrier {
        struct lab *lab;
        const struct trunk_spec *trunk; /* as the scenario has it */
        const struct trunk_spec *spec;  /* with what holds for this proxy alone */
        size_t index;                   /* of the trunk */
        unsigned place;                 /* among its proxies: 0 is the first */
        enum sip_transport transport;
        int fd;        /* of UDP; -1 = none */
        int listen_fd; /* of TCP; -1 = none */
        uint16_t port;
        bool closed;    /* bound, but deaf: the kernel answers that nothing listens */
        bool base_read; /* edges: the detail of its trunk base was given in this run */

        /* what both sides know, and what this carrier calls itself; owned */
        char *user, *password, *domain;
        char *account, *account_password; /* the first two as this carrier has them */
        char *trunk_realm;                /* of the trunk */
        char *realm;                      /* of this carrier: another one when the scenario says so */
        char wrong_password[33];

        unsigned requests, credentialed, refused, retransmissions; /* of this run */
        unsigned lost, stale_given, unheard;
        unsigned challenges, failed; /* challenges given; answers that were neither accepted nor called stale */
        unsigned unseen;             /* datagrams that loss took before they were looked at */
        uint64_t dice;               /* of loss */
        bool is_repeated;            /* the request under way is a retransmission */
        bool changed, changed_taken; /* the present answer has another input than it should have; one that had was accepted */
        unsigned refused_ever;       /* for lock_after: a lock does not end with a run */
        struct conversation conversations[CARRIER_CONVERSATIONS]; /* the last ones: trunks of one carrier may be probed at once */
        size_t n_conversations;                                   /* ever */
        unsigned answers;                                         /* of the present one */
        struct given given[CARRIER_MEMORY];
        size_t n_given;
        struct transaction transactions[CARRIER_MEMORY];
        size_t n_transactions;
        struct relay relays[CARRIER_RELAYS_MAX];
        size_t n_relays;
        struct connection *connections;
        uint64_t n_connections;         /* ever made */
        struct stream_secrets *secrets; /* transport=tls, once its port is open */
};

void carriers_open(struct lab *lab);

/* A new run begins: counters start again, and the carriers take on the habits of the scenario's present phase. */
void carriers_begin_run(struct lab *lab);
void carriers_close(struct lab *lab);

/* Writes DIR/carriers.tsv: name, requests, credentialed, refused, retransmissions, unseen. */
void carriers_report(const struct lab *lab);

/* Its loopback address, in host order; 0 = ::1. Each carrier has its own, unless the scenario puts several on one host. */
uint32_t carrier_host(const struct carrier *c);

/* ["127.1.0.1:PORT", …]: where the platform and the configuration say that the trunk's carriers are; c is its first one. malloc'ed. */
char *carrier_proxies(const struct carrier *c);

char *carrier_address(const struct carrier *c); /* 127.1.0.1:PORT; malloc'ed */

/* What both sides take for the SIP domain. */
const char *carrier_told_domain(const struct carrier *c);

/* The realm that the administrator knows; NULL = none. */
const char *carrier_told_realm(const struct carrier *c);

/* A whole request. The response goes out by stream_send() when source has a connection. */
void carrier_handle(struct carrier *c, const char *bytes, size_t n, const struct source *source);

/* -- lab_stream.c ------------------------------------------------------------------------------------------------------ */

/* Opens the port, or one that refuses connections. */
void stream_open(struct carrier *c, bool closed);
void stream_close(struct carrier *c); /* and all its connections */

enum stream_end { STREAM_STAYS, STREAM_FIN, STREAM_RST };

/* Sends, and then ends the connection as told. A connection that is gone takes nothing. */
void stream_send(struct carrier *c, uint64_t connection, const char *bytes, size_t n, enum stream_end end);

/* -- lab_registrar.c, lab_watch.c ---------------------------------------------------------------------------------------- */

/* What a request gets. */
struct reply {
        unsigned status; /* 0 = silence */
        char *extra;     /* header lines; owned; NULL = none */
        bool moved;      /* the request is said to come from elsewhere */
};
struct reply registrar_decide(struct carrier *c, const struct lab_request *r, const struct source *source);

/* The parameters of an Authorization or Proxy-Authorization value; "" when absent. */
struct credential {
        char username[LAB_SIP_VALUE_MAX], realm[LAB_SIP_VALUE_MAX], nonce[LAB_SIP_VALUE_MAX], uri[LAB_SIP_VALUE_MAX];
        char response[LAB_SIP_VALUE_MAX], algorithm[LAB_SIP_VALUE_MAX], cnonce[LAB_SIP_VALUE_MAX], opaque[LAB_SIP_VALUE_MAX];
        char qop[LAB_SIP_VALUE_MAX], nc[LAB_SIP_VALUE_MAX], userhash[LAB_SIP_VALUE_MAX];
        bool has_qop, has_cnonce, has_nc, has_opaque, has_algorithm, has_userhash;
};

/* Reads a credential, with a complaint about each parameter that is absent or not quoted as it must be. */
void watch_credential(struct carrier *c, const char *value, struct credential *ret);

/* What no client may do, whatever it answers. */
void watch_request(struct carrier *c, const struct lab_request *r, const struct source *source);

/* A request without credentials that names its user. */
void watch_named(struct carrier *c, const struct lab_request *r, const char *value);

/* An answer that was neither accepted nor called stale, against what a trunk may suffer in one run. */
void watch_failure(struct carrier *c);

/* The number of requests with credentials, against the budget. */
void watch_budget(struct carrier *c, const struct lab_request *r);

/* An answer against its challenge; g NULL = this carrier did not give that nonce. */
void watch_answer(struct carrier *c, const struct lab_request *r, const struct credential *a, const struct given *g,
                  const struct source *source);
