"""Two sidecars in a row, as every call in a mesh has them: HTTP/1.1, HTTP/2 between them, HTTP/1.1. CPU of both."""

from support.ports import free_port

from .. import load
from ..peers import PEERS
from ..row import Case, Column, Row, features_of
from ..session import Hop, Session, endpoints
from .http1 import CONNECTIONS, cpu_of_load

# How the sidecars speak to each other. `pair-outbound` and `pair-inbound` are a peer's files, and `pair` where one process
# does both.
SECURITIES = {"plain": frozenset(), "mTLS": frozenset({"mtls"})}
ONE_PROCESS = frozenset({"haproxy"})


class Pair(Row):
    name = "pair"
    title = f"Two sidecars, HTTP/1.1 → HTTP/2 → HTTP/1.1, {CONNECTIONS} connections, 1 KiB: both together"
    peers = ("tulle", "haproxy", "haproxy-two", "envoy")
    columns = (Column("cpu_us", "CPU µs a request"), Column("rps", "requests/s", "{:,.0f}"), Column("p50_ms", "p50 ms", "{:.2f}"),
               Column("p99_ms", "p99 ms", "{:.2f}"), Column("loaded_mb", "under load MB"))
    compared = "cpu_us"

    def cases(self, session: Session) -> list[Case]:
        return [Case(name, features_of(session) | words) for name, words in SECURITIES.items()]

    def measure(self, session: Session, peer: str, case: Case) -> dict[str, float]:
        hop = self._start(session, peer, case)
        try:
            figures = cpu_of_load(session, hop, lambda seconds: load.wrk(hop.port, seconds, CONNECTIONS))
            return figures | {"loaded_mb": hop.memory().rss / 1e6}
        finally:
            hop.stop()

    def _start(self, session: Session, peer: str, case: Case) -> Hop:
        if peer in ONE_PROCESS:
            return session.start(PEERS[peer], "pair", case.features, INBOUND=free_port())
        # Who shows no certificate gets no answer.
        speaks = "tcp" if "mtls" in case.features else "http2"
        inbound = session.start(PEERS[peer], "pair-inbound", case.features, speaks=speaks, patience=5)
        try:
            outbound = session.start(PEERS[peer], "pair-outbound", case.features, patience=5,
                                     ENDPOINT=endpoints([f"127.0.0.1:{inbound.port}"]))
        except BaseException:
            inbound.stop()
            raise
        return Hop(outbound.processes + inbound.processes, outbound.port, inbound.start_ms + outbound.start_ms)
