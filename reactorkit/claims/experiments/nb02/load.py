"""What a request costs when many clients talk at once (C11)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from reactorkit.claims.experiments.nb02 import switching
from reactorkit.claims.experiments.nb02.talkers import FEW, SERVERS, talk
from reactorkit.claims.world import Evidence, Finding, World

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ENOUGH = 1000  # talkers; fewer threads do not always form a queue for the interpreter lock
QUEUED_TOO_LONG = 0.15  # share of the time in which a measured server waits for a CPU


def threads_under_load(world: World) -> Evidence:
    """Let more and more clients talk without pause, and divide the server's CPU by requests."""
    heard = talk(world)
    switching.keep(heard)
    many, silent, beside = heard.sizes[-1], heard.sizes[-1] - FEW, heard.beside.cpu * 1e6
    costs = {name: [each.cpu * 1e6 for each in row] for name, row in heard.costs.items()}
    threads, selectors = (costs[name] for name in SERVERS)
    return Evidence(
        findings={"C11": judge_load(many, threads, selectors, beside, heard.waited)},
        data={"sizes": heard.sizes, "costs": costs, "many": many, "beside": beside},
        picture=draw_load,
        caption="The lines start close together and part as more clients talk. "
        f"The white mark: {FEW} talkers, and {silent:,} silent clients beside them.",
        alt=f"CPU per request: echo_threads {threads[0]:.0f} µs with {FEW} talkers and "
        f"{threads[-1]:.0f} µs with {many:,}, echo_selectors {selectors[0]:.0f} and "
        f"{selectors[-1]:.0f} µs. {FEW} talkers among {silent:,} silent clients cost "
        f"echo_threads {beside:.0f} µs.",
    )


def judge_load(
    many: int,
    threads: Sequence[float],
    selectors: Sequence[float],
    beside: float,
    waited: float = 0.0,
) -> Finding:
    """Decide C11 from µs per request: first entry few talkers, last entry many.

    `waited` is the share of time in which a server stood in the queue for a CPU: other work then
    changes what a request costs, and a ratio that misses the criterion decides nothing.
    """
    few, lots = threads[0] / selectors[0], threads[-1] / selectors[-1]
    met: bool | None = few < 3 and lots > 2 and lots > few
    why = (
        "Other work on the machine, more cores than the interpreter lock can use, or too few "
        "talkers to make the threads compete."
    )
    if not met and waited > QUEUED_TOO_LONG:
        met, why = None, f"Other work kept the servers from a CPU {waited:.0%} of the time."
    elif not met and few < 3 and many < ENOUGH:
        met, why = None, f"The claim is about {ENOUGH:,} talkers. {many} do not always compete."
    return Finding(
        met=met,
        measured=f"CPU per request, echo_threads to echo_selectors: {few:.1f} times with {FEW} "
        f"talkers ({threads[0]:.0f} and {selectors[0]:.0f} µs), {lots:.1f} times with {many} "
        f"({threads[-1]:.0f} and {selectors[-1]:.0f} µs); {FEW} talkers among {many - FEW} "
        f"silent clients cost echo_threads {beside:.0f} µs",
        why=why,
    )


def draw_load(data: Mapping[str, Any]) -> Figure:
    """Draw CPU per request against the clients that talk, and the few among many silent ones."""
    from reactorkit.view import style
    from reactorkit.view.charts import lines

    places = range(len(data["sizes"]))
    fig = lines(
        {name: (places, costs) for name, costs in data["costs"].items()},
        xlabel="clients that talk without pause",
        ylabel="server CPU per request (µs)",
    )
    ax, few = fig.axes[0], data["sizes"][0]
    ax.set_xticks(places, [f"{size:,}" for size in data["sizes"]])
    ax.set_ylim(bottom=0, top=1.15 * max(data["beside"], *map(max, data["costs"].values())))
    ax.plot(
        [0],
        [data["beside"]],
        marker="D",
        markersize=10,
        color="white",
        markeredgecolor=style.BLUE,
        markeredgewidth=2.2,
        linestyle="none",
        label=f"echo_threads, {few} talk, {data['many'] - few:,} silent",
        zorder=4,
    )
    ax.legend(frameon=True, framealpha=0.9, edgecolor="none", loc="upper left")
    return fig
