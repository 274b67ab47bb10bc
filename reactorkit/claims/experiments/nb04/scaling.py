"""How the time of one call grows with the number of descriptors (C46, C48, C49)."""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from reactorkit.claims.experiments.nb04 import pictures
from reactorkit.claims.experiments.nb04.kernel import (
    FD_SETSIZE,
    HIGHEST,
    QUEUE,
    need_descriptors,
)
from reactorkit.claims.world import Evidence, Finding, World
from reactorkit.errors import KitError
from reactorkit.lab import machine
from reactorkit.lab.process import KeptProcess

CHILD = Path(__file__).with_name("scaling_child.py")

FEW, HUNDRED, SELECT_MOST, MANY = 10, 100, 480, 4000
ADD_FEW, ADD_MANY = 100, 15_000
STEADY = 1.5  # halves of one run that differ by more than this factor prove nothing
SPARE = 300  # descriptors that the measuring process needs besides

Medians = Mapping[str, Mapping[str, Mapping[int, float]]]


def one_ready_of_many(world: World) -> Evidence:
    """Let select, poll and epoll (or kqueue) find one ready socket among more and more."""
    need_descriptors(HIGHEST)
    samples, met = _judged_twice(world, _orders(world), {"C46": select_grows, "C49": epoll_stays})
    times, shift = medians(samples), unsteadiness(samples)
    queue_why = "" if "epoll" in times["one_ready"] else "This system has no epoll."
    return Evidence(
        findings={
            "C46": finding(met["C46"], shift, _growth(times)),
            "C49": finding(met["C49"], shift, _queue_story(times), queue_why),
        },
        data=_plain(times),
        picture=pictures.draw_scaling,
        caption="Left: select and poll climb with every silent socket, the kernel's own list stays "
        "flat. Right: when all are ready nobody is spared, and adding one more stays cheap.",
        alt="Three panels on log axes. Left, one ready socket of N: the lines of select and poll "
        "rise, the line of epoll is flat. Upper right, all N ready: the time per ready socket is "
        "about the same for all. Lower right: adding a socket to a hundred and to thousands costs "
        "about the same.",
    )


def poll_without_limit(world: World) -> Evidence:
    """Let poll find one ready socket among a hundred and among thousands (C48)."""
    need_descriptors(HIGHEST)
    orders = {
        "one_ready": sorted({HUNDRED, 300, 1000, 2000, _many(world)}),
        "all_ready": [],
        "add": [],
        "rounds": world.pick(6, 8, 10),
        "most_for_select": SELECT_MOST,
    }
    samples, met = _judged_twice(world, orders, {"C48": poll_grows})
    times = medians(samples)
    return Evidence(
        findings={"C48": finding(met["C48"], unsteadiness(samples), _poll_growth(times))},
        data={"poll": _plain(times)["one_ready"]["poll"], "edge": FD_SETSIZE},
        picture=pictures.draw_poll,
        caption="poll passes the line where select ends, and goes on climbing.",
        alt="One rising line on log axes: the time of a poll call against the number of sockets. "
        "It passes a dashed line at 1024, where select ends, and keeps rising.",
    )


def finding(met: bool | None, shift: float, told: str, why: str = "") -> Finding:
    """Return a Finding that doubts a bad result when the run was not steady in itself."""
    if met is False and shift > STEADY:
        why = (
            f"The two halves of this run differ by a factor of {shift:.1f}: the machine was too "
            "busy for a comparison."
        )
        return Finding(None, told, why)
    return Finding(met, told, why)


Judges = Mapping[str, Callable[["Medians"], bool | None]]


def _judged_twice(
    world: World, orders: Mapping[str, Any], judges: Judges
) -> tuple[dict[str, Any], dict[str, bool | None]]:
    """Measure and judge; once more if the result is bad and the run was not steady."""
    samples: dict[str, Any] = {}
    met: dict[str, bool | None] = {}
    for _ in range(2):
        samples = _measure(world, orders)
        times = medians(samples)
        met = {claim: judge(times) for claim, judge in judges.items()}
        if unsteadiness(samples) <= STEADY or False not in met.values():
            break
    return samples, met


def _plain(times: Medians) -> dict[str, dict[str, dict[str, float]]]:
    return {
        key: {
            call: {str(size): nanoseconds for size, nanoseconds in sizes.items()}
            for call, sizes in calls.items()
        }
        for key, calls in times.items()
    }


def _orders(world: World) -> dict[str, Any]:
    """Return what to measure, cut to the descriptors that one process may have here."""
    many = _many(world)
    most = machine.descriptor_limit() - SPARE - 100
    add_many = min(world.pick(4000, 4000, ADD_MANY), most)
    between = world.pick([], [30, 300, 1000], [30, 300, 1000])
    if add_many < ADD_MANY:
        world.note(f"Adding was tried among {add_many:,} instead of {ADD_MANY:,}.")
    return {
        "one_ready": sorted({FEW, HUNDRED, SELECT_MOST, many, *between}),
        "all_ready": [FEW, HUNDRED, SELECT_MOST],
        "add": [ADD_FEW, add_many],
        "rounds": world.pick(6, 8, 10),
        "most_for_select": SELECT_MOST,
    }


def _many(world: World) -> int:
    """Return the largest number of sockets to watch: MANY, or what this machine allows."""
    many = min(MANY, machine.descriptor_limit() - SPARE)
    if many < MANY:
        world.note(f"Reduced to {many:,} sockets: this machine allows no more in one process.")
    return many


