"""Guests who come, talk and leave for minutes: what a server keeps of them when all are gone.

    python -m reactorkit soak chat_reactor --clients 1000 --seconds 120

Nobody may be turned away or cut off, two innocents are served all the while, and in the end there
are as many descriptors as at the start, and hardly more memory.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from reactorkit.errors import KitError
from reactorkit.lab.attacks.arena import MIB, Arena
from reactorkit.lab.attacks.ears import Ears
from reactorkit.lab.attacks.model import Fault, Harm
from reactorkit.lab.attacks.party import party_for
from reactorkit.lab.behaviours import Guest
from reactorkit.lab.crowd import Crowd, Stats
from reactorkit.lab.server import Server

BETWEEN_WORDS = 0.25  # seconds: the innocents talk, and the server is looked at
MOST_GROWN = 32 * MIB  # bytes of memory
SPARE = 100  # descriptors beyond one for each guest


@dataclass(frozen=True)
class SoakReport:
    """What a run has shown; `trouble` is empty when all was well.

    visits: connections that were made. words: how many the innocents said to each other.
    most_descriptors: the most that were open at once. grown: bytes of memory, in the end.
    """

    server: str
    clients: int
    seconds: float
    visits: int
    words: int
    most_descriptors: int
    grown: int
    trouble: str

    @property
    def survived(self) -> bool:
        """Whether nothing went wrong."""
        return not self.trouble

    def data(self) -> dict[str, Any]:
        """Return the report as plain values."""
        return {**asdict(self), "survived": self.survived}

    def __str__(self) -> str:
        told = (
            f"{self.server}: {self.visits:,} visits of {self.clients:,} guests in "
            f"{self.seconds:g} s, at most {self.most_descriptors:,} descriptors open; "
            f"the innocents said {self.words:,} words meanwhile."
        )
        if self.trouble:
            return f"{told}\nAll was not well: {self.trouble}."
        return (
            f"{told}\nAlive, everybody served, as many descriptors as at the start, memory grown "
            f"by {self.grown / MIB:.1f} MiB."
        )


def soak(
    target: str, service: str, *, clients: int = 1_000, seconds: float = 120.0, stay: float = 10.0
) -> SoakReport:
    """Let `clients` guests come and go for `seconds`, each visit `stay` s long; returns the report.

    Raises KitError when the server does not serve even before, or the machine cannot hold so many.
    """
    with Server(target, descriptors=clients + SPARE) as server, Ears(server) as ears:
        arena = Arena(server, ears, party_for(service, ears))
        try:
            arena.party.join()
        except (Harm, KitError) as error:
            raise KitError(f"{server.name} does not serve even before: {error}.") from error
        before = server.gauges()
        most, trouble = before.descriptors, ""
        with Crowd(server.address, clients, Guest(stay), seconds) as guests:
            while guests.alive and not trouble:
                open_now, trouble = _talk(arena)
                most = max(most, open_now)
                guests.wait_done(BETWEEN_WORDS)
            stats = guests.stop()
        trouble = trouble or _turned_away(stats) or _left(arena, before.descriptors)
        grown = 0 if trouble else server.gauges().rss - before.rss
        if grown > MOST_GROWN:
            trouble = f"its memory has grown by {grown // MIB} MiB"
        return SoakReport(
            server.name, clients, seconds, stats.connected, arena.party.words, most, grown, trouble
        )


def _talk(arena: Arena) -> tuple[int, str]:
    """Let the innocents talk; returns the descriptors open then, and what went wrong, if it did."""
    try:
        arena.party.talk()
        return arena.descriptors(), ""
    except (Harm, KitError) as error:
        return 0, str(error)


def _turned_away(stats: Stats) -> str:
    """Return what the guests have to complain of, or an empty string."""
    complaints = {
        "could not connect": stats.refused,
        "were reset": stats.resets,
        "were sent away": stats.eofs,
    }
    return ", ".join(f"{count} guests {what}" for what, count in complaints.items() if count)


def _left(arena: Arena, descriptors: int) -> str:
    """Look at what stays when all guests have gone; returns what is wrong with it."""
    try:
        arena.expect_descriptors(descriptors)
        arena.party.meanwhile()
        arena.party.welcome()
    except (Fault, Harm, KitError) as error:
        return str(error)
    return ""
