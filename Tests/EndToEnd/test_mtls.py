"""Sidecars prove to each other who they are, without anybody doing anything; who comes without a certificate is let in still."""

import http.client
import json
import os
import socket
import ssl
import subprocess
import threading

import pytest
from cryptography import x509

from mesh import PROGRAMS, PYTHON, fetch, wait_until
from resources import WEB
from support.binaries import program
from support.ports import free_port
from support.processes import Processes
from test_authorization import policy
from test_signing import roots, token

SECRET = "a-word-that-nobody-else-may-read"


def tried(ask) -> bool:
    try:
        return ask()
    except OSError:
        return False


def identity(name: str) -> str:
    return f"spiffe://cluster.local/ns/default/sa/{name}"


def workload(mesh, service: str) -> dict:
    """What the control plane knows of a service's only instance, once it takes callers."""
    def connected():
        every = fetch(mesh.api, "/api/v1/workloads").json()["items"]
        return [each for each in every if each["service"] == service and each["state"] == "connected"]
    found, = wait_until(connected, 20, what=f"{service} is there")
    return found


def stats(each) -> dict[str, int]:
    lines = (line.rsplit(": ", 1) for line in fetch(each.admin, "/stats").text.splitlines() if ": " in line)
    return {name: int(value) for name, value in lines if value.isdigit()}


def handshakes(each, side: str) -> int:
    return sum(value for name, value in stats(each).items() if name.startswith(side) and name.endswith("ssl.handshake"))


def called(mesh, protocol: str):
    """A service, its only port, a client that has it as an upstream, and the address where the client calls it."""
    web = mesh.service("web", "one", protocol=protocol)
    port = workload(mesh, "web")["ports"][0]
    client = mesh.run("client", PYTHON, PROGRAMS / "hold.py", upstreams=[f"web:{port['app']}"])
    address = "{}:{}".format(*client.upstream("web"))
    wait_until(lambda: tried(lambda: fetch(address, "/").status == 200), 15, what="web answers")
    return web, port, client, address


class Wire:
    """All that goes over loopback to and from a port, as a packet socket sees it."""

    def __init__(self, port: int):
        self._port = port.to_bytes(2, "big")
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0003))
        self._socket.bind(("lo", 0))
        self._socket.settimeout(0.2)
        self.payload = b""
        self._ends = False
        self._thread = threading.Thread(target=self._run)

    def _run(self):
        while not self._ends:
            try:
                packet = self._socket.recv(1 << 17)
            except TimeoutError:
                continue
            header = (packet[0] & 15) * 4
            if packet[0] >> 4 == 4 and packet[9] == 6 and self._port in (packet[header:header + 2], packet[header + 2:header + 4]):
                self.payload += packet[header + (packet[header + 12] >> 4) * 4:]

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ends = True
        self._thread.join()
        self._socket.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can listen to the wire")
@pytest.mark.parametrize("protocol", ["http", "", "tcp"])
def test_no_plain_text_goes_between_sidecars(mesh, protocol):
    web, port, client, address = called(mesh, protocol)
    with Wire(port["inbound"]) as wire:
        answer = fetch(address, f"/{SECRET}", "POST", body=SECRET * 100)
        assert answer.status == 200 and answer.json()["bytes"] == len(SECRET) * 100
        assert SECRET in fetch(address, f"/{SECRET}").text
        wait_until(lambda: len(wire.payload) > len(SECRET) * 100, 10, what="something was seen on the wire")
    assert SECRET.encode() not in wire.payload and b"HTTP/1.1" not in wire.payload
    # The app's own hop is plain text, so that the capture is known to see what there is.
    with Wire(port["app"]) as wire:
        fetch(address, f"/{SECRET}")
        wait_until(lambda: SECRET.encode() in wire.payload, 10, what="the word was seen where it is plain")
    assert handshakes(web, "listener.") >= 1 and handshakes(client, "cluster.") >= 1


