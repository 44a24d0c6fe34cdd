// Sends requests on a schedule that does not wait for answers (open loop), and says how long each took from the moment
// it was due. A generator that waits for a slow answer before it sends the next request leaves out just those requests
// that would have met the slowness ("coordinated omission"); here they wait in line, and their wait is in the figure.
// Arrivals are Poisson's with a fixed seed: every proxy gets the same ones.
//   load [options] ADDRESS PORT
//   -2          HTTP/2 with prior knowledge, else HTTP/1.1
//   -g          the requests are gRPC's: POST with a length-prefixed message of 100 bytes (with -2)
//   -c COUNT    connections                     -m COUNT   streams a connection (with -2)
//   -r RATE     requests a second; without it each answer is followed by the next request (closed loop)
//   -s SECONDS  of measuring                    -w SECONDS of warm-up before it
//   -n COUNT    ends after so many requests instead (closed loop)
//   -a NAME     Host or :authority              -p PATH
// Prints one line of JSON.
#include "h2.h"

#include <math.h>
#include <sys/prctl.h>

typedef struct {
    uint32_t stream;  // 0: free
    bool answered;    // has its final head
    uint64_t due;
} Request;

typedef struct {
    int fd, in_flight;
    uint32_t next_stream, received;
    bool ready, fills_table, table_filled, waits_to_write;
    int64_t window;
    size_t body_left;  // HTTP/1.1
    Buffer in, out;
    Request *requests;
} Connection;

static struct {
    bool http2, grpc;
    int connections, streams;
    double rate, seconds, warm_up;
    long count;
    const char *authority, *path;
} options = {.connections = 1, .streams = 1, .seconds = 1, .authority = "bench.example", .path = "/one"};

static Connection *connections;
static int poller;
static uint64_t measure_from, measure_until, latest_answer;
static long sent, done, failed, unanswered;
static Buffer latencies, lateness;  // nanoseconds, uint64_t each
static Buffer due_times;            // of requests that wait for a free connection

static Buffer http1_request, message;
enum { PLAIN, FILLING, FILLED };
static Buffer heads[3];

static void prepare(void) {
    char text[1024];
    int count = snprintf(text, sizeof text,
        "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: load\r\nAccept: */*\r\n\r\n", options.path, options.authority);
    append(&http1_request, text, count);
    if (options.grpc) {
        uint8_t *bytes = extend(&message, 105);
        memset(bytes, 'x', 105);
        memcpy(bytes, (uint8_t[]){0, 0, 0, 0, 100}, 5);
    }
    for (int kind = PLAIN; kind <= FILLING; kind++) {
        bool remembered = kind == FILLING;
        if (!remembered) hpack_number(&heads[kind], 5, 0x20, 0);
        hpack_indexed(&heads[kind], options.grpc ? 3 : 2);
        hpack_indexed(&heads[kind], 6);
        hpack_field(&heads[kind], remembered, 4, "", options.path);
        hpack_field(&heads[kind], remembered, 1, "", options.authority);
        hpack_field(&heads[kind], remembered, 58, "", "load");
        if (options.grpc) {
            hpack_field(&heads[kind], remembered, 31, "", "application/grpc");
            hpack_field(&heads[kind], remembered, 0, "te", "trailers");
        }
    }
    hpack_indexed(&heads[FILLED], options.grpc ? 3 : 2);
    hpack_indexed(&heads[FILLED], 6);
    for (int index = options.grpc ? 66 : 64; index >= 62; index--) hpack_indexed(&heads[FILLED], index);
}

static bool has_room(const Connection *connection) {
    return connection->ready && connection->in_flight < options.streams && connection->window >= (int64_t)message.count;
}

