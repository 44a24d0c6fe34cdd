"""TLS ended at a hop: what its records cost a request, and what a handshake costs."""

from .. import load
from ..peers import PEERS
from ..row import Case, Column, Row, features_of
from ..session import Session
from .http1 import CONNECTIONS, cpu_of_load


class TLS(Row):
    name = "tls"
    title = f"TLS 1.3 (P-256) ended, HTTP/1.1, {CONNECTIONS} connections, 1 KiB"
    peers = ("tulle", "haproxy", "nginx", "envoy")
    columns = (Column("cpu_us", "CPU µs a request"), Column("rps", "requests/s", "{:,.0f}"), Column("p50_ms", "p50 ms", "{:.2f}"),
               Column("p99_ms", "p99 ms", "{:.2f}"))
    compared = "cpu_us"

    def cases(self, session: Session) -> list[Case]:
        return [Case("kept connections", features_of(session), {"kept": True}),
                Case("a handshake a request", features_of(session), {"kept": False})]

    def measure(self, session: Session, peer: str, case: Case) -> dict[str, float]:
        with session.hop(PEERS[peer], "http1", case.features | {"tls"}, speaks="https") as hop:
            return cpu_of_load(session, hop, lambda seconds: load.wrk(
                hop.port, seconds, CONNECTIONS, secured=True, kept=case.values["kept"]))
