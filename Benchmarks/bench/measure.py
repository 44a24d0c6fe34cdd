"""What processes cost: CPU time, memory, bytes on disk."""

import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from support.binaries import program


def cpu_seconds(pids: list[int]) -> float:
    """User and system time of all their threads, from the scheduler's own account in nanoseconds."""
    total = 0
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").iterdir():
            total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


@dataclass(frozen=True)
class Memory:
    """Bytes. What a process shares with others counts whole in `rss` and by its share in `pss`."""

    rss: int
    pss: int
    peak: int


def memory(pids: list[int]) -> Memory:
    rss = pss = peak = 0
    for pid in pids:
        rss += _kilobytes(pid, "status", "VmRSS:")
        peak += _kilobytes(pid, "status", "VmHWM:")
        pss += _kilobytes(pid, "smaps_rollup", "Pss:")
    return Memory(rss * 1024, pss * 1024, peak * 1024)


def _kilobytes(pid: int, file: str, field: str) -> int:
    for line in Path(f"/proc/{pid}/{file}").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1])
    raise ValueError(f"/proc/{pid}/{file} has no {field}")


def stripped(path: Path, folder: str) -> Path:
    """A copy without symbols."""
    copy = Path(tempfile.mkdtemp(dir=folder)) / path.name
    shutil.copyfile(path, copy)
    copy.chmod(0o755)
    # Some are not ours to strip, or stripped already.
    subprocess.run([program("strip"), copy], check=False, capture_output=True)
    return copy
