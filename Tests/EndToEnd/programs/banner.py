"""A TCP server that speaks first and then echoes, on the address given."""

import socketserver
import sys


class Talk(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.sendall(b"220 banner\r\n")
        while data := self.request.recv(65536):
            self.request.sendall(data)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


Server((sys.argv[1], int(sys.argv[2])), Talk).serve_forever()
