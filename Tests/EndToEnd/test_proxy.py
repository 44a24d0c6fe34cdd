"""`tulle-proxy` by itself: its flags, admin endpoints, logs, drain, detection and bulk."""

import hashlib
import json
import re
import signal
import socket
import subprocess
import threading
import time

import pytest
import yaml

from mesh import fetch, proxied, wait_until
from standalone import Standalone
from support.binaries import binary, program
from support.http2 import wire
from support.http2.peer import Peer
from support.ports import free_port


@pytest.fixture
def proxy(tmp_path, processes):
    return Standalone(tmp_path, processes).start()


def get(proxy, path: str, **more):
    return proxied(proxy.listener, "GET", path, headers={"host": "test.example"}, **more)


# Admin

def test_admin_endpoints(proxy):
    for _ in range(7):
        assert get(proxy, "/").status == 200
    assert proxy.admin_get("/ready").text.strip() == "LIVE"
    assert proxy.admin_get("/server_info").json()["state"] == "LIVE"
    stats = proxy.admin_get("/stats").text
    assert re.search(r"^cluster\.up\.upstream_rq_total: 7$", stats, re.M), stats[:2000]
    assert re.search(r"^http\.main\.downstream_rq_2xx: 7$", stats, re.M)
    assert "up::127.0.0.1:" in proxy.admin_get("/clusters").text
    dump = proxy.admin_get("/config_dump").json()
    assert "main" in json.dumps(dump)
    assert proxy.admin_get("/logging", "POST").status == 200
    assert proxy.admin_get("/none").status == 404


def test_prometheus_text_passes_promtool(proxy):
    for path in ("/", "/status?code=404", "/status?code=500", '/with"quote'):
        get(proxy, path)
    answer = proxy.admin_get("/stats/prometheus")
    assert "istio_requests_total" in answer.text
    checked = subprocess.run(
        [program("promtool"), "check", "metrics"], input=answer.text, capture_output=True, text=True, timeout=20)
    # Status 3 is advice on style: Istio's and Envoy's names are not promtool's taste.
    assert checked.returncode in (0, 3), checked.stderr + checked.stdout


def test_drain_listeners(proxy):
    assert get(proxy, "/").status == 200
    assert proxy.admin_get("/drain_listeners", "POST").status == 200

    def refused():
        try:
            answer = get(proxy, "/")
        except OSError:
            return True
        return answer.headers.get("connection") == "close"
    wait_until(refused, 5)
    assert proxy.process.running()


# Flags

def test_a_client_that_does_not_hear_of_the_drain(tmp_path, processes):
    class Deaf(Peer):
        """Answers no PING."""
        def _note(self, it):
            if it.kind != wire.PING:
                super()._note(it)

    proxy = Standalone(tmp_path, processes, hcm="drain_timeout: 0.4s").start()
    with Deaf(proxy.listener) as peer:
        peer.start().send(wire.get(1))
        assert peer.until_ended(1).status == 200
        proxy.admin_get("/drain_listeners?graceful", "POST")
        peer.until(lambda: peer.goaways)
        began = time.monotonic()
        # What it says meanwhile is still taken.
        peer.send(wire.get(3))
        assert peer.until_ended(3).status == 200
        peer.until(lambda: len(peer.goaways) == 2, 5)
        assert peer.goaways == [(0x7FFFFFFF, wire.NO_ERROR), (3, wire.NO_ERROR)]
        assert 0.2 < time.monotonic() - began < 4
        assert peer.until(lambda: peer.closed, 5)


