"""Measure how fast a Python loop is alone, beside sleeping threads, and beside spinning ones.

Run as a program of its own: `python gil_child.py SECONDS BLOCKED SPINNING ROUNDS`; prints JSON.
"""

from __future__ import annotations

import json
import socket
import statistics
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path


def count(seconds: float) -> float:
    """Return the turns per second of a plain loop that runs for `seconds`.

    Time in which other programs kept this thread from a CPU is left out, where the system tells
    it. Time in which other threads kept it from the interpreter is not.
    """
    turns, queued, began = 0, queued_seconds(), time.perf_counter()
    while (now := time.perf_counter()) < began + seconds:
        turns += 1
    return turns / max(now - began - (queued_seconds() - queued), seconds / 100)


def queued_seconds() -> float:
    """Return how long this thread has waited for a CPU; 0.0 where nobody counts it (schedstat)."""
    try:
        return int(Path("/proc/thread-self/schedstat").read_text().split()[1]) / 1e9
    except (OSError, IndexError):
        return 0.0


def beside_blocked(threads: int, seconds: float) -> float:
    """Count while `threads` threads wait in recv()."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        return _beside(threads, lambda: theirs.recv(1), seconds, lambda: ours.close())


def beside_spinning(threads: int, seconds: float) -> float:
    """Count while `threads` threads run a loop that never ends by itself."""
    over = threading.Event()

    def spin() -> None:
        while not over.is_set():
            pass

    return _beside(threads, spin, seconds, over.set)


def _beside(
    threads: int, work: Callable[[], object], seconds: float, end: Callable[[], object]
) -> float:
    others = [threading.Thread(target=work) for _ in range(threads)]
    for other in others:
        other.start()
    try:
        return count(seconds)
    finally:
        end()
        for other in others:
            other.join()


def main() -> None:
    """Measure in turns, so that a slow moment of the machine hits all three alike."""
    seconds, blocked, spinning, rounds = float(sys.argv[1]), *map(int, sys.argv[2:5])
    laps = [
        (count(seconds), beside_blocked(blocked, seconds), beside_spinning(spinning, seconds))
        for _ in range(rounds)
    ]
    alone, sleeping, running = map(statistics.median, zip(*laps, strict=True))
    print(json.dumps({"blocked": sleeping / alone, "spinning": running / alone}))


if __name__ == "__main__":
    main()
