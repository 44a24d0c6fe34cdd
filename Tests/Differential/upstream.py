"""An upstream that does exactly what a case says, byte for byte, and remembers what it was asked.

A script is a list with one entry a request, in the order the requests come; when it is used up, requests are
answered by `DEFAULT`. An entry is a list of actions: bytes are sent as they are, and the constants below."""

import re
import socket
import struct
import threading
import time
from dataclasses import dataclass, field

from answers import Abort, Body, Head, Http1Voice, Interim, Trailers, ok
from support.listening import accept

#: Ends the connection cleanly.
CLOSE = "close"
#: Ends the connection with a TCP reset.
RESET = "reset"
#: Says nothing more until the case is over.
STALL = "stall"
#: What follows is sent before the request's body was read.
EARLY = "early"
#: Reads the request's body now (it is read before the first action, unless EARLY stands first).
READ_BODY = "read body"
#: Sends back every byte that comes, until the peer ends.
ECHO = "echo"


@dataclass
class Pause:
    seconds: float


@dataclass
class Seen:
    """A request as it came."""

    upstream: str
    line: str
    headers: list[tuple[str, str]]
    framing: str = "none"
    body: bytes = b""
    trailers: list[tuple[str, str]] = field(default_factory=list)
    raw: bytes = b""
    #: Which connection it came over.
    connection: int = 0
    #: Whether the answer was said to its end.
    answered: bool = False


class Script:
    """What the upstreams do during one case, and what they saw."""

    def __init__(self, entries=()):
        self._entries = list(entries)
        self._lock = threading.Lock()
        self.seen: list[Seen] = []
        self.over = threading.Event()

    def take(self, seen: Seen):
        with self._lock:
            self.seen.append(seen)
            return self._entries.pop(0) if self._entries else None


def answer(name: str, body: bytes | None = None) -> bytes:
    body = f"from {name}\n".encode() if body is None else body
    return (f"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nx-upstream: {name}\r\n"
            f"content-length: {len(body)}\r\n\r\n").encode() + body


def ok_parts(name: str) -> list:
    """The same, in parts."""
    return ok(f"from {name}\n".encode(), ("content-type", "text/plain"), ("x-upstream", name))


class Upstream:
    """One listening address; several share the script that is current."""

    def __init__(self, name: str, stage, http: bool = True):
        self.name = name
        self._stage = stage
        self._http = http
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(256)
        self.port = self._listener.getsockname()[1]
        accept(self._listener, self._serve)

    def close(self):
        self._listener.close()

    def _serve(self, connection: socket.socket):
        reader = Reader(connection)
        try:
            if self._http:
                while self._exchange(connection, reader):
                    pass
            else:
                self._raw(connection, reader)
        except (OSError, EOFError, ValueError):
            pass
        finally:
            connection.close()

    def _raw(self, connection: socket.socket, reader: "Reader"):
        """Opaque TCP: the script's next entry is done at once, without reading a request."""
        script = self._stage.script
        seen = Seen(self.name, "", [], framing="raw")
        actions = script.take(seen)
        self._act(connection, reader, script, seen, [ECHO] if actions is None else actions)

    def _exchange(self, connection: socket.socket, reader: "Reader") -> bool:
        seen = reader.head(self.name)
        if seen is None:
            return False
        seen.connection = id(connection)
        script = self._stage.script
        actions = script.take(seen)
        if actions is None:
            actions = [answer(self.name)]
        if not actions or actions[0] != EARLY:
            reader.body(seen)
        return self._act(connection, reader, script, seen, actions)

    def _act(self, connection, reader, script, seen, actions) -> bool:
        voice = Http1Voice(seen.line.partition(" ")[0])
        for action in actions:
            if isinstance(action, bytes):
                connection.sendall(action)
            elif isinstance(action, (Interim, Head, Body, Trailers)):
                connection.sendall(voice.say(action))
            elif isinstance(action, Pause):
                time.sleep(action.seconds)
            elif action == READ_BODY:
                reader.body(seen)
            elif action == CLOSE:
                connection.shutdown(socket.SHUT_WR)
                connection.settimeout(1)
                while connection.recv(65536):
                    pass
                return False
            elif action == RESET or isinstance(action, Abort):
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.close()
                return False
            elif action == STALL:
                script.over.wait(20)
                return False
            elif action == ECHO:
                data = reader.rest()
                while data:
                    seen.body += data
                    connection.sendall(data)
                    data = connection.recv(65536)
                return False
            elif action != EARLY:
                raise AssertionError(f"unknown action {action!r}")
        return True


class Reader:
    """Reads messages off a socket and keeps what came too early."""

    def __init__(self, connection: socket.socket):
        self._connection = connection
        self.buffer = b""

    def more(self) -> bool:
        data = self._connection.recv(65536)
        self.buffer += data
        return bool(data)

    def rest(self) -> bytes:
        data, self.buffer = self.buffer, b""
        return data or self._connection.recv(65536)

    def rest_now(self) -> bytes:
        data, self.buffer = self.buffer, b""
        return data

    def until(self, mark: bytes) -> bytes:
        while mark not in self.buffer:
            if not self.more():
                raise EOFError
        part, _, self.buffer = self.buffer.partition(mark)
        return part

    def exactly(self, count: int) -> bytes:
        while len(self.buffer) < count:
            if not self.more():
                raise EOFError
        part, self.buffer = self.buffer[:count], self.buffer[count:]
        return part

    def head(self, name: str) -> Seen | None:
        try:
            raw = self.until(b"\r\n\r\n")
        except (EOFError, OSError):
            return None
        lines = raw.decode("latin-1").split("\r\n")
        return Seen(name, lines[0], parse_fields(lines[1:]), raw=raw)

    def body(self, seen: Seen):
        """The request's body, once."""
        if seen.framing != "none":
            return
        values = {key: value for key, value in seen.headers}
        if "chunked" in values.get("transfer-encoding", "").lower():
            seen.framing = "chunked"
            seen.body, seen.trailers = self.chunks()
        elif "content-length" in values:
            seen.framing = f"length {values['content-length']}"
            seen.body = self.exactly(int(values["content-length"]))

    def chunks(self) -> tuple[bytes, list[tuple[str, str]]]:
        body = b""
        while True:
            line = self.until(b"\r\n")
            size = int(re.split(rb"[; ]", line)[0], 16)
            if size == 0:
                break
            body += self.exactly(size)
            if self.exactly(2) != b"\r\n":
                raise ValueError("chunk does not end with CRLF")
        trailers = []
        while line := self.until(b"\r\n"):
            trailers += parse_fields([line.decode("latin-1")])
        return body, trailers


def parse_fields(lines: list[str]) -> list[tuple[str, str]]:
    fields = []
    for line in lines:
        name, _, value = line.partition(":")
        fields.append((name.strip().lower(), value.strip()))
    return fields
