"""A mesh on loopback for one test: a control plane, workloads under `tulle run`, and ways to call them."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from support.binaries import binary
from support.ports import free_port
from support.processes import Process, Processes, wait_until

PROGRAMS = Path(__file__).parent / "programs"
PYTHON = sys.executable


class Answer:
    """A response, read whole."""

    def __init__(self, status: int, headers, body: bytes):
        self.status = status
        self.headers = {name.lower(): value for name, value in headers}
        self.body = body

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"{self.status} {self.headers} {self.text[:300]!r}"


class Workload:
    """A command under `tulle run`, with what its sidecar listens on."""

    def __init__(self, mesh: "Mesh", process: Process, service: str, notes: Path):
        self.mesh = mesh
        self.process = process
        self.service = service
        self._notes = notes

    @property
    def environment(self) -> dict[str, str]:
        """What `tulle run` gave its command: waits until the command has started."""
        def read():
            if not self.process.running():
                raise AssertionError(f"{self.service} ended with {self.process.status}:\n{self.process.output()}")
            try:
                return json.loads(self._notes.read_text())
            except (OSError, ValueError):
                return None
        return wait_until(read, 30, what=f"{self.service} started\n{self.process.output()}")

    @property
    def http_proxy(self) -> tuple[str, int]:
        host, _, port = self.environment["http_proxy"].removeprefix("http://").rstrip("/").rpartition(":")
        return host, int(port)

    @property
    def admin(self) -> str:
        return self.environment["TULLE_PROXY_ADMIN"]

    def upstream(self, service: str) -> tuple[str, int]:
        host, _, port = self.environment["TULLE_UPSTREAM_" + service.upper().replace("-", "_")].rpartition(":")
        return host, int(port)

    def tree(self) -> list[int]:
        """The ids of `tulle run`, its sidecar, its command and their children."""
        parents = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    stat = (entry / "stat").read_text()
                except OSError:
                    continue
                parents[int(entry.name)] = int(stat.rpartition(")")[2].split()[1])
        found = [self.process.pid]
        for pid in found:
            found += [child for child, parent in parents.items() if parent == pid and child not in found]
        return found

    def sidecar(self) -> int:
        """The id of the sidecar's process."""
        def find():
            for pid in self.tree()[1:]:
                try:
                    words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
                except OSError:
                    continue
                if words and Path(os.fsdecode(words[0])).name in ("tulle-proxy", "envoy"):
                    return pid
            return None
        return wait_until(find, 10, what=f"the sidecar of {self.service}")

    def kill9(self):
        """Ends the whole instance at once: application, sidecar and `tulle run`."""
        for pid in self.tree():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait(10)

    def stop(self, timeout: float = 15) -> int:
        return self.process.stop(timeout)

    def get(self, url: str, **more) -> Answer:
        """A request through this workload's sidecar, as a program honouring http_proxy sends it."""
        return proxied(self.http_proxy, "GET", url, **more)


def proxied(proxy: tuple[str, int], method: str, url: str, headers=None, body=None, timeout: float = 15) -> Answer:
    connection = http.client.HTTPConnection(*proxy, timeout=timeout)
    try:
        connection.request(method, url, body=body, headers={"connection": "close"} | dict(headers or {}))
        response = connection.getresponse()
        return Answer(response.status, response.getheaders(), response.read())
    finally:
        connection.close()


def fetch(address: str, path: str, method: str = "GET", headers=None, body=None, timeout: float = 15) -> Answer:
    """A request straight to an address."""
    host, _, port = address.rpartition(":")
    return proxied((host, int(port)), method, path, headers, body, timeout)


def is_ready(process: Process, admin: str) -> bool:
    """Whether a proxy's admin says so; fails when the proxy has ended."""
    assert process.running(), f"ended with {process.status}: {process.output()}"
    try:
        return fetch(admin, "/ready").status == 200
    except OSError:
        return False


