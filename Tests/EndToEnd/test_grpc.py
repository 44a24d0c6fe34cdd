"""gRPC services behind sidecars, Tulle's own and Envoy: calls routed by service and method, balanced one by one."""

import base64
import os
import struct
import subprocess

import grpc
import pytest

from mesh import PROGRAMS, PYTHON, fetch, proxied, wait_until
from support.binaries import envoy
from support.ports import free_port

SERVICE = """
apiVersion: v1
kind: Service
metadata: {{name: {name}}}
spec:
  selector: {{app: greeter, instance: "{number}"}}
  ports: [{{port: 50051, targetPort: {port}{speaks}}}]
---
"""
#: What callers name: it has no endpoints of its own.
GREETER = """
apiVersion: v1
kind: Service
metadata: {name: greeter}
spec: {ports: [{port: 50051, appProtocol: grpc}]}
---
"""


def route(*rules: str) -> str:
    lines = "".join(f"\n    - {{{rule}}}" for rule in rules)
    return f"""
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {{name: greeter}}
spec:
  parentRefs: [{{group: "", kind: Service, name: greeter}}]
  rules:{lines}
---
"""


def to(*names: str) -> str:
    return "backendRefs: [" + ", ".join(f"{{name: {name}, port: 50051}}" for name in names) + "]"


class Greeters:
    """Two instances, g0 on a declared port and g1 on one that the first bytes tell, and a caller with a port for them."""

    def __init__(self, mesh, env):
        self.mesh = mesh
        resources = GREETER
        for number, (protocol, speaks) in enumerate(((":grpc", ", appProtocol: grpc"), ("", ""))):
            port = free_port()
            mesh.run(
                "greeter", PYTHON, PROGRAMS / "grpc_server.py", "--port", port, "--name", f"g{number}",
                ports=[f"{port}{protocol}"], labels=[f"instance={number}"], env=env)
            target = "grpc" if protocol else port
            resources += SERVICE.format(name=f"g{number}", number=number, port=target, speaks=speaks)
        wait_until(self._registered, 25, what="both greeters are registered")
        mesh.apply(resources + route(to("g0", "g1")))
        self.caller = mesh.run("caller", PYTHON, PROGRAMS / "hold.py", upstreams=["greeter:50051"], env=env)
        self.address = "%s:%s" % self.caller.upstream("greeter")

    def _registered(self):
        items = fetch(self.mesh.api, "/api/v1/workloads").json()["items"]
        return len([item for item in items if item["service"] == "greeter"]) == 2


@pytest.fixture(params=["tulle-proxy", "envoy"])
def greeters(request, mesh):
    return Greeters(mesh, {"TULLE_PROXY": str(envoy())} if request.param == "envoy" else {})


def call(channel, method: str = "/test.Greeter/Who", **more):
    """Who answered, or the status of what failed."""
    try:
        return channel.unary_unary(method)(b"", timeout=10, wait_for_ready=True, **more).decode()
    except grpc.RpcError as error:
        return error.code()


def test_calls_of_one_connection_reach_every_instance(greeters):
    with grpc.insecure_channel(greeters.address, options=[("grpc.enable_http_proxy", 0)]) as channel:
        wait_until(
            lambda: {call(channel) for _ in range(20)} == {"g0", "g1"}, 15, what="both instances answer one connection")


def test_a_client_behind_http_proxy_is_balanced_by_call_and_follows_routes(mesh):
    greeters = Greeters(mesh, {})

    def seen():
        # A client like any other: gRPC's libraries tunnel (CONNECT) through the http_proxy that `tulle run` sets.
        done = mesh.cli("run", "--service", "me", "--", PYTHON, PROGRAMS / "grpc_client.py", "greeter:50051", "1")
        return set(done.stdout.split())
    wait_until(lambda: seen() == {"g0", "g1"}, 20, what="one connection's calls are answered by both")
    greeters.mesh.apply(route("matches: [{method: {service: test.Greeter}}], " + to("g1")))
    wait_until(lambda: seen() == {"g1"}, 20, what="the route is followed")


