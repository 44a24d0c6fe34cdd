"""Normal forms of paths; `/admin` is a route that must not be slipped past."""

from exchange import Case, get

LISTENERS = {"normal": "LISTEN", "rejecting": "LISTEN_REJECT", "redirecting": "LISTEN_REDIRECT",
             "forwarding": "LISTEN_FORWARD", "untouched": "LISTEN_UNTOUCHED"}
PATHS = {
    "dots": "/public/../admin",
    "dots at the end": "/a/b/..",
    "dots past the root": "/../../admin",
    "single dots": "/./a/./b/.",
    "encoded dots": "/public/%2e%2e/admin",
    "double slashes": "//admin//x",
    "encoded slash": "/a%2Fb",
    "encoded slash in lower case": "/a%2fb",
    "encoded backslash": "/a%5Cb",
    "backslash": "/public\\..\\admin",
    "encoded letters": "/%61dmin",
    "encoded tilde": "/%7Euser",
    "encoded space": "/a%20b",
    "query is left alone": "/a/../b?x=/../y//z",
    "NUL": "/a%00b",
    "bad escape": "/a%2",
}
QUICK = {"dots", "encoded dots", "encoded slash", "encoded backslash", "double slashes", "encoded letters"}

CASES = [
    get(f"{kind}: {name}", path, listener=listener)
    for kind, listener in LISTENERS.items()
    for name, path in PATHS.items() if kind in ("normal", "untouched") or name in QUICK
]
