"""Which memory a thread takes: touched pages, a stack in the kernel, reserved addresses (C17)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from reactorkit.claims.experiments.nb02.common import (
    crowd_size,
    fill,
    roomy,
    threads_of,
    wait_for,
    wait_until_quiet,
)
from reactorkit.claims.world import Evidence, Finding, World

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SERVERS = ("echo_threads", "echo_selectors")
WARM_UP = 20
KIB = 1024


def memory_of_a_thread(world: World) -> Evidence:
    """Connect silent clients to two servers and divide what their memory grew by the clients."""
    clients = crowd_size(world, quick=200, small=600, normal=1000)
    parts = {name: _per_connection(world, name, clients) for name in SERVERS}
    threads, selectors = (parts[name] for name in SERVERS)
    return Evidence(
        findings={"C17": judge(clients, threads, selectors)},
        data={"parts": parts},
        picture=draw_memory,
        caption="What a waiting client really occupies. The reserved addresses are not drawn: "
        "they would leave the page.",
        alt=f"Memory per connection: echo_threads {threads['resident']:.1f} KiB touched and "
        f"{threads['kernel'] or 0:.1f} KiB of kernel stack, echo_selectors "
        f"{selectors['resident']:.1f} KiB.",
    )


def _per_connection(world: World, name: str, clients: int) -> dict[str, float | None]:
    """Return KiB per silent connection: resident, kernel stack (None if unknown), reserved."""
    server = roomy(world, name, clients + WARM_UP)
    # The first few pay for what is loaded and set up once.
    world.hold(server, WARM_UP).peers[-1].echo(b"?")
    wait_until_quiet(world, server)
    before = server.gauges()
    if name == "echo_threads":
        held = fill(world, server, WARM_UP, WARM_UP + clients)
    else:
        held = world.hold(server, clients)
        held.peers[-1].echo(b"?")
    wait_until_quiet(world, server)
    full = server.gauges()
    held.close()
    wait_for(world, lambda: threads_of(server) <= before.threads, "the threads have ended")
    grown, shrunk = full - before, full - server.gauges()
    return {
        "resident": grown.rss / clients / KIB,
        "kernel": kernel_part(grown.kernel_stack, shrunk.kernel_stack, clients),
        "reserved": grown.vms / clients / KIB,
    }


def kernel_part(grown: int | None, shrunk: int | None, clients: int) -> float | None:
    """Return KiB of kernel stack per client, None if unknown.

    The number is counted for the whole machine. Programs that start meanwhile add to the growth,
    programs that end add to the shrinking: the smaller one is nearer to the truth.
    """
    if grown is None or shrunk is None:
        return None
    return max(0.0, min(grown, shrunk) / clients / KIB)


def judge(
    clients: int, threads: Mapping[str, float | None], selectors: Mapping[str, float | None]
) -> Finding:
    """Decide C17 from KiB per connection: touched against touched, and reserved against touched."""
    own, other = threads["resident"] or 0.0, selectors["resident"] or 0.0
    reserved, kernel = threads["reserved"] or 0.0, threads["kernel"]
    stack = "" if kernel is None else f", {kernel:.0f} KiB of kernel stack"
    return Finding(
        met=own > 5 * other and own > 0 and reserved > 50 * own,
        measured=f"a waiting thread: {own:.0f} KiB touched{stack}, {reserved / KIB:.1f} MiB "
        f"reserved; a connection of echo_selectors: {other:.1f} KiB touched "
        f"({clients:,} clients each)",
        why="Another stack size was set (ulimit -s, threading.stack_size), or "
        "the system hands out stacks in larger pieces.",
    )


def draw_memory(data: Mapping[str, Any]) -> Figure:
    """Draw stacked bars of what is really occupied, and say how far the reservation would reach."""
    from reactorkit.view import style

    fig = style.figure(8, 3.4)
    ax = style.axes(fig, xlabel="memory per silent client (KiB)")
    looks = {
        "resident": ("touched by the process", style.BLUE, "//"),
        "kernel": ("stack in the kernel", style.ORANGE, ".."),
    }
    widest = 0.0
    for place, parts in enumerate(data["parts"].values()):
        left = 0.0
        for key, (label, colour, hatch) in looks.items():
            value = parts[key] or 0.0
            ax.barh(
                place, value, 0.55, left=left, color=colour, hatch=hatch, edgecolor="black",
                linewidth=0.8, label=label if place == 0 else None, zorder=3,
            )  # fmt: skip
            left += value
        ax.annotate(
            f"{style.number(round(left, 1))} KiB", xy=(left, place), xytext=(6, 0),
            textcoords="offset points", va="center", fontweight="bold",
        )  # fmt: skip
        widest = max(widest, left)
    ax.set_xlim(0, widest * 1.3)
    ax.set_yticks(range(len(data["parts"])), list(data["parts"]))
    ax.invert_yaxis()
    ax.grid(False, axis="y")
    reserved = data["parts"][SERVERS[0]]["reserved"]
    fig.legend(loc="outside upper center", ncols=2, frameon=False)
    ax.text(
        0.98,
        0.06,
        f"reserved by each thread: {reserved / KIB:.1f} MiB,\n"
        f"a bar of {reserved / (widest * 1.3):,.0f} times this width",
        transform=ax.transAxes,
        ha="right",
        va="bottom",
        bbox={"boxstyle": "round,pad=0.35", "facecolor": "#f2f2f2", "edgecolor": style.GREY},
    )
    return fig
