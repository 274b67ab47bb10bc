"""What the client's selector holds: two rows, and no listener (C106)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from reactorkit.claims.experiments.nb09.typist import Desk, Typist, wait_for
from reactorkit.claims.world import Evidence, Finding, World

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Rows = Sequence[Sequence[str]]
FULL = "x" * 999 + "\n"


def two_rows(world: World) -> Evidence:
    """Read the selector's map before anything happens, and when more is owed than fits."""
    desk = world.enter(Desk(room=4096))
    client = world.enter(Typist("map_child", desk.address))
    _ = desk.client
    wait_for(lambda: bool(maps(client)), "the client waits", world.check_stop)
    quiet = maps(client)[0]

    def owes() -> bool:
        client.press(FULL * 32)
        return ["socket", "READ | WRITE"] in maps(client)[-1]

    wait_for(owes, "the client owes more than fits", world.check_stop)
    found = {"quiet": quiet, "owing": maps(client)[-1]}
    return Evidence(
        findings={"C106": judge(quiet)},
        data=found,
        picture=draw,
        caption="Two rows, always. What the client waits for at the socket follows from what it "
        "owes.",
        alt="A table of the client's two handles. When all is quiet both are watched for READ; "
        "while something is owed, the socket is watched for READ and WRITE.",
    )


def maps(client: Typist) -> list[Rows]:
    """Return the maps that the client has told so far."""
    return [json.loads(line) for _, line in list(client.screen) if line.startswith("[[")]


def judge(quiet: Rows) -> Finding:
    """Decide C106: two rows, keyboard and socket, both for READ."""
    return Finding(
        met=sorted(map(list, quiet)) == [["keyboard", "READ"], ["socket", "READ"]],
        measured=f"{len(quiet)} rows: " + ", ".join(f"{name} for {what}" for name, what in quiet),
        why="The client was changed.",
    )


def draw(data: Mapping[str, Any]) -> Figure:
    """Draw the map at two moments."""
    from reactorkit.view.diagrams import truth_table

    quiet, owing = dict(data["quiet"]), dict(data["owing"])
    return truth_table(
        list(quiet),
        ["all is quiet", "something is owed"],
        [[quiet[name], owing.get(name, "–")] for name in quiet],
        corner="handle",
    )
