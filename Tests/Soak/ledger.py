"""What was asked, what came of it, and which fault explains what failed."""

import asyncio
import collections
import dataclasses
import time


@dataclasses.dataclass
class Failure:
    kind: str
    began: float
    ended: float
    fault: str
    what: str


class Truncated(Exception):
    """An answer that ends before its end, or is another than was asked for."""


class Ledger:
    """All exchanges of a run. A failure needs a fault of its own, or one that was upstream's while it lasted."""

    def __init__(self):
        self.done = collections.Counter()
        self.injected = collections.Counter()
        self.disturbed = collections.Counter()
        self.unexplained: list[Failure] = []
        self._disturbances: list[list] = []

    def begin_disturbance(self, what: str, kinds: tuple[str, ...]) -> list:
        """Something of upstream's that other exchanges may suffer from, until `end_disturbance`."""
        entry = [what, kinds, time.monotonic(), float("inf")]
        self._disturbances.append(entry)
        return entry

    def end_disturbance(self, entry: list, grace: float):
        entry[3] = time.monotonic() + grace

    def disturbed_time(self, kind: str) -> float:
        """For how many seconds failures of a kind were explained by what upstream did to others."""
        total, last = 0.0, 0.0
        for _, kinds, began, ended in sorted(self._disturbances, key=lambda entry: entry[2]):
            if kind.startswith(kinds):
                ended = min(ended, time.monotonic())
                total += max(0.0, ended - max(began, last))
                last = max(last, ended)
        return total

    def exchange(self, kind: str, fault: str = "", fails: bool = False) -> "Exchange":
        """One exchange, with the fault that was injected into it. `fails`: it must not be taken for a success."""
        return Exchange(self, kind, fault, fails)

    def settle(self, failure: Failure):
        if failure.fault:
            self.injected[failure.kind, failure.fault] += 1
            return
        for what, kinds, began, ended in self._disturbances:
            if began <= failure.ended and ended >= failure.began and failure.kind.startswith(kinds):
                self.disturbed[failure.kind, what] += 1
                return
        self.unexplained.append(failure)

    def report(self) -> str:
        lines = [f"{count:>9} {kind} went well" for kind, count in sorted(self.done.items())]
        lines += [f"{count:>9} {kind} with {fault}" for (kind, fault), count in sorted(self.injected.items())]
        lines += [f"{count:>9} {kind} failed during {what}" for (kind, what), count in sorted(self.disturbed.items())]
        for failure in self.unexplained[:20]:
            lines.append(f"UNEXPLAINED {failure.kind} after {failure.ended - failure.began:.3f} s: {failure.what}")
        return "\n".join(lines)


class Exchange:
    def __init__(self, ledger: Ledger, kind: str, fault: str, fails: bool):
        self._ledger, self._kind, self._fault, self._fails = ledger, kind, fault, fails

    def __enter__(self):
        self._began = time.monotonic()
        return self

    def __exit__(self, kind, error, trace) -> bool:
        if error is None:
            if self._fails:
                self._ledger.unexplained.append(Failure(
                    self._kind, self._began, time.monotonic(), "", f"taken for whole in spite of {self._fault}"))
            else:
                self._ledger.done[self._kind] += 1
            return False
        if isinstance(error, asyncio.CancelledError):
            # Whoever waits for it has lost patience. No fault explains that nothing comes at all.
            self._ledger.unexplained.append(Failure(
                self._kind, self._began, time.monotonic(), "", f"never ended (fault: {self._fault or 'none'})"))
        if not isinstance(error, (OSError, EOFError, Truncated)):
            return False
        self._ledger.settle(Failure(
            self._kind, self._began, time.monotonic(), self._fault, f"{type(error).__name__}: {error}"))
        return True
