/* lab.c: the lab's main and its life: directory, peers, the command under test, the end.
 *
 *   lab SCENARIO [--dir DIR] [--repeat N] [--one-run] -- COMMAND ARGS…   runs COMMAND, once for each phase (N times each), and exits
 *                                                            with the greatest of its exit codes; --one-run: it audits once, so that
 *                                                            the budget of a run is watched
 *   lab SCENARIO --dir DIR                                   runs until SIGTERM or SIGINT; says "ready"
 *   lab --self-test                                          checks its own digest
 *
 * COMMAND has LAB_DIR, LAB_CONFIG, LAB_SCENARIO and LAB_PHASE in its environment. The directory holds trunkauditd.yaml, ca.pem,
 * sip-ca.pem, secrets/, expected.tsv (what the scenario expects of this phase), violations, tokens (that were given) and carriers.tsv;
 * without --dir it is a temporary one, removed at the end. */
#include "lab.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab_api.h"
#include "lab_carrier.h"
#include "lab_config.h"
#include "lab_digest.h"
#include "lab_names.h"
#include "lab_ntp.h"
#include "lab_tls.h"

#define KILL_AFTER_USEC (2 * USEC_PER_SEC)

/* -- what lab.h promises ---------------------------------------------------------------------------------------------- */

void lab_fail(const char *format, ...) {
        int error = errno;
        va_list args;
        va_start(args, format);
        (void)fputs("lab: ", stderr);
        (void)vfprintf(stderr, format, args);
        va_end(args);
        (void)fprintf(stderr, ": %s\n", strerror(error));
        exit(LAB_EXIT_BROKEN);
}

void *lab_alloc(size_t n, size_t size) {
        void *p = calloc(n, size);
        if (!p)
                lab_fail("no memory");
        return p;
}

void *lab_resize(void *p, size_t n, size_t size) {
        void *larger = reallocarray(p, n, size);
        if (!larger)
                lab_fail("no memory");
        return larger;
}

void *lab_room(void *p, size_t n, size_t size) {
        return n & (n - 1) ? p : lab_resize(p, n ? 2 * n : 1, size);
}

char *lab_text(const char *format, ...) {
        char *text;
        va_list args;
        va_start(args, format);
        if (vasprintf(&text, format, args) < 0)
                lab_fail("no memory");
        va_end(args);
        return text;
}

char *lab_copy(const char *text) {
        return text ? lab_text("%s", text) : NULL;
}

void lab_random_hex(char *ret, size_t n) {
        unsigned char bytes[32];
        if (n > sizeof bytes || getrandom(bytes, n, 0) != (ssize_t)n)
                lab_fail("no random numbers");
        for (size_t i = 0; i < n; i++)
                (void)snprintf(ret + 2 * i, 3, "%02x", bytes[i]);
}

void lab_random_uuid(char ret[static 37]) {
        char hex[33];
        lab_random_hex(hex, 16);
        (void)snprintf(ret, 37, "%.8s-%.4s-4%.3s-8%.3s-%.12s", hex, hex + 8, hex + 13, hex + 17, hex + 20);
}

static void write_all(int fd, const char *bytes, size_t n) {
        while (n > 0) {
                ssize_t done = write(fd, bytes, n);
                if (done < 0)
                        lab_fail("unable to write");
                bytes += done;
                n -= (size_t)done;
        }
}

void lab_write_file(const struct lab *lab, const char *name, unsigned mode, const char *bytes, size_t n) {
        char *path = lab_text("%s/%s", lab->dir, name);
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
        if (fd < 0 || fchmod(fd, mode) < 0)
                lab_fail("unable to create %s", path);
        write_all(fd, bytes, n);
        if (close(fd) < 0)
                lab_fail("unable to write %s", path);
        free(path);
}

void lab_append_line(const struct lab *lab, const char *name, const char *text) {
        char *line = lab_text("%s\n", text), *path = lab_text("%s/%s", lab->dir, name);
        int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
        if (fd < 0)
                lab_fail("unable to open %s", path);
        write_all(fd, line, strlen(line));
        (void)close(fd);
        free(line);
        free(path);
}

