"""The soak: mixed load through one tulle-proxy for a long time, with clients and upstreams that break off and a configuration
that never rests. See docs/testing.md; run by scripts/soak."""

import argparse
import asyncio
import contextlib
import json
import os
import random
import signal
import statistics
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import configuration  # noqa: E402
import http1  # noqa: E402
import http2  # noqa: E402
from control import ASSIGNMENTS, CLUSTERS, LISTENERS, ROUTES, ControlPlane  # noqa: E402
from ledger import Ledger  # noqa: E402
from support.binaries import binary  # noqa: E402
from support.ports import free_port  # noqa: E402
from support.processes import Process, Processes, wait_until  # noqa: E402

#: What runs at once, and how many of it.
CLIENTS = (
    (http1.keep_alive, 6), (http1.short, 3), (http1.upload, 2), (http1.slow_reader, 2), (http1.half_close, 1),
    (http1.break_off, 2), (http1.web_socket, 3), (http2.streams, 5))
TCP_CLIENTS = ((http1.tcp, 3), (http1.tcp_reset, 1))

#: Longer than any exchange takes, slow readers included, on a machine that does other things as well.
PATIENCE = 40


class Soak:
    def __init__(self, arguments, folder: Path, processes: Processes):
        self.seconds = arguments.minutes * 60
        self.chance = random.Random(arguments.seed)
        self.folder, self.processes = folder, processes
        self.ledger = Ledger()
        self.control = ControlPlane()
        self.http, self.tcp, self.admin, self.xds = (free_port() for _ in range(4))
        self.origin_ports = [(free_port(), free_port(), free_port()) for _ in range(2)]
        self.origins: list[Process] = []
        self.samples: list[tuple[float, int, int]] = []
        self.changes = self.kills = 0
        self.problems: list[str] = []

    # What is under test, and what stands behind it.

    async def run(self):
        for ports in self.origin_ports:
            self.origins.append(self._start_origin(ports))
        server = await self.control.start(self.xds)
        await self._configure(weight=50, crossed=False)
        path = self.folder / "bootstrap.yaml"
        configuration.write_bootstrap(path, self.admin, self.xds)
        self.proxy = self.processes.start(
            binary("tulle-proxy"), "-c", path, "--concurrency", "2", "-l", "warning", name="tulle-proxy")
        await self._until(lambda: self._admin("/ready") is not None, "the proxy is ready")
        await self._until(lambda: all(map(self._listens, (self.http, self.tcp))), "the listeners are there")
        descriptors = self._descriptors()
        await self._load()
        await self._rest(descriptors)
        await server.stop(0)

    def _start_origin(self, ports) -> Process:
        process = self.processes.start(sys.executable, Path(__file__).parent / "origin.py", *ports, name="origin")
        wait_until(lambda: all(map(self._listens, ports)), 20, what="the origin listens")
        return process

    async def _configure(self, weight: int, crossed: bool):
        await self.control.publish(CLUSTERS, configuration.clusters())
        await self.control.publish(ASSIGNMENTS, configuration.assignments(self.origin_ports, crossed))
        await self.control.publish(LISTENERS, configuration.listeners(self.http, self.tcp))
        await self.control.publish(ROUTES, configuration.routes(weight))

    async def _load(self):
        began = time.monotonic()
        self.end = began + self.seconds
        workers = [self._repeat(client, self.http) for client, count in CLIENTS for _ in range(count)]
        workers += [self._repeat(client, self.tcp) for client, count in TCP_CLIENTS for _ in range(count)]
        tasks = [asyncio.ensure_future(worker) for worker in (
            *workers, self._change(), self._kill(), self._sample(began), self._tell(began))]
        await asyncio.gather(*tasks)

    async def _repeat(self, client, port: int):
        chance = random.Random(self.chance.random())
        while time.monotonic() < self.end:
            try:
                async with asyncio.timeout(PATIENCE):
                    await client(port, self.ledger, chance)
            except TimeoutError:
                pass  # The ledger has it.
            except OSError as error:
                # Connecting itself is never one of the faults: the proxy is always there.
                self.problems.append(f"{client.__name__}: {type(error).__name__}: {error}")
                await asyncio.sleep(1)
            await asyncio.sleep(chance.random() * 0.05)

    # What goes on meanwhile.

    async def _change(self):
        """New weights and endpoints all the time; listeners and clusters sent anew, unchanged, now and then."""
        while time.monotonic() < self.end:
            await asyncio.sleep(self.chance.uniform(0.1, 1.5))
            self.changes += 1
            match self.changes % 10:
                case 0:
                    await self.control.publish(LISTENERS, configuration.listeners(self.http, self.tcp))
                case 5:
                    await self.control.publish(CLUSTERS, configuration.clusters())
                case number if number % 3 == 0:
                    crossed = self.chance.random() < 0.5
                    await self.control.publish(ASSIGNMENTS, configuration.assignments(self.origin_ports, crossed))
                case _:
                    await self.control.publish(ROUTES, configuration.routes(self.chance.randint(0, 100)))

    async def _kill(self):
        """An upstream is killed and started again, rarely enough that most of the time nothing may fail."""
        while time.monotonic() + 15 < self.end:
            await asyncio.sleep(self.chance.uniform(10, 14) if self.seconds < 120 else self.chance.uniform(20, 60))
            which = self.chance.randrange(2)
            self.kills += 1
            disturbance = self.ledger.begin_disturbance("an upstream's death", ("h1", "h2", "tcp"))
            self.origins[which].kill9()
            await asyncio.sleep(self.chance.uniform(0.1, 1))
            ports = self.origin_ports[which]
            self.origins[which] = self.processes.start(
                sys.executable, Path(__file__).parent / "origin.py", *ports, name="origin")
            await self._until(lambda: all(map(self._listens, ports)), "the origin listens again")
            # Connections that were made before are found dead when they are used again.
            self.ledger.end_disturbance(disturbance, 0.5)

    async def _sample(self, began: float):
        every = min(10, max(0.5, self.seconds / 120))
        while time.monotonic() < self.end:
            await asyncio.sleep(every)
            if not self.proxy.running():
                self.problems.insert(0, f"the proxy ended with {self.proxy.status}: {self.proxy.output()[-2000:]}")
                self.end = 0
                return
            self.samples.append((time.monotonic() - began, self.proxy.rss(), self._descriptors()))

    async def _tell(self, began: float):
        every = min(60, self.seconds / 4)
        while time.monotonic() < self.end:
            await asyncio.sleep(every)
            rss, descriptors = self.samples[-1][1:] if self.samples else (0, 0)
            print(f"soak: {time.monotonic() - began:6.0f} s, {sum(self.ledger.done.values())} went well, "
                  f"{sum(self.ledger.injected.values())} with a fault, {sum(self.ledger.disturbed.values())} disturbed, "
                  f"{len(self.ledger.unexplained)} unexplained; {rss >> 20} MB, {descriptors} descriptors", flush=True)

    # What must be so at the end.

    async def _rest(self, descriptors: int):
        """Without load, all that was opened is closed."""
        if not self.proxy.running():
            return
        with contextlib.suppress(TimeoutError):
            await self._until(lambda: not self._busy(), "the gauges are back at 0", 20)
        for name, value in self._busy().items():
            self.problems.append(f"{name} is {value} at rest")
        with contextlib.suppress(TimeoutError):
            await self._until(lambda: self._descriptors() <= descriptors + 4, "descriptors are closed", 10)
        left = self._descriptors()
        if left > descriptors + 4:
            self.problems.append(f"{left} descriptors are open at rest, {descriptors} were before the load")
        status = self.proxy.stop(15)
        if status not in (0, 143, -15):
            self.problems.append(f"the proxy ended with {status}")

    def _busy(self) -> dict[str, int]:
        """The gauges of what is under way, without the control plane's own."""
        found = {}
        for line in (self._admin("/stats?filter=_active$|pending_active") or "").splitlines():
            name, _, value = line.rpartition(": ")
            if value.isdigit() and int(value) and not name.startswith(("cluster.control.", "cluster_manager", "listener_manager")) \
                    and "admin" not in name:
                found[name] = int(value)
        return found

    def judge(self):
        """Memory and descriptors of the last quarter against those of the second, when all was warm."""
        count = len(self.samples)
        if count < 8:
            return
        for index, name, unit, allowed in ((1, "memory", 1 << 20, 6 << 20), (2, "descriptors", 1, 20)):
            values = [sample[index] for sample in self.samples]
            early, late = (statistics.median(values[part * count // 4:(part + 1) * count // 4]) for part in (1, 3))
            slope = statistics.linear_regression(
                [sample[0] for sample in self.samples[count // 4:]], values[count // 4:]).slope
            print(f"soak: {name}: {early / unit:.1f}, then {late / unit:.1f}; {slope * 3600 / unit:+.1f} an hour")
            if late > early + max(allowed, early * 0.15):
                self.problems.append(f"{name} grew from {early / unit:.1f} to {late / unit:.1f}")
        self.problems += [f"refused by the proxy: {message}" for message in self.control.refused[:5]]
        if self.ledger.unexplained:
            self.problems.append(f"{len(self.ledger.unexplained)} failures that no fault explains")

    # Small questions.

    def _descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.proxy.pid}/fd"))

    def _listens(self, port: int) -> bool:
        # From the kernel's table: asking by connecting would be load.
        return f"0100007F:{port:04X} 00000000:0000 0A" in Path("/proc/net/tcp").read_text()

    def _admin(self, path: str) -> str | None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.admin}{path}", timeout=5) as answer:
                return answer.read().decode()
        except OSError:
            return None

    async def _until(self, condition, what: str, timeout: float = 20):
        end = time.monotonic() + timeout
        while not condition():
            if time.monotonic() > end:
                raise TimeoutError(f"{what}: not within {timeout} s")
            await asyncio.sleep(0.05)


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60, help="how long the load lasts (60)")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="for the choices of faults and sizes")
    parser.add_argument("--output", type=Path, help="a folder for logs and samples")
    arguments = parser.parse_args()
    folder = arguments.output or Path(tempfile.mkdtemp(prefix="tulle-soak-"))
    folder.mkdir(parents=True, exist_ok=True)
    print(f"soak: {arguments.minutes:g} minutes, --seed {arguments.seed}; logs in {folder}", flush=True)
    # A run that is told to end ends its processes first.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    processes = Processes(folder)
    soak = Soak(arguments, folder, processes)
    try:
        asyncio.run(soak.run())
    finally:
        processes.stop()
        (folder / "samples.json").write_text(json.dumps(soak.samples))
    soak.judge()
    print(soak.ledger.report())
    print(f"soak: {soak.changes} changes of the configuration, {soak.control.acknowledged} acknowledged; "
          f"{soak.kills} upstreams killed; for "
          + ", ".join(f"{soak.ledger.disturbed_time(kind) / soak.seconds:.0%} of the time {kind}"
                      for kind in ("h1", "h2 to h2", "tcp"))
          + " could fail by another's fault")
    for problem in soak.problems[:20]:
        print(f"soak: FAILED: {problem}")
    if not soak.problems:
        print("soak: all failures are explained, nothing grew, nothing is left")
    return 1 if soak.problems else 0


if __name__ == "__main__":
    sys.exit(main())
