"""Two pictures that explain rather than measure: the bits of a set, and two ways to wait."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from reactorkit.claims.experiments.nb04.pictures import Data, blank
from reactorkit.view import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def draw_bits(data: Data) -> Figure:
    """The bits of an fd_set before and after the C call, and Python's lists."""
    first, last = min(data["numbers"]) - 2, max(data["numbers"]) + 2
    shown = range(max(0, first), last + 1)
    fig = style.figure(8, 3.4)
    ax = blank(fig, (-3.6, len(shown) + 0.2), (5.6, -0.9))
    for column, number in enumerate(shown):
        ax.text(
            column + 0.5, -0.35, str(number), ha="center", va="center", fontsize=9, color=style.GREY
        )
    ax.text(-3.6, -0.35, "descriptor number", va="center", color=style.GREY, fontsize=9)
    for line, (words, bits) in enumerate(
        (("C: the set before", data["before"]), ("C: the same set after", data["after"]))
    ):
        ax.text(-3.6, line + 0.5, words, va="center")
        for column, number in enumerate(shown):
            _bit(ax, column, line, number in bits)
    for line, (words, content) in enumerate(
        (
            ("Python: my list before", data["numbers"]),
            ("Python: my list after", data["list"]),
            ("Python: the new list", data["answer"]),
        )
    ):
        ax.text(-3.6, line + 2.9, words, va="center")
        ax.text(
            0.1, line + 2.9, f"[{', '.join(map(str, content))}]", va="center", family="monospace"
        )
    return fig


def _bit(ax: Axes, column: int, line: int, is_set: bool) -> None:
    from matplotlib.patches import Rectangle

    colour = style.BLUE if is_set else "white"
    box = (column + 0.06, line + 0.12)
    ax.add_patch(Rectangle(box, 0.88, 0.76, facecolor=colour, edgecolor="black"))
    ax.text(
        column + 0.5,
        line + 0.5,
        str(int(is_set)),
        ha="center",
        va="center",
        color="white" if is_set else "black",
        fontweight="bold" if is_set else "normal",
    )


def draw_two_waits(data: Data) -> Figure:
    """Two dialogues side by side: readiness and completion."""
    fig = style.figure(8.6, 3.9)
    grid = fig.add_gridspec(1, 2)
    size = data["bytes"]
    left = (
        ("call", "wait until readable"),
        ("back", "it is ready"),
        ("note", f"our buffer: {data['readiness']['in_buffer']} bytes"),
        ("call", "read"),
        ("back", f"{size} bytes"),
    )
    right = (
        ("call", "start a read"),
        ("call", "wait until it is done"),
        ("back", "it is done"),
        ("note", f"our buffer: {data['completion']['in_buffer']} bytes"),
    )
    for place, title, steps in ((0, "readiness", left), (1, "completion", right)):
        _dialogue(fig.add_subplot(grid[place]), title, steps)
    return fig


def _dialogue(ax: Axes, title: str, steps: Sequence[tuple[str, str]]) -> None:
    ax.set_axis_off()
    ax.set_xlim(-0.42, 1.3)
    ax.set_ylim(5.6, -1.3)
    ax.text(0.5, -1.05, title, ha="center", fontweight="bold", fontsize=12)
    for x, name in ((0, "program"), (1, "system")):
        ax.plot([x, x], [-0.1, 5.4], color=style.GREY, linewidth=1.2, zorder=1)
        _box(ax, x, -0.4, name, bold=True)
    for line, (kind, words) in enumerate(steps):
        y = line + 0.75
        if kind == "note":
            _box(ax, 0, y, words)
            continue
        start, end = (0, 1) if kind == "call" else (1, 0)
        ax.annotate(
            "",
            xy=(end, y),
            xytext=(start, y),
            arrowprops={
                "arrowstyle": "-|>",
                "color": style.BLUE,
                "linewidth": 1.8,
                "linestyle": "-" if kind == "call" else "--",
                "shrinkA": 0,
                "shrinkB": 0,
            },
        )
        ax.text(0.5, y - 0.1, words, ha="center", va="bottom", fontsize=9.5)


def _box(ax: Axes, x: float, y: float, words: str, *, bold: bool = False) -> None:
    ax.text(
        x,
        y,
        words,
        ha="center",
        va="center",
        zorder=4,
        fontweight="bold" if bold else "normal",
        fontsize=10 if bold else 9.5,
        bbox={"boxstyle": "round,pad=0.35", "facecolor": "#f2f2f2", "edgecolor": style.GREY},
    )
