"""Ports for programs that cannot bind port 0 themselves."""

import os
import random
import socket

# Below the kernel's range for outgoing connections (32768 and up) and beside the one `tulle run` takes from (20000
# to 32000), so that nobody can take a port between our asking and the program's binding it.
_RANGE = range(10240, 14900)
_random = random.Random(os.getpid())
_given: set[int] = set()


def free_port() -> int:
    """A loopback TCP port that nobody listens on and that this process has not given out before."""
    for _ in range(2000):
        port = _random.choice(_RANGE)
        if port in _given:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        _given.add(port)
        return port
    raise RuntimeError("no free port found between 10240 and 14900")


class RefusedPort:
    """A port that refuses connections for as long as this object lives: bound, never listening."""

    def __init__(self):
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]

    def close(self):
        self._socket.close()


class SilentPort:
    """A port whose connections never come about: its backlog is full and nobody accepts."""

    def __init__(self):
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self._socket.listen(0)
        self.port = self._socket.getsockname()[1]
        self._fillers = []
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", self.port))
            self._fillers.append(filler)

    def close(self):
        for filler in self._fillers:
            filler.close()
        self._socket.close()
