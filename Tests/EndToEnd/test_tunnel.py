"""Clients that tunnel (CONNECT) through http_proxy: requests inside are served one by one, the rest is relayed."""

import json
import socket

import pytest

from mesh import PROGRAMS, PYTHON, wait_until
from support.binaries import program
from support.ports import free_port


class Tunnel:
    """A connection through a workload's sidecar to a service, opened by CONNECT."""

    def __init__(self, workload, authority: str):
        self.socket = socket.create_connection(workload.http_proxy, timeout=10)
        self.socket.sendall(f"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n".encode())
        self.file = self.socket.makefile("rb")
        self.status = int(self.file.readline().split()[1])
        while self.file.readline() not in (b"\r\n", b""):
            pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        self.socket.close()


def until_tunnelled(workload, authority: str, talk):
    """Opens tunnels until what is said in one succeeds: the service may still be starting."""
    def ask():
        try:
            with Tunnel(workload, authority) as tunnel:
                return tunnel.status == 200 and talk(tunnel)
        except OSError:
            return False
    return wait_until(ask, 20, what=f"a tunnel to {authority}")


@pytest.mark.parametrize("speaks", ["", ", appProtocol: http"])
def test_requests_in_one_tunnel_reach_every_instance(mesh, speaks):
    mesh.apply(f"""
apiVersion: v1
kind: Service
metadata: {{name: web}}
spec: {{selector: {{app: web}}, ports: [{{port: 8080, targetPort: http{speaks}}}]}}
""")
    for name in ("one", "two"):
        mesh.service("web", name, protocol="http")
    mesh.until_names("http://web:8080/", {"one", "two"})
    done = mesh.cli(
        "run", "--service", "client", "--", "curl", "-sS", "--proxytunnel", "--max-time", "20",
        "-w", " %{num_connects}\n", *[f"http://web:8080/{number}" for number in range(40)])
    lines = [line.rsplit(" ", 1) for line in done.stdout.splitlines()]
    answers = [json.loads(text) for text, _ in lines]
    assert {answer["name"] for answer in answers} == {"one", "two"}
    assert [answer["path"] for answer in answers] == [f"/{number}" for number in range(40)]
    assert sum(int(connects) for _, connects in lines) == 1, "all of it in one tunnel"


def test_redis_through_a_tunnel(mesh):
    declared, found = free_port(), free_port()
    for port in (declared, found):
        mesh.run(
            "redis", program("redis-server"), "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
            "--dir", mesh.folder, ports=[f"{port}:tcp" if port == declared else port])
    for port in (declared, found):
        def ping(tunnel):
            tunnel.socket.sendall(b"*1\r\n$4\r\nPING\r\n")
            return tunnel.file.readline() == b"+PONG\r\n"
        until_tunnelled(mesh.probe, f"redis:{port}", ping)


def test_a_server_that_speaks_first_through_a_tunnel(mesh):
    port = free_port()
    mesh.run("mail", PYTHON, PROGRAMS / "banner.py", "127.0.0.1", port, ports=[port])

    def talk(tunnel):
        if tunnel.file.readline() != b"220 banner\r\n":
            return False
        tunnel.socket.sendall(b"EHLO me\r\n")
        return tunnel.file.readline() == b"EHLO me\r\n"
    until_tunnelled(mesh.probe, f"mail:{port}", talk)


def test_a_tunnel_in_a_tunnel_is_a_loop(mesh):
    mesh.service("web")
    mesh.until_served("http://web/")

    def talk(tunnel):
        tunnel.socket.sendall(b"CONNECT web:80 HTTP/1.1\r\nHost: web:80\r\n\r\n")
        return tunnel.file.readline().startswith(b"HTTP/1.1 508")
    until_tunnelled(mesh.probe, "web:80", talk)
