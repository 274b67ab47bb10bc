"""Every rung against its own declaration, over real sockets: strengths hold, weaknesses too."""

import ctypes
import os
import random
import signal
import socket
import threading

import psutil
import pytest

from reactorkit import Peer, crowd
from reactorkit.lab.held import Held
from reactorkit.lab.peer import PeerTimeout

MIB = 1 << 20
SOON = 0.5  # seconds: "is not served" means not within this time
TIME = 20.0  # seconds: "is served" means within this time (as in conftest.py)


def some_bytes(n):
    return random.Random(n).randbytes(n)


def exchange(peer, data, end=True):
    """Send everything from a thread while this one reads; with `end`, half-close after sending."""

    def send():
        peer.send(data)
        if end:
            peer.half_close()

    sender = threading.Thread(target=send)
    sender.start()
    back = peer.recv_to_eof() if end else peer.recv_exactly(len(data))
    sender.join()
    return back


def threads_of(server):
    return server.gauges().threads


def push_until_stuck(peer, at_most):
    """Send without reading until nothing more is taken for a while; return the bytes taken."""
    peer.timeout = SOON
    block, taken = memoryview(some_bytes(MIB)), 0
    while taken < at_most:
        try:
            taken += peer.sock.send(block[taken % MIB :])
        except TimeoutError:
            break
    return taken


# ------------------------------------------------------------------ the echo itself


def test_says_once_that_it_listens_and_nothing_else(server):
    with Peer(server.address) as peer:
        peer.echo(b"hello")
    assert server.log == f"listening 127.0.0.1 {server.port}"


@pytest.mark.parametrize("size", [0, 1, 1000, 65535, 65536, 65537, MIB, 8 * MIB])
def test_every_byte_comes_back_in_order_and_then_the_end(server, size):
    data = some_bytes(size)
    with server.connect(timeout=TIME) as peer:
        assert exchange(peer, data) == data


def test_what_is_owed_at_the_half_close_is_still_answered(server):
    data = some_bytes(8 * MIB)
    with server.connect(timeout=TIME, rcvbuf=4096) as peer:
        sent = push_until_stuck(peer, len(data))  # the server owes bytes: nobody reads
        peer.timeout = TIME
        rest = threading.Thread(target=lambda: (peer.send(b"the end"), peer.half_close()))
        rest.start()
        back = peer.recv_to_eof()
        rest.join()
    block = some_bytes(MIB)
    expected = block * (sent // MIB) + block[: sent % MIB] + b"the end"
    assert back == expected


def test_messages_sent_at_once_come_back_whole(server):
    data = b"".join(b"message %d\n" % n for n in range(1000))
    with server.connect(timeout=TIME) as peer:
        assert exchange(peer, data, end=False) == data


def test_single_bytes_come_back_whole(server):
    data = some_bytes(200)
    with server.connect(timeout=TIME) as peer:
        peer.dribble(data, gap=0.0005)
        assert peer.recv_exactly(len(data)) == data


TELLS_ITS_OPTIONS = """
import gc, signal, socket
from reactorkit.servers.{name} import serve
def tell(*_):
    for sock in [one for one in gc.get_objects() if isinstance(one, socket.socket)]:
        if sock.family == socket.AF_INET and not sock.getsockopt(
            socket.SOL_SOCKET, socket.SO_ACCEPTCONN
        ):
            print("TCP_NODELAY", bool(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)))
signal.signal(signal.SIGUSR1, tell)
"""


def nodelay_of(pid):
    """Return TCP_NODELAY of every connection of another process, or skip where nobody may look."""
    found = []
    pidfd = os.pidfd_open(pid)
    for one in psutil.Process(pid).net_connections("tcp"):
        if one.status == psutil.CONN_ESTABLISHED:
            # pidfd_getfd(2): a copy of a descriptor of a process that we may trace.
            copy = ctypes.CDLL(None, use_errno=True).syscall(438, pidfd, one.fd, 0)
            if copy < 0:
                pytest.skip(f"descriptors of a child: {os.strerror(ctypes.get_errno())}")
            with socket.socket(fileno=copy) as sock:
                found.append(bool(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)))
    os.close(pidfd)
    return found


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="only Linux lends descriptors")
def test_no_part_of_an_answer_waits_in_the_wild_either(wild, start):
    server = start(wild.name)
    with server.connect(timeout=TIME) as peer:
        peer.echo(b"hello")
        assert nodelay_of(server.serving_pid) == [True]


def test_no_part_of_an_answer_waits_for_an_acknowledgement(walked, start, tmp_path, eventually):
    rung = walked
    # Whether Nagle's rule bites depends on who acknowledges when; the option does not. The client
    # connects as soon as the server says that it listens, so it may be there before serve() runs.
    file = tmp_path / f"telling_{rung.name}.py"
    file.write_text(TELLS_ITS_OPTIONS.format(name=rung.name))
    server = start(file)
    with server.connect(timeout=TIME) as peer:
        peer.echo(b"hello")
        psutil.Process(server.pid).send_signal(signal.SIGUSR1)
        assert eventually(lambda: "TCP_NODELAY" in server.log)
        assert server.log.splitlines()[1:] == ["TCP_NODELAY True"]


