// Pushes bytes through a TCP relay as fast as it takes them: half of the connections upload, half download.
//   bulk [-c CONNECTIONS] [-s SECONDS] LISTEN-PORT ADDRESS PORT
// It listens for what the relay connects to, and connects to the relay. The first byte of a connection says which side
// sends. Receivers let the kernel drop the bytes (MSG_TRUNC), so that the relay, not this, is what is slow.
// Prints one line of JSON; all bytes that went through the relay are in it.
#include "net.h"

#include <pthread.h>
#include <stdatomic.h>

static atomic_uint_fast64_t received;
static uint64_t deadline;
static char block[256 << 10];

static void send_all(int fd) {
    while (now_ns() < deadline)
        if (send(fd, block, sizeof block, MSG_NOSIGNAL) < 0) die("sending: %s", strerror(errno));
    shutdown(fd, SHUT_WR);
}

static void receive_all(int fd) {
    for (;;) {
        ssize_t count = recv(fd, NULL, 4 << 20, MSG_TRUNC);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) die("receiving: %s", strerror(errno));
        if (count == 0) return;
        atomic_fetch_add(&received, count);
    }
}

static void *accepted(void *argument) {
    int fd = (int)(intptr_t)argument;
    char direction;
    // A relay may connect only to try whether we are there.
    if (recv(fd, &direction, 1, 0) == 1) {
        if (direction == 'u') receive_all(fd);
        else send_all(fd);
    }
    close(fd);
    return NULL;
}

static void *acceptor(void *argument) {
    int listener = (int)(intptr_t)argument;
    for (;;) {
        pthread_t thread;
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0 && pthread_create(&thread, NULL, accepted, (void *)(intptr_t)fd) == 0) pthread_detach(thread);
    }
    return NULL;
}

typedef struct {
    int fd;
    bool uploads;
    pthread_t thread;
} Connection;

static void *connected(void *argument) {
    Connection *connection = argument;
    if (send(connection->fd, connection->uploads ? "u" : "d", 1, MSG_NOSIGNAL) != 1) die("sending: %s", strerror(errno));
    if (connection->uploads) {
        send_all(connection->fd);
        // The end comes back through the relay once the other side has read all.
        char rest;
        recv(connection->fd, &rest, 1, 0);
    } else {
        receive_all(connection->fd);
    }
    close(connection->fd);
    return NULL;
}

int main(int count, char **arguments) {
    int connections = 8;
    double seconds = 1;
    for (int option; (option = getopt(count, arguments, "c:s:")) != -1;) {
        if (option == 'c') connections = atoi(optarg);
        else if (option == 's') seconds = atof(optarg);
        else return 64;
    }
    if (count - optind != 3) die("bulk: LISTEN-PORT ADDRESS PORT are missing");
    uint64_t start = now_ns();
    deadline = start + (uint64_t)(seconds * 1e9);
    pthread_t thread;
    pthread_create(&thread, NULL, acceptor, (void *)(intptr_t)listen_on(atoi(arguments[optind]), false));
    Connection *all = calloc(connections, sizeof *all);
    for (int index = 0; index < connections; index++) {
        all[index].fd = connect_to(arguments[optind + 1], atoi(arguments[optind + 2]));
        all[index].uploads = index % 2 == 0;
        pthread_create(&all[index].thread, NULL, connected, &all[index]);
    }
    for (int index = 0; index < connections; index++) pthread_join(all[index].thread, NULL);
    printf("{\"bytes\": %lu, \"seconds\": %.3f}\n", (unsigned long)atomic_load(&received), (now_ns() - start) / 1e9);
}