static void send_request(Connection *connection, uint64_t due) {
    Request *request = connection->requests;
    while (request->stream != 0) request++;
    uint32_t stream = connection->next_stream;
    *request = (Request){.stream = stream, .due = due};
    connection->next_stream += 2;
    connection->in_flight++;
    sent++;
    uint64_t late = now_ns() - due;
    if (due >= measure_from) append(&lateness, &late, sizeof late);
    if (!options.http2) return append(&connection->out, http1_request.bytes, http1_request.count);
    int kind = !connection->fills_table ? PLAIN : connection->table_filled ? FILLED : FILLING;
    connection->table_filled = true;
    connection->window -= message.count;
    write_frame(&connection->out, HEADERS, END_HEADERS | (options.grpc ? 0 : END_STREAM), stream, heads[kind].bytes,
        heads[kind].count);
    if (options.grpc) write_frame(&connection->out, DATA, END_STREAM, stream, message.bytes, message.count);
}

static void finish(Connection *connection, Request *request, bool well) {
    uint64_t now = now_ns(), latency = now - request->due;
    if (request->due >= measure_from && request->due < measure_until) {
        append(&latencies, &latency, sizeof latency);
        done++;
        latest_answer = now;
        if (!well) failed++;
    } else if (!well) {
        failed++;
    }
    request->stream = 0;
    connection->in_flight--;
}

static Request *request_of(Connection *connection, uint32_t stream) {
    for (int index = 0; index < options.streams; index++)
        if (connection->requests[index].stream == stream) return &connection->requests[index];
    return NULL;
}

static void handle_frame(Connection *connection, const Frame *frame) {
    Request *request = frame->stream ? request_of(connection, frame->stream) : NULL;
    switch (frame->type) {
        case SETTINGS:
            if (frame->flags & ACK) return;
            if (setting(frame, HEADER_TABLE_SIZE, DEFAULT_TABLE) < DEFAULT_TABLE) connection->fills_table = false;
            if (setting(frame, MAX_CONCURRENT_STREAMS, 1 << 20) < (uint32_t)options.streams) die("too few streams allowed");
            write_frame(&connection->out, SETTINGS, ACK, 0, NULL, 0);
            connection->ready = true;
            return;
        case PING:
            if (!(frame->flags & ACK)) write_frame(&connection->out, PING, ACK, 0, frame->payload, frame->length);
            return;
        case WINDOW_UPDATE:
            if (frame->stream == 0) connection->window += read32(frame->payload);
            return;
        case GOAWAY: die("GOAWAY with error %u after %ld requests", read32(frame->payload + 4), sent);
        case RST_STREAM:
            if (request) finish(connection, request, false);
            return;
        case HEADERS:
            if (!(frame->flags & END_HEADERS)) die("a head in CONTINUATION frames");
            if (request && !request->answered && !is_status_200(frame)) return finish(connection, request, false);
            if (request) request->answered = true;
            break;
        case DATA:
            if ((connection->received += frame->length) > 1 << 28) {
                write_window_update(&connection->out, 0, connection->received);
                connection->received = 0;
            }
            break;
        default: return;
    }
    if (request && frame->flags & END_STREAM) finish(connection, request, request->answered);
}

static void read_http2(Connection *connection) {
    size_t at = 0, count;
    Frame frame;
    while ((count = read_frame(connection->in.bytes + at, connection->in.count - at, &frame)) > 0) {
        handle_frame(connection, &frame);
        at += count;
    }
    take(&connection->in, at);
}

static void read_http1(Connection *connection) {
    Buffer *in = &connection->in;
    size_t at = 0;
    while (at < in->count) {
        if (connection->body_left == 0) {
            char *start = (char *)in->bytes + at, *end = memmem(start, in->count - at, "\r\n\r\n", 4);
            if (!end) break;
            *end = 0;
            char *length = strcasestr(start, "\ncontent-length:");
            if (!length) die("an answer without Content-Length: %s", start);
            connection->requests[0].answered = strncmp(start, "HTTP/1.1 200", 12) == 0;
            connection->body_left = strtoul(length + 16, NULL, 10);
            at = end + 4 - (char *)in->bytes;
        }
        size_t part = in->count - at < connection->body_left ? in->count - at : connection->body_left;
        at += part;
        connection->body_left -= part;
        if (connection->body_left == 0) finish(connection, connection->requests, connection->requests[0].answered);
    }
    take(in, at);
}

