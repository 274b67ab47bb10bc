"""A client that has gone before the server comes to greet it (C87)."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from typing import Any

from reactorkit.claims.experiments.nb04.limits import last_words
from reactorkit.claims.experiments.nb07 import pictures
from reactorkit.claims.experiments.nb07.members import Member, gather
from reactorkit.claims.experiments.nb07.room import ARTICLE
from reactorkit.claims.world import Evidence, Finding, World
from reactorkit.errors import KitError
from reactorkit.lab.server import Server

SERVERS = (ARTICLE, "chat_reactor")


def reset_at_the_door(world: World) -> Evidence:
    """C87: hold the server for a moment, let a client come and reset, and let the server go on."""
    fates = {name: _visit(world, name) for name in SERVERS}
    return Evidence(
        findings={
            "C87": Finding(
                greeting_kills(fates[ARTICLE]),
                "; ".join(
                    f"{name} {'lives' if fate['alive'] else 'died: ' + fate['last_words']}"
                    for name, fate in fates.items()
                ),
                "This system takes a connection that was reset out of the queue by itself.",
            )
        },
        data={"fates": fates},
        picture=pictures.draw_door,
        caption="One visitor that was gone too soon. Only the server that asked for its name died.",
        alt="A table: "
        + "; ".join(
            f"{name} {'lives' if fate['alive'] else 'is dead, ' + fate['last_words']}"
            for name, fate in fates.items()
        )
        + ".",
    )


def _visit(world: World, name: str) -> dict[str, Any]:
    """Return whether a server survives a reset before accept, and its last words."""
    server = world.serve(name)
    assert answers(server), f"{name} answers before anything has happened"
    server.pause()  # SIGSTOP: the kernel goes on taking connections for it
    server.connect().reset()
    server.resume()
    alive = answers(server)  # newcomers are accepted after the one that has gone
    if not alive:
        server.wait(5)
    return {"alive": alive, "last_words": last_words(server)}


def answers(server: Server) -> bool:
    """Return whether two newcomers can talk."""
    try:
        with server.connect() as first, server.connect() as second:
            gather((Member(first, "Ann", b"\n"), Member(second, "Bob", b"\n")))
    except (KitError, OSError):
        return False
    return True


def greeting_kills(fate: Mapping[str, Any]) -> bool:
    """Return whether the server is dead, and of a peer that has no name any more."""
    return not fate["alive"] and f"Errno {errno.ENOTCONN}" in fate["last_words"]
