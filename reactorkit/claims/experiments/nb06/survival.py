"""The survival table: bad clients down, servers across, and who lives to serve the others."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from reactorkit.claims.experiments.nb02.trouble import still_serves
from reactorkit.claims.experiments.nb06 import visits
from reactorkit.claims.experiments.nb06.memory import late_reader
from reactorkit.claims.experiments.nb06.shown import Shown
from reactorkit.claims.progress import here
from reactorkit.claims.world import World
from reactorkit.lab.server import target_word

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ROWS = (
    "serves on after a reset",
    "serves on after a leave with its answer unread",
    "serves on beside one that never reads",
    "gives a late reader every byte",
    "keeps little in memory for a late reader",
    "gives one that ended its stream every byte",
    "serves its clients with no handle left",
    "rests meanwhile",
)
# A server that keeps a late reader's bytes grows by nearly as much as it was sent.
LITTLE = visits.MUCH / 4
# A server that spins wants a processor all the time, one that rests next to never.
SPINS = 0.5


def survival(*targets: str | os.PathLike[str]) -> Shown:
    """Send every bad client to each server, and show who survives what.

    Arguments:
        targets: names of servers, files, or what `edit` returned.
    """
    table: dict[str, list[bool | None]] = {}
    with World(here()) as world:
        for target in world.progress(targets, "servers"):
            word = target_word(target)
            table[Path(word).stem] = cells(world, word)
    return Shown(
        "\n".join(sentence(name, column) for name, column in table.items()),
        "The same bad clients for every server. A dash: it had ended before that could be asked.",
        lambda: draw(table),
    )


def cells(world: World, target: str) -> list[bool | None]:
    """Return yes, no or None (cannot be told) for each of ROWS."""
    patience = world.pick(quick=1.0, small=2.0, normal=2.0)
    server = world.serve(target)
    visits.reset(server)
    after_reset = still_serves(server, patience)
    server = visits.alive_and_well(world, server, patience)
    visits.leave_unread(server)
    after_leave = still_serves(server, patience)
    server = visits.alive_and_well(world, server, patience)
    visits.never_read(world, server)
    beside = still_serves(server, patience)
    server.kill()
    late = late_reader(world, server := world.serve(target))
    server = visits.alive_and_well(world, server, patience)
    sent, back = visits.half_close(server)
    server.kill()
    served, share = visits.no_handle_left(world, target)
    return [
        after_reset,
        after_leave,
        beside,
        late.complete,
        late.most < LITTLE if late.complete else None,
        back == sent,
        served,
        share < SPINS if served else None,
    ]


def sentence(name: str, column: Sequence[bool | None]) -> str:
    """Return a column of the table in words."""
    good = [row for row, cell in zip(ROWS, column, strict=True) if cell]
    bad = [row for row, cell in zip(ROWS, column, strict=True) if cell is False]
    words = [f"{name}: {len(good)} of {len(ROWS)} survived."]
    if bad:
        words.append(f"Not: {'; '.join(bad)}.")
    return " ".join(words)


def draw(table: Mapping[str, Sequence[bool | None]]) -> Figure:
    """Draw the table: bad clients down, servers across."""
    from reactorkit.view.diagrams import truth_table

    columns = list(table)
    rows = [[table[name][row] for name in columns] for row in range(len(ROWS))]
    return truth_table(ROWS, columns, rows, corner="the server …")
