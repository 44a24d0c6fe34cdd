"""Host names trimmed."""

from exchange import Case, get, request

CASES = [
    get("any port", "/", host="plain.example:1234"),
    get("no port", "/", host="plain.example"),
    get("port of an IPv6 host", "/", host="[::1]:1234"),
    get("dot is kept where it is not stripped", "/", host="plain.example."),
    get("dot", "/", host="plain.example.", listener="LISTEN_DOT"),
    get("dot before a port", "/", host="plain.example.:80", listener="LISTEN_DOT"),
    get("matching port that does not match", "/", host="plain.example:1", listener="LISTEN_MATCHING"),
    Case("absolute form", request("GET http://plain.example:99/", host="x")),
]
