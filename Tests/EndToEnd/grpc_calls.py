"""Calls of `programs/grpc_probe.py`, on bytes."""

import grpc

OPTIONS = (("grpc.enable_http_proxy", 0), ("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1),
           ("grpc.use_local_subchannel_pool", 1))


class Calls:
    """One channel: its own connection, and a callable for each method."""

    def __init__(self, target: str, compression=None, options=()):
        self.channel = grpc.insecure_channel(target, options=(*OPTIONS, *options), compression=compression)

        def at(method: str) -> str:
            return f"/test.Probe/{method}"
        self.who, self.echo, self.fields, self.silent, self.capped, self.gather, self.state = (
            self.channel.unary_unary(at(name)) for name in ("Who", "Echo", "Fields", "Silent", "Capped", "Gather", "State"))
        self.fail, self.count, self.hold = (self.channel.unary_stream(at(name)) for name in ("Fail", "Count", "Hold"))
        self.sum = self.channel.stream_unary(at("Sum"))
        self.mirror = self.channel.stream_stream(at("Mirror"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.channel.close()


def failure(call) -> grpc.RpcError:
    """The error that the call ends with."""
    try:
        found = call()
        if not isinstance(found, bytes):
            found = list(found)
    except grpc.RpcError as error:
        return error
    raise AssertionError(f"no error but {found!r}")
