"""gRPC's own clients and servers, through one proxy on a file, and in a mesh through two. GRPC_PROXY=envoy puts Envoy in."""

import json
import os
import threading
import time
from pathlib import Path

import grpc
import pytest
import yaml
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from grpc_calls import Calls, failure
from mesh import PROGRAMS, PYTHON, wait_until, wait_until_listening
from standalone import HCM, ROUTER, address
from support.binaries import envoy, proxy
from support.ports import free_port

HTTP = "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
PREVIOUS = "type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"
MIB = 1 << 20


KIND = os.environ.get("GRPC_PROXY", "tulle")


class Meshed:
    """Instances of the probe under `tulle run`, and a caller with a local port for them."""

    place = "mesh"

    def __init__(self, mesh, instances: int, arguments):
        self._mesh = mesh
        self._arguments = arguments
        self._environment = {"TULLE_PROXY": str(envoy())} if KIND == "envoy" else {}
        mesh.apply("""
apiVersion: v1
kind: Service
metadata: {name: probe}
spec:
  selector: {app: probe}
  ports: [{port: 50051, targetPort: grpc, appProtocol: grpc}]
""")
        self.ports = [free_port() for _ in range(instances)]
        self.servers = [self.serve(index) for index in range(instances)]
        wait_until_listening(*self.ports)
        caller = mesh.run("caller", PYTHON, PROGRAMS / "hold.py", upstreams=["probe:50051"], env=self._environment)
        self.target = "%s:%s" % caller.upstream("probe")
        self.pids = [caller.sidecar(), *(server.sidecar() for server in self.servers)]
        with self.calls() as calls:
            seen = set()

            def all_answer():
                try:
                    seen.add(calls.who(b"", timeout=5))
                except grpc.RpcError:
                    pass
                return len(seen) == instances
            wait_until(all_answer, 20, what="all instances answer")

    def serve(self, index: int):
        return self._mesh.run(
            "probe", PYTHON, PROGRAMS / "grpc_probe.py", "--port", self.ports[index], "--name", f"g{index}", *self._arguments,
            ports=[f"{self.ports[index]}:grpc"], env=self._environment)

    def calls(self, **more) -> Calls:
        return Calls(self.target, **more)


