"""The pictures of lesson 06, each drawn from plain numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from reactorkit.view import style
from reactorkit.view.charts import bars, grouped_bars
from reactorkit.view.diagrams import sequence, truth_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

KIB = 1024
LAST = 12  # sends that are drawn


def draw_pieces(data: Mapping[str, Any]) -> Figure:
    """Draw how much each of the last sends took: whole, in part, and the one that raised."""
    from matplotlib.patches import Patch

    pieces, size = [taken / KIB for taken in data["pieces"]], data["size"] / KIB
    end = len(pieces) + 1
    fig = style.figure(8, 3.8)
    ax = style.axes(fig, xlabel="number of the send (the last ones)", ylabel="taken (KiB)")
    whole, part = style.look("threads"), style.look("selectors")
    for place, taken in list(enumerate(pieces, start=1))[-LAST:]:
        look = whole if taken == size else part
        ax.bar(
            place, taken, 0.8, color=look.colour, hatch=look.hatch, edgecolor="black", linewidth=0.5
        )
    ax.plot([end], [size * 0.05], "X", color=style.VERMILION, markersize=13, zorder=5)
    ax.annotate(
        "raises\nBlockingIOError",
        xy=(end - 0.35, size * 0.14),
        ha="left",
        va="bottom",
        fontsize=9.5,
        color=style.VERMILION,
        fontweight="bold",
    )
    ax.set_xlim(max(0, end - LAST) - 0.6, end + 2.2)
    ax.set_ylim(0, size * 1.35)
    ax.grid(False, axis="x")
    handles = [Patch(facecolor=whole.colour, hatch=whole.hatch, edgecolor="black", label="all")]
    if pieces[-1] < size:
        only = f"only {style.number(pieces[-1])} of {style.number(size)} KiB"
        handles.append(
            Patch(facecolor=part.colour, hatch=part.hatch, edgecolor="black", label=only)
        )
    ax.legend(handles=handles, frameon=False, ncols=2, loc="upper left")
    return fig


def draw_offer(data: Mapping[str, Any]) -> Figure:
    """Draw what a writable socket was offered, and what it took."""
    return bars(
        ["offered to send", "taken by send"],
        [data["asked"], data["taken"]],
        ylabel="MB",
        names=["blocking", "selectors"],
        width=6,
        height=3.4,
    )


def draw_questions(data: Mapping[str, Any]) -> Figure:
    """Draw the two questions and the two calls, before and after there is room."""
    table = data["table"]
    rows = {"readable": "readable?", "recv": "recv", "writable": "writable?", "send": "send"}
    cells = [[column[key] for column in table.values()] for key in rows]
    return truth_table(list(rows.values()), list(table), cells, corner="the other side")


def draw_endings(data: Mapping[str, Any]) -> Figure:
    """Draw ways to leave down, servers across: whether a neighbour is still served."""
    columns = list(data["table"])
    cells = [[data["table"][name][row] for name in columns] for row in range(len(data["rows"]))]
    return truth_table(data["rows"], columns, cells, corner="after a client that …")


def draw_neighbours(data: Mapping[str, Any]) -> Figure:
    """Draw how many neighbours still get an answer, one bar per server."""
    served = data["served"]
    looks = {"echo_fragile": "busywait", "echo_reactor": "select"}
    fig = bars(
        list(served),
        list(served.values()),
        ylabel=f"neighbours still answered (of {data['count']})",
        names=[looks.get(name, name) for name in served],
        width=7,
        height=3.4,
    )
    fig.axes[0].set_ylim(0, data["count"] * 1.15)
    return fig


def draw_owed(counts: Mapping[str, tuple[float, float]]) -> Figure:
    """Draw what each server took from a client, and what it gave back."""
    return grouped_bars(
        list(counts),
        {
            "taken from the client": [sent for sent, _ in counts.values()],
            "given back to it": [back for _, back in counts.values()],
        },
        ylabel="MiB",
        names={"taken from the client": "blocking", "given back to it": "selectors"},
        height=3.6,
    )


def draw_restarts(data: Mapping[str, Any]) -> Figure:
    """Draw the table of restarts, two by two."""
    table = data["table"]
    columns = list(next(iter(table.values())))
    marks = {"listening": "● listening"}
    cells = [
        [marks.get(row[column], f"✘ {row[column]}") for column in columns] for row in table.values()
    ]
    return truth_table(list(table), columns, cells)


def draw_session(data: Mapping[str, Any]) -> Figure:
    """Draw the dialogue of somebody at the keyboard with the client."""
    messages: list[tuple[float | None, str, str | None, str]] = []
    for line in data["lines"]:
        messages.append((None, "you", "the client", line))
        messages.append((None, "the client", "you", f"Received:  {line}"))
    messages.append((None, "you", "the client", "(the input ends)"))
    messages.append((None, "the client", None, data["error"].split(":")[0]))
    return sequence(["you", "the client"], messages, width=6)


def draw_repr(data: Mapping[str, Any]) -> Figure:
    """Draw the parts of a printed socket: the article's, and two of this Python."""
    one, other = data["shown"]
    article = {
        "fd": "7",
        "family": "AddressFamily.AF_INET",
        "type": "SocketKind.SOCK_STREAM",
        "laddr": "port 1234",
        "raddr": "port 65167",
    }
    here = f"Python {data['version']}"
    cells = [[article[key], one[key], other[key]] for key in one]
    return truth_table(list(one), ["the article", f"{here}, one", f"{here}, other"], cells)