def test_the_app_is_told_who_calls_and_cannot_be_lied_to(mesh):
    mesh.apply(WEB)
    web = mesh.service("web", "one", protocol="http")
    answer = mesh.until_served("http://web/")
    headers = {key.lower(): value for key, value in answer.json()["headers"].items()}
    assert headers["x-forwarded-client-cert"].endswith(f"URI={identity('probe')}"), headers
    assert f"By={identity('web')}" in headers["x-forwarded-client-cert"]
    lie = mesh.get("http://web/", headers={"x-forwarded-client-cert": "URI=spiffe://cluster.local/ns/default/sa/admin"})
    told = {key.lower(): value for key, value in lie.json()["headers"].items()}
    assert "sa/admin" not in told["x-forwarded-client-cert"]
    assert workload(mesh, "web")["identity"] == identity("web")
    # Figures tell who called, and who came without a name.
    inbound = workload(mesh, "web")["ports"][0]["inbound"]
    assert fetch(f"127.0.0.1:{inbound}", "/").status == 200
    lines = [line for line in fetch(web.admin, "/stats/prometheus").text.splitlines()
             if line.startswith("istio_requests_total{")]
    named, = [line for line in lines if f'source_principal="{identity("probe")}"' in line]
    assert 'connection_security_policy="mutual_tls"' in named and f'destination_principal="{identity("web")}"' in named
    nameless, = [line for line in lines if 'connection_security_policy="none"' in line]
    assert 'source_principal="unknown"' in nameless and nameless.endswith(" 1")
    shown = mesh.cli("status").stdout
    assert identity("web") in shown and identity("probe") in shown


def test_access_by_name(mesh):
    mesh.apply(WEB)
    mesh.service("web", "one", protocol="http")
    mesh.until_served("http://web/")
    stranger = mesh.run("stranger", PYTHON, PROGRAMS / "hold.py")
    assert wait_until(lambda: stranger.get("http://web/").status == 200, 15, what="both may call")
    mesh.apply(policy("probe-only", f"""
  rules: [{{from: [{{source: {{principals: [cluster.local/ns/default/sa/probe]}}}}]}}]
"""))
    wait_until(lambda: stranger.get("http://web/").status == 403, 15, what="the stranger may not")
    assert mesh.get("http://web/").status == 200
    # Nor may who has no name at all.
    inbound = workload(mesh, "web")["ports"][0]["inbound"]
    assert fetch(f"127.0.0.1:{inbound}", "/").status == 403


def test_who_has_no_certificate_is_served_in_plain_text(mesh):
    mesh.service("web", "one")
    inbound = workload(mesh, "web")["ports"][0]["inbound"]
    answer = fetch(f"127.0.0.1:{inbound}", "/")
    assert answer.status == 200
    assert "x-forwarded-client-cert" not in {key.lower() for key in answer.json()["headers"]}


