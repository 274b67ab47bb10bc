"""What it costs to ask everybody all the time: waiting, CPU, and requests that have to sleep."""

from __future__ import annotations

import random
import selectors
import statistics
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reactorkit.claims.world import Evidence, Finding, World
from reactorkit.errors import KitError
from reactorkit.lab import machine
from reactorkit.lab.peer import Peer
from reactorkit.lab.server import Server

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BUSY, WAITING = "echo_busywait", "echo_selectors"
PATIENCE = 30.0

# first client in the list, last one: answer times in seconds
Ends = tuple[list[float], list[float]]


# ----------------------------------------------------------------------- C32


def waiting_for_the_scan(world: World) -> Evidence:
    """Ping the first and the last of more and more clients, at moments spread over the pass."""
    sizes: tuple[int, ...] = world.pick(
        quick=(10, 1000), small=(2, 10, 100, 1000), normal=(2, 10, 30, 100, 300, 1000)
    )
    most = machine.most_connections()
    if most < max(sizes):
        sizes = (*(size for size in sizes if size < most), most)
        world.note(f"Reduced to {most} clients: this system allows no more in one process.")
    pings = world.pick(quick=40, small=40, normal=50)
    data: dict[str, dict[str, list[float]]] = {}
    queued = {}
    for name in (BUSY, WAITING):
        ends, queued[name] = answer_times_by_size(world, name, sizes, pings)
        data[name] = {
            "sizes": list(sizes),
            "first": [quicker_quarter(first) for first, _ in ends],
            "last": [quicker_quarter(last) for _, last in ends],
        }
    return Evidence(
        findings={"C32": judge_scan(data, max(queued.values()))},
        data=data,
        picture=draw_scan,
        caption="The busy loop's answers slow down with the crowd, alike for first and last.",
        alt=(
            "Answer time against clients, log axes. Two lines of echo_busywait lie on each other "
            "and rise in proportion to the clients; echo_selectors stays nearly level."
        ),
    )


def answer_times_by_size(
    world: World, name: str, sizes: Sequence[int], pings: int
) -> tuple[list[Ends], float]:
    """Grow the crowd on one server; return the answer times of its first and last client.

    The second value is the share of the time, 0.0 to 1.0, that the server queued for a CPU.
    """
    server = world.serve(name, descriptors=min(max(sizes) + 100, machine.descriptor_limit()))
    began, queued = time.monotonic(), queued_seconds(server.pid)
    first: Peer | None = None
    here, results = 0, []
    for size in sizes:
        peers = world.hold(server, size - here).peers
        first, last, here = first or peers[0], peers[-1], size
        first.timeout = last.timeout = PATIENCE
        last.echo(b"accepted?")  # clients are accepted in turn: now all of them are in
        results.append(ends_of_the_list(world, first, last, pings))
    queued = queued_seconds(server.pid) - queued
    seconds = time.monotonic() - began
    server.kill()  # it burns a core until it ends
    return results, queued / seconds


def ends_of_the_list(world: World, first: Peer, last: Peer, pings: int) -> Ends:
    """Ping first and last in turn. Pauses of random length let the pings fall anywhere in a pass.

    Without them each ping would come right after the answer to the one before, always at the
    same place of the pass.
    """
    dice = random.Random(9000)
    ends: Ends = ([], [])
    one_pass = min(first.echo(b"ping") for _ in range(4))
    for _ in range(pings):
        for peer, times in zip((first, last), ends, strict=True):
            world.check_stop()
            time.sleep(dice.uniform(0, 2 * one_pass))
            times.append(peer.echo(b"ping"))
    return ends


def quicker_quarter(times: Sequence[float]) -> float:
    """Return the time within which a quarter of the answers came.

    Pings that had to wait while other programs used the CPU are among the other three quarters.
    """
    return statistics.quantiles(times, n=4)[0]