def test_a_route_goes_by_method_and_metadata(greeters):
    greeters.mesh.apply(route(
        "matches: [{method: {service: test.Greeter}, headers: [{name: x-to, value: g1}]}], " + to("g1"),
        "matches: [{method: {service: test.Greeter, method: Who}}], " + to("g0"),
        "matches: [{method: {service: test.Nowhere}}]"))
    with grpc.insecure_channel(greeters.address, options=[("grpc.enable_http_proxy", 0)]) as channel:
        wait_until(
            lambda: {call(channel) for _ in range(20)} == {"g0"}, 15, what="the route is followed")
        # Service and method go before the service alone with a header.
        assert call(channel, metadata=[("x-to", "g1")]) == "g0"
        assert call(channel, "/test.Greeter/What", metadata=[("x-to", "g1")]) == grpc.StatusCode.UNIMPLEMENTED
        # No backend, and no rule.
        assert call(channel, "/test.Nowhere/Who") == grpc.StatusCode.UNAVAILABLE
        assert call(channel, "/test.Other/Who") == grpc.StatusCode.UNIMPLEMENTED
    assert fetch(greeters.address, "/test.Greeter/Who").status == 404, "what is not gRPC is not the route's"


def web(proxy, url: str, text: bool):
    """A call as a browser's gRPC-Web makes it: the messages and the trailers of the body, and the answer."""
    kind = "application/grpc-web-text" if text else "application/grpc-web+proto"
    body = b"\0\0\0\0\0"
    answer = proxied(
        proxy, "POST", url, headers={"content-type": kind, "accept": kind, "x-grpc-web": "1"},
        body=base64.b64encode(body) if text else body)
    assert answer.headers.get("content-type", "").startswith(kind), answer
    body = answer.body
    if text:
        # Senders may pad what they encode piece by piece.
        body = b"".join(base64.b64decode(body[at:at + 4]) for at in range(0, len(body), 4))
    messages, trailers = [], ""
    while body:
        flag, length = struct.unpack(">BI", body[:5])
        part, body = body[5:5 + length], body[5 + length:]
        if flag & 0x80:
            assert not body, "nothing comes behind the trailers"
            trailers = part.decode()
        else:
            messages.append(part.decode())
    return messages, trailers, answer


@pytest.mark.parametrize("text", [False, True], ids=["binary", "text"])
def test_a_browser_calls_over_grpc_web(greeters, text):
    greeters.mesh.apply(route("matches: [{method: {service: test.Greeter}}], " + to("g0")))
    host, port = greeters.address.split(":")
    ways = {
        "a port for the service": ((host, int(port)), ""),
        "the proxy for all hosts, where it stays gRPC-Web": (greeters.caller.http_proxy, "http://greeter:50051"),
    }
    for way, (proxy, base) in ways.items():
        def follows():
            answers = [proxied(
                proxy, "POST", f"{base}/test.Greeter/Who", headers={"content-type": "application/grpc-web"},
                body=b"\0\0\0\0\0").body[5:7] for _ in range(20)]
            return set(answers) == {b"g0"}
        wait_until(follows, 15, what=f"g0 answers over {way}")
        messages, trailers, _ = web(proxy, f"{base}/test.Greeter/Who", text)
        assert messages == ["g0"], way
        assert "grpc-status:0" in trailers.replace(" ", "").lower(), (way, trailers)
    # Envoy's own answers stay HTTP's, of which clients make the same status.
    messages, trailers, answer = web((host, int(port)), "/test.Other/Who", text)
    assert not messages and (answer.headers.get("grpc-status") == "12" or answer.status == 404), answer


def test_an_httproute_gives_way_and_says_so(mesh):
    mesh.apply(GREETER + route(to("greeter")) + """
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: plain}
spec:
  parentRefs: [{group: "", kind: Service, name: greeter}]
  rules: [{backendRefs: [{name: greeter, port: 50051}]}]
""")
    assert "belongs to GRPCRoute default/greeter" in mesh.cli("get", "httproute", "plain").stdout
    assert "accepted" in mesh.cli("get", "grpcroutes").stdout
    mesh.cli("delete", "grpcroute", "greeter")
    assert "accepted" in mesh.cli("get", "httproutes").stdout


def test_a_client_without_a_proxy_follows_the_route(mesh):
    greeters = Greeters(mesh, {})
    mesh.apply(route("matches: [{method: {type: RegularExpression, service: 'test[.]G.*'}}], " + to("g1"), to("g0")))
    bootstrap = (
        '{"xds_servers":[{"server_uri":"%s","channel_creds":[{"type":"insecure"}],"server_features":["xds_v3"]}],'
        '"node":{"id":"grpc-client","locality":{"zone":"z1"}}}' % greeters.mesh.xds)
    done = subprocess.run(
        [PYTHON, PROGRAMS / "grpc_client.py", "xds:///greeter.mesh", "1"], capture_output=True, text=True, timeout=60,
        env={**os.environ, "GRPC_XDS_BOOTSTRAP_CONFIG": bootstrap, "no_grpc_proxy": "*", "NO_PROXY": "*"})
    assert done.returncode == 0, done.stdout + done.stderr
    assert set(done.stdout.split()) == {"g1"}, done.stdout
