"""Direct answers."""

from exchange import Case, get, request

PATHS = ("/ok", "/empty", "/created", "/no-content", "/not-modified", "/forbidden", "/teapot", "/unavailable", "/bytes",
         "/json")

CASES = [get(path[1:], path) for path in PATHS] + [
    Case("head", request("HEAD /ok"), methods=("HEAD",)),
    Case("head without a body", request("HEAD /empty"), methods=("HEAD",)),
    Case("post with a body", request("POST /ok", "Content-Length: 5", body=b"hello"), methods=("POST",)),
    Case("post in chunks", request("POST /ok", "Transfer-Encoding: chunked", body=b"5\r\nhello\r\n0\r\n\r\n")),
    Case("pipelined", request("GET /ok") + request("GET /forbidden"), methods=("GET", "GET")),
    Case("connection close", request("GET /ok", "Connection: close")),
    get("no route", "/none"),
]
