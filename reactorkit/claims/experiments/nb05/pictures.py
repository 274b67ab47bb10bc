"""The pictures of lesson 05: each draws the numbers of one experiment as a Figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from reactorkit.claims.experiments.nb04.pictures import table
from reactorkit.view import style
from reactorkit.view.charts import bars
from reactorkit.view.diagrams import truth_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Data = Mapping[str, Any]


def draw_misuses(data: Data) -> Figure:
    """Each use of a selector, and what it answered."""
    told = data["told"]
    cells = [[said if said != "works" else "● works"] for said in told.values()]
    return truth_table(list(told), ["the selector says"], cells, corner="you")


def draw_calls(data: Data) -> Figure:
    """The steps from register to the call, and how often the function had been called by then."""
    counted = data["counted"]
    rows = [[f"{calls} calls" if calls != 1 else "● 1 call"] for calls in counted.values()]
    return truth_table(list(counted), ["the function so far"], rows, corner="step")


def draw_data(data: Data) -> Figure:
    """What came back as itself, and what is true of a bound method."""
    rows = {f"{name}: the same object": yes for name, yes in data["same"].items()}
    rows |= data["method"]
    return truth_table(list(rows), [""], [[yes] for yes in rows.values()], corner="is it so?")


def draw_modules(data: Data) -> Figure:
    """The calls in the order of preference, and the class on each."""
    from reactorkit.claims.experiments.nb05.selector import class_on

    rows: dict[str, list[bool | str]] = {}
    for call, here in data["present"].items():
        name = class_on(call)
        users = ["DefaultSelector"] * (name == data["default"])
        users += ["asyncio"] * (name == data["inside"])
        rows[f"select.{call}"] = [bool(here), name, ", ".join(users)]
    columns = ((f"here ({data['platform']})", 1.2), ("class in selectors", 1.6), ("is", 2.2))
    return table("call", columns, rows, 1.35)


def draw_lists(data: Data) -> Figure:
    """What each server hands over with a wait, and whether it echoes."""
    rows = {
        name: [f"{data['answers'][name]} of 2", f"{lists} lists" if lists else "● nothing"]
        for name, lists in data["handed"].items()
    }
    columns = (("clients answered", 1.6), ("handed over with each wait", 2.4))
    return table("server", columns, rows, 1.5)


def draw_waiting_room(data: Data) -> Figure:
    """Clients held with accepting, connects without."""
    return bars(
        ["a server that accepts", "nobody accepts"],
        [data["held"], data["queued"]],
        ylabel="clients connected at once",
        names=["selectors", "busywait"],
        title=f"listen({data['backlog']})",
        width=6.4,
        height=3.6,
    )


def draw_modes(data: Data) -> Figure:
    """The modes as a table, and beside it how long the second recv took."""
    fig = style.figure(9, 2.7)
    grid = fig.add_gridspec(1, 2, width_ratios=(1.45, 1))
    left, right = fig.add_subplot(grid[0]), fig.add_subplot(grid[1])
    left.set_axis_off()
    left.set_xlim(0, 4.4)
    left.set_ylim(4, 0)
    for x, words in ((2.45, "blocking"), (3.75, "O_NONBLOCK")):
        left.text(x, 0.5, words, ha="center", va="center", fontweight="bold")
    names = ("the listener", "what it accepted", "… set non-blocking")
    for line, (name, (blocking, flag)) in enumerate(
        zip(names, data["modes"].values(), strict=True), start=1
    ):
        left.axhline(line, color="black" if line == 1 else style.PALE, linewidth=0.9)
        left.text(0, line + 0.5, name, va="center")
        for x, words in (
            (2.45, "● yes" if blocking else "○ no"),
            (3.75, "set" if flag else "clear"),
        ):
            left.text(x, line + 0.5, words, ha="center", va="center")
    _stopwatch(right, [each["seconds"] for each in data["reads"].values()])
    return fig


def _stopwatch(ax: Axes, seconds: Sequence[float]) -> None:
    style.tidy(ax)
    for place, (value, name) in enumerate(zip(seconds, ("busywait", "selectors"), strict=True)):
        look = style.look(name)
        ax.barh(
            place, value, 0.55, color=look.colour, hatch=look.hatch, edgecolor="black", zorder=3
        )
        words = f" {value:.2f} s" if value > 0.01 else " no wait"
        ax.text(value, place, words, va="center", fontsize=9.5)
    ax.set_yticks([0, 1], ["as accepted", "non-blocking"])
    ax.set_ylim(1.6, -0.6)
    ax.set_xlim(0, 1.45 * max(seconds))
    ax.set_xlabel("the second recv (s)")
    ax.grid(False, axis="y")
    style.plain_axis(ax, "x")


def draw_turns(data: Data) -> Figure:
    """Turns of the loop for a short text and for a long one."""
    turns = data["turns"]
    return bars(
        [f"{int(size):,} bytes" for size in turns],
        list(turns.values()),
        ylabel="turns of the loop",
        log=True,
        names=["selectors", "threads"],
        width=6,
        height=3.4,
    )


def draw_newcomers(data: Data) -> Figure:
    """Turns until everybody is in, and newcomers served before Ann, for both ways."""
    fig = style.figure(8.2, 3.5)
    titles = {
        "turns": f"until all {data['waiting']} are in",
        "before": "until Ann is served",
    }
    labels = {"turns": "turns of the loop", "before": "newcomers before her"}
    for place, what in enumerate(titles, start=1):
        ax = fig.add_subplot(1, 2, place)
        style.tidy(ax)
        for x, (newcomers, seen) in enumerate(data["seen"].items()):
            look = style.look("threads" if newcomers == "1" else "selectors")
            ax.bar(
                x,
                seen[what],
                0.6,
                color=look.colour,
                hatch=look.hatch,
                edgecolor="black",
                linewidth=0.8,
                zorder=3,
            )
            ax.text(x, seen[what], f"{seen[what]:,}", ha="center", va="bottom", fontweight="bold")
        ax.set_xticks([0, 1], ["one for\neach turn", "all at once"])
        ax.set_xlim(-0.6, 1.6)
        ax.set_ylim(0, 1.2 * data["waiting"])
        ax.set_ylabel(labels[what])
        ax.set_title(titles[what], fontsize=11, fontweight="bold", loc="left")
        ax.grid(False, axis="x")
        style.plain_axis(ax, "y")
    return fig


# --- the table beside the messages ---------------------------------------------------------

_COLUMNS = ((0.0, "handle"), (1.15, "waits for"), (2.35, "data"))


def draw_table(data: Data) -> Figure:
    """Five moments from above: what a client does, and the rows of the selector after it."""
    moments = data["moments"]
    heights = [0.75 + 0.42 * len(rows) for _, rows in moments]
    fig = style.figure(8.6, (sum(heights) + 0.55) * 0.92)
    ax: Axes = fig.add_subplot()
    ax.set_axis_off()
    ax.set_xlim(-4.3, 3.6)
    ax.set_ylim(sum(heights) + 0.1, -0.5)
    ax.text(-4.3, -0.2, "clients", fontweight="bold", va="center")
    ax.text(0, -0.2, "the selector's table", fontweight="bold", va="center")
    ax.plot([-4.1, -4.1], [0.15, sum(heights) - 0.1], color=style.GREY, linewidth=1.4, zorder=1)
    top = 0.1
    before: list[list[str]] = []
    for (what, rows), height in zip(moments, heights, strict=True):
        middle = top + (height - 0.2) / 2
        ax.plot(-4.1, middle, marker="o", color=style.BLUE, markersize=8, zorder=3)
        ax.text(-3.9, middle, what.replace(" and does", "\nand does"), va="center", fontsize=9.5)
        _rows(ax, top, rows, before)
        before, top = rows, top + height
    return fig


def _rows(ax: Axes, top: float, rows: list[list[str]], before: list[list[str]]) -> None:
    """Draw one table; what is new in it is bold and has a plus sign."""
    from matplotlib.patches import FancyBboxPatch

    height = 0.42 * (len(rows) + 1)
    ax.add_patch(
        FancyBboxPatch(
            (-0.12, top),
            3.6,
            height,
            boxstyle="round,pad=0.03",
            facecolor="#f6f6f6",
            edgecolor=style.GREY,
        )
    )
    for x, words in _COLUMNS:
        ax.text(x, top + 0.2, words, va="center", fontsize=8.5, color=style.GREY)
    for line, row in enumerate(rows, start=1):
        y = top + 0.2 + 0.42 * line
        new = row not in before
        if new:
            ax.text(-0.32, y, "+", va="center", ha="center", color=style.BLUE, fontweight="bold")
        for (x, _), words in zip(_COLUMNS, row, strict=True):
            ax.text(
                x,
                y,
                words,
                va="center",
                fontsize=9.5,
                fontweight="bold" if new else "normal",
                color=style.BLUE if new else "black",
                family="monospace" if x > 2 else None,
            )


# --- stale events --------------------------------------------------------------------------


def draw_stale(data: Data) -> Figure:
    """One turn of the simple loop as a dialogue, and the table of the three loops."""
    from reactorkit.claims.experiments.nb05.stale import CLOSED, REUSED

    fig = style.figure(9.4, 3.9)
    grid = fig.add_gridspec(1, 2, width_ratios=(1, 1.5))
    left, right = fig.add_subplot(grid[0]), fig.add_subplot(grid[1])
    _turn(left, data["told"]["asks nothing"][CLOSED])
    right.set_axis_off()
    right.set_xlim(0, 4.6)
    right.set_ylim(4.6, -0.9)
    right.text(0, -0.55, "B's event, in three loops", fontweight="bold", va="center")
    for x, words in ((2.5, "A closes B"), (3.9, "and a newcomer\ngets its number")):
        right.text(x, 0.35, words, ha="center", va="center", fontsize=9.5, fontweight="bold")
    for line, (name, said) in enumerate(data["told"].items(), start=1):
        right.axhline(line, color="black" if line == 1 else style.PALE, linewidth=0.9)
        right.text(0, line + 0.5, name, va="center", fontsize=9.5)
        for x, situation in ((2.5, CLOSED), (3.9, REUSED)):
            out = said[situation] == "left out"
            right.text(
                x,
                line + 0.5,
                "● left out" if out else f"✘ {said[situation]}",
                ha="center",
                va="center",
                fontweight="bold",
                fontsize=9.5,
                color=style.BLUE if out else style.VERMILION,
            )
    return fig


def _turn(ax: Axes, ending: str) -> None:
    ax.set_axis_off()
    ax.set_xlim(-0.3, 2.3)
    ax.set_ylim(4.6, -0.9)
    for x, name in ((0, "loop"), (1, "A"), (2, "B")):
        ax.plot([x, x], [-0.3, 4.4], color=style.GREY, linewidth=1.2, zorder=1)
        _box(ax, x, -0.55, name)
    _box(ax, 0, 0.35, "select: A, B")
    steps = (
        (1.3, 0, 1, "handle A", style.BLUE),
        (2.2, 1, 2, "closes", style.BLUE),
        (3.5, 0, 2, f"✘ handle B: {ending}", style.VERMILION),
    )
    for y, start, end, words, colour in steps:
        ax.annotate(
            "",
            xy=(end, y),
            xytext=(start, y),
            arrowprops={
                "arrowstyle": "-|>",
                "color": colour,
                "linewidth": 1.8,
                "linestyle": "-" if colour == style.BLUE else "--",
                "shrinkA": 0,
                "shrinkB": 0,
            },
        )
        ax.text(
            (start + end) / 2,
            y - 0.1,
            words,
            ha="center",
            va="bottom",
            fontsize=9.5,
            zorder=4,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8, "alpha": 0.9},
        )
    ax.plot(
        2, 2.6, marker="X", markersize=11, color=style.VERMILION, markeredgecolor="black", zorder=5
    )


def _box(ax: Axes, x: float, y: float, words: str) -> None:
    ax.text(
        x,
        y,
        words,
        ha="center",
        va="center",
        zorder=4,
        fontsize=9.5,
        bbox={"boxstyle": "round,pad=0.35", "facecolor": "#f2f2f2", "edgecolor": style.GREY},
    )
