"""What select() waits for, when it wakes, and why it may never sleep (C21, C38, C41, C43)."""

from __future__ import annotations

import select
import threading
import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from reactorkit.claims.experiments.nb04 import pictures
from reactorkit.claims.experiments.nb04.kernel import QUEUE, Queue, pair
from reactorkit.claims.world import Evidence, Finding, World

BYTE_AFTER = 0.3  # seconds
TIME_OUT = 10 * BYTE_AFTER
CALLS = 5
LOOK = 0.05  # seconds: long enough to tell "reported" from "nothing there"
WINDOW = 0.5  # seconds in which the turns of a loop are counted
MORE_TURNS = 50


class Wake(NamedTuple):
    """One wait: seconds from the call to the byte and to the return, CPU seconds, what came."""

    sent: float
    returned: float
    cpu: float
    named: bool


def sleep_and_wake(world: World) -> Evidence:
    """Wait for a byte with a time-out; then leave a byte unread and ask five times (C21, C38)."""
    limited = wake(world, TIME_OUT)
    reports = {"select": look_five_times_with_select(world)}
    pieces: dict[str, int] = {}
    if QUEUE:
        for words, edge in (("level-triggered", False), ("edge-triggered", True)):
            reports[f"{QUEUE}, {words}"] = look_five_times_with_queue(world, edge)
            pieces[words] = pieces_read(world, edge)
    return Evidence(
        findings={
            "C21": Finding(
                woke_for_the_byte(limited, TIME_OUT),
                f"select returned after {limited.returned:.3f} s of {TIME_OUT:g} s, "
                f"{(limited.returned - limited.sent) * 1e3:.1f} ms after the byte was sent, "
                f"{'with the socket in its list' if limited.named else 'with an empty list'}",
            ),
            "C38": Finding(reported_as_stated(reports), _told(reports, pieces)),
        },
        data={
            "wake": limited._asdict(),
            "time_out": TIME_OUT,
            "reports": reports,
            "pieces": pieces,
        },
        picture=pictures.draw_waits,
        caption="Left: the call sleeps until the byte comes. Right: a filled dot is a call that "
        "reported the unread byte.",
        alt="A bar ends where a byte was sent, long before the time-out. Beside it a row of "
        "five dots for each call: filled where the unread socket was reported. All five are "
        "filled for select and for the level-triggered queue, one for the edge-triggered one.",
    )


