/* srv.h: NAPTR and SRV records of a SIP domain → the order in which a client tries them (RFC 3263 section 4, RFC 2782). */
#pragma once

#include "base.h"
#include "target.h"

#define SRV_RECORDS_MAX 64 /* records of one answer that are looked at; the same for NAPTR */

/* The texts of a record are its owner's, and stay where they are. */
struct srv_record {
        uint16_t priority, weight, port;
        const char *target;
};

struct naptr_record {
        uint16_t order, preference;
        const char *flags, *service, *regexp, *replacement;
};

/* How a transport is called in DNS. */
struct srv_service {
        enum target_transport transport;
        const char *naptr; /* "SIP+D2U" */
        const char *label; /* "_sip._udp": stands before the domain in the name of its SRV records */
};

#define SRV_SERVICES 3
extern const struct srv_service srv_services[SRV_SERVICES]; /* by enum target_transport */

/* Of a NAPTR service, in any case; NULL when it is not one of ours. */
const struct srv_service *srv_service_named(const char *naptr);

/* Puts the records into the order in which they are tried, and returns how many are left: a target "." says that the service is decidedly
 * not available, port 0 cannot be sent to, and a second record of the same target and port adds nothing. random: one number for each of
 * the n records, uniform over all of its 32 bits. Records after the first SRV_RECORDS_MAX are not looked at. */
size_t srv_order(struct srv_record *records, size_t n, const uint32_t *random);

/* Puts the records that lead a SIP client to SRV records into their order, and returns how many they are. */
size_t naptr_order(struct naptr_record *records, size_t n);
