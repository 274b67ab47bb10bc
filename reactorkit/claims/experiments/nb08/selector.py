"""What the selector promises: modify (C92), the mode of a socket (C93), and masks (C94)."""

from __future__ import annotations

import fcntl
import os
import selectors
import socket
import statistics
import time
from collections.abc import Mapping

from reactorkit.claims.experiments.nb01.wire import connection
from reactorkit.claims.experiments.nb08 import pictures
from reactorkit.claims.world import Evidence, Finding, World
from reactorkit.lab.peer import RESET_ON_CLOSE

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE
CHEAPER = 0.9
PLENTY = 5  # seconds in which a state of a connection shows on loopback
NAMES = {WRITE: "WRITE", READ | WRITE: "READ | WRITE", READ: "READ", 0: "nothing"}


def _pair(world: World) -> tuple[socket.socket, socket.socket]:
    far, near = connection()
    world.defer(near.close)
    world.defer(far.close)
    near.setblocking(False)
    return far, near


# --- C92: modify, or unregister and register ------------------------------------------------------


def modify_or_pair(world: World) -> Evidence:
    """C92: change what one connection is watched for, again and again, in two ways."""
    rounds = world.pick(quick=9, small=15, normal=21)
    changes = world.pick(quick=400, small=1000, normal=1000)
    _, near = _pair(world)
    with selectors.DefaultSelector() as selector:
        selector.register(near, READ)
        pairs = [
            (_time_modify(selector, near, changes), _time_pair(selector, near, changes))
            for _ in world.progress(range(rounds), "rounds")
        ]
    one, two = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(modify / pair for modify, pair in pairs)
    return Evidence(
        findings={
            "C92": Finding(
                ratio < CHEAPER,
                f"modify takes {one * 1e6:.2f} µs, unregister and register take {two * 1e6:.2f} "
                f"µs together: {ratio:.2f} times as long",
                "Something else used this core during the measurement.",
            )
        },
        data={"modify": one, "pair": two},
        picture=pictures.draw_modify,
        caption="The same change of what is watched, made in two ways.",
        alt=f"Two bars: modify {one * 1e6:.2f} µs, unregister and register {two * 1e6:.2f} µs.",
    )


def _time_modify(selector: selectors.BaseSelector, sock: socket.socket, changes: int) -> float:
    began = time.thread_time()
    for number in range(changes):
        selector.modify(sock, READ if number % 2 else READ | WRITE)
    return (time.thread_time() - began) / changes


def _time_pair(selector: selectors.BaseSelector, sock: socket.socket, changes: int) -> float:
    began = time.thread_time()
    for number in range(changes):
        selector.unregister(sock)
        selector.register(sock, READ if number % 2 else READ | WRITE)
    return (time.thread_time() - began) / changes


# --- C93: does a socket forget its mode? ----------------------------------------------------------


def mode_that_stays(world: World) -> Evidence:
    """C93: make a connection non-blocking once, modify its entry ten times, read the flag."""
    _, near = _pair(world)
    flags = {"setblocking(False), once": _non_blocking(near)}
    with selectors.DefaultSelector() as selector:
        selector.register(near, READ)
        flags["and registered"] = _non_blocking(near)
        for number in range(10):
            selector.modify(near, READ if number % 2 else READ | WRITE)
        flags["and modified ten times"] = _non_blocking(near)
    return Evidence(
        findings={
            "C93": Finding(
                all(flags.values()),
                "; ".join(
                    f"{when}: O_NONBLOCK is {'set' if flag else 'clear'}"
                    for when, flag in flags.items()
                ),
            )
        },
        data={"flags": flags},
        picture=pictures.draw_flags,
        caption="The flag belongs to the open socket, and nobody but you changes it.",
        alt="A table: O_NONBLOCK is "
        + ", ".join(f"{'set' if flag else 'clear'} {when}" for when, flag in flags.items())
        + ".",
    )


def _non_blocking(sock: socket.socket) -> bool:
    return bool(fcntl.fcntl(sock, fcntl.F_GETFL) & os.O_NONBLOCK)


# --- C94: the mask --------------------------------------------------------------------------------


def masks_of_situations(world: World) -> Evidence:
    """C94: watch a connection for both, and read the mask when idle, with data, after a reset."""
    masks: dict[str, int] = {}
    for situation in ("idle", "with data", "after a reset"):
        far, near = _pair(world)
        with selectors.DefaultSelector() as selector:
            selector.register(near, READ | WRITE)
            masks[situation] = _mask(selector, far, situation)
    return Evidence(
        findings={
            "C94": Finding(
                masks_as_stated(masks),
                "; ".join(
                    f"{situation}: {mask}, {NAMES.get(mask, mask)}"
                    for situation, mask in masks.items()
                ),
            )
        },
        data={"masks": masks},
        picture=pictures.draw_masks,
        caption="There is no bit for trouble: a reset looks like data, and the next call tells.",
        alt="A table: the mask is "
        + ", ".join(f"{mask} {situation}" for situation, mask in masks.items())
        + ".",
    )


def _mask(selector: selectors.BaseSelector, far: socket.socket, situation: str) -> int:
    """Bring the situation about, and return the mask once it shows."""
    if situation == "with data":
        far.send(b"!")
    elif situation == "after a reset":
        far.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        far.close()
    wanted = WRITE if situation == "idle" else READ | WRITE
    deadline = time.monotonic() + PLENTY
    mask = 0
    while mask != wanted and time.monotonic() < deadline:
        mask = sum(events for _, events in selector.select(PLENTY))
    return mask


def masks_as_stated(masks: Mapping[str, int]) -> bool:
    """Return whether the masks are WRITE, both, and both."""
    return list(masks.values()) == [WRITE, READ | WRITE, READ | WRITE]