def wake(world: World, time_out: float | None, others: int = 0) -> Wake:
    """Let select wait for a byte that another thread sends after BYTE_AFTER seconds.

    `others` is how many silent sockets it watches besides.
    """
    watched = [sock for _ in range(others // 2) for sock in pair(world)]
    far, near = pair(world)
    watched.append(near)
    sent: list[float] = []

    def send() -> None:
        sent.append(time.monotonic())
        far.send(b"!")

    sender = threading.Timer(BYTE_AFTER, send)
    world.defer(sender.cancel)
    cpu, began = time.thread_time(), time.monotonic()
    sender.start()
    readable, _, _ = select.select(watched, [], [], time_out)
    returned, cpu = time.monotonic(), time.thread_time() - cpu
    sender.join()
    return Wake(sent[0] - began, returned - began, cpu, readable == [near])


def woke_for_the_byte(wait: Wake, time_out: float | None) -> bool:
    """Return whether the wait ended after the byte was sent, in time, naming the socket."""
    in_time = time_out is None or wait.returned < time_out
    return wait.named and wait.sent <= wait.returned and in_time


def look_five_times_with_select(world: World) -> list[bool]:
    """Send one byte, leave it unread, and ask select CALLS times."""
    far, near = pair(world)
    far.send(b"!")
    return [bool(select.select([near], [], [], LOOK)[0]) for _ in range(CALLS)]


def look_five_times_with_queue(world: World, edge: bool) -> list[bool]:
    """The same with epoll or kqueue, told to report the state or only its change."""
    far, near = pair(world)
    with Queue(edge=edge) as queue:
        queue.add(near.fileno())
        far.send(b"!")
        return [bool(queue.wait(LOOK)) for _ in range(CALLS)]


def pieces_read(world: World, edge: bool) -> int:
    """Send 8 bytes, read 4 after each report, and return how often that went before silence."""
    far, near = pair(world)
    with Queue(edge=edge) as queue:
        queue.add(near.fileno())
        far.send(b"12345678")
        reads = 0
        while queue.wait(LOOK) and reads < CALLS:
            near.recv(4)
            reads += 1
    return reads


def reported_as_stated(reports: Mapping[str, Sequence[bool]]) -> bool:
    """Return whether each call reported unread data as often as our verdict says."""
    return all(
        sum(seen) == (1 if "edge" in name else CALLS) and seen[0] for name, seen in reports.items()
    )


def _told(reports: Mapping[str, Sequence[bool]], pieces: Mapping[str, int]) -> str:
    times = "; ".join(f"{name}: {sum(seen)} of {CALLS} calls" for name, seen in reports.items())
    reads = ", ".join(f"{4 * count} of 8 bytes {words}" for words, count in pieces.items())
    return f"{times} reported it" + (
        f"; reading 4 bytes after each report got {reads}" * bool(reads)
    )


def sleep_without_end(world: World) -> Evidence:
    """Wait without a time-out for one socket and for hundreds, and read the thread's CPU (C43)."""
    waits = {1 + others: wake(world, None, others) for others in (0, 40, 400)}
    told = ", ".join(f"{wait.cpu * 1e3:.2f} ms with {n}" for n, wait in waits.items())
    longest = max(wait.returned for wait in waits.values())
    return Evidence(
        findings={
            "C43": Finding(
                all(slept_until_the_byte(wait) for wait in waits.values()),
                f"each call returned after the byte, {longest:.3f} s at most after it began; CPU "
                f"time of the waiting thread meanwhile: {told} sockets",
            )
        },
        data={"waits": {str(n): wait._asdict() for n, wait in waits.items()}},
        picture=pictures.draw_sleepers,
        caption="The thread waited for the whole tall bar, and ran for the small one.",
        alt="Pairs of bars on a log axis for 1, 41 and 401 sockets: the time waited, about 300 ms, "
        "beside the CPU time of the thread, less than a thousandth of it up to a few thousandths.",
    )


def slept_until_the_byte(wait: Wake) -> bool:
    """Return whether a wait without a time-out ended with the byte and took hardly any CPU."""
    return woke_for_the_byte(wait, None) and wait.cpu < wait.returned / 10


def always_writable(world: World) -> Evidence:
    """Count how often a loop around select turns when it also watches for writing (C41)."""
    idle = count_turns(world, writing=False)
    spinning = count_turns(world, writing=True)
    return Evidence(
        findings={
            "C41": Finding(
                spins(idle[0], spinning[0]),
                f"in {WINDOW:g} s the loop turned {idle[0]} times for reading only, and "
                f"{spinning[0]:,} times when it also watched for writing; CPU of the thread "
                f"{idle[1]:.1%} and {spinning[1]:.0%}",
            )
        },
        data={"turns": [idle[0], spinning[0]], "cpu": [idle[1], spinning[1]]},
        picture=pictures.draw_turns,
        caption="One quiet socket: writable is a state, and it nearly always holds.",
        alt="Two bars on a log axis: turns of the loop for reading only, a handful, and for "
        "reading and writing, many thousands.",
    )


def count_turns(world: World, *, writing: bool) -> tuple[int, float]:
    """Return how often a select loop on a quiet socket turns in WINDOW seconds, and its CPU."""
    _, quiet = pair(world)
    writers = [quiet] if writing else []
    turns, cpu, began = 0, time.thread_time(), time.monotonic()
    while (now := time.monotonic()) < began + WINDOW:
        select.select([quiet], writers, [], 0.1)
        turns += 1
    return turns, (time.thread_time() - cpu) / (now - began)


def spins(idle: int, spinning: int) -> bool:
    """Return whether watching for writing turned the loop MORE_TURNS times as often."""
    return spinning > MORE_TURNS * idle
