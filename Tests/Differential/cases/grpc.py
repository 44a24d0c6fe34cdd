"""gRPC's wire as a proxy has to know it (gRPC over HTTP/2): statuses in trailers, local answers, timeouts, retries."""

import struct

from across import HOST, octets1
from answers import Abort, Body, GoAway, Head, Trailers, ok
from exchange import Case, Read, Send
from streams import Ask, Cancel, Head2, Part2, Read2, Send2
from support.http2 import wire
from upstream import CLOSE, EARLY, READ_BODY, RESET, STALL, Pause

TYPE = ("content-type", "application/grpc")


def message(octets: bytes, compressed: bool = False) -> bytes:
    return struct.pack(">BI", compressed, len(octets)) + octets


def call(service: str, *fields, end: bool = False, kind: str = "application/grpc") -> Ask:
    return Ask(((":method", "POST"), (":scheme", "http"), (":path", f"/pkg.{service}/Method"), (":authority", HOST), ("content-type", kind),
                ("te", "trailers"), *fields), end)


def unary(name: str, service: str, *fields, upstream=(), kind: str = "application/grpc", times: int = 1, **more) -> Case:
    steps = [part for _ in range(times)
             for part in (call(service, *fields, kind=kind), Send2(message(b"request"), end=True), Read2())]
    return Case(name, steps=steps, http2=True, upstream=[list(entry) for entry in upstream], **more)


def status(code: int, text: str = "", *more) -> Trailers:
    return Trailers((("grpc-status", str(code)), *((("grpc-message", text),) if text else ()), *more))


def only(code: int, text: str = "") -> list:
    """Trailers-Only: the status stands in the head."""
    return [Head(200, (TYPE, *status(code, text).fields), end=True)]


REPLY = [Head(200, (TYPE,)), Body(message(b"reply")), status(0)]
LOCAL = (200, 204, 400, 401, 404, 409, 429, 500, 502, 503, 504)

