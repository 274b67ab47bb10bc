"""Watching for writing: on while something is owed, and off again (C91, C96, C99)."""

from __future__ import annotations

import selectors
import time
from collections.abc import Sequence
from typing import Any

from reactorkit.claims.experiments.nb07.members import Member, gather
from reactorkit.claims.experiments.nb07.room import Row, rows_of, told
from reactorkit.claims.experiments.nb08 import pictures
from reactorkit.claims.experiments.nb08.variants import ARTICLE, variant
from reactorkit.claims.world import Evidence, Finding, World
from reactorkit.errors import KitError
from reactorkit.lab.server import Server
from reactorkit.trace.shape import State

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE
# The last line of write(), which switches back to reading alone.
OFF = r"^        self\.selector\.modify\(member, selectors\.EVENT_READ, self\.read\)\n"
WINDOW = 0.5  # seconds in which the turns of the loop are counted
MORE_TURNS = 50


def write_left_on(world: World) -> Evidence:
    """C99: the article's server as it is, and one that goes on watching for writing."""
    left_on = variant(world, ARTICLE, "chat_left_on", (OFF, ""))
    turns = {
        "switched off": _turns(world, ARTICLE),
        "left on": _turns(world, left_on),
    }
    return Evidence(
        findings={
            "C99": Finding(
                spins(turns["switched off"], turns["left on"]),
                f"three users were silent for {WINDOW:g} s after a message; the loop turned "
                f"{turns['switched off']:,} times with WRITE switched off, and "
                f"{turns['left on']:,} times with WRITE left on",
                "The server that was to spin hardly got a processor. Close what you can.",
            )
        },
        data={"turns": turns, "window": WINDOW},
        picture=pictures.draw_turns,
        caption="Nobody says a word. One server sleeps; the other asks who can be written to.",
        alt=f"Two bars on a log axis: {turns['switched off']:,} turns with WRITE switched off, "
        f"{turns['left on']:,} with WRITE left on.",
    )


def _turns(world: World, target: Any) -> int:
    """Return how often the loop turns in WINDOW seconds of silence after one message."""
    server = world.serve(target, watch=True)
    members = [Member(world.peer(server), name) for name in ("Ann", "Bob", "Cleo")]
    gather(members)
    inside = server.watched
    assert inside is not None
    told = len("[Cleo] Is everybody here?") * len(members)
    if not inside.until_state(lambda state: bool(state["totals"]["sent"] == told)):
        raise KitError("The message did not reach everybody within 5 s.")
    before = inside.state()["turn"]
    time.sleep(WINDOW)  # the measurement is this stretch of time
    return int(inside.state()["turn"] - before)


def spins(asleep: int, awake: int) -> bool:
    """Return whether the second loop has turned MORE_TURNS times as often as the first."""
    return awake > MORE_TURNS * max(1, asleep)


# --- C91, C96: the table between a message and its delivery ---------------------------------------


def between_message_and_delivery(world: World) -> Evidence:
    """C91, C96: hold the server when a message is in the queues, and look at its table."""
    server = world.serve(ARTICLE, watch=True)
    members = [Member(world.peer(server), name) for name in ("Ann", "Bob", "Cleo")]
    gather(members)
    for member in members:
        member.hear("Is everybody here?")
    tables = {"before": rows_of(server, 4)}
    ann, bob, _ = members
    _ask(server, "pause")
    ann.say("hello")
    _ask(server, "step")  # one turn: the message is read, and lies in the queues
    tables["message queued"] = rows_now(server)
    _ask(server, "step")
    bob.hear("hello")
    tables["delivered"] = rows_now(server)
    _ask(server, "run")
    both = READ | WRITE
    queued = tables["message queued"]
    return Evidence(
        findings={
            "C91": Finding(
                both == READ + WRITE and queued[-1][2] == both,
                f"READ is {READ}, WRITE is {WRITE}, READ | WRITE is {both}; in the table stands "
                f"{queued[-1][2]}",
            ),
            "C96": Finding(
                all_for_both(queued),
                f"with the message in the queues: {told(queued)}",
            ),
        },
        data={"tables": tables, "corner": "moment"},
        picture=pictures.draw_tables,
        caption="For one turn everybody is watched for both, and then for reading again.",
        alt="Three tables. " + " ".join(f"{name}: {told(rows)}." for name, rows in tables.items()),
    )


def _ask(server: Server, what: str) -> None:
    """Have a watched server pause, take a turn or run, and wait until it has."""
    inside = server.watched
    assert inside is not None
    number = getattr(inside, what)()

    def answered(state: State) -> bool:
        there = what == "run" or (state["held"] is not None and _arrived(what, state))
        return bool(state["asked"] >= number and there)

    if not inside.until_state(answered):
        raise KitError(f"The server did not {what} within 5 s.")


def _arrived(what: str, state: State) -> bool:
    """A step of a turn ends where the next one begins; a pause may find the loop in the kernel."""
    return bool(what == "pause" or state["held"]["at"] == "turn")


def rows_now(server: Server) -> list[Row]:
    """Return the rows of a server that stands still."""
    inside = server.watched
    assert inside is not None
    handles = [one for one in inside.state()["handles"].values() if one["mask"]]
    return [
        (str(one["fd"]), one["role"], one["mask"], one["cb"].rpartition(".")[2])
        for one in sorted(handles, key=lambda one: one["fd"])
    ]


def all_for_both(rows: Sequence[Row]) -> bool:
    """Return whether the listener is watched for reading, and every connection for both."""
    listener, *members = rows
    return (
        listener[1:3] == ("listener", READ)
        and len(members) == 3
        and all(row[1:3] == ("client", READ | WRITE) for row in members)
    )
