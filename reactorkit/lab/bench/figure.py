"""One picture of all that was measured: a panel for each case, a bar for each server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reactorkit.lab.bench.cases import MEASURES
from reactorkit.lab.bench.measure import Result
from reactorkit.view import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

OURS = style.look("echo_selectors")  # what is ours stands out in every panel
THEIRS = style.Look(style.PALE, "o", "")


def draw(results: list[Result]) -> Figure:
    """Return the picture; log axes where one server is out of the others' reach."""
    heights = [len(result.rows) + 2.5 for result in results]
    fig = style.figure(10, max(3.0, sum(heights) * 0.3))
    grid = fig.add_gridspec(len(results), 1, height_ratios=heights)
    for place, result in enumerate(results):
        ax = fig.add_subplot(grid[place])
        style.tidy(ax)
        _panel(ax, result)
    return fig


def _panel(ax: Axes, result: Result) -> None:
    from matplotlib.ticker import MaxNLocator

    measure = result.case.shown
    words, unit, factor = MEASURES[measure]
    values = [(row.median(measure) or 0.0) * factor for row in result.rows]
    for place, (row, value) in enumerate(zip(result.rows, values, strict=True)):
        ours = row.entry.server.startswith(("echo_reactor", "chat_reactor"))
        look = OURS if ours else THEIRS
        ax.barh(place, value, color=look.colour, hatch=look.hatch, edgecolor="black", zorder=3)
        told = style.number(value) if value else "no answer"
        ax.annotate(told, (value, place), (4, 0), textcoords="offset points", va="center")
    known = [value for value in values if value]
    if known and max(known) > 30 * min(known):
        style.log_axis(ax, "x")
        ax.set_xlim(min(known) / 2, max(known) * 4)
    else:
        style.plain_axis(ax, "x")
        ax.xaxis.set_major_locator(MaxNLocator(6))
        ax.set_xlim(0, max(known, default=1) * 1.15)
    ax.set_yticks(range(len(values)), [row.entry.label for row in result.rows])
    ax.invert_yaxis()
    ax.set_xlabel(f"{words} ({unit})")
    ax.set_title(result.case.title, fontsize=11, fontweight="bold", loc="left")
