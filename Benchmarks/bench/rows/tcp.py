"""Bytes through a relay: GB a CPU second of the proxy."""

from support.ports import free_port

from .. import load
from ..features import ON
from ..peers import PEERS
from ..row import Case, Column, Row
from ..session import Session, endpoints

CONNECTIONS = 8


class TCP(Row):
    name = "tcp"
    title = f"TCP relay, {CONNECTIONS} connections, half of them each way"
    peers = ("tulle", "haproxy", "haproxy-splice", "envoy")
    columns = (Column("gb_cpu_second", "GB a CPU second", "{:.2f}"), Column("gb_second", "GB/s", "{:.2f}"))
    compared = "gb_cpu_second"

    def cases(self, session: Session) -> list[Case]:
        return [Case("", ON)]

    def measure(self, session: Session, peer: str, case: Case) -> dict[str, float]:
        upstream = free_port()
        with session.hop(PEERS[peer], "tcp", case.features, speaks="tcp", ENDPOINT=endpoints([f"127.0.0.1:{upstream}"])) as hop:
            before = hop.cpu()
            result = load.bulk(upstream, hop.port, session.options.seconds, CONNECTIONS)
            cpu = hop.cpu() - before
        return {"gb_cpu_second": result["bytes"] / 1e9 / cpu, "gb_second": result["bytes"] / 1e9 / result["seconds"]}