@pytest.mark.parametrize("shares", [True, False])
def test_a_port_that_another_process_has(tmp_path, processes, shares):
    """Unless its workers share one socket, a process of the same user can be given half of the connections."""
    def one(name, edit):
        folder = tmp_path / name
        folder.mkdir()
        return Standalone(folder, processes, edit=edit)

    def edit(configuration):
        configuration["static_resources"]["listeners"][0]["enable_reuse_port"] = shares
    first = one("first", edit).start("--concurrency", "2")
    for _ in range(20):
        assert get(first, "/").status == 200

    def same_port(configuration):
        edit(configuration)
        configuration["static_resources"]["listeners"][0]["address"]["socket_address"]["port_value"] = first.listener[1]
    second = one("second", same_port)
    if shares:
        second.start("--concurrency", "2")
    else:
        second.path.write_text(yaml.safe_dump(second.configuration))
        done = subprocess.run(
            [binary("tulle-proxy"), "-c", second.path, "--concurrency", "2"], capture_output=True, text=True, timeout=20)
        assert done.returncode != 0 and f"cannot open 127.0.0.1:{first.listener[1]}" in done.stderr, done.stderr
        assert get(first, "/").status == 200


def test_mode_validate(proxy, tmp_path):
    done = subprocess.run(
        [binary("tulle-proxy"), "--mode", "validate", "-c", proxy.path], capture_output=True, text=True, timeout=20)
    assert done.returncode == 0, done.stderr
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(proxy.path.read_text().replace("stat_prefix: main", "stat_prefix: main\n          no_such_field: 1"))
    assert "no_such_field" in wrong.read_text()
    done = subprocess.run(
        [binary("tulle-proxy"), "--mode", "validate", "-c", wrong], capture_output=True, text=True, timeout=20)
    assert done.returncode != 0
    assert "no_such_field" in done.stderr + done.stdout


