"""Where the programs under test and their peers are."""

import os
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv" / "bin"


def binary(name: str) -> Path:
    """`tulle` or `tulle-proxy`: from TULLE_BIN, else the release build."""
    path = Path(os.environ.get("TULLE_BIN") or ROOT / ".build" / "release") / name
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing: run scripts/build, or set TULLE_BIN to the folder that has it")
    return path


def envoy() -> Path:
    """The real Envoy, from PyPI: the program itself, not its Python wrapper, so that its id is the one we stop."""
    for path in VENV.parent.glob("lib/python*/site-packages/envoy/_bin/envoy"):
        return path
    raise FileNotFoundError(f"no Envoy below {VENV.parent}: run scripts/setup --tests")


def proxy(kind: str, file: Path) -> list:
    """The command of `tulle` or `envoy` on a configuration file, with one worker."""
    own = [binary("tulle-proxy")] if kind == "tulle" else [envoy(), "--use-dynamic-base-id"]
    return [*own, "-c", file, "--concurrency", "1", "-l", "warning"]


def program(name: str) -> str:
    """A peer from Debian, also where /usr/sbin is not on the PATH."""
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if path is None:
        raise FileNotFoundError(f"{name} is missing: run scripts/setup --tests")
    return path
