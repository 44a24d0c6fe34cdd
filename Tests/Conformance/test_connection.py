"""A connection as a whole: how HTTP/2 is told from HTTP/1.1 on one port, and how a connection is ended gently."""

import signal
import socket
import time

import pytest

from support.http2 import wire
from support.http2.peer import Peer
from support.processes import wait_until
from support.http2.wire import PREFACE, data, get, goaway, ping, post, settings, window_update


@pytest.fixture
def both(target):
    if target.kind not in ("tulle", "envoy"):
        pytest.skip("this target's port is for HTTP/2 alone")
    return target


def raw(address, *pieces: bytes, pause: float = 0.02) -> bytes:
    """Sends the pieces with pauses between them and reads until there is a whole HTTP/1.1 answer or the end."""
    with socket.create_connection(address, timeout=3) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            connection.sendall(piece)
            time.sleep(pause)
        found = b""
        while b"\r\n\r\n" not in found:
            part = connection.recv(65536)
            if not part:
                break
            found += part
        return found


def test_http1_on_the_same_port(both):
    assert raw(both.address, b"GET /direct HTTP/1.1\r\nHost: x\r\n\r\n").startswith(b"HTTP/1.1 200")


def test_http1_whose_first_octets_are_the_prefaces(both):
    """`P` may become POST, PUT or PRI: nothing is decided by one octet."""
    assert raw(both.address, b"P", b"OST /direct HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n").startswith(b"HTTP/1.1 200")
    assert raw(both.address, b"PR", b"OPFIND /direct HTTP/1.1\r\nHost: x\r\n\r\n").startswith(b"HTTP/1.1 200")


def test_a_preface_in_two_pieces(both):
    for cut in (1, 3, 4, 14, 18, 23):
        with Peer(both.address) as peer:
            peer.send(PREFACE[:cut])
            time.sleep(0.01)
            peer.send(PREFACE[cut:] + settings() + get(1, "/direct"))
            assert peer.until_ended(1).status == 200, cut


def test_a_preface_with_another_version_is_http1_that_is_refused(both):
    answer = raw(both.address, b"PRI * HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answer == b"" or answer.split()[1] in (b"400", b"404", b"405", b"501", b"505"), answer


def test_upgrade_to_h2c_is_not_taken_up(both):
    """RFC 9113 3.1: the upgrade token is gone; such a request is answered as if it were not there."""
    answer = raw(both.address, b"GET /direct HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
                               b"HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n")
    assert answer.split()[1] in (b"200", b"403"), answer


def test_goaway_from_the_client_lets_its_requests_end(target):
    """RFC 9113 6.8: it says only that no more streams of the server's will be taken."""
    with Peer(target.address) as peer:
        peer.start()
        peer.send(get(1, "/slow") + goaway(0))
        assert peer.until_ended(1).status == 200


def test_goaway_with_an_unknown_code_and_debug_octets(target):
    with Peer(target.address) as peer:
        peer.start()
        peer.send(get(1, "/slow") + goaway(0, code=0xBEEF, debug=b"whatever this may say" * 20))
        peer.until(lambda: peer.response(1).ended or peer.closed)


def test_the_end_of_the_clients_direction_leaves_no_trouble(target):
    with Peer(target.address) as peer:
        peer.start()
        peer.send(get(1))
        peer.until_ended(1)
        peer.half_close()
        assert peer.until(lambda: False) is False, "the connection is closed"
        assert peer.goaway in (None, wire.NO_ERROR)
    assert target.process.running()


def test_a_reset_in_the_middle_of_a_request(target):
    for octets in (PREFACE[:10], PREFACE, PREFACE + settings(), PREFACE + settings() + post(1) + data(1, b"x"),
                   PREFACE + settings() + get(1, "/endless"), PREFACE + settings() + post(1, "/hold")[:20]):
        with Peer(target.address) as peer:
            peer.send(octets)
            if octets.endswith(get(1, "/endless")):
                peer.until_headed(1)
    with Peer(target.address) as peer:
        peer.start()
        peer.send(get(1))
        assert peer.until_ended(1).status == 200


def test_many_requests_one_after_another(target):
    """More than any initial count or table: identifiers grow, tables turn over, nothing piles up."""
    with Peer(target.address, patience=10) as peer:
        peer.start()
        peer.send(window_update(0, 1 << 30))
        for number in range(1500):
            stream = 1 + 2 * number
            peer.send(get(stream, f"/echo/{number}"))
            assert f'"/echo/{number}"'.encode() in peer.until_ended(stream).body
            peer.frames.clear()


def test_requests_that_overtake_each_other(target):
    """A hundred at once: each answer is that of its own request."""
    with Peer(target.address, patience=10) as peer:
        peer.start()
        peer.send(window_update(0, 1 << 30))
        for round in range(5):
            first = 1 + 200 * round
            streams = range(first, first + 200, 2)
            peer.send(b"".join(get(stream, f"/echo/{stream}") for stream in streams))
            for stream in streams:
                assert f'"/echo/{stream}"'.encode() in peer.until_ended(stream).body


@pytest.fixture
def drainer(fresh):
    if fresh.kind != "tulle":
        pytest.skip("the other targets are told to drain otherwise")
    return fresh


def test_a_drain_tells_its_clients_and_finishes(drainer):
    """RFC 9113 6.8: GOAWAY without an error; what is in flight is answered, then the connection ends and the process too."""
    with Peer(drainer.address, patience=8) as peer:
        peer.start()
        peer.send(get(1))
        peer.until_ended(1)
        peer.send(post(3, "/echo"))
        assert peer.alive()
        drainer.process.signal(signal.SIGTERM)
        assert peer.until(lambda: bool(peer.goaways), what="GOAWAY")
        assert peer.goaways[0][1] == wire.NO_ERROR and peer.goaways[0][0] >= 3, peer.goaways
        peer.send(data(3, b"late but whole", end=True))
        assert b"late but whole" in peer.until_ended(3).body
        assert peer.until(lambda: False) is False, "the connection is closed"
        assert all(code == wire.NO_ERROR for _, code in peer.goaways)
    assert drainer.process.wait(8) == 0


def test_a_request_that_crosses_the_goaway_is_served_or_left(drainer):
    """What a client sends before it has read GOAWAY is answered, refused, or above the last stream: never half done."""
    with Peer(drainer.address, patience=8) as peer:
        peer.start()
        peer.send(post(1, "/echo"))
        assert peer.alive()
        drainer.process.signal(signal.SIGTERM)
        peer.until(lambda: bool(peer.goaways), what="GOAWAY")
        peer.send(get(3))
        peer.send(data(1, b"x", end=True))
        assert peer.until_ended(1).status == 200
        peer.until(lambda: peer.closed or 3 in peer.resets or peer.response(3).ended)
        assert peer.response(3).ended or peer.resets.get(3) == wire.REFUSED_STREAM or peer.goaways[-1][0] < 3, peer.frames[-8:]
    drainer.process.wait(8)


def test_an_idle_connection_does_not_hold_up_a_drain(drainer):
    with Peer(drainer.address, patience=8) as peer:
        peer.start()
        peer.send(get(1) + ping())
        peer.until_ended(1)
        drainer.process.signal(signal.SIGTERM)
        began = time.monotonic()
        wait_until(lambda: not drainer.process.running(), 8, what="the process ends")
        assert time.monotonic() - began < 4
        assert peer.until(lambda: False) is False
        assert peer.goaway == wire.NO_ERROR
