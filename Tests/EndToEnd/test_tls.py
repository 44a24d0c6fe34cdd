"""TLS on the data path: the same files and the same peers for tulle-proxy and for Envoy, who must agree on each."""

import datetime
import hashlib
import http.client
import json
import socket
import ssl
import subprocess
import threading
import time

import pytest
import yaml

from mesh import PROGRAMS, PYTHON, fetch, is_ready, listening, wait_until
from standalone import HCM, ROUTER, TCP, address
from support.binaries import proxy
from support.certificates import DAY, Authority, self_signed
from support.ports import free_port
from cryptography.x509.oid import ExtendedKeyUsageOID

DOWNSTREAM = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext"
UPSTREAM = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext"
INSPECTOR = "type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector"
WEB = "spiffe://mesh.test/ns/default/sa/web"
MINUTE = datetime.timedelta(minutes=1)


def socket_of(kind: str, context: dict) -> dict:
    return {"name": "envoy.transport_sockets.tls", "typed_config": {"@type": kind} | context}


def certificates(identity) -> list:
    return [{"certificate_chain": {"filename": str(identity.chain)}, "private_key": {"filename": str(identity.key)}}]


def http_filter(cluster: str = "up", **more) -> list:
    routes = {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [
        {"match": {"prefix": "/"}, "route": {"cluster": cluster}}]}]}
    return [{"name": "hcm", "typed_config": {"@type": HCM, "stat_prefix": "main", "route_config": routes, "http_filters": [
        {"name": "envoy.filters.http.router", "typed_config": {"@type": ROUTER}}]} | more}]


def tcp_filter(cluster: str) -> list:
    return [{"name": "tcp", "typed_config": {"@type": TCP, "stat_prefix": "tcp", "cluster": cluster}}]


