"""What access rules cost a request: the HTTP/1.1 hop without any, and with so many of which the last one lets in."""

import json

from .. import load
from ..peers import PEERS
from ..row import Case, Column, Row, features_of
from ..session import Session
from .http1 import CONNECTIONS, cpu_of_load

COUNTS = (0, 10, 1_000)


class Rules(Row):
    name = "rules"
    title = f"Access rules (RBAC), HTTP/1.1 hop, {CONNECTIONS} connections, 1 KiB"
    peers = ("tulle", "envoy")
    columns = (Column("cpu_us", "CPU µs a request"), Column("rps", "requests/s", "{:,.0f}"), Column("p99_ms", "p99 ms", "{:.2f}"))
    compared = "cpu_us"
    left_out = {"haproxy": "it has no rules of this kind", "nginx": "likewise"}

    def cases(self, session: Session) -> list[Case]:
        return [Case(f"{count:,} rules" if count else "none", features_of(session), {"count": count})
                for count in ((0, 1_000) if session.options.short else COUNTS)]

    def measure(self, session: Session, peer: str, case: Case) -> dict[str, float]:
        count = case.values["count"]
        features = case.features | ({"rules"} if count else frozenset())
        with session.hop(PEERS[peer], "http1", features, patience=60, RULES=json.dumps(policies(count))) as hop:
            return cpu_of_load(session, hop, lambda seconds: load.wrk(hop.port, seconds, CONNECTIONS))


def policies(count: int) -> dict:
    """As a mesh has them: each lets one caller read below one path; only the last, by name, is about this one."""
    def policy(address: str, path: str) -> dict:
        return {
            "permissions": [{"and_rules": {"rules": [
                {"header": {"name": ":method", "string_match": {"exact": "GET"}}},
                {"url_path": {"path": {"prefix": path}}}]}}],
            "principals": [{"direct_remote_ip": {"address_prefix": address, "prefix_len": 32}}]}
    others = {f"caller-{index:05}": policy(f"10.1.{index // 250}.{index % 250 + 1}", f"/team-{index}/")
              for index in range(count - 1)}
    return others | {"zz-this-one": policy("127.0.0.1", load.PATH)}
