"""Every frame in every state of a stream (RFC 9113 5.1), identifiers (5.1.1) and how many there may be (5.1.2).

For closed streams RFC 9113 lets a server throw away what comes late; RFC 7540 5.1 had it answer STREAM_CLOSED, and
the independent suites still want that, so this one does where nothing can be in flight any more."""

from support.http2 import wire
from outcome import MALFORMED, NOTHING, answered, case, connection_error, ended, forget, headed, pause, stream_error
from support.http2.wire import (
    PROTOCOL_ERROR, REFUSED_STREAM, STREAM_CLOSED, block, continuation, data, frame, get, headers, post, priority,
    rst_stream, settings, window_update)

#: Answers' bodies are held back: a stream that was asked on stays half-closed (remote).
HELD = ((wire.INITIAL_WINDOW_SIZE, 0),)
TRAILERS = wire.fields(("x-last", "word"))
LATE = (*stream_error(STREAM_CLOSED), *connection_error(PROTOCOL_ERROR))


def idle(name, *steps, allowed, **more):
    return case(f"idle: {name}", "9113 5.1", *steps, allowed=allowed, **more)


def opened(name, *steps, allowed, **more):
    return case(f"open: {name}", "9113 5.1", post(1), *steps, allowed=allowed, **more)


def half_closed(name, *steps, allowed, **more):
    return case(f"half-closed: {name}", "9113 5.1", get(1, "/size/10"), headed(1), *steps, allowed=allowed, settings=HELD, **more)


def over(name, *steps, allowed, **more):
    """Closed by END_STREAM from both sides."""
    return case(f"closed: {name}", "9113 5.1", get(1), ended(1), forget(1), *steps, allowed=allowed, **more)


def reset(name, *steps, allowed, **more):
    """Closed by our own RST_STREAM."""
    return case(f"closed by our RST_STREAM: {name}", "9113 5.1", get(1, "/size/10"), headed(1), rst_stream(1), pause, forget(1), *steps,
                allowed=allowed, settings=HELD, **more)


def refused(name, *steps, allowed, **more):
    """Closed by the server's RST_STREAM (or whatever it says to a malformed request), when our frames are still underway."""
    return case(f"closed by the server: {name}", "9113 5.1", post(1, "/echo", ("X-UPPER", "1")), *steps, get(3),
                allowed=(*allowed, *MALFORMED), stream=3, **more)


