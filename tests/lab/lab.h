/* lab.h: what the files of the lab share: the lab itself, its complaints, memory. The lab simulates the world around trunkauditd on
 * loopback; it uses no code of common/ or daemon/, because a peer must not check itself. It gives up (exit 125) when it is itself
 * broken; whatever the program under test does wrong is a violation. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lab_loop.h"
#include "scenario.h"

#define LAB_EXIT_BROKEN 125
#define LAB_API_PATH "/api/v2/architect/trunk-connections"
#define LAB_EDGES_TRUNKS "/api/v2/telephony/providers/edges/trunks"
#define LAB_EDGES_BASES "/api/v2/telephony/providers/edges/trunkbasesettings"
#define ELEMENTS(a) (sizeof(a) / sizeof((a)[0]))
#define _printf_(fmt, args) __attribute__((format(printf, fmt, args)))

struct carrier;
struct lab_ca;
struct lab_api;
struct lab_audits;
struct ntp_server;

struct lab {
        struct loop *loop;
        struct scenario *scenario; /* as of the present phase */
        char *dir;
        bool one_run; /* the command is one run of the audit, so that the budget of a run can be watched */
        struct lab_ca *ca;
        struct carrier *carriers; /* one for each proxy of each trunk, in the scenario's order */
        size_t n_carriers;
        struct ntp_server *ntp; /* one for each ntp line */
        size_t n_ntp;
        int names_fd; /* -1 = no name server */
        uint16_t names_port;
        struct lab_audits *audits; /* what the platform remembers */
        struct lab_api *api;       /* NULL = the scenario has no platform */
        unsigned trunk_pages;      /* profile edges: pages of trunks that it gave in this run */
        char client_id[40], client_secret[40];
};

/* Appends "WHO: TEXT" to DIR/violations. */
void lab_violation(struct lab *lab, const char *who, const char *format, ...) _printf_(3, 4);

/* Says what failed, with errno, and exits. */
_Noreturn void lab_fail(const char *format, ...) _printf_(1, 2);

/* Zeroed memory; never NULL. */
void *lab_alloc(size_t n, size_t size);
void *lab_resize(void *p, size_t n, size_t size);
void *lab_room(void *p, size_t n, size_t size); /* for one more item behind n of them; doubled when it is full */
char *lab_text(const char *format, ...) _printf_(1, 2);
char *lab_copy(const char *text); /* NULL stays NULL */

/* n random bytes as 2n hex digits and a NUL. */
void lab_random_hex(char *ret, size_t n);
void lab_random_uuid(char ret[static 37]);

/* Writes DIR/NAME with that mode, over an old one. */
void lab_write_file(const struct lab *lab, const char *name, unsigned mode, const char *bytes, size_t n);

/* Appends a line to DIR/NAME. */
void lab_append_line(const struct lab *lab, const char *name, const char *text);

/* A socket bound on loopback: SOCK_DGRAM or SOCK_STREAM. host: an address of 127.0.0.0/8 in host order, or 0 for ::1. port 0 = any; the
 * port it got comes back. */
int lab_socket(int type, uint32_t host, uint16_t port, uint16_t *ret_port);
int lab_try_socket(int type, uint32_t host, uint16_t port, uint16_t *ret_port); /* -1: the port is taken */
uint16_t lab_common_port(uint32_t host);                                        /* that neither UDP nor TCP has taken */