def test_config_yaml_and_node(proxy, processes):
    admin = free_port()
    text = json.dumps({"admin": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": admin}}}})
    processes.start(
        binary("tulle-proxy"), "--config-yaml", text, "--service-node", "node-1", "--service-cluster", "cluster-1",
        "--concurrency", "2")

    def info():
        try:
            return fetch(f"127.0.0.1:{admin}", "/server_info").json()
        except OSError:
            return None
    found = wait_until(info, 10)
    assert found["node"]["id"] == "node-1" and found["node"]["cluster"] == "cluster-1"


def test_an_unknown_flag():
    done = subprocess.run([binary("tulle-proxy"), "-c", "x.yaml", "--no-such-flag"], capture_output=True, text=True, timeout=20)
    assert done.returncode != 0 and "no-such-flag" in done.stderr


# Logs

def log_to(path, **form):
    def edit(configuration):
        chain = configuration["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]
        chain["access_log"] = [{"name": "envoy.access_loggers.file", "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog",
            "path": str(path), **form}}]
    return edit


def test_access_log_in_a_format(tmp_path, processes):
    path = tmp_path / "access.log"
    text = "%REQ(:METHOD)% %REQ(:PATH)% %PROTOCOL% %RESPONSE_CODE% %BYTES_SENT% %UPSTREAM_CLUSTER% %REQ(X-None)%\n"
    proxy = Standalone(tmp_path, processes, edit=log_to(
        path, log_format={"text_format_source": {"inline_string": text}})).start()
    get(proxy, "/status?code=418")
    line = wait_until(lambda: path.exists() and path.read_text(), 12, what="a line in the log")
    assert line == "GET /status?code=418 HTTP/1.1 418 8 up -\n"


def test_access_log_by_default_and_in_json(tmp_path, processes):
    path = tmp_path / "default.log"
    proxy = Standalone(tmp_path, processes, edit=log_to(path)).start()
    get(proxy, "/default")
    line = wait_until(lambda: path.exists() and path.read_text(), 12)
    assert re.match(r'\[\d{4}-\d\d-\d\dT[\d:.]+Z\] "GET /default HTTP/1\.1" 200 - 0 \d+ \d+ ', line), line
    proxy.process.stop()

    folder = tmp_path / "json"
    folder.mkdir()
    path = folder / "json.log"
    proxy = Standalone(folder, processes, edit=log_to(path, log_format={"json_format": {
        "method": "%REQ(:METHOD)%", "code": "%RESPONSE_CODE%", "nested": {"path": "%REQ(:PATH)%"}}})).start()
    get(proxy, '/json"x')
    line = wait_until(lambda: path.exists() and path.read_text(), 12)
    assert json.loads(line) == {"method": "GET", "code": 200, "nested": {"path": '/json"x'}}


def test_no_access_log_by_default(proxy):
    get(proxy, "/quiet")
    assert "quiet" not in proxy.process.output()


# Drain

def test_sigterm_finishes_what_is_in_flight(tmp_path, processes):
    proxy = Standalone(tmp_path, processes).start("--drain-time-s", "10")
    kept = socket.create_connection(proxy.listener, timeout=10)
    kept.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b"200 OK" in kept.recv(65536)
    answers = []
    slow = threading.Thread(target=lambda: answers.append(get(proxy, "/slow?s=1")))
    slow.start()
    wait_until(lambda: "downstream_rq_active: 1" in proxy.admin_get("/stats").text, 5, what="the request is in flight")
    proxy.process.signal(signal.SIGTERM)

    def refused():
        with socket.socket() as late:
            return late.connect_ex(proxy.listener) != 0
    wait_until(refused, 3, what="new connections are refused")
    slow.join(10)
    assert answers and answers[0].status == 200
    assert answers[0].headers.get("connection") == "close"
    # The idle connection is ended without a word, and all is over well before the drain time.
    assert kept.recv(100) == b""
    assert proxy.process.wait(5) == 0


def test_the_drain_is_bounded(tmp_path, processes):
    proxy = Standalone(tmp_path, processes).start("--drain-time-s", "1")
    stuck = socket.create_connection(proxy.listener, timeout=30)
    stuck.sendall(b"GET /slow?s=20 HTTP/1.1\r\nHost: x\r\n\r\n")
    wait_until(lambda: "downstream_rq_active: 1" in proxy.admin_get("/stats").text, 5)
    proxy.process.signal(signal.SIGTERM)
    assert proxy.process.wait(5) == 0
    stuck.close()


# Detection

DETECT = "type.googleapis.com/envoy.extensions.filters.listener.http_inspector.v3.HttpInspector"


def detecting(configuration):
    """The main listener with detection: HTTP to the connection manager, all else relayed."""
    main, tcp = configuration["static_resources"]["listeners"]
    main["listener_filters"] = [
        {"name": "envoy.filters.listener.http_inspector", "typed_config": {"@type": DETECT}}]
    main["listener_filters_timeout"] = "0.005s"
    main["continue_on_listener_filters_timeout"] = True
    main["filter_chains"][0]["filter_chain_match"] = {"application_protocols": ["http/1.0", "http/1.1"]}
    main["default_filter_chain"] = {"filters": tcp["filter_chains"][0]["filters"]}


@pytest.fixture
def talker():
    """A TCP server that speaks first and then echoes."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)

    def serve(connection):
        with connection:
            connection.sendall(b"220 ready\r\n")
            while data := connection.recv(65536):
                connection.sendall(data)

    def accept():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()
    threading.Thread(target=accept, daemon=True).start()
    yield listener.getsockname()[1]
    listener.close()


def test_a_server_that_speaks_first_is_not_stalled(tmp_path, processes, talker):
    proxy = Standalone(tmp_path, processes, upstream=talker, edit=detecting).start()
    times = []
    for _ in range(20):
        began = time.monotonic()
        with socket.create_connection(proxy.listener, timeout=5) as connection:
            assert connection.recv(100) == b"220 ready\r\n"
            times.append(time.monotonic() - began)
            connection.sendall(b"EHLO x\r\n")
            assert connection.recv(100) == b"EHLO x\r\n"
    assert sorted(times)[10] < 0.15, times


def test_bytes_that_are_no_http_are_relayed(tmp_path, processes, talker):
    proxy = Standalone(tmp_path, processes, upstream=talker, edit=detecting).start()
    for data in (b"\x00\x01binary", b"PING\r\n", b"\x16\x03\x01\x02\x00\x01\x00", b"GE\x00"):
        with socket.create_connection(proxy.listener, timeout=5) as connection:
            connection.sendall(data)
            read = b""
            while len(read) < len(b"220 ready\r\n" + data):
                read += connection.recv(100)
            assert read == b"220 ready\r\n" + data


def test_http_is_detected(tmp_path, processes):
    proxy = Standalone(tmp_path, processes, edit=detecting).start()
    assert get(proxy, "/x").json()["path"] == "/x"
    assert "http.main.downstream_rq_2xx: 1" in proxy.admin_get("/stats").text


# Bulk

GIB = 1 << 30


def test_a_gibibyte_each_way_with_flat_memory(proxy):
    block = bytes(range(256)) * 4096
    peak = [proxy.process.rss()]
    over = threading.Event()

    def watch():
        while not over.wait(0.05):
            peak.append(proxy.process.rss())
    watcher = threading.Thread(target=watch)
    watcher.start()
    start = peak[0]

    expected = hashlib.sha256()
    with socket.create_connection(proxy.listener, timeout=60) as connection:
        connection.sendall(f"POST /up HTTP/1.1\r\nHost: x\r\nContent-Length: {GIB}\r\n\r\n".encode())
        for _ in range(GIB // len(block)):
            connection.sendall(block)
            expected.update(block)
        answer = connection.recv(65536)
        while b"}" not in answer:
            answer += connection.recv(65536)
    assert json.loads(answer.partition(b"\r\n\r\n")[2]) == {"name": "up", "bytes": GIB, "sha256": expected.hexdigest()}

    with socket.create_connection(proxy.listener, timeout=60) as connection:
        connection.sendall(f"GET /large?bytes={GIB} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        count = 0
        buffer = bytearray(1 << 20)
        while read := connection.recv_into(buffer):
            count += read
    assert GIB <= count <= GIB + 1000
    over.set()
    watcher.join()
    assert max(peak) - start < 24 << 20, f"grew from {start >> 20} to {max(peak) >> 20} MiB"


def test_a_slow_reader_stops_the_upstream(tmp_path, processes):
    sent = [0]
    listener = socket.create_server(("127.0.0.1", 0))

    def flood():
        connection, _ = listener.accept()
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 1073741824\r\n\r\n")
        connection.settimeout(5)
        try:
            while True:
                sent[0] += connection.send(b"x" * 65536)
        except OSError:
            connection.close()
    threading.Thread(target=flood, daemon=True).start()
    proxy = Standalone(tmp_path, processes, upstream=listener.getsockname()[1]).start()
    start = proxy.process.rss()
    with socket.create_connection(proxy.listener, timeout=10) as reader:
        reader.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        reader.recv(1000)
        last = -1
        while last != sent[0]:
            last = sent[0]
            time.sleep(0.4)
        # Two sockets' buffers (4 MiB and more each, by the kernel's choice) and the proxy's own.
        assert sent[0] < 64 << 20
        assert proxy.process.rss() - start < 24 << 20
        # Another is served meanwhile.
        assert proxy.admin_get("/ready").status == 200
    listener.close()


def test_many_requests_on_one_connection(proxy):
    count = 500
    with socket.create_connection(proxy.listener, timeout=20) as connection:
        sender = threading.Thread(target=lambda: [
            connection.sendall(f"GET /{number} HTTP/1.1\r\nHost: x\r\n\r\n".encode()) for number in range(count)])
        sender.start()
        data = b""
        while data.count(b'"path": "') < count:
            part = connection.recv(65536)
            assert part, data[-500:]
            data += part
        sender.join()
    assert [int(text) for text in re.findall(rb'"path": "/(\d+)"', data)] == list(range(count))


def test_idle_is_small(tmp_path, processes):
    proxy = Standalone(tmp_path, processes).start()
    assert get(proxy, "/").status == 200
    try:
        wait_until(lambda: proxy.process.rss() < 20_000_000, 4)
    except TimeoutError:
        pytest.fail(f"{proxy.process.rss() / 1e6:.1f} MB")
