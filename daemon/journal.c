/* journal.c: events to journald or to stderr. The sink is chosen once.
 *
 * journald's native protocol is spoken here: sd_journal_sendv() waits for as long as journald does not read (stopped, hung on its disk),
 * and says "sent" also when nobody listens. A message that journald does not take is lost, and counted; the count is told with the next
 * message that it takes. */
#include "journal.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "spool.h"

#define FIELDS_MAX 24
#define TEXT_MAX 2048 /* bytes of one field; an entry of FIELDS_MAX fits into one datagram */
#define IDENTIFIER "SYSLOG_IDENTIFIER=trunkauditd\n"
#define WAIT_MSEC 1000 /* for journald to take a message, in a burst; once only, until it has taken one again */

struct journal {
        enum journal_sink sink;
        const char *spool; /* directory; NULL = alerts are not left anywhere */
        bool spool_failed; /* told, until it succeeds again */
        int fd;            /* to journald, not connected: journald may come and go; -1 = not open */
        uint64_t lost;     /* messages that journald did not take since it took the last one */
        uint64_t lost_before;
};

static const struct sockaddr_un journald = {.sun_family = AF_UNIX, .sun_path = "/run/systemd/journal/socket"};

static const char *const event_ids[] = {
#define EVENT(name, id) [EVENT_##name] = id,
        EVENTS(EVENT)
#undef EVENT
};

/* systemd sets JOURNAL_STREAM to device and inode of the stderr it gave us; a redirected stderr has others. */
static bool stderr_is_journal(void) {
        const char *stream = getenv("JOURNAL_STREAM");
        struct stat s;
        unsigned long long device, inode;
        return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 && fstat(STDERR_FILENO, &s) == 0 && s.st_dev == device &&
               s.st_ino == inode;
}

int journal_new(struct journal **ret, enum journal_sink sink) {
        struct journal *j = calloc(1, sizeof *j);
        if (!j)
                return -ENOMEM;
        if (sink == JOURNAL_AUTO)
                sink = stderr_is_journal() ? JOURNAL_NATIVE : JOURNAL_STDERR;
        j->sink = sink;
        j->fd = -1;
        *ret = j;
        return 0;
}

struct journal *journal_free(struct journal *j) {
        if (j && j->fd >= 0)
                (void)close(j->fd);
        free(j);
        return NULL;
}

/* What goes out: up to FIELDS_MAX "NAME=value" texts. */
struct entry {
        char text[FIELDS_MAX][TEXT_MAX];
        struct iovec iov[FIELDS_MAX];
        int n;
};

static void add(struct entry *e, const char *format, ...) _printf_(2, 3);
static void add(struct entry *e, const char *format, ...) {
        if (e->n >= FIELDS_MAX)
                return;
        char *text = e->text[e->n];
        va_list args;
        va_start(args, format);
        int n = vsnprintf(text, TEXT_MAX, format, args);
        va_end(args);
        if (n < 0)
                return;
        /* A peer's words must not start a line or a field of their own. */
        for (char *p = text; *p; p++)
                if ((unsigned char)*p < ' ' || *p == 127)
                        *p = ' ';
        e->iov[e->n] = (struct iovec){text, strlen(text)};
        e->n++;
}

static void add_text(struct entry *e, const char *name, const char *value) {
        if (value && value[0])
                add(e, "%s=%s", name, value);
}

/* The catalog shows it, so that there must be something. */
static void add_shown(struct entry *e, const char *name, const char *value) {
        add_text(e, name, value && value[0] ? value : "-");
}

/* Without a socket (no descriptors) it is lost like any other; the next message tries again. */
static int open_socket(struct journal *j) {
        static const struct timeval wait = {.tv_sec = WAIT_MSEC / 1000, .tv_usec = WAIT_MSEC % 1000 * 1000L};
        if (j->fd >= 0)
                return 0;
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return -errno;
        if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait) < 0) {
                int r = -errno;
                (void)close(fd);
                return r;
        }
        j->fd = fd;
        return 0;
}

/* One datagram of lines: no field has a newline (see add()). flags: MSG_DONTWAIT, or 0 to wait up to WAIT_MSEC. */
static int deliver(struct journal *j, const struct entry *e, int flags) {
        static char newline[] = {'\n'}, identifier[] = IDENTIFIER; /* not const, as an iovec is not */
        struct iovec lines[FIELDS_MAX * 2 + 1];
        size_t n = 0;
        int r = open_socket(j);
        if (r < 0)
                return r;
        for (int i = 0; i < e->n; i++) {
                lines[n++] = e->iov[i];
                lines[n++] = (struct iovec){newline, sizeof newline};
        }
        lines[n++] = (struct iovec){identifier, sizeof identifier - 1};
        const struct msghdr message = {
                .msg_name = (void *)(uintptr_t)&journald, .msg_namelen = sizeof journald, .msg_iov = lines, .msg_iovlen = n};
        ssize_t sent;
        do
                sent = sendmsg(j->fd, &message, flags | MSG_NOSIGNAL);
        while (sent < 0 && errno == EINTR);
        return sent < 0 ? -errno : 0;
}

static void send_native(struct journal *j, const struct entry *e) {
        if (j->lost) {
                struct entry report = {.n = 0};
                add(&report, "MESSAGE=%" PRIu64 " messages were lost: journald did not take them", j->lost);
                add(&report, "PRIORITY=%d", LOG_WARNING);
                add(&report, "MESSAGE_ID=%s", event_ids[EVENT_MESSAGES_LOST]);
                if (deliver(j, &report, MSG_DONTWAIT) < 0) {
                        j->lost++;
                        return;
                }
                j->lost_before += j->lost;
                j->lost = 0;
        }
        if (deliver(j, e, 0) < 0)
                j->lost++;
}

