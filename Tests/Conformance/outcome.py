"""What a case does, what it may be answered with, and how that is told apart."""

from dataclasses import dataclass

from support.http2 import wire
from support.http2.peer import Peer

#: How long an answer is waited for before a PING asks whether the octets were passed over: errors come in order, before its echo.
QUIET = 0.03


@dataclass(frozen=True)
class Answer:
    """One of the answers that the RFC allows."""

    #: `goaway`, `reset`, `status` or `nothing`. Never allowed: `closed`, `no end` (an answer that goes on for ever).
    kind: str
    #: Error codes or statuses.
    values: tuple[int, ...] = ()

    def __str__(self):
        match self.kind:
            case "goaway":
                return "GOAWAY " + "/".join(map(wire.code_name, self.values))
            case "reset":
                return "RST_STREAM " + "/".join(map(wire.code_name, self.values))
            case "status":
                return "status " + "/".join(map(str, self.values))
        return self.kind


def connection_error(*codes: int) -> tuple[Answer, ...]:
    """RFC 9113 5.4.1: GOAWAY with the code, and the connection is closed."""
    return (Answer("goaway", codes),)


def stream_error(*codes: int) -> tuple[Answer, ...]:
    """RFC 9113 5.4.2: RST_STREAM with the code; a stream error may be treated as a connection error."""
    return Answer("reset", codes), Answer("goaway", codes)


def answered(*statuses: int) -> tuple[Answer, ...]:
    return (Answer("status", statuses or (200,)),)


#: RFC 9113 8.1.1: a malformed request is a stream error; an answer may be sent first.
MALFORMED = (*stream_error(wire.PROTOCOL_ERROR), *answered(400))
#: The octets have no effect, and the connection goes on.
NOTHING = (Answer("nothing"),)


@dataclass(frozen=True)
class Case:
    """Octets sent (or steps taken) after the preface, and the answers that the RFC allows."""

    name: str
    #: The section, `9113 6.1`.
    rule: str
    #: Octets to send, or functions of the Peer.
    steps: tuple
    allowed: tuple[Answer, ...]
    #: The stream that is looked at.
    stream: int = 1
    #: The settings that we open with.
    settings: tuple[tuple[int, int], ...] = ()
    #: Off for cases about the preface itself.
    preface: bool = True
    #: Looks at the Peer once an answer was found to be allowed.
    check: object = None


def case(name: str, rule: str, *steps, allowed, **more) -> Case:
    return Case(name, rule, steps, tuple(allowed), **more)


# Steps

def ended(stream: int = 1):
    """Waits for the whole answer on the stream."""
    return lambda peer: peer.until_ended(stream)


def headed(stream: int = 1):
    """Waits for an answer's head."""
    return lambda peer: peer.until_headed(stream)


def forget(stream: int = 1):
    """What came on the stream so far does not count: the case is about what comes next."""
    def step(peer: Peer):
        peer.responses.pop(stream, None)
        peer.resets.pop(stream, None)
    return step


def pause(peer: Peer):
    """A round trip: what was sent before has been taken in."""
    peer.alive()


def observe(peer: Peer, stream: int, afar: bool) -> Answer:
    """What the target did: the first thing that decides. `afar`: an answer may come from the origin, later than an echo."""
    def decided():
        if peer.goaway not in (None, wire.NO_ERROR):
            return True
        return stream in peer.resets or peer.response(stream).ended
    try:
        peer.until(decided, QUIET)
    except TimeoutError:
        try:
            peer.alive(0.7)
        except TimeoutError:
            # Neither an answer nor an echo: perhaps it waits for more.
            pass
        if not decided() and not peer.closed:
            if not afar and not peer.response(stream).fields:
                return Answer("nothing")
            try:
                peer.until(decided)
            except TimeoutError:
                return Answer("no end" if peer.response(stream).fields else "nothing")
    if peer.goaway not in (None, wire.NO_ERROR):
        try:
            peer.until(lambda: False, what="the connection is closed after GOAWAY")
        except TimeoutError as error:
            raise AssertionError(str(error)) from None
        return Answer("goaway", (peer.goaway,))
    if stream in peer.resets and not (peer.resets[stream] == wire.NO_ERROR and peer.response(stream).ended):
        return Answer("reset", (peer.resets[stream],))
    if peer.response(stream).ended:
        return Answer("status", (peer.response(stream).status,))
    assert peer.closed
    return Answer("closed")


def allows(allowed: tuple[Answer, ...], found: Answer, lenient: bool) -> bool:
    """Whether one of the allowed answers is this; `lenient` takes an end without GOAWAY, which is a SHOULD (5.4.1)."""
    if found.kind == "closed":
        return lenient and any(answer.kind == "goaway" for answer in allowed)
    return any(answer.kind == found.kind and (not answer.values or set(found.values) <= set(answer.values))
               for answer in allowed)
