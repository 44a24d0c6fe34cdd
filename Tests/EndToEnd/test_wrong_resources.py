"""Wrong files through `tulle apply`: each gets its place, its path and what would be right, and changes nothing."""

import json
import re

import pytest

from mesh import fetch
from resources import WEB, split
from support.binaries import ROOT

# The unit tests of TulleConfig hold the same files with the exact errors expected.
WRONG = sorted((ROOT / "Tests" / "TulleConfigTests" / "Wrong").glob("*.yaml"))


@pytest.fixture(scope="module")
def steady(tmp_path_factory):
    """One mesh for all: that nothing changes is the point."""
    from mesh import Mesh
    from support.processes import Processes
    folder = tmp_path_factory.mktemp("wrong")
    processes = Processes(folder)
    mesh = Mesh(folder, processes).start_control()
    mesh.apply(WEB + split("web", {"web-v1": 1, "web-v2": 3}))
    yield mesh
    processes.stop()
    processes.assert_nothing_lingers()


def everything(mesh) -> str:
    return json.dumps(fetch(mesh.api, "/api/v1/resources").json(), sort_keys=True)


def test_there_are_forty():
    assert len(WRONG) >= 40


@pytest.mark.parametrize("path", WRONG, ids=[path.stem for path in WRONG])
def test_wrong(steady, path):
    before = everything(steady)
    done = steady.cli("apply", "-f", path, check=False)
    assert done.returncode != 0
    said = done.stdout + done.stderr
    assert re.search(rf"{re.escape(path.name)}:\d+", said), said
    assert everything(steady) == before


@pytest.mark.parametrize("path", WRONG[::8], ids=[path.stem for path in WRONG[::8]])
def test_wrong_by_validate(steady, path):
    done = steady.cli("validate", "-f", path, check=False)
    assert done.returncode != 0
    assert re.search(rf"{re.escape(path.name)}:\d+", done.stdout + done.stderr)


def test_a_wrong_file_in_the_watched_directory_is_told_and_changes_nothing(steady):
    from mesh import wait_until
    before = everything(steady)
    path = steady.resources / "wrong.yaml"
    path.write_text((WRONG[0]).read_text())
    wait_until(
        lambda: "wrong.yaml" in fetch(steady.api, "/api/v1/status").text + steady.cli("status", check=False).stdout, 10,
        what="the file's error shows in the status")
    assert everything(steady) == before
    path.unlink()
