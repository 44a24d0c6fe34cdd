"""HTTP/1.1 through one hop: CPU a request."""

from .. import load
from ..features import EXTRAS, FEATURES, OFF, ON
from ..peers import PEERS
from ..row import Case, Column, Row, features_of
from ..session import Session
from ..template import fill

CONNECTIONS = 64


def feature_cases(session: Session, configuration: str, label: str = "", **values) -> list[Case]:
    """One case for all peers; with --features each, Tulle with none, with each one alone that its file knows, and with all."""
    if session.options.features != "each":
        return [Case(label, features_of(session), values)]

    def file(features: frozenset) -> str:
        tulle = PEERS["tulle"]
        return fill(tulle.text(configuration), features | tulle.words,
                    {"PORT": 0, "ADMIN": 0, "FOLDER": "", "ENDPOINT": []})
    named = {"none": OFF}
    named |= {f"{word} alone": frozenset({word}) for word in (*FEATURES, *EXTRAS)
              if file(frozenset({word})) != file(OFF)}
    named["all of the mesh's"] = ON
    return [Case(f"{label} {name}".strip(), features, values, ("tulle",)) for name, features in named.items()]


class HTTP1(Row):
    name = "h1"
    title = f"HTTP/1.1 hop, {CONNECTIONS} connections, 1 KiB"
    peers = ("tulle", "haproxy", "nginx", "envoy")
    columns = (
        Column("cpu_us", "CPU µs a request"), Column("rps", "requests/s", "{:,.0f}"), Column("p50_ms", "p50 ms", "{:.2f}"),
        Column("p99_ms", "p99 ms", "{:.2f}"))
    compared = "cpu_us"

    def cases(self, session: Session) -> list[Case]:
        return feature_cases(session, "http1")

    def measure(self, session: Session, peer: str, case: Case) -> dict[str, float]:
        with session.hop(PEERS[peer], "http1", case.features) as hop:
            return cpu_of_load(session, hop, lambda seconds: load.wrk(hop.port, seconds, CONNECTIONS))


def cpu_of_load(session: Session, hop, make_load) -> dict[str, float]:
    """Warms up, then what a request of the load cost the hop's processes."""
    if session.options.warm_up > 0:
        make_load(session.options.warm_up)
    before = hop.cpu()
    result = make_load(session.options.seconds)
    cpu = hop.cpu() - before
    return result | {"cpu_us": cpu / max(1, result["requests"]) * 1e6}
