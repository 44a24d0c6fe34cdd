"""The proxies that are compared, and how each is started on its file."""

import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from support.binaries import binary, envoy, program

from . import load

FILES = Path(__file__).resolve().parents[1] / "peers"


@dataclass(frozen=True)
class Peer:
    name: str
    # Its folder below Benchmarks/peers.
    files: str
    suffix: str
    program: Callable[[], Path]
    # The arguments for a configuration file and the folder that it may write to.
    arguments: Callable[[Path, Path], list]
    version_arguments: tuple[str, ...]
    # The words that hold in its files besides the features.
    words: frozenset = frozenset()

    def text(self, configuration: str) -> str:
        return (FILES / self.files / f"{configuration}{self.suffix}").read_text()

    def version(self) -> str:
        """The first line with a number of what it says about itself."""
        done = subprocess.run([self.program(), *self.version_arguments], capture_output=True, text=True, check=False)
        found = re.search(r"\d+\.\d+\.\d+\S*", done.stdout + done.stderr)
        return found[0] if found else "unknown"


def _haproxy(name: str, *words: str) -> Peer:
    return Peer(name, "haproxy", ".cfg", lambda: Path(program("haproxy")), lambda file, _: ["-db", "-f", file], ("-v",),
                frozenset({"haproxy", *words}))


PEERS = {peer.name: peer for peer in (
    Peer("tulle", "envoy", ".yaml", lambda: binary("tulle-proxy"),
         lambda file, _: ["-c", file, "--concurrency", "1", "-l", "error"], ("--version",), frozenset({"tulle"})),
    _haproxy("haproxy"),
    # For relaying: the kernel moves the bytes.
    _haproxy("haproxy-splice", "splice"),
    # For the pair: two processes, as sidecars are; "haproxy" does both in one.
    _haproxy("haproxy-two"),
    Peer("nginx", "nginx", ".conf", lambda: Path(program("nginx")), lambda file, folder: ["-p", folder, "-c", file],
         ("-v",), frozenset({"nginx"})),
    Peer("nghttpx", "nghttpx", ".conf", lambda: Path(program("nghttpx")), lambda file, _: [f"--conf={file}"],
         ("--version",), frozenset({"nghttpx"})),
    Peer("envoy", "envoy", ".yaml", envoy,
         lambda file, _: ["-c", file, "--concurrency", "1", "--use-dynamic-base-id", "-l", "error"], ("--version",),
         frozenset({"envoy"})),
    # No proxy: what the kernel takes for a hop.
    Peer("bare", "bare", ".txt", lambda: load.own("relay"), lambda file, _: [file], ()),
)}


def family(name: str) -> str:
    """`haproxy` for `haproxy-splice`: what --peers names."""
    return name.partition("-")[0]
