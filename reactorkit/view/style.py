"""One look for all pictures: projector-size type, and colours that never stand alone.

The colours are Okabe and Ito's set for colour-blind readers (https://jfly.uni-koeln.de/color/);
every server also has its own marker and hatch, so that a picture survives a grey printout.
matplotlib is imported when the first figure is made, and never through pyplot: pyplot keeps
every figure alive and is not safe on other threads.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# A nominal inch is 100 pixels wide on the page. Drawing on less paper and enlarging it makes
# all type, lines and markers this much bigger at once.
ENLARGED = 1.35
PIXELS_PER_INCH = 100

BLACK, ORANGE, SKY, GREEN = "#000000", "#e69f00", "#56b4e9", "#009e73"
YELLOW, BLUE, VERMILION, PURPLE = "#f0e442", "#0072b2", "#d55e00", "#cc79a7"
GREY, PALE = "#666666", "#d0d0d0"


class Look(NamedTuple):
    """How one server is drawn everywhere: colour, marker (lines, dots) and hatch (bars)."""

    colour: str
    marker: str
    hatch: str


COLOURS = {
    "threads": Look(BLUE, "o", "//"),
    "busywait": Look(VERMILION, "X", "xx"),
    "select": Look(GREEN, "s", ""),
    "poll": Look(PURPLE, "D", "\\\\"),
    "epoll": Look(SKY, "^", ".."),
    "selectors": Look(ORANGE, "P", "--"),
    "asyncio": Look(YELLOW, "v", "oo"),
    "blocking": Look(GREY, "*", "||"),
}
_FALLBACK = tuple(COLOURS.values())

# What a thread or a loop does in a time line: work stands out, waiting is pale.
ACTIVITIES = {
    "running": Look(ORANGE, "o", ""),
    "blocked": Look("#e4e4e4", "s", "//"),
    "waiting": Look("#e4e4e4", "s", "//"),
    "sleeping": Look("#f4f4f4", "s", ".."),
    "ready": Look(SKY, "^", ""),
    "wasted": Look(VERMILION, "X", "xx"),
}

LOG_NOTE = "each gridline is 10 times the one before"


def look(name: str, index: int = 0) -> Look:
    """Return the look of a server ("threads" or "echo_threads"); others take turns by `index`."""
    return COLOURS.get(name.removeprefix("echo_"), _FALLBACK[index % len(_FALLBACK)])


def activity(kind: str, index: int = 0) -> Look:
    """Return the look of an activity by its first word ("blocked in recv"), else as `look`."""
    return ACTIVITIES.get(kind.split()[0] if kind else "") or look(kind, index)


def figure(width: float = 8, height: float = 4) -> Figure:
    """Return an empty figure, `width` x `height` nominal inches of 100 pixels each."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    fig = Figure(
        figsize=(width / ENLARGED, height / ENLARGED),
        dpi=PIXELS_PER_INCH * ENLARGED,
        layout=ConstrainedLayoutEngine(w_pad=0.08, h_pad=0.08),  # inches of air around it
        facecolor="white",
    )
    FigureCanvasAgg(fig)
    return fig


def axes(
    fig: Figure, *, xlabel: str = "", ylabel: str = "", title: str = "", **options: Any
) -> Axes:
    """Return new axes on `fig` with light gridlines and no box; `options` go to add_subplot."""
    ax: Axes = fig.add_subplot(**options)
    tidy(ax)
    ax.set_xlabel(xlabel)
    # A long label has to fit beside the axis, which is as long as the figure is high.
    ax.set_ylabel(textwrap.fill(ylabel, max(12, int(fig.get_figheight() * ENLARGED * 8))))
    if title:
        ax.set_title(title, fontsize=11, fontweight="bold", loc="left")
    return ax


def tidy(ax: Axes) -> None:
    """Take the box away and put pale gridlines behind the data."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(True, color=PALE, linewidth=0.6)
    ax.set_axisbelow(True)


def log_axis(ax: Axes, which: str) -> None:
    """Make the "x" or "y" axis logarithmic, with plain numbers, and say what that means."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    axis = ax.xaxis if which == "x" else ax.yaxis
    getattr(ax, f"set_{which}scale")("log")
    axis.set_major_locator(LogLocator(base=10, numticks=12))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))
    if any(text.get_text() == LOG_NOTE for text in ax.texts):
        return
    ax.annotate(
        LOG_NOTE,
        xy=(1, 1),
        xycoords="axes fraction",
        xytext=(0, 4),
        textcoords="offset points",
        ha="right",
        va="bottom",
        fontsize=8,
        color=GREY,
    )


def number(value: float) -> str:
    """Return a number as people write it: 3,000 or 0.25 or 1.5 million."""
    if value == 0:
        return "0"
    size = abs(value)
    if size >= 1e6:
        return f"{value / 1e6:,.3g} million"
    if size >= 1000:
        return f"{value:,.0f}"
    if size >= 100:
        return f"{value:.0f}"
    if size >= 0.001:
        return f"{value:.3g}"
    return f"{value:.0e}"


def plain_axis(ax: Axes, which: str) -> None:
    """Write the "x" or "y" axis of even steps in plain numbers, without exponents."""
    from matplotlib.ticker import FuncFormatter

    axis = ax.xaxis if which == "x" else ax.yaxis
    axis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))
