/* resolver.h: host name → addresses, and the NAPTR and SRV records of a name, by c-ares on the loop. */
#pragma once

#include <sys/socket.h>
#include <systemd/sd-event.h>

#include "../common/base.h"
#include "../common/srv.h"

#define RESOLVER_ADDRESSES_MAX 8

struct resolver;
struct resolver_query;

struct resolver_address {
        struct sockaddr_storage storage;
        socklen_t length;
};

/* Outcomes given to done. */
enum {
        RESOLVER_NOT_FOUND = 1, /* the name does not exist, or has nothing of what was asked for */
        RESOLVER_FAILED,        /* no name server answered, or it refused */
        RESOLVER_NAME,          /* of resolver_literal() only */
};

/* outcome: 0 with n >= 1 addresses, a positive outcome above, or -errno; why: constant text for a non-zero outcome. */
typedef void resolver_done_fn(struct resolver_query *q, int outcome, const struct resolver_address *addresses, size_t n, const char *why,
                              void *user);
/* The same with n >= 1 records, at most SRV_RECORDS_MAX, in no particular order. They are the query's, and live until it is freed; done
 * may order them. */
typedef void resolver_naptr_fn(struct resolver_query *q, int outcome, struct naptr_record *records, size_t n, const char *why, void *user);
typedef void resolver_srv_fn(struct resolver_query *q, int outcome, struct srv_record *records, size_t n, const char *why, void *user);

/* servers: "address[:port]" items in place of the system's; n 0 = the system's, as they are now: later changes of resolv.conf are seen
 * by a new resolver only. Returns 0, -EINVAL (a server cannot be read), -errno. */
int resolver_new(struct resolver **ret, sd_event *event, char *const *servers, size_t n);
struct resolver *resolver_free(struct resolver *r); /* NULL-safe; all queries must be freed before */
DEFINE_CLEANUP(struct resolver *, resolver_free)

/* What a host is without asking anybody: 0 = a literal IPv4 or IPv6 address (also "[::1]"), with the port; RESOLVER_NOT_FOUND = it tries
 * to be one; RESOLVER_NAME = a name, also an empty one. */
int resolver_literal(struct resolver_address *ret, const char *host, uint16_t port);

/* Literal IPv4 and IPv6 addresses (also "[::1]") need no query; done still comes from the loop. Names are taken as complete: no search
 * domains. The port is put into each address. A query ends within 5 s. done may free the query. */
int resolver_start(struct resolver_query **ret, struct resolver *r, const char *host, uint16_t port, resolver_done_fn *done, void *user);

/* Like resolver_start; a name is never an address here. */
int resolver_start_naptr(struct resolver_query **ret, struct resolver *r, const char *name, resolver_naptr_fn *done, void *user);
int resolver_start_srv(struct resolver_query **ret, struct resolver *r, const char *name, resolver_srv_fn *done, void *user);

struct resolver_query *resolver_query_free(struct resolver_query *q); /* before done: cancels */
DEFINE_CLEANUP(struct resolver_query *, resolver_query_free)

/* Whether this host's own file of names (/etc/hosts) has an address of the name, which then goes before all that DNS says. */
bool resolver_in_hosts_file(struct resolver *r, const char *host);
