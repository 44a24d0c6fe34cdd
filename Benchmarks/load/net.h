// What the load programs share: sockets on loopback, the clock, and words to end with.
#pragma once
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static inline _Noreturn void die(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(1);
}

static inline uint64_t now_ns(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static inline struct sockaddr_in ipv4(const char *address, int port) {
    struct sockaddr_in result = {.sin_family = AF_INET, .sin_port = htons(port)};
    if (inet_pton(AF_INET, address, &result.sin_addr) != 1) die("\"%s\" is no IPv4 address", address);
    return result;
}

static inline void no_delay(int fd) {
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

static inline void non_blocking(int fd) { fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK); }

/// A listener on 127.0.0.1, or on every loopback address (127.0.0.0/8) and nothing else.
static inline int listen_on(int port, bool whole_loopback) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (whole_loopback && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3) != 0)
        die("cannot keep port %d to the loopback device: %s", port, strerror(errno));
    struct sockaddr_in address = ipv4(whole_loopback ? "0.0.0.0" : "127.0.0.1", port);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0) die("port %d: %s", port, strerror(errno));
    if (listen(fd, 4096) != 0) die("port %d: %s", port, strerror(errno));
    return fd;
}

static inline int connect_to(const char *host, int port) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = ipv4(host, port);
    if (fd < 0) die("no socket: %s", strerror(errno));
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) die("%s:%d: %s", host, port, strerror(errno));
    no_delay(fd);
    return fd;
}

/// Bytes that grow as needed.
typedef struct {
    uint8_t *bytes;
    size_t count, room;
} Buffer;

static inline uint8_t *extend(Buffer *buffer, size_t count) {
    if (buffer->count + count > buffer->room) {
        buffer->room = (buffer->count + count) * 2;
        if (!(buffer->bytes = realloc(buffer->bytes, buffer->room))) die("out of memory");
    }
    buffer->count += count;
    return buffer->bytes + buffer->count - count;
}

static inline void append(Buffer *buffer, const void *bytes, size_t count) {
    if (count > 0) memcpy(extend(buffer, count), bytes, count);
}

static inline void take(Buffer *buffer, size_t count) {
    buffer->count -= count;
    if (count > 0 && buffer->count > 0) memmove(buffer->bytes, buffer->bytes + count, buffer->count);
}

/// Sends what the socket takes. False when the connection is gone.
static inline bool send_some(int fd, Buffer *out) {
    size_t sent = 0;
    while (sent < out->count) {
        ssize_t count = send(fd, out->bytes + sent, out->count - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0 && errno == EAGAIN) break;
        if (count < 0) return false;
        sent += count;
    }
    take(out, sent);
    return true;
}

/// Reads behind what is there already, 0 when there is nothing now. False when the connection is gone.
static inline bool receive_some(int fd, Buffer *in) {
    enum { once = 64 << 10 };
    uint8_t *space = extend(in, once);
    ssize_t count = recv(fd, space, once, MSG_DONTWAIT);
    in->count -= once - (count > 0 ? count : 0);
    return count > 0 || (count < 0 && (errno == EAGAIN || errno == EINTR));
}
