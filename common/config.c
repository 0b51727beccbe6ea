/* config.c: a configuration from a file, and the secrets it names. */
#include "config.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config_table.h"

#define HA1_MD5_HEX 32
#define HA1_SHA_HEX 64 /* SHA-256 and SHA-512/256 */

/* -- reading -------------------------------------------------------------------------------------------------------------- */

static void strip_slashes(char *url) {
        size_t n = url ? strlen(url) : 0;
        while (n > 0 && url[n - 1] == '/')
                url[--n] = '\0';
}

static int complete_url(char **url, const char *service, const char *domain) {
        char *text;
        if (*url)
                return 0;
        if (asprintf(&text, "https://%s.%s", service, domain) < 0)
                return -ENOMEM;
        *url = text;
        return 0;
}

/* URLs that are written override the region's. */
static int complete_urls(struct config *c) {
        strip_slashes(c->platform.login_url);
        strip_slashes(c->platform.api_url);
        if (!c->has_platform)
                return 0;
        const char *domain = config_region_domain(c->platform.region);
        int r = complete_url(&c->platform.login_url, "login", domain);
        return r < 0 ? r : complete_url(&c->platform.api_url, "api", domain);
}

int config_parse(struct config **ret, const char *file, struct span text, struct complaints *complaints) {
        size_t errors = complaints->errors;
        _cleanup_(config_freep) struct config *c = calloc(1, sizeof *c);
        if (!c)
                return -ENOMEM;
        c->file = strdup(file);
        if (!c->file)
                return -ENOMEM;
        if (text.n > CONFIG_SIZE_MAX) {
                int r = complaint_add(complaints, false, file, 0, 0, NULL, "is too large (%d bytes at most)", CONFIG_SIZE_MAX);
                return r < 0 ? r : 1;
        }
        int r = option_read(&config_mapping, c, file, text, complaints);
        if (r < 0)
                return r;
        if (complaints->errors > errors)
                return 1;
        r = complete_urls(c);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(c);
        return 0;
}

static void closep(int *fd) {
        if (*fd >= 0)
                (void)close(*fd);
}

/* Returns 0, an errno value that is the file's fault, or -ENOMEM. One byte more than allowed tells "too large". */
static int read_file(char **ret, size_t *ret_n, const char *file) {
        _cleanup_(closep) int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        struct stat st;
        if (fd < 0 || fstat(fd, &st) < 0)
                return errno;
        if (!S_ISREG(st.st_mode))
                return S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
        _cleanup_(freep) char *bytes = malloc(CONFIG_SIZE_MAX + 1);
        if (!bytes)
                return -ENOMEM;
        size_t n = 0;
        while (n < CONFIG_SIZE_MAX + 1) {
                ssize_t r = read(fd, bytes + n, CONFIG_SIZE_MAX + 1 - n);
                if (r < 0 && errno == EINTR)
                        continue;
                if (r < 0)
                        return errno;
                if (r == 0)
                        break;
                n += (size_t)r;
        }
        *ret = TAKE_PTR(bytes);
        *ret_n = n;
        return 0;
}

int config_load(struct config **ret, const char *file, struct complaints *complaints) {
        char sha256[CONFIG_SHA256_MAX];
        return config_load_digested(ret, file, complaints, sha256);
}

int config_load_digested(struct config **ret, const char *file, struct complaints *complaints, char ret_sha256[static CONFIG_SHA256_MAX]) {
        unsigned char digest[SHA256_DIGEST_LENGTH];
        _cleanup_(freep) char *bytes = NULL;
        size_t n = 0;
        ret_sha256[0] = '\0';
        int r = read_file(&bytes, &n, file);
        if (r == EMFILE || r == ENFILE || r == ENOMEM)
                return -r; /* our own exhaustion is no mistake of the file's */
        if (r > 0) {
                r = complaint_add(complaints, false, file, 0, 0, NULL, "cannot be read: %s",
                                  r == EINVAL ? "Not a regular file" : strerrordesc_np(r));
                return r < 0 ? r : 1;
        }
        if (r < 0)
                return r;
        (void)SHA256((const unsigned char *)bytes, n, digest);
        hex_write(ret_sha256, digest, sizeof digest);
        ret_sha256[2 * sizeof digest] = '\0';
        return config_parse(ret, file, (struct span){bytes, n}, complaints);
}

struct config *config_free(struct config *config) {
        if (config) {
                option_free_values(&config_mapping, config);
                for (size_t i = 0; i < config->n_trunks; i++)
                        option_free_values(&config_trunk_mapping, &config->trunks[i]);
                free(config->trunks);
                for (size_t i = 0; i < config->n_silences; i++)
                        option_free_values(&config_silence_mapping, &config->silences[i]);
                free(config->silences);
                free(config->file);
                free(config);
        }
        return NULL;
}

int config_check_time(const struct config *config, int64_t now_usec, struct complaints *complaints) {
        int r = 0;
        for (size_t i = 0; r >= 0 && i < config->n_silences; i++) {
                const struct config_silence *s = &config->silences[i];
                if (s->until && s->until_usec <= now_usec)
                        r = complaint_add(complaints, true, config->file, s->line, s->column, "silences", "is over since %s (take it out)",
                                          s->until);
        }
        return r;
}

bool config_profile_edges(const struct config *config) {
        return text_eq(config->platform.profile, "edges");
}

