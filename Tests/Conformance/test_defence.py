"""What a hostile client may try. Each attack must cost the proxy little, whether it ends the connection or waits it out, and
a second, honest connection is served all the while. An honest client that only cancels much is not punished."""

import threading
import time

import pytest

from support.http2 import wire
from support.http2.peer import Peer
from support.http2.wire import CANCEL, block, continuation, data, frame, get, headers, indexed, literal, ping, post, priority, rst_stream, settings, window_update

MIB = 1 << 20


class Honest:
    """A second connection that asks again and again while the attack goes on."""

    def __init__(self, target):
        self._over = threading.Event()
        self._target = target
        self.answers = 0
        self.slowest = 0.0
        self.error = None
        self._thread = threading.Thread(target=self._ask, daemon=True)

    def _ask(self):
        try:
            with Peer(self._target.address, patience=8) as peer:
                peer.start()
                stream = 1
                while not self._over.is_set():
                    began = time.monotonic()
                    peer.send(get(stream))
                    assert peer.until_ended(stream).status == 200
                    self.slowest = max(self.slowest, time.monotonic() - began)
                    self.answers += 1
                    stream += 2
                    peer.frames.clear()
                    self._over.wait(0.01)
        except Exception as error:
            self.error = error

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, kind, *_):
        # What comes after the attack counts, too.
        seen, deadline = self.answers, time.monotonic() + 8
        while kind is None and self.answers < seen + 3 and time.monotonic() < deadline and self.error is None:
            time.sleep(0.01)
        self._over.set()
        self._thread.join(10)
        if kind is None:
            assert self.error is None, f"the honest connection failed after {self.answers} answers: {self.error!r}"
            assert self.answers >= 3, "the honest connection got no answers"


class Memory:
    """The most that the process grew by while this was watched."""

    def __init__(self, target):
        self._process = target.process
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.start = self.peak = self._process.rss()

    def _watch(self):
        while not self._over.wait(0.02):
            self.peak = max(self.peak, self._process.rss())

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join(5)

    @property
    def growth(self) -> int:
        return self.peak - self.start


def warmed(target):
    """Serves some requests first, so that what is set up once does not count."""
    with Peer(target.address) as peer:
        peer.start()
        for stream in range(1, 61, 2):
            peer.send(get(stream))
            peer.until_ended(stream)


def flood(peer: Peer, piece, count: int, read: bool = True, seconds: float = 8) -> str:
    """Sends `piece(number)` for each number in batches, until all is sent, the target has ended the connection or it takes no
    more for a while. Says which: `sent`, `ended` or `stalled`."""
    deadline = time.monotonic() + seconds
    number = 0
    socket = peer._socket
    pending = memoryview(b"")
    while number < count or pending:
        if not pending:
            batch = min(400, count - number)
            pending = memoryview(b"".join(piece(number + at) for at in range(batch)))
            number += batch
        socket.settimeout(0.5)
        try:
            pending = pending[socket.send(pending):]
        except TimeoutError:
            if not read or time.monotonic() > deadline:
                return "stalled"
        except OSError:
            return "ended"
        if read:
            peer.drain(0.0005)
            if peer.closed or peer.goaways:
                return "ended"
            peer.frames.clear()
        if time.monotonic() > deadline:
            return "stalled"
    return "sent"


def outcome(peer: Peer, how: str) -> str:
    """Once all is sent, the target may still be about to end it."""
    if how != "ended":
        try:
            peer.until(lambda: bool(peer.goaways), 1.5)
        except TimeoutError:
            return how
    if peer.goaways:
        assert peer.goaway in (wire.ENHANCE_YOUR_CALM, wire.PROTOCOL_ERROR, wire.COMPRESSION_ERROR, wire.INTERNAL_ERROR,
                               wire.FRAME_SIZE_ERROR, wire.NO_ERROR), wire.code_name(peer.goaway)
    return "ended"


def attack(target, piece, count, *, first=b"", read=True, must_end=True, growth=24 * MIB, pairs=()):
    warmed(target)
    with Honest(target), Memory(target) as memory, Peer(target.address) as peer:
        peer.start(*pairs)
        peer.send(first)
        how = outcome(peer, flood(peer, piece, count, read))
    assert memory.growth < growth, f"grew by {memory.growth / MIB:.1f} MiB; {how}"
    if must_end:
        # One that is read no further gets nowhere, either.
        assert how != "sent", "nothing ended the attack"
    assert target.process.running()