def cluster(name: str, port: int, **more) -> dict:
    return {"name": name, "type": "STATIC", "connect_timeout": "3s", "load_assignment": {
        "cluster_name": name, "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address(port)}}]}]}} | more


class Side:
    """A proxy of either kind on one configuration."""

    def __init__(self, kind, folder, processes, listeners: dict, clusters: list, secrets=()):
        self.kind = kind
        self.ports = {name: free_port() for name in listeners}
        admin = free_port()
        self.admin = f"127.0.0.1:{admin}"
        configuration = {"admin": {"address": address(admin)}, "static_resources": {
            "listeners": [{"name": name, "address": address(self.ports[name])} | listener
                          for name, listener in listeners.items()],
            "clusters": clusters, "secrets": list(secrets)}}
        path = folder / f"{kind}.yaml"
        path.write_text(yaml.safe_dump(configuration))
        self.process = processes.start(*proxy(kind, path), name=kind)
        wait_until(self.ready, 20, what=f"{kind} is ready")

    def ready(self) -> bool:
        return is_ready(self.process, self.admin)

    def counter(self, ending: str) -> int:
        text = fetch(self.admin, "/stats").text
        return sum(int(line.split(": ")[1]) for line in text.splitlines() if line.split(": ")[0].endswith(ending))


@pytest.fixture(params=["tulle", "envoy"])
def kind(request):
    return request.param


@pytest.fixture
def upstream(processes):
    port = free_port()
    processes.start(PYTHON, PROGRAMS / "service.py", "--name", "up", "--port", port)
    wait_until(lambda: listening(port), 10, what="the upstream listens")
    return port


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"), "root")


def client(trusts, identity=None, alpn=(), version=None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    if trusts:
        context.load_verify_locations(trusts.path)
    else:
        context.verify_mode = ssl.CERT_NONE
    if identity:
        context.load_cert_chain(identity.chain, identity.key)
    if alpn:
        context.set_alpn_protocols(list(alpn))
    if version:
        context.minimum_version = context.maximum_version = version
    return context


def connect(port: int, context: ssl.SSLContext, server_name: str | None = None) -> ssl.SSLSocket:
    plain = socket.create_connection(("127.0.0.1", port), timeout=10)
    return context.wrap_socket(plain, server_hostname=server_name)


def get(port: int, context: ssl.SSLContext, path: str = "/", server_name: str | None = None) -> tuple[int, bytes]:
    with connect(port, context, server_name) as secured:
        secured.sendall(f"GET {path} HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n".encode())
        response = http.client.HTTPResponse(secured)
        response.begin()
        return response.status, response.read()


def refused(port: int, context: ssl.SSLContext) -> bool:
    """Whether the handshake, or with TLS 1.3 the first answer, comes to nothing."""
    try:
        get(port, context)
    except (OSError, http.client.HTTPException):
        return True
    return False


# MARK: Downstream

def test_termination_by_version_and_protocol(kind, root, upstream, tmp_path, processes):
    server = root.issue("server", dns=["web"])
    context = {"common_tls_context": {"tls_certificates": certificates(server), "alpn_protocols": ["h2", "http/1.1"]}}
    side = Side(kind, tmp_path, processes, {"main": {"filter_chains": [
        {"filters": http_filter(), "transport_socket": socket_of(DOWNSTREAM, context)}]}}, [cluster("up", upstream)])
    port = side.ports["main"]
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        assert get(port, client(root, version=version))[0] == 200
        with connect(port, client(root, alpn=["h2", "http/1.1"], version=version)) as secured:
            assert secured.selected_alpn_protocol() == "h2"
        with connect(port, client(root, alpn=["http/1.1"], version=version)) as secured:
            assert secured.selected_alpn_protocol() == "http/1.1"
    for flag, version in (("--http1.1", "1.1"), ("--http2", "2")):
        done = subprocess.run(
            ["curl", "-sS", "--cacert", root.path, flag, "--connect-to", f"web:443:127.0.0.1:{port}",
             "-w", "%{http_version} %{http_code}", "-o", "/dev/null", "https://web/"],
            capture_output=True, text=True, timeout=20)
        assert done.stdout == f"{version} 200", done.stderr
    assert side.counter(".ssl.handshake") >= 8
    # Plain bytes are not for this port.
    with socket.create_connection(("127.0.0.1", port), timeout=10) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\nHost: web\r\n\r\n")
        try:
            assert b"HTTP/1.1 200" not in plain.recv(1000)
        except ConnectionResetError:
            pass
    assert side.counter(".ssl.connection_error") >= 1


def test_a_large_body_goes_through_both_ways(kind, root, upstream, tmp_path, processes):
    server = root.issue("server", dns=["web"])
    context = {"common_tls_context": {"tls_certificates": certificates(server), "alpn_protocols": ["h2", "http/1.1"]}}
    side = Side(kind, tmp_path, processes, {"main": {"filter_chains": [
        {"filters": http_filter(), "transport_socket": socket_of(DOWNSTREAM, context)}]}}, [cluster("up", upstream)])
    body = tmp_path / "body"
    body.write_bytes(bytes(range(256)) * 40_000)
    for flag in ("--http1.1", "--http2"):
        curl = ["curl", "-sS", "--cacert", root.path, flag, "--connect-to", f"web:443:127.0.0.1:{side.ports['main']}"]
        sent = subprocess.run([*curl, "--data-binary", f"@{body}", "-H", "Expect:", "https://web/"],
                              capture_output=True, timeout=60)
        assert json.loads(sent.stdout)["sha256"] == hashlib.sha256(body.read_bytes()).hexdigest(), (flag, sent.stderr)
        taken = subprocess.run([*curl, "https://web/large?bytes=10000000"], capture_output=True, timeout=60)
        assert len(taken.stdout) == 10_000_000, (flag, taken.stderr)


@pytest.fixture(scope="module")
def strangers(tmp_path_factory, root):
    """What a client may show, and whether it may come in where the mesh's web is expected."""
    folder = tmp_path_factory.mktemp("strangers")
    other = Authority(folder, "other root")
    intermediate = Authority(folder, "intermediate", parent=root)
    no_ca = Authority(folder, "no authority", parent=root, is_ca=False)
    server_only = [ExtendedKeyUsageOID.SERVER_AUTH]
    root_in = Authority.issue
    issue = lambda label, **more: root_in(root, label, **more)  # noqa: E731
    return {
        "good": (issue("good", uri=[WEB]), True),
        "good of P-384": (issue("p384", uri=[WEB], key="p384"), True),
        "good of RSA": (issue("rsa", uri=[WEB], key="rsa"), True),
        "good with other names besides": (issue("more", uri=[WEB], dns=["web"], common="web"), True),
        "good below an intermediate": (intermediate.issue("below", uri=[WEB]), True),
        "good without usages": (issue("usages", uri=[WEB], usages=None), True),
        "intermediate not sent": (intermediate.issue("lone", uri=[WEB], send_parents=False), False),
        "below one that is no authority": (no_ca.issue("no-ca", uri=[WEB]), False),
        "other root": (other.issue("other", uri=[WEB]), False),
        "self-signed": (self_signed(folder, "self", uri=[WEB]), False),
        "expired": (issue("expired", uri=[WEB], begin=-2 * DAY, end=-MINUTE), False),
        "not yet valid": (issue("early", uri=[WEB], begin=60 * MINUTE), False),
        "for servers only": (issue("server-only", uri=[WEB], usages=server_only), False),
        "other account": (issue("account", uri=["spiffe://mesh.test/ns/default/sa/other"]), False),
        "other namespace": (issue("namespace", uri=["spiffe://mesh.test/ns/prod/sa/web"]), False),
        "other trust domain": (issue("domain", uri=["spiffe://other.test/ns/default/sa/web"]), False),
        "name longer": (issue("longer", uri=[WEB + "2"]), False),
        "name in upper case": (issue("upper", uri=[WEB.upper()]), False),
        "name as DNS": (issue("dns", dns=["web"]), False),
        "name in the subject": (issue("subject", common=WEB), False),
        "no names": (issue("nobody"), False),
        "none": (None, False),
    }


def mutual(root, server, require: bool = True, **validation) -> dict:
    return {"require_client_certificate": require, "common_tls_context": {
        "tls_certificates": certificates(server), "validation_context": {
            "trusted_ca": {"filename": str(root.path)},
            "match_typed_subject_alt_names": [{"san_type": "URI", "matcher": {"exact": WEB}}]} | validation}}


def test_who_may_come_in(kind, root, strangers, upstream, tmp_path, processes):
    server = root.issue("server", dns=["web"])
    side = Side(kind, tmp_path, processes, {"main": {"filter_chains": [
        {"filters": http_filter(), "transport_socket": socket_of(DOWNSTREAM, mutual(root, server))}]}},
        [cluster("up", upstream)])
    wrong = []
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        for label, (identity, welcome) in strangers.items():
            if refused(side.ports["main"], client(root, identity, version=version)) == welcome:
                wrong.append((label, version.name))
    assert not wrong
    assert side.counter(".ssl.fail_verify_no_cert") == 2
    assert side.counter(".ssl.fail_verify_san") >= 14
    assert side.counter(".ssl.fail_verify_error") >= 10


def test_a_certificate_may_be_optional(kind, root, strangers, upstream, tmp_path, processes):
    server = root.issue("server", dns=["web"])
    # Whose names are asked for shows a certificate, whatever require_client_certificate says.
    side = Side(kind, tmp_path, processes, {name: {"filter_chains": [
        {"filters": http_filter(), "transport_socket": socket_of(DOWNSTREAM, context)}]} for name, context in (
            ("any", mutual(root, server, False, match_typed_subject_alt_names=[])),
            ("named", mutual(root, server, False)))}, [cluster("up", upstream)])
    anyone, named = side.ports["any"], side.ports["named"]
    assert get(anyone, client(root))[0] == 200
    assert side.counter(".ssl.no_certificate") == 1
    for label in ("good", "other account"):
        assert get(anyone, client(root, strangers[label][0]))[0] == 200, label
    for label in ("other root", "expired"):
        assert refused(anyone, client(root, strangers[label][0])), label
    assert get(named, client(root, strangers["good"][0]))[0] == 200
    assert refused(named, client(root, strangers["other account"][0]))
    assert refused(named, client(root))


def test_a_certificate_may_be_pinned(kind, root, strangers, upstream, tmp_path, processes):
    server = root.issue("server", dns=["web"])
    pinned, other = strangers["self-signed"][0], strangers["good"][0]
    context = {"require_client_certificate": True, "common_tls_context": {
        "tls_certificates": certificates(server), "validation_context": {
            "verify_certificate_hash": [pinned.fingerprint()]}}}
    side = Side(kind, tmp_path, processes, {"main": {"filter_chains": [
        {"filters": http_filter(), "transport_socket": socket_of(DOWNSTREAM, context)}]}}, [cluster("up", upstream)])
    assert get(side.ports["main"], client(root, pinned))[0] == 200
    assert refused(side.ports["main"], client(root, other))
    assert refused(side.ports["main"], client(root))


def resume(port: int, context: ssl.SSLContext, session=None) -> tuple:
    """The status, whether the session was gone on with, and the session to go on with."""
    with context.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=10), session=session) as secured:
        secured.sendall(b"GET / HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n")
        response = http.client.HTTPResponse(secured)
        response.begin()
        response.read()
        return response.status, secured.session_reused, secured.session


def test_a_session_is_resumed_with_whom_it_was_made(kind, root, strangers, upstream, tmp_path, processes):
    side = Side(kind, tmp_path, processes, {"main": {"filter_chains": [
        {"filters": http_filter(), "transport_socket": socket_of(
            DOWNSTREAM, mutual(root, root.issue("server", dns=["web"])))}]}}, [cluster("up", upstream)])
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context = client(root, strangers["good"][0], version=version)
        status, reused, session = resume(side.ports["main"], context)
        assert (status, reused) == (200, False)
        assert resume(side.ports["main"], context, session)[:2] == (200, True)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=str)
