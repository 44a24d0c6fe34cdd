"""Options of connection managers and clusters, as HTTP/2 callers and upstreams meet them."""

from across import ask, octets1
from answers import Body, Head, ok
from exchange import Case, Read, Send
from streams import Frames2, Pause2, Read2, Send2
from support.http2 import wire
from upstream import STALL, Pause


def streams(name: str, *steps, listener: str = "LISTEN", **more) -> Case:
    return Case(name, steps=list(steps), http2=True, listener=listener, **more)


CASES = [
    streams("fields within their limit", ask("GET", "/", ("x-big", "v" * 1200)), Read2()),
    streams("fields over their limit", ask("GET", "/", ("x-big", "v" * 3000)), Read2()),
    streams("as many fields as allowed", ask("GET", "/", *((f"x-{number}", "v") for number in range(10))), Read2()),
    streams("too many fields", ask("GET", "/", *((f"x-{number}", "v") for number in range(40))), Read2()),
    streams("trailers over their limit", ask("POST", "/", end=False), Send2(b"x"),
            Frames2(lambda number: wire.headers(number, wire.fields(("x-big", "v" * 3000)))), Read2(), watch_upstream=False),
    streams("two streams where two are allowed", ask(), ask("GET", "/second"), Read2(0), Read2(1), upstream=[[Pause(0.05), *ok(b"a")], ok(b"b")],
            watch_upstream=False),
    streams("idle connection", ask(), Read2(), Pause2(0.6)),
    streams("large upload through small windows", ask("POST", "/", end=False), Send2(b"u" * 200000, end=True), Read2()),

    streams("HTTP/2 where HTTP/1.1 is set", ask(), Read2(), listener="LISTEN_CODEC1"),
    Case("HTTP/1.1 where HTTP/1.1 is set", octets1("GET", "/", (), None, (), "x"), listener="LISTEN_CODEC1"),
    streams("HTTP/2 where HTTP/2 is set", ask(), Read2(), listener="LISTEN_CODEC2"),
    Case("HTTP/1.1 where HTTP/2 is set", steps=[Send(octets1("GET", "/", (), None, (), "x")), Read()], listener="LISTEN_CODEC2"),

    streams("edge", ask("GET", "/", ("x-request-id", "given"), ("x-forwarded-for", "10.0.0.1"), ("x-forwarded-proto", "https")), Read2(),
            listener="LISTEN_EDGE"),
    streams("edge without any", ask(), Read2(), listener="LISTEN_EDGE"),
    streams("quiet", ask(), Read2(), upstream=[ok(b"x", ("server", "mine"))], listener="LISTEN_QUIET"),
    streams("quiet without a server", ask(), Read2(), listener="LISTEN_QUIET"),

    streams("stream without a sign of life", ask(), Read2(), upstream=[[STALL]], listener="LISTEN_SLOW"),
    streams("upload without a sign of life", ask("POST", "/", end=False), Send2(b"half"), Read2(), listener="LISTEN_SLOW", watch_upstream=False),
    streams("answer without a sign of life", ask(), Read2(), upstream=[[Head(200), Body(b"half"), STALL]], listener="LISTEN_SLOW"),
    streams("signs of life", ask(), Read2(), listener="LISTEN_SLOW",
            upstream=[[Head(200), *(part for _ in range(5) for part in (Body(b"part"), Pause(0.06))), Body(b"end", end=True)]]),
    streams("request that never ends", ask("POST", "/", end=False), Send2(b"half"), Read2(), listener="LISTEN_REQUEST", watch_upstream=False),
    streams("request in time", ask("POST", "/", end=False), Send2(b"full", end=True), Read2(), listener="LISTEN_REQUEST"),

    streams("underscore refused", ask("GET", "/", ("x_a", "b")), Read2(), listener="LISTEN_UNDERSCORE"),
    streams("underscore dropped", ask("GET", "/", ("x_a", "b"), ("x-b", "c")), Read2(), listener="LISTEN_UNDERSCORE_DROP"),

    streams("one stream upstream at a time", ask("GET", "/1"), Pause2(0.02), ask("GET", "/2"), Read2(0), Read2(1), listener="LISTEN_ONE",
            upstream=[[Pause(0.05), *ok(b"one")], ok(b"two")]),
    streams("last request of a connection", ask("GET", "/1"), Read2(), ask("GET", "/2"), Read2(), listener="LISTEN_COUNT"),
]
