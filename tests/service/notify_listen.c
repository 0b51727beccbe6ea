/* notify_listen.c: stands in for the service manager. Listens on the socket SOCKET, which a service is told by $NOTIFY_SOCKET, and appends
 * each message to FILE: "REALTIME MONOTONIC PID TEXT", times in microseconds, line breaks of the message as "|". SIGTERM ends it.
 *
 * usage: notify_listen SOCKET FILE */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#define MESSAGE_MAX 4096

static unsigned long long now_usec(clockid_t id) {
        struct timespec t = {0};
        (void)clock_gettime(id, &t);
        return (unsigned long long)t.tv_sec * 1000000 + (unsigned long long)t.tv_nsec / 1000;
}

/* Returns the message's length and its sender, or -1. */
static ssize_t receive(int fd, char text[static MESSAGE_MAX], pid_t *ret_pid) {
        union {
                struct cmsghdr header;
                char space[CMSG_SPACE(sizeof(struct ucred))];
        } control;
        struct iovec bytes = {text, MESSAGE_MAX - 1};
        struct msghdr message = {.msg_iov = &bytes, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
        ssize_t n = recvmsg(fd, &message, 0);
        struct cmsghdr *c = n < 0 ? NULL : CMSG_FIRSTHDR(&message);
        struct ucred sender = {0};
        if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_CREDENTIALS)
                memcpy(&sender, CMSG_DATA(c), sizeof sender);
        *ret_pid = sender.pid;
        return n;
}

int main(int argc, char **argv) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        if (argc != 3 || strlen(argv[1]) >= sizeof address.sun_path)
                return 2;
        (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", argv[1]);
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), on = 1;
        if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) < 0) {
                perror("notify_listen: socket");
                return 1;
        }
        FILE *file = fopen(argv[2], "ae");
        if (!file) {
                perror("notify_listen: file");
                return 1;
        }
        if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0) { /* last: whoever sees the socket can use it */
                perror("notify_listen: bind");
                return 1;
        }
        for (;;) {
                char text[MESSAGE_MAX];
                pid_t pid;
                ssize_t n = receive(fd, text, &pid);
                if (n < 0)
                        continue;
                text[n] = '\0';
                for (char *p = text; (p = strchr(p, '\n'));)
                        *p = '|';
                if (fprintf(file, "%llu %llu %ld %s\n", now_usec(CLOCK_REALTIME), now_usec(CLOCK_MONOTONIC), (long)pid, text) < 0 ||
                    fflush(file) != 0)
                        return 1;
        }
}
