"""What the documentation shows works as it stands there."""

import os
import re
import subprocess

import pytest
from websockets.sync.client import connect

from mesh import PROGRAMS, PYTHON, fetch, wait_until_listening
from support.binaries import ROOT, binary
from support.ports import free_port

DOCS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def applied(page: str) -> list[str]:
    """The YAML that a page pipes into `tulle apply -f -`."""
    return re.findall(r"tulle apply -f - <<'YAML'\n(.*?)\nYAML", (ROOT / "docs" / page).read_text(), re.S)


@pytest.mark.parametrize(("page", "least"), [("routing.md", 5), ("authorization.md", 1), ("mtls.md", 3)])
def test_every_resource_on_the_page_is_taken(mesh, page, least):
    blocks = applied(page)
    assert len(blocks) >= least
    for block in blocks:
        done = mesh.cli("apply", "-f", "-", input=block, check=False)
        assert done.returncode == 0, f"{block}\n{done.stdout}{done.stderr}"


def test_the_readmes_own_mesh(mesh):
    port = free_port()
    mesh.run("hello", PYTHON, "-m", "http.server", port, ports=[port])
    mesh.until_served("http://hello/")
    assert "Directory listing" in mesh.cli("run", "--service", "me", "--", "curl", "-s", "http://hello/").stdout


def test_the_control_planes_addresses(mesh):
    for path in re.findall(r"http://127\.0\.0\.1:15080(\S+)", (ROOT / "docs" / "control-plane.md").read_text()):
        assert fetch(mesh.api, path).status == 200, path


def test_the_commands_of_the_identity_page(mesh, tmp_path):
    blocks = re.findall(r"```sh\n(.*?)\n```", (ROOT / "docs" / "identity.md").read_text(), re.S)
    assert len(blocks) >= 3
    script = "\n".join(blocks).replace("127.0.0.1:15012", mesh.signing)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], capture_output=True, text=True, timeout=60, cwd=tmp_path,
        env={**os.environ, **mesh.environment, "PATH": f"{binary('tulle').resolve().parent}:{os.environ['PATH']}"})
    assert done.returncode == 0, done.stdout + done.stderr
    assert "shop/cart" in done.stdout and "Verification: OK" in done.stderr, done.stdout + done.stderr


def test_the_proxys_file_is_valid(tmp_path):
    text = re.search(r"cat > proxy.yaml <<'YAML'\n(.*?)\nYAML", (ROOT / "docs" / "proxy.md").read_text(), re.S).group(1)
    path = tmp_path / "proxy.yaml"
    path.write_text(text)
    done = subprocess.run(
        [binary("tulle-proxy"), "--mode", "validate", "-c", path], capture_output=True, text=True, timeout=20)
    assert done.returncode == 0, done.stderr


def test_the_http2_page(tmp_path, processes):
    text = re.search(r"cat > http2.yaml <<'YAML'\n(.*?)\nYAML", (ROOT / "docs" / "http2.md").read_text(), re.S).group(1)
    ports = {port: free_port() for port in (15000, 10000, 10001, 8000)}
    for port, free in ports.items():
        text = text.replace(f"port_value: {port} ", f"port_value: {free} ")
    path = tmp_path / "http2.yaml"
    path.write_text(text)
    # One worker, and so one connection between the listeners.
    processes.start(binary("tulle-proxy"), "-c", path, "--concurrency", "1")
    processes.start(PYTHON, PROGRAMS / "websocket_echo.py", ports[8000])
    wait_until_listening(*ports.values())
    front = f"127.0.0.1:{ports[10000]}"
    # The echo answers what is no WebSocket with 426.
    shown = subprocess.run(
        ["curl", "-si", "--http2-prior-knowledge", f"http://{front}/"], capture_output=True, text=True, timeout=20)
    assert shown.stdout.startswith("HTTP/2 426"), shown.stdout + shown.stderr
    with connect(f"ws://{front}/", proxy=None) as socket:
        socket.send("hello")
        assert socket.recv(timeout=10) == "hello"
    stats = fetch(f"127.0.0.1:{ports[15000]}", "/stats").text
    assert "http.back.downstream_rq_total: 2\n" in stats, stats
    assert "http.back.downstream_cx_http2_active: 1\n" in stats, "both over one connection"


