/* clock_check.c: is this host's clock right? SNTP to several servers at once; offset ± bound, or why unknown.
 *
 * The check owns its servers. Each of them resolves its name, then makes up to three attempts, one after the other and each from a new
 * socket (a new source port is harder to spoof, RFC 9109), and ends with a sample or with the reason why there is none. When the last one
 * has ended, the verdict is delivered from the loop. */
#include "clock_check.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "../common/host_port.h"
#include "../common/ntp_message.h"

#define ATTEMPTS_MAX 3
#define NTP_PORT 123
#define REASON_MAX 96
#define REPLY_MAX 1024 /* bytes read of a reply: extension fields and a MAC may follow the packet */
#define ACCURACY_USEC USEC_PER_MSEC
#define NSEC_PER_SEC INT64_C(1000000000)
/* The two clocks are read one after the other, and a busy host may stop us in between for some milliseconds. More is a step of the realtime
 * clock; a smaller one forwards widens the bound by itself, one backwards makes the round trip negative and the reply unusable. */
#define STEP_NSEC INT64_C(20000000)

struct server {
        struct clock_check *check;
        const char *name; /* as configured */
        struct resolver_query *query;
        struct resolver_address addresses[RESOLVER_ADDRESSES_MAX];
        size_t n_addresses;
        sd_event_source *io, *timer;
        int fd;
        unsigned attempts;
        uint64_t random_transmit;
        int64_t sent_realtime, sent_monotonic; /* nanoseconds */
        bool usable;
        struct ntp_sample sample;
        char reason[REASON_MAX]; /* why there is no sample; "" when nothing came */
};

struct clock_check {
        sd_event_source *finish; /* off until every server has ended */
        sd_event *event;
        const struct config *config;
        struct server servers[NTP_SERVERS_MAX];
        size_t n, open;
        clock_check_done_fn *done;
        void *user;
};

static int64_t clock_nsec(clockid_t clock) {
        struct timespec t;
        (void)clock_gettime(clock, &t);
        return t.tv_sec * NSEC_PER_SEC + t.tv_nsec;
}

/* -- the verdict ----------------------------------------------------------------------------------------------------- */

/* A text that grows at its end and is cut where its room ends; verdict_of() cuts it further, at a character. */
struct line {
        char text[2 * VERDICT_DETAIL_MAX];
        size_t n;
};

_printf_(2, 3) static void line_add(struct line *l, const char *format, ...) {
        va_list args;
        va_start(args, format);
        int n = vsnprintf(l->text + l->n, sizeof l->text - l->n, format, args);
        va_end(args);
        if (n > 0)
                l->n = (size_t)n < sizeof l->text - l->n ? l->n + (size_t)n : sizeof l->text - 1;
}

static void line_add_offset(struct line *l, int64_t offset_usec, int64_t bound_usec) {
        uint64_t offset = offset_usec < 0 ? 0 - (uint64_t)offset_usec : (uint64_t)offset_usec, bound = (uint64_t)bound_usec;
        line_add(l, "%c%" PRIu64 ".%06" PRIu64 " s ± %" PRIu64 ".%06" PRIu64 " s", offset_usec < 0 ? '-' : '+', offset / USEC_PER_SEC,
                 offset % USEC_PER_SEC, bound / USEC_PER_SEC, bound % USEC_PER_SEC);
}

/* Seconds without trailing zeros: "1 s", "0.25 s". */
static void line_add_limit(struct line *l, uint64_t usec) {
        uint64_t fraction = usec % USEC_PER_SEC;
        int digits = 6;
        line_add(l, "%" PRIu64, usec / USEC_PER_SEC);
        for (; fraction > 0 && fraction % 10 == 0; digits--)
                fraction /= 10;
        if (fraction > 0)
                line_add(l, ".%0*" PRIu64, digits, fraction);
        line_add(l, " s");
}

static int64_t usec_nearest(int64_t nsec) {
        return nsec / 1000 + (nsec % 1000 >= 500) - (nsec % 1000 <= -500);
}

