"""Time select, poll and the kernel's queue over many descriptors, alone in a process.

A program of its own: a notebook's kernel has threads and descriptors that would disturb it.
It reads its orders as JSON from the command line and prints its samples as JSON. All times
are CPU time of the calling thread in nanoseconds: a busy machine may take the CPU away from us,
but then the clock stands still.
"""

from __future__ import annotations

import json
import os
import select
import socket
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

TURN = 2_000_000  # nanoseconds that one sample should last
EXTRA = 100  # descriptors added and removed again in one sample

QUEUE = next((name for name in ("epoll", "kqueue") if hasattr(select, name)), "")
_select: Any = select  # for names that exist on other systems than the one that checks the types

Call = Callable[[], Sequence[Any]]


def main() -> None:
    """Measure what the command line orders, and print it."""
    orders = json.loads(sys.argv[1])
    with Pool(max(orders["one_ready"] + orders["all_ready"])) as pool:
        samples: dict[str, dict[str, Any]] = {"one_ready": {}, "all_ready": {}, "add": {}}
        pool.wake(1)
        measure(pool, orders, "one_ready", samples["one_ready"])
        pool.wake(len(pool.fds))
        measure(pool, orders, "all_ready", samples["all_ready"])
    if QUEUE:
        for present in orders["add"]:
            samples["add"][str(present)] = time_adding(present, orders["rounds"])
            print("step", flush=True)
    print(json.dumps(samples))


class Pool:
    """At least `n` connected sockets; the first `n` numbers are what is watched."""

    def __init__(self, n: int) -> None:
        self.pairs = [socket.socketpair() for _ in range(n // 2 + 1)]
        self.fds = [sock.fileno() for pair in self.pairs for sock in pair][:n]
        self.peers: dict[int, socket.socket] = {}
        for one, other in self.pairs:
            self.peers[one.fileno()], self.peers[other.fileno()] = other, one

    def wake(self, n: int) -> None:
        """Make the first `n` descriptors readable, by a byte that nobody reads."""
        for fd in self.fds[:n]:
            self.peers[fd].send(b"!")

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *error: object) -> None:
        for one, other in self.pairs:
            one.close()
            other.close()


def measure(
    pool: Pool, orders: Mapping[str, Any], what: str, samples: dict[str, dict[str, list[float]]]
) -> None:
    """Fill `samples[call][size]` with one time per round, calls and sizes taking turns."""
    calls: dict[tuple[str, int], tuple[Call, int]] = {}
    for size in orders[what]:
        for name, call in callers(pool.fds[:size], orders["most_for_select"]).items():
            calls[name, size] = (call, repetitions(call))
            expected = 1 if what == "one_ready" else size
            if len(call()) != expected:
                raise SystemExit(f"{name} reported {len(call())} of {expected} ready descriptors.")
    for _ in range(orders["rounds"]):
        for (name, size), (call, times) in calls.items():
            samples.setdefault(name, {}).setdefault(str(size), []).append(timed(call, times))
        print("step", flush=True)


def callers(fds: list[int], most_for_select: int) -> dict[str, Call]:
    """Return every call of this system, ready to be made over these descriptors."""
    found: dict[str, Call] = {}
    if len(fds) <= most_for_select:
        found["select"] = lambda: select.select(fds, [], [], 0)[0]
    if hasattr(select, "poll"):
        poller = select.poll()
        for fd in fds:
            poller.register(fd, select.POLLIN)
        found["poll"] = lambda: poller.poll(0)
    if QUEUE == "epoll":
        epoll = _select.epoll()
        for fd in fds:
            epoll.register(fd, _select.EPOLLIN)
        found["epoll"] = lambda: epoll.poll(0, len(fds))
    elif QUEUE == "kqueue":
        kqueue = _select.kqueue()
        reading = _select.KQ_FILTER_READ, _select.KQ_EV_ADD
        changes = [_select.kevent(fd, *reading) for fd in fds]
        kqueue.control(changes, 0)
        found["kqueue"] = lambda: kqueue.control(None, len(fds), 0)
    return found


def repetitions(call: Call) -> int:
    """Return how many calls make a sample of about TURN nanoseconds."""
    call()
    return max(3, int(TURN / max(1, timed(call, 3))))


def timed(call: Call, times: int) -> float:
    """Return the CPU time of one call in nanoseconds, taken over `times` calls."""
    began = time.thread_time_ns()
    for _ in range(times):
        call()
    return (time.thread_time_ns() - began) / times


def time_adding(present: int, rounds: int) -> list[float]:
    """Return the CPU times of adding one descriptor to a queue that holds `present` already."""
    idle, peer = socket.socketpair()
    copies = [os.dup(idle.fileno()) for _ in range(present + EXTRA)]
    queue = getattr(_select, QUEUE)()
    for fd in copies[:present]:
        add(queue, fd)
    samples: list[float] = []
    for _ in range(rounds):
        began = time.thread_time_ns()
        for fd in copies[present:]:
            add(queue, fd)
        samples.append((time.thread_time_ns() - began) / EXTRA)
        for fd in copies[present:]:
            remove(queue, fd)
    for fd in copies:
        os.close(fd)
    queue.close()
    idle.close()
    peer.close()
    return samples


def add(queue: Any, fd: int) -> None:
    """Watch one more descriptor."""
    if QUEUE == "epoll":
        queue.register(fd, _select.EPOLLIN)
    else:
        queue.control([_select.kevent(fd, _select.KQ_FILTER_READ, _select.KQ_EV_ADD)], 0)


def remove(queue: Any, fd: int) -> None:
    """Watch it no longer."""
    if QUEUE == "epoll":
        queue.unregister(fd)
    else:
        queue.control([_select.kevent(fd, _select.KQ_FILTER_READ, _select.KQ_EV_DELETE)], 0)


if __name__ == "__main__":
    main()
