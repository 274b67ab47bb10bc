"""A kept process: what it reads, what it prints, and what of that has been read here."""

import os
import signal
import sys

from reactorkit.lab.process import KeptProcess

REPEATS = "import sys\nfor line in sys.stdin: print('heard', line, end='')\nprint('no more')"


def test_a_child_reads_from_a_pipe_of_ours_to_its_end():
    reading, writing = os.pipe()
    child = KeptProcess([sys.executable, "-c", REPEATS], stdin=reading)
    os.close(reading)
    try:
        os.write(writing, b"one\ntwo\n")
        os.close(writing)
        assert child.wait(20) == 0
    finally:
        child.kill()
    assert list(child.lines) == ["heard one", "heard two", "no more"]


def test_a_child_without_a_pipe_has_nothing_to_read():
    child = KeptProcess([sys.executable, "-c", REPEATS])
    try:
        assert child.wait(20) == 0
    finally:
        child.kill()
    assert list(child.lines) == ["no more"]


def test_everything_is_read_once_a_child_has_ended():
    child = KeptProcess([sys.executable, "-c", "for _ in range(300): print('x' * 1000)"])
    try:
        assert child.wait(20) == 0
    finally:
        child.kill()
    assert child.unread == 0
    assert list(child.lines) == ["x" * 1000] * 300


def test_a_child_that_is_killed_before_it_has_begun_is_gone():
    """The word is there before the keeper has started the child: it must not be lost."""
    for _ in range(20):
        process = KeptProcess([sys.executable, "-c", "import time; time.sleep(600)"])
        assert process.kill() == -signal.SIGKILL
        assert not process.alive
