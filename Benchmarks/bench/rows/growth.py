"""CPU a request, memory and start as the configuration grows: routes, services, endpoints, and connections."""

import random

from .. import load
from ..peers import PEERS
from ..row import Case, Column, Row, features_of
from ..session import Session, endpoints
from .http1 import CONNECTIONS, cpu_of_load

SIZES = {"routes": (1, 100, 10_000), "services": (1, 100, 10_000), "endpoints": (1, 100, 10_000), "connections": (10, 1_000, 10_000)}
# A workload calls some of a mesh's services, however many there are.
SERVICES_CALLED = 100


class Growth(Row):
    name = "growth"
    title = "Growth: HTTP/1.1 with large configurations and many connections"
    peers = ("tulle", "haproxy", "envoy")
    columns = (
        Column("cpu_us", "CPU µs a request"), Column("rps", "requests/s", "{:,.0f}"), Column("idle_mb", "idle MB"),
        Column("start_ms", "start ms", "{:,.0f}"))
    compared = "cpu_us"
    left_out = {"nginx": "its routes are not made to be this many"}

    def cases(self, session: Session) -> list[Case]:
        return [Case(f"{count:,} {what}", features_of(session), {"what": what, "count": count})
                for what, counts in SIZES.items() for count in ([100] if session.options.short else counts)]

    def measure(self, session: Session, peer: str, case: Case) -> dict[str, float]:
        what, count = case.values["what"], case.values["count"]
        connections = count if what == "connections" else CONNECTIONS
        configuration = "http1" if what == "connections" else f"growth-{what}"
        values, targets = getattr(self, f"_{what}")(session, count)
        with session.hop(PEERS[peer], configuration, case.features, patience=180, **values) as hop:
            memory = hop.memory()
            figures = cpu_of_load(session, hop, lambda seconds: load.wrk(hop.port, seconds, connections, targets))
        return figures | {"idle_mb": memory.rss / 1e6, "start_ms": hop.start_ms}

    # Each: what the templates need, and the hosts and paths to ask for, in an order that helps no cache.

    def _routes(self, session: Session, count: int) -> tuple[dict, list]:
        routes = [{"KIND": "path", "PATH": f"/exact/{index}"} if index % 2 == 0
                  else {"KIND": "prefix", "PATH": f"/prefix/{index}/"} for index in range(count)]
        files = {
            "exact.map": "".join(f"{route['PATH']} up\n" for route in routes if route["KIND"] == "path"),
            "prefix.map": "".join(f"{route['PATH']} up\n" for route in routes if route["KIND"] == "prefix")}
        targets = [(load.HOST, route["PATH"] + ("" if route["KIND"] == "path" else "item")) for route in routes]
        return {"ROUTE": routes, "FILES": files}, _shuffled(targets)

    def _services(self, session: Session, count: int) -> tuple[dict, list]:
        upstream = session.origin[0]
        services = [{"NAME": f"service-{index}", "HOST": f"service-{index}.example", "ADDRESS": upstream["HOST"],
                     "PORT": upstream["PORT"]} for index in range(count)]
        files = {"hosts.map": "".join(f"{service['HOST']} {service['NAME']}\n" for service in services)}
        called = services[::max(1, count // SERVICES_CALLED)]
        return {"SERVICE": services, "FILES": files}, _shuffled([(service["HOST"], load.PATH) for service in called])

    def _endpoints(self, session: Session, count: int) -> tuple[dict, list]:
        port = session.wide_origin_port
        addresses = [f"127.0.{1 + index // 250}.{1 + index % 250}:{port}" for index in range(count)]
        return {"ENDPOINT": endpoints(addresses)}, []

    def _connections(self, session: Session, count: int) -> tuple[dict, list]:
        return {}, []


def _shuffled(targets: list) -> list:
    random.Random(1).shuffle(targets)
    return targets
