"""A server lives exactly as long as it should: not shorter, and never longer than its kernel."""

import contextlib
import os
import signal
import subprocess
import sys
import textwrap

import psutil
import pytest

from reactorkit import Peer, hold, serve
from reactorkit.errors import KitError
from reactorkit.lab.process import MARK, living

# A well-behaved server, one that ignores everything, and one that never returns to Python.
POLITE = "def serve(listener):\n    while True:\n        listener.accept()[0].close()\n"
STUBBORN = """
import signal
def serve(listener):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        listener.accept()
"""
STUCK = "def serve(listener):\n    sum(iter(int, 1))\n"
FAMILY = """
import os, subprocess, sys
def serve(listener):
    sleep = [sys.executable, "-c", "import time; time.sleep(600)"]
    subprocess.Popen(sleep, start_new_session=True)
    if os.fork() == 0:
        os.setsid()
        os.fork()
        while True:
            os.read(os.pipe()[0], 1)
    while True:
        listener.accept()
"""


@pytest.fixture
def file(tmp_path):
    def write(source, name="target.py"):
        path = tmp_path / name
        path.write_text(source)
        return path

    return write


def ours(mark):
    """Return the processes that carry this owner's mark."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get(MARK, "").startswith(mark):
                found.append(process)
    return found


def test_a_rung_answers_and_tells_where_it_is():
    with serve("echo_threads") as server:
        assert server.host == "127.0.0.1" and server.port > 0
        assert psutil.pid_exists(server.pid)
        with server.connect() as peer:
            assert peer.echo(b"hello") > 0
    assert not server.alive
    assert server.returncode == 0


def test_what_it_prints_is_its_log(file, eventually):
    path = file("def serve(listener):\n    print('good morning')\n    listener.accept()\n")
    with serve(path) as server:
        assert eventually(lambda: "good morning" in server.log, 5)


def test_a_traceback_reaches_the_log_and_the_status(file):
    with serve(file("def serve(listener):\n    listener.accept()\n    1 / 0\n")) as server:
        server.connect().close()
        assert server.wait(5) == 1
        assert "ZeroDivisionError" in server.log


def test_a_file_that_never_listens_is_a_sentence(file):
    with pytest.raises(KitError, match=r"(?s)before it accepted connections.*serve"):
        serve(file("print('hello')\n"))
    assert living() == []


def test_an_unknown_name_suggests_the_nearest():
    with pytest.raises(KitError, match="echo_threads"):
        serve("echo_treads")


def test_descriptors_beyond_the_machine_are_a_sentence():
    with pytest.raises(KitError, match="more than this machine allows"):
        serve("echo_threads", descriptors=10**8)


def test_pause_holds_it_and_the_kernel_goes_on_accepting():
    with serve("echo_threads") as server, Peer(server.address, timeout=0.3) as before:
        before.echo(b"one")
        server.pause()
        with Peer(server.address) as during:
            during.send(b"two")
            server.resume()
            assert during.recv_exactly(3) == b"two"


@pytest.mark.parametrize("source", [POLITE, STUBBORN, STUCK, FAMILY])
def test_stop_leaves_nobody(file, source, eventually):
    server = serve(file(source))
    assert ours(f"{os.getpid()}:")
    server.stop(timeout=0.5)
    assert not server.alive
    assert eventually(lambda: not ours(f"{os.getpid()}:"), 2)


KERNEL = """
    import os, signal, sys
    from reactorkit import serve, crowd
    servers = [serve(path) for path in sys.argv[1:]]
    crowd(servers[0], 3)
    servers[0].pause()
    if os.fork() == 0:   # a forked copy of the kernel must not keep the lifeline open
        signal.pause()
        os._exit(0)
    print("started", flush=True)
    signal.pause()
"""


def test_a_killed_kernel_leaves_no_process_within_two_seconds(file, eventually):
    paths = [
        file(source, f"target{place}.py")
        for place, source in enumerate((POLITE, STUBBORN, STUCK, FAMILY))
    ]
    kernel = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(KERNEL), *map(str, paths)],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert kernel.stdout.readline() == "started\n"
        mark = f"{kernel.pid}:"
        assert len(ours(mark)) >= 10  # five keepers, four servers, one crowd, and FAMILY's own
        os.kill(kernel.pid, signal.SIGKILL)
        assert eventually(lambda: not ours(mark), 2)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(kernel.pid, signal.SIGKILL)
        kernel.wait()
        kernel.stdout.close()


def test_hold_keeps_n_connections_and_lets_them_go():
    with serve("echo_threads") as server, hold(server, 20) as held:
        held.peers[0].echo(b"first")
        held.peers[-1].echo(b"last")
        assert server.gauges().threads == 21