def judge_scan(data: Mapping[str, Mapping[str, Sequence[float]]], queued: float = 0.0) -> Finding:
    """Decide C32 from the answer times at each size.

    From 10 to 1000 clients busy-wait has to grow more than 5 times, and more than 3 times as much
    as selectors; with fewer than 1000 clients the first limit shrinks in proportion. Nothing is
    decided against it while a server queued for the CPU more than a fifth of the time.
    """
    sizes = list(data[BUSY]["sizes"])
    ten, many = sizes.index(10), max(i for i, size in enumerate(sizes) if size <= 1000)
    both = {
        name: [statistics.fmean(pair) for pair in zip(rows["first"], rows["last"], strict=True)]
        for name, rows in data.items()
    }
    growth = {name: times[many] / times[ten] for name, times in both.items()}
    ends = data[BUSY]["last"][many] / data[BUSY]["first"][many]
    grows = growth[BUSY] > max(2.0, sizes[many] / 200) and growth[BUSY] > 3 * growth[WAITING]
    met = grows and 1 / 3 < ends < 3
    why = "Other programs took the CPU from the servers or from their clients."
    if queued > 0.2:
        why = f"The server stood in the queue for a CPU {100 * queued:.0f} % of the time."
    return Finding(
        met=None if not met and queued > 0.2 else met,
        measured=(
            f"from 10 to {sizes[many]:,} clients: busy-wait {growth[BUSY]:.0f} times as long "
            f"({both[BUSY][ten] * 1e3:.2f} to {both[BUSY][many] * 1e3:.2f} ms), selectors "
            f"{growth[WAITING]:.1f} times; last in the list / first: {ends:.1f}"
        ),
        why="" if met else why,
    )


def draw_scan(data: Any) -> Figure:
    """Draw answer time against clients on log axes: busy-wait's first and last, selectors."""
    from reactorkit.view import style

    fig = style.figure(8, 4.6)
    ax = style.axes(fig, xlabel="connected clients", ylabel="a quarter is answered within (ms)")
    busy, waiting = style.look(BUSY), style.look(WAITING)
    drawn = (
        (BUSY, "first", busy, f"{BUSY}, first in the list", "-", 9, busy.colour),
        (BUSY, "last", busy._replace(marker="o"), f"{BUSY}, last in the list", ":", 15, "none"),
        (WAITING, "last", waiting, WAITING, "-", 9, waiting.colour),
    )
    for name, end, look, label, line, size, face in drawn:
        ax.plot(
            data[name]["sizes"],
            [value * 1e3 for value in data[name][end]],
            color=look.colour,
            linestyle=line,
            linewidth=2.2,
            marker=look.marker,
            markersize=size,
            markerfacecolor=face,
            markeredgecolor="black",
            label=label,
        )
    style.log_axis(ax, "x")
    style.log_axis(ax, "y")
    ax.set_ylim(top=ax.get_ylim()[1] * 4)  # room for the names
    ax.legend(frameon=True, framealpha=0.9, edgecolor="none", loc="upper left")
    return fig


# ----------------------------------------------------------------------- C33


def idle_loop(world: World) -> Evidence:
    """Connect ten clients that say nothing, and watch what the server uses meanwhile."""
    seconds = world.pick(quick=0.6, small=1.0, normal=1.5)
    shares, queued = {}, {}
    for name in world.progress((BUSY, WAITING), "watching"):
        server = world.serve(name)
        held = world.hold(server, 10)
        held.peers[-1].timeout = PATIENCE
        held.peers[-1].echo(b"accepted?")
        before = queued_seconds(server.pid)
        shares[name] = server.measure(seconds).cpu_share
        queued[name] = (queued_seconds(server.pid) - before) / seconds
        server.kill()
    return Evidence(
        findings={"C33": judge_idle(shares, queued)},
        data={"shares": shares, "queued": queued},
        picture=draw_idle,
        caption="Nobody says a word to either of them.",
        alt="Two bars: echo_busywait uses about a whole core, echo_selectors nothing.",
    )