static void send_entry(struct journal *j, int priority, const struct entry *e, const char *message) {
        switch (j->sink) {
        case JOURNAL_NATIVE:
                send_native(j, e);
                break;
        case JOURNAL_AUTO:
        case JOURNAL_STDERR: {
                static const char *const words[] = {"emergency", "alert", "critical", "error", "warning", "notice", "info", "debug"};
                (void)fprintf(stderr, "%s: %s\n", words[priority & 7], message);
                break;
        }
        case JOURNAL_SILENT:
                break;
        }
}

void journal_spool(struct journal *j, const char *directory) {
        j->spool = directory;
        j->spool_failed = false;
}

/* What cannot be left for the hook stands in the journal all the same; that it cannot is said once. */
static void leave(struct journal *j, const struct journal_fields *f, int priority, struct entry *e) {
        if (!j->spool || !f->change)
                return;
        add(e, "TRUNKAUDIT_PRIORITY=%d", priority);
        int r = spool_put(j->spool, f->incident, e->iov, (size_t)e->n);
        if (r == 0 || j->spool_failed) {
                j->spool_failed = r != 0;
                return;
        }
        j->spool_failed = true; /* before the event, which may not come here again */
        journal_event(j, EVENT_HOOK_LOST, LOG_ERR, NULL, "Alerts cannot be left for the hook in %s: %s; the journal has them all", j->spool,
                      r == SPOOL_FULL ? "too many are waiting there (does trunkauditd-alert.path run?)" : strerror(-r));
}

void journal_event(struct journal *j, enum event event, int priority, const struct journal_fields *f, const char *format, ...) {
        static const struct journal_fields none = {0};
        struct entry e = {.n = 0};
        char message[TEXT_MAX - sizeof "MESSAGE="];
        va_list args;
        va_start(args, format);
        (void)vsnprintf(message, sizeof message, format, args);
        va_end(args);
        if (!f)
                f = &none;
        if (priority < 0)
                priority = f->verdict ? cause_info(f->verdict->cause)->priority : LOG_INFO;

        add(&e, "MESSAGE=%s", message);
        add(&e, "PRIORITY=%d", priority);
        add(&e, "MESSAGE_ID=%s", event_ids[event]);
        if (f->run)
                add(&e, "TRUNKAUDIT_RUN=%lld", (long long)f->run);
        if (f->incident)
                add(&e, "TRUNKAUDIT_INCIDENT=%lld", (long long)f->incident);
        add_text(&e, "TRUNKAUDIT_CHANGE", f->change);
        add_text(&e, "TRUNKAUDIT_SUBJECT", f->subject);
        add_text(&e, "TRUNKAUDIT_TRUNK", f->trunk);
        add_text(&e, "TRUNKAUDIT_TRUNK_ID", f->trunk_id);
        add_text(&e, "TRUNKAUDIT_CARRIER", f->carrier);
        if (f->verdict) {
                const struct cause_info *info = cause_info(f->verdict->cause);
                add_text(&e, "TRUNKAUDIT_OUTCOME", outcome_word(info->outcome));
                add_text(&e, "TRUNKAUDIT_CAUSE", info->word);
                add_text(&e, "TRUNKAUDIT_CONFIDENCE", confidence_word(verdict_confidence(f->verdict)));
                add_text(&e, "TRUNKAUDIT_SENTENCE", info->sentence);
                add_shown(&e, "TRUNKAUDIT_DETAIL", f->verdict->detail);
                add_text(&e, "TRUNKAUDIT_REMEDY", info->remedy);
        }
        add_text(&e, "TRUNKAUDIT_CORRELATION_ID", f->correlation_id);
        add_text(&e, "TRUNKAUDIT_CONTEXT_ID", f->context_id);
        add_text(&e, "TRUNKAUDIT_CF_ID", f->cf_id);
        if (f->field) {
                add_text(&e, "TRUNKAUDIT_FIELD", f->field);
                add_shown(&e, "TRUNKAUDIT_PLATFORM_VALUE", f->platform_value);
                add_shown(&e, "TRUNKAUDIT_CONFIG_VALUE", f->config_value);
                add_shown(&e, "TRUNKAUDIT_CARRIER_VALUE", f->carrier_value);
        }
        if (f->gap) {
                add(&e, "TRUNKAUDIT_SLOTS=%" PRIu64, f->gap->slots);
                add_text(&e, "TRUNKAUDIT_FIRST_SLOT", f->gap->first);
                add_text(&e, "TRUNKAUDIT_LAST_SLOT", f->gap->last);
                add_text(&e, "TRUNKAUDIT_REASON", f->gap->reason);
        }
        send_entry(j, priority, &e, e.text[0] + strlen("MESSAGE="));
        leave(j, f, priority, &e);
}

void journal_log(struct journal *j, int priority, const char *format, ...) {
        struct entry e = {.n = 0};
        char message[TEXT_MAX - sizeof "MESSAGE="];
        va_list args;
        va_start(args, format);
        (void)vsnprintf(message, sizeof message, format, args);
        va_end(args);
        add(&e, "MESSAGE=%s", message);
        add(&e, "PRIORITY=%d", priority);
        send_entry(j, priority, &e, e.text[0] + strlen("MESSAGE="));
}

uint64_t journal_lost(const struct journal *j) {
        return j->lost;
}

uint64_t journal_lost_total(const struct journal *j) {
        return j->lost_before + j->lost;
}

int journal_reachable(void) {
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return -errno;
        int r = connect(fd, (const struct sockaddr *)&journald, sizeof journald) < 0 ? -errno : 0;
        (void)close(fd);
        return r;
}
