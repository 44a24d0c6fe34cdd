"""Memory at rest, with connections and under load; the start; the size."""

import socket
import statistics
import time

from .. import load
from ..measure import stripped
from ..peers import PEERS
from ..row import Case, Column, Row
from ..session import Session, ask
from .http1 import CONNECTIONS

HELD = (10, 1_000, 10_000)
MB, KB = 1e6, 1e3


class MemoryAndStart(Row):
    name = "memory"
    title = "Memory, start and size"
    peers = ("tulle", "haproxy", "nginx", "envoy")
    columns = (
        Column("idle_mb", "idle MB"), Column("idle_pss_mb", "idle MB (PSS)"),
        *(Column(f"connection_kb_{count}", f"KB a connection, {count:,}", "{:.2f}") for count in HELD),
        Column("loaded_mb", "under load MB"), Column("peak_mb", "peak MB"), Column("start_ms", "start ms", "{:.0f}"),
        Column("binary_mb", "binary MB"))
    compared = "idle_mb"

    def measure(self, session: Session, peer: str, case: Case) -> dict[str, float]:
        short = session.options.short
        starts = []
        for _ in range(0 if short else 4):
            with session.hop(PEERS[peer], "http1", case.features) as hop:
                starts.append(hop.start_ms)
        with session.hop(PEERS[peer], "http1", case.features) as hop:
            starts.append(hop.start_ms)
            # What the start needed has been given back by then, by whoever does so.
            time.sleep(0.5)
            idle = hop.memory()
            figures = {"idle_mb": idle.rss / MB, "idle_pss_mb": idle.pss / MB, "start_ms": statistics.median(starts)}
            figures |= self._with_connections(hop, idle.rss, HELD[:2] if short else HELD)
            load.wrk(hop.port, session.options.seconds, CONNECTIONS)
            loaded = hop.memory()
        file = stripped(PEERS[peer].program(), session.folder)
        return figures | {"loaded_mb": loaded.rss / MB, "peak_mb": loaded.peak / MB, "binary_mb": file.stat().st_size / MB}

    def _with_connections(self, hop, idle: int, counts: tuple[int, ...]) -> dict[str, float]:
        """Kept connections that have had one answer each, more and more of them."""
        held: list[socket.socket] = []
        figures = {}
        try:
            for count in counts:
                while len(held) < count:
                    held.append(socket.create_connection(("127.0.0.1", hop.port), timeout=5))
                    ask(held[-1])
                figures[f"connection_kb_{count}"] = (hop.memory().rss - idle) / count / KB
        finally:
            for connection in held:
                connection.close()
        return figures
