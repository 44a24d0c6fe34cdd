"""Attempts after the first."""

from exchange import Case, Read, Send, get, request
from upstream import CLOSE, RESET, STALL, answer


def status(code: int) -> list:
    return [f"HTTP/1.1 {code} Whatever\r\nx-upstream: a\r\ncontent-length: 0\r\n\r\n".encode()]


OK = [answer("a")]

CASES = [
    get("none needed", "/5xx"),
    get("once after 503", "/5xx", upstream=[status(503), OK]),
    get("once after 500", "/5xx", upstream=[status(500), OK]),
    get("twice", "/5xx", upstream=[status(500), status(500), OK]),
    get("until there are no more", "/5xx", upstream=[status(500), status(501), status(502)]),
    get("not after 404", "/5xx", upstream=[status(404), OK]),
    get("after a reset", "/5xx", upstream=[[RESET], OK]),
    get("after an early end", "/5xx", upstream=[[CLOSE], OK]),
    get("gateway error", "/gateway", upstream=[status(502), OK]),
    get("not a gateway error", "/gateway", upstream=[status(500), OK]),
    get("reset", "/reset", upstream=[[RESET], OK]),
    get("reset does not mean 503", "/reset", upstream=[status(503), OK]),
    get("listed status", "/codes", upstream=[status(418), OK]),
    get("unlisted status", "/codes", upstream=[status(503), OK]),
    get("conflict", "/4xx", upstream=[status(409), OK]),
    get("other 4xx", "/4xx", upstream=[status(400), OK]),
    get("connection refused", "/connect"),
    Case("the other endpoint", steps=[part for _ in range(4) for part in (Send(request("GET /pair")), Read())]),
    get("attempt that takes too long", "/per-try", upstream=[[STALL], OK]),
    get("no policy", "/none", upstream=[status(503), OK]),
    get("no policy after a reset", "/none", upstream=[[RESET], OK]),
    Case("with a body", request("POST /5xx", "Content-Length: 5", body=b"hello"), upstream=[status(503), OK]),
    Case("with a chunked body", request("POST /5xx", "Transfer-Encoding: chunked", body=b"5\r\nhello\r\n0\r\n\r\n"), upstream=[status(503), OK]),
    Case("of a head", request("HEAD /5xx"), methods=("HEAD",), upstream=[status(503), OK]),
]