CASES = [
    unary("unary", "Service", upstream=[REPLY]),
    unary("unary twice", "Service", upstream=[REPLY, REPLY], times=2),
    unary("grpc+proto", "Service", upstream=[REPLY], kind="application/grpc+proto"),
    unary("grpc-web is another", "Service", upstream=[REPLY], kind="application/grpc-web"),
    unary("no gRPC on a gRPC route", "Service", kind="application/json"),
    unary("content type in capitals", "Service", upstream=[REPLY], kind="Application/gRPC"),
    unary("metadata", "Service", ("x-text", "value"), ("x-data-bin", "AAEC/w=="), ("grpc-encoding", "identity"), ("grpc-accept-encoding", "gzip"),
          ("user-agent", "grpc-test/1"), upstream=[[Head(200, (TYPE, ("x-initial", "1"), ("x-initial-bin", "AAE="))), Body(message(b"r")),
                                                    status(0, "", ("x-trailing", "2"), ("x-trailing-bin", "/w=="))]]),
    unary("trailers-only", "Service", upstream=[only(5, "not found")]),
    unary("trailers-only of success", "Service", upstream=[only(0)]),
    unary("error in trailers", "Service", upstream=[[Head(200, (TYPE,)), status(13, "broken")]]),
    unary("error after a message", "Service", upstream=[[Head(200, (TYPE,)), Body(message(b"r")), status(14, "gone away")]]),
    unary("message with percent-encoding", "Service", upstream=[only(3, "a%20b%25%E2%82%AC")]),
    unary("no grpc-status", "Service", upstream=[[Head(200, (TYPE,)), Body(message(b"r"), end=True)]]),
    unary("status that is no number", "Service", upstream=[[Head(200, (TYPE,)), Trailers((("grpc-status", "abc"),))]]),
    unary("HTTP error of the upstream", "Service", upstream=[ok(b"sorry", status=503)]),
    unary("HTTP 404 of the upstream", "Service", upstream=[ok(b"none", status=404)]),
    unary("rich status", "Service", upstream=[[Head(200, (TYPE,)), status(9, "failed", ("grpc-status-details-bin", "CAkSBmZhaWxlZA=="))]]),

    Case("server stream", http2=True, steps=[call("Service"), Send2(message(b"q"), end=True), Read2()],
         upstream=[[Head(200, (TYPE,)), *(part for number in range(5) for part in (Body(message(b"%d" % number)), Pause(0.005))), status(0)]]),
    Case("client stream", http2=True, steps=[call("Service"), *(Send2(message(b"%d" % number)) for number in range(5)), Send2(end=True), Read2()],
         upstream=[REPLY]),
    Case("both ways at once", http2=True, upstream=[[EARLY, Head(200, (TYPE,)), Pause(0.02), Body(message(b"A")), Pause(0.03), Body(message(b"B")), READ_BODY,
                                                    status(0)]],
         steps=[call("Service"), Head2(), Send2(message(b"a")), Part2(6), Send2(message(b"b")), Part2(12), Send2(end=True), Read2()]),
    Case("status before the request's end", http2=True, steps=[call("Service"), Send2(message(b"a")), Read2()], watch_upstream=False, watch_end=False,
         upstream=[[EARLY, Pause(0.02), *only(16, "who are you")]]),
    Case("a call of no message", http2=True, steps=[call("Service", end=True), Read2()], upstream=[REPLY]),
    Case("cancelled", http2=True, steps=[call("Service"), Send2(message(b"a"), end=True), Part2(6), Cancel()],
         upstream=[[Head(200, (TYPE,)), Body(message(b"r")), STALL]]),
    Case("a large message each way", http2=True, steps=[call("Service"), Send2(message(b"u" * 200_000), end=True), Read2()],
         upstream=[[Head(200, (TYPE,)), Body(message(b"d" * 200_000)), status(0)]]),

    # What the proxy itself says
    unary("connection refused", "Refused"),
    unary("connect timeout", "Silent"),
    unary("unknown cluster", "Unknown"),
    unary("no endpoints", "Empty"),
    unary("no route", "Nowhere"),
    unary("direct answer", "Direct"),
    unary("redirect", "Redirect"),
    *[unary(f"direct answer of {code}", f"Status{code}", watch_end=False) for code in LOCAL],
    unary("direct answer to grpc+json", "Status503", kind="application/grpc+json", watch_end=False),
    unary("direct answer to grpc-web", "Status503", kind="application/grpc-web", watch_end=False),
    unary("direct answer to no gRPC", "Status503", kind="application/json", watch_end=False),
    unary("reset by the upstream", "Service", upstream=[[Abort(wire.INTERNAL_ERROR)]]),
    unary("cancelled by the upstream", "Service", upstream=[[Abort(wire.CANCEL)]]),
    unary("refused by the upstream", "Service", upstream=[[Abort(wire.REFUSED_STREAM)]]),
    unary("told to calm down by the upstream", "Service", upstream=[[Abort(wire.ENHANCE_YOUR_CALM)]]),
    unary("connection reset by the upstream", "Service", upstream=[[RESET]]),
    unary("reset within the answer", "Service", upstream=[[Head(200, (TYPE,)), Body(message(b"r")), Pause(0.02), Abort(wire.INTERNAL_ERROR)]]),
    unary("connection ended within the answer", "Service", upstream=[[Head(200, (TYPE,)), Body(message(b"r")), Pause(0.02), CLOSE]]),
    unary("GOAWAY, the call goes on", "Service", upstream=[[GoAway(), Head(200, (TYPE,)), Body(message(b"r")), status(0)], REPLY], times=2),
    Case("a field too long", http2=True, steps=[call("Service", ("x-long", "v" * 70_000)), Send2(message(b"a"), end=True), Read2()], watch_end=False),

    # Timeouts
    unary("route's timeout", "Timeout", upstream=[[STALL]]),
    unary("route's timeout within an answer", "Timeout", upstream=[[Head(200, (TYPE,)), Body(message(b"r")), STALL]]),
    unary("longest duration", "Duration", upstream=[[STALL]]),
    unary("longest duration within an answer", "Duration", upstream=[[Head(200, (TYPE,)), Body(message(b"r")), STALL]]),
    unary("grpc-timeout on a route that does not look", "Service", ("grpc-timeout", "100m"), upstream=[REPLY]),
    unary("grpc-timeout", "GrpcOffset", ("grpc-timeout", "150m"), upstream=[[STALL]]),
    unary("grpc-timeout in microseconds", "GrpcOffset", ("grpc-timeout", "150000u"), upstream=[[STALL]]),
    unary("grpc-timeout that leaves time", "GrpcOffset", ("grpc-timeout", "3S"), upstream=[REPLY]),
    unary("grpc-timeout over its limit", "GrpcDuration", ("grpc-timeout", "1H"), upstream=[[STALL]]),
    unary("grpc-timeout that is none", "GrpcDuration", ("grpc-timeout", "soon"), upstream=[REPLY]),
    unary("grpc-timeout of nine digits", "GrpcDuration", ("grpc-timeout", "123456789m"), upstream=[REPLY]),
    unary("no grpc-timeout", "GrpcDuration", upstream=[REPLY]),

    # Retries
    unary("retry on unavailable", "Retry", upstream=[only(14, "later"), REPLY]),
    unary("retry on cancelled", "Retry", upstream=[only(1), REPLY]),
    unary("retry on resource exhausted", "Retry", upstream=[only(8), REPLY]),
    unary("no retry on others", "Retry", upstream=[only(13), REPLY]),
    unary("no retry on a status in trailers", "Retry", upstream=[[Head(200, (TYPE,)), status(14)], REPLY]),
    unary("until there are no more", "Retry", upstream=[only(14), only(14), only(14)]),
    unary("retry of a try that takes too long", "RetryTry", upstream=[[STALL], REPLY]),
    unary("retry on deadline exceeded", "RetryTry", upstream=[only(4), REPLY]),

    # HTTP/1.1 on a side
    unary("to an HTTP/1.1 upstream", "Http1", upstream=[[Head(200, (TYPE,)), Body(message(b"r")), status(0)]]),
    unary("trailers-only of an HTTP/1.1 upstream", "Http1", upstream=[[Head(200, (TYPE, ("grpc-status", "7")), end=True)]]),
    Case("by an HTTP/1.1 caller", steps=[Send(octets1("POST", "/pkg.Service/Method", (TYPE,), [message(b"a")], (), HOST)), Read("POST")],
         upstream=[REPLY]),
    Case("refused to an HTTP/1.1 caller", steps=[Send(octets1("POST", "/pkg.Refused/Method", (TYPE,), [message(b"a")], (), HOST)), Read("POST")],
         watch_end=False),
]
