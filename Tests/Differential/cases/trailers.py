"""Trailers both ways."""

from exchange import Case, request

CHUNKED = "Transfer-Encoding: chunked"


def answered(name, trailers: bytes):
    return Case(name, request("GET /", "TE: trailers", "Connection: TE"), upstream=[
        [b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-t\r\n\r\n3\r\nabc\r\n0\r\n" + trailers + b"\r\n"]])


CASES = [
    Case("of a request", request("POST /", CHUNKED, "Trailer: x-t", body=b"2\r\nhi\r\n0\r\nX-T: one\r\nx-u: two\r\n\r\n")),
    Case("of a request without a body", request("POST /", CHUNKED, body=b"0\r\nx-t: one\r\n\r\n")),
    Case("none", request("POST /", CHUNKED, body=b"2\r\nhi\r\n0\r\n\r\n")),
    answered("of an answer", b"x-t: done\r\n"),
    answered("two of an answer", b"x-t: done\r\nx-t: again\r\ngrpc-status: 0\r\n"),
    answered("none of an answer", b""),
]