# ------------------------------------------------------------------- many at once


def test_a_second_client_is_served_beside_the_first_as_declared(rung, server):
    with server.connect(timeout=TIME) as first, server.connect(timeout=SOON) as second:
        first.echo(b"first")
        second.send(b"second")
        if rung.serves_many:
            second.timeout = TIME
            assert second.recv_exactly(6) == b"second"
            first.echo(b"first again")
            return
        with pytest.raises(PeerTimeout):
            second.recv()
        first.echo(b"first still")
        first.close()
        second.timeout = TIME
        assert second.recv_exactly(6) == b"second"  # late, but nothing is lost


@pytest.mark.parametrize("clients", [2, 20, 200])
def test_many_clients_each_get_their_own_bytes(rung_for_many, clients, start):
    server = start(rung_for_many.name)
    with Held(server.address, clients, timeout=TIME) as held:
        for number, peer in enumerate(held.peers):
            peer.send(b"I am %d" % number)
        for number, peer in enumerate(held.peers):
            assert peer.recv_exactly(len(b"I am %d" % number)) == b"I am %d" % number
        for peer in random.sample(held.peers, min(clients, 20)):
            peer.echo(some_bytes(3000))


def test_a_crowd_of_200_sees_no_wrong_byte_and_no_broken_connection(rung_for_many, start):
    server = start(rung_for_many.name)
    stats = crowd(server, 200, "pingpong", seconds=1.0, size=500).wait(60)
    assert (stats.connected, stats.refused, stats.resets, stats.eofs) == (200, 0, 0, 0)
    assert stats.wrong == 0
    assert stats.round_trips > 200


def test_threads_are_as_many_as_declared(rung, server):
    clients = 20 if rung.serves_many else 1
    with server.connect(timeout=TIME) as first:
        first.echo(b"here")
        helpers = threads_of(server) - 1 if rung.own_process else 0  # Node.js keeps some ready
    with Held(server.address, clients, timeout=TIME) as held:
        for peer in held.peers:
            peer.echo(b"here")
        assert threads_of(server) == 1 + helpers + (clients if rung.thread_per_client else 0)


# ------------------------------------------------------------------ rude clients


def leaves_at_once(address):
    Peer(address, timeout=TIME).close()


def resets_at_once(address):
    Peer(address, timeout=TIME).reset()


def resets_after_an_answer(address):
    peer = Peer(address, timeout=TIME)
    peer.echo(b"hello")
    peer.reset()


def resets_with_a_question_open(address):
    peer = Peer(address, timeout=TIME)
    peer.send(some_bytes(100_000))
    peer.reset()


def resets_while_owed(address):
    peer = Peer(address, timeout=TIME, rcvbuf=4096)
    push_until_stuck(peer, 64 * MIB)
    peer.reset()


def resets_after_its_end(address):
    peer = Peer(address, timeout=TIME)
    peer.send(b"hello")
    peer.half_close()
    peer.reset()


RESETS = [
    (resets_at_once, 30),
    (resets_after_an_answer, 30),
    (resets_with_a_question_open, 30),
    (resets_after_its_end, 30),
    (resets_while_owed, 2),
]


def test_resets_end_what_is_declared(rung, server, eventually, is_served):
    if not rung.survives_reset:
        resets_after_an_answer(server.address)
        assert server.wait(TIME) == 1
        assert "ConnectionResetError" in server.log
        return
    with server.connect(timeout=TIME) as neighbour:
        neighbour.echo(b"hello")
        before = server.gauges().descriptors
        for reset, times in RESETS:
            for _ in range(times):
                reset(server.address)
            neighbour.echo(reset.__name__.encode())
        assert eventually(lambda: server.gauges().descriptors == before)
    assert is_served(server)
    assert server.log.count("\n") == 0  # and not a word about it


def test_clients_that_come_and_go_leave_nothing_behind(rung, server, eventually, is_served):
    with server.connect(timeout=TIME) as peer:
        peer.echo(b"hello")
        before = server.gauges()
    for _ in range(100):
        leaves_at_once(server.address)
    assert is_served(server)
    threads = before.threads if rung.own_process else 1
    assert eventually(lambda: server.gauges().descriptors < before.descriptors)
    assert eventually(lambda: threads_of(server) == threads)


def test_a_client_that_does_not_read_hurts_those_declared(rung, server, is_served):
    with server.connect(timeout=TIME) as neighbour, server.connect(rcvbuf=4096) as greedy:
        if rung.serves_many:
            neighbour.echo(b"before")
        else:
            neighbour.close()  # the greedy one is the only client, and a new one will wait
        before = server.gauges().rss
        taken = push_until_stuck(greedy, 64 * MIB)
        grown = server.gauges().rss - before
        if rung.bounded_memory:
            # The kernel keeps a few MiB for each direction; then the server stops reading.
            assert taken < 64 * MIB
            assert grown < 8 * MIB
        else:
            assert taken == 64 * MIB
            assert grown > 32 * MIB
        assert is_served(server, TIME if rung.survives_slow_reader else SOON) is (
            rung.survives_slow_reader
        )
