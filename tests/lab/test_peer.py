"""A scripted client does exactly what its script says, and never waits for ever."""

import socket

import pytest

from reactorkit import Peer
from reactorkit.errors import KitError
from reactorkit.lab.peer import PeerTimeout


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


@pytest.fixture
def pair(listener):
    with Peer(listener.getsockname(), timeout=0.5) as peer:
        other, _ = listener.accept()
        with other:
            other.settimeout(2)
            yield peer, other


def test_nobody_listens_is_a_sentence(listener):
    address = listener.getsockname()
    listener.close()
    with pytest.raises(KitError, match="Nobody answers at 127"):
        Peer(address)


def test_every_wait_has_a_deadline(pair):
    peer, _ = pair
    with pytest.raises(PeerTimeout, match="Nothing arrived"):
        peer.recv()
    with pytest.raises(PeerTimeout, match="stopped taking bytes"):
        peer.send(bytes(64 * 2**20))


def test_exactly_n_bytes_or_the_reason(pair):
    peer, other = pair
    other.sendall(b"abcdef")
    assert peer.recv_exactly(4) == b"abcd"
    other.close()
    with pytest.raises(KitError, match="after 2 of 4 bytes"):
        peer.recv_exactly(4)


def test_half_close_ends_one_direction_only(pair):
    peer, other = pair
    peer.send(b"last words")
    peer.half_close()
    assert other.recv(100) == b"last words"
    assert other.recv(100) == b""
    other.sendall(b"answer")
    other.close()
    assert peer.recv_to_eof() == b"answer"


def test_reset_arrives_as_reset(pair):
    peer, other = pair
    peer.reset()
    with pytest.raises(ConnectionResetError):
        other.recv(1)


def test_closing_with_bytes_unread_is_still_polite(pair):
    peer, other = pair
    other.sendall(b"never read")
    peer.recv(1)
    peer.close()
    assert other.recv(1) == b""  # FIN, not RST


def test_an_echo_that_differs_is_told(pair):
    peer, other = pair
    other.sendall(b"HELLO")
    with pytest.raises(KitError, match="came back changed"):
        peer.echo(b"hello")


def test_dribbled_bytes_arrive_and_the_story_is_told(pair):
    peer, other = pair
    peer.dribble(b"abc", gap=0)
    assert other.recv(100, socket.MSG_WAITALL | socket.MSG_PEEK)
    told = [what for _, what in peer.story]
    assert told == ["connects", "dribbles 3 bytes"]
    assert [when for when, _ in peer.story] == sorted(when for when, _ in peer.story)
