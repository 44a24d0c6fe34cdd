"""Requests that RFC 9112 has refused, or that one reader takes otherwise than another: where smuggling lives.

Each stands before a second, innocent request, so that a proxy which reads on shows it."""

from exchange import Case, request

AFTER = request("GET /after")


def bad(name: str, data: bytes, methods=("GET", "GET")) -> Case:
    return Case(name, data + AFTER, methods=methods)


def head(*lines: bytes, body: bytes = b"") -> bytes:
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


HOST = b"Host: test.example"
GET = b"GET / HTTP/1.1"
POST = b"POST / HTTP/1.1"
CHUNKED = b"Transfer-Encoding: chunked"
EMPTY = b"0\r\n\r\n"

CASES = [
    bad("both lengths", head(POST, HOST, b"Content-Length: 5", CHUNKED, body=EMPTY)),
    bad("both lengths the other way round", head(POST, HOST, CHUNKED, b"Content-Length: 5", body=EMPTY)),
    bad("two lengths that differ", head(POST, HOST, b"Content-Length: 5", b"Content-Length: 6", body=b"hello")),
    bad("two lengths that agree", head(POST, HOST, b"Content-Length: 5", b"Content-Length: 5", body=b"hello")),
    bad("a list of lengths that differ", head(POST, HOST, b"Content-Length: 5, 6", body=b"hello")),
    bad("a list of lengths that agree", head(POST, HOST, b"Content-Length: 5, 5", body=b"hello")),
    bad("signed length", head(POST, HOST, b"Content-Length: +5", body=b"hello")),
    bad("negative length", head(POST, HOST, b"Content-Length: -5", body=b"hello")),
    bad("empty length", head(POST, HOST, b"Content-Length:", body=b"hello")),
    bad("length with a letter", head(POST, HOST, b"Content-Length: 5a", body=b"hello")),
    bad("length in hexadecimal", head(POST, HOST, b"Content-Length: 0x5", body=b"hello")),
    bad("length with a space inside", head(POST, HOST, b"Content-Length: 1 2", body=b"hello")),
    bad("length past 64 bits", head(POST, HOST, b"Content-Length: 18446744073709551617", body=b"hello")),
    bad("length with zeros in front", head(POST, HOST, b"Content-Length: 005", body=b"hello")),
    bad("transfer-encoding identity", head(POST, HOST, b"Transfer-Encoding: identity", body=b"")),
    bad("transfer-encoding unknown", head(POST, HOST, b"Transfer-Encoding: xchunked", body=EMPTY)),
    bad("chunked that is not last", head(POST, HOST, b"Transfer-Encoding: chunked, identity", body=EMPTY)),
    bad("chunked twice", head(POST, HOST, b"Transfer-Encoding: chunked, chunked", body=EMPTY)),
    bad("chunked in two fields", head(POST, HOST, CHUNKED, CHUNKED, body=EMPTY)),
    bad("gzip, then chunked", head(POST, HOST, b"Transfer-Encoding: gzip, chunked", body=EMPTY)),
    bad("chunked in quotes", head(POST, HOST, b'Transfer-Encoding: "chunked"', body=EMPTY)),
    bad("chunked behind a vertical tab", head(POST, HOST, b"Transfer-Encoding: \x0bchunked", body=EMPTY)),
    bad("space before the colon", head(POST, HOST, b"Transfer-Encoding : chunked", body=EMPTY)),
    bad("tab before the colon", head(GET, HOST, b"x-a\t: b")),
    bad("field folded over lines", head(GET, HOST, b"x-a: b", b" c")),
    bad("field folded with a tab", head(GET, HOST, b"x-a: b", b"\tc")),
    bad("first field folded", head(GET, b" x-a: b", HOST)),
    bad("no colon", head(GET, HOST, b"x-a")),
    bad("empty name", head(GET, HOST, b": b")),
    bad("space inside a name", head(GET, HOST, b"x a: b")),
    bad("parentheses in a name", head(GET, HOST, b"x(a): b")),
    bad("NUL in a value", head(GET, HOST, b"x-a: b\0c")),
    bad("NUL in a name", head(GET, HOST, b"x\0a: b")),
    bad("bare CR in a value", head(GET, HOST, b"x-a: b\rc")),
    bad("control byte in a value", head(GET, HOST, b"x-a: b\x01c")),
    bad("delete in a value", head(GET, HOST, b"x-a: b\x7fc")),
    bad("high byte in a name", head(GET, HOST, b"x-\xe9: b")),
    bad("bare LF after the request line", b"GET / HTTP/1.1\nHost: test.example\r\n\r\n"),
    bad("bare LF after a field", b"GET / HTTP/1.1\r\nHost: test.example\nx-a: b\r\n\r\n"),
    bad("bare LFs alone", b"GET / HTTP/1.1\nHost: test.example\n\n"),
    bad("LF ending the head", b"GET / HTTP/1.1\r\nHost: test.example\r\n\n"),
    bad("no host", head(GET)),
    bad("two hosts", head(GET, HOST, b"Host: other.example")),
    bad("the same host twice", head(GET, HOST, HOST)),
    bad("empty host", head(GET, b"Host:")),
    bad("host with a path", head(GET, b"Host: test.example/path")),
    bad("host with a space", head(GET, b"Host: test example")),
    bad("host with userinfo", head(GET, b"Host: user@test.example")),
    bad("HTTP/1.0", head(b"GET / HTTP/1.0", HOST)),
    bad("HTTP/1.2", head(b"GET / HTTP/1.2", HOST)),
    bad("HTTP/2.0", head(b"GET / HTTP/2.0", HOST)),
    bad("HTTP/0.9", b"GET /\r\n"),
    bad("version in lower case", head(b"GET / http/1.1", HOST)),
    bad("version without a dot", head(b"GET / HTTP/11", HOST)),
    bad("another protocol", head(b"GET / RTSP/1.0", HOST)),
    bad("spaces around the target", head(b"GET  /  HTTP/1.1", HOST)),
    bad("tab for a space", head(b"GET\t/ HTTP/1.1", HOST)),
    bad("space at the line's end", head(b"GET / HTTP/1.1 ", HOST)),
    bad("space before the method", head(b" GET / HTTP/1.1", HOST)),
    bad("space in the target", head(b"GET /a b HTTP/1.1", HOST)),
    bad("no target", head(b"GET HTTP/1.1", HOST)),
    bad("relative target", head(b"GET path HTTP/1.1", HOST)),
    bad("control byte in the target", head(b"GET /\x01 HTTP/1.1", HOST)),
    bad("NUL in the target", head(b"GET /\0 HTTP/1.1", HOST)),
    bad("high byte in the target", head(b"GET /\xe9 HTTP/1.1", HOST)),
    bad("fragment in the target", head(b"GET /path#part HTTP/1.1", HOST)),
    bad("method in lower case", head(b"get / HTTP/1.1", HOST)),
    bad("method with a delimiter", head(b"GE(T / HTTP/1.1", HOST)),
    bad("asterisk with GET", head(b"GET * HTTP/1.1", HOST)),
    bad("authority form with GET", head(b"GET test.example:80 HTTP/1.1", HOST)),
    bad("connect without a port", head(b"CONNECT test.example HTTP/1.1", HOST)),
    bad("connect that no route takes", head(b"CONNECT test.example:80 HTTP/1.1", HOST)),
    bad("garbage", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
    bad("chunk size that is no number", head(POST, HOST, CHUNKED, body=b"xyz\r\nhello\r\n0\r\n\r\n")),
    bad("chunk size with a sign", head(POST, HOST, CHUNKED, body=b"+5\r\nhello\r\n0\r\n\r\n")),
    bad("chunk size in 0x", head(POST, HOST, CHUNKED, body=b"0x5\r\nhello\r\n0\r\n\r\n")),
    bad("chunk size empty", head(POST, HOST, CHUNKED, body=b"\r\nhello\r\n0\r\n\r\n")),
    bad("chunk size past 64 bits", head(POST, HOST, CHUNKED, body=b"10000000000000005\r\nhello\r\n0\r\n\r\n")),
    bad("chunk longer than its size", head(POST, HOST, CHUNKED, body=b"3\r\nhello\r\n0\r\n\r\n")),
    bad("chunk size with a space before it", head(POST, HOST, CHUNKED, body=b" 5\r\nhello\r\n0\r\n\r\n")),
    bad("chunk size with a space behind it", head(POST, HOST, CHUNKED, body=b"5 \r\nhello\r\n0\r\n\r\n")),
    bad("chunk lines ended by LF", head(POST, HOST, CHUNKED, body=b"5\nhello\n0\n\n")),
    bad("chunk size ended by LF", head(POST, HOST, CHUNKED, body=b"5\nhello\r\n0\r\n\r\n")),
    bad("chunk data ended by LF", head(POST, HOST, CHUNKED, body=b"5\r\nhello\n0\r\n\r\n")),
    bad("NUL in a chunk extension", head(POST, HOST, CHUNKED, body=b"5;a=\0\r\nhello\r\n0\r\n\r\n")),
    bad("bare CR in a chunk extension", head(POST, HOST, CHUNKED, body=b"5;a\rb\r\nhello\r\n0\r\n\r\n")),
    bad("length as a trailer", head(POST, HOST, CHUNKED, body=b"2\r\nhi\r\n0\r\nContent-Length: 5\r\n\r\n")),
    bad("trailer without a colon", head(POST, HOST, CHUNKED, body=b"2\r\nhi\r\n0\r\nbad\r\n\r\n")),
    bad("a head past 60 KiB", head(GET, HOST, b"x-big: " + b"v" * 70000)),
    bad("101 header fields", head(GET, HOST, *(b"x-%d: v" % number for number in range(101)))),
    bad("HTTP/1.1 chunked from HTTP/1.0", head(b"POST / HTTP/1.0", HOST, CHUNKED, body=EMPTY)),
]
