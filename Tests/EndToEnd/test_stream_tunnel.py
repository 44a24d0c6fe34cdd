"""CONNECT over HTTP/2: a tunnel to a host is a stream, and ends as its two sides do."""

import socket
import struct
import threading

import pytest

from mesh import wait_until
from standalone import Standalone
from support.binaries import program
from support.http2 import wire
from support.http2.peer import Peer
from support.ports import free_port

MIB = 1 << 20
ROUTES = """
http2_protocol_options: {allow_connect: true}
route_config:
  name: main
  virtual_hosts:
    - name: all
      domains: ["*"]
      routes:
        - match: {connect_matcher: {}}
          route: {cluster: up, upgrade_configs: [{upgrade_type: CONNECT, connect_config: {}}]}
"""


def connect(stream: int, authority: str = "any.example:1", end: bool = False) -> bytes:
    return wire.headers(stream, wire.fields((":method", "CONNECT"), (":authority", authority)), end)


class Server:
    """Each connection is given to `serve`, in a thread."""

    def __init__(self, serve):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.errors = []
        self._serve = serve
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                accepted, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._run, args=(accepted,), daemon=True).start()

    def _run(self, accepted):
        with accepted:
            accepted.settimeout(20)
            try:
                self._serve(accepted)
            except Exception as error:
                self.errors.append(error)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._listener.close()


@pytest.fixture
def tunnelled(tmp_path, processes):
    """A proxy whose every CONNECT leads to what the argument does with a connection, and the server."""
    servers = []

    def start(serve):
        server = Server(serve)
        servers.append(server)
        return Standalone(tmp_path, processes, hcm=ROUTES, upstream=server.port).start(), server
    yield start
    for server in servers:
        server.__exit__()


def read_all(connection) -> bytes:
    got = bytearray()
    while part := connection.recv(65536):
        got += part
    return bytes(got)


def test_redis_through_a_stream(mesh):
    port = free_port()
    mesh.run(
        "redis", program("redis-server"), "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
        "--dir", mesh.folder, ports=[port])

    def pinged():
        with Peer(mesh.probe.http_proxy) as peer:
            peer.start()
            peer.send(connect(1, f"redis:{port}") + wire.data(1, b"*1\r\n$4\r\nPING\r\n"))
            peer.until(lambda: peer.response(1).body or 1 in peer.resets or peer.response(1).ended)
            return peer.response(1).status == 200 and peer.response(1).body == b"+PONG\r\n"
    wait_until(pinged, 20, what="redis answers in a tunnel")


def test_the_server_may_end_first(tunnelled):
    def serve(connection):
        connection.sendall(b"all I have")
        connection.shutdown(socket.SHUT_WR)
        heard.append(read_all(connection))
    heard = []
    proxy, _ = tunnelled(serve)
    with Peer(proxy.listener) as peer:
        peer.start().send(connect(1))
        assert peer.until_ended(1).body == b"all I have"
        peer.send(wire.data(1, b"still ") + wire.data(1, b"here", end=True))
        wait_until(lambda: heard, 5, what="the server hears the client's end")
        assert heard == [b"still here"]
        assert peer.alive() and not peer.resets


def test_the_client_may_end_first(tunnelled):
    def serve(connection):
        connection.sendall(b"heard " + read_all(connection))
    proxy, _ = tunnelled(serve)
    with Peer(proxy.listener) as peer:
        peer.start().send(connect(1) + wire.data(1, b"question", end=True))
        assert peer.until_ended(1).body == b"heard question"
        assert peer.alive() and not peer.resets


def test_a_server_that_resets_resets_the_stream_alone(tunnelled):
    def serve(connection):
        connection.recv(1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    proxy, _ = tunnelled(serve)
    with Peer(proxy.listener) as peer:
        peer.start().send(connect(1))
        assert peer.until_headed(1).status == 200
        peer.send(wire.data(1, b"x"))
        peer.until(lambda: 1 in peer.resets or peer.response(1).ended)
        assert 1 in peer.resets, "an end in good order would say that all has been said"
        assert peer.alive()


def test_a_client_that_resets_resets_the_server(tunnelled):
    def serve(connection):
        connection.sendall(b"x")
        try:
            ends.append(connection.recv(1))
        except ConnectionResetError:
            ends.append("reset")
    ends = []
    proxy, _ = tunnelled(serve)
    with Peer(proxy.listener) as peer:
        peer.start().send(connect(1))
        peer.until(lambda: peer.response(1).body)
        peer.send(wire.rst_stream(1))
        wait_until(lambda: ends, 5, what="the server hears of it")
        assert ends == ["reset"]
        assert peer.alive()


def test_a_server_that_is_not_there(tmp_path, processes):
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        proxy = Standalone(tmp_path, processes, hcm=ROUTES, upstream=held.getsockname()[1]).start()
        with Peer(proxy.listener) as peer:
            peer.start().send(connect(1))
            answer = peer.until_ended(1)
            assert answer.status == 503
            assert "connection_refused" in dict(answer.fields)["proxy-status"]


def test_slow_readers_hold_the_other_side_back(tunnelled):
    """64 MiB each way, and peers that read nothing of it until they are told to."""
    size = 64 * MIB

    def serve(connection):
        go.wait(20)
        sender = threading.Thread(target=connection.sendall, args=(b"d" * size,), daemon=True)
        sender.start()
        resume.wait(20)
        while part := connection.recv(MIB):
            received.append(len(part))
        sender.join(20)
        ended.set()
    go, resume, ended, received = threading.Event(), threading.Event(), threading.Event(), []
    proxy, server = tunnelled(serve)
    with Peer(proxy.listener, patience=20) as peer:
        peer.start((wire.INITIAL_WINDOW_SIZE, MIB)).send(connect(1) + wire.window_update(0, size))
        assert peer.until_headed(1).status == 200
        before = proxy.process.rss()
        window = peer.settings.get(wire.INITIAL_WINDOW_SIZE, 65535)
        sent = came = 0

        def send():
            nonlocal sent
            allowed = min(size, window + peer.increments.get(1, 0))
            while sent < allowed:
                part = min(16384, allowed - sent)
                sent += part
                peer.send(wire.data(1, b"u" * part, end=sent == size))

        def take():
            nonlocal came
            part, peer.response(1).body = len(peer.response(1).body), b""
            came += part
            peer.frames.clear()
            return part
        go.set()
        send()
        peer.drain(0.5)
        take()
        assert came <= MIB and sent < size, "no more than the windows allow"
        assert proxy.process.rss() - before < 16 * MIB
        resume.set()
        peer.send(wire.window_update(1, came))
        send()
        while came < size or sent < size:
            told = peer.increments.get(1, 0)
            assert peer.until(lambda: peer.response(1).body or peer.increments.get(1, 0) > told)
            if part := take():
                peer.send(wire.window_update(1, part))
            send()
        wait_until(ended.is_set, 20, what="the server has heard the end")
        assert sum(received) == size and came == size and not server.errors
        assert proxy.process.rss() - before < 16 * MIB
