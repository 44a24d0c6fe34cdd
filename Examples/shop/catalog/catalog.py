"""The shop's catalog: what there is to buy, and how often each thing was looked at.

Python's standard library only. Views are counted in Redis when there is one: TULLE_UPSTREAM_REDIS, set by
`tulle run --upstream redis:6379`, names a localhost port that the mesh connects to it.
"""
import json
import os
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ITEMS = [
    {"id": 1, "name": "bobbinet veil", "cents": 4900},
    {"id": 2, "name": "silk thread", "cents": 350},
    {"id": 3, "name": "lace hook", "cents": 1200},
]


class Views:
    """Counts looks in Redis over one connection; without Redis nothing is counted."""

    def __init__(self, address):
        self.address = address
        self.lock = threading.Lock()
        self.connection = None

    def count(self, item):
        if not self.address:
            return None
        with self.lock:
            try:
                if self.connection is None:
                    host, port = self.address.rsplit(":", 1)
                    self.connection = socket.create_connection((host, int(port)), timeout=1)
                key = f"views:{item}"
                self.connection.sendall(f"*2\r\n$4\r\nINCR\r\n${len(key)}\r\n{key}\r\n".encode())
                answer = b""
                while not answer.endswith(b"\r\n"):
                    piece = self.connection.recv(64)
                    if not piece:
                        raise ConnectionError("redis closed the connection")
                    answer += piece
                return int(answer[1:])
            except (OSError, ValueError):
                # The page is worth more than its counter.
                if self.connection is not None:
                    self.connection.close()
                self.connection = None
                return None


VIEWS = Views(os.environ.get("TULLE_UPSTREAM_REDIS"))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        if self.path == "/items":
            self.answer(200, ITEMS)
            return
        found = [item for item in ITEMS if self.path == f"/items/{item['id']}"]
        if not found:
            self.answer(404, {"error": f"there is no {self.path}"})
            return
        item = dict(found[0], views=VIEWS.count(found[0]["id"]), servedBy=os.getpid())
        self.answer(200, item)

    def answer(self, status, document):
        body = json.dumps(document).encode() + b"\n"
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


Server(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