def test_a_session_does_not_outlive_its_certificate(version, root, upstream, tmp_path, processes):
    side = Side("tulle", tmp_path, processes, {"main": {"filter_chains": [
        {"filters": http_filter(), "transport_socket": socket_of(
            DOWNSTREAM, mutual(root, root.issue("server", dns=["web"])))}]}}, [cluster("up", upstream)])
    life = datetime.timedelta(seconds=3)
    context = client(root, root.issue("brief", uri=[WEB], end=life), version=version)
    end = time.monotonic() + life.total_seconds() + 1.1
    status, _, session = resume(side.ports["main"], context)
    assert status == 200
    wait_until(lambda: time.monotonic() > end, 10, what="the certificate has expired")
    with pytest.raises((OSError, http.client.HTTPException)):
        resume(side.ports["main"], context, session)
    assert side.counter(".ssl.fail_verify_error") == 1


def test_what_an_app_is_told_of_its_callers_certificate(root, upstream, tmp_path, processes):
    """Both proxies say the same in `x-forwarded-client-cert`, and nobody says of himself what no certificate proves."""
    server = root.issue("server", dns=["web"], uri=[WEB, "spiffe://mesh.test/second"])
    callers = {
        "none": None,
        "one name": root.issue("one", uri=["spiffe://mesh.test/ns/default/sa/caller"]),
        "many": root.issue("many", uri=["spiffe://mesh.test/a", "spiffe://mesh.test/b"], dns=["a.test", "b.test"], common="A, \"B\""),
        "no URI": root.issue("dns", dns=["c.test"])}
    details = {"subject": True, "cert": True, "dns": True, "uri": True}
    managers = {
        "default": {}, "forward": {"forward_client_cert_details": "FORWARD_ONLY"},
        "always": {"forward_client_cert_details": "ALWAYS_FORWARD_ONLY"},
        "append": {"forward_client_cert_details": "APPEND_FORWARD"},
        "set": {"forward_client_cert_details": "SANITIZE_SET"},
        "append all": {"forward_client_cert_details": "APPEND_FORWARD", "set_current_client_cert_details": details},
        "set all": {"forward_client_cert_details": "SANITIZE_SET", "set_current_client_cert_details": details}}
    context = {"common_tls_context": {"tls_certificates": certificates(server), "validation_context": {
        "trusted_ca": {"filename": str(root.path)}}}}
    told = {}
    for kind in ("tulle", "envoy"):
        folder = tmp_path / kind
        folder.mkdir()
        side = Side(kind, folder, processes, {name: {"filter_chains": [
            {"filters": http_filter(**manager), "transport_socket": socket_of(DOWNSTREAM, context)}]}
            for name, manager in managers.items()}, [cluster("up", upstream)])
        for name in managers:
            for caller, identity in callers.items():
                # Two lines that are passed on as they are stay two.
                two = "X-Forwarded-Client-Cert: a\r\nx-forwarded-client-cert: b\r\n" if "append" in name else ""
                for sent in ("", "X-Forwarded-Client-Cert: By=me;Hash=ab\r\n", two):
                    with connect(side.ports[name], client(root, identity)) as secured:
                        secured.sendall(f"GET / HTTP/1.1\r\nHost: web\r\n{sent}Connection: close\r\n\r\n".encode())
                        response = http.client.HTTPResponse(secured)
                        response.begin()
                        headers = {key.lower(): value for key, value in json.loads(response.read())["headers"].items()}
                    told.setdefault((name, caller, sent), {})[kind] = headers.get("x-forwarded-client-cert")
    different = {key: values for key, values in told.items() if values["tulle"] != values["envoy"]}
    assert not different, json.dumps({str(key): values for key, values in different.items()}, indent=1)
    assert told[("default", "many", "")]["tulle"] is None and "URI=" in told[("set all", "many", "")]["tulle"]