def test_rapid_reset(fresh, origin):
    before = origin.taken
    attack(fresh, lambda number: get(1 + 2 * number) + rst_stream(1 + 2 * number), 20_000)
    assert origin.taken - before < 10_000, "most of the attack went through to the upstream"


def test_rapid_reset_of_uploads(fresh):
    attack(fresh, lambda number: post(1 + 2 * number) + data(1 + 2 * number, b"x") + rst_stream(1 + 2 * number), 20_000)


def test_resets_that_the_server_is_made_to_send(fresh):
    attack(fresh, lambda number: post(1 + 2 * number, "/hold") + window_update(1 + 2 * number, 0), 20_000)


def test_malformed_requests_without_end(fresh):
    attack(fresh, lambda number: get(1 + 2 * number, "/", ("X-UPPER", "1")), 20_000)


def test_continuation_flood(fresh):
    attack(fresh, lambda number: continuation(1, literal("x-a", "v" * 1000), whole=False), 100_000,
           first=headers(1, block(), whole=False))


def test_continuation_flood_of_no_octets(fresh):
    attack(fresh, lambda number: continuation(1, b"", whole=False), 200_000, first=headers(1, block(), whole=False))


def test_settings_flood_unread(fresh):
    attack(fresh, lambda number: settings((wire.INITIAL_WINDOW_SIZE, 65535 + number % 100)), 400_000, read=False)


def test_settings_flood(fresh):
    attack(fresh, lambda number: settings((wire.INITIAL_WINDOW_SIZE, 65535 + number % 100)), 100_000, must_end=False)


def test_ping_flood_unread(fresh):
    attack(fresh, lambda number: ping(b"%08d" % number), 400_000, read=False)


def test_ping_flood(fresh):
    attack(fresh, lambda number: ping(b"%08d" % number), 100_000, must_end=False)


def test_empty_data_flood(fresh):
    attack(fresh, lambda number: data(1), 100_000, first=post(1))


def test_padded_empty_data_flood(fresh):
    attack(fresh, lambda number: data(1, pad=3), 100_000, first=post(1), must_end=False)


def test_window_update_flood(fresh):
    attack(fresh, lambda number: window_update(0, 1), 200_000)


def test_window_update_flood_of_a_stream(fresh):
    attack(fresh, lambda number: window_update(1, 1), 200_000, first=post(1))


def test_priority_flood(fresh):
    attack(fresh, lambda number: priority(1 + 2 * (number % 1000)), 200_000)


def test_unknown_frame_flood(fresh):
    attack(fresh, lambda number: frame(0x99, 0, 0, b"x" * 20), 200_000, must_end=False)


def test_data_flood_on_a_closed_stream(fresh):
    attack(fresh, lambda number: data(1, b"x" * 1000), 20_000, first=post(1, "/hold") + rst_stream(1), must_end=False)


def test_many_streams_that_only_begin(fresh):
    attack(fresh, lambda number: headers(1 + 2 * number, block(method="POST", path="/hold"), end=False), 5_000, must_end=False,
           growth=32 * MIB)


def test_hpack_bomb(fresh):
    """An entry of 4,000 octets, named again and again in an octet each: 64 MiB of fields in 16 KiB."""
    warmed(fresh)
    with Honest(fresh), Memory(fresh) as memory, Peer(fresh.address) as peer:
        peer.start()
        peer.send(headers(1, block() + literal("x-bomb", "b" * 4000, into_table=True)))
        peer.until_ended(1)
        for number in range(20):
            peer.send(headers(3 + 2 * number, block() + indexed(62) * 16000))
        peer.until(lambda: bool(peer.goaways) or len(peer.resets) + sum(it.ended for it in peer.responses.values()) > 20)
    statuses = {stream: it.status for stream, it in peer.responses.items() if it.ended}
    assert all(status in (400, 431) for stream, status in statuses.items() if stream > 1), statuses
    assert memory.growth < 24 * MIB, f"grew by {memory.growth / MIB:.1f} MiB"


def test_answers_that_are_never_read(fresh):
    attack(fresh, lambda number: get(1 + 2 * number, "/direct"), 1_000_000, read=False)


