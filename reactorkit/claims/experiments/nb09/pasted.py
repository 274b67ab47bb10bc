"""Four lines pasted at once, for a client with readline() and for one with os.read() (C105)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from reactorkit.claims.experiments.nb09.two_ears import wait_until_connected
from reactorkit.claims.experiments.nb09.typist import Desk, Typist, wait_for
from reactorkit.claims.world import Evidence, Finding, World

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CLIENTS = ("client_readline", "chat_client")
PASTED = ("one", "two", "three", "four")
LATER = ("five",)


def pasted_lines(world: World) -> Evidence:
    """Paste four lines into each client, then type one more; count what each has sent."""
    counts = {name: handled(world, name) for name in CLIENTS}
    return Evidence(
        findings={"C105": judge(counts)},
        data={"counts": counts, "typed": [len(PASTED), len(PASTED) + 1]},
        picture=draw,
        caption="White: what was typed so far. On the left nobody touches a key any more, and some "
        "lines lie in Python's buffer. The next key sets them free.",
        alt="Bars at two moments. After four pasted lines client_readline has handled "
        f"{counts['client_readline'][0]}, chat_client {counts['chat_client'][0]}; after one "
        f"line more {counts['client_readline'][1]} and {counts['chat_client'][1]}.",
    )


def handled(world: World, name: str) -> list[int]:
    """Return how many lines the client has sent: after the paste, and after one line more."""
    desk = world.enter(Desk())
    client = world.enter(Typist(name, desk.address))
    wait_until_connected(world, desk, client)
    counts = []
    for text in ("\n".join(PASTED), *LATER):
        before = desk.listen()
        client.enter(text)

        def settled(before: int = before) -> bool:
            return desk.listen() > before and client.asleep

        wait_for(settled, f"{name} waits for the next key", world.check_stop)
        counts.append(desk.listen())
    return counts


def judge(counts: Mapping[str, Sequence[int]]) -> Finding:
    """Decide C105: fewer than four with readline, all four with os.read."""
    hidden, seen = (counts[name] for name in CLIENTS)
    return Finding(
        met=0 < hidden[0] < len(PASTED) and seen[0] == len(PASTED),
        measured=f"of {len(PASTED)} lines pasted at once: client_readline handles {hidden[0]}, "
        f"chat_client {seen[0]}; after one line more {hidden[1]} and {seen[1]}",
        why="One of the clients was changed.",
    )


def draw(data: Mapping[str, Any]) -> Figure:
    """Draw bars at two moments: typed so far, and handled by each client."""
    from reactorkit.view import style

    fig = style.figure(8, 4)
    ax = style.axes(fig, ylabel="lines")
    looks = {
        "typed so far": ("white", ""),
        "client_readline": (style.VERMILION, "xx"),
        "chat_client": (style.BLUE, "//"),
    }
    rows = {"typed so far": data["typed"], **data["counts"]}
    for index, (name, row) in enumerate(rows.items()):
        colour, hatch = looks[name]
        for group, value in enumerate(row):
            place = group + (index - 1) * 0.27
            ax.bar(
                place, value, 0.25, color=colour, hatch=hatch, edgecolor="black", linewidth=0.8,
                label=name if group == 0 else None, zorder=3,
            )  # fmt: skip
            ax.annotate(
                str(value), xy=(place, value), xytext=(0, 3), textcoords="offset points",
                ha="center", va="bottom", fontweight="bold",
            )  # fmt: skip
    ax.set_xticks(range(2), ["four lines pasted", "one more typed"])
    ax.set_ylim(0, 1.2 * max(data["typed"]))
    ax.grid(False, axis="x")
    fig.legend(loc="outside upper center", ncols=3, frameon=False)
    return fig
