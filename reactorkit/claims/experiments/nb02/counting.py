"""How many threads there are, and what the system says that they do (C05, C09, C10)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reactorkit.claims.experiments.nb02.common import (
    crowd_size,
    fill,
    roomy,
    threads_of,
    wait_until_quiet,
)
from reactorkit.claims.world import Evidence, Finding, World
from reactorkit.lab.server import Server

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SERVERS = ("echo_threads", "echo_selectors")


def count_the_threads(world: World) -> Evidence:
    """Let clients arrive in four waves and count the threads of two servers after each."""
    most = crowd_size(world, quick=200, small=600, normal=1000)
    clients = [0, most // 4, most // 2, 3 * most // 4, most]
    counts = {name: _count(world, name, clients) for name in SERVERS}
    threads, selectors = (counts[name] for name in SERVERS)
    return Evidence(
        findings={
            "C05": judge_one_each(clients, threads),
            "C10": judge_growth(clients, threads, selectors),
        },
        data={"clients": clients, "threads": counts},
        picture=draw_count,
        caption="One line climbs by one thread for every client. The other stays on the floor.",
        alt=f"Threads against silent clients: echo_threads climbs from {threads[0]} to "
        f"{threads[-1]}, echo_selectors stays at {selectors[-1]}.",
    )


def _count(world: World, name: str, clients: Sequence[int]) -> list[int]:
    """Return the threads of one server after each wave of silent clients."""
    server = roomy(world, name, clients[-1])
    counts = [threads_of(server)]
    for before, upto in pairwise(clients):
        if name == "echo_threads":
            fill(world, server, before, upto)
        else:
            # The last one is answered, so all of them have been accepted: no thread to wait for.
            world.hold(server, upto - before).peers[-1].echo(b"?")
        counts.append(threads_of(server))
    return counts


def judge_one_each(clients: Sequence[int], threads: Sequence[int]) -> Finding:
    """Decide C05: after N connections there are N + 1 threads, every time."""
    return Finding(
        met=all(count == n + 1 for n, count in zip(clients, threads, strict=True)),
        measured=f"{clients[-1]} silent clients, {threads[-1]} threads",
        why="A changed echo_threads, or a tracing tool, runs threads of its own.",
    )


def judge_growth(
    clients: Sequence[int], threads: Sequence[int], selectors: Sequence[int]
) -> Finding:
    """Decide C10: one more thread per client in one design, none in the other."""
    grown = clients[-1] - clients[0]
    return Finding(
        met=threads[-1] - threads[0] == grown and selectors[-1] == selectors[0],
        measured=f"{grown} more clients: {threads[-1] - threads[0]} more threads in echo_threads, "
        f"{selectors[-1] - selectors[0]} more in echo_selectors",
        why="One of the two servers was changed.",
    )


def draw_count(data: Mapping[str, Any]) -> Figure:
    """Draw threads against clients, one line per server."""
    from reactorkit.view.charts import lines

    return lines(
        {name: (data["clients"], counts) for name, counts in data["threads"].items()},
        xlabel="silent clients connected",
        ylabel="threads in the server",
    )


def sleeping_threads(world: World) -> Evidence:
    """Ask the system what every serving thread does while all clients are silent."""
    clients = crowd_size(world, quick=50, small=100, normal=100)
    server = roomy(world, "echo_threads", clients)
    fill(world, server, 0, clients)
    wait_until_quiet(world, server)
    change = server.measure(world.pick(quick=0.5, small=1.0, normal=1.0))
    states = states_of(server)
    return Evidence(
        findings={"C09": judge_sleep(states, change.switches, clients)},
        data={"asleep": states.count("S"), "awake": len(states) - states.count("S")},
        picture=draw_sleep if states else None,
        caption="Every serving thread is asleep. None of them even asks for the CPU.",
        alt=f"{states.count('S')} of {len(states)} serving threads are asleep, the rest run "
        "or are ready to run.",
    )


def states_of(server: Server) -> list[str]:
    """Return the state letter of each serving thread, [] where /proc does not tell.

    R runs or wants to, S sleeps until something happens: the field after the name in
    /proc/PID/task/TID/stat (proc(5)).
    """
    tasks = Path(f"/proc/{server.pid}/task")
    if not tasks.is_dir():
        return []
    own = str(server.pid)  # the main thread, which waits for new clients
    stats = [(task / "stat").read_text() for task in tasks.iterdir() if task.name != own]
    return [stat.rpartition(")")[2].split()[0] for stat in stats]


def judge_sleep(states: Sequence[str], switches: int | None, clients: int) -> Finding:
    """Decide C09: all serving threads sleep, with fewer than one switch each."""
    if not states or switches is None:
        return Finding(None, "nothing", "This system does not tell the state of single threads.")
    asleep = states.count("S")
    return Finding(
        met=asleep == len(states) == clients and switches < clients,
        measured=f"{asleep} of {len(states)} serving threads asleep, {switches} context switches",
        why="A client spoke meanwhile, or a debugger or profiler looks into the server.",
    )


def draw_sleep(data: Mapping[str, Any]) -> Figure:
    """Draw how many serving threads sleep, and how many run or want to."""
    from reactorkit.view.charts import bars

    return bars(
        ["asleep", "running, or ready to run"],
        [data["asleep"], data["awake"]],
        ylabel="serving threads",
        names=["threads", "busywait"],
        height=3.2,
    )
