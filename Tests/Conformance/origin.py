"""The upstream behind the target: an HTTP/1.1 server whose answers are named by the path."""

import json
import re
import socket
import threading
import time

from support.listening import accept

ENDLESS = b"x" * 16384


class Origin:
    """`/` a short answer · `/size/N` so many octets · `/echo` what was asked, once the request has ended ·
    `/count` how long it was · `/hold` no answer · `/trailers` an answer with trailers · `/hints` an interim answer first · `/endless`"""

    def __init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self._listener.getsockname()[1]
        self._over = threading.Event()
        #: Octets sent by /endless, and requests taken.
        self.sent = 0
        self.taken = 0
        accept(self._listener, self._serve)

    def close(self):
        self._over.set()
        self._listener.close()

    def _serve(self, connection: socket.socket):
        try:
            with connection, connection.makefile("rb") as reader:
                while self._exchange(connection, reader):
                    pass
        except (OSError, ValueError):
            pass

    def _exchange(self, connection, reader) -> bool:
        line = reader.readline().decode("latin-1").split()
        if len(line) < 3:
            return False
        self.taken += 1
        method, path = line[0], line[1]
        fields = _fields(reader)
        values = dict(fields)
        if path == "/hold":
            self._over.wait(20)
            return False
        if path == "/hints":
            connection.sendall(b"HTTP/1.1 103 Early Hints\r\nlink: </style.css>\r\n\r\n")
        body, trailers = b"", []
        if "chunked" in values.get("transfer-encoding", ""):
            while size := int(reader.readline().split(b";")[0], 16):
                body += reader.read(size)
                reader.readline()
            trailers = _fields(reader)
        elif "content-length" in values:
            body = reader.read(int(values["content-length"]))
        if path.startswith("/slow"):
            time.sleep(0.05)
        if path == "/trailers":
            connection.sendall(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-last\r\n\r\n"
                               b"5\r\nhello\r\n0\r\nx-last: word\r\n\r\n")
            return True
        if path == "/endless":
            connection.sendall(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
            while not self._over.is_set():
                connection.sendall(b"4000\r\n" + ENDLESS + b"\r\n")
                self.sent += len(ENDLESS)
            return False
        if size := re.fullmatch(r"/size/(\d+)", path):
            answer = bytes(range(256)) * (int(size[1]) // 256 + 1)
            answer = answer[:int(size[1])]
        elif path == "/count":
            answer = str(len(body)).encode()
        elif path.startswith("/echo"):
            answer = json.dumps({"method": method, "path": path, "fields": fields, "body": body.decode("latin-1"),
                                 "trailers": trailers}).encode()
        else:
            answer = b"from the origin\n"
        head = f"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: {len(answer)}\r\n\r\n".encode()
        connection.sendall(head + (b"" if method == "HEAD" else answer))
        return True


def _fields(reader) -> list[tuple[str, str]]:
    found = []
    while (line := reader.readline()) not in (b"\r\n", b""):
        name, _, value = line.decode("latin-1").partition(":")
        found.append((name.lower(), value.strip()))
    return found
