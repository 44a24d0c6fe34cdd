"""Locations and statuses of redirects."""

from exchange import Case, get, request

CASES = [
    get("scheme", "/scheme/path?q=1"),
    get("scheme keeps a port", "/scheme", host="test.example:8080"),
    get("scheme drops the old default port", "/scheme", host="test.example:80"),
    get("https", "/https?q=1"),
    get("https with port 80", "/https", host="test.example:80"),
    get("host", "/host/path?q=1"),
    get("host drops the port", "/host", host="test.example:8080"),
    get("port", "/port/x"),
    get("port replaces a port", "/port/x", host="test.example:8080"),
    get("port with an IPv6 host", "/port/x", host="[::1]:8080"),
    get("https on its default port", "/https-port/x"),
    get("path", "/path/old?q=1"),
    get("path with a query of its own", "/query-in-path?q=1"),
    get("prefix", "/prefix/rest?q=1"),
    get("prefix alone", "/prefix"),
    get("regex", "/regex/one/two/three?q=1"),
    get("302", "/found"),
    get("303", "/see-other"),
    get("307", "/temporary"),
    get("308", "/permanent"),
    get("query stripped", "/strip/x?q=1"),
    get("all of it", "/all?q=1"),
    get("scheme from x-forwarded-proto", "/host", "x-forwarded-proto: https"),
    Case("of a post", request("POST /found", "Content-Length: 2", body=b"hi"), methods=("POST",)),
    Case("of a head", request("HEAD /found"), methods=("HEAD",)),
    Case("of an absolute form", request("GET http://test.example:8080/path")),
]
