/* transport.h: SIP messages on the loop. One UDP socket per address family serves every probe; a message finds its flow by the branch of
 * the request (RFC 3261 section 17.1.3). A TCP or TLS flow has a connection of its own. */
#pragma once

#include <sys/socket.h>
#include <systemd/sd-event.h>

#include "../common/base.h"
#include "../common/target.h"
#include "stream.h"

#define TRANSPORT_BRANCH_MAX 40 /* bytes of a branch, with the final NUL */

struct transport;
struct flow; /* one probe's way to one address */

/* A message that carries this flow's current branch, or that came from the flow's address and carries none. Valid inside the call. The
 * callback may free the flow. */
typedef void flow_message_fn(struct flow *f, struct span message, void *user);

/* The address cannot be reached (UDP: by ICMP; the flow can still be used), or the connection is over. The callback may free the flow. */
typedef void flow_end_fn(struct flow *f, enum stream_end end, int error, const char *text, void *user);

/* The time given to flow_wake_at() has come. The callback may free the flow. */
typedef void flow_due_fn(struct flow *f, void *user);

int transport_new(struct transport **ret, sd_event *event);
struct transport *transport_free(struct transport *t); /* all flows must be freed before */
DEFINE_CLEANUP(struct transport *, transport_free)

struct flow_request {
        enum target_transport transport;
        const struct sockaddr *address;
        socklen_t length;
        struct tls *tls;          /* of TARGET_TLS */
        const char *server_name;  /* SNI */
        const char *const *names; /* the SIP domains that the certificate may be for; NULL-terminated */
};

/* Returns 0, or -errno: no socket of that family, no route to the address. A connection is made meanwhile; its failure is told by on_end.
 */
int flow_open(struct flow **ret, struct transport *t, const struct flow_request *request, flow_message_fn *on_message, flow_end_fn *on_end,
              flow_due_fn *on_due, void *user);
struct flow *flow_free(struct flow *f);
DEFINE_CLEANUP(struct flow *, flow_free)

bool flow_is_reliable(const struct flow *f);                  /* nothing is retransmitted */
bool flow_is_over(const struct flow *f);                      /* its connection is; a new flow is needed */
const struct tls_facts *flow_tls_facts(const struct flow *f); /* NULL = none */

/* Host and port for the Via: our address as the peer sees it when there is no NAT. */
const char *flow_sent_by(const struct flow *f);

/* "192.0.2.1:5060", "[2001:db8::1]:5060"; "" when it is neither family. */
void transport_address_text(const struct sockaddr_storage *a, char *buffer, size_t size);
const char *flow_branch(const struct flow *f); /* of the last request; "" = none yet */

/* Random bytes from the kernel, which is asked for many at a time. Returns 0 or -EIO. */
int transport_random(struct transport *t, void *bytes, size_t n);

/* Makes the branch of the next request; messages for the one before are dropped from then on. Returns 0 or -errno. */
int flow_new_branch(struct flow *f, char ret[static TRANSPORT_BRANCH_MAX]);

/* Calls on_due once at that time of CLOCK_MONOTONIC, 1 ms late at most, in place of the time given before; FLOW_NEVER = not at all.
 * Returns 0 or -errno. */
#define FLOW_NEVER UINT64_MAX
int flow_wake_at(struct flow *f, uint64_t usec);

/* Sends one message; copied. It leaves at the end of this turn of the loop, datagrams together by one system call; what the network says
 * to it is told by on_end, and nothing when the kernel had no room for a datagram: a retransmission makes up for it. Returns 0 or -errno.
 */
int flow_send(struct flow *f, struct span message);
