"""A client that says what it is told to, and remembers all that came back."""

import socket
import struct
import time
from dataclasses import dataclass, field

from hpack import Decoder

from support.http2 import wire


@dataclass
class Frame:
    kind: int
    flags: int
    stream: int
    payload: bytes

    def __repr__(self):
        name = wire.TYPES[self.kind] if self.kind < len(wire.TYPES) else f"type {self.kind:#x}"
        if self.kind == wire.RST_STREAM:
            return f"{name}({self.stream}, {wire.code_name(self.number(0))})"
        if self.kind == wire.GOAWAY:
            return f"{name}(last {self.number(0)}, {wire.code_name(self.number(4))}, {self.payload[8:]!r})"
        return f"{name}({self.stream}, flags {self.flags:#x}, {len(self.payload)} octets)"

    def number(self, at: int) -> int:
        return struct.unpack_from(">I", self.payload, at)[0]


@dataclass
class Response:
    fields: list[tuple[str, str]] = field(default_factory=list)
    interim: list[list[tuple[str, str]]] = field(default_factory=list)
    trailers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    ended: bool = False

    @property
    def status(self) -> int:
        return int(dict(self.fields).get(":status", "0"))


class Peer:
    """One connection. `patience` bounds each wait for something that should come."""

    def __init__(self, address: tuple[str, int], patience: float = 3, receive_buffer: int | None = None):
        self.patience = patience
        self._socket = socket.socket()
        if receive_buffer:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._socket.settimeout(patience)
        self._socket.connect(address)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = bytearray()
        self._decoder = Decoder()
        self._decoder.max_header_list_size = 1 << 20
        self._fragments = b""
        self.frames: list[Frame] = []
        self.responses: dict[int, Response] = {}
        self.resets: dict[int, int] = {}
        self.goaways: list[tuple[int, int]] = []
        self.closed = False
        self.settings: dict[int, int] = {}
        self.acknowledged = 0
        self.pongs: list[bytes] = []
        self.increments: dict[int, int] = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # A reset leaves nothing of ours behind in the target.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    def start(self, *pairs: tuple[int, int]) -> "Peer":
        """The connection preface, with these settings; returns when both sides' settings are acknowledged."""
        self.send(wire.PREFACE + wire.settings(*pairs))
        self.until(lambda: self.settings_came and self.acknowledged)
        self.send(wire.settings(ack=True))
        return self

    settings_came = False

    def send(self, octets: bytes):
        """Sends; a target that has ended its side already is noticed when reading."""
        try:
            self._socket.sendall(octets)
        except TimeoutError:
            raise
        except OSError:
            pass

    def half_close(self):
        self._socket.shutdown(socket.SHUT_WR)

    @property
    def goaway(self) -> int | None:
        """The error code of the last GOAWAY."""
        return self.goaways[-1][1] if self.goaways else None

    def response(self, stream: int) -> Response:
        return self.responses.setdefault(stream, Response())

    def until(self, condition, patience: float | None = None, what: str = "") -> bool:
        """Reads until the condition holds. False when the connection ended first; TimeoutError when neither came."""
        deadline = time.monotonic() + (self.patience if patience is None else patience)
        while True:
            while not condition():
                taken = self._take()
                if taken is None:
                    break
                self._note(taken)
            if condition():
                return True
            if self.closed:
                return False
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"{what or 'nothing more'}; came so far: {self.frames[-12:]}")
            self._socket.settimeout(left)
            try:
                octets = self._socket.recv(262144)
            except TimeoutError:
                continue
            except OSError:
                octets = b""
            if octets:
                self._buffer += octets
            else:
                self.closed = True

    def drain(self, seconds: float):
        """Reads what comes within this time."""
        try:
            self.until(lambda: False, seconds)
        except TimeoutError:
            pass

    def until_ended(self, stream: int, patience: float | None = None) -> Response:
        """The response on this stream, whole."""
        self.until(lambda: self.response(stream).ended or stream in self.resets, patience, f"stream {stream} ended")
        assert self.response(stream).ended, f"stream {stream} was not answered in full: {self.frames[-12:]}"
        return self.response(stream)

    def until_headed(self, stream: int) -> Response:
        self.until(lambda: self.response(stream).fields or stream in self.resets, what=f"stream {stream} answered")
        assert self.response(stream).fields, f"stream {stream} was not answered: {self.frames[-12:]}"
        return self.response(stream)

    def alive(self, patience: float | None = None) -> bool:
        """Whether a PING still comes back."""
        token = struct.pack(">Q", 0x7075_6c73_0000_0000 + len(self.frames))
        self.send(wire.ping(token))
        return self.until(lambda: token in self.pongs, patience, "PING answered")

    def _take(self) -> Frame | None:
        if len(self._buffer) < 9:
            return None
        length = int.from_bytes(self._buffer[:3], "big")
        if len(self._buffer) < 9 + length:
            return None
        kind, flags, stream = struct.unpack_from(">BBI", self._buffer, 3)
        taken = Frame(kind, flags, stream & 0x7FFFFFFF, bytes(self._buffer[9:9 + length]))
        del self._buffer[:9 + length]
        return taken

    def _note(self, it: Frame):
        self.frames.append(it)
        match it.kind:
            case wire.SETTINGS if it.flags & wire.ACK:
                self.acknowledged += 1
            case wire.SETTINGS:
                self.settings_came = True
                self.settings |= dict(struct.iter_unpack(">HI", it.payload))
            case wire.PING if it.flags & wire.ACK:
                self.pongs.append(it.payload)
            case wire.PING:
                self.send(wire.ping(it.payload, ack=True))
            case wire.GOAWAY:
                self.goaways.append((it.number(0) & 0x7FFFFFFF, it.number(4)))
            case wire.RST_STREAM:
                self.resets[it.stream] = it.number(0)
            case wire.WINDOW_UPDATE:
                self.increments[it.stream] = self.increments.get(it.stream, 0) + it.number(0)
            case wire.DATA:
                payload = it.payload
                if it.flags & wire.PADDED:
                    payload = payload[1:len(payload) - payload[0]]
                self.response(it.stream).body += payload
                self._end(it)
            case wire.HEADERS | wire.CONTINUATION:
                self._fields(it)

    def _fields(self, it: Frame):
        payload = it.payload
        if it.kind == wire.HEADERS:
            self._opened = it
            if it.flags & wire.PADDED:
                payload = payload[1:len(payload) - payload[0]]
            if it.flags & wire.PRIORITISED:
                payload = payload[5:]
        self._fragments += payload
        if not it.flags & wire.END_HEADERS:
            return
        decoded = [(_text(name), _text(value)) for name, value in self._decoder.decode(self._fragments, raw=True)]
        self._fragments = b""
        response = self.response(it.stream)
        if response.fields:
            response.trailers = decoded
        elif dict(decoded).get(":status", "").startswith("1"):
            response.interim.append(decoded)
        else:
            response.fields = decoded
        self._end(self._opened)

    def _end(self, it: Frame):
        if it.flags & wire.END_STREAM:
            self.response(it.stream).ended = True


def _text(octets) -> str:
    return octets.decode("latin-1") if isinstance(octets, bytes) else octets
