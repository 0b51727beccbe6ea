/* tls.c: OpenSSL, used by hand because the evidence has to name what is wrong with a certificate, not only that something is. */
#include "tls.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <time.h>

struct tls {
        SSL_CTX *context;
};

void tls_error_text(char *buffer, size_t size) {
        unsigned long code = ERR_peek_last_error();
        const char *reason = code ? ERR_reason_error_string(code) : NULL;
        (void)snprintf(buffer, size, "%s", reason ? reason : "the connection was closed during the handshake");
        ERR_clear_error();
}

/* The chain is judged after the handshake; SSL_get_verify_result() remembers the first error. */
static int on_verify(int ok, X509_STORE_CTX *store) {
        (void)ok;
        (void)store;
        return 1;
}

static int refuse_file(const char *what, const char *file, char **ret_error) {
        char text[200];
        tls_error_text(text, sizeof text);
        if (asprintf(ret_error, "%s %s cannot be used: %s", what, file, text) < 0) {
                *ret_error = NULL;
                return -ENOMEM;
        }
        return 1;
}

int tls_new(struct tls **ret, const char *ca_file, const char *certificate_file, const char *key_file, char **ret_error) {
        _cleanup_(tls_freep) struct tls *t = calloc(1, sizeof *t);
        if (!t)
                return -ENOMEM;
        ERR_clear_error();
        t->context = SSL_CTX_new(TLS_client_method());
        if (!t->context)
                return -ENOMEM;
        (void)SSL_CTX_set_min_proto_version(t->context, TLS1_2_VERSION);
        SSL_CTX_set_verify(t->context, SSL_VERIFY_PEER, on_verify);
        (void)SSL_CTX_set_mode(t->context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
        /* A peer that closes without close_notify is reported as a closed connection, not as an error of its own. */
        (void)SSL_CTX_set_options(t->context, SSL_OP_IGNORE_UNEXPECTED_EOF);
        if (ca_file ? SSL_CTX_load_verify_file(t->context, ca_file) != 1 : SSL_CTX_set_default_verify_paths(t->context) != 1)
                return refuse_file("ca_file", ca_file ? ca_file : "of the system", ret_error);
        if (certificate_file && SSL_CTX_use_certificate_chain_file(t->context, certificate_file) != 1)
                return refuse_file("certificate_file", certificate_file, ret_error);
        if (key_file &&
            (SSL_CTX_use_PrivateKey_file(t->context, key_file, SSL_FILETYPE_PEM) != 1 || SSL_CTX_check_private_key(t->context) != 1))
                return refuse_file("key_file", key_file, ret_error);
        *ret = TAKE_PTR(t);
        return 0;
}

struct tls *tls_free(struct tls *t) {
        if (t) {
                SSL_CTX_free(t->context);
                free(t);
        }
        return NULL;
}

static bool is_address(const char *text) {
        unsigned char bytes[sizeof(struct in6_addr)];
        return inet_pton(AF_INET, text, bytes) == 1 || inet_pton(AF_INET6, text, bytes) == 1;
}

int tls_connect(SSL **ret, struct tls *t, int fd, const char *server_name) {
        ERR_clear_error();
        SSL *ssl = SSL_new(t->context);
        if (!ssl)
                return -ENOMEM;
        bool ok = SSL_set_fd(ssl, fd) == 1;
        char name[256];
        if (ok && server_name && !is_address(server_name) && strlen(server_name) < sizeof name) {
                memcpy(name, server_name, strlen(server_name) + 1); /* the macro takes the const away */
                ok = SSL_set_tlsext_host_name(ssl, name) == 1;
        }
        if (!ok) {
                SSL_free(ssl);
                return -ENOMEM;
        }
        SSL_set_connect_state(ssl);
        *ret = ssl;
        return 0;
}

/* -- what the handshake showed ---------------------------------------------------------------------------------------- */

/* RFC 5922 section 7.1: a URI subjectAltName "sip:domain" without a user is an identity like a DNS name. */
static bool has_sip_uri(X509 *certificate, const char *name) {
        GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
        bool found = false;
        for (int i = 0; !found && i < sk_GENERAL_NAME_num(names); i++) {
                const GENERAL_NAME *g = sk_GENERAL_NAME_value(names, i);
                if (g->type != GEN_URI)
                        continue;
                struct span uri = {(const char *)ASN1_STRING_get0_data(g->d.ia5), (size_t)ASN1_STRING_length(g->d.ia5)};
                size_t scheme = uri.n > 5 && strncasecmp(uri.p, "sips:", 5) == 0  ? 5
                                : uri.n > 4 && strncasecmp(uri.p, "sip:", 4) == 0 ? 4
                                                                                  : 0;
                found = scheme > 0 && span_ieq((struct span){uri.p + scheme, uri.n - scheme}, span_of(name));
        }
        GENERAL_NAMES_free(names);
        return found;
}

static bool is_for(X509 *certificate, const char *name) {
        if (is_address(name))
                return X509_check_ip_asc(certificate, name, 0) == 1;
        return X509_check_host(certificate, name, 0, X509_CHECK_FLAG_NO_WILDCARDS, NULL) == 1 || has_sip_uri(certificate, name);
}

static void write_names(X509 *certificate, char *buffer, size_t size) {
        GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
        size_t at = 0;
        for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
                const GENERAL_NAME *g = sk_GENERAL_NAME_value(names, i);
                if (g->type != GEN_DNS && g->type != GEN_URI)
                        continue;
                int n = snprintf(buffer + at, size - at, "%s%s:%.*s", at ? ", " : "", g->type == GEN_DNS ? "DNS" : "URI",
                                 ASN1_STRING_length(g->d.ia5), (const char *)ASN1_STRING_get0_data(g->d.ia5));
                if (n < 0 || (size_t)n >= size - at)
                        break;
                at += (size_t)n;
        }
        GENERAL_NAMES_free(names);
        for (char *p = buffer; *p; p++)
                if ((unsigned char)*p < ' ' || (unsigned char)*p > 126)
                        *p = '?';
}