def test_the_grpc_pages_calls(mesh):
    port = free_port()
    server, client = PROGRAMS / "grpc_server.py", PROGRAMS / "grpc_client.py"
    mesh.run("greeter", PYTHON, server, "--port", port, "--name", "g0", ports=[f"{port}:grpc"])
    wait_until_listening(port)
    done = mesh.cli(
        "run", "--service", "me", "--upstream", f"greeter:{port}", "--", "sh", "-c",
        f"{PYTHON} {client} $TULLE_UPSTREAM_GREETER 1 && curl -s http://$TULLE_PROXY_ADMIN/stats/prometheus", timeout=60)
    text = (ROOT / "docs" / "grpc.md").read_text()
    call = re.search(r"(curl [^']*grpc-web-text.*?)'", text, re.S).group(1)
    web = mesh.cli(
        "run", "--service", "me", "--upstream", f"greeter:{port}", "--", "sh", "-c",
        call, timeout=60)
    assert web.stdout.startswith("g0") and "grpc-status" in web.stdout, web.stdout
    line = re.search(r'^istio_response_messages_total{.*request_protocol="grpc".*grpc_response_status="0"} (\d+)$', done.stdout, re.M)
    assert line and int(line.group(1)) == 41, done.stdout


def test_the_grpc_pages_made_up_answer(mesh):
    text = (ROOT / "docs" / "grpc.md").read_text()
    command = re.search(r"sh -c \\\n    '(curl .*?)'\n", text).group(1)
    done = mesh.cli("run", "--service", "me", "--", "sh", "-c", command, timeout=60)
    assert "grpc-status: 14" in done.stdout and "error=dns_error" in done.stdout, done.stdout


def test_the_authorization_pages_session(tmp_path, processes):
    text = (ROOT / "docs" / "authorization.md").read_text()
    ports = {port: free_port() for port in (8080, 15000)}

    def moved(text: str, before: str) -> str:
        for port, free in ports.items():
            text = text.replace(f"{before}{port}", f"{before}{free}")
        return text

    path = tmp_path / "rbac.yaml"
    path.write_text(moved(re.search(r"cat > rbac.yaml <<'YAML'\n(.*?)\nYAML", text, re.S).group(1), "port_value: "))
    processes.start(binary("tulle-proxy"), "-c", path)
    wait_until_listening(*ports.values())
    session = re.findall(r"^\$ (curl .*)\n((?:(?!\$ |```).*\n)+)", text, re.M)
    assert len(session) == 6
    for command, shown in session:
        done = subprocess.run(
            ["sh", "-c", moved(command.replace("localhost", "127.0.0.1"), "127.0.0.1:").replace("curl", "curl -s", 1)],
            capture_output=True, text=True, timeout=20)
        assert done.stdout.strip() == shown.strip(), command


def test_the_commands_of_the_tls_page(tmp_path):
    script = re.search(r"```sh\n(.*?)\n```", (ROOT / "docs" / "tls.md").read_text(), re.S).group(1)
    for port in ("15000", "10443"):
        script = script.replace(port, str(free_port()))
    done = subprocess.run(
        ["bash", "-c", script + "; wait"], capture_output=True, text=True, timeout=60, cwd=tmp_path,
        env={**os.environ, "PATH": f"{binary('tulle-proxy').resolve().parent}:{os.environ['PATH']}"})
    assert done.stdout == "let in\n", done.stdout + done.stderr
    # Whether curl is told of the alert as it reads or as it still writes (55, or 35 before it wrote) is the scheduler's choice.
    assert re.search(r"curl: \((35|55|56)\)", done.stderr), done.stderr


@pytest.mark.parametrize("page", DOCS, ids=[page.name for page in DOCS])
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name}: {target}"
