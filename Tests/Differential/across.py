"""One exchange described once, played in all four pairings of HTTP/1.1 and HTTP/2 towards the proxy and behind it."""

from exchange import Case, Read, Send
from streams import Ask, End2, Read2, Send2

#: (what the caller speaks, what the upstream speaks), with the listener whose cluster speaks it.
PAIRS = {"h1 h1": (False, "LISTEN"), "h1 h2": (False, "LISTEN_UP2"), "h2 h1": (True, "LISTEN"), "h2 h2": (True, "LISTEN_UP2")}
#: Those with HTTP/2 on a side or both.
NEW = ("h1 h2", "h2 h1", "h2 h2")
#: Those whose caller speaks HTTP/2.
DOWN2 = ("h2 h1", "h2 h2")
UP2 = ("h1 h2", "h2 h2")

HOST = "test.example"


def ask(method: str = "GET", path: str = "/", *fields: tuple[str, str], host: str = HOST, end: bool = True, scheme: str = "http") -> Ask:
    return Ask(((":method", method), (":scheme", scheme), (":path", path), (":authority", host), *fields), end)


def steps2(method: str, path: str, fields, body, trailers, host: str) -> list:
    """A request over HTTP/2. `body`: None, or its pieces."""
    steps = [ask(method, path, *fields, host=host, end=body is None and not trailers)]
    pieces = list(body or ())
    for index, piece in enumerate(pieces):
        steps.append(Send2(piece, end=index == len(pieces) - 1 and not trailers))
    if trailers:
        steps.append(End2(tuple(trailers)))
    return steps


def octets1(method: str, path: str, fields, body, trailers, host: str) -> bytes:
    """The same over HTTP/1.1: in chunks unless its content-length is given."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", *(f"{name}: {value}" for name, value in fields)]
    chunked = (body is not None or trailers) and "content-length" not in {name.lower() for name, _ in fields}
    if chunked:
        lines.append("Transfer-Encoding: chunked")
    out = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"
    for piece in body or ():
        out += f"{len(piece):x}\r\n".encode() + piece + b"\r\n" if chunked and piece else b"" if chunked else piece
    if chunked:
        out += b"0\r\n" + b"".join(f"{name}: {value}\r\n".encode("latin-1") for name, value in trailers) + b"\r\n"
    return out


def across(name: str, method: str = "GET", path: str = "/", *fields: tuple[str, str], body=None, trailers=(), host: str = HOST,
           upstream=(), pairs=NEW, times: int = 1, **more) -> list[Case]:
    """The exchange in each of these pairings. `times` asks so often, one after another."""
    cases = []
    for pair in pairs:
        http2, listener = PAIRS[pair]
        parts = (method, path, fields, body, trailers, host)
        steps = []
        for _ in range(times):
            steps += [*steps2(*parts), Read2()] if http2 else [Send(octets1(*parts)), Read(method)]
        cases.append(Case(f"{name}, {pair.replace(' ', ' to ')}", steps=steps, http2=http2, listener=listener,
                          upstream=[list(entry) for entry in upstream], **more))
    return cases
