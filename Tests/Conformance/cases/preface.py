"""The connection preface (RFC 9113 3.4) and what is common to all frames (4)."""

from support.http2 import wire
from outcome import MALFORMED, NOTHING, answered, case, connection_error, stream_error
from support.http2.wire import (
    COMPRESSION_ERROR, FRAME_SIZE_ERROR, PREFACE, PROTOCOL_ERROR, block, continuation, data, frame, get, headers, ping, post,
    priority, settings)


def opening(name, *steps, allowed, **more):
    return case(name, "9113 3.4", *steps, allowed=allowed, preface=False, **more)


def first_frame_is_settings(peer):
    first = peer.frames[0]
    assert first.kind == wire.SETTINGS and not first.flags & wire.ACK and first.stream == 0, peer.frames


def settings_are_sane(peer):
    """RFC 9113 6.5.2: what a server may say."""
    assert peer.settings.get(wire.ENABLE_PUSH, 0) == 0
    assert peer.settings.get(wire.INITIAL_WINDOW_SIZE, 0) < 2**31
    assert 16384 <= peer.settings.get(wire.MAX_FRAME_SIZE, 16384) < 2**24
    assert peer.settings.get(wire.ENABLE_CONNECT_PROTOCOL, 0) in (0, 1)


def unused_flags_of_answers_are_unset(peer):
    """RFC 9113 4.1: flags without a meaning must be left unset."""
    meaning = {wire.DATA: 0x09, wire.HEADERS: 0x2D, wire.SETTINGS: 0x01, wire.PING: 0x01, wire.CONTINUATION: 0x04}
    for it in peer.frames:
        assert not it.flags & ~meaning.get(it.kind, 0), it


def in_pieces(octets):
    def send(peer):
        for octet in octets:
            peer.send(bytes([octet]))
    return send


def no_frame_is_too_long(peer):
    assert max(len(it.payload) for it in peer.frames) <= 16384