def _measure(world: World, orders: Mapping[str, Any]) -> dict[str, Any]:
    """Run the measuring program under a keeper and return its samples."""
    steps: list[str] = []
    child = KeptProcess(
        [sys.executable, "-I", str(CHILD), json.dumps(orders)],
        on_line=lambda _, line: steps.append(line),
        nofile=max(*orders["one_ready"], *orders["add"]) + SPARE,
    )
    world.defer(child.kill)
    expected = 2 * orders["rounds"] + (len(orders["add"]) if QUEUE else 0) + 1
    for step in world.progress(range(1, expected + 1), "measuring"):
        if not child.wait_until(lambda step=step: len(steps) >= step, 20):  # type: ignore[misc]
            raise KitError(f"The measurement ended early. It said: {' '.join(steps[-3:])}")
    samples: dict[str, Any] = json.loads(steps[-1])
    child.wait(5)
    return samples


def medians(samples: Mapping[str, Any]) -> dict[str, dict[str, dict[int, float]]]:
    """Return nanoseconds by situation, call and number of descriptors."""
    found = {
        key: {
            call: {int(size): statistics.median(each) for size, each in sizes.items()}
            for call, sizes in samples[key].items()
        }
        for key in ("one_ready", "all_ready")
    }
    adding = {int(size): statistics.median(each) for size, each in samples["add"].items()}
    return {**found, "add": {QUEUE: adding} if adding else {}}


def unsteadiness(samples: Mapping[str, Any]) -> float:
    """Return the largest factor between the odd and the even rounds of one measurement."""
    series: list[Sequence[float]] = list(samples["add"].values())
    for key in ("one_ready", "all_ready"):
        series += [each for sizes in samples[key].values() for each in sizes.values()]
    pairs = [(statistics.median(each[::2]), statistics.median(each[1::2])) for each in series]
    return max(max(a, b) / min(a, b) for a, b in pairs)


def growth(times: Medians, call: str, low: int, high: int) -> float:
    """Return how many times longer a call with one ready takes with `high` than with `low`."""
    sizes = times["one_ready"][call]
    return sizes[high] / sizes[low]


def select_grows(times: Medians) -> bool:
    """C46: from 10 to 480, over 3 times for select and poll, under 2.5 for epoll (kqueue)."""
    grown = {call: growth(times, call, FEW, SELECT_MOST) for call in times["one_ready"]}
    return all(grown[call] > 3 for call in grown if call in ("select", "poll")) and all(
        grown[call] < 2.5 for call in grown if call in ("epoll", "kqueue")
    )


def poll_grows(times: Medians) -> bool:
    """C48: poll takes more than 1024, and over 10 times as long with 4000 as with 100."""
    most = max(times["one_ready"]["poll"])
    factor = 10 * most / MANY  # fewer than 4000 only where the machine allows no more
    return most > 1024 and growth(times, "poll", HUNDRED, most) > factor


def epoll_stays(times: Medians) -> bool | None:
    """C49: flat with one ready, growing like select with all ready, and cheap to add to.

    None where there is no epoll.
    """
    if "epoll" not in times["one_ready"]:
        return None
    most = max(times["one_ready"]["epoll"])
    all_ready = times["all_ready"]
    beside = all_ready["epoll"][SELECT_MOST] / all_ready["select"][SELECT_MOST]
    adding = times["add"]["epoll"]
    return (
        growth(times, "epoll", FEW, most) < 3
        and all_ready["epoll"][SELECT_MOST] / all_ready["epoll"][FEW] > 10
        and 1 / 4 < beside < 4
        and adding[max(adding)] / adding[min(adding)] < 4
    )


def _growth(times: Medians) -> str:
    parts = [
        f"{call} {growth(times, call, FEW, SELECT_MOST):.1f} times"
        f" ({sizes[FEW] / 1e3:.1f} to {sizes[SELECT_MOST] / 1e3:.1f} µs)"
        for call, sizes in times["one_ready"].items()
    ]
    return f"from {FEW} to {SELECT_MOST} sockets a call takes longer: {', '.join(parts)}"


def _poll_growth(times: Medians) -> str:
    sizes = times["one_ready"]["poll"]
    most = max(sizes)
    return (
        f"poll takes {sizes[HUNDRED] / 1e3:.0f} µs with {HUNDRED} sockets and "
        f"{sizes[most] / 1e3:,.0f} µs with {most:,}: {sizes[most] / sizes[HUNDRED]:.0f} times"
    )


def _queue_story(times: Medians) -> str:
    if QUEUE not in times["one_ready"]:
        return "no epoll and no kqueue here"
    sizes, adding = times["one_ready"][QUEUE], times["add"][QUEUE]
    each = {
        call: found[SELECT_MOST] / SELECT_MOST / 1e3 for call, found in times["all_ready"].items()
    }
    most, few, many = max(sizes), min(adding), max(adding)
    every = times["all_ready"][QUEUE]
    return (
        f"{QUEUE} with one ready: {sizes[most] / sizes[FEW]:.1f} times as long with {most:,} as "
        f"with {FEW}; with all ready: {every[SELECT_MOST] / every[FEW]:.0f} times as long with "
        f"{SELECT_MOST}, {each[QUEUE]:.2f} µs for each one (select {each['select']:.2f}); adding "
        f"one to {few}: {adding[few] / 1e3:.1f} µs, to {many:,}: {adding[many] / 1e3:.1f} µs"
    )