class Mesh:
    """One control plane and all that was started under it."""

    def __init__(self, folder: Path, processes: Processes):
        self.folder = folder
        self.processes = processes
        self.api = f"127.0.0.1:{free_port()}"
        self.xds = f"127.0.0.1:{free_port()}"
        self.signing = f"127.0.0.1:{free_port()}"
        self.resources = folder / "resources"
        self.resources.mkdir()
        self.data = folder / "data"
        self.control: Process | None = None
        self.environment = {
            "TULLE_API": self.api, "TULLE_XDS": self.xds, "TULLE_SIGNING": self.signing,
            "XDG_STATE_HOME": str(folder / "state"), "XDG_RUNTIME_DIR": str(folder / "run"),
        }
        (folder / "run").mkdir(mode=0o700)
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY"):
            # A build machine's own proxy is none of the mesh's business.
            self.environment[name] = ""
        self._count = 0
        self._probe: Workload | None = None

    def start_control(self, *arguments) -> "Mesh":
        self.control = self.processes.start(
            binary("tulle"), "control", "--api", self.api, "--xds", self.xds, "--data", self.data,
            "--watch", self.resources, *arguments, name="control", env=self.environment)
        self.wait_control()
        return self

    def wait_control(self):
        def ready():
            if not self.control.running():
                raise AssertionError(f"tulle control ended with {self.control.status}:\n{self.control.output()}")
            try:
                return fetch(self.api, "/healthz").status == 200
            except OSError:
                return False
        wait_until(ready, 20, what="the control plane answers /healthz")

    def cli(self, *arguments, input: str | None = None, check: bool = True, timeout: float = 30):
        """Runs `tulle ARGUMENTS` to its end."""
        done = subprocess.run(
            [str(binary("tulle")), *map(str, arguments)], input=input, capture_output=True, text=True, timeout=timeout,
            env={**os.environ, **self.environment})
        if check:
            assert done.returncode == 0, f"tulle {' '.join(map(str, arguments))}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done

    def apply(self, text: str):
        """Applies YAML as `tulle apply -f FILE` does."""
        self._count += 1
        path = self.folder / f"apply-{self._count}.yaml"
        path.write_text(text)
        return self.cli("apply", "-f", path)

    def run(self, service: str, *command, ports=(), labels=(), upstreams=(), options=(), env=None) -> Workload:
        """`tulle run … -- command`, the command preceded by a note of its environment."""
        self._count += 1
        notes = self.folder / f"notes-{self._count}-{service}.json"
        flags = ["--service", service]
        for port in ports:
            flags += ["--port", str(port)]
        for label in labels:
            flags += ["--label", label]
        for upstream in upstreams:
            flags += ["--upstream", upstream]
        process = self.processes.start(
            binary("tulle"), "run", *flags, *options, "--", PYTHON, PROGRAMS / "note.py", notes, *command,
            name=f"run-{service}", env={**self.environment, **(env or {})})
        return Workload(self, process, service, notes)

    def service(self, service: str, name: str | None = None, labels=(), options=(), protocol: str = "") -> Workload:
        """An instance of the test service, that tells who it is."""
        port = free_port()
        return self.run(
            service, PYTHON, PROGRAMS / "service.py", "--name", name or service, "--port", port,
            ports=[f"{port}:{protocol}" if protocol else port], labels=labels, options=options)

    @property
    def probe(self) -> Workload:
        """A client with no service of its own, there until the test ends."""
        if self._probe is None:
            self._probe = self.run("probe", PYTHON, PROGRAMS / "hold.py")
        return self._probe

    def get(self, url: str, **more) -> Answer:
        return self.probe.get(url, **more)

    def until_served(self, url: str, timeout: float = 15, status: int = 200, accept=lambda answer: True) -> Answer:
        """Calls until the answer is as wished."""
        last = []

        def ask():
            try:
                answer = self.get(url)
            except OSError as error:
                last[:] = [error]
                return None
            last[:] = [answer]
            return answer if answer.status == status and accept(answer) else None
        try:
            return wait_until(ask, timeout, every=0.05)
        except TimeoutError:
            raise AssertionError(f"{url}: no such answer in {timeout} s; the last: {last}") from None

    def until_names(self, url: str, names: set[str], timeout: float = 15):
        """Calls until each of these instances has answered."""
        seen: set[str] = set()

        def ask():
            answer = self.get(url)
            if answer.status == 200:
                seen.add(answer.json()["name"])
            return names <= seen
        wait_until(ask, timeout, every=0.01, what=f"{url} answered by {names}")

    def load(self, url: str, workers: int = 8, options=()) -> "Load":
        return Load(self, url, workers, options)


class Load:
    """Requests without a pause from a client in the mesh, counted."""

    def __init__(self, mesh: Mesh, url: str, workers: int, options):
        mesh._count += 1
        self._report = mesh.folder / f"load-{mesh._count}.json"
        self.workload = mesh.run(
            "load", PYTHON, PROGRAMS / "load.py", "--url", url, "--workers", workers, "--report", self._report,
            options=options)

    def counts(self) -> dict:
        try:
            return json.loads(self._report.read_text())
        except (OSError, ValueError):
            return {"ok": 0, "failed": 0, "errors": {}, "by": {}}

    def wait_more(self, requests: int, timeout: float = 60) -> dict:
        """Waits until this many more have been answered."""
        goal = self.counts()["ok"] + requests
        wait_until(lambda: self.counts()["ok"] >= goal, timeout, what=f"{requests} more answers; now {self.counts()}")
        return self.counts()

    def finish(self) -> dict:
        """Ends the load gently and gives its last count."""
        status = self.workload.stop()
        assert status == 0, f"load ended with {status}:\n{self.workload.process.output()}"
        return self.counts()


def listening(port: int, host: str = "127.0.0.1") -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, port)) == 0


def wait_until_listening(*ports: int, timeout: float = 20):
    """Waits until each port accepts connections: `tulle run` is registered before its command listens."""
    for port in ports:
        wait_until(lambda: listening(port), timeout, what=f"port {port} accepts connections")


def now() -> float:
    return time.monotonic()
