"""A gRPC server on bytes whose methods show what a proxy does to calls: `/test.Probe/…`, with health checking and reflection.

SIGTERM stops it gently: calls in flight are finished, new connections refused."""

import argparse
import asyncio
import json
import signal

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

#: What happened here, told by State.
state = {"cancelled": 0, "started": 0, "finished": 0}


def asked(context, name: str, default: str = "") -> str:
    for key, value in context.invocation_metadata():
        if key == name:
            return value
    return default


class Probe:
    def __init__(self, name: str):
        self.name = name
        self.waiting = 0
        self.gathered = asyncio.Event()

    async def who(self, request, context):
        """Its name; slowly when asked to."""
        await asyncio.sleep(float(asked(context, "x-delay", "0")))
        return self.name.encode()

    async def echo(self, request, context):
        """The request, and every field that begins with `x-` as initial and as trailing metadata."""
        given = tuple((key, value) for key, value in context.invocation_metadata() if key.startswith("x-echo"))
        await context.send_initial_metadata(given)
        context.set_trailing_metadata(tuple((key.replace("x-echo", "x-trail"), value) for key, value in given))
        return request

    async def fields(self, request, context):
        """All that came as metadata."""
        return json.dumps([[key, value if isinstance(value, str) else value.hex()] for key, value in context.invocation_metadata()]).encode()

    async def fail(self, request, context):
        """`{"code": …, "message": …, "after": messages sent first, "details": octets}`"""
        how = json.loads(request)
        for number in range(how.get("after", 0)):
            yield str(number).encode()
        trailing = (("grpc-status-details-bin", bytes.fromhex(how["details"])),) if "details" in how else ()
        code = next(code for code in grpc.StatusCode if code.value[0] == how["code"])
        await context.abort(code, how["message"], trailing)

    async def count(self, request, context):
        """So many messages of so many octets."""
        number, size = map(int, request.split())
        for index in range(number):
            yield index.to_bytes(4, "big") + bytes(size)

    async def sum(self, requests, context):
        """How many messages came, and how many octets."""
        number = octets = 0
        async for request in requests:
            number += 1
            octets += len(request)
        return f"{number} {octets}".encode()

    async def mirror(self, requests, context):
        """Each message as it comes."""
        async for request in requests:
            yield request

    async def hold(self, request, context):
        """One message and then nothing, until the call is cancelled or its time is over."""
        state["started"] += 1
        try:
            yield f"{context.time_remaining()}".encode()
            await asyncio.sleep(60)
            state["finished"] += 1
        except asyncio.CancelledError:
            state["cancelled"] += 1
            raise

    async def silent(self, request, context):
        """No answer, until the call is cancelled."""
        state["started"] += 1
        try:
            await asyncio.sleep(60)
            return b""
        except asyncio.CancelledError:
            state["cancelled"] += 1
            raise

    async def gather(self, request, context):
        """Answers when so many calls are here at once."""
        self.waiting += 1
        if self.waiting >= int(request):
            self.gathered.set()
        await self.gathered.wait()
        return str(self.waiting).encode()

    async def state(self, request, context):
        return json.dumps(state).encode()


async def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--port", type=int, required=True)
    arguments.add_argument("--name", required=True)
    arguments.add_argument("--grace", type=float, default=5)
    arguments.add_argument("--connection-age", type=int, default=0, help="milliseconds after which a connection is told to go")
    options = arguments.parse_args()
    probe = Probe(options.name)
    age = [("grpc.max_connection_age_ms", options.connection_age)] if options.connection_age else []
    server = grpc.aio.server(options=[
        ("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1), ("grpc.so_reuseport", 0), *age])
    unary, stream = grpc.unary_unary_rpc_method_handler, grpc.unary_stream_rpc_method_handler
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("test.Probe", {
        "Who": unary(probe.who), "Echo": unary(probe.echo), "Fields": unary(probe.fields), "Fail": stream(probe.fail), "Count": stream(probe.count),
        "Sum": grpc.stream_unary_rpc_method_handler(probe.sum), "Mirror": grpc.stream_stream_rpc_method_handler(probe.mirror),
        "Hold": stream(probe.hold), "Silent": unary(probe.silent), "Capped": unary(probe.silent), "Gather": unary(probe.gather),
        "State": unary(probe.state)})])
    checker = health.aio.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(checker, server)
    await checker.set("test.Probe", health_pb2.HealthCheckResponse.SERVING)
    reflection.enable_server_reflection((health.SERVICE_NAME, reflection.SERVICE_NAME), server)
    assert server.add_insecure_port(f"127.0.0.1:{options.port}")
    await server.start()
    over = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, over.set)
    await over.wait()
    await server.stop(options.grace)


asyncio.run(main())
