"""Processes of a test: each in its own session, ended by id, and none left behind."""

import os
import signal
import subprocess
import time
import uuid
from pathlib import Path

# Every process we start carries this variable, and so do its children: what lingers is found by it,
# whatever sessions and groups those children made for themselves.
MARK = "TULLE_TEST_MARK"


def wait_until(condition, timeout: float = 10, every: float = 0.02, what: str = "condition"):
    """Returns the condition's first true value; raises when none came in time."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {timeout} s")
        time.sleep(every)


class Process:
    """One program with its output in a file."""

    def __init__(self, family: "Processes", command, log: Path, env=None, cwd=None, stdin=subprocess.DEVNULL):
        self.command = [str(word) for word in command]
        self.log = log
        environment = {**os.environ, **(env or {}), MARK: family.mark}
        with open(log, "ab") as output:
            self._popen = subprocess.Popen(
                self.command, stdin=stdin, stdout=output, stderr=subprocess.STDOUT, env=environment, cwd=cwd,
                start_new_session=True)
        self.pid = self._popen.pid

    def running(self) -> bool:
        return self._popen.poll() is None

    @property
    def status(self):
        """The exit status, negative for a signal; None while it runs."""
        return self._popen.poll()

    def wait(self, timeout: float = 10) -> int:
        return self._popen.wait(timeout)

    def signal(self, number: int):
        """To the process alone."""
        if self.running():
            os.kill(self.pid, number)

    def kill9(self):
        self.signal(signal.SIGKILL)
        self._popen.wait(10)

    def stop(self, timeout: float = 8) -> int:
        """SIGTERM, and SIGKILL to its group when that does not end it in time."""
        if self.running():
            os.kill(self.pid, signal.SIGTERM)
            try:
                self._popen.wait(timeout)
            except subprocess.TimeoutExpired:
                os.killpg(self.pid, signal.SIGKILL)
                self._popen.wait(10)
        return self._popen.returncode

    def output(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def rss(self) -> int:
        """Resident bytes."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        return 0


class Processes:
    """All processes of a test session or a test."""

    def __init__(self, folder: Path):
        self.mark = uuid.uuid4().hex
        self.folder = folder
        self.started: list[Process] = []

    def start(self, *command, name: str | None = None, env=None, cwd=None, stdin=subprocess.DEVNULL) -> Process:
        name = name or Path(str(command[0])).name
        log = self.folder / f"{len(self.started):02d}-{name}.log"
        process = Process(self, command, log, env=env, cwd=cwd, stdin=stdin)
        self.started.append(process)
        return process

    def stop(self):
        """Ends all, youngest first."""
        for process in reversed(self.started):
            process.stop()

    def descendants(self) -> dict[int, str]:
        """Everything alive that we started or that came of it: pid → command line."""
        needle = f"{MARK}={self.mark}".encode()
        found = {}
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                continue
            try:
                if needle in (entry / "environ").read_bytes().split(b"\0"):
                    found[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
        return found

    def assert_nothing_lingers(self, timeout: float = 5):
        """Waits for the last to go; ends what stays, by id, and fails naming it."""
        end = time.monotonic() + timeout
        while (left := self.descendants()) and time.monotonic() < end:
            time.sleep(0.05)
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        assert not left, f"still running after the test: {left}"
