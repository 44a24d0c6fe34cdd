"""Where Tulle answers otherwise than Envoy, and why that is right.

A difference that no entry covers fails its test. An entry with an exact case that no longer differs fails that
case's test; an entry with a pattern must cover something somewhere in the whole run."""

from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True)
class Accepted:
    #: `configuration/case`, with `*` where it goes for several.
    case: str
    #: Names of the fields (see exchange.play), with `*`.
    fields: tuple[str, ...]
    reason: str

    def covers(self, case: str, field: str) -> bool:
        return fnmatchcase(case, self.case) and any(fnmatchcase(field, pattern) for pattern in self.fields)

    @property
    def exact(self) -> bool:
        return "*" not in self.case


ALL = ("*",)
STRICTER = "refused with 400 and the connection closed, where Envoy reads on: "


def several(configuration: str, cases: tuple[str, ...], fields: tuple[str, ...], reason: str) -> list[Accepted]:
    return [Accepted(f"{configuration}/{case}", fields, reason) for case in cases]


DISCARDED = "a small body is read and thrown away, so that the connection may go on"
DELAYED = "both say close; Envoy holds the connection for a second more"

UNENDED = "the time is told on every upstream's answer; Envoy leaves it out when the request has not ended"
LENGTH_OF_NONE = "an answer of the proxy's own without a body says so; Envoy says it over HTTP/1.1 alone"

