/* locator.h: RFC 3263: a host as configured → the ordered targets a request may be sent to. NAPTR, SRV and A/AAAA by c-ares on the loop. */
#pragma once

#include <sys/socket.h>
#include <systemd/sd-event.h>

#include "../common/base.h"
#include "../common/target.h"
#include "resolver.h"

#define LOCATOR_TARGETS_MAX 8

struct locator;

/* Where one request may go. */
struct location {
        enum target_transport transport;
        struct sockaddr_storage address; /* with port */
        socklen_t length;
        char host[TARGET_HOST_MAX]; /* the name the address came from (an SRV target, or the host itself) */
        char how[160];              /* evidence: "NAPTR SIP+D2U, SRV _sip._udp.example.net 10 60 5060 sbc1.example.net"; "..." at its
                                       end when cut */
};

struct locator_request {
        const char *host;
        uint16_t port; /* 0 = not written: SRV is asked */
        bool has_transport;
        enum target_transport transport; /* when has_transport; else NAPTR is asked, then SRV of each transport, then UDP */
};

/* The one location of a host that is an address, for which nobody has to be asked; false when it is none. */
bool locator_literal(struct location *ret, const struct locator_request *request);

/* outcome: 0 with n >= 1 locations in order of preference, which live until the locator is freed; RESOLVER_NOT_FOUND, RESOLVER_FAILED with
 * a constant text; -errno. done may free the locator. */
typedef void locator_done_fn(struct locator *l, int outcome, const struct location *locations, size_t n, const char *why, void *user);

/* A lookup that failed is not one that found nothing: it never leads to a place that the domain may not have meant. A host that the
 * machine's own file of names has is not asked about in DNS. Three questions at most follow each other: done comes within 15 s. */
int locator_start(struct locator **ret, struct resolver *resolver, const struct locator_request *request, locator_done_fn *done,
                  void *user);
struct locator *locator_free(struct locator *l); /* before done: cancels */
DEFINE_CLEANUP(struct locator *, locator_free)
