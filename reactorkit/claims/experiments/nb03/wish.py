"""The wished-for function: all sockets in, only the ready ones out, and what a call of it takes."""

from __future__ import annotations

import fcntl
import resource
import select
import selectors
import socket
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from reactorkit.claims.world import Evidence, Finding, World
from reactorkit.errors import KitError
from reactorkit.lab import machine

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# select() takes descriptors below FD_SETSIZE only, 1024 on Linux and macOS (select(2)).
FD_SETSIZE = 1024
ASKING, SELECT = "asking each: recv", "select"


def the_wish_fulfilled(world: World) -> Evidence:
    """Let one socket of N be ready, and time each way to find it."""
    sizes = world.pick(quick=(10, 480), small=(10, 50, 150, 480), normal=(10, 50, 150, 480))
    rounds = world.pick(quick=9, small=15, normal=25)
    best = type(world.enter(selectors.DefaultSelector())).__name__.removesuffix("Selector").lower()
    sockets = silent_sockets(world, max(sizes))
    talker, ready = sockets[0][1], sockets[0][0]
    talker.send(b"x")
    select.select([ready], [], [], 5)
    times: dict[str, list[float]] = {ASKING: [], SELECT: [], best: []}
    found: list[bool] = []
    for size in world.progress(sizes, "looking"):
        some = [server_end for server_end, _ in sockets[:size]]
        with selectors.DefaultSelector() as selector:
            for sock in some:
                selector.register(sock, selectors.EVENT_READ)
            ways = ways_to_look(some, selector)
            found += [way() == [ready] for way in (ways[1], ways[2])]
            for name, value in zip(times, time_side_by_side(ways, rounds), strict=True):
                times[name].append(value)
    data = {"sizes": list(sizes), "times": times, "best": best, "found": all(found)}
    return Evidence(
        findings={"C35": judge_wish(data)},
        data=data,
        picture=draw_wish,
        caption=f"One socket is ready. Asking each climbs, select climbs, {best} does not.",
        alt="Time to find the ready socket against the number of sockets, three ways, log axes.",
    )


def silent_sockets(world: World, n: int) -> list[tuple[socket.socket, socket.socket]]:
    """Return n connections as (server's end, client's end), server's ends below FD_SETSIZE.

    The clients' ends are moved above it, for select() to have room.
    """
    machine.raise_descriptors(FD_SETSIZE + n + 100)
    above = min(FD_SETSIZE, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - n - 20)
    pairs = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        for _ in range(n):
            with socket.create_connection(listener.getsockname(), timeout=5) as client:
                moved = fcntl.fcntl(client.fileno(), fcntl.F_DUPFD_CLOEXEC, above)
                far = world.enter(socket.socket(fileno=moved))
            near = world.enter(listener.accept()[0])
            near.setblocking(False)
            if near.fileno() >= FD_SETSIZE:
                raise KitError(
                    "This notebook holds so many open files that select() has no room left. "
                    "Restart the kernel and run this section alone."
                )
            pairs.append((near, far))
    return pairs


Way = Callable[[], list[Any]]


def ways_to_look(sockets: Sequence[socket.socket], selector: selectors.BaseSelector) -> list[Way]:
    """Return three functions that each give back the ready ones among `sockets`."""

    def asking() -> list[Any]:
        ready = []
        for sock in sockets:
            try:
                sock.recv(1, socket.MSG_PEEK)
                ready.append(sock)
            except BlockingIOError:
                pass
        return ready

    return [
        asking,
        lambda: select.select(sockets, [], [], 0)[0],
        lambda: [key.fileobj for key, _ in selector.select(0)],
    ]


def time_side_by_side(ways: Sequence[Way], rounds: int) -> list[float]:
    """Return each way's median CPU seconds per call, measured in turns.

    CPU time, because it does not count the moments in which other programs ran.
    """
    took: list[list[float]] = [[] for _ in ways]
    for _ in range(rounds):
        for way, times in zip(ways, took, strict=True):
            began = time.thread_time()
            for _ in range(20):
                way()
            times.append((time.thread_time() - began) / 20)
    return [statistics.median(times) for times in took]


def judge_wish(data: Mapping[str, Any]) -> Finding:
    """Decide C35: only the ready one comes back; select grows 3-fold, and 5 times the best call."""
    growth = {name: values[-1] / values[0] for name, values in data["times"].items()}
    best, few, many = data["best"], data["sizes"][0], data["sizes"][-1]
    said = "only the ready socket came back" if data["found"] else "others came back too"
    now = {name: values[-1] * 1e6 for name, values in data["times"].items()}
    return Finding(
        met=data["found"] and growth[SELECT] > max(3, 5 * growth[best]),
        measured=(
            f"{said}; from {few} to {many} sockets select took {growth[SELECT]:.0f} times as "
            f"long, {best} {growth[best]:.1f} times; with {many}: asking each "
            f"{now[ASKING]:.0f} µs, select {now[SELECT]:.0f} µs, {best} {now[best]:.1f} µs"
        ),
        why="Other programs took the CPU during the timing.",
    )


def draw_wish(data: Any) -> Figure:
    """Draw the time of one look against the number of sockets."""
    from reactorkit.view.charts import lines

    best = data["best"]
    return lines(
        {
            name: (data["sizes"], [value * 1e6 for value in values])
            for name, values in data["times"].items()
        },
        xlabel="sockets, one of them ready",
        ylabel="CPU time of one look (µs)",
        logx=True,
        logy=True,
        names={ASKING: "busywait", best: "epoll"},
    )
