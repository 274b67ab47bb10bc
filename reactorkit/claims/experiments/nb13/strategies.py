"""The table of designs: how many threads, and how they wait (C03, C143)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import psutil

from reactorkit.claims.experiments.nb02.idle import share_of_a_core
from reactorkit.claims.experiments.nb13.common import TAUGHT
from reactorkit.claims.world import Evidence, Finding, World
from reactorkit.lab.gauges import cpu_seconds
from reactorkit.lab.server import Server

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BUSY_ABOVE = 0.5  # of a core, while nobody talks
SPINS = "echo_busywait"


class Row(NamedTuple):
    """One design: its server ("" if the kit has none), and where it stands in both tables."""

    design: str
    server: str
    threads: str
    waits: str
    kegel: str = ""  # its number in Kegel's list


ROWS = (
    Row("asking all in turn", SPINS, "one", "–"),
    Row("a thread for each", "echo_threads", "one each", "blocking", "4"),
    Row("loop, told the state", "echo_reactor", "one", "a selector", "1"),
    Row("loop, told changes", "echo_edge", "one", "a selector", "2"),
    Row("loop of a library", "echo_asyncio", "one", "a selector", "1"),
    Row("loops in processes", "echo_prefork", "two", "a selector", "1"),
    Row("told when it is done", "", "any", "completion", "3"),
    Row("inside the kernel", "", "–", "–", "5"),
)
STRATEGIES = "12345"


def five_strategies(world: World) -> Evidence:
    """Let a crowd talk to each server, leave it in silence, and read its CPU in both."""
    # The one that spins comes last: it would take a core from the others.
    names = sorted((row.server for row in ROWS if row.server), key=lambda name: name == SPINS)
    servers, answers = {}, {}
    for name in world.progress(names, "designs"):
        servers[name] = world.serve(target(name))
        answers[name] = cpu_for_an_answer(world, servers[name])
    window = world.pick(quick=0.3, small=1.0, normal=1.0)
    world.peer(servers[SPINS]).echo(b"the last word")
    busy = servers.pop(SPINS)
    idle = {SPINS: share_of_a_core(busy, window)[0]}
    busy.stop()
    idle |= idle_shares(servers, window)
    return Evidence(
        findings={"C03": judge_idle(idle), "C143": judge_strategies(answers)},
        data={"idle": idle, "answers": {name: 1e6 * each for name, each in answers.items()}},
        picture=draw,
        caption="Last column: one design works while nobody talks. The column before it: the CPU "
        "time for one answer. The numbers are those of Kegel's five strategies.",
        alt="A table of eight designs: threads, way of waiting, number in Kegel's list, CPU for an "
        f"answer, CPU while idle. {SPINS} uses {idle[SPINS]:.0%} of a core while idle, all others "
        "next to nothing; two designs are not measured here.",
    )


def target(name: str) -> str:
    """Return what to serve: a rung's name, or the file of one that only this lesson has."""
    beside = TAUGHT / f"{name}.py"
    return str(beside) if beside.exists() else name


def family_cpu(server: Server) -> float:
    """Return the CPU seconds of a server and of its workers."""
    process = psutil.Process(server.pid)
    return sum(cpu_seconds(each) for each in [process, *process.children(recursive=True)])


def cpu_for_an_answer(world: World, server: Server) -> float:
    """Return CPU seconds of the server for one answer, while a few dozen clients talk."""
    clients, seconds = world.pick((30, 0.12), (50, 0.5), (100, 0.7))
    before = family_cpu(server)
    crowd = world.crowd(server, clients, "pingpong", seconds=seconds)
    answers = crowd.wait_done(30).round_trips
    used = family_cpu(server) - before
    crowd.stop()
    return used / max(answers, 1)


def idle_shares(servers: Mapping[str, Server], window: float) -> dict[str, float]:
    """Return for each server the share of a core that it uses while nobody talks."""
    began, before = time.monotonic(), {name: family_cpu(each) for name, each in servers.items()}
    time.sleep(window)  # the measurement is this stretch of time
    after = {name: family_cpu(each) for name, each in servers.items()}
    elapsed = time.monotonic() - began
    return {name: (after[name] - before[name]) / elapsed for name in servers}


def judge_idle(idle: Mapping[str, float]) -> Finding:
    """Decide C03: one design alone keeps a core busy while nobody talks."""
    others = {name: share for name, share in idle.items() if name != SPINS}
    most = max(others, key=others.__getitem__)
    return Finding(
        met=idle[SPINS] > BUSY_ABOVE and others[most] < BUSY_ABOVE,
        measured=f"while nobody talks: {SPINS} {idle[SPINS]:.0%} of a core, the other "
        f"{len(others)} at most {others[most]:.1%} ({most})",
        why="Other work took the busy server's core away, or one of the servers was changed.",
    )


def judge_strategies(answers: Mapping[str, float]) -> Finding:
    """Decide C143: each of the five strategies is measured here, or named as missing."""
    found = {number: [row for row in ROWS if row.kegel == number] for number in STRATEGIES}
    tried = [n for n in STRATEGIES if any(answers.get(row.server) for row in found[n])]
    named = [n for n in STRATEGIES if found[n] and n not in tried]
    return Finding(
        met=len(tried) + len(named) == len(STRATEGIES) and len(tried) >= 3,
        measured=f"of Kegel's five, numbers {', '.join(tried)} ran here; "
        f"{' and '.join(named)} {'is' if len(named) == 1 else 'are'} named and not measured",
    )


def draw(data: Mapping[str, Any]) -> Figure:
    """Draw the table, with the idle column as a heat map."""
    from matplotlib.patches import Rectangle

    from reactorkit.view.diagrams import truth_table

    heads = ["threads", "waits by", "Kegel", "CPU/answer", "idle CPU"]
    fig = truth_table(
        [row.design for row in ROWS],
        heads,
        [_cells(row, data) for row in ROWS],
        corner="design",
    )
    ax = fig.axes[0]
    last = next(text for text in ax.texts if text.get_text() == heads[-1]).get_position()[0]
    half = ax.get_xlim()[1] - last
    for line, row in enumerate(ROWS, start=1):
        if row.server:
            colour, corner = _heat(data["idle"][row.server]), (last - half, line + 0.04)
            ax.add_patch(Rectangle(corner, 2 * half, 0.92, color=colour, zorder=0))
    return fig


def _heat(share: float) -> tuple[float, float, float]:
    """Return white for an idle server and orange for a busy core."""
    full = (0.902, 0.624, 0.0)
    strength = min(1.0, share) * 0.8
    red, green, blue = (1 - strength * (1 - part) for part in full)
    return red, green, blue


def _cells(row: Row, data: Mapping[str, Any]) -> list[str]:
    """Return one row of the table as text."""
    if row.server in data["idle"]:
        answer, idle = data["answers"][row.server], data["idle"][row.server]
        figures = [f"{answer:.0f} µs", f"{100 * idle:.1f} %"]
    else:
        figures = ["lesson 14" if row.waits == "completion" else "–", "–"]
    return [row.threads, row.waits, row.kegel or "–", *figures]
