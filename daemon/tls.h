/* tls.h: TLS towards carriers: settings, verification by RFC 5922, and what the handshake showed. */
#pragma once

#include <openssl/ssl.h>

#include "../common/base.h"
#include "../common/tls_facts.h"

struct tls; /* trust anchors and our certificate, shared by all connections */

/* ca_file NULL = the system's store; certificate_file and key_file both or neither. TLS 1.2 at least. ret_error: malloc'ed sentence when a
 * file cannot be used. Returns 0, 1 (a file cannot be used), -errno. */
int tls_new(struct tls **ret, const char *ca_file, const char *certificate_file, const char *key_file, char **ret_error);
struct tls *tls_free(struct tls *t);
DEFINE_CLEANUP(struct tls *, tls_free)

/* A client's end on a connected socket. server_name: SNI (NULL or an address = none). The handshake goes on whatever the certificate is, so
 * that it can be told apart; the caller asks tls_read_facts() before it sends a byte. */
int tls_connect(SSL **ret, struct tls *t, int fd, const char *server_name);

/* After the handshake: names are the SIP domains that the certificate may be for, NULL-terminated. */
void tls_read_facts(struct tls_facts *ret, SSL *ssl, const char *const *names, int64_t now_sec);

/* The text of the newest error of the library, for a handshake that failed. */
void tls_error_text(char *buffer, size_t size);
