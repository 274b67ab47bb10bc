"""What an attack is, and what can become of a server: four verdicts, each with a shape."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reactorkit.lab.attacks.arena import Arena

ECHO, CHAT = "echo", "chat"
FIFTEEN, RULES = "fifteen", "rules"  # the table of the lessons, and what every server has to bear


class Verdict(enum.StrEnum):
    """What has become of a server, the best first."""

    ALIVE = "alive"  # it serves everybody as if nothing had been
    FAULTY = "faulty"  # it serves, and has lost something or keeps too much
    STALLED = "stalled"  # it runs, and does not answer the innocent any more
    DEAD = "dead"  # its process has ended

    @property
    def mark(self) -> str:
        """Its shape: a table is read without colours, too."""
        return {"alive": "●", "faulty": "▲", "stalled": "■", "dead": "✘"}[self]


class Harm(Exception):
    """An innocent member is not served any more; the text says what it saw.

    cut_off: its connection has ended; otherwise nothing comes.
    """

    def __init__(self, saw: str, cut_off: bool = False) -> None:
        super().__init__(saw)
        self.cut_off = cut_off


class Fault(Exception):
    """The server goes on, and has broken a promise; the text says which."""


@dataclass(frozen=True)
class Attack:
    """One thing that a client can do.

    id: its name on the command line. title: its name in a table. sends: what it sends or does.
    cause: the fault in a server that it aims at. act: does it; raises Fault where the server lives
    and yet breaks a promise. services: the kinds of server that it is for. claims: the claims of
    the ledger that it shows. group: FIFTEEN or RULES. descriptors: how many the server may open.
    """

    id: str
    title: str
    sends: str
    cause: str
    act: Callable[[Arena], None]
    services: tuple[str, ...] = (ECHO, CHAT)
    claims: tuple[str, ...] = ()
    group: str = RULES
    descriptors: int | None = None


@dataclass(frozen=True)
class Outcome:
    """What one attack has done to one server.

    saw: what the innocent members saw. error: the exception that ended the server, as one word or
    two ("TypeError", "OSError ENOTCONN"). last_words: its last line. fault: the broken promise.
    """

    attack: Attack
    verdict: Verdict
    saw: str
    error: str = ""
    last_words: str = ""
    fault: str = ""

    @property
    def why(self) -> str:
        """The reason in a few words: the exception, the fault, or what the innocent saw."""
        if self.verdict is Verdict.ALIVE:
            return ""
        return self.error or self.fault or self.saw
