"""What a hop adds to the latency at a fixed load that is the same for every peer, sent on a schedule that waits for nobody."""

from functools import partial

from .. import load
from ..peers import PEERS
from ..row import Case, Column, Row, features_of
from ..session import CannotServe, Session
from .http1 import CONNECTIONS as HTTP1_CONNECTIONS
from .http2 import CONNECTIONS, STREAMS

QUANTILES = ("p50", "p90", "p99", "p99.9")


class Latency(Row):
    name = "latency"
    title = "Latency that a hop adds, µs, open loop"
    peers = ("direct", "tulle", "haproxy", "nginx", "nghttpx", "envoy")
    columns = (
        *(Column(f"added_{name}", f"added {name}", "{:,.0f}") for name in QUANTILES),
        *(Column(name, f"whole {name}", "{:,.0f}") for name in QUANTILES),
        Column("answered", "answered", "{:.1%}"), Column("late", "sent late p99", "{:,.0f}"))
    compared = "added_p99"
    left_out = {"nginx with HTTP/2": "it speaks no HTTP/2 to upstreams", "nghttpx with HTTP/1.1": "it is here for HTTP/2"}

    def cases(self, session: Session) -> list[Case]:
        """Half of what HAProxy does at most, and half of what the slowest does, so that each has a load it can bear."""
        cases = []
        for http2 in (False, True):
            protocol = "HTTP/2" if http2 else "HTTP/1.1"
            peers = tuple(name for name in self.peers if name != ("nginx" if http2 else "nghttpx"))
            proxies = [name for name in self.peers_of(Case("", peers=peers), session) if name != "direct"]
            most = {}
            for name in proxies:
                try:
                    most[name] = self._run(session, name, http2, features_of(session), rate=0)["rate"]
                except CannotServe:
                    continue
            if not most:
                continue
            print(f"latency {protocol}: at most " + ", ".join(f"{name} {rate:,.0f}/s" for name, rate in most.items()), flush=True)
            rates = {min(most.values()) / 2: "the slowest"}
            if "haproxy" in most and most["haproxy"] > 1.2 * min(most.values()) and not session.options.short:
                rates[most["haproxy"] / 2] = "HAProxy"
            cases += [
                Case(f"{protocol}, {rate:,.0f}/s, half of {whose}", features_of(session), {"http2": http2, "rate": rate}, peers)
                for rate, whose in rates.items()]
        return cases

    def measure(self, session: Session, peer: str, case: Case) -> dict[str, float]:
        rate, http2 = case.values["rate"], case.values["http2"]
        result = self._run(session, peer, http2, case.features, rate)
        asked = result["requests"] + result["unanswered"]
        return {**{name: result["latency_us"][name] for name in QUANTILES}, "late": result["late_us"]["p99"],
                "answered": result["requests"] / max(1, asked), "failed": result["failed"]}

    def complete(self, medians: dict[str, dict[str, float]]):
        direct = medians.get("direct")
        for name, values in medians.items():
            if direct and name != "direct":
                values |= {f"added_{quantile}": values[quantile] - direct[quantile] for quantile in QUANTILES}

    def _run(self, session: Session, peer: str, http2: bool, features: frozenset, rate: float) -> dict:
        seconds = session.options.seconds if rate else min(2, session.options.seconds)
        generate = partial(
            load.generator, http2=http2, connections=CONNECTIONS if http2 else HTTP1_CONNECTIONS,
            streams=STREAMS if http2 else 1, rate=rate, seconds=seconds, warm_up=session.options.warm_up)
        if peer == "direct":
            return generate(int(session.origin[0]["PORT"]))
        with session.hop(PEERS[peer], "http2" if http2 else "http1", features, speaks="http2" if http2 else "http1",
                         patience=5) as hop:
            return generate(hop.port)