class Proxied:
    """One proxy before some instances of the probe."""

    place = "proxy"

    def __init__(self, folder, processes, instances: int, arguments):
        self._arguments = arguments
        self._processes = processes
        self.ports = [free_port() for _ in range(instances)]
        self.servers = [self.serve(index) for index in range(instances)]
        port, admin = free_port(), free_port()
        self.target = f"127.0.0.1:{port}"
        path = folder / "proxy.yaml"
        path.write_text(yaml.safe_dump(self._describe(port, admin)))
        wait_until_listening(*self.ports)
        self.pids = [processes.start(*proxy(KIND, path), name=KIND).pid]
        wait_until_listening(port)

    def serve(self, index: int):
        return self._processes.start(PYTHON, PROGRAMS / "grpc_probe.py", "--port", self.ports[index], "--name", f"g{index}", *self._arguments,
                                     name=f"g{index}")

    def _describe(self, port: int, admin: int) -> dict:
        # Only what has surely not been seen by a server is tried again. Envoy has to be told not to go to the same again and again.
        elsewhere = {"host_selection_retry_max_attempts": 5, "retry_host_predicate": [
            {"name": "envoy.retry_host_predicates.previous_hosts", "typed_config": {"@type": PREVIOUS}}]} if KIND == "envoy" else {}
        route = {"cluster": "probe", "timeout": "0s",
                 "retry_policy": {"retry_on": "connect-failure,refused-stream", "num_retries": 10,
                                  "retry_back_off": {"base_interval": "0.001s"}} | elsewhere}
        routes = [
            {"match": {"path": "/test.Probe/Capped"}, "route": route | {"max_stream_duration": {"grpc_timeout_header_max": "0.5s"}}},
            {"match": {"prefix": "/", "grpc": {}}, "route": route}]
        manager = {"@type": HCM, "stat_prefix": "main", "stream_idle_timeout": "0s",
                   "http_filters": [{"name": "envoy.filters.http.router", "typed_config": {"@type": ROUTER}}],
                   "route_config": {"name": "main", "virtual_hosts": [{"name": "all", "domains": ["*"], "routes": routes}]}}
        # Envoy allows three retries at a time unless told otherwise.
        more = {"circuit_breakers": {"thresholds": [{"max_retries": 1000}]}} if KIND == "envoy" else {}
        return {
            "admin": {"address": address(admin)},
            "static_resources": {
                "listeners": [{"name": "main", "address": address(port), "filter_chains": [{"filters": [
                    {"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}]}],
                "clusters": [more | {
                    "name": "probe", "type": "STATIC", "connect_timeout": "1s",
                    "typed_extension_protocol_options": {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                        "@type": HTTP, "explicit_http_config": {"http2_protocol_options": {}}}},
                    "load_assignment": {"cluster_name": "probe", "endpoints": [{"lb_endpoints": [
                        {"endpoint": {"address": address(port)}} for port in self.ports]}]}}]}}

    def calls(self, **more) -> Calls:
        return Calls(self.target, **more)


@pytest.fixture(params=["proxy", "mesh"])
def start(request, tmp_path, processes):
    """Starts so many instances, and what stands before them."""
    def start(instances: int, *arguments):
        if request.param == "proxy":
            return Proxied(tmp_path, processes, instances, arguments)
        return Meshed(request.getfixturevalue("mesh"), instances, arguments)
    return start


@pytest.fixture
def one(start):
    return start(1)


@pytest.fixture
def two(start):
    return start(2)


def memory(pids) -> int:
    """Resident octets of all these processes."""
    return sum(int(line.split()[1]) * 1024 for pid in pids for line in Path(f"/proc/{pid}/status").read_text().splitlines()
               if line.startswith("VmRSS:"))


def told(calls: Calls) -> dict:
    return json.loads(calls.state(b""))


# The four kinds of call

def test_unary(one):
    with one.calls() as calls:
        assert calls.echo(b"hello") == b"hello"
        assert calls.echo(b"") == b""


def test_server_stream(one):
    with one.calls() as calls:
        messages = list(calls.count(b"1000 100"))
        assert [int.from_bytes(message[:4], "big") for message in messages] == list(range(1000))
        assert {len(message) for message in messages} == {104}
        assert list(calls.count(b"0 0")) == []


def test_client_stream(one):
    with one.calls() as calls:
        assert calls.sum(iter([b"x" * size for size in range(1000)])) == b"1000 499500"
        assert calls.sum(iter([])) == b"0 0"


def test_both_streams_in_step(one):
    """Each message comes back before the next is sent: nothing is held back until there is more."""
    came = threading.Semaphore(0)

    def ask():
        for number in range(100):
            yield b"%d" % number
            assert came.acquire(timeout=10), "the answer is held back"
    with one.calls() as calls:
        seen = []
        for message in calls.mirror(ask(), timeout=30):
            seen.append(int(message))
            came.release()
        assert seen == list(range(100))


# Sizes and numbers

def test_64_mib_each_way(one):
    with one.calls() as calls:
        calls.echo(b"warm")
        before = memory(one.pids)
        peak = [before]
        over = threading.Event()

        def watch():
            while not over.wait(0.02):
                peak.append(memory(one.pids))
        watcher = threading.Thread(target=watch)
        watcher.start()
        message = os.urandom(MIB) * 64
        try:
            assert calls.echo(message, timeout=120) == message
        finally:
            over.set()
            watcher.join()
        # A proxy holds a window's worth; Envoy's are larger.
        assert max(peak) - before < len(one.pids) * (64 if KIND == "envoy" else 32) * MIB, f"grew by {(max(peak) - before) // MIB} MiB"


def test_1000_calls_at_once_on_one_connection(one):
    """Each is answered only when all are at the server."""
    with one.calls() as calls:
        calls.echo(b"connect")
        pending = [calls.gather.future(b"1000", timeout=60) for _ in range(1000)]
        assert {call.result() for call in pending} == {b"1000"}


def test_many_calls_one_after_another(one):
    with one.calls() as calls:
        for number in range(2000):
            assert calls.echo(b"%d" % number) == b"%d" % number


# Ends

def test_a_cancelled_call_is_cancelled_at_the_server(one):
    with one.calls() as calls:
        call = calls.hold(b"")
        next(call)
        call.cancel()
        wait_until(lambda: told(calls)["cancelled"] == 1, 5, what="the server sees the cancellation")
        pending = calls.silent.future(b"")
        wait_until(lambda: told(calls)["started"] == 2, 5, what="the second call has begun")
        pending.cancel()
        wait_until(lambda: told(calls)["cancelled"] == 2, 5, what="the server sees it before any answer, too")
        assert calls.echo(b"on") == b"on"


def test_a_client_that_vanishes_is_a_cancellation(one):
    with one.calls() as watcher:
        with one.calls() as calls:
            next(calls.hold(b""))
        wait_until(lambda: told(watcher)["cancelled"] == 1, 5, what="the server sees that the client is gone")


def test_a_deadline_is_known_to_the_server_and_kept(one):
    """gRPC's C core rounds what it sends up, a second and a little to 1.01 s."""
    with one.calls() as calls:
        began = time.monotonic()
        call = calls.hold(b"", timeout=1)
        assert 0.5 < float(next(call)) <= 1.01
        error = failure(lambda: call)
        assert error.code() == grpc.StatusCode.DEADLINE_EXCEEDED
        assert 0.8 < time.monotonic() - began < 3
        wait_until(lambda: told(calls)["cancelled"] == 1, 5, what="the server stops")


def test_the_routes_bound_is_a_deadline(one):
    """The client allows more time than the route."""
    if one.place == "mesh":
        pytest.skip("bounded by the proxy's file")
    with one.calls() as calls:
        began = time.monotonic()
        error = failure(lambda: calls.capped(b"", timeout=20))
        assert error.code() == grpc.StatusCode.DEADLINE_EXCEEDED, error
        assert time.monotonic() - began < 5
        wait_until(lambda: told(calls)["cancelled"] == 1, 5, what="the server stops")


def test_no_deadline_by_default(one):
    with one.calls() as calls:
        call = calls.hold(b"")
        assert next(call) == b"None"
        call.cancel()


# What goes along

def test_metadata(one):
    given = (("x-echo-text", "value"), ("x-echo-text", "another"), ("x-echo-data-bin", bytes(range(256))), ("x-echo-empty", ""))
    with one.calls() as calls:
        reply, call = calls.echo.with_call(b"", metadata=given)
        assert [pair for pair in call.initial_metadata() if pair[0].startswith("x-echo")] == list(given)
        assert [pair for pair in call.trailing_metadata() if pair[0].startswith("x-trail")] == [
            (key.replace("x-echo", "x-trail"), value) for key, value in given]


def test_the_fields_of_grpc_reach_the_server(one):
    with one.calls() as calls:
        seen = dict(json.loads(calls.fields(b"")))
        assert "grpc-python" in seen["user-agent"]
        assert "connection" not in seen and "transfer-encoding" not in seen


def test_statuses_and_messages(one):
    with one.calls() as calls:
        for code in list(grpc.StatusCode)[1:]:
            error = failure(lambda: calls.fail(json.dumps({"code": code.value[0], "message": f"said: {code.name} & caf\xe9 100%"}).encode()))
            assert error.code() == code
            assert error.details() == f"said: {code.name} & caf\xe9 100%"


def test_an_error_after_messages(one):
    with one.calls() as calls:
        call = calls.fail(json.dumps({"code": 9, "message": "then this", "after": 3}).encode())
        assert [next(call) for _ in range(3)] == [b"0", b"1", b"2"]
        error = failure(lambda: call)
        assert (error.code(), error.details()) == (grpc.StatusCode.FAILED_PRECONDITION, "then this")


def test_error_details(one):
    details = bytes(range(200))
    with one.calls() as calls:
        error = failure(lambda: calls.fail(json.dumps({"code": 3, "message": "rich", "details": details.hex()}).encode()))
        assert dict(error.trailing_metadata())["grpc-status-details-bin"] == details


def test_an_unknown_method(one):
    with one.calls() as calls:
        error = failure(lambda: calls.channel.unary_unary("/test.Probe/Nothing")(b""))
        assert error.code() == grpc.StatusCode.UNIMPLEMENTED


def test_gzip(one):
    message = b"again and again " * 100_000
    with one.calls(compression=grpc.Compression.Gzip) as calls:
        assert calls.echo(message) == message
        assert calls.sum(iter([message] * 5)) == f"5 {5 * len(message)}".encode()


def test_health_checking(one):
    with one.calls() as calls:
        stub = health_pb2_grpc.HealthStub(calls.channel)
        serving = health_pb2.HealthCheckResponse.SERVING
        assert stub.Check(health_pb2.HealthCheckRequest(service="test.Probe")).status == serving
        error = failure(lambda: [stub.Check(health_pb2.HealthCheckRequest(service="nobody"))])
        assert error.code() == grpc.StatusCode.NOT_FOUND
        watch = stub.Watch(health_pb2.HealthCheckRequest(service="test.Probe"))
        assert next(watch).status == serving
        watch.cancel()


def test_reflection(one):
    with one.calls() as calls:
        stub = reflection_pb2_grpc.ServerReflectionStub(calls.channel)
        answers = list(stub.ServerReflectionInfo(iter([
            reflection_pb2.ServerReflectionRequest(list_services=""),
            reflection_pb2.ServerReflectionRequest(file_containing_symbol="grpc.health.v1.Health")])))
        assert "grpc.health.v1.Health" in {service.name for service in answers[0].list_services_response.service}
        assert answers[1].file_descriptor_response.file_descriptor_proto


# Servers that go

def test_a_server_killed_before_its_answer(one):
    with one.calls() as calls:
        pending = calls.silent.future(b"")
        wait_until(lambda: told(calls)["started"] == 1, 5)
        one.servers[0].kill9()
        error = failure(pending.result)
        assert error.code() == grpc.StatusCode.UNAVAILABLE, error


def test_a_server_killed_within_a_stream(one):
    with one.calls() as calls:
        call = calls.hold(b"")
        next(call)
        one.servers[0].kill9()
        error = failure(lambda: call)
        assert error.code() in ENDED_WITHIN[KIND], error


#: A stream whose server is gone has no status any more. Envoy resets it, which gRPC's library calls INTERNAL.
ENDED_WITHIN = {"tulle": (grpc.StatusCode.UNAVAILABLE,), "envoy": (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.INTERNAL)}


def test_no_server_and_one_again(one):
    with one.calls() as calls:
        assert calls.who(b"") == b"g0"
        one.servers[0].kill9()
        error = failure(lambda: calls.who(b""))
        assert error.code() == grpc.StatusCode.UNAVAILABLE
        one.serve(0)
        wait_until_listening(one.ports[0])

        def served():
            try:
                return calls.who(b"", timeout=5) == b"g0"
            except grpc.RpcError:
                return False
        wait_until(served, 10, what="calls are served again")


class Callers:
    """Calls without a pause on several channels, counted."""

    def __init__(self, proxied, number: int = 4):
        self._over = threading.Event()
        self.answers: dict[str, int] = {}
        self.errors: list[grpc.RpcError] = []
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._call, args=(proxied,)) for _ in range(number)]
        for thread in self._threads:
            thread.start()

    def _call(self, proxied):
        with proxied.calls() as calls:
            while not self._over.is_set():
                try:
                    name = calls.who(b"", timeout=10, metadata=(("x-delay", "0.005"),)).decode()
                    with self._lock:
                        self.answers[name] = self.answers.get(name, 0) + 1
                except grpc.RpcError as error:
                    self.errors.append(error)

    def more(self, name: str, number: int = 50):
        goal = self.answers.get(name, 0) + number
        wait_until(lambda: self.answers.get(name, 0) >= goal, 20, what=f"{number} more answers of {name}; {self.answers} {self.errors[:3]}")

    def finish(self):
        self._over.set()
        for thread in self._threads:
            thread.join(20)


def test_connections_that_the_server_ends_gently_lose_no_call(start):
    """GOAWAY ten times a second and more, in the midst of calls."""
    callers = Callers(start(1, "--connection-age", "100"))
    try:
        callers.more("g0", 1000)
    finally:
        callers.finish()
    assert not callers.errors, f"{len(callers.errors)} of {sum(callers.answers.values())}: {callers.errors[0]}"


def test_a_server_that_stops_gently_under_load_loses_no_call(two):
    """What it has begun is finished, all else goes to the other; then it comes back. gRPC's server itself cancels a call that came in
    just when it stops, whatever stands before it."""
    callers = Callers(two)
    try:
        callers.more("g0")
        callers.more("g1")
        two.servers[0].stop()
        callers.more("g1", 200)
        two.serve(0)
        callers.more("g0")
    finally:
        callers.finish()
    errors = [error for error in callers.errors if error.code() != grpc.StatusCode.CANCELLED]
    assert not errors and len(callers.errors) < 5, f"{len(callers.errors)} of {sum(callers.answers.values())}: {callers.errors[0]}"


def test_calls_of_one_connection_go_to_both(two):
    with two.calls() as calls:
        names = [calls.who(b"").decode() for _ in range(200)]
    assert 60 <= names.count("g0") <= 140, names.count("g0")


def test_long_calls_are_spread_as_well(two):
    with two.calls() as calls:
        pending = [calls.who.future(b"", metadata=(("x-delay", "0.3"),)) for _ in range(100)]
        names = [call.result().decode() for call in pending]
    assert 30 <= names.count("g0") <= 70, names.count("g0")