def queued_seconds(pid: int) -> float:
    """Return how long a process was ready to run and got no CPU, 0.0 where that is not told.

    The second number of /proc/PID/schedstat (Linux, Documentation/scheduler/sched-stats.rst).
    """
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9
    except (OSError, IndexError):
        return 0.0


def judge_idle(shares: Mapping[str, float], queued: Mapping[str, float]) -> Finding:
    """Decide C33: while idle, busy-wait runs or queues most of the time, selectors hardly ever."""
    wanted = {name: shares[name] + queued[name] for name in shares}
    extra = f" and queues for it {100 * queued[BUSY]:.0f} % of the time"
    return Finding(
        met=wanted[BUSY] > 0.60 and shares[WAITING] < 0.05,
        measured=(
            f"ten silent clients: {BUSY} uses {100 * shares[BUSY]:.0f} % of a core"
            f"{extra if queued[BUSY] > 0.1 else ''}, {WAITING} {100 * shares[WAITING]:.1f} %"
        ),
        why="Other programs wanted the CPU at the same time, and the loop got what was left.",
    )


def draw_idle(data: Any) -> Figure:
    """Draw the CPU shares of the two servers, and open bars for the time spent in the queue."""
    from reactorkit.view.charts import bars

    shares = data["shares"]
    used = [round(100 * share, 1) for share in shares.values()]
    fig = bars(list(shares), used, ylabel="CPU (% of a core)")
    (ax,) = fig.axes
    ax.set_ylim(0, 115)
    for place, (name, queued) in enumerate(data["queued"].items()):
        if queued > 0.1:
            low, high = 100 * shares[name] + 9, 100 * (shares[name] + queued)
            ax.bar(place, high - low, 0.6, bottom=low, fill=False, linestyle="--")
            ax.text(place, (low + high) / 2, "in the queue for it", ha="center", va="center")
    return fig


# ----------------------------------------------------------------------- C34


def one_talker_among_many(world: World) -> Evidence:
    """Price a request in CPU time: one talker among silent clients, then everybody talks."""
    silent = world.pick(quick=199, small=499, normal=499)
    talkers = world.pick(quick=100, small=200, normal=200)
    seconds = world.pick(quick=0.4, small=0.6, normal=1.0)
    if talkers < 200:
        world.note(f"Reduced to {silent + 1} clients with one talker, and to {talkers} talkers.")
    requests = world.pick(quick=100, small=150, normal=300)
    alone, crowded = {}, {}
    for name in world.progress((BUSY, WAITING), "pricing"):
        server = world.serve(name, descriptors=machine.RESERVED_DESCRIPTORS + 600)
        with_silent = world.hold(server, silent)
        with_silent.peers[-1].timeout = PATIENCE
        with_silent.peers[-1].echo(b"accepted?")
        alone[name] = price_of_one(server, requests)
        with_silent.close()
        crowded[name] = price_in_a_crowd(world, server, talkers, seconds)
        server.kill()
    data = {"alone": alone, "crowded": crowded, "silent": silent, "talkers": talkers}
    return Evidence(
        findings={"C34": judge_talker(data)},
        data=data,
        picture=draw_talker,
        caption="Who pays for asking the silent ones? The one who talks.",
        alt="CPU time per request: far more for echo_busywait with one talker, alike with many.",
    )


def price_of_one(server: Server, requests: int) -> float:
    """Return the server's CPU seconds per request of one client that pings without pause."""
    with server.connect(timeout=PATIENCE) as talker:
        talker.echo(b"warm")
        before = server.gauges()
        for _ in range(requests):
            talker.echo(b"ping")
        return (server.gauges() - before).cpu_seconds / requests


def price_in_a_crowd(world: World, server: Server, talkers: int, seconds: float) -> float:
    """Return the server's CPU seconds per request while `talkers` clients ping without pause."""
    crowd = world.crowd(server, talkers, "pingpong", seconds=seconds)
    before = server.gauges()
    stats = crowd.wait_done(seconds + PATIENCE)
    used = server.gauges() - before
    if not stats.round_trips:
        raise KitError(f"{server.name} answered nobody within {seconds:g} s. {stats}")
    return used.cpu_seconds / stats.round_trips


