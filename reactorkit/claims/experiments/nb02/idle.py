"""What thousands of waiting threads cost the CPU, beside one server that never waits (C13)."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from reactorkit.claims.experiments.nb02.common import (
    cpu_of,
    crowd_size,
    fill,
    queued,
    roomy,
    wait_until_quiet,
)
from reactorkit.claims.world import Evidence, Finding, World
from reactorkit.lab.server import Server

if TYPE_CHECKING:
    from matplotlib.figure import Figure

IDLE_BELOW = 0.03
BUSY_ABOVE = 0.60


def idle_threads(world: World) -> Evidence:
    """Measure silent crowds of growing size, then one silent client of a busy-wait server."""
    most = crowd_size(world, quick=300, small=900, normal=3000)
    # Where CPU time is told in ticks of 10 ms, only a long window is worth anything.
    window = world.pick(quick=0.4, small=1.0, normal=1.0)
    steps = world.pick(quick=(10,), small=(10, 100), normal=(10, 100, 1000))
    sizes = [n for n in steps if n < most] + [most]
    server, held, shares = roomy(world, "echo_threads", most), 0, []
    for size in world.progress(sizes, "silent crowds"):
        fill(world, server, held, size)
        held = size
        wait_until_quiet(world, server)
        shares.append(share_of_a_core(server, window)[0])
    busy_server = world.serve("echo_busywait")
    world.peer(busy_server).echo(b"the last word")
    busy, queued = share_of_a_core(busy_server, window)
    if queued > 0.05:
        world.note(
            f"The busy-wait server stood in the queue for a CPU {queued:.0%} of the time; "
            "its share is counted over the rest."
        )
    return Evidence(
        findings={"C13": judge(most, shares, busy)},
        data={"sizes": sizes, "shares": shares, "busy": busy},
        picture=draw_idle,
        caption="The tall bar is one silent client. The empty places beside it are "
        f"up to {most:,} threads that wait.",
        alt=f"CPU while nobody speaks: {max(shares):.1%} of a core with {most:,} waiting threads, "
        f"{busy:.0%} with one client of the busy-wait server.",
    )


def share_of_a_core(server: Server, window: float) -> tuple[float, float]:
    """Return CPU time over wall time, and the share of time its main thread stood in a queue.

    Time in which other work kept the main thread from a CPU is taken out of the wall time, where
    the system tells it: a busy machine then does not make a busy server look idle.
    """
    began, cpu, queue = time.monotonic(), cpu_of(server), queued(server)
    time.sleep(window)  # the measurement is this stretch of time
    used, elapsed = cpu_of(server) - cpu, time.monotonic() - began
    waited = min(queued(server) - queue, elapsed * 0.95)
    return min(1.0, used / (elapsed - waited)), waited / elapsed


def judge(most: int, shares: Sequence[float], busy: float) -> Finding:
    """Decide C13: the largest silent crowd costs next to nothing, one busy-wait client a core."""
    return Finding(
        met=shares[-1] < IDLE_BELOW and busy > BUSY_ABOVE,
        measured=f"{shares[-1]:.1%} of a core with {most:,} silent clients, one thread each; "
        f"{busy:.0%} with one silent client of echo_busywait",
        why="Other work kept the machine busy, a profiler looked into the server, or "
        "the crowd was not silent.",
    )


def draw_idle(data: Mapping[str, Any]) -> Figure:
    """Draw the idle CPU bars: silent crowds of the thread server, one client of the other."""
    from reactorkit.view.charts import bars

    labels = [f"{n:,}\nthreads" for n in data["sizes"]] + ["busy-wait,\n1 client"]
    names = ["echo_threads"] * len(data["sizes"]) + ["echo_busywait"]
    shares = [*data["shares"], data["busy"]]
    return bars(
        labels,
        [round(100 * share, 1) for share in shares],
        ylabel="CPU while silent (% of a core)",
        names=names,
    )
