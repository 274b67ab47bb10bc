"""The class diagram of the participants, drawn from what a witness saw of a running server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from reactorkit.view import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from reactorkit.claims.experiments.nb10.roles import Anatomy

# The references that the pattern needs: who has to hold whom.
ARROWS = (
    ("dispatcher", "demultiplexer"),
    ("dispatcher", "handler"),
    ("handler", "dispatcher"),
    ("handler", "handle"),
    ("demultiplexer", "handle"),
    ("demultiplexer", "handler"),
)
PAPER = {
    "dispatcher": "#e3eef7",
    "demultiplexer": "#e3f3ee",
    "interface": "#f6f6f6",
    "handler": "#fdf1dc",
    "handle": "#f6f6f6",
}
Point = tuple[float, float]


def draw_anatomy(one: Anatomy) -> Figure:
    """Boxes for the five roles with what plays them, arrows for references and calls."""
    who, seen = one.participants, one.seen
    fig = style.figure(9.6, 5.4)
    ax = _page(fig, (0, 10), (6.2, 0))
    _box(ax, (2.1, 0.9), (3.4, 1.1), "Initiation Dispatcher", who["dispatcher"], "dispatcher")
    _box(
        ax,
        (7.9, 0.9),
        (3.4, 1.1),
        "Synchronous Event Demultiplexer",
        who["demultiplexer"],
        "demultiplexer",
    )
    _box(ax, (7.9, 5.2), (3.4, 1.1), "Handles", who["handle"].replace(", ", "\n", 1), "handle")
    _box(ax, (2.1, 3.0), (3.4, 0.95), "Event Handler", who["interface"], "interface")
    _box(ax, (2.1, 5.2), (3.4, 1.1), "Concrete Event Handlers", _broken(who["handlers"]), "handler")
    _arrow(ax, (3.9, 0.75), (6.15, 0.75), one.reference("dispatcher", "demultiplexer"))
    calls = sum(
        count
        for source, target, count in seen["calls"]
        if source == seen["loop"] and one._is_handler(target)
    )
    held = one.reference("dispatcher", "handler") or "no reference"
    _arrow(ax, (1.5, 1.5), (1.5, 2.48), f"{held},\n{calls} calls", bold=True, side=-1)
    _arrow(ax, (2.7, 2.48), (2.7, 1.5), one.reference("handler", "dispatcher"), side=1)
    _is_a(ax, (2.1, 4.6), (2.1, 3.52))
    handle = one.reference("handler", "handle")
    _arrow(ax, (3.9, 5.2), (6.15, 5.2), handle or "handed over\nwith a call", dashed=not handle)
    _arrow(ax, (7.9, 1.5), (7.9, 4.6), one.reference("demultiplexer", "handle"), side=1)
    data = one.reference("demultiplexer", "handler")
    _arrow(ax, (6.9, 1.5), (3.9, 4.75), f"{data}:\nkeeps them as data,\ncalls none", dashed=True)
    return fig


def _broken(words: str) -> str:
    """Break a list of names into two lines when it is long."""
    if len(words) < 26:
        return words
    place = words.find(", ", len(words) // 2 - 2)
    return words if place < 0 else f"{words[: place + 1]}\n{words[place + 2 :]}"


def draw_wrong_and_right(data: Mapping[str, Any]) -> Figure:
    """The roles as the article gives them, and as the witness found them, side by side."""
    from reactorkit.claims.experiments.nb10.roles import METHODS

    seen = data["seen"]
    fig = style.figure(10, 4.6)
    grid = fig.add_gridspec(1, 2)
    left = _page(fig, (0, 8), (7.2, -0.7), grid[0])
    right = _page(fig, (0, 8), (7.2, -0.7), grid[1])
    for ax, title in ((left, "as the article says"), (right, "as it was found at work")):
        ax.text(0.1, -0.4, title, fontweight="bold", fontsize=11, va="center")
    _box(left, (4, 0.9), (4.4, 1.2), "dispatcher", "DefaultSelector", "dispatcher")
    _column(left, METHODS, set(seen["registered"]), data["by_selector"], (4, 1.5))
    _box(right, (1.9, 0.9), (3.4, 1.2), "dispatcher", seen["loop"], "dispatcher")
    _box(right, (6.2, 0.9), (3.2, 1.2), "demultiplexer", seen["demultiplexer"], "demultiplexer")
    _arrow(right, (3.6, 0.75), (4.6, 0.75), "asks")
    names = list(seen["registered"])
    _column(right, names, set(names), data["own"], (1.9, 1.5))
    return fig


def _column(ax: Axes, names: Any, registered: set[str], calls: int, start: Point) -> None:
    """Draw the handlers one under the other, and the arrow of the calls that lead there."""
    works = calls > 0
    words = f"{calls} calls" if works else "✘ 0 calls"
    _arrow(ax, start, (start[0], 2.75), words, bold=works, wrong=not works, side=1)
    for line, name in enumerate(names):
        y = 3.2 + 0.95 * line
        there = name in registered
        _box(ax, (start[0], y), (3.4, 0.72), "", name, "handler", wrong=not there)
        if not there:
            ax.text(
                start[0] + 1.8,
                y,
                "✘ never\nregistered",
                color=style.VERMILION,
                fontsize=9,
                va="center",
            )


# --- pieces ------------------------------------------------------------------------------------


def _page(fig: Figure, xlim: Point, ylim: Point, place: Any = None) -> Axes:
    ax: Axes = fig.add_subplot() if place is None else fig.add_subplot(place)
    ax.set_axis_off()
    ax.set_xlim(*xlim)
    ax.set_ylim(*ylim)
    return ax


def _box(
    ax: Axes,
    middle: Point,
    size: Point,
    role: str,
    words: str,
    kind: str,
    *,
    wrong: bool = False,
) -> None:
    from matplotlib.patches import FancyBboxPatch

    (x, y), (wide, high) = middle, size
    ax.add_patch(
        FancyBboxPatch(
            (x - wide / 2, y - high / 2),
            wide,
            high,
            boxstyle="round,pad=0.03",
            facecolor="white" if wrong else PAPER[kind],
            edgecolor=style.VERMILION if wrong else "black",
            linestyle="--" if wrong else "-",
            linewidth=1.1,
            zorder=3,
        )
    )
    if role:
        ax.text(
            x,
            y - high / 2 + 0.22,
            role,
            ha="center",
            va="center",
            fontsize=8.5,
            color=style.GREY,
            zorder=4,
        )
    ax.text(
        x,
        y + (0.16 if role else 0),
        words,
        ha="center",
        va="center",
        fontsize=10 if "\n" not in words else 9,
        fontweight="bold",
        color=style.GREY if wrong else "black",
        zorder=4,
    )


def _arrow(
    ax: Axes,
    start: Point,
    end: Point,
    words: str,
    *,
    bold: bool = False,
    dashed: bool = False,
    wrong: bool = False,
    side: int = 0,
) -> None:
    """Draw an arrow; `side` puts its words to the left (-1) or right (1) of it, else above."""
    colour = style.VERMILION if wrong else style.BLUE
    ax.annotate(
        "",
        xy=end,
        xytext=start,
        zorder=2,
        arrowprops={
            "arrowstyle": "-|>",
            "color": colour,
            "linewidth": 3 if bold else 1.8,
            "linestyle": "--" if dashed or wrong else "-",
            "shrinkA": 0,
            "shrinkB": 0,
        },
    )
    x, y = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
    align = {-1: "right", 0: "center", 1: "left"}[side]
    ax.text(
        x + 0.15 * side,
        y if side or dashed else y - 0.12,
        words,
        ha=align,
        va="center" if side or dashed else "bottom",
        fontsize=9,
        color=colour if wrong else "black",
        fontweight="bold" if bold or wrong else "normal",
        zorder=5,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.0, "alpha": 0.9},
    )


def _is_a(ax: Axes, start: Point, end: Point) -> None:
    """Draw the arrow with an open head that says "is a kind of"."""
    ax.annotate(
        "",
        xy=end,
        xytext=start,
        zorder=2,
        arrowprops={
            "arrowstyle": "-|>,head_width=0.5,head_length=0.9",
            "facecolor": "white",
            "edgecolor": "black",
            "linewidth": 1.2,
            "shrinkA": 0,
            "shrinkB": 0,
        },
    )
    ax.text(start[0] + 0.18, (start[1] + end[1]) / 2, "is an", fontsize=9, va="center")
