/* measure.c RESULTS LABEL AUDITS COMMAND...: runs the command and appends one line to RESULTS: label, audits, its exit status, and what
 * the kernel says it took: wall, user and system seconds, and peak memory in KiB. Every program of the bench is measured by it, so all in
 * the same way, their start included. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double seconds(struct timeval t) {
        return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

int main(int argc, char *argv[]) {
        if (argc < 5) {
                fprintf(stderr, "Usage: measure RESULTS LABEL AUDITS COMMAND...\n");
                return 2;
        }
        struct timespec begin = {0}, end = {0};
        (void)clock_gettime(CLOCK_MONOTONIC, &begin);
        pid_t child = fork();
        if (child == 0) {
                (void)prctl(PR_SET_PDEATHSIG, SIGTERM); /* who ends the measuring ends the measured */
                (void)execvp(argv[4], argv + 4);
                fprintf(stderr, "measure: %s: %s\n", argv[4], strerror(errno));
                _exit(127);
        }
        int status = 0;
        struct rusage usage = {0};
        pid_t ended;
        do
                ended = child < 0 ? -1 : wait4(child, &status, 0, &usage);
        while (ended < 0 && child >= 0 && errno == EINTR);
        (void)clock_gettime(CLOCK_MONOTONIC, &end);
        FILE *results = ended < 0 ? NULL : fopen(argv[1], "ae");
        if (!results) {
                perror("measure");
                return 1;
        }
        int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        double wall = (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
        fprintf(results, "%s %s %d %.4f %.4f %.4f %ld\n", argv[2], argv[3], code, wall, seconds(usage.ru_utime), seconds(usage.ru_stime),
                usage.ru_maxrss);
        return fclose(results) == 0 ? code : 1;
}
