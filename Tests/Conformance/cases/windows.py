"""Flow control (RFC 9113 5.2, 6.9): what the target may send, what it takes, and the arithmetic of windows."""

from support.http2 import wire
from outcome import answered, case, connection_error, ended, headed, pause, stream_error
from support.http2.wire import FLOW_CONTROL_ERROR, LARGEST_WINDOW, block, data, get, headers, post, rst_stream, settings, window_update

OVERFLOW = connection_error(FLOW_CONTROL_ERROR)


def small(size: int):
    return ((wire.INITIAL_WINDOW_SIZE, size),)


def octets(stream: int, count: int):
    """Exactly so many octets of the answer have come, and no more follow."""
    def step(peer):
        peer.until(lambda: len(peer.response(stream).body) >= count, what=f"{count} octets on stream {stream}")
        peer.alive()
        peer.drain(0.05)
        assert len(peer.response(stream).body) == count, f"{len(peer.response(stream).body)} octets where {count} may be sent"
    return step


def size(count: int, stream: int = 1):
    def check(peer):
        assert len(peer.response(stream).body) == count
    return check


class Upload:
    """Sends DATA as the target's windows allow; `credit` counts what is left of the connection's."""

    def __init__(self, stream: int, total: int, pad: int | None = None, end: bool = True, piece: int = 16000):
        self.stream, self.total, self.pad, self.end, self.piece = stream, total, pad, end, piece

    def __call__(self, peer):
        cost = 0 if self.pad is None else self.pad + 1
        sent = left = 0
        while sent < self.total:
            piece = min(self.piece, self.total - sent)
            peer.until(lambda: self._room(peer, left) >= piece + cost or self.stream in peer.resets,
                       what=f"the windows open for stream {self.stream} after {sent} octets")
            if self.stream in peer.resets:
                # An early answer may be followed by RST_STREAM with NO_ERROR (8.1): we need not send the rest.
                assert peer.response(self.stream).fields, peer.frames[-12:]
                return
            sent += piece
            left += piece + cost
            peer.spent = getattr(peer, "spent", 0) + piece + cost
            peer.send(data(self.stream, b"u" * piece, end=self.end and sent == self.total, pad=self.pad))

    def _room(self, peer, used: int) -> int:
        stream = peer.settings.get(wire.INITIAL_WINDOW_SIZE, 65535) + peer.increments.get(self.stream, 0) - used
        connection = 65535 + peer.increments.get(0, 0) - getattr(peer, "spent", 0)
        return min(stream, connection)


def abandoned(count: int):
    """Streams that carry DATA and are then reset: their octets must come back to the connection's window."""
    def step(peer):
        for number in range(count):
            stream = 1 + 2 * number
            peer.send(post(stream, "/echo"))
            Upload(stream, 16000, end=False)(peer)
            peer.send(rst_stream(stream))
    return step


def rejected(count: int):
    """The same for streams that the target refuses at their head."""
    def step(peer):
        for number in range(count):
            stream = 1 + 2 * number
            peer.send(post(stream, "/echo", ("X-UPPER", "1")))
            peer.alive()
            if peer.goaways:
                return
            peer.until(lambda: 65535 + peer.increments.get(0, 0) - getattr(peer, "spent", 0) >= 16000, what="the connection's window opens")
            peer.spent = getattr(peer, "spent", 0) + 16000
            peer.send(data(stream, b"x" * 16000, end=True))
    return step


def answered_early(count: int):
    """The same for requests whose answer does not wait for the body."""
    def step(peer):
        for number in range(count):
            peer.send(post(1 + 2 * number, "/direct"))
            Upload(1 + 2 * number, 40_000)(peer)
    return step


