"""One recv is taken for one message: what becomes of messages that travel together (C89)."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping

from reactorkit.claims.experiments.nb07 import pictures
from reactorkit.claims.experiments.nb07.members import Member, fence, gather, line
from reactorkit.claims.experiments.nb07.room import ARTICLE
from reactorkit.claims.world import Evidence, Finding, World
from reactorkit.lab.server import Server

COUNT = 500
ONE_BY_ONE = 100
PAUSES = (0.0, 1e-5, 2e-5, 4e-5, 8e-5, 1.6e-4, 5e-4, 2e-3, 6e-3)  # seconds from a send to the next
TOGETHER = "two in one send"
CUT = "one in two sends"
LONG = "one of 2 kB"
STORM = f"{COUNT}, without a pause"
PATIENT = f"{ONE_BY_ONE}, one by one"
ALONE = "one alone"

SHORTEST_SLEEP = 0.0005  # seconds; what is shorter takes longer when slept

Tries = Mapping[str, tuple[int, int]]  # what was tried: messages sent, messages delivered


def one_recv_one_message(world: World) -> Evidence:
    """C89: messages alone, together, in pieces, too long, in a storm, and with pauses."""
    room = Room(world.serve(ARTICLE), world)
    tries = {
        ALONE: (1, room.send(line("Ann", mark(0)), 1)),
        TOGETHER: (2, room.send(line("Ann", mark(0)) + line("Ann", mark(1)), 2)),
        CUT: (1, room.send_in_two(line("Ann", mark(0)))),
        LONG: (1, room.send(line("Ann", mark(0) + "a" * 2000), 1)),
        STORM: (COUNT, room.storm(COUNT)[0]),
        PATIENT: (ONE_BY_ONE, room.one_by_one(ONE_BY_ONE)),
    }
    count = world.pick(quick=60, small=200, normal=300)
    shares = []
    for pause in world.progress(PAUSES, "pauses"):
        delivered, gap = room.storm(count, pause)
        shares.append((gap, delivered / count))
    return Evidence(
        findings={
            "C89": Finding(
                only_alone_arrives(tries),
                "; ".join(f"{name}: {got} of {sent}" for name, (sent, got) in tries.items()),
                "The server kept up with the sender. It may run on a core that nobody else uses "
                "while the sender has to wait for one; run it again.",
            )
        },
        data={"tries": {name: list(pair) for name, pair in tries.items()}, "shares": shares},
        picture=pictures.draw_shares,
        caption="Left: what was sent, and how much of it was delivered. Right: the less pause, "
        "the more messages meet in one recv, and are lost.",
        alt="Bars: "
        + "; ".join(f"{name}, {got} of {sent} delivered" for name, (sent, got) in tries.items())
        + ". A line of the share delivered against the time from a send to the next: "
        + ", ".join(f"{share:.0%} at {gap * 1e6:,.0f} µs" for gap, share in shares)
        + ".",
    )


def only_alone_arrives(tries: Tries) -> bool:
    """Return whether messages arrive that travel alone, and not those that travel together."""
    delivered = {name: got for name, (_, got) in tries.items()}
    return (
        delivered[ALONE] == 1
        and delivered[TOGETHER] == delivered[CUT] == delivered[LONG] == 0
        and delivered[STORM] < COUNT / 2
        and delivered[PATIENT] > 0.95 * ONE_BY_ONE
    )


def mark(number: int) -> str:
    """Return words that are found again in a stream without borders."""
    return f"<line {number}>"


class Room:
    """Three users of a chat: Ann sends, Dora listens, and Cleo's words tell Dora when all is in."""

    def __init__(self, server: Server, world: World | None = None, end: bytes = b"") -> None:
        def member(name: str) -> Member:
            return Member(world.peer(server) if world else server.connect(), name, end)

        self.ann, self.cleo, self.dora = map(member, ("Ann", "Cleo", "Dora"))
        gather((self.ann, self.cleo, self.dora))

    def send(self, data: bytes, count: int) -> int:
        """Send some bytes with one send; return how many of `count` messages were delivered."""
        self.dora.forget()
        self.ann.peer.send(data)
        return self._delivered(count, len(data))

    def send_in_two(self, data: bytes) -> int:
        """Send the second half of a message when the server has read the first."""
        self.dora.forget()
        half = len(data) // 2
        self.ann.peer.send(data[:half])
        self._delivered(1, half)
        self.ann.peer.send(data[half:])
        return self._delivered(1, half)

    def storm(self, count: int, pause: float = 0.0) -> tuple[int, float]:
        """Send `count` messages; return how many were delivered, and the seconds for each."""
        words = [line("Ann", mark(number)) + self.ann.end for number in range(count)]
        self.dora.forget()
        began = next_one = time.perf_counter()
        for each in words:
            self.ann.peer.sock.sendall(each)
            next_one += pause
            while (left := next_one - time.perf_counter()) > 0:
                if left > SHORTEST_SLEEP:
                    time.sleep(left / 2)
        gap = (time.perf_counter() - began) / count
        return self._delivered(count, sum(map(len, words))), gap

    def one_by_one(self, count: int) -> int:
        """Send the next message when the one before has arrived; return how many have."""
        self.dora.forget()
        for number in range(count):
            self.ann.say(mark(number))
            self.dora.hear(mark(number))
        return self._delivered(count, 0)

    def _delivered(self, count: int, pending: int) -> int:
        heard = fence(self.cleo, self.dora, pending, last=mark(count - 1))
        numbers = {int(number) for number in re.findall(rb"<line (\d+)>", heard)}
        self._drain()
        return len(numbers & set(range(count)))

    def _drain(self) -> None:
        """Let the others read too, or their buffers would fill in the end."""
        for member in (self.ann, self.cleo):
            patience = member.peer.timeout
            member.peer.sock.setblocking(False)
            try:
                while member.peer.sock.recv(1 << 20):
                    continue
            except BlockingIOError:
                pass  # that was all
            finally:
                member.peer.timeout = patience


def storm(server: Server, count: int = COUNT) -> int:
    """Send `count` messages to a chat as fast as they go; return how many reached a listener.

    Each ends with a newline, as the wire format of this course wants it.
    """
    room = Room(server, end=b"\n")
    try:
        return room.storm(count)[0]
    finally:
        for member in (room.ann, room.cleo, room.dora):
            member.peer.close()
