"""What one message costs a chat with many members: a send() for everybody who hears it (C02)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reactorkit.claims.experiments.nb02.common import cpu_of, roomy
from reactorkit.claims.experiments.nb13.counted_chat import TOTALS
from reactorkit.claims.world import Evidence, Finding, World
from reactorkit.lab.peer import Peer
from reactorkit.lab.server import Server

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FEWER, MANY = 50, 400
COUNTED = Path(__file__).with_name("counted_chat.py")
GROWS = (4, 20)  # between these factors, where the number of members grows by 8
LINE = b'{"user":"Kim","text":"hello, everybody"}\n'
# What a member hears: the article's server puts the name in brackets, and ends no line.
HEARD = {"chat_reactor": LINE, "chat_article": b"[Kim] hello, everybody"}


def fan_out(world: World) -> Evidence:
    """Let one member of a chat speak, and count calls and CPU time for rooms of growing size."""
    sizes = world.pick(
        quick=(FEWER, MANY), small=(10, FEWER, 100, MANY), normal=(10, FEWER, 100, 200, MANY)
    )
    counts = {size: sends_for_a_message(world, size) for size in (10, FEWER)}
    names = world.pick(quick=("chat_reactor",), small=tuple(HEARD), normal=tuple(HEARD))
    costs = {name: [cpu_for_a_message(world, name, size) for size in sizes] for name in names}
    best = dict(zip(sizes, costs["chat_reactor"], strict=True))
    return Evidence(
        findings={"C02": judge(counts, best)},
        data={
            "sizes": list(sizes),
            "costs": {name: [1e6 * each for each in row] for name, row in costs.items()},
        },
        picture=draw,
        caption="One gridline up for one to the right: a message gets dearer in proportion to "
        "those who hear it. A better program lies lower, and climbs alike.",
        alt=f"CPU time for one message against members, log axes. It rises in proportion: "
        f"{1e6 * best[FEWER]:.0f} µs with {FEWER} members, {1e6 * best[MANY]:.0f} µs with {MANY}.",
    )


def sends_for_a_message(world: World, members: int) -> float:
    """Return how many times the server calls send() for one message, on average of five."""
    messages = 5
    server = world.serve(COUNTED)
    with Room(world, server, members, LINE) as room:
        ask_for_totals(room.speaker)
        for _ in range(messages):
            room.speak()
        return ask_for_totals(room.speaker) / messages


def ask_for_totals(peer: Peer) -> int:
    """Return the number of send() calls since the last question."""
    peer.send(TOTALS)
    answer = b""
    while not answer.endswith(b"\n"):
        answer += peer.recv()
    return int(answer)


def cpu_for_a_message(world: World, name: str, members: int) -> float:
    """Return the server's CPU seconds for one message: the cheapest of a few rounds."""
    messages, rounds = world.pick(quick=(8, 3), small=(10, 4), normal=(15, 5))
    server = roomy(world, name, members)
    costs = []
    with Room(world, server, members, HEARD[name]) as room:
        for _ in range(3):
            room.speak()  # the first ones pay for what is set up once
        for _ in world.progress(range(rounds), f"{members} members of {name}"):
            before = cpu_of(server)
            for _ in range(messages):
                room.speak()
            costs.append((cpu_of(server) - before) / messages)
    server.stop()
    return min(costs)


class Room:
    """A chat with `members` members, one of whom speaks; all are there when it is entered."""

    def __init__(self, world: World, server: Server, members: int, heard: bytes) -> None:
        self.heard = heard
        self._held = world.hold(server, members)
        self.speaker, *others = self._held.peers
        # The article's server sends its words to the speaker, too.
        self.listeners = others if heard == LINE else self._held.peers

    def __enter__(self) -> Room:
        # Members are let in in the order in which they came. The last one's first word is heard by
        # all who are in, so when the speaker hears it, everybody is there.
        last = self._held.peers[-1]
        last.send(LINE)
        for peer in self._held.peers:
            if peer is not last or self.heard != LINE:
                peer.recv_exactly(len(self.heard))
        return self

    def __exit__(self, *_: object) -> None:
        self._held.close()

    def speak(self) -> None:
        """Say one line, and return when everybody has heard it: one message in one turn."""
        self.speaker.send(LINE)
        for peer in self.listeners:
            peer.recv_exactly(len(self.heard))


def judge(counts: Mapping[int, float], costs: Mapping[int, float]) -> Finding:
    """Decide C02 from send() calls by members, and CPU seconds for a message by members."""
    factor = costs[MANY] / costs[FEWER]
    one_each = all(sends == members - 1 for members, sends in counts.items())
    told = ", ".join(f"{sends:g} with {members}" for members, sends in counts.items())
    return Finding(
        met=one_each and GROWS[0] < factor < GROWS[1],
        measured=f"send() calls for one message: {told} members; CPU time for it: "
        f"{1e6 * costs[FEWER]:.0f} µs with {FEWER} members, {1e6 * costs[MANY]:.0f} µs with "
        f"{MANY}: {factor:.1f} times",
        why="Other work kept the machine busy, or the server was changed.",
    )


def draw(data: Mapping[str, Any]) -> Figure:
    """Draw CPU time for one message against the number of members, on log axes."""
    from reactorkit.view.charts import lines

    sizes: Sequence[int] = data["sizes"]
    return lines(
        {name: (sizes, row) for name, row in data["costs"].items()},
        xlabel="members of the chat",
        ylabel="server CPU for one message (µs)",
        logx=True,
        logy=True,
        names={"chat_reactor": "echo_selectors", "chat_article": "echo_threads"},
    )
