/* lab_loop.c: epoll, and a binary heap of timers behind one timerfd, so that a latency of 150 ms is not rounded to the millisecond. */
#include "lab_loop.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "lab.h"

#define EVENTS_AT_ONCE 64

struct watch {
        loop_fn *fn;
        void *user;
};

struct timer {
        uint64_t due_usec;
        uint64_t order; /* timers of the same instant fire in the order they were set */
        loop_fn *fn, *drop;
        void *user;
};

struct loop {
        int epoll_fd, timer_fd;
        bool stop;
        struct watch *watches; /* by descriptor */
        size_t n_watches;
        struct timer *heap;
        size_t n_heap, room;
        uint64_t order;
};

uint64_t loop_now(void) {
        struct timespec ts;
        if (clock_gettime(CLOCK_MONOTONIC, &ts) < 0)
                lab_fail("unable to read the clock");
        return (uint64_t)ts.tv_sec * USEC_PER_SEC + (uint64_t)ts.tv_nsec / 1000;
}

struct loop *loop_new(void) {
        struct loop *l = lab_alloc(1, sizeof *l);
        l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
        l->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
        if (l->epoll_fd < 0 || l->timer_fd < 0)
                lab_fail("unable to make the loop");
        loop_watch(l, l->timer_fd, NULL, NULL);
        return l;
}

struct loop *loop_free(struct loop *l) {
        if (!l)
                return NULL;
        for (size_t i = 0; i < l->n_heap; i++)
                if (l->heap[i].drop)
                        l->heap[i].drop(l->heap[i].user);
        free(l->heap);
        free(l->watches);
        (void)close(l->timer_fd);
        (void)close(l->epoll_fd);
        free(l);
        return NULL;
}

void loop_watch(struct loop *l, int fd, loop_fn *fn, void *user) {
        size_t need = (size_t)fd + 1;
        if (need > l->n_watches) {
                l->watches = lab_resize(l->watches, need, sizeof *l->watches);
                for (size_t i = l->n_watches; i < need; i++)
                        l->watches[i] = (struct watch){0};
                l->n_watches = need;
        }
        l->watches[fd] = (struct watch){fn, user};
        struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
        if (epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
                lab_fail("unable to watch a descriptor");
}

void loop_want_write(struct loop *l, int fd, bool want) {
        struct epoll_event event = {.events = EPOLLIN | (want ? (uint32_t)EPOLLOUT : 0), .data.fd = fd};
        if (epoll_ctl(l->epoll_fd, EPOLL_CTL_MOD, fd, &event) < 0)
                lab_fail("unable to watch a descriptor");
}

void loop_unwatch(struct loop *l, int fd) {
        l->watches[fd] = (struct watch){0};
        (void)epoll_ctl(l->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
}

static bool earlier(const struct timer *a, const struct timer *b) {
        return a->due_usec != b->due_usec ? a->due_usec < b->due_usec : a->order < b->order;
}

static void swap(struct timer *a, struct timer *b) {
        struct timer t = *a;
        *a = *b;
        *b = t;
}

static void arm(struct loop *l) {
        struct itimerspec spec = {0};
        if (l->n_heap > 0) {
                uint64_t due = l->heap[0].due_usec > 0 ? l->heap[0].due_usec : 1;
                spec.it_value.tv_sec = (time_t)(due / USEC_PER_SEC);
                spec.it_value.tv_nsec = (long)(due % USEC_PER_SEC * 1000);
        }
        if (timerfd_settime(l->timer_fd, TFD_TIMER_ABSTIME, &spec, NULL) < 0)
                lab_fail("unable to arm a timer");
}

void loop_after(struct loop *l, uint64_t delay_usec, loop_fn *fn, loop_fn *drop, void *user) {
        if (l->n_heap == l->room) {
                l->room = l->room ? 2 * l->room : 64;
                l->heap = lab_resize(l->heap, l->room, sizeof *l->heap);
        }
        size_t i = l->n_heap++;
        l->heap[i] = (struct timer){loop_now() + delay_usec, l->order++, fn, drop, user};
        for (; i > 0 && earlier(&l->heap[i], &l->heap[(i - 1) / 2]); i = (i - 1) / 2)
                swap(&l->heap[i], &l->heap[(i - 1) / 2]);
        if (i == 0)
                arm(l);
}

static struct timer pop(struct loop *l) {
        struct timer top = l->heap[0];
        l->heap[0] = l->heap[--l->n_heap];
        for (size_t i = 0;;) {
                size_t least = i;
                for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < l->n_heap; child++)
                        if (earlier(&l->heap[child], &l->heap[least]))
                                least = child;
                if (least == i)
                        return top;
                swap(&l->heap[i], &l->heap[least]);
                i = least;
        }
}

static void fire(struct loop *l) {
        uint64_t expirations;
        if (read(l->timer_fd, &expirations, sizeof expirations) < 0 && errno != EAGAIN)
                lab_fail("unable to read a timer");
        uint64_t now = loop_now();
        while (l->n_heap > 0 && l->heap[0].due_usec <= now && !l->stop) {
                struct timer t = pop(l);
                t.fn(t.user);
        }
        arm(l);
}

void loop_stop(struct loop *l) {
        l->stop = true;
}

void loop_run(struct loop *l) {
        l->stop = false;
        while (!l->stop) {
                struct epoll_event events[EVENTS_AT_ONCE];
                int n = epoll_wait(l->epoll_fd, events, EVENTS_AT_ONCE, -1);
                if (n < 0 && errno != EINTR)
                        lab_fail("unable to wait");
                for (int i = 0; i < n && !l->stop; i++) {
                        int fd = events[i].data.fd;
                        if (fd == l->timer_fd)
                                fire(l);
                        else if (l->watches[fd].fn)
                                l->watches[fd].fn(l->watches[fd].user);
                }
        }
}
