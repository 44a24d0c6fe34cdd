"""The shop's reviews. Version v1 gives words, version v2 stars too: SHOP_VERSION says which this is.

Python's standard library only; it knows nothing of the mesh.
"""
import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

VERSION = os.environ.get("SHOP_VERSION", "v1")
WORDS = {"1": "light as air", "2": "never breaks", "3": "a good grip"}
STARS = {"1": 5, "2": 4, "3": 5}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        item = self.path.removeprefix("/reviews/")
        review = {"version": VERSION, "words": WORDS.get(item, "no word yet")}
        if VERSION == "v2":
            review["stars"] = STARS.get(item, 0)
        body = json.dumps(review).encode() + b"\n"
        self.send_response(200)
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
