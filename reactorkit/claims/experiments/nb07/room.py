"""Who is in the room, and who hears what: the article's chat with two and three users."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reactorkit.claims.experiments.nb07 import pictures
from reactorkit.claims.experiments.nb07.members import Member, gather
from reactorkit.claims.world import Evidence, Finding, World
from reactorkit.errors import KitError
from reactorkit.lab.server import Server
from reactorkit.trace.shape import State

ARTICLE, OURS = "chat_article", "chat_reactor"
NAMES = ("Ann", "Bob", "Cleo")
READ = 1

# --- C79: who hears a line ----------------------------------------------------------------------


def who_receives(world: World) -> Evidence:
    """C79: three users say a line each; who has received which line at the end, in two chats."""
    heard = {}
    for name, end in ((ARTICLE, b""), (OURS, b"\n")):
        server = world.serve(name)
        heard[name] = everybody_speaks([Member(world.peer(server), user, end) for user in NAMES])
    return Evidence(
        findings={
            "C79": Finding(
                sender_hears_itself(heard[ARTICLE]),
                "; ".join(
                    f"{name}: "
                    + ", ".join(
                        f"the line of {speaker} reached {' and '.join(by) or 'nobody'}"
                        for speaker, by in lines.items()
                    )
                    for name, lines in heard.items()
                ),
            )
        },
        data={"heard": heard},
        picture=pictures.draw_matrix,
        caption="Each row is a line that somebody said. The framed cells are the senders' own.",
        alt="Two tables of three speakers and three listeners. "
        + " ".join(
            f"In {name} "
            + "; ".join(f"{one}'s line reached {', '.join(by)}" for one, by in lines.items())
            + "."
            for name, lines in heard.items()
        ),
    )


def everybody_speaks(members: Sequence[Member]) -> dict[str, list[str]]:
    """Let each member say a line; return who has received it, by the speaker's name.

    Afterwards the first says a word to the others, and the second one to the first: whoever has
    got that word has got everything that came before it, and nothing older is still to come.
    """
    gather(members)
    first, second, *_ = members
    for member in members:  # one after the other: two lines that meet would be none
        member.say(f"the line of {member.name}.")
        (second if member is first else first).hear(f"the line of {member.name}.")
    first.say("<the end>")
    for member in members[1:]:
        member.hear("<the end>")
    second.say("<the very end>")
    first.hear("<the very end>")
    return {
        speaker.name: [
            member.name
            for member in members
            if f"the line of {speaker.name}.".encode() in member.heard
        ]
        for speaker in members
    }


def sender_hears_itself(heard: Mapping[str, Sequence[str]]) -> bool:
    """Return whether every line reached all, its sender included."""
    return all(set(by) == set(heard) for by in heard.values())


# --- C86, C88: the table of the selector --------------------------------------------------------


def table_of_the_selector(world: World) -> Evidence:
    """C86, C88: the rows of the article's selector with nobody in the room, with one, with two."""
    server = world.serve(ARTICLE, watch=True)
    tables = {"nobody": rows_of(server, 1)}
    for count, name in enumerate(("Ann", "Ann and Bob"), start=2):
        world.peer(server)
        tables[name] = rows_of(server, count)
    empty, full = tables["nobody"], tables["Ann and Bob"]
    return Evidence(
        findings={
            "C86": Finding(only_the_listener(empty), f"the table: {told(empty)}"),
            "C88": Finding(two_readers_more(full), f"with two users: {told(full)}"),
        },
        data={"tables": tables},
        picture=pictures.draw_tables,
        caption="The table that the server waits for: a row for each user, and all for reading.",
        alt="Three tables. "
        + " ".join(f"With {name} in the room: {told(rows)}." for name, rows in tables.items()),
    )


Row = tuple[str, str, int, str]


def rows_of(server: Server, count: int) -> list[Row]:
    """Return (fd, role, events, callback) of each registered handle, once there are `count`."""
    inside = server.watched
    assert inside is not None

    def settled(state: State) -> bool:
        return bool(state["phase"] == "waiting" and state["watched"] == count)

    if not inside.until_state(settled):
        raise KitError(f"The server did not come to watch {count} handles within 5 s.")
    handles = [one for one in inside.state()["handles"].values() if one["mask"]]
    return [_row(one) for one in sorted(handles, key=lambda one: one["fd"])]


def _row(one: Mapping[str, Any]) -> Row:
    return str(one["fd"]), one["role"], one["mask"], one["cb"].rpartition(".")[2]


def only_the_listener(rows: Sequence[Row]) -> bool:
    """Return whether the only row is the listener's, for reading, with accept."""
    return [row[1:] for row in rows] == [("listener", READ, "accept")]


def two_readers_more(rows: Sequence[Row]) -> bool:
    """Return whether there are three rows, all for reading: accept once, read twice."""
    return (
        only_the_listener(rows[:1])
        and [row[1:] for row in rows[1:]] == [("client", READ, "read")] * 2
    )


def told(rows: Sequence[Row]) -> str:
    """Return the rows of a table in words."""
    masks = {1: "READ", 2: "WRITE", 3: "READ|WRITE"}
    return "; ".join(
        f"handle {fd} ({role}), {masks.get(mask, mask)}, {callback}"
        for fd, role, mask, callback in rows
    )
