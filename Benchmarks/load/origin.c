// The upstream of the measurements: answers every HTTP/1.1 and HTTP/2 (prior knowledge) request with 200 and the same body,
// for as little of its core as possible, so that the proxy and not its upstream is what gets measured.
//   origin [-b BODY-BYTES] [-g] [-l] PORT...
//   -g  HTTP/2 answers are gRPC's: a length-prefixed message, and grpc-status in trailers
//   -l  on every loopback address, not on 127.0.0.1 alone
#include "h2.h"

typedef struct {
    int fd;
    bool is_listener, is_http2, preface_read, fills_table, table_filled, waits_to_write;
    Buffer in, out;
    int64_t window;       // bytes that the peer takes on all streams together
    uint32_t received;    // bytes of DATA since the last WINDOW_UPDATE
    Buffer waiting;       // stream ids (uint32_t) that wait for the window
} Connection;

static int poller;
static Buffer http1_answer, body;
static bool is_grpc;
/// HTTP/2 heads and trailers: for a peer without a dynamic table, filling it, and pointing into it.
enum { PLAIN, FILLING, FILLED };
static Buffer heads[3], trailers[3];

static void prepare(size_t body_bytes) {
    char date[64], length[16], text[512];
    time_t now = time(NULL);
    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", gmtime(&now));
    if (is_grpc) {
        uint8_t prefix[5] = {0};
        write32(prefix + 1, body_bytes);
        append(&body, prefix, sizeof prefix);
    }
    memset(extend(&body, body_bytes), 'x', body_bytes);
    if (body.count > MAX_FRAME) die("a body of more than %d bytes", MAX_FRAME - 5);
    snprintf(length, sizeof length, "%zu", body.count);

    int count = snprintf(text, sizeof text,
        "HTTP/1.1 200 OK\r\nServer: origin\r\nDate: %s\r\nContent-Type: text/plain\r\nContent-Length: %s\r\n\r\n", date, length);
    append(&http1_answer, text, count);
    append(&http1_answer, body.bytes, body.count);

    for (int kind = PLAIN; kind <= FILLING; kind++) {
        bool remembered = kind == FILLING;
        if (!remembered) hpack_number(&heads[kind], 5, 0x20, 0);
        hpack_indexed(&heads[kind], 8);
        hpack_field(&heads[kind], remembered, 31, "", is_grpc ? "application/grpc" : "text/plain");
        hpack_field(&heads[kind], remembered, 54, "", "origin");
        hpack_field(&heads[kind], remembered, 33, "", date);
        if (is_grpc) hpack_field(&trailers[kind], remembered, 0, "grpc-status", "0");
        else hpack_field(&heads[kind], remembered, 28, "", length);
    }
    // The newest entry of the dynamic table is 62: grpc-status or content-length, then date, server, content-type.
    hpack_indexed(&heads[FILLED], 8);
    for (int index = 65; index >= (is_grpc ? 63 : 62); index--) hpack_indexed(&heads[FILLED], index);
    if (is_grpc) hpack_indexed(&trailers[FILLED], 62);
}

static void answer_stream(Connection *connection, uint32_t stream) {
    int kind = !connection->fills_table ? PLAIN : connection->table_filled ? FILLED : FILLING;
    connection->table_filled = true;
    connection->window -= body.count;
    write_frame(&connection->out, HEADERS, END_HEADERS, stream, heads[kind].bytes, heads[kind].count);
    write_frame(&connection->out, DATA, is_grpc ? 0 : END_STREAM, stream, body.bytes, body.count);
    if (is_grpc)
        write_frame(&connection->out, HEADERS, END_HEADERS | END_STREAM, stream, trailers[kind].bytes, trailers[kind].count);
}

static void answer_waiting(Connection *connection) {
    size_t done = 0;
    uint32_t stream;
    while (done < connection->waiting.count && connection->window >= (int64_t)body.count) {
        memcpy(&stream, connection->waiting.bytes + done, sizeof stream);
        answer_stream(connection, stream);
        done += sizeof stream;
    }
    take(&connection->waiting, done);
}

static void forget_stream(Connection *connection, uint32_t stream) {
    for (size_t at = 0; at < connection->waiting.count; at += sizeof stream)
        if (memcmp(connection->waiting.bytes + at, &stream, sizeof stream) == 0) {
            memmove(connection->waiting.bytes + at, connection->waiting.bytes + at + sizeof stream,
                connection->waiting.count - at - sizeof stream);
            connection->waiting.count -= sizeof stream;
            return;
        }
}

static void read_settings(Connection *connection, const Frame *frame) {
    if (frame->flags & ACK) return;
    if (setting(frame, HEADER_TABLE_SIZE, DEFAULT_TABLE) < DEFAULT_TABLE) connection->fills_table = false;
    if (setting(frame, INITIAL_WINDOW_SIZE, DEFAULT_WINDOW) < body.count) die("a stream window below the body");
    write_frame(&connection->out, SETTINGS, ACK, 0, NULL, 0);
}

