// relay FILE: passes bytes on between connections and an upstream, with nothing around the system calls: epoll_wait, recv, send. What a
// hop costs whatever the proxy does. The file: a port, then lines of an upstream's address and port, taken in turn.
#include "net.h"

typedef struct Side {
    int fd;
    struct Side *peer;
    Buffer out;
    bool ended, waits;
} Side;

static int poller;

static void watch(Side *side, int operation, uint32_t events) {
    struct epoll_event event = {.events = events, .data.ptr = side};
    epoll_ctl(poller, operation, side->fd, &event);
}

static Side *side_of(int fd) {
    Side *side = calloc(1, sizeof *side);
    if (!side) die("out of memory");
    side->fd = fd;
    no_delay(fd);
    non_blocking(fd);
    return side;
}

static void join(int accepted, struct sockaddr_in upstream) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&upstream, sizeof upstream) != 0) {
        if (fd >= 0) close(fd);
        close(accepted);
        return;
    }
    Side *client = side_of(accepted), *server = side_of(fd);
    client->peer = server;
    server->peer = client;
    watch(client, EPOLL_CTL_ADD, EPOLLIN);
    watch(server, EPOLL_CTL_ADD, EPOLLIN);
}

static void end(Side *side) {
    close(side->fd);
    side->fd = -1;
    free(side->out.bytes);
    side->out = (Buffer){0};
}

/// Sends to the other side what this one says. False when the pair is over.
static bool pass(Side *side) {
    static uint8_t bytes[64 << 10];
    Side *peer = side->peer;
    ssize_t count = recv(side->fd, bytes, sizeof bytes, 0);
    if (count < 0) return errno == EAGAIN || errno == EINTR;
    if (count == 0) {
        side->ended = true;
        shutdown(peer->fd, SHUT_WR);
        watch(side, EPOLL_CTL_MOD, 0);
        return !peer->ended;
    }
    ssize_t sent = send(peer->fd, bytes, count, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return false;
    if (sent == count) return true;
    append(&peer->out, bytes + (sent > 0 ? sent : 0), count - (sent > 0 ? sent : 0));
    peer->waits = true;
    watch(peer, EPOLL_CTL_MOD, (peer->ended ? 0 : EPOLLIN) | EPOLLOUT);
    // No more is read until that has left.
    watch(side, EPOLL_CTL_MOD, side->waits ? EPOLLOUT : 0);
    return true;
}

static bool flush(Side *side) {
    if (!send_some(side->fd, &side->out)) return false;
    if (side->out.count > 0) return true;
    side->waits = false;
    watch(side, EPOLL_CTL_MOD, side->ended ? 0 : EPOLLIN);
    if (!side->peer->ended) watch(side->peer, EPOLL_CTL_MOD, EPOLLIN | (side->peer->waits ? EPOLLOUT : 0));
    return true;
}

int main(int count, char **arguments) {
    if (count != 2) die("relay FILE");
    FILE *file = fopen(arguments[1], "r");
    if (!file) die("%s: %s", arguments[1], strerror(errno));
    enum { most = 64 };
    struct sockaddr_in upstreams[most];
    int port = 0, upstreamCount = 0, next = 0, upstreamPort = 0;
    char host[64];
    if (fscanf(file, "%d", &port) != 1) die("%s: no port", arguments[1]);
    while (upstreamCount < most && fscanf(file, "%63s %d", host, &upstreamPort) == 2)
        upstreams[upstreamCount++] = ipv4(host, upstreamPort);
    if (upstreamCount == 0) die("%s: no upstream", arguments[1]);
    fclose(file);
    poller = epoll_create1(EPOLL_CLOEXEC);
    Side listener = {.fd = listen_on(port, false)};
    watch(&listener, EPOLL_CTL_ADD, EPOLLIN);
    struct epoll_event events[256];
    for (;;) {
        int ready = epoll_wait(poller, events, 256, -1);
        for (int index = 0; index < ready; index++) {
            Side *side = events[index].data.ptr;
            if (side == &listener) {
                int accepted = accept4(listener.fd, NULL, NULL, SOCK_CLOEXEC);
                if (accepted >= 0) join(accepted, upstreams[next++ % upstreamCount]);
                continue;
            }
            if (side->fd < 0) continue;
            bool goesOn = true;
            if (events[index].events & EPOLLOUT) goesOn = flush(side);
            if (goesOn && events[index].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) goesOn = pass(side);
            if (goesOn) continue;
            // A later event of this turn may still point to either: the pair's memory is left, its descriptors are not.
            end(side->peer);
            end(side);
        }
    }
}