const struct config_trunk *config_trunk_find(const struct config *config, const char *id, const char *name) {
        for (size_t i = 0; id && i < config->n_trunks; i++)
                if (config->trunks[i].id && text_eq(config->trunks[i].id, id))
                        return &config->trunks[i];
        for (size_t i = 0; name && i < config->n_trunks; i++)
                if (!config->trunks[i].id && text_eq(config->trunks[i].name, name))
                        return &config->trunks[i];
        return NULL;
}

int config_describe(char **ret) {
        char *text = NULL;
        size_t n;
        FILE *out = open_memstream(&text, &n);
        if (!out)
                return -ENOMEM;
        option_describe(&config_mapping, out);
        bool failed = ferror(out) != 0;
        if (fclose(out) != 0 || failed) {
                free(text);
                return -ENOMEM;
        }
        *ret = text;
        return 0;
}

/* -- secrets -------------------------------------------------------------------------------------------------------------- */

struct secret_reader {
        const char *file;
        const char *directory; /* of credentials; NULL = none */
        struct complaints *complaints;
};

static int tell(const struct secret_reader *r, const struct secret_ref *ref, const char *key, int outcome, int error) {
        const char *what = ref->kind == SECRET_REF_CREDENTIAL ? "credential" : "file";
        const char *text = "";
        bool warning = false;
        switch (outcome) {
        case SECRET_ABSENT:
                warning = true;
                text = ref->kind == SECRET_REF_CREDENTIAL ? "is not there (have the unit load it with LoadCredential=)"
                                                          : "is not there (write it, mode 0600)";
                break;
        case SECRET_UNREADABLE:
                return complaint_add(r->complaints, true, r->file, ref->line, ref->column, key, "%s %s cannot be read: %s", what, ref->name,
                                     strerrordesc_np(error));
        case SECRET_EXPOSED:
                text = "is open to others, or is no regular file (have it belong to the service, mode 0600 or 0400)";
                break;
        case SECRET_EMPTY:
                text = "is empty (write the secret into it)";
                break;
        case SECRET_TOO_LONG:
                text = "is too long for a secret (4096 bytes at most)";
                break;
        }
        return complaint_add(r->complaints, warning, r->file, ref->line, ref->column, key, "%s %s %s", what, ref->name, text);
}

static int read_secret(const struct secret_reader *r, struct secret_ref *ref, const char *key) {
        _cleanup_(freep) char *joined = NULL;
        const char *path = ref->name;
        if (ref->kind == SECRET_REF_NONE)
                return 0;
        if (ref->kind == SECRET_REF_CREDENTIAL) {
                if (!r->directory)
                        return complaint_add(r->complaints, true, r->file, ref->line, ref->column, key,
                                             "credential %s is there only inside the service (run it in the unit, or write {file: PATH})",
                                             ref->name);
                if (asprintf(&joined, "%s/%s", r->directory, ref->name) < 0) {
                        joined = NULL;
                        return -ENOMEM;
                }
                path = joined;
        }
        struct secret *secret = NULL;
        int error = 0, n = secret_read(&secret, path, &error);
        if (n != 0)
                return n < 0 ? n : tell(r, ref, key, n, error);
        (void)secret_free(ref->secret);
        ref->secret = secret;
        return 0;
}

static bool ha1_length_fits(const struct config_trunk *t, size_t n) {
        if (!t->algorithm)
                return n == HA1_MD5_HEX || n == HA1_SHA_HEX;
        return n == (strncmp(t->algorithm, "MD5", 3) == 0 ? HA1_MD5_HEX : HA1_SHA_HEX);
}

/* Lower case, because the digest is made over the digits (RFC 7616 section 3.4.2). */
static int read_ha1(const struct secret_reader *r, struct config_trunk *t) {
        int n = read_secret(r, &t->ha1, "trunks.ha1");
        if (n < 0 || !t->ha1.secret)
                return n;
        struct span bytes = secret_bytes(t->ha1.secret);
        char digits[HA1_SHA_HEX];
        bool right = ha1_length_fits(t, bytes.n);
        for (size_t i = 0; right && i < bytes.n; i++) {
                char c = bytes.p[i];
                digits[i] = c >= 'A' && c <= 'F' ? (char)(c + ('a' - 'A')) : c;
                right = (c >= '0' && c <= '9') || (digits[i] >= 'a' && digits[i] <= 'f');
        }
        size_t length = bytes.n;
        t->ha1.secret = secret_free(t->ha1.secret);
        if (right)
                n = secret_new(&t->ha1.secret, digits, length);
        else
                n = complaint_add(r->complaints, false, r->file, t->ha1.line, t->ha1.column, "trunks.ha1",
                                  "%s %s holds no HA1 for %s (32 hex digits for MD5, 64 for the others)",
                                  t->ha1.kind == SECRET_REF_CREDENTIAL ? "credential" : "file", t->ha1.name,
                                  t->algorithm ? t->algorithm : "any algorithm");
        OPENSSL_cleanse(digits, sizeof digits);
        return n;
}

int config_read_secrets(struct config *config, const char *credentials_directory, struct complaints *complaints) {
        const struct secret_reader r = {config->file, credentials_directory, complaints};
        size_t errors = complaints->errors;
        int n = read_secret(&r, &config->platform.client_secret, "platform.client_secret");
        if (n == 0)
                n = read_secret(&r, &config->platform.proxy_credentials, "platform.proxy_credentials");
        for (size_t i = 0; i < config->n_trunks && n == 0; i++) {
                n = read_secret(&r, &config->trunks[i].password, "trunks.password");
                if (n == 0)
                        n = read_ha1(&r, &config->trunks[i]);
        }
        return n < 0 ? n : complaints->errors > errors;
}
