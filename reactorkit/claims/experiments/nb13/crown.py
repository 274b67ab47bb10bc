"""A loop against threads, while all clients are silent and while all of them talk (C145)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from reactorkit.claims.experiments.nb02.common import fill, queued, roomy, wait_until_quiet
from reactorkit.claims.experiments.nb02.talkers import cost
from reactorkit.claims.experiments.nb13.common import answer_times, within_limits
from reactorkit.claims.world import Evidence, Finding, World

if TYPE_CHECKING:
    from matplotlib.figure import Figure

THREADS, LOOP = "echo_threads", "echo_reactor"
ENOUGH = 1000  # talkers; fewer threads do not always form a queue for the interpreter lock
IDLE_BELOW, SLOWER_BELOW, DEARER_ABOVE = 0.05, 8, 2
QUEUED_TOO_LONG = 0.15  # share of the time in which a measured server waits for a CPU


def silent_and_talking(world: World) -> Evidence:
    """Measure both servers with a silent crowd, then with a crowd that talks without pause."""
    clients = within_limits(world, world.pick(quick=450, small=600, normal=ENOUGH))
    if clients < ENOUGH:
        world.note(f"{clients:,} clients here; {ENOUGH:,} at the normal size.")
    silent = _silent(world, clients)
    began, waiting, costs = time.monotonic(), 0.0, {}
    for name in world.progress((THREADS, LOOP), "talking crowds"):
        server = roomy(world, name, clients)
        costs[name] = cost(world, server, clients, world.pick(0.2, 0.6, 0.6)).cpu
        waiting = queued(server)
    waited = waiting / (time.monotonic() - began)
    return Evidence(
        findings={"C145": judge(clients, silent, costs, waited)},
        data={"clients": clients, "silent": silent, "costs": costs},
        picture=draw,
        caption="Left: with silent clients nobody works. Right: with talking ones an answer of "
        "the threads costs more.",
        alt=f"Two panels of bars for {clients:,} clients. Silent: CPU is near zero for both "
        f"servers. Talking: {1e6 * costs[THREADS]:.0f} µs of CPU for an answer of {THREADS}, "
        f"{1e6 * costs[LOOP]:.0f} µs for one of {LOOP}.",
    )


def _silent(world: World, clients: int) -> dict[str, dict[str, float]]:
    """Return CPU share and answer time of both servers while everybody else is silent."""
    servers = {name: roomy(world, name, clients) for name in (THREADS, LOOP)}
    held = [
        fill(world, servers[THREADS], 0, clients - 1),
        world.hold(servers[LOOP], clients - 1),
    ]
    talkers = {name: world.peer(server) for name, server in servers.items()}
    answer_times(talkers, 10)  # now everybody is in
    times = answer_times(talkers, world.pick(quick=40, small=100, normal=100))
    found = {}
    for name, server in servers.items():
        wait_until_quiet(world, server)
        silence = server.measure(world.pick(quick=0.2, small=0.7, normal=0.7))
        found[name] = {"cpu": silence.cpu_share, "answer": times[name]}
    for each in held:
        each.close()
    return found


def judge(
    clients: int,
    silent: Mapping[str, Mapping[str, float]],
    costs: Mapping[str, float],
    waited: float = 0.0,
) -> Finding:
    """Decide C145: alike while silent, and far dearer threads while all talk.

    `waited` is the share of time in which the loop stood in the queue for a CPU: other work then
    changes what an answer costs, and a ratio that misses the criterion decides nothing.
    """
    idle = max(each["cpu"] for each in silent.values())
    slower = silent[THREADS]["answer"] / silent[LOOP]["answer"]
    dearer = costs[THREADS] / costs[LOOP]
    alike = idle < IDLE_BELOW and slower < SLOWER_BELOW
    met: bool | None = alike and dearer > DEARER_ABOVE
    why = "Other work on the machine, or more cores than the interpreter lock can use."
    if not met and waited > QUEUED_TOO_LONG:
        met, why = None, f"Other work kept the servers from a CPU {waited:.0%} of the time."
    elif not met and alike and clients < ENOUGH:
        met, why = None, f"The claim is about {ENOUGH:,} talkers. {clients} do not always compete."
    return Finding(
        met=met,
        measured=f"{clients:,} silent clients: at most {idle:.1%} of a core for either server, and "
        f"an answer of the threads takes {slower:.1f} times as long; {clients:,} talking clients: "
        f"{1e6 * costs[THREADS]:.0f} and {1e6 * costs[LOOP]:.0f} µs of CPU for an answer, "
        f"{dearer:.1f} times",
        why=why,
    )


def draw(data: Mapping[str, Any]) -> Figure:
    """Draw two panels of bars: a silent crowd, and one that talks."""
    from reactorkit.view import style

    fig = style.figure(8, 4)
    panels = {
        f"{data['clients']:,} silent clients": (
            "CPU while silent (% of a core)",
            {name: 100 * each["cpu"] for name, each in data["silent"].items()},
        ),
        f"{data['clients']:,} talking clients": (
            "CPU for one answer (µs)",
            {name: 1e6 * each for name, each in data["costs"].items()},
        ),
    }
    for ax, (title, (ylabel, values)) in zip(fig.subplots(1, 2), panels.items(), strict=True):
        style.tidy(ax)
        ax.set_title(title, fontsize=11, fontweight="bold", loc="left")
        ax.set_ylabel(ylabel)
        ax.grid(False, axis="x")
        for place, (name, value) in enumerate(values.items()):
            look = style.look({LOOP: "echo_selectors"}.get(name, name))
            ax.bar(
                place, value, 0.6, color=look.colour, hatch=look.hatch, edgecolor="black",
                linewidth=0.8, zorder=3,
            )  # fmt: skip
            ax.annotate(
                style.number(round(value, 1)), xy=(place, value), xytext=(0, 3),
                textcoords="offset points", ha="center", va="bottom", fontweight="bold",
            )  # fmt: skip
        ax.set_xticks(range(len(values)), list(values))
    for ax, top in zip(fig.axes, (100, 1.18 * max(data["costs"].values()) * 1e6), strict=True):
        ax.set_ylim(0, top)
    return fig
