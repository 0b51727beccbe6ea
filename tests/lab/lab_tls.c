/* lab_tls.c: certificates (P-256). No key reaches a disk but that of a client, which the program under test must read. */
#include "lab_tls.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lab.h"

#define CA_LIFE (1000 * LAB_DAY)

struct authority {
        gnutls_x509_privkey_t key;
        gnutls_x509_crt_t certificate;
        char *pem;
};

struct lab_ca {
        struct authority trusted, other;
};

static void check(int r, const char *what) {
        if (r < 0)
                lab_fail("unable to %s: %s", what, gnutls_strerror(r));
}

static char *pem_text(gnutls_datum_t pem) {
        char *text = lab_text("%.*s", (int)pem.size, (const char *)pem.data);
        gnutls_free(pem.data);
        return text;
}

static char *certificate_pem(gnutls_x509_crt_t crt) {
        gnutls_datum_t pem;
        check(gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &pem), "write a certificate");
        return pem_text(pem);
}

static gnutls_x509_privkey_t new_key(void) {
        gnutls_x509_privkey_t key;
        check(gnutls_x509_privkey_init(&key), "make a key");
        check(gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0), "make a key");
        return key;
}

static gnutls_x509_crt_t new_certificate(gnutls_x509_privkey_t key, const char *name, int64_t from, int64_t until) {
        gnutls_x509_crt_t crt;
        unsigned char id[20];
        size_t id_size = sizeof id;
        char serial[17];
        time_t now = time(NULL);
        lab_random_hex(serial, 8);
        serial[0] = '1'; /* a positive number */
        check(gnutls_x509_crt_init(&crt), "make a certificate");
        check(gnutls_x509_crt_set_version(crt, 3), "set the version");
        check(gnutls_x509_crt_set_serial(crt, serial, strlen(serial)), "set the serial number");
        check(gnutls_x509_crt_set_activation_time(crt, now + from), "set the time");
        check(gnutls_x509_crt_set_expiration_time(crt, now + until), "set the time");
        check(gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, name, (unsigned)strlen(name)), "set the name");
        check(gnutls_x509_crt_set_key(crt, key), "set the key");
        check(gnutls_x509_crt_get_key_id(crt, 0, id, &id_size), "get the key id");
        check(gnutls_x509_crt_set_subject_key_id(crt, id, id_size), "set the key id");
        return crt;
}

static void authority_make(struct authority *ret, const char *name) {
        gnutls_x509_privkey_t key = new_key();
        gnutls_x509_crt_t crt = new_certificate(key, name, -CA_LIFE, CA_LIFE);
        check(gnutls_x509_crt_set_basic_constraints(crt, 1, -1), "make a CA");
        check(gnutls_x509_crt_set_key_usage(crt, GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN), "set the usage");
        check(gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0), "sign the CA");
        *ret = (struct authority){key, crt, certificate_pem(crt)};
}

static void authority_clear(struct authority *a) {
        gnutls_x509_crt_deinit(a->certificate);
        gnutls_x509_privkey_deinit(a->key);
        free(a->pem);
}

struct lab_ca *ca_new(void) {
        struct lab_ca *ca = lab_alloc(1, sizeof *ca);
        authority_make(&ca->trusted, "lab CA");
        authority_make(&ca->other, "another CA");
        return ca;
}

struct lab_ca *ca_free(struct lab_ca *ca) {
        if (ca) {
                authority_clear(&ca->trusted);
                authority_clear(&ca->other);
                free(ca);
        }
        return NULL;
}

const char *ca_pem(const struct lab_ca *ca, bool trusted) {
        return trusted ? ca->trusted.pem : ca->other.pem;
}

static void add_name(gnutls_x509_crt_t crt, gnutls_x509_subject_alt_name_t type, const void *name, size_t n) {
        if (name)
                check(gnutls_x509_crt_set_subject_alt_name(crt, type, name, (unsigned)n, GNUTLS_FSAN_APPEND), "set a name");
}

void certificate_make(struct lab_certificate *ret, const struct lab_ca *ca, const struct lab_certificate_request *request) {
        const uint32_t loopback = htonl(INADDR_LOOPBACK);
        const struct authority *issuer = request->trusted ? &ca->trusted : &ca->other;
        gnutls_datum_t pem;
        gnutls_x509_privkey_t key = new_key();
        /* The common name is nobody's SIP domain: without a subjectAltName it would count (RFC 5922 section 7.1). */
        gnutls_x509_crt_t crt = new_certificate(key, request->client ? "lab client" : "lab server", request->from, request->until);
        check(gnutls_x509_crt_set_basic_constraints(crt, 0, -1), "make a certificate");
        check(gnutls_x509_crt_set_key_usage(crt, GNUTLS_KEY_DIGITAL_SIGNATURE), "set the usage");
        check(gnutls_x509_crt_set_key_purpose_oid(crt, request->client ? GNUTLS_KP_TLS_WWW_CLIENT : GNUTLS_KP_TLS_WWW_SERVER, 0),
              "set the purpose");
        add_name(crt, GNUTLS_SAN_DNSNAME, request->dns, request->dns ? strlen(request->dns) : 0);
        add_name(crt, GNUTLS_SAN_URI, request->uri, request->uri ? strlen(request->uri) : 0);
        add_name(crt, GNUTLS_SAN_IPADDRESS, request->loopback ? &loopback : NULL, sizeof loopback);
        check(gnutls_x509_crt_sign2(crt, issuer->certificate, issuer->key, GNUTLS_DIG_SHA256, 0), "sign the certificate");
        check(gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &pem), "write a key");
        *ret = (struct lab_certificate){certificate_pem(crt), pem_text(pem)};
        gnutls_x509_crt_deinit(crt);
        gnutls_x509_privkey_deinit(key);
}

void certificate_clear(struct lab_certificate *c) {
        free(c->certificate);
        free(c->key);
        *c = (struct lab_certificate){0};
}
