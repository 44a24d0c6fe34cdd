"""The test service: says who it is and what it was asked; slow, large and failing answers on demand."""

import argparse
import hashlib
import json
import signal
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # One write an answer: a head and a body in two packets would wait for each other (Nagle).
    wbufsize = 1 << 16

    def do_GET(self):
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        if url.path == "/slow":
            time.sleep(float(query.get("s", "1")))
        if url.path == "/status":
            return self.answer(int(query["code"]), b"as asked")
        if url.path == "/large":
            return self.large(int(query["bytes"]))
        self.answer(200, json.dumps({
            "name": NAME, "path": self.path, "method": self.command, "headers": dict(self.headers.items()),
        }).encode())

    do_HEAD = do_DELETE = do_GET

    def do_POST(self):
        digest = hashlib.sha256()
        count = 0
        for part in self.parts():
            digest.update(part)
            count += len(part)
        self.answer(200, json.dumps({"name": NAME, "bytes": count, "sha256": digest.hexdigest()}).encode())

    do_PUT = do_POST

    def parts(self):
        if self.headers.get("transfer-encoding", "").lower() == "chunked":
            while size := int(self.rfile.readline().split(b";")[0], 16):
                yield self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return
        left = int(self.headers.get("content-length", "0"))
        while left and (part := self.rfile.read(min(left, 1 << 18))):
            left -= len(part)
            yield part

    def large(self, count: int):
        self.send_response(200)
        self.send_header("content-length", str(count))
        self.end_headers()
        block = bytes(range(256)) * 1024
        while count > 0:
            self.wfile.write(block[:count])
            count -= len(block)

    def answer(self, status: int, body: bytes):
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.send_header("x-instance", NAME)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *arguments):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512

    def handle_error(self, request, address):
        pass

    def get_request(self):
        connection, address = super().get_request()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection, address


arguments = argparse.ArgumentParser()
arguments.add_argument("--name", required=True)
arguments.add_argument("--port", type=int, required=True)
options = arguments.parse_args()
NAME = options.name
server = Server(("127.0.0.1", options.port), Handler)
signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
server.serve_forever(poll_interval=0.05)
sys.exit(0)
