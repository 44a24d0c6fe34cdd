// HTTP/2 frames (RFC 9113) and the writing half of HPACK (RFC 7541), as much as both ends of a load test need. Heads are
// written once and sent again and again: the first of a connection fills the peer's dynamic table, later ones point
// into it, as real clients and servers do. Peers' heads are not decoded.
#pragma once
#include "net.h"

enum { DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION };
enum { END_STREAM = 1, ACK = 1, END_HEADERS = 4, PADDED = 8, HAS_PRIORITY = 32 };
enum { HEADER_TABLE_SIZE = 1, MAX_CONCURRENT_STREAMS = 3, INITIAL_WINDOW_SIZE = 4 };
enum { FRAME_HEAD = 9, MAX_FRAME = 16384, DEFAULT_WINDOW = 65535, DEFAULT_TABLE = 4096 };
static const char PREFACE[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
enum { PREFACE_BYTES = sizeof PREFACE - 1 };

typedef struct {
    uint32_t length, stream;
    uint8_t type, flags;
    const uint8_t *payload;
} Frame;

static inline uint32_t read32(const uint8_t *at) {
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static inline void write32(uint8_t *at, uint32_t value) {
    at[0] = value >> 24, at[1] = value >> 16, at[2] = value >> 8, at[3] = value;
}

/// The next whole frame from `at`; returns its bytes, or 0 when it is not all there.
static inline size_t read_frame(const uint8_t *at, size_t count, Frame *frame) {
    if (count < FRAME_HEAD) return 0;
    frame->length = read32(at) >> 8;
    frame->type = at[3], frame->flags = at[4];
    frame->stream = read32(at + 5) & 0x7fffffff;
    frame->payload = at + FRAME_HEAD;
    if (memcmp(at, "HTTP/1.1", 8) == 0) die("it answers in HTTP/1.1");
    if (frame->length > MAX_FRAME) die("a frame of %u bytes", frame->length);
    return count < FRAME_HEAD + frame->length ? 0 : FRAME_HEAD + frame->length;
}

static inline void write_frame(Buffer *out, int type, int flags, uint32_t stream, const void *payload, size_t length) {
    uint8_t *head = extend(out, FRAME_HEAD);
    write32(head, (uint32_t)length << 8 | type);
    head[4] = flags;
    write32(head + 5, stream);
    append(out, payload, length);
}

static inline void write_window_update(Buffer *out, uint32_t stream, uint32_t bytes) {
    uint8_t payload[4];
    write32(payload, bytes);
    write_frame(out, WINDOW_UPDATE, 0, stream, payload, sizeof payload);
}

/// Large windows, so that flow control never holds what is measured; without server push.
static inline void write_settings(Buffer *out, uint32_t streams) {
    static const uint32_t window = 1 << 24;
    uint8_t payload[12] = {0, MAX_CONCURRENT_STREAMS, 0, 0, 0, 0, 0, INITIAL_WINDOW_SIZE};
    write32(payload + 2, streams);
    write32(payload + 8, window);
    write_frame(out, SETTINGS, 0, 0, payload, sizeof payload);
    write_window_update(out, 0, 1 << 30);
}

/// What the peer's SETTINGS say of a parameter; `otherwise` when they do not.
static inline uint32_t setting(const Frame *frame, int identifier, uint32_t otherwise) {
    for (uint32_t at = 0; at + 6 <= frame->length; at += 6)
        if ((frame->payload[at] << 8 | frame->payload[at + 1]) == identifier) otherwise = read32(frame->payload + at + 2);
    return otherwise;
}

static inline void hpack_number(Buffer *out, int bits, uint8_t first, size_t value) {
    size_t most = (1u << bits) - 1;
    if (value < most) {
        *extend(out, 1) = first | value;
        return;
    }
    *extend(out, 1) = first | most;
    for (value -= most; value >= 128; value >>= 7) *extend(out, 1) = 128 | (value & 127);
    *extend(out, 1) = value;
}

static inline void hpack_text(Buffer *out, const char *text) {
    hpack_number(out, 7, 0, strlen(text));
    append(out, text, strlen(text));
}

/// A field whose name is at `index` of the static table, or is `name` when that is zero.
static inline void hpack_field(Buffer *out, bool remembered, int index, const char *name, const char *value) {
    hpack_number(out, remembered ? 6 : 4, remembered ? 0x40 : 0, index);
    if (index == 0) hpack_text(out, name);
    hpack_text(out, value);
}

static inline void hpack_indexed(Buffer *out, int index) { hpack_number(out, 7, 0x80, index); }

/// Whether a head begins with `:status: 200` from the static table, as every server writes it.
static inline bool is_status_200(const Frame *frame) {
    uint32_t at = (frame->flags & PADDED ? 1 : 0) + (frame->flags & HAS_PRIORITY ? 5 : 0);
    while (at < frame->length && (frame->payload[at] & 0xe0) == 0x20) {  // a dynamic table size update
        bool longer = (frame->payload[at++] & 0x1f) == 0x1f;
        while (longer && at < frame->length && frame->payload[at++] & 0x80) {}
    }
    return at < frame->length && frame->payload[at] == 0x88;
}
