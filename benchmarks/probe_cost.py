"""What watching costs: the same server watched and not watched, and how fast a step is answered.

    python benchmarks/probe_cost.py [--rounds 9] [--clients 100] [--seconds 1] [NAME ...]

Each round loads both servers one after the other, in alternating order, and compares within the
round, so that a slow moment of the machine hits both. Throughput needs a quiet machine; CPU time
per request (the server's own) is the figure to trust on a busy one.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from contextlib import ExitStack
from typing import NamedTuple

from reactorkit.lab.crowd import start_crowd
from reactorkit.lab.held import Held
from reactorkit.lab.server import Server


class Lap(NamedTuple):
    """One server's second: round trips a second, and CPU microseconds for each."""

    rate: float
    cpu: float


def lap(server: Server, clients: int, seconds: float) -> Lap:
    """Load a server once."""
    with start_crowd(server, clients, "pingpong", seconds, size=64) as crowd:
        before = server.gauges()
        time.sleep(seconds * 0.1)
        trips = crowd.stats().round_trips
        start = server.gauges()
        time.sleep(seconds * 0.7)
        change, done = server.gauges() - start, crowd.stats().round_trips - trips
        stats = crowd.wait(seconds + 30)
    whole = server.gauges() - before
    cpu = (change.cpu_seconds if done else whole.cpu_seconds) or 0.0
    return Lap(stats.rate, 1e6 * cpu / max(done, 1))


def on_core(pid: int, core: int) -> None:
    """Keep a process on one core, where the system can do that."""
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(pid, {cores[core % len(cores)]})


def compare(name: str, rounds: int, clients: int, seconds: float) -> None:
    """Print one line for a server: both medians, and the median of the same-round ratios."""
    with Server(name) as plain, Server(name, watch=True) as watched:
        for server in (plain, watched):
            on_core(server.pid, 0)
            lap(server, clients, min(seconds, 0.5))  # warm, with one disconnect
        laps = []
        for number in range(rounds):
            order = [plain, watched] if number % 2 == 0 else [watched, plain]
            round_ = {server: lap(server, clients, seconds) for server in order}
            laps.append((round_[plain], round_[watched]))
        assert watched.watched is not None
        state = watched.watched.state()
    ratios = [ours.rate / base.rate for base, ours in laps if base.rate]
    costs = [ours.cpu / base.cpu for base, ours in laps if base.cpu and ours.cpu]
    print(
        f"{name:<16}{statistics.median(base.rate for base, _ in laps):>11,.0f}"
        f"{statistics.median(ours.rate for _, ours in laps):>11,.0f}"
        f"{statistics.median(ratios):>8.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        f"{statistics.median(base.cpu for base, _ in laps):>9.1f}"
        f"{statistics.median(ours.cpu for _, ours in laps):>9.1f}"
        f"{statistics.median(costs):>8.2f}"
        f"{state['totals']['dropped']:>9}",
        flush=True,
    )


def steps(name: str, handles: int, count: int) -> None:
    """Print how long a step takes with so many handles, there and back again."""
    with ExitStack() as stack:
        server = stack.enter_context(Server(name, watch=True))
        stack.enter_context(Held(server.address, handles))
        peer = stack.enter_context(server.connect())
        watched = server.watched
        assert watched is not None
        peer.echo(b"x")
        watched.until_state(lambda state: len(state["handles"]) >= handles)
        number = watched.pause()
        watched.until_state(lambda state: state["asked"] >= number and state["held"])
        taken = []
        for turn in range(count):
            peer.send(b"x")
            began = time.perf_counter()
            number = watched.step("turn" if turn % 2 else "handler")
            answered = watched.until_state(
                lambda state, n=number: state["asked"] >= n and state["held"]
            )
            taken.append(time.perf_counter() - began)
            if not answered:
                raise SystemExit(f"Step {number} was not answered.")
        watched.run()
    taken.sort()
    print(
        f"A step with {handles} handles ({name}): median {1e3 * statistics.median(taken):.2f} ms, "
        f"95 % within {1e3 * taken[int(len(taken) * 0.95)]:.2f} ms, {count} steps."
    )


def main() -> int:
    """Print both tables."""
    parser = argparse.ArgumentParser(description="What watching a server costs.")
    parser.add_argument("names", nargs="*", metavar="NAME", default=["echo_selectors"])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--clients", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--steps", type=int, default=200)
    options = parser.parse_args()
    load = " ".join(f"{one:.1f}" for one in os.getloadavg())
    print(f"{options.clients} clients, {options.rounds} rounds; load of the machine before: {load}")
    print("                  requests a second        same-round         CPU us per request")
    print(
        "server             plain    watched    ratio (range)         plain  watched   ratio  lost"
    )
    for name in options.names:
        compare(name, options.rounds, options.clients, options.seconds)
    for name in options.names:
        steps(name, 100, options.steps)
    return 0


if __name__ == "__main__":
    sys.exit(main())
