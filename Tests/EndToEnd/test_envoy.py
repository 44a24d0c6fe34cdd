"""Peers that speak xDS: a real Envoy in a sidecar's place, and a real gRPC client, both configured by Tulle's ADS alone."""

import os
import subprocess

from mesh import PROGRAMS, PYTHON, fetch, wait_until, wait_until_listening
from resources import WEB, service, split
from support.binaries import envoy
from support.ports import free_port


def test_envoy_in_place_of_the_callers_sidecar(mesh):
    mesh.apply(WEB)
    mesh.service("web", "one", labels=["version=v1"], protocol="http")
    mesh.service("web", "two", labels=["version=v2"], protocol="http")
    caller = mesh.run("caller", PYTHON, PROGRAMS / "hold.py", env={"TULLE_PROXY": str(envoy())})
    assert "envoy" in os.readlink(f"/proc/{caller.sidecar()}/exe")

    def both():
        names = {caller.get("http://web/").json()["name"] for _ in range(20)}
        return names == {"one", "two"}
    wait_until(lambda: _calmly(both), 20, what="Envoy balances over both")
    mesh.apply(split("web", {"web-v1": 0, "web-v2": 1}))
    wait_until(
        lambda: _calmly(lambda: {caller.get("http://web/").json()["name"] for _ in range(20)} == {"two"}), 15,
        what="Envoy follows the weights")
    assert "cluster.outbound|80||web" in fetch(caller.admin, "/stats?filter=upstream_rq_total").text


def test_envoy_in_place_of_a_services_sidecar(mesh):
    mesh.apply(service("web"))
    port = free_port()
    served = mesh.run(
        "web", PYTHON, PROGRAMS / "service.py", "--name", "behind-envoy", "--port", port, ports=[f"{port}:http"],
        env={"TULLE_PROXY": str(envoy())})
    assert mesh.until_served("http://web/", timeout=25).json()["name"] == "behind-envoy"
    stats = fetch(served.admin, "/stats?filter=downstream_rq_2xx").text
    assert any(line.rstrip().endswith(": 0") is False for line in stats.splitlines()), stats


def test_a_grpc_client_resolves_and_balances(mesh):
    ports = [free_port(), free_port()]
    for number, port in enumerate(ports):
        mesh.run(
            "greeter", PYTHON, PROGRAMS / "grpc_server.py", "--port", port, "--name", f"g{number}",
            ports=[f"{port}:grpc"])
    mesh.apply("""
apiVersion: v1
kind: Service
metadata: {name: greeter}
spec:
  selector: {app: greeter}
  ports: [{name: grpc, port: 50051, targetPort: grpc, appProtocol: grpc}]
""")
    wait_until(
        lambda: len([item for item in fetch(mesh.api, "/api/v1/workloads").json()["items"]
                     if item["service"] == "greeter"]) == 2, 20, what="both greeters are registered")
    wait_until_listening(*ports)
    bootstrap = (
        '{"xds_servers":[{"server_uri":"%s","channel_creds":[{"type":"insecure"}],"server_features":["xds_v3"]}],'
        '"node":{"id":"grpc-client","locality":{"zone":"z1"}}}' % mesh.xds)
    for target in ("xds:///greeter.mesh", "xds:///greeter.mesh:50051", "xds:///greeter.default.svc.cluster.local"):
        done = subprocess.run(
            [PYTHON, PROGRAMS / "grpc_client.py", target, "2"], capture_output=True, text=True, timeout=60,
            env={**os.environ, "GRPC_XDS_BOOTSTRAP_CONFIG": bootstrap, "no_grpc_proxy": "*", "NO_PROXY": "*"})
        assert done.returncode == 0, done.stdout + done.stderr
        assert set(done.stdout.split()) == {"g0", "g1"}, done.stdout


def _calmly(question):
    try:
        return question()
    except (OSError, ValueError):
        return False
