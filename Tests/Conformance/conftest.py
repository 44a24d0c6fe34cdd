"""One target for the whole run, and an origin behind it. CONFORMANCE_TARGET chooses another than Tulle."""

import importlib.util
import os
from pathlib import Path

import pytest

from origin import Origin
from support.processes import Processes
from targets import Target

HERE = Path(__file__).parent


def load_cases():
    for path in sorted((HERE / "cases").glob("*.py")):
        spec = importlib.util.spec_from_file_location(f"conformance_{path.stem}", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        for case in module.CASES:
            yield path.stem, case


def pytest_generate_tests(metafunc):
    if "conformance" in metafunc.fixturenames:
        cases = list(load_cases())
        names = [f"{folder}/{case.name}" for folder, case in cases]
        assert len(names) == len(set(names)), sorted(name for name in names if names.count(name) > 1)
        metafunc.parametrize("conformance", [case for _, case in cases], ids=names)


@pytest.fixture(scope="session")
def origin():
    origin = Origin()
    yield origin
    origin.close()


@pytest.fixture(scope="session")
def kind():
    return os.environ.get("CONFORMANCE_TARGET", "tulle")


@pytest.fixture(scope="session")
def target(tmp_path_factory, origin, kind):
    folder = tmp_path_factory.mktemp("conformance")
    processes = Processes(folder)
    yield Target(kind, origin.port, folder, processes)
    processes.stop()
    processes.assert_nothing_lingers()


@pytest.fixture
def fresh(tmp_path, origin, kind):
    """A target of this test's own, whose memory and statistics nobody else moves."""
    processes = Processes(tmp_path)
    yield Target(kind, origin.port, tmp_path, processes)
    processes.stop()
    processes.assert_nothing_lingers()