ACCEPTED = [
    Accepted(
        "*", ("r*.header.proxy-status",),
        "every answer that Tulle makes up names its cause (RFC 9209); Envoy adds the field only when told to"),

    # Stricter than Envoy
    *several("strict", (
        "bare LF after the request line", "bare LF after a field", "bare LFs alone", "LF ending the head"),
        ALL, STRICTER + "a line ends with CRLF here (RFC 9112 2.2 allows either)"),
    *several("strict", ("field folded over lines", "field folded with a tab"),
             ALL, STRICTER + "a folded field must be refused or mended (RFC 9112 5.2)"),
    *several("strict", ("two hosts", "the same host twice"),
             ALL, STRICTER + "more than one Host must be refused (RFC 9112 3.2)"),
    Accepted("strict/host with userinfo", ALL, STRICTER + "userinfo is no part of Host (RFC 9110 4.2.4)"),
    Accepted("strict/bare CR in a value", ALL, STRICTER + "a bare CR must not be taken for anything (RFC 9112 2.2)"),
    *several("strict", ("spaces around the target", "tab for a space", "space at the line's end"),
             ALL, STRICTER + "the request line has single spaces (RFC 9112 3)"),
    *several("strict", ("chunk size with a space behind it", "chunk data ended by LF", "NUL in a chunk extension"),
             ALL, STRICTER + "not chunked coding (RFC 9112 7.1)"),
    Accepted("strict/chunk longer than its size", ALL, STRICTER + "the chunk's data must be followed by CRLF"),
    Accepted("strict/length as a trailer", ALL, STRICTER + "Content-Length must not be a trailer (RFC 9110 6.5.1)"),
    Accepted("http10/chunked from a 1.0 caller", ALL,
             STRICTER + "Transfer-Encoding in HTTP/1.0 is faulty framing (RFC 9112 6.1)"),
    *several("errors", ("status of four digits", "answer with HTTP/2.0", "101 that nobody asked for"),
             ALL, "an upstream's answer that is no HTTP/1.1 is a protocol error (502), said with a body"),


    # Another status or text for what both refuse
    *several("strict", ("chunked that is not last", "chunked twice", "chunked in two fields"),
             ("r0.*",), "chunked that is not last and once is 400 (RFC 9112 6.3); Envoy says 501"),
    *several("strict", ("HTTP/1.2", "HTTP/2.0"), ("r0.*",), "a version that is not spoken is 505 (RFC 9110 15.6.6)"),
    *several("strict", ("HTTP/0.9", "HTTP/1.0", "HTTP/1.1 chunked from HTTP/1.0"),
             ("r0.*",), "both refuse; Envoy's 426 offers an upgrade that it has not got"),
    *several("strict", ("no host", "fragment in the target"),
             ("r0.body", "r0.header.content-*"), "a refusal has a body; Envoy's is empty here"),
    Accepted("http10/1.1 without a host", ("connection", "r0.*"), "refused with a body, and the connection ended"),

    # Methods
    Accepted("plain/extension method of our own", ALL, "methods are an open set (RFC 9110 9.1); Envoy knows a list"),
    Accepted("strict/method in lower case", ALL, "a method is any token, and case-sensitive (RFC 9110 9.1)"),
    Accepted("strict/connect that no route takes", ALL, "404, and the connection goes on: nothing is wrong with it"),

    # What RFC 9110 has a proxy do
    Accepted("plain/half-close after the request", ALL,
             "a caller may end its direction when it has said all (RFC 9112 9.6) and still gets its answer; Envoy gives up"),
    *several("plain", ("interim answers", "an unasked-for 100", "102"),
             ALL, "interim answers are passed on (RFC 9110 15.2); Envoy drops them unless told otherwise"),
    *several("plain", (
        "expect continue", "expect continue with the body at once", "expect continue in capitals"),
        ALL, "Expect goes on to the upstream, whose word it asks for (RFC 9110 10.1.1); Envoy answers 100 itself"),
    Accepted("http10/expect continue", ALL, "100 is not for HTTP/1.0 callers (RFC 9110 15.2)"),
    Accepted("http10/*", ("r*.version",), "an answer has the version of who sends it (RFC 9110 2.5)"),
    Accepted("plain/hop-by-hop fields of an answer", ("r0.header.x-hop",),
             "fields that Connection names stay on their hop (RFC 9110 7.6.1)"),
    Accepted("direct/connection close", ("connection",), "a caller that asked for the end gets it (RFC 9112 9.6)"),
    *several("direct", ("post with a body", "post in chunks"), ("r0.header.connection",), DISCARDED),
    Accepted("redirects/of a post", ("r0.header.connection",), DISCARDED),
    *several("matching", ("method",), ("connection",), DELAYED),
    *several("paths", ("normal: NUL",), ("connection",), DELAYED),
    *several("plain", ("upgrade that is not configured",), ("connection",), DELAYED),
    Accepted("errors/bad chunk in the answer", ALL,
             "of an answer that breaks in its first read nothing goes on; Envoy passes the head on and then breaks off"),
    Accepted("retries/the other endpoint", ("r*.header.x-envoy-attempt-count", "u*.header.x-envoy-attempt-count"),
             "an endpoint that refused is set aside: later requests need one attempt"),
    Accepted("upgrades/the upstream is too slow", ("r0.header.connection", "u0.header.connection"),
             "options are matched without regard to case (RFC 9110 7.6.1), and the request was whole"),
    Accepted("retries/no policy after a reset", ALL,
             "a kept connection that ends before any answer is given another try for an idempotent method (RFC 9112 9.3.1)"),

    # Fields
    *several("plain", ("options", "extension method", "post without a length"),
             ("u0.header.content-length", "u0.framing"), "a request without a body gets no Content-Length added"),
    Accepted("plain/chunked in capitals", ("u0.header.transfer-encoding",), "the coding's name goes on as it came"),
    *several("plain", ("head without a length",), ("r0.header.transfer-encoding",),
             "an answer to HEAD says nothing of a body's framing that the upstream did not say"),
    *several("direct", ("head without a body",), ("r0.header.content-length", "r0.header.transfer-encoding"),
             "HEAD is answered with the length that GET would have"),
    Accepted("redirects/of a head", ("r0.header.content-length", "r0.header.transfer-encoding"),
             "HEAD is answered with the length that GET would have"),
    Accepted("plain/an answer before the request's body", ("r0.header.x-envoy-upstream-service-time",),
             "the time is told on every upstream's answer; Envoy leaves it out when the request has not ended"),
    *several("plain", ("an unknown status",), ("r0.reason",), "a reason is optional (RFC 9112 4), and \"Unknown\" is none"),
    Accepted("direct/teapot", ("r0.reason",), "a reason is optional (RFC 9112 4), and \"Unknown\" is none"),
    Accepted("plain/absolute form with a query and no path", ALL,
             "an absolute form without a path means the path / (RFC 9112 3.2.1); Envoy routes the query as a path"),
    Accepted("forwarded/*", ("u0.header.x-envoy-external-address",),
             "a field of Envoy's own that nothing in the mesh reads"),
    Accepted("forwarded/*", ("u0.header.x-forwarded-for",),
             "the caller's address as it is; Envoy puts this machine's own address for a loopback caller"),

    # Upgrades
    *several("upgrades", (
        "websocket", "websocket in another case", "bytes right behind the 101", "longer than the route's timeout",
        "the upstream ends", "refused by the upstream", "answered as if nothing was asked"),
        ("*.header.connection", "r0.header.x-envoy-upstream-service-time", "u0.header.x-envoy-expected-rq-timeout-ms"),
        "the token's case is nobody's business; the time is told here too; a tunnel has no timeout to tell"),
    Accepted("upgrades/answered as if nothing was asked", ("r0.*",),
             "an upstream may ignore Upgrade and answer as usual (RFC 9110 7.8); Envoy loses the answer's body"),
    *several("upgrades", ("to a refused connection", "connect without a connect route"),
             ("r0.header.connection",), "the request was whole: its connection may go on"),

    # HTTP/2: what RFC 9110 and RFC 9113 have a proxy do
    *several("http2", ("an interim answer, h1 to h2", "an interim answer, h2 to h1", "an interim answer, h2 to h2"),
             ALL, "interim answers are passed on (RFC 9110 15.2); Envoy drops them unless told otherwise"),
    *several("http2", ("expect continue, h2 to h1", "expect continue, h2 to h2"),
             ALL, "Expect goes on to the upstream, whose word it asks for (RFC 9110 10.1.1); Envoy answers 100 itself"),
    *several("http2", ("options, h2 to h1", "propfind, h2 to h1"), ("u0.header.content-length", "u0.framing"),
             "a request without a body gets no Content-Length added"),
    Accepted("http2/an unknown status, h1 to h2", ("r0.reason",), "a reason is optional (RFC 9112 4), and \"Unknown\" is none"),
    *several("http2", (
        "refused: upper-case field, h2 to h2", "refused: connection field, h2 to h2", "refused: transfer-encoding, h2 to h2",
        "refused: te gzip, h2 to h2", "refused: no path, h2 to h2", "refused: no method, h2 to h2", "refused: no scheme, h2 to h2",
        "refused: two paths, h2 to h2", "refused: unknown pseudo-header field, h2 to h2",
        "refused: pseudo-header field late, h2 to h2", "refused: NUL in a value, h2 to h2", "refused: LF in a value, h2 to h2",
        "refused: content-length that is too long, h2 to h2", "trailers without END_STREAM, h2 to h1",
        "trailers without END_STREAM, h2 to h2", "neither host nor authority, h2 to h1", "neither host nor authority, h2 to h2"),
        ALL, "a malformed request is an error of its stream (RFC 9113 8.1.1): the others go on; Envoy ends the connection"),
    *several("http2", (
        "no status, h1 to h2", "no status, h2 to h2", "an upper-case field, h1 to h2", "an upper-case field, h2 to h2",
        "a connection field, h1 to h2", "a connection field, h2 to h2", "DATA before HEADERS, h1 to h2", "DATA before HEADERS, h2 to h2"),
        ("u0.framing",), "a malformed answer, too, is an error of its stream; Envoy ends the connection to the upstream"),
    *several("http2", (
        "refused stream, h1 to h2", "refused stream, h2 to h2", "GOAWAY that leaves the stream out, h1 to h2",
        "GOAWAY that leaves the stream out, h2 to h2"),
        ALL, "the upstream says that it has not looked at the request: it is asked again (RFC 9113 8.7)"),
    Accepted("grpc/refused by the upstream", ALL,
             "the upstream says that it has not looked at the request: it is asked again (RFC 9113 8.7)"),
    *several("http2", (
        "reset before an answer, h2 to h1", "connection reset before an answer, h1 to h2", "connection reset before an answer, h2 to h2",
        "connection ended before an answer, h1 to h2", "connection ended before an answer, h2 to h2",
        "GOAWAY with an error before the answer, h1 to h2", "GOAWAY with an error before the answer, h2 to h2"),
        ALL, "a kept connection that ends before any answer is given another try for an idempotent method (RFC 9112 9.3.1)"),
    *several("http2", (
        "answer before the request's end, h2 to h1", "answer before the request's end, h2 to h2",
        "answer's head before the request's end, h2 to h1", "answer's head before the request's end, h2 to h2",
        "a body that dribbles both ways, h2 to h1", "a body that dribbles both ways, h2 to h2"),
        ("r0.header.x-envoy-upstream-service-time",), UNENDED),
    *several("grpc", ("both ways at once", "status before the request's end"), ("r0.header.x-envoy-upstream-service-time",), UNENDED),

    # HTTP/2: another way to say the same
    *several("http2", ("options asterisk, h2 to h1", "options asterisk, h2 to h2", "connect that is not allowed, h2 to h2"),
             ("r0.header.content-length",), LENGTH_OF_NONE),
    *several("http2_routes", (
        "redirect, h2 to h1", "redirect, h2 to h2", "redirect of a path, h2 to h1", "redirect of a path, h2 to h2",
        "redirect of a prefix, h2 to h1", "redirect of a prefix, h2 to h2", "redirect of a post, h2 to h1", "redirect of a post, h2 to h2",
        "redirect of https, h2 to h1", "method, h2 to h1", "method, h2 to h2", "method that is another, h2 to h1",
        "method that is another, h2 to h2", "authority, h2 to h1", "authority, h2 to h2", "authority that is another, h2 to h1",
        "authority that is another, h2 to h2", "no route, h2 to h1", "no route, h2 to h2", "no route for a head, h2 to h1",
        "no route for a head, h2 to h2", "unknown cluster, h2 to h1", "unknown cluster, h2 to h2"),
        ("r0.header.content-length",), LENGTH_OF_NONE),
    *several("grpc", ("grpc-web is another", "no gRPC on a gRPC route"), ("r0.header.content-length",), LENGTH_OF_NONE),
    *several("connect2", ("connect where it is not allowed", "connect that no route takes"), ("r0.header.content-length",), LENGTH_OF_NONE),
    *several("http2_options", ("fields over their limit", "too many fields", "underscore refused"),
             ALL, "a refusal is said with a status (RFC 9113 8.1.1, RFC 6585 5); Envoy resets the stream with INTERNAL_ERROR"),
    Accepted("grpc/a field too long", ALL, "a refusal is said with a status; Envoy ends the connection with COMPRESSION_ERROR"),
    Accepted("http2_options/trailers over their limit", ("r0.end",), "the fault is the caller's: PROTOCOL_ERROR, not INTERNAL_ERROR"),
    *several("http2_options", ("idle connection", "last request of a connection"), ("connection",),
             "GOAWAY, and when all streams have ended the connection is closed at once; Envoy waits for its drain time"),
    Accepted("http2_options/HTTP/1.1 where HTTP/2 is set", ("connection", "r0.torn head"),
             "a server's SETTINGS may go first (RFC 9113 3.4)"),
    Accepted("http2_options/edge*", ("u0.header.x-envoy-external-address",), "a field of Envoy's own that nothing in the mesh reads"),
    Accepted("http2_options/edge*", ("u0.header.x-forwarded-for",),
             "the caller's address as it is; Envoy puts this machine's own address for a loopback caller"),
    *several("connect2", (
        "websocket to HTTP/2", "websocket to HTTP/2 refused", "websocket to HTTP/1.1", "websocket to HTTP/1.1 refused",
        "websocket from HTTP/1.1 to HTTP/2"), ("r0.header.x-envoy-upstream-service-time",), UNENDED),
    *several("connect2", ("websocket to HTTP/1.1", "websocket to HTTP/1.1 refused"), ("u0.header.sec-websocket-key",),
             "an HTTP/1.1 server answers nobody without a key (RFC 6455 4.2.1), and over HTTP/2 there is none (RFC 8441 5)"),
    *several("connect2", ("websocket where no route takes it", "another protocol"), ("connection", "r0.header.content-length"),
             "nothing is wrong with the connection; Envoy ends it. " + LENGTH_OF_NONE),
    Accepted("connect2/websocket where it is not offered", ("connection", "r0.end"),
             "a malformed request is an error of its stream (RFC 9113 8.1.1); Envoy ends the connection"),
    Accepted("grpc/content type in capitals", ALL, "a media type is matched without regard to case (RFC 9110 8.3.1)"),
    Accepted("grpc/route's timeout", ("r0.header.grpc-status",), "a time that ran out is DEADLINE_EXCEEDED; Envoy says UNAVAILABLE"),
    *several("grpc", (
        "reset within the answer", "connection ended within the answer", "route's timeout within an answer",
        "longest duration within an answer"),
        ALL, "a call that breaks off ends with trailers that say why; Envoy's reset says nothing"),
    *several("connect2", (
        "connect passed on", "connect passed on and refused", "connect passed on to HTTP/1.1", "connect passed on to HTTP/1.1 and refused",
        "connect from HTTP/1.1 passed on to HTTP/2"),
        ("r0.header.x-envoy-upstream-service-time", "u0.header.x-envoy-expected-rq-timeout-ms"),
        "no route's timeout ends a tunnel here, and none is told. " + UNENDED),
    Accepted("connect2/connect of a body at once", ("r0.header.x-envoy-upstream-service-time",),
             "a tunnel that ends here has no upstream's answer whose time could be told"),
]