def judge_talker(data: Mapping[str, Any]) -> Finding:
    """Decide C34: one talker pays more than 5 times as much in the busy loop, many far less."""
    alone = data["alone"][BUSY] / data["alone"][WAITING]
    crowded = data["crowded"][BUSY] / data["crowded"][WAITING]
    return Finding(
        met=alone > 5 and crowded < alone / 3,
        measured=(
            f"1 of {data['silent'] + 1} talks: a request costs {BUSY} {alone:.0f} times the CPU "
            f"time of {WAITING}; {data['talkers']} of {data['talkers']} talk: {crowded:.1f} times"
        ),
        why="Other programs took the CPU from the clients, so that the loop asked in vain more.",
    )


def draw_talker(data: Any) -> Figure:
    """Draw the CPU time of a request, for one talker and for many."""
    from reactorkit.view.charts import grouped_bars

    return grouped_bars(
        [
            f"1 of {data['silent'] + 1} clients talks",
            f"{data['talkers']} of {data['talkers']} clients talk",
        ],
        {
            name: [data["alone"][name] * 1e6, data["crowded"][name] * 1e6]
            for name in (BUSY, WAITING)
        },
        ylabel="CPU time per request (µs)",
        log=True,
    )


# ----------------------------------------------------------------------- C22


def slow_handler(world: World) -> Evidence:
    """Let 50 clients ask at once for an answer that takes the server a sleep of 20 ms."""
    clients = 50
    spans = {}
    for design in world.progress(("busywait", "threads"), "asking"):
        server = world.serve(Path(__file__).parents[1] / f"nb03_sleepy_{design}.py")
        spans[f"echo_{design}"] = ask_all_at_once(world.hold(server, clients).peers)
        server.kill()
    return Evidence(
        findings={"C22": judge_sleeps(spans)},
        data={"spans": spans},
        picture=draw_sleeps,
        caption="Each bar is one request, from the question to the answer.",
        alt="With one thread the answers form a staircase, with a thread each all come together.",
    )


def ask_all_at_once(peers: Sequence[Peer]) -> list[tuple[float, float]]:
    """Send one request from every client; return when each was sent and answered, in seconds.

    In the order of the answers.
    """
    with selectors.DefaultSelector() as selector:
        began = time.perf_counter()
        sent: dict[Peer, float] = {}
        answered: dict[Peer, float] = {}
        for peer in peers:
            sent[peer] = time.perf_counter() - began
            peer.send(b"?")
            selector.register(peer.sock, selectors.EVENT_READ, peer)
        while len(answered) < len(peers):
            ready = selector.select(PATIENCE)
            if not ready:
                raise KitError(f"{len(answered)} of {len(peers)} clients were answered in time.")
            for key, _ in ready:
                key.data.recv_exactly(1)
                answered[key.data] = time.perf_counter() - began
                selector.unregister(key.fileobj)
    return sorted(((sent[peer], answered[peer]) for peer in peers), key=lambda span: span[1])


def judge_sleeps(spans: Mapping[str, Sequence[Sequence[float]]]) -> Finding:
    """Decide C22: for the whole crowd one thread takes more than 5 times as long."""
    took = {name: max(end for _, end in each) for name, each in spans.items()}
    ratio = took[BUSY] / took["echo_threads"]
    return Finding(
        met=ratio > 5,
        measured=(
            f"{len(spans[BUSY])} answers: one thread {took[BUSY]:.2f} s, a thread each "
            f"{took['echo_threads']:.2f} s ({ratio:.0f} times as long with one)"
        ),
        why="The machine was too busy to run the threads side by side.",
    )


def draw_sleeps(data: Any) -> Figure:
    """Draw the requests of both servers as bars over time."""
    from reactorkit.view.diagrams import gantt

    titles = {BUSY: "one thread for all", "echo_threads": "a thread each"}
    return gantt(data["spans"], titles=titles, ylabel="requests, by time of answer")
