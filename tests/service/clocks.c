/* clocks.c: other clocks for one process, so that a test can step the wall clock, put the host to sleep or let years pass, while the
 * machine's own clock stays as it is. A library for LD_PRELOAD; the program under test knows nothing of it.
 *
 *   cc -shared -fPIC -D_GNU_SOURCE -O1 -o clocks.so tests/service/clocks.c
 *   echo 'rate 3600' >F; LD_PRELOAD=./clocks.so CLOCKS=$PWD/F trunkauditd --config ...
 *
 * (start_clocked and turn in lib.sh do this.) CLOCKS names a file of lines "WORD NUMBER", all optional:
 *
 *   wall S   the wall clock is S seconds ahead; it is stepped when the number changes
 *   boot S   CLOCK_BOOTTIME is S seconds ahead; a host that slept for S seconds is "boot S" and "wall S" in one change
 *   rate N   wall clock and CLOCK_BOOTTIME run N times as fast ...
 *   base T   ... since T, in seconds since 1970 (else since the process began): give it where processes follow each other
 *
 * To change it, rename a new file to its name. As in the kernel, timers on the wall clock follow a step at once, and those with
 * TFD_TIMER_CANCEL_ON_SET are told (also of a sleep). CLOCK_MONOTONIC stays true, and with it all timeouts of the protocols: with "rate
 * 3600" a service with an interval of an hour has a slot each second, and a carrier has as long to answer as ever. */
#include <dlfcn.h>
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define FDS_MAX 4096
#define NSEC INT64_C(1000000000)
#define FAR (INT64_MAX / 4)

struct change {
        int64_t wall_nsec, boot_nsec, base_nsec;
        double rate;
};

static struct change now_set = {.rate = 1};
static int64_t began_nsec; /* true wall clock */
static const char *file;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct timer {
        bool known, armed, cancelled;
        int clock, flags;
        struct itimerspec value;
} timers[FDS_MAX];

static int (*true_gettime)(clockid_t, struct timespec *);
static int (*true_create)(int, int);
static int (*true_settime)(int, int, const struct itimerspec *, struct itimerspec *);
static ssize_t (*true_read)(int, void *, size_t);
static int (*true_close)(int);

static int64_t nsec_of(const struct timespec *t) {
        return t->tv_sec > FAR / NSEC ? FAR : (int64_t)t->tv_sec * NSEC + t->tv_nsec;
}

static struct timespec timespec_of(int64_t nsec) {
        return (struct timespec){.tv_sec = nsec / NSEC, .tv_nsec = nsec % NSEC};
}

static int64_t true_now(clockid_t clock) {
        struct timespec t = {0};
        (void)true_gettime(clock, &t);
        return nsec_of(&t);
}

static bool is_wall(clockid_t clock) {
        return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_REALTIME_ALARM;
}

static bool is_ours(clockid_t clock) {
        return is_wall(clock) || clock == CLOCK_BOOTTIME || clock == CLOCK_BOOTTIME_ALARM;
}

/* The true instant, on that clock, since when it runs faster. */
static int64_t base_of(clockid_t clock) {
        int64_t base = now_set.base_nsec ? now_set.base_nsec : began_nsec;
        return is_wall(clock) ? base : base - true_now(CLOCK_REALTIME) + true_now(CLOCK_BOOTTIME);
}

static int64_t shown(clockid_t clock, int64_t nsec) {
        int64_t base = base_of(clock), ahead = is_wall(clock) ? now_set.wall_nsec : now_set.boot_nsec;
        return base + (int64_t)((double)(nsec - base) * now_set.rate) + ahead;
}

static int64_t hidden(clockid_t clock, int64_t nsec) {
        int64_t base = base_of(clock), ahead = is_wall(clock) ? now_set.wall_nsec : now_set.boot_nsec;
        if (nsec >= FAR)
                return FAR;
        int64_t t = base + (int64_t)((double)(nsec - ahead - base) / now_set.rate);
        return t > 0 ? t : 1;
}

static int arm(int fd) {
        const struct timer *t = &timers[fd];
        struct itimerspec value = t->value;
        int64_t at = nsec_of(&value.it_value);
        if (t->cancelled)
                at = 1;
        else if (at > 0)
                at = t->flags & TFD_TIMER_ABSTIME ? hidden(t->clock, at) : (int64_t)((double)at / now_set.rate) + 1;
        value.it_value = timespec_of(at);
        return true_settime(fd, t->cancelled ? TFD_TIMER_ABSTIME : t->flags, &value, NULL);
}

/* -- the file ---------------------------------------------------------------------------------------------------------------- */