def test_a_name_in_a_certificate_makes_no_header(root, upstream, tmp_path, processes):
    caller = root.issue("evil", uri=["spiffe://mesh.test/a\r\nX-Evil: 1\r\n;By=you,URI=\"admin\""], dns=["a.test"])
    context = {"common_tls_context": {"tls_certificates": certificates(root.issue("server", dns=["web"])),
                                      "validation_context": {"trusted_ca": {"filename": str(root.path)}}}}
    strict = {"common_tls_context": context["common_tls_context"] | {"validation_context": {
        "trusted_ca": {"filename": str(root.path)},
        "match_typed_subject_alt_names": [{"san_type": "URI", "matcher": {"exact": WEB}}]}}}
    manager = {"forward_client_cert_details": "SANITIZE_SET", "set_current_client_cert_details": {"uri": True}}
    side = Side("tulle", tmp_path, processes, {
        name: {"filter_chains": [{"filters": http_filter(**manager), "transport_socket": socket_of(DOWNSTREAM, tls)}]}
        for name, tls in (("main", context), ("strict", strict))}, [cluster("up", upstream)])
    headers = json.loads(get(side.ports["main"], client(root, caller))[1])["headers"]
    assert not any(name.lower() == "x-evil" for name in headers)
    told = {name.lower(): value for name, value in headers.items()}["x-forwarded-client-cert"]
    assert told.endswith(";URI=spiffe://mesh.test/a%0D%0AX-Evil:%201%0D%0A%3BBy%3Dyou%2CURI%3D%22admin%22"), told
    assert refused(side.ports["strict"], client(root, caller))
    # Nor does one of an upstream's make a header of the answer that tells of it.
    server = TLSServer(caller)
    try:
        folder = tmp_path / "outer"
        folder.mkdir()
        outer = Side("tulle", folder, processes, {"main": {"filter_chains": [{"filters": http_filter("up")}]}},
                     [cluster("up", server.port, **upstream_socket(root))])
        answer = fetch(f"127.0.0.1:{outer.ports['main']}", "/")
        assert answer.status == 503 and "x-evil" not in answer.headers
        assert "tls_certificate_error" in answer.headers["proxy-status"]
    finally:
        server.close()


