"""Two proxies with one listener for each group of access rules, and a client that asks them."""

import contextlib
import http.client
import re
import socket
import ssl
import threading
import urllib.request
from pathlib import Path

import yaml

from rbac_cases import GROUPS
from support.binaries import proxy
from support.certificates import Authority
from support.ports import free_port
from support.processes import Processes, wait_until

TYPE = "type.googleapis.com/envoy.extensions."
HCM = TYPE + "filters.network.http_connection_manager.v3.HttpConnectionManager"
TCP = TYPE + "filters.network.tcp_proxy.v3.TcpProxy"
ROUTER = TYPE + "filters.http.router.v3.Router"
HTTP_RBAC = TYPE + "filters.http.rbac.v3.RBAC"
NETWORK_RBAC = TYPE + "filters.network.rbac.v3.RBAC"
FILE_LOG = TYPE + "access_loggers.file.v3.FileAccessLog"
INSPECTOR = TYPE + "filters.listener.tls_inspector.v3.TlsInspector"
DOWNSTREAM = TYPE + "transport_sockets.tls.v3.DownstreamTlsContext"

IDENTITIES = {
    "web": {"uri": ["spiffe://mesh.test/ns/shop/sa/web"]},
    "job": {"uri": ["spiffe://mesh.test/ns/batch/sa/job"]},
    "two": {"uri": ["spiffe://mesh.test/ns/shop/sa/a", "spiffe://mesh.test/ns/batch/sa/b"]},
    "dns": {"dns": ["client.example", "other.example"]},
    "both": {"uri": ["spiffe://mesh.test/ns/batch/sa/both"], "dns": ["client.example"], "common": "both-names"},
    "subject": {"common": "plain-client"},
    # Speaks TLS without a certificate.
    "nobody": None,
}


def answer_requests(listener: socket.socket):
    """Answers every request with 200, and echoes whatever is none."""
    def serve(peer):
        with peer:
            # A reset is an end like another.
            with contextlib.suppress(OSError):
                while received := peer.recv(65536):
                    is_request = b" HTTP/1.1\r\n" in received
                    peer.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok" if is_request else received)

    while True:
        try:
            peer, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=serve, args=(peer,), daemon=True).start()


class RBACStage:
    def __init__(self, folder: Path, kinds=("envoy", "tulle")):
        self.folder = folder
        self.processes = Processes(folder)
        root = Authority(folder, "root")
        self.root = root.path
        self.server = root.issue("server", dns=["server.test"])
        self.identities = {name: spec and root.issue(name, **spec) for name, spec in IDENTITIES.items()}
        self.upstream = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=answer_requests, args=(self.upstream,), daemon=True).start()
        self.sides = [Side(kind, self) for kind in kinds]

    def close(self):
        for side in self.sides:
            side.process.stop(timeout=0.2)
        self.upstream.close()
        self.processes.stop()
        self.processes.assert_nothing_lingers()


