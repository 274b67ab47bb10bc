"""The innocent: members who are online before an attack, and want nothing but to be served.

They speak the language of their service, and read the server's in whatever form it comes: a word
has arrived when it is somewhere in the bytes. So one party fits every chat server, framed or not.
"""

from __future__ import annotations

import json

from reactorkit.errors import KitError
from reactorkit.lab.attacks.ears import Ear, Ears
from reactorkit.lab.attacks.model import CHAT, Harm


def line(user: str, text: str) -> bytes:
    """Return one message of a chat, as its wire format has it."""
    return json.dumps({"user": user, "text": text}).encode() + b"\n"


class Party:
    """What the innocents of both services have in common.

    words: how many they have said so far.
    framed: the server ends every message with a newline, so it has promised to keep them apart.
    """

    framed = True

    def __init__(self, ears: Ears) -> None:
        self.ears = ears
        self.words = 0

    def word(self, size: int = 0) -> str:
        """Return a word that has not been said yet, of `size` letters at least."""
        self.words += 1
        return f"word {self.words}. ".ljust(size, "o")

    def join(self) -> None:
        """Come online, before the attack; Harm when the server does not serve even now."""
        raise NotImplementedError

    def talk(self, size: int = 0) -> None:
        """Say something and hear what is due; Harm when it does not come."""
        raise NotImplementedError

    def meanwhile(self) -> None:
        """Talk while the attack goes on, twice: a loop has come round once in between."""
        self.talk()
        self.talk()

    def settle(self) -> None:
        """Talk until the server has accepted everybody, and owes nobody anything."""
        self.meanwhile()

    def welcome(self) -> None:
        """Let a newcomer join and be served; Harm when it is not."""
        raise NotImplementedError

    def stranger_says(self, number: int) -> bytes:
        """Return a valid message of a stranger."""
        raise NotImplementedError

    def forget(self) -> None:
        """Forget what was heard so far."""
        for ear in self.ears.all:
            ear.heard.clear()

    def overheard(self) -> int:
        """Return how many messages of strangers an innocent has heard."""
        raise NotImplementedError

    def _connect(self, who: str) -> Ear:
        try:
            return self.ears.connect()
        except KitError as error:
            raise Harm(f"{who} could not connect", cut_off=True) from error

    def _hear(self, ear: Ear, who: str, what: bytes) -> None:
        if self.ears.wait(lambda: what in ear.heard, of=ear):
            return
        if ear.ended:
            raise Harm(f"{who} lost the connection ({ear.ended})", cut_off=True)
        raise Harm(f"{who} heard nothing any more")


class EchoParty(Party):
    """One client, Ann, who talks to the server and gets back what she says."""

    def join(self) -> None:
        self.ann = self._connect("Ann")
        self.talk()

    def talk(self, size: int = 0) -> None:
        self._echo(self.ann, "Ann", size)

    def welcome(self) -> None:
        self._echo(self._connect("a newcomer"), "a newcomer", 0)

    def stranger_says(self, number: int) -> bytes:
        return b"stranger %d says hello\n" % number

    def overheard(self) -> int:
        return 0  # nobody hears what others say

    def _echo(self, ear: Ear, who: str, size: int) -> None:
        said = self.word(size).encode()
        ear.heard.clear()
        ear.say(said)
        self._hear(ear, who, said)
        if ear.heard != said:
            raise Harm(f"{who} heard what she had not said")


class Visitors(EchoParty):
    """Innocents of a server that serves one client at a time: each comes, talks, and leaves."""

    def join(self) -> None:
        self.talk()

    def meanwhile(self) -> None:
        self.ears.rest()  # nobody else is served while the attacker is there

    def talk(self, size: int = 0) -> None:
        ear = self._connect("a visitor")
        self._echo(ear, "a visitor", size)
        ear.leave()

    def welcome(self) -> None:
        self.talk()


class ChatParty(Party):
    """Two members, Ann and Bob: each hears what the other says."""

    def join(self) -> None:
        self.ann, self.bob = self._connect("Ann"), self._connect("Bob")
        # Who has come last speaks first: a server accepts in order, so the others are members then.
        self._tell(self.bob, "Bob", {"Ann": self.ann})
        self.framed = self.ann.heard.endswith(b"\n")
        self._tell(self.ann, "Ann", {"Bob": self.bob})

    def talk(self, size: int = 0) -> None:
        self._tell(self.bob, "Bob", {"Ann": self.ann}, size)
        self._tell(self.ann, "Ann", {"Bob": self.bob}, size)

    def settle(self) -> None:
        self.meanwhile()
        last = f"word {self.words}. ".encode()
        # Its speaker may hear it or not: a server need not send it back.
        hearers = [ear for ear in self.ears.all if ear.listening and ear is not self.ann]
        self.ears.wait(lambda: all(last in ear.heard or ear.ended for ear in hearers))

    def welcome(self) -> None:
        cid = self._connect("a newcomer")
        self._tell(cid, "a newcomer", {"Ann": self.ann, "Bob": self.bob})
        self._tell(self.ann, "Ann", {"Bob": self.bob, "a newcomer": cid})

    def stranger_says(self, number: int) -> bytes:
        return line("stranger", f"hello number {number}.")

    def overheard(self) -> int:
        return min(one.heard.count(b"hello number ") for one in (self.ann, self.bob))

    def _tell(self, speaker: Ear, name: str, hearers: dict[str, Ear], size: int = 0) -> None:
        word = self.word(size)
        for ear in hearers.values():
            ear.heard.clear()
        speaker.say(line(name, word))
        for who, ear in hearers.items():
            self._hear(ear, who, word.encode())


def party_for(service: str, ears: Ears, one_at_a_time: bool = False) -> Party:
    """Return the innocents that fit a server."""
    if service == CHAT:
        return ChatParty(ears)
    return Visitors(ears) if one_at_a_time else EchoParty(ears)
