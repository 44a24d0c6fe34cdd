"""Requests and answers that mean the same in HTTP/1.1 and HTTP/2, in all pairings; and what only HTTP/2 has."""

from across import DOWN2, UP2, across, ask
from answers import Abort, Body, Frames, GoAway, Head, Interim, Trailers, ok
from exchange import Case
from streams import Ask, Cancel, Frames2, Head2, Part2, Pause2, Read2, Send2, Settings2
from support.http2 import wire
from upstream import CLOSE, EARLY, READ_BODY, RESET, STALL, Pause

LENGTH5 = ("content-length", "5")
HELLO = [b"hello"]


def answered(name: str, *parts, method="GET", **more) -> list[Case]:
    return across(name, method, "/", upstream=[parts], **more)


def streams(name: str, *steps, up: str = "both", **more) -> list[Case]:
    """Steps over HTTP/2, before an upstream of either protocol."""
    listeners = {"h1": "LISTEN", "h2": "LISTEN_UP2"}
    return [Case(f"{name}, h2 to {kind}", steps=list(steps), http2=True, listener=listener, **more)
            for kind, listener in listeners.items() if up in ("both", kind)]


CASES = [case for cases in (
    # Methods and bodies
    across("get", path="/path?one=1&two=%20x"),
    across("head", "HEAD", upstream=[[Head(200, (("x-upstream", "a"), ("content-length", "10")), end=True)]]),
    across("head without a length", "HEAD", upstream=[[Head(200, (("x-upstream", "a"),), end=True)]], pairs=("h2 h2",)),
    across("options", "OPTIONS"),
    across("options asterisk", "OPTIONS", "*"),
    across("delete", "DELETE", "/thing"),
    across("trace", "TRACE"),
    across("propfind", "PROPFIND", "/dav", ("depth", "1")),
    across("post with a length", "POST", "/", LENGTH5, body=HELLO),
    across("post without a length", "POST", body=HELLO),
    across("post in pieces", "POST", body=[b"he", b"l", b"lo"]),
    across("post with a length in pieces", "POST", "/", LENGTH5, body=[b"he", b"llo"]),
    across("post of length zero", "POST", "/", ("content-length", "0")),
    # Whether the body is known to be empty when the head goes on hangs on how the kernel cuts reads, which HTTP/2 upstreams see.
    across("post of an empty body", "POST", body=[b""], pairs=("h2 h1",)),
    across("post of nothing", "POST"),
    across("put", "PUT", "/thing", LENGTH5, body=HELLO),
    across("patch", "PATCH", "/thing", body=HELLO),
    across("delete with a body", "DELETE", "/thing", LENGTH5, body=HELLO),
    across("get with a body", "GET", "/", LENGTH5, body=HELLO),
    across("a large request", "POST", "/", ("content-length", "300000"), body=[b"z" * 300000]),
    across("a large request without a length", "POST", body=[b"z" * 100000] * 3),
    across("two requests on one connection", times=2),
    across("three posts on one connection", "POST", "/", LENGTH5, body=HELLO, times=3),

    # Fields
    across("repeated fields", "GET", "/", ("x-many", "1"), ("x-many", "2"), ("x-many", "3")),
    across("repeated cookies", "GET", "/", ("cookie", "a=1"), ("cookie", "b=2")),
    across("one cookie field of two", "GET", "/", ("cookie", "a=1; b=2")),
    across("an empty field", "GET", "/", ("x-empty", "")),
    across("high bytes in a value", "GET", "/", ("x-high", "caf\xe9")),
    across("every token character in a name", "GET", "/", ("x!#$%&'*+-.^_`|~9", "token")),
    across("a long value", "GET", "/", ("x-long", "v" * 8000)),
    across("a field of 20,000 octets", "GET", "/", ("x-long", "v" * 20000)),
    across("many fields", "GET", "/", *((f"x-n{number}", str(number)) for number in range(60))),
    across("te trailers", "GET", "/", ("te", "trailers"), pairs=DOWN2),
    across("user agent, accept and referer", "GET", "/", ("user-agent", "test/1"), ("accept", "*/*"), ("referer", "http://x.example/")),
    across("x-forwarded fields given", "GET", "/", ("x-forwarded-for", "10.1.1.1"), ("x-forwarded-proto", "https")),
    across("x-request-id given", "GET", "/", ("x-request-id", "mine")),
    across("via given", "GET", "/", ("via", "1.1 before")),
    across("proxy-authorization", "GET", "/", ("proxy-authorization", "Basic eDp5")),
    across("expect continue", "POST", "/", LENGTH5, ("expect", "100-continue"), body=HELLO, pairs=DOWN2),
    across("authority with a port", "GET", "/", host="test.example:8080"),
    across("authority in capitals", "GET", "/", host="TEST.Example"),
    across("authority as an IPv6 address", "GET", "/", host="[::1]:1234"),
    across("a path of everything", "GET", "/a;b=c/@:!$&'()*+,=%2F%7E?x=%00&y"),
    across("path with empty segments and dots", "GET", "//a//./b/../c"),
    across("a long path", "GET", "/" + "p" * 4000),

    # Trailers
    across("trailers of a request", "POST", "/", ("te", "trailers"), body=HELLO, trailers=[("x-t", "one"), ("x-u", "two")]),
    across("trailers of a request without a body", "POST", body=None, trailers=[("x-t", "one")]),
    across("trailers of an answer", "GET", "/", upstream=[[Head(200), Body(b"abc"), Trailers((("x-t", "done"), ("x-t", "again")))]]),
    across("trailers of an answer without a body", "GET", "/", upstream=[[Head(200), Trailers((("x-t", "done"),))]]),
    across("trailers both ways", "POST", "/", body=HELLO, trailers=[("x-a", "1")],
           upstream=[[Head(200), Body(b"abc"), Trailers((("x-b", "2"),))]]),

    # Answers
    answered("204", Head(204, (("x-upstream", "a"),), end=True)),
    answered("304", Head(304, (("etag", '"x"'),), end=True)),
    answered("304 with a length", Head(304, (("content-length", "10"),), end=True)),
    answered("404", *ok(b"none", status=404)),
    answered("500", *ok(status=500)),
    answered("an unknown status", *ok(status=299)),
    answered("answer without a length", Head(200), Body(b"abc"), Body(b"de", end=True)),
    answered("answer in pieces", Head(200, (("content-length", "6"),)), Body(b"ab"), Pause(0.01), Body(b"cd"), Pause(0.01), Body(b"ef", end=True)),
    answered("answer without a body and a length", Head(200, (("x-a", "1"),), end=True), pairs=("h1 h2", "h2 h2")),
    answered("an empty body after the head", Head(200), Body(b"", end=True), pairs=("h1 h2", "h2 h2")),
    answered("repeated answer fields", Head(200, (("set-cookie", "a=1"), ("set-cookie", "b=2"), ("content-length", "0")), end=True)),
    answered("server and date of the upstream", Head(200, (("server", "mine"), ("date", "Thu, 01 Jan 1970 00:00:00 GMT"), ("content-length", "0")), end=True)),
    answered("a large answer", *ok(b"x" * 300000)),
    answered("a large answer without a length", Head(200), Body(b"y" * 300000, end=True)),
    answered("an interim answer", Interim(103, (("link", "</x>"),)), *ok(b"final")),
    answered("a long field of an answer", *ok(b"x", ("x-long", "v" * 20000)), watch_upstream=False),
    answered("many fields of an answer", *ok(b"x", *((f"x-n{number}", str(number)) for number in range(60)))),
    answered("high bytes in an answer", *ok(b"x", ("x-high", "caf\xe9"))),

    # Upstreams that fail
    answered("reset before an answer", Abort(wire.INTERNAL_ERROR)),
    answered("refused stream", Abort(wire.REFUSED_STREAM), pairs=UP2),
    answered("cancelled by the upstream", Abort(wire.CANCEL), pairs=UP2),
    answered("reset with NO_ERROR before an answer", Abort(wire.NO_ERROR), pairs=UP2),
    answered("reset within the body", Head(200, (("content-length", "10"),)), Body(b"half"), Pause(0.02), Abort(wire.INTERNAL_ERROR)),
    answered("reset within a body without a length", Head(200), Body(b"half"), Pause(0.02), Abort(wire.CANCEL)),
    answered("connection reset before an answer", RESET, pairs=UP2),
    answered("connection ended before an answer", CLOSE, pairs=UP2),
    answered("connection ended within the body", Head(200, (("content-length", "10"),)), Body(b"half"), Pause(0.02), CLOSE),
    # An HTTP/1.1 caller gets a torn answer from Tulle as from Envoy where the head was sent before its content was read, and a 502
    # where both came in one read: either is right, and which it is the kernel decides.
    answered("less than the length says", Head(200, (("content-length", "10"),)), Body(b"half", end=True), pairs=("h2 h2",)),
    answered("more than the length says", Head(200, (("content-length", "2"),)), Body(b"and more", end=True), pairs=("h2 h2",)),
    answered("no status", Frames(lambda number: wire.headers(number, wire.fields(("x-a", "1")))), pairs=UP2),
    answered("an upper-case field", Frames(lambda number: wire.headers(number, wire.fields((":status", "200"), ("X-Upper", "1")))), pairs=UP2),
    answered("a connection field", Frames(lambda number: wire.headers(number, wire.fields((":status", "200"), ("connection", "close")))), pairs=UP2),
    answered("a frame that is too long", Frames(lambda number: wire.frame(wire.HEADERS, 4, number, b"", length=1 << 20)), pairs=UP2),
    answered("a block that does not decode", Frames(lambda number: wire.headers(number, wire.indexed(100))), pairs=UP2),
    answered("DATA before HEADERS", Frames(lambda number: wire.data(number, b"x", end=True)), pairs=UP2),
    answered("PUSH_PROMISE", Frames(lambda number: wire.frame(wire.PUSH_PROMISE, 4, number, b"\0\0\0\2" + wire.block())), pairs=UP2),
    across("GOAWAY after the answer began, then another", times=2, pairs=UP2, upstream=[
        [Head(200, (("content-length", "5"),)), GoAway(), Body(b"hello", end=True)], ok(b"second")]),
    across("GOAWAY that leaves the stream out", pairs=UP2, upstream=[[GoAway(back=1), Pause(0.05), CLOSE], ok(b"second")]),
    across("GOAWAY with an error before the answer", pairs=UP2, upstream=[[GoAway(wire.INTERNAL_ERROR), CLOSE]]),

    # Moments over HTTP/2
    streams("answer before the request's end", ask("POST", "/", end=False), Read2(), upstream=[[EARLY, *ok(b"early")]], watch_upstream=False,
            watch_end=False),
    streams("answer's head before the request's end", ask("POST", "/", end=False), Head2(), Send2(b"late", end=True), Read2(),
            upstream=[[EARLY, Head(200, (("x-a", "1"),)), READ_BODY, Body(b"done", end=True)]]),
    streams("cancelled before the answer", ask(), Pause2(0.05), Cancel(), upstream=[[STALL]], up="h2"),
    streams("cancelled after the head", ask(), Part2(4), Cancel(), upstream=[[Head(200), Body(b"some"), STALL]], up="h2"),
    streams("cancelled within a request's body", ask("POST", "/", end=False), Send2(b"some"), Pause2(0.05), Cancel(), upstream=[[STALL]], up="h2"),
    streams("cancelled with NO_ERROR", ask("POST", "/", end=False), Send2(b"some"), Pause2(0.05), Cancel(wire.NO_ERROR), up="h2"),
    streams("another is asked after a cancelled one", ask(), Part2(4), Cancel(), ask("GET", "/second"), Read2(),
            upstream=[[Head(200), Body(b"some"), STALL], ok(b"second")], up="h2"),
    streams("two at once, the second answered first", ask("GET", "/slow"), Pause2(0.03), ask("GET", "/fast"), Read2(1), Read2(0),
            upstream=[[Pause(0.1), *ok(b"slow")], ok(b"fast")]),
    streams("ten at once", *(ask("GET", "/same") for _ in range(10)), *(Read2(number) for number in range(10)),
            upstream=[ok(b"same")] * 10),
    streams("a body that dribbles both ways", ask("POST", "/", end=False), Head2(), Send2(b"one"), Part2(3), Send2(b"two"), Part2(6), Send2(end=True), Read2(),
            upstream=[[EARLY, Head(200), Pause(0.02), Body(b"ONE"), Pause(0.05), Body(b"TWO"), READ_BODY, Body(b"END", end=True)]]),
    streams("windows of one octet", Settings2(((wire.INITIAL_WINDOW_SIZE, 1),)), ask(), Part2(1),
            Frames2(lambda number: wire.window_update(number, 100)), Read2(), upstream=[ok(b"hello")]),
    streams("a small header table", Settings2(((wire.HEADER_TABLE_SIZE, 0),)), ask(), Read2(), ask(), Read2()),
    streams("trailers without END_STREAM", ask("POST", "/", end=False), Send2(b"x"), Frames2(lambda number: wire.headers(number, wire.fields(("x-t", "1")), end=False)),
            Read2(), watch_upstream=False),

    # Requests that HTTP/2 alone can get wrong
    *[streams(f"refused: {name}", Ask(tuple(fields), end), Read2(), up="h2") for name, fields, end in (
        ("upper-case field", (*wire.request_fields(), ("X-Upper", "1")), True),
        ("connection field", (*wire.request_fields(), ("connection", "close")), True),
        ("transfer-encoding", (*wire.request_fields(), ("transfer-encoding", "chunked")), True),
        ("te gzip", (*wire.request_fields(), ("te", "gzip")), True),
        ("no path", (*wire.request_fields()[:2], wire.request_fields()[3]), True),
        ("no method", tuple(wire.request_fields()[1:]), True),
        ("no scheme", (wire.request_fields()[0], *wire.request_fields()[2:]), True),
        ("two paths", (*wire.request_fields(), (":path", "/x")), True),
        ("unknown pseudo-header field", (*wire.request_fields(), (":other", "x")), True),
        ("pseudo-header field late", (*wire.request_fields()[:3], ("x-a", "1"), wire.request_fields()[3]), True),
        ("NUL in a value", (*wire.request_fields(), ("x-a", "a\0b")), True),
        ("LF in a value", (*wire.request_fields(), ("x-a", "a\nb")), True),
        ("content-length that is too long", (*wire.request_fields("POST"), ("content-length", "5")), True),
    )],
    streams("host and no authority", Ask((*wire.request_fields()[:3], ("host", "given.example"))), Read2()),
    streams("host and the same authority", ask("GET", "/", ("host", "test.example")), Read2()),
    streams("host and another authority", ask("GET", "/", ("host", "other.example")), Read2()),
    streams("neither host nor authority", Ask(tuple(wire.request_fields()[:3])), Read2()),
    streams("scheme of https", ask("GET", "/", scheme="https"), Read2()),
    streams("scheme of neither", ask("GET", "/", scheme="gopher"), Read2()),
    streams("content-length that is too short", ask("POST", "/", ("content-length", "2"), end=False), Send2(b"hello", end=True), Read2(),
            watch_upstream=False, up="h2"),
    streams("connect that is not allowed", Ask(((":method", "CONNECT"), (":authority", "test.example:80")), end=False), Read2(), up="h2"),
    streams("priority and unknown frames", ask("POST", "/", end=False), Frames2(lambda number: wire.priority(number) + wire.frame(0x55, 0xFF, number, b"?")),
            Send2(b"x", end=True), Read2()),
    streams("padding", Ask(tuple(wire.request_fields("POST")), end=False), Frames2(lambda number: wire.data(number, b"padded", end=True, pad=50)), Read2()),
) for case in cases]
CASES = [case for item in CASES for case in (item if isinstance(item, list) else [item])]