void lab_violation(struct lab *lab, const char *who, const char *format, ...) {
        char *text;
        va_list args;
        va_start(args, format);
        if (vasprintf(&text, format, args) < 0)
                lab_fail("no memory");
        va_end(args);
        char *line = lab_text("%s: %s", who, text);
        lab_append_line(lab, "violations", line);
        free(line);
        free(text);
}

int lab_try_socket(int type, uint32_t host, uint16_t port, uint16_t *ret_port) {
        struct sockaddr_in a4 = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(host)};
        struct sockaddr_in6 a6 = {.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
        bool v6 = host == 0;
        struct sockaddr *address = v6 ? (struct sockaddr *)&a6 : (struct sockaddr *)&a4;
        socklen_t size = v6 ? sizeof a6 : sizeof a4;
        int fd = socket(v6 ? AF_INET6 : AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
        /* A TCP port is closed and opened again while connections to it die out. */
        if (fd < 0 || (type == SOCK_STREAM && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0) ||
            bind(fd, address, size) < 0 || getsockname(fd, address, &size) < 0) {
                if (fd >= 0)
                        (void)close(fd);
                return -1;
        }
        *ret_port = ntohs(v6 ? a6.sin6_port : a4.sin_port);
        return fd;
}

int lab_socket(int type, uint32_t host, uint16_t port, uint16_t *ret_port) {
        int fd = lab_try_socket(type, host, port, ret_port);
        if (fd < 0)
                lab_fail("unable to open a port");
        return fd;
}

uint16_t lab_common_port(uint32_t host) {
        for (int tries = 0; tries < 100; tries++) {
                uint16_t port = 0;
                int stream = lab_try_socket(SOCK_STREAM, host, 0, &port),
                    datagram = stream < 0 ? -1 : lab_try_socket(SOCK_DGRAM, host, port, &port);
                if (stream >= 0)
                        (void)close(stream);
                if (datagram >= 0) {
                        (void)close(datagram);
                        return port;
                }
        }
        lab_fail("unable to find a port for UDP and TCP");
}

/* -- one run of the command ------------------------------------------------------------------------------------------- */

struct life {
        struct lab lab;
        const char *file; /* of the scenario */
        char **command;   /* NULL = none */
        unsigned repeat;
        bool temporary; /* the directory is ours to remove */
        unsigned phase, turn;
        pid_t child; /* 0 = none */
        int signal_fd;
        struct rlimit file_limit; /* as it was given to us: the command gets the same */
        int exit_code;
};

static void write_expected(const struct life *life) {
        const struct scenario *s = life->lab.scenario;
        char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);
        if (!f)
                lab_fail("unable to write what is expected");
        for (size_t i = 0; i < s->n_trunks; i++)
                if (s->trunks[i].outcome)
                        (void)fprintf(f, "trunk\t%s\t%s\t%s\n", s->trunks[i].name, s->trunks[i].outcome, s->trunks[i].cause);
        for (size_t i = 0; i < s->n_trunks; i++) {
                if (s->trunks[i].drift)
                        (void)fprintf(f, "drift\t%s\t%s\n", s->trunks[i].name, s->trunks[i].drift);
                if (s->trunks[i].change)
                        (void)fprintf(f, "change\t%s\t%s\n", s->trunks[i].name, s->trunks[i].change);
        }
        if (s->expect_platform)
                (void)fprintf(f, "platform\t%s\n", s->expect_platform);
        if (s->expect_clock)
                (void)fprintf(f, "clock\t%s\n", s->expect_clock);
        if (s->expect_says && s->expect_says[0])
                (void)fprintf(f, "says\t%s\n", s->expect_says);
        if (s->expect_exit >= 0)
                (void)fprintf(f, "exit\t%d\n", s->expect_exit);
        if (fclose(f) != 0)
                lab_fail("unable to write what is expected");
        lab_write_file(&life->lab, "expected.tsv", 0644, text, size);
        free(text);
}

/* Loads the scenario as of a phase; what lives longer than a phase (ports, passwords) stays with the peers. */
static bool load_phase(struct life *life, unsigned phase) {
        struct scenario *s = scenario_load(life->file, phase);
        if (!s)
                return false;
        (void)scenario_free(life->lab.scenario);
        life->lab.scenario = s;
        life->phase = phase;
        return true;
}

