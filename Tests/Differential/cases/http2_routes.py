"""What a route does, over every pairing."""

from across import DOWN2, UP2, across, ask
from answers import Abort, Body, Head, ok
from exchange import Case
from streams import Cancel, Pause2, Read2, Send2
from support.http2 import wire
from upstream import CLOSE, RESET, STALL, Pause

LENGTH5 = ("content-length", "5")


def failing(code: int) -> list:
    return ok(status=code)


OK = ok(b"fine")

CASES = [case for cases in (
    across("prefix rewritten", path="/prefix/one?x=1"),
    across("regex rewritten", path="/regex/one?x=1"),
    across("host rewritten", path="/host"),
    across("host rewritten by a header", "GET", "/host-header", ("x-host", "other.example")),
    across("redirect", path="/redirect?x=1", pairs=DOWN2),
    across("redirect of a path", path="/redirect-path", pairs=DOWN2),
    across("redirect of a prefix", path="/redirect-prefix/one?x=1", pairs=DOWN2),
    across("redirect of a post", "POST", "/redirect", LENGTH5, body=[b"hello"], pairs=DOWN2, watch_end=False),
    across("redirect of https", path="/redirect-path", host="test.example:8443", pairs=("h2 h1",)),
    across("direct", path="/direct", pairs=DOWN2),
    across("direct to a head", "HEAD", "/direct", pairs=DOWN2),
    across("direct to a post", "POST", "/direct", LENGTH5, body=[b"hello"], pairs=DOWN2, watch_end=False),
    across("direct without a body", path="/direct-empty", pairs=DOWN2),
    across("direct 503", path="/direct-503", pairs=DOWN2),
    across("direct twice", path="/direct", times=2, pairs=DOWN2),
    across("method", "POST", "/method", ("content-length", "0"), body=[b""], pairs=DOWN2),
    across("method that is another", "GET", "/method", pairs=DOWN2),
    across("authority", path="/authority", host="special.example", pairs=DOWN2),
    across("authority that is another", path="/authority", host="common.example", pairs=DOWN2),
    across("no route", path="/nothing-here", pairs=DOWN2),
    across("no route for a head", "HEAD", "/nothing-here", pairs=DOWN2),
    across("unknown cluster", path="/unknown", pairs=DOWN2),
    across("connection refused", path="/refused"),
    across("connection refused for a post", "POST", "/refused", LENGTH5, body=[b"hello"], watch_end=False),
    across("connect timeout", path="/silent"),
    across("fields mutated", "GET", "/mutated", ("x-gone", "1"), ("x-kept", "2"), upstream=[ok(b"x", ("x-own", "1"), ("x-kept", "2"))]),
    across("fields of a path mutated twice", "GET", "/mutated/twice", times=2),

    across("timeout", path="/timeout", upstream=[[STALL]]),
    across("timeout of a post", "POST", "/timeout", LENGTH5, body=[b"hello"], upstream=[[STALL]]),
    across("timeout after the head", path="/timeout", upstream=[[Head(200), Body(b"half"), STALL]]),
    across("in time", path="/timeout", upstream=[[Pause(0.02), *OK]]),
    across("timeout asked for by the caller", "GET", "/through", ("x-envoy-upstream-rq-timeout-ms", "100"), upstream=[OK]),
    across("idle timeout", path="/idle", upstream=[[STALL]]),
    across("idle timeout within an answer", path="/idle", upstream=[[Head(200), Body(b"half"), STALL]]),
    across("longest duration", path="/max-duration", upstream=[[STALL]]),
    across("longest duration within an answer", path="/max-duration", upstream=[[Head(200), Body(b"half"), STALL]]),

    across("retry after 503", path="/retry-5xx", upstream=[failing(503), OK]),
    across("retry twice", path="/retry-5xx", upstream=[failing(500), failing(502), OK]),
    across("no more retries", path="/retry-5xx", upstream=[failing(500), failing(501), failing(502)]),
    across("retry after a reset", path="/retry-5xx", upstream=[[Abort()], OK]),
    across("retry after a connection reset", path="/retry-5xx", upstream=[[RESET], OK]),
    across("retry after a connection's end", path="/retry-5xx", upstream=[[CLOSE], OK]),
    across("retry on reset", path="/retry-reset", upstream=[[Abort()], OK]),
    across("retry on reset is not for 503", path="/retry-reset", upstream=[failing(503), OK]),
    across("retry on refused stream", path="/retry-refused-stream", upstream=[[Abort(wire.REFUSED_STREAM)], OK], pairs=UP2),
    across("retry on refused stream is not for others", path="/retry-refused-stream", upstream=[[Abort(wire.INTERNAL_ERROR)], OK], pairs=UP2),
    across("retry on a refused connection", path="/retry-connect"),
    across("retry of a try that takes too long", path="/retry-try", upstream=[[STALL], OK]),
    across("retry of a post", "POST", "/retry-5xx", LENGTH5, body=[b"hello"], upstream=[failing(503), OK]),
    across("retry of a post without a length", "POST", "/retry-5xx", body=[b"he", b"llo"], upstream=[failing(503), OK]),
    across("retry of a post with trailers", "POST", "/retry-5xx", body=[b"hello"], trailers=[("x-t", "1")], upstream=[failing(503), OK]),
    across("no retry once the answer began", path="/retry-5xx", upstream=[[Head(200), Body(b"half"), Pause(0.03), Abort()], OK]),
    across("no policy", path="/through", upstream=[failing(503), OK]),

    [Case(f"cancelled while waiting for a retry's answer, {pair}", http2=True, listener=listener, upstream=[failing(503), [STALL]],
          steps=[ask("GET", "/retry-5xx"), Pause2(0.1), Cancel()], watch_end=True)
     for pair, listener in (("h2 to h2", "LISTEN_UP2"),)],
    [Case("a stream that times out leaves the others alone, h2 to h2", http2=True, listener="LISTEN_UP2", upstream=[[STALL], ok(b"fine")],
          steps=[ask("GET", "/timeout"), Pause2(0.02), ask("GET", "/through"), Read2(1), Read2(0), ask("GET", "/through"), Read2()])],
    [Case("an upload that times out, h2 to h2", http2=True, listener="LISTEN_UP2", upstream=[[STALL]], watch_upstream=False,
          steps=[ask("POST", "/timeout", end=False), Send2(b"some"), Pause2(0.05), Send2(end=True), Read2()])],
) for case in cases]
