"""Where the memory of a connection lies, and what ten million of them would take (C146, G24)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reactorkit.claims.experiments.nb02.common import fill, roomy, wait_until_quiet
from reactorkit.claims.experiments.nb13.common import GIB, KIB, within_limits
from reactorkit.claims.world import Evidence, Finding, World

if TYPE_CHECKING:
    from matplotlib.figure import Figure

THREADS, LOOP = "echo_threads", "echo_reactor"
WARM_UP = 20
TEN_MILLION = 10_000_000
PARTS = {
    "process": "in the process",
    "sockets": "in the kernel: the socket",
    "thread": "in the kernel: the thread and its stack",
}


def kernel_memory(world: World) -> Evidence:
    """Connect silent clients to a loop and to threads; divide by them what memory has grown."""
    clients = within_limits(world, world.pick(quick=300, small=600, normal=2000))
    grown = {}
    for name in world.progress((LOOP, THREADS), "servers"):
        grown[name] = per_connection(
            world, name, min(clients, 1000) if name == THREADS else clients
        )
    parts = budget(grown)
    return Evidence(
        findings={"C146": judge(parts)},
        data={"parts": parts},
        picture=draw if parts else None,
        caption="Above: a loop. Nearly all of its bar lies in the kernel, where no look at the "
        "process finds it. Below: a thread for each.",
        alt="Bars in GiB for ten million silent connections: "
        + "; ".join(
            f"{name} " + ", ".join(f"{PARTS[part]} {gib(kib):.0f}" for part, kib in row.items())
            for name, row in parts.items()
        )
        + ".",
    )


def per_connection(world: World, name: str, clients: int) -> dict[str, float]:
    """Return KiB by kind that one silent connection adds, both of its ends included."""
    server = roomy(world, name, clients + WARM_UP)
    # The first few pay for what is loaded and set up once.
    world.hold(server, WARM_UP).peers[-1].echo(b"?")
    wait_until_quiet(world, server)
    before, process = kernel_kib(), server.gauges().rss
    if name == THREADS:
        held = fill(world, server, WARM_UP, WARM_UP + clients)
    else:
        held = world.hold(server, clients)
        held.peers[-1].echo(b"?")
    wait_until_quiet(world, server)
    after = kernel_kib()
    grown = {kind: (after[kind] - before[kind]) / clients for kind in before}
    grown["process"] = (server.gauges().rss - process) / clients / KIB
    held.close()
    return grown


def kernel_kib() -> dict[str, float]:
    """Return what the kernel uses for objects, stacks and page tables; {} where it is not told.

    For the whole machine, in KiB (proc(5), /proc/meminfo).
    """
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return {}
    told = dict(line.split(":") for line in lines)
    kinds = ("Slab", "KernelStack", "PageTables")
    return {kind: float(told[kind].split()[0]) for kind in kinds if kind in told}


def budget(grown: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """Return KiB of the server's end of one connection, by part; {} where the kernel tells nothing.

    Both ends are on this machine, so half of what the loop's sockets take belongs to the clients.
    """
    loop, threads = grown[LOOP], grown[THREADS]
    if "Slab" not in loop:
        return {}
    one_end = loop["Slab"] / 2
    own = threads["Slab"] - loop["Slab"] + threads.get("KernelStack", 0.0)
    return {
        LOOP: {"process": max(0.0, loop["process"]), "sockets": one_end, "thread": 0.0},
        THREADS: {
            "process": max(0.0, threads["process"]),
            "sockets": one_end,
            "thread": max(0.0, own + threads.get("PageTables", 0.0)),
        },
    }


def gib(kib: float) -> float:
    """Return GiB for ten million connections at so many KiB each."""
    return kib * KIB * TEN_MILLION / GIB


def judge(parts: Mapping[str, Mapping[str, float]]) -> Finding:
    """Decide C146: what the kernel takes for a connection is known, and multiplied."""
    if not parts:
        return Finding(None, "nothing", "This system does not tell what its kernel uses.")
    row = parts[LOOP]
    if not 0.5 < row["sockets"] < 64:
        why = "Other programs changed the kernel's memory more than these connections did."
        return Finding(None, f"{row['sockets']:.1f} KiB in the kernel for a connection", why)
    whole = {name: gib(sum(each.values())) for name, each in parts.items()}
    return Finding(
        met=True,
        measured=f"a silent connection of {LOOP}: {row['process']:.1f} KiB in the process, "
        f"{row['sockets']:.1f} KiB in the kernel; ten million of them: {whole[LOOP]:.0f} GiB, "
        f"with a thread for each {whole[THREADS]:.0f} GiB",
    )


def draw(data: Mapping[str, Any]) -> Figure:
    """Draw stacked bars in GiB for ten million connections."""
    from reactorkit.view import style

    fig = style.figure(8, 3.6)
    ax = style.axes(fig, xlabel="ten million silent connections (GiB)")
    looks = {
        "process": (style.BLUE, "//"),
        "sockets": (style.ORANGE, ".."),
        "thread": (style.SKY, "\\\\"),
    }
    widest = max(gib(sum(row.values())) for row in data["parts"].values())
    for place, row in enumerate(data["parts"].values()):
        left = 0.0
        for part, (colour, hatch) in looks.items():
            ax.barh(
                place, gib(row[part]), 0.55, left=left, color=colour, hatch=hatch,
                edgecolor="black", linewidth=0.8, label=PARTS[part] if place == 0 else None,
                zorder=3,
            )  # fmt: skip
            left += gib(row[part])
        ax.annotate(
            f"{style.number(round(left))} GiB", xy=(left, place), xytext=(6, 0),
            textcoords="offset points", va="center", fontweight="bold",
        )  # fmt: skip
    ax.set_xlim(0, widest * 1.22)
    ax.set_yticks(range(len(data["parts"])), list(data["parts"]))
    ax.invert_yaxis()
    ax.grid(False, axis="y")
    fig.legend(loc="outside upper center", ncols=2, frameon=False)
    return fig
