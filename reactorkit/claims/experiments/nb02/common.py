"""What the experiments of lesson 02 share: crowd sizes, servers, and waiting for facts."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil

from reactorkit.claims.world import World
from reactorkit.errors import KitError
from reactorkit.lab import machine
from reactorkit.lab.gauges import cpu_seconds
from reactorkit.lab.held import Held
from reactorkit.lab.server import Server

# Thousands of threads take seconds to start, and other systems allow a process fewer of them.
MOST_THREADS = 3000 if sys.platform == "linux" else 1000
START_SECONDS = 30.0
GLANCE = 0.01  # seconds between two looks at a fact that somebody else has to bring about


def crowd_size(world: World, quick: int, small: int, normal: int) -> int:
    """Return how many clients this machine gets, and state a reduction."""
    wanted = world.pick(quick=quick, small=small, normal=normal)
    most = min(MOST_THREADS, machine.most_connections())
    if min(wanted, most) < normal:
        world.note(f"Reduced to {min(wanted, most):,} clients instead of {normal:,}.")
    return min(wanted, most)


def roomy(world: World, target: str | Path, clients: int) -> Server:
    """Start a server that may open a descriptor for every one of `clients`."""
    room = min(clients + machine.RESERVED_DESCRIPTORS, machine.descriptor_limit())
    return world.serve(str(target), descriptors=room)


def threads_of(server: Server) -> int:
    """Return how many threads the server process has now."""
    return psutil.Process(server.pid).num_threads()


def cpu_of(server: Server) -> float:
    """Return the CPU seconds of the server so far: one clock reading, no other gauge."""
    return cpu_seconds(psutil.Process(server.pid))


def queued(server: Server) -> float:
    """Return the seconds the main thread has waited for a CPU; 0.0 where nobody counts them.

    The second number of /proc/PID/schedstat (Linux, Documentation/scheduler/sched-stats.rst).
    """
    try:
        return int(Path(f"/proc/{server.pid}/schedstat").read_text().split()[1]) / 1e9
    except (OSError, IndexError):
        return 0.0


def wait_for(
    world: World, fact: Callable[[], bool], what: str, seconds: float = START_SECONDS
) -> None:
    """Return once `fact()` is true; KitError when it does not come true within `seconds`."""
    deadline = time.monotonic() + seconds
    while not fact():
        if time.monotonic() > deadline:
            raise KitError(f"Waited {seconds:g} s in vain for this: {what}.")
        world.check_stop()
        time.sleep(GLANCE)


def wait_for_threads(world: World, server: Server, count: int) -> None:
    """Return once the server has `count` threads or more."""
    wait_for(world, lambda: threads_of(server) >= count, f"{server.name} has {count} threads")


def wait_until_quiet(world: World, server: Server) -> None:
    """Return once the server has used next to no CPU for a moment: every start is over."""
    last = [cpu_of(server), time.monotonic()]

    def quiet() -> bool:
        if time.monotonic() - last[1] < 0.1:
            return False
        before, last[:] = last[0], [cpu_of(server), time.monotonic()]
        return last[0] - before < 0.002

    wait_for(world, quiet, f"{server.name} has settled down")


def fill(world: World, server: Server, held: int, upto: int) -> Held:
    """Connect silent clients until there are `upto`, and wait for a thread for each."""
    more = world.hold(server, upto - held)
    wait_for_threads(world, server, upto + 1)
    return more


def spearman(xs: Sequence[float], ys: Sequence[float]) -> float:
    """Return the rank correlation of two rows of numbers: 1 same order, -1 opposite, 0 neither."""
    a, b = _ranks(xs), _ranks(ys)
    mean = (len(a) - 1) / 2
    covariance = sum((x - mean) * (y - mean) for x, y in zip(a, b, strict=True))
    spread = (sum((x - mean) ** 2 for x in a) * sum((y - mean) ** 2 for y in b)) ** 0.5
    return covariance / spread if spread else 0.0


def _ranks(values: Sequence[float]) -> list[float]:
    """Return the rank of each value; equal values share the middle of their ranks."""
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks = [0.0] * len(values)
    start = 0
    while start < len(order):
        end = start
        while end + 1 < len(order) and values[order[end + 1]] == values[order[start]]:
            end += 1
        for place in range(start, end + 1):
            ranks[order[place]] = (start + end) / 2
        start = end + 1
    return ranks
