"""Two proxies side by side on the same file: Envoy, whose answers count, and tulle-proxy."""

import importlib.util
import os
import re
import socket
from pathlib import Path

import pytest

from accepted import ACCEPTED
from support.binaries import proxy
from support.ports import RefusedPort, SilentPort, free_port
from support.processes import Processes, wait_until
from stage import Stage

HERE = Path(__file__).parent


def load_cases():
    """(configuration, case) for every case of every file in cases/, which is named like its configuration."""
    for path in sorted((HERE / "cases").glob("*.py")):
        spec = importlib.util.spec_from_file_location(f"cases_{path.stem}", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        for case in module.CASES:
            yield path.stem, case


def pytest_generate_tests(metafunc):
    if {"configuration", "case"} <= set(metafunc.fixturenames):
        cases = list(load_cases())
        metafunc.parametrize(
            ("configuration", "case"), cases, ids=[f"{name}/{case.name}" for name, case in cases], scope="session")


class Contestant:
    """One proxy running on one configuration."""

    def __init__(self, kind: str, configuration: str, arena: "Arena"):
        self.kind = kind
        text = (HERE / "configs" / f"{configuration}.yaml").read_text()
        self.ports = {name: free_port() for name in set(re.findall(r"@((?:LISTEN|ADMIN)\w*)@", text))}
        for name, port in (arena.ports | self.ports).items():
            text = text.replace(f"@{name}@", str(port))
        path = arena.folder / f"{configuration}-{kind}.yaml"
        path.write_text(text)
        self.process = arena.processes.start(*proxy(kind, path), name=f"{configuration}-{kind}")
        wait_until(self._ready, 20, what=f"{kind} on {configuration}.yaml:\n{self.process.output()}")

    def _ready(self) -> bool:
        if not self.process.running():
            raise AssertionError(f"{self.kind} ended with {self.process.status}:\n{self.process.output()}")
        for name, port in self.ports.items():
            if not name.startswith("LISTEN"):
                continue
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) != 0:
                    return False
        return True

    def address(self, listener: str) -> tuple[str, int]:
        return "127.0.0.1", self.ports[listener]


class Arena:
    """The upstreams, and the two proxies for the configuration in turn."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.processes = Processes(folder)
        self.stage = Stage()
        self.refused = RefusedPort()
        self.silent = SilentPort()
        self.ports = {name.upper(): upstream.port for name, upstream in self.stage.upstreams.items()}
        self.ports |= {"REFUSED": self.refused.port, "SILENT": self.silent.port}
        self.used: set = set()
        self.played = 0
        self._configuration = None
        self._contestants = []
        # DIFFERENTIAL_PEER=envoy plays Envoy against itself, which shows whether the cases are repeatable.
        self.peer = os.environ.get("DIFFERENTIAL_PEER", "tulle")

    def contestants(self, configuration: str) -> list[Contestant]:
        if self._configuration != configuration:
            self.end_round()
            self._configuration = configuration
            self._contestants = []
            for kind in ("envoy", self.peer):
                self._contestants.append(Contestant(kind, configuration, self))
        for contestant in self._contestants:
            assert contestant.process.running(), (
                f"{contestant.kind} has ended with {contestant.process.status}:\n{contestant.process.output()[-3000:]}")
        return self._contestants

    def end_round(self):
        self.stage.play([])
        for contestant in self._contestants:
            # No test of draining: the next file should not wait for it.
            contestant.process.stop(timeout=0.2)
        self._contestants = []
        self._configuration = None

    def close(self):
        self.end_round()
        self.stage.close()
        self.refused.close()
        self.silent.close()
        self.processes.stop()
        self.processes.assert_nothing_lingers()


@pytest.fixture(scope="session")
def arena(tmp_path_factory):
    arena = Arena(tmp_path_factory.mktemp("differential"))
    yield arena
    arena.close()


@pytest.fixture(scope="session")
def accepted(arena):
    # Envoy differs from itself in nothing.
    return [] if arena.peer == "envoy" else ACCEPTED
