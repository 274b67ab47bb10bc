"""The gauges tell idle from busy, and count what is there."""

import pytest

from reactorkit import hold, serve
from reactorkit.errors import KitError

SPIN = "def serve(listener):\n    while True:\n        pass\n"


def test_a_blocked_server_uses_no_cpu_and_a_spinning_one_does(tmp_path):
    path = tmp_path / "spin.py"
    path.write_text(SPIN)
    with serve("echo_blocking") as blocked, serve(path) as spinning:
        quiet, busy = blocked.measure(0.5), spinning.measure(0.5)
    assert quiet.cpu_share < 0.05
    assert busy.cpu_share > 10 * quiet.cpu_share
    assert busy.cpu_share > 0.05  # of a core, however many others want it too


def test_threads_descriptors_and_memory_follow_the_connections():
    with serve("echo_threads") as server:
        before = server.gauges()
        with hold(server, 30) as held:
            for peer in held.peers:
                peer.echo(b"x")
            change = server.gauges() - before
    assert change.threads == 30
    assert change.descriptors == 30
    assert change.rss > 0


def test_switches_of_all_threads_are_counted():
    with serve("echo_threads") as server, hold(server, 2) as held:
        for peer in held.peers:
            peer.echo(b"x")
        before = server.gauges()
        for _ in range(50):
            for peer in held.peers:
                peer.echo(b"x")
        change = server.gauges() - before
    if change.switches is None:
        pytest.skip("this system does not tell context switches per thread")
    assert change.switches >= 100


def test_a_dead_server_cannot_be_measured():
    server = serve("echo_threads")
    server.stop()
    with pytest.raises(KitError, match="has ended"):
        server.gauges()
