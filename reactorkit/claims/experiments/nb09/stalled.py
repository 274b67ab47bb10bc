"""A server that stops reading: what happens at the keyboard of its client (C107)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from reactorkit.claims.experiments.nb09.two_ears import wait_until_connected
from reactorkit.claims.experiments.nb09.typist import Desk, Typist, wait_for
from reactorkit.claims.world import Evidence, Finding, World

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CLIENTS = ("client_blocking", "chat_client")
LINE = "x" * 999 + "\n"
AT_ONCE = 32  # lines that are typed in one go
MIB = 2**20
NEWS = "Are you still there?"


def stalled_send(world: World) -> Evidence:
    """Type on and on into both clients while nobody reads at the other end; then read."""
    most = world.pick(quick=7, small=8, normal=10) * MIB
    found = {name: type_on(world, name, most) for name in CLIENTS}
    return Evidence(
        findings={"C107": judge(found, most)},
        data={"found": found, "most": most / MIB},
        picture=draw,
        caption="The dashed line: no more is typed than that. The blocking client stops taking "
        "keys long before; the one with a queue takes them all.",
        alt="Lines typed against seconds, for two clients whose server does not read. "
        f"client_blocking stops after {found['client_blocking']['taken'] / MIB:.1f} MiB, "
        f"chat_client takes all of {most / MIB:g} MiB.",
    )


def type_on(world: World, name: str, most: int) -> dict[str, Any]:
    """Type up to `most` bytes into one client; return how many it took, and whether it hears.

    When it takes no more, or has taken everything, the server says something. An acknowledgement
    may make the kernel give the client a little more room: then it goes on. In the end the server
    reads again.
    """
    desk = world.enter(Desk(room=4096))
    client = world.enter(Typist(name, desk.address))
    wait_until_connected(world, desk, client)
    began, rest, taken = time.monotonic(), "", 0
    row, hears = [(0.0, 0.0)], True
    while hears and taken < most:
        while taken < most and not frozen(client):
            rest = rest or LINE * AT_ONCE
            count = client.press(rest)
            taken, rest = taken + count, rest[count:]
            row.append((time.monotonic() - began, taken / MIB))
            world.check_stop()
        hears = hears_news(world, desk, client)
    lines = taken // len(LINE)
    wait_for(lambda: desk.listen() >= lines, f"{name} sends the rest", world.check_stop)
    client.wait_until_shown(NEWS)
    return {"taken": taken, "hears": hears, "arrived": len(desk.heard), "lines": lines, "row": row}


def frozen(client: Typist) -> bool:
    """Return whether the client takes no more keys: the pipe is full, and it sleeps."""
    return not client.has_room(0.05) and client.asleep and not client.has_room()


def hears_news(world: World, desk: Desk, client: Typist) -> bool:
    """Let the server say something; return whether the client shows it before it sleeps again."""
    before = client.shown(NEWS)
    desk.say(NEWS)
    wait_for(
        lambda: client.shown(NEWS) > before or client.asleep,
        f"{client.name} shows what it is told, or sleeps",
        world.check_stop,
    )
    return client.shown(NEWS) > before


def judge(found: Mapping[str, Mapping[str, Any]], most: int) -> Finding:
    """Decide C107: the blocking client freezes and is deaf, the other takes all and hears."""
    blocking, queue = (found[name] for name in CLIENTS)
    return Finding(
        met=(
            blocking["taken"] < most <= queue["taken"]
            and not blocking["hears"]
            and queue["hears"]
            and all(each["arrived"] >= each["lines"] for each in found.values())
        ),
        measured=f"nobody reads: client_blocking takes {blocking['taken'] / MIB:.1f} MiB, then no "
        f"key more, and {'shows' if blocking['hears'] else 'does not show'} what the server says; "
        f"chat_client takes all {queue['taken'] / MIB:.1f} MiB and "
        f"{'shows it' if queue['hears'] else 'does not show it'}; once the server reads, all "
        "lines arrive",
        why="The buffers of this system hold more than was typed, or a client was changed.",
    )


def draw(data: Mapping[str, Any]) -> Figure:
    """Draw how much each client has taken from its keyboard, against time."""
    from reactorkit.view import style

    fig = style.figure(8, 4)
    ax = style.axes(fig, xlabel="time (s)", ylabel="typed and taken (MiB)")
    ends = max(each["row"][-1][0] for each in data["found"].values())
    looks = {"client_blocking": (style.VERMILION, "X"), "chat_client": (style.BLUE, "o")}
    for name, each in data["found"].items():
        times, amounts = zip(*each["row"], strict=True)
        colour, marker = looks[name]
        ax.plot([*times, ends], [*amounts, amounts[-1]], color=colour, linewidth=2.4, zorder=3)
        ax.plot(
            times[-1], amounts[-1], marker, color=colour, markersize=11, markeredgecolor="black",
            label=name, linestyle="none", zorder=4,
        )  # fmt: skip
        if not each["hears"]:
            ax.annotate(
                "frozen: no keys, no news", xy=(times[-1], amounts[-1]), xytext=(10, 8),
                textcoords="offset points",
            )  # fmt: skip
    ax.axhline(data["most"], color="black", linestyle="--", linewidth=1.2)
    ax.set_ylim(0, 1.2 * data["most"])
    ax.set_xlim(0, ends * 1.05)
    ax.legend(frameon=False, loc="lower right")
    return fig
