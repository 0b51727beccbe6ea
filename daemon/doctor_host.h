/* doctor_host.h: what a doctor sees on this host without waiting: credentials, journal, database, service. Nothing is changed. */
#pragma once

#include "../common/config.h"
#include "../common/finding.h"
#include "../common/store.h"

/* How to ask as the service would be answered: with its credentials and as its user. */
#define DOCTOR_AS_SERVICE                                                                                                                  \
        "as the service would: systemd-run --pipe --wait --collect -p User=trunkauditd -p Group=trunkauditd -p StateDirectory=trunkauditd" \
        " -p LoadCredential=secret:"

/* The directory of credentials that the unit loads: beside the configuration. malloc'ed; returns 0 or -ENOMEM. */
int doctor_host_credentials_directory(char **ret, const char *config_file);

/* In the unit: whether each credential that the configuration names is there. Else what the unit would load. */
struct finding doctor_host_credentials(const char *check, const struct config *config, const char *credentials_directory);

struct finding doctor_host_journal(const char *check);

/* The directory of the database for the service's user, and the database itself, which is opened for reading. ret is NULL when there is
 * none that can be read. */
struct finding doctor_host_database(const char *check, const struct config *config, struct store **ret);

/* How large it is, and when it was last looked through and backed up. */
struct finding doctor_host_upkeep(const char *check, struct store *store, int64_t now_usec);

struct finding doctor_host_lock(const char *check, const struct config *config);

/* Is the service running, and when was its last run? store may be NULL. */
struct finding doctor_host_service(const char *check, const struct config *config, struct store *store, int64_t now_usec);
