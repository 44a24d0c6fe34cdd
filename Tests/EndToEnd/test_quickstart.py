"""The main job: one command from a clone to a running mesh."""

import os
import subprocess

import pytest

from support.binaries import ROOT
from support.processes import Processes


@pytest.mark.timeout(1500)
def test_quickstart_once(tmp_path):
    processes = Processes(tmp_path)
    script = processes.start(ROOT / "scripts" / "quickstart", "--once", name="quickstart", cwd=ROOT)
    status = script.wait(1400)
    assert status == 0, script.output()[-4000:]
    processes.assert_nothing_lingers()


def test_demo_ends_with_control_c(tmp_path):
    import signal
    import time
    from support.binaries import binary
    processes = Processes(tmp_path)
    demo = processes.start(binary("tulle"), "demo", name="demo", cwd=ROOT)
    try:
        end = time.monotonic() + 40
        while "http://" not in demo.output() and time.monotonic() < end:
            assert demo.running(), demo.output()[-3000:]
            time.sleep(0.1)
        os.kill(demo.pid, signal.SIGINT)
        try:
            demo.wait(30)
        except subprocess.TimeoutExpired:
            pytest.fail("Ctrl-C does not end the demo")
    finally:
        processes.stop()
        processes.assert_nothing_lingers()
