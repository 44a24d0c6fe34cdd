"""Fields added, changed and removed."""

from exchange import Case, get, request

WITH_FIELDS = [[b"HTTP/1.1 200 OK\r\nx-append: own\r\nx-absent: own\r\nx-overwrite: own\r\nx-existing: own\r\n"
                b"x-secret: 1\r\ncontent-length: 0\r\n\r\n"]]

CASES = [
    get("levels", "/levels"),
    get("levels with the field given", "/levels", "x-level: caller"),
    get("dropped everywhere", "/levels", "x-drop-everywhere: 1", "x-stays: 2"),
    get("actions without the fields", "/actions"),
    get("actions with the fields", "/actions", "x-append: own", "x-absent: own", "x-overwrite: own", "x-existing: own",
        upstream=WITH_FIELDS),
    get("actions with repeated fields", "/actions", "x-overwrite: 1", "x-overwrite: 2", "x-append: 1", "x-append: 2"),
    get("removal", "/remove", "x-remove: 1", "X-Remove: 2", "User-Agent: me", "x-stays: 3"),
    get("operators", "/operators/path?q=1", "x-given: given value"),
    get("operators without the field", "/operators"),
    Case("operators of a post", request("POST /operators", "Content-Length: 0", host="Other.example:81")),
    get("operators on a direct answer", "/direct"),
    get("operators on an error", "/error"),
    get("response removal", "/levels", upstream=WITH_FIELDS),
]
