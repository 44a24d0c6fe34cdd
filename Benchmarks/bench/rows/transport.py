"""HTTP/1.1's bytes through a relay that does not look at them: what reading and writing alone costs each proxy."""

from .. import load
from ..features import ON
from ..peers import PEERS
from ..row import Case, Column, Row
from ..session import Session
from .http1 import CONNECTIONS, cpu_of_load


class Transport(Row):
    name = "transport"
    title = f"Bytes of HTTP/1.1 relayed unseen, {CONNECTIONS} connections, 1 KiB: the transport's part of a hop"
    peers = ("tulle", "haproxy", "envoy", "bare")
    columns = (Column("cpu_us", "CPU µs a request"), Column("rps", "requests/s", "{:,.0f}"), Column("p99_ms", "p99 ms", "{:.2f}"))
    compared = "cpu_us"

    def cases(self, session: Session) -> list[Case]:
        return [Case("", ON)]

    def measure(self, session: Session, peer: str, case: Case) -> dict[str, float]:
        with session.hop(PEERS[peer], "tcp", case.features) as hop:
            return cpu_of_load(session, hop, lambda seconds: load.wrk(hop.port, seconds, CONNECTIONS))
