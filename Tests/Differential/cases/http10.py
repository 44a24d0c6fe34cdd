"""Callers of the older version."""

from exchange import Case, request
from upstream import CLOSE

CHUNKED_ANSWER = [b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"]

CASES = [
    Case("get", request("GET / HTTP/1.0")),
    Case("without a host", request("GET / HTTP/1.0", host=None)),
    Case("keep-alive", request("GET / HTTP/1.0", "Connection: keep-alive")),
    Case("keep-alive twice", request("GET /1 HTTP/1.0", "Connection: keep-alive") + request("GET /2 HTTP/1.0"), methods=("GET", "GET")),
    Case("connection close", request("GET / HTTP/1.0", "Connection: close")),
    Case("head", request("HEAD / HTTP/1.0"), methods=("HEAD",)),
    Case("post", request("POST / HTTP/1.0", "Content-Length: 2", body=b"hi")),
    Case("a chunked answer", request("GET / HTTP/1.0"), upstream=[CHUNKED_ANSWER]),
    Case("a chunked answer with keep-alive", request("GET / HTTP/1.0", "Connection: keep-alive"), upstream=[CHUNKED_ANSWER]),
    Case("an answer until the end", request("GET / HTTP/1.0"), upstream=[[b"HTTP/1.1 200 OK\r\n\r\nall", CLOSE]]),
    Case("chunked from a 1.0 caller", request("POST / HTTP/1.0", "Transfer-Encoding: chunked", body=b"2\r\nhi\r\n0\r\n\r\n")),
    Case("expect continue", request("POST / HTTP/1.0", "Content-Length: 2", "Expect: 100-continue", body=b"hi")),
    Case("1.1 without a host", request("GET / HTTP/1.1", host=None)),
]
