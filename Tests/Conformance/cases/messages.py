"""Requests: how fields may look (RFC 9113 8.2), pseudo-header fields (8.3), bodies, trailers, CONNECT (8.5)."""

import json

from support.http2 import wire
from outcome import MALFORMED, answered, case, ended, stream_error
from support.http2.wire import PROTOCOL_ERROR, block, data, fields, get, headers, post, request_fields

#: A limit may be told by an answer, by ending the stream, or by ending the connection.
TOO_MUCH = (*answered(400, 431, 413), *stream_error(PROTOCOL_ERROR, wire.REFUSED_STREAM, wire.ENHANCE_YOUR_CALM, wire.INTERNAL_ERROR,
                                                   wire.CANCEL, wire.COMPRESSION_ERROR, wire.FRAME_SIZE_ERROR))


def bad(name: str, *pairs, rule="9113 8.3", **more):
    """A malformed request of exactly these fields."""
    return case(name, rule, headers(1, fields(*pairs)), allowed=MALFORMED, **more)


def bad_field(name: str, field: str, value: str, rule="9113 8.2", **more):
    return case(name, rule, get(1, "/", (field, value)), allowed=MALFORMED, **more)


def good_field(name: str, field: str, value: str, seen=None, rule="9113 8.2", path="/echo"):
    """A field that goes through and comes to the origin, `seen` if not as it was."""
    def check(peer):
        found = [pair[1] for pair in echo(peer)["fields"] if pair[0] == field]
        assert found == [value if seen is None else seen], echo(peer)
    return case(name, rule, get(1, path, (field, value)), allowed=answered(), check=check)


def without(name: str):
    return [pair for pair in request_fields() if pair[0] != name]


def echo(peer, stream=1) -> dict:
    return json.loads(peer.response(stream).body)


def came(**values):
    def check(peer):
        found = echo(peer)
        for name, value in values.items():
            assert found[name] == value, found
    return check


def host(value: str):
    def check(peer):
        assert [pair[1] for pair in echo(peer)["fields"] if pair[0] == "host"] == [value], echo(peer)
    return check


def cookie(peer):
    """RFC 9113 8.2.3: joined before it goes to HTTP/1.1."""
    assert [pair[1] for pair in echo(peer)["fields"] if pair[0] == "cookie"] == ["a=1; b=2; c=3"], echo(peer)


def answer_is_lower_case(peer):
    """RFC 9113 8.2: names, and 8.2.2: nothing of one connection."""
    for name, _ in peer.response(1).fields:
        assert name == name.lower()
        assert name not in ("connection", "keep-alive", "transfer-encoding", "upgrade", "proxy-connection"), name
    assert peer.response(1).fields[0][0] == ":status"
    assert [name for name, _ in peer.response(1).fields if name.startswith(":")] == [":status"]


def no_body(peer):
    assert peer.response(1).body == b""


def answer_has_trailers(peer):
    assert peer.response(1).trailers == [("x-last", "word")]


def early_hints(peer):
    for interim in peer.response(1).interim:
        assert dict(interim)[":status"] == "103"
    assert peer.response(1).status == 200