static void handle_frame(Connection *connection, const Frame *frame) {
    switch (frame->type) {
        case HEADERS:
            if (!(frame->flags & END_HEADERS)) die("a head in CONTINUATION frames");
            break;
        case DATA:
            if ((connection->received += frame->length) > 1 << 28) {
                write_window_update(&connection->out, 0, connection->received);
                connection->received = 0;
            }
            break;
        case SETTINGS: read_settings(connection, frame); return;
        case PING:
            if (!(frame->flags & ACK)) write_frame(&connection->out, PING, ACK, 0, frame->payload, frame->length);
            return;
        case WINDOW_UPDATE:
            if (frame->stream == 0) connection->window += read32(frame->payload);
            answer_waiting(connection);
            return;
        case RST_STREAM: forget_stream(connection, frame->stream); return;
        default: return;
    }
    if (frame->flags & END_STREAM) {
        append(&connection->waiting, &frame->stream, sizeof frame->stream);
        answer_waiting(connection);
    }
}

static size_t read_http2(Connection *connection) {
    size_t at = 0, count;
    Frame frame;
    if (!connection->preface_read) {
        if (connection->in.count < PREFACE_BYTES) return 0;
        connection->preface_read = true;
        at = PREFACE_BYTES;
        write_settings(&connection->out, 1 << 20);
    }
    while ((count = read_frame(connection->in.bytes + at, connection->in.count - at, &frame)) > 0) {
        handle_frame(connection, &frame);
        at += count;
    }
    return at;
}

static size_t read_http1(Connection *connection) {
    size_t at = 0;
    for (;;) {
        char *start = (char *)connection->in.bytes + at;
        char *end = memmem(start, connection->in.count - at, "\r\n\r\n", 4);
        if (!end) return at;
        *end = 0;
        char *length = strcasestr(start, "\ncontent-length:");
        size_t content = length ? strtoul(length + 16, NULL, 10) : 0;
        if (strcasestr(start, "\ntransfer-encoding:")) die("a chunked request body");
        *end = '\r';
        size_t whole = end + 4 - start + content;
        if (connection->in.count - at < whole) return at;
        append(&connection->out, http1_answer.bytes, http1_answer.count);
        at += whole;
    }
}

static void end(Connection *connection) {
    close(connection->fd);
    free(connection->in.bytes);
    free(connection->out.bytes);
    free(connection->waiting.bytes);
    free(connection);
}

static void serve(Connection *connection, uint32_t events) {
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
        if (!receive_some(connection->fd, &connection->in)) return end(connection);
        connection->is_http2 |= connection->in.count >= 4 && memcmp(connection->in.bytes, PREFACE, 4) == 0;
        take(&connection->in, connection->is_http2 ? read_http2(connection) : read_http1(connection));
        if (connection->in.count == 0) {  // ten thousand idle connections hold no buffer
            free(connection->in.bytes);
            connection->in = (Buffer){0};
        }
    }
    if (!send_some(connection->fd, &connection->out)) return end(connection);
    bool waits = connection->out.count > 0;
    if (waits != connection->waits_to_write) {
        struct epoll_event event = {.events = EPOLLIN | (waits ? EPOLLOUT : 0), .data.ptr = connection};
        epoll_ctl(poller, EPOLL_CTL_MOD, connection->fd, &event);
        connection->waits_to_write = waits;
    }
}

static void watch(int fd, bool is_listener) {
    Connection *connection = calloc(1, sizeof *connection);
    *connection = (Connection){.fd = fd, .is_listener = is_listener, .fills_table = true, .window = DEFAULT_WINDOW};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event) != 0) die("epoll: %s", strerror(errno));
}

int main(int count, char **arguments) {
    size_t body_bytes = 1024;
    bool whole_loopback = false;
    for (int option; (option = getopt(count, arguments, "b:gl")) != -1;) {
        if (option == 'b') body_bytes = strtoul(optarg, NULL, 10);
        else if (option == 'g') is_grpc = true;
        else if (option == 'l') whole_loopback = true;
        else return 64;
    }
    prepare(body_bytes);
    poller = epoll_create1(EPOLL_CLOEXEC);
    for (int index = optind; index < count; index++) watch(listen_on(atoi(arguments[index]), whole_loopback), true);
    for (;;) {
        struct epoll_event events[256];
        int ready = epoll_wait(poller, events, 256, -1);
        for (int index = 0; index < ready; index++) {
            Connection *connection = events[index].data.ptr;
            if (!connection->is_listener) {
                serve(connection, events[index].events);
                continue;
            }
            int fd = accept4(connection->fd, NULL, NULL, SOCK_CLOEXEC);
            if (fd < 0) continue;
            no_delay(fd);
            watch(fd, false);
        }
    }
}
