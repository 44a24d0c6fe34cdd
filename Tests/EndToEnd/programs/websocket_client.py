"""Talks to a WebSocket URL over the proxy in http_proxy, as the `websockets` package does by itself."""

import os
import sys

from websockets.sync.client import connect

with connect(sys.argv[1], proxy=os.environ["http_proxy"]) as connection:
    for word in ("one", "two", "three" * 20_000):
        connection.send(word)
        assert connection.recv(timeout=10) == word
    connection.send(b"\x00\x01")
    assert connection.recv(timeout=10) == b"\x00\x01"
print("echoed")
