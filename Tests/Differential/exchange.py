"""One case played against one proxy: what the client saw and what the upstream saw, as flat fields to compare."""

import socket
import struct
import time
from dataclasses import dataclass, field

from found import add_fields, describe_upstream
from stage import Stage
from streams import play_streams
from upstream import Reader, parse_fields


@dataclass
class Send:
    data: bytes


@dataclass
class Wait:
    seconds: float


@dataclass
class Read:
    """Reads one final response, and the interim ones before it."""

    method: str = "GET"


@dataclass
class ReadRaw:
    """Reads this many bytes as they are."""

    count: int


@dataclass
class ReadToEnd:
    """Reads bytes as they are until the proxy ends."""


@dataclass
class HalfClose:
    """Ends our direction and leaves the other open."""


@dataclass
class Case:
    """What is sent through a proxy. `send` is the short form for one piece of bytes, answered once for each method.

    With `http2` the steps are those of `streams`."""

    name: str
    send: bytes = b""
    methods: tuple[str, ...] = ("GET",)
    steps: list = field(default_factory=list)
    upstream: list = field(default_factory=list)
    #: Which of the file's listeners is dialled.
    listener: str = "LISTEN"
    #: Whether the connection's end is looked at afterwards; off where it hangs on timing alone.
    watch_end: bool = True
    http2: bool = False
    #: Whether how the request reached its end at the upstream is looked at: off where it races with the answer.
    watch_upstream: bool = True

    def all_steps(self) -> list:
        return self.steps or [Send(self.send), *(Read(method) for method in self.methods)]


#: Seconds that a response may take before the case counts as silent.
PATIENCE = 4.0


def play(case: Case, address: tuple[str, int], stage: Stage, window: float) -> dict[str, str]:
    """Plays the case. The result maps field names such as `r0.status` or `u0.header.host` to their text."""
    script = stage.play(case.upstream)
    found: dict[str, str] = {}
    if case.http2:
        play_streams(case, address, window, found)
    else:
        _play_http1(case, address, window, found)
    describe_upstream(case, script, window, found)
    return found


def _play_http1(case: Case, address: tuple[str, int], window: float, found: dict[str, str]):
    with socket.create_connection(address, timeout=PATIENCE) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        reader = Reader(connection)
        responses = 0
        raws = 0
        broken = False
        for step in case.all_steps():
            try:
                match step:
                    case Send(data):
                        connection.sendall(data)
                    case Wait(seconds):
                        time.sleep(seconds)
                    case HalfClose():
                        connection.shutdown(socket.SHUT_WR)
                    case Read(method):
                        if not broken:
                            responses, ended = _read_response(reader, method, responses, found)
                            broken = ended
                    case ReadRaw(count):
                        data = b""
                        try:
                            data = reader.exactly(count)
                        finally:
                            found[f"raw{raws}"] = repr(data or reader.buffer)
                            raws += 1
                    case ReadToEnd():
                        while reader.more():
                            pass
                        found[f"raw{raws}"] = repr(reader.rest_now())
                        raws += 1
            except TimeoutError:
                found["client"] = "silence"
                broken = True
            except (EOFError, ConnectionError):
                found["client"] = "ended early"
                broken = True
        if case.watch_end and "client" not in found:
            found["connection"] = _end(connection, reader, window)
        # A reset leaves no connection of ours behind in the proxy.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    found["responses"] = str(responses)


def _end(connection: socket.socket, reader: Reader, window: float) -> str:
    """Whether the proxy ends the connection within the window, and whether more comes than was asked for."""
    connection.settimeout(window)
    try:
        while data := connection.recv(65536):
            reader.buffer += data
        state = "closed"
    except TimeoutError:
        state = "open"
    except OSError:
        state = "closed"
    return state + (f", unasked for: {reader.buffer[:200]!r}" if reader.buffer else "")


def _read_response(reader: Reader, method: str, index: int, found: dict[str, str]) -> tuple[int, bool]:
    """Reads up to and with a final response. Says how many responses there are now, and whether the end came."""
    while True:
        try:
            raw = reader.until(b"\r\n\r\n")
        except EOFError:
            if reader.buffer:
                found[f"r{index}.torn head"] = repr(reader.buffer)
            return index, True
        lines = raw.decode("latin-1").split("\r\n")
        version, _, rest = lines[0].partition(" ")
        status, _, reason = rest.partition(" ")
        at = f"r{index}"
        found[f"{at}.version"] = version
        found[f"{at}.status"] = status
        found[f"{at}.reason"] = reason
        fields = parse_fields(lines[1:])
        add_fields(f"{at}.header", fields, found)
        index += 1
        if status.startswith("1") and status != "101":
            continue
        break
    values = dict(fields)
    if method == "HEAD" or status in ("101", "204", "304") or (method == "CONNECT" and status.startswith("2")):
        return index, False
    if "chunked" in values.get("transfer-encoding", "").lower():
        found[f"{at}.framing"] = "chunked"
        body, trailers = b"", []
        try:
            body, trailers = reader.chunks()
            found[f"{at}.body"] = repr(body)
        except (EOFError, ConnectionError):
            found[f"{at}.body"] = "torn"
            return index, True
        add_fields(f"{at}.trailer", trailers, found)
    elif "content-length" in values:
        found[f"{at}.framing"] = "length"
        try:
            found[f"{at}.body"] = repr(reader.exactly(int(values["content-length"])))
        except (EOFError, ConnectionError):
            found[f"{at}.body"] = "torn"
            return index, True
    else:
        found[f"{at}.framing"] = "until close"
        while reader.more():
            pass
        found[f"{at}.body"] = repr(reader.buffer)
        reader.buffer = b""
        return index, True
    return index, False


def request(line: str, *fields: str, body: bytes = b"", host: str | None = "test.example") -> bytes:
    """A request's bytes: `GET /path` (HTTP/1.1 is added where no version stands), Host, the fields, the body as it is."""
    if "HTTP/" not in line:
        line += " HTTP/1.1"
    lines = [line] + ([f"Host: {host}"] if host is not None else []) + list(fields)
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def get(name: str, path: str, *fields: str, **more) -> Case:
    """A GET that is answered once; `host` and what Case takes may be given."""
    host = more.pop("host", "test.example")
    return Case(name, request(f"GET {path}", *fields, host=host), **more)
