"""What one delivery costs a chat server: CPU time for each copy of a message that goes out."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from reactorkit.claims.experiments.nb02.common import cpu_of
from reactorkit.claims.experiments.nb06.shown import Shown
from reactorkit.claims.experiments.nb07.members import Member, gather
from reactorkit.claims.world import World
from reactorkit.lab.server import Server

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LISTENERS = 40
ROUNDS = 4


def price_of_a_delivery(*targets: str | os.PathLike[str]) -> Shown:
    """Let one user talk to a room of listeners at each server, in turns; show the CPU time.

    Arguments:
        targets: names of chat servers, files, or what `edit` returned.
    """
    with World() as world:
        messages = world.pick(quick=100, small=200, normal=400)
        rooms = {Path(os.fspath(one)).stem: _Room(world, world.serve(one)) for one in targets}
        cheapest = {name: float("inf") for name in rooms}
        for _ in range(ROUNDS):  # in turns, so that a stolen core hits all of them alike
            for name, room in rooms.items():
                cheapest[name] = min(cheapest[name], room.talk(messages))
    return Shown(
        "; ".join(f"{name}: {cost * 1e6:.1f} µs a delivery" for name, cost in cheapest.items()),
        "The server's CPU time for one message to one listener: the cheapest of a few rounds.",
        lambda: draw(cheapest),
    )


class _Room:
    """One server with one speaker, many listeners, and one among them who listens closely."""

    def __init__(self, world: World, server: Server) -> None:
        self.server = server
        self.ear = Member(world.peer(server), "Ear", b"\n")
        world.hold(server, LISTENERS - 1)  # what they are sent fits into their buffers
        self.ann = Member(world.peer(server), "Ann", b"\n")
        gather((self.ear, self.ann))

    def talk(self, messages: int) -> float:
        """Say messages, each when the one before has been heard; return CPU seconds a delivery."""
        before = cpu_of(self.server)
        for _ in range(messages):
            self.ear.forget()
            self.ann.say("And what do you think?")
            self.ear.hear("And what do you think?")
        return (cpu_of(self.server) - before) / messages / LISTENERS


def draw(costs: Mapping[str, float]) -> Figure:
    """Draw one bar for each server."""
    from reactorkit.view.charts import bars

    return bars(
        list(costs),
        [cost * 1e6 for cost in costs.values()],
        ylabel="CPU time of one delivery (µs)",
        names=["busywait", "threads", "selectors", "asyncio"][: len(costs)],
        width=6.4,
        height=3.4,
    )
