"""Members of chat_reactor in a reactor of the test, turn by turn: who has to leave, who stays."""

import contextlib
import json
import socket

import pytest

from reactorkit.chat.messages import encode, parse
from reactorkit.chat.room import Room
from reactorkit.reactor import READ, Reactor
from reactorkit.servers import chat_reactor
from reactorkit.servers.chat_reactor import Member

SAID = json.dumps({"user": "Ann", "text": "x" * 16_000}).encode() + b"\n"
HEARD = encode(parse(SAID[:-1]))


@pytest.fixture
def room():
    return Room()


@pytest.fixture
def reactor():
    reactor = Reactor()
    yield reactor
    reactor.close()


@pytest.fixture
def join(reactor, room):
    """Let a member in whose kernel buffer is small; returns it, and its client's socket."""
    with contextlib.ExitStack() as stack:

        def joined():
            ours, theirs = socket.socketpair()
            stack.enter_context(theirs)
            ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 16)
            ours.setblocking(False)  # as Acceptor does
            theirs.setblocking(False)
            member = Member(room, reactor, ours)
            reactor.register_handler(member)
            return member, theirs

        yield joined


def fetch(client):
    """Return how many bytes are there for a client now."""
    number = 0
    with contextlib.suppress(BlockingIOError):
        while data := client.recv(1 << 20):
            number += len(data)
    return number


def test_who_reads_stays_however_much_is_said_at_once(reactor, room, join):
    clients = [client for _, client in (join() for _ in range(20))]
    for client in clients:
        client.sendall(6 * SAID)
    fetched = dict.fromkeys(clients, 0)
    while min(fetched.values()) < 19 * 6 * len(HEARD) and len(room) == 20:
        reactor.handle_events(1)
        for client in clients:
            fetched[client] += fetch(client)
    assert len(room) == 20
    assert set(fetched.values()) == {19 * 6 * len(HEARD)}


def test_the_end_of_a_line_may_come_late_from_one_that_is_not_listened_to(reactor, join):
    member, client = join()
    client.sendall(SAID[:100])
    reactor.handle_events(1)
    owed = b"x" * (2 * chat_reactor.OWED_TO_A_SPEAKER) + b"\n"
    while not member.outbox:
        member.tell(owed)
    assert not member.interest & READ
    member.check_time(member.since + chat_reactor.TO_END_A_LINE + 1)
    assert not member.leaving
    member.since -= chat_reactor.TO_END_A_LINE + 1  # so much time goes by
    while not member.interest & READ:
        fetch(client)
        reactor.handle_events(1)
    member.check_time(member.since + chat_reactor.TO_END_A_LINE - 1)
    assert not member.leaving, "it has its time from when it is listened to again"
    member.check_time(member.since + chat_reactor.TO_END_A_LINE + 1)
    assert member.leaving


def test_nobody_stays_who_neither_reads_nor_speaks(reactor, join):
    member, client = join()
    client.sendall(SAID[:100])
    reactor.handle_events(1)
    while not member.outbox:
        member.tell(b"x" * (2 * chat_reactor.OWED_TO_A_SPEAKER) + b"\n")
    member.check_time(member.since + chat_reactor.TO_SAY_SOMETHING + 1)
    assert member.leaving