/* Upwards, and by the half microsecond that rounding the offset may have moved it. */
static int64_t usec_bound(int64_t nsec) {
        return (nsec + 500 + 999) / 1000;
}

/* Why each server that does not support the result does not; all of them when there is no result. */
static void line_add_servers(struct line *l, const struct clock_check *c, const struct ntp_interval *result) {
        const char *separator = l->n > 0 ? "; " : "";
        for (size_t i = 0; i < c->n; i++) {
                const struct server *s = &c->servers[i];
                if (!s->usable)
                        line_add(l, "%s%s: %s", separator, s->name, s->reason[0] ? s->reason : "no reply");
                else if (!result || !ntp_supports(result, &s->sample)) {
                        line_add(l, "%s%s: ", separator, s->name);
                        line_add_offset(l, usec_nearest(s->sample.offset_nsec), usec_bound(s->sample.bound_nsec));
                } else
                        continue;
                separator = "; ";
        }
}

static enum cause judge(const struct ntp_interval *interval, uint64_t limit_usec) {
        int64_t limit_nsec = limit_usec > INT64_MAX / NSEC_PER_USEC ? INT64_MAX : (int64_t)(limit_usec * NSEC_PER_USEC);
        switch (ntp_judge(interval->offset_nsec, interval->bound_nsec, limit_nsec)) {
        case NTP_WITHIN:
                return CAUSE_CLOCK_OK;
        case NTP_OUTSIDE:
                return CAUSE_CLOCK_OFF;
        case NTP_STRADDLES:
                break;
        }
        return CAUSE_CLOCK_CANNOT_TELL;
}

static struct clock_result check_result(const struct clock_check *c) {
        struct ntp_sample samples[NTP_SERVERS_MAX];
        struct ntp_interval interval;
        struct line line = {.n = 0};
        size_t n = 0;
        for (size_t i = 0; i < c->n; i++)
                if (c->servers[i].usable)
                        samples[n++] = c->servers[i].sample;

        struct clock_result result = {.servers = (unsigned)c->n};
        if (c->n == 0) {
                result.verdict = verdict_of(CAUSE_CLOCK_UNUSED, "%s", "");
        } else if (ntp_intersection(&interval, samples, n) == 0) {
                result.measured = true;
                result.offset_usec = usec_nearest(interval.offset_nsec);
                result.bound_usec = usec_bound(interval.bound_nsec);
                result.servers_used = (unsigned)interval.used;
                line_add(&line, "offset ");
                line_add_offset(&line, result.offset_usec, result.bound_usec);
                line_add(&line, ", limit ");
                line_add_limit(&line, c->config->clock.limit_usec);
                line_add(&line, "; %zu of %zu server%s", interval.used, c->n, c->n == 1 ? "" : "s");
                line_add_servers(&line, c, &interval);
                result.verdict = verdict_of(judge(&interval, c->config->clock.limit_usec), "%s", line.text);
        } else {
                line_add_servers(&line, c, NULL);
                result.verdict = verdict_of(n > 0 ? CAUSE_CLOCK_DISAGREEMENT : CAUSE_CLOCK_UNKNOWN, "%s", line.text);
        }
        return result;
}

static int on_finish(sd_event_source *source, void *user) {
        (void)source;
        struct clock_check *c = user;
        struct clock_result result = check_result(c);
        c->done(c, &result, c->user);
        return 0;
}

/* -- one server -------------------------------------------------------------------------------------------------------- */

_printf_(2, 3) static void server_note(struct server *s, const char *format, ...) {
        va_list args;
        va_start(args, format);
        (void)vsnprintf(s->reason, sizeof s->reason, format, args);
        va_end(args);
}

static void server_hang_up(struct server *s) {
        s->io = sd_event_source_disable_unref(s->io);
        if (s->fd >= 0)
                (void)close(s->fd);
        s->fd = -1;
}

static void server_end(struct server *s) {
        server_hang_up(s);
        s->timer = sd_event_source_disable_unref(s->timer);
        if (--s->check->open == 0)
                (void)sd_event_source_set_enabled(s->check->finish, SD_EVENT_ONESHOT);
}

