"""Callers who mean harm, beside others who must not notice."""

import os
import random
import resource
import socket
import struct
import time

import pytest

from mesh import proxied, wait_until
from standalone import Standalone


@pytest.fixture
def proxy(tmp_path, processes):
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    return Standalone(tmp_path, processes, hcm="request_headers_timeout: 2s").start()


def times_of(proxy, count: int = 60) -> list[float]:
    """Seconds of well-meant requests, slowest last; each must be answered."""
    times = []
    for _ in range(count):
        began = time.monotonic()
        assert proxied(proxy.listener, "GET", "/", headers={"host": "x"}, timeout=5).status == 200
        times.append(time.monotonic() - began)
    return sorted(times)


def test_random_bytes(proxy):
    chance = random.Random(1)
    pieces = [b"GET / HTTP/1.1\r\n", b"Host: x\r\n", b"\r\n", b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n",
              b"5\r\nhello\r\n", b"0\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x16\x03\x01\x00\xff"]
    for number in range(400):
        with socket.create_connection(proxy.listener, timeout=5) as connection:
            data = b"".join(
                chance.choice(pieces) if chance.random() < 0.6 else chance.randbytes(chance.randrange(1, 200))
                for _ in range(chance.randrange(1, 12)))
            try:
                connection.sendall(data)
                if chance.random() < 0.5:
                    connection.shutdown(socket.SHUT_WR)
                connection.settimeout(0.005)
                connection.recv(4096)
            except OSError:
                pass
            if chance.random() < 0.3:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert times_of(proxy)[-1] < 2
    assert proxy.process.running()


def test_ten_thousand_half_open_connections(proxy):
    held = []
    try:
        for number in range(10_000):
            connection = socket.socket()
            # Addresses of their own keep the ports from running out.
            connection.bind((f"127.0.1.{1 + number % 4}", 0))
            connection.settimeout(10)
            connection.connect(proxy.listener)
            if number % 2:
                connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nx-never")
            held.append(connection)
        times = times_of(proxy)
        assert times[len(times) // 2] < 0.5 and times[-1] < 3, times[-5:]
        # Unfinished heads are ended by the header timeout; idle connections may stay.
        deadline = time.monotonic() + 15
        ended = 0
        while ended < 4900 and time.monotonic() < deadline:
            ended = sum(1 for connection in held[1::2] if _ended(connection))
        assert ended >= 4900
        assert proxy.process.rss() < 400 << 20
    finally:
        for connection in held:
            connection.close()
    assert times_of(proxy)[-1] < 2


def test_slowloris(proxy):
    slow = [socket.create_connection(proxy.listener, timeout=5) for _ in range(300)]
    for connection in slow:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
    began = time.monotonic()
    left = list(slow)
    times = []
    while left and time.monotonic() - began < 10:
        for connection in list(left):
            try:
                connection.sendall(b"x-a: b\r\n")
            except OSError:
                left.remove(connection)
                continue
            if _ended(connection):
                left.remove(connection)
        times += times_of(proxy, 5)
    assert not left, f"{len(left)} slow heads still open after {time.monotonic() - began:.1f} s"
    assert sorted(times)[len(times) // 2] < 0.5
    for connection in slow:
        connection.close()


def _ended(connection: socket.socket) -> bool:
    """Whether the proxy has ended the connection, perhaps after an answer of 408."""
    connection.setblocking(False)
    try:
        while True:
            data = connection.recv(4096)
            if not data:
                return True
    except BlockingIOError:
        return False
    except OSError:
        return True


def test_an_endless_head_and_an_endless_chunk_size(proxy):
    for start, part in ((b"GET / HTTP/1.1\r\nHost: x\r\nx-a: ", b"v" * 65536), (b"GET /", b"p" * 65536),
                        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5;", b"e" * 65536)):
        with socket.create_connection(proxy.listener, timeout=10) as connection:
            connection.sendall(start)
            # The refusal comes at once; what follows is read away for a moment, so that it arrives, and not for ever.
            end = time.monotonic() + 10
            try:
                while time.monotonic() < end:
                    connection.sendall(part)
            except OSError:
                pass
            assert time.monotonic() < end, "the proxy reads without an end"
    assert times_of(proxy, 5)[-1] < 2
    assert proxy.process.rss() < 120 << 20
    wait_until(proxy.process.running, 1)
    assert os.path.exists(f"/proc/{proxy.process.pid}")
