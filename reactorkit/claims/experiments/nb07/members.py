"""Users of a chat, scripted: they speak its wire format, and keep every byte that they hear."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Sequence

from reactorkit.errors import KitError
from reactorkit.lab.peer import Peer

# What one turn of a chat server reads of one member at least, in bytes.
LEAST_READ = 1000
QUIET = 40
_numbers = itertools.count()


def line(user: str, text: str) -> bytes:
    """Return a message as a client sends it: one JSON object, without the newline."""
    return json.dumps({"user": user, "text": text}).encode()


class Member:
    """One user with a connection. `heard` is all that has been received so far.

    Arguments:
        peer: the connection.
        name: what stands as "user" in each message.
        end: the bytes behind each message; the article's clients send none.
    """

    def __init__(self, peer: Peer, name: str, end: bytes = b"") -> None:
        self.peer, self.name, self.end = peer, name, end
        self.heard = bytearray()

    def say(self, text: str) -> None:
        """Send one message, with a send of its own."""
        self.peer.send(line(self.name, text) + self.end)

    def hear(self, mark: str) -> bytes:
        """Read on until `mark` has been heard; return everything heard so far.

        Raises KitError when the server ends the connection first, PeerTimeout when it is silent.
        """
        wanted = mark.encode()
        while wanted not in self.heard:
            data = self.peer.recv()
            if not data:
                raise KitError(f"{self.name} was cut off before {mark!r} came.")
            self.heard += data
        return bytes(self.heard)

    def forget(self) -> None:
        """Drop what has been heard."""
        self.heard.clear()


def gather(members: Sequence[Member]) -> None:
    """Return once all are in the room; `members` are in the order in which they have connected.

    Connections are accepted in that order, so they are all in once the last one is heard.
    """
    members[-1].say("Is everybody here?")
    members[0].hear("Is everybody here?")


def fence(speaker: Member, listener: Member, pending: int, last: str = "") -> bytes:
    """Return all that `listener` has heard once the server has read `pending` bytes of others.

    It waits for facts, not for a time: every turn of the article's server reads of each member
    that has something to say, and every word of the speaker's that comes through takes a turn at
    least. A server that lets a busy member rest takes more turns: then QUIET words in a row must
    bring nothing new. `last` is what ends the wait at once: nothing of theirs can follow it.
    """
    least, rounds, quiet = 2 + math.ceil(pending / LEAST_READ), 0, 0
    while (rounds < least or quiet < QUIET) and not (last and last.encode() in listener.heard):
        word, before = f"<fence {next(_numbers)}>", listener.heard.count(b"<line ")
        speaker.say(word)
        listener.hear(word)
        rounds += 1
        quiet = quiet + 1 if listener.heard.count(b"<line ") == before else 0
    return bytes(listener.heard)