CASES = [
    # What the target sends
    case("a window of one octet", "9113 6.9.1", get(1, "/size/3"), octets(1, 1), window_update(1, 1), octets(1, 2), window_update(1, 1),
         allowed=answered(), settings=small(1), check=size(3)),
    case("a window of none", "9113 6.9.1", get(1, "/size/3"), headed(1), octets(1, 0), window_update(1, 3), allowed=answered(),
         settings=small(0), check=size(3)),
    case("an answer without octets needs no window", "9113 6.9.1", headers(1, block(method="HEAD", path="/size/100")), allowed=answered(),
         settings=small(0)),
    case("an answer as long as its window", "9113 6.9.1", get(1, "/size/10000"), allowed=answered(), settings=small(10000), check=size(10000)),
    case("the connection's window", "9113 6.9.1", get(1, "/size/100000"), octets(1, 65535), window_update(0, 100), octets(1, 65635),
         window_update(0, 100000), allowed=answered(), settings=small(LARGEST_WINDOW), check=size(100000)),
    case("the connection's window is shared", "9113 6.9.1", get(1, "/size/50000") + get(3, "/size/50000"),
         lambda peer: peer.until(lambda: sum(len(it.body) for it in peer.responses.values()) >= 65535),
         lambda peer: peer.drain(0.05),
         lambda peer: _sum_is(peer, 65535), window_update(0, 34465), allowed=answered(), settings=small(LARGEST_WINDOW), check=size(50000)),
    case("SETTINGS does not move the connection's window", "9113 6.9.2", get(1, "/size/100000"), octets(1, 65535),
         settings((wire.INITIAL_WINDOW_SIZE, LARGEST_WINDOW)), octets(1, 65535), window_update(0, 100000), allowed=answered(),
         settings=small(1_000_000)),
    case("a stalled stream does not stop another", "9113 5.2.1", get(1, "/size/10000"), octets(1, 0), get(3, "/size/10000"),
         window_update(3, 10001), ended(3), window_update(1, 10001), allowed=answered(), settings=small(0), check=size(10000)),
    case("SETTINGS opens the windows of open streams", "9113 6.9.2", get(1, "/size/1000") + get(3, "/size/1000"), octets(1, 0),
         settings((wire.INITIAL_WINDOW_SIZE, 1000)), ended(3), allowed=answered(), settings=small(0), check=size(1000)),
    case("SETTINGS makes a window negative", "9113 6.9.2", get(1, "/size/2000"), octets(1, 1000),
         settings((wire.INITIAL_WINDOW_SIZE, 500)), pause, window_update(1, 400), octets(1, 1000), window_update(1, 200), octets(1, 1100),
         window_update(1, 900), allowed=answered(), settings=small(1000), check=size(2000)),
    case("SETTINGS makes a window negative, and positive again", "9113 6.9.2", get(1, "/size/2000"), octets(1, 1000),
         settings((wire.INITIAL_WINDOW_SIZE, 0)), pause, octets(1, 1000), settings((wire.INITIAL_WINDOW_SIZE, 1500)), octets(1, 1500),
         settings((wire.INITIAL_WINDOW_SIZE, 2000)), allowed=answered(), settings=small(1000), check=size(2000)),
    case("two values of INITIAL_WINDOW_SIZE in one frame", "9113 6.5.3", get(1, "/size/200"), octets(1, 0),
         settings((wire.INITIAL_WINDOW_SIZE, 150), (wire.INITIAL_WINDOW_SIZE, 100)), octets(1, 100),
         settings((wire.INITIAL_WINDOW_SIZE, 200)), allowed=answered(), settings=small(0), check=size(200)),
    case("WINDOW_UPDATE before the answer", "9113 6.9.1", post(1) + window_update(1, 1000) + data(1, b"hi", end=True), allowed=answered(),
         settings=small(0)),
    case("a long answer by many small windows", "9113 6.9.1", get(1, "/size/20000"),
         lambda peer: [(octets_at_least(peer, 1, 1000 * number), peer.send(window_update(1, 1000))) for number in range(1, 20)],
         allowed=answered(), settings=small(1000), check=size(20000)),

    # Overflow
    case("WINDOW_UPDATE past 2^31-1 for the connection", "9113 6.9.1", window_update(0, LARGEST_WINDOW), allowed=OVERFLOW),
    case("WINDOW_UPDATEs past 2^31-1 for the connection", "9113 6.9.1", window_update(0, LARGEST_WINDOW - 65535) + window_update(0, 1),
         allowed=OVERFLOW),
    case("WINDOW_UPDATE up to 2^31-1 for the connection", "9113 6.9.1", window_update(0, LARGEST_WINDOW - 65535) + get(1), allowed=answered()),
    case("WINDOW_UPDATE past 2^31-1 for a stream", "9113 6.9.1", post(1), window_update(1, LARGEST_WINDOW),
         allowed=stream_error(FLOW_CONTROL_ERROR)),
    case("WINDOW_UPDATEs past 2^31-1 for a stream", "9113 6.9.1", post(1), window_update(1, LARGEST_WINDOW - 65535) + window_update(1, 1),
         allowed=stream_error(FLOW_CONTROL_ERROR)),
    case("WINDOW_UPDATE up to 2^31-1 for a stream", "9113 6.9.1", post(1), window_update(1, LARGEST_WINDOW - 65535) + data(1, b"hi", end=True),
         allowed=answered()),
    case("SETTINGS takes a stream's window past 2^31-1", "9113 6.9.2", post(1), window_update(1, LARGEST_WINDOW - 65535),
         settings((wire.INITIAL_WINDOW_SIZE, 65536)), allowed=OVERFLOW),
    case("SETTINGS takes a stream's window to 2^31-1", "9113 6.9.2", post(1), window_update(1, LARGEST_WINDOW - 65536),
         settings((wire.INITIAL_WINDOW_SIZE, 65536)), data(1, b"hi", end=True), allowed=answered()),

    # What the target takes
    case("an upload past the windows", "9113 5.2.2", post(1, "/count"), Upload(1, 3_000_000), allowed=answered()),
    case("padding counts, and its window comes back", "9113 6.1", post(1, "/count"), Upload(1, 100_000, pad=255, piece=100), allowed=answered()),
    case("uploads on three streams", "9113 5.2.2", post(1, "/count") + post(3, "/count") + post(5, "/count"), Upload(1, 500_000), Upload(3, 500_000), Upload(5, 500_000),
         ended(1), ended(3), allowed=answered(), stream=5),
    case("the window of streams that were given up comes back", "9113 6.9", abandoned(200), post(401, "/count"), Upload(401, 200_000),
         allowed=answered(), stream=401),
    case("the window of streams that were refused comes back", "9113 6.9", rejected(100), post(401, "/count"),
         lambda peer: peer.goaways or Upload(401, 200_000)(peer), allowed=(*answered(), *connection_error(wire.PROTOCOL_ERROR)), stream=401),
    case("the window of an answered request's octets comes back", "9113 6.9", answered_early(40), get(401), allowed=answered(), stream=401),
]


def octets_at_least(peer, stream: int, count: int):
    peer.until(lambda: len(peer.response(stream).body) >= count, what=f"{count} octets on stream {stream}")


def _sum_is(peer, count: int):
    assert sum(len(it.body) for it in peer.responses.values()) == count
