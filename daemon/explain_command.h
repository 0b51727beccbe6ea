/* explain_command.h: `trunkaudit explain`: what differs in somebody's digest answer; without network, configuration or database. */
#pragma once

#include <stdbool.h>

struct explain_options {
        const char *challenge, *authorization; /* header lines, or their values */
        const char *method, *request_uri;      /* NULL = the message's */
        const char *user, *realm;              /* NULL = the answer's, the challenge's */
        const char *password_file, *ha1_file;
        const char *message; /* file with SIP messages; "-" = standard input */
        bool json;
        bool show_secrets; /* A1 and HA1 too */
};

/* Explains each answer there is. Returns the exit code: 0 all are right, 1 a mistake is named, 2 usage, 3 not explained or not checked. */
int explain_command(const struct explain_options *o);
