/* replay.c: runs a fuzzer's function over stored inputs, without the fuzzer: each file named, and each file of a directory named. */
#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>

#include "common/base.h"

#define INPUT_MAX (16 * 1024 * 1024) /* bytes of one input */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input is copied to a block of exactly its size, so that reading past it is seen by sanitizers. */
static int replay_file(const char *path, size_t *count) {
        FILE *in = fopen(path, "re");
        uint8_t *data = malloc(INPUT_MAX), *exact = NULL;
        size_t n = in && data ? fread(data, 1, INPUT_MAX, in) : 0;
        bool failed = !in || !data || ferror(in) || !(exact = malloc(n > 0 ? n : 1));
        if (in)
                (void)fclose(in);
        if (failed) {
                (void)fprintf(stderr, "unable to read %s\n", path);
        } else {
                memcpy(exact, data, n);
                (void)LLVMFuzzerTestOneInput(exact, n);
                (*count)++;
        }
        free(data);
        free(exact);
        return failed ? -EIO : 0;
}

static int replay_directory(const char *path, size_t *count) {
        struct dirent **entries;
        int n = scandir(path, &entries, NULL, alphasort), r = 0;
        if (n < 0) {
                (void)fprintf(stderr, "unable to list %s\n", path);
                return -EIO;
        }
        for (int i = 0; i < n; i++) {
                char *file;
                if (entries[i]->d_name[0] != '.' && r == 0) {
                        if (asprintf(&file, "%s/%s", path, entries[i]->d_name) < 0)
                                r = -ENOMEM;
                        else {
                                r = replay_file(file, count);
                                free(file);
                        }
                }
                free(entries[i]);
        }
        free(entries);
        return r;
}

int main(int argc, char **argv) {
        size_t count = 0;
        int r = 0;
        for (int i = 1; i < argc && r == 0; i++) {
                struct stat st;
                bool directory = stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode);
                r = directory ? replay_directory(argv[i], &count) : replay_file(argv[i], &count);
        }
        (void)printf("replayed %zu inputs\n", count);
        return r < 0 || count == 0;
}