def test_server_names_choose_the_chain_and_plain_bytes_have_their_own(kind, root, upstream, tmp_path, processes):
    def chain(name, match):
        context = {"common_tls_context": {"tls_certificates": certificates(root.issue(name, dns=[f"{name}.test"]))}}
        return {"filter_chain_match": match, "filters": http_filter(), "transport_socket": socket_of(DOWNSTREAM, context)}

    side = Side(kind, tmp_path, processes, {"main": {
        "listener_filters": [{"name": "tls", "typed_config": {"@type": INSPECTOR}}],
        "filter_chains": [
            chain("one", {"server_names": ["one.test"]}), chain("wild", {"server_names": ["*.wild.test"]}),
            chain("rest", {"transport_protocol": "tls"}),
            {"filter_chain_match": {"transport_protocol": "raw_buffer"}, "filters": http_filter()}]}},
        [cluster("up", upstream)])
    port = side.ports["main"]
    for asked, shown in (("one.test", "one.test"), ("a.wild.test", "wild.test"), ("x.test", "rest.test"),
                         (None, "rest.test")):
        with connect(port, client(root), asked) as secured:
            assert secured.getpeercert()["subjectAltName"] == (("DNS", shown),), asked
    assert fetch(f"127.0.0.1:{port}", "/").status == 200


def test_pass_through_by_server_name(kind, root, tmp_path, processes):
    servers = {name: TLSServer(root.issue(name, dns=[f"{name}.test"])) for name in ("one", "two")}
    try:
        side = Side(kind, tmp_path, processes, {"main": {
            "listener_filters": [{"name": "tls", "typed_config": {"@type": INSPECTOR}}],
            "filter_chains": [{"filter_chain_match": {"server_names": [f"{name}.test"]}, "filters": tcp_filter(name)}
                              for name in servers]}},
            [cluster(name, server.port) for name, server in servers.items()])
        for name in servers:
            with connect(side.ports["main"], client(root), f"{name}.test") as secured:
                assert secured.getpeercert()["subjectAltName"] == (("DNS", f"{name}.test"),)
                secured.sendall(b"GET / HTTP/1.1\r\n\r\n")
                assert secured.recv(100).startswith(b"HTTP/1.1 200")
    finally:
        for server in servers.values():
            server.close()


# MARK: Upstream

class TLSServer:
    """Answers one request a connection, over TLS; what it met stands in `seen`."""

    def __init__(self, identity, trusts=None, version=None, alpn=("http/1.1",)):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(identity.chain, identity.key)
        if trusts:
            self.context.load_verify_locations(trusts.path)
            self.context.verify_mode = ssl.CERT_REQUIRED
        if version:
            self.context.minimum_version = self.context.maximum_version = version
        self.context.set_alpn_protocols(list(alpn))
        self.seen = []
        self.context.sni_callback = lambda _, name, __: self.seen.append(name)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                plain, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(plain,), daemon=True).start()

    def _answer(self, plain):
        try:
            plain.settimeout(10)
            with self.context.wrap_socket(plain, server_side=True) as secured:
                self.seen.append(secured.getpeercert())
                # The whole of it: what is left unread at the end would reset the connection.
                request = b""
                while b"\r\n\r\n" not in request and (part := secured.recv(65536)):
                    request += part
                if request:
                    secured.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
        except OSError:
            pass

    def close(self):
        self.socket.close()


def upstream_socket(root, **more) -> dict:
    """What Tulle's own control plane and istiod ask of a workload, by default."""
    validation = {"trusted_ca": {"filename": str(root.path)}} | more.pop("validation", {
        "match_typed_subject_alt_names": [{"san_type": "URI", "matcher": {"exact": WEB}}]})
    common = {"validation_context": validation} | more.pop("common", {})
    return {"transport_socket": socket_of(UPSTREAM, {"common_tls_context": common} | more)}


def test_who_is_believed_upstream(kind, root, strangers, tmp_path, processes):
    # A server must be good for servers; that a client of its certificate would do says nothing.
    shown = {label: pair for label, pair in strangers.items() if pair[0]}
    client_only = root.issue("client-only", uri=[WEB], usages=[ExtendedKeyUsageOID.CLIENT_AUTH])
    shown["for clients only"] = (client_only, False)
    shown["for servers only"] = (shown["for servers only"][0], True)
    servers = {label: TLSServer(identity) for label, (identity, _) in shown.items()}
    try:
        side = Side(kind, tmp_path, processes, {
            f"to {label}": {"filter_chains": [{"filters": http_filter(label)}]} for label in servers},
            [cluster(label, server.port, **upstream_socket(root)) for label, server in servers.items()])
        wrong = {}
        for label, (_, believed) in shown.items():
            if kind == "envoy" and label == "good of P-384":
                # Envoy offers no curve of that size unless told to.
                continue
            answer = fetch(f"127.0.0.1:{side.ports[f'to {label}']}", "/")
            if (answer.status == 200) != believed or answer.status not in (200, 503):
                wrong[label] = (answer.status, answer.text)
        assert not wrong
        if kind == "tulle":
            told = fetch(f"127.0.0.1:{side.ports['to other account']}", "/").headers["proxy-status"]
            assert "tls_certificate_error" in told and "sa/other" in told, told
            told = fetch(f"127.0.0.1:{side.ports['to expired']}", "/").headers["proxy-status"]
            assert "tls_certificate_error" in told and "expired" in told, told
    finally:
        for server in servers.values():
            server.close()


