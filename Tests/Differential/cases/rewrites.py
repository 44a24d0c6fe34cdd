"""What the upstream is asked after a rewrite."""

from exchange import get

CASES = [
    get("prefix to the root", "/prefix/a/b?q=1"),
    get("prefix inside a word", "/prefer/this"),
    get("prefix alone", "/pre"),
    get("exact", "/exact?q=1"),
    get("separated prefix", "/sep/x?q=1"),
    get("separated prefix alone", "/sep"),
    get("regex", "/regex/alpha/beta/gamma?q=/regex/x/y"),
    get("regex that does not match", "/regexp"),
    get("regex at every place", "/many/one/one?one=one"),
    get("regex after a regex route", "/r5/x?y"),
    get("host literal", "/host-literal"),
    get("host from a header", "/host-header", "x-host: from-header.example"),
    get("host from a missing header", "/host-header"),
    get("host with the old one forwarded", "/host-forwarded"),
    get("host with one more forwarded", "/host-forwarded", "x-forwarded-host: before.example"),
    get("host of the endpoint", "/host-auto"),
]
