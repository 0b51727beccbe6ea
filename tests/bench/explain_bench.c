/* explain_bench.c [ROUNDS]: hypotheses of explain per CPU second, beside the bare hash of a text of that length, in turns: A B A B. An
 * answer made with another password goes through the whole search. Prints each round and the medians. */
#include <openssl/evp.h>
#include <stdio.h>
#include <time.h>

#include "common/explain.h"

#define ROUNDS_MAX 99
#define TURN_SEC 0.5 /* of CPU */

static const char challenge[] = "Digest realm=\"Carrier\", nonce=\"awPDG2sDwe8n8V4aQ1h2Rkz0PHOIOakd\", qop=\"auth,auth-int\", algorithm=%s";
static const char answer[] =
        "Digest username=\"byoc_user\", realm=\"Carrier\", nonce=\"awPDG2sDwe8n8V4aQ1h2Rkz0PHOIOakd\", "
        "uri=\"sip:carrier.example:5060\", response=\"%s%s\", algorithm=%s, qop=auth, nc=00000001, cnonce=\"0a4f113b\"";
static const char half[] = "0123456789abcdef0123456789abcdef";

static double cpu_sec(void) {
        struct timespec t = {0};
        (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
        return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Returns hypotheses per CPU second, 0 when it failed. */
static double explain_rate(const char *algorithm, size_t *ret_hashed) {
        char c[512], a[1024];
        (void)snprintf(c, sizeof c, challenge, algorithm);
        (void)snprintf(a, sizeof a, answer, half, strcmp(algorithm, "MD5") == 0 ? "" : half, algorithm);
        const struct explain_question q = {
                .challenge = span_of(c),
                .authorization = span_of(a),
                .method = SPAN("REGISTER"),
                .request_uri = SPAN("sip:carrier.example:5060"),
                .username = SPAN("byoc_user"),
                .password = SPAN("open%sesame&27"),
        };
        double begin = cpu_sec(), took = 0;
        uint64_t n = 0;
        while (took < TURN_SEC) {
                _cleanup_(explanation_freep) struct explanation *e = NULL;
                if (explain(&e, &q) < 0 || e->end != EXPLAIN_UNEXPLAINED)
                        return 0;
                n += e->hypotheses;
                *ret_hashed = strlen(e->right.hashed) - strlen("HA1HA2") + 2 * strlen(e->right.ha2);
                took = cpu_sec() - begin;
        }
        return (double)n / took;
}

static double bare_rate(const char *name, size_t n) {
        unsigned char text[1024] = {0}, bytes[EVP_MAX_MD_SIZE];
        EVP_MD *md = EVP_MD_fetch(NULL, name, NULL);
        EVP_MD_CTX *ctx = EVP_MD_CTX_new();
        bool ok = md && ctx && EVP_DigestInit_ex2(ctx, md, NULL) == 1;
        double begin = cpu_sec(), took = 0;
        uint64_t count = 0;
        while (ok && took < TURN_SEC) {
                for (size_t i = 0; ok && i < 10000; i++, count++)
                        ok = EVP_DigestInit_ex2(ctx, NULL, NULL) == 1 && EVP_DigestUpdate(ctx, text, n) == 1 &&
                             EVP_DigestFinal_ex(ctx, bytes, NULL) == 1;
                took = cpu_sec() - begin;
        }
        EVP_MD_CTX_free(ctx);
        EVP_MD_free(md);
        return ok ? (double)count / took : 0;
}

static int compare(const void *a, const void *b) {
        const double x = *(const double *)a, y = *(const double *)b;
        return (x > y) - (x < y);
}

static int run(const char *algorithm, const char *name, size_t rounds) {
        double ours[ROUNDS_MAX], bare[ROUNDS_MAX];
        size_t n = 0;
        for (size_t i = 0; i < rounds; i++) {
                ours[i] = explain_rate(algorithm, &n);
                bare[i] = bare_rate(name, n);
                if (ours[i] <= 0 || bare[i] <= 0)
                        return 1;
                (void)printf("%s: %.3f M hypotheses, %.3f M bare hashes of %zu bytes per CPU second: %.2f\n", algorithm, ours[i] / 1e6,
                             bare[i] / 1e6, n, ours[i] / bare[i]);
        }
        qsort(ours, rounds, sizeof *ours, compare);
        qsort(bare, rounds, sizeof *bare, compare);
        (void)printf("%s: medians %.3f M and %.3f M: %.2f of the bare hash rate\n", algorithm, ours[rounds / 2] / 1e6,
                     bare[rounds / 2] / 1e6, ours[rounds / 2] / bare[rounds / 2]);
        return 0;
}

int main(int argc, char **argv) {
        size_t rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 5;
        if (rounds < 1 || rounds > ROUNDS_MAX)
                return 2;
        return run("MD5", "MD5", rounds) || run("SHA-256", "SHA2-256", rounds);
}
