"""What is too much, too many or too late."""

from exchange import Case, Read, ReadToEnd, Send, Wait, get, request
from upstream import STALL

CASES = [
    get("head within its limit", "/", "x-big: " + "v" * 1500),
    get("head over its limit", "/", "x-big: " + "v" * 3000),
    get("fields within their limit", "/", *(f"x-{number}: v" for number in range(7))),
    get("too many fields", "/", *(f"x-{number}: v" for number in range(20))),
    Case("idle connection", steps=[Send(request("GET /")), Read(), Wait(0.5), ReadToEnd()]),
    Case("head that never ends", steps=[Send(b"GET / HTTP/1.1\r\nHost:"), Read()], listener="LISTEN_HEAD"),
    Case("head that trickles", listener="LISTEN_HEAD", steps=[
        Send(b"GET / HTTP/1.1\r\n"), Wait(0.12), Send(b"x-a: 1\r\n"), Wait(0.12), Send(b"x-b: 1\r\n"), Wait(0.12), Read()]),
    Case("nothing sent", steps=[Wait(0.4), Send(request("GET /")), Read()], listener="LISTEN_HEAD"),
    Case("body that never ends", listener="LISTEN_REQUEST", steps=[
        Send(request("POST /", "Content-Length: 10", body=b"half")), Read("POST")]),
    Case("body in time", listener="LISTEN_REQUEST", send=request("POST /", "Content-Length: 4", body=b"full")),
    Case("stream without a sign of life", listener="LISTEN_STREAM", send=request("GET /"), upstream=[[STALL]]),
    Case("upload without a sign of life", listener="LISTEN_STREAM", steps=[
        Send(request("POST /", "Content-Length: 10", body=b"half")), Read("POST")]),
    Case("last request of a connection", listener="LISTEN_COUNT", steps=[
        Send(request("GET /1")), Read(), Send(request("GET /2")), Read()]),
    get("underscore refused", "/", "x_a: b", listener="LISTEN_REJECT"),
    get("underscore dropped", "/", "x_a: b", "x-b: c", listener="LISTEN_DROP"),
]
