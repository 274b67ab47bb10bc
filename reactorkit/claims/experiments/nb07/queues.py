"""What holds the messages: a dict with sockets as keys (C80), and a deque (C82)."""

from __future__ import annotations

import collections
import gc
import socket
import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any

from reactorkit.claims.experiments.nb07 import pictures
from reactorkit.claims.world import Evidence, Finding, World

SHORT, LONG = 10, 100_000
SIZES = (SHORT, 100, 1_000, 10_000, LONG, 1_000_000)


def closed_key(world: World) -> Evidence:
    """C80: use a socket as a key, close it, and look it up again."""
    one, other = socket.socketpair()
    world.defer(other.close)
    world.defer(one.close)
    queues = {one: collections.deque(["a message"])}
    seen = {"open": _look(one, queues)}
    one.close()
    seen["closed"] = _look(one, queues)
    return Evidence(
        findings={
            "C80": Finding(
                still_found(seen),
                f"after close: {'found' if seen['closed']['found'] else 'not found'} in the dict, "
                f"fileno() {seen['closed']['fileno']}, the hash is "
                f"{'the same' if seen['open']['hash'] == seen['closed']['hash'] else 'another'}",
            )
        },
        data={"seen": seen},
        picture=pictures.draw_key,
        caption="A closed socket is worth nothing, and it is still a key.",
        alt="A table: the socket is found in the dict before and after close; its fileno() is "
        f"{seen['open']['fileno']} before and {seen['closed']['fileno']} after.",
    )


def _look(one: socket.socket, queues: Mapping[socket.socket, Any]) -> dict[str, Any]:
    return {"found": one in queues, "fileno": one.fileno(), "hash": hash(one)}


def still_found(seen: Mapping[str, Mapping[str, Any]]) -> bool:
    """Return whether a closed socket is still found as a key, although it is closed."""
    after = seen["closed"]
    return bool(after["found"]) and after["fileno"] == -1


def list_or_deque(world: World) -> Evidence:
    """C82: the time for one item, off the front and on to the end, in short and long queues."""
    rounds = world.pick(quick=7, small=9, normal=15)
    ratios, times = {}, {}
    for size in world.progress(SIZES, "lengths"):
        # Items behind the last one are nobody's: the queue keeps its length.
        steps = max(20, min(2_000, 2_000_000 // size))
        plain, double = list(range(size)), collections.deque(range(size))
        pairs = [
            (_time(_list_step, plain, steps), _time(_deque_step, double, steps))
            for _ in range(rounds)
        ]
        times[size] = [statistics.median(column) for column in zip(*pairs, strict=True)]
        ratios[size] = statistics.median(slow / quick for slow, quick in pairs)
    return Evidence(
        findings={
            "C82": Finding(
                only_long_lists_are_slow(ratios),
                "list.pop(0) takes "
                + ", ".join(f"{ratio:,.1f} times ({n:,} items)" for n, ratio in ratios.items())
                + " as long as deque.popleft()",
                "Something else used this core during the measurement.",
            )
        },
        data={"times": {str(size): pair for size, pair in times.items()}},
        picture=pictures.draw_queues,
        caption="The list's line rises with its length, the deque's stays where it is.",
        alt="Two lines over the length of the queue, both axes logarithmic: the list takes from "
        f"{times[SHORT][0] * 1e9:,.0f} ns to {times[SIZES[-1]][0] * 1e9:,.0f} ns for one item, the "
        f"deque from {times[SHORT][1] * 1e9:,.0f} to {times[SIZES[-1]][1] * 1e9:,.0f} ns.",
    )


def _list_step(queue: list[int]) -> None:
    queue.append(queue.pop(0))


def _deque_step(queue: collections.deque[int]) -> None:
    queue.append(queue.popleft())


def _time(step: Callable[[Any], None], queue: Any, steps: int) -> float:
    """Return the CPU seconds of one step."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        began = time.thread_time_ns()
        for _ in range(steps):
            step(queue)
        return (time.thread_time_ns() - began) / steps / 1e9
    finally:
        if collecting:
            gc.enable()


def only_long_lists_are_slow(ratios: Mapping[int, float]) -> bool:
    """Return whether list and deque are alike when short, and far apart when long."""
    return ratios[SHORT] < 4 and ratios[LONG] > 10
