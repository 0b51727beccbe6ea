/* dumps.h: secrets must not reach a core file, nor another process of the same user. */
#pragma once

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../common/base.h"

/* The one that a debugger of root's makes all the same holds no memory of ours: core(5), not one kind of mapping. That comes first, because
 * who may not be dumped may not write its own file either. */
static inline void forbid_dumps(void) {
        int fd = open("/proc/self/coredump_filter", O_WRONLY | O_CLOEXEC);
        if (fd >= 0) {
                ssize_t unused = write(fd, "0", 1);
                (void)unused;
                (void)close(fd);
        }
        (void)setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        (void)prctl(PR_SET_DUMPABLE, 0);
}
