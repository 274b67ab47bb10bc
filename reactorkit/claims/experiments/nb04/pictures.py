"""The pictures of lesson 04: each draws the numbers of one experiment as a Figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from reactorkit.view import style
from reactorkit.view.charts import bars, grouped_bars, lines

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Cell = bool | str
Data = Mapping[str, Any]


def table(
    corner: str,
    columns: Sequence[tuple[str, float]],
    rows: Mapping[str, Sequence[Cell]],
    head: float,
) -> Figure:
    """Return a table whose columns have widths of their own, in inches of the page's grid.

    Arguments:
        corner: what the rows are.
        columns: (heading, width) from left to right.
        rows: heading to cells; True and False become a filled and an empty mark.
        head: width of the row headings.
    """
    total = head + sum(width for _, width in columns)
    fig = style.figure(total * style.ENLARGED, (0.42 * (len(rows) + 1) + 0.1) * style.ENLARGED)
    ax = blank(fig, (0, total), (len(rows) + 1, 0))
    ax.text(0.05, 0.5, corner, va="center", color=style.GREY)
    left = head
    for place, (name, width) in enumerate(columns):
        middle = left + width / 2
        ax.text(middle, 0.5, name, ha="center", va="center", fontweight="bold")
        for line, cells in enumerate(rows.values(), start=1):
            _cell(ax, middle, line + 0.5, cells[place])
        left += width
    for line, name in enumerate(rows, start=1):
        ax.axhline(line, color="black" if line == 1 else style.PALE, linewidth=0.9)
        ax.text(0.05, line + 0.5, name, va="center")
    return fig


def blank(
    fig: Figure, xlim: tuple[float, float], ylim: tuple[float, float], **options: Any
) -> Axes:
    """Return axes without a frame over the given ranges."""
    ax: Axes = fig.add_subplot(**options)
    ax.set_axis_off()
    ax.set_xlim(*xlim)
    ax.set_ylim(*ylim)
    return ax


def _cell(ax: Axes, x: float, y: float, value: Cell) -> None:
    words = {True: "● yes", False: "○ no"}[value] if isinstance(value, bool) else value
    colour = style.BLUE if words.startswith("●") else "black"
    colour = style.VERMILION if words.startswith("✘") else colour
    colour = style.GREY if words.startswith("○") else colour
    weight = "bold" if words.startswith(("●", "✘")) else "normal"
    ax.text(x, y, words, ha="center", va="center", fontweight=weight, color=colour)


MARKS = {
    "ready": "● ready",
    "not ready": "○ not ready",
    "ValueError": "✘ ValueError",
    "EPERM": "✘ EPERM",
}


def draw_readiness(data: Data) -> Figure:
    """Five situations against readable and writable, and what the next call says."""
    rows = {name: [*row[:2], data["calls"][name]] for name, row in data["table"].items()}
    columns = (("readable", 0.95), ("writable", 0.95), ("next call", 2.2))
    return table("situation", columns, rows, 1.95)


def draw_third_set(data: Data) -> Figure:
    """What shows in the third set of select, and what poll says about the same sockets."""
    rows = {name: [*row, data["flags"][name]] for name, row in data["table"].items()}
    columns = (("readable", 0.82), ("writable", 0.82), ("third set", 0.82))
    return table("situation", (*columns, ("poll says", 1.9)), rows, 1.95)


def draw_files(data: Data) -> Figure:
    """A regular file and two pipes under each call."""
    calls = list(next(iter(data["table"].values())))
    rows = {
        name: [MARKS.get(said[call], said[call]) for call in calls]
        for name, said in data["table"].items()
    }
    return table("readable?", [(call, 1.3) for call in calls], rows, 1.9)


def draw_calls(data: Data) -> Figure:
    """The five calls that Python knows, and which of them this system has."""
    from reactorkit.claims.experiments.nb04.systems import CALLS

    rows = {
        f"select.{name}": [data["present"][name], cls if data["known"][name] else "none", home]
        for name, (cls, home) in CALLS.items()
    }
    columns = (
        (f"here ({data['platform']})", 1.3),
        ("class in selectors", 1.8),
        ("at home on", 1.7),
    )
    return table("call", columns, rows, 1.5)


def draw_waits(data: Data) -> Figure:
    """One wait on a time axis, and who reports unread data five times."""
    fig = style.figure(8.6, 3.3)
    grid = fig.add_gridspec(1, 2, width_ratios=(1, 1))
    _draw_sleep(fig.add_subplot(grid[0]), data["wake"], data["time_out"])
    _draw_dots(fig.add_subplot(grid[1]), data["reports"])
    return fig


def _draw_sleep(ax: Axes, wait: Mapping[str, float], time_out: float) -> None:
    style.tidy(ax)
    ax.barh(
        0, wait["returned"], 0.5, color=style.look("select").colour, edgecolor="black", zorder=3
    )
    ax.text(0.06, 0.34, "asleep", va="top", fontsize=9.5)
    ax.plot(wait["sent"], -0.36, marker="v", color="black", markersize=9, zorder=5)
    ax.text(wait["sent"], -0.48, "a byte is sent", ha="left", va="bottom", fontsize=9.5)
    ax.axvline(time_out, color="black", linestyle="--", linewidth=1.4)
    ax.text(time_out - 0.06, 0.6, "time-out", ha="right", fontsize=9.5)
    ax.set_yticks([0], ["select"])
    ax.set_ylim(0.9, -0.9)
    ax.set_xlim(0, 1.05 * time_out)
    ax.set_xlabel("time since the call (s)")
    ax.set_title("one wait", fontsize=11, fontweight="bold", loc="left")
    ax.grid(False, axis="y")
    style.plain_axis(ax, "x")


def _draw_dots(ax: Axes, reports: Mapping[str, Sequence[bool]]) -> None:
    style.tidy(ax)
    for place, seen in enumerate(reports.values()):
        for call, reported in enumerate(seen, start=1):
            face = style.BLUE if reported else "white"
            ax.plot(
                call,
                place,
                marker="o",
                markersize=12,
                markerfacecolor=face,
                markeredgecolor="black",
                zorder=3,
            )
    ax.set_yticks(range(len(reports)), [name.replace(", ", ",\n") for name in reports])
    ax.set_ylim(len(reports) - 0.5, -0.5)
    ax.set_xticks(range(1, 6))
    ax.set_xlim(0.4, 5.6)
    ax.set_xlabel("call (nothing is read)")
    ax.set_title("one unread byte", fontsize=11, fontweight="bold", loc="left")
    ax.grid(False)


def draw_sleepers(data: Data) -> Figure:
    """Time waited beside CPU time used, for one socket and for hundreds."""
    waits = data["waits"]
    fig = grouped_bars(
        [f"{n} socket{'s' if n != '1' else ''}" for n in waits],
        {
            "time waited": [wait["returned"] * 1e3 for wait in waits.values()],
            "CPU time used": [wait["cpu"] * 1e3 for wait in waits.values()],
        },
        ylabel="ms",
        log=True,
        names={"time waited": "select", "CPU time used": "busywait"},
        height=4.2,
    )
    ax = fig.axes[0]
    handles, labels = ax.get_legend_handles_labels()
    if (inside := ax.get_legend()) is not None:
        inside.remove()  # it would hide a bar
    fig.legend(handles, labels, loc="outside lower center", ncols=2, frameon=False)
    return fig


def draw_poll(data: Data) -> Figure:
    """Time of one poll call against the number of silent sockets, with the edge of select."""
    sizes = data["poll"]
    fig = lines(
        {"poll": ([int(size) for size in sizes], [value / 1e3 for value in sizes.values()])},
        xlabel="sockets watched, one of them ready",
        ylabel="CPU time of one call (µs)",
        logx=True,
        logy=True,
        width=7,
        height=3.8,
    )
    ax = fig.axes[0]
    ax.axvline(data["edge"], color="black", linestyle="--", linewidth=1.4)
    ax.text(data["edge"] * 1.05, min(sizes.values()) / 1e3, "select ends here", fontsize=9.5)
    return fig


def draw_turns(data: Data) -> Figure:
    """Turns of the loop on a log axis, with and without watching for writing."""
    return bars(
        ["reading only", "reading and writing"],
        data["turns"],
        ylabel="turns of the loop in 0.5 s",
        log=True,
        names=["select", "busywait"],
        width=6.4,
        height=3.6,
    )


def draw_numbers(data: Data) -> Figure:
    """One socket under three numbers, and where the set of select ends."""
    numbers = list(data["table"])
    calls = list(next(iter(data["table"].values())))
    wide, head = 1.6, 0.9
    total = head + wide * len(numbers)
    fig = style.figure(total * style.ENLARGED, (0.45 * (len(calls) + 2)) * style.ENLARGED)
    ax = blank(fig, (0, total), (len(calls) + 1.1, -0.8))
    ax.axvspan(head, head + wide, color="#e8f3ee", zorder=0)
    ax.axvline(head + wide, color="black", linestyle="--", linewidth=1.4)
    ax.text(
        head + wide - 0.08, -0.45, "room in the set of select", ha="right", va="center", fontsize=9
    )
    ax.text(head + wide + 0.08, -0.45, "no bit for these numbers", va="center", fontsize=9)
    ax.text(0.05, 0.4, "number", va="center", color=style.GREY)
    for place, number in enumerate(numbers):
        middle = head + (place + 0.5) * wide
        ax.text(middle, 0.4, number, ha="center", va="center", fontweight="bold")
        for line, call in enumerate(calls, start=1):
            said = data["table"][number][call]
            _cell(ax, middle, line + 0.4, MARKS.get(said, said))
    for line, call in enumerate(calls, start=1):
        ax.axhline(line - 0.1, color=style.PALE, linewidth=0.9)
        ax.text(0.05, line + 0.4, call, va="center")
    return fig


def draw_fates(data: Data) -> Figure:
    """One line per server, as long as the number of clients it served."""
    fates = data["fates"]
    fig = style.figure(8, 2.9)
    ax = style.axes(fig, xlabel="clients")
    for place, (name, fate) in enumerate(fates.items()):
        look = style.look(name)
        ax.plot(
            [0, fate["served"]],
            [place, place],
            color=look.colour,
            linewidth=7,
            solid_capstyle="butt",
            zorder=3,
        )
        marker, words = ("o", "serves") if fate["alive"] else ("X", "dies")
        ax.plot(
            fate["served"],
            place,
            marker=marker,
            markersize=12,
            color=look.colour,
            markeredgecolor="black",
            zorder=4,
        )
        ax.text(fate["served"] + 40, place, f"{words} ({fate['served']:,})", va="center")
    ax.set_yticks(range(len(fates)), list(fates))
    ax.set_ylim(len(fates) - 0.5, -0.5)
    ax.set_xlim(0, data["clients"] * 1.3)
    ax.grid(False, axis="y")
    style.plain_axis(ax, "x")
    return fig


def draw_scaling(data: Data) -> Figure:
    """Time of one call against watched sockets; beside it, all ready, and adding one more."""
    fig = style.figure(8.6, 4.6)
    grid = fig.add_gridspec(2, 2, width_ratios=(1.35, 1))
    left = fig.add_subplot(grid[:, 0])
    _panel(left, data["one_ready"], "one ready of N", "CPU time of one call (µs)", 1e3)
    left.legend(frameon=True, framealpha=0.9, edgecolor="none")
    upper, lower = fig.add_subplot(grid[0, 1]), fig.add_subplot(grid[1, 1])
    each = {
        call: {size: value / int(size) for size, value in sizes.items()}
        for call, sizes in data["all_ready"].items()
    }
    _panel(upper, each, "all N ready", "µs per socket", 1e3)
    _panel(lower, data["add"], "adding one more", "µs", 1e3)
    for ax in (left, upper, lower):
        _log(ax, "x")
    for ax in (upper, lower):
        ax.set_ylim(0, 1.35 * ax.get_ylim()[1])
    _log(left, "y")
    left.set_xlabel("sockets watched, N (each gridline: 10 times)")
    lower.set_xlabel("sockets watched, N")
    return fig


def _panel(
    ax: Axes, series: Mapping[str, Mapping[str, float]], title: str, ylabel: str, unit: float
) -> None:
    style.tidy(ax)
    for place, (call, sizes) in enumerate(series.items()):
        look = style.look({"kqueue": "epoll"}.get(call, call), place)
        ax.plot(
            [int(size) for size in sizes],
            [value / unit for value in sizes.values()],
            color=look.colour,
            marker=look.marker,
            markersize=8,
            markeredgecolor="black",
            markeredgewidth=0.6,
            linewidth=2.2,
            label=call,
            zorder=3,
        )
    ax.set_title(title, fontsize=11, fontweight="bold", loc="left")
    ax.set_ylabel(ylabel)


def _log(ax: Axes, which: str) -> None:
    """A log axis in plain numbers; what its gridlines mean stands once, in the axis label."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    getattr(ax, f"set_{which}scale")("log")
    axis = ax.xaxis if which == "x" else ax.yaxis
    axis.set_major_locator(LogLocator(base=10))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: style.number(value)))
