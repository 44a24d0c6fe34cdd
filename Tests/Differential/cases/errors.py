"""Unknown hosts and clusters, and upstreams that refuse, vanish, stall or talk nonsense."""

from exchange import Case, get, request
from upstream import CLOSE, EARLY, RESET, STALL


def known(name: str, path: str, *fields, **more) -> Case:
    return get(name, path, *fields, host="known.example", **more)


def answers(name: str, *pieces, **more) -> Case:
    return known(name, "/long", upstream=[list(pieces)], **more)


CASES = [
    get("unknown host", "/", host="unknown.example"),
    known("no route", "/none"),
    known("unknown cluster", "/unknown-503"),
    known("unknown cluster as 404", "/unknown-404"),
    known("unknown cluster as 500", "/unknown-500"),
    known("connection refused", "/refused"),
    Case("connection refused for a post", request("POST /refused", "Content-Length: 2", body=b"hi", host="known.example")),
    Case("connection refused for a head", request("HEAD /refused", host="known.example"), methods=("HEAD",)),
    known("connect timeout", "/silent"),
    known("no endpoints", "/empty"),
    answers("reset before an answer", RESET),
    answers("end before an answer", CLOSE),
    answers("reset within the head", b"HTTP/1.1 200 OK\r\ncont", RESET),
    answers("end within the head", b"HTTP/1.1 200 OK\r\ncont", CLOSE),
    answers("end within the body", b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf", CLOSE),
    answers("end within a chunk", b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\na\r\nhalf", CLOSE),
    answers("no HTTP at all", b"what is this\r\n\r\n", CLOSE),
    answers("status that is no number", b"HTTP/1.1 abc OK\r\n\r\n", CLOSE),
    answers("status of four digits", b"HTTP/1.1 2000 OK\r\ncontent-length: 0\r\n\r\n", CLOSE),
    answers("both lengths in the answer", b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", CLOSE),
    answers("two lengths in the answer", b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabc", CLOSE),
    answers("bad length in the answer", b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\nabc", CLOSE),
    answers("bad chunk in the answer", b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nabc", CLOSE),
    answers("space before a colon in the answer", b"HTTP/1.1 200 OK\r\nx-a : b\r\ncontent-length: 0\r\n\r\n", CLOSE),
    answers("NUL in the answer", b"HTTP/1.1 200 OK\r\nx-a: b\0c\r\ncontent-length: 0\r\n\r\n", CLOSE),
    answers("answer with HTTP/2.0", b"HTTP/2.0 200 OK\r\ncontent-length: 0\r\n\r\n", CLOSE),
    answers("101 that nobody asked for", b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n", CLOSE),
    answers("more than the length says", b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok and more"),
    known("timeout", "/a", upstream=[[STALL]]),
    known("timeout after the head", "/a", upstream=[[b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf", STALL]]),
    Case("timeout of a post", request("POST /a", "Content-Length: 2", body=b"hi", host="known.example"), upstream=[[STALL]]),
    known("idle timeout", "/idle", upstream=[[STALL]]),
    Case("reset before the request's body was read", request("POST /long", "Content-Length: 2", body=b"hi", host="known.example"),
         upstream=[[EARLY, RESET]]),
]
