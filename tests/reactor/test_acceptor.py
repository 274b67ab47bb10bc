"""The Acceptor: batches, and what it does when there is no room."""

import errno
import socket
import subprocess
import sys

import pytest

from reactorkit.reactor import READ, Acceptor, EventHandler


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as sock:
        yield sock


@pytest.fixture
def connect(listener):
    made = []

    def connect(n):
        new = [socket.create_connection(listener.getsockname()) for _ in range(n)]
        made.extend(new)
        return new

    yield connect
    for sock in made:
        sock.close()


def test_many_are_accepted_in_one_turn_but_not_any_number(reactor, listener, connect):
    acceptor = Acceptor(reactor, listener, EventHandler)
    reactor.register_handler(acceptor)
    connect(200)
    turns = []
    while len(reactor.handlers) < 2 + 200:
        before = len(reactor.handlers)
        reactor.handle_events(5)
        turns.append(len(reactor.handlers) - before)
    assert len(turns) <= 4
    assert max(turns) == Acceptor.BATCH


def test_accepted_clients_do_not_block(reactor, listener, connect, turn_until):
    reactor.register_handler(Acceptor(reactor, listener, EventHandler))
    connect(1)
    turn_until(lambda: len(reactor.handlers) == 3)
    client = next(one for one in reactor.handlers.values() if type(one) is EventHandler)
    assert client.handle.getblocking() is False


def test_a_handler_that_cannot_be_made_costs_one_client(
    reactor, listener, connect, turn_until, caplog
):
    made = []

    def make(reactor, client):
        made.append(1)
        if len(made) == 1:
            raise RuntimeError("not this one")
        return EventHandler(reactor, client)

    reactor.register_handler(Acceptor(reactor, listener, make))
    first, second = connect(2)
    turn_until(lambda: len(reactor.handlers) == 3)
    assert "not this one" in caplog.text
    ends = []
    for sock in (first, second):
        sock.settimeout(5 if not ends else 0.05)
        try:
            ends.append(sock.recv(1))
        except TimeoutError:
            ends.append("open")
    assert ends == [b"", "open"]


class Full:
    """A listener whose accept() fails as told."""

    def __init__(self, listener, errors):
        self.listener, self.errors = listener, errors

    def fileno(self):
        return self.listener.fileno()

    def setblocking(self, flag):
        self.listener.setblocking(flag)

    def close(self):
        self.listener.close()

    def accept(self):
        if self.errors:
            raise OSError(self.errors.pop(0), "as told")
        return self.listener.accept()


def test_without_room_it_waits_for_nothing_and_then_goes_on(reactor, listener, connect, turn_until):
    acceptor = Acceptor(reactor, Full(listener, [errno.EMFILE]), EventHandler)
    reactor.register_handler(acceptor)
    connect(1)
    reactor.handle_events(5)
    assert acceptor.paused
    assert acceptor.watched == 0
    turn_until(lambda: len(reactor.handlers) == 3)
    assert acceptor.watched == READ


def test_a_client_that_is_gone_again_does_not_end_the_batch(reactor, listener, connect, turn_until):
    full = Full(listener, [errno.ECONNABORTED, errno.EPROTO])
    reactor.register_handler(Acceptor(reactor, full, EventHandler))
    connect(1)
    reactor.handle_events(5)
    assert len(reactor.handlers) == 3


# Two clients find room, the others wait in the queue; each that leaves lets another in.
OUT_OF_DESCRIPTORS = """
import resource, socket, time
from reactorkit.reactor import Acceptor, EventHandler, Reactor

reactor = Reactor()
listener = socket.create_server(("127.0.0.1", 0))
accepted = []
def make(reactor, client):
    accepted.append(client)
    return EventHandler(reactor, client)
acceptor = Acceptor(reactor, listener, make)
reactor.register_handler(acceptor)
clients = [socket.create_connection(listener.getsockname()) for _ in range(6)]
top = max(one.fileno() for one in clients)
resource.setrlimit(resource.RLIMIT_NOFILE, (top + 3, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
turns = 0
end = time.monotonic() + 0.5
while time.monotonic() < end:
    reactor.handle_events(0.05)
    turns += 1
print(len(accepted), turns < 100)
for one in list(reactor.handlers.values()):
    if one.handle in accepted:
        one.close()
for one in clients[:2]:
    one.close()
limit = time.monotonic() + 20
while len(accepted) < 6 and time.monotonic() < limit:
    reactor.handle_events(0.05)
    for one in list(reactor.handlers.values()):
        if one.handle in accepted:
            one.close()
print(len(accepted))
"""


def test_when_descriptors_run_out_it_does_not_spin_and_takes_the_others_later():
    ran = subprocess.run(
        [sys.executable, "-c", OUT_OF_DESCRIPTORS], capture_output=True, text=True, timeout=60
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines() == ["2 True", "6"]
    assert ran.stderr.count("wait in the queue") == 1  # said once, not every 0.1 s
