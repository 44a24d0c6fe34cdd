"""Connections that stop being HTTP."""

from exchange import Case, HalfClose, Read, ReadRaw, ReadToEnd, Send, request
from upstream import CLOSE, ECHO, STALL

SWITCH = (b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
          b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n")
FIELDS = ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
TALK = [Read(), Send(b"\x81\x05hello"), ReadRaw(7), Send(b"more"), ReadRaw(4)]


def upgrade(name: str, *steps, fields=FIELDS, line="GET /chat", **more) -> Case:
    return Case(name, steps=[Send(request(line, *fields)), *steps], **more)


def connect(name: str, *steps, target="test.example:443", fields=(), **more) -> Case:
    return Case(name, steps=[Send(request(f"CONNECT {target}", *fields, host=target)), *steps], **more)


CASES = [
    upgrade("websocket", *TALK, upstream=[[SWITCH, ECHO]]),
    upgrade("websocket in another case", *TALK, upstream=[[SWITCH, ECHO]],
            fields=("Connection: keep-alive, UPGRADE", "Upgrade: WebSocket")),
    upgrade("bytes right behind the 101", Read(), ReadRaw(5), upstream=[[SWITCH + b"early", ECHO]]),
    upgrade("longer than the route's timeout", Read(), Send(b"x"), ReadRaw(1), upstream=[[SWITCH, ECHO]]),
    upgrade("the upstream ends", Read(), ReadRaw(3), ReadToEnd(), upstream=[[SWITCH + b"bye", CLOSE]]),
    upgrade("refused by the upstream", Read(), upstream=[[b"HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno"]],
            watch_end=False),
    upgrade("answered as if nothing was asked", Read(), watch_end=False),
    upgrade("switched off on the route", Read(), line="GET /never", watch_end=False),
    upgrade("to something that is not configured", Read(), fields=("Connection: Upgrade", "Upgrade: smtp"), watch_end=False),
    upgrade("to a refused connection", Read(), line="GET /refused", watch_end=False),
    upgrade("on a listener without upgrades", Read(), listener="LISTEN2", watch_end=False),
    upgrade("h2c", Read(), fields=("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk"), watch_end=False),
    upgrade("upgrade without connection", Read(), fields=("Upgrade: websocket",), watch_end=False),
    upgrade("the upstream is too slow", Read(), upstream=[[STALL]], watch_end=False),
    connect("connect", Read("CONNECT"), Send(b"hello"), ReadRaw(5), Send(b"again"), ReadRaw(5)),
    Case("connect with bytes behind", steps=[
        Send(request("CONNECT test.example:443", host="test.example:443") + b"early"), Read("CONNECT"), ReadRaw(5)]),
    connect("connect and half-close", Read("CONNECT"), Send(b"last"), ReadRaw(4), HalfClose(), ReadToEnd()),
    connect("connect where the upstream speaks first", Read("CONNECT"), ReadRaw(6), upstream=[[b"banner", ECHO]]),
    connect("connect where the upstream ends", Read("CONNECT"), ReadRaw(3), ReadToEnd(), upstream=[[b"bye", CLOSE]]),
    connect("connect without a connect route", Read("CONNECT"), listener="LISTEN2", watch_end=False),
]
