/* scarce.c: a host that runs short, for one process: an allocation fails, or the process dies at a write. A library for LD_PRELOAD; the
 * program under test knows nothing of it. What is counted begins when the library is loaded.
 *
 *   cc -shared -fPIC -D_GNU_SOURCE -O1 -o scarce.so tests/service/scarce.c
 *   SCARCE_ALLOCATIONS='500 3' LD_PRELOAD=./scarce.so trunkaudit ...
 *
 *   SCARCE_ALLOCATIONS 'N COUNT'  COUNT allocations of the program or of libc fail, from the N-th on (0: all from then on, also those
 *                                 of other libraries)
 *   SCARCE_WRITES 'N WHEN'        SIGKILL at the N-th write to a file or wait for the disk: WHEN is 0 before it, 1 in the middle (half
 *                                 of the bytes are written), 2 after it
 *   SCARCE_COUNTS FILE            at its end the process writes there how many allocations and writes it made */
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The names under which glibc keeps its own. */
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);

enum when { BEFORE, MIDDLE, AFTER };

static atomic_long allocations, writes;
static long fail_from, fail_count, die_at;
static enum when die_when;
static const char *counts;
static struct range { uintptr_t start, end; } own[2]; /* the program and libc */

static int note_range(struct dl_phdr_info *info, size_t size, void *user) {
        (void)size;
        (void)user;
        struct range *r = info->dlpi_name[0] == 0 && own[0].end == 0 ? &own[0] : strstr(info->dlpi_name, "/libc.so") ? &own[1] : NULL;
        for (int i = 0; r && i < info->dlpi_phnum; i++) {
                const ElfW(Phdr) *p = &info->dlpi_phdr[i];
                if (p->p_type != PT_LOAD || !(p->p_flags & PF_X))
                        continue;
                r->start = info->dlpi_addr + p->p_vaddr;
                r->end = r->start + p->p_memsz;
        }
        return 0;
}

__attribute__((constructor)) static void begin(void) {
        const char *text = getenv("SCARCE_ALLOCATIONS");
        int when = BEFORE;
        if (text && sscanf(text, "%ld %ld", &fail_from, &fail_count) != 2)
                abort();
        text = getenv("SCARCE_WRITES");
        if (text && sscanf(text, "%ld %d", &die_at, &when) != 2)
                abort();
        die_when = (enum when)when;
        (void)dl_iterate_phdr(note_range, NULL);
        counts = getenv("SCARCE_COUNTS");
        allocations = writes = 0;
}

__attribute__((destructor)) static void end(void) {
        long a = allocations, w = writes;
        FILE *f = counts ? fopen(counts, "we") : NULL;
        if (!f)
                return;
        (void)fprintf(f, "%ld %ld\n", a, w);
        (void)fclose(f);
}

/* -- memory ------------------------------------------------------------------------------------------------------------------ */

static int is_short(const void *caller) {
        uintptr_t at = (uintptr_t)caller;
        int counted = 0;
        for (int i = 0; i < 2; i++)
                counted |= at >= own[i].start && at < own[i].end;
        long n = counted ? ++allocations : allocations;
        if (fail_from == 0 || n < fail_from || (fail_count > 0 && (!counted || n >= fail_from + fail_count)))
                return 0;
        errno = ENOMEM;
        return 1;
}

void *malloc(size_t size) {
        return is_short(__builtin_return_address(0)) ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size) {
        return is_short(__builtin_return_address(0)) ? NULL : __libc_calloc(n, size);
}

void *realloc(void *old, size_t size) {
        return is_short(__builtin_return_address(0)) ? NULL : __libc_realloc(old, size);
}

/* -- writes ------------------------------------------------------------------------------------------------------------------ */

static void die(void) {
        for (;;)
                (void)syscall(SYS_kill, getpid(), SIGKILL);
}

static int is_last(enum when when) {
        return die_at > 0 && writes == die_at && die_when == when;
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t at) {
        writes++;
        if (is_last(BEFORE))
                die();
        ssize_t r = syscall(SYS_pwrite64, fd, bytes, is_last(MIDDLE) ? size / 2 : size, at);
        if (is_last(MIDDLE) || is_last(AFTER))
                die();
        return r;
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at) {
        return pwrite64(fd, bytes, size, at);
}

/* Of what has no half the middle is before it. */
static int sync_by(long number, int fd) {
        writes++;
        if (is_last(BEFORE) || is_last(MIDDLE))
                die();
        int r = (int)syscall(number, fd);
        if (is_last(AFTER))
                die();
        return r;
}

int fsync(int fd) {
        return sync_by(SYS_fsync, fd);
}

int fdatasync(int fd) {
        return sync_by(SYS_fdatasync, fd);
}

static int cut(int fd, off64_t size) {
        writes++;
        if (is_last(BEFORE) || is_last(MIDDLE))
                die();
        int r = (int)syscall(SYS_ftruncate, fd, size);
        if (is_last(AFTER))
                die();
        return r;
}

int ftruncate(int fd, off_t size) {
        return cut(fd, size);
}

int ftruncate64(int fd, off64_t size) {
        return cut(fd, size);
}