CASES = [
    # 8.1
    case("GET", "9113 8.1", get(1, "/echo"), allowed=answered(), check=came(method="GET", body="")),
    case("HEAD", "9113 8.1", headers(1, block(method="HEAD", path="/size/100")), allowed=answered(), check=no_body),
    case("POST in one DATA", "9113 8.1", post(1) + data(1, b"hello", end=True), allowed=answered(), check=came(method="POST", body="hello")),
    case("POST in many DATA", "9113 8.1", post(1) + b"".join(data(1, b"%d" % number) for number in range(10)) + data(1, end=True),
         allowed=answered(), check=came(body="0123456789")),
    case("OPTIONS of an asterisk", "9113 8.3.1", headers(1, block(method="OPTIONS", path="*")), allowed=answered(200, 400, 404)),
    case("trailers of a request", "9113 8.1", post(1) + data(1, b"hi") + headers(1, fields(("x-last", "word"))), allowed=answered(),
         check=came(body="hi")),
    case("trailers of an answer", "9113 8.1", get(1, "/trailers", ("te", "trailers")), allowed=answered(),
         check=answer_has_trailers),
    case("an interim answer is no answer", "9113 8.1", get(1, "/hints"), allowed=answered(), check=early_hints),
    case("an answer's fields", "9113 8.2", get(1), allowed=answered(), check=answer_is_lower_case),
    case("an answer's fields of the proxy itself", "9113 8.2", get(1, "/direct"), allowed=answered(), check=answer_is_lower_case),
    case("answers in any order", "9113 8.1", get(1, "/slow") + get(3), ended(3), allowed=answered()),
    case("trailers with a pseudo-header field", "9113 8.1", post(1) + data(1, b"hi") + headers(1, fields((":method", "POST"))),
         allowed=MALFORMED),
    case("trailers with an unknown pseudo-header field", "9113 8.1", post(1) + data(1, b"hi") + headers(1, fields((":x", "y"))),
         allowed=MALFORMED),
    case("trailers with an upper-case name", "9113 8.2", post(1) + data(1, b"hi") + headers(1, fields(("X-Last", "word"))),
         allowed=MALFORMED),
    case("trailers with a connection-specific field", "9113 8.2.2", post(1) + data(1, b"hi") + headers(1, fields(("connection", "x"))),
         allowed=(*MALFORMED, *answered())),
    case("trailers without END_STREAM", "9113 8.1", post(1) + data(1, b"hi") + headers(1, fields(("x-last", "word")), end=False),
         allowed=MALFORMED),
    case("DATA after trailers", "9113 8.1", post(1, "/hold") + headers(1, fields(("x-last", "word"))) + data(1, b"x"),
         allowed=stream_error(wire.STREAM_CLOSED)),

    # 8.1.1 content-length
    case("content-length that fits one DATA", "9113 8.1.1", post(1, "/echo", ("content-length", "5")) + data(1, b"hello", end=True),
         allowed=answered(), check=came(body="hello")),
    case("content-length that fits several DATA", "9113 8.1.1",
         post(1, "/echo", ("content-length", "5")) + data(1, b"he") + data(1, b"llo") + data(1, end=True), allowed=answered(),
         check=came(body="hello")),
    case("content-length counts no padding", "9113 8.1.1", post(1, "/echo", ("content-length", "5")) + data(1, b"hello", end=True, pad=9),
         allowed=answered(), check=came(body="hello")),
    case("content-length of 0 with END_STREAM", "9113 8.1.1", post(1, "/echo", ("content-length", "0"), end=True), allowed=answered()),
    case("content-length over one DATA", "9113 8.1.1", post(1, "/echo", ("content-length", "6")) + data(1, b"hello", end=True),
         allowed=MALFORMED),
    case("content-length under one DATA", "9113 8.1.1", post(1, "/echo", ("content-length", "4")) + data(1, b"hello", end=True),
         allowed=MALFORMED),
    case("content-length over several DATA", "9113 8.1.1",
         post(1, "/echo", ("content-length", "6")) + data(1, b"he") + data(1, b"llo", end=True), allowed=MALFORMED),
    case("content-length under several DATA", "9113 8.1.1",
         post(1, "/echo", ("content-length", "4")) + data(1, b"he") + data(1, b"llo", end=True), allowed=MALFORMED),
    case("content-length under DATA before the end", "9113 8.1.1", post(1, "/echo", ("content-length", "1")) + data(1, b"he"),
         allowed=MALFORMED),
    case("content-length over DATA and trailers", "9113 8.1.1",
         post(1, "/echo", ("content-length", "6")) + data(1, b"hello") + headers(1, fields(("x-last", "word"))), allowed=MALFORMED),
    case("content-length with END_STREAM on HEADERS", "9113 8.1.1", post(1, "/echo", ("content-length", "5"), end=True), allowed=MALFORMED),
    case("content-length that is no number", "9113 8.1.1", post(1, "/echo", ("content-length", "five")) + data(1, b"hello", end=True),
         allowed=MALFORMED),
    case("content-length with a sign", "9113 8.1.1", post(1, "/echo", ("content-length", "+5")) + data(1, b"hello", end=True),
         allowed=MALFORMED),
    case("content-length that is empty", "9113 8.1.1", post(1, "/echo", ("content-length", "")) + data(1, b"hello", end=True),
         allowed=MALFORMED),
    case("content-length beyond 64 bits", "9113 8.1.1", post(1, "/echo", ("content-length", "18446744073709551621")) + data(1, b"hello", end=True),
         allowed=MALFORMED),
    case("two content-lengths that differ", "9113 8.1.1",
         post(1, "/echo", ("content-length", "5"), ("content-length", "6")) + data(1, b"hello", end=True), allowed=MALFORMED),

    # 8.2 fields
    bad_field("name in upper case", "X-Upper", "1"),
    bad_field("name with one upper-case letter", "x-uppeR", "1"),
    bad_field("name with a space", "x space", "1", rule="9113 8.2.1"),
    bad_field("name with a colon", "x:colon", "1", rule="9113 8.2.1"),
    bad_field("name with a NUL", "x-\0", "1", rule="9113 8.2.1"),
    bad_field("name with CR LF", "x-a\r\nx-b", "1", rule="9113 8.2.1"),
    bad_field("name with DEL", "x-\x7f", "1", rule="9113 8.2.1"),
    bad_field("name with a high octet", "x-\xe9", "1", rule="9113 8.2.1"),
    bad_field("empty name", "", "1", rule="9113 8.2.1"),
    bad_field("value with a NUL", "x-a", "a\0b", rule="9113 8.2.1"),
    bad_field("value with LF", "x-a", "a\nb", rule="9113 8.2.1"),
    bad_field("value with CR", "x-a", "a\rb", rule="9113 8.2.1"),
    bad_field("value with CR LF and a field", "x-a", "a\r\nx-smuggled: 1", rule="9113 8.2.1"),
    case("value that begins with a space", "9113 8.2.1", get(1, "/", ("x-a", " a")), allowed=(*MALFORMED, *answered())),
    case("value that ends with a tab", "9113 8.2.1", get(1, "/", ("x-a", "a\t")), allowed=(*MALFORMED, *answered())),
    good_field("empty value", "x-a", ""),
    good_field("value with a tab inside", "x-a", "a\tb"),
    good_field("value with high octets", "x-a", "caf\xe9"),
    good_field("name of every token character", "x!#$%&'*+-.^_`|~9", "token"),
    case("a field twice", "9113 8.2", get(1, "/echo", ("x-a", "1"), ("x-a", "2")), allowed=answered()),

    # 8.2.2
    bad_field("connection", "connection", "keep-alive", rule="9113 8.2.2"),
    bad_field("connection that is empty", "connection", "", rule="9113 8.2.2"),
    bad_field("keep-alive", "keep-alive", "timeout=5", rule="9113 8.2.2"),
    bad_field("proxy-connection", "proxy-connection", "keep-alive", rule="9113 8.2.2"),
    bad_field("transfer-encoding", "transfer-encoding", "chunked", rule="9113 8.2.2"),
    bad_field("upgrade", "upgrade", "websocket", rule="9113 8.2.2"),
    bad_field("te of anything but trailers", "te", "gzip", rule="9113 8.2.2"),
    bad_field("te of trailers and something else", "te", "trailers, deflate;q=0.5", rule="9113 8.2.2"),
    case("te of trailers", "9113 8.2.2", get(1, "/", ("te", "trailers")), allowed=answered()),

    # 8.2.3
    case("cookies in several fields", "9113 8.2.3", get(1, "/echo", ("cookie", "a=1"), ("cookie", "b=2"), ("cookie", "c=3")),
         allowed=answered(), check=cookie),

    # 8.3
    bad("unknown pseudo-header field", *request_fields(), (":other", "x")),
    bad("pseudo-header field of an answer", *request_fields(), (":status", "200")),
    bad("pseudo-header field after a field", *without(":path"), ("x-a", "1"), (":path", "/")),
    bad("all pseudo-header fields after a field", ("x-a", "1"), *request_fields()),
    bad("pseudo-header field in upper case", *without(":path"), (":Path", "/")),
    bad("empty pseudo-header name", *request_fields(), (":", "x")),

    # 8.3.1
    bad("no :method", *without(":method"), rule="9113 8.3.1"),
    bad("no :scheme", *without(":scheme"), rule="9113 8.3.1"),
    bad("no :path", *without(":path"), rule="9113 8.3.1"),
    bad("nothing but fields", ("x-a", "1"), rule="9113 8.3.1"),
    bad("two :method", *request_fields(), (":method", "GET"), rule="9113 8.3.1"),
    bad("two :scheme", *request_fields(), (":scheme", "http"), rule="9113 8.3.1"),
    bad("two :path", *request_fields(), (":path", "/"), rule="9113 8.3.1"),
    bad("two :authority", *request_fields(), (":authority", "other.example"), rule="9113 8.3.1"),
    bad("empty :path", *request_fields(path=""), rule="9113 8.3.1"),
    bad("empty :method", *request_fields(method=""), rule="9113 8.3.1"),
    bad("empty :scheme", *request_fields(scheme=""), rule="9113 8.3.1"),
    bad(":path without a slash", *request_fields(path="x"), rule="9113 8.3.1"),
    bad(":path of an asterisk for GET", *request_fields(path="*"), rule="9113 8.3.1"),
    bad(":path with a space", *request_fields(path="/a b"), rule="9113 8.3.1"),
    bad(":path with a NUL", *request_fields(path="/a\0b"), rule="9113 8.3.1"),
    bad(":path with CR LF", *request_fields(path="/ HTTP/1.1\r\nx-smuggled: 1\r\nx-y: "), rule="9113 8.3.1"),
    bad(":method with a space", *request_fields(method="GET /x"), rule="9113 8.3.1"),
    bad(":method with CR LF", *request_fields(method="GET / HTTP/1.1\r\nx: y\r\n\r\nGET"), rule="9113 8.3.1"),
    bad(":scheme with a space", *request_fields(scheme="ht tp"), rule="9113 8.3.1"),
    bad(":authority with CR LF", *request_fields(authority="x\r\ny: z"), rule="9113 8.3.1"),
    bad(":authority with a space", *request_fields(authority="a b"), rule="9113 8.3.1"),
    case(":authority with userinfo", "9113 8.3.1", headers(1, fields(*request_fields(authority="user@test.example"))),
         allowed=(*MALFORMED, *answered())),
    case("no :authority but host", "9113 8.3.1", headers(1, fields(*[pair if pair[0] != ":path" else (":path", "/echo")
                                                                     for pair in without(":authority")], ("host", "given.example"))),
         allowed=answered(), check=host("given.example")),
    case("neither :authority nor host", "9113 8.3.1", headers(1, fields(*without(":authority"))), allowed=(*answered(), *MALFORMED)),
    case(":authority and the same host", "9113 8.3.1", get(1, "/echo", ("host", wire.AUTHORITY)), allowed=answered(),
         check=host(wire.AUTHORITY)),
    case(":authority and another host", "9113 8.3.1", get(1, "/echo", ("host", "other.example")), allowed=(*answered(), *MALFORMED),
         check=lambda peer: peer.response(1).status == 400 or host(wire.AUTHORITY)(peer)),
    case("pseudo-header fields in another order", "9113 8.3", headers(1, fields(*reversed(request_fields()))), allowed=answered()),
    case(":scheme of https", "9113 8.3.1", headers(1, fields(*request_fields(scheme="https"))), allowed=(*answered(), *MALFORMED)),

    # 8.5 CONNECT
    bad("CONNECT with :path", *request_fields(method="CONNECT"), rule="9113 8.5"),
    bad("CONNECT with :scheme", (":method", "CONNECT"), (":scheme", "http"), (":authority", "test.example:80"), rule="9113 8.5"),
    bad("CONNECT without :authority", (":method", "CONNECT"), rule="9113 8.5"),
    bad(":protocol without CONNECT", *request_fields(), (":protocol", "websocket"), rule="8441 4"),
    case("CONNECT that is not configured", "9113 8.5", headers(1, fields((":method", "CONNECT"), (":authority", "test.example:80")), end=False),
         allowed=(*answered(400, 403, 404, 405, 501, 503), *stream_error(PROTOCOL_ERROR, wire.REFUSED_STREAM, wire.CONNECT_ERROR))),
    case("extended CONNECT that was not offered", "8441 3",
         headers(1, fields(*request_fields(method="CONNECT"), (":protocol", "websocket")), end=False),
         allowed=(*answered(400, 403, 404, 405, 501, 503), *stream_error(PROTOCOL_ERROR, wire.REFUSED_STREAM, wire.CONNECT_ERROR)),),

    # Limits
    case("a field of 8,000 octets", "9113 10.5.1", get(1, "/echo", ("x-long", "v" * 8000)), allowed=answered()),
    case("fifty fields", "9113 10.5.1", get(1, "/echo", *((f"x-{number}", "v") for number in range(50))), allowed=answered()),
    case("a field of 200,000 octets", "9113 10.5.1", lambda peer: peer.send(in_frames(1, block(("x-long", "v" * 200_000)))), allowed=TOO_MUCH),
    case("five thousand fields", "9113 10.5.1",
         lambda peer: peer.send(in_frames(1, block(*((f"x-{number}", "v") for number in range(5000))))), allowed=TOO_MUCH),
    case("a :path of 5,000 octets", "9113 8.3.1", get(1, "/" + "p" * 5000), allowed=answered()),
    case("trailers of 200,000 octets", "9113 10.5.1", post(1) + data(1, b"hi"),
         lambda peer: peer.send(in_frames(1, fields(("x-long", "v" * 200_000)))), allowed=TOO_MUCH),
]


def in_frames(stream: int, octets: bytes) -> bytes:
    """A field block in as many frames as it takes."""
    pieces = [octets[at:at + 16384] for at in range(0, len(octets), 16384)]
    out = headers(stream, pieces[0], whole=len(pieces) == 1)
    for piece in pieces[1:]:
        out += wire.continuation(stream, piece, whole=piece is pieces[-1])
    return out
