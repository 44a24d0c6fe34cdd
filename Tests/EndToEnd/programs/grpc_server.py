"""A gRPC server with one method, on bytes: `/test.Greeter/Who` answers with its name."""

import argparse
import signal
from concurrent.futures import ThreadPoolExecutor

import grpc

arguments = argparse.ArgumentParser()
arguments.add_argument("--port", type=int, required=True)
arguments.add_argument("--name", required=True)
options = arguments.parse_args()

server = grpc.server(ThreadPoolExecutor(4))
server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(
    "test.Greeter", {"Who": grpc.unary_unary_rpc_method_handler(lambda request, context: options.name.encode())})])
assert server.add_insecure_port(f"127.0.0.1:{options.port}")
server.start()
signal.sigwait({signal.SIGTERM, signal.SIGINT})
server.stop(1).wait()
