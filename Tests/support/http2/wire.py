"""HTTP/2 frames and HPACK fields as bytes, made by hand so that they can be wrong in any way."""

import struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
TYPES = ("DATA", "HEADERS", "PRIORITY", "RST_STREAM", "SETTINGS", "PUSH_PROMISE", "PING", "GOAWAY", "WINDOW_UPDATE",
         "CONTINUATION")

# Flags. ACK and END_STREAM share a bit, as they do in the RFC.
END_STREAM = ACK = 0x1
END_HEADERS = 0x4
PADDED = 0x8
PRIORITISED = 0x20

(NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, FLOW_CONTROL_ERROR, SETTINGS_TIMEOUT, STREAM_CLOSED, FRAME_SIZE_ERROR,
 REFUSED_STREAM, CANCEL, COMPRESSION_ERROR, CONNECT_ERROR, ENHANCE_YOUR_CALM, INADEQUATE_SECURITY,
 HTTP_1_1_REQUIRED) = range(14)
CODES = ("NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED",
         "FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM",
         "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED")

HEADER_TABLE_SIZE, ENABLE_PUSH, MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE, MAX_FRAME_SIZE, MAX_HEADER_LIST_SIZE = range(1, 7)
ENABLE_CONNECT_PROTOCOL = 8

LARGEST_WINDOW = 2**31 - 1


def code_name(code: int) -> str:
    return CODES[code] if code < len(CODES) else f"code {code:#x}"


# Frames

def frame(kind: int, flags: int = 0, stream: int = 0, payload: bytes = b"", length: int | None = None) -> bytes:
    """A frame; `length` may lie, and bit 31 of `stream` is the reserved bit."""
    size = len(payload) if length is None else length
    return struct.pack(">I", size)[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def data(stream: int, payload: bytes = b"", end: bool = False, pad: int | None = None, flags: int = 0) -> bytes:
    if pad is not None:
        payload = bytes([pad]) + payload + bytes(pad)
        flags |= PADDED
    return frame(DATA, flags | (END_STREAM if end else 0), stream, payload)


def headers(stream: int, block: bytes, end: bool = True, whole: bool = True, flags: int = 0) -> bytes:
    """HEADERS with this block; `whole` sets END_HEADERS."""
    return frame(HEADERS, flags | (END_STREAM if end else 0) | (END_HEADERS if whole else 0), stream, block)


def continuation(stream: int, block: bytes, whole: bool = True, flags: int = 0) -> bytes:
    return frame(CONTINUATION, flags | (END_HEADERS if whole else 0), stream, block)


def dependency(on: int, weight: int = 15, exclusive: bool = False) -> bytes:
    """The five octets of a priority."""
    return struct.pack(">IB", on | (0x80000000 if exclusive else 0), weight)


def priority(stream: int, on: int = 0, weight: int = 15, exclusive: bool = False) -> bytes:
    return frame(PRIORITY, 0, stream, dependency(on, weight, exclusive))


def rst_stream(stream: int, code: int = CANCEL) -> bytes:
    return frame(RST_STREAM, 0, stream, struct.pack(">I", code))


def settings(*pairs: tuple[int, int], ack: bool = False) -> bytes:
    return frame(SETTINGS, ACK if ack else 0, 0, b"".join(struct.pack(">HI", *pair) for pair in pairs))


def ping(payload: bytes = b"conforms", ack: bool = False) -> bytes:
    return frame(PING, ACK if ack else 0, 0, payload)


def goaway(last: int = 0, code: int = NO_ERROR, debug: bytes = b"") -> bytes:
    return frame(GOAWAY, 0, 0, struct.pack(">II", last, code) + debug)


def window_update(stream: int, increment: int) -> bytes:
    return frame(WINDOW_UPDATE, 0, stream, struct.pack(">I", increment))


# Fields (RFC 7541)

def integer(value: int, bits: int, first: int = 0) -> bytes:
    """An integer with a prefix of so many bits; `first` has the bits before it (5.1)."""
    limit = (1 << bits) - 1
    if value < limit:
        return bytes([first | value])
    out = bytearray([first | limit])
    value -= limit
    while value >= 128:
        out.append(value % 128 + 128)
        value //= 128
    out.append(value)
    return bytes(out)


def string(text: bytes | str) -> bytes:
    """A string literal without Huffman coding (5.2)."""
    text = text.encode("latin-1") if isinstance(text, str) else text
    return integer(len(text), 7) + text


def indexed(index: int) -> bytes:
    return integer(index, 7, 0x80)


def literal(name, value, into_table: bool = False, never: bool = False) -> bytes:
    """A literal field with a literal name, or with the name of a table's entry when `name` is a number (6.2)."""
    first, bits = (0x40, 6) if into_table else (0x10, 4) if never else (0x00, 4)
    if isinstance(name, int):
        return integer(name, bits, first) + string(value)
    return bytes([first]) + string(name) + string(value)


def table_size(size: int) -> bytes:
    return integer(size, 5, 0x20)


def fields(*pairs: tuple[str, str]) -> bytes:
    return b"".join(literal(name, value) for name, value in pairs)


AUTHORITY = "test.example"


def request_fields(method: str = "GET", path: str = "/", scheme: str = "http", authority: str = AUTHORITY):
    return [(":method", method), (":scheme", scheme), (":path", path), (":authority", authority)]


def block(*more: tuple[str, str], method: str = "GET", path: str = "/") -> bytes:
    """A whole request's field block."""
    return fields(*request_fields(method, path), *more)


def get(stream: int, path: str = "/", *more: tuple[str, str], end: bool = True) -> bytes:
    return headers(stream, block(*more, path=path), end)


def post(stream: int, path: str = "/echo", *more: tuple[str, str], end: bool = False) -> bytes:
    return headers(stream, block(*more, method="POST", path=path), end)
