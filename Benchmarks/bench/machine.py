"""The machine: who gets which core, and what a report says about it."""

import os
import platform
import re
from pathlib import Path

from support.binaries import program

CORES = sorted(os.sched_getaffinity(0))
# The proxy under test has the last core to itself; load and upstream share the others.
PROXY_CORES = CORES[-1:]
OTHER_CORES = CORES[:-1] or CORES


def on(cores: list[int], *command) -> list[str]:
    return [program("taskset"), "-c", ",".join(map(str, cores)), *map(str, command)]


def description() -> str:
    model = re.search(r"model name\s*:\s*(.*)", Path("/proc/cpuinfo").read_text())
    return f"{model[1] if model else platform.machine()}, {len(CORES)} cores, Linux {platform.release()}"
