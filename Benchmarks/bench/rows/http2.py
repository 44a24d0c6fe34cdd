"""HTTP/2 through one hop, without TLS, plain requests and gRPC's: CPU a request."""

from .. import load
from ..peers import PEERS
from ..row import Case, Column, Row
from ..session import Session
from .http1 import cpu_of_load, feature_cases

CONNECTIONS, STREAMS = 8, 16


class HTTP2(Row):
    name = "h2"
    title = f"HTTP/2 hop, {CONNECTIONS} connections x {STREAMS} streams, 1 KiB"
    peers = ("tulle", "haproxy", "nghttpx", "envoy")
    columns = (Column("cpu_us", "CPU µs a request"), Column("rps", "requests/s", "{:,.0f}"))
    compared = "cpu_us"
    left_out = {"nginx": "it speaks no HTTP/2 to upstreams"}

    def cases(self, session: Session) -> list[Case]:
        return [case for grpc in (False, True)
                for case in feature_cases(session, "http2", "gRPC" if grpc else "GET", grpc=grpc)]

    def measure(self, session: Session, peer: str, case: Case) -> dict[str, float]:
        grpc = case.values["grpc"]
        upstream = session.grpc_origin if grpc else session.origin
        with session.hop(PEERS[peer], "http2", case.features, speaks="http2", patience=5, ENDPOINT=upstream) as hop:
            return cpu_of_load(session, hop, lambda seconds: load.h2load(hop.port, seconds, CONNECTIONS, STREAMS, grpc))
