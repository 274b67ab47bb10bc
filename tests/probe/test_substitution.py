"""What is replaced in a watched server, in which order; and nothing at all in any other."""

import importlib.util
import json
import os
import subprocess
import sys

import pytest

from reactorkit.lab.server import IMPORT_ROOT, Server

WHAT_IS_THERE = """
    import json, select, selectors, socket, sys, time

    def serve(listener):
        print(json.dumps({
            "probe": sorted(name for name in sys.modules if name.startswith("reactorkit.probe")),
            "trace": sorted(name for name in sys.modules if name.startswith("reactorkit.trace")),
            "default": selectors.DefaultSelector.__name__,
            "ours": "_tell" in dir(selectors.DefaultSelector),
            "same": selectors.DefaultSelector is getattr(
                selectors, selectors.DefaultSelector.__name__),
            "select": type(select.select).__name__,
            "socket": socket.socket.__mro__[1].__module__,
            "socket is called": [socket.socket.__module__, socket.socket.__qualname__],
            "monotonic": type(time.monotonic).__name__,
            "listener": isinstance(listener, socket.socket),
            "threads": len(sys._current_frames()),
            "threading": "threading" in sys.modules
                and len(sys.modules["threading"].enumerate()),
        }), flush=True)
        listener.accept()
"""


def found(server):
    server.connect(timeout=20).close()
    server.wait(20)
    return next(json.loads(line) for line in server.log.splitlines() if line[0] == "{")


def test_a_server_that_is_not_watched_runs_untouched_modules(learner):
    with Server(learner(WHAT_IS_THERE)) as server:
        assert server.watched is None
        there = found(server)
    assert there["probe"] == there["trace"] == []
    assert not there["ours"] and there["same"]
    assert there["select"] == there["monotonic"] == "builtin_function_or_method"
    assert there["socket"] == "_socket"
    assert there["threads"] == 1


def test_a_watched_server_finds_everything_under_its_own_name(watched, learner):
    server, _ = watched(learner(WHAT_IS_THERE))
    there = found(server)
    assert there["ours"] and there["same"] and there["listener"]
    assert there["socket is called"] == ["socket", "socket"]
    assert there["select"] == "function"
    assert there["threading"] == 1  # our threads are not in the program's own list


def run_probe(*words, stdin=None):
    return subprocess.run(
        [sys.executable, "-P", "-m", "reactorkit.probe", *words],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": IMPORT_ROOT},
        check=False,
    )


def test_it_says_how_it_is_started():
    result = run_probe("serve", "echo_select")
    assert result.returncode == 2
    assert result.stderr.startswith("usage:")


def test_a_channel_that_nobody_listens_on_is_a_sentence(tmp_path):
    result = run_probe(str(tmp_path / "nobody"), "serve", "echo_select")
    assert result.returncode == 2
    assert "Nobody listens" in result.stderr and "Traceback" not in result.stderr


def test_a_file_that_does_not_start_says_why_and_leaves_no_folder(learner, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    from reactorkit.errors import KitError

    with pytest.raises(KitError, match="no function serve"):
        Server(learner("x = 1"), watch=True)
    assert not [one for one in tmp_path.iterdir() if one.name.startswith("reactorkit-")]


SELECTOR_TESTS = """
import socket, sys, threading, unittest
ours, theirs = socket.socketpair()
threading.Thread(target=lambda: [None for _ in iter(lambda: theirs.recv(1 << 20), b"")],
                 daemon=True).start()
from reactorkit.probe.install import install
channel = install(ours.detach(), "test_selectors")
import selectors
assert "_tell" in dir(selectors.DefaultSelector)
import test.test_selectors as tests
result = unittest.TextTestRunner(verbosity=0).run(
    unittest.defaultTestLoader.loadTestsFromModule(tests))
channel.close(0)
print("ran", result.testsRun, "skipped", len(result.skipped), flush=True)
sys.exit(not result.wasSuccessful())
"""


@pytest.mark.slow
def test_pythons_own_tests_of_its_selectors_pass_against_ours():
    if importlib.util.find_spec("test") is None or not importlib.util.find_spec(
        "test.test_selectors"
    ):
        pytest.skip("This Python was installed without its own tests (the package `test`).")
    result = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SELECTOR_TESTS],
        capture_output=True,
        text=True,
        timeout=110,
        env={**os.environ, "PYTHONPATH": IMPORT_ROOT},
        check=False,
    )
    assert result.returncode == 0, result.stderr[-3000:]
    words = result.stdout.split()
    assert int(words[1]) > 50 and int(words[3]) < int(words[1]) / 2