static void read_file(struct change *c) {
        *c = (struct change){.rate = 1};
        FILE *f = fopen(file, "re");
        char word[16];
        double number;
        while (f && fscanf(f, "%15s %lf", word, &number) == 2) {
                if (strcmp(word, "wall") == 0)
                        c->wall_nsec = (int64_t)(number * (double)NSEC);
                else if (strcmp(word, "boot") == 0)
                        c->boot_nsec = (int64_t)(number * (double)NSEC);
                else if (strcmp(word, "base") == 0)
                        c->base_nsec = (int64_t)(number * (double)NSEC);
                else if (strcmp(word, "rate") == 0 && number > 0)
                        c->rate = number;
        }
        if (f)
                (void)fclose(f);
}

static void apply(void) {
        struct change c;
        read_file(&c);
        (void)pthread_mutex_lock(&lock);
        bool stepped = c.wall_nsec != now_set.wall_nsec;
        now_set = c;
        for (int fd = 0; fd < FDS_MAX; fd++) {
                struct timer *t = &timers[fd];
                if (!t->known || !t->armed || !is_ours(t->clock))
                        continue;
                t->cancelled |= stepped && (t->flags & TFD_TIMER_CANCEL_ON_SET);
                if (t->flags & TFD_TIMER_ABSTIME)
                        (void)arm(fd);
        }
        (void)pthread_mutex_unlock(&lock);
}

static void *watch(void *user) {
        char path[PATH_MAX], events[4096];
        (void)user;
        (void)snprintf(path, sizeof path, "%s", file);
        int fd = inotify_init1(IN_CLOEXEC);
        if (fd < 0 || inotify_add_watch(fd, dirname(path), IN_MOVED_TO) < 0)
                abort();
        for (;;) {
                ssize_t n = true_read(fd, events, sizeof events);
                if (n <= 0 && errno != EINTR)
                        return NULL;
                apply();
        }
}

__attribute__((constructor)) static void begin(void) {
        true_gettime = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
        true_create = (int (*)(int, int))dlsym(RTLD_NEXT, "timerfd_create");
        true_settime = (int (*)(int, int, const struct itimerspec *, struct itimerspec *))dlsym(RTLD_NEXT, "timerfd_settime");
        true_read = (ssize_t(*)(int, void *, size_t))dlsym(RTLD_NEXT, "read");
        true_close = (int (*)(int))dlsym(RTLD_NEXT, "close");
        file = getenv("CLOCKS");
        began_nsec = true_now(CLOCK_REALTIME);
        if (!file)
                return;
        read_file(&now_set);
        /* The program takes its signals itself. */
        sigset_t all, old;
        pthread_t thread;
        (void)sigfillset(&all);
        (void)pthread_sigmask(SIG_SETMASK, &all, &old);
        if (pthread_create(&thread, NULL, watch, NULL) != 0)
                abort();
        (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
}

/* -- what the program calls -------------------------------------------------------------------------------------------------- */

int clock_gettime(clockid_t clock, struct timespec *ret) {
        if (!true_gettime)
                true_gettime = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
        int r = true_gettime(clock, ret);
        if (r < 0 || !file || !is_ours(clock))
                return r;
        (void)pthread_mutex_lock(&lock);
        *ret = timespec_of(shown(clock, nsec_of(ret)));
        (void)pthread_mutex_unlock(&lock);
        return 0;
}

int gettimeofday(struct timeval *restrict ret, void *restrict zone) {
        struct timespec t;
        (void)zone;
        (void)clock_gettime(CLOCK_REALTIME, &t);
        *ret = (struct timeval){.tv_sec = t.tv_sec, .tv_usec = t.tv_nsec / 1000};
        return 0;
}

time_t time(time_t *ret) {
        struct timespec t;
        (void)clock_gettime(CLOCK_REALTIME, &t);
        if (ret)
                *ret = t.tv_sec;
        return t.tv_sec;
}

int timerfd_create(int clock, int flags) {
        int fd = true_create(clock, flags);
        if (file && fd >= 0 && fd < FDS_MAX) {
                (void)pthread_mutex_lock(&lock);
                timers[fd] = (struct timer){.known = true, .clock = clock};
                (void)pthread_mutex_unlock(&lock);
        }
        return fd;
}

int timerfd_settime(int fd, int flags, const struct itimerspec *value, struct itimerspec *old) {
        if (fd < 0 || fd >= FDS_MAX || !timers[fd].known || !is_ours(timers[fd].clock))
                return true_settime(fd, flags, value, old);
        (void)pthread_mutex_lock(&lock);
        struct timer *t = &timers[fd];
        t->armed = value->it_value.tv_sec != 0 || value->it_value.tv_nsec != 0;
        t->cancelled = false;
        t->flags = flags;
        t->value = *value;
        int r = arm(fd);
        (void)pthread_mutex_unlock(&lock);
        return r;
}

ssize_t read(int fd, void *buffer, size_t n) {
        ssize_t r = true_read(fd, buffer, n);
        if (fd < 0 || fd >= FDS_MAX || !timers[fd].cancelled)
                return r;
        timers[fd].cancelled = false;
        errno = ECANCELED;
        return -1;
}

int close(int fd) {
        if (fd >= 0 && fd < FDS_MAX)
                timers[fd].known = false;
        return true_close(fd);
}
