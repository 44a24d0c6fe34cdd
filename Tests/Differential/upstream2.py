"""An upstream that speaks HTTP/2 by prior knowledge, does what a case says, and remembers what it was asked.

Entries of a script are as in `upstream`: parts of an answer, and the constants there."""

import socket
import struct
import threading
import time

from answers import Abort, Body, Frames, GoAway, Head, Interim, Trailers
from hpack import Decoder
from support.listening import accept
from support.http2 import wire
from upstream import CLOSE, EARLY, READ_BODY, RESET, STALL, Pause, Seen, ok_parts

#: What we take of a request before the proxy has to wait for more room.
ROOM = 1 << 20


class Upstream2:
    """One listening address; several share the script that is current."""

    def __init__(self, name: str, stage):
        self.name = name
        self.stage = stage
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self._listener.getsockname()[1]
        accept(self._listener, lambda connection: _Connection(self, connection).serve())

    def close(self):
        self._listener.close()


class _Stream:
    def __init__(self, number: int, seen: Seen, window: int):
        self.number = number
        self.seen = seen
        self.window = window
        self.whole = threading.Event()
        self.gone = threading.Event()


class _Connection:
    """Reads on its own thread; each stream's answer is said on another, so that one may stall and others go on."""

    def __init__(self, upstream: Upstream2, connection: socket.socket):
        self._upstream = upstream
        self._socket = connection
        self._reader = connection.makefile("rb")
        self._decoder = Decoder()
        self._decoder.max_header_list_size = 1 << 20
        self._streams: dict[int, _Stream] = {}
        self._lock = threading.Lock()
        self._opened = threading.Condition(self._lock)
        self._window = 65535
        self._initial = 65535
        self._largest = 16384
        self._block = b""

    def serve(self):
        try:
            if self._reader.read(24) != wire.PREFACE:
                return
            self._send(wire.settings((wire.INITIAL_WINDOW_SIZE, ROOM), (wire.ENABLE_CONNECT_PROTOCOL, 1)) + wire.window_update(0, ROOM))
            while head := self._reader.read(9):
                length = int.from_bytes(head[:3], "big")
                kind, flags, stream = struct.unpack(">BBI", head[3:])
                self._take(kind, flags, stream & 0x7FFFFFFF, self._reader.read(length))
        except (OSError, ValueError, struct.error):
            pass
        finally:
            for stream in list(self._streams.values()):
                self._end(stream, "connection gone")
            self._close()

    def _close(self):
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def _send(self, octets: bytes):
        with self._lock:
            self._socket.sendall(octets)

    # Reading

    def _take(self, kind: int, flags: int, number: int, payload: bytes):
        stream = self._streams.get(number)
        match kind:
            case wire.HEADERS | wire.CONTINUATION:
                if kind == wire.HEADERS:
                    self._last = bool(flags & wire.END_STREAM)
                    if flags & wire.PADDED:
                        payload = payload[1:len(payload) - payload[0]]
                    if flags & wire.PRIORITISED:
                        payload = payload[5:]
                self._block += payload
                if flags & wire.END_HEADERS:
                    self._fields(stream, number)
            case wire.DATA:
                if flags & wire.PADDED:
                    payload = payload[1:len(payload) - payload[0]]
                if stream:
                    stream.seen.body += payload
                    if flags & wire.END_STREAM:
                        self._finish(stream, "data")
                if payload:
                    self._send(wire.window_update(0, len(payload)) + wire.window_update(number, len(payload)))
            case wire.RST_STREAM if stream:
                self._end(stream, f"reset {wire.code_name(struct.unpack('>I', payload)[0])}")
            case wire.SETTINGS if not flags & wire.ACK:
                self._settings(dict(struct.iter_unpack(">HI", payload)))
            case wire.WINDOW_UPDATE:
                with self._opened:
                    increment = struct.unpack(">I", payload)[0]
                    if number == 0:
                        self._window += increment
                    elif stream:
                        stream.window += increment
                    self._opened.notify_all()
            case wire.PING if not flags & wire.ACK:
                self._send(wire.ping(payload, ack=True))

    def _settings(self, values: dict[int, int]):
        with self._opened:
            change = values.get(wire.INITIAL_WINDOW_SIZE, self._initial) - self._initial
            self._initial += change
            self._largest = values.get(wire.MAX_FRAME_SIZE, self._largest)
            for stream in self._streams.values():
                stream.window += change
            self._opened.notify_all()
        self._send(wire.settings(ack=True))

    def _fields(self, stream: _Stream | None, number: int):
        decoded = [(_text(name), _text(value)) for name, value in self._decoder.decode(self._block, raw=True)]
        self._block = b""
        if stream is None:
            values = dict(decoded)
            seen = Seen(self._upstream.name, f"{values.get(':method')} {values.get(':path')} HTTP/2", decoded, framing="open")
            seen.connection = id(self)
            stream = self._streams[number] = _Stream(number, seen, self._initial)
            script = self._upstream.stage.script
            entry = script.take(seen)
            threading.Thread(target=self._answer, args=(stream, script, entry), daemon=True).start()
            if self._last:
                self._finish(stream, "head")
        else:
            stream.seen.trailers = decoded
            self._finish(stream, "trailers")

    def _finish(self, stream: _Stream, how: str):
        stream.seen.framing = how
        stream.whole.set()

    def _end(self, stream: _Stream, how: str):
        if not stream.whole.is_set() or not stream.seen.answered:
            stream.seen.framing += f", {how}"
        stream.gone.set()
        stream.whole.set()
        with self._opened:
            self._opened.notify_all()

    # Answering

    def _answer(self, stream: _Stream, script, entry):
        actions = ok_parts(self._upstream.name) if entry is None else entry
        try:
            if EARLY not in actions[:1]:
                stream.whole.wait(20)
            for action in actions:
                if stream.gone.is_set() or not self._act(stream, script, action):
                    return
        except OSError:
            pass

    def _act(self, stream: _Stream, script, action) -> bool:
        number = stream.number
        match action:
            case Interim(status, fields):
                self._send(wire.headers(number, wire.fields((":status", str(status)), *fields), end=False))
            case Head(status, fields, end):
                stream.seen.answered = stream.seen.answered or end
                self._send(wire.headers(number, wire.fields((":status", str(status)), *fields), end))
            case Body(data, end):
                stream.seen.answered = stream.seen.answered or end
                self._body(stream, data, end)
            case Trailers(fields):
                stream.seen.answered = True
                self._send(wire.headers(number, wire.fields(*fields)))
            case Abort(code):
                stream.seen.answered = True
                self._send(wire.rst_stream(number, code))
                return False
            case GoAway(code, back):
                self._send(wire.goaway(max(0, number - 2 * back), code))
            case Frames(make):
                self._send(make(number))
            case Pause(seconds):
                time.sleep(seconds)
            case _ if action == READ_BODY:
                stream.whole.wait(20)
            case _ if action == STALL:
                while not script.over.wait(0.02) and not stream.gone.is_set():
                    pass
                return False
            case _ if action == CLOSE:
                self._close()
                return False
            case _ if action == RESET:
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self._close()
                return False
            case _ if action != EARLY:
                raise AssertionError(f"HTTP/2 has no {action!r}")
        return True

    def _body(self, stream: _Stream, data: bytes, end: bool):
        if end and not data:
            self._send(wire.data(stream.number, end=True))
        while data:
            with self._opened:
                while not (room := min(self._window, stream.window, self._largest, len(data))) > 0:
                    if stream.gone.is_set():
                        return
                    self._opened.wait(5)
                self._window -= room
                stream.window -= room
            piece, data = data[:room], data[room:]
            self._send(wire.data(stream.number, piece, end=end and not data))


def _text(octets) -> str:
    return octets.decode("latin-1") if isinstance(octets, bytes) else octets