static int64_t time_of(const ASN1_TIME *t) {
        struct tm tm;
        return ASN1_TIME_to_tm(t, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

static enum tls_trust trust_of(long result) {
        switch (result) {
        case X509_V_OK:
                return TLS_TRUST_GOOD;
        case X509_V_ERR_CERT_HAS_EXPIRED:
        case X509_V_ERR_CERT_NOT_YET_VALID:
                return TLS_TRUST_EXPIRED;
        default:
                return TLS_TRUST_UNTRUSTED;
        }
}

void tls_read_facts(struct tls_facts *ret, SSL *ssl, const char *const *names, int64_t now_sec) {
        struct tls_facts f = {.present = true};
        (void)snprintf(f.protocol, sizeof f.protocol, "%s", SSL_get_version(ssl));
        (void)snprintf(f.cipher, sizeof f.cipher, "%s", SSL_get_cipher_name(ssl));
        for (size_t i = 0, at = 0; names[i] && at < sizeof f.wanted; i++) {
                int n = snprintf(f.wanted + at, sizeof f.wanted - at, "%s%s", i ? ", " : "", names[i]);
                at += n > 0 ? (size_t)n : 0;
        }
        X509 *certificate = SSL_get1_peer_certificate(ssl);
        if (!certificate) {
                *ret = f;
                return;
        }
        long result = SSL_get_verify_result(ssl);
        bool named = false;
        for (size_t i = 0; names[i]; i++)
                named |= is_for(certificate, names[i]);
        f.trust = trust_of(result);
        f.not_after_sec = time_of(X509_get0_notAfter(certificate));
        /* An expired certificate under an untrusted root counts as untrusted: the first error hides the other, the date does not lie. */
        if (f.trust == TLS_TRUST_GOOD && f.not_after_sec < now_sec)
                f.trust = TLS_TRUST_EXPIRED;
        if (result != X509_V_OK)
                (void)snprintf(f.error, sizeof f.error, "%s", X509_verify_cert_error_string(result));
        if (f.trust == TLS_TRUST_GOOD && !named)
                f.trust = TLS_TRUST_OTHER_NAME;
        (void)X509_NAME_oneline(X509_get_subject_name(certificate), f.subject, sizeof f.subject);
        write_names(certificate, f.names, sizeof f.names);
        STACK_OF(X509) *chain = SSL_get_peer_cert_chain(ssl);
        X509 *last = chain && sk_X509_num(chain) > 0 ? sk_X509_value(chain, sk_X509_num(chain) - 1) : certificate;
        (void)X509_NAME_oneline(X509_get_issuer_name(last), f.chain_end, sizeof f.chain_end);
        X509_free(certificate);
        *ret = f;
}
