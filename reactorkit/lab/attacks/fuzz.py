"""Hundreds of thousands of lines, right and wrong, over several connections, from a seed.

    python -m reactorkit fuzz chat_reactor --lines 200000 --seed 7

Two innocents talk all the while. In the end the server must be alive, both must have heard each
word once, in order, and nothing but whole messages; its descriptors must be as many as before, and
its memory must not have grown beyond a limit. The same seed sends the same bytes in the same order.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

from reactorkit.errors import KitError
from reactorkit.lab.attacks.arena import MIB, Arena, last_words
from reactorkit.lab.attacks.ears import PATIENCE, Ear, Ears
from reactorkit.lab.attacks.grammar import Grammar
from reactorkit.lab.attacks.model import CHAT, Fault, Harm
from reactorkit.lab.attacks.party import ChatParty, Party, party_for
from reactorkit.lab.server import Server

CONNECTIONS = 8
LINES_A_TALK = 50  # between two words of the innocents
BURST = 12  # lines that one connection says in a row, at most
MOST_GROWN = 32 * MIB  # bytes of memory
MOST_AHEAD = MIB // 4  # bytes that a stranger has said and the server has not taken
SHOWN = 20  # lines that a failure shows

Progress = Callable[[Iterable[int]], Iterable[int]]


@dataclass(frozen=True)
class FuzzReport:
    """What a run has shown; `trouble` is empty when the server has borne all of it.

    lines: how many were sent. connections: how many were made. words: how many the innocents said
    to each other. grown: bytes of memory. error, last_words: of a server that ended. last_lines:
    what was said since the innocents last heard each other.
    """

    server: str
    seed: int
    lines: int
    connections: int
    words: int
    grown: int
    trouble: str
    error: str = ""
    last_words: str = ""
    last_lines: tuple[str, ...] = ()

    @property
    def survived(self) -> bool:
        """Whether nothing went wrong."""
        return not self.trouble

    def data(self) -> dict[str, Any]:
        """Return the report as plain values."""
        return {**asdict(self), "survived": self.survived}

    def __str__(self) -> str:
        sent = (
            f"{self.server}: {self.lines:,} lines over {self.connections} connections, seed "
            f"{self.seed}; the innocents said {self.words:,} words meanwhile."
        )
        if self.survived:
            return (
                f"{sent}\nAlive, everybody undisturbed, no descriptor left open, memory grown by "
                f"{self.grown / MIB:.1f} MiB."
            )
        told = [sent, f"It has not survived: {self.trouble}."]
        told += [f"Its last words: {self.last_words}"] if self.last_words else []
        told += ["Said since the innocents last heard each other, the end of it:"]
        return "\n".join([*told, *(f"    {one}" for one in self.last_lines)])


class Overhearing:
    """Checks what an innocent hears: whole messages, and each word of the others once, in order."""

    def __init__(self) -> None:
        self._tail = b""
        self._last: dict[str, int] = {}

    def __call__(self, data: bytes) -> None:
        """Take a piece; Harm when it is not what a member may hear."""
        *lines, self._tail = (self._tail + data).split(b"\n")
        for one in lines:
            self._check(one)

    def _check(self, one: bytes) -> None:
        try:
            said = json.loads(one)
        except (ValueError, RecursionError) as error:
            raise Harm(f"an innocent heard {_shown(one)}, which is no message") from error
        if not (
            isinstance(said, dict)
            and said.keys() == {"user", "text"}
            and all(isinstance(value, str) for value in said.values())
        ):
            raise Harm(f"an innocent heard {_shown(one)}, which is no message")
        if said["user"] in ("Ann", "Bob"):
            self._in_order(said["user"], int(said["text"].split()[1].rstrip(".")))

    def _in_order(self, user: str, number: int) -> None:
        before = self._last.get(user, 0)
        if number <= before:
            raise Harm(f"an innocent heard word {number} of {user} after word {before}")
        self._last[user] = number


class Mirror:
    """Checks that a connection to an echo server hears what it says, and nothing else."""

    def __init__(self) -> None:
        self.due = bytearray()

    def __call__(self, data: bytes) -> None:
        """Take a piece; Harm when other bytes are due."""
        if not self.due.startswith(data):
            raise Harm("a stranger heard what it had not said")
        del self.due[: len(data)]


class Fuzzer:
    """One run: strangers with a seed of their own behaviour, and the innocents."""

    def __init__(self, arena: Arena, service: str, seed: int, connections: int) -> None:
        self.arena, self.service = arena, service
        self.numbers = random.Random(seed)
        self.grammar = Grammar(self.numbers)
        self.connections = 0
        self.strangers: list[Ear] = [self._come() for _ in range(connections)]
        self.lines = 0
        self.since_talk: list[bytes] = []

    def burst(self) -> None:
        """Let one stranger say a few lines in pieces of any length; it may break off then."""
        place = self.numbers.randrange(len(self.strangers))
        lines = [self.grammar.line() for _ in range(self.numbers.randint(1, BURST))]
        cuts = self.numbers.randrange(4)
        ending = self.numbers.choice(["reset", "leave", "unread"]) if self._seldom() else ""
        stranger = self.strangers[place]
        if stranger.ended or len(stranger.unsaid) > MOST_AHEAD:
            stranger = self._replace(place)
        self.lines += len(lines)
        self.since_talk += lines
        self._say(stranger, b"".join(lines), cuts)
        if ending:
            self._end(place, ending)

    def _seldom(self) -> bool:
        return self.numbers.random() < 0.02

    def _say(self, stranger: Ear, data: bytes, cuts: int) -> None:
        places = sorted(self.numbers.randrange(len(data) + 1) for _ in range(cuts))
        for start, end in zip([0, *places], [*places, len(data)], strict=True):
            if isinstance(stranger.tap, Mirror):
                stranger.tap.due += data[start:end]
            stranger.say(data[start:end])
            self.arena.ears.turn(0)  # each piece leaves alone, if it can
        if stranger.listening:  # the server may have stopped listening to one that does not
            self.arena.ears.wait(lambda: len(stranger.unsaid) < MOST_AHEAD, of=stranger)

    def _end(self, place: int, how: str) -> None:
        stranger = self.strangers[place]
        if how == "reset":
            stranger.reset()
        elif how == "leave":
            stranger.leave()
        else:
            stranger.close_unread()
        self._replace(place)

    def _replace(self, place: int) -> Ear:
        self.arena.ears.forget(self.strangers[place])
        self.strangers[place] = self._come()
        return self.strangers[place]

    def _come(self) -> Ear:
        """Connect a stranger; in a chat, each tenth never listens.

        When one is replaced depends on the server. So nothing here asks for a random number: the
        bytes that are sent depend on the seed alone.
        """
        self.connections += 1
        deaf = self.service == CHAT and self.connections % 10 == 0
        stranger = self.arena.stranger(listening=not deaf, rcvbuf=4096 if deaf else None)
        if self.service != CHAT:
            stranger.tap = Mirror()
        return stranger

    def go_home(self) -> None:
        """Let all strangers leave."""
        for stranger in self.strangers:
            stranger.leave()


def fuzz(
    target: str,
    service: str,
    *,
    lines: int = 200_000,
    seed: int = 1,
    connections: int = CONNECTIONS,
    progress: Progress | None = None,
) -> FuzzReport:
    """Send a server `lines` lines made from `seed`, and report how it has borne them.

    Raises KitError when it does not serve even before.
    """
    with Server(target) as server, Ears(server) as ears:
        party = party_for(service, ears)
        arena = Arena(server, ears, party)
        try:
            party.join()
        except (Harm, KitError) as error:
            raise KitError(f"{server.name} does not serve even before: {error}.") from error
        if isinstance(party, ChatParty) and party.framed:
            party.ann.tap, party.bob.tap = Overhearing(), Overhearing()
        before = server.gauges()
        fuzzer = Fuzzer(arena, service, seed, connections)
        trouble = _run(fuzzer, party, lines, progress) or _left(arena, fuzzer, before.descriptors)
        return _report(arena, fuzzer, party, seed, trouble, before.rss)


def _run(fuzzer: Fuzzer, party: Party, lines: int, progress: Progress | None) -> str:
    """Say it all; returns what went wrong meanwhile, or an empty string."""
    talks = range(0, lines, LINES_A_TALK)
    try:
        for start in progress(talks) if progress else talks:
            while fuzzer.lines < min(start + LINES_A_TALK, lines):
                fuzzer.burst()
            party.talk()
            fuzzer.since_talk.clear()
    except Harm as harm:
        return str(harm)
    except (KitError, OSError) as error:
        return f"a stranger was turned away: {error}".rstrip(".")
    return ""


def _left(arena: Arena, fuzzer: Fuzzer, descriptors: int) -> str:
    """Let the strangers leave and look at what stays; returns what is wrong with it."""
    fuzzer.go_home()
    try:
        arena.expect_descriptors(descriptors)
        arena.party.meanwhile()
        arena.party.welcome()
    except (Fault, Harm, KitError) as error:
        return str(error)
    return ""


def _report(
    arena: Arena, fuzzer: Fuzzer, party: Party, seed: int, trouble: str, rss: int
) -> FuzzReport:
    server = arena.server
    if trouble:
        for ear in arena.ears.all:
            ear.tap = None  # one finding is enough
        arena.ears.wait(lambda: not server.alive)
    error = words = ""
    if not server.alive:
        server.wait(PATIENCE)
        error, words = last_words(server)
        trouble = f"{server.name} has ended ({error}); {trouble or 'nobody has noticed yet'}"
    grown = 0 if trouble else server.gauges().rss - rss
    if grown > MOST_GROWN:
        trouble = f"its memory has grown by {grown // MIB} MiB"
    return FuzzReport(
        server=server.name,
        seed=seed,
        lines=fuzzer.lines,
        connections=fuzzer.connections,
        words=party.words,
        grown=grown,
        trouble=trouble,
        error=error,
        last_words=words,
        last_lines=tuple(_shown(one) for one in fuzzer.since_talk[-SHOWN:]) if trouble else (),
    )


def _shown(data: bytes) -> str:
    """Return bytes as they can be shown, the middle of long ones left out."""
    return repr(data) if len(data) <= 100 else f"{data[:60]!r} ... {data[-20:]!r}"
