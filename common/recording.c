/* recording.c: a walk over JSON by its strings alone: what cannot be read as JSON is copied as it is, its strings looked at all the same.
 */
#include "recording.h"

#include <stdio.h>

#define REMOVED "removed"
#define ROOM_FOR_END 40 /* of a name: hash, status, suffix */

/* -- names ------------------------------------------------------------------------------------------------------------- */

static uint32_t hash(const char *text) { /* FNV-1a */
        uint32_t h = 2166136261U;
        for (; *text; text++)
                h = (h ^ (unsigned char)*text) * 16777619U;
        return h;
}

static bool is_plain(char c) {
        return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c && strchr(".=-", c));
}

void recording_name(char ret[static RECORDING_NAME_MAX], const char *method, const char *url, int status) {
        static const char api[] = "/api/v2/";
        const char *host = strstr(url, "://"), *path = strchr(host ? host + 3 : url, '/'), *at = path ? path : "/";
        const char *below = strstr(at, api);
        size_t n = 0;
        at = below ? below + sizeof api - 1 : at + 1;
        if (!text_eq(method, "GET"))
                n = (size_t)snprintf(ret, RECORDING_NAME_MAX, "%.8s_", method);
        for (const char *c = at; *c && n < RECORDING_NAME_MAX - ROOM_FOR_END; c++)
                ret[n++] = is_plain(*c) ? *c : '_';
        if (n >= RECORDING_NAME_MAX - ROOM_FOR_END)
                n += (size_t)snprintf(ret + n, RECORDING_NAME_MAX - n, "~%08x", hash(at));
        if (status == 200)
                (void)snprintf(ret + n, RECORDING_NAME_MAX - n, ".json");
        else
                (void)snprintf(ret + n, RECORDING_NAME_MAX - n, ".%d.json", status);
}

/* -- secrets ------------------------------------------------------------------------------------------------------------- */

static const char *find(struct span text, const char *word) {
        size_t n = strlen(word);
        for (size_t i = 0; i + n <= text.n; i++)
                if (strncasecmp(text.p + i, word, n) == 0)
                        return text.p + i;
        return NULL;
}

/* A key that is written with escapes may say anything. */
static bool tells_a_secret(struct span key) {
        static const char *const words[] = {"password", "passwd", "secret", "ha1", "access_token", "refresh_token", "accesstoken", "\\"};
        for (size_t i = 0; i < ELEMENTS(words); i++)
                if (find(key, words[i]))
                        return true;
        return false;
}

/* A text that is no secret as a whole: of a Digest line without its response, up to the next comma (RFC 7616 section 3.4), for that is what
 * could be attacked offline. Of a Basic or Bearer line nothing is kept. */
static void put_text(FILE *f, struct span text) {
        static const char response[] = "response";
        if (find(text, "basic ") || find(text, "bearer ")) {
                (void)fputs(REMOVED, f);
                return;
        }
        const char *end = text.p + text.n, *at = text.p, *found;
        while ((found = find((struct span){at, (size_t)(end - at)}, response))) {
                const char *equals = found + sizeof response - 1;
                while (equals < end && (*equals == ' ' || *equals == '\t'))
                        equals++;
                bool value = equals < end && *equals == '=';
                equals += value;
                (void)fwrite(at, 1, (size_t)(equals - at), f);
                at = equals;
                if (!value)
                        continue;
                (void)fputs(REMOVED, f);
                while (at < end && *at != ',')
                        at++;
        }
        (void)fwrite(at, 1, (size_t)(end - at), f);
}

struct walk {
        struct span json;
        size_t at;
        size_t depth, secret_depth; /* of nesting; everything is secret from that depth on, 0 = nothing is */
        bool secret_value;          /* the value that comes is one */
        FILE *out;
};

static bool is_secret(const struct walk *w) {
        return w->secret_value || w->secret_depth > 0;
}

/* The string at the quote that w->at stands on. */
static void pass_string(struct walk *w) {
        size_t begin = w->at + 1, end = begin;
        while (end < w->json.n && w->json.p[end] != '"')
                end += w->json.p[end] == '\\' && end + 1 < w->json.n ? 2 : 1;
        if (end > w->json.n)
                end = w->json.n;
        struct span text = {w->json.p + begin, end - begin};
        size_t behind = end < w->json.n ? end + 1 : end;
        w->at = behind;
        while (behind < w->json.n && strchr(" \t\r\n", w->json.p[behind]))
                behind++;
        bool key = behind < w->json.n && w->json.p[behind] == ':';
        (void)fputc('"', w->out);
        if (key)
                (void)fwrite(text.p, 1, text.n, w->out);
        else if (is_secret(w))
                (void)fputs(REMOVED, w->out);
        else
                put_text(w->out, text);
        if (end < w->json.n)
                (void)fputc('"', w->out);
        w->secret_value = key && tells_a_secret(text);
}

static void pass_byte(struct walk *w) {
        char c = w->json.p[w->at++];
        if (c == '{' || c == '[') {
                w->depth++;
                if (w->secret_value && w->secret_depth == 0)
                        w->secret_depth = w->depth;
                w->secret_value = false;
        } else if (c == '}' || c == ']') {
                if (w->secret_depth == w->depth)
                        w->secret_depth = 0;
                w->depth -= w->depth > 0;
                w->secret_value = false;
        } else if (c == ',') {
                w->secret_value = false;
        } else if (c >= '0' && c <= '9' && is_secret(w)) {
                while (w->at < w->json.n && w->json.p[w->at] && strchr("0123456789.eE+-", w->json.p[w->at]))
                        w->at++;
                c = '0';
        }
        (void)fputc(c, w->out);
}

int recording_redact(char **ret, size_t *ret_n, struct span body) {
        char *text = NULL;
        size_t n = 0;
        struct walk w = {.json = body, .out = open_memstream(&text, &n)};
        if (!w.out)
                return -ENOMEM;
        while (w.at < body.n)
                if (body.p[w.at] == '"')
                        pass_string(&w);
                else
                        pass_byte(&w);
        bool failed = ferror(w.out) != 0;
        if (fclose(w.out) != 0 || failed) {
                free(text);
                return -ENOMEM;
        }
        *ret = text;
        *ret_n = n;
        return 0;
}
