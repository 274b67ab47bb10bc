"""A word, and gone: the end of the stream comes while the word is still to be sent (C95)."""

from __future__ import annotations

import socket
from collections.abc import Sequence

from reactorkit.claims.experiments.nb04.limits import last_words
from reactorkit.claims.experiments.nb07.members import Member, gather, line
from reactorkit.claims.experiments.nb08 import pictures
from reactorkit.claims.experiments.nb08.variants import ARTICLE, OURS
from reactorkit.claims.world import Evidence, Finding, World
from reactorkit.errors import KitError
from reactorkit.lab.server import Server

VISITS = 10
MOST = 8


def say_and_leave(world: World) -> Evidence:
    """C95: let a visitor say a line and close at once, ten times at each chat."""
    ends: dict[str, list[str]] = {ARTICLE: [], OURS: []}
    ours = world.serve(OURS)
    for _ in world.progress(range(VISITS), "visits"):
        with world.serve(ARTICLE) as server:
            ends[ARTICLE].append(_visit(server))
        ends[OURS].append(_visit(ours))
    dead = deaths(ends[ARTICLE])
    return Evidence(
        findings={
            "C95": Finding(
                leaving_kills(ends[ARTICLE]),
                f"{dead} of {VISITS} visits ended {ARTICLE}"
                + (f" ({ends[ARTICLE][0]})" if dead else "")
                + f", {deaths(ends[OURS])} of {VISITS} ended {OURS}",
                "The visitor's farewell came later than its word each time.",
            )
        },
        data={"ends": ends},
        picture=pictures.draw_tally,
        caption="Each mark is a visit of one who says a line and closes: ✘ the server is dead.",
        alt="Two rows of marks. "
        + " ".join(f"{name}: {deaths(seen)} of {VISITS} dead." for name, seen in ends.items()),
    )


def _visit(server: Server) -> str:
    """Return what ended a server when one visitor said a line and left, "" if it lives."""
    with server.connect() as first, server.connect() as second:
        friends = Member(first, "Ann", b"\n"), Member(second, "Bob", b"\n")
        gather(friends)
        say_and_close(server.connect().sock, line("Visitor", "Must go!") + b"\n")
        try:
            friends[1].hear("Must go!")
            friends[0].say("Still here?")  # and they talk on
            friends[1].hear("Still here?")
        except (KitError, OSError):
            server.wait(5)
    return last_words(server)


def say_and_close(sock: socket.socket, data: bytes) -> None:
    """Send `data` and the end of the stream; in one segment, where the system can (tcp(7))."""
    more = getattr(socket, "MSG_MORE", 0)
    sock.send(data, more)
    sock.close()


def deaths(ends: Sequence[str]) -> int:
    """Return how many visits have ended the server."""
    return sum(bool(words) for words in ends)


def leaving_kills(ends: Sequence[str]) -> bool:
    """Return whether most visits ended the server, and did so by a key that was gone."""
    return sum("KeyError" in words for words in ends) >= MOST