static int on_reply(sd_event_source *source, int fd, uint32_t events, void *user);

static int server_send(struct server *s, const struct resolver_address *to) {
        server_hang_up(s);
        s->fd = socket(to->storage.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (s->fd < 0)
                return -errno;
        /* The kernel's receive stamp keeps our own delays out of the round trip. Connected: the kernel drops what others send. */
        const int on = 1;
        if (setsockopt(s->fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) < 0 ||
            connect(s->fd, (const struct sockaddr *)&to->storage, to->length) < 0)
                return -errno;
        int r = sd_event_add_io(s->check->event, &s->io, s->fd, EPOLLIN, on_reply, s);
        if (r < 0)
                return r;
        (void)sd_event_source_set_description(s->io, "clock-check");

        unsigned char request[NTP_PACKET_SIZE];
        if (getrandom(&s->random_transmit, sizeof s->random_transmit, 0) != sizeof s->random_transmit)
                return -EIO;
        ntp_request_write(request, s->random_transmit);
        s->sent_monotonic = clock_nsec(CLOCK_MONOTONIC);
        s->sent_realtime = clock_nsec(CLOCK_REALTIME);
        if (send(s->fd, request, sizeof request, MSG_NOSIGNAL) < 0)
                return -errno;

        r = sd_event_source_set_time_relative(s->timer, s->check->config->clock.timeout_usec);
        return r < 0 ? r : sd_event_source_set_enabled(s->timer, SD_EVENT_ONESHOT);
}

/* The next attempt, at the next address of the server; its end when the attempts are used up. After a failure that the same address
 * would repeat (refused, unsynchronised) only an address that was not tried is worth another one. */
static void server_next(struct server *s, bool repeat) {
        while (s->attempts < ATTEMPTS_MAX && (repeat || s->attempts < s->n_addresses)) {
                int r = server_send(s, &s->addresses[s->attempts++ % s->n_addresses]);
                if (r >= 0)
                        return;
                server_note(s, "%s", strerror(-r));
                repeat = false;
        }
        server_end(s);
}

static int on_timeout(sd_event_source *source, uint64_t now_usec, void *user) {
        (void)source, (void)now_usec;
        server_next(user, true);
        return 0;
}

/* The kernel's stamp of the arrival; now, which is later and so only widens the bound, when there is none. */
static int64_t arrival_nsec(struct msghdr *m) {
        for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c))
                if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS && c->cmsg_len == CMSG_LEN(sizeof(struct timespec))) {
                        struct timespec t;
                        memcpy(&t, CMSG_DATA(c), sizeof t);
                        return t.tv_sec * NSEC_PER_SEC + t.tv_nsec;
                }
        return clock_nsec(CLOCK_REALTIME);
}

static bool clock_stepped(const struct server *s) {
        int64_t monotonic = clock_nsec(CLOCK_MONOTONIC) - s->sent_monotonic, realtime = clock_nsec(CLOCK_REALTIME) - s->sent_realtime;
        return llabs(realtime - monotonic) > STEP_NSEC;
}

/* A reply that answers our request and cannot be used: the server means it. */
static void server_refuse(struct server *s, int outcome, const unsigned char *packet) {
        char code[5];
        unsigned leap = packet[0] >> 6, stratum = packet[1];
        if (outcome == NTP_KISS) {
                ntp_kiss_code(code, packet);
                server_note(s, "kiss code %s", code);
                server_end(s); /* RFC 5905 section 7.4: no more requests */
                return;
        }
        if (outcome == NTP_UNSYNCHRONISED)
                server_note(s, leap == 3 ? "unsynchronised (leap %u)" : "unsynchronised (stratum %u)", leap == 3 ? leap : stratum);
        else
                server_note(s, "%s", ntp_outcome_text(outcome));
        server_next(s, false);
}

