"""The lab as a notebook calls it: one line starts things, cells re-run freely, nothing is left."""

from __future__ import annotations

import os
import weakref
from typing import Any, TypeVar

from reactorkit.lab.behaviours import Behaviour
from reactorkit.lab.cells import CELLS, Stoppable, watch_cells
from reactorkit.lab.crowd import Crowd, start_crowd
from reactorkit.lab.held import Held, address_of
from reactorkit.lab.process import living
from reactorkit.lab.server import Server

Thing = TypeVar("Thing", bound=Stoppable)

_started: weakref.WeakSet[Stoppable] = weakref.WeakSet()


def serve(
    target: str | os.PathLike[str],
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    descriptors: int | None = None,
    timeout: float = 10.0,
    watch: bool = False,
) -> Server:
    """Start a server in a process of its own and return once it accepts connections.

    Arguments:
        target: the name of a rung ("echo_threads"), a Python file that defines
            `serve(listener)`, or what `edit` returned.
        host, port: where to listen; port 0 lets the kernel choose a free one.
        descriptors: how many descriptors the server may open, or None for the usual limit.
        timeout: seconds it may take to listen.
        watch: make its inside visible (`server.watched`). It runs the same code, but each call is
            seen, which costs time: never measure a watched server.

    Running the cell again ends the server that it started before. Raises KitError with the
    server's own words when it does not come up.
    """
    watch_cells()
    slot = CELLS.slot()
    return remember(
        slot,
        Server(
            target,
            host=host,
            port=port,
            descriptors=descriptors,
            timeout=timeout,
            watch=watch,
        ),
    )


def crowd(
    server: Server | tuple[str, int],
    n: int = 10,
    behaviour: str | Behaviour = "idle",
    *,
    seconds: float | None = None,
    **options: Any,
) -> Crowd:
    """Send `n` clients to a server, from a process of their own; returns when all have tried.

    Arguments:
        server: a Server, or (host, port).
        behaviour: a name ("idle", "chatty", "pingpong", "slow_reader", "dribbler", "coalescer",
            "half_closer", "resetter", "connect_and_leave", "flood", "chatter" for a chat) or a
            behaviour object.
        seconds: how long they stay after connecting; None: until `stop()`.
        options: the behaviour's own, such as size=64 (bytes) or every=0.2 (seconds).
    """
    watch_cells()
    slot = CELLS.slot()
    return remember(slot, start_crowd(server, n, behaviour, seconds, **options))


def hold(server: Server | tuple[str, int], n: int) -> Held:
    """Open `n` silent connections from this process and keep them; `.peers` are the clients."""
    watch_cells()
    slot = CELLS.slot()
    return remember(slot, Held(address_of(server), n))


def clean_up() -> None:
    """End every server, crowd and connection that was started here, and say so."""
    # Clients first: a server that ends gracefully waits for those who are still connected.
    for thing in sorted(_started, key=lambda one: isinstance(one, Server)):
        if isinstance(thing, Server):
            thing.hang_up()
        thing.stop()
    for process in living():
        process.stop()
    left = living()
    if left:
        print("Still running:", ", ".join(str(process.pid) for process in left))
    else:
        print("Nothing is left running.")


def remember(slot: tuple[str, int] | None, thing: Thing) -> Thing:
    """Keep what a cell has started, until the cell runs again or `clean_up()` ends it."""
    CELLS.keep(slot, thing)
    _started.add(thing)
    return thing
