"""Ready-made diagrams: truth tables, time lines, dialogues on the wire, filling buffers.

Each takes plain values and returns a matplotlib Figure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from reactorkit.view import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Cell = bool | str | None
Span = tuple[float, float]
# time or None, from, to (None: a note on one line of life), text
Message = tuple[float | None, str, str | None, str]
# label, bytes in the sender's buffer, bytes in the receiver's buffer
Moment = tuple[str, float, float]


def truth_table(
    rows: Sequence[str],
    columns: Sequence[str],
    cells: Sequence[Sequence[Cell]],
    *,
    title: str = "",
    corner: str = "",
) -> Figure:
    """Return a table of yes and no.

    Arguments:
        rows, columns: the headings.
        cells: one sequence per row; True and False become a filled and an empty mark with
            "yes" and "no", None a dash, a string itself.
        title: optional.
        corner: what the rows are, written over their headings.
    """
    count, wide = len(rows), len(columns)
    longest = max((len(row) for row in [*rows, corner]), default=0)
    head = 0.2 + longest * 0.072
    column = max([1.1, *(0.35 + 0.085 * len(_cell_text(c)) for line in cells for c in line)])
    column = max([column, *(0.3 + 0.085 * len(name) for name in columns)])
    total = head + wide * column
    top = 0.42 if title else 0.0
    fig = style.figure(total * style.ENLARGED, (top + 0.42 * (count + 1) + 0.1) * style.ENLARGED)
    ax = _blank(fig, (0, total), (count + 1, -1 if title else 0))
    if title:
        ax.text(0, -0.45, title, fontweight="bold", va="center", fontsize=11)
    ax.text(0.05, 0.5, corner, va="center", color=style.GREY)
    for place, name in enumerate(columns):
        ax.text(
            head + (place + 0.5) * column, 0.5, name, ha="center", va="center", fontweight="bold"
        )
    for line, (name, values) in enumerate(zip(rows, cells, strict=True), start=1):
        ax.axhline(line, color="black" if line == 1 else style.PALE, linewidth=0.9)
        ax.text(0.05, line + 0.5, name, va="center")
        for place, value in enumerate(values):
            _cell(ax, head + (place + 0.5) * column, line + 0.5, value)
    return fig


def timeline(
    lanes: Sequence[tuple[str, Sequence[tuple[float, float, str]]]],
    *,
    xlabel: str = "time (s)",
    title: str = "",
    names: Mapping[str, str] | None = None,
    width: float = 8,
) -> Figure:
    """Return one lane per actor, with bars for what it does and when.

    Arguments:
        lanes: (label, [(start, end, kind), ...]) from top to bottom.
        names: kind to server name, for its colour; otherwise a kind's first word decides
            ("running", "blocked in recv", "waiting", "sleeping", "ready", "wasted").
        xlabel: the unit of start and end.
    """
    fig = style.figure(width, 1.5 + 0.45 * len(lanes))
    ax = style.axes(fig, xlabel=xlabel, title=title)
    kinds = list(dict.fromkeys(kind for _, spans in lanes for _, _, kind in spans))
    for place, (_, spans) in enumerate(lanes):
        for start, end, kind in spans:
            look = style.activity((names or {}).get(kind, kind), kinds.index(kind))
            _span(ax, place, start, end, look, 0.62)
    ax.set_yticks(range(len(lanes)), [label for label, _ in lanes])
    ax.set_ylim(len(lanes) - 0.5, -0.5)
    ax.grid(False, axis="y")
    style.plain_axis(ax, "x")
    _kind_legend(ax, kinds, names)
    return fig


def gantt(
    panels: Mapping[str, Sequence[Span]],
    *,
    xlabel: str = "time (s)",
    ylabel: str = "request",
    titles: Mapping[str, str] | None = None,
    width: float = 8,
    height: float = 4,
) -> Figure:
    """Return one panel per server, side by side: every request is a bar from start to answer.

    Arguments:
        panels: server name to [(start, end), ...], in the order of the requests.
        titles: server name to the words over its panel.
    """
    fig = style.figure(width, height)
    first: Axes | None = None
    for index, (name, spans) in enumerate(panels.items()):
        place = (1, len(panels), index + 1)
        ax = fig.add_subplot(*place, sharex=first, sharey=first)
        style.tidy(ax)
        ax.set_title((titles or {}).get(name, name), fontsize=11, fontweight="bold", loc="left")
        ax.set_xlabel(xlabel)
        look = style.look(name, index)._replace(hatch="")
        for number, (start, end) in enumerate(spans, start=1):
            _span(ax, number, start, end, look, 0.8)
        style.plain_axis(ax, "x")
        if first is None:
            first = ax
            ax.set_ylabel(ylabel)
            most = max(len(each) for each in panels.values())
            ax.set_ylim(most + 0.7, 0.3)
        else:
            ax.tick_params(labelleft=False)
    return fig


def sequence(
    lifelines: Sequence[str],
    messages: Sequence[Message],
    *,
    unit: str = "ms",
    title: str = "",
    width: float = 8,
) -> Figure:
    """Return a dialogue: one line of life per actor, an arrow per message, time running down.

    Arguments:
        lifelines: two or three actors, from left to right.
        messages: (time or None, from, to, text) in order; `to` None makes a note at `from`,
            and a text that begins with "✘" is drawn as one that never arrived.
        unit: the unit of the times, written beside each arrow.
    """
    fig = style.figure(width, 1.1 + 0.48 * len(messages) + (0.4 if title else 0))
    ax = _blank(fig, (-0.22, 1.08), (len(messages) + 0.9, -1.6 if title else -0.9))
    places = {name: index / max(1, len(lifelines) - 1) for index, name in enumerate(lifelines)}
    if title:
        ax.text(-0.22, -1.35, title, fontweight="bold", va="center", fontsize=11)
    for name, x in places.items():
        ax.plot([x, x], [-0.2, len(messages) + 0.6], color=style.GREY, linewidth=1.2, zorder=1)
        _boxed(ax, x, -0.45, name, weight="bold")
    for row, (when, source, target, words) in enumerate(messages):
        y = row + 0.6
        if when is not None:
            stamp = f"{style.number(when)} {unit}"
            ax.text(-0.22, y, stamp, va="center", fontsize=9, color=style.GREY)
        if target is None:
            _boxed(ax, places[source], y, words, size=9)
        else:
            _arrow(ax, places[source], places[target], y, words)
    return fig


def buffers(
    moments: Sequence[Moment],
    *,
    capacity: tuple[float, float],
    names: tuple[str, str] = ("sender's kernel buffer", "receiver's kernel buffer"),
    unit: str = "kB",
    title: str = "",
    width: float = 8,
) -> Figure:
    """Return the two kernel buffers of one connection, one row per moment, filling from the left.

    Arguments:
        moments: (what has just happened, amount in the sender's, amount in the receiver's).
        capacity: how much fits in each, in `unit`.
        names: the words over the two columns.
    """
    fig = style.figure(width, 1.0 + 0.62 * len(moments) + (0.4 if title else 0))
    ax = _blank(fig, (0, 10), (len(moments) + 0.1, -1.5 if title else -0.8))
    if title:
        ax.text(0, -1.2, title, fontweight="bold", va="center", fontsize=11)
    starts, wide = (3.7, 7.0), 2.8
    for start, name in zip(starts, names, strict=True):
        ax.text(start + wide / 2, -0.3, name, ha="center", va="center", fontweight="bold")
    for row, (label, *amounts) in enumerate(moments):
        ax.text(0, row + 0.45, label, va="center", fontsize=10)
        for start, amount, most, look in zip(
            starts, amounts, capacity, (style.look("threads"), style.look("selectors")), strict=True
        ):
            _tank(ax, (start, row + 0.15), (wide, 0.6), min(1.0, amount / most), look)
            full = " full" if amount >= most else ""
            words = f"{style.number(amount)} {unit}{full}"
            ax.text(
                start + wide / 2,
                row + 0.45,
                words,
                ha="center",
                va="center",
                fontsize=9.5,
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5, "alpha": 0.85},
                zorder=5,
            )
        ax.annotate(
            "",
            xy=(starts[1] - 0.05, row + 0.45),
            xytext=(starts[0] + wide + 0.05, row + 0.45),
            arrowprops={"arrowstyle": "->", "color": style.GREY},
        )
    return fig


def _blank(fig: Figure, xlim: tuple[float, float], ylim: tuple[float, float]) -> Axes:
    ax: Axes = fig.add_subplot()
    ax.set_axis_off()
    ax.set_xlim(*xlim)
    ax.set_ylim(*ylim)
    return ax


def _cell_text(value: Cell) -> str:
    if value is None:
        return "–"
    return {True: "● yes", False: "○ no"}[value] if isinstance(value, bool) else value


def _cell(ax: Axes, x: float, y: float, value: Cell) -> None:
    weight, colour = ("bold", style.BLUE) if value is True else ("normal", "black")
    if value in (None, False):
        colour = style.GREY
    ax.text(x, y, _cell_text(value), ha="center", va="center", fontweight=weight, color=colour)


def _span(
    ax: Axes, place: float, start: float, end: float, look: style.Look, height: float
) -> None:
    ax.barh(
        place,
        end - start,
        height,
        left=start,
        color=look.colour,
        hatch=look.hatch,
        edgecolor="black",
        linewidth=0.5,
        zorder=3,
    )


def _kind_legend(ax: Axes, kinds: Sequence[str], names: Mapping[str, str] | None) -> None:
    from matplotlib.patches import Patch

    looks = [
        style.activity((names or {}).get(kind, kind), place) for place, kind in enumerate(kinds)
    ]
    handles = [
        Patch(facecolor=look.colour, hatch=look.hatch, edgecolor="black", label=kind)
        for kind, look in zip(kinds, looks, strict=True)
    ]
    if len(handles) > 1:
        ax.figure.legend(
            handles=handles, loc="outside upper right", ncols=len(handles), frameon=False
        )


def _boxed(ax: Axes, x: float, y: float, words: str, size: float = 10, weight: str = "") -> None:
    ax.text(
        x,
        y,
        words,
        ha="center",
        va="center",
        fontsize=size,
        fontweight=weight or "normal",
        bbox={"boxstyle": "round,pad=0.35", "facecolor": "#f2f2f2", "edgecolor": style.GREY},
        zorder=4,
    )


def _arrow(ax: Axes, start: float, end: float, y: float, words: str) -> None:
    lost = words.startswith("✘")
    colour = style.VERMILION if lost else style.BLUE
    stop = start + (end - start) * 0.62 if lost else end
    ax.annotate(
        "",
        xy=(stop, y),
        xytext=(start, y),
        arrowprops={
            "arrowstyle": "-|>",
            "color": colour,
            "linewidth": 1.8,
            "linestyle": "--" if lost else "-",
            "shrinkA": 0,
            "shrinkB": 0,
        },
    )
    ax.text(
        (start + end) / 2,
        y - 0.12,
        words,
        ha="center",
        va="bottom",
        fontsize=9.5,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8, "alpha": 0.9},
        zorder=4,
    )
    if lost:
        ax.text(stop, y, "✘", color=colour, fontsize=13, ha="center", va="center", zorder=5)


def _tank(
    ax: Axes,
    corner: tuple[float, float],
    size: tuple[float, float],
    share: float,
    look: style.Look,
) -> None:
    from matplotlib.patches import Rectangle

    full = Rectangle(
        corner,
        size[0] * share,
        size[1],
        facecolor=look.colour,
        hatch=look.hatch,
        edgecolor="black",
        linewidth=0.3,
        zorder=2,
    )
    outline = Rectangle(corner, *size, facecolor="none", edgecolor="black", linewidth=1.3, zorder=3)
    ax.add_patch(full)
    ax.add_patch(outline)
