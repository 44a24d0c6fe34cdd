"""CONNECT and extended CONNECT over HTTP/2 (RFC 9113 8.5, RFC 8441)."""

from across import HOST, octets1
from answers import Body, Head, ok
from exchange import Case, ReadRaw, Read, Send
from streams import Ask, Cancel, Head2, Part2, Pause2, Read2, Send2
from upstream import CLOSE, EARLY, ECHO, STALL


def connect(*fields, end: bool = False) -> Ask:
    return Ask(((":method", "CONNECT"), (":authority", "tunnel.example:80"), *fields), end)


def websocket(path: str = "/ws", protocol: str = "websocket") -> Ask:
    return Ask(((":method", "CONNECT"), (":protocol", protocol), (":scheme", "http"), (":path", path), (":authority", HOST),
                ("sec-websocket-version", "13")), False)


def streams(name: str, *steps, listener: str = "LISTEN", **more) -> Case:
    return Case(name, steps=list(steps), http2=True, listener=listener, **more)


SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n"

CASES = [
    streams("connect terminated", connect(), Head2(), Send2(b"hello"), Part2(5), Send2(b"again"), Part2(10), Cancel(), upstream=[[ECHO]]),
    streams("connect ended by the caller", connect(), Head2(), Send2(b"hello", end=True), Read2(), upstream=[[ECHO]], watch_upstream=False),
    streams("connect ended by the upstream", connect(), Head2(), Read2(), upstream=[[b"bye", CLOSE]], watch_upstream=False),
    streams("connect and the server speaks first", connect(), Part2(6), Send2(b"x"), Part2(7), Cancel(), upstream=[[b"banner", ECHO]]),
    streams("connect with 200,000 octets", connect(), Head2(), Send2(b"z" * 200_000), Part2(200_000), Cancel(), upstream=[[ECHO]]),
    streams("two tunnels at once", connect(), Head2(), connect(), Head2(), Send2(b"one", stream=0), Send2(b"two", stream=1), Part2(3, 0), Part2(3, 1),
            Cancel(stream=0), Cancel(stream=1), upstream=[[ECHO], [ECHO]]),
    streams("connect passed on", connect(), Head2(), Send2(b"up"), Pause2(0.03), Cancel(), listener="LISTEN_PASS",
            upstream=[[EARLY, Head(200), Body(b"down"), STALL]]),
    streams("connect passed on and refused", connect(), Read2(), listener="LISTEN_PASS", upstream=[[EARLY, *ok(b"no", status=403)]],
            watch_upstream=False),
    streams("connect passed on to HTTP/1.1", connect(("x-one", "1")), Head2(), Send2(b"up"), Part2(2), Cancel(), listener="LISTEN_PASS",
            upstream=[[EARLY, b"HTTP/1.1 200 OK\r\n\r\n", ECHO]], watch_upstream=False),
    streams("connect passed on to HTTP/1.1 and refused", connect(("x-one", "1")), Read2(), listener="LISTEN_PASS",
            upstream=[[EARLY, b"HTTP/1.1 403 No\r\ncontent-length: 2\r\n\r\nno"]], watch_upstream=False, watch_end=False),
    streams("connect where it is not allowed", connect(), Read2(), listener="LISTEN_CLOSED"),
    streams("connect that no route takes", connect(), Read2(), listener="LISTEN_UNROUTED"),
    streams("connect of a body at once", connect(end=True), Read2(), upstream=[[ECHO]], watch_upstream=False),

    streams("websocket to HTTP/2", websocket(), Head2(), Send2(b"frame"), Pause2(0.03), Cancel(), listener="LISTEN_UP2",
            upstream=[[EARLY, Head(200), Body(b"answer"), STALL]]),
    streams("websocket to HTTP/2 refused", websocket(), Read2(), listener="LISTEN_UP2", upstream=[[EARLY, *ok(b"no", status=403)]],
            watch_upstream=False),
    streams("websocket to HTTP/1.1", websocket(), Head2(), Send2(b"frame"), Part2(5), Cancel(), upstream=[[EARLY, SWITCH, ECHO]], watch_upstream=False),
    streams("websocket to HTTP/1.1 refused", websocket(), Read2(), upstream=[[EARLY, b"HTTP/1.1 403 No\r\ncontent-length: 2\r\n\r\nno"]],
            watch_upstream=False, watch_end=False),
    streams("websocket where no route takes it", websocket("/other"), Read2()),
    streams("websocket where it is not offered", websocket(), Read2(), listener="LISTEN_CLOSED"),
    streams("another protocol", websocket(protocol="strange"), Read2()),
    Case("websocket from HTTP/1.1 to HTTP/2", listener="LISTEN_UP2", upstream=[[EARLY, Head(200), Body(b"answer"), STALL]],
         steps=[Send(octets1("GET", "/ws", (("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13")), None, (), HOST)),
                Read(), ReadRaw(6)], watch_upstream=False),
    Case("connect from HTTP/1.1 passed on to HTTP/2", listener="LISTEN_PASS", upstream=[[EARLY, Head(200), Body(b"answer"), STALL]], steps=[
        Send(b"CONNECT tunnel.example:80 HTTP/1.1\r\nHost: tunnel.example:80\r\n\r\n"), Read("CONNECT"), ReadRaw(6)],
        watch_upstream=False),
    Case("connect from HTTP/1.1", upstream=[[ECHO]], steps=[
        Send(b"CONNECT tunnel.example:80 HTTP/1.1\r\nHost: tunnel.example:80\r\n\r\n"), Read("CONNECT"), Send(b"hello"), ReadRaw(5)]),
]
