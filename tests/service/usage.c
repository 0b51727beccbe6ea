/* usage.c: runs a command and says on FILE what it took: wall seconds, CPU seconds (user and system), peak memory in KiB.
 *
 * usage: usage FILE COMMAND [ARGUMENT...] */
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double seconds(long whole, long part, double scale) {
        return (double)whole + (double)part / scale;
}

int main(int argc, char **argv) {
        struct timespec begin = {0}, end = {0};
        struct rusage used = {0};
        int status = 0;
        if (argc < 3)
                return 125;
        (void)clock_gettime(CLOCK_MONOTONIC, &begin);
        pid_t child = fork();
        if (child == 0) {
                (void)execvp(argv[2], argv + 2);
                _exit(127);
        }
        if (child < 0 || wait4(child, &status, 0, &used) != child)
                return 125;
        (void)clock_gettime(CLOCK_MONOTONIC, &end);
        FILE *f = fopen(argv[1], "we");
        if (!f)
                return 125;
        double wall = seconds(end.tv_sec, end.tv_nsec, 1e9) - seconds(begin.tv_sec, begin.tv_nsec, 1e9);
        double user = seconds(used.ru_utime.tv_sec, used.ru_utime.tv_usec, 1e6);
        double system = seconds(used.ru_stime.tv_sec, used.ru_stime.tv_usec, 1e6);
        (void)fprintf(f, "%.3f %.3f %.3f %ld\n", wall, user, system, used.ru_maxrss);
        if (fclose(f) != 0)
                return 125;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
