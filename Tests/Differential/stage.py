"""What the proxies under test find behind them."""

from upstream import Script, Upstream
from upstream2 import Upstream2


class Stage:
    """All upstreams of the suite and the current script."""

    def __init__(self):
        self.script = Script()
        self.upstreams = {name: Upstream(name, self) for name in ("a", "b")}
        self.upstreams |= {name: Upstream2(name, self) for name in ("a2", "b2")}
        self.upstreams["raw"] = Upstream("raw", self, http=False)

    def play(self, entries) -> Script:
        self.script.over.set()
        self.script = Script(entries)
        return self.script

    def close(self):
        self.script.over.set()
        for upstream in self.upstreams.values():
            upstream.close()