def test_a_client_shows_its_certificate_and_the_server_name(kind, root, tmp_path, processes):
    own = root.issue("own", uri=["spiffe://mesh.test/ns/default/sa/client"])
    server = TLSServer(root.issue("server", uri=[WEB], dns=["web.test"]), trusts=root)
    try:
        more = upstream_socket(root, sni="web.test", common={"tls_certificates": certificates(own)})
        named = upstream_socket(root, sni="web.test", auto_sni_san_validation=True, validation={},
                                common={"tls_certificates": certificates(own)})
        misnamed = upstream_socket(root, sni="other.test", auto_sni_san_validation=True, validation={},
                                   common={"tls_certificates": certificates(own)})
        side = Side(kind, tmp_path, processes, {
            name: {"filter_chains": [{"filters": http_filter(name)}]} for name in ("main", "named", "misnamed")},
            [cluster("main", server.port, **more), cluster("named", server.port, **named),
             cluster("misnamed", server.port, **misnamed)])
        assert fetch(f"127.0.0.1:{side.ports['main']}", "/").status == 200
        assert server.seen[0] == "web.test"
        assert ("URI", "spiffe://mesh.test/ns/default/sa/client") in server.seen[1]["subjectAltName"]
        assert fetch(f"127.0.0.1:{side.ports['named']}", "/").status == 200
        assert fetch(f"127.0.0.1:{side.ports['misnamed']}", "/").status == 503
    finally:
        server.close()


def test_a_server_that_speaks_no_tls_is_told_of(kind, root, upstream, tmp_path, processes):
    side = Side(kind, tmp_path, processes, {"main": {"filter_chains": [{"filters": http_filter("up")}]}},
                [cluster("up", upstream, **upstream_socket(root))])
    answer = fetch(f"127.0.0.1:{side.ports['main']}", "/")
    assert answer.status == 503
    if kind == "tulle":
        assert "does not speak TLS" in answer.headers["proxy-status"]


def test_bytes_are_relayed_over_tls(kind, root, tmp_path, processes):
    server = TLSServer(root.issue("server", uri=[WEB]))
    try:
        side = Side(kind, tmp_path, processes, {"main": {"filter_chains": [{"filters": tcp_filter("up")}]}},
                    [cluster("up", server.port, **upstream_socket(root))])
        assert fetch(f"127.0.0.1:{side.ports['main']}", "/").text == "ok"
    finally:
        server.close()


