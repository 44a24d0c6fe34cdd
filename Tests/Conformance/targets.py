"""The proxies that the suite is run against: Tulle, and for proving the suite itself Envoy, HAProxy and nghttpx."""

import socket
from pathlib import Path

from support.binaries import program, proxy
from support.ports import free_port
from support.processes import Processes, wait_until

HCM = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
ROUTER = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"

#: `/direct` is answered by the proxy itself (where it can), `/` and all below by the origin.
ENVOY_FILE = f"""
admin: {{ address: {{ socket_address: {{ address: 127.0.0.1, port_value: @ADMIN@ }} }} }}
static_resources:
  listeners:
    - name: main
      address: {{ socket_address: {{ address: 127.0.0.1, port_value: @PORT@ }} }}
      filter_chains:
        - filters:
            - name: envoy.filters.network.http_connection_manager
              typed_config:
                "@type": {HCM}
                stat_prefix: main
                codec_type: AUTO
                delayed_close_timeout: 0.02s
                http2_protocol_options:
                  max_concurrent_streams: 100
                  initial_stream_window_size: 65536
                  initial_connection_window_size: 1048576
                http_filters:
                  - name: envoy.filters.http.router
                    typed_config: {{ "@type": {ROUTER} }}
                route_config:
                  name: main
                  virtual_hosts:
                    - name: all
                      domains: ["*"]
                      routes:
                        - match: {{ path: /direct }}
                          direct_response: {{ status: 200, body: {{ inline_string: "direct\\n" }} }}
                        - match: {{ prefix: / }}
                          route: {{ cluster: origin, timeout: 0s }}
  clusters:
    - name: origin
      type: STATIC
      connect_timeout: 1s
      typed_extension_protocol_options:
        envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
          "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
          explicit_http_config: {{ http_protocol_options: {{ enable_trailers: true }} }}
      load_assignment:
        cluster_name: origin
        endpoints:
          - lb_endpoints:
              - endpoint: {{ address: {{ socket_address: {{ address: 127.0.0.1, port_value: @ORIGIN@ }} }} }}
"""

HAPROXY_FILE = """
global
    maxconn 2000
defaults
    mode http
    timeout connect 2s
    timeout client 20s
    timeout server 20s
frontend main
    bind 127.0.0.1:@PORT@ proto h2
    http-request return status 200 content-type text/plain string "direct\\n" if { path /direct }
    default_backend origin
backend origin
    server origin 127.0.0.1:@ORIGIN@
"""


class Target:
    """One running proxy."""

    def __init__(self, kind: str, origin: int, folder: Path, processes: Processes):
        self.kind = kind
        self.port = free_port()
        self.address = ("127.0.0.1", self.port)
        #: What the RFC only recommends is asked of Tulle alone: GOAWAY before the end of a connection (RFC 9113
        #: 5.4.1), and that a stream's error does not end the others.
        self.lenient = kind != "tulle"
        self.process = processes.start(*self._command(kind, origin, folder), name=kind)
        wait_until(self._ready, 20, what=f"{kind} listens")

    def _command(self, kind: str, origin: int, folder: Path) -> list:
        match kind:
            case "tulle" | "envoy":
                return proxy(kind, self._write(folder / "proxy.yaml", ENVOY_FILE, origin))
            case "haproxy":
                return [program("haproxy"), "-db", "-f", self._write(folder / "haproxy.cfg", HAPROXY_FILE, origin)]
            case "nghttpx":
                return [program("nghttpx"), f"-f127.0.0.1,{self.port};no-tls", f"-b127.0.0.1,{origin}", "--workers=1",
                        "--conf=/dev/null", "--errorlog-file=/dev/stderr"]
        raise ValueError(f"CONFORMANCE_TARGET={kind}: it is tulle, envoy, haproxy or nghttpx")

    def _write(self, path: Path, text: str, origin: int) -> Path:
        values = {"PORT": self.port, "ORIGIN": origin}
        if "@ADMIN@" in text:
            values["ADMIN"] = free_port()
        for name, port in values.items():
            text = text.replace(f"@{name}@", str(port))
        path.write_text(text)
        return path

    def _ready(self) -> bool:
        assert self.process.running(), f"{self.kind} ended with {self.process.status}:\n{self.process.output()}"
        with socket.socket() as probe:
            return probe.connect_ex(self.address) == 0
