"""Bytes that are nobody's business."""

from exchange import Case, HalfClose, ReadRaw, ReadToEnd, Send
from upstream import CLOSE, ECHO, Pause, RESET

CASES = [
    Case("echo", steps=[Send(b"hello"), ReadRaw(5), Send(b"again"), ReadRaw(5)]),
    Case("the server speaks first", steps=[ReadRaw(6), Send(b"x"), ReadRaw(1)], upstream=[[b"banner", ECHO]]),
    Case("half-close by the caller", steps=[Send(b"all"), HalfClose(), ReadToEnd()]),
    Case("end by the server", steps=[ReadRaw(3), ReadToEnd()], upstream=[[b"bye", CLOSE]]),
    Case("reset by the server", steps=[ReadToEnd()], upstream=[[Pause(0.02), RESET]]),
    Case("large both ways", steps=[Send(b"z" * 200_000), ReadRaw(200_000)]),
    Case("what looks like bad HTTP", steps=[Send(b"GET / HTTP/1.1\nHost : x\n\n"), ReadRaw(25)]),
    Case("connection refused", steps=[ReadToEnd()], listener="LISTEN2"),
    Case("weighted", steps=[Send(b"hello"), ReadRaw(5)], listener="LISTEN3"),
]
