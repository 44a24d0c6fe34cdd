"""Shared by all pytest suites: the support package on the path."""

import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))


def pytest_configure():
    # A run that is told to end ends its processes first.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    # Started in the background or by nohup these are ignored, and so they would be by every program that a test starts and sends
    # one; a handler that does nothing is not inherited.
    for number in (signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, lambda *_: None)
