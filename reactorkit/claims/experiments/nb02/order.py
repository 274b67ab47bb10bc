"""Whether a thread's number matters: for its answer time (C14, C16) and for its turn (C15)."""

from __future__ import annotations

import random
import selectors
import statistics
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from reactorkit.claims.experiments.nb02.common import (
    crowd_size,
    fill,
    roomy,
    spearman,
    wait_until_quiet,
)
from reactorkit.claims.world import Evidence, Finding, World
from reactorkit.errors import KitError
from reactorkit.lab.peer import Peer

if TYPE_CHECKING:
    from matplotlib.figure import Figure

AT = ("first", "middle", "last")
SAME_ORDER = 0.8  # of a rank correlation: from here on the numbers explain most of the order


def last_in_line(world: World) -> Evidence:
    """Ping connections all over a silent crowd, and the same three places as it grows."""
    most = crowd_size(world, quick=300, small=900, normal=3000)
    row = min(most, 1000)
    pings = world.pick(quick=90, small=300, normal=300)
    server = roomy(world, "echo_threads", most)
    peers: list[Peer] = []
    sizes, medians = [], []
    cloud: list[tuple[int, float]] = []
    for size in world.progress([n for n in (10, 100, 1000) if n < most] + [most], "silent crowds"):
        peers += fill(world, server, len(peers), size).peers
        wait_until_quiet(world, server)
        sizes.append(size)
        medians.append(at_three_places(peers))
        if size == row:
            cloud = ping_all_over(peers, pings)
    busy_server = roomy(world, "echo_busywait", row)
    busy_peers = world.hold(busy_server, row).peers
    busy_peers[-1].echo(b"?")
    busy = ping_all_over(busy_peers, pings // 4, tries=1)
    typical = [statistics.median(places) for places in medians]
    return Evidence(
        findings={
            "C14": judge_row(cloud, row),
            "C16": judge_crowds(sizes, typical),
        },
        data={"row": row, "threads": cloud, "busywait": busy, "sizes": sizes, "medians": medians},
        picture=draw_row,
        caption="Left: a higher number does not mean a later answer. Right: "
        "nor do more sleepers, at any place in the row.",
        alt=f"Left, answer time against the thread's number, {row:,} clients: a flat cloud near "
        f"{typical[-1] * 1e6:.0f} µs for echo_threads, one near "
        f"{statistics.median(t for _, t in busy) * 1e6:.0f} µs for echo_busywait. Right, "
        f"answer time for crowds from {sizes[0]} to {sizes[-1]:,}: nearly level.",
    )


def ping_all_over(peers: Sequence[Peer], pings: int, tries: int = 3) -> list[tuple[int, float]]:
    """Return (number, best answer time in s) of `pings` connections all over the row, shuffled."""
    chosen = random.sample(range(len(peers)), min(pings, len(peers)))
    best = dict.fromkeys(chosen, float("inf"))
    for _ in range(tries):  # the best of some tries: what other work added is left out
        for number in chosen:
            best[number] = min(best[number], peers[number].echo(b"ping"))
    return sorted(best.items())


def at_three_places(peers: Sequence[Peer], tries: int = 60) -> list[float]:
    """Return the median answer time in s of the first, the middle and the last connection."""
    places = (peers[0], peers[len(peers) // 2], peers[-1])
    times = [[peer.echo(b"ping") for peer in places] for _ in range(tries)]
    return [statistics.median(column) for column in zip(*times, strict=True)]


def judge_row(cloud: Sequence[tuple[int, float]], row: int) -> Finding:
    """Decide C14 from (thread number, answer time): later numbers are not answered later."""
    numbers, times = [number for number, _ in cloud], [took for _, took in cloud]
    rho = spearman(numbers, times)
    third = len(times) // 3
    first, last = statistics.median(times[:third]), statistics.median(times[-third:])
    return Finding(
        met=rho < 0.5 and last < 2 * first,
        measured=f"{row:,} threads: the last third answers after {last * 1e6:.0f} µs, the first "
        f"third after {first * 1e6:.0f} µs; rank correlation with the thread's number {rho:+.2f}",
        why="Other work on the machine came and went while the row was pinged.",
    )


def judge_crowds(sizes: Sequence[int], typical: Sequence[float]) -> Finding:
    """Decide C16 from the median answer time in s for each size of the silent crowd."""
    ratio = typical[-1] / typical[0]
    return Finding(
        met=ratio < 8,
        measured=f"{typical[0] * 1e6:.0f} µs with {sizes[0]} silent clients, "
        f"{typical[-1] * 1e6:.0f} µs with {sizes[-1]:,}: {ratio:.1f} times as long for "
        f"{sizes[-1] // sizes[0]} times the crowd",
        why="Other work on the machine came and went between the two crowds.",
    )


def draw_row(data: Mapping[str, Any]) -> Figure:
    """Draw answer time against the thread's number, and against the size of the crowd."""
    from reactorkit.view import style

    fig = style.figure(8.4, 4.2)
    left, right = fig.add_subplot(1, 2, 1), fig.add_subplot(1, 2, 2)
    left.set(xlabel=f"number of the connection (of {data['row']:,})", ylabel="answer time (µs)")
    right.set(xlabel="silent clients connected")
    for name in ("busywait", "threads"):
        look = style.look(name)
        xs, ys = zip(*data[name], strict=True)
        left.scatter(
            xs, [1e6 * y for y in ys], s=26, color=look.colour, marker=look.marker, alpha=0.8,
            edgecolors="black", linewidths=0.4, label=f"echo_{name}", zorder=3,
        )  # fmt: skip
    shown = (("o", "-"), ("s", "--"), ("^", ":"))
    for place, (marker, line) in enumerate(shown):
        right.plot(
            data["sizes"], [1e6 * each[place] for each in data["medians"]], color=style.BLUE,
            marker=marker, linestyle=line, linewidth=2, markersize=7, markeredgecolor="black",
            label=f"{AT[place]} thread", zorder=3,
        )  # fmt: skip
    everything = [1e6 * took for name in ("busywait", "threads") for _, took in data[name]]
    everything += [1e6 * took for each in data["medians"] for took in each]
    for ax in (left, right):
        style.tidy(ax)
        style.log_axis(ax, "y")
        ax.set_ylim(min(everything) / 3, max(everything) * 12)
        ax.legend(frameon=True, framealpha=0.9, edgecolor="none", loc="upper left", fontsize=9)
    right.set_xscale("log")
    shown_sizes = [size for size in data["sizes"] if size == data["sizes"][-1] or size < 1000]
    right.set_xticks(shown_sizes, [f"{size:,}" for size in shown_sizes])
    right.minorticks_off()
    return fig


def wake_order(world: World) -> Evidence:
    """Pause the server, give many threads a byte in random order, and watch who answers when."""
    clients = crowd_size(world, quick=300, small=600, normal=1000)
    rounds = world.pick(quick=3, small=5, normal=5)
    server = roomy(world, "echo_threads", clients)
    peers = fill(world, server, 0, clients).peers
    wait_until_quiet(world, server)
    races: list[dict[str, list[int]]] = []
    for _ in world.progress(range(rounds), "pauses"):
        chosen = random.sample(range(clients), min(200, clients // 2))
        server.pause()
        try:
            for number in chosen:
                peers[number].send(b"!")
        finally:
            server.resume()
        races.append({"sent": chosen, "answered": order_of_answers(peers, chosen)})
        wait_until_quiet(world, server)
    by_number = [spearman(range(len(r["answered"])), r["answered"]) for r in races]
    by_arrival = [_along(r["sent"], r["answered"]) for r in races]
    return Evidence(
        findings={"C15": judge_order(by_number, by_arrival)},
        data={"answered": races[-1]["answered"], "clients": clients},
        picture=draw_order,
        caption="If the numbers decided, the dots would follow the dashed line.",
        alt=f"Place of the answer against the thread's number, one round: dots all over; "
        f"rank correlation {by_number[-1]:+.2f}.",
    )


def order_of_answers(peers: Sequence[Peer], chosen: Iterable[int]) -> list[int]:
    """Return the numbers of the connections in the order in which their answers come.

    The selector is asked again and again; what is ready at the same moment comes in the
    order in which the kernel put it on the ready list (epoll on Linux).
    """
    answered: list[int] = []
    deadline = time.monotonic() + 10
    with selectors.DefaultSelector() as selector:
        for number in chosen:
            selector.register(peers[number].sock, selectors.EVENT_READ, number)
        while selector.get_map():
            if time.monotonic() > deadline:
                raise KitError(f"{len(selector.get_map())} clients were not answered within 10 s.")
            for key, _ in selector.select(0.1):
                answered.append(key.data)
                selector.unregister(key.fileobj)
    for number in answered:
        peers[number].recv_exactly(1)
    return answered


def _along(first: Sequence[int], second: Sequence[int]) -> float:
    """Return the rank correlation of the places that the same numbers have in two orders."""
    places = {number: place for place, number in enumerate(second)}
    return spearman(range(len(first)), [places[number] for number in first])


def judge_order(by_number: Sequence[float], by_arrival: Sequence[float]) -> Finding:
    """Decide C15: over the rounds, the order of the answers is not that of the numbers."""
    rho, arrival = statistics.median(by_number), statistics.median(by_arrival)
    return Finding(
        met=rho < SAME_ORDER,
        measured=f"rank correlation of the answers with the thread's number {rho:+.2f}, with "
        f"the order of arrival {arrival:+.2f} (medians of {len(by_number)} rounds; "
        "1 would be the same order)",
        why="With a single core, or another scheduler, the threads may wake in one order.",
    )


def draw_order(data: Mapping[str, Any]) -> Figure:
    """Draw the place of each answer against the number of its thread."""
    from reactorkit.view.charts import scatter

    answered = data["answered"]
    fig = scatter(
        {"threads": (answered, range(1, len(answered) + 1))},
        xlabel=f"number of the thread (of {data['clients']:,})",
        ylabel="place of its answer",
    )
    ax = fig.axes[0]
    ax.plot(
        [0, data["clients"]],
        [0, len(answered)],
        color="black",
        linestyle="--",
        linewidth=2,
        label="if the numbers decided",
        zorder=4,
    )
    ax.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    return fig
