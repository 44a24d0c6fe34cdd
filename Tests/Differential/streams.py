"""HTTP/2 towards the proxy: the steps of a case, and how they are played.

Streams count from 0 in the order they are asked on; a step without a number goes to the newest."""

from dataclasses import dataclass

from found import add_fields, short
from support.http2 import wire
from support.http2.peer import Peer

#: Seconds that something may take before the case counts as silent.
PATIENCE = 4.0


@dataclass
class Ask:
    """Opens a stream with these fields, pseudo-header fields among them."""

    fields: tuple[tuple[str, str], ...]
    end: bool = True


@dataclass
class Send2:
    """DATA, in as many frames as it takes, within the windows."""

    data: bytes = b""
    end: bool = False
    stream: int = -1


@dataclass
class End2:
    """Trailers."""

    fields: tuple[tuple[str, str], ...]
    stream: int = -1


@dataclass
class Cancel:
    code: int = wire.CANCEL
    stream: int = -1


@dataclass
class Frames2:
    """Octets as they are, made from the stream's identifier."""

    make: object
    stream: int = -1


@dataclass
class Head2:
    """Waits for an answer's head."""

    stream: int = -1


@dataclass
class Part2:
    """Waits until this much of an answer's body has come."""

    octets: int
    stream: int = -1


@dataclass
class Read2:
    """Waits for the end of an answer, or of its stream."""

    stream: int = -1


@dataclass
class Pause2:
    seconds: float


@dataclass
class Settings2:
    """What the connection opens with, in place of a stream window of 1 MiB; stands first."""

    pairs: tuple[tuple[int, int], ...]


def play_streams(case, address: tuple[str, int], window: float, found: dict[str, str]):
    settings = [step for step in case.steps if isinstance(step, Settings2)]
    with Peer(address, patience=PATIENCE) as peer:
        peer.start(*(settings[0].pairs if settings else ((wire.INITIAL_WINDOW_SIZE, 1 << 20),)))
        peer.send(wire.window_update(0, 1 << 24))
        streams: list[int] = []
        for step in case.steps:
            try:
                _step(peer, streams, step)
            except TimeoutError:
                found["client"] = "silence"
                break
            if peer.closed:
                break
        for index, stream in enumerate(streams):
            _describe(peer, stream, f"r{index}", found)
        if case.watch_end and "client" not in found:
            found["connection"] = _end(peer, window)
        elif peer.goaways:
            found["goaway"] = _codes(peer)


def _step(peer: Peer, streams: list[int], step):
    if isinstance(step, Ask):
        streams.append(1 + 2 * len(streams))
        _block(peer, streams[-1], step)
        return
    if isinstance(step, Pause2):
        peer.drain(step.seconds)
        return
    if isinstance(step, Settings2):
        return
    stream = streams[step.stream]
    response = peer.response(stream)

    def over():
        return response.ended or stream in peer.resets or peer.goaway not in (None, wire.NO_ERROR)
    match step:
        case Send2(data, end):
            _data(peer, stream, data, end, over)
        case End2(fields):
            peer.send(wire.headers(stream, wire.fields(*fields)))
        case Cancel(code):
            peer.send(wire.rst_stream(stream, code))
        case Frames2(make):
            peer.send(make(stream))
        case Head2():
            peer.until(lambda: response.fields or over())
        case Part2(octets):
            peer.until(lambda: len(response.body) >= octets or over())
        case Read2():
            peer.until(over)


def _block(peer: Peer, stream: int, step: Ask):
    """HEADERS, and CONTINUATION for what does not fit."""
    block = wire.fields(*step.fields)
    pieces = [block[at:at + 16384] for at in range(0, len(block), 16384)] or [b""]
    peer.send(wire.headers(stream, pieces[0], step.end, whole=len(pieces) == 1)
              + b"".join(wire.continuation(stream, piece, whole=piece is pieces[-1]) for piece in pieces[1:]))


def _data(peer: Peer, stream: int, data: bytes, end: bool, over):
    if not data:
        peer.send(wire.data(stream, end=end))
        return
    peer.spent = getattr(peer, "spent", {})
    while data and not over():
        def room():
            connection = 65535 + peer.increments.get(0, 0) - sum(peer.spent.values())
            own = peer.settings.get(wire.INITIAL_WINDOW_SIZE, 65535) + peer.increments.get(stream, 0) - peer.spent.get(stream, 0)
            return min(connection, own, 16384)
        peer.until(lambda: room() > 0 or over())
        piece, data = data[:room()], data[room():]
        peer.spent[stream] = peer.spent.get(stream, 0) + len(piece)
        peer.send(wire.data(stream, piece, end=end and not data))
        # What the proxy says meanwhile is taken in.
        peer.drain(0.0005)


def _describe(peer: Peer, stream: int, at: str, found: dict[str, str]):
    response = peer.response(stream)
    for index, interim in enumerate(response.interim):
        add_fields(f"{at}.interim{index}", interim, found)
    if response.fields:
        found[f"{at}.status"] = str(response.status)
        add_fields(f"{at}.header", [pair for pair in response.fields if pair[0] != ":status"], found)
        found[f"{at}.body"] = short(response.body)
    add_fields(f"{at}.trailer", response.trailers, found)
    # RST_STREAM with NO_ERROR behind a whole answer asks not to send the rest (RFC 9113 8.1): whether it comes hangs on time.
    if stream in peer.resets and not (response.ended and peer.resets[stream] == wire.NO_ERROR):
        found[f"{at}.end"] = f"reset {wire.code_name(peer.resets[stream])}"
    else:
        found[f"{at}.end"] = "whole" if response.ended else "open"


def _end(peer: Peer, window: float) -> str:
    """Whether the connection goes on, and what GOAWAY said if not."""
    try:
        alive = not peer.closed and peer.alive(window + 1)
        if alive and peer.goaways:
            peer.until(lambda: False, window)
    except TimeoutError:
        alive = True
    if not alive or peer.closed:
        return f"closed{', goaway ' + _codes(peer) if peer.goaways else ''}"
    return f"open{', goaway ' + _codes(peer) if peer.goaways else ''}"


def _codes(peer: Peer) -> str:
    return " ".join(wire.code_name(code) for _, code in peer.goaways)
