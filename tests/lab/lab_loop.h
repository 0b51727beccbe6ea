/* lab_loop.h: the lab's loop: readable descriptors, and one-shot timers in a heap. One thread does everything. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define USEC_PER_SEC UINT64_C(1000000)
#define USEC_PER_MSEC UINT64_C(1000)

struct loop;
typedef void loop_fn(void *user);

struct loop *loop_new(void);
struct loop *loop_free(struct loop *l); /* timers that did not fire are dropped */

/* Calls fn whenever fd can be read (level-triggered). The descriptor is unwatched by closing it after loop_unwatch(). */
void loop_watch(struct loop *l, int fd, loop_fn *fn, void *user);
/* Whether fn is called as well when fd can be written. */
void loop_want_write(struct loop *l, int fd, bool want);
void loop_unwatch(struct loop *l, int fd);

/* Calls fn(user) once, delay_usec from now, or drop(user) when the loop is freed before. drop may be NULL. */
void loop_after(struct loop *l, uint64_t delay_usec, loop_fn *fn, loop_fn *drop, void *user);

void loop_run(struct loop *l); /* until loop_stop() */
void loop_stop(struct loop *l);

uint64_t loop_now(void); /* CLOCK_MONOTONIC, microseconds */
