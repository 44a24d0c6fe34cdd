"""What the proxy runs on: a bootstrap file that knows its control plane, and the resources that come from there."""

from pathlib import Path

import yaml

HCM = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
ROUTER = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"
TCP = "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy"
OPTIONS = "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
ADS = {"ads": {}, "resource_api_version": "V3"}


def address(port: int) -> dict:
    return {"address": {"socket_address": {"address": "127.0.0.1", "port_value": port}}}


def endpoint(port: int) -> dict:
    return {"endpoint": address(port)}


def http2() -> dict:
    return {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
        "@type": OPTIONS, "common_http_protocol_options": {"idle_timeout": "2s"},
        "explicit_http_config": {"http2_protocol_options": {}}}}


def http1() -> dict:
    return {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
        "@type": OPTIONS, "common_http_protocol_options": {"idle_timeout": "2s"},
        "explicit_http_config": {"http_protocol_options": {}}}}


def write_bootstrap(path: Path, admin: int, control: int):
    path.write_text(yaml.safe_dump({
        "admin": address(admin),
        "node": {"id": "soak", "cluster": "soak"},
        "dynamic_resources": {
            "ads_config": {"api_type": "GRPC", "transport_api_version": "V3",
                           "grpc_services": [{"envoy_grpc": {"cluster_name": "control"}}]},
            "cds_config": ADS, "lds_config": ADS},
        "static_resources": {"clusters": [{
            "name": "control", "type": "STATIC",
            "typed_extension_protocol_options": http2(),
            "load_assignment": {"cluster_name": "control", "endpoints": [{"lb_endpoints": [endpoint(control)]}]}}]}}))


def listeners(http: int, tcp: int) -> list[dict]:
    manager = {
        "@type": HCM, "stat_prefix": "main", "codec_type": "AUTO", "rds": {"config_source": ADS, "route_config_name": "soak"},
        "upgrade_configs": [{"upgrade_type": "websocket"}],
        "common_http_protocol_options": {"idle_timeout": "10s"},
        "http_filters": [{"name": "envoy.filters.http.router", "typed_config": {"@type": ROUTER}}]}
    return [
        {"name": "http", **address(http), "filter_chains": [{"filters": [
            {"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}]},
        {"name": "tcp", **address(tcp), "filter_chains": [{"filters": [
            {"name": "envoy.filters.network.tcp_proxy",
             "typed_config": {"@type": TCP, "stat_prefix": "tcp", "cluster": "tcp"}}]}]}]


def clusters() -> list[dict]:
    def cluster(name: str, options: dict | None) -> dict:
        described = {"name": name, "type": "EDS", "connect_timeout": "1s", "eds_cluster_config": {"eds_config": ADS}}
        return described | ({"typed_extension_protocol_options": options} if options else {})
    return [cluster("h1-a", http1()), cluster("h1-b", http1()), cluster("h2-a", http2()), cluster("h2-b", http2()),
            cluster("tcp", None)]


def routes(weight: int) -> list[dict]:
    """`weight` of 100 goes to the first of each two clusters."""
    def route(prefix: str, kind: str) -> dict:
        return {"match": {"prefix": prefix}, "route": {
            "timeout": "0s", "retry_policy": {"retry_on": "connect-failure,refused-stream", "num_retries": 2},
            "weighted_clusters": {"clusters": [
                {"name": f"{kind}-a", "weight": weight}, {"name": f"{kind}-b", "weight": 100 - weight}]}}}
    return [{"name": "soak", "virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [
        route("/h2/", "h2"), route("/", "h1")]}]}]


def assignments(origins: list[tuple[int, int, int]], crossed: bool) -> list[dict]:
    """The endpoints of each cluster; crossed, the second clusters also have the first origin's."""
    def assignment(name: str, ports: list[int]) -> dict:
        return {"cluster_name": name, "endpoints": [{"lb_endpoints": [endpoint(port) for port in ports]}]}
    (one1, one2, one_tcp), (two1, two2, two_tcp) = origins
    return [assignment("h1-a", [one1]), assignment("h1-b", [two1, one1] if crossed else [two1]),
            assignment("h2-a", [one2]), assignment("h2-b", [one2, two2] if crossed else [two2]),
            assignment("tcp", [one_tcp, two_tcp])]
