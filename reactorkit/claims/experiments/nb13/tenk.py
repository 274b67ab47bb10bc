"""One thread, and more and more silent clients: what they cost it, and the one that talks (C01)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from reactorkit.claims.experiments.nb02.common import roomy, wait_until_quiet
from reactorkit.claims.experiments.nb13.common import KIB, answer_times, within_limits
from reactorkit.claims.world import Evidence, Finding, World

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SERVER = "echo_reactor"
FEW, MOST = 10, 9500
IDLE_BELOW, SLOWER_BELOW, KIB_BELOW = 0.05, 10, 10


def ten_thousand(world: World) -> Evidence:
    """Let silent clients arrive in waves; after each, ping beside a server with FEW clients."""
    most = within_limits(world, world.pick(quick=400, small=2000, normal=MOST))
    if most < MOST:
        world.note(f"{most:,} connections here; {MOST:,} at the normal size.")
    sizes = [size for size in (FEW, 100, 1000) if size < most] + [most]
    few, many = world.serve(SERVER), roomy(world, SERVER, most)
    world.hold(few, FEW - 1)
    # The two that talk belong to the crowd of their server.
    talkers = {"few": world.peer(few), "many": world.peer(many)}
    answer_times(talkers, 20)  # the first ones pay for what is set up once
    pings = world.pick(quick=40, small=100, normal=100)
    memory, times = [], []
    for before, upto in pairwise([1, *sizes]):
        # Clients are accepted in the order in which they came: after this answer all are in.
        world.hold(many, upto - before).peers[-1].echo(b"is everybody in?")
        times.append(answer_times(talkers, pings))
        memory.append(many.gauges().rss)
    wait_until_quiet(world, many)
    silence = many.measure(world.pick(quick=0.4, small=1.0, normal=1.0))
    found = {
        "threads": many.gauges().threads,
        "idle": silence.cpu_share,
        "slower": times[-1]["many"] / times[-1]["few"],
        "kib": (memory[-1] - memory[0]) / (sizes[-1] - sizes[0]) / KIB,
    }
    return Evidence(
        findings={"C01": judge(most, found), "C142": judge_problem(most, found)},
        data={
            "sizes": sizes,
            "memory": [rss / 2**20 for rss in memory],
            "many": [1e6 * each["many"] for each in times],
            "few": [1e6 * each["few"] for each in times],
        },
        picture=draw,
        caption=f"Below: the answer beside thousands takes about as long as beside {FEW}. "
        "Above: what they add to the process.",
        alt=f"Two panels against connections, from {FEW} to {most:,}. Memory of the server grows "
        f"by {found['kib']:.1f} KiB for each connection; the answer time stays near that of a "
        f"server with {FEW} clients, {found['slower']:.1f} times at the end.",
    )


def judge(most: int, found: Mapping[str, float]) -> Finding:
    """Decide C01: one thread, idle, an answer in about the same time, and little memory."""
    return Finding(
        met=holds_all(found) and found["kib"] < KIB_BELOW,
        measured=f"{most:,} silent connections in {found['threads']:.0f} thread: "
        f"{found['idle']:.1%} of a core, {found['kib']:.1f} KiB of the process for each, and an "
        f"answer takes {found['slower']:.1f} times as long as with {FEW}",
        why="Other work kept the machine busy, or the server was changed.",
    )


def judge_problem(most: int, found: Mapping[str, float]) -> Finding:
    """Decide C142: the connections are held, and neither CPU nor answers suffer."""
    return Finding(
        met=holds_all(found),
        measured=f"{most:,} connections to one process, all of them open at once",
        why="Other work kept the machine busy, or the server was changed.",
    )


def holds_all(found: Mapping[str, float]) -> bool:
    """Return whether one thread holds everybody, idles, and still answers about as quickly."""
    return found["threads"] == 1 and found["idle"] < IDLE_BELOW and found["slower"] < SLOWER_BELOW


def draw(data: Mapping[str, Any]) -> Figure:
    """Draw memory above and answer times below, against the number of connections."""
    from reactorkit.view import style

    fig = style.figure(8, 5.4)
    above, below = fig.subplots(2, 1, sharex=True)
    for ax in (above, below):
        style.tidy(ax)
    above.set_ylabel("memory of the\nprocess (MiB)")
    below.set_ylabel("median answer\ntime (µs)")
    below.set_xlabel("open connections")
    sizes: Sequence[int] = data["sizes"]
    looks = {"many": style.look("selectors"), "few": style.look("blocking")}
    _line(above, sizes, data["memory"], looks["many"], "")
    _line(below, sizes, data["many"], looks["many"], "a server with so many connections")
    _line(below, sizes, data["few"], looks["few"], f"a server with {FEW}, asked in turns with it")
    below.set_ylim(0, 1.7 * max(*data["many"], *data["few"]))
    above.set_ylim(0, 1.25 * max(data["memory"]))
    below.legend(frameon=False, loc="upper left")
    for ax in (above, below):
        style.plain_axis(ax, "y")
        ax.set_xscale("log")
        ax.minorticks_off()
        ax.set_xticks(sizes, [f"{size:,}" for size in sizes])
    above.annotate(
        style.LOG_NOTE if sizes[-1] >= 1000 else "", xy=(1, 1), xycoords="axes fraction",
        xytext=(0, 4), textcoords="offset points", ha="right", va="bottom", fontsize=8,
        color=style.GREY,
    )  # fmt: skip
    return fig


def _line(ax: Any, xs: Sequence[int], ys: Sequence[float], look: Any, label: str) -> None:
    ax.plot(
        xs, ys, color=look.colour, marker=look.marker, markersize=8, markeredgecolor="black",
        markeredgewidth=0.6, linewidth=2.2, label=label or None, zorder=3,
    )  # fmt: skip
