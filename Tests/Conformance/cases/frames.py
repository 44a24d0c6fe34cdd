"""Each frame type's own rules (RFC 9113 6)."""

from support.http2 import wire
from outcome import MALFORMED, NOTHING, answered, case, connection_error, ended, pause, stream_error
from support.http2.wire import (
    FLOW_CONTROL_ERROR, FRAME_SIZE_ERROR, PADDED, PRIORITISED, PROTOCOL_ERROR, block, continuation, data, dependency, frame,
    get, goaway, headers, ping, post, priority, rst_stream, settings, window_update)

SIZE = connection_error(FRAME_SIZE_ERROR)
PROTOCOL = connection_error(PROTOCOL_ERROR)


def pong(payload: bytes):
    def check(peer):
        assert peer.pongs.count(payload) == 1, peer.pongs
    return check


def acknowledged(count: int):
    """So many SETTINGS of ours were acknowledged, the preface's among them."""
    def check(peer):
        assert peer.acknowledged == count, peer.frames
    return check


def not_echoed(peer):
    assert b"answered" not in peer.pongs


def body(octets: bytes):
    def check(peer):
        assert f'"body": "{octets.decode()}"'.encode() in peer.response(1).body, peer.response(1).body
    return check


CASES = [
    # 6.1 DATA
    case("DATA on stream 0", "9113 6.1", data(0, b"hi"), allowed=PROTOCOL),
    case("padded DATA", "9113 6.1", post(1) + data(1, b"hi", end=True, pad=10), allowed=answered(), check=body(b"hi")),
    case("padded DATA of no padding", "9113 6.1", post(1) + data(1, b"hi", end=True, pad=0), allowed=answered(), check=body(b"hi")),
    case("padded DATA of nothing but padding", "9113 6.1", post(1) + data(1, b"", end=True, pad=255), allowed=answered(), check=body(b"")),
    case("DATA with as much padding as there are octets", "9113 6.1", post(1) + frame(wire.DATA, PADDED | 1, 1, bytes([5]) + b"hello"),
         allowed=answered(), check=body(b"")),
    case("DATA with more padding than there are octets", "9113 6.1", post(1) + frame(wire.DATA, PADDED | 1, 1, bytes([6]) + b"hello"),
         allowed=PROTOCOL),
    case("padded DATA without a pad length", "9113 6.1", post(1) + frame(wire.DATA, PADDED | 1, 1),
         allowed=connection_error(PROTOCOL_ERROR, FRAME_SIZE_ERROR)),
    case("DATA with padding that is not zero", "9113 6.1", post(1) + frame(wire.DATA, PADDED | 1, 1, b"\3hixyz"),
         allowed=(*answered(), *PROTOCOL)),

    # 6.2 HEADERS
    case("HEADERS with priority", "9113 6.2", headers(1, dependency(0) + block(), flags=PRIORITISED), allowed=answered()),
    case("HEADERS exclusive", "9113 6.2", headers(1, dependency(0, exclusive=True) + block(), flags=PRIORITISED), allowed=answered()),
    case("HEADERS with padding", "9113 6.2", headers(1, b"\4" + block() + bytes(4), flags=PADDED), allowed=answered()),
    case("HEADERS with padding and priority", "9113 6.2", headers(1, b"\4" + dependency(0) + block() + bytes(4), flags=PADDED | PRIORITISED),
         allowed=answered()),
    case("HEADERS with more padding than there are octets", "9113 6.2", headers(1, b"\xff" + block(), flags=PADDED), allowed=PROTOCOL),
    case("HEADERS with padding that eats the priority", "9113 6.2", headers(1, b"\5" + bytes(7), flags=PADDED | PRIORITISED),
         allowed=connection_error(PROTOCOL_ERROR, FRAME_SIZE_ERROR)),
    case("padded HEADERS of no octets", "9113 6.2", headers(1, b"", flags=PADDED), allowed=connection_error(PROTOCOL_ERROR, FRAME_SIZE_ERROR)),
    case("HEADERS too short for its priority", "9113 6.2", headers(1, b"\0\0\0", flags=PRIORITISED),
         allowed=connection_error(FRAME_SIZE_ERROR, PROTOCOL_ERROR)),
    case("HEADERS that depends on itself", "9113 5.3", headers(1, dependency(1) + block(), flags=PRIORITISED),
         allowed=(*answered(), *stream_error(PROTOCOL_ERROR))),
    case("HEADERS on stream 0", "9113 6.2", headers(0, block()), allowed=PROTOCOL),
    case("HEADERS of an empty block", "9113 6.2", headers(1, b""), allowed=MALFORMED),

    # 6.3 PRIORITY
    case("PRIORITY on stream 0", "9113 6.3", frame(wire.PRIORITY, 0, 0, dependency(0)), allowed=PROTOCOL),
    case("PRIORITY of four octets", "9113 6.3", frame(wire.PRIORITY, 0, 1, bytes(4)), allowed=stream_error(FRAME_SIZE_ERROR)),
    case("PRIORITY of six octets", "9113 6.3", frame(wire.PRIORITY, 0, 1, bytes(6)), allowed=stream_error(FRAME_SIZE_ERROR)),
    case("PRIORITY of no octets", "9113 6.3", frame(wire.PRIORITY, 0, 1), allowed=stream_error(FRAME_SIZE_ERROR)),
    case("PRIORITY of four octets on an open stream", "9113 6.3", post(1), frame(wire.PRIORITY, 0, 1, bytes(4)),
         allowed=stream_error(FRAME_SIZE_ERROR)),
    case("PRIORITY that depends on itself", "9113 5.3", priority(1, on=1) + get(1), allowed=(*answered(), *stream_error(PROTOCOL_ERROR))),
    case("PRIORITY that depends on a stream that is not there", "9113 5.3", priority(1, on=99) + get(1), allowed=answered()),
    case("PRIORITY exclusive on a loop", "9113 5.3", priority(3, on=5) + priority(5, on=3, exclusive=True) + get(1), allowed=answered()),
    case("PRIORITY before a lower stream", "9113 5.3", priority(7) + get(1), allowed=answered()),
    case("PRIORITY on an even stream", "9113 5.3", priority(8) + get(1), allowed=answered()),

    # 6.4 RST_STREAM
    case("RST_STREAM on stream 0", "9113 6.4", frame(wire.RST_STREAM, 0, 0, bytes(4)), allowed=PROTOCOL),
    case("RST_STREAM of three octets", "9113 6.4", post(1), frame(wire.RST_STREAM, 0, 1, bytes(3)), allowed=SIZE),
    case("RST_STREAM of five octets", "9113 6.4", post(1), frame(wire.RST_STREAM, 0, 1, bytes(5)), allowed=SIZE),
    case("RST_STREAM with an unknown code", "9113 7", post(1) + rst_stream(1, 0xFACE) + get(3), allowed=answered(), stream=3),
    case("RST_STREAM with every code", "9113 7", b"".join(post(1 + 2 * code) + rst_stream(1 + 2 * code, code) for code in range(14)) + get(99),
         allowed=answered(), stream=99),

    # 6.5 SETTINGS
    case("SETTINGS is acknowledged", "9113 6.5.3", settings((wire.INITIAL_WINDOW_SIZE, 70000)), allowed=NOTHING, check=acknowledged(2)),
    case("SETTINGS of no octets is acknowledged", "9113 6.5.3", settings(), allowed=NOTHING, check=acknowledged(2)),
    case("each SETTINGS is acknowledged", "9113 6.5.3", settings() * 5, allowed=NOTHING, check=acknowledged(6)),
    case("SETTINGS on a stream", "9113 6.5", frame(wire.SETTINGS, 0, 1), allowed=PROTOCOL),
    case("SETTINGS with ACK on a stream", "9113 6.5", frame(wire.SETTINGS, 1, 1), allowed=PROTOCOL),
    case("SETTINGS with ACK and octets", "9113 6.5", frame(wire.SETTINGS, 1, 0, bytes(6)), allowed=SIZE),
    case("SETTINGS of five octets", "9113 6.5", frame(wire.SETTINGS, 0, 0, bytes(5)), allowed=SIZE),
    case("SETTINGS of seven octets", "9113 6.5", frame(wire.SETTINGS, 0, 0, bytes(7)), allowed=SIZE),
    case("SETTINGS with ACK that nobody asked for", "9113 6.5.3", settings(ack=True), allowed=(*NOTHING, *PROTOCOL)),
    case("ENABLE_PUSH of 2", "9113 6.5.2", settings((wire.ENABLE_PUSH, 2)), allowed=PROTOCOL),
    case("ENABLE_PUSH of 0 and of 1", "9113 6.5.2", settings((wire.ENABLE_PUSH, 0)) + settings((wire.ENABLE_PUSH, 1)) + get(1),
         allowed=answered()),
    case("INITIAL_WINDOW_SIZE of 2^31", "9113 6.5.2", settings((wire.INITIAL_WINDOW_SIZE, 2**31)), allowed=connection_error(FLOW_CONTROL_ERROR)),
    case("INITIAL_WINDOW_SIZE of 2^32-1", "9113 6.5.2", settings((wire.INITIAL_WINDOW_SIZE, 2**32 - 1)),
         allowed=connection_error(FLOW_CONTROL_ERROR)),
    case("INITIAL_WINDOW_SIZE of 2^31-1", "9113 6.5.2", settings((wire.INITIAL_WINDOW_SIZE, 2**31 - 1)) + get(1), allowed=answered()),
    case("MAX_FRAME_SIZE of 16,383", "9113 6.5.2", settings((wire.MAX_FRAME_SIZE, 16383)), allowed=PROTOCOL),
    case("MAX_FRAME_SIZE of 0", "9113 6.5.2", settings((wire.MAX_FRAME_SIZE, 0)), allowed=PROTOCOL),
    case("MAX_FRAME_SIZE of 2^24", "9113 6.5.2", settings((wire.MAX_FRAME_SIZE, 2**24)), allowed=PROTOCOL),
    case("MAX_FRAME_SIZE at its ends", "9113 6.5.2", settings((wire.MAX_FRAME_SIZE, 2**24 - 1)) + settings((wire.MAX_FRAME_SIZE, 16384)) + get(1),
         allowed=answered()),
    case("MAX_CONCURRENT_STREAMS of 0", "9113 6.5.2", settings((wire.MAX_CONCURRENT_STREAMS, 0)) + get(1), allowed=answered()),
    case("MAX_HEADER_LIST_SIZE of 4 GiB", "9113 6.5.2", settings((wire.MAX_HEADER_LIST_SIZE, 2**32 - 1)) + get(1), allowed=answered()),
    case("HEADER_TABLE_SIZE of 4 GiB", "9113 6.5.2", settings((wire.HEADER_TABLE_SIZE, 2**32 - 1)) + get(1), pause, get(3),
         allowed=answered(), stream=3),
    case("HEADER_TABLE_SIZE of 0", "9113 6.5.2", settings((wire.HEADER_TABLE_SIZE, 0)) + get(1), ended(1), get(3), allowed=answered(), stream=3),
    case("ENABLE_CONNECT_PROTOCOL of 2", "8441 3", settings((wire.ENABLE_CONNECT_PROTOCOL, 2)), allowed=(*PROTOCOL, *NOTHING)),
    case("an unknown setting", "9113 6.5.2", settings((0xABCD, 12345), (0, 1)) + get(1), allowed=answered()),
    case("settings are taken in their order", "9113 6.5.3",
         settings((wire.INITIAL_WINDOW_SIZE, 0), (wire.INITIAL_WINDOW_SIZE, 100)) + get(1, "/size/50"), allowed=answered()),
    case("the last of a bad value and a good one", "9113 6.5.3", settings((wire.MAX_FRAME_SIZE, 1), (wire.MAX_FRAME_SIZE, 20000)), allowed=PROTOCOL),

    # 6.6 PUSH_PROMISE
    case("PUSH_PROMISE from a client", "9113 8.4", post(1), frame(wire.PUSH_PROMISE, 0x4, 1, bytes(3) + b"\2" + block()), allowed=PROTOCOL),
    case("PUSH_PROMISE on stream 0", "9113 6.6", frame(wire.PUSH_PROMISE, 0x4, 0, bytes(3) + b"\2" + block()), allowed=PROTOCOL),

    # 6.7 PING
    case("PING is answered with its octets", "9113 6.7", ping(b"answered"), allowed=NOTHING, check=pong(b"answered")),
    case("PING with ACK is not answered", "9113 6.7", ping(b"answered", ack=True), allowed=NOTHING, check=not_echoed),
    case("each PING is answered once", "9113 6.7", b"".join(ping(b"number %d" % number) for number in range(10)), allowed=NOTHING,
         check=lambda peer: [pong(b"number %d" % number)(peer) for number in range(10)]),
    case("PING on a stream", "9113 6.7", frame(wire.PING, 0, 1, bytes(8)), allowed=PROTOCOL),
    case("PING of seven octets", "9113 6.7", frame(wire.PING, 0, 0, bytes(7)), allowed=SIZE),
    case("PING of nine octets", "9113 6.7", frame(wire.PING, 0, 0, bytes(9)), allowed=SIZE),
    case("PING of no octets", "9113 6.7", frame(wire.PING), allowed=SIZE),
    case("PING with ACK of six octets", "9113 6.7", frame(wire.PING, 1, 0, bytes(6)), allowed=SIZE),
    case("PING while a request's body comes", "9113 6.7", post(1) + data(1, b"a") + ping(b"answered") + data(1, b"b", end=True),
         allowed=answered(), check=pong(b"answered")),

    # 6.8 GOAWAY
    case("GOAWAY on a stream", "9113 6.8", frame(wire.GOAWAY, 0, 1, bytes(8)), allowed=PROTOCOL),
    case("GOAWAY of seven octets", "9113 6.8", frame(wire.GOAWAY, 0, 0, bytes(7)), allowed=SIZE),
    case("GOAWAY of no octets", "9113 6.8", frame(wire.GOAWAY), allowed=SIZE),

    # 6.9 WINDOW_UPDATE
    case("WINDOW_UPDATE of 0 for the connection", "9113 6.9", window_update(0, 0), allowed=PROTOCOL),
    case("WINDOW_UPDATE of 0 for a stream", "9113 6.9", post(1), window_update(1, 0), allowed=stream_error(PROTOCOL_ERROR)),
    case("WINDOW_UPDATE of 0 and the reserved bit", "9113 6.9", window_update(0, 2**31), allowed=PROTOCOL),
    case("WINDOW_UPDATE with the reserved bit", "9113 6.9", window_update(0, 2**31 + 10) + get(1), allowed=answered()),
    case("WINDOW_UPDATE of three octets", "9113 6.9", frame(wire.WINDOW_UPDATE, 0, 0, bytes(3)), allowed=SIZE),
    case("WINDOW_UPDATE of five octets", "9113 6.9", frame(wire.WINDOW_UPDATE, 0, 0, b"\0\0\0\1\0"), allowed=SIZE),
    case("WINDOW_UPDATE of five octets on a stream", "9113 6.9", post(1), frame(wire.WINDOW_UPDATE, 0, 1, b"\0\0\0\1\0"), allowed=SIZE),

    # 6.10 CONTINUATION
    case("a field block in two frames", "9113 6.10", headers(1, block()[:10], whole=False) + continuation(1, block()[10:]), allowed=answered()),
    case("a field block in an octet each", "9113 6.10", headers(1, block()[:1], whole=False)
         + b"".join(continuation(1, bytes([octet]), whole=False) for octet in block()[1:-1]) + continuation(1, block()[-1:]),
         allowed=(*answered(), *connection_error(PROTOCOL_ERROR, wire.ENHANCE_YOUR_CALM))),
    case("a field block that begins empty", "9113 6.10", headers(1, b"", whole=False) + continuation(1, block()), allowed=answered()),
    case("a field block that ends empty", "9113 6.10", headers(1, block(), whole=False) + continuation(1, b""), allowed=answered()),
    case("END_STREAM goes with HEADERS, not with CONTINUATION", "9113 6.2",
         headers(1, block(method="POST", path="/echo")[:10], end=False, whole=False) + continuation(1, block(method="POST", path="/echo")[10:]),
         data(1, b"hi", end=True), allowed=answered(), check=body(b"hi")),
    case("CONTINUATION's other flags mean nothing", "9113 6.10",
         headers(1, block()[:10], whole=False) + continuation(1, block()[10:], flags=0xF3), allowed=answered()),
    case("trailers in two frames", "9113 6.10", post(1) + data(1, b"hi") + headers(1, wire.fields(("x-a", "1"))[:3], whole=False)
         + continuation(1, wire.fields(("x-a", "1"))[3:]), allowed=answered()),
    case("CONTINUATION after a whole field block", "9113 6.10", post(1), continuation(1, block()), allowed=PROTOCOL),
    case("CONTINUATION after a CONTINUATION that was the last", "9113 6.10",
         headers(1, block(method="POST")[:10], end=False, whole=False) + continuation(1, block(method="POST")[10:]) + continuation(1, block()),
         allowed=PROTOCOL),
    case("CONTINUATION after DATA", "9113 6.10", post(1) + data(1, b"hi") + continuation(1, block()), allowed=PROTOCOL),
    case("CONTINUATION on stream 0", "9113 6.10", headers(1, block()[:10], whole=False) + continuation(0, block()[10:]), allowed=PROTOCOL),
    case("CONTINUATION of another stream", "9113 6.10", headers(1, block()[:10], whole=False) + continuation(3, block()[10:]), allowed=PROTOCOL),
    case("CONTINUATION alone on stream 0", "9113 6.10", continuation(0, block()), allowed=PROTOCOL),
    case("DATA before the field block's end", "9113 6.10", headers(1, block(), whole=False) + data(1, b"hi"), allowed=PROTOCOL),
    case("RST_STREAM before the field block's end", "9113 6.10", headers(1, block(), whole=False) + rst_stream(1), allowed=PROTOCOL),
    case("SETTINGS before the field block's end", "9113 6.10", headers(1, block(), whole=False) + settings(), allowed=PROTOCOL),
    case("WINDOW_UPDATE before the field block's end", "9113 6.10", headers(1, block(), whole=False) + window_update(0, 1), allowed=PROTOCOL),
    case("GOAWAY before the field block's end", "9113 6.10", headers(1, block(), whole=False) + goaway(), allowed=PROTOCOL),
]
