"""What a listener is and gives: its queue, and the mode of what it accepts (C60, C62, C68)."""

from __future__ import annotations

import fcntl
import os
import select
import socket
import threading
import time
from collections.abc import Mapping
from typing import Any

from reactorkit.claims.experiments.nb05 import pictures
from reactorkit.claims.world import Evidence, Finding, World
from reactorkit.lab import machine

BACKLOG = 5
CLIENTS = 200
PATIENCE = 0.5  # seconds that a connect may take; one to this machine takes a thousandth of it
GUARD = 0.3  # seconds after which the guard speaks, so that nobody waits for ever
DEADLINE = 5.0


def listener(world: World, backlog: int) -> socket.socket:
    """Return a listener on a free port of this machine, closed with the experiment."""
    sock = world.enter(socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP))
    sock.bind(("127.0.0.1", 0))
    sock.listen(backlog)
    return sock


# --- C60: the number given to listen ---------------------------------------------------------


def waiting_room(world: World) -> Evidence:
    """C60: listen(5) twice: once somebody accepts each newcomer, once nobody ever does."""
    machine.raise_descriptors(2 * CLIENTS + 200)
    held = accept_each(world)
    queued, ended = fill_the_queue(world)
    return Evidence(
        findings={
            "C60": Finding(
                bounds_the_queue_only(held, queued, ended),
                f"listen({BACKLOG}): with accepting, {held} of {CLIENTS} clients were connected at "
                f"once and answered; without, {queued} connects came through, then {ended}",
            )
        },
        data={"held": held, "queued": queued, "backlog": BACKLOG},
        picture=pictures.draw_waiting_room,
        caption="listen(5) bounds those who wait at the door, not those who are inside.",
        alt=f"Two bars: {held} clients at once with a server that accepts, {queued} connects with "
        "one that does not.",
    )


def accept_each(world: World) -> int:
    """Connect and accept in turns; return how many connections live at the end."""
    door = listener(world, BACKLOG)
    both = []
    for _ in range(CLIENTS):
        client = world.enter(socket.create_connection(door.getsockname(), timeout=DEADLINE))
        inside = world.enter(door.accept()[0])
        both.append((client, inside))
    living = 0
    for client, inside in both:
        inside.settimeout(DEADLINE)
        client.sendall(b"?")
        living += inside.recv(1) == b"?"
    return living


def fill_the_queue(world: World) -> tuple[int, str]:
    """Connect until a connect is not answered; return how many were, and how it ended."""
    door = listener(world, BACKLOG)
    for count in range(CLIENTS):
        try:
            world.enter(socket.create_connection(door.getsockname(), timeout=PATIENCE))
        except OSError as error:
            return count, type(error).__name__
    return CLIENTS, "no end"


def bounds_the_queue_only(held: int, queued: int, ended: str) -> bool:
    """Return whether all were held, and the queue took the backlog, give or take a few."""
    near = BACKLOG - 1 <= queued <= BACKLOG + 3
    return held == CLIENTS and near and ended == "TimeoutError"


# --- C62, C68: the mode of what is accepted ----------------------------------------------------


def modes_of_accepted(world: World) -> Evidence:
    """C62, C68: accept from a non-blocking listener; read twice from what was accepted."""
    left, made = accepted(world), accepted(world)
    made[1].setblocking(False)
    modes = {"the listener": mode(left[2]), "as accepted": mode(left[1]), "after": mode(made[1])}
    reads = {"as accepted": read_twice(world, *left[:2]), "after": read_twice(world, *made[:2])}
    second = reads["as accepted"]
    return Evidence(
        findings={
            "C62": Finding(
                not_inherited(modes),
                "; ".join(
                    f"{name}: getblocking() {blocking}, O_NONBLOCK {'set' if flag else 'clear'}"
                    for name, (blocking, flag) in modes.items()
                ).replace("after:", "after setblocking(False):"),
                why="This system hands the listener's flag on to what it accepts, as BSD does; "
                "Python says blocking all the same.",
            ),
            "C68": Finding(
                waits_for_the_guard(reads),
                f"as accepted, the second recv waited {second['seconds']:.2f} s for a guard to "
                f"send something; after setblocking(False) it raised {reads['after']['said']} at "
                "once",
            ),
        },
        data={"modes": {name: list(each) for name, each in modes.items()}, "reads": reads},
        picture=pictures.draw_modes,
        caption="What accept returns blocks, whatever the listener does. The second recv shows it.",
        alt="On the left the modes of a listener and of two accepted connections; on the right how "
        "long the second recv took: as long as the guard was silent, and next to nothing.",
    )


def accepted(world: World) -> tuple[socket.socket, socket.socket, socket.socket]:
    """Return (client, accepted connection, non-blocking listener)."""
    door = listener(world, 1)
    door.setblocking(False)
    client = world.enter(socket.create_connection(door.getsockname(), timeout=DEADLINE))
    select.select([door], [], [], DEADLINE)
    return client, world.enter(door.accept()[0]), door


def mode(sock: socket.socket) -> tuple[bool, bool]:
    """Return what Python says of a socket (blocking?) and what the kernel's flag says."""
    flags = fcntl.fcntl(sock, fcntl.F_GETFL)
    return sock.getblocking(), bool(flags & os.O_NONBLOCK)


def read_twice(world: World, client: socket.socket, inside: socket.socket) -> dict[str, Any]:
    """Send one word and call recv twice; a guard sends another word after a while."""
    client.sendall(b"hello")
    inside.recv(1000)
    guard = threading.Timer(GUARD, client.sendall, [b"guard"])
    world.defer(guard.cancel)
    began = time.monotonic()
    guard.start()
    try:
        said = inside.recv(1000).decode()
    except OSError as error:
        said = type(error).__name__
    seconds = time.monotonic() - began
    guard.cancel()
    guard.join()
    return {"said": said, "seconds": seconds}


def not_inherited(modes: Mapping[str, tuple[bool, bool]]) -> bool:
    """Return whether the listener does not block, what it accepted does, and can be told not to."""
    wanted = {"the listener": (False, True), "as accepted": (True, False), "after": (False, True)}
    return dict(modes) == wanted


def waits_for_the_guard(reads: Mapping[str, Mapping[str, Any]]) -> bool:
    """Return whether the second recv got the guard's word, and the non-blocking one nothing."""
    said = {name: read["said"] for name, read in reads.items()}
    return said == {"as accepted": "guard", "after": "BlockingIOError"}
