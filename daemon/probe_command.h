/* probe_command.h: `trunkaudit probe`: one carrier, without configuration or database. */
#pragma once

#include <stdbool.h>

struct probe_options {
        const char *target;    /* host[:port] */
        const char *transport; /* NULL = RFC 3263 decides */
        const char *method;    /* NULL = REGISTER */
        const char *domain;    /* NULL = the target's host */
        const char *user;      /* NULL = only asks for the challenge */
        const char *password_file, *ha1_file;
        const char *realm; /* expected; NULL = any */
        const char *ca_file;
        bool json;
        bool verbose;                     /* the messages, secrets redacted */
        bool measures_lifetime;           /* of its nonces */
        const char *range, *answers_text; /* as given; NULL = the defaults */
};

/* Prints the stages as they happen, then the verdict. Returns trunkaudit's exit code. */
int probe_command(const struct probe_options *o);
