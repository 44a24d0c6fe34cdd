"""Which virtual host is taken shows in the body."""

from exchange import Case, get, request


def host(name: str, value: str, **more) -> Case:
    return get(name, "/", host=value, **more)


CASES = [
    host("exact", "exact.example"),
    host("exact in capitals", "EXACT.example"),
    host("listed in capitals", "upper.example"),
    host("exact with a listed port", "exact.example:8080"),
    host("exact with another port", "exact.example:9090"),
    host("suffix", "one.suffix.example"),
    host("suffix with two labels", "one.two.suffix.example"),
    host("suffix in capitals", "ONE.SUFFIX.EXAMPLE"),
    host("suffix without a label", "suffix.example"),
    host("suffix with nothing before the dot", ".suffix.example"),
    host("longer suffix wins", "one.longer.suffix.example"),
    host("suffix with a dash", "one-dash.suffix.example"),
    host("suffix with a port", "one.suffix.example:80"),
    host("prefix", "prefix.anything"),
    host("prefix of several labels", "prefix.any.thing"),
    host("prefix in capitals", "PREFIX.x"),
    host("prefix with nothing behind", "prefix."),
    host("unknown", "unknown.example"),
    get("host without a matching route", "/", host="empty.example"),
    get("host with its one route", "/only", host="empty.example"),
    Case("absolute form names the host", request("GET http://exact.example/", host="unknown.example")),
    host("port ignored", "exact.example:1234", listener="LISTEN2"),
    host("port ignored in capitals", "EXACT.example:80", listener="LISTEN2"),
    host("catch-all", "unknown.example", listener="LISTEN2"),
    host("IPv6 host", "[::1]:80", listener="LISTEN2"),
]
