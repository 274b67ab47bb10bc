"""One attack on one fresh server with innocents online, and the verdict."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import signal
from collections.abc import Iterator

from reactorkit.errors import KitError
from reactorkit.lab.attacks.ears import PATIENCE, REST, TURNS, Ear, Ears
from reactorkit.lab.attacks.model import Attack, Fault, Harm, Outcome, Verdict
from reactorkit.lab.attacks.party import Party, party_for
from reactorkit.lab.server import Server

ROUNDS = 3  # how often the innocents talk afterwards
MIB = 1 << 20
# The last line of a traceback: the exception's name, and what it says.
LAST_LINE = re.compile(r"^(?:[A-Za-z_]\w*\.)*([A-Z]\w*)(?::\s*(.*))?$")


class Arena:
    """What an attack works with: the server, its innocents, and as many strangers as it likes."""

    def __init__(self, server: Server, ears: Ears, party: Party) -> None:
        self.server, self.ears, self.party = server, ears, party

    def stranger(self, *, listening: bool = True, rcvbuf: int | None = None) -> Ear:
        """Connect an attacker."""
        return self.ears.connect(listening=listening, rcvbuf=rcvbuf)

    def strangers(self, number: int) -> list[Ear]:
        """Connect many, as far as the server lives."""
        came = []
        with contextlib.suppress(KitError):
            for _ in range(number):
                came.append(self.stranger())
        return came

    def accepted_stranger(self) -> Ear:
        """Connect an attacker; the server knows it for sure, and owes it nothing."""
        ear = self.stranger()
        self.party.settle()
        return ear

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Stop the server (SIGSTOP) meanwhile: what happens in here, it finds all at once."""
        self.server.pause()
        try:
            yield
        finally:
            self.server.resume()

    def push(self, ear: Ear, data: bytes) -> int:
        """Say `data` until it is all sent or the server takes no more; returns the bytes sent."""
        ear.say(data)
        self.ears.wait(lambda: not ear.unsaid, of=ear, still=REST, busy=TURNS)
        sent = len(data) - len(ear.unsaid)
        ear.unsaid.clear()
        return sent

    def descriptors(self) -> int:
        """Return how many descriptors the server has open."""
        return self.server.gauges().descriptors

    def expect_descriptors(self, before: int) -> None:
        """Wait until the server has closed what was opened since; Fault when it keeps some."""
        self.ears.rest()  # by then it has accepted everybody
        if not self.ears.wait(lambda: self.descriptors() <= before):
            raise Fault(f"it keeps {self.descriptors() - before} descriptors open")

    def memory(self) -> int:
        """Return the server's resident memory in bytes."""
        return self.server.gauges().rss


def run_attack(attack: Attack, target: str, service: str, one_at_a_time: bool = False) -> Outcome:
    """Start a server, let the innocents join, attack it, and say what has become of everybody.

    Raises KitError when the server does not serve its innocents even before the attack.
    """
    with Server(target, descriptors=attack.descriptors) as server, Ears(server) as ears:
        arena = Arena(server, ears, party_for(service, ears, one_at_a_time))
        try:
            arena.party.join()
        except (Harm, KitError, OSError) as error:
            raise KitError(
                f"{server.name} does not serve even before an attack: {error}. Is it a server "
                f"for {service}? If not, say which: --service echo or --service chat.\n"
                f"{server.log}"
            ) from error
        fault = _act(attack, arena)
        return _judged(attack, arena, fault, _what_they_see(arena))


def _act(attack: Attack, arena: Arena) -> str:
    """Do it; returns which promise was broken, or an empty string."""
    try:
        attack.act(arena)
    except Fault as fault:
        return str(fault)
    except Harm:
        pass  # the innocents will say so themselves
    except (KitError, OSError) as error:
        return str(error)  # a stranger was cut off; whether that matters, the innocents tell
    return ""


def _what_they_see(arena: Arena) -> Harm | None:
    """Let the innocents talk and a newcomer join; returns what harm has come to them."""
    try:
        for _ in range(ROUNDS):
            arena.party.talk()
        arena.party.welcome()
        arena.party.talk()
    except Harm as harm:
        return harm
    return None


def _judged(attack: Attack, arena: Arena, fault: str, harm: Harm | None) -> Outcome:
    server = arena.server
    if harm and harm.cut_off:  # its end may be on the way: the traceback comes before the exit
        arena.ears.wait(lambda: not server.alive)
    if not server.alive:
        server.wait(PATIENCE)  # until its last words are read
        error, words = last_words(server)
        saw = str(harm or "they were served, and then it ended")
        return Outcome(attack, Verdict.DEAD, saw, error, words)
    if harm:
        return Outcome(attack, Verdict.STALLED, str(harm))
    if fault:
        return Outcome(attack, Verdict.FAULTY, "they were served throughout", fault=fault)
    return Outcome(attack, Verdict.ALIVE, "they were served throughout")


def last_words(server: Server) -> tuple[str, str]:
    """Return the exception that ended a server, in a word or two, and its last line."""
    lines = [text for text in server.log.splitlines()[1:] if text.strip()]
    last = lines[-1].strip() if lines else ""
    status = server.returncode
    if status is not None and status < 0:
        return f"killed by {signal.Signals(-status).name}", last
    found = LAST_LINE.match(last)
    if found is None or not any(text.startswith("Traceback") for text in lines):
        return f"ended with status {status}", last
    number = re.match(r"\[Errno (\d+)\]", found[2] or "")
    name = found[1]
    if number and name == "OSError":
        name += f" {errno.errorcode.get(int(number[1]), os.strerror(int(number[1])))}"
    return name, last
