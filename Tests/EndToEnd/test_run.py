"""`tulle run`: the order of sidecar and command, statuses, signals, and nothing left behind."""

import os
import signal
import time

import pytest

from mesh import PROGRAMS, PYTHON, fetch, wait_until
from support.ports import free_port


def test_a_service_is_called_by_name_without_any_resource(mesh):
    mesh.service("web")
    answer = mesh.until_served("http://web/path?q=1")
    assert answer.json()["name"] == "web"
    assert answer.json()["path"] == "/path?q=1"


@pytest.mark.parametrize("host", [
    "web.default", "web.default.svc", "web.default.svc.cluster.local", "web.mesh", "web.default.mesh"])
def test_every_host_name_of_a_service(mesh, host):
    mesh.service("web")
    mesh.until_served("http://web/")
    assert mesh.until_served(f"http://{host}/").json()["name"] == "web"


def test_a_host_name_with_the_services_port(mesh):
    workload = mesh.service("web")
    port = workload.process.command[workload.process.command.index("--port") + 1]
    assert mesh.until_served(f"http://web:{port}/").json()["name"] == "web"


def test_the_commands_status_is_ours(mesh):
    done = mesh.cli("run", "--service", "job", "--", "sh", "-c", "exit 7", check=False)
    assert done.returncode == 7
    done = mesh.cli("run", "--service", "job", "--", "sh", "-c", "kill -9 $$", check=False)
    assert done.returncode == 128 + 9


def test_a_command_that_is_not_there(mesh):
    done = mesh.cli("run", "--service", "job", "--", "/no/such/command", check=False)
    assert done.returncode == 127
    assert "/no/such/command" in done.stderr


def test_a_short_job_leaves_nothing_behind(mesh, processes):
    before = set(processes.descendants())
    done = mesh.cli("run", "--service", "job", "--port", free_port(), "--", "sh", "-c", "echo done")
    assert done.stdout == "done\n"
    assert fetch(mesh.api, "/api/v1/workloads").json()["items"] == []
    assert set(processes.descendants()) == before
    assert not [entry for entry in (mesh.folder / "run").rglob("*") if entry.is_file()]


def test_a_job_reaches_a_service_from_its_first_moment(mesh):
    mesh.service("web")
    mesh.until_served("http://web/")
    done = mesh.cli("run", "--service", "job", "--", "curl", "-sS", "--max-time", "10", "http://web/hello")
    assert '"path": "/hello"' in done.stdout


def test_without_a_control_plane_the_cause_is_told(idle_mesh):
    began = time.monotonic()
    done = idle_mesh.cli("run", "--service", "job", "--ready-timeout", "1s", "--", "true", check=False)
    assert done.returncode == 125
    assert idle_mesh.xds in done.stderr
    assert time.monotonic() - began < 10


def test_signals_go_to_the_command(mesh):
    workload = mesh.run("job", "sh", "-c", "trap 'echo hup; exit 3' HUP; while :; do sleep 0.05; done")
    assert workload.environment["http_proxy"]
    wait_until(lambda: "trap" not in workload.process.output(), 5)
    time.sleep(0.3)
    workload.process.signal(signal.SIGHUP)
    assert workload.process.wait(10) == 3
    assert "hup" in workload.process.output()


def test_a_dead_sidecar_comes_back_and_the_command_is_told_nothing(mesh):
    workload = mesh.service("web")
    mesh.until_served("http://web/")
    first = workload.sidecar()
    application = [pid for pid in workload.tree() if pid not in (workload.process.pid, first)]
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: workload.sidecar() != first, 10, what="a new sidecar")
    assert mesh.until_served("http://web/").json()["name"] == "web"
    assert set(application) <= set(workload.tree())


def test_sigterm_ends_the_run_with_the_commands_status(mesh):
    workload = mesh.service("web")
    mesh.until_served("http://web/")
    assert workload.stop() == 0
    wait_until(
        lambda: all(item["service"] != "web" for item in fetch(mesh.api, "/api/v1/workloads").json()["items"]), 5,
        what="the registry is left")


def test_a_port_upstream(mesh):
    port = free_port()
    mesh.run("echo", PYTHON, PROGRAMS / "service.py", "--name", "echo", "--port", port, ports=[f"{port}:http"])
    mesh.until_served("http://echo/")
    client = mesh.run("client", PYTHON, PROGRAMS / "hold.py", upstreams=[f"echo:{port}"])
    host, local = client.upstream("echo")
    assert fetch(f"{host}:{local}", "/through-a-port").json()["name"] == "echo"
