"""A fresh mesh for each test that asks for one; nothing of it is left behind."""

import pytest

from mesh import Mesh
from support.processes import Processes


@pytest.fixture
def processes(tmp_path):
    processes = Processes(tmp_path)
    yield processes
    processes.stop()
    processes.assert_nothing_lingers()


@pytest.fixture
def mesh(tmp_path, processes):
    """A running control plane without any resources."""
    return Mesh(tmp_path, processes).start_control()


@pytest.fixture
def idle_mesh(tmp_path, processes):
    """A mesh whose control plane is not started yet."""
    return Mesh(tmp_path, processes)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Shows the logs of a failed test's processes."""
    outcome = yield
    report = outcome.get_result()
    if report.failed and call.when == "call" and "processes" in item.fixturenames:
        for process in item.funcargs["processes"].started:
            text = process.output().strip()
            if text:
                report.sections.append((process.log.name, text[-2500:]))
