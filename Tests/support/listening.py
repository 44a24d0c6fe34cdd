"""Servers of the tests' own: a thread that accepts, and one for each connection."""

import socket
import threading


def accept(listener: socket.socket, serve):
    """Calls `serve` with each connection, on a thread of its own, until the listener is closed."""
    def run():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=serve, args=(connection,), daemon=True).start()
    threading.Thread(target=run, daemon=True).start()
