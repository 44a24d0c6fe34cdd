"""Parts of an upstream's answer that HTTP/1.1 and HTTP/2 upstreams both can say, each in its own way."""

from dataclasses import dataclass

from support.http2 import wire

Fields = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Interim:
    status: int
    fields: Fields = ()


@dataclass(frozen=True)
class Head:
    """The head of the final answer. Without `end` a body follows: by its content-length, else in chunks."""

    status: int = 200
    fields: Fields = ()
    end: bool = False


@dataclass(frozen=True)
class Body:
    data: bytes = b""
    end: bool = False


@dataclass(frozen=True)
class Trailers:
    fields: Fields = ()


@dataclass(frozen=True)
class Abort:
    """Ends the exchange alone: RST_STREAM with the code; over HTTP/1.1 a reset of the connection."""

    code: int = wire.INTERNAL_ERROR


@dataclass(frozen=True)
class GoAway:
    """HTTP/2 only. `last` counts back: 0 means that this stream is the last that will be served, 1 that it is not."""

    code: int = wire.NO_ERROR
    back: int = 0


@dataclass(frozen=True)
class Frames:
    """HTTP/2 only: octets as they are, made from the stream's identifier."""

    make: object


BODILESS = (204, 304)


class Http1Voice:
    """Says the parts over HTTP/1.1; remembers whether the body goes in chunks."""

    def __init__(self, method: str):
        self._head_only = method == "HEAD"
        self._chunked = False

    def say(self, part) -> bytes:
        match part:
            case Interim(status, fields):
                return _head(status, fields)
            case Head(status, fields, end):
                names = {name for name, _ in fields}
                if end:
                    if status not in BODILESS and not self._head_only and "content-length" not in names:
                        fields += (("content-length", "0"),)
                elif "content-length" not in names:
                    self._chunked = True
                    fields += (("transfer-encoding", "chunked"),)
                return _head(status, fields)
            case Body(data, end) if self._chunked:
                chunk = f"{len(data):x}\r\n".encode() + data + b"\r\n" if data else b""
                return chunk + (b"0\r\n\r\n" if end else b"")
            case Body(data, _):
                return data
            case Trailers(fields):
                return b"0\r\n" + _lines(fields) + b"\r\n"
        raise AssertionError(f"HTTP/1.1 has no {part!r}")


def _lines(fields: Fields) -> bytes:
    return b"".join(f"{name}: {value}\r\n".encode("latin-1") for name, value in fields)


def _head(status: int, fields: Fields) -> bytes:
    return f"HTTP/1.1 {status} Said\r\n".encode() + _lines(fields) + b"\r\n"


def ok(body: bytes = b"", *fields: tuple[str, str], status: int = 200, trailers: Fields = ()) -> list:
    """A whole answer, its length given unless trailers follow."""
    if trailers:
        return [Head(status, fields), Body(body), Trailers(trailers)]
    return [Head(status, (*fields, ("content-length", str(len(body)))), end=not body), *([Body(body, end=True)] if body else [])]