static void begin_run(struct life *life, bool new_phase) {
        carriers_begin_run(&life->lab);
        ntp_begin_run(&life->lab);
        api_begin_run(&life->lab, new_phase);
        config_write(&life->lab);
        write_expected(life);
}

static void set_environment(const struct life *life) {
        char *config = lab_text("%s/trunkauditd.yaml", life->lab.dir), *phase = lab_text("%u", life->phase);
        if (setenv("LAB_DIR", life->lab.dir, 1) < 0 || setenv("LAB_CONFIG", config, 1) < 0 ||
            setenv("LAB_SCENARIO", life->lab.scenario->name, 1) < 0 || setenv("LAB_PHASE", phase, 1) < 0)
                lab_fail("no memory");
        free(config);
        free(phase);
}

static void start_command(struct life *life) {
        pid_t parent = getpid();
        set_environment(life);
        life->child = fork();
        if (life->child < 0)
                lab_fail("unable to start the command");
        if (life->child > 0) {
                (void)setpgid(life->child, life->child); /* both sides do it: neither must wait for the other */
                return;
        }
        sigset_t none;
        (void)sigemptyset(&none);
        (void)sigprocmask(SIG_SETMASK, &none, NULL);
        (void)signal(SIGPIPE, SIG_DFL);
        struct rlimit limit = life->file_limit;
        if (life->lab.scenario->files > 0)
                limit.rlim_cur = limit.rlim_max = life->lab.scenario->files;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
        if (setpgid(0, 0) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
                _exit(LAB_EXIT_BROKEN);
        (void)execvp(life->command[0], life->command);
        (void)fprintf(stderr, "lab: unable to run %s: %s\n", life->command[0], strerror(errno));
        _exit(LAB_EXIT_BROKEN);
}

static void next_run(struct life *life) {
        bool new_phase = life->turn == life->repeat;
        if (new_phase) {
                if (life->phase == life->lab.scenario->phases) {
                        loop_stop(life->lab.loop);
                        return;
                }
                life->turn = 0;
                if (!load_phase(life, life->phase + 1))
                        exit(LAB_EXIT_BROKEN);
        }
        life->turn++;
        begin_run(life, new_phase);
        start_command(life);
}

static void kill_child(void *user) {
        const struct life *life = user;
        if (life->child > 0)
                (void)kill(-life->child, SIGKILL);
}

static void child_ended(struct life *life, int status) {
        pid_t group = life->child;
        life->child = 0;
        (void)kill(-group, SIGKILL); /* whatever it left behind */
        int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        if (code > life->exit_code)
                life->exit_code = code;
        carriers_report(&life->lab);
        next_run(life);
}

static void told_to_stop(struct life *life, unsigned signal) {
        life->repeat = life->turn; /* no further run */
        life->lab.scenario->phases = life->phase;
        if (life->child == 0) {
                loop_stop(life->lab.loop);
                return;
        }
        if (life->exit_code < 128 + (int)signal)
                life->exit_code = 128 + (int)signal;
        (void)kill(-life->child, SIGTERM);
        loop_after(life->lab.loop, KILL_AFTER_USEC, kill_child, NULL, life);
}

static void on_signal(void *user) {
        struct life *life = user;
        struct signalfd_siginfo info;
        while (read(life->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
                int status;
                if (info.ssi_signo != SIGCHLD)
                        told_to_stop(life, info.ssi_signo);
                else if (life->child > 0 && waitpid(life->child, &status, WNOHANG) == life->child)
                        child_ended(life, status);
        }
}

/* -- life ------------------------------------------------------------------------------------------------------------- */

static void watch_signals(struct life *life) {
        sigset_t set;
        (void)sigemptyset(&set);
        (void)sigaddset(&set, SIGCHLD);
        (void)sigaddset(&set, SIGTERM);
        (void)sigaddset(&set, SIGINT);
        if (sigprocmask(SIG_BLOCK, &set, NULL) < 0 || signal(SIGPIPE, SIG_IGN) == SIG_ERR)
                lab_fail("unable to block signals");
        life->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
        if (life->signal_fd < 0)
                lab_fail("unable to take signals");
        loop_watch(life->lab.loop, life->signal_fd, on_signal, life);
}

/* A thousand carriers are a thousand sockets. */
static void raise_file_limit(struct life *life) {
        if (getrlimit(RLIMIT_NOFILE, &life->file_limit) < 0)
                lab_fail("unable to read the limit of open files");
        struct rlimit limit = life->file_limit;
        limit.rlim_cur = limit.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
                lab_fail("unable to raise the limit of open files");
}

static void make_directory(struct life *life, const char *dir) {
        if (dir) {
                if (mkdir(dir, 0755) < 0 && errno != EEXIST)
                        lab_fail("unable to make %s", dir);
                life->lab.dir = realpath(dir, NULL); /* the configuration must hold wherever it is read from */
                if (!life->lab.dir)
                        lab_fail("unable to find %s", dir);
        } else {
                const char *base = getenv("TMPDIR");
                life->lab.dir = lab_text("%s/lab-XXXXXX", base && *base ? base : "/tmp");
                if (!mkdtemp(life->lab.dir))
                        lab_fail("unable to make a directory");
                life->temporary = true;
        }
        lab_write_file(&life->lab, "violations", 0644, "", 0);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw) {
        (void)st;
        (void)type;
        (void)ftw;
        return remove(path);
}

static int run(struct life *life, const char *dir) {
        struct lab *lab = &life->lab;
        for (unsigned phase = 1; phase == 1 || phase <= lab->scenario->phases; phase++)
                if (!load_phase(life, phase)) /* every phase must be readable before anything starts */
                        return LAB_EXIT_BROKEN;
        if (!load_phase(life, 1))
                return LAB_EXIT_BROKEN;
        raise_file_limit(life);
        make_directory(life, dir);
        lab_random_uuid(lab->client_id);
        lab_random_hex(lab->client_secret, 16);
        lab->loop = loop_new();
        watch_signals(life);
        lab->ca = ca_new();
        carriers_open(lab);
        ntp_open(lab);
        names_open(lab);
        api_open(lab);
        if (life->command)
                next_run(life);
        else {
                begin_run(life, false);
                (void)puts("ready");
                (void)fflush(stdout);
        }
        loop_run(lab->loop);
        carriers_report(lab);
        api_close(lab);
        carriers_close(lab);
        lab->loop = loop_free(lab->loop);
        ntp_close(lab);
        names_close(lab);
        lab->ca = ca_free(lab->ca);
        if (life->temporary && nftw(lab->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS) < 0)
                lab_fail("unable to remove %s", lab->dir);
        return life->exit_code;
}

static int usage(void) {
        (void)fputs("usage: lab SCENARIO [--dir DIR] [--repeat N] [--one-run] -- COMMAND [ARGUMENT...]\n"
                    "       lab SCENARIO --dir DIR\n"
                    "       lab --self-test\n",
                    stderr);
        return LAB_EXIT_BROKEN;
}

static int self_test(void) {
        int wrong = lab_digest_self_test();
        (void)printf("lab: digest self-test %s\n", wrong == 0 ? "passed" : "failed");
        return wrong == 0 ? 0 : 1;
}

int main(int argc, char **argv) {
        if (argc == 2 && strcmp(argv[1], "--self-test") == 0)
                return self_test();
        if (argc < 3 || argv[1][0] == '-')
                return usage();
        struct life life = {.file = argv[1], .repeat = 1};
        const char *dir = NULL;
        for (int i = 2; i < argc; i++) {
                long n;
                if (strcmp(argv[i], "--dir") == 0 && i + 1 < argc)
                        dir = argv[++i];
                else if (strcmp(argv[i], "--repeat") == 0 && i + 1 < argc && (n = strtol(argv[++i], NULL, 10)) >= 1 && n <= 1000000)
                        life.repeat = (unsigned)n;
                else if (strcmp(argv[i], "--one-run") == 0)
                        life.lab.one_run = true;
                else if (strcmp(argv[i], "--") == 0 && i + 1 < argc) {
                        life.command = argv + i + 1;
                        break;
                } else
                        return usage();
        }
        if (!life.command && !dir)
                return usage();
        pid_t parent = getppid();
        if (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0 || getppid() != parent)
                return LAB_EXIT_BROKEN;
        int code = run(&life, dir);
        (void)scenario_free(life.lab.scenario);
        free(life.lab.dir);
        return code;
}
