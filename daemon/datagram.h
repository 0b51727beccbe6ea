/* datagram.h: a UDP socket whose datagrams leave together: they wait until they are flushed, and go by one system call. It knows no loop
 * and no SIP. */
#pragma once

#include <sys/socket.h>

#include "../common/base.h"

struct datagram_socket;

/* Bound to a port of the kernel's choice; ICMP errors are queued to it (IP_RECVERR). Returns 0, -EAFNOSUPPORT (this host has no such
 * family), -errno. */
int datagram_new(struct datagram_socket **ret, int family);
struct datagram_socket *datagram_free(struct datagram_socket *s); /* what waits is not sent; wiped */
DEFINE_CLEANUP(struct datagram_socket *, datagram_free)

int datagram_fd(const struct datagram_socket *s);
uint16_t datagram_port(const struct datagram_socket *s);

/* Copies the message, and sends what waits before it when there is no more room. to and error are the caller's, and live until the flush or
 * until they are forgotten: *error becomes an errno value when the network refuses the datagram, and stays as it is when the kernel has no
 * room for it. Returns 0 or -EMSGSIZE. */
int datagram_queue(struct datagram_socket *s, struct span message, struct sockaddr *to, socklen_t length, int *error);

/* Sends what waits. True when an *error was set since the flush before. NULL-safe. */
bool datagram_flush(struct datagram_socket *s);

/* Sends what waits when that of this owner is among it. */
void datagram_forget(struct datagram_socket *s, const int *error);
