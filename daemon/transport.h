/* transport.h: SIP datagrams on the loop. One UDP socket per address family serves every probe; a message finds its flow by the branch of
 * the request (RFC 3261 section 17.1.3). TCP and TLS will be flows with a connection of their own. */
#pragma once

#include <sys/socket.h>
#include <systemd/sd-event.h>

#include "../common/base.h"

#define TRANSPORT_BRANCH_MAX 40 /* bytes of a branch, with the final NUL */

struct transport;
struct flow; /* one probe's use of a socket towards one address */

/* A datagram that carries this flow's current branch, or that came from the flow's address and carries none. Valid inside the call. The
 * callback may free the flow. */
typedef void flow_message_fn(struct flow *f, struct span message, void *user);

/* The network says that the flow's address cannot be reached: errno value (ECONNREFUSED, EHOSTUNREACH, …). The callback may free the flow.
 */
typedef void flow_error_fn(struct flow *f, int error, void *user);

int transport_new(struct transport **ret, sd_event *event);
struct transport *transport_free(struct transport *t); /* all flows must be freed before */
DEFINE_CLEANUP(struct transport *, transport_free)

/* Returns 0, or -errno: no socket of that family, no route to the address. */
int flow_open(struct flow **ret, struct transport *t, const struct sockaddr *address, socklen_t length, flow_message_fn *on_message,
              flow_error_fn *on_error, void *user);
struct flow *flow_free(struct flow *f);
DEFINE_CLEANUP(struct flow *, flow_free)

/* Host and port for the Via: our address as the peer sees it when there is no NAT. */
const char *flow_sent_by(const struct flow *f);
const char *flow_peer(const struct flow *f); /* "192.0.2.1:5060" */

const char *flow_branch(const struct flow *f); /* of the last request; "" = none yet */

/* Makes the branch of the next request; messages for the one before are dropped from then on. Returns 0 or -errno. */
int flow_new_branch(struct flow *f, char ret[static TRANSPORT_BRANCH_MAX]);

/* Sends one datagram. Returns 0 (also when the kernel had no room: a retransmission makes up for it), or -errno of the network. */
int flow_send(struct flow *f, struct span message);