CASES = [
    opening("preface with a request at once", PREFACE + settings() + get(1, "/direct"), allowed=answered(),
            check=first_frame_is_settings),
    opening("the server's settings", PREFACE + settings() + get(1), allowed=answered(), check=settings_are_sane),
    opening("preface in single octets", in_pieces(PREFACE + settings() + get(1, "/direct")), allowed=answered()),
    opening("settings in the preface", PREFACE + settings((wire.INITIAL_WINDOW_SIZE, 100000)) + get(1), allowed=answered()),
    opening("another frame than SETTINGS first", PREFACE + ping(), allowed=connection_error(PROTOCOL_ERROR)),
    opening("HEADERS first", PREFACE + get(1), allowed=connection_error(PROTOCOL_ERROR)),
    opening("SETTINGS with ACK first", PREFACE + settings(ack=True) + get(1),
            allowed=connection_error(PROTOCOL_ERROR),),
    opening("preface that goes wrong", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\rX" + settings(), allowed=connection_error(PROTOCOL_ERROR)),
    case("the preface a second time", "9113 3.4", PREFACE, allowed=connection_error(PROTOCOL_ERROR, FRAME_SIZE_ERROR)),

    # 4.1
    case("frame of an unknown type", "9113 4.1", frame(0x16, 0xFF, 0, b"whatever"), allowed=NOTHING),
    case("frame of an unknown type on a new stream", "9113 4.1", frame(0x42, 0, 1, b"whatever"),
         allowed=(*NOTHING, *connection_error(PROTOCOL_ERROR))),
    case("frame of an unknown type before a request", "9113 4.1", frame(0xFF, 0, 0, bytes(8)) + get(1), allowed=answered()),
    case("frame of an unknown type within a stream", "9113 4.1",
         post(1) + frame(0x50, 0x1, 1, b"x") + data(1, b"hi", end=True), allowed=answered()),
    case("frame of an unknown type of no octets", "9113 4.1", frame(0x80), allowed=NOTHING),
    case("undefined flags of PING", "9113 4.1", frame(wire.PING, 0xFE, 0, bytes(8)), allowed=NOTHING,
         check=lambda peer: _pong(peer, bytes(8))),
    case("undefined flags of HEADERS", "9113 4.1", headers(1, block(), flags=0x92), allowed=answered()),
    case("undefined flags of DATA", "9113 4.1", post(1) + data(1, b"hi", end=True, flags=0xF6), allowed=answered()),
    case("undefined flags of SETTINGS", "9113 4.1", frame(wire.SETTINGS, 0xFE) + get(1), allowed=answered()),
    case("reserved bit of PING", "9113 4.1", frame(wire.PING, 0, 0x80000000, b"reserved"), allowed=NOTHING,
         check=lambda peer: _pong(peer, b"reserved")),
    case("reserved bit of HEADERS", "9113 4.1", frame(wire.HEADERS, 0x5, 0x80000001, block()), allowed=answered()),
    case("reserved bit of DATA", "9113 4.1", post(1) + frame(wire.DATA, 0x1, 0x80000001, b"hi"), allowed=answered()),
    case("flags of answers", "9113 4.1", get(1) + ping() + settings(), allowed=answered(),
         check=unused_flags_of_answers_are_unset),
    case("frames in single octets", "9113 4.1", in_pieces(post(1) + data(1, b"hello", end=True)), allowed=answered()),
    case("many frames in one write", "9113 4.1", b"".join(get(stream) for stream in range(1, 41, 2)), allowed=answered(),
         stream=39),

    # 4.2
    case("DATA of 16,384 octets", "9113 4.2", post(1) + data(1, b"x" * 16384, end=True), allowed=answered()),
    case("DATA over SETTINGS_MAX_FRAME_SIZE", "9113 4.2", post(1), lambda peer: peer.send(data(1, bytes(_too_long(peer)))),
         allowed=stream_error(FRAME_SIZE_ERROR)),
    case("HEADERS over SETTINGS_MAX_FRAME_SIZE", "9113 4.2",
         lambda peer: peer.send(headers(1, block(("x-long", "v" * _too_long(peer))))), allowed=connection_error(FRAME_SIZE_ERROR)),
    case("SETTINGS over SETTINGS_MAX_FRAME_SIZE", "9113 4.2",
         lambda peer: peer.send(settings(*[(0x9999, 1)] * (_too_long(peer) // 6 + 1))), allowed=connection_error(FRAME_SIZE_ERROR)),
    case("unknown frame over SETTINGS_MAX_FRAME_SIZE", "9113 4.2",
         lambda peer: peer.send(frame(0x20, 0, 0, bytes(_too_long(peer)))), allowed=connection_error(FRAME_SIZE_ERROR)),
    case("CONTINUATION over SETTINGS_MAX_FRAME_SIZE", "9113 4.2",
         lambda peer: peer.send(headers(1, block(), whole=False) + continuation(1, bytes(_too_long(peer)))),
         allowed=connection_error(FRAME_SIZE_ERROR)),
    case("length of 16,777,215 octets", "9113 4.2", frame(wire.PING, 0, 0, bytes(100), length=0xFFFFFF),
         allowed=connection_error(FRAME_SIZE_ERROR)),
    case("answers keep to our SETTINGS_MAX_FRAME_SIZE", "9113 4.2", get(1, "/size/60000"), allowed=answered(),
         check=no_frame_is_too_long),
    case("our SETTINGS_MAX_FRAME_SIZE of 16,777,215 does no harm", "9113 4.2", get(1, "/size/60000"), allowed=answered(),
         settings=((wire.MAX_FRAME_SIZE, 2**24 - 1),)),

    # 4.3
    case("a field block that does not decode", "9113 4.3", headers(1, wire.indexed(200)), allowed=connection_error(COMPRESSION_ERROR)),
    case("a field block that does not decode as trailers", "9113 4.3", post(1) + data(1, b"hi") + headers(1, wire.indexed(200)),
         allowed=connection_error(COMPRESSION_ERROR)),
    case("a field block that ends within a field", "9113 4.3", headers(1, block()[:-3]), allowed=connection_error(COMPRESSION_ERROR)),
    case("a field block on a stream that is refused is still decoded", "9113 4.3",
         headers(1, wire.literal("x-kept", "yes", into_table=True) + block(("X-UPPER", "1"))),
         lambda peer: peer.alive(), headers(3, block(path="/echo") + wire.indexed(62)), allowed=(*answered(), *MALFORMED), stream=3,
         check=lambda peer: _echoes(peer, 3, "x-kept", "yes")),
    case("PRIORITY within a field block", "9113 4.3", headers(1, block()[:9], whole=False) + priority(1) + continuation(1, block()[9:]),
         allowed=connection_error(PROTOCOL_ERROR)),
    case("PING within a field block", "9113 4.3", headers(1, block()[:9], whole=False) + ping(),
         allowed=connection_error(PROTOCOL_ERROR)),
    case("HEADERS of another stream within a field block", "9113 4.3", headers(1, block()[:9], whole=False) + get(3),
         allowed=connection_error(PROTOCOL_ERROR)),
    case("HEADERS of the same stream within a field block", "9113 4.3", headers(1, block()[:9], whole=False) + get(1),
         allowed=connection_error(PROTOCOL_ERROR)),
    case("unknown frame within a field block", "9113 4.3", headers(1, block()[:9], whole=False) + frame(0x33, 0, 1, b"x"),
         allowed=connection_error(PROTOCOL_ERROR)),
]


def _too_long(peer) -> int:
    return peer.settings.get(wire.MAX_FRAME_SIZE, 16384) + 1


def _pong(peer, payload: bytes):
    assert payload in peer.pongs


def _echoes(peer, stream: int, name: str, value: str):
    body = peer.response(stream).body.decode()
    # A target that refuses by ending the connection has no second answer to look at.
    assert not body or f'["{name}", "{value}"]' in body, body