def listening_ports() -> set[int]:
    """Asked of the kernel, because a connection to find out would be counted by the rules under test."""
    rows = (line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
    return {int(row[1].split(":")[1], 16) for row in rows if row[3] == "0A"}


class Side:
    """One proxy on the groups' listeners."""

    def __init__(self, kind: str, stage: RBACStage):
        self.kind = kind
        self.stage = stage
        self.log = stage.folder / f"{kind}.log"
        self.log.touch()
        self.ports = {name: free_port() for name in GROUPS}
        self.admin = free_port()
        path = stage.folder / f"rbac-{kind}.yaml"
        path.write_text(yaml.safe_dump(self.configuration(), sort_keys=False))
        flush = ["--file-flush-interval-msec", "50"] if kind == "envoy" else []
        self.process = stage.processes.start(*proxy(kind, path), *flush, name=kind)
        wait_until(self.ready, 30, what=f"{kind} is ready")

    def ready(self) -> bool:
        assert self.process.running(), self.process.output()
        try:
            return self.read("/ready").strip() == "LIVE" and set(self.ports.values()) <= listening_ports()
        except OSError:
            return False

    def read(self, path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.admin}{path}", timeout=10) as response:
            return response.read().decode()

    # MARK: Configuration

    def configuration(self) -> dict:
        upstream = self.stage.upstream.getsockname()[1]
        return {"admin": {"address": address("127.0.0.1", self.admin)}, "static_resources": {
            "listeners": [self.listener(name, group) for name, group in GROUPS.items()],
            "clusters": [{"name": "up", "type": "STATIC", "connect_timeout": "3s", "load_assignment": {
                "cluster_name": "up", "endpoints": [{"lb_endpoints": [
                    {"endpoint": {"address": address("127.0.0.1", upstream)}}]}]}}]}}

    def listener(self, name: str, group: dict) -> dict:
        # Both are asked under the same names, so that counters can be compared, but for a port of their own.
        port = self.ports[name]
        filters = [{"name": label, "typed_config": {"@type": NETWORK_RBAC, "stat_prefix": f"{name}-{label}"} | rules}
                   for label, rules in group.get("network", {}).items()]
        filters.append(self.end(name, group))
        chain = {"filters": filters}
        listener = {"name": name, "address": address("0.0.0.0", port), "filter_chains": [chain]}
        if group.get("tls"):
            chain["transport_socket"] = {"name": "tls", "typed_config": {"@type": DOWNSTREAM, "common_tls_context": {
                "tls_certificates": [{"certificate_chain": {"filename": str(self.stage.server.chain)},
                                      "private_key": {"filename": str(self.stage.server.key)}}],
                "validation_context": {"trusted_ca": {"filename": str(self.stage.root)}}}}}
            listener["listener_filters"] = [{"name": "tls_inspector", "typed_config": {"@type": INSPECTOR}}]
        text = yaml.safe_dump(listener, sort_keys=False, width=10_000)
        return yaml.safe_load(text.replace("'@PORT@'", str(port)).replace("'@PORT+1@'", str(port + 1)))

    def end(self, name: str, group: dict) -> dict:
        log = [{"name": "file", "typed_config": {"@type": FILE_LOG, "path": str(self.log), "log_format": {
            "text_format_source": {"inline_string": self.log_format(name, group)}}}}]
        if group.get("tcp"):
            return {"name": "tcp", "typed_config": {"@type": TCP, "stat_prefix": name, "cluster": "up", "access_log": log}}
        routes = group.get("routes_config") or {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": group.get("routes") or [
            {"match": {"prefix": "/"}, "direct_response": {"status": 200, "body": {"inline_string": "ok"}}}]}]}
        filters = [{"name": label, "typed_config": {"@type": HTTP_RBAC} | rules} for label, rules in group.get("filters", {}).items()]
        filters.append({"name": "router", "typed_config": {"@type": ROUTER}})
        return {"name": "hcm", "typed_config": {"@type": HCM, "stat_prefix": name, "route_config": routes, "http_filters": filters,
                                                "access_log": log} | group.get("hcm", {})}

    @staticmethod
    def log_format(name: str, group: dict) -> str:
        if group.get("tcp"):
            return f"{name} %CONNECTION_TERMINATION_DETAILS% %RESPONSE_FLAGS%\n"
        return f"{name} %REQ(X-CASE)% %RESPONSE_CODE% %RESPONSE_CODE_DETAILS% %RESPONSE_FLAGS%\n"

    # MARK: Questions

    def ask(self, name: str, number: int, question, fields=("grpc-status", "grpc-message", "location", "content-type")) -> dict:
        """What the client sees: the status, the body and these fields, or what was echoed."""
        group = GROUPS[name]
        if isinstance(question, str):
            method, target = question.split(" ", 1)
            question = {"method": method, "target": target}
        source = (question.get("source", "127.0.0.1"), 0)
        with socket.create_connection((question.get("target_ip", "127.0.0.1"), self.ports[name]), timeout=10, source_address=source) as plain:
            with self.secured(plain, question) if group.get("tls") else plain as connection:
                try:
                    if group.get("tcp"):
                        connection.sendall(b"ping")
                        return {"echo": connection.recv(100)}
                    return self.request(connection, number, question, fields)
                except (ConnectionResetError, BrokenPipeError, ssl.SSLEOFError, http.client.RemoteDisconnected):
                    return {"echo": b""}

    def secured(self, plain: socket.socket, question: dict) -> ssl.SSLSocket:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.load_verify_locations(self.stage.root)
        if identity := self.stage.identities[question["who"]]:
            context.load_cert_chain(identity.chain, identity.key)
        return context.wrap_socket(plain, server_hostname=question.get("sni"))

    @staticmethod
    def request(connection, number: int, question: dict, fields) -> dict:
        headers = question.get("headers", {})
        lines = [f"{question.get('method', 'GET')} {question['target']} HTTP/1.1", f"Host: {question.get('host', 'web.test')}",
                 f"X-Case: {number}", "Connection: close"]
        lines += [f"{key}: {value}" for key, value in (headers.items() if isinstance(headers, dict) else headers)]
        if question.get("method") in ("POST", "PUT", "PATCH"):
            lines.append("Content-Length: 0")
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        response = http.client.HTTPResponse(connection, method=question.get("method", "GET"))
        response.begin()
        seen = {"status": response.status, "body": response.read()}
        return seen | {key: value for key in fields if (value := response.getheader(key)) is not None}

    def logged(self) -> list[str]:
        """All access-log lines, sorted, since the two may flush in different orders."""
        return sorted(self.log.read_text().splitlines())

    def counters(self) -> dict[str, int]:
        lines = (line.split(": ") for line in self.read("/stats").splitlines() if ".rbac." in line)
        return {name: int(value) for name, value in lines}

    def metrics(self) -> list[str]:
        text = self.read("/stats/prometheus")
        return sorted(line for line in text.splitlines() if re.match(r"envoy_\w*rbac\w*\{", line))


def address(host: str, port: int) -> dict:
    return {"socket_address": {"address": host, "port_value": port}}
