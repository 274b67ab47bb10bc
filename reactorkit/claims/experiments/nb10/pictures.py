"""The pictures of lesson 10 that are no class diagrams: tables, dialogues and time lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from reactorkit.claims.experiments.nb04.pictures import table
from reactorkit.view import style
from reactorkit.view.charts import grouped_bars
from reactorkit.view.diagrams import sequence, truth_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Data = Mapping[str, Any]


def draw_handlers(data: Data) -> Figure:
    """The four methods, how often each was registered, and who called it."""
    rows = {
        method: [str(count) if count else "○ never" for count in counts]
        for method, counts in data["table"].items()
    }
    columns = (("registered", 1.2), ("called by the loop", 1.7), ("by another method", 1.8))
    return table("method", columns, rows, 1.5)


def draw_order(data: Data) -> Figure:
    """From the first registration to the first line of a client, as a dialogue."""
    loop, waits = data["dispatcher"], data["demultiplexer"]
    messages: list[tuple[None, str, str | None, str]] = []
    for kind, words in data["steps"]:
        if kind == "select returns":
            messages.append((None, waits, loop, "select returns"))
        elif kind == "calls":
            messages.append((None, loop, "handlers", f"{words}()"))
        else:
            messages.append((None, loop, waits, f"{kind}({words})"))
    return sequence([waits, loop, "handlers"], messages, width=9)


def draw_swapped(data: Data) -> Figure:
    """Each selector class, and whether the dialogue passed on it."""
    rows = {name: [passed, lines] for name, (passed, lines) in data["table"].items()}
    cells = [[passed, f"{lines} of {data['lines']}"] for passed, lines in rows.values()]
    return truth_table(list(rows), ["chat passes", "lines heard"], cells, corner="selector")


def draw_resources(data: Data) -> Figure:
    """Five resources, whether they can be registered, and when they were reported."""
    cells = [[took, said] for took, said in data["table"].values()]
    return truth_table(
        list(data["table"]), ["epoll takes it", "reported"], cells, corner="resource"
    )


def draw_prices(data: Data) -> Figure:
    """Time of one call with few handles and with many."""
    sizes = list(next(iter(data["times"].values())))
    return grouped_bars(
        [f"{size} handles" for size in sizes],
        {name: [times[size] / 1e3 for size in sizes] for name, times in data["times"].items()},
        ylabel="CPU time of one select (µs)",
        log=True,
        names={name: name.removesuffix("Selector").lower() for name in data["times"]},
        height=4.2,
    )


def draw_neighbour(data: Data) -> Figure:
    """The neighbour's answer times on one axis, with and without the slow handler."""
    fig = style.figure(8, 3.1)
    ax = style.axes(fig, xlabel="time until the neighbour's answer (ms)")
    for place, (words, times) in enumerate(data["times"].items()):
        look = style.look("selectors" if place == 0 else "busywait")
        ax.plot(
            [1e3 * each for each in times],
            [place + 0.12 * (n % 5 - 2) / 2 for n in range(len(times))],
            look.marker,
            color=look.colour,
            markeredgecolor="black",
            markeredgewidth=0.5,
            markersize=8,
            alpha=0.85,
            zorder=3,
        )
        middle = 1e3 * data["medians"][words]
        ax.plot([middle, middle], [place - 0.3, place + 0.3], color="black", linewidth=2, zorder=4)
        ax.text(
            middle,
            place - 0.34,
            f"median {style.number(middle)}",
            ha="center",
            va="bottom",
            fontsize=9,
        )
    ax.set_yticks(range(len(data["times"])), list(data["times"]))
    ax.set_ylim(len(data["times"]) - 0.4, -0.75)
    style.log_axis(ax, "x")
    ax.grid(False, axis="y")
    return fig


def draw_waits(data: Data) -> Figure:
    """The waits of a loop with three timers: bars that end where a timer is due."""
    fig = style.figure(8.4, 2.9)
    ax = style.axes(fig, xlabel="time (ms)")
    look = style.activity("waiting")
    for number, (start, end) in enumerate(data["waits"]):
        ax.barh(
            0,
            1e3 * (end - start),
            0.5,
            left=1e3 * start,
            color=look.colour,
            hatch=look.hatch,
            edgecolor="black",
            zorder=3,
        )
        ax.text(
            500 * (start + end),
            0,
            f"wait {number + 1}",
            ha="center",
            va="center",
            fontsize=9,
            zorder=4,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.0},
        )
    for name, due in data["due"].items():
        ax.plot(
            1e3 * due,
            -0.42,
            marker="v",
            color=style.VERMILION,
            markeredgecolor="black",
            markersize=10,
            zorder=5,
        )
        ax.text(1e3 * due, -0.58, f"timer {name}", ha="center", va="bottom", fontsize=9.5)
    ax.set_yticks([0], ["select"])
    ax.set_ylim(0.5, -1.0)
    ax.set_xlim(0, 1.08e3 * max(data["due"].values()))
    ax.grid(False, axis="y")
    style.plain_axis(ax, "x")
    return fig
