"""What was seen in a case, as flat names and texts that can be compared."""

import hashlib
import re
import time

from upstream import Script

_UUID = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")
_GRPC_TIMEOUT = re.compile(r"^(\d{1,8})([HMSmun])$")
_UNITS = {"H": 3600, "M": 60, "S": 1, "m": 1e-3, "u": 1e-6, "n": 1e-9}


def add_fields(prefix: str, fields: list[tuple[str, str]], found: dict[str, str]):
    """Fields by lower-case name; repeated ones in their order. Values that time or chance decide are masked."""
    for name, value in fields:
        if name == "date":
            continue
        if name == "server" and value in ("envoy", "tulle"):
            value = "(the proxy)"
        if name == "x-request-id" and _UUID.match(value):
            value = "(uuid)"
        elif name == "x-envoy-upstream-service-time" and value.isdigit():
            value = "(ms)"
        elif name == "grpc-timeout" and (left := _GRPC_TIMEOUT.match(value)):
            # What is left of it, in a unit of the proxy's choice.
            value = f"about {round(int(left[1]) * _UNITS[left[2]] + 0.01, 1)} s"
        elif name == "x-envoy-expected-rq-timeout-ms" and value.isdigit():
            # What is left of the time when an attempt starts: the wait before a retry is random, so that of many seconds
            # the fractions are not compared.
            value = f"about {round(int(value), -3 if int(value) > 5000 else -2)}"
        key = f"{prefix}.{name}"
        found[key] = f"{found[key]} | {value}" if key in found else value


def short(body: bytes) -> str:
    return repr(body) if len(body) < 2000 else f"{len(body)} octets, {hashlib.sha256(body).hexdigest()}"


def describe_upstream(case, script: Script, window: float, found: dict[str, str]):
    # The upstream's thread may be a moment behind the client when a response came before the request's end; over HTTP/2 a
    # reset may still be underway.
    time.sleep(0.002)
    deadline = time.monotonic() + window
    while any(seen.framing == "open" for seen in script.seen) and time.monotonic() < deadline:
        time.sleep(0.002)
    seen_now = list(script.seen)
    found["upstream requests"] = str(len(seen_now))
    for index, seen in enumerate(seen_now):
        at = f"u{index}"
        found[f"{at}.upstream"] = seen.upstream
        found[f"{at}.line"] = seen.line
        if case.watch_upstream:
            # Envoy's resets are all INTERNAL_ERROR; what says the same is not told apart.
            found[f"{at}.framing"] = seen.framing.replace("reset INTERNAL_ERROR", "reset").replace("reset CANCEL", "reset")
            found[f"{at}.body"] = short(seen.body)
        if index and seen.line.endswith("HTTP/2"):
            found[f"{at}.connection"] = "as before" if seen.connection == seen_now[index - 1].connection else "another"
        add_fields(f"{at}.header", seen.headers, found)
        add_fields(f"{at}.trailer", seen.trailers, found)
