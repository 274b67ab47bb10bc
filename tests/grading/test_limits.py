"""Who starts more processes than are allowed is killed, however the kernel tells of them."""

import sys

import pytest

from reactorkit.grading import limits
from reactorkit.lab.process import KeptProcess

# Forty children, a child of its own below each; all of them wait.
MANY = """\
import os, signal
for _ in range(40):
    if not os.fork():
        os.fork()
        signal.pause()
signal.pause()
"""


@pytest.fixture(params=[True, False], ids=["listed by the kernel", "looked for by psutil"])
def listed(request, monkeypatch):
    if request.param and not limits.LISTED:
        pytest.skip("this kernel does not list a thread's children")
    monkeypatch.setattr(limits, "LISTED", request.param)


def test_children_of_children_count(listed, tmp_path):
    process = KeptProcess([sys.executable, "-c", MANY])
    watch = limits.Limits(process, tmp_path)
    try:
        assert process.wait(60) == -9
        assert f"{limits.PROCESSES} are allowed" in watch.reason
    finally:
        process.kill()
        watch.close()
