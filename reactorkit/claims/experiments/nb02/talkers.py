"""Crowds that talk without pause: what one of their requests costs the server that answers."""

from __future__ import annotations

import time
from dataclasses import dataclass

from reactorkit.claims.experiments.nb02.common import (
    cpu_of,
    crowd_size,
    fill,
    queued,
    roomy,
    threads_of,
    wait_for,
    wait_for_threads,
    wait_until_quiet,
)
from reactorkit.claims.world import World
from reactorkit.lab.behaviours import PingPong
from reactorkit.lab.crowd import Crowd, Stats
from reactorkit.lab.gauges import switches
from reactorkit.lab.server import Server

SERVERS = ("echo_threads", "echo_selectors")
FEW = 10


@dataclass(frozen=True)
class Cost:
    """What one request costs the server: CPU seconds, and context switches (None if unknown)."""

    cpu: float
    switches: float | None


@dataclass(frozen=True)
class Talk:
    """What was measured while crowds talked.

    sizes: talkers, from few to many. costs: for each server, a Cost per size. beside: the cost of
    the few in echo_threads with the rest connected and silent. waited: the largest share of time
    in which echo_selectors stood in the queue for a CPU.
    """

    sizes: list[int]
    costs: dict[str, list[Cost]]
    beside: Cost
    waited: float


def talk(world: World) -> Talk:
    """Let more and more clients talk to each server, then few of them beside silent ones."""
    many = crowd_size(world, quick=600, small=600, normal=1000)
    window = world.pick(quick=0.15, small=0.6, normal=0.6)
    sizes = world.pick(quick=[FEW, many], small=[FEW, many], normal=[FEW, 100, many])
    servers = {name: roomy(world, name, many) for name in SERVERS}
    costs: dict[str, list[Cost]] = {name: [] for name in SERVERS}
    watched, waited = servers["echo_selectors"], 0.0
    for size in world.progress(sizes, "talking crowds"):
        for name, server in servers.items():
            began, before = time.monotonic(), queued(watched)
            costs[name].append(cost(world, server, size, window))
            if server is watched:
                waited = max(waited, (queued(watched) - before) / (time.monotonic() - began))
    silent = many - FEW
    fill(world, servers["echo_threads"], 0, silent)
    wait_until_quiet(world, servers["echo_threads"])
    beside = cost(world, servers["echo_threads"], FEW, window, silent)
    return Talk(sizes, costs, beside, waited)


def cost(world: World, server: Server, talkers: int, window: float, silent: int = 0) -> Cost:
    """Send a crowd that talks without pause; return what a request of theirs costs.

    The measurement begins and ends when the crowd, a process of its own, has just reported its
    totals. `silent` clients are connected already. `window`: seconds, at least.
    """
    with Crowd(server.address, talkers, PingPong(gather=True)) as crowd:
        if server.name == "echo_threads":
            wait_for_threads(world, server, 1 + silent + talkers)
        wait_for(world, lambda: crowd.stats().round_trips > 2 * talkers, "everybody talks")
        switched, before = _switches(server), _totals(world, server, crowd)
        time.sleep(window)  # the measurement is this stretch of time
        after, now = _totals(world, server, crowd), _switches(server)
    if server.name == "echo_threads":
        wait_for(world, lambda: threads_of(server) <= 1 + silent, "the crowd's threads have ended")
    requests = max(after[0] - before[0], 1)
    return Cost(
        (after[1] - before[1]) / requests,
        None if switched is None or now is None else (now - switched) / requests,
    )


def _totals(world: World, server: Server, crowd: Crowd) -> tuple[int, float]:
    """Return answered requests and CPU seconds so far."""
    requests = _next_report(world, crowd).round_trips
    return requests, cpu_of(server)


def _next_report(world: World, crowd: Crowd) -> Stats:
    """Return the crowd's totals at the moment when they arrive."""
    last = crowd.stats()
    wait_for(world, lambda: crowd.stats() is not last, "the crowd reports")
    return crowd.stats()


def _switches(server: Server) -> int | None:
    voluntary, involuntary = switches(server.pid)
    return None if voluntary is None or involuntary is None else voluntary + involuntary
