"""One run of the benchmark: its processes, its upstreams, and proxies that are started, asked and stopped."""

import shutil
import socket
import ssl
import tempfile
import time
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from support.certificates import Authority
from support.ports import free_port
from support.processes import Process, Processes, wait_until

from . import load, measure
from .machine import OTHER_CORES, PROXY_CORES, on
from .peers import Peer
from .template import fill

BODY = 1024


class CannotServe(Exception):
    """A proxy that refuses its configuration or does not answer: the reason, in its own words where it has some."""


class Hop:
    """Running proxies that a request goes through, the first one's port, and what they cost together."""

    def __init__(self, processes: list[Process], port: int, start_ms: float):
        self.processes = processes
        self.port = port
        self.start_ms = start_ms

    @property
    def pids(self) -> list[int]:
        return [process.pid for process in self.processes]

    def cpu(self) -> float:
        return measure.cpu_seconds(self.pids)

    def memory(self) -> measure.Memory:
        return measure.memory(self.pids)

    def stop(self):
        for process in self.processes:
            process.stop(timeout=2)


class Session:
    def __init__(self, options):
        self.options = options
        self.folder = Path(tempfile.mkdtemp(prefix="tulle-bench-"))
        self.processes = Processes(self.folder)

    def close(self):
        try:
            self.processes.stop()
            self.processes.assert_nothing_lingers()
        finally:
            if self.options.keep:
                print(f"configurations and logs are kept in {self.folder}")
            else:
                shutil.rmtree(self.folder, ignore_errors=True)

    # Upstreams: two ports each of a program that answers at once.

    @cached_property
    def origin(self) -> list[dict]:
        return self._origin([free_port(), free_port()])

    @cached_property
    def grpc_origin(self) -> list[dict]:
        return self._origin([free_port(), free_port()], "-g")

    @cached_property
    def wide_origin_port(self) -> int:
        """A port that answers on every loopback address."""
        port = free_port()
        self._origin([port], "-l")
        return port

    def _origin(self, ports: list[int], *flags: str) -> list[dict]:
        process = self.processes.start(*on(OTHER_CORES, load.own("origin"), "-b", BODY, *flags, *ports), name="origin")

        def accepts():
            if not process.running():
                raise RuntimeError(f"the upstream ended: {process.output()}")
            try:
                return all(_accepts(port) for port in ports)
            except OSError:
                return False
        wait_until(accepts, 10, what="the upstream accepts")
        return endpoints((f"127.0.0.1:{port}" for port in ports))

    @cached_property
    def certificates(self) -> Path:
        """A root, and a `service` and a `caller` of it: chain, key, and both in one file for HAProxy."""
        folder = self.folder / "certificates"
        folder.mkdir()
        root = Authority(folder, "root")
        for name in ("service", "caller"):
            identity = root.issue(name, dns=[load.HOST], uri=[f"spiffe://bench.example/ns/default/sa/{name}"])
            (folder / f"{name}.both").write_bytes(identity.chain.read_bytes() + identity.key.read_bytes())
        return folder

    # Proxies.

    @contextmanager
    def hop(self, peer: Peer, configuration: str, features: frozenset, *, speaks: str = "http1", patience: float = 20,
            **values):
        """One proxy on the core of proxies, that has answered once."""
        hop = self.start(peer, configuration, features, speaks=speaks, patience=patience, **values)
        try:
            yield hop
        finally:
            hop.stop()

    def start(self, peer: Peer, configuration: str, features: frozenset, *, speaks: str = "http1", patience: float = 20,
              port: int | None = None, cores: list[int] | None = None, wrapper: list | None = None, env: dict | None = None,
              **values) -> Hop:
        """`speaks` is what the first answer is asked for in: http1, https, http2, or tcp, where a connection is enough; None
        does not ask. A proxy that ends or is silent raises CannotServe."""
        port = port or free_port()
        folder = Path(tempfile.mkdtemp(dir=self.folder, prefix=f"{peer.name}-{configuration}-"))
        file = folder / f"proxy{peer.suffix}"
        file.write_text(fill(peer.text(configuration), features | peer.words,
                             {"PORT": port, "ADMIN": free_port(), "FOLDER": folder, "CERTS": self.certificates,
                              "ENDPOINT": self.origin, **values}))
        for name, text in values.get("FILES", {}).items():
            (folder / name).write_text(text)
        command = on(cores or PROXY_CORES, *(wrapper or []), peer.program(), *peer.arguments(file, folder))
        began = time.perf_counter()
        process = self.processes.start(*command, name=peer.name, env=env)
        try:
            self._await_answer(peer, process, port, speaks, patience)
        except BaseException:
            process.stop(timeout=2)
            raise
        return Hop([process], port, (time.perf_counter() - began) * 1000)

    def _await_answer(self, peer: Peer, process: Process, port: int, speaks: str | None, patience: float):
        asks = {"http1": _answers, "https": _answers_secured, "http2": _answers_http2, "tcp": _accepts}
        if speaks is None:
            return
        last = ["it does not accept connections"]

        def answered():
            if not process.running():
                raise CannotServe(f"ended with {process.status}: {_last_words(process)}")
            try:
                return asks[speaks](port)
            except load.LoadFailed as error:
                # It accepts, and speaks something else.
                raise CannotServe(f"asked in {speaks}: {error}") from None
            except OSError as error:
                last[0] = str(error)
                return False
        try:
            wait_until(answered, patience, every=0.0005 if speaks != "http2" else 0.05)
        except TimeoutError:
            raise CannotServe(f"no {speaks} answer within {patience:g} s: {last[0]} {_last_words(process)}".strip()) from None


def endpoints(addresses) -> list[dict]:
    """For the templates, from HOST:PORT."""
    listed = []
    for index, address in enumerate(addresses):
        host, _, port = address.partition(":")
        listed.append({"NAME": f"s{index}", "HOST": host, "PORT": port})
    return listed


def ask(connection: socket.socket) -> bool:
    """One HTTP/1.1 request; whether it was answered with 200 and the whole body."""
    connection.sendall(f"GET {load.PATH} HTTP/1.1\r\nHost: {load.HOST}\r\n\r\n".encode())
    data = b""
    while b"\r\n\r\n" not in data or len(data.partition(b"\r\n\r\n")[2]) < BODY:
        part = connection.recv(65536)
        if not part:
            break
        data += part
    if not data.startswith(b"HTTP/1.1 200"):
        raise OSError(f"answered {data[:60]!r}")
    return True


def _answers(port: int) -> bool:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        return ask(connection)


def _answers_secured(port: int) -> bool:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", port), timeout=5) as plain, context.wrap_socket(plain) as connection:
        return ask(connection)


def _answers_http2(port: int) -> bool:
    _accepts(port)
    answer = load.generator(port, http2=True, count=1)
    if answer["failed"]:
        raise OSError("its HTTP/2 answer is not 200")
    return True


def _accepts(port: int) -> bool:
    with socket.create_connection(("127.0.0.1", port), timeout=5):
        return True


def _last_words(process: Process) -> str:
    lines = [line.strip() for line in process.output().splitlines() if line.strip()]
    return " / ".join(lines[-2:])[:300]
