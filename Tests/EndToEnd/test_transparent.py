"""Transparent capture by iptables REDIRECT, in network namespaces of our own."""

import os
import subprocess
import uuid

import pytest

from mesh import PROGRAMS, PYTHON, wait_until
from support.binaries import binary, program
from support.ports import free_port

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces need root")

INSIDE, OUTSIDE = "10.213.7.1", "10.213.7.2"


def ip(*words):
    subprocess.run([program("ip"), *words], check=True, capture_output=True, text=True)


@pytest.fixture
def namespaces(processes):
    """Two namespaces joined by a wire: the mesh lives in the first, the rest of the world in the second."""
    word = uuid.uuid4().hex[:6]
    inside, outside = f"tulle-in-{word}", f"tulle-out-{word}"
    made = []
    try:
        for name in (inside, outside):
            ip("netns", "add", name)
            made.append(name)
            ip("-n", name, "link", "set", "lo", "up")
        ip("link", "add", f"tin{word}", "netns", inside, "type", "veth", "peer", "name", f"tout{word}", "netns", outside)
        for name, device, address in ((inside, f"tin{word}", INSIDE), (outside, f"tout{word}", OUTSIDE)):
            ip("-n", name, "address", "add", f"{address}/24", "dev", device)
            ip("-n", name, "link", "set", device, "up")
        yield inside, outside
    finally:
        processes.stop()
        for name in made:
            subprocess.run([program("ip"), "netns", "delete", name], capture_output=True)


def test_programs_that_know_no_proxy(idle_mesh, processes, namespaces):
    inside, outside = namespaces
    mesh = idle_mesh
    enter = [program("ip"), "netns", "exec", inside]

    def run(*command, check=True):
        done = subprocess.run(
            [*enter, *map(str, command)], capture_output=True, text=True, timeout=40,
            env={**os.environ, **mesh.environment})
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    processes.start(
        program("ip"), "netns", "exec", outside, PYTHON, "-m", "http.server", "8000", "--bind", OUTSIDE, cwd=mesh.resources)
    processes.start(program("ip"), "netns", "exec", outside, PYTHON, PROGRAMS / "banner.py", OUTSIDE, "2525")
    processes.start(
        *enter, binary("tulle"), "control", "--api", mesh.api, "--xds", mesh.xds, "--data", mesh.data,
        "--watch", mesh.resources, env=mesh.environment)
    wait_until(lambda: run("curl", "-fsS", f"http://{mesh.api}/healthz", check=False).returncode == 0, 20)
    port = free_port()
    processes.start(
        *enter, binary("tulle"), "run", "--service", "web", "--port", f"{port}:http", "--", PYTHON,
        PROGRAMS / "service.py", "--name", "web", "--port", port, env=mesh.environment)

    def client(*command, check=True):
        return run(binary("tulle"), "run", "--service", "client", "--transparent", "--", *command, check=check)
    curl = ("curl", "-sS", "--noproxy", "*", "--max-time", "10")

    # To an address that is not the service's at all: the Host field decides, as in any HTTP mesh.
    def answered():
        done = client(*curl, "-H", "Host: web", f"http://{OUTSIDE}:8000/by-name", check=False)
        return '"name": "web"' in done.stdout and '"path": "/by-name"' in done.stdout
    wait_until(answered, 30, every=0.2, what="a captured request reaches the service")
    # What is not of the mesh goes where it was going, HTTP or not.
    assert "Directory listing" in client(*curl, f"http://{OUTSIDE}:8000/").stdout
    spoke = client(PYTHON, "-c", f"import socket; s = socket.create_connection(('{OUTSIDE}', 2525), 10); "
                   "print(s.recv(100)); s.sendall(b'x'); print(s.recv(1))").stdout
    assert spoke == "b'220 banner\\r\\n'\nb'x'\n"
    # The rules have gone with the runs.
    assert "15001" not in run(program("iptables"), "-t", "nat", "-S").stdout
