"""`tulle-proxy -c FILE` alone, in front of the test service."""

from pathlib import Path

import yaml

from mesh import PROGRAMS, PYTHON, Answer, fetch, is_ready, listening, wait_until
from support.binaries import binary
from support.ports import free_port
from support.processes import Processes

HCM = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
ROUTER = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"
TCP = "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy"


def address(port: int, host: str = "127.0.0.1") -> dict:
    return {"socket_address": {"address": host, "port_value": port}}


class Standalone:
    """One proxy with an HTTP listener, a TCP listener and an admin port, and its upstream."""

    def __init__(self, folder: Path, processes: Processes, hcm: str = "", upstream: int | None = None, edit=None):
        self._folder = folder
        self._processes = processes
        self.upstream = upstream or free_port()
        self._own_upstream = upstream is None
        self._ports = [free_port() for _ in range(3)]
        self.listener = ("127.0.0.1", self._ports[0])
        self.tcp = ("127.0.0.1", self._ports[1])
        self.admin = f"127.0.0.1:{self._ports[2]}"
        self.configuration = self._describe(yaml.safe_load(hcm) or {})
        if edit:
            edit(self.configuration)
        self.path = folder / "proxy.yaml"
        self.process = None

    def _describe(self, hcm: dict) -> dict:
        routes = {"name": "main", "virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [
            {"match": {"prefix": "/"}, "route": {"cluster": "up", "timeout": "0s"}}]}]}
        manager = {"@type": HCM, "stat_prefix": "main", "route_config": routes, "http_filters": [
            {"name": "envoy.filters.http.router", "typed_config": {"@type": ROUTER}}]} | hcm
        return {
            "admin": {"address": address(self._ports[2])},
            "static_resources": {
                "listeners": [
                    {"name": "main", "address": address(self._ports[0]), "filter_chains": [{"filters": [
                        {"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}]},
                    {"name": "tcp", "address": address(self._ports[1]), "filter_chains": [{"filters": [
                        {"name": "envoy.filters.network.tcp_proxy",
                         "typed_config": {"@type": TCP, "stat_prefix": "tcp", "cluster": "up"}}]}]}],
                "clusters": [{
                    "name": "up", "type": "STATIC", "connect_timeout": "1s",
                    "load_assignment": {"cluster_name": "up", "endpoints": [{"lb_endpoints": [
                        {"endpoint": {"address": address(self.upstream)}}]}]}}]}}

    def start(self, *arguments) -> "Standalone":
        if self._own_upstream:
            self._processes.start(PYTHON, PROGRAMS / "service.py", "--name", "up", "--port", self.upstream)
            wait_until(lambda: listening(self.upstream), 10, what="the upstream listens")
        self.path.write_text(yaml.safe_dump(self.configuration))
        self.process = self._processes.start(binary("tulle-proxy"), "-c", self.path, "-l", "warning", *arguments)
        wait_until(self.ready, 10, what="the proxy is ready")
        return self

    def ready(self) -> bool:
        return is_ready(self.process, self.admin)

    def admin_get(self, path: str, method: str = "GET") -> Answer:
        return fetch(self.admin, path, method)
