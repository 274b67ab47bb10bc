"""When switches between threads happen, and what one costs (C12)."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from reactorkit.claims.experiments.nb02.common import (
    crowd_size,
    fill,
    roomy,
    wait_until_quiet,
)
from reactorkit.claims.experiments.nb02.talkers import SERVERS, Talk, talk
from reactorkit.claims.world import Evidence, Finding, World

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_kept: list[Talk] = []  # at most one


def keep(heard: Talk) -> None:
    """Keep what C11 has just measured: its crowds are the ones whose switches count here."""
    _kept[:] = [heard]


def context_switches(world: World) -> Evidence:
    """Count switches three times: in silence, under load, and in a ping-pong of two threads.

    The talking crowds are those of C11 where it has just run; run again, they talk again.
    """
    silent = crowd_size(world, quick=300, small=900, normal=3000)
    heard = _kept.pop() if _kept else talk(world)
    threaded = roomy(world, "echo_threads", silent)
    with fill(world, threaded, 0, silent):
        wait_until_quiet(world, threaded)
        change = threaded.measure(world.pick(quick=0.3, small=1.0, normal=1.0))
    idle = None if change.switches is None else change.switches / change.seconds
    sizes = [heard.sizes[0], heard.sizes[-1]]
    rates = {name: [row[0].switches, row[-1].switches] for name, row in heard.costs.items()}
    alone, handed_over = ping_pong(world.pick(quick=20, small=50, normal=50))
    threads, selectors = (rates[name] for name in SERVERS)
    return Evidence(
        findings={"C12": judge_switches(silent, idle, threads, selectors, handed_over / alone)},
        data={"silent": silent, "idle": idle, "sizes": sizes, "rates": rates},
        picture=draw_switches if None not in [*threads, *selectors] else None,
        caption="They multiply with the threads that want to run, "
        "and grow fewer where one thread serves everybody.",
        alt=f"Context switches per request with {sizes[0]} and {sizes[1]:,} talkers: "
        + "; ".join(f"{name} {_figures(values)}" for name, values in rates.items())
        + ".",
    )


def _figures(values: Sequence[float | None]) -> str:
    return " and ".join("unknown" if each is None else f"{each:.2g}" for each in values)


def ping_pong(batches: int, rounds: int = 200) -> tuple[float, float]:
    """Return the seconds one exchange takes inside one thread, and between two of them."""
    left, right = socket.socketpair()

    def answer() -> None:
        for _ in range(rounds):
            right.send(right.recv(1))

    def ask(also_answer: bool) -> float:
        began = time.perf_counter()
        for _ in range(rounds):
            left.send(b"x")
            if also_answer:
                right.send(right.recv(1))
            left.recv(1)
        return (time.perf_counter() - began) / rounds

    alone, both = [], []
    with left, right:
        for _ in range(
            batches
        ):  # in turns, and the best of each: other work adds, never takes away
            alone.append(ask(True))
            other = threading.Thread(target=answer)
            other.start()
            both.append(ask(False))
            other.join()
    return min(alone), min(both)


def judge_switches(
    silent: int,
    idle: float | None,
    threads: Sequence[float | None],
    selectors: Sequence[float | None],
    ratio: float,
) -> Finding:
    """Decide C12: none in silence, many under load, and an exchange costs more between threads."""
    known = [each for each in (idle, *threads, *selectors) if each is not None]
    if len(known) < 5:
        return Finding(None, "nothing", "This system does not count switches of single threads.")
    calm, few, many, _, selector = known
    return Finding(
        met=calm < 20 and many > 4 * selector and ratio > 1.3,
        measured=f"{calm:.0f} switches a second with {silent:,} silent threads; per request "
        f"{few:.1f} with few and {many:.1f} with many talkers, {selector:.3f} in echo_selectors; "
        f"an exchange between two threads takes {ratio:.1f} times as long as inside one",
        why="Other work on the machine adds switches that are not the server's own.",
    )


def draw_switches(data: Mapping[str, Any]) -> Figure:
    """Draw switches per request, few and many talkers, on a logarithmic axis."""
    from reactorkit.view.charts import grouped_bars

    return grouped_bars(
        [f"{size:,} clients talk" for size in data["sizes"]],
        data["rates"],
        ylabel="context switches per request",
        log=True,
    )
