"""The rows, in the order of the report."""

from ..row import Row
from .growth import Growth
from .http1 import HTTP1
from .http2 import HTTP2
from .latency import Latency
from .memory import MemoryAndStart
from .pair import Pair
from .rules import Rules
from .tcp import TCP
from .tls import TLS
from .transport import Transport

ROWS: dict[str, Row] = {row.name: row for row in (
    HTTP1(), HTTP2(), TCP(), TLS(), Transport(), Latency(), MemoryAndStart(), Growth(), Pair(), Rules())}
