/* lab_tls.c: a throw-away CA and a server certificate (P-256), by GnuTLS. Nothing but the CA's certificate ever reaches a disk. */
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lab_api.h"

#define LIFE_SEC 86400

static void check(int r, const char *what) {
        if (r < 0)
                lab_fail("unable to %s: %s", what, gnutls_strerror(r));
}

static gnutls_x509_privkey_t new_key(void) {
        gnutls_x509_privkey_t key;
        check(gnutls_x509_privkey_init(&key), "make a key");
        check(gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0), "make a key");
        return key;
}

static gnutls_x509_crt_t new_certificate(gnutls_x509_privkey_t key, const char *name) {
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
        check(gnutls_x509_crt_set_activation_time(crt, now - LIFE_SEC), "set the time");
        check(gnutls_x509_crt_set_expiration_time(crt, now + LIFE_SEC), "set the time");
        check(gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, name, (unsigned)strlen(name)), "set the name");
        check(gnutls_x509_crt_set_key(crt, key), "set the key");
        check(gnutls_x509_crt_get_key_id(crt, 0, id, &id_size), "get the key id");
        check(gnutls_x509_crt_set_subject_key_id(crt, id, id_size), "set the key id");
        return crt;
}

static gnutls_x509_crt_t new_ca(gnutls_x509_privkey_t key, const char *name) {
        gnutls_x509_crt_t crt = new_certificate(key, name);
        check(gnutls_x509_crt_set_basic_constraints(crt, 1, -1), "make a CA");
        check(gnutls_x509_crt_set_key_usage(crt, GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN), "set the usage");
        check(gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0), "sign the CA");
        return crt;
}

static gnutls_x509_crt_t new_server(gnutls_x509_privkey_t key, gnutls_x509_crt_t ca, gnutls_x509_privkey_t ca_key) {
        const uint32_t loopback = htonl(INADDR_LOOPBACK);
        gnutls_x509_crt_t crt = new_certificate(key, "localhost");
        check(gnutls_x509_crt_set_basic_constraints(crt, 0, -1), "make a server certificate");
        check(gnutls_x509_crt_set_key_usage(crt, GNUTLS_KEY_DIGITAL_SIGNATURE), "set the usage");
        check(gnutls_x509_crt_set_key_purpose_oid(crt, GNUTLS_KP_TLS_WWW_SERVER, 0), "set the purpose");
        check(gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME, "localhost", 9, GNUTLS_FSAN_SET), "set a name");
        check(gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS, &loopback, sizeof loopback, GNUTLS_FSAN_APPEND),
              "set a name");
        check(gnutls_x509_crt_sign2(crt, ca, ca_key, GNUTLS_DIG_SHA256, 0), "sign the certificate");
        return crt;
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

void certificate_make(struct lab_certificate *ret) {
        gnutls_datum_t pem;
        gnutls_x509_privkey_t ca_key = new_key(), other_key = new_key(), key = new_key();
        gnutls_x509_crt_t ca = new_ca(ca_key, "lab CA"), other = new_ca(other_key, "another CA");
        gnutls_x509_crt_t crt = new_server(key, ca, ca_key);
        check(gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &pem), "write a key");
        *ret = (struct lab_certificate){certificate_pem(ca), certificate_pem(other), certificate_pem(crt), pem_text(pem)};
        gnutls_x509_crt_deinit(ca);
        gnutls_x509_crt_deinit(other);
        gnutls_x509_crt_deinit(crt);
        gnutls_x509_privkey_deinit(ca_key);
        gnutls_x509_privkey_deinit(other_key);
        gnutls_x509_privkey_deinit(key);
}

void certificate_clear(struct lab_certificate *c) {
        free(c->ca);
        free(c->other_ca);
        free(c->certificate);
        free(c->key);
        *c = (struct lab_certificate){0};
}