def test_an_apps_own_tls_passes(mesh, tmp_path):
    port = free_port()
    subprocess.run(
        [program("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=app", "-keyout", tmp_path / "app.key", "-out", tmp_path / "app.pem"], check=True, capture_output=True)
    mesh.run("secure", program("openssl"), "s_server", "-accept", f"127.0.0.1:{port}", "-www", "-alpn", "http/1.1", "-quiet",
             "-key", tmp_path / "app.key", "-cert", tmp_path / "app.pem", ports=[port])
    client = mesh.run("client", PYTHON, PROGRAMS / "hold.py", upstreams=[f"secure:{port}"])
    context = ssl.create_default_context(cafile=tmp_path / "app.pem")
    context.check_hostname = False
    context.set_alpn_protocols(["http/1.1"])
    inbound = workload(mesh, "secure")["ports"][0]["inbound"]
    # Over the mesh, TLS in TLS; and from outside of it, straight to the sidecar, where it must not be taken for the mesh's own.
    for address in (client.upstream("secure"), ("127.0.0.1", inbound)):
        def answered():
            with socket.create_connection(address, 10) as plain, context.wrap_socket(plain, server_hostname="app") as secure:
                assert "CN=app" in x509.load_der_x509_certificate(secure.getpeercert(True)).subject.rfc4514_string()
                secure.sendall(b"GET / HTTP/1.0\r\n\r\n")
                return secure.recv(100).startswith(b"HTTP/1.0 200")
        # The caller's sidecar hears of the endpoint a moment after the control plane does.
        wait_until(lambda: tried(answered), 15, every=0.1, what=f"the app's TLS answered at {address}")
    assert handshakes(client, "cluster.") >= 1


def test_a_stranger_with_a_certificate_of_his_own_is_refused(mesh, tmp_path):
    from support.certificates import Authority
    mesh.service("web", "one", protocol="http")
    inbound = workload(mesh, "web")["ports"][0]["inbound"]
    forger = Authority(tmp_path, "forger")
    own = forger.issue("probe", uri=[identity("probe")])
    (tmp_path / "roots.pem").write_bytes(roots(mesh))
    for identity_of in (own, None):
        context = ssl.create_default_context(cafile=tmp_path / "roots.pem")
        context.check_hostname = False
        if identity_of:
            context.load_cert_chain(identity_of.chain, identity_of.key)
        with socket.create_connection(("127.0.0.1", inbound), 10) as plain:
            with pytest.raises((ssl.SSLError, ConnectionError)):
                with context.wrap_socket(plain, server_hostname="80.web.default.mtls.mesh") as secure:
                    secure.sendall(b"GET / HTTP/1.1\r\nhost: web\r\n\r\n")
                    if not secure.recv(100):
                        raise ConnectionError("closed")


def test_servers_that_speak_first(mesh):
    port = free_port()
    greeter = ("import socket\n"
               f"server = socket.create_server(('127.0.0.1', {port}))\n"
               "while True:\n"
               "    peer, _ = server.accept()\n"
               "    with peer:\n"
               "        try:\n"
               "            peer.sendall(b'220 ready\\r\\n')\n"
               "            peer.sendall(peer.recv(100).upper())\n"
               "        except OSError: pass\n")
    mesh.run("mail", PYTHON, "-c", greeter, ports=[f"{port}:tcp"])
    client = mesh.run("client", PYTHON, PROGRAMS / "hold.py", upstreams=[f"mail:{port}"])
    inbound = workload(mesh, "mail")["ports"][0]["inbound"]
    for address in (client.upstream("mail"), ("127.0.0.1", inbound)):
        def greeted():
            with socket.create_connection(address, 10) as peer:
                if peer.recv(100) != b"220 ready\r\n":
                    return False
                peer.sendall(b"helo")
                return peer.recv(100) == b"HELO"
        wait_until(lambda: tried(greeted), 15, what=f"the greeting came from {address}")


def test_a_run_by_token(mesh, tmp_path, processes):
    secret = tmp_path / "token"
    secret.write_text(token(mesh, "default/batch"))
    batch = mesh.run("batch", PYTHON, PROGRAMS / "hold.py", options=["--join-token-file", secret])
    assert batch.environment and workload(mesh, "batch")["identity"] == identity("batch")
    serials = mesh.cli("ca", "status").stdout
    assert identity("batch") in serials and f"token {secret.read_text().split('-')[2]}" in serials
    # A token for somebody else is of no use.
    other = tmp_path / "other"
    other.write_text(token(mesh, "default/other"))
    thief = mesh.cli("run", "--service", "thief", "--join-token-file", other, "--ready-timeout", "3s", "--", "true", check=False)
    assert thief.returncode == 125 and "this proxy is to be …/ns/default/sa/thief" in thief.stderr, thief.stderr


def test_without_an_authority_in_reach_it_is_said(idle_mesh):
    mesh = idle_mesh.start_control("--socket", idle_mesh.folder / "elsewhere.sock")
    (mesh.folder / "elsewhere.sock").rename(mesh.folder / "gone.sock")
    done = mesh.cli("run", "--service", "web", "--", "true")
    assert "no certificate, so that connections with others are plain text" in done.stderr
    assert "elsewhere.sock: No such file or directory" in done.stderr, done.stderr


def test_the_account_can_be_chosen(mesh):
    mesh.run("web", PYTHON, PROGRAMS / "hold.py", options=["--service-account", "frontend"]).environment
    assert workload(mesh, "web")["identity"] == identity("frontend")
    done = mesh.cli("run", "--service", "web", "--service-account", "No/Name", "--", "true", check=False)
    assert done.returncode == 125 and "--service-account" in done.stderr


# MARK: - Strict


def mesh_policy(spec: str, name: str = "mtls", namespace: str = "default") -> str:
    return (f"apiVersion: tulle.dev/v1alpha1\nkind: MeshPolicy\nmetadata: {{name: {name}, namespace: {namespace}}}\n"
            f"spec: {spec}\n")


def lets_in_plain_text(port: int) -> bool:
    try:
        return fetch(f"127.0.0.1:{port}", "/", timeout=5).status == 200
    except OSError:
        return False


@pytest.mark.parametrize("protocol", ["http", ""])
def test_a_strict_mesh_lets_in_nobody_without_a_certificate(mesh, protocol):
    web, port, _, address = called(mesh, protocol)
    assert lets_in_plain_text(port["inbound"])
    told = mesh.cli("check", "--strict-ready", check=False)
    assert told.returncode == 1 and "web.default was called in plain text" in told.stdout, told.stdout
    kept = http.client.HTTPConnection("127.0.0.1", port["inbound"], timeout=15)
    kept.request("GET", "/")
    assert kept.getresponse().read()
    mesh.apply(mesh_policy("{mtls: {mode: STRICT}}", namespace="tulle-system"))
    wait_until(lambda: not lets_in_plain_text(port["inbound"]), 15, what="the mesh is strict")
    assert kept.sock.recv(1) == b"", "who was in already is let out"
    assert fetch(address, "/").status == 200
    assert any(value for name, value in stats(web).items() if name.endswith("no_filter_chain_match"))

    def programmed():
        resource = fetch(mesh.api, "/api/v1/resources/meshpolicies/tulle-system/mtls").json()
        return any(c["type"] == "Programmed" and c["status"] == "True" for c in resource["status"]["conditions"])
    wait_until(programmed, 15, what="the policy says that it holds")
    # What is nearer wins: the namespace, then the workloads, then the port.
    mesh.apply(mesh_policy("{mtls: {mode: PERMISSIVE}}"))
    wait_until(lambda: lets_in_plain_text(port["inbound"]), 15, what="its namespace is not")
    mesh.apply(mesh_policy("{selector: {matchLabels: {app: web}}, mtls: {mode: STRICT}}", "web"))
    wait_until(lambda: not lets_in_plain_text(port["inbound"]), 15, what="these workloads are")
    mesh.apply(mesh_policy(
        f"{{selector: {{matchLabels: {{app: web}}}}, mtls: {{mode: STRICT, ports: {{'{port['app']}': PERMISSIVE}}}}}}", "web"))
    wait_until(lambda: lets_in_plain_text(port["inbound"]), 15, what="this port is not")
    assert fetch(address, "/").status == 200


def test_who_has_no_certificate_serves_nobody_in_a_strict_mesh(idle_mesh):
    mesh = idle_mesh.start_control("--socket", idle_mesh.folder / "elsewhere.sock")
    (mesh.folder / "elsewhere.sock").rename(mesh.folder / "gone.sock")
    mesh.service("web", "one", protocol="http")
    port = workload(mesh, "web")["ports"][0]
    wait_until(lambda: lets_in_plain_text(port["inbound"]), 15, what="web answers in plain text")
    told = mesh.cli("check", "--strict-ready", check=False).stdout
    assert "has no certificate: it could call no strict workload, and nobody could call it" in told, told
    mesh.apply(mesh_policy("{mtls: {mode: STRICT}}"))
    wait_until(lambda: not lets_in_plain_text(port["inbound"]), 15, what="web is not served")


# What testssl.sh says of each thing, from harmless to not.
HARMLESS = {"OK", "INFO", "LOW", "WARN", "DEBUG"}


def test_a_strict_port_has_no_weakness_that_testssl_knows(mesh, tmp_path):
    mesh.service("web", "one", protocol="http")
    port = workload(mesh, "web")["ports"][0]["inbound"]
    mesh.apply(mesh_policy("{mtls: {mode: STRICT}}"))
    wait_until(lambda: not lets_in_plain_text(port), 15, what="the mesh is strict")
    report = tmp_path / "testssl.json"
    done = subprocess.run(
        [program("testssl"), "--quiet", "--color", "0", "--warnings", "off", "--ip", "127.0.0.1", "-p", "-s", "-f", "-U",
         "--jsonfile", report, f"80.web.default.mtls.mesh:{port}"], capture_output=True, text=True, timeout=300)
    found = {entry["id"]: entry for entry in json.loads(report.read_text())}
    assert found["TLS1_3"]["finding"].startswith("offered"), done.stdout
    assert found["SSLv3"]["finding"] == "not offered" and found["TLS1_1"]["finding"] == "not offered", done.stdout
    assert len(found) > 20, done.stdout
    weak = {key: entry["finding"] for key, entry in found.items() if entry["severity"] not in HARMLESS}
    assert not weak, f"{weak}\n{done.stdout}"


def test_certificates_are_renewed_under_load_and_no_request_fails(idle_mesh):
    """TULLE_RENEWALS=600 makes it the ten minutes that docs/testing.md speaks of."""
    wanted = int(os.environ.get("TULLE_RENEWALS", "12"))
    mesh = idle_mesh.start_control("--certificate-lifetime", "6s")
    mesh.apply(WEB)
    for name in ("one", "two"):
        mesh.service("web", name, protocol="http")
    mesh.until_names("http://web/", {"one", "two"})
    load = mesh.load("http://web/", workers=4)
    load.wait_more(100)
    before = issued(mesh)
    # Four sidecars, each anew after some four seconds.
    wait_until(lambda: issued(mesh) - before >= wanted, 30 + 3 * wanted, every=0.5, what="the certificates were renewed")
    counts = load.finish()
    assert counts["failed"] == 0 and counts["ok"] > 500, counts
    print(f"{counts['ok']} requests, {issued(mesh) - before} certificates")


def issued(mesh) -> int:
    return json.loads(mesh.cli("ca", "status", "-o", "json").stdout)["issued"]
