"""What a row of the benchmark is."""

from dataclasses import dataclass, field

from .features import OFF, ON
from .peers import family
from .session import Session


@dataclass(frozen=True)
class Column:
    """A figure of a row: its key in the measurements, its title, and how it is written."""

    key: str
    title: str
    form: str = "{:.1f}"


@dataclass(frozen=True)
class Case:
    """A line of a row for each peer."""

    label: str
    features: frozenset = ON
    # Whatever the row needs to know.
    values: dict = field(default_factory=dict)
    # Where the case is not for all of the row's peers.
    peers: tuple[str, ...] = ()


class Row:
    """Measures each of its cases for each of its peers, once a round."""

    name: str
    title: str
    peers: tuple[str, ...]
    columns: tuple[Column, ...]
    # The column that is compared with HAProxy's and Envoy's.
    compared: str
    # Peers that are left out, and why.
    left_out: dict[str, str] = {}

    def cases(self, session: Session) -> list[Case]:
        return [Case("", features_of(session))]

    def measure(self, session: Session, peer: str, case: Case) -> dict[str, float]:
        """One round. `failed`, where there is one, counts requests that were not answered as they should be."""
        raise NotImplementedError

    def complete(self, medians: dict[str, dict[str, float]]):
        """Adds figures that come of comparing peers with each other, for one case."""

    def peers_of(self, case: Case, session: Session) -> list[str]:
        named = case.peers or self.peers
        return [name for name in named if name == "direct" or family(name) in session.options.peers]


def features_of(session: Session) -> frozenset:
    return OFF if session.options.features == "off" else ON