static void flush(Connection *connection) {
    if (connection->out.count == 0 && !connection->waits_to_write) return;
    if (!send_some(connection->fd, &connection->out)) die("a connection was closed after %ld requests", sent);
    bool waits = connection->out.count > 0;
    if (waits == connection->waits_to_write) return;
    struct epoll_event event = {.events = EPOLLIN | (waits ? EPOLLOUT : 0), .data.ptr = connection};
    epoll_ctl(poller, EPOLL_CTL_MOD, connection->fd, &event);
    connection->waits_to_write = waits;
}

static void open_connection(Connection *connection, const char *host, int port) {
    *connection = (Connection){
        .fd = connect_to(host, port), .next_stream = 1, .ready = !options.http2, .fills_table = true,
        .window = DEFAULT_WINDOW, .requests = calloc(options.streams, sizeof(Request))};
    non_blocking(connection->fd);
    if (options.http2) {
        append(&connection->out, PREFACE, PREFACE_BYTES);
        write_settings(&connection->out, 0);
    }
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    epoll_ctl(poller, EPOLL_CTL_ADD, connection->fd, &event);
    flush(connection);
}

/// Handles what has come by `until`, or returns earlier when something has.
static void poll_until(uint64_t until) {
    uint64_t now = now_ns(), wait = until > now ? until - now : 0;
    struct timespec timeout = {.tv_sec = wait / 1000000000, .tv_nsec = wait % 1000000000};
    struct epoll_event events[256];
    int ready = epoll_pwait2(poller, events, 256, &timeout, NULL);
    for (int index = 0; index < ready; index++) {
        Connection *connection = events[index].data.ptr;
        if (!receive_some(connection->fd, &connection->in)) die("a connection was closed after %ld requests", sent);
        if (options.http2) read_http2(connection);
        else read_http1(connection);
        if (options.rate == 0)
            while (has_room(connection) && (options.count == 0 || sent < options.count)) send_request(connection, now_ns());
        flush(connection);
    }
}

static double next_gap(void) {
    static uint64_t state = 88172645463325252;
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return -log((state >> 11) * 0x1p-53 + 0x1p-54) / options.rate * 1e9;
}

/// Gives requests that are due to connections with room, in turn; the rest stays in line.
static void send_due(void) {
    static int turn;
    size_t given = 0;
    for (int tried = 0; given < due_times.count && tried < options.connections;) {
        Connection *connection = &connections[turn];
        turn = (turn + 1) % options.connections;
        if (!has_room(connection)) {
            tried++;
            continue;
        }
        uint64_t due;
        memcpy(&due, due_times.bytes + given, sizeof due);
        given += sizeof due;
        send_request(connection, due);
        tried = 0;
    }
    take(&due_times, given);
    if (given > 0)
        for (int index = 0; index < options.connections; index++) flush(&connections[index]);
}

static void run_open(uint64_t start) {
    double next = start;
    while (now_ns() < measure_until) {
        for (uint64_t now = now_ns(); next <= now && next < measure_until; next += next_gap()) {
            uint64_t due = next;
            append(&due_times, &due, sizeof due);
        }
        send_due();
        poll_until(next < measure_until ? next : measure_until);
    }
    for (uint64_t patience = now_ns() + 2000000000; now_ns() < patience;) {
        send_due();
        bool busy = due_times.count > 0;
        for (int index = 0; index < options.connections; index++) busy |= connections[index].in_flight > 0;
        if (!busy) break;
        poll_until(now_ns() + 1000000);
    }
    // What was never answered took at least until now.
    uint64_t now = now_ns();
    for (size_t at = 0; at < due_times.count; at += sizeof(uint64_t)) {
        uint64_t due;
        memcpy(&due, due_times.bytes + at, sizeof due);
        due = now - due;
        append(&latencies, &due, sizeof due);
        unanswered++;
    }
    for (int index = 0; index < options.connections; index++)
        for (int slot = 0; slot < options.streams; slot++) {
            uint64_t latency = now - connections[index].requests[slot].due;
            if (connections[index].requests[slot].stream == 0) continue;
            append(&latencies, &latency, sizeof latency);
            unanswered++;
        }
}

