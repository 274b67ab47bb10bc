"""One who talks without a pause: how many of its lines go first, before a neighbour's one (G22)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from reactorkit.claims.experiments.nb06.shown import Shown
from reactorkit.claims.experiments.nb07.members import Member, gather, line
from reactorkit.claims.experiments.nb08.variants import OURS, variant
from reactorkit.claims.world import World
from reactorkit.lab.server import Server

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Read as much as there is, and hear all of it.
GREEDY = (
    (r"^READ_AT_ONCE = .*$", "READ_AT_ONCE = 1 << 24"),
    (r"^LINES_AT_ONCE = .*$", "LINES_AT_ONCE = 1 << 30"),
)
LINES = 5_000
LIMITED, UNLIMITED = "with its limits", "without them"


def lines_before_a_word() -> Shown:
    """Let one user flood the room while another says one word; count whose lines came first."""
    with World() as world:
        servers = {
            UNLIMITED: world.serve(variant(world, OURS, "chat_greedy", *GREEDY)),
            LIMITED: world.serve(OURS),
        }
        counts = {name: _flood(world, server) for name, server in servers.items()}
    return Shown(
        "; ".join(
            f"chat_reactor {name}: {count:,} of {LINES:,} lines came before the neighbour's word"
            for name, count in counts.items()
        )
        + ".",
        "The shorter the bar, the sooner a neighbour is heard beside one who never stops.",
        lambda: draw(counts),
    )


def _flood(world: World, server: Server) -> int:
    """Return how many lines of a flood reach a listener before one word that came after it."""
    mallory, ann, bob = (
        Member(world.peer(server, timeout=20), name, b"\n") for name in ("Mallory", "Ann", "Bob")
    )
    gather((mallory, ann, bob))
    flood = line("Mallory", "?") + b"\n"
    server.pause()  # everything below lies in the kernel when it comes to look
    mallory.peer.send(flood * LINES)
    ann.say("a word")
    server.resume()
    return bob.hear("a word").partition(b"a word")[0].count(b"Mallory")


def draw(counts: Mapping[str, int]) -> Figure:
    """Draw the two counts as bars."""
    from reactorkit.view.charts import bars

    return bars(
        [f"chat_reactor,\n{name}" for name in counts],
        list(counts.values()),
        ylabel="lines of the flood before a neighbour's word",
        log=True,
        names=["busywait", "threads"],
        width=6.4,
        height=3.6,
    )
