"""What a rung costs, where its limits are and how it ends: each as the ladder declares it."""

import contextlib
import signal
import socket
import sys
import time
from pathlib import Path

import psutil
import pytest

from reactorkit import crowd
from reactorkit.errors import KitError
from reactorkit.lab.held import Held

TIME = 20.0  # seconds: as in conftest.py


# ---------------------------------------------------------------------- the price


def wanted_share(server, seconds=1.0):
    """Return the share of time in which the server ran, or could have run and waited for a core.

    So a busy machine does not hide a busy server. Linux only; elsewhere, the share it ran.
    """

    def wanted():
        tasks = Path(f"/proc/{server.serving_pid}/task").glob("*/schedstat")
        return sum(int(n) for task in tasks for n in task.read_text().split()[:2]) / 1e9

    if not sys.platform.startswith("linux"):
        return server.measure(seconds).cpu_share
    before, began = wanted(), time.monotonic()
    time.sleep(seconds)  # the measurement is this stretch of time
    return (wanted() - before) / (time.monotonic() - began)


def test_silent_clients_cost_a_core_or_nothing_as_declared(rung, server):
    with Held(server.address, 10 if rung.serves_many else 1, timeout=TIME) as held:
        for peer in held.peers:
            peer.echo(b"here")
        shares = sorted(wanted_share(server, 0.5) for _ in range(3))
    assert shares[1] > 0.6 if rung.burns_cpu_idle else shares[1] < 0.05


def cpu_per_answer(server, peer, answers=200):
    """Return the CPU seconds that the server uses for one answer."""
    before = server.gauges().cpu_seconds
    for _ in range(answers):
        peer.echo(b"hello")
    return (server.gauges().cpu_seconds - before) / answers


def test_silent_clients_make_answers_dearer_as_declared(rung, start):
    # Two servers in turns, and the cheapest round of each: other work on the machine makes an
    # answer dearer, never cheaper. To ask 900 makes it 6 times as dear for poll, 18 for select.
    quiet, crowded = start(rung.name), start(rung.name)
    with (
        quiet.connect(timeout=TIME) as one,
        crowded.connect(timeout=TIME) as peer,
        Held(crowded.address, 900, timeout=TIME) as held,
    ):
        if rung.serves_many:
            held.peers[-1].echo(b"hello")  # by now all of them have been accepted
        rounds = [(cpu_per_answer(quiet, one), cpu_per_answer(crowded, peer)) for _ in range(7)]
    alone, among_many = map(min, zip(*rounds, strict=True))
    ratio = among_many / alone
    print(f"an answer among 900 costs {ratio:.1f} times the CPU")
    assert ratio > 2.5 if rung.asks_everyone else ratio < 2.5


# ------------------------------------------------------------------------ limits

CROWDED = """
import os
from reactorkit.servers.{module} import serve
for _ in range(1015):
    os.open(os.devnull, os.O_RDONLY)
"""


def test_descriptors_from_1024_on_end_what_is_declared(rung_for_many, start, tmp_path):
    # Most descriptors below 1024 are taken before the listener is made: a few clients do.
    file = tmp_path / f"crowded_{rung_for_many.name}.py"
    module = f"wild.{rung_for_many.name}" if rung_for_many.wild else rung_for_many.name
    file.write_text(CROWDED.format(module=module))
    server = start(file, descriptors=2000)
    with contextlib.ExitStack() as stack:
        peers = []
        with contextlib.suppress(KitError, OSError):
            for _ in range(20):
                peers.append(stack.enter_context(server.connect(timeout=TIME)))
                peers[-1].echo(b"hello")
        if rung_for_many.descriptor_limit is None:
            assert len(peers) == 20
            for peer in peers:
                peer.echo(b"hello again")
        else:
            assert server.wait(TIME) == 1
            assert "filedescriptor out of range in select()" in server.log
            assert len(peers) < 10


def test_running_out_of_descriptors_ends_what_is_declared(rung, start, is_served, eventually):
    server = start(rung.name, descriptors=40)
    with contextlib.ExitStack() as stack:
        first = stack.enter_context(server.connect(timeout=TIME))
        first.echo(b"hello")
        with contextlib.suppress(KitError):  # it may be dead before all of them have come
            for _ in range(60):
                stack.enter_context(server.connect(timeout=TIME))
        if not rung.survives_emfile:
            assert server.wait(TIME) == 1
            assert "Too many open files" in server.log
            return
        for _ in range(3):
            first.echo(b"still here?")
    # Who comes before the server has closed for those that left may be turned away once more.
    assert eventually(lambda: is_served(server))


# ----------------------------------------------------------------------- the end


def test_sigterm_under_load_ends_it_with_status_0_and_in_silence(rung, server, eventually):
    with crowd(server, 20 if rung.serves_many else 1, "pingpong") as load:
        assert eventually(lambda: load.stats().round_trips > 100)
        assert server.stop(timeout=TIME) == 0
    assert server.log == f"listening 127.0.0.1 {server.port}"


def test_sigint_ends_it_with_status_0(server):
    psutil.Process(server.pid).send_signal(signal.SIGINT)
    assert server.wait(TIME) == 0


def test_it_starts_again_at_once_on_the_same_port(rung, start, is_served):
    server = start(rung.name)
    with server.connect(timeout=TIME) as peer:
        peer.echo(b"hello")
        assert server.stop(timeout=TIME) == 0
        # The server closed first: its end of the connection lingers in the kernel.
        again = start(rung.name, port=server.port)
        assert is_served(again)


def test_it_listens_on_ipv6_loopback_too(rung, start, is_served):
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        pytest.skip("no IPv6 loopback here")
    server = start(rung.name, host="::1")
    assert is_served(server)
    assert server.log == f"listening ::1 {server.port}"