CASES = [
    idle("HEADERS", get(1), allowed=answered()),
    idle("PRIORITY", priority(1) + get(1), allowed=answered()),
    idle("PRIORITY of a stream far off", priority(999) + get(1), allowed=answered()),
    idle("DATA", data(1, b"hi", end=True), allowed=connection_error(PROTOCOL_ERROR)),
    idle("DATA of no octets", data(1), allowed=connection_error(PROTOCOL_ERROR)),
    idle("RST_STREAM", rst_stream(1), allowed=connection_error(PROTOCOL_ERROR)),
    idle("WINDOW_UPDATE", window_update(1, 100), allowed=connection_error(PROTOCOL_ERROR)),
    idle("CONTINUATION", continuation(1, block()), allowed=connection_error(PROTOCOL_ERROR)),
    idle("PUSH_PROMISE", frame(wire.PUSH_PROMISE, 0x4, 1, bytes(4) + block()), allowed=connection_error(PROTOCOL_ERROR)),
    idle("DATA after another stream was served", get(1), ended(1), forget(1), data(5, b"x"), allowed=connection_error(PROTOCOL_ERROR)),
    idle("RST_STREAM after another stream was served", get(1), ended(1), forget(1), rst_stream(5), allowed=connection_error(PROTOCOL_ERROR)),
    idle("WINDOW_UPDATE after another stream was served", get(1), ended(1), forget(1), window_update(5, 1),
         allowed=connection_error(PROTOCOL_ERROR)),

    opened("DATA and more DATA", data(1, b"he") + data(1, b"llo", end=True), allowed=answered()),
    opened("DATA of no octets with END_STREAM", data(1, end=True), allowed=answered()),
    opened("trailers", data(1, b"hi") + headers(1, TRAILERS), allowed=answered()),
    opened("trailers without DATA", headers(1, TRAILERS), allowed=answered()),
    opened("RST_STREAM", rst_stream(1), get(3), allowed=answered(), stream=3),
    opened("RST_STREAM after DATA", data(1, b"hi") + rst_stream(1), get(3), allowed=answered(), stream=3),
    opened("WINDOW_UPDATE", window_update(1, 100) + data(1, b"hi", end=True), allowed=answered()),
    opened("PRIORITY", priority(1, weight=200) + data(1, b"hi", end=True), allowed=answered()),
    opened("CONTINUATION", continuation(1, block()), allowed=connection_error(PROTOCOL_ERROR)),
    opened("HEADERS without END_STREAM", headers(1, TRAILERS, end=False), allowed=MALFORMED),
    opened("HEADERS of a second request", get(1), allowed=MALFORMED),
    opened("PUSH_PROMISE", frame(wire.PUSH_PROMISE, 0x4, 1, bytes(3) + b"\2" + block()), allowed=connection_error(PROTOCOL_ERROR)),
    opened("unknown frame", frame(0x77, 0xFF, 1, b"x") + data(1, end=True), allowed=answered()),

    half_closed("DATA", data(1, b"hi"), allowed=stream_error(STREAM_CLOSED)),
    half_closed("DATA with END_STREAM", data(1, b"hi", end=True), allowed=stream_error(STREAM_CLOSED)),
    half_closed("DATA of no octets", data(1), allowed=stream_error(STREAM_CLOSED)),
    half_closed("HEADERS", headers(1, block()), allowed=stream_error(STREAM_CLOSED)),
    half_closed("trailers", headers(1, TRAILERS), allowed=stream_error(STREAM_CLOSED)),
    half_closed("CONTINUATION", continuation(1, TRAILERS), allowed=connection_error(PROTOCOL_ERROR, STREAM_CLOSED)),
    half_closed("WINDOW_UPDATE", window_update(1, 1000), allowed=answered()),
    half_closed("PRIORITY", priority(1) + window_update(1, 1000), allowed=answered()),
    half_closed("RST_STREAM", rst_stream(1) + get(3, "/size/10") + window_update(3, 100), allowed=answered(), stream=3),
    half_closed("unknown frame", frame(0x77, 0, 1, b"x") + window_update(1, 1000),
                allowed=(*answered(), *stream_error(STREAM_CLOSED))),

    over("DATA", data(1, b"hi"), allowed=LATE),
    over("HEADERS", headers(1, block()), allowed=LATE),
    over("HEADERS without END_STREAM", headers(1, block(), end=False), allowed=LATE),
    over("CONTINUATION", continuation(1, TRAILERS), allowed=connection_error(PROTOCOL_ERROR, STREAM_CLOSED)),
    over("WINDOW_UPDATE", window_update(1, 100), get(3), allowed=answered(), stream=3),
    over("RST_STREAM", rst_stream(1), get(3), allowed=answered(), stream=3),
    over("PRIORITY", priority(1), get(3), allowed=answered(), stream=3),
    over("unknown frame", frame(0x77, 0, 1, b"x"), get(3), allowed=answered(), stream=3),

    reset("DATA", data(1, b"hi"), allowed=LATE),
    reset("HEADERS", headers(1, block()), allowed=LATE),
    reset("CONTINUATION", continuation(1, TRAILERS), allowed=connection_error(PROTOCOL_ERROR, STREAM_CLOSED)),
    reset("WINDOW_UPDATE", window_update(1, 100), get(3, "/size/10") + window_update(3, 100),
          allowed=(*answered(), *connection_error(STREAM_CLOSED)), stream=3),
    reset("RST_STREAM", rst_stream(1), get(3, "/size/10") + window_update(3, 100),
          allowed=(*answered(), *connection_error(STREAM_CLOSED)), stream=3),
    reset("PRIORITY", priority(1), get(3, "/size/10") + window_update(3, 100), allowed=answered(), stream=3),

    refused("DATA", data(1, b"hi") + data(1, b"there", end=True), allowed=answered()),
    refused("trailers", headers(1, TRAILERS), allowed=answered()),
    refused("RST_STREAM", rst_stream(1), allowed=answered()),
    refused("WINDOW_UPDATE", window_update(1, 100), allowed=answered()),
    refused("PRIORITY", priority(1), allowed=answered()),

    # 5.1.1
    case("even stream", "9113 5.1.1", get(2), allowed=connection_error(PROTOCOL_ERROR), stream=2),
    case("stream 0", "9113 5.1.1", get(0), allowed=connection_error(PROTOCOL_ERROR)),
    case("a lower stream than before", "9113 5.1.1", get(5), ended(5), get(3), allowed=connection_error(PROTOCOL_ERROR, STREAM_CLOSED), stream=3),
    case("a lower stream than one still open", "9113 5.1.1", post(5), get(3), allowed=connection_error(PROTOCOL_ERROR, STREAM_CLOSED),
         stream=3),
    case("DATA on a stream that was passed over", "9113 5.1.1", get(5), ended(5), data(3, b"x"),
         allowed=(*connection_error(PROTOCOL_ERROR), *stream_error(STREAM_CLOSED)), stream=3),
    case("streams with gaps", "9113 5.1.1", get(1) + get(11) + get(101), allowed=answered(), stream=101),
    case("the highest stream", "9113 5.1.1", get(0x7FFFFFFF), allowed=answered(), stream=0x7FFFFFFF),

    # 5.1.2
    case("more streams than SETTINGS_MAX_CONCURRENT_STREAMS", "9113 5.1.2",
         lambda peer: peer.send(b"".join(get(1 + 2 * number, "/size/10") for number in range(_limit(peer) + 1))),
         lambda peer: peer.until(lambda: peer.resets or peer.goaways, what="one stream is refused"),
         allowed=(*NOTHING, *connection_error(PROTOCOL_ERROR, REFUSED_STREAM)), settings=HELD, stream=9001,
         check=lambda peer: _one_was_refused(peer)),
    case("as many streams as SETTINGS_MAX_CONCURRENT_STREAMS", "9113 5.1.2",
         lambda peer: peer.send(b"".join(get(1 + 2 * number, "/size/10") for number in range(_limit(peer)))),
         lambda peer: peer.until(lambda: len([it for it in peer.responses.values() if it.fields]) == _limit(peer)),
         settings((wire.INITIAL_WINDOW_SIZE, 100)), allowed=answered(), settings=HELD,
         check=lambda peer: _all_served(peer)),
    case("a stream that ended makes room for another", "9113 5.1.2",
         lambda peer: peer.send(b"".join(get(1 + 2 * number, "/size/10") for number in range(_limit(peer)))),
         rst_stream(1) + rst_stream(3), pause, get(9001, "/size/10") + window_update(9001, 100), allowed=answered(), settings=HELD, stream=9001),
]


def _limit(peer) -> int:
    limit = peer.settings.get(wire.MAX_CONCURRENT_STREAMS)
    assert limit is not None and limit <= 1000, f"a hundred or so is offered, not {limit}"
    return limit


def _one_was_refused(peer):
    if not peer.goaways and not peer.closed:
        assert set(peer.resets.values()) <= {PROTOCOL_ERROR, REFUSED_STREAM}, peer.resets
        assert set(peer.resets) == {1 + 2 * _limit(peer)}, peer.resets


def _all_served(peer):
    peer.until(lambda: len([it for it in peer.responses.values() if it.ended]) == _limit(peer), what="all are served")
    assert not peer.resets