static void run_closed(void) {
    for (int index = 0; index < options.connections; index++) {
        Connection *connection = &connections[index];
        while (has_room(connection) && (options.count == 0 || sent < options.count)) send_request(connection, now_ns());
        flush(connection);
    }
    uint64_t patience = now_ns() + 120000000000;
    while (options.count ? done < options.count : now_ns() < measure_until) {
        poll_until(options.count ? patience : measure_until);
        if (options.count && now_ns() > patience) die("%ld of %ld requests answered in 120 s", done, options.count);
    }
}

static int ascending(const void *left, const void *right) {
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

static void print_quantiles(const char *name, Buffer *values) {
    uint64_t *sorted = (uint64_t *)values->bytes;
    size_t count = values->count / sizeof *sorted;
    if (count > 0) qsort(sorted, count, sizeof *sorted, ascending);
    printf(", \"%s\": {", name);
    static const struct { const char *name; double share; } quantiles[] = {
        {"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}, {"max", 1}};
    for (size_t index = 0; index < 5; index++) {
        size_t rank = ceil(quantiles[index].share * count);
        double value = count == 0 ? 0 : sorted[rank > 0 ? rank - 1 : 0] / 1e3;
        printf("%s\"%s\": %.1f", index ? ", " : "", quantiles[index].name, value);
    }
    printf("}");
}

int main(int count, char **arguments) {
    for (int option; (option = getopt(count, arguments, "2gc:m:r:s:w:n:a:p:")) != -1;) switch (option) {
        case '2': options.http2 = true; break;
        case 'g': options.grpc = true; break;
        case 'c': options.connections = atoi(optarg); break;
        case 'm': options.streams = atoi(optarg); break;
        case 'r': options.rate = atof(optarg); break;
        case 's': options.seconds = atof(optarg); break;
        case 'w': options.warm_up = atof(optarg); break;
        case 'n': options.count = atol(optarg); break;
        case 'a': options.authority = optarg; break;
        case 'p': options.path = optarg; break;
        default: return 64;
    }
    if (count - optind != 2 || options.connections < 1 || options.streams < 1) die("load: ADDRESS PORT are missing");
    if (!options.http2 && (options.streams > 1 || options.grpc)) die("load: -m and -g need -2");
    if (options.count && options.rate) die("load: -n has no rate");
    prctl(PR_SET_TIMERSLACK, 1);
    prepare();
    poller = epoll_create1(EPOLL_CLOEXEC);
    connections = calloc(options.connections, sizeof *connections);
    for (int index = 0; index < options.connections; index++)
        open_connection(&connections[index], arguments[optind], atoi(arguments[optind + 1]));

    // An HTTP/2 peer's SETTINGS come first: they say whether its table may be filled.
    uint64_t patience = now_ns() + 5000000000;
    double rate = options.rate;
    options.rate = 1;  // nothing is sent yet
    for (bool all = false; !all;) {
        all = true;
        for (int index = 0; index < options.connections; index++) all &= connections[index].ready;
        if (!all) poll_until(now_ns() + 10000000);
        if (!all && now_ns() > patience) die("no SETTINGS within 5 s");
    }
    options.rate = rate;

    uint64_t start = now_ns();
    measure_from = start + (uint64_t)(options.warm_up * 1e9);
    measure_until = options.count ? UINT64_MAX : measure_from + (uint64_t)(options.seconds * 1e9);
    if (options.rate > 0) run_open(start);
    else run_closed();
    double seconds = options.count ? (latest_answer - start) / 1e9 : options.seconds;
    printf("{\"requests\": %ld, \"failed\": %ld, \"unanswered\": %ld, \"seconds\": %.3f, \"rate\": %.1f", done, failed,
        unanswered, seconds, done / seconds);
    print_quantiles("latency_us", &latencies);
    print_quantiles("late_us", &lateness);
    puts("}");
}
