"""The programs that make load, and what they say. Our own (Benchmarks/load) are compiled here when first needed."""

import json
import os
import re
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from support.binaries import program

from .machine import OTHER_CORES, on

SOURCES = Path(__file__).resolve().parents[1] / "load"
HOST = "bench.example"
PATH = "/one"
# A gRPC message of 100 bytes with its prefix.
GRPC_MESSAGE = bytes([0, 0, 0, 0, 100]) + b"x" * 100


class LoadFailed(Exception):
    """A load program ended with an error: what it said."""


def compile_program(folder: Path, name: str, *flags: str) -> Path:
    """Swift's clang does where there is no other compiler."""
    path = os.environ.get("PATH", "") + ":/opt/swift/usr/bin"
    compiler = next((found for each in ("cc", "gcc", "clang") if (found := shutil.which(each, path=path))), None)
    if compiler is None:
        raise FileNotFoundError("no C compiler (cc, gcc or Swift's clang) on the PATH")
    source = SOURCES / f"{name}.c"
    subprocess.run([compiler, "-std=gnu11", "-O2", "-o", folder / name, source, *flags, "-lm", "-pthread"], check=True)
    return folder / name


@cache
def _folder() -> tempfile.TemporaryDirectory:
    return tempfile.TemporaryDirectory(prefix="tulle-bench-load-")


@cache
def own(name: str, *flags: str) -> Path:
    return compile_program(Path(_folder().name), name, *flags)


def _run(command: list, timeout: float) -> str:
    done = subprocess.run(on(OTHER_CORES, *command), capture_output=True, text=True, timeout=timeout, check=False)
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines() or [f"ended with {done.returncode}"]
        raise LoadFailed(said[-1])
    return done.stdout


def wrk(port: int, seconds: float, connections: int, targets: list[tuple[str, str]] | None = None, *,
        secured: bool = False, kept: bool = True) -> dict:
    """HTTP/1.1, closed loop. With targets (host and path), the requests go through them in turn; `secured` is over TLS, and
    not `kept` makes a connection a request."""
    command = [program("wrk"), "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--latency", "--timeout", "20s"]
    if targets:
        file = Path(_folder().name) / "targets"
        file.write_text("".join(f"{host} {path}\n" for host, path in targets))
        command += ["-s", SOURCES / "targets.lua", f"http://127.0.0.1:{port}", "--", file]
    else:
        closing = [] if kept else ["-H", "Connection: close"]
        command += ["-H", f"Host: {HOST}", *closing, f"http{'s' if secured else ''}://127.0.0.1:{port}{PATH}"]
    said = _run(command, seconds + 60)
    spans = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}

    def span(label: str) -> float:
        number, unit = re.search(rf"{label}\s+([\d.]+)(us|ms|s|m)\b", said).groups()
        return float(number) * spans[unit]
    wrong = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    errors = re.search(r"Socket errors: (.*)", said)
    return {
        "requests": int(re.search(r"(\d+) requests in", said)[1]), "rps": float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1]),
        "p50_ms": span("50%"), "p99_ms": span("99%"),
        "failed": (int(wrong[1]) if wrong else 0) + sum(map(int, re.findall(r"\d+", errors[1])) if errors else []),
    }


def h2load(port: int, seconds: float, connections: int, streams: int, grpc: bool) -> dict:
    """HTTP/2 with prior knowledge, closed loop."""
    command = [program("h2load"), "-t1", f"-c{connections}", f"-m{streams}", "-D", max(1, round(seconds)),
               f"--connect-to=127.0.0.1:{port}"]
    if grpc:
        message = Path(_folder().name) / "message"
        message.write_bytes(GRPC_MESSAGE)
        command += ["-H", "content-type: application/grpc", "-H", "te: trailers", "-d", message]
    said = _run([*command, f"http://{HOST}{PATH}"], seconds + 60)
    requests = re.search(r"requests: .*?(\d+) done, (\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout", said)
    # What is under way when time is up is counted as failed by none of these.
    return {"requests": int(requests[2]), "rps": float(re.search(r"([\d.]+) req/s", said)[1]),
            "failed": int(requests[3]) + int(requests[4]) + int(requests[5])}


def generator(port: int, *, http2: bool = False, grpc: bool = False, connections: int = 1, streams: int = 1,
              rate: float = 0, seconds: float = 0, warm_up: float = 0, count: int = 0) -> dict:
    """Our own, open loop with a rate, closed loop without; see load/load.c."""
    command = [own("load"), "-c", connections, "-a", HOST, "-p", PATH]
    command += ["-2", "-m", streams] if http2 else []
    command += ["-g"] if grpc else []
    command += ["-r", rate] if rate else []
    command += ["-n", count] if count else ["-s", seconds, "-w", warm_up]
    return json.loads(_run([*command, "127.0.0.1", port], seconds + warm_up + 150))


def bulk(listen: int, port: int, seconds: float, connections: int) -> dict:
    """Bytes through a relay at `port` that connects to `listen`; see load/bulk.c."""
    return json.loads(_run([own("bulk"), "-c", connections, "-s", seconds, listen, "127.0.0.1", port], seconds + 60))
