/* Echo, or the time, by epoll: one thread, level-triggered, no allocation for a connection. What C can do without tricks.
 *
 * Usage: epoll echo | datagrams | time. Prints `listening tcp://ADDRESS`, and serves until it is killed.
 *
 * Bytes that a peer does not take at once wait in a buffer of their connection, and no more are received from it meanwhile. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BUFFER = 64 << 10, EVENTS = 256, BACKLOG = 1024 };

/* The seconds from 1900, where RFC 868 begins to count, to 1970. */
static const unsigned long long UNIX_EPOCH_SINCE_1900 = 2208988800ULL;

/* What a connection still has to send. Indexed by descriptor; empty for nearly all of them, nearly always. */
struct rest {
    char *data;
    size_t sent, length;
};

static char buffer[BUFFER];
static struct rest *rests;
static int poller;

static void must(int is_true, const char *what) {
    if (!is_true) {
        perror(what);
        exit(1);
    }
}

static void finish(int connection) {
    free(rests[connection].data);
    memset(&rests[connection], 0, sizeof rests[connection]);
    close(connection);
}

static void wait_for(int connection, unsigned events, int operation) {
    struct epoll_event event = {.events = events, .data.fd = connection};
    must(epoll_ctl(poller, operation, connection, &event) == 0, "epoll_ctl");
}

/* Sends what it can; keeps the rest, and waits for room. */
static void send_or_keep(int connection, const char *data, size_t length) {
    ssize_t sent = send(connection, data, length, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) {
        finish(connection);
        return;
    }
    if (sent < 0)
        sent = 0;
    if ((size_t)sent == length)
        return;
    struct rest *rest = &rests[connection];
    rest->length = length - (size_t)sent;
    rest->sent = 0;
    rest->data = malloc(rest->length);
    must(rest->data != NULL, "malloc");
    memcpy(rest->data, data + sent, rest->length);
    wait_for(connection, EPOLLOUT, EPOLL_CTL_MOD);
}

static void resume(int connection) {
    struct rest *rest = &rests[connection];
    ssize_t sent = send(connection, rest->data + rest->sent, rest->length - rest->sent, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) {
        finish(connection);
        return;
    }
    if (sent > 0)
        rest->sent += (size_t)sent;
    if (rest->sent == rest->length) {
        free(rest->data);
        memset(rest, 0, sizeof *rest);
        wait_for(connection, EPOLLIN, EPOLL_CTL_MOD);
    }
}

static void echo(int connection) {
    ssize_t received = recv(connection, buffer, sizeof buffer, 0);
    if (received > 0)
        send_or_keep(connection, buffer, (size_t)received);
    else if (received == 0 || errno != EAGAIN)
        finish(connection);
}

static void send_time(int connection) {
    uint32_t seconds = htonl((uint32_t)((unsigned long long)time(NULL) + UNIX_EPOCH_SINCE_1900));
    send(connection, &seconds, sizeof seconds, MSG_NOSIGNAL);
    close(connection);
}

static void accept_all(int listener, int sends_time) {
    for (;;) {
        int connection = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (connection < 0)
            return;
        int on = 1;
        setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (sends_time)
            send_time(connection);
        else
            wait_for(connection, EPOLLIN, EPOLL_CTL_ADD);
    }
}

static void echo_datagrams(int socket) {
    for (;;) {
        struct sockaddr_in peer;
        socklen_t size = sizeof peer;
        ssize_t received = recvfrom(socket, buffer, sizeof buffer, 0, (struct sockaddr *)&peer, &size);
        if (received < 0)
            return;
        sendto(socket, buffer, (size_t)received, 0, (struct sockaddr *)&peer, size);
    }
}

int main(int count, char **arguments) {
    const char *service = count == 2 ? arguments[1] : "";
    int has_datagrams = strcmp(service, "datagrams") == 0, sends_time = strcmp(service, "time") == 0;
    if (!has_datagrams && !sends_time && strcmp(service, "echo") != 0) {
        fputs("usage: epoll echo|datagrams|time\n", stderr);
        return 64;
    }
    struct rlimit files;
    must(getrlimit(RLIMIT_NOFILE, &files) == 0, "getrlimit");
    files.rlim_cur = files.rlim_max;
    must(setrlimit(RLIMIT_NOFILE, &files) == 0, "setrlimit");
    rests = calloc(files.rlim_cur, sizeof *rests);
    must(rests != NULL, "calloc");

    int type = has_datagrams ? SOCK_DGRAM : SOCK_STREAM;
    int listener = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    must(listener >= 0, "socket");
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    must(bind(listener, (struct sockaddr *)&address, size) == 0, "bind");
    must(has_datagrams || listen(listener, BACKLOG) == 0, "listen");
    must(getsockname(listener, (struct sockaddr *)&address, &size) == 0, "getsockname");
    poller = epoll_create1(EPOLL_CLOEXEC);
    must(poller >= 0, "epoll_create1");
    wait_for(listener, EPOLLIN, EPOLL_CTL_ADD);
    printf("listening %s://127.0.0.1:%d\n", has_datagrams ? "udp" : "tcp", ntohs(address.sin_port));
    fflush(stdout);

    for (;;) {
        struct epoll_event events[EVENTS];
        int ready = epoll_wait(poller, events, EVENTS, -1);
        must(ready >= 0 || errno == EINTR, "epoll_wait");
        for (int i = 0; i < ready; i++) {
            int descriptor = events[i].data.fd;
            if (descriptor == listener && has_datagrams)
                echo_datagrams(listener);
            else if (descriptor == listener)
                accept_all(listener, sends_time);
            else if (rests[descriptor].data != NULL)
                resume(descriptor);
            else
                echo(descriptor);
        }
    }
}