def test_resets_that_are_never_read(fresh):
    attack(fresh, lambda number: get(1 + 2 * number, "/", ("X-UPPER", "1")), 1_000_000, read=False)


def test_resets_of_closed_streams_that_are_never_read(fresh):
    attack(fresh, lambda number: data(1, b"x"), 2_000_000, first=get(1, "/direct"), read=False, must_end=False)


def test_stalled_windows(fresh, origin):
    """A hundred answers asked for, none let through: each may be held back by a bounded buffer only."""
    warmed(fresh)
    before = origin.sent
    with Honest(fresh), Memory(fresh) as memory, Peer(fresh.address) as peer:
        peer.start((wire.INITIAL_WINDOW_SIZE, 0))
        for number in range(100):
            peer.send(get(1 + 2 * number, "/endless"))
        peer.until(lambda: sum(bool(it.fields) for it in peer.responses.values()) == 100, 8)
        _until_still(lambda: origin.sent)
        assert origin.sent > before
    assert memory.growth < held(fresh), f"grew by {memory.growth / MIB:.1f} MiB"


def test_a_reader_that_never_reads(fresh, origin):
    """The windows are wide open and the socket is full."""
    warmed(fresh)
    with Honest(fresh), Memory(fresh) as memory, Peer(fresh.address, receive_buffer=8192) as peer:
        peer.start((wire.INITIAL_WINDOW_SIZE, wire.LARGEST_WINDOW))
        peer.send(window_update(0, wire.LARGEST_WINDOW - 65535))
        for number in range(100):
            peer.send(get(1 + 2 * number, "/endless"))
        _until_still(lambda: origin.sent)
    assert memory.growth < held(fresh), f"grew by {memory.growth / MIB:.1f} MiB"


def held(target) -> int:
    """What a hundred stalled answers may keep in memory: other proxies' own limit is a mebibyte a stream and more."""
    return 160 * MIB if target.lenient else 48 * MIB


def _until_still(count):
    """Waits until the upstreams stand still: back-pressure has reached them."""
    deadline = time.monotonic() + 15
    last, since = count(), time.monotonic()
    while time.monotonic() - since < 0.5:
        assert time.monotonic() < deadline, "the upstreams are never held back"
        time.sleep(0.05)
        if count() != last:
            last, since = count(), time.monotonic()


@pytest.mark.parametrize("moment", ["after the answer's head", "with DATA in flight", "before the answer"])
def test_an_honest_client_that_cancels_is_served(fresh, moment):
    """Many requests, twenty at a time, every second one cancelled: as a browser or a gRPC client with deadlines may do."""
    if moment == "before the answer":
        # Only one in four here: cancelling unanswered requests is what an attack looks like.
        every, path, total = 4, "/slow", 800
    else:
        every, path, total = 2, "/size/60000", 2000
    served, cancelled = 0, 0
    with Peer(fresh.address, patience=10) as peer:
        peer.start((wire.INITIAL_WINDOW_SIZE, 30_000))
        peer.send(window_update(0, 1 << 30))
        begun: dict[int, bool] = {}
        opened: set[int] = set()
        stream = 1
        while served + cancelled < total:
            while len(begun) < 20 and stream < 2 * total:
                begun[stream] = stream // 2 % every == 0
                peer.send(get(stream, path))
                stream += 2
            for number, cancel in list(begun.items()):
                response = peer.response(number)
                assert number not in peer.resets, f"stream {number} was reset with {wire.code_name(peer.resets[number])}"
                ready = {"after the answer's head": bool(response.fields), "with DATA in flight": len(response.body) > 10_000,
                         "before the answer": True}[moment]
                if cancel and ready:
                    peer.send(rst_stream(number, CANCEL))
                    cancelled += 1
                    del begun[number], peer.responses[number]
                elif not cancel and response.body and number not in opened:
                    opened.add(number)
                    peer.send(window_update(number, 40_000))
                elif not cancel and response.ended:
                    assert response.status == 200
                    served += 1
                    del begun[number], peer.responses[number]
            assert not peer.goaways and not peer.closed, f"punished after {served} served and {cancelled} cancelled: {peer.goaways}"
            peer.frames.clear()
            peer.drain(0.001)
        assert peer.alive()
    assert cancelled == total // every and served == total - cancelled
