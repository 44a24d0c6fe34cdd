"""An instance gets requests once its app listens, and not before, whoever calls it."""

import os
import shutil
import subprocess

import pytest

from mesh import PROGRAMS, PYTHON, fetch, wait_until
from resources import service
from support.binaries import envoy
from support.ports import free_port

#: How long a slow app takes before it listens.
SLOW = 1


def slow(mesh, name: str, *command, ports, env=None, seconds=SLOW):
    """An app that listens only after a while."""
    words = " ".join(f"'{word}'" for word in (PYTHON, *command))
    return mesh.run(name, "sh", "-c", f"sleep {seconds}; exec {words}", ports=ports, env=env)


def states(mesh) -> dict[str, str]:
    return {item["service"]: item["state"] for item in fetch(mesh.api, "/api/v1/workloads").json()["items"]}


def health(mesh, name: str) -> list[str]:
    """Of each instance, whatever the ports that callers know it by."""
    services = fetch(mesh.api, "/api/v1/services").json()["items"]
    return sorted({
        point["workload"]: point["health"] for item in services if item["name"] == name for point in item["endpoints"]
    }.values())


@pytest.fixture(params=["tulle-proxy", "envoy"])
def sidecar(request) -> dict[str, str]:
    return {"TULLE_PROXY": str(envoy())} if request.param == "envoy" else {}


def test_a_slow_start_is_not_noticed(mesh, sidecar):
    mesh.apply(service("web", {"app": "web"}))
    mesh.service("web", "one", protocol="http")
    caller = mesh.run("caller", PYTHON, PROGRAMS / "hold.py", env=sidecar)

    def answers():
        try:
            return caller.get("http://web/").status == 200
        except OSError:
            return False
    wait_until(answers, 20, what="the first instance answers")
    port = free_port()
    slow(mesh, "web", PROGRAMS / "service.py", "--name", "two", "--port", port, ports=[f"{port}:http"])
    seen = set()

    def second():
        answer = caller.get("http://web/")
        assert answer.status == 200, answer
        seen.add(answer.json()["name"])
        return len(seen) == 2
    wait_until(lambda: "starting" in health(mesh, "web") or second(), 20, every=0.001, what="the second has come")
    wait_until(second, 20, every=0.001, what="the second instance answers")
    assert health(mesh, "web") == ["healthy", "healthy"]


def test_a_grpc_client_without_a_proxy_does_not_notice_either(mesh):
    for number in range(2):
        port = free_port()
        server = [PROGRAMS / "grpc_server.py", "--port", port, "--name", f"g{number}"]
        if number == 0:
            mesh.run("greeter", PYTHON, *server, ports=[f"{port}:grpc"])
            wait_until(lambda: health(mesh, "greeter") == ["healthy"], 20, what="the first greeter is ready")
        else:
            slow(mesh, "greeter", *server, ports=[f"{port}:grpc"])
            wait_until(lambda: health(mesh, "greeter") == ["healthy", "starting"], 20, what="the second has come")
    bootstrap = (
        '{"xds_servers":[{"server_uri":"%s","channel_creds":[{"type":"insecure"}],"server_features":["xds_v3"]}],'
        '"node":{"id":"grpc-client","locality":{"zone":"z1"}}}' % mesh.xds)
    done = subprocess.run(
        [PYTHON, PROGRAMS / "grpc_client.py", "xds:///greeter.mesh", "2"], capture_output=True, text=True, timeout=60,
        env={**os.environ, "GRPC_XDS_BOOTSTRAP_CONFIG": bootstrap, "no_grpc_proxy": "*", "NO_PROXY": "*"})
    # A call that fails ends the client.
    assert done.returncode == 0, done.stdout + done.stderr
    assert set(done.stdout.split()) == {"g0", "g1"}, done.stdout


def test_an_app_that_never_listens_is_told_of(mesh):
    port = free_port()
    mesh.run("mute", "sleep", "600", ports=[port])
    wait_until(lambda: states(mesh).get("mute") == "starting", 20, what="it is known and not ready")
    assert "starting" in mesh.cli("get", "workloads").stdout
    assert "starting" in mesh.cli("get", "endpoints").stdout
    assert f"does not listen on port {port} yet" in mesh.cli("check", check=False).stdout
    assert mesh.get("http://mute/").status == 503


def test_who_is_ready_survives_a_killed_control_plane(mesh, sidecar):
    port = free_port()
    mesh.run("web", PYTHON, PROGRAMS / "service.py", "--name", "one", "--port", port, ports=[f"{port}:http"], env=sidecar)
    mute = free_port()
    mesh.run("mute", "sleep", "600", ports=[mute], env=sidecar)
    mesh.until_served("http://web/")
    wait_until(lambda: states(mesh) == {"web": "connected", "mute": "starting", "probe": "connected"}, 20)
    # The file that remembers is written soon after a change.
    wait_until(lambda: '"ready":false' in remembered(mesh), 10, what="the workloads are on disk")
    load = mesh.load("http://web/", workers=2)
    load.wait_more(50)
    mesh.control.kill9()
    mesh.start_control()
    wait_until(
        lambda: {"web": "connected", "mute": "starting", "probe": "connected"}.items() <= states(mesh).items(), 30,
        what="all are back as they were")
    load.wait_more(50)
    counts = load.finish()
    assert counts["failed"] == 0, counts


def test_a_control_plane_that_has_forgotten_everything_still_sends_callers(mesh, sidecar):
    port = free_port()
    mesh.run("web", PYTHON, PROGRAMS / "service.py", "--name", "one", "--port", port, ports=[f"{port}:http"], env=sidecar)
    mesh.until_served("http://web/")
    mesh.control.kill9()
    shutil.rmtree(mesh.data)
    mesh.start_control()
    wait_until(lambda: states(mesh).get("web") == "connected", 30, what="the sidecar is back, and ready")
    # A caller that is new to it too. What proved web is forgotten as well, and web gets a new certificate within a second or two.
    mesh.cli("run", "--service", "late", "--", "curl", "-sf", "--retry", "15", "--retry-delay", "1", "--retry-all-errors",
             "http://web/", timeout=60)


def test_readiness_waits_for_a_control_plane_that_is_away(idle_mesh):
    port = free_port()
    idle_mesh.run(
        "web", PYTHON, PROGRAMS / "service.py", "--name", "one", "--port", port, ports=[f"{port}:http"],
        options=["--start-anyway", "--ready-timeout", "100ms"])
    wait_until(lambda: listens(port), 20, what="the app runs without a mesh")
    idle_mesh.start_control()
    wait_until(lambda: states(idle_mesh).get("web") == "connected", 30, what="it is ready once there is somebody to tell")
    idle_mesh.until_served("http://web/")


def listens(port: int) -> bool:
    try:
        return fetch(f"127.0.0.1:{port}", "/").status == 200
    except OSError:
        return False


def remembered(mesh) -> str:
    return "".join(path.read_text() for path in mesh.data.glob("*.workloads"))
