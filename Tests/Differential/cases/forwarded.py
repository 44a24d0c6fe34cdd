"""What a proxy says of itself and of who called."""

from exchange import Case, get
from upstream import answer

OWN_SERVER = [[b"HTTP/1.1 200 OK\r\nserver: mine\r\ncontent-length: 0\r\n\r\n"]]

CASES = [
    get("remote address", "/"),
    get("remote address appended", "/", "x-forwarded-for: 10.0.0.1"),
    get("remote address appended to two fields", "/", "x-forwarded-for: 10.0.0.1", "x-forwarded-for: 10.0.0.2"),
    get("proto of an edge", "/", "x-forwarded-proto: https"),
    get("request id of an edge", "/", "x-request-id: from-outside"),
    get("via appended", "/", "via: 1.1 before"),
    get("server overwritten", "/", upstream=OWN_SERVER),
    get("nothing appended", "/", "x-forwarded-for: 10.0.0.1, 10.0.0.2", listener="LISTEN_SKIP"),
    get("nothing to append to", "/", listener="LISTEN_SKIP"),
    get("no request id", "/", listener="LISTEN_QUIET"),
    get("request id given and none made", "/", "x-request-id: mine", listener="LISTEN_QUIET"),
    get("server passed through", "/", upstream=OWN_SERVER, listener="LISTEN_QUIET"),
    get("no server passed through", "/", listener="LISTEN_QUIET"),
    get("request id in the answer", "/", "x-request-id: mine", listener="LISTEN_NAMED"),
    get("request id made and in the answer", "/", listener="LISTEN_NAMED"),
    get("server appended", "/", listener="LISTEN_NAMED"),
    get("server left", "/", upstream=OWN_SERVER, listener="LISTEN_NAMED"),
]
