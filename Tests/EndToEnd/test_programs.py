"""Programs that nobody here wrote, meshed unchanged under `tulle run` and called by name."""

import json
import socket

from mesh import PROGRAMS, PYTHON, wait_until
from support.binaries import program
from support.ports import free_port


def run_in_mesh(mesh, *command, options=()) -> str:
    return mesh.cli("run", "--service", "client", *options, "--", *command).stdout


def test_nginx_called_by_curl(mesh):
    port = free_port()
    folder = mesh.folder / "nginx"
    folder.mkdir()
    (folder / "index.html").write_text("from nginx\n")
    (folder / "nginx.conf").write_text(f"""
        daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
        events {{}}
        http {{
            access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
            fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
            server {{ listen 127.0.0.1:{port}; root {folder}; }}
        }}""")
    mesh.run("static", program("nginx"), "-p", folder, "-c", folder / "nginx.conf", ports=[port])
    mesh.until_served("http://static/index.html")
    assert run_in_mesh(mesh, "curl", "-sS", "http://static/index.html") == "from nginx\n"
    head = run_in_mesh(mesh, "curl", "-sSI", "http://static/index.html")
    assert head.startswith("HTTP/1.1 200") and "11" in head
    # A range, and a second request on the same connection.
    assert run_in_mesh(mesh, "curl", "-sS", "-r", "0-3", "http://static/index.html") == "from"
    twice = run_in_mesh(mesh, "curl", "-sS", "http://static/index.html", "http://static/none")
    assert twice.startswith("from nginx\n") and "404" in twice


def test_python_http_server_called_by_wget(mesh):
    port = free_port()
    folder = mesh.folder / "files"
    folder.mkdir()
    (folder / "hello.txt").write_text("hello\n")
    (folder / "large.bin").write_bytes(bytes(range(256)) * 40_000)
    mesh.run("files", PYTHON, "-m", "http.server", port, "--bind", "127.0.0.1", "--directory", folder, ports=[port])
    mesh.until_served("http://files/hello.txt")
    assert run_in_mesh(mesh, "wget", "-q", "-O", "-", "http://files/hello.txt") == "hello\n"
    copy = mesh.folder / "copy.bin"
    run_in_mesh(mesh, "wget", "-q", "-O", copy, "http://files/large.bin")
    assert copy.read_bytes() == (folder / "large.bin").read_bytes()


def test_node_and_flask_call_each_other(mesh):
    node, flask = free_port(), free_port()
    mesh.run("node", program("node"), PROGRAMS / "node_server.js", node, "node", ports=[node])
    mesh.run("flask", PYTHON, PROGRAMS / "flask_app.py", flask, ports=[flask])
    mesh.until_served("http://node/")
    mesh.until_served("http://flask/")
    # Node's http client through its sidecar to Flask, and Flask's `requests` through its own to Node.
    assert mesh.get("http://node/call?url=http://flask/").json()["name"] == "flask"
    assert mesh.get("http://flask/call?url=http://node/x").json()["language"] == "node"


def test_python_requests(mesh):
    flask = free_port()
    mesh.run("flask", PYTHON, PROGRAMS / "flask_app.py", flask, ports=[flask])
    mesh.until_served("http://flask/")
    script = (
        "import requests, json; session = requests.Session()\n"
        "for _ in range(5): assert session.get('http://flask/').json()['name'] == 'flask'\n"
        "print(json.dumps(session.post('http://flask/form', data={'a': '1'}).json()))")
    assert json.loads(run_in_mesh(mesh, PYTHON, "-c", script)) == {"a": "1"}


def test_redis_over_tcp(mesh):
    port = free_port()
    mesh.run(
        "redis", program("redis-server"), "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
        "--dir", mesh.folder, ports=[f"{port}:tcp"])
    client = mesh.run("holder", PYTHON, PROGRAMS / "hold.py", upstreams=[f"redis:{port}"])
    address = client.upstream("redis")

    def pong():
        with socket.create_connection(address, timeout=2) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(64) == b"+PONG\r\n"
    wait_until(lambda: _quietly(pong), 15, what="redis answers through the mesh")
    run = ["--upstream", f"redis:{port}"]
    cli = '"$0" -h "${TULLE_UPSTREAM_REDIS%:*}" -p "${TULLE_UPSTREAM_REDIS##*:}" "$@"'
    redis = program("redis-cli")
    assert run_in_mesh(mesh, "sh", "-c", cli, redis, "set", "key", "value", options=run) == "OK\n"
    assert run_in_mesh(mesh, "sh", "-c", cli, redis, "get", "key", options=run) == "value\n"
    large = "x" * 100_000
    assert run_in_mesh(mesh, "sh", "-c", cli, redis, "set", "large", large, options=run) == "OK\n"
    assert run_in_mesh(mesh, "sh", "-c", cli, redis, "get", "large", options=run) == large + "\n"


def test_websocket_echo(mesh):
    port = free_port()
    mesh.run("ws", PYTHON, PROGRAMS / "websocket_echo.py", port, ports=[port])
    # The echo answers what is no upgrade with 426.
    mesh.until_served("http://ws/", status=426)
    assert "echoed" in run_in_mesh(mesh, PYTHON, PROGRAMS / "websocket_client.py", "ws://ws/")
    assert "echoed" in run_in_mesh(mesh, PYTHON, PROGRAMS / "websocket_client.py", f"ws://ws:{port}/")


def _quietly(question):
    try:
        return question()
    except OSError:
        return False
