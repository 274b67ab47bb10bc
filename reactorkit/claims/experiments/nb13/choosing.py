"""When a reactor is the right choice, and when not: four cases, measured (C147)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from reactorkit.claims.experiments.nb02.common import fill, roomy, wait_until_quiet
from reactorkit.claims.experiments.nb13.common import KIB, TAUGHT
from reactorkit.claims.world import Evidence, Finding, World
from reactorkit.lab.server import Server

if TYPE_CHECKING:
    from matplotlib.figure import Figure

THREADS, LOOP = "threads", "reactor"
SERVERS = {THREADS: "echo_threads", LOOP: "echo_reactor"}
WAITERS = 10
FEW = 4
WARM_UP = 20  # the first few pay for what is loaded and set up once
WORSE_ABOVE = 3

Case = dict[str, float]


def when_not_to(world: World) -> Evidence:
    """Measure both designs with silent, with talking, with few clients, and with slow handlers."""
    many = world.pick(quick=100, small=200, normal=300)
    cases: dict[str, Case] = {"silent": {}, "talking": {}, "few": {}, "waits": {}}
    for name, rung in SERVERS.items():
        server = roomy(world, rung, many + WARM_UP)
        cases["silent"][name] = memory(world, server, many)  # first: nothing is left over yet
        cases["few"][name] = cost(world, server, FEW)
        cases["talking"][name] = cost(world, server, many)
        cases["waits"][name] = time_for_all(world, name)
    waits = cases["waits"]
    return Evidence(
        findings={"C147": judge(cases)},
        data={"cases": cases, "many": many},
        picture=draw,
        caption="Follow the questions from the top. The numbers are yours, from a moment ago.",
        alt="A tree of three questions. A handler waits or computes for long: threads, or a pool "
        f"({waits[THREADS]:.2f} s with threads, {waits[LOOP]:.2f} s with one loop). Few clients: "
        "whatever is simplest. Many clients: a reactor.",
    )


def memory(world: World, server: Server, clients: int) -> float:
    """Return KiB of resident memory for one silent client; all of them have left afterwards."""
    first = world.hold(server, WARM_UP)
    first.peers[-1].echo(b"?")
    wait_until_quiet(world, server)
    before = server.gauges().rss
    if server.name == SERVERS[THREADS]:
        held = fill(world, server, WARM_UP, WARM_UP + clients)
    else:
        held = world.hold(server, clients)
        held.peers[-1].echo(b"?")
    wait_until_quiet(world, server)
    grown = server.gauges().rss - before
    for each in (first, held):
        each.close()
    return grown / clients / KIB


def cost(world: World, server: Server, clients: int) -> float:
    """Return µs of CPU for one answer while so many clients talk without pause."""
    before = server.gauges().cpu_seconds
    crowd = world.crowd(server, clients, "pingpong", seconds=world.pick(0.12, 0.5, 0.5))
    answers = crowd.wait_done(30).round_trips
    used = server.gauges().cpu_seconds - before
    crowd.stop()
    return 1e6 * used / max(answers, 1)


def time_for_all(world: World, name: str) -> float:
    """Return the seconds until ten clients that ask at once have their answers."""
    server = world.serve(TAUGHT / f"waits_{name}.py")
    peers = world.hold(server, WAITERS).peers
    began = time.monotonic()
    for peer in peers:
        peer.send(b"please")
    for peer in peers:
        peer.recv_exactly(6)
    return time.monotonic() - began


def judge(cases: Mapping[str, Mapping[str, float]]) -> Finding:
    """Decide C147: the reactor wins a row, and loses one clearly."""
    waits, silent, talking = cases["waits"], cases["silent"], cases["talking"]
    worse = waits[LOOP] / waits[THREADS]
    return Finding(
        met=worse > WORSE_ABOVE and silent[LOOP] < silent[THREADS],
        measured=f"{WAITERS} clients and a handler that waits: {waits[LOOP]:.2f} s with one loop, "
        f"{waits[THREADS]:.2f} s with threads ({worse:.0f} times); a silent client: "
        f"{silent[LOOP]:.1f} and {silent[THREADS]:.1f} KiB; a talking one: {talking[LOOP]:.0f} and "
        f"{talking[THREADS]:.0f} µs of CPU",
        why="One of the servers was changed, or the machine was too busy to start its threads.",
    )


def draw(data: Mapping[str, Any]) -> Figure:
    """Draw the questions on the left, and where each leads on the right, with the numbers."""
    from reactorkit.view import style

    cases, many = data["cases"], data["many"]
    waits, few, silent, talking = (cases[key] for key in ("waits", "few", "silent", "talking"))
    won = (
        f"{many} talking: {talking[LOOP]:.0f} against {talking[THREADS]:.0f} µs; "
        f"silent: {max(0.0, silent[LOOP]):.1f} against {silent[THREADS]:.1f} KiB each"
    )
    rows = [
        (
            "Does a handler wait for\nothers, or compute for long?",
            "yes",
            "threads, or a pool beside the loop",
            f"{WAITERS} at once: loop {waits[LOOP]:.2f} s, threads {waits[THREADS]:.2f} s",
        ),
        (
            "Are there few clients?",
            "yes",
            "whatever is simplest to read",
            f"{FEW} talking: loop {few[LOOP]:.0f} µs of CPU, threads {few[THREADS]:.0f} µs",
        ),
        (
            "So: many clients,\nand short handlers",
            "",
            "a reactor",
            won,
        ),
    ]
    fig = style.figure(9.6, 4.2)
    ax = fig.add_subplot()
    ax.set_axis_off()
    ax.set_xlim(0, 10)
    ax.set_ylim(len(rows) + 0.05, 0.05)
    box = {"boxstyle": "round,pad=0.5", "edgecolor": style.GREY}
    arrow = {"arrowstyle": "-|>", "color": style.BLUE, "linewidth": 1.8}
    for line, (question, word, advice, numbers) in enumerate(rows):
        y = line + 0.5
        ax.text(1.75, y, question, ha="center", va="center", bbox={**box, "facecolor": "#f2f2f2"})
        ax.annotate("", xy=(4.3, y), xytext=(3.6, y), arrowprops=arrow)
        ax.text(3.95, y - 0.1, word, ha="center", va="bottom", color=style.BLUE)
        ax.text(4.45, y - 0.04, advice, va="bottom", fontweight="bold")
        ax.text(4.45, y + 0.06, numbers, va="top", fontsize=9)
        if line:
            ax.annotate("", xy=(1.75, y - 0.26), xytext=(1.75, y - 0.74), arrowprops=arrow)
            ax.text(1.9, y - 0.5, "no", va="center", color=style.BLUE)
    return fig
