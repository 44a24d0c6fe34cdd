"""`tulle run` as the kernel and a terminal see it: process groups, the foreground, and nothing that lingers."""

import os
import pty
import select
import signal
import subprocess
import time

from mesh import PYTHON, fetch, wait_until
from support.binaries import binary


def alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def services(mesh) -> list[str]:
    return [item["service"] for item in fetch(mesh.api, "/api/v1/workloads").json()["items"]]


def test_killing_the_run_leaves_neither_sidecar_nor_command(mesh):
    workload = mesh.service("web")
    mesh.until_served("http://web/")
    tree = workload.tree()
    os.kill(workload.process.pid, signal.SIGKILL)
    wait_until(lambda: not any(alive(pid) for pid in tree), 5, what="sidecar and command ended with their run")
    # The next run sweeps up the files that this one could not.
    mesh.cli("run", "--service", "job", "--", "true")
    assert not [entry for entry in (mesh.folder / "run").rglob("*") if entry.is_file() and "web" in str(entry)]


def test_sigterm_leaves_the_registry_before_the_command_is_told(mesh):
    script = "trap 'exit 4' TERM; while :; do sleep 0.05; done"
    workload = mesh.run("web", "sh", "-c", script, ports=["19:http"], options=["--drain", "5s"])
    assert workload.environment
    wait_until(lambda: "web" in services(mesh), 10)
    workload.process.signal(signal.SIGTERM)
    wait_until(lambda: "web" not in services(mesh), 4, what="the registry is left during the drain")
    assert workload.process.running()
    began = time.monotonic()
    workload.process.signal(signal.SIGTERM)
    assert workload.process.wait(10) == 4
    assert time.monotonic() - began < 3, "a second SIGTERM does not wait for the drain"


def test_a_client_does_not_wait_for_a_drain(mesh):
    workload = mesh.run("client", "sleep", "60", options=["--drain", "20s"])
    assert workload.environment
    began = time.monotonic()
    workload.process.signal(signal.SIGTERM)
    assert workload.process.wait(15) == 128 + signal.SIGTERM
    assert time.monotonic() - began < 8


class Terminal:
    """A command line in the foreground of a terminal of its own."""

    def __init__(self, mesh, *command):
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:
            os.execve(command[0], [str(word) for word in command], {**os.environ, **mesh.environment})
        self.said = ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """Hangs up, as a terminal that is closed does, which ends what still runs in it."""
        os.close(self.descriptor)
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            self.status()

    def until(self, text: str, times: int = 1, timeout: float = 20):
        end = time.monotonic() + timeout
        while self.said.count(text) < times:
            assert time.monotonic() < end, f"no {text!r} {times} times in {self.said!r}"
            if select.select([self.descriptor], [], [], 0.1)[0]:
                try:
                    self.said += os.read(self.descriptor, 4096).decode(errors="replace")
                except OSError:
                    break
        assert self.said.count(text) >= times, self.said

    def type(self, text: str):
        os.write(self.descriptor, text.encode())

    def status(self) -> int:
        pid, self.pid = self.pid, 0
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_an_interactive_command_has_the_terminal(mesh):
    # SIGINT is blocked and waited for: an input() that is about to read does not see one that comes just before it.
    program = ("import os,signal,sys\n"
               "print('foreground', os.tcgetpgrp(0) == os.getpgrp(), flush=True)\n"
               "signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})\n"
               "print('read', input(), flush=True)\n"
               "signal.sigwait({signal.SIGINT})\n"
               "print('interrupted', flush=True)\n"
               "sys.exit(9)\n")
    with Terminal(mesh, binary("tulle"), "run", "--service", "shell", "--", PYTHON, "-c", program) as terminal:
        terminal.until("foreground True")
        terminal.type("hello\n")
        terminal.until("read hello")
        terminal.type("\x03")
        terminal.until("interrupted")
        assert terminal.status() == 9


def test_ctrl_z_stops_the_job_and_fg_brings_it_back(mesh):
    script = f"set -m; {binary('tulle')} run --service shell -- cat; echo stopped with $?; fg; echo ended with $?"
    with Terminal(mesh, "/bin/bash", "--norc", "-c", script) as terminal:
        terminal.type("one\n")
        terminal.until("one\r\none")
        terminal.type("\x1a")
        terminal.until("stopped with")
        # The shell names the command as it stops and as it goes on; typed before, the terminal's echo would stand
        # anywhere within that.
        terminal.until("-- cat\r\n", times=2)
        terminal.type("two\n")
        terminal.until("two\r\ntwo")
        terminal.type("\x04")
        terminal.until("ended with 0")
        terminal.status()


def test_descriptors_pass_through(mesh):
    done = subprocess.run(
        [str(binary("tulle")), "run", "--service", "job", "--", "cat"], input="through\n", capture_output=True,
        text=True, timeout=30, env={**os.environ, **mesh.environment})
    assert (done.returncode, done.stdout) == (0, "through\n")
