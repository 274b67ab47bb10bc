"""Ready-made charts: bars, lines, dots and steps, with units, markers and hatches in place.

Each takes plain numbers and returns a matplotlib Figure; names of servers choose the colours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from reactorkit.view import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Series = Mapping[str, tuple[Sequence[float], Sequence[float]]]


def bars(
    labels: Sequence[str],
    values: Sequence[float],
    *,
    ylabel: str,
    log: bool = False,
    names: Sequence[str] | None = None,
    title: str = "",
    xlabel: str = "",
    width: float = 8,
    height: float = 4,
) -> Figure:
    """Return a bar chart with the value written over each bar.

    Arguments:
        labels: what stands under each bar.
        values: one number per label, in the unit that `ylabel` names.
        ylabel: quantity and unit, "CPU (%)".
        log: whether the value axis is logarithmic.
        names: the server behind each bar, for its colour and hatch; `labels` when None.
        title, xlabel: optional texts.
        width, height: size in nominal inches of 100 pixels.
    """
    fig = style.figure(width, height)
    ax = style.axes(fig, xlabel=xlabel, ylabel=ylabel, title=title)
    for place, (name, value) in enumerate(zip(names or labels, values, strict=True)):
        _bar(ax, place, value, 0.6, style.look(name, place))
        _value_over(ax, place, value)
    ax.set_xticks(range(len(labels)), labels)
    ax.set_xlim(-0.6, len(labels) - 0.4)
    _value_axis(ax, values, log)
    return fig


def grouped_bars(
    groups: Sequence[str],
    series: Mapping[str, Sequence[float]],
    *,
    ylabel: str,
    log: bool = False,
    names: Mapping[str, str] | None = None,
    title: str = "",
    xlabel: str = "",
    width: float = 8,
    height: float = 4,
) -> Figure:
    """Return bars side by side: one group per entry of `groups`, one bar per series in each.

    Arguments:
        groups: what stands under each group.
        series: label to values, one value per group.
        names: label to server name, where the label itself is not one.
        others: as for `bars`.
    """
    fig = style.figure(width, height)
    ax = style.axes(fig, xlabel=xlabel, ylabel=ylabel, title=title)
    thick = 0.8 / len(series)
    for index, (label, values) in enumerate(series.items()):
        look = style.look((names or {}).get(label, label), index)
        for group, value in enumerate(values):
            place = group + (index - (len(series) - 1) / 2) * thick
            _bar(ax, place, value, thick * 0.92, look, label if group == 0 else "")
            _value_over(ax, place, value)
    ax.set_xticks(range(len(groups)), groups)
    _value_axis(ax, [value for values in series.values() for value in values], log)
    _legend(ax, len(series))
    return fig


def lines(
    series: Series,
    *,
    xlabel: str,
    ylabel: str,
    logx: bool = False,
    logy: bool = False,
    names: Mapping[str, str] | None = None,
    title: str = "",
    width: float = 8,
    height: float = 4,
) -> Figure:
    """Return one line per entry of `series`: label to (x values, y values)."""
    fig = style.figure(width, height)
    ax = style.axes(fig, xlabel=xlabel, ylabel=ylabel, title=title)
    for index, (label, (xs, ys)) in enumerate(series.items()):
        look = style.look((names or {}).get(label, label), index)
        ax.plot(
            xs,
            ys,
            color=look.colour,
            marker=look.marker,
            markersize=8,
            markeredgecolor="black",
            markeredgewidth=0.6,
            linewidth=2.2,
            label=label,
            path_effects=_edge(look.colour),
            zorder=3,
        )
    _scales(ax, logx, logy)
    _legend(ax, len(series))
    return fig


def scatter(
    series: Series,
    *,
    xlabel: str,
    ylabel: str,
    logx: bool = False,
    logy: bool = False,
    names: Mapping[str, str] | None = None,
    title: str = "",
    width: float = 8,
    height: float = 4,
) -> Figure:
    """Return one cloud of dots per entry of `series`: label to (x values, y values)."""
    fig = style.figure(width, height)
    ax = style.axes(fig, xlabel=xlabel, ylabel=ylabel, title=title)
    for index, (label, (xs, ys)) in enumerate(series.items()):
        look = style.look((names or {}).get(label, label), index)
        ax.scatter(
            xs,
            ys,
            s=34,
            color=look.colour,
            marker=look.marker,
            alpha=0.75,
            edgecolors="black",
            linewidths=0.4,
            label=label,
            zorder=3,
        )
    _scales(ax, logx, logy)
    _legend(ax, len(series))
    return fig


def steps(
    series: Series,
    *,
    xlabel: str,
    ylabel: str,
    names: Mapping[str, str] | None = None,
    limit: tuple[float, str] | None = None,
    title: str = "",
    width: float = 8,
    height: float = 4,
) -> Figure:
    """Return quantities that jump and then stay: label to (times, values from that time on).

    `limit` is a value and its name, drawn as a dashed line across.
    """
    fig = style.figure(width, height)
    ax = style.axes(fig, xlabel=xlabel, ylabel=ylabel, title=title)
    for index, (label, (xs, ys)) in enumerate(series.items()):
        look = style.look((names or {}).get(label, label), index)
        ax.step(
            xs,
            ys,
            where="post",
            color=look.colour,
            linewidth=2.4,
            marker=look.marker if len(xs) <= 15 else None,
            markersize=6,
            label=label,
            path_effects=_edge(look.colour),
            zorder=3,
        )
    _scales(ax, False, False)
    if limit is not None:
        ax.axhline(limit[0], color="black", linestyle="--", linewidth=1.4)
        ax.set_ylim(top=max(ax.get_ylim()[1], limit[0] * 1.12))
        ax.annotate(
            limit[1],
            xy=(1, limit[0]),
            xycoords=("axes fraction", "data"),
            xytext=(0, 3),
            textcoords="offset points",
            ha="right",
            va="bottom",
            fontsize=9,
        )
    _legend(ax, len(series))
    return fig


def _bar(
    ax: Axes, place: float, value: float, width: float, look: style.Look, label: str = ""
) -> None:
    ax.bar(
        place,
        value,
        width,
        color=look.colour,
        hatch=look.hatch,
        edgecolor="black",
        linewidth=0.8,
        label=label or None,
        zorder=3,
    )


def _value_over(ax: Axes, place: float, value: float) -> None:
    ax.annotate(
        style.number(value),
        xy=(place, value),
        xytext=(0, 3),
        textcoords="offset points",
        ha="center",
        va="bottom",
        fontsize=10,
        fontweight="bold",
    )


def _value_axis(ax: Axes, values: Sequence[float], log: bool) -> None:
    """Scale the value axis, with room for the numbers over the bars."""
    ax.grid(False, axis="x")
    top = max(values, default=0)
    if log:
        style.log_axis(ax, "y")
        lowest = min((value for value in values if value > 0), default=1)
        ax.set_ylim(lowest / 3, max(top, lowest) * 3)
    else:
        style.plain_axis(ax, "y")
        ax.set_ylim(0, top * 1.15 or 1)


def _scales(ax: Axes, logx: bool, logy: bool) -> None:
    for which, log in (("x", logx), ("y", logy)):
        if log:
            style.log_axis(ax, which)
        else:
            style.plain_axis(ax, which)
    if not logy and ax.get_ylim()[0] > 0:
        ax.set_ylim(bottom=0)


def _edge(colour: str) -> list[Any]:
    """Return a dark edge for a line too pale to stand on white."""
    if colour != style.YELLOW:
        return []
    from matplotlib.patheffects import Normal, Stroke

    return [Stroke(linewidth=3.6, foreground="black"), Normal()]


def _legend(ax: Axes, entries: int) -> None:
    if entries > 1:
        ax.legend(frameon=True, framealpha=0.9, edgecolor="none", handlelength=2.4)