static int on_reply(sd_event_source *source, int fd, uint32_t events, void *user) {
        (void)source, (void)events;
        struct server *s = user;
        unsigned char packet[REPLY_MAX];
        union {
                char bytes[CMSG_SPACE(sizeof(struct timespec))];
                struct cmsghdr align;
        } control;
        struct iovec iov = {packet, sizeof packet};
        struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};

        ssize_t n = recvmsg(fd, &m, MSG_DONTWAIT);
        if (n < 0) {
                if (errno != EAGAIN && errno != EINTR) {
                        server_note(s, "%s", strerror(errno));
                        server_next(s, false);
                }
                return 0;
        }
        int64_t arrival = arrival_nsec(&m);
        bool stepped = clock_stepped(s);
        struct ntp_sample sample;
        int r = ntp_reply_read(&sample, packet, (size_t)n, s->random_transmit, s->sent_realtime, arrival);
        if (r == NTP_SHORT || r == NTP_BAD_MODE || r == NTP_BAD_ORIGIN) {
                /* Anybody could have sent this: it must not end the wait for the right one. */
                server_note(s, "%s", ntp_outcome_text(r));
        } else if (stepped) {
                server_note(s, "this host's clock was set during the exchange");
                server_next(s, true);
        } else if (r != 0) {
                server_refuse(s, r, packet);
        } else {
                s->usable = true;
                s->sample = sample;
                server_end(s);
        }
        return 0;
}

static void on_resolved(struct resolver_query *q, int outcome, const struct resolver_address *addresses, size_t n, const char *why,
                        void *user) {
        struct server *s = user;
        if (outcome == 0) {
                memcpy(s->addresses, addresses, n * sizeof *addresses);
                s->n_addresses = n;
        } else
                server_note(s, "%s", why ? why : strerror(-outcome));
        s->query = resolver_query_free(q);
        if (outcome == 0)
                server_next(s, true);
        else
                server_end(s);
}

static int server_start(struct server *s, struct clock_check *c, struct resolver *resolver, const char *name) {
        *s = (struct server){.check = c, .name = name, .fd = -1};
        int r = sd_event_add_time(c->event, &s->timer, CLOCK_MONOTONIC, UINT64_MAX, ACCURACY_USEC, on_timeout, s);
        if (r < 0)
                return r;
        (void)sd_event_source_set_description(s->timer, "clock-check-timeout");

        struct host_port hp;
        const char *wrong = host_port_parse(&hp, span_of(name));
        if (wrong) {
                server_note(s, "%s", wrong);
                server_end(s);
                return 0;
        }
        char host[HOST_MAX + 1];
        memcpy(host, hp.host.p, hp.host.n);
        host[hp.host.n] = '\0';
        return resolver_start(&s->query, resolver, host, hp.port ? hp.port : NTP_PORT, on_resolved, s);
}

int clock_check_start(struct clock_check **ret, sd_event *event, struct resolver *resolver, const struct config *config,
                      clock_check_done_fn *done, void *user) {
        _cleanup_(clock_check_freep) struct clock_check *c = calloc(1, sizeof *c);
        if (!c)
                return -ENOMEM;
        *c = (struct clock_check){.event = sd_event_ref(event), .config = config, .done = done, .user = user};

        int r = sd_event_add_defer(event, &c->finish, on_finish, c);
        if (r >= 0 && config->clock.servers.n > 0)
                r = sd_event_source_set_enabled(c->finish, SD_EVENT_OFF);
        if (r < 0)
                return r;
        (void)sd_event_source_set_description(c->finish, "clock-check-finish");

        size_t n = config->clock.servers.n < NTP_SERVERS_MAX ? config->clock.servers.n : NTP_SERVERS_MAX;
        c->open = n; /* before the first can end */
        for (; c->n < n && r >= 0; c->n++)
                r = server_start(&c->servers[c->n], c, resolver, config->clock.servers.items[c->n]);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(c);
        return 0;
}

struct clock_check *clock_check_free(struct clock_check *c) {
        if (!c)
                return NULL;
        for (size_t i = 0; i < c->n; i++) {
                struct server *s = &c->servers[i];
                s->query = resolver_query_free(s->query);
                server_hang_up(s);
                s->timer = sd_event_source_disable_unref(s->timer);
        }
        sd_event_source_disable_unref(c->finish);
        sd_event_unref(c->event);
        free(c);
        return NULL;
}