def test_endpoints_by_their_metadata(kind, root, upstream, tmp_path, processes):
    """As a mesh that is only partly encrypted has it: TLS to the endpoints that say so, plain bytes to the others."""
    server = TLSServer(root.issue("server", uri=[WEB]))
    try:
        def mixed(name, port, mode):
            endpoint = {"endpoint": {"address": address(port)}, "metadata": {
                "filter_metadata": {"envoy.transport_socket_match": {"tlsMode": mode}}}}
            return {"name": name, "type": "STATIC", "connect_timeout": "3s", "transport_socket_matches": [
                {"name": "tls", "match": {"tlsMode": "istio"}} | upstream_socket(root),
                {"name": "plain", "match": {}, "transport_socket": {
                    "name": "envoy.transport_sockets.raw_buffer", "typed_config": {
                        "@type": "type.googleapis.com/envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer"}}}],
                "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [endpoint]}]}}
        side = Side(kind, tmp_path, processes, {
            name: {"filter_chains": [{"filters": http_filter(name)}]} for name in ("secured", "plain")},
            [mixed("secured", server.port, "istio"), mixed("plain", upstream, "disabled")])
        assert fetch(f"127.0.0.1:{side.ports['secured']}", "/").text == "ok"
        assert fetch(f"127.0.0.1:{side.ports['plain']}", "/").status == 200
        assert side.counter("cluster.secured.ssl.handshake") == 1
    finally:
        server.close()


def test_two_proxies_speak_http2_over_mutual_tls(kind, root, upstream, tmp_path, processes):
    identity = root.issue("web", uri=[WEB])
    inner = Side("tulle", tmp_path, processes, {"main": {"filter_chains": [
        {"filters": http_filter(), "transport_socket": socket_of(DOWNSTREAM, mutual(root, identity) | {
            "common_tls_context": mutual(root, identity)["common_tls_context"] | {"alpn_protocols": ["h2"]}})}]}},
        [cluster("up", upstream)])
    folder = tmp_path / "outer"
    folder.mkdir()
    options = {"typed_extension_protocol_options": {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
        "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        "explicit_http_config": {"http2_protocol_options": {}}}}}
    outer = Side(kind, folder, processes, {"main": {"filter_chains": [{"filters": http_filter("next")}]}},
                 [cluster("next", inner.ports["main"], **options, **upstream_socket(
                     root, common={"tls_certificates": certificates(identity), "alpn_protocols": ["h2"]}))])
    for _ in range(20):
        assert fetch(f"127.0.0.1:{outer.ports['main']}", "/").status == 200
    assert inner.counter(".ssl.handshake") == 1
    assert inner.counter("downstream_cx_http2_total") == 1


# MARK: Changes

def test_a_renewed_certificate_is_served_and_no_connection_ends(root, upstream, tmp_path, processes):
    server = Authority(tmp_path, "own").issue("server", dns=["before.test"])
    context = {"common_tls_context": {"tls_certificates": certificates(server)}}
    side = Side("tulle", tmp_path, processes, {"main": {"filter_chains": [
        {"filters": http_filter(), "transport_socket": socket_of(DOWNSTREAM, context)}]}}, [cluster("up", upstream)])
    port = side.ports["main"]
    kept = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    kept.sock = connect(port, client(None))
    kept.request("GET", "/")
    assert kept.getresponse().read() is not None
    server.write(*root.sign(dns=["after.test"]))

    def renewed():
        with connect(port, client(None)) as secured:
            return b"after.test" in secured.getpeercert(binary_form=True)

    wait_until(renewed, 10, what="the new certificate is served")
    kept.request("GET", "/")
    assert kept.getresponse().status == 200
    # A file that is no certificate is told of, and the good one goes on.
    server.chain.write_text("-----BEGIN CERTIFICATE-----\nnothing\n-----END CERTIFICATE-----\n")
    wait_until(lambda: "holds no certificate" in side.process.output(), 10, what="the broken file is told of")
    assert renewed()


def test_static_secrets_serve_both_sides(root, upstream, tmp_path, processes):
    identity = root.issue("web", uri=[WEB])
    named = {"tls_certificate_sds_secret_configs": [{"name": "default"}],
             "validation_context_sds_secret_config": {"name": "ROOTCA"}}
    secrets = [{"name": "default", "tls_certificate": certificates(identity)[0]},
               {"name": "ROOTCA", "validation_context": {"trusted_ca": {"filename": str(root.path)}}}]
    combined = {"tls_certificate_sds_secret_configs": [{"name": "default"}], "combined_validation_context": {
        "default_validation_context": {"match_typed_subject_alt_names": [
            {"san_type": "URI", "matcher": {"prefix": "spiffe://mesh.test/"}}]},
        "validation_context_sds_secret_config": {"name": "ROOTCA"}}}
    inner = Side("tulle", tmp_path, processes, {"main": {"filter_chains": [{
        "filters": http_filter(), "transport_socket": socket_of(DOWNSTREAM, {
            "require_client_certificate": True, "common_tls_context": named})}]}}, [cluster("up", upstream)], secrets)
    folder = tmp_path / "outer"
    folder.mkdir()
    outer = Side("tulle", folder, processes, {"main": {"filter_chains": [{"filters": http_filter("next")}]}},
                 [cluster("next", inner.ports["main"],
                          transport_socket=socket_of(UPSTREAM, {"common_tls_context": combined}))], secrets)
    assert fetch(f"127.0.0.1:{outer.ports['main']}", "/").status == 200
    # A key is nobody's business.
    for side in (inner, outer):
        dump = fetch(side.admin, "/config_dump").text
        assert "PRIVATE KEY" not in dump and "ROOTCA" in dump


def test_keys_that_stand_in_the_file_are_shown_to_nobody(root, upstream, tmp_path, processes):
    identity = root.issue("web", dns=["web"])
    inline = [{"certificate_chain": {"inline_string": identity.chain.read_text()},
               "private_key": {"inline_string": identity.key.read_text()}}]
    side = Side("tulle", tmp_path, processes, {"main": {"filter_chains": [{
        "filters": http_filter(), "transport_socket": socket_of(DOWNSTREAM, {
            "common_tls_context": {"tls_certificates": inline}})}]}}, [cluster("up", upstream)])
    assert get(side.ports["main"], client(root))[0] == 200
    dump = fetch(side.admin, "/config_dump").text
    assert "PRIVATE KEY" not in dump and "[redacted]" in dump
    secret = identity.key.read_text().splitlines()[1]
    assert secret not in dump and secret not in side.process.output()


# MARK: Hostile and slow

def patient_and_hasty(root, upstream, tmp_path, processes, hasty: str) -> tuple[int, int]:
    """The ports of two listeners that end TLS, the second with a limit on handshakes."""
    context = {"common_tls_context": {"tls_certificates": certificates(root.issue("server", dns=["web"]))}}
    chain = {"filters": http_filter(), "transport_socket": socket_of(DOWNSTREAM, context)}
    side = Side("tulle", tmp_path, processes, {
        "patient": {"filter_chains": [chain]},
        "hasty": {"filter_chains": [chain | {"transport_socket_connect_timeout": hasty}]}}, [cluster("up", upstream)])
    return side.ports["patient"], side.ports["hasty"]


def test_a_client_that_says_nothing_is_let_go(root, upstream, tmp_path, processes):
    patient, hasty = patient_and_hasty(root, upstream, tmp_path, processes, "0.3s")
    with socket.create_connection(("127.0.0.1", hasty), timeout=10) as silent:
        began = time.monotonic()
        assert silent.recv(10) == b""
        assert time.monotonic() - began < 5
    with socket.create_connection(("127.0.0.1", hasty), timeout=10) as half:
        half.sendall(b"\x16\x03\x01\x02\x00\x01")
        assert half.recv(10) == b""
    assert get(patient, client(root))[0] == 200


@pytest.mark.parametrize("sent", [
    b"\x16\x03\x01\xff\xff" + b"\0" * 65535, b"\x16\x03\x01\x00\x00", b"\x15\x03\x01\x00\x02\x02\x28",
    b"\x80\x2e\x01\x03\x01" + b"\0" * 40, b"\x17\x03\x03\x00\x05hello", bytes(range(256)), b"\0" * 20_000,
    b"\x16\x03\x01\x00\x05\x01\xff\xff\xff\x00", b"SSH-2.0-x\r\n"], ids=lambda sent: sent[:6].hex())
def test_what_is_no_handshake_ends_its_connection_alone(sent, root, upstream, tmp_path, processes):
    patient, hasty = patient_and_hasty(root, upstream, tmp_path, processes, "1s")
    with socket.create_connection(("127.0.0.1", hasty), timeout=10) as stranger:
        try:
            stranger.sendall(sent)
            while stranger.recv(4096):
                pass
        except OSError:
            pass
    assert get(patient, client(root))[0] == 200


FILE_LOG = "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog"
PEER_FIELDS = ("DOWNSTREAM_TLS_VERSION", "DOWNSTREAM_PEER_URI_SAN", "DOWNSTREAM_PEER_DNS_SAN", "DOWNSTREAM_PEER_SUBJECT",
               "DOWNSTREAM_LOCAL_URI_SAN")


def test_logs_and_headers_tell_who_called(kind, root, upstream, tmp_path, processes):
    server = root.issue("server", dns=["web"], uri=[WEB])
    context = {"common_tls_context": {
        "tls_certificates": certificates(server), "validation_context": {"trusted_ca": {"filename": str(root.path)}}}}
    log = tmp_path / f"{kind}.log"
    line = "|".join(f"%{field}%" for field in PEER_FIELDS) + "|%REQ(:SCHEME)%\n"
    access_log = [{"name": "file", "typed_config": {
        "@type": FILE_LOG, "path": str(log), "log_format": {"text_format_source": {"inline_string": line}}}}]
    secured = {"filters": http_filter(access_log=access_log), "transport_socket": socket_of(DOWNSTREAM, context)}
    tcp = {"filters": [{"name": "tcp", "typed_config": {
        "@type": TCP, "stat_prefix": "tcp", "cluster": "up", "access_log": access_log}}],
        "transport_socket": socket_of(DOWNSTREAM, context)}
    plain = {"filters": http_filter(access_log=access_log)}
    side = Side(kind, tmp_path, processes, {
        "main": {"filter_chains": [secured]}, "tcp": {"filter_chains": [tcp]}, "plain": {"filter_chains": [plain]}},
        [cluster("up", upstream)])
    caller = root.issue("caller", uri=["spiffe://mesh.test/ns/a/sa/b"], dns=["b.example", "*.b.example"], common="b")
    nobody = root.issue("nameless", common="nameless")
    named = f"spiffe://mesh.test/ns/a/sa/b|b.example,*.b.example|CN=b|{WEB}"
    assert get(side.ports["main"], client(root, caller))[0] == 200
    assert get(side.ports["main"], client(root, caller, version=ssl.TLSVersion.TLSv1_2))[0] == 200
    assert get(side.ports["main"], client(root, nobody))[0] == 200
    assert get(side.ports["main"], client(root))[0] == 200
    assert get(side.ports["tcp"], client(root, caller))[0] == 200
    assert fetch(f"127.0.0.1:{side.ports['plain']}", "/").status == 200
    expected = [f"TLSv1.3|{named}|https", f"TLSv1.2|{named}|https", f"TLSv1.3|-|-|CN=nameless|{WEB}|https",
                f"TLSv1.3|-|-|-|{WEB}|https", f"TLSv1.3|{named}|-", "-|-|-|-|-|http"]
    # Envoy writes its log every ten seconds.
    wait_until(lambda: log.exists() and len(log.read_text().splitlines()) >= len(expected), 30, every=0.1, what="the log")
    assert sorted(log.read_text().splitlines()) == sorted(expected)
