"""SIGTERM under load: what was accepted is answered, what is owed is sent, and the end is soon."""

import signal
import time

import psutil
import pytest

from reactorkit.errors import KitError

TIME = 20.0
GRACEFUL = ["echo_reactor"]
BLOCK = bytes(range(251)) * 261  # a prime period: a gap would be seen


@pytest.fixture(params=GRACEFUL)
def server(request, start):
    return start(request.param)


def ask_to_end(server, number=signal.SIGTERM):
    psutil.Process(server.pid).send_signal(number)


def fill(peer):
    """Send until the server has stopped reading: it owes too much to a client that does not read.

    The kernel takes 3 MB or more for both directions; less, and the server is only slow.
    """
    patience, peer.timeout = peer.timeout, 0.5
    sent = 0
    while True:
        try:
            sent += peer.sock.send(BLOCK[sent % len(BLOCK) :])
        except TimeoutError:
            if sent > 2_000_000:
                break
    peer.timeout = patience
    return sent


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_what_is_owed_is_still_sent(server, number):
    with server.connect(timeout=TIME, rcvbuf=4096) as peer:
        sent = fill(peer)
        ask_to_end(server, number)
        peer.half_close()
        back = peer.recv_to_eof()
    assert server.wait(TIME) == 0
    # What lay in the kernel's queue behind that came too late; of what was owed nothing is lost.
    assert 1_000_000 < len(back) <= sent
    assert back == (BLOCK * (len(back) // len(BLOCK) + 1))[: len(back)]


def test_what_has_arrived_is_answered(server):
    with server.connect(timeout=TIME) as peer:
        peer.echo(b"hello")
        psutil.Process(server.pid).suspend()
        peer.send(b"the last words")
        ask_to_end(server)  # both are there when it wakes
        psutil.Process(server.pid).resume()
        assert peer.recv_to_eof() == b"the last words"
    assert server.wait(TIME) == 0


def test_clients_that_do_not_leave_do_not_hold_it_up(server):
    with server.connect(timeout=TIME) as one, server.connect(timeout=TIME, rcvbuf=4096) as two:
        one.echo(b"hello")
        fill(two)
        asked = time.monotonic()
        ask_to_end(server)
        assert one.recv_to_eof() == b""
        assert server.wait(TIME) == 0
        assert time.monotonic() - asked > 1, "the one that is owed bytes gets its time"


def test_no_new_client_is_taken(server):
    with server.connect(timeout=TIME, rcvbuf=4096) as slow:
        fill(slow)
        with server.connect(timeout=TIME) as told:
            told.echo(b"hello")
            ask_to_end(server)
            assert told.recv_to_eof() == b"", "it has been asked, and still waits for the slow one"
        with pytest.raises(KitError, match="refused"):
            server.connect(timeout=TIME)


def test_asked_twice_it_ends_at_once(server):
    with server.connect(timeout=TIME, rcvbuf=4096) as slow:
        fill(slow)
        with server.connect(timeout=TIME) as told:
            told.echo(b"hello")
            ask_to_end(server)
            assert told.recv_to_eof() == b""
            ask_to_end(server)
        assert server.wait(TIME) == 0
